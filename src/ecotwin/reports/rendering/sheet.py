"""A report as a workbook: a cover, a sheet a section, a sheet of gaps; numbers as numbers, text never a formula."""

from __future__ import annotations

import io
import re
from datetime import UTC
from typing import Any

from ecotwin.records import Cell, Column, Datapoint, Report, Section, Table
from ecotwin.reports.rendering.facts import (
    NOT_HAD,
    SHARE,
    Facts,
    checkpoint_line,
    library,
    moment,
    plain,
    shown,
    span,
)

_LONGEST = 32_000  # characters of a cell, by the file format 32,767
_POINTS = (
    Column("id"), Column("figure"), Column("value", number=True), Column("unit"), Column("low (95 %)", number=True),
    Column("high (95 %)", number=True), Column("measured share", number=True), Column("ledger entry", number=True),
    Column("measure"), Column("note"),
)  # fmt: skip


def made(report: Report, facts: Facts) -> bytes:
    """The file."""
    library("xlsxwriter")
    return _Book(facts).whole(report)


class _Book:
    """One workbook while it is written."""

    def __init__(self, facts: Facts) -> None:
        xlsxwriter = library("xlsxwriter")
        self.facts = facts
        self.bytes = io.BytesIO()
        never = dict.fromkeys(
            ("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False
        )
        self.book = xlsxwriter.Workbook(self.bytes, {"in_memory": True, **never})
        self.titles: set[str] = set()
        self.looks = {
            "title": self.book.add_format({"bold": True, "font_size": 16, "font_color": "#1F5C4A"}),
            "head": self.book.add_format(
                {"bold": True, "bg_color": "#E3EDE9", "bottom": 1, "text_wrap": True, "valign": "top"}
            ),
            "part": self.book.add_format({"bold": True, "font_size": 12, "font_color": "#1F5C4A"}),
            "text": self.book.add_format({"text_wrap": True, "valign": "top"}),
            "line": self.book.add_format({"valign": "top"}),
            "number": self.book.add_format({"valign": "top"}),
            "share": self.book.add_format({"num_format": "0.0##%", "valign": "top"}),
            "total": self.book.add_format(
                {"bold": True, "top": 1, "valign": "top"}
            ),
            "missing": self.book.add_format({"italic": True, "font_color": "#8A4B08", "valign": "top"}),
        }  # fmt: skip

    def whole(self, report: Report) -> bytes:
        at = self.facts.made_at.astimezone(UTC).replace(tzinfo=None)
        properties = {
            "title": plain(report.title),
            "subject": plain(report.standard),
            "created": at,
        }
        self.book.set_properties(
            {**properties, "author": plain(self.facts.company or self.facts.plant)}
        )
        self._cover(report)
        for section in report.sections:
            self._section(section)
        self._gaps(report)
        self.book.close()
        return self.bytes.getvalue()

    def _sheet(self, title: str) -> Any:
        """A sheet under a title that no other bears and that the format allows."""
        short = re.sub(r"[\[\]:*?/\\]", " ", plain(title)).strip(" '")[:28].strip(" '") or "Sheet"
        short = "History " if short.lower() == "history" else short
        found, count = short, 1
        while found.lower() in self.titles:
            count += 1
            found = f"{short[:27]} {count}"
        self.titles.add(found.lower())
        sheet = self.book.add_worksheet(found)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.hide_gridlines(2)
        return sheet

    def _cover(self, report: Report) -> None:
        sheet = self._sheet("Report")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 90)
        self._put(sheet, 0, 0, report.title, "title")
        facts = self.facts
        lines = (
            ("Plant", facts.plant),
            ("Company", facts.company or NOT_HAD),
            ("Element", f"{report.place} ({report.element})"),
            ("Period", f"{span(report.period, facts.timezone)}, {facts.timezone}"),
            ("Period [UTC]", str(report.period)),
            ("Standard", report.standard),
            ("Made at", moment(facts.made_at, facts.timezone)),
            ("Software", f"ecotwin {facts.version}"),
            ("Ledger checkpoint", checkpoint_line(facts.checkpoint)),
            ("As signed", facts.checkpoint.strip() or NOT_HAD),
        )
        for row, (name, value) in enumerate(lines, 2):
            self._put(sheet, row, 0, name, "head")
            self._put(sheet, row, 1, value, "text")
        row = len(lines) + 3
        self._put(sheet, row, 0, "Section", "head")
        self._put(sheet, row, 1, "Its figures and tables", "head")
        for row, section in enumerate(report.sections, row + 1):  # noqa: B020
            self._put(sheet, row, 0, section.title, "text")
            parts = [f"{len(section.datapoints)} figures"] if section.datapoints else []
            self._put(
                sheet, row, 1, "; ".join([*parts, *(t.title for t in section.tables)]), "text"
            )

    def _section(self, section: Section) -> None:
        sheet = self._sheet(section.title)
        for place, width in enumerate(_widths(section)):
            sheet.set_column(place, place, width)
        self._put(sheet, 0, 0, section.title, "title")
        row = 2
        for sentence in section.text:
            self._put(sheet, row, 0, sentence, "line")
            row += 1
        if section.datapoints:
            rows = tuple(_point_row(p) for p in section.datapoints)
            row = self._table(sheet, row + 1, Table("", _POINTS, rows))
        for table in section.tables:
            row = self._table(sheet, row + 1, table)

    def _table(self, sheet: Any, row: int, table: Table) -> int:
        if table.title:
            self._put(sheet, row, 0, table.title, "part")
            row += 1
        if table.note:
            self._put(sheet, row, 0, table.note, "line")
            row += 1
        for place, column in enumerate(table.columns):
            unit = f" [{column.unit}]" if column.unit not in ("", SHARE) else ""
            self._put(sheet, row, place, column.name + unit, "head")
        for count, cells in enumerate(table.rows, 1):
            last = table.total and count == len(table.rows)
            for place, cell in enumerate(cells):
                share = table.columns[place].unit == SHARE and isinstance(cell, float)
                look = "share" if share else "total" if last else ""
                self._put(sheet, row + count, place, cell, look)
        if not table.rows:
            self._put(sheet, row + 1, 0, "none", "line")
        return row + max(1, len(table.rows)) + 1

    def _gaps(self, report: Report) -> None:
        sheet = self._sheet("Gaps")
        sheet.set_column(0, 0, 140)
        self._put(sheet, 0, 0, "What could not be had", "title")
        for row, gap in enumerate(report.gaps or ("None is known.",), 2):
            self._put(sheet, row, 0, gap, "text")

    def _put(self, sheet: Any, row: int, column: int, cell: Cell, look: str = "") -> None:
        """Write by the kind of the cell: what is text stays text, whatever it begins with."""
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            sheet.write_number(row, column, cell, self.looks[look or "number"])
            return
        text = plain(shown(cell))
        if len(text) > _LONGEST:
            text = text[:_LONGEST] + " ... (cut; the JSON holds all of it)"
        kind = "missing" if cell is None or text.startswith(f"{NOT_HAD}:") else "line"
        sheet.write_string(row, column, text, self.looks[look or kind])


def _widths(section: Section) -> list[int]:
    """Widths of a sheet's columns in characters, by what stands in them."""
    lengths: dict[int, int] = {}
    points = Table("", _POINTS, tuple(_point_row(p) for p in section.datapoints))
    for table in (points, *section.tables):
        for row in (tuple(c.name for c in table.columns), *table.rows):
            for place, cell in enumerate(row):
                lengths[place] = max(lengths.get(place, 0), len(shown(cell)))
    return [min(48, max(11, lengths[place] + 2)) for place in sorted(lengths)]


def _point_row(point: Datapoint) -> tuple[Cell, ...]:
    value: Cell = point.value
    if value is None:
        value = f"{NOT_HAD}: {point.missing}" if point.missing else NOT_HAD
    return (
        point.id, point.name, value, point.unit, point.low if point.low is not None else "",
        point.high if point.high is not None else "", point.coverage if point.coverage is not None else "",
        point.entry if point.entry is not None else "", point.measure, point.note,
    )  # fmt: skip
