"""Sparkplug B over MQTT, as a host application: births, data and deaths in, device commands out.

Connection options: `host`, `port` (1883, with TLS 8883), `group`, `host_id` (ecotwin-<plant>),
`username_env` and `password_env` (names of environment variables), `tls` (true, or a mapping of
`ca`, `cert` and `key` files), `reorder_s` (2), `keepalive_s` (30). A signal's address is
`edge/device/metric`, or `edge/metric` for a metric of the node itself.

Sources:
    Eclipse Sparkplug 3.0.0, chapters 4 to 6 and 5.3 (host application session); MQTT 3.1.1.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from datetime import datetime
from typing import Any

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from ecotwin.clock import Clock, WallClock, micros
from ecotwin.connectors.contract import Delivery, Health, InletLimits
from ecotwin.connectors.inlet import Inlet
from ecotwin.connectors.sparkplug_orders import device_command, rebirth_command
from ecotwin.connectors.sparkplug_state import HostState
from ecotwin.errors import PayloadFault, SettingsFault, WireFault, WriteRefused
from ecotwin.plant.model import Connection, Plant

_log = structlog.get_logger(__name__)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 15.0
_TICK_S = 0.25
_LISTED = 8


class Sparkplug:
    """One group of edge nodes on one broker."""

    def __init__(
        self, plant: Plant, connection: Connection, clock: Clock, *, settings: InletLimits
    ) -> None:
        options = connection.options
        self.name = connection.name
        self._plant = plant
        self._connection = connection
        self._clock = clock
        self._limits = settings
        self._host = str(options.get("host", "127.0.0.1"))
        self._port = int(options.get("port", 8883 if options.get("tls") else 1883))
        if not options.get("group"):
            raise SettingsFault(
                f"connection {connection.name!r} has no `group`",
                expected="the Sparkplug group whose edge nodes are to be read",
                remedy="add `group: ...` to the connection in the plant file",
            )
        self._group = str(options["group"])
        self._state_topic = f"spBv1.0/STATE/{options.get('host_id', f'ecotwin-{plant.id}')}"
        self._state = HostState(
            plant, connection.name, self._group, reorder_s=float(options.get("reorder_s", 2.0))
        )
        self._inlet = Inlet(plant, connection.name, settings)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._threads: list[threading.Thread] = []
        self._client: mqtt.Client | None = None
        self._session_ms = 0
        self._refused = 0
        self._logged_at = -1e9
        self._status = ("connecting", "not started yet.")
        self._since: datetime = clock.now()
        self._reason = ""

    # -- contract ---------------------------------------------------------------------------

    def start(self, cursor: str = "") -> None:  # noqa: ARG002
        """Begin to connect; returns at once. The wire has no position to go on from."""
        self._say("connecting", f"connecting to {self._host}:{self._port}.")
        for target in (self._run, self._keep_time):
            thread = threading.Thread(target=target, name=f"sparkplug-{self.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def take(self, timeout_s: float) -> Delivery | None:
        """The next batch, None when none came in time."""
        return self._inlet.take(timeout_s)

    def write(self, signal: str, value: float, lease_s: float) -> None:
        """Send a set-point [canonical unit] with its lease [s] as a device command.

        Raises:
            WriteRefused: Writing is off, the signal cannot be written, its device is not alive, or
                the value does not fit it.
            WireFault: There is no connection to the broker.
        """
        if not self._connection.writing:
            raise WriteRefused(
                f"writing is off for connection {self.name!r}",
                expected="`writing: true` at the connection",
                remedy="turn it on in the plant file once commissioning has checked the set-points",
            )
        with self._lock:
            topic, payload = device_command(
                self._plant, self._state, self._group, signal, value, lease_s, self._now_ms()
            )
            client, online = self._client, self._status[0] == "online"
        if client is None or not online:
            raise WireFault(
                f"{signal} was not written: no connection to {self._host}:{self._port}",
                expected="a broker that answers",
                remedy="start the broker or mend the network; the twin connects by itself",
            )
        sent = client.publish(topic, payload, qos=0)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            raise WireFault(f"{signal} was not written: {mqtt.error_string(sent.rc)}")

    def health(self) -> Health:
        """How the connection and its devices are."""
        with self._lock:
            state, text = self._status
            stale = self._state.stale()
            extra = {name: n for name, n in self._state.counts.items() if n}
            notes = self._notes() if state == "online" else []
        return Health(
            state,
            self._since,
            " ".join([text, *notes]),
            received=self._inlet.received,
            shed=self._inlet.shed,
            refused=self._refused,
            queued=self._inlet.queued,
            stale=stale,
            extra=extra,
        )

    def stop(self) -> None:
        """Say goodbye as the specification asks, then end the threads."""
        self._stopping.set()
        with self._lock:
            client, online = self._client, self._status[0] == "online"
        if client is not None:
            if online:
                with contextlib.suppress(RuntimeError):  # the line broke at this very moment
                    self._publish_state(client, online=False).wait_for_publish(2.0)
            client.disconnect()
            self._gone.wait(2.0)
            self._gone.set()
        for thread in self._threads:
            thread.join(10.0)
        self._inlet.close()
        left = self._inlet.queued
        self._say("finished", f"stopped; {left} samples were not taken." if left else "stopped.")
        if left:
            _log.warning("stopped with samples waiting", connection=self.name, samples=left)

    def shed_by_signal(self) -> dict[str, int]:
        """Signal id -> samples shed under overload."""
        return dict(self._inlet.shed_by_signal())

    # -- the network's threads --------------------------------------------------------------

    def _run(self) -> None:
        """Connect, serve until the line breaks, wait, and again; never gives up."""
        wait_s = _FIRST_WAIT_S
        while not self._stopping.is_set():
            try:
                self._reason = ""
                self._gone.clear()
                client = self._new_client()
                client.connect(self._host, self._port, int(self._option("keepalive_s", 30)))
                # paho's own thread alone touches the socket: TLS bears no second one.
                client.loop_start()
                self._gone.wait()
                client.loop_stop()
                reason = self._reason or "the line to it broke"
            except (OSError, ValueError, WireFault) as error:
                reason = str(error) or type(error).__name__
            served = self._status[0] == "online"
            wait_s = _FIRST_WAIT_S if served else min(wait_s * 2, _LONGEST_WAIT_S)
            if self._stopping.is_set():
                return
            if self._status[0] != "offline":
                _log.warning("broker is away", connection=self.name, reason=reason)
            self._say(
                "offline",
                f"no connection to the broker at {self._host}:{self._port} ({reason}); it is tried"
                " again by itself. Check that the broker runs and that host, port and sign-in fit.",
            )
            self._stopping.wait(wait_s)

    def _new_client(self) -> mqtt.Client:
        """A client with a fresh will, whose time its STATE birth will bear too."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, clean_session=True, reconnect_on_failure=False
        )
        client.connect_timeout = 5.0
        name, secret = self._option("username_env", ""), self._option("password_env", "")
        if name:
            client.username_pw_set(_environment(name), _environment(secret) if secret else None)
        tls = self._option("tls", None)
        if tls:
            files = tls if isinstance(tls, dict) else {}
            client.tls_set(files.get("ca"), files.get("cert"), files.get("key"))
        self._session_ms = _wall_ms()
        client.will_set(self._state_topic, _state_body(False, self._session_ms), qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._gone.set()
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        return client

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        """Subscribe before saying that we are online, so that no birth is missed."""
        if self._stopping.is_set():
            client.disconnect()
            return
        if reason.is_failure:
            self._reason = f"it refused us: {reason}"
            client.disconnect()
            return
        client.subscribe([(f"spBv1.0/{self._group}/#", 1), (self._state_topic, 1)])

    def _on_subscribe(
        self,
        client: mqtt.Client,
        _data: Any,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Any,
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._reason = (
                f"it does not let us read group {self._group}: allow this user to subscribe "
                f"spBv1.0/{self._group}/# and {self._state_topic}"
            )
            client.disconnect()
            return
        with self._lock:
            self._state.connected(time.monotonic())
        self._say("online", f"connected to {self._host}:{self._port}, group {self._group}.")
        self._publish_state(client, online=True)

    def _on_message(self, client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        """Take one message in; whatever it holds, the thread goes on."""
        received_at = time.time()
        payload = bytes(message.payload)
        if len(payload) > self._limits.payload_limit_bytes:
            self._refuse(
                message.topic,
                f"{len(payload)} bytes, more than {self._limits.payload_limit_bytes}",
            )
            return
        if message.topic == self._state_topic:
            self._own_state(client, payload)
            return
        try:
            with self._lock:
                samples = self._state.receive(
                    message.topic, payload, time.monotonic(), micros(self._clock.now())
                )
                due = self._state.rebirths(time.monotonic())
        except PayloadFault as fault:
            self._refuse(message.topic, fault.found)
            return
        self._inlet.push(samples, received_at)
        self._ask_rebirths(client, due)

    def _own_state(self, client: mqtt.Client, payload: bytes) -> None:
        """An earlier session's will may arrive late and say that we are offline: set it right."""
        try:
            wrong = json.loads(payload)["online"] is False
        except (ValueError, TypeError, KeyError):
            wrong = True
        if wrong and self._status[0] == "online" and not self._stopping.is_set():
            self._publish_state(client, online=True)

    def _keep_time(self) -> None:
        """Let waiting end: gaps, devices that were not born again, rebirths that are due."""
        while not self._stopping.wait(_TICK_S):
            with self._lock:
                if self._status[0] != "online":
                    continue
                samples = self._state.tick(time.monotonic(), micros(self._clock.now()))
                due = self._state.rebirths(time.monotonic())
                client = self._client
            self._inlet.push(samples, time.time())
            if client is not None:
                self._ask_rebirths(client, due)

    # -- small parts ------------------------------------------------------------------------

    def _ask_rebirths(self, client: mqtt.Client, edges: list[str]) -> None:
        for edge in edges:
            topic, payload = rebirth_command(self._group, edge, self._now_ms())
            client.publish(topic, payload, qos=0)
            _log.info("rebirth asked for", connection=self.name, edge=edge)

    def _publish_state(self, client: mqtt.Client, *, online: bool) -> mqtt.MQTTMessageInfo:
        """Our birth bears the time of our will, a wanted goodbye its own."""
        body = _state_body(online, self._session_ms if online else _wall_ms())
        return client.publish(self._state_topic, body, qos=1, retain=True)

    def _refuse(self, topic: str, reason: str) -> None:
        """Count a message that cannot be used; one line a second at most says so."""
        self._refused += 1
        if time.monotonic() - self._logged_at >= 1.0:
            self._logged_at = time.monotonic()
            _log.warning(
                "message refused",
                connection=self.name,
                topic=topic,
                reason=reason,
                refused_total=self._refused,
            )

    def _say(self, state: str, text: str) -> None:
        with self._lock:
            if state != self._status[0]:
                self._since = self._clock.now()
            self._status = (state, text)

    def _notes(self) -> list[str]:
        """What a person should know although the connection is up."""
        notes = []
        for text, names in (
            ("No birth yet from", list(self._state.unborn())),
            ("Stale:", list(self._state.stale())),
            ("Announced, but not in the plant file:", self._state.unplanned()),
            (
                "Aliases that two metrics claim (their data is left out):",
                self._state.aliases_twice(),
            ),
        ):
            if names:
                more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
                notes.append(f"{text} {', '.join(names[:_LISTED])}{more}.")
        return notes

    def _option(self, name: str, default: Any) -> Any:
        return self._connection.options.get(name, default)

    def _now_ms(self) -> int:
        return micros(self._clock.now()) // 1000


def _wall_ms() -> int:
    return micros(WallClock().now()) // 1000


def _state_body(online: bool, at_ms: int) -> bytes:
    return json.dumps({"online": online, "timestamp": at_ms}).encode()


def _environment(name: str) -> str:
    """A secret from the environment; it never stands in the plant file."""
    if name not in os.environ:
        raise WireFault(
            f"the environment variable {name} is not set",
            expected="the sign-in of the broker",
            remedy=f"set {name} before the twin is started",
        )
    return os.environ[name]


plug = Sparkplug
