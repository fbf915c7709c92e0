"""Arithmetic over many rows at once whose result for a row does not depend on the rows beside it.

Matrix products of a linear-algebra library add in another order when the number of rows changes, so that the same row
scored alone and within a thousand differs in the last digits. Here every row is added up in the same order always, so
that a stream may be cut anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from ecotwin.records import Bools, Floats


def product(rows: Floats, weights: Floats) -> Floats:
    """[rows, out] rows times weights [in, out], each row added up in the order of its columns.

    >>> product(np.array([[1.0, 2.0]]), np.array([[1.0, 0.0], [0.5, 2.0]]))
    array([[2., 4.]])
    """
    made = np.zeros((len(rows), weights.shape[1]))
    for i in range(weights.shape[0]):
        made += rows[:, i : i + 1] * weights[i]
    return made


def across(rows: Floats) -> Floats:
    """[rows] the sum of each row, in the order of its columns."""
    made = np.zeros(len(rows))
    for i in range(rows.shape[1]):
        made += rows[:, i]
    return made


def smoothed(rows: Floats, judged: Bools, fresh: Bools, rate: Floats, memory: Floats) -> Floats:
    """[rows, columns] moving averages that forget at `rate`; `memory` [columns] is the last one and is moved on.

    A row that is not judged leaves the memory as it is; a fresh row forgets what was before it.

    >>> one, memory = np.ones((2, 1)), np.zeros(1)
    >>> smoothed(one, np.ones(2, bool), np.zeros(2, bool), np.array([0.5]), memory).ravel().tolist()
    [0.5, 0.75]
    """
    made = np.empty_like(rows)
    _kernel()(np.ascontiguousarray(rows), judged, fresh, rate, memory, made)
    return made


def _smooth(
    rows: Floats, judged: Bools, fresh: Bools, rate: Floats, memory: Floats, made: Floats
) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            if fresh[i]:
                memory[j] = 0.0
            if judged[i]:
                memory[j] += rate[j] * (rows[i, j] - memory[j])
            made[i, j] = memory[j]


@cache
def _kernel() -> Callable[[Floats, Bools, Bools, Floats, Floats, Floats], None]:
    """Compiled where the extra `ml` is installed; else the same sums in Python, slower."""
    try:
        from numba import njit
    except ImportError:
        return _smooth
    compiled: Callable[[Floats, Bools, Bools, Floats, Floats, Floats], None] = njit(cache=True)(
        _smooth
    )
    return compiled
