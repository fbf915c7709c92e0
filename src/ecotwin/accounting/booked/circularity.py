"""Circularity of products and secondary and biological material, from the plant's materials and booked purchases.

What a purchase says of its recycled or biological share goes before what the plant file says of the material.
Secondary material is counted on what was bought; where nothing is booked, on the good products made.

Sources: Ellen MacArthur Foundation, Circularity Indicators: an approach to measuring circularity (2019); ESRS E5-4.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ecotwin.accounting.circularity import product_circularity
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.entries import BOOKED, Sum, booked_sum, entries, of_measure, told
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Material, Plant
from ecotwin.records import Booking, Input, Measure

MCI_HALF = 0.05
"""Half of the 95 % interval of a product's MCI (stated assumption: shares of feedstock and end of life as declared)."""
LEAST_KNOWN = 0.95
"""Share of the mass of products, or of purchases, whose materials must be known."""


class CircularityFigures:
    """`circularity.mci`, `material.inflow`, `material.recycled` and their shares."""

    name = "circularity"
    indicators = (
        "circularity.mci",
        "material.inflow",
        "material.recycled",
        "material.recycled_share",
        "material.biological_share",
    )
    kinds = ("purchase",)

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Figures of an element that makes products or buys material."""
        bought, words = _bought(desk, element)
        materials = _as_bought(desk.plant, bought)
        made = desk.metered.get((element, "material.product_mass"))
        mci = partial(_mci, desk, element, made, materials)
        secondary = partial(_secondary, desk, element, made, materials, bought)
        measures: list[Measure] = []
        for maker in (mci, secondary):
            try:
                measures += maker()
            except FigureGap as gap:
                words.append(str(gap))
        return measures, words


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase in the period: mass [kg], its share in the period, shares of its feedstock where they are told."""

    booking: Booking
    share: float
    mass_kg: float
    recycled: float | None
    biological: float | None


def _bought(desk: Desk, element: str) -> tuple[list[Bought], list[str]]:
    found, words = [], []
    for b, share in entries(desk, element, "purchase"):
        in_kg = b.number("amount") if b.text("unit") == "kg" else None
        mass = b.number("mass_kg") if "mass_kg" in b.facts else in_kg
        told_shares = [b.number(c) for c in ("recycled_share", "biological_share") if c in b.facts]
        if any(not 0.0 <= s <= 1.0 for s in told_shares) or (mass is not None and mass < 0.0):
            words.append(
                f"The purchase {b.id} has a negative mass or a share outside of 0 to 1: it is left out until it is "
                "corrected."
            )
        elif mass is not None:
            shares = [
                b.number(c) if c in b.facts else None
                for c in ("recycled_share", "biological_share")
            ]
            found.append(Bought(b, share, mass, *shares))
        elif b.text("material") in {m.id for m in desk.plant.materials}:
            words.append(f"The purchase {b.id} has no mass: it is not in the material used.")
    return found, words


def _as_bought(plant: Plant, bought: Iterable[Bought]) -> dict[str, Material]:
    """The plant's materials with the shares that purchases told, by mass."""
    told_of: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for one in bought:
        for field, value in (
            ("recycled_share", one.recycled),
            ("biological_share", one.biological),
        ):
            if value is not None:
                told_of[one.booking.text("material"), field].append(
                    (one.mass_kg * one.share, value)
                )
    materials = {}
    for material in plant.materials:
        recycled = _mean(told_of[material.id, "recycled_share"], material.recycled_share)
        biological = _mean(told_of[material.id, "biological_share"], material.biological_share)
        reused = min(material.reused_share, 1.0 - recycled)
        materials[material.id] = replace(
            material, recycled_share=recycled, biological_share=biological, reused_share=reused
        )
    return materials


def _mean(rows: list[tuple[float, float]], otherwise: float) -> float:
    """Mean of shares weighed by mass; what stood there before where none is told."""
    total = sum(mass for mass, _ in rows)
    return sum(mass * share for mass, share in rows) / total if total > 0.0 else otherwise


def _mci(
    desk: Desk, element: str, made: Measure | None, materials: Mapping[str, Material]
) -> list[Measure]:
    named = [p for p in desk.plant.products if p.materials]
    if made is None or not named:
        return []
    masses = {p.name: made.split.get(p.name, 0.0) for p in named}
    known = sum(masses.values())
    if made.value <= 0.0:
        return []
    if known < LEAST_KNOWN * made.value:
        lacking = [
            p.name for p in desk.plant.products if not p.materials and made.split.get(p.name)
        ]
        raise FigureGap(
            f"of {made.value:.4g} kg of product, {known:.4g} kg name their materials; {', '.join(lacking)} do not",
            expected=f"{LEAST_KNOWN:.0%} of the mass".replace("%", " %"),
            remedy="add `materials` to the products",
        )
    circles = {p.name: product_circularity(p, materials) for p in named if masses[p.name] > 0.0}
    split = {name: masses[name] / known * one.mci for name, one in circles.items()}
    value = sum(split.values())
    inputs = [Input(f"MCI of {name}", one.mci, "1") for name, one in circles.items()]
    inputs += [Input(f"mass of {name}", masses[name], "kg", "", made.coverage) for name in circles]
    return [
        Measure(
            element, "circularity.mci", value, "1", desk.period, made.coverage, made.estimated_share,
            max(0.0, value - MCI_HALF), min(1.0, value + MCI_HALF),
            "circularity/1: MCI of the products, weighed by the mass made", tuple(inputs), (),
            value * known, known, split,
        )
    ]  # fmt: skip


def _secondary(
    desk: Desk,
    element: str,
    made: Measure | None,
    materials: Mapping[str, Material],
    bought: list[Bought],
) -> list[Measure]:
    if bought:
        sums, words = _of_purchases(materials, bought), "purchases"
    else:
        found = _of_products(desk.plant, made, materials)
        if found is None:
            return []
        sums, words = (
            found,
            "materials in good products (nothing bought is booked; scrap is not in it)",
        )
    whole, recycled, biological = sums
    if whole.value <= 0.0:
        return []
    method = f"circularity/1: by mass of {words}"
    figures = [
        told(desk, element, "material.inflow", "kg", whole, method),
        told(
            desk,
            element,
            "material.recycled",
            "kg",
            recycled,
            method + " x share recycled or reused",
        ),
    ]
    for indicator, part in (
        ("material.recycled_share", recycled),
        ("material.biological_share", biological),
    ):
        share = part.value / whole.value
        half = math.hypot(part.half / whole.value, share * whole.half / whole.value)
        inputs = (
            Input("of these feedstocks", part.value, "kg", "", part.coverage),
            Input("material", whole.value, "kg", "", whole.coverage),
        )
        figures.append(
            Measure(
                element, indicator, share, "1", desk.period, whole.coverage,
                min(1.0, whole.estimated / whole.value), max(0.0, share - half), min(1.0, share + half), method,
                inputs, (), part.value, whole.value,
            )
        )  # fmt: skip
    return figures


def _of_purchases(materials: Mapping[str, Material], bought: list[Bought]) -> tuple[Sum, Sum, Sum]:
    """All, secondary and biological mass of purchases.

    Raises:
        FigureGap: Too much of it is neither of a known material nor tells its shares.
    """

    def share(one: Bought, field: str) -> float | None:
        material = materials.get(one.booking.text("material"))
        if field == "biological":
            if one.biological is not None or material is None:
                return one.biological
            return material.biological_share
        if material is None:
            return one.recycled
        recycled = material.recycled_share if one.recycled is None else one.recycled
        return min(1.0, recycled + material.reused_share)

    whole = sum(b.mass_kg * b.share for b in bought)
    for field in ("recycled", "biological"):
        lacking = [b for b in bought if share(b, field) is None]
        unknown = sum(b.mass_kg * b.share for b in lacking)
        if unknown > (1.0 - LEAST_KNOWN) * whole:
            names = ", ".join(sorted({b.booking.text("material") for b in lacking}))
            raise FigureGap(
                f"of {whole:.4g} kg bought, {unknown:.4g} kg ({names}) say no {field} share",
                expected=f"{LEAST_KNOWN:.0%} of the mass".replace("%", " %"),
                remedy=f"book `{field}_share`, or add the material to the plant file",
            )

    def total(factor: str) -> Sum:
        by = {
            b.booking.id: (b.mass_kg * ((share(b, factor) or 0.0) if factor else 1.0))
            for b in bought
        }
        return booked_sum([(b.booking, b.share) for b in bought], lambda x: by[x.id], "kg")

    return total(""), total("recycled"), total("biological")


def _of_products(
    plant: Plant, made: Measure | None, materials: Mapping[str, Material]
) -> tuple[Sum, Sum, Sum] | None:
    """All, secondary and biological mass in the good products made; None where none names its materials."""
    parts = []
    for product in plant.products:
        mass = made.split.get(product.name, 0.0) if made else 0.0
        if not product.materials or mass <= 0.0 or made is None:
            continue
        pieces = mass / product.mass_kg
        for name, kg in product.materials.items():
            one = materials[name]
            shares = (1.0, one.recycled_share + one.reused_share, one.biological_share)
            parts.append([pieces * kg * s for s in shares])
    if not parts or made is None:
        return None
    base = of_measure(made)

    def of(column: int) -> Sum:
        value = sum(row[column] for row in parts)
        relative = math.hypot(base.half / base.value if base.value else 0.0, BOOKED)
        return Sum(
            value, value * relative, value * made.estimated_share, made.coverage, base.inputs
        )

    return of(0), of(1), of(2)


plug = CircularityFigures()
