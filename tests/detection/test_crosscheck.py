"""Cross-checks of a made net: which kind is told, the same at any cut, in any unit and order."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from ecotwin.detection.crosscheck import (
    KINDS,
    MANIPULATION,
    PROCESS,
    SENSOR,
    CrossCheck,
    Link,
    links_of,
)
from ecotwin.detection.crosscheck.calm import Calm
from ecotwin.detection.crosscheck.event import Event, verdict
from ecotwin.detection.crosscheck.marks import Marks
from ecotwin.detection.crosscheck.relations import Relations
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Balance
from ecotwin.records import Rows
from made_networks import CASES, COLUMNS, LINKS, made
from made_streams import sticky

LEARN, BEGIN, END = 900, 930, 990


@cache
def learned(case: str, seed: int) -> tuple[str, Rows]:
    """State of a check that learned the normal part of a net, as text, and the whole of it."""
    rows = made(case, seed, END, slice(BEGIN, END))
    check = CrossCheck(LINKS)
    check.learn(rows.part(0, LEARN))
    return json.dumps(check.state()), rows


def fresh(case: str, seed: int) -> tuple[CrossCheck, Rows]:
    state, rows = learned(case, seed)
    check = CrossCheck()
    check.restore(json.loads(state))
    return check, rows


@pytest.mark.parametrize(
    "case", ["freeze", "replay of three", "state denied", "weak pump", "more use", "leak"]
)
def test_the_kind_is_told_with_its_signals_and_reasons(case: str) -> None:
    check, rows = fresh(case, 41)
    score, over, kinds = check.judge(rows.values[LEARN:], rows.at_s[LEARN:])
    first = BEGIN - LEARN
    assert over[first : first + 30].any()
    assert not over[:first].any()
    assert score.shape == over.shape == (len(kinds),) == (END - LEARN,)
    told = check.verdict()
    assert told.kind == CASES[case]
    assert set(kinds) <= {*KINDS, ""}
    assert told.signals
    assert set(told.signals) <= set(COLUMNS)
    assert told.why
    assert 0.45 <= told.sure <= 1.0
    assert rows.at_s[BEGIN] - 24 * 3600.0 <= told.began_s <= told.seen_s


def test_any_cut_and_any_stop_give_the_same() -> None:
    whole, rows = fresh("replay of three", 41)
    score, _, kinds = whole.judge(rows.values[LEARN:], rows.at_s[LEARN:])
    check, _ = fresh("replay of three", 41)
    scores, told = [], []
    for a, b in pairwise([LEARN, 901, 935, 950, 951, END]):
        part = check.judge(rows.values[a:b], rows.at_s[a:b])
        scores.append(part[0])
        told += part[2]
        saved = json.loads(json.dumps(check.state()))
        check = CrossCheck()
        check.restore(saved)
    np.testing.assert_array_equal(np.concatenate(scores), score)
    assert told == kinds
    assert check.verdict() == whole.verdict()


def test_units_order_and_names_do_not_matter() -> None:
    check, rows = fresh("bias", 41)
    plain = check.judge(rows.values[LEARN:], rows.at_s[LEARN:])
    order = np.random.default_rng(1).permutation(len(COLUMNS))
    names = tuple(f"x{i}" for i in order)
    moved = replace(rows, columns=names, values=1000.0 * rows.values[:, order])
    links = tuple(
        Link(link.name, {f"x{COLUMNS.index(c)}": w for c, w in link.weights.items()})
        for link in LINKS
    )
    other = CrossCheck(links)
    other.learn(moved.part(0, LEARN))
    score, _, kinds = other.judge(moved.values[LEARN:], moved.at_s[LEARN:])
    np.testing.assert_allclose(score, plain[0], rtol=1e-3, atol=1e-3)
    assert kinds == plain[2]
    lead = check.verdict().signals[0]
    assert other.verdict().signals[0] == f"x{COLUMNS.index(lead)}"


def test_normal_rows_keep_the_promise_in_a_net_without_faults() -> None:
    rows = made("none", 41, LEARN + 500, slice(0, 0))
    check = CrossCheck(LINKS)
    check.learn(rows.part(0, LEARN))
    over = check.judge(rows.values[LEARN:], rows.at_s[LEARN:])[1]
    assert over.sum() <= 3
    if not over.any():
        with pytest.raises(FigureGap, match="no row was odd"):
            check.verdict()


def test_missing_values_are_no_contradiction() -> None:
    check, rows = fresh("none", 42)
    values = rows.values[LEARN:].copy()
    values[10:20, 3] = np.nan
    values[25] = np.nan
    values[30, 0] = np.inf
    score, over, _ = check.judge(values, rows.at_s[LEARN:])
    assert np.isfinite(score).all()
    assert not over[:31].any()


def test_a_leak_opens_one_balance_towards_a_loss_and_a_meter_otherwise() -> None:
    def said(**links: tuple[int, int]) -> dict[str, float]:
        event = Event(1, 20, 0.0, 0.0, rows=20)
        for name, (rows, losses) in links.items():
            event.links[name], event.losses[name] = rows, losses
        event.restored[0], event.none = 10, 10
        told = verdict(event, ("a", "b"), np.zeros(2, np.bool_))
        assert Event.of(json.loads(json.dumps(event.state()))) == event
        return {told.kind: told.sure}

    assert said(site=(20, 20))["process"] > 0.55
    assert said(site=(20, 0))["sensor"] > 0.7
    plain = said()
    assert list(plain) == [SENSOR]  # the balance towards a loss turned it
    assert said(site=(20, 0), hall=(20, 20))["sensor"] > plain[SENSOR]


def test_a_signal_recorded_in_coarser_steps_does_not_stand_still() -> None:
    rng = np.random.default_rng(8)
    x = np.column_stack([sticky(rng, 900, 0.95) for _ in range(3)])
    marks = Marks(3)
    marks.learn(x[:600])
    step = 2.0 * float(x[:, 0].std())
    later = x[600:].copy()
    later[:, 0] = np.round(later[:, 0] / step) * step
    runs = np.diff(np.flatnonzero(np.diff(later[:, 0])))
    assert runs.max() > 12  # it does stand, longer than would be told in the learned steps
    assert not any(marks.push(row).still for row in later[12:])
    coarse = (
        np.round(x / step) * step
    )  # so it always came: then standing still is judged as it stood
    same = Marks(3)
    same.learn(coarse[:600])
    for row in coarse[600:]:
        same.push(row)
    assert [same._coarser(place) for place in range(3)] == [0.0, 0.0, 0.0]
    frozen = x[600:].copy()
    frozen[100:, 1] = frozen[100, 1]
    again = Marks(3)
    again.learn(x[:600])
    told = [list(again.push(row).still) for row in frozen]
    assert told[106] == [1]
    assert not any(told[:104])


def test_the_distance_without_a_signal_is_that_of_the_others_alone() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(900, 3)) @ rng.normal(size=(3, 3)) + rng.normal(size=(900, 3))
    relations = Relations(3)
    relations.learn(np.asarray(x, np.float64))
    row = relations.push(np.array([4.0, -1.0, 2.0]))[0]
    covariance = np.linalg.inv(relations.precisions[0])
    off = row - relations.centres[0]
    for gone in range(3):
        kept = [i for i in range(6) if i % 3 != gone]
        alone = off[kept] @ np.linalg.inv(covariance[np.ix_(kept, kept)]) @ off[kept]
        assert relations.without(0, row)[gone] == pytest.approx(alone, rel=1e-8)
        assert relations.distance(0, row, (gone,)) == pytest.approx(alone, rel=1e-8)


def test_smoothed_rows_count_for_as_many_as_are_independent() -> None:
    numbers = np.random.default_rng(4).normal(size=480).tolist()
    at_once, slow = Calm(numbers, 1.0), Calm(numbers, 1.0 / 24.0)
    most = max(numbers)
    assert slow.surprise(most) == pytest.approx(np.log(480 / 48 + 1))
    assert at_once.surprise(most) > slow.surprise(most)
    assert slow.surprise(most + 3.0) > slow.surprise(most + 1.0) > slow.surprise(most)


def test_links_are_the_balances_of_the_plant_file_whose_meters_are_there() -> None:
    balances = (
        Balance("b1", "Site", "electricity", "site", ("m0",), ("m1", "b2")),
        Balance("b2", "Hall", "electricity", "hall", ("m2",), ("m3",)),
        Balance("b3", "Cell", "electricity", "cell", ("b2",), ("m9",)),
    )
    found = links_of(balances, ("m0", "m1", "m2", "m3"))
    assert [link.name for link in found] == ["Site", "Hall"]
    with_cell = links_of(balances, ("m0", "m1", "m2", "m3", "m9"))[-1]
    assert dict(with_cell.weights) == {"m2": 1.0, "m3": -1.0, "m9": -1.0}


def test_what_cannot_be_learned_is_refused() -> None:
    rows = made("none", 1, 300, slice(0, 0))
    with pytest.raises(FigureGap, match="1 signals that move"):
        CrossCheck().learn(rows.of(COLUMNS[:1]))
    with pytest.raises(FigureGap, match="in 40 rows"):
        CrossCheck().learn(rows.part(0, 40))
    with pytest.raises(FigureGap, match="0 signals that move"):
        CrossCheck().learn(replace(rows, values=np.full_like(rows.values, np.nan)))
    with pytest.raises(FigureGap, match="needs gone"):
        CrossCheck((Link("x", {"gone": 1.0, "main": -1.0}),)).learn(rows)
    with pytest.raises(FigureGap, match="nothing was learned"):
        CrossCheck().judge(rows.values, rows.at_s)
    with pytest.raises(FigureGap, match="a state of"):
        CrossCheck().restore({"name": "streams"})


def test_every_kind_is_a_case() -> None:
    assert set(CASES.values()) == {SENSOR, PROCESS, MANIPULATION}
