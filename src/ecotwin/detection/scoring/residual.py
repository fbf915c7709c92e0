"""Each signal against what the others let expect of it: a sensor that parts from its fellows, a relation that breaks.

The expectation of a signal from all others is linear and drawn in as far as few rows ask for it. A short and a longer
average of what is left are watched, too, so that a small lasting parting counts.

Sources: Hoerl and Kennard, Technometrics 12 (1970) 55-67 (ridge); Hawkins, Journal of Quality Technology 25 (1993)
    170-182 (charts of signals adjusted for the others).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.precision import drawn_in, inverse
from ecotwin.detection.scoring.steady import product, smoothed
from ecotwin.records import Bools, Floats

RATES = (1.0, 0.2, 0.05)


class Residual(Framed):
    """The scorer."""

    name: ClassVar[str] = "residual"
    kept: ClassVar[tuple[str, ...]] = ("sharp", "sizes", "memory")

    def teach(self, z: Floats) -> None:
        """Learn what each signal is expected to be, and how far it lies from that."""
        p = z.shape[1]
        made = inverse(drawn_in(z))
        # Row j of the inverse by its diagonal is the signal less its expectation from the others.
        self.sharp = made / np.diag(made)
        self.memory, self.sizes = np.zeros(len(RATES) * p), np.ones(len(RATES) * p)
        left = self._averages(z, np.ones(len(z), np.bool_), np.zeros(len(z), np.bool_))
        size = np.sqrt((left * left).mean(axis=0))
        self.sizes = np.where(size > 0, size, 1.0)
        self.memory = np.zeros(len(RATES) * p)

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """The largest parting at each speed, in its standard deviations."""
        p = z.shape[1]
        left = np.abs(self._averages(z, judged, fresh))
        away = (left / self.sizes).reshape(len(z), len(RATES), p)
        # By the spread of single rows the signal that is off stands out most, also from those that it is told from.
        adds = left.reshape(len(z), len(RATES), p) / self.sizes[:p]
        return away.max(axis=2), adds * adds

    def _averages(self, z: Floats, judged: Bools, fresh: Bools) -> Floats:
        left = np.tile(product(z, self.sharp), (1, len(RATES)))
        return smoothed(left, judged, fresh, np.repeat(RATES, z.shape[1]), self.memory)


plug = Residual
