"""Errors carried through by drawing: the check on the linear law, and its better where errors are large.

The same products as in `uncertainty.first_order` are drawn many times. Numbers of one `id` are drawn once a trial, so
that a factor used in many places, a meter counted in two scopes and an allocation share err alike everywhere.

Sources: JCGM 101:2008; IPCC 2006 Guidelines vol. 1 ch. 3, approach 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.uncertainty import Uncertain
from ecotwin.records import Floats

SPREADS = ("normal", "lognormal")
"""`lognormal`: never below zero, with the same mean and standard deviation as the normal one."""
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the draws came to.

    Attributes:
        mean: Of all draws. low, high: 2.5 % and 97.5 % points. draws: How many.
        low_error, high_error: Standard errors of the two points, by the spacing of the draws around them.
    """

    mean: float
    low: float
    high: float
    draws: int
    low_error: float
    high_error: float

    @property
    def half(self) -> float:
        """Half of the 95 % interval."""
        return (self.high - self.low) / 2.0

    def agrees(self, value: float, half: float, times: float = 4.0) -> bool:
        """Whether an interval `value +- half` lies within so many standard errors of the drawn one."""
        return (
            abs(value - half - self.low) <= times * self.low_error
            and abs(value + half - self.high) <= times * self.high_error
        )


def simulate(
    products: Iterable[Sequence[Uncertain]],
    rng: np.random.Generator,
    draws: int = 20_000,
    spread: str = "normal",
) -> Simulated:
    """Draw a sum of products of uncertain numbers.

    Args:
        products: Each the factors of one product; see `uncertainty.first_order`.
        rng: The source of chance, seeded by whoever calls. draws: Trials. spread: One of `SPREADS`.

    >>> gas, factor = Uncertain("meter", 100.0, 3.0), Uncertain("factor", 2.0, 0.08)
    >>> simulate([(gas, factor)], np.random.default_rng(1)).agrees(200.0, 10.0)
    True

    Raises:
        ValueError: One id stands for two numbers, the spread is unknown, a lognormal number is not above zero, or
            there are too few draws for a 95 % interval.
    """
    if spread not in SPREADS:
        raise ValueError(f"unknown spread {spread!r}: one of {', '.join(SPREADS)}")
    if draws < 1000:
        raise ValueError(f"{draws} draws tell no 95 % interval: take at least 1000")
    known: dict[str, tuple[Uncertain, Floats]] = {}
    total = np.zeros(draws)
    for product_of in products:
        trial = np.ones(draws)
        for u in product_of:
            if not u.half:
                trial *= u.value
                continue
            if u.id not in known:
                known[u.id] = (u, _drawn(u, rng, draws, spread))
            elif known[u.id][0] != u:
                raise ValueError(f"{u.id!r} stands for two numbers: {known[u.id][0]} and {u}")
            trial *= known[u.id][1]
        total += trial
    return _told(total)


def _drawn(u: Uncertain, rng: np.random.Generator, draws: int, spread: str) -> Floats:
    deviation = u.half / _Z
    if spread == "normal":
        return rng.normal(u.value, deviation, draws)
    if u.value <= 0.0:
        raise ValueError(f"{u.id!r} is {u.value}: a lognormal number is above zero")
    variance = math.log1p((deviation / u.value) ** 2)
    return rng.lognormal(math.log(u.value) - variance / 2.0, math.sqrt(variance), draws)


def _told(total: Floats) -> Simulated:
    """Mean and 95 % points; each point's error from the ranks one binomial deviation below and above it."""
    ordered = np.sort(total)
    draws = len(ordered)
    rank = math.sqrt(0.025 * 0.975 * draws)

    def at(place: float) -> float:
        return float(ordered[min(draws - 1, max(0, round(place)))])

    points = (0.025 * (draws - 1), 0.975 * (draws - 1))
    errors = [(at(p + rank) - at(p - rank)) / 2.0 for p in points]
    return Simulated(float(total.mean()), at(points[0]), at(points[1]), draws, errors[0], errors[1])
