"""What is not yet closed, in memory: so that a minute is built without asking the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ecotwin.clock import MINUTE
from ecotwin.history.queries import join
from ecotwin.history.rollup import Steps, Traits, in_order
from ecotwin.records import Bools, Break, Ints, Quality, Readings

NEVER = 2**62
"""Stands for "no reading yet" in columns of first instants."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The open part at one moment; nothing in it ever changes.

    Attributes:
        closed: [signals] end of the last closed minute [us UTC], 0 when none is closed.
        first: [signals] first known instant of signals of which nothing is closed yet.
        newest: Newest event time of all. parts: Readings since, with the ones that still hold.
        minutes: Closed minutes of hours that are not full.
        spilled: `parts` is incomplete; ask the file.
        jumps: [k, 2] (signal, at) of counter breaks whose step nobody measured.
    """

    closed: Ints
    first: Ints
    newest: int
    parts: tuple[Readings, ...]
    minutes: Steps
    spilled: bool
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
    """

    def __init__(self, traits: Traits, limit: int) -> None:
        n = len(traits.kind)
        self.traits, self.limit = traits, limit
        self.closed = np.zeros(n, np.int64)
        self.first = np.full(n, NEVER, np.int64)
        self.last_at = np.zeros(n, np.int64)
        self.last_value = np.full(n, np.nan)
        self.last_quality = np.full(n, Quality.STALE, np.uint8)
        self.usable_at = np.zeros(n, np.int64)
        """Newest reading a counter's line can end at."""
        self.parts: list[Readings] = []
        self.rows = 0
        self.spilled = False
        self.minutes = Steps.empty()
        self.jumps = np.empty((0, 2), np.int64)
        self.oldest, self.newest = NEVER, 0

    def snapshot(self) -> Snapshot:
        """The open part as it is now (call it under the file's state lock)."""
        return Snapshot(
            self.closed,
            self.first,
            self.newest,
            tuple(self.parts),
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
        fresh = np.flatnonzero(np.concatenate(([True], tidy.signal[1:] != tidy.signal[:-1])))
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
        self._hold(tidy)

    def _hold(self, r: Readings) -> None:
        if self.spilled:
            return
        self.rows += len(r)
        if self.rows > self.limit:
            self.parts, self.rows, self.spilled = [], 0, True
        elif len(self.parts) >= 256:  # few large parts are quicker to join than many small
            self.parts = [in_order(join([*self.parts, r]))]
        else:
            self.parts = [*self.parts, r]

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

    def advance(
        self, closed: Ints, parts: list[Readings], minutes: Steps, *, spilled: bool
    ) -> None:
        """Minutes were closed: replace the open part."""
        self.closed, self.parts, self.minutes, self.spilled = closed, parts, minutes, spilled
        self.rows = sum(len(p) for p in parts)
