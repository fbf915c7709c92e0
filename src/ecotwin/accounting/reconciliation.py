"""Do the figures of machine, line, area, site and product add up? Row by row, and in words where they do not.

For every figure that adds up, and every place that has parts: figure of the place = figures of its parts + a named rest
that no meter below shows. The rest is the one that the figure itself publishes in its split, so that a row fails when a
part's own figure is not the one its parent counted. Over the products the same: figure = products + *no product*.

Sources: GHG Protocol Corporate Standard ch. 8 (aggregation); ISO 50001:2018 cl. 6.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.kpis.products import TOTALS
from ecotwin.plant.model import Plant
from ecotwin.records import Measure

PARTS = {
    "energy.electricity": ("energy.electricity",),
    "energy.gas": ("energy.gas",),
    "energy.total": ("energy.electricity", "energy.gas"),
    "water.in": ("water.in",),
    "water.out": ("water.out",),
    "water.consumption": ("water.consumption",),
    "waste.total": (),
    "ghg.scope1": ("ghg.scope1_by_part",),
    "ghg.scope2_location": ("ghg.scope2_location",),
    "ghg.scope2_market": ("ghg.scope2_market_by_part",),
    "ghg.scope12_location": ("ghg.scope1_by_part", "ghg.scope2_location"),
    "ghg.scope12_market": ("ghg.scope1_by_part", "ghg.scope2_market_by_part"),
    "cost.total": ("cost.electricity", "cost.gas", "cost.fuel", "cost.water"),
}
"""Figure that adds up -> the figures whose splits name what its parts leave over; none: they leave nothing over."""
TOLERANCE = {"kWh": 1e-3, "kgCO2e": 1e-3, "kg": 1e-3, "m3": 1e-6}
"""Difference that may stand [unit]: 1 Wh, 1 g, 1 ml; of money 0.001."""
MONEY = 1e-3
ROUNDING = 1e-9
"""Share of the largest term below which a difference is rounding."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of one place beside the sum of its parts.

    Attributes:
        parts: Element (or product) -> its figure. rest: Name -> what no part bears. difference: value - parts - rest.
        over: `parts` or `products`. doubt: In words, where it does not close or the rest is negative; else empty.
    """

    element: str
    indicator: str
    unit: str
    over: str
    value: float
    parts: Mapping[str, float]
    rest: Mapping[str, float]
    difference: float
    closes: bool
    doubt: str = ""

    def as_row(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def reconcile(plant: Plant, figures: Accounts) -> tuple[Row, ...]:
    """Every row of a period, from the site down.

    Args:
        plant: The plant. figures: Of all its elements over one period (`accounts.run` without `elements`).
    """
    known = {(m.element, m.indicator): m for m in figures.measures}
    rows: list[Row] = []
    for element in plant.elements:
        for indicator, sources in PARTS.items():
            figure = known.get((element.id, indicator))
            if figure is None:
                continue
            children = [c.id for c in plant.children(element.id)]
            if children:
                rows += _over_parts(plant, figure, children, sources, known)
            split = known.get((element.id, TOTALS.get(indicator, "")))
            if split is not None:
                rows.append(_over_products(figure, split))
    return tuple(rows)


def doubts(rows: Iterable[Row]) -> tuple[str, ...]:
    """The sentences of the rows that do not close, or whose parts show more than the whole."""
    return tuple(row.doubt for row in rows if row.doubt)


def _over_parts(
    plant: Plant,
    figure: Measure,
    children: list[str],
    sources: tuple[str, ...],
    known: Mapping[tuple[str, str], Measure],
) -> list[Row]:
    parts = {
        child: known[child, figure.indicator].value
        for child in children
        if (child, figure.indicator) in known
    }
    if not parts:
        return []
    rest: dict[str, float] = {}
    for source in sources:
        whole = known.get((figure.element, source))
        if whole is None:
            continue
        # A figure without a split has no parts that bear it: all of it is rest.
        split = whole.split or {f"{source} without parts": whole.value}
        for name, value in split.items():
            if name not in children:
                rest[name] = rest.get(name, 0.0) + value
    own = [
        i.value
        for i in figure.inputs
        if i.signal and plant.signal(i.signal).element == figure.element
    ]
    if not sources and own:
        rest["its own scales"] = math.fsum(own)
    # A booking stands with its own place and all above it: what no part bears is the place's own.
    below = {i.name for c in parts for i in known[c, figure.indicator].inputs}
    booked = [i.value for i in figure.inputs if not i.signal and i.name not in below]
    if not sources and booked:
        rest["booked for the place itself"] = math.fsum(booked)
    return [_row(figure, "parts", parts, rest)]


def _over_products(figure: Measure, split: Measure) -> Row:
    made = {n: v for n, v in split.split.items() if n != "no product"}
    rest = {n: v for n, v in split.split.items() if n == "no product"}
    return _row(figure, "products", made, rest)


def _row(figure: Measure, over: str, parts: Mapping[str, float], rest: Mapping[str, float]) -> Row:
    terms = [*parts.values(), *rest.values()]
    difference = math.fsum([figure.value, *(-v for v in terms)])
    allowed = max(
        TOLERANCE.get(figure.unit, MONEY) * 1e-3,
        ROUNDING * max(abs(figure.value), *map(abs, terms), 0.0),
    )
    closes = abs(difference) <= allowed
    return Row(
        figure.element,
        figure.indicator,
        figure.unit,
        over,
        figure.value,
        dict(parts),
        dict(rest),
        difference,
        closes,
        _doubt(figure, over, rest, difference, closes),
    )


def _doubt(
    figure: Measure, over: str, rest: Mapping[str, float], difference: float, closes: bool
) -> str:
    unit, place = figure.unit, f"{figure.element}: "
    if not closes:
        return place + (
            f"{figure.indicator} is {figure.value:.6g} {unit}; its {over} and what they leave over come to "
            f"{abs(difference):.3g} {unit} {'less' if difference > 0.0 else 'more'}. What to do: see whether a figure "
            "was revised later than the others, or is of another period."
        )
    excess, error = -math.fsum(rest.values()), (figure.high - figure.low) / 2.0
    if over == "parts" and excess > error + 1e-9:
        return place + (
            f"the parts show {excess:.4g} {unit} more {figure.indicator} than the place's own meters "
            f"({figure.value:.4g} +- {error:.2g} {unit}). What to do: check the meters, and in the flow graph which "
            "feeds which."
        )
    return ""
