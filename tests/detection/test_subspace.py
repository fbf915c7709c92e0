"""The chart of many signals: equal to its definition, blind to units, quiet on normal days, loud when they end."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.subspace import Seen, Subspace
from ecotwin.errors import FigureGap
from ecotwin.records import Floats

NAMES = ("flow", "pressure", "heat", "level", "load", "valve")


def normal(rows: int, seed: int, keep: float = 0.6) -> Floats:
    """Six signals that three slow movements drive, with noise of their own."""
    rng = np.random.default_rng(seed)
    mix = np.array([[1, 0.6, 0, 0.3, 0, 0.4], [0, 0.8, 1, 0, 0.5, 0], [0.2, 0, 0, 1, 0.9, -0.7]])
    drive = np.zeros((rows, 3))
    for n in range(1, rows):
        drive[n] = keep * drive[n - 1] + np.sqrt(1 - keep**2) * rng.standard_normal(3)
    level = np.array([50.0, 8.0, 120.0, 60.0, 30.0, 45.0])
    return np.asarray(level + drive @ mix + 0.25 * rng.standard_normal((rows, 6)), np.float64)


def learned(lags: int = 2, seed: int = 1, table: Floats | None = None) -> Subspace:
    """A chart that has learned 600 rows and settled on 200."""
    chart = Subspace(NAMES, 600, 200, lags)
    for row in normal(800, seed) if table is None else table:
        chart.push(row)
    return chart


def scores(chart: Subspace, table: Floats) -> list[Seen]:
    return [chart.push(row) for row in table]


def test_distances_are_those_of_the_definition() -> None:
    table, new = normal(800, 3), normal(5, 4)
    chart = learned(table=table)
    seen = scores(chart, new)[-1]
    whole = np.vstack([table, new])
    joined = np.hstack([whole[2:], whole[1:-1], whole[:-2]])
    train = joined[:598]
    mean, spread = train.mean(axis=0), train.std(axis=0, ddof=1)
    value, vector = np.linalg.eigh(np.corrcoef(train.T))
    kept = value > (1 + np.sqrt(18 / 598)) ** 2
    assert kept.sum() == chart.kept
    z = (joined[-1] - mean) / spread
    part = z @ vector[:, kept]
    assert seen.t2 == pytest.approx((part**2 / value[kept]).sum(), rel=1e-8)
    assert seen.q == pytest.approx(z @ z - part @ part, rel=1e-8)


@settings(max_examples=15, deadline=None)
@given(
    scale=st.lists(st.floats(1e-3, 1e4), min_size=6, max_size=6),
    shift=st.lists(st.floats(-1e5, 1e5), min_size=6, max_size=6),
)
def test_units_do_not_matter(scale: list[float], shift: list[float]) -> None:
    table, new = normal(800, 5), normal(20, 6)
    plain = scores(learned(1, table=table), new)
    other = scores(learned(1, table=table * scale + shift), new * scale + shift)
    assert [s.score for s in other] == pytest.approx([s.score for s in plain], rel=1e-3)


def test_normal_days_stay_near_the_share_that_was_asked() -> None:
    shares = [
        np.mean([s.over for s in scores(learned(seed=seed), normal(3000, 100 + seed))])
        for seed in range(11, 19)
    ]
    assert 0.003 < np.mean(shares) < 0.025, shares


def test_a_broken_relation_is_seen_that_no_single_signal_shows() -> None:
    chart = learned()
    ill = normal(300, 21)
    ill[:, 4] = (
        2.0 * 30.0 - ill[:, 4]
    )  # the load runs against what drives it, within its own usual range
    assert abs(ill[:, 4].std() - normal(300, 21)[:, 4].std()) < 1e-9
    seen = scores(chart, ill)
    assert np.mean([s.over for s in seen]) > 0.08, "eight times what normal days show"
    assert np.mean(["load" in s.top for s in seen if s.over]) > 0.8


def test_a_stuck_signal_is_named_first() -> None:
    ill = normal(200, 22)
    ill[:, 2] = 126.0
    seen = [s for s in scores(learned(), ill)[5:] if s.over]
    assert len(seen) > 100
    assert np.mean([s.top[0] == "heat" for s in seen]) > 0.8


def test_lags_see_another_rhythm_where_a_plain_chart_does_not() -> None:
    slow, hasty = normal(800, 31, 0.95), normal(1500, 33, 0.0)
    with_lags = np.mean([s.over for s in scores(learned(2, table=slow), hasty)[3:]])
    without = np.mean([s.over for s in scores(learned(0, table=slow), hasty)[3:]])
    assert with_lags > 0.3
    assert with_lags > 5.0 * without


def test_what_comes_later_teaches_nothing_and_takes_no_memory() -> None:
    chart = learned()
    before = chart.state()
    ill = normal(500, 41) + 40.0
    one = scores(chart, ill)
    after = chart.state()
    assert len(json.dumps(after)) < 1.1 * len(json.dumps(before))
    assert before["_limits"] == after["_limits"]
    assert scores(learned(), ill) == one
    assert all(s.over for s in one[3:])


def test_a_saved_chart_goes_on_as_if_nothing_had_happened() -> None:
    table, new = normal(800, 51), normal(40, 52)
    for cut in (1, 300, 600, 700, 800):
        chart = Subspace(NAMES, 600, 200)
        scores(chart, table[:cut])
        other = Subspace(NAMES, 600, 200)
        other.restore(json.loads(json.dumps(chart.state())))
        told = [s.score for s in scores(chart, np.vstack([table[cut:], new]))]
        again = [s.score for s in scores(other, np.vstack([table[cut:], new]))]
        assert np.allclose(told, again, rtol=1e-12, equal_nan=True), cut
        assert chart.ready
    with pytest.raises(FigureGap, match="other columns"):
        Subspace(NAMES[:5], 600, 200).restore(chart.state())


def test_a_gap_is_not_judged_and_a_signal_that_never_moved_is_left_out() -> None:
    table = normal(800, 61)
    table[:, 5] = 7.0
    chart = learned(table=table)
    assert chart.watched == NAMES[:5]
    new = normal(8, 62)
    new[3, 0] = np.nan
    seen = scores(chart, new)
    assert [np.isnan(s.score) for s in seen] == [
        False,
        False,
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert not seen[3].over


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"learn_rows": 20}, "20 rows to learn 18"),
        ({"settle_rows": 5}, "5 rows to settle"),
        ({"lags": -1}, "-1 lags"),
        ({"alarm_share": 0.7}, "alarm share of 0.7"),
        ({"columns": ()}, "no columns"),
    ],
)
def test_what_cannot_be_learned_is_named(words: dict[str, object], text: str) -> None:
    with pytest.raises(FigureGap, match=text):
        Subspace(**({"columns": NAMES, "learn_rows": 600, "settle_rows": 200} | words))  # type: ignore[arg-type]


def test_rows_that_never_move_or_are_too_narrow_are_named() -> None:
    with pytest.raises(FigureGap, match="values that change"):
        learned(table=np.full((800, 6), 3.0))
    with pytest.raises(FigureGap, match="a row of 5 values"):
        Subspace(NAMES, 600, 200).push(np.zeros(5))
