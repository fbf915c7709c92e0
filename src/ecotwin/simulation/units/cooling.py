"""Chilled water and cooling water: chillers, cooling tower, free cooling.

Chillers. Power is cold / COP + pump. COP = g x T_evaporating / (T_condensing - T_evaporating) x part load, in
kelvin. The share g of the ideal cycle follows from `rated_cop` at 10 degC supply and 25 degC outdoors (18 degC wet
bulb), so that the rating holds by construction. Evaporation is `evaporator_k` below the supply; condensation is
`condenser_k` above the tower's water, or `air_condenser_k` above the outdoor air where no tower stands (with every
tower out, they stop). Part load: EN 14825, x / (0.9 x + 0.1). The fewest chillers that can carry the load run,
evenly loaded. What they can carry falls with the condensing and rises with the supply temperature. Beyond that the
rest is not served, and the supply warms as its water mixes with the return, with the delay of `loop_min`.

Free cooling (`free_cooling_kw_per_k` above zero): a heat exchanger takes what it can, in proportion to how far the
return is above the tower's water (or the outdoor air), before any compressor.

Tower. Its water is `approach_k` above the wet bulb (more in proportion when it carries more than its rating), not
under `basin_low_c`; the colder the air, the slower the fan (flow in proportion to the speed, power to its cube).
Water evaporates by the heat rejected and blows down as evaporated / (cycles - 1), so that salts stay at
`concentration_cycles` times the make-up.

Given: `cold_supply_c` [degC], `cold_share` (served by asked), `condenser_kw` (heat rejected), `condenser_c`,
`cooling_water_c`. Blow-down goes to who serves `blow_down` or `waste_water`; else the tower books it as discharged.
A heat pump may take rejected heat from the net `waste_heat`; the tower then rejects less. Not played: time to start
a chiller, icing, wear of the exchangers.

Sources:
    EN 14825, part load of water chillers; affinity laws of fans; blow-down: US DOE FEMP, "Best Management Practice
    #10: Cooling Tower Management".
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
from ecotwin.simulation.surroundings import Surroundings

KELVIN = 273.15
RATED_SUPPLY_C, RATED_OUTDOOR_C, RATED_WET_BULB_C = 10.0, 25.0, 18.0
_CYCLING = 0.9
"""Cc of EN 14825 for water chillers."""
_NUMBERS = (
    "rated_cold_kw", "rated_cop", "evaporator_k", "condenser_k", "air_condenser_k", "capacity_per_k_condenser",
    "capacity_per_k_supply", "pump_kw", "free_cooling_kw_per_k", "loop_k", "lift_low_k",
)  # fmt: skip
_TOWER = (
    "rated_heat_kw", "approach_k", "basin_low_c", "evaporation_m3_per_kwh", "concentration_cycles",
)  # fmt: skip
_BOOKS = ("electricity_kwh", "cold_kwh", "busy_h", "down_h")
_TOWER_BOOKS = ("electricity_kwh", "water_in_m3", "water_out_m3", "busy_h", "down_h")


@njit(cache=True)
def ideal_cop(cold_c: float, hot_c: float, lift_low_k: float) -> float:
    """COP of the ideal cooling cycle between two temperatures, for a lift of at least some kelvin.

    >>> round(ideal_cop(7.0, 37.0, 10.0), 4)
    9.3383
    """
    return (cold_c + KELVIN) / max(hot_c - cold_c, lift_low_k)


@njit(cache=True)
def part_load(share: float) -> float:
    """COP at part load by that at full load.

    >>> round(part_load(1.0), 9), round(part_load(0.5), 4)
    (1.0, 0.9091)
    """
    return share / (_CYCLING * share + 1.0 - _CYCLING)


@njit(cache=True)
def _condensing(c: Any, tower: bool, sink_c: float) -> float:
    return float(sink_c + (c.condenser_k if tower else c.air_condenser_k))


@njit(cache=True)
def _capacity(c: Any, tower: bool, sink_c: float, rated_sink_c: float, supply_c: float) -> float:
    """Cold that a chiller can make [kW]."""
    hotter = _condensing(c, tower, sink_c) - _condensing(c, tower, rated_sink_c)
    change = 1.0 - c.capacity_per_k_condenser * hotter
    change += c.capacity_per_k_supply * (supply_c - RATED_SUPPLY_C)
    return float(c.rated_cold_kw * min(max(change, 0.2), 1.3))


@njit(cache=True)
def _chiller_kw(
    c: Any, tower: bool, sink_c: float, rated_sink_c: float, supply_c: float, load: float, kw: float
) -> float:
    """Compressor power of a chiller that makes some cold at a share of what it can [kW]."""
    rated = ideal_cop(
        RATED_SUPPLY_C - c.evaporator_k, _condensing(c, tower, rated_sink_c), c.lift_low_k
    )
    now = ideal_cop(supply_c - c.evaporator_k, _condensing(c, tower, sink_c), c.lift_low_k)
    return float(kw / (c.rated_cop / rated * now * part_load(load)))


@njit(cache=True)
def _go_on(
    chillers: Any, stopped: Any, tower: bool, sink_c: Floats, rated_sink_c: Floats, asked: Floats,
    set_c: Floats, kw_off: Floats, supply_c: Floats, hours: float, keep: Floats, out: Floats, told: Floats,
) -> None:  # fmt: skip
    """One step of the chillers; `told` [runs, 2]: cold served, heat rejected [kW]."""
    count, books = chillers.shape[1], len(_BOOKS)
    can = np.zeros(count)
    for r in range(chillers.shape[0]):
        demand, rejected, free = asked[r], 0.0, 0.0
        for m in range(count):
            c = chillers[r, m]
            warm = supply_c[r] + c.loop_k
            if stopped[m] == 0:
                free += c.free_cooling_kw_per_k * max(0.0, warm - sink_c[r])
                can[m] = _capacity(c, tower, sink_c[r], rated_sink_c[r], supply_c[r])
            else:
                can[m] = 0.0
        free = min(free, demand)
        left = demand - free
        running, able = 0, 0.0
        while running < count and able < left:
            able += can[running]
            running += 1
        load = min(left / able, 1.0) if able > 0.0 else 0.0
        for m in range(count):
            c = chillers[r, m]
            at = m * books
            made = can[m] * load if m < running else 0.0
            kw = 0.0 if stopped[m] else kw_off[m, r]
            if made > 0.0:
                power = _chiller_kw(c, tower, sink_c[r], rated_sink_c[r], supply_c[r], load, made)
                kw = power + c.pump_kw
                rejected += made + power
                out[r, at + 2] = hours
            if m == 0 and free > 0.0:
                made += free
                rejected += free
                if made == free:
                    kw += c.pump_kw
            out[r, at] = kw * hours
            out[r, at + 1] = made * hours
            out[r, at + 3] = hours if stopped[m] else 0.0
        served = free + able * load
        told[r, 0], told[r, 1] = served, rejected
        missing = (demand - served) / demand if demand > 0.0 else 0.0
        aim = set_c[r] + missing * chillers[r, 0].loop_k
        supply_c[r] = aim + (supply_c[r] - aim) * keep[r]


@njit(cache=True)
def _reject_heat(
    towers: Any, stopped: Any, asked: Floats, chilled: Floats, basin_c: Floats, wet_c: Floats, hours: float,
    drained: bool, out: Floats, told: Floats, load: Floats, blown: Floats,
) -> None:  # fmt: skip
    """One step of the towers, which share the heat by size.

    Args:
        towers: [runs, towers]. asked: Heat of other users [kW]. chilled: Of the chillers [kW]. drained: Somebody takes
            the blow-down. told: Served of `asked` [kW]. load: Heat by what they can reject. blown: Blow-down [m3/h].
    """
    for r in range(towers.shape[0]):
        whole = 0.0
        for t in range(towers.shape[1]):
            whole += 0.0 if stopped[t] else towers[r, t].rated_heat_kw
        told[r] = min(asked[r], max(whole - chilled[r], 0.0))
        heat = chilled[r] + told[r] if whole > 0.0 else 0.0
        load[r] = heat / whole if whole > 0.0 else 0.0
        blown[r] = 0.0
        for t in range(towers.shape[1]):
            c = towers[r, t]
            at = t * len(_TOWER_BOOKS)
            if stopped[t]:
                out[r, at + 4] = hours
                continue
            driving = max(basin_c[r] - wet_c[r], c.approach_k)
            speed = min(load[r] * c.approach_k / driving, 1.0)
            running = c.kw_idle + (c.kw_busy - c.kw_idle) * speed**3
            evaporated = c.rated_heat_kw * load[r] * c.evaporation_m3_per_kwh * hours
            out_m3 = evaporated / (c.concentration_cycles - 1.0)
            out[r, at] = (running if heat > 0.0 else c.kw_standby) * hours
            out[r, at + 1] = evaporated + out_m3
            out[r, at + 2] = 0.0 if drained else out_m3
            out[r, at + 3] = hours if heat > 0.0 else 0.0
            blown[r] += out_m3 / hours


@dataclass
class Cooling:
    """Chillers and cooling towers of a plant, each kind on one net."""

    plant: Plant
    chillers: tuple[str, ...]
    towers: tuple[str, ...]
    name: str = "cooling"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("blow_down", "waste_water")
    machines: tuple[str, ...] = field(init=False)
    serves: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.machines = self.chillers + self.towers
        self.serves = ("cold", "waste_heat") if self.chillers else ()
        if self.towers:
            self.serves += ("cooling_water",)
        self.columns = (
            *((c, book) for c in self.chillers for book in _BOOKS),
            *((t, book) for t in self.towers for book in _TOWER_BOOKS),
        )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Supply as the image shows it, else at its set-point."""
        towers = table(draw, self.towers, _TOWER, ("kw_standby", "kw_idle", "kw_busy"))
        for t, name in enumerate(self.towers):
            for of, kw in nominal(draw, name, "standby", "idle", "busy").items():
                towers[f"kw_{of}"][:, t] = kw
        state: State = {"told": np.zeros((draw.runs, 2)), "tower": towers}
        state |= {n: np.zeros(draw.runs) for n in ("tower_load", "taken", "blown")}
        if self.chillers:
            state["chillers"] = table(draw, self.chillers, _NUMBERS)
            state["standby"] = np.stack(
                [nominal(draw, c, "standby")["standby"] for c in self.chillers]
            )
            state["usual"] = [number(draw, c, "supply_sp_usual") for c in self.chillers]
            state["loop_min"] = number(draw, self.chillers[0], "loop_min")
            shown = seen(case, self.chillers[0], "supply_temperature", np.nan)
            state["supply_c"] = (
                np.full(draw.runs, shown) if np.isfinite(shown) else state["usual"][0].copy()
            )
        return state

    def step(self, state: State, board: Board) -> None:
        """Make the cold that is asked, reject its heat."""
        sink_c, rated_c = self._sink(state, board)
        rejected = np.zeros(board.runs)
        if self.chillers:
            rejected = self._chill(state, board, sink_c, rated_c)
            board.given["condenser_kw"] = rejected
            board.given["condenser_c"] = sink_c + (5.0 if self.towers else 10.0)
            used = np.minimum(board.asked("waste_heat"), rejected)
            board.serve("waste_heat", used)
            rejected = rejected - used
        if self.towers:
            board.given["cooling_water_c"] = sink_c
            self._reject(state, board, rejected, sink_c)

    def _sink(self, state: State, board: Board) -> tuple[Floats, Floats]:
        """Temperature of what condensers are cooled with, now and at the rating [runs]."""
        if not self.towers:
            return board.outdoor_c(), np.full(board.runs, RATED_OUTDOOR_C)
        tower = state["tower"]
        approach, low = tower["approach_k"][:, 0], tower["basin_low_c"][:, 0]
        overload = np.maximum(state["tower_load"], 1.0)
        now = np.maximum(board.wet_bulb_c() + approach * overload, low)
        return now, RATED_WET_BULB_C + approach

    def _chill(self, state: State, board: Board, sink_c: Floats, rated_c: Floats) -> Floats:
        set_c = np.zeros(board.runs)
        for m, c in enumerate(self.chillers):
            set_c += held(board, self.plant, c, "supply_sp", state["usual"][m])
        set_c /= len(self.chillers)
        asked = np.ascontiguousarray(board.asked("cold"), np.float64)
        told, stopped = state["told"], down(board, self.chillers).astype(np.int64)
        keep = np.exp(-board.step_s / 60.0 / np.maximum(state["loop_min"], 1e-6))
        if self.towers and all(board.out_of_order(t) for t in self.towers):
            stopped[:] = 1
        _go_on(
            state["chillers"], stopped, bool(self.towers), sink_c, rated_c, asked, set_c, state["standby"],
            state["supply_c"], board.step_s / 3600.0, keep, board.out, told,
        )  # fmt: skip
        board.serve("cold", told[:, 0])
        board.given["cold_supply_c"] = state["supply_c"].copy()
        share = np.full(board.runs, 1.0 - float(stopped.all()))
        np.divide(told[:, 0], asked, out=share, where=asked > 0.0)
        board.given["cold_share"] = share
        return np.asarray(told[:, 1].copy(), np.float64)

    def _reject(self, state: State, board: Board, chilled: Floats, basin_c: Floats) -> None:
        asked = np.ascontiguousarray(board.asked("cooling_water"), np.float64)
        drains = [net for net in self.may_ask if net in board.nets][:1]
        first = len(self.chillers) * len(_BOOKS)
        told, blown = state["taken"], state["blown"]
        _reject_heat(
            state["tower"], down(board, self.towers), asked, chilled, basin_c, board.wet_bulb_c(),
            board.step_s / 3600.0, bool(drains), board.out[:, first:], told, state["tower_load"], blown,
        )  # fmt: skip
        board.serve("cooling_water", told.copy())
        for net in drains:
            board.ask(net, blown.copy())


class _Plug:
    kinds: tuple[str, ...] = ("chiller", "cooling_tower")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One, where there is a chiller or a tower."""
        chillers, towers = of_kind(plant, "chiller"), of_kind(plant, "cooling_tower")
        return (Cooling(plant, chillers, towers),) if chillers or towers else ()


plug = _Plug()
