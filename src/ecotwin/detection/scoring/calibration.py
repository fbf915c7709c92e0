"""How high a score goes on normal rows to come, told from stretches of normal rows that were not learned from.

Rows beside each other are alike, so that a thousand of them are not a thousand cases: what differs from stretch to
stretch counts. A stretch to come is taken as one more of the same kind: its level lies about the mean of their levels,
as far as theirs lie apart (on the scale of the logarithm), and above its level scores fall off as they do within the
stretches. The limit is where both together leave the share of alarms that was promised.

Sources: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), chapter 4: excesses over a high level
    by a generalized Pareto distribution; Hahn and Meeker, Statistical Intervals (1991): a next value from few ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from ecotwin.records import Floats

LEVEL_SHARE = 0.1
"""Share of a stretch's rows above its level."""
USUAL_APART, USUAL_FALL, USUAL_CASES = 0.25, 0.12, 6.0
"""What is usual for the logarithm of a distance, and for how many cases that counts."""
_FEWEST = 10
_TINY = 1e-9
_GRID = 200


@dataclass(frozen=True, slots=True)
class Tail:
    """Where scores of normal rows to come lie.

    Attributes:
        level: Mean logarithm of the stretches' levels, or that of the outer ones if it is higher. apart: Its spread for
            a stretch to come. fall: Mean excess of the logarithm above a level.
    """

    level: float
    apart: float
    fall: float

    def share_above(self, score: float) -> float:
        """Share of normal rows expected above a score."""
        shift = self.level + self.apart * _normal_grid()
        over = (np.log(max(score, _TINY)) - shift) / self.fall
        return float((LEVEL_SHARE * np.exp(-np.maximum(over, np.log(LEVEL_SHARE)))).mean())

    def limit(self, share: float) -> float:
        """The score that `share` of normal rows to come is above."""
        low, high = self.level - 20.0, self.level + 50.0 * (self.apart + self.fall)
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if self.share_above(float(np.exp(middle))) > share else (low, middle)
            )
        return float(np.exp(high))


def tail(stretches: Sequence[Floats]) -> Tail:
    """The tail of scores, from stretches of normal rows that were not learned from; NaN are left out.

    Four stretches say little of how far stretches lie apart, and a hundred rows little of how fast scores fall off:
    both are weighed with what is usual, `USUAL_APART` and `USUAL_FALL`.
    """
    logs = [np.log(np.maximum(s[np.isfinite(s)], _TINY)) for s in stretches]
    logs = [s for s in logs if len(s) >= _FEWEST] or [np.concatenate([*logs, np.zeros(1)])]
    levels = np.array([np.quantile(s, 1.0 - LEVEL_SHARE) for s in logs])
    excess = np.concatenate([s[s > at] - at for s, at in zip(logs, levels, strict=True)])
    k = len(levels)
    spread = float(levels.var(ddof=1)) if k > 1 else 0.0
    apart = ((k - 1) * spread + USUAL_CASES * USUAL_APART**2) / (k - 1 + USUAL_CASES)
    # Rows above a level come in runs: a stretch's excesses count for as many cases as the root of their number.
    cases = (len(excess) * k) ** 0.5
    fall = (cases * float(excess.mean()) if len(excess) else 0.0) + USUAL_CASES * USUAL_FALL
    # Rows to come lie outside of the training part, as its first and last stretch lie outside of the others.
    level = max(float(levels.mean()), 0.5 * float(levels[0] + levels[-1]))
    return Tail(level, (apart * (1.0 + 1.0 / k)) ** 0.5, fall / (cases + USUAL_CASES))


@cache
def _normal_grid() -> Floats:
    """Quantiles of the normal distribution at even shares."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / _GRID) for i in range(_GRID)])
