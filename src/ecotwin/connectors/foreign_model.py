"""Reads a foreign model (FMU, FMI 2 or 3, co-simulation), holds it against the plant file, and starts its process.

Sources:
    Functional Mock-up Interface 2.0.4 and 3.0.1, Modelica Association: sections on co-simulation, causality and
    variability of variables, and the names of platforms in `binaries`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.foreign_package import Unpacked
from ecotwin.connectors.foreign_process import ForeignProcess, shaped
from ecotwin.errors import FileFault, ScenarioFault, UnitFault
from ecotwin.plant.faults import nearest
from ecotwin.plant.foreign import Foreign
from ecotwin.plant.signals import known_unit
from ecotwin.records import Floats
from ecotwin.units import conversion

_NUMBERS = ("Real", "Integer", "Boolean", "Enumeration", "Float32", "Float64", "Int8", "UInt8", "Int16",
            "UInt16", "Int32", "UInt32", "Int64", "UInt64")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Port:
    """A variable of the model. `low`, `high`: what its maker declares [unit]; infinite where nothing is said."""

    name: str
    reference: int
    type: str
    unit: str
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True)
class ForeignModel:
    """A model that was read and fits the plant file; `begin` starts it.

    Attributes:
        machine: Whose model. spec: As the plant file says. folder: Where it is unpacked. sha256: Of the FMU.
        version: 2 or 3. identifier, token: Names of the model's binary and of its description.
        inputs, outputs, starts: Its variables in the order of `spec`. only_one: It bears one instance a process.
        inner_s: Its own fixed internal step [s]; 0: none.
    """

    machine: str
    spec: Foreign
    folder: str
    sha256: str
    version: int
    identifier: str
    token: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    starts: tuple[Port, ...]
    only_one: bool = False
    inner_s: float = 0.0
    _held: list[Unpacked] = field(default_factory=list, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """For another process: there the folder is used and not removed."""
        return self.__dict__ | {"_held": []}

    @property
    def name(self) -> str:
        """Machine and file, as a person knows it."""
        return f"{self.machine} ({Path(self.spec.file).name})"

    def units(self) -> Mapping[str, str]:
        """Variable -> its unit."""
        return {p.name: p.unit for p in (*self.inputs, *self.outputs, *self.starts)}

    def begin(self, runs: int, step_s: float, starts: Floats, inputs: Floats) -> ForeignRun:
        """Start a process with an instance for every run.

        Args:
            runs: Number of runs. step_s: Step of the simulation [s]. starts: [runs, starts]. inputs: First inputs
                [runs, inputs]; both in the model's units.

        Raises:
            ScenarioFault: The model cannot run so, crashed, or gave no answer in time.
        """
        return ForeignRun(self, runs, step_s, starts, inputs)

    def close(self) -> None:
        """Remove what was unpacked."""
        for unpacked in self._held:
            unpacked.close()


class ForeignRun:
    """The instances of one model, one a run, in a process of their own.

    Attributes:
        first: Outputs at the begin [runs, outputs].
    """

    def __init__(
        self, model: ForeignModel, runs: int, step_s: float, starts: Floats, inputs: Floats
    ) -> None:
        self.model, self.runs, self.time_s = model, runs, 0.0
        self.step_s, substeps = step_s, _substeps(model, runs, step_s)
        self._within(model.starts, starts, "starts at")
        self._within(model.inputs, inputs, "is fed with")
        self._process = ForeignProcess(model.name)
        words = {
            "do": "begin", "machine": model.machine, "folder": model.folder, "version": model.version,
            "identifier": model.identifier, "token": model.token, "runs": runs, "step_s": step_s,
            "substeps": substeps,
            "inputs": [(p.reference, p.type) for p in model.inputs],
            "outputs": [(p.reference, p.type) for p in model.outputs],
            "starts": [(p.reference, p.type) for p in model.starts],
        }  # fmt: skip
        both = np.concatenate([starts.ravel(), inputs.ravel()])
        told = self._process.ask(words, both, model.spec.load_s, "at its begin")
        self.first = shaped(told, (runs, len(model.outputs)), model.name)
        self._within(model.outputs, self.first, "gives")

    def step(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Go on by one step of the simulation.

        Args:
            inputs: [runs, inputs] in the model's units, held over the step.

        Returns:
            Mean over the step and last value of the outputs, each [runs, outputs].

        Raises:
            ScenarioFault: The model crashed, hangs, failed, or gave what cannot be.
        """
        self._within(self.model.inputs, inputs, "is fed with")
        when = f"in the step after {self.time_s:g} s"
        told = self._process.ask({"do": "step"}, inputs, self.model.spec.answer_s, when)
        both = shaped(told, (2, self.runs, len(self.model.outputs)), self.model.name)
        self._within(self.model.outputs, both[1], "gives")
        self._within(self.model.outputs, both[0], "gives on the mean")
        self.time_s += self.step_s
        return both[0], both[1]

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def _within(self, ports: tuple[Port, ...], values: Floats, does: str) -> None:
        """Every value is a number and within what the model's maker declares."""
        for column, port in enumerate(ports):
            row = values[:, column]
            slack = 1e-9 * max([1.0, *(abs(x) for x in (port.low, port.high) if math.isfinite(x))])
            wrong = ~(np.isfinite(row) & (row >= port.low - slack) & (row <= port.high + slack))
            if wrong.any():
                run = int(np.argmax(wrong))
                process = getattr(self, "_process", None)
                if process is not None:
                    process.close()
                raise ScenarioFault(
                    f"{port.name!r} of the foreign model of {self.model.name} {does} {row[run]:g}"
                    f"{' ' * bool(port.unit)}{port.unit} after {self.time_s:g} s of run {run}",
                    expected="a finite number"
                    if math.isinf(port.low) and math.isinf(port.high)
                    else f"a number within {port.low:g}..{port.high:g}, as the model declares",
                    remedy="look at its inputs and start values, or ask who made it",
                )


def _substeps(model: ForeignModel, runs: int, step_s: float) -> int:
    if model.only_one and runs > 1:
        raise ScenarioFault(
            f"the foreign model of {model.name} bears one instance a process, for {runs} runs",
            expected="a model of which many instances can live in one process",
            remedy="run it with one run, or export it without canBeInstantiatedOnlyOncePerProcess",
        )
    inner = model.spec.step_s or step_s
    count = round(step_s / inner)
    faults = [] if abs(count * inner - step_s) < 1e-9 * step_s and count >= 1 else [
        f"its step of {inner:g} s does not divide the simulation's {step_s:g} s"
    ]  # fmt: skip
    own = model.inner_s
    if own > 0.0 and abs(inner / own - round(inner / own)) > 1e-9:
        faults.append(f"its step of {inner:g} s is no multiple of its internal {own:g} s")
    if faults:
        raise ScenarioFault(
            f"the foreign model of {model.name} cannot step so: {' and '.join(faults)}",
            expected="a simulation's step that is a multiple of the model's",
            remedy="change `step_s` of the model in the plant file, or of the run",
        )
    return count


def load(machine: str, spec: Foreign) -> ForeignModel:
    """The foreign model of a machine, read and held against what the plant file says.

    Raises:
        FileFault: The file cannot be used, or does not fit the plant file; every misfit is named.
    """
    unpacked = Unpacked(Path(spec.file), spec.sha256)
    try:
        told = _description(unpacked)
        version = _fit(unpacked, told)
        faults: list[str] = []
        known = {v.name: v for v in told.modelVariables}
        inputs = _ports(known, spec.inputs, "input", faults)
        outputs = _ports(known, spec.outputs, "output", faults)
        starts = _ports(known, spec.start, "start value", faults)
        fed = {i.variable for i in spec.inputs}
        faults += [
            f"its input {v.name!r} is fed by nothing: give it a source or a `value`"
            for v in told.modelVariables
            if v.causality == "input" and v.name not in fed and v.type in _NUMBERS
        ]
        if faults:
            raise FileFault(
                f"the FMU of {machine} ({unpacked.file.name}) does not fit the plant file: "
                + "; ".join(faults),
                expected="variables as the FMU declares them",
                remedy="correct `model` of that machine in the plant file",
            )
    except BaseException:
        unpacked.close()
        raise
    return ForeignModel(
        machine, spec, str(unpacked.folder), unpacked.sha256, version,
        told.coSimulation.modelIdentifier, str(told.guid), inputs, outputs, starts,
        bool(told.coSimulation.canBeInstantiatedOnlyOncePerProcess),
        float(told.coSimulation.fixedInternalStepSize or 0.0), [unpacked],
    )  # fmt: skip


def _description(unpacked: Unpacked) -> Any:
    try:
        import fmpy
    except ImportError:
        raise FileFault(
            f"{unpacked.file} is an FMU, and FMPy is not installed",
            expected="the extra `fmi`",
            remedy="install it: `pip install 'ecotwin[fmi]'`",
        ) from None
    try:
        return fmpy.read_model_description(str(unpacked.folder), validate=True)
    except Exception as fault:
        raise FileFault(
            f"the model description of {unpacked.file} cannot be read: {fault}",
            expected="an FMU of FMI 2 or 3 that keeps its schema",
            remedy="export the model again, for co-simulation by FMI 2 or 3",
        ) from None


def _fit(unpacked: Unpacked, told: Any) -> int:
    """Its version of FMI, when the model can run here at all."""
    import fmpy

    major = str(told.fmiVersion).partition(".")[0]
    if major not in ("2", "3"):
        raise FileFault(
            f"{unpacked.file} is of FMI {told.fmiVersion}",
            expected="FMI 2 or 3",
            remedy="export the model again by a version that is read",
        )
    if told.coSimulation is None:
        raise FileFault(
            f"{unpacked.file} is only for model exchange",
            expected="a model for co-simulation, with its own solver",
            remedy="export the model again for co-simulation",
        )
    platform = fmpy.platform_tuple if major == "3" else fmpy.platform
    name = told.coSimulation.modelIdentifier + fmpy.sharedLibraryExtension
    if not (unpacked.folder / "binaries" / platform / name).is_file():
        found = unpacked.folder / "binaries"
        has = sorted(p.name for p in found.iterdir()) if found.is_dir() else []
        raise FileFault(
            f"{unpacked.file} has no binary for {platform}; it has {', '.join(has) or 'none'}",
            expected=f"binaries/{platform}/{name}",
            remedy="export or compile the model for this platform",
        )
    return int(major)


def _ports(
    known: Mapping[str, Any], wanted: Iterable[Any], role: str, faults: list[str]
) -> tuple[Port, ...]:
    found = []
    for part in wanted:
        variable = known.get(part.variable)
        if variable is None:
            faults.append(f"it has no {role} {part.variable!r}, {nearest(part.variable, known)}")
            continue
        wrong = _misfit(variable, role)
        declared = variable.unit or (variable.declaredType.unit if variable.declaredType else None)
        unit = _unit(part.unit, declared)
        if unit is None:
            wrong = wrong or (
                f"{part.variable!r} is in {declared!r} and the plant file says {part.unit or 'nothing'!r}"
            )
        if wrong:
            faults.append(wrong)
            continue
        low, high = (_bound(variable, side) for side in ("min", "max"))
        found.append(
            Port(
                variable.name,
                int(variable.valueReference),
                variable.type,
                unit or "",
                -math.inf if low is None else low,
                math.inf if high is None else high,
            )
        )
    return tuple(found)


def _misfit(variable: Any, role: str) -> str:
    """Why a variable cannot play its role; empty: it can."""
    if variable.type not in _NUMBERS:
        return f"{variable.name!r} is a {variable.type}, not a number"
    if variable.dimensions:
        return f"{variable.name!r} is an array, not a number"
    causality = variable.causality or "local"
    if role == "input" and causality != "input":
        return f"{variable.name!r} is a {causality}, not an input"
    if role == "output" and causality not in ("output", "local"):
        return f"{variable.name!r} is a {causality}, not an output"
    if role == "start value":
        settable = causality == "parameter" or variable.initial in ("exact", "approx")
        if not settable or variable.variability == "constant":
            return f"{variable.name!r} is a {causality} that cannot be set at the begin"
    return ""


def _unit(said: str, declared: str | None) -> str | None:
    """Unit of a variable; None: the model and the plant file contradict each other, or nobody knows its unit."""
    spelt = spelling(declared) if declared else ""
    if not declared or said == declared:
        return said
    if spelt is None or not said:
        return said or spelt
    try:
        return said if conversion(spelt, said) == (1.0, 0.0) else None
    except UnitFault:
        return None


def spelling(declared: str) -> str | None:
    """A model's unit as the unit library spells it; None: it does not know it.

    >>> spelling("m3/s"), spelling("J/(kg.K)"), spelling("furlong per blink")
    ('m**3/s', 'J/(kg*K)', None)
    """
    powers = re.sub(r"(?<!\w)([A-Za-z]+)(-?\d+)", r"\1**\2", declared.replace("^", ""))
    for text in (re.sub(r"\.(?=[A-Za-z(])", "*", powers), declared):
        if known_unit(text):
            return text
    return None


def _bound(variable: Any, side: str) -> float | None:
    text = getattr(variable, side) or getattr(variable.declaredType, side, None)
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None
