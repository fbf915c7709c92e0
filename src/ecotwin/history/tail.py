"""What is not yet closed, in memory: so that a minute is built without asking the database.

Readings are added up while they come in (`building.fold`), so that closing a minute of millions of
readings is as short as closing one of a few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ecotwin.clock import MINUTE, SECOND
from ecotwin.history.building import Sums, fold
from ecotwin.history.queries import join
from ecotwin.history.rollup import Steps, Traits, first_of_each_signal, in_order
from ecotwin.records import Bools, Break, Codes, Ints, Quality, Readings

NEVER = 2**62
"""Stands for "no reading yet" in columns of first instants."""
FOLD_ROWS = 100_000
"""Readings that wait until they are added up together: few enough for a short pause."""
HOLD_BACK = SECOND // 4
"""Readings younger than this are not yet added up, so that small disorder costs nothing [us]."""
_PARTS = 256
"""Few large parts are quicker to join than many small."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The open part at one moment; nothing in it ever changes.

    Attributes:
        closed: [signals] end of the last closed minute [us UTC], 0 when none is closed.
        first: [signals] first known instant of signals of which nothing is closed yet.
        newest: Newest event time of all. parts: Readings since, with the ones that still hold.
        sums: What earlier readings of open minutes added up to.
        minutes: Closed minutes of hours that are not full.
        spilled: [signals] of which memory holds nothing; ask the file.
        jumps: [k, 2] (signal, at) of counter breaks whose step nobody measured.
    """

    closed: Ints
    first: Ints
    newest: int
    parts: tuple[Readings, ...]
    sums: Sums
    minutes: Steps
    spilled: Bools
    jumps: Ints

    def begin(self, traits: Traits) -> Ints:
        """[signals] first open minute; `NEVER` for signals without any reading."""
        opened = (self.first - traits.lead) // MINUTE * MINUTE
        begin = np.where(self.closed > 0, self.closed, opened)
        return np.where(self.has, begin, NEVER)

    @property
    def has(self) -> Bools:
        """[signals] whether there is any reading."""
        return np.asarray((self.closed > 0) | (self.first < NEVER))

    def at_jumps(self, readings: Readings) -> Bools | None:
        """[n] which readings end a step across a counter break that nobody measured."""
        return jump_mask(readings, self.jumps)


def jump_mask(readings: Readings, jumps: Ints) -> Bools | None:
    """[n] which readings stand right after one of the breaks; None when there is none."""
    if not len(jumps):
        return None
    mask = np.zeros(len(readings), np.bool_)
    for signal, at in jumps.tolist():
        lo, hi = np.searchsorted(readings.signal, [signal, signal + 1])
        mask[lo + np.flatnonzero(readings.at[lo:hi] == at)] = True
    return mask


class Tail:
    """The changing open part. Changed only inside a write transaction's last instant.

    Args:
        traits: Of all signals.
        limit: Readings kept in memory at most; beyond that the file is asked instead.
        fold_rows: New readings after which they are added up.
    """

    def __init__(self, traits: Traits, limit: int, fold_rows: int = FOLD_ROWS) -> None:
        n = len(traits.kind)
        self.traits, self.limit, self.fold_rows = traits, limit, fold_rows
        self.closed = np.zeros(n, np.int64)
        self.first = np.full(n, NEVER, np.int64)
        self.last_at = np.zeros(n, np.int64)
        self.last_value = np.full(n, np.nan)
        self.last_quality = np.full(n, Quality.STALE, np.uint8)
        self.usable_at = np.zeros(n, np.int64)
        """Newest reading a counter's line can end at."""
        self.parts: list[Readings] = []
        self.rows = 0
        self.sums = Sums.empty()
        self.low = np.full(n, -NEVER, np.int64)
        self.edge = np.full(n, -NEVER, np.int64)
        """[signals] readings of `[low, edge]` were added up: one more in there makes the sums wrong."""
        self.spilled = np.zeros(n, np.bool_)
        self.minutes = Steps.empty()
        self.jumps = np.empty((0, 2), np.int64)
        self.oldest, self.newest = NEVER, 0
        self._waiting = 0

    def snapshot(self) -> Snapshot:
        """The open part as it is now (call it under the file's state lock)."""
        return Snapshot(
            self.closed,
            self.first,
            self.newest,
            tuple(self.parts),
            self.sums,
            self.minutes,
            self.spilled,
            self.jumps,
        )

    def late(self, r: Readings) -> Bools:
        """[n] readings that change minutes already closed."""
        closed = self.closed[r.signal]
        return np.asarray((closed > 0) & (r.at - self.traits.lead[r.signal] < closed))

    def learn(self, r: Readings, breaks: Iterable[Break] = ()) -> None:
        """Take in a batch that was kept."""
        rough = [(b.signal, b.at) for b in breaks if b.estimated]
        if rough:
            self.jumps = np.concatenate([self.jumps, np.array(rough, np.int64).reshape(-1, 2)])
        if not len(r):
            return
        self.oldest = min(self.oldest, int(r.at.min()))
        self.newest = max(self.newest, int(r.at.max()))
        tidy = in_order(r)
        fresh = first_of_each_signal(tidy.signal)
        self.first = self.first.copy()
        np.minimum.at(self.first, tidy.signal[fresh], tidy.at[fresh])
        newest = tidy.take(np.append(fresh[1:], len(tidy)) - 1)
        newer = newest.take(newest.at >= self.last_at[newest.signal])
        at, value, quality = self.last_at.copy(), self.last_value.copy(), self.last_quality.copy()
        at[newer.signal], value[newer.signal] = newer.at, newer.value
        quality[newer.signal] = newer.quality
        self.last_at, self.last_value, self.last_quality = at, value, quality
        usable = tidy.take(tidy.quality <= Quality.ESTIMATED)
        np.maximum.at(self.usable_at, usable.signal, usable.at)
        wrong = (tidy.at <= self.edge[tidy.signal]) & (tidy.at >= self.low[tidy.signal])
        if wrong.any():
            self.spill(tidy.signal[wrong])
        self._hold(tidy)

    def spill(self, signals: Codes | Bools) -> None:
        """Hold nothing of some signals any more: until their minutes are closed the file is asked."""
        self.spilled = self.spilled.copy()
        self.spilled[signals] = True
        self.parts = [p.take(~self.spilled[p.signal]) for p in self.parts]
        self.rows = sum(len(p) for p in self.parts)
        self.sums = self.sums.take(~self.spilled[self.sums.signal])
        self.edge = np.where(self.spilled, -NEVER, self.edge)

    def _hold(self, r: Readings) -> None:
        if self.spilled.any():
            r = r.take(~self.spilled[r.signal])
        self.parts = [*self.parts, r]
        self.rows += len(r)
        self._waiting += len(r)
        if self._waiting >= self.fold_rows:
            self.fold()
        elif len(self.parts) > _PARTS:
            self.parts = [in_order(join(self.parts))]
        if self.rows > self.limit:
            self.spill(np.ones_like(self.spilled))

    def fold(self) -> None:
        """Add up what no later reading can change."""
        readings = in_order(join(self.parts))
        self._waiting = 0
        young = readings.at > self.newest - HOLD_BACK
        old = readings.take(~young)
        begin = self.snapshot().begin(self.traits)
        sums, left = fold(old, self.traits, begin, self.sums, jump_mask(old, self.jumps))
        if sums is self.sums:
            self.parts = [readings]
            self._waiting = -len(old)  # too many steps: no use to try again soon
            return
        self.low, self.edge = self._folded(old, left, begin)
        self.sums = sums
        self.parts = [left, readings.take(young)]
        self.rows = len(left) + len(self.parts[1])

    def _folded(self, readings: Readings, left: Readings, begin: Ints) -> tuple[Ints, Ints]:
        """[signals] first and last instant of what was added up.

        What comes in before the last telling reading in front of the open minutes changes none of
        them.
        """
        low = np.full_like(begin, -NEVER)
        telling = (readings.quality <= Quality.ESTIMATED) | ~self.traits.summed[readings.signal]
        front = np.flatnonzero(telling & (readings.at <= begin[readings.signal]))
        np.maximum.at(low, readings.signal[front], readings.at[front])
        low = np.where(self.edge > -NEVER, self.low, low)
        edge = self.edge.copy()
        first = first_of_each_signal(left.signal)
        edge[left.signal[first]] = left.at[first]
        return low, edge

    def needed(self, r: Readings, closed: Ints) -> Readings:
        """Of sorted readings those after the closed minutes, and the last telling one before."""
        before = r.at < closed[r.signal]
        telling = before & ((r.quality <= Quality.ESTIMATED) | ~self.traits.summed[r.signal])
        positions = np.flatnonzero(telling)
        signal = r.signal[positions]
        keep = ~before
        if len(positions):
            keep[positions[np.append(signal[1:] != signal[:-1], True)]] = True
        return r.take(keep)

    def advance(self, closed: Ints, readings: Readings, minutes: Steps) -> None:
        """Minutes were closed: of the open part in memory, in order, only what is open still stays."""
        left = self.needed(readings, closed)
        self.closed, self.minutes = closed, minutes
        self.parts, self.rows = [left], len(left)
        self.sums = self.sums.take(self.sums.at >= closed[self.sums.signal])
        self.edge = np.where(self.edge < closed, -NEVER, self.edge)

    def take_back(self, readings: Readings, signals: Ints) -> bool:
        """Hold again what was read from the file of signals that were spilled; False: no room."""
        if self.rows + len(readings) > self.limit:
            return False
        self.spilled = self.spilled.copy()
        self.spilled[signals] = False
        self.parts = [*self.parts, readings]
        self.rows += len(readings)
        self._waiting += len(readings)
        if self._waiting >= self.fold_rows:
            self.fold()
        return True
