"""Scope 1 that no meter tells: vehicles, process gases and refrigerants lost, and the whole with fuels burnt on site.

Keys of the book of factors: `mobile/<fuel>`, and `mobile/<fuel>/biogenic` for CO2 of biogenic origin, which stands
outside the scopes.

Sources: GHG Protocol Corporate Standard ch. 4 and 9; GWP sheet v2.0 (August 2024): fossil methane of processes and
    leaks weighs more than burnt or biogenic methane; IPCC 2006 Guidelines vol. 3 ch. 7 (mass balance).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from ecotwin.accounting import factors
from ecotwin.accounting.amounts import attempt
from ecotwin.accounting.bookfactors import BookFactors, in_unit_of
from ecotwin.accounting.bookkeeping import (
    Line,
    booked,
    each,
    figure,
    metered_lines,
    relative,
    under,
)
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.factors.gases import FORMULAS
from ecotwin.accounting.flows import flows_of
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import Booking, FactorUse, Measure

BOOKS = {"vehicle": "mobile", "process": "process", "refill": "fugitive"}
"""Kind of booking -> its part of scope 1."""
_LOST = {
    "vehicle": "no book of vehicles: fuel burnt in vehicles is not counted",
    "process": "no book of process gases: process emissions are not counted",
    "refill": "no book of refills: refrigerant losses are not counted",
}
_FAMILIES = ("HFC", "HCFC", "CFC")
_NATURAL = {"R-744": "CO2", "R-50": "CH4", "R-846": "SF6"}


class Scope1:
    """`ghg.scope1_mobile`, `_process`, `_fugitive`, `ghg.scope1_all` and `ghg.biogenic_all`."""

    name = "scope1"
    indicators = (
        "ghg.scope1_mobile",
        "ghg.scope1_process",
        "ghg.scope1_fugitive",
        "ghg.scope1_all",
        "ghg.biogenic_all",
    )
    kinds = ("vehicle", "process", "refill", "factor")

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Each figure, and what is not counted."""
        here = [kind for kind in BOOKS if _applies(desk, element, kind)]
        parts: dict[str, Callable[[], Measure | None]] = {
            kind: partial(_part, desk, element, kind) for kind in here
        }
        made, gaps = attempt(parts.values())
        whole, words = attempt(
            [partial(_whole, desk, element, here), partial(_biogenic, desk, element)]
        )
        if element == desk.plant.site.id:
            gaps += [f"{_LOST[k]}. What to do: keep {k}.csv." for k in BOOKS if k not in here]
            gaps += list(_charged(desk))
        return made + whole, list(dict.fromkeys(gaps + words))


def lines_of(desk: Desk, element: str, kind: str) -> list[Line]:
    """Lines of one of the books, scope 1 only.

    Raises:
        FigureGap: A booking cannot be counted, or more of a gas was recovered than was filled.
    """
    book = BookFactors(desk.plant, desk.book)
    makers: dict[str, Callable[[Booking], Iterator[Line]]] = {
        "vehicle": partial(_driven, desk, book),
        "process": partial(_emitted, desk),
        "refill": partial(_refilled, desk),
    }
    lines = each(f"ghg.scope1_{BOOKS[kind]}", under(desk, kind, element), makers[kind])
    if kind == "refill":
        _no_gain(lines)
    return lines


def whole_lines(desk: Desk, element: str) -> list[Line]:
    """Lines of all of scope 1 at an element: fuels metered, then the books that are kept.

    Raises:
        FigureGap: A part that must be there cannot be had.
    """
    lines = _burnt(desk, element, "ghg.scope1")
    for kind in BOOKS:
        if _applies(desk, element, kind):
            lines += lines_of(desk, element, kind)
    return lines


def gas_weight(gas: str, gwp_set: str, *, fossil: bool = True) -> FactorUse:
    """GWP100 of a gas, refrigerant or blend that escapes [kgCO2e/kg].

    >>> gas_weight("R-134a", "AR6").value, gas_weight("R-410A", "AR6").value
    (1530.0, 2255.5)
    >>> gas_weight("CH4", "AR6").value, gas_weight("CH4", "AR6", fossil=False).value
    (29.8, 27.0)

    Raises:
        FactorGap: It is neither a gas nor a blend of the tables.
    """
    name = FORMULAS.get(gas, _NATURAL.get(gas, gas))
    names = [name]
    if name.startswith("R-"):
        blend = factors.blend(name, gwp_set)
        if not isinstance(blend, FactorGap):
            return blend
        names = [f"{family}-{name.removeprefix('R-')}" for family in _FAMILIES]
    for one in names:
        found = factors.gwp(one, gwp_set, fossil_fugitive=fossil)
        if not isinstance(found, FactorGap):
            return found
    raise FactorGap(
        f"there is no GWP of {gas} in {gwp_set}",
        expected="a gas of the table gwp.csv or a blend of blends.csv, e.g. SF6, R-134a, R-410A",
        remedy="correct its name",
    )


def _applies(desk: Desk, element: str, kind: str) -> bool:
    """Whether a book counts here: at the site when it is kept, elsewhere when it holds something of the element."""
    site = element == desk.plant.site.id
    return desk.book.has(kind) if site else bool(under(desk, kind, element))


def _part(desk: Desk, element: str, kind: str) -> Measure:
    methods = {
        "vehicle": "scope1/1: fuel of vehicles x factor",
        "process": "scope1/1: gas mass x GWP100",
        "refill": "scope1/1: (filled up - recovered) x GWP100, mass balance",
    }
    lines = lines_of(desk, element, kind)
    name = f"ghg.scope1_{BOOKS[kind]}"
    return figure(
        desk, element, name, "kgCO2e", lines, methods[kind], f"bookings of {kind} in the period"
    )


def _driven(desk: Desk, book: BookFactors, row: Booking) -> Iterator[Line]:
    fuel = row.text("fuel")
    if fuel.lower() == "electricity":
        return
    factor = book.at(f"mobile/{fuel}", max(row.period.start, desk.period.start))
    amount = in_unit_of(factor, _amount(row, "amount"), row.text("unit"))
    below = factor.unit.partition("/")[2]
    yield booked(desk, row, f"mobile, {fuel}", f"{fuel} of vehicles", amount, below, (factor,))


def _emitted(desk: Desk, row: Booking) -> Iterator[Line]:
    gas, biogenic = row.text("gas"), row.flag("biogenic")
    if biogenic and gas == "CO2":
        return
    weight = gas_weight(gas, desk.plant.gwp_set, fossil=not biogenic)
    mass = _amount(row, "mass_kg")
    yield booked(desk, row, f"process, {gas}", f"{gas} of the process", mass, "kg", (weight,))


def _refilled(desk: Desk, row: Booking) -> Iterator[Line]:
    gas = row.text("gas")
    lost = _amount(row, "mass_kg") - row.number("recovered_kg", 0.0)
    weight = gas_weight(gas, desk.plant.gwp_set)
    yield booked(
        desk, row, f"fugitive, {gas}", f"{gas} filled up - recovered", lost, "kg", (weight,)
    )


def _amount(row: Booking, column: str) -> float:
    value = row.number(column)
    if not 0.0 <= value < float("inf"):
        raise FigureGap(
            f"{column} of {row.kind} {row.id} is {value}",
            expected="zero or more",
            remedy="correct the row; what was recovered has a column of its own",
        )
    return value


def _no_gain(lines: list[Line]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for line in lines:
        sums[line.label] += line.amount
    gained = {label: kg for label, kg in sums.items() if kg < -1e-9}
    if gained:
        named = ", ".join(f"{-kg:g} kg ({label})" for label, kg in gained.items())
        raise FigureGap(
            f"more refrigerant was recovered than filled up: {named}",
            expected="losses of zero or more over the period",
            remedy="book what was in the equipment before, or take a period that holds the filling too",
        )


def _burnt(desk: Desk, element: str, indicator: str) -> list[Line]:
    """The metered figure as a line; none where nothing is burnt."""
    metered = desk.metered.get((element, indicator))
    flows = flows_of(desk.plant)
    burns = [c for c in ("gas", "fuel") if flows.use(element, c)]
    if metered is None and burns and indicator == "ghg.scope1":
        raise FigureGap(
            f"ghg.scope1_all cannot be had: ghg.scope1 of {element} is missing",
            expected="the fuels that its meters count",
            remedy="see why ghg.scope1 cannot be had",
        )
    if metered is None:
        return []
    meter = relative(desk.metered.get((element, "energy.gas_volume"))) if burns == ["gas"] else 0.0
    return [metered_lines(metered, "stationary", f"meters of gas, {element}", meter)]


def _whole(desk: Desk, element: str, here: list[str]) -> Measure | None:
    lines = whole_lines(desk, element)
    if not lines and not here:
        return None
    counted = ["fuels burnt on site", *(BOOKS[k] for k in here)]
    missing = [BOOKS[k] for k in BOOKS if k not in here]
    method = f"scope1/1: sum of {', '.join(counted)}"
    if element == desk.plant.site.id and missing:
        method += f"; not counted for want of a book: {', '.join(missing)}"
    return figure(desk, element, "ghg.scope1_all", "kgCO2e", _parted(lines), method)


def _parted(lines: list[Line]) -> list[Line]:
    """The same lines under their part of scope 1 only."""
    return [replace(line, label=line.label.split(",")[0]) for line in lines]


def _biogenic(desk: Desk, element: str) -> Measure | None:
    book = BookFactors(desk.plant, desk.book)

    def driven(row: Booking) -> Iterator[Line]:
        fuel = row.text("fuel")
        key = f"mobile/{fuel}/biogenic"
        if not book.known(key):
            return
        factor = book.at(key, max(row.period.start, desk.period.start))
        amount = in_unit_of(factor, _amount(row, "amount"), row.text("unit"), "kg")
        below = factor.unit.partition("/")[2]
        yield booked(desk, row, "mobile", f"{fuel} of vehicles", amount, below, (factor,))

    def emitted(row: Booking) -> Iterator[Line]:
        if row.flag("biogenic") and row.text("gas") == "CO2":
            mass = _amount(row, "mass_kg")
            yield booked(desk, row, "process", "biogenic CO2 of the process", mass, "kg", ())

    lines = _burnt(desk, element, "ghg.biogenic")
    lines += each("ghg.biogenic_all", under(desk, "vehicle", element), driven)
    lines += each("ghg.biogenic_all", under(desk, "process", element), emitted)
    if not lines:
        return None
    method = "scope1/1: biogenic CO2 of fuels, vehicles and processes; outside the scopes"
    return figure(desk, element, "ghg.biogenic_all", "kg", lines, method)


def _charged(desk: Desk) -> Iterator[str]:
    rows = [r for r in desk.book.of_kind("vehicle") if r.text("fuel").lower() == "electricity"]
    kwh = sum(r.number("amount", 0.0) * desk.book.share(r) for r in rows)
    if rows:
        yield (
            f"{kwh:.6g} {rows[0].text('unit')} of electricity in vehicles is no scope 1 and not counted here: charged "
            "on site it stands in the site's meters. What to do: add what was charged elsewhere to scope 2 yourself."
        )


plug = Scope1()
