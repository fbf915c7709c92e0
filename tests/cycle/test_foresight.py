"""What the site will take in: told from a recorded past, judged by what came, and warned of in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from ecotwin.cycle import Twin
from ecotwin.cycle.foresight import CALM, WARN, Foresight, quarter
from ecotwin.cycle.foretelling import DAY, HORIZON, Told
from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.exceedance import Warned
from ecotwin.service.foretold import fan, forecasts
from ecotwin.service.load import load
from running import learned, utc

pytestmark = pytest.mark.xdist_group("foresight")

NOW = utc("2026-06-18T00:00")
DAYS = 6.0


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), NOW, DAYS, step_s=60)
    yield made
    made.stop()


def foresight(twin: Twin) -> Foresight:
    return Foresight(
        twin.plant, twin.store, twin.look.supply, lambda: twin.today_.since, "seasonal"
    )


@pytest.fixture(scope="module")
def told(twin: Twin) -> Told:
    made = foresight(twin)
    made.renew(NOW - timedelta(days=1))
    assert made.refused == {}
    return made.told["electricity"]


def test_power_is_told_for_a_day_and_a_half_with_its_doubt(told: Told) -> None:
    values = told.forecast.values
    assert values.shape == (HORIZON, len(LEVELS))
    assert np.isfinite(values).all()
    assert (values >= 0.0).all()
    assert (np.diff(values, axis=1) >= 0.0).all()
    assert told.day is not None
    low, middle, high = told.day
    assert low < middle < high
    assert middle == pytest.approx(values[:DAY, LEVELS.index(0.5)].sum() / 4.0, rel=0.2)


def test_what_is_told_comes_true_about_as_often_as_it_says(twin: Twin, told: Told) -> None:
    window = foresight(twin)._past(NOW)
    assert window is not None
    truth = window.column("electricity")[-DAY:]
    low, high = (told.forecast.values[:DAY, LEVELS.index(q)] for q in (0.1, 0.9))
    assert 0.55 < np.mean((low <= truth) & (truth <= high)) <= 1.0
    assert told.judged >= 10


def test_later_days_change_nothing(twin: Twin, told: Told) -> None:
    """The history goes on after the origin; a history that ends there tells the same."""
    again = foresight(twin)
    again.renew(NOW - timedelta(days=1))
    np.testing.assert_array_equal(again.told["electricity"].forecast.values, told.forecast.values)


def test_truth_that_comes_is_held_against_what_was_told(twin: Twin) -> None:
    made = foresight(twin)
    first = NOW - timedelta(hours=30)
    made.renew(first)
    before = made.told["electricity"].judged
    made.renew(first + timedelta(hours=23))
    assert made.told["electricity"].judged == before
    made.renew(first + timedelta(hours=24, minutes=30))
    assert made.told["electricity"].judged == before + 1


def test_a_past_that_is_too_short_is_told_as_such(twin: Twin) -> None:
    made = Foresight(
        twin.plant, twin.store, twin.look.supply, lambda: NOW - timedelta(hours=2), "seasonal"
    )
    made.renew(NOW)
    assert made.told == {}
    assert made.refused["electricity"]
    nothing = Foresight(twin.plant, twin.store, twin.look.supply, lambda: None)
    nothing.renew(NOW)
    assert "nothing was recorded" in nothing.refused["electricity"]


def passing(told: Told, probability: float) -> Told:
    by_step = np.linspace(0.0, probability, HORIZON)
    warned = Warned(100.0, 1, probability, by_step, 20, 12, (80.0, 95.0, 120.0))
    return replace(told, warned=warned)


def test_a_limit_is_warned_of_once_and_the_warning_ends_when_it_is_unlikely(
    twin: Twin, told: Told
) -> None:
    made, at = foresight(twin), told.forecast.origin
    heard = []
    for probability in (WARN - 0.01, WARN + 0.1, CALM + 0.05, CALM - 0.01, CALM - 0.02):
        made.told = {"electricity": passing(told, probability)}
        heard.append([s.over for s in made.warnings(at)])
        assert made.warnings(at) == [], "told already"
    assert heard == [[], [True], [True], [False], []]
    made.told = {"electricity": passing(told, 0.46)}
    (score,) = made.warnings(at)
    assert "46 % likely. Highest quarter hour 95 kW (80 to 120, 80 %), 4.8 h ahead" in score.text
    (finding,) = twin.look.hear([score], at)
    assert finding.title.startswith("Power bought may pass the contract's 100 kW to")
    assert finding.title.endswith("46 % likely")


def test_the_page_shows_the_fan_and_says_what_it_comes_to(twin: Twin, told: Told) -> None:
    twin.foresight.told = {"electricity": told}
    starts = told.forecast.at[:8] - 4 * 900 * 1_000_000
    told_ = fan(twin, starts)
    assert np.isnan(told_.middle[:4]).all()
    bands = np.array([told_.low, told_.near_low, told_.middle, told_.near_high, told_.high])
    assert (np.diff(bands[:, 4:], axis=0) >= 0.0).all(), "the 50 % band lies inside the 80 % band"
    assert "Next 24 h" in told_.text
    assert "80 %" in told_.text
    (row,) = forecasts(twin).rows
    assert row.judged == told.judged
    assert len(row.at) == len(row.middle) == len(row.near_low) == HORIZON


def test_the_charts_title_says_a_likely_peak_with_its_probability_and_time(
    twin: Twin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = told.forecast.origin
    monkeypatch.setattr(twin, "now", lambda: origin)
    for probability, said in (
        (0.72, "will likely pass"),
        (0.2, "may pass"),
        (1.0, "will likely pass"),
    ):
        twin.foresight.told = {"electricity": passing(told, probability)}
        shown = load(twin)
        assert shown.title.startswith(f"Bought power {said} the contract's 100 kW "), shown.title
        at = told.forecast.origin + 19 * timedelta(minutes=15)
        assert f"{at.astimezone(twin.plant.zone):%H:%M}" in shown.title
        assert f"({min(probability, 0.99):.0%}):".replace("%", " %") in shown.title
        assert shown.title.endswith("95.0 kW (80–120)")
    twin.foresight.told = {"electricity": passing(told, 0.04)}
    shown = load(twin)
    assert "pass" not in shown.title
    ahead = [v for v in shown.forecast if v is not None]
    assert ahead
    assert "still to come" in shown.title
    twin.foresight.told = {"electricity": passing(told, 0.72)}
    monkeypatch.setattr(twin, "now", lambda: origin + timedelta(hours=6))
    assert "pass" not in load(twin).title, "the moment is over"
    twin.foresight.told = {}
    assert "to come" not in load(twin).title


def test_a_forecast_is_drawn_ahead_of_now_only(
    twin: Twin, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin.foresight.told = {"electricity": told}
    monkeypatch.setattr(twin, "now", lambda: told.forecast.origin + timedelta(hours=3))
    shown = load(twin)
    assert any(v is not None for v in shown.forecast)
    for at, *values in zip(
        shown.at, shown.forecast, shown.forecast_near_low, shown.forecast_near_high, strict=True
    ):
        ends = datetime.fromisoformat(at) + timedelta(minutes=15)
        assert values == [None] * 3 or ends > twin.now()


def test_quarters_are_of_the_hour() -> None:
    assert quarter(utc("2026-06-18T10:14:59")) == utc("2026-06-18T10:00")
    assert quarter(utc("2026-06-18T10:15")) == utc("2026-06-18T10:15")
