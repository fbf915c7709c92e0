"""Grid, sun, battery, lamps, water and waste: balances in every step, closed forms, dispatch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, Setting, State
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.surroundings import Surroundings, Weather
from ecotwin.simulation.units import buildings, site, waste, water
from small_works import User, case, weather, works

SUNNY = works("g grid_meter", "p pv", "b battery", shifts=False)
_BOOKS = ("grid_import_kwh", "grid_export_kwh", "made_kwh", "battery_kwh", "electricity_kwh")
EXACT = {"p.performance_ratio": 0.84}


@dataclass
class Load:
    """Uses electricity [kW], one value a step."""

    kw: Floats
    name: str = "load"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = (("load", "electricity_kwh"),)
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    grid: list[tuple[float, float]] = field(default_factory=list)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        return {}

    def step(self, state: State, board: Board) -> None:
        board.out[:, 0] = self.kw[board.step] / 60.0


def sunny(plant: Plant, kw: Floats, sun: Floats, **changed: Any) -> Engine:
    hours = len(kw) / 60.0
    air = np.full((1, len(kw)), 20.0)
    known = {**EXACT, **changed.pop("parameters", {})} if plant is SUNNY else {}
    made = case(plant, hours, weather=Weather(air, air, sun[None]), parameters=known, **changed)
    return Engine(made, [Load(kw), *site.plug.units(plant)])


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 400.0), st.floats(0.0, 1100.0)), min_size=24, max_size=24),
    st.sampled_from([0.0, 50.0, 200.0]),
)
def test_what_comes_is_what_is_used_in_every_step(
    hours: list[tuple[float, float]], limit: float
) -> None:
    kw, sun = (np.repeat(v, 5) for v in zip(*hours, strict=True))
    engine = sunny(SUNNY, kw, sun, settings={"b.limit_sp": (Setting(limit),)})
    before: dict[str, Floats] = {}
    for _ in range(len(kw)):
        engine.advance()
        outcome = engine.outcome()
        now = {q: outcome.total(q) for q in _BOOKS}
        step = {q: v - before.get(q, 0.0) for q, v in now.items()}
        come = step["grid_import_kwh"] + step["made_kwh"] + step["battery_kwh"]
        assert np.abs(come - step["grid_export_kwh"] - step["electricity_kwh"]).max() < 1e-9
        assert np.minimum(step["grid_import_kwh"], step["grid_export_kwh"]).max() < 1e-12
        before = now
        stored = engine.states["site"]["batteries"]["stored_kwh"]
        assert (stored <= 0.95 * 200.0 + 1e-9).all()
        assert (stored >= 0.1 * 200.0 * 0.99).all()


def test_sun_by_its_formula_and_a_clear_day_exports() -> None:
    plant = works("g grid_meter", "p pv", shifts=False)
    flat = np.full(60, 800.0)
    air = np.full((1, 60), 20.0)
    known = {"p.performance_ratio": 0.84}
    made = case(plant, 1.0, weather=Weather(air, air, flat[None]), parameters=known)
    outcome = run(made, [Load(np.full(60, 30.0)), *site.plug.units(plant)])
    wanted = 200.0 * 0.8 * 0.84 * (1.0 - 0.0035 * (45.0 - 25.0))
    assert outcome.total("made_kwh") == pytest.approx(wanted, rel=1e-12)
    assert outcome.total("grid_export_kwh") == pytest.approx(wanted - 30.0, rel=1e-12)
    bright = run(
        case(plant, 1.0, weather=Weather(air - 40.0, air, flat[None] * 1.5), parameters=known),
        [Load(flat), *site.plug.units(plant)],
    )
    assert bright.total("made_kwh") == pytest.approx(180.0)


def test_a_battery_keeps_its_energy() -> None:
    sun = np.concatenate([np.zeros(120), np.full(240, 900.0), np.zeros(360)])
    known = {"b.loss_share_per_h": 0.0}
    engine = sunny(SUNNY, np.full(720, 60.0), sun, parameters=known)
    before = engine.states["site"]["batteries"]["stored_kwh"][:, 0].copy()
    filled, drained, last = np.zeros(3), np.zeros(3), np.zeros(3)
    for _ in range(720):
        engine.advance()
        out = engine.outcome().total("battery_kwh") - last
        last = last + out
        filled, drained = filled + np.maximum(-out, 0.0), drained + np.maximum(out, 0.0)
    change = engine.states["site"]["batteries"]["stored_kwh"][:, 0] - before
    assert change == pytest.approx(0.95 * filled - drained / 0.95, abs=1e-9)
    assert filled.min() > 50.0


def test_self_consumption_buys_less_and_a_limit_cuts_the_peak() -> None:
    sun = np.concatenate([np.full(300, 900.0), np.zeros(420)])
    load = np.full(720, 60.0)
    bare = works("g grid_meter", "p pv", shifts=False)
    with_it = sunny(SUNNY, load, sun)
    without = sunny(bare, load, sun)
    for engine in (with_it, without):
        engine.advance(720)
    assert (
        with_it.outcome().total("grid_import_kwh")
        < without.outcome().total("grid_import_kwh") - 80.0
    ).all()
    peaks = np.full(720, 80.0)
    peaks[200:230] = 180.0
    engine = sunny(SUNNY, peaks, np.zeros(720), settings={"b.limit_sp": (Setting(100.0),)})
    profile = []
    for _ in range(720):
        before = engine.outcome().total("grid_import_kwh")
        engine.advance()
        profile.append((engine.outcome().total("grid_import_kwh") - before)[0] * 60.0)
    assert max(profile) <= 100.0 + 1e-9


def test_a_works_without_a_grid_meter_still_buys_what_it_uses() -> None:
    plant = works("w weather", shifts=False)
    outcome = run(case(plant, 1.0), [Load(np.full(60, 12.0)), *site.plug.units(plant)])
    assert outcome.total("grid_import_kwh", "works") == pytest.approx(12.0)


def test_lamps_follow_people_and_daylight() -> None:
    plant = works("l lighting", "i it_room")
    known = {"l.kw_scale": 1.0, "i.kw_scale": 1.0}
    dark = run(case(plant, 24.0, parameters=known), buildings.plug.units(plant))
    lit = 8.25 * 14.0 + (24.0 - 8.25) * 2.0
    assert dark.total("electricity_kwh", "l") == pytest.approx(lit, abs=0.3)
    day = weather(24.0, sun=600.0)
    bright = run(case(plant, 24.0, parameters=known, weather=day), buildings.plug.units(plant))
    assert bright.total("electricity_kwh", "l") == pytest.approx(lit - 8.25 * 14.0 * 0.25, abs=0.3)
    hot = run(
        case(plant, 24.0, parameters=known, weather=weather(24.0, 33.0)),
        buildings.plug.units(plant),
    )
    ratio = hot.total("electricity_kwh", "i") / dark.total("electricity_kwh", "i")
    assert ratio == pytest.approx(1.0 + 0.006 * 15.0)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.0, 12.0), st.floats(0.0, 4.0), st.floats(0.3, 1.0))
def test_water_in_is_water_out_plus_what_users_hold(asked: float, own: float, share: float) -> None:
    plant = works("w water_treatment", "m water_meter", "s sewer_meter")
    known = {"w.own_use_m3_h": own, "w.recovery_share": share, "m.people": 40.0}
    outcome = run(
        case(plant, 24.0, parameters=known),
        [User({"pure_water": asked}), *water.plug.units(plant)],
    )
    held = 24.0 * asked - outcome.missing["pure_water"]
    rest = outcome.total("water_in_m3") - outcome.total("water_out_m3") - held
    assert np.abs(rest).max() < 1e-9
    assert outcome.total("water_in_m3", "m") == pytest.approx(40.0 * 0.006 * 7.5)
    assert (held <= 24.0 * 6.0 + 1e-9).all()


def test_a_waste_water_plant_takes_it_all_over() -> None:
    plant = works(
        "w water_treatment {own_use_m3_h: 2.0}",
        "m water_meter {people: 50}",
        "e waste_water_plant {reuse_share: 0.4}",
    )
    known = {"e.kw_scale": 1.0}
    outcome = run(case(plant, 24.0, parameters=known), water.plug.units(plant))
    came = outcome.total("water_in_m3")
    assert outcome.total("water_out_m3", "w").max() == 0.0
    assert outcome.total("water_reused_m3") == pytest.approx(0.4 * came)
    assert outcome.total("water_out_m3", "e") == pytest.approx(0.6 * came)
    assert outcome.total("electricity_kwh", "e") == pytest.approx(24.0 * 1.0 + 0.7 * came)


def test_what_people_leave_is_pressed_and_booked_under_its_code() -> None:
    plant = works(
        'c compactor facts: {people: 100}, signals: {mass: {waste_code: "20 03 01", treatment: R1}}'
    )
    outcome = run(
        case(plant, 24.0, parameters={"c.kw_scale": 1.0}),
        [User({"mixed_waste": 5.0}), *waste.plug.units(plant)],
    )
    assert outcome.total("waste_kg:20 03 01") == pytest.approx(100.0 * 0.03 * 7.5)
    pressed = 100.0 * 0.03 * 7.5 + 24.0 * 5.0
    assert outcome.total("electricity_kwh") == pytest.approx(24.0 * 0.2 + pressed * 0.02)
