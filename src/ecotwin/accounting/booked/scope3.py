"""Scope 3 by category, all scopes together by both methods, and their intensity by revenue.

Sources: GHG Protocol Scope 3 Standard ch. 5 and 7; ISO 14064-1:2018 annex B; ESRS E1-6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ecotwin.accounting.booked.certificates import annual_market
from ecotwin.accounting.booked.scope1 import whole_lines
from ecotwin.accounting.bookkeeping import Line, cut, figure, metered_lines, one_currency, under
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.purchases import purchase_lines
from ecotwin.accounting.scope3 import NAMES
from ecotwin.accounting.uncertainty import Uncertain, first_order
from ecotwin.accounting.value_chain import (
    energy_lines,
    meter_error,
    sold_lines,
    transport_lines,
    waste_lines,
)
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.records import Input, Measure

METHODS = {
    1: "quantity x supplier's footprint, else x factor by mass, else spend x factor",
    3: "metered energy and fuel of vehicles x upstream factors and grid losses",
    4: "ISO 14083: t.km x class; inbound, and outbound that is paid for",
    5: "mass of waste by treatment x factor, no credit for recycling",
    9: "ISO 14083: t.km x class; outbound that others pay for",
    12: "mass sold x share of each treatment x factor",
}
_KINDS = {1: ("purchase",), 4: ("transport",), 5: ("waste",), 9: ("transport",), 12: ("sold",)}
_OTHERS = tuple(n for n in range(1, 16) if n not in NAMES)
Lines = Mapping[int, list[Line]]


class Scope3:
    """`ghg.scope3_cat1` ... `_cat12`, `ghg.scope3`, totals of all scopes and their intensity."""

    name = "scope3"
    indicators = (
        *(f"ghg.scope3_cat{n}" for n in NAMES),
        "ghg.scope3",
        "ghg.scope3_primary_share",
        "ghg.total_location",
        "ghg.total_market",
        "ghg.intensity_revenue_location",
        "ghg.intensity_revenue_market",
    )
    kinds = ("purchase", "supplier", "factor", "transport", "vehicle", "waste", "sold", "revenue",
             "process", "refill", "certificate")  # fmt: skip

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Each category that has data, their sum, and the totals; with words on what lacks."""
        lines, gaps = categories(desk, element)
        made: list[Measure] = []
        for number, rows in lines.items():
            method = f"scope3/1: {METHODS[number]}"
            none = f"bookings of {', '.join(_KINDS.get(number, ()))} in the period"
            name = f"ghg.scope3_cat{number}"
            _try(made, gaps, partial(figure, desk, element, name, "kgCO2e", rows, method, none))
        if lines:
            _try(made, gaps, partial(_sum, desk, element, lines))
            _try(made, gaps, partial(_primary, desk, element, lines))
            for kind in ("location", "market"):
                _try(made, gaps, partial(_total, desk, element, lines, kind))
                _intensity(desk, element, kind, made, gaps)
        if element == desk.plant.site.id:
            listed = ", ".join(map(str, _OTHERS))
            gaps.append(
                f"scope 3 categories {listed} are not covered. What to do: report them from elsewhere, or say why they "
                "do not apply."
            )
        return made, list(dict.fromkeys(gaps))


def categories(desk: Desk, element: str) -> tuple[dict[int, list[Line]], list[str]]:
    """Lines of each category that can be had, and words on each that cannot or is doubtful."""
    site, plant = element == desk.plant.site.id, desk.plant
    gaps: list[str] = []
    lines: dict[int, list[Line]] = {}

    def kept(kind: str) -> bool:
        return desk.book.has(kind) if site else bool(under(desk, kind, element))

    def attempt(number: int, make: Callable[[], list[Line]]) -> None:
        try:
            lines[number] = make()
        except (FactorGap, FigureGap, FileFault) as gap:
            gaps.append(f"Scope 3 category {number} ({NAMES[number]}): {gap}")

    def lacking(number: int, kind: str) -> None:
        if site:
            gaps.append(
                f"Scope 3 category {number} ({NAMES[number]}) has no data: no book of {kind}. "
                f"What to do: keep {kind}.csv."
            )

    flows = flows_of(plant)
    powered = any(flows.use(element, c) for c in ("electricity", "gas", "fuel"))
    if kept("purchase"):
        attempt(1, lambda: purchase_lines(desk, element))
    else:
        lacking(1, "purchase")
    if (powered or kept("vehicle")) and desk.book.has("factor"):
        attempt(3, lambda: energy_lines(desk, element))
    elif powered or kept("vehicle"):
        lacking(3, "factor")
    if kept("transport"):
        _transport(desk, element, lines, gaps)
    else:
        lacking(4, "transport")
        lacking(9, "transport")
    weighed = any(True for _ in plant.all_of(element, "waste_mass"))
    if kept("waste") or (weighed and desk.book.has("factor")):
        attempt(5, partial(_waste, desk, element, gaps))
    else:
        lacking(5, "factor" if weighed else "waste")
    if kept("sold"):
        attempt(12, lambda: sold_lines(desk, element))
    else:
        lacking(12, "sold")
    return dict(sorted(lines.items())), gaps


def total_lines(desk: Desk, element: str, lines: Lines, kind: str) -> list[Line]:
    """All scopes as lines, so that a meter or factor that two of them share errs alike in both.

    Args:
        desk, element: Whose. lines: Of scope 3 by category. kind: `location` or `market`.

    Raises:
        FigureGap: Scope 1 or scope 2 is missing.
    """
    made = [replace(line, label="scope1") for line in whole_lines(desk, element)]
    if flows_of(desk.plant).use(element, "electricity"):
        second = _scope2(desk, element, kind)
        meter = f"meters of electricity, {element}"
        made.append(metered_lines(second, "scope2", meter, meter_error(desk, element)))
    return made + [replace(line, label="scope3") for rows in lines.values() for line in rows]


def _transport(desk: Desk, element: str, lines: dict[int, list[Line]], gaps: list[str]) -> None:
    try:
        lines[4], lines[9] = transport_lines(desk, element)
    except (FactorGap, FigureGap) as gap:
        gaps.append(f"Scope 3 categories 4 and 9 (transport): {gap}")


def _waste(desk: Desk, element: str, gaps: list[str]) -> list[Line]:
    lines, words = waste_lines(desk, element)
    gaps += words
    return lines


def _scope2(desk: Desk, element: str, kind: str) -> Measure:
    """Scope 2 by a method; by the market with the certificates of the year, where some are booked."""
    certified = kind == "market" and element == desk.plant.site.id and desk.book.has("certificate")
    if certified:
        made = desk.metered.get((element, "ghg.scope2_market_annual"))
        return made or annual_market(desk)
    found = desk.metered.get((element, f"ghg.scope2_{kind}"))
    if found is None:
        raise FigureGap(
            f"ghg.total_{kind} of {element} cannot be had: ghg.scope2_{kind} is missing",
            expected="scope 2 of the period",
            remedy=f"see why ghg.scope2_{kind} cannot be had",
        )
    return found


def _try(made: list[Measure], gaps: list[str], make: Callable[[], Measure]) -> None:
    try:
        made.append(make())
    except (FactorGap, FigureGap) as gap:
        gaps.append(str(gap))


def _listed(lines: Lines) -> str:
    return ", ".join(map(str, lines))


def _sum(desk: Desk, element: str, lines: Lines) -> Measure:
    rows = [replace(line, label=f"cat{n}") for n, found in lines.items() for line in found]
    method = f"scope3/1: sum of categories {_listed(lines)}"
    made = figure(desk, element, "ghg.scope3", "kgCO2e", rows, method)
    return replace(made, split={f"cat{n}": made.split.get(f"cat{n}", 0.0) for n in lines})


def _primary(desk: Desk, element: str, lines: Lines) -> Measure:
    rows = [line for found in lines.values() for line in found]
    weight = sum(abs(line.value) for line in rows)
    if not weight:
        raise FigureGap(
            f"ghg.scope3_primary_share of {element}: scope 3 comes to nothing in the period",
            expected="an emission to take a share of",
            remedy="ask for a longer period",
        )
    told = sum(abs(line.value) * line.primary_share / 100.0 for line in rows)
    share = told / weight
    turned = (
        (*line.product, Uncertain("", (line.primary_share / 100.0 - share) / weight))
        for line in rows
    )
    half = first_order(turned)[1]
    return Measure(
        element, "ghg.scope3_primary_share", share, "1", desk.period, 1.0,
        min(1.0, sum(abs(line.value) * line.estimated for line in rows) / weight),
        max(0.0, share - half), min(1.0, share + half),
        f"scope3/1: share of categories {_listed(lines)} that rests on suppliers' own data",
        (Input("scope 3 on suppliers' own data", told, "kgCO2e"), Input("scope 3", weight, "kgCO2e")),
        tuple({f.id: f for line in rows if line.primary_share for f in line.factors}.values()),
        told, weight,
    )  # fmt: skip


def _total(desk: Desk, element: str, lines: Lines, kind: str) -> Measure:
    rows = total_lines(desk, element, lines, kind)
    second = f"scope 2 by {'market' if kind == 'market' else 'location'}"
    if any(line.name == "ghg.scope2_market_annual" for line in rows):
        second += " with certificates of the year"
    method = f"scope3/1: scope 1 + {second} + scope 3 categories {_listed(lines)}"
    return figure(desk, element, f"ghg.total_{kind}", "kgCO2e", rows, method)


def _intensity(desk: Desk, element: str, kind: str, made: list[Measure], gaps: list[str]) -> None:
    """Total by revenue, where revenue is booked."""
    total = next((m for m in made if m.indicator == f"ghg.total_{kind}"), None)
    rows = under(desk, "revenue", element)
    if total is None or not rows:
        if element == desk.plant.site.id and not desk.book.has("revenue"):
            gaps.append(
                "The intensity by revenue has no data: no book of revenue. What to do: keep revenue.csv."
            )
        return
    try:
        for row in rows:
            one_currency(desk, row)
    except FigureGap as gap:
        gaps.append(f"ghg.intensity_revenue_{kind} cannot be had: {gap}")
        return
    parts = [(row.number("amount") * cut(desk, row)[0], cut(desk, row)[1]) for row in rows]
    revenue = sum(amount for amount, _ in parts)
    if revenue <= 0.0:
        gaps.append(
            f"ghg.intensity_revenue_{kind} of {element} cannot be had: the revenue of the period is {revenue:g}."
        )
        return
    guessed = sum(amount * guess for amount, guess in parts) / revenue
    value, currency = total.value / revenue, desk.plant.currency
    made.append(
        Measure(
            element, f"ghg.intensity_revenue_{kind}", value, f"kgCO2e/{currency}", desk.period,
            total.coverage, max(total.estimated_share, min(1.0, guessed)), total.low / revenue,
            total.high / revenue, f"scope3/1: ghg.total_{kind} / net revenue",
            (Input(total.indicator, total.value, "kgCO2e", "", total.coverage, total.id),
             Input("net revenue", revenue, currency)),
            (), total.value, revenue,
        )
    )  # fmt: skip


plug = Scope3()
