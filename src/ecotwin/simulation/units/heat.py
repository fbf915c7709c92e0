"""Hot water: heat pumps first, then gas boilers, with a store between them and the users if there is one.

Boiler: gas = (heat / efficiency + standing loss) / heating value. Efficiency falls by `efficiency_per_k_return` for
each degC of the return above `return_ref_c`; the return is `spread_k` x load below the supply. Without a store a
boiler follows its load, starts and stops are free, and it pays its standing loss while it is on. NOx and CO follow
from the flue gas: `flue_m3_per_m3` x gas x concentration.

Heat pump: COP = g x T_hot / (T_hot - T_cold), T_hot `condenser_k` above the supply, T_cold `evaporator_k` below the
source: outdoor air, or the chillers' rejected heat (fact `source,waste_heat`), of which it takes no more than there
is. g follows from `rated_cop` at `rated_source_c` and `rated_supply_c`. Its heat changes by
`capacity_per_k_source`; it makes none while the set-point is above `supply_high_c`. Defrosting of air-source
machines is not played: it costs up to a tenth of the heat near 0 degC and humid air.

Store: a well mixed tank of `volume_m3` used over `spread_k`, losing `loss_share_per_h`. The makers start when it is
a third full, or when it cannot carry the load, and stop when it is full; while they run they carry the load and
fill it within `fill_h`.

Given: `heat_supply_c`, `heat_share` (served by asked), `return_c`. Steam is not made here.

Sources:
    Efficiency by return temperature of boilers: EN 15316-4-1; heat pump as a share of the ideal cycle: EN 14825;
    flue gas of natural gas at 3 % oxygen: stoichiometry of methane, 8.5 m3 dry flue gas a m3, x 21 / (21 - 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import Table, down, held, nominal, of_kind, table
from ecotwin.simulation.surroundings import Surroundings

KELVIN = 273.15
WATER_KWH_PER_M3_K = 4.186 * 998.0 / 3600.0
_BOILER = (
    "rated_heat_kw", "efficiency", "efficiency_per_k_return", "return_ref_c", "standing_share", "spread_k",
    "gas_kwh_per_m3", "nox_mg_m3", "co_mg_m3", "flue_m3_per_m3", "supply_sp_usual",
)  # fmt: skip
_PUMP = (
    "rated_heat_kw", "rated_cop", "rated_source_c", "rated_supply_c", "condenser_k", "evaporator_k",
    "capacity_per_k_source", "supply_high_c", "supply_sp_usual",
)  # fmt: skip
_STORE = ("volume_m3", "spread_k", "loss_share_per_h", "fill_h")
_BOILER_BOOKS = ("electricity_kwh", "gas_m3", "heat_kwh", "nox_kg", "co_kg", "busy_h", "down_h")
_PUMP_BOOKS = ("electricity_kwh", "heat_kwh", "busy_h", "down_h")
_LIFT_LOW_K = 10.0


def heating_cop(
    source_c: Floats, supply_c: Floats, evaporator_k: Floats, condenser_k: Floats
) -> Floats:
    """COP of the ideal heating cycle with its two exchangers.

    >>> float(heating_cop(np.array(7.0), np.array(35.0), np.array(5.0), np.array(3.0)).round(3))
    8.643
    """
    hot = supply_c + condenser_k
    lift = np.maximum(hot - source_c + evaporator_k, _LIFT_LOW_K)
    return np.asarray((hot + KELVIN) / lift, np.float64)


@dataclass
class Heat:
    """All makers and stores of hot water of a plant."""

    plant: Plant
    boilers: tuple[str, ...]
    pumps: tuple[str, ...]
    stores: tuple[str, ...]
    name: str = "heat"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("waste_heat",)
    serves: tuple[str, ...] = ("heat",)
    machines: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.machines = self.boilers + self.pumps + self.stores
        self.columns = (
            *((b, book) for b in self.boilers for book in _BOILER_BOOKS),
            *((p, book) for p in self.pumps for book in _PUMP_BOOKS),
        )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters; a store begins half full."""
        stores = table(draw, self.stores, _STORE)
        room = (stores["volume_m3"] * stores["spread_k"]).sum(axis=1) * WATER_KWH_PER_M3_K
        return {
            "boilers": table(draw, self.boilers, _BOILER),
            "pumps": table(draw, self.pumps, _PUMP),
            "stores": stores,
            "room_kwh": room,
            "stored_kwh": 0.5 * room,
            "filling": np.zeros(draw.runs, np.bool_),
            "powers": [nominal(draw, m, "standby", "idle", "busy") for m in self.boilers],
            "pump_standby": [nominal(draw, m, "standby")["standby"] for m in self.pumps],
            "of_waste": [draw.word(m, "source", "air") == "waste_heat" for m in self.pumps],
        }

    def step(self, state: State, board: Board) -> None:
        """Carry the load; heat pumps before boilers."""
        hours, asked = board.step_s / 3600.0, board.asked("heat")
        supply_c = self._supply(state, board)
        wanted = self._wanted(state, asked, hours)
        waste = board.given.get("condenser_kw", np.zeros(board.runs)).copy()
        made = np.zeros(board.runs)
        can = np.zeros(board.runs)
        first = len(self.boilers) * len(_BOILER_BOOKS)
        for m, name in enumerate(self.pumps):
            at = first + m * len(_PUMP_BOOKS)
            able, heat, cold = self._pump(state, board, m, wanted - made, supply_c, waste, at)
            if state["of_waste"][m]:
                board.ask("waste_heat", cold)
                waste = waste - cold
            made = made + heat
            can = can + able * (not board.out_of_order(name))
        stopped = down(board, self.boilers)
        boilers = state["boilers"]
        able = boilers["rated_heat_kw"] * ~stopped
        whole = able.sum(axis=1)
        can = can + whole
        load = np.divide(wanted - made, whole, out=np.zeros(board.runs), where=whole > 0.0)
        load = np.clip(load, 0.0, 1.0)
        for m in range(len(self.boilers)):
            self._boil(state, board, m, able[:, m], load, supply_c, bool(stopped[m]))
        made = made + whole * load
        served = self._store(state, asked, made, hours)
        board.serve("heat", served)
        share = (can > 0.0).astype(np.float64)
        np.divide(served, asked, out=share, where=asked > 0.0)
        board.given["heat_share"] = share
        board.given["heat_supply_c"] = supply_c

    def _supply(self, state: State, board: Board) -> Floats:
        """The supply temperature: the highest that a maker is set to [runs]."""
        pairs = [
            *zip(self.boilers, state["boilers"]["supply_sp_usual"].T, strict=True),
            *zip(self.pumps, state["pumps"]["supply_sp_usual"].T, strict=True),
        ]
        only = pairs[: len(self.boilers)] or pairs
        set_c = [held(board, self.plant, m, "supply_sp", usual) for m, usual in only]
        return np.asarray(np.max(set_c, axis=0), np.float64)

    def _wanted(self, state: State, asked: Floats, hours: float) -> Floats:
        """Heat that the makers are to make: the load, and what fills the store [kW]."""
        room, stored = state["room_kwh"], state["stored_kwh"]
        if not self.stores:
            return asked
        short = stored < np.maximum(room / 3.0, asked * hours)
        state["filling"] = (state["filling"] | short) & (stored < room * (1.0 - 1e-9))
        fill_h = np.maximum(state["stores"]["fill_h"].max(axis=1), hours)
        fill = np.minimum(room / fill_h, (room - stored) / hours)
        return np.asarray(np.where(state["filling"], asked + fill, 0.0))

    def _store(self, state: State, asked: Floats, made: Floats, hours: float) -> Floats:
        """What users get, the store giving or taking the rest [kW]."""
        if not self.stores:
            return np.minimum(made, asked)
        stores = state["stores"]
        lost = 1.0 - np.exp(-stores["loss_share_per_h"].mean(axis=1) * hours)
        there = state["stored_kwh"] * (1.0 - lost) + made * hours
        served: Floats = np.minimum(asked, there / hours)
        state["stored_kwh"] = there - served * hours
        return served

    def _pump(
        self, state: State, board: Board, m: int, load: Floats, supply_c: Floats, waste: Floats, at: int
    ) -> tuple[Floats, Floats, Floats]:  # fmt: skip
        """What a heat pump can make, makes, and takes from its source [kW]."""
        p: Table = state["pumps"][:, m]
        hours, stopped = board.step_s / 3600.0, board.out_of_order(self.pumps[m])
        of_waste = state["of_waste"][m]
        source = (
            board.given.get("condenser_c", board.outdoor_c()) if of_waste else board.outdoor_c()
        )
        k = (p["evaporator_k"], p["condenser_k"])
        share = p["rated_cop"] / heating_cop(p["rated_source_c"], p["rated_supply_c"], *k)
        cop = np.maximum(share * heating_cop(source, supply_c, *k), 1.0)
        change = 1.0 + p["capacity_per_k_source"] * (source - p["rated_source_c"])
        can = p["rated_heat_kw"] * np.clip(change, 0.2, 1.3) * (supply_c <= p["supply_high_c"])
        if of_waste:
            can = np.minimum(can, waste / np.maximum(1.0 - 1.0 / cop, 1e-9))
        heat = np.minimum(np.maximum(load, 0.0), can) * (not stopped)
        kw = heat / cop
        standby = state["pump_standby"][m] * (not stopped) * (heat <= 0.0)
        board.out[:, at] = (kw + standby) * hours
        board.out[:, at + 1] = heat * hours
        board.out[:, at + 2] = (heat > 0.0) * hours
        board.out[:, at + 3] = stopped * hours
        return can, heat, heat - kw

    def _boil(
        self, state: State, board: Board, m: int, able: Floats, load: Floats, supply_c: Floats, stopped: bool
    ) -> None:  # fmt: skip
        b: Table = state["boilers"][:, m]
        hours, on = board.step_s / 3600.0, load > 0.0
        heat = able * load
        back_c = supply_c - b["spread_k"] * load
        efficiency = b["efficiency"] - b["efficiency_per_k_return"] * (back_c - b["return_ref_c"])
        efficiency = np.clip(efficiency, 0.5, 1.08)
        fired = np.where(on, heat / efficiency + b["standing_share"] * b["rated_heat_kw"], 0.0)
        gas = fired / b["gas_kwh_per_m3"] * hours * (not stopped)
        flue = gas * b["flue_m3_per_m3"]
        powers = state["powers"][m]
        running = powers["idle"] + (powers["busy"] - powers["idle"]) * load
        kw = np.where(on, running, powers["standby"]) * (not stopped)
        at = m * len(_BOILER_BOOKS)
        for place, amount in enumerate(
            (kw * hours, gas, heat * hours, flue * b["nox_mg_m3"] * 1e-6, flue * b["co_mg_m3"] * 1e-6,
             on * hours * (not stopped), np.full(board.runs, stopped * hours))
        ):  # fmt: skip
            board.out[:, at + place] = amount


class _Plug:
    kinds: tuple[str, ...] = ("gas_boiler", "heat_pump", "heat_store")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One, where hot water is made."""
        boilers, pumps, stores = (of_kind(plant, kind) for kind in self.kinds)
        return (Heat(plant, boilers, pumps, stores),) if boilers or pumps else ()


plug = _Plug()
