"""A smooth surface over inputs and time: what is alike in inputs and near in time is alike in value.

A reference counts for a row by how alike their inputs are, each input with a reach of its own, in part for ever, in
part the less the longer ago it was; beside that a level wanders slowly, and errors near in time hang together. How far
each of these goes is what makes the calibration's references most likely; it is found once, on stretches of them, and
kept. Everything is in units of the references' own scatter, times in rows.

Sources: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), equations 2.25 and 5.9, the Matern
kernel 4.17; Kadlec et al., Data-driven Soft Sensors in the Process Industry (2009), on drifting processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.records import Floats, Ints

_ROOT5 = np.sqrt(5.0)
_JITTER = 1e-4
STRETCHES, LENGTH = 6, 100
"""Reaches are found on so many stretches of so many references, spread over those there are."""
_SEARCH = 40
_CHUNK = 500
# What is sought besides one reach for each input, all as logarithms.
_LASTING, _PASSING, _WIDER, _MEMORY, _LEVEL, _WANDER, _SHARED, _MOMENT, _NOISE, _SLOPE = range(10)


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides how far a reference counts: logarithms of reaches by input, then of sizes and times."""

    reach: Floats
    rest: Floats

    @classmethod
    def first(cls, inputs: int, at: Ints) -> Shape:
        """Where the search begins."""
        span, apart = float(max(at[-1] - at[0], 1)), float(max(np.median(np.diff(at)), 1.0))
        rest = np.log([0.7, 0.4, 1.5, span / 3, 0.2, span / 12, 0.2, 5 * apart, 0.2, 0.3])
        return cls(np.full(inputs, 0.5 * np.log(inputs)), rest)

    @classmethod
    def of(cls, both: Any) -> Shape:
        """From one list."""
        made = np.asarray(both, np.float64)
        return cls(made[:-10], made[-10:])

    def all(self) -> Floats:
        """As one list."""
        return np.concatenate([self.reach, self.rest])


def found(inputs: Floats, at: Ints, target: Floats) -> Shape:
    """The shape that makes references most likely.

    Args:
        inputs: [references, inputs] standardised. at: [references] row numbers, rising. target: [references]
            standardised.
    """
    from scipy.optimize import minimize

    n = len(target)
    if n > STRETCHES * LENGTH:
        starts = np.linspace(0, n - LENGTH, STRETCHES).astype(int)
        rows = np.unique(np.concatenate([np.arange(s, s + LENGTH) for s in starts]))
        inputs, at, target = inputs[rows], at[rows], target[rows]
    begin = Shape.first(inputs.shape[1], at).all()
    best = minimize(
        _unlikely, begin, (begin, inputs, at, target), jac=True, method="L-BFGS-B",
        bounds=[(b - 6.0, b + 6.0) for b in begin], options={"maxiter": _SEARCH},
    )  # fmt: skip
    return Shape.of(np.round(best.x, 4))


def _unlikely(
    sought: Floats, begin: Floats, x: Floats, at: Ints, y: Floats
) -> tuple[float, Floats]:
    """How unlikely references are, and its slope; every logarithm is drawn softly to where it began."""
    from scipy.linalg import cho_factor, cho_solve

    shape = Shape.of(sought)
    width, size = len(shape.reach), np.exp(shape.rest)
    scaled, apart = x / np.exp(shape.reach), np.abs(np.subtract.outer(at, at)).astype(np.float64)
    away = _away(scaled, scaled)
    lasting, passing, level, shared = _alike(away, apart, size)
    slope = size[_SLOPE] ** 2 * (x @ x.T) / width
    whole = lasting + passing + level + shared + slope
    whole[np.diag_indices(len(y))] += size[_NOISE] ** 2 + _JITTER
    factor = cho_factor(whole, lower=True, check_finite=False)
    weights = cho_solve(factor, y, check_finite=False)
    cost = 0.5 * float(y @ weights) + float(np.log(np.diag(factor[0])).sum())
    inverse = cho_solve(factor, np.eye(len(y)), check_finite=False)
    per = 0.5 * (inverse - np.outer(weights, weights))
    wide = away / size[_WIDER]
    near = per * size[_LASTING] ** 2 * _steep(away)
    old = (
        per * size[_PASSING] ** 2 * _steep(wide)
        * np.exp(-apart / size[_MEMORY]) / size[_WIDER] ** 2
    )  # fmt: skip
    both = near + old
    sums = both.sum(axis=1)
    reach = [2.0 * float(sums @ z**2 - z @ (both @ z)) for z in scaled.T]
    rest = [
        2.0 * (per * lasting).sum(), 2.0 * (per * passing).sum(), (old * away**2).sum(),
        (per * passing * apart).sum() / size[_MEMORY], 2.0 * (per * level).sum(),
        (per * level * apart).sum() / size[_WANDER], 2.0 * (per * shared).sum(),
        (per * shared * apart).sum() / size[_MOMENT], 2.0 * size[_NOISE] ** 2 * np.trace(per),
        2.0 * (per * slope).sum(),
    ]  # fmt: skip
    drawn = sought - begin
    return cost + 0.5 * float(drawn @ drawn), np.array([*reach, *rest]) + drawn


def _away(one: Floats, other: Floats) -> Floats:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(one, other), np.float64)


def _matern(away: Floats) -> Floats:
    return np.asarray((1.0 + _ROOT5 * away + 5.0 / 3.0 * away**2) * np.exp(-_ROOT5 * away))


def _steep(away: Floats) -> Floats:
    """Slope of the Matern kernel by a logarithm of reach, for each squared distance along it."""
    return np.asarray(5.0 / 3.0 * (1.0 + _ROOT5 * away) * np.exp(-_ROOT5 * away))


def _alike(away: Floats, apart: Floats, size: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """For ever, for a while, by the level alone, and by the moment."""
    return (
        size[_LASTING] ** 2 * _matern(away),
        size[_PASSING] ** 2 * _matern(away / size[_WIDER]) * np.exp(-apart / size[_MEMORY]),
        size[_LEVEL] ** 2 * np.exp(-apart / size[_WANDER]),
        size[_SHARED] ** 2 * np.exp(-apart / size[_MOMENT]),
    )


class Kriged:
    """The surface through some references.

    Args:
        inputs: [references, inputs] standardised. at: [references] row numbers. target: [references] standardised.
        shape: From `found`.

    >>> x, at = np.linspace(-1.0, 1.0, 40)[:, None], np.arange(40)
    >>> y = np.sin(3.0 * x[:, 0])
    >>> made = Kriged(x, at, y, found(x, at, y))
    >>> round(float(made.predict(np.array([[0.3]]), np.array([41]))[0]), 1)
    0.8
    """

    def __init__(self, inputs: Floats, at: Ints, target: Floats, shape: Shape) -> None:
        from scipy.linalg import cho_factor, cho_solve

        self._reach, self._size = np.exp(shape.reach), np.exp(shape.rest)
        self._scaled, self._at = inputs / self._reach, at
        steep = self._size[_SLOPE] ** 2 / inputs.shape[1]
        whole = self._with(self._scaled, at) + steep * (inputs @ inputs.T)
        whole[np.diag_indices(len(target))] += self._size[_NOISE] ** 2 + _JITTER
        factor = cho_factor(whole, lower=True, overwrite_a=True, check_finite=False)
        self._weights = cho_solve(factor, target, check_finite=False)
        self._line = steep * (inputs.T @ self._weights)

    def _with(self, scaled: Floats, at: Ints) -> Floats:
        apart = np.abs(np.subtract.outer(at, self._at)).astype(np.float64)
        return np.asarray(sum(_alike(_away(scaled, self._scaled), apart, self._size)), np.float64)

    def predict(self, inputs: Floats, at: Ints) -> Floats:
        """[rows] values of rows [rows, inputs] with their numbers."""
        made = np.empty(len(inputs))
        for first in range(0, len(inputs), _CHUNK):
            part = slice(first, first + _CHUNK)
            x = inputs[part]
            # Summed row by row, so that a row asked alone is told the same as among others.
            near = (self._with(x / self._reach, at[part]) * self._weights).sum(axis=1)
            made[part] = near + (x * self._line).sum(axis=1)
        return made
