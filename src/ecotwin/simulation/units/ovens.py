"""The thermal half of ovens (machine kinds with the fact `model,oven`): the line plays what goes through them.

One heat capacity per oven, heated to a set-point, losing heat over its walls, with its exhaust, with nitrogen and
with the parts that leave it hot. All losses are in proportion to the temperature above the hall, so that a step has
a closed form: with L the sum of the losses [kW/K], C the capacity [kWh/K] and P the heater's power, T(t) = T_end +
(T0 - T_end) exp(-L t / C), T_end = T_hall + P / L. The heater gives what brings the oven to its set-point by the
end of the step, at most its limit; what went in is what went out plus what is stored, to the last bit.

* Switched on while people work, in short pauses, and `switch_on_min` before work; off when nobody works for longer
  than `off_pause_min`, unless the line wants it.
* The set-point (`sleep_sp` or whatever the fact `sleep_signal` names) is held while the oven is on; below `awake`
  the oven sleeps: exhaust and fans are throttled, no nitrogen flows.
* Ready from `ready_band_k` below `awake` on.

With the line: of it are read `busy:<machine>` (share of the step at work), `parts:<machine>` (parts in the step)
and `wants:<machine>` (above zero: the oven must be hot whatever the calendar says); to it is given
`ready:<machine>` (1, 0). The line books an oven's states, parts and nitrogen, this unit its electricity; how long
it warmed up is told as `<machine>.warm_up_h`.

Sources:
    Lumped capacity: Incropera and DeWitt, "Fundamentals of Heat and Mass Transfer", ch. 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import held, nominal, number, seen, table
from ecotwin.simulation.surroundings import WORK, Surroundings

AIR_KWH_PER_M3_K = 1.2 * 1.006 / 3600.0
"""Heat of a m3 of air: 1.2 kg/m3, 1.006 kJ/(kg K)."""
NITROGEN_KWH_PER_M3_K = 1.165 * 1.04 / 3600.0
"""Heat of a m3 of nitrogen: 1.165 kg/m3 at 20 degC, 1.04 kJ/(kg K)."""
HALL_C = 22.0
"""Temperature of a hall that no unit plays [degC]."""
_NUMBERS = (
    "capacity_kwh_per_k", "wall_kw_per_k", "exhaust_m3_h", "exhaust_heat_share", "exhaust_asleep_share", "heater_kw",
    "aux_kw", "aux_asleep_share", "part_kj_per_k", "ready_band_k", "cooling_share", "awake",
)  # fmt: skip
_MEMORY = ("oven_c", "n2_idle_m3_h", "n2_busy_m3_h", "kw_off", "warm_up_h")


@njit(cache=True)
def heated(oven_c: float, target_c: float, around_c: float, kw_per_k: float, kwh_per_k: float, heater_kw: float,
           hours: float) -> tuple[float, float, float]:  # fmt: skip
    """An oven after a step.

    Returns:
        Temperature at the end [degC], mean power of the heater [kW], heat lost [kWh].

    >>> end, kw, lost = heated(120.0, 245.0, 22.0, 0.0, 0.1, 30.0, 0.1)
    >>> round(end, 6), round(kw, 6), round(lost, 6)
    (150.0, 30.0, 0.0)
    """
    x = kw_per_k * hours / kwh_per_k
    if x < 1e-9:
        kw = min(max((target_c - oven_c) * kwh_per_k / hours, 0.0), heater_kw)
        return oven_c + kw * hours / kwh_per_k, kw, 0.0
    left = np.exp(-x)
    needed = (target_c - around_c - (oven_c - around_c) * left) / (1.0 - left) * kw_per_k
    kw = min(max(needed, 0.0), heater_kw)
    end = around_c + kw / kw_per_k + (oven_c - around_c - kw / kw_per_k) * left
    return end, kw, kw * hours - kwh_per_k * (end - oven_c)


@njit(cache=True)
def _go_on(
    ovens: Any, on: Floats, target_c: Floats, busy: Floats, parts: Floats, hall_c: Floats,
    hours: float, out: Floats, flows: Floats, ready: Floats,
) -> None:  # fmt: skip
    """One step; on, busy, parts, ready [ovens, runs], flows [runs, 2]: to the hall, to cold [kW]."""
    for r in range(ovens.shape[0]):
        flows[r, :] = 0.0
        for m in range(ovens.shape[1]):
            c = ovens[r, m]
            off = on[m, r] <= 0.0
            awake = not off and target_c[m, r] >= c.awake - c.ready_band_k
            gas = c.n2_idle_m3_h + (c.n2_busy_m3_h - c.n2_idle_m3_h) * busy[m, r] if awake else 0.0
            exhaust = c.exhaust_m3_h * c.exhaust_heat_share * AIR_KWH_PER_M3_K
            exhaust *= 1.0 if awake else c.exhaust_asleep_share
            carried = gas * NITROGEN_KWH_PER_M3_K + parts[m, r] / hours * c.part_kj_per_k / 3600.0
            losses = c.wall_kw_per_k + exhaust + carried
            heater = 0.0 if off else c.heater_kw
            end, kw, lost = heated(
                c.oven_c, target_c[m, r], hall_c[r], losses, c.capacity_kwh_per_k, heater, hours
            )
            aux = c.aux_kw if awake else c.aux_kw * c.aux_asleep_share
            if off:
                aux = c.kw_off
            hot = end >= c.awake - c.ready_band_k
            out[r, m] = (kw + aux) * hours
            c.warm_up_h += hours if awake and not hot else 0.0
            per_k = lost / losses / hours
            flows[r, 0] += aux + per_k * c.wall_kw_per_k + per_k * carried * (1.0 - c.cooling_share)
            flows[r, 1] += per_k * carried * c.cooling_share
            ready[m, r] = 1.0 if hot and not off else 0.0
            c.oven_c = end


@dataclass
class Ovens:
    """The heat of all ovens of a plant."""

    plant: Plant
    machines: tuple[str, ...]
    name: str = "ovens"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("hall_heat", "cold")
    serves: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = tuple((m, "electricity_kwh") for m in self.machines)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """As hot as the image shows; without one hot where people work, else cold."""
        ovens = table(draw, self.machines, _NUMBERS, _MEMORY)
        for m, name in enumerate(self.machines):
            for gas in ("n2_idle_m3_h", "n2_busy_m3_h"):
                ovens[gas][:, m] = number(draw, name, gas, 0.0)
            ovens["kw_off"][:, m] = nominal(draw, name, "off")["off"]
            at_once = ovens["awake"][:, m] if around.kind[0] == WORK else np.full(draw.runs, HALL_C)
            zones = [seen(case, name, f"zone_{z}_temperature", np.nan) for z in range(1, 13)]
            known = [z for z in zones if np.isfinite(z)]
            ovens["oven_c"][:, m] = max(known) if known else at_once
        shape = (len(self.machines), draw.runs)
        state: State = {"ovens": ovens, "flows": np.zeros((draw.runs, 2))}
        state |= {name: np.zeros(shape) for name in ("on", "target", "busy", "parts", "ready")}
        for name in ("switch_on_min", "off_pause_min"):
            state[name] = [float(number(draw, m, name).mean()) for m in self.machines]
        state["signal"] = [draw.word(m, "sleep_signal", "sleep_sp") for m in self.machines]
        return state

    def step(self, state: State, board: Board) -> None:
        """Heat every oven; ask for cold, tell the line who is ready."""
        ovens = state["ovens"]
        for m, name in enumerate(self.machines):
            awake = ovens["awake"][:, m]
            state["target"][m] = held(board, self.plant, name, state["signal"][m], awake)
            state["busy"][m] = board.given.get(f"busy:{name}", 0.0)
            state["parts"][m] = board.given.get(f"parts:{name}", 0.0)
            wants = board.given.get(f"wants:{name}", 0.0)
            on = 1.0 if self._on(state, board, m) else wants
            state["on"][m] = 0.0 if board.out_of_order(name) else on
        hall = board.given.get("hall_c")
        hall_c = np.full(board.runs, HALL_C) if hall is None else hall
        flows = state["flows"]
        _go_on(
            ovens, state["on"], state["target"], state["busy"], state["parts"], hall_c,
            board.step_s / 3600.0, board.out, flows, state["ready"],
        )  # fmt: skip
        board.ask("hall_heat", flows[:, 0].copy())
        board.ask("cold", flows[:, 1].copy())
        for m, name in enumerate(self.machines):
            board.given[f"ready:{name}"] = state["ready"][m].copy()

    def finish(self, state: State) -> Mapping[str, Floats]:
        """`<machine>.warm_up_h`: how long each oven was awake and not yet hot."""
        hours = state["ovens"]["warm_up_h"]
        return {f"{name}.warm_up_h": hours[:, m].copy() for m, name in enumerate(self.machines)}

    def _on(self, state: State, board: Board, m: int) -> bool:
        around, n = board.around, board.step
        return bool(
            around.kind[n] == WORK
            or around.pause_s[n] <= 60.0 * state["off_pause_min"][m]
            or around.to_work_s[n] <= 60.0 * state["switch_on_min"][m]
        )


class _Plug:
    kinds: tuple[str, ...] = ()

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One for all ovens; a line plays what goes through them."""
        ovens = tuple(m.id for m in plant.machines if m.kind_facts.get("model") == "oven")
        return (Ovens(plant, ovens),) if ovens else ()


plug = _Plug()
