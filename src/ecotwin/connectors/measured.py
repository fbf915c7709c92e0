"""Any file of measured columns (CSV, CSV.gz, Parquet) as rows of numbers, for the general tools.

A cell that is empty (or `NA`, `NaN`, `null`, `-`) is no value; a word among numbers is no value and is told; a column
of words is left out and told. Rows keep their order; a clock that runs back, repeats or jumps is told, not mended
(save midnights that bear the old day).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ecotwin.connectors.stamps import TimeColumn, old_day_midnights
from ecotwin.connectors.table import Layout, check_columns, lacks_columns, read_header, unreadable
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.records import Floats, Rows

PATTERNS = (
    "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d/%m/%y %H", "%d/%m/%y %H:%M", "%d/%m/%Y",
    "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m",
)  # fmt: skip
"""Forms of stamps that are tried where ISO 8601 does not fit; the first that reads every stamp is taken."""

_EMPTY = "('', 'na', 'nan', 'null', 'none', 'n/a', '-')"
_WORDS_SHARE = 0.5
"""A column of which more is words than numbers is a column of words."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read.

    Attributes:
        numbers: Column -> its numbers [rows]. words: Column of words -> how many cells are no numbers.
        texts: The columns asked for as text. names: Every column in the order of the file.
    """

    numbers: dict[str, Floats]
    words: dict[str, int]
    texts: dict[str, list[str]]
    names: tuple[str, ...]


def read_rows(
    file: Path, time: str = "", signals: Sequence[str] = (), leave: Sequence[str] = ()
) -> Rows:
    """A file as rows of numbers.

    Args:
        file: CSV (also .gz) or Parquet, with a header.
        time: Column of time; empty: rows are numbered.
        signals: Columns wanted; empty: every column of numbers but the time and `leave`.
        leave: Columns that must not come in, such as a label.

    Raises:
        FileFault: The file cannot be read, lacks a column, holds no rows or no numbers, or a time cannot be read.
    """
    opened = read_columns(file, (time,) if time else (), wanted=(*signals, *leave))
    notes = []
    if signals:
        chosen = list(dict.fromkeys(signals))
        for name in chosen:
            if name not in opened.numbers:
                raise FileFault(
                    f"{file}: column {name!r} holds words, not numbers",
                    expected="columns of numbers",
                    remedy="leave it out of --signals",
                )
    else:
        chosen = [n for n in opened.names if n in opened.numbers and n not in (time, *leave)]
        left = [n for n in opened.names if n not in opened.numbers and n not in (time, *leave)]
        if left:
            notes.append(f"columns of words are left out: {', '.join(left)}")
    if not chosen:
        raise FileFault(
            f"{file} has no column of numbers",
            expected="at least one beside the time",
            remedy=f"the file has: {', '.join(opened.names)}",
        )
    for name in chosen:
        if opened.words.get(name):
            notes.append(f"{opened.words[name]} cells of {name} are words and count as missing")
        if np.isnan(opened.numbers[name]).all():
            notes.append(f"{name} has no number in any row")
    values = np.column_stack([opened.numbers[n] for n in chosen])
    if endless := int(np.isinf(values).sum()):
        notes.append(f"{endless} cells are infinite and count as missing")
    values[~np.isfinite(values)] = np.nan
    if not time:
        count = np.arange(len(values), dtype=np.float64)
        return Rows(
            tuple(chosen),
            values,
            count,
            tuple(str(i) for i in range(len(values))),
            False,
            tuple(notes),
        )
    stamps = opened.texts[time]
    at, civil = read_times(stamps, file)
    notes += _clock_notes(at)
    return Rows(tuple(chosen), values, at, tuple(stamps), civil, tuple(notes))


def read_columns(
    file: Path, texts: Sequence[str] | None = (), wanted: Sequence[str] = ()
) -> Opened:
    """Every column of a file that holds numbers, and some (None: all) as text.

    Raises:
        FileFault: The file cannot be read, is ragged, empty, or lacks a column of `texts` or `wanted`.
    """
    import duckdb

    form = Layout(TimeColumn("", "iso", ZoneInfo("UTC")), ()).form_of(file)
    source, kinds = check_columns(
        file, Layout(TimeColumn(_first(file, form), "iso", ZoneInfo("UTC")), ())
    )
    names = list(kinds) if form == "parquet" else list(kinds)[::-1]
    texts = names if texts is None else texts
    if missing := [n for n in (*texts, *wanted) if n not in kinds]:
        raise lacks_columns(file, missing, names)
    comma = form == "csv" and "delim=','" not in source
    parts = [f"{_number(*kinds[n], comma=comma)} AS n{i}" for i, n in enumerate(names)]
    parts += [f"{_wordy(*kinds[n], comma=comma)} AS w{i}" for i, n in enumerate(names)]
    parts += [f"CAST({kinds[n][0]} AS VARCHAR) AS x{i}" for i, n in enumerate(texts)]
    with duckdb.connect(config={"threads": 1}) as db:
        try:
            got = db.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchnumpy()  # noqa: S608
            broken = 0
            if form == "csv":
                broken = len(db.execute("SELECT DISTINCT line FROM reject_errors").fetchall())
        except duckdb.Error as error:
            raise unreadable(file, error) from error
    if broken:
        raise FileFault(
            f"{file}: {broken} rows have more cells than the header",
            expected="as many cells as column names",
            remedy="mend those rows; a figure over part of a file would look whole",
        )
    return _opened(file, names, texts, got)


def _first(file: Path, form: str) -> str:
    """Name of the first column, so that only the header is asked for; no name may stand twice."""
    import duckdb

    if form == "csv":
        names = read_header(file, Layout(TimeColumn("", "iso", ZoneInfo("UTC")), ()))[0]
        _no_name_twice(file, names)
        return names[0]
    with duckdb.connect() as db:
        try:
            named = db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(file)]).fetchall()
        except duckdb.Error as error:
            raise unreadable(file, error) from error
    return str(named[0][0])


def _no_name_twice(file: Path, names: Sequence[str]) -> None:
    """A column that shares its name with another would be passed over in silence."""
    twice = sorted({n for n in names if n.strip() and list(names).count(n) > 1})
    if twice:
        raise FileFault(
            f"{file}: more than one column is named {', '.join(twice)}",
            expected="a name of its own for each column",
            remedy="rename them in the header",
        )


def _opened(file: Path, names: Sequence[str], texts: Sequence[str], got: dict[str, Any]) -> Opened:
    numbers, words = {}, {}
    for i, name in enumerate(names):
        column = np.ma.filled(np.ma.asarray(got[f"n{i}"], np.float64), np.nan)
        if len(column) == 0:
            raise FileFault(
                f"{file} has no rows", expected="a header and rows", remedy="give a file with data"
            )
        wordy = int(np.ma.filled(np.ma.asarray(got[f"w{i}"]), False).sum())
        if wordy <= _WORDS_SHARE * len(column):
            numbers[name] = np.asarray(column, np.float64)
        if wordy:
            words[name] = wordy
    cells = {
        n: ["" if v is None else str(v) for v in np.ma.asarray(got[f"x{i}"]).filled(None).tolist()]
        for i, n in enumerate(texts)
    }
    return Opened(numbers, words, cells, tuple(names))


def _number(name: str, kind: str, *, comma: bool) -> str:
    """SQL of a number; NULL where there is none."""
    if kind == "BOOLEAN":
        return f"CAST({name} AS DOUBLE)"
    if kind.startswith(("TIMESTAMP", "DATE", "TIME")):
        return "CAST(NULL AS DOUBLE)"
    if kind != "VARCHAR":
        return f"TRY_CAST({name} AS DOUBLE)"
    made = f"TRY_CAST(trim({name}) AS DOUBLE)"
    return (
        f"coalesce({made}, TRY_CAST(replace(trim({name}), ',', '.') AS DOUBLE))" if comma else made
    )


def _wordy(name: str, kind: str, *, comma: bool) -> str:
    """SQL of whether a cell holds something that is no number."""
    if kind.startswith(("TIMESTAMP", "DATE", "TIME")):
        return "true"
    if kind != "VARCHAR":
        return "false"
    number = _number(name, kind, comma=comma)
    return f"({name} IS NOT NULL AND {number} IS NULL AND lower(trim({name})) NOT IN {_EMPTY})"


def read_times(stamps: Sequence[str], file: Path | str = "the file") -> tuple[Floats, bool]:
    """Stamps as seconds and whether they are of a calendar.

    Raises:
        FileFault: A stamp cannot be read.

    >>> read_times(["2026-01-01 00:00", "2026-01-01 00:15"])[0].tolist()
    [1767225600.0, 1767226500.0]
    >>> read_times(["0", "60", "120"])
    (array([  0.,  60., 120.]), False)
    """
    plain = _plain(stamps)
    if plain is not None:
        # Numbers from 1e8 on are stamps of 1973 and later, by their size in s, ms, us or ns.
        size = float(np.max(np.abs(plain), initial=0.0))
        for least, factor in ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0)):
            if size >= least:
                return plain * factor, True
        return plain, False
    iso = [_iso(text) for text in stamps]
    if all(second is not None for second in iso):
        return mended(np.array(iso, np.float64)), True
    for pattern in PATTERNS:
        try:
            walls = [datetime.strptime(t.strip(), pattern).replace(tzinfo=UTC) for t in stamps]
        except ValueError:
            continue
        return mended(np.array([w.timestamp() for w in walls])), True
    row = next(i for i, second in enumerate(iso) if second is None)
    raise FileFault(
        f"{file}: the time {stamps[row]!r} in data row {row + 1} cannot be read",
        expected="ISO 8601, day/month/year, or numbers, in every row",
        remedy="mend the stamp, or name another column with --time",
    )


def place(told: str, rows: Rows, option: str) -> int:
    """Number of the first row at or after a time, told in the terms of the time column.

    Raises:
        SettingsFault: It cannot be read as a time, or no row stands at or after it.
    """
    at = math.nan
    try:
        exact = rows.stamps.index(told)
        at = float(rows.at_s[exact])
    except ValueError:
        try:
            made, civil = read_times([told], option)
            at = float(made[0]) if civil == rows.civil else math.nan
        except FileFault:
            at = math.nan
    if math.isnan(at):
        at = _by_pattern(told, rows)
    found = np.flatnonzero(rows.at_s >= at) if not math.isnan(at) else np.zeros(0, np.int64)
    if math.isnan(at) or len(found) == 0:
        raise SettingsFault(
            f"{option} is {told!r}" + ("" if math.isnan(at) else ", after the last row"),
            expected=f"a time between {rows.stamps[0]} and {rows.stamps[-1]}, as in the file",
        )
    return int(found[0])


def _by_pattern(told: str, rows: Rows) -> float:
    for pattern in PATTERNS:
        try:
            datetime.strptime(rows.stamps[0].strip(), pattern)  # noqa: DTZ007
            return datetime.strptime(told.strip(), pattern).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return math.nan


def _plain(stamps: Sequence[str]) -> Floats | None:
    try:
        made = np.array([float(t) for t in stamps])
    except ValueError:
        return None
    return made if np.isfinite(made).all() else None


def _iso(text: str) -> float | None:
    """One ISO stamp as its own wall clock [s since 1970]."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def mended(at: Floats) -> Floats:
    """Repair a clock whose midnights bear the old day, where that makes it run forward."""
    if not (np.diff(at) < 0).any():
        return at
    risen: Floats = old_day_midnights(np.round(at * 1e6).astype(np.int64)) / 1e6
    return risen if not (np.diff(risen) < 0).any() else at


def _clock_notes(at: Floats) -> list[str]:
    """What is odd about the steps of the clock."""
    if len(at) < 3:
        return []
    step = np.diff(at)
    usual = float(np.median(step))
    odd = (
        (int((step < 0).sum()), "times the clock runs back"),
        (int((step == 0).sum()), "times a row bears the time of the row before"),
        (
            int((step > 1.5 * usual).sum()) if usual > 0 else 0,
            f"gaps of more than one step ({usual:g})",
        ),
    )
    return [f"{count} {text}" for count, text in odd if count]
