"""Each signal's moving averages against where such averages usually lie: a small shift that stays.

Sources: Roberts, Technometrics 1 (1959) 239-250.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.steady import smoothed
from ecotwin.records import Bools, Floats

RATES = (0.3, 0.1, 0.03)


class Ewma(Framed):
    """The scorer."""

    name: ClassVar[str] = "ewma"
    kept: ClassVar[tuple[str, ...]] = ("sizes", "memory")

    def teach(self, z: Floats) -> None:
        """Learn how far the averages usually lie from the middle."""
        self.memory = np.zeros(len(RATES) * z.shape[1])
        slow = self._averages(z, np.ones(len(z), np.bool_), np.zeros(len(z), np.bool_))
        size = np.sqrt((slow * slow).mean(axis=0))
        self.sizes = np.where(size > 0, size, 1.0)
        self.memory = np.zeros(len(RATES) * z.shape[1])

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """The largest average at each speed, in its standard deviations."""
        away = np.abs(self._averages(z, judged, fresh)) / self.sizes
        each = away.reshape(len(z), len(RATES), -1)
        return each.max(axis=2), each * each

    def _averages(self, z: Floats, judged: Bools, fresh: Bools) -> Floats:
        wide = np.tile(z, (1, len(RATES)))
        return smoothed(wide, judged, fresh, np.repeat(RATES, z.shape[1]), self.memory)


plug = Ewma
