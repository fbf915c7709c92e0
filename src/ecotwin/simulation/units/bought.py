"""What is bought over a meter: a net whose makers do not stand in the plant is served by who sells it.

A meter (or a tank that a lorry fills) of one of these kinds serves its net when no machine of the plant makes it;
all that is asked is there, at the temperature the kind states. Where a maker stands, the same meter only measures a
branch.

* `air_meter` serves `air` where no `air_compressor` stands,
* `nitrogen_tank` serves `nitrogen` where no `nitrogen_generator` stands,
* `cold_meter` serves `cold` where no `chiller` stands,
* `heat_meter` serves `heat` where neither `gas_boiler` nor `heat_pump` stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import number, of_kind
from ecotwin.simulation.surroundings import Surroundings

_SOLD = {
    "air_meter": ("air", "air_m3", ("air_compressor",)),
    "nitrogen_tank": ("nitrogen", "nitrogen_m3", ("nitrogen_generator",)),
    "cold_meter": ("cold", "cold_kwh", ("chiller",)),
    "heat_meter": ("heat", "heat_kwh", ("gas_boiler", "heat_pump")),
}


@dataclass
class Bought:
    """A net that is bought.

    Attributes:
        meter: What it is bought over. net: Its name. quantity: What is booked.
    """

    meter: str
    net: str
    quantity: str
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    name: str = field(init=False)
    machines: tuple[str, ...] = field(init=False)
    serves: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.name = f"bought {self.net}"
        self.machines, self.serves = (self.meter,), (self.net,)
        self.columns = ((self.meter, self.quantity),)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """At which pressure or temperature it comes."""
        wanted = {"air": "supply_bar", "cold": "supply_c", "heat": "supply_c"}.get(self.net)
        return {"as": number(draw, self.meter, wanted)} if wanted else {}

    def step(self, state: State, board: Board) -> None:
        """Serve all."""
        asked = board.asked(self.net)
        board.serve(self.net, asked)
        board.out[:, 0] = asked * (board.step_s / 3600.0)
        if self.net == "air":
            board.given["air_bar"] = state["as"]
        elif self.net in ("cold", "heat"):
            board.given[f"{self.net}_supply_c"] = state["as"]
            board.given[f"{self.net}_share"] = np.ones(board.runs)


class _Plug:
    kinds: tuple[str, ...] = tuple(_SOLD)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One for each net that is bought; over the first meter of its kind."""
        found: list[Unit] = []
        for kind, (net, quantity, makers) in _SOLD.items():
            meters = of_kind(plant, kind)
            if meters and not of_kind(plant, *makers):
                found.append(Bought(meters[0], net, quantity))
        return found


plug = _Plug()
