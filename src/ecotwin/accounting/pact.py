"""The rules of product carbon footprints as the PACT data exchange knows them, from plain numbers.

Sources: PACT Technical Specifications 3.0.3 (`spec/v3/openapi.yaml`); PACT Methodology V3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from ecotwin.clock import Period
from ecotwin.errors import FigureGap

SPEC_VERSION = "3.0.3"
CO2_PER_C = 44.0 / 12.0
"""Mass of CO2 made of a mass of carbon [kg/kg]."""
VALID_YEARS = 3
"""A footprint holds so long after its reference period, at most and where nothing else is said."""
DECLARED_UNITS = {
    "liter": "l",
    "kilogram": "kg",
    "cubic meter": "m3",
    "kilowatt hour": "kWh",
    "megajoule": "MJ",
    "ton kilometer": "t.km",
    "square meter": "m2",
    "piece": "piece",
    "hour": "h",
    "megabit second": "Mbit.s",
}
"""PACT's names of declared units -> the names used here."""
TERMS = (
    "fossilGhgEmissions",
    "landUseChangeGhgEmissions",
    "landManagementBiogenicCO2Emissions",
    "landManagementBiogenicCO2Removals",
    "technologicalCO2Removals",
    "ccsTechnologicalCO2Capture",
    "biogenicNonCO2Emissions",
)
"""What the footprint without biogenic uptake is the sum of."""
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def is_decimal(value: object) -> bool:
    """Whether a value is a PACT decimal: a *string* of digits, no exponent, digits on both sides of a point.

    >>> [is_decimal(v) for v in ("42.12", "+1.5", "1e3", ".5", "1.", 10)]
    [True, True, False, False, False, False]
    """
    return isinstance(value, str) and _DECIMAL.fullmatch(value) is not None


def decimal_text(value: float, digits: int = 9) -> str:
    """A number as a PACT decimal, rounded to so many significant digits, never with an exponent.

    >>> decimal_text(0.00000012345), decimal_text(-1250.0), decimal_text(1e21)
    ('0.00000012345', '-1250', '1000000000000000000000')

    Raises:
        FigureGap: It is no finite number.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise FigureGap(
            f"{value} cannot be exchanged", expected="a number", remedy="find out why it is none"
        )
    text = f"{Decimal(f'{value:.{digits}g}'):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def biogenic_uptake(carbon_kg: float) -> float:
    """CO2 that the biomass in a product took up: -carbon x 44/12 [kgCO2], zero or negative.

    Args:
        carbon_kg: Biogenic carbon in the product at the gate [kg].

    >>> round(biogenic_uptake(0.44), 2)
    -1.61
    """
    return -carbon_kg * CO2_PER_C


def pcf_excluding_uptake(
    fossil: float,
    land_use_change: float = 0.0,
    land_management_co2: float = 0.0,
    land_management_removals: float = 0.0,
    technological_removals: float = 0.0,
    ccs_capture: float = 0.0,
    biogenic_non_co2: float = 0.0,
) -> float:
    """Footprint without biogenic uptake: the sum of its parts, removals and capture negative [kgCO2e].

    `fossil` already holds the fossil emissions of land management: they are not added again.

    >>> round(pcf_excluding_uptake(4.78, land_management_co2=0.36), 2)
    5.14
    """
    return (
        fossil
        + land_use_change
        + land_management_co2
        + land_management_removals
        + technological_removals
        + ccs_capture
        + biogenic_non_co2
    )


def pcf_including_uptake(excluding: float, uptake: float) -> float:
    """Footprint with biogenic uptake: the one without + uptake (zero or negative) [kgCO2e].

    >>> round(pcf_including_uptake(5.14, -19.36), 2)
    -14.22
    """
    return excluding + uptake


def default_end(reference_end: datetime) -> datetime:
    """Three years after the reference period; 29 February becomes the 28th.

    >>> default_end(datetime.fromisoformat("2024-02-29T00:00:00+00:00")).date().isoformat()
    '2027-02-28'
    """
    year = reference_end.year + VALID_YEARS
    try:
        return reference_end.replace(year=year)
    except ValueError:
        return reference_end.replace(year=year, day=28)


def validity(
    reference_end: datetime, start: datetime | None = None, end: datetime | None = None
) -> Period:
    """For which time a footprint may be used.

    Args:
        reference_end: End of the time its data is of. start, end: As declared; None: the default.

    Returns:
        From `start` (else the reference period's end) to `end` (else three years later).

    Raises:
        FigureGap: It would begin before the reference period ended, hold longer than three years
            after it, or end before it begins.
    """
    begin, stop, last = (
        start or reference_end,
        end or default_end(reference_end),
        default_end(reference_end),
    )
    if begin < reference_end or stop > last or stop < begin:
        raise FigureGap(
            f"a validity from {begin.isoformat()} to {stop.isoformat()} of data up to {reference_end.isoformat()}",
            expected=f"within {reference_end.isoformat()} and {last.isoformat()}",
            remedy="correct the validity period",
        )
    return Period(begin, stop)


def primary_data_share(parts: Iterable[tuple[float, float]]) -> float:
    """Share of a footprint that rests on primary data: sum(share x |pcf|) / sum|pcf| [%].

    Args:
        parts: (footprint without uptake [kgCO2e], its own share [%]) of each input.

    >>> primary_data_share([(10, 100), (30, 50), (60, 0)])
    25.0

    Raises:
        FigureGap: No part weighs anything.
    """
    pairs = list(parts)
    weight = sum(abs(pcf) for pcf, _ in pairs)
    if weight == 0.0:
        raise FigureGap(
            "the primary data share of a footprint of zero",
            expected="at least one part with an emission",
            remedy="leave the share out",
        )
    return sum(share * abs(pcf) for pcf, share in pairs) / weight


def data_quality(parts: Iterable[tuple[float, float | None]]) -> float:
    """Data quality rating weighed by emission: 1 is best, 5 worst; unknown counts as 5.

    >>> data_quality([(75, 1.0), (25, None)])
    2.0

    Raises:
        FigureGap: No part weighs anything, or a rating lies outside 1 to 5.
    """
    pairs = [(pcf, 5.0 if rating is None else rating) for pcf, rating in parts]
    for _, rating in pairs:
        if not 1.0 <= rating <= 5.0:
            raise FigureGap(
                f"a data quality of {rating}", expected="1 (best) to 5", remedy="correct it"
            )
    return primary_data_share(pairs)
