"""Shifts and outliers with known dates, also against dating over the whole series at once."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.changes import OUTLIER, SHIFT, Change, Changes, dated
from ecotwin.errors import FigureGap
from ecotwin.records import Floats
from made_streams import sticky


def found(values: Floats, learn: int = 300) -> list[Change]:
    changes = Changes()
    changes.learn(values[:learn])
    return changes.judge(values[learn:])


@pytest.mark.parametrize("size", [-4.0, 3.0, 8.0])
def test_shifts_are_dated_within_a_few_rows(size: float) -> None:
    dated_well = 0
    for seed in range(40):
        rng = np.random.default_rng([31, seed])
        at = int(rng.integers(50, 400))
        values = rng.normal(size=900)
        values[300 + at :] += size
        shifts = [c for c in found(values) if c.kind == SHIFT]
        near = [c for c in shifts if abs(c.row - at - 1) <= 4]
        if len(near) == 1 and near[0].seen - at < 40:
            dated_well += near[0].after - near[0].before == pytest.approx(size, abs=1.5)
    assert dated_well >= 38


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_visit_is_an_outlier_and_no_shift(rows: int) -> None:
    told = 0
    for seed in range(10):
        values = np.random.default_rng(seed).normal(size=800)
        values[500 : 500 + rows] += 30.0
        near = [c for c in found(values) if abs(c.row - 201) <= 8]
        assert [c.kind for c in near] == [OUTLIER]
        assert near[0].row == 201
        told += 1
    assert told == 10


def test_dates_agree_with_dating_over_the_whole_series() -> None:
    pytest.importorskip("ruptures")
    rng = np.random.default_rng(3)
    values = rng.normal(size=1200)
    values[500:800] += 5.0
    values[800:] -= 4.0
    streamed = [300 + c.row - 1 for c in found(values) if c.kind == SHIFT]
    whole = dated(values)
    assert len(streamed) == len(whole) == 2
    assert np.abs(np.array(streamed) - np.array(whole)).max() <= 4
    assert np.abs(np.array(whole) - [500, 800]).max() <= 2


def test_normal_streams_have_few_shifts() -> None:
    shifts = rows = 0
    for seed in range(4):
        for hold, freedom in ((0.0, 0), (0.0, 3), (0.8, 0)):
            values = sticky(np.random.default_rng([9, seed]), 1500, hold, freedom)
            shifts += sum(c.kind == SHIFT for c in found(values, 400))
            rows += 1100
    # a thousandth, and three standard deviations of a Poisson count
    assert shifts <= rows / 1000 + 3 * (rows / 1000) ** 0.5


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 500), max_size=4), st.integers(0, 2**20))
def test_any_cut_gives_the_same(cuts: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=800)
    values[500:503] += 20.0
    values[600:] += 4.0
    changes = Changes()
    changes.learn(values[:300])
    got: list[Change] = []
    for a, b in pairwise([0, *sorted(cuts), 500]):
        got += changes.judge(values[300 + a : 300 + b])
        changes = Changes.restored(json.loads(json.dumps(changes.state())))
    assert got == found(values)


@given(st.floats(1e-3, 1e4), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_units_and_origin_do_not_matter(scale: float, origin: float) -> None:
    values = np.random.default_rng(5).normal(size=700)
    values[450:] += 4.0
    plain = found(values)
    moved = found((values + origin) * scale)
    assert [(c.kind, c.row, c.seen) for c in plain] == [(c.kind, c.row, c.seen) for c in moved]


def test_bad_input_is_refused_or_passed_over() -> None:
    for bad in (np.full(200, 3.0), np.full(200, np.nan), np.ones(1)):
        with pytest.raises(FigureGap, match="numbers that move"):
            Changes().learn(bad)
    with pytest.raises(FigureGap, match="nothing was learned"):
        Changes().judge(np.zeros(3))
    values = np.random.default_rng(6).normal(size=700)
    values[450:] += 4.0
    values[400:410] = np.nan
    values[411] = np.inf
    shifts = [c for c in found(values) if c.kind == SHIFT]
    assert abs(shifts[0].row - 151) <= 4
