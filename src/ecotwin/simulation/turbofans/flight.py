"""How an aircraft's flights go on, run by run, and what thrust they ask of its engines.

Thrust follows from drag and from the climb that is flown (energy balance of a point mass); the air is the standard
atmosphere, warmed at low height as much as the weather says.

Sources:
    Flight mechanics: Anderson, Aircraft Performance and Design, ch. 5. Speeds and rates of climb and descent: usual
    values of the class (OpenAP's kinematic tables), rounded; taxi, approach and turn-round times: the kind's facts.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ecotwin.records import Floats, Ints
from ecotwin.simulation.chance import Keys, uniform
from ecotwin.simulation.turbofans.burn import (
    FLIGHT_IDLE_SHARE,
    FLOW0,
    G0,
    GAMMA,
    INSTALLED,
    R_AIR,
    RATED,
    SEA_K,
    SEA_PA,
    air,
    fuel_kg_s,
    indices,
)  # fmt: skip

PARKED, TAXI_OUT, TAKE_OFF, CLIMB, CRUISE, DESCENT, APPROACH, TAXI_IN = range(8)
# Columns of the state of an aircraft in a run.
(LEG, LEFT_S, ALTITUDE, TO_GO, MASS, LEVEL, FLIGHT, SPEED, GROUND_S, FLOWN) = range(10)
# Columns of what is known of an aircraft in a run.
(
    WING,
    CD0,
    K,
    EMPTY,
    PAYLOAD,
    PAYLOAD_SD,
    TRIP,
    TRIP_SD,
    RESERVE,
    MACH,
    TAXI_S,
    TURN_S,
    FIRST_H,
    LAST_H,
) = range(14)
KNOWN = (
    "wing_area_m2", "cd0", "k", "empty_kg", "payload_kg", "payload_sd_kg", "trip_m", "trip_sd_m", "reserve_kg",
    "cruise_mach", "taxi_s", "turn_round_s", "first_departure_hour", "last_arrival_hour",
)  # fmt: skip
"""Facts of an airframe in the order of its columns."""
_SUBSTEP_S = 30.0
_TAKE_OFF_S, _APPROACH_S = 75.0, 240.0
_FUEL, _NOX, _CO = 0, 1, 2


@njit(cache=True)
def _normal(key: np.uint64, number: int) -> float:
    a, b = uniform(key, 2 * number), uniform(key, 2 * number + 1)
    return float(np.sqrt(-2.0 * np.log(a)) * np.cos(2.0 * np.pi * b))


@njit(cache=True)
def _airspeed(altitude_m: float, t0: float, p0: float, cruise_mach: float) -> float:
    """True airspeed by the usual schedule: 250, then 290 knots calibrated, then the cruise Mach number [m/s]."""
    calibrated = 128.6 if altitude_m < 3048.0 else 149.2
    density = p0 / (R_AIR * t0) / (SEA_PA / (R_AIR * SEA_K))
    return float(min(calibrated / np.sqrt(density), cruise_mach * np.sqrt(GAMMA * R_AIR * t0)))


@njit(cache=True)
def _drag(known: Floats, mass_kg: float, speed: float, t0: float, p0: float) -> float:
    q = 0.5 * p0 / (R_AIR * t0) * speed * speed
    lift = mass_kg * G0 / (q * known[WING])
    return float(q * known[WING] * (known[CD0] + known[K] * lift * lift))


@njit(cache=True)
def _pace(derate: float) -> float:
    """How fast a take-off goes on with less thrust: drag and slope leave less than the thrust to accelerate with."""
    return max(0.2, 1.0 - 1.15 * derate)


@njit(cache=True)
def _depart(state: Floats, known: Floats, key: np.uint64, level_m: float) -> None:
    number = int(state[FLIGHT])
    trip = max(0.3 * known[TRIP], known[TRIP] + known[TRIP_SD] * _normal(key, 2 * number))
    payload = max(0.0, known[PAYLOAD] + known[PAYLOAD_SD] * _normal(key, 2 * number + 1))
    state[TO_GO], state[FLOWN] = trip, 0.0
    state[MASS] = known[EMPTY] + payload + known[RESERVE] + 1100.0 + 2.9e-3 * trip
    state[LEVEL], state[ALTITUDE] = level_m, 0.0
    state[LEG], state[LEFT_S] = TAXI_OUT, 0.62 * known[TAXI_S]


@njit(cache=True)
def _level(
    state: Floats, known: Floats, curve: Floats, t0: float, p0: float, derate: float, dt: float
) -> float:
    """Thrust of one engine in this leg [N]; below zero: flight idle. Height and distance go on."""
    leg, mass = int(state[LEG]), state[MASS]
    if leg in (TAXI_OUT, TAXI_IN):
        state[SPEED] = 0.0
        return float(0.07 * curve[RATED] * p0 / SEA_PA)
    if leg == TAKE_OFF:
        state[SPEED] = 60.0
        state[ALTITUDE] += 5.0 * _pace(derate) * dt
        return float((1.0 - derate) * curve[RATED] * 0.92)
    speed = _airspeed(state[ALTITUDE], t0, p0, known[MACH])
    state[SPEED] = speed
    state[FLOWN] += speed * dt
    state[TO_GO] -= speed * dt
    if leg == CLIMB:
        rate = max(1.5, 13.5 * (1.0 - 0.72 * state[ALTITUDE] / 11_000.0))
        state[ALTITUDE] = min(state[LEVEL], state[ALTITUDE] + rate * dt)
        return float(0.5 * (_drag(known, mass, speed, t0, p0) + 1.12 * mass * G0 * rate / speed))
    if leg == CRUISE:
        return float(0.5 * _drag(known, mass, speed, t0, p0))
    if leg == DESCENT:
        state[ALTITUDE] = max(900.0, state[ALTITUDE] - min(11.0, speed / 18.0) * dt)
        return -1.0
    state[ALTITUDE] = max(0.0, state[ALTITUDE] - 900.0 / _APPROACH_S * dt)
    return float(0.3 * curve[RATED] * p0 / SEA_PA)


@njit(cache=True)
def _next_leg(state: Floats, known: Floats) -> bool:
    """Go over to the next leg when this one is at its end; whether a flight has just ended."""
    leg = int(state[LEG])
    if leg == CLIMB and (
        state[ALTITUDE] >= state[LEVEL] or state[TO_GO] <= 18.0 * state[ALTITUDE] + 25_000.0
    ):
        state[LEG] = CRUISE
    if state[LEG] == CRUISE and state[TO_GO] <= 18.0 * state[ALTITUDE] + 25_000.0:
        state[LEG] = DESCENT
    elif leg == DESCENT and state[ALTITUDE] <= 900.0:
        state[LEG], state[LEFT_S] = APPROACH, _APPROACH_S
    elif leg in (TAXI_OUT, TAKE_OFF, APPROACH, TAXI_IN) and state[LEFT_S] <= 1e-6:
        if leg == TAXI_IN:
            state[LEG], state[LEFT_S] = PARKED, known[TURN_S]
            state[FLIGHT] += 1.0
            state[ALTITUDE] = 0.0
            return True
        state[LEG] = leg + 1
        state[LEFT_S] = _TAKE_OFF_S if leg == TAXI_OUT else 0.38 * known[TAXI_S]
    return False


@njit(cache=True)
def _one(state: Floats, known: Floats, curve: Floats, extra: Floats, t_shift: float, derate: float, dt: float,
         out: Floats) -> bool:  # fmt: skip
    """A substep in the air or on the taxiway; `out` takes fuel, NOx and CO of each engine [kg]."""
    shift = t_shift * max(0.0, 1.0 - state[ALTITUDE] / 6000.0)
    t0, p0 = air(state[ALTITUDE], shift)
    thrust = _level(state, known, curve, t0, p0, derate, dt)
    mach = state[SPEED] / np.sqrt(GAMMA * R_AIR * t0)
    if thrust < 0.0:
        flow = FLIGHT_IDLE_SHARE * np.exp(curve[FLOW0]) / INSTALLED[0]
    else:
        flow = fuel_kg_s(curve, thrust, t0, p0, mach)
    for e in range(out.shape[0]):
        own = flow * (1.0 + extra[e])
        nox, co = indices(curve, own, t0, p0, mach)
        out[e, _FUEL] += own * dt
        out[e, _NOX] += own * dt * nox / 1000.0
        out[e, _CO] += own * dt * co / 1000.0
        state[MASS] -= own * dt
    state[LEFT_S] -= dt * (_pace(derate) if state[LEG] == TAKE_OFF else 1.0)
    return _next_leg(state, known)


@njit(cache=True)
def advance(state: Floats, known: Floats, curve: Floats, extra: Floats, keys: Keys, t_shift: Floats, derate: Floats,
            level_m: Floats, hour: float, seconds: float, held: bool, out: Floats, landed: Ints) -> None:  # fmt: skip
    """All runs of an aircraft go on by one step.

    Args:
        state: [runs, 10], changed. known: [runs, 14]. curve: [runs, 19] certified curve of its engines.
        extra: [runs, engines] share of fuel that wear adds. keys: Of the stream of its flights.
        t_shift: [runs] air warmer than standard at the ground [K]. derate: [runs] share of take-off thrust left out.
        level_m: [runs] cruise altitude. hour: Local hour. seconds: Length of the step. held: Nothing may depart.
        out: [runs, engines, 3] fuel, NOx, CO of this step [kg], zeroed before. landed: [runs] flights ended.
    """
    for r in range(len(state)):
        landed[r] = 0
        left = seconds
        while left > 1e-6:
            dt = min(_SUBSTEP_S, left)
            if state[r, LEG] == PARKED:
                state[r, LEFT_S] -= dt
                block_h = (known[r, TAXI_S] + 2100.0 + known[r, TRIP] / 225.0) / 3600.0
                able = known[r, FIRST_H] <= hour and hour + block_h <= known[r, LAST_H]
                if state[r, LEFT_S] <= 0.0 and able and not held:
                    _depart(state[r], known[r], keys[r], level_m[r])
            else:
                if state[r, LEFT_S] > 0.0:
                    dt = min(dt, max(1.0, state[r, LEFT_S]))
                if _one(state[r], known[r], curve[r], extra[r], t_shift[r], derate[r], dt, out[r]):
                    landed[r] += 1
            left -= dt
