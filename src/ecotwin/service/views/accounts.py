"""The accounts of a period, and the tree of one figure."""

from __future__ import annotations

from ecotwin.service.views.shown import Bar, Figure, Headline, View


class MeasureRow(View):
    """A figure in a table."""

    id: str
    element: str
    element_name: str
    indicator: str
    name: str
    digits: str
    value: float
    unit: str
    interval: str
    coverage: float
    estimated_share: float
    factor: str
    method: str
    entry: int | None
    indent: int = 0
    head: str = ""
    first: bool = True


class BalanceRow(View):
    """A balance node: in, out, rest, and whether it closes within meter error."""

    id: str
    name: str
    carrier: str
    unit: str
    inflow: float
    outflow: float
    rest: float
    rest_name: str
    tolerance: float
    closes: bool


class CountRow(View):
    """How many samples were put into quarantine, and why."""

    reason: str
    count: int
    text: str


class RevisionRow(View):
    """A figure that late data changed."""

    signal: str
    at: str
    before: str
    after: str
    known_at: str


class PathYear(View):
    """A year of a promised path: what it allows, what was measured, what is expected."""

    year: int
    allowed: float | None
    actual: float | None
    forecast: float | None
    low: float | None
    high: float | None


class BudgetRow(View):
    """A bar of the budget."""

    name: str
    value: float
    digits: str
    kind: str


class PathView(View):
    """The plant's target: its path, and what is left of the budget."""

    title: str
    aside: str
    unit: str
    years: list[PathYear]
    budget_title: str
    budget: list[BudgetRow]
    text: str
    source: str


class ReportLink(View):
    """A report that can be had of the period."""

    name: str
    title: str
    standard: str


class Accounts(View):
    """Figures of a period for an element, with the balances and what cannot be had."""

    bar: Bar
    headline: Headline
    period: str
    start: str
    end: str
    element: str
    figures: list[Figure]
    measures: list[MeasureRow]
    parts: list[MeasureRow]
    balances: list[BalanceRow]
    refused: list[str]
    quarantine: list[CountRow]
    revisions: list[RevisionRow]
    path: PathView | None
    reports: list[ReportLink]
    forms: list[str]


class Step(View):
    """A node of the proof of a figure."""

    name: str
    text: str
    detail: str
    steps: list[Step]


class Explain(View):
    """The whole tree of one figure."""

    bar: Bar
    id: str
    title: str
    value: str
    interval: str
    formula: str
    steps: list[Step]
    entry: int | None
