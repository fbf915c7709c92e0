"""GMRES whose sums run on one thread.

scipy's own multiplies its short, wide bases with the BLAS library, which starts a thread a core for each of thousands
of small products. Beside a twin at work the threads wait for each other: 20,000 processes took 2 to 6 s on two busy
cores, and 0.1 s without threads. Sums in a fixed order also give the same last digit on every machine.

Sources: Saad & Schultz, GMRES: a generalized minimal residual algorithm (1986).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.records import Floats


def gmres(
    matrix: Any, right: Floats, *, relative: float, restart: int = 60, cycles: int = 4
) -> tuple[Floats, int]:
    """Finds x with |A x - b| <= relative x |b|, or the best that was found.

    Args:
        matrix: Square, anything that multiplies a vector. right: b. relative: Wanted residual.
        restart: Steps of a cycle. cycles: At most.

    Returns:
        x, and how many steps it took.

    >>> x, steps = gmres(np.array([[1.0, -0.5], [-0.2, 1.0]]), np.array([1.0, 0.0]), relative=1e-12)
    >>> [round(float(v), 6) for v in x], steps
    ([1.111111, 0.222222], 2)
    """
    x, rest, steps = np.zeros_like(right), right, 0
    goal = relative * _norm(right)
    for _ in range(cycles):
        size = _norm(rest)
        if size <= goal or not np.isfinite(size):
            break
        step, count = _cycle(matrix, rest, size, goal, min(restart, len(right)))
        x, steps = x + step, steps + count
        rest = right - matrix @ x
    return x, steps


def _cycle(matrix: Any, rest: Floats, size: float, goal: float, most: int) -> tuple[Floats, int]:
    basis = np.empty((most + 1, len(rest)))
    upper = np.zeros((most + 1, most))
    turns = np.zeros((most, 2))
    target = np.zeros(most + 1)
    basis[0], target[0] = rest / size, size
    k = 0
    while k < most:
        fresh = matrix @ basis[k]
        length = _norm(fresh)
        for j in range(k + 1):
            upper[j, k] = np.einsum("i,i->", basis[j], fresh)
            fresh = fresh - upper[j, k] * basis[j]
        left = _norm(fresh)
        for j in range(k):
            c, s = turns[j]
            a, b = upper[j, k], upper[j + 1, k]
            upper[j, k], upper[j + 1, k] = c * a + s * b, c * b - s * a
        radius = float(np.hypot(upper[k, k], left))
        if radius == 0.0:
            break
        c, s = turns[k] = upper[k, k] / radius, left / radius
        upper[k, k] = radius
        target[k], target[k + 1] = c * target[k], -s * target[k]
        k += 1
        if abs(target[k]) <= goal or left <= 1e-14 * length:
            break
        basis[k] = fresh / left
    weights = np.zeros(k)
    for i in range(k - 1, -1, -1):
        weights[i] = (target[i] - upper[i, i + 1 : k] @ weights[i + 1 :]) / upper[i, i]
    return np.einsum("i,ij->j", weights, basis[:k]), k


def _norm(vector: Floats) -> float:
    return float(np.sqrt(np.einsum("i,i->", vector, vector)))
