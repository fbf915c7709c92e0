"""Readings -> equal time steps: pure numpy, the same code for live, late and imported data.

Every reading is turned into *segments*, spans of time over which something is known, and every
segment is cut at the borders of the steps:

- gauge, rate, state, set-point: the value holds until the next reading, at most `Signal.hold_s`;
- counter: the running total is a straight line between two readings; a line longer than `hold_s`
  still gives the right sum, but where in it the use lay is an estimate;
- interval: the amount is spread evenly over the `every_s` that end at the reading.

Because a step only ever adds up pieces of segments, two half-periods add up to the whole, and the
order in which readings came does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import HOUR, MINUTE, SECOND
from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Codes, Floats, Ints, Quality, Readings

CELLS = 1_500_000
"""Steps built in one go, so that memory stays bounded however long the span is."""

GAUGE, RATE, STATE, COUNTER, INTERVAL = range(5)
_KINDS = {
    "gauge": GAUGE,
    "setpoint": GAUGE,
    "rate": RATE,
    "state": STATE,
    "counter": COUNTER,
    "interval": INTERVAL,
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What a step needs to know of each signal, one entry a signal of the plant.

    Attributes:
        kind: GAUGE, RATE, STATE, COUNTER or INTERVAL.
        hold: How long a value holds without a new one [us].
        every: Time between samples as a rule [us].
    """

    kind: NDArray[np.int8]
    hold: Ints
    every: Ints

    @staticmethod
    def of(plant: Plant) -> Traits:
        """The traits of all signals of a plant."""
        return Traits(
            np.array([_KINDS[s.form] for s in plant.signals], np.int8),
            np.array([round(s.hold_s * SECOND) for s in plant.signals], np.int64),
            np.array([round(s.every_s * SECOND) for s in plant.signals], np.int64),
        )

    @property
    def summed(self) -> Bools:
        """[signals] whether a step is only whole once a later reading has come."""
        return np.asarray(self.kind >= COUNTER)

    @property
    def lead(self) -> Ints:
        """[signals] how far before its time stamp a reading tells something [us]."""
        return np.where(self.kind == INTERVAL, self.every, 0)


@dataclass(frozen=True, slots=True)
class Steps:
    """Steps with data in long form, one row a signal and step; columns as in `Window`.

    Attributes:
        signal: [n] index into `Plant.signals`. at: [n] start of the step [us UTC].
    """

    signal: Codes
    at: Ints
    count: Ints
    mean: Floats
    low: Floats
    high: Floats
    last: Floats
    amount: Floats
    covered: Floats
    estimated: Floats

    def __len__(self) -> int:
        return len(self.signal)

    def take(self, which: Bools | Ints) -> Steps:
        """The rows chosen by a mask or by positions."""
        return Steps(*(getattr(self, name)[which] for name in STEP_COLUMNS))

    @staticmethod
    def empty(n: int = 0) -> Steps:
        """`n` steps that hold nothing: count and shares 0, the rest NaN."""
        nan, zero = np.full(n, np.nan), np.zeros(n)
        whole = np.zeros(n, np.int64)
        return Steps(
            np.zeros(n, np.int32), whole, whole.copy(), nan, nan, nan, nan, nan, zero, zero
        )

    @staticmethod
    def join(parts: list[Steps]) -> Steps:
        """All rows, in the order given."""
        if not parts:
            return Steps.empty()
        if len(parts) == 1:
            return parts[0]
        return Steps(*(np.concatenate([getattr(p, c) for p in parts]) for c in STEP_COLUMNS))


STEP_COLUMNS = tuple(f.name for f in fields(Steps))


def _sorting(signal: Codes, at: Ints) -> tuple[Ints | None, Bools]:
    """Positions that sort rows by signal and time, equal ones in the order given; None when they are.

    Also which of the sorted rows is the last of its signal and time. One combined key sorts several
    times faster than two, above all when the rows lie in sorted runs, as those of a table do.
    """
    n = len(signal)
    first = int(at.min())
    span = int(at.max()) - first + 1
    if (int(signal.max()) + 2) * span < 2**62:
        key = signal.astype(np.int64) * span + (at - first)
        order = None if bool((key[1:] >= key[:-1]).all()) else np.argsort(key, kind="stable")
    else:
        order = np.lexsort((at, signal))
    s, t = (signal, at) if order is None else (signal[order], at[order])
    last = np.ones(n, np.bool_)
    np.logical_or(s[1:] != s[:-1], t[1:] != t[:-1], out=last[:-1])
    return order, last


def in_order(readings: Readings) -> Readings:
    """Sorted by signal and event time; of two readings of one instant the later kept one stays."""
    if not len(readings):
        return readings
    order, last = _sorting(readings.signal, readings.at)
    sorted_ = readings if order is None else readings.take(order)
    return sorted_ if last.all() else sorted_.take(last)


def newest_of_each(signal: Codes, at: Ints, rank: Ints | None = None) -> Ints:
    """Positions of the newest row of every (signal, at), by both; `rank` orders equal keys."""
    if not len(signal):
        return np.empty(0, np.int64)
    order, last = _sorting(signal, at)
    if order is None:
        order = np.arange(len(signal))
    if rank is not None and not last.all():
        order = np.lexsort((rank, at, signal))
    return np.asarray(order if last.all() else order[last])


@dataclass(frozen=True, slots=True)
class _Segments:
    """[n] spans in which something is known; `density` is what a step adds up a microsecond."""

    signal: Codes
    start: Ints
    end: Ints
    density: Floats
    estimated: Bools


def _held(r: Readings, traits: Traits, horizon: int | None) -> _Segments:
    """Values that hold until the next; a doubted one ends the one before and tells nothing."""
    end = r.at + traits.hold[r.signal]
    same = r.signal[1:] == r.signal[:-1]
    end[:-1] = np.where(same, np.minimum(end[:-1], r.at[1:]), end[:-1])
    if horizon is not None:
        np.minimum(end, horizon, out=end)
    ok = r.quality <= Quality.ESTIMATED
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

    def inside(self, r: Readings) -> Bools:
        return np.asarray((r.at >= self.start[r.signal]) & (r.at < self.end[r.signal]))

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
        n = self.total
        self.sum += np.bincount(cell, value * length, n)
        if guess.any():
            self.guessed += np.bincount(cell, length * guess, n)
            self.measured += np.bincount(cell, length * ~guess, n)
        else:
            self.measured += np.bincount(cell, length, n)
        if extremes:
            self.extremes(cell, value)

    def extremes(self, cell: Ints, value: Floats) -> None:
        """Smallest, largest and last value of each cell; `cell` never falls."""
        if not len(cell):
            return
        begins = np.flatnonzero(np.concatenate(([True], cell[1:] != cell[:-1])))
        where = cell[begins]
        self.low[where] = np.minimum.reduceat(value, begins)
        self.high[where] = np.maximum.reduceat(value, begins)
        self.last[where] = value[np.append(begins[1:], len(cell)) - 1]

    def steps(self, kind: NDArray[np.int8]) -> Steps:
        """The cells that hold something."""
        known = self.measured + self.guessed
        some = np.flatnonzero((known > 0) | (self.count > 0))
        known, total, last = known[some], self.sum[some], self.last[some]
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


def build(
    readings: Readings,
    traits: Traits,
    start: Ints,
    end: Ints,
    *,
    horizon: int | None = None,
    jumps: Bools | None = None,
) -> Steps:
    """Minute steps of every signal over its own `[start, end)`.

    Args:
        readings: As `in_order` gives them, with the neighbours before and after the ranges.
        traits: Of all signals.
        start: [signals] first minute [us UTC].
        end: [signals] end of the last minute [us UTC]; not after `start` where none is wanted.
        horizon: No value is held beyond this instant [us UTC]: the future is not covered.
        jumps: [n] readings of counters whose step from the one before nobody measured.

    Returns:
        The minutes that hold anything, by signal and time.

    >>> from ecotwin.records import Readings
    >>> hold, every = np.array([180 * SECOND]), np.array([60 * SECOND])
    >>> one = Traits(np.array([COUNTER], np.int8), hold, every)
    >>> total = Readings.of([0, 0], [0, 90 * SECOND], [10.0, 13.0])
    >>> build(total, one, np.array([0]), np.array([2 * MINUTE])).amount
    array([2., 1.])
    """
    cells = _Cells(start, end, MINUTE)
    if cells.total == 0 or not len(readings):
        return Steps.empty()
    kind = traits.kind[readings.signal]
    here = cells.inside(readings)
    cells.count += np.bincount(
        cells.of(readings.signal[here], readings.at[here]), minlength=cells.total
    )
    held = kind < COUNTER
    if held.any():
        cells.add(_held(readings.take(held), traits, horizon), extremes=True)
    if not held.all():
        usable = ~held & (readings.quality <= Quality.ESTIMATED)
        seen = readings.take(usable & here)
        cells.extremes(cells.of(seen.signal, seen.at), seen.value)
        counter = usable & (kind == COUNTER)
        at_jump = np.empty(0, np.int64) if jumps is None else np.flatnonzero(jumps[counter])
        cells.add(_lines(readings.take(counter), traits, at_jump), extremes=False)
        cells.add(_spread(readings.take(usable & (kind == INTERVAL)), traits), extremes=False)
    return cells.steps(traits.kind)


def coarsen(rows: Steps, traits: Traits, step: int, origin: int = 0, fine: int = MINUTE) -> Steps:
    """Join short steps to longer ones.

    Amounts and counts add up, shares are averaged over the whole step (what is missing counts as
    not covered), means are weighted by what is known of them.

    Args:
        rows: By signal and time, each step once.
        traits: Of all signals.
        step: Length of the longer steps [us].
        origin: They begin here plus whole steps [us UTC].
        fine: Length of the short steps [us].
    """
    if not len(rows):
        return rows
    slot = (rows.at - origin) // step
    fresh = (slot[1:] != slot[:-1]) | (rows.signal[1:] != rows.signal[:-1])
    begins = np.flatnonzero(np.concatenate(([True], fresh)))
    share = fine / step
    known = rows.covered + rows.estimated
    weight = np.add.reduceat(known, begins)
    kinds = traits.kind[rows.signal[begins]]
    last = _last_known(rows.last, begins)
    weighted = np.add.reduceat(np.where(known > 0, rows.mean * known, 0.0), begins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(kinds == STATE, last, weighted / weight)
    has = np.logical_or.reduceat(~np.isnan(rows.amount), begins)
    amount = np.where(has, np.add.reduceat(np.nan_to_num(rows.amount), begins), np.nan)
    return Steps(
        rows.signal[begins],
        slot[begins] * step + origin,
        np.add.reduceat(rows.count, begins),
        mean,
        np.fmin.reduceat(rows.low, begins),
        np.fmax.reduceat(rows.high, begins),
        last,
        amount,
        np.minimum(np.add.reduceat(rows.covered, begins) * share, 1.0),
        np.minimum(np.add.reduceat(rows.estimated, begins) * share, 1.0),
    )


def _last_known(values: Floats, begins: Ints) -> Floats:
    """The last value of each group that is a number."""
    position = np.where(np.isnan(values), -1, np.arange(len(values)))
    newest = np.maximum.reduceat(position, begins)
    return np.where(newest >= 0, values[np.maximum(newest, 0)], np.nan)


def merged(old: Steps, new: Steps) -> Steps:
    """Steps by signal and time; where both hold a step the new one stays."""
    if not len(old) or not len(new):
        return old if len(old) else new
    both = Steps.join([old, new])
    return both.take(newest_of_each(both.signal, both.at))


def same(a: Steps, b: Steps) -> Bools:
    """[n] whether two rows of one step tell the same, but for rounding."""
    equal = np.asarray(a.count == b.count)
    for name in STEP_COLUMNS[3:]:
        equal &= np.isclose(
            getattr(a, name), getattr(b, name), rtol=1e-9, atol=1e-12, equal_nan=True
        )
    return equal
