"""Compressed air: receiver, compressors that load and unload, dryer, branches and leaks.

`V dp/dt = (made - used - leaked) x 1 atm`, followed in steps of five seconds. A leak and the users'
flow grow with
absolute pressure (flow through an orifice at sonic speed is proportional to it).

Sources:
    Sonic orifice: flow in proportion to absolute upstream pressure when p2/p1 < 0.528.
    US DOE compressed air tip sheets: about 7 % power a bar; unloaded screws draw 20-35 % of full
    power.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, STANDBY, Machine

if TYPE_CHECKING:
    from ecotwin_standin.world import World

_ATM_BAR = 1.013
_SUBSTEP_S = 5.0
_RUN_ON_S = 420.0


class Compressor(Machine):
    """A fixed-speed screw: loads half a band below its set-point, unloads half a band above."""

    kinds = ("air_compressor",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.full_m3_h = self.draw("flow", 545.0, 0.04)
        self.full_kw = self.draw("full", 56.5, 0.04)
        self.unloaded_share = self.draw("unloaded", 0.29)
        self.band_bar = self.draw("band", 0.5, 0.1)
        self.offset_bar = 0.0
        self.loaded = False
        self.running = False
        self.unloaded_s = 0.0
        self.loaded_share = self.running_share = 0.0
        self.oil_c = 40.0
        self.v.update(
            hours=self.hours, hours_loaded=self.hours * 0.62, oil_level=self.draw("oil", 78.0, 0.1)
        )

    def control(self, bar: float, seconds: float) -> float:
        """Load or unload at this pressure; returns the share of full flow."""
        aim = self.setpoint.get("pressure_sp", 7.2) + self.offset_bar
        if bar < aim - self.band_bar / 2:
            self.loaded = self.running = True
            self.unloaded_s = 0.0
        elif bar > aim + self.band_bar / 2:
            self.loaded = False
        if not self.loaded and self.running:
            self.unloaded_s += seconds
            self.running = self.unloaded_s < _RUN_ON_S
        return 1.0 if self.loaded else 0.0

    def step(self, world: World) -> None:
        """Book what the network made of this step."""
        load, run = self.loaded_share, self.running_share
        intake = 1.0 + 0.0033 * (world.plant_room_c - 20.0)
        kw = self.full_kw * intake * (1.0 + 0.07 * (world.air_bar - 7.0))
        self.state = BUSY if load > 0.05 else IDLE if run > 0.5 else STANDBY if run <= 0.0 else IDLE
        self.spend(world, kw * (load + self.unloaded_share * (run - load)) + 0.35)
        v = self.v
        v["load"] = 100.0 * load
        v["pressure"] = world.air_bar + (0.12 * load)
        self.count("air_volume", "air_flow", self.full_m3_h * load, world.hours)
        v["hours"] += run * world.hours
        v["hours_loaded"] += load * world.hours
        aim = world.plant_room_c + (38.0 + 22.0 * load if run > 0.0 else 2.0)
        self.oil_c += (aim - self.oil_c) * (1.0 - exp(-world.seconds / 900.0))
        v["oil_temperature"] = self.oil_c
        v["discharge_temperature"] = self.oil_c + 9.0 * load
        v["oil_level"] -= 0.0022 * run * world.hours
        if v["oil_level"] < 45.0:
            v["oil_level"] = 85.0
        wear = 1.0 + (0.05 * self.fault.get("power_creep", 0.0) if self.fault else 0.0)
        v["vibration"] = (1.1 * run + 1.3 * load) * wear + 0.1
        world.air_volume_m3 = v["air_volume"]
        world.room_kw += self.power_kw * 0.12


class Dryer(Machine):
    """A refrigerant dryer after the receiver."""

    kinds = ("air_dryer",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.base_kw, self.span_kw = self.draw("base", 2.7), self.draw("span", 2.0)
        self.v.update(hours=self.hours)

    def step(self, world: World) -> None:
        """Power by flow and room temperature."""
        share = world.air.made_m3_h / 900.0
        warm = 1.0 + 0.012 * (world.plant_room_c - 20.0)
        self.state = BUSY if share > 0.02 else IDLE
        self.spend(world, (self.base_kw + self.span_kw * share) * warm)
        v = self.v
        v["dew_point"] = 2.8 + 3.0 * share + 0.12 * (world.plant_room_c - 20.0)
        v["inlet_temperature"] = world.plant_room_c + 8.0 + 4.0 * share
        v["pressure_drop"] = 0.06 + 0.34 * share * share
        v["pressure"] = world.air_bar - v["pressure_drop"]
        v["hours"] += world.hours
        world.room_kw += self.power_kw


class AirMeter(Machine):
    """Measures the air that flows to a branch: its users, its base leaks and its fault's leak."""

    kinds = ("air_meter",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.users: tuple[str, ...] = ()
        self.leak_m3_h = self.draw("leak", 13.0, 0.3)

    def step(self, world: World) -> None:
        """Sum of the branch."""
        used = world.air_users
        flow = (
            sum(used.get(u, 0.0) for u in self.users)
            + world.air.branch_leak(self) * world.air_factor
        )
        self.count("air_volume", "air_flow", flow, world.hours)
        self.v["pressure"] = world.air_bar - 0.15 - 0.25 * (flow / 400.0) ** 2


class AirNet:
    """The network: pressure of the receiver, what is made, used and lost."""

    def __init__(
        self,
        compressors: list[Compressor],
        branches: list[AirMeter],
        others: list[Machine],
        chance: Chance,
    ) -> None:
        self.compressors = compressors
        self.branches = branches
        self.others = others
        for n, compressor in enumerate(compressors):
            compressor.offset_bar = -0.35 * n
        self.volume_m3 = chance.spread("air.volume", 11.0, 0.1)
        self.leak_m3_h = chance.spread("air.leak", 16.0 if branches else 54.0, 0.25)
        self.bar = 7.1
        self.made_m3_h = 0.0
        self.leaked_m3_h = 0.0

    def branch_leak(self, branch: AirMeter) -> float:
        """Leak of a branch at 7 bar [m3/h]."""
        return branch.leak_m3_h + (branch.fault.get("air_leak", 0.0) if branch.fault else 0.0)

    def step(self, world: World) -> None:
        """Follow the pressure through the step."""
        if not self.compressors:
            return
        leak = self.leak_m3_h + sum(self.branch_leak(b) for b in self.branches)
        leak += sum(m.fault.get("air_leak", 0.0) for m in self.others if m.fault)
        used_at_7 = sum(world.air_users.values()) / world.air_factor
        bar, left, made = self.bar, world.seconds, 0.0
        steps = max(1, round(left / _SUBSTEP_S))
        dt = left / steps
        per_m3_h = dt / 3600.0 * _ATM_BAR / self.volume_m3
        loads = [0.0] * len(self.compressors)
        runs = [0.0] * len(self.compressors)
        for _ in range(steps):
            flow = 0.0
            for i, c in enumerate(self.compressors):
                share = c.control(bar, dt)
                loads[i] += share
                runs[i] += c.running
                flow += share * c.full_m3_h
            out = (used_at_7 + leak) * (bar + _ATM_BAR) / (7.0 + _ATM_BAR)
            bar = max(0.0, bar + (flow - out) * per_m3_h)
            made += flow
        for i, c in enumerate(self.compressors):
            c.loaded_share, c.running_share = loads[i] / steps, runs[i] / steps
        self.bar = bar
        self.made_m3_h = made / steps
        self.leaked_m3_h = leak * (bar + _ATM_BAR) / (7.0 + _ATM_BAR)
        world.air_bar = bar

    def factor(self) -> float:
        """Flow of an open user now over its flow at 7 bar."""
        return (self.bar + _ATM_BAR) / (7.0 + _ATM_BAR)


class NitrogenGenerator(Machine):
    """Pressure-swing adsorption: makes nitrogen of compressed air."""

    kinds = ("nitrogen_generator",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.ratio = self.draw("ratio", 3.45, 0.06)
        self.idle_kw, self.span_kw = self.draw("idle", 1.9), self.draw("span", 4.6)
        self.v.update(hours=self.hours)

    def step(self, world: World) -> None:
        """Make what is asked."""
        flow = world.n2_m3_h
        on = flow > 0.5
        self.state = BUSY if flow > 6.0 else IDLE if on else STANDBY
        self.spend(world, self.idle_kw + self.span_kw * flow / 70.0 if on else 0.3)
        v = self.v
        self.count("nitrogen_volume", "nitrogen_flow", flow, world.hours)
        v["air_flow"] = flow * self.ratio * (1.0 + 0.25 * (flow < 20.0)) if on else 0.0
        world.use_air(self.id, v["air_flow"])
        v["o2_residual"] = 60.0 + 1.1 * flow if on else 400.0
        v["pressure"] = world.air_bar - 0.8
        v["hours"] += world.hours if on else 0.0
        world.hall_kw += 0.3 * self.power_kw
