"""Steam net and boiler of a process plant, and its water loops: recycling by membranes, effluent plant.

Sources:
    Flue-gas loss by Siegert: (A2 / (21 - O2) + B) (flue - air), natural gas A2 = 0.66, B = 0.009. Membranes: the
    pressure follows the osmotic pressure of the concentrate, osmotic / (1 - recovery), plus what drives the flux.
"""

from __future__ import annotations

from math import ceil, exp, nan
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, STANDBY, Machine
from ecotwin_standin.reaction import LATENT, follow

if TYPE_CHECKING:
    from ecotwin_standin.world import World


_ANALYSER_EVERY_US, _ANALYSER_FOR_US = 21_600_000_000, 2_400_000_000
"""A portable analyser is held into the flue gas for forty minutes, four times a day [us]."""


class SteamHeader(Machine):
    """The pipes between boiler and users, and the condensate that comes back."""

    kinds = ("steam_header",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.loss_kw = self.draw("loss", 31.0, 0.15)
        self.back = self.draw("back", 0.86, 0.03)
        self.base_kw, self.per_t = self.draw("base", 0.55), self.draw("per_t", 0.72)
        self.condensate_c = 90.0

    def step(self, world: World) -> None:
        """Sum what the users draw; what leaks does not come back."""
        given = world.given
        used = world.asked.get("steam_kg_h", 0.0)
        leak = self.fault.get("steam_trap_leak", 0.0) if self.fault else 0.0
        pipes = self.loss_kw * (1.0 + (15.0 - world.weather.temperature_c) / 180.0)
        drawn = used + pipes * 3600.0 / LATENT + leak
        world.asked["steam_drawn_kg_h"] = drawn
        lost = world.asked.get("steam_lost_kg_h", 0.0) + leak
        back = self.back * max(0.0, used - lost)
        self.condensate_c = follow(
            self.condensate_c, 88.0 + 4.0 * back / 2000.0, world.seconds, 1800.0
        )
        given["condensate_kg_h"], given["condensate_c"] = back, self.condensate_c
        self.state = BUSY if used > 10.0 else IDLE
        self.spend(world, self.base_kw + self.per_t * back / 1000.0)
        v = self.v
        v["pressure"] = given.get("steam_bar", 7.5) - 0.08 * (drawn / 2000.0) ** 2
        v["steam_flow"], v["condensate_flow"] = drawn, back
        v["condensate_temperature"] = self.condensate_c
        v["return_share"] = 100.0 * back / drawn if drawn > 1.0 else 0.0


class SteamBoiler(Machine):
    """A fire-tube boiler; its pressure sags when the load rises faster than the burner."""

    kinds = ("steam_boiler",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.rated = self.draw("rated", 2550.0, 0.03)
        self.oxygen = self.draw("oxygen", 3.3, 0.08)
        self.standing = self.draw("standing", 0.014, 0.2)
        self.blow = self.draw("blow", 0.042, 0.15)
        self.nox_mg = self.draw("nox", 74.0, 0.08)
        self.heat_value = self.draw("heat_value", 10.03, 0.003)
        self.base_kw, self.per_gas = self.draw("base", 1.4), self.draw("per_gas", 0.052)
        self.bar, self.fire, self.sum_bar = 7.5, 0.4, 0.4
        self.v.update(
            gas_volume=0.0, steam_mass=0.0, water_in=0.0, water_out=0.0, nox_reference=nan
        )

    def step(self, world: World) -> None:
        """Burner after the pressure, pressure after the balance of heat."""
        given, seconds = world.given, world.seconds
        aim = self.setpoint.get("pressure_sp", 7.5)
        drawn = world.asked.get("steam_drawn_kg_h", 0.0)
        make_up = max(0.0, drawn * (1.0 + self.blow) - given.get("condensate_kg_h", 0.0))
        fed = drawn * (1.0 + self.blow)
        back = fed - make_up
        feed_c = (make_up * 13.0 + back * given.get("condensate_c", 90.0)) / max(1.0, fed)
        per_kg = (2778.0 - 4.19 * feed_c) / 3600.0
        blow_kw = self.blow * drawn * (780.0 - 4.19 * feed_c) / 3600.0
        need = drawn * per_kg + blow_kw + self.standing * self.rated
        heat = self._burn(aim, need, seconds)
        oxygen = self.oxygen + 1.5 * (1.0 - self.fire)
        oxygen += self.fault.get("excess_air", 0.0) if self.fault else 0.0
        oxygen = min(15.0, oxygen)
        air_c = 0.5 * (world.plant_room_c + world.weather.temperature_c)
        flue_c = 118.0 + 68.0 * self.fire + 2.2 * (oxygen - 3.3)
        loss = (0.66 / (21.0 - oxygen) + 0.009) * (flue_c - air_c) / 100.0
        gas = heat / (self.heat_value * (1.0 - loss))
        given["steam_bar"], given["steam_share"] = (
            self.bar,
            min(1.0, max(0.0, (self.bar - 2.0) / 4.0)),
        )
        self.state = BUSY if self.fire > 0.02 else IDLE
        self.spend(world, self.base_kw + self.per_gas * gas)
        self._show(world, drawn, make_up, gas, oxygen, flue_c, feed_c)

    def _burn(self, aim: float, need: float, seconds: float) -> float:
        """Burner and drum in small steps, else the loop would swing; mean heat [kW]."""
        parts = ceil(seconds / 10.0)
        dt, heat = seconds / parts, 0.0
        for _ in range(parts):
            error = aim - self.bar
            self.sum_bar = min(1.0, max(0.0, self.sum_bar + error * dt / 500.0))
            wish = min(1.0, max(0.0, 0.9 * error + self.sum_bar))
            self.fire = follow(self.fire, wish if wish > 0.05 else 0.0, dt, 45.0)
            heat += self.fire * self.rated / parts
            self.bar += (self.fire * self.rated - need) * dt / 60_000.0
            self.bar = min(13.0, max(1.0, self.bar))
        return heat

    def _show(
        self, world: World, drawn: float, make_up: float, gas: float, oxygen: float, flue_c: float, feed_c: float
    ) -> None:  # fmt: skip
        v, n, hours = self.v, world.normal[self.column], world.hours
        blow = self.blow * drawn / 1000.0
        self.count("gas_volume", "gas_flow", gas, hours)
        self.count("steam_mass", "steam_flow", drawn, hours)
        self.count("water_in", "water_in_flow", make_up / 1000.0, hours)
        self.count("water_out", "water_out_flow", blow, hours)
        world.gas_m3_h += gas
        world.water_in_m3_h += make_up / 1000.0
        world.water_out_m3_h += blow
        shown = min(20.9, oxygen + 0.05 * n) if gas > 0.5 else 20.9
        flue = gas * 8.5 * 21.0 / (21.0 - shown) if gas > 0.5 else 0.0
        nox = self.nox_mg * (0.85 + 0.3 * self.fire) * (21.0 - shown) / 18.0 if flue else 0.0
        co = (7.0 + 30.0 * (1.0 - self.fire) ** 3) * (21.0 - shown) / 18.0 if flue else 0.0
        v["pressure"], v["feed_water_temperature"] = self.bar, feed_c
        v["flue_temperature"] = follow(
            v.get("flue_temperature", flue_c), flue_c, world.seconds, 200.0
        )
        v["nox_concentration"], v["co_concentration"] = nox, co
        v["o2_share"], v["flue_flow"] = shown, flue
        plugged = world.now_us % _ANALYSER_EVERY_US < _ANALYSER_FOR_US
        v["nox_reference"] = nox if plugged and flue else nan
        v["nox_mass"] = v.get("nox_mass", 0.0) + nox * flue * 1e-6 * hours
        v["co_mass"] = v.get("co_mass", 0.0) + co * flue * 1e-6 * hours
        v["burner_load"] = 100.0 * self.fire
        v["pressure_sp"] = self.setpoint.get("pressure_sp", 7.5)


class WaterRecycling(Machine):
    """Takes process water and the towers' blow-down, gives most of it back as process water."""

    kinds = ("water_recycling",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.osmotic, self.over = self.draw("osmotic", 4.2), self.draw("over", 13.5)
        self.efficiency, self.base_kw = self.draw("efficiency", 0.63, 0.04), self.draw("base", 3.2)
        self.recovery = 0.75

    def step(self, world: World) -> None:
        """A fouled membrane lets less through at more pressure."""
        given, v = world.given, self.v
        towers = [m for m in world.machines.values() if m.kind == "cooling_tower"]
        blown = sum(m.v.get("water_out_flow", 0.0) for m in towers)
        world.water_out_m3_h -= blown
        feed = given.get("process_water_m3_h", 0.0) + blown
        fouled = self.fault.get("membrane_fouled", 0.0) if self.fault else 0.0
        aim = self.setpoint.get("recovery_sp", 75.0) / 100.0
        self.recovery = follow(self.recovery, aim * (1.0 - 0.5 * fouled), world.seconds, 600.0)
        recycled = feed * self.recovery
        bar = self.osmotic / max(0.05, 1.0 - self.recovery) + self.over * (1.0 + 1.6 * fouled)
        given["recycled_water_m3_h"] = follow(
            given.get("recycled_water_m3_h", recycled), recycled, world.seconds, 1200.0
        )
        world.asked["concentrate_m3_h"] = feed - recycled
        self.state = BUSY if feed > 0.3 else STANDBY
        self.spend(world, self.base_kw + feed * bar / 36.0 / self.efficiency)
        v["feed_flow"], v["recycled_flow"] = feed, recycled
        v["concentrate_flow"], v["recovery"] = feed - recycled, 100.0 * self.recovery
        v["membrane_drop"] = 1.1 * (1.0 + 1.5 * fouled) * (feed / 10.0) ** 1.5
        v["feed_pressure"] = bar
        v["conductivity"] = (
            85.0 * exp(1.4 * (self.recovery - 0.75)) + 1.5 * world.normal[self.column]
        )


class EffluentPlant(Machine):
    """Aerates what is left and lets it to the sewer; sludge goes onto its scale."""

    kinds = ("effluent_plant",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.base_kw, self.per_cod = self.draw("base", 6.4), self.draw("per_cod", 0.88)
        self.removal = self.draw("removal", 0.968, 0.004)
        self.inflow, self.cod = 3.0, 60.0

    def step(self, world: World) -> None:
        """A buffer of some hours, then aeration by load."""
        flow = world.asked.get("concentrate_m3_h", 0.0) + max(
            0.0, world.asked.get("unused_water_m3_h", 0.0)
        )
        self.inflow = follow(self.inflow, flow, world.seconds, 5400.0)
        self.cod = follow(
            self.cod, world.given.get("process_cod_kg_h", 0.0), world.seconds, 14_400.0
        )
        gone = self.removal * self.cod
        self.state = BUSY if self.inflow > 0.05 else STANDBY
        self.spend(world, self.base_kw + self.per_cod * gone)
        self.count("water_out", "water_out_flow", self.inflow, world.hours)
        world.water_out_m3_h += self.inflow
        world.asked["sludge_kg"] = 0.26 * gone * world.hours
        v, n = self.v, world.normal[self.column]
        per_m3 = 1000.0 / max(0.05, self.inflow)
        v["inflow"], v["cod_in"] = flow, self.cod * per_m3
        v["cod_out"] = (self.cod - gone) * per_m3
        v["oxygen"], v["ph_out"] = 2.1 + 0.1 * n, 7.3 + 0.05 * n
