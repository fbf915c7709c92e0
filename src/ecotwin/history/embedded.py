"""The embedded history: one DuckDB file in a folder, owned by one process and its threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import HOUR, Period, instant, micros
from ecotwin.errors import StoreFault
from ecotwin.history import archive, queries, windows
from ecotwin.history.backup import backup, restore
from ecotwin.history.closing import Closing
from ecotwin.history.contract import Document, Revision
from ecotwin.history.daysums import DaySums
from ecotwin.history.documents import Documents
from ecotwin.history.literal import Value, filled
from ecotwin.history.loading import load
from ecotwin.history.rollup import Traits, in_order
from ecotwin.history.rows import bounds, number, with_breaks, write_rejects
from ecotwin.history.schema import Registry
from ecotwin.history.storefile import StoreFile, Tx
from ecotwin.history.tail import FOLD_ROWS, NEVER, Tail
from ecotwin.plant.model import Plant
from ecotwin.records import (
    Bools,
    Break,
    Cleaned,
    Codes,
    Image,
    Ints,
    Quality,
    Readings,
    Reject,
    Rejects,
    Window,
)

__all__ = ["DuckStore", "restore"]


class DuckStore:
    """Keeps a plant's history in `folder` (see `contract.Store`); it never asks for the time.

    Args:
        plant: Its signals are found again by id, form and unit, whatever their order.
        folder: Made when missing; two histories never share one.
        memory_mb: For the database's buffers [MB]. wait_s: For another owner to let go [wall s].
        reserve_mb: Free disk below which nothing more is taken [MB].
        wal_mb: Length of the log at which it is worked into the file [MB].
        tail_rows: Open readings kept in memory at most. fold_rows: As many are added up together.

    Raises:
        StoreBusy: Another process owns the folder, and still does after `wait_s`.
        StoreFault: The file is damaged, foreign or newer.
    """

    def __init__(
        self,
        plant: Plant,
        folder: Path,
        *,
        memory_mb: int = 1024,
        wait_s: float = 0.0,
        reserve_mb: int = 64,
        wal_mb: int = 32,
        tail_rows: int = 2_000_000,
        fold_rows: int = FOLD_ROWS,
    ) -> None:
        self._file = StoreFile(
            folder, memory_mb=memory_mb, reserve_mb=reserve_mb, wal_mb=wal_mb, wait_s=wait_s
        )
        try:
            with self._file.write("finding the signals") as tx:
                self._registry = Registry.of(tx.con, plant)
            self._tail = Tail(Traits.of(plant), tail_rows, fold_rows)
            self._closing = Closing(self._file, self._registry, self._tail.traits, self._tail)
            with self._file.read("loading") as (con, _):
                self._sources, self._breaks = load(con, self._registry, self._tail, self._closing)
            self._documents = Documents(self._file)
            self.sums = DaySums(self._file)
        except BaseException:
            self._file.close()
            raise

    def append(
        self, cleaned: Cleaned, *, known_at: datetime, cursors: Mapping[str, str] | None = None
    ) -> None:
        """Keep a batch in one transaction; see `contract.Store.append`.

        Readings too old for what retention keeps can no longer change a figure: they go to the
        quarantine.
        """
        readings, rejects = self._sorted_out(cleaned)
        known = micros(known_at)
        with self._file.write("keeping a batch") as tx:
            late = self._write_readings(tx, readings, known)
            write_rejects(tx, rejects, self._registry, known)
            self._write_breaks(tx, cleaned.breaks, known)
            for name, position in (cursors or {}).items():
                self._write_cursor(tx, name, position)

            def learn() -> None:
                self._tail.learn(readings, cleaned.breaks)
                self._closing.late |= late
                self._sources = {**self._sources, **(cursors or {})}
                self._breaks = with_breaks(self._breaks, cleaned.breaks)

            tx.then(learn)

    def _sorted_out(self, cleaned: Cleaned) -> tuple[Readings, Rejects]:
        r = cleaned.readings
        n = len(self._registry.sid)
        if len(r) and (
            int(r.signal.min()) < 0 or int(r.signal.max()) >= n or not np.isfinite(r.value).all()
        ):
            raise StoreFault(
                "a batch holds readings of unknown signals or values that are no numbers",
                expected=f"cleaned readings of the {n} signals of the plant",
                remedy="run every batch through the cleaning chain; nothing of this batch was kept",
            )
        lead = self._tail.traits.lead[r.signal]
        gone = self._tail.late(r) & (r.at - lead < self._closing.since)
        if not gone.any():
            return r, cleaned.rejects
        old = r.take(gone)
        text = "older than the readings that are kept: its figures can no longer be revised"
        more = Rejects(
            old.signal, old.at, old.value, (Reject.PAST.value,) * len(old), (text,) * len(old)
        )
        return r.take(~gone), Rejects.join([cleaned.rejects, more])

    def _write_readings(self, tx: Tx, r: Readings, known: int) -> set[tuple[int, int]]:
        """Append; returns the (signal, hour) pairs of closed minutes that these readings touch."""
        if not len(r):
            return set()
        columns = {
            "sid": self._registry.sid[r.signal],
            "t": r.at,
            "value": r.value,
            "quality": r.quality,
        }
        tx.insert("sample", columns, ", ?", (known,))
        late = self._tail.late(r)
        if not late.any():
            return set()
        pairs = np.unique(
            np.stack([r.signal[late].astype(np.int64), r.at[late] // HOUR * HOUR]), axis=1
        )
        tx.insert("late", {"sid": self._registry.sid[pairs[0]], "hour": pairs[1]})
        return set(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))

    def _write_breaks(self, tx: Tx, breaks: Sequence[Break], known: int) -> None:
        for b in breaks:
            sid = int(self._registry.sid[b.signal])
            row: list[Value] = [sid, int(b.at), b.offset, b.why, b.estimated, known]
            tx.con.execute(filled("INSERT INTO counter_break VALUES (?, ?, ?, ?, ?, ?)", row))

    def _write_cursor(self, tx: Tx, name: str, position: str) -> None:
        if name in self._sources:
            text = "UPDATE source SET position = ? WHERE name = ?"
        else:
            text = "INSERT INTO source(position, name) VALUES (?, ?)"
        tx.con.execute(filled(text, [position, name]))

    def close_minutes(self, until: datetime, *, known_at: datetime) -> None:
        """See `contract.Store.close_minutes`.

        A counter's or interval's minute is closed once a reading at or after its end has come:
        what it used until then is not known before.
        """
        with self._file.writing:
            self._closing.close(micros(until), micros(known_at))

    def window(
        self,
        signals: Sequence[int],
        period: Period,
        step_s: int,
        *,
        known_at: datetime | None = None,
    ) -> Window:
        """See `contract.Store.window`; the period is cut to whole minutes, as the window says."""
        return windows.window(self._closing, signals, period, step_s, known_at)

    def raw(self, signal: int, period: Period, *, limit: int = 100_000) -> Readings:
        """Readings of one signal in event-time order, the first `limit` of the period."""
        with self._file.read() as (con, _):
            rows = con.execute(
                "SELECT rowid, sid, t, value, quality FROM sample "
                "WHERE sid = ? AND t >= ? AND t < ? "
                "ORDER BY t, rowid LIMIT ?",
                [int(self._registry.sid[signal]), period.start_us, period.end_us, limit],
            ).fetchnumpy()
        return in_order(queries.readings_of(rows, self._registry))

    def image(self, at: datetime) -> Image:
        """The newest reading of every signal at or before `at`."""
        moment = micros(at)
        tail = self._tail
        with self._file.state:
            when, value, quality = tail.last_at, tail.last_value, tail.last_quality
        ahead = np.flatnonzero(when > moment)
        if len(ahead):
            when, value, quality = when.copy(), value.copy(), quality.copy()
            when[ahead], value[ahead], quality[ahead] = 0, np.nan, Quality.STALE
            with self._file.read() as (con, _):
                bound = np.full(len(ahead), moment + 1, np.int64)
                found = queries.newest_before(con, self._registry, ahead, bound)
            when[found.signal], value[found.signal] = found.at, found.value
            quality[found.signal] = found.quality
        return Image(moment, when, value, quality)

    def seen(self, signal: Codes, at: Ints) -> Bools:
        """[n] whether a reading of this signal and event time is kept."""
        mask = np.zeros(len(signal), np.bool_)
        with self._file.state:
            maybe = np.flatnonzero((signal >= 0) & (at <= self._tail.last_at[signal]))
        if not len(maybe):
            return mask
        when = at[maybe]
        asked = {"nth": maybe, "sid": self._registry.sid[signal[maybe]], "t": when}
        with self._file.read() as (con, _):
            con.register("asked", asked)
            span = f"t BETWEEN {int(when.min())} AND {int(when.max())}"
            found = con.execute(
                f"SELECT nth FROM asked a SEMI JOIN (SELECT sid, t FROM sample WHERE {span}) s "  # noqa: S608
                "ON a.sid = s.sid AND a.t = s.t"
            ).fetchnumpy()["nth"]
        mask[found] = True
        return mask

    def tail(self, count: int) -> Readings:
        """The last `count` readings of each signal, by signal and time."""
        every = np.arange(len(self._registry.sid))
        with self._file.read() as (con, _):
            bound = np.full(len(every), self._tail.newest + 1, np.int64)
            return queries.newest_before(con, self._registry, every, bound, count=count)

    def breaks(self) -> Mapping[int, tuple[tuple[int, float], ...]]:
        """Signal index -> (at [us], offset) of its counter breaks, in time order."""
        return {col: tuple(sorted(found)) for col, found in self._breaks.items()}

    def cursors(self) -> Mapping[str, str]:
        """Source -> position up to which it is safely kept."""
        return dict(self._sources)

    def rejects(self, period: Period | None = None, *, limit: int = 1000) -> list[dict[str, Any]]:
        """The quarantine, newest first."""
        low, high = bounds(period)
        with self._file.read() as (con, _):
            rows = con.execute(
                "SELECT sid, t, value, reason, detail, known FROM reject WHERE t >= ? AND t < ? "
                "ORDER BY t DESC, rowid DESC LIMIT ?",
                [low, high, limit],
            ).fetchall()
        ids = self._registry.ids
        return [
            {
                "signal": ids[sid] if sid >= 0 else "",
                "at": instant(t),
                "value": number(value),
                "reason": reason,
                "detail": detail,
                "known_at": instant(known),
            }
            for sid, t, value, reason, detail, known in rows
        ]

    def reject_counts(self, period: Period | None = None) -> Mapping[str, int]:
        """Reason -> number; of what retention dropped only counts by day are left."""
        with self._file.read() as (con, _):
            rows = con.execute(
                "SELECT reason, sum(n) FROM (SELECT reason, count(*) AS n FROM reject "
                "WHERE t >= $1 AND t < $2 GROUP BY 1 UNION ALL "
                "SELECT reason, n FROM reject_count WHERE day >= $1 AND day < $2) "
                "GROUP BY 1 ORDER BY 1",
                list(bounds(period)),
            ).fetchall()
        return {reason: int(n) for reason, n in rows}

    def revisions(self, period: Period, *, limit: int = 1000) -> list[Revision]:
        """Revised figures of steps that start in this period, the newest revision first."""
        with self._file.read() as (con, _):
            rows = con.execute(
                "SELECT * FROM revision WHERE t >= ? AND t < ? "
                "ORDER BY known_after DESC, t, sid, step_s LIMIT ?",
                [period.start_us, period.end_us, limit],
            ).fetchall()
        col = self._registry.col
        return [
            Revision(int(col[sid]), t, step_s, number(before), number(after), was, now)
            for sid, t, step_s, before, after, was, now in rows
            if col[sid] >= 0
        ]

    def span(self) -> Period | None:
        """From the first to just after the last reading."""
        with self._file.state:
            first, last = self._tail.oldest, self._tail.newest
        return None if first == NEVER or not last else Period(instant(first), instant(last + 1))

    def put(
        self,
        kind: str,
        id: str,  # noqa: A002
        at: datetime,
        body: Mapping[str, Any],
        *,
        known_at: datetime,
    ) -> None:
        """Keep a version of a document; durable when it returns."""
        self._documents.put([Document(kind, id, at, known_at, body)])

    def put_all(self, documents: Sequence[Document]) -> None:
        """Keep a version of each document in one transaction; durable when it returns."""
        self._documents.put(documents)

    def get(self, kind: str, id: str, *, known_at: datetime | None = None) -> Document | None:  # noqa: A002
        """The newest version of a document, or the one known then."""
        return self._documents.get(kind, id, known_at)

    def documents(
        self, kind: str, *, since: datetime | None = None, limit: int = 1000
    ) -> list[Document]:
        """Newest version of every document of a kind, newest `at` first."""
        return self._documents.newest(kind, since, limit)

    def versions(self, kind: str, id: str) -> list[Document]:  # noqa: A002
        """Every version of a document, the oldest first."""
        return self._documents.versions(kind, id)

    def reworked(self, kind: str, period: Period) -> list[str]:
        """Ids of documents of a kind and period with more than one version."""
        return self._documents.reworked(kind, period.start_us, period.end_us)

    def revised_since(self, known: int) -> list[tuple[int, int]]:
        """(start of the hour, newest knowledge) [us UTC] of revisions that became known after an instant."""
        with self._file.read() as (con, _):
            rows = con.execute(
                filled(
                    "SELECT t // ? AS h, max(known_after) FROM revision "
                    "WHERE known_after > ? GROUP BY h ORDER BY h",
                    [HOUR, known],
                )
            ).fetchall()
        return [(int(hour) * HOUR, int(when)) for hour, when in rows]

    def minutes_since(self) -> int:
        """From here on minutes are kept [us UTC]."""
        return self._closing.minutes

    def retain(self, *, raw_days: int, minute_days: int, now: datetime) -> None:
        """See `contract.Store.retain`; freed room is used again, the file does not shrink."""
        with self._file.writing:
            archive.retain(self._closing, raw_days=raw_days, minute_days=minute_days, now=now)

    def backup(self, folder: Path) -> None:
        """Write a complete copy into a new folder, while data comes in."""
        backup(self._file, folder)

    def export(
        self, signals: Sequence[int], period: Period
    ) -> Iterator[tuple[str, str, float, int]]:
        """(signal id, ISO time, value, quality) rows in time order."""
        sids = [int(self._registry.sid[s]) for s in signals]
        return archive.export(self._file, self._closing, sids, period)

    def vanished(self) -> tuple[str, ...]:
        """Ids of kept signals that the plant file lacks, or has in another form or unit."""
        named = enumerate(self._registry.ids)
        return tuple(name for sid, name in named if self._registry.col[sid] < 0)

    def export_vanished(self, id: str, period: Period) -> Iterator[tuple[str, str, float, int]]:  # noqa: A002
        """Rows of a signal that vanished from the plant file."""
        named = enumerate(self._registry.ids)
        sids = [s for s, name in named if name == id and self._registry.col[s] < 0]
        return archive.export(self._file, self._closing, sids, period)

    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._file.size_bytes()

    def close(self) -> None:
        """Work the log in and let go of the file."""
        self._file.close()
