"""Numbers as plant people read them."""

from __future__ import annotations

from ecotwin.units import said

UNITS = {"degC": "°C", "m3": "m³", "m3/h": "m³/h", "1": ""}


def three(value: float, unit: str = "") -> str:
    """A number with three significant figures and its unit; small ones in a finer unit.

    >>> three(15.6234, "kW"), three(12345.0), three(0.00001), three(-2.5, "m3/h"), three(0.012, "bar")
    ('15.6 kW', '12,300', '0', '-2.50 m³/h', '12.0 mbar')
    """
    text = said(value, unit)
    number, _, name = text.partition(" ")
    return f"{number} {UNITS.get(name, name)}".rstrip()


def share(value: float) -> str:
    """A share in per cent.

    >>> share(0.714), share(1.0)
    ('71 %', '100 %')
    """
    return f"{100.0 * value:.0f} %"


def lasting(hours: float) -> str:
    """A span in words.

    >>> lasting(0.25), lasting(7.5), lasting(80)
    ('15 min', '7.5 h', '3.3 days')
    """
    if hours < 1.5:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
