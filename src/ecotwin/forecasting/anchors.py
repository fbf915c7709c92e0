"""Where a forecast starts from: the usual at that time, and as much of the newest departure from it as used to last.

Trees cannot tell a value beyond those they learned from, and spend their cuts on what a line says at once: that a
level which stands high now will stand high a step later. So some of them learn what is left of this start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.records import Floats, Ints

STRETCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 144, 192, 288, 384)
"""Steps ahead at which a new share of the departure begins."""
_USUAL = ("weeks alike", "days alike")
_NOW = ("departure 1 back", "1 back")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Shares of the newest departure that last, by stretch of steps ahead.

    Attributes:
        shares: [stretches] 0: nothing of it lasts; 1: all of it.
    """

    shares: Floats

    @staticmethod
    def learned(table: Floats, names: Sequence[str], truth: Floats) -> Anchor:
        """By least squares from examples.

        Args:
            table: [n, features]. names: Of the features. truth: [n].

        >>> table = np.array([[0.0, 2.0], [0.0, -2.0], [1.0, 4.0]])
        >>> float(Anchor.learned(table, ("lead", "1 back"), np.array([1.0, -1.0, 1.0])).shares[0])
        0.5
        """
        usual, now, lead = _grounds(table, names)
        place, size = _stretch(lead), len(STRETCHES) + 1
        good = np.isfinite(truth)
        both = np.bincount(place[good], ((truth - usual) * now)[good], minlength=size)
        alone = np.bincount(place[good], (now**2)[good], minlength=size)
        shares = np.divide(both, alone, out=np.zeros(size), where=alone > 0)
        return Anchor(np.clip(shares, 0.0, 1.0))

    def parts(self, table: Floats, names: Sequence[str]) -> tuple[Floats, Floats]:
        """[n] the usual, and [n] what the newest departure adds to it."""
        usual, now, lead = _grounds(table, names)
        return usual, self.shares[_stretch(lead)] * now

    def of(self, table: Floats, names: Sequence[str]) -> Floats:
        """[n] both."""
        usual, added = self.parts(table, names)
        return usual + added


def _stretch(lead: Floats) -> Ints:
    return np.asarray(np.searchsorted(STRETCHES, lead, side="right"), np.int64)


def _grounds(table: Floats, names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """[n] usual, newest departure and steps ahead; the mean of the past, which is 0, where there is nothing."""
    found = list(names)

    def first(of: Sequence[str]) -> Floats:
        column = np.zeros(len(table))
        for name in reversed([n for n in of if n in found]):
            own = table[:, found.index(name)]
            column = np.where(np.isfinite(own), own, column)
        return column

    now = first([n for n in _NOW if n in found][:1])
    return first(_USUAL), now, table[:, found.index("lead")]
