"""What a KPI must do.

A KPI plug is an object in `accounting/kpis/<name>.py`. It tallies a window of minutes (or hours)
into additive sums; `finish` turns the sum of tallies of any number of windows into measures. So a
month is the sum of its days, a line the sum of its machines, and ratios are ratios of sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

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
    """Ids it can give, as they stand in the indicator catalogue (`accounting/indicators.csv`)."""

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


Json = dict[str, Any]
