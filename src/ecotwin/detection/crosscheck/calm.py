"""How surprising a smoothed number is by what normal rows showed, when neighbouring rows say nearly the same.

Rows smoothed over a day are few in truth, however many they are: the largest of them is no more surprising than one in
as many as are independent, and beyond it the fall is as slow as the spread of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecotwin.detection.single.tails import MOST, Tail

LEAST_FREE = 4.0


class Calm:
    """Numbers of normal rows, smoothed at a speed.

    Args:
        numbers: What normal rows gave. speed: Weight of the newest row.
    """

    def __init__(self, numbers: Sequence[float], speed: float) -> None:
        self.speed = speed
        self._tail = Tail(numbers)
        n = len(self._tail.sizes)
        self._most = self._tail.sizes[-1] if n else 0.0
        self._least = math.log(max(n * speed / 2.0, LEAST_FREE) + 1.0)
        spread = float(np.std(self._tail.sizes)) if n else 1.0
        self._scale = max(spread * (1.0 - speed), 1e-9)

    def surprise(self, number: float) -> float:
        """Minus log of the chance of a number at least this large on normal rows."""
        plain = self._tail.surprise(number)
        if self.speed >= 1.0:
            return plain
        if number <= self._most:
            return min(plain, self._least)
        return min(plain, self._least + (number - self._most) / self._scale, MOST)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {"numbers": list(self._tail.order), "speed": self.speed}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Calm:
        """The numbers of a saved state."""
        return cls(state["numbers"], state["speed"])
