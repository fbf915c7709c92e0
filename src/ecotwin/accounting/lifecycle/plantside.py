"""The product system that the plant itself is: metered machines, lines and site, and the background behind them.

What a machine bought and burnt in the period hangs below its line, the line below the site; what no meter below
accounts for hangs beside them as a rest of its own. The site's good product takes the whole of it by mass, a piece
takes its mass of good product, and upstream categories enter as background processes. Solved, a piece weighs what
`cradle_to_gate` gives it, and the contributions tell machine by machine why.

Sources: ISO 14067:2018 6.3 to 6.4; ISO 14044:2006 4.3.4.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecotwin.accounting import factors
from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.cradle import Gate, cradle_to_gate
from ecotwin.accounting.lifecycle.system import ProductSystem
from ecotwin.accounting.scope3 import Category, Part
from ecotwin.errors import FactorGap
from ecotwin.plant.model import Plant
from ecotwin.records import FactorUse, Measure
from ecotwin.records.lifecycle import Exchange, Flow, Process, Spread

TWO_SIDED_95 = 1.959963984540054
"""Half of a 95 % interval over the standard deviation of a normal distribution."""
_STAGES = {1: "A1", 3: "A1", 4: "A2", 5: "A3"}
_PERIOD = "period"


@dataclass(frozen=True, slots=True)
class PlantSide:
    """A plant as a product system.

    Attributes:
        gate: The same footprint, as `cradle_to_gate` has it. product: Id of the process that makes one piece.
    """

    system: ProductSystem
    product: str
    gate: Gate


@dataclass(slots=True)
class _Builder:
    plant: Plant
    figures: Mapping[tuple[str, str], Measure]
    gate: Gate
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def flow(self) -> str:
        return f"CO2e/{self.gate.gwp_set}"

    def weighed(self, kg: float, spread: Spread | None = None) -> tuple[Exchange, ...]:
        return (Exchange(self.flow, kg, "kgCO2e", "CO2e", spread),)

    def add(self, process: Process) -> str:
        self.processes[process.id] = process
        return process.id


def plant_system(
    plant: Plant,
    code: int,
    figures: Accounts,
    made: Mapping[int, float],
    *,
    element: str = "",
    own: Sequence[Category] = (),
    shared: Sequence[Category] = (),
    electricity: str = "location",
    exempted: Mapping[int, str] | None = None,
) -> PlantSide:
    """The system behind one piece of a product; arguments and faults as in `cradle_to_gate`.

    The error of meters and grid factors stands on the one exchange by which the good product takes the whole
    period, since the parts of a metered whole do not err apart from it.
    """
    gate = cradle_to_gate(
        plant, code, figures, made,
        element=element, own=own, shared=shared, electricity=electricity, exempted=exempted,
    )  # fmt: skip
    builder = _Builder(plant, {(m.element, m.indicator): m for m in figures.measures}, gate)
    names = {p.code: p for p in plant.products}
    mass = {c: names[c].mass_kg or 1.0 for c, n in made.items() if n > 0.0}
    total_kg = gate.pieces * mass[code] / gate.share
    inputs = []
    owned = [s for s in gate.stages if not s.name.startswith("scope 3")]
    if owned:
        whole = sum(s.co2e_kg for s in owned)
        error = math.sqrt(sum(s.half_kg**2 for s in owned)) / TWO_SIDED_95
        share = error / abs(whole) if whole else 0.0
        own_kg = gate.pieces * mass[code] / (gate.own_share or gate.share)
        spread = Spread("normal", share / own_kg) if share else None
        inputs.append(
            Exchange(_operation(builder, gate.element), 1.0 / own_kg, _PERIOD, "operation", spread)
        )
    for category in shared:
        inputs += _bought(builder, category, total_kg)
    output = builder.add(
        Process(
            f"output/{gate.element}", f"good product of {gate.element}", "good product", "kg", 1.0, plant.country,
            tuple(inputs), stage="A3",
        )
    )  # fmt: skip
    pieces = [Exchange(output, mass[code], "kg", "good product")]
    for category in own:
        pieces += _bought(builder, category, gate.pieces)
    product = builder.add(
        Process(
            f"product/{code}", gate.product.name, gate.product.name, "piece", 1.0, plant.country, tuple(pieces),
            stage="A3",
        )
    )  # fmt: skip
    flow = Flow(builder.flow, "CO2e", "kgCO2e", "air", gate.gwp_set)
    return PlantSide(ProductSystem(builder.processes.values(), (flow,)), product, gate)


def _operation(builder: _Builder, element: str) -> str:
    """The process of an element over the period: its metered parts, and what they leave over."""
    parts = [
        c.id
        for c in builder.plant.children(element)
        if any((c.id, name) in builder.figures for name in _wanted(builder))
    ]
    inputs = [
        Exchange(_operation(builder, p), 1.0, _PERIOD, builder.plant.element(p).name) for p in parts
    ]
    for name in _wanted(builder):
        whole = builder.figures.get((element, name))
        if whole is None:
            continue
        below = [m for p in parts if (m := builder.figures.get((p, name))) is not None]
        inputs += (
            _scope1(builder, whole, below) if name == "ghg.scope1" else _grid(builder, whole, below)
        )
    label = builder.plant.element(element).name
    return builder.add(
        Process(
            f"operation/{element}", f"{label}, {builder.gate.period}", f"operation of {label}", _PERIOD, 1.0,
            builder.plant.country, tuple(inputs), source="metered", stage="A3",
        )
    )  # fmt: skip


def _grid(builder: _Builder, whole: Measure, below: list[Measure]) -> list[Exchange]:
    """Bought electricity that the parts leave over, at the mean factor of the hours in which it was bought."""
    kwh = _bought_kwh(whole) - sum(_bought_kwh(m) for m in below)
    kg = whole.value - sum(m.value for m in below)
    if kwh == 0.0 and kg == 0.0:
        return []
    rest = f"{whole.element}{', rest' if below else ''}"
    amount, unit = (kwh, "kWh") if kwh else (1.0, _PERIOD)
    used = "; ".join(dict.fromkeys(f"{f.id} ({f.source})" for f in whole.factors))
    id_ = builder.add(
        Process(
            f"electricity/{builder.gate.electricity}/{rest}", f"bought electricity of {rest}", "electricity", unit,
            1.0, builder.plant.country, nature=builder.weighed(kg / amount), source=used,
            primary=1.0 - _top(builder, whole.indicator).estimated_share, stage="A3",
        )
    )  # fmt: skip
    return [Exchange(id_, amount, unit, "electricity")]


def _scope1(builder: _Builder, whole: Measure, below: list[Measure]) -> list[Exchange]:
    """Fuels burnt that the parts leave over."""
    found = []
    for fuel, kg in whole.split.items():
        left = kg - sum(m.split.get(fuel, 0.0) for m in below)
        unit = "m3" if fuel == "gas" else "kg"
        chain = factors.required(factors.emission(builder.plant, fuel, unit))
        factor = math.prod(f.value for f in chain)
        if left == 0.0:
            continue
        if factor == 0.0:
            raise FactorGap(
                f"{fuel} emits {left:g} kgCO2e by a factor of zero",
                expected="a factor above zero",
                remedy=f"correct `factors: {fuel}`",
            )
        id_ = builder.add(
            Process(
                f"combustion/{fuel}", f"{fuel} burnt", fuel, unit, 1.0, builder.plant.country,
                nature=builder.weighed(factor), source="; ".join(f"{f.id} ({f.source})" for f in chain),
                primary=1.0 - _top(builder, "ghg.scope1").estimated_share, stage="A3",
            )
        )  # fmt: skip
        found.append(Exchange(id_, left / factor, unit, fuel))
    return found


def _bought(builder: _Builder, category: Category, per: float) -> list[Exchange]:
    """Parts of a scope 3 category, each a background process, per so many units of what takes them."""
    return [
        Exchange(
            _background(builder, part, category.number), part.amount / per, part.unit, part.name,
            Spread("normal", part.amount / per * part.amount_error / TWO_SIDED_95) if part.amount_error else None,
        )
        for part in category.parts
    ]  # fmt: skip


def _background(builder: _Builder, part: Part, number: int) -> str:
    use: FactorUse = part.factor
    spread = (
        Spread("normal", abs(use.value) * use.uncertainty / TWO_SIDED_95)
        if use.uncertainty
        else None
    )
    return builder.add(
        Process(
            f"background/{number}/{use.id}/{part.primary_share:g}", part.name, part.name, part.unit, 1.0, use.place,
            nature=builder.weighed(use.value, spread), source=f"{use.source} {use.version}".strip(),
            first_year=use.year, last_year=use.year, primary=part.primary_share / 100.0, stage=_STAGES[number],
        )
    )  # fmt: skip


def _bought_kwh(figure: Measure) -> float:
    return next((i.value for i in figure.inputs if i.name == "bought electricity"), 0.0)


def _top(builder: _Builder, indicator: str) -> Measure:
    return builder.figures[builder.gate.element, indicator]


def _wanted(builder: _Builder) -> tuple[str, ...]:
    return tuple(s.name for s in builder.gate.stages if not s.name.startswith("scope 3"))
