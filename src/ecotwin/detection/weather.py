"""Weather that a plant has not had before: what the weather runs is not judged in it.

A straight line through mild nights says little of the first frost: heating that starts, a fan at full speed, a coil
kept from freezing are no fault. From the next day on such weather has been seen and learned from, and is judged like
any other.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ecotwin.clock import DAY
from ecotwin.detection.columns import picked, positions
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Window

ALIKE_K = 1.0
"""Outdoor temperature this far beyond what was seen is as good as seen [K]."""
FACT = "_per_degC_outdoor"
"""A kind with a fact of this ending is run by the weather."""


def weather_run(plant: Plant, element: str) -> bool:
    """Whether the weather runs a machine, by the facts of its kind."""
    return any(f.endswith(FACT) for f in plant.element(element).kind_facts)


class Weather:
    """Outdoor temperatures seen so far, kept apart by kinds of hours; a day's count from the next day on.

    Args:
        plant: The plant; one without an outdoor temperature has seen all. kinds: How many kinds of hours.
    """

    def __init__(self, plant: Plant, kinds: int = 1) -> None:
        self._outdoor = plant.signal(plant.outdoor).index if plant.outdoor else -1
        self._low, self._high = np.full(kinds, np.inf), np.full(kinds, -np.inf)
        self._low_now, self._high_now = np.full(kinds, np.inf), np.full(kinds, -np.inf)
        self._today = 0

    def of(self, window: Window) -> Floats:
        """[steps] outdoor temperature [degC], NaN where not known."""
        return picked(window.mean, positions(window, [self._outdoor]))[:, 0]

    def seen(self, at: int, degc: float, hour: int = 0) -> bool:
        """Whether such an hour was as warm on a day before; where it is not known it is taken for seen."""
        if at // DAY != self._today:
            self._today = at // DAY
            self._low, self._high = (
                np.minimum(self._low, self._low_now),
                np.maximum(self._high, self._high_now),
            )
        if not math.isfinite(degc):
            return True
        self._low_now[hour] = min(self._low_now[hour], degc)
        self._high_now[hour] = max(self._high_now[hour], degc)
        return bool(self._low[hour] - ALIKE_K <= degc <= self._high[hour] + ALIKE_K)

    def state(self) -> dict[str, Any]:
        """JSON-able state; hours that saw nothing yet are left out."""
        known = [int(h) for h in np.flatnonzero(np.isfinite(self._low_now))]
        now = {str(h): [float(self._low_now[h]), float(self._high_now[h])] for h in known}
        then = {
            str(h): [float(self._low[h]), float(self._high[h])]
            for h in known
            if math.isfinite(self._low[h])
        }
        return {"today": self._today, "now": now, "then": then}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; an older one without weather begins anew."""
        self._today = int(state.get("today", 0))
        for h, (low, high) in state.get("now", {}).items():
            self._low_now[int(h)], self._high_now[int(h)] = low, high
        for h, (low, high) in state.get("then", {}).items():
            self._low[int(h)], self._high[int(h)] = low, high
