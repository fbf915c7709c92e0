"""A report as PDF/A-3a, with its JSON inside: typeset from data, so that no name can be read as markup."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from ecotwin.records import Cell, Column, Datapoint, Report, Section, Table
from ecotwin.reports.rendering import text
from ecotwin.reports.rendering.facts import (
    NOT_HAD,
    SHARE,
    Facts,
    checkpoint_line,
    library,
    moment,
    number,
    plain,
    shown,
    span,
    unit_shown,
)

STANDARD = "a-3a"
_BODY, _CODE = "Libertinus Serif", "DejaVu Sans Mono"
_READING = (
    "Values are shown in three significant figures with their 95 % interval, the share of the period that was really "
    "measured, and the entry of the ledger that seals them. What could not be had is named with the reason and never "
    "counted as zero. The exact numbers are in the file report.json inside this PDF."
)
_PORTRAIT, _LANDSCAPE = 172.0, 259.0  # width of a line [mm]
_CHARACTER, _INSET = 1.55, 3.8  # width of a character in a table, and of a cell's two margins [mm]
_WRAPS, _LONG = 16, 60  # characters at which a cell may wrap, and more than it ever asks for
Json = dict[str, Any]


def made(report: Report, facts: Facts) -> bytes:
    """The file.

    Raises:
        EcotwinError: The library is missing.
    """
    compiled = _compiled(view(report, facts), facts, "pdf")
    return compiled[0]


def pictures(report: Report, facts: Facts, per_inch: float = 100.0) -> list[bytes]:
    """Its pages as PNG, for a look."""
    return _compiled(view(report, facts), facts, "png", per_inch)


def _compiled(told: Json, facts: Facts, form: str, per_inch: float | None = None) -> list[bytes]:
    typst = library("typst")
    source = (files("ecotwin.reports.rendering") / "page.typ").read_bytes()
    folders = tuple(str(f) for f in facts.fonts)
    compiler = typst.Compiler(font_paths=list(folders), ignore_system_fonts=True)
    told = _showable(told, folders)
    inputs = {"data": json.dumps(told, ensure_ascii=False)}
    options: Json = {"pdf_standards": STANDARD} if form == "pdf" else {"ppi": per_inch}
    at = int(facts.made_at.timestamp())
    found = compiler.compile(source, format=form, sys_inputs=inputs, timestamp=at, **options)
    return found if isinstance(found, list) else [found]


def view(report: Report, facts: Facts) -> Json:
    """What the page is given: strings only, in the order in which they are set."""
    when = span(report.period, facts.timezone)
    wide = [(_is_wide(s), s) for s in report.sections]
    groups = [
        {"wide": flag, "sections": [_section(s, report) for _, s in group]}
        for flag, group in groupby(wide, key=lambda pair: pair[0])
    ]
    made_at = facts.made_at
    lines = (
        ("Plant", facts.plant),
        ("Company", facts.company or NOT_HAD),
        ("About", f"{report.place} ({report.element})"),
        ("Period", f"{when}, {facts.timezone}"),
        ("Made", moment(made_at, facts.timezone)),
        ("Software", f"ecotwin {facts.version}"),
        ("Ledger checkpoint", checkpoint_line(facts.checkpoint)),
    )
    return {
        "title": report.title,
        "above": facts.plant,
        "standard": report.standard,
        "author": facts.company or facts.plant,
        "keywords": [report.name, report.element, str(report.period)],
        "date": [made_at.year, made_at.month, made_at.day],
        "running": f"{report.place} · {when}",
        "foot": f"{facts.plant} · ecotwin {facts.version} · made {moment(made_at, facts.timezone)}",
        "facts": [list(line) for line in lines],
        "reading": _READING,
        "contents": len(report.sections) > 4,
        "groups": groups,
        "gaps": list(report.gaps),
        "note": facts.checkpoint.strip().split("\n") if "\n" in facts.checkpoint.strip() else [],
        "code": [_CODE],
        "exact": text.made(report, facts).decode("utf-8"),
        "fonts": [_BODY],
    }


def _section(section: Section, report: Report) -> Json:
    return {
        "title": section.title,
        "text": list(section.text),
        "points": [_point(p, report) for p in section.datapoints],
        "tables": [_table(t) for t in section.tables],
    }


def _point(point: Datapoint, report: Report) -> Json:
    whole = f":{report.period}"
    interval = ""
    if point.low is not None and point.high is not None:
        interval = f"{number(point.low)} to {number(point.high)}"
    reason = f"{NOT_HAD}: {point.missing}" if point.missing else NOT_HAD
    return {
        "id": point.id,
        "name": point.name,
        "under": point.measure.removesuffix(whole),
        "note": point.note,
        "missing": reason if point.value is None else "",
        "words": isinstance(point.value, str),
        "value": shown(point.value),
        "unit": unit_shown(point.unit),
        "interval": interval,
        "coverage": "" if point.coverage is None else percent(point.coverage),
        "entry": "–" if point.entry is None else str(point.entry),
    }


def percent(share: float) -> str:
    """A share for a person; never 100 % while something is missing.

    >>> percent(1.0), percent(0.99999), percent(0.5), percent(0.0), percent(0.00004), percent(-0.0213)
    ('100 %', '> 99.9 %', '50.0 %', '0 %', '0.004 %', '-2.1 %')
    """
    if share in (0.0, 1.0):
        return f"{share:.0%}".replace("%", " %")
    if 0.9995 < share < 1.0:
        return "> 99.9 %"
    if abs(share) < 0.001:
        return f"{share * 100.0:.1g} %"
    return f"{share:.1%}".replace("%", " %")


def _table(table: Table) -> Json:
    widths = _widths(table)
    return {
        "title": table.title,
        "note": table.note,
        "total": table.total,
        "columns": [
            {
                "name": c.name,
                "unit": "" if c.unit == SHARE else unit_shown(c.unit),
                "number": c.number,
                "width": w,
            }
            for c, w in zip(table.columns, widths, strict=True)
        ],
        "rows": [
            [_cell(c, column) for c, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
    }


def _cell(cell: Cell, column: Column) -> Json:
    return {"text": _words(cell, column), "gone": cell is None}


def _words(cell: Cell, column: Column) -> str:
    """A cell for a person: shares in percent, units as they are written."""
    if column.unit == SHARE and isinstance(cell, float):
        return percent(cell)
    return unit_shown(cell) if column.name == "unit" and isinstance(cell, str) else shown(cell)


def _needs(table: Table) -> list[tuple[float, float]]:
    """What each column needs at least, its words wrapped, and what it would like to have [mm]."""
    found = []
    for place, column in enumerate(table.columns):
        cells = [_words(row[place], column) for row in table.rows]
        name = max((len(w) for w in column.name.split()), default=0)
        longest = max([name, len(unit_shown(column.unit)), *(len(c) for c in cells)])
        word = longest if column.number else max(name, min(longest, _WRAPS))
        liked = longest + (2 if column.number else 0)
        found.append((word * _CHARACTER + _INSET, min(liked, _LONG) * _CHARACTER + _INSET))
    return found


def _widths(table: Table) -> list[float]:
    """Widths in parts of the line: as they like where all fit, else what is left goes to the longest."""
    needs = _needs(table)
    room = _LANDSCAPE if _is_wide_table(table) else _PORTRAIT
    spare = room - sum(least for least, _ in needs)
    wished = sum(liked - least for least, liked in needs)
    if spare <= 0.0 or wished <= 0.0:
        return [round(least, 1) for least, _ in needs]
    share = min(1.0, spare / wished)
    return [round(least + (liked - least) * share, 1) for least, liked in needs]


def _is_wide(section: Section) -> bool:
    return any(_is_wide_table(t) for t in section.tables)


def _is_wide_table(table: Table) -> bool:
    return sum(least for least, _ in _needs(table)) > _PORTRAIT


def _showable(thing: Any, folders: tuple[str, ...]) -> Any:
    """The same with every character that no font here holds shown by its number."""
    if isinstance(thing, str):
        return _written(plain(thing), folders)
    if isinstance(thing, list):
        return [_showable(t, folders) for t in thing]
    if isinstance(thing, dict):
        return {
            k: v if k in ("exact", "fonts", "code") else _showable(v, folders)
            for k, v in thing.items()
        }
    return thing


def _written(words: str, folders: tuple[str, ...]) -> str:
    if words.isascii():
        return words
    return "".join(c if c.isascii() or _held(c, folders) else f"[U+{ord(c):04X}]" for c in words)


@cache
def _held(char: str, folders: tuple[str, ...]) -> bool:
    """Whether a font holds a character: PDF/A forbids one that none holds, and the typesetter says so."""
    typst = library("typst")
    compiler = typst.Compiler(font_paths=list(folders), ignore_system_fonts=True)
    source = f'#set text(font: "{_BODY}")\n#set document(title: "x")\n#sys.inputs.data'.encode()
    try:
        compiler.compile(source, format="pdf", sys_inputs={"data": char}, pdf_standards="a-3b")
    except typst.TypstError:
        return False
    return True
