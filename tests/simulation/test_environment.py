"""Any plant as an environment: gymnasium's own checker, closed-form rewards, limits of the plant file, seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.cycle.environments import plant_case, plant_env, stated_weather
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Board, Case, Known, Setting, State, Unit
from ecotwin.simulation.engine import run
from ecotwin.simulation.environment import PlantEnv, PlantVectorEnv
from ecotwin.simulation.goals import Bound, Goals, energy_goals
from ecotwin.simulation.registration import ID, register
from ecotwin.simulation.surroundings import FREE
from foreign_fmus import HeaterTwin
from foreign_works import Users, demand, works_in
from steered_works import PLANTS, START, Heater, case, env_of, episode, plant, wanting

__all__ = ["case", "plant"]


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    register()
    register()
    yield
    gymnasium.registry.pop(ID)


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return works_in(tmp_path_factory.mktemp("works"))


def test_the_checker_of_gymnasium_passes_without_a_warning_on_a_tiny_plant(case: Case) -> None:
    made = gymnasium.make(
        ID,
        plant=case,
        units=[Heater()],
        goals=Goals({"electricity_kwh": -1.0}, (Bound("oven_c", 60.0),)),
    )
    check_env(made.unwrapped)


def utilities(plant: Plant) -> list[Unit]:
    """Units of a plant without its lines, whose kernel takes a minute to compile."""
    lines = {e.id for e in plant.elements if e.level == "line"}
    return [u for u in units_of(plant) if u.name not in lines]


def test_the_checker_of_gymnasium_passes_without_a_warning_on_the_electronics_works() -> None:
    plant = load(PLANTS / "electronics.yaml")
    made = gymnasium.make(
        ID, plant=plant, hours=3.0, carbon_price_per_kg=0.1, units=utilities(plant)
    )
    check_env(made.unwrapped)
    env = made.unwrapped
    assert isinstance(env, PlantEnv)
    assert {"oven_1.sleep_sp", "compressor_1.pressure_sp"} <= set(env.signals)
    assert "oven_1.sleep_sp: empty" in env.unchecked
    assert {"given.air_bar", "short.air", "rate.grid_import_kwh"} <= set(env.names)


def test_less_pressure_while_nobody_works_beats_doing_nothing() -> None:
    """Leaks and the work of compressing fall with the pressure; the compressors' set-points are back before work."""
    plant = load(PLANTS / "electronics.yaml")
    units = utilities(plant)
    night = plant_case(plant, "2026-06-17T18:00:00+00:00", 12.0)
    goals = energy_goals(night, 0.1, units=units, bounds=(Bound("air_bar", low=5.8),))
    env = PlantEnv(night, goals, units=units)

    def lower(env: PlantEnv) -> Any:
        around, at = env.steering.engine.board.around, env.steering.at
        free = around.kind[at] == FREE and around.to_work_s[at] > 3600.0
        return wanting(env, pressure_sp=6.3 if free else 7.5)

    for seed in (3, 4):
        nothing, told = episode(env, seed)
        less, changed = episode(env, seed, lower)
        assert less > nothing + 0.5
        for one in (told, changed):
            assert sum(t["cost"] for t in one) == 0.0
        assert changed[-1]["set"]["compressor_1.pressure_sp"] == pytest.approx(7.5)
        used = [sum(t["amounts"]["electricity_kwh"] for t in one) for one in (told, changed)]
        assert used[1] < used[0]


def test_reward_of_doing_nothing_is_what_the_run_costs_by_its_tariff(case: Case) -> None:
    env = env_of(case)
    reward, told = episode(env, 4)
    outcome = run(replace(case, seed=4, bin_s=3600.0), [Heater()])
    hours = outcome.profile[0, :, outcome.quantities.index("electricity_kwh")]
    price = np.where(np.arange(24) < 6, 0.1, 0.2)
    first = hours[0] / 60.0  # the first step goes by before the first action
    assert reward == pytest.approx(-float(hours @ price) + first * 0.1, rel=1e-9)
    assert sum(t["amounts"]["electricity_kwh"] for t in told) + first == pytest.approx(
        hours.sum(), rel=1e-9
    )
    assert len(told) == 96
    assert told[-1]["hours"] == 24.0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31 - 1), st.lists(st.floats(-1.0, 1.0, width=32), min_size=6, max_size=6))
def test_a_seed_and_its_actions_give_one_episode_alone_and_among_many(
    case: Case, seed: int, wanted: list[float]
) -> None:
    short = replace(case, hours=2.0)
    goals = Goals({"electricity_kwh": -1.0}, (Bound("level_kwh", high=3.0),))
    alone, again = env_of(short, goals), env_of(short, goals)
    many = PlantVectorEnv(3, short, goals, units=[Heater()])
    first, _ = alone.reset(seed=seed)
    twice, _ = again.reset(seed=seed)
    among, _ = many.reset(seed=seed)
    assert np.array_equal(first, twice)
    assert np.array_equal(first, among[0])
    for value in wanted:
        action = np.array([value, -value], np.float32)
        seen, reward, _, ended, told = alone.step(action)
        other = again.step(action)
        assert np.array_equal(seen, other[0])
        assert reward == other[1]
        rows, gains, _, _, costs = many.step(np.tile(action, (3, 1)))
        assert np.array_equal(seen, rows[0])
        assert gains[0] == reward
        assert costs["cost"][0] == told["cost"]
        assert alone.observation_space.contains(seen)
        assert not ended


def test_an_action_moves_no_faster_than_the_plant_file_allows(case: Case) -> None:
    env = env_of(case)
    env.reset(seed=1)
    told = env.step(wanting(env, power_sp=10.0))[4]
    assert told["set"]["heater.power_sp"] == pytest.approx(5.5)
    mean = env.steering._last[0, env.steering.watched.index("electricity_kwh")]
    share = env.steering.engine.states["heater"]["share"][0]
    assert mean == pytest.approx(share * np.mean(4.0 + 0.1 * np.arange(1, 16)), rel=1e-9)
    for _ in range(4):
        told = env.step(wanting(env, power_sp=10.0))[4]
    assert told["set"]["heater.power_sp"] == pytest.approx(10.0, rel=1e-12)


def test_actions_outside_their_bounds_are_clipped_or_refused_as_stated(case: Case) -> None:
    env = env_of(case)
    env.reset(seed=1)
    told = env.step(wanting(env, power_sp=-10.0))[4]
    assert told["clipped"] == ["heater.power_sp"]
    assert told["set"]["heater.power_sp"] == pytest.approx(2.5)
    strict = env_of(case, outside="refuse")
    strict.reset(seed=1)
    with pytest.raises(
        ScenarioFault, match=r"target of heater.power_sp is -10 kW.*within 0..10 kW"
    ):
        strict.step(wanting(strict, power_sp=-10.0))
    for one in (env, strict):
        with pytest.raises(ScenarioFault, match=r"target of heater.sleep_sp is nan degC"):
            one.step(wanting(one, sleep_sp=np.nan))
        with pytest.raises(ScenarioFault, match=r"action of shape \(1, 3\)"):
            one.step(np.zeros(3, np.float32))
    strict.step(np.array([1.0, -1.0], np.float32))  # the bounds themselves are inside


def test_the_calendar_holds_a_set_point_at_its_fallback_while_people_work(case: Case) -> None:
    env = env_of(case, every=30)

    def sleep(env: PlantEnv) -> Any:
        return wanting(env, sleep_sp=50.0)

    _, told = episode(env, 1, sleep)
    at = {round(t["hours"], 6): t for t in told}
    asleep = {
        h: at[round(h + 1 / 60.0, 6)]["set"]["heater.sleep_sp"] for h in (5.0, 7.0, 9.5, 12.0, 15.0)
    }
    assert asleep == {5.0: 50.0, 7.0: 110.0, 9.5: 50.0, 12.0: 110.0, 15.0: 50.0}
    assert at[round(7.0 + 1 / 60.0, 6)]["blocked"] == ["heater.sleep_sp"]
    assert at[round(5.0 + 1 / 60.0, 6)]["blocked"] == []
    assert env.unchecked == ("heater.sleep_sp: fresh",)


def test_what_passes_a_bound_costs_apart_from_the_reward(case: Case) -> None:
    """A level that rises past its bound, a rate above a permit and a net that is short: areas beyond, by hand."""
    bounds = (
        Bound("level_kwh", high=8.0, weight=2.0),
        Bound("heat_kwh", low=1.0, high=1.5),
        Bound("short.heat"),
        Bound("oven_c", low=100.0),
        replace(Bound("short.heat"), high=0.25),
    )
    env = env_of(replace(case, hours=6.0), Goals({"electricity_kwh": -1.0}, bounds[:4]), every=60)
    reward, told = episode(env, 9)
    share = env.steering.engine.states["heater"]["share"][0]
    level = 4.0 * share * np.arange(2, 361) / 60.0
    beyond = np.maximum(level - 8.0, 0.0).sum() / 60.0 * 2.0
    assert sum(t["costs"]["level_kwh"] for t in told) == pytest.approx(beyond, rel=1e-9)
    over = max(2.0 * share - 1.5, 0.0) * 359 / 60.0
    assert sum(t["costs"]["heat_kwh"] for t in told) == pytest.approx(over, rel=1e-9)
    assert sum(t["cost"] for t in told) == pytest.approx(beyond + over, rel=1e-9)
    assert reward == pytest.approx(-4.0 * share * 359 / 60.0, rel=1e-9)
    short = env_of(replace(case, hours=6.0), Goals({}, (bounds[4],)), every=60)
    _, told = episode(short, 9)
    assert sum(t["cost"] for t in told) == pytest.approx(0.75 * 359 / 60.0)


def test_the_episode_ends_with_the_span_and_nothing_goes_on_after_it(case: Case) -> None:
    env = env_of(replace(case, hours=1.0), every=25)
    _, told = episode(env, 1)
    assert [round(t["hours"] * 60) for t in told] == [26, 51, 60]
    with pytest.raises(ScenarioFault, match="span of the case is at its end"):
        env.step(env.hold())
    many = PlantVectorEnv(
        2, replace(case, hours=1.0), Goals({"electricity_kwh": -1.0}), units=[Heater()], every=30
    )
    first, _ = many.reset(seed=5)
    ends = [many.step(many.hold())[3].tolist() for _ in range(3)]
    assert ends == [[False, False], [True, True], [False, False]]
    anew = many.step(many.hold())
    assert anew[1].shape == (2,)
    assert not np.array_equal(first, many.reset(seed=6)[0])
    with pytest.raises(ScenarioFault, match="a list of seeds"):
        many.reset(seed=[1, 2])


def test_unseeded_episodes_differ_and_follow_from_the_first_seed(case: Case) -> None:
    def three(env: PlantEnv) -> list[float]:
        episode_of = []
        for n in range(3):
            env.reset(seed=3 if n == 0 else None)
            episode_of.append(env.step(env.hold())[1])
        return episode_of

    one, two = three(env_of(case)), three(env_of(case))
    assert one == two
    assert len(set(one)) == 3


def test_another_day_is_handed_in_at_the_reset(case: Case) -> None:
    env = env_of(case)
    other = replace(case, start=START + timedelta(days=5))
    seen, _ = env.reset(
        seed=1, options={"case": other, "goals": energy_goals(other, units=[Heater()])}
    )
    assert seen[env.names.index("calendar.to_work_h")] == pytest.approx(54.0, abs=0.1)
    with pytest.raises(ScenarioFault, match="of another length"):
        env.reset(options={"case": replace(case, hours=2.0)})


def test_what_is_seen_is_named_and_true(case: Case) -> None:
    env = env_of(case, energy_goals(case, 0.5, {"heat_kwh": 0.01}, units=[Heater()]), every=60)
    env.reset(seed=2)
    seen = dict(zip(env.names, env.step(wanting(env, sleep_sp=60.0))[0].tolist(), strict=True))
    share = env.steering.engine.states["heater"]["share"][0]
    assert seen["set.heater.sleep_sp"] == pytest.approx(60.0)
    assert seen["given.oven_c"] == pytest.approx(60.0)
    assert seen["used.electricity_kwh_per_h"] == pytest.approx(4.0 * share, rel=1e-6)
    assert seen["used.heat_kwh_per_h"] == pytest.approx(2.0 * share, rel=1e-6)
    assert seen["short.heat"] == pytest.approx(1.0)
    assert seen["calendar.to_work_h"] == pytest.approx(5.0, abs=0.03)
    assert seen["rate.electricity_kwh"] == pytest.approx(-0.1 - 0.15)
    later = dict(
        zip(env.names, [env.step(env.hold()) for _ in range(3)][-1][0].tolist(), strict=True)
    )
    assert later["rate_ahead.electricity_kwh"] == pytest.approx(
        -(2 * 0.1 + 2 * 0.2) / 4 - 0.15, abs=2e-3
    )
    assert "rate.heat_kwh" not in seen
    assert seen["weather.outdoor_c"] == pytest.approx(
        stated_weather(case.plant, START, 90, 60.0).outdoor_c[0, 60]
    )


def test_what_is_held_wins_over_the_settings_of_the_case(case: Case) -> None:
    planned = replace(case, settings={"heater.power_sp": (Setting(8.0),)})
    env = env_of(planned)
    _, told = env.reset(seed=1)
    assert told["set"]["heater.power_sp"] == 8.0
    assert env.step(wanting(env, power_sp=0.0))[4]["set"]["heater.power_sp"] == pytest.approx(6.5)


def test_a_foreign_model_is_steered_like_any_machine(works: Plant) -> None:
    """The hot-water tank of an FMU: heated more, it is warmer by what the equations say."""
    users: list[Unit] = [Users(), *units_of(works)]
    whole = plant_case(works, START, 1.0)
    whole = replace(whole, parameters={"heater.loss_kw_k": Known(0.05)})
    goals = Goals({"electricity_kwh": -0.2}, (Bound("heater.temperature", low=60.0),))
    env = PlantEnv(whole, goals, units=users, every=20)
    env.reset(seed=1)
    ended, seen = False, np.zeros(0, np.float32)
    while not ended:
        seen, _, _, ended, _ = env.step(np.ones(1, np.float32))
    twin = HeaterTwin(60.0)
    for n in range(60):
        twin.step(min(6.0 + 5.0 * n, 40.0), demand(n), float(whole.weather.outdoor_c[0, n]), 60.0)
    assert seen[env.names.index("given.heater.temperature")] == pytest.approx(
        twin.temperature_c, rel=1e-6
    )
    for model in whole.foreign.values():
        model.close()  # type: ignore[attr-defined]


def test_a_hand_policy_that_heats_in_the_cheap_hour_beats_doing_nothing(works: Plant) -> None:
    """Hot water is stored while power is cheap; it stays as warm as it would have been, for less money."""
    users: list[Unit] = [Users(), *units_of(works)]
    whole = replace(plant_case(works, START, 2.0), parameters={"heater.loss_kw_k": Known(0.05)})
    price = np.where(np.arange(whole.steps) < 60, 0.1, 0.4)
    goals = Goals({"electricity_kwh": -price}, (Bound("heater.temperature", low=55.0),))
    env = PlantEnv(whole, goals, units=users, every=10)

    def early(env: PlantEnv) -> Any:
        return wanting(env, power_sp=15.5 if env.steering.at < 55 else 0.0)

    final = []
    rewards = []
    for policy in (None, early):
        reward, told = episode(env, 1, policy)
        rewards.append(reward)
        final.append(float(env.steering.engine.board.given["heater.temperature"][0]))
        assert sum(t["cost"] for t in told) == 0.0
    assert final[1] >= final[0]
    assert rewards[1] > 0.6 * rewards[0]
    assert rewards[0] == pytest.approx(-6.0 * (59 * 0.1 + 60 * 0.4) / 60.0, rel=1e-9)
    for model in whole.foreign.values():
        model.close()  # type: ignore[attr-defined]


def test_a_set_point_that_no_unit_plays_is_told(case: Case) -> None:
    class Deaf(Heater):
        def step(self, state: State, board: Board) -> None:
            board.out[:, 0] = board.setting("heater.power_sp") * board.step_s / 3600.0

    units: list[Unit] = [Deaf()]
    env = PlantEnv(case, Goals({"electricity_kwh": -1.0}), units=units)
    _, told = env.reset(seed=1)
    assert told["unread"] == ["heater.sleep_sp"]
    assert env.step(env.hold())[4]["unread"] == ["heater.sleep_sp"]
    assert episode(env_of(case), 1)[1][-1]["unread"] == []


@pytest.mark.proof
@pytest.mark.parametrize("file", sorted(PLANTS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_plant_passes_the_checker_or_says_why_it_cannot(file: Path) -> None:
    plant = load(file)
    if not any(s.write for s in plant.signals):
        with pytest.raises(ScenarioFault, match=r"nothing of .* may be written"):
            plant_env(file, goals=Goals({"electricity_kwh": -1.0}))
        return
    made = gymnasium.make(ID, plant=plant, hours=3.0)
    check_env(made.unwrapped)
