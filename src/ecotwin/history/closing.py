"""Closes minutes and hours, and revises those that late readings touch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ecotwin.clock import HOUR, MINUTE
from ecotwin.history import queries
from ecotwin.history.building import build
from ecotwin.history.revising import revise
from ecotwin.history.rollup import CELLS, STEP_COLUMNS, Steps, Traits, coarsen, in_order
from ecotwin.history.schema import Registry
from ecotwin.history.storefile import StoreFile, Tx
from ecotwin.history.tail import NEVER, Tail, jump_mask
from ecotwin.records import Ints, Readings

ROWS = 2_000_000
"""Readings fetched in one go, so that memory stays bounded however much came in."""
SETTLE = 400_000
"""Fresh minute rows after which they are moved, sorted by signal, to where a month is read fast."""
_STRAIGHT = 50_000
"""A closing this large is sorted by signal already and goes there at once."""
_DOING = "closing minutes"


class Closing:
    """Keeps the step tables in line with the readings.

    Attributes:
        since: Closed steps before this instant are never rebuilt: readings may be gone [us UTC].
        minutes: Minutes before this instant were dropped [us UTC].
        late: (signal, hour) pairs that late readings touched.
    """

    def __init__(self, file: StoreFile, registry: Registry, traits: Traits, tail: Tail) -> None:
        self.file, self.registry, self.traits, self.tail = file, registry, traits, tail
        self.since = 0
        self.minutes = 0
        self.late: set[tuple[int, int]] = set()
        self.closed_by_sid = np.zeros(len(registry.ids), np.int64)
        self.rev = 0
        self.known = 0
        self.fresh_rows = 0

    def close(self, until: int, known: int) -> None:
        """Close every minute that ends by `until`, then revise what late readings touched."""
        until = until // MINUTE * MINUTE
        while (upto := self._next_bound(until)) is not None:
            self._close_to(upto, known)
        if self.late:
            revise(self, known)
        self.settle()

    def settle(self, least: int | None = None) -> None:
        """Move fresh minute rows to the table that is sorted by signal."""
        if self.fresh_rows < (SETTLE if least is None else least):
            return
        with self.file.write(_DOING) as tx:
            tx.con.execute("INSERT INTO minute SELECT * FROM minute_new ORDER BY sid, t, rev")
            tx.con.execute("DELETE FROM minute_new")
        self.fresh_rows = 0

    def _goal(self, until: int) -> tuple[Ints, Ints]:
        """[signals] first open minute and end of what can be closed now.

        A counter's minute is only whole once a reading at or after its end has come.
        """
        begin = self.tail.snapshot().begin(self.traits)
        whole = self.tail.usable_at // MINUTE * MINUTE
        goal = np.where(self.traits.summed, np.minimum(until, whole), until)
        return begin, np.where(begin < NEVER, np.maximum(goal, begin), NEVER)

    def _next_bound(self, until: int) -> int | None:
        """How far to go in one step; None when all is closed."""
        begin, goal = self._goal(until)
        ready = goal > begin
        if not ready.any():
            return None
        low = int(begin[ready].min())
        bound = low + max(1, CELLS // int(ready.sum())) * MINUTE
        if self.tail.spilled[ready].any():
            with self.file.read(_DOING) as (con, _):
                bound = min(bound, _bound_by_rows(con, low, until))
        return min(bound, until)

    def _close_to(self, upto: int, known: int) -> None:
        begin, goal = self._goal(upto)
        ready = goal > begin
        spilled = ready & self.tail.spilled
        readings = in_order(queries.join(self.tail.parts))
        steps = build(
            readings,
            self.traits,
            begin,
            np.where(spilled, begin, goal),
            sums=self.tail.sums,
            jumps=jump_mask(readings, self.tail.jumps),
        )
        if spilled.any():
            steps = Steps.join([steps, *self._from_file(np.flatnonzero(spilled), begin, goal)])
            steps = steps.take(np.lexsort((steps.at, steps.signal)))
        self._keep(steps, np.where(ready, goal, self.tail.closed), readings, known)
        if spilled.any():
            self.refill()

    def _from_file(self, col: Ints, begin: Ints, goal: Ints) -> list[Steps]:
        """Build from the kept readings, as many signals at a time as fit into memory."""
        made = []
        with self.file.read(_DOING) as (con, _):
            n = sum(queries.counts(con, self.registry, col, begin[col], goal[col]).values())
            for few in np.array_split(col, min(len(col), 1 + n // (2 * ROWS))):
                r = queries.context(con, self.registry, self.traits, few, begin[few], goal[few])
                low, high = np.zeros_like(begin), np.zeros_like(goal)
                low[few], high[few] = begin[few], goal[few]
                made.append(build(r, self.traits, low, high, jumps=jump_mask(r, self.tail.jumps)))
        return made

    def _keep(self, steps: Steps, closed: Ints, readings: Readings, known: int) -> None:
        opened = Steps.join([self.tail.minutes, steps])
        opened = opened.take(np.lexsort((opened.at, opened.signal)))
        full = opened.at < (closed // HOUR * HOUR)[opened.signal]
        hours = coarsen(opened.take(full), self.traits, HOUR)
        rest = opened.take(~full)
        by_sid = self.closed_by_sid.copy()
        by_sid[self.registry.sid] = closed
        table = "minute" if len(steps) >= _STRAIGHT else "minute_new"
        with self.file.write(_DOING) as tx:
            rev, when = self.stamp(tx, known)
            self.insert(tx, table, steps, when, rev)
            self.insert(tx, "hour", hours, when, rev)
            tx.con.execute(
                "UPDATE counter_state SET bytes = ? WHERE name = 'closed'", [by_sid.tobytes()]
            )

            def learn() -> None:
                self.closed_by_sid = by_sid
                self.tail.advance(closed, readings, rest)

            tx.then(learn)
        self.fresh_rows += len(steps) if table == "minute_new" else 0

    def stamp(self, tx: Tx, known: int) -> tuple[int, int]:
        """Number and instant of a revision; neither ever falls, so the newest is the last."""
        rev, when = self.rev + 1, max(known, self.known)
        tx.con.execute(f"UPDATE counter_state SET number = {rev} WHERE name = 'rev'")  # noqa: S608

        def learn() -> None:
            self.rev, self.known = rev, when

        tx.then(learn)
        return rev, when

    def insert(self, tx: Tx, table: str, steps: Steps, known: int, rev: int) -> None:
        """Append steps to a table."""
        if not len(steps):
            return
        columns: dict[str, Any] = {"sid": self.registry.sid[steps.signal], "t": steps.at}
        columns |= {name: getattr(steps, name) for name in STEP_COLUMNS[2:]}
        tx.insert(table, columns, ", ?, ?", (known, rev))

    def refill(self) -> None:
        """Take what is open of spilled signals back into memory where it fits again."""
        with self.file.read(_DOING) as (con, _):
            for col, readings in open_parts(con, self.registry, self.tail):
                with self.file.state:
                    if not self.tail.take_back(readings, col):
                        break


def _bound_by_rows(con: Any, low: int, until: int) -> int:
    """The minute until which about `ROWS` readings lie."""
    rows = con.execute(
        f"SELECT t // {MINUTE} AS minute, count(*) AS n FROM sample WHERE t >= ? AND t < ? "  # noqa: S608
        "GROUP BY 1 ORDER BY 1",
        [low, until],
    ).fetchnumpy()
    over = np.flatnonzero(np.cumsum(rows["n"]) > ROWS)
    return int(rows["minute"][over[0]] + 1) * MINUTE if len(over) else until


def open_parts(con: Any, registry: Registry, tail: Tail) -> Iterator[tuple[Ints, Readings]]:
    """The readings of spilled signals that are not closed, with those that still hold.

    As many signals at a time as fit into memory; a signal that has too many itself is left out.
    """
    begin = tail.snapshot().begin(tail.traits)
    col = np.flatnonzero(tail.spilled & (begin < NEVER))
    if not len(col):
        return
    most = tail.limit // 2
    found = queries.counts(con, registry, col, begin[col], np.full(len(col), NEVER, np.int64))
    rows = np.array([found.get(int(c), 0) for c in col], np.int64)
    col, rows = col[rows <= most], rows[rows <= most]
    for nth in range(int(rows.sum()) // most + 1):
        few = col[(np.cumsum(rows) - rows) // most == nth]
        if len(few):
            yield few, _open_part(con, registry, tail, few, begin[few])


def _open_part(con: Any, registry: Registry, tail: Tail, col: Ints, begin: Ints) -> Readings:
    parts = [queries.between(con, registry, col, begin, np.full(len(col), NEVER, np.int64))]
    summed = tail.traits.summed[col]
    for which, usable in ((summed, True), (~summed, False)):
        parts.append(queries.newest_before(con, registry, col[which], begin[which], usable=usable))
    return in_order(queries.join(parts))
