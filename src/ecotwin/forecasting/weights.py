"""How much each way of forecasting is trusted: by its errors beside those of the others, the newest most.

The weights are those, none below zero and one in sum, with which the sum would have erred least lately. Two memories
are held, of weeks and of days; each counts by its mean squared errors, so in ordinary times both say the same, and
when a regime begins in which the learned ones fail, the short one shouts the long one down within a day or two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecotwin.forecasting.member import needs
from ecotwin.records import Floats, Ints

PRIOR_ORIGINS = 40.0
"""The weights held before anything was seen count as much as the errors of this many origins, in the long memory.

A few weeks of days are a thin ground for weights, a thousand quarter hours are not; two ways that err
alike shall share.
"""


class Weights:
    """Weights of several ways, at several stretches of the horizon.

    Args:
        ways: How many. lengths: [stretches] steps of each stretch of the horizon; each has its own weights.
        memories: Half lives [slots], the long one first. prior: [ways] weights before anything was seen.
    """

    def __init__(
        self,
        ways: int,
        lengths: Sequence[int],
        memories: tuple[float, ...],
        prior: Floats | None = None,
    ) -> None:
        self.memories, stretches = memories, len(lengths)
        self.lengths = np.asarray(lengths, np.float64)
        self.prior = np.full(ways, 1.0 / ways) if prior is None else prior / prior.sum()
        self._products = np.zeros((len(memories), stretches, ways, ways))
        self._count = np.zeros((len(memories), stretches))
        self._at = 0
        self._told: Floats | None = None

    def push(self, errors: Floats, stretches: Ints, slot: int) -> None:
        """Take the errors of slots whose truth became known.

        Args:
            errors: [n, ways] of forecasts that were told. stretches: [n] where in the horizon each lay.
            slot: The newest of them.
        """
        past, self._at = max(0, slot - self._at), max(slot, self._at)
        good = np.isfinite(errors).all(axis=1)
        fade = 0.5 ** (past / np.array(self.memories))
        self._products *= fade[:, None, None, None]
        self._count *= fade[:, None]
        for stretch in np.unique(stretches[good]):
            mine = errors[good & (stretches == stretch)]
            self._products[:, int(stretch)] += mine.T @ mine
            self._count[:, int(stretch)] += len(mine)
        self._told = None

    def all(self) -> Floats:
        """[stretches, ways] weights; the prior ones where nothing is known yet."""
        if self._told is None:
            self._told = np.stack([self._made(s) for s in range(self._count.shape[1])])
        return self._told

    def _made(self, stretch: int) -> Floats:
        ways = self._products.shape[-1]
        total = np.zeros((ways, ways))
        for place in range(len(self.memories)):
            if self._count[place, stretch] > 1e-9:
                total += self._products[place, stretch] / self._count[place, stretch]
        origins = float(self._count[0, stretch]) / float(self.lengths[stretch])
        if not origins > 0:
            return self.prior
        return least_error(total, self.prior, PRIOR_ORIGINS / origins)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "products": self._products.tolist(), "count": self._count.tolist(), "at": self._at,
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state."""
        self._products = np.asarray(state["products"], np.float64)
        self._count = np.asarray(state["count"], np.float64)
        self._at, self._told = int(state["at"]), None


def least_error(products: Floats, prior: Floats, pull: float) -> Floats:
    """Weights that err least by mean products of errors [ways, ways]: none below zero, one in sum.

    Args:
        products: Mean products. prior: [ways]. pull: Towards the prior, in mean squared errors of the best.

    >>> least_error(np.array([[1.0, 0.0], [0.0, 4.0]]), np.array([0.5, 0.5]), 1.0).round(2).tolist()
    [0.71, 0.29]
    >>> least_error(np.zeros((2, 2)), np.array([0.9, 0.1]), 1.0).tolist()
    [0.9, 0.1]
    """
    errors = products.diagonal()
    if len(prior) == 1 or not float(errors.max()) > 0:
        return prior
    if not float(errors.min()) > 0:  # some never erred
        sure = np.asarray(errors <= 0, np.float64)
        return np.asarray(sure / sure.sum(), np.float64)
    # In units of the best one's error; the last row holds the sum at one.
    unit = max(float(errors.min()), 1e-8 * float(errors.max()))
    square = products / unit + pull * np.eye(len(prior))
    root = np.linalg.cholesky(square)
    firm = 1e3
    table = np.vstack([root.T, np.full((1, len(prior)), firm)])
    wanted = np.concatenate([np.linalg.solve(root, pull * prior), [firm]])
    made = needs("scipy.optimize").nnls(table, wanted)[0]
    return np.asarray(made / made.sum(), np.float64)
