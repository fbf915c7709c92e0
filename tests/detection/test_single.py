"""Traits of one signal: tails by their formula, patches by brute force, seasons by construction."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.single.patches import FRESH, Patches
from ecotwin.detection.single.season import Season
from ecotwin.detection.single.tails import MOST, Tail
from ecotwin.detection.single.traits import NAMES, Gauge, Traits
from ecotwin.records import Floats


def nearest(values: Floats, m: int, reach: int, *, bare: bool) -> float:
    """Distance of the last stretch to the nearest one that ended m to `reach` rows before, one by one."""
    newest = values[-m:] - (values[-m:].mean() if bare else 0.0)
    found = []
    for lag in range(m, min(reach, len(values) - m) + 1):
        old = values[len(values) - lag - m : len(values) - lag]
        found.append(float(np.linalg.norm(old - (old.mean() if bare else 0.0) - newest)))
    return min(found)


@pytest.mark.parametrize(
    ("m", "reach", "rows"), [(4, 40, 30), (4, 40, 44), (8, 64, 300), (16, 200, 2 * FRESH + 7)]
)
def test_patches_find_what_brute_force_finds(m: int, reach: int, rows: int) -> None:
    values = np.cumsum(np.random.default_rng(rows).normal(size=rows))
    patches = Patches(m, reach)
    for row, value in enumerate(values.tolist()):
        patches.push(value)
        apart = patches.apart()
        if apart is not None and row % 7 == 0:
            seen = values[: row + 1]
            assert apart[0] == pytest.approx(nearest(seen, m, reach, bare=False), abs=1e-5)
            assert apart[1] == pytest.approx(nearest(seen, m, reach, bare=True), abs=1e-5)
    assert patches.apart() is not None


def test_a_copied_stretch_has_no_distance() -> None:
    values = np.random.default_rng(3).normal(size=400)
    values[350:366] = values[100:116] + 5.0
    patches = Patches(16, 380)
    for value in values[:366].tolist():
        patches.push(value)
    apart = patches.apart()
    assert apart is not None
    assert apart[1] == pytest.approx(0.0, abs=1e-6)
    assert apart[0] > 2.0


def test_surprise_is_a_rank_inside_and_exponential_beyond() -> None:
    tail = Tail(range(1000))
    assert tail.surprise(500.0) == pytest.approx(-math.log(501 / 1001))
    top = 20
    excess = sum(range(top)) / top
    assert tail.surprise(1010.0) == pytest.approx(-math.log(top / 1000) + (1010 - 980) / excess)
    assert tail.surprise(1e9) == MOST
    assert Tail(range(10)).surprise(99.0) == 0.0


@given(
    st.lists(st.floats(-50, 50), min_size=30, max_size=200), st.floats(-60, 60), st.floats(0, 10)
)
def test_more_is_never_less_surprising(numbers: list[float], at: float, more: float) -> None:
    tail = Tail()
    for number in numbers:
        tail.add(number)
    assert tail.surprise(at + more) >= tail.surprise(at) - 1e-9


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=120))
def test_a_tail_forgets_the_oldest_first(numbers: list[float]) -> None:
    tail = Tail(kept=25)
    for number in numbers:
        tail.add(number)
    assert list(tail.sizes) == sorted(tail.order)
    assert list(tail.order) == pytest.approx(numbers[-25:], abs=1e-4)


def test_a_weekend_is_expected_once_weeks_are_known() -> None:
    hours = np.arange(24 * 7 * 6)
    work = (hours % 24 > 6) & (hours % 24 < 18) & (hours // 24 % 7 < 5)
    season = Season.of(
        work[:240].astype(np.float64), np.asarray(hours[:240] * 3600.0, np.float64), civil=True
    )
    off = [season.off(float(w), h * 3600.0, int(h)) for h, w in zip(hours, work, strict=True)]
    noons = [i for i in range(len(hours)) if i % 24 == 12]
    saturdays = [off[i] for i in noons if i // 24 % 7 == 5]
    assert saturdays[1] == 1.0
    assert saturdays[4:] == [0.0, 0.0]


def test_without_a_clock_the_period_is_found_or_none_is_made_up() -> None:
    rng = np.random.default_rng(5)
    rows = np.arange(600)
    wave = (rows % 60 < 20) * 3.0 + 0.2 * rng.normal(size=600)
    assert Season.of(wave, rows.astype(np.float64), civil=False).period == 60.0
    none = Season.of(rng.normal(size=600), rows.astype(np.float64), civil=False)
    assert none.off(1.0, 0.0, 0) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 300), st.integers(0, 2**20))
def test_traits_go_on_from_a_saved_state(cut: int, seed: int) -> None:
    z = np.random.default_rng(seed).normal(size=320).tolist()
    whole = Traits(Season(100.0, 20, by_row=False, weekly=False), 50)
    part = Traits(Season(100.0, 20, by_row=False, weekly=False), 50)
    for row in range(cut):
        whole.push(z[row], float(row))
        part.push(z[row], float(row))
    part = Traits.restored(json.loads(json.dumps(part.state())))
    for row in range(cut, len(z)):
        assert whole.push(z[row], float(row)) == part.push(z[row], float(row))
    assert len(whole.push(0.0, 320.0)) == len(NAMES)


@given(st.floats(0.1, 1e6), st.floats(-1e3, 1e3))
def test_a_gauge_takes_unit_and_origin_off(scale: float, origin: float) -> None:
    values = np.random.default_rng(7).normal(size=100)
    plain, moved = Gauge.of(values), Gauge.of(values * scale + origin * scale)
    assert moved.drawn_in((1.5 + origin) * scale) == pytest.approx(plain.drawn_in(1.5), abs=1e-6)
    assert moved.value(moved.drawn_in(3.0 * scale)) == pytest.approx(3.0 * scale, rel=1e-6)
