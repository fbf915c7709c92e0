"""The site's electricity: grid connection, sun, battery.

Import - export = use - made - out of the battery, in every step and run to the last bit. Sun: rated power x
irradiance / 1000 W/m2 x performance ratio x (1 + share x (module - 25 degC)), the module warmer than the air by
irradiance x (NOCT - 20) / 800, cut at the inverter's power. Battery: charging takes (1 / efficiency) of what is
stored, so does discharging; it is dispatched by rule, after the net load is known:

* above the limit of `limit_sp` [kW] (the fact `limit_kw` where no signal is set; 0: no limit) it gives what is
  above, and takes from the grid what fits under it;
* without a limit (self-consumption) it takes only what would be exported and gives what would be imported.

Not played: ageing, reactive power, losses in lines, clouds within a step.

Sources:
    Ross, "Flat-plate photovoltaic array design optimization", 14th IEEE PVSC (1980): module temperature by NOCT;
    IEC 61724-1: performance ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import ELECTRICITY, Board, Case, Draw, State, Unit
from ecotwin.simulation.facts import Table, held, of_kind, seen, table
from ecotwin.simulation.surroundings import Surroundings

_PV = ("rated_kwp", "performance_ratio", "share_per_degC", "noct_c", "inverter_kw")
_BATTERY = (
    "capacity_kwh", "power_kw", "charge_efficiency", "discharge_efficiency", "low_share", "high_share", "standby_kw",
    "limit_kw", "loss_share_per_h",
)  # fmt: skip


def sun_kw(p: Table, sun_w_m2: Floats, outdoor_c: Floats) -> Floats:
    """Power of panels with their inverter [kW].

    Args:
        p: rated_kwp, performance_ratio, share_per_degC, noct_c, inverter_kw. sun_w_m2: On their plane.
    """
    module_c = outdoor_c + sun_w_m2 * (p["noct_c"] - 20.0) / 800.0
    dc = p["rated_kwp"] * sun_w_m2 / 1000.0 * p["performance_ratio"]
    warm = 1.0 + p["share_per_degC"] * (module_c - 25.0)
    return np.asarray(np.clip(dc * warm, 0.0, p["inverter_kw"]), np.float64)


def battery_kw(
    p: Table, stored_kwh: Floats, net_kw: Floats, limit_kw: Floats, hours: float
) -> tuple[Floats, Floats]:
    """What a battery does in a step.

    Args:
        p: Its parameters. stored_kwh: In it. net_kw: Load less what is made. limit_kw: Of the grid; 0: none.
        hours: Length of the step.

    Returns:
        Power out of it (into it is negative) [kW], energy in it afterwards [kWh].
    """
    low, high = p["low_share"] * p["capacity_kwh"], p["high_share"] * p["capacity_kwh"]
    above = np.where(limit_kw > 0.0, net_kw - limit_kw, net_kw)
    can_give = np.minimum(
        p["power_kw"], np.maximum(stored_kwh - low, 0.0) * p["discharge_efficiency"] / hours
    )
    can_take = np.minimum(
        p["power_kw"], np.maximum(high - stored_kwh, 0.0) / p["charge_efficiency"] / hours
    )
    out = np.clip(above, -can_take, can_give)
    drained = np.maximum(out, 0.0) / p["discharge_efficiency"]
    filled = np.maximum(-out, 0.0) * p["charge_efficiency"]
    after = stored_kwh + (filled - drained) * hours
    return out, after * np.exp(-p["loss_share_per_h"] * hours)


@dataclass
class Site:
    """Grid connection, panels and batteries; a plant without any buys all it uses."""

    plant: Plant
    grids: tuple[str, ...]
    panels: tuple[str, ...]
    batteries: tuple[str, ...]
    name: str = "site"
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = (ELECTRICITY,)
    machines: tuple[str, ...] = field(init=False)
    columns: tuple[tuple[str, str], ...] = field(init=False)

    def __post_init__(self) -> None:
        self.machines = self.grids + self.panels + self.batteries
        bought = self.grids[0] if self.grids else self.plant.site.id
        self.columns = (
            (bought, "grid_import_kwh"),
            (bought, "grid_export_kwh"),
            *((p, "made_kwh") for p in self.panels),
            *((b, q) for b in self.batteries for q in ("battery_kwh", "electricity_kwh")),
        )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Batteries as full as the image shows them, else half."""
        batteries = table(draw, self.batteries, _BATTERY, ("stored_kwh",))
        for m, name in enumerate(self.batteries):
            share = seen(case, name, "charge_level", 50.0) / 100.0
            batteries["stored_kwh"][:, m] = share * batteries["capacity_kwh"][:, m]
        return {"panels": table(draw, self.panels, _PV), "batteries": batteries}

    def step(self, state: State, board: Board) -> None:
        """Balance the step."""
        hours = board.step_s / 3600.0
        net = board.asked(ELECTRICITY).copy()
        board.serve(ELECTRICITY, net)
        place = 2
        for m, name in enumerate(self.panels):
            p = state["panels"][:, m]
            made = sun_kw(p, board.sun_w_m2(), board.outdoor_c()) * (not board.out_of_order(name))
            net -= made
            board.out[:, place] = made * hours
            place += 1
        standby = [self._standby(state, board, m) for m in range(len(self.batteries))]
        for own in standby:
            net += own
        for m, name in enumerate(self.batteries):
            p = state["batteries"][:, m]
            limit = held(board, self.plant, name, "limit_sp", p["limit_kw"])
            out, after = battery_kw(p, p["stored_kwh"], net, limit, hours)
            if not board.out_of_order(name):
                p["stored_kwh"] = after
                net -= out
                board.out[:, place] = out * hours
            board.out[:, place + 1] = standby[m] * hours
            place += 2
        board.out[:, 0] = np.maximum(net, 0.0) * hours
        board.out[:, 1] = np.maximum(-net, 0.0) * hours

    def _standby(self, state: State, board: Board, m: int) -> Floats:
        return np.asarray(
            state["batteries"]["standby_kw"][:, m] * (not board.out_of_order(self.batteries[m]))
        )


class _Plug:
    kinds: tuple[str, ...] = ("grid_meter", "pv", "battery")

    def units(self, plant: Plant) -> Sequence[Unit]:
        """One, always: what is used must come from somewhere."""
        grids, panels, batteries = (of_kind(plant, kind) for kind in self.kinds)
        return (Site(plant, grids, panels, batteries),)


plug = _Plug()
