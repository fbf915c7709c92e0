"""How far the last rows of all signals together run from the most similar stretch of the learned rows.

Learned stretches are kept as they are, evenly thinned to a library of constant size; the distance to the nearest one is
the chart, and each signal adds its share of it. What is missing in a stretch says nothing.

Sources:
    Yeh et al., ICDM 2016, 1317-1322 (matrix profile). Nearest neighbours of patches are close to the best of trained
    detectors on public sets: PaAno, ICLR 2026.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.lags import Lags
from ecotwin.records import Bools, Floats

LENGTH = 8
"""Rows of a stretch."""
LIBRARY = 1500
"""Learned stretches that are kept."""


class Shape(Framed):
    """The scorer."""

    name: ClassVar[str] = "shape"
    kept: ClassVar[tuple[str, ...]] = ("library", "past")

    def teach(self, z: Floats) -> None:
        """Keep learned stretches [stretches, signals x length]."""
        p = z.shape[1]
        self.past = np.full((LENGTH - 1, p), np.nan)
        here = np.ones(len(z), np.bool_)
        joined = Lags(self.past).join(z, here, np.zeros(len(z), np.bool_))[LENGTH - 1 :]
        chosen = np.unique(
            np.linspace(0, len(joined) - 1, min(LIBRARY, len(joined))).astype(np.int64)
        )
        self.library = np.ascontiguousarray(joined[chosen])

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """The distance to the nearest learned stretch."""
        lags = Lags(self.past)
        joined = lags.join(z, judged, fresh)
        self.past = lags.past
        charts, adds = np.full((len(z), 1), np.nan), np.zeros((len(z), 1, z.shape[1]))
        for row in np.flatnonzero(judged):
            there = np.isfinite(joined[row])
            off = self.library - np.where(there, joined[row], 0.0)
            squares = off * off * there
            sums = np.einsum("ij->i", squares)
            nearest = int(sums.argmin())
            charts[row, 0] = np.sqrt(sums[nearest] / there.sum())
            adds[row, 0] = squares[nearest].reshape(LENGTH, -1).sum(axis=0)
        return charts, adds


plug = Shape
