"""The codec: what is written is read back, foreign bytes are read, garbage is a clear fault."""

from __future__ import annotations

import contextlib
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.connectors.sparkplug_arrays import decode_arrays, encode_arrays
from ecotwin.connectors.sparkplug_payload import (
    DataSet,
    DataType,
    Metric,
    Payload,
    Template,
    decode,
    encode,
    signed,
)
from ecotwin.errors import PayloadFault
from ecotwin.records import Quality

_WIDTHS = {
    DataType.INT8: (-(2**7), 2**7 - 1),
    DataType.INT16: (-(2**15), 2**15 - 1),
    DataType.INT32: (-(2**31), 2**31 - 1),
    DataType.INT64: (-(2**63), 2**63 - 1),
    DataType.UINT8: (0, 2**8 - 1),
    DataType.UINT16: (0, 2**16 - 1),
    DataType.UINT32: (0, 2**32 - 1),
    DataType.UINT64: (0, 2**64 - 1),
    DataType.DATETIME: (0, 2**64 - 1),
}
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_ids = st.integers(0, 2**63 - 1)


@st.composite
def _scalars(draw: st.DrawFn) -> tuple[int, Any]:
    kind = draw(st.sampled_from([*_WIDTHS, *map(DataType, (9, 10, 11, 12, 14, 15))]))
    if kind in _WIDTHS:
        return kind, draw(st.integers(*_WIDTHS[kind]))
    if kind == DataType.FLOAT:
        return kind, draw(st.floats(width=32, allow_nan=False))
    if kind == DataType.DOUBLE:
        return kind, draw(st.floats(allow_nan=False))
    return kind, draw(st.booleans() if kind == DataType.BOOLEAN else _TEXT)


_tables = st.lists(_scalars(), min_size=1, max_size=3).map(
    lambda cells: DataSet(
        tuple(f"c{i}" for i in range(len(cells))),
        tuple(kind for kind, _ in cells),
        (tuple(value for _, value in cells),) * 2,
    )
)
_properties = st.dictionaries(
    _TEXT,
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | _TEXT | st.floats(-9, 9),
    max_size=3,
)


@st.composite
def _metrics(draw: st.DrawFn) -> Metric:
    kind, value = draw(
        _scalars()
        | st.tuples(st.just(DataType.BYTES), st.binary(max_size=9))
        | st.tuples(st.just(DataType.DATASET), _tables)
        | st.tuples(st.just(DataType.DOUBLE), st.none())
        | st.tuples(
            st.just(DataType.TEMPLATE),
            _scalars().map(
                lambda s: Template((Metric("m", s[1], s[0]),), (("p", s[0], s[1]),), "ref", "1")
            ),
        )
    )
    return Metric(
        name=draw(_TEXT),
        value=value,
        datatype=kind,
        alias=draw(st.none() | _ids),
        timestamp=draw(st.none() | _ids),
        historical=draw(st.booleans()),
        transient=draw(st.booleans()),
        properties=draw(_properties),
    )


@given(st.lists(_metrics(), max_size=4).map(tuple), st.integers(0, 255), _ids, _TEXT)
def test_what_is_written_is_read_back(
    metrics: tuple[Metric, ...], seq: int, timestamp: int, uuid: str
) -> None:
    payload = Payload(metrics, timestamp, seq, uuid, b"\x00\xff")
    assert decode(encode(payload)) == payload


@given(st.lists(st.tuples(_ids, st.floats(), st.integers(1, 9_000_000_000_000))))
def test_arrays_hold_what_was_written(rows: list[tuple[int, float, int]]) -> None:
    alias, value, at = zip(*rows, strict=True) if rows else ((), (), ())
    got = decode_arrays(encode_arrays(alias, value, at, seq=9, timestamp=5))
    np.testing.assert_array_equal(got.alias, np.array(alias, np.int64))
    np.testing.assert_array_equal(got.value, np.array(value, np.float64))
    np.testing.assert_array_equal(got.at_ms, np.array(at, np.int64))
    assert (got.seq, got.timestamp) == (9, 5)


@given(st.lists(_metrics(), min_size=1, max_size=4).map(tuple))
def test_arrays_agree_with_the_records(metrics: tuple[Metric, ...]) -> None:
    data = encode(Payload(metrics, 77, 1))
    got = decode_arrays(data)
    for i, m in enumerate(decode(data).metrics):
        assert (got.alias[i] == -1) == (m.alias is None)
        if m.alias is None:
            assert got.names[i] == m.name
        if isinstance(m.value, str):
            assert got.texts[i] == m.value
        elif isinstance(m.value, int):
            raw = int(got.value[i]) + (2**64 if got.high[i] and m.value > 0 else 0)
            if abs(m.value) < 2**53:
                assert signed(raw % 2**64, m.datatype) == m.value
            else:
                assert math.isclose(abs(raw), abs(m.value), rel_tol=1e-9)
        elif isinstance(m.value, float):
            assert got.value[i] == m.value
        else:
            assert np.isnan(got.value[i])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", [DataType.DOUBLE, DataType.FLOAT])
def test_nan_and_infinity_pass_as_they_are(value: float, kind: DataType) -> None:
    data = encode(Payload((Metric("x", value, kind, alias=1),), 1, 0))
    back = decode(data).metrics[0].value
    assert isinstance(back, float)
    np.testing.assert_equal(back, value)
    np.testing.assert_equal(decode_arrays(data).value[0], value)


@pytest.mark.parametrize("kind", [DataType.INT64, DataType.UINT64])
def test_bdseq_may_be_either_long(kind: DataType) -> None:
    assert decode(encode(Payload((Metric("bdSeq", 255, kind),), 1))).metrics[0].value == 255


def test_a_lean_message_carries_neither_name_nor_datatype() -> None:
    payload = Payload((Metric("long name", 2.5, DataType.DOUBLE, alias=4, timestamp=8),), 9, 1)
    lean = encode(payload, lean=True)
    assert b"long name" not in lean
    assert decode(lean).metrics[0] == Metric("", 2.5, 0, alias=4, timestamp=8)


def test_bytes_written_by_hand_are_read() -> None:
    """Fields in another order than ours, an unknown field, and a signed byte widened to 32 bits."""
    metric = (
        b"\x50\xff\xff\xff\xff\x0f"  # int_value = 2**32 - 1
        b"\x20\x01"  # datatype Int8
        b"\x10\x07"  # alias 7
        b"\xc2\x3e\x01\x00"  # field 1000, which nobody knows
    )
    data = b"\x18\x05\x12" + bytes([len(metric)]) + metric + b"\x08\x0a"
    payload = decode(data)
    assert payload == Payload((Metric("", -1, DataType.INT8, alias=7),), 10, 5)
    assert decode_arrays(data).at_ms[0] == 10
    assert decode_arrays(data).value[0] == 2**32 - 1


def test_the_quality_property_is_told() -> None:
    kinds = [None, 192, 0, 500, 4711]
    metrics = tuple(
        Metric(
            f"m{i}", 1.0, DataType.DOUBLE, alias=i, properties={} if q is None else {"Quality": q}
        )
        for i, q in enumerate(kinds)
    )
    quality = decode_arrays(encode(Payload(metrics, 1, 0))).quality
    assert quality.tolist() == [
        Quality.GOOD,
        Quality.GOOD,
        Quality.SUSPECT,
        Quality.STALE,
        Quality.SUSPECT,
    ]


def test_null_and_zero_are_told_apart() -> None:
    metrics = tuple(
        Metric("", v, DataType.DOUBLE, alias=i) for i, v in enumerate((0.0, None, -0.0, 5.0))
    )
    value = decode_arrays(encode(Payload(metrics, 1, 0), lean=True)).value
    np.testing.assert_array_equal(value, [0.0, math.nan, 0.0, 5.0])


def test_a_time_beyond_all_reason_is_cut_off_and_not_wrapped() -> None:
    data = encode(Payload((Metric("", 1.0, DataType.DOUBLE, 1, timestamp=2**64 - 1),), 1, 0))
    assert decode_arrays(data).at_ms[0] * 1000 > 2**62


_GARBAGE = [
    b"",
    b'{"online": true}',
    b"\x12\xff\xff\xff\xff\x0f",
    b"\x00" * 100,
    b"\x12\x03\x0a\x01\xff",  # a name that is not UTF-8
    struct.pack("<Q", 2**64 - 1) * 20,
]


@pytest.mark.parametrize("data", _GARBAGE)
def test_garbage_is_a_clear_fault(data: bytes) -> None:
    with pytest.raises(PayloadFault, match="not a Sparkplug B payload"):
        decode(data)
    with pytest.raises(PayloadFault, match="not a Sparkplug B payload"):
        decode_arrays(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_payload_or_a_fault(data: bytes) -> None:
    for read in (decode, decode_arrays):
        with contextlib.suppress(PayloadFault):
            read(data)


@given(st.lists(_metrics(), max_size=3).map(tuple), st.data())
def test_a_damaged_message_is_a_payload_or_a_fault(
    metrics: tuple[Metric, ...], data: st.DataObject
) -> None:
    good = bytearray(encode(Payload(metrics, 1, 2)))
    good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    for read in (decode, decode_arrays):
        with contextlib.suppress(PayloadFault):
            read(bytes(good))


@pytest.mark.parametrize(
    ("value", "kind"),
    [(256, DataType.UINT8), (-1, DataType.UINT64), (math.nan, DataType.INT32), ("x", 1), ([], 12)],
)
def test_a_value_that_does_not_fit_is_refused(value: Any, kind: int) -> None:
    with pytest.raises(PayloadFault, match="cannot be written"):
        encode(Payload((Metric("x", value, kind),), 1, 0))
