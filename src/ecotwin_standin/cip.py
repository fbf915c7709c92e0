"""Cleaning in place and what becomes of its water.

One circuit after another; each programme is a row of steps (`cip_steps.csv`, the stand-in's own figures). Caustic
goes round and comes back but for what drains with the circuit's walls; final rinse may be kept as the next pre-rinse.
Tanks are warm: they lose heat by day and night, and warm up again at the rate of their heater.
"""

from __future__ import annotations

import csv
from functools import cache
from typing import TYPE_CHECKING

from ecotwin.plant import Plant
from ecotwin_standin.chance import Chance
from ecotwin_standin.drains import drain, shed
from ecotwin_standin.machine import BUSY, HEATING, IDLE, OFF, SETUP, Machine
from ecotwin_standin.tables import tables
from ecotwin_standin.worktime import FREE

if TYPE_CHECKING:
    from ecotwin_standin.world import World

_KWH_M3_K = 1.163


@cache
def steps() -> dict[str, list[dict[str, str]]]:
    """Programme -> its steps in order."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in csv.DictReader(tables("cip_steps")[0].splitlines()):
        found.setdefault(row["programme"], []).append(row)
    return found


class Tank:
    """A warm tank that is topped up with cold water."""

    def __init__(self, m3: float, aim_c: float, loss_kw_k: float, heater_kw: float) -> None:
        self.m3, self.aim_c, self.loss_kw_k, self.heater_kw = m3, aim_c, loss_kw_k, heater_kw
        self.c = aim_c - 3.0

    def warm(self, hours: float, on: bool) -> float:
        """Heat taken in this time [kW]."""
        self.c -= self.loss_kw_k * (self.c - 19.0) * hours / (self.m3 * _KWH_M3_K)
        missing = (self.aim_c - self.c) * self.m3 * _KWH_M3_K
        kw = min(self.heater_kw, missing / hours) if on and missing > 0.0 else 0.0
        self.c += kw * hours / (self.m3 * _KWH_M3_K)
        return kw

    def replace(self, m3: float, cold_c: float) -> None:
        """Draw warm water; as much cold follows."""
        self.c += (cold_c - self.c) * min(1.0, m3 / self.m3)


class CipStation(Machine):
    """A cleaning station with tanks for caustic, hot water and recovered rinse."""

    kinds = ("cip_station",)
    phase = 1

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.pump_kw = self.draw("pump", 4.4)
        self.booster_kwh_m3 = self.draw("booster", 0.19)
        self.size = self.draw("size", 1.0, 0.06)
        self.pace = self.draw("pace", 1.0, 0.05)
        self.caustic = Tank(self.draw("caustic", 5.2), 76.0, 0.045, 105.0)
        self.hot = Tank(self.draw("hot", 4.4), 82.0, 0.05, 110.0)
        self.pipes_kwh = self.draw("pipes", 31.0, 0.15)
        self.recovered_m3, self.room_m3 = 0.0, self.draw("recovery", 3.6)
        self.waiting: list[tuple[str, str]] = []
        self.done: set[str] = set()
        self.program: list[dict[str, str]] = []
        self.left_s = self.step_s = 0.0
        self.alone = True
        self.cycle_s = self.last_cycle_s = 0.0
        self.v.update(cycles=0.0, washes=0.0, caustic_used=0.0, recovered=0.0, step_number=0.0)

    def ask(self, circuit: str, programme: str) -> None:
        """Put a circuit in the queue."""
        self.done.discard(circuit)
        self.waiting.append((circuit, programme))

    def step(self, world: World) -> None:
        """Go on with the programme, keep the tanks warm."""
        if not self.program and self.waiting:
            self.program = list(steps()[self.waiting[0][1]])
            self.cycle_s = 0.0
            self._next()
        self.alone = all(m.kind != "wash_water_plant" for m in world.phases[3])
        fresh = drained = 0.0
        soil_m3 = self.v["recovered"]
        left = world.seconds
        while self.program and left > 0.0:
            share = min(left, self.left_s)
            more, out = self._flow(self.program[0], share / self.step_s, world)
            fresh, drained = fresh + more, drained + out
            left -= share
            self.left_s -= share
            self.cycle_s += share
            if self.left_s <= 1e-9:
                self.program.pop(0)
                self._next()
        self._media(world, fresh, drained, fresh + self.v["recovered"] - soil_m3)

    def _next(self) -> None:
        if self.program:
            longer = self.fault.get("cip_long_rinse", 0.0) if self.fault else 0.0
            rinse = "rinse" in self.program[0]["step"]
            self.step_s = float(self.program[0]["minutes"]) * 60.0 * self.pace
            self.step_s *= 1.0 + (longer if rinse else 0.0)
            self.left_s = self.step_s
        elif self.waiting:
            circuit, programme = self.waiting.pop(0)
            self.done.add(circuit)
            self.v["cycles"] += 1.0
            self.v["washes"] += float(programme == "wash")
            self.last_cycle_s = self.cycle_s

    def _flow(self, row: dict[str, str], share: float, world: World) -> tuple[float, float]:
        """Fresh water and drained water of a part of a step [m3]."""
        longer = self.fault.get("cip_long_rinse", 0.0) if self.fault else 0.0
        m3 = float(row["m3"]) * self.size * share
        if "rinse" in row["step"]:
            m3 *= 1.0 + longer
        cold = self._cold_c(world)
        if row["from"] == "caustic":
            lost = m3 * (1.0 - float(row["returns"]))
            self.caustic.replace(lost, cold)
            self.caustic.c -= share * self.pipes_kwh / (self.caustic.m3 * _KWH_M3_K)
            self.v["caustic_used"] += lost * 17.0 + 0.9 * share
            return lost, lost
        if row["from"] == "hot":
            self.hot.replace(m3, cold)
            return m3, m3
        taken = min(m3, self.recovered_m3) if row["from"] == "recovered" else 0.0
        self.recovered_m3 -= taken
        self.v["recovered"] += taken
        kept = 0.0
        if row["to"] == "recovery":
            wish = m3 * min(100.0, max(0.0, self.setpoint.get("reuse_sp", 0.0))) / 100.0
            kept = min(wish, self.room_m3 - self.recovered_m3)
            self.recovered_m3 += kept
        return m3 - taken, m3 - kept

    def _now(self) -> float:
        """What its controller shows: busy while it rinses, heating while caustic goes round, set-up in hot water."""
        step = self.program[0]["step"] if self.program else ""
        return {"caustic": HEATING, "hot_water": SETUP}.get(step, BUSY)

    def _cold_c(self, world: World) -> float:
        return 11.5 + 0.2 * (world.weather.temperature_c - 10.0)

    def _media(self, world: World, fresh_m3: float, drained_m3: float, through_m3: float) -> None:
        v, hours = self.v, world.hours
        working = world.segment.kind != FREE or bool(self.waiting)
        working = working or world.segment.works_at_us - world.now_us < 5_400_000_000
        fault = self.fault
        self.caustic.aim_c = self.setpoint.get("wash_sp", 76.0)
        heat = self.caustic.warm(hours, working) + self.hot.warm(hours, working)
        heat += fault.get("heat_trap_open", 0.0) if fault and working else 0.0
        leak = fault.get("cip_valve_leak", 0.0) if fault else 0.0
        water, out = fresh_m3 / hours + leak, drained_m3 / hours + leak
        self.state = self._now() if self.waiting else IDLE if working else OFF
        usual = 0.7 if working else 0.2
        booster = self.booster_kwh_m3 * fresh_m3 / hours
        self.spend(world, self.pump_kw + booster if self.waiting else usual)
        self.count("water_in", "water_in_flow", water, hours)
        self.count("heat_energy", "heat_power", heat, hours)
        world.water_in_m3_h += water
        world.heat_kw += heat
        drain(world, out, 2.6 * through_m3 / hours)
        if self.alone:
            world.water_out_m3_h += out
        v["effluent_flow"] = out
        v["caustic_temperature"], v["hot_temperature"] = self.caustic.c, self.hot.c
        v["recovery_level"] = 100.0 * self.recovered_m3 / self.room_m3
        v["cycle_time"] = self.last_cycle_s / 60.0
        v["waiting"] = float(len(self.waiting))
        v["step_number"] = float(len(self.program))


class WashWaterPlant(Machine):
    """Evens out, aerates and settles what the drains bring, then lets it to the sewer."""

    kinds = ("wash_water_plant",)
    phase = 3

    def __init__(self, name: str, kind: str, line: str, chance: Chance) -> None:
        super().__init__(name, kind, line, chance)
        self.tank_m3 = self.draw("tank", 46.0)
        self.rate_m3_h = self.draw("rate", 5.4)
        self.blower_kw, self.pump_kw = self.draw("blower", 11.5), self.draw("pumps", 1.9)
        self.kwh_kg = self.draw("kwh_kg", 0.86, 0.08)
        self.sludge_share = self.draw("sludge", 0.31, 0.08)
        self.held_m3, self.held_cod_kg = 14.0, 28.0
        self.oxygen = 2.0
        self.running = False

    def step(self, world: World) -> None:
        """Run between two levels of the tank."""
        hours = world.hours
        flow, load = (
            world.asked.get("effluent_m3_h", 0.0),
            world.asked.get("effluent_cod_kg_h", 0.0),
        )
        self.held_m3 += flow * hours
        self.held_cod_kg += load * hours
        if self.held_m3 > 0.55 * self.tank_m3:
            self.running = True
        elif self.held_m3 < 0.2 * self.tank_m3:
            self.running = False
        wish = self.rate_m3_h if self.running else 0.0
        over = max(0.0, self.held_m3 - 0.97 * self.tank_m3) / hours
        out = min(max(wish, over), self.held_m3 / hours)
        strength = self.held_cod_kg / self.held_m3 if self.held_m3 > 1e-9 else 0.0
        taken = strength * out
        self.held_m3 -= out * hours
        self.held_cod_kg -= taken * hours
        removed = 0.93 * taken
        share = min(1.0, removed * self.kwh_kg / self.blower_kw)
        self.state = BUSY if out > 0.0 else IDLE
        self.spend(world, self.pump_kw + self.blower_kw * share if out > 0.0 else 2.2)
        self.count("water_out", "water_out_flow", out, hours)
        world.water_out_m3_h += out
        shed(world, "sludge", removed * self.sludge_share / 0.22 * hours)
        v, n = self.v, world.normal[self.column]
        v["inflow"] = flow
        v["cod_in"] = 1000.0 * strength
        v["cod_out"] = 70.0 * strength
        v["ph_out"] = 7.6 + 0.06 * n
        v["tank_level"] = 100.0 * min(1.0, self.held_m3 / self.tank_m3)
        self.oxygen += (2.1 - 0.6 * share - self.oxygen) * min(1.0, world.seconds / 900.0)
        v["oxygen"] = self.oxygen


def clean(world: World, circuit: str, leaves: int, comes: int) -> str:
    """Ask the least busy cleaning station for what this change of product needs.

    Returns:
        The circuit, to be asked for by `is_clean`; empty when nothing has to be cleaned.
    """
    stations = _stations(world)
    programme = programmes(world.plant).get((leaves, comes), "wash")
    if programme == "none" or leaves == comes or not stations:
        return ""
    min(stations, key=lambda s: len(s.waiting)).ask(circuit, programme)
    return circuit


def is_clean(world: World, circuit: str) -> bool:
    """Whether the circuit's cleaning is done."""
    return any(circuit in s.done for s in _stations(world))


def _stations(world: World) -> list[CipStation]:
    return [m for m in world.phases[1] if isinstance(m, CipStation)]


def programmes(plant: Plant) -> dict[tuple[int, int], str]:
    """(product left, product coming) -> programme, as the plant file's cleaning stations say."""
    found: dict[tuple[int, int], str] = {}
    for place in plant.machines:
        for name, value in place.kind_facts.items():
            parts = name.split("_")
            if (
                len(parts) == 3
                and parts[0] == "clean"
                and parts[1].isdigit()
                and parts[2].isdigit()
            ):
                found[int(parts[1]), int(parts[2])] = str(value)
    return found
