"""Machines that a foreign model plays (FMU): joins its inputs and outputs with nets, given values, books and signals.

The model is read outside and handed in with the case; it runs in a process of its own. Its inputs are held over a
step; flows that it asks, serves and books are means over the step, what it gives is the last value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault, UnitFault
from ecotwin.plant import Plant
from ecotwin.plant.foreign import (
    WEATHER_UNITS,
    Foreign,
    ForeignInput,
    ForeignOutput,
    ForeignStart,
)
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, ForeignModel, ForeignRun, State, Unit
from ecotwin.simulation.surroundings import WORK, Surroundings
from ecotwin.units import conversion

KIND = "fmu"

FLOWS = ("kW", "m3/h", "kg/h", "1/hour")
"""Units of what is asked of nets: a flow by the hour."""

_ENDINGS = {
    "_m3_h": "m3/h", "_kg_h": "kg/h", "_w_m2": "W/m2", "_share": "1", "_percent": "%", "_kwh": "kWh",
    "_bar": "bar", "_kw": "kW", "_m3": "m3", "_kg": "kg", "_ppm": "ppm", "_c": "degC", "_k": "K",
    "_h": "h", "_s": "s",
}  # fmt: skip
"""How the name of a given value tells its unit."""

_BY_HOUR = {"kWh": "kW", "m3": "m3/h", "kg": "kg/h", "1": "1/hour", "h": "1"}
"""Unit of a quantity -> unit of its rate; by the hour, so that rate x hours is the quantity."""


@dataclass
class Played:
    """One machine and its foreign model."""

    name: str
    spec: Foreign
    plant: Plant

    def __post_init__(self) -> None:
        outputs = self.spec.outputs
        self.machines: tuple[str, ...] = (self.name,)
        self.booked = [n for n, o in enumerate(outputs) if o.sink == "quantity"]
        self.columns: tuple[tuple[str, str], ...] = tuple(
            (self.name, outputs[n].name) for n in self.booked
        )
        self.asks: tuple[str, ...] = tuple(o.name for o in outputs if o.sink == "asks")
        self.may_ask: tuple[str, ...] = ()
        self.serves: tuple[str, ...] = tuple(
            dict.fromkeys(
                (
                    *(o.name for o in outputs if o.sink == "serves"),
                    *(i.name for i in self.spec.inputs if i.source == "net"),
                )
            )
        )
        self._sound()

    def _sound(self) -> None:
        served = [o.name for o in self.spec.outputs if o.sink == "serves"]
        felt = [i.name for i in self.spec.inputs if i.source == "net"]
        faults = [
            f"it serves {n} and is not fed with what is asked of it"
            for n in served
            if n not in felt
        ]
        faults += [
            f"it is fed with what is asked of {n} and serves it not"
            for n in felt
            if n not in served
        ]
        goals = [(o.sink in ("gives", "signal"), o.sink, o.name) for o in self.spec.outputs]
        faults += sorted(
            {f"two outputs are for {n}" for _, _, n in goals if sum(g[2] == n for g in goals) > 1}
        )
        if faults:
            raise ScenarioFault(
                f"the foreign model of {self.name} does not fit: {'; '.join(faults)}",
                expected="for a net that it serves, an input `net` and an output `serves`; one output a name",
                remedy="correct `model` of the machine in the plant file",
            )

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        """Units of all variables, start values of every run; the model's process starts with the first step."""
        model = case.foreign.get(self.name)
        if model is None:
            raise ScenarioFault(
                f"the foreign model of {self.name} was not handed in",
                expected="the model of every machine of kind fmu in `case.foreign`",
                remedy="read it first: `ecotwin.cycle.foreign.foreign_models(plant)`",
            )
        self._known(case)
        units = model.units()
        starts = [self._start(s, draw, case, units.get(s.variable, "")) for s in self.spec.start]
        empty = np.zeros((draw.runs, 0))
        return {
            "model": model,
            "starts": np.stack(starts, axis=1) if starts else empty,
            "into": [self._into(i, units.get(i.variable, "")) for i in self.spec.inputs],
            "out": [self._out(o, units.get(o.variable, "")) for o in self.spec.outputs],
            "run": None,
            "last": empty,
        }

    def step(self, state: State, board: Board) -> None:
        """Feed the model, let it go on, and spread what it gives."""
        inputs = np.empty((board.runs, len(self.spec.inputs)))
        for n, (part, (factor, offset)) in enumerate(
            zip(self.spec.inputs, state["into"], strict=True)
        ):
            inputs[:, n] = self._value(part, board, factor, offset)
        run: ForeignRun | None = state["run"]
        if run is None:
            model: ForeignModel = state["model"]
            run = model.begin(board.runs, board.step_s, state["starts"], inputs)
            state["run"], state["last"] = run, run.first
        mean, last = run.step(inputs)
        self._spread(state, board, mean, last)
        state["last"] = last
        if board.step + 1 >= board.around.steps:
            run.close()

    def _spread(self, state: State, board: Board, mean: Floats, last: Floats) -> None:
        hours, column = board.step_s / 3600.0, 0
        for n, (part, (factor, offset)) in enumerate(
            zip(self.spec.outputs, state["out"], strict=True)
        ):
            if part.sink == "quantity":
                if part.form == "counter":
                    board.out[:, column] = (last[:, n] - state["last"][:, n]) * factor
                else:
                    board.out[:, column] = (mean[:, n] * factor + offset) * hours
                column += 1
            elif part.sink == "asks":
                board.ask(part.name, self._flow(part, mean[:, n] * factor + offset))
            elif part.sink == "serves":
                flow = self._flow(part, mean[:, n] * factor + offset)
                board.serve(part.name, self._asked_for(part, flow, board.asked(part.name)))
            else:
                board.given[part.name] = last[:, n] * factor + offset

    def _value(
        self, part: ForeignInput, board: Board, factor: float, offset: float
    ) -> Floats | float:
        if part.source == "value":
            return part.value
        if part.source == "calendar":
            working = board.around.kind[board.step] == WORK
            return float(working if part.name == "working" else not board.out_of_order(self.name))
        if part.source == "given" and part.name not in board.given:
            if part.first is not None and board.step == 0:
                return part.first
            raise ScenarioFault(
                f"nobody gives {part.name}, which feeds {part.variable!r} of {self.name}"
                + (" in the first step" if board.step == 0 else ""),
                expected="a unit that gives it"
                + (", or `first` for the first step" if board.step == 0 else ""),
                remedy=f"given are: {', '.join(sorted(board.given)) or 'nothing'}",
            )
        if part.source == "net":
            found = board.asked(part.name)
        elif part.source == "given":
            found = board.given[part.name]
        elif part.source == "setpoint":
            found = board.setting(part.name)
        else:
            found = getattr(board, part.name)()
        return np.asarray(found * factor + offset, np.float64)

    def _flow(self, part: ForeignOutput, flow: Floats) -> Floats:
        if (flow < -1e-9).any():
            raise ScenarioFault(
                f"{part.variable!r} of the foreign model of {self.name} {part.sink} {part.name} "
                f"with {float(flow.min()):g}",
                expected="a flow not below zero",
                remedy="give the other direction a net or a variable of its own",
            )
        return np.maximum(flow, 0.0)

    def _asked_for(self, part: ForeignOutput, flow: Floats, asked: Floats) -> Floats:
        over = flow - asked
        if (over > 1e-6 * np.maximum(asked, 1.0)).any():
            run = int(np.argmax(over))
            raise ScenarioFault(
                f"{part.variable!r} of the foreign model of {self.name} serves {part.name} with "
                f"{flow[run]:g}, and {asked[run]:g} is asked",
                expected="at most what is asked",
                remedy="let the model limit its supply to its input",
            )
        return np.minimum(flow, asked)

    def _known(self, case: Case) -> None:
        """What the case changes of this machine must be something that the model has."""
        mine = {s.variable for s in self.spec.start}
        asked = {k.partition(".")[2] for k in case.parameters if k.partition(".")[0] == self.name}
        faults = [f"no start value {name!r}" for name in sorted(asked - mine)]
        outage = any(o.machine == self.name for o in case.outages)
        if outage and not any(i.name == "in_order" for i in self.spec.inputs):
            faults.append("no input that says it is out of order (`calendar: in_order`)")
        if faults:
            raise ScenarioFault(
                f"the foreign model of {self.name} has {' and '.join(faults)}",
                expected="changes of what `model` in the plant file names",
                remedy="add it there, or take the change out of the scenario",
            )

    def _start(self, part: ForeignStart, draw: Draw, case: Case, unit: str) -> Floats:
        drawn = draw.parameter(self.name, part.variable, part.value, part.share)
        seen = case.image.values.get(part.signal) if case.image and part.signal else None
        if seen is None or f"{self.name}.{part.variable}" in case.parameters:
            return drawn
        factor, offset = self._turned(self.plant.signal(part.signal).unit, unit, part.variable)
        return np.full(draw.runs, seen * factor + offset)

    def _into(self, part: ForeignInput, unit: str) -> tuple[float, float]:
        """Factor and offset from the plant's unit to the model's."""
        if part.source in ("value", "calendar"):
            return 1.0, 0.0
        if part.source == "net":
            return self._turned(self._flow_unit(part.variable, unit), unit, part.variable)
        if part.source == "weather":
            return self._turned(WEATHER_UNITS[part.name], unit, part.variable)
        if part.source == "given":
            return self._turned(self._given_unit(part.name), unit, part.variable)
        return self._turned(self.plant.signal(part.name).unit, unit, part.variable)

    def _out(self, part: ForeignOutput, unit: str) -> tuple[float, float]:
        """Factor and offset from the model's unit to the plant's."""
        if part.sink == "quantity":
            return self._turned(unit, self._quantity_unit(part), part.variable)
        if part.sink in ("asks", "serves"):
            return self._turned(unit, self._flow_unit(part.variable, unit), part.variable)
        if part.sink == "gives":
            return self._turned(unit, self._given_unit(part.name), part.variable)
        return self._turned(unit, self.plant.signal(part.name).unit, part.variable)

    def _quantity_unit(self, part: ForeignOutput) -> str:
        from ecotwin.simulation.engine import quantities

        known = quantities().get(part.name.partition(":")[0])
        unit = known[0] if known else ""
        if unit and part.form == "counter":
            return unit
        if unit not in _BY_HOUR:
            raise ScenarioFault(
                f"{part.variable!r} of the foreign model of {self.name} is booked as {part.name}",
                expected=f"a quantity of simulation/quantities.csv in {', '.join(_BY_HOUR)}",
                remedy="correct `quantity` in the plant file, or say `form: counter`",
            )
        return _BY_HOUR[unit]

    def _given_unit(self, name: str) -> str:
        if self.plant.has_signal(name):
            return self.plant.signal(name).unit
        for ending, unit in _ENDINGS.items():
            if name.partition(":")[0].endswith(ending):
                return unit
        raise ScenarioFault(
            f"the given value {name!r} at the foreign model of {self.name} tells no unit",
            expected=f"a name that ends in one of {', '.join(_ENDINGS)}",
            remedy="name it so: `air_bar`, `cold_supply_c`",
        )

    def _flow_unit(self, variable: str, unit: str) -> str:
        for flow in FLOWS:
            try:
                conversion(unit, flow)
            except UnitFault:
                continue
            return flow
        raise ScenarioFault(
            f"{variable!r} of the foreign model of {self.name} is in {unit!r} and stands for a flow of a net",
            expected=f"a unit that can be turned into one of {', '.join(FLOWS)}",
            remedy="say its `unit` in the plant file",
        )

    def _turned(self, unit: str, other: str, variable: str) -> tuple[float, float]:
        try:
            return conversion(unit or "1", other or "1")
        except UnitFault:
            raise ScenarioFault(
                f"{variable!r} of the foreign model of {self.name} cannot be joined: {unit or '1'!r} is no "
                f"{other or '1'!r}",
                expected="units of one kind on both sides",
                remedy="correct its `unit`, or what it is joined with, in the plant file",
            ) from None


class _Plug:
    kinds: tuple[str, ...] = (KIND,)

    def units(self, plant: Plant) -> Sequence[Unit]:
        """A unit for every machine of kind `fmu`.

        Raises:
            ScenarioFault: One has no model, as when a scenario adds it.
        """
        bare = [m.id for m in plant.machines if m.kind == KIND and m.model is None]
        if bare:
            raise ScenarioFault(
                f"{', '.join(bare)} of kind {KIND} without a foreign model",
                expected="`model` of the machine in the plant file",
                remedy="add the machine to the plant file with its FMU; a scenario cannot bring one",
            )
        return [Played(m.id, m.model, plant) for m in plant.machines if m.model is not None]


plug = _Plug()
