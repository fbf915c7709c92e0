"""One text for one record: canonical JSON, so that the same facts always give the same hash.

Keys sorted, no blanks, UTF-8; floats as Python's shortest text that reads back as the same number; instants as
ISO text with `Z`; periods as `start/end`; arrays as lists. NaN and infinity have no place in a proof.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import Any

import numpy as np

from ecotwin.clock import Period
from ecotwin.errors import ProofFault

_PLAIN = (str, int, float, bool, type(None))


def canonical(obj: Any) -> bytes:
    """The canonical JSON of a record, a mapping or plain values.

    >>> canonical({"b": 1.0, "a": [True, None, "é"]}).decode()
    '{"a":[true,null,"é"],"b":1.0}'

    Raises:
        ProofFault: A value has no canonical text (NaN, a naive instant, an unknown type).
    """
    try:
        text = json.dumps(
            plain(obj), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        return text.encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise ProofFault(
            f"a record cannot be sealed: {error}",
            expected="finite numbers and well-formed text",
            remedy="state what is not known as null",
        ) from error


def plain(obj: Any) -> Any:
    """Dataclasses, instants, periods, arrays and enums as plain JSON values."""
    kind = type(obj)
    if kind in _PLAIN:
        return obj
    if isinstance(obj, Mapping):
        return {str(plain(key)): plain(value) for key, value in obj.items()}
    if isinstance(obj, list | tuple):
        return [plain(item) for item in obj]
    if isinstance(obj, datetime):
        return _instant(obj)
    if isinstance(obj, Period):
        return f"{_instant(obj.start)}/{_instant(obj.end)}"
    if is_dataclass(obj) and not isinstance(obj, type):
        return {name: plain(getattr(obj, name)) for name in _names(type(obj))}
    return _rare(obj)


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    assert isinstance(kind, type)
    return tuple(f.name for f in fields(kind))


def _rare(obj: Any) -> Any:
    if isinstance(obj, Enum):
        return plain(obj.value)
    if isinstance(obj, np.ndarray | np.generic):
        return plain(obj.tolist())
    if isinstance(obj, date):
        return obj.isoformat()
    if isinstance(obj, bytes):
        return obj.hex()
    if isinstance(obj, PurePath):
        return obj.as_posix()
    if isinstance(obj, frozenset | set):
        return sorted(plain(item) for item in obj)
    if isinstance(obj, _PLAIN):
        return next(base(obj) for base in (bool, int, float, str) if isinstance(obj, base))
    raise ProofFault(
        f"a value of type {type(obj).__name__} cannot be sealed",
        expected="text, numbers, instants, periods, lists, mappings or records",
        remedy="turn it into one of these first",
    )


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ProofFault(
            f"the instant {moment} has no time zone",
            expected="an aware instant",
            remedy="give it in UTC",
        )
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
