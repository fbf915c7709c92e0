"""Every value that crosses a room's door: frozen, and columnar where there are many.

Units are canonical (kW, kWh, kgCO2e, m3, kg, degC, bar, s); instants are UTC; columns of time hold
int64 microseconds. Arrays inside a record are never changed after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import Period

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Marks = NDArray[np.uint8]
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class FactorUse:
    """An emission, price or conversion factor as it was used.

    Attributes:
        id: `set/name/year`, unique in the factor tables or the plant file.
        value: The number. unit: e.g. `kgCO2e/kWh`.
        place: Where it holds. year: For which year.
        source: Who published it. version: Which edition.
        gwp_set: `AR4`..`AR6`, or empty where no gas is weighed.
        uncertainty: Half of the 95 % interval as a share of the value.
    """

    id: str
    value: float
    unit: str
    place: str
    year: int
    source: str
    version: str
    gwp_set: str = ""
    uncertainty: float = 0.0
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a figure: a signal's amount, a count, or another figure."""

    name: str
    value: float
    unit: str
    signal: str = ""
    coverage: float = 1.0
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with everything that proves it.

    Attributes:
        element: Id of the plant element it is about.
        indicator: Id in the indicator catalogue, e.g. `energy.electricity`.
        value: The number; NaN never: a figure that cannot be had is a FigureGap.
        unit: Canonical unit. period: The span.
        coverage: Share of the period really measured, 0..1.
        estimated_share: Share of the *value* that was estimated, 0..1.
        low, high: 95 % interval.
        numerator, denominator: For ratios: the sums to aggregate by; else value and 1.
        method: Id and version of the method.
        split: Named parts that sum to the value (by state, by hour, by class); may be empty.
        known_at: When the data behind it was last known.
    """

    element: str
    indicator: str
    value: float
    unit: str
    period: Period
    coverage: float
    estimated_share: float
    low: float
    high: float
    method: str
    inputs: tuple[Input, ...] = ()
    factors: tuple[FactorUse, ...] = ()
    numerator: float | None = None
    denominator: float | None = None
    split: Mapping[str, float] = field(default_factory=dict)
    known_at: datetime | None = None

    @property
    def id(self) -> str:
        """`element:indicator:period`: what `ecotwin explain` takes."""
        return f"{self.element}:{self.indicator}:{self.period}"


@dataclass(frozen=True, slots=True)
class Range:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What something costs the world, per day unless said otherwise. None: does not apply."""

    energy_kwh: Range | None = None
    co2e_kg: Range | None = None
    co2e_market_kg: Range | None = None
    water_m3: Range | None = None
    mass_kg: Range | None = None
    money: Range | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a detector says of one signal or machine at one step.

    Attributes:
        detector: Plug name. element: Element id. signal: Signal id, the one that shows it.
        at: [us UTC] end of the step judged.
        value: What was seen. expected, low, high: What was expected, with its band, same unit.
        z: Distance from expected in standard deviations of the expectation (signed).
        over: The detector holds this step for abnormal.
        cause: Key under which scores of one cause are joined, e.g. `oven_2:power`.
        excess_kw: Power above expected [kW], 0 when it does not apply.
        excess_rate: Amount above expected a day in the signal's own unit (m3, kg), 0 if n/a.
        text: One sentence of evidence with numbers.
        onset: When the detector dates its beginning back to [us UTC]; 0: not dated.
        excess_sd: Standard deviation of `excess_kw` or `excess_rate`, same unit.
        so_far: Amount above expected since the onset [kWh, m3, kg].
    """

    detector: str
    element: str
    signal: str
    at: int
    value: float
    expected: float
    low: float
    high: float
    z: float
    over: bool
    cause: str
    excess_kw: float = 0.0
    excess_rate: float = 0.0
    unit: str = ""
    text: str = ""
    onset: int = 0
    excess_sd: float = 0.0
    so_far: float = 0.0


class Severity(StrEnum):
    """How soon a person must look."""

    WATCH = "watch"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        id: Stable: cause and onset.
        state: `open`, `acknowledged` or `closed`.
        onset: When it began (estimated back from the evidence). seen_at: When it was first seen.
        last_at: Newest evidence. closed_at: When it went away.
        detectors: Plug names that saw it. signals: Signal ids, the telling one first.
        excess: The excess per day. so_far: The excess summed since onset.
        evidence: Sentences with numbers.
        kind: `excess`, `sensor`, `process`, `data`, `permit`.
    """

    id: str
    cause: str
    element: str
    title: str
    kind: str
    severity: Severity
    state: str
    onset: datetime
    seen_at: datetime
    last_at: datetime
    detectors: tuple[str, ...]
    signals: tuple[str, ...]
    excess: Cost
    so_far: Cost
    evidence: tuple[str, ...]
    value: float
    expected: Range
    unit: str
    closed_at: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A probabilistic forecast of one signal.

    Attributes:
        signal: Signal id. origin: Made from data before this instant.
        at: [h] instants [us UTC]. levels: [q] quantile levels. values: [h, q].
        model: Plug name and version.
    """

    signal: str
    origin: datetime
    at: Ints
    levels: tuple[float, ...]
    values: Floats
    model: str


@dataclass(frozen=True, slots=True)
class Change:
    """One set-point moved for a while: `value` from `period.start` to `period.end`, then `restore`."""

    signal: str
    value: float
    period: Period
    restore: float


@dataclass(frozen=True, slots=True)
class Check:
    """One interlock asked: what must hold, what was found."""

    name: str
    text: str
    found: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, with what speaks against it.

    Attributes:
        id: Stable: advisor, element and start of the change.
        changes: Set-point changes it would make; empty when a person must do it.
        saves: What it saves in total over its period (not per day), with interval.
        against: Sentences that speak against it. why: Sentences for it.
        decide_by: After this it can no longer start in time.
        autonomy: `observe`, `advise`, `approve`, `automatic`, as the plant file allows.
        state: `open`, `approved`, `declined`, `expired`, `running`, `done`, `failed`.
        finding: Id of the finding it answers, if any.
    """

    id: str
    advisor: str
    element: str
    title: str
    why: tuple[str, ...]
    against: tuple[str, ...]
    changes: tuple[Change, ...]
    saves: Cost
    proposed_at: datetime
    decide_by: datetime
    period: Period
    autonomy: str
    state: str = "open"
    finding: str = ""
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One approved write: the only thing that `control.dispatch` takes.

    Attributes:
        id: Unique. advice: Id of the advice, or empty for a person's own order.
        lease_until: When the set-point must be back at `restore`.
        watchdog: The device itself brings it back when the lease ends.
        state: `planned`, `sent`, `confirmed`, `restored`, `refused`, `failed`.
    """

    id: str
    advice: str
    signal: str
    value: float
    restore: float
    start: datetime
    lease_until: datetime
    watchdog: bool
    approved_by: str
    approved_at: datetime
    state: str = "planned"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an order.

    Attributes:
        kind: `sent`, `confirmed`, `refused`, `failed`, `restored`, `fell_back`.
        read_back: The value read from the machine; None when nothing was read.
        checks: The interlocks asked at that moment.
    """

    order: str
    at: datetime
    kind: str
    read_back: float | None
    text: str
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Saving:
    """Whether the saving really came.

    Attributes:
        advice: Id of the advice. element: Where. period: Measured over.
        expected: Energy without the change (adjusted baseline) [kWh], with interval.
        actual: Energy measured [kWh].
        saved: expected - actual [kWh], with interval at `level`.
        fit: The baseline is fit for this claim. reasons: Why, or why not.
        cost: What was saved, in total over the period.
    """

    advice: str
    element: str
    period: Period
    expected_kwh: Range
    actual_kwh: float
    saved_kwh: Range
    level: float
    method: str
    fit: bool
    reasons: tuple[str, ...]
    cost: Cost
    coverage: float
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the ledger.

    Attributes:
        index: Position, from 0. at: When it was sealed. kind: `measure`, `finding`, `advice`,
            `approval`, `order`, `receipt`, `saving` ...
        subject: Id of the thing sealed. body: Canonical JSON. leaf: SHA-256(0x00 || body).
    """

    index: int
    at: datetime
    kind: str
    subject: str
    body: bytes
    leaf: bytes
