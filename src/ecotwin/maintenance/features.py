"""What the course of a unit's signals looks like at each of its cycles: levels, slopes, age, and a wear index.

Every feature at a row uses this and earlier rows of the same unit only, so cutting a unit's records anywhere leaves its
features as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecotwin.records import Floats, Ints

WINDOWS = (0.025, 0.05, 0.1, 0.2)
"""Lengths of the windows as shares of the median life."""
LEAST_WINDOW = 4


@dataclass(frozen=True, slots=True)
class Windows:
    """Lengths [rows] over which signals are averaged, and those over which slopes are taken."""

    means: tuple[int, ...]
    slopes: tuple[int, ...]

    @staticmethod
    def of(median_rows: float) -> Windows:
        """Windows for lives of this many rows.

        >>> Windows.of(200).means, Windows.of(200).slopes
        ((5, 10, 20, 40), (10, 20, 40))
        """
        rows = [
            max(LEAST_WINDOW + n, round(share * median_rows)) for n, share in enumerate(WINDOWS)
        ]
        return Windows(tuple(rows), tuple(rows[1:]))

    def kinds(self) -> int:
        """Features of one signal."""
        return len(self.means) + len(self.slopes) + 1


def filled(z: Floats, begins: Ints) -> Floats:
    """[rows, signals] missing cells take the unit's last value, and 0 (the usual) before its first.

    >>> filled(np.array([[np.nan], [2.0], [np.nan], [np.nan]]), np.array([0, 3, 4]))[:, 0].tolist()
    [0.0, 2.0, 2.0, 0.0]
    """
    row = np.arange(len(z))[:, None]
    start = np.repeat(begins[:-1], np.diff(begins))[:, None]
    last = np.maximum.accumulate(np.where(np.isfinite(z), row, -1), axis=0)
    known = last >= start
    return np.where(known, np.take_along_axis(z, np.where(known, last, row), axis=0), 0.0)


def shapes(z: Floats, begins: Ints, windows: Windows) -> Floats:
    """[rows, signals x kinds] of every row: means over windows, slopes over windows, mean since the first record.

    Signals change slowest: the features of signal s are columns s * kinds ... (s + 1) * kinds - 1.

    Args:
        z: [rows, signals] without gaps.
    """
    kinds = windows.kinds()
    out = np.empty((len(z), z.shape[1], kinds))
    for begin, end in pairwise(begins.tolist()):
        out[begin:end] = _unit(z[begin:end], windows)
    return out.reshape(len(z), z.shape[1] * kinds)


def _unit(z: Floats, windows: Windows) -> Floats:
    """[rows, signals, kinds] of one unit."""
    rows = len(z)
    zero = np.zeros((1, z.shape[1]))
    at = np.arange(1, rows + 1)
    time = np.arange(rows, dtype=np.float64)[:, None]
    total = np.vstack([zero, np.cumsum(z, axis=0)])
    moment = np.vstack([zero, np.cumsum(z * time, axis=0)])
    means, slopes = [], []
    for wide in windows.means:
        begin = np.maximum(0, at - wide)
        count = (at - begin)[:, None].astype(np.float64)
        mean = (total[at] - total[begin]) / count
        means.append(mean)
        if wide in windows.slopes:
            middle = time - (count - 1.0) / 2.0
            variance = np.maximum((count**2 - 1.0) / 12.0, 0.1)
            slope = ((moment[at] - moment[begin]) / count - mean * middle) / variance
            # A slope over few rows is noise: it is drawn to zero until its window is full.
            slopes.append(slope * wide * np.minimum(1.0, count / wide) ** 2)
    ever = total[1:] / at[:, None]
    return np.stack([*means, *slopes, ever], axis=2)


def faded(path: Floats, begins: Ints, half_rows: tuple[float, ...]) -> Floats:
    """[rows, halves] means of one signal in which a row counts half as much after so many rows."""
    from scipy.signal import lfilter

    out = np.empty((len(path), len(half_rows)))
    for begin, end in pairwise(begins.tolist()):
        for n, half in enumerate(half_rows):
            keep = 0.5 ** (1.0 / half)
            own = path[begin:end]
            weight = lfilter([1.0], [1.0, -keep], np.ones(len(own)))
            out[begin:end, n] = lfilter([1.0], [1.0, -keep], own) / weight
    return out
