"""Intervals hold their promise on series that stand still, widen, drift and jump."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import SettingsFault
from ecotwin.learning.conformal import Adaptive, weighted_quantiles
from ecotwin.records import Floats, Ints

LENGTH = 1600


def _share_held(scores: Floats, groups: Ints | None = None, count: int = 1) -> float:
    """Share of scores between the told 10 % and 90 %, each told before it came."""
    band, held = Adaptive((0.1, 0.9), count), []
    for row, score in enumerate(scores):
        group = 0 if groups is None else int(groups[row])
        if row > 100:
            low, high = band.offsets(group)
            held.append(low <= score <= high)
        band.push(float(score), group)
    return float(np.mean(held))


@pytest.mark.parametrize("seed", [41, 42])
@pytest.mark.parametrize("kind", ["still", "wider", "drift", "jump", "heavy", "skewed"])
def test_eight_in_ten_whatever_the_series_does(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, noise = np.arange(LENGTH), rng.normal(size=LENGTH)
    series = {
        "still": noise,
        "wider": np.where(rows < LENGTH / 2, 1.0, 4.0) * noise,
        "drift": np.cumsum(rng.normal(scale=0.05, size=LENGTH)) + noise,
        "jump": 5.0 * (rows > 900) + noise,
        "heavy": rng.standard_t(2.0, size=LENGTH),
        "skewed": rng.exponential(size=LENGTH),
    }[kind]
    assert 0.775 < _share_held(series) < 0.825


def test_groups_hold_each_their_own() -> None:
    rng = np.random.default_rng(43)
    groups = np.arange(3000) % 6
    scores = (1.0 + groups) * rng.normal(size=3000)
    band, held = Adaptive((0.1, 0.9), 6), [list[bool]() for _ in range(6)]
    for score, group in zip(scores, groups, strict=True):
        if band.count(int(group)) > 50:
            low, high = band.offsets(int(group))
            held[group].append(bool(low <= score <= high))
        band.push(float(score), int(group))
    shares = [float(np.mean(h)) for h in held]
    assert all(0.75 < s < 0.87 for s in shares), shares
    assert _share_held(scores, groups, 6) == pytest.approx(0.8, abs=0.02)


@given(
    st.lists(st.integers(-10_000, 10_000).map(lambda n: n / 100), min_size=5, max_size=60),
    st.floats(0.001, 1000.0),
    st.floats(-1e4, 1e4),
)
@settings(max_examples=40, deadline=None)
def test_scale_and_shift_go_through(scores: list[float], factor: float, shift: float) -> None:
    plain, moved = Adaptive(), Adaptive()
    plain.push(np.array(scores))
    moved.push(np.array(scores) * factor + shift)
    np.testing.assert_allclose(
        moved.offsets(), plain.offsets() * factor + shift, rtol=1e-9, atol=1e-6 * factor + 1e-9
    )


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_levels_never_cross_and_a_saved_band_goes_on_alike(
    scores: list[float], groups: int
) -> None:
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    whole, first = Adaptive(levels, groups), Adaptive(levels, groups)
    cut = len(scores) // 2
    for row, score in enumerate(scores):
        whole.push(score, row % groups)
        assert (np.diff(whole.offsets(row % groups)) >= 0).all() or len(scores[: row + 1]) < 2
    for row in range(cut):
        first.push(scores[row], row % groups)
    later = Adaptive(levels, groups)
    later.restore(json.loads(json.dumps(first.state())))
    for row in range(cut, len(scores)):
        later.push(scores[row], row % groups)
    for group in range(groups):
        assert later.offsets(group).tolist() == whole.offsets(group).tolist()


def test_what_was_told_counts_where_the_truth_comes_late() -> None:
    band = Adaptive((0.1, 0.9))
    band.push(np.linspace(-1, 1, 200))
    before = band.offsets()
    for _ in range(50):
        band.push(np.array([0.0]), 0, told=np.array([[0.5, 0.6]]))  # the low end was above it
    assert band.offsets()[0] < before[0]


def test_nothing_seen_is_nothing_told() -> None:
    band = Adaptive()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        band.push(np.array([np.nan, np.inf]))
        assert np.isnan(band.offsets()).all()
        assert band.count() == 0
        band.push(3.0)
        assert np.isnan(band.offsets(0)).all()
        band.push(np.zeros(40))
        assert np.isfinite(band.offsets(0)).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": ()},
        {"levels": (0.9, 0.1)},
        {"levels": (0.0, 0.5)},
        {"groups": 0},
        {"window": 1},
        {"half_life": 0.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsFault):
        Adaptive(**wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsFault):
        Adaptive().push(1.0, 4)
    with pytest.raises(SettingsFault):
        Adaptive().interval(1.0, spread=0.0)
    with pytest.raises(SettingsFault):
        Adaptive(groups=2).restore(Adaptive().state())


def test_a_new_value_lies_below_the_kth_of_n_as_often_as_promised() -> None:
    rng = np.random.default_rng(44)
    below = []
    for _ in range(2500):
        drawn = rng.normal(size=10)
        level = weighted_quantiles(drawn[:9], np.ones(9), np.array([0.8]))[0]
        below.append(drawn[9] <= level)
    assert np.mean(below) == pytest.approx(0.8, abs=0.02)
