"""The host's knowledge of its edge nodes, as tables of what happens; no network."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.connectors.sparkplug_state import HostState
from ecotwin.errors import PayloadFault
from ecotwin.records import Quality, Samples
from sparkplug_peer import EdgeNode
from wire_plants import oven_signals, plant_of, signal

T0 = 1_767_225_600_000_000
D = DataType


class Host:
    """A host state with a clock of its own that keeps what came out."""

    def __init__(self, signals: Any = None, **options: Any) -> None:
        signals = oven_signals() if signals is None else signals
        self.state = HostState(plant_of(signals, "sparkplug", {}), "line", "g", **options)
        self.now_s = 1000.0
        self.state.connected(self.now_s)
        self.out: list[Samples] = []

    def take(self, *messages: tuple[str, bytes]) -> Samples:
        got = [self.state.receive(*m, self.now_s, self.now_us) for m in messages]
        self.out += got
        return Samples.join(got)

    def wait(self, seconds: float) -> Samples:
        self.now_s += seconds
        self.out.append(self.state.tick(self.now_s, self.now_us))
        return self.out[-1]

    @property
    def now_us(self) -> int:
        return T0 + int(self.now_s * 1e6)

    def asks(self) -> list[str]:
        return self.state.rebirths(self.now_s)


def born(**changes: Any) -> tuple[Host, EdgeNode]:
    host, node = Host(), EdgeNode()
    for name, value in changes.items():
        setattr(node, name, value)
    host.take(*node.births())
    return host, node


@pytest.mark.parametrize("aliased", [True, False])
@pytest.mark.parametrize("bd_type", [D.INT64, D.UINT64])
def test_a_birth_gives_values_and_names(aliased: bool, bd_type: int) -> None:
    host, node = born(aliased=aliased, bd_type=bd_type)
    got = Samples.join(host.out)
    assert got.signal.tolist() == [0, 1, 2, 3]
    assert got.value.tolist() == [1.0, 100.0, 4.0, 2450.0]
    assert set(got.at.tolist()) == {T0}
    got = host.take(node.data(power=-2.5, state=5))
    assert (got.signal.tolist(), got.value.tolist()) == ([0, 2], [-2.5, 5.0])
    assert got.at.tolist() == [T0 + 1_000_000] * 2
    assert host.asks() == []
    assert host.state.edges["e1"].bd_seq == 0


def test_data_before_a_birth_asks_for_one() -> None:
    host, node = Host(), EdgeNode()
    node.births()
    assert len(host.take(node.data(power=1.0))) == 0
    assert host.state.counts["before_birth"] == 1
    host.now_s += 1
    assert host.asks() == ["e1"]
    host.take(*node.births())
    assert host.asks() == []
    assert len(host.take(node.data(power=1.0))) == 1


def test_a_planned_node_that_stays_silent_is_asked_and_ever_less_often() -> None:
    host = Host(rebirth_every_s=5.0)
    asked = []
    for second in range(100):
        if host.asks():
            asked.append(second)
        host.now_s += 1
    assert asked[0] == 1
    gaps = np.diff(asked)
    assert gaps[0] == 5
    assert np.all(np.diff(gaps) > 0)
    assert host.state.unborn() == ("e1",)


def test_messages_out_of_turn_are_put_in_turn() -> None:
    host, node = born()
    first, second, third = (node.data(power=float(i)) for i in range(3))
    assert host.take(first).value.tolist() == [0.0]
    assert len(host.take(third)) == 0
    assert host.take(second).value.tolist() == [1.0, 2.0]
    assert len(host.wait(60)) == 0
    assert (host.asks(), host.state.counts["gaps"]) == ([], 0)


def test_a_gap_is_waited_on_then_jumped_and_a_rebirth_asked_for() -> None:
    host, node = born()
    host.take(node.data(power=1.0))
    node.data(power=2.0)  # lost
    assert len(host.take(node.data(power=3.0), node.data(power=4.0))) == 0
    assert len(host.wait(1.9)) == 0
    assert host.wait(0.2).value.tolist() == [3.0, 4.0]
    assert host.asks() == ["e1"]
    assert host.state.counts["gaps"] == 1
    host.take(*node.births())
    assert host.take(node.data(power=5.0)).value.tolist() == [5.0]
    assert host.state.counts["moved_aliases"] == 0


def test_a_gap_with_very_many_behind_it_does_not_wait() -> None:
    host, node = born()
    node.data(power=1.0)
    sent = [node.data(power=float(i)) for i in range(300)]
    got = host.take(*sent)
    assert got.value.tolist() == [float(i) for i in range(300)]
    assert host.state.counts["gaps"] == 1


def test_aliases_that_moved_in_a_gap_are_counted() -> None:
    host, node = born()
    node.data(power=1.0)
    host.take(node.data(power=1.0))
    host.wait(3)
    node.metrics = (node.metrics[1], node.metrics[0], *node.metrics[2:])
    host.take(*node.births())
    assert host.state.counts["moved_aliases"] == 2
    assert host.take(node.data(power=7.0)).signal.tolist() == [0]


def test_seq_wraps_at_256() -> None:
    host, node = born()
    values = [float(i) for i in range(600)]
    assert host.take(*(node.data(power=v) for v in values)).value.tolist() == values
    assert not host.state.edges["e1"].held


def test_a_nodes_death_marks_its_last_values_stale_once() -> None:
    host, node = born()
    host.take(node.data(power=9.0))
    host.wait(5)
    got = host.take(node.death())
    assert got.signal.tolist() == [0, 1, 2, 3]
    assert got.value.tolist() == [9.0, 100.0, 4.0, 2450.0]
    assert set(got.quality.tolist()) == {Quality.STALE}
    assert set(got.at.tolist()) == {host.now_us}
    assert host.state.stale() == ("e1",)
    assert len(host.take(node.death())) == 0
    assert host.state.counts["ignored_deaths"] == 1
    assert len(host.take(node.data(power=1.0))) == 0


@pytest.mark.parametrize(("told", "dies"), [(0, True), (1, False), (255, False), (None, True)])
def test_only_the_death_of_this_session_counts(told: int | None, dies: bool) -> None:
    host, node = born()
    metrics = () if told is None else (Metric("bdSeq", told, D.UINT64),)
    host.take((node.topic("NDEATH"), encode(Payload(metrics, 5))))
    assert bool(host.state.stale()) == dies
    assert host.state.counts["ignored_deaths"] == (0 if dies else 1)


def test_a_late_death_of_the_session_before_is_ignored() -> None:
    host, node = born()
    old = node.death()
    node.bd_seq = 1
    host.take(*node.births())
    assert len(host.take(old)) == 0
    assert host.state.stale() == ()


def test_a_devices_death_and_its_new_birth() -> None:
    signals = [*oven_signals(), signal(4, "e1/mill/power")]
    host, node = Host(signals), EdgeNode(devices=("oven", "mill"))
    host.take(*node.births())
    got = host.take(node.device_death("oven"))
    assert got.signal.tolist() == [0, 1, 2, 3]
    assert host.state.stale() == ("e1/oven",)
    assert host.state.alive(3) is None
    assert len(host.take(node.data("mill", power=3.0))) == 1
    assert len(host.take(node.data("oven", power=3.0))) == 0
    host.now_s += 1
    assert host.asks() == ["e1"]
    host.take(node.device_birth("oven"))
    assert host.state.stale() == ()
    assert host.state.alive(3) is not None


def test_a_birth_after_a_death_makes_unchanged_values_good_again() -> None:
    host, node = born()
    host.take(node.death())
    node.bd_seq += 1
    node.at_ms = host.now_us // 1000 + 5
    births = node.births()
    # The device repeats the time at which the value last changed, long before its death.
    old = tuple(Metric(n, v, k, node.alias("oven", n), T0 // 1000) for n, k, v in node.metrics)
    births[1] = (births[1][0], encode(Payload(old, node.at_ms, 1)))
    got = host.take(*births)
    assert got.signal.tolist() == [0, 1, 2, 3]
    assert set(got.quality.tolist()) == {Quality.GOOD}
    assert min(got.at.tolist()) > host.now_us - 1000


def test_a_rebirth_does_not_repeat_what_is_known() -> None:
    host, node = born()
    assert len(host.take(*node.births())) == 0
    assert host.state.counts["repeated"] == 4


def test_a_device_that_is_not_born_again_goes_stale() -> None:
    host, node = born()
    node.bd_seq += 1
    host.take(node.births()[0])
    assert len(host.wait(5)) == 0
    got = host.wait(6)
    assert got.signal.tolist() == [0, 1, 2, 3]
    assert set(got.quality.tolist()) == {Quality.STALE}


def test_an_unknown_alias_keeps_the_rest_and_asks_sparingly() -> None:
    host, node = born()
    for _ in range(20):
        metrics = (
            Metric("", 5.0, D.DOUBLE, alias=0, timestamp=node.at_ms),
            Metric("", 5.0, D.DOUBLE, alias=999, timestamp=node.at_ms),
        )
        payload = encode(Payload(metrics, node.at_ms, node.next_seq()))
        assert len(host.take((node.topic("DDATA", "oven"), payload))) == 1
        host.asks()
        host.now_s += 0.5
    assert host.state.counts["unknown_aliases"] == 20
    assert host.state.counts["rebirths_asked"] <= 2


def test_an_alias_claimed_twice_belongs_to_neither() -> None:
    host, node = Host(), EdgeNode()
    births = node.births()
    metrics = tuple(Metric(n, v, k, 7, node.at_ms) for n, k, v in node.metrics[:2])
    births[1] = (births[1][0], encode(Payload(metrics, node.at_ms, 1)))
    assert len(host.take(*births)) == 0
    assert host.state.aliases_twice() == ["e1:7"]
    assert host.asks() == ["e1"]
    host.take(births[0], births[1])
    assert host.asks() == []


def test_what_the_plant_file_lacks_is_counted_and_named() -> None:
    host, node = Host(oven_signals()[:2]), EdgeNode()
    host.take(*node.births())
    assert host.state.unplanned() == ["e1/oven/state", "e1/oven/setpoint"]
    host.take(node.data(power=1.0, state=5))
    assert host.state.counts["unplanned"] == 1


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (D.BOOLEAN, True, 1.0),
        (D.BOOLEAN, False, 0.0),
        (D.INT8, -5, -5.0),
        (D.INT16, -300, -300.0),
        (D.INT32, -70_000, -70_000.0),
        (D.INT64, -(2**40), -(2.0**40)),
        (D.INT64, -1, -1.0),
        (D.UINT64, 2**64 - 2**20, 2.0**64 - 2**20),
        (D.UINT32, 2**32 - 1, 2.0**32 - 1),
        (D.FLOAT, 0.5, 0.5),
        (D.DOUBLE, math.inf, math.inf),
        (D.DOUBLE, None, math.nan),
        (D.STRING, "busy", 5.0),
        (D.STRING, " Idle ", 4.0),
        (D.TEXT, "who knows", None),
    ],
)
@pytest.mark.parametrize("lean", [True, False])
def test_every_datatype_becomes_the_number_it_means(
    kind: int, value: Any, wanted: float | None, lean: bool
) -> None:
    host, node = born(metrics=(("state", kind, value),))
    for got in (
        Samples.join(host.out),
        host.take(node.data(state=value)) if lean else Samples.join(host.out),
    ):
        assert got.value.tolist() == pytest.approx([] if wanted is None else [wanted], nan_ok=True)
    assert bool(host.state.counts["unmapped_texts"]) == (wanted is None)


def test_a_negative_byte_widened_by_a_peer_is_read() -> None:
    """Some peers write Int8 -1 as the 32-bit 0xFFFFFFFF."""
    host, node = born(metrics=(("state", D.INT8, 0),))
    wide = encode(Payload((Metric("", 2**32 - 1, D.UINT32, 0),), node.at_ms + 1, 2), lean=True)
    assert host.take((node.topic("DDATA", "oven"), wide)).value.tolist() == [-1.0]


def test_a_node_may_carry_signals_itself() -> None:
    host = Host([signal(0, "e1/outdoor/temp")])
    metrics = (Metric("bdSeq", 0, D.INT64), Metric("outdoor/temp", 21.5, D.FLOAT, 3))
    got = host.take(("spBv1.0/g/NBIRTH/e1", encode(Payload(metrics, T0 // 1000, 0))))
    assert (got.value.tolist(), got.at.tolist()) == ([21.5], [T0])


def test_after_a_new_connection_everything_is_born_anew() -> None:
    host, node = born()
    host.state.connected(host.now_s)
    assert len(host.take(node.data(power=1.0))) == 0
    assert host.asks() == []
    host.now_s += 1.5
    assert host.asks() == ["e1"]
    host.take(*node.births())
    assert len(host.take(node.data(power=1.0))) == 1


@pytest.mark.parametrize(
    "topic",
    ["x", "spBv1.0/other/NDATA/e1", "spBv1.0/g/NDATA", "spBv1.0/STATE/h", "spBv1.0/g/NDATA/a/b/c"],
)
def test_foreign_topics_change_nothing(topic: str) -> None:
    host, node = born()
    assert len(host.take((topic, node.data(power=1.0)[1]))) == 0
    assert set(host.state.edges) == {"e1"}


def test_an_unreadable_message_changes_nothing() -> None:
    host, node = born()
    for kind in ("NBIRTH", "NDEATH", "NDATA"):
        with pytest.raises(PayloadFault):
            host.take((node.topic(kind), b"\x07garbage"))
    assert host.take(node.data(power=4.0)).value.tolist() == [4.0]


_STEPS = st.lists(
    st.sampled_from(["data", "lose", "swap", "birth", "death", "ddeath", "wait", "again", "other"]),
    max_size=40,
)


@settings(max_examples=60)
@given(_STEPS)
def test_whatever_happens_a_rebirth_heals(steps: list[str]) -> None:
    """No order of messages breaks the state, and after a rebirth data flows again."""
    host, node = born()
    held: tuple[str, bytes] | None = None
    for step in steps:
        if step == "data":
            host.take(node.data(power=1.0))
        elif step == "lose":
            node.data(power=2.0)
        elif step == "swap":
            if held is not None:
                host.take(held)
            held = node.data(power=3.0)
        elif step == "birth":
            host.take(*node.births())
        elif step == "death":
            host.take(node.death())
            node.bd_seq = (node.bd_seq + 1) % 256
        elif step == "ddeath":
            host.take(node.device_death("oven"))
        elif step == "wait":
            host.wait(3.0)
            host.asks()
        elif step == "again":
            host.state.connected(host.now_s)
        else:
            host.take((node.topic("NCMD"), b""))
    host.take(*node.births())
    got = host.take(node.data(power=77.0))
    assert got.value.tolist() == [77.0]
    assert host.state.stale() == ()
