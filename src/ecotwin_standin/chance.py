"""Randomness that is the same for the same seed, however the world is cut or copied.

Parameters are drawn once by name; disturbances come from blocks of dice that depend on the seed and
the
step's number only, so that a copy of the world that lacks a fault meets the very same disturbances.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np

BLOCK = 512
"""Steps whose dice are thrown together."""


class Chance:
    """Draws of one plant.

    Args:
        seed: Any number; the same gives the same plant and the same disturbances.

    >>> Chance(3).spread("oven", 10.0, 0.1) == Chance(3).spread("oven", 10.0, 0.1)
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._columns = 0
        self._blocks: dict[int, tuple[list[list[float]], list[list[float]]]] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> Chance:
        return self

    def generator(self, name: str) -> np.random.Generator:
        """A generator that depends on the seed and a name."""
        return np.random.default_rng([self.seed, crc32(name.encode())])

    def spread(self, name: str, value: float, share: float) -> float:
        """A value within +-`share` around `value`."""
        return float(value * (1.0 + share * self.generator(name).uniform(-1.0, 1.0)))

    def column(self) -> int:
        """A new column of dice: one standard normal and one uniform number a step."""
        if self._blocks:
            raise RuntimeError("dice are already thrown; ask for columns before the first step")
        self._columns += 1
        return self._columns - 1

    def throw(self, step: int) -> tuple[list[float], list[float]]:
        """Standard normal and uniform numbers of a step, by column."""
        number, row = divmod(step, BLOCK)
        block = self._blocks.get(number)
        if block is None:
            rng = np.random.default_rng([self.seed, 7919, number])
            width = max(1, self._columns)
            block = (
                rng.standard_normal((BLOCK, width)).tolist(),
                rng.random((BLOCK, width)).tolist(),
            )
            if len(self._blocks) > 2:
                del self._blocks[min(self._blocks)]
            self._blocks[number] = block
        return block[0][row], block[1][row]
