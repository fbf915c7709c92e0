"""What a forecaster must do.

A forecaster learns from the past of one target (and of other columns), and from what is known ahead (calendar,
orders, weather, tariff), and tells quantiles for each step of a horizon. It never sees a row at or after the first one
it tells, save the columns that are known ahead: `Past` and `Known` are cut before they are handed over.

A plug of `forecasting` is a class `plug()` without arguments whose module is one file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ecotwin.records import Explanation, Floats, Rows

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
"""Quantile levels that every forecast carries."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked.

    Attributes:
        target: Column to tell. known: Columns that are known ahead. horizon: Steps ahead.
        step_s: Usual step of the clock [s, or the unit of a plain time column]. civil: Whether the time has hours and
            weekdays; without, seasons are found in the numbers. low: The target cannot be below this (0 for loads).
    """

    target: str
    known: tuple[str, ...]
    horizon: int
    step_s: float
    civil: bool
    low: float | None = None


class Forecaster(Protocol):
    """One forecaster.

    Attributes:
        name: Its plug name. least_rows: Rows of past without which it refuses.
    """

    name: str
    least_rows: int

    def learn(self, past: Rows, task: Task) -> None:
        """Learn from every row before an origin.

        Raises:
            FigureGap: The past cannot carry it: what it found and what it needs.
        """
        ...

    def refresh(self, past: Rows) -> None:
        """Let the models learn again on more rows, keeping what is known of their errors."""
        ...

    def tell(self, past: Rows, ahead: Rows) -> Floats:
        """[horizon, levels] quantiles of the target at each row ahead, never falling from level to level.

        Args:
            past: All rows before the origin (more than it learned from, as time goes on).
            ahead: The rows of the horizon: times and the columns known ahead; every other value is NaN.
        """
        ...

    def why(self, past: Rows, ahead: Rows, step: int) -> Explanation:
        """Why the median of one step ahead is what it is."""
        ...

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...
