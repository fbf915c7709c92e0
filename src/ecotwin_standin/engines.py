"""Turbofan engines with their wear, and the test cell where each is measured as built.

Wear: dirt on the compressor gathers towards a limit and is washed off in part; the hot section wears by the heat of
each take-off, faster the more it has worn; the fan erodes slowly. Each engine's hardness and each flight's severity are
drawn. The rates are chosen so that the margin of the exhaust gas temperature falls quickly at first and then by 3 to
6 K in 1,000 cycles, as operators report of engines of this class; they are stated assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt
from typing import TYPE_CHECKING, ClassVar

from ecotwin_standin.chance import Chance
from ecotwin_standin.flight import PARKED, TEST
from ecotwin_standin.gaspath import (
    SEA_K,
    SEA_PA,
    Build,
    GasPath,
    Health,
    Point,
    co_g_per_kg,
    nox_g_per_kg,
)
from ecotwin_standin.machine import BUSY, IDLE, OFF, STANDBY, Machine
from ecotwin_standin.worktime import WORK

if TYPE_CHECKING:
    from ecotwin_standin.world import World

RATED_N = 117_500.0
_HOT_T4 = 1600.0
_IDLE_SHARE = 0.055
_LEAST_FUEL_KG_S = 0.088


@dataclass(slots=True)
class Wear:
    """What cycles do to one engine.

    Attributes:
        hardness: Rate of the hot section of this very engine. dirt: Of the air where it flies.
        cycles, since_wash: Flights. foul, hot, fan: Points of efficiency lost.
    """

    hardness: float
    dirt: float
    cycles: float = 0.0
    since_wash: float = 0.0
    foul: float = 0.0
    hot: float = 0.0
    fan: float = 0.0

    def fly(self, cycles: float, t4_max: float, severity: float, wash_every: float) -> bool:
        """Wear of some flights with one take-off temperature; whether the compressor was washed."""
        self.foul += (0.0105 * self.dirt - self.foul) * (1.0 - exp(-cycles / 420.0))
        heat = exp((t4_max - _HOT_T4) / 130.0)
        settling = 0.0036 * (exp(-self.cycles / 500.0) - exp(-(self.cycles + cycles) / 500.0))
        growth = 1.0 + (max(0.0, self.hot - 0.004) / 0.014) ** 1.5
        self.hot += settling + cycles * 1.05e-6 * self.hardness * severity * heat * growth
        self.fan += cycles * 3.2e-7 * self.dirt
        self.cycles += cycles
        self.since_wash += cycles
        if self.since_wash >= wash_every:
            self.foul *= 0.35
            self.since_wash = 0.0
            return True
        return False

    def health(self) -> Health:
        """Efficiencies lost."""
        return Health(
            self.fan, 0.8 * self.foul + 0.35 * self.hot, self.hot, 0.3 * self.hot, self.foul
        )


class Engine(Machine):
    """One engine on the wing or on the test cell."""

    kinds: ClassVar[tuple[str, ...]] = ("turbofan_engine",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        fan, boost, hpc, hpt, lpt = (
            self.draw(part, eff, 0.004)
            for part, eff in (("fan", 0.895), ("boost", 0.875), ("hpc", 0.853), ("hpt", 0.895), ("lpt", 0.908))
        )  # fmt: skip
        self.build = Build(fan, boost, hpc, hpt, lpt)
        self.path = GasPath(self.build)
        rng = chance.generator(f"{name}.wear")
        self.wear = Wear(exp(0.22 * rng.standard_normal()), exp(0.2 * rng.standard_normal()))
        self.nox, self.co = self.draw("nox", 28.4, 0.04), self.draw("co", 21.0, 0.15)
        self.age = float(rng.uniform(700.0, 7500.0))
        self.tested = False
        self.ready_us = 0
        self.on_cell = False
        self.point: Point | None = None
        self.fuel_kg = self.nox_kg = self.co_kg = self.run_s = 0.0
        self.t4_max = 0.0
        self.ambient_k = SEA_K
        self.v.update(fuel=0.0, nox_mass=0.0, co_mass=0.0, hours=0.0, washes=0.0, cycles=0.0)
        self.v.update(tested_egt=0.0, tested_fuel_flow=0.0, tested_nc=0.0)

    def join(self, *, new: bool, ready_us: int) -> None:
        """Enter the fleet: a new engine waits for its test, another has flown for a while since its own."""
        self.ready_us = ready_us
        if new:
            return
        self.passed(self.at_rated())
        rng = self.chance.generator(f"{self.id}.past")
        while self.wear.cycles < self.age:
            self.wear.fly(50.0, 1590.0, exp(0.3 * rng.standard_normal()), 1500.0)
        self.v["cycles"] = float(int(self.wear.cycles))
        self.wear.cycles = self.v["cycles"]

    def at_rated(self) -> Point:
        """Rated thrust at sea level on a standard day, as it is now."""
        return self.path.at_thrust(RATED_N, SEA_K, SEA_PA, 0.0, self.health())

    def passed(self, point: Point) -> None:
        """Its identification plug takes what the test cell measured at rated thrust."""
        self.v["tested_egt"] = point.t50 - 273.15
        self.v["tested_fuel_flow"] = point.fuel_kg_s * 3600.0
        self.v["tested_nc"] = point.n2_rpm
        self.tested = True

    def health(self) -> Health:
        """Wear and faults together."""
        health = self.wear.health()
        if self.fault:
            fouling = self.fault.get("compressor_fouling", 0.0) / 100.0
            health.hpc += fouling
            health.flow += fouling
            health.hpt += self.fault.get("turbine_seal_wear", 0.0) / 100.0
        return health

    def begin_step(self) -> None:
        """Forget the fuel of the step before."""
        self.fuel_kg = self.nox_kg = self.co_kg = self.run_s = 0.0

    def rest(self, dt: float, ambient_k: float) -> None:
        """Stand."""
        del dt
        if not self.on_cell:
            self.point, self.ambient_k, self.state = None, ambient_k, OFF

    def work(
        self, mode: str, value: float, t0: float, p0: float, mach: float, dt: float, water: float
    ) -> tuple[float, float]:
        """Run for `dt` s: `share` of rated thrust, `thrust` [N], `climb` rating or flight `idle`.

        Returns:
            Net thrust [N] and fuel [kg].
        """
        health = self.health()
        if mode == "climb":
            t2 = t0 * (1.0 + 0.2 * mach * mach)
            point = self.path.at_rise(min(0.93, 1.07 * t2 / SEA_K), t0, p0, mach, health)
        else:
            lapse = p0 / SEA_PA
            if mode == "share":
                want = value * RATED_N * (lapse if value < 0.5 else 1.0 - 0.32 * mach)
            else:
                want = (
                    value
                    if mode == "thrust"
                    else _IDLE_SHARE * RATED_N * lapse * (1.0 - 0.9 * mach)
                )
            point = self.path.at_thrust(max(want, 0.02 * RATED_N * lapse), t0, p0, mach, health)
        self.point = point
        burnt = max(point.fuel_kg_s, _LEAST_FUEL_KG_S * (0.72 + 0.28 * p0 / SEA_PA)) * dt
        self.fuel_kg += burnt
        self.nox_kg += burnt * nox_g_per_kg(point, water, self.nox) / 1000.0
        self.co_kg += burnt * co_g_per_kg(point, self.co) / 1000.0
        self.run_s += dt
        self.t4_max = max(self.t4_max, point.t4)
        self.state = IDLE if mode == "share" and value < 0.1 else BUSY
        return point.thrust_n, burnt

    def end_of_flight(self) -> None:
        """Book a cycle and its wear."""
        rng = self.chance.generator(f"{self.id}.flight.{int(self.v['cycles'])}")
        severity = exp(0.3 * rng.standard_normal())
        if self.wear.fly(1.0, self.t4_max, severity, self.setpoint.get("wash_interval_sp", 1500.0)):
            self.v["washes"] += 1.0
        self.v["cycles"] += 1.0
        self.t4_max = 0.0

    def show(self, leg: float, altitude_m: float, mach: float) -> None:
        """What its sensors see at the end of the step."""
        v = self.v
        if self.on_cell:
            return
        v["phase"], v["altitude"], v["mach"] = leg, altitude_m, mach

    def step(self, world: World) -> None:
        """Counters and sensors; the aircraft has already led it through the step."""
        v = self.v
        if not self.on_cell:
            v["fuel"] += self.fuel_kg
            v["nox_mass"] += self.nox_kg
            v["co_mass"] += self.co_kg
            world.totals["fuel_kg"] += self.fuel_kg
            world.totals["nox_kg"] += self.nox_kg
        v["hours"] += self.run_s / 3600.0
        v["fuel_flow"] = self.fuel_kg / world.seconds * 3600.0 if not self.on_cell else 0.0
        self.power_kw = 0.0
        v["state"] = self.state
        self._sensors()

    def _sensors(self) -> None:
        v, p = self.v, self.point
        drift = self.fault.get("egt_drift", 0.0) if self.fault else 0.0
        if p is None:
            cold = self.ambient_k - 273.15
            for name in ("t2", "t24", "t30"):
                v[name] = cold
            v["t50"] = cold + drift
            for name in ("p2", "p15", "p30"):
                v[name] = 1.01325
            for name in (
                "thrust",
                "nf",
                "nc",
                "nrf",
                "nrc",
                "phi",
                "far",
                "w31",
                "w32",
                "bleed",
                "throttle",
            ):
                v[name] = 0.0
            v["epr"], v["bpr"] = 1.0, 0.0
            if not self.on_cell:
                v.setdefault("phase", float(PARKED))
                v.setdefault("altitude", 0.0)
                v.setdefault("mach", 0.0)
            return
        theta = sqrt(p.t2 / SEA_K)
        v["t2"], v["t24"], v["t30"] = p.t2 - 273.15, p.t24 - 273.15, p.t30 - 273.15
        v["t50"] = p.t50 - 273.15 + drift
        v["p2"], v["p15"], v["p30"] = p.p2 / 1e5, p.p15 / 1e5, p.p30 / 1e5
        v["nf"], v["nc"] = p.n1_rpm, p.n2_rpm
        v["nrf"], v["nrc"] = p.n1_rpm / theta, p.n2_rpm / theta
        v["epr"] = p.p50 / p.p2
        v["phi"] = p.fuel_kg_s * 3600.0 / (p.p30 / 1e5)
        v["bpr"], v["far"] = p.bypass_kg_s / p.core_kg_s, p.far
        worn = 1.0 - 1.6 * self.wear.hot
        v["w31"], v["w32"] = 0.062 * p.core_kg_s * worn, 0.037 * p.core_kg_s * worn
        v["bleed"] = 0.02 * p.core_kg_s
        v["thrust"] = p.thrust_n / 1000.0
        v["throttle"] = 100.0 * min(1.1, max(0.0, p.thrust_n / (RATED_N * p.p2 / SEA_PA)))


_SEQUENCE = ((0.07, 600.0), (0.30, 480.0), (0.85, 480.0), (1.0, 480.0), (0.07, 360.0))
"""Acceptance run: share of rated thrust and time [s]."""


class TestCell(Machine):
    """Runs every new engine through its acceptance test, in working time."""

    __test__ = False
    kinds: ClassVar[tuple[str, ...]] = ("engine_test_cell",)
    phase = 2

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.idle_kw, self.fan_kw, self.start_kw = (
            self.draw("idle", 34.0), self.draw("fan", 145.0), self.draw("start", 210.0)
        )  # fmt: skip
        self.engine: Engine | None = None
        self.at_s = 0.0
        self.queue: list[Engine] | None = None
        self.v.update(fuel=0.0, nox_mass=0.0, co_mass=0.0, tests=0.0)

    def step(self, world: World) -> None:
        """Take the next engine when people work, run its sequence, hand it over."""
        working = world.segment.kind == WORK
        if self.queue is None:
            self.queue = [
                m for m in world.machines.values() if isinstance(m, Engine) and not m.tested
            ]
        if (
            self.engine is None
            and working
            and self.queue
            and world.now_us >= self.queue[0].ready_us
        ):
            self.engine, self.at_s = self.queue.pop(0), 0.0
            self.engine.on_cell = True
        flow, thrust = 0.0, 0.0
        engine = self.engine
        self.state = IDLE if working else STANDBY
        if engine is not None:
            thrust, flow = self._run(engine, world)
            self.state = BUSY
        share = thrust / RATED_N
        kw = (
            self.start_kw
            if engine is not None and self.at_s <= 60.0
            else self.fan_kw * (0.4 + 0.6 * share)
        )
        self.spend(world, kw if engine is not None else self.idle_kw * (1.0 if working else 0.35))
        self._show(flow, thrust, world)

    def _run(self, engine: Engine, world: World) -> tuple[float, float]:
        left, thrust, fuel = world.seconds, 0.0, 0.0
        engine.begin_step()
        t0 = world.weather.temperature_c + 273.15
        while left > 1e-9 and self.engine is not None:
            dt = min(30.0, left)
            self.at_s += dt
            share = _share_at(self.at_s)
            if share is None:
                engine.passed(engine.at_rated())
                engine.on_cell, engine.point, self.engine = False, None, None
                self.v["tests"] += 1.0
                break
            thrust, burnt = engine.work("share", share, t0, SEA_PA, 0.0, dt, 0.0063)
            fuel += burnt
            left -= dt
        v = self.v
        v["fuel"] += fuel
        v["nox_mass"] += engine.nox_kg
        v["co_mass"] += engine.co_kg
        world.totals["fuel_kg"] += fuel
        world.totals["nox_kg"] += engine.nox_kg
        engine.v["phase"] = float(TEST if self.engine is not None else PARKED)
        return thrust, fuel

    def _show(self, fuel_kg: float, thrust_n: float, world: World) -> None:
        v, point = self.v, self.engine.point if self.engine is not None else None
        v["fuel_flow"] = fuel_kg / world.seconds * 3600.0
        v["thrust"] = thrust_n / 1000.0
        v["t50"] = point.t50 - 273.15 if point else world.weather.temperature_c
        v["nc"] = point.n2_rpm if point else 0.0
        v["inlet_temperature"] = world.weather.temperature_c


def _share_at(seconds: float) -> float | None:
    """Thrust asked at a time of the sequence; None when it is over."""
    for share, span in _SEQUENCE:
        if seconds <= span:
            return share
        seconds -= span
    return None
