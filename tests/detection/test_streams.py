"""The judge of one signal: what it promises, what it finds, and that it never looks ahead."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.detection.scoring.streams import ALARM_SHARE, StreamJudge
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Rows
from made_streams import DAY, EVENTS, SORTS, daily, rows_of, sticky

LEARN = 400


def judged(rows: Rows, learn: int = LEARN) -> tuple[Floats, Bools, StreamJudge]:
    judge = StreamJudge()
    judge.learn(rows.part(0, learn))
    scores, over, _ = judge.judge(rows.values[learn:], rows.at_s[learn:])
    return scores, over, judge


def calm(seed: int, rows: int = 900) -> Floats:
    rng = np.random.default_rng([11, seed])
    return 3.0 * daily(rng, rows) + sticky(rng, rows, 0.5)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(LEARN, 899), max_size=4), st.integers(0, 2**20))
def test_any_cut_and_any_stop_give_the_same(cuts: list[int], seed: int) -> None:
    values = calm(seed)
    values[700] += 40.0
    values[600:604] = np.nan
    rows = rows_of(values)
    scores, over, whole = judged(rows)
    judge = StreamJudge()
    judge.learn(rows.part(0, LEARN))
    edges = [LEARN, *sorted(cuts), 900]
    parts = []
    for a, b in pairwise(edges):
        parts.append(judge.judge(rows.values[a:b], rows.at_s[a:b]))
        saved = json.loads(json.dumps(judge.state()))
        judge = StreamJudge()
        judge.restore(saved)
    np.testing.assert_array_equal(np.concatenate([p[0] for p in parts]), scores)
    np.testing.assert_array_equal(np.concatenate([p[1] for p in parts]), over)
    assert judge.state() == json.loads(json.dumps(whole.state()))


@pytest.mark.parametrize(("scale", "origin"), [(1000.0, 0.0), (0.01, 5.0), (1000.0, -7e4)])
def test_units_origin_and_name_do_not_matter(scale: float, origin: float) -> None:
    values = calm(1)
    values[650:] += 8.0
    plain, over, _ = judged(rows_of(values))
    moved, over_moved, _ = judged(rows_of(values * scale + origin, name="other"))
    np.testing.assert_allclose(moved, plain, rtol=0.02, atol=0.02)
    np.testing.assert_array_equal(over, over_moved)


def test_later_rows_change_nothing() -> None:
    values = calm(2)
    other = values.copy()
    other[800:] = 77.0
    one, two = judged(rows_of(values))[0], judged(rows_of(other))[0]
    np.testing.assert_array_equal(one[:400], two[:400])
    assert not np.array_equal(one[400:], two[400:])


def test_the_promise_is_kept_on_streams_without_events() -> None:
    alarms = rows = 0
    for number, make in enumerate(SORTS.values()):
        rng = np.random.default_rng([2026, number])
        found = judged(rows_of(make(rng, 1700)))[1]
        alarms, rows = alarms + int(found.sum()), rows + len(found)
    # 17 expected at most; three standard deviations of a Poisson count above
    assert alarms <= ALARM_SHARE * rows + 3.0 * (ALARM_SHARE * rows) ** 0.5
    assert alarms > 0


@pytest.mark.parametrize("event", EVENTS)
def test_events_of_every_kind_are_found_in_a_smooth_signal(event: str) -> None:
    found = 0
    for seed in range(4):
        rng = np.random.default_rng([5, seed])
        v = 3.0 * daily(rng, 1600) + 0.5 * sticky(rng, 1600, 0.5)
        at = int(rng.integers(1000, 1400))
        over = judged(rows_of(EVENTS[event](rng, v, at, 12.0)), 800)[1]
        found += bool(over[at - 800 : at - 700].any())
    # a straight piece, turned and run backwards, is itself
    assert found >= (2 if event == "backwards" else 4)


def test_one_event_is_one_alarm_and_the_score_stays_high_under_the_limit() -> None:
    values = calm(5)
    values[700:740] += 60.0
    scores, over, _ = judged(rows_of(values))
    first = 700 - LEARN
    assert over[first]
    assert not over[first + 1 : first + 60].any()
    held = scores[first + 1 : first + 20]
    assert (held < 1.0).all()
    assert held.min() > 0.5
    np.testing.assert_array_equal(over, scores >= 1.0)


def test_the_reason_names_what_is_odd() -> None:
    values = calm(6)
    values[700:702] += 60.0
    _, _, judge = judged(rows_of(values, name="power"))
    told = judge.explain(700 - LEARN)
    assert told.subject == "power"
    assert told.why[0].name in ("spike", "spread", "level")
    assert any(reason.name == "spike" for reason in told.why)
    assert told.value >= 1.0
    assert sum(r.weight for r in (*told.why, *told.against)) == pytest.approx(told.value, rel=0.1)


def test_rows_that_do_not_come_are_an_event() -> None:
    values = calm(7)
    empty = values.copy()
    empty[700:720] = np.nan
    over = judged(rows_of(empty))[1]
    assert over[705 - LEARN - 1 : 720 - LEARN].sum() == 1
    rows = rows_of(values)
    gone = replace(rows, at_s=rows.at_s + np.where(np.arange(900) >= 700, 40 * 300.0, 0.0))
    scores, over, judge = judged(gone)
    assert over[700 - LEARN]
    assert scores[700 - LEARN] == pytest.approx(40 / 5)
    assert judge.explain(700 - LEARN).why[0].name == "silence"


def test_a_flat_line_is_found() -> None:
    values = calm(8)
    values[650:760] = values[650]
    _, over, _ = judged(rows_of(values))
    assert over[650 - LEARN : 760 - LEARN].any()


def test_a_signal_that_never_moved_is_told_when_it_moves() -> None:
    values = np.full(900, 45.0)
    scores, over, _ = judged(rows_of(values))
    assert not over.any()
    assert scores.max() < 1.0
    values[800] = 46.0
    assert judged(rows_of(values))[1][800 - LEARN]


def test_a_copy_of_the_day_is_no_event() -> None:
    turn = np.arange(DAY * 8) / DAY * 2.0 * np.pi
    over = judged(rows_of(np.sin(turn) + 0.3 * np.sin(3 * turn)), 3 * DAY)[1]
    assert not over.any()


def test_clocks_of_every_sort_are_taken() -> None:
    values = calm(9)
    rng = np.random.default_rng(1)
    base = rows_of(values)
    for at in (
        np.sort(rng.uniform(0.0, 1e6, 900)),
        np.repeat(base.at_s[::2], 2),
        np.where(np.arange(900) % 100 == 99, base.at_s - 86_400.0, base.at_s),
        np.zeros(900),
    ):
        scores = judged(replace(base, at_s=at))[0]
        assert np.isfinite(scores).all()


def test_what_cannot_be_learned_is_refused() -> None:
    with pytest.raises(FigureGap, match="2 signals"):
        StreamJudge().learn(Rows(("a", "b"), np.zeros((99, 2)), np.arange(99.0), ("",) * 99, False))
    with pytest.raises(FigureGap, match="0 numbers"):
        StreamJudge().learn(rows_of(np.full(200, np.nan)))
    with pytest.raises(FigureGap, match="1 numbers"):
        StreamJudge().learn(rows_of(np.ones(1)))
    with pytest.raises(FigureGap, match="nothing was learned"):
        StreamJudge().judge(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(FigureGap, match="nothing was learned"):
        StreamJudge().state()
    with pytest.raises(FigureGap, match="a state of 'other'"):
        StreamJudge().restore({"name": "other"})
    with pytest.raises(FigureGap, match="alarm share"):
        StreamJudge(0.5)


def test_infinite_values_count_as_missing() -> None:
    values = calm(10)
    values[500], values[501] = np.inf, -np.inf
    scores, _, _ = judged(rows_of(values))
    assert np.isfinite(scores).all()
