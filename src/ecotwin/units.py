"""Quantities and canonical units: the only door to the unit library.

Inside there are only canonical units; a signal carries one cached factor and offset, so that no value
ever passes through the unit library one by one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ecotwin.errors import UnitFault

if TYPE_CHECKING:
    from pint import UnitRegistry

_SPELLING = {
    "%": "percent",
    "1": "dimensionless",
    "": "dimensionless",
    "m3": "meter**3",
    "m3/h": "meter**3/hour",
    "m3/min": "meter**3/minute",
    "Nm3": "meter**3",
    "Nm3/h": "meter**3/hour",
    "Nm3/min": "meter**3/minute",
    "kvarh": "kilowatt_hour",
    "W/m2": "watt/meter**2",
    "mg/m3": "milligram/meter**3",
    "mg/Nm3": "milligram/meter**3",
    "kgCO2e": "kilogram",
    "short_ton": "short_ton",
    "mmBtu": "1e6 * Btu_it",
    "scf": "foot**3",
    "pcs": "dimensionless",
}


@cache
def _registry() -> UnitRegistry[float]:
    from pint import UnitRegistry

    return UnitRegistry(autoconvert_offset_to_baseunit=True)


@cache
def conversion(unit: str, canonical: str) -> tuple[float, float]:
    """Factor and offset with `value[canonical] = value[unit] x factor + offset`.

    >>> conversion("MWh", "kWh")
    (1000.0, 0.0)
    >>> conversion("degF", "degC")
    (0.555555555556, -17.7777777778)

    Raises:
        UnitFault: A unit is unknown, or the two do not measure the same thing.
    """
    if unit == canonical:
        return 1.0, 0.0
    ureg = _registry()
    try:
        zero = float(ureg.Quantity(0.0, _text(unit)).to(_text(canonical)).magnitude)
        one = float(ureg.Quantity(1.0, _text(unit)).to(_text(canonical)).magnitude)
    except Exception as fault:
        raise UnitFault(
            f"unit {unit!r} cannot be turned into {canonical!r} ({type(fault).__name__})",
            expected=f"a unit of the same kind as {canonical}",
            remedy="correct the unit; examples: kW, MWh, m3/h, L, degF, psi, g, short_ton",
        ) from None
    return float(f"{one - zero:.12g}"), float(f"{zero:.12g}")


def convert(value: float, unit: str, canonical: str) -> float:
    """One value in another unit.

    >>> convert(1, "short_ton", "kg")
    907.18474
    """
    factor, offset = conversion(unit, canonical)
    return value * factor + offset


def _text(unit: str) -> str:
    return _SPELLING.get(unit, unit)
