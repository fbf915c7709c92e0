"""The kinds of books that people keep beside the meters, as their table says."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

COMMON = ("id", "from", "to", "element", "source")
"""Columns of every book: unique id; local days or instants `[from, to)`, an empty `to` meaning the one day; element
(empty: the site); the document behind the row."""


@dataclass(frozen=True, slots=True)
class BookColumn:
    """A column: `form` is text, number or flag (yes or no)."""

    name: str
    form: str
    unit: str
    needed: bool
    description: str


@cache
def book_kinds() -> Mapping[str, tuple[BookColumn, ...]]:
    """Kind of book -> its columns beside the common ones.

    >>> [c.name for c in book_kinds()["refill"] if c.needed]
    ['gas', 'mass_kg']
    """
    text = (files("ecotwin.plant") / "bookings.csv").read_text("utf-8")
    found: dict[str, list[BookColumn]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = BookColumn(
            row["column"], row["form"], row["unit"], row["needed"] == "yes", row["description"]
        )
        found.setdefault(row["kind"], []).append(column)
    return {kind: tuple(columns) for kind, columns in found.items()}
