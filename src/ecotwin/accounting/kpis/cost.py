"""What bought carriers cost: electricity by tariff band, own making not paid for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import (
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
from ecotwin.accounting.flows import CARRIERS, flows_of
from ecotwin.accounting.purchased import bought, own_making, site_signals
from ecotwin.accounting.steps import Steps
from ecotwin.accounting.uncertainty import independent
from ecotwin.errors import FactorGap, UnitFault
from ecotwin.plant.model import Plant, Signal, Tariff
from ecotwin.records import FactorUse, Floats, Input, Measure
from ecotwin.units import conversion

PAID = ("electricity", "gas", "fuel", "water")


class Money(Family):
    """`cost.<carrier>` and `cost.total` [currency of the plant]."""

    name = "cost"
    indicators = (*(f"cost.{c}" for c in PAID), "cost.total")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of the carriers that have a tariff."""
        found = {s.id: s for c in PAID if plant.tariff(c) for s in use_signals(plant, element, c)}
        if found:
            found |= {s.id: s for s in own_making(plant)}
        return found.values()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """The site's meters, which tell what was bought."""
        del element
        return site_signals(plant)

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Amount x price, step by step [amount unit x price], of the element and of each part."""
        sums = paid_sums(steps, element)
        uses = [flows_of(steps.plant).use(element, c) for c, _ in _tariffs(steps.plant)]
        for part in dict.fromkeys(p for use in uses if use for p in use.parts):
            sums |= of_part(paid_sums(steps, part), part)
        return sums

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Each carrier that has a price; the total only when all of them could be had."""
        here = [c for c, _ in _tariffs(plant) if flows_of(plant).use(tally.element, c)]
        made, gaps = attempt([partial(_with_parts, plant, tally, c) for c in here])
        unpriced = [
            c for c in PAID if flows_of(plant).use(tally.element, c) and plant.tariff(c) is None
        ]
        gaps += [str(factors.price(plant, c)) for c in unpriced]
        if made and len(made) == len(here):
            made.append(_total(plant, tally, made))
        return made, gaps


def paid_sums(steps: Steps, element: str) -> dict[str, float]:
    """`money|carrier` and `paid|carrier` (the amount that was bought) of an element."""
    sums: dict[str, float] = {}
    for carrier, tariff in _tariffs(steps.plant):
        use = flows_of(steps.plant).use(element, carrier)
        if use is None:
            continue
        amount = steps.sum_of(use_terms(use))
        if carrier == "electricity":
            amount = amount * bought(steps)[0]
        sums[f"money|{carrier}"] = float((amount * prices(tariff, steps.local_hour)).sum())
        sums[f"paid|{carrier}"] = float(amount.sum())
    return sums


def prices(tariff: Tariff, local_hour: Floats) -> Floats:
    """[steps] price of a tariff at local hours of the day [currency/unit]."""
    out = np.full(len(local_hour), tariff.price)
    for start, end, price in tariff.bands:
        inside = (
            (local_hour >= start) & (local_hour < end)
            if start < end
            else (local_hour >= start) | (local_hour < end)
        )
        out[inside] = price
    return out


def held_as(carrier: str) -> str:
    """Under which name use by hour of the day is tallied for its price: of electricity what was bought."""
    return "bought" if carrier == "electricity" else carrier


def priced(plant: Plant, carrier: str, by_hour: Mapping[str, float]) -> float:
    """Cost of use by local hour of the day [currency]; 0 where the carrier has no tariff."""
    tariff = plant.tariff(carrier)
    if tariff is None or not by_hour:
        return 0.0
    hours = np.array([float(h) for h in by_hour])
    money = float((prices(tariff, hours) * np.array(list(by_hour.values()))).sum())
    return money * per_unit(plant, carrier, tariff)[0]


def _tariffs(plant: Plant) -> list[tuple[str, Tariff]]:
    return [(c, t) for c in PAID if (t := plant.tariff(c)) is not None]


def per_unit(plant: Plant, carrier: str, tariff: Tariff) -> tuple[float, tuple[FactorUse, ...]]:
    """Tariff units in one metered unit, and the factor it took."""
    unit = CARRIERS[carrier].unit
    try:
        return conversion(unit, tariff.unit)[0], ()
    except UnitFault:
        if carrier == "electricity":
            raise FactorGap(
                f"the tariff of {carrier} is per {tariff.unit}",
                expected="kWh",
                remedy="give the price per kWh",
            ) from None
    heat = factors.required(factors.heating_value(plant, carrier, unit))
    return heat.value * conversion("kWh", tariff.unit)[0], (heat,)


def _with_parts(plant: Plant, tally: Tally, carrier: str) -> Measure | None:
    use, figure = flows_of(plant).use(tally.element, carrier), _cost(plant, tally, carrier)
    if use is None or figure is None or not use.parts:
        return figure
    return split_figures(
        figure, use.parts, lambda part: _cost(plant, part_tally(tally, part), carrier), use.rest
    )


def _cost(plant: Plant, tally: Tally, carrier: str) -> Measure | None:
    use, tariff = flows_of(plant).use(tally.element, carrier), plant.tariff(carrier)
    if use is None or tariff is None:
        return None
    amount = settle(tally.sums, use_terms(use))
    if carrier == "electricity" and own_making(plant):
        settle(tally.sums, [(1.0, s) for s in own_making(plant)])
    units, used = per_unit(plant, carrier, tariff)
    value = tally.sums.get(f"money|{carrier}", 0.0) * amount.scale * units
    paid = tally.sums.get(f"paid|{carrier}", 0.0) * amount.scale
    mean = value / (paid * units) if paid else tariff.price
    price = FactorUse(
        f"tariff/{carrier}",
        mean,
        f"{plant.currency}/{tariff.unit}",
        plant.country,
        tally.period.start.year,
        tariff.source or "plant file",
        plant.digest[:12],
        basis="mean of the bands, weighed by use" if tariff.bands else "",
    )
    relative = independent(f.uncertainty for f in used)
    return measure(
        tally,
        f"cost.{carrier}",
        plant.currency,
        amount,
        method=f"cost/1: {'bought ' if carrier == 'electricity' else ''}{carrier} x price of its hour",
        value=value,
        relative=relative,
        factors=(*used, price),
    )


def _total(plant: Plant, tally: Tally, parts: list[Measure]) -> Measure:
    value, half = sum(m.value for m in parts), independent((m.high - m.low) / 2 for m in parts)
    weight = sum(abs(m.value) for m in parts)
    weights = [abs(m.value) / weight if weight else 1.0 / len(parts) for m in parts]
    return Measure(
        tally.element,
        "cost.total",
        value,
        plant.currency,
        tally.period,
        sum(w * m.coverage for w, m in zip(weights, parts, strict=True)),
        sum(w * m.estimated_share for w, m in zip(weights, parts, strict=True)),
        value - half,
        value + half,
        "cost/1: sum of carriers with a tariff",
        tuple(Input(m.indicator, m.value, m.unit, "", m.coverage, m.id) for m in parts),
        tuple(f for m in parts for f in m.factors),
        value,
        1.0,
        {m.indicator.removeprefix("cost."): m.value for m in parts},
    )


plug = Money()
