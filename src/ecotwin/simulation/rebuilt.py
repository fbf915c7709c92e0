"""A plant as a scenario rebuilds it: machines that come, go or stand elsewhere, the order of a line's stations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ecotwin.plant import Element, Plant, Signal
from ecotwin.plant.catalogue import kind, kinds
from ecotwin.plant.faults import Faults
from ecotwin.plant.lines import Document, Path
from ecotwin.plant.schema import ConnectionPart, PlantPart, SignalPart
from ecotwin.plant.signals import Source, make
from ecotwin.simulation.orders import products_on
from ecotwin.simulation.scenario_parts import (
    AddedMachine,
    LayoutPart,
    MachinesPart,
    MovedMachine,
    RemovedMachine,
    ReplacedMachine,
)
from ecotwin.simulation.sketch import Sketch

Facts = Mapping[str, bool | float | str]


def change_machines(sketch: Sketch, part: MachinesPart) -> None:
    """Replace, remove, add, then move machines; faults are noted."""
    for n, one in enumerate(part.replace):
        _replace(sketch, one, ("machines", "replace", n))
    for n, gone in enumerate(part.remove):
        _remove(sketch, gone, ("machines", "remove", n))
    for n, new in enumerate(part.add):
        _add(sketch, new, ("machines", "add", n))
    for n, moved in enumerate(part.move):
        _move(sketch, moved, ("machines", "move", n))


def change_layout(sketch: Sketch, part: LayoutPart, path: Path) -> None:
    """Give a line's stations another order; faults are noted."""
    if not sketch.line((*path, "line"), part.line):
        return
    here = [m.id for m in sketch.plant.children(part.line)]
    for n, name in enumerate(part.order):
        sketch.one_of((*path, "order", n), f"machine on {part.line}", name, here)
    double = sorted({n for n in part.order if part.order.count(n) > 1})
    left = [m for m in here if m not in part.order]
    if double or left:
        words = [f"names {', '.join(double)} twice" if double else ""]
        words.append(f"leaves out {', '.join(left)}" if left else "")
        sketch.faults.add(
            (*path, "order"),
            f"the order of {part.line} {' and '.join(filter(None, words))}",
            "name each of its machines once; take one out under `machines: remove`",
        )
        return
    by_id = {e.id: e for e in sketch.plant.elements}
    new = iter(part.order)
    elements = [by_id[next(new)] if e.id in here else e for e in sketch.plant.elements]
    sketch.plant = _with(sketch.plant, elements, sketch.plant.signals)
    sketch.touched.update(dict.fromkeys(here))


def _add(sketch: Sketch, part: AddedMachine, path: Path) -> None:
    plant = sketch.plant
    places = [e.id for e in plant.elements if e.level in ("line", "area")]
    if part.id in {e.id for e in plant.elements}:
        sketch.faults.add((*path, "id"), f"the id {part.id!r} is taken", "give it another")
        return
    known = sketch.one_of((*path, "kind"), "machine kind", part.kind, kinds())
    if not (sketch.one_of((*path, "place"), "line or area", part.place, places) and known):
        return
    element = _element(part.id, part.name or part.id, part.place, part.kind, part.facts)
    elements = list(plant.elements)
    here = [e.id for e in plant.children(part.place)]
    if part.after and not sketch.one_of(
        (*path, "after"), f"machine on {part.place}", part.after, here
    ):
        return
    elements.insert(_behind(plant, part.place, part.after or (here[-1] if here else "")), element)
    new = _signals(part.id, part.kind)
    sketch.plant = _with(plant, elements, [*plant.signals, *new])
    _usual(sketch, part.id, part.set_points, (*path, "set_points"))
    sketch.added[part.id] = None
    sketch.touched[part.id] = None


def _remove(sketch: Sketch, part: RemovedMachine, path: Path) -> None:
    if not sketch.machine((*path, "machine"), part.machine):
        return
    if not _spared(sketch, part.machine, part.because, path):
        return
    sketch.plant = without(sketch.plant, part.machine)
    case = sketch.case
    sketch.case = replace(
        case,
        outages=tuple(o for o in case.outages if o.machine != part.machine),
        parameters={
            k: v for k, v in case.parameters.items() if k.partition(".")[0] != part.machine
        },
        settings={k: v for k, v in case.settings.items() if sketch.plant.has_signal(k)},
    )
    sketch.touched.pop(part.machine, None)


def _replace(sketch: Sketch, part: ReplacedMachine, path: Path) -> None:
    if not sketch.machine((*path, "machine"), part.machine):
        return
    if not sketch.one_of((*path, "kind"), "machine kind", part.kind, kinds()):
        return
    plant = sketch.plant
    old = plant.element(part.machine)
    if part.kind != old.kind and not _spared(sketch, part.machine, part.because, path):
        return
    stay = {
        k: v
        for k, v in old.kind_facts.items()
        if k in kind(part.kind).facts and old.kind == part.kind
    }
    name = part.name or (old.name if part.kind == old.kind else f"{part.kind} for {old.name}")
    made = _element(old.id, name, old.parent, part.kind, {**stay, **part.facts})
    elements = [made if e.id == old.id else e for e in plant.elements]
    if part.kind != old.kind:
        signals = [s for s in plant.signals if s.element != old.id]
        plant = _tidy(_with(plant, elements, [*signals, *_signals(old.id, part.kind)]), old.id)
        sketch.added[old.id] = None
        drop = {k: v for k, v in sketch.case.settings.items() if plant.has_signal(k)}
        sketch.case = replace(sketch.case, settings=drop)
    else:
        plant = _with(plant, elements, plant.signals)
    known = {k: v for k, v in sketch.case.parameters.items() if k.partition(".")[0] != old.id}
    sketch.case = replace(sketch.case, parameters=known)
    sketch.plant = plant
    _usual(sketch, old.id, part.set_points, (*path, "set_points"))
    sketch.touched[old.id] = None


def _move(sketch: Sketch, part: MovedMachine, path: Path) -> None:
    if not sketch.machine((*path, "machine"), part.machine):
        return
    plant = sketch.plant
    element = plant.element(part.machine)
    place = part.place or element.parent
    places = [e.id for e in plant.elements if e.level in ("line", "area")]
    here = [e.id for e in plant.children(place) if e.id != element.id]
    if not sketch.one_of((*path, "place"), "line or area", place, places) or (
        part.after and not sketch.one_of((*path, "after"), f"machine on {place}", part.after, here)
    ):
        return
    bare = replace(plant, elements=tuple(e for e in plant.elements if e.id != element.id))
    elements = list(bare.elements)
    elements.insert(_behind(bare, place, part.after), replace(element, parent=place))
    sketch.plant = replace(plant, elements=tuple(elements))
    sketch.touched[element.id] = None


def without(plant: Plant, machine: str) -> Plant:
    """The plant without a machine, its signals, and what refers to them."""
    elements = [e for e in plant.elements if e.id != machine]
    return _tidy(
        _with(plant, elements, [s for s in plant.signals if s.element != machine]), machine
    )


def _tidy(plant: Plant, machine: str) -> Plant:
    """Flows and permits without signals that are no more; run times stay, for they may name a line."""
    known = {s.id for s in plant.signals} | {b.id for b in plant.balances}
    places = {e.id for e in plant.elements}
    balances = tuple(
        replace(
            b,
            inputs=tuple(i for i in b.inputs if i in known),
            outputs=tuple(o for o in b.outputs if o in known),
        )
        for b in plant.balances
    )
    permits = tuple(
        p for p in plant.permits if p.element in places and (not p.signal or p.signal in known)
    )
    outdoor = plant.outdoor if plant.outdoor in known else ""
    products = plant.products
    if machine not in places:
        products = tuple(
            replace(p, planned_run_s={k: v for k, v in p.planned_run_s.items() if k != machine})
            for p in products
        )
    return replace(plant, balances=balances, permits=permits, outdoor=outdoor, products=products)


def _spared(sketch: Sketch, machine: str, because: str, path: Path) -> bool:
    """Whether the recipes can do without a machine; noted when not."""
    plant = sketch.plant
    element = plant.element(machine)
    named = [p.code for p in plant.products if machine in p.planned_run_s]
    if named:
        sketch.faults.add(
            path,
            f"{machine} goes, but products {', '.join(map(str, named))} have a planned run time on it",
            "give their run time on another machine first, under `products`",
        )
        return False
    alike = [e for e in plant.children(element.parent) if e.kind == element.kind]
    needed = (
        products_on(plant, element.parent) if plant.element(element.parent).level == "line" else []
    )
    if len(alike) == 1 and needed and not because:
        sketch.faults.add(
            path,
            f"{machine} is the only {element.kind} of {element.parent}, on which products "
            f"{', '.join(map(str, needed))} are made: their recipe needs it",
            "say in `because` why they do without, or leave it",
        )
        return False
    return True


def _usual(sketch: Sketch, machine: str, values: Mapping[str, float], path: Path) -> None:
    """Set-points of a new machine: what is stated, within what is plausible."""
    from ecotwin.simulation.contract import Setting

    own = {s.id: s for s in sketch.plant.signals_of(machine) if s.form == "setpoint"}
    for name, value in values.items():
        signal = own.get(f"{machine}.{name}")
        if signal is None:
            sketch.faults.unknown((*path, name), "set-point", f"{machine}.{name}", own)
            continue
        low = float("-inf") if signal.low is None else signal.low
        high = float("inf") if signal.high is None else signal.high
        if not low <= value <= high:
            sketch.faults.add(
                (*path, name),
                f"{signal.id} at {value:g} {signal.unit} lies outside of {low:g}..{high:g}",
                "choose a value inside",
            )
            continue
        held = {**sketch.case.settings, signal.id: (Setting(value),)}
        sketch.case = replace(sketch.case, settings=held)


def _element(id_: str, name: str, place: str, kind_: str, facts: Facts) -> Element:
    table = {n: f.value for n, f in kind(kind_).facts.items()}
    return Element(id_, name, "machine", place, kind_, {**table, **facts})


def _behind(plant: Plant, place: str, after: str) -> int:
    """Position in the list of elements behind a machine, or behind the place itself."""
    ids = [e.id for e in plant.elements]
    return ids.index(after or place) + 1


def _signals(machine: str, kind_: str) -> list[Signal]:
    """The signals that a machine of a kind has, as of a connection that only the model has."""
    part = PlantPart.model_construct(
        connections={"model": ConnectionPart(protocol="model")}, products=[]
    )
    faults = Faults("", Document({}))
    rows = kind(kind_).signals
    made = (
        make(Source(machine, name, SignalPart(), row, (), "model", machine), part, faults, 0)
        for name, row in rows.items()
    )
    return [s for s in made if s is not None]


def _with(plant: Plant, elements: Sequence[Element], signals: Sequence[Signal]) -> Plant:
    """The plant with other elements and signals, the signals numbered anew."""
    numbered = tuple(replace(s, index=n) for n, s in enumerate(signals))
    return replace(plant, elements=tuple(elements), signals=numbered)
