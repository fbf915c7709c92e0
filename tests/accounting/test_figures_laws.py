"""Laws of figures: two halves are the whole, days of 23 hours, hours as minutes, what the history filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.test_figures import MINUTES
from ecotwin.accounting import accounts
from ecotwin.accounting.cuts import pieces, within
from ecotwin.clock import Period, days_of


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**31), cut=st.integers(1, 23))
def test_two_halves_are_the_whole(works: Any, seed: int, cut: int) -> None:
    rng = np.random.default_rng(seed)
    values = {
        s.id: rng.uniform(0.5, 1.5, MINUTES) * works.usual(1)[s.id]
        for s in works.plant.signals
        if s.form in ("counter", "rate")
    }
    values |= {
        "press.state": rng.integers(0, 7, MINUTES),
        "oven.state": rng.integers(4, 6, MINUTES),
    }
    window = works.window(values)
    middle = window.period.start + timedelta(hours=cut)
    halves = [
        within(window, Period(window.period.start, middle)),
        within(window, Period(middle, window.period.end)),
    ]
    whole = accounts.run(works.plant, [window])
    sums = accounts.run(works.plant, [h for h in halves if h])
    swapped = accounts.run(works.plant, [h for h in reversed(halves) if h])
    assert {m.id: m.value for m in sums.measures} == pytest.approx(
        {m.id: m.value for m in whole.measures}
    )
    assert {m.id: m.value for m in swapped.measures} == pytest.approx(
        {m.id: m.value for m in sums.measures}
    )
    assert {
        m.id: m.high for m in sums.measures if not m.indicator.startswith("oee")
    } == pytest.approx({m.id: m.high for m in whole.measures if not m.indicator.startswith("oee")})


@pytest.mark.parametrize(
    ("first", "hours"),
    [(datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)],
)
def test_days_of_23_and_25_hours(works: Any, first: datetime, hours: int) -> None:
    window = works.window(start=first, steps=hours * 60)
    assert [p.hours for p in days_of(window.period, works.plant.zone)] == [hours]
    got = accounts.run(works.plant, [window])
    assert got.of("works", "energy.electricity").value == pytest.approx(60.0 * hours)
    assert got.of("works", "ghg.scope2_location").value == pytest.approx(
        0.9 * 60 * (6 * 0.2 + (hours - 6) * 0.4)
    )


def test_hours_give_the_same_figures_as_minutes(works: Any) -> None:
    minutes = accounts.run(works.plant, [works.window()])
    usual = works.usual(1)
    values = {s.id: 60 * usual[s.id] for s in works.plant.signals if s.form == "counter"}
    hours = accounts.run(works.plant, [works.window(values, steps=24, step_s=3600)])
    for figure in (
        "energy.electricity",
        "ghg.scope1",
        "ghg.scope2_location",
        "ghg.scope2_market",
        "cost.total",
        "water.in",
    ):
        assert hours.of("works", figure).value == pytest.approx(
            minutes.of("works", figure).value
        ), figure


def test_many_pieces_and_known_at(works: Any) -> None:
    known = datetime(2026, 6, 3, tzinfo=UTC)
    got = accounts.run(works.plant, pieces(works.window(known_at=known), 60), ["works"])
    assert got.of("works", "energy.electricity").known_at == known
    assert {m.element for m in got.measures} == {"works"}


def test_needed_signals_are_enough(works: Any) -> None:
    """A window of only the signals that a run asks for gives the same figures."""
    window = works.window()
    wanted = accounts.needed(works.plant, ["line"])
    assert len(wanted) < len(works.plant.signals)
    names = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
    narrow = replace(
        window, signals=wanted, **{n: getattr(window, n)[:, list(wanted)] for n in names}
    )
    whole, part = (accounts.run(works.plant, [w], ["line"]) for w in (window, narrow))
    assert {m.id: m.value for m in part.measures} == pytest.approx(
        {m.id: m.value for m in whole.measures}
    )
    assert part.gaps == whole.gaps


def test_what_the_history_filled_by_rule_is_not_filled_again(works: Any) -> None:
    """A step's amount holds its covered and its estimated share; only the rest is missing."""
    window = works.window()
    for name in ("oven.power", "press.energy"):
        place = works.plant.signal(name).index
        window.covered[:360, place], window.estimated[:360, place] = 0.5, 0.25
        window.amount[:360, place] *= 0.75
    got = accounts.run(works.plant, [window])
    for element, kwh in (("oven", 288.0), ("press", 720.0)):
        figure = got.of(element, "energy.electricity")
        assert figure.value == pytest.approx(kwh), element
        assert figure.coverage == pytest.approx(1 - 0.25 * 0.5)
        assert figure.estimated_share == pytest.approx(0.25 * 0.5)


def test_figures_from_the_real_rollup(works: Any) -> None:
    """Readings through the store: a silent counter still gives its total, and its silence is told."""
    # Only in this test: the rooms themselves never meet.
    from ecotwin.history.building import build
    from ecotwin.history.rollup import Traits
    from ecotwin.records import Readings

    plant, start = works.plant, int(works.start.timestamp()) * 1_000_000
    signal = plant.signal("press.energy")
    at = np.array([m for m in range(MINUTES + 1) if not 600 < m < 900], np.int64)
    readings = Readings.of(
        np.full(len(at), signal.index), start + at * 60_000_000, 1000.0 + 0.5 * at
    )
    ranges = np.full(len(plant.signals), start, np.int64)
    steps = build(readings, Traits.of(plant), ranges, ranges + MINUTES * 60_000_000)
    window = works.window()
    row = (steps.at - start) // 60_000_000
    for name in ("amount", "covered", "estimated", "last"):
        column = getattr(window, name)[:, signal.index]
        column[:] = 0.0 if name in ("covered", "estimated") else np.nan
        column[row] = getattr(steps, name)
    got = accounts.run(plant, [window]).of("press", "energy.electricity")
    assert got.value == pytest.approx(720.0)
    assert got.coverage == pytest.approx(1 - 300 / 1440)
    assert got.estimated_share == pytest.approx(300 / 1440)
