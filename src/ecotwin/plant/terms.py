"""On which terms the plant works: shifts, prices, grid carbon, products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time


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
    """

    carrier: str
    unit: str
    price: float
    bands: tuple[tuple[float, float, float], ...] = ()
    contract_kw: float | None = None
    source: str = ""


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
        mass_kg: Mass of a good part [kg].
    """

    code: int
    name: str
    planned_run_s: Mapping[str, float]
    mass_kg: float
