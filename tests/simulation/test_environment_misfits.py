"""Environments that cannot be: nothing to write, goals that nobody books, values that are no numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ecotwin.cycle.environments import plant_case, plant_env, plant_vector_env
from ecotwin.errors import FactorGap, ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.contract import Case
from ecotwin.simulation.environment import PlantEnv
from ecotwin.simulation.goals import Bound, Goals, energy_goals
from steered_works import PLANTS, START, Heater, case, env_of, plant

__all__ = ["case", "plant"]


def test_a_plant_without_a_writable_set_point_is_named(plant: Plant) -> None:
    with pytest.raises(ScenarioFault, match=r"nothing of .* may be written.*`write` rule"):
        plant_env(PLANTS / "steelworks.yaml", goals=Goals({"electricity_kwh": -1.0}))
    watched = replace(
        plant,
        signals=tuple(
            replace(s, write=replace(s.write, autonomy="observe")) if s.write else s
            for s in plant.signals
        ),
    )
    with pytest.raises(ScenarioFault, match="nothing of Works may be written"):
        plant_vector_env(watched, 2, goals=Goals({"electricity_kwh": -1.0}), units=[Heater()])


WRONG: dict[str, tuple[Goals, dict[str, Any], str]] = {
    "a quantity nobody books": (Goals({"gas_m3": -1.0}), {}, r"goals name gas_m3.*electricity_kwh"),
    "a value nobody gives": (
        Goals({}, (Bound("air_bar", 6.0),)),
        {},
        r"goals name air_bar.*level_kwh.*short.heat",
    ),
    "a rate too short": (
        Goals({"electricity_kwh": np.ones(7)}),
        {},
        r"rates of shape \(7,\) for 1440 steps",
    ),
    "a rate that is none": (Goals({"electricity_kwh": np.nan}), {}, r"goal for electricity_kwh"),
    "no step": (Goals({"electricity_kwh": 1.0}), {"every": 0}, r"0 steps an action"),
    "another word": (Goals({"electricity_kwh": 1.0}), {"outside": "wrap"}, r"'wrap'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_goals_that_cannot_be_followed_are_named(case: Case, what: str) -> None:
    goals, options, named = WRONG[what]
    with pytest.raises(ScenarioFault, match=named):
        env_of(case, goals, **options)


def test_a_value_that_is_no_number_is_named(case: Case) -> None:
    goals = Goals({"electricity_kwh": -1.0})
    with pytest.raises(ScenarioFault, match=r"given.level_kwh is no number after 0.0166667 h"):
        PlantEnv(case, goals, units=[Heater(broken=True)])


def test_carbon_with_a_price_needs_a_factor_and_a_goal_needs_a_rate(
    case: Case, plant: Plant
) -> None:
    bare = replace(case, plant=replace(plant, grid=None, tariffs=()))
    with pytest.raises(FactorGap, match="gives no factor of the grid"):
        energy_goals(bare, 0.1, units=[Heater()])
    with pytest.raises(ScenarioFault, match="gives no tariff and no rate"):
        energy_goals(bare, units=[Heater()])
    with pytest.raises(ScenarioFault, match=r"a span of 0\.01 h"):
        plant_case(plant, START, 0.01)
