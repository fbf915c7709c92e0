"""Gaps: silences longer than a signal's values hold. Nothing is refused; the silences are kept to be read."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.rows import NEVER, Groups, before, micros_by_signal
from ecotwin.clock import micros
from ecotwin.plant.model import Plant
from ecotwin.records import Ints, Readings, Rejects, Samples

REMEMBERED = 256
"""Closed gaps remembered by signal; older ones live on in the history's coverage."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A silence of a signal.

    Attributes:
        signal: Index into `Plant.signals`.
        start: Last reading before it [us UTC]; when listening began, for a signal never heard.
        end: First reading after it [us UTC]; None while it lasts.
    """

    signal: int
    start: int
    end: int | None

    def seconds(self, now: datetime) -> float:
        """Its length so far [s]."""
        return ((micros(now) if self.end is None else self.end) - self.start) / 1e6


class Gaps:
    """Remembers when each signal was silent for longer than `hold_s`.

    Attributes:
        count: [signals] gaps seen so far. missing_us: [signals] their summed length [us].
    """

    name = "gaps"

    def __init__(self, plant: Plant) -> None:
        count = len(plant.signals)
        self._hold = micros_by_signal(plant, "hold_s")
        self._at = np.full(count, NEVER, np.int64)
        self._began: int | None = None
        self._closed: dict[int, list[Gap]] = {}
        self.count = np.zeros(count, np.int64)
        self.missing_us = np.zeros(count, np.int64)

    @property
    def newest(self) -> Ints:
        """[signals] event time of the newest kept reading [us UTC]; `NEVER` when there is none."""
        return self._at

    def clean(self, samples: Samples, context: Context) -> Passed:
        """Note silences that end, and cut noted ones where late rows fill them."""
        if self._began is None:
            self._began = micros(context.now)
        groups = Groups.of(samples.signal)
        hold = self._hold[samples.signal]
        past = before(samples.at, groups, self._at)
        known = self._at[samples.signal]
        fresh = samples.at > known
        # The first fresh row after late ones of its signal follows the newest reading, not the row before.
        past = np.maximum(past, known)
        # `at - NEVER` would overflow: a signal never heard before has no gap yet.
        heard = past != NEVER
        silent = fresh & heard & (hold > 0)
        silent &= samples.at - np.where(heard, past, samples.at) > hold
        for row in np.flatnonzero(silent):
            self._note(Gap(int(samples.signal[row]), int(past[row]), int(samples.at[row])))
        if not fresh.all():
            for row in np.flatnonzero(~fresh):
                self._fill(int(samples.signal[row]), int(samples.at[row]))
        last = groups.end - 1
        self._at[groups.signal] = np.maximum(self._at[groups.signal], samples.at[last])
        return Passed(samples, Rejects.empty())

    def _note(self, gap: Gap) -> None:
        closed = self._closed.setdefault(gap.signal, [])
        closed.append(gap)
        del closed[:-REMEMBERED]
        self._count(gap, 1)

    def _count(self, gap: Gap, by: int) -> None:
        assert gap.end is not None
        self.count[gap.signal] += by
        self.missing_us[gap.signal] += by * (gap.end - gap.start)

    def _fill(self, signal: int, at: int) -> None:
        closed = self._closed.get(signal, [])
        place = bisect_right(closed, at, key=lambda gap: gap.start) - 1
        if place < 0:
            return
        gap = closed[place]
        if gap.end is None or not gap.start < at < gap.end:
            return
        self._count(gap, -1)
        parts = [replace(gap, end=at), replace(gap, start=at)]
        left = [p for p in parts if p.end is not None and p.end - p.start > self._hold[signal]]
        closed[place : place + 1] = left
        for part in left:
            self._count(part, 1)

    def gaps(self, now: datetime) -> dict[int, list[Gap]]:
        """Signal index -> its closed gaps in time order, then the open one, if any."""
        found = {signal: list(closed) for signal, closed in self._closed.items() if closed}
        moment = micros(now)
        since = np.where(self._at == NEVER, self._began or moment, self._at)
        for signal in np.flatnonzero((moment - since > self._hold) & (self._hold > 0)).tolist():
            found.setdefault(signal, []).append(Gap(signal, int(since[signal]), None))
        return found

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:  # noqa: ARG002 - the contract's signature
        """Know the newest reading of every signal again, and the gaps within the tail."""
        groups = Groups.of(tail.signal)
        past = before(tail.at, groups, self._at)
        hold = self._hold[tail.signal]
        heard = past != NEVER
        silent = heard & (hold > 0) & (tail.at - np.where(heard, past, tail.at) > hold)
        for row in np.flatnonzero(silent):
            self._note(Gap(int(tail.signal[row]), int(past[row]), int(tail.at[row])))
        self._at[groups.signal] = tail.at[groups.end - 1]


plug = Gaps
