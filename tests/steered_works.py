"""A works with one heater that can be steered, small enough for closed-form answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.cycle.environments import plant_case
from ecotwin.plant import Plant, load
from ecotwin.simulation.contract import Board, Case, Draw, State
from ecotwin.simulation.environment import PlantEnv
from ecotwin.simulation.goals import Goals, energy_goals
from ecotwin.simulation.surroundings import Surroundings

PLANTS = Path(__file__).parents[1] / "plants"
START = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)

TINY = """
id: works
name: Works
timezone: UTC
connections: {bus: {protocol: sparkplug, writing: true}}
tariffs:
  - {carrier: electricity, unit: MWh, price: 200, bands: [{from_hour: 0, to_hour: 6, price: 100}]}
grid: {region: DE, location: 0.3, year: 2026, version: "1", source: stated assumption}
calendar:
  shifts: [{name: day, days: [mon, tue, wed, thu, fri], start: "06:00", end: "14:00", breaks: ["09:00-10:00"]}]
areas:
  - id: hall
    name: Hall
    machines:
      - id: heater
        kind: curing_oven
        name: Heater
        signals:
          power_sp:
            means: setpoint
            unit: kW
            write: {low: 0, high: 10, fallback: 4, lease_max_min: 60, rate_per_min: 0.1}
          sleep_sp:
            write:
              low: 50
              high: 130
              fallback: 110
              lease_max_min: 90
              interlocks:
                - {name: in_break, kind: calendar, text: The calendar has a break or no shift now}
                - {name: fresh, kind: fresh, signal: power, max_age_s: 120, text: The data is young}
"""


@dataclass
class Heater:
    """Uses what it is set to, a tenth more or less by chance; its level is the sum."""

    name: str = "heater"
    machines: tuple[str, ...] = ("heater",)
    columns: tuple[tuple[str, str], ...] = (("heater", "electricity_kwh"), ("heater", "heat_kwh"))
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ("water",)
    serves: tuple[str, ...] = ("heat",)
    broken: bool = False

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        return {"share": 0.9 + 0.2 * draw.chance.uniform("heater"), "level": np.zeros(draw.runs)}

    def step(self, state: State, board: Board) -> None:
        kwh = board.setting("heater.power_sp") * state["share"] * board.step_s / 3600.0
        board.out[:, 0] = kwh
        board.out[:, 1] = 0.5 * kwh
        state["level"] = state["level"] + kwh
        board.given["level_kwh"] = state["level"] * (np.nan if self.broken else 1.0)
        board.given["oven_c"] = board.setting("heater.sleep_sp")
        board.ask("heat", 3.0)
        board.serve("heat", np.full(board.runs, 2.0))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    file = tmp_path_factory.mktemp("tiny") / "plant.yaml"
    file.write_text(TINY)
    return load(file)


@pytest.fixture(scope="module")
def case(plant: Plant) -> Case:
    return plant_case(plant, START, 24.0)


def env_of(case: Case, goals: Goals | None = None, **options: Any) -> PlantEnv:
    units = [Heater()]
    return PlantEnv(case, goals or energy_goals(case, units=units), units=units, **options)


def episode(env: PlantEnv, seed: int, action: Any = None) -> tuple[float, list[dict[str, Any]]]:
    env.reset(seed=seed)
    reward, told, ended = 0.0, [], False
    while not ended:
        wanted = env.hold() if action is None else action(env)
        _, gain, terminated, ended, info = env.step(wanted)
        assert not terminated
        reward += gain
        told.append(info)
    return reward, told


def wanting(env: PlantEnv, **values: float) -> Any:
    """The action that wants these values and holds the rest; names without their machine."""
    action = env.hold()
    for n, (signal, rule) in enumerate(zip(env.signals, env.steering.rules, strict=True)):
        name = signal.partition(".")[2]
        if name in values:
            action[n] = (values[name] - rule.low) / (rule.high - rule.low) * 2.0 - 1.0
    return action
