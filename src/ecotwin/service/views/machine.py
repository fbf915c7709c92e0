"""All machines in a list, and one over time."""

from __future__ import annotations

from ecotwin.service.views.lists import FindingRow
from ecotwin.service.views.shown import (
    Band,
    Bar,
    Figure,
    Headline,
    Level,
    Mark,
    Place,
    Span,
    Trace,
    View,
)


class StateSpan(View):
    """A stretch of one machine state. `state` is a canonical name; `name` is for people."""

    start: str
    end: str
    state: str
    name: str
    product: str


class StateRow(View):
    """Energy of one state: hours, mean power, energy, expected and the difference."""

    state: str
    name: str
    hours: float
    mean_kw: float | None
    expected_kw: Band | None
    energy_kwh: float
    expected_kwh: float | None
    above_kwh: float | None
    level: Level


class OrderRow(View):
    """An order or a piece of advice on this machine.

    Attributes:
        text: e.g. `Standby in the break, 30 min`. result: e.g. `read back 120 °C, 2 s later`.
        advice: Id to approve, when it still waits.
    """

    id: str
    at: str
    level: Level
    text: str
    result: str
    advice: str
    may_approve: bool


class MachineRow(View):
    """A machine in the list."""

    id: str
    name: str
    area: str
    line: str
    kind: str
    state: str
    kw: float | None
    expected_kw: float | None
    above_kw: float | None
    today_kwh: float | None
    level: Level
    data_age_s: float | None


class Machines(View):
    """All machines with the bar."""

    bar: Bar
    headline: Headline
    machines: list[MachineRow]


class SetPoint(View):
    """A writable set-point with its limits."""

    signal: str
    name: str
    value: float | None
    unit: str
    low: float
    high: float
    autonomy: str
    watchdog: bool
    approve: list[str]


class Fact(View):
    """A fact shown beside the machine."""

    name: str
    value: str
    source: str


class Normal(View):
    """What a person may say to be normal at a machine, and what was said last.

    Attributes:
        why: What there is to say it of, in a sentence; empty: nothing, and no button.
        means: What follows from saying it. may: Whether the person at the page may say it.
        refused: Why not. said: Who said it last, when and why; empty: nobody ever did.
        entry: Place of that in the ledger.
    """

    why: str
    means: str
    may: bool
    refused: str
    said: str
    entry: int | None


class MachineView(View):
    """One machine."""

    bar: Bar
    id: str
    name: str
    path: list[Place]
    headline: Headline
    figures: list[Figure]
    ribbon_title: str
    ribbon: list[StateSpan]
    power_title: str
    power: Trace | None
    power_gaps: list[Span]
    traces: list[Trace]
    marks: list[Mark]
    states_title: str
    states: list[StateRow]
    states_total: StateRow | None
    findings: list[FindingRow]
    orders_title: str
    orders: list[OrderRow]
    writes: list[SetPoint]
    facts: list[Fact]
    normal: Normal
    start: str
    end: str
