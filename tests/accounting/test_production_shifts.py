"""Figures by shift: every minute in one shift or none, over midnight too, and all of them the whole."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.accounts import Accounts
from ecotwin.accounting.kpis.shifts import NO_SHIFT, TOTALS
from ecotwin.clock import local_day
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES, Break, Shift

MINUTES = 1440
EVERY = tuple(range(7))
NIGHT = Shift("Night", EVERY, time(22), time(6), (Break(time(2), time(2, 30)),))
DAY = Shift("Day", EVERY, time(6), time(14))


def _run(works: Any, values: dict[str, Any] | None = None, **more: Any) -> Accounts:
    plant = more.get("plant", works.plant)
    return accounts.run(plant, [works.window(values, **more)], ["works", "line"])


def test_use_of_a_shift_with_its_break_and_of_no_shift(works: Any) -> None:
    split = _run(works).of("line", "energy.by_shift").split
    assert split == pytest.approx({"Day": 480 * 0.75, NO_SHIFT: 960 * 0.75})


def test_a_shift_over_midnight_is_whole(works: Any) -> None:
    plant = works.with_(shifts=(NIGHT, DAY))
    line = np.where(np.arange(MINUTES) < 360, 2.0, 1.0)  # more from midnight to six
    split = _run(works, {"feeder.energy": line}, plant=plant).of("line", "energy.by_shift").split
    assert split == pytest.approx({"Night": 360 * 2.0 + 120, "Day": 480.0, NO_SHIFT: 480.0})


def test_prices_and_grid_factors_of_the_shifts_hours(works: Any) -> None:
    got = _run(works, {"sun.energy": 0.0, "grid.export": 0.0})
    money = got.of("line", "cost.by_shift").split
    assert money["Day"] == pytest.approx(0.75 * 60 * (4 * 0.30 + 4 * 0.20))
    green = got.of("line", "ghg.by_shift").split
    assert green["Day"] == pytest.approx(0.75 * 60 * (4 * 0.4 + 4 * 0.2))


def test_oee_of_each_shift_from_its_own_sums(works: Any) -> None:
    plant = works.with_(shifts=(NIGHT, DAY))
    minute = np.arange(MINUTES)
    state = np.where((minute >= 360) & (minute < 600), STATES["down"], STATES["busy"])
    parts = np.where(state == STATES["busy"], 1.0, 0.0)
    made = {
        "oven.state": state,
        "press.state": state,
        "oven.total": parts,
        "oven.good": parts * 0.9,
    }
    got = _run(works, made, plant=plant)
    figure = got.of("line", "oee.by_shift")
    each = {i.name: i.value for i in figure.inputs}
    # Plate: 60 s planned on the oven, one part in each busy minute. Night 8 h less 0.5 h of break, day 8 h.
    assert each["Night: OEE"] == pytest.approx(0.9)
    assert each["Day: OEE"] == pytest.approx(0.9 * 4 / 8)
    assert figure.numerator == pytest.approx(0.9 * (7.5 + 4.0))
    assert figure.denominator == pytest.approx(15.5)
    assert figure.value == pytest.approx(0.9 * 11.5 / 15.5)
    assert math.fsum(figure.split.values()) == pytest.approx(figure.value)


def test_good_parts_by_shift(works: Any) -> None:
    split = _run(works).of("line", "production.by_shift").split
    assert split == pytest.approx({"Day": 480 * 0.9, NO_SHIFT: 960 * 0.9})


def test_a_plant_without_shifts_has_no_figures_by_shift(works: Any) -> None:
    got = _run(works, plant=works.with_(shifts=()))
    with pytest.raises(FigureGap):
        got.of("works", "energy.by_shift")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 7.0), ("2026-10-25", 9.0)])
def test_the_night_of_the_clock_change_is_as_long_as_it_was(
    works: Any, day: str, hours: float
) -> None:
    """The night from 22:00 to 06:00 lasts 7 or 9 hours; what it used says so."""
    plant = works.with_(shifts=(NIGHT,))
    start = local_day(datetime.fromisoformat(day).date(), plant.zone).start - timedelta(hours=2)
    window = works.window({"feeder.energy": 1.0}, start=start, steps=12 * 60, plant=plant)
    split = accounts.run(plant, [window], ["line"]).of("line", "energy.by_shift").split
    assert split["Night"] == pytest.approx(hours * 60)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    begin=st.integers(0, 23),
    length=st.integers(1, 12),
    start=st.sampled_from(["2026-03-28T23:00", "2026-10-24T22:00", "2028-02-28T23:00"]),
    hole=st.integers(0, 1000),
)
def test_shifts_sum_to_the_place_whatever_the_calendar(
    works: Any, seed: int, begin: int, length: int, start: str, hole: int
) -> None:
    rng = np.random.default_rng(seed)
    any_shift = Shift("Any", EVERY, time(begin), time((begin + length) % 24))
    plant = works.with_(shifts=(any_shift, NIGHT))
    values = {
        name: rng.uniform(0.0, 2.0, MINUTES)
        for name in (
            "grid.energy",
            "sun.energy",
            "feeder.energy",
            "boiler.gas",
            "works.water",
            "oven.good",
        )
    }
    silent = {"grid.energy": slice(hole, hole + 300)}
    begun = datetime.fromisoformat(start).replace(tzinfo=UTC)
    got = _run(works, values, plant=plant, start=begun, silent=silent)
    whole = {**TOTALS, "production.good_parts": "production.by_shift"}
    for source, indicator in whole.items():
        for place in ("works", "line"):
            for figure in (m for m in got.measures if (m.element, m.indicator) == (place, source)):
                split = got.of(place, indicator).split
                assert math.fsum(split.values()) == pytest.approx(figure.value, rel=1e-12)
    assert got.of("works", "energy.by_shift").value > 0.0
