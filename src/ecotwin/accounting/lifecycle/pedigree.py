"""What the quality of data adds to its spread, from plain numbers.

Sources: Weidema et al., Overview and methodology, data quality guideline for the ecoinvent database version 3 (2013),
    tables 10.4 and 10.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecotwin.errors import FigureGap
from ecotwin.records.lifecycle import SCORES

PEDIGREE_SOURCE = "ecoinvent data quality guideline version 3 (Weidema et al. 2013), table 10.5"
PEDIGREE: tuple[tuple[float, float, float, float, float], ...] = (
    (0.0, 0.0006, 0.002, 0.008, 0.04),
    (0.0, 0.0001, 0.0006, 0.002, 0.008),
    (0.0, 0.0002, 0.002, 0.008, 0.04),
    (0.0, 0.000025, 0.0001, 0.0006, 0.002),
    (0.0, 0.0006, 0.008, 0.04, 0.12),
)
"""Variance of the logarithm that a score of 1 to 5 adds, for each of `SCORES`."""
BASIC_VARIANCE = 0.0006
"""Variance of the logarithm of an amount whose pedigree is told and whose own spread is not (same source, table 10.4:
products, services and emissions of combustion)."""


def pedigree_variance(scores: Sequence[int]) -> float:
    """Variance of the logarithm that five scores add; a score that is not told (0) counts as the worst.

    >>> round(pedigree_variance((4, 3, 1, 3, 4)), 6)
    0.0487

    Raises:
        FigureGap: There are not five scores of 0 to 5.

    Sources: see the module.
    """
    if len(scores) != len(SCORES) or any(not 0 <= s <= 5 for s in scores):
        raise FigureGap(
            f"the pedigree {tuple(scores)}",
            expected="five scores of 1 to 5: " + ", ".join(SCORES),
            remedy="correct it",
        )
    return sum(row[(s or 5) - 1] for row, s in zip(PEDIGREE, scores, strict=True))


def geometric_deviation(scores: Sequence[int], basic_variance: float = BASIC_VARIANCE) -> float:
    """Geometric standard deviation of a lognormal amount: exp(sqrt(basic + pedigree)) [1].

    >>> round(geometric_deviation((4, 3, 1, 3, 4)), 4)
    1.2486
    """
    return math.exp(math.sqrt(basic_variance + pedigree_variance(scores)))
