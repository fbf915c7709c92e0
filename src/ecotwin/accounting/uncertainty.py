"""How errors add up.

Errors of different meters are independent: they add in quadrature. The error of one factor (or one
meter over time) is
the same in every part: it adds linearly.

Sources: GUM (JCGM 100:2008); IPCC 2006 Guidelines vol. 1 ch. 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def independent(half_widths: Iterable[float]) -> float:
    """Half-width of a sum of parts with independent errors.

    >>> independent([3.0, 4.0])
    5.0
    """
    return math.sqrt(sum(h * h for h in half_widths))


def correlated(half_widths: Iterable[float]) -> float:
    """Half-width of a sum of parts that share one error (signed half-widths).

    >>> correlated([3.0, 4.0])
    7.0
    """
    return abs(sum(half_widths))


def product(value: float, *relative: float) -> float:
    """Half-width of a product whose factors have these relative half-widths.

    >>> product(100.0, 0.03, 0.04)
    5.0
    """
    return abs(value) * independent(relative)
