"""Aircraft that fly a day's plan: taxi, take-off, climb, cruise, descent, approach, taxi; a point mass in standard air.

Sources:
    Drag polar and masses: near the public figures of a 737-800 (OpenAP's drag polar: cd0 0.019, k 0.042; wing 124.6 m2,
    operating empty mass 41.4 t), drawn apart for each aircraft. Times of taxi and turn-round: stated assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING, ClassVar

from ecotwin.clock import DAY, MINUTE, instant
from ecotwin_standin.chance import Chance
from ecotwin_standin.gaspath import G0, R_AIR, SEA_K, SEA_PA, air
from ecotwin_standin.machine import BUSY, DOWN, IDLE, OFF, Machine

if TYPE_CHECKING:
    from ecotwin_standin.engines import Engine
    from ecotwin_standin.world import World

PARKED, TAXI_OUT, TAKE_OFF, CLIMB, CRUISE, DESCENT, APPROACH, TAXI_IN, TEST = range(9)
"""Flight phases as the wire tells them."""
_SUBSTEP_S = 30.0
_WING_M2 = 124.6


@dataclass(slots=True)
class Trip:
    """One flight of the plan: when it leaves the gate [us UTC], how far [m], with what mass and how long it taxies."""

    leaves_us: int
    distance_m: float
    payload_kg: float
    taxi_out_s: float
    taxi_in_s: float
    level_m: float


def water_kg_kg(altitude_m: float) -> float:
    """Water in the air of a usual day by altitude [kg/kg].

    Sources: exponential profile with 60 % humidity used with fuel-flow methods (Baughcum et al., NASA CR-4700, 1996).
    """
    return 1e-3 * exp(-0.0001426 * (altitude_m / 0.3048 - 12_900.0))


class Airframe(Machine):
    """One aircraft: it leads its two engines through the day's flights."""

    kinds: ClassVar[tuple[str, ...]] = ("airframe",)
    phase = 0

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.cd0 = self.draw("cd0", 0.0203, 0.03)
        self.k = self.draw("k", 0.0435, 0.03)
        self.empty_kg = self.draw("empty", 42_100.0, 0.01)
        self.engines: list[Engine] = []
        self.leg = PARKED
        self.altitude_m = self.run_m = self.leg_s = 0.0
        self.speed_m_s = 0.0
        self.mass_kg = self.empty_kg
        self.trip: Trip | None = None
        self.plan: list[Trip] = []
        self.plan_day = -1
        self.v.update(flights=0.0, distance=0.0)

    def step(self, world: World) -> None:
        """Follow the plan through one step."""
        if not self.engines:
            self._meet(world)
        begin = world.now_us - int(world.seconds * 1e6)
        left = world.seconds
        for engine in self.engines:
            engine.begin_step()
        while left > 1e-9:
            dt = min(_SUBSTEP_S, left)
            at = begin + int((world.seconds - left + dt) * 1e6)
            self._substep(world, at, dt)
            left -= dt
        self._show()

    def _meet(self, world: World) -> None:
        from ecotwin_standin.engines import Engine

        crew = [m for m in world.machines.values() if isinstance(m, Engine) and m.line == self.line]
        self.engines = crew
        last = max(m.id for m in world.machines.values() if isinstance(m, Airframe))
        for engine in crew:
            engine.join(new=self.id == last, ready_us=world.now_us + DAY)

    def _substep(self, world: World, at_us: int, dt: float) -> None:
        shift_k = world.weather.temperature_c - 15.0
        if self.leg == PARKED:
            self._wait(world, at_us)
        if self.leg == PARKED:
            for engine in self.engines:
                engine.rest(dt, world.weather.temperature_c + 273.15)
            return
        self.leg_s += dt
        t0, p0 = air(self.altitude_m, shift_k * max(0.25, 1.0 - self.altitude_m / 9000.0))
        fuel = _LEGS[self.leg](self, t0, p0, dt)
        self.mass_kg -= fuel
        self.run_m += self.speed_m_s * dt

    def _wait(self, world: World, at_us: int) -> None:
        day = instant(at_us).astimezone(world.plant.zone).date().toordinal()
        if day != self.plan_day:
            self.plan_day = day
            self.plan = self._day(world, at_us)
        ready = all(e.tested and not e.fault.get("removed", 0.0) for e in self.engines)
        self.state = OFF if ready else DOWN
        if not ready or not self.plan or at_us < self.plan[0].leaves_us:
            return
        self.trip = self.plan.pop(0)
        self.trip.level_m = self.setpoint.get("cruise_altitude_sp", self.trip.level_m)
        trip_fuel = 1150.0 + 2.95e-3 * self.trip.distance_m
        self.mass_kg = self.empty_kg + self.trip.payload_kg + trip_fuel + 2600.0
        self._enter(TAXI_OUT)
        self.run_m = 0.0

    def _day(self, world: World, at_us: int) -> list[Trip]:
        rng = self.chance.generator(f"{self.id}.day.{self.plan_day}")
        local = instant(at_us).astimezone(world.plant.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        at = int(midnight.timestamp() * 1e6) + int(rng.uniform(345.0, 420.0)) * MINUTE
        plan: list[Trip] = []
        while True:
            distance = float(rng.uniform(650e3, 2100e3))
            block = int((45.0 + distance / 12_900.0) * MINUTE)
            end = at + block
            if instant(end).astimezone(world.plant.zone).hour >= 23 or end - at_us > DAY:
                return [t for t in plan if t.leaves_us >= at_us]
            plan.append(
                Trip(at, distance, float(rng.uniform(11e3, 18.5e3)), float(rng.uniform(480, 960)),
                     float(rng.uniform(240, 480)), 10_973.0)
            )  # fmt: skip
            at = end + int(rng.uniform(40.0, 70.0)) * MINUTE

    def _enter(self, leg: int) -> None:
        self.leg, self.leg_s = leg, 0.0

    def _drag(self, p0: float, t0: float, extra_cd: float = 0.0) -> float:
        mach = self.speed_m_s / sqrt(1.4 * R_AIR * t0)
        q = 0.7 * p0 * mach * mach
        cl = self.mass_kg * G0 / (q * _WING_M2)
        rise = 0.0 if mach < 0.74 else 12.0 * (mach - 0.74) ** 3 + 0.3 * (mach - 0.74) ** 2
        return q * _WING_M2 * (self.cd0 + extra_cd + self.k * cl * cl + rise)

    def _power(
        self, mode: str, value: float, t0: float, p0: float, dt: float
    ) -> tuple[float, float]:
        """Thrust [N] and fuel [kg] of both engines for a step."""
        mach = self.speed_m_s / sqrt(1.4 * R_AIR * t0)
        water = water_kg_kg(self.altitude_m)
        pairs = [e.work(mode, value, t0, p0, mach, dt, water) for e in self.engines]
        return sum(f for f, _ in pairs), sum(kg for _, kg in pairs)

    def _airspeed(self, t0: float, p0: float, calibrated: float, mach: float) -> float:
        density = p0 / (R_AIR * t0) / (SEA_PA / (R_AIR * SEA_K))
        return min(calibrated / sqrt(density), mach * sqrt(1.4 * R_AIR * t0))

    def _taxi_out(self, t0: float, p0: float, dt: float) -> float:
        self.state, self.speed_m_s = IDLE, 7.0
        fuel = self._power("share", 0.07, t0, p0, dt)[1]
        assert self.trip is not None
        if self.leg_s >= self.trip.taxi_out_s:
            self.run_m = 0.0
            self._enter(TAKE_OFF)
        return fuel

    def _take_off(self, t0: float, p0: float, dt: float) -> float:
        self.state = BUSY
        self.speed_m_s = min(82.0, self.speed_m_s + 2.1 * dt)
        thrust, fuel = self._power(
            "share", 1.0 - self.setpoint.get("derate_sp", 0.0) / 100.0, t0, p0, dt
        )
        if self.speed_m_s >= 75.0:
            climb = (thrust - self._drag(p0, t0, 0.035)) * self.speed_m_s / (self.mass_kg * G0)
            self.altitude_m += max(2.0, min(16.0, climb)) * dt
        if self.altitude_m >= 450.0:
            self._enter(CLIMB)
        return fuel

    def _climb(self, t0: float, p0: float, dt: float) -> float:
        assert self.trip is not None
        aim = self._airspeed(t0, p0, 128.6 if self.altitude_m < 3048.0 else 149.2, 0.78)
        self.speed_m_s += max(-0.4 * dt, min(0.4 * dt, aim - self.speed_m_s))
        thrust, fuel = self._power("climb", 0.0, t0, p0, dt)
        rate = (thrust - self._drag(p0, t0)) * self.speed_m_s / (self.mass_kg * G0) * 0.86
        self.altitude_m = min(self.trip.level_m, self.altitude_m + max(0.5, min(15.0, rate)) * dt)
        if self.altitude_m >= self.trip.level_m or self._must_descend():
            self._enter(CRUISE)
        return fuel

    def _must_descend(self) -> bool:
        assert self.trip is not None
        return self.trip.distance_m - self.run_m <= 19.0 * self.altitude_m + 15_000.0

    def _cruise(self, t0: float, p0: float, dt: float) -> float:
        self.speed_m_s = self._airspeed(t0, p0, 154.0, 0.785)
        fuel = self._power("thrust", self._drag(p0, t0) / 2.0, t0, p0, dt)[1]
        if self._must_descend():
            self._enter(DESCENT)
        return fuel

    def _descent(self, t0: float, p0: float, dt: float) -> float:
        self.speed_m_s = self._airspeed(t0, p0, 128.6 if self.altitude_m < 3048.0 else 147.0, 0.77)
        fuel = self._power("idle", 0.0, t0, p0, dt)[1]
        self.altitude_m -= min(11.0, self.speed_m_s / 18.5) * dt
        if self.altitude_m <= 900.0:
            self._enter(APPROACH)
        return fuel

    def _approach(self, t0: float, p0: float, dt: float) -> float:
        self.speed_m_s = max(70.0, self.speed_m_s - 0.5 * dt)
        fuel = self._power("share", 0.29, t0, p0, dt)[1]
        self.altitude_m = max(0.0, self.altitude_m - 3.7 * dt)
        if self.altitude_m <= 0.0:
            self._enter(TAXI_IN)
        return fuel

    def _taxi_in(self, t0: float, p0: float, dt: float) -> float:
        self.state, self.speed_m_s = IDLE, 6.0
        fuel = self._power("share", 0.07, t0, p0, dt)[1]
        assert self.trip is not None
        if self.leg_s >= self.trip.taxi_in_s:
            self.v["flights"] += 1.0
            self.v["distance"] += self.trip.distance_m / 1000.0
            for engine in self.engines:
                engine.end_of_flight()
            self.speed_m_s = 0.0
            self.trip = None
            self._enter(PARKED)
        return fuel

    def _show(self) -> None:
        v = self.v
        t0, _ = air(self.altitude_m)
        v["state"], v["phase"] = self.state, float(self.leg)
        v["altitude"] = self.altitude_m
        v["mach"] = self.speed_m_s / sqrt(1.4 * R_AIR * t0)
        v["mass"] = self.mass_kg
        for engine in self.engines:
            engine.show(float(self.leg), self.altitude_m, v["mach"])


_LEGS = {
    TAXI_OUT: Airframe._taxi_out,
    TAKE_OFF: Airframe._take_off,
    CLIMB: Airframe._climb,
    CRUISE: Airframe._cruise,
    DESCENT: Airframe._descent,
    APPROACH: Airframe._approach,
    TAXI_IN: Airframe._taxi_in,
}
