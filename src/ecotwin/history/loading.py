"""Puts memory back as it was when the last transaction was kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.clock import HOUR
from ecotwin.history import queries
from ecotwin.history.closing import Closing, open_parts
from ecotwin.history.rollup import Steps
from ecotwin.history.schema import Registry
from ecotwin.history.tail import NEVER, Tail
from ecotwin.records import Quality

Breaks = dict[int, list[tuple[int, float]]]
"""Signal index -> (at [us], offset) of its counter breaks."""


def load(
    con: Any, registry: Registry, tail: Tail, closing: Closing
) -> tuple[dict[str, str], Breaks]:
    """Fill the open part; returns the sources' positions and the counter breaks."""
    rows = con.execute("SELECT name, number, bytes FROM counter_state").fetchall()
    number = {name: n for name, n, _ in rows}
    kept = np.frombuffer(next(blob for name, _, blob in rows if name == "closed"), np.int64)
    closing.closed_by_sid[: len(kept)] = kept
    closing.rev, closing.since = number["rev"], number["since"]
    closing.minutes = number["minutes"]
    known = con.execute(
        "SELECT max(known) FROM (SELECT max(known) AS known FROM minute_new UNION ALL "
        "SELECT max(known) FROM minute UNION ALL SELECT max(known) FROM hour)"
    ).fetchone()[0]
    closing.known = known or 0
    closing.fresh_rows = con.execute("SELECT count(*) FROM minute_new").fetchone()[0]
    closing.late = {
        (int(registry.col[sid]), hour)
        for sid, hour in con.execute("SELECT DISTINCT sid, hour FROM late").fetchall()
        if registry.col[sid] >= 0
    }
    tail.closed = closing.closed_by_sid[registry.sid]
    _ends(con, registry, tail)
    breaks = _breaks(con, registry, tail)
    tail.minutes = _minutes(con, registry, tail)
    tail.spilled[:] = True
    for col, readings in open_parts(con, registry, tail):
        if not tail.take_back(readings, col):
            break
    tail.spilled[~tail.snapshot().has] = False
    return dict(con.execute("SELECT name, position FROM source").fetchall()), breaks


def _ends(con: Any, registry: Registry, tail: Tail) -> None:
    """First and newest readings of each signal."""
    every = np.arange(len(registry.sid))
    fresh = registry.sid[every[tail.closed == 0]].tolist()
    if fresh:
        for sid, first in con.execute(
            "SELECT sid, min(t) FROM sample "  # noqa: S608
            f"WHERE sid IN (SELECT unnest({fresh}::INTEGER[])) GROUP BY 1"
        ).fetchall():
            tail.first[registry.col[sid]] = first
    oldest, newest = con.execute("SELECT min(t), max(t) FROM sample").fetchone()
    hours = con.execute("SELECT min(t) FROM hour").fetchone()[0]
    tail.oldest = min([t for t in (oldest, hours) if t is not None], default=NEVER)
    tail.newest = newest or 0
    bound = np.full(len(every), tail.newest + 1, np.int64)
    last = queries.newest_before(con, registry, every, bound)
    tail.last_at[last.signal] = last.at
    tail.last_value[last.signal] = last.value
    tail.last_quality[last.signal] = last.quality
    good = last.take(last.quality <= Quality.ESTIMATED)
    tail.usable_at[good.signal] = good.at
    doubted = last.signal[last.quality > Quality.ESTIMATED].astype(np.int64)
    before = queries.newest_before(con, registry, doubted, bound[doubted], usable=True)
    tail.usable_at[before.signal] = before.at


def _breaks(con: Any, registry: Registry, tail: Tail) -> Breaks:
    found: Breaks = {}
    jumps = []
    for sid, at, offset, estimated in con.execute(
        "SELECT sid, t, off, estimated FROM counter_break ORDER BY t"
    ).fetchall():
        col = int(registry.col[sid])
        if col >= 0:
            found.setdefault(col, []).append((at, offset))
            jumps += [(col, at)] if estimated else []
    tail.jumps = np.array(jumps, np.int64).reshape(-1, 2)
    return found


def _minutes(con: Any, registry: Registry, tail: Tail) -> Steps:
    """Closed minutes of hours that are not full."""
    col = np.flatnonzero(tail.closed % HOUR > 0)
    if not len(col):
        return Steps.empty()
    since = tail.closed // HOUR * HOUR
    low, high = int(since[col].min()), int(tail.closed[col].max())
    rows, _ = queries.kept_steps(con, registry, queries.MINUTES, col, low, high)
    return rows.take(rows.at >= since[rows.signal])
