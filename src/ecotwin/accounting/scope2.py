"""Scope 2 by both methods, from plain numbers; yearly, monthly or hourly.

Sources: GHG Protocol Scope 2 Guidance (2015), tables 6.3 and 7.1; hourly matching as put to
consultation in
    October 2025.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ecotwin.records import Floats

QUALITY_CRITERIA = (
    "conveys_emission_rate",
    "sole_claim",
    "tracked_and_retired",
    "vintage_near_use",
    "same_market",
    "calculated_for_utility",
    "no_certificates_sold_on",
    "residual_mix_known",
)
"""The eight scope-2 quality criteria, in the order of the Guidance."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A certificate or contract as the market-based method counts it.

    Attributes:
        kwh: [hours] or one number: energy it covers [kWh].
        factor: Its emission rate [kgCO2e/kWh].
    """

    kwh: ArrayLike
    factor: float


@dataclass(frozen=True, slots=True)
class MarketBased:
    """Outcome of the market-based method.

    Attributes:
        co2e_kg: [kgCO2e]. covered_kwh: Need met by instruments [kWh]. residual_kwh: Need left to
            the residual mix [kWh]. surplus_kwh: Certificates that met no need of their own hour
            [kWh].
    """

    co2e_kg: float
    covered_kwh: float
    residual_kwh: float
    surplus_kwh: float


def location_based(kwh: ArrayLike, factor: ArrayLike) -> float:
    """Location-based scope 2: sum of energy x grid factor of the place and time [kgCO2e].

    >>> location_based(1_000_000, 0.2)
    200000.0
    """
    return float(np.sum(np.asarray(kwh, np.float64) * np.asarray(factor, np.float64)))


def market_based(
    kwh: ArrayLike, instruments: Sequence[Instrument], residual_factor: ArrayLike
) -> MarketBased:
    """Market-based scope 2: instruments first, each clamped to the need of its own period, then the residual mix.

    With one number for `kwh` it is yearly (or monthly) matching, with an array of hours hourly
    matching: a surplus in one hour never covers another.

    Args:
        kwh: Bought energy, one number or [hours] [kWh].
        instruments: In the order in which they are used.
        residual_factor: Residual mix, one number or [hours] [kgCO2e/kWh].

    >>> market_based(1_000_000, [Instrument(600_000, 0.0)], 0.45).co2e_kg
    180000.0
    >>> market_based([10, 10], [Instrument([20, 0], 0.0)], 0.5)
    MarketBased(co2e_kg=5.0, covered_kwh=10.0, residual_kwh=10.0, surplus_kwh=10.0)

    Raises:
        ValueError: Energy or a certificate is negative.
    """
    left = np.atleast_1d(np.asarray(kwh, np.float64)).copy()
    co2e = covered = surplus = 0.0
    if (left < 0).any():
        raise ValueError("bought energy is negative: export is no part of scope 2")
    for instrument in instruments:
        certified = np.broadcast_to(np.asarray(instrument.kwh, np.float64), left.shape)
        if (certified < 0).any():
            raise ValueError("a certificate covers no negative energy")
        used = np.minimum(left, certified)
        left -= used
        covered += float(used.sum())
        surplus += float((certified - used).sum())
        co2e += float(used.sum()) * instrument.factor
    co2e += float(np.sum(left * np.asarray(residual_factor, np.float64)))
    return MarketBased(co2e, covered, float(left.sum()), surplus)


def matched_share(load_kwh: ArrayLike, certificate_kwh: ArrayLike) -> float:
    """Share of the load that certificates of the same hour cover, 0..1.

    >>> matched_share([10, 10], [20, 5])
    0.75
    """
    load = np.asarray(load_kwh, np.float64)
    total = float(load.sum())
    return (
        float(np.minimum(load, np.asarray(certificate_kwh, np.float64)).sum()) / total
        if total
        else 0.0
    )


def grid_rate(lb_per_mwh: float) -> float:
    """A grid factor given in pounds per MWh (eGRID) in kg per kWh.

    >>> round(grid_rate(669.23) * 1_000_000, 4)
    303557.6218
    """
    return lb_per_mwh * 0.45359237 / 1000.0


def unmet_criteria(met: Mapping[str, bool]) -> tuple[str, ...]:
    """What speaks against an instrument: criteria that are not met, and those of the eight on which nothing was said.

    Schemes word the eight differently, so eight criteria of any names that all hold are enough.

    >>> unmet_criteria(dict.fromkeys(QUALITY_CRITERIA[:7], True))
    ('residual_mix_known',)
    >>> unmet_criteria({**dict.fromkeys(QUALITY_CRITERIA, True), "sole_claim": False})
    ('sole_claim',)
    """
    failed = [name for name, holds in met.items() if not holds]
    unsaid = [name for name in QUALITY_CRITERIA if name not in met]
    return tuple(failed + unsaid[: max(0, len(QUALITY_CRITERIA) - len(met))])


def hourly(values: Floats, steps_per_hour: int) -> Floats:
    """Sums of equal steps by hour; a last hour that is cut stays a shorter hour.

    >>> hourly(np.ones(5), 2)
    array([2., 2., 1.])
    """
    if steps_per_hour <= 1:
        return values
    return np.add.reduceat(values, np.arange(0, len(values), steps_per_hour))
