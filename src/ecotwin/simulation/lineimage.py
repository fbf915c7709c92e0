"""A line as the image shows it: states, products and parts at the instant from which it runs ahead.

What no signal tells is filled in plainly: a machine at work has a part of its work behind it, drawn evenly; a failure
lasts on as if it had begun now (exponential repairs have no memory); where parts flow, the room before a machine is
half full and a belt evenly loaded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ecotwin.records import Floats
from ecotwin.simulation.contract import Case, Draw
from ecotwin.simulation.lineplan import UNLIMITED, drawn
from ecotwin.simulation.linesheet import Sheet
from ecotwin.simulation.linetypes import BUSY, DOWN, DOWN_ASKED, SETUP, SETUP_ASKED, Line


def place_image(made: Sheet, line: Line, case: Case, draw: Draw) -> Floats | None:
    """Set a line's first state from the image.

    Returns:
        [machines] Until when a machine that is warming up cannot work [s], None when none is.
    """
    if case.image is None:
        return None
    cold = np.zeros(len(made.plan.stations))
    flowing = [False] * made.plan.stages
    for n, s in enumerate(made.plan.stations):
        state = _state(case, s.id)
        job = _job(made, case, s.id)
        if job is None:
            continue
        line.machine["set_for"][:, n] = made.product[job]
        if state == "busy" and _enter(line, job):
            flowing[s.stage] = True
            line.machine["phase"][:, n], line.machine["job"][:, n] = BUSY, job
            line.due[:, n] = line.cycle[:, n, made.product[job]] * draw.chance.uniform(
                f"{s.id}.begun"
            )
            line.machine["inside"][:, n] = line.nature["transit_s"][:, n]
        elif state == "setup" and _enter(line, job):
            _set_up(line, n, job, case.image.since.get(s.id, 0.0), draw, s.id)
        elif state == "down" and _enter(line, job):
            flowing[s.stage] = True
            _break_down(line, n, job, draw, s.id)
        elif state == "heating":
            warm = float(drawn(draw, s.id, "warmup_min")[0]) * 60.0
            cold[n] = 0.0 if s.oven else max(0.0, warm - case.image.since.get(s.id, 0.0))
    _fill(made, line, case, flowing)
    _go_on_with_lot(made, line, case, draw)
    return cold if cold.any() else None


def _go_on_with_lot(made: Sheet, line: Line, case: Case, draw: Draw) -> None:
    """Where a mix is made, the first station's lot goes on; half of it is left when nobody knows better."""
    job = _job(made, case, made.plan.stations[0].id)
    if len(made.mix) and job is not None:
        left = draw.parameter(made.plan.line, "lot_left_parts", 0.5 * made.lot * made.load)
        line.course["now"] = job
        line.course["lot_left"] = np.maximum(np.round(left / made.load), 1.0)


def _state(case: Case, machine: str) -> str:
    signal = case.plant.find(machine, "state")
    value = case.image.values.get(signal.id) if signal and case.image else None
    return "" if signal is None or value is None else signal.states.get(int(value), "")


def _job(made: Sheet, case: Case, machine: str) -> int | None:
    """The job whose part the machine has: the first unfinished one of the product that the signal tells."""
    signal = case.plant.find(machine, "product")
    value = case.image.values.get(signal.id) if signal and case.image else None
    codes = [p.code for p in made.plan.products]
    if value is None or int(value) not in codes:
        return None
    product = codes.index(int(value))
    fits = [
        n for n, p in enumerate(made.product) if p == product and (made.target[:, n] != 0).all()
    ]
    return fits[0] if fits else None


def _enter(line: Line, job: int, parts: int = 1) -> bool:
    """Count parts that are in the line at the begin; False when the job has no more."""
    open_ = (line.target[:, job] < 0) | (line.fed[:, job] + parts <= line.target[:, job])
    if not open_.all():
        return False
    line.fed[:, job] += parts
    line.course["wip"] += parts
    line.course["most"] = line.course["wip"]
    line.course["entered"] += parts
    return True


def _set_up(line: Line, n: int, job: int, since_s: float, draw: Draw, machine: str) -> None:
    line.machine["job"][:, n] = job
    if (line.course["operators"] > 0).all():
        line.course["operators"] -= 1
        line.machine["phase"][:, n] = SETUP
        mean = line.nature["setup_s"][:, n]
        line.due[:, n] = np.maximum(
            mean - since_s, 0.1 * mean * draw.chance.uniform(f"{machine}.begun")
        )
    else:
        line.machine["phase"][:, n] = SETUP_ASKED


def _break_down(line: Line, n: int, job: int, draw: Draw, machine: str) -> None:
    line.machine["job"][:, n] = job
    line.machine["left"][:, n] = 0.5 * line.cycle[:, n, line.product[job]]
    line.machine["failures"][:, n] = 1
    if (line.course["repairers"] > 0).all():
        line.course["repairers"] -= 1
        line.machine["phase"][:, n] = DOWN
        u: NDArray[np.float64] = draw.chance.uniform(f"{machine}.begun")
        line.due[:, n] = -np.log(u) * np.maximum(line.nature["mttr_s"][:, n], 60.0)
    else:
        line.machine["phase"][:, n] = DOWN_ASKED


def _fill(made: Sheet, line: Line, case: Case, flowing: list[bool]) -> None:
    """Half fill the rooms between machines at work; load belts evenly."""
    for k in range(1, made.plan.stages):
        if not (flowing[k - 1] and flowing[k]):
            continue
        job = _job(made, case, made.plan.stations[int(line.first[k])].id)
        room = int(line.room[k])
        if job is None or room >= UNLIMITED:
            continue
        giver = int(line.first[k]) - 1
        transit, pace = line.nature["transit_s"][:, giver], line.cycle[:, giver, made.product[job]]
        parts = room // 2 if line.belt[k] < 0 else min(room, int(transit.max() / pace.max()))
        if parts < 1 or not _enter(line, job, parts):
            continue
        line.queue["parts"][:, k], line.queue["marks"][:, k] = parts, 1
        line.mark_job[:, k, 0], line.mark_parts[:, k, 0] = job, parts
        if line.belt[k] >= 0:
            steps = (np.arange(parts) + 1.0) / parts
            line.arrive[:, line.belt[k], :parts] = transit[:, None] * steps
