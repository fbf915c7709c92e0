"""Water in circles: membranes give most of the process waste water back, the effluent plant cleans the rest.

It serves `waste_water` [m3/h], `blow_down` [m3/h] of the cooling towers and `waste_cod` [kg/h], and gives
`recycled_water_m3_h`, which the process finds in its next step. The pressure of the membranes follows the osmotic
pressure of the concentrate, osmotic / (1 - recovery): the last per cent are dear.

Sources:
    Power of a pump: flow x pressure / efficiency, m3/h x bar / 36 in kW. Osmotic pressure in proportion to
    concentration (van 't Hoff), all salt rejected.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.surroundings import Surroundings

_RECYCLING = {
    "osmotic_bar": 0.1, "overpressure_bar": 0.1, "pump_efficiency": 0.05, "base_kw": 0.1, "blow_down_taken": 0.0,
}  # fmt: skip
_EFFLUENT = {"kwh_per_kg_cod": 0.1, "base_kw": 0.1, "removal": 0.0, "sludge_kg_per_kg_cod": 0.1}
_SLUDGE, _CODE = "sludge", "07 01 12"


class ProcessWater:
    """Recycling and effluent plant; `name` is the effluent plant's id. Without recycling all goes to the effluent."""

    def __init__(self, effluent: str, recycling: str, scale: str, code: str) -> None:
        self.name = effluent
        self.recycling = recycling
        self.machines: tuple[str, ...] = tuple(m for m in (effluent, recycling) if m)
        self.columns: tuple[tuple[str, str], ...] = (
            (effluent, "electricity_kwh"),
            (effluent, "water_out_m3"),
            (scale or effluent, f"waste_kg:{code}"),
            (effluent, "busy_h"),
            (recycling or effluent, "electricity_kwh"),
            (recycling or effluent, "busy_h"),
        )
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ("waste_water", "blow_down", "waste_cod")
        self.after: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters of every run."""
        s: State = {k: draw.parameter(self.name, k, share=v) for k, v in _EFFLUENT.items()}
        if self.recycling:
            s |= {
                f"re_{k}": draw.parameter(self.recycling, k, share=v) for k, v in _RECYCLING.items()
            }
        return s

    def step(self, state: State, board: Board) -> None:
        """Give back what the set-point asks; clean the rest."""
        s, out = state, board.out
        hours = board.step_s / 3600.0
        process, blown = board.asked("waste_water"), board.asked("blow_down")
        feed, aside = process, blown
        recycled = np.zeros(board.runs)
        if self.recycling:
            taken = blown * np.clip(s["re_blow_down_taken"], 0.0, 1.0)
            feed, aside = process + taken, blown - taken
            recovery = board.setting(f"{self.recycling}.recovery_sp") / 100.0
            if np.any((recovery < 0.0) | (recovery >= 1.0)):
                raise ScenarioFault(
                    f"{self.recycling} is to give back {100 * float(recovery.max()):g} % of its water",
                    expected="a share from 0 to below 100 %: salt must leave with something",
                    remedy="correct the set-point",
                )
            if board.out_of_order(self.recycling):
                recovery = np.zeros(board.runs)
            recycled = feed * recovery
            bar = s["re_osmotic_bar"] / (1.0 - recovery) + s["re_overpressure_bar"]
            pumps = np.where(recovery > 0.0, feed * bar / 36.0 / s["re_pump_efficiency"], 0.0)
            out[:, 4] = (s["re_base_kw"] + pumps) * hours
            out[:, 5] = hours * np.any(recovery > 0.0)
        board.given["recycled_water_m3_h"] = recycled
        cod = board.asked("waste_cod")
        for net in self.serves:
            board.serve(net, board.asked(net))
        out[:, 0] += (s["base_kw"] + s["kwh_per_kg_cod"] * s["removal"] * cod) * hours
        out[:, 1] = (feed - recycled + aside) * hours
        out[:, 2] = s["sludge_kg_per_kg_cod"] * s["removal"] * cod * hours
        out[:, 3] += hours


class _Plug:
    kinds = ("water_recycling", "effluent_plant")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """The water loop of a plant.

        Raises:
            ScenarioFault: Recycling without an effluent plant, or more than one of either.
        """
        found = {k: [m.id for m in plant.machines if m.kind == k] for k in self.kinds}
        recycling, effluent = found["water_recycling"], found["effluent_plant"]
        if not recycling and not effluent:
            return ()
        if len(effluent) != 1 or len(recycling) > 1:
            raise ScenarioFault(
                f"the plant has {len(effluent)} effluent plants and {len(recycling)} water recyclings",
                expected="one effluent plant, and one recycling at most",
                remedy="let one machine stand for those that share the water",
            )
        scale = next(
            (s for s in plant.signals if s.means == "waste_mass" and s.material == _SLUDGE), None
        )
        return (
            ProcessWater(
                effluent[0],
                recycling[0] if recycling else "",
                scale.element if scale else "",
                scale.waste_code if scale else _CODE,
            ),
        )


plug = _Plug()
