"""How soon chance cuts part a row from the others: an isolation forest, for rows that are odd in no straight way.

The trees are grown by scikit-learn (extra `ml`); they are kept as plain tables, so that a saved scorer is walked
without it.

Sources: Liu, Ting and Zhou, IEEE International Conference on Data Mining (2008) 413-422.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ecotwin.detection.scoring.frame import Framed
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Ints

TREES = 50
SAMPLE = 256
MOST_ROWS = 20_000
_NEAR = 0.8
"""Share of the level above which it is told what each signal adds."""


class Forest(Framed):
    """The scorer."""

    name: ClassVar[str] = "forest"
    kept: ClassVar[tuple[str, ...]] = ("signal", "cut", "left", "right", "depth", "unit")
    least_rows = 256
    balanced: ClassVar[bool] = False

    def teach(self, z: Floats) -> None:
        """Grow the trees.

        Raises:
            FigureGap: The extra `ml` is not installed.
        """
        try:
            from sklearn.ensemble import IsolationForest
        except ImportError:
            raise FigureGap(
                "the forest needs scikit-learn, which is not installed",
                expected="the extra `ml`",
                remedy="pip install ecotwin[ml]",
            ) from None
        some = z[:: max(1, len(z) // MOST_ROWS)]
        grown = IsolationForest(
            n_estimators=TREES, max_samples=min(SAMPLE, len(some)), random_state=0, n_jobs=1
        ).fit(some)
        trees = [tree.tree_ for tree in grown.estimators_]
        most = max(t.node_count for t in trees)
        shape = (len(trees), most)
        self.signal, self.cut = np.zeros(shape), np.full(shape, np.inf)
        self.left, self.right, self.depth = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for i, t in enumerate(trees):
            n = t.node_count
            leaf = t.children_left < 0
            here = np.arange(n)
            self.signal[i, :n] = np.where(leaf, 0, t.feature)
            self.cut[i, :n] = np.where(leaf, np.inf, t.threshold)
            self.left[i, :n] = np.where(leaf, here, t.children_left)
            self.right[i, :n] = np.where(leaf, here, t.children_right)
            for node in range(n):
                for child in (t.children_left[node], t.children_right[node]):
                    if child >= 0:
                        self.depth[i, child] = self.depth[i, node] + 1.0
            self.depth[i, :n] += np.where(leaf, _usual_depth(t.n_node_samples), 0.0)
        self.unit = np.array([_usual_depth(np.array([grown.max_samples_]))[0]])

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:  # noqa: ARG002
        """How soon a row stands alone, 0 to 1."""
        made = self._soon(z)
        adds = np.zeros((len(z), 1, z.shape[1]))
        high = np.flatnonzero(made > (_NEAR * self.levels[0] if len(self.levels) else np.inf))
        for j in range(z.shape[1]):
            usual = z[high].copy()
            usual[:, j] = 0.0
            adds[high, 0, j] = np.maximum(made[high] - self._soon(usual), 0.0)
        return made[:, None], adds

    def _soon(self, z: Floats) -> Floats:
        total = np.zeros(len(z))
        rows = np.arange(len(z))
        deepest = int(self.depth.max()) + 1
        for i in range(len(self.signal)):
            signal, left, right = (
                np.asarray(t[i], np.int64) for t in (self.signal, self.left, self.right)
            )
            node: Ints = np.zeros(len(z), np.int64)
            for _ in range(min(deepest, 9)):
                # The trees were grown on single precision.
                goes = z[rows, signal[node]].astype(np.float32) <= self.cut[i][node]
                node = np.where(goes, left[node], right[node])
            total += self.depth[i][node]
        made: Floats = 2.0 ** (-total / len(self.signal) / self.unit[0])
        return made


def _usual_depth(count: Ints) -> Floats:
    """Mean depth at which one of `count` rows stands alone."""
    n = np.maximum(count.astype(np.float64), 2.0)
    depth = 2.0 * (np.log(n - 1.0) + 0.5772156649) - 2.0 * (n - 1.0) / n
    return np.where(count > 2, depth, np.where(count == 2, 1.0, 0.0))


plug = Forest
