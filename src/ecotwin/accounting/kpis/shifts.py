"""Energy, greenhouse gas, cost, good parts and OEE by shift of the plant's calendar.

A shift is known by its name: all `Early` shifts of a period stand together, one that runs over midnight is whole.
Breaks belong to their shift; time between shifts is *no shift*. A step belongs to the shift in which it begins, so
figures of hours are right to the hour, figures of minutes to the minute. The sums are free of prices and factors.
The split sums to the figure of the place: what nobody measured is spread over the shifts as the measured is.

Sources: ISO 22400-2:2014 (OEE of each shift from the sums of its own times and counts).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting.allocation import settled
from ecotwin.accounting.amounts import attempt, use_signals, use_terms
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.grouped import read
from ecotwin.accounting.held import CARRIERS, Held, held_sums, whole_figures, worth
from ecotwin.accounting.kpis import cost, greenhouse, oee, specific
from ecotwin.accounting.production import output_signals
from ecotwin.accounting.purchased import own_making, site_signals
from ecotwin.accounting.remembered import Remembered
from ecotwin.accounting.steps import Steps
from ecotwin.errors import FigureGap
from ecotwin.plant import calendar
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Bools, Input, Measure

NO_SHIFT = "no shift"
TOTALS = {
    "energy.total": "energy.by_shift",
    "ghg.scope12_location": "ghg.by_shift",
    "cost.total": "cost.by_shift",
}
"""Indicator of a place -> the same figure by shift."""


class Shifts(Family):
    """`energy`, `ghg`, `cost`, `production` and `oee` `.by_shift`."""

    name = "shifts"
    indicators = (*TOTALS.values(), "production.by_shift", "oee.by_shift")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters and counters of the place; nothing for single machines and plants without shifts."""
        if not plant.shifts or plant.element(element).level == "machine":
            return ()
        found = {s.id: s for c in CARRIERS for s in use_signals(plant, element, c, parts=False)}
        good = output_signals(plant, element, "parts_good")
        made = own_making(plant) if found else ()
        return (found | {s.id: s for s in (*made, *good)}).values()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """What tells states, products and parts, and what was bought."""
        found = list(site_signals(plant))
        for signal in oee.plug.signals(plant, element):
            state = plant.find(signal.element, "state")
            found += [signal, *([state] if state else [])]
        return (*found, *oee.plug.beside(plant, element))

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """`shift:name|what|detail` of use and parts, `name~machine#hours` for the OEE, and the totals."""
        plant = steps.plant
        sums = greenhouse.purchased_sums(steps, element) | cost.paid_sums(steps, element)
        planned = calendar.working(plant, steps.window.at)
        for name, here in marks(steps).items():
            prefix = f"shift:{name}"
            for carrier in CARRIERS:
                sums |= _use(steps, element, carrier, prefix, here)
            for signal in output_signals(plant, element, "parts_good"):
                column = steps.column(signal)
                amount = float(column.amount[here].sum()) if column is not None else 0.0
                sums[f"{prefix}|good|"] = sums.get(f"{prefix}|good|", 0.0) + amount
            if name != NO_SHIFT and (planned & here).any():
                judged = oee.sums_in(steps, element, planned & here)
                sums |= {f"{name}~{key}": value for key, value in judged.items() if value}
        return sums

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Every figure that can be had, split by shift."""
        totals, gaps = whole_figures(plant, tally, TOTALS)
        held = read(tally.sums, "shift")
        made, words = attempt(
            partial(_split, plant, t, held) for t in totals if t.indicator in TOTALS
        )
        gaps += words
        if output_signals(plant, tally.element, "parts_good"):
            good, words = attempt([partial(specific.good_parts, plant, tally)])
            gaps += words
            counted = {n: sum(whats.get("good", {}).values()) for n, whats in held.items()}
            made += [_shared(g, "production.by_shift", counted) for g in good]
        judged, words = attempt([partial(_oee, plant, tally)])
        return made + judged, list(dict.fromkeys(gaps + words))


def _marks(steps: Steps) -> dict[str, Bools]:
    at, left = steps.window.at, np.ones(steps.window.steps, np.bool_)
    found: dict[str, Bools] = {}
    for turn in calendar.turns(steps.plant, steps.window.period):
        here = left & (at >= turn.period.start_us) & (at < turn.period.end_us)
        left &= ~here
        if here.any():
            found[turn.shift.name] = found.get(turn.shift.name, np.zeros_like(here)) | here
    return found | ({NO_SHIFT: left} if left.any() else {})


marks = Remembered(_marks, size=3)
"""Shift -> [steps] whether a step begins in it; where shifts overlap, the one that began first."""


def _use(steps: Steps, element: str, carrier: str, prefix: str, here: Bools) -> dict[str, float]:
    use = flows_of(steps.plant).use(element, carrier)
    if use is None:
        return {}
    found = held_sums(steps, prefix, carrier, np.where(here, steps.sum_of(use_terms(use)), 0.0))
    for term in use.terms if carrier in ("gas", "fuel") else ():
        key = f"{prefix}|burnt|{greenhouse.fuel_name(carrier, term.signal)}"
        amount = float(steps.sum_of([(term.sign, term.signal)])[here].sum())
        found[key] = found.get(key, 0.0) + amount
    return found


def _split(plant: Plant, total: Measure, held: Mapping[str, Held]) -> Measure:
    parts = {name: worth(plant, total.indicator, whats) for name, whats in held.items()}
    return _shared(total, TOTALS[total.indicator], parts)


def _shared(total: Measure, indicator: str, parts: Mapping[str, float]) -> Measure:
    """A figure split as its measured parts are, so that they sum to it."""
    known = math.fsum(parts.values())
    split = {n: v * total.value / known for n, v in parts.items() if v} if known else {}
    if split:
        split = settled(split, total.value, max(split, key=lambda n: abs(split[n])))
    return replace(
        total,
        indicator=indicator,
        method="shifts/1: by the shift in which each step begins; time between shifts is no shift",
        inputs=(Input(total.indicator, total.value, total.unit, "", total.coverage, total.id),),
        split=split,
    )


def _oee(plant: Plant, tally: Tally) -> Measure | None:
    """OEE over all shifts from the sums of each: PRI x GQ / PBT, judged shift by shift."""
    named: dict[str, dict[str, float]] = {}
    for key, value in tally.sums.items():
        name, mark, rest = key.partition("~")
        if mark:
            named.setdefault(name, {})[rest] = value
    sums: dict[str, dict[str, float]] = {}
    paces: list[str] = []
    lost: list[str] = []
    for name, held in named.items():
        total, paced, words = oee.judged_totals(plant, tally.element, held)
        lost += words
        if paced and total["pbt"] > 0.0:
            sums[name], paces = total, paced
    if not sums:
        if not oee.plug.needs(plant, tally.element) or not named:
            return None
        raise FigureGap(
            f"the OEE of no shift of {tally.element} can be had",
            expected="states and counted parts in planned time",
            remedy=" ".join(dict.fromkeys(lost)) or "ask for a period with production",
        )
    above = {n: t["pri"] * t["gq"] / t["pq"] if t["pq"] > 0.0 else 0.0 for n, t in sums.items()}
    below = math.fsum(t["pbt"] for t in sums.values())
    planned = math.fsum(t["planned"] for t in sums.values())
    value = math.fsum(above.values()) / below
    slack = 1.0 - below / planned
    inputs: list[Input] = []
    for name, t in sums.items():
        covered = t["pbt"] / t["planned"]
        inputs.append(Input(f"{name}: OEE", above[name] / t["pbt"], "1", "", covered))
        inputs.append(Input(f"{name}: planned busy time (PBT)", t["pbt"], "h", "", covered))
        inputs.append(Input(f"{name}: good items (GQ)", t["gq"], "1", "", covered))
    return Measure(
        tally.element,
        "oee.by_shift",
        value,
        "1",
        tally.period,
        below / planned,
        0.0,
        value * (1.0 - slack),
        max(value, value * (1.0 - slack) + slack * max(1.0, value)),
        f"shifts/1 ISO 22400 PRI x GQ/PBT, sums over the shifts, paced by {', '.join(paces)}; each shift's own stands "
        "among the inputs, its share of the whole in the split",
        tuple(inputs),
        (),
        math.fsum(above.values()),
        below,
        {n: v / below for n, v in above.items() if v},
    )


plug = Shifts()
