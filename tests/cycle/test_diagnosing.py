"""Findings get causes, keep them, ask again as time goes on, learn from people, and go on after a restart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from detection.plant_minutes import works
from ecotwin.clock import Period
from ecotwin.cycle.diagnosing import Diagnosing
from ecotwin.detection.contract import Expected
from ecotwin.records import Window
from maintenance.test_clues import AIR, ARRAYS, END, ONSET, _days, late_of, leak

asked: list[Period] = []


def read(signals: tuple[int, ...], period: Period, step_s: int) -> Window:
    """The made days with a leak in them, cut to what was asked for."""
    asked.append(period)
    whole, _ = _days()
    cut: dict[str, Any] = {n: getattr(whole, n)[:, signals].copy() for n in ARRAYS}
    made = replace(whole, signals=signals, **cut)
    leak(made, late_of(made))
    assert step_s == made.step_s
    return made


def nothing(window: Window) -> Expected:
    raise AssertionError("a flow needs no expected power")


def new() -> Diagnosing:
    asked.clear()
    return Diagnosing(works(), read, nothing)


def test_a_finding_gets_its_causes_once_and_again_when_it_has_lasted() -> None:
    room = new()
    young = replace(AIR, last_at=ONSET + timedelta(minutes=30))
    (first,) = room.with_causes([young], ONSET + timedelta(minutes=30))
    assert sum(c.sure or 0 for c in first.causes) == pytest.approx(1.0)
    room.with_causes([replace(young, last_at=ONSET + timedelta(minutes=50))], END)
    assert len(asked) == 1, "asked again only after an hour"
    (later,) = room.with_causes([AIR], END)
    assert len(asked) == 2
    assert later.causes[0].subject == "leak"
    assert room.as_told([AIR])[0].causes == later.causes


def test_nothing_is_said_before_a_minute_has_closed() -> None:
    (found,) = new().with_causes([AIR], None)
    assert found.causes == ()
    assert asked == []


def test_an_alarm_that_was_told_at_once_gets_its_causes_with_the_next_minute() -> None:
    room = new()
    room.with_causes([AIR], None)
    (told,) = room.changed([AIR], END)
    assert told.causes
    assert room.changed([AIR], END) == []


def test_a_closed_finding_is_remembered_by_the_next() -> None:
    room = new()
    room.with_causes([replace(AIR, state="closed")], END)
    (again,) = room.with_causes([replace(AIR, id="next", onset=ONSET + timedelta(hours=20))], END)
    assert again.recurred == 1
    told = [r.text for c in again.causes for r in (*c.why, *c.against)]
    assert any("found once before" in t for t in told)


def test_what_a_person_told_moves_the_next_of_its_kind() -> None:
    room = new()
    before = {c.subject: c.sure or 0 for c in room.with_causes([AIR], END)[0].causes}
    for _ in range(4):
        room.learn(AIR, "wear")
    other = replace(AIR, id="other")
    after = {c.subject: c.sure or 0 for c in room.with_causes([other], END)[0].causes}
    assert after["wear"] > 2 * before["wear"]
    assert after["leak"] < before["leak"]


def test_a_restart_changes_nothing() -> None:
    one, other = new(), new()
    one.learn(AIR, "leak")
    told = one.with_causes([AIR], END)
    one.with_causes([replace(AIR, id="gone", state="closed")], END)
    other.restore(json.loads(json.dumps(one.state())))
    assert other.as_told([AIR]) == one.as_told([AIR])
    assert other.state() == one.state()
    assert one.as_told([AIR])[0].causes == told[0].causes


def test_a_new_most_likely_cause_is_told() -> None:
    room = new()
    room.with_causes([replace(AIR, last_at=ONSET + timedelta(minutes=30))], ONSET)
    for _ in range(60):
        room.learn(AIR, "wear")
    (told,) = room.changed([AIR], END)
    assert told.causes[0].subject == "wear"
    assert room.changed([AIR], END) == [], "said once"
