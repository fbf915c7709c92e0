"""The physics: balances close, curves have the right sign, states follow the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ecotwin.clock import instant
from ecotwin.errors import PlantFault
from ecotwin.plant import Plant
from ecotwin_standin.air import Compressor
from ecotwin_standin.cooling import Chiller
from ecotwin_standin.machine import BUSY, HEATING, IDLE, OFF, STANDBY
from ecotwin_standin.oven import Oven
from ecotwin_standin.utilities import Feeder
from ecotwin_standin.world import World
from standin.days import MONDAY, ahead, make, works


@pytest.fixture(name="plant")
def _plant() -> Plant:
    return works()


def test_same_seed_same_plant_other_seed_other_plant() -> None:
    first, second, other = (ahead(make(seed), 8.0).values() for seed in (5, 5, 6))
    assert first == second
    assert np.mean(np.array(first) != np.array(other)) > 0.7


def test_a_copy_meets_the_same_disturbances() -> None:
    world = ahead(make(), 6.0)
    twin = world.copy_without(None)
    assert ahead(world, 3.0).values() == ahead(twin, 3.0).values()


def test_oven_heat_balance_closes() -> None:
    world = make()
    oven = world.machines["oven_1"]
    assert isinstance(oven, Oven)
    stored, put_in, lost = oven.stored_kj(), oven.heat_in_kj, oven.loss_kj
    for _ in range(2880):
        world.step()
        assert oven.heat_in_kj - put_in - (oven.loss_kj - lost) == pytest.approx(
            oven.stored_kj() - stored, abs=1.0
        )
    assert oven.heat_in_kj - put_in > 1e6


def test_oven_warms_up_within_an_hour_and_draws_most_while_heating() -> None:
    world = make()
    oven = world.machines["oven_1"]
    assert oven.state == OFF
    seen: list[tuple[float, float]] = []
    for _ in range(180):
        world.step()
        seen.append((oven.state, oven.power_kw))
    heating = [kw for state, kw in seen if state == HEATING]
    ready = [kw for state, kw in seen if state in (IDLE, BUSY)]
    assert 20 * 60 < len(heating) * world.seconds < 60 * 60
    assert max(heating) > 1.25 * float(np.mean(ready))
    assert 40.0 < float(np.mean(ready)) < 60.0


def test_feeders_and_grid_are_the_sum_of_what_they_feed() -> None:
    world = make()
    ahead(world, 9.0)
    before = {m.id: m.v["energy"] for m in world.machines.values() if "energy" in m.v}
    exported = world.machines["grid"].v["energy_export"]
    ahead(world, 24.0)
    used = {i: world.machines[i].v["energy"] - e for i, e in before.items()}
    feeders = [m for m in world.machines.values() if isinstance(m, Feeder) and m.kind == "feeder"]
    assert len(feeders) == 5
    for feeder in feeders:
        fed = sum(used[m.id] for m in feeder.fed)
        assert fed <= used[feeder.id] <= fed * 1.02 + 2.0 * 24.0
    machines = sum(used[m.id] for m in world.users if m.id in used)
    bought = used["grid"] - (world.machines["grid"].v["energy_export"] - exported) + used["pv_1"]
    assert machines < bought < machines * 1.02 + 15.0 * 24.0


def test_every_value_lies_in_the_plant_files_plausible_range(plant: Plant) -> None:
    for month in (1, 7):
        world = make(11, None, datetime(2026, month, 12, 22, tzinfo=UTC))
        rows = []
        for _ in range(2880):
            world.step()
            rows.append(world.values())
        table = np.array(rows)
        assert np.isfinite(table).all()
        for column, index in enumerate(world.order):
            signal = plant.signals[index]
            if signal.low is not None:
                assert table[:, column].min() >= signal.low - 1e-9, signal.id
            if signal.high is not None:
                assert table[:, column].max() <= signal.high, signal.id
            if signal.form == "counter":
                assert (np.diff(table[:, column]) >= 0).all(), signal.id
                if signal.max_step is not None:
                    assert np.diff(table[:, column]).max() <= signal.max_step, signal.id


def test_cop_falls_when_it_gets_warm_and_rises_with_the_supply_temperature() -> None:
    chiller = make().machines["chiller_1"]
    assert isinstance(chiller, Chiller)
    by_heat = [chiller.cop(10.0, condenser, 0.7) for condenser in (22.0, 27.0, 32.0, 37.0)]
    assert by_heat == sorted(by_heat, reverse=True)
    assert chiller.cop(12.0, 30.0, 0.7) > chiller.cop(8.0, 30.0, 0.7)
    assert chiller.cop(10.0, 30.0, 0.9) > chiller.cop(10.0, 30.0, 0.2)


def test_chillers_draw_more_in_summer_and_the_boiler_more_in_winter() -> None:
    sums = {}
    for month in (1, 7):
        world = make(3, None, datetime(2026, month, 12, 22, tzinfo=UTC))
        chillers = [m for m in world.machines.values() if isinstance(m, Chiller)]
        before = sum(c.v["energy"] for c in chillers)
        ahead(world, 24.0)
        sums[month] = sum(c.v["energy"] for c in chillers) - before, world.totals["gas_m3"]
    assert sums[7][0] > 1.7 * sums[1][0]
    assert sums[1][1] > 3.0 * sums[7][1]


def test_compressors_keep_the_pressure_within_their_band() -> None:
    world = ahead(make(), 3.0)
    bars, loads = [], []
    for _ in range(480):
        world.step()
        bars.append(world.air_bar)
        loads.append(world.machines["compressor_1"].v["load"])
    first = world.machines["compressor_1"]
    assert isinstance(first, Compressor)
    assert 7.5 - first.band_bar < min(bars) < max(bars) < 7.5 + first.band_bar
    assert min(loads) == 0.0
    assert max(loads) == 100.0


def test_lower_pressure_makes_less_leak_and_less_power() -> None:
    high = ahead(make(), 4.0)
    low = high.copy_without(None)
    for c in ("compressor_1", "compressor_2"):
        assert low.setpoints.write(f"{c}.pressure_sp", 6.5, 0.0, low.now_us)
    used = [high.totals["energy_kwh"], low.totals["energy_kwh"]]
    ahead(high, 6.0), ahead(low, 6.0)
    assert low.air.leaked_m3_h < 0.95 * high.air.leaked_m3_h
    assert low.totals["air_m3"] < high.totals["air_m3"]
    assert low.totals["energy_kwh"] - used[1] < high.totals["energy_kwh"] - used[0]


def test_states_follow_shifts_breaks_and_weekends() -> None:
    world = make()
    at: dict[str, dict[str, float]] = {}
    for _ in range(2880 * 7 - 240):
        world.step()
        local = instant(world.now_us).astimezone(world.plant.zone)
        key = f"{local:%a %H:%M}"
        at[key] = {m: world.machines[m].state for m in ("oven_1", "placer_1a", "solder_1")}
    assert at["Mon 05:05"]["placer_1a"] == OFF
    assert at["Tue 02:00"] == {"oven_1": OFF, "placer_1a": OFF, "solder_1": STANDBY}
    assert at["Sun 12:00"]["oven_1"] == OFF
    assert at["Tue 11:50"]["oven_1"] == IDLE, "ovens stay hot through breaks here"
    assert at["Tue 11:50"]["placer_1a"] == IDLE
    days, hours = ("Mon", "Tue", "Wed"), (7, 10, 13, 20)
    worked = [at[f"{day} {hour:02}:30"] for day in days for hour in hours]
    assert sum(s["placer_1a"] == BUSY for s in worked) >= 8


def test_boards_are_kept_count_of_along_the_line() -> None:
    world = ahead(make(), 12.0)
    line = world.lines["line_1"]
    totals = [s.v["parts_total"] for s in line.stations]
    assert totals == sorted(totals, reverse=True), "no station makes boards of nothing"
    held = sum(line.buffer)
    lost = sum(s.v["parts_total"] - s.v["parts_good"] for s in line.stations[:-1])
    assert totals[0] == pytest.approx(totals[-1] + held + lost, abs=1e-6)
    assert 0.0 < lost < 0.03 * totals[0]
    hours = 11.0
    pace = line.stations[0].v["parts_total"] / hours
    assert 150 < pace < 480


def test_product_changes_bring_a_set_up() -> None:
    world = make()
    products: list[float] = []
    setups = 0
    for _ in range(2880):
        world.step()
        products.append(world.machines["printer_1"].v["product"])
        setups += world.machines["printer_1"].state == 3.0
    assert len(set(products)) > 1
    assert setups * world.seconds > 600


def test_sun_gives_power_by_day_only() -> None:
    world = make()
    by_hour: dict[int, float] = {}
    for _ in range(2880):
        world.step()
        hour = instant(world.now_us).astimezone(world.plant.zone).hour
        by_hour[hour] = max(by_hour.get(hour, 0.0), world.machines["pv_1"].power_kw)
    assert by_hour[1] == 0.0
    assert max(by_hour.values()) > 40.0


def test_a_watchdog_falls_back_and_a_device_without_one_holds() -> None:
    world = ahead(make(), 3.0)
    oven, compressor = world.machines["oven_1"], world.machines["compressor_1"]
    write = world.setpoints.write
    assert write("oven_1.sleep_sp", 120.0, 600.0, world.now_us)
    assert write("compressor_1.pressure_sp", 7.0, 600.0, world.now_us)
    assert world.setpoints.lease_s("oven_1.sleep_sp", world.now_us) == 600.0
    ahead(world, 8 / 60)
    assert oven.v["sleep_sp"] == 120.0
    assert oven.state == STANDBY
    ahead(world, 3 / 60)
    assert oven.v["sleep_sp"] == 245.0
    assert oven.state == HEATING
    ahead(world, 10.0)
    assert compressor.v["pressure_sp"] == 7.0


def test_a_renewed_lease_goes_on() -> None:
    world = ahead(make(), 3.0)
    for _ in range(4):
        world.setpoints.write("oven_1.sleep_sp", 120.0, 600.0, world.now_us)
        ahead(world, 9 / 60)
        assert world.machines["oven_1"].v["sleep_sp"] == 120.0


@pytest.mark.parametrize("value", [109.9, 260.1, float("nan"), float("inf")])
def test_a_device_refuses_what_lies_outside_its_limits(value: float) -> None:
    world = make()
    assert not world.setpoints.write("oven_1.sleep_sp", value, 600.0, world.now_us)
    assert not world.setpoints.write("oven_1.power", 20.0, 600.0, world.now_us)
    assert world.machines["oven_1"].v["sleep_sp"] == 245.0


def test_sleeping_through_a_break_saves_energy_and_costs_no_boards() -> None:
    awake = make(3, None, MONDAY)
    while instant(awake.now_us).astimezone(awake.plant.zone).strftime("%H:%M") < "11:36":
        awake.step()
    asleep = awake.copy_without(None)
    for oven in ("oven_1", "oven_2"):
        assert asleep.setpoints.write(f"{oven}.sleep_sp", 120.0, 20 * 60.0, asleep.now_us)
    ahead(awake, 2.0), ahead(asleep, 2.0)
    saved = awake.totals["energy_kwh"] - asleep.totals["energy_kwh"]
    assert 8.0 < saved < 40.0
    assert asleep.totals["good_parts"] > 0.995 * awake.totals["good_parts"]


def test_sleeping_while_boards_wait_costs_boards() -> None:
    awake = ahead(make(), 4.0)
    asleep = awake.copy_without(None)
    asleep.setpoints.write("oven_1.sleep_sp", 120.0, 3000.0, asleep.now_us)
    ahead(awake, 1.0), ahead(asleep, 1.0)
    assert (
        asleep.machines["oven_1"].v["parts_total"]
        < awake.machines["oven_1"].v["parts_total"] - 50.0
    )


def test_unknown_kinds_and_signals_are_refused_with_a_list(plant: Plant) -> None:
    strange = tuple(
        replace(e, kind="flux_capacitor") if e.id in ("it_1", "lighting_1") else e
        for e in plant.elements
    )
    with pytest.raises(PlantFault, match="flux_capacitor"):
        World(replace(plant, elements=strange), MONDAY, 1)
    signals = tuple(
        replace(s, id="oven_1.magic") if s.id == "oven_1.belt_speed" else s for s in plant.signals
    )
    with pytest.raises(PlantFault, match=r"oven_1\.magic.*reflow_oven"):
        World(replace(plant, signals=signals), MONDAY, 1)
    codes = tuple(
        replace(s, waste_code="06 01 01*") if s.waste_code == "16 02 16" else s
        for s in plant.signals
    )
    with pytest.raises(PlantFault, match="06 01 01"):
        World(replace(plant, signals=codes), MONDAY, 1)


def test_summer_time_begins_without_a_jump() -> None:
    world = make(3, None, datetime(2026, 3, 28, 20, tzinfo=UTC))
    begin = world.now_us
    ahead(world, 36.0)
    assert instant(world.now_us) - instant(begin) == timedelta(hours=36)
    local = instant(world.now_us).astimezone(world.plant.zone)
    assert world.segment.kind == "work"
    assert (local.weekday(), local.hour) == (0, 10)
