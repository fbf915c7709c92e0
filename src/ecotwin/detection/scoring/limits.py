"""Each signal against the range that it usually keeps: beyond its outer quantiles by how many of its own widths.

Sources: Tukey, Exploratory Data Analysis (1977): ranges by quantiles, which a few odd rows do not move.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.records import Bools, Floats

QUANTILES = (0.02, 0.5, 0.98)


class Limits(Framed):
    """The scorer."""

    name: ClassVar[str] = "limits"
    kept: ClassVar[tuple[str, ...]] = ("middle", "below", "above")
    least_rows = 30

    def teach(self, z: Floats) -> None:
        """Learn each signal's range."""
        low, self.middle, high = np.quantile(z, QUANTILES, axis=0)
        wide = np.maximum(high - low, 1e-3)
        # A range of which one side has no width, as of a signal that is mostly zero, borrows from the other.
        self.below = np.maximum(self.middle - low, 0.1 * wide)
        self.above = np.maximum(high - self.middle, 0.1 * wide)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:  # noqa: ARG002
        """The signal that is furthest out."""
        away = z - self.middle
        by_width = np.where(away > 0, away / self.above, -away / self.below)
        return by_width.max(axis=1, keepdims=True), (by_width * by_width)[:, None, :]


plug = Limits
