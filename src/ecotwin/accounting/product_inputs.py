"""What went into an element's products before its gate, from its books: scope 3 categories 1, 3, 4 (inbound) and 5.

What is missing is not filled with a zero: the category is left out with the words of why, and the footprint then
refuses, unless somebody exempts the category with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.footprints import read_footprint
from ecotwin.accounting.scope3 import (
    NAMES,
    Category,
    Leg,
    category,
    fuel_and_energy,
    transport,
    waste,
)
from ecotwin.accounting.suppliers import Offer, Purchase, Suppliers
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.plant.model import Plant, Product
from ecotwin.records import Booking, FactorUse, Measure

PARTIAL = 0.1
"""Half of the 95 % interval of a booking's amount of which only a part, by time, falls into the period."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What went in.

    Attributes:
        bought: Material -> category 1 of its purchases in the period; None when one of them has no factor: then
            nothing of it is used. shared: Categories 3, 4 and 5 of everything
            made. register: Who offers what. told: Factor id -> data quality its supplier tells.
        words: What is missing or doubtful, each a sentence.
    """

    bought: Mapping[str, Category] | None
    shared: tuple[Category, ...]
    register: Suppliers
    told: Mapping[str, float]
    at: date
    words: tuple[str, ...] = field(default=())


def categories_of(desk: Desk, element: str, received: Sequence[Mapping[str, Any]] = ()) -> Inputs:
    """The categories before the gate of an element.

    Args:
        desk: With the books of the period. element: Whose. received: PACT records that suppliers sent; one stands for
            the bought material whose name is its product's name or one of its ids. A record that breaks its own
            formula is kept, and the words say so.
    """
    words: list[str] = []
    register = _register(desk, received, words)
    bought: dict[str, Category] | None = None
    try:
        bought = _bought(desk, element, register)
    except (FactorGap, FigureGap) as gap:
        words.append(f"category 1 ({NAMES[1]}): {gap}")
    factors = _factors(desk, words)
    shared: list[Category] = []
    makers: tuple[tuple[int, Callable[[], Category | None]], ...] = (
        (3, lambda: _energy(desk, element, factors)),
        (4, lambda: _inbound(desk, element, factors)),
        (5, lambda: _waste(desk, element, factors, words)),
    )
    for number, make in makers:
        try:
            made = make()
        except (FactorGap, FigureGap) as gap:
            words.append(f"category {number} ({NAMES[number]}): {gap}")
        else:
            shared += [made] if made is not None and made.parts else []
    told = {o.use.id: o.quality for o in register.offers if o.quality is not None}
    return Inputs(
        bought, tuple(shared), register, told, _day(desk, desk.period.start), tuple(words)
    )


def own_goods(
    inputs: Inputs, plant: Plant, product: Product, made: Mapping[int, float], share: float
) -> Category:
    """Category 1 of one product: what was bought of its materials, and its share of everything else that was bought.

    A material that products name is shared out by what their pieces hold of it; one of which none was bought in the
    period is taken from stock: pieces x what one holds x the footprint that holds now.

    Args:
        made: Good pieces by product code. share: Of the product in everything, for what no product names.

    Raises:
        FactorGap: A material taken from stock has no footprint per kg.
    """
    need: dict[str, dict[int, float]] = {}
    for one in plant.products:
        for material, kg in one.materials.items():
            need.setdefault(material, {})[one.code] = kg * made.get(one.code, 0.0)
    parts = []
    bought = inputs.bought or {}
    for material, found in bought.items():
        held = need.get(material, {})
        whole = sum(held.values())
        weight = held.get(product.code, 0.0) / whole if whole else share
        parts += [replace(p, amount=p.amount * weight) for p in found.parts if weight]
    for material in product.materials:
        kg = need[material].get(product.code, 0.0)
        if material not in bought and kg:
            taken = inputs.register.purchased([Purchase(material, kg, "kg", inputs.at)])
            parts += [
                replace(
                    p,
                    name=f"{material} from stock",
                    method="bill of materials x supplier's footprint",
                )
                for p in taken.parts
            ]
    return category(1, parts)


# -- the register and the factors -------------------------------------------------------------------


def _register(desk: Desk, received: Sequence[Mapping[str, Any]], words: list[str]) -> Suppliers:
    try:
        register = Suppliers(tuple(_offer(desk, b) for b in desk.book.of_kind("supplier")))
    except FileFault as fault:
        words.append(str(fault))
        return Suppliers(())
    bought = {b.text("material") for b in desk.book.of_kind("purchase")}
    bought |= {m for p in desk.plant.products for m in p.materials}
    for record in received:
        try:
            footprint = read_footprint(record)
            stands_for = {footprint.product, *footprint.product_ids} & bought
            words += [
                f"the footprint {footprint.id} of {footprint.company} is kept, but {w}"
                for w in footprint.warnings
            ]
            for material in sorted(stands_for):
                register = register.with_footprint(footprint, material)
            if not stands_for:
                words.append(
                    f"the footprint {footprint.id} of {footprint.product} fits nothing that is bought"
                )
        except (FileFault, FigureGap) as fault:
            words.append(str(fault))
    return register


def _offer(desk: Desk, booking: Booking) -> Offer:
    def maybe(name: str) -> float | None:
        return booking.number(name) if name in booking.facts else None

    return Offer(
        booking.text("supplier"), booking.text("material"), booking.number("footprint"),
        booking.text("unit"), maybe("uncertainty"), _day(desk, booking.period.start),
        _day(desk, booking.period.end), booking.source, booking.text("version"),
        booking.text("place"), booking.text("gwp_set"), maybe("primary_share"), maybe("quality"),
        maybe("water_m3"), maybe("water_amd"),
    )  # fmt: skip


def _factors(desk: Desk, words: list[str]) -> dict[str, FactorUse]:
    """Factors by key, the book's before the plant file's; two of one key in a period are used for nothing."""
    found: dict[str, FactorUse] = {}
    for key, given in desk.plant.factors.items():
        if "/" in key and {"value", "unit"} <= given.keys():
            facts = {k: v for k, v in given.items() if v is not None}
            found[key] = _use(key, facts, str(given.get("source", "")))
    twice = set()
    booked: dict[str, FactorUse] = {}
    for booking in desk.book.of_kind("factor"):
        key = booking.text("key")
        if key in booked:
            twice.add(key)
        booked[key] = _use(key, booking.facts, booking.source)
    for key in sorted(twice):
        words.append(f"two factors {key!r} hold in the period: it is to be cut where they change")
        booked.pop(key)
        found.pop(key, None)
    return found | booked


def _use(key: str, facts: Mapping[str, Any], source: str) -> FactorUse:
    year = int(float(facts.get("year") or 0))
    return FactorUse(
        f"own/{key}/{year}", float(facts["value"]), str(facts["unit"]), str(facts.get("place", "")),
        year, source, str(facts.get("version", "")), str(facts.get("gwp_set", "")),
        float(facts.get("uncertainty") or 0.0), str(facts.get("basis", "")),
    )  # fmt: skip


# -- categories -------------------------------------------------------------------------------------


def _bought(desk: Desk, element: str, register: Suppliers) -> dict[str, Category]:
    by_material: dict[str, list[Purchase]] = {}
    for booking in desk.book.of_kind("purchase", _below(desk, element)):
        share = desk.book.share(booking)
        purchase = Purchase(
            booking.text("material"), booking.number("amount") * share, booking.text("unit"),
            _day(desk, max(booking.period.start, desk.period.start)), booking.text("supplier"),
            0.0 if share == 1.0 else PARTIAL,
        )  # fmt: skip
        by_material.setdefault(purchase.material, []).append(purchase)
    return {m: register.purchased(rows) for m, rows in by_material.items()}


def _energy(desk: Desk, element: str, factors: Mapping[str, FactorUse]) -> Category | None:
    used: dict[str, tuple[float, str]] = {}
    errors = []
    power = desk.metered.get((element, "ghg.scope2_location"))
    bought = (
        next((i for i in power.inputs if i.name == "bought electricity"), None) if power else None
    )
    if power is not None and bought is not None and bought.value > 0.0:
        used["electricity"] = (bought.value, "kWh")
        errors.append(_error(desk.metered.get((element, "energy.electricity"))))
    for carrier, indicators in (
        ("gas", ("energy.gas_volume", "energy.gas")),
        ("fuel", ("energy.fuel",)),
    ):
        figures = [m for i in indicators if (m := desk.metered.get((element, i))) is not None]
        factor = factors.get(f"{carrier}/upstream")
        fitting = [m for m in figures if factor and factor.unit == f"kgCO2e/{m.unit}"]
        for m in (fitting or figures)[:1]:
            used[carrier] = (m.value, m.unit)
            errors.append(_error(m))
    return fuel_and_energy(used, factors, max(errors, default=0.0)) if used else None


def _inbound(desk: Desk, element: str, factors: Mapping[str, FactorUse]) -> Category | None:
    legs = []
    for booking in desk.book.of_kind("transport", _below(desk, element)):
        if not booking.flag("inbound"):
            continue
        share = desk.book.share(booking)
        legs.append(
            Leg(
                booking.id, f"transport/{booking.text('mode')}", booking.number("mass_kg") * share,
                booking.number("distance_km"), booking.flag("paid"), True,
                booking.number("distance_adjustment", 1.0), 0.0 if share == 1.0 else PARTIAL,
            )
        )  # fmt: skip
    return transport(legs, factors)[0] if legs else None


def _waste(
    desk: Desk, element: str, factors: Mapping[str, FactorUse], words: list[str]
) -> Category | None:
    masses: dict[tuple[str, str], float] = {}
    weighed = desk.metered.get((element, "waste.by_treatment"))
    for one in weighed.inputs if weighed is not None else ():
        signal = desk.plant.signal(one.signal)
        key = (signal.waste_code, signal.treatment)
        masses[key] = masses.get(key, 0.0) + one.value
    on_scales = {code for code, _ in masses}
    for booking in desk.book.of_kind("waste", _below(desk, element)):
        code = booking.text("waste_code")
        if code in on_scales:
            words.append(
                f"waste {code} of {booking.id} is on a scale already: the note is not counted a second time"
            )
            continue
        key = (booking.text("material") or code, booking.text("treatment"))
        masses[key] = masses.get(key, 0.0) + booking.number("mass_kg") * desk.book.share(booking)
    mine = {k.removeprefix("waste/"): f for k, f in factors.items() if k.startswith("waste/")}
    return waste(masses, mine, _error(weighed)) if masses else None


def _error(figure: Measure | None) -> float:
    """Half of a figure's 95 % interval as a share of it."""
    if figure is None or not figure.value:
        return 0.0
    return abs((figure.high - figure.low) / 2.0 / figure.value)


def _below(desk: Desk, element: str) -> tuple[str, ...]:
    return tuple(e.id for e in desk.plant.under(element))


def _day(desk: Desk, moment: datetime) -> date:
    return moment.astimezone(desk.plant.zone).date()
