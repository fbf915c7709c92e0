"""One edge device of the generator: its messages are encoded beforehand; only times and counters are laid in.

The template comes from our own codec; where the bytes of times and values lie in it is found by marks put there.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.plant import Plant, Signal

ROWS = 32
"""Different messages a device has ready."""
_MARK_MS = 1_790_000_000_123
_BUSY = 5.0
_POWER_KW = 6.5

Bytes = NDArray[np.uint8]


def varint(number: int) -> bytes:
    """A protobuf number.

    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Station:
    """The messages of one device.

    Args:
        edge, device: Its address. signals: What it sends. first_alias: Alias of the first of them.
        seed: Of its noise.
    """

    def __init__(
        self, edge: str, device: str, signals: Sequence[Signal], first_alias: int, seed: int
    ) -> None:
        self.edge, self.device = edge, device
        self.names = [s.address.split("/", 2)[2] for s in signals]
        self.ids = [s.id for s in signals]
        self._first_alias = first_alias
        self._forms = [s.form for s in signals]
        self._counters = [i for i, s in enumerate(signals) if s.form == "counter"]
        self._per_s = np.array(
            [
                _POWER_KW / 3600.0 if signals[i].carrier == "electricity" else 0.1
                for i in self._counters
            ]
        )
        self._born = 0.0
        self._stamp = 0
        self._next = 0
        self._levels = np.array([_level(s) for s in signals])
        self._rows, self._stamps, self._values = self._encode(signals, np.random.default_rng(seed))

    def __len__(self) -> int:
        return len(self.names)

    def metrics(self, values: Sequence[float], at_ms: int, *, named: bool) -> tuple[Metric, ...]:
        """As Sparkplug metrics, all of datatype Double."""
        return tuple(
            Metric(n if named else "", v, DataType.DOUBLE, self._first_alias + i, at_ms)
            for i, (n, v) in enumerate(zip(self.names, values, strict=True))
        )

    def birth(self, now: float, seq: int) -> bytes:
        """The device's birth [wall s]."""
        self._born = self._born or now
        at_ms = self._moment(now)
        values = self._levels.copy()
        values[self._counters] += self._per_s * (now - self._born)
        return encode(Payload(self.metrics(values.tolist(), at_ms, named=True), at_ms, seq))

    def data(self, now: float, seq: int) -> bytes:
        """The next message, as of now [wall s]."""
        row = self._rows[self._next % ROWS]
        self._next += 1
        at_ms = self._moment(now)
        row[self._stamps] = np.frombuffer(varint(at_ms), np.uint8)
        if self._counters:
            totals = self._levels[self._counters] + self._per_s * (now - self._born)
            row[self._values[self._counters]] = totals.view(np.uint8).reshape(-1, 8)
        return bytes(row.tobytes() + b"\x18" + varint(seq))

    def set(self, name: str, value: float) -> None:
        """Let a gauge stand at a value from the next message on."""
        place = self._values[self.names.index(name)]
        self._rows[:, place] = np.frombuffer(struct.pack("<d", value), np.uint8)

    def _moment(self, now: float) -> int:
        """A time that no earlier message of this device bears [ms]."""
        self._stamp = max(int(now * 1000), self._stamp + 1)
        return self._stamp

    def _encode(
        self, signals: Sequence[Signal], noise: np.random.Generator
    ) -> tuple[Bytes, NDArray[np.intp], NDArray[np.intp]]:
        """[rows, bytes] messages without seq, [times, 6] and [values, 8] places in them."""
        marks = [1e6 + i + 1 / 3 for i in range(len(signals))]
        raw = encode(Payload(self.metrics(marks, _MARK_MS, named=False), _MARK_MS), lean=True)
        stamp = varint(_MARK_MS)
        stamps = [_places(raw, b"\x08" + stamp, 1)[0], *_places(raw, b"\x18" + stamp, len(signals))]
        values = [_places(raw, b"\x69" + struct.pack("<d", m), 1)[0] for m in marks]
        rows = np.tile(np.frombuffer(raw, np.uint8), (ROWS, 1))
        at_values = np.array([np.arange(8) + v for v in values])
        shown = np.tile(self._levels, (ROWS, 1))
        free = [i for i, s in enumerate(signals) if s.form in ("gauge", "rate")]
        shown[:, free] *= noise.normal(1.0, 0.01, (ROWS, len(free)))
        rows[:, at_values] = shown.view(np.uint8).reshape(ROWS, len(signals), 8)
        return rows, np.array([np.arange(6) + s for s in stamps]), at_values


def _level(signal: Signal) -> float:
    """Where a signal stands: a station at work."""
    if signal.form == "counter":
        return 1000.0
    if signal.form == "state":
        return _BUSY if signal.means == "state" else 1.0
    if signal.means == "electricity_power":
        return _POWER_KW
    low, high = signal.low or 0.0, signal.high if signal.high is not None else 100.0
    return low + (high - low) * 0.5


def _places(raw: bytes, mark: bytes, count: int) -> list[int]:
    """Where the bytes after the tag begin; every mark is there exactly `count` times."""
    found: list[int] = []
    at = raw.find(mark)
    while at >= 0:
        found.append(at + 1)
        at = raw.find(mark, at + len(mark))
    assert len(found) == count, f"{len(found)} marks for {count}"
    return found


def stations(plant: Plant) -> list[Station]:
    """Every device of the bench plant, in the order of the plant file."""
    by_device: dict[tuple[str, str], list[Signal]] = {}
    for signal in plant.signals:
        edge, device, _ = signal.address.split("/", 2)
        by_device.setdefault((edge, device), []).append(signal)
    made, alias = [], 1
    for seed, ((edge, device), signals) in enumerate(by_device.items()):
        made.append(Station(edge, device, signals, alias, seed))
        alias += len(signals)
    return made
