"""What burning a fuel and losing a refrigerant emit, from plain numbers.

Sources: EPA GHG Emission Factors Hub 2024 (table 1); IPCC 2006 Guidelines vol. 2 ch. 2; GHG
Protocol Corporate
    Standard (biogenic CO2 apart, its CH4 and N2O in scope 1) and GWP sheet v2.0 (August 2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KWH_PER_MMBTU = 293.07107017222
"""International table Btu."""
KWH_PER_TJ = 1e6 / 3.6
KG_PER_LB = 0.45359237

COMBUSTION_GWP: Mapping[str, Mapping[str, float]] = {
    "AR4": {"CO2": 1.0, "CH4": 25.0, "N2O": 298.0},
    "AR5": {"CO2": 1.0, "CH4": 28.0, "N2O": 265.0},
    "AR6": {"CO2": 1.0, "CH4": 27.0, "N2O": 273.0},
}
"""GWP100 for combustion [kgCO2e/kg]. AR6 methane is 27.0 here (its oxidation already stands in the CO2 factor)
and 29.8 only where fossil methane escapes unburnt."""

FUGITIVE_CH4_GWP: Mapping[str, float] = {"AR4": 25.0, "AR5": 30.0, "AR6": 29.8}
"""GWP100 of fossil methane that escapes unburnt [kgCO2e/kg]."""


@dataclass(frozen=True, slots=True)
class Burnt:
    """What burning some fuel emitted.

    Attributes:
        co2_kg, ch4_kg, n2o_kg: Mass of each gas [kg].
        co2e_kg: Scope 1 [kgCO2e].
        biogenic_co2_kg: CO2 of biogenic fuel, outside the scopes [kg].
    """

    co2_kg: float
    ch4_kg: float
    n2o_kg: float
    co2e_kg: float
    biogenic_co2_kg: float


def combustion(
    energy: float,
    co2_kg: float,
    ch4_g: float = 0.0,
    n2o_g: float = 0.0,
    *,
    gwp_set: str = "AR6",
    biogenic: bool = False,
) -> Burnt:
    """Emissions of burning `energy` of a fuel: energy x factor, weighed by GWP100.

    Args:
        energy: Energy in the factor's own unit and basis (mmBtu HHV with EPA factors, TJ LHV with
            IPCC ones).
        co2_kg: CO2 factor [kg per unit of energy].
        ch4_g: CH4 factor [g per unit of energy].
        n2o_g: N2O factor [g per unit of energy].
        gwp_set: `AR4`, `AR5` or `AR6`.
        biogenic: The CO2 stands outside the scopes; CH4 and N2O stay in scope 1.

    >>> combustion(1000, 53.06, 1.0, 0.1, gwp_set="AR5").co2e_kg
    53114.5

    Raises:
        ValueError: A number is negative or the GWP set is unknown.

    Sources: EPA GHG Emission Factors Hub 2024, table 1; GHG Protocol Corporate Standard ch. 9.
    """
    if min(energy, co2_kg, ch4_g, n2o_g) < 0.0:
        raise ValueError("energy and factors of combustion are never negative")
    gwp = _gwp(gwp_set)
    co2, ch4, n2o = energy * co2_kg, energy * ch4_g / 1000.0, energy * n2o_g / 1000.0
    weighed = ch4 * gwp["CH4"] + n2o * gwp["N2O"]
    return Burnt(co2, ch4, n2o, weighed if biogenic else co2 + weighed, co2 if biogenic else 0.0)


def fuel_energy(quantity: float, heating_value: float) -> float:
    """Energy of a quantity of fuel: quantity x heating value; both name the same unit of quantity.

    >>> round(fuel_energy(1, 0.001026) * 53.06, 5)
    0.05444
    """
    return quantity * heating_value


def blend_gwp(composition: Mapping[str, float], gwp: Mapping[str, float]) -> float:
    """GWP100 of a refrigerant blend: mean of its parts weighed by mass [kgCO2e/kg].

    Args:
        composition: Gas -> share of mass; shares sum to 1.
        gwp: Gas -> GWP100 [kgCO2e/kg], all of one assessment report.

    >>> blend_gwp({"HFC-32": 0.5, "HFC-125": 0.5}, {"HFC-32": 771, "HFC-125": 3740})
    2255.5

    Raises:
        ValueError: The shares do not sum to 1, or a gas has no GWP.
    """
    if abs(sum(composition.values()) - 1.0) > 1e-6:
        raise ValueError(f"the shares of the blend sum to {sum(composition.values())}, not to 1")
    missing = sorted(composition.keys() - gwp.keys())
    if missing:
        raise ValueError(f"no GWP for {', '.join(missing)}")
    return sum(share * gwp[gas] for gas, share in composition.items())


def refrigerant_loss(refilled_kg: float, gwp: float) -> float:
    """Emission of a leak, by the mass that was refilled [kgCO2e].

    >>> refrigerant_loss(2.5, 2255.5)
    5638.75
    """
    return refilled_kg * gwp


def _gwp(gwp_set: str) -> Mapping[str, float]:
    try:
        return COMBUSTION_GWP[gwp_set]
    except KeyError:
        raise ValueError(
            f"unknown GWP set {gwp_set!r}: one of {', '.join(COMBUSTION_GWP)}"
        ) from None
