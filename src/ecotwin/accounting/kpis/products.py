"""Energy, greenhouse gas, cost and water by product: own use minute by minute, what is shared by a key.

The figure of a place is that of its family (`energy.total`, `ghg.scope12_*`, `cost.total`, `water.in`) to the last
bit; here it is split. What a machine or line used while it made a product is that product's (`subdivision`). The rest
(utilities, buildings, what no meter shows) is shared by the first rule of `allocation` that the outputs allow; the
rule and its reason stand in the method. What a tally holds by product is free of factors: use by hour of the day,
certified energy by contract, machine hours, pieces. The totals beside it are summed as their families sum them.

Sources: ISO 14044:2006 cl. 4.3.4; ISO 14067:2018 cl. 6.4.6.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ecotwin.accounting.allocation import Key, Output, settled, share_out
from ecotwin.accounting.allocation import key as key_of
from ecotwin.accounting.amounts import attempt, use_signals
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.grouped import read
from ecotwin.accounting.held import CARRIERS, Held, held_sums, whole_figures, worth
from ecotwin.accounting.kpis import cost, greenhouse, specific
from ecotwin.accounting.production import able_machines, output_signals, product_signal
from ecotwin.accounting.purchased import own_making, site_signals
from ecotwin.accounting.steps import Steps
from ecotwin.accounting.subdivision import Unit, made_by, shown, sums_by, units
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Input, Measure

NO_PRODUCT = "no product"
TOTALS = {
    "energy.total": "energy.by_product",
    "ghg.scope1": "ghg.scope1_by_product",
    "ghg.scope2_location": "ghg.scope2_location_by_product",
    "ghg.scope2_market": "ghg.scope2_market_by_product",
    "ghg.scope12_location": "ghg.by_product_location",
    "ghg.scope12_market": "ghg.by_product_market",
    "cost.total": "cost.by_product",
    "water.in": "water.by_product",
}
"""Indicator of a place -> the same figure by product."""


class Products(Family):
    """`energy`, `ghg`, `cost`, `water` and `production` `.by_product`; `energy` and `ghg` `.per_product`."""

    name = "products"
    indicators = (
        *TOTALS.values(),
        "production.by_product",
        "energy.per_product",
        "ghg.per_product",
    )

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of the place and counters of good parts; nothing for single machines and where nothing is made."""
        made = output_signals(plant, element, "parts_good")
        if not made or not plant.products or plant.element(element).level == "machine":
            return ()
        found = {s.id: s for c in CARRIERS for s in use_signals(plant, element, c, parts=False)}
        return (found | {s.id: s for s in (*own_making(plant), *made)}).values()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of the machines, what tells products and states, and what was bought."""
        if not tuple(self.signals(plant, element)):
            return ()
        below = [s for c in CARRIERS for u in units(plant, element, c) for _, s in u.terms]
        counters = output_signals(plant, element, "parts_good")
        told = [t for s in counters if (t := product_signal(plant, s.element)) is not None]
        return (*below, *told, *shown(plant, element), *site_signals(plant))

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """Totals as their families sum them, and `product:code|what|detail` of what is direct."""
        plant = steps.plant
        sums = greenhouse.purchased_sums(steps, element) | cost.paid_sums(steps, element)
        for carrier in CARRIERS:
            parts = units(plant, element, carrier)
            for code, amount in sums_by(steps, parts, lambda u: steps.sum_of(u.terms)).items():
                sums |= held_sums(steps, f"product:{code}", carrier, amount)
            if carrier in ("gas", "fuel"):
                sums |= _burnt(steps, carrier, parts)
        return sums | _worked(steps, element) | _pieces(steps, element)

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Every total that can be had, split by product; the words of those that cannot."""
        totals, gaps = whole_figures(plant, tally, TOTALS)
        held = read(tally.sums, "product")
        good, pieces = _good(plant, tally, held, gaps)
        key, words = _key(plant, held, pieces)
        made, more = attempt(partial(_split, plant, t, held, key, words) for t in totals)
        gaps += more
        gaps += [text for figure in made for text in _doubts(plant, figure, held)]
        if good is not None:
            made.append(_counted(good, pieces))
            made += _per_piece(made, pieces, good, gaps)
        return made, list(dict.fromkeys(gaps))


def names(plant: Plant) -> dict[str, str]:
    """Code of a product as the tally holds it -> its name; doubles bear their code too."""
    count = [p.name for p in plant.products]
    return {
        str(p.code): p.name if count.count(p.name) == 1 else f"{p.name} ({p.code})"
        for p in plant.products
    }


def _burnt(steps: Steps, carrier: str, parts: tuple[Unit, ...]) -> dict[str, float]:
    """Fuel by its kind, as each has a factor of its own."""
    kinds: dict[str, list[Unit]] = {}
    for part in parts:
        for term in part.terms:
            kind = greenhouse.fuel_name(carrier, term[1])
            kinds.setdefault(kind, []).append(Unit(part.element, (term,)))
    found: dict[str, float] = {}
    for kind, own in kinds.items():
        for code, amount in sums_by(steps, own, lambda u: steps.sum_of(u.terms)).items():
            found[f"product:{code}|burnt|{kind}"] = float(amount.sum())
    return found


def _worked(steps: Steps, element: str) -> dict[str, float]:
    """Hours in which machines were busy, by product."""
    found: dict[str, float] = {}
    for machine in able_machines(steps.plant, element):
        states, known = steps.states(machine)
        codes = made_by(steps, machine)[known & (states == STATES["busy"])]
        for code, count in zip(*np.unique(codes, return_counts=True), strict=True):
            name = f"product:{code}|hours|"
            found[name] = found.get(name, 0.0) + float(count) * steps.step_h
    return found


def _pieces(steps: Steps, element: str) -> dict[str, float]:
    """Good pieces by product, at the end of the last line."""
    found: dict[str, float] = {}
    for signal in output_signals(steps.plant, element, "parts_good"):
        column = steps.column(signal)
        if column is None:
            continue
        codes = made_by(steps, signal.element)
        for code in np.unique(codes):
            name = f"product:{code}|pieces|"
            found[name] = found.get(name, 0.0) + float(column.amount[codes == code].sum())
    return found


def _good(
    plant: Plant, tally: Tally, held: Mapping[str, Held], gaps: list[str]
) -> tuple[Measure | None, dict[str, float]]:
    """Good parts of the place, and by product so that they sum to it."""
    made, words = attempt([partial(specific.good_parts, plant, tally)])
    gaps += words
    counted = {n: max(0.0, v) for n, v in _by_name(plant, held, "pieces").items()}
    if not made or not any(counted.values()):
        return (made[0] if made else None), dict.fromkeys(counted, 0.0)
    return made[0], share_out(made[0].value, counted)


def _by_name(plant: Plant, held: Mapping[str, Held], what: str) -> dict[str, float]:
    """Amounts of one kind by the product's name; unknown codes are no product."""
    known = names(plant)
    found = dict.fromkeys((*known.values(), NO_PRODUCT), 0.0)
    for code, whats in held.items():
        found[known.get(code, NO_PRODUCT)] += sum(whats.get(what, {}).values())
    return found


def _key(plant: Plant, held: Mapping[str, Held], pieces: Mapping[str, float]) -> tuple[Key, str]:
    """The key for what is shared; all of it is no product's where nothing was made."""
    hours, known = _by_name(plant, held, "hours"), names(plant)
    timed = any(hours.values())
    outputs = [
        Output(
            known[str(p.code)],
            pieces.get(known[str(p.code)], 0.0),
            hours[known[str(p.code)]] if timed else None,
            p.mass_kg,
            p.price,
        )
        for p in plant.products
    ]
    try:
        found = key_of(outputs)
    except FigureGap as gap:
        return Key("nobody", gap.found, {NO_PRODUCT: 1.0}), gap.found
    return found, f"{found.rule}: {found.why}"


def _split(plant: Plant, total: Measure, held: Mapping[str, Held], key: Key, words: str) -> Measure:
    direct = direct_use(plant, total.indicator, held)
    own = math.fsum(direct.values())
    rest = total.value - own
    shared = share_out(rest, key.shares)
    split = {n: direct.get(n, 0.0) + shared.get(n, 0.0) for n in direct.keys() | shared.keys()}
    split = {n: split[n] for n in (*names(plant).values(), NO_PRODUCT) if split.get(n)}
    if split:
        split = settled(split, total.value, max(split, key=lambda n: abs(split[n])))
    return replace(
        total,
        indicator=TOTALS[total.indicator],
        method=f"products/1: own use of lines and machines while they made it; the rest by {words}",
        inputs=(
            Input(total.indicator, total.value, total.unit, "", total.coverage, total.id),
            Input("own use of lines and machines", own, total.unit, "", total.coverage),
            Input(f"shared by {key.rule}", rest, total.unit, "", total.coverage),
            *(
                Input(f"own use for {n}", v, total.unit, "", total.coverage)
                for n, v in direct.items()
            ),
        ),
        numerator=total.value,
        denominator=1.0,
        split=split,
    )


def direct_use(plant: Plant, indicator: str, held: Mapping[str, Held]) -> dict[str, float]:
    """What lines and machines used for each product, in the unit of an indicator."""
    known = names(plant)
    found: dict[str, float] = {}
    for code, whats in held.items():
        name = known.get(code, NO_PRODUCT)
        found[name] = found.get(name, 0.0) + worth(plant, indicator, whats)
    return {n: v for n, v in found.items() if v}


def _doubts(plant: Plant, figure: Measure, held: Mapping[str, Held]) -> list[str]:
    """What a reader must know: negative parts, and products that the plant file does not name."""
    words = [
        f"{figure.element}: {figure.indicator} of {name} is {value:.4g} {figure.unit}: what is metered below is more "
        "than the place's own meters show. What to do: check the meters."
        for name, value in figure.split.items()
        if value < -1e-9 * abs(figure.value)
    ]
    unknown = [c for c in held if c not in names(plant) and c != "-1"]
    if unknown and figure.split.get(NO_PRODUCT):
        words.append(
            f"{figure.element} made products that the plant file does not name ({', '.join(sorted(unknown))}): what "
            "they used stands under no product. What to do: add them under `products`."
        )
    return words


def _counted(good: Measure, pieces: Mapping[str, float]) -> Measure:
    return replace(
        good,
        indicator="production.by_product",
        method="products/1: good parts while the counting machine made the product",
        split={n: v for n, v in pieces.items() if v},
    )


def _per_piece(
    made: list[Measure], pieces: Mapping[str, float], good: Measure, gaps: list[str]
) -> list[Measure]:
    """Energy and greenhouse gas per good piece: sums over the products, each product among the inputs."""
    found = []
    for source, indicator in (
        ("energy.by_product", "energy.per_product"),
        ("ghg.by_product_location", "ghg.per_product"),
    ):
        figure = next((m for m in made if m.indicator == source), None)
        if figure is None:
            continue
        count = math.fsum(v for n, v in pieces.items() if n != NO_PRODUCT)
        if count <= 0.0:
            gaps.append(
                f"{good.element} made no good piece of a known product, so that {indicator} cannot be had. "
                "What to do: ask for a period with production."
            )
            continue
        found.append(_ratio(figure, indicator, pieces, count, good))
    return found


def _ratio(
    figure: Measure, indicator: str, pieces: Mapping[str, float], count: float, good: Measure
) -> Measure:
    parts = {n: v for n, v in figure.split.items() if n != NO_PRODUCT}
    above = math.fsum(parts.values())
    value = above / count
    off = (figure.high - figure.low) / 2.0 / figure.value if figure.value else 0.0
    half = abs(value) * math.hypot(off, (good.high - good.low) / 2.0 / good.value)
    inputs: list[Input] = []
    for name, amount in parts.items():
        n = pieces.get(name, 0.0)
        inputs.append(Input(name, amount, figure.unit, "", figure.coverage, figure.id))
        inputs.append(Input(f"{name}, good pieces", n, "1", "", good.coverage))
        if n > 0.0:
            inputs.append(
                Input(f"{name}, per good piece", amount / n, figure.unit, "", figure.coverage)
            )
    return replace(
        figure,
        indicator=indicator,
        value=value,
        low=value - half,
        high=value + half,
        coverage=min(figure.coverage, good.coverage),
        estimated_share=max(figure.estimated_share, good.estimated_share),
        method=f"products/1: sum of {figure.indicator} over the products / sum of their good pieces; "
        f"{figure.method.removeprefix('products/1: ')}",
        inputs=tuple(inputs),
        numerator=above,
        denominator=count,
        split={n: v / count for n, v in parts.items()},
    )


plug = Products()
