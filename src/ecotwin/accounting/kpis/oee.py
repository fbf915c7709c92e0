"""Overall equipment effectiveness by ISO 22400, from sums of times and counts inside planned busy time.

A line is judged by its pacing machine: the one that the products' routing names with the longest
planned run time, else the one that was busy longest in the period. Its produced items are those of
the pacing machine, its good items those of the line's last counter. Areas and the site add up the
numerators and denominators of their lines.

Sources: ISO 22400-2:2014.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from ecotwin.accounting.amounts import attempt
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.effectiveness import oee_iso22400
from ecotwin.accounting.family import Family
from ecotwin.accounting.production import (
    able_machines,
    output_signals,
    planned_run_s,
    product_codes,
    product_signal,
    routed_pace,
)
from ecotwin.accounting.steps import ENOUGH, Steps
from ecotwin.errors import FigureGap
from ecotwin.plant import calendar
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Bools, Floats, Input, Measure

Unit = tuple[str, str, str]
"""Element judged, its pacing machine, signal id of its good-part counter."""


class Oee(Family):
    """`oee.availability`, `oee.effectiveness`, `oee.quality`, `oee.oee` and `oee.setup_share`."""

    name = "oee"
    indicators = (
        "oee.availability",
        "oee.effectiveness",
        "oee.quality",
        "oee.oee",
        "oee.setup_share",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Part counters of the machines below and of the lines' ends."""
        machines = able_machines(plant, element)
        found = {
            s.id: s
            for m in machines
            for s in (plant.find(m, "parts_total"), plant.find(m, "parts_good"))
            if s
        }
        found |= (
            {
                s.id: s
                for judged in _judged(plant, element)
                for s in output_signals(plant, judged, "parts_good")
            }
            if machines
            else {}
        )
        return found.values()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """What tells the product."""
        return [s for m in able_machines(plant, element) if (s := product_signal(plant, m))]

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Hours and counts in planned busy time: `machine#pbt`, `#apt`, `#setup`, `#pq`, `#pri`; `signal#good`."""
        return sums_in(steps, element, calendar.working(steps.plant, steps.window.at))

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """The four ratios, each with its sums; a ratio above 1 is left as it is and named."""
        total, paces, gaps = judged_totals(plant, tally.element, tally.sums)
        if not paces:
            return [], gaps
        made, more = attempt([partial(_quiet, total, tally)])
        if more:
            return [], gaps + more
        whole = oee_iso22400(
            total["apt"], total["pbt"], total["pri"] / total["pq"], total["pq"], total["gq"]
        )
        gaps += [f"{tally.element}: {flag}" for flag in whole.flags]
        del made
        return _measures(tally, total, ", ".join(paces)), gaps


def sums_in(steps: Steps, element: str, within: Bools) -> dict[str, float]:
    """Hours and counts of the steps that lie in some planned time; keys as in `Oee.own_sums`."""
    sums: dict[str, float] = {}
    for machine in able_machines(steps.plant, element):
        sums |= _machine(steps, machine, within)
    for judged in _judged(steps.plant, element):
        for signal in output_signals(steps.plant, judged, "parts_good"):
            column = steps.column(signal)
            if column is not None:
                sums[f"{signal.id}#good"] = float(column.amount[within].sum())
    return sums


def judged_totals(
    plant: Plant, element: str, sums: Mapping[str, float]
) -> tuple[dict[str, float], list[str], list[str]]:
    """Numerators and denominators of an element's lines summed, their pacing machines, and words of what is missing."""
    total: dict[str, float] = defaultdict(float)
    gaps: list[str] = []
    paces: list[str] = []
    for judged in _judged(plant, element):
        try:
            got = _sums(plant, judged, sums)
        except FigureGap as gap:
            gaps.append(str(gap))
            continue
        if got is None:
            continue
        paces.append(str(got.pop("machine")))
        for key, value in got.items():
            total[key] += float(value)
    return total, paces, gaps


def _judged(plant: Plant, element: str) -> tuple[str, ...]:
    """The lines (or single machines) whose sums make an element's OEE."""
    level = plant.element(element).level
    if level in ("line", "machine"):
        return (element,) if able_machines(plant, element) else ()
    lines = [e.id for e in plant.under(element) if e.level == "line" and able_machines(plant, e.id)]
    return tuple(lines) or able_machines(plant, element)


def _machine(steps: Steps, machine: str, planned: Bools) -> dict[str, float]:
    plant = steps.plant
    codes, known = steps.states(machine)
    inside = planned & known
    signal = plant.find(machine, "parts_total")
    column = steps.column(signal) if signal else None
    parts: Floats = column.amount if column is not None else np.zeros(steps.window.steps)
    products = product_codes(steps, plant, machine)
    pri, unrouted = 0.0, 0.0
    runs = {p.code: planned_run_s(plant, p, machine) for p in plant.products}
    for code in np.unique(products[inside]):
        made = float(parts[inside & (products == code)].sum())
        run = runs.get(int(code))
        pri, unrouted = (
            (pri + made * run / 3600.0, unrouted) if run is not None else (pri, unrouted + made)
        )
    sums = {
        "planned": float(planned.sum()) * steps.step_h,
        "pbt": float(inside.sum()) * steps.step_h,
        "apt": float((inside & (codes == STATES["busy"])).sum()) * steps.step_h,
        "setup": float((inside & (codes == STATES["setup"])).sum()) * steps.step_h,
        "pq": float(parts[inside].sum()),
        "pri": pri,
        "unrouted": unrouted,
    }
    good = plant.find(machine, "parts_good")
    if good is not None and (own := steps.column(good)) is not None:
        sums["good"] = float(own.amount[inside].sum())
    return {f"{machine}#{key}": value for key, value in sums.items()}


def _sums(plant: Plant, judged: str, sums: Mapping[str, float]) -> dict[str, float | str] | None:
    machines = able_machines(plant, judged)
    pace = routed_pace(plant, machines) or max(machines, key=lambda m: sums.get(f"{m}#apt", 0.0))
    got: dict[str, float | str] = {
        key: sums.get(f"{pace}#{key}", 0.0)
        for key in ("planned", "pbt", "apt", "setup", "pq", "pri", "unrouted")
    }
    planned, known = float(got["planned"]), float(got["pbt"])
    if not planned:
        return None
    if known / planned < ENOUGH:
        raise FigureGap(
            f"the state of {pace} was known for {known / planned:.0%} of the planned time".replace(
                "%", " %"
            ),
            expected="at least 50 %",
            remedy=f"see why {pace} is silent",
        )
    if float(got["unrouted"]) > 0.01 * float(got["pq"]):
        raise FigureGap(
            f"{got['unrouted']:.0f} parts on {pace} are of a product without planned run time",
            expected="`planned_run_s` of every product",
            remedy=f"give it for {pace} or its line under `products`",
        )
    counters = output_signals(plant, judged, "parts_good")
    if not counters:
        raise FigureGap(
            f"{judged} counts no good parts",
            expected="a signal that means parts_good",
            remedy="add it to the plant file",
        )
    if judged == pace or counters[0].element == pace:
        got["gq"] = sums.get(f"{pace}#good", 0.0)
    else:
        got["gq"] = sum(sums.get(f"{s.id}#good", 0.0) for s in counters) * known / planned
    got["machine"] = pace
    return got


def _quiet(total: Mapping[str, float], tally: Tally) -> None:
    if total["apt"] <= 0.0 or total["pq"] <= 0.0:
        raise FigureGap(
            f"{tally.element} made nothing in its planned time of {total['planned']:.1f} h",
            expected="some production",
            remedy="ask for a period with production, or correct the calendar",
        )


def _measures(tally: Tally, t: Mapping[str, float], paces: str) -> list[Measure]:
    ratios = {
        "oee.availability": (t["apt"], t["pbt"], "APT/PBT"),
        "oee.effectiveness": (t["pri"], t["apt"], "PRI x PQ/APT"),
        "oee.quality": (t["gq"], t["pq"], "GQ/PQ"),
        "oee.oee": (t["pri"] * t["gq"] / t["pq"], t["pbt"], "PRI x GQ/PBT"),
        "oee.setup_share": (t["setup"], t["pbt"], "setup/PBT"),
    }
    coverage = t["pbt"] / t["planned"]
    inputs = tuple(
        Input(name, t[key], unit, "", coverage)
        for name, key, unit in (
            ("planned busy time, state known (PBT)", "pbt", "h"),
            ("actual production time (APT)", "apt", "h"),
            ("setup time", "setup", "h"),
            ("planned run time x produced items (PRI x PQ)", "pri", "h"),
            ("produced items (PQ)", "pq", "1"),
            ("good items (GQ)", "gq", "1"),
        )
    )
    # What happened while the state was unknown may lie anywhere between nothing and all.
    slack = 1.0 - coverage
    out = []
    for indicator, (above, below, words) in ratios.items():
        value = above / below
        low, high = value * (1.0 - slack), value * (1.0 - slack) + slack * max(1.0, value)
        out.append(
            Measure(
                tally.element,
                indicator,
                value,
                "1",
                tally.period,
                coverage,
                0.0,
                low,
                max(value, high),
                f"oee/1 ISO 22400 {words}, paced by {paces}",
                inputs,
                (),
                above,
                below,
            )
        )
    return out


plug = Oee()
