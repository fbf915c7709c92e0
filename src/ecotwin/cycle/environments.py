"""Makes environments of plant files: reads file and foreign models, and states a weather where none is given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import micros
from ecotwin.cycle.foreign import foreign_models
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.simulation.contract import Case
from ecotwin.simulation.environment import PlantEnv, PlantVectorEnv
from ecotwin.simulation.goals import Goals, energy_goals
from ecotwin.simulation.surroundings import Weather, calendar


def stated_weather(
    plant: Plant,
    start: datetime,
    steps: int,
    step_s: float,
    mean_c: float = 15.0,
    swing_k: float = 5.0,
    sun_w_m2: float = 600.0,
) -> Weather:
    """A weather without surprises: each day a cosine that is warmest at 15:00, the sun from 6:00 to 18:00 local.

    Args:
        plant: For its local time. start, steps, step_s: The span. mean_c: Mean temperature [degC]. swing_k: Half the
            difference of day and night [K]. sun_w_m2: At noon.

    Sources:
        15 degC: ICAO standard atmosphere at sea level. Swing, sun and a wet bulb that lies a third of the way from the
        night's minimum to the temperature are stated assumptions.
    """
    hour = calendar(plant, start, steps, step_s)["hour"]
    outdoor = mean_c + swing_k * np.cos(2.0 * np.pi * (hour - 15.0) / 24.0)
    lowest = mean_c - swing_k
    sun = sun_w_m2 * np.maximum(np.sin(np.pi * (hour - 6.0) / 12.0), 0.0)
    return Weather(outdoor[None, :], (lowest + (outdoor - lowest) / 3.0)[None, :], sun[None, :])


def plant_case(
    plant: str | Path | Plant,
    start: str | datetime,
    hours: float = 24.0,
    *,
    seed: int = 0,
    step_s: float = 60.0,
    weather: Weather | None = None,
) -> Case:
    """A case of a plant file with its foreign models.

    Args:
        plant: The plant or its file. start: Of the span, an instant in UTC or ISO text. hours: Its length [h].
        seed: Of its run. step_s: Of the simulation [s]. weather: None: `stated_weather`.
    """
    whole = plant if isinstance(plant, Plant) else load(plant)
    begin = datetime.fromisoformat(start) if isinstance(start, str) else start
    if begin.tzinfo is None:
        begin = begin.replace(tzinfo=UTC)
    micros(begin)
    steps = round(hours * 3600.0 / step_s)
    if steps < 2:
        raise ScenarioFault(
            f"a span of {hours:g} h in steps of {step_s:g} s",
            expected="at least two steps",
            remedy="give a longer span",
        )
    around = weather or stated_weather(whole, begin, steps, step_s)
    return Case(whole, begin, hours, 1, seed, around, step_s=step_s, foreign=foreign_models(whole))


def plant_env(
    plant: str | Path | Plant | Case,
    start: str | datetime = "2026-06-15T00:00:00+00:00",
    hours: float = 24.0,
    goals: Goals | None = None,
    *,
    weather: Weather | None = None,
    carbon_price_per_kg: float = 0.0,
    **options: Any,
) -> PlantEnv:
    """An environment of a plant file, as `gymnasium.make("ecotwin/Plant-v0", plant=...)` makes it.

    Args:
        plant: The plant, its file, or a whole case, whose span and weather then hold. start, hours, weather: As for
            `plant_case`. goals: None: `energy_goals` with this price of carbon. carbon_price_per_kg: [currency/kgCO2e].
        options: As for `PlantEnv`: `every`, `units`, `outside`.
    """
    case = plant if isinstance(plant, Case) else plant_case(plant, start, hours, weather=weather)
    options.pop("render_mode", None)
    return PlantEnv(case, goals or _goals(case, carbon_price_per_kg, options), **options)


def plant_vector_env(
    plant: str | Path | Plant | Case,
    num_envs: int,
    start: str | datetime = "2026-06-15T00:00:00+00:00",
    hours: float = 24.0,
    goals: Goals | None = None,
    *,
    weather: Weather | None = None,
    carbon_price_per_kg: float = 0.0,
    **options: Any,
) -> PlantVectorEnv:
    """Many runs of a plant file at once, as `gymnasium.make_vec("ecotwin/Plant-v0", num_envs=8, plant=...)` does."""
    case = plant if isinstance(plant, Case) else plant_case(plant, start, hours, weather=weather)
    options.pop("render_mode", None)
    goals = goals or _goals(case, carbon_price_per_kg, options)
    return PlantVectorEnv(num_envs, case, goals, **options)


def _goals(case: Case, carbon_price_per_kg: float, options: dict[str, Any]) -> Goals:
    return energy_goals(case, carbon_price_per_kg, units=options.get("units"))
