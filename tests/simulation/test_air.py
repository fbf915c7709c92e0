"""Compressed air and nitrogen: mass is kept, closed forms, what a bar, a leak and a drive make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.contract import Case, Image, Outage, Outcome, Setting
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.units import air, nitrogen
from ecotwin.simulation.units.air import STANDARD_BAR
from small_works import MONDAY, User, case, works

TWO = works("c1 air_compressor", "c2 air_compressor", "d air_dryer", shifts=False)
EXACT = {
    f"{c}.{n}": v
    for c in ("c1", "c2")
    for n, v in {"specific_kwh_per_m3": 0.105, "leak_m3_h": 30.0, "kw_scale": 1.0}.items()
}


def station(
    flow: float | Sequence[float], hours: float = 24.0, plant: Plant = TWO, **changed: Any
) -> tuple[Engine, Outcome, User]:
    parameters = {**EXACT, **changed.pop("parameters", {})}
    known = {k: v for k, v in parameters.items() if plant.has_signal(k.split(".")[0] + ".power")}
    user = User({"air": flow})
    made: Case = case(plant, hours, parameters=known, **changed)
    engine = Engine(made, [user, *air.plug.units(plant)])
    engine.advance(made.steps)
    return engine, engine.outcome(), user


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.floats(0.0, 1500.0), min_size=30, max_size=30),
    st.floats(0.0, 200.0),
    st.floats(0.3, 8.0),
)
def test_mass_is_kept_whatever_is_asked(flows: list[float], leak: float, volume: float) -> None:
    parameters = {"c1.leak_m3_h": leak, "c1.receiver_m3": volume, "c2.receiver_m3": 0.0}
    engine, outcome, _ = station(flows, hours=0.5, parameters=parameters)
    used = sum(flows) / 60.0 - outcome.missing["air"]
    stored = volume / STANDARD_BAR * (engine.states["air"]["bar"] - 7.5)
    rest = outcome.total("air_m3") - outcome.total("leak_m3") - used - stored
    assert np.abs(rest).max() < 1e-9
    assert (engine.states["air"]["bar"] > -STANDARD_BAR).all()


def test_a_bar_less_saves_five_to_eight_per_cent() -> None:
    low = {f"c{n}.pressure_sp": (Setting(6.5),) for n in (1, 2)}
    high = {f"c{n}.pressure_sp": (Setting(7.5),) for n in (1, 2)}
    for flow in (350.0, 480.0, 800.0):
        before = station(flow, 48.0, settings=high)[1].total("electricity_kwh")
        after = station(flow, 48.0, settings=low)[1].total("electricity_kwh")
        assert 0.05 < 1.0 - float(after[0] / before[0]) < 0.085, flow


def test_full_load_takes_the_rated_power_and_little_load_the_unloaded_one() -> None:
    one = works("c1 air_compressor", shifts=False)
    none = {"c1.leak_m3_h": 0.0}
    _, outcome, _ = station(560.0, 4.0, one, parameters=none)
    assert outcome.total("electricity_kwh", "c1")[0] == pytest.approx(4 * 560 * 0.105, rel=0.02)
    _, outcome, _ = station(0.0, 4.0, one, parameters=none)
    idle_h = outcome.total("idle_h")[0]
    assert idle_h == pytest.approx(5.0 / 60.0, abs=0.01)
    stopped = outcome.total("standby_h")[0]
    wanted = 18.0 * idle_h + 0.4 * stopped
    assert outcome.total("electricity_kwh", "c1")[0] == pytest.approx(wanted, rel=0.1)


def test_leaks_scale_with_absolute_pressure_and_with_their_size() -> None:
    def lost(bar: float, leak: float) -> float:
        held = {f"c{n}.pressure_sp": (Setting(bar),) for n in (1, 2)}
        image = Image(MONDAY, {f"c{n}.pressure": bar for n in (1, 2)})
        known = {"c1.leak_m3_h": leak, "c1.cascade_bar": 0.0, "c2.cascade_bar": 0.0}
        known |= {"c1.band_bar": 0.05, "c2.band_bar": 0.05}
        outcome = station(300.0, 24.0, settings=held, parameters=known, image=image)[1]
        return float(outcome.total("leak_m3")[0])

    assert lost(7.5, 70.0) / lost(7.5, 20.0) == pytest.approx(2.0, rel=2e-3)
    wanted = (6.0 + STANDARD_BAR) / (7.5 + STANDARD_BAR)
    assert lost(6.0, 70.0) / lost(7.5, 70.0) == pytest.approx(wanted, rel=5e-3)


def test_a_variable_drive_wastes_less_at_part_load_and_more_at_full() -> None:
    fixed = works("c1 air_compressor", shifts=False)
    drive = works("c1 air_compressor {drive: variable}", shifts=False)

    def kwh(plant: Plant, flow: float) -> float:
        return float(station(flow, 12.0, plant)[1].total("electricity_kwh", "c1")[0])

    assert kwh(drive, 250.0) < 0.9 * kwh(fixed, 250.0)
    assert kwh(drive, 529.0) > 1.01 * kwh(fixed, 529.0)
    _, _, user = station(300.0, 12.0, drive)
    assert user.told("air_bar")[60:] == pytest.approx(7.5, abs=0.05)


def test_who_asks_for_more_than_there_is_gets_less_and_the_rest_is_told() -> None:
    engine, outcome, _ = station(2000.0, 6.0)
    assert engine.states["air"]["bar"].max() < 4.0
    made = outcome.total("air_m3")
    assert made == pytest.approx(6.0 * 1120.0, rel=0.01)
    assert outcome.missing["air"] == pytest.approx(6.0 * 2000.0 - made, rel=0.05)


def test_an_outage_loads_the_other_and_a_pause_can_switch_off() -> None:
    outage = Outage("c1", MONDAY, MONDAY.replace(day=16))
    _, outcome, _ = station(300.0, outages=(outage,))
    assert outcome.total("air_m3", "c1").max() == 0.0
    assert outcome.total("down_h", "c1") == pytest.approx(24.0)
    assert outcome.missing["air"].max() < 1e-6
    shifts = works("c1 air_compressor")
    _, on, _ = station(0.0, plant=shifts)
    _, off, _ = station(0.0, plant=shifts, parameters={"c1.off_pause_h": 2.0})
    assert off.total("off_h")[0] == pytest.approx(16.0)
    assert off.total("leak_m3")[0] < 0.6 * on.total("leak_m3")[0]


def test_an_air_net_without_room_is_named() -> None:
    with pytest.raises(ScenarioFault, match="no receiver"):
        station(10.0, 1.0, parameters={"c1.receiver_m3": 0.0, "c2.receiver_m3": 0.0})
    with pytest.raises(ScenarioFault, match=r"leak_m3_h of c1 is -5"):
        station(10.0, 1.0, parameters={"c1.leak_m3_h": -5.0})


def test_nitrogen_takes_its_air_and_makes_no_more_than_it_can() -> None:
    plant = works("c1 air_compressor", "n1 nitrogen_generator", shifts=False)
    units = [*nitrogen.plug.units(plant), *air.plug.units(plant)]
    outcome = run(
        case(plant, 4.0, parameters={"c1.leak_m3_h": 0.0}), [User({"nitrogen": 50.0}), *units]
    )
    assert outcome.total("nitrogen_m3") == pytest.approx(200.0)
    assert outcome.total("air_m3") == pytest.approx(3.6 * 200.0, abs=3.0)
    outcome = run(case(plant, 4.0), [User({"nitrogen": 500.0}), *units])
    made = outcome.total("nitrogen_m3")
    assert (made <= 4.0 * 90.0 + 1e-9).all()
    assert outcome.missing["nitrogen"] == pytest.approx(4.0 * 500.0 - made)
    with pytest.raises(ScenarioFault, match=r"nobody serves air \(asked by nitrogen\)"):
        run(case(plant, 1.0), nitrogen.plug.units(plant))
