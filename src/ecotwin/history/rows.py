"""Small pieces of what a batch leaves in the tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ecotwin.clock import Period
from ecotwin.history.schema import Registry
from ecotwin.history.storefile import Tx
from ecotwin.history.tail import NEVER
from ecotwin.records import Break, Rejects

DETAIL = 400
"""Longest sentence kept with a rejected sample [characters]."""


def write_rejects(tx: Tx, rejects: Rejects, registry: Registry, known: int) -> None:
    """Put samples that were refused into the quarantine."""
    if not len(rejects):
        return
    columns = {
        "sid": np.where(rejects.signal >= 0, registry.sid[np.maximum(rejects.signal, 0)], -1),
        "t": rejects.at,
        "value": rejects.value,
        # Text columns of numpy, not of objects: DuckDB looks at every object, at 0.2 ms each.
        "reason": np.array(rejects.reason, np.str_),
        "detail": np.array([text[:DETAIL] for text in rejects.detail], np.str_),
    }
    tx.insert("reject", columns, ", ?", (known,))


def with_breaks(
    old: dict[int, list[tuple[int, float]]], breaks: Sequence[Break]
) -> dict[int, list[tuple[int, float]]]:
    """Breaks by plant index, with those of a batch."""
    if not breaks:
        return old
    new = {col: list(found) for col, found in old.items()}
    for b in breaks:
        new.setdefault(b.signal, []).append((b.at, b.offset))
    return new


def number(value: float | None) -> float:
    """A number of the database; NULL is NaN."""
    return math.nan if value is None else value


def bounds(period: Period | None) -> tuple[int, int]:
    """A period as instants [us UTC]; None: all times."""
    return (-NEVER, NEVER) if period is None else (period.start_us, period.end_us)
