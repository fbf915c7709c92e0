"""Nitrogen from compressed air by pressure-swing adsorption.

A generator makes what is asked of it, up to its rated flow; the flow it can make falls with the absolute pressure
of its feed. It takes `air_m3_per_m3` of air for each m3 of nitrogen, and its valves and controls take power between
`kw_idle` and `kw_busy`. Where several stand, they share the load by their size. A plant that buys its nitrogen has
no such machine, and its users are served from outside.

Sources:
    Air factor 3-5 at 99.99 %, capacity in proportion to the absolute feed pressure: common data sheets of
    pressure-swing adsorbers; stated assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import down, nominal, number, of_kind
from ecotwin.simulation.surroundings import Surroundings
from ecotwin.simulation.units.air import STANDARD_BAR

_BOOKS = ("electricity_kwh", "nitrogen_m3", "busy_h")
_NUMBERS = ("rated_flow_m3_h", "air_m3_per_m3", "rated_feed_bar")


@dataclass
class NitrogenPlant:
    """All nitrogen generators of a plant."""

    machines: tuple[str, ...]
    name: str = "nitrogen"
    asks: tuple[str, ...] = ("air",)
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ("nitrogen",)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.columns = tuple((m, book) for m in self.machines for book in _BOOKS)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters; there is nothing to remember."""
        state: State = {n: [number(draw, m, n) for m in self.machines] for n in _NUMBERS}
        state["powers"] = [nominal(draw, m, "standby", "idle", "busy") for m in self.machines]
        return state

    def step(self, state: State, board: Board) -> None:
        """Share what is asked by size, ask for the air it takes."""
        hours = board.step_s / 3600.0
        asked = board.asked("nitrogen")
        stopped = down(board, self.machines)
        feed = board.given.get("air_bar")
        can, whole = [], np.zeros(board.runs)
        for m, rated in enumerate(state["rated_flow_m3_h"]):
            wanted_bar = state["rated_feed_bar"][m] + STANDARD_BAR
            pressed = 1.0 if feed is None else np.minimum((feed + STANDARD_BAR) / wanted_bar, 1.0)
            can.append(np.zeros(board.runs) if stopped[m] else rated * pressed)
            whole += can[-1]
        share = np.divide(asked, whole, out=np.zeros(board.runs), where=whole > 0.0)
        share = np.minimum(share, 1.0)
        board.serve("nitrogen", whole * share)
        for m, powers in enumerate(state["powers"]):
            made = can[m] * share
            load = np.minimum(made / state["rated_flow_m3_h"][m], 1.0)
            running = powers["idle"] + (powers["busy"] - powers["idle"]) * load
            kw = np.where(made > 0.0, running, 0.0 if stopped[m] else powers["standby"])
            board.ask("air", made * state["air_m3_per_m3"][m])
            at = m * len(_BOOKS)
            board.out[:, at] = kw * hours
            board.out[:, at + 1] = made * hours
            board.out[:, at + 2] = (made > 0.0) * hours


class _Plug:
    kinds: tuple[str, ...] = ("nitrogen_generator",)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One, where nitrogen is made."""
        machines = of_kind(plant, *self.kinds)
        return (NitrogenPlant(machines),) if machines else ()


plug = _Plug()
