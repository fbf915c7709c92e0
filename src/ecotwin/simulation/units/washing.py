"""Vessels, cleaning in place and wash water of filling works: bulk for the fillers, and what a change of product costs.

A line unit tells which product its first station is set for and how many parts it has made; this unit makes the bulk
for them, queues a cleaning of filler and vessel when the product changes, holds the filler while its circuit is being
cleaned (`ready:<filler>`), and follows the water to the drain. Cleanings go one after another through their station,
step by step, so that a kept final rinse (`reuse_sp`) serves the next pre-rinse only as far as its tank holds it.

Balances that close in every run: fresh water + kept rinse used = drained + rinse kept; bulk made = filled + left in
pipes + change of the tank; what comes down the drain = let out + change of the balance tank; heat asked = heat needed
- change of the heat that the tanks still lack.

Sources:
    Steps and volumes: the facts of `cip_station`, each with its source. Heat of water 4.186 kJ/(kg K).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Element, Plant
from ecotwin.records import Floats, Ints
from ecotwin.simulation.bulk import Line, ingredients, line_of
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.surroundings import Surroundings
from ecotwin.simulation.wash_plan import (
    KEPT,
    KWH_M3_K,
    NONE,
    RECOVERED,
    WASH,
    Circuit,
    Programme,
    circuits,
    programme,
)

QUEUE = 64
"""Most cleanings that wait at a station."""
FRESH_M3, REUSED_M3, DRAINED_M3, KEPT_M3, HOT_M3, WASH_M3, PIPES_KWH, CAUSTIC_KG, BUSY_S = range(9)


@njit(cache=True)
def clean(
    queue: Ints, length: Ints, at: Ints, left_s: Floats, tank_m3: Floats, room_m3: Floats, reuse: Floats,
    used: Ints, seconds: Floats, m3: Floats, source: Ints, sink: Ints, hot: Floats, wash: Floats, kwh: Floats,
    caustic: Floats, span_s: float, out: Floats, done: Ints,
) -> None:  # fmt: skip
    """Go on with the cleanings of every run for a span.

    Args:
        queue: [runs, QUEUE, 2] Circuit and programme, oldest first. length, at: [runs] Cleanings that wait; step of the
            oldest. left_s: [runs] Left of that step. tank_m3, room_m3: [runs] Kept rinse and room for it.
        reuse: [runs] Share of a final rinse that is kept. out: [runs, 9] What was used. done: [runs, circuits]
            Cleanings that ended.
    """
    runs = len(length)
    for r in range(runs):
        budget = span_s
        while budget > 1e-9 and length[r] > 0:
            circuit, p = queue[r, 0, 0], queue[r, 0, 1]
            s = at[r]
            whole = seconds[r, p, s]
            if left_s[r] <= 0.0:
                left_s[r] = whole
            dt = min(budget, left_s[r])
            part = dt / whole
            volume = m3[r, p, s] * part
            taken = min(volume, tank_m3[r]) if source[p, s] == RECOVERED else 0.0
            tank_m3[r] -= taken
            kept = min(volume * reuse[r], room_m3[r] - tank_m3[r]) if sink[p, s] == KEPT else 0.0
            tank_m3[r] += kept
            out[r, FRESH_M3] += volume - taken
            out[r, REUSED_M3] += taken
            out[r, DRAINED_M3] += volume - kept
            out[r, KEPT_M3] += kept
            out[r, HOT_M3] += hot[r, p, s] * part
            out[r, WASH_M3] += wash[r, p, s] * part
            out[r, PIPES_KWH] += kwh[r, p, s] * part
            out[r, CAUSTIC_KG] += caustic[r, p, s] * part
            out[r, BUSY_S] += dt
            left_s[r] -= dt
            budget -= dt
            if left_s[r] <= 1e-9:
                left_s[r] = 0.0
                at[r] = s + 1
                if at[r] >= used[p]:
                    at[r] = 0
                    done[r, circuit] += 1
                    length[r] -= 1
                    for n in range(length[r]):
                        queue[r, n, 0], queue[r, n, 1] = queue[r, n + 1, 0], queue[r, n + 1, 1]


@dataclass
class Washing:
    """A cleaning station with the vessels of its lines and the plant that treats its water."""

    plant: Plant
    station: str
    circuits: tuple[Circuit, ...]
    treatment: str
    sludge_code: str

    def __post_init__(self) -> None:
        self.name = f"washing:{self.station}"
        self.vessels = tuple(c.vessel for c in self.circuits if c.vessel)
        self.machines: tuple[str, ...] = (
            self.station, *self.vessels, *((self.treatment,) if self.treatment else ()),
        )  # fmt: skip
        self.ingredients = {c.vessel: ingredients(self.plant, c) for c in self.circuits if c.vessel}
        books = [(self.station, q) for q in _STATION]
        for vessel in self.vessels:
            books += [(vessel, q) for q in _VESSEL]
            books += [(vessel, f"material_kg:{m}") for m in self.ingredients[vessel]]
        if self.treatment:
            books += [(self.treatment, q) for q in ("electricity_kwh", "water_out_m3")]
            books += [(self.treatment, f"waste_kg:{self.sludge_code}")]
        self.columns: tuple[tuple[str, str], ...] = tuple(books)
        self._place = {pair: n for n, pair in enumerate(books)}
        self.asks: tuple[str, ...] = ("heat",)
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Programmes, tanks and vessels of every run."""
        n, station = draw.runs, self.station
        state: State = {
            "programme": programme(draw, station),
            "lines": [line_of(draw, case, self.plant, c, k) for k, c in enumerate(self.circuits)],
            "queue": np.zeros((n, QUEUE, 2), np.int64),
            "length": np.zeros(n, np.int64),
            "at": np.zeros(n, np.int64),
            "left_s": np.zeros(n),
            "kept_m3": np.zeros(n),
            "lack_kwh": np.zeros(n),
            "held_m3": np.zeros(n),
            "held_cod_kg": np.zeros(n),
            "asked": np.zeros((n, 2 * len(self.circuits)), np.int64),
            "done": np.zeros((n, 2 * len(self.circuits)), np.int64),
            "filled_kg": np.zeros((n, len(self.circuits))),
            **{name: np.zeros(n) for name in _SUMS},
        }
        for name in _FACTS:
            state[name] = draw.parameter(station, name)
        for name in ("kw_off", "kw_idle"):
            state[name] = draw.parameter(station, name, share=0.1)
        for name in _TREATMENT if self.treatment else ():
            state[name] = draw.parameter(self.treatment, name)
        image = case.image
        if image is not None:
            level = image.values.get(f"{station}.recovery_level")
            if level is not None:
                state["kept_m3"] = state["recovery_m3"] * level / 100.0
            level = image.values.get(f"{self.treatment}.tank_level") if self.treatment else None
            if level is not None:
                state["held_m3"] = state["tank_m3"] * level / 100.0
                strength = image.values.get(f"{self.treatment}.cod_in", 0.0) / 1000.0
                state["held_cod_kg"] = state["held_m3"] * strength
        return state

    def step(self, state: State, board: Board) -> None:
        """Bulk for what was filled, cleanings for what was changed, water to the drain."""
        hours = board.step_s / 3600.0
        drained, cod = np.zeros(board.runs), np.zeros(board.runs)
        heat_kwh = np.zeros(board.runs)
        for line in state["lines"]:
            self._changes(state, board, line)
        used = self._clean(state, board)
        for line in state["lines"]:
            heat, residue = self._bulk(state, board, line, hours)
            heat_kwh += heat
            drained += residue / 1000.0
            cod += residue * line.residue_cod
        drained += used[:, DRAINED_M3]
        # The soil comes off the circuits with the water that goes through them; rinse used again brings it back.
        cod += (used[:, FRESH_M3] + used[:, REUSED_M3]) * state["cod_kg_m3"]
        board.ask("heat", self._station(state, board, used, hours) + heat_kwh / hours)
        if self.treatment:
            self._treat(state, board, drained, cod, hours)
        else:
            board.out[:, self._place[self.station, "water_out_m3"]] = drained

    def _changes(self, state: State, board: Board, line: Line) -> None:
        """Queue the cleanings of runs whose product has changed."""
        told = board.given.get(f"product:{line.circuit.line}")
        if told is None or (line.told is not None and (told == line.told).all()):
            return
        line.told = told.copy()
        codes = np.array([p.code for p in line.circuit.products])
        place = np.where(told[:, None] == codes[None, :], np.arange(len(codes)), -1).max(axis=1)
        fresh = (place >= 0) & (line.now >= 0) & (place != line.now)
        line.changes[fresh] += 1.0
        rule = np.where(fresh, line.circuit.rules[line.now, place], NONE)
        line.waits[fresh] = line.residue_kg[fresh]
        line.now = np.where(place >= 0, place, line.now)
        todo = np.flatnonzero(rule != NONE)
        if len(todo):
            self._queue(state, todo, rule, line)

    def _queue(self, state: State, todo: Ints, rule: Ints, line: Line) -> None:
        queue, length, asked = state["queue"], state["length"], state["asked"]
        each = (0, 1) if line.circuit.vessel else (0,)
        full = length[todo] + len(each) > QUEUE
        if full.any():
            raise ScenarioFault(
                f"more than {QUEUE} cleanings wait at {self.station}",
                expected="a station that keeps up with the changes of product",
                remedy="make larger batches, or add a cleaning station",
            )
        for part in each:
            queue[todo, length[todo], 0] = 2 * line.number + part
            queue[todo, length[todo], 1] = rule[todo]
            length[todo] += 1
            asked[todo, 2 * line.number + part] += 1
        state["cleanings"][todo] += len(each)
        state["washes"][todo] += len(each) * (rule[todo] == WASH)

    def _clean(self, state: State, board: Board) -> Floats:
        """Go on with cleanings, and hold fillers that are not clean."""
        used = np.zeros((board.runs, 9))
        p: Programme = state["programme"]
        if state["length"].any() and not board.out_of_order(self.station):
            nothing = np.zeros(board.runs)
            reuse = np.clip(self._held(board, "reuse_sp", nothing) / 100.0, 0.0, 1.0)
            clean(
                state["queue"], state["length"], state["at"], state["left_s"], state["kept_m3"],
                state["recovery_m3"], reuse, p.used, p.seconds, p.m3, p.source, p.sink, p.hot_m3, p.wash_m3, p.kwh,
                p.caustic_kg, board.step_s, used, state["done"],
            )  # fmt: skip
            state["through_m3"] += used[:, FRESH_M3] + used[:, REUSED_M3]
            state["drained_m3"] += used[:, DRAINED_M3]
            state["kept_ever_m3"] += used[:, KEPT_M3]
        return used

    def _bulk(self, state: State, board: Board, line: Line, hours: float) -> tuple[Floats, Floats]:
        """Let a line make its bulk, and hold its filler while it is dirty; heat [kWh] and bulk drained [kg]."""
        circuit, dirty = line.circuit, state["asked"] > state["done"]
        filled = board.given.get(f"fed:{circuit.line}", np.zeros(board.runs))
        filled_kg = filled * line.each_kg()
        state["filled_kg"][:, line.number] += filled_kg
        line.giveaway_kg += filled * line.over_kg
        residue, line.waits = np.minimum(line.waits, line.tank_kg), np.zeros(board.runs)
        held = dirty[:, 2 * line.number]
        line.held_h += held * hours
        heat, dry = np.zeros(board.runs), np.zeros(board.runs, bool)
        if circuit.vessel:
            gone_kg = filled_kg + residue
            heat = line.make(board, dirty[:, 2 * line.number + 1], gone_kg, hours, self._place)
            dry = line.tank_kg < line.per_h_kg * hours * 0.02
        board.given[f"ready:{circuit.filler}"] = ~(held | dry)
        return heat, residue

    def _station(self, state: State, board: Board, used: Floats, hours: float) -> Floats:
        """Book the station; says the heat that its tanks take [kW]."""
        out, place, station = board.out, self._place, self.station
        held = board.around.to_work_s[board.step] < 5400.0
        wash_c = self._held(board, "wash_sp", state["wash_degC"])
        hot_c, cold_c = state["hot_degC"], state["cold_degC"]
        usual = state["wash_degC"] + hot_c - 2.0 * _ROOM_C
        standing = state["standing_kw"] * np.maximum(0.0, wash_c + hot_c - 2.0 * _ROOM_C) / usual
        need = used[:, PIPES_KWH] * np.maximum(0.0, wash_c - cold_c) / (state["wash_degC"] - cold_c)
        need += KWH_M3_K * used[:, WASH_M3] * np.maximum(0.0, wash_c - cold_c)
        need += KWH_M3_K * used[:, HOT_M3] * np.maximum(0.0, hot_c - cold_c)
        need += standing * hours
        state["need_kwh"] += need
        lack = state["lack_kwh"] + need
        heat = np.minimum(lack, state["kw_heaters"] * hours) if held else np.zeros(board.runs)
        state["lack_kwh"] = lack - heat
        busy = used[:, BUSY_S] / 3600.0
        rest = "kw_idle" if held else "kw_off"
        kwh = state["circulation_kw"] * busy + state["booster_kwh_m3"] * used[:, FRESH_M3]
        out[:, place[station, "electricity_kwh"]] = kwh + state[rest] * (hours - busy)
        out[:, place[station, "water_in_m3"]] = used[:, FRESH_M3]
        out[:, place[station, "water_reused_m3"]] = used[:, REUSED_M3]
        out[:, place[station, "material_kg:caustic"]] = used[:, CAUSTIC_KG]
        out[:, place[station, "busy_h"]] = busy
        out[:, place[station, "idle_h" if held else "off_h"]] = hours - busy
        return np.asarray(heat / hours)

    def _held(self, board: Board, name: str, usual: Floats) -> Floats:
        """A set-point of the station; what is usual where it has none, or nobody says where it stands."""
        if not self.plant.has_signal(f"{self.station}.{name}"):
            return usual
        set_to = board.setting(f"{self.station}.{name}")
        return np.where(np.isfinite(set_to), set_to, usual)

    def _treat(
        self, state: State, board: Board, drained: Floats, cod: Floats, hours: float
    ) -> None:
        """Even out and treat what came down the drain."""
        out, place, plant = board.out, self._place, self.treatment
        held, load = state["held_m3"] + drained, state["held_cod_kg"] + cod
        able = 0.0 if board.out_of_order(plant) else state["rate_m3_h"] * hours
        let_out = np.minimum(held, np.maximum(able, held - state["tank_m3"]))
        share = np.divide(let_out, held, out=np.zeros(board.runs), where=held > 0.0)
        removed = load * share * state["cod_removed_share"]
        state["held_m3"], state["held_cod_kg"] = held - let_out, load * (1.0 - share)
        kwh = removed * state["kwh_per_kg_cod"] + let_out * state["kwh_per_m3"]
        out[:, place[plant, "electricity_kwh"]] = kwh + state["kw_rest"] * hours
        out[:, place[plant, "water_out_m3"]] = let_out
        sludge = removed * state["sludge_kg_kg"] / state["sludge_dry_share"]
        out[:, place[plant, f"waste_kg:{self.sludge_code}"]] = sludge

    def finish(self, state: State) -> Mapping[str, Floats]:
        """Cleanings, changes of product, time that lines waited for their cleaning, and what was given away."""
        told = {
            f"{self.station}.cleanings": state["cleanings"],
            f"{self.station}.washes": state["washes"],
            f"{self.station}.kept_m3": state["kept_m3"],
        }
        for line in state["lines"]:
            told[f"{line.circuit.line}.changes"] = line.changes
            told[f"{line.circuit.line}.cleaning_h"] = line.held_h
            told[f"{line.circuit.line}.giveaway_kg"] = line.giveaway_kg
        return told


_ROOM_C = 20.0
_STATION = (
    "electricity_kwh", "water_in_m3", "water_out_m3", "water_reused_m3", "material_kg:caustic",
    "busy_h", "idle_h", "off_h",
)  # fmt: skip
_VESSEL = ("electricity_kwh", "water_in_m3", "busy_h", "idle_h", "off_h")
_SUMS = ("cleanings", "washes", "through_m3", "drained_m3", "kept_ever_m3", "need_kwh")
"""Running sums: circuits cleaned, water through them, drained and kept, heat that their tanks needed."""
_FACTS = (
    "recovery_m3", "wash_degC", "hot_degC", "cold_degC", "standing_kw", "kw_heaters", "cod_kg_m3",
    "circulation_kw", "booster_kwh_m3",
)  # fmt: skip
_TREATMENT = (
    "tank_m3", "rate_m3_h", "kwh_per_kg_cod", "kwh_per_m3", "cod_removed_share", "sludge_kg_kg",
    "sludge_dry_share", "kw_rest",
)  # fmt: skip


class _Plug:
    kinds = ("cip_station", "mixing_vessel", "wash_water_plant")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One unit a cleaning station; the first one's water goes to the wash-water plant."""
        stations = [m for m in plant.machines if m.kind == "cip_station"]
        treating = [m for m in plant.machines if m.kind == "wash_water_plant"]
        if len(treating) > 1:
            raise ScenarioFault(
                f"{', '.join(m.id for m in treating)} treat one works' wash water",
                expected="at most one wash-water plant a works",
                remedy="join them into one machine of the plant file",
            )
        made: list[Unit] = []
        for station in stations:
            lines = circuits(plant, station, alone=len(stations) == 1)
            treatment = treating[0] if treating and not made else None
            made.append(
                Washing(
                    plant, station.id, tuple(lines), treatment.id if treatment else "",
                    _sludge_code(treatment) if treatment else "",
                )
            )  # fmt: skip
        return made


def _sludge_code(treatment: Element) -> str:
    return str(treatment.kind_facts.get("sludge_waste_code", "07 06 12"))


plug = _Plug()
