"""Water taken in, discharged and consumed (taken in - discharged).

Sources: ESRS E3 (consumption = withdrawals - discharges).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from ecotwin.accounting.amounts import (
    Amount,
    attempt,
    measure,
    part_tally,
    settle,
    split_figures,
    split_parts,
    unbalanced,
    use_signals,
    use_terms,
)
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Measure


class Water(Family):
    """`water.in`, `water.out` and `water.consumption`."""

    name = "water"
    indicators = ("water.in", "water.out", "water.consumption")

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Meters of water taken in and discharged."""
        found = {s.id: s for s in use_signals(plant, element, "water")}
        let_out = flows_of(plant).discharge(element)
        below = [e.id for e in plant.children(element)] if let_out else []
        parts = [s for p in below for s in flows_of(plant).discharge(p)]
        return (found | {s.id: s for s in (*let_out, *parts)}).values()

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """Consumption only where both sides are metered."""
        makers: list[Callable[[], Measure | None]] = []
        drawn = flows_of(plant).use(tally.element, "water") is not None
        let_out = bool(flows_of(plant).discharge(tally.element))
        if drawn:
            makers.append(partial(taken, plant, tally))
        if let_out:
            makers.append(
                partial(_with_parts, plant, tally, _let_out, "Discharge not metered below")
            )
        if drawn and let_out:
            makers.append(
                partial(_with_parts, plant, tally, _consumed, "Consumption not metered below")
            )
        made, gaps = attempt(makers)
        words = unbalanced(plant, tally, "water")
        return made, [*gaps, words] if words else gaps


def _terms_in(plant: Plant, element: str) -> tuple[tuple[float, Signal], ...]:
    use = flows_of(plant).use(element, "water")
    return use_terms(use) if use else ()


def taken(plant: Plant, tally: Tally) -> Measure | None:
    """`water.in`, split into the parts below."""
    use = flows_of(plant).use(tally.element, "water")
    if use is None:
        return None
    amount = settle(tally.sums, use_terms(use))
    split = split_parts(plant, use, tally.sums, amount.value)
    return measure(tally, "water.in", "m3", amount, method=f"water/1: {use.rule}", split=split)


def _with_parts(
    plant: Plant, tally: Tally, make: Callable[[Plant, Tally], Measure], rest: str
) -> Measure:
    """A figure split into that of the parts which have it by themselves, and the rest."""
    whole = make(plant, tally)
    parts = [e.id for e in plant.children(tally.element) if flows_of(plant).discharge(e.id)]
    if make is _consumed:
        parts = [p for p in parts if flows_of(plant).use(p, "water") is not None]
    if not parts:
        return whole
    return split_figures(whole, parts, lambda p: make(plant, part_tally(tally, p)), rest)


def _out(plant: Plant, tally: Tally) -> Amount:
    return settle(tally.sums, [(1.0, s) for s in flows_of(plant).discharge(tally.element)])


def _let_out(plant: Plant, tally: Tally) -> Measure:
    return measure(
        tally, "water.out", "m3", _out(plant, tally), method="water/1: sum of discharge meters"
    )


def _consumed(plant: Plant, tally: Tally) -> Measure:
    terms = [
        *_terms_in(plant, tally.element),
        *((-1.0, s) for s in flows_of(plant).discharge(tally.element)),
    ]
    return measure(
        tally,
        "water.consumption",
        "m3",
        settle(tally.sums, terms),
        method="water/1: taken in - discharged",
    )


plug = Water()
