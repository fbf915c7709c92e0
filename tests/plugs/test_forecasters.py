"""The suite every forecaster must pass, found by its file or entry point."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.forecasting.backtest import ahead_of, backtest
from ecotwin.forecasting.contract import LEVELS, Forecaster, Task
from ecotwin.plugs import load, names
from ecotwin.records import Floats, Rows
from loads import hourly_load
from tiny_forecaster import weights

FORECASTERS = tuple(names("forecasting"))
DAY = Task("load", ("plan",), 24, 3600.0, True)
PAST = 6 * 168


def test_there_are_some() -> None:
    assert {"seasonal", "linear", "boosted", "mixed"} <= set(FORECASTERS)


def made(name: str) -> Forecaster:
    forecaster: Forecaster = load("forecasting", name)()
    return forecaster


@pytest.fixture(scope="module", autouse=True)
def brought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Weights for the forecaster that has none of its own: a tiny one that repeats the last week."""
    with pytest.MonkeyPatch.context() as patch:
        file = weights(
            tmp_path_factory.mktemp("weights"), horizon=24, period=168, fixed=168, told={}
        )
        patch.setenv("ECOTWIN_ZERO_SHOT", str(file))
        yield


@pytest.fixture(scope="module")
def rows() -> Rows:
    return hourly_load(8, seed=7, driven=3.0)


@pytest.fixture(scope="module", params=FORECASTERS)
def learned(request: pytest.FixtureRequest, rows: Rows) -> Forecaster:
    forecaster = made(str(request.param))
    forecaster.learn(rows.part(0, PAST), DAY)
    return forecaster


def again(forecaster: Forecaster) -> Forecaster:
    """A copy by way of its saved state."""
    copy = made(forecaster.name)
    copy.restore(json.loads(json.dumps(forecaster.state())))
    return copy


def told(forecaster: Forecaster, rows: Rows, origin: int = PAST) -> Floats:
    return again(forecaster).tell(rows.part(0, origin), ahead_of(rows, origin, DAY))


def test_quantiles_rise_and_lie_about_the_load(learned: Forecaster, rows: Rows) -> None:
    quantiles = told(learned, rows)
    assert quantiles.shape == (24, len(LEVELS))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert learned.name in FORECASTERS
    truth = rows.column("load")[PAST : PAST + 24]
    assert np.abs(quantiles[:, 3] - truth).mean() < 0.5 * rows.column("load").std()


def test_nothing_at_or_after_the_origin_is_used(learned: Forecaster, rows: Rows) -> None:
    values = rows.values.copy()
    values[PAST:, 0] = 1e6 * np.random.default_rng(8).normal(size=len(rows) - PAST)
    changed = replace(rows, values=values)
    assert told(learned, rows).tobytes() == told(learned, changed).tobytes()
    fresh = made(learned.name)
    fresh.learn(changed.part(0, PAST), DAY)
    assert told(fresh, changed).tobytes() == told(learned, rows).tobytes()


def test_saved_and_restored_it_goes_on_alike(learned: Forecaster, rows: Rows) -> None:
    whole, parted = again(learned), again(learned)
    for origin in (PAST, PAST + 24, PAST + 48):
        past, ahead = rows.part(0, origin), ahead_of(rows, origin, DAY)
        first = whole.tell(past, ahead)
        parted = again(parted)
        assert parted.tell(past, ahead).tobytes() == first.tobytes()


def test_units_names_and_order_of_columns_change_nothing(learned: Forecaster, rows: Rows) -> None:
    plain = told(learned, rows)
    scaled = Rows(
        ("zz", "aa"),
        np.column_stack([rows.column("plan") / 50 - 3, rows.column("load") * 1000 + 5]),
        rows.at_s,
        rows.stamps,
        True,
    )
    task = replace(DAY, target="aa", known=("zz",))
    other = made(learned.name)
    other.learn(scaled.part(0, PAST), task)
    quantiles = other.tell(scaled.part(0, PAST), ahead_of(scaled, PAST, task))
    np.testing.assert_allclose((quantiles - 5) / 1000, plain, rtol=1e-5, atol=1e-5)


def test_why_adds_up(learned: Forecaster, rows: Rows) -> None:
    past, ahead = rows.part(0, PAST), ahead_of(rows, PAST, DAY)
    before = json.dumps(learned.state())
    for step in (0, 10, 23):
        told_why = learned.why(past, ahead, step)
        total = told_why.base + sum(r.weight for r in (*told_why.why, *told_why.against))
        assert total == pytest.approx(told_why.value, rel=1e-6, abs=1e-6)
        assert all(r.text and r.weight for r in told_why.why)
        weights = [abs(r.weight) for r in told_why.why]
        assert weights == sorted(weights, reverse=True)
    assert json.dumps(learned.state()) == before


@pytest.mark.parametrize("name", FORECASTERS)
def test_a_constant_target_stays_as_it_is(name: str) -> None:
    rows = hourly_load(4, seed=9)
    flat = replace(rows, values=np.full_like(rows.values, 3.25))
    result = backtest(flat, replace(DAY, known=()), 3 * 168, 24, made(name))
    np.testing.assert_allclose(result.quantiles, 3.25, atol=1e-6)


@pytest.mark.parametrize("name", FORECASTERS)
def test_gaps_repeats_and_missing_values_get_an_answer(name: str) -> None:
    rng = np.random.default_rng(10)
    rows = hourly_load(6, seed=11)
    values = rows.values.copy()
    values[rng.random(len(rows)) < 0.1, 0] = np.nan
    values[:, 1] = np.nan
    keep = np.sort(np.concatenate([np.flatnonzero(rng.random(len(rows)) > 0.05), [300, 301, 302]]))
    torn = Rows(
        rows.columns, values[keep], rows.at_s[keep], tuple(rows.stamps[i] for i in keep), True
    )
    result = backtest(torn, replace(DAY, known=()), 5 * 160, 24, made(name))
    assert np.isfinite(result.quantiles).all()
    errors = result.errors
    assert errors.rmse < 0.6 * np.nanstd(values[:, 0])


@pytest.mark.parametrize("name", FORECASTERS)
def test_too_short_a_past_is_refused(name: str, rows: Rows) -> None:
    with pytest.raises(FigureGap, match="before the origin"):
        made(name).learn(rows.part(0, 12), DAY)
    empty = rows.values.copy()
    empty[:, 0] = np.nan
    with pytest.raises(FigureGap):
        made(name).learn(replace(rows, values=empty).part(0, PAST), DAY)
    with pytest.raises(FigureGap):
        made(name).tell(rows.part(0, PAST), ahead_of(rows, PAST, DAY))


@pytest.mark.parametrize("name", FORECASTERS)
def test_a_short_past_gets_a_wide_answer(name: str, rows: Rows) -> None:
    forecaster = made(name)
    task = replace(DAY, horizon=6)
    forecaster.learn(rows.part(0, 40), task)
    quantiles = forecaster.tell(rows.part(0, 40), ahead_of(rows, 40, task))
    assert np.isfinite(quantiles).all()
    assert (quantiles[:, -1] > quantiles[:, 0]).all()
