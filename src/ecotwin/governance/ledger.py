"""The ledger: an append-only Merkle log (RFC 9162) in SQLite that other processes read while the twin writes.

An entry's body is the canonical JSON of its kind, subject, time and content, so that all of them are sealed.
When `append` returns, the entry is on the disk (WAL, synchronous=FULL).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from ecotwin.clock import instant, micros
from ecotwin.errors import ProofFault, StoreBusy, StoreFault, StoreFull
from ecotwin.governance.canonical import canonical
from ecotwin.governance.proof import leaf_hash
from ecotwin.governance.tree import Frontier, consistency, inclusion, peaks_of, root_of
from ecotwin.records import Entry

FILE = "ledger.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, leaf BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS entry_subject ON entry (subject, number);
CREATE INDEX IF NOT EXISTS entry_kind ON entry (kind, number);
CREATE TABLE IF NOT EXISTS node (
    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL,
    PRIMARY KEY (level, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS checkpoint (size INTEGER NOT NULL, note TEXT NOT NULL UNIQUE);
CREATE TRIGGER IF NOT EXISTS entry_stays BEFORE UPDATE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entry_remains BEFORE DELETE ON entry
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""
# The triggers stop mistakes, not forgers: those are found by `audit.verify`.


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry that is not yet sealed."""

    kind: str
    subject: str
    body: Any
    at: datetime


class Ledger:
    """The log in a data folder. Safe for many threads and processes.

    Args:
        folder: Data folder; made when it is not there.
        read_only: Open without the right to append; the ledger must exist.

    Raises:
        StoreFault: The file is no ledger or cannot be opened.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        self._lock = RLock()
        self._frontier: Frontier | None = None
        self._read_only = read_only
        if read_only and not self.path.is_file():
            raise StoreFault(
                f"there is no ledger in {self.folder}",
                expected=f"the file {FILE}",
                remedy="name the data folder of a twin that has run",
            )
        with _told(self.path):
            if read_only:
                self._db = sqlite3.connect(
                    _read_only(self.path), uri=True, isolation_level=None, check_same_thread=False
                )
            else:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._db = sqlite3.connect(
                    self.path, timeout=30.0, isolation_level=None, check_same_thread=False
                )
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.executescript(_SCHEMA)
            self._db.execute("SELECT count(*) FROM checkpoint").fetchone()

    @property
    def size(self) -> int:
        """Number of entries."""
        with self._lock, _told(self.path):
            (last,) = self._db.execute("SELECT max(number) FROM entry").fetchone()
        return 0 if last is None else int(last) + 1

    def append(self, kind: str, subject: str, body: Any, at: datetime) -> Entry:
        """Seal one record; it is on the disk when this returns.

        Args:
            kind: `measure`, `finding`, `advice`, `approval`, `order`, `receipt`, `saving` ...
            subject: Id of the thing sealed.
            body: A mapping or a record.
            at: When it is sealed.
        """
        return self.append_many([Draft(kind, subject, body, at)])[0]

    def append_many(self, drafts: Iterable[Draft]) -> list[Entry]:
        """Seal many records in one transaction: all of them or none.

        Raises:
            ProofFault: A record has no canonical text.
            StoreFull: The disk is full; nothing of this batch was sealed.
        """
        sealed = [(d, _envelope(d)) for d in drafts]
        if not sealed:
            return []
        with self._lock, _told(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                entries = self._add(sealed)
                self._db.execute("COMMIT")
            except BaseException:
                self._frontier = None
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return entries

    def _add(self, sealed: Sequence[tuple[Draft, bytes]]) -> list[Entry]:
        frontier = self._edge()
        entries, nodes = [], []
        for draft, body in sealed:
            leaf = leaf_hash(body)
            entries.append(Entry(frontier.size, draft.at, draft.kind, draft.subject, body, leaf))
            nodes.extend(frontier.add(leaf))
        self._db.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
            [(e.index, micros(e.at), e.kind, e.subject, e.body, e.leaf) for e in entries],
        )
        self._db.executemany("INSERT INTO node VALUES (?, ?, ?)", nodes)
        return entries

    def _edge(self) -> Frontier:
        """The right edge of the tree; read anew when another process has appended."""
        size = self.size
        if self._frontier is None or self._frontier.size != size:
            self._frontier = Frontier(size, peaks_of(size, self._kept))
        return self._frontier

    def entry(self, index: int) -> Entry:
        """The entry at a position.

        Raises:
            ProofFault: The ledger is shorter.
        """
        with self._lock, _told(self.path):
            row = self._db.execute(
                "SELECT number, at, kind, subject, body, leaf FROM entry WHERE number = ?", (index,)
            ).fetchone()
        if row is None:
            raise ProofFault(
                f"there is no entry {index}",
                expected=f"an index below {self.size}",
                remedy="look the entry up by its subject",
            )
        return _entry(row)

    def entries(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        start: int = 0,
        limit: int = 1000,
        newest_first: bool = False,
    ) -> list[Entry]:
        """Entries of a kind or subject, from a position on.

        Args:
            kind: Only this kind.
            subject: Only this subject.
            start: First index taken.
            limit: At most so many.
            newest_first: From the end; `start` still is the smallest index taken.
        """
        asked = ["number >= ?"]
        values: list[Any] = [start]
        for column, value in (("kind", kind), ("subject", subject)):
            if value is not None:
                asked.append(f"{column} = ?")
                values.append(value)
        order = "DESC" if newest_first else "ASC"
        query = (
            "SELECT number, at, kind, subject, body, leaf FROM entry "  # noqa: S608 - fixed column names
            f"WHERE {' AND '.join(asked)} ORDER BY number {order} LIMIT ?"
        )
        with self._lock, _told(self.path):
            return [_entry(row) for row in self._db.execute(query, (*values, limit))]

    def root(self, size: int | None = None) -> bytes:
        """Root of the first `size` entries, of all by default."""
        with self._lock, _told(self.path):
            return root_of(self._checked(size), self._kept)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that the entry at `index` is in the tree of the first `size` entries."""
        with self._lock, _told(self.path):
            size = self._checked(size)
            if not 0 <= index < size:
                raise ProofFault(
                    f"entry {index} is not in a tree of {size}",
                    expected=f"an index from 0 to {size - 1}",
                    remedy="ask for a larger tree",
                )
            return inclusion(index, size, self._kept)

    def consistency(self, first: int, second: int | None = None) -> list[bytes]:
        """Proof that the first `first` entries still begin the first `second` entries."""
        with self._lock, _told(self.path):
            second = self._checked(second)
            if not 0 <= first <= second:
                raise ProofFault(
                    f"a tree of {first} cannot begin a tree of {second}",
                    expected="the smaller size first",
                    remedy="swap the sizes",
                )
            return consistency(first, second, self._kept)

    def _checked(self, size: int | None) -> int:
        here = self.size
        if size is not None and not 0 <= size <= here:
            raise ProofFault(
                f"a tree of {size} entries was asked of a ledger of {here}",
                expected=f"a size from 0 to {here}",
                remedy="if a checkpoint says so, entries were deleted: run `ecotwin verify`",
            )
        return here if size is None else size

    def _kept(self, level: int, first: int, count: int) -> list[bytes]:
        if level == 0:
            rows = self._db.execute(
                "SELECT leaf FROM entry WHERE number >= ? AND number < ? ORDER BY number",
                (first, first + count),
            )
        else:
            rows = self._db.execute(
                "SELECT hash FROM node WHERE level = ? AND position >= ? AND position < ? "
                "ORDER BY position",
                (level, first, first + count),
            )
        found = [bytes(row[0]) for row in rows]
        if len(found) != count:
            raise ProofFault(
                f"the ledger lacks {count - len(found)} of {count} hashes at level {level} from {first}",
                expected="every hash of the tree",
                remedy="run `ecotwin verify` to see what was deleted",
            )
        return found

    def keep_checkpoint(self, size: int, note: str) -> None:
        """Keep the text of a signed checkpoint beside the entries."""
        with self._lock, _told(self.path):
            self._db.execute("INSERT OR IGNORE INTO checkpoint VALUES (?, ?)", (size, note))

    def checkpoints(self) -> list[str]:
        """Texts of the checkpoints kept, the oldest first."""
        with self._lock, _told(self.path):
            rows = self._db.execute("SELECT note FROM checkpoint ORDER BY size, rowid")
            return [str(note) for (note,) in rows]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one moment of the ledger within this block, whatever is appended meanwhile."""
        with self._lock, _told(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def scan(self) -> Iterator[tuple[int, int, str, str, bytes, bytes]]:
        """Rows (index, at [us], kind, subject, body, leaf) in order."""
        with self._lock, _told(self.path):
            yield from self._db.execute(
                "SELECT number, at, kind, subject, body, leaf FROM entry ORDER BY number"
            )

    def nodes(self) -> dict[tuple[int, int], bytes]:
        """(level, position) -> hash of every inner node kept: one for 256 entries."""
        with self._lock, _told(self.path):
            rows = self._db.execute("SELECT level, position, hash FROM node")
            return {(level, position): bytes(found) for level, position, found in rows}

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def content(entry: Entry) -> Mapping[str, Any]:
    """What was sealed: the content of an entry's body, without kind, subject and time."""
    found: Mapping[str, Any] = json.loads(entry.body)["body"]
    return found


def _envelope(draft: Draft) -> bytes:
    return canonical(
        {"at": draft.at, "body": draft.body, "kind": draft.kind, "subject": draft.subject}
    )


def _entry(row: tuple[int, int, str, str, bytes, bytes]) -> Entry:
    number, at, kind, subject, body, leaf = row
    return Entry(number, instant(at), kind, subject, bytes(body), bytes(leaf))


def _read_only(path: Path) -> str:
    """The address to read a ledger at; on a medium that cannot be written SQLite may not even lock."""
    address = f"{path.absolute().as_uri()}?mode=ro"
    wal = path.with_name(f"{path.name}-wal")
    return address if wal.exists() or os.access(path.parent, os.W_OK) else f"{address}&immutable=1"


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what SQLite says into errors a person can act on."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "full" in text:
            raise StoreFull(
                f"no room left for the ledger {path}: {text}",
                remedy="free disk space; nothing that was sealed is lost",
            ) from error
        if "locked" in text or "busy" in text:
            raise StoreBusy(
                f"another process holds the ledger {path}",
                remedy="wait for it to finish, or end it",
            ) from error
        raise StoreFault(
            f"the ledger {path} cannot be used: {text}",
            expected="a SQLite file that ecotwin wrote",
            remedy="check the disk and the rights on the file, or restore a backup",
        ) from error
