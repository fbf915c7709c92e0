"""Steam net with its boiler: heat of steam and condensate, gas, make-up and blow-down.

It serves the net `steam` [kg/h] and gives `steam_bar` and `steam_share`, the share of what was asked that it can make.
Heat per kilogram follows the pressure's saturation; condensate that comes back saves gas and make-up water.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, State, Unit
from ecotwin.simulation.process.heat import boiling_c, steam_kj, water_kj
from ecotwin.simulation.surroundings import Surroundings

_BOILER = {
    "rated_kw": 0.0, "efficiency": 0.012, "standing_share": 0.2, "gas_kwh_per_m3": 0.005, "make_up_c": 0.0,
    "blow_down_share": 0.1, "fan_kwh_per_m3_gas": 0.1, "base_kw": 0.1, "nox_mg_per_m3": 0.1, "flue_m3_per_m3_gas": 0.02,
}  # fmt: skip
_HEADER = {
    "loss_kw": 0.15, "return_share": 0.03, "condensate_c": 0.02, "pump_kwh_per_t": 0.1, "base_kw": 0.1,
}  # fmt: skip
"""Parameters with what is not known of them before a calibration, as a share: stated assumptions."""


class SteamNetwork:
    """One boiler and its net; `name` is the boiler's id."""

    def __init__(self, boiler: str, header: str) -> None:
        self.name = boiler
        self.header = header
        self.machines: tuple[str, ...] = (boiler, header)
        self.columns: tuple[tuple[str, str], ...] = (
            (boiler, "electricity_kwh"),
            (boiler, "gas_m3"),
            (boiler, "steam_kg"),
            (boiler, "water_in_m3"),
            (boiler, "water_out_m3"),
            (boiler, "nox_kg"),
            (header, "electricity_kwh"),
            (boiler, "busy_h"),
            (header, "busy_h"),
        )
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = ("steam",)
        self.after: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Parameters of every run.

        Raises:
            ScenarioFault: More condensate than steam, or a boiler that gives more than it takes.
        """
        s: State = {k: draw.parameter(self.name, k, share=v) for k, v in _BOILER.items()}
        s |= {f"net_{k}": draw.parameter(self.header, k, share=v) for k, v in _HEADER.items()}
        # A draw may pass the end of a share; a share that lies beyond it in every run is a mistake.
        wrong = [
            f"{k.removeprefix('net_')} {float(s[k].min()):g}"
            for k in ("efficiency", "net_return_share", "blow_down_share")
            if np.all(s[k] > 1.0)
        ] + [
            f"{k} {float(s[k].min()):g}"
            for k in ("efficiency", "gas_kwh_per_m3")
            if s[k].min() <= 0.0
        ]
        if wrong:
            raise ScenarioFault(
                f"{self.name} has {', '.join(wrong)}",
                expected="shares between 0 and 1, and a gas with heat in it",
                remedy="mend the parameter in the plant file or the scenario",
            )
        s["efficiency"] = np.minimum(s["efficiency"], 0.985)
        s["net_return_share"] = np.minimum(s["net_return_share"], 0.98)
        return s

    def step(self, state: State, board: Board) -> None:
        """Burn for what is asked, at most at the rating."""
        s, out = state, board.out
        hours = board.step_s / 3600.0
        bar = board.setting(f"{self.name}.pressure_sp")
        if np.any(bar <= 0.0):
            raise ScenarioFault(
                f"{self.name} is to hold {float(bar.min()):g} bar",
                expected="a steam pressure above ambient",
                remedy="correct the set-point",
            )
        t_c = boiling_c(bar)
        give = steam_kj(t_c) - water_kj(t_c)
        asked = board.asked("steam")
        lost = s["net_loss_kw"] * 3600.0 / give
        able = 0.0 if board.out_of_order(self.name) else 1.0
        most = able * s["rated_kw"] / self._kwh_per_kg(s, t_c, asked, asked + lost)
        drawn = np.minimum(asked + lost, most)
        used = np.maximum(0.0, drawn - lost)
        fired = drawn * self._kwh_per_kg(s, t_c, used, np.maximum(drawn, 1e-9)) * hours
        standing = able * s["standing_share"] * s["rated_kw"] * hours
        gas = (fired + standing) / (s["efficiency"] * s["gas_kwh_per_m3"])
        back, blow = used * s["net_return_share"], drawn * s["blow_down_share"]
        board.serve("steam", used)
        board.given["steam_bar"] = bar
        board.given["steam_share"] = np.where(asked > 0.0, used / np.maximum(asked, 1e-9), able)
        out[:, 0] = s["base_kw"] * able * hours + s["fan_kwh_per_m3_gas"] * gas
        out[:, 1], out[:, 2] = gas, drawn * hours
        out[:, 3] = (drawn + blow - back) * hours / 1000.0
        out[:, 4] = blow * hours / 1000.0
        out[:, 5] = s["nox_mg_per_m3"] * s["flue_m3_per_m3_gas"] * gas * 1e-6
        out[:, 6] = s["net_base_kw"] * hours + s["net_pump_kwh_per_t"] * back / 1000.0 * hours
        out[:, 7], out[:, 8] = able * hours, hours

    @staticmethod
    def _kwh_per_kg(s: State, t_c: Floats, used: Floats, drawn: Floats) -> Floats:
        """Heat that a kilogram of steam needs in the boiler, with its blow-down [kWh/kg]."""
        fed = 1.0 + s["blow_down_share"]
        back = s["net_return_share"] * used / np.maximum(drawn, 1e-9)
        feed_kj = back * water_kj(s["net_condensate_c"]) + (fed - back) * water_kj(s["make_up_c"])
        blow_kj = s["blow_down_share"] * water_kj(t_c)
        return np.asarray((steam_kj(t_c) + blow_kj - feed_kj) / 3600.0)


class _Plug:
    kinds = ("steam_boiler", "steam_header")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """The steam net of a plant.

        Raises:
            ScenarioFault: A boiler without its net, or more than one of either.
        """
        boilers = [m.id for m in plant.machines if m.kind == "steam_boiler"]
        headers = [m.id for m in plant.machines if m.kind == "steam_header"]
        if not boilers and not headers:
            return ()
        if len(boilers) != 1 or len(headers) != 1:
            raise ScenarioFault(
                f"the plant has {len(boilers)} steam boilers on {len(headers)} steam headers",
                expected="one boiler on one header",
                remedy="let one boiler stand for all that feed the header, and rate it so",
            )
        return (SteamNetwork(boilers[0], headers[0]),)


plug = _Plug()
