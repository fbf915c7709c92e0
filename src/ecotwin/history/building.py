"""Readings -> minutes: pure numpy, the same code for live, late and imported data.

Every reading is turned into *segments*, spans of time over which something is known, and every
segment is cut at the borders of the steps:

- gauge, rate, state, set-point: the value holds until the next reading, at most `Signal.hold_s`;
- counter: the running total is a straight line between two readings; a line longer than `hold_s`
  still gives the right sum, but where in it the use lay is an estimate;
- interval: the amount is spread evenly over the `every_s` that end at the reading.

Because a step only ever adds up pieces of segments, two half-periods add up to the whole, and the
order in which readings came does not matter. It also lets a minute be built bit by bit: `fold` adds
up the segments that no later reading can change any more, `build` goes on from these sums. Pieces
are added one after the other in time order either way, so both give the same to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import HOUR, MINUTE
from ecotwin.history.rollup import (
    CELLS,
    COUNTER,
    INTERVAL,
    RATE,
    STATE,
    Steps,
    Traits,
    first_of_each_signal,
)
from ecotwin.records import Bools, Codes, Floats, Ints, Quality, Readings


@dataclass(frozen=True, slots=True)
class Sums:
    """What readings that are no longer needed have added up to, one row a signal and open minute.

    Attributes:
        signal: [n] index into `Plant.signals`. at: [n] start of the minute [us UTC].
        count: [n] readings. sum: [n] value times time [unit us]; an amount for counters and
            intervals. measured, guessed: [n] time covered [us]. low, high, last: [n] values.
    """

    signal: Codes
    at: Ints
    count: Ints
    sum: Floats
    measured: Floats
    guessed: Floats
    low: Floats
    high: Floats
    last: Floats

    def __len__(self) -> int:
        return len(self.signal)

    def take(self, which: Bools | Ints) -> Sums:
        """The rows chosen by a mask or by positions."""
        return Sums(*(getattr(self, f.name)[which] for f in fields(Sums)))

    @staticmethod
    def empty() -> Sums:
        """Nothing added up yet."""
        whole, number = np.empty(0, np.int64), np.empty(0)
        return Sums(np.empty(0, np.int32), whole, whole, *([number] * 6))

    @staticmethod
    def join(parts: list[Sums]) -> Sums:
        """All rows, in the order given."""
        if len(parts) == 1:
            return parts[0]
        columns = ([getattr(p, f.name) for p in parts] for f in fields(Sums))
        return Sums(*(np.concatenate(column) for column in columns)) if parts else Sums.empty()


@dataclass(frozen=True, slots=True)
class _Segments:
    """[n] spans in which something is known; `density` is what a step adds up a microsecond."""

    signal: Codes
    start: Ints
    end: Ints
    density: Floats
    estimated: Bools


def _held(r: Readings, own: Bools, traits: Traits, horizon: int | None) -> _Segments:
    """Values that hold until the next; a doubted one ends the one before and tells nothing."""
    end = r.at + traits.hold[r.signal]
    same = r.signal[1:] == r.signal[:-1]
    end[:-1] = np.where(same, np.minimum(end[:-1], r.at[1:]), end[:-1])
    if horizon is not None:
        np.minimum(end, horizon, out=end)
    ok = own & (r.quality <= Quality.ESTIMATED)
    return _Segments(
        r.signal[ok], r.at[ok], end[ok], r.value[ok], r.quality[ok] == Quality.ESTIMATED
    )


def _lines(r: Readings, traits: Traits, jumps: Ints) -> _Segments:
    """Straight lines between usable totals; nobody measured the steps that end at `jumps`."""
    if len(r) < 2:
        return _Segments(r.signal[:0], r.at[:0], r.at[:0], r.value[:0], np.empty(0, np.bool_))
    dt = r.at[1:] - r.at[:-1]
    guess = r.quality == Quality.ESTIMATED
    doubtful = guess[1:] | guess[:-1] | (dt > traits.hold[r.signal[1:]])
    doubtful[jumps[jumps > 0] - 1] = True
    pair = r.signal[1:] == r.signal[:-1]
    density = (r.value[1:] - r.value[:-1])[pair] / dt[pair]
    return _Segments(r.signal[1:][pair], r.at[:-1][pair], r.at[1:][pair], density, doubtful[pair])


def _spread(r: Readings, traits: Traits) -> _Segments:
    """Amounts spread evenly over the interval that ends at the reading."""
    every = traits.every[r.signal]
    return _Segments(r.signal, r.at - every, r.at, r.value / every, r.quality == Quality.ESTIMATED)


class _Cells:
    """Accumulators, one a step of a signal; every signal has its own first and last step."""

    def __init__(self, start: Ints, end: Ints, step: int) -> None:
        self.start, self.end, self.step = start, np.maximum(end, start), step
        width = (self.end - self.start) // step
        self.base = np.cumsum(width) - width
        self.total = int(width.sum())
        self.signal = np.repeat(np.arange(len(start), dtype=np.int32), width)
        self.at = start[self.signal] + (np.arange(self.total) - self.base[self.signal]) * step
        self.count = np.zeros(self.total, np.int64)
        self.sum, self.measured, self.guessed = (np.zeros(self.total) for _ in range(3))
        self.low, self.high, self.last = (np.full(self.total, np.nan) for _ in range(3))

    def of(self, signal: Codes, at: Ints) -> Ints:
        """Cell of an instant that lies inside the signal's range."""
        return np.asarray(self.base[signal] + (at - self.start[signal]) // self.step)

    def inside(self, signal: Codes, at: Ints) -> Bools:
        """[n] whether an instant lies inside the signal's range."""
        return np.asarray((at >= self.start[signal]) & (at < self.end[signal]))

    def carry(self, sums: Sums) -> None:
        """Go on from what was added up before; to be called first."""
        here = np.flatnonzero(self.inside(sums.signal, sums.at))
        cell = self.of(sums.signal[here], sums.at[here])
        for name in _SUMMED:
            getattr(self, name)[cell] = getattr(sums, name)[here]

    def fill(
        self, r: Readings, own: Bools, traits: Traits, jumps: Bools | None, horizon: int | None
    ) -> None:
        """Add readings up; those that are not their `own` only end what the ones before tell."""
        kind = traits.kind[r.signal]
        here = own & self.inside(r.signal, r.at)
        self.count += np.bincount(self.of(r.signal[here], r.at[here]), minlength=self.total)
        held = kind < COUNTER
        if held.any():
            self.add(_held(r.take(held), own[held], traits, horizon), extremes=True)
        if held.all():
            return
        usable = ~held & (r.quality <= Quality.ESTIMATED)
        seen = r.take(usable & here)
        self.extremes(self.of(seen.signal, seen.at), seen.value)
        counter = usable & (kind == COUNTER)
        at_jump = np.empty(0, np.int64) if jumps is None else np.flatnonzero(jumps[counter])
        self.add(_lines(r.take(counter), traits, at_jump), extremes=False)
        self.add(_spread(r.take(usable & own & (kind == INTERVAL)), traits), extremes=False)

    def add(self, g: _Segments, *, extremes: bool) -> None:
        """Cut segments at the steps' borders and add the pieces up."""
        s, e = np.maximum(g.start, self.start[g.signal]), np.minimum(g.end, self.end[g.signal])
        keep = np.flatnonzero(e > s)
        if not len(keep):
            return
        s, e, signal = s[keep], e[keep], g.signal[keep]
        first, final = self.of(signal, s), self.of(signal, e - 1)
        pieces = final - first + 1
        of = np.repeat(np.arange(len(keep)), pieces)
        nth = np.arange(len(of)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        cell = first[of] + nth
        border = self.at[cell]
        length = (np.minimum(e[of], border + self.step) - np.maximum(s[of], border)).astype(float)
        value = g.density[keep][of]
        guess = g.estimated[keep][of]
        # One piece after the other onto what is there: a sum of sums would differ in its last digit.
        np.add.at(self.sum, cell, value * length)
        if guess.any():
            self.guessed += np.bincount(cell, length * guess, self.total)
            self.measured += np.bincount(cell, length * ~guess, self.total)
        else:
            self.measured += np.bincount(cell, length, self.total)
        if extremes:
            self.extremes(cell, value)

    def extremes(self, cell: Ints, value: Floats) -> None:
        """Smallest, largest and last value of each cell; `cell` never falls."""
        if not len(cell):
            return
        begins = np.flatnonzero(np.concatenate(([True], cell[1:] != cell[:-1])))
        where = cell[begins]
        self.low[where] = np.fmin(self.low[where], np.minimum.reduceat(value, begins))
        self.high[where] = np.fmax(self.high[where], np.maximum.reduceat(value, begins))
        self.last[where] = value[np.append(begins[1:], len(cell)) - 1]

    def some(self) -> Ints:
        """The cells that hold something."""
        return np.flatnonzero((self.measured + self.guessed > 0) | (self.count > 0))

    def sums(self) -> Sums:
        """What has been added up so far."""
        some = self.some()
        columns = (getattr(self, name)[some] for name in _SUMMED)
        return Sums(self.signal[some], self.at[some], *columns)

    def steps(self, kind: NDArray[np.int8]) -> Steps:
        """The steps that hold something."""
        some = self.some()
        known, total, last = (self.measured + self.guessed)[some], self.sum[some], self.last[some]
        kinds = kind[self.signal[some]]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(kinds >= COUNTER, np.nan, np.where(kinds == STATE, last, total / known))
        amount = np.where(kinds == RATE, total / HOUR, np.where(kinds >= COUNTER, total, np.nan))
        amount[known == 0] = np.nan
        return Steps(
            self.signal[some], self.at[some], self.count[some], mean, self.low[some],
            self.high[some], last, amount,
            np.minimum(self.measured[some] / self.step, 1.0),
            np.minimum(self.guessed[some] / self.step, 1.0),
        )  # fmt: skip


_SUMMED = tuple(f.name for f in fields(Sums))[2:]


def build(
    readings: Readings,
    traits: Traits,
    start: Ints,
    end: Ints,
    *,
    sums: Sums | None = None,
    horizon: int | None = None,
    jumps: Bools | None = None,
) -> Steps:
    """Minute steps of every signal over its own `[start, end)`.

    Args:
        readings: As `in_order` gives them, with the neighbours before and after the ranges.
        traits: Of all signals.
        start: [signals] first minute [us UTC].
        end: [signals] end of the last minute [us UTC]; not after `start` where none is wanted.
        sums: What `fold` added up of earlier readings.
        horizon: No value is held beyond this instant [us UTC]: the future is not covered.
        jumps: [n] readings of counters whose step from the one before nobody measured.

    Returns:
        The minutes that hold anything, by signal and time.

    >>> from ecotwin.clock import SECOND
    >>> hold, every = np.array([180 * SECOND]), np.array([60 * SECOND])
    >>> one = Traits(np.array([COUNTER], np.int8), hold, every)
    >>> total = Readings.of([0, 0], [0, 90 * SECOND], [10.0, 13.0])
    >>> build(total, one, np.array([0]), np.array([2 * MINUTE])).amount
    array([2., 1.])
    """
    cells = _Cells(start, end, MINUTE)
    if cells.total == 0:
        return Steps.empty()
    if sums is not None:
        cells.carry(sums)
    if len(readings):
        cells.fill(readings, np.ones(len(readings), np.bool_), traits, jumps, horizon)
    return cells.steps(traits.kind)


def fold(
    readings: Readings,
    traits: Traits,
    begin: Ints,
    sums: Sums,
    jumps: Bools | None = None,
) -> tuple[Sums, Readings]:
    """Add up what no later reading can change, and keep only the readings that still tell something.

    Each signal keeps its last telling reading and what came after it: that one's value still holds,
    or a counter's next line begins there. A reading that comes later with an earlier event time
    than that makes these sums wrong; the caller has to take the signal from the file then.

    Args:
        readings: As `in_order` gives them, with the neighbours before `begin`.
        traits: Of all signals.
        begin: [signals] first open minute [us UTC].
        sums: What was folded before. jumps: As for `build`.

    Returns:
        The sums, and the readings left; both as they came when it would take too many steps.
    """
    if not len(readings):
        return sums, readings
    left = after_last_telling(readings, traits)
    last = np.append(first_of_each_signal(readings.signal)[1:], len(readings)) - 1
    end = np.zeros_like(begin)
    end[readings.signal[last]] = readings.at[last] // MINUTE * MINUTE + MINUTE
    np.maximum.at(end, sums.signal, sums.at + MINUTE)
    if int((np.maximum(end - begin, 0) // MINUTE).sum()) > CELLS:
        return sums, readings
    cells = _Cells(begin, end, MINUTE)
    cells.carry(sums)
    cells.fill(readings, ~left, traits, jumps, None)
    return cells.sums(), readings.take(left)


def after_last_telling(r: Readings, traits: Traits) -> Bools:
    """[n] of sorted readings each signal's last telling one and those after it; all where none is.

    What is doubted tells nothing of a counter or an interval, but ends what a gauge held.
    """
    telling = (r.quality <= Quality.ESTIMATED) | ~traits.summed[r.signal]
    begins = first_of_each_signal(r.signal)
    position = np.where(telling, np.arange(len(r)), -1)
    newest = np.maximum.reduceat(position, begins)
    length = np.diff(np.append(begins, len(r)))
    return np.asarray(np.arange(len(r)) >= np.repeat(newest, length))
