"""On while no shift runs: left on at night, started too early; what runs by custom or weather is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from detection.plant_minutes import START, causes, cut, day, detector, works
from ecotwin.clock import Period
from ecotwin.detection.contract import Expected
from ecotwin.plant import calendar
from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Score, Window

FAN, OVEN = "ahu_2", "oven_1"
FAN_KW = 12.0
CALM = 11
DAYS = 14


def hours_to_shift(window: Window) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """[steps] hours to the next shift; 0 in a shift."""
    around = Period(START - timedelta(days=3), START + timedelta(days=DAYS + 12))
    left = np.zeros(window.steps)
    for gap in calendar.gaps(works(), around):
        inside = (window.at >= gap.start_us) & (window.at < gap.end_us)
        left[inside] = (gap.end_us - window.at[inside]) / 3.6e9
    return left


def put(window: Window, expected: Expected, element: str, on: Bools, kw: float) -> None:
    """The machine takes `kw` and is at work where it is on, else it is off."""
    signal = works().find(element, "state")
    assert signal is not None
    window.last[:, signal.index] = np.where(on, STATES["busy"], STATES["off"])
    expected.actual[:, expected.elements.index(element)] = np.where(on, kw, 0.1)


def lived(
    number: int, *, early_h: float = 0.0, by_weather: bool = False
) -> tuple[Window, Expected]:
    """A day on which the fan runs in shifts, and from `CALM` on so many hours before them too."""
    window, expected = day(works(), number)
    left = hours_to_shift(window)
    on = left <= 0.0
    if number >= CALM:
        on |= left <= early_h
    if by_weather:
        on |= (left > 1.0) & (np.random.default_rng(number).random() < 0.4)
    put(window, expected, FAN, on, FAN_KW)
    return window, expected


def run(days: list[tuple[Window, Expected]]) -> list[Score]:
    judge = detector("idling")
    return [s for window, expected in days for s in judge.on_minutes(window, expected)]


def test_a_fan_that_starts_two_hours_early_is_told_with_the_hours_before_a_shift() -> None:
    said = run([lived(n, early_h=2.0) for n in range(DAYS)])
    assert causes(said) == {f"{FAN}:idle"}
    told = [s for s in said if s.over]
    assert "before one" in told[0].text
    assert told[0].value - told[0].expected > 0.5 * FAN_KW
    first = (told[0].at / 1e6 - START.timestamp()) / 86_400
    assert CALM + 1 <= first < CALM + 2.5


def test_a_fan_by_its_hours_and_one_that_the_weather_runs_are_left_alone() -> None:
    assert not causes(run([lived(n) for n in range(DAYS)]))
    assert not causes(run([lived(n, by_weather=True) for n in range(DAYS)]))


def test_over_a_week_end_it_goes_on_and_after_a_night_without_it_is_over() -> None:
    said = run([lived(n, early_h=2.0 * (n < CALM + 5)) for n in range(CALM + 8)])
    ended = [s for s in said if not s.over]
    assert causes(said) == {f"{FAN}:idle"}
    assert len(ended) == 1
    assert ended[0] is said[-1]
    assert CALM + 5 <= (ended[0].at / 1e6 - START.timestamp()) / 86_400 < CALM + 7


def test_a_dose_every_third_night_is_never_told() -> None:
    assert not causes(run([lived(n, early_h=2.0 * (n % 3 == 2)) for n in range(DAYS + 6)]))


def test_an_oven_kept_hot_on_one_night_is_told_although_its_state_explains_it() -> None:
    days = []
    for n in range(DAYS):
        window, expected = lived(n)
        left = hours_to_shift(window)
        kw = np.where(left > 0.0, 2.0, 20.0) * np.random.default_rng(n).normal(
            1, 0.03, window.steps
        )
        kw = np.where((left > 4.0) & (n == CALM), 15.0, kw)
        expected.actual[:, expected.elements.index(OVEN)] = kw
        days.append((window, expected))
    said = run(days)
    assert causes(said) == {f"{OVEN}:idle"}
    assert min(s.at for s in said if s.over) >= (START + timedelta(days=CALM)).timestamp() * 1e6


def test_any_cut_of_the_stream_and_a_restart_say_the_same() -> None:
    days = [lived(n, early_h=2.0) for n in range(DAYS)]
    whole = run(days)
    judge = detector("idling")
    said: list[Score] = []
    for n, (window, expected) in enumerate(days):
        for start, stop in ((0, 7), (7, 611), (611, window.steps)):
            said += judge.on_minutes(*cut(window, expected, start, stop))
        if n % 5 == 3:
            state = judge.state()
            judge = detector("idling")
            judge.restore(state)
    assert said == whole
    assert whole


def test_a_state_of_the_edition_before_is_learned_anew() -> None:
    judge = detector("idling")
    judge.restore({"chart": {}, "custom": {OVEN: [2.0, 900.0]}})
    window, expected = lived(CALM, early_h=2.0)
    assert not judge.on_minutes(window, expected)


def test_missing_power_is_not_judged() -> None:
    window, expected = lived(0)
    gone = replace(expected, actual=np.full_like(expected.actual, np.nan))
    assert not detector("idling").on_minutes(window, gone)
