"""Machines that no other unit plays: their power by the calendar, from the machine kind's nominal powers.

It knows nothing of what such a machine does, so it neither asks nor serves a net; a comparison that moves one of
these machines must not be believed, and the twin's fidelity says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.surroundings import BREAK, WORK, Surroundings

_STATES = ("off", "standby", "idle", "busy")
_LONG_PAUSE_S = 5400.0
"""Machines are off when nobody works for longer than this [s]."""


@dataclass
class ByState:
    """One machine at its nominal power: busy in shifts, idle in breaks, else standby or off."""

    name: str

    def __post_init__(self) -> None:
        self.machines: tuple[str, ...] = (self.name,)
        self.columns: tuple[tuple[str, str], ...] = (
            (self.name, "electricity_kwh"),
            *((self.name, f"{state}_h") for state in _STATES),
        )
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Nominal powers with the uncertainty that the kind states; without `kw_busy` nobody knows them."""
        share = float(draw.word(self.name, "kw_sd_share", "0.15"))
        least = {s: None if s == "busy" else 0.0 for s in _STATES}
        state: State = {s: draw.parameter(self.name, f"kw_{s}", d, share) for s, d in least.items()}
        state["per_k"] = draw.parameter(self.name, "kw_per_degC_outdoor", 0.0)
        state["ref_c"] = draw.parameter(self.name, "ref_degC_outdoor", 18.0)
        return state

    def step(self, state: State, board: Board) -> None:
        """Book the step's energy and time."""
        around, n = board.around, board.step
        kind, long = around.kind[n], around.pause_s[n] > _LONG_PAUSE_S
        now = "busy" if kind == WORK else "idle" if kind == BREAK else "off" if long else "standby"
        if board.out_of_order(self.name):
            now = "off"
        hours = board.step_s / 3600.0
        kw = state[now]
        if now == "busy":
            kw = np.maximum(kw + state["per_k"] * (board.outdoor_c() - state["ref_c"]), 0.0)
        board.out[:, 0] = kw * hours
        board.out[:, 1 + _STATES.index(now)] = hours


class _Plug:
    kinds: tuple[str, ...] = ()

    def units(self, plant: Plant) -> Sequence[Unit]:
        """None of its own: it takes what is left."""
        return ()

    def rest(self, plant: Plant, machines: Sequence[str]) -> list[Unit]:
        """Units for machines that use energy and that nobody else plays."""
        return [
            ByState(m) for m in machines if plant.element(m).kind_facts.get("role") == "machine"
        ]


plug = _Plug()
