"""Weather that was not had before: what it runs is not judged in it on its first day; all else is."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.plant_minutes import causes, day, detector, works
from ecotwin.clock import DAY, HOUR, MINUTE, micros
from ecotwin.detection.contract import Expected
from ecotwin.detection.weather import Weather, weather_run
from ecotwin.records import Score, Window

FAN, PLACER = "ahu_1", "placer_1a"
MILD, COLD = 10.0, -5.0


def lived(
    number: int, degc: float, more_kw: dict[str, float], since: int = 0
) -> tuple[Window, Expected]:
    """A day with its mean temperature; machines that draw more from a minute on, before which it was mild."""
    window, expected = day(works(), number)
    outdoor = works().signal(works().outdoor or "").index
    window.mean[:, outdoor] = degc + np.sin(np.arange(window.steps) / 230.0)
    window.mean[:since, outdoor] = MILD
    for element, kw in more_kw.items():
        expected.actual[since:, expected.elements.index(element)] += kw
    return window, expected


def run(days: list[tuple[Window, Expected]], name: str = "residual") -> list[list[Score]]:
    judge = detector(name)
    return [judge.on_minutes(window, expected) for window, expected in days]


def test_what_the_weather_runs_is_not_judged_in_its_first_frost_but_on_the_next_day() -> None:
    frost = {FAN: 6.0, PLACER: 3.0}
    calm = [lived(n, MILD, {}) for n in range(4)]
    said = run([*calm, lived(4, COLD, frost, 720), lived(5, COLD, frost)])
    assert not causes([s for one in said[:4] for s in one])
    assert causes(said[4]) == {f"{PLACER}:power"}
    assert causes(said[5]) == {f"{PLACER}:power", f"{FAN}:power"}


def test_in_weather_that_it_had_before_a_fault_of_what_the_weather_runs_is_told_at_once() -> None:
    calm = [lived(n, (MILD, COLD)[n % 2], {}) for n in range(4)]
    said = run([*calm, lived(4, COLD, {FAN: 6.0})])
    assert causes(said[4]) == {f"{FAN}:power"}


def test_the_kinds_facts_say_what_the_weather_runs() -> None:
    plant = works()
    told = {m.kind for m in plant.machines if weather_run(plant, m.id)}
    assert told == {"ahu", "chiller", "cooling_tower", "gas_boiler"}


@given(st.lists(st.integers(-30, 40), min_size=1, max_size=10), st.floats(-40.0, 50.0))
def test_a_day_counts_from_midnight_on_and_a_night_from_noon_on(
    degc: list[int], now: float
) -> None:
    weather = Weather(works(), least_h=1.0)
    noon = micros(datetime(2026, 6, 1, 12, 30, tzinfo=works().zone))
    for n in range(60 * len(degc)):
        assert not weather.seen(noon + n * MINUTE, degc[n // 60])
    saved = json.dumps(weather.state())
    night, next_day = Weather(works(), least_h=1.0), Weather(works(), least_h=1.0)
    for copy in (night, next_day):
        copy.restore(json.loads(saved))
    inside = min(degc) - 1 <= round(now) <= max(degc) + 1
    assert not night.seen(noon + 12 * HOUR, now)  # what was coldest is not settled
    assert next_day.seen(noon + 24 * HOUR, now) == inside


def test_an_hour_of_such_weather_is_not_enough_where_six_are_asked_for() -> None:
    weather = Weather(works())
    noon = micros(datetime(2026, 6, 1, 12, 30, tzinfo=works().zone))
    for n in range(400):
        weather.seen(noon + n * MINUTE, 20.0 if n < 380 else 30.0)
    weather.seen(noon + 24 * HOUR, 20.0)
    assert weather.seen(noon + 24 * HOUR + MINUTE, 20.0)
    assert not weather.seen(noon + 24 * HOUR + 2 * MINUTE, 30.0)
    assert not weather.seen(noon + 24 * HOUR + 3 * MINUTE, 10.0)


def test_where_the_weather_is_not_known_all_is_judged() -> None:
    assert Weather(works()).seen(DAY, float("nan"))


@pytest.mark.parametrize("name", ["residual", "baseflow", "idling"])
def test_a_state_without_weather_begins_anew(name: str) -> None:
    judge = detector(name)
    state = judge.state()
    state.pop("weather")
    state.pop("hours", None)
    detector(name).restore(state)
