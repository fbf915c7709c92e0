"""Fuel and pollutants of a turbofan from thrust, height and Mach number, out of its certified points.

Sources:
    Standard atmosphere: ISO 2533. Fuel: the certified curve of fuel flow over thrust in corrected quantities (Walsh and
    Fletcher, Gas Turbine Performance, 2nd ed., ch. 4), raised by 1 + k Mach, k from the published cruise consumption.
    NOx and CO: Boeing fuel flow method 2 (DuBois and Paynter, SAE 2006-01-1987): certified flows times installation
    factors, indices in log-log, corrected for temperature, pressure and humidity (60 % relative humidity).
    Saturation pressure: Magnus form, WMO guide no. 8.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numba import njit

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats

SEA_K, SEA_PA, G0, R_AIR, GAMMA = 288.15, 101_325.0, 9.80665, 287.05287, 1.4
SHARES = (0.07, 0.30, 0.85, 1.00)
"""Thrust over rated thrust of the certified points: idle, approach, climb-out, take-off."""
INSTALLED = (1.100, 1.020, 1.013, 1.010)
"""What installation adds to certified fuel flow, same order (method 2)."""
FLIGHT_IDLE_SHARE = 0.75
"""Fuel flow of the idle in flight over the certified ground idle: stated assumption."""
POINTS = ("idle", "approach", "climb_out", "take_off")

# Rows of an engine's curve (an array of 18 numbers, so that kernels can take it).
RATED, MACH_K, FUEL0, FLOW0, NOX0, CO0, SIZE = 0, 1, 2, 6, 10, 14, 19
_CO_HIGH = 18


@njit(cache=True)
def air(altitude_m: float, shift_k: float) -> tuple[float, float]:
    """Temperature [K] and pressure [Pa] at a pressure altitude; the air is `shift_k` warmer than standard.

    >>> [round(x, 2) for x in air(0.0, 0.0)]
    [288.15, 101325.0]
    """
    if altitude_m <= 11_000.0:
        standard = SEA_K - 0.0065 * altitude_m
        return standard + shift_k, SEA_PA * (standard / SEA_K) ** 5.25588
    return 216.65 + shift_k, 22_632.06 * np.exp(-G0 * (altitude_m - 11_000.0) / (R_AIR * 216.65))


def curve(facts: Mapping[str, float]) -> Floats:
    """An engine's certified curve, ready for `fuel_kg_s` and `indices`. Shape [19].

    Args:
        facts: rated_thrust_kn, cruise_tsfc_g_kn_s and, for each point of `POINTS`, lto_fuel_..._kg_s, lto_nox_..._g_kg
            and lto_co_..._g_kg.

    Raises:
        ScenarioFault: Fuel flow does not rise with thrust, or an index is not above zero.
    """
    made = np.zeros(SIZE)
    made[RATED] = facts["rated_thrust_kn"] * 1000.0
    fuel = np.array([facts[f"lto_fuel_{p}_kg_s"] for p in POINTS])
    nox = np.array([facts[f"lto_nox_{p}_g_kg"] for p in POINTS])
    co = np.array([facts[f"lto_co_{p}_g_kg"] for p in POINTS])
    if (np.diff(fuel) <= 0.0).any() or fuel[0] <= 0.0 or nox.min() <= 0.0 or co.min() <= 0.0:
        raise ScenarioFault(
            f"certified fuel flows {fuel.tolist()} kg/s, NOx {nox.tolist()}, CO {co.tolist()} g/kg",
            expected="fuel flows that rise from idle to take-off, and indices above zero",
            remedy="correct the engine's facts",
        )
    made[FUEL0:FLOW0] = np.polynomial.polynomial.polyfit(SHARES, fuel, 3)
    shares = np.linspace(SHARES[0], 1.0, 94)
    if (np.diff(np.polynomial.polynomial.polyval(shares, made[FUEL0:FLOW0])) <= 0.0).any():
        raise ScenarioFault(
            f"the curve through certified fuel flows {fuel.tolist()} kg/s falls with thrust",
            expected="fuel flow that rises with thrust",
            remedy="correct the engine's facts",
        )
    made[FLOW0:NOX0] = np.log(fuel * np.array(INSTALLED))
    made[NOX0:CO0] = np.log(nox)
    made[CO0:_CO_HIGH] = np.log(co)
    made[_CO_HIGH] = 0.5 * (made[CO0 + 2] + made[CO0 + 3])
    # The Mach factor follows from the published consumption at Mach 0.8, 10,668 m and a fifth of rated thrust.
    thrust = 0.2 * made[RATED]
    still = fuel_kg_s(made, thrust, *air(10_668.0, 0.0), 0.8)
    asked = facts["cruise_tsfc_g_kn_s"] * thrust / 1e6
    made[MACH_K] = (asked / still - 1.0) / 0.8
    if not -0.5 < made[MACH_K] < 5.0:
        raise ScenarioFault(
            f"a cruise consumption of {facts['cruise_tsfc_g_kn_s']:g} g/(kN s)",
            expected="one that fits the certified fuel flows (12 to 25 for turbofans)",
            remedy="correct `cruise_tsfc_g_kn_s`",
        )
    return made


@njit(cache=True)
def fuel_kg_s(curve: Floats, thrust_n: float, t0: float, p0: float, mach: float) -> float:
    """Fuel flow of one engine at a net thrust [kg/s]; never below the idle of the flight.

    Args:
        curve: From `curve`. thrust_n: Net thrust [N]. t0, p0: Air around [K], [Pa]. mach: Of the flight.
    """
    ram = 1.0 + 0.2 * mach * mach
    theta, delta = t0 * ram / SEA_K, p0 * ram**3.5 / SEA_PA
    share = thrust_n / (curve[RATED] * delta)
    share = min(1.25, max(0.0, share))
    c = curve[FUEL0:FLOW0]
    idle = np.exp(curve[FLOW0]) / INSTALLED[0]
    steady = c[0] + share * (c[1] + share * (c[2] + share * c[3])) if share > 0.07 else idle
    least = FLIGHT_IDLE_SHARE * idle if mach > 0.1 else idle * delta
    return float(max(least, delta * np.sqrt(theta) * steady * (1.0 + curve[MACH_K] * mach)))


@njit(cache=True)
def humidity_factor(t0: float, p0: float) -> float:
    """What the air's water does to NOx: exp(-19 (w - 0.0063)) at 60 % relative humidity.

    >>> round(humidity_factor(288.15, 101325.0), 2)
    1.0
    """
    celsius = t0 - 273.15
    pressure = 0.6 * 611.2 * np.exp(17.62 * celsius / (243.12 + celsius))
    water = 0.62198 * pressure / (p0 - pressure)
    return float(np.exp(-19.0 * (water - 0.0063)))


@njit(cache=True)
def _between(x: float, known_x: Floats, known_y: Floats) -> float:
    if x <= known_x[0]:
        return float(known_y[0])
    for n in range(3):
        if x <= known_x[n + 1]:
            part = (x - known_x[n]) / (known_x[n + 1] - known_x[n])
            return float(known_y[n] + part * (known_y[n + 1] - known_y[n]))
    return float(known_y[3])


@njit(cache=True)
def indices(curve: Floats, fuel: float, t0: float, p0: float, mach: float) -> tuple[float, float]:
    """NOx as NO2 and CO [g/kg fuel] by fuel flow method 2.

    Args:
        curve: From `curve`. fuel: Fuel flow of the engine [kg/s]. t0, p0: Air around [K], [Pa]. mach: Of the flight.
    """
    theta, delta = t0 / SEA_K, p0 / SEA_PA
    at_sea = np.log(max(1e-6, fuel / delta * theta**3.8 * np.exp(0.2 * mach * mach)))
    flows = curve[FLOW0:NOX0]
    nox = np.exp(_between(at_sea, flows, curve[NOX0:CO0]))
    slope = (curve[CO0 + 1] - curve[CO0]) / (flows[1] - flows[0])
    low = curve[CO0] + slope * (max(at_sea, flows[0]) - flows[0])
    co = np.exp(
        max(low, curve[_CO_HIGH]) if slope < 0.0 else _between(at_sea, flows, curve[CO0:_CO_HIGH])
    )
    change = theta**3.3 / delta**1.02
    return nox * humidity_factor(t0, p0) / np.sqrt(change), co * change
