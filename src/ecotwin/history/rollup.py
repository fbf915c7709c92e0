"""Steps: what they hold, how they are ordered, joined to longer ones and compared. Pure numpy."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import MINUTE, SECOND
from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Codes, Floats, Ints, Readings

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


def first_of_each_signal(signal: Codes) -> Ints:
    """Positions at which another signal begins, of rows sorted by signal."""
    if not len(signal):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], signal[1:] != signal[:-1])))


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
