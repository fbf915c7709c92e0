"""A line at the begin of a run: its parameters drawn for every run, its calendar, its first state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import SECOND, micros
from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats, Ints
from ecotwin.simulation.chance import Keys
from ecotwin.simulation.contract import Case, Draw
from ecotwin.simulation.linebook import STATES
from ecotwin.simulation.lineplan import UNLIMITED, Plan, Station, defaults, drawn
from ecotwin.simulation.lineplay import stretch
from ecotwin.simulation.linetypes import COURSE, MACHINE, NATURE, NEVER, PHASES, QUEUE, Line
from ecotwin.simulation.surroundings import BREAK, FREE, WORK, Surroundings

STREAM_NAMES = ("service", "check", "failure", "repair", "setting")
SHORT_PAUSE_S = 5400.0
"""In free time shorter than this a machine that would be off is in standby [s]."""
_MOST_MARKS = 512
_MOST_ON_BELT = 20_000


@dataclass(frozen=True)
class Sheet:
    """A line's parameters in every run; the reference model reads the same.

    Attributes:
        cycle_s: [runs, machines, products]. nature: [runs, machines], see `lineplay.NATURE`. room: [stages].
        target: [runs, jobs] Loads to feed, -1 without end. product: [jobs]. earliest_s: [jobs]. mix: Cumulated.
        between_s: [runs]. content: [runs, machines + 1]. operators, repairers, lot, load: Numbers.
        kw: [runs, machines, 7].
    """

    plan: Plan
    cycle_s: Floats
    nature: NDArray[np.void]
    room: Ints
    target: Ints
    product: Ints
    earliest_s: Floats
    mix: Floats
    between_s: Floats
    between_cv: float
    content: Floats
    operators: int
    repairers: int
    lot: int
    load: float
    wind_down_s: float
    kw: Floats


def sheet(plan: Plan, draw: Draw, case: Case) -> Sheet:
    """Draw a line's parameters.

    Raises:
        ScenarioFault: A parameter is impossible, or the line can never come to rest (see `lineplan`).
    """
    line, stations = plan.line, plan.stations
    whole = {
        n: _whole(draw, line, n) for n in ("operators", "repairers", "lot_parts", "load_parts")
    }
    load = max(1, whole["load_parts"])
    cycle = np.stack([_cycle(plan, s, draw) for s in stations], axis=1) * load
    nature = np.zeros((draw.runs, len(stations)), NATURE)
    for n, s in enumerate(stations):
        _nature(nature, n, s.id, draw)
    content = np.ones((draw.runs, len(stations) + 1))
    if load > 1:
        stage = np.array([s.stage for s in stations])
        for n in range(len(stations)):
            last = n + 1 == len(stations) or stage[n + 1] != stage[n]
            keep = 1.0 - nature["scrap"][:, n]
            content[:, n + 1] = content[:, n] * keep if last else content[:, n]
        nature["scrap"] = 0.0
    room = _room(plan, draw, nature, cycle, load)
    jobs = case.jobs.get(line, ())
    product, target, earliest = _orders(plan, case, nature, content, load)
    between = draw.parameter(line, "arrivals_per_h", defaults()["arrivals_per_h"].value)
    between = np.divide(3600.0 * load, between, out=np.zeros_like(between), where=between > 0.0)
    made = Sheet(
        plan, cycle, nature, room, target, product, earliest, _mix(plan, case, bool(jobs)), between,
        float(drawn(draw, line, "arrival_cv")[0]), content, whole["operators"], whole["repairers"],
        max(1, whole["lot_parts"] // load), float(load), float(drawn(draw, line, "wind_down_min")[0]) * 60.0,
        _powers(plan, draw),
    )  # fmt: skip
    _possible(made)
    if not jobs:
        _stable(made)
    return made


def _whole(draw: Draw, line: str, name: str) -> int:
    value = float(drawn(draw, line, name)[0])
    if value < 0.0 or value != round(value):
        raise ScenarioFault(
            f"{name} of {line} is {value:g}",
            expected="a whole number, not below zero",
            remedy="mend it in the scenario or the plant file",
        )
    return int(value)


def _cycle(plan: Plan, station: Station, draw: Draw) -> Floats:
    """Time of a part at a station [runs, products]: its own `cycle_s`, the product's, or a share of the line's."""
    own = draw.parameter(station.id, "cycle_s", 0.0)
    if (own > 0.0).all():
        return np.repeat(own[:, None], len(plan.products), axis=1)
    share = drawn(draw, station.id, "cycle_share") * plan.side_by_side(station)
    columns = []
    for product in plan.products:
        pace = product.planned_run_s.get(plan.line)
        here = product.planned_run_s.get(station.id)
        if here is not None:
            columns.append(np.full(draw.runs, here))
        elif pace is None:
            raise ScenarioFault(
                f"nobody says how long {station.id} works on product {product.code}",
                expected=f"its planned_run_s on {plan.line} or on {station.id}",
                remedy="add it to the product in the plant file",
            )
        else:
            columns.append(pace * share)
    return np.stack(columns, axis=1)


def _nature(nature: NDArray[np.void], n: int, machine: str, draw: Draw) -> None:
    for field, name, factor in (
        ("setup_s", "setup_min", 60.0),
        ("mtbf_s", "mtbf_h", 3600.0),
        ("mttr_s", "mttr_min", 60.0),
        ("scrap", "scrap_share", 1.0),
        ("rework", "rework_share", 1.0),
        ("cv", "cycle_cv", 1.0),
        ("setup_cv", "setup_cv", 1.0),
        ("repair_cv", "repair_cv", 1.0),
        ("transit_s", "transit_s", 1.0),
    ):
        nature[field][:, n] = drawn(draw, machine, name) * factor


def _room(plan: Plan, draw: Draw, nature: NDArray[np.void], cycle: Floats, load: int) -> Ints:
    """Room before each stage [loads], with the belt that leads there."""
    room = np.zeros(plan.stages, np.int64)
    first = [
        next(n for n, s in enumerate(plan.stations) if s.stage == k) for k in range(plan.stages)
    ]
    for k, n in enumerate(first):
        parts = float(drawn(draw, plan.stations[n].id, "buffer_parts")[0])
        if parts < 0.0:
            raise ScenarioFault(
                f"buffer_parts of {plan.stations[n].id} is {parts:g}",
                expected="0 or more parts",
                remedy="mend it in the plant file or the scenario",
            )
        room[k] = UNLIMITED if parts >= UNLIMITED else int(parts) // load
        before = [m for m, s in enumerate(plan.stations) if s.stage == k - 1]
        for m in before:
            if nature["transit_s"][:, m].max() > 0.0:
                inside = np.ceil(nature["transit_s"][:, m].max() / max(cycle[:, m].min(), 1e-9))
                room[k] += int(inside)
    return room


def _orders(
    plan: Plan, case: Case, nature: NDArray[np.void], content: Floats, load: int
) -> tuple[Ints, Ints, Floats]:
    """Product of every job, loads to feed so that what is wanted leaves [runs, jobs], earliest begin [s]."""
    jobs = case.jobs.get(plan.line, ())
    runs = len(content)
    if not jobs:
        count = len(plan.products)
        return np.arange(count), np.full((runs, count), -1, np.int64), np.zeros(count)
    kept = np.ones(runs)
    for k in range(plan.stages):
        here = [n for n, s in enumerate(plan.stations) if s.stage == k]
        kept *= 1.0 - nature["scrap"][:, here].mean(axis=1)
    kept *= content[:, -1]
    if kept.min() <= 0.0:
        raise ScenarioFault(
            f"{plan.line} makes nothing but scrap",
            expected="scrap shares below 1",
            remedy="mend scrap_share of its machines",
        )
    begin = micros(case.start)
    target = np.zeros((runs, len(jobs)), np.int64)
    earliest = np.zeros(len(jobs))
    for n, job in enumerate(jobs):
        if not job.parts > 0.0 or job.done < 0.0 or not np.isfinite(job.parts):
            raise ScenarioFault(
                f"order {job.id} is for {job.parts:g} parts, {job.done:g} done",
                expected="more than no parts",
                remedy="mend the order",
            )
        target[:, n] = np.ceil(max(0.0, job.parts - job.done) / (load * kept) - 1e-9)
        if job.earliest is not None:
            earliest[n] = (micros(job.earliest) - begin) / SECOND
    return np.array([plan.place(j.product) for j in jobs]), target, earliest


def _mix(plan: Plan, case: Case, jobs: bool) -> Floats:
    """Cumulated shares of the products; empty when there are orders."""
    if jobs:
        return np.zeros(0)
    given = case.mix.get(plan.line)
    if not given:
        code = _product_of_image(plan, case)
        shares = np.array([1.0 if code is None or p.code == code else 0.0 for p in plan.products])
    else:
        shares = np.zeros(len(plan.products))
        for code, share in given.items():
            shares[plan.place(code)] = share
    if not (shares >= 0.0).all() or not shares.sum() > 0.0:
        raise ScenarioFault(
            f"the mix of {plan.line} has shares {', '.join(f'{s:g}' for s in shares)}",
            expected="shares of parts, none below zero, not all zero",
            remedy="mend the mix",
        )
    # Lots are drawn by share of parts, all lots being of one size.
    return np.asarray(np.cumsum(shares) / shares.sum())


def _product_of_image(plan: Plan, case: Case) -> int | None:
    """The product that the line is making in the image, if it tells one."""
    if case.image is None:
        return None
    for station in plan.stations:
        signal = case.plant.find(station.id, "product")
        value = case.image.values.get(signal.id) if signal else None
        if value is not None and any(p.code == int(value) for p in plan.products):
            return int(value)
    return None


def _powers(plan: Plan, draw: Draw) -> Floats:
    """Power of every machine by state [runs, machines, 7]."""
    kw = np.zeros((draw.runs, len(plan.stations), len(STATES)))
    for n, s in enumerate(plan.stations):
        share = float(draw.word(s.id, "kw_sd_share", "0"))
        for c, state in enumerate(STATES):
            kw[:, n, c] = draw.parameter(s.id, f"kw_{state}", 0.0, share)
    return kw


def _possible(made: Sheet) -> None:
    faults = []
    nature = made.nature
    for n, s in enumerate(made.plan.stations):
        if made.cycle_s[:, n].min() <= 0.0:
            faults.append(f"a part takes no time at {s.id}")
        for field, name in (
            ("cv", "cycle_cv"),
            ("setup_cv", "setup_cv"),
            ("repair_cv", "repair_cv"),
        ):
            if nature[field][:, n].max() > 1.0:
                faults.append(f"{name} of {s.id} is {nature[field][:, n].max():g} (0 to 1)")
        if (nature["scrap"][:, n] + nature["rework"][:, n]).max() >= 1.0:
            faults.append(f"{s.id} lets no part through: scrap and rework take all")
        if (
            nature["setup_s"][:, n].max() > 0.0
            and not made.operators
            and len(set(made.product)) > 1
        ):
            faults.append(f"nobody sets {s.id} up")
        if nature["mtbf_s"][:, n].max() > 0.0 and not made.repairers:
            faults.append(f"nobody repairs {s.id}")
        if nature["transit_s"][:, n].max() > 0.0 and s.stage == made.plan.stages - 1:
            faults.append(f"the belt of {s.id} leads nowhere")
        if nature["transit_s"][:, n].max() > 0.0 and made.room.max() > _MOST_ON_BELT:
            behind = made.room[min(s.stage + 1, made.plan.stages - 1)]
            if behind > _MOST_ON_BELT:
                faults.append(f"the room behind the belt of {s.id} has no limit")
    if not 0.0 <= made.between_cv <= 1.0:
        faults.append(f"arrival_cv of {made.plan.line} is {made.between_cv:g} (0 to 1)")
    if (made.between_s > 0.0).any() and not (made.between_s > 0.0).all():
        faults.append("parts arrive in some runs and are at hand in others")
    if faults:
        raise ScenarioFault(
            f"{made.plan.line} cannot work: {'; '.join(faults)}",
            expected="a line through which parts can pass",
            remedy="mend what is named in the plant file or the scenario",
        )


def rates(made: Sheet) -> Floats:
    """Parts that each stage can do in a second of working time at its mean [runs, stages], stops and rework counted."""
    shares = np.diff(made.mix, prepend=0.0) if len(made.mix) else None
    mean = made.cycle_s.mean(axis=2) if shares is None else (made.cycle_s * shares).sum(axis=2)
    n = made.nature
    with np.errstate(divide="ignore", invalid="ignore"):
        stops = np.where(n["mtbf_s"] > 0.0, n["mttr_s"] / n["mtbf_s"], 0.0)
    speed = (1.0 - n["rework"]) / (mean * (1.0 + stops))
    stage = np.array([s.stage for s in made.plan.stations])
    return np.stack([speed[:, stage == k].sum(axis=1) for k in range(made.plan.stages)], axis=1)


def _stable(made: Sheet) -> None:
    able = rates(made)
    stage = np.array([s.stage for s in made.plan.stations])
    keep = np.stack(
        [1.0 - made.nature["scrap"][:, stage == k].mean(axis=1) for k in range(made.plan.stages)],
        axis=1,
    )
    flow = np.divide(
        1.0, made.between_s, out=np.full(len(able), np.inf), where=made.between_s > 0.0
    )
    for k in range(made.plan.stages):
        load = (flow / able[:, k]).max()
        open_in = k > 0 or bool((made.between_s > 0.0).all())
        if open_in and made.room[k] >= UNLIMITED and load > 1.0 + 1e-9:
            names = ", ".join(s.id for s in made.plan.stations if s.stage == k)
            raise ScenarioFault(
                f"the parts before {names} grow without end: load {100 * load:.1f} %",
                expected="a load below 100 % where the room before a machine has no limit",
                remedy="fewer parts, a faster machine, or a limit of the room (buffer_parts)",
            )
        flow = np.minimum(flow, able[:, k]) * keep[:, k]


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
    course = np.zeros(runs, COURSE)
    course["operators"], course["repairers"] = made.operators, made.repairers
    course["next_s"] = -1.0
    line = Line(
        first, stage, belt, made.room, np.asarray(made.product, np.int64), made.earliest_s, made.target.copy(),
        made.mix, made.lot, made.between_s, made.between_cv, np.ascontiguousarray(made.cycle_s),
        made.nature, streams, own, machine, np.full((runs, machines + 1), NEVER), course,
        np.zeros((runs, stages), QUEUE), np.zeros((runs, stages, marks), np.int32),
        np.zeros((runs, stages, marks), np.int32),
        np.zeros((runs, max(1, int(belt.max()) + 1), places)),
        np.zeros((runs, jobs), np.int64), np.zeros((runs, jobs), np.int64), np.zeros((runs, jobs), np.int64),
        np.full((runs, jobs), np.nan), np.zeros((runs, machines, PHASES)),
        np.zeros((runs, machines, products)), np.zeros((runs, machines, products)), np.zeros(runs),
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
        if line.between[r] > 0.0:
            line.course["next_s"][r] = stretch(
                line.line_keys[r, 0], 0, line.between[r], line.between_cv
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
