"""Quantities and canonical units: the only door to the unit library.

Inside there are only canonical units; a signal carries one cached factor and offset, so that no value
ever passes through the unit library one by one.
"""

from __future__ import annotations

import math
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

_FINER = {
    "bar": (("mbar", 1e3), ("Pa", 1e5)),
    "kW": (("W", 1e3),),
    "kWh": (("Wh", 1e3),),
    "m3": (("l", 1e3),),
    "m3/h": (("l/h", 1e3),),
    "kg": (("g", 1e3),),
    "kg/h": (("g/h", 1e3),),
    "kgCO2e": (("g CO2e", 1e3),),
}
"""Units that people take for small amounts, the next finer first, with how many make one."""
FINER_BELOW = 0.1
"""Less than this of a unit is told in a finer one."""


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


def said(value: float, unit: str = "", figures: int = 3) -> str:
    """A value as people say it: a unit that fits its size, no more digits than it deserves, no powers of ten.

    Args:
        value: In `unit`. unit: Canonical; what is small in it is told in a finer one.
        figures: Significant figures; two for a difference, which is never known as well as what it is made of.

    >>> said(0.0004, "bar"), said(0.052, "bar"), said(0.0346, "kW", 2), said(0.00292, "m3/h")
    ('40.0 Pa', '52.0 mbar', '35 W', '2.92 l/h')
    >>> said(15.6234, "kW"), said(1.4996, "m3/h", 2), said(12345.0), said(-0.5, "degC", 2), said(0.0, "bar")
    ('15.6 kW', '1.5 m3/h', '12,300', '-0.5 degC', '0 bar')
    """
    if not math.isfinite(value):
        return "unknown"
    if 0.0 < abs(value) < FINER_BELOW and unit in _FINER:
        finer = _FINER[unit]
        unit, times = next((f for f in finer if abs(value) * f[1] >= 1.0), finer[-1])
        value *= times
    return f"{_figures(value, figures)} {'' if unit == '1' else unit}".rstrip()


def _figures(value: float, figures: int) -> str:
    if abs(value) < 5e-4:
        return "0"
    rounded = float(f"{value:.{figures}g}")
    places = max(0, figures - 1 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text and figures < 3 else text


def _text(unit: str) -> str:
    return _SPELLING.get(unit, unit)
