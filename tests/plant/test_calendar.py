"""Shifts, breaks and gaps, through night shifts, holidays and both ends of daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.clock import Period, local_day, micros
from ecotwin.plant import Plant, load
from ecotwin.plant.blueprint import parse
from ecotwin.plant.calendar import breaks, gaps, planned_hours, shift_at, turns, working
from ecotwin.records import Ints

BERLIN = ZoneInfo("Europe/Berlin")
PLANT = load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def made(shifts: str, holidays: str = "[]") -> Plant:
    text = f"""
id: p
name: P
timezone: Europe/Berlin
calendar:
  shifts: {shifts}
  holidays: {holidays}
"""
    plant, faults = parse(text, "p.yaml")
    assert plant is not None, faults
    return plant


NIGHT = made(
    '[{name: Night, days: [mon, tue, wed, thu, fri, sat, sun], start: "22:00", end: "06:00",'
    ' breaks: ["23:00-23:15", "01:00-01:30"]}]'
)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def at(*moments: datetime) -> Ints:
    return np.array([micros(m) for m in moments], dtype=np.int64)


# (local time, is it planned work?)
@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ((2026, 6, 18, 5, 59), False),
        ((2026, 6, 18, 6, 0), True),
        ((2026, 6, 18, 8, 30), False),
        ((2026, 6, 18, 8, 45), True),
        ((2026, 6, 18, 12, 0), False),
        ((2026, 6, 18, 12, 15), True),
        ((2026, 6, 18, 14, 0), True),
        ((2026, 6, 18, 21, 59), True),
        ((2026, 6, 18, 22, 0), False),
        ((2026, 6, 20, 11, 59), True),  # Saturday
        ((2026, 6, 20, 12, 0), False),
        ((2026, 6, 21, 10, 0), False),  # Sunday
        ((2026, 5, 1, 10, 0), False),  # holiday
    ],
)
def test_working(moment: tuple[int, ...], expected: bool) -> None:
    assert working(PLANT, at(local(*moment))).tolist() == [expected]


def test_breaks_of_a_day_and_the_gaps_around_its_shifts() -> None:
    day = local_day(date(2026, 6, 18), BERLIN)
    spans = [
        (p.start.astimezone(BERLIN).strftime("%H:%M"), p.seconds / 60) for p in breaks(PLANT, day)
    ]
    assert spans == [("08:30", 15), ("11:30", 45), ("16:15", 15), ("18:30", 45)]
    assert [p.hours for p in gaps(PLANT, day)] == [6.0, 2.0]
    assert planned_hours(PLANT, day) == 14.0


def test_shift_at_knows_breaks_and_ends() -> None:
    turn = shift_at(PLANT, local(2026, 6, 18, 11, 40))
    assert turn is not None
    assert turn.shift.name == "Early"
    late = shift_at(PLANT, local(2026, 6, 18, 14, 0))
    assert late is not None
    assert late.shift.name == "Late"
    assert shift_at(PLANT, local(2026, 6, 18, 22, 0)) is None


@pytest.mark.parametrize(
    ("evening", "hours"),
    [
        ((2026, 3, 28), 7.0),  # clocks go forward: the night is an hour short
        ((2026, 10, 24), 9.0),  # clocks go back
        ((2026, 6, 18), 8.0),
    ],
)
def test_night_shift_through_daylight_saving(evening: tuple[int, int, int], hours: float) -> None:
    turn = shift_at(NIGHT, local(*evening, 22, 30))
    assert turn is not None
    assert turn.period.hours == hours
    assert [p.seconds / 60 for p in turn.breaks] == [15, 30]
    assert turn.breaks[1].start.astimezone(BERLIN).hour == 1
    nights = turns(NIGHT, Period(turn.period.start, turn.period.end + timedelta(hours=20)))
    assert [n.period.start.astimezone(BERLIN).hour for n in nights] == [22, 22]


def test_a_holiday_cancels_what_starts_on_it_and_not_what_runs_into_it() -> None:
    plant = made(
        '[{name: Night, days: [wed, thu, fri], start: "22:00", end: "06:00"}]', "[2026-06-18]"
    )  # a Thursday
    assert working(plant, at(local(2026, 6, 18, 3))).tolist() == [True]
    assert working(plant, at(local(2026, 6, 18, 23), local(2026, 6, 19, 3))).tolist() == [
        False,
        False,
    ]
    assert working(plant, at(local(2026, 6, 19, 23))).tolist() == [True]


def test_a_shift_that_ends_at_midnight() -> None:
    plant = made(
        '[{name: Late, days: [sat], start: "16:00", end: "00:00", breaks: ["23:30-00:00"]}]'
    )
    turn = shift_at(plant, local(2026, 6, 20, 23, 45))
    assert turn is not None
    assert turn.period.hours == 8.0
    assert turn.breaks[0].seconds == 1800
    assert shift_at(plant, local(2026, 6, 21, 0, 0)) is None


def test_a_plant_without_shifts_works_round_the_clock() -> None:
    plant = made("[]")
    day = local_day(date(2026, 6, 18), BERLIN)
    assert working(plant, at(day.start)).tolist() == [True]
    assert gaps(plant, day) == ()
    assert breaks(plant, day) == ()
    assert planned_hours(plant, day) == 24.0


def test_no_instants() -> None:
    assert working(PLANT, np.empty(0, np.int64)).shape == (0,)


MOMENTS = st.datetimes(datetime(2025, 12, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zones come apart


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([PLANT, NIGHT]), MOMENTS, st.integers(1, 15))
def test_shifts_breaks_and_gaps_tile_time(plant: Plant, start: datetime, days: int) -> None:
    period = Period(start, start + timedelta(days=days))
    idle = sum(p.seconds for p in gaps(plant, period))
    covered = [
        (max(t.period.start, period.start), min(t.period.end, period.end))
        for t in turns(plant, period)
    ]
    assert idle + sum((b - a).total_seconds() for a, b in covered) == pytest.approx(period.seconds)
    for before, after in pairwise(covered):
        assert before[1] <= after[0]
    for pause in breaks(plant, period):
        turn = shift_at(plant, pause.start)
        assert turn is not None
        assert turn.period.start <= pause.start < pause.end <= turn.period.end


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([PLANT, NIGHT]), MOMENTS)
def test_working_agrees_with_the_hours_planned(plant: Plant, start: datetime) -> None:
    start = start.replace(second=0, microsecond=0)
    minutes = 3 * 24 * 60
    marks = working(plant, micros(start) + np.arange(minutes, dtype=np.int64) * 60_000_000)
    period = Period(start, start + timedelta(minutes=minutes))
    assert marks.sum() / 60 == pytest.approx(planned_hours(plant, period))


@settings(max_examples=40, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_working_does_not_depend_on_the_order_or_the_company(moments: list[datetime]) -> None:
    together = working(PLANT, at(*moments)).tolist()
    assert together == [working(PLANT, at(m)).tolist()[0] for m in moments]
    assert together[::-1] == working(PLANT, at(*moments[::-1])).tolist()
