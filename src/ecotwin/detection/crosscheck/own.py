"""What each signal does by itself: its next value from its last ones and from the day before, and how far it is off."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from ecotwin.detection.single.tails import Tail
from ecotwin.records import Floats

SMOOTH = 0.5
RIDGE = 1e-3


class Own:
    """Own expectation of each signal.

    Args:
        count: Signals. day: Rows of a day, 0 where there is none.
    """

    def __init__(self, count: int, day: int) -> None:
        self.count, self.day = count, day
        self._weights = np.zeros((count, 4))
        self._scale = np.ones(count)
        self._recent: deque[Floats] = deque(maxlen=max(day, 2))
        self._off = np.zeros(count)
        self._tails = [Tail() for _ in range(count)]

    def learn(self, x: Floats) -> None:
        """Learn from [rows, count] normal rows without gaps."""
        reach = max(self.day, 2)
        for place in range(self.count):
            parts = [x[reach - 1 : -1, place], x[reach - 2 : -2, place]]
            parts.append(x[: len(x) - reach, place] if self.day else np.zeros(len(x) - reach))
            inputs, target = np.column_stack(parts), x[reach:, place]
            middle, scale = inputs.mean(axis=0), inputs.std(axis=0)
            moves = scale > 1e-12 * np.maximum(np.abs(middle), 1e-300)
            scaled = np.where(moves, (inputs - middle) / np.where(moves, scale, 1.0), 0.0)
            gram = scaled.T @ scaled + RIDGE * len(scaled) * np.eye(3)
            found = np.linalg.solve(gram, scaled.T @ (target - target.mean()))
            found = np.where(moves, found / np.where(moves, scale, 1.0), 0.0)
            self._weights[place] = [*found, float(target.mean() - found @ middle)]
            inputs = np.column_stack([inputs, np.ones(len(inputs))])
            spread = float(np.std(target - inputs @ self._weights[place]))
            self._scale[place] = max(spread, 1e-9 * float(np.abs(target).max()), 1e-100)
        for row in x:
            for tail, number in zip(self._tails, np.abs(self._step(row)).tolist(), strict=True):
                tail.add(math.log1p(number))

    def push(self, x: Floats) -> Floats:
        """[count] how surprising the next row [count] is signal by signal."""
        off = np.abs(self._step(x)).tolist()
        return np.array([t.surprise(math.log1p(o)) for t, o in zip(self._tails, off, strict=True)])

    def _step(self, x: Floats) -> Floats:
        recent = self._recent
        if len(recent) == recent.maxlen:
            last, before = recent[-1], recent[-2]
            day = recent[0] if self.day else np.zeros(self.count)
            w = self._weights
            expected = w[:, 0] * last + w[:, 1] * before + w[:, 2] * day + w[:, 3]
            off = (x - expected) / self._scale
            self._off += SMOOTH * (np.where(np.isfinite(off), off, 0.0) - self._off)
        filled = x if not recent else np.where(np.isfinite(x), x, recent[-1])
        recent.append(np.where(np.isfinite(filled), filled, 0.0))
        return self._off.copy()

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "count": self.count, "day": self.day, "weights": self._weights.tolist(), "scale": self._scale.tolist(),
            "recent": [r.tolist() for r in self._recent], "off": self._off.tolist(),
            "tails": [list(t.order) for t in self._tails],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Own:
        """Expectations of a saved state."""
        made = cls(state["count"], state["day"])
        made._weights, made._scale = np.array(state["weights"]), np.array(state["scale"])
        made._recent.extend(np.array(r) for r in state["recent"])
        made._off = np.array(state["off"])
        made._tails = [Tail(numbers) for numbers in state["tails"]]
        return made
