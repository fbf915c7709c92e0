"""What went into an element's products before its gate, from its books: scope 3 categories 1, 3, 4 (inbound) and 5.

The lines are those of the inventory's scope 3, so that footprints and inventory never differ. What is missing is not
filled with a zero: the category is left out with the words of why, and the footprint then refuses, unless somebody
exempts the category with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ecotwin.accounting.bookkeeping import Line
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.footprints import read_footprint
from ecotwin.accounting.purchases import purchase_lines, register
from ecotwin.accounting.scope3 import NAMES, Category, Part, category
from ecotwin.accounting.suppliers import Offer, Suppliers
from ecotwin.accounting.value_chain import energy_lines, transport_lines, waste_lines
from ecotwin.clock import Period, local_day
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.plant.model import Product
from ecotwin.records import Booking, Fact


@dataclass(frozen=True, slots=True)
class Inputs:
    """What went in.

    Attributes:
        desk: With the suppliers' records among its books. element: Whose.
        bought: Material -> category 1 of its purchases in the period; None when one of them has no factor: then
            nothing of it is used. shared: Categories 3, 4 and 5 of everything made.
        told: Factor id -> data quality its supplier tells. words: What is missing or doubtful, each a sentence.
    """

    desk: Desk
    element: str
    bought: Mapping[str, Category] | None
    shared: tuple[Category, ...]
    told: Mapping[str, float]
    words: tuple[str, ...] = ()


def categories_of(desk: Desk, element: str, received: Sequence[Mapping[str, Any]] = ()) -> Inputs:
    """The categories before the gate of an element.

    Args:
        desk: With the books of the period. element: Whose. received: PACT records that suppliers sent; one stands for
            the bought material whose name is its product's name or one of its ids. A record that breaks its own
            formula is kept, and the words say so.
    """
    words: list[str] = []
    offers = _offers(desk, received, words)
    desk = _with(desk, "supplier", (_row_of(desk, n, o) for n, o in enumerate(offers.offers)))
    inbound = _with(
        desk, "transport", (b for b in desk.book.of_kind("transport") if b.flag("inbound"))
    )

    def attempt(number: int, make: Callable[[], list[Line]]) -> list[Line] | None:
        try:
            return make()
        except (FactorGap, FigureGap, FileFault) as gap:
            words.append(f"category {number} ({NAMES[number]}): {gap}")
            return None

    def waste() -> list[Line]:
        lines, said = waste_lines(desk, element)
        words.extend(said)
        return lines

    goods = attempt(1, lambda: purchase_lines(desk, element))
    made = {
        3: attempt(3, lambda: energy_lines(desk, element)),
        4: attempt(4, lambda: transport_lines(inbound, element)[0]),
        5: attempt(5, waste),
    }
    shared = tuple(category(n, map(_part, lines)) for n, lines in made.items() if lines)
    bought = None if goods is None else _by_material(goods)
    told = {o.use.id: o.quality for o in offers.offers if o.quality is not None}
    return Inputs(desk, element, bought, shared, told, tuple(words))


def own_goods(
    inputs: Inputs, product: Product, made: Mapping[int, float], share: float
) -> Category:
    """Category 1 of one product: what was bought of its materials, and its share of everything else that was bought.

    A material that products name is shared out by what their pieces hold of it; one of which none was bought in the
    period is taken from stock: pieces x what one holds x the factor that holds now.

    Args:
        inputs: Of the element. product: Which. made: Good pieces by product code.
        share: Of the product in everything, for what no product names.

    Raises:
        FactorGap, FigureGap: A material taken from stock has no factor per kg.
    """
    bought, need = inputs.bought or {}, _need(inputs.desk.plant.products, made)
    parts: list[Part] = []
    for material, found in bought.items():
        held = need.get(material, {})
        whole = sum(held.values())
        weight = held.get(product.code, 0.0) / whole if whole else share
        parts += [replace(p, amount=p.amount * weight) for p in found.parts if weight]
    for material in product.materials:
        kg = need[material][product.code]
        if material not in bought and kg:
            parts += [_part(line, "bill of materials") for line in _stock(inputs, material, kg)]
    return category(1, parts)


def _need(products: Iterable[Product], made: Mapping[int, float]) -> dict[str, dict[int, float]]:
    """Material -> product code -> mass in the good pieces [kg]."""
    need: dict[str, dict[int, float]] = {}
    for one in products:
        for material, kg in one.materials.items():
            need.setdefault(material, {})[one.code] = kg * made.get(one.code, 0.0)
    return need


def _stock(inputs: Inputs, material: str, kg: float) -> list[Line]:
    facts: dict[str, Fact] = {"material": material, "amount": kg, "unit": "kg"}
    source = "bill of materials x good pieces"
    row = Booking(
        "purchase", f"{material} from stock", inputs.desk.period, inputs.element, facts, source
    )
    return purchase_lines(_with(inputs.desk, "purchase", (row,)), inputs.element)


def _by_material(lines: Iterable[Line]) -> dict[str, Category]:
    """Lines of purchases, by the material bought."""
    found: dict[str, list[Part]] = {}
    for line in lines:
        found.setdefault(line.label, []).append(_part(line))
    return {material: category(1, parts) for material, parts in found.items()}


def _part(line: Line, method: str = "as in the inventory") -> Part:
    """A line of the inventory as a part of a category: its first factor, the others in its amount."""
    first, *others = line.factors
    amount = line.amount
    for factor in others:
        amount *= factor.value
    return Part(line.name, amount, line.unit, first, method, line.error, line.primary_share)


# -- what suppliers sent ----------------------------------------------------------------------------


def _offers(desk: Desk, received: Sequence[Mapping[str, Any]], words: list[str]) -> Suppliers:
    """The register of the books, with what suppliers sent in the place of their rows."""
    try:
        offers = register(desk)
    except (FileFault, FactorGap) as fault:
        words.append(str(fault))
        offers = Suppliers(())
    bought = {b.text("material") for b in desk.book.of_kind("purchase")}
    bought |= {m for p in desk.plant.products for m in p.materials}
    for record in received:
        try:
            sent = read_footprint(record)
            stands_for = sorted({sent.product, *sent.product_ids} & bought)
            words += [
                f"the footprint {sent.id} of {sent.company} is kept, but {w}" for w in sent.warnings
            ]
            for material in stands_for:
                offers = offers.with_footprint(sent, material)
            if not stands_for:
                words.append(
                    f"the footprint {sent.id} of {sent.product} fits nothing that is bought"
                )
        except (FileFault, FigureGap) as fault:
            words.append(str(fault))
    return offers


def _row_of(desk: Desk, number: int, offer: Offer) -> Booking:
    """An offer as a row of the book of suppliers."""
    zone = desk.plant.zone
    span = Period(local_day(offer.valid_from, zone).start, local_day(offer.valid_to, zone).start)
    facts: dict[str, Fact | None] = {
        "supplier": offer.supplier, "material": offer.material, "footprint": offer.footprint,
        "unit": offer.unit, "uncertainty": offer.uncertainty, "version": offer.version,
        "place": offer.place, "gwp_set": offer.gwp_set, "primary_share": offer.primary_share,
        "quality": offer.quality, "water_m3": offer.water_m3, "water_amd": offer.water_amd,
    }  # fmt: skip
    given = {name: value for name, value in facts.items() if value is not None}
    return Booking("supplier", f"offer-{number}", span, desk.plant.site.id, given, offer.source)


def _with(desk: Desk, kind: str, rows: Iterable[Booking]) -> Desk:
    """A desk whose book of a kind holds these rows."""
    others = tuple(b for b in desk.book.bookings if b.kind != kind)
    return replace(desk, book=replace(desk.book, bookings=(*others, *rows)))
