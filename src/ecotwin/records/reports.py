"""A report as plain parts: the same parts become PDF, XLSX and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecotwin.clock import Period

Cell = str | float | int | bool | None
"""A cell of a table; None: not available, shown as such and never as zero."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name and, for numbers, their unit."""

    name: str
    unit: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. `note`: what a reader must know; `total`: the last row is a sum."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    total: bool = False


@dataclass(frozen=True, slots=True)
class Datapoint:
    """One figure that a standard asks for, or why it cannot be had.

    Attributes:
        id: Its place in the standard: `E1-6_07`. name: Its name there.
        value: None when it cannot be had; then `missing` says why.
        low, high: 95 % interval. coverage: Share of the period really measured.
        measure: `Measure.id` behind it, which `ecotwin explain` opens. entry: Its place in the ledger.
        note: Method or remark.
    """

    id: str
    name: str
    value: float | str | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    coverage: float | None = None
    measure: str = ""
    entry: int | None = None
    note: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: sentences, then datapoints, then tables."""

    title: str
    text: tuple[str, ...] = ()
    datapoints: tuple[Datapoint, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        name: The plug's name. title: For people. standard: What it follows, with its edition.
        element: Id of the plant element. place: Its name. period: The span.
        sections: In reading order. gaps: What could not be had, each a sentence.
        data: What a machine reads besides the datapoints (a PACT record, a register's rows); JSON values.
    """

    name: str
    title: str
    standard: str
    element: str
    place: str
    period: Period
    sections: tuple[Section, ...]
    gaps: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
