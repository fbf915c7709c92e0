"""Minutes from readings: hand-worked cases and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.clock import HOUR, MINUTE
from ecotwin.history.building import build
from ecotwin.history.rollup import Steps, Traits, coarsen, in_order
from ecotwin.records import Quality, Readings

from .conftest import FORMS, T0, US, all_forms

TRAITS = Traits.of(all_forms())
GAUGE, RATE, STATE, SETPOINT, COUNTER, INTERVAL = range(len(FORMS))


def minutes(signal: int, at_s: list[float], value: list[float], n: int, **more: object) -> Steps:
    quality = more.pop("quality", None)
    at = [T0 + round(s * US) for s in at_s]
    start, end = np.zeros(len(FORMS), np.int64), np.zeros(len(FORMS), np.int64)
    start[signal], end[signal] = T0, T0 + n * MINUTE
    readings = in_order(Readings.of([signal] * len(at), at, value, quality))
    return build(readings, TRAITS, start, end, **more)  # type: ignore[arg-type]


def test_gauge_mean_is_weighted_by_time() -> None:
    steps = minutes(GAUGE, [0, 45], [10.0, 20.0], 1)
    assert steps.mean.tolist() == [12.5]
    assert (steps.low[0], steps.high[0], steps.last[0], steps.count[0]) == (10.0, 20.0, 20.0, 2)
    assert steps.covered.tolist() == [1.0]
    assert np.isnan(steps.amount[0])


def test_value_holds_three_periods_and_no_longer() -> None:
    steps = minutes(RATE, [30], [6.0], 6)
    assert steps.covered.tolist() == [0.5, 1.0, 1.0, 0.5]
    assert steps.amount == pytest.approx([0.05, 0.1, 0.1, 0.05])
    assert steps.count.tolist() == [1, 0, 0, 0]


def test_nothing_is_held_beyond_the_horizon() -> None:
    steps = minutes(GAUGE, [30], [6.0], 6, horizon=T0 + 75 * US)
    assert steps.covered == pytest.approx([0.5, 0.25])


def test_state_tells_its_last_code() -> None:
    steps = minutes(STATE, [0, 50], [5.0, 4.0], 2)
    assert steps.mean.tolist() == [4.0, 4.0]
    assert steps.last.tolist() == [4.0, 4.0]


@pytest.mark.parametrize("bad", [Quality.SUSPECT, Quality.STALE])
def test_doubted_value_ends_the_one_before_and_covers_nothing(bad: Quality) -> None:
    steps = minutes(GAUGE, [0, 30], [1.0, 9.0], 1, quality=[0, bad])
    assert steps.covered.tolist() == [0.5]
    assert (steps.mean[0], steps.high[0], steps.last[0], steps.count[0]) == (1.0, 1.0, 1.0, 2)


def test_estimated_value_is_no_coverage_but_counts() -> None:
    steps = minutes(RATE, [0, 30], [6.0, 12.0], 1, quality=[0, Quality.ESTIMATED])
    assert (steps.covered[0], steps.estimated[0]) == (0.5, 0.5)
    assert steps.amount[0] == pytest.approx(0.15)
    assert steps.mean[0] == pytest.approx(9.0)


def test_counter_is_interpolated_at_the_borders() -> None:
    steps = minutes(COUNTER, [-30, 30, 90, 150], [0.0, 6.0, 6.0, 12.0], 2)
    assert steps.amount == pytest.approx([3.0, 3.0])
    assert steps.covered.tolist() == [1.0, 1.0]
    assert steps.last.tolist() == [6.0, 6.0]


def test_counter_over_a_gap_keeps_its_total_as_an_estimate() -> None:
    steps = minutes(COUNTER, [0, 600], [100.0, 110.0], 10)
    assert steps.amount == pytest.approx([1.0] * 10)
    assert steps.covered.tolist() == [0.0] * 10
    assert steps.estimated.tolist() == [1.0] * 10


def test_step_across_an_unmeasured_break_is_an_estimate() -> None:
    r = Readings.of([COUNTER] * 3, [T0, T0 + MINUTE, T0 + 2 * MINUTE], [0.0, 1.0, 2.0])
    start, end = np.zeros(6, np.int64), np.zeros(6, np.int64)
    start[COUNTER], end[COUNTER] = T0, T0 + 2 * MINUTE
    steps = build(r, TRAITS, start, end, jumps=np.array([False, True, False]))
    assert steps.estimated.tolist() == [1.0, 0.0]
    assert steps.covered.tolist() == [0.0, 1.0]
    assert steps.amount == pytest.approx([1.0, 1.0])


def test_interval_is_spread_back_from_its_stamp() -> None:
    steps = minutes(INTERVAL, [90], [6.0], 2)
    assert steps.amount == pytest.approx([3.0, 3.0])
    assert steps.covered == pytest.approx([0.5, 0.5])


def test_no_reading_no_step() -> None:
    assert len(minutes(GAUGE, [], [], 5)) == 0


def test_hours_of_minutes() -> None:
    steps = minutes(RATE, [30 + 60 * i for i in range(59)], [6.0] * 59, 60)
    hour = coarsen(steps, TRAITS, HOUR)
    assert hour.count.tolist() == [59]
    assert hour.covered == pytest.approx([59.5 / 60])
    assert hour.amount == pytest.approx([6.0 * 59.5 / 60])
    assert hour.mean == pytest.approx([6.0])


def test_later_kept_of_two_readings_of_one_instant_counts() -> None:
    assert in_order(Readings.of([0, 0, 0], [5, 5, 4], [1.0, 2.0, 3.0])).value.tolist() == [3.0, 2.0]


streams = st.lists(
    st.tuples(
        st.integers(0, 5), st.integers(-900, 4500), st.integers(0, 50),
        st.sampled_from([0, 0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=120,
    unique_by=lambda row: row[:2],
)  # fmt: skip


def _all(rows: list[tuple[int, int, int, int]], begin: int, end: int) -> Steps:
    signal, at, value, quality = zip(*rows, strict=True)
    r = in_order(Readings.of(signal, [T0 + a * US for a in at], value, quality))
    full = np.full(len(FORMS), 0, np.int64)
    return build(r, TRAITS, full + T0 + begin * MINUTE, full + T0 + end * MINUTE)


@settings(deadline=None, max_examples=60)
@given(streams, st.integers(1, 59))
def test_two_parts_add_up_to_the_whole(rows: list[tuple[int, int, int, int]], cut: int) -> None:
    whole, first, second = _all(rows, 0, 60), _all(rows, 0, cut), _all(rows, cut, 60)
    for name in ("amount", "covered", "estimated", "count"):
        for signal in range(len(FORMS)):
            parts = (np.nansum(getattr(p, name)[p.signal == signal]) for p in (first, second))
            total = np.nansum(getattr(whole, name)[whole.signal == signal])
            assert sum(parts) == pytest.approx(total, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=60)
@given(streams, st.randoms())
def test_order_of_readings_changes_nothing(
    rows: list[tuple[int, int, int, int]], rng: object
) -> None:
    mixed = list(rows)
    rng.shuffle(mixed)  # type: ignore[attr-defined]
    a, b = _all(rows, 0, 60), _all(mixed, 0, 60)
    for name in ("signal", "at", "amount", "mean", "low", "high", "last", "covered", "count"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@settings(deadline=None, max_examples=60)
@given(streams)
def test_steps_agree_with_a_plain_second_by_second_walk(
    rows: list[tuple[int, int, int, int]],
) -> None:
    """Readings fall on whole seconds, so a walk over seconds is exact and independent."""
    steps = _all(rows, 0, 60)
    for signal in (GAUGE, RATE, COUNTER):
        known = sorted((a, v, q) for s, a, v, q in rows if s == signal)
        covered, amount = _walk(known, signal)
        mine = {
            int(t - T0) // MINUTE: i for i, t in enumerate(steps.at) if steps.signal[i] == signal
        }
        for minute in range(60):
            i = mine.get(minute)
            got = (0.0, 0.0) if i is None else (steps.covered[i], np.nan_to_num(steps.amount[i]))
            assert got[0] == pytest.approx(covered[minute], abs=1e-9)
            if signal != GAUGE:
                assert got[1] == pytest.approx(amount[minute], abs=1e-9)


def _walk(known: list[tuple[int, int, int]], signal: int) -> tuple[list[float], list[float]]:
    covered, amount = [0.0] * 60, [0.0] * 60
    totals = [row for row in known if row[2] <= 1]
    for second in range(3600):
        if signal == COUNTER:
            before = [row for row in totals if row[0] <= second]
            after = [row for row in totals if row[0] > second]
            if not before or not after:
                continue
            (a, v, q), (b, w, p) = before[-1], after[0]
            amount[second // 60] += (w - v) / (b - a)
            good = q == 0 and p == 0 and b - a <= 180
        else:
            before = [row for row in known if row[0] <= second < row[0] + 180]
            if not before or before[-1][2] > 1:
                continue
            amount[second // 60] += before[-1][1] / 3600
            good = before[-1][2] == 0
        covered[second // 60] += good / 60
    return covered, amount
