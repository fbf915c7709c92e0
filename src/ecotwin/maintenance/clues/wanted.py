"""Which signals a diagnosis looks at: the machine's own, what feeds it and stands beside it, machines of its kind."""

from __future__ import annotations

from ecotwin.maintenance.clues.scene import spread
from ecotwin.plant.model import Balance, Plant
from ecotwin.records import Finding

MOST_KIN = 4
PACE = ("state", "parts_total")
POWER = (
    "state",
    "electricity_power",
    "electricity_energy",
    "electricity_interval",
    "parts_total",
    "product",
)
"""What the expectation of a machine's power is made of."""


def wanted(plant: Plant, finding: Finding) -> tuple[int, ...]:
    """Indices of these signals, in order."""
    found: set[int] = set()
    own = [finding.element]
    node = plant.balance(finding.cause.split(":")[0])
    nodes = [node] if node is not None else []
    nodes += [b for b in plant.balances if b not in nodes and _holds(plant, b, finding.element)]
    found |= _drawn(plant, finding.element)
    for balance in nodes:
        parts = spread(plant, balance.id)
        found |= {s.index for s, _ in parts}
        feeding = [s.element for s, sign in parts if sign > 0]
        own += feeding if balance is node else []
        # The set-points of what feeds it, and the pressure behind them, are asked too.
        for element in feeding:
            found |= {s.index for s in plant.signals_of(element) if s.form == "setpoint"}
    for element in own:
        found |= {s.index for s in plant.signals_of(element)}
    found |= {plant.signal(i).index for i in finding.signals if plant.has_signal(i)}
    found |= _kin(plant, finding)
    for machine in plant.machines:
        if plant.find(machine.id, "parts_total") is not None:
            found |= {s.index for m in PACE if (s := plant.find(machine.id, m)) is not None}
    first = _first_products(plant)
    found |= {s for s in first if s >= 0}
    for place in plant.path(finding.element):
        product = plant.find(place.id, "product")
        found |= set() if product is None else {product.index}
    if plant.outdoor:
        found.add(plant.signal(plant.outdoor).index)
    return tuple(sorted(found))


def _holds(plant: Plant, balance: Balance, element: str) -> bool:
    """Whether a balance has a meter of the machine among its outputs."""
    return any(plant.has_signal(o) and plant.signal(o).element == element for o in balance.outputs)


def _drawn(plant: Plant, maker: str) -> set[int]:
    """Flows that consumers draw of what a machine makes: they say how much it should need."""
    found: set[int] = set()
    for balance in plant.balances:
        fed = {plant.signal(i).element for i in balance.inputs if plant.has_signal(i)}
        if maker in fed and balance.carrier != "electricity":
            takers = [plant.signal(o) for o in balance.outputs if plant.has_signal(o)]
            found |= {
                s.index
                for t in takers
                for s in plant.signals_of(t.element)
                if s.carrier == balance.carrier
            }
    return found


def _kin(plant: Plant, finding: Finding) -> set[int]:
    kind = plant.element(finding.element).kind
    if not kind:
        return set()
    means = {plant.signal(i).means for i in finding.signals if plant.has_signal(i)} | set(POWER)
    kin = [e.id for e in plant.machines if e.kind == kind and e.id != finding.element][
        : 3 * MOST_KIN
    ]
    return {s.index for e in kin for m in sorted(means) if (s := plant.find(e, m)) is not None}


def _first_products(plant: Plant) -> list[int]:
    """The product signal of each line."""
    first: dict[str, int] = {}
    for signal in plant.signals:
        if signal.means == "product":
            first.setdefault(plant.element(signal.element).parent, signal.index)
    return list(first.values())
