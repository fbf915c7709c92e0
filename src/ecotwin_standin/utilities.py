"""Boiler, water treatment, waste and the meters of the site.

Sources:
    Dry stoichiometric flue gas of natural gas about 8.5 m3 a m3; excess air from the oxygen share
    as 21 / (21 - O2).
"""

from __future__ import annotations

from math import exp, sqrt
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, STANDBY, Machine
from ecotwin_standin.worktime import FREE, WORK

if TYPE_CHECKING:
    from ecotwin_standin.world import World


class Boiler(Machine):
    """A modulating gas boiler on a hot-water loop."""

    kinds = ("gas_boiler",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.rated_kw = self.draw("rated", 305.0, 0.04)
        self.base_efficiency = self.draw("efficiency", 0.928, 0.01)
        self.nox_mg = self.draw("nox", 82.0, 0.1)
        self.loss_kw = self.draw("loss", 6.5, 0.2)
        self.loop_c = 66.0
        self.burning = True

    def step(self, world: World) -> None:
        """Hold the loop; burn by load."""
        segment = world.segment
        asked = world.heat_kw / max(1, world.boiler_count)
        hot_water = 17.0 if segment.kind == WORK else 4.0
        aim = self.setpoint.get("supply_sp", 68.0)
        losses = self.loss_kw * (self.loop_c - 20.0) / 48.0
        need = asked + hot_water + losses
        if self.loop_c < aim - 4.0:
            self.burning = True
        elif self.loop_c > aim + 4.0:
            self.burning = False
        wish = need + 26.0 * (aim - self.loop_c)
        heat = min(self.rated_kw, max(0.16 * self.rated_kw, wish)) if self.burning else 0.0
        self.loop_c += (heat - need) * world.seconds / 11_500.0
        share = heat / self.rated_kw
        back_c = self.loop_c - 6.0 - 10.0 * min(1.0, need / self.rated_kw)
        efficiency = self.base_efficiency - 0.00055 * (back_c - 50.0) - 0.012 * share
        gas = heat / (efficiency * 10.02)
        self.state = BUSY if heat > 0.0 else IDLE
        self.spend(world, 0.9 + 1.7 * share if heat > 0.0 else 0.8)
        self.count("gas_volume", "gas_flow", gas, world.hours)
        self.count("heat_energy", "heat_power", heat, world.hours)
        world.gas_m3_h += gas
        world.room_kw += 0.3 * losses
        self._flue(world, gas, share, back_c)

    def _flue(self, world: World, gas: float, share: float, back_c: float) -> None:
        v, n = self.v, world.normal[self.column]
        on = gas > 0.0
        oxygen = 3.2 + 1.6 * (1.0 - share) + 0.06 * n if on else 20.9
        flue = gas * 8.5 * 21.0 / (21.0 - oxygen) if on else 0.0
        dilution = (21.0 - oxygen) / 18.0
        nox = self.nox_mg * (0.82 + 0.34 * share) * dilution if on else 0.0
        co = (9.0 + 26.0 * (1.0 - share) ** 2) * dilution if on else 0.0
        v["supply_temperature"] = self.loop_c
        v["return_temperature"] = back_c
        rest = back_c + 34.0 + 46.0 * share if on else self.loop_c - 18.0
        warm = v.get("flue_temperature", rest)
        v["flue_temperature"] = warm + (rest - warm) * (1.0 - exp(-world.seconds / 240.0))
        v["nox_concentration"], v["co_concentration"] = nox, co
        v["o2_share"], v["flue_flow"] = oxygen, flue
        v["nox_mass"] = v.get("nox_mass", 0.0) + nox * flue * 1e-6 * world.hours
        v["co_mass"] = v.get("co_mass", 0.0) + co * flue * 1e-6 * world.hours
        v["burner_load"] = 100.0 * share


class WaterTreatment(Machine):
    """Makes pure water by reverse osmosis into a tank, in runs."""

    kinds = ("water_treatment",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.feed_m3_h = self.draw("feed", 4.6, 0.05)
        self.recovery = self.draw("recovery", 0.715, 0.03)
        self.run_kw, self.rinse_kw = self.draw("run", 16.5), self.draw("rinse", 17.2)
        self.tank_m3 = self.draw("tank", 12.0)
        self.level = 0.7
        self.on = False

    def step(self, world: World) -> None:
        """Fill the tank between 55 % and 90 %; rinsing stations draw by day."""
        working = world.segment.kind == WORK
        drawn = world.pure_m3_h + (1.45 if working else 0.12)
        if self.level < 0.55:
            self.on = True
        elif self.level > 0.9:
            self.on = False
        feed = self.feed_m3_h if self.on else 0.0
        pure = feed * self.recovery
        self.level = min(1.0, max(0.0, self.level + (pure - drawn) * world.hours / self.tank_m3))
        self.state = BUSY if self.on else IDLE if working else STANDBY
        self.spend(world, (self.run_kw if self.on else 0.0) + (self.rinse_kw if working else 2.8))
        out = feed - pure + (0.93 * drawn if working else 0.5 * drawn)
        leak = self.fault.get("cooling_water_leak", 0.0) if self.fault else 0.0
        self.count("water_in", "water_in_flow", feed + leak, world.hours)
        self.count("water_out", "water_out_flow", out, world.hours)
        world.water_in_m3_h += feed + leak
        world.water_out_m3_h += out
        v, n = self.v, world.normal[self.column]
        v["pure_flow"] = pure
        v["conductivity"] = 4.2 + 0.15 * n if self.on else 4.9
        v["membrane_drop"] = 1.15 if self.on else 0.0
        v["feed_pressure"] = 11.4 if self.on else 3.1
        v["tank_level"] = 100.0 * self.level
        v["water_temperature"] = 11.0 + 0.25 * (world.weather.temperature_c - 10.0)
        v["ph_out"] = 7.4 + 0.05 * n


class WasteScale(Machine):
    """A container on a scale: people bring what gathered, in pauses or when the bin is full."""

    kinds = ("waste_scale",)
    phase = 8

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.stream = ""
        self.share = 1.0
        self.bin_kg = 0.0
        self.full_kg = self.draw("full", 9.0, 0.4)
        self.container_kg = self.draw("container", 900.0, 0.3)
        self.v.update(mass=0.0)

    def arrives_kg(self, world: World) -> float:
        """What gathers in this step [kg]."""
        return self.share * world.waste.get(self.stream, 0.0)

    def step(self, world: World) -> None:
        """Gather, then empty onto the scale."""
        self.bin_kg += self.arrives_kg(world)
        if self.bin_kg > self.full_kg or (self.bin_kg > 0.4 and world.segment.kind != WORK):
            self.v["mass"] += self.bin_kg
            self.bin_kg = 0.0
        self.v["fill_level"] = 100.0 * (self.v["mass"] % self.container_kg) / self.container_kg


class Compactor(WasteScale):
    """Presses a stream of waste; draws power while pressing."""

    kinds = ("compactor",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.press_kw = self.draw("press", 4.1)
        self.run_s = 0.0

    def step(self, world: World) -> None:
        """Press what was brought."""
        before = self.v["mass"]
        super().step(world)
        if self.v["mass"] > before:
            self.run_s = 100.0
        self.run_s = max(0.0, self.run_s - world.seconds)
        on = self.run_s > 0.0
        working = world.segment.kind != FREE
        self.state = BUSY if on else IDLE if working else STANDBY
        self.spend(world, self.press_kw if on else 0.42 if working else 0.2)
        self.v["oil_pressure"] = 165.0 if on else 4.0


class Feeder(Machine):
    """The meter of a branch: what it feeds, its cable losses and a rest that nobody meters."""

    kinds = ("feeder",)
    phase = 9

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.fed: tuple[Machine, ...] = ()
        self.rest_kw = self.draw("rest", 0.9, 0.5)
        self.rest_share = self.draw("rest_share", 0.006, 0.5)

    def sum_kw(self) -> float:
        """Power of everything fed [kW]."""
        return sum(m.power_kw for m in self.fed)

    def step(self, world: World) -> None:
        """Sum, and show phases."""
        busy = 1.0 if world.segment.kind == WORK else 0.45
        kw = self.sum_kw() * (1.0 + self.rest_share) + self.rest_kw * busy
        self.power_kw = kw
        self.count("energy", "power", kw, world.hours)
        self.phases(world, kw)

    def phases(self, world: World, kw: float) -> None:
        """Power factor and currents."""
        v, n = self.v, world.normal[self.column]
        factor = 0.93 + 0.03 * min(1.0, abs(kw) / 200.0) + 0.002 * n
        v["power_factor"] = factor
        ampere = abs(kw) * 1000.0 / (sqrt(3.0) * 401.0 * factor)
        v["current_1"], v["current_2"], v["current_3"] = 1.02 * ampere, 0.99 * ampere, 0.99 * ampere


class GridMeter(Feeder):
    """The site's meter: bought and delivered power in two indices."""

    kinds = ("grid_meter",)

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.rest_kw = self.draw("site_rest", 5.5, 0.3)
        self.v.update(energy=0.0, energy_export=0.0)

    def step(self, world: World) -> None:
        """Everything used less what the sun gives."""
        busy = 1.0 if world.segment.kind == WORK else 0.55
        used = self.sum_kw() * (1.0 + 0.5 * self.rest_share) + self.rest_kw * busy
        kw = used - world.pv_kw
        self.power_kw = kw
        v = self.v
        v["power"] = kw
        v["energy" if kw >= 0.0 else "energy_export"] += abs(kw) * world.hours
        self.phases(world, kw)
        sag = 0.004 * kw
        for i in (1, 2, 3):
            v[f"voltage_{i}"] = 231.5 - sag + 0.4 * world.normal[self.column] + 0.3 * i


class GasMeter(Machine):
    """Gas bought: the boilers and a small rest."""

    kinds = ("gas_meter",)
    phase = 9

    def step(self, world: World) -> None:
        """Sum."""
        self.count("gas_volume", "gas_flow", world.gas_m3_h * 1.004, world.hours)
        self.v["pressure"] = 0.1 - 0.0003 * world.gas_m3_h


class WaterMeter(Machine):
    """Water bought: machines, people and a base loss."""

    kinds = ("water_meter",)
    phase = 9

    def step(self, world: World) -> None:
        """Sum."""
        leak = self.fault.get("cooling_water_leak", 0.0) if self.fault else 0.0
        flow = world.water_in_m3_h + world.people_water_m3_h + 0.03 + leak
        self.count("water_in", "water_in_flow", flow, world.hours)
        self.v["pressure"] = 4.6 - 0.02 * flow


class SewerMeter(Machine):
    """Water to the sewer."""

    kinds = ("sewer_meter",)
    phase = 9

    def step(self, world: World) -> None:
        """Sum."""
        flow = world.water_out_m3_h + 0.96 * world.people_water_m3_h
        self.count("water_out", "water_out_flow", flow, world.hours)
