"""What was under a like plan; peaks told as often as they come."""

from __future__ import annotations

import numpy as np
import pytest

from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.exceedance import as_peaks_came, paths, peak_place, warning
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.planned import Planned
from ecotwin.forecasting.planned import plug as planned
from ecotwin.forecasting.timeline import kinds_of_days
from ecotwin.records import Floats, Rows

DAY = 96


def works(days: int, seed: int, scale: float = 1.0, shift: float = 0.0) -> tuple[Rows, Floats]:
    """A plant that works on days drawn by chance, as only its plan tells; [n] its load without noise."""
    rng = np.random.default_rng(seed)
    runs = np.repeat(rng.random(days) < 0.6, DAY)
    hour = np.arange(days * DAY) % DAY / 4
    plan = (runs & (hour >= 6) & (hour < 22)).astype(float)
    clean = 70.0 + plan * (330.0 + 60.0 * np.sin(hour))
    load = (clean + 8.0 * rng.normal(size=len(clean))) * scale + shift
    at = (1_781_481_600.0 + 900.0 * np.arange(len(load))).astype(np.float64)
    return Rows(
        ("load", "plan"), np.column_stack([load, plan]), at, tuple(map(str, at)), True
    ), clean


def told(rows: Rows, days: int) -> Floats:
    from ecotwin.forecasting.contract import Task

    model, cut = planned(), days * DAY
    past, ahead = rows.part(0, cut), rows.part(cut, cut + DAY)
    blind = ahead.values.copy()
    blind[:, 0] = np.nan
    model.learn(past, Task("load", ("plan",), DAY, 900.0, civil=True))
    return model.tell(past, Rows(rows.columns, blind, ahead.at_s, ahead.stamps, True))


@pytest.mark.parametrize("seed", [5101, 5102, 5103])
def test_days_of_work_that_no_weekday_tells_are_told_by_the_plan_after_a_week(seed: int) -> None:
    rows, clean = works(9, seed)
    middle = told(rows, 7)[:, LEVELS.index(0.5)]
    ahead = clean[7 * DAY : 8 * DAY]
    a_day_ago = clean[6 * DAY : 7 * DAY]
    missed = float(np.abs(middle - ahead).mean())
    assert missed < 40.0, "of 400 kW at work and 70 at rest"
    if not np.array_equal(ahead, a_day_ago):
        assert missed < 0.5 * float(np.abs(a_day_ago - ahead).mean()) + 10


def test_units_do_not_matter() -> None:
    one, _ = works(8, 5104)
    other, _ = works(8, 5104, scale=1000.0, shift=-5e4)
    assert np.allclose(told(one, 7) * 1000.0 - 5e4, told(other, 7), rtol=1e-4, atol=50.0)


def test_without_a_plan_or_a_past_it_cannot_say() -> None:
    rows, _ = works(3, 5105)
    from ecotwin.forecasting.timeline import clock_of, timeline

    line = timeline(rows.of(("load",)), "load", clock_of(rows, "load"))
    bare = Grounds(line, kinds_of_days(line), np.zeros((len(line), 0)), (), ())
    slots = np.arange(len(line) - 10, len(line))
    assert np.isnan(Planned().points(bare, np.full(10, len(line) - 10), slots)).all()
    short = Grounds(
        line.until(DAY), kinds_of_days(line), rows.column("plan")[:, None], ("plan",), ()
    )
    ahead = np.arange(DAY, DAY + 10)
    assert np.isnan(Planned().points(short, np.full(10, DAY), ahead)).all()


def test_peaks_are_told_as_often_as_they_come() -> None:
    rng = np.random.default_rng(5106)
    quantiles = np.quantile(rng.normal(400.0, 50.0, 20_000), LEVELS)
    drawn = paths(np.tile(quantiles, (96, 1)), np.eye(96), seed=3)
    raw = warning(drawn, 500.0).probability
    assert raw > 0.7, "steps that go their own ways are sure to pass at last"
    low = [0.01 + 0.001 * k for k in range(40)]
    lean = warning(as_peaks_came(drawn, low, 10.0), 500.0).probability
    assert lean < 0.25
    assert warning(as_peaks_came(drawn, low, 0.2), 500.0).probability > lean
    assert np.array_equal(as_peaks_came(drawn, [], 10.0), drawn)
    high = warning(
        as_peaks_came(drawn, [0.95] * 20, 10.0), float(np.quantile(drawn.max(axis=1), 0.8))
    )
    assert high.probability > 0.8
    even = [(k + 0.5) / 50 for k in range(50)]
    same = warning(as_peaks_came(drawn, even, 30.0), 500.0).probability
    assert same == pytest.approx(raw, abs=0.02)
    assert peak_place(drawn, np.array([1e9])) == 1.0
