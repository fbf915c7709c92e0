"""How far the newest stretch of one signal is from the most similar stretch before it: the left matrix profile.

For every lag the squared distance of the newest stretch to the stretch that lies so many rows back is carried along:
one row enters, one leaves. Distances are told with the level of the stretches and without it. The newest rows only are
remembered, so memory and work a row are constant.

Sources:
    Yeh et al., ICDM 2016, 1317-1322 (matrix profile). Lu et al., KDD 2022, 1173-1182 (DAMP: discords from the left).
    Numbers here are not normalised by the spread of each stretch: a flat stretch would be all noise.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

REACH = 4096
FRESH = 512
"""Every so many rows distances are worked out anew, so that rounding does not pile up."""


class Patches:
    """The newest stretch of `length` rows against those before it.

    Args:
        length: Rows of a stretch. reach: Farthest lag looked at.
    """

    def __init__(self, length: int, reach: int = REACH) -> None:
        self.length, self.reach = length, reach
        self._room = 2 * (reach + 2 * length)
        self._values = np.zeros(self._room)
        self._means = np.zeros(self._room)
        self._end = 0
        self._squares = np.zeros(reach + 1)
        self.rows = 0

    def push(self, value: float) -> None:
        """Take in the next row."""
        if self._end == self._room:
            keep = self.reach + 2 * self.length
            self._values[:keep] = self._values[-keep:]
            self._means[:keep] = self._means[-keep:]
            self._end = keep
        at, m = self._end, self.length
        self._values[at] = value
        self._end, self.rows = at + 1, self.rows + 1
        if self.rows >= m:
            self._means[at] = math.fsum(self._values[at - m + 1 : at + 1].tolist()) / m
        lags = self._lags()
        if lags < 1:
            return
        if self.rows % FRESH == 0:
            self._anew(lags)
            return
        known = min(self.reach, self.rows - 1 - m)
        enter = self._values[at - known : at] - value
        leave = self._values[at - m - known : at - m] - self._values[at - m]
        self._squares[1 : known + 1] += (enter * enter - leave * leave)[::-1]
        if known < lags:
            self._squares[lags] = self._square(lags)

    def apart(self) -> tuple[float, float] | None:
        """Distance to the nearest earlier stretch, as it is and with levels taken off; None before there are any."""
        lags, m, at = self._lags(), self.length, self._end - 1
        if lags < m + 4:
            return None
        squares = self._squares[m : lags + 1]
        levels = self._means[at - lags : at - m + 1][::-1] - self._means[at]
        plain = float(squares.min())
        bare = float((squares - m * levels * levels).min())
        return math.sqrt(max(plain, 0.0)), math.sqrt(max(bare, 0.0))

    def _lags(self) -> int:
        return min(self.reach, self.rows - self.length)

    def _square(self, lag: int) -> float:
        at, m = self._end - 1, self.length
        off = self._values[at - m + 1 : at + 1] - self._values[at - lag - m + 1 : at - lag + 1]
        return float(off @ off)

    def _anew(self, lags: int) -> None:
        at, m = self._end - 1, self.length
        newest = self._values[at - m + 1 : at + 1]
        total = np.zeros(lags)
        for k in range(m):
            place = at - m + 1 + k
            off = self._values[place - lags : place] - newest[k]
            total += (off * off)[::-1]
        self._squares[1 : lags + 1] = total

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        first = max(0, self._end - self.reach - 2 * self.length)
        return {
            "length": self.length, "reach": self.reach, "rows": self.rows,
            "values": self._values[first : self._end].tolist(),
            "means": self._means[first : self._end].tolist(), "squares": self._squares.tolist(),
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Patches:
        """Patches of a saved state."""
        made = cls(state["length"], state["reach"])
        made.rows, made._end = state["rows"], len(state["values"])
        made._values[: made._end] = state["values"]
        made._means[: made._end] = state["means"]
        made._squares[:] = state["squares"]
        return made
