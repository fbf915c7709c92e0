"""Weighing gases and turning factors from one basis into another, with plain numbers.

Sources: IPCC AR4 WGI table 2.14, AR5 WGI table 8.A.1, AR6 WGI table 7.SM.7; GHG Protocol GWP sheet v2.0
    (August 2024) for methane by origin; GHG Protocol Scope 3 Technical Guidance, category 3, for losses of the grid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecotwin.accounting.factors.tables import table
from ecotwin.accounting.fuels import blend_gwp
from ecotwin.errors import FactorGap
from ecotwin.records import FactorUse

GWP_SETS = ("AR4", "AR5", "AR6")
ORIGINS = ("combustion", "biogenic", "fossil fugitive")
"""Where methane comes from: fossil methane that escapes unburnt weighs more, as the CO2 it turns into is new."""
FORMULAS: Mapping[str, str] = {
    "PFC-14": "CF4",
    "PFC-116": "C2F6",
    "PFC-218": "C3F8",
    "PFC-318": "c-C4F8",
    "PFC-31-10": "C4F10",
    "PFC-41-12": "C5F12",
    "PFC-51-14": "C6F14",
}
"""Industrial designation -> name in the table. Source: EPA GHG Emission Factors Hub 2025, table 11."""


def gwp100(gas: str, gwp_set: str, *, origin: str = "combustion") -> float:
    """GWP over 100 years: mass x GWP = kgCO2e [kgCO2e/kg].

    Args:
        gas: As in the table: `CO2`, `CH4`, `N2O`, `SF6`, `HFC-134a`, `PFC-116`...
        gwp_set: `AR4`, `AR5` or `AR6`.
        origin: One of `ORIGINS`; it matters for methane only. Methane of combustion is 27.0 in AR6 even from
            fossil fuel, because its carbon already stands in the CO2 factor.

    >>> gwp100("CH4", "AR6"), gwp100("CH4", "AR6", origin="fossil fugitive"), gwp100("HFC-134a", "AR5")
    (27.0, 29.8, 1300.0)

    Raises:
        FactorGap: The gas, the set or the origin is unknown; near names are given.

    Sources: see the module.
    """
    if origin not in ORIGINS:
        raise FactorGap(
            f"unknown origin {origin!r} of {gas}",
            expected=f"one of {', '.join(ORIGINS)}",
            remedy="state where the gas comes from",
        )
    name = (
        "CH4-fossil-fugitive"
        if gas == "CH4" and origin == "fossil fugitive"
        else FORMULAS.get(gas, gas)
    )
    row = table("gwp").get(f"gwp/{name}/{gwp_set}")
    if row is None:
        raise FactorGap(
            f"there is no GWP100 of {gas} in {gwp_set}",
            expected=f"one of {', '.join(GWP_SETS)}; {_near(gas)}",
            remedy="correct the name, or give a factor of your own with its source",
        )
    return row.value


def co2e(masses_kg: Mapping[str, float], gwp_set: str, *, origin: str = "combustion") -> float:
    """Sum over gases of mass x GWP100 [kgCO2e].

    >>> round(co2e({"CO2": 53.06, "CH4": 0.001, "N2O": 0.0001}, "AR5"), 4)
    53.1145

    Raises:
        FactorGap: A gas is not in the table, or a mass is negative.
    """
    negative = [gas for gas, mass in masses_kg.items() if not mass >= 0.0]
    if negative:
        raise FactorGap(
            f"the mass of {', '.join(negative)} is negative or no number",
            expected="masses of zero or more",
            remedy="correct them; removals are accounted for apart",
        )
    return sum(mass * gwp100(gas, gwp_set, origin=origin) for gas, mass in masses_kg.items())


def blend_gwp100(name: str, gwp_set: str) -> float:
    """GWP100 of a refrigerant blend: sum of share of mass x GWP100 of each part [kgCO2e/kg].

    >>> blend_gwp100("R-404A", "AR5"), blend_gwp100("R-410A", "AR6")
    (3942.8, 2255.5)

    Raises:
        FactorGap: The composition is not in the table.

    Sources: composition ANSI/ASHRAE Standard 34 and EPA GHG Emission Factors Hub 2025, table 12.
    """
    shares = {row.name: row.value for row in table("blends").values() if row.subject == name}
    if not shares:
        known = sorted({row.subject for row in table("blends").values()})
        raise FactorGap(
            f"the composition of {name} is not known",
            expected=f"one of {', '.join(known)}",
            remedy="call blend_gwp with its gases and shares",
        )
    return float(f"{blend_gwp(shares, {gas: gwp100(gas, gwp_set) for gas in shares}):.10g}")


def total_co2e(amounts: Iterable[tuple[float, FactorUse]]) -> float:
    """Sum of activity x factor, all of one GWP set [kgCO2e].

    >>> gas = FactorUse("a", 0.2, "kgCO2e/kWh", "GB", 2024, "s", "1", "AR5")
    >>> total_co2e([(100.0, gas), (50.0, gas)])
    30.0

    Raises:
        FactorGap: The factors are of different GWP sets, one does not state its set, or one is no emission.
    """
    rows = list(amounts)
    for _, use in rows:
        if not use.unit.startswith("kgCO2e/"):
            raise FactorGap(
                f"{use.id} is in {use.unit}, which is no emission",
                expected="kgCO2e per unit",
                remedy="leave it out of the sum, or multiply it first",
            )
        if not use.gwp_set:
            raise FactorGap(
                f"{use.id} does not say by which GWP set its gases are weighed",
                expected=f"one of {', '.join(GWP_SETS)}",
                remedy="ask the publisher and state `gwp_set`",
            )
    sets = sorted({use.gwp_set for _, use in rows})
    if len(sets) > 1:
        named = "; ".join(
            f"{gwp_set}: {next(u.id for _, u in rows if u.gwp_set == gwp_set)}" for gwp_set in sets
        )
        raise FactorGap(
            f"factors of {' and '.join(sets)} would be mixed in one total ({named})",
            expected="one GWP set in a total",
            remedy="weigh all of them by one set, or report the totals apart",
        )
    return sum(amount * use.value for amount, use in rows)


def per_net_energy(per_gross: float, net_over_gross: float) -> float:
    """A factor per kWh of net calorific value from one per gross kWh: factor / (net / gross) [kgCO2e/kWh].

    >>> round(per_net_energy(0.1829, 0.9026), 4)
    0.2026

    Raises:
        FactorGap: The ratio is not in (0, 1]: net energy is never above gross energy.

    Sources: IPCC 2006 Guidelines vol. 2 ch. 1, box 1.1 (about 0.95 for oil and coal, 0.90 for gas).
    """
    if not 0.0 < net_over_gross <= 1.0:
        raise FactorGap(
            f"net over gross heating value is {net_over_gross}",
            expected="a ratio above 0, at most 1",
            remedy="give net heating value / gross heating value of the same fuel",
        )
    return per_gross / net_over_gross


def per_delivered_kwh(per_generated: float, loss_share: float) -> float:
    """A factor per delivered kWh from one per generated kWh: factor / (1 - loss) [kgCO2e/kWh].

    >>> round(per_delivered_kwh(0.35, 0.042), 5)
    0.36534

    Raises:
        FactorGap: The loss is not in [0, 1).

    Sources: EPA GHG Emission Factors Hub 2025, table 6 (grid gross loss).
    """
    if not 0.0 <= loss_share < 1.0:
        raise FactorGap(
            f"the share lost in the grid is {loss_share}",
            expected="a share from 0 to below 1",
            remedy="give lost energy / generated energy",
        )
    return per_generated / (1.0 - loss_share)


def grid_losses(per_generated: float, loss_share: float) -> float:
    """What a delivered kWh adds in scope 3 category 3 C: factor x loss / (1 - loss) [kgCO2e/kWh].

    >>> round(grid_losses(0.20705, 0.0812), 4)
    0.0183

    Raises:
        FactorGap: The loss is not in [0, 1).

    Sources: GHG Protocol Scope 3 Technical Guidance, category 3, activity C.
    """
    return per_delivered_kwh(per_generated, loss_share) - per_generated


def _near(gas: str) -> str:
    from difflib import get_close_matches

    names = sorted({row.subject for row in table("gwp").values()})
    near = get_close_matches(gas, names, n=3, cutoff=0.6)
    return f"near names: {', '.join(near)}" if near else f"gases: {', '.join(names)}"
