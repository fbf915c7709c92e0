"""References that come late find their row, within a stated bound, before and after a restart."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ecotwin.records import Bools, Floats
from ecotwin.sensing.kept import References
from ecotwin.sensing.soft import SoftSensor
from ecotwin.sensing.stretch import Given, Memory, Stretch

NAMES = ("load", "air")


def process(rows: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    inputs = rng.uniform(0.0, 10.0, (rows, 2))
    return inputs, 50.0 + 3.0 * inputs[:, 0] - inputs[:, 1] + rng.normal(size=rows)


def sensor(inputs: Floats, target: Floats, *, hold: bool = False) -> SoftSensor:
    made = SoftSensor(NAMES, block=20, every=20, hold=hold)
    made.learn(inputs[:100], target[:100])
    return made


def stretch(first: int, rows: int) -> Stretch:
    at = np.arange(first, first + rows)
    one = at.astype(np.float64)
    return Stretch(
        at, one[:, None], one[:, None], one, one + 1.0, one[:, None] - [[1.0, 0.0, -1.0]],
        np.ones(rows, bool), np.ones(rows, bool),
    )  # fmt: skip


def test_a_late_reference_is_judged_by_what_was_told_then_and_learned_at_its_place() -> None:
    inputs, target = process(160, 1)
    made = sensor(inputs, target)
    told = made.tell(inputs[100:120])
    some_of = target[100:120].copy()
    some_of[4] = np.nan
    made.refer(some_of)
    made.tell(inputs[120:140])
    assert made.waits_for.tolist() == [False] * 4 + [True] + [False] * 15
    earlier = np.full(20, np.nan)
    earlier[4] = target[104]
    check = made.refer(np.full(20, np.nan), earlier=earlier)
    assert (check.references, check.lost) == (1, 0)
    assert check.mae == pytest.approx(abs(told.raw[4] - target[104]), rel=1e-5)
    assert made.learned == 100 + 19 + 1
    assert made._kept.at[-20:].tolist() == list(range(100, 120))
    assert made._kept.target[-16] == target[104]


def test_a_second_reference_of_a_row_and_a_flagged_one_count_for_nothing() -> None:
    inputs, target = process(140, 2)
    made = sensor(inputs, target)
    made.tell(inputs[100:120])
    half = target[100:120].copy()
    half[10:] = np.nan
    made.refer(half)
    bad = np.zeros(20, bool)
    bad[12] = True
    again = np.where(np.arange(20) < 13, 1e6, np.nan)
    made.tell(inputs[120:121])
    check = made.refer(np.array([np.nan]), earlier=again, earlier_bad=bad | (np.arange(20) > 9))
    assert (check.references, check.left_out) == (0, 3)
    assert made.learned == 110
    assert made.waits_for.sum() == 7 + 1
    assert not made._kept.target.max() > 1e3


def test_of_rows_told_too_long_ago_a_reference_is_only_counted() -> None:
    inputs, target = process(400, 3)
    made = sensor(inputs, target, hold=True)
    made._memory = Memory(bound=50)
    for k in range(100, 400, 10):
        made.tell(inputs[k : k + 10])
    check = made.refer(target[100:400])
    assert check.rows == 300
    assert check.references == 50
    assert check.lost == 250
    assert len(made.waits_for) == 50
    made.tell(inputs[:5])
    late = made.refer(np.full(5, np.nan), earlier=np.full(80, 50.0))
    assert (late.references, late.lost) == (0, 30)


def test_references_in_any_order_leave_the_same_references_kept() -> None:
    inputs, target = process(140, 4)
    once, late = sensor(inputs, target), sensor(inputs, target)
    for made in (once, late):
        made.tell(inputs[100:120])
    once.refer(target[100:120])
    first = np.where(np.arange(20) % 2 == 0, target[100:120], np.nan)
    late.refer(first)
    late.tell(inputs[120:121])
    late.refer(np.array([np.nan]), earlier=np.where(np.isnan(first), target[100:120], np.nan))
    assert np.array_equal(once._kept.at, late._kept.at)
    assert np.array_equal(once._kept.target, late._kept.target)
    assert np.allclose(once._kept.rows, late._kept.rows, rtol=1e-6)


def test_a_restart_changes_nothing_of_it() -> None:
    inputs, target = process(150, 5)
    one = sensor(inputs, target)
    one.tell(inputs[100:120])
    one.refer(np.where(np.arange(20) % 3 == 0, target[100:120], np.nan))
    one.tell(inputs[120:133])
    two = SoftSensor.restored(json.loads(json.dumps(one.state())))
    assert np.array_equal(one.waits_for, two.waits_for)
    for made in (one, two):
        made.tell(inputs[133:140])
    checks = [made.refer(target[120:140], earlier=target[100:120]) for made in (one, two)]
    assert checks[0] == checks[1]
    assert checks[0].references == 20 + 13
    assert np.array_equal(one.tell(inputs[140:]).low, two.tell(inputs[140:]).low, equal_nan=True)


def test_rows_that_went_by_untold_are_only_counted() -> None:
    inputs, target = process(140, 6)
    made = sensor(inputs, target)
    made.tell(inputs[100:110])
    made.passed(15)
    made.tell(inputs[125:140])
    check = made.refer(target[100:140])
    assert (check.rows, check.references, check.lost) == (40, 15, 25)
    assert made._kept.at[-1] == 139


@given(
    some.lists(some.integers(1, 30), min_size=1, max_size=12), some.integers(5, 40),
    some.integers(0, 2**31),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_memory_never_mixes_up_rows_and_never_grows(
    pieces: list[int], bound: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    memory, at, since = Memory(bound), 0, 0
    for size in pieces:
        memory.add(stretch(at, size))
        at, since = at + size, since + size
        assert memory.since == since
        assert sum(len(w) for w in memory._waiting) < bound + max(pieces)
        if rng.random() < 0.5:
            memory, since = memory.forked(), since
            continue
        wanted: list[Floats] = []
        for count in (since, int(rng.integers(0, 60))):
            end = at if not wanted else at - since
            numbers = np.arange(end - count, end, dtype=np.float64)
            wanted.append(np.where(rng.random(count) < 0.5, numbers, np.nan))
        memory = Memory.restored(json.loads(json.dumps(memory.state())))
        open_before: Bools = memory.looked_back()
        known, found, lost = memory.take(Given.of(wanted[0], None), Given.of(wanted[1], None))
        if known is not None:
            # Each reference carries the number of its row as its value.
            assert np.array_equal(known.at, found.target.astype(np.int64))
            assert np.array_equal(known.raw, found.target)
            assert (np.diff(known.at) > 0).all()
        late = (
            wanted[1][-len(open_before) :] if len(open_before) and len(wanted[1]) else np.zeros(0)
        )
        beside = np.isfinite(late) & ~open_before[len(open_before) - len(late) :]
        asked = int(np.isfinite(np.concatenate(wanted)).sum())
        assert asked == (0 if known is None else len(known)) + lost + int(beside.sum())
        since = 0
        assert len(memory.looked_back()) <= bound
        assert memory.since == 0


def test_references_kept_are_in_order_bounded_and_lifted_alike() -> None:
    kept = References(np.zeros((3, 1)), np.array([1.0, 2.0, 3.0]), np.array([0, 10, 20]), 5)
    kept.lift(15, 100.0)
    kept.take(np.ones((3, 1)), np.array([7.0, 8.0, 9.0]), np.array([25, 5, 17]))
    assert kept.at.tolist() == [5, 10, 17, 20, 25]
    assert kept.target.tolist() == [108.0, 102.0, 9.0, 3.0, 7.0]
    again = References.restored(json.loads(json.dumps(kept.state())), 1, 5)
    assert np.array_equal(again.new, kept.new)
    assert again.known()[2].tolist() == [10, 20]
    again.take(np.ones((1, 1)), np.array([1.0]), np.array([12]))
    assert again.target[again.at == 12].tolist() == [101.0]
