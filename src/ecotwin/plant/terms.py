"""On which terms the plant works: shifts, prices, grid carbon, products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any


@dataclass(frozen=True, slots=True)
class Break:
    """A planned pause inside a shift, local time."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Shift:
    """Planned working time, local; an end before its start means the next day.

    Attributes:
        days: 0 = Monday .. 6 = Sunday, the day on which it starts.
    """

    name: str
    days: tuple[int, ...]
    start: time
    end: time
    breaks: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Tariff:
    """Price of a carrier. `bands`: (from hour, to hour, price) local; else `price`.

    Attributes:
        price: [currency/unit] when no band holds. contract_kw: Bought power not to be passed.
        demand_price: [currency/kW] a month, for the month's highest quarter hour; None: not charged.
    """

    carrier: str
    unit: str
    price: float
    bands: tuple[tuple[float, float, float], ...] = ()
    contract_kw: float | None = None
    source: str = ""
    demand_price: float | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """A contractual instrument for the market-based method.

    Attributes:
        share: Share of each hour's need that it covers (0..1), or `hourly_kwh` per hour.
        factor: [kgCO2e/kWh]. criteria: The eight scope-2 quality criteria, name -> met.
    """

    name: str
    factor: float
    share: float
    source: str
    year: int
    criteria: Mapping[str, bool] = field(default_factory=dict)
    hourly_kwh: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class GridFactors:
    """Grid carbon as the user gave it: never a guess.

    Attributes:
        location: [kgCO2e/kWh] annual mean, None if not given. hourly: 24 local values or empty.
        residual: Market residual mix [kgCO2e/kWh], None if not published.
    """

    region: str
    location: float | None = None
    hourly: tuple[float, ...] = ()
    residual: float | None = None
    year: int = 0
    source: str = ""
    version: str = ""
    gwp_set: str = ""
    uncertainty: float = 0.05
    contracts: tuple[Contract, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """A product: code on the wire, planned run time per item on a line's pacing machine.

    Attributes:
        planned_run_s: Machine or line id -> planned run time per item, PRI [s].
        mass_kg: Mass of a good part [kg]. price: [currency/piece] for economic allocation.
        ids: URNs. materials: Material id -> kg in one piece, packaging too.
        fossil_carbon_kg, biogenic_carbon_kg: Carbon in one piece [kg]; None: not known.
        use_kwh: Electricity that one piece uses over its life [kWh]. lifetime_years: Its life.
    """

    code: int
    name: str
    planned_run_s: Mapping[str, float]
    mass_kg: float
    price: float | None = None
    ids: tuple[str, ...] = ()
    materials: Mapping[str, float] = field(default_factory=dict)
    fossil_carbon_kg: float | None = None
    biogenic_carbon_kg: float | None = None
    use_kwh: float | None = None
    lifetime_years: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Terms that hold from a local day on; None or empty: as before."""

    since: date
    reason: str
    currency: str | None = None
    gwp_set: str | None = None
    tariffs: tuple[Tariff, ...] | None = None
    grid: GridFactors | None = None
    factors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
