"""What a Sparkplug host application knows of its edge nodes: births, deaths, sequence, staleness.

Pure: messages and times go in, samples and wishes for rebirths come out; no network, no thread.
Two times are handed in: `now_s`, which runs evenly [s], for waiting; and `now_us`, the plant's time
[us since 1970 UTC], for the stamp of values that went stale.

Choices that the specification leaves open: a gap is waited on for `reorder_s`, then what came after
it is delivered by the aliases last announced and a rebirth is asked for; aliases that the rebirth
gives to other metrics are counted (`moved_aliases`). Data of a node that has not been born here
cannot be placed: it is counted (`before_birth`) and a rebirth asked for.

Sources:
    Eclipse Sparkplug 3.0.0, chapters 4 (topics), 5 (operational behaviour) and 6 (payloads).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ecotwin.connectors.sparkplug_aliases import AliasTable, Slot
from ecotwin.connectors.sparkplug_arrays import DataArrays, decode_arrays
from ecotwin.connectors.sparkplug_layout import Layouts
from ecotwin.connectors.sparkplug_payload import decode
from ecotwin.plant.model import Plant
from ecotwin.records import Ints, Quality, Samples

_HELD_MOST = 64
_SEQUENCED = ("NDATA", "DDATA", "DBIRTH", "DDEATH")
_DATA = ("NDATA", "DDATA")
_RECENT_S = 120.0
_CONTACT_S = 1.0
"""How long a planned node may bear itself after we came online before it is asked to [s]."""


class Message(NamedTuple):
    """One numbered message, read once. `device` is empty for the node itself."""

    kind: str
    device: str
    payload: bytes
    arrays: DataArrays


@dataclass(slots=True)
class Edge:
    """What is known of one edge node."""

    name: str
    table: AliasTable
    online: bool = False
    bd_seq: int | None = None
    next_seq: int | None = None
    devices: dict[str, bool] = field(default_factory=dict)
    awaited: dict[str, tuple[float, Ints]] = field(default_factory=dict)
    held: dict[int, Message] = field(default_factory=dict)
    held_since: float = 0.0
    born: bool = False
    wish_from: float | None = None
    asked: deque[float] = field(default_factory=deque)
    before_gap: AliasTable | None = None
    compared: AliasTable | None = None


class HostState:
    """The state of one group's edge nodes as one connection of a plant sees them.

    Args:
        plant: The plant. connection: Name of the connection whose signals are served.
        group: Sparkplug group. reorder_s: How long a missing message is waited for [s].
        rebirth_every_s: Shortest time between two rebirth requests to one node [s]; each further
            one within two minutes waits twice as long.
        grace_s: How long after a node's birth its devices may take to be born again [s].
    """

    def __init__(
        self,
        plant: Plant,
        connection: str,
        group: str,
        *,
        reorder_s: float = 2.0,
        rebirth_every_s: float = 5.0,
        grace_s: float = 10.0,
    ) -> None:
        self._group = group
        self._reorder_s = reorder_s
        self._rebirth_every_s = rebirth_every_s
        self._grace_s = grace_s
        self.planned = {s.address: s for s in plant.signals if s.connection == connection}
        self.edges: dict[str, Edge] = {}
        self._layouts = Layouts()
        self.counts: Counter[str] = Counter()
        size = len(plant.signals)
        self._last_value = np.full(size, np.nan)
        self._last_at = np.zeros(size, np.int64)
        self._stale_at = np.zeros(size, np.int64)
        self._some_stale = False

    # -- what happens -----------------------------------------------------------------------

    def connected(self, now_s: float) -> None:
        """We are online (again): what was known may be old, so every node must be born anew."""
        for name in {address.split("/", 1)[0] for address in self.planned}:
            self._edge(name)
        for edge in self.edges.values():
            edge.online = False
            edge.devices.clear()
            edge.held.clear()
            edge.wish_from = now_s + _CONTACT_S

    def receive(self, topic: str, payload: bytes, now_s: float, now_us: int) -> Samples:
        """Take one message in.

        Raises:
            PayloadFault: It cannot be read; nothing has changed.
        """
        parts = topic.split("/")
        if len(parts) not in (4, 5) or parts[0] != "spBv1.0" or parts[1] != self._group:
            self.counts["foreign"] += 1
            return Samples.empty()
        kind, device = parts[2], parts[4] if len(parts) == 5 else ""
        if kind == "NBIRTH":
            return self._node_birth(self._edge(parts[3]), payload, now_s)
        if kind == "NDEATH":
            return self._node_death(self._edge(parts[3]), payload, now_us)
        if kind in _SEQUENCED:
            read = self._layouts.decode if kind in _DATA else _decode_whole
            message = Message(kind, device, payload, read(topic, payload))
            return self._in_turn(self._edge(parts[3]), message, now_s, now_us)
        return Samples.empty()

    def tick(self, now_s: float, now_us: int) -> Samples:
        """Let time pass: gaps that were waited on long enough, devices that were not born again."""
        out = []
        for edge in self.edges.values():
            if edge.held and now_s - edge.held_since >= self._reorder_s:
                out.append(self._jump_gap(edge, now_s, now_us))
            for device in [d for d, (until, _) in edge.awaited.items() if now_s >= until]:
                out.append(self._stale(edge.awaited.pop(device)[1], now_us))
        return Samples.join([s for s in out if len(s)])

    def rebirths(self, now_s: float) -> list[str]:
        """Names of the edge nodes that are to be asked for a rebirth now; they count as asked."""
        due = []
        for edge in self.edges.values():
            while edge.asked and now_s - edge.asked[0] > _RECENT_S:
                edge.asked.popleft()
            wait_s = self._rebirth_every_s * 2 ** min(len(edge.asked) - 1, 5)
            rested = not edge.asked or now_s - edge.asked[-1] >= wait_s
            if edge.wish_from is not None and now_s >= edge.wish_from and rested:
                edge.asked.append(now_s)
                self.counts["rebirths_asked"] += 1
                due.append(edge.name)
        return due

    # -- what is known ----------------------------------------------------------------------

    def stale(self) -> tuple[str, ...]:
        """Nodes, and devices as `edge/device`, that were born and are not alive now."""
        found: list[str] = []
        for edge in self.edges.values():
            if edge.born and not edge.online:
                found.append(edge.name)
            found += [f"{edge.name}/{d}" for d, alive in edge.devices.items() if not alive]
            found += [f"{edge.name}/{d}" for d in edge.awaited]
        return tuple(found)

    def unborn(self) -> tuple[str, ...]:
        """Edge nodes of the plant file from which no birth has come."""
        planned = {address.split("/", 1)[0] for address in self.planned}
        return tuple(sorted(n for n in planned if n not in self.edges or not self.edges[n].born))

    def unplanned(self) -> list[str]:
        """Addresses that were born and have no signal in the plant file."""
        return [a for edge in self.edges.values() for a in edge.table.unplanned()]

    def aliases_twice(self) -> list[str]:
        """Aliases that two metrics of one node claim, as `edge:alias`."""
        return [
            f"{edge.name}:{alias}" for edge in self.edges.values() for alias in edge.table.twice
        ]

    def alive(self, signal: int) -> tuple[str, Slot] | None:
        """Edge and metric of a signal whose node and device are alive; None otherwise."""
        for edge in self.edges.values():
            slot = edge.table.slot(signal) if edge.online else None
            if slot is not None and (not slot.device or edge.devices.get(slot.device)):
                return edge.name, slot
        return None

    # -- births and deaths ------------------------------------------------------------------

    def _edge(self, name: str) -> Edge:
        if name not in self.edges:
            self.edges[name] = Edge(name, AliasTable(name, self.planned))
        return self.edges[name]

    def _node_birth(self, edge: Edge, payload: bytes, now_s: float) -> Samples:
        """A node is born: its session, sequence and aliases start anew."""
        birth = decode(payload)
        arrays = decode_arrays(payload)
        told = next((m.value for m in birth.metrics if m.name == "bdSeq"), None)
        until = now_s + self._grace_s
        for device in [*edge.devices, *edge.awaited]:
            if edge.devices.get(device, True):
                edge.awaited.setdefault(device, (until, edge.table.signals(device)))
        edge.table = AliasTable(edge.name, self.planned)
        edge.compared, edge.before_gap = edge.before_gap, None
        edge.devices.clear()
        edge.held.clear()
        edge.bd_seq = int(told) if isinstance(told, int) else None
        edge.next_seq = None if birth.seq is None else (birth.seq + 1) % 256
        edge.online = edge.born = True
        edge.wish_from = None
        self.counts["births"] += 1
        edge.table.learn("", birth.metrics)
        return self._born(edge, "", arrays, now_s)

    def _device_birth(self, edge: Edge, message: Message, now_s: float) -> Samples:
        """A device is born under a node that is alive."""
        device = message.device
        edge.table.learn(device, decode(message.payload).metrics)
        edge.devices[device] = True
        edge.awaited.pop(device, None)
        self.counts["births"] += 1
        return self._born(edge, device, message.arrays, now_s)

    def _born(self, edge: Edge, device: str, arrays: DataArrays, now_s: float) -> Samples:
        """Samples of a birth: those that only repeat what is known already are left out."""
        if edge.compared is not None:
            self.counts["moved_aliases"] += edge.table.moved(edge.compared, device)
        if edge.table.twice:
            self._wish(edge, now_s)
        placed = edge.table.place(arrays, device)
        self.counts["unmapped_texts"] += placed.texts
        samples = placed.samples
        was_stale = self._stale_at[samples.signal] > 0
        held_us = np.maximum((arrays.timestamp or 0) * 1000, self._stale_at[samples.signal] + 1)
        # A birth says that a value holds now: after it went stale its old stamp is not enough.
        at = np.where(was_stale & (samples.at < held_us), held_us, samples.at)
        known = self._last_value[samples.signal]
        same = (known == samples.value) & (self._last_at[samples.signal] == at)
        self.counts["repeated"] += int(np.count_nonzero(same))
        stamped = Samples(samples.signal, at, samples.value, samples.quality)
        return self._keep(stamped.take(~same))

    def _node_death(self, edge: Edge, payload: bytes, now_us: int) -> Samples:
        """A node died, unless the certificate belongs to another session of it."""
        death = decode(payload)
        told = next((m.value for m in death.metrics if m.name == "bdSeq"), None)
        if not edge.online or (None not in (told, edge.bd_seq) and told != edge.bd_seq):
            self.counts["ignored_deaths"] += 1
            return Samples.empty()
        edge.online = False
        edge.devices.clear()
        edge.awaited.clear()
        edge.held.clear()
        self.counts["deaths"] += 1
        return self._stale(edge.table.signals(), now_us)

    def _stale(self, signals: Ints, now_us: int) -> Samples:
        """The last values of signals, marked as no longer known."""
        told = signals[(self._last_at[signals] > 0) & (self._stale_at[signals] == 0)]
        at = np.maximum(now_us, self._last_at[told] + 1)
        self._stale_at[told] = at
        self._some_stale = True
        self.counts["went_stale"] += len(told)
        marks = np.full(len(told), Quality.STALE, np.uint8)
        return Samples.of(told, at, self._last_value[told], marks)

    # -- data in its turn -------------------------------------------------------------------

    def _in_turn(self, edge: Edge, message: Message, now_s: float, now_us: int) -> Samples:
        """Work a message whose number is due; hold one that came too early."""
        seq = message.arrays.seq
        if not edge.online:
            self.counts["before_birth"] += 1
            self._wish(edge, now_s)
            return Samples.empty()
        if seq is None or edge.next_seq is None or seq == edge.next_seq:
            if seq is None:
                self.counts["without_seq"] += 1
            else:
                edge.next_seq = (seq + 1) % 256
            first = self._work(edge, message, now_s, now_us)
            return Samples.join([first, *self._due(edge, now_s, now_us)]) if edge.held else first
        if seq in edge.held or len(edge.held) >= _HELD_MOST:
            jumped = self._jump_gap(edge, now_s, now_us)
            return Samples.join([jumped, self._in_turn(edge, message, now_s, now_us)])
        if not edge.held:
            edge.held_since = now_s
        edge.held[seq] = message
        return Samples.empty()

    def _due(self, edge: Edge, now_s: float, now_us: int) -> Iterator[Samples]:
        """Work what was held and is due now."""
        while edge.next_seq is not None and edge.next_seq in edge.held:
            message = edge.held.pop(edge.next_seq)
            edge.next_seq = (edge.next_seq + 1) % 256
            edge.held_since = now_s
            yield self._work(edge, message, now_s, now_us)

    def _jump_gap(self, edge: Edge, now_s: float, now_us: int) -> Samples:
        """Give up waiting: work what is held in its order, and ask for a rebirth."""
        self.counts["gaps"] += 1
        edge.before_gap = edge.before_gap or edge.table.kept()
        first = edge.next_seq or 0
        out = []
        for seq in sorted(edge.held, key=lambda s: (s - first) % 256):
            edge.next_seq = (seq + 1) % 256
            out.append(self._work(edge, edge.held[seq], now_s, now_us))
        edge.held.clear()
        self._wish(edge, now_s)
        return Samples.join(out)

    def _work(self, edge: Edge, message: Message, now_s: float, now_us: int) -> Samples:
        """Let one message take effect."""
        device = message.device
        if message.kind == "DBIRTH":
            return self._device_birth(edge, message, now_s)
        if message.kind == "DDEATH":
            edge.devices[device] = False
            edge.awaited.pop(device, None)
            self.counts["deaths"] += 1
            return self._stale(edge.table.signals(device), now_us)
        if device and not edge.devices.get(device):
            self.counts["before_birth"] += 1
            self._wish(edge, now_s)
            return Samples.empty()
        return self._keep(self._place(edge, device, message.arrays, now_s))

    def _place(self, edge: Edge, device: str, arrays: DataArrays, now_s: float) -> Samples:
        """Lay a message on the plant and count what found no place."""
        placed = edge.table.place(arrays, device)
        if placed.unknown:
            self.counts["unknown_aliases"] += placed.unknown
            self._wish(edge, now_s)
        if placed.unplanned:
            self.counts["unplanned"] += placed.unplanned
        if placed.texts:
            self.counts["unmapped_texts"] += placed.texts
        return placed.samples

    def _keep(self, samples: Samples) -> Samples:
        """Remember the newest value of each signal."""
        signal, at, value = samples.signal, samples.at, samples.value
        newer = (at >= self._last_at[signal]) & np.isfinite(value)
        if not newer.all():
            signal, at, value = signal[newer], at[newer], value[newer]
        self._last_value[signal] = value
        self._last_at[signal] = at
        if self._some_stale:
            self._stale_at[samples.signal] = 0
            self._some_stale = bool(self._stale_at.any())
        return samples

    def _wish(self, edge: Edge, now_s: float) -> None:
        """A rebirth of this node would help; `rebirths` says when it may be asked for."""
        if edge.wish_from is None:
            edge.wish_from = now_s


def _decode_whole(_topic: str, payload: bytes) -> DataArrays:
    return decode_arrays(payload)
