"""Halls and what serves them: air handling with weather, lighting, server room.

Room: `C dT/dt = gains + UA (outside - room) + m cp (supply - room)`. The unit mixes outdoor air
first (free cooling)
and only then uses its coils.
"""

from __future__ import annotations

from math import exp
from typing import TYPE_CHECKING

from ecotwin_standin.chance import Chance
from ecotwin_standin.machine import BUSY, IDLE, STANDBY, Machine
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.world import World

_AIR_KW_PER_M3H_K = 1.2 * 1.006 / 3600.0


class AirHandler(Machine):
    """An air-handling unit with its hall."""

    kinds = ("ahu",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.full_m3_h = self.draw("flow", 29500.0, 0.05)
        self.fan_kw = self.draw("fan", 33.0, 0.05)
        self.ua = self.draw("ua", 1.5, 0.15)
        self.capacity = self.draw("capacity", 62_000.0, 0.15)
        self.own_gain = self.draw("gain", 9.0, 0.2)
        self.room_c = 21.5
        self.supply_c = 19.0
        self.filter_share = self.draw("filter", 0.35, 0.6)
        self.v.update(cold_energy=0.0, heat_energy=0.0)

    def step(self, world: World) -> None:
        """Keep the room near its set-point."""
        weather, hours = world.weather, world.hours
        segment = world.segment
        working = segment.kind != FREE or segment.works_at_us - world.now_us < 2_700_000_000
        gains = world.hall_last_kw * world.hall_share[self.id] + (self.own_gain if working else 2.0)
        aim = self.setpoint.get("room_sp", 22.0)
        wish = aim if working else min(max(self.room_c, aim - 2.5), aim + 3.0)
        room, out = self.room_c, weather.temperature_c
        need = gains + self.ua * (out - room) + self.capacity * (room - wish) / 5400.0
        share = (
            min(1.0, max(0.78 if working else 0.0, 0.6 + abs(need) / 260.0))
            if working or abs(need) > 25.0
            else 0.22
        )
        per_k = self.full_m3_h * share * _AIR_KW_PER_M3H_K
        supply = min(34.0, max(14.5, room - need / per_k))
        fresh_least = 0.24 if working else 0.08
        fresh = fresh_least
        if out < room - 0.5 and supply < room:
            fresh = min(1.0, max(fresh_least, (room - supply) / (room - out)))
        mixed = fresh * out + (1.0 - fresh) * room
        kw = per_k * (supply - mixed)
        heat = kw if kw > 0.0 else 0.0
        cold = (
            -kw * (1.0 + 0.22 * max(0.0, min(1.0, (weather.wet_bulb_c - 12.0) / 8.0)) * fresh)
            if kw < 0.0
            else 0.0
        )
        self.room_c += (
            (gains + self.ua * (out - room) + per_k * (supply - room))
            * world.seconds
            / self.capacity
        )
        self.supply_c += (supply - self.supply_c) * (1.0 - exp(-world.seconds / 120.0))
        self.filter_share += share**2 * hours / 4200.0
        if self.filter_share > 1.0:
            self.filter_share = 0.1
        wear = 1.0 + 0.12 * self.filter_share
        self.state = BUSY if working else STANDBY if share < 0.3 else IDLE
        self.spend(world, self.fan_kw * share**2.6 * wear + 0.9)
        self._show(world, share, fresh, cold, heat)

    def _show(self, world: World, share: float, fresh: float, cold: float, heat: float) -> None:
        v, weather = self.v, world.weather
        self.count("cold_energy", "cold_power", cold, world.hours)
        self.count("heat_energy", "heat_power", heat, world.hours)
        world.cold_kw += cold
        world.heat_kw += heat
        v["supply_temperature"] = self.supply_c
        v["return_temperature"] = self.room_c
        vapour = weather.humidity_pct * exp(0.062 * (weather.temperature_c - self.room_c))
        v["humidity"] = min(68.0, max(34.0, vapour + 6.0))
        if vapour < 34.0:
            world.pure_m3_h += (
                self.full_m3_h * share * fresh * (34.0 - vapour) / 100.0 * 0.0175 / 1000.0
            )
        v["supply_flow"] = self.full_m3_h * share
        v["filter_drop"] = (0.0008 + 0.0022 * self.filter_share) * share**1.8
        v["fan_load"] = 100.0 * share
        v["outdoor_air_share"] = 100.0 * fresh
        world.room_c_sum += self.room_c * world.hall_share[self.id]


class Lighting(Machine):
    """Light by shift and daylight."""

    kinds = ("lighting",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.full_kw, self.night_kw = self.draw("full", 14.6), self.draw("night", 1.9)

    def step(self, world: World) -> None:
        """On while people work and shortly before."""
        segment = world.segment
        on = segment.kind != FREE or segment.works_at_us - world.now_us < 1_500_000_000
        day = min(1.0, world.weather.sun_w_m2 / 700.0)
        self.state = BUSY if on else STANDBY
        self.spend(world, self.full_kw * (1.0 - 0.24 * day) if on else self.night_kw)
        self.v["illuminance"] = (640.0 if on else 40.0) + 260.0 * day
        world.hall_kw += self.power_kw


class ItRoom(Machine):
    """Servers and their own cooling."""

    kinds = ("it_room",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.base_kw, self.span_kw = self.draw("base", 6.6), self.draw("span", 0.9)

    def step(self, world: World) -> None:
        """A little more by day."""
        working = world.segment.kind != FREE
        it_kw = self.base_kw + (self.span_kw if working else 0.0) + 0.12 * world.normal[self.column]
        lift = max(0.0, world.weather.temperature_c - 8.0)
        self.state = BUSY
        self.spend(world, it_kw * (1.22 + 0.008 * lift))
        self.v["it_power"] = it_kw
        self.v["room_temperature"] = 22.5 + 0.05 * lift


class WeatherStation(Machine):
    """Reads the weather."""

    kinds = ("weather",)
    phase = 1

    def step(self, world: World) -> None:
        """Show it."""
        v, w, n = self.v, world.weather, world.normal[self.column]
        v["temperature"] = w.temperature_c
        v["humidity"] = w.humidity_pct
        v["irradiance"] = w.sun_w_m2 * 0.88
        keep = exp(-world.seconds / 7200.0)
        self.hours = keep * self.hours + (1 - keep**2) ** 0.5 * n if abs(self.hours) < 50 else 0.0
        v["wind_speed"] = max(0.1, 3.4 + 1.7 * self.hours)
        v["air_pressure"] = 1.005 + 0.006 * self.hours - 0.00025 * w.shift_k


class Solar(Machine):
    """Panels and inverter."""

    kinds = ("pv",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.peak_kw = self.draw("peak", 204.0, 0.03)
        self.ratio = self.draw("ratio", 0.865, 0.02)
        self.v.update(energy=0.0)

    def step(self, world: World) -> None:
        """Power by light and temperature of the modules; the inverter may be out."""
        v, w = self.v, world.weather
        sun = w.sun_w_m2
        module_c = w.temperature_c + 0.029 * sun
        out = min(1.0, self.fault.get("pv_inverter_out", 0.0)) if self.fault else 0.0
        kw = (
            self.peak_kw
            * sun
            / 1000.0
            * self.ratio
            * (1.0 - 0.0038 * (module_c - 25.0))
            * (1.0 - out)
        )
        kw = max(0.0, min(kw, 1.02 * self.peak_kw))
        self.power_kw = kw
        self.state = BUSY if kw > 0.2 else IDLE if sun > 15.0 and not out else STANDBY
        if out >= 1.0:
            self.state = 6.0
        self.count("energy", "power", kw, world.hours)
        v["state"] = self.state
        v["irradiance"] = sun
        v["module_temperature"] = module_c
        v["inverter_temperature"] = w.temperature_c + 4.0 + 22.0 * kw / self.peak_kw
        v["dc_voltage"] = (735.0 - 1.6 * (module_c - 25.0)) * (1.0 if sun > 20.0 else sun / 20.0)
        world.pv_kw += kw
