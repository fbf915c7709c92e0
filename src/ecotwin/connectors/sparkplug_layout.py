"""DATA messages that are built like an earlier one of the same topic, read without parsing them again.

A device sends the same metrics in the same order again and again; only times, values and the sequence number
change. Once a message was parsed it is known which of its bytes those are. A later message of the same length whose
other bytes are all equal, and whose numbers of variable length end at the same bytes, can only parse to the same
fields: they are then picked out at once. Anything else is parsed as a whole; both ways give the same arrays.

Sources:
    Protocol Buffers encoding (varints, tags, wire types); Eclipse Sparkplug 3.0.0, chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecotwin.connectors.sparkplug_arrays import LATEST_MS, DataArrays, decode_arrays
from ecotwin.records import Ints

SHORTEST = 160
"""Shorter messages are parsed quickly enough [bytes]."""
KEPT = 4096
"""Topics and lengths remembered; then all are forgotten and learned anew."""
_FIRST_MISSES = 2

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_TIMESTAMP, _METRICS, _SEQ = 1, 2, 3
_ALIAS, _AT, _DATATYPE, _INT, _LONG, _FLOAT, _DOUBLE, _BOOLEAN = 2, 3, 4, 10, 11, 12, 13, 14
_WIRE = {_INT: _VARINT, _LONG: _VARINT, _BOOLEAN: _VARINT, _FLOAT: _FIXED32, _DOUBLE: _FIXED64}
_LONGEST = {_INT: 4, _LONG: 9, _BOOLEAN: 1}
"""Bytes of a number up to which it fits its field, and int64, whatever its value."""

Places = NDArray[np.intp]


class _Other(Exception):
    """The message holds something that a layout does not."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Values of one wire type and length: rows in the message's columns, and [n, bytes] where they lie."""

    dtype: str
    rows: Places
    at: Places

    def read(self, raw: NDArray[np.uint8]) -> NDArray[Any]:
        """[n] the values."""
        picked = raw[self.at]
        if self.dtype != "varint":
            return picked.view(self.dtype)[:, 0]
        if picked[0].tobytes() * len(picked) == picked.tobytes():  # one time for all, as a rule
            return np.full(len(picked), _number(picked[0].tobytes(), 0, picked.shape[1]), np.int64)
        return _joined(picked)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the changing numbers of a message lie.

    Attributes:
        mask: [bytes] which bits must be as in `fixed`: all of a tag, length or alias, the top one of a varint.
        alias: [n]. times: Of the metrics. values: By type and length. stamp, seq: Of the payload, if any.
    """

    mask: NDArray[np.uint8]
    fixed: NDArray[np.uint8]
    alias: Ints
    times: tuple[_Group, ...]
    values: tuple[_Group, ...]
    stamp: tuple[int, int] | None
    seq: tuple[int, int] | None

    def read(self, data: bytes) -> DataArrays | None:
        """The columns of a message of this layout, None when it has another."""
        raw = np.frombuffer(data, np.uint8)
        if not np.array_equal(raw & self.mask, self.fixed):
            return None
        count = len(self.alias)
        at_ms, value = np.empty(count, np.int64), np.empty(count, np.float64)
        for group in self.times:
            at_ms[group.rows] = group.read(raw)
        for group in self.values:
            value[group.rows] = group.read(raw)
        if at_ms.max(initial=0) > LATEST_MS:
            at_ms = np.minimum(at_ms, LATEST_MS)
        return DataArrays(
            alias=self.alias,
            at_ms=at_ms,
            value=value + 0.0,
            high=np.zeros(count, np.uint8),
            quality=np.zeros(count, np.uint8),
            names={},
            texts={},
            seq=None if self.seq is None else _number(data, *self.seq),
            timestamp=None if self.stamp is None else _number(data, *self.stamp),
        )


@dataclass(slots=True)
class _Known:
    """What is remembered of one topic and length."""

    layout: Layout | None = None
    misses: int = 0
    learn_at: int = _FIRST_MISSES


class Layouts:
    """Reads DATA messages, the repeated ones fast.

    Attributes:
        hits: Messages read by a remembered layout.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], _Known] = {}
        self.hits = 0

    def decode(self, topic: str, data: bytes) -> DataArrays:
        """The same as `decode_arrays`.

        Raises:
            PayloadFault: The bytes are no Sparkplug B payload.
        """
        if len(data) < SHORTEST:
            return decode_arrays(data)
        key = topic, len(data)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            known = self._known[key] = _Known()
        if known.layout is not None:
            read = known.layout.read(data)
            if read is not None:
                known.misses = 0
                self.hits += 1
                return read
        arrays = decode_arrays(data)
        known.misses += 1
        if known.misses >= known.learn_at:
            known.layout, known.misses = learn(data), 0
            known.learn_at *= 2  # a device that never repeats itself is not learned again and again
        return arrays


def learn(data: bytes) -> Layout | None:
    """The layout of a message that could be parsed; None when it holds more than numbers by alias."""
    mask = np.full(len(data), 0xFF, np.uint8)
    stamp: tuple[int, int] | None = None
    seq: tuple[int, int] | None = None
    metrics: list[dict[int, tuple[int, int, int]]] = []
    try:
        for field, wire, start, end in _fields(data, 0, len(data)):
            if field == _METRICS and wire == _LENGTH:
                metrics.append(_metric(data, start, end, mask))
            elif field == _TIMESTAMP and wire == _VARINT and stamp is None and end - start <= 9:
                mask[start:end], stamp = 0x80, (start, end)
            elif field == _SEQ and wire == _VARINT and seq is None and end - start <= 9:
                mask[start:end], seq = 0x80, (start, end)
            else:
                return None
    except (_Other, IndexError):
        return None
    if not metrics:
        return None
    alias = np.array([_number(data, *m[_ALIAS][1:]) for m in metrics], np.int64)
    alias.setflags(write=False)
    spots = [next((f, *m[f]) for f in _WIRE if f in m) for m in metrics]
    raw = np.frombuffer(data, np.uint8)
    return Layout(
        mask,
        raw & mask,
        alias,
        _groups([(_AT, *m[_AT]) for m in metrics]),
        _groups(spots),
        stamp,
        seq,
    )


def _metric(
    data: bytes, start: int, end: int, mask: NDArray[np.uint8]
) -> dict[int, tuple[int, int, int]]:
    """Field -> (wire type, start, end) of a metric that is a number by alias with its time."""
    found: dict[int, tuple[int, int, int]] = {}
    for field, wire, begin, stop in _fields(data, start, end):
        if field in found or field not in (_ALIAS, _AT, _DATATYPE, *_WIRE):
            raise _Other
        if wire != _WIRE.get(field, _VARINT) or stop - begin > _LONGEST.get(field, 9):
            raise _Other
        found[field] = wire, begin, stop
    values = [f for f in _WIRE if f in found]
    if len(values) != 1 or _ALIAS not in found or _AT not in found:
        raise _Other
    mask[slice(*found[_AT][1:])] = 0x80
    wire, begin, stop = found[values[0]]
    bits = 0x80 if wire == _VARINT else 0
    mask[begin:stop] = 0xFE if values[0] == _BOOLEAN else bits
    return found


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, wire type, start and end of the content of each field."""
    while at < end:
        stop = _varint_end(data, at)
        tag = _number(data, at, stop)
        field, wire = tag >> 3, tag & 7
        start = stop
        if wire == _VARINT:
            stop = _varint_end(data, start)
        elif wire == _FIXED64:
            stop = start + 8
        elif wire == _FIXED32:
            stop = start + 4
        elif wire == _LENGTH:
            body = _varint_end(data, start)
            start, stop = body, body + _number(data, start, body)
        else:
            raise _Other
        if stop > end:
            raise _Other
        yield field, wire, start, stop
        at = stop


def _varint_end(data: bytes, at: int) -> int:
    while data[at] & 0x80:
        at += 1
    return at + 1


def _number(data: bytes, start: int, end: int) -> int:
    return sum((byte & 0x7F) << (7 * i) for i, byte in enumerate(data[start:end]))


def _groups(spots: list[tuple[int, int, int, int]]) -> tuple[_Group, ...]:
    """Group (field, wire type, start, end) of each metric by what reads them."""
    kinds: dict[tuple[str, int], list[int]] = {}
    for row, (_, wire, start, end) in enumerate(spots):
        dtype = {_VARINT: "varint", _FIXED64: "<f8", _FIXED32: "<f4"}[wire]
        kinds.setdefault((dtype, end - start), []).append(row)
    return tuple(
        _Group(
            dtype,
            np.array(rows, np.intp),
            np.array([np.arange(spots[r][2], spots[r][3]) for r in rows], np.intp),
        )
        for (dtype, _), rows in kinds.items()
    )


def _joined(picked: NDArray[np.uint8]) -> Ints:
    """[n] numbers of [n, bytes] varints."""
    weights = np.left_shift(np.int64(1), 7 * np.arange(picked.shape[1], dtype=np.int64))
    return np.asarray((picked & 0x7F).astype(np.int64) @ weights)
