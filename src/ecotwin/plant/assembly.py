"""Walks a plant file from the site down and joins its parts with the kinds' tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ecotwin.plant.catalogue import Kind, kind, kinds
from ecotwin.plant.faults import Faults, nearest
from ecotwin.plant.foreign_file import foreign_of
from ecotwin.plant.lines import Path
from ecotwin.plant.model import Element, Signal
from ecotwin.plant.schema import MachinePart, Place, PlantPart, SignalPart, WritePart
from ecotwin.plant.sensed_file import SensedPart, give_sensed
from ecotwin.plant.setpoints import give_write, sleep_of
from ecotwin.plant.signals import Source, make


@dataclass(frozen=True)
class Wire:
    """How a place is reached: connection and first part of the address."""

    connection: str
    address: str

    def inside(self, place: Place) -> Wire:
        """The wire of a place, which may say its own."""
        own = (place.connection, place.address)
        return Wire(
            self.connection if own[0] is None else own[0],
            self.address if own[1] is None else own[1],
        )


@dataclass
class Assembly:
    """Elements and signals as they are found, with their places in the file.

    Attributes:
        part: The typed file. faults: Where faults go.
        elements, signals: By id. paths: Id of an element or signal -> its path in the file.
        writes: Signal id -> write rule and its path. sensed: Signal id -> what it is told from, and its path.
    """

    part: PlantPart
    faults: Faults
    elements: dict[str, Element] = field(default_factory=dict)
    signals: dict[str, Signal] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    writes: dict[str, tuple[WritePart, Path]] = field(default_factory=dict)
    sensed: dict[str, tuple[SensedPart, Path]] = field(default_factory=dict)
    _machines: list[tuple[MachinePart, Path]] = field(default_factory=list)

    def build(self) -> None:
        """Places, machines and signals first; then what refers to signals: writes and sleep."""
        part = self.part
        only = next(iter(part.connections)) if len(part.connections) == 1 else ""
        site = Element(part.id, part.name, "site", "", description=part.description)
        self._element(site, ())
        for name, own in part.signals.items():
            self._signal(Source(site.id, name, own, None, ("signals", name), only, ""))
        for a, area in enumerate(part.areas):
            at: Path = ("areas", a)
            wire = self._place(area, "area", part.id, at, Wire(only, ""))
            for n, line in enumerate(area.lines):
                inner = self._place(line, "line", area.id, (*at, "lines", n), wire)
                for m, machine in enumerate(line.machines):
                    self._machine(machine, line.id, (*at, "lines", n, "machines", m), inner)
            for m, machine in enumerate(area.machines):
                self._machine(machine, area.id, (*at, "machines", m), wire)
        for id_, (rule, path) in self.writes.items():
            give_write(self, id_, rule, path)
        for id_, (told, path) in self.sensed.items():
            give_sensed(self, id_, told, path)
        for machine, path in self._machines:
            found = self.elements[machine.id]
            self.elements[machine.id] = replace(
                found,
                sleep=sleep_of(self, machine, path),
                model=foreign_of(self, machine, path),
            )

    def resolve(self, name: str, element: str) -> Signal | None:
        """The signal of this name: of the element itself, else of the whole plant."""
        return self.signals.get(f"{element}.{name}") or self.signals.get(name)

    def _place(self, place: Place, level: str, parent: str, path: Path, above: Wire) -> Wire:
        wire = above.inside(place)
        facts = dict(getattr(place, "facts", {}))
        self._element(
            Element(place.id, place.name, level, parent, "", facts, description=place.description),
            path,
        )
        for name, own in place.signals.items():
            at = (*path, "signals", name)
            self._signal(Source(place.id, name, own, None, at, wire.connection, wire.address))
        return wire

    def _element(self, element: Element, path: Path) -> bool:
        """Note an element; False when its id is taken."""
        if element.id in self.elements:
            line = self.faults.document.line(self.paths[element.id])
            found = f"the id {element.id!r} stands already in line {line}"
            self.faults.add((*path, "id"), found, "give each its own id")
            return False
        self.elements[element.id] = element
        self.paths[element.id] = (*path, "id")
        return True

    def _machine(self, machine: MachinePart, parent: str, path: Path, above: Wire) -> None:
        wire = above.inside(machine)
        device = machine.device
        if device is None:
            device = "/".join(filter(None, (wire.address, machine.id)))
        table = self._kind(machine, path)
        facts: dict[str, Any] = {name: fact.value for name, fact in table.facts.items()}
        facts.update(machine.facts)
        element = Element(
            id=machine.id,
            name=machine.name,
            level="machine",
            parent=parent,
            kind=machine.kind,
            kind_facts=facts,
            description=machine.description,
        )
        if not self._element(element, path):
            return
        self._machines.append((machine, path))
        own = machine.signals
        for name in (*table.signals, *(n for n in own if n not in table.signals)):
            at = (*path, "signals", name)
            row = table.signals.get(name)
            said = own.get(name, SignalPart())
            if row is None and said.means is None:
                self._unknown_signal(machine, name, table, at)
            elif name not in machine.omit:
                self._signal(Source(machine.id, name, said, row, at, wire.connection, device))

    def _kind(self, machine: MachinePart, path: Path) -> Kind:
        if machine.kind not in kinds():
            self.faults.unknown((*path, "kind"), "machine kind", machine.kind, kinds())
            self.faults.maim(machine.id)
            return Kind("")
        table = kind(machine.kind)
        for number, name in enumerate(machine.omit):
            if name not in table.signals:
                at = (*path, "omit", number)
                self.faults.unknown(at, f"signal of kind {machine.kind}", name, table.signals)
        return table

    def _unknown_signal(self, machine: MachinePart, name: str, table: Kind, path: Path) -> None:
        self.faults.maim(f"{machine.id}.{name}")
        if table.name:
            self.faults.add(
                path,
                f"kind {machine.kind} has no signal {name!r}, "
                "and a signal of the machine's own needs `means`",
                nearest(name, table.signals),
            )

    def _signal(self, source: Source) -> None:
        signal = make(source, self.part, self.faults, len(self.signals))
        if signal is None:
            self.faults.maim(source.id)
            return
        if signal.id in self.signals:
            return  # two places of one id: that has been noted
        self.paths[signal.id] = source.path
        self.signals[signal.id] = signal
        if source.own.write is not None:
            self.writes[signal.id] = (source.own.write, (*source.path, "write"))
        if source.own.sensed is not None:
            self.sensed[signal.id] = (source.own.sensed, (*source.path, "sensed"))
