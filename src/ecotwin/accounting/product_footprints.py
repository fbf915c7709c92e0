"""The PACT footprints of everything an element made in a period, live from its meters and books.

One record a product that was made; what keeps one from being made is said by name and never guessed.

Sources: PACT Technical Specifications 3.0.3; ISO 14067:2018.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.booked.scope1 import plug as scope1
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cradle import Declared, Gate, cradle_to_gate, product_footprint
from ecotwin.accounting.product_inputs import Inputs, categories_of, own_goods
from ecotwin.accounting.sharing import Counted, counted, pieces_counted, sharing
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.model import Plant, Product
from ecotwin.records import Measure

MINUTES_UP_TO_H = 40 * 24
"""Up to this length of the period pieces are counted by minutes, above it by hours."""
ALL_DIRECT = "ghg.scope1_all"
_WORTH_SAYING = 0.01
NEARLY = 0.9
"""A record of at least this share of another's time may take its place."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How footprints are made.

    Attributes:
        electricity: `location` or `market`. exempted: Scope 3 category -> why it is left out.
        exempted_percent: Share of the footprint left out [%], as assessed. created: When the records are made; None:
            when the data behind them was last known, so that the same data gives the same record.
        received: PACT records that suppliers sent.
    """

    electricity: str = "location"
    exempted: Mapping[int, str] | None = None
    exempted_percent: float | None = None
    created: datetime | None = None
    received: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it.

    Attributes:
        records: PACT records. stages: Record id -> the stages behind it, as plain JSON values. words: What cannot be
            had or is doubtful.
    """

    records: tuple[dict[str, Any], ...]
    stages: Mapping[str, list[dict[str, Any]]]
    words: tuple[str, ...]


def records_of(
    desk: Desk,
    element: str,
    previous: Sequence[Mapping[str, Any]] = (),
    *,
    booked: Iterable[Measure] = (),
    settings: Settings | None = None,
) -> tuple[list[dict[str, Any]], list[str]]:
    """A PACT record for each product that an element made, and the words of what cannot be had or is doubtful.

    Args:
        desk: Of the period. element: That makes the products.
        previous: Earlier records: a new one names the newest active one of its product as its predecessor, unless that
            is of a later or of a longer time; when nothing changed it equals the earlier one.
        booked: Figures of the booked families of the same period, where they are made already.
        settings: How they are made.
    """
    made = footprints_of(desk, element, previous, booked=booked, settings=settings)
    return list(made.records), list(made.words)


def footprints_of(
    desk: Desk,
    element: str,
    previous: Sequence[Mapping[str, Any]] = (),
    *,
    booked: Iterable[Measure] = (),
    settings: Settings | None = None,
) -> Made:
    """The same with the stages behind each record, for the report."""
    gates, words, chosen = gates_of(desk, element, booked=booked, settings=settings)
    records: list[dict[str, Any]] = []
    stages: dict[str, list[dict[str, Any]]] = {}
    for gate in gates:
        try:
            record = product_footprint(gate, _declared(desk, gate, chosen))
        except FigureGap as gap:
            words.append(str(gap))
            continue
        same = next((r for r in previous if r["id"] == record["id"]), None)
        before = _newest(previous, record)
        if same is not None:
            record = dict(same)
        elif before is not None:
            record["precedingPfIds"] = [before["id"]]
        records.append(record)
        stages[record["id"]] = _stage_rows(gate)
    return Made(tuple(records), stages, tuple(dict.fromkeys(words)))


def _stage_rows(gate: Gate) -> list[dict[str, Any]]:
    return [
        {
            "stage": s.name, "co2e_kg": s.co2e_kg, "half_kg": s.half_kg,
            "primary_share": s.primary_share, "technology": s.quality.technology,
            "geography": s.quality.geography, "time": s.quality.time,
        }
        for s in gate.stages
    ]  # fmt: skip


def gates_of(
    desk: Desk,
    element: str,
    *,
    booked: Iterable[Measure] = (),
    settings: Settings | None = None,
) -> tuple[list[Gate], list[str], Settings]:
    """The products at the gate before they become records: stages, shares, quality; and the words of what lacks."""
    chosen, plant = settings or Settings(), desk.plant
    words: list[str] = []
    figures = _figures(desk, element, booked, words)
    if not plant.products:
        words.append("the plant file names no products, so that nothing has a footprint")
        return [], words, chosen
    try:
        _all_direct(desk, element, figures)
        pieces = _pieces(desk, element)
        shares = sharing(plant, pieces.made).shares
    except FigureGap as gap:
        return [], [*words, str(gap)], chosen
    if pieces.changing > _WORTH_SAYING:
        words.append(
            f"{100 * pieces.changing:.1f} % of the pieces were made in hours in which the product changed: "
            "each product got half"
        )
    inputs = categories_of(desk, element, chosen.received)
    words += inputs.words
    gates = []
    for product in plant.products:
        if pieces.made.get(product.code, 0.0) <= 0.0:
            continue
        try:
            gates.append(_gate(desk, element, product, figures, pieces, shares, inputs, chosen))
        except (FigureGap, FactorGap) as gap:
            words.append(str(gap))
    return gates, words, chosen


def _gate(
    desk: Desk,
    element: str,
    product: Product,
    figures: Accounts,
    pieces: Counted,
    shares: Mapping[int, float],
    inputs: Inputs,
    chosen: Settings,
) -> Gate:
    own = []
    if inputs.bought is not None:
        own = [own_goods(inputs, product, pieces.made, shares[product.code])]
    return cradle_to_gate(
        desk.plant, product.code, figures, pieces.made, element=element,
        own=own, shared=inputs.shared, electricity=chosen.electricity, exempted=chosen.exempted,
        told=inputs.told,
    )  # fmt: skip


def _figures(desk: Desk, element: str, booked: Iterable[Measure], words: list[str]) -> Accounts:
    """Figures of the element; all of scope 1 from its books, where nobody handed it in."""
    mine = {m.indicator: m for (place, _), m in desk.metered.items() if place == element}
    mine |= {m.indicator: m for m in booked if m.element == element}
    if ALL_DIRECT not in mine and _books_direct(desk, element):
        made, said = scope1.figures(desk, element)
        mine |= {m.indicator: m for m in made}
        words += said
    return Accounts(tuple(mine.values()), ())


def _books_direct(desk: Desk, element: str) -> list[str]:
    below = tuple(e.id for e in desk.plant.under(element))
    return [k for k in scope1.kinds if k != "factor" and any(desk.book.of_kind(k, below))]


def _all_direct(desk: Desk, element: str, figures: Accounts) -> None:
    """Refuse to leave out direct emissions that are booked."""
    kinds = _books_direct(desk, element)
    if kinds and not any(m.indicator == ALL_DIRECT for m in figures.measures):
        raise FigureGap(
            f"{' and '.join(kinds)} emissions of {element} are booked, and all of scope 1 cannot be had",
            expected=f"{ALL_DIRECT} of the period",
            remedy="mend what it lacks, so that nothing that is known is left out of the footprint",
        )


def _pieces(desk: Desk, element: str) -> Counted:
    signals = counted(desk.plant, element)
    if not signals:
        raise FigureGap(
            f"nothing counts the good parts of {element}",
            expected="a signal `parts_good` on its last machine",
            remedy="add it, or ask for an element that makes products",
        )
    step = 60 if desk.period.hours <= MINUTES_UP_TO_H else 3600
    return pieces_counted(desk.plant, element, [desk.window(signals, step)])


def _newest(
    previous: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The newest record that this one takes the place of."""
    found = [r for r in previous if set(r["productIds"]) & set(record["productIds"])]
    followed = [r for r in found if r.get("status") == "Active" and _follows(record, r)]
    return max(followed, key=lambda r: datetime.fromisoformat(r["created"]), default=None)


def _follows(record: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a record is of a time no earlier and about as long, or longer: a month never replaces a year."""
    (start, end), (begun, ended) = (
        tuple(datetime.fromisoformat(r["pcf"][f"referencePeriod{n}"]) for n in ("Start", "End"))
        for r in (record, before)
    )
    return begun <= start and ended <= end and end - start >= NEARLY * (ended - begun)


def _declared(desk: Desk, gate: Gate, chosen: Settings) -> Declared:
    plant, product = desk.plant, gate.product
    known = [m.known_at for m in desk.metered.values() if m.known_at is not None]
    return Declared(
        plant.company.name, plant.company.ids, product.ids, _described(plant, product),
        chosen.created or max(known, default=gate.period.end),
        fossil_carbon_kg=product.fossil_carbon_kg, biogenic_carbon_kg=product.biogenic_carbon_kg,
        exempted_percent=chosen.exempted_percent,
    )  # fmt: skip


def _described(plant: Plant, product: Product) -> str:
    return f"{product.name}, {product.mass_kg:g} kg, made by {plant.name}"
