"""Recorded samples in files, piece by piece: wide (a column a signal) or long (a row a sample).

Options of a connection that reads files: `path` (file, folder or glob; or given on the command
line), `format` (csv, parquet), `shape` (wide, long), `time` (column, format, timezone, stamps,
midnight), `delimiter`, `decimal`, `skip` (lines before the header), and for long files `columns`
(`signal`, `value`, `quality`: names of the columns) and `units` (wire, canonical). A signal's
address is its column, or its text in the signal column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.stamps import NO_TIME, TimeColumn
from ecotwin.connectors.table import Layout, Table, cells, check_columns
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.plant.model import STATES, Connection, Plant, Signal
from ecotwin.records import Codes, Floats, Ints, Marks, Samples

_FILE = ("path", "format", "shape", "delimiter", "decimal", "skip")
_KNOWN = frozenset((*_FILE, "time", "columns", "units", "source", "speed"))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file.

    Attributes:
        samples: Its samples, in the order of the file. row: [n] data row of each sample, from 0.
        path: The file. end: First row after the piece.
    """

    samples: Samples
    row: Ints
    path: str
    end: int


class Recording:
    """All files of a connection, read in the order of their names.

    Args:
        plant: The plant.
        connection: Whose signals and options.
        limits: Piece size, and paths given on the command line.
        every_signal: Long files may name any signal of the plant by its id (for replays).

    Raises:
        SettingsFault: An option is unknown or wrong.
    """

    def __init__(
        self,
        plant: Plant,
        connection: Connection,
        limits: InletLimits,
        *,
        every_signal: bool = False,
    ) -> None:
        options = connection.options
        unknown = sorted(set(options) - _KNOWN)
        if unknown:
            raise SettingsFault(
                f"connection {connection.name!r} has unknown options: {', '.join(unknown)}",
                expected=", ".join(sorted(_KNOWN)),
                remedy="mend the connection's options in the plant file",
            )
        self._name = connection.name
        self._plant = plant
        self._batch = max(1, limits.batch_samples)
        given = options.get("path", ())
        self._given = limits.paths or ((given,) if isinstance(given, str) else tuple(given))
        self._wide = _choice(options, "shape", ("wide", "long")) == "wide"
        self._canonical = _choice(options, "units", ("wire", "canonical")) == "canonical"
        own = [s for s in plant.signals if s.connection == connection.name]
        named = plant.signals if every_signal else own
        self._index = {s.id: s.index for s in named} | {s.address: s.index for s in own}
        self._own = own
        if self._wide and not own:
            raise SettingsFault(
                f"no signal belongs to connection {connection.name!r}",
                expected="signals whose address is a column of the file",
                remedy="give the connection signals in the plant file, or `shape: long`",
            )
        self.layout = self._layout(options)
        self.counts: Counter[str] = Counter()
        self.unknown: set[str] = set()
        self.notes: list[str] = []
        self._paths: list[Path] = []
        self._table: Table | None = None
        self._row = 0

    def open(self, cursor: str = "") -> None:
        """Find the files and check their headers; go on after `path#row` if it is given.

        Raises:
            FileFault: There is no file, or one lacks a column.
        """
        self._paths = find_files(self._given, self._name)
        for path in self._paths:
            check_columns(path, self.layout)
        path_text, _, row = cursor.rpartition("#")
        names = [str(p) for p in self._paths]
        if path_text in names and row.isdigit():
            self._paths = self._paths[names.index(path_text) :]
            self._row = int(row)

    def next(self) -> Chunk | None:
        """The next piece, None after the last.

        Raises:
            FileFault: A file cannot be read.
        """
        while self._paths:
            if self._table is None:
                self._table = Table(self._paths[0], self.layout, one_row_an_instant=self._wide)
                self._note(self._table)
            table = self._table
            if self._row < len(table):
                width = max(1, len(self._own)) if self._wide else 1
                end = min(len(table), self._row + max(1, self._batch // width))
                chunk = self._cut(table, self._row, end)
                self._row = end
                return chunk
            self.close()
            self._paths.pop(0)
            self._row = 0
        return None

    def close(self) -> None:
        """Let go of the open file."""
        if self._table is not None:
            self._table.close()
            self._table = None

    # -- parts ------------------------------------------------------------------------------

    def _layout(self, options: Mapping[str, Any]) -> Layout:
        decimal = _choice(options, "decimal", (".", ","))
        names = {"signal": "signal", "value": "value", **dict(options.get("columns", {}))}
        numbers: tuple[str, ...]
        if self._wide:
            numbers = tuple(s.address for s in self._own)
            words = {s.address: _words(s) for s in self._own if s.form == "state"}
            texts: tuple[str, ...] = ()
        else:
            quality = (str(names["quality"]),) if "quality" in names else ()
            numbers, texts = (str(names["value"]), *quality), (str(names["signal"]),)
            words = {}
        return Layout(
            time=TimeColumn.of(options.get("time"), "at", self._plant.zone),
            numbers=numbers,
            texts=texts,
            words=words,
            form=str(options.get("format", "")),
            delimiter=str(options.get("delimiter", "")),
            decimal=decimal,
            skip=int(options.get("skip", 0)),
        )

    def _note(self, table: Table) -> None:
        """Keep what could not be placed in a file."""
        self.counts["refused"] += table.refused_count
        self.notes += [
            f"{table.path.name}, {text}" for text in table.refused[: 100 - len(self.notes)]
        ]

    def _cut(self, table: Table, first: int, end: int) -> Chunk:
        """Rows first..end of a file as samples."""
        at = table.at[first:end]
        rows = np.arange(first, end)
        if self._wide:
            values, filled = cells(table.numbers(first, end))
            own = np.array([s.index for s in self._own], np.int32)
            signal = np.broadcast_to(own, values.shape)[filled]
            value = values[filled]
            at, row = (np.broadcast_to(c[:, None], values.shape)[filled] for c in (at, rows))
            quality = np.zeros(len(value), np.uint8)
        else:
            columns = table.numbers(first, end)
            filled = ~np.ma.getmaskarray(columns[0])
            signal = self._named(np.ma.filled(table.texts(first, end)[0], "").tolist())
            value, row = np.ma.filled(columns[0], np.nan), rows
            quality = _marks(columns[1]) if len(columns) > 1 else np.zeros(len(value), np.uint8)
            kept = filled & (signal >= 0)
            signal, value, quality = signal[kept], value[kept], quality[kept]
            at, row = at[kept], row[kept]
        known = at != NO_TIME
        self.counts["bad_numbers"] += int(np.count_nonzero(np.isnan(value) & known))
        samples = Samples(signal, self._ends(signal, at), self._to_wire(signal, value), quality)
        return Chunk(samples.take(known), row[known], str(table.path), end)

    def _named(self, names: list[str]) -> Codes:
        """Signal of each name, -1 when the plant has none."""
        signal = np.array([self._index.get(name, -1) for name in names], np.int32)
        lost = np.flatnonzero(signal < 0)
        self.counts["unknown_signals"] += len(lost)
        self.unknown.update(names[i] for i in lost.tolist()[:1000] if len(self.unknown) < 1000)
        return signal

    def _ends(self, signal: Codes, at: Ints) -> Ints:
        """Stamps of interval starts moved to their ends, if the file says that it gives starts."""
        if not self.layout.time.stamps_start:
            return at
        every = np.array(
            [s.every_s * 1e6 if s.form == "interval" else 0 for s in self._plant.signals], np.int64
        )
        return at + every[signal]

    def _to_wire(self, signal: Codes, value: Floats) -> Floats:
        """Recorded readings back in the wire's terms."""
        if not self._canonical:
            return value
        factor = np.array([s.factor for s in self._plant.signals])
        offset = np.array([s.offset for s in self._plant.signals])
        roll = np.array([s.rollover or np.inf for s in self._plant.signals])
        total = np.where(np.isfinite(roll[signal]), np.mod(value, roll[signal]), value)
        wire: Floats = (total - offset[signal]) / factor[signal]
        for s in self._plant.signals:
            if s.form != "state" or not s.states:
                continue
            names = [(c, n) for c, n in s.states.items() if n in STATES]
            code = {float(STATES[n]): float(c) for c, n in reversed(names)}
            rows = np.flatnonzero(signal == s.index)
            wire[rows] = [code.get(v, v) for v in value[rows].tolist()]
        return wire


def find_files(given: tuple[str, ...], name: str) -> list[Path]:
    """Files of paths, folders and globs, in the order of their names.

    Raises:
        FileFault: There is none.
    """
    found: list[Path] = []
    for text in given:
        path = Path(text).expanduser()
        if path.is_dir():
            kinds = (".csv", ".csv.gz", ".parquet")
            found += sorted(p for p in path.iterdir() if p.name.lower().endswith(kinds))
        elif path.is_file():
            found.append(path)
        else:
            root = Path(path.anchor)
            found += sorted(root.glob(str(path.relative_to(root))))
    if not found:
        raise FileFault(
            f"connection {name!r} finds no data file"
            + (f" at {', '.join(given)}" if given else ": no path was given"),
            expected="a CSV or Parquet file, a folder of such, or a glob",
            remedy="give the path with --data, or as `path` in the connection's options",
        )
    return found


def _choice(options: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    """One of a few words; the first is the default."""
    value = str(options.get(key, choices[0]))
    if value not in choices:
        raise SettingsFault(
            f"`{key}` is {value!r}",
            expected=" or ".join(choices),
            remedy="mend the connection's options in the plant file",
        )
    return value


def _words(signal: Signal) -> dict[str, float]:
    """State words as they may stand in a file -> code."""
    named = {n.lower(): float(c) for c, n in reversed(list(signal.states.items()))}
    return {"true": 1.0, "false": 0.0, **named}


def _marks(column: np.ma.MaskedArray[Any, Any]) -> Marks:
    """A quality column; what is not one of the known marks counts as suspect."""
    told = np.ma.filled(column, 0.0)
    return np.where((told >= 0) & (told <= 3), told, 2.0).astype(np.uint8)
