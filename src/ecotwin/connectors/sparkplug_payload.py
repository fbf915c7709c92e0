"""Reads and writes Sparkplug B payloads as records (`sparkplug_arrays` reads DATA messages faster).

Signed integers are two's complement in unsigned fields; which sign holds is told by the datatype,
which DATA messages may leave out because the birth gave it. Times here are the wire's: milliseconds
since 1970 UTC.

Sources:
    Eclipse Sparkplug 3.0.0, chapter 6; Protocol Buffers encoding (wire types, presence).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError, EncodeError

from ecotwin.connectors.sparkplug_schema import PAYLOAD, DataType
from ecotwin.errors import PayloadFault

__all__ = ["DataSet", "DataType", "Metric", "Payload", "Template", "decode", "encode"]

_SIGNED_BITS: dict[int, int] = {
    DataType.INT8: 8,
    DataType.INT16: 16,
    DataType.INT32: 32,
    DataType.INT64: 64,
}
_BITS: dict[int, int] = {
    **_SIGNED_BITS,
    DataType.UINT8: 8,
    DataType.UINT16: 16,
    DataType.UINT32: 32,
}
_LONGS: set[int] = {DataType.INT64, DataType.UINT64, DataType.DATETIME}
_INTS: set[int] = {*_BITS, *_LONGS}
_TEXTS: set[int] = {DataType.STRING, DataType.TEXT, DataType.UUID}


@dataclass(frozen=True, slots=True)
class DataSet:
    """A table as a metric's value: `rows[i][j]` belongs to `columns[j]` of `types[j]`."""

    columns: tuple[str, ...]
    types: tuple[int, ...]
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A user-defined type or an instance of it as a metric's value.

    Attributes:
        reference: Name of the definition; empty for a definition.
        parameters: (name, datatype, value) each.
    """

    metrics: tuple[Metric, ...] = ()
    parameters: tuple[tuple[str, int, Any], ...] = ()
    reference: str = ""
    version: str = ""
    definition: bool = False


Value = int | float | bool | str | bytes | DataSet | Template | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One value on the wire.

    Attributes:
        name: Empty when only the alias is sent. alias: None when there is none.
        value: None means null. datatype: A `DataType` (or a number this version does not know);
            `UNKNOWN` when the message leaves it out, then a signed integer is still unsigned.
        timestamp: [ms since 1970 UTC], None when the payload's holds.
        properties: Key -> value of the scalar properties (nested sets are read past).
    """

    name: str = ""
    value: Value = None
    datatype: int = DataType.UNKNOWN
    alias: int | None = None
    timestamp: int | None = None
    historical: bool = False
    transient: bool = False
    properties: Mapping[str, int | float | bool | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Payload:
    """One message.

    Attributes:
        timestamp: [ms since 1970 UTC]. seq: 0..255, None where the message type carries none.
    """

    metrics: tuple[Metric, ...] = ()
    timestamp: int | None = None
    seq: int | None = None
    uuid: str = ""
    body: bytes = b""


def signed(raw: int, datatype: int) -> int:
    """Give an unsigned wire integer the sign and width of its datatype.

    >>> signed(0xFF, DataType.INT8), signed(0xFFFFFFFF, DataType.INT8), signed(0xFF, DataType.UINT8)
    (-1, -1, 255)
    """
    bits = _BITS.get(datatype)
    if bits is None:
        return raw
    raw &= (1 << bits) - 1
    if datatype in _SIGNED_BITS and raw >> (bits - 1):
        return raw - (1 << bits)
    return int(raw)


def _kind_of(value: object) -> int:
    """The datatype that fits a Python value of which nothing else is known."""
    if isinstance(value, bool):
        return DataType.BOOLEAN
    if isinstance(value, int):
        return DataType.UINT64 if value >= 1 << 63 else DataType.INT64
    return DataType.DOUBLE if isinstance(value, float) else DataType.STRING


def _put(target: Any, datatype: int, value: Value) -> None:
    """Write a scalar into the oneof of a metric, property, parameter or table cell."""
    datatype = datatype or _kind_of(value)
    if datatype in _INTS:
        number = int(value)  # type: ignore[arg-type]
        bits = _BITS.get(datatype, 64)
        low = -(1 << (bits - 1)) if datatype in _SIGNED_BITS else 0
        if not low <= number < low + (1 << bits):
            raise ValueError(f"{number} does not fit {DataType(datatype).name}")
        wide = 64 if datatype in _LONGS else 32
        name = "long_value" if datatype in _LONGS else "int_value"
        setattr(target, name, number & ((1 << wide) - 1))
    elif datatype == DataType.FLOAT:
        target.float_value = value
    elif datatype == DataType.DOUBLE:
        target.double_value = value
    elif datatype == DataType.BOOLEAN:
        target.boolean_value = bool(value)
    elif datatype in _TEXTS:
        target.string_value = value
    else:
        raise ValueError(f"datatype {datatype} has no scalar value")


def _put_table(target: Any, table: DataSet) -> None:
    """Write a table."""
    target.num_of_columns = len(table.columns)
    target.columns.extend(table.columns)
    target.types.extend(table.types)
    for row in table.rows:
        written = target.rows.add()
        for kind, cell in zip(table.types, row, strict=True):
            _put(written.elements.add(), kind, cell)


def _put_template(target: Any, template: Template) -> None:
    """Write a template: its reference or definition, metrics and parameters."""
    target.is_definition = template.definition
    if template.reference:
        target.template_ref = template.reference
    if template.version:
        target.version = template.version
    for name, kind, value in template.parameters:
        _put(target.parameters.add(name=name, type=kind), kind, value)
    for metric in template.metrics:
        _put_metric(target.metrics.add(), metric, lean=False)


def _put_properties(target: Any, properties: Mapping[str, Any]) -> None:
    """Write scalar properties, each with the datatype of its Python type."""
    for key, value in properties.items():
        target.keys.append(key)
        kind = _kind_of(value)
        if kind == DataType.INT64 and -(1 << 31) <= value < 1 << 31:
            kind = DataType.INT32
        written = target.values.add(type=kind)
        if value is None:
            written.is_null = True
        else:
            _put(written, kind, value)


def _put_metric(target: Any, metric: Metric, *, lean: bool) -> None:
    """Write one metric; a lean one with an alias leaves out its datatype and name."""
    bare = lean and metric.alias is not None
    if metric.name and not bare:
        target.name = metric.name
    if metric.alias is not None:
        target.alias = metric.alias
    if metric.timestamp is not None:
        target.timestamp = metric.timestamp
    if metric.datatype and not bare:
        target.datatype = metric.datatype
    if metric.historical:
        target.is_historical = True
    if metric.transient:
        target.is_transient = True
    if metric.properties:
        _put_properties(target.properties, metric.properties)
    value = metric.value
    if value is None:
        target.is_null = True
    elif isinstance(value, DataSet):
        _put_table(target.dataset_value, value)
    elif isinstance(value, Template):
        _put_template(target.template_value, value)
    elif isinstance(value, bytes):
        target.bytes_value = value
    else:
        _put(target, metric.datatype, value)


def encode(payload: Payload, *, lean: bool = False) -> bytes:
    """The bytes of a payload.

    Args:
        payload: What to write.
        lean: A DATA message: metrics that bear an alias carry neither name nor datatype.

    Raises:
        PayloadFault: A value does not fit its datatype.
    """
    message = PAYLOAD()
    if payload.timestamp is not None:
        message.timestamp = payload.timestamp
    if payload.seq is not None:
        message.seq = payload.seq
    if payload.uuid:
        message.uuid = payload.uuid
    if payload.body:
        message.body = payload.body
    for metric in payload.metrics:
        try:
            _put_metric(message.metrics.add(), metric, lean=lean)
        except (TypeError, ValueError, OverflowError) as error:
            raise PayloadFault(
                f"metric {metric.name or metric.alias!r} cannot be written: {error}",
                expected="a value that fits its datatype",
                remedy="give the metric another datatype or value",
            ) from error
    try:
        return bytes(message.SerializeToString())
    except (EncodeError, UnicodeError) as error:
        raise PayloadFault(f"the payload cannot be written: {error}") from error


def parse(data: bytes) -> Any:
    """The upb message of some bytes."""
    message = PAYLOAD()
    try:
        message.ParseFromString(data)
    except (DecodeError, UnicodeError, RecursionError) as error:
        raise unreadable(data, str(error)) from error
    if not (message.metrics or message.HasField("timestamp") or message.HasField("seq")):
        raise unreadable(data, "neither a time, a seq nor a metric is in it")
    return message


def unreadable(data: bytes, reason: str) -> PayloadFault:
    """The fault of a message that is no Sparkplug B payload."""
    return PayloadFault(
        f"a message of {len(data)} bytes is not a Sparkplug B payload ({reason})",
        expected="a protobuf payload as Sparkplug B 3.0 defines it",
        remedy="check what publishes on this topic, and that it speaks Sparkplug B, not JSON",
    )


def text_of(raw: str | bytes) -> str:
    """A text field; upb hands out bytes where it is not UTF-8, which is a fault.

    Raises:
        ValueError: It is not UTF-8.
    """
    if isinstance(raw, bytes):
        raise ValueError(f"a text is not UTF-8: {raw[:20]!r}")
    return raw


def _scalar(source: Any, datatype: int) -> Any:
    """The scalar in the oneof of a metric, property, parameter or cell; None if there is none."""
    which = source.WhichOneof("value")
    if which is None or which in ("propertyset_value", "propertysets_value"):
        return None
    raw = getattr(source, which)
    if which in ("int_value", "long_value"):
        return bool(raw) if datatype == DataType.BOOLEAN else signed(raw, datatype)
    return text_of(raw) if which == "string_value" else raw


def _table(source: Any) -> DataSet:
    """Read a table; a row of another length than the header is a fault."""
    types = tuple(source.types)
    columns = tuple(map(text_of, source.columns))
    for row in source.rows:
        if len(row.elements) != len(types):
            raise ValueError(f"a table row has {len(row.elements)} cells for {len(types)} types")
    rows = tuple(
        tuple(_scalar(cell, kind) for kind, cell in zip(types, row.elements, strict=True))
        for row in source.rows
    )
    return DataSet(columns, types, rows)


def _template(source: Any) -> Template:
    """Read a template."""
    return Template(
        metrics=tuple(_metric(m) for m in source.metrics),
        parameters=tuple((text_of(p.name), p.type, _scalar(p, p.type)) for p in source.parameters),
        reference=text_of(source.template_ref),
        version=text_of(source.version),
        definition=source.is_definition,
    )


def _metric(source: Any) -> Metric:
    """Read one metric."""
    which = source.WhichOneof("value")
    datatype: int = source.datatype
    value: Value
    if source.is_null or which is None:
        value = None
    elif which == "dataset_value":
        value = _table(source.dataset_value)
    elif which == "template_value":
        value = _template(source.template_value)
    else:
        value = _scalar(source, datatype)
    held = source.properties
    return Metric(
        name=text_of(source.name),
        value=value,
        datatype=datatype,
        alias=source.alias if source.HasField("alias") else None,
        timestamp=source.timestamp if source.HasField("timestamp") else None,
        historical=source.is_historical,
        transient=source.is_transient,
        properties={
            text_of(key): None if p.is_null else _scalar(p, p.type)
            for key, p in zip(held.keys, held.values, strict=False)
        }
        if source.HasField("properties")
        else {},
    )


def decode(data: bytes) -> Payload:
    """Read a whole payload.

    Raises:
        PayloadFault: The bytes are no Sparkplug B payload.
    """
    message = parse(data)
    try:
        return Payload(
            metrics=tuple(_metric(m) for m in message.metrics),
            timestamp=message.timestamp if message.HasField("timestamp") else None,
            seq=message.seq if message.HasField("seq") else None,
            uuid=text_of(message.uuid),
            body=bytes(message.body),
        )
    except (ValueError, UnicodeError, RecursionError) as error:
        raise unreadable(data, str(error)) from error
