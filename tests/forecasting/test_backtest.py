"""Forecasts of made loads: what they rest on, what they reach, what they refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ecotwin.errors import FigureGap, SettingsFault
from ecotwin.forecasting.backtest import ahead_of, asked, backtest
from ecotwin.forecasting.boosted import plug as boosted
from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.seasonal import plug as repeating
from ecotwin.forecasting.timeline import clock_of, kinds_of_days, timeline
from ecotwin.records import Rows
from loads import MONDAY_S, hourly_load

WEEK = 168


def stamped(rows: Rows, at: list[float]) -> Rows:
    stamps = tuple(str(t) for t in at)
    return replace(rows, at_s=np.array(at), stamps=stamps)


def test_a_stop_that_nothing_was_learned_of_is_repeated_and_the_band_still_holds() -> None:
    rows = hourly_load(16, seed=21, stop_days=12)
    task = asked(rows, "load", (), 24, 12 * WEEK)
    result = backtest(rows, task, 12 * WEEK, 24)
    naive = result.naive_errors
    for name in ("a day", "a week"):
        assert result.errors.rmse < naive[name].rmse, name
    stopped = result.rows >= len(rows) - 10 * 24  # two days into it
    alone = backtest(rows, task, 12 * WEEK, 24, boosted())
    miss, by_trees = (
        float(np.abs(told.quantiles[:, 3] - told.truth)[stopped].mean()) for told in (result, alone)
    )
    assert miss < 0.7 * by_trees
    assert 0.7 < (result.errors.coverage or 0.0) < 0.9


def test_a_known_driver_is_used_and_named_and_taking_it_away_moves_the_forecast_by_its_weight() -> (
    None
):
    rows = hourly_load(12, seed=22, driven=6.0)
    first = 10 * WEEK
    task = asked(rows, "load", ("plan",), 24, first)
    blind = backtest(rows, replace(task, known=()), first, 24, boosted())
    result = backtest(rows, task, first, 24, forecaster := boosted())
    assert result.errors.rmse < 0.7 * blind.errors.rmse
    past = rows.part(0, len(rows) - 3 * 24)
    ahead = ahead_of(rows, len(past), task)  # a Friday
    values = ahead.values.copy()
    values[:, 1] = 9.9
    high = replace(ahead, values=values)
    told = forecaster.why(past, high, 12)
    named = {r.name: r.weight for r in (*told.why, *told.against)}
    values = values.copy()
    values[:, 1] = float(np.mean(past.column("plan")))
    usual = forecaster.why(past, replace(ahead, values=values), 12)
    moved = told.value - usual.value
    was = {r.name: r.weight for r in (*usual.why, *usual.against)}
    assert moved > 5.0
    assert named["known ahead"] - was.get("known ahead", 0.0) == pytest.approx(moved, rel=0.35)
    assert max(named, key=lambda n: named[n] - was.get(n, 0.0)) == "known ahead"


def test_every_horizon_tells_as_if_the_file_ended_there() -> None:
    rows = hourly_load(10, seed=23)
    first = 8 * WEEK
    task = asked(rows, "load", (), 12, first)
    whole = backtest(rows, task, first, 12, repeating())
    cut = first + 5 * 12
    values = rows.values.copy()
    values[cut:] = np.random.default_rng(24).normal(size=(len(rows) - cut, 2))
    other = backtest(replace(rows, values=values), task, first, 12, repeating())
    same = whole.origins <= cut
    assert whole.quantiles[same].tobytes() == other.quantiles[same].tobytes()
    assert whole.quantiles[~same].tobytes() != other.quantiles[~same].tobytes()


def test_the_hour_that_comes_twice_and_the_hour_that_is_left_out() -> None:
    rows = hourly_load(10, seed=25)
    at = rows.at_s.copy()
    at[7 * WEEK + 3 :] -= 3600.0  # autumn: an hour comes twice
    at[4 * WEEK + 2 :] += 3600.0  # spring: an hour is left out
    turned = stamped(rows, at.tolist())
    task = asked(turned, "load", (), 24, 6 * WEEK)
    result = backtest(turned, task, 6 * WEEK, 24, repeating())
    assert np.isfinite(result.quantiles).all()
    assert result.errors.rmse < 0.5 * rows.column("load").std()


def test_a_clock_that_jumps_is_refused_and_one_that_is_none_is_counted() -> None:
    rows = hourly_load(6, seed=26)
    at = rows.at_s.copy()
    at[-100:] += 1e9
    jumped = stamped(rows, at.tolist())
    with pytest.raises(FigureGap, match="jump"):
        backtest(jumped, asked(jumped, "load", (), 24, 5 * WEEK), 5 * WEEK, 24, repeating())
    mixed_up = stamped(
        rows, np.random.default_rng(27).exponential(size=len(rows)).cumsum().tolist()
    )
    assert clock_of(mixed_up, "load").counted
    task = asked(mixed_up, "load", (), 24, 5 * WEEK)
    result = backtest(mixed_up, task, 5 * WEEK, 24, repeating())
    assert np.isfinite(result.quantiles).all()
    assert (
        result.errors.rmse < 0.7 * rows.column("load").std()
    )  # its season is found in the numbers


def test_plain_numbers_for_time_have_their_season_found() -> None:
    rows = hourly_load(9, seed=28)
    plain = replace(rows, at_s=np.arange(len(rows), dtype=np.float64), civil=False)
    clock = clock_of(plain, "load")
    assert (clock.short, clock.long, clock.civil) == (24, 168, False)
    result = backtest(plain, asked(plain, "load", (), 24, 7 * WEEK), 7 * WEEK, 24, repeating())
    assert result.errors.rmse < 0.4 * rows.column("load").std()


def test_days_of_rest_are_seen_in_the_past() -> None:
    rows = hourly_load(5, seed=29, start_s=MONDAY_S)
    line = timeline(rows, "load", clock_of(rows, "load"))
    assert kinds_of_days(line).tolist() == [1, 1, 1, 1, 1, 0, 0]


def test_what_makes_no_sense_is_refused() -> None:
    rows = hourly_load(4, seed=30)
    for wrong in ({"target": "none"}, {"known": ("none",)}, {"known": ("load",)}, {"horizon": 0}):
        with pytest.raises(SettingsFault):
            asked(rows, **{"target": "load", "known": (), "horizon": 24, "first": 300, **wrong})  # type: ignore[arg-type]
    with pytest.raises(FigureGap, match="horizon"):
        asked(rows, "load", (), 24, len(rows) - 10)
    with pytest.raises(SettingsFault):
        backtest(rows, asked(rows, "load", (), 24, 300), 300, 0)


def test_a_target_with_few_values_and_a_single_origin() -> None:
    rows = hourly_load(4, seed=31)
    result = backtest(rows, asked(rows, "load", (), 3, 30), 30, len(rows))
    assert result.quantiles.shape == (3, len(LEVELS))
    assert np.isfinite(result.quantiles).all()


def test_months_have_a_year_for_a_season() -> None:
    months = [(y, m) for y in range(2018, 2026) for m in range(1, 13)]
    at = [datetime(y, m, 1, tzinfo=UTC).timestamp() for y, m in months]
    rng = np.random.default_rng(32)
    gas = np.array([100 + 60 * np.cos(2 * np.pi * (m - 1) / 12) for _, m in months])
    values = (gas + rng.normal(size=len(gas)))[:, None]
    rows = Rows(("gas",), values, np.array(at), tuple(map(str, at)), True)
    assert (clock_of(rows, "gas").short, clock_of(rows, "gas").long) == (1, 12)
    result = backtest(rows, asked(rows, "gas", (), 12, 72), 72, 12, repeating())
    assert result.errors.rmse < 5.0
    assert set(result.naive) == {"the newest value", "a year"}
