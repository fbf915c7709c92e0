"""Chillers, towers, boilers, heat pumps: ratings hold, energy and water are kept, the laws of lift."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.plant import Plant
from ecotwin.simulation.contract import Known, Outage, Outcome, Setting
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.units import cooling, heat
from ecotwin.simulation.units.cooling import part_load
from small_works import MONDAY, User, case, weather, works

AIR_COOLED = works("k1 chiller", "k2 chiller", shifts=False)
TOWER = works("k1 chiller", "k2 chiller", "t cooling_tower", shifts=False)
EXACT = {
    f"{k}.{n}": v for k in ("k1", "k2") for n, v in {"rated_cop": 4.6, "kw_scale": 0.0}.items()
}


def cold(plant: Plant, kw: float, hours: float = 4.0, **changed: Any) -> Outcome:
    known = {**EXACT, **changed.pop("parameters", {})}
    if plant is TOWER:
        known = {**known, "t.kw_scale": 1.0}
    made = case(plant, hours, parameters=known, **changed)
    return run(made, [User({"cold": kw}), *cooling.plug.units(plant)])


def test_the_rating_holds_at_its_own_conditions() -> None:
    at = weather(4.0, 25.0, 18.0)
    for plant in (AIR_COOLED, TOWER):
        outcome = cold(plant, 200.0, weather=at)
        chiller = outcome.total("electricity_kwh", "k1")[0]
        assert chiller == pytest.approx(4.0 * (200.0 / 4.6 + 3.0), rel=1e-9)
        assert outcome.total("cold_kwh", "k2")[0] == 0.0
        assert outcome.missing["cold"] == pytest.approx(0.0, abs=1e-9)


def test_part_load_costs_and_two_share_evenly() -> None:
    at = weather(4.0, 25.0, 18.0)
    half = cold(AIR_COOLED, 100.0, weather=at).total("electricity_kwh")[0]
    assert half == pytest.approx(4.0 * (100.0 / 4.6 / part_load(0.5) + 3.0), rel=1e-9)
    both = cold(AIR_COOLED, 300.0, weather=at)
    assert both.total("cold_kwh", "k1")[0] == pytest.approx(600.0)
    assert both.total("cold_kwh", "k2")[0] == pytest.approx(600.0)


@pytest.mark.parametrize("plant", [AIR_COOLED, TOWER])
def test_warmer_supply_saves_and_hotter_weather_costs(plant: Plant) -> None:
    def kwh(supply: float, outdoor: float) -> float:
        held = {f"k{n}.supply_sp": (Setting(supply),) for n in (1, 2)}
        outcome = cold(plant, 250.0, settings=held, weather=weather(4.0, outdoor, outdoor - 6.0))
        return float(outcome.total("electricity_kwh")[0])

    for outdoor in (22.0, 28.0, 34.0):
        saved = 1.0 - kwh(12.0, outdoor) / kwh(10.0, outdoor)
        assert 0.03 < saved < 0.10, outdoor
    powers = [kwh(10.0, outdoor) for outdoor in range(20, 38, 3)]
    assert powers == sorted(powers)
    assert powers[-1] > 1.3 * powers[0]


def test_more_than_there_is_is_told_and_the_supply_warms() -> None:
    user = User({"cold": 700.0})
    made = case(AIR_COOLED, 4.0, parameters=EXACT, weather=weather(4.0, 38.0))
    outcome = run(made, [user, *cooling.plug.units(AIR_COOLED)])
    served = outcome.total("cold_kwh")
    assert (served < 4.0 * 400.0).all()
    assert served + outcome.missing["cold"] == pytest.approx(4.0 * 700.0, rel=1e-12)
    assert user.told("cold_supply_c")[-1].min() > 11.0
    assert user.told("cold_share")[-1] == pytest.approx(served / 2800.0, rel=0.05)
    out = Outage("k1", MONDAY, MONDAY.replace(day=16))
    one = cold(AIR_COOLED, 150.0, outages=(out,))
    assert one.total("cold_kwh", "k1").max() == 0.0
    assert one.total("down_h", "k1") == pytest.approx(4.0)
    assert one.missing["cold"].max() < 1e-9


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 900.0), st.floats(-15.0, 40.0), st.floats(0.0, 12.0), st.floats(0.0, 30.0))
def test_energy_and_water_are_kept(kw: float, outdoor: float, dry: float, free: float) -> None:
    known = {
        **EXACT,
        "k1.free_cooling_kw_per_k": free,
        "t.kw_scale": 1.0,
        "k1.pump_kw": 0.0,
        "k2.pump_kw": 0.0,
    }
    made = case(TOWER, 1.0, parameters=known, weather=weather(1.0, outdoor, outdoor - dry))
    outcome = run(made, [User({"cold": kw}), *cooling.plug.units(TOWER)])
    made_cold = outcome.total("cold_kwh")
    chillers = sum(outcome.total("electricity_kwh", k) for k in ("k1", "k2"))
    water_in, water_out = outcome.total("water_in_m3"), outcome.total("water_out_m3")
    assert water_in - water_out == pytest.approx(
        0.0016 * (made_cold + chillers), rel=1e-9, abs=1e-9
    )
    assert water_out == pytest.approx(water_in / 4.0, rel=1e-9, abs=1e-12)
    assert made_cold + outcome.missing["cold"] == pytest.approx(kw, rel=1e-9, abs=1e-9)


def test_free_cooling_carries_the_winter() -> None:
    known = {"k1.free_cooling_kw_per_k": 30.0}
    winter, summer = weather(4.0, 0.0), weather(4.0, 28.0)
    with_it = cold(AIR_COOLED, 150.0, weather=winter, parameters=known)
    without = cold(AIR_COOLED, 150.0, weather=winter)
    assert with_it.total("electricity_kwh")[0] == pytest.approx(4.0 * 3.0)
    assert without.total("electricity_kwh")[0] > 5.0 * with_it.total("electricity_kwh")[0]
    hot = cold(AIR_COOLED, 150.0, weather=summer, parameters=known).total("electricity_kwh")
    assert hot == pytest.approx(cold(AIR_COOLED, 150.0, weather=summer).total("electricity_kwh"))


def test_blow_down_goes_to_who_takes_it() -> None:
    drain = User({}, name="drain", serves=("blow_down",))
    made = case(TOWER, 1.0, parameters=EXACT)
    engine = Engine(made, [User({"cold": 100.0}), *cooling.plug.units(TOWER), drain])
    engine.advance(60)
    outcome = engine.outcome()
    assert outcome.total("water_out_m3").max() == 0.0
    assert outcome.total("water_in_m3").min() > 0.0


BOILER = works("b gas_boiler", shifts=False)
BOTH = works("b gas_boiler", "p heat_pump", shifts=False)
ALL = works(
    "k1 chiller", "b gas_boiler", "p heat_pump {source: waste_heat}", "s heat_store", shifts=False
)
KNOWN = {"b.efficiency": 0.93, "b.nox_mg_m3": 90.0, "b.kw_scale": 1.0}


def warm(plant: Plant, kw: float, hours: float = 4.0, **changed: Any) -> Outcome:
    known = {**KNOWN, **changed.pop("parameters", {})}
    if plant is not BOILER:
        known = {"p.rated_cop": 2.9, "p.kw_scale": 0.0, **known}
    made = case(plant, hours, parameters=known, **changed)
    return run(made, [User({"heat": kw}), *heat.plug.units(plant), *cooling.plug.units(plant)])


def test_a_boiler_burns_what_its_efficiency_says() -> None:
    outcome = warm(BOILER, 300.0)
    gas = 4.0 * (300.0 / (0.93 - 0.001 * (50.0 - 55.0)) + 3.0) / 10.0
    assert outcome.total("gas_m3")[0] == pytest.approx(gas, rel=1e-12)
    assert outcome.total("nox_kg")[0] == pytest.approx(gas * 9.95 * 90e-6, rel=1e-12)
    low = warm(BOILER, 30.0)
    assert low.total("gas_m3")[0] * 10.0 / 120.0 > gas * 10.0 / 1200.0
    cooler = warm(BOILER, 150.0, settings={"b.supply_sp": (Setting(55.0),)})
    assert cooler.total("gas_m3")[0] < warm(BOILER, 150.0).total("gas_m3")[0]
    assert warm(BOILER, 500.0).missing["heat"] == pytest.approx(4.0 * 200.0)


def test_a_heat_pump_goes_first_and_likes_warm_sources_and_cool_supplies() -> None:
    at = {"b.supply_sp": (Setting(55.0),)}
    rated = warm(BOTH, 200.0, weather=weather(4.0, 7.0), settings=at)
    assert rated.total("gas_m3")[0] == 0.0
    assert rated.total("electricity_kwh", "p")[0] == pytest.approx(4.0 * 200.0 / 2.9, rel=1e-9)
    frost = warm(BOTH, 200.0, weather=weather(4.0, -10.0), settings=at)
    assert frost.total("gas_m3")[0] > 0.0
    per_heat = [
        float((o.total("electricity_kwh", "p") / o.total("heat_kwh", "p"))[0])
        for o in (frost, rated, warm(BOTH, 200.0, weather=weather(4.0, 20.0), settings=at))
    ]
    assert per_heat == sorted(per_heat, reverse=True)
    too_hot = warm(BOTH, 200.0, settings={"b.supply_sp": (Setting(85.0),)})
    assert too_hot.total("heat_kwh", "p").max() == 0.0


def test_waste_heat_is_not_taken_twice() -> None:
    parameters = {f"k1.{k}": Known(v) for k, v in {"rated_cop": 4.6, "kw_scale": 0.0}.items()}
    known = {
        **{k: Known(v) for k, v in KNOWN.items()},
        **parameters,
        "s.loss_share_per_h": Known(0.0),
    }
    known |= {"p.rated_cop": Known(2.9), "p.kw_scale": Known(0.0)}
    made = replace(case(ALL, 12.0), parameters=known)
    users = User({"heat": 150.0, "cold": 60.0})
    engine = Engine(made, [users, *heat.plug.units(ALL), *cooling.plug.units(ALL)])
    before = engine.states["heat"]["tank"]["stored_kwh"].copy()
    engine.advance(made.steps)
    outcome = engine.outcome()
    pump, pump_kwh = outcome.total("heat_kwh", "p"), outcome.total("electricity_kwh", "p")
    rejected = outcome.total("cold_kwh") + outcome.total("electricity_kwh", "k1") - 12.0 * 3.0
    assert float(pump[0]) > 0.0
    assert (pump - pump_kwh <= rejected + 1e-9).all()
    assert outcome.missing["waste_heat"] == pytest.approx(0.0, abs=1e-9)
    stored = engine.states["heat"]["tank"]["stored_kwh"] - before
    assert outcome.total("heat_kwh") == pytest.approx(12.0 * 150.0 + stored, rel=1e-9)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.floats(0.0, 400.0), min_size=48, max_size=48))
def test_a_store_keeps_heat_and_lets_the_boiler_pause(loads: list[float]) -> None:
    plant = works("b gas_boiler", "s heat_store", shifts=False)
    minutes = np.repeat(loads, 15)
    made = case(plant, 12.0, parameters={**KNOWN, "s.loss_share_per_h": 0.0})
    engine = Engine(made, [User({"heat": minutes}), *heat.plug.units(plant)])
    before = engine.states["heat"]["tank"]["stored_kwh"].copy()
    engine.advance(made.steps)
    outcome = engine.outcome()
    stored = engine.states["heat"]["tank"]["stored_kwh"] - before
    used = minutes.sum() / 60.0 - outcome.missing["heat"]
    assert outcome.total("heat_kwh") == pytest.approx(used + stored, rel=1e-9, abs=1e-9)
    assert (engine.states["heat"]["tank"]["stored_kwh"] >= -1e-9).all()
    assert (
        engine.states["heat"]["tank"]["stored_kwh"]
        <= engine.states["heat"]["tank"]["room_kwh"] + 1e-6
    ).all()
