"""Meters: resets, exchanges, roll-overs, glitches, jumps and late rows, as tables of rows."""

from __future__ import annotations

import numpy as np
import pytest

from cleaning.made import NOW, T0, plant_of, reasons, refused, rows, signal, unseen, values
from ecotwin.cleaning.chain import Chain
from ecotwin.cleaning.meter import BREAKS
from ecotwin.clock import SECOND
from ecotwin.records import Cleaned, Samples


def clean(raw: list[float], **facts: float) -> Cleaned:
    return Chain(plant_of(signal("counter", **facts))).clean(rows(raw), NOW, unseen)


def test_a_growing_index_is_its_own_total() -> None:
    done = clean([100, 101, 101, 103], max_step=5)
    assert values(done) == [100, 101, 101, 103]
    assert done.breaks == ()


def test_a_roll_over_adds_the_top() -> None:
    done = clean([999_990, 999_998, 6, 14], max_step=10, rollover=1_000_000)
    assert values(done) == [999_990, 999_998, 1_000_006, 1_000_014]
    (seam,) = done.breaks
    assert (seam.why, seam.offset, seam.estimated, seam.at) == (
        "rollover",
        1_000_000,
        0.0,
        T0 + 20 * SECOND,
    )


def test_a_roll_over_that_could_not_have_flowed_is_a_reset() -> None:
    done = clean([950_000, 950_001, 0, 1, 2], max_step=10, rollover=1_000_000)
    assert done.breaks[0].why == "reset"
    assert values(done)[-1] < 950_010


def test_a_reset_loses_a_sample_and_no_energy() -> None:
    done = clean([100, 102, 104, 106, 1, 3, 5], max_step=5)
    assert reasons(done) == {"counter_back": 1}
    (seam,) = done.breaks
    # 2 kWh in 10 s went on across the two steps: 106 + 4, of which the new index shows 3.
    assert (seam.why, seam.at) == ("reset", T0 + 50 * SECOND)
    assert seam.estimated == pytest.approx(1.0)
    assert values(done) == pytest.approx([100, 102, 104, 106, 110, 112])
    assert values(done)[-2] == 3 + seam.offset


def test_a_meter_that_was_idle_resets_without_estimate() -> None:
    done = clean([50, 50, 50, 0, 0, 1], max_step=5)
    assert values(done) == [50, 50, 50, 50, 51]
    assert done.breaks[0].estimated == 0.0


def test_an_exchange_for_a_used_meter_estimates_the_whole_step() -> None:
    done = clean([9000, 9002, 9004, 4321, 4323, 4325], max_step=5)
    (seam,) = done.breaks
    assert seam.why == "exchange"
    assert seam.estimated == pytest.approx(4.0)
    assert values(done) == pytest.approx([9000, 9002, 9004, 9008, 9010])


def test_an_exchange_for_a_meter_further_on_is_not_counted_as_use() -> None:
    done = clean([100, 102, 104, 70_000, 70_002, 70_004], max_step=5)
    assert reasons(done) == {"counter_jump": 1}
    (seam,) = done.breaks
    assert seam.why == "exchange"
    assert seam.estimated == pytest.approx(4.0)
    assert values(done) == pytest.approx([100, 102, 104, 108, 110])


def test_a_single_zero_is_a_glitch() -> None:
    done = clean([500, 501, 0, 503, 504], max_step=5)
    assert values(done) == [500, 501, 503, 504]
    assert reasons(done) == {"counter_back": 1}
    assert done.breaks == ()


@pytest.mark.parametrize("max_step", [5.0, None])
def test_a_meter_that_comes_back_after_zeros_is_known_again(max_step: float | None) -> None:
    raw = [5000.0, 5001, 5002, 0, 0, 0, 5006, 5007, 5008]
    done = Chain(plant_of(signal("counter", max_step=max_step))).clean(rows(raw), NOW, unseen)
    assert values(done)[-1] == pytest.approx(5008, abs=3)
    assert (np.diff(values(done)) >= 0).all()


def test_noise_downwards_is_refused_and_never_a_reset() -> None:
    done = clean([1000.0, 1000.05, 1000.0, 1000.0, 1000.0, 1000.1], max_step=5)
    assert values(done) == [1000.0, 1000.05, 1000.1]
    assert reasons(done) == {"counter_back": 3}
    assert done.breaks == ()


def test_only_an_index_that_goes_on_confirms() -> None:
    done = clean([500, 502, 300, 100, 102, 104], max_step=5)
    assert reasons(done) == {"counter_back": 2}
    assert [b.at for b in done.breaks] == [T0 + 40 * SECOND]


def test_a_single_jump_is_refused() -> None:
    done = clean([100, 102, 66_000, 106, 108], max_step=5)
    assert values(done) == [100, 102, 106, 108]
    assert reasons(done) == {"counter_jump": 1}


def test_what_flows_in_a_long_silence_is_no_jump() -> None:
    chain = Chain(plant_of(signal("counter", max_step=5)))
    chain.clean(rows([100, 102]), NOW, unseen)
    done = chain.clean(rows([500, 502], start=1010), NOW, unseen)
    assert values(done) == [500, 502]


def test_a_late_row_gets_the_offset_of_its_time() -> None:
    chain = Chain(plant_of(signal("counter", max_step=50)))
    first = chain.clean(rows([100, 110, 120, 2, 12, 22]), NOW, unseen)
    late = Samples.of(
        [0, 0, 0], [T0 + 5 * SECOND, T0 + 25 * SECOND, T0 + 45 * SECOND], [105, 125, 17]
    )
    done = chain.clean(late, NOW, unseen)
    assert refused(done) == []
    totals = dict(zip(first.readings.at.tolist(), values(first), strict=True))
    totals |= dict(zip(done.readings.at.tolist(), values(done), strict=True))
    in_time = [totals[at] for at in sorted(totals)]
    assert (np.diff(in_time) >= 0).all()
    assert values(done)[:2] == [105, 125]


def test_a_late_row_that_fits_nowhere_is_refused() -> None:
    chain = Chain(plant_of(signal("counter", max_step=50)))
    chain.clean(rows([100, 110, 120]), NOW, unseen)
    done = chain.clean(Samples.of([0], [T0 + 5 * SECOND], [111.0]), NOW, unseen)
    assert reasons(done) == {"counter_back": 1}
    assert "not between its neighbours 100 and 110" in done.rejects.detail[0]


def test_a_late_row_older_than_what_is_remembered_is_refused_as_late() -> None:
    chain = Chain(plant_of(signal("counter", max_step=50)))
    raw: list[float] = []
    for _ in range(BREAKS + 2):
        raw += [100.0, 110.0, 0.0, 1.0]
    done = chain.clean(rows(raw), NOW, unseen)
    assert len(done.breaks) > BREAKS
    old = chain.clean(Samples.of([0], [T0 + 5 * SECOND], [105.0]), NOW, unseen)
    assert reasons(old) == {"late": 1}


def test_offsets_of_breaks_give_the_totals_again() -> None:
    raw = [10.0, 20, 30, 1, 2, 3, 40, 41, 999, 0.5, 1, 2]
    done = clean(raw, max_step=12, rollover=1000)
    index = dict(zip((rows(raw).at).tolist(), raw, strict=True))
    for at, total in zip(done.readings.at.tolist(), values(done), strict=True):
        offset = [b.offset for b in done.breaks if b.at <= at][-1:] or [0.0]
        assert index[at] + offset[0] == total
