"""Where lives that stood alike ended: from a told life and an age to a mean and an interval.

Followed units are asked at many moments, each by regressions that had not seen them. A new unit, of which so much was
told at such an age, is held beside the moments at which about as much was told at about that age: how long those
units then lasted, each counted by its nearness, is the answer, long tails and all. The levels at which quantiles are
read are those that held for the followed units, each held out in turn (conformal by predicted life; asymmetric where
the lives are).

Sources:
    Distributional conformal prediction by the ranks of the truth: Chernozhukov, Wuethrich and Zhu, PNAS 118(48), 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.records import Floats, Ints

LEVEL = 0.8
"""Share of units whose life left lies within the interval."""
_FLOOR, _BLOCK = 0.02, 512
_NEAR = (0.05, 0.1, 0.2)
_AGES = (0.1, 0.25, 1.0)
_FARTHEST = 1e-9


@dataclass(frozen=True, slots=True)
class Places:
    """Moments of followed units.

    Attributes:
        told: [moments] told life. age: [moments]. left: [moments] true life left. owner: [moments] unit.
        near: Width of likeness in told life: this share of it, and of `reach` at least 0.02. reach: Largest told life.
        ages: Width of likeness in age [cycles].
        levels: Quantile levels that held 10 % and 90 % of the followed units' moments.
    """

    told: Floats
    age: Floats
    left: Floats
    owner: Ints
    near: float
    reach: float
    ages: float
    levels: tuple[float, float] = ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)

    def tell(self, told: Floats, age: Floats) -> Floats:
        """[asked, 3] mean, low and high of the life left."""
        out = np.empty((len(told), 3))
        order = np.argsort(self.left, kind="stable")
        for begin in range(0, len(told), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            share = self._shares(told[part], age[part])[:, order]
            out[part, 0] = share @ self.left[order]
            reached = np.cumsum(share, axis=1)
            for n, level in enumerate(self.levels):
                at = (reached < level).sum(axis=1)
                out[part, n + 1] = self.left[order][np.minimum(at, len(order) - 1)]
        return out

    def _shares(self, told: Floats, age: Floats, owner: Ints | None = None) -> Floats:
        """[asked, moments] how much each moment counts; a unit's own moments count nothing."""
        width = np.maximum(_FLOOR * self.reach, self.near * told)[:, None]
        far = ((self.told[None, :] - told[:, None]) / width) ** 2
        far += ((self.age[None, :] - age[:, None]) / self.ages) ** 2
        if owner is not None:
            far[owner[:, None] == self.owner[None, :]] = np.inf
        nearest = far.min(axis=1, keepdims=True)
        weight = np.exp(-0.5 * (far - np.where(np.isfinite(nearest), nearest, 0.0)))
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def ranks(self) -> tuple[Floats, Floats]:
        """[moments] rank of the true life among the other units' lives, and their mean, each unit held out."""
        rank, mean = np.empty(len(self.told)), np.empty(len(self.told))
        for begin in range(0, len(self.told), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            share = self._shares(self.told[part], self.age[part], self.owner[part])
            below = self.left[None, :] < self.left[part, None]
            level = self.left[None, :] == self.left[part, None]
            rank[part] = (share * below).sum(axis=1) + 0.5 * (share * level).sum(axis=1)
            mean[part] = share @ self.left
        return rank, mean


def learn_places(
    told: Floats, age: Floats, left: Floats, owner: Ints, median_life: float
) -> Places:
    """Choose widths and levels by holding out each followed unit in turn.

    Args:
        told: [moments] each told without the unit.
    """
    best: tuple[float, Places, Floats] | None = None
    for near in _NEAR:
        for ages in _AGES:
            tried = Places(
                told, age, left, owner, near, float(max(told.max(), _FARTHEST)), ages * median_life
            )
            rank, mean = tried.ranks()
            # The mean must be right and the ranks even: both are in cycles when the rank's unevenness is.
            error = float(np.sqrt(np.mean((mean - left) ** 2)))
            if best is None or error < best[0]:
                best = (error, tried, rank)
    assert best is not None
    _, chosen, rank = best
    low, high = np.quantile(rank, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Places(
        told, age, left, owner, chosen.near, chosen.reach, chosen.ages, (float(low), float(high))
    )
