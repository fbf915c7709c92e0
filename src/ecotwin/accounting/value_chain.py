"""Categories 3, 4, 5, 9 and 12 of scope 3 at a desk: lines from meters and books.

Keys of the book of factors: `<carrier>/upstream`, `electricity/losses`, `mobile/<fuel>/upstream`, `transport/<mode>`,
`waste/<material>/<treatment>` else `waste/<treatment>`.

Sources: GHG Protocol Scope 3 Technical Guidance, categories 3, 4, 5, 9, 12; ISO 14083:2023.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from ecotwin.accounting.bookfactors import BookFactors, in_unit_of
from ecotwin.accounting.bookkeeping import (
    Line,
    amount_error,
    booked,
    cut,
    each,
    of_part,
    relative,
    under,
)
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.scope3 import (
    Leg,
    end_of_life,
    fuel_and_energy,
    transport,
    waste,
)
from ecotwin.clock import Period
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import Booking, FactorUse, Measure

BOUGHT = "bought electricity"
"""Name of the input of scope 2 that holds it."""


@dataclass(frozen=True, slots=True)
class Metered:
    """An amount that meters tell: with its share of estimates, coverage, error and the figure it comes from."""

    amount: float
    unit: str
    estimated: float
    coverage: float
    error: float
    measure: str


# -- category 3 ---------------------------------------------------------------------------------


def energy_lines(desk: Desk, element: str) -> list[Line]:
    """What lies before the meters of bought electricity, gas and fuels, and before the fuel of vehicles.

    Raises:
        FactorGap: A factor is missing. FigureGap: An amount is.
    """
    book = BookFactors(desk.plant, desk.book)
    lines: list[Line] = []
    if flows_of(desk.plant).use(element, "electricity"):
        got = bought_electricity(desk, element)
        lines += _before(desk, book, "electricity", got, f"meters of electricity, {element}")
    if flows_of(desk.plant).use(element, "gas"):
        lines += _before(desk, book, "gas", _gas(desk, book, element), f"meters of gas, {element}")
    for fuel, got in _fuels(desk, element).items():
        lines += _before(desk, book, fuel, got, f"meters of {fuel}, {element}")
    return lines + each("ghg.scope3_cat3", under(desk, "vehicle", element), _tank(desk, book))


def bought_electricity(desk: Desk, element: str) -> Metered:
    """Bought electricity of the period as scope 2 counted it [kWh].

    Raises:
        FigureGap: Neither figure of scope 2 could be had.
    """
    for kind in ("location", "market"):
        figure = desk.metered.get((element, f"ghg.scope2_{kind}"))
        for one in figure.inputs if figure else ():
            if figure and one.name == BOUGHT:
                return Metered(
                    one.value, one.unit, figure.estimated_share, one.coverage,
                    meter_error(desk, element), figure.id,
                )  # fmt: skip
    raise FigureGap(
        f"the electricity that {element} bought is not known",
        expected="ghg.scope2_location or ghg.scope2_market of the period",
        remedy="see why these cannot be had",
    )


def meter_error(desk: Desk, element: str) -> float:
    """Half of the 95 % interval of the electricity meters, as a share."""
    return relative(desk.metered.get((element, "energy.electricity")))


def _gas(desk: Desk, book: BookFactors, element: str) -> Metered:
    """Gas in the unit that its upstream factor is per: m3, else kWh by the plant's heating value."""
    factor = book.at("gas/upstream", desk.period.start)
    indicator = "energy.gas" if factor.unit == "kgCO2e/kWh" else "energy.gas_volume"
    return _of_figure(_have(desk, element, indicator), _have(desk, element, "energy.gas_volume"))


def _have(desk: Desk, element: str, indicator: str) -> Measure:
    found = desk.metered.get((element, indicator))
    if found is None:
        raise FigureGap(
            f"there is no {indicator} of {element}",
            expected="the metered figure of the period",
            remedy="see why it cannot be had",
        )
    return found


def _of_figure(figure: Measure, meter: Measure) -> Metered:
    return Metered(
        figure.value,
        figure.unit,
        figure.estimated_share,
        figure.coverage,
        relative(meter),
        figure.id,
    )


def _fuels(desk: Desk, element: str) -> Mapping[str, Metered]:
    """Fuels other than gas that were burnt, by name [kg]."""
    figure = desk.metered.get((element, "ghg.scope1"))
    found: dict[str, Metered] = {}
    for one in figure.inputs if figure else ():
        signal = desk.plant.signal(one.signal) if desk.plant.has_signal(one.signal) else None
        if signal is None or figure is None or signal.carrier != "fuel":
            continue
        name = signal.material or "fuel"
        before = found[name].amount if name in found else 0.0
        found[name] = Metered(
            before + one.value,
            "kg",
            figure.estimated_share,
            one.coverage,
            signal.accuracy,
            figure.id,
        )
    return found


def _before(
    desk: Desk, book: BookFactors, carrier: str, got: Metered, meter: str
) -> Iterator[Line]:
    keys = [f"{carrier}/upstream"] + ([f"{carrier}/losses"] if carrier == "electricity" else [])
    for share, chosen in _pieces(book, keys, desk.period):
        made = fuel_and_energy({carrier: (got.amount * share, got.unit)}, chosen)
        guess = max(got.estimated, float(share < 1.0))
        for part in made.parts:
            yield Line(
                carrier, part.name, part.amount, part.unit, (part.factor,), meter, got.error,
                guess, got.coverage, got.measure,
            )  # fmt: skip


def _pieces(
    book: BookFactors, keys: list[str], period: Period
) -> Iterator[tuple[float, dict[str, FactorUse]]]:
    """Shares of the period in which one set of factors holds."""
    cuts = sorted({0.0, 1.0, *(c for key in keys for c in _cuts(book, key, period))})
    for a, b in pairwise(cuts):
        middle = period.start + (period.end - period.start) * ((a + b) / 2.0)
        yield b - a, {key: book.at(key, middle) for key in keys}


def _cuts(book: BookFactors, key: str, period: Period) -> Iterator[float]:
    at = 0.0
    for share, _ in book.over(key, period)[:-1]:
        at += share
        yield at


def _tank(desk: Desk, book: BookFactors) -> Callable[[Booking], Iterator[Line]]:
    """Well to tank of what vehicles burnt, one booking after the other."""

    def make(row: Booking) -> Iterator[Line]:
        fuel = row.text("fuel")
        if fuel.lower() == "electricity":
            return
        factor = book.at(f"mobile/{fuel}/upstream", max(row.period.start, desk.period.start))
        amount = in_unit_of(factor, row.number("amount"), row.text("unit"))
        below = factor.unit.partition("/")[2]
        name = f"{fuel} of vehicles, upstream"
        yield booked(desk, row, "vehicles", name, amount, below, (factor,))

    return make


# -- categories 4 and 9 -------------------------------------------------------------------------


def transport_lines(desk: Desk, element: str) -> tuple[list[Line], list[Line]]:
    """Categories 4 and 9: each booking stands in exactly one of them.

    Raises:
        FigureGap: Some lack a factor; all are named.
    """
    book = BookFactors(desk.plant, desk.book)
    sides: tuple[list[Line], list[Line]] = ([], [])

    def make(row: Booking) -> Iterator[Line]:
        mode, start = row.text("mode"), max(row.period.start, desk.period.start)
        factor = book.at(f"transport/{mode}", start)
        share, guess = cut(desk, row)
        leg = Leg(
            row.id, mode, row.number("mass_kg") * share, row.number("distance_km"),
            row.flag("paid"), row.flag("inbound"), row.number("distance_adjustment", 1.0),
        )  # fmt: skip
        for side, found in zip(sides, transport([leg], {mode: factor}), strict=True):
            for part in found.parts:
                way = "inbound" if leg.inbound else "outbound"
                named = replace(part, name=f"{mode}, {way}")
                error = amount_error(guess)
                line = of_part(named, mode, f"transport/{row.id}", error, guess)
                side.append(line)
                yield line

    each("transport (ghg.scope3_cat4 and cat9)", under(desk, "transport", element), make)
    return sides


# -- categories 5 and 12 ------------------------------------------------------------------------


def waste_lines(desk: Desk, element: str) -> tuple[list[Line], list[str]]:
    """Category 5: waste on the scales, then what was booked and no scale weighs; and words on what is left out.

    Raises:
        FactorGap: A factor is missing. FigureGap: A mass is negative, or the scales' figure cannot be had.
    """
    book, plant = BookFactors(desk.plant, desk.book), desk.plant
    lines: list[Line] = []
    scales = tuple(plant.all_of(element, "waste_mass"))
    figure = _have(desk, element, "waste.by_treatment") if scales else None
    for one in figure.inputs if figure else ():
        if not plant.has_signal(one.signal):
            continue
        signal = plant.signal(one.signal)
        material = signal.material or signal.waste_code
        keys = [_waste_key(book, material, signal.treatment)]
        for share, chosen in _pieces(book, keys, desk.period):
            made = waste({(material, signal.treatment): one.value * share},
                         {signal.treatment: chosen[keys[0]]})  # fmt: skip
            for part in made.parts:
                line = of_part(part, signal.treatment, signal.id, signal.accuracy, 0.0)
                lines.append(_of_scale(line, figure, one.coverage))
    weighed = {s.waste_code for s in scales}
    rows = under(desk, "waste", element)
    twice = [r for r in rows if r.text("waste_code") in weighed]
    left_out = {r.id for r in twice}

    def make(row: Booking) -> Iterator[Line]:
        material, treatment = row.text("material") or row.text("waste_code"), row.text("treatment")
        share, guess = cut(desk, row)
        factor = book.at(
            _waste_key(book, material, treatment), max(row.period.start, desk.period.start)
        )
        made = waste({(material, treatment): row.number("mass_kg") * share}, {treatment: factor})
        for part in made.parts:
            yield of_part(part, treatment, f"waste/{row.id}", amount_error(guess), guess)

    lines += each("ghg.scope3_cat5", (r for r in rows if r.id not in left_out), make)
    return lines, list(_said_twice(desk, twice))


def _said_twice(desk: Desk, rows: list[Booking]) -> Iterator[str]:
    kg = sum(r.number("mass_kg") * desk.book.share(r) for r in rows)
    if rows:
        codes = ", ".join(sorted({r.text("waste_code") for r in rows}))
        yield (
            f"{kg:.6g} kg of waste are booked under codes that a scale weighs ({codes}) and are not counted again in "
            "category 5. What to do: nothing, if the scale weighs all of it."
        )


def _of_scale(line: Line, figure: Measure | None, coverage: float) -> Line:
    if figure is None:
        return line
    return replace(line, coverage=coverage, estimated=figure.estimated_share, measure=figure.id)


def _waste_key(book: BookFactors, material: str, treatment: str) -> str:
    exact = f"waste/{material}/{treatment}"
    return exact if book.known(exact) else f"waste/{treatment}"


def sold_lines(desk: Desk, element: str) -> list[Line]:
    """Category 12: the materials of what was sold, by how each ends.

    Raises:
        FigureGap: Some bookings lack something; all are named.
    """
    book, plant = BookFactors(desk.plant, desk.book), desk.plant
    ends = {m.id: m.end for m in plant.materials if m.end}

    def make(row: Booking) -> Iterator[Line]:
        share, guess = cut(desk, row)
        start = max(row.period.start, desk.period.start)
        for material, mass in sold_materials(desk, row).items():
            treatments = ends.get(material, {})
            factors = {
                t: book.at(_waste_key(book, material, t), start)
                for t, part in treatments.items() if part > 0.0
            }  # fmt: skip
            made = end_of_life(
                {material: mass * share},
                {material: {t: s for t, s in treatments.items() if s > 0.0}} if treatments else {},
                factors,
            )
            for part in made.parts:
                yield of_part(part, material, f"sold/{row.id}", amount_error(guess), guess)

    return each("ghg.scope3_cat12", under(desk, "sold", element), make)


def sold_materials(desk: Desk, row: Booking) -> dict[str, float]:
    """Material -> mass of a sale [kg], packaging too.

    Raises:
        FactorGap: The product is unknown or nobody told what it is made of.
    """
    if row.text("material"):
        return {row.text("material"): row.number("mass_kg")}
    code = int(row.number("product"))
    product = next((p for p in desk.plant.products if p.code == code), None)
    if product is None or not product.materials:
        what = "is not in the plant file" if product is None else "has no `materials`"
        raise FactorGap(
            f"product {code} {what}, so how it ends cannot be told",
            expected="what one piece is made of, packaging too",
            remedy=f"write `materials` of product {code} into the plant file",
        )
    return {m: kg * row.number("pieces") for m, kg in product.materials.items()}
