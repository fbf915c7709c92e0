"""A remembered layout gives exactly what parsing gives, for every message, or it stands aside."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.connectors.sparkplug_arrays import DataArrays, decode_arrays
from ecotwin.connectors.sparkplug_layout import SHORTEST, Layouts, learn
from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, encode
from ecotwin.connectors.sparkplug_schema import PAYLOAD
from ecotwin.errors import PayloadFault

KINDS: dict[int, st.SearchStrategy[Any]] = {
    DataType.DOUBLE: st.floats(),
    DataType.FLOAT: st.floats(width=32),
    DataType.INT32: st.integers(-(2**31), 2**31 - 1),
    DataType.UINT64: st.integers(0, 2**64 - 1),
    DataType.INT64: st.integers(-(2**63), 2**63 - 1),
    DataType.BOOLEAN: st.booleans(),
    DataType.STRING: st.text(max_size=3),
}


def same(one: DataArrays, other: DataArrays) -> None:
    for name in ("alias", "at_ms", "value", "high", "quality"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
        assert getattr(one, name).dtype == getattr(other, name).dtype, name
    assert (one.names, one.texts, one.seq, one.timestamp) == (
        other.names, other.texts, other.seq, other.timestamp,
    )  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """Messages of one device: the same kinds in the same order, other values, now and then null."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=30))
    messages = []
    for _ in range(draw(st.integers(4, 8))):
        at = draw(st.integers(0, 2**44))
        metrics = tuple(
            Metric("", draw(st.none() | KINDS[k]) if draw(st.integers(0, 20)) == 0 else draw(KINDS[k]),
                   k, 100 + i, at)
            for i, k in enumerate(kinds)
        )  # fmt: skip
        messages.append(encode(Payload(metrics, at, draw(st.integers(0, 255))), lean=True))
    return messages


@settings(max_examples=150, deadline=None)
@given(streams())
def test_every_message_reads_as_when_parsed(messages: list[bytes]) -> None:
    layouts = Layouts()
    for message in messages * 2:
        same(layouts.decode("t", message), decode_arrays(message))


def gauges(values: list[float], at: int = 1_790_000_000_000, seq: int = 7) -> bytes:
    metrics = tuple(Metric("", v, DataType.DOUBLE, i, at) for i, v in enumerate(values))
    return encode(Payload(metrics, at, seq), lean=True)


def test_repeated_messages_are_read_by_their_layout_and_others_are_not() -> None:
    layouts = Layouts()
    first = [gauges([float(i + n) for i in range(50)], 1_790_000_000_000 + n, n) for n in range(20)]
    for message in first:
        same(layouts.decode("t", message), decode_arrays(message))
    assert layouts.hits == 18
    swapped = bytearray(first[-1])
    at = swapped.index(b"\x10\x05")  # another alias in the same place
    swapped[at + 1] = 60
    same(layouts.decode("t", bytes(swapped)), decode_arrays(bytes(swapped)))
    assert layouts.hits == 18
    same(layouts.decode("t", first[0]), decode_arrays(first[0]))
    assert layouts.hits == 19


def test_a_negative_zero_and_not_a_number_come_out_as_when_parsed() -> None:
    layouts = Layouts()
    for _ in range(4):
        message = gauges([-0.0, float("nan"), float("inf"), *[1.0] * 20])
        same(layouts.decode("t", message), decode_arrays(message))
    assert layouts.hits > 0


def test_what_is_no_plain_number_has_no_layout() -> None:
    at = 1_790_000_000_000
    plain = tuple(Metric("", 1.0, DataType.DOUBLE, i, at) for i in range(10))
    for odd in (
        Metric("named", 1.0, DataType.DOUBLE, None, at),
        Metric("", None, DataType.DOUBLE, 99, at),
        Metric("", "text", DataType.STRING, 99, at),
        Metric("", 1.0, DataType.DOUBLE, 99, None),
        Metric("", 1.0, DataType.DOUBLE, 99, at, properties={"Quality": 500}),
        Metric("", -1, DataType.INT64, 99, at),
        Metric("", 1.0, DataType.DOUBLE, 99, at, historical=True),
    ):
        assert learn(encode(Payload((*plain, odd), at, 1), lean=True)) is None
    assert learn(encode(Payload(plain, at, 1), lean=True)) is not None


def test_a_field_that_stands_twice_has_no_layout() -> None:
    message = PAYLOAD(timestamp=5, seq=1)
    for i in range(20):
        message.metrics.add(alias=i, timestamp=5, double_value=1.0)
    raw = message.SerializeToString()
    assert learn(raw) is not None
    assert learn(raw + b"\x08\x06") is None  # a second time of the payload: the later one counts
    inner = message.metrics[0].SerializeToString() + b"\x69" + struct.pack("<d", 2.0)
    assert learn(raw + b"\x12" + bytes([len(inner)]) + inner) is None


def test_bytes_that_are_no_payload_are_refused_as_before() -> None:
    layouts = Layouts()
    with pytest.raises(PayloadFault):
        layouts.decode("t", b"{" * (SHORTEST + 10))
    assert learn(b"\xff" * 300) is None


def test_a_device_that_never_repeats_itself_is_not_learned_again_and_again() -> None:
    layouts = Layouts()
    noise = np.random.default_rng(1)
    for _ in range(200):
        aliases = noise.permutation(100)[:40].tolist()
        metrics = tuple(Metric("", 1.0, DataType.DOUBLE, a, 1_790_000_000_000) for a in aliases)
        message = encode(Payload(metrics, 1_790_000_000_000, 3), lean=True)
        same(layouts.decode("t", message), decode_arrays(message))
    assert layouts.hits == 0
