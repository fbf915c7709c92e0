"""The plant file as typed models: what may stand in it, of which type, with which words.

These models judge one value at a time; what several values must be to each other is judged in
`checks`. The JSON Schema for editors is made from them.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from ecotwin.plant.duties_file import Duties
from ecotwin.plant.foreign_file import ForeignPart
from ecotwin.plant.parts import (
    Clock,
    Day,
    Gwp,
    GwpIfAny,
    NotNegative,
    Number,
    Part,
    Pause,
    Positive,
    Role,
    Share,
    Slug,
    State,
    Weekday,
)
from ecotwin.plant.sensed_file import SensedPart


class InterlockPart(Part):
    """A condition that must hold before and while a set-point is written."""

    name: Slug
    kind: Literal["signal", "state", "fresh", "calendar"]
    text: str = Field(
        min_length=3, description='what a person reads: "Line pressure stays above 5.8 bar"'
    )
    signal: str = Field(
        default="", description="signal asked: `machine.name`, or `name` of the same machine"
    )
    low: Number | None = Field(
        default=None, description="kind signal: lowest value [unit of that signal]"
    )
    high: Number | None = Field(
        default=None, description="kind signal: highest value [unit of that signal]"
    )
    states: list[State] = Field(default_factory=list, description="kind state: states allowed")
    max_age_s: NotNegative = Field(default=0.0, description="kind fresh: oldest data allowed [s]")


class WritePart(Part):
    """What may be written to a set-point; bounds in the signal's unit."""

    low: Number
    high: Number
    fallback: Number = Field(description="value the machine goes back to when the lease ends")
    lease_max_min: Positive = Field(description="longest lease [min]")
    rate_per_min: Positive | None = Field(
        default=None, description="largest change a minute; none: no limit"
    )
    watchdog: bool = Field(
        default=False, description="the device falls back by itself when the lease ends"
    )
    autonomy: Literal["observe", "advise", "approve", "automatic"] = "approve"
    approve: Annotated[list[Role], Field(min_length=1)] = ["engineer"]  # noqa: RUF012
    max_age_s: Positive = Field(default=120.0, description="older data blocks the write [s]")
    read_back_s: Positive = Field(
        default=60.0, description="time in which the machine must show the value [s]"
    )
    interlocks: list[InterlockPart] = Field(default_factory=list)


class SignalPart(Part):
    """A signal of its own, or single fields that override those of the machine's kind."""

    name: str | None = Field(default=None, min_length=1)
    means: str | None = Field(default=None, description="what it means: a key of meanings.csv")
    unit: str | None = Field(default=None, description="unit on the wire; none: the canonical unit")
    every_s: Positive | None = Field(default=None, description="time between samples as a rule [s]")
    low: Number | None = Field(default=None, description="lowest plausible value [unit]")
    high: Number | None = Field(default=None, description="highest plausible value [unit]")
    max_step: Positive | None = Field(
        default=None, description="largest plausible change within `every_s` [unit]"
    )
    stuck_after_s: NotNegative | None = Field(
        default=None, description="unchanged for longer means stuck [s]"
    )
    rollover: Positive | None = Field(
        default=None, description="a counter's largest index + 1 [unit]"
    )
    accuracy: Share | None = Field(
        default=None, description="half of the 95 % interval as a share of the value"
    )
    connection: str | None = Field(
        default=None, description="another connection than the machine's"
    )
    address: str | None = Field(
        default=None, min_length=1, description="whole address on the connection"
    )
    states: dict[Annotated[str, Field(pattern=r"^-?\d+$")], State] | None = Field(
        default=None, description="code on the wire -> state"
    )
    privacy: Literal["none", "person"] | None = None
    waste_code: str | None = Field(
        default=None, description="code of the European list of waste: `15 01 01`"
    )
    treatment: str | None = Field(default=None, description="R1..R13 or D1..D15")
    material: str | None = Field(default=None, description="id of the material")
    write: WritePart | None = Field(
        default=None, description="what may be written; none: read only"
    )
    sensed: SensedPart | None = Field(
        default=None, description="what it is told from; none: it is measured"
    )
    description: str = ""


class SleepPart(Part):
    """How a machine can be put to sleep when it is not needed."""

    signal: str
    asleep: Number
    awake: Number
    warmup_min: NotNegative
    min_break_min: NotNegative


class Place(Part):
    """What every place in the factory may say."""

    id: Slug
    name: str = Field(min_length=1)
    description: str = ""
    connection: str | None = Field(default=None, description="connection of everything below")
    address: str | None = Field(default=None, description="first part of every address below")
    signals: dict[Slug, SignalPart] = Field(default_factory=dict)


class MachinePart(Place):
    """A machine of a kind."""

    kind: str
    device: str | None = Field(
        default=None, description="address of the device; none: place's address/id"
    )
    facts: dict[Slug, bool | Number | str] = Field(default_factory=dict)
    omit: list[str] = Field(default_factory=list, description="signals of the kind that it lacks")
    sleep: SleepPart | None = Field(default=None, description="none: as its kind says")
    model: ForeignPart | None = Field(default=None, description="kind fmu: the model that plays it")


class LinePart(Place):
    """A line or another work centre."""

    facts: dict[Slug, bool | Number | str] = Field(
        default_factory=dict,
        description="what is known of the line as a whole, for runs ahead: `operators`, `lot_parts` ...",
    )
    machines: list[MachinePart] = Field(default_factory=list)


class AreaPart(Place):
    """An area of the site."""

    lines: list[LinePart] = Field(default_factory=list)
    machines: list[MachinePart] = Field(default_factory=list)


class ConnectionPart(Part):
    """One way in."""

    protocol: Slug
    options: dict[str, Any] = Field(default_factory=dict, description="as the protocol wants them")
    writing: bool = Field(
        default=False, description="set-points may be written over this connection"
    )


class BalancePart(Part):
    """A node of the flow graph."""

    id: Slug
    name: str = Field(min_length=1)
    carrier: Slug
    element: str
    inputs: list[str] = Field(min_length=1, description="signals, or balances whose rest flows in")
    outputs: list[str] = Field(min_length=1, description="signals, or balances fed as a whole")
    rest: str = "Not metered"


class ShiftPart(Part):
    """Planned working time, local; an end before its start means the next day."""

    name: str = Field(min_length=1)
    days: list[Weekday] = Field(min_length=1)
    start: Clock
    end: Clock
    breaks: list[Pause] = Field(default_factory=list, description="`09:00-09:15`, local")


class CalendarPart(Part):
    """Shifts and holidays."""

    shifts: list[ShiftPart] = Field(default_factory=list)
    holidays: list[Day] = Field(default_factory=list)


class BandPart(Part):
    """A price for some hours of the day, local."""

    from_hour: float = Field(ge=0, lt=24)
    to_hour: float = Field(gt=0, le=24)
    price: Number


class TariffPart(Part):
    """Price of a carrier."""

    carrier: Slug
    unit: str
    price: Number = Field(description="[currency/unit] where no band holds")
    bands: list[BandPart] = Field(default_factory=list)
    contract_kw: Positive | None = None
    demand_price: NotNegative | None = Field(
        default=None, description="[currency/kW] a month, for the month's highest quarter hour"
    )
    source: str = ""


class InstrumentPart(Part):
    """A contractual instrument for the market-based method."""

    name: str = Field(min_length=1)
    factor: NotNegative = Field(description="[kgCO2e/kWh]")
    share: Share = Field(description="share of each hour's need that it covers")
    source: str = Field(min_length=1)
    year: int = Field(ge=1990, le=2100)
    criteria: dict[str, bool] = Field(default_factory=dict)
    hourly_kwh: list[NotNegative] = Field(default_factory=list)


class GridPart(Part):
    """Grid carbon as the user gives it."""

    region: str = Field(min_length=1)
    location: NotNegative | None = Field(default=None, description="annual mean [kgCO2e/kWh]")
    hourly: list[NotNegative] = Field(
        default_factory=list, description="24 local values [kgCO2e/kWh]"
    )
    residual: NotNegative | None = Field(default=None, description="residual mix [kgCO2e/kWh]")
    year: int = Field(default=0, ge=0, le=2100)
    source: str = ""
    version: str = ""
    gwp_set: GwpIfAny = ""
    uncertainty: Share = 0.05
    contracts: list[InstrumentPart] = Field(default_factory=list)


class FactorPart(Part):
    """A factor of the user's own for a carrier."""

    value: NotNegative
    unit: str = Field(min_length=1)
    place: str = Field(min_length=1)
    year: int = Field(ge=1990, le=2100)
    source: str = Field(min_length=1)
    version: str = Field(min_length=1)
    gwp_set: GwpIfAny = ""
    basis: str = ""
    uncertainty: Share = 0.0


class ProductPart(Part):
    """A product."""

    code: int = Field(ge=0)
    name: str = Field(min_length=1)
    planned_run_s: dict[str, Positive] = Field(
        default_factory=dict, description="machine or line -> s"
    )
    mass_kg: Positive
    price: Positive | None = Field(
        default=None, description="[currency/piece] for economic allocation"
    )
    ids: list[str] = Field(default_factory=list, description="URNs of the product")
    materials: dict[Slug, Positive] = Field(
        default_factory=dict, description="material -> kg in one piece, packaging too"
    )
    fossil_carbon_kg: NotNegative | None = Field(default=None, description="carbon in one piece")
    biogenic_carbon_kg: NotNegative | None = None
    use_kwh: NotNegative | None = Field(default=None, description="electricity over its life [kWh]")
    lifetime_years: Positive | None = None


class ChangePart(Part):
    """Terms that hold from a day on; what is not named stays as it was."""

    since: Day = Field(description="first local day on which they hold")
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    gwp_set: Gwp | None = None
    tariffs: list[TariffPart] | None = None
    grid: GridPart | None = None
    factors: dict[Slug, FactorPart] = Field(
        default_factory=dict, description="replace those of the same name"
    )
    reason: str = Field(min_length=3, description="why they changed")


class PlantPart(Duties):
    """A whole plant file."""

    ecotwin: Literal[1] = Field(default=1, description="version of this format")
    id: Slug
    name: str = Field(min_length=1)
    description: str = ""
    timezone: str
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    gwp_set: Gwp = "AR6"
    outdoor: str = Field(default="", description="signal of the outdoor temperature")
    connections: dict[Slug, ConnectionPart] = Field(default_factory=dict)
    signals: dict[Slug, SignalPart] = Field(default_factory=dict, description="of the site itself")
    areas: list[AreaPart] = Field(default_factory=list)
    balances: list[BalancePart] = Field(default_factory=list)
    calendar: CalendarPart = CalendarPart()
    tariffs: list[TariffPart] = Field(default_factory=list)
    grid: GridPart | None = None
    products: list[ProductPart] = Field(default_factory=list)
    factors: dict[Slug, FactorPart] = Field(default_factory=dict)
    changes: list[ChangePart] = Field(default_factory=list, description="of terms, in time order")
    books: str = Field(
        default="", description="folder of books (CSV) beside the plant file: `purchase.csv` ..."
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of the plant file, for editors.

    >>> schema()["title"]
    'ecotwin plant file'
    """
    made = PlantPart.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "ecotwin plant file"
    return made


def schema_text() -> str:
    """The JSON Schema as the text that is committed in `docs/plant.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
