"""Every interlock, asked one by one: what fails it, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from control.oven import BUSY, SIGNAL, Oven, at, order, works
from ecotwin.clock import Period, micros
from ecotwin.control.approval import approve, ask, decline, expire
from ecotwin.control.interlocks import LastWrite, Situation, check
from ecotwin.errors import AccessRefused, WriteRefused
from ecotwin.plant.model import Interlock
from ecotwin.records import Advice, Change, Cost, Quality

YES = SimpleNamespace(allowed=True, why="")
EXHAUST = "oven_1.exhaust_temperature"
NO = SimpleNamespace(allowed=False, why="operators may not approve set-points of the air station")


def failed(plant: Any, made: Any, oven: Oven, minute: float = 0, **more: Any) -> dict[str, str]:
    last = more.pop("last", {})
    now = at(minute)
    checks = check(plant, made, oven.image(now), now, last, more.pop("situation", Situation()))
    assert all(c.text and c.found for c in checks)
    return {c.name: c.found for c in checks if not c.passed}


def test_a_good_order_passes_everything() -> None:
    plant = works()
    oven = Oven(plant)
    checks = check(plant, order(plant), oven.image(at(0)), at(0), {})
    assert all(c.passed for c in checks)
    assert {
        "stop_switch",
        "maintenance_lock",
        "writing",
        "autonomy",
        "bounds",
        "restore",
        "lease",
        "rate",
    } <= {c.name for c in checks}
    assert {"data_age", "not_busy"} <= {c.name for c in checks}


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"value": 20.0}, "bounds", "20 °C"),
        ({"value": float("nan")}, "bounds", "nan"),
        ({"restore": 400.0}, "restore", "400"),
        ({"lease_until": at(200)}, "lease", "200 min"),
        ({"approved_by": "automatic"}, "autonomy", "approve"),
        ({"signal": "oven_1.power"}, "writable", "no `write`"),
        ({"signal": "oven_9.power"}, "writable", "no such signal"),
    ],
)
def test_what_the_order_itself_fails(changes: dict[str, Any], name: str, words: str) -> None:
    plant = works()
    found = failed(plant, order(plant, **changes), Oven(plant))
    assert words in found[name]
    assert list(found) == [name]


def test_what_the_plant_fails() -> None:
    plant = works()
    oven = Oven(plant)
    oven.state = BUSY
    assert failed(plant, order(plant), oven) == {"not_busy": "busy"}
    oven.age_s = 3000.0
    assert {"data_age", "not_busy"} <= set(failed(plant, order(plant), oven))
    assert failed(plant, order(plant), Oven(plant), 28) == {"lease": "its time has passed"}
    stopped = Situation(stopped=True, by="Eve", locked={"line_1": "Ann"})
    found = failed(plant, order(plant), Oven(plant), situation=stopped)
    assert found == {"stop_switch": "stopped by Eve", "maintenance_lock": "SMT line 1: Ann"}


def test_writing_is_off_unless_the_plant_file_turns_it_on() -> None:
    plant = works()
    off = replace(plant, connections=tuple(replace(c, writing=False) for c in plant.connections))
    assert failed(off, order(off), Oven(off)) == {"writing": "off in the plant file"}


def test_automatic_needs_a_watchdog() -> None:
    plant = works(autonomy="automatic", watchdog=False)
    found = failed(plant, order(plant, approved_by="automatic"), Oven(plant))
    assert found == {"watchdog": "no watchdog: it would hold the value"}
    plant = works(autonomy="automatic")
    assert failed(plant, order(plant, approved_by="automatic"), Oven(plant)) == {}
    plant = works(autonomy="observe")
    assert set(failed(plant, order(plant), Oven(plant))) == {"autonomy"}


def test_rate_of_change() -> None:
    plant = works(rate_per_min=10.0)
    oven = Oven(plant)
    assert failed(plant, order(plant, value=236.0), oven) == {}
    assert failed(plant, order(plant, value=230.0), oven) == {"rate": "a step of 15 °C"}
    recent = {SIGNAL: LastWrite(at(-0.5), 240.0)}
    assert failed(plant, order(plant, value=236.0), oven, last=recent) == {
        "rate": "written 30 s ago"
    }


@pytest.mark.parametrize(
    ("lock", "value", "words"),
    [
        (Interlock("cool", "signal", "Below 200 °C", EXHAUST, high=200), 210.0, "210 °C"),
        (Interlock("warm", "signal", "Above 20 °C", EXHAUST, low=20), 10.0, "10 °C"),
        (Interlock("new", "fresh", "It is new", EXHAUST, max_age_s=1.0), 50.0, "5 s old"),
    ],
)
def test_interlocks_of_the_plant_file(lock: Interlock, value: float, words: str) -> None:
    plant = works(interlocks=(lock,))
    now = at(0)
    oven = Oven(plant)
    image = oven.image(now)
    index = plant.signal(EXHAUST).index
    image.value[index] = value
    found = [c for c in check(plant, order(plant), image, now, {}) if not c.passed]
    assert [(c.name, c.found) for c in found] == [(lock.name, words)]
    for bad in (Quality.SUSPECT, Quality.STALE):
        image.quality[index] = bad
        assert any(
            c.name == lock.name for c in check(plant, order(plant), image, now, {}) if not c.passed
        )


def test_calendar_interlock() -> None:
    plant = works(interlocks=(Interlock("pause", "calendar", "Only in breaks"),))
    assert failed(plant, order(plant), Oven(plant), 1) == {}
    early = order(plant, start=at(-60), lease_until=at(-10))
    assert failed(plant, early, Oven(plant), -30) == {"pause": "a shift is working"}


def advice(**changes: Any) -> Advice:
    period = Period(at(0), at(27))
    made = Advice(
        "a1", "idle_off", "oven_1", "Let it sleep", (), (), (Change(SIGNAL, 120.0, period, 245.0),), Cost(),
        at(-60), at(0), period, "approve",
    )  # fmt: skip
    return replace(made, **changes)


def test_approval_makes_orders() -> None:
    plant = works()
    approved, orders = approve(plant, advice(), "Eve", YES, at(-5))
    assert (approved.state, approved.by) == ("approved", "Eve")
    assert [(o.signal, o.value, o.restore, o.start, o.lease_until, o.watchdog) for o in orders] == [
        (SIGNAL, 120.0, 245.0, at(0), at(27), True)
    ]
    assert orders[0].advice == "a1"
    assert orders[0].state == "planned"
    by_hand, none = approve(plant, advice(changes=(), autonomy="advise"), "Eve", YES, at(-5))
    assert (by_hand.state, none) == ("approved", ())


@pytest.mark.parametrize(
    ("changes", "minute", "words"),
    [
        ({"state": "declined"}, -5, "no longer open"),
        ({}, 1, "had to be decided"),
        ({"autonomy": "advise"}, -5, "may not carry out"),
    ],
)
def test_approval_refuses(changes: dict[str, Any], minute: float, words: str) -> None:
    with pytest.raises(WriteRefused, match=words):
        approve(works(), advice(**changes), "Eve", YES, at(minute))


def test_who_may_is_asked_first() -> None:
    with pytest.raises(AccessRefused, match="operators may not"):
        approve(works(), advice(), "Bob", NO, at(-5))
    with pytest.raises(AccessRefused):
        ask(works(), advice().changes[0], "Bob", NO, at(-5))
    assert ask(works(), advice().changes[0], "Eve", YES, at(-5)).advice == ""
    wrong = replace(advice().changes[0], signal="oven_1.power")
    with pytest.raises(WriteRefused, match="cannot be written"):
        ask(works(), wrong, "Eve", YES, at(-5))


def test_declining_and_expiry() -> None:
    said = decline(advice(), "Eve", " trial run at noon ")
    assert (said.state, said.note) == ("declined", "trial run at noon")
    with pytest.raises(WriteRefused, match="no reason"):
        decline(advice(), "Eve", " ")
    with pytest.raises(WriteRefused):
        decline(said, "Eve", "again")
    assert expire(works(), [advice(), said], at(0)) == []
    late = expire(works(), [advice(), said], at(1))
    assert [a.state for a in late] == ["expired"]
    assert late[0].note == "nobody decided by 11:30", "the plant's own time, not UTC"
    night = advice(decide_by=at(14 * 60), proposed_at=at(0))
    assert expire(works(), [night], at(15 * 60))[0].note == "nobody decided by 2026-06-19 01:30"


def test_refusals_speak_the_plants_time_and_say_what_to_do() -> None:
    with pytest.raises(WriteRefused) as late:
        approve(works(), advice(), "Eve", YES, at(7))
    assert late.value.found == ("“Let it sleep” had to be decided by 11:30 and it is now 11:37")
    with pytest.raises(WriteRefused) as gone:
        approve(works(), advice(state="declined", by="Ada"), "Eve", YES, at(-5))
    assert gone.value.found == "“Let it sleep” is declined by Ada and no longer open"
    for fault in (late.value, gone.value):
        assert fault.expected
        assert fault.remedy


def test_a_missing_reading_is_no_fresh_data() -> None:
    plant = works()
    oven = Oven(plant)
    image = oven.image(at(0))
    image.at[:] = 0
    image.value[:] = np.nan
    found = {c.name: c.found for c in check(plant, order(plant), image, at(0), {}) if not c.passed}
    assert found["data_age"] == "no data"
    assert micros(datetime(2026, 6, 18, tzinfo=UTC)) > 0
