"""Aircraft with turbofan engines, and the cell where new engines are tested: fuel, NOx, CO, flights, wear and washes.

One unit an aircraft (an `airframe` and the engines on its line), one a test cell. Flights leave when the aircraft is
at the gate and may fly; length and load are drawn. From live, a flight under way goes on from its height and mass; how
far it still has to go is drawn, since no signal tells it. Set-points `derate_sp`, `cruise_altitude_sp` (airframe) and
`wash_interval_sp` (engine) change what is flown; `saf_share` is a parameter of the engines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.surroundings import WORK, Surroundings
from ecotwin.simulation.turbofans import flight
from ecotwin.simulation.turbofans.burn import POINTS, SEA_K, curve
from ecotwin.simulation.turbofans.wear import LAW, Wear

AIRFRAME, ENGINE, CELL = "airframe", "turbofan_engine", "engine_test_cell"
SAF_MJ_KG = 44.1
"""Lower heating value of synthesised paraffinic kerosene [MJ/kg]: stated assumption, typical of HEFA fuels."""
DOUBT = {"fuel_scale": 0.04, "nox_scale": 0.10, "co_scale": 0.25}
LEFT = {"fuel_scale": 0.01, "nox_scale": 0.04, "co_scale": 0.10}
"""What the model itself does not know, one draw for all engines of a run (standard deviation as a share), before and
after calibration, which gives one scale for all phases of a flight.

Stated assumptions: no published comparison of method 2 with measured cruise emissions was at hand.
"""


@dataclass
class Aircraft:
    """An airframe and its engines."""

    name: str
    frame: str
    engines: tuple[str, ...]

    def __post_init__(self) -> None:
        self.machines: tuple[str, ...] = (self.frame, *self.engines)
        kinds = ("fuel_kg:fuel", "fuel_kg:saf", "nox_kg", "co_kg", "washes")
        self.columns: tuple[tuple[str, str], ...] = (
            *((e, q) for e in self.engines for q in kinds),
            (self.frame, "flights"),
        )
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Certified curves, laws of wear, and where aircraft and engines stand."""
        del around
        runs, engines = draw.runs, self.engines
        spreads = {"core_life_cycles": "core_sd_share"}
        state: State = {
            "curve": np.array([self._curve(draw, r) for r in range(runs)])
            if runs
            else np.zeros((0, 19)),
            "wear": Wear(
                *(np.stack([self._law(draw, e, n, spreads) for e in engines], 1) for n in LAW)
            ),
            "known": np.stack([draw.parameter(self.frame, n) for n in flight.KNOWN], 1),
            "saf": np.stack([draw.parameter(e, "saf_share", 0.0) for e in engines], 1),
            "mj": np.stack([draw.parameter(e, "heating_value_mj_kg") for e in engines], 1),
            "ease": np.stack([draw.parameter(e, "derate_wear_share") for e in engines], 1),
            **{name: self._scale(draw, case, name) for name in DOUBT},
            "keys": draw.chance.keys(f"{self.frame}.flights"),
            "out": np.zeros((runs, len(engines), 3)),
            "landed": np.zeros(runs, np.int64),
        }
        if (state["saf"] > 1.0).any():
            raise ScenarioFault(
                f"saf_share of {self.name} is {state['saf'].max():g}",
                expected="a share between 0 and 1",
                remedy="correct it in the scenario",
            )
        self._engines(state, case)
        self._frame(state, draw, case)
        return state

    def _curve(self, draw: Draw, run: int) -> Floats:
        columns = (("fuel", "kg_s"), ("nox", "g_kg"), ("co", "g_kg"))
        names = [f"lto_{kind}_{p}_{unit}" for kind, unit in columns for p in POINTS]
        names += ["rated_thrust_kn", "cruise_tsfc_g_kn_s"]
        return curve({n: float(draw.parameter(self.engines[0], n)[run]) for n in names})

    def _law(self, draw: Draw, engine: str, name: str, spreads: Mapping[str, str]) -> Floats:
        share = float(draw.parameter(engine, spreads[name])[0]) if name in spreads else 0.0
        return draw.parameter(engine, name, None, share)

    def _scale(self, draw: Draw, case: Case, name: str) -> Floats:
        normal = np.clip(draw.chance.normal(f"turbofans.{name}"), -3.0, 3.0)
        scales = []
        for engine in self.engines:
            learned = f"{engine}.{name}" in case.parameters
            doubt = LEFT[name] if learned else DOUBT[name]
            scales.append(draw.parameter(engine, name, 1.0) * np.exp(doubt * normal))
        return np.stack(scales, 1)

    def _engines(self, state: State, case: Case) -> None:
        """Wear by what the newest image says: cycles, and the last wash as the washing interval lets it be."""
        values = case.image.values if case.image else {}
        wear: Wear = state["wear"]
        runs = len(state["curve"])
        cycles = np.array([max(0.0, values.get(f"{e}.cycles", 4000.0)) for e in self.engines])
        state["cycles"] = np.tile(cycles, (runs, 1))
        every = np.array(
            [max(1.0, values.get(f"{e}.wash_interval_sp", 1500.0)) for e in self.engines]
        )
        state["core_k"], state["dirt_k"] = wear.standing(state["cycles"], every)
        state["since"] = state["cycles"] % every
        tested = np.array([values.get(f"{e}.tested_egt", 1.0) > 0.0 for e in self.engines])
        state["held"] = not tested.all()

    def _frame(self, state: State, draw: Draw, case: Case) -> None:
        """Where the aircraft is: at the gate unless the image says otherwise."""
        runs = len(state["curve"])
        at = np.zeros((runs, 10))
        known = state["known"]
        at[:, flight.LEFT_S] = known[:, flight.TURN_S] * draw.chance.uniform(f"{self.frame}.gate")
        at[:, flight.MASS] = known[:, flight.EMPTY]
        values = case.image.values if case.image else {}
        leg = round(values.get(f"{self.frame}.phase", 0.0))
        if flight.PARKED < leg <= flight.TAXI_IN:
            at[:, flight.LEG] = leg
            at[:, flight.ALTITUDE] = max(0.0, values.get(f"{self.frame}.altitude", 0.0))
            at[:, flight.MASS] = values.get(
                f"{self.frame}.mass", float(known[:, flight.EMPTY].mean()) + 18_000.0
            )
            at[:, flight.LEVEL] = np.maximum(
                at[:, flight.ALTITUDE], values.get(f"{self.frame}.cruise_altitude_sp", 10_973.0)
            )
            part = draw.chance.uniform(f"{self.frame}.part")
            at[:, flight.TO_GO] = known[:, flight.TRIP] * (part if leg == flight.CRUISE else 1.0)
            at[:, flight.LEFT_S] = known[:, flight.TAXI_S] * 0.4 * part
        state["at"] = at

    def step(self, state: State, board: Board) -> None:
        """Fly, burn, wear, wash."""
        out, landed, wear = state["out"], state["landed"], state["wear"]
        out[:] = 0.0
        extra = wear.fuel_share(state["cycles"], state["core_k"], state["dirt_k"])
        saf, mj = state["saf"], state["mj"]
        lighter = mj / (saf * SAF_MJ_KG + (1.0 - saf) * mj)
        derate = board.setting(f"{self.frame}.derate_sp") / 100.0
        held = any(board.out_of_order(m) for m in self.machines) or bool(
            state["held"] and not board.given.get("tested", np.zeros(1)).any()
        )
        more = (1.0 + extra) * lighter * state["fuel_scale"] - 1.0
        flight.advance(
            state["at"], state["known"], state["curve"], more, state["keys"],
            board.outdoor_c() + 273.15 - SEA_K, derate, board.setting(f"{self.frame}.cruise_altitude_sp"),
            float(board.around.hour[board.step]), board.step_s, held, out, landed,
        )  # fmt: skip
        washed = self._age(state, board, derate) if landed.any() else np.zeros_like(extra)
        for e in range(len(self.engines)):
            fuel = out[:, e, 0]
            board.out[:, 5 * e] = fuel * (1.0 - saf[:, e])
            board.out[:, 5 * e + 1] = fuel * saf[:, e]
            board.out[:, 5 * e + 2] = out[:, e, 1] * state["nox_scale"][:, e]
            board.out[:, 5 * e + 3] = out[:, e, 2] * state["co_scale"][:, e]
            board.out[:, 5 * e + 4] = washed[:, e]
        board.out[:, -1] = landed

    def _age(self, state: State, board: Board, derate: Floats) -> Floats:
        """Wear of the flights that have just ended; which engines were washed."""
        wear: Wear = state["wear"]
        flown = state["landed"][:, None].astype(np.float64)
        severity = np.maximum(0.2, 1.0 - state["ease"] * 100.0 * derate[:, None])
        state["core_k"] = wear.flown(state["core_k"], flown, severity)
        state["dirt_k"] = wear.dirtier(state["dirt_k"], flown)
        state["cycles"] = state["cycles"] + flown
        state["since"] = state["since"] + flown
        every = np.stack([board.setting(f"{e}.wash_interval_sp") for e in self.engines], 1)
        due = (state["since"] >= every) & (flown > 0.0)
        state["dirt_k"] = np.where(due, (1.0 - wear.recovery) * state["dirt_k"], state["dirt_k"])
        state["since"] = np.where(due, 0.0, state["since"])
        return np.asarray(due, np.float64)

    def finish(self, state: State) -> Mapping[str, Floats]:
        """Margin left [K] of each engine at the end."""
        left = state["wear"].left_k(state["cycles"], state["core_k"], state["dirt_k"])
        return {f"{e}.egt_margin_k": left[:, n] for n, e in enumerate(self.engines)}


@dataclass
class Cell:
    """A test cell: it runs the acceptance tests of engines that have none yet, in working time."""

    name: str
    engines: tuple[str, ...]

    def __post_init__(self) -> None:
        self.machines: tuple[str, ...] = (self.name,)
        self.columns: tuple[tuple[str, str], ...] = tuple(
            (self.name, q)
            for q in ("electricity_kwh", "fuel_kg:fuel", "nox_kg", "co_kg", "parts_total")
        )
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """How many engines wait."""
        del around
        share = float(draw.word(self.name, "kw_sd_share", "0.2"))
        values = case.image.values if case.image else {}
        state: State = {
            n: draw.parameter(self.name, f"kw_{n}", None, share)
            for n in ("standby", "idle", "busy")
        }
        state |= {
            n: draw.parameter(self.name, n)
            for n in ("test_s", "test_fuel_kg", "test_nox_g_kg", "test_co_g_kg")
        }
        waiting = sum(values.get(f"{e}.tested_egt", 1.0) <= 0.0 for e in self.engines)
        state["left_s"] = waiting * state["test_s"]
        return state

    def step(self, state: State, board: Board) -> None:
        """Test while people work and engines wait."""
        working = board.around.kind[board.step] == WORK and not board.out_of_order(self.name)
        seconds = np.minimum(state["left_s"], board.step_s) if working else np.zeros(board.runs)
        state["left_s"] = state["left_s"] - seconds
        board.given["tested"] = state["left_s"] <= 1e-6
        busy = seconds / board.step_s
        kw = busy * state["busy"] + (1.0 - busy) * (state["idle"] if working else state["standby"])
        fuel = state["test_fuel_kg"] * seconds / state["test_s"]
        out = board.out
        out[:, 0] = kw * board.step_s / 3600.0
        out[:, 1] = fuel
        out[:, 2], out[:, 3] = (
            fuel * state["test_nox_g_kg"] / 1000.0,
            fuel * state["test_co_g_kg"] / 1000.0,
        )
        out[:, 4] = seconds / state["test_s"]


class Plug:
    """Airframes with the engines of their line, and test cells."""

    kinds = (AIRFRAME, ENGINE, CELL)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """Units of a plant.

        Raises:
            ScenarioFault: An airframe without engines, or an engine on no aircraft.
        """
        engines = [m for m in plant.machines if m.kind == ENGINE]
        frames = [m for m in plant.machines if m.kind == AIRFRAME]
        found: list[Unit] = []
        placed: set[str] = set()
        for frame in frames:
            own = tuple(e.id for e in engines if e.parent == frame.parent)
            placed.update(own)
            if not own or sum(f.parent == frame.parent for f in frames) > 1:
                raise ScenarioFault(
                    f"{frame.id} stands with {len(own)} engines on {frame.parent}",
                    expected="one airframe and its engines on a line",
                    remedy="give every aircraft a line of its own in the plant file",
                )
            found.append(Aircraft(frame.parent, frame.id, own))
        lost = [e.id for e in engines if e.id not in placed]
        if lost:
            raise ScenarioFault(
                f"{', '.join(lost)} hang on no airframe",
                expected="an airframe on the line of every engine",
                remedy="add a machine of kind `airframe` to their line",
            )
        waiting = tuple(e.id for e in engines)
        found += [Cell(m.id, waiting) for m in plant.machines if m.kind == CELL]
        return found


plug = Plug()
