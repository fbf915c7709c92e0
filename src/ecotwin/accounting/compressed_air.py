"""Compressed-air leaks, from plain numbers.

Sources: US DOE Compressed Air Tip Sheet 3; EXAIR bleed-down rule.
"""

from __future__ import annotations


def leak_cost(
    leaks: int,
    flow: float,
    kw_per_flow: float,
    hours: float,
    price_per_kwh: float,
    orifice_factor: float = 1.0,
) -> float:
    """Yearly cost of leaks of one size [currency]: n x flow x coefficient x specific power x hours x price.

    Args:
        leaks: How many. flow: Each, through an ideal orifice [any unit of flow].
        kw_per_flow: Specific power of the compressor [kW per that unit].
        hours: Running hours a year [h]. price_per_kwh: [currency/kWh].
        orifice_factor: Discharge coefficient: 0.61 for sharp edges, 0.97 for rounded ones.

    >>> round(leak_cost(100, 1.46, 0.18, 7000, 0.05, 0.61))
    5611
    """
    return leaks * flow * orifice_factor * kw_per_flow * hours * price_per_kwh


def bleed_down_leak(
    volume: float, start: float, end: float, minutes: float, *, atmosphere: float = 14.7
) -> float:
    """Leak found by letting the net bleed down with the compressors off: V(P1-P2)/(T Patm) x 1.25 [volume/min].

    Args:
        volume: Of tanks and pipes. start, end: Gauge pressures in the unit of `atmosphere` (psi by
            default).
        minutes: Time taken [min]. atmosphere: Air pressure: 14.7 psi, or 1.01325 with bar.

    The factor 1.25 corrects to working pressure, as leaks fall while the pressure falls.

    >>> round(bleed_down_leak(200, 100, 50, 5), 3)
    170.068
    """
    return volume * (start - end) / (minutes * atmosphere) * 1.25


def leak_share(loaded_min: float, unloaded_min: float) -> float:
    """Share of the compressor's output that leaks, from its cycle while nobody uses air: T/(T+t), 0..1.

    >>> leak_share(3, 9)
    0.25
    """
    return loaded_min / (loaded_min + unloaded_min)
