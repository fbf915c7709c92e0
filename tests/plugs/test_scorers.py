"""The suite every scorer of rows must pass, found by its file or entry point."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.scoring.contract import Scorer
from ecotwin.errors import FigureGap
from ecotwin.plugs import load, names
from ecotwin.records import Floats, Rows

ROOM = "detection.scoring"
SCORERS = tuple(names(ROOM))
COLUMNS = ("flow", "pressure", "power", "heat")


def normal(count: int, seed: int) -> Floats:
    """Rows of four signals that go together and remember what was before."""
    chance = np.random.default_rng(seed)
    hidden = np.zeros((count, 2))
    for i in range(1, count):
        hidden[i] = 0.8 * hidden[i - 1] + chance.normal(size=2)
    mixed = hidden @ np.array([[1.0, 0.5, -0.4, 0.2], [0.1, -0.6, 0.8, 1.0]])
    return np.asarray(mixed + 0.3 * chance.normal(size=(count, 4)), np.float64)


def rows(values: Floats, first: int = 0) -> Rows:
    at = first + np.arange(len(values), dtype=np.float64)
    return Rows(COLUMNS[: values.shape[1]], values, at, tuple(str(int(a)) for a in at), civil=False)


def made(name: str) -> Scorer:
    scorer: Scorer = load(ROOM, name)()
    return scorer


@cache
def _learned(name: str) -> str:
    scorer = made(name)
    scorer.learn(rows(normal(600, 1)))
    return json.dumps(scorer.state())


def learned(name: str) -> Scorer:
    scorer = made(name)
    scorer.restore(json.loads(_learned(name)))
    return scorer


def ill() -> tuple[Floats, Floats]:
    values = normal(300, 2)
    values[150:] += np.array([6.0, 0.0, 6.0, 0.0])
    values[40, 1] = np.nan
    values[60] = np.nan
    at = 600.0 + np.arange(300.0)
    at[200:] += 500.0  # a gap in the clock
    return values, at


def test_some_scorers_were_found() -> None:
    assert {
        "limits", "ewma", "cusum", "shift", "residual", "principal", "variates", "forest", "neural",
        "shape", "spectral",
    } <= set(SCORERS)  # fmt: skip


@pytest.mark.parametrize("name", SCORERS)
def test_its_name_is_its_file(name: str) -> None:
    assert made(name).name == name


@pytest.mark.parametrize("name", SCORERS)
def test_faults_score_higher_than_normal_rows(name: str) -> None:
    scorer = learned(name)
    values, at = ill()
    score = scorer.score(values, at)
    assert score.shape == (300,)
    assert np.nanmin(score) >= 0.0
    assert np.isnan(score[60])
    assert np.nanmedian(score[150:]) > np.nanquantile(score[:150], 0.9)


@pytest.mark.parametrize("name", SCORERS)
@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(1, 299), max_size=8, unique=True))
def test_any_cut_gives_the_same_scores_to_the_last_digit(name: str, cuts: list[int]) -> None:
    values, at = ill()
    whole = learned(name)
    expected = whole.score(values, at)
    parts = whole.parts(values, at)
    scorer = learned(name)
    edges = [0, *sorted(cuts), 300]
    got, adds = [], []
    for first, end in pairwise(edges):
        got.append(scorer.score(values[first:end], at[first:end]))
        adds.append(scorer.parts(values[first:end], at[first:end]))
        fresh = made(name)
        fresh.restore(json.loads(json.dumps(scorer.state())))  # and a restart at every cut
        scorer = fresh
    np.testing.assert_array_equal(np.concatenate(got), expected)
    np.testing.assert_array_equal(np.concatenate(adds), parts)


@pytest.mark.parametrize("name", SCORERS)
def test_rows_one_by_one_give_the_same_scores(name: str) -> None:
    values, at = ill()
    expected = learned(name).score(values[:80], at[:80])
    scorer = learned(name)
    got = [scorer.score(values[i : i + 1], at[i : i + 1])[0] for i in range(80)]
    np.testing.assert_array_equal(np.array(got), expected)


@pytest.mark.parametrize("name", SCORERS)
def test_later_rows_change_nothing_before(name: str) -> None:
    values, at = ill()
    other = values.copy()
    other[200:] = 1e6
    a, b = learned(name).score(values, at), learned(name).score(other, at)
    np.testing.assert_array_equal(a[:200], b[:200])


@pytest.mark.parametrize("name", SCORERS)
def test_its_memory_does_not_grow(name: str) -> None:
    scorer = learned(name)
    values, at = ill()
    scorer.score(values, at)
    first = len(json.dumps(scorer.state()))
    for k in range(5):
        scorer.score(values, at + 1000.0 * (k + 1))
    assert len(json.dumps(scorer.state())) < first * 1.05 + 200


@pytest.mark.parametrize("name", SCORERS)
def test_other_units_change_nothing(name: str) -> None:
    values, at = ill()
    factor, shift = np.array([1000.0, 0.001, 3.6, -1.0]), np.array([50.0, -7.0, 1e4, 0.0])
    other = made(name)
    other.learn(rows(normal(600, 1) * factor + shift))
    expected = learned(name).score(values, at)
    got = other.score(values * factor + shift, at)
    if name in ("forest", "neural"):  # grown by chance: single precision and rounding turn a cut
        same = np.isfinite(expected)
        assert np.corrcoef(got[same], expected[same])[0, 1] > 0.9
    else:
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", SCORERS)
def test_parts_point_at_the_signal_that_is_off(name: str) -> None:
    # One signal alone leaves its range; on the scale of its own noise it is far out.
    scorer = learned(name)
    values = normal(60, 5)
    values[30:, 2] += 15.0
    at = 600.0 + np.arange(60.0)
    scorer.score(values, at)
    parts = scorer.parts(values, at)
    assert parts.shape == (60, 4)
    assert (parts >= 0.0).all()
    named = parts[40:].argmax(axis=1)
    assert (named == 2).mean() > 0.7


BAD: dict[str, Any] = {
    "one row": np.array([[1.0, 2.0, 3.0, 4.0]]),
    "nothing moves": np.ones((300, 4)),
    "nothing there": np.full((300, 4), np.nan),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("name", SCORERS)
def test_it_refuses_what_it_cannot_learn_from(name: str, case: str) -> None:
    with pytest.raises(FigureGap):
        made(name).learn(rows(BAD[case]))


@pytest.mark.parametrize("name", SCORERS)
def test_a_still_and_an_empty_column_are_left_out(name: str) -> None:
    values = normal(600, 3)
    values[:, 1], values[:, 3] = 7.0, np.nan
    scorer = made(name)
    scorer.learn(rows(values))
    assert scorer.columns == ("flow", "power")
    after = normal(50, 4)
    after[:, 1] = 9.0
    score = scorer.score(after, 600.0 + np.arange(50.0))
    assert np.isfinite(score[5:]).all()


@pytest.mark.parametrize("name", SCORERS)
def test_infinite_values_count_as_missing(name: str) -> None:
    values, at = ill()
    values[20, 0] = np.inf
    other = values.copy()
    other[20, 0] = np.nan
    np.testing.assert_array_equal(learned(name).score(values, at), learned(name).score(other, at))


@pytest.mark.parametrize("name", SCORERS)
def test_the_state_of_another_is_refused(name: str) -> None:
    other = next(n for n in SCORERS if n != name)
    with pytest.raises(FigureGap):
        made(name).restore(learned(other).state())
