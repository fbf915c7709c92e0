"""The plant live on the wire: steps when their time has come, publishes, and takes commands."""

from __future__ import annotations

import os
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from ecotwin.clock import ScaledClock, micros
from ecotwin.errors import PlantFault
from ecotwin.plant import Plant, Signal
from ecotwin_standin.node import LEASE, Command, Device, EdgeNode, datatype
from ecotwin_standin.plantside import Plantside

_log = structlog.get_logger("standin")


@dataclass(frozen=True, slots=True)
class Stats:
    """How the live run goes. `late_steps`: Steps that came more than one step too late."""

    steps: int
    published: int
    late_steps: int
    commands: int
    refused: int


def state_folder() -> Path:
    """Where bdSeq is kept from run to run."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "ecotwin-standin"


class Live:
    """Plays a plant on real MQTT.

    Args:
        side: The plant behind the wire, already advanced to the clock's start.
        clock: Plant time. host, port: Broker. state: Folder for bdSeq.

    Raises:
        PlantFault: The plant file has signals that are on no Sparkplug connection, or an address is
            not edge/device/metric.
    """

    def __init__(
        self, side: Plantside, clock: ScaledClock, host: str, port: int, state: Path | None = None
    ) -> None:
        self.side = side
        self.clock = clock
        self._commands: queue.Queue[Command] = queue.Queue(maxsize=10_000)
        self._stop = threading.Event()
        self._late = self._taken = self._refused = self._steps = 0
        self.by_metric: dict[tuple[str, str, str], Signal] = {}
        self.place: dict[str, tuple[str, str]] = {}
        self.nodes = self._nodes(side.plant, host, port, state or state_folder())
        self.row: list[float] = []
        self.silent: set[tuple[str, str]] = set()

    def now_ms(self) -> int:
        """Plant time [ms since 1970 UTC]."""
        return micros(self.clock.now()) // 1000

    def _nodes(self, plant: Plant, host: str, port: int, state: Path) -> dict[str, EdgeNode]:
        devices: dict[str, dict[str, Device]] = {}
        alias: dict[str, int] = {}
        wrong: list[str] = []
        groups: dict[str, str] = {}
        for column, index in enumerate(self.side.world.order):
            signal = plant.signals[index]
            wire = plant.connection(signal.connection)
            parts = signal.address.split("/")
            if wire.protocol != "sparkplug" or len(parts) < 3:
                wrong.append(
                    f"{signal.id}: {wire.protocol} address {signal.address!r} is not "
                    "edge/device/metric of Sparkplug"
                )
                continue
            edge, name, metric = parts[0], parts[1], "/".join(parts[2:])
            groups[edge] = str(wire.options.get("group", plant.id))
            device = devices.setdefault(edge, {}).setdefault(name, Device(name))
            alias[edge] = alias.get(edge, 0) + 1
            device.columns.append(column)
            device.names.append(metric)
            device.types.append(datatype(signal))
            device.aliases.append(alias[edge])
            self.by_metric[edge, name, metric] = signal
            self.place[signal.id] = (edge, name)
            if signal.write is not None and signal.write.watchdog:
                alias[edge] += 1
                device.leases[metric] = (alias[edge], signal.id)
        if wrong:
            raise PlantFault(plant.id, tuple(wrong))
        return {
            edge: EdgeNode(
                groups[edge], edge, list(found.values()), host, port, state, self._hear, self.now_ms
            )
            for edge, found in devices.items()
        }

    def _hear(self, command: Command) -> None:
        try:
            self._commands.put_nowait(command)
        except queue.Full:
            _log.warning(
                "a command is dropped: too many wait", edge=command.edge, device=command.device
            )

    def _lease(self, signal: str) -> float:
        return self.side.world.setpoints.lease_s(signal, micros(self.clock.now()))

    def stop(self) -> None:
        """Ask the run to end; safe in a signal's handler and from other threads."""
        self._stop.set()

    def stats(self) -> Stats:
        """How it goes."""
        sent = sum(n.published for n in self.nodes.values())
        return Stats(self._steps, sent, self._late, self._taken, self._refused)

    def run(self, seconds: float | None = None) -> Stats:
        """Play until `stop`, or for some wall seconds."""
        for node in self.nodes.values():
            node.connect()
        end = None if seconds is None else time.monotonic() + seconds
        side = self.side
        next_us = side.world.now_us + side.step_us
        self._take_row(side.run(1))
        next_us = side.world.now_us
        try:
            while not self._stop.is_set() and (end is None or time.monotonic() < end):
                wait_s = (next_us - micros(self.clock.now())) / 1e6 / self.clock.speed
                if wait_s > 0:
                    self._listen(min(wait_s, 0.2))
                    continue
                if -wait_s * self.clock.speed * 1e6 > side.step_us:
                    self._late += 1
                self._publish(next_us)
                self._take_row(side.run(1))
                next_us = side.world.now_us
        finally:
            for node in self.nodes.values():
                node.stop()
            side.close()
        return self.stats()

    def _take_row(self, made: tuple[list[int], object, object]) -> None:
        import numpy as np

        _, values, silent = made
        self._next_row = np.asarray(values)[0].tolist()
        gone = np.asarray(silent)[0]
        order, signals = self.side.world.order, self.side.plant.signals
        self._next_silent = {self.place[signals[order[n]].id] for n in np.flatnonzero(gone)}

    def _publish(self, at_us: int) -> None:
        """Send the step whose time has come."""
        self.row, newly = self._next_row, self._next_silent - self.silent
        self.silent = self._next_silent
        self._steps += 1
        at_ms = at_us // 1000
        deaths = {e.target for e in self.side.scenario.events if e.fault == "device_death"}
        for edge, node in self.nodes.items():
            node.tend()
            for where, device in newly:
                if where == edge and device in deaths:
                    node.die(device, at_ms)
            if not node.connected.is_set():
                continue
            if node.birth_due.is_set():
                self._birth(node, at_ms)
                continue
            for device in node.devices:
                if (edge, device) not in self.silent:
                    node.data(device, self.row, self._lease, at_ms)

    def _birth(self, node: EdgeNode, at_ms: int) -> None:
        node.birth(self.row, lambda d: (node.edge, d) in self.silent, self._lease, at_ms)

    def _listen(self, wait_s: float) -> None:
        """Take commands while waiting; births that were asked for do not wait for the next step."""
        for node in self.nodes.values():
            node.tend()
            if self.row and node.birth_due.is_set() and node.connected.is_set():
                self._birth(node, self.now_ms())
        try:
            command = self._commands.get(timeout=wait_s)
        except queue.Empty:
            return
        self._obey(command)

    def _obey(self, command: Command) -> None:
        for name, value in command.values.items():
            if name.endswith(LEASE):
                continue
            signal = self.by_metric.get((command.edge, command.device, name))
            lease_s = command.values.get(name + LEASE, 0.0)
            canonical = value * signal.factor + signal.offset if signal else value
            now_us = micros(self.clock.now())
            gone = (command.edge, command.device) in self.silent
            if signal is None or gone or not self.side.write(signal.id, canonical, lease_s, now_us):
                self._refused += 1
                _log.warning(
                    "a device refused a set-point", device=command.device, metric=name, value=value
                )
                continue
            self._taken += 1
            self._show(signal, value, now_us // 1000)

    def _show(self, signal: Signal, value: float, at_ms: int) -> None:
        """Publish a set-point at once, so that the sender can read it back."""
        edge, device = self.place[signal.id]
        node = self.nodes[edge]
        found = node.devices[device]
        name = signal.address.split("/", 2)[2]
        column = found.columns[found.names.index(name)]
        self._next_row[column] = value
        if self.row:
            self.row[column] = value
            node.data(device, self.row, self._lease, at_ms, only=(name,))
