"""The twin's turbofan: certified points, fuel flow method 2, laws of wear, and flights whose books close."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.records import Floats
from ecotwin.simulation.contract import Case, Image, Known, Outage, Setting
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.turbofans import flight
from ecotwin.simulation.turbofans.burn import (
    INSTALLED,
    POINTS,
    SHARES,
    air,
    curve,
    fuel_kg_s,
    humidity_factor,
    indices,
)  # fmt: skip
from ecotwin.simulation.turbofans.wear import Wear
from ecotwin.simulation.units.turbofan import plug

MIDNIGHT = datetime(2026, 6, 14, 22, tzinfo=UTC)
STEPS = 2880
ENGINES = ("1a", "1b", "2a", "2b", "3a", "3b")


@cache
def fleet() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")


def facts(**changed: float) -> dict[str, float]:
    known = fleet().element("engine_1a").kind_facts
    return {k: v for k, v in known.items() if isinstance(v, float)} | changed


def case_of(hours: float = 48.0, **changed: object) -> Case:
    flat = np.full((1, STEPS), 17.0)
    case = Case(fleet(), MIDNIGHT, hours, 8, 5, Weather(flat, flat - 4.0, np.zeros((1, STEPS))))
    return replace(case, **changed)  # type: ignore[arg-type]


def law() -> Wear:
    one = np.ones((1, 1))
    return Wear(75 * one, 8 * one, 500 * one, 11_800 * one, 55 * one, 2.4 * one, 12 * one, 420 * one, 0.6 * one,
                0.00055 * one)  # fmt: skip


@pytest.mark.parametrize(
    ("altitude_m", "kelvin", "pascal"),
    [(0.0, 288.15, 101_325.0), (5000.0, 255.65, 54_020.0), (11_000.0, 216.65, 22_632.0), (12_000.0, 216.65, 19_330.0)],
)  # fmt: skip
def test_the_standard_atmosphere(altitude_m: float, kelvin: float, pascal: float) -> None:
    """Table of ISO 2533."""
    t0, p0 = air(altitude_m, 0.0)
    assert t0 == pytest.approx(kelvin, abs=1e-6)
    assert p0 == pytest.approx(pascal, rel=2e-4)


def test_certified_points_come_back_and_the_cruise_is_as_published() -> None:
    made, known = curve(facts()), facts()
    for share, installed, point in zip(SHARES, INSTALLED, POINTS, strict=True):
        flow = fuel_kg_s(made, share * made[0], *air(0.0, 0.0), 0.0)
        assert flow == pytest.approx(known[f"lto_fuel_{point}_kg_s"], rel=1e-9)
        nox, co = indices(made, flow * installed, *air(0.0, 0.0), 0.0)
        assert nox == pytest.approx(known[f"lto_nox_{point}_g_kg"], rel=2e-3)
        if point in ("idle", "approach"):
            assert co == pytest.approx(known[f"lto_co_{point}_g_kg"], rel=1e-6)
    thrust = 0.2 * made[0]
    tsfc = fuel_kg_s(made, thrust, *air(10_668.0, 0.0), 0.8) / thrust * 1e6
    assert tsfc == pytest.approx(known["cruise_tsfc_g_kn_s"], rel=1e-9)
    assert 15.0 < tsfc < 18.0, "15 to 18 g/(kN s) is the class"


@settings(max_examples=80, deadline=None)
@given(st.floats(0.0, 12_000.0), st.floats(0.0, 0.82), st.floats(-20.0, 20.0), st.floats(0.05, 0.9))
def test_more_thrust_takes_more_fuel_and_humid_air_less_nox(
    altitude_m: float, mach: float, shift_k: float, share: float
) -> None:
    made = curve(facts())
    t0, p0 = air(altitude_m, shift_k)
    low, high = (
        fuel_kg_s(made, s * made[0] * p0 / 101_325.0, t0, p0, mach) for s in (share, share + 0.1)
    )
    assert 0.0 < low <= high
    assert indices(made, low, t0, p0, mach)[0] <= indices(made, high, t0, p0, mach)[0] + 1e-12
    assert humidity_factor(t0 + 5.0, p0) < humidity_factor(t0, p0)


def test_fuel_flow_method_2_by_hand() -> None:
    """Cruise at 11,000 m and Mach 0.8 with 0.35 kg/s, every step worked out with a pocket calculator's formulas."""
    made = curve(facts())
    theta, delta = 216.65 / 288.15, 22_632.06 / 101_325.0
    at_sea = 0.35 / delta * theta**3.8 * np.exp(0.2 * 0.64)
    flows = [facts()[f"lto_fuel_{p}_kg_s"] * k for p, k in zip(POINTS, INSTALLED, strict=True)]
    nox = [facts()[f"lto_nox_{p}_g_kg"] for p in POINTS]
    reference = np.exp(np.interp(np.log(at_sea), np.log(flows), np.log(nox)))
    vapour = 0.6 * 611.2 * np.exp(17.62 * -56.5 / (243.12 - 56.5))
    water = 0.62198 * vapour / (22_632.06 - vapour)
    by_hand = reference * np.exp(-19.0 * (water - 0.0063)) * np.sqrt(delta**1.02 / theta**3.3)
    assert indices(made, 0.35, 216.65, 22_632.06, 0.8)[0] == pytest.approx(by_hand, rel=1e-9)
    assert 8.0 < by_hand < 20.0


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"lto_fuel_idle_kg_s": 0.5}, "rise from idle"),
        ({"lto_nox_approach_g_kg": 0.0}, "above zero"),
        ({"lto_fuel_approach_kg_s": 0.97}, "rises with thrust"),
        ({"cruise_tsfc_g_kn_s": 170.0}, "12 to 25"),
    ],
)
def test_impossible_engines_are_named(changed: dict[str, float], word: str) -> None:
    with pytest.raises(ScenarioFault, match=word):
        curve(facts(**changed))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.0, 12_000.0), st.floats(0.0, 3000.0), st.floats(0.0, 3000.0), st.floats(0.3, 1.0)
)
def test_wear_of_two_spans_is_wear_of_the_whole(
    start: float, a: float, b: float, severity: float
) -> None:
    wear = law()
    core = wear.core_loss_k(np.array([[start]]))
    dirt = wear.dirtier(np.zeros((1, 1)), np.array([[start]]))
    fa, fb, s = (np.array([[x]]) for x in (a, b, severity))
    assert wear.flown(wear.flown(core, fa, s), fb, s) == pytest.approx(
        wear.flown(core, fa + fb, s), rel=1e-9, abs=1e-9
    )
    assert wear.dirtier(wear.dirtier(dirt, fa), fb) == pytest.approx(
        wear.dirtier(dirt, fa + fb), rel=1e-9, abs=1e-9
    )
    assert (wear.flown(core, fa, s) >= core - 1e-12).all()
    assert (wear.flown(core, fa, s) <= wear.flown(core, fa, np.ones((1, 1))) + 1e-12).all(), (
        "a derate spares the core"
    )


def test_what_is_burnt_is_lighter_and_all_books_add_up() -> None:
    units = plug.units(fleet())
    engine = Engine(case_of(), units)
    frame = engine.states["aircraft_1"]
    flown = 0
    for _ in range(STEPS):
        before, legs = frame["at"][:, flight.MASS].copy(), frame["at"][:, flight.LEG].copy()
        engine.advance()
        under_way = (legs > 0) & (frame["at"][:, flight.LEG] > 0)
        burnt = frame["out"][:, :, 0].sum(axis=1)
        assert (before - frame["at"][:, flight.MASS])[under_way] == pytest.approx(
            burnt[under_way], abs=1e-9
        )
        flown += int(frame["landed"].sum())
    outcome = engine.outcome()
    assert outcome.total("flights", "airframe_1").sum() == flown > 8 * 2 * 3
    fuel = outcome.total("fuel_kg", "engine_1a") + outcome.total("fuel_kg", "engine_1b")
    per_flight = fuel.sum() / flown
    assert 3800.0 < per_flight < 6500.0, (
        "two engines, some 1,400 km: the class burns 2.2 to 2.8 t an hour"
    )
    index = outcome.total("nox_kg").sum() / outcome.total("fuel_kg").sum() * 1000.0
    assert 10.0 < index < 20.0
    bins = outcome.profile[:, :, outcome.quantities.index("fuel_kg")].sum(axis=1)
    assert bins == pytest.approx(outcome.total("fuel_kg"), rel=1e-12)


@cache
def _totals(kind: str) -> tuple[Floats, Floats, Floats]:
    changes: dict[str, dict[str, object]] = {
        "nothing": {},
        "low": {"settings": {f"airframe_{n}.cruise_altitude_sp": (Setting(8500.0),) for n in (1, 2, 3)}},
        "derate": {"settings": {f"airframe_{n}.derate_sp": (Setting(15.0),) for n in (1, 2, 3)}},
        "wash": {"settings": {f"engine_{e}.wash_interval_sp": (Setting(200.0),) for e in ENGINES}},
        "saf": {"parameters": {f"engine_{e}.saf_share": Known(0.3) for e in ENGINES}},
    }  # fmt: skip
    outcome = run(case_of(24.0, **changes[kind]), plug.units(fleet()))
    columns = dict(zip(outcome.columns, range(len(outcome.columns)), strict=True))
    saf = sum(outcome.totals[:, n] for c, n in columns.items() if c[1] == "fuel_kg:saf")
    margin = outcome.told["engine_1a.egt_margin_k"]
    return outcome.total("fuel_kg"), np.asarray(saf), margin


def test_scenarios_pair_by_seed_and_move_the_right_way() -> None:
    fuel, saf, margin = _totals("nothing")
    again, _, _ = _totals("nothing")
    assert np.array_equal(fuel, again)
    assert (saf == 0.0).all()
    assert (_totals("low")[0] > 1.02 * fuel).all(), "thicker air"
    assert (_totals("derate")[2] > margin).all(), "a derate spares margin"
    mixed, part, _ = _totals("saf")
    assert part / mixed == pytest.approx(np.full(8, 0.3), rel=1e-9)
    assert (mixed < fuel).all(), "it holds more energy by mass"
    assert (mixed * (0.3 * 44.1 + 0.7 * 43.1)) == pytest.approx(fuel * 43.1, rel=2e-4), (
        "the same energy"
    )


def test_a_wash_gives_back_margin_and_fuel() -> None:
    stand = {f"engine_{e}.cycles": 3198.0 for e in ENGINES}
    stand |= {"engine_1a.wash_interval_sp": 1600.0, "engine_1b.wash_interval_sp": 6000.0}
    wash = {
        "engine_1a.wash_interval_sp": (Setting(800.0),),
        "engine_1b.wash_interval_sp": (Setting(6000.0),),
    }
    outcome = run(case_of(24.0, image=Image(MIDNIGHT, stand), settings=wash), plug.units(fleet()))
    assert (outcome.total("washes", "engine_1a") == 1.0).all()
    assert (outcome.total("washes", "engine_1b") == 0.0).all()
    both = outcome.total("fuel_kg", "engine_1b") - outcome.total("fuel_kg", "engine_1a")
    assert (both > 0.0).all()


def test_from_live_a_flight_goes_on_and_an_untested_engine_waits_for_the_cell() -> None:
    values = {"airframe_1.phase": 4.0, "airframe_1.altitude": 10_500.0, "airframe_1.mass": 61_000.0,
              "engine_3a.tested_egt": 0.0, "engine_3b.tested_egt": 0.0}  # fmt: skip
    engine = Engine(case_of(image=Image(MIDNIGHT, values)), plug.units(fleet()))
    engine.advance(1)
    flying = engine.states["aircraft_1"]["at"]
    assert (flying[:, flight.LEG] >= flight.CRUISE).all()
    assert (flying[:, flight.MASS] < 61_000.0).all()
    engine.advance(7 * 60 + 5)
    waiting, other = (engine.states[f"aircraft_{n}"]["at"][:, flight.LEG] for n in (3, 2))
    assert (waiting == flight.PARKED).all(), "its engines are on the test cell"
    assert (other != flight.PARKED).all()
    engine.advance(STEPS)
    outcome = engine.outcome()
    assert outcome.total("parts_total", "test_cell_1") == pytest.approx(np.full(8, 2.0))
    assert (outcome.total("flights", "airframe_3") > 0.0).all()


def test_an_outage_keeps_an_aircraft_on_the_ground() -> None:
    held = Outage("engine_2a", MIDNIGHT, datetime(2026, 6, 16, 22, tzinfo=UTC))
    outcome = run(case_of(outages=(held,)), plug.units(fleet()))
    assert (outcome.total("flights", "airframe_2") == 0.0).all()
    assert (outcome.total("flights", "airframe_1") > 0.0).all()


def test_bad_plants_and_shares_are_named() -> None:
    with pytest.raises(ScenarioFault, match="saf_share"):
        run(case_of(1.0, parameters={"engine_1a.saf_share": Known(1.2)}), plug.units(fleet()))
    plant = fleet()
    without = replace(plant, elements=tuple(e for e in plant.elements if e.id != "airframe_2"))
    with pytest.raises(ScenarioFault, match="engine_2a, engine_2b hang on no airframe"):
        plug.units(without)
    alone = replace(plant, elements=tuple(e for e in plant.elements if e.kind != "turbofan_engine"))
    with pytest.raises(ScenarioFault, match="0 engines"):
        plug.units(alone)
