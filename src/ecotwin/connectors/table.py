"""One data file as columns: CSV (also gzipped) or Parquet, read whole and quickly, cut by rows.

The file goes through DuckDB into typed columns once; rows are then handed out in pieces. A cell
that is empty is no value; one that cannot be read as a number is NaN, so that cleaning sees it. A
row with too many cells, or whose time cannot be read, is counted with its number.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import itertools
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.stamps import (
    EPOCHS,
    NO_TIME,
    TimeColumn,
    check_rising,
    old_day_midnights,
    to_utc,
)
from ecotwin.errors import FileFault
from ecotwin.records import Floats, Ints

_OFFSET = r"(:\d{2}(?:\.\d+)?)\s*(Z|z|[+-]\d{2}(?::?\d{2})?)$"
_GUESSES = ",;\t|"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is laid out.

    Attributes:
        form: `csv` or `parquet`; empty: as the name ends. delimiter: Empty: found in the header.
        decimal: `.` or `,`. skip: Lines before the header.
        time: The time column. numbers: Columns of numbers; `texts`: columns kept as text.
        words: Column of numbers -> word (lower case) -> number, for states written as words.
    """

    time: TimeColumn
    numbers: tuple[str, ...]
    texts: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, float]] | None = None
    form: str = ""
    delimiter: str = ""
    decimal: str = "."
    skip: int = 0

    def form_of(self, path: Path) -> str:
        """`csv` or `parquet`.

        Raises:
            FileFault: Neither was said and the name does not tell.
        """
        name = path.name.lower()
        if self.form in ("csv", "csv.gz", "parquet"):
            return self.form.removesuffix(".gz")
        if name.endswith((".csv", ".csv.gz", ".txt", ".tsv")):
            return "csv"
        if name.endswith((".parquet", ".pq")):
            return "parquet"
        raise FileFault(
            f"{path}: cannot tell what kind of file this is",
            expected="a name ending in .csv, .csv.gz or .parquet, or `format` in the options",
            remedy="rename the file or add `format: csv` to the connection",
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Table:
    """A file that is open: its times at once, its numbers by pieces.

    Args:
        path: The file. layout: How it is laid out.
        one_row_an_instant: Each instant stands once (wide), not once a signal (long).

    Raises:
        FileFault: It cannot be read, lacks a column, or its repaired clock runs back.
    """

    def __init__(self, path: Path, layout: Layout, *, one_row_an_instant: bool) -> None:
        import duckdb

        self.path = path
        self.layout = layout
        self._folder = tempfile.TemporaryDirectory(
            prefix="ecotwin-file-", ignore_cleanup_errors=True
        )
        self._db = duckdb.connect(
            config={"threads": 1, "temp_directory": self._folder.name, "memory_limit": "1GB"}
        )
        self._source, self._kinds = check_columns(path, layout)
        self.refused: list[str] = []
        """A sentence for each row that could not be placed at all (the first hundred)."""
        self.refused_count = 0
        try:
            _check_whole(path)
            self._load()
            self.at = self._times(one_row_an_instant=one_row_an_instant)
        except duckdb.Error as error:
            self.close()
            raise unreadable(path, error) from error
        except FileFault:
            self.close()
            raise
        """[rows] UTC [us], `NO_TIME` where it could not be read."""

    def __len__(self) -> int:
        return len(self.at)

    def close(self) -> None:
        """Let go of the memory."""
        self._db.close()
        self._folder.cleanup()

    def numbers(self, first: int, end: int) -> list[np.ma.MaskedArray[Any, Any]]:
        """The number columns of rows first..end; masked where a cell is empty."""
        return [
            np.ma.asarray(c, np.float64)
            for c in self._fetch("n", len(self.layout.numbers), first, end)
        ]

    def texts(self, first: int, end: int) -> list[np.ma.MaskedArray[Any, Any]]:
        """The text columns of rows first..end as objects."""
        return [np.ma.asarray(c) for c in self._fetch("x", len(self.layout.texts), first, end)]

    def _fetch(self, prefix: str, count: int, first: int, end: int) -> list[Any]:
        if not count:
            return []
        names = [f"{prefix}{i}" for i in range(count)]
        got = self._db.execute(
            f"SELECT {', '.join(names)} FROM t WHERE rowid >= ? AND rowid < ? ORDER BY rowid",  # noqa: S608
            [first, end],
        ).fetchnumpy()
        return [got[name] for name in names]

    # -- reading ----------------------------------------------------------------------------

    def _load(self) -> None:
        """Read the file once into typed columns of a table `t`."""
        parts = [*self._time_parts()]
        parts += [f"{self._number(c)} AS n{i}" for i, c in enumerate(self.layout.numbers)]
        parts += [f"{self._kinds[c][0]}::VARCHAR AS x{i}" for i, c in enumerate(self.layout.texts)]
        self._db.execute(f"CREATE TEMP TABLE t AS SELECT {', '.join(parts)} FROM {self._source}")  # noqa: S608
        if "read_csv" in self._source:
            for line, kind in self._db.execute(
                "SELECT line, error_type FROM reject_errors ORDER BY line"
            ).fetchall():
                self._refuse(f"line {line}: {str(kind).lower()}")

    def _refuse(self, text: str) -> None:
        self.refused_count += 1
        if len(self.refused) < 100:
            self.refused.append(text)

    def _number(self, column: str) -> str:
        """SQL of a number: NULL for an empty cell, NaN for one that is no number."""
        name, kind = self._kinds[column]
        if kind != "VARCHAR":
            cast = f"coalesce(TRY_CAST({name} AS DOUBLE), 'nan'::DOUBLE)"
            return f"CASE WHEN {name} IS NULL THEN NULL ELSE {cast} END"
        text = f"trim({name})"
        number = (
            f"replace(replace({text}, '.', ''), ',', '.')" if self.layout.decimal == "," else text
        )
        words = (self.layout.words or {}).get(column, {})
        cases = " ".join(f"WHEN lower({text}) = {_quoted(w)} THEN {v}" for w, v in words.items())
        return (
            f"CASE WHEN {name} IS NULL OR {text} = '' THEN NULL {cases} "
            f"ELSE coalesce(TRY_CAST({number} AS DOUBLE), 'nan'::DOUBLE) END"
        )

    def _time_parts(self) -> Sequence[str]:
        """SQL of the time: `at` [us], and `zoned` where it is UTC already."""
        name, kind = self._kinds[self.layout.time.column]
        form = self.layout.time.form
        if form in EPOCHS:
            factor = EPOCHS[form]
            # Whole numbers first: a double cannot hold microseconds and nanoseconds to the last.
            whole = f"TRY_CAST({name} AS HUGEINT)"
            exact = f"{whole} * {int(factor)}" if factor >= 1 else f"{whole} // {int(1 / factor)}"
            real = f"TRY_CAST(round(TRY_CAST({name} AS DOUBLE) * {factor}) AS BIGINT)"
            fits = f"TRY_CAST({name} AS DOUBLE) = round(TRY_CAST({name} AS DOUBLE))"
            at = f"CASE WHEN {fits} THEN TRY_CAST({exact} AS BIGINT) ELSE {real} END"
            return (f"{at} AS at_us", "true AS zoned")
        if kind == "TIMESTAMP WITH TIME ZONE":
            return (f"TRY(epoch_us({name})) AS at_us", "true AS zoned")
        if kind.startswith(("TIMESTAMP", "DATE")):
            return (f"TRY(epoch_us({name}::TIMESTAMP)) AS at_us", "false AS zoned")
        text = f"trim({name}::VARCHAR)"
        if form != "iso":
            return (
                f"TRY(epoch_us(TRY_STRPTIME({text}, {_quoted(form)}))) AS at_us",
                "false AS zoned",
            )
        offset = f"regexp_extract({text}, {_quoted(_OFFSET)}, 2)"
        digits = f"rpad(replace(substr({offset}, 2), ':', ''), 4, '0')"
        minutes = f"(TRY_CAST({digits}[1:2] AS BIGINT) * 60 + TRY_CAST({digits}[3:4] AS BIGINT))"
        signed = (
            f"CASE WHEN {offset} = '' OR lower({offset}) = 'z' THEN 0 "
            f"WHEN {offset}[1] = '-' THEN -{minutes} ELSE {minutes} END"
        )
        bare = f"regexp_replace({text}, {_quoted(_OFFSET)}, '\\1')"
        at = f"TRY(epoch_us(TRY_CAST({bare} AS TIMESTAMP)) - ({signed}) * 60000000)"
        return (f"{at} AS at_us", f"{offset} <> '' AS zoned")

    def _times(self, *, one_row_an_instant: bool) -> Ints:
        """The time column in UTC, repaired if so wished."""
        got = self._db.execute("SELECT at_us, zoned FROM t ORDER BY rowid").fetchnumpy()
        raw = np.ma.filled(np.ma.asarray(got["at_us"], np.int64), NO_TIME)
        zoned = np.ma.filled(np.ma.asarray(got["zoned"]), True).astype(np.bool_)
        for row in np.flatnonzero(raw == NO_TIME).tolist():
            self._refuse(f"data row {row + 1}: the time cannot be read")
        time = self.layout.time
        local = np.where(zoned, NO_TIME, raw)
        if time.midnight_old_day:
            local = old_day_midnights(local)
        at = np.where(zoned, raw, to_utc(local, time.zone, equal_is_later=one_row_an_instant))
        if time.midnight_old_day:
            check_rising(at, str(self.path), np.arange(len(at)))
        return at


def check_columns(path: Path, layout: Layout) -> tuple[str, dict[str, tuple[str, str]]]:
    """SQL that reads a file, and column name -> (name in SQL, type); only the header is read.

    Raises:
        FileFault: The file cannot be read or lacks a column.
    """
    if layout.form_of(path) == "parquet":
        source, kinds = _parquet_columns(path)
    else:
        header, delimiter, encoding = read_header(path, layout)
        columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
        source = (
            f"read_csv({_quoted(str(path))}, auto_detect=false, header=true, "
            f"delim={_quoted(delimiter)}, quote='\"', escape='\"', skip={layout.skip}, "
            f"columns={{{columns}}}, null_padding=true, ignore_errors=true, store_rejects=true, "
            f"parallel=false, encoding={_quoted(encoding)}, max_line_size=16777216)"
        )
        kinds = {name: (f"c{i}", "VARCHAR") for i, name in reversed(list(enumerate(header)))}
    need = (layout.time.column, *layout.numbers, *layout.texts)
    missing = [name for name in need if name not in kinds]
    if missing:
        raise lacks_columns(path, missing, list(kinds)[:: 1 if "read_parquet" in source else -1])
    return source, kinds


def _parquet_columns(path: Path) -> tuple[str, dict[str, tuple[str, str]]]:
    """The same for a Parquet file."""
    import duckdb

    source = f"read_parquet({_quoted(str(path))})"
    try:
        with duckdb.connect() as db:
            rows = db.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise unreadable(path, error) from error
    return source, {r[0]: ('"' + r[0].replace('"', '""') + '"', str(r[1])) for r in rows}


def _check_whole(path: Path) -> None:
    """Read a gzipped file to its end: one that was cut short would else lose rows in silence."""
    if path.name.lower().endswith(".gz"):
        try:
            with gzip.open(path, "rb") as file:
                while file.read(1 << 20):
                    pass
        except (OSError, EOFError, zlib.error) as error:
            raise unreadable(path, error) from error


def read_header(path: Path, layout: Layout) -> tuple[list[str], str, str]:
    """Names of a CSV file's columns, its delimiter and its encoding.

    Raises:
        FileFault: There is no such file, it is empty, or it is no text.
    """
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            head = file.read(1 << 16)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    if b"\x00" in head:
        raise unreadable(path, ValueError("it is no text"))
    try:
        text, encoding = head.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        # A character cut at the end of the piece that was read is no fault.
        cut = error.start >= len(head) - 4 and len(head) == 1 << 16
        encoding = "utf-8" if cut else "latin-1"
        text = head.decode("utf-8-sig" if cut else "latin-1", "ignore")
    lines = text.splitlines()[layout.skip :]
    line = next(iter(lines), "")
    if not line.strip():
        raise unreadable(path, ValueError("it has no header"))
    delimiter = layout.delimiter or max(_GUESSES, key=line.count)
    header = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    return header, delimiter, encoding


def unreadable(path: Path, error: Exception) -> FileFault:
    """The fault of a file that cannot be read."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return FileFault(
        f"{path} cannot be read: {reason}",
        expected="a CSV file (also gzipped) with a header, or a Parquet file",
        remedy="check the path, the rights and that the file is whole",
    )


def lacks_columns(path: Path, missing: Sequence[str], header: Sequence[str]) -> FileFault:
    """The fault of a file without a column that the plant file names."""
    near = {m: difflib.get_close_matches(m, header, 1, 0.5) for m in missing}
    hints = [f"{m!r} may be {n[0]!r}" for m, n in near.items() if n]
    listed = ", ".join(itertools.islice(header, 30)) + (" ..." if len(header) > 30 else "")
    return FileFault(
        f"{path} has no column {', '.join(map(repr, missing))}; it has: {listed}",
        expected="every column that the plant file names as an address",
        remedy="mend the addresses in the plant file" + (f" ({'; '.join(hints)})" if hints else ""),
    )


def cells(columns: Sequence[np.ma.MaskedArray[Any, Any]]) -> tuple[Floats, Any]:
    """Columns side by side: values [rows, columns] and where they are filled."""
    values = np.stack([np.ma.filled(c, np.nan) for c in columns], axis=1)
    filled = np.stack([~np.ma.getmaskarray(c) for c in columns], axis=1)
    return values, filled
