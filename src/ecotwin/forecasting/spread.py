"""How far off forecasts usually are at a time of day: a plant at work errs otherwise than one at rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.forecasting.timeline import Clock
from ecotwin.records import Floats, Ints

_PARTS = 24
"""Parts of the short season at most."""
_LENT = 10.0
"""Mean error of all counts as this many errors of each part."""
_KEPT = 2000.0
"""Errors of a part and kind of day after which the older half weighs half."""


class Spread:
    """Mean absolute error by part of the day and kind of day.

    Args:
        clock: Of the target. kinds: Kind by weekday.
    """

    def __init__(self, clock: Clock, kinds: Ints) -> None:
        self.clock, self.kinds = clock, kinds
        self.parts = max(1, min(_PARTS, clock.short))
        self._sum = np.zeros(2 * self.parts)
        self._count = np.zeros(2 * self.parts)

    def _place(self, slots: Ints) -> Ints:
        if not self.clock.short:
            return np.zeros(len(slots), np.int64)
        part = self.clock.phase(slots) * self.parts // self.clock.short
        return np.asarray(self.kinds[self.clock.weekday(slots)] * self.parts + part, np.int64)

    def push(self, slots: Ints, misses: Floats) -> None:
        """Take absolute errors; NaN is passed over."""
        good = np.isfinite(misses)
        place = self._place(slots[good])
        self._sum += np.bincount(place, misses[good], minlength=len(self._sum))
        self._count += np.bincount(place, minlength=len(self._count))
        full = self._count > _KEPT
        self._sum[full] /= 2
        self._count[full] /= 2

    def of(self, slots: Ints) -> Floats:
        """[n] what is usual at each slot; 1 where no error was ever seen."""
        total = float(self._count.sum())
        mean = float(self._sum.sum()) / total if total else 0.0
        if not mean > 0:
            return np.ones(len(slots))
        made = (self._sum + _LENT * mean) / (self._count + _LENT)
        # A part of the day at which nothing was ever missed may miss one day.
        return np.asarray(np.maximum(made, 0.02 * mean)[self._place(slots)], np.float64)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {"sum": self._sum.tolist(), "count": self._count.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state."""
        self._sum = np.asarray(state["sum"], np.float64)
        self._count = np.asarray(state["count"], np.float64)
