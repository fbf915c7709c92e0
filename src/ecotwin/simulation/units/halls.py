"""Halls with their air handling: temperature, fresh air, coils, fans, and how people fare in them.

Each air handling unit keeps one hall: one heat capacity C that loses heat through its envelope (U) and with fresh
air (F), and gains it from machines, lamps, people, sun and the fan: C dT/dt = (U + F)(T_out - T) + gains + coil, in
closed form over a step. While people work the room is held within `band_k` around `room_sp`: too warm, it first
takes more outdoor air when that is at least `free_cooling_k` cooler, then cold; too cold, it takes heat, with
`recovery_share` of the exhausted heat won back; it is brought there evenly in the `start_before_min` before work.
When nobody works the fans stand, unless the room leaves `night_low_c`..`night_high_c`. The fan gives
`flow_low_share` or what the cold needs; its power goes with the flow cubed between `kw_idle` and `kw_busy`. Outdoor
air that is more humid than `humidity_high_g_kg` is dried: cold for the water that condenses. The coil can take
`coil_kw_per_k` x (room - supplied cold water).

Machine heat is asked of the net `hall_heat` as one; halls share it by `process_share`. With the fact `hall` (an
element of the plant) a unit knows the groups of people in it; else it has `people` of metabolic class 1.

Given: `hall_c` (mean weighted by `process_share`), `hall_c:<machine>`. Where nobody serves cold or heat, a coil
does nothing. Not played: moisture as a state, zones, wind; humidifying in winter.

Sources:
    ISO 13790 and ISO 52016 (simple heat balance of a zone); humidity from wet bulb: ASHRAE Handbook Fundamentals,
    ch. 1; wet bulb of the room: Stull, J. Appl. Meteor. Climatol. 50 (2011), 2267; WBGT and its reference values:
    ISO 7243:2017; heat of a person at light work 75 W sensible: ISO 8996; affinity laws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import down, held, nominal, number, of_kind, seen, table
from ecotwin.simulation.surroundings import WORK, Surroundings
from ecotwin.simulation.units.ovens import AIR_KWH_PER_M3_K

PERSON_KW = 0.075
_LATENT_KWH_PER_KG = 2501.0 / 3600.0
_AIR_KG_PER_M3 = 1.2
_REFERENCE_WBGT = {True: (33.0, 30.0, 28.0, 26.0, 25.0), False: (32.0, 29.0, 26.0, 23.0, 20.0)}
"""Reference WBGT by acclimatisation and metabolic class [degC]: ISO 7243:2017, table A.1."""
_NUMBERS = (
    "rated_flow_m3_h", "hall_kwh_per_k", "envelope_kw_per_k", "fresh_share", "recovery_share", "flow_low_share",
    "band_k",
    "night_low_c", "night_high_c", "free_cooling_k", "humidity_high_g_kg", "coil_kw_per_k", "heat_coil_kw", "solar_m2",
    "process_share", "comfort_low_c", "comfort_high_c",
)  # fmt: skip
_MEMORY = ("room_c", "kw_low", "kw_high", "kw_off", "people", "wbgt_limit_c")
_BOOKS = ("electricity_kwh", "heat_stress_h", "discomfort_kh")
_SUPPLY_K = 8.0
"""Supply air below the room at full cooling [K]."""


@njit(cache=True)
def humidity_g_kg(dry_c: float, wet_c: float) -> float:
    """Water in air from dry and wet bulb, at 1013 hPa [g/kg dry air].

    >>> round(humidity_g_kg(20.0, 20.0), 1)
    14.7
    """
    steam = 611.2 * np.exp(17.62 * wet_c / (243.12 + wet_c))
    steam -= 101325.0 * 6.62e-4 * (dry_c - wet_c)
    steam = max(steam, 0.0)
    return float(622.0 * steam / (101325.0 - steam))


@njit(cache=True)
def wbgt_c(room_c: float, water_g_kg: float) -> float:
    """Wet bulb globe temperature in a hall without radiant heat [degC]: globe at the air's temperature."""
    steam = 101325.0 * water_g_kg / (622.0 + water_g_kg)
    rh = 100.0 * steam / (611.2 * np.exp(17.62 * room_c / (243.12 + room_c)))
    rh = min(max(rh, 5.0), 99.0)
    wet = room_c * np.arctan(0.151977 * np.sqrt(rh + 8.313659)) + np.arctan(room_c + rh)
    wet += 0.00391838 * rh**1.5 * np.arctan(0.023101 * rh) - np.arctan(rh - 1.676331) - 4.686035
    return float(0.7 * wet + 0.3 * room_c)


@njit(cache=True)
def held_room(
    room_c: float, low_c: float, high_c: float, out_c: float, kw_per_k: float, gains_kw: float,
    kwh_per_k: float, hours: float,
) -> tuple[float, float]:  # fmt: skip
    """A room after a step, and the coil's power that keeps it between two temperatures.

    Returns:
        Temperature at the end [degC], power (heat above zero, cold below) [kW].

    >>> held_room(22.0, 21.5, 22.5, 22.0, 1.0, 0.0, 50.0, 1.0)
    (22.0, 0.0)
    """
    x = kw_per_k * hours / kwh_per_k
    if x < 1e-9:
        free = room_c + gains_kw * hours / kwh_per_k
        aim = min(max(free, low_c), high_c)
        return aim, (aim - free) * kwh_per_k / hours
    left = np.exp(-x)
    rest = out_c + gains_kw / kw_per_k
    free = rest + (room_c - rest) * left
    aim = min(max(free, low_c), high_c)
    return aim, (aim - free) / (1.0 - left) * kw_per_k


@njit(cache=True)
def _drift(c: Any, out_c: float, kw_per_k: float, gains_kw: float, hours: float) -> float:
    """The room after a step in which nothing holds it [degC]."""
    end, _ = held_room(c.room_c, -1e9, 1e9, out_c, kw_per_k, gains_kw, c.hall_kwh_per_k, hours)
    return end


@njit(cache=True)
def _fresh(
    c: Any, on: bool, low: float, high: float, out_c: float, gains: float, hours: float
) -> tuple[float, float, float]:
    """Outdoor air [kW/K], what the room loses by K outdoors [kW/K], and the coil it would need [kW]."""
    whole = c.rated_flow_m3_h * AIR_KWH_PER_M3_K
    fresh = c.fresh_share * whole if on else 0.0
    recovers = out_c < low or out_c > c.room_c
    losses = c.envelope_kw_per_k + fresh * (1.0 - c.recovery_share if recovers else 1.0)
    _, coil = held_room(c.room_c, low, high, out_c, losses, gains, c.hall_kwh_per_k, hours)
    if coil < 0.0 and c.room_c - out_c >= c.free_cooling_k:
        more = min(-coil / max(c.room_c - out_c, 0.1), whole - fresh)
        losses += more
        fresh += more
        _, coil = held_room(c.room_c, low, high, out_c, losses, gains, c.hall_kwh_per_k, hours)
        coil = min(coil, 0.0)
    return fresh, losses, coil


@njit(cache=True)
def _hall(
    c: Any, on: bool, left_h: float, set_c: float, out_c: float, out_g_kg: float, gains_kw: float,
    cold_c: float, cold_share: float, heat_share: float, hours: float,
) -> tuple[float, float, float]:  # fmt: skip
    """One hall over one step: fan [kW], heat asked [kW], cold asked [kW]; the room's temperature moves on.

    `left_h` is the time until work begins, in which the room is brought to its band evenly.
    """
    low, high = set_c - 0.5 * c.band_k, set_c + 0.5 * c.band_k
    if not on:
        low, high = c.night_low_c, c.night_high_c
        if low <= c.room_c <= high:
            c.room_c = _drift(c, out_c, c.envelope_kw_per_k, gains_kw, hours)
            return c.kw_off, 0.0, 0.0
    ramp = min(hours / left_h, 1.0) if on and left_h > 0.0 else 1.0
    if c.room_c < low:
        low = c.room_c + (low - c.room_c) * ramp
    elif c.room_c > high:
        high = c.room_c - (c.room_c - high) * ramp
    gains = gains_kw + c.kw_low
    fresh, losses, coil = _fresh(c, on, low, high, out_c, gains, hours)
    cooling, fan = coil < 0.0, c.kw_low
    if cooling or fresh > 0.0:
        needed = max(fresh, -coil / _SUPPLY_K) / (c.rated_flow_m3_h * AIR_KWH_PER_M3_K)
        flow = min(max(c.flow_low_share, needed), 1.0)
        lowest = c.flow_low_share**3
        fan += (c.kw_high - c.kw_low) * (flow**3 - lowest) / (1.0 - lowest)
        gains += fan - c.kw_low
        _, coil = held_room(c.room_c, low, high, out_c, losses, gains, c.hall_kwh_per_k, hours)
    cold_can = c.coil_kw_per_k * max(c.room_c - cold_c, 0.0)
    heat = 0.0 if cooling or heat_share < 0.0 else min(max(coil, 0.0), c.heat_coil_kw)
    cold = min(max(-coil, 0.0), cold_can)
    given = heat * heat_share - cold * cold_share
    c.room_c = _drift(c, out_c, losses, gains + given, hours)
    if on and cold_can > 0.0:
        water = max(out_g_kg - c.humidity_high_g_kg, 0.0) / 1000.0
        cold += fresh / AIR_KWH_PER_M3_K * _AIR_KG_PER_M3 * water * _LATENT_KWH_PER_KG
    return fan, heat, cold


@njit(cache=True)
def _go_on(
    halls: Any, stopped: Any, on: Any, present: bool, left_h: float, set_c: Floats, out_c: Floats,
    wet_c: Floats, sun: Floats, machine_kw: Floats, cold_c: Floats, cold_share: Floats, heat_share: Floats,
    hours: float, out: Floats, asked: Floats,
) -> None:  # fmt: skip
    """One step of all halls; `asked` [runs, 3]: heat, cold [kW], mean room [degC]."""
    books = len(_BOOKS)
    for r in range(halls.shape[0]):
        asked[r, :] = 0.0
        whole = 0.0
        for m in range(halls.shape[1]):
            whole += halls[r, m].process_share
        water = humidity_g_kg(out_c[r], wet_c[r])
        for m in range(halls.shape[1]):
            c = halls[r, m]
            people = c.people if present else 0.0
            gains = people * PERSON_KW + c.solar_m2 * sun[r] / 1000.0
            if whole > 0.0:
                gains += machine_kw[r] * c.process_share / whole
            if stopped[m]:
                c.room_c = _drift(c, out_c[r], c.envelope_kw_per_k, gains, hours)
                fan, heat, cold = 0.0, 0.0, 0.0
            else:
                fan, heat, cold = _hall(
                    c, on[m], left_h, set_c[m, r], out_c[r], water, gains, cold_c[r], cold_share[r],
                    heat_share[r], hours,
                )  # fmt: skip
            asked[r, 0] += heat
            asked[r, 1] += cold
            asked[r, 2] += c.room_c * (c.process_share / whole if whole > 0.0 else 1.0 / len(on))
            at = m * books
            out[r, at] = fan * hours
            if people > 0.0:
                inside = min(water, c.humidity_high_g_kg) if cold > 0.0 else water
                if c.room_c > c.wbgt_limit_c and wbgt_c(c.room_c, inside) > c.wbgt_limit_c:
                    out[r, at + 1] = people * hours
                beyond = max(c.room_c - c.comfort_high_c, c.comfort_low_c - c.room_c)
                out[r, at + 2] = max(beyond, 0.0) * hours


@dataclass
class Halls:
    """All halls that have air handling."""

    plant: Plant
    machines: tuple[str, ...]
    name: str = "halls"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("heat", "cold")
    serves: tuple[str, ...] = ("hall_heat",)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = tuple((m, book) for m in self.machines for book in _BOOKS)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Rooms as the image shows them, else at their set-points."""
        halls = table(draw, self.machines, _NUMBERS, _MEMORY)
        usual = []
        for m, name in enumerate(self.machines):
            powers = nominal(draw, name, "off", "idle", "busy")
            halls["kw_off"][:, m] = powers["off"]
            halls["kw_low"][:, m] = powers["idle"]
            halls["kw_high"][:, m] = np.maximum(powers["busy"], powers["idle"])
            usual.append(number(draw, name, "room_sp_usual"))
            halls["room_c"][:, m] = seen(case, name, "return_temperature", float(usual[m].mean()))
            people, limit = self._people(draw, name)
            halls["people"][:, m], halls["wbgt_limit_c"][:, m] = people, limit
        lead = [float(number(draw, m, "start_before_min").mean()) for m in self.machines]
        return {"halls": halls, "usual": usual, "lead": lead, "asked": np.zeros((draw.runs, 3))}

    def _people(self, draw: Draw, machine: str) -> tuple[Floats, float]:
        """People in a hall, and the lowest of their limits [degC WBGT]."""
        hall = draw.word(machine, "hall")
        places = {e.id for e in self.plant.under(hall)} if hall else set()
        groups = [g for g in self.plant.people if g.element in places]
        if not groups:
            return number(draw, machine, "people"), _REFERENCE_WBGT[True][1]
        limits = [_REFERENCE_WBGT[g.acclimatised][g.metabolic_class] - g.clothing_c for g in groups]
        return np.full(draw.runs, float(sum(g.size for g in groups))), min(limits)

    def step(self, state: State, board: Board) -> None:
        """Keep the rooms; ask for heat and cold."""
        around, n, runs = board.around, board.step, board.runs
        set_c = np.stack(
            [held(board, self.plant, m, "room_sp", state["usual"][k]) for k, m in enumerate(self.machines)]
        )  # fmt: skip
        present = bool(around.kind[n] == WORK)
        not_free = present or around.kind[n] != 0
        on = np.array([not_free or around.to_work_s[n] <= 60.0 * lead for lead in state["lead"]])
        left_h = 0.0 if not_free else float(around.to_work_s[n]) / 3600.0
        given, nothing = board.given, np.zeros(runs)
        cold_c = given.get("cold_supply_c", nothing + (10.0 if "cold" in board.nets else 99.0))
        cold_share = given.get("cold_share", nothing + 1.0)
        heat_share = given.get("heat_share", nothing + (1.0 if "heat" in board.nets else -1.0))
        machine_kw = np.ascontiguousarray(board.asked("hall_heat"), np.float64)
        board.serve("hall_heat", machine_kw)
        asked, halls = state["asked"], state["halls"]
        _go_on(
            halls, down(board, self.machines), on, present, left_h, set_c, board.outdoor_c(), board.wet_bulb_c(),
            board.sun_w_m2(), machine_kw, cold_c, cold_share, heat_share,
            board.step_s / 3600.0, board.out, asked,
        )  # fmt: skip
        board.ask("heat", asked[:, 0].copy())
        board.ask("cold", asked[:, 1].copy())
        given["hall_c"] = asked[:, 2].copy()
        for k, machine in enumerate(self.machines):
            given[f"hall_c:{machine}"] = halls["room_c"][:, k].copy()


class _Plug:
    kinds: tuple[str, ...] = ("ahu",)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One for all halls."""
        machines = of_kind(plant, *self.kinds)
        return (Halls(plant, machines),) if machines else ()


plug = _Plug()
