"""Pieces made by product, and how what was emitted is shared out among them so that the shares sum to 1.

The rule: by the mass of good pieces, the physical relation of ISO 14044, unless the products' prices a kilogram differ
by more than five times; then by their price, because mass would give a cheap heavy product what the dear one causes.

Sources: ISO 14044:2006 4.3.4.2; PACT Methodology V3 (the ratio of 5 is background knowledge).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.production import output_signals, product_codes, product_signal
from ecotwin.accounting.steps import Steps, steps_of
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Product, Signal
from ecotwin.records import Floats, Window

PRICE_RATIO = 5.0
"""Ratio of prices a kilogram above which emissions are shared out by price."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Shares of the products in what an element emitted; they sum to 1.

    Attributes:
        shares: Product code -> share. rule: `mass` or `price`. text: Why, for the reader.
    """

    shares: Mapping[int, float]
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Good pieces by product code; `changing`: share of them in steps in which the product changed."""

    made: dict[int, float]
    changing: float


def counted(plant: Plant, element: str) -> tuple[int, ...]:
    """Signal indices that `pieces_made` wants in its windows."""
    found = {s.index for s in output_signals(plant, element, "parts_good")}
    signals = (
        product_signal(plant, s.element) for s in output_signals(plant, element, "parts_good")
    )
    return tuple(sorted(found | {s.index for s in signals if s is not None}))


def pieces_made(plant: Plant, element: str, windows: Iterable[Window]) -> dict[int, float]:
    """Good pieces of each product by its code, as counted at the end of the last line.

    Raises:
        FigureGap: Pieces were made while the product was not known.
    """
    return pieces_counted(plant, element, windows).made


def pieces_counted(plant: Plant, element: str, windows: Iterable[Window]) -> Counted:
    """The same, and how many of them stand in steps in which the product changed: there each product gets half.

    Raises:
        FigureGap: Pieces were made while the product was not known.
    """
    made: dict[int, float] = {p.code: 0.0 for p in plant.products}
    changing = 0.0
    for window in windows:
        steps = steps_of(plant, window)
        for signal in output_signals(plant, element, "parts_good"):
            parts = steps.sum_of([(1.0, signal)])
            last = product_codes(steps, plant, signal.element).astype(np.float64)
            first, mixed = _first_codes(steps, plant, signal, last)
            changing += float(parts[mixed].sum())
            for codes in (first, last):
                for code in np.unique(codes[parts > 0.0]):
                    made[int(code)] = made.get(int(code), 0.0) + 0.5 * float(
                        parts[codes == code].sum()
                    )
    unknown = {c: n for c, n in made.items() if c not in {p.code for p in plant.products}}
    if unknown:
        raise FigureGap(
            f"{sum(unknown.values()):.0f} good pieces of {element} are of products that the plant file does not name",
            expected="a product signal with codes of `products`",
            remedy="add the product, or its code on the wire",
        )
    whole = sum(made.values())
    return Counted(made, changing / whole if whole else 0.0)


def _first_codes(
    steps: Steps, plant: Plant, signal: Signal, last: Floats
) -> tuple[Floats, np.ndarray]:
    """[steps] the other code of a step in which the product changed (else the same), and which steps these are."""
    product = product_signal(plant, signal.element)
    nothing = np.zeros(len(last), bool)
    if product is None or not steps.has(product):
        return last, nothing
    low, high = steps.raw(product, "low"), steps.raw(product, "high")
    mixed = np.isfinite(low) & np.isfinite(high) & (low != high)
    other = np.where(last == high, low, high)
    return np.where(mixed, other, last), mixed


def mass_share(plant: Plant, code: int, made: Mapping[int, float]) -> float:
    """Share of a product in the mass of all good pieces; the shares of all sum to 1.

    Raises:
        FigureGap: A product that was made has no mass, or none was made at all.
    """
    _made_any(code, made)
    return _by_mass(plant, made)[code]


def sharing(plant: Plant, made: Mapping[int, float]) -> Sharing:
    """The shares of all products that were made, by the rule of this file.

    Raises:
        FigureGap: A product that was made has no mass, or none was made at all.
    """
    goods = [p for p in plant.products if made.get(p.code, 0.0) > 0.0]
    if not goods:
        raise FigureGap(
            "no good piece of any product was made",
            expected="at least one",
            remedy="ask for another period",
        )
    shares = _by_mass(plant, made)
    if len(goods) == 1:
        return Sharing(shares, "mass", "one product only: it bears everything")
    priced = {p.code: p.price for p in goods if p.price is not None and p.price > 0.0}
    if len(priced) < len(goods):
        lacking = ", ".join(p.name for p in goods if p.code not in priced)
        text = f"by mass of good pieces; whether prices a kg differ by more than {PRICE_RATIO:g} times is not known"
        return Sharing(shares, "mass", f"{text}: no price of {lacking}")
    per_kg = [priced[p.code] / p.mass_kg for p in goods]
    ratio = max(per_kg) / min(per_kg)
    if ratio <= PRICE_RATIO:
        text = f"by mass of good pieces: prices a kg differ by {ratio:.2g} times, not more than {PRICE_RATIO:g}"
        return Sharing(shares, "mass", text)
    worth = {p.code: made[p.code] * priced[p.code] for p in goods}
    total = sum(worth.values())
    text = f"by price: prices a kg differ by {ratio:.2g} times, more than {PRICE_RATIO:g}"
    return Sharing({c: worth.get(c, 0.0) / total for c in made}, "price", text)


def _made_any(code: int, made: Mapping[int, float]) -> None:
    if made.get(code, 0.0) <= 0.0:
        raise FigureGap(
            f"no good piece of product {code} was made",
            expected="at least one",
            remedy="ask for another period",
        )


def _by_mass(plant: Plant, made: Mapping[int, float]) -> dict[int, float]:
    names: dict[int, Product] = {p.code: p for p in plant.products}
    without = [names[c].name for c, n in made.items() if n > 0.0 and names[c].mass_kg <= 0.0]
    if without and len([n for n in made.values() if n > 0.0]) > 1:
        raise FigureGap(
            f"{', '.join(without)} has no mass, so that emissions cannot be shared out",
            expected="`mass_kg` of every product",
            remedy="weigh a piece and write it under `products`",
        )
    masses = {c: n * (names[c].mass_kg or 1.0) for c, n in made.items()}
    total = sum(masses.values())
    return {c: kg / total for c, kg in masses.items()}
