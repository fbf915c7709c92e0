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

from ecotwin.clock import HOUR, MINUTE, instant
from ecotwin.detection.columns import picked, positions
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Window

ALIKE_K = 1
"""Outdoor temperature this far beyond what was seen is as good as seen [K]."""
NOON = 12
BINS = range(-60, 61)
SIDES = 2
LONGEST = 15 * MINUTE
"""Time that one reading stands for at most."""
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
        least_h: So long it must have been as warm, and as cold, before [h].
    """

    def __init__(self, plant: Plant, kinds: int = 1, least_h: float = 6.0) -> None:
        self._outdoor = plant.signal(plant.outdoor).index if plant.outdoor else -1
        self._zone = plant.zone
        self._least_us = least_h * HOUR
        self._known, self._now = (np.zeros((SIDES, kinds, len(BINS))) for _ in range(2))
        """[from below and from above, kinds, 1 K] how long it was so cold, or so warm [us]: settled, and all."""
        self._at, self._hour, self._half_day = 0, -1, -1

    def of(self, window: Window) -> Floats:
        """[steps] outdoor temperature [degC], NaN where not known."""
        return picked(window.mean, positions(window, [self._outdoor]))[:, 0]

    def seen(self, at: int, degc: float, kind: int = 0) -> bool:
        """Whether it was as warm and as cold in such hours before; where it is not known it is taken for seen."""
        if at // HOUR != self._hour:
            self._hour = at // HOUR
            self._turn(instant(at))
        spent, self._at = min(at - self._at, LONGEST), at
        if not math.isfinite(degc):
            return True
        place = round(min(max(degc, BINS[0]), BINS[-1])) - BINS[0]
        self._now[:, kind, place] += spent
        colder = self._known[0, kind, : place + 1 + ALIKE_K].sum()
        warmer = self._known[1, kind, max(place - ALIKE_K, 0) :].sum()
        return bool(min(colder, warmer) >= self._least_us)

    def _turn(self, moment: datetime) -> None:
        """At noon the night before counts, at midnight the day."""
        local = moment.astimezone(self._zone)
        half_day = 2 * local.toordinal() + (local.hour >= NOON)
        if half_day == self._half_day:
            return
        both = half_day - self._half_day > 1
        self._half_day = half_day
        if half_day % 2 or both:
            self._known[0] = self._now[0]
        if half_day % 2 == 0 or both:
            self._known[1] = self._now[1]

    def state(self) -> dict[str, Any]:
        """JSON-able state: what is not zero, by its place."""
        kept = (self._known, self._now)
        told = [[[int(i), float(a.flat[i])] for i in np.flatnonzero(a)] for a in kept]
        return {"seen": told, "at": self._at, "hour": self._hour, "half_day": self._half_day}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state; an older one without weather begins anew."""
        if "seen" not in state:
            return
        self._at, self._hour, self._half_day = (int(state[n]) for n in ("at", "hour", "half_day"))
        for array, told in zip((self._known, self._now), state["seen"], strict=True):
            array[:] = 0.0
            for place, spent in told:
                array.flat[place] = spent
