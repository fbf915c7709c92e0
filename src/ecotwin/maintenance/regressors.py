"""The two kinds of regression from which a life is blended: boosted trees and a smooth one in a space of likenesses.

Each is deterministic by its seed and runs on one thread. The order, names, units and signs of the columns do not
matter to either (the caller sorts columns by what they tell).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats

CENTRES = 600
"""Rows to which every other is likened."""
_STRAIGHT = 30.0
"""Ridge of the straight regression."""
_SMOOTH = 0.03
"""Ridge of the smooth regression."""
_REACH = 0.2
"""Sharpness of likeness: at the usual distance of two rows it is exp(-2 * this)."""


class Regression(Protocol):
    """Something learned that tells numbers of rows."""

    def tell(self, rows: Floats) -> Floats:
        """[rows] told of [rows, features]."""
        ...


def needs_ml() -> FigureGap:
    """The refusal where the learning libraries are missing."""
    return FigureGap(
        "learning from records needs libraries that are not installed",
        expected="LightGBM, scikit-learn and scipy",
        remedy="pip install 'ecotwin[ml]'",
    )


@dataclass(frozen=True)
class Trees:
    """Boosted trees."""

    booster: Any

    def tell(self, rows: Floats) -> Floats:
        """[rows] told of [rows, features]."""
        return np.asarray(self.booster.predict(rows, num_threads=1), np.float64)


def grow(rows: Floats, target: Floats, seed: int) -> Trees:
    """Learn boosted trees."""
    try:
        import lightgbm
    except ImportError as error:
        raise needs_ml() from error
    settings = {
        "objective": "l2", "learning_rate": 0.03, "num_leaves": 31, "feature_fraction": 0.2,
        "min_data_in_leaf": max(3, min(60, len(rows) // 80)), "bagging_fraction": 0.7, "bagging_freq": 1,
        "lambda_l2": 5.0, "num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": seed,
        "verbosity": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(rows, target, free_raw_data=True, params={"verbosity": -1})
    return Trees(lightgbm.train(settings, data, num_boost_round=250))


@dataclass(frozen=True)
class Line:
    """A straight regression: [features + 1] weights, the last the constant."""

    weights: Floats

    def tell(self, rows: Floats) -> Floats:
        """[rows] told of [rows, features]."""
        return np.asarray(rows @ self.weights[:-1] + self.weights[-1])


def draw(rows: Floats, target: Floats, seed: int) -> Line:  # noqa: ARG001
    """Learn a ridge regression of standardised features; `seed` is not needed.

    >>> x = np.arange(9000.0)[:, None]
    >>> bool(abs(draw(x, 2.0 * x[:, 0], 0).tell(np.array([[50.0]]))[0] - 100.0) < 40.0)
    True
    """
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0.0] = np.inf
    z = (rows - mean) / spread
    gram = z.T @ z
    gram[np.diag_indices_from(gram)] += _STRAIGHT
    slope = np.linalg.solve(gram, z.T @ (target - target.mean())) / spread
    return Line(np.append(slope, target.mean() - mean @ slope))


@dataclass(frozen=True)
class Likeness:
    """Ridge regression on how like a row is to each of some centres (Gaussian of the distance).

    Attributes:
        mean, scale: [features] of standardising; a feature that tells more counts more.
        centres: [centres, features] standardised. weights: [centres + 1] the last is the constant.
        sharp: Sharpness of likeness.
    """

    mean: Floats
    scale: Floats
    centres: Floats
    weights: Floats
    sharp: float

    def tell(self, rows: Floats) -> Floats:
        """[rows] told of [rows, features]."""
        out = np.empty(len(rows))
        for begin in range(0, len(rows), 4096):
            part = (rows[begin : begin + 4096] - self.mean) * self.scale
            out[begin : begin + 4096] = _like(part, self.centres, self.sharp) @ self.weights[:-1]
        return np.asarray(out + self.weights[-1], np.float64)


def liken(rows: Floats, target: Floats, seed: int) -> Likeness:
    """Learn a likeness regression (the Nystroem form of kernel ridge regression)."""
    try:
        from scipy.linalg import cho_factor, cho_solve
    except ImportError as error:
        raise needs_ml() from error
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread == 0.0] = np.inf
    z = (rows - mean) / spread
    pull = target - target.mean()
    norm = float(np.sqrt(pull @ pull))
    tells = np.abs(z.T @ pull) / (np.sqrt(len(z)) * norm) if norm > 0.0 else np.ones(z.shape[1])
    power = float(tells @ tells)
    sharp = _REACH / power if power > 0.0 else 1.0
    z *= tells
    picked = np.random.default_rng(seed).permutation(len(z))[: min(CENTRES, max(4, len(z) // 3))]
    centres = z[picked]
    near = _like(z, centres, sharp)
    level = near.mean(axis=0)
    centred = near - level
    among = _like(centres, centres, sharp)
    gram = centred.T @ centred + _SMOOTH * among
    gram[np.diag_indices_from(gram)] += 1e-6 * len(z)
    weights = cho_solve(cho_factor(gram), centred.T @ pull)
    constant = float(target.mean() - level @ weights)
    return Likeness(mean, tells / spread, centres, np.append(weights, constant), sharp)


def _like(rows: Floats, centres: Floats, sharp: float) -> Floats:
    """[rows, centres] Gaussian likeness."""
    apart = (
        (rows**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)[None, :] - 2.0 * rows @ centres.T
    )
    return np.asarray(np.exp(-sharp * np.maximum(apart, 0.0)))
