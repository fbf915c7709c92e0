"""Values written into the text of a statement.

The database looks for pandas at every bound parameter, twice, and where pandas is not installed each
look is a failed import of 0.08 ms: a batch of six bound values would cost a millisecond. Statements
that run often therefore carry their values as text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ecotwin.errors import StoreFault

Value = str | int | float | bool | bytes | None


def filled(statement: str, values: Sequence[Value]) -> str:
    """The statement with its question marks replaced, one by one.

    Args:
        statement: SQL without any other question mark. values: One for each.

    Raises:
        StoreFault: There are more or fewer values than places, or one of an unknown type.

    >>> filled("INSERT INTO source VALUES (?, ?)", ["it's", 7])
    "INSERT INTO source VALUES ('it''s', 7)"
    """
    pieces = statement.split("?")
    if len(pieces) != len(values) + 1:
        raise StoreFault(
            f"a statement with {len(pieces) - 1} places was given {len(values)} values",
            expected="one value for each place",
            remedy="report this with the message; nothing was kept",
        )
    parts = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += (literal(value), piece)
    return "".join(parts)


def literal(value: Value) -> str:
    r"""A value as SQL that means exactly this value.

    >>> literal(0.1), literal(None), literal(b"a\0")
    ('0.1::DOUBLE', 'NULL', "'\\x61\\x00'::BLOB")
    """
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Inside plain quotes only the quote itself means something; a NUL would end the statement.
        quoted = ("'" + part.replace("'", "''") + "'" for part in value.split("\0"))
        text = " || chr(0) || ".join(quoted)
        return f"({text})" if "\0" in value else text
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        number = float(value)
        return f"{number!r}::DOUBLE" if math.isfinite(number) else f"'{number}'::DOUBLE"
    if isinstance(value, bytes):
        return "'" + "".join(f"\\x{b:02x}" for b in value) + "'::BLOB"
    raise StoreFault(
        f"a value of type {type(value).__name__} cannot be written into a statement",
        expected="text, a number, bytes or nothing",
        remedy="report this with the message; nothing was kept",
    )
