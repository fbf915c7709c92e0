"""Dispatch as tables of ticks: what the machine does, what dispatch writes, what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from control.oven import BUSY, IDLE, Oven, at, order, works
from ecotwin.control.dispatch import Dispatch
from ecotwin.errors import WriteRefused

Row = tuple[float, dict[str, Any], list[tuple[float, float]], list[str], str]
"""Minute, what happens to the oven before, writes (value, lease [s]), kinds of receipts, state of the order after."""

QUIET: list[tuple[float, float]] = []

RUNS: dict[str, list[Row]] = {
    "a whole run: sent, confirmed, lease renewed, brought back, read back": [
        (-1, {}, [], [], "planned"),
        (0, {}, [(120, 600)], ["sent"], "sent"),
        (0.5, {}, [], ["confirmed"], "confirmed"),
        (4, {}, [], [], "confirmed"),
        (6, {}, [(120, 600)], [], "confirmed"),
        (12, {}, [(120, 600)], [], "confirmed"),
        (18, {}, [(120, 540)], [], "confirmed"),
        (23, {}, [], [], "confirmed"),
        (26.5, {}, [], [], "confirmed"),
        (27, {"watchdog": False}, [(245, 0)], [], "confirmed"),
        (27.5, {}, [], ["restored"], "restored"),
    ],
    "it waits for the oven to run empty": [
        (0, {"state": BUSY}, [], [], "planned"),
        (3, {}, [], [], "planned"),
        (4, {"state": IDLE}, [(120, 600)], ["sent"], "sent"),
        (5, {}, [], ["confirmed"], "confirmed"),
    ],
    "it does not wait for ever": [
        (0, {"state": BUSY}, [], [], "planned"),
        (10, {}, [], ["refused"], "refused"),
    ],
    "data too old: not written, and refused when it stays so": [
        (0, {"age_s": 500.0}, [], [], "planned"),
        (9, {}, [], [], "planned"),
        (10, {}, [], ["refused"], "refused"),
    ],
    "the machine does not show the value: failed and brought back": [
        (0, {"deaf": True}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], [], "sent"),
        (2, {}, [(245, 0)], ["failed"], "failed"),
        (2.5, {}, [], ["restored"], "restored"),
    ],
    "the line breaks while sending: failed, brought back when it is mended": [
        (0, {"cut": True}, [], ["failed", "failed"], "failed"),
        (1, {"value": 120.0}, [], [], "failed"),
        (3, {"cut": False}, [(245, 0)], [], "failed"),
        (3.5, {}, [], ["restored"], "restored"),
    ],
    "it goes back by itself: told, and left alone": [
        (0, {}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], ["confirmed"], "confirmed"),
        (2, {"value": 245.0}, [], ["fell_back"], "restored"),
    ],
    "somebody sets another value at the machine: left alone": [
        (0, {}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], ["confirmed"], "confirmed"),
        (2, {"value": 200.0}, [], ["fell_back"], "failed"),
    ],
    "data goes stale on the lease: no renewal, brought back, said": [
        (0, {}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], ["confirmed"], "confirmed"),
        (6, {"age_s": 300.0}, [(245, 0)], ["failed"], "failed"),
        (6.5, {}, [], [], "failed"),
        (8, {}, [(245, 0)], ["failed"], "failed"),
        (9, {"age_s": 5.0}, [], ["restored"], "restored"),
    ],
    "an interlock breaks on the lease: brought back": [
        (0, {}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], ["confirmed"], "confirmed"),
        (3, {"state": BUSY}, [(245, 0)], ["failed"], "failed"),
        (4, {}, [], ["restored"], "restored"),
    ],
    "the old value does not come: tried over and over, said once": [
        (0, {"watchdog": False}, [(120, 600)], ["sent"], "sent"),
        (1, {}, [], ["confirmed"], "confirmed"),
        (26, {}, [(120, 60)], [], "confirmed"),
        (27, {"deaf": True}, [(245, 0)], [], "confirmed"),
        (29, {}, [(245, 0)], ["failed"], "failed"),
        (31, {}, [(245, 0)], [], "failed"),
        (33, {"deaf": False}, [(245, 0)], [], "failed"),
        (34, {}, [], ["restored"], "restored"),
    ],
    "its time passed while nobody looked": [(30, {}, [], ["refused"], "refused")],
}


def state_now(dispatch: Dispatch, seen: dict[str, str]) -> str:
    seen.update({o.id: o.state for o in dispatch.living})
    return seen["o1"]


@pytest.mark.parametrize(
    "restart", [False, True], ids=["running through", "restarted at each tick"]
)
@pytest.mark.parametrize("name", RUNS)
def test_table_of_ticks(name: str, restart: bool) -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    states = {"o1": "planned"}
    for minute, happens, writes, kinds, state in RUNS[name]:
        for key, value in happens.items():
            setattr(oven, key, value)
        if restart:
            saved = json.loads(json.dumps(dispatch.state()))
            dispatch = Dispatch(plant, oven.write)
            dispatch.restore(saved)
        oven.writes.clear()
        image = oven.image(at(minute))
        done = dispatch.tick(at(minute), image)
        states.update({o.id: o.state for o in done.orders})
        said = [(value, lease) for _, value, lease in oven.writes]
        assert (said, [r.kind for r in done.receipts]) == (writes, kinds), (name, minute, done)
        assert state_now(dispatch, states) == state, (name, minute)
    if RUNS[name][-1][4] in ("restored", "refused"):
        assert not dispatch.living


def test_a_crash_right_after_the_write_forgets_nothing() -> None:
    """The journal is written before the wire: whatever happens after, the order is looked at again."""
    plant = works()
    oven = Oven(plant)
    kept: list[dict[str, Any]] = []
    dispatch = Dispatch(plant, oven.write, journal=lambda s: kept.append(json.loads(json.dumps(s))))
    dispatch.add(order(plant))
    dispatch.tick(at(0), oven.image(at(0)))
    assert oven.value == 120.0
    born_again = Dispatch(plant, oven.write)
    born_again.restore(kept[-1])
    done = born_again.tick(at(0.5), oven.image(at(0.5)))
    assert [r.kind for r in done.receipts] == ["confirmed"]


def test_down_past_the_end_of_the_lease_and_no_watchdog() -> None:
    plant = works(watchdog=False)
    oven = Oven(plant, watchdog=False)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    dispatch.tick(at(0), oven.image(at(0)))
    dispatch.tick(at(1), oven.image(at(1)))
    assert oven.writes == [(0, 120.0, 27 * 60)], "no watchdog: one write for the whole lease"
    later = Dispatch(plant, oven.write)
    later.restore(dispatch.state())
    later.tick(at(300), oven.image(at(300)))
    done = later.tick(at(301), oven.image(at(301)))
    assert oven.value == 245.0
    assert [r.kind for r in done.receipts] == ["restored"]


def test_a_planned_order_found_written_after_its_lease_is_brought_back() -> None:
    plant = works()
    oven = Oven(plant, watchdog=False)
    oven.value = 120.0
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    assert [r.kind for r in dispatch.tick(at(40), oven.image(at(40))).receipts] == ["failed"]
    assert [r.kind for r in dispatch.tick(at(41), oven.image(at(41))).receipts] == ["restored"]
    assert oven.value == 245.0


def test_a_twin_that_dies_leaves_the_oven_to_its_watchdog() -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write, term_s=300)
    dispatch.add(order(plant))
    dispatch.tick(at(0), oven.image(at(0)))
    dispatch.tick(at(0.5), oven.image(at(0.5)))
    oven.image(at(5.1))
    assert oven.value == 245.0, "back within the term, long before the lease ends"


def test_emergency_stop_brings_all_back_and_starts_nothing() -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    dispatch.add(order(plant, id="o2", start=at(60), lease_until=at(80)))
    dispatch.tick(at(0), oven.image(at(0)))
    dispatch.tick(at(1), oven.image(at(1)))
    done = dispatch.stop(at(2), oven.image(at(2)), "Eve")
    assert {r.order: r.kind for r in done.receipts} == {"o1": "failed", "o2": "refused"}
    assert "Eve" in done.receipts[0].text
    done = dispatch.tick(at(3), oven.image(at(3)))
    assert [r.kind for r in done.receipts] == ["restored"]
    assert oven.value == 245.0
    dispatch.add(order(plant, id="o3", start=at(10), lease_until=at(25)))
    again = Dispatch(plant, oven.write)
    again.restore(json.loads(json.dumps(dispatch.state())))
    assert [r.kind for r in again.tick(at(10), oven.image(at(10))).receipts] == ["refused"]
    again.resume()
    again.add(order(plant, id="o4", start=at(11), lease_until=at(25)))
    assert [r.kind for r in again.tick(at(11), oven.image(at(11))).receipts] == ["sent"]


def test_a_maintenance_lock_brings_back_and_refuses() -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    dispatch.tick(at(0), oven.image(at(0)))
    dispatch.lock("line_1", "Ann")
    done = dispatch.tick(at(1), oven.image(at(1)))
    assert [r.kind for r in done.receipts] == ["failed"]
    assert "Ann" in done.receipts[0].text
    dispatch.tick(at(2), oven.image(at(2)))
    dispatch.add(order(plant, id="o2", start=at(3)))
    assert [r.kind for r in dispatch.tick(at(3), oven.image(at(3))).receipts] == ["refused"]
    dispatch.unlock("line_1")
    dispatch.add(order(plant, id="o3", start=at(4)))
    assert [r.kind for r in dispatch.tick(at(4), oven.image(at(4))).receipts] == ["sent"]


def test_orders_that_overlap_are_refused() -> None:
    plant = works()
    dispatch = Dispatch(plant, Oven(plant).write)
    dispatch.add(order(plant))
    for start, end in ((-5, 1), (26, 40), (5, 6), (-5, 90)):
        with pytest.raises(
            WriteRefused, match="already has an order that Eve approved, until 11:57"
        ):
            dispatch.add(order(plant, id="o2", start=at(start), lease_until=at(end)))
    dispatch.add(order(plant, id="o2", start=at(27), lease_until=at(40)))
    with pytest.raises(WriteRefused, match="already taken"):
        dispatch.add(order(plant))
    with pytest.raises(WriteRefused, match="planned"):
        dispatch.add(order(plant, id="o9", state="sent", start=at(100), lease_until=at(110)))


def test_of_orders_taken_together_all_are_taken_or_none() -> None:
    plant = works()
    dispatch = Dispatch(plant, Oven(plant).write)
    first, clash = order(plant), order(plant, id="o2", start=at(5), lease_until=at(6))
    with pytest.raises(WriteRefused, match="already has an order"):
        dispatch.add(first, clash)
    assert not dispatch.living
    later = order(plant, id="o2", start=at(27), lease_until=at(40))
    dispatch.add(first, later)
    assert [o.id for o in dispatch.living] == ["o1", "o2"]


def test_cancelling() -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    dispatch.add(order(plant, id="o2", start=at(60), lease_until=at(80)))
    assert [r.kind for r in dispatch.cancel("o2", at(0), "Eve").receipts] == ["refused"]
    dispatch.tick(at(0), oven.image(at(0)))
    assert [r.kind for r in dispatch.cancel("o1", at(1), "Eve").receipts] == ["failed"]
    assert [r.kind for r in dispatch.tick(at(2), oven.image(at(2))).receipts] == ["restored"]
    with pytest.raises(WriteRefused, match=r"no order .* planned or running"):
        dispatch.cancel("o1", at(3), "Eve")


def test_a_set_point_told_only_on_change_still_comes_to_its_end() -> None:
    plant = works()
    oven = Oven(plant)
    oven.shown_at, oven.deaf = at(-30), True
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant))
    kinds = []
    for minute in (0, 1, 2, 3, 4, 5):
        kinds += [r.kind for r in dispatch.tick(at(minute), oven.image(at(minute))).receipts]
    assert kinds == ["sent", "failed", "restored"]


def test_two_orders_one_after_the_other() -> None:
    plant = works()
    oven = Oven(plant)
    dispatch = Dispatch(plant, oven.write)
    dispatch.add(order(plant, lease_until=at(5)))
    dispatch.add(order(plant, id="o2", start=at(8), lease_until=at(12)))
    kinds: dict[str, list[str]] = {"o1": [], "o2": []}
    for half in range(30):
        minute = half / 2
        for receipt in dispatch.tick(at(minute), oven.image(at(minute))).receipts:
            kinds[receipt.order].append(receipt.kind)
    assert kinds["o1"] in (["sent", "confirmed", "restored"], ["sent", "confirmed", "fell_back"])
    assert kinds["o2"] in (["sent", "confirmed", "restored"], ["sent", "confirmed", "fell_back"])
    assert oven.value == 245.0
    assert replace(order(plant)).id == "o1"
