"""What the site will take in: told from a recorded past, judged by what came, and warned of in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ecotwin.cycle import Twin
from ecotwin.cycle.foresight import CALM, WARN, Foresight, quarter
from ecotwin.cycle.foretelling import DAY, HORIZON, Told
from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.exceedance import Warned
from ecotwin.service.foretold import fan, forecasts
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
    middle, low, high, text = fan(twin, starts)
    assert np.isnan(middle[:4]).all()
    assert (low[4:] <= middle[4:]).all()
    assert (middle[4:] <= high[4:]).all()
    assert "Next 24 h" in text
    assert "80 %" in text
    (row,) = forecasts(twin).rows
    assert row.judged == told.judged
    assert len(row.at) == len(row.middle) == HORIZON


def test_quarters_are_of_the_hour() -> None:
    assert quarter(utc("2026-06-18T10:14:59")) == utc("2026-06-18T10:00")
    assert quarter(utc("2026-06-18T10:15")) == utc("2026-06-18T10:15")
