"""Energy and time of machines by state, at every level the sum over the machines below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from ecotwin.accounting.amounts import settle, use_terms
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.kpis.energy import by_state
from ecotwin.accounting.steps import Steps
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATE_NAMES, Plant, Signal
from ecotwin.records import Input, Measure


class States(Family):
    """`energy.by_state`, `energy.unproductive_share` and `time.by_state`."""

    name = "states"
    indicators = ("energy.by_state", "energy.unproductive_share", "time.by_state")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Electricity meters of the machines that tell their state."""
        found: dict[str, Signal] = {}
        for machine in _machines(plant, element):
            use = flows_of(plant).use(machine, "electricity")
            found |= {t.signal.id: t.signal for t in use.terms} if use else {}
        return found.values()

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """KWh under `machine@state`, hours under `hours@state`."""
        sums: dict[str, float] = defaultdict(float)
        for machine in _machines(steps.plant, element):
            sums |= by_state(steps, machine)
            codes, known = steps.states(machine)
            hours = np.bincount(codes[known], minlength=7)[:7] * steps.step_h
            for code, value in enumerate(hours):
                sums[f"hours@{STATE_NAMES[code]}"] += float(value)
            sums["hours@"] += steps.window.steps * steps.step_h
        return {k: v for k, v in sums.items() if v}

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Sums over the machines that can be had; those that cannot are named."""
        terms: list[tuple[float, Signal]] = []
        split: dict[str, float] = defaultdict(float)
        gaps = []
        for machine in _machines(plant, tally.element):
            use = flows_of(plant).use(machine, "electricity")
            if use is None:
                continue
            try:
                scale = settle(tally.sums, use_terms(use)).scale
            except FigureGap as gap:
                gaps.append(str(gap))
                continue
            terms += use_terms(use)
            for key, value in tally.sums.items():
                name, at, state = key.partition("@")
                if at and name == machine:
                    split[state] += value * scale
        made = [_hours(tally)] if tally.sums.get("hours@") else []
        return (made + _energy(tally, terms, split) if terms else made), gaps


def _machines(plant: Plant, element: str) -> tuple[str, ...]:
    return tuple(
        e.id
        for e in plant.under(element)
        if plant.find(e.id, "state") and flows_of(plant).use(e.id, "electricity")
    )


def _energy(
    tally: Tally, terms: list[tuple[float, Signal]], split: dict[str, float]
) -> list[Measure]:
    amount = settle(tally.sums, terms)
    common = (tally.period, amount.coverage, amount.estimated_share)
    energy = Measure(
        tally.element,
        "energy.by_state",
        amount.value,
        "kWh",
        *common,
        amount.value - amount.half,
        amount.value + amount.half,
        "states/1: each step's energy goes to the state at its end",
        amount.inputs,
        (),
        amount.value,
        1.0,
        dict(split),
    )
    if amount.value <= 0.0:
        return [energy]
    idle = sum(v for s, v in split.items() if s not in ("busy", "unknown"))
    share, half = idle / amount.value, amount.half / amount.value
    inputs = (
        Input("energy not in state busy", idle, "kWh", "", amount.coverage),
        Input("energy.by_state", amount.value, "kWh", "", amount.coverage, energy.id),
    )
    ratio = Measure(
        tally.element,
        "energy.unproductive_share",
        share,
        "1",
        *common,
        max(0.0, share - share * half),
        share + share * half,
        "states/1: energy in any state but busy / energy of the machines with a state",
        inputs,
        (),
        idle,
        amount.value,
    )
    return [energy, ratio]


def _hours(tally: Tally) -> Measure:
    split = {
        k.removeprefix("hours@"): v
        for k, v in tally.sums.items()
        if k.startswith("hours@") and k != "hours@"
    }
    known, total = sum(split.values()), tally.sums["hours@"]
    return Measure(
        tally.element,
        "time.by_state",
        known,
        "h",
        tally.period,
        known / total,
        0.0,
        known,
        known,
        "states/1: machine hours in which the state was known",
        (Input("machine hours", total, "h", "", known / total),),
        (),
        known,
        1.0,
        split,
    )


plug = States()
