"""Records of other rooms, kept as JSON; every `put` adds a version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from ecotwin.clock import instant, micros
from ecotwin.errors import StoreFault
from ecotwin.history.contract import Document
from ecotwin.history.literal import Value, filled
from ecotwin.history.storefile import StoreFile


class Documents:
    """The document table."""

    def __init__(self, file: StoreFile) -> None:
        self._file = file
        with file.read("reading documents") as (con, _):
            self._rev = con.execute("SELECT coalesce(max(rev), 0) FROM document").fetchone()[0]

    def put(self, documents: Sequence[Document]) -> None:
        """Keep versions of some documents in one transaction; durable when it returns."""
        rows = [(d, _text(d)) for d in documents]
        doing = f"keeping a {documents[0].kind}" if documents else "keeping nothing"
        with self._file.write(doing) as tx:
            for d, text in rows:
                self._rev += 1
                row: list[Value] = [
                    d.kind, d.id, micros(d.at), micros(d.known_at), self._rev, text,
                ]  # fmt: skip
                tx.con.execute(filled("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?)", row))

    def get(self, kind: str, id: str, known_at: datetime | None) -> Document | None:  # noqa: A002
        """The newest version, or the one known at an instant."""
        limit = 2**62 if known_at is None else micros(known_at)
        with self._file.read("reading documents") as (con, _):
            row = con.execute(
                filled(
                    "SELECT kind, id, t, known, body FROM document "
                    "WHERE kind = ? AND id = ? AND known <= ? "
                    "ORDER BY rev DESC LIMIT 1",
                    [kind, id, limit],
                )
            ).fetchone()
        return None if row is None else _document(row)

    def newest(self, kind: str, since: datetime | None, limit: int) -> list[Document]:
        """Newest version of each, newest `at` first."""
        with self._file.read("reading documents") as (con, _):
            rows = con.execute(
                filled(
                    "SELECT kind, id, t, known, body FROM (SELECT * FROM document WHERE kind = ? "
                    "QUALIFY row_number() OVER (PARTITION BY id ORDER BY rev DESC) = 1) "
                    "WHERE t >= ? ORDER BY t DESC, rev DESC LIMIT ?",
                    [kind, -(2**62) if since is None else micros(since), limit],
                )
            ).fetchall()
        return [_document(row) for row in rows]

    def versions(self, kind: str, id: str) -> list[Document]:  # noqa: A002
        """Every version, the oldest first."""
        with self._file.read("reading documents") as (con, _):
            rows = con.execute(
                filled(
                    "SELECT kind, id, t, known, body FROM document WHERE kind = ? AND id = ? ORDER BY rev",
                    [kind, id],
                )
            ).fetchall()
        return [_document(row) for row in rows]

    def reworked(self, kind: str, start: int, end: int) -> list[str]:
        """Ids with more than one version and `t` in `[start, end)`."""
        with self._file.read("reading documents") as (con, _):
            rows = con.execute(
                filled(
                    "SELECT id FROM document WHERE kind = ? AND t >= ? AND t < ? "
                    "GROUP BY id HAVING count(*) > 1 ORDER BY id",
                    [kind, start, end],
                )
            ).fetchall()
        return [row[0] for row in rows]


def _text(document: Document) -> str:
    try:
        return json.dumps(document.body, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise StoreFault(
            f"the {document.kind} {document.id!r} cannot be kept: {error}",
            expected="a body of texts, numbers, lists and mappings",
            remedy="turn instants into ISO text and records into mappings first",
        ) from error


def _document(row: tuple[str, str, int, int, str]) -> Document:
    kind, name, at, known, body = row
    return Document(kind, name, instant(at), instant(known), json.loads(body))
