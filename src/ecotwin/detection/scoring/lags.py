"""Rows joined with the rows just before them."""

from __future__ import annotations

import numpy as np

from ecotwin.records import Bools, Floats

ROWS_A_VALUE = 3
"""Rows to learn from for each value of a joined row."""
MOST_JOINED = 160
"""Values of a joined row at most: work grows with their square."""


def lags_for(count: int, signals: int, most: int) -> int:
    """How many rows before each are joined, as far as the rows suffice to learn from.

    >>> lags_for(500, 52, 2), lags_for(400, 8, 2), lags_for(50, 20, 2)
    (2, 2, 0)
    """
    by_rows, by_width = count // (ROWS_A_VALUE * signals) - 1, MOST_JOINED // signals - 1
    return int(max(min(most, by_rows, by_width), 0))


class Lags:
    """Joins rows; `past` [lags, signals] holds the newest rows, the last one first, NaN where there are none."""

    def __init__(self, past: Floats) -> None:
        self.past = past

    def join(self, z: Floats, judged: Bools, fresh: Bools) -> Floats:
        """[rows, signals x (lags + 1)] newest first; NaN where a row before is not known."""
        lags, p = self.past.shape
        rows = np.where(judged[:, None], z, np.nan)
        behind = np.concatenate([self.past[::-1], rows])
        joined = np.hstack([behind[lags - k : lags - k + len(z)] for k in range(lags + 1)])
        since = np.arange(len(z)) - np.maximum.accumulate(np.where(fresh, np.arange(len(z)), -lags))
        for k in range(1, lags + 1):
            joined[since < k, k * p : (k + 1) * p] = np.nan
        if lags:
            last = behind[-lags:][::-1].copy()
            # A fresh row cuts off what was before it for later calls, too.
            newest = np.flatnonzero(fresh)
            if len(newest):
                last[len(z) - int(newest[-1]) :] = np.nan
            self.past = last
        return joined
