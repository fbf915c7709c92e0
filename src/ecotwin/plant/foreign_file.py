"""The part of the plant file that joins a foreign model (FMU) with the plant, and what it must be to the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from ecotwin.plant.foreign import (
    WEATHER_UNITS,
    Foreign,
    ForeignInput,
    ForeignOutput,
    ForeignStart,
)
from ecotwin.plant.lines import Path as Place
from ecotwin.plant.parts import Number, Part, Positive, Share, Slug

if TYPE_CHECKING:
    from ecotwin.plant.assembly import Assembly
    from ecotwin.plant.model import Element
    from ecotwin.plant.schema import MachinePart

KIND = "fmu"
"""The machine kind that a foreign model plays."""

Variable = Annotated[str, Field(min_length=1, max_length=200)]
Quantity = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:.{1,60})?$")]
_SOURCES = ("net", "given", "setpoint", "weather", "calendar", "value")
_SINKS = ("quantity", "asks", "serves", "gives", "signal")


class ForeignInputPart(Part):
    """Where an input of the model comes from: one of net, given, setpoint, weather, calendar, value."""

    net: Slug | None = Field(default=None, description="what others ask of this net in the step")
    given: str | None = Field(
        default=None, description="what a supplier gave in the last step: `air_bar`, or a signal id"
    )
    setpoint: str | None = Field(default=None, description="set-point signal of the plant")
    weather: Literal["outdoor_c", "wet_bulb_c", "sun_w_m2"] | None = None
    calendar: Literal["working", "in_order"] | None = Field(
        default=None, description="1 while people work; 1 while no outage holds the machine"
    )
    value: Number | None = Field(default=None, description="the same in every step [unit]")
    unit: str | None = Field(
        default=None, description="unit of the model's variable; none: as the model says"
    )
    first: Number | None = Field(
        default=None, description="given: value before anybody gave one [unit]"
    )


class ForeignOutputPart(Part):
    """Where an output of the model goes: one of quantity, asks, serves, gives, signal."""

    quantity: Quantity | None = Field(
        default=None, description="booked for the machine: `electricity_kwh`, `waste_kg:15 01 01`"
    )
    asks: Slug | None = Field(default=None, description="net that the machine draws from")
    serves: Slug | None = Field(default=None, description="net that the machine feeds")
    gives: Slug | None = Field(default=None, description="given value: `air_bar`")
    signal: str | None = Field(default=None, description="signal of the plant that shows it")
    unit: str | None = Field(
        default=None, description="unit of the model's variable; none: as the model says"
    )
    form: Literal["rate", "counter"] = Field(
        default="rate", description="quantity: a flow, or a running total"
    )


class ForeignStartPart(Part):
    """A start value or parameter of the model."""

    value: Number
    unit: str | None = None
    signal: str | None = Field(
        default=None, description="its newest value takes the place in a run from live"
    )
    share: Share = Field(default=0.0, description="standard deviation as a share of the value")


class ForeignPart(Part):
    """A co-simulation unit by FMI 2 or 3 that plays a machine of kind `fmu`."""

    file: str = Field(min_length=1, description="the FMU, relative to the plant file")
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="of the FMU")
    step_s: Positive | None = Field(
        default=None, description="communication step of the model [s]; none: the simulation's"
    )
    answer_s: Positive = Field(default=10.0, description="longest wall time for an answer [s]")
    load_s: Positive = Field(default=60.0, description="longest wall time to begin [s]")
    inputs: dict[Variable, ForeignInputPart] = Field(default_factory=dict)
    outputs: dict[Variable, ForeignOutputPart] = Field(min_length=1)
    start: dict[Variable, ForeignStartPart] = Field(default_factory=dict)


def foreign_of(assembly: Assembly, machine: MachinePart, path: Place) -> Foreign | None:
    """The foreign model of a machine, its signals found; faults are noted."""
    faults, part = assembly.faults, machine.model
    if part is None:
        if machine.kind == KIND and not faults.excused(machine.id):
            faults.add(path, f"{machine.id} is an {KIND} without `model`", "name its FMU there")
        return None
    at: Place = (*path, "model")
    if machine.kind != KIND:
        faults.add(
            at,
            f"{machine.id} of kind {machine.kind} has a `model`",
            f"make it of kind {KIND}, or take the model out",
        )
    _path(assembly, part.file, (*at, "file"))
    inputs = [_input(assembly, machine.id, v, p, at) for v, p in part.inputs.items()]
    outputs = [_output(assembly, machine.id, v, p, at) for v, p in part.outputs.items()]
    for variable in sorted(set(part.inputs) & set(part.start)):
        faults.add(
            (*at, "start", variable),
            f"{variable!r} is an input and has a start value",
            "keep the input: its first value is what it is fed with",
        )
    return Foreign(
        part.file,
        tuple(i for i in inputs if i is not None),
        tuple(o for o in outputs if o is not None),
        tuple(_start(assembly, machine.id, v, p, at) for v, p in part.start.items()),
        part.sha256,
        part.step_s or 0.0,
        part.answer_s,
        part.load_s,
    )


def placed(element: Element, folder: Path) -> Element:
    """The element with its model's file beside the plant file."""
    if element.model is None:
        return element
    file = str((folder / element.model.file).resolve())
    return replace(element, model=replace(element.model, file=file))


def _path(assembly: Assembly, file: str, at: Place) -> None:
    parts = (*PurePosixPath(file).parts, *PureWindowsPath(file).parts)
    absolute = PurePosixPath(file).is_absolute() or PureWindowsPath(file).anchor
    if absolute or ".." in parts:
        assembly.faults.add(
            at,
            f"{file!r} leads out of the plant file's folder",
            "put the FMU beside the plant file",
        )
    elif not file.lower().endswith(".fmu"):
        assembly.faults.add(
            at, f"{file!r} is no FMU by its name", "name a file that ends in `.fmu`"
        )


def _one(assembly: Assembly, part: Part, names: tuple[str, ...], at: Place) -> str:
    said = [name for name in names if getattr(part, name) is not None]
    if len(said) == 1:
        return said[0]
    assembly.faults.add(
        at,
        f"`{at[-1]}` says {' and '.join(said) or 'nothing'}",
        f"say exactly one of {', '.join(names)}",
    )
    return ""


def _signal(assembly: Assembly, machine: str, name: str, at: Place, setpoint: bool) -> str:
    """Id of a signal that is named, or of its own name where there is none."""
    found = assembly.resolve(name, machine)
    if found is None:
        assembly.faults.unknown(at, "signal", name, assembly.signals)
        return name
    if setpoint and found.form != "setpoint":
        assembly.faults.add(at, f"{found.id} is a {found.means}", "name a `setpoint`")
    return found.id


def _input(
    assembly: Assembly, machine: str, variable: str, part: ForeignInputPart, model: Place
) -> ForeignInput | None:
    at: Place = (*model, "inputs", variable)
    source = _one(assembly, part, _SOURCES, at)
    if not source:
        return None
    said = getattr(part, source)
    name = str(said) if source != "value" else ""
    if source == "setpoint":
        name = _signal(assembly, machine, name, (*at, "setpoint"), setpoint=True)
    elif source == "given" and "." in name:
        name = _signal(assembly, machine, name, (*at, "given"), setpoint=False)
    if part.first is not None and source != "given":
        assembly.faults.add((*at, "first"), f"`first` of a {source}", "only `given` needs it")
    if source == "weather" and name not in WEATHER_UNITS:
        assembly.faults.unknown((*at, "weather"), "column of the weather", name, WEATHER_UNITS)
    value = float(said) if source == "value" else 0.0
    return ForeignInput(variable, source, name, value, _unit(assembly, part.unit, at), part.first)


def _output(
    assembly: Assembly, machine: str, variable: str, part: ForeignOutputPart, model: Place
) -> ForeignOutput | None:
    at: Place = (*model, "outputs", variable)
    sink = _one(assembly, part, _SINKS, at)
    if not sink:
        return None
    name = str(getattr(part, sink))
    if sink == "signal":
        name = _signal(assembly, machine, name, (*at, "signal"), setpoint=False)
    if part.form == "counter" and sink != "quantity":
        assembly.faults.add((*at, "form"), f"a counter for `{sink}`", "only a quantity counts")
    return ForeignOutput(variable, sink, name, _unit(assembly, part.unit, at), part.form)


def _start(
    assembly: Assembly, machine: str, variable: str, part: ForeignStartPart, model: Place
) -> ForeignStart:
    at: Place = (*model, "start", variable)
    signal = part.signal or ""
    if signal:
        signal = _signal(assembly, machine, signal, (*at, "signal"), setpoint=False)
    return ForeignStart(variable, part.value, _unit(assembly, part.unit, at), signal, part.share)


def _unit(assembly: Assembly, unit: str | None, at: Place) -> str:
    from ecotwin.plant.signals import known_unit

    if unit is not None and not known_unit(unit):
        assembly.faults.add(
            (*at, "unit"), f"the unit {unit!r} is unknown", "examples: kW, K, m3/h, L, degF, psi, g"
        )
    return unit or ""
