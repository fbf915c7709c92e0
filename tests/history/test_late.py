"""Late readings revise figures visibly: what was known stays readable."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.clock import MINUTE, Period, instant
from ecotwin.history.embedded import DuckStore
from ecotwin.records import Cleaned, Quality, Readings, Rejects

from .conftest import START, T0, Opener, all_forms, batch
from .test_embedded import EVERY, assert_same, at, stream

HOURS = Period(START, START + timedelta(hours=3))
LATER = START + timedelta(days=1)


def filled(opened: Opener) -> DuckStore:
    """Three closed hours in which the rate reads 6 kW, but for its minutes 10 to 19."""
    store = opened()
    minute = np.array([m for m in range(181) if not 10 <= m < 20])
    store.append(
        batch(np.full(len(minute), 1), T0 + minute * MINUTE, np.full(len(minute), 6.0)),
        known_at=START,
    )
    store.close_minutes(START + timedelta(hours=3), known_at=START + timedelta(hours=3))
    return store


def test_late_reading_makes_a_revision_with_before_and_after(opened: Opener) -> None:
    store = filled(opened)
    assert store.window([1], HOURS, 60).covered[12:20, 0].tolist() == [0.0] * 8
    store.append(batch([1], [at(5.5)], [12.0]), known_at=LATER)
    store.close_minutes(START + timedelta(hours=3), known_at=LATER)
    found = store.revisions(HOURS)
    assert [(r.signal, r.start, r.step_s) for r in found] == [(1, T0, 3600), (1, at(5), 60)]
    assert [r.before for r in found] == pytest.approx([6.0 * 52 / 60, 0.1])
    assert [r.after for r in found] == pytest.approx([6.0 * 52 / 60 + 0.05, 0.15])
    assert {instant(r.known_before) for r in found} == {START + timedelta(hours=3)}
    assert {instant(r.known_after) for r in found} == {LATER}
    assert store.window([1], HOURS, 60).amount[5, 0] == pytest.approx(0.15)
    then = store.window([1], HOURS, 60, known_at=START + timedelta(hours=4))
    assert then.amount[5, 0] == pytest.approx(0.1)
    assert then.known_at == START + timedelta(hours=4)
    hourly = [
        store.window([1], HOURS, 3600, known_at=k).amount[0, 0]
        for k in (START + timedelta(hours=4), LATER)
    ]
    assert hourly == pytest.approx([6.0 * 52 / 60, 6.0 * 52 / 60 + 0.05])


def test_first_value_of_an_empty_step_is_no_revision(opened: Opener) -> None:
    store = filled(opened)
    store.append(batch([1], [at(15)], [6.0]), known_at=LATER)
    store.close_minutes(START + timedelta(hours=3), known_at=LATER)
    assert [r.step_s for r in store.revisions(HOURS)] == [3600]
    assert store.window([1], HOURS, 60).covered[15:18, 0].tolist() == [1.0] * 3
    assert store.window([1], HOURS, 60, known_at=START + timedelta(hours=4)).covered[15, 0] == 0.0


def test_late_doubt_takes_a_value_away(opened: Opener) -> None:
    store = filled(opened)
    store.append(batch([1], [at(9.5)], [6.0], [Quality.STALE]), known_at=LATER)
    store.close_minutes(START + timedelta(hours=3), known_at=LATER)
    w = store.window([1], HOURS, 60)
    assert w.covered[8:13, 0].tolist() == [1.0, 0.5, 0.0, 0.0, 0.0]
    assert np.isnan(w.amount[10, 0])
    gone = [r for r in store.revisions(HOURS) if r.start == at(10) and r.step_s == 60]
    assert len(gone) == 1
    assert np.isnan(gone[0].after)


def test_late_counter_reading_bends_the_line_from_neighbour_to_neighbour(opened: Opener) -> None:
    store = opened()
    store.append(batch([4, 4], [at(0), at(300)], [0.0, 300.0]), known_at=START)
    store.close_minutes(START + timedelta(hours=5), known_at=START)
    store.append(batch([4], [at(100)], [200.0]), known_at=LATER)
    store.close_minutes(START + timedelta(hours=5), known_at=LATER)
    w = store.window([4], Period(START, START + timedelta(hours=5)), 60)
    assert w.amount[:100, 0] == pytest.approx(np.full(100, 2.0))
    assert w.amount[100:, 0] == pytest.approx(np.full(200, 0.5))
    assert len([r for r in store.revisions(w.period) if r.step_s == 60]) == 300


def test_late_marks_survive_a_restart(opened: Opener) -> None:
    store = filled(opened)
    store.append(batch([1], [at(5.5)], [12.0]), known_at=LATER)
    store.close()
    store = opened()
    store.close_minutes(START + timedelta(hours=3), known_at=LATER)
    assert store.window([1], HOURS, 60).amount[5, 0] == pytest.approx(0.15)
    assert len(store.revisions(HOURS)) == 2
    store.close_minutes(START + timedelta(hours=3), known_at=LATER)
    assert len(store.revisions(HOURS)) == 2


def test_late_reading_in_an_open_hour_changes_the_hour_when_it_fills(opened: Opener) -> None:
    store = opened()
    r = stream(90)
    store.append(Cleaned(r.take(r.at < at(80)), Rejects.empty()), known_at=START)
    store.close_minutes(START + timedelta(minutes=80), known_at=START)
    store.append(batch([1], [at(70.5)], [99.0]), known_at=LATER)
    store.close_minutes(START + timedelta(minutes=81), known_at=LATER)
    store.append(Cleaned(r.take(r.at >= at(80)), Rejects.empty()), known_at=LATER)
    store.append(batch([1], [at(121)], [1.0]), known_at=LATER)
    store.close_minutes(START + timedelta(minutes=121), known_at=LATER)
    span = Period(START + timedelta(hours=1), START + timedelta(hours=2))
    hour, minutes = store.window([1], span, 3600), store.window([1], span, 60)
    assert hour.amount[0, 0] == pytest.approx(np.nansum(minutes.amount))
    assert hour.high[0, 0] == 99.0


rows = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(0, 10_800), st.integers(0, 40),
        st.sampled_from([0, 0, 0, 1, 2, 3]),
    ),
    min_size=1, max_size=60, unique_by=lambda row: row[:2],
)  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    rows,
    st.lists(st.integers(0, 60), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_batches_in_any_order_give_the_same_steps(
    tmp_path_factory: pytest.TempPathFactory,
    found: list[tuple[int, int, int, int]],
    cuts: list[int],
    rng: object,
    stop: bool,
) -> None:
    """In time order closed once, or in any order with closings and restarts: the same figures."""
    folder = tmp_path_factory.mktemp("order")
    ordered = sorted(found, key=lambda row: row[1])
    mixed = list(found)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    end = START + timedelta(hours=3)

    def kept(part: list[tuple[int, int, int, int]]) -> Cleaned:
        signal, second, value, quality = zip(*part, strict=True) if part else ((), (), (), ())
        when = [T0 + s * 1_000_000 for s in second]
        return Cleaned(Readings.of(signal, when, value, quality), Rejects.empty())

    one, many = DuckStore(all_forms(), folder / "a"), DuckStore(all_forms(), folder / "b")
    one.append(kept(ordered), known_at=START)
    one.close_minutes(end, known_at=end)
    borders = sorted({0, len(mixed), *(min(c, len(mixed)) for c in cuts)})
    for i, (a, b) in enumerate(pairwise(borders)):
        many.append(kept(mixed[a:b]), known_at=START + timedelta(minutes=i))
        many.close_minutes(
            START + timedelta(minutes=50 * (i + 1)), known_at=START + timedelta(minutes=i)
        )
        if stop:
            many.close()
            many = DuckStore(all_forms(), folder / "b")
    many.close_minutes(end, known_at=end)
    for step in (60, 3600):
        assert_same(one.window(EVERY, HOURS, step), many.window(EVERY, HOURS, step))
    one.close()
    many.close()
