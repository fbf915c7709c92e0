"""The overview: the flow of energy, today's load, findings and advice."""

from __future__ import annotations

from ecotwin.service.views.lists import AdviceRow, FindingRow
from ecotwin.service.views.shown import Bar, Figure, Headline, Level, Span, View


class FlowNode(View):
    """A block of the flow picture.

    Attributes:
        id: Balance or machine id. column: 0 sources, 1 mains, 2 groups, 3 leaves (where it ends).
        carrier: electricity, gas, compressed_air, water, heat, cold ... sets the 4-px edge.
        kw: Power through it now, shown in the block. element: Where a click goes; empty for rests.
        rest: True for the unmetered rest (hatched).
    """

    id: str
    name: str
    column: int
    carrier: str
    kw: float
    element: str
    rest: bool = False


class FlowLink(View):
    """A band between two blocks: `kw` wide, of which `excess_kw` runs as a thread in the colour of `level`."""

    source: str
    target: str
    carrier: str
    kw: float
    excess_kw: float
    level: Level


class FlowEnd(View):
    """A row of the table in which the flow ends."""

    node: str
    name: str
    element: str
    kw: float | None
    expected_kw: float | None
    above_kw: float | None
    level: Level
    rest: bool = False


class Flow(View):
    """The energy flow with its excess, ending in a table. `title` says the finding."""

    title: str
    nodes: list[FlowNode]
    links: list[FlowLink]
    ends: list[FlowEnd]


class Lane(View):
    """A stretch of constant price [currency/kWh] or carbon [g CO2e/kWh]."""

    start: str
    end: str
    value: float


class Load(View):
    """Today's bought power against expected, with tariff and carbon lanes.

    Attributes:
        at: Step starts over the local day, equal steps. actual: None in gaps and the future.
        low, high: 95 % expected band. forecast_*: ahead of now, None before now; all None
            while no forecaster runs (forecast_text says so): median, 80 % band (low, high) and 50 % band (near_low,
            near_high).
        tariff, carbon: Lanes; carbon is empty when no grid factor was given.
        contract_kw: The limit, if any. gaps: Spans without data.
    """

    title: str
    unit: str
    start: str
    end: str
    at: list[str]
    actual: list[float | None]
    low: list[float | None]
    expected: list[float | None]
    high: list[float | None]
    forecast: list[float | None]
    forecast_low: list[float | None]
    forecast_high: list[float | None]
    forecast_near_low: list[float | None]
    forecast_near_high: list[float | None]
    forecast_text: str
    tariff: list[Lane]
    carbon: list[Lane]
    contract_kw: float | None
    gaps: list[Span]


class Overview(View):
    """The overview page; also the payload of every live event."""

    bar: Bar
    headline: Headline
    figures: list[Figure]
    flow: Flow
    findings: list[FindingRow]
    load: Load
    advice: list[AdviceRow]
    refused: list[str]
    """Figures that cannot be had, with what is missing."""
