"""An index against its rate: doubled, halved, standing still; never told of a healthy meter, however coarse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection.plant_minutes import works
from ecotwin.clock import Period
from ecotwin.detection.alerts import Alerts
from ecotwin.detection.meters import Meters
from ecotwin.records import Floats, Score, Window

START = datetime(2026, 6, 1, tzinfo=UTC)
OVEN = "oven_1"


def window(kw: Floats, kwh: Floats, at: int = 0) -> Window:
    plant = works()
    n, size = len(kw), len(plant.signals)
    mean, amount = np.full((n, size), np.nan), np.full((n, size), np.nan)
    mean[:, plant.signal(f"{OVEN}.power").index] = kw
    amount[:, plant.signal(f"{OVEN}.energy").index] = kwh
    start = START + timedelta(minutes=at)
    ones = np.ones((n, size))
    return Window(Period(start, start + timedelta(minutes=n)), 60, tuple(range(size)), mean, mean, mean, mean.copy(),
                  amount, ones, 0 * ones, np.full((n, size), 2, np.int64))  # fmt: skip


def minutes(
    seed: int, hours: int, step_kwh: float = 0.1, size: float = 1.0
) -> tuple[Floats, Floats]:
    """An oven that works, waits and stands; its index counts whole steps."""
    rng = np.random.default_rng(seed)
    level = rng.choice([1.0, 12.0, 30.0], p=[0.3, 0.3, 0.4], size=hours).repeat(60)
    kw = size * level * rng.uniform(0.9, 1.1, 60 * hours)
    index = np.floor(np.cumsum(kw / 60.0) / (step_kwh * size)) * step_kwh * size
    return kw, np.diff(index, prepend=0.0)


def said(meters: Meters, made: Window) -> list[Score]:
    return meters.on_minutes(made, None)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([0.01, 1.0, 1000.0]))
def test_a_healthy_meter_is_never_told_whatever_its_size(seed: int, size: float) -> None:
    assert said(Meters(works()), window(*minutes(seed, 24 * 6, size=size))) == []


@pytest.mark.parametrize(
    ("factor", "shown"), [(2.0, "200 %"), (0.5, "50 %"), (0.0, "0 %"), (1.1, "110 %")]
)
def test_an_index_that_counts_wrong_is_found_and_named_by_its_meter(
    factor: float, shown: str
) -> None:
    kw, kwh = minutes(7, 24 * 6)
    begins = 60 * 24 * 4
    kwh[begins:] *= factor
    found = said(Meters(works()), window(kw, kwh))
    assert {s.cause for s in found} == {"oven_1.energy:meter"}
    assert all(s.over for s in found)
    hours = (found[0].at / 1e6 - START.timestamp()) / 3600.0 - 96.0
    assert 0.0 < hours <= 12.0
    (told,) = Alerts(works()).findings(found[:1], START + timedelta(days=5))
    assert told.kind == "sensor"
    assert (
        told.title == f"Index and rate of Reflow oven 1 disagree: it counts {shown} of what flows"
    )


def test_it_ends_when_the_meter_is_right_again_and_any_cut_gives_the_same() -> None:
    kw, kwh = minutes(3, 24 * 8)
    kwh[60 * 24 * 4 : 60 * 24 * 6] *= 2.0
    whole = said(Meters(works()), window(kw, kwh))
    assert whole[-1].over is False
    cut, parts, begin = Meters(works()), [], 0
    for end in (100, 4000, 4001, 7777, len(kw)):
        parts += said(cut, window(kw[begin:end], kwh[begin:end], begin))
        state, cut = cut.state(), Meters(works())
        cut.restore(state)
        begin = end
    assert parts == whole


def test_missing_wild_and_empty_values_say_nothing() -> None:
    kw, kwh = minutes(5, 24 * 6)
    kw[5000:6000], kwh[6500:6700] = np.nan, np.inf
    kw[7000:7100] = -np.inf
    made = window(kw, kwh)
    assert said(Meters(works()), made) == []
    assert said(Meters(replace(works(), elements=())), made) == []


def test_a_rate_told_in_coarse_steps_is_no_disagreement() -> None:
    """By night the rate shows one step of 0.02 kW too much, by day it is right: a custom, not a fault."""
    hour = np.arange(60 * 24 * 10) // 60 % 24
    work = (hour >= 6) & (hour < 22) & (np.arange(60 * 24 * 10) >= 60 * 24 * 2)
    kw = np.where(work, 0.089, 0.03)
    kwh = np.where(work, 0.0885, 0.026) / 60.0
    assert said(Meters(works()), window(kw, kwh)) == []
