"""Minutes built bit by bit are those built at once, to the last digit, whatever comes in between."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.clock import MINUTE, Period, instant
from ecotwin.history import queries
from ecotwin.history.building import Sums, build, fold
from ecotwin.history.embedded import DuckStore
from ecotwin.history.rollup import STEP_COLUMNS, Steps, Traits, in_order
from ecotwin.history.tail import HOLD_BACK, Tail
from ecotwin.records import Break, Cleaned, Readings, Rejects, Window

from . import folding_child as child
from .conftest import FORMS, START, T0, US, Opener, all_forms, batch

TRAITS = Traits.of(all_forms())
EVERY = tuple(range(len(FORMS)))
HOURS = Period(START - timedelta(hours=1), START + timedelta(hours=3))
COLUMNS = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")


def assert_exactly(a: Steps | Window, b: Steps | Window) -> None:
    names = STEP_COLUMNS if isinstance(a, Steps) else COLUMNS
    for name in names:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


rows = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(-200_000, 900_000),
        st.floats(-1e6, 1e6),
        st.sampled_from([0, 0, 0, 1, 2, 3]),
    ),
    min_size=1,
    max_size=150,
    unique_by=lambda row: row[:2],
)


@settings(deadline=None, max_examples=60)
@given(rows, st.lists(st.integers(0, 150), max_size=6))
def test_folding_at_any_moment_changes_no_digit(
    found: list[tuple[int, int, float, int]], cuts: list[int]
) -> None:
    """In time order a signal, cut into batches anywhere."""
    found = sorted(found, key=lambda row: row[1])
    signal, ms, value, quality = zip(*found, strict=True)
    every = Readings.of(signal, [T0 + t * 1000 for t in ms], value, quality)
    n = len(FORMS)
    start, end = np.full(n, T0), np.full(n, T0 + 15 * MINUTE)
    sums, left = Sums.empty(), Readings.of([], [], [])
    borders = sorted({0, len(found), *(min(c, len(found)) for c in cuts)})
    for a, b in pairwise(borders):
        sums, left = fold(
            in_order(queries.join([left, every.take(np.arange(a, b))])), TRAITS, start, sums
        )
    assert_exactly(
        build(in_order(every), TRAITS, start, end),
        build(left, TRAITS, start, end, sums=sums),
    )


events = st.lists(
    st.one_of(
        st.lists(
            st.tuples(
                st.integers(0, 5),
                st.integers(-3_600, 2_400),
                st.floats(-1e5, 1e5),
                st.sampled_from([0, 0, 0, 0, 1, 2, 3]),
            ),
            min_size=1,
            max_size=25,
        ),
        st.integers(1, 120),
        st.just("restart"),
    ),
    min_size=3,
    max_size=14,
)


@settings(deadline=None, max_examples=15)
@given(events, st.booleans())
def test_store_that_folds_all_the_time_tells_the_same_as_one_that_never_does(
    tmp_path_factory: pytest.TempPathFactory, found: list[object], breaks: bool
) -> None:
    """Late, doubled and doubted readings, counter breaks, closings and restarts in any order."""
    folder = tmp_path_factory.mktemp("folding")
    often, never = (folder / "often", 5), (folder / "never", 10**9)
    stores = [DuckStore(all_forms(), f, fold_rows=n) for f, n in (often, never)]
    now = T0
    for i, event in enumerate(found):
        known = START + timedelta(hours=4, minutes=i)
        if isinstance(event, list):
            signal, second, value, quality = zip(*event, strict=True)
            when = now + np.array(second) * US
            kept = Readings.of(signal, when, value, quality)
            broken: tuple[Break, ...] = ()
            if breaks and 4 in signal:
                broken = (Break(4, int(when[signal.index(4)]), 1.0, "reset", 0.5),)
            for store in stores:
                store.append(Cleaned(in_order(kept), Rejects.empty(), broken), known_at=known)
        elif isinstance(event, int):
            now += event * 30 * US
            for store in stores:
                store.close_minutes(instant(now), known_at=known)
        else:
            for store in stores:
                store.close()
            stores = [DuckStore(all_forms(), f, fold_rows=n) for f, n in (often, never)]
        a, b = (store.window(EVERY, HOURS, 60) for store in stores)
        assert_exactly(a, b)
    end = instant(now + 7200 * US)
    for store in stores:
        store.close_minutes(end, known_at=START + timedelta(hours=9))
    for step in (60, 3600):
        a, b = (store.window(EVERY, HOURS, step) for store in stores)
        assert_exactly(a, b)
    a, b = (store.window(EVERY, HOURS, 60, known_at=START + timedelta(hours=5)) for store in stores)
    assert_exactly(a, b)
    assert len(stores[0].revisions(HOURS)) == len(stores[1].revisions(HOURS))
    for store in stores:
        store.close()


def second(k: int, per_second: int = 40) -> Cleaned:
    """All signals, `per_second` readings each in second k."""
    n = per_second * len(FORMS)
    signal = np.repeat(EVERY, per_second)
    when = T0 + k * US + np.tile(np.arange(per_second) * (US // per_second), len(FORMS))
    value = np.where(signal >= 4, (when - T0) / 3.7e6, np.sin(when / 1e6) * 100)
    return Cleaned(Readings.of(signal, when, value, np.zeros(n)), Rejects.empty())


def test_memory_holds_few_readings_however_long_the_minute(opened: Opener) -> None:
    store = opened(fold_rows=1000)
    for k in range(59):
        store.append(second(k), known_at=START)
        assert store._tail.rows < 1000 + 2 * len(FORMS) + 240
    assert not store._tail.spilled.any()
    assert store.window(EVERY, Period(START, START + timedelta(minutes=1)), 60).count.sum() == (
        59 * 40 * len(FORMS)
    )


def test_reading_between_folded_ones_takes_only_its_signal_from_the_file(opened: Opener) -> None:
    store = opened(fold_rows=1000)
    for k in range(30):
        store.append(second(k), known_at=START)
    store.append(batch([1], [T0 + 10 * US + 7], [1e6]), known_at=START)
    assert np.flatnonzero(store._tail.spilled).tolist() == [1]
    minute = Period(START, START + timedelta(minutes=1))
    assert store.window([1], minute, 60).high[0, 0] == 1e6
    for k in range(30, 70):
        store.append(second(k), known_at=START)
    store.close_minutes(START + timedelta(minutes=1), known_at=START)
    assert not store._tail.spilled.any()
    assert store.window([1], minute, 60).high[0, 0] == 1e6
    assert store.window(EVERY, minute, 60).count[0].tolist() == [2400, 2401, *[2400] * 4]
    assert store.revisions(HOURS) == []


def test_recorded_days_beside_live_data_leave_the_open_minute_in_memory(opened: Opener) -> None:
    store = opened(fold_rows=1000)
    for k in range(90):
        store.append(second(k), known_at=START)
    store.close_minutes(START + timedelta(minutes=1), known_at=START)
    for k in range(90, 110):
        store.append(second(k), known_at=START)
    assert len(store._tail.sums) == len(FORMS)
    old = [T0 - d * 3600 * US for d in (30, 20, 10)]
    store.append(batch([0, 1, 4], old, [1.0, 2.0, 3.0]), known_at=START)
    assert not store._tail.spilled.any()


def test_span_of_too_many_steps_is_kept_as_readings_and_still_right(opened: Opener) -> None:
    tail = Tail(TRAITS, 10**6, fold_rows=10)
    years = T0 + np.arange(20) * 200_000 * MINUTE
    tail.learn(Readings.of(np.zeros(20), years, np.arange(20.0)))
    assert len(tail.sums) == 0
    assert tail.rows == 20
    store = opened(fold_rows=10)
    store.append(batch(np.zeros(20), years, np.arange(20.0)), known_at=START)
    assert store.window([0], Period(START, START + timedelta(minutes=1)), 60).covered[0, 0] == 1.0


def test_kill_in_the_middle_of_a_minute_changes_no_digit(tmp_path: Path) -> None:
    """kill -9 after so many folds; what goes on from the file is what never stopped."""
    paths = os.pathsep.join([str(Path(child.__file__).parents[1]), *sys.path])
    kept = 0
    for stop in (23, 48, 75, 131):
        with subprocess.Popen(
            [sys.executable, child.__file__, str(tmp_path / "killed"), str(kept)],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                kept = int(line) + 1
                if kept >= stop:
                    process.kill()
                    break
            kept += sum(1 for line in process.stdout if line.endswith("\n"))
    killed = DuckStore(all_forms(), tmp_path / "killed", fold_rows=child.FOLD)
    assert len(killed._tail.sums) > 0
    last = killed.span()
    assert last is not None
    begun = int((last.end - START).total_seconds()) + 1
    whole = DuckStore(all_forms(), tmp_path / "whole", fold_rows=10**9)
    for k in range(begun):
        whole.append(child.second(k), known_at=START)
        child.close(whole, k)
    for store in (killed, whole):
        for k in range(begun, 200):
            store.append(child.second(k), known_at=START)
            child.close(store, k)
    for step in (60, 3600):
        assert_exactly(killed.window(EVERY, HOURS, step), whole.window(EVERY, HOURS, step))
    assert killed.window(EVERY, HOURS, 60).count.sum() == 200 * 40 * len(FORMS)
    killed.close()
    whole.close()


def test_more_than_fits_is_taken_back_and_added_up_after_a_restart(opened: Opener) -> None:
    store = opened(fold_rows=500, tail_rows=6000)
    for k in range(50):
        store.append(second(k), known_at=START)
    minute = Period(START, START + timedelta(minutes=1))
    before = store.window(EVERY, minute, 60)
    store.close()
    store = opened(fold_rows=500, tail_rows=6000)
    assert not store._tail.spilled.any()
    assert store._tail.rows < 600
    assert set(store._tail.sums.signal.tolist()) == set(EVERY)
    assert_exactly(before, store.window(EVERY, minute, 60))
    store.append(second(61), known_at=START)
    store.close_minutes(START + timedelta(minutes=1), known_at=START)
    assert not store._tail.spilled.any()
    assert store.window(EVERY, minute, 60).count[0].tolist() == [2000] * 6


def test_small_disorder_takes_nothing_from_the_file(opened: Opener) -> None:
    """Readings of a fifth of a second come in any order, batch by batch."""
    store = opened(fold_rows=100)
    rng = np.random.default_rng(5)
    r = queries.join([second(k).readings for k in range(20)])
    arrival = r.at + rng.integers(0, HOLD_BACK * 4 // 5, len(r))
    for order in np.array_split(np.argsort(arrival), 200):
        store.append(Cleaned(r.take(order), Rejects.empty()), known_at=START)
    assert len(store._tail.sums) == len(FORMS) + 1
    assert store._tail.rows < 1000
    assert not store._tail.spilled.any()
    assert store.window(EVERY, HOURS, 3600).count.sum() == len(r)
