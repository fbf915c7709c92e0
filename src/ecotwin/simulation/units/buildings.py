"""Lamps and servers.

Lamps: `kw_busy` while people work and `lead_min` before, `kw_standby` at night; daylight dims up to
`daylight_share` of it, in proportion to the sun until `daylight_full_w_m2`. Servers: `kw_busy` while people work,
`kw_idle` at other times, with a cooling of their own that takes `cooling_share_per_k` more for each degC outdoors
above 18. All power of lamps goes to the hall as heat; the server room rejects its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import nominal, number, of_kind
from ecotwin.simulation.surroundings import FREE, Surroundings

_REFERENCE_C = 18.0


@dataclass
class Lamps:
    """The lighting of a plant."""

    machines: tuple[str, ...]
    name: str = "lamps"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("hall_heat",)
    serves: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = tuple((m, "electricity_kwh") for m in self.machines)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Powers and what daylight saves."""
        names = ("daylight_share", "daylight_full_w_m2", "lead_min")
        state: State = {n: [number(draw, m, n) for m in self.machines] for n in names}
        state["powers"] = [nominal(draw, m, "standby", "busy") for m in self.machines]
        return state

    def step(self, state: State, board: Board) -> None:
        """Light while people are there."""
        around, n = board.around, board.step
        for m, powers in enumerate(state["powers"]):
            day = np.minimum(board.sun_w_m2() / state["daylight_full_w_m2"][m], 1.0)
            lit = powers["busy"] * (1.0 - state["daylight_share"][m] * day)
            there = around.kind[n] != FREE
            soon = around.to_work_s[n] <= 60.0 * state["lead_min"][m]
            kw = np.where(there | soon, np.maximum(lit, powers["standby"]), powers["standby"])
            kw = kw * (not board.out_of_order(self.machines[m]))
            board.out[:, m] = kw * (board.step_s / 3600.0)
            board.ask("hall_heat", kw)


@dataclass
class Servers:
    """Server rooms of a plant."""

    machines: tuple[str, ...]
    name: str = "servers"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = tuple((m, "electricity_kwh") for m in self.machines)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Powers and what warmth costs."""
        return {
            "powers": [nominal(draw, m, "idle", "busy") for m in self.machines],
            "per_k": [number(draw, m, "cooling_share_per_k") for m in self.machines],
        }

    def step(self, state: State, board: Board) -> None:
        """Power by time of day and weather."""
        now = "idle" if board.around.kind[board.step] == FREE else "busy"
        for m, powers in enumerate(state["powers"]):
            warmth = board.outdoor_c() - _REFERENCE_C
            kw = powers[now] * np.maximum(1.0 + state["per_k"][m] * warmth, 0.5)
            working = not board.out_of_order(self.machines[m])
            board.out[:, m] = kw * working * (board.step_s / 3600.0)


class _Plug:
    kinds: tuple[str, ...] = ("lighting", "it_room")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """Lamps and servers, where there are any."""
        lamps, servers = of_kind(plant, "lighting"), of_kind(plant, "it_room")
        found: list[Unit] = [Lamps(lamps)] if lamps else []
        return [*found, Servers(servers)] if servers else found


plug = _Plug()
