"""Use of every carrier: meter indices before flows, split into the parts below or the machine's states."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import (
    attempt,
    measure,
    settle,
    split_parts,
    unbalanced,
    use_signals,
    use_terms,
)
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import CARRIERS, flows_of
from ecotwin.accounting.steps import Steps
from ecotwin.accounting.uncertainty import independent
from ecotwin.plant.model import STATE_NAMES, Plant, Signal
from ecotwin.records import FactorUse, Input, Measure

_FINAL = ("electricity", "gas")
_SHOWN = ("electricity", "gas", "steam", "heat", "cold", "compressed_air", "nitrogen")


class Energy(Family):
    """`energy.<carrier>` and `energy.total`, the final energy bought or made on site."""

    name = "energy"
    indicators = (*(f"energy.{c}" for c in _SHOWN), "energy.gas_volume", "energy.total")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of all carriers."""
        found = {s.id: s for c in _SHOWN for s in use_signals(plant, element, c)}
        return found.values()

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Electricity of a machine by its state [kWh]."""
        if steps.plant.element(element).level != "machine":
            return {}
        return by_state(steps, element)

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """One figure a carrier, then the total."""
        here = [c for c in _SHOWN if flows_of(plant).use(tally.element, c)]
        made, gaps = attempt([partial(_carrier, plant, tally, c) for c in here])
        if "gas" in here:
            volume, more = attempt([partial(_gas_volume, plant, tally)])
            made, gaps = made + volume, gaps + more
        gaps += [words for c in here if (words := unbalanced(plant, tally, c))]
        final = [m for m in made if m.indicator.removeprefix("energy.") in _FINAL]
        if len(final) == len([c for c in here if c in _FINAL]) and final:
            made.append(_total(tally, final))
        return made, list(dict.fromkeys(gaps))


def final_use(plant: Plant, tally: Tally) -> tuple[Measure | None, list[str]]:
    """`energy.total` alone, from a tally that holds electricity and gas; None with words when it cannot be had."""
    here = [c for c in _FINAL if flows_of(plant).use(tally.element, c)]
    made, gaps = attempt([partial(_carrier, plant, tally, c) for c in here])
    return (_total(tally, made) if made and len(made) == len(here) else None), gaps


def by_state(steps: Steps, machine: str) -> dict[str, float]:
    """Electricity of one machine by state, under `machine@state` [kWh]; `unknown` where the state is not known."""
    use = flows_of(steps.plant).use(machine, "electricity")
    if use is None or steps.plant.find(machine, "state") is None:
        return {}
    codes, _ = steps.states(machine)
    kwh = np.bincount(np.clip(codes, -1, 6) + 1, steps.sum_of(use_terms(use)), minlength=8)
    names = ["unknown", *(STATE_NAMES[c] for c in range(7))]
    return {f"{machine}@{name}": float(v) for name, v in zip(names, kwh, strict=True) if v}


def _carrier(plant: Plant, tally: Tally, carrier: str) -> Measure | None:
    use = flows_of(plant).use(tally.element, carrier)
    if use is None:
        return None
    amount = settle(tally.sums, use_terms(use))
    unit = CARRIERS[carrier].unit
    used: tuple[FactorUse, ...] = ()
    scale, relative = 1.0, 0.0
    if carrier == "gas":
        heat = factors.required(factors.heating_value(plant, "gas", "m3"))
        used, scale, relative, unit = (heat,), heat.value, heat.uncertainty, "kWh"
    total = amount.value * scale
    split = split_parts(plant, use, tally.sums, total, scale)
    prefix = f"{tally.element}@"
    states = {
        k.removeprefix(prefix): v * amount.scale
        for k, v in tally.sums.items()
        if k.startswith(prefix)
    }
    if carrier == "electricity" and states:
        split = states
    return measure(
        tally,
        f"energy.{carrier}",
        unit,
        amount,
        method=f"energy/1: {use.rule}",
        factor=scale,
        relative=relative,
        split=split,
        factors=used,
    )


def _gas_volume(plant: Plant, tally: Tally) -> Measure | None:
    use = flows_of(plant).use(tally.element, "gas")
    if use is None:
        return None
    amount = settle(tally.sums, use_terms(use))
    split = split_parts(plant, use, tally.sums, amount.value)
    return measure(
        tally, "energy.gas_volume", "m3", amount, method=f"energy/1: {use.rule}", split=split
    )


def _total(tally: Tally, final: list[Measure]) -> Measure:
    value = sum(m.value for m in final)
    half = independent((m.high - m.low) / 2.0 for m in final)
    weight = sum(abs(m.value) for m in final) or 1.0
    return Measure(
        tally.element,
        "energy.total",
        value,
        "kWh",
        tally.period,
        sum(m.coverage * abs(m.value) for m in final) / weight
        if value
        else min(m.coverage for m in final),
        sum(m.estimated_share * abs(m.value) for m in final) / weight,
        value - half,
        value + half,
        "energy/1: electricity and fuels; heat, cold and air made of them are not counted again",
        tuple(_input(m) for m in final),
        tuple(f for m in final for f in m.factors),
        value,
        1.0,
        {m.indicator.removeprefix("energy."): m.value for m in final},
    )


def _input(figure: Measure) -> Input:
    return Input(figure.indicator, figure.value, figure.unit, "", figure.coverage, figure.id)


plug = Energy()
