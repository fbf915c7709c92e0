"""The exported judge says of rows not seen what the judge itself says, through gaps, jumps of the clock and cuts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.scoring.combined import Combined
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.learning import graphs
from ecotwin.learning.exported import Card, Exported
from ecotwin.learning.judging import EdgeJudge, exported_judge
from ecotwin.records import Floats, Rows

COLUMNS = ("a", "b", "c", "d", "still")
CARD = Card("judge", "judge", COLUMNS)


def rows(seed: int, n: int = 500, *, broken: bool = False) -> Rows:
    """A rig of four signals and one that stands still; broken: faults, gaps, rows without anything, clock jumps."""
    chance = np.random.default_rng(seed)
    hidden = np.cumsum(chance.normal(size=(n, 2)), axis=0) * 0.05 + chance.normal(size=(n, 2))
    mix = np.random.default_rng(9).normal(size=(2, 4))
    values = hidden @ mix + 0.3 * chance.normal(size=(n, 4))
    values = np.column_stack([values * [1.0, 1e3, 1e-4, 7.0] + [0.0, 5e4, 1.0, -3.0], np.ones(n)])
    at = np.arange(n, dtype=np.float64)
    if broken:
        values[300:340, 0] += 8.0
        values[400:, 2] *= 1.0004
        values[chance.random(values.shape) < 0.04] = np.nan
        values[150:155] = np.nan
        at[200:] += 400.0
        at[350:] -= 900.0
    return Rows(COLUMNS, values, at, tuple(str(t) for t in at), False)


def pair(seed: int = 1) -> tuple[Combined, bytes]:
    judge = Combined()
    judge.learn(rows(seed))
    return judge, exported_judge(judge.state(), CARD)


JUDGE, CONTENT = pair()
STATE = JUDGE.state()


def native(told: Rows) -> tuple[Floats, list[tuple[str, ...]]]:
    judge = Combined()
    judge.restore(STATE)
    score, _, top = judge.judge(told.values, told.at_s)
    return score, top


@pytest.mark.parametrize("broken", [False, True])
def test_it_says_what_the_judge_says(broken: bool) -> None:
    later = rows(2, broken=broken)
    expected, named = native(later)
    score, over, top = EdgeJudge(Exported(CONTENT)).judge(later.values, later.at_s)
    assert np.array_equal(np.isnan(score), np.isnan(expected))
    np.testing.assert_allclose(score, expected, rtol=1e-8)
    assert np.array_equal(over, expected > 1.0)
    # Signals that add the very same are in the order of rounding.
    assert np.mean([set(a) == set(b) for a, b in zip(top, named, strict=True)]) > 0.97
    if broken:
        assert over[300:340].mean() > 0.5
        assert np.isnan(score[150:155]).all()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 200), max_size=4), st.integers(0, 50))
def test_a_stream_may_be_cut_anywhere(cuts: list[int], seed: int) -> None:
    later = rows(seed, 200)
    whole = EdgeJudge(Exported(CONTENT)).judge(later.values, later.at_s)[0]
    edge, told = EdgeJudge(Exported(CONTENT)), []
    for first, end in zip([0, *sorted(cuts)], [*sorted(cuts), 200], strict=True):
        told.append(edge.judge(later.values[first:end], later.at_s[first:end])[0])
    np.testing.assert_allclose(np.concatenate(told), whole, rtol=1e-9)


def test_what_has_no_exported_form_is_refused() -> None:
    other = {**STATE, "scorers": {**STATE["scorers"], "forest": {}}}
    with pytest.raises(SettingsFault, match="forest"):
        exported_judge(other, CARD)
    with pytest.raises(FileFault, match="no judge"):
        EdgeJudge(Exported(graphs.linear(np.ones(5), 0.0, Card("m", "reading", COLUMNS))))
