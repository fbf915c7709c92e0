"""By how much the level of references moved at a turn, the inputs held equal."""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats

NEWEST = 2000
_RIDGE = 1e-3


def lift(inputs: Floats, target: Floats, turn: int) -> float:
    """How far references from row `turn` on lie above those before it, inputs held equal.

    A curve of the inputs and a step at the turn are fitted together to the newest references.

    Args:
        inputs: [rows, inputs]. target: [rows].

    >>> x = np.linspace(0.0, 9.0, 100)[:, None]
    >>> round(lift(x, 2.0 * x[:, 0] + 5.0 * (np.arange(100) >= 60), 60), 2)
    5.04
    """
    first = max(0, len(target) - NEWEST)
    x, y = inputs[first:], target[first:]
    after = (np.arange(len(y)) >= turn - first).astype(np.float64)
    if after.all() or not after.any():
        return 0.0
    spread = x.std(axis=0)
    moves = spread > 1e-12 * np.maximum(np.abs(x).max(axis=0), 1e-300)
    z = (x[:, moves] - x[:, moves].mean(axis=0)) / spread[moves]
    pairs = np.triu_indices(z.shape[1])
    terms = np.column_stack([np.ones(len(y)), z, z[:, pairs[0]] * z[:, pairs[1]], after])
    weigh = np.full(terms.shape[1], _RIDGE * len(y))
    weigh[0] = weigh[-1] = 0.0
    found = np.linalg.lstsq(
        np.vstack([terms, np.diag(np.sqrt(weigh))]),
        np.concatenate([y, np.zeros(len(weigh))]),
        rcond=None,
    )[0]
    return float(found[-1])
