"""How signals go together, drawn towards no relation as far as the rows themselves ask for it.

The amount is the one under which stretches that were left out are most likely. So few rows of many signals are drawn
in much, many rows hardly, and directions of little variance, in which most faults show, keep their weight.

Sources: Friedman, Journal of the American Statistical Association 84 (1989) 165-175: a covariance drawn in, with the
    amount by cross-validation.
"""

from __future__ import annotations

import numpy as np

from ecotwin.detection.scoring.frame import stretches
from ecotwin.detection.scoring.steady import across, product
from ecotwin.records import Floats

AMOUNTS = (1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
_FOLDS = 4


def drawn_in(z: Floats, least: float = 0.0) -> Floats:
    """[columns, columns] covariance of rows about zero, drawn in by `least` at least towards its own variances.

    >>> z = np.random.default_rng(0).normal(size=(2000, 2))
    >>> bool(np.abs(drawn_in(z) - np.eye(2)).max() < 0.1)
    True
    """
    p, scores = z.shape[1], np.zeros(len(AMOUNTS))
    whole = z.T @ z
    for first, end in stretches(len(z), _FOLDS):
        out = z[first:end].T @ z[first:end]
        known = (whole - out) / max(len(z) - (end - first), 1)
        size = float(np.trace(known)) / p
        value, vector = np.linalg.eigh(known)
        seen = np.einsum("ij,ij->j", vector, out @ vector)
        for k, amount in enumerate(AMOUNTS):
            drawn = (1.0 - amount) * np.maximum(value, 0.0) + amount * size + 1e-300
            scores[k] -= (end - first) * np.log(drawn).sum() + (seen / drawn).sum()
    amount = AMOUNTS[int(np.argmax(scores))]
    cover = whole / len(z)
    cover = (1.0 - least) * cover + least * np.diag(np.diag(cover))
    size = max(float(np.trace(cover)) / p, 1e-12)
    return np.asarray((1.0 - amount) * cover + amount * size * np.eye(p), np.float64)


def inverse(cover: Floats) -> Floats:
    """[columns, columns] its inverse, symmetric to the last digit."""
    made = np.linalg.inv(cover)
    return np.ascontiguousarray(0.5 * (made + made.T))


def distance(z: Floats, sharp: Floats) -> tuple[Floats, Floats]:
    """Distance of each row by `sharp`, the inverse covariance, and what each value adds.

    What a value adds is how much the squared distance falls when the value is replaced by what the others let expect.

    Sources: Alcala and Qin, Automatica 45 (2009) 1593-1600: contributions by reconstruction.
    """
    weighed = product(z, sharp)
    squared = np.maximum(across(z * weighed), 0.0)
    own = np.diag(sharp)
    return np.sqrt(squared), weighed * weighed / np.maximum(
        own, 1e-9 * max(float(own.max()), 1e-290)
    )
