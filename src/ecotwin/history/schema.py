"""The tables of the embedded history, their version, and how signals find their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.errors import StoreFault
from ecotwin.history.literal import Value, filled
from ecotwin.plant.model import Plant
from ecotwin.records import Codes

VERSION = 2
"""Raised with every change of a table; an older program refuses a newer file."""

STEP_FIELDS = "sid,t,count,mean,low,high,last,amount,covered,estimated"

_STEP = """(sid INTEGER, t BIGINT, count INTEGER, mean DOUBLE, low DOUBLE, high DOUBLE, last DOUBLE,
 amount DOUBLE, covered DOUBLE, estimated DOUBLE, known BIGINT, rev INTEGER)"""

# No primary keys: an index costs most of the speed and disk. Doubles are kept out before they get
# here, and of two rows with one key the later wins wherever rows are read.
_TABLES = f"""
CREATE TABLE meta(key VARCHAR, value VARCHAR);
CREATE TABLE counter_state(name VARCHAR, number BIGINT, bytes BLOB);
CREATE TABLE signal(sid INTEGER, id VARCHAR, form VARCHAR, unit VARCHAR);
CREATE TABLE sample(sid INTEGER, t BIGINT, value DOUBLE, quality UTINYINT, known BIGINT);
CREATE TABLE reject(sid INTEGER, t BIGINT, value DOUBLE, reason VARCHAR, detail VARCHAR,
 known BIGINT);
CREATE TABLE reject_count(day BIGINT, reason VARCHAR, n BIGINT);
CREATE TABLE counter_break(sid INTEGER, t BIGINT, off DOUBLE, why VARCHAR, estimated DOUBLE,
 known BIGINT);
CREATE TABLE source(name VARCHAR, position VARCHAR);
CREATE TABLE minute_new {_STEP};
CREATE TABLE minute {_STEP};
CREATE TABLE hour {_STEP};
CREATE TABLE late(sid INTEGER, hour BIGINT);
CREATE TABLE revision(sid INTEGER, t BIGINT, step_s INTEGER, before DOUBLE, after DOUBLE,
 known_before BIGINT, known_after BIGINT);
CREATE TABLE document(kind VARCHAR, id VARCHAR, t BIGINT, known BIGINT, rev BIGINT, body VARCHAR);
"""

# Sums of a day, a row a sum: what figures of long periods are made of when its minutes are long gone.
_SUMS = """
CREATE TABLE sum_day(t BIGINT, t_end BIGINT, terms VARCHAR, known BIGINT);
CREATE TABLE day_sum(t BIGINT, kpi VARCHAR, element VARCHAR, name VARCHAR, value DOUBLE);
"""

TABLES = (
    "meta", "counter_state", "signal", "sample", "reject", "reject_count", "counter_break",
    "source",
    "minute_new", "minute", "hour", "late", "revision", "document", "sum_day", "day_sum",
)  # fmt: skip


def prepare(con: Any, path: str) -> None:
    """Make the tables in an empty file, or check that the file is ours and not newer than we.

    Raises:
        StoreFault: The file belongs to another program or a newer version.
    """
    found = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not found:
        con.execute("BEGIN")
        con.execute(_TABLES)
        con.execute(_SUMS)
        con.execute(
            "INSERT INTO meta VALUES ('what', 'ecotwin history'), ('version', ?)", [str(VERSION)]
        )
        con.execute(
            "INSERT INTO counter_state VALUES ('batch', 0, NULL), ('closed', 0, ''::BLOB), "
            "('rev', 0, NULL), ('since', 0, NULL), ('minutes', 0, NULL)"
        )
        con.execute("COMMIT")
        return
    facts = dict(con.execute("SELECT key, value FROM meta").fetchall()) if "meta" in found else {}
    if facts.get("what") != "ecotwin history":
        raise StoreFault(
            f"{path} is a database of another program (tables {', '.join(sorted(found)[:5])})",
            expected="a history written by ecotwin, or no file",
            remedy="give another folder, or move this file away",
        )
    version = int(facts.get("version", "0"))
    if version > VERSION:
        raise StoreFault(
            f"{path} was written by a newer ecotwin (store version {version})",
            expected=f"store version {VERSION} or older",
            remedy="update ecotwin, or restore a backup made by this version",
        )
    if version < VERSION:
        con.execute("BEGIN")
        con.execute(_SUMS)
        con.execute("INSERT INTO counter_state VALUES ('minutes', 0, NULL)")
        con.execute("UPDATE meta SET value = ? WHERE key = 'version'", [str(VERSION)])
        con.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class Registry:
    """Plant index <-> the store's own stable number of a signal.

    Indices change when a plant file changes; the store's numbers never do. A signal whose form or
    unit changed is another signal: its old values mean something else.

    Attributes:
        sid: [signals] the store's number. col: [numbers] plant index, -1 when the plant lacks it.
        ids: Store's number -> signal id, also of signals that vanished from the plant file.
    """

    sid: Codes
    col: Codes
    ids: tuple[str, ...]

    @staticmethod
    def of(con: Any, plant: Plant) -> Registry:
        """Look the plant's signals up and number new ones, in the caller's transaction."""
        rows = con.execute("SELECT sid, id, form, unit FROM signal ORDER BY sid").fetchall()
        known = {(i, form, unit): sid for sid, i, form, unit in rows}
        ids = [row[1] for row in rows]
        fresh: list[list[Value]] = []
        for s in plant.signals:
            key = (s.id, s.form, s.unit)
            if key not in known:
                known[key] = len(ids)
                fresh.append([len(ids), *key])
                ids.append(s.id)
        if fresh:
            rows_text = ", ".join(filled("(?, ?, ?, ?)", row) for row in fresh)
            con.execute(f"INSERT INTO signal VALUES {rows_text}")  # noqa: S608
        sid = np.array([known[s.id, s.form, s.unit] for s in plant.signals], np.int32)
        col = np.full(len(ids) + 1, -1, np.int32)  # one spare place, so that col[-1] is -1
        col[sid] = np.arange(len(sid), dtype=np.int32)
        return Registry(sid, col, tuple(ids))
