"""Checks the shipped GWP and blend tables against the IPCC values and the EPA compositions, read by path.

Sources: github openclimatedata/globalwarmingpotentials (IPCC AR4 to AR6), EPA GHG Emission Factors Hub, table 12.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ecotwin.accounting.factors.gases import FORMULAS, GWP_SETS
from ecotwin.accounting.factors.tables import table
from ecotwin.errors import FileFault

_BY_ORIGIN = ("CO2", "CH4", "CH4-fossil-fugitive")
"""CO2 is 1 by definition; methane follows the GHG Protocol sheet by origin, not the IPCC's one value."""
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """A shipped number that a published table contradicts, or that it does not hold (`published` None)."""

    id: str
    shipped: float
    published: float | None


def read_gwp(lines: Iterable[str], name: str) -> dict[tuple[str, str], float]:
    """GWP100 by gas and set from the IPCC table [kgCO2e/kg].

    >>> read_gwp(["# a remark", "Species,AR4GWP100,AR5GWP100,AR6GWP100", "N2O,298,265,273"], "t")["N2O", "AR6"]
    273.0

    Raises:
        FileFault: The columns are missing.
    """
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    needed = ("Species", *(f"{ar}GWP100" for ar in GWP_SETS))
    missing = [column for column in needed if column not in (reader.fieldnames or ())]
    if missing:
        raise FileFault(
            f"{name} lacks the columns {', '.join(missing)}",
            expected=", ".join(needed),
            remedy="take globalwarmingpotentials.csv as published",
        )
    found = {}
    for row in reader:
        for ar in GWP_SETS:
            if row[f"{ar}GWP100"]:
                found[row["Species"], ar] = float(row[f"{ar}GWP100"])
    return found


def gwp_differences(published: Mapping[tuple[str, str], float]) -> tuple[Difference, ...]:
    """Rows of gwp.csv that the IPCC table contradicts or lacks; CO2 and methane by origin left out."""
    found = []
    for row in table("gwp").values():
        if row.subject in _BY_ORIGIN:
            continue
        value = published.get((_species(row.subject), row.gwp_set))
        if value is None or abs(value - row.value) > _TOLERANCE:
            found.append(Difference(row.id, row.value, value))
    return tuple(found)


def blend_differences(published: Mapping[str, Mapping[str, float]]) -> tuple[Difference, ...]:
    """Shares of blends.csv that a published composition contradicts or lacks, and gases it has more."""
    found = []
    shipped: dict[str, set[str]] = {}
    named = {
        blend: {FORMULAS.get(gas, gas): share for gas, share in shares.items()}
        for blend, shares in published.items()
    }
    for row in table("blends").values():
        shipped.setdefault(row.subject, set()).add(row.name)
        value = named.get(row.subject, {}).get(row.name)
        if value is None or abs(value - row.value) > _TOLERANCE:
            found.append(Difference(row.id, row.value, value))
    for blend, gases in shipped.items():
        for gas, share in named.get(blend, {}).items():
            if gas not in gases:
                found.append(Difference(f"blend/{blend}/{gas}", 0.0, share))
    return tuple(found)


def _species(gas: str) -> str:
    """How the IPCC table writes a gas.

    >>> _species("HFC-43-10mee"), _species("HFC-134a"), _species("c-C4F8")
    ('HFC4310mee', 'HFC134a', 'cC4F8')
    """
    return gas.replace("-", "")
