"""Material used, and how much of it leaves as good product."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from ecotwin.accounting.amounts import attempt, measure, settle
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.production import output_signals, product_codes
from ecotwin.accounting.steps import Steps
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Input, Measure


class Material(Family):
    """`material.used`, `material.part_yield`, `material.yield` and `material.product_mass`."""

    name = "material"
    indicators = (
        "material.used",
        "material.part_yield",
        "material.yield",
        "material.product_mass",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Material counters, and the part counters at the element's ends."""
        material = tuple(plant.all_of(element, "material_mass"))
        parts = (*output_signals(plant, element, "parts_good"), *_begun(plant, element))
        return tuple({s.id: s for s in (*material, *parts)}.values())

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """What tells the product."""
        return (
            tuple(plant.all_of(plant.site.id, "product"))
            if output_signals(plant, element, "parts_good")
            else ()
        )

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Mass of good parts by their product's mass [kg], and good parts of no known product."""
        sums: dict[str, float] = defaultdict(float)
        plant = steps.plant
        mass = {p.code: p.mass_kg for p in plant.products}
        for signal in output_signals(plant, element, "parts_good"):
            column = steps.column(signal)
            if column is None:
                continue
            codes = product_codes(steps, plant, signal.element)
            for code in np.unique(codes):
                made = float(column.amount[codes == code].sum())
                if int(code) in mass:
                    sums["good_kg"] += made * mass[int(code)]
                    sums[f"good_kg|{int(code)}"] += made * mass[int(code)]
                else:
                    sums["unknown_parts"] += made
        return dict(sums)

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Material, part yield, and mass yield only where every material that enters is weighed."""
        makers: list[Callable[[], Measure | None]] = []
        material = tuple(plant.all_of(tally.element, "material_mass"))
        good = output_signals(plant, tally.element, "parts_good")
        if material:
            makers.append(partial(_used, tally, material))
        if good and _begun(plant, tally.element):
            makers.append(partial(_part_yield, plant, tally))
        if good and plant.products:
            makers.append(partial(_product_mass, plant, tally))
        if material and good:
            makers.append(partial(_yield, plant, tally, material))
        return attempt(makers)


def _begun(plant: Plant, element: str) -> tuple[Signal, ...]:
    """Counters of parts begun: an element's own, else of each line's first machine that counts."""
    own = plant.find(element, "parts_total")
    if own is not None:
        return (own,)
    ends = {s.element for s in output_signals(plant, element, "parts_good")}
    lines = {p.id for e in ends for p in plant.path(e) if p.level == "line"}
    firsts = (next(plant.all_of(line, "parts_total"), None) for line in sorted(lines))
    return tuple(s for s in firsts if s is not None)


def _used(tally: Tally, material: tuple[Signal, ...]) -> Measure:
    amount = settle(tally.sums, [(1.0, s) for s in material])
    split: dict[str, float] = defaultdict(float)
    for one, signal in zip(amount.inputs, material, strict=True):
        split[signal.material or signal.name] += one.value
    return measure(
        tally,
        "material.used",
        "kg",
        amount,
        method="material/1: sum of material counters",
        split=split,
    )


def _part_yield(plant: Plant, tally: Tally) -> Measure | None:
    good = settle(
        tally.sums, [(1.0, s) for s in output_signals(plant, tally.element, "parts_good")]
    )
    begun = settle(tally.sums, [(1.0, s) for s in _begun(plant, tally.element)])
    if begun.value <= 0.0:
        return None
    value = good.value / begun.value
    half = value * math.hypot(
        good.half / good.value if good.value else 0.0, begun.half / begun.value
    )
    inputs = (
        Input("good parts out", good.value, "1", "", good.coverage),
        Input("parts begun", begun.value, "1", "", begun.coverage),
    )
    return Measure(
        tally.element,
        "material.part_yield",
        value,
        "1",
        tally.period,
        min(good.coverage, begun.coverage),
        max(good.estimated_share, begun.estimated_share),
        value - half,
        value + half,
        "material/1: good parts out / parts begun",
        inputs,
        (),
        good.value,
        begun.value,
    )


def _known_products(tally: Tally, good: float) -> None:
    unknown = tally.sums.get("unknown_parts", 0.0)
    if unknown > 0.01 * max(good, 1.0):
        raise FigureGap(
            f"{unknown:.0f} good parts are of no known product",
            expected="`mass_kg` of every product",
            remedy="add it under `products`",
        )


def _product_mass(plant: Plant, tally: Tally) -> Measure:
    good = settle(
        tally.sums, [(1.0, s) for s in output_signals(plant, tally.element, "parts_good")]
    )
    _known_products(tally, good.value)
    masses = {p.name: tally.sums.get(f"good_kg|{p.code}", 0.0) * good.scale for p in plant.products}
    made = {name: kg for name, kg in masses.items() if kg}
    whole = tally.sums.get("good_kg", 0.0) * good.scale
    if abs(sum(made.values()) - whole) > 1e-6 * max(1.0, whole):
        raise FigureGap(
            "the sums of some days do not tell their products",
            expected="sums made by this version",
            remedy="let the days be summed anew",
        )
    return measure(
        tally,
        "material.product_mass",
        "kg",
        good,
        method="material/1: good parts x mass of the product",
        value=sum(made.values()),
        split=made,
    )


def _yield(plant: Plant, tally: Tally, material: tuple[Signal, ...]) -> Measure | None:
    used = settle(tally.sums, [(1.0, s) for s in material])
    good = settle(
        tally.sums, [(1.0, s) for s in output_signals(plant, tally.element, "parts_good")]
    )
    _known_products(tally, good.value)
    mass = tally.sums.get("good_kg", 0.0) * good.scale
    if used.value <= 0.0 or mass > 1.05 * used.value:
        raise FigureGap(
            f"{tally.element} turned {used.value:.4g} kg of weighed material into {mass:.4g} kg of good product",
            expected="every material that enters to be weighed",
            remedy="add `material_mass` signals for the rest (boards, components), or use material.part_yield",
        )
    value = mass / used.value
    half = value * math.hypot(used.half / used.value, good.half / good.value if good.value else 0.0)
    inputs = (
        Input("mass of good product", mass, "kg", "", good.coverage),
        Input("material used", used.value, "kg", "", used.coverage),
    )
    return Measure(
        tally.element,
        "material.yield",
        value,
        "1",
        tally.period,
        min(used.coverage, good.coverage),
        max(used.estimated_share, good.estimated_share),
        value - half,
        value + half,
        "material/1: mass of good product / material used",
        inputs,
        (),
        mass,
        used.value,
    )


plug = Material()
