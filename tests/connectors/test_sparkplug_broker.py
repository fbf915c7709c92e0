"""The Sparkplug connector on a real broker, with real edge nodes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs

from conftest import Broker, free_port
from ecotwin.clock import ManualClock
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.sparkplug import Sparkplug
from ecotwin.connectors.sparkplug_arrays import encode_arrays
from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.errors import WireFault, WriteRefused
from ecotwin.plant.model import Signal
from ecotwin.records import Quality, Samples
from sparkplug_peer import LiveNode, wait_for
from wire_plants import oven_signals, plant_of, signal

pytestmark = pytest.mark.broker
NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Twin:
    """A started connector and all that it delivered."""

    def __init__(
        self,
        port: int,
        signals: list[Signal] | None = None,
        *,
        writing: bool = True,
        limits: InletLimits | None = None,
        **options: Any,
    ) -> None:
        wired = {"port": port, "group": "g", "host_id": "h", "reorder_s": 0.3, **options}
        plant = plant_of(signals or oven_signals(), "sparkplug", wired, writing=writing)
        self.connector = Sparkplug(
            plant, plant.connections[0], ManualClock(NOW), settings=limits or InletLimits()
        )
        self.got: list[Samples] = []
        self.connector.start()

    def online(self) -> Twin:
        wait_for(lambda: self.connector.health().state == "online")
        return self

    def until(self, count: int, signal: int = 0) -> Samples:
        """Take until so many samples of a signal are there."""

        def enough() -> bool:
            delivery = self.connector.take(0.05)
            if delivery:
                self.got.append(delivery.samples)
            return sum(int(np.sum(s.signal == signal)) for s in self.got) >= count

        wait_for(enough)
        every = Samples.join(self.got)
        return every.take(every.signal == signal)


@pytest.fixture
def started() -> Iterator[list[Any]]:
    """What a test starts; everything in it is ended."""
    made: list[Any] = []
    yield made
    for one in reversed(made):
        (one.connector.stop if isinstance(one, Twin) else one.close)()


def test_births_and_data_of_three_nodes(broker: Broker, started: list[Any]) -> None:
    signals = [s for i in range(3) for s in oven_signals(f"e{i}", 4 * i)]
    twin = Twin(broker.port, signals).online()
    nodes = [LiveNode(broker.port, f"e{i}").connect() for i in range(3)]
    started += [twin, *nodes]
    for value in range(50):
        for node in nodes:
            node.send(node.data(power=float(value)))
    for i in range(3):
        got = twin.until(51, signal=4 * i)
        assert got.value.tolist() == [1.0, *map(float, range(50))]
        assert np.all(np.diff(got.at) > 0)
    health = twin.connector.health()
    assert (health.refused, health.shed, health.stale) == (0, 0, ())
    assert health.extra["births"] >= 6
    assert health.extra.get("gaps", 0) == 0


def test_a_node_that_was_there_before_us_is_asked_for_its_birth(
    broker: Broker, started: list[Any]
) -> None:
    node = LiveNode(broker.port).connect()
    started.append(node)
    twin = Twin(broker.port)
    started.append(twin)
    assert twin.until(1).value.tolist() == [1.0]
    assert node.rebirths == 1


def test_a_gap_leads_to_a_rebirth_and_recovers(broker: Broker, started: list[Any]) -> None:
    twin, node = Twin(broker.port).online(), LiveNode(broker.port)
    started += [twin, node.connect()]
    node.send(node.data(power=2.0))
    node.data(power=3.0)  # never sent
    node.send(node.data(power=4.0))
    assert twin.until(3).value.tolist()[:3] == [1.0, 2.0, 4.0]
    wait_for(lambda: node.rebirths == 1)
    wait_for(lambda: twin.connector.health().extra["births"] == 4)
    node.send(node.data(power=5.0))
    # The rebirth gives `power` as 1.0 again, at a later time than its first birth did.
    assert twin.until(5).value.tolist() == [1.0, 2.0, 4.0, 1.0, 5.0]
    assert twin.connector.health().extra["gaps"] == 1


def test_the_broken_line_of_a_node_makes_its_values_stale(
    broker: Broker, started: list[Any]
) -> None:
    twin, node = Twin(broker.port).online(), LiveNode(broker.port)
    started += [twin, node.connect()]
    twin.until(1)
    node.disappear()
    got = twin.until(2)
    assert got.quality.tolist() == [Quality.GOOD, Quality.STALE]
    health = twin.connector.health()
    assert health.stale == ("e1",)
    assert "Stale: e1" in health.text
    with pytest.raises(WriteRefused, match="not alive"):
        twin.connector.write("e1_oven_setpoint", 200.0, 60.0)


@pytest.mark.parametrize("aliased", [True, False])
def test_a_write_reaches_the_device_with_its_lease(
    broker: Broker, started: list[Any], aliased: bool
) -> None:
    twin, node = Twin(broker.port).online(), LiveNode(broker.port)
    node.aliased = aliased
    started += [twin, node.connect()]
    twin.until(1)
    twin.connector.write("e1_oven_setpoint", 185.5, 900.0)
    wait_for(lambda: node.commands)
    topic, payload = node.commands[0]
    assert topic == "spBv1.0/g/DCMD/e1/oven"
    assert payload.seq is None
    asked = {m.alias if aliased else m.name: m.value for m in payload.metrics}
    wanted = {3: 1855, 4: 900.0} if aliased else {"setpoint": 1855, "setpoint/lease_s": 900.0}
    assert asked == wanted
    twin.connector.write("e1_oven_setpoint", 200.0, 0.0)
    wait_for(lambda: len(node.commands) == 2)
    assert len(node.commands[1][1].metrics) == 1


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("e1_oven_power", 5.0, "cannot be written"),
        ("nowhere", 5.0, "cannot be written"),
        ("e1_oven_setpoint", float("nan"), "cannot be set"),
        ("e1_oven_setpoint", 185.55, "whole numbers"),
        ("e1_oven_setpoint", 1e6, "cannot take"),
    ],
)
def test_what_must_not_be_written_is_refused(
    broker: Broker, started: list[Any], name: str, value: float, match: str
) -> None:
    twin, node = Twin(broker.port).online(), LiveNode(broker.port)
    started += [twin, node.connect()]
    twin.until(1)
    with pytest.raises(WriteRefused, match=match):
        twin.connector.write(name, value, 60.0)
    time.sleep(0.2)
    assert node.commands == []


def test_writing_is_off_unless_the_plant_file_turns_it_on(
    broker: Broker, started: list[Any]
) -> None:
    twin = Twin(broker.port, writing=False)
    started.append(twin)
    with pytest.raises(WriteRefused, match="writing is off"):
        twin.connector.write("e1_oven_setpoint", 200.0, 60.0)


def test_a_broker_that_is_down_at_the_start_and_again_later(
    broker: Broker, started: list[Any]
) -> None:
    broker.stop()
    before = time.monotonic()
    twin = Twin(broker.port)
    started.append(twin)
    assert time.monotonic() - before < 1.0
    wait_for(lambda: twin.connector.health().state == "offline")
    text = twin.connector.health().text
    assert str(broker.port) in text
    assert "tried again" in text
    assert twin.connector.take(0.01) is None
    broker.start()
    node = LiveNode(broker.port).connect()
    started.append(node)
    twin.online()
    twin.until(1)
    broker.stop()
    wait_for(lambda: twin.connector.health().state == "offline")
    with pytest.raises((WriteRefused, WireFault)):
        twin.connector.write("e1_oven_setpoint", 200.0, 60.0)
    broker.start()
    twin.online()
    wait_for(node.client.is_connected, 30.0)

    def flows() -> bool:
        node.send(node.data(power=8.0))
        return 8.0 in twin.until(1).value

    wait_for(flows, 30.0)


def test_garbage_and_huge_messages_are_counted_and_survived(
    broker: Broker, started: list[Any]
) -> None:
    limits = InletLimits(payload_limit_bytes=50_000)
    with capture_logs() as logs:
        twin, node = Twin(broker.port, limits=limits).online(), LiveNode(broker.port)
        started += [twin, node.connect()]
        twin.until(1)
        node.send(("spBv1.0/g/NDATA/e1", b"\xff" * 60_000))
        node.send(*[("spBv1.0/g/NDATA/e1", b"not sparkplug \xff")] * 20)
        node.send(
            ("spBv1.0/g/NDATA/e1", b""), ("spBv1.0/g/NBIRTH", b""), ("spBv1.0/g/a/b/c/d", b"")
        )
        node.send(node.data(power=3.0))
        assert twin.until(2).value.tolist() == [1.0, 3.0]
    assert twin.connector.health().refused == 22
    refused = [line for line in logs if line["event"] == "message refused"]
    assert 1 <= len(refused) <= 3
    assert "60000 bytes" in refused[0]["reason"]


def test_the_hosts_state_is_told_as_the_specification_asks(
    broker: Broker, started: list[Any]
) -> None:
    heard: list[tuple[dict[str, Any], int, bool]] = []
    listener = mqtt.Client(CallbackAPIVersion.VERSION2)
    subscribed = threading.Event()
    listener.on_subscribe = lambda *_: subscribed.set()
    listener.on_message = lambda _c, _d, m: heard.append((json.loads(m.payload), m.qos, m.retain))
    listener.connect("127.0.0.1", broker.port)
    listener.subscribe("spBv1.0/STATE/h", 1)
    listener.loop_start()
    assert subscribed.wait(5)
    twin = Twin(broker.port).online()
    wait_for(lambda: heard)
    assert heard[0][0]["online"] is True
    assert heard[0][1] == 1
    birth_ms = heard[0][0]["timestamp"]
    assert abs(birth_ms - time.time() * 1000) < 60_000
    # An earlier session's will comes late: it is set right at once.
    listener.publish("spBv1.0/STATE/h", b'{"online": false, "timestamp": 1}', qos=1, retain=True)
    wait_for(lambda: len(heard) >= 3)
    assert heard[2][0] == {"online": True, "timestamp": birth_ms}
    twin.connector.stop()
    wait_for(lambda: len(heard) >= 4)
    assert heard[-1][0]["online"] is False
    assert heard[-1][0]["timestamp"] >= birth_ms
    listener.disconnect()
    listener.loop_stop()
    assert twin.connector.health().state == "finished"


def test_overload_sheds_by_the_rule_and_says_so(broker: Broker, started: list[Any]) -> None:
    limits = InletLimits(queue_samples=1000, batch_samples=400)
    signals = [
        signal(i, f"e1/oven/{n}", f)
        for i, (n, f) in enumerate([("power", "rate"), ("energy", "counter")])
    ]
    with capture_logs() as logs:
        twin, node = Twin(broker.port, signals, limits=limits).online(), LiveNode(broker.port)
        started += [twin, node.connect()]
        sent = 60
        for i in range(sent):
            at = np.arange(100) + node.at_ms + 1 + i * 100
            body = encode_arrays(
                [0, 1] * 50,
                [j + 100.0 * i for j in range(100)],
                at,
                seq=node.next_seq(),
                timestamp=int(at[0]),
            )
            node.send((node.topic("DDATA", "oven"), body))
        wait_for(lambda: twin.connector.health().received == sent * 100 + 2)
    health = twin.connector.health()
    assert health.queued <= 1000
    assert health.shed == sent * 100 + 2 - health.queued
    by = twin.connector.shed_by_signal()
    assert sum(by.values()) == health.shed
    assert by["e1_oven_power"] >= by["e1_oven_energy"]
    warned = [line for line in logs if line["event"].startswith("overload")]
    assert len(warned) >= 1
    got = twin.until(1, signal=1)
    while delivery := twin.connector.take(0.0):
        assert len(delivery.samples) <= 400
        twin.got.append(delivery.samples)
    got = Samples.join(twin.got)
    assert got.value[got.signal == 1][-1] == 100.0 * sent - 1
    assert len(got) + health.shed == health.received


def test_texts_of_a_sign_in_and_of_a_port_nobody_serves(started: list[Any]) -> None:
    twin = Twin(free_port(), username_env="ECOTWIN_TEST_NOT_SET")
    started.append(twin)
    wait_for(lambda: twin.connector.health().state == "offline")
    assert "ECOTWIN_TEST_NOT_SET is not set" in twin.connector.health().text


def test_births_of_what_the_plant_lacks_are_named(broker: Broker, started: list[Any]) -> None:
    twin, node = Twin(broker.port, oven_signals()[:1]).online(), LiveNode(broker.port)
    started += [twin, node.connect()]
    twin.until(1)
    node.send(
        (
            node.topic("DDATA", "oven"),
            encode(Payload((Metric("", 1, DataType.INT8, 2),), 1, node.next_seq())),
        )
    )
    wait_for(lambda: twin.connector.health().extra.get("unplanned") == 1)
    assert "Announced, but not in the plant file: e1/oven/energy" in twin.connector.health().text
