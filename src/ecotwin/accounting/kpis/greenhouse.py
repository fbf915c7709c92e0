"""Scope 1 of fuels burnt on site, scope 2 by both methods, hour by hour, and biogenic CO2 apart.

`ghg.scope2_location`, `ghg.scope1_by_part` and `ghg.scope2_market_by_part` are split into the same figures of the
direct parts of a place and what no meter below it shows; `ghg.scope1` and `ghg.scope2_market` by fuel and by contract.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import (
    Amount,
    attempt,
    measure,
    of_part,
    part_tally,
    settle,
    split_figures,
    use_signals,
    use_terms,
)
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.purchased import bought, own_making, site_signals
from ecotwin.accounting.steps import Steps
from ecotwin.accounting.uncertainty import independent
from ecotwin.clock import HOUR, instant
from ecotwin.errors import FactorGap
from ecotwin.plant.model import Contract, Plant, Signal
from ecotwin.records import FactorUse, Floats, Input, Ints, Measure

_FUELS = ("gas", "fuel")


class Greenhouse(Family):
    """`ghg.scope1`, `ghg.scope2_location`, `ghg.scope2_market`, their sums, and `ghg.biogenic`."""

    name = "greenhouse"
    indicators = (
        "ghg.scope1",
        "ghg.scope2_location",
        "ghg.scope2_market",
        "ghg.scope12_location",
        "ghg.scope12_market",
        "ghg.biogenic",
        "ghg.scope1_by_part",
        "ghg.scope2_market_by_part",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of electricity and fuels, and of what is made on site."""
        found = {s.id: s for c in ("electricity", *_FUELS) for s in use_signals(plant, element, c)}
        if any(s.carrier == "electricity" for s in found.values()):
            found |= {s.id: s for s in own_making(plant)}
        return found.values()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """The site's meters, which tell what was bought."""
        del element
        return site_signals(plant)

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Bought energy, location-based emission and what each contract covered, hour by hour; of each part too."""
        sums = purchased_sums(steps, element)
        use = flows_of(steps.plant).use(element, "electricity")
        for part in use.parts if use else ():
            sums |= of_part(purchased_sums(steps, part), part)
        return sums

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Each figure, the sums only where both parts could be had."""
        fuels = [c for c in _FUELS if flows_of(plant).use(tally.element, c)]
        powered = flows_of(plant).use(tally.element, "electricity") is not None
        made, gaps = attempt([partial(_scope1, plant, tally)] if fuels else [])
        if powered:
            more, words = attempt(
                [partial(_location, plant, tally), partial(_market, plant, tally)]
            )
            made, gaps = made + more, gaps + words + list(factors.contracts(plant)[1])
        biogenic, words = attempt([partial(_biogenic, plant, tally)] if fuels else [])
        by_name = {m.indicator: m for m in made}
        for kind in ("location", "market"):
            parts = [by_name.get("ghg.scope1"), by_name.get(f"ghg.scope2_{kind}")]
            here = [m for m in parts if m is not None]
            if len(here) == bool(fuels) + powered and here:
                made.append(_both(tally, kind, here))
        return _by_part(plant, tally, made) + biogenic, list(dict.fromkeys(gaps + words))


def purchased_sums(steps: Steps, element: str) -> dict[str, float]:
    """`bought` [kWh], `location` [kgCO2e] and `contract|name` [kWh] of an element; nothing where none is metered."""
    use = flows_of(steps.plant).use(element, "electricity")
    if use is None:
        return {}
    share, hour, site_kwh = bought(steps)
    kwh = steps.sum_of(use_terms(use)) * share
    sums = {"bought": float(kwh.sum())}
    hourly = factors.grid_hourly(steps.plant)
    if not isinstance(hourly, FactorGap):
        by_step = np.asarray(hourly)[steps.local_hour.astype(np.int64)]
        sums["location"] = float((kwh * by_step).sum())
    by_hour = np.bincount(hour, kwh)
    for name, part in covered_shares(steps, hour, site_kwh).items():
        sums[f"contract|{name}"] = float((by_hour * part).sum())
    return sums


def _by_part(plant: Plant, tally: Tally, made: list[Measure]) -> list[Measure]:
    """The figures with their parts: in place where nothing else splits them, else as a figure beside them."""
    out: list[Measure] = []
    uses = {c: flows_of(plant).use(tally.element, c) for c in ("electricity", *_FUELS)}
    powered = uses["electricity"]
    fuels = [u for c in _FUELS if (u := uses[c]) is not None]
    makers = {"ghg.scope2_location": _location, "ghg.scope2_market": _market, "ghg.scope1": _scope1}
    for figure in made:
        make, here = makers.get(figure.indicator), fuels
        if figure.indicator.startswith("ghg.scope2") and powered is not None:
            here = [powered]
        parts = tuple(dict.fromkeys(part for use in here for part in use.parts))
        if make is None or not parts:
            out.append(figure)
            continue
        split = split_figures(figure, parts, partial(_of_part, plant, tally, make), here[0].rest)
        if figure.indicator == "ghg.scope2_location":
            out.append(split)
        else:
            out += [figure, replace(split, indicator=f"{figure.indicator}_by_part")]
    return out


def _of_part(
    plant: Plant, tally: Tally, make: Callable[[Plant, Tally], Measure], part: str
) -> Measure:
    return make(plant, part_tally(tally, part))


def covered_shares(steps: Steps, hour: Ints, site_kwh: Floats) -> dict[str, Floats]:
    """Contract -> [hours] share of the site's bought energy that it covers, never more than was left of the hour."""
    left, found = site_kwh.copy(), {}
    for contract in factors.contracts(steps.plant)[0]:
        covered = np.minimum(left, certified(steps, contract, hour, site_kwh))
        left -= covered
        none = np.zeros_like(covered)
        found[contract.name] = np.divide(covered, site_kwh, out=none, where=site_kwh > 0.0)
    return found


def fuel_name(carrier: str, signal: Signal) -> str:
    """What a fuel's factor stands under in the plant file."""
    return carrier if carrier == "gas" else signal.material or "fuel"


def certified(
    steps: Steps,
    contract: Contract,
    hour: Ints,
    site_kwh: Floats,
) -> Floats:
    """[hours] energy that a contract certifies [kWh]: a share of the need, 24 local values, or a whole year's."""
    if not contract.hourly_kwh:
        return contract.share * site_kwh
    length = np.bincount(hour) * steps.step_h
    given = np.asarray(contract.hourly_kwh)
    first = np.unique(hour, return_index=True)[1]
    if len(given) == 24:
        place = steps.local_hour[first].astype(np.int64)
    else:
        start = (
            instant(int(steps.window.at[0]))
            .astimezone(steps.plant.zone)
            .replace(month=1, day=1, hour=0, minute=0, second=0)
        )
        place = (steps.window.at[first] - int(start.timestamp() * 1e6)) // HOUR
        if place.max() >= len(given):
            raise FactorGap(
                f"contract {contract.name!r} certifies {len(given)} hours",
                expected="24 local hours or every hour of the year",
                remedy="complete `hourly_kwh`",
            )
    certified: Floats = (
        given[place] * np.minimum(length, 1.0) if steps.step_h <= 1.0 else given[place] * length
    )
    return certified


def _electricity(plant: Plant, tally: Tally) -> Amount:
    use = flows_of(plant).use(tally.element, "electricity")
    amount = settle(tally.sums, use_terms(use) if use else ())
    made = own_making(plant)
    if made:
        settle(tally.sums, [(1.0, s) for s in made])
    return amount


def _location(plant: Plant, tally: Tally) -> Measure:
    amount, factor = _electricity(plant, tally), factors.required(factors.grid_location(plant))
    kwh, value = tally.sums["bought"] * amount.scale, tally.sums["location"] * amount.scale
    hourly = bool(plant.grid and plant.grid.hourly)
    if hourly and kwh:
        factor = replace(
            factor,
            id=factor.id + "/hourly",
            value=value / kwh,
            basis=f"{factor.basis}; mean of the hourly factors weighed by use",
        )
    amount = replace(
        amount,
        inputs=(Input("bought electricity", kwh, "kWh", "", amount.coverage), *amount.inputs),
    )
    method = f"greenhouse/1: bought electricity x grid factor, {'hour by hour' if hourly else 'yearly mean'}"
    return measure(
        tally,
        "ghg.scope2_location",
        "kgCO2e",
        amount,
        method=method,
        value=value,
        relative=factor.uncertainty,
        factors=(factor,),
    )


def _market(plant: Plant, tally: Tally) -> Measure:
    amount, residual = _electricity(plant, tally), factors.required(factors.grid_residual(plant))
    left = kwh = tally.sums["bought"] * amount.scale
    split, used, spread = {}, [], 0.0
    for contract in factors.contracts(plant)[0]:
        covered = tally.sums.get(f"contract|{contract.name}", 0.0) * amount.scale
        left -= covered
        split[contract.name] = covered * contract.factor
        used.append(_contract_use(contract, plant))
    split["residual mix"] = left * residual.value
    value = sum(split.values())
    factors.one_gwp_set([*used, residual])
    spread = abs(left * residual.value * residual.uncertainty / value) if value else 0.0
    amount = replace(
        amount,
        inputs=(Input("bought electricity", kwh, "kWh", "", amount.coverage), *amount.inputs),
    )
    return measure(
        tally,
        "ghg.scope2_market",
        "kgCO2e",
        amount,
        method="greenhouse/1: contracts matched hour by hour, then residual mix",
        value=value,
        relative=spread,
        split=split,
        factors=(*used, residual),
    )


def _contract_use(contract: Contract, plant: Plant) -> FactorUse:
    return FactorUse(
        f"contract/{contract.name}/{contract.year}",
        contract.factor,
        "kgCO2e/kWh",
        plant.country,
        contract.year,
        contract.source,
        "",
    )


def _fuel_parts(plant: Plant, tally: Tally) -> dict[str, list[tuple[float, Signal]]]:
    groups: dict[str, list[tuple[float, Signal]]] = {}
    for carrier in _FUELS:
        use = flows_of(plant).use(tally.element, carrier)
        for sign, signal in use_terms(use) if use else ():
            groups.setdefault(fuel_name(carrier, signal), []).append((sign, signal))
    return groups


def _scope1(plant: Plant, tally: Tally) -> Measure:
    return _burnt(plant, tally, "ghg.scope1", "kgCO2e", "")


def _biogenic(plant: Plant, tally: Tally) -> Measure | None:
    given = [f for f in _fuel_parts(plant, tally) if f"{f}_biogenic" in plant.factors]
    return _burnt(plant, tally, "ghg.biogenic", "kg", "_biogenic") if given else None


def _burnt(plant: Plant, tally: Tally, indicator: str, unit: str, suffix: str) -> Measure:
    split: dict[str, float] = {}
    used: list[FactorUse] = []
    halves, amounts = [], []
    for fuel, terms in _fuel_parts(plant, tally).items():
        if suffix and f"{fuel}{suffix}" not in plant.factors:
            continue
        metered = "m3" if fuel == "gas" else "kg"
        chain = factors.required(factors.emission(plant, fuel + suffix, metered))
        amount = settle(tally.sums, terms)
        factor = math.prod(f.value for f in chain)
        split[fuel] = amount.value * factor
        halves.append(
            math.hypot(
                amount.half * factor, split[fuel] * independent(f.uncertainty for f in chain)
            )
        )
        used += chain
        amounts.append(amount)
    factors.one_gwp_set(used)
    value, half = sum(split.values()), independent(halves)
    weight = sum(abs(v) for v in split.values())
    weights = [abs(v) / weight if weight else 1.0 / len(split) for v in split.values()]
    return Measure(
        tally.element,
        indicator,
        value,
        unit,
        tally.period,
        sum(w * a.coverage for w, a in zip(weights, amounts, strict=True)),
        sum(w * a.estimated_share for w, a in zip(weights, amounts, strict=True)),
        value - half,
        value + half,
        "greenhouse/1: fuel burnt x emission factor",
        tuple(i for a in amounts for i in a.inputs),
        tuple(used),
        value,
        1.0,
        split,
    )


def _both(tally: Tally, kind: str, parts: list[Measure]) -> Measure:
    value, half = sum(m.value for m in parts), independent((m.high - m.low) / 2 for m in parts)
    factors.one_gwp_set(f for m in parts for f in m.factors)
    weight = sum(abs(m.value) for m in parts)
    weights = [abs(m.value) / weight if weight else 1.0 / len(parts) for m in parts]
    return Measure(
        tally.element,
        f"ghg.scope12_{kind}",
        value,
        "kgCO2e",
        tally.period,
        sum(w * m.coverage for w, m in zip(weights, parts, strict=True)),
        sum(w * m.estimated_share for w, m in zip(weights, parts, strict=True)),
        value - half,
        value + half,
        "greenhouse/1: scope 1 + scope 2",
        tuple(Input(m.indicator, m.value, m.unit, "", m.coverage, m.id) for m in parts),
        tuple(f for m in parts for f in m.factors),
        value,
        1.0,
        {m.indicator.removeprefix("ghg."): m.value for m in parts},
    )


plug = Greenhouse()
