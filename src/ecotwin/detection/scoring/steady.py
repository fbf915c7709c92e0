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
    quick = _compiled("times")
    if quick is not None:
        out = np.zeros((len(rows), weights.shape[1]))
        quick(np.ascontiguousarray(rows), np.ascontiguousarray(weights), out)
        return out
    made = np.zeros((len(rows), weights.shape[1]))
    for i in range(weights.shape[0]):
        made += rows[:, i : i + 1] * weights[i]
    return made


def across(rows: Floats) -> Floats:
    """[rows] the sum of each row, in the order of its columns."""
    made = np.zeros(len(rows))
    quick = _compiled("sums")
    if quick is not None:
        quick(np.ascontiguousarray(rows), made)
        return made
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
    quick = _compiled("smooth") or _smooth
    quick(np.ascontiguousarray(rows), judged, fresh, rate, memory, made)
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


def _times(rows: Floats, weights: Floats, made: Floats) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            for k in range(weights.shape[1]):
                made[i, k] += rows[i, j] * weights[j, k]


def _sums(rows: Floats, made: Floats) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            made[i] += rows[i, j]


_BY_NAME: dict[str, Callable[..., None]] = {"smooth": _smooth, "times": _times, "sums": _sums}


@cache
def _compiled(name: str) -> Callable[..., None] | None:
    """Compiled where the extra `ml` is installed: the same sums in the same order, quicker; None: it is not."""
    try:
        from numba import njit
    except ImportError:
        return None
    made: Callable[..., None] = njit(cache=True)(_BY_NAME[name])
    return made
