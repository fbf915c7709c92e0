"""The compactor: mixed waste that people leave, and what the net `mixed_waste` brings, pressed.

The books of waste by code come from the lines, which know what they throw away; here is only what people leave,
under the code that the plant file gives the compactor's scale: `kg_per_person_h` while they work. Pressing takes
`kwh_per_kg`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import nominal, number, of_kind
from ecotwin.simulation.surroundings import WORK, Surroundings


@dataclass
class Compactor:
    """One compactor.

    Attributes:
        code: Waste code of what people leave. heads: People of the whole plant, shared among its compactors.
    """

    name: str
    code: str
    heads: float
    serving: bool
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    machines: tuple[str, ...] = field(init=False)
    serves: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.machines = (self.name,)
        self.serves = ("mixed_waste",) if self.serving else ()
        code = f"waste_kg:{self.code}" if self.code else "waste_kg"
        self.columns = ((self.name, "electricity_kwh"), (self.name, code))

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Waste by head, energy by mass."""
        heads = draw.parameter(self.name, "people", self.heads)
        return {
            "kg_h": heads * number(draw, self.name, "kg_per_person_h"),
            "kwh_per_kg": number(draw, self.name, "kwh_per_kg"),
            "standby": nominal(draw, self.name, "standby")["standby"],
        }

    def step(self, state: State, board: Board) -> None:
        """Press the step's waste."""
        hours, working = board.step_s / 3600.0, not board.out_of_order(self.name)
        left = state["kg_h"] * (board.around.kind[board.step] == WORK)
        brought = left
        if self.serving:
            brought = left + board.asked("mixed_waste")
            board.serve("mixed_waste", board.asked("mixed_waste"))
        kw = (state["standby"] + brought * state["kwh_per_kg"]) * working
        board.out[:, 0] = kw * hours
        board.out[:, 1] = left * hours


class _Plug:
    kinds: tuple[str, ...] = ("compactor",)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One a compactor; the first takes what the net brings."""
        machines = of_kind(plant, *self.kinds)
        heads = sum(g.size for g in plant.people) / max(len(machines), 1)
        found: list[Unit] = []
        for n, machine in enumerate(machines):
            signal = plant.find(machine, "waste_mass")
            found.append(Compactor(machine, signal.waste_code if signal else "", heads, n == 0))
        return found


plug = _Plug()
