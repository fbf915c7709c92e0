"""Inputs with their recent past: what a process does depends on where it comes from.

Beside each input stands how far it is from its mean over the last 6 and the last 24 rows, so that a model may
tell a settled state from a ramp. Only rows up to the one told are looked at, and rows may come in pieces of any size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.records import Floats

SHORT, LONG = 6, 24
CARRIED = 3
"""A missing input stands for its last value over at most this many rows."""


class Dynamics:
    """The recent past of some inputs.

    >>> made = Dynamics(1).push(np.array([[1.0], [3.0], [np.nan]]))
    >>> made[:, 1].round(3).tolist()  # 1 - 1, 3 - mean(1, 3), 3 carried - mean(1, 3, 3)
    [0.0, 1.0, 0.667]
    """

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self._past = np.zeros((0, inputs))
        self._gap = np.zeros(inputs, np.int64)

    def push(self, values: Floats) -> Floats:
        """[rows, 3 x inputs] the next rows: input, and its distance from its short and its long mean.

        Args:
            values: [rows, inputs]. A gap longer than `CARRIED` rows stays NaN; means skip what is missing.
        """
        filled = np.array(values, np.float64, copy=True)
        for j in range(self.inputs):
            column, gap = filled[:, j], int(self._gap[j])
            last = self._past[-1, j] if len(self._past) else np.nan
            for i in np.flatnonzero(np.isnan(column)) if np.isnan(column).any() else ():
                before = column[i - 1] if i else last
                gap = gap + 1 if i == 0 or np.isnan(values[i - 1, j]) else 1
                if gap <= CARRIED:
                    column[i] = before
            self._gap[j] = gap if len(values) and np.isnan(values[-1, j]) else 0
        whole = np.concatenate([self._past, filled])
        start = len(self._past)
        parts = [filled] + [filled - _means(whole, start, span) for span in (SHORT, LONG)]
        self._past = whole[-LONG:]
        return np.concatenate(parts, axis=1)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        rows = [[None if np.isnan(v) else float(v) for v in row] for row in self._past]
        return {"past": rows, "gap": self._gap.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._past = np.array(state["past"], np.float64).reshape(-1, self.inputs)
        self._gap = np.asarray(state["gap"], np.int64)


def _means(whole: Floats, start: int, span: int) -> Floats:
    """[rows, inputs] mean over each row and those before it, of `span` rows at most, from row `start` on."""
    ahead = np.concatenate([np.full((span - 1, whole.shape[1]), np.nan), whole])
    seen = np.lib.stride_tricks.sliding_window_view(ahead, span, axis=0)[start:]
    there = np.isfinite(seen)
    count = there.sum(axis=2)
    total = np.where(there, seen, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
