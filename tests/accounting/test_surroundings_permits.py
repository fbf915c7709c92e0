"""Permits judged: windows, validity, start and stop, validated means, allowed shares, sums."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.accounting.book import Book
from ecotwin.accounting.booked.permits import permit_reports, plug
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cuts import pieces
from ecotwin.accounting.permits import (
    Course,
    Span,
    at_reference,
    lost_days,
    report,
    spans,
    verdict,
    windows,
)
from ecotwin.clock import Period, local_day
from ecotwin.plant.model import STATES, Permit, Plant, Signal
from ecotwin.records import Window

BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = Permit("nox", "NOx", "boiler", 100.0, "mg/m3", "hour", "permit", signal="boiler.co")
DAY = local_day(date(2026, 6, 2), BERLIN)


def course(values: Any, *, day: Period = DAY, running: Any = True, covered: Any = 1.0) -> Course:
    """Minutes from the day's start."""
    value = np.asarray(values, float)
    at = day.start_us + np.arange(len(value), dtype=np.int64) * 60_000_000
    ran = np.broadcast_to(np.asarray(running, bool), value.shape)
    return Course(at, 60.0, value, ran, np.broadcast_to(np.asarray(covered, float), value.shape))


def judged(permit: Permit, of: Course, period: Period = DAY) -> list[Span]:
    return spans(permit, of, period, BERLIN)


def test_hours_are_means_and_the_limit_itself_is_kept() -> None:
    minutes = np.full(1440, 100.0)
    got = judged(HOURLY, course(minutes))
    assert len(got) == 24
    assert all(s.valid and s.whole and s.value == pytest.approx(100.0) for s in got)
    assert verdict(HOURLY, got, 0, DAY) == "kept"
    minutes[60:90] = 101.0
    got = judged(HOURLY, course(minutes))
    assert verdict(HOURLY, got, 0, DAY) == "broken"
    told = report(HOURLY, got, 0, DAY)
    assert told["above"] == 1
    assert told["exceedances"][0]["start"] == "2026-06-01T23:00:00Z"
    assert told["exceedances"][0]["value"] == pytest.approx(100.5)
    assert told["used_share"] == pytest.approx(1.005)


@pytest.mark.parametrize(("measured", "counts"), [(39, False), (40, True)])
def test_an_hour_needs_two_thirds(measured: int, counts: bool) -> None:
    minutes = np.full(60, np.nan)
    minutes[:measured] = 500.0
    one = judged(HOURLY, course(minutes))[0]
    assert one.counts
    assert one.valid == counts


def test_start_and_stop_do_not_count() -> None:
    minutes = np.concatenate([np.full(20, 900.0), np.full(40, 50.0)])
    one = judged(HOURLY, course(minutes, running=np.arange(60) >= 20))[0]
    assert one.valid
    assert one.value == pytest.approx(50.0)
    still = judged(HOURLY, course(minutes, running=np.arange(60) >= 21))[0]
    assert not still.counts


def test_confidence_is_taken_off_before_the_comparison() -> None:
    permit = replace(HOURLY, confidence=0.2)
    got = judged(permit, course(np.full(60, 115.0)))[0]
    assert got.value == pytest.approx(95.0)
    assert judged(permit, course(np.full(60, 5.0)))[0].value == 0.0


@pytest.mark.parametrize(("lost", "valid"), [(5, True), (6, False)])
def test_a_day_may_lose_five_half_hours(lost: int, valid: bool) -> None:
    """air-03: six discarded half-hourly means void the day (2010/75/EU, Annex VI part 8)."""
    minutes = np.full(1440, 80.0)
    for n in range(lost):
        minutes[n * 60 : n * 60 + 30] = np.nan
    permit = replace(HOURLY, window="day", valid_share=0.5)
    of = course(minutes)
    (one,) = judged(permit, of)
    assert one.valid == valid
    assert lost_days(permit, of, DAY, BERLIN) == (not valid)
    assert lost_days(replace(permit, window="half_hour"), of, DAY, BERLIN) == (not valid)


def test_more_than_ten_lost_days_void_the_series() -> None:
    got = judged(HOURLY, course(np.full(1440, 50.0)))
    assert verdict(HOURLY, got, 10, DAY) == "kept"
    assert verdict(HOURLY, got, 11, DAY) == "void"


def test_nothing_measured_is_void_and_nothing_run_is_undecided() -> None:
    lost = judged(HOURLY, course(np.full(1440, np.nan)))
    assert verdict(HOURLY, lost, 1, DAY) == "void"
    stood = judged(HOURLY, course(np.full(1440, np.nan), running=False))
    assert verdict(HOURLY, stood, 0, DAY) == "running"
    assert report(HOURLY, stood, 0, DAY)["highest"] is None


def test_a_share_of_a_year_may_pass_but_none_the_highest() -> None:
    permit = replace(HOURLY, allowed_share=0.03, highest=200.0)
    year = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))

    def spans_of(values: Sequence[float]) -> list[Span]:
        one = Period(year.start, year.start + timedelta(hours=1))
        return [Span(one, v, True, True, True) for v in values]

    assert verdict(permit, spans_of([150.0] * 3 + [50.0] * 97), 0, year) == "kept"
    assert verdict(permit, spans_of([150.0] * 4 + [50.0] * 96), 0, year) == "broken"
    assert verdict(permit, spans_of([201.0] + [50.0] * 99), 0, year) == "broken"
    month = Period(year.start, year.start + timedelta(days=31))
    assert verdict(permit, spans_of([150.0] * 4 + [50.0] * 96), 0, month) == "running"
    assert verdict(permit, spans_of([150.0] * 50 + [50.0] * 50), 0, month) == "broken"


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_23_and_25_hours(day: date, hours: int) -> None:
    period = local_day(day, BERLIN)
    got = judged(HOURLY, course(np.full(hours * 60, 50.0), day=period), period)
    assert len(got) == hours
    (whole,) = judged(replace(HOURLY, window="day"), course(np.full(hours * 60, 50.0), day=period), period)  # fmt: skip
    assert whole.whole


def test_a_window_cut_by_the_period_still_runs() -> None:
    half = Period(DAY.start, DAY.start + timedelta(hours=12))
    (one,) = judged(replace(HOURLY, window="day"), course(np.full(720, 150.0)), half)
    assert not one.whole
    assert verdict(replace(HOURLY, window="day"), [one], 0, half) == "running"


def test_rolling_windows_see_what_calendar_windows_hide() -> None:
    minutes = np.full(1440, 60.0)
    minutes[90:150] = 130.0  # half in one hour, half in the next
    assert verdict(HOURLY, judged(HOURLY, course(minutes)), 0, DAY) == "kept"
    rolling = replace(HOURLY, rolling=True)
    got = judged(rolling, course(minutes))
    assert verdict(rolling, got, 0, DAY) == "broken"
    told = report(rolling, got, 0, DAY)
    assert told["highest"] == pytest.approx(130.0)
    assert len(told["exceedances"]) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["half_hour", "hour", "day"]))
def test_windows_tile_and_their_means_stay_within_what_was_measured(seed: int, window: str) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0.0, 300.0, 1440)
    values[rng.uniform(size=1440) < 0.2] = np.nan
    permit = replace(HOURLY, window=window)
    got = judged(permit, course(values))
    told = list(windows(permit, DAY, BERLIN))
    assert [s.period for s in got] == told
    assert sum(w.seconds for w in told) == DAY.seconds
    for one in got:
        if one.value is not None:
            assert np.nanmin(values) <= one.value <= np.nanmax(values)


def test_oxygen() -> None:
    o2 = np.array([3.0, 8.0, 20.0, np.nan])
    got = at_reference(np.full(4, 100.0), o2, 3.0)
    assert got[:2] == pytest.approx([100.0, 138.4615], abs=1e-3)
    assert np.isnan(got[2:]).all()
    assert at_reference(np.array([30.0]), None, None, is_no=True)[0] == pytest.approx(46.0)


# ------------------------------------------------------------------ on a plant


def _plant(works: Any, *permits: Permit) -> Plant:
    size = len(works.plant.signals)
    base = works.plant.signal("boiler.co")
    o2 = replace(base, index=size, id="boiler.o2", means="o2_share", unit="%", accuracy=0.02)
    of_oven: Signal = works.plant.signal("oven.state")
    state = replace(of_oven, index=size + 1, id="boiler.state", element="boiler")
    plant: Plant = works.with_(signals=(*works.plant.signals, o2, state), permits=permits)
    return plant


def _desk(works: Any, plant: Plant, values: dict[str, Any], steps: int = 1440) -> Desk:
    given = {"boiler.o2": 5.0, "boiler.state": STATES["busy"]} | values
    whole = works.window(given, plant=plant, steps=steps)

    def window(signals: Sequence[int], step_s: int) -> Window:
        chosen = list(signals)
        step = step_s // 60

        def fold(column: Any, how: Any) -> Any:
            return how(column[:, chosen].reshape(-1, step, len(chosen)), axis=1)

        return Window(
            whole.period, step_s, tuple(chosen), fold(whole.mean, np.mean), fold(whole.low, np.min),
            fold(whole.high, np.max), whole.last[step - 1 :: step, chosen], fold(whole.amount, np.sum),
            fold(whole.covered, np.mean), fold(whole.estimated, np.mean), fold(whole.count, np.sum),
        )  # fmt: skip

    return Desk(plant, whole.period, Book.of(whole.period, ()), {}, window)


CO = Permit(
    "co", "CO of the boiler", "boiler", 60.0, "mg/m3", "hour", "permit", signal="boiler.co",
    o2_signal="boiler.o2", o2_reference=3.0,
)  # fmt: skip


def test_a_concentration_permit_on_a_plant_is_plain_json(works: Any) -> None:
    desk = _desk(works, _plant(works, CO), {})
    (told,), words = permit_reports(desk, "works")
    assert words == []
    assert json.loads(json.dumps(told)) == told
    assert told["highest"] == pytest.approx(50.0 * 18.0 / 16.0)
    assert (told["windows"], told["valid"], told["verdict"]) == (24, 24, "kept")
    (figure,), _ = plug.figures(desk, "works")
    assert figure.value == pytest.approx(56.25 / 60.0)
    assert figure.low < figure.value < figure.high
    assert plug.figures(desk, "hall") == ([], [])


def test_starting_air_and_a_broken_hour_on_a_plant(works: Any) -> None:
    minute = np.arange(1440)
    values = {
        "boiler.co": np.where((minute >= 600) & (minute < 660), 90.0, np.where(minute < 30, 900.0, 40.0)),
        "boiler.state": np.where(minute < 30, STATES["heating"], STATES["busy"]),
        "boiler.o2": np.where((minute >= 700) & (minute < 760), 20.9, 5.0),
    }  # fmt: skip
    desk = _desk(works, _plant(works, CO), values)
    (told,), _ = permit_reports(desk, "boiler")
    assert told["verdict"] == "broken"
    assert told["above"] == 1
    assert told["windows"] == 22  # the starting hour and the one of air did not run for two thirds
    _, words = plug.figures(desk, "boiler")
    assert "is broken: 1 of 22 windows" in words[0]


def test_a_limited_sum_by_day_and_by_year(works: Any) -> None:
    daily = Permit("w", "Water", "works", 20.0, "m3", "day", "permit", indicator="water.in")
    yearly = replace(daily, id="y", window="year", limit=1000.0)
    desk = _desk(works, _plant(works, daily, yearly), {})
    (day, year), words = permit_reports(desk, "works")
    assert words == []
    assert day["highest"] == pytest.approx(28.8)
    assert day["verdict"] == "broken"
    assert year["verdict"] == "running"
    assert year["used_share"] == pytest.approx(0.0288)
    passed = _desk(works, _plant(works, replace(yearly, limit=10.0)), {})
    assert permit_reports(passed, "works")[0][0]["verdict"] == "broken"


def test_what_cannot_be_judged_says_so(works: Any) -> None:
    strange = Permit("s", "Smell", "works", 1.0, "1", "day", "permit", indicator="air.smell")
    rolling = Permit("r", "Roll", "works", 1.0, "m3", "day", "permit", indicator="water.in", rolling=True)  # fmt: skip
    nothing = Permit("n", "Dust", "works", 1.0, "kg", "day", "permit", indicator="air.pm")
    told, words = permit_reports(
        _desk(works, _plant(works, strange, rolling, nothing), {}), "works"
    )
    assert [(t["permit"], t["verdict"]) for t in told] == [("n", "void")]
    assert any("no KPI gives air.smell" in w for w in words)
    assert any("rolling window" in w for w in words)


def test_long_periods_are_judged_by_hours(works: Any) -> None:
    plant = _plant(works, CO, replace(CO, id="co_day", window="day"))
    level = np.where(np.arange(70 * 1440) // 1440 == 3, 120.0, 50.0)
    desk = _desk(works, plant, {"boiler.co": level}, steps=70 * 1440)
    (hour, day), words = permit_reports(desk, "works")
    assert words == []
    assert (hour["windows"], hour["above"]) == (70 * 24, 24)
    assert (day["windows"], day["above"], day["discarded_days"]) == (70, 1, 0)
    assert len(day["exceedances"]) == 1


def test_pieces_of_a_period_hold_the_same_hours(works: Any) -> None:
    plant, values = _plant(works, CO), {"boiler.co": 40.0 + np.arange(1440) / 100.0}
    (whole,), _ = permit_reports(_desk(works, plant, values), "works")
    minutes = works.window(values | {"boiler.o2": 5.0, "boiler.state": STATES["busy"]}, plant=plant)
    halves = []
    for part in pieces(minutes, 720):

        def window(signals: Sequence[int], step_s: int, part: Window = part) -> Window:
            del signals, step_s
            return part

        one = Desk(plant, part.period, Book.of(part.period, ()), {}, window)
        halves.append(permit_reports(one, "works")[0][0])
    assert sum(h["windows"] for h in halves) == whole["windows"]
    assert max(h["highest"] for h in halves) == pytest.approx(whole["highest"])
