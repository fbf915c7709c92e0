"""Weather of the coming days: bounds, memory, spread that grows, coverage of processes whose truth is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.clock import HOUR, micros
from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.weather_ahead import (
    STEP_US,
    Outlook,
    Seen,
    ahead,
    dew_point_c,
    humidity_of,
    joined,
    measured,
    of_year,
    outlook,
    wet_bulb_c,
)  # fmt: skip

START = datetime(2026, 6, 8, 0, 0, tzinfo=UTC)
PLANT = Plant("p", "P", "Europe/Berlin", "EUR", "DE", (), (), ())


def lived_weather(seed: int, days: int, memory_h: float = 20.0) -> Seen:
    """Days of a process of known make: a wave, an AR(1), clouds."""
    rng = np.random.default_rng(seed)
    n = days * 96
    at = micros(START) + np.arange(n) * STEP_US
    keep = np.exp(-0.25 / memory_h)
    wander = np.zeros(n)
    cloud = np.zeros(n)
    for k in range(1, n):
        wander[k] = keep * wander[k - 1] + 3.0 * np.sqrt(1 - keep**2) * rng.normal()
        cloud[k] = 0.9 * cloud[k - 1] + np.sqrt(1 - 0.81) * rng.normal()
    hour = (np.arange(n) % 96) / 4.0
    air = 14.0 + 5.0 * np.cos(2 * np.pi * (hour - 14.0) / 24.0) + wander
    sun = np.maximum(0.0, np.sin(np.pi * (hour - 5.0) / 14.0)) * 800.0 / (1.0 + np.exp(cloud))
    dew = 14.0 + wander - 6.0
    return Seen(at, air, humidity_of(air, np.minimum(dew, air)), sun)


def cut(seen: Seen, end: int) -> Seen:
    return Seen(*(getattr(seen, n)[:end] for n in ("at", "outdoor_c", "humidity", "sun_w_m2")))


def test_what_comes_lies_in_the_band_as_often_as_stated() -> None:
    inside: dict[int, list[bool]] = {lead: [] for lead in (1, 6, 23)}
    for seed in range(50):
        whole = lived_weather(seed, 11)
        known = outlook(cut(whole, 10 * 96), START + timedelta(days=10))
        drawn = ahead(
            known, START + timedelta(days=10), 24.0, 900.0, Chance(seed, 0, 200)
        ).outdoor_c
        for lead in inside:
            place = lead * 4
            low, high = np.quantile(drawn[:, place], (0.1, 0.9))
            inside[lead].append(bool(low <= whole.outdoor_c[10 * 96 + place] <= high))
    for lead, hits in inside.items():
        # 50 trials at 80 %: one standard error is 6 %.
        assert 0.65 <= np.mean(hits) <= 0.95, lead


def test_it_goes_on_from_now_and_spreads_with_lead() -> None:
    seen = lived_weather(3, 10)
    drawn = ahead(
        outlook(seen, START + timedelta(days=10)),
        START + timedelta(days=10),
        24.0 * 20,
        900.0,
        Chance(1, 0, 300),
    )
    spread = drawn.outdoor_c.std(axis=0)
    assert spread[0] < 0.6 < spread[12] < spread[90] < spread[-1]
    assert abs(drawn.outdoor_c[:, 0].mean() - seen.outdoor_c[-1]) < 1.0


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31), st.floats(-35.0, 45.0), st.integers(1, 12), st.floats(0.5, 72.0))
def test_physical_bounds_hold_whatever_was_seen(
    seed: int, base: float, days: int, hours: float
) -> None:
    rng = np.random.default_rng(seed)
    n = days * 96
    air = base + rng.normal(0, 4, n)
    seen = Seen(
        micros(START) + np.arange(n) * STEP_US, air, rng.uniform(0, 106, n), rng.uniform(0, 1300, n)
    )
    air[rng.random(n) < 0.2] = np.nan
    drawn = ahead(
        outlook(seen, START + timedelta(days=days)),
        START + timedelta(days=days),
        hours,
        60.0,
        Chance(seed, 0, 7),
    )
    steps = round(hours * 60.0)
    assert drawn.outdoor_c.shape == drawn.wet_bulb_c.shape == drawn.sun_w_m2.shape == (7, steps)
    assert np.isfinite(drawn.outdoor_c).all()
    assert np.isfinite(drawn.wet_bulb_c).all()
    assert (drawn.wet_bulb_c <= drawn.outdoor_c + 1e-9).all()
    assert drawn.sun_w_m2.min() >= 0.0
    assert drawn.sun_w_m2.max() <= 1400.0
    assert drawn.outdoor_c.min() >= -60.0
    assert drawn.outdoor_c.max() <= 55.0


def test_a_run_does_not_depend_on_how_many_there_are_nor_on_what_comes_after() -> None:
    whole = lived_weather(5, 12)
    at = START + timedelta(days=9)
    one, two = outlook(whole, at), outlook(cut(whole, 9 * 96), at)
    assert isinstance(one, Outlook)
    few = ahead(one, at, 24.0, 60.0, Chance(9, 0, 3))
    many = ahead(two, at, 24.0, 60.0, Chance(9, 0, 8))
    assert np.array_equal(few.outdoor_c, many.outdoor_c[:3])
    assert np.array_equal(few.sun_w_m2, many.sun_w_m2[:3])


def test_nights_are_dark_and_days_are_as_bright_as_days_were() -> None:
    seen = lived_weather(7, 10)
    drawn = ahead(
        outlook(seen, START + timedelta(days=10)),
        START + timedelta(days=10),
        24.0,
        900.0,
        Chance(2, 0, 200),
    ).sun_w_m2
    assert drawn[:, 4:12].max() == 0.0
    days = seen.sun_w_m2.reshape(10, 96).sum(axis=1)
    assert days.min() * 0.6 < drawn.sum(axis=1).mean() < days.max() * 1.2


def test_without_any_signal_it_says_so_and_is_wide() -> None:
    nothing = np.full(960, np.nan)
    seen = Seen(micros(START) + np.arange(960) * STEP_US, nothing, nothing, nothing)
    known = outlook(seen, START + timedelta(days=10))
    assert known.unknown == ("weather.temperature", "weather.humidity", "weather.irradiance")
    drawn = ahead(known, START + timedelta(days=10), 96.0, 900.0, Chance(2, 0, 200))
    assert drawn.outdoor_c[:, -1].std() > 6.0
    assert drawn.sun_w_m2.max() == 0.0


def test_a_weather_year_is_read_at_its_hour() -> None:
    hours = np.arange(8760.0) % 24.0
    year = {"outdoor_c": hours, "humidity": np.full(8760, 50.0), "sun_w_m2": 10.0 * hours}
    drawn = of_year(PLANT, year, datetime(2026, 6, 17, 22, 0, tzinfo=UTC), 24.0, 3600.0)
    # 22:00 UTC is 23:00 in standard time, to which the year's hours belong.
    assert drawn.outdoor_c[0, 1:4] == pytest.approx([0.0, 1.0, 2.0], abs=1e-6)
    assert drawn.outdoor_c.shape == (1, 24)
    assert (drawn.wet_bulb_c <= drawn.outdoor_c).all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"outdoor_c": np.zeros(100)}, "100 hours of outdoor_c"),
        ({"outdoor_c": np.full(8760, 99.0)}, "from 99 to 99"),
        ({"outdoor_c": np.full(8760, np.nan)}, "8760 gaps"),
        ({"humidity": np.full(8760, 50.0)}, "no column outdoor_c"),
        ({"outdoor_c": np.zeros(8760), "rain": np.zeros(8760)}, "a column 'rain'"),
    ],
)
def test_a_bad_weather_year_is_named(columns: dict[str, np.ndarray], words: str) -> None:
    with pytest.raises(ScenarioFault, match=words):
        of_year(PLANT, columns, START, 24.0, 60.0)


def test_measured_weather_bridges_gaps_and_refuses_emptiness() -> None:
    seen = lived_weather(1, 2)
    seen.outdoor_c[10:20] = np.nan
    told = measured(seen, START, 24.0, 900.0)
    assert told.outdoor_c[0, 40] == pytest.approx(seen.outdoor_c[40], abs=1e-6)
    assert np.isfinite(told.outdoor_c).all()
    seen.outdoor_c[:] = np.nan
    with pytest.raises(ScenarioFault, match="no outdoor temperature"):
        measured(seen, START, 24.0, 900.0)


def test_psychrometrics_agree_with_tables_and_each_other() -> None:
    # Wet bulb of 30 degC, 40 %: 20.1 degC by psychrometric chart; the fit is good to 0.3 K.
    assert wet_bulb_c(np.array([30.0]), np.array([40.0]))[0] == pytest.approx(20.1, abs=0.35)
    dew = dew_point_c(np.array([12.0, 28.0]), np.array([80.0, 35.0]))
    assert humidity_of(np.array([12.0, 28.0]), dew) == pytest.approx([80.0, 35.0], rel=1e-9)


def test_days_join_in_time() -> None:
    whole = lived_weather(2, 2)
    parts = [
        cut(whole, 96),
        Seen(*(getattr(whole, n)[96:] for n in ("at", "outdoor_c", "humidity", "sun_w_m2"))),
    ]
    assert np.array_equal(joined(parts).outdoor_c, whole.outdoor_c)
    assert HOUR == 4 * STEP_US
