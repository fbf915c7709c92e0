"""Warmer air that keeps its moisture: what a heat wave does to the weather of a run.

Sources:
    Magnus formula and psychrometric coefficient: WMO-No. 8, Guide to Instruments and Methods of Observation,
    annex 4.B (2018): e_w(t) = 6.112 exp(17.62 t / (243.12 + t)) hPa;
    e = e_w(t_w) - 6.53e-4 (1 + 9.44e-4 t_w) p (t - t_w).
"""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats
from ecotwin.simulation.surroundings import Weather

PRESSURE_HPA = 1013.25
"""Air pressure that wet-bulb temperatures are reckoned with; 50 hPa more or less move them by less than 0.2 K."""


def saturation_hpa(air_c: Floats) -> Floats:
    """Water vapour pressure of saturated air [hPa].

    >>> round(float(saturation_hpa(np.array([20.0]))[0]), 2)
    23.33
    """
    return np.asarray(6.112 * np.exp(17.62 * air_c / (243.12 + air_c)))


def vapour_hpa(air_c: Floats, wet_bulb_c: Floats) -> Floats:
    """Water vapour pressure of air of a dry and a wet-bulb temperature [hPa]."""
    slope = 6.53e-4 * (1.0 + 9.44e-4 * wet_bulb_c) * PRESSURE_HPA
    return np.asarray(saturation_hpa(wet_bulb_c) - slope * (air_c - wet_bulb_c))


def wet_bulb_c(air_c: Floats, vapour: Floats) -> Floats:
    """Wet-bulb temperature of air of a vapour pressure [degC], by bisection to 1e-6 K.

    >>> air = np.array([30.0])
    >>> round(float(wet_bulb_c(air, vapour_hpa(air, np.array([20.0])))[0]), 5)
    20.0
    """
    low, high = np.minimum(air_c, -60.0) - 20.0, np.array(air_c, np.float64, copy=True)
    for _ in range(48):
        middle = 0.5 * (low + high)
        above = vapour_hpa(air_c, middle) > vapour
        high = np.where(above, middle, high)
        low = np.where(above, low, middle)
    return np.asarray(0.5 * (low + high))


def humid_c(air_c: Floats, humidity: Floats) -> Floats:
    """Wet-bulb temperature of air of a relative humidity [%].

    >>> round(float(humid_c(np.array([25.0]), np.array([100.0]))[0]), 3)
    25.0
    """
    return wet_bulb_c(air_c, saturation_hpa(air_c) * humidity / 100.0)


def warmed(weather: Weather, warmer_k: float, first: int, last: int, sun: float = 1.0) -> Weather:
    """Weather with the air warmer in some steps, its moisture unchanged.

    Args:
        weather: As it would be. warmer_k: Difference [K]. first, last: Steps from which and before which.
        sun: Factor of the sun's power.
    """
    air, wet, light = (
        np.array(a, np.float64, copy=True)
        for a in (weather.outdoor_c, weather.wet_bulb_c, weather.sun_w_m2)
    )
    span = slice(first, last)
    if warmer_k:
        moist = vapour_hpa(air[:, span], wet[:, span])
        air[:, span] += warmer_k
        moist = np.minimum(moist, saturation_hpa(air[:, span]))
        wet[:, span] = wet_bulb_c(air[:, span], moist)
    light[:, span] *= sun
    return Weather(air, wet, light)
