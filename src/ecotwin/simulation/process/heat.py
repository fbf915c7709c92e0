"""Heat handed from stream to stream, steam, and what lifts heat to a higher temperature.

Sources:
    Effectiveness of a counter-current exchanger by number of transfer units: VDI Heat Atlas, section C1. Boiling point
    of water: Antoine with the constants of Yaws. Enthalpies of saturated water and steam: quadratics fitted here to
    the IAPWS-IF97 tables, within 0.3 % from 60 to 190 degC.
"""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats

ATMOSPHERE_BAR = 1.01325


def effectiveness(ua: Floats, hot: Floats, cold: Floats) -> Floats:
    """Share of the most heat that a counter-current exchanger hands over.

    Args:
        ua: [kW/K]. hot, cold: Heat capacity flows [kW/K]. All of one shape.

    >>> float(effectiveness(np.array([2.0]), np.array([1.0]), np.array([1.0]))[0])
    0.6666666666666666
    """
    least, most = np.minimum(hot, cold), np.maximum(hot, cold)
    some = least > 1e-9
    ratio = np.where(some, least / np.maximum(most, 1e-12), 0.0)
    units = np.where(some, ua / np.maximum(least, 1e-12), 0.0)
    even = np.abs(1.0 - ratio) < 1e-7
    drop = np.exp(-units * (1.0 - ratio))
    uneven = (1.0 - drop) / np.where(even, 1.0, 1.0 - ratio * drop)
    return np.asarray(np.where(some, np.where(even, units / (1.0 + units), uneven), 0.0))


def boiling_c(bar_above: Floats | float) -> Floats:
    """Temperature of saturated steam [degC] at a pressure above ambient [bar].

    >>> round(float(boiling_c(7.5)), 0)
    173.0
    """
    mmhg = (np.asarray(bar_above, np.float64) + ATMOSPHERE_BAR) * 750.062
    return np.asarray(1810.94 / (8.14019 - np.log10(mmhg)) - 244.485)


def water_kj(t_c: Floats | float) -> Floats:
    """Enthalpy of boiling water above 0 degC [kJ/kg]."""
    t = np.asarray(t_c, np.float64)
    return np.asarray(4.17 * t + 3.3e-4 * t**2)


def steam_kj(t_c: Floats | float) -> Floats:
    """Enthalpy of saturated steam above water of 0 degC [kJ/kg]."""
    t = np.asarray(t_c, np.float64)
    return np.asarray(2500.9 + 1.90 * t - 1.99e-3 * t**2)


def performance(low_c: Floats, high_c: Floats, carnot_share: Floats) -> Floats:
    """Coefficient of performance of lifting heat: delivered at `high_c` by work, never below 1.

    >>> round(float(performance(np.array([90.0]), np.array([120.0]), np.array([0.5]))[0]), 2)
    6.55
    """
    lift = np.maximum(high_c - low_c, 1.0)
    return np.asarray(np.maximum(1.0 + 1e-6, carnot_share * (high_c + 273.15) / lift))
