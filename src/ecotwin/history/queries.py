"""Readings and steps out of the tables, as numpy columns over plant indices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.clock import DAY, HOUR, MINUTE
from ecotwin.history.rollup import Steps, Traits, in_order, newest_of_each
from ecotwin.history.schema import STEP_FIELDS, Registry
from ecotwin.records import Bools, Ints, Quality, Readings

_LOOK_BACK = (10 * MINUTE, 6 * HOUR, 3 * DAY, 60 * DAY, None)
"""How far to look back for a reading: nearly all are near, the dead sensor's is far."""

_FEW = 16
"""Up to so many signals are read one by one: an equality skips blocks that a list does not."""


def readings_of(columns: dict[str, Any], registry: Registry) -> Readings:
    """Rows of `sample` as readings, in the order in which they were kept."""
    kept = columns["rowid"]
    columns = {name: np.asarray(column) for name, column in columns.items()}
    if len(kept) > 1 and not bool((kept[1:] >= kept[:-1]).all()):
        order = np.argsort(kept, kind="stable")
        columns = {name: column[order] for name, column in columns.items()}
    return Readings(
        registry.col[columns["sid"]], columns["t"], columns["value"], columns["quality"]
    )


_SAMPLE = "s.rowid AS rowid, s.sid AS sid, s.t AS t, s.value AS value, s.quality AS quality"


def between(
    con: Any, registry: Registry, col: Ints, lo: Ints, hi: Ints, *, known: int | None = None
) -> Readings:
    """Readings of each signal in its own `[lo, hi]`, unsorted."""
    if not len(col):
        return Readings.of([], [], [])
    want = {"sid": registry.sid[col], "lo": lo, "hi": hi}
    con.register("want", want)
    try:
        rows = con.execute(
            f"SELECT {_SAMPLE} FROM sample s JOIN want w ON s.sid = w.sid "  # noqa: S608
            "WHERE s.t >= w.lo AND s.t <= w.hi "
            f"AND s.t BETWEEN {int(lo.min())} AND {int(hi.max())}"
            + ("" if known is None else f" AND s.known <= {int(known)}")
        ).fetchnumpy()
    finally:
        con.unregister("want")
    return readings_of(rows, registry)


def counts(con: Any, registry: Registry, col: Ints, lo: Ints, hi: Ints) -> dict[int, int]:
    """Signal -> readings in its own `[lo, hi)`; without those that have none."""
    con.register("want", {"sid": registry.sid[col], "lo": lo, "hi": hi})
    try:
        rows = con.execute(
            "SELECT s.sid, count(*) FROM sample s JOIN want w ON s.sid = w.sid "  # noqa: S608
            "WHERE s.t >= w.lo AND s.t < w.hi "
            f"AND s.t >= {int(lo.min())} AND s.t < {int(hi.max())} GROUP BY 1"
        ).fetchall()
    finally:
        con.unregister("want")
    return {int(registry.col[sid]): n for sid, n in rows}


def newest_before(
    con: Any,
    registry: Registry,
    col: Ints,
    bound: Ints,
    *,
    count: int = 1,
    usable: bool = False,
    known: int | None = None,
) -> Readings:
    """The last `count` readings of each signal before its bound, by signal and time."""
    found: list[Readings] = []
    for span in _LOOK_BACK:
        if not len(col):
            break
        top = int(bound.max())
        con.register("want", {"sid": registry.sid[col], "bound": bound})
        low = top - span if span else -(2**62)
        try:
            rows = con.execute(
                f"SELECT {_SAMPLE} FROM sample s JOIN want w ON s.sid = w.sid "  # noqa: S608
                f"WHERE s.t < w.bound AND s.t >= {low} AND s.t < {top}"
                + (f" AND s.quality <= {int(Quality.ESTIMATED)}" if usable else "")
                + (f" AND s.known <= {int(known)}" if known is not None else "")
                # an instant kept twice counts once: it must not hide the reading before it
                + " QUALIFY dense_rank() OVER (PARTITION BY s.sid ORDER BY s.t DESC) <= "
                + str(int(count))
            ).fetchnumpy()
        finally:
            con.unregister("want")
        got = in_order(readings_of(rows, registry))
        have = np.bincount(got.signal, minlength=len(registry.sid))[col]
        whole = (have >= count) if span else np.ones(len(col), np.bool_)
        found.append(got.take(np.isin(got.signal, col[whole])))
        col, bound = col[~whole], bound[~whole]
    return in_order(join(found))


def first_from(
    con: Any, registry: Registry, col: Ints, bound: Ints, *, known: int | None = None
) -> Readings:
    """The first usable reading of each signal at or after its bound."""
    if not len(col):
        return Readings.of([], [], [])
    con.register("want", {"sid": registry.sid[col], "bound": bound})
    try:
        rows = con.execute(
            f"SELECT {_SAMPLE} FROM sample s JOIN want w ON s.sid = w.sid "  # noqa: S608
            f"WHERE s.t >= w.bound AND s.t >= {int(bound.min())} AND s.quality <= {int(Quality.ESTIMATED)}"
            + (f" AND s.known <= {int(known)}" if known is not None else "")
            + " QUALIFY dense_rank() OVER (PARTITION BY s.sid ORDER BY s.t) = 1"
        ).fetchnumpy()
    finally:
        con.unregister("want")
    return in_order(readings_of(rows, registry))


def join(parts: list[Readings]) -> Readings:
    """All readings, in the order given."""
    if not parts:
        return Readings.of([], [], [])
    if len(parts) == 1:
        return parts[0]
    return Readings(
        np.concatenate([p.signal for p in parts]),
        np.concatenate([p.at for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.quality for p in parts]),
    )


def context(
    con: Any,
    registry: Registry,
    traits: Traits,
    col: Ints,
    lo: Ints,
    hi: Ints,
    *,
    known: int | None = None,
) -> Readings:
    """What `rollup.build` needs for `[lo, hi)` of each signal, sorted: it and its neighbours."""
    reach = np.maximum(traits.hold[col], traits.every[col])
    parts = [between(con, registry, col, lo - reach, hi + reach, known=known)]
    summed = traits.summed[col] & (traits.lead[col] == 0)
    if summed.any():
        near = parts[0].take(parts[0].quality <= Quality.ESTIMATED)
        n = len(registry.sid)
        low, high = np.zeros(n, np.int64), np.zeros(n, np.int64)
        low[col], high[col] = lo, hi
        begun = np.bincount(near.signal, near.at <= low[near.signal], n)[col] > 0
        ended = np.bincount(near.signal, near.at >= high[near.signal], n)[col] > 0
        far, wide = summed & ~begun, summed & ~ended
        parts.append(newest_before(con, registry, col[far], lo[far], usable=True, known=known))
        parts.append(first_from(con, registry, col[wide], hi[wide], known=known))
    return in_order(join(parts))


def kept_steps(
    con: Any,
    registry: Registry,
    tables: tuple[str, ...],
    col: Ints,
    lo: int,
    hi: int,
    *,
    known: int | None = None,
) -> tuple[Steps, Ints]:
    """Kept steps of some signals in `[lo, hi)`, the newest or as known then; with `known`.

    By signal and time, each step once.
    """
    columns = _fetched(con, registry, tables, col, lo, hi, known, "known")
    if not columns:
        return Steps.empty(), np.empty(0, np.int64)
    steps = _steps(columns, registry)
    chosen = newest_of_each(steps.signal, steps.at, columns["rev"])
    return steps.take(chosen), columns["known"][chosen]


def kept_revisions(
    con: Any, registry: Registry, tables: tuple[str, ...], col: Ints, lo: int, hi: int
) -> Steps:
    """Kept steps of some signals in `[lo, hi)`, of one step the newest revision last.

    Sorting a year of a whole site takes longer than reading it; who spreads rows over a table
    needs no order but this.
    """
    columns = _fetched(con, registry, tables, col, lo, hi, None, "")
    if not columns:
        return Steps.empty()
    steps, rev = _steps(columns, registry), columns["rev"]
    if bool((rev[1:] >= rev[:-1]).all()):
        return steps
    return steps.take(np.argsort(rev, kind="stable"))


def _fetched(
    con: Any,
    registry: Registry,
    tables: tuple[str, ...],
    col: Ints,
    lo: int,
    hi: int,
    known: int | None,
    also: str,
) -> dict[str, Any]:
    sids = registry.sid[col].tolist()
    gathered: list[dict[str, Any]] = []
    for table in tables:
        head = (
            f"SELECT {STEP_FIELDS},{also + ',' if also else ''}rev FROM {table} "  # noqa: S608
            f"WHERE t >= {int(lo)} AND t < {int(hi)}"
            + ("" if known is None else f" AND known <= {int(known)}")
        )
        if table == "minute" and len(sids) <= _FEW:
            gathered += [con.execute(f"{head} AND sid = {sid}").fetchnumpy() for sid in sids]
        elif len(sids) == len(registry.ids):
            gathered.append(con.execute(head).fetchnumpy())
        else:
            gathered.append(
                con.execute(f"{head} AND sid IN (SELECT unnest({sids}::INTEGER[]))").fetchnumpy()
            )
    gathered = [g for g in gathered if len(g["t"])]
    if len(gathered) == 1:
        return {name: _filled(column) for name, column in gathered[0].items()}
    return {
        name: np.concatenate([_filled(g[name]) for g in gathered])
        for name in (gathered[0] if gathered else ())
    }


def _steps(c: dict[str, Any], registry: Registry) -> Steps:
    return Steps(
        registry.col[c["sid"]], c["t"], c["count"].astype(np.int64), c["mean"], c["low"],
        c["high"], c["last"], c["amount"], c["covered"], c["estimated"],
    )  # fmt: skip


def _filled(column: Any) -> Any:
    """The database takes NaN for "no value"; give it back as NaN."""
    if not isinstance(column, np.ma.MaskedArray):
        return column
    numbers, mask = column.data, column.mask
    if mask is not np.ma.nomask and mask.any():
        numbers[mask] = np.nan  # the array is ours alone: it was made for this answer
    return numbers


MINUTES = ("minute", "minute_new")
HOURS = ("hour",)


def sharpen(mask_size: int, chosen: Ints) -> Bools:
    """[signals] a mask that is true for the chosen ones."""
    mask = np.zeros(mask_size, np.bool_)
    mask[chosen] = True
    return mask
