"""The whole plant in equal steps of plant time.

Users come before suppliers in every step: lines move boards, machines ask for air, nitrogen, cold,
heat and
water, then the stations that make them follow, and the meters of the branches sum up last.
`copy_without` gives the
same plant without one fault: the difference of the two is what the fault costs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from operator import itemgetter
from typing import Any

from ecotwin.clock import DAY, HOUR, micros
from ecotwin.errors import PlantFault
from ecotwin.plant import Plant
from ecotwin_standin.air import AirMeter, AirNet, Compressor, Dryer
from ecotwin_standin.chance import Chance
from ecotwin_standin.cooling import Chiller, CoolingTower, share_cold
from ecotwin_standin.hall import AirHandler
from ecotwin_standin.layout import connect, machines_of, waste_streams
from ecotwin_standin.line import Line
from ecotwin_standin.machine import Machine
from ecotwin_standin.scenario import ON_THE_WIRE, Event, Scenario
from ecotwin_standin.setpoints import Setpoints, metric
from ecotwin_standin.station import Station
from ecotwin_standin.utilities import Boiler, Feeder
from ecotwin_standin.weather import Weather
from ecotwin_standin.worktime import BREAK, WORK, Segment, Worktime

_RUN_IN_STEP_S = 120.0


class World:
    """The plant's physics.

    Args:
        plant: What stands where; its calendar, products and flow graph.
        start: When it begins, UTC; machines are then cold or hot as one day's run-in leaves them.
        seed: Parameters and disturbances.
        step_s: Length of a step [s].
        scenario: What happens.

    Attributes:
        now_us: End of the last step [us UTC]. machines, lines: By id.
        asked: What this step's users ask of a net (`steam_kg_h`, ...), cleared each step.
        given: What a net's supplier gave last (its pressure, its temperature), kept from step to step.
        totals: Running totals of the site: energy_kwh, pv_kwh, gas_m3, water_m3, air_m3, waste_kg,
            good_parts, fuel_kg, nox_kg.

    Raises:
        PlantFault: The plant file has kinds or signals that these physics do not know; all are
            named.
    """

    cold_kw: float
    hall_kw: float
    room_c_sum: float

    def __init__(
        self,
        plant: Plant,
        start: datetime,
        seed: int,
        step_s: float = 30.0,
        scenario: Scenario | None = None,
    ) -> None:
        if not 0.0 < step_s <= 900.0:
            raise ValueError(f"a step of {step_s} s is not within 0..900 s")
        self.plant = plant
        self.scenario = scenario or Scenario("calm")
        self.events = tuple(e for e in self.scenario.events if e.fault not in ON_THE_WIRE)
        self.grown_h = [0.0] * len(self.events)
        self.chance = chance = Chance(seed)
        self.weather = Weather.of(chance)
        self.worktime = Worktime(plant, self.scenario.free_days(plant))
        self.now_us = micros(start)
        self.steps = 0
        self._pace(float(step_s))
        self.segment: Segment = self.worktime.at(self.now_us)
        self._build(plant, chance)
        self._start_totals()
        self._clear()
        self._run_in(start)
        self._check_signals()

    def _build(self, plant: Plant, chance: Chance) -> None:
        self.machines = machines_of(plant, chance)
        everybody = list(self.machines.values())
        self.phases: list[list[Machine]] = [
            [m for m in everybody if m.phase == n] for n in (0, 1, 2, 3, 8)
        ]
        self.lines: dict[str, Line] = {}
        for element in plant.elements:
            stations = [m for m in everybody if isinstance(m, Station) and m.line == element.id]
            if stations:
                laid = next((s.lays for s in stations if s.lays is not None), Line)
                self.lines[element.id] = laid(element.id, stations, plant.products, chance)
        self.compressors = [m for m in everybody if isinstance(m, Compressor)]
        self.chillers = [m for m in everybody if isinstance(m, Chiller)]
        branches = [m for m in everybody if isinstance(m, AirMeter)]
        leaky: list[Machine] = [m for m in everybody if isinstance(m, Compressor | Dryer)]
        self.air = AirNet(self.compressors, branches, leaky, chance)
        halls = [m.id for m in everybody if isinstance(m, AirHandler)]
        whole = sum(1.0 / (n + 1) for n in range(len(halls)))
        self.hall_share = {h: 1.0 / (n + 1) / whole for n, h in enumerate(halls)}
        self.tower_count = sum(isinstance(m, CoolingTower) for m in everybody)
        self.boiler_count = sum(isinstance(m, Boiler) for m in everybody)
        self.users = [m for m in everybody if not isinstance(m, Feeder) and m.kind != "pv"]
        self.phases.append(connect(plant, self.machines))
        self.waste_streams = waste_streams(plant, self.machines)
        self.setpoints = Setpoints(plant, self.machines)

    def _start_totals(self) -> None:
        self.totals = dict.fromkeys(
            (
                "energy_kwh",
                "pv_kwh",
                "gas_m3",
                "water_m3",
                "air_m3",
                "waste_kg",
                "good_parts",
                "fuel_kg",
                "nox_kg",
            ),
            0.0,
        )
        self.air_bar, self.tower_c, self.hall_c, self.plant_room_c = 7.1, 20.0, 22.0, 20.0
        self.hall_last_kw = self.room_kw = 0.0
        self.air_volume_m3 = 0.0
        self.given: dict[str, float] = {}

    def _run_in(self, start: datetime) -> None:
        """One day before the start without any event, so that nothing begins cold at noon."""
        events, self.events = self.events, ()
        step_s = self.seconds
        self._pace(_RUN_IN_STEP_S)
        self.now_us = micros(start) - DAY
        while self.now_us < micros(start):
            self.step()
        self._pace(step_s)
        self.events = events
        self.totals = dict.fromkeys(self.totals, 0.0)

    def _pace(self, step_s: float) -> None:
        self.seconds, self.hours = step_s, step_s / 3600.0

    def _check_signals(self) -> None:
        unknown = [
            f"{s.id}: the stand-in's {self.machines[s.element].kind} knows no {metric(s.id)!r}"
            if s.element in self.machines
            else f"{s.id}: it belongs to no machine"
            for s in self.plant.signals
            if s.sensed is None
            and (s.element not in self.machines or metric(s.id) not in self.machines[s.element].v)
        ]
        if unknown:
            raise PlantFault(self.plant.id, tuple(unknown))
        self._readers: list[tuple[str, Callable[[Any], tuple[float, ...]]]] = []
        order: list[int] = []
        for machine in self.machines:
            signals = [s for s in self.plant.signals_of(machine) if s.sensed is None]
            names = [metric(s.id) for s in signals]
            if names:
                self._readers.append((machine, _getter(names)))
                order += [s.index for s in signals]
        self.order = order

    def values(self) -> list[float]:
        """True values of all signals in canonical units, in the order of `World.order`."""
        row: list[float] = []
        for machine, get in self._readers:
            row.extend(get(self.machines[machine].v))
        return row

    def use_air(self, user: str, flow_m3_h: float) -> None:
        """Ask for compressed air."""
        self.air_users[user] = flow_m3_h
        self.air_m3_h += flow_m3_h

    def step(self) -> None:
        """Go on by one step."""
        self.now_us += int(self.seconds * 1e6)
        self.normal, self.uniform = self.chance.throw(self.steps)
        self.steps += 1
        segment = self.segment
        middle = self.now_us - int(self.seconds * 5e5)
        if not segment.start_us <= middle < segment.end_us:
            self.segment = self.worktime.at(middle)
        self._clear()
        self._people()
        self._events(middle)
        self.setpoints.end_leases(self.now_us)
        self.weather.step(self.now_us, self.seconds, self.normal)
        for line in self.lines.values():
            line.step(self)
        users, media, stations, suppliers, waste, meters = self.phases
        for m in users:
            m.step(self)
        working = self.segment.kind == WORK
        self.cold_process_kw = self.cold_kw + (9.0 if working else 2.0)
        self.cold_kw = self.cold_process_kw
        for m in media:
            m.step(self)
        if self.hall_share:
            self.hall_c = self.room_c_sum
        self.hall_last_kw = self.hall_kw
        self.cold_kw = self.cold_kw * 1.025 + 1.5
        self.cold_to_chillers = share_cold(self, self.chillers)
        self.air.step(self)
        for m in stations:
            m.step(self)
        for m in suppliers:
            m.step(self)
        self._gather_waste(working)
        for m in waste:
            m.step(self)
        for m in meters:
            m.step(self)
        outside = self.weather.temperature_c
        aim = outside * 0.5 + 9.0 + min(14.0, self.room_kw * 0.25)
        self.plant_room_c += (aim - self.plant_room_c) * min(1.0, self.seconds / 2400.0)
        self._count()

    def _clear(self) -> None:
        self.air_users: dict[str, float] = {}
        self.air_m3_h = self.n2_m3_h = self.cold_kw = self.heat_kw = self.reject_kw = 0.0
        self.pure_m3_h = self.water_in_m3_h = self.water_out_m3_h = self.gas_m3_h = 0.0
        self.hall_kw = self.room_kw = self.exhaust_m3_h = self.pv_kw = self.room_c_sum = 0.0
        self.scrap_kg = self.paste_kg = self.dross_kg = self.lacquer_kg = self.cardboard_kg = 0.0
        self.asked: dict[str, float] = {}
        self.air_factor = self.air.factor()

    def _people(self) -> None:
        """Sanitary water: most in breaks [m3/h]."""
        usual = {WORK: 0.62, BREAK: 0.95}.get(self.segment.kind, 0.04)
        self.people_water_m3_h = max(0.0, usual * (1.0 + 0.2 * self.normal[0]))

    def _events(self, middle: int) -> None:
        if not self.events:
            return
        shift_k = 0.0
        for n, event in enumerate(self.events):
            holds = event.active(middle)
            machine = self.machines.get(event.target)
            if event.fault == "cold_week":
                shift_k += self._spell_k(event) if holds else 0.0
            elif event.fault == "product_change":
                if holds and self.grown_h[n] == 0.0:
                    self.lines[event.target].change()
                    self.grown_h[n] = 1.0
            elif machine is not None and holds:
                machine.fault[event.fault] = event.size_after(self.grown_h[n])
                running = event.fault != "air_leak" or any(c.running for c in self.compressors)
                self.grown_h[n] += self.hours if running else 0.0
            elif machine is not None and event.fault in machine.fault:
                del machine.fault[event.fault]
        self.weather.shift_k = shift_k

    def _spell_k(self, event: Event) -> float:
        """A spell comes and goes within half a day [K]."""
        since = (self.now_us - event.start_us) / HOUR
        left = ((event.end_us or self.now_us + 12 * HOUR) - self.now_us) / HOUR
        return event.size * min(1.0, since / 12.0, max(0.0, left / 12.0))

    def _gather_waste(self, working: bool) -> None:
        hours = self.hours
        people = 4.2 * hours if working else 0.1 * hours
        boards = sum(ln.stations[0].boards for ln in self.lines.values() if ln.makes_boards)
        self.waste = {
            "boards": self.scrap_kg,
            "dross": self.dross_kg + self.paste_kg,
            "cardboard": self.cardboard_kg + 0.006 * boards,
            "plastic": 0.003 * boards,
            "solvent": 0.0007 * boards + self.lacquer_kg,
            "lacquer": self.lacquer_kg,
            "wipes": 0.0009 * boards,
            "paper": 0.4 * hours if working else 0.0,
            "mixed": people,
            "residue": self.asked.get("residue_kg", 0.0),
            "sludge": self.asked.get("sludge_kg", 0.0),
        }
        for net, kg in self.asked.items():
            if net.startswith("waste_"):
                stream = net.removeprefix("waste_")
                self.waste[stream] = self.waste.get(stream, 0.0) + kg

    def _count(self) -> None:
        totals, hours = self.totals, self.hours
        totals["energy_kwh"] += sum(m.power_kw for m in self.users) * hours
        totals["pv_kwh"] += self.pv_kw * hours
        totals["gas_m3"] += self.gas_m3_h * hours
        totals["water_m3"] += (self.water_in_m3_h + self.people_water_m3_h) * hours
        for m in self.machines.values():
            if m.fault and m.kind == "water_meter":
                totals["water_m3"] += m.fault.get("cooling_water_leak", 0.0) * hours
        totals["air_m3"] += self.air.made_m3_h * hours
        totals["waste_kg"] += sum(self.waste.get(s, 0.0) for s in self.waste_streams)
        totals["good_parts"] += self.asked.get("good_kg", 0.0)
        for line in self.lines.values():
            last = line.stations[-1]
            totals["good_parts"] += last.boards - last.lost

    def copy_without(self, event: Event | None) -> World:
        """The same plant at this moment, which will never meet `event`."""
        twin = copy.deepcopy(self, {id(self.plant): self.plant, id(self.scenario): self.scenario})
        if event is not None:
            keep = [n for n, e in enumerate(twin.events) if e != event]
            twin.grown_h = [twin.grown_h[n] for n in keep]
            twin.events = tuple(twin.events[n] for n in keep)
            machine = twin.machines.get(event.target)
            if machine is not None:
                machine.fault.pop(event.fault, None)
        return twin


def _getter(names: list[str]) -> Callable[[Any], tuple[float, ...]]:
    if len(names) == 1:
        only = names[0]
        return lambda v: (v[only],)
    return itemgetter(*names)
