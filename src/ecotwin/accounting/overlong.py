"""Did a step take longer than its pieces were planned to take, why, and what did that use?

Planned: planned run time of a piece x pieces that the pacing machine produced. Taken: planned working time between the
step's begin and end. What is over is laid to set-up, standstill and waiting as the pacing machine's states tell, and
the rest to slow running; each is worth the power that the place usually draws in that state.

Sources: ISO 22400-2:2014 (planned run time per item, actual production time).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.amounts import use_terms
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.production import able_machines, product_codes, routed_pace
from ecotwin.accounting.steps import ENOUGH, Steps
from ecotwin.errors import FigureGap
from ecotwin.plant import calendar
from ecotwin.plant.model import STATE_NAMES, Plant
from ecotwin.records import Bools

ALLOWED = 0.05
"""Share of the planned time by which a step may be over it before it counts as over-long."""
SLOW = "slower than planned"
_CAUSES = {"down": "down", "setup": "set-up", "heating": "waiting", "idle": "waiting",
           "standby": "waiting", "off": "waiting"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """How long a step took.

    Attributes:
        pace: Machine that is looked at. pieces: That it produced. coverage: Share of the time with a known state.
        planned_h, taken_h: See above. hours: State of the pacing machine -> hours of working time.
        other_share: Share of the working time in which another product was named.
    """

    place: str
    pace: str
    pieces: float
    coverage: float
    planned_h: float
    taken_h: float
    hours: Mapping[str, float]
    other_share: float

    @property
    def over_h(self) -> float:
        """Time over the plan [h]; 0 while it stays within what is allowed."""
        over = self.taken_h - self.planned_h
        return over if over > ALLOWED * self.planned_h else 0.0

    @property
    def over_by_state(self) -> dict[str, float]:
        """The time over the plan by the state it was spent in; `busy` where the machine ran slower than planned."""
        lost = {s: h for s, h in self.hours.items() if s != "busy" and h > 0.0}
        total = math.fsum(lost.values())
        if not self.over_h:
            return {}
        if (
            total >= self.over_h
        ):  # while busy it was quicker than planned, and made up for part of it
            return {s: h * self.over_h / total for s, h in lost.items()}
        return lost | {"busy": self.over_h - total}

    @property
    def causes(self) -> dict[str, float]:
        """The time over the plan by cause: down, set-up, waiting, slower than planned [h]."""
        found: dict[str, float] = {}
        for state, hours in self.over_by_state.items():
            cause = SLOW if state == "busy" else _CAUSES[state]
            found[cause] = found.get(cause, 0.0) + hours
        return found


def taken(steps: Steps, place: str, run_s: float, product: int) -> Taken:
    """How long a place worked on a step whose window this is.

    Args:
        steps: Of the step alone. place: Line or machine. run_s: Planned run time of one piece [s].
        product: Code that is to be made.

    Raises:
        FigureGap: No machine tells its state and parts, or the state was known for less than half of the time.
    """
    plant = steps.plant
    machines = able_machines(plant, place)
    if not machines:
        raise FigureGap(
            f"no machine of {place} tells its state and counts its parts",
            expected="signals that mean state and parts_total",
            remedy="add them to the plant file",
        )
    working = calendar.working(plant, steps.window.at)
    pace = pacing(steps, machines)
    codes, known = steps.states(pace)
    planned_h = float(working.sum()) * steps.step_h
    seen_h = float((working & known).sum()) * steps.step_h
    if planned_h and seen_h / planned_h < ENOUGH:
        raise FigureGap(
            f"the state of {pace} was known for {100.0 * seen_h / planned_h:.0f} % of the working time",
            expected="at least 50 %",
            remedy=f"see why {pace} is silent",
        )
    counter = plant.find(pace, "parts_total")
    column = steps.column(counter) if counter else None
    pieces = float(column.amount.sum()) if column is not None else 0.0
    named = product_codes(steps, plant, pace)
    other = working & (named != product) & (named >= 0)
    scale = planned_h / seen_h if seen_h else 1.0
    hours = {
        STATE_NAMES[code]: float((working & known & (codes == code)).sum()) * steps.step_h * scale
        for code in STATE_NAMES
    }
    return Taken(
        place,
        pace,
        pieces,
        seen_h / planned_h if planned_h else 1.0,
        run_s * pieces / 3600.0,
        planned_h,
        {s: h for s, h in hours.items() if h},
        float(other.sum()) * steps.step_h / planned_h if planned_h else 0.0,
    )


def pacing(steps: Steps, machines: tuple[str, ...]) -> str:
    """The machine that the routing names with the longest run time, else the one that was busy longest."""
    routed = routed_pace(steps.plant, machines)
    if routed is not None:
        return routed
    return max(machines, key=lambda m: float((steps.states(m)[0] == 5).sum()))


def usual_kw(steps: Steps, place: str, pace: str) -> dict[str, float]:
    """Mean electric power of a place in working time by the state of its pacing machine [kW]."""
    use = flows_of(steps.plant).use(place, "electricity")
    if use is None:
        return {}
    working = calendar.working(steps.plant, steps.window.at)
    kwh, (codes, known) = steps.sum_of(use_terms(use)), steps.states(pace)
    found: dict[str, float] = {}
    for code, name in STATE_NAMES.items():
        here: Bools = np.asarray(working & known & (codes == code))
        if here.any():
            found[name] = float(kwh[here].sum()) / (float(here.sum()) * steps.step_h)
    return found


def planned_steps(plant: Plant, place: str, product: int) -> dict[str, float]:
    """Place -> planned run time of a piece [s]: of the place itself, else of the machines in it that have one.

    Raises:
        FigureGap: The plant file names no such product, or gives it no run time here.
    """
    made = next((p for p in plant.products if p.code == product), None)
    if made is None:
        raise FigureGap(
            f"the plant file names no product {product}",
            expected="a code of `products`",
            remedy="correct the order or add the product",
        )
    if place in made.planned_run_s:
        return {place: made.planned_run_s[place]}
    below = {
        e.id: made.planned_run_s[e.id] for e in plant.under(place) if e.id in made.planned_run_s
    }
    if not below:
        raise FigureGap(
            f"{made.name} has no planned run time on {place}",
            expected=f"`planned_run_s` of {place} or its machines",
            remedy="add it under `products`",
        )
    return below
