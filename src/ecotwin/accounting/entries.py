"""Bookings summed: what of a book falls into a period, how much of that is an estimate, and how sure it is.

A booking that only partly lies in the period counts by time, and that part is an estimate. What a person booked
from a bill, a weighbridge or a log is held for as sure as `BOOKED` says, each row independent of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ecotwin.accounting.contract import Desk
from ecotwin.accounting.steps import LEFT_OVER_SD
from ecotwin.records import Booking, FactorUse, Input, Measure

BOOKED = 0.02
"""Half of the 95 % interval of a booked amount as a share of it (stated assumption: a calibrated weighbridge)."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of some amounts.

    Attributes:
        value: The sum. half: Half of its 95 % interval. estimated: Part that was estimated.
        coverage: Share of the period really measured, weighed by amounts. inputs: What it is made of.
    """

    value: float
    half: float
    estimated: float
    coverage: float
    inputs: tuple[Input, ...]


def entries(desk: Desk, element: str, kind: str) -> list[tuple[Booking, float]]:
    """Bookings of a kind at or below an element, each with its share within the period."""
    places = {e.id for e in desk.plant.under(element)}
    if element == desk.plant.site.id:
        places.add("")
    return [(b, desk.book.share(b)) for b in desk.book.of_kind(kind, places)]


def booked_sum(
    rows: Iterable[tuple[Booking, float]], amount: Callable[[Booking], float], unit: str
) -> Sum:
    """Sum of an amount over bookings."""
    value = estimated = variance = 0.0
    inputs = []
    for booking, share in rows:
        got = amount(booking) * share
        value += got
        variance += (BOOKED * got) ** 2
        if share < 1.0:
            estimated += abs(got)
            variance += (1.96 * LEFT_OVER_SD * got) ** 2
        inputs.append(Input(f"{booking.kind} {booking.id}: {booking.source}", got, unit))
    return Sum(value, math.sqrt(variance), estimated, 1.0, tuple(inputs))


def joined(sums: Iterable[Sum]) -> Sum:
    """The sum of independent sums."""
    parts = tuple(sums)
    weight = sum(abs(p.value) for p in parts)
    covered = sum(abs(p.value) * p.coverage for p in parts)
    return Sum(
        sum(p.value for p in parts),
        math.hypot(*(p.half for p in parts)),
        sum(p.estimated for p in parts),
        min(1.0, covered / weight) if weight else min((p.coverage for p in parts), default=1.0),
        tuple(i for p in parts for i in p.inputs),
    )


def of_measure(figure: Measure, sign: float = 1.0) -> Sum:
    """A metered figure as a part of a sum."""
    named = Input(
        figure.indicator, sign * figure.value, figure.unit, "", figure.coverage, figure.id
    )
    half = (figure.high - figure.low) / 2.0
    estimated = figure.estimated_share * abs(figure.value)
    return Sum(sign * figure.value, half, estimated, figure.coverage, (named,))


def told(
    desk: Desk,
    element: str,
    indicator: str,
    unit: str,
    total: Sum,
    method: str,
    *,
    factor: float = 1.0,
    split: Mapping[str, float] | None = None,
    factors: tuple[FactorUse, ...] = (),
) -> Measure:
    """A measure of a sum x factor."""
    value, half = total.value * factor, total.half * abs(factor)
    share = min(1.0, total.estimated / abs(total.value)) if total.value else 0.0
    return Measure(
        element, indicator, value, unit, desk.period, total.coverage, share, value - half, value + half,
        method, total.inputs, factors, value, 1.0, dict(split or {}),
    )  # fmt: skip


def ratio(
    desk: Desk, element: str, indicator: str, part: Sum, whole: Sum, method: str, words: str
) -> Measure:
    """A measure of a share: a sum over the whole that holds it."""
    share = part.value / whole.value
    rest = whole.value - part.value
    other = math.sqrt(max(0.0, whole.half**2 - part.half**2))
    half = math.hypot(rest / whole.value * (part.half / whole.value), share * (other / whole.value))
    estimated = min(1.0, whole.estimated / abs(whole.value))
    inputs = (
        Input(words, part.value, whole.inputs[0].unit, "", part.coverage),
        Input(f"all {words.split()[0]}", whole.value, whole.inputs[0].unit, "", whole.coverage),
    )
    return Measure(
        element, indicator, share, "1", desk.period, whole.coverage, estimated, max(0.0, share - half),
        min(1.0, share + half), method, inputs, (), part.value, whole.value,
    )  # fmt: skip
