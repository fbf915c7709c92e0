"""Reads the cells of an XLSX workbook with the standard library alone: values, no formulas run, no styles.

Sources: ECMA-376 part 1, 18.3 (worksheets) and 18.4 (shared strings); superscript runs are footnote marks.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ecotwin.errors import FileFault

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Cell = str | float
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    IndexError,
    ValueError,
    SyntaxError,  # what the XML parser raises
    RuntimeError,  # an archive with a password, or a packing that is unknown
    OSError,
    EOFError,
)
_MEMBER_LIMIT = 32 * 2**20
"""[bytes] A part that unpacks to more is no factor table."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows by number, in each the cells that hold something by column letters."""

    name: str
    rows: dict[int, dict[str, Cell]]


def is_workbook(content: bytes) -> bool:
    """Whether these bytes are a zip archive, as an XLSX file is."""
    return content[:4] == b"PK\x03\x04"


def sheets(content: bytes, name: str) -> tuple[Sheet, ...]:
    """Every sheet of a workbook, in its order.

    Raises:
        FileFault: It is no sound XLSX file, or unpacks to more than a factor table can.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            shared = _shared(archive, name)
            links = {
                str(link.get("Id")): str(link.get("Target"))
                for link in _tree(archive, "xl/_rels/workbook.xml.rels", name)
            }
            found = []
            for sheet in _tree(archive, "xl/workbook.xml", name).iter(f"{_MAIN}sheet"):
                target = links[str(sheet.get(_LINK))].removeprefix("/xl/")
                rows = _rows(_tree(archive, f"xl/{target}", name), shared)
                found.append(Sheet(str(sheet.get("name")), rows))
    except _BROKEN as fault:
        raise FileFault(
            f"{name} cannot be read as a workbook ({type(fault).__name__})",
            expected="an XLSX file as its publisher gives it",
            remedy="fetch it anew, or open it in a spreadsheet program and save it as .xlsx",
        ) from None
    return tuple(found)


def column_number(letters: str) -> int:
    """Number of a column.

    >>> column_number("A"), column_number("AA")
    (1, 27)
    """
    result = 0
    for letter in letters:
        result = result * 26 + ord(letter) - 64
    return result


def _tree(archive: zipfile.ZipFile, member: str, name: str) -> Element:
    from xml.etree import ElementTree

    if archive.getinfo(member).file_size > _MEMBER_LIMIT:
        raise FileFault(
            f"{member} of {name} unpacks to more than {_MEMBER_LIMIT // 2**20} MiB",
            expected="a factor table",
            remedy="check that this is the publisher's file",
        )
    text = archive.read(member)
    # Without a document type no entity can be declared, so neither files nor endless text can be drawn in.
    if b"\x00" in text or b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise FileFault(
            f"{member} of {name} declares a document type",
            expected="plain XML in UTF-8, as spreadsheet programs write it",
            remedy="do not trust this file; fetch it from its publisher",
        )
    return ElementTree.fromstring(text)  # noqa: S314


def _shared(archive: zipfile.ZipFile, name: str) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    return [_text(item) for item in _tree(archive, "xl/sharedStrings.xml", name)]


def _text(item: Element) -> str:
    """The text of a string without its footnote marks."""
    runs = list(item.iter(f"{_MAIN}r"))
    if not runs:
        return "".join(t.text or "" for t in item.iter(f"{_MAIN}t"))
    kept = []
    for run in runs:
        raised = run.find(f"{_MAIN}rPr/{_MAIN}vertAlign")
        if raised is None or raised.get("val") != "superscript":
            kept.append("".join(t.text or "" for t in run.iter(f"{_MAIN}t")))
    return "".join(kept)


def _rows(root: Element, shared: list[str]) -> dict[int, dict[str, Cell]]:
    rows: dict[int, dict[str, Cell]] = {}
    for row, column, value in _cells(root, shared):
        rows.setdefault(row, {})[column] = value
    return rows


def _cells(root: Element, shared: list[str]) -> Iterator[tuple[int, str, Cell]]:
    for cell in root.iter(f"{_MAIN}c"):
        place = re.fullmatch(r"([A-Z]{1,3})(\d+)", cell.get("r", ""))
        if place is None:
            raise ValueError("a cell without a place")
        kind, held = cell.get("t", "n"), cell.find(f"{_MAIN}v")
        value: Cell
        if kind == "inlineStr":
            value = _text(cell)
        elif held is None or held.text is None:
            continue
        elif kind == "s":
            value = shared[int(held.text)]
        else:
            value = float(held.text) if kind == "n" else held.text
        if value == "" or (isinstance(value, str) and not value.strip()):
            continue
        yield int(place[2]), place[1], value
