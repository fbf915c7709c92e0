"""Data quality ratings of factors as a PACT footprint tells them: technology, geography and time, 1 best to 5.

Each rating follows a plain rule from what a factor says of itself; what it does not say rates 5. The rules:

| rating | technology | geography | time (years between factor and use) |
|---|---|---|---|
| 1 | told by the supplier | the same country or a part of it | up to 3 |
| 2 | this very fuel or contract | a region that holds the country | up to 6 |
| 3 | the mean of a class or grid | the world | up to 10 |
| 4 | | another place | up to 15 |
| 5 | not told | not told | older, or not told |

Sources: the five steps of time and place follow the pedigree matrix of life cycle inventories, as background knowledge;
    PACT Methodology V3 asks for emission-weighted means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecotwin.accounting.pact import data_quality
from ecotwin.accounting.scope3 import Category
from ecotwin.records import FactorUse

UNKNOWN = 5.0
_YEARS = ((3, 1.0), (6, 2.0), (10, 3.0), (15, 4.0))
_EUROPE = frozenset(
    {
        *(
            "AT",
            "BE",
            "BG",
            "CH",
            "CY",
            "CZ",
            "DE",
            "DK",
            "EE",
            "ES",
            "FI",
            "FR",
            "GB",
            "GR",
            "HR",
            "HU",
        ),
        *(
            "IE",
            "IS",
            "IT",
            "LI",
            "LT",
            "LU",
            "LV",
            "MT",
            "NL",
            "NO",
            "PL",
            "PT",
            "RO",
            "SE",
            "SI",
            "SK",
        ),
    }
)
_REGIONS = {
    "EU": _EUROPE - {"CH", "GB", "IS", "LI", "NO"},
    "EU27": _EUROPE - {"CH", "GB", "IS", "LI", "NO"},
    "EUROPE": _EUROPE,
    "RER": _EUROPE,
}
_WORLD = frozenset({"GLOBAL", "GLO", "WORLD", "ROW"})


@dataclass(frozen=True, slots=True)
class Rating:
    """Three ratings, 1 best to 5."""

    technology: float = UNKNOWN
    geography: float = UNKNOWN
    time: float = UNKNOWN


def geography(place: str, country: str) -> float:
    """How well a factor's place fits a country.

    >>> [geography(p, "DE") for p in ("DE", "DE-HH", "EU", "global", "CN", "")]
    [1.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    given = place.strip().upper()
    if not given or not country:
        return UNKNOWN
    if given == country or given.startswith(f"{country}-"):
        return 1.0
    if country in _REGIONS.get(given, frozenset()):
        return 2.0
    return 3.0 if given in _WORLD else 4.0


def age(year: int, used: int) -> float:
    """How well a factor's year fits the year it is used in; year 0 is not told.

    >>> [age(y, 2026) for y in (2026, 2029, 2021, 2017, 2012, 1999, 0)]
    [1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0]
    """
    if not year:
        return UNKNOWN
    return next((rate for most, rate in _YEARS if abs(used - year) <= most), UNKNOWN)


def rated(factor: FactorUse, country: str, used: int, technology: float) -> Rating:
    """The ratings of one factor; `technology`: what is known of it from where it is used."""
    return Rating(
        technology if factor.source else UNKNOWN,
        geography(factor.place, country),
        age(factor.year, used),
    )


def worst(factors: Iterable[FactorUse], country: str, used: int, technology: float) -> Rating:
    """The worst of several factors behind one figure, whose parts are not told apart."""
    found = [rated(f, country, used, technology) for f in factors]
    if not found:
        return Rating()
    return Rating(*(max(getattr(r, n) for r in found) for n in ("technology", "geography", "time")))


def of_category(
    category: Category, country: str, used: int, told: Mapping[str, float] | None = None
) -> Rating:
    """Emission-weighted ratings of a category.

    Args:
        told: Factor id -> what its supplier tells of its quality, 1 to 5. A supplier's footprint without it is not
            known; any other factor is the mean of a class.
    """
    given = told or {}
    parts = []
    for part in category.parts:
        of_supplier = part.factor.basis.startswith("supplier's footprint")
        technology = given.get(part.factor.id, UNKNOWN if of_supplier else 3.0)
        parts.append((part.co2e_kg, rated(part.factor, country, used, technology)))
    return mean(parts)


def mean(parts: Iterable[tuple[float, Rating]]) -> Rating:
    """Emission-weighted mean of ratings; of nothing emitted: not known.

    >>> mean([(75.0, Rating(1.0, 1.0, 2.0)), (25.0, Rating())])
    Rating(technology=2.0, geography=2.0, time=2.75)
    """
    pairs = list(parts)
    if not sum(abs(kg) for kg, _ in pairs):
        return Rating()
    return Rating(
        *(
            data_quality((kg, getattr(r, n)) for kg, r in pairs)
            for n in ("technology", "geography", "time")
        )
    )
