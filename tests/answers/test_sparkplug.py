"""Sequence and session numbers as Sparkplug 3.0 counts them: what the host awaits and what a node sends.

Sources:
    Eclipse Sparkplug 3.0 specification, chapters on topics and payloads.
"""

from __future__ import annotations

from pathlib import Path

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.connectors.sparkplug_state import HostState
from ecotwin_standin.node import BirthNumber
from sparkplug_peer import EdgeNode
from wire_plants import oven_signals, plant_of

NOW_US = 1_767_225_600_000_000


def host() -> HostState:
    state = HostState(plant_of(oven_signals(), "sparkplug", {}), "line", "g")
    state.connected(1000.0)
    return state


def take(state: HostState, message: tuple[str, bytes]) -> int:
    """How many samples a message brought at once."""
    return len(state.receive(*message, 1000.0, NOW_US))


def node_data(node: EdgeNode) -> tuple[str, bytes]:
    payload = Payload((Metric("load", 1.0, DataType.DOUBLE),), node.at_ms, node.next_seq())
    return node.topic("NDATA"), encode(payload, lean=True)


def test_the_number_after_255_is_0() -> None:
    """Vector sp-01."""
    state, node = host(), EdgeNode()
    for message in node.births():
        take(state, message)
    while state.edges["e1"].next_seq != 255:
        assert take(state, node.data(power=float(node.seq))) == 1
    take(state, node_data(node))  # bears 255
    assert state.edges["e1"].next_seq == 0
    assert node.seq == 0
    take(state, node_data(node))
    assert state.edges["e1"].next_seq == 1
    assert state.counts["gaps"] == 0
    assert not state.edges["e1"].held


def test_a_node_and_its_devices_share_one_number() -> None:
    """Vector sp-02: each message is taken at once, so the host awaited the very number it bears."""
    state, node = host(), EdgeNode(devices=("oven", "mill"))
    sent = [*node.births(), node_data(node), node.data("oven", power=2.0)]
    assert [topic.split("/")[2] for topic, _ in sent] == [
        "NBIRTH",
        "DBIRTH",
        "DBIRTH",
        "NDATA",
        "DDATA",
    ]
    taken = []
    for message in sent:
        take(state, message)
        after = state.edges["e1"].next_seq
        assert after is not None
        taken.append(after - 1)
        assert not state.edges["e1"].held
    assert taken == [0, 1, 2, 3, 4]
    assert take(state, node.data("mill", power=1.0)) == 0  # not in the plant file, but in turn
    assert state.edges["e1"].next_seq == 6


def test_a_device_with_a_number_of_its_own_is_out_of_turn() -> None:
    state, node = host(), EdgeNode()
    for message in node.births():
        take(state, message)
    node.seq = 0  # a device that counts for itself
    assert take(state, node.data(power=1.0)) == 0
    assert state.edges["e1"].held


def test_a_rebirth_keeps_the_session_and_a_connect_begins_one(tmp_path: Path) -> None:
    """Vector sp-03."""
    state, node, numbers = host(), EdgeNode(), BirthNumber(tmp_path / "node.json")
    seen = []

    def births() -> None:
        for message in node.births():
            take(state, message)
        seen.append(state.edges["e1"].bd_seq)

    node.bd_seq = numbers.next()  # connect
    first_will = node.death()
    births()
    births()  # a rebirth asked for by NCMD: the same MQTT session
    node.bd_seq = BirthNumber(tmp_path / "node.json").next()  # reconnect, after a restart even
    births()
    assert seen == [0, 0, 1]
    take(state, first_will)
    assert state.stale() == (), "the will of the session before ends nothing"
    take(state, node.death())
    assert state.stale() == ("e1",)
