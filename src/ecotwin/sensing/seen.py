"""Where references were taken: a soft sensor tells nothing beyond it.

Two questions: does each input lie within the range in which references were taken (and a tenth of it), and was there
ever a reference at a similar combination of inputs. The second is asked by the distance to the nearest of a set of
rows that covers all seen; the distance allowed is learned by leaving stretches of the references out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.records import Floats

MARGIN = 0.1
"""An input may lie this share of its seen range beyond it."""
FAR = 2.5
"""A combination may be this many times as far from what was seen as 99 of 100 left-out references were."""
COVER = 4000
"""Rows of the cover at most."""
_STRETCHES, _CHUNK = 10, 256


class Seen:
    """Ranges and combinations of inputs in which references were taken."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def learn(self, inputs: Floats) -> None:
        """Start from the rows [rows, inputs] of a calibration; no value is missing."""
        self._low, self._high = inputs.min(axis=0), inputs.max(axis=0)
        self._middle = np.median(inputs, axis=0)
        spread = inputs.std(axis=0)
        self._scale = np.where(
            spread > 1e-9 * np.maximum(np.abs(self._middle), 1e-300), spread, np.inf
        )
        scaled = self._scaled(inputs)
        self._usual = _left_out(scaled)
        self._cover = np.zeros((0, inputs.shape[1]))
        self._take(scaled)

    def add(self, inputs: Floats) -> None:
        """Take rows whose references became known."""
        if len(inputs):
            self._low = np.minimum(self._low, inputs.min(axis=0))
            self._high = np.maximum(self._high, inputs.max(axis=0))
            self._take(self._scaled(inputs))

    def judge(self, inputs: Floats) -> list[str]:
        """[rows] why a row lies outside; empty where it does not."""
        why = [""] * len(inputs)
        slack = np.maximum(MARGIN * (self._high - self._low), 1e-9 * np.abs(self._high))
        beyond = (inputs < self._low - slack) | (inputs > self._high + slack)
        missing = np.isnan(inputs)
        for row in np.flatnonzero((beyond | missing).any(axis=1)):
            why[row] = self._said(inputs[row], beyond[row], missing[row])
        whole = np.flatnonzero(~(beyond | missing).any(axis=1))
        if len(whole) and self._usual > 0:
            far = self._distance(self._scaled(inputs[whole]))
            for row, away in zip(whole, far, strict=True):
                if away > FAR * self._usual:
                    why[row] = (
                        "no reference was taken at a similar combination of inputs "
                        f"({away / self._usual:.1f} times as far from all as is usual)"
                    )
        return why

    def _said(self, row: Floats, beyond: Any, missing: Any) -> str:
        if missing.any():
            return (
                f"no value of {', '.join(n for n, m in zip(self.names, missing, strict=True) if m)}"
            )
        parts = [
            f"{self.names[j]} is {row[j]:.6g}, references were taken from {self._low[j]:.6g} to {self._high[j]:.6g}"
            for j in np.flatnonzero(beyond)
        ]
        return "; ".join(parts)

    def _scaled(self, inputs: Floats) -> Floats:
        return np.asarray((inputs - self._middle) / self._scale, np.float64)

    def _distance(self, scaled: Floats) -> Floats:
        """[rows] distance to the nearest row of the cover."""
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(self._cover).query(scaled)[0], np.float64)

    def _take(self, scaled: Floats) -> None:
        """Rows that lie further from the cover than half of what is usual become part of it."""
        for start in range(0, len(scaled), _CHUNK):
            chunk = scaled[start : start + _CHUNK]
            if len(self._cover):
                chunk = chunk[self._distance(chunk) > self._usual / 2.0]
            taken: list[Floats] = []
            for row in chunk:
                if len(self._cover) + len(taken) >= COVER:
                    break
                if (
                    not taken
                    or np.sqrt(((np.array(taken) - row) ** 2).sum(axis=1)).min() > self._usual / 2
                ):
                    taken.append(row)
            if taken:
                self._cover = np.concatenate([self._cover, np.array(taken)])

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "low": self._low.tolist(), "high": self._high.tolist(), "middle": self._middle.tolist(),
            "scale": [None if np.isinf(s) else float(s) for s in self._scale],
            "usual": self._usual, "cover": self._cover.tolist(),
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._low, self._high = np.array(state["low"]), np.array(state["high"])
        self._middle = np.array(state["middle"])
        self._scale = np.array([np.inf if s is None else s for s in state["scale"]])
        self._usual = float(state["usual"])
        self._cover = np.array(state["cover"]).reshape(-1, len(self.names))


def _left_out(scaled: Floats) -> float:
    """How far 99 of 100 rows are from the nearest outside their own stretch and those beside it."""
    from scipy.spatial import cKDTree

    edges = np.linspace(0, len(scaled), _STRETCHES + 1).astype(int)
    far = []
    for k in range(_STRETCHES):
        first, end = edges[max(k - 1, 0)], edges[min(k + 2, _STRETCHES)]
        others = np.concatenate([scaled[:first], scaled[end:]])
        own = scaled[edges[k] : edges[k + 1]]
        if len(others) and len(own):
            far.append(cKDTree(others).query(own[:: max(1, len(own) // 200)])[0])
    return float(np.quantile(np.concatenate(far), 0.99)) if far else 0.0
