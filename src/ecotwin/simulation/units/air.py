"""Compressed air: compressors in cascade, receiver, dryer, leaks.

The pressure follows from what is made, used and lost: in a store of volume V at constant temperature, dp/dt = p0
(made - used - leaked) / V with flows at standard conditions. It is played from switch to switch inside a step,
since a compressor loads and unloads several times in a few minutes.

* A fixed-speed compressor makes its rated flow or nothing: it loads at the lower edge of its band around the
  set-point, unloads at the upper edge, then idles at the power of `kw_idle` and stops after `idle_run_min`. Each
  next one in the plant file works `cascade_bar` lower.
* A variable-speed one (fact `drive,variable`) makes what keeps the pressure at its set-point, between
  `speed_low_share` and 1 of its rated flow; its power falls along a straight line to `no_load_share`.
* Power under load changes by `share_per_bar` for one bar of pressure. Leaks are holes: their flow is proportional
  to the absolute pressure. Users' flows are as asked, until the pressure falls under `low_bar`; below it they get
  less in proportion to the absolute pressure.

Not played: what users waste when the pressure is higher than they need, intake temperature, ageing of filters. A
branch's air meter tells nothing here, since users ask the net as one.

Sources:
    6-7 % power a bar, leaks, unloaded power: US DOE, "Improving Compressed Air System Performance: A Sourcebook for
    Industry", 3rd ed.; sonic flow through a hole is proportional to the absolute pressure upstream (Bernoulli with
    compressibility, p2/p1 < 0.528).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import down, held, long_pause, nominal, number, of_kind, seen, table
from ecotwin.simulation.surroundings import Surroundings

STANDARD_BAR = 1.01325
"""Pressure of standard conditions, and of the surroundings [bar]."""
_SLICE_S, _SHORTEST_S, _NEAR_BAR = 15.0, 0.5, 1e-9
_NUMBERS = (
    "rated_flow_m3_h", "rated_pressure_bar", "specific_kwh_per_m3", "share_per_bar", "band_bar", "cascade_bar",
    "idle_run_min", "receiver_m3", "leak_m3_h", "speed_low_share", "no_load_share", "drive_loss_share", "low_bar",
)  # fmt: skip
_MEMORY = ("variable", "kw_idle", "kw_stopped", "loaded", "idle_s", "kw_off")
_BOOKS = (
    "electricity_kwh",
    "air_m3",
    "leak_m3",
    "busy_h",
    "idle_h",
    "standby_h",
    "down_h",
    "off_h",
)
_DOWN, _OFF = 1, 2


@njit(cache=True)
def loaded_kw(specific: float, flow: float, per_bar: float, bar: float, rated_bar: float) -> float:
    """Power of a compressor at full flow and some pressure [kW].

    >>> round(loaded_kw(0.1, 600.0, 0.07, 6.5, 7.5), 9)
    55.8
    """
    return specific * flow * max(0.2, 1.0 + per_bar * (bar - rated_bar))


@njit(cache=True)
def _edges(c: Any, place: int, set_bar: float) -> tuple[float, float]:
    """Pressures at which a compressor loads and unloads [bar]."""
    middle = set_bar - place * c.cascade_bar
    low = middle if c.variable > 0.0 else middle - 0.5 * c.band_bar
    return low, middle + 0.5 * c.band_bar


@njit(cache=True)
def _flow(c: Any, place: int, bar: float, set_bar: float, need: float) -> float:
    """What a compressor makes at this pressure [m3/h]; switches `loaded`."""
    low, high = _edges(c, place, set_bar)
    if bar <= low + _NEAR_BAR:
        c.loaded = 1.0
    elif bar >= high - _NEAR_BAR:
        c.loaded = 0.0
    if c.loaded <= 0.0:
        return 0.0
    if c.variable <= 0.0:
        return float(c.rated_flow_m3_h)
    return float(min(max(need, c.speed_low_share * c.rated_flow_m3_h), c.rated_flow_m3_h))


@njit(cache=True)
def _power(c: Any, flow: float, bar: float) -> float:
    if flow <= 0.0:
        return float(c.kw_idle if c.idle_s < 60.0 * c.idle_run_min else c.kw_stopped)
    full = loaded_kw(
        c.specific_kwh_per_m3, c.rated_flow_m3_h, c.share_per_bar, bar, c.rated_pressure_bar
    )
    if c.variable > 0.0:
        share = flow / c.rated_flow_m3_h
        full *= (1.0 + c.drive_loss_share) * (c.no_load_share + (1.0 - c.no_load_share) * share)
    return float(full)


@njit(cache=True)
def _until(c: Any, place: int, bar: float, set_bar: float, bar_per_s: float) -> float:
    """Time until a compressor switches at this slope of the pressure [s]."""
    low, high = _edges(c, place, set_bar)
    if c.loaded > 0.0 and bar_per_s > 0.0:
        return float(max((high - bar) / bar_per_s, _SHORTEST_S))
    if c.loaded <= 0.0 and bar_per_s < 0.0:
        return float(max((low - bar) / bar_per_s, _SHORTEST_S))
    return 1e9


@njit(cache=True)
def _book(c: Any, out: Floats, stopped: int, flow: float, kw: float, dt_s: float) -> None:
    """Books of one compressor over a slice."""
    hours = dt_s / 3600.0
    if stopped > 0:
        c.loaded, c.idle_s = 0.0, 1e9
        out[6 if stopped == _DOWN else 7] += hours
        out[0] += (c.kw_off if stopped == _OFF else 0.0) * hours
        return
    out[0] += kw * hours
    out[1] += flow * hours
    idle = c.idle_s < 60.0 * c.idle_run_min
    out[3 if flow > 0.0 else 4 if idle else 5] += hours
    c.idle_s = 0.0 if flow > 0.0 else c.idle_s + dt_s


@njit(cache=True)
def _go_on(
    machines: Any, bar: Floats, asked: Floats, set_bar: Floats, stopped: Any, step_s: float,
    out: Floats, served: Floats,
) -> None:  # fmt: skip
    """One step of every run; `out` [runs, machines x books], `served` [runs] in m3/h."""
    count, books = machines.shape[1], len(_BOOKS)
    flows = np.zeros(count)
    for r in range(machines.shape[0]):
        volume, leaks, used, passed = 0.0, 0.0, 0.0, 0.0
        for m in range(count):
            c = machines[r, m]
            volume += c.receiver_m3
            leaks += c.leak_m3_h / (c.rated_pressure_bar + STANDARD_BAR)
        low = machines[r, 0].low_bar + STANDARD_BAR
        while passed < step_s - 1e-6:
            absolute = bar[r] + STANDARD_BAR
            use = asked[r] * min(1.0, absolute / low)
            lost, made, dt_s = leaks * absolute, 0.0, min(_SLICE_S, step_s - passed)
            for m in range(count):
                c, flows[m] = machines[r, m], 0.0
                if stopped[m] == 0:
                    hold = set_bar[m, r] - m * c.cascade_bar - bar[r]
                    hold *= volume / STANDARD_BAR * 3600.0 / _SLICE_S
                    flows[m] = _flow(c, m, bar[r], set_bar[m, r], use + lost - made + hold)
                made += flows[m]
            slope = STANDARD_BAR * (made - use - lost) / volume / 3600.0
            for m in range(count):
                if stopped[m] == 0:
                    dt_s = min(dt_s, _until(machines[r, m], m, bar[r], set_bar[m, r], slope))
            hours = dt_s / 3600.0
            there = volume * absolute / STANDARD_BAR / hours + made
            if use + lost > there:
                use, lost = use * there / (use + lost), lost * there / (use + lost)
            for m in range(count):
                c = machines[r, m]
                kw = _power(c, flows[m], bar[r])
                _book(c, out[r, m * books : (m + 1) * books], stopped[m], flows[m], kw, dt_s)
            out[r, 2] += lost * hours
            used += use * hours
            bar[r] += STANDARD_BAR * (made - use - lost) * hours / volume
            passed += dt_s
        served[r] = used / (step_s / 3600.0)


@dataclass
class AirStation:
    """All compressors and dryers of a plant, on one net."""

    plant: Plant
    compressors: tuple[str, ...]
    dryers: tuple[str, ...]
    name: str = "air"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ("air",)
    machines: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.machines = self.compressors + self.dryers
        self.columns = (
            *((c, book) for c in self.compressors for book in _BOOKS),
            *((d, "electricity_kwh") for d in self.dryers),
        )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Pressure and loads as the image shows them, else at the set-point."""
        machines = table(draw, self.compressors, _NUMBERS, _MEMORY)
        for m, name in enumerate(self.compressors):
            powers = nominal(draw, name, "idle", "standby", "off")
            machines["kw_idle"][:, m] = powers["idle"]
            machines["kw_stopped"][:, m] = powers["standby"]
            machines["kw_off"][:, m] = powers["off"]
            machines["variable"][:, m] = draw.word(name, "drive", "fixed") == "variable"
            machines["loaded"][:, m] = seen(case, name, "state", 5.0 if m == 0 else 4.0) == 5.0
            machines["idle_s"][:, m] = 0.0 if m == 0 else 1e9
        if (machines["receiver_m3"].sum(axis=1) <= 0.0).any():
            raise ScenarioFault(
                f"the compressors {', '.join(self.compressors)} have no receiver",
                expected="receiver_m3 above zero for at least one of them",
                remedy="give `receiver_m3`, receiver and pipes together, among the facts",
            )
        usual = machines["rated_pressure_bar"].max(axis=1)
        bars = [seen(case, c, "pressure", np.nan) for c in self.compressors]
        known = [b for b in bars if np.isfinite(b)]
        bar = np.full(draw.runs, float(np.mean(known))) if known else usual.copy()
        return {
            "machines": machines,
            "bar": bar,
            "served": np.zeros(draw.runs),
            "usual": np.stack([number(draw, c, "pressure_sp_usual") for c in self.compressors]),
            "off_pause_h": [float(number(draw, c, "off_pause_h").mean()) for c in self.compressors],
            "drop": [number(draw, d, "pressure_drop_bar") for d in self.dryers],
            "drop_flow": [number(draw, d, "rated_flow_m3_h") for d in self.dryers],
            "dryers": [nominal(draw, d, "idle", "busy") for d in self.dryers],
        }

    def step(self, state: State, board: Board) -> None:
        """Play the step's slices; give the pressure behind the dryers."""
        set_bar = np.stack(
            [
                held(board, self.plant, c, "pressure_sp", state["usual"][m])
                for m, c in enumerate(self.compressors)
            ]
        )
        stopped = np.where(down(board, self.compressors), _DOWN, 0)
        for m, pause_h in enumerate(state["off_pause_h"]):
            if not stopped[m] and pause_h > 0.0 and long_pause(board, 60.0 * pause_h):
                stopped[m] = _OFF
        asked, bar, served = board.asked("air"), state["bar"], state["served"]
        flow = np.ascontiguousarray(asked, np.float64)
        _go_on(state["machines"], bar, flow, set_bar, stopped, board.step_s, board.out, served)
        board.serve("air", served)
        behind = bar
        for d, powers in enumerate(state["dryers"]):
            share = served / (state["drop_flow"][d] * len(self.dryers))
            kw = powers["idle"] + (powers["busy"] - powers["idle"]) * np.minimum(share, 1.0)
            working = not board.out_of_order(self.dryers[d])
            column = len(self.compressors) * len(_BOOKS) + d
            board.out[:, column] = kw * working * (board.step_s / 3600.0)
            behind = behind - state["drop"][d] / len(self.dryers) * share**2
        board.given["air_bar"] = np.maximum(behind, 0.0)


class _Plug:
    kinds: tuple[str, ...] = ("air_compressor", "air_dryer")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One air station, where there is a compressor."""
        compressors = of_kind(plant, "air_compressor")
        if not compressors:
            return ()
        return (AirStation(plant, compressors, of_kind(plant, "air_dryer")),)


plug = _Plug()
