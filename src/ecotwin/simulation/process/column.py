"""A distillation column of the model: what it parts, what its reboiler and condenser take, what recompression saves.

Energy: reboiler = condenser + warmth of products - warmth of feed + losses. Recompressed vapour heats the reboiler with
its own heat and the compressor's work, and what it gives need not be cooled away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Draw, State
from ecotwin.simulation.process.distillation import split
from ecotwin.simulation.process.heat import performance
from ecotwin.simulation.process.reaction import SUBSTANCES

_FACTS = (
    "stages", "recovery", "purity_spec", "top_c", "bottom_c", "latent_kj_per_mol", "cp_kj_per_kg_k", "loss_share",
    "most_kw", "pump_kw", "recompression_share", "recompression_carnot_share", "recompression_pinch_k",
)  # fmt: skip
_UNSURE = {"pump_kw": 0.08, "latent_kj_per_mol": 0.03, "loss_share": 0.2}
_MOST_RECOVERED = 0.99995
"""A drawn recovery stays below all."""
SUPPLY_C = 38.0
"""Condensed distillate is cooled to this [degC]."""


@dataclass(frozen=True)
class Parted:
    """What a column made of its feed in a step, [runs] or [runs, 5]: kmol and kWh.

    Attributes:
        top, bottom: Amounts. steam_kwh: Heat from steam. cooled_kwh: To the cooling water. power_kwh: Electricity.
        work_kwh: Part of it that recompresses. lost_kwh: To the surroundings. condenser_kwh: Heat of the vapour.
    """

    top: Floats
    bottom: Floats
    steam_kwh: Floats
    cooled_kwh: Floats
    power_kwh: Floats
    work_kwh: Floats
    lost_kwh: Floats
    condenser_kwh: Floats


class Column:
    """One column, by its machine's id."""

    def __init__(self, machine: str) -> None:
        self.machine = machine

    def begin(self, draw: Draw, molar: Floats) -> State:
        """Parameters of every run; `molar` [5] in kg/kmol."""
        m = self.machine
        s: State = {n: draw.parameter(m, n, share=_UNSURE.get(n, 0.0)) for n in _FACTS}
        s["cp"] = s.pop("cp_kj_per_kg_k")
        s["volatility"] = np.column_stack(
            [draw.parameter(m, f"volatility_{x}") for x in SUBSTANCES]
        )
        keys = [draw.word(m, name) for name in ("light", "heavy")]
        unknown = [k for k in keys if k not in SUBSTANCES]
        if unknown:
            raise ScenarioFault(
                f"{m} parts {' from '.join(keys)}",
                expected=f"light and heavy key of {', '.join(SUBSTANCES)}",
                remedy=f"correct `light` and `heavy` among the facts of {m}",
            )
        s["light"], s["heavy"] = SUBSTANCES.index(keys[0]), SUBSTANCES.index(keys[1])
        ratio = s["volatility"][:, s["light"]] / s["volatility"][:, s["heavy"]]
        if (
            np.any(ratio <= 1.0)
            or np.all(s["recovery"] >= 1.0)
            or np.any(s["bottom_c"] <= s["top_c"])
        ):
            raise ScenarioFault(
                f"{m} cannot part {keys[0]} from {keys[1]}",
                expected="a light key that boils before the heavy one, a recovery below 1, a hotter bottom",
                remedy=f"correct these facts of {m}",
            )
        s["recovery"] = np.minimum(s["recovery"], _MOST_RECOVERED)
        s["molar"] = molar
        return s

    def split(self, s: State, feed: Floats, reflux: Floats) -> tuple[Floats, Floats]:
        """Distillate [runs, 5] and least reflux [runs] of a feed."""
        top, least = np.zeros_like(feed), np.zeros(len(feed))
        split(
            feed, s["volatility"], s["light"], s["heavy"], s["recovery"], s["stages"], reflux, top, least
        )  # fmt: skip
        return top, least

    def step(
        self,
        s: State,
        board: Board,
        feed: Floats,
        feed_c: Floats,
        share: Floats,
        hours: float,
        running: float,
    ) -> Parted:
        """Part what came in this step.

        Args:
            feed: [runs, 5] kmol. feed_c: [runs] its temperature. share: [runs] of the steam asked that is there.
            hours: Length of the step. running: 1, or 0 when the train stands.
        """
        reflux = board.setting(f"{self.machine}.reflux_sp")
        if np.any(reflux <= 0.0):
            raise ScenarioFault(
                f"{self.machine} has a reflux ratio of {float(reflux.min()):g}",
                expected="a ratio above zero",
                remedy="correct the set-point",
            )
        top, _ = self.split(s, feed, reflux)
        parted = self._heat(s, top, feed - top, feed_c, reflux, hours, running)
        # Too little steam lifts less of the distillate: the rest leaves at the bottom.
        fits = np.minimum(share, s["most_kw"] * hours / np.maximum(parted.steam_kwh, 1e-12))
        if np.all(fits >= 1.0):
            return parted
        less = top * np.minimum(1.0, fits)[:, None]
        return self._heat(s, less, feed - less, feed_c, reflux, hours, running)

    def _heat(
        self,
        s: State,
        top: Floats,
        bottom: Floats,
        feed_c: Floats,
        reflux: Floats,
        hours: float,
        running: float,
    ) -> Parted:
        condenser = (1.0 + reflux) * top.sum(axis=1) * s["latent_kj_per_mol"] / 3.6
        top_kg, bottom_kg = top @ s["molar"], bottom @ s["molar"]
        warm = s["cp"] / 3600.0
        needed = condenser + warm * (
            top_kg * (s["top_c"] - feed_c) + bottom_kg * (s["bottom_c"] - feed_c)
        )
        needed = np.maximum(0.0, needed)
        lost = needed * s["loss_share"]
        reboiler = needed + lost
        cop = performance(
            s["top_c"], s["bottom_c"] + s["recompression_pinch_k"], s["recompression_carnot_share"]
        )
        work = np.minimum(
            np.clip(s["recompression_share"], 0.0, 1.0) * condenser / (cop - 1.0), reboiler / cop
        )
        lifted = work * (cop - 1.0)
        cooled = condenser - lifted + warm * top_kg * np.maximum(0.0, s["top_c"] - SUPPLY_C)
        pumps = s["pump_kw"] * hours * running
        return Parted(
            top, bottom, reboiler - work - lifted, cooled, pumps + work, work, lost, condenser
        )
