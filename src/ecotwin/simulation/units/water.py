"""Water: the main, pure water, the sewer and a waste-water plant.

Whoever takes water in books it (a cooling tower, a treatment, a washer), so that sums over machines are the site's;
the main itself books only what people use, `m3_per_person_h` while they work. Whoever gives water to the sewer
books it, or asks it of the net `waste_water` where somebody treats it, who then books what leaves. A treatment
makes what the net `pure_water` asks, and `own_use_m3_h` while people work for users that no unit plays; of the raw
water `recovery_share` becomes pure, the rest is rejected. What is used of it without a user in the model leaves
with the reject. Power lies between `kw_idle` and `kw_busy` by load, `kw_standby` without any.

A waste-water plant serves the net `waste_water`, takes `kwh_per_m3`, and gives back `reuse_share` as water used
again.

Sources:
    Recovery of reverse osmosis 0.65-0.8: common data sheets, stated assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import nominal, number, of_kind
from ecotwin.simulation.surroundings import WORK, Surroundings


def _drain(board: Board, column: int, flow: Floats) -> None:
    """Waste water [m3/h]: to who treats it, else discharged."""
    if "waste_water" in board.nets:
        board.ask("waste_water", flow)
    else:
        board.out[:, column] = flow * (board.step_s / 3600.0)


@dataclass
class PureWater:
    """Water treatments of a plant; they share the load by size."""

    machines: tuple[str, ...]
    name: str = "pure_water"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("waste_water",)
    serves: tuple[str, ...] = ("pure_water",)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        books = ("electricity_kwh", "water_in_m3", "water_out_m3")
        self.columns = tuple((m, book) for m in self.machines for book in books)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters; the tank behind is not played."""
        names = ("rated_flow_m3_h", "recovery_share", "own_use_m3_h")
        state: State = {n: [number(draw, m, n) for m in self.machines] for n in names}
        for m, share in zip(self.machines, state["recovery_share"], strict=True):
            if (share <= 0.0).any():
                raise ScenarioFault(
                    f"recovery_share of {m} is {float(share.min()):g}",
                    expected="pure water by raw water, above 0",
                    remedy="mend it in the plant file or the scenario",
                )
        state["powers"] = [nominal(draw, m, "standby", "idle", "busy") for m in self.machines]
        return state

    def step(self, state: State, board: Board) -> None:
        """Make what is asked and what people use."""
        hours, runs = board.step_s / 3600.0, board.runs
        asked = board.asked("pure_water")
        working = [not board.out_of_order(m) for m in self.machines]
        at_work = board.around.kind[board.step] == WORK
        whole, own = np.zeros(runs), np.zeros(runs)
        for m, rated in enumerate(state["rated_flow_m3_h"]):
            whole += rated * working[m]
            own += state["own_use_m3_h"][m] * at_work
        load = np.divide(asked + own, whole, out=np.zeros(runs), where=whole > 0.0)
        load = np.minimum(load, 1.0)
        served = np.minimum(asked, whole * load)
        board.serve("pure_water", served)
        used = whole * load - served
        for m, powers in enumerate(state["powers"]):
            pure = state["rated_flow_m3_h"][m] * load * working[m]
            raw = pure / state["recovery_share"][m]
            left = raw - pure
            if m == 0:
                left = left + used
            running = powers["idle"] + (powers["busy"] - powers["idle"]) * load
            kw = np.where(load > 0.0, running, powers["standby"]) * working[m]
            board.out[:, 3 * m] = kw * hours
            board.out[:, 3 * m + 1] = raw * hours
            _drain(board, 3 * m + 2, left)


@dataclass
class People:
    """What people use at taps: from the main to the sewer."""

    machines: tuple[str, ...]
    heads: float
    name: str = "sanitary"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("waste_water",)
    serves: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = (
            (self.machines[0], "water_in_m3"),
            (self.machines[-1], "water_out_m3"),
        )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Use by head."""
        heads = draw.parameter(self.machines[0], "people", self.heads)
        return {"m3_h": heads * number(draw, self.machines[0], "m3_per_person_h")}

    def step(self, state: State, board: Board) -> None:
        """Use while people work."""
        used = state["m3_h"] * (board.around.kind[board.step] == WORK)
        board.out[:, 0] = used * (board.step_s / 3600.0)
        _drain(board, 1, used)


@dataclass
class WasteWater:
    """Waste-water plants; they share the load evenly."""

    machines: tuple[str, ...]
    name: str = "waste_water"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ("waste_water",)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        books = ("electricity_kwh", "water_reused_m3", "water_out_m3")
        self.columns = tuple((m, book) for m in self.machines for book in books)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters."""
        names = ("kwh_per_m3", "rated_flow_m3_h", "reuse_share")
        state: State = {n: [number(draw, m, n) for m in self.machines] for n in names}
        state["standby"] = [nominal(draw, m, "standby")["standby"] for m in self.machines]
        return state

    def step(self, state: State, board: Board) -> None:
        """Treat what comes, up to the rated flow."""
        hours, asked = board.step_s / 3600.0, board.asked("waste_water")
        working = [not board.out_of_order(m) for m in self.machines]
        left, served = asked, np.zeros(board.runs)
        for m, rated in enumerate(state["rated_flow_m3_h"]):
            even = left / (len(self.machines) - m)
            taken = np.minimum(even, rated) * working[m]
            left, served = left - taken, served + taken
            kw = (state["standby"][m] + taken * state["kwh_per_m3"][m]) * working[m]
            again = taken * state["reuse_share"][m]
            board.out[:, 3 * m] = kw * hours
            board.out[:, 3 * m + 1] = again * hours
            board.out[:, 3 * m + 2] = (taken - again) * hours
        board.serve("waste_water", served)


class _Plug:
    kinds: tuple[str, ...] = ("water_treatment", "water_meter", "sewer_meter", "waste_water_plant")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """Treatment, people at the taps, waste-water plant, where there are any."""
        found: list[Unit] = []
        pure, mains, sewers, plants = (of_kind(plant, kind) for kind in self.kinds)
        if pure:
            found.append(PureWater(pure))
        if mains:
            heads = float(sum(g.size for g in plant.people))
            found.append(People((mains[0], *sewers[:1]), heads))
        return [*found, WasteWater(plants)] if plants else found


plug = _Plug()
