"""A small network that must tell each signal from the others: what it cannot tell is strange.

Each signal is hidden from it in turn by noise while it learns, so that it cannot just copy. It is grown by scikit-learn
(extra `ml`) and kept as plain matrices, so that a saved scorer runs without it. It stands beside the linear ones and is
taken where the training part shows that it sees more.

Sources: Vincent, Larochelle, Bengio and Manzagol, International Conference on Machine Learning (2008) 1096-1103.
"""

from __future__ import annotations

import warnings
from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.detection.scoring.steady import across, product
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

MOST_ROWS = 5_000
HIDE_SHARE = 0.2
NEAR = 0.8
"""Share of the level above which it is told what each signal adds: by how much the distance falls when it is mended."""


class Neural(Framed):
    """The scorer."""

    name: ClassVar[str] = "neural"
    kept: ClassVar[tuple[str, ...]] = ("into", "into_off", "out_of", "out_off", "sizes")
    least_rows = 500
    balanced: ClassVar[bool] = False

    def teach(self, z: Floats) -> None:
        """Train the network.

        Raises:
            FigureGap: The extra `ml` is not installed.
        """
        try:
            from sklearn.exceptions import ConvergenceWarning
            from sklearn.neural_network import MLPRegressor
        except ImportError:
            raise FigureGap(
                "the network needs scikit-learn, which is not installed",
                expected="the extra `ml`",
                remedy="pip install ecotwin[ml]",
            ) from None
        chance = np.random.default_rng(0)
        some = np.clip(z[:: max(1, len(z) // MOST_ROWS)], -5.0, 5.0)
        times = int(np.clip(2000 // len(some), 1, 5))
        shown = np.tile(some, (times, 1))
        hidden = chance.random(shown.shape) < HIDE_SHARE
        shown = np.where(hidden, chance.normal(size=shown.shape), shown)
        wide = int(np.clip(2 * z.shape[1], 4, 64))
        net = MLPRegressor(
            hidden_layer_sizes=(wide,), activation="relu", alpha=1e-3, learning_rate_init=5e-3, max_iter=60,
            batch_size=min(128, len(shown)), random_state=0,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(
                shown, np.tile(some, (times, 1)) if z.shape[1] > 1 else np.tile(some[:, 0], times)
            )
        self.into, out_of = (np.ascontiguousarray(w) for w in net.coefs_)
        self.into_off, out_off = net.intercepts_
        self.out_of, self.out_off = out_of.reshape(wide, -1), np.atleast_1d(out_off)
        left = z - self._told(z)
        size = np.sqrt((np.clip(left, -5, 5) ** 2).mean(axis=0))
        self.sizes = np.where(size > 1e-6, size, 1.0)

    def _told(self, z: Floats) -> Floats:
        inner = np.maximum(product(z, self.into) + self.into_off, 0.0)
        told: Floats = product(inner, self.out_of) + self.out_off
        return told

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:  # noqa: ARG002
        """How far the row lies from what the network tells."""
        told = self._told(z)
        made = self._size(z, told)
        adds = np.zeros((len(z), 1, z.shape[1]))
        high = np.flatnonzero(made > (NEAR * self.levels[0] if len(self.levels) else np.inf))
        for j in range(z.shape[1]):
            mended = z[high].copy()
            mended[:, j] = told[high, j]
            adds[high, 0, j] = np.maximum(made[high] - self._size(mended, self._told(mended)), 0.0)
        return made[:, None], adds

    def _size(self, z: Floats, told: Floats) -> Floats:
        left = (z - told) / self.sizes
        return np.sqrt(across(left * left))


plug = Neural
