"""Targets: paths, budgets, forecasts, and how the targets and benchmarks of a plant stand."""

from __future__ import annotations

import calendar
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.booked.targets import plug as targets
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.outlook import against, year_end
from ecotwin.accounting.standings import course_of, target_rows
from ecotwin.accounting.targets import (
    Course,
    net_zero,
    recalculation,
    sbti_linear_cut,
    year_shares,
)
from ecotwin.clock import Period, parse_period
from ecotwin.errors import FigureGap
from ecotwin.plant.duties import Target
from ecotwin.records import Measure

BERLIN = ZoneInfo("Europe/Berlin")


def desk(works: Any, plant: Any, period: Period, *figures: Measure) -> Desk:
    """A desk with these figures; no family here asks for windows."""

    def no_window(signals: Any, step: int) -> Any:
        raise AssertionError("targets need no window")

    metered = {(m.element, m.indicator): m for m in figures}
    return Desk(plant, period, Book(period, ()), metered, no_window)


def figure(indicator: str, value: float, period: Period, **more: Any) -> Measure:
    unit = more.pop("unit", "kWh")
    half = more.pop("half", 0.02 * value)
    made = Measure(
        "works", indicator, value, unit, period, 0.99, 0.01, value - half, value + half, "test/1",
        (), (), value, 1.0,
    )  # fmt: skip
    return replace(made, **more)


POWER = Target("power", "Power", "energy.electricity", "works", 2022, 2030, "board", 1000.0, 0.4)


# -- paths ------------------------------------------------------------------------------------------


def test_the_base_year_trap_of_the_sbti_path() -> None:
    assert sbti_linear_cut(2022, 2030) == pytest.approx(0.42)
    assert sbti_linear_cut(2020, 2030) == pytest.approx(0.42)
    assert sbti_linear_cut(2018, 2030) == pytest.approx(0.504)
    late = course_of(replace(POWER, path="sbti_1_5c", reduction=None))
    assert late.allowed(2022) == 1000.0
    assert late.allowed(2030) == pytest.approx(580.0)
    assert late.allowed(2026) == pytest.approx(790.0)
    with pytest.raises(FigureGap, match="does not follow"):
        course_of(replace(POWER, path="sbti_1_5c", reduction=0.4, target_year=2022))
    with pytest.raises(FigureGap, match=r"at least 42\.0 %"):
        course_of(replace(POWER, path="sbti_1_5c", reduction=0.336))


@given(
    base=st.floats(1.0, 1e9), cut=st.floats(0.0, 1.0), first=st.integers(2000, 2030),
    length=st.integers(1, 40),
)  # fmt: skip
def test_a_path_falls_straight_and_a_budget_adds_up(
    base: float, cut: float, first: int, length: int
) -> None:
    way = Course(first, base, first + length, cut)
    allowed = [way.allowed(y) for y in range(first, first + length + 3)]
    steps = np.diff(allowed[: length + 1])
    assert np.allclose(steps, -base * cut / length, atol=1e-6 * base)
    assert allowed[length:] == pytest.approx([base * (1 - cut)] * 3, abs=1e-6 * base)
    middle = first + length // 2
    whole = way.budget(first, first + length)
    halves = way.budget(first, middle) + (
        way.budget(middle + 1, first + length) if middle < first + length else 0.0
    )
    assert whole == pytest.approx(halves)


@given(
    start=st.integers(0, 35_000), hours=st.integers(0, 20_000), cut=st.integers(0, 20_000),
)  # fmt: skip
def test_two_parts_of_a_span_may_hold_what_the_span_may(start: int, hours: int, cut: int) -> None:
    begin = datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=start)
    end = begin + timedelta(hours=hours)
    between = min(begin + timedelta(hours=cut), end)
    way = Course(2020, 366_000.0, 2030, 0.5)
    both = way.within(Period(begin, between), BERLIN) + way.within(Period(between, end), BERLIN)
    assert both == pytest.approx(way.within(Period(begin, end), BERLIN), rel=1e-9, abs=1e-6)


def test_leap_years_and_days_of_23_hours_count_by_days() -> None:
    way = Course(2020, 1000.0, 2040, 0.0)
    leap = parse_period("2024-02", BERLIN)
    assert way.within(leap, BERLIN) == pytest.approx(1000.0 * 29 / 366)
    assert way.within(parse_period("2026-02", BERLIN), BERLIN) == pytest.approx(1000.0 * 28 / 365)
    short, long_ = parse_period("2026-03-29", BERLIN), parse_period("2026-10-25", BERLIN)
    assert (short.hours, long_.hours) == (23.0, 25.0)
    for day in (short, long_):
        assert way.within(day, BERLIN) == pytest.approx(1000.0 / 365)
    across = Period(parse_period("2023-12", BERLIN).start, parse_period("2024-01", BERLIN).end)
    assert dict(year_shares(across, BERLIN)) == pytest.approx({2023: 31 / 365, 2024: 31 / 366})


def test_the_budget_left_at_a_day() -> None:
    way = Course(2024, 1000.0, 2028, 0.4)
    assert [way.allowed(y) for y in range(2025, 2029)] == pytest.approx([900, 800, 700, 600])
    noon = datetime(2026, 7, 2, 12, tzinfo=BERLIN)
    left = way.left(1350.0, 2025, noon, BERLIN)
    assert left.whole == pytest.approx(3000.0)
    assert left.value == pytest.approx(1650.0)
    assert left.planned == pytest.approx(3000 - 900 - 800 * 182.5 / 365)
    assert left.ahead == pytest.approx(-50.0)
    last = datetime(2029, 1, 1, tzinfo=BERLIN)
    assert way.left(3000.0, 2025, last, BERLIN).planned == pytest.approx(0.0)
    with pytest.raises(FigureGap, match="outside the budget"):
        way.left(1.0, 2025, datetime(2029, 6, 1, tzinfo=BERLIN), BERLIN)
    with pytest.raises(FigureGap, match="before the base year"):
        way.allowed(2023)


def test_net_zero_states_what_is_neutralised() -> None:
    plan = net_zero(Course(2022, 1000.0, 2045, 0.9))
    assert plan.residual == pytest.approx(100.0)
    assert plan.credible
    assert "neutralised" in plan.text
    assert "beside the inventory" in plan.text
    weak = net_zero(Course(2022, 1000.0, 2045, 0.5))
    assert not weak.credible
    assert "not called net zero" in weak.text


def test_the_base_year_is_recalculated_from_five_percent_on() -> None:
    assert recalculation(1000.0, 1050.0).due
    assert recalculation(1000.0, 950.0).due
    assert not recalculation(1000.0, 1049.0).due
    assert Course(2022, 1000.0, 2030, 0.4).recalculated(1100.0).allowed(2030) == pytest.approx(660)
    with pytest.raises(FigureGap):
        recalculation(0.0, 1.0)


@pytest.mark.parametrize(
    "spoilt", [(2030, 1.0, 2030, 0.1), (2020, 0.0, 2030, 0.1), (2020, 1.0, 2030, 1.1)]
)
def test_paths_that_are_none_are_refused(spoilt: tuple[int, float, int, float]) -> None:
    with pytest.raises(FigureGap):
        Course(*spoilt)


# -- the year's end ---------------------------------------------------------------------------------


def days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def test_fewer_than_three_months_and_holes_are_refused() -> None:
    with pytest.raises(FigureGap, match="at least 3"):
        year_end({(2026, 1): 1.0, (2026, 2): 1.0, (2025, 3): 1.0}, 2026)
    with pytest.raises(FigureGap, match="lacks the month 2"):
        year_end({(2026, m): 1.0 for m in (1, 3, 4)}, 2026)
    with pytest.raises(FigureGap, match="no number"):
        year_end({(2026, 1): 1.0, (2026, 2): float("nan"), (2026, 3): 1.0}, 2026)


def test_a_season_like_last_years_is_found_exactly() -> None:
    season = {m: 100.0 + 60.0 * np.cos(m) for m in range(1, 13)}
    months = {(2025, m): v for m, v in season.items()}
    months |= {(2026, m): 0.8 * season[m] for m in range(1, 6)}
    end = year_end(months, 2026)
    assert end.value == pytest.approx(0.8 * sum(season.values()))
    assert end.high - end.low == pytest.approx(0.0, abs=1e-6)
    assert "last year" in end.method
    whole = year_end({(2025, m): v for m, v in season.items()}, 2025)
    assert (whole.low, whole.value, whole.high) == pytest.approx((sum(season.values()),) * 3)


def test_the_interval_holds_the_year_as_often_as_it_says() -> None:
    rng = np.random.default_rng(38)
    for last_year in (True, False):
        held = 0
        for _ in range(400):
            truth = [days(2026, m) * (10.0 + rng.normal(0, 1.0)) for m in range(1, 13)]
            months = {(2026, m): truth[m - 1] for m in range(1, 7)}
            if last_year:
                months |= {(2025, m): days(2025, m) * 12.0 for m in range(1, 13)}
            end = year_end(months, 2026)
            held += end.low <= sum(truth) <= end.high
        assert 0.92 <= held / 400 <= 0.98, (last_year, held)


def test_verdicts_speak_and_decide_only_what_is_sure() -> None:
    months = {(2026, m): days(2026, m) * (1.0 + 0.01 * (m % 2)) for m in range(1, 7)}
    end = year_end(months, 2026)
    assert against(end, 1000.0, "kWh").on is True
    assert against(end, 100.0, "kWh").on is False
    open_ = against(end, end.value, "kWh")
    assert open_.on is None
    assert "Not decided yet" in open_.text
    assert "365" in against(end, 365.0, "kWh").text


# -- the plug ---------------------------------------------------------------------------------------


def test_a_target_in_a_period(works: Any) -> None:
    period = parse_period("2026-02", BERLIN)
    plant = works.with_(targets=(POWER,))
    allowed = 800.0 * 28 / 365
    made, words = targets.figures(
        desk(works, plant, period, figure("energy.electricity", 66.0, period)), "works"
    )
    by = {m.indicator: m for m in made}
    assert by["target.allowed"].value == pytest.approx(0.8)
    assert by["target.gap"].value == pytest.approx(66.0 / allowed - 1)
    assert by["target.gap"].low < by["target.gap"].value < by["target.gap"].high
    assert "target.budget_left" not in by
    assert "does not begin with the year" in words[0]
    assert by["target.on_path"].split == {"power": 0.0}
    told = {i.name: i for i in by["target.allowed"].inputs}["power: allowed"]
    assert told.unit == "kWh"
    assert told.value == pytest.approx(allowed)
    assert all(m.element == "works" for m in made)
    assert targets.figures(desk(works, plant, period), "hall") == ([], [])


def test_the_year_so_far_leaves_a_budget(works: Any) -> None:
    period = Period(parse_period("2026", BERLIN).start, parse_period("2026-03", BERLIN).end)
    plant = works.with_(targets=(POWER,))
    made, words = targets.figures(
        desk(works, plant, period, figure("energy.electricity", 300.0, period)), "works"
    )
    left = next(m for m in made if m.indicator == "target.budget_left")
    assert left.value == pytest.approx(500.0 / 800.0)
    assert left.low < left.value < left.high
    assert words == []


def test_several_targets_keep_one_figure_an_indicator(works: Any) -> None:
    period = parse_period("2026", BERLIN)
    loan = replace(POWER, id="loan", base_value=500.0, kind="loan", margin_bp=-5.0)
    part = Target("part", "Part", "energy.per_good_part", "works", 2022, 2030, "b", 2.0, 0.5)
    gas = Target("gas", "Gas", "energy.gas", "works", 2022, 2030, "b", 100.0, 0.5)
    plant = works.with_(targets=(POWER, loan, part, gas))
    given_ = (
        figure("energy.electricity", 600.0, period),
        figure("energy.per_good_part", 1.4, period, numerator=600.0, denominator=428.57),
    )
    made, words = targets.figures(desk(works, plant, period, *given_), "works")
    assert len({m.id for m in made}) == len(made) == 4
    by = {m.indicator: m for m in made}
    assert "loan" in by["target.gap"].method
    assert by["target.gap"].value == pytest.approx(600 / 400 - 1)
    assert by["target.on_path"].split == {"power": 1.0, "loan": 0.0, "part": 1.0}
    assert by["target.on_path"].value == 1.0 + 1.0
    assert any("the target gas is about energy.gas" in w for w in words)
    for one in made:
        if one.split:
            assert sum(one.split.values()) == pytest.approx(one.value)


def test_a_base_year_without_value_is_a_gap_or_the_year_itself(works: Any) -> None:
    bare = replace(POWER, base_value=None)
    plant = works.with_(targets=(bare,))
    now, then = parse_period("2026", BERLIN), parse_period("2022", BERLIN)
    made, words = targets.figures(
        desk(works, plant, now, figure("energy.electricity", 1.0, now)), "works"
    )
    assert made == []
    assert "base value of the target power is not given" in words[0]
    made, _ = targets.figures(
        desk(works, plant, then, figure("energy.electricity", 7.0, then)), "works"
    )
    assert next(m for m in made if m.indicator == "target.gap").value == pytest.approx(0.0)
    old = parse_period("2020", BERLIN)
    made, words = targets.figures(
        desk(works, works.with_(targets=(POWER,)), old, figure("energy.electricity", 1.0, old)),
        "works",
    )
    assert made == []
    assert "before the base year" in words[0]


def test_what_should_grow_is_not_cut(works: Any) -> None:
    odd = Target("yield", "Yield", "material.yield", "works", 2022, 2030, "b", 0.9, 0.1)
    period = parse_period("2026", BERLIN)
    made, words = targets.figures(
        desk(
            works,
            works.with_(targets=(odd,)),
            period,
            figure("material.yield", 0.9, period, unit="1"),
        ),
        "works",
    )
    assert made == []
    assert "better when it is higher" in words[0]


def test_rows_for_reports_hold_path_outlook_and_net_zero(works: Any) -> None:
    period = Period(parse_period("2026", BERLIN).start, parse_period("2026-06", BERLIN).end)
    goal = replace(POWER, path="net_zero", reduction=0.9, target_year=2045)
    plant = works.with_(targets=(goal,))
    at = desk(works, plant, period, figure("energy.electricity", 450.0, period))
    months = {"energy.electricity": {(2026, m): 75.0 for m in range(1, 7)}}
    rows, words = target_rows(at, "works", months)
    assert words == []
    row = rows[0]
    assert row["net_zero"]["residual"] == pytest.approx(100.0)
    assert row["years"][0] == {"year": 2022, "allowed": 1000.0}
    assert row["outlook"]["low"] <= row["outlook"]["value"] <= row["outlook"]["high"]
    assert row["measure"] == f"works:energy.electricity:{period}"
    _, words = target_rows(at, "works", {"energy.electricity": {(2026, 1): 75.0}})
    assert "not forecast" in words[0]


def test_targets_stand_on_figures_of_the_meters(works: Any) -> None:
    window = works.window()
    run = accounts.run(works.plant, [window], ["works"])
    plant = works.with_(targets=(replace(POWER, base_value=600_000.0),))
    made, _ = targets.figures(desk(works, plant, window.period, *run.measures), "works")
    got = next(m for m in made if m.indicator == "target.gap")
    assert got.value == pytest.approx(1440.0 / (600_000 * 0.8 / 365) - 1)


# -- benchmarks -------------------------------------------------------------------------------------
