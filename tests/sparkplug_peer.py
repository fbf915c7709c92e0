"""A small Sparkplug edge node for tests: makes messages, and can send them over a real broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, decode, encode

D = DataType
OVEN: tuple[tuple[str, int, Any], ...] = (
    ("power", D.DOUBLE, 1.0),
    ("energy", D.UINT64, 100),
    ("state", D.INT8, 4),
    ("setpoint", D.INT16, 2450),
    ("setpoint/lease_s", D.DOUBLE, 0.0),
)


class EdgeNode:
    """Makes the messages of one edge node with devices, all with the metrics of `OVEN`."""

    def __init__(self, name: str = "e1", devices: Sequence[str] = ("oven",), group: str = "g"):
        self.name = name
        self.devices = list(devices)
        self.group = group
        self.seq = 0
        self.bd_seq = 0
        self.bd_type = D.INT64
        self.aliased = True
        self.metrics = OVEN
        self.at_ms = 1_767_225_600_000

    def topic(self, kind: str, device: str = "") -> str:
        return f"spBv1.0/{self.group}/{kind}/{self.name}" + (f"/{device}" if device else "")

    def alias(self, device: str, name: str) -> int | None:
        names = [m[0] for m in self.metrics]
        found = 100 * self.devices.index(device) + names.index(name)
        return found if self.aliased else None

    def next_seq(self) -> int:
        now, self.seq = self.seq, (self.seq + 1) % 256
        return now

    def births(self) -> list[tuple[str, bytes]]:
        """NBIRTH and every DBIRTH."""
        self.seq = 0
        node = (
            Metric("bdSeq", self.bd_seq, self.bd_type),
            Metric("Node Control/Rebirth", False, D.BOOLEAN),
        )
        sent = [(self.topic("NBIRTH"), encode(Payload(node, self.at_ms, self.next_seq())))]
        return sent + [self.device_birth(device) for device in self.devices]

    def device_birth(self, device: str) -> tuple[str, bytes]:
        metrics = tuple(
            Metric(name, value, kind, self.alias(device, name), self.at_ms)
            for name, kind, value in self.metrics
        )
        return self.topic("DBIRTH", device), encode(Payload(metrics, self.at_ms, self.next_seq()))

    def data(
        self, device: str = "oven", at_ms: int | None = None, **values: Any
    ) -> tuple[str, bytes]:
        """A lean DDATA of some metrics."""
        self.at_ms = at_ms or self.at_ms + 1000
        kinds = {name: kind for name, kind, _ in self.metrics}
        metrics = tuple(
            Metric(name, value, kinds[name], self.alias(device, name), self.at_ms)
            for name, value in values.items()
        )
        payload = Payload(metrics, self.at_ms, self.next_seq())
        return self.topic("DDATA", device), encode(payload, lean=True)

    def death(self) -> tuple[str, bytes]:
        return self.topic("NDEATH"), encode(Payload((Metric("bdSeq", self.bd_seq, self.bd_type),)))

    def device_death(self, device: str) -> tuple[str, bytes]:
        return self.topic("DDEATH", device), encode(Payload((), self.at_ms, self.next_seq()))


class LiveNode(EdgeNode):
    """An edge node on a broker: will, births, rebirth on request, commands kept in `commands`."""

    def __init__(self, port: int, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.port = port
        self.commands: list[tuple[str, Payload]] = []
        self.rebirths = 0
        self.obeys = True
        self._subscribed = threading.Event()
        self.client = self._new_client()

    def _new_client(self) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda c, *_: c.subscribe(
            [
                (f"spBv1.0/{self.group}/NCMD/{self.name}", 1),
                (f"spBv1.0/{self.group}/DCMD/{self.name}/#", 1),
            ]
        )
        client.on_subscribe = lambda *_: self._subscribed.set()
        client.on_message = self._on_message
        return client

    def connect(self, *, birth: bool = True) -> LiveNode:
        self._subscribed.clear()
        self.client.will_set(*self.death(), qos=1)
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        assert self._subscribed.wait(10)
        if birth:
            self.send(*self.births())
        return self

    def send(self, *messages: tuple[str, bytes]) -> None:
        for topic, payload in messages:
            self.client.publish(topic, payload).wait_for_publish(10)

    def disappear(self) -> None:
        """Break the line without a goodbye, so that the broker publishes the will."""
        self.client.loop_stop()
        sock = self.client.socket()
        assert sock is not None
        sock.close()

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        payload = decode(bytes(message.payload))
        if any(m.name == "Node Control/Rebirth" and m.value is True for m in payload.metrics):
            self.rebirths += 1
            if self.obeys:
                for topic, body in self.births():
                    self.client.publish(topic, body)
        else:
            self.commands.append((message.topic, payload))


def wait_for(condition: Callable[[], object], timeout_s: float = 15.0) -> None:
    """Wait until something holds; fails when it does not in time."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)
