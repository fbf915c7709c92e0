"""Leak volume from night flow and mass balance, on made districts with known leaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.accounting.leak_score import Alarm, alarm_score
from ecotwin.accounting.leakage import balance_leak, night_flow_leak, rises
from ecotwin.errors import FigureGap
from ecotwin.records import Floats

STEP_S, PER_DAY = 900.0, 96


FREE = [n % 7 >= 5 for n in range(120)]


def district(days: int, leak: Floats, *, seed: int = 1, growth: float = 0.0) -> Floats:
    """Use with a night of a fifth of the mean, week-ends, growth and noise, plus a leak [m3/h]."""
    rng = np.random.default_rng(seed)
    hour = np.arange(PER_DAY) / 4.0
    shape = 1.0 - 0.8 * np.cos((hour - 3.0) / 24.0 * 2 * np.pi)
    size = 50.0 * (1.0 + growth * np.arange(days) / days) * rng.normal(1.0, 0.02, days)
    size *= np.where(np.arange(days) % 7 >= 5, 0.7, 1.0)
    use = size[:, None] * shape * rng.normal(1.0, 0.03, (days, PER_DAY))
    return np.asarray((use + leak[:, None]).ravel())


def test_a_leak_that_begins_is_measured_and_noticed_within_two_nights() -> None:
    leak = np.where(np.arange(60) >= 30, 4.0, 0.0)
    got = night_flow_leak(district(60, leak), STEP_S, FREE[:60])
    assert got.volume_m3 == pytest.approx(4.0 * 30 * 24, rel=0.15)
    assert got.low_m3 <= leak.sum() * 24 <= got.high_m3
    (rise,) = rises(got.leak_m3h, got.sd_m3h, 14)
    assert rise.onset == 30
    assert rise.noticed <= 31
    assert rise.size_m3h == pytest.approx(4.0, rel=0.3)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 12.0), st.integers(15, 50))
def test_the_interval_holds_what_leaked(seed: int, size: float, since: int) -> None:
    leak = np.where(np.arange(60) >= since, size, 0.0)
    got = night_flow_leak(district(60, leak, seed=seed), STEP_S, FREE[:60])
    assert got.low_m3 <= leak.sum() * 24 <= got.high_m3


def test_no_leak_and_growing_use_is_hardly_ever_a_rise() -> None:
    cried = 0
    for seed in range(30):
        got = night_flow_leak(district(90, np.zeros(90), seed=seed, growth=0.3), STEP_S, FREE[:90])
        cried += len(rises(got.leak_m3h, got.sd_m3h, 14))
        assert abs(got.volume_m3) < 0.02 * 50 * 90 * 24
    assert cried <= 3, "in 2,280 nights"


def test_what_leaked_from_the_start_must_be_said() -> None:
    leak = np.full(60, 6.0)
    flow = district(60, leak)
    assert abs(night_flow_leak(flow, STEP_S).volume_m3) < 0.1 * leak.sum() * 24
    told = night_flow_leak(flow, STEP_S, known_leak_m3h=6.0)
    assert told.volume_m3 == pytest.approx(leak.sum() * 24, rel=0.1)
    share = night_flow_leak(flow, STEP_S, night_share=0.2)
    assert share.volume_m3 == pytest.approx(leak.sum() * 24, rel=0.1)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100.0))
def test_twice_the_district_leaks_twice(seed: int, scale: float) -> None:
    flow = district(40, np.where(np.arange(40) > 20, 5.0, 0.0), seed=seed)
    one, many = night_flow_leak(flow, STEP_S), night_flow_leak(flow * scale, STEP_S)
    assert many.volume_m3 == pytest.approx(one.volume_m3 * scale, rel=1e-6)


def test_nothing_is_noticed_by_looking_ahead() -> None:
    leak = np.where(np.arange(60) >= 30, 4.0, 0.0) + np.where(np.arange(60) >= 45, 4.0, 0.0)
    series = leak + np.random.default_rng(3).normal(0, 0.5, 60)
    whole = rises(series, 0.5, 14)
    assert len(whole) == 2
    for day in range(15, 60):
        assert rises(series[:day], 0.5, 14) == [r for r in whole if r.noticed < day]


def test_gaps_are_days_left_out_and_never_zero() -> None:
    flow = district(40, np.full(40, 3.0))
    flow[20 * PER_DAY : 22 * PER_DAY] = np.nan
    got = night_flow_leak(flow, STEP_S, FREE[:40], night_share=0.2)
    assert np.isnan(got.leak_m3h[20:22]).all()
    assert got.days == 38
    assert rises(got.leak_m3h, got.sd_m3h, 14) == []


def test_what_carries_no_figure_is_refused() -> None:
    with pytest.raises(FigureGap, match="equal steps"):
        night_flow_leak(np.ones(100), 700.0)
    with pytest.raises(FigureGap, match="first 14 days"):
        night_flow_leak(np.full(PER_DAY * 20, np.nan), STEP_S)
    with pytest.raises(FigureGap, match="same at night and by day"):
        night_flow_leak(np.ones(PER_DAY * 30), STEP_S)
    with pytest.raises(ValueError, match="marks of free days"):
        night_flow_leak(np.ones(PER_DAY * 30), STEP_S, [True])


def test_balance() -> None:
    got = balance_leak(1000.0, 100.0, -50.0, 800.0)
    assert got.volume_m3 == 150.0
    half = 0.02 * np.sqrt(1000**2 + 100**2 + 50**2 + 800**2)
    assert got.high_m3 - got.volume_m3 == pytest.approx(half)
    assert balance_leak(1000.0, 0.0, 0.0, 1010.0).high_m3 > 0.0
    with pytest.raises(ValueError, match="never negative"):
        balance_leak(-1.0, 0.0, 0.0, 0.0)


def test_an_alarm_too_far_costs_a_crew() -> None:
    assert alarm_score(Alarm(1000.0, 301.0)) == -500.0
    assert alarm_score(Alarm(0.0, 300.0)) == -500.0
    with pytest.raises(ValueError, match="cannot save"):
        alarm_score(Alarm(-1.0, 0.0))
