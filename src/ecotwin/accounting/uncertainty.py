"""How errors add up.

Errors of different meters are independent: they add in quadrature. The error of one factor (or one
meter over time) is
the same in every part: it adds linearly.

Sources: GUM (JCGM 100:2008); IPCC 2006 Guidelines vol. 1 ch. 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A number with its error; the same `id` in several products means the same error in all of them.

    Attributes:
        id: What it is: a meter, a factor, an allocation share. value: Its best value.
        half: Half of its 95 % interval, in the value's own unit.
    """

    id: str
    value: float
    half: float = 0.0


def first_order(products: Iterable[Sequence[Uncertain]]) -> tuple[float, float]:
    """Sum of products of uncertain numbers and half of its 95 % interval, errors carried through linearly.

    Right while the errors are small or each product holds one large error only; `montecarlo.simulate` takes the same
    products and tells when it is not.

    >>> gas, factor = Uncertain("meter", 100.0, 3.0), Uncertain("factor", 2.0, 0.08)
    >>> first_order([(gas, factor)])
    (200.0, 10.0)
    >>> first_order([(Uncertain("a", 50.0), factor), (Uncertain("b", 50.0), factor)])
    (200.0, 8.0)

    Sources: JCGM 100:2008, 5.1.2; IPCC 2006 Guidelines vol. 1 ch. 3, approach 1.
    """
    value = 0.0
    slopes: dict[str, float] = {}
    for product_of in products:
        numbers = [u.value for u in product_of]
        value += math.prod(numbers)
        for place, u in enumerate(product_of):
            if u.half:
                others = math.prod(n for at, n in enumerate(numbers) if at != place)
                slopes[u.id] = slopes.get(u.id, 0.0) + others * u.half
    return value, independent(slopes.values())
