"""All ways together, each trusted by what it missed lately; the forecaster taken where none is named."""

from __future__ import annotations

from ecotwin.forecasting.boosted import Boosted
from ecotwin.forecasting.linear import Linear
from ecotwin.forecasting.member import Member
from ecotwin.forecasting.seasonal import WAYS, Repeated
from ecotwin.forecasting.similar_days import Similar
from ecotwin.forecasting.weighed import Weighed

LEARNED_SHARE = 0.8
"""Trust in those that learn before anything was seen; the ways of repeating share the rest."""


def members() -> tuple[tuple[Member, ...], list[float]]:
    """The ways, and how far each is trusted before anything was seen."""
    repeated = tuple(Repeated(way) for way in WAYS)
    trees = (
        Boosted(),
        Boosted("scattered", scattered=True, seed=2),
        Boosted("anchored", anchored=True, seed=3),
    )
    learned = (Linear(), Similar("days", level=True), *trees)
    # Trees are of one kind: together they count as two.
    shares = [1.0, 1.0, *[2.0 / len(trees)] * len(trees)]
    means = [3.0 if way.endswith("alike") else 0.5 for way in WAYS]
    prior = [(1 - LEARNED_SHARE) * m / sum(means) for m in means]
    return (*repeated, *learned), [*prior, *(LEARNED_SHARE * s / sum(shares) for s in shares)]


def plug() -> Weighed:
    """Repeated values, days alike, the linear map and three kinds of trees."""
    ways, trust = members()
    return Weighed("mixed", ways, trust)
