"""Figures with all they stand on: factors, inputs, measures, intervals, costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ecotwin.clock import Period


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
class Indicator:
    """One figure that can be had, as the catalogue describes it.

    Attributes:
        formula: In words. unit: Canonical; `currency`: that of the plant. boundary: What it covers.
        iso22400, iso50001, iso14064, ghg_protocol, esrs, gri, sdg: Its place there, or empty.
        higher_is_better: None where neither holds.
    """

    id: str
    name: str
    formula: str
    unit: str
    boundary: str
    iso22400: str
    iso50001: str
    iso14064: str
    ghg_protocol: str
    esrs: str
    gri: str
    sdg: str
    higher_is_better: bool | None


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
