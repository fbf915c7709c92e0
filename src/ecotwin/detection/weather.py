"""Weather that a plant has not had before: what the weather runs is not judged in it.

A straight line through mild nights says little of the first frost: heating that starts, a fan at full speed, a coil
kept from freezing are no fault. After that night, or day, such weather has been seen and learned from, and is judged
like any other.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import numpy as np

from ecotwin.clock import HOUR, instant
from ecotwin.detection.columns import picked, positions
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Window

ALIKE_K = 1.0
"""Outdoor temperature this far beyond what was seen is as good as seen [K]."""
NOON = 12
FACT = "_per_degC_outdoor"
"""A kind with a fact of this ending is run by the weather."""


def weather_run(plant: Plant, element: str) -> bool:
    """Whether the weather runs a machine, by the facts of its kind."""
    return any(f.endswith(FACT) for f in plant.element(element).kind_facts)


class Weather:
    """Outdoor temperatures seen so far, kept apart by kinds of hours.

    A cold night counts from the noon after it on, a warm day from midnight on: until then they are the first of their
    kind, and what was learned from them is not settled.

    Args:
        plant: The plant; one without an outdoor temperature has seen all. kinds: How many kinds of hours.
    """

    def __init__(self, plant: Plant, kinds: int = 1) -> None:
        self._outdoor = plant.signal(plant.outdoor).index if plant.outdoor else -1
        self._zone = plant.zone
        self._low, self._high = np.full(kinds, np.inf), np.full(kinds, -np.inf)
        self._low_now, self._high_now = np.full(kinds, np.inf), np.full(kinds, -np.inf)
        self._hour, self._half_day = -1, -1

    def of(self, window: Window) -> Floats:
        """[steps] outdoor temperature [degC], NaN where not known."""
        return picked(window.mean, positions(window, [self._outdoor]))[:, 0]

    def seen(self, at: int, degc: float, hour: int = 0) -> bool:
        """Whether such an hour was as warm and as cold before; where it is not known it is taken for seen."""
        if at // HOUR != self._hour:
            self._hour = at // HOUR
            self._turn(instant(at))
        if not math.isfinite(degc):
            return True
        self._low_now[hour] = min(self._low_now[hour], degc)
        self._high_now[hour] = max(self._high_now[hour], degc)
        return bool(self._low[hour] - ALIKE_K <= degc <= self._high[hour] + ALIKE_K)

    def _turn(self, moment: datetime) -> None:
        """At noon the night before counts, at midnight the day."""
        local = moment.astimezone(self._zone)
        half_day = 2 * local.toordinal() + (local.hour >= NOON)
        if half_day == self._half_day:
            return
        both = half_day - self._half_day > 1
        self._half_day = half_day
        if half_day % 2 or both:
            self._low = np.minimum(self._low, self._low_now)
        if half_day % 2 == 0 or both:
            self._high = np.maximum(self._high, self._high_now)

    def state(self) -> dict[str, Any]:
        """JSON-able state; None where an hour saw nothing yet."""
        kept = (self._low, self._high, self._low_now, self._high_now)
        told = [[float(v) if math.isfinite(v) else None for v in a] for a in kept]
        return {"seen": told, "hour": self._hour, "half_day": self._half_day}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; an older one without weather begins anew."""
        if "seen" not in state:
            return
        self._hour, self._half_day = int(state["hour"]), int(state["half_day"])
        kept = (self._low, self._high, self._low_now, self._high_now)
        for array, told in zip(kept, state["seen"], strict=True):
            array[:] = [v if v is not None else e for v, e in zip(told, array, strict=True)]
