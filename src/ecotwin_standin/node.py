"""A Sparkplug B edge node: one MQTT client with its will, its births and its data.

Data that falls due while the broker is away is not held back for later: counters go on, so nothing
is lost of the
amounts, but the samples of that time are missing. The birth after a reconnect tells every present
value.

Sources:
    Eclipse Sparkplug 3.0.0, chapters 5 (operational behaviour) and 6 (payloads).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, decode, encode
from ecotwin.errors import PayloadFault, WireFault
from ecotwin.plant import Signal

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

_log = structlog.get_logger("standin")
REBIRTH = "Node Control/Rebirth"
LEASE = "/lease_s"
_COMPLAIN_S = 10.0
_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Command:
    """Set-points of a device as they came down the wire, in the wire's unit."""

    edge: str
    device: str
    values: dict[str, float]


@dataclass(slots=True)
class Device:
    """A device of an edge node: its metrics in the order of `columns`.

    Attributes:
        columns: Columns of the row of values. names, types, aliases: Of the metrics.
        leases: Set-point names that take a lease -> (alias, signal id).
    """

    name: str
    columns: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    aliases: list[int] = field(default_factory=list)
    leases: dict[str, tuple[int, str]] = field(default_factory=dict)
    alive: bool = False


class BirthNumber:
    """bdSeq kept on disk: one more for every connect, 255 goes to 0."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def next(self) -> int:
        """The number of the next connect, written down before it is used.

        Raises:
            WireFault: It cannot be written.
        """
        try:
            last = int(json.loads(self._path.read_text(encoding="utf-8"))["bdSeq"])
        except (OSError, ValueError, KeyError, TypeError):
            last = -1
        number = (last + 1) % 256
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({"bdSeq": number}), encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            raise WireFault(
                f"the number of births cannot be kept in {self._path}: {error}",
                expected="a folder that can be written",
                remedy="give another folder with --state",
            ) from error
        return number


class EdgeNode:
    """One edge node with its devices.

    Args:
        group, edge: Sparkplug ids. devices: What it speaks for; aliases are unique over all of
            them.
        host, port: The broker. state: Folder that keeps bdSeq.
        command: Called (from the client's thread) with every command. now_ms: The plant's time
            [ms].
    """

    def __init__(
        self,
        group: str,
        edge: str,
        devices: Sequence[Device],
        host: str,
        port: int,
        state: Path,
        command: Callable[[Command], None],
        now_ms: Callable[[], int],
    ) -> None:
        self.group, self.edge = group, edge
        self.devices = {d.name: d for d in devices}
        self._host, self._port = host, port
        self._bd = BirthNumber(state / f"{group}.{edge}.json")
        self._command, self._now_ms = command, now_ms
        self._client: Client | None = None
        self._bd_seq = 0
        self._seq = 0
        self._lock = threading.Lock()
        self.connected = threading.Event()
        self.birth_due = threading.Event()
        self._lost = threading.Event()
        self._reached = True
        self._retry_at = 0.0
        self.published = 0
        self._complained = 0.0
        self._said_down = False

    def _topic(self, kind: str, device: str = "") -> str:
        tail = f"/{device}" if device else ""
        return f"spBv1.0/{self.group}/{kind}/{self.edge}{tail}"

    def connect(self) -> None:
        """Begin to connect; `tend` tries again until the broker takes it."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        self._drop()
        if self._reached:
            self._bd_seq = self._bd.next()
            self._reached = False
        self._lost.clear()
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"standin-{self.group}-{self.edge}",
            clean_session=True,
            reconnect_on_failure=False,
        )
        client.max_queued_messages_set(0)
        client.will_set(self._topic("NDEATH"), self._death(), qos=1, retain=False)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_connect_fail = self._on_fail
        client.on_message = self._on_message
        self._client = client
        client.connect_async(self._host, self._port, keepalive=30)
        client.loop_start()

    def tend(self) -> None:
        """Connect anew after a lost or failed connection; call it now and then."""
        if self._lost.is_set() and time.monotonic() >= self._retry_at:
            self.connect()

    def _death(self) -> bytes:
        return encode(
            Payload(
                (Metric("bdSeq", self._bd_seq, DataType.INT64, timestamp=self._now_ms()),),
                self._now_ms(),
            )
        )

    def _on_connect(
        self, client: Client, _user: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._reached = True
        if reason.is_failure:
            self._say(f"the broker refused: {reason}")
            self._fail()
            return
        client.subscribe(
            [(self._topic("NCMD"), 1), (f"spBv1.0/{self.group}/DCMD/{self.edge}/+", 1)]
        )
        if self._said_down:
            _log.info("broker is back", edge=self.edge)
            self._said_down = False
        for device in self.devices.values():
            device.alive = False
        self.connected.set()
        self.birth_due.set()

    def _on_disconnect(
        self, client: Client, _user: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self.connected.clear()
        if client is self._client:
            if reason.is_failure:
                self._say(f"the connection was lost: {reason}")
            self._fail()

    def _on_fail(self, _client: Client, _user: Any) -> None:
        self._say("no broker answers")
        self._fail()

    def _fail(self) -> None:
        self._retry_at = time.monotonic() + _RETRY_S
        self._lost.set()

    def _say(self, what: str) -> None:
        now = time.monotonic()
        self._said_down = True
        if now - self._complained > _COMPLAIN_S:
            self._complained = now
            _log.warning(
                f"{what}; trying again every few seconds",
                edge=self.edge,
                broker=f"{self._host}:{self._port}",
                remedy="start the broker there, or give --host and --port, or use --broker-inside",
            )

    def _on_message(self, _client: Client, _user: Any, message: MQTTMessage) -> None:
        parts = message.topic.split("/")
        try:
            payload = decode(bytes(message.payload))
        except PayloadFault as fault:
            _log.warning("a command cannot be read", topic=message.topic, reason=fault.found)
            return
        device = parts[4] if len(parts) > 4 else ""
        values = {
            name: value
            for m in payload.metrics
            if (name := self._name(device, m))
            for value in [m.value]
        }
        if not device and values.get(REBIRTH) is True:
            self.birth_due.set()
        numbers = {
            n: float(v)
            for n, v in values.items()
            if isinstance(v, int | float) and not isinstance(v, bool)
        }
        if device in self.devices and numbers:
            self._command(Command(self.edge, device, numbers))

    def _name(self, device: str, metric: Metric) -> str:
        if metric.name or metric.alias is None or device not in self.devices:
            return metric.name
        found = self.devices[device]
        if metric.alias in found.aliases:
            return found.names[found.aliases.index(metric.alias)]
        return next(
            (n + LEASE for n, (alias, _) in found.leases.items() if alias == metric.alias), ""
        )

    def _send(
        self, kind: str, device: str, metrics: tuple[Metric, ...], stamp: int, *, lean: bool = False
    ) -> None:
        client = self._client
        if client is None:
            return
        payload = Payload(metrics, stamp, self._seq)
        self._seq = (self._seq + 1) % 256
        client.publish(self._topic(kind, device), encode(payload, lean=lean), qos=0, retain=False)
        self.published += 1

    def birth(
        self,
        row: Sequence[float],
        silent: Callable[[str], bool],
        leases: Callable[[str], float],
        at_ms: int,
    ) -> None:
        """NBIRTH and every DBIRTH with the present values."""
        with self._lock:
            self.birth_due.clear()
            self._seq = 0
            self._send(
                "NBIRTH",
                "",
                (
                    Metric("bdSeq", self._bd_seq, DataType.INT64, timestamp=at_ms),
                    Metric(REBIRTH, False, DataType.BOOLEAN, timestamp=at_ms),
                ),
                at_ms,
            )
            for device in self.devices.values():
                device.alive = False
                if not silent(device.name):
                    self._device_birth(device, row, leases, at_ms)

    def _device_birth(
        self, device: Device, row: Sequence[float], leases: Callable[[str], float], at_ms: int
    ) -> None:
        metrics = [
            Metric(name, _typed(row[column], kind), kind, alias, at_ms)
            for name, column, kind, alias in zip(
                device.names, device.columns, device.types, device.aliases, strict=True
            )
        ]
        metrics += [
            Metric(name + LEASE, leases(signal), DataType.DOUBLE, alias, at_ms)
            for name, (alias, signal) in device.leases.items()
        ]
        self._send("DBIRTH", device.name, tuple(metrics), at_ms)
        device.alive = True

    def data(
        self,
        device_name: str,
        row: Sequence[float],
        leases: Callable[[str], float],
        at_ms: int,
        only: Sequence[str] = (),
    ) -> None:
        """DDATA of a device, alias only; a device that had died is born again first."""
        if not self.connected.is_set():
            return
        with self._lock:
            device = self.devices[device_name]
            if not device.alive:
                self._device_birth(device, row, leases, at_ms)
                return
            metrics = tuple(
                Metric("", _typed(row[column], kind), kind, alias, at_ms)
                for name, column, kind, alias in zip(
                    device.names, device.columns, device.types, device.aliases, strict=True
                )
                if (not only or name in only) and row[column] == row[column]
            ) + tuple(
                Metric("", leases(signal), DataType.DOUBLE, alias, at_ms)
                for alias, signal in device.leases.values()
            )
            self._send("DDATA", device_name, metrics, at_ms, lean=True)

    def die(self, device_name: str, at_ms: int) -> None:
        """DDEATH of a device."""
        with self._lock:
            device = self.devices[device_name]
            if device.alive and self.connected.is_set():
                self._send("DDEATH", device_name, (), at_ms)
            device.alive = False

    def stop(self) -> None:
        """NDEATH, then a clean disconnect."""
        client = self._client
        if client is not None and self.connected.is_set():
            client.publish(self._topic("NDEATH"), self._death(), qos=1).wait_for_publish(2.0)
        self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.on_connect_fail = None
            client.disconnect()
            client.loop_stop()
        self.connected.clear()


def _typed(value: float, kind: int) -> float | int | None:
    if value != value:  # nothing is measured at the moment
        return None
    return float(value) if kind == DataType.DOUBLE else round(value)


def datatype(signal: Signal) -> int:
    """The Sparkplug datatype of a signal."""
    if signal.form == "state":
        return DataType.INT32
    if signal.means in ("parts_total", "parts_good"):
        return DataType.INT64
    return DataType.DOUBLE
