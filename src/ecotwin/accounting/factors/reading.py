"""Reads any factor table the software knows, whichever it is."""

from __future__ import annotations

from ecotwin.accounting.factors.defra import read_defra
from ecotwin.accounting.factors.epa import TITLE, read_epa_hub
from ecotwin.accounting.factors.intake import Imported
from ecotwin.accounting.factors.own import NEEDED, read_own
from ecotwin.accounting.factors.workbook import is_workbook, sheets
from ecotwin.errors import FileFault


def read_factors(content: bytes, name: str, *, gwp_set: str = "AR5") -> Imported:
    """The factors of an EPA hub workbook, a UK flat file (CSV, gzip, XLSX), or a CSV of one's own.

    Args:
        content: The file's bytes.
        name: Its name, for messages and sources.
        gwp_set: Set by which the EPA's masses of gases are weighed.

    Raises:
        FileFault: It is none of these, or not sound as a whole. Unsound rows are refused one by one.
    """
    if is_workbook(content):
        cells = {c for s in sheets(content, name) for row in s.rows.values() for c in row.values()}
        if TITLE in cells:
            return read_epa_hub(content, name, gwp_set=gwp_set)
        return read_defra(content, name)
    if content[:2] == b"\x1f\x8b":
        return read_defra(content, name)
    header = content.split(b"\n", 1)[0].decode("utf-8", "replace")
    if "GHG Conversion Factor" in header or header.lstrip("\ufeff").startswith("ID,Scope"):
        return read_defra(content, name)
    if "subject" in header:
        return read_own(content, name)
    raise FileFault(
        f"{name} is no factor table that is known here",
        expected="the EPA hub workbook, the UK flat file, or a CSV with the columns "
        + ", ".join(NEEDED),
        remedy="check the file; `docs/factors.md` shows a table of one's own",
    )
