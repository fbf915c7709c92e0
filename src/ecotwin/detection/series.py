"""The flows that are judged for leaks: meters at the ends of the flow graph and balances' unmetered rests.

And what stands behind each: the machines that it serves, and what is drawn of that which a utility makes of it.
"""

from __future__ import annotations

from ecotwin.detection.columns import called
from ecotwin.plant.model import Plant, Signal

CARRIERS = ("compressed_air", "water", "nitrogen", "gas")
INTO = (
    "air_flow",
    "air_volume",
    "water_in_flow",
    "water_in",
    "nitrogen_flow",
    "nitrogen_volume",
    "gas_flow",
    "gas_volume",
)


class Series:
    """One flow that is judged: a meter, or a balance's rest.

    Attributes:
        key: Signal id or balance id. name: What a person calls it. weights: signal index ->
            +1 or -1.
        scope: Machines whose work it serves.
    """

    def __init__(
        self,
        key: str,
        name: str,
        element: str,
        signal: Signal,
        weights: dict[int, float],
        scope: frozenset[str],
    ) -> None:
        self.key, self.name, self.element, self.weights, self.scope = (
            key,
            name,
            element,
            weights,
            scope,
        )
        self.signal, self.carrier = signal.id, signal.carrier
        self.unit = signal.unit if signal.form == "rate" else f"{signal.unit}/h"


def series_of(plant: Plant) -> list[Series]:
    """All flows judged, no two of which hold the same water or air."""
    found: list[Series] = []
    leaves: dict[str, Signal] = {}
    balanced = {b.carrier for b in plant.balances if b.outputs}
    metered = {i for b in plant.balances if b.outputs for i in b.inputs}
    for b in plant.balances:
        if b.carrier not in CARRIERS or not b.outputs:
            continue
        weights: dict[int, float] = {}
        for sign, ids in ((1.0, b.inputs), (-1.0, b.outputs)):
            for id_ in ids:
                _spread(plant, id_, sign, weights)
        fed = [plant.signal(o) for o in b.outputs if plant.balance(o) is None]
        leaves |= {s.id: s for s in fed if s.means in INTO and s.id not in metered}
        first = next((s for i in weights if (s := plant.signals[i]).means in INTO), None)
        if first is not None:
            scope = _scope(plant, b.element)
            found.append(Series(b.id, b.rest, b.element, first, weights, scope))
    seen: set[tuple[str, str]] = set()
    for s in sorted(plant.signals, key=lambda s: INTO.index(s.means) if s.means in INTO else 99):
        if s.means in INTO and s.carrier not in balanced and (s.element, s.carrier) not in seen:
            seen.add((s.element, s.carrier))
            leaves[s.id] = s
    for s in leaves.values():
        found.append(
            Series(s.id, called(plant, s), s.element, s, {s.index: 1.0}, _scope(plant, s.element))
        )
    return found


def _spread(plant: Plant, id_: str, sign: float, weights: dict[int, float]) -> None:
    balance = plant.balance(id_)
    if balance is not None:
        for part in balance.inputs:
            _spread(plant, part, sign, weights)
        return
    signal = plant.signal(id_)
    weights[signal.index] = weights.get(signal.index, 0.0) + sign


def drawn(plant: Plant, utility: str) -> tuple[Signal, ...]:
    """What consumers draw of that which a utility feeds into balances.

    One that feeds none itself, and stands beside machines that make cold, carries off the heat of these.
    """
    own: dict[str, Signal] = {}
    beside: dict[str, Signal] = {}
    parent = plant.element(utility).parent
    for b in plant.balances:
        fed = {plant.signal(i).element for i in b.inputs if plant.has_signal(i)}
        drawn = {o: plant.signal(o) for o in b.outputs if plant.has_signal(o)}
        if utility in fed:
            own |= drawn
        elif b.carrier == "cold" and any(plant.element(e).parent == parent for e in fed):
            beside |= drawn
    return tuple((own or beside).values())


def product_signal(plant: Plant, machine: str) -> Signal | None:
    """What tells the product that a machine makes: its own signal, or that of what it stands in."""
    for place in reversed(plant.path(machine)):
        found = plant.find(place.id, "product")
        if found is not None:
            return found
    return None


def _scope(plant: Plant, element: str) -> frozenset[str]:
    """Machines that work here.

    A meter stands beside what it feeds, so that its parent's machines count.
    """
    own = [m.id for m in plant.under(element) if m.level == "machine" and _works(plant, m.id)]
    while not own and element:
        element = plant.element(element).parent
        if element:
            own = [
                m.id for m in plant.under(element) if m.level == "machine" and _works(plant, m.id)
            ]
    return frozenset(own)


def _works(plant: Plant, machine: str) -> bool:
    """Makes parts: utilities run on by themselves and would never let a night be quiet."""
    return plant.find(machine, "parts_total") is not None
