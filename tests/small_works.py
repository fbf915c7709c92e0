"""A small works and a user of nets, for tests of single units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.plant import Plant
from ecotwin.plant.blueprint import parse
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, Known, State
from ecotwin.simulation.surroundings import Surroundings, Weather

MONDAY = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
_HEAD = """
id: works
name: Works
timezone: UTC
calendar:
  shifts:
    - {name: Day, days: [mon, tue, wed, thu, fri], start: "06:00", end: "14:00", breaks: ["09:00-09:30"]}
connections: {bus: {protocol: mqtt}}
areas:
  - id: hall
    name: Hall
    machines:
"""


def works(*machines: str, shifts: bool = True, makes: str = "") -> Plant:
    """A plant of these machines: "id kind", "id kind {fact: value}" or "id kind field: value".

    Without shifts it works always. A part is made on the machine `makes`.
    """
    text = _HEAD
    if not shifts:
        text = text.replace(text[text.index("calendar") : text.index("connections")], "")
    for line in machines or ("meter grid_meter",):
        name, kind, *facts = line.split(" ", 2)
        told = "".join(f", facts: {f}" if f.startswith("{") else f", {f}" for f in facts)
        text += f"      - {{id: {name}, kind: {kind}, name: {name}, device: plc/{name}{told}}}\n"
    if makes:
        text += (
            f"products: [{{code: 1, name: Part, mass_kg: 0.2, planned_run_s: {{{makes}: 20}}}}]\n"
        )
    plant, faults = parse(text, "works.yaml")
    assert plant is not None, faults
    return plant


def weather(
    hours: float, outdoor: float = 18.0, wet: float | None = None, sun: float = 0.0
) -> Weather:
    """The same weather all the time."""
    flat = np.full((1, round(60 * hours)), outdoor)
    return Weather(flat, flat * 0.0 + (outdoor - 5.0 if wet is None else wet), flat * 0.0 + sun)


def case(plant: Plant, hours: float = 24.0, runs: int = 3, **changed: Any) -> Case:
    """A case of steady weather at minutes from Monday on; parameters as numbers are exact."""
    known = changed.pop("parameters", {})
    assert isinstance(known, Mapping)
    exact = {k: v if isinstance(v, Known) else Known(v) for k, v in known.items()}
    made = Case(plant, MONDAY, hours, runs, 5, weather(hours), parameters=exact)
    return replace(made, **changed)


@dataclass
class User:
    """Asks nets for flows and gives names values, the same in every step or one a step."""

    flows: Mapping[str, float | Sequence[float] | Floats]
    gives: Mapping[str, float | Sequence[float] | Floats] = field(default_factory=dict)
    name: str = "user"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    asks: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.may_ask: tuple[str, ...] = tuple(self.flows)
        self.seen: list[dict[str, Floats]] = []

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        self.seen.clear()
        return {}

    def step(self, state: State, board: Board) -> None:
        self.seen.append({k: np.array(v) for k, v in board.given.items()})
        for net, flow in self.flows.items():
            board.ask(net, _now(flow, board.step))
        for name, value in self.gives.items():
            board.given[name] = np.full(board.runs, _now(value, board.step))

    def told(self, name: str) -> Floats:
        """What was given at the begin of every step from the second on [steps - 1, runs]."""
        return np.stack([s[name] for s in self.seen[1:]])


def _now(value: float | Sequence[float] | Floats, step: int) -> float:
    return float(value) if isinstance(value, float | int) else float(value[step])


PLANTS = Path(__file__).parents[1] / "plants"
