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
from typing import Any

import numpy as np
from numba import njit

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import Table, down, held, nominal, of_kind, seen, table
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


@njit(cache=True)
def heating_cop(source_c: float, supply_c: float, evaporator_k: float, condenser_k: float) -> float:
    """COP of the ideal heating cycle with its two exchangers.

    >>> round(heating_cop(7.0, 35.0, 5.0, 3.0), 3)
    8.643
    """
    hot = supply_c + condenser_k
    return (hot + KELVIN) / max(hot - source_c + evaporator_k, _LIFT_LOW_K)


@njit(cache=True)
def _pump(
    p: Any, load: float, supply_c: float, source_c: float, waste_kw: float
) -> tuple[float, float, float]:
    """What a heat pump can make, what it makes, and the electricity it takes [kW]."""
    rated = heating_cop(p.rated_source_c, p.rated_supply_c, p.evaporator_k, p.condenser_k)
    now = heating_cop(source_c, supply_c, p.evaporator_k, p.condenser_k)
    cop = max(p.rated_cop / rated * now, 1.0)
    if supply_c > p.supply_high_c:
        return 0.0, 0.0, 0.0
    change = 1.0 + p.capacity_per_k_source * (source_c - p.rated_source_c)
    can = p.rated_heat_kw * min(max(change, 0.2), 1.3)
    if p.of_waste > 0.0 and cop > 1.0:
        can = min(can, waste_kw / (1.0 - 1.0 / cop))
    heat = min(max(load, 0.0), can)
    return can, heat, heat / cop


@njit(cache=True)
def _boil(b: Any, load: float, supply_c: float, hours: float, out: Floats) -> None:
    """Books of a boiler that runs at a share of its rated heat."""
    if load <= 0.0:
        out[0] = b.kw_standby * hours
        return
    back_c = supply_c - b.spread_k * load
    efficiency = b.efficiency - b.efficiency_per_k_return * (back_c - b.return_ref_c)
    fired = b.rated_heat_kw * (load / min(max(efficiency, 0.5), 1.08) + b.standing_share)
    gas = fired / b.gas_kwh_per_m3 * hours
    flue = gas * b.flue_m3_per_m3 * 1e-6
    out[0] = (b.kw_idle + (b.kw_busy - b.kw_idle) * load) * hours
    out[1] = gas
    out[2] = b.rated_heat_kw * load * hours
    out[3] = flue * b.nox_mg_m3
    out[4] = flue * b.co_mg_m3
    out[5] = hours


@njit(cache=True)
def _wanted(tank: Any, asked: float, hours: float) -> float:
    """Heat that the makers are to make: the load, and what fills the store [kW]."""
    if tank.room_kwh <= 0.0:
        return asked
    if tank.stored_kwh < max(tank.room_kwh / 3.0, asked * hours):
        tank.filling = 1.0
    elif tank.stored_kwh >= tank.room_kwh * (1.0 - 1e-9):
        tank.filling = 0.0
    if tank.filling <= 0.0:
        return 0.0
    rate = tank.room_kwh / max(tank.fill_h, hours)
    return float(asked + min(rate, (tank.room_kwh - tank.stored_kwh) / hours))


@njit(cache=True)
def _go_on(
    boilers: Any, pumps: Any, tank: Any, stopped: Any, asked: Floats, supply_c: Floats, outdoor_c: Floats,
    reject_c: Floats, reject_kw: Floats, hours: float, out: Floats, told: Floats,
) -> None:  # fmt: skip
    """One step; `told` [runs, 3]: heat served [kW], whether any can be made, heat taken from the chillers [kW]."""
    count, first = boilers.shape[1], boilers.shape[1] * len(_BOILER_BOOKS)
    for r in range(len(asked)):
        store = tank[r]
        wanted = _wanted(store, asked[r], hours)
        made, can, waste = 0.0, 0.0, reject_kw[r]
        for m in range(pumps.shape[1]):
            p = pumps[r, m]
            at = first + m * len(_PUMP_BOOKS)
            if stopped[count + m]:
                out[r, at + 3] = hours
                continue
            source = reject_c[r] if p.of_waste > 0.0 else outdoor_c[r]
            able, heat, kw = _pump(p, wanted - made, supply_c[r], source, waste)
            if p.of_waste > 0.0:
                waste -= heat - kw
            made += heat
            can += able
            out[r, at] = (kw if heat > 0.0 else p.kw_standby) * hours
            out[r, at + 1] = heat * hours
            out[r, at + 2] = hours if heat > 0.0 else 0.0
        whole = 0.0
        for m in range(count):
            whole += 0.0 if stopped[m] else boilers[r, m].rated_heat_kw
        load = min(max((wanted - made) / whole, 0.0), 1.0) if whole > 0.0 else 0.0
        for m in range(count):
            at = m * len(_BOILER_BOOKS)
            if stopped[m]:
                out[r, at + 6] = hours
            else:
                _boil(boilers[r, m], load, supply_c[r], hours, out[r, at : at + 6])
        made += whole * load
        can += whole
        served = min(made, asked[r])
        if store.room_kwh > 0.0:
            there = store.stored_kwh * np.exp(-store.loss_share_per_h * hours) + made * hours
            served = min(asked[r], there / hours)
            store.stored_kwh = there - served * hours
        told[r, 0] = served
        told[r, 1] = 1.0 if can > 0.0 else 0.0
        told[r, 2] = reject_kw[r] - waste


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
        """Parameters; a store begins as full as the image shows it, else half."""
        boilers = table(draw, self.boilers, _BOILER, ("kw_standby", "kw_idle", "kw_busy"))
        for m, name in enumerate(self.boilers):
            for state, kw in nominal(draw, name, "standby", "idle", "busy").items():
                boilers[f"kw_{state}"][:, m] = kw
        pumps = table(draw, self.pumps, _PUMP, ("kw_standby", "of_waste"))
        for m, name in enumerate(self.pumps):
            pumps["kw_standby"][:, m] = nominal(draw, name, "standby")["standby"]
            pumps["of_waste"][:, m] = draw.word(name, "source", "air") == "waste_heat"
        return {
            "boilers": boilers,
            "pumps": pumps,
            "tank": self._tank(draw, case),
            "told": np.zeros((draw.runs, 3)),
            "nothing": np.zeros(draw.runs),
        }

    def _tank(self, draw: Draw, case: Case) -> Table:
        """All stores as one."""
        stores = table(draw, self.stores, _STORE)
        memory = ("room_kwh", "stored_kwh", "filling", "fill_h", "loss_share_per_h")
        tank: Table = np.zeros(draw.runs, np.dtype([(name, np.float64) for name in memory]))
        if self.stores:
            litres = stores["volume_m3"] * stores["spread_k"]
            tank["room_kwh"] = litres.sum(axis=1) * WATER_KWH_PER_M3_K
            full = np.mean([seen(case, s, "charge_level", 50.0) for s in self.stores]) / 100.0
            tank["stored_kwh"] = full * tank["room_kwh"]
            tank["fill_h"] = stores["fill_h"].max(axis=1)
            tank["loss_share_per_h"] = stores["loss_share_per_h"].mean(axis=1)
        return tank

    def step(self, state: State, board: Board) -> None:
        """Carry the load; heat pumps before boilers."""
        asked, supply_c = np.ascontiguousarray(board.asked("heat")), self._supply(state, board)
        told, outdoor_c = state["told"], np.ascontiguousarray(board.outdoor_c())
        cooled = "condenser_kw" in board.given
        reject_kw = board.given["condenser_kw"] if cooled else state["nothing"]
        reject_c = board.given["condenser_c"] if cooled else outdoor_c
        _go_on(
            state["boilers"], state["pumps"], state["tank"], down(board, self.boilers + self.pumps), asked,
            supply_c, outdoor_c, reject_c, reject_kw,
            board.step_s / 3600.0, board.out, told,
        )  # fmt: skip
        if self.pumps:
            board.ask("waste_heat", told[:, 2].copy())
        served = told[:, 0].copy()
        board.serve("heat", served)
        share = told[:, 1].copy()
        np.divide(served, asked, out=share, where=asked > 0.0)
        board.given["heat_share"] = share
        board.given["heat_supply_c"] = supply_c

    def _supply(self, state: State, board: Board) -> Floats:
        """The supply temperature: the highest that a boiler is set to, without one a heat pump [runs]."""
        makers = "boilers" if self.boilers else "pumps"
        names = self.boilers or self.pumps
        usual = state[makers]["supply_sp_usual"]
        supply = held(board, self.plant, names[0], "supply_sp", usual[:, 0])
        for m, name in enumerate(names[1:], start=1):
            supply = np.maximum(supply, held(board, self.plant, name, "supply_sp", usual[:, m]))
        return np.ascontiguousarray(supply, np.float64)


class _Plug:
    kinds: tuple[str, ...] = ("gas_boiler", "heat_pump", "heat_store")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One, where hot water is made."""
        boilers, pumps, stores = (of_kind(plant, kind) for kind in self.kinds)
        return (Heat(plant, boilers, pumps, stores),) if boilers or pumps else ()


plug = _Plug()
