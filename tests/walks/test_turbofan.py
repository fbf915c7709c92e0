"""The story of the engine fleet on made data with seeds that nothing was tuned on; the long version is a proof."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ecotwin.simulation.contract import Case
from ecotwin.simulation.scenario import check
from ecotwin.simulation.scenario_file import parse
from ecotwin.simulation.surroundings import Weather
from proofs import turbofan_story as story


@pytest.mark.timeout(120)
def test_a_recorded_day_gives_fuel_co2_and_nox_per_flight(tmp_path: Path) -> None:
    start = datetime(2026, 9, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    day = story.recorded_day(tmp_path, 5151, start)
    site = story.fleet().site.id
    value, low, high = day.told[site, "ghg.scope1"]
    assert low <= day.fuel_kg * 3.184 <= high
    assert value == pytest.approx(day.fuel_kg * 3.184, rel=0.004)
    value, low, high = day.told[site, "air.nox"]
    assert low <= day.nox_kg <= high
    assert day.told[site, "cost.fuel"][0] == pytest.approx(day.fuel_kg * 0.82, rel=0.004)
    assert 8 <= day.flights <= 20
    parts = day.told["aircraft_1", "ghg.scope1"][0]
    assert parts > 1.5 * day.told["engine_1a", "ghg.scope1"][0]
    per_flight = day.fuel_kg / day.flights
    assert 4000.0 < per_flight < 7000.0, "both engines"
    assert 12.0 < day.nox_kg / day.fuel_kg * 1000.0 < 22.0
    assert len(day.findings) <= 1, day.findings


@pytest.mark.timeout(120)
def test_a_day_run_ahead_is_near_what_the_stand_in_then_flies() -> None:
    """Without any calibration: kind's facts alone. What is left is what calibration is for."""
    told = story.ahead(5252, datetime(2026, 9, 1, 22, tzinfo=UTC), runs=40)
    for truth, mean, low, high in (told.fuel_per_flight, told.nox_per_flight):
        assert mean == pytest.approx(truth, rel=0.2)
        assert 0.95 * low <= truth <= 1.05 * high
    truth, _, low, high = told.flights
    assert low - 3.0 <= truth <= high + 3.0


def test_scenarios_of_the_plant_are_sound() -> None:
    flat = np.full((1, 1440), 17.0)
    case = Case(
        story.fleet(),
        datetime(2026, 9, 1, 22, tzinfo=UTC),
        24.0,
        2,
        1,
        Weather(flat, flat, 0.0 * flat),
    )
    files = sorted((story.FLEET.parent / "turbofan" / "scenarios").glob("*.yaml"))
    assert len(files) == 4
    for file in files:
        scenario = parse(file.read_text(encoding="utf-8"), file.name)
        assert scenario.id == file.stem
        assert check(scenario, story.fleet(), case) == ()


@pytest.mark.timeout(120)
def test_life_left_is_told_with_an_interval_that_holds() -> None:
    told = story.life_left(6161, followed=30)
    assert told["rmse"] < 0.75 * told["rmse_by_age"]
    assert told["near"] < 800.0, "within 4,000 flights of the end"
    assert 0.6 <= told["coverage"] <= 0.95, "80 % are promised; 40 engines"


@pytest.mark.timeout(120)
def test_engines_serve_longer_by_condition_and_hardly_any_comes_off_too_late() -> None:
    told = story.served(6161, followed=30, asked=12)
    assert told.by_condition > 1.2 * told.by_fixed
    assert told.late_condition <= 1
    assert told.by_condition > 0.85 * told.possible


def test_the_plan_spares_replacements_and_says_what_it_costs_in_fuel() -> None:
    told = story.plans(6363, runs=80)
    _, less = told["by condition"]
    by_name = {a.what: a for a in less}
    assert by_name["restorations"].low > 0.0
    assert by_name["parts"].mean > 300.0
    assert by_name["cost"].low > 0.0
    assert by_name["unplanned"].mean >= 0.0
    assert by_name["fuel_kg"].mean < 0.0, (
        "worn engines stay on the wing for longer: that costs fuel, and is said"
    )
    washed = {a.what: a for a in told[next(n for n in told if n.startswith("fixed, washed"))][1]}
    assert washed["fuel_kg"].low > 0.0
    assert washed["co2e_kg"].low > 0.0
