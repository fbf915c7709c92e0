"""One finding from evidence to order, and the list of all."""

from __future__ import annotations

from ecotwin.service.views.advice import AdviceView
from ecotwin.service.views.lists import FindingRow
from ecotwin.service.views.shown import Bar, Headline, Level, Mark, Place, Span, Trace, View


class CostRow(View):
    """One line of `Cost to the world, per day`."""

    name: str
    value: str
    unit: str
    interval: str


class CauseRow(View):
    """A cause that a finding may have.

    Attributes:
        cause: Class, or class and detail, e.g. `leak:drain`. kind: The class in words.
        share: Probability 0..1; of all rows together 1. percent: The same as it is read.
        speaks_for, speaks_against: Sentences with numbers, the heaviest first.
        act: What to do. verb: The same in a word or two.
    """

    cause: str
    kind: str
    name: str
    share: float
    percent: str
    speaks_for: list[str]
    speaks_against: list[str]
    act: str
    verb: str


class FindingView(View):
    """A finding from evidence to order."""

    bar: Bar
    id: str
    headline: Headline
    level: Level
    state: str
    crumbs: list[Place]
    seen: str
    """e.g. `open for 52.0 h · seen by 2 detectors: residual, limits`."""
    traces_title: str
    traces: list[Trace]
    marks: list[Mark]
    gaps: list[Span]
    evidence: list[str]
    causes: list[CauseRow]
    causes_title: str
    """e.g. `Most likely a leak in pipes or hoses (71 %)`."""
    causes_aside: str
    would_change: list[str]
    """What would change the answer, e.g. `Without ... it would be 34 % instead of 71 %.`"""
    leave: list[str]
    """When it is fine to leave it, and what a week of waiting costs."""
    looked_at: str
    """On what data."""
    turned_out: str
    """What a person found it to be, in words; empty: not told."""
    costs: list[CostRow]
    so_far: str
    how: str
    """The arithmetic in one line, e.g. `13.89 kW × 24 h = 333 kWh; 0.294 kg/kWh; 0.183 EUR/kWh`."""
    advice: AdviceView | None
    may_acknowledge: bool
    note: str
    start: str
    end: str


class Findings(View):
    """All findings, worst first; closed ones apart."""

    bar: Bar
    headline: Headline
    open: list[FindingRow]
    closed: list[FindingRow]
