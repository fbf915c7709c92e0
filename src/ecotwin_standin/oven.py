"""Ovens: a heat balance of every zone with heater limits, losses, exhaust, boards, nitrogen.

Each zone: `C dT/dt = heater - wall (T - hall) - exhaust - boards`. The heaters are led to their
set-point by a
fast controller; when that needs more than the heater has, the zone lags behind. Boards only enter
an oven that is hot.

Sources:
    Heat capacities: air 1.006 kJ/(kg K) at 1.20 kg/m3; FR-4 boards about 1.1 kJ/(kg K).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, DOWN, HEATING, IDLE, OFF, SETUP, STANDBY
from ecotwin_standin.station import Station
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.line import Line
    from ecotwin_standin.world import World

_AIR_KJ_M3K = 1.20 * 1.006
_PAUSE_US = 6_000_000_000


@dataclass(frozen=True, slots=True)
class Furnace:
    """How an oven is built; the stand-in's own figures.

    Attributes:
        profile_c: Zone temperatures for a peak of `awake_c`. capacity_kj_k, heaters_kw, wall_kw_k:
            Of all zones.
        fans_kw: Blowers, belt and control at full speed. exhaust_m3_h: At normal damper.
        exhaust_share: How near the exhaust comes to the zones' temperature. preheat_s: From cold to
            ready.
    """

    profile_c: tuple[float, ...]
    awake_c: float
    capacity_kj_k: float
    heaters_kw: float
    wall_kw_k: float
    fans_kw: float
    exhaust_m3_h: float
    exhaust_share: float
    transit_s: float
    belt_m_min: float
    preheat_s: float
    tolerance_k: float


REFLOW = Furnace(
    (152.0, 166.0, 176.0, 188.0, 203.0, 222.0, 243.0, 248.0),
    245.0, 432.0, 66.0, 0.098, 8.6, 710.0, 0.45, 235.0, 0.95, 3000.0, 6.0,
)  # fmt: skip
CURING = Furnace(
    (88.0, 108.0, 110.0),
    110.0, 160.0, 19.0, 0.062, 2.6, 560.0, 0.42, 270.0, 0.8, 1800.0, 4.0,
)  # fmt: skip


class Oven(Station):
    """A tunnel oven that follows its recipe, or `sleep_sp` when that is lower.

    Attributes:
        zone_c: True zone temperatures [degC].
        heat_in_kj, loss_kj: Running totals of the balance; what is stored is their difference.
    """

    kinds = ("reflow_oven", "curing_oven")

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.built = built = REFLOW if kind == "reflow_oven" else CURING
        zones = len(built.profile_c)
        self.zone_c = [22.0] * zones
        self.capacity = self.draw("capacity", built.capacity_kj_k) / zones
        whole = sum(t - 22.0 for t in built.profile_c)
        heaters_kw = self.draw("heaters", built.heaters_kw, 0.04)
        self.heater_kw = [heaters_kw * (t - 22.0) / whole for t in built.profile_c]
        self.wall = self.draw("wall", built.wall_kw_k) / zones
        self.fans_kw = self.draw("fans", built.fans_kw, 0.05)
        self.exhaust = self.draw("exhaust", built.exhaust_m3_h, 0.06)
        self.preheat_us = int(self.draw("preheat", built.preheat_s, 0.15) * 1e6)
        self.tilt = [self.draw(f"tilt{i}", 1.0, 0.008) for i in range(zones)]
        self.hot = False
        self.awake = False
        self.on = False
        self.heat_in_kj = 0.0
        self.loss_kj = 0.0
        self.exhaust_c = 22.0
        self.restart_s = -1.0
        self.peak_c = 22.0
        self.hall_share = 0.42
        self.tunnel: deque[float] = deque()

    @property
    def able(self) -> bool:
        """Ready when it is on, awake and hot."""
        return self.down_s <= 0.0 and self.hot and self.awake

    def switched_on(self, world: World) -> bool:
        """Off through long pauses, on in time for the next shift; faults may change that."""
        fault = self.fault
        if fault:
            if fault.get("ovens_preheat_in_peak", 0.0) > 0.0:
                self.restart_s = max(self.restart_s, 0.0) + world.seconds
                if self.restart_s <= fault["ovens_preheat_in_peak"] * 60.0:
                    return False
            if "oven_hot_in_breaks" in fault:
                return True
        segment = world.segment
        if segment.kind != FREE or segment.works_at_us - segment.start_us < _PAUSE_US:
            return True
        fresh = world.now_us - segment.start_us < 420_000_000
        return fresh or segment.works_at_us - world.now_us < self.preheat_us

    def mode(self, world: World, line: Line) -> float:
        """State from the heat, then from the line."""
        self.on = self.switched_on(world)
        sleepless = bool(self.fault) and "oven_hot_in_breaks" in self.fault
        asleep_at = self.built.awake_c * 0.96
        self.awake = sleepless or self.setpoint.get("sleep_sp", self.built.awake_c) >= asleep_at
        if self.down_s > 0.0:
            self.down_s -= world.seconds
            return DOWN
        if not self.on:
            return OFF
        if not self.awake:
            return STANDBY
        if not self.hot:
            return HEATING
        if line.ready and line.setup_s > 0.0:
            return SETUP
        return BUSY if self.boards > 0.0 and not self.starved else IDLE

    def demand_kw(self, world: World, state: float, used: float) -> float:  # noqa: ARG002
        """Heaters by the heat balance, and fans."""
        fans = 1.0 if state >= HEATING else 0.36 if state == STANDBY else 0.0
        damper = 1.0 if state >= HEATING else 0.3 if state == STANDBY else 0.12
        flow = self.exhaust * damper
        if self.fault and self.on:
            flow += self.fault.get("exhaust_damper_open", 0.0)
        heaters = self.balance(world, flow, self._aim_c(world))
        v = self.v
        v["exhaust_flow"] = flow
        v["exhaust_damper"] = 38.0 * damper
        v["exhaust_temperature"] = self.exhaust_c
        world.exhaust_m3_h += flow
        return heaters + self.fans_kw * fans + (0.6 if self.on else self.off_kw)

    def _aim_c(self, world: World) -> float:
        """Peak set-point in force [degC]; far below the hall when switched off."""
        if not self.on:
            return -273.0
        recipe = self.built.awake_c + (world.lines[self.line].product.code % 3 - 1) * 2.0
        return recipe if self.awake else min(recipe, self.setpoint["sleep_sp"])

    def balance(self, world: World, exhaust_m3_h: float, peak_c: float) -> float:
        """One step of all zones; returns the heaters' mean power [kW]."""
        seconds, hall = world.seconds, world.hall_c
        per_zone = self.capacity / seconds
        zones = self.zone_c
        n = len(zones)
        built = self.built
        out = self.wall + exhaust_m3_h / 3600.0 * _AIR_KJ_M3K * built.exhaust_share / n
        out += self.v.get("n2_flow", 0.0) / 3600.0 * 1.25 / n
        mass = world.lines[self.line].product.mass_kg
        board_kw = self.boards * mass * 1.1 * (max(zones) - hall) * 0.96 / seconds / n
        scale = (peak_c - 22.0) / (built.awake_c - 22.0)
        heat = loss = mean = 0.0
        hot = True
        for i in range(n):
            warm = zones[i]
            aim = 22.0 + (built.profile_c[i] - 22.0) * scale
            lost = out * (warm - hall) + board_kw
            kw = (aim - warm) * per_zone + lost
            most = self.heater_kw[i]
            kw = 0.0 if kw < 0.0 else most if kw > most else kw
            warm += (kw - lost) / per_zone
            if abs(warm - aim) > built.tolerance_k:
                hot = False
            zones[i] = warm
            heat += kw
            loss += lost
            mean += warm
        self.hot = hot
        self.heat_in_kj += heat * seconds
        self.loss_kj += loss * seconds
        self.exhaust_c = hall + built.exhaust_share * (mean / n - hall)
        self.peak_c = max(zones) - 3.0
        return heat

    def stored_kj(self) -> float:
        """Heat above 22 degC in the zones [kJ]."""
        return self.capacity * sum(t - 22.0 for t in self.zone_c)

    def particulars(self, world: World) -> None:
        """Zones, belt and boards."""
        v, built = self.v, self.built
        for i, warm in enumerate(self.zone_c):
            v[f"zone_{i + 1}_temperature"] = warm * self.tilt[i]
        if self.boards > 0.0:
            v["board_peak_temperature"] = self.peak_c
        elif "board_peak_temperature" not in v:
            v["board_peak_temperature"] = world.hall_c
        v["belt_speed"] = (
            built.belt_m_min if self.state >= HEATING else 0.2 if self.state == STANDBY else 0.0
        )
        self.tunnel.append(self.boards)
        while len(self.tunnel) * world.seconds > built.transit_s + world.seconds:
            self.tunnel.popleft()
        v["boards_inside"] = float(round(sum(self.tunnel)))
        v["o2_residual"] = (
            640.0 - 180.0 * self.used if self.v.get("n2_flow", 0.0) > 1.0 else 209_000.0
        )
