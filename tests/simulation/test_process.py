"""Reaction, distillation, heat and steam of the model against closed forms and independent solutions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, minimize_scalar

from ecotwin.records import Floats
from ecotwin.simulation.process.distillation import least_reflux, least_stages, split
from ecotwin.simulation.process.heat import (
    boiling_c,
    effectiveness,
    performance,
    steam_kj,
    water_kj,
)
from ecotwin.simulation.process.reaction import react, steady

RATE = np.array([1.287e12, 9758.3, 1.287e12, 9758.3, 9.043e9, 8560.0])
HEAT = np.array([4.2, -11.0, -41.85])
PER_M3 = 934.2 * 3.01


def constants(t_c: float) -> tuple[float, float, float]:
    """Rate constants, written anew."""
    k = RATE[0::2] * np.exp(-RATE[1::2] / (t_c + 273.15))
    return float(k[0]), float(k[1]), float(k[2])


def slopes(t_c: float, space: float, fed: float, mol: Floats) -> list[float]:
    k1, k2, k3 = constants(t_c)
    a, b, c, d = mol
    return [
        space * (fed - a) - k1 * a - k3 * a * a,
        -space * b + k1 * a - k2 * b,
        -space * c + k2 * b,
        -space * d + 0.5 * k3 * a * a,
    ]


def tank(
    t_c: float, q: float, fed: float, inlet_c: float, aim_c: float, hours: float, spare: float = 0.0
) -> tuple[Floats, float, Floats, Floats]:
    """A tank of one cubic metre let run; returns concentrations, temperature, kmol out and kWh."""
    mol = np.zeros((1, 5))
    mol[0, 4] = 30.0
    temperature = np.array([t_c])
    feed = np.array([[fed, 0.0, 0.0, 0.0, 30.0]])
    total, heat = np.zeros((1, 5)), np.zeros((1, 3))
    for _ in range(round(hours * 60)):
        out, duty = np.zeros((1, 5)), np.zeros((1, 3))
        react(
            mol, temperature, RATE[None], HEAT[None], np.array([q]), feed, np.array([inlet_c]),
            np.array([aim_c]), np.ones(1), np.array([[PER_M3, 24.08]]), np.array([28.0]),
            np.array([spare]), 60.0, 12, out, duty,
        )  # fmt: skip
        total, heat = total + out, heat + duty
    return mol[0], float(temperature[0]), total[0], heat[0]


conditions = {
    "t_c": st.floats(90.0, 145.0),
    "space": st.floats(3.0, 30.0),
    "fed": st.floats(0.5, 8.0),
}


@settings(max_examples=40, deadline=None)
@given(**conditions)
def test_steady_concentrations_stay_and_every_ring_is_accounted_for(
    t_c: float, space: float, fed: float
) -> None:
    out = steady(RATE, t_c, space, fed)
    assert (out[:4] >= 0.0).all()
    assert slopes(t_c, space, fed, out[:4]) == pytest.approx([0.0] * 4, abs=1e-8 * space * fed)
    assert out[0] + out[1] + out[2] + 2.0 * out[3] == pytest.approx(fed, rel=1e-12)
    assert -out[4] == pytest.approx(out[1] + 2.0 * out[2], rel=1e-12)


def test_the_published_operating_point_is_met() -> None:
    # Klatt and Engell: 14.19 1/h, 114.2 degC, 5.1 mol/L in the feed give 2.14 and 1.09 mol/L.
    out = steady(RATE, 114.2, 14.19, 5.1)
    assert out[:2] == pytest.approx([2.14, 1.09], abs=5e-3)


@settings(max_examples=8, deadline=None)
@given(**conditions)
def test_the_tank_in_steps_ends_where_scipy_does(t_c: float, space: float, fed: float) -> None:
    mol, end_c, _, _ = tank(t_c, space, fed, t_c - 8.0, t_c, 8.0, spare=5000.0)
    assert end_c == pytest.approx(t_c, abs=1e-6)
    solved = solve_ivp(
        lambda _, y: slopes(t_c, space, fed, y), (0.0, 8.0), [0.0] * 4, method="LSODA", rtol=1e-9, atol=1e-12
    )  # fmt: skip
    assert mol[:4] == pytest.approx(solved.y[:, -1], rel=2e-5, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(inlet_c=st.floats(60.0, 125.0), aim_c=st.floats(95.0, 135.0), q=st.floats(5.0, 24.0))
def test_substances_and_heat_of_a_tank_balance(inlet_c: float, aim_c: float, q: float) -> None:
    mol, _, out, heat = tank(105.0, q, 5.1, inlet_c, aim_c, 2.0, spare=120.0)
    fed = 5.1 * q * 2.0
    rings = mol[0] + mol[1] + mol[2] + 2.0 * mol[3] + out[0] + out[1] + out[2] + 2.0 * out[3]
    assert rings == pytest.approx(fed, rel=1e-11)
    made_b, made_c, made_d = (mol[i] + out[i] for i in (1, 2, 3))
    free_kwh = -(HEAT[0] * (made_b + made_c) + HEAT[1] * made_c + HEAT[2] * 2.0 * made_d) / 3.6
    assert heat[2] == pytest.approx(free_kwh, rel=1e-10)
    assert heat[0] >= 0.0
    assert 0.0 <= heat[1] <= 120.0 * 2.0 + 1e-9


def test_a_tank_that_holds_its_temperature_takes_what_the_balance_says() -> None:
    _, t_c, _, before = tank(114.2, 14.19, 5.1, 104.9, 114.2, 6.0)
    _, _, _, after = tank(114.2, 14.19, 5.1, 104.9, 114.2, 7.0)
    a, b = steady(RATE, 114.2, 14.19, 5.1)[:2]
    k1, k2, k3 = constants(114.2)
    free = -(HEAT[0] * k1 * a + HEAT[1] * k2 * b + HEAT[2] * k3 * a * a) / 3.6
    wanted = free + 14.19 * PER_M3 / 3600.0 * (104.9 - 114.2)
    assert t_c == pytest.approx(114.2, abs=1e-9)
    assert after[0] - before[0] == pytest.approx(wanted, rel=1e-9)
    # The benchmark's own duty: 1113.5 kJ/h from ten litres.
    assert wanted == pytest.approx(100 * 1113.5 / 3600.0, rel=0.03)


def test_a_tank_that_cannot_be_heated_goes_cold() -> None:
    _, t_c, _, heat = tank(110.0, 14.19, 5.1, 60.0, 114.2, 6.0, spare=10.0)
    assert t_c < 85.0
    assert heat[0] == 0.0


def test_least_reflux_of_two_substances_is_the_textbook_formula() -> None:
    alpha, z, x = 2.5, 0.4, 0.97
    top = np.array([x, 1.0 - x]) * 10.0
    found = least_reflux(np.array([z, 1.0 - z]), top, np.array([alpha, 1.0]), 0, 1, 1.0)
    assert found == pytest.approx((x / z - alpha * (1 - x) / (1 - z)) / (alpha - 1.0), rel=1e-9)


def stages_walked(alpha: float, z: float, top: float, bottom: float, reflux: float) -> float:
    """Equilibrium stages counted one by one down the column (Lewis and Sorel), boiling feed."""
    distillate = (z - bottom) / (top - bottom)
    rest = 1.0 - distillate
    liquid, vapour = reflux * distillate, (reflux + 1.0) * distillate
    y, count, x = top, 0, 1.0
    while x > bottom and count < 500:
        before = x
        x = y / (alpha - (alpha - 1.0) * y)
        count += 1
        above = x > z
        y = (
            (liquid * x + distillate * top) / vapour
            if above
            else ((liquid + 1.0) * x - rest * bottom) / vapour
        )
    return count - 1 + (before - bottom) / (before - x)


@settings(max_examples=40, deadline=None)
@given(
    alpha=st.floats(1.6, 4.0), z=st.floats(0.25, 0.7), more=st.floats(1.25, 3.0),
    top=st.floats(0.95, 0.995), bottom=st.floats(0.005, 0.05),
)  # fmt: skip
def test_the_shortcut_agrees_with_stages_counted_one_by_one(
    alpha: float, z: float, more: float, top: float, bottom: float
) -> None:
    share = (z - bottom) / (top - bottom)
    made = np.array([top, 1.0 - top]) * share
    least = least_reflux(np.array([z, 1.0 - z]), made, np.array([alpha, 1.0]), 0, 1, 1.0)
    fewest = np.log(top / (1 - top) * (1 - bottom) / bottom) / np.log(alpha)
    reflux = more * max(least, 0.1)
    walked = stages_walked(alpha, z, top, bottom, reflux)
    told = brentq(lambda n: least_stages(reflux, least, n) - fewest, fewest, 400.0)
    # Gilliland's chart errs by a tenth as a rule, and by up to three tenths in short columns near the least reflux.
    assert told == pytest.approx(walked, rel=0.3, abs=1.6)


def test_all_reflux_is_fenskes_column() -> None:
    assert least_stages(1e9, 1.0, 20.0) == pytest.approx(20.0, abs=1e-3)
    assert least_stages(0.9, 1.0, 20.0) == 0.0


@settings(max_examples=40, deadline=None)
@given(
    flows=st.tuples(*[st.floats(0.5, 40.0)] * 5), reflux=st.floats(0.3, 6.0), stages=st.floats(4.0, 50.0)
)  # fmt: skip
def test_a_column_makes_nothing_and_more_reflux_never_spoils_the_top(
    flows: tuple[float, ...], reflux: float, stages: float
) -> None:
    feed = np.array([flows, flows])
    volatility = np.tile([25.0, 2.2, 0.2, 1.0, 6.0], (2, 1))
    top, least = np.zeros((2, 5)), np.zeros(2)
    ratio = np.array([reflux, reflux + 1.0])
    split(feed, volatility, 1, 3, np.full(2, 0.98), np.full(2, stages), ratio, top, least)
    assert (top >= 0.0).all()
    assert (top <= feed + 1e-12).all()
    assert top[:, 1] == pytest.approx(0.98 * feed[:, 1])
    assert top[1, 3] <= top[0, 3] + 1e-9


def test_steam_is_that_of_the_tables() -> None:
    # IAPWS-IF97: saturated at 100, 150 and 180 degC.
    table = (
        (100, 1.01418, 419.2, 2675.6),
        (150, 4.7617, 632.3, 2745.9),
        (180, 10.028, 763.2, 2777.2),
    )
    for t_c, bar, water, steam in table:
        assert float(boiling_c(bar - 1.01325)) == pytest.approx(t_c, abs=0.5)
        assert float(water_kj(t_c)) == pytest.approx(water, rel=3e-3)
        assert float(steam_kj(t_c)) == pytest.approx(steam, rel=3e-3)


@settings(max_examples=40, deadline=None)
@given(ua=st.floats(0.0, 80.0), hot=st.floats(0.5, 30.0), cold=st.floats(0.5, 30.0))
def test_an_exchanger_keeps_the_log_mean_and_the_second_law(
    ua: float, hot: float, cold: float
) -> None:
    share = float(effectiveness(np.array([ua]), np.array([hot]), np.array([cold]))[0])
    assert 0.0 <= share <= 1.0
    kw = share * min(hot, cold) * 80.0
    warm, cool = 100.0 - kw / hot, 20.0 + kw / cold
    ends = 100.0 - cool, warm - 20.0
    assert min(ends) >= -1e-9
    if ua > 0.5 and min(ends) > 0.05 and abs(ends[0] - ends[1]) > 1e-3:
        mean = (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
        assert kw == pytest.approx(ua * mean, rel=1e-6)


def test_lifting_heat_never_beats_carnot() -> None:
    one = float(performance(np.array([88.0]), np.array([156.0]), np.array([1.0]))[0])
    assert one == pytest.approx((156.0 + 273.15) / 68.0)
    assert float(performance(np.array([20.0]), np.array([900.0]), np.array([0.1]))[0]) > 1.0


def test_most_product_lies_between_cold_and_hot_and_between_short_and_long() -> None:
    best = minimize_scalar(
        lambda t: -steady(RATE, t, 14.19, 5.1)[1], bounds=(90, 145), method="bounded"
    )
    assert 112.0 < best.x < 116.0
    longest = minimize_scalar(
        lambda q: -steady(RATE, 114.2, q, 5.1)[1], bounds=(2.0, 60.0), method="bounded"
    )
    assert 2.5 < longest.x < 30.0
    chosen = [steady(RATE, t, 14.19, 5.1) for t in (95.0, 105.0, 115.0, 125.0, 135.0)]
    selectivity = [c[1] / (5.1 - c[0]) for c in chosen]
    assert selectivity == sorted(selectivity, reverse=True), "heat costs selectivity"
