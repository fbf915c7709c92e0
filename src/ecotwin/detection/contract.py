"""What a detector must do.

A detector plug is a class `plug(plant)`. It keeps constant-size state, never looks ahead, and its
state can be saved and restored. `alerts.Alerts` joins the scores of all detectors into findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ecotwin.records import Floats, Readings, Score, Window


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected power of the machines at each minute of a window, from the learned baselines.

    Attributes:
        elements: Machine ids, one a column.
        mean, sd: [steps, machines] expected power [kW] and its standard deviation; NaN: no expectation.
        actual: [steps, machines] measured power [kW]; NaN: not measured.
        learned: [machines] False while it still comes from the machine kind alone.
    """

    elements: tuple[str, ...]
    mean: Floats
    sd: Floats
    actual: Floats
    learned: np.ndarray[Any, np.dtype[np.bool_]]


class Detector(Protocol):
    """One detector."""

    name: str

    def on_readings(self, readings: Readings) -> list[Score]:
        """Judge readings as they come, before any minute closes; only `limits` has to do work here."""
        ...

    def on_minutes(self, window: Window, expected: Expected | None) -> list[Score]:
        """Judge newly closed minutes, in order. Both share their steps; the window holds every signal."""
        ...

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ...
