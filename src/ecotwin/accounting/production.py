"""Which machine counts an element's parts, paces it and knows the product being made."""

from __future__ import annotations

import numpy as np

from ecotwin.accounting.steps import Steps
from ecotwin.plant.model import Element, Plant, Product, Signal
from ecotwin.records import Codes


def output_signals(plant: Plant, element: str, means: str) -> tuple[Signal, ...]:
    """The counters whose sum is what an element put out (`parts_good` or `parts_total`).

    Its own counter; else, for a line, that of its last machine in file order; else the sum over
    its lines, without those
    that only feed a later area: areas stand in file order, and a product routed through both goes
        through them in turn.
    """
    own = plant.find(element, means)
    if own is not None:
        return (own,)
    below = plant.under(element)[1:]
    lines = [e for e in below if e.level == "line" and output_signals(plant, e.id, means)]
    if lines:
        last = [line for line in lines if not _feeds_later(plant, line, lines)]
        return tuple(s for line in last for s in output_signals(plant, line.id, means))
    machines = [
        s for e in below if e.level == "machine" and (s := plant.find(e.id, means)) is not None
    ]
    return (machines[-1],) if machines else ()


def _feeds_later(plant: Plant, line: Element, lines: list[Element]) -> bool:
    order = {e.id: n for n, e in enumerate(plant.elements)}

    def routed(place: Element) -> set[int]:
        names = {e.id for e in plant.under(place.id)}
        return {p.code for p in plant.products if names & p.planned_run_s.keys()}

    later = [x for x in lines if x.parent != line.parent and order[x.parent] > order[line.parent]]
    return any(routed(line) & routed(x) for x in later)


def able_machines(plant: Plant, element: str) -> tuple[str, ...]:
    """Machines at or below an element that tell their state and count their parts."""
    return tuple(
        e.id
        for e in plant.under(element)
        if e.level == "machine" and plant.find(e.id, "state") and plant.find(e.id, "parts_total")
    )


def routed_pace(plant: Plant, machines: tuple[str, ...]) -> str | None:
    """The machine with the longest planned run time, if the products' routing names any of these machines."""
    paced = {
        m: max((p.planned_run_s.get(m, 0.0) for p in plant.products), default=0.0) for m in machines
    }
    longest = max(paced, key=lambda m: paced[m], default=None)
    return longest if longest is not None and paced[longest] > 0.0 else None


def planned_run_s(plant: Plant, product: Product, machine: str) -> float | None:
    """Planned run time per item on a machine, else on the line it stands in [s]."""
    for place in reversed(plant.path(machine)):
        if place.id in product.planned_run_s:
            return product.planned_run_s[place.id]
    return None


def product_signal(plant: Plant, machine: str) -> Signal | None:
    """The signal that names the product on a machine: its own, its line's, or another machine's of its line."""
    for place in reversed(plant.path(machine)):
        found = plant.find(place.id, "product")
        if found is None and place.level == "line":
            found = next(plant.all_of(place.id, "product"), None)
        if found is not None:
            return found
    return None


def product_codes(steps: Steps, plant: Plant, machine: str) -> Codes:
    """[steps] code of the product on a machine, the last known one held; -1 where none is known.

    A plant with one product needs no signal.
    """
    signal = product_signal(plant, machine)
    codes = np.full(steps.window.steps, -1, np.int32)
    if signal is None or not steps.has(signal):
        if len(plant.products) == 1:
            codes[:] = plant.products[0].code
        return codes
    seen = steps.raw(signal, "mean")
    known = np.isfinite(seen)
    if known.any():
        place = np.maximum.accumulate(np.where(known, np.arange(len(seen)), -1))
        place = np.where(place < 0, int(np.argmax(known)), place)
        codes = seen[place].astype(np.int32)
    return codes
