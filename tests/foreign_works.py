"""A works with two foreign models, a heater (FMI 2) and a tank (FMI 3), and users of hot water."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ecotwin.connectors.foreign_model import ForeignModel
from ecotwin.cycle.foreign import foreign_models
from ecotwin.plant import Plant
from ecotwin.plant import load as read_plant
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Board, Case, Draw, State
from ecotwin.simulation.engine import Engine
from ecotwin.simulation.surroundings import Surroundings, Weather
from foreign_fmus import HEATER, TANK, build

START = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
STEPS = 120

PLANT = """
id: works
name: Works
timezone: UTC
connections: {bus: {protocol: sparkplug, writing: true}}
areas:
  - id: hall
    name: Hall
    machines:
      - id: heater
        kind: fmu
        name: Hot-water tank
        signals:
          power_sp:
            means: setpoint
            unit: kW
            write: {low: 0, high: 40, fallback: 6, lease_max_min: 60, rate_per_min: 5}
          temperature: {means: temperature, unit: degC}
        model:
          file: models/Heater.fmu
          answer_s: 2
          start:
            temperature_c: {value: 60, unit: degC, signal: temperature}
            mass_kg: {value: 1000, unit: kg}
            loss_kw_k: {value: 0.05, unit: kW/K, share: 0.1}
            mood: {value: 0}
            mood_at_s: {value: 300, unit: s}
          inputs:
            power_kw: {setpoint: power_sp, unit: kW}
            outdoor_c: {weather: outdoor_c, unit: degC}
            demand_kw: {net: hot_water, unit: kW}
            "on": {calendar: in_order}
          outputs:
            supply_kw: {serves: hot_water, unit: kW}
            energy_kwh: {quantity: electricity_kwh, form: counter, unit: kWh}
            drawn_kw: {quantity: heat_kwh, unit: kW}
            temperature_c: {signal: temperature, unit: degC}
      - id: tank
        kind: fmu
        name: Rain-water tank
        model:
          file: models/Tank.fmu
          step_s: 15
          start:
            least: {value: 2}
          inputs:
            inflow: {value: 0.001}
            inlet: {given: heater.temperature, first: 330, unit: K}
          outputs:
            taken: {quantity: water_in_m3, form: counter}
            outflow: {quantity: water_out_m3}
            volume: {gives: rain_m3}
            temperature: {gives: rain_c}
"""


@dataclass
class Users:
    """Ask for hot water, more every hour."""

    name: str = "users"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    asks: tuple[str, ...] = ("hot_water",)
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        return {"seen": []}

    def step(self, state: State, board: Board) -> None:
        board.ask("hot_water", demand(board.step))
        state["seen"].append({k: v.copy() for k, v in board.given.items()})


def demand(step: int) -> float:
    return 3.0 + step / 60.0


def works_in(folder: Path) -> Plant:
    """The works, its plant file and models written to a folder."""
    (folder / "models").mkdir()
    build(folder / "models", HEATER)
    build(folder / "models", TANK)
    (folder / "plant.yaml").write_text(PLANT)
    return read_plant(folder / "plant.yaml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("works")
    works_in(folder)
    return folder


@pytest.fixture(scope="module")
def plant(folder: Path) -> Plant:
    return read_plant(folder / "plant.yaml")


@pytest.fixture(scope="module")
def models(plant: Plant) -> Iterator[dict[str, ForeignModel]]:
    found = dict(foreign_models(plant))
    yield found
    for model in found.values():
        model.close()


def weather(steps: int, outdoor_c: float = 12.0) -> Weather:
    flat = np.full((1, steps), outdoor_c)
    return Weather(flat, flat - 3.0, np.zeros((1, steps)))


def case_of(plant: Plant, models: dict[str, ForeignModel], **changed: object) -> Case:
    case = Case(plant, START, STEPS / 60.0, 3, 5, weather(STEPS), foreign=models)
    return replace(case, **changed)  # type: ignore[arg-type]


def engine_of(case: Case, runs: int | None = None) -> Engine:
    return Engine(case, [Users(), *units_of(case.plant)], runs=runs)
