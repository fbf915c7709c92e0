"""Cooling: chillers with a Carnot-based COP, their cooling towers, and meters of cold.

Sources:
    COP as a share of Carnot's, falling with the lift between evaporation and condensation; the
    share itself falls at
    low part load. Make-up water: evaporation (2.45 MJ/kg), drift and blow-down that holds the salt
    content.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, STANDBY, Machine

if TYPE_CHECKING:
    from ecotwin_standin.world import World


class Chiller(Machine):
    """A water-cooled chiller that keeps its supply temperature while it can."""

    kinds = ("chiller",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.rated_kw = self.draw("rated", 205.0, 0.05)
        self.carnot_share = self.draw("carnot", 0.47, 0.04)
        self.pump_kw = self.draw("pump", 3.1)
        self.supply_c = 9.0
        self.v.update(hours=self.hours)

    def cop(self, supply_c: float, condenser_c: float, share: float) -> float:
        """Coefficient of performance of the compressor at a part load 0..1."""
        low = supply_c - 4.0 + 273.15
        lift = max(8.0, condenser_c + 273.15 - low)
        return self.carnot_share * low / lift * (0.62 + 0.66 * share - 0.28 * share * share)

    def step(self, world: World) -> None:
        """Take its part of the cold that is asked."""
        wanted = world.cold_to_chillers.get(self.id, 0.0)
        v = self.v
        aim = self.setpoint.get("supply_sp", 8.0)
        made = min(wanted, self.rated_kw)
        on = made > 4.0
        short = (wanted - made) * 0.08
        rest = aim + short if on else world.hall_c - 4.0
        self.supply_c += (rest - self.supply_c) * (
            1.0 - exp(-world.seconds / (420.0 if on else 7200.0))
        )
        share = made / self.rated_kw
        fouled = self.fault.get("chiller_fouled", 0.0) if self.fault else 0.0
        condenser = world.tower_c + 4.0 + 6.5 * share + fouled * (0.4 + 0.6 * share)
        self.state = BUSY if on else STANDBY
        kw = made / self.cop(self.supply_c, condenser, share) + self.pump_kw if on else 0.7
        self.spend(world, kw)
        self.count("cold_energy", "cold_power", made if on else 0.0, world.hours)
        flow = 34.0 if on else 0.0
        v["supply_temperature"] = self.supply_c
        v["return_temperature"] = self.supply_c + (made * 0.86 / flow if on else 0.2)
        v["condenser_temperature"] = condenser if on else world.plant_room_c
        v["evaporator_temperature"] = (
            self.supply_c - 4.0 * (0.5 + 0.5 * share) if on else world.plant_room_c - 2.0
        )
        v["load"] = 100.0 * share if on else 0.0
        v["water_flow"] = flow
        v["hours"] += world.hours if on else 0.0
        world.reject_kw += (made + 0.92 * kw) if on else 0.0
        world.room_kw += 0.08 * self.power_kw


class ColdMeter(Machine):
    """Measures the cold that flows to a branch: what its users take."""

    kinds = ("cold_meter",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.users: tuple[str, ...] = ()
        self.process = False

    def step(self, world: World) -> None:
        """Users by name; what nobody else meters is process cooling."""
        machines = world.machines
        kw = sum(machines[u].v.get("cold_power", 0.0) for u in self.users if u in machines)
        if self.process:
            kw += world.cold_process_kw
        self.count("cold_energy", "cold_power", kw, world.hours)


class CoolingTower(Machine):
    """Rejects heat by evaporation; its fan follows the basin's temperature."""

    kinds = ("cooling_tower",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.rated_kw = self.draw("rated", 420.0, 0.06)
        self.fan_kw = self.draw("fan", 9.5)
        self.pump_kw = self.draw("pump", 3.4)
        self.cycles = self.draw("cycles", 4.2, 0.1)
        self.basin_c = 22.0
        self.salt = 1700.0

    def step(self, world: World) -> None:
        """Heat out, water in and out."""
        heat = world.reject_kw / max(1, world.tower_count)
        on = heat > 5.0
        wet = world.weather.wet_bulb_c
        aim = max(17.0, wet + 3.5)
        share = heat / self.rated_kw
        fan = min(1.0, max(0.12, 0.25 + 1.1 * share + 0.06 * (self.basin_c - aim))) if on else 0.0
        approach = 2.6 + 9.0 * share / max(0.15, fan) ** 0.7 if on else 3.0
        rest = max(wet + approach, 14.0)
        self.basin_c += (rest - self.basin_c) * (1.0 - exp(-world.seconds / 1800.0))
        self.state = BUSY if on else STANDBY
        self.spend(world, self.pump_kw + self.fan_kw * fan**2.7 if on else 0.5)
        leak = self.fault.get("cooling_water_leak", 0.0) if self.fault else 0.0
        evaporated = heat * 3600.0 / 2_450_000.0 * 0.88 + (0.01 if on else 0.0)
        blow = evaporated / (self.cycles - 1.0)
        self.count("water_in", "water_in_flow", evaporated + blow + leak, world.hours)
        self.count("water_out", "water_out_flow", blow, world.hours)
        world.water_in_m3_h += evaporated + blow + leak
        world.water_out_m3_h += blow
        aim_salt = 420.0 * (evaporated + blow + leak) / max(0.02, blow + leak)
        self.salt += (min(2200.0, aim_salt) - self.salt) * (1.0 - exp(-world.seconds / 40_000.0))
        v = self.v
        v["basin_temperature"] = self.basin_c
        v["return_temperature"] = self.basin_c + (5.5 * share + 0.4 if on else 0.1)
        v["fan_load"] = 100.0 * fan
        v["basin_level"] = 71.0 - 8.0 * min(1.5, leak)
        v["conductivity"] = self.salt
        world.tower_c = self.basin_c


def share_cold(world: World, chillers: list[Chiller]) -> dict[str, float]:
    """Cold each chiller is asked for [kW]; the next joins when the running are near their limit."""
    left = world.cold_kw
    asked: dict[str, float] = {}
    able = [c for c in chillers if not (c.fault and "down" in c.fault)]
    for n, c in enumerate(able):
        last = n == len(able) - 1
        part = (
            left
            if last or left < 0.88 * c.rated_kw
            else max(0.5 * left, left - 0.88 * c.rated_kw * (len(able) - n - 1))
        )
        asked[c.id] = part
        left -= part
        if left <= 0.0:
            break
    return asked
