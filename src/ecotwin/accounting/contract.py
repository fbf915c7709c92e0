"""What a KPI must do.

A KPI plug is an object in `accounting/kpis/<name>.py`. It tallies a window of minutes (or hours)
into additive sums; `finish` turns the sum of tallies of any number of windows into measures. So a
month is the sum of its days, a line the sum of its machines, and ratios are ratios of sums.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ecotwin.accounting.book import Book
from ecotwin.clock import Period
from ecotwin.plant import Plant
from ecotwin.records import Measure, Window


@dataclass(frozen=True, slots=True)
class Tally:
    """Additive sums of one KPI on one element over one period: `a + b` is the tally of both."""

    element: str
    period: Period
    sums: dict[str, float]

    def __add__(self, other: Tally) -> Tally:
        if other.element != self.element:
            raise ValueError(f"tallies of {self.element} and {other.element} do not add")
        start, end = (
            min(self.period.start, other.period.start),
            max(self.period.end, other.period.end),
        )
        keys = self.sums.keys() | other.sums.keys()
        sums = {k: self.sums.get(k, 0.0) + other.sums.get(k, 0.0) for k in sorted(keys)}
        return Tally(self.element, Period(start, end), sums)


class Kpi(Protocol):
    """One KPI or a family of figures of one kind."""

    name: str
    indicators: tuple[str, ...]
    """Ids it can give, as they stand in the indicator catalogue (`accounting/indicators/`)."""

    def needs(self, plant: Plant, element: str) -> tuple[int, ...]:
        """Signal indices that it wants in the window; empty when it does not apply to this element."""
        ...

    def tally(self, plant: Plant, element: str, window: Window) -> Tally:
        """Additive sums over the window."""
        ...

    def finish(self, plant: Plant, tally: Tally) -> tuple[Measure, ...]:
        """Measures from the sums; a figure that cannot be had is left out here and named by `gaps`."""
        ...

    def gaps(self, plant: Plant, tally: Tally) -> tuple[str, ...]:
        """Figures that cannot be had, each with what is missing (a FactorGap's or FigureGap's words)."""
        ...


class Booked(Protocol):
    """A family of figures that needs books beside meters: a plug in `accounting/booked/<name>.py`.

    Run once a request, after the KPIs, over one epoch of terms (`plant.epochs`).
    """

    name: str
    indicators: tuple[str, ...]
    """Ids it can give, as they stand in the indicator catalogue."""
    kinds: tuple[str, ...]
    """Kinds of bookings it reads."""

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Measures of an element, and the words of what cannot be had or is doubtful."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies before a booked figure.

    Attributes:
        plant: With the terms of the period. period: The span, whole local days as a rule.
        book: Bookings that touch the period.
        metered: Figures of the KPIs of this period, by (element, indicator).
        window: Gives steps of some signals over the period: (signal indices, step in s) -> Window.
            Hours are cheap, minutes of long periods are not.
    """

    plant: Plant
    period: Period
    book: Book
    metered: Mapping[tuple[str, str], Measure]
    window: Callable[[Sequence[int], int], Window]


Json = dict[str, Any]
