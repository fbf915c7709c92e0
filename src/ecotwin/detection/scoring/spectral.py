"""Energy of each signal by frequency band, and how peaked its quick part is: wear and loose parts in vibration.

Of the last rows of each signal a spectrum is taken; the logarithm of its energy in octaves, and of the kurtosis of its
steps from row to row (single knocks make it large before the energy shows them), are held against learned rows.

Sources:
    Welch, IEEE Transactions on Audio and Electroacoustics 15 (1967) 70-73. Antoni, Mechanical Systems and Signal
    Processing 20 (2006) 282-307: spectral kurtosis in the watch on machines.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.lags import Lags
from ecotwin.records import Bools, Floats

LENGTH = 32
OCTAVES = ((0, 2), (2, 4), (4, 8), (8, LENGTH // 2 + 1))
"""Bands of the spectrum; the first one holds the level."""
LEAST_THERE = 0.75
"""Share of the rows of a stretch without which it has no spectrum; the row is not judged then."""
FLOOR = 1e-4
"""Energy [squared deviations] below which there is none."""


def _turns() -> Floats:
    """[2 x frequencies, rows] cosines and sines under a Hann window."""
    rows = np.arange(LENGTH)
    window = np.sin(np.pi * (rows + 0.5) / LENGTH) ** 2
    angle = 2.0 * np.pi * np.outer(np.arange(LENGTH // 2 + 1), rows) / LENGTH
    both = np.vstack([np.cos(angle), np.sin(angle)])
    return np.asarray(both * window / np.sqrt((window**2).sum()), np.float64)


class Spectral(Framed):
    """The scorer."""

    name: ClassVar[str] = "spectral"
    kept: ClassVar[tuple[str, ...]] = ("centre", "sizes", "past")
    least_rows = 3 * LENGTH

    def __init__(self) -> None:
        super().__init__()
        self._turning = _turns()

    def teach(self, z: Floats) -> None:
        """Learn the usual energies and peakedness, and how much they vary."""
        self.past = np.full((LENGTH - 1, z.shape[1]), np.nan)
        here = np.ones(len(z), np.bool_)
        joined = Lags(self.past).join(z, here, np.zeros(len(z), np.bool_))[LENGTH - 1 :]
        told = np.array([self._told(row, z.shape[1]) for row in joined])
        self.centre, sizes = told.mean(axis=0), told.std(axis=0)
        self.sizes = np.where(sizes > 1e-9, sizes, 1.0)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """The largest of all energies and of all peakednesses, in their standard deviations."""
        lags = Lags(self.past)
        joined = lags.join(z, judged, fresh)
        self.past = lags.past
        p = z.shape[1]
        charts, adds = np.full((len(z), 2), np.nan), np.zeros((len(z), 2, p))
        full = np.isfinite(joined).mean(axis=1) >= LEAST_THERE
        for row in np.flatnonzero(judged & full):
            off = np.abs(self._told(joined[row], p) - self.centre) / self.sizes
            charts[row] = off[:-1].max(), off[-1].max()
            adds[row, 0], adds[row, 1] = (off[:-1] ** 2).max(axis=0), off[-1] ** 2
        return charts, adds

    def _told(self, joined: Floats, signals: int) -> Floats:
        """[bands + 1, signals] log energies, log kurtosis, of one stretch, newest row first; gaps count as usual."""
        stretch = np.where(np.isfinite(joined), joined, 0.0).reshape(LENGTH, signals)
        turned = np.einsum("fr,rs->fs", self._turning, stretch)
        half = len(turned) // 2
        energy = turned[:half] ** 2 + turned[half:] ** 2
        bands = [np.log(energy[a:b].sum(axis=0) + FLOOR) for a, b in OCTAVES]
        steps = np.diff(stretch, axis=0)
        squares = steps * steps
        mean = squares.mean(axis=0) + FLOOR
        return np.vstack([*bands, np.log((squares * squares).mean(axis=0) / (mean * mean) + FLOOR)])


plug = Spectral
