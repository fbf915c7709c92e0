"""A child process: sends messages that were encoded beforehand over a real broker at a paced rate.

Commands: `run` (rate [samples/s], seconds), `sent`, `cross` and `back` (signal). Births go out whenever the twin asks.
"""

from __future__ import annotations

import queue
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, decode, encode
from ecotwin.service.bench.processes import answer, commands
from ecotwin.service.bench.station import Station, stations, varint
from ecotwin.service.bench.works import GROUP, read_works

TICK_S = 0.002
MOST_S = 0.05
"""Longest stretch that is sent in one go when the generator fell behind [s of its pace]."""


class Line:
    """An MQTT 3.1.1 connection that only publishes, at QoS 0."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name.encode()
        self._socket.sendall(b"\x10" + varint(len(body)) + body)
        if self._socket.recv(4)[3:] != b"\x00":
            raise ConnectionError("the broker refused the generator")

    def send(self, *messages: tuple[bytes, bytes]) -> None:
        """Publish messages of (topic, payload)."""
        parts = []
        for topic, payload in messages:
            size = varint(2 + len(topic) + len(payload))
            parts += [b"\x30", size, len(topic).to_bytes(2, "big"), topic, payload]
        self._socket.sendall(b"".join(parts))


class Generator:
    """Edge nodes whose devices send in turn."""

    def __init__(self, plant_file: Path, port: int) -> None:
        self.all = stations(read_works(plant_file))
        self.by_signal = {i: (s, s.names[n]) for s in self.all for n, i in enumerate(s.ids)}
        self.edges = sorted({s.edge for s in self.all})
        self.line = Line(port, "bench-generator")
        self.asked: queue.Queue[str] = queue.Queue()
        self.seq = dict.fromkeys(self.edges, 0)
        self.births = self.born = self.sent = self.turn = 0
        self._topics = {
            id(s): f"spBv1.0/{GROUP}/DDATA/{s.edge}/{s.device}".encode() for s in self.all
        }
        self._listener = self._listen(port)

    def _listen(self, port: int) -> Any:
        """Hear the twin's requests for a rebirth."""
        import paho.mqtt.client as mqtt
        from paho.mqtt.enums import CallbackAPIVersion

        ready = threading.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda c, *_: c.subscribe(f"spBv1.0/{GROUP}/NCMD/+")
        client.on_subscribe = lambda *_: ready.set()
        client.on_message = self._command
        client.connect("127.0.0.1", port)
        client.loop_start()
        if not ready.wait(20):
            raise ConnectionError("the broker did not let the generator listen")
        return client

    def _command(self, _client: Any, _data: Any, message: Any) -> None:
        wanted = decode(bytes(message.payload)).metrics
        if any(m.name == "Node Control/Rebirth" and m.value is True for m in wanted):
            self.asked.put(message.topic.rsplit("/", 1)[1])

    def bear(self, edge: str) -> None:
        """Send the births of an edge node and of its devices."""
        now = time.time()
        self.seq[edge] = 0
        node = (
            Metric("bdSeq", 0, DataType.INT64),
            Metric("Node Control/Rebirth", False, DataType.BOOLEAN),
        )
        body = encode(Payload(node, int(now * 1000), self._seq(edge)))
        sent = [(f"spBv1.0/{GROUP}/NBIRTH/{edge}".encode(), body)]
        for s in (s for s in self.all if s.edge == edge):
            topic = f"spBv1.0/{GROUP}/DBIRTH/{edge}/{s.device}".encode()
            sent.append((topic, s.birth(now, self._seq(edge))))
            self.born += len(s)
        self.line.send(*sent)
        self.births += 1

    def message(self, station: Station) -> tuple[bytes, bytes]:
        """The next message of a device."""
        self.sent += len(station)
        return self._topics[id(station)], station.data(time.time(), self._seq(station.edge))

    def send_due(self, samples: int) -> int:
        """Send about that many samples, the devices in their turn; returns how many it were."""
        before = self.sent
        batch = []
        while self.sent - before < samples:
            batch.append(self.message(self.all[self.turn % len(self.all)]))
            self.turn += 1
        if batch:
            self.line.send(*batch)
        return self.sent - before

    def set(self, signal: str, value: float) -> float:
        """Send a gauge at a value at once, and keep it there; returns when [wall s]."""
        station, name = self.by_signal[signal]
        station.set(name, value)
        message = self.message(station)
        at = time.time()
        self.line.send(message)
        return at

    def serve_births(self) -> None:
        """Send the births that were asked for."""
        while not self.asked.empty():
            self.bear(self.asked.get())

    def close(self) -> None:
        """Let go of the broker."""
        self._listener.disconnect()
        self._listener.loop_stop()

    def _seq(self, edge: str) -> int:
        now = self.seq[edge]
        self.seq[edge] = (now + 1) % 256
        return now


class Pace:
    """Sends at an even rate until its time is over.

    Args:
        rate: [samples/s]. seconds: How long.
    """

    def __init__(self, rate: float, seconds: float) -> None:
        self.rate, self.seconds = rate, seconds
        self.began = time.monotonic()
        self.sent = 0

    def step(self, generator: Generator) -> bool:
        """Send what is due; False when the time is over."""
        gone = time.monotonic() - self.began
        if gone >= self.seconds:
            answer(ran=gone, paced=self.sent, behind=self.rate * self.seconds - self.sent)
            return False
        due = self.rate * gone - self.sent
        if due >= 1:
            self.sent += generator.send_due(int(min(due, self.rate * MOST_S)))
        return True


def obey(generator: Generator, command: dict[str, Any], pace: Pace | None) -> Pace | None:
    """Carry out a command; returns the pace that holds from now on."""
    if command["do"] == "run":
        return Pace(float(command["rate"]), float(command["seconds"]))
    if command["do"] in ("cross", "back"):
        at = generator.set(command["signal"], float(command["value"]))
        if command["do"] == "cross":
            answer(at=at)
    elif command["do"] == "sent":
        now = time.time()
        answer(sent=generator.sent, births=generator.births, born=generator.born, at=now)
    return pace


def main(plant_file: str, port: str) -> None:
    """Serve commands until the parent goes."""
    generator = Generator(Path(plant_file), int(port))
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()

    def listen() -> None:
        for command in commands():
            inbox.put(command)
        inbox.put(None)

    threading.Thread(target=listen, daemon=True).start()
    answer(ready=True, signals=len(generator.by_signal), edges=len(generator.edges))
    pace: Pace | None = None
    while True:
        now = time.monotonic()
        generator.serve_births()
        while not inbox.empty():
            command = inbox.get()
            if command is None:
                generator.close()
                return
            pace = obey(generator, command, pace)
        if pace is not None and not pace.step(generator):
            pace = None
        time.sleep(max(0.0, (TICK_S if pace else 0.01) - (time.monotonic() - now)))


if __name__ == "__main__":
    main(*sys.argv[1:])
