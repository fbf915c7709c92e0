"""Rows of a training part that are far from all others: a few faults that crept in must not be learned as usual.

A row is left out where it lies further out than the body of the rows can explain, and only where such rows are few;
where they are many, they are a way of running of their own and stay.

Sources: Rousseeuw and Van Zomeren, Journal of the American Statistical Association 85 (1990) 633-651: distances from a
    middle and spread that far rows do not move.
"""

from __future__ import annotations

import numpy as np

from ecotwin.detection.scoring.front import moving
from ecotwin.records import Bools, Floats

FEW = 0.05
"""Share of rows that may be left out."""
FAR = 8.0
"""Spreads of a normal distribution with the same middle part, beyond which a value is far."""
_DRAWN_TO = 3.0


def sound_rows(values: Floats) -> Bools:
    """[rows] True where a row is learned from.

    >>> values = np.random.default_rng(0).normal(size=(200, 3))
    >>> values[50] = 40.0
    >>> np.flatnonzero(~sound_rows(values)).tolist()
    [50]
    """
    kept = np.ones(len(values), np.bool_)
    values = np.where(np.isfinite(values), values, np.nan)
    there = np.isfinite(values).any(axis=1)
    used = np.flatnonzero(moving(values[there]))
    if not there.any() or len(used) == 0:
        return kept
    z = values[:, used]
    middle = np.nanmedian(z, axis=0)
    low, high = np.nanquantile(z, [0.1, 0.9], axis=0)
    # A signal that hardly ever moves has no body to be far from.
    wide = (high - low) / 2.563
    z = np.where(wide > 0, (z - middle) / np.where(wide > 0, wide, 1.0), 0.0)
    z = np.where(np.isfinite(z), z, 0.0)
    body = np.clip(z, -_DRAWN_TO, _DRAWN_TO)
    cover = body.T @ body / len(body)
    cover = 0.9 * cover + 0.1 * np.diag(np.diag(cover)) + 1e-9 * np.eye(len(cover))
    squared = np.einsum("ij,ij->i", z @ np.linalg.inv(cover), z)
    usual = float(np.median(squared[there]))
    # Of a normal body the square's far end is known from its middle: FAR spreads of one signal more.
    far = there & (np.sqrt(squared) > np.sqrt(2.2 * usual) + FAR)
    return kept if far.mean() > FEW else np.asarray(~far, np.bool_)
