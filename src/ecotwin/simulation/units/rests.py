"""Base loads: what flows into a net or the site and no machine is metered for.

A node of the plant file's flow graph (`balances`) whose outputs do not sum to its inputs has a rest: pipes that lose
heat, sockets, small users. How large it is only history tells; calibration gives it by the hour of work and of free
time as `<carrier>_rest_work_kw` and `<carrier>_rest_free_kw` of the node's element. Without one there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.surroundings import FREE, Surroundings

CARRIERS = ("heat", "cold", "electricity")
"""Carriers that have a rest in kW; leaks of compressed air and people's water belong to their units."""


@dataclass
class Rest:
    """The rest of one carrier at one element.

    Attributes:
        place: Element id. carrier: What flows.
    """

    place: str
    carrier: str
    name: str = field(init=False)
    machines: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"{self.carrier}_rest:{self.place}"
        own = self.carrier == "electricity"
        self.may_ask = () if own else (self.carrier,)
        self.columns = ((self.place, "electricity_kwh"),) if own else ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Its two loads."""
        return {
            when: draw.parameter(self.place, f"{self.carrier}_rest_{when}_kw", 0.0)
            for when in ("work", "free")
        }

    def step(self, state: State, board: Board) -> None:
        """Ask for it, or book it."""
        kw = state["free" if board.around.kind[board.step] == FREE else "work"]
        if self.columns:
            board.out[:, 0] = kw * (board.step_s / 3600.0)
        else:
            board.ask(self.carrier, kw)


class _Plug:
    kinds: tuple[str, ...] = ()

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One a carrier and element with a node of the flow graph; of electricity one for the site."""
        found: dict[tuple[str, str], Rest] = {}
        for balance in plant.balances:
            if balance.carrier in CARRIERS:
                site = balance.carrier == "electricity"
                place = plant.site.id if site else balance.element
                found[place, balance.carrier] = Rest(place, balance.carrier)
        return list(found.values())


plug = _Plug()
