"""Lines that cannot work, or whose queues grow without end, are named before they run.

Sources:
    Stability: the load of a station with unlimited room before it must stay below one; Gross, Shortle, Thompson and
    Harris, "Fundamentals of Queueing Theory", chapter 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats
from ecotwin.simulation.lineplan import UNLIMITED, Station
from ecotwin.simulation.linesheet import Sheet

_MOST_ON_BELT = 20_000


def check(made: Sheet) -> None:
    """Check a line's parameters.

    Raises:
        ScenarioFault: Parts can never pass, or a queue grows without end.
    """
    _possible(made)
    if len(made.mix):
        _stable(made)


def _possible(made: Sheet) -> None:
    faults = [f for n, s in enumerate(made.plan.stations) for f in _of_station(made, n, s)]
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


def _of_station(made: Sheet, n: int, s: Station) -> Iterator[str]:
    worst = {name: float(made.nature[name][:, n].max()) for name in made.nature.dtype.names or ()}
    if made.cycle_s[:, n].min() <= 0.0:
        yield f"a part takes no time at {s.id}"
    for field, name in (("cv", "cycle_cv"), ("setup_cv", "setup_cv"), ("repair_cv", "repair_cv")):
        if worst[field] > 1.0:
            yield f"{name} of {s.id} is {worst[field]:g} (0 to 1)"
    if (made.nature["scrap"][:, n] + made.nature["rework"][:, n]).max() >= 1.0:
        yield f"{s.id} lets no part through: scrap and rework take all"
    if worst["setup_s"] > 0.0 and not made.operators and len(set(made.product)) > 1:
        yield f"nobody sets {s.id} up (operators of {made.plan.line})"
    if worst["mtbf_s"] > 0.0 and not made.repairers:
        yield f"nobody repairs {s.id} (repairers of {made.plan.line})"
    if worst["transit_s"] > 0.0 and made.room[s.stage + 1] > _MOST_ON_BELT:
        yield f"the room behind the belt of {s.id} has no limit"


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
