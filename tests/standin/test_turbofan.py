"""The engine fleet of the stand-in: its gas path closes, its numbers are those of the class, wear and faults bite."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.plant import Plant, load
from ecotwin_standin import gaspath
from ecotwin_standin.engines import RATED_N, Engine, TestCell
from ecotwin_standin.flight import CRUISE, PARKED, TEST, Airframe, water_kg_kg
from ecotwin_standin.gaspath import SEA_K, SEA_PA, Build, GasPath, Health, air, nox_g_per_kg
from ecotwin_standin.lives import lives
from ecotwin_standin.scenario import load as load_scenario
from ecotwin_standin.scenario import parse
from ecotwin_standin.world import World

MIDNIGHT = datetime(2026, 6, 14, 22, tzinfo=UTC)
"""Monday 00:00 local."""


@cache
def fleet() -> Plant:
    """The plant file."""
    return load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")


@cache
def day(
    seed: int,
) -> tuple[World, dict[str, int], np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """A day of the fleet in steps of 30 s: the world after it, columns by signal, values."""
    world = World(fleet(), MIDNIGHT, seed)
    columns = {fleet().signals[i].id: n for n, i in enumerate(world.order)}
    rows = [world.values()]
    for _ in range(2880):
        world.step()
        rows.append(world.values())
    return world, columns, np.array(rows)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.12, 1.0), st.floats(0.0, 11_500.0), st.floats(0.0, 0.8), st.floats(-15.0, 20.0),
    st.floats(0.0, 0.03), st.floats(0.0, 0.03),
)  # fmt: skip
def test_the_point_found_gives_the_thrust_and_both_shafts_are_in_balance(
    share: float, altitude_m: float, mach: float, shift_k: float, hpc: float, hpt: float
) -> None:
    t0, p0 = air(altitude_m, shift_k)
    want = share * RATED_N * p0 / SEA_PA * 0.8
    point = GasPath(Build()).at_thrust(want, t0, p0, mach, Health(hpc=hpc, hpt=hpt))
    assert point.thrust_n == pytest.approx(want, rel=2e-3, abs=60.0)
    gas = (1.0 - gaspath._BLEED) * (1.0 + point.far) * point.core_kg_s
    rise = (point.n1_rpm / gaspath._N1_D) ** 2
    used = gaspath._CP_C * (
        point.core_kg_s * gaspath.NOMINAL.hub_k + point.bypass_kg_s * gaspath.NOMINAL.fan_k
    )
    t45 = point.t50 + used * rise / (gaspath._SHAFT * gaspath._CP_H * gas)
    assert t45 < point.t4, "the turbines take energy out"
    assert point.fuel_kg_s == pytest.approx(
        point.far * (1.0 - gaspath._BLEED) * point.core_kg_s, rel=1e-9
    )
    assert SEA_PA * 0.1 < point.p50 < point.p30
    assert point.t24 < point.t30 < point.t4
    assert t45 > point.t50


def test_certified_points_lie_in_the_class_of_real_engines() -> None:
    """Fuel flow and NOx at 7, 30, 85, 100 %: within 15 % of the CFM56-7B26 (ICAO databank 8CM051), idle within 30 %."""
    path = GasPath(Build())
    flows = {1.0: 1.221, 0.85: 0.999, 0.30: 0.338, 0.07: 0.113}
    indices = {1.0: 28.8, 0.85: 22.5, 0.30: 10.8, 0.07: 4.7}
    for share, flow in flows.items():
        point = path.at_thrust(share * RATED_N, SEA_K, SEA_PA, 0.0, Health())
        assert point.fuel_kg_s == pytest.approx(flow, rel=0.15 if share > 0.1 else 0.3)
        assert nox_g_per_kg(point, 0.0063, 28.4) == pytest.approx(indices[share], rel=0.2)
    cruise = path.at_thrust(24_400.0, *air(10_668.0), 0.8, Health())
    assert 16.0 < cruise.fuel_kg_s / cruise.thrust_n * 1e6 < 18.5, (
        "17.8 g/(kN s) published for the class"
    )


def test_wear_costs_fuel_and_margin_at_the_same_thrust() -> None:
    path = GasPath(Build())
    for condition in ((RATED_N, *air(0.0), 0.0), (21_000.0, *air(10_973.0), 0.785)):
        sound = path.at_thrust(*condition, Health())
        for worn in (Health(hpc=0.02), Health(hpt=0.02), Health(fan=0.02), Health(lpt=0.02)):
            point = path.at_thrust(*condition, worn)
            assert point.t50 > sound.t50 + 3.0
            assert 1.002 < point.fuel_kg_s / sound.fuel_kg_s < 1.05


def test_a_day_keeps_the_plant_files_ranges_and_its_books_close() -> None:
    world, columns, table = day(11)
    assert np.isfinite(table).all()
    for name, n in columns.items():
        signal = fleet().signal(name)
        assert signal.low is None or table[:, n].min() >= signal.low - 1e-9, name
        assert signal.high is None or table[:, n].max() <= signal.high, name
        if signal.form == "counter":
            steps = np.diff(table[:, n])
            assert (steps >= 0.0).all(), name
            assert signal.max_step is None or steps.max() <= signal.max_step, name
    burners = [f"engine_{n}{side}" for n in (1, 2, 3) for side in "ab"] + ["test_cell_1"]
    burnt = {e: float(np.ptp(table[:, columns[f"{e}.fuel"]])) for e in burners}
    assert sum(burnt.values()) == pytest.approx(world.totals["fuel_kg"], rel=1e-9)
    flown = table[-1, columns["engine_1a.cycles"]] - table[0, columns["engine_1a.cycles"]]
    assert 3 <= flown <= 8
    assert 1200.0 < burnt["engine_1a"] / flown < 4500.0
    mass = table[:, columns["airframe_1.mass"]]
    parked = table[:, columns["airframe_1.phase"]] == PARKED
    aloft = ~parked[:-1] & ~parked[1:] & (np.abs(np.diff(mass)) < 400.0)
    fuel = np.diff(table[:, columns["engine_1a.fuel"]] + table[:, columns["engine_1b.fuel"]])
    assert (-np.diff(mass))[aloft] == pytest.approx(fuel[aloft], abs=1e-6), (
        "what is burnt is lighter"
    )


def test_cruise_burns_as_the_class_does() -> None:
    _, columns, table = day(11)
    for engine in ("engine_1a", "engine_2b", "engine_3a"):
        cruise = table[:, columns[f"{engine}.phase"]] == CRUISE
        held = cruise & np.roll(cruise, 4) & np.roll(cruise, -4)
        tsfc = (table[held, columns[f"{engine}.fuel_flow"]] / 3.6) / table[
            held, columns[f"{engine}.thrust"]
        ]
        assert 16.0 < np.median(tsfc) < 18.5


def test_new_engines_are_measured_before_they_fly() -> None:
    world, columns, table = day(11)
    for engine in ("engine_3a", "engine_3b"):
        phase = table[:, columns[f"{engine}.phase"]]
        tests, flights = np.flatnonzero(phase == TEST), np.flatnonzero((phase > 0) & (phase < TEST))
        assert 60 < len(tests) < 120
        assert tests.max() < flights.min()
        plug = table[:, columns[f"{engine}.tested_egt"]]
        assert plug[0] == 0.0
        assert 550.0 < plug[-1] < 700.0
        machine = world.machines[engine]
        assert isinstance(machine, Engine)
        assert machine.at_rated().t50 - 273.15 >= plug[-1] - 1e-6, "it only gets hotter"
    cell = world.machines["test_cell_1"]
    assert isinstance(cell, TestCell)
    assert cell.v["tests"] == 2.0


def test_faults_show_where_they_should() -> None:
    text = """name: three
events:
  - {fault: compressor_fouling, target: engine_1a, start: -1, size: 3}
  - {fault: turbine_seal_wear, target: engine_1b, start: -1, size: 3}
  - {fault: egt_drift, target: engine_2a, start: -1, size: 20}
"""
    told = parse(text, fleet(), MIDNIGHT)
    world, sound = World(fleet(), MIDNIGHT, 5, 30.0, told), World(fleet(), MIDNIGHT, 5)
    seen = []
    for _ in range(1500):
        world.step()
        sound.step()
        if (
            sound.machines["airframe_1"].v["phase"]
            == CRUISE
            == sound.machines["airframe_2"].v["phase"]
        ):
            seen.append([(world.machines[e].v[s] - sound.machines[e].v[s])
                         for e, s in (("engine_1a", "t50"), ("engine_1a", "fuel_flow"), ("engine_1b", "t50"),
                                      ("engine_2a", "t50"), ("engine_2a", "fuel_flow"))])  # fmt: skip
    assert len(seen) > 60
    a_hot, a_fuel, b_hot, drift, drift_fuel = np.median(np.array(seen), axis=0)
    assert a_hot > 8.0
    assert b_hot > 8.0
    assert a_fuel > 5.0
    assert drift == pytest.approx(20.0, abs=1.5)
    assert abs(drift_fuel) < 2.0, "a sensor lies, the engine is well"


def test_shipped_scenario_and_same_seed() -> None:
    assert len(load_scenario("turbofan", fleet(), MIDNIGHT).events) == 4
    first, second, other = (World(fleet(), MIDNIGHT, seed) for seed in (7, 7, 8))
    for world in (first, second, other):
        for _ in range(60):
            world.step()
    assert first.values() == second.values() != other.values()


def test_a_lower_level_and_a_derate_do_what_they_say() -> None:
    high, low = World(fleet(), MIDNIGHT, 6, 60.0), World(fleet(), MIDNIGHT, 6, 60.0)
    assert low.setpoints.write("airframe_1.cruise_altitude_sp", 8800.0, 0.0, low.now_us)
    assert low.setpoints.write("airframe_2.derate_sp", 15.0, 0.0, low.now_us)
    tops: list[list[float]] = []
    for _ in range(1440):
        high.step()
        low.step()
        tops.append(
            [
                w.machines[m].v[s]
                for w in (high, low)
                for m, s in (("airframe_1", "altitude"), ("engine_2a", "thrust"))
            ]
        )
    top = np.array(tops).max(axis=0)
    assert top[0] > 10_900.0
    assert top[2] == pytest.approx(8800.0, abs=1.0)
    assert top[3] < 0.9 * top[1]
    used = [w.machines["engine_1a"].v["fuel"] for w in (high, low)]
    assert used[1] > used[0] * 1.01, "lower is thicker air"


def test_lives_end_when_the_margin_is_gone_and_differ() -> None:
    found = lives(23, 6, every=200.0)
    ends = np.array([life.end for life in found])
    assert (ends > 4000.0).all()
    assert (ends < 30_000.0).all()
    assert ends.std() > 600.0
    for life in found:
        assert life.margin_k[0] > 55.0
        assert 0.0 < life.margin_k[-1] < 15.0
        early = life.margin_k[0] - life.margin_k[10]
        middle = life.margin_k[10] - life.margin_k[20]
        assert early > middle, "a new engine settles"


def test_humid_air_falls_off_with_height() -> None:
    assert water_kg_kg(0.0) == pytest.approx(0.0063, rel=0.02)
    assert water_kg_kg(11_000.0) < 0.1 * water_kg_kg(0.0)
    assert isinstance(World(fleet(), MIDNIGHT, 2, 120.0).machines["airframe_1"], Airframe)
