"""Samples, readings and what is seen of the plant: columnar, from the wire to the window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np

from ecotwin.clock import Period
from ecotwin.records.columns import Bools, Codes, Floats, Ints, Marks


class Quality(IntEnum):
    """How far a value can be trusted; the higher, the worse."""

    GOOD = 0
    ESTIMATED = 1
    """Filled by a stated rule, never measured."""
    SUSPECT = 2
    """Measured, kept, but a rule doubts it (a stuck sensor); figures count it as not covered."""
    STALE = 3
    """The source said that it no longer knows."""


class Reject(StrEnum):
    """Why a sample was put into quarantine."""

    UNKNOWN_SIGNAL = "unknown_signal"
    NOT_A_NUMBER = "not_a_number"
    FUTURE = "future"
    PAST = "past"
    DOUBLE = "double"
    LATE = "late"
    RANGE = "range"
    SPIKE = "spike"
    STUCK = "stuck"
    COUNTER_BACK = "counter_back"
    COUNTER_JUMP = "counter_jump"
    BAD_AT_SOURCE = "bad_at_source"
    SHED = "shed"


@dataclass(frozen=True, slots=True)
class Samples:
    """A batch as it came off the wire, in the wire's units.

    Attributes:
        signal: [n] index into `Plant.signals`.
        at: [n] event time [us UTC].
        value: [n] in the signal's wire unit; states as their code.
        quality: [n] `Quality` as told by the source.
    """

    signal: Codes
    at: Ints
    value: Floats
    quality: Marks

    def __len__(self) -> int:
        return len(self.signal)

    @staticmethod
    def empty() -> Samples:
        """No samples."""
        return Samples.of([], [], [])

    @staticmethod
    def of(signal: Any, at: Any, value: Any, quality: Any = None) -> Samples:
        """Build a batch from anything array-like."""
        signals = np.asarray(signal, dtype=np.int32)
        marks = np.zeros(len(signals), np.uint8) if quality is None else quality
        return Samples(
            signals,
            np.asarray(at, dtype=np.int64),
            np.asarray(value, dtype=np.float64),
            np.asarray(marks, dtype=np.uint8),
        )

    def take(self, which: Bools | Ints) -> Samples:
        """The rows chosen by a mask or by positions."""
        return Samples(self.signal[which], self.at[which], self.value[which], self.quality[which])

    @staticmethod
    def join(batches: list[Samples]) -> Samples:
        """One batch of many, in the order given."""
        if not batches:
            return Samples.empty()
        return Samples(
            np.concatenate([b.signal for b in batches]),
            np.concatenate([b.at for b in batches]),
            np.concatenate([b.value for b in batches]),
            np.concatenate([b.quality for b in batches]),
        )


@dataclass(frozen=True, slots=True)
class Readings:
    """A cleaned batch in canonical units, ready to be kept.

    Same columns as `Samples`. A counter's value is its *running total*: the raw index plus the offset
    of every reset and roll-over seen so far, so that the use of any period is a difference, late
    data just fills in, and two half-periods add up to the whole. An interval signal's value is the
    amount of the interval that ends at `at`.
    """

    signal: Codes
    at: Ints
    value: Floats
    quality: Marks

    def __len__(self) -> int:
        return len(self.signal)

    @staticmethod
    def of(signal: Any, at: Any, value: Any, quality: Any = None) -> Readings:
        """Build a batch from anything array-like."""
        s = Samples.of(signal, at, value, quality)
        return Readings(s.signal, s.at, s.value, s.quality)

    def take(self, which: Bools | Ints) -> Readings:
        """The rows chosen by a mask or by positions."""
        return Readings(self.signal[which], self.at[which], self.value[which], self.quality[which])


@dataclass(frozen=True, slots=True)
class Rejects:
    """Samples that a rule refused, kept to be read.

    Attributes:
        signal: [n] index into `Plant.signals`, -1 when unknown.
        at: [n] event time [us UTC].
        value: [n] in canonical units (wire units when the signal is unknown).
        reason: [n] `Reject` texts.
        detail: [n] a short sentence each.
    """

    signal: Codes
    at: Ints
    value: Floats
    reason: tuple[str, ...]
    detail: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.signal)

    @staticmethod
    def empty() -> Rejects:
        """Nothing rejected."""
        return Rejects(
            np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), (), ()
        )

    @staticmethod
    def join(batches: list[Rejects]) -> Rejects:
        """One batch of many."""
        if not batches:
            return Rejects.empty()
        return Rejects(
            np.concatenate([b.signal for b in batches]),
            np.concatenate([b.at for b in batches]),
            np.concatenate([b.value for b in batches]),
            tuple(r for b in batches for r in b.reason),
            tuple(d for b in batches for d in b.detail),
        )


@dataclass(frozen=True, slots=True)
class Break:
    """A counter started anew: from `at` on, `offset` is added to the raw index.

    Attributes:
        signal: Index into `Plant.signals`.
        at: Event time of the first sample after the break [us UTC].
        offset: Amount added to the raw index from then on [canonical unit].
        why: `reset`, `rollover` or `exchange`.
        estimated: The part of the step across the break that nobody measured [canonical unit].
    """

    signal: int
    at: int
    offset: float
    why: str
    estimated: float = 0.0


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What the cleaning chain makes of a batch."""

    readings: Readings
    rejects: Rejects
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """The plant at one moment, frozen for the tick: the newest reading of every signal.

    Attributes:
        taken_at: When the image was taken [us UTC].
        at: [signals] event time of the newest reading [us UTC]; 0 when there is none.
        value: [signals] canonical; NaN when there is none.
        quality: [signals] `Quality`.
    """

    taken_at: int
    at: Ints
    value: Floats
    quality: Marks

    def age_s(self, signal: int) -> float:
        """Age of a signal's newest reading [s]; infinite when there is none."""
        return (self.taken_at - int(self.at[signal])) / 1e6 if self.at[signal] else float("inf")


@dataclass(frozen=True, slots=True)
class Window:
    """Equal time steps of some signals over `[start, end)`.

    All arrays are [steps, signals]. A step without data has count 0, covered 0 and NaN elsewhere.

    Attributes:
        period: The span.
        step_s: Length of a step [s]; 60 or 3600 as kept, or a multiple.
        signals: Indices into `Plant.signals`, one a column.
        mean: Time-weighted mean over the covered part (gauge, rate); for a state the last code.
        low: Smallest value. high: Largest value. last: Last value in the step.
        amount: Counter and interval signals: amount used in the step; rate signals: integral over
            the *covered* part [unit x h]. NaN for gauges and states.
        covered: Share of the step that was really measured, 0..1.
        estimated: Share of the step that was filled by a stated rule, 0..1.
        count: Samples in the step.
        known_at: What the store knew at this instant (None: now).
    """

    period: Period
    step_s: int
    signals: tuple[int, ...]
    mean: Floats
    low: Floats
    high: Floats
    last: Floats
    amount: Floats
    covered: Floats
    estimated: Floats
    count: Ints
    known_at: datetime | None = None

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.mean.shape[0])

    @property
    def at(self) -> Ints:
        """[steps] start of each step [us UTC]."""
        return (
            self.period.start_us + np.arange(self.steps, dtype=np.int64) * self.step_s * 1_000_000
        )

    def column(self, signal: int) -> int:
        """The column of a signal.

        Raises:
            KeyError: The window does not hold it.
        """
        try:
            return self.signals.index(signal)
        except ValueError:
            raise KeyError(f"signal {signal} is not in this window") from None
