"""Category 1 from the book of purchases: supplier's footprint, else a factor by mass, else one by spend.

Keys of the book of factors: `material/<material>` [kgCO2e/kg or per unit bought], `spend/<material>` [kgCO2e/currency],
`price_index/<year>` [1]: prices of the time it holds over those of that year, `margin/<material>` [1]: share of the net
price that is trade and transport margin.

Sources: GHG Protocol Scope 3 Technical Guidance, category 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from ecotwin.accounting.bookfactors import BookFactors, in_unit_of, of_set
from ecotwin.accounting.bookkeeping import Line, booked, each, one_currency, under
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.scope3 import spent
from ecotwin.accounting.suppliers import Offer, Suppliers
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import Booking


def register(desk: Desk) -> Suppliers:
    """The supplier register that stands in the book of suppliers.

    Raises:
        FileFault: Two rows of one supplier and material hold at the same time.
    """
    return Suppliers(tuple(_offer(desk, row) for row in desk.book.of_kind("supplier")))


def purchase_lines(desk: Desk, element: str) -> list[Line]:
    """One line for each purchase.

    Raises:
        FigureGap: Some lack a factor; all are named.
        FileFault: The register contradicts itself.
    """
    offers, book = register(desk), BookFactors(desk.plant, desk.book)

    def make(row: Booking) -> Iterator[Line]:
        if row.number("amount") < 0.0:
            raise FigureGap(
                f"the purchase {row.id} is of {row.number('amount'):g} {row.text('unit')}",
                expected="zero or more",
                remedy="correct the purchase that was sent back",
            )
        yield _line(desk, offers, book, row)

    return each("ghg.scope3_cat1", under(desk, "purchase", element), make)


def _line(desk: Desk, offers: Suppliers, book: BookFactors, row: Booking) -> Line:
    material, moment = row.text("material"), max(row.period.start, desk.period.start)
    day = moment.astimezone(desk.plant.zone).date()
    if offers.holding(material, day, row.text("supplier")):
        return _by_footprint(desk, row, offers.offer(material, day, row.text("supplier")))
    if book.known(f"material/{material}"):
        factor = book.at(f"material/{material}", moment)
        per_kg = factor.unit == "kgCO2e/kg" and "mass_kg" in row.facts
        given = (
            (row.number("mass_kg"), "kg") if per_kg else (row.number("amount"), row.text("unit"))
        )
        amount = in_unit_of(factor, *given)
        below = factor.unit.partition("/")[2]
        return booked(desk, row, material, f"{material}, by mass", amount, below, (factor,))
    if book.known(f"spend/{material}"):
        return _by_spend(desk, book, row, moment)
    whose = f" of {row.text('supplier')}" if row.text("supplier") else ""
    raise FactorGap(
        f"{material}{whose} has no footprint, no factor by mass and none by spend on {day}",
        expected=f"a supplier's footprint, or a factor `material/{material}` or `spend/{material}`",
        remedy=f"ask the supplier for a footprint of {material}, or write a factor into factor.csv",
    )


def _by_footprint(desk: Desk, row: Booking, offer: Offer) -> Line:
    factor = of_set(desk.plant, offer.use)
    per_kg = offer.unit == "kg" and "mass_kg" in row.facts and row.text("unit") != "kg"
    given = (row.number("mass_kg"), "kg") if per_kg else (row.number("amount"), row.text("unit"))
    name = f"{offer.material} of {offer.supplier}"
    told = offer.primary_share or 0.0
    return booked(
        desk, row, offer.material, name, in_unit_of(factor, *given), offer.unit, (factor,), told
    )


def _by_spend(desk: Desk, book: BookFactors, row: Booking, moment: datetime) -> Line:
    one_currency(desk, row)
    material, currency = row.text("material"), desk.plant.currency
    factor = book.at(f"spend/{material}", moment)
    if factor.unit != f"kgCO2e/{currency}":
        raise FactorGap(
            f"the factor {factor.id} is in {factor.unit}, the plant buys in {currency}",
            expected=f"kgCO2e/{currency}",
            remedy="convert the factor at the rate of its year, or give one in the plant's currency",
        )
    year = moment.astimezone(desk.plant.zone).year
    index = book.at(f"price_index/{factor.year}", moment).value if factor.year != year else 1.0
    if "purchaser" in factor.basis:
        margin = 0.0
    elif "basic" in factor.basis:
        margin = book.at(f"margin/{material}", moment).value
    else:
        raise FactorGap(
            f"the factor {factor.id} does not tell which prices it is per",
            expected="`basis` of `purchaser prices` or `basic prices`",
            remedy="state it as published",
        )
    money = spent(row.number("spend"), index, 0.0, margin)
    name = f"{material}, by spend in prices of {factor.year}"
    return booked(desk, row, material, name, money, currency, (factor,))


def _offer(desk: Desk, row: Booking) -> Offer:
    zone = desk.plant.zone

    def day(at: datetime) -> date:
        return at.astimezone(zone).date()

    def maybe(column: str) -> float | None:
        return row.number(column) if column in row.facts else None

    if row.number("footprint") == 0.0:
        raise FactorGap(
            f"the footprint of the supplier row {row.id} is zero",
            expected="a footprint: zero says that nobody knows it",
            remedy="ask the supplier, or remove the row",
        )
    return Offer(
        row.text("supplier"), row.text("material"), row.number("footprint"), row.text("unit"),
        maybe("uncertainty"), day(row.period.start), day(row.period.end), row.source,
        row.text("version"), row.text("place"), row.text("gwp_set"), maybe("primary_share"),
        maybe("quality"), maybe("water_m3"), maybe("water_amd"),
    )  # fmt: skip
