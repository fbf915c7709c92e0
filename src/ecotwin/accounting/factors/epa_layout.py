"""Finds the numbered tables of the EPA hub in its one long sheet, whatever row they begin on.

A table begins where column B says `Table N`; its columns are known by the units in its header rows
(`kg CO2 per mmBtu`), so a new edition with more rows, or a table that changes its unit half way, still reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ecotwin.accounting.factors.intake import plain
from ecotwin.accounting.factors.workbook import Cell, Sheet, column_number

_UNIT = re.compile(r"\(?\b(kg|g|lb)\s+(CO2|CH4|N2O)\s*(?:per|/)\s*([^()]+?)\s*\)?$")
_HEAT = re.compile(r"^mmBtu per (.+)$")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers: a gas per unit, a heat content, or a loss."""

    kind: str
    mass_unit: str = ""
    denominator: str = ""
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One row with numbers: its name from the widest to the narrowest, and its cells."""

    row: int
    group: str
    names: tuple[str, ...]
    cells: dict[str, Cell]
    columns: dict[str, Column]
    unit: str = ""


@dataclass(slots=True)
class Table:
    """One numbered table."""

    number: int
    title: str
    rows: dict[int, dict[str, Cell]] = field(default_factory=dict)

    @property
    def notes(self) -> str:
        """Source and notes under the table, in one line."""
        texts, begun = [], False
        for cells in self.rows.values():
            words = [word(cell) for cell in cells.values()]
            begun = begun or is_note(words)
            if begun:
                texts.extend(words)
        return " ".join(texts)


def tables(sheet: Sheet) -> dict[int, Table]:
    """The numbered tables of a sheet."""
    found: dict[int, Table] = {}
    now: Table | None = None
    for row, cells in sorted(sheet.rows.items()):
        begin = re.fullmatch(r"Table (\d+)", plain(str(cells.get("B", ""))))
        if begin:
            now = Table(int(begin[1]), plain(str(cells.get("C", ""))))
            found[now.number] = now
        elif now is not None:
            now.rows[row] = cells
    return found


def lines(table: Table) -> Iterator[Line]:
    """The rows of a table whose columns are known by their units."""
    columns: dict[str, Column] = {}
    headings: dict[str, str] = {}
    before: dict[str, str] = {}
    group, unit_column = "", ""
    for row, cells in table.rows.items():
        words = {at: word(cell) for at, cell in cells.items()}
        if is_note(list(words.values())):
            return
        units = {at: made for at, text in words.items() if (made := _column(text))}
        if units:
            group, before = "", {}
            columns.update({at: _under(made, at, headings) for at, made in units.items()})
            unit_column = next(
                (at for at, text in words.items() if text in ("Unit", "Units")), unit_column
            )
            continue
        if not columns or not any(at in cells for at in columns):
            if set(words) == {"C"} and len(words["C"]) < 80:
                group, before = words["C"], {}
            else:
                headings.update({at: text for at, text in words.items() if "Factors" in text})
                columns.update({at: Column("loss") for at, t in words.items() if "Gross Loss" in t})
            continue
        edge = min(column_number(at) for at in columns)
        named = {at: text for at, text in words.items() if column_number(at) < edge}
        before = _carried(named, before)
        yield Line(
            row,
            group,
            tuple(before[at] for at in sorted(before)) if named else (),
            cells,
            dict(columns),
            words.get(unit_column, ""),
        )


def word(cell: Cell) -> str:
    """A cell as a name: a model year stored as a number bears no decimals.

    >>> word(1975.0), word(" Natural  Gas")
    ('1975', 'Natural Gas')
    """
    return f"{cell:g}" if isinstance(cell, float) else plain(cell)


def _column(text: str) -> Column | None:
    if found := _UNIT.search(text):
        return Column(found[2], found[1], found[3].strip())
    if found := _HEAT.match(text):
        return Column("heat", "mmBtu", found[1].strip())
    return Column("loss") if "Gross Loss" in text else None


def _under(column: Column, at: str, headings: dict[str, str]) -> Column:
    """The column with the heading that spans it: the nearest to its left."""
    left = [k for k in headings if column_number(k) <= column_number(at)]
    heading = headings[max(left, key=column_number)] if left else ""
    return Column(column.kind, column.mass_unit, column.denominator, heading)


def _carried(named: dict[str, str], before: dict[str, str]) -> dict[str, str]:
    """Names of a row: what stands left of its last name and is empty is taken from the row above."""
    kept = {at: text for at, text in named.items() if not (text.startswith("(") and at in before)}
    if not named:
        return before
    last = max(named)
    return {at: text for at, text in before.items() if at < last or at in named} | kept


def is_note(words: list[str]) -> bool:
    """Whether a row begins the notes under a table."""
    return bool(words) and re.match(r"(Source|Notes?)\s*:", words[0]) is not None
