"""A soft sensor: never a look ahead, the same in any pieces, units, names and order; refusals and alarms."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.records import Floats
from ecotwin.sensing.soft import SoftSensor
from ecotwin.sensing.told import Standing
from ecotwin.sensing.walk import Walked, score, walk

NAMES = ("load", "air", "oxygen")


def process(rows: int, seed: int, *, breaks_at: int = 10**9) -> tuple[Floats, Floats]:
    """Inputs that wander and a target that hangs on them; from a row on it hangs on them otherwise."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(rows, 3))
    inputs = np.zeros((rows, 3))
    for i in range(1, rows):
        inputs[i] = 0.9 * inputs[i - 1] + noise[i]
    inputs = 10.0 + 2.0 * inputs
    target = 50.0 + 3.0 * inputs[:, 0] - 0.1 * inputs[:, 1] ** 2 + rng.normal(size=rows)
    target[np.arange(rows) >= breaks_at] += 25.0
    return inputs, target


def walked(inputs: Floats, target: Floats, **words: Any) -> Walked:
    return walk(NAMES, inputs, target, 240, 60, **words)


def test_references_of_later_do_not_change_what_was_told_before() -> None:
    inputs, target = process(480, 1)
    other = target.copy()
    other[300:] = 1000.0 - other[300:]
    one, two = walked(inputs, target, peers=False), walked(inputs, other, peers=False)
    # The moment at row 300 knows rows up to 299; row 360 is the first to know of the change.
    assert np.array_equal(one.told.raw[:120], two.told.raw[:120])
    assert np.array_equal(one.told.spread[:120], two.told.spread[:120])
    assert one.told.standing[:120] == two.told.standing[:120]
    assert not np.array_equal(one.told.raw[120:180], two.told.raw[120:180])


def test_inputs_of_later_do_not_change_what_was_told_before() -> None:
    inputs, target = process(420, 2)
    other = inputs.copy()
    other[350:] += 3.0
    one, two = walked(inputs, target, peers=False), walked(other, target, peers=False)
    assert np.array_equal(one.told.raw[:110], two.told.raw[:110])


def test_units_names_and_order_of_columns_change_nothing() -> None:
    inputs, target = process(360, 3)
    one = walked(inputs, target, peers=False)
    order = [2, 0, 1]
    scale, shift = np.array([1000.0, 0.01, 7.0]), np.array([5e4, -3.0, 100.0])
    two = walk(
        ("a", "b", "c"), (inputs * scale + shift)[:, order], target * 1000.0 - 400.0, 240, 60, peers=False
    )  # fmt: skip
    assert np.allclose((two.told.raw + 400.0) / 1000.0, one.told.raw, rtol=1e-6)
    assert np.allclose((two.told.low + 400.0) / 1000.0, one.told.low, rtol=1e-6, equal_nan=True)
    assert two.told.standing == one.told.standing


def test_any_cut_of_the_stream_tells_the_same() -> None:
    inputs, target = process(400, 4)
    whole, pieces = (SoftSensor(NAMES, block=60, every=60) for _ in range(2))
    for sensor in (whole, pieces):
        sensor.learn(inputs[:240], target[:240])
    one = whole.tell(inputs[240:300])
    parts = [pieces.tell(inputs[a:b]) for a, b in ((240, 241), (241, 270), (270, 300))]
    assert np.allclose(one.raw, np.concatenate([p.raw for p in parts]), rtol=1e-12)
    assert whole.refer(target[240:300]).mae == pytest.approx(
        pieces.refer(target[240:300]).mae, rel=1e-12
    )
    assert np.allclose(whole.tell(inputs[300:310]).low, pieces.tell(inputs[300:310]).low, rtol=1e-9)


def test_saved_and_restored_it_goes_on_the_same() -> None:
    inputs, target = process(430, 14)
    target[::9] = np.nan
    inputs[333, 1] = np.nan
    one = SoftSensor(NAMES, block=20, every=20)
    one.learn(inputs[:240], target[:240])
    for start in range(240, 400, 20):
        first = one.tell(inputs[start : start + 13])
        if start == 320:
            two = SoftSensor.restored(json.loads(json.dumps(one.state())))
        elif start > 320:
            again = two.tell(inputs[start : start + 13])
            assert np.allclose(again.low, first.low, rtol=1e-12, equal_nan=True)
        one.tell(inputs[start + 13 : start + 20])
        check = one.refer(target[start : start + 20])
        if start >= 320:
            two.tell(inputs[start + 13 : start + 20])
            assert two.refer(target[start : start + 20]) == check
    with pytest.raises(FigureGap, match="version 7"):
        SoftSensor.restored({"version": 7})


def test_it_tells_better_than_the_last_mean_and_its_band_holds() -> None:
    inputs, target = process(1500, 5)
    made = walk(NAMES, inputs, target, 500, 100)
    truth = target[500:]
    told = score(made.told.value, truth, made.told.low, made.told.high)
    assert told.mae < 0.35 * score(made.mean, truth).mae
    assert told.mae < 1.25 * np.sqrt(2 / np.pi)  # the noise alone makes that mean error
    assert 0.72 < told.coverage < 0.88
    assert not [a for _, c in made.checks for a in c.alarms]


def test_a_process_that_breaks_rings_and_recalibration_mends_it() -> None:
    inputs, target = process(900, 6, breaks_at=480)
    made = walked(inputs, target)
    rang = [row for row, c in made.held_checks if c.alarms]
    assert rang
    assert 480 < rang[0] <= 660
    assert made.held is not None
    late = slice(-180, None)
    truth = target[-180:]
    assert score(made.held.raw[late], truth).mae > 10.0
    assert score(made.told.raw[late], truth).mae < 5.0
    # Without recalibration every row after the alarm says so.
    assert made.held.standing[rang[0] - 240 + 1] in (Standing.DRIFTED, Standing.OUTSIDE)
    assert "references" in made.held.why[rang[0] - 240 + 1]


def test_what_was_never_seen_is_refused_with_its_reason() -> None:
    inputs, target = process(300, 7)
    sensor = SoftSensor(NAMES, block=60, every=60)
    sensor.learn(inputs[:240], target[:240])
    strange = inputs[240:246].copy()
    strange[1, 0] = 1000.0
    strange[2:, 1] = np.nan
    told = sensor.tell(strange)
    assert told.standing[0] is Standing.TOLD
    assert told.standing[1] is Standing.OUTSIDE
    assert np.isnan([told.value[1], told.low[1], told.high[1]]).all()
    assert "load is 1000" in told.why[1]
    # A gap is bridged for three rows, not longer.
    assert [s is Standing.OUTSIDE for s in told.standing[2:]] == [False, False, False, True] or (
        told.standing[5] is Standing.OUTSIDE
    )
    assert "air" in told.why[5]


def test_a_combination_never_seen_is_refused_though_each_input_is_in_range() -> None:
    rng = np.random.default_rng(8)
    load = rng.uniform(0.0, 10.0, 300)
    inputs = np.column_stack([load, 2.0 * load + rng.normal(0, 0.05, 300)])
    sensor = SoftSensor(("load", "fuel"), block=60, every=60)
    sensor.learn(inputs, load * 3.0 + rng.normal(0, 0.1, 300))
    told = sensor.tell(np.array([[5.0, 10.0], [9.0, 2.0]]))
    assert told.standing == (Standing.TOLD, Standing.OUTSIDE)
    assert "combination" in told.why[1]


def test_without_references_it_says_that_it_is_uncalibrated() -> None:
    inputs, target = process(620, 9)
    target[240:] = np.nan
    made = walked(inputs, target, peers=False)
    kinds = [s for s in made.told.standing if s is not Standing.OUTSIDE]
    assert kinds[0] is Standing.TOLD
    assert kinds[-1] is Standing.UNCALIBRATED
    assert "240 rows" in next(
        w for w, s in zip(made.told.why, made.told.standing, strict=True) if s is kinds[-1]
    )


def test_nothing_is_learned_from_rows_flagged_bad() -> None:
    inputs, target = process(480, 10)
    bad = np.zeros(480, bool)
    bad[100:140] = bad[300:330] = True
    wild = target.copy()
    wild[bad] = 1e4
    one, two = (walked(inputs, t, bad=bad, peers=False) for t in (target, wild))
    assert np.array_equal(one.told.raw, two.told.raw)
    assert np.array_equal(one.told.low, two.told.low, equal_nan=True)
    assert one.sensor.learned == two.sensor.learned == 240 - 40 + 120 + 60 - 30 - 0
    assert sum(c.left_out for _, c in one.checks) == 30


def test_spot_samples_see_only_the_newest_reference() -> None:
    inputs, target = process(480, 11)
    other = target.copy()
    other[240:299] = -999.0  # row 299 is the newest before the moment at row 300
    one, two = (walked(inputs, t, spot=True, peers=False) for t in (target, other))
    assert np.array_equal(one.told.raw[:120], two.told.raw[:120])
    assert [c.references for _, c in one.checks] == [1, 1, 1]


def test_sparse_references_are_as_good_as_they_are_many() -> None:
    inputs, target = process(1200, 12)
    sparse = np.full(1200, np.nan)
    sparse[::6] = target[::6]
    made = walk(NAMES, inputs, sparse, 600, 60, peers=False)
    assert made.sensor.learned == 100 + 90
    assert score(made.told.raw, target[600:]).mae < 1.7 * np.sqrt(2 / np.pi)


@pytest.mark.parametrize(
    ("inputs", "target", "said"),
    [
        (np.ones((100, 3)), np.arange(100.0), "no input moves"),
        (np.random.default_rng(0).normal(size=(100, 3)), np.full(100, 7.0), "is 7 throughout"),
        (np.random.default_rng(0).normal(size=(1, 3)), np.ones(1), "1 rows"),
        (np.random.default_rng(0).normal(size=(100, 3)), np.full(100, np.nan), "0 rows"),
        (np.full((100, 3), np.nan), np.arange(100.0), "0 rows"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(inputs: Floats, target: Floats, said: str) -> None:
    with pytest.raises(FigureGap, match=said):
        SoftSensor(NAMES, block=10, every=10).learn(inputs, target)


def test_a_constant_input_among_others_is_no_hindrance_and_its_move_is_refused() -> None:
    inputs, target = process(300, 13)
    inputs[:, 2] = 4.0
    sensor = SoftSensor(NAMES, block=60, every=60)
    sensor.learn(inputs[:240], target[:240])
    row = inputs[240:242].copy()
    row[1, 2] = 5.0
    told = sensor.tell(row)
    assert told.standing == (Standing.TOLD, Standing.OUTSIDE)
    assert "oxygen" in told.why[1]
