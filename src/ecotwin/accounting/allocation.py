"""Who bears what is shared: allocation in the order of ISO 14044 and ISO 14067, with shares that sum to 1.

1. **Subdivision**: what a part of the plant used while it made one product alone is that product's. It needs no
   key and is done before anything here is asked.
2. **Physical relation**: machine hours, else mass: the first that is known of every output.
3. **Economic value**: where the outputs' prices differ more than fivefold, as PACT asks, or where no physical
   relation is known of all outputs. Pieces are counted last, where nothing else is known.

Main products and by-products are treated alike: an output is an output. Waste bears nothing.

Sources: ISO 14044:2006 cl. 4.3.4; ISO 14067:2018 cl. 6.4.6; PACT Methodology v3 (price ratio of 5).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ecotwin.errors import FigureGap

PRICE_RATIO = 5.0
"""Above this ratio of the dearest to the cheapest output PACT asks for economic allocation (as in `sharing`)."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a process puts out, a by-product as much as a product.

    Attributes:
        pieces: How many. machine_hours: Hours that machines worked for it; None: not known.
        mass_kg: Of one piece, 0 where it was never weighed. price: Of one piece [currency]; None: not given.
    """

    name: str
    pieces: float
    machine_hours: float | None = None
    mass_kg: float = 0.0
    price: float | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """How something shared is shared out.

    Attributes:
        rule: `machine hours`, `mass`, `pieces` or `economic value`. why: In words, for the auditor.
        shares: By output; they sum to 1.
    """

    rule: str
    why: str
    shares: Mapping[str, float]


def share_out(total: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Parts of a total in proportion to weights; what rounding loses goes to the largest part.

    >>> share_out(10.0, {"a": 1.0, "b": 2.0, "c": 0.0})
    {'a': 3.333333333333333, 'b': 6.666666666666667, 'c': 0.0}

    Raises:
        FigureGap: A weight is negative or no number, or none is above zero.
    """
    wrong = [n for n, w in weights.items() if not math.isfinite(w) or w < 0.0]
    if wrong:
        raise FigureGap(
            f"{', '.join(wrong)} cannot bear a share: the weight is negative or no number",
            expected="weights of 0 or more",
            remedy="see why the count, mass or hours ran backwards",
        )
    largest = max(weights, key=lambda n: weights[n], default="")
    if not largest or weights[largest] <= 0.0:
        raise FigureGap(
            "nothing was put out that could bear a share",
            expected="at least one output",
            remedy="ask for a period with production",
        )
    top = weights[largest]
    scaled = {n: w / top for n, w in weights.items()}
    whole = math.fsum(scaled.values())
    parts = {n: total * (w / whole) for n, w in scaled.items()}
    return settled(parts, total, largest)


def settled(parts: dict[str, float], total: float, largest: str) -> dict[str, float]:
    """The parts with one of them moved by what rounding lost, so that they sum to the total.

    >>> settled({"a": 0.25, "b": 0.5}, 1.0, "b")
    {'a': 0.25, 'b': 0.75}
    """
    for _ in range(3):
        lost = math.fsum([total, *(-v for v in parts.values())])
        if lost == 0.0:
            break
        parts[largest] += lost
    return parts


def price_ratio(prices: Iterable[float]) -> float:
    """Dearest price / cheapest; infinite where one is given away.

    >>> price_ratio([2.0, 10.0])
    5.0
    """
    known = [abs(p) for p in prices]
    if not known or max(known) == 0.0:
        return 1.0
    return max(known) / min(known) if min(known) > 0.0 else math.inf


def key(outputs: Sequence[Output]) -> Key:
    """The key for what cannot be subdivided, by the first rule that the outputs allow.

    >>> board, frame = Output("board", 10, mass_kg=0.2), Output("frame", 10, mass_kg=0.6)
    >>> key([board, frame]).rule, key([board, frame]).shares
    ('mass', {'board': 0.25, 'frame': 0.75})

    Raises:
        FigureGap: Nothing was put out, two outputs bear one name, or no rule can be had.
    """
    if len({o.name for o in outputs}) < len(outputs):
        raise FigureGap(
            "two outputs bear the same name",
            expected="every output once",
            remedy="add them up first",
        )
    here = [o for o in outputs if o.pieces != 0.0 or (o.machine_hours or 0.0) != 0.0]
    if len(here) == 1:
        rest = {o.name: float(o is here[0]) for o in outputs}
        return Key("subdivision", f"{here[0].name} alone was made", rest)
    weighed = all(o.mass_kg > 0.0 for o in here)
    known = [o.price / (o.mass_kg if weighed else 1.0) for o in here if o.price is not None]
    ratio = price_ratio(known) if len(known) == len(here) else None
    rule, weights, why = _rule(here, ratio, "a kg" if weighed else "a piece")
    shares = share_out(1.0, {o.name: weights.get(o.name, 0.0) for o in outputs})
    return Key(rule, why, shares)


def _rule(
    here: Sequence[Output], ratio: float | None, unit: str
) -> tuple[str, dict[str, float], str]:
    valued = ratio is not None and any(o.pieces * (o.price or 0.0) > 0.0 for o in here)
    if valued and ratio is not None and ratio > PRICE_RATIO:
        why = f"prices {unit} differ {ratio:.3g} times, above the {PRICE_RATIO:g} of PACT"
        return "economic value", {o.name: o.pieces * float(o.price or 0.0) for o in here}, why
    tail = (
        "prices are not given of all outputs"
        if ratio is None
        else f"prices {unit} differ {ratio:.3g} times"
    )
    if (
        here
        and all(o.machine_hours is not None for o in here)
        and any(o.machine_hours for o in here)
    ):
        words = f"the hours machines worked cause the shared use; {tail}"
        return "machine hours", {o.name: float(o.machine_hours or 0.0) for o in here}, words
    if here and all(o.mass_kg > 0.0 for o in here):
        words = f"machine hours are not known, the mass of every output is; {tail}"
        return "mass", {o.name: o.pieces * o.mass_kg for o in here}, words
    if valued:
        words = f"neither machine hours nor mass are known of every output; {tail}"
        return "economic value", {o.name: o.pieces * float(o.price or 0.0) for o in here}, words
    words = f"only the pieces are known of every output; {tail}"
    return "pieces", {o.name: o.pieces for o in here}, words
