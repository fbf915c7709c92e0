"""Starts of forecasts: how much of a departure lasts, and what trees on what is left of it can tell."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.forecasting.anchors import STRETCHES, Anchor
from ecotwin.forecasting.boosted import Boosted
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.timeline import Clock, Timeline, kinds_of_days

DAY = 24


def ground(values: np.ndarray) -> Grounds:
    clock = Clock(0.0, 3600.0, False, DAY, 7 * DAY, True)
    line = Timeline(clock, values, np.zeros((len(values), 0)), ())
    return Grounds(line, kinds_of_days(line), np.zeros((len(values), 0)), (), ())


@settings(max_examples=25, deadline=None)
@given(lasting=st.floats(0.0, 0.98), seed=st.integers(0, 2**16))
def test_the_share_that_lasts_is_found_as_it_was_made(lasting: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    lead = rng.integers(0, 8, 20_000).astype(float)
    now = rng.normal(size=len(lead))
    table = np.column_stack([lead, rng.normal(size=len(lead)), now])
    truth = table[:, 1] + lasting ** (lead + 1) * now + 0.3 * rng.normal(size=len(lead))
    anchor = Anchor.learned(table, ("lead", "weeks alike", "departure 1 back"), truth)
    assert anchor.shares[0] == pytest.approx(lasting, abs=0.05)
    assert anchor.shares[1] == pytest.approx(lasting**2, abs=0.05)
    assert len(anchor.shares) == len(STRETCHES) + 1


def test_where_nothing_is_known_the_start_is_the_mean() -> None:
    table = np.array([[0.0, np.nan, np.nan], [3.0, np.nan, np.nan]])
    anchor = Anchor.learned(table, ("lead", "days alike", "1 back"), np.array([1.0, np.nan]))
    assert anchor.of(table, ("lead", "days alike", "1 back")).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_level_that_was_never_seen_is_told_from_its_start(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hours = np.arange(24 * 7 * 12)
    level = np.where(hours > 24 * 7 * 10, 6.0, 0.0) + rng.normal(0, 0.15, len(hours)).cumsum() * 0.2
    values = level + np.sin(2 * np.pi * hours / DAY) + 0.1 * rng.normal(size=len(hours))
    start, whole = 24 * 7 * 10, ground(values)
    misses = {}
    for member in (Boosted(), Boosted("anchored", anchored=True)):
        before = ground(values[:start])
        member.fit(before, 1)
        slots = np.arange(start + 3, len(values))
        misses[member.name] = float(
            np.mean(np.abs(member.points(whole, slots, slots) - values[slots]))
        )
    assert misses["anchored"] < 0.5 * misses["boosted"]


def test_parts_add_up_and_a_saved_one_goes_on_alike() -> None:
    rng = np.random.default_rng(4)
    values = np.sin(np.arange(2000) / 4.0) + rng.normal(0, 0.1, 2000).cumsum()
    whole = ground(values)
    member = Boosted("anchored", anchored=True)
    member.fit(whole, 6)
    origins, slots = np.full(6, 2000), np.arange(2000, 2006)
    told = member.points(whole, origins, slots)
    base, parts = member.parts(whole, 2000, 2004)
    assert base + sum(parts.values()) == pytest.approx(told[4], abs=1e-9)
    other = Boosted("anchored", anchored=True)
    other.restore(json.loads(json.dumps(member.state())))
    assert other.points(whole, origins, slots).tobytes() == told.tobytes()
