"""The electronics works with all its utilities: who is played, what closes, what a change must do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.plant.catalogue import kind
from ecotwin.plant.model import Element
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Case, Known, Outcome, Setting
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.surroundings import Weather
from small_works import PLANTS, User, works

STEP_S = 180.0
DAY_STEPS = 480
DAY = datetime(2026, 6, 16, 0, 0, tzinfo=UTC)
UTILITIES = (
    "ahu",
    "air_compressor",
    "air_dryer",
    "chiller",
    "cooling_tower",
    "compactor",
    "gas_boiler",
    "grid_meter",
    "it_room",
    "lighting",
    "nitrogen_generator",
    "pv",
    "sewer_meter",
    "water_meter",
    "water_treatment",
)


@cache
def plant() -> Plant:
    return load(PLANTS / "electronics.yaml")


def sky(steps: int, mean: float = 17.0, sun: float = 800.0) -> Weather:
    """A clear day's course of temperature and sun, the air's water as at the mean."""
    hour = np.arange(steps) * STEP_S / 3600.0 % 24.0
    outdoor = mean + 6.0 * np.sin(2.0 * np.pi * (hour - 9.0) / 24.0)
    bright = (
        np.maximum(sun * np.sin(2.0 * np.pi * (hour - 5.0) / 28.0), 0.0)
        * (hour > 5.0)
        * (hour < 19.0)
    )
    return Weather(outdoor[None], outdoor[None] - 5.0, bright[None])


def played(
    changed_plant: Plant | None = None, hours: float = 24.0, runs: int = 8, **changed: Any
) -> Outcome:
    made = Case(
        changed_plant or plant(),
        DAY,
        hours,
        runs,
        3,
        sky(round(hours * 3600 / STEP_S)),
        step_s=STEP_S,
    )
    return run(replace(made, **changed))


@cache
def usual() -> Outcome:
    return played()


def added(name: str, of: str, facts: Mapping[str, object] = {}) -> Plant:
    """The plant with one more machine, as a scenario adds it."""
    table = {n: f.value for n, f in kind(of).facts.items()} | dict(facts)
    whole = plant()
    machine = Element(name, name, "machine", "utilities", of, table)
    return replace(whole, elements=(*whole.elements, machine))


def test_every_utility_is_played_by_its_unit() -> None:
    units = units_of(plant())
    by_state = {u.name for u in units if type(u).__name__ == "ByState"}
    kinds = {m.id: m.kind for m in plant().machines}
    assert {kinds[m] for m in by_state} & set(UTILITIES) == set()
    played_by = {m for u in units for m in u.machines}
    assert {m.id for m in plant().machines if m.kind in UTILITIES} <= played_by


def test_energy_of_the_site_closes() -> None:
    o = usual()
    came = o.total("grid_import_kwh") + o.total("made_kwh") + o.total("battery_kwh")
    used = o.total("electricity_kwh") + o.total("grid_export_kwh")
    assert came == pytest.approx(used, rel=1e-12)
    assert o.total("made_kwh").min() > 0.0
    parts = o.profile[:, :, o.quantities.index("electricity_kwh")].sum(axis=1)
    assert parts == pytest.approx(o.total("electricity_kwh"), rel=1e-12)
    for net in ("air", "nitrogen", "cold", "heat", "electricity", "pure_water", "hall_heat"):
        assert np.abs(o.missing[net]).max() < 1e-6, net
    compressors = o.total("air_m3") - o.total("leak_m3")
    assert (compressors > 3.0 * o.total("nitrogen_m3", "nitrogen_1")).all()


def test_a_day_is_sensible() -> None:
    o = usual()
    share = o.total("electricity_kwh", "compressor_1") + o.total("electricity_kwh", "compressor_2")
    assert 0.03 < float((share / o.total("electricity_kwh")).mean()) < 0.35
    cop = o.total("cold_kwh") / (
        o.total("electricity_kwh", "chiller_1") + o.total("electricity_kwh", "chiller_2")
    )
    assert 2.0 < float(cop.mean()) < 9.0
    assert o.total("grid_import_kwh").std() > 0.0


def test_one_bar_less_pressure() -> None:
    low = {f"compressor_{n}.pressure_sp": (Setting(6.5),) for n in (1, 2)}
    less = played(settings=low)
    whole = 1.0 - float((_compressors(less) / _compressors(usual())).mean())
    assert 0.05 < whole < 0.16, (
        "5-8 % at the same use of air; leaks and unregulated users take less, too"
    )


def _compressors(o: Outcome) -> np.ndarray:
    return o.total("electricity_kwh", "compressor_1") + o.total("electricity_kwh", "compressor_2")


def test_ovens_that_sleep_at_noon_save_and_warm_up_again() -> None:
    noon = Setting(120.0, DAY.replace(hour=9, minute=30), DAY.replace(hour=9, minute=52))
    asleep = played(settings={f"oven_{n}.sleep_sp": (noon,) for n in (1, 2)})
    for oven in ("oven_1", "oven_2"):
        saved = usual().total("electricity_kwh", oven) - asleep.total("electricity_kwh", oven)
        assert (saved > 1.0).all()
        assert (saved < 20.0).all()
        assert (asleep.told[f"{oven}.warm_up_h"] > usual().told[f"{oven}.warm_up_h"] + 0.1).all()
    made = (asleep.total("parts_good") / usual().total("parts_good")).mean()
    assert made == pytest.approx(1.0, abs=0.02)


def test_warmer_chilled_water_saves_and_hot_weather_costs() -> None:
    warm = {f"chiller_{n}.supply_sp": (Setting(13.0),) for n in (1, 2)}
    chillers = [
        sum(o.total("electricity_kwh", f"chiller_{n}").mean() for n in (1, 2))
        for o in (played(settings=warm), usual(), played(weather=sky(DAY_STEPS, 27.0)))
    ]
    assert chillers[0] < 0.97 * chillers[1]
    assert chillers[2] > 1.2 * chillers[1]


def test_winter_burns_gas_and_a_heat_pump_replaces_it() -> None:
    cold: dict[str, Any] = {"weather": sky(DAY_STEPS, -2.0, 200.0)}
    before = played(**cold)
    assert before.total("gas_m3").mean() > 10.0 * max(usual().total("gas_m3").mean(), 0.1)
    with_pump = added("heat_pump_1", "heat_pump", {"supply_sp_usual": 55.0})
    after = played(with_pump, **cold)
    assert after.total("gas_m3").mean() < 0.3 * before.total("gas_m3").mean()
    assert after.total("nox_kg").mean() < 0.3 * before.total("nox_kg").mean()
    more = after.total("electricity_kwh") - before.total("electricity_kwh")
    assert more == pytest.approx(
        after.total("electricity_kwh", "heat_pump_1")
        + after.total("electricity_kwh", "boiler_1")
        - before.total("electricity_kwh", "boiler_1"),
        rel=0.01,
    )


def test_a_battery_uses_the_sun_at_home() -> None:
    sunday: dict[str, Any] = {"start": datetime(2026, 6, 14, 0, 0, tzinfo=UTC)}
    before, after = (
        played(p, hours=36.0, weather=sky(3 * DAY_STEPS // 2), **sunday)
        for p in (plant(), added("battery_1", "battery"))
    )
    assert (after.total("grid_export_kwh") < before.total("grid_export_kwh")).all()
    assert (after.total("grid_import_kwh") < before.total("grid_import_kwh")).all()
    assert after.total("battery_kwh").mean() != 0.0
    came = after.total("grid_import_kwh") + after.total("made_kwh") + after.total("battery_kwh")
    assert came == pytest.approx(after.total("electricity_kwh") + after.total("grid_export_kwh"))


def test_leaks_scale_and_cost() -> None:
    doubled = {f"compressor_{n}.leak_m3_h": Known(70.0 * k) for n, k in ((1, 1.0), (2, 1.0))}
    single = {f"compressor_{n}.leak_m3_h": Known(35.0) for n in (1, 2)}
    small, large = played(parameters=single), played(parameters=doubled)
    ratio = float((large.total("leak_m3") / small.total("leak_m3")).mean())
    assert ratio == pytest.approx(2.0, rel=0.03)
    assert (_compressors(large) > _compressors(small)).all()


def test_an_unseen_seed_tells_the_same_mean_and_runs_pair() -> None:
    other = played(seed=99)
    a, b = (o.total("electricity_kwh") for o in (usual(), other))
    spread = np.hypot(a.std(ddof=1), b.std(ddof=1)) / np.sqrt(len(a)) + 1e-9
    assert abs(a.mean() - b.mean()) < 4.0 * spread
    again = played()
    assert np.array_equal(again.totals, usual().totals)


def test_a_small_works_with_a_meter_runs_too() -> None:
    small = works("g grid_meter", "a air_compressor", "l lighting", "s placer", makes="s")
    made = Case(small, DAY, 24.0, 5, 1, sky(DAY_STEPS), step_s=STEP_S)
    o = run(made)
    assert o.total("grid_import_kwh") == pytest.approx(o.total("electricity_kwh"), rel=1e-12)
    alone = run(replace(made, plant=works("h ahu", "b battery", "p heat_pump")))
    assert alone.total("electricity_kwh").min() > 0.0


def test_a_machine_whose_power_nobody_knows_is_named() -> None:
    steel = load(PLANTS / "steelworks.yaml")
    with pytest.raises(ScenarioFault, match="nobody gives kw_busy of main_meter"):
        run(Case(steel, DAY, 24.0, 2, 1, sky(DAY_STEPS), step_s=STEP_S))


def test_what_nobody_makes_is_bought_over_a_meter() -> None:
    meters = ("m air_meter", "n nitrogen_tank", "k cold_meter", "w heat_meter")
    small = works("g grid_meter", *meters, "h ahu", "s placer", makes="s")
    o = run(Case(small, DAY, 24.0, 3, 1, sky(DAY_STEPS, 30.0), step_s=STEP_S))
    assert o.total("air_m3", "m") == pytest.approx(o.total("air_m3", "s"))
    assert o.total("air_m3", "m").min() > 0.0
    assert o.total("cold_kwh", "k").min() > 10.0
    frost = run(Case(small, DAY, 24.0, 3, 1, sky(DAY_STEPS, -5.0), step_s=STEP_S))
    assert frost.total("heat_kwh", "w").min() > 10.0
    assert all(np.abs(v).max() < 1e-9 for v in frost.missing.values())
    assert "bought cold" not in {u.name for u in units_of(plant())}


def test_the_length_of_a_step_does_not_matter() -> None:
    def at(step_s: float) -> Outcome:
        hour = (np.arange(round(86_400 / step_s)) + 0.5) * step_s / 3600.0
        outdoor = (20.0 + 6.0 * np.sin(2.0 * np.pi * (hour - 9.0) / 24.0))[None]
        sun = np.maximum(800.0 * np.sin(2.0 * np.pi * (hour - 6.0) / 24.0), 0.0)[None]
        work = ((hour > 4.0) & (hour < 20.0)).astype(np.float64)
        users = User({"air": 300.0 * work, "nitrogen": 40.0 * work, "hall_heat": 150.0 * work})
        users.asks = ()
        units = [users, *(u for u in units_of(plant()) if type(u).__name__ != "LineUnit")]
        sky_then = Weather(outdoor, outdoor - 5.0, sun)
        return run(Case(plant(), DAY, 24.0, 4, 1, sky_then, step_s=step_s, bin_s=1800.0), units)

    fine, coarse = at(60.0), at(900.0)
    for column, (machine, quantity) in enumerate(fine.columns):
        a, b = fine.totals[:, column], coarse.totals[:, column]
        if a.mean() > 50.0:
            assert b == pytest.approx(a, rel=0.02), (machine, quantity)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("cooling_tower_1.concentration_cycles", 1.0),
        ("chiller_1.rated_cop", 40.0),
        ("oven_1.capacity_kwh_per_k", 0.0),
        ("ahu_1.recovery_share", 1.4),
        ("boiler_1.gas_kwh_per_m3", 0.0),
        ("compressor_1.specific_kwh_per_m3", 0.0),
        ("water_plant_1.recovery_share", 0.0),
        ("pv_1.performance_ratio", 3.0),
    ],
)
def test_an_impossible_machine_is_named(parameter: str, value: float) -> None:
    machine, _, name = parameter.partition(".")
    with pytest.raises(ScenarioFault, match=f"{name} of {machine} is {value:g}"):
        Engine(
            Case(plant(), DAY, 1.0, 2, 1, sky(60), parameters={parameter: Known(value)}),
            [u for u in units_of(plant()) if machine in u.machines],
        )
