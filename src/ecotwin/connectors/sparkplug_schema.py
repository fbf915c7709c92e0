"""The Sparkplug B message types, described in code: no generated file, no `protoc`.

`PAYLOAD` is the message class of a whole payload; upb (`protobuf`'s C core) reads and writes it.

Sources:
    Eclipse Sparkplug 3.0.0, chapter 6 (payload definition, datatypes).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "ecotwin.sparkplug"
_F = descriptor_pb2.FieldDescriptorProto


class DataType(IntEnum):
    """What a metric's value is. The array types (22-34) travel as packed bytes."""

    UNKNOWN = 0
    INT8 = 1
    INT16 = 2
    INT32 = 3
    INT64 = 4
    UINT8 = 5
    UINT16 = 6
    UINT32 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12
    DATETIME = 13
    TEXT = 14
    UUID = 15
    DATASET = 16
    BYTES = 17
    FILE = 18
    TEMPLATE = 19
    PROPERTY_SET = 20
    PROPERTY_SET_LIST = 21
    INT8_ARRAY = 22
    INT16_ARRAY = 23
    INT32_ARRAY = 24
    INT64_ARRAY = 25
    UINT8_ARRAY = 26
    UINT16_ARRAY = 27
    UINT32_ARRAY = 28
    UINT64_ARRAY = 29
    FLOAT_ARRAY = 30
    DOUBLE_ARRAY = 31
    BOOLEAN_ARRAY = 32
    STRING_ARRAY = 33
    DATETIME_ARRAY = 34


# Message -> its fields in order: name:number:type; `*` repeats, `|` belongs to the value's oneof.
_MESSAGES = {
    "MetaData": "is_multi_part:1:bool content_type:2:string size:3:uint64 seq:4:uint64 "
    "file_name:5:string file_type:6:string md5:7:string description:8:string",
    "PropertyValue": "type:1:uint32 is_null:2:bool |int_value:3:uint32 |long_value:4:uint64 "
    "|float_value:5:float |double_value:6:double |boolean_value:7:bool |string_value:8:string "
    "|propertyset_value:9:PropertySet |propertysets_value:10:PropertySetList",
    "PropertySet": "*keys:1:string *values:2:PropertyValue",
    "PropertySetList": "*propertyset:1:PropertySet",
    "DataSetValue": "|int_value:1:uint32 |long_value:2:uint64 |float_value:3:float "
    "|double_value:4:double |boolean_value:5:bool |string_value:6:string",
    "Row": "*elements:1:DataSetValue",
    "DataSet": "num_of_columns:1:uint64 *columns:2:string *types:3:uint32 *rows:4:Row",
    "Parameter": "name:1:string type:2:uint32 |int_value:3:uint32 |long_value:4:uint64 "
    "|float_value:5:float |double_value:6:double |boolean_value:7:bool |string_value:8:string",
    "Template": "version:1:string *metrics:2:Metric *parameters:3:Parameter "
    "template_ref:4:string is_definition:5:bool",
    "Metric": "name:1:string alias:2:uint64 timestamp:3:uint64 datatype:4:uint32 "
    "is_historical:5:bool is_transient:6:bool is_null:7:bool metadata:8:MetaData "
    "properties:9:PropertySet |int_value:10:uint32 |long_value:11:uint64 |float_value:12:float "
    "|double_value:13:double |boolean_value:14:bool |string_value:15:string "
    "|bytes_value:16:bytes |dataset_value:17:DataSet |template_value:18:Template",
    "Payload": "timestamp:1:uint64 *metrics:2:Metric seq:3:uint64 uuid:4:string body:5:bytes",
}

_SCALARS = {
    "bool": _F.TYPE_BOOL,
    "string": _F.TYPE_STRING,
    "bytes": _F.TYPE_BYTES,
    "uint32": _F.TYPE_UINT32,
    "uint64": _F.TYPE_UINT64,
    "float": _F.TYPE_FLOAT,
    "double": _F.TYPE_DOUBLE,
}


def _add_field(message: descriptor_pb2.DescriptorProto, text: str) -> None:
    """Add one field written as `name:number:type`, with `*` and `|` as its marks."""
    name, number, kind = text.lstrip("*|").split(":")
    added = message.field.add(name=name, number=int(number))
    added.label = _F.LABEL_REPEATED if text[0] == "*" else _F.LABEL_OPTIONAL
    if kind in _SCALARS:
        added.type = _SCALARS[kind]
    else:
        added.type = _F.TYPE_MESSAGE
        added.type_name = f".{_PACKAGE}.{kind}"
    if text[0] == "|":
        if not message.oneof_decl:
            message.oneof_decl.add(name="value")
        added.oneof_index = 0


def _payload_class() -> Any:
    """Build the message classes in a pool of their own, so that no other package's names clash."""
    file = descriptor_pb2.FileDescriptorProto(
        name="ecotwin/sparkplug.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields.split():
            _add_field(message, text)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


PAYLOAD: Any = _payload_class()
