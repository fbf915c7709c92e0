"""A scenario as typed parts: what may stand in its text, of which type, with which words.

What several values must be to each other, and to the plant, is judged where the scenario is applied.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ecotwin.plant.duties_file import MaterialPart, PermitPart
from ecotwin.plant.parts import (
    Clock,
    Day,
    NotNegative,
    Number,
    Part,
    Pause,
    Positive,
    Share,
    Slug,
    Weekday,
)
from ecotwin.plant.schema import FactorPart, InstrumentPart, ShiftPart, TariffPart

_AFTER = re.compile(r"^\+\d+(\.\d+)?(min|h|d)$")
_CLOCK = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")


def _moment(text: str) -> str:
    if text == "start" or _AFTER.match(text) or _CLOCK.match(text):
        return text
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "`start`, `+90min`, `+2h`, `+1d` after the start, `14:30` (the next one, local) "
            "or 2026-06-18T14:30"
        ) from None
    return text


Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(description="`start`, `+90min`, `+2h`, `+1d`, `14:30` or 2026-06-18T14:30, local"),
]
EventKind = Literal["machine_down", "heat_wave", "supplier_lost", "limit_changed", "grid_outage"]
Named = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern=r"^\d+$", description="product code")]


class Amount(Part):
    """A new value, or how the old one changes; exactly one of the three."""

    value: Number | None = Field(default=None, description="the new value")
    scale: NotNegative | None = Field(default=None, description="old value x this")
    difference: Number | None = Field(default=None, description="old value + this")


class SetPointPart(Amount):
    """Set-points held at a value, in the signal's canonical unit."""

    signals: list[Named] = Field(min_length=1, description="`machine.name`")
    start: Moment = "start"
    end: Moment | None = Field(default=None, description="none: to the end of the run")
    when: Literal["always", "breaks", "free", "not_working", "working", "daily"] = Field(
        default="always",
        description="between start and end: always; in planned breaks; in the time between shifts; in both; "
        "while people work; or `daily` from start to end, both times of day",
    )
    at_least_min: NotNegative = Field(default=0.0, description="shorter pauses are left out [min]")
    end_early_min: NotNegative = Field(
        default=0.0, description="each pause's hold ends so long before the pause does [min]"
    )


class ParameterPart(Amount):
    """A parameter of machines or lines: a fact of their kind or of the plant file, or one that was calibrated."""

    machines: list[Named] = Field(default_factory=list, description="machines, or lines")
    kind: str = Field(default="", description="or all machines of a kind")
    name: Named = Field(description="with its unit, e.g. `kw_busy`")
    sd_share: Share | None = Field(
        default=None,
        description="standard deviation of what is not known, as a share; none: as before",
    )
    source: str = ""


class ShiftChange(Part):
    """What changes of a shift of the plant; what is not named stays."""

    shift: Named
    days: list[Weekday] | None = None
    start: Clock | None = None
    end: Clock | None = None
    breaks: list[Pause] | None = None
    later_min: Number = Field(default=0.0, description="whole shift, breaks too; below 0: earlier")
    overtime_min: Number = Field(default=0.0, description="its end alone; below 0: shorter")


class CalendarChange(Part):
    """When people work."""

    shifts: list[ShiftPart] | None = Field(default=None, description="in place of all shifts")
    add: list[ShiftPart] = Field(default_factory=list)
    remove: list[Named] = Field(default_factory=list)
    change: list[ShiftChange] = Field(default_factory=list)
    holidays: list[Day] = Field(default_factory=list, description="nobody works, too")
    work_on: list[Day] = Field(default_factory=list, description="holidays on which people work")


class JobPart(Part):
    """An order."""

    id: Named
    product: int = Field(ge=0)
    parts: Positive
    due: Moment | None = None
    earliest: Moment | None = None
    done: NotNegative = 0.0


class OrdersPart(Part):
    """What a line makes, and in which sequence."""

    line: Named
    jobs: list[JobPart] | None = Field(default=None, description="in place of all orders")
    add: list[JobPart] = Field(default_factory=list)
    remove: list[Named] = Field(default_factory=list)
    batch_parts: Positive | None = Field(
        default=None, description="orders are cut into batches of so many parts, made in turn"
    )
    rule: Literal["", "earliest_due", "shortest", "by_product"] = ""
    sequence: list[Named] = Field(
        default_factory=list, description="order numbers; those not named follow as they were"
    )
    mix: dict[Code, Share] | None = Field(
        default=None, description="without orders: share of each product code, sum 1"
    )


class AddedMachine(Part):
    """A machine that the plant does not have yet."""

    id: Slug
    kind: Slug
    name: str = ""
    place: Named = Field(description="line or area it stands in")
    after: str = Field(default="", description="machine behind which it stands; none: at the end")
    facts: dict[Slug, bool | Number | str] = Field(default_factory=dict)
    set_points: dict[Slug, Number] = Field(
        default_factory=dict, description="value of its set-points, where nothing else is said"
    )
    source: str = ""


class RemovedMachine(Part):
    """A machine that is taken out."""

    machine: Named
    because: str = Field(
        default="",
        description="why products do without it, when it is the last of its kind on its line",
    )


class ReplacedMachine(Part):
    """A machine in whose place another kind comes; it keeps its id."""

    machine: Named
    kind: Slug
    name: str = ""
    facts: dict[Slug, bool | Number | str] = Field(default_factory=dict)
    set_points: dict[Slug, Number] = Field(default_factory=dict)
    because: str = ""
    source: str = ""


class MovedMachine(Part):
    """A machine that stands elsewhere."""

    machine: Named
    place: str = Field(default="", description="line or area; none: the same")
    after: str = Field(default="", description="machine behind which it stands; none: first")


class MachinesPart(Part):
    """Machines that come, go or stand elsewhere."""

    add: list[AddedMachine] = Field(default_factory=list)
    remove: list[RemovedMachine] = Field(default_factory=list)
    replace: list[ReplacedMachine] = Field(default_factory=list)
    move: list[MovedMachine] = Field(default_factory=list)


class LayoutPart(Part):
    """The order of a line's stations, the first one first; all of its machines are named."""

    line: Named
    order: list[Named] = Field(min_length=1)


class ProductChange(Part):
    """What changes of a product."""

    code: int = Field(ge=0)
    run_s: dict[str, Amount] = Field(
        default_factory=dict, description="machine or line -> planned run time of a piece [s]"
    )
    materials: dict[Slug, Amount] = Field(
        default_factory=dict, description="material -> kg in a piece; 0 takes it out"
    )
    mass_kg: Amount | None = None
    price: Amount | None = None
    source: str = ""


class Leg(Part):
    """A leg of freight."""

    mode: Named = Field(description="e.g. `sea/vessel`, `road/truck`, `air`")
    distance_km: NotNegative
    kgco2e_per_tkm: NotNegative
    price_per_tkm: NotNegative | None = Field(default=None, description="[currency/(t km)]")
    source: Named


class SupplyPart(Part):
    """Who delivers a bought material; shares of one material sum to 1."""

    material: Slug
    supplier: Named
    share: Share = 1.0
    kgco2e_per_kg: NotNegative = Field(description="cradle to gate")
    price_per_kg: NotNegative | None = Field(default=None, description="[currency/kg]")
    freight: list[Leg] | None = Field(default=None, description="none: as the material came before")
    source: Named


class FreightPart(Part):
    """Another way for a bought material."""

    materials: list[Slug] = Field(min_length=1)
    legs: list[Leg] = Field(min_length=1)


class GridChange(Part):
    """Bought electricity; what is not named stays as in the plant file."""

    location: NotNegative | None = Field(default=None, description="annual mean [kgCO2e/kWh]")
    hourly: list[NotNegative] | None = Field(default=None, min_length=24, max_length=24)
    residual: NotNegative | None = Field(default=None, description="residual mix [kgCO2e/kWh]")
    contracts: list[InstrumentPart] | None = None
    year: int | None = Field(default=None, ge=1990, le=2100)
    source: Named


class TariffScale(Part):
    """All prices of a carrier changed alike."""

    carrier: Slug
    scale: NotNegative
    source: str = ""


class CarbonPrice(Part):
    """What a tonne of CO2e costs."""

    per_t: NotNegative = Field(description="[currency/tCO2e]")
    scopes: list[Literal["scope1", "scope2_location", "scope2_market", "upstream"]] = Field(
        default=["scope1", "scope2_market"], min_length=1
    )
    source: Named


class PricesPart(Part):
    """Prices that no tariff gives."""

    waste: dict[str, Number] = Field(
        default_factory=dict, description="waste code -> [currency/kg]; below 0: it is paid for"
    )
    materials: dict[Slug, NotNegative] = Field(
        default_factory=dict, description="material -> [currency/kg]"
    )
    labour_per_h: NotNegative | None = Field(default=None, description="[currency/h] of people")
    source: Named


class WasteChange(Part):
    """What becomes of a waste code."""

    code: Named = Field(description="of the European list, as the plant file weighs it: `07 06 12`")
    treatment: Annotated[
        str,
        Field(pattern=r"^(R([1-9]|1[0-3])|D([1-9]|1[0-5])|reuse)$", description="R1..R13, D1..D15"),
    ]
    source: Named = Field(description="who takes it, or why it can be had")


class WeatherPart(Part):
    """Other weather."""

    file: str = Field(
        default="",
        description="CSV with time, outdoor_c, wet_bulb_c or humidity, sun_w_m2; beside the scenario",
    )
    warmer_k: Number = Field(default=0.0, description="added to the air; its moisture stays [K]")
    sun_scale: NotNegative = 1.0
    start: Moment = "start"
    end: Moment | None = None


class LimitChange(Part):
    """A permit's limit."""

    permit: Named
    limit: Positive = Field(description="[unit of the permit]")


class EventPart(Part):
    """Something that happens."""

    kind: EventKind
    start: Moment = "start"
    end: Moment | None = Field(default=None, description="none: to the end of the run")
    machine: str = Field(default="", description="machine_down: which")
    warmer_k: Positive | None = Field(default=None, description="heat_wave: [K]")
    supplier: str = Field(default="", description="supplier_lost: who")
    materials: list[Slug] = Field(
        default_factory=list, description="supplier_lost: what only it delivers"
    )
    stock_h: NotNegative = Field(default=0.0, description="supplier_lost: stock lasts so long [h]")
    instead: list[SupplyPart] = Field(
        default_factory=list, description="supplier_lost: who steps in; none: products wait"
    )
    permit: str = Field(default="", description="limit_changed: which")
    limit: Positive | None = Field(default=None, description="limit_changed: new limit")


class ScenarioPart(Part):
    """A whole scenario."""

    ecotwin_scenario: Literal[1] = Field(default=1, description="version of this format")
    id: Slug
    name: Named
    description: str = ""
    author: str = ""
    source: str = Field(default="", description="where its numbers come from")
    answers: list[EventKind] = Field(
        default_factory=list, description="events to which it is tried as an answer by itself"
    )
    set_points: list[SetPointPart] = Field(default_factory=list)
    parameters: list[ParameterPart] = Field(default_factory=list)
    calendar: CalendarChange | None = None
    orders: list[OrdersPart] = Field(default_factory=list)
    machines: MachinesPart | None = None
    layout: list[LayoutPart] = Field(default_factory=list)
    products: list[ProductChange] = Field(default_factory=list)
    materials: list[MaterialPart] = Field(
        default_factory=list,
        description="that the plant file does not have, or in place of its own",
    )
    supply: list[SupplyPart] = Field(default_factory=list)
    freight: list[FreightPart] = Field(default_factory=list)
    grid: GridChange | None = None
    tariffs: list[TariffPart] = Field(
        default_factory=list, description="in place of the tariff of the same carrier"
    )
    tariff_scales: list[TariffScale] = Field(default_factory=list)
    factors: dict[Slug, FactorPart] = Field(default_factory=dict)
    carbon_price: CarbonPrice | None = None
    prices: PricesPart | None = None
    waste: list[WasteChange] = Field(default_factory=list)
    weather: WeatherPart | None = None
    limits: list[LimitChange] = Field(default_factory=list)
    permits: list[PermitPart] = Field(default_factory=list, description="permits that are new")
    events: list[EventPart] = Field(default_factory=list)
