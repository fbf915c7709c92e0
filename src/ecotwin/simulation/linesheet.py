"""What a line is like in every run: its parameters drawn, what it is to make, what its machines need.

Sources:
    The time of a part, a set-up or a repair is a fixed part and an exponential rest (a shifted exponential): mean and
    standard deviation can be given, 0 is a fixed and 1 an exponential time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import SECOND, micros
from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats, Ints
from ecotwin.simulation.contract import Case, Draw
from ecotwin.simulation.linebook import STATES
from ecotwin.simulation.lineplan import UNLIMITED, Plan, Station, defaults, drawn
from ecotwin.simulation.linetypes import NATURE


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
        if s.stage == stations[-1].stage:
            nature["transit_s"][:, n] = 0.0  # no belt leads on: parts leave the line here
    content = np.ones((draw.runs, len(stations) + 1))
    if load > 1:
        stage = np.array([s.stage for s in stations])
        for n in range(len(stations)):
            last = n + 1 == len(stations) or stage[n + 1] != stage[n]
            keep = 1.0 - nature["scrap"][:, n]
            content[:, n + 1] = content[:, n] * keep if last else content[:, n]
        nature["scrap"] = 0.0
        nature["cv"] /= np.sqrt(load)
    room = _room(plan, draw, nature, cycle, load)
    jobs = case.jobs.get(line, ())
    product, target, earliest = _orders(plan, case, nature, content, load)
    between = draw.parameter(line, "arrivals_per_h", defaults()["arrivals_per_h"].value)
    between = np.divide(3600.0 * load, between, out=np.zeros_like(between), where=between > 0.0)
    return Sheet(
        plan, cycle, nature, room, target, product, earliest, _mix(plan, case, bool(jobs)), between,
        float(drawn(draw, line, "arrival_cv")[0]), content, whole["operators"], whole["repairers"],
        max(1, whole["lot_parts"] // load), float(load), float(drawn(draw, line, "wind_down_min")[0]) * 60.0,
        _powers(plan, draw),
    )  # fmt: skip


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
