"""What reports that claim something share: which figures are proved, and the words of what is not.

A reduction is printed only over an entry of the ledger; a figure without one is shown as not claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecotwin.errors import FigureGap
from ecotwin.records import Cell, Column, Table
from ecotwin.reports.contract import Dossier

OUTSIDE = (
    "Nothing here is part of the greenhouse gas inventory: it neither lowers nor raises a figure of scope 1, 2 or 3, "
    "and what is claimed here must not be subtracted there."
)


def columns(*names: str) -> tuple[Column, ...]:
    """Columns; `name#unit` marks one of numbers.

    >>> columns("Year", "Allowed#kWh")[1]
    Column(name='Allowed', unit='kWh', number=True)
    """
    parted = (name.partition("#") for name in names)
    return tuple(Column(name, unit, bool(mark)) for name, mark, unit in parted)


def table(
    title: str, names: Sequence[str], rows: Iterable[Sequence[Cell]], note: str = ""
) -> Table:
    """A table from names and rows."""
    return Table(title, columns(*names), tuple(tuple(row) for row in rows), note)


def place_of(dossier: Dossier, element: str = "") -> str:
    """The name of an element (else the report's own); its id where the plant no longer has it."""
    wanted = element or dossier.element
    return next((e.name for e in dossier.plant.elements if e.id == wanted), wanted)


def gaps_of(dossier: Dossier) -> tuple[str, ...]:
    """The dossier's gaps as sentences, each with its place."""
    return tuple(f"{where}: {text}" for where, text in dossier.gaps)


def handed(dossier: Dossier, key: str, what: str) -> list[Mapping[str, Any]]:
    """Rows that were handed in under a key of `extra`.

    Raises:
        FigureGap: There are none.
    """
    rows = dossier.extra.get(key) or ()
    found = [row for row in rows if isinstance(row, Mapping)]
    if not found:
        raise FigureGap(
            f"no {what} of {place_of(dossier)} in {dossier.period} are there to report",
            expected=f"`{key}` in the dossier",
            remedy=f"see among the gaps why they cannot be had: {' '.join(gaps_of(dossier)) or 'none is named'}",
        )
    return found


def in_words(value: float, unit: str) -> str:
    """A number with its unit, six digits.

    >>> in_words(1234567.8, "kWh")
    '1,234,570 kWh'
    """
    size = f"{float(f'{value:.6g}'):,.10g}"
    return f"{size} {unit}".strip()
