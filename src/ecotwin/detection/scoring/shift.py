"""A lasting shift of all signals together: moving averages of the rows, judged by how such averages usually lie.

A small shift that stays is seen by the slow average long before a single row shows it.

Sources: Lowry, Woodall, Champ and Rigdon, Technometrics 34 (1992) 46-53: the chart of moving averages of many signals.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.precision import distance, drawn_in, inverse
from ecotwin.detection.scoring.steady import smoothed
from ecotwin.records import Bools, Floats

RATES = (0.3, 0.1, 0.05)
"""How fast the averages forget; about 6, 20 and 40 rows."""


class Shift(Framed):
    """The scorer."""

    name: ClassVar[str] = "shift"
    kept: ClassVar[tuple[str, ...]] = ("sharp", "memory")

    def teach(self, z: Floats) -> None:
        """Learn how averages of each speed lie."""
        p = z.shape[1]
        self.memory = np.zeros(len(RATES) * p)
        always, never = np.ones(len(z), np.bool_), np.zeros(len(z), np.bool_)
        slow = self._averages(z, always, never)
        self.sharp = np.empty((len(RATES), p, p))
        for k, rate in enumerate(RATES):
            settled = slow[min(int(2.0 / rate), len(z) // 4) :, k * p : (k + 1) * p]
            # Averages beside each other are alike: so many rows hold far fewer cases.
            cases = 0.5 * rate * len(z)
            self.sharp[k] = inverse(drawn_in(settled, least=p / (p + cases)))
        self.memory = np.zeros(len(RATES) * p)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """One chart a speed."""
        p = z.shape[1]
        slow = self._averages(z, judged, fresh)
        drawn = [distance(slow[:, k * p : (k + 1) * p], s) for k, s in enumerate(self.sharp)]
        return np.stack([d for d, _ in drawn], axis=1), np.stack([a for _, a in drawn], axis=1)

    def _averages(self, z: Floats, judged: Bools, fresh: Bools) -> Floats:
        rate = np.repeat(np.array(RATES), z.shape[1])
        return smoothed(np.tile(z, (1, len(RATES))), judged, fresh, rate, self.memory)


plug = Shift
