"""Amounts held by group (product, shift) and what they are worth: kWh, kgCO2e, money, m3, at the end and not before.

A tally holds under `group|what|detail` what is free of factors: `electricity`, `bought` by slot of the day, `certified`
by contract, `gas`, `fuel` and `water` by slot, `burnt` by fuel. `worth` lays prices and factors on it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import attempt
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.grouped import keyed
from ecotwin.accounting.kpis import cost, energy, greenhouse, water
from ecotwin.accounting.purchased import bought
from ecotwin.accounting.steps import Steps
from ecotwin.plant.model import Plant
from ecotwin.records import Floats, Measure

CARRIERS = ("electricity", "gas", "fuel", "water")
Held = Mapping[str, Mapping[str, float]]
"""Of one group: what -> hour of the day, contract or fuel -> amount."""


def held_sums(steps: Steps, prefix: str, carrier: str, amount: Floats) -> dict[str, float]:
    """Sums of a tally for a group's use of a carrier; `amount`: [steps] of the group, else 0."""
    if carrier == "electricity":
        sums = {f"{prefix}|electricity|": float(amount.sum())}
        share, hour, site_kwh = bought(steps)
        kwh = amount * share
        for name, part in greenhouse.covered_shares(steps, hour, site_kwh).items():
            sums[f"{prefix}|certified|{name}"] = float((kwh * part[hour]).sum())
        return sums | dict(keyed(steps, f"{prefix}|bought", kwh))
    return dict(keyed(steps, f"{prefix}|{carrier}", amount))


def whole_figures(
    plant: Plant, tally: Tally, wanted: Iterable[str]
) -> tuple[list[Measure], list[str]]:
    """The figures that are to be split, as their families give them, and the words of those that cannot be had."""
    total, gaps = energy.final_use(plant, tally)
    made = [total] if total is not None else []
    for family in (greenhouse.plug, cost.plug):
        more, words = family.figures(plant, tally)
        made += [m for m in more if m.indicator in wanted]
        gaps += words
    more, words = attempt([partial(water.taken, plant, tally)])
    return made + more, gaps + words


def worth(plant: Plant, indicator: str, whats: Held) -> float:
    """What a group's amounts come to in `energy.total`, `ghg.scope*`, `cost.total` or `water.in` of the place.

    Raises:
        FactorGap: A factor or heating value is missing.
    """
    if indicator == "water.in":
        return sum(whats.get("water", {}).values())
    if indicator == "cost.total":
        return sum(cost.priced(plant, c, whats.get(cost.held_as(c), {})) for c in CARRIERS)
    if indicator == "energy.total":
        gas = sum(whats.get("gas", {}).values())
        heat = factors.required(factors.heating_value(plant, "gas", "m3")).value if gas else 0.0
        return sum(whats.get("electricity", {}).values()) + gas * heat
    scope, _, method = indicator.removeprefix("ghg.scope").partition("_")
    burnt = _burnt(plant, whats.get("burnt", {})) if "1" in scope else 0.0
    kwh = whats.get("bought", {})
    if "2" not in scope or not kwh:
        return burnt
    if method == "location":
        hourly = factors.required(factors.grid_hourly(plant))
        return burnt + sum(v * hourly[int(float(h))] for h, v in kwh.items())
    certified = whats.get("certified", {})
    factor = {c.name: c.factor for c in factors.contracts(plant)[0]}
    left = sum(kwh.values()) - sum(certified.values())
    residual = factors.required(factors.grid_residual(plant)).value
    return burnt + left * residual + sum(v * factor[n] for n, v in certified.items())


def _burnt(plant: Plant, by_fuel: Mapping[str, float]) -> float:
    total = 0.0
    for fuel, amount in by_fuel.items():
        metered = "m3" if fuel == "gas" else "kg"
        chain = factors.required(factors.emission(plant, fuel, metered)) if amount else ()
        total += amount * math.prod(f.value for f in chain)
    return total
