"""The models a soft sensor is made of: straight, curved, smooth, and trees, some with the inputs' recent past.

They fail in different ways: trees cannot go beyond what they saw, curves go too far beyond it, a long window follows
a drift late and a short one is noisy. Every one learns from a newest stretch of references; which of them is
believed is decided by what each told of references it had not seen (`soft`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ecotwin.errors import SettingsFault
from ecotwin.records import Floats, Ints
from ecotwin.sensing.kriging import Kriged, Shape, found

REACH = 0.25
"""A member may tell this share of the range of its references beyond that range, no more."""


class Regressor(Protocol):
    """What a member's model does."""

    def predict(self, inputs: Floats) -> Floats:
        """[rows] values."""
        ...


Shapes = dict[str, Shape]
"""What the members that reach through time found of themselves at the calibration."""


@dataclass(frozen=True, slots=True)
class Member:
    """One model of a soft sensor.

    Attributes:
        name: Its name. kind: `line`, `curve`, `smooth`, `trees`, `boosted` or `kriged`.
        moving: Whether it sees the inputs' recent past too. newest: How many of the newest references it learns from.
    """

    name: str
    kind: str
    moving: bool
    newest: int


MEMBERS = (
    Member("line, moving", "line", True, 500),
    Member("curve", "curve", False, 2000),
    Member("smooth", "smooth", False, 2000),
    Member("trees, moving", "trees", True, 2000),
    Member("boosted", "boosted", False, 6000),
    Member("boosted, moving", "boosted", True, 6000),
    Member("kriged", "kriged", False, 2000),
    Member("kriged, moving", "kriged", True, 2000),
)
KEPT = max(m.newest for m in MEMBERS)
"""References that are kept to learn from."""


class Fitted:
    """A member that has learned, in the target's unit.

    Args:
        member: What it is. inputs: [references, columns]. target: [references]. at: [references] row numbers.
        shapes: Of those that reach through time; what is missing is found, and added.
    """

    def __init__(
        self, member: Member, inputs: Floats, target: Floats, at: Ints, seed: int, shapes: Shapes
    ) -> None:
        x, y, when = inputs[-member.newest :], target[-member.newest :], at[-member.newest :]
        ends = np.quantile(x, [0.1, 0.9], axis=0)
        self._middle, wide = np.median(x, axis=0), (ends[1] - ends[0]) / 2.563
        plain = x.std(axis=0)
        scale = np.where(wide > 1e-9 * plain, wide, plain)
        # What only shivers in its last digits says nothing; divided by its own size it would shout.
        still = scale <= 1e-12 * np.maximum(np.abs(self._middle), 1e-300)
        self._scale = np.where(still, np.inf, scale)
        self._low, self._high = x.min(axis=0), x.max(axis=0)
        self._mean, self._sd = float(y.mean()), float(y.std())
        self._ends = (float(y.min()), float(y.max()))
        self._constant = not self._sd > 1e-12 * max(abs(self._mean), 1e-300)
        self._model: Any = None
        if self._constant:
            return
        scaled, goal = self._scaled(x), ((y - self._mean) / self._sd).round(8)
        if member.kind != "kriged":
            self._model = _learned(member.kind, scaled, goal, seed)
            return
        if member.name not in shapes:
            whole = ((target - self._mean) / self._sd).round(8)
            shapes[member.name] = found(self._scaled(inputs), at, whole)
        self._model = Kriged(scaled, when, goal, shapes[member.name])

    def _scaled(self, inputs: Floats) -> Floats:
        held = np.clip(inputs, self._low, self._high)
        # Rounded, so that a file in other units splits trees at the same places.
        made = np.clip((held - self._middle) / self._scale, -5.0, 5.0).round(8)
        return np.asarray(made + 0.0, np.float64)

    def predict(self, inputs: Floats, at: Ints) -> Floats:
        """[rows] values of rows with their numbers; an input beyond what was learned from counts as its border."""
        if self._model is None:
            return np.full(len(inputs), self._mean)
        scaled = self._scaled(inputs)
        by_time = isinstance(self._model, Kriged)
        told = self._model.predict(scaled, at) if by_time else self._model.predict(scaled)
        made = told * self._sd + self._mean
        reach = REACH * (self._ends[1] - self._ends[0])
        return np.asarray(np.clip(made, self._ends[0] - reach, self._ends[1] + reach), np.float64)


def _learned(kind: str, x: Floats, y: Floats, seed: int) -> Any:
    try:
        if kind == "boosted":
            return _boosted(x, y, seed)
        with warnings.catch_warnings():
            # A smooth curve that is cut short in its search is worse, and is then believed less.
            warnings.filterwarnings("ignore", message="Solver terminated early")
            model = _of_sklearn(kind, x.shape[1], seed).fit(x, y)
            return _Forest(model) if kind == "trees" else model
    except ImportError as fault:
        raise SettingsFault(
            f"soft sensors need {fault.name}, which is not installed",
            expected="the extra `ml`",
            remedy="pip install 'ecotwin[ml]'",
        ) from fault


def _of_sklearn(kind: str, width: int, seed: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler
    from sklearn.svm import SVR

    if kind == "line":
        return Ridge(10.0)
    if kind == "curve":
        return make_pipeline(
            PolynomialFeatures(2, include_bias=False), StandardScaler(), Ridge(3.0)
        )
    if kind == "smooth":
        return SVR(C=10.0, gamma=0.5 / width, epsilon=0.1, tol=1e-2, max_iter=50_000)
    return ExtraTreesRegressor(60, min_samples_leaf=2, random_state=seed, n_jobs=1)


class _Forest:
    """A forest asked tree by tree: for one row the usual way takes forty times as long, and tells the same."""

    def __init__(self, model: Any) -> None:
        self._trees = [one.tree_ for one in model.estimators_]

    def predict(self, inputs: Floats) -> Floats:
        rows = np.ascontiguousarray(inputs, np.float32)
        total = np.zeros(len(rows))
        for tree in self._trees:
            total += tree.predict(rows)[:, 0]
        return np.asarray(total / len(self._trees), np.float64)


class _Trees:
    """Boosted trees behind the same door."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, inputs: Floats) -> Floats:
        return np.asarray(self._model.predict(inputs, num_threads=1), np.float64)


def _boosted(x: Floats, y: Floats, seed: int) -> _Trees:
    import lightgbm

    age = np.arange(len(y))[::-1]
    data = lightgbm.Dataset(x, y, weight=0.5 ** (age / 1000.0), params={"verbose": -1})
    settings = {
        "objective": "regression", "learning_rate": 0.05, "num_leaves": 15,
        "min_data_in_leaf": max(2, min(10, len(y) // 20)), "bagging_fraction": 0.7, "bagging_freq": 1,
        "feature_fraction": 0.7, "seed": seed, "num_threads": 1, "deterministic": True,
        "force_row_wise": True, "verbose": -1, "min_sum_hessian_in_leaf": 1e-6,
    }  # fmt: skip
    return _Trees(lightgbm.train(settings, data, num_boost_round=300))
