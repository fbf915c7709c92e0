"""Late readings: the steps they touch are built again and kept as a new revision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ecotwin.clock import HOUR, MINUTE
from ecotwin.history import queries
from ecotwin.history.building import build
from ecotwin.history.rollup import CELLS, GAUGE, STATE, Steps, coarsen, merged, same
from ecotwin.history.storefile import Tx
from ecotwin.history.tail import jump_mask
from ecotwin.records import Floats, Ints

if TYPE_CHECKING:
    from ecotwin.history.closing import Closing

_NEAR = 6 * HOUR
"""Touched spans of a signal that lie closer than this are built as one."""
_DOING = "revising steps"


def revise(closing: Closing, known: int) -> None:
    """Rebuild everything in `closing.late`."""
    marks = closing.late
    with closing.file.read(_DOING) as (con, _):
        rounds = _rounds(con, closing, marks)
    for col, lo, hi in rounds:
        for begin, end in _passes(lo, hi):
            _rebuild(closing, col, begin, end, known)
    with closing.file.write(_DOING) as tx:
        tx.con.execute("DELETE FROM late")
        tx.then(marks.clear)


def _rounds(
    con: Any, closing: Closing, marks: set[tuple[int, int]]
) -> list[tuple[Ints, Ints, Ints]]:
    """Touched spans, widened to what a late reading reaches; a round holds a signal once."""
    pairs = np.array(sorted(marks), np.int64)
    col, lo = pairs[:, 0], pairs[:, 1]
    split = np.concatenate(([True], (col[1:] != col[:-1]) | (lo[1:] - lo[:-1] > _NEAR)))
    begins = np.flatnonzero(split)
    col, lo, hi = col[begins], lo[begins], lo[np.append(begins[1:], len(lo)) - 1] + HOUR
    nth = np.zeros(len(col), np.int64)
    for i in range(1, len(col)):
        nth[i] = nth[i - 1] + 1 if col[i] == col[i - 1] else 0
    rounds = []
    for k in range(int(nth.max()) + 1):
        one = nth == k
        rounds.append((col[one], *_widened(con, closing, col[one], lo[one], hi[one])))
    return rounds


def _widened(con: Any, closing: Closing, col: Ints, lo: Ints, hi: Ints) -> tuple[Ints, Ints]:
    traits, registry, tail = closing.traits, closing.registry, closing.tail
    lo, hi = lo - traits.lead[col], hi + np.where(traits.summed[col], 0, traits.hold[col])
    # a reading in the middle of a counter's line bends it from the reading before to the one after
    bent = traits.summed[col] & (traits.lead[col] == 0)
    if bent.any():
        before = queries.newest_before(con, registry, col[bent], lo[bent], usable=True)
        after = queries.first_from(con, registry, col[bent], hi[bent])
        low, high = np.zeros_like(tail.closed), np.zeros_like(tail.closed)
        low[col], high[col] = lo, hi
        low[before.signal], high[after.signal] = before.at, after.at
        lo, hi = low[col], high[col]
    lo = np.maximum(lo // MINUTE * MINUTE, closing.since)
    hi = np.minimum(-(-hi // MINUTE) * MINUTE, tail.closed[col])
    return lo, np.maximum(hi, lo)


def _passes(lo: Ints, hi: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Cut long spans into passes that fit into memory."""
    span = max(60, CELLS // len(lo)) * MINUTE // HOUR * HOUR
    at, last = int(lo.min()) // HOUR * HOUR, int(hi.max())
    while at < last:
        begin, end = np.maximum(lo, at), np.minimum(hi, at + span)
        if (end > begin).any():
            yield begin, np.maximum(end, begin)
        at += span


def _rebuild(closing: Closing, col: Ints, lo: Ints, hi: Ints, known: int) -> None:
    wanted = hi > lo
    col, lo, hi = col[wanted], lo[wanted], hi[wanted]
    n = len(closing.registry.sid)
    begin, end = np.zeros(n, np.int64), np.zeros(n, np.int64)
    begin[col], end[col] = lo, hi
    registry, traits = closing.registry, closing.traits
    with closing.file.read(_DOING) as (con, _):
        readings = queries.context(con, registry, traits, col, lo, hi)
        fresh = build(readings, traits, begin, end, jumps=jump_mask(readings, closing.tail.jumps))
        span = (int(lo.min()) // HOUR * HOUR, -(-int(hi.max()) // HOUR) * HOUR)
        minutes, when = queries.kept_steps(con, registry, queries.MINUTES, col, *span)
        hours, hours_when = queries.kept_steps(con, registry, queries.HOURS, col, *span)
    inside = (minutes.at >= begin[minutes.signal]) & (minutes.at < end[minutes.signal])
    changed, changes = _changed(minutes.take(inside), when[inside], fresh)
    if not len(changed):
        return
    everything = merged(minutes, changed)
    touched = np.isin(_key(everything, HOUR), np.unique(_key(changed, HOUR)))
    full = everything.at < (closing.tail.closed // HOUR * HOUR)[everything.signal]
    new_hours = coarsen(everything.take(touched & full), traits, HOUR)
    at_hours = np.isin(_key(hours, HOUR), _key(new_hours, HOUR))
    changed_hours, hour_changes = _changed(hours.take(at_hours), hours_when[at_hours], new_hours)
    still_open = changed.at >= (closing.tail.closed // HOUR * HOUR)[changed.signal]
    opened = merged(closing.tail.minutes, changed.take(still_open))
    with closing.file.write(_DOING) as tx:
        rev, at = closing.stamp(tx, known)
        closing.insert(tx, "minute_new", changed, at, rev)
        closing.insert(tx, "hour", changed_hours, at, rev)
        _note(tx, closing, changes, 60, at)
        _note(tx, closing, hour_changes, 3600, at)

        def learn() -> None:
            closing.tail.minutes = opened

        tx.then(learn)
    closing.fresh_rows += len(changed)


def _key(steps: Steps, step: int) -> Ints:
    """One number a signal and step."""
    return np.asarray(steps.signal.astype(np.int64) * 2**40 + steps.at // step)


_Changes = tuple[Steps, Ints, Steps]
"""Rows before, when they were known, rows after."""


def _changed(old: Steps, when: Ints, new: Steps) -> tuple[Steps, _Changes]:
    """Rows to be kept anew, and of those that had a figure before: before, known, after.

    A step that no longer holds anything (a late doubt took its value away) is kept as an empty one.
    """
    old_key, new_key = _key(old, MINUTE), _key(new, MINUTE)
    gone = old.take(
        ~np.isin(old_key, new_key) & ((old.count > 0) | (old.covered + old.estimated > 0))
    )
    if len(gone):
        blank = Steps.empty(len(gone))
        empty = Steps(gone.signal, gone.at, *(getattr(blank, c) for c in _REST))
        new = Steps.join([new, empty])
        new = new.take(np.lexsort((new.at, new.signal)))
        new_key = _key(new, MINUTE)
    place = np.searchsorted(old_key, new_key)
    had = np.zeros(len(new), np.bool_)
    inside = place < len(old_key)
    had[inside] = old_key[place[inside]] == new_key[inside]
    differs = ~had
    both = np.flatnonzero(had)
    differs[both] = ~same(old.take(place[both]), new.take(both))
    revised = np.flatnonzero(differs & had)
    before = old.take(place[revised])
    return new.take(differs), (before, when[place[revised]], new.take(revised))


_REST = ("count", "mean", "low", "high", "last", "amount", "covered", "estimated")


def _figure(steps: Steps, closing: Closing) -> Floats:
    """The figure people know a step by: its amount, or the mean where nothing adds up."""
    kind = closing.traits.kind[steps.signal]
    return np.where((kind == GAUGE) | (kind == STATE), steps.mean, steps.amount)


def _note(tx: Tx, closing: Closing, changes: _Changes, step_s: int, known: int) -> None:
    before, when, after = changes
    first, second = _figure(before, closing), _figure(after, closing)
    moved = ~np.isclose(first, second, rtol=1e-9, atol=1e-9, equal_nan=True)
    if not moved.any():
        return
    rows = {
        "sid": closing.registry.sid[after.signal[moved]],
        "t": after.at[moved],
        "step_s": np.full(int(moved.sum()), step_s, np.int32),
        "before": first[moved],
        "after": second[moved],
        "known_before": when[moved],
    }
    tx.insert("revision", rows, ", ?", (known,))
