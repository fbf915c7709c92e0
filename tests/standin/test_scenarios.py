"""Scenario files, what each fault does to the plant, and the truth that is written of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ecotwin.clock import HOUR, iso, micros
from ecotwin.errors import FileFault
from ecotwin.plant import Plant
from ecotwin_standin.plantside import Plantside
from ecotwin_standin.scenario import FAULTS, load, parse, shipped
from standin.days import MONDAY, ahead, make, told, works


@pytest.fixture(name="plant")
def _plant() -> Plant:
    return works()


@pytest.mark.parametrize("name", ["calm", "demo", "month"])
def test_shipped_scenarios_fit_the_demonstration_plant(plant: Plant, name: str) -> None:
    assert name in shipped()
    scenario = load(name, plant, MONDAY)
    assert scenario.description
    if name == "month":
        here = {e.kind for e in plant.machines} | {"counter", "signal", "device", "line", "site"}
        can_befall = {name for name, fault in FAULTS.items() if fault.targets & here}
        assert {e.fault for e in scenario.events} == can_befall


def test_all_faults_of_a_scenario_are_named_at_once(plant: Plant) -> None:
    text = """
name: wrong
colour: red
events:
  - {fault: air_leek, target: dryer_1, start: +1h}
  - {fault: air_leak, target: dryer_9, start: +1h}
  - {fault: air_leak, target: pv_1, start: soon}
  - {fault: gap, target: line_1, start: +2h, end: +1h}
  - {fault: stuck_sensor, target: oven_1.nose, start: +2h}
  - {fault: meter_reset, target: oven_1.power, start: +2h, end: +3h}
  - {fault: chiller_fouled, target: chiller_1, start: +2h, size: 400}
  - {fault: pv_inverter_out, target: pv_1, start: +2h, growth: 1}
  - {fault: scrap_burst, start: +2h, size: many}
  - 7
"""
    with pytest.raises(FileFault) as caught:
        parse(text, plant, MONDAY, "wrong.yaml")
    said = str(caught.value)
    for part in (
        "wrong.yaml", "colour", "air_leek", "dryer_9", "pv_1 is a pv", "'soon'", "ends before",
        "oven_1.nose", "no counter", "takes no end", "400", "does not grow", "'many'",
        "names no target", "event 10: 7", "line_1 is no machine",
    ):  # fmt: skip
        assert part in said, part


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("+2", 2.0),
        ("+2h", 2.0),
        ("+1.5d", 36.0),
        ("day 2 07:30", 26.5),
        ("2026-06-15T05:00:00Z", 2.0),
        ("2026-06-15T08:00", 3.0),
        ("4", 4.0),
    ],
)
def test_times_of_events(text: str, hours: float) -> None:
    (event,) = told(f"  - {{fault: gap, target: oven_1, start: {text}}}").events
    assert event.start_us == micros(MONDAY + timedelta(hours=hours))


def test_no_scenario_of_that_name(plant: Plant) -> None:
    with pytest.raises(FileFault, match=r"calm, .*demo, .*month"):
        load("nowhere.yaml", plant, MONDAY)


def test_an_air_leak_grows_with_running_hours_and_raises_the_load() -> None:
    scenario = told("  - {fault: air_leak, target: dryer_1, start: +1h, size: 20, growth: 10}")
    (event,) = scenario.events
    leaky = ahead(make(3, scenario), 1.0)
    sound = leaky.copy_without(event)
    lost = []
    for _ in range(10):
        ahead(leaky, 1.0), ahead(sound, 1.0)
        lost.append(leaky.air.leaked_m3_h - sound.air.leaked_m3_h)
    assert lost[-1] > lost[4] > lost[0] > 15.0
    loads = [w.machines["compressor_1"].v["hours_loaded"] for w in (leaky, sound)]
    assert loads[0] > loads[1] + 0.5
    assert leaky.totals["energy_kwh"] > sound.totals["energy_kwh"] + 30.0


@pytest.mark.parametrize(
    ("event", "total", "least", "most"),
    [
        ("power_creep, target: placer_2b, start: +1h, size: 2", "energy_kwh", 8.0, 18.0),
        ("exhaust_damper_open, target: oven_2, start: +1h, size: 430", "energy_kwh", 40.0, 120.0),
        (
            "cooling_water_leak, target: cooling_tower_1, start: +1h, size: 0.5",
            "water_m3",
            3.9,
            4.1,
        ),
        ("pv_inverter_out, target: pv_1, start: +1h", "pv_kwh", -2000.0, -50.0),
        ("scrap_burst, target: inspection_1, start: +1h, size: 0.1", "waste_kg", 5.0, 400.0),
        ("chiller_fouled, target: chiller_1, start: +1h, size: 8", "energy_kwh", 3.0, 200.0),
        ("oven_hot_in_breaks, target: oven_1, start: +17h", "energy_kwh", 150.0, 420.0),
    ],
)
def test_what_each_fault_costs(event: str, total: str, least: float, most: float) -> None:
    scenario = told(f"  - {{fault: {event}}}")
    (what,) = scenario.events
    hours = (what.start_us - micros(MONDAY)) / HOUR
    faulty = ahead(make(3, scenario), hours)
    sound = faulty.copy_without(what)
    ahead(faulty, 8.0), ahead(sound, 8.0)
    assert least < faulty.totals[total] - sound.totals[total] < most


def test_a_fault_ends_and_the_plant_is_sound_again() -> None:
    scenario = told("  - {fault: power_creep, target: placer_2b, start: +1h, end: +2h, size: 5}")
    world = ahead(make(3, scenario), 1.5)
    assert world.machines["placer_2b"].fault == {"power_creep": 5.0}
    ahead(world, 1.0)
    assert world.machines["placer_2b"].fault == {}


def test_two_ovens_heat_at_once_in_the_peak() -> None:
    scenario = told(
        "  - {fault: ovens_preheat_in_peak, target: [oven_1, oven_2], start: day 1 15:20, "
        "end: day 1 18:00, size: 45}"
    )
    assert [e.target for e in scenario.events] == ["oven_1", "oven_2"]
    world = ahead(make(3, scenario), 10.0)
    both = 0.0
    for _ in range(360):
        world.step()
        both = max(both, sum(world.machines[o].power_kw for o in ("oven_1", "oven_2")))
    usual = make(3)
    most = 0.0
    for _ in range(1560):
        usual.step()
        if usual.now_us > micros(MONDAY) + 10 * HOUR:
            most = max(most, sum(usual.machines[o].power_kw for o in ("oven_1", "oven_2")))
    assert both > most + 20.0


def test_harmless_changes() -> None:
    scenario = told(
        "  - {fault: product_change, target: line_1, start: +4h}\n"
        "  - {fault: cold_week, start: +1d, end: +3d, size: -8}\n"
        "  - {fault: holiday, start: day 2 00:00, end: day 3 00:00}"
    )
    assert all(e.kind.harmless for e in scenario.events)
    changed, usual = make(3, scenario), make(3)
    ahead(changed, 4.0), ahead(usual, 4.0)
    before = changed.lines["line_1"].number
    for world in (changed, usual):
        world.step()
    assert changed.lines["line_1"].number == before + 1
    assert usual.lines["line_1"].number == before
    ahead(changed, 40.0), ahead(usual, 40.0)
    assert changed.weather.temperature_c < usual.weather.temperature_c - 6.0
    assert changed.machines["placer_2a"].state == 0.0
    ahead(changed, 8.0), ahead(usual, 8.0)
    assert changed.lines["line_2"].ready


def test_the_truth_says_what_and_how_much(plant: Plant, tmp_path: Path) -> None:
    scenario = told(
        "  - {fault: power_creep, target: placer_2b, start: +2h, end: +5h, size: 4}\n"
        "  - {fault: gap, target: oven_1, start: +3h, end: +4h}\n"
        "  - {fault: holiday, start: +30h, end: +31h}"
    )
    side = Plantside(plant, MONDAY, 3, scenario, 30.0, tmp_path / "truth.jsonl")
    side.run(9 * 120)
    side.close()
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [line["what"] for line in lines if line["fault"] == "gap"] == ["start", "end"]
    creep = [line for line in lines if line["fault"] == "power_creep"]
    assert [line["what"] for line in creep] == ["start", *["hour"] * 6, "end"]
    assert creep[0]["start"] == iso(micros(MONDAY) + 2 * HOUR)
    assert "placer_2b.power" in creep[0]["signals"]
    whole = creep[-1]
    assert whole["total"]["energy_kwh"] == pytest.approx(12.0, rel=0.25)
    mean_kw = whole["total"]["energy_kwh"] / 3
    assert whole["excess"]["electricity_kw"] == pytest.approx(mean_kw, rel=1e-3)
    hours = [line["excess"]["electricity_kw"] for line in creep[1:-1]]
    assert hours[1] == pytest.approx(4.0, abs=0.8)
    assert not [line for line in lines if line["fault"] == "holiday"]


def test_orders_reach_the_shadows_too(plant: Plant) -> None:
    scenario = told("  - {fault: power_creep, target: placer_2b, start: +1h, size: 2}")
    side = Plantside(plant, MONDAY, 3, scenario)
    side.run(360)
    side.write("compressor_1.pressure_sp", 6.5, 0.0, side.world.now_us)
    side.run(360)
    side.close()
    assert side.truth is not None
    total = side.truth.lines[-1]
    assert total["what"] == "total"
    assert total["total"]["air_m3"] == pytest.approx(0.0, abs=20.0)
