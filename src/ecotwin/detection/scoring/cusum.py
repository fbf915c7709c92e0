"""Each signal's small deviations added up, in each direction: how much speaks for a mean that has moved.

What counts as small is half a standard deviation, and more for a signal that wanders by itself: as much as its slow
average usually reaches, so that a signal that comes and goes is not held for one that left.

Sources: Page, Biometrika 41 (1954) 100-115.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.steady import smoothed
from ecotwin.records import Bools, Floats

LEAST = 0.5
"""Standard deviations that are not added up."""
SLOW = 0.05
WANDER = 0.95
MOST = 50.0
"""The sum goes no higher, so that it also comes down when the cause is gone."""


class Cusum(Framed):
    """The scorer."""

    name: ClassVar[str] = "cusum"
    kept: ClassVar[tuple[str, ...]] = ("sums", "allowed")

    def teach(self, z: Floats) -> None:
        """Learn how far each signal wanders, and start with nothing added up."""
        p = z.shape[1]
        always, never = np.ones(len(z), np.bool_), np.zeros(len(z), np.bool_)
        slow = np.abs(smoothed(z, always, never, np.full(p, SLOW), np.zeros(p)))
        self.allowed = np.maximum(LEAST, np.quantile(slow, WANDER, axis=0))
        self.sums = np.zeros(2 * p)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """The largest sum."""
        made = np.empty((len(z), 2 * z.shape[1]))
        both = np.hstack([z - self.allowed, -z - self.allowed])
        _kernel()(both, judged, fresh, MOST, self.sums, made)
        each = np.maximum(made[:, : z.shape[1]], made[:, z.shape[1] :])
        return each.max(axis=1, keepdims=True), (each * each)[:, None, :]


def _add_up(
    rows: Floats, judged: Bools, fresh: Bools, most: float, sums: Floats, made: Floats
) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            if fresh[i]:
                sums[j] = 0.0
            if judged[i]:
                sums[j] = min(max(sums[j] + rows[i, j], 0.0), most)
            made[i, j] = sums[j]


@cache
def _kernel() -> Callable[[Floats, Bools, Bools, float, Floats, Floats], None]:
    """Compiled where the extra `ml` is installed."""
    try:
        from numba import njit
    except ImportError:
        return _add_up
    compiled: Callable[[Floats, Bools, Bools, float, Floats, Floats], None] = njit(cache=True)(
        _add_up
    )
    return compiled


plug = Cusum
