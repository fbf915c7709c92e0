"""What the units of a batch of runs ask of each other, give each other, and find around them."""

from __future__ import annotations

import numpy as np

from ecotwin.clock import SECOND, micros
from ecotwin.records import Floats
from ecotwin.simulation.contract import Case
from ecotwin.simulation.surroundings import Surroundings


class Exchange:
    """What units see of each other: see `contract.Board`."""

    def __init__(self, case: Case, around: Surroundings, first: int, runs: int) -> None:
        self.runs, self.step_s, self.step, self.around = runs, case.step_s, 0, around
        self.given: dict[str, Floats] = {}
        self.out: Floats = np.zeros((runs, 0))
        self.nets: frozenset[str] = frozenset()
        self.missing: dict[str, Floats] = {}
        self._first = first
        self._asked: dict[str, Floats] = {}
        self._settings = {s: _series(case, s, around) for s in _settable(case)}
        self._outages = [
            (o.machine, micros(o.start) - around.start_us, micros(o.end) - around.start_us)
            for o in case.outages
        ]
        self._nothing = np.zeros(runs)
        self.held: dict[str, Floats] = {}
        """Set-points that somebody outside holds from step to step; they win."""

    def next(self, step: int) -> None:
        """Begin a step."""
        self.step = step
        self._asked = {}

    def ask(self, net: str, flow: Floats | float) -> None:
        """See `contract.Board.ask`."""
        before = self._asked.get(net)
        if before is not None:
            self._asked[net] = before + flow
        elif isinstance(flow, np.ndarray) and flow.shape == (self.runs,):
            self._asked[net] = flow
        else:
            self._asked[net] = np.broadcast_to(flow, (self.runs,))

    def asked(self, net: str) -> Floats:
        """See `contract.Board.asked`."""
        return self._asked.get(net, self._nothing)

    def serve(self, net: str, flow: Floats) -> None:
        """See `contract.Board.serve`."""
        short = (self.asked(net) - flow) * (self.step_s / 3600.0)
        self.missing[net] = self.missing.get(net, self._nothing) + short

    def setting(self, signal: str) -> Floats:
        """See `contract.Board.setting`."""
        from_outside = self.held.get(signal)
        if from_outside is not None:
            return from_outside
        return self._everywhere(self._settings[signal][self.step])

    def out_of_order(self, machine: str) -> bool:
        """See `contract.Board.out_of_order`."""
        if not self._outages:
            return False
        at = (self.step + 0.5) * self.step_s * SECOND
        return any(m == machine and a <= at < b for m, a, b in self._outages)

    def outdoor_c(self) -> Floats:
        """See `contract.Board.outdoor_c`."""
        return self._weather(self.around.weather.outdoor_c)

    def wet_bulb_c(self) -> Floats:
        """See `contract.Board.wet_bulb_c`."""
        return self._weather(self.around.weather.wet_bulb_c)

    def sun_w_m2(self) -> Floats:
        """See `contract.Board.sun_w_m2`."""
        return self._weather(self.around.weather.sun_w_m2)

    def _everywhere(self, value: float) -> Floats:
        every = np.empty(self.runs)
        every.fill(value)
        return every

    def _weather(self, series: Floats) -> Floats:
        if len(series) == 1:
            return self._everywhere(series[0, self.step])
        return series[self._first : self._first + self.runs, self.step]


def _settable(case: Case) -> set[str]:
    return {s.id for s in case.plant.signals if s.form == "setpoint"} | set(case.settings)


def _series(case: Case, signal: str, around: Surroundings) -> Floats:
    """Value of a set-point in every step."""
    known = case.plant.signal(signal)
    base = case.image.values.get(signal) if case.image else None
    if base is None:
        facts = case.plant.element(known.element).kind_facts
        name = signal.rpartition(".")[2]
        base = (
            known.write.fallback
            if known.write
            else float(facts[f"{name}_usual"])
            if f"{name}_usual" in facts
            else float("nan")
        )
    series = np.full(case.steps, float(base))
    at = around.start_us + np.arange(case.steps) * int(case.step_s * SECOND)
    for held in case.settings.get(signal, ()):
        low = micros(held.start) if held.start else around.start_us
        high = micros(held.end) if held.end else np.iinfo(np.int64).max
        series[(at >= low) & (at < high)] = held.value
    return series
