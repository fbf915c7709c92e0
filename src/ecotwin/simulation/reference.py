"""The line once more in SimPy: slow, readable, and checked against the compiled one.

It reads the same parameters (`linesheet.Sheet`) and calendar (`linestart.Course`) and shares no code with the kernel: a
machine is a process that gets a part, is set up, works, fails, is mended and hands the part on. Its chance is its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecotwin.clock import micros
from ecotwin.records import Floats
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Case
from ecotwin.simulation.lineplan import UNLIMITED, Plan
from ecotwin.simulation.linesheet import Sheet, sheet
from ecotwin.simulation.linestart import Course, course_of
from ecotwin.simulation.linetypes import NEVER
from ecotwin.simulation.parameters import Parameters
from ecotwin.simulation.surroundings import Surroundings, calendar

Process = Generator[Any, Any, None]
BUSY, HEATING, SETUP, IDLE, DOWN = 5, 2, 3, 4, 6
"""States as the plant numbers them."""


@dataclass
class Told:
    """What came of one run.

    Attributes:
        good, scrap, lost: Parts. wip_h: Parts x hours. lead_s: Time in the line of every part that left it.
        state_h: [machines, 7]. starved_h, blocked_h: [machines]. kwh: [machines]. parts: [machines].
        finish_s: When the last part of each job left, nan: not yet.
    """

    good: int = 0
    scrap: int = 0
    lost: int = 0
    wip_h: float = 0.0
    lead_s: list[float] = field(default_factory=list)
    state_h: Floats = field(default_factory=lambda: np.zeros((0, 7)))
    starved_h: Floats = field(default_factory=lambda: np.zeros(0))
    blocked_h: Floats = field(default_factory=lambda: np.zeros(0))
    kwh: Floats = field(default_factory=lambda: np.zeros(0))
    parts: Floats = field(default_factory=lambda: np.zeros(0))
    finish_s: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass
class Part:
    """A part: its job, its product, when it came in, from when on it can be taken (the end of a belt)."""

    job: int
    product: int
    since: float
    ready: float


def play_in_simpy(plan: Plan, case: Case, seed: int, run: int = 0) -> Told:
    """Play one run of a line in SimPy.

    Args:
        plan: The line. case: Span, calendar, parameters; whose parameters run number `run` of the case has.
        seed: Of the chance of this play.
    """
    draw = Parameters(case, Chance(case.seed, 0, case.runs))
    around = Surroundings(
        micros(case.start),
        case.step_s,
        weather=case.weather,
        **calendar(case.plant, case.start, case.steps, case.step_s),
    )
    made = sheet(plan, draw, case)
    course = course_of(made, draw, around, whole=True)
    return _Model(made, course, case, run, np.random.default_rng(seed)).play()


class _Model:
    def __init__(
        self, made: Sheet, course: Course, case: Case, run: int, chance: np.random.Generator
    ) -> None:
        import simpy

        self.env = simpy.Environment()
        self.made, self.course, self.case, self.chance = made, course, case, chance
        self.stations = made.plan.stations
        self.cycle, self.nature = made.cycle_s[run], made.nature[run]
        self.target, self.kw = made.target[run], made.kw[run]
        self.between_s = float(made.between_s[run])
        self.rooms: list[deque[Part]] = [deque() for _ in made.room]
        self.changed = [self.env.event() for _ in range(len(made.room) + 1)]
        self.operators = simpy.Resource(self.env, max(1, made.operators))
        self.repairers = simpy.Resource(self.env, max(1, made.repairers))
        self.people, self.feeding, self.rest = False, False, course.rest[0]
        self.turn = self.env.event()
        n = len(self.stations)
        self.phase, self.since = ["starved"] * n, [0.0] * n
        self.inside, self.set_for, self.to_fail = [0.0] * n, [-1] * n, [NEVER] * n
        self.fed, self.gone = np.zeros(len(self.target)), np.zeros(len(self.target))
        self.now, self.lot_left, self.wip, self.wip_since = 0, 0, 0, 0.0
        self.told = Told(
            state_h=np.zeros((n, 7)), starved_h=np.zeros(n), blocked_h=np.zeros(n),
            kwh=np.zeros(n), parts=np.zeros(n), finish_s=np.full(len(self.target), np.nan),
        )  # fmt: skip

    def play(self) -> Told:
        """Let every process run to the end of the case."""
        for n in range(len(self.stations)):
            if self.nature["mtbf_s"][n] > 0.0:
                self.to_fail[n] = self.chance.exponential(self.nature["mtbf_s"][n])
            self.env.process(self._machine(n))
        self.env.process(self._calendar())
        if self.between_s > 0.0:
            self.env.process(self._arrivals())
        self.env.run(until=self.case.steps * self.case.step_s)
        for n in range(len(self.stations)):
            self._enter(n, self.phase[n])
        self._count(0)
        self.told.kwh = (self.told.state_h * self.kw).sum(axis=1)
        return self.told

    # people and time

    def _calendar(self) -> Process:
        """Announce every change of the calendar."""
        step_s, course = self.case.step_s, self.course
        before = -1
        for n in range(self.case.steps):
            same = before >= 0 and (
                course.people[n] == course.people[before]
                and course.feeding[n] == course.feeding[before]
                and (course.rest[n] == course.rest[before]).all()
            )
            if not same:
                if n:
                    yield self.env.timeout(n * step_s - self.env.now)
                for m in range(len(self.stations)):
                    self._enter(m, self.phase[m])
                self.people, self.feeding = bool(course.people[n]), bool(course.feeding[n])
                self.rest = course.rest[n]
                turn, self.turn = self.turn, self.env.event()
                turn.succeed()
                for k in range(len(self.changed)):
                    self._tell(k)
            before = n

    def _worked(self, span: float) -> Process:
        """Let a span of working time pass."""
        while span > 0.0:
            if not self.people:
                yield self.turn
                continue
            begun = self.env.now
            yield self.env.timeout(span) | self.turn
            span -= self.env.now - begun
            if span < 1e-9:
                return

    def _long(self, mean: float, cv: float) -> float:
        return mean * (1.0 - cv) + (self.chance.exponential(mean * cv) if cv > 0.0 else 0.0)

    # machines

    def _machine(self, n: int) -> Process:
        nature = self.nature[n]
        while True:
            part = yield from self._get(n)
            if self.set_for[n] != part.product:
                self.set_for[n] = part.product
                if nature["setup_s"] > 0.0:
                    yield from self._attended(
                        n, "setup", self.operators, nature["setup_s"], nature["setup_cv"]
                    )
            while True:
                yield from self._work(n, part)
                luck = self.chance.random()
                if not nature["scrap"] <= luck < nature["scrap"] + nature["rework"]:
                    break
            self.told.parts[n] += 1
            if luck < nature["scrap"]:
                self.told.scrap += 1
                self._out(part)
            else:
                yield from self._hand_on(n, part)

    def _attended(self, n: int, phase: str, people: Any, mean: float, cv: float) -> Process:
        """Wait for a person, and keep him for a while."""
        self._enter(n, phase)
        with people.request() as request:
            yield request
            yield from self._worked(self._long(mean, cv))

    def _work(self, n: int, part: Part) -> Process:
        nature = self.nature[n]
        left = self._long(self.cycle[n, part.product], nature["cv"])
        self._enter(n, "busy")
        if nature["transit_s"] > 0.0:
            self.inside[n] = self.env.now + nature["transit_s"]
        while left > self.to_fail[n]:
            yield self.env.timeout(self.to_fail[n])
            left -= self.to_fail[n]
            yield from self._attended(
                n, "down", self.repairers, nature["mttr_s"], nature["repair_cv"]
            )
            self.to_fail[n] = self.chance.exponential(nature["mtbf_s"])
            self._enter(n, "busy")
        yield self.env.timeout(left)
        self.to_fail[n] -= left

    def _get(self, n: int) -> Generator[Any, Any, Part]:
        """Wait for a part that may be begun."""
        stage = self.stations[n].stage
        open_ = stage > 0 or self.between_s > 0.0
        while True:
            wake = [self.changed[stage]]
            if self.people and open_ and self.rooms[stage]:
                if self.rooms[stage][0].ready <= self.env.now:
                    part = self.rooms[stage].popleft()
                    self._tell(stage)
                    return part
                wake.append(self.env.timeout(self.rooms[stage][0].ready - self.env.now))
            elif self.people and not open_ and self.feeding:
                job = self._next_job()
                if job >= 0:
                    return self._in(job)
                if self.now < len(self.target):
                    wake.append(self.env.timeout(self.made.earliest_s[self.now] - self.env.now))
            if self.phase[n] != "starved":
                self._enter(n, "starved")
            yield wake[0] if len(wake) == 1 else wake[0] | wake[1]

    def _hand_on(self, n: int, part: Part) -> Process:
        """Lay the part into the room behind, waiting for it if need be."""
        stage = self.stations[n].stage + 1
        if stage == len(self.rooms):
            self.told.good += 1
            self._out(part)
            return
        room = int(self.made.room[stage])
        while len(self.rooms[stage]) >= max(1, room):
            if self.phase[n] != "blocked":
                self._enter(n, "blocked")
            yield self.changed[stage]
        part.ready = self.env.now + self.nature["transit_s"][n]
        self.rooms[stage].append(part)
        self._tell(stage)
        while room == 0 and part in self.rooms[stage]:  # from hand to hand
            if self.phase[n] != "blocked":
                self._enter(n, "blocked")
            yield self.changed[stage]

    def _tell(self, stage: int) -> None:
        event, self.changed[stage] = self.changed[stage], self.env.event()
        event.succeed()

    # parts

    def _next_job(self) -> int:
        if len(self.made.mix):
            if self.lot_left <= 0:
                self.lot_left = self.made.lot
                self.now = int(np.searchsorted(self.made.mix, self.chance.random()))
            return self.now
        while self.now < len(self.target) and self.fed[self.now] >= self.target[self.now]:
            self.now += 1
        open_ = self.now < len(self.target) and self.made.earliest_s[self.now] <= self.env.now
        return self.now if open_ else -1

    def _in(self, job: int) -> Part:
        self.lot_left -= 1
        self.fed[job] += 1
        self._count(1)
        return Part(job, int(self.made.product[job]), self.env.now, self.env.now)

    def _out(self, part: Part) -> None:
        self.told.lead_s.append(self.env.now - part.since)
        self._count(-1)
        self.gone[part.job] += 1
        if self.gone[part.job] == self.target[part.job]:
            self.told.finish_s[part.job] = self.env.now

    def _count(self, change: int) -> None:
        self.told.wip_h += self.wip * (self.env.now - self.wip_since) / 3600.0
        self.wip_since = self.env.now
        self.wip += change

    def _arrivals(self) -> Process:
        while True:
            yield from self._worked(self._long(self.between_s, self.made.between_cv))
            job = self._next_job()
            if job < 0:
                continue
            limit = int(self.made.room[0])
            free = any(
                p == "starved"
                for p, s in zip(self.phase, self.stations, strict=True)
                if s.stage == 0
            )
            if limit < UNLIMITED and len(self.rooms[0]) >= limit and not free:
                self.told.lost += 1
            else:
                self.rooms[0].append(self._in(job))
                self._tell(0)

    # books

    def _enter(self, n: int, phase: str) -> None:
        """Book the time in the present phase, and change to another."""
        now, told = self.env.now, self.told
        hours = (now - self.since[n]) / 3600.0
        if self.phase[n] in ("starved", "blocked") and self.inside[n] > self.since[n]:
            loaded = (min(now, self.inside[n]) - self.since[n]) / 3600.0
            told.state_h[n, BUSY] += loaded
            hours -= loaded
        told.state_h[n, self._state(n)] += hours
        if self.people:
            told.starved_h[n] += hours * (self.phase[n] == "starved")
            told.blocked_h[n] += hours * (self.phase[n] == "blocked")
        self.phase[n], self.since[n] = phase, now

    def _state(self, n: int) -> int:
        phase = self.phase[n]
        if phase == "busy":
            return BUSY
        if phase == "down" and (self.people or self.rest[n] == IDLE):
            return DOWN
        if not self.people:
            return int(self.rest[n])
        return SETUP if phase == "setup" else IDLE
