"""How the plant file says that a signal is told from others, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

from ecotwin.plant.lines import Path
from ecotwin.plant.model import Signal
from ecotwin.plant.parts import Part, Positive
from ecotwin.plant.sensed import INPUT_FORMS, TOLD_FORMS, Sensed

if TYPE_CHECKING:
    from ecotwin.plant.assembly import Assembly
    from ecotwin.plant.faults import Faults


class SensedPart(Part):
    """A value that nothing measures all the time: told by a sensor that is learned from reference measurements."""

    inputs: list[str] = Field(
        min_length=1,
        description="signals it is told from: `machine.name`, or `name` of the same machine",
    )
    reference: str = Field(
        description="signal of the reference measurements (portable analyser, laboratory), named in the same way"
    )
    recalibrate_h: Positive = Field(
        default=24.0, description="references that came are learned from so often [h]"
    )


def give_sensed(assembly: Assembly, id_: str, part: SensedPart, path: Path) -> None:
    """Tell a signal what it is told from, and note what is wrong with that."""
    signal, faults = assembly.signals[id_], assembly.faults
    if signal.form not in TOLD_FORMS:
        faults.add(
            path,
            f"{id_} is a {signal.means} ({signal.form}), which no sensor can tell minute by minute",
            "sense a concentration, a flow or another gauge; a mass follows from concentration x flow",
        )
    inputs = [
        _input(assembly, signal, name, (*path, "inputs", number))
        for number, name in enumerate(part.inputs)
    ]
    known = [s for s in inputs if s is not None]
    for number, one in enumerate(inputs):
        if one is not None and one in inputs[:number]:
            faults.add((*path, "inputs", number), f"{one.id} stands there twice", "keep one")
    reference = _named(assembly, signal, part.reference, (*path, "reference"))
    if reference is None:
        return
    _reference(assembly, signal, reference, known, (*path, "reference"))
    made = Sensed(tuple(s.id for s in known), reference.id, part.recalibrate_h)
    assembly.signals[id_] = replace(signal, sensed=made)


def _named(assembly: Assembly, signal: Signal, name: str, path: Path) -> Signal | None:
    found = assembly.resolve(name, signal.element)
    if found is None:
        assembly.faults.unknown(path, "signal", name, assembly.signals)
    return found


def _input(assembly: Assembly, signal: Signal, name: str, path: Path) -> Signal | None:
    found, faults = _named(assembly, signal, name, path), assembly.faults
    if found is None:
        return None
    if found.id == signal.id:
        faults.add(path, f"{found.id} is told from itself", "name what is measured beside it")
    elif found.id in assembly.sensed:
        faults.add(
            path,
            f"{signal.id} is told from {found.id}, which is itself told from others",
            "name the measured signals behind it",
        )
    elif found.form not in INPUT_FORMS:
        faults.add(
            path, f"{found.id} is a {found.form}: a code, not a number", "name measured values"
        )
    elif found.privacy != "none":
        faults.add(path, f"{found.id} is people's data", "nothing is learned from it here")
    else:
        return found
    return None


def _reference(
    assembly: Assembly, signal: Signal, reference: Signal, inputs: list[Signal], path: Path
) -> None:
    faults = assembly.faults
    if reference.id == signal.id or reference.id in assembly.sensed:
        faults.add(
            path,
            f"the reference {reference.id} is itself told, not measured",
            "name the signal of a measurement: a portable analyser, a laboratory",
        )
    if reference in inputs:
        faults.add(path, f"{reference.id} is both reference and input", "take it out of `inputs`")
    if reference.form not in TOLD_FORMS:
        faults.add(
            path, f"the reference {reference.id} is a {reference.form}", "name a gauge or a rate"
        )
    elif reference.means != signal.means:
        faults.add(
            path,
            f"{signal.id} means {signal.means}, its reference {reference.id} means {reference.means}",
            "give both one meaning",
        )
    elif reference.unit != signal.unit:
        faults.add(
            path,
            f"{signal.id} is told in {signal.unit}, its reference is in {reference.unit}",
            "give both units that convert into one another",
        )


def wire_faults(own: object, path: Path, faults: Faults, id_: str) -> None:
    """A told signal comes over no wire: what it says of one is a fault."""
    for key in ("connection", "address", "write", "every_s"):
        if getattr(own, key) is not None:
            faults.add((*path, key), f"{id_} is `sensed` and has {key!r}", "take one of them out")
