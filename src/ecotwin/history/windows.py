"""Windows: kept steps, and what is not closed yet built on the fly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from ecotwin.clock import HOUR, MINUTE, SECOND, Period, instant, micros
from ecotwin.errors import StoreFault
from ecotwin.history import queries
from ecotwin.history.building import build
from ecotwin.history.closing import Closing
from ecotwin.history.rollup import STEP_COLUMNS, Steps, coarsen, in_order, merged
from ecotwin.history.tail import NEVER, Snapshot
from ecotwin.records import Ints, Window

_DOING = "reading a window"


def window(
    closing: Closing,
    signals: Sequence[int],
    period: Period,
    step_s: int,
    known_at: datetime | None,
) -> Window:
    """See `contract.Store.window`; the period is cut to whole minutes."""
    if step_s < 60 or step_s % 60:
        raise StoreFault(
            f"a step of {step_s} s", expected="a multiple of 60 s", remedy="choose another step"
        )
    wrong = [s for s in signals if not 0 <= s < len(closing.registry.sid)]
    if wrong:
        raise StoreFault(
            f"there is no signal {wrong[0]}",
            expected=f"an index from 0 to {len(closing.registry.sid) - 1}",
            remedy="take indices from the plant that the history was opened with",
        )
    start, end = (us // MINUTE * MINUTE for us in (period.start_us, period.end_us))
    col = np.unique(np.asarray(signals, np.int64))
    step = step_s * SECOND
    hourly = step % HOUR == 0 and start % HOUR == 0 and end % HOUR == 0
    fine = HOUR if hourly else MINUTE
    if not len(col) or end <= start:
        parts: list[Steps] = []
    elif known_at is None:
        parts = _now(closing, col, start, end, hourly=hourly, spread=step == fine)
    else:
        parts = [_then(closing, col, start, end, micros(known_at), hourly=hourly)]
    if step != fine:
        parts = [coarsen(p, closing.traits, step, start, fine) for p in parts]
    count = -(-(end - start) // step)
    return _dense(parts, signals, Period(instant(start), instant(end)), step_s, count, known_at)


def _now(
    closing: Closing, col: Ints, start: int, end: int, *, hourly: bool, spread: bool
) -> list[Steps]:
    """Kept steps and open ones. To be spread at once: in any order, of one step the last counts.

    Else as one part, by signal and time.
    """
    with closing.file.read(_DOING, closing.tail.snapshot) as (con, snap):
        begin = snap.begin(closing.traits)
        horizon = max(snap.newest, int(snap.closed.max(initial=0)))
        live = _open_minutes(con, closing, snap, col, begin, start, end, horizon)
        tables = queries.HOURS if hourly else queries.MINUTES
        if spread:
            kept = queries.kept_revisions(con, closing.registry, tables, col, start, end)
        else:
            kept, _ = queries.kept_steps(con, closing.registry, tables, col, start, end)
    if hourly:
        # closed minutes of hours that are not full stand in memory
        wanted = queries.sharpen(len(snap.closed), col)[snap.minutes.signal]
        wanted &= (snap.minutes.at >= start) & (snap.minutes.at < end)
        live = coarsen(merged(snap.minutes.take(wanted), live), closing.traits, HOUR)
    return [kept, live] if spread else [merged(kept, live)]


def _open_minutes(
    con: Any,
    closing: Closing,
    snap: Snapshot,
    col: Ints,
    begin: Ints,
    start: int,
    end: int,
    horizon: int,
) -> Steps:
    """Minutes of `[start, end)` that are not closed, up to what has happened."""
    last = min(end, -(-horizon // MINUTE) * MINUTE)
    low, high = np.zeros_like(begin), np.zeros_like(begin)
    low[col] = np.minimum(np.maximum(begin[col], start), NEVER)
    high[col] = last
    open_col = col[low[col] < last]
    if not len(open_col):
        return Steps.empty()
    parts = list(snap.parts)
    if len(open_col) < len(begin):
        wanted = queries.sharpen(len(begin), open_col)
        parts = [p.take(wanted[p.signal]) for p in parts]
    far = open_col[snap.spilled[open_col]]
    if len(far):
        parts.append(
            queries.context(con, closing.registry, closing.traits, far, low[far], high[far])
        )
    readings = in_order(queries.join(parts))
    return build(
        readings,
        closing.traits,
        low,
        high,
        sums=snap.sums,
        horizon=horizon,
        jumps=snap.at_jumps(readings),
    )


def _then(closing: Closing, col: Ints, start: int, end: int, known: int, *, hourly: bool) -> Steps:
    """As it was known at an instant: revisions up to then, the rest from readings kept by then."""
    registry, traits = closing.registry, closing.traits
    n = len(registry.sid)
    with closing.file.read(_DOING, closing.tail.snapshot) as (con, snap):
        kept, minutes = Steps.empty(), Steps.empty()
        done = np.full(n, start, np.int64)
        if hourly:
            kept, _ = queries.kept_steps(con, registry, queries.HOURS, col, start, end, known=known)
            np.maximum.at(done, kept.signal, kept.at + HOUR)
        begin = done.copy()
        low = int(begin[col].min())
        minutes, _ = queries.kept_steps(con, registry, queries.MINUTES, col, low, end, known=known)
        minutes = minutes.take(minutes.at >= begin[minutes.signal])
        np.maximum.at(done, minutes.signal, minutes.at + MINUTE)
        done = np.maximum(done, closing.since)
        newest = (
            con.execute("SELECT max(t) FROM sample WHERE known <= ?", [known]).fetchone()[0] or 0
        )
        last = min(end, -(-newest // MINUTE) * MINUTE)
        open_col = col[done[col] < last]
        high = np.zeros(n, np.int64)
        high[open_col] = last
        readings = queries.context(
            con, registry, traits, open_col, done[open_col], high[open_col], known=known
        )
        live = build(readings, traits, done, high, horizon=newest, jumps=snap.at_jumps(readings))
    if hourly:
        return merged(kept, coarsen(merged(minutes, live), traits, HOUR))
    return merged(minutes, live)


def _dense(
    parts: Sequence[Steps],
    signals: Sequence[int],
    period: Period,
    step_s: int,
    count: int,
    known_at: datetime | None,
) -> Window:
    """Spread rows over [steps, signals], later ones over earlier; what none tells is not covered."""
    unique = sorted(set(signals))
    place = np.full(max(unique, default=0) + 1, -1, np.int64)
    place[unique] = np.arange(len(unique))
    step = step_s * SECOND
    parts = [p for p in parts if len(p)]
    cells = [(p.at - period.start_us) // step * len(unique) + place[p.signal] for p in parts]
    again = None if list(signals) == unique else place[list(signals)]
    columns: dict[str, Any] = {}
    for name in STEP_COLUMNS[2:]:
        whole = name == "count"
        blank = 0 if name in ("count", "covered", "estimated") else np.nan
        flat = np.full(count * len(unique), blank, np.int64 if whole else np.float64)
        for cell, part in zip(cells, parts, strict=True):
            flat[cell] = getattr(part, name)
        table = flat.reshape(count, len(unique))
        columns[name] = table if again is None else table[:, again]
    return Window(period, step_s, tuple(signals), known_at=known_at, **columns)
