"""The small tables of this package as factors for the shelf: what is left when no table is imported."""

from __future__ import annotations

from datetime import date

from ecotwin.accounting.factors.record import Factor, Part, weighed, whole_year
from ecotwin.accounting.factors.tables import Row, table
from ecotwin.accounting.fuels import KWH_PER_MMBTU, KWH_PER_TJ

_KWH = {"mmBtu": KWH_PER_MMBTU, "TJ": KWH_PER_TJ}
_GAS = {"co2": "CO2", "ch4": "CH4", "n2o": "N2O", "biogenic_co2": "biogenic CO2"}


def shipped(gwp_set: str) -> tuple[Factor, ...]:
    """Combustion factors of EPA and IPCC per kWh of fuel, gases weighed by a set [kgCO2e/kWh].

    Those of the EPA hold for the year of their edition, the IPCC's defaults from their year on.

    >>> round(next(f for f in shipped("AR5") if f.id == "epa-hub/natural_gas/AR5/2024").value, 5)
    0.18123

    Raises:
        FactorGap: The set is unknown.
    """
    fuels: dict[str, list[Row]] = {}
    for row in table("combustion").values():
        fuels.setdefault(row.id.rsplit("/", 1)[0], []).append(row)
    return tuple(_factor(rows, gwp_set) for rows in fuels.values())


def _factor(rows: list[Row], gwp_set: str) -> Factor:
    head = rows[0]
    parts = tuple(_part(row, gwp_set) for row in rows)
    value = sum(part.co2e_kg for part in parts)
    spread = sum((p.co2e_kg * r.uncertainty) ** 2 for p, r in zip(parts, rows, strict=True)) ** 0.5
    publisher = head.id.split("/", 1)[0]
    first, last = whole_year(head.year)
    return Factor(
        f"{publisher}/{head.subject}/{gwp_set}/{head.year}",
        ("Combustion", head.subject.replace("_", " ")),
        value,
        "kgCO2e/kWh",
        head.basis,
        head.place,
        head.year,
        first,
        date.max if publisher.startswith("ipcc") else last,
        head.source,
        head.version,
        gwp_set,
        parts,
        "Scope 1",
        spread / value,
    )


def _part(row: Row, gwp_set: str) -> Part:
    mass, below = row.unit.split("/")
    return weighed(
        _GAS[row.name], row.value * (0.001 if mass == "g" else 1.0) / _KWH[below], gwp_set
    )
