"""A line at the begin of a run: its place in memory, its streams of chance, its calendar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecotwin.errors import ScenarioFault
from ecotwin.records import Ints
from ecotwin.simulation.chance import Keys
from ecotwin.simulation.contract import Draw
from ecotwin.simulation.linebook import STATES
from ecotwin.simulation.lineplan import UNLIMITED, drawn
from ecotwin.simulation.linesheet import Sheet
from ecotwin.simulation.linetypes import (
    COURSE,
    MACHINE,
    NATURE,
    NEVER,
    PHASES,
    QUEUE,
    STREAM_NAMES,
    Line,
)
from ecotwin.simulation.linework import stretch
from ecotwin.simulation.surroundings import BREAK, FREE, WORK, Surroundings

SHORT_PAUSE_S = 5400.0
"""In free time shorter than this a machine that would be off is in standby [s]."""
_MOST_MARKS = 512


def keys(made: Sheet, draw: Draw) -> tuple[Keys, Keys]:
    """Streams of chance: of the machines [runs, machines, streams], of the line [runs, 2]."""
    machines = [
        np.stack([draw.chance.keys(f"{s.id}.{name}") for name in STREAM_NAMES], axis=1)
        for s in made.plan.stations
    ]
    line = made.plan.line
    own = [draw.chance.keys(f"{line}.arrival"), draw.chance.keys(f"{line}.lot")]
    return np.ascontiguousarray(np.stack(machines, axis=1)), np.ascontiguousarray(
        np.stack(own, axis=1)
    )


def line_of(made: Sheet, draw: Draw) -> Line:
    """The empty line, ready to begin: every machine waits, set for the first product that comes."""
    runs, plan = draw.runs, made.plan
    machines, stages, jobs = len(plan.stations), plan.stages, made.target.shape[1]
    products = len(plan.products)
    stage = np.array([s.stage for s in plan.stations], np.int64)
    first = np.searchsorted(stage, np.arange(stages + 1)).astype(np.int64)
    belt = np.full(stages, -1, np.int64)
    for n, s in enumerate(plan.stations):
        if made.nature["transit_s"][:, n].max() > 0.0 and belt[s.stage + 1] < 0:
            belt[s.stage + 1] = belt.max() + 1
    places = int(made.room[belt >= 0].max()) if (belt >= 0).any() else 1
    most = jobs if not len(made.mix) else 1 + int(min(made.room.max(), UNLIMITED) // made.lot) + 1
    marks = int(min(max(1, made.room.max()), most, _MOST_MARKS)) + 1
    streams, own = keys(made, draw)
    machine = np.zeros((runs, machines), MACHINE)
    machine["set_for"] = -1
    machine["stage"] = stage
    for name in NATURE.names or ():
        machine[name] = made.nature[name]
    for n, name in enumerate(STREAM_NAMES):
        machine[f"key_{name}"] = streams[:, :, n]
    queue = np.zeros((runs, stages), QUEUE)
    queue["room"], queue["line"] = made.room, belt
    queue["first"], queue["after"] = first[:-1], first[1:]
    course = np.zeros(runs, COURSE)
    course["operators"], course["repairers"] = made.operators, made.repairers
    course["next_s"] = -1.0
    course["between"] = made.between_s
    line = Line(
        first, stage, belt, made.room, np.asarray(made.product, np.int64), made.earliest_s, made.target.copy(),
        made.mix, made.lot, made.between_cv, np.ascontiguousarray(made.cycle_s),
        made.nature, streams, own, machine, np.full((runs, -(-(machines + 1) // 4) * 4), NEVER), course,
        queue, np.zeros((runs, stages, marks), np.int32),
        np.zeros((runs, stages, marks), np.int32),
        np.zeros((runs, max(1, int(belt.max()) + 1), places)),
        np.zeros((runs, jobs), np.int64), np.zeros((runs, jobs), np.int64), np.zeros((runs, jobs), np.int64),
        np.full((runs, jobs), np.nan), np.zeros((runs, machines, PHASES)),
        np.zeros((runs, machines, products)), np.zeros((runs, machines, products)),
    )  # fmt: skip
    _chances(line)
    return line


def _chances(line: Line) -> None:
    """First failures and the first arrival."""
    for r in range(len(line.course)):
        for s in range(len(line.stage)):
            mtbf = line.nature["mtbf_s"][r, s]
            line.machine["to_fail"][r, s] = (
                stretch(line.keys[r, s, 2], 0, mtbf, 1.0) if mtbf > 0.0 else NEVER
            )
        if line.course["between"][r] > 0.0:
            line.course["next_s"][r] = stretch(
                line.line_keys[r, 0], 0, line.course["between"][r], line.between_cv
            )
            line.course["arrivals"][r] = 1


@dataclass(frozen=True)
class Course:
    """The calendar as a line takes it.

    Attributes:
        people: [steps] Whether people work. feeding: [steps] Whether new parts may come in.
        rest: [steps, machines] State (number) in which a machine waits when people do not work.
    """

    people: NDArray[np.bool_]
    feeding: NDArray[np.bool_]
    rest: Ints


def course_of(made: Sheet, draw: Draw, around: Surroundings, whole: bool) -> Course:
    """The calendar of a line; `whole`: ovens are played as any other machine."""
    kind = around.kind
    to_free = np.full(len(kind), np.inf)
    ahead = np.inf
    for n in range(len(kind) - 1, -1, -1):
        ahead = 0.0 if kind[n] == FREE else ahead + around.step_s
        to_free[n] = ahead
    rest = np.zeros((len(kind), len(made.plan.stations)), np.int64)
    short = (kind == FREE) & (around.pause_s <= SHORT_PAUSE_S)
    for c, s in enumerate(made.plan.stations):
        free = _state(draw, s.id, "rest_free", "off")
        rest[:, c] = np.where(kind == BREAK, _state(draw, s.id, "rest_break", "idle"), free)
        if free == 0:
            rest[short, c] = 1
            warm = float(drawn(draw, s.id, "warmup_min")[0]) * 60.0
            if whole or not s.oven:
                rest[(kind == FREE) & ~short & (around.to_work_s <= warm), c] = 2
    return Course(kind == WORK, to_free > made.wind_down_s, rest)


def _state(draw: Draw, machine: str, name: str, default: str) -> int:
    word = draw.word(machine, name, default)
    if word not in ("off", "standby", "idle"):
        raise ScenarioFault(
            f"{name} of {machine} is {word!r}",
            expected="off, standby or idle",
            remedy="mend it in the machine kind's table or the plant file",
        )
    return STATES.index(word)
