"""What is seen and foreseen: scores, findings, forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ecotwin.records.columns import Floats, Ints
from ecotwin.records.explained import Explanation
from ecotwin.records.figures import Cost, Range


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
        causes: What may be behind it, the most likely first; their probabilities (`sure`) sum to 1. Empty: not looked.
        turned_out: The cause that a person found, where somebody told. recurred: Findings of this cause in the 90 days
            before.
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
    causes: tuple[Explanation, ...] = ()
    turned_out: str = ""
    recurred: int = 0


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
