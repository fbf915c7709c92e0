"""What a report must do.

A report plug is an object in `reports/<name>.py`. It is handed a dossier of figures that are already made and proved,
and puts them in the order that a standard asks for. It computes nothing that is not a sum, a share or a difference of
what it was handed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ecotwin.clock import Period
from ecotwin.plant import Plant
from ecotwin.records import Advice, Booking, Finding, Indicator, Measure, Report, Saving

Figures = Mapping[tuple[str, str], Measure]
"""(element, indicator) -> figure."""


@dataclass(frozen=True, slots=True)
class Revised:
    """A sealed figure that became another: what it was known as, and when."""

    measure: str
    name: str
    before: float
    after: float
    unit: str
    known_before: datetime
    known_after: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that a report may use.

    Attributes:
        plant: The plant. element: Whom the report is about. period: The span.
        figures: Of the element and everything below it. gaps: (element, sentence) of what cannot be had.
        before: Figures of the element in the same span a year earlier; empty when nothing is known of it.
        months: Start of each local month (ISO day) -> figures of the element in that month.
        bookings: That touch the period. indicators: The catalogue.
        entries: `Measure.id` -> place in the ledger. checkpoint: The newest signed one, or empty.
        revisions: Of figures of this period. findings, advice, savings: Of the period and element.
        made_at: Plant time of making. version: Of the software.
        extra: What single reports need beside (PACT records under `footprints`, permits' series under `permits`,
            targets under `targets`, baselines under `baselines`), as plain JSON values.
    """

    plant: Plant
    element: str
    period: Period
    figures: Figures
    gaps: tuple[tuple[str, str], ...]
    indicators: Mapping[str, Indicator]
    made_at: datetime
    version: str
    before: Figures = field(default_factory=dict)
    months: Mapping[str, Figures] = field(default_factory=dict)
    bookings: tuple[Booking, ...] = ()
    entries: Mapping[str, int] = field(default_factory=dict)
    checkpoint: str = ""
    revisions: tuple[Revised, ...] = ()
    findings: tuple[Finding, ...] = ()
    advice: tuple[Advice, ...] = ()
    savings: tuple[Saving, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def figure(self, indicator: str, element: str = "") -> Measure | None:
        """A figure of the element (or another), None when it cannot be had."""
        return self.figures.get((element or self.element, indicator))


class ReportPlug(Protocol):
    """One report."""

    name: str
    title: str
    standard: str
    """What it follows, with its edition or taxonomy version."""

    def write(self, dossier: Dossier) -> Report:
        """The report.

        Raises:
            FigureGap: It makes no sense without something that is missing (a permit report without permits).
        """
        ...
