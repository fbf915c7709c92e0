"""Halls: heat is kept, rooms are held, weather and set-points cost what they must, people are counted."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.plant import load
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Outage, Outcome, Setting, State
from ecotwin.simulation.engine import Engine
from ecotwin.simulation.units import halls
from ecotwin.simulation.units.halls import held_room, humidity_g_kg, wbgt_c
from ecotwin.simulation.units.ovens import AIR_KWH_PER_M3_K
from small_works import MONDAY, PLANTS, User, case, weather, works

PLANT = works("h ahu")
EXACT = {"h.hall_kwh_per_k": 50.0, "h.envelope_kw_per_k": 1.2, "h.kw_scale": 1.0}
BARE = {**EXACT, "h.people": 0.0, "h.solar_m2": 0.0}


class Plenty(User):
    """Serves all heat and cold, and remembers how much."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.heat: list[Floats] = []
        self.cold: list[Floats] = []

    def step(self, state: State, board: Board) -> None:
        super().step(state, board)
        self.heat.append(board.asked("heat").copy())
        self.cold.append(board.asked("cold").copy())
        for net in self.serves:
            board.serve(net, board.asked(net))


def played(
    machine_kw: float, hours: float = 24.0, nets: tuple[str, ...] = ("heat", "cold"), **changed: Any
) -> tuple[Engine, Plenty, User]:
    parameters = {**BARE, **changed.pop("parameters", {})}
    made = case(PLANT, hours, parameters=parameters, **changed)
    plenty = Plenty({}, name="plenty", serves=nets)
    user = User({"hall_heat": machine_kw})
    engine = Engine(made, [user, *halls.plug.units(PLANT), plenty])
    engine.advance(made.steps)
    return engine, plenty, user


def kwh(flows: list[Floats]) -> float:
    return float(np.sum([f[0] for f in flows]) / 60.0)


@settings(deadline=None)
@given(
    st.floats(-10.0, 45.0),
    st.floats(10.0, 22.0),
    st.floats(0.0, 8.0),
    st.floats(-20.0, 45.0),
    st.floats(0.01, 20.0),
    st.floats(-50.0, 300.0),
    st.floats(1.0, 500.0),
    st.floats(1 / 60, 1.0),
)
def test_a_room_keeps_its_heat(
    room: float, low: float, band: float, out: float, loss: float, gains: float, c: float, h: float
) -> None:
    end, coil = held_room(room, low, low + band, out, loss, gains, c, h)
    rest, tau = out + (gains + coil) / loss, c / loss
    assert end == pytest.approx(rest + (room - rest) * exp(-h / tau), rel=1e-6, abs=1e-6)
    assert low - 1e-9 <= end <= low + band + 1e-9
    over = rest * h + (room - rest) * tau * (1.0 - exp(-h / tau))
    lost = loss * (over - out * h)
    assert c * (end - room) == pytest.approx((gains + coil) * h - lost, rel=1e-6, abs=1e-6)
    free, none = held_room(room, -1e9, 1e9, out, loss, gains, c, h)
    assert none == 0.0
    assert (coil > 0.0) == (free < low - 1e-12 * abs(free)) or coil == pytest.approx(0.0, abs=1e-6)


def test_the_room_is_held_and_a_steady_hall_takes_what_it_loses() -> None:
    always = works("h ahu", shifts=False)
    made = case(
        always,
        24.0,
        parameters={**BARE, "h.kw_idle": 0.0, "h.kw_busy": 0.0},
        weather=weather(24.0, 0.0),
    )
    plenty = Plenty({}, name="plenty", serves=("heat", "cold"))
    user = User({"hall_heat": 20.0})
    engine = Engine(made, [user, *halls.plug.units(always), plenty])
    engine.advance(made.steps)
    room = user.told("hall_c")[-1, 0]
    assert room == pytest.approx(21.5)
    fresh = 0.25 * 32000.0 * AIR_KWH_PER_M3_K * 0.3
    assert plenty.heat[-1][0] == pytest.approx((1.2 + fresh) * 21.5 - 20.0, rel=1e-9)
    assert kwh(plenty.cold) == 0.0


def test_hotter_weather_costs_cold_and_colder_weather_heat() -> None:
    cold = [kwh(played(90.0, weather=weather(24.0, t))[1].cold) for t in (20.0, 26.0, 32.0, 38.0)]
    assert cold == sorted(cold)
    assert cold[-1] > cold[0] + 100.0
    heat = [kwh(played(5.0, weather=weather(24.0, t))[1].heat) for t in (-10.0, 0.0, 10.0)]
    assert heat == sorted(heat, reverse=True)
    assert heat[0] > heat[-1] + 100.0


def test_set_points_humidity_and_free_cooling() -> None:
    summer = weather(24.0, 30.0, 18.0)
    usual = kwh(played(90.0, weather=summer)[1].cold)
    warm = kwh(played(90.0, weather=summer, settings={"h.room_sp": (Setting(25.0),)})[1].cold)
    assert warm < usual
    wet = kwh(played(90.0, weather=weather(24.0, 30.0, 26.0))[1].cold)
    assert wet > 1.2 * usual
    spring = weather(24.0, 12.0)
    free = played(60.0, weather=spring)[1]
    closed = played(60.0, weather=spring, parameters={"h.free_cooling_k": 90.0})[1]
    assert kwh(free.cold) < 0.2 * kwh(closed.cold)


def test_without_cold_a_hall_grows_hot_and_people_are_counted() -> None:
    heatwave = weather(24.0, 34.0, 27.0)
    known = {"h.people": 20.0}
    with_cold, _, _ = played(150.0, weather=heatwave, parameters=known)
    without, _, user = played(150.0, nets=("heat",), weather=heatwave, parameters=known)
    assert user.told("hall_c").max() > 33.0
    a, b = (e.outcome() for e in (with_cold, without))
    assert _each(b, "heat_stress_h") > 100.0
    assert _each(b, "heat_stress_h") <= 20.0 * 7.5 + 1e-9
    assert _each(b, "discomfort_kh") > _each(a, "discomfort_kh")
    out = Outage("h", MONDAY, MONDAY.replace(day=16))
    down, _, _ = played(150.0, weather=heatwave, outages=(out,))
    assert down.outcome().total("electricity_kwh").max() == 0.0


def _each(outcome: Outcome, quantity: str) -> float:
    return float(outcome.total(quantity)[0])


def test_at_night_the_fans_stand() -> None:
    engine, _, _ = played(0.0, weather=weather(24.0, 18.0))
    outcome = engine.outcome()
    night = (24.0 - 10.0) * 0.1
    assert _each(outcome, "electricity_kwh") < night + 10.0 * 23.0 + 1.0
    assert _each(outcome, "electricity_kwh") > night + 10.0 * 12.0 - 1.0


def test_a_shortage_of_cold_is_felt_and_not_asked_away() -> None:
    class Half(Plenty):
        def step(self, state: State, board: Board) -> None:
            super().step(state, board)
            board.given["cold_share"] = np.full(board.runs, 0.5)

    hot = case(PLANT, 24.0, parameters=BARE, weather=weather(24.0, 32.0, 18.0))
    rooms = []
    for kind in (Plenty, Half):
        user = User({"hall_heat": 90.0})
        engine = Engine(
            hot, [user, *halls.plug.units(PLANT), kind({}, name="plenty", serves=("cold",))]
        )
        engine.advance(hot.steps)
        rooms.append(user.told("hall_c")[8 * 60 : 13 * 60].mean())
    assert rooms[1] > rooms[0] + 1.0


def test_air_tables() -> None:
    assert humidity_g_kg(30.0, 20.0) == pytest.approx(10.6, abs=0.3)
    assert wbgt_c(30.0, humidity_g_kg(30.0, 22.0)) == pytest.approx(
        0.7 * 22.0 + 0.3 * 30.0, abs=0.7
    )
    assert wbgt_c(35.0, 20.0) > wbgt_c(35.0, 10.0) > wbgt_c(28.0, 10.0)


def test_people_and_their_limits_come_from_the_plant_file() -> None:
    plant = load(PLANTS / "electronics.yaml")
    engine = Engine(case(plant, 1.0), halls.plug.units(plant))
    table = engine.states["halls"]["halls"]
    assert table["people"][0].tolist() == [24.0, 18.0, 45.0]
    assert table["wbgt_limit_c"][0].tolist() == [30.0, 28.0, 30.0]
