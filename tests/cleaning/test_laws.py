"""Laws of the chain: the order within a batch, the cut into batches and a restart change nothing."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaning.made import NOW, T0, kept, plant_of, refused, signal, unseen
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import SECOND
from ecotwin.records import Bools, Cleaned, Codes, Ints, Readings, Samples

COLUMNS = ("signal", "at", "value", "quality")

PLANT = plant_of(
    signal("counter", max_step=5.0, rollover=1000.0),
    signal("counter"),
    signal("gauge", low=-50.0, high=150.0, max_step=30.0, stuck_after_s=60.0),
    signal("rate", stuck_after_s=40.0, max_step=8.0),
    signal("interval"),
    signal("state", states={0: "off", 1: "busy", 2: "idle"}),
)

_STEPS = {
    0: st.sampled_from([0.0, 1.0, 2.0, 3.5, 4.9, -1e-4, -50.0, 7.0, 400.0, 1000.0, -900.0]),
    1: st.sampled_from([0.0, 0.1, 2.0, 30.0, -0.001, -5.0, -500.0, 1e5]),
    2: st.sampled_from([0.0, 0.0, 0.0, 1.0, -2.0, 29.0, 31.0, -80.0, 300.0]),
    3: st.sampled_from([0.0, 0.0, 0.0, 1.0, -1.0, 9.0, -9.0]),
    4: st.sampled_from([0.0, 1.0, -1.0, 5.0]),
    5: st.sampled_from([0.0, 1.0, -1.0]),
}
_START = {0: 950.0, 1: 500.0, 2: 20.0, 3: 0.0, 4: 3.0, 5: 1.0}


@st.composite
def streams(draw: st.DrawFn) -> Samples:
    """Rows of all signals in time order, each time once a signal, with all that goes wrong with values."""
    found: list[tuple[int, int, float]] = []
    for index in range(len(PLANT.signals)):
        at, value = T0, _START[index]
        steps = draw(
            st.lists(
                st.tuples(_STEPS[index], st.sampled_from([10, 10, 10, 10, 7, 200]), st.booleans()),
                max_size=30,
            )
        )
        for step, wait, lasting in steps:
            at += wait * SECOND
            shown = value + step
            if lasting:
                value = shown
            found.append((at, index, shown))
    found.sort()
    return Samples.of([i for _, i, _ in found], [t for t, _, _ in found], [v for _, _, v in found])


def in_parts(chain: Chain, stream: Samples, cuts: list[int]) -> list[Cleaned]:
    ends = sorted({min(c, len(stream)) for c in cuts} | {len(stream)})
    done, start = [], 0
    for end in ends:
        done.append(chain.clean(stream.take(np.arange(start, end)), NOW, unseen))
        start = end
    return done


def all_kept(parts: list[Cleaned]) -> set[tuple[int, int, float, int]]:
    return set().union(*(kept(p) for p in parts))


def all_refused(parts: list[Cleaned]) -> list[tuple[int, int, str]]:
    return sorted(r for p in parts for r in refused(p))


@given(streams(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_a_reordered_batch_gives_the_same_readings(stream: Samples, rng: random.Random) -> None:
    places = list(range(len(stream)))
    rng.shuffle(places)
    one = Chain(PLANT).clean(stream, NOW, unseen)
    other = Chain(PLANT).clean(stream.take(np.array(places, np.int64)), NOW, unseen)
    assert kept(one) == kept(other)
    assert refused(one) == refused(other)
    assert one.breaks == other.breaks


@given(streams(), st.lists(st.integers(0, 120), max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_cut_into_batches_gives_the_same(stream: Samples, cuts: list[int]) -> None:
    whole = [Chain(PLANT).clean(stream, NOW, unseen)]
    parts = in_parts(Chain(PLANT), stream, cuts)
    assert all_kept(whole) == all_kept(parts)
    assert all_refused(whole) == all_refused(parts)
    found = sorted((b for p in parts for b in p.breaks), key=lambda b: (b.signal, b.at))
    assert sorted(whole[0].breaks, key=lambda b: (b.signal, b.at)) == found


@given(streams(), st.lists(st.integers(0, 120), max_size=6), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_totals_never_fall_even_with_late_rows(
    stream: Samples, cuts: list[int], rng: random.Random
) -> None:
    # Some rows arrive after newer ones of their signal.
    places = sorted(range(len(stream)), key=lambda i: i + (rng.randrange(40) if i % 5 == 0 else 0))
    parts = in_parts(Chain(PLANT), stream.take(np.array(places, np.int64)), cuts)
    rows = sorted(all_kept(parts))
    for index in (0, 1):
        totals = [value for signal, _, value, _ in rows if signal == index]
        assert (np.diff(totals) >= 0).all()


@given(streams(), st.integers(0, 120))
@settings(max_examples=200, deadline=None)
def test_a_restart_changes_nothing(stream: Samples, cut: int) -> None:
    through = Chain(PLANT)
    whole = in_parts(through, stream, [cut])
    before = Chain(PLANT)
    first = before.clean(stream.take(np.arange(min(cut, len(stream)))), NOW, unseen)
    after = Chain(PLANT)
    after.restore(tail_of(first.readings, after.tail_count), offsets_of([first]), first.rejects)
    second = after.clean(stream.take(np.arange(min(cut, len(stream)), len(stream))), NOW, unseen)
    assert all_kept(whole) == all_kept([first, second])
    assert all_refused(whole) == all_refused([first, second])


@given(
    streams(),
    st.lists(st.integers(0, 120), max_size=8),
    st.sets(st.integers(0, 8)),
    st.randoms(use_true_random=False),
)
@settings(max_examples=300, deadline=None)
def test_restarts_anywhere_change_nothing_even_with_late_and_double_rows(
    stream: Samples, cuts: list[int], restarts: set[int], rng: random.Random
) -> None:
    # Some rows arrive after newer ones of their signal, some twice.
    places = list(range(len(stream))) + [i for i in range(len(stream)) if rng.random() < 0.1]
    places.sort(key=lambda i: i + (rng.randrange(60) if rng.random() < 0.3 else 0))
    arrived = stream.take(np.array(places, np.int64))
    whole, _ = lived(arrived, cuts, set())
    broken, memory = lived(arrived, cuts, restarts)
    assert all_kept(whole) == all_kept(broken)
    assert all_refused(whole) == all_refused(broken)
    assert [p.breaks for p in whole] == [p.breaks for p in broken]
    assert len(memory) < 20_000


def lived(arrived: Samples, cuts: list[int], restarts: set[int]) -> tuple[list[Cleaned], str]:
    """Batches through chains over one history; before batch n of `restarts` the process is started anew."""
    chain, memory, start = Chain(PLANT), "", 0
    done: list[Cleaned] = []
    known: set[tuple[int, int]] = set()

    def seen(signal: Codes, at: Ints) -> Bools:
        pairs = zip(signal.tolist(), at.tolist(), strict=True)
        return np.array([pair in known for pair in pairs], np.bool_)

    ends = sorted({min(c, len(arrived)) for c in cuts} | {len(arrived)})
    for number, end in enumerate(ends):
        if number in restarts and done:
            chain = Chain(PLANT)
            tail = Readings.of(
                *(np.concatenate([getattr(p.readings, c) for p in done]) for c in COLUMNS)
            )
            chain.restore(tail_of(tail, chain.tail_count), offsets_of(done), memory=memory)
        done.append(chain.clean(arrived.take(np.arange(start, end)), NOW, seen))
        known |= {(s, t) for s, t, _, _ in kept(done[-1])}
        memory, start = chain.memory(), end
    return done, memory


def test_what_was_remembered_follows_its_signal_into_a_changed_plant_file() -> None:
    doubted = Samples.of([2, 2], [T0, T0 + 10 * SECOND], [20.0, 90.0])
    chain = Chain(PLANT)
    first = chain.clean(doubted, NOW, unseen)
    assert refused(first) == [(2, T0 + 10 * SECOND, "spike")]
    fewer = replace(
        PLANT, signals=tuple(replace(s, index=i) for i, s in enumerate(PLANT.signals[2:]))
    )
    after = Chain(fewer)
    tail = Readings.of([0], [T0], [20.0])
    after.restore(tail, {}, memory=chain.memory())
    agreed = after.clean(Samples.of([0], [T0 + 20 * SECOND], [90.5]), NOW, unseen)
    assert [v for _, _, v, _ in kept(agreed)] == [90.5], "the second one at the new level passes"


@given(streams(), st.integers(0, 120))
@settings(deadline=None)
def test_a_restart_without_the_rejects_doubts_at_most_once_more(stream: Samples, cut: int) -> None:
    whole = in_parts(Chain(PLANT), stream, [cut])
    before = Chain(PLANT)
    first = before.clean(stream.take(np.arange(min(cut, len(stream)))), NOW, unseen)
    after = Chain(PLANT)
    after.restore(tail_of(first.readings, after.tail_count), offsets_of([first]))
    second = after.clean(stream.take(np.arange(min(cut, len(stream)), len(stream))), NOW, unseen)
    rows = sorted(kept(first) | kept(second))
    for index in (0, 1):
        totals = [value for signal, _, value, _ in rows if signal == index]
        assert (np.diff(totals) >= 0).all()
    assert len(rows) + len(first.rejects) + len(second.rejects) == len(stream)
    assert len(whole) >= 1


@pytest.mark.parametrize("cut", range(33))
def test_a_restart_at_any_row_of_a_bad_day_changes_nothing(cut: int) -> None:
    # A spike, a step, a glitch, a reset, a roll-over and a standing value, all signals side by side.
    by_signal = {
        0: [970.0, 974, 978, 5, 982, 3, 1, 4, 8, 990, 994],
        1: [500.0, 501, 502, 0, 0.5, 1, 505, 506, 507, 508, 509],
        2: [20.0, 20, 90, 20, 20, 20, 20, 20, 90, 91, 20],
    }
    table = [
        (T0 + i * 10 * SECOND, s, v) for s, raw in by_signal.items() for i, v in enumerate(raw)
    ]
    at, index, value = zip(*sorted(table), strict=True)
    stream = Samples.of(index, at, value)
    whole = [Chain(PLANT).clean(stream, NOW, unseen)]
    first = Chain(PLANT).clean(stream.take(np.arange(cut)), NOW, unseen)
    after = Chain(PLANT)
    after.restore(tail_of(first.readings, after.tail_count), offsets_of([first]), first.rejects)
    second = after.clean(stream.take(np.arange(cut, len(stream))), NOW, unseen)
    assert all_kept(whole) == all_kept([first, second])
    assert all_refused(whole) == all_refused([first, second])
    assert {b.at for b in whole[0].breaks} == {b.at for p in (first, second) for b in p.breaks}


def tail_of(readings: Readings, count: int) -> Readings:
    """What a history's `tail(count)` gives."""
    chosen: list[int] = []
    for index in set(readings.signal.tolist()):
        places = np.flatnonzero(readings.signal == index)
        chosen += places[np.argsort(readings.at[places])][-count:].tolist()
    return readings.take(np.array(sorted(chosen), np.int64))


def offsets_of(parts: list[Cleaned]) -> dict[int, tuple[tuple[int, float], ...]]:
    """What a history's `breaks()` gives."""
    found: dict[int, tuple[tuple[int, float], ...]] = {}
    for part in parts:
        for seam in part.breaks:
            found[seam.signal] = (*found.get(seam.signal, ()), (seam.at, seam.offset))
    return found
