"""The filling works as physics: mass and water balances close, cleaning follows the plant's rules, faults show."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecotwin.plant import Plant, load
from ecotwin_standin.cip import CipStation, WashWaterPlant, programmes, steps
from ecotwin_standin.filling import CONTENT_SHARE, Filler, FillingLine
from ecotwin_standin.machine import SETUP
from ecotwin_standin.scenario import Scenario, parse
from ecotwin_standin.scenario import load as load_scenario
from ecotwin_standin.world import World

MONDAY = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
SITES = ("consumer_goods", "consumer_goods_poland", "consumer_goods_spain")


@cache
def works(name: str = SITES[0]) -> Plant:
    return load(Path(__file__).parents[2] / "plants" / f"{name}.yaml")


def world(seed: int, name: str = SITES[0], events: str = "", step_s: float = 60.0) -> World:
    plant = works(name)
    scenario = parse(f"name: t\nevents:\n{events}", plant, MONDAY) if events else Scenario("calm")
    return World(plant, MONDAY, seed, step_s, scenario)


def ahead(made: World, hours: float) -> World:
    for _ in range(round(hours * 3600 / made.seconds)):
        made.step()
    return made


def total(made: World, machine: str, name: str) -> float:
    return made.machines[machine].v[name]


@pytest.mark.parametrize("name", SITES)
def test_values_stay_plausible_and_counters_never_fall(name: str) -> None:
    made = world(41, name, step_s=30.0)
    plant = works(name)
    rows = []
    for _ in range(1440):
        made.step()
        rows.append(made.values())
    table = np.array(rows)
    assert np.isfinite(table).all()
    for column, index in enumerate(made.order):
        signal, seen = plant.signals[index], table[:, column]
        assert signal.low is None or seen.min() >= signal.low - 1e-9, signal.id
        assert signal.high is None or seen.max() <= signal.high, signal.id
        if signal.form == "counter":
            assert (np.diff(seen) >= 0).all(), signal.id
            assert signal.max_step is None or np.diff(seen).max() <= signal.max_step, signal.id


@pytest.mark.parametrize("seed", [2, 19, 83])
def test_bulk_made_is_bulk_filled_kept_or_thrown_away(seed: int) -> None:
    made = world(seed)
    line = made.lines["line_1"]
    assert isinstance(line, FillingLine)
    filled, held, done = (
        total(made, "filler_1", "product_used"),
        sum(line.bulk_kg.values()) + line.left_kg,
        total(made, "vessel_1", "bulk_made"),
    )
    gone = 0.0
    for _ in range(60 * 30):
        before = line.number
        leftover = line.bulk_kg.get(before, 0.0)
        made.step()
        if line.number != before:
            gone += leftover
    made_kg = total(made, "vessel_1", "bulk_made") - done
    used = total(made, "filler_1", "product_used") - filled
    kept = sum(line.bulk_kg.values()) - held
    assert made_kg == pytest.approx(used + kept + gone, rel=1e-6)
    assert made_kg > 30_000.0


@pytest.mark.parametrize("seed", [3, 57])
def test_water_and_load_of_the_drains_are_kept_or_let_out(seed: int) -> None:
    made = world(seed)
    plant = made.machines["effluent_1"]
    assert isinstance(plant, WashWaterPlant)
    held, out, came = plant.held_m3, plant.v["water_out"], 0.0
    for _ in range(60 * 24):
        made.step()
        came += plant.v["inflow"] * made.hours
    assert came == pytest.approx(plant.held_m3 - held + plant.v["water_out"] - out, abs=1e-9)
    assert came > 10.0


def test_a_change_of_product_is_cleaned_as_the_plant_file_says() -> None:
    rules = programmes(works())
    assert rules[203, 201] == "none"
    assert rules[201, 203] == "wash"
    made = world(7)
    line = made.lines["line_1"]
    station = made.machines["cip_1"]
    assert isinstance(station, CipStation)
    for leaves, comes in ((201, 203), (203, 202), (204, 202)):
        line.order = next(
            line.order.__class__(p, 9000.0) for p in line.products if p.code == leaves
        )
        nxt = next(p for p in line.products if p.code == comes)
        line._order = lambda number, p=nxt: line.order.__class__(p, 9000.0)  # type: ignore[method-assign,misc]
        before = len(station.waiting)
        line.change()
        made.step()
        asked = [p for c, p in station.waiting[before:] if c == "line_1.filler"]
        assert asked == ([] if rules[leaves, comes] == "none" else [rules[leaves, comes]])
        station.waiting.clear()
        station.program.clear()
        station.done.add("line_1.filler")


def test_the_line_waits_for_its_cleaning() -> None:
    made = ahead(world(12), 2.0)
    line = made.lines["line_2"]
    line.order = type(line.order)(next(p for p in line.products if p.code == 201), 10.0)
    other = next(p for p in line.products if p.code == 203)
    line._order = lambda number: type(line.order)(other, 20_000.0)  # type: ignore[method-assign]
    line.change()
    waited = 0
    for _ in range(240):
        made.step()
        if not (isinstance(line, FillingLine) and line.cleaning):
            break
        assert made.machines["filler_2"].state in (SETUP, 6.0, 1.0, 4.0)
        assert line.stations[0].boards == 0.0
        waited += 1
    least = sum(float(r["minutes"]) for r in steps()["wash"])
    assert 0.9 * least < waited < 240


def test_kept_rinse_takes_the_place_of_fresh_water() -> None:
    usual = ahead(world(23), 3.0)
    kept = usual.copy_without(None)
    assert kept.setpoints.write("cip_1.reuse_sp", 100.0, 0.0, kept.now_us)
    begun = total(usual, "cip_1", "water_in"), total(usual, "cip_1", "cycles")
    for made in (usual, kept):
        for _ in range(60 * 40):
            kept.setpoints.write("cip_1.reuse_sp", 100.0, 0.0, kept.now_us)
            made.step()
    cycles = total(usual, "cip_1", "cycles") - begun[1]
    assert cycles >= 4
    fresh, less = (total(m, "cip_1", "water_in") - begun[0] for m in (usual, kept))
    again = total(kept, "cip_1", "recovered")
    assert again > 0.1 * fresh
    assert fresh - less == pytest.approx(again, rel=1e-6)
    assert total(usual, "cip_1", "recovered") == 0.0


@pytest.mark.parametrize(
    ("event", "machine", "signal", "least"),
    [
        ("{fault: filler_giveaway, target: filler_1, start: +0.1h, size: 20}", "filler_1", "giveaway", 1.8),
        ("{fault: cip_valve_leak, target: cip_1, start: +0.1h, size: 1.5}", "cip_1", "water_in", 1.25),
        ("{fault: heat_trap_open, target: vessel_1, start: +0.1h, size: 60}", "vessel_1", "heat_energy", 1.3),
        ("{fault: short_stops, target: labeller_1, start: +0.1h, size: 12}", "labeller_1", "short_stops", 2.0),
    ],
)  # fmt: skip
def test_faults_waste_what_they_say(event: str, machine: str, signal: str, least: float) -> None:
    faulty = world(31, events=f"  - {event}\n")
    sound = faulty.copy_without(faulty.events[0])
    begun = total(sound, machine, signal)
    ahead(sound, 14.0), ahead(faulty, 14.0)
    usual, more = (total(m, machine, signal) - begun for m in (sound, faulty))
    assert more > least * usual > 0.0


def test_longer_rinses_use_more_water() -> None:
    faulty = world(31, events="  - {fault: cip_long_rinse, target: cip_1, start: +0.1h, size: 1}\n")
    sound = faulty.copy_without(faulty.events[0])
    begun = total(sound, "cip_1", "water_in")
    ahead(sound, 30.0), ahead(faulty, 30.0)
    assert total(faulty, "cip_1", "water_in") - begun > 1.3 * (
        total(sound, "cip_1", "water_in") - begun
    )


@pytest.mark.parametrize("name", SITES)
def test_the_scenario_fits_every_works(name: str) -> None:
    told = load_scenario("consumer_goods", works(name), MONDAY)
    assert {e.fault for e in told.events} >= {"filler_giveaway", "cip_valve_leak", "cip_long_rinse"}


def test_a_bottle_holds_what_its_label_says() -> None:
    made = world(5)
    filler = made.machines["filler_1"]
    assert isinstance(filler, Filler)
    seen = []
    for _ in range(600):
        made.step()
        if filler.v["fill_mass"] > 0.0:
            seen.append(
                filler.v["fill_mass"] / (made.lines["line_1"].product.mass_kg * CONTENT_SHARE)
            )
    assert 1.0 < np.mean(seen) < 1.02
