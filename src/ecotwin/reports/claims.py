"""What reports that claim something share: which figures are proved, and the words of what is not.

A reduction is printed only over an entry of the ledger; a figure without one is shown as not claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecotwin.errors import FigureGap
from ecotwin.records import Cell, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier
from ecotwin.reports.pieces import heads, name_of, told_gaps

OUTSIDE = (
    "Nothing here is part of the greenhouse gas inventory: it neither lowers nor raises a figure of scope 1, 2 or 3, "
    "and what is claimed here must not be subtracted there."
)


def table(
    title: str, names: Sequence[str], rows: Iterable[Sequence[Cell]], note: str = ""
) -> Table:
    """A table from names and rows."""
    return Table(title, heads(*names), tuple(tuple(row) for row in rows), note)


def handed(
    dossier: Dossier, key: str, what: str, said: Sequence[str] = ()
) -> list[Mapping[str, Any]]:
    """Rows that were handed in under a key of `extra`; `said`: why there may be none.

    Raises:
        FigureGap: There are none.
    """
    found = list(pieces.handed(dossier, key))
    if not found:
        raise FigureGap(
            f"no {what} of {name_of(dossier, dossier.element)} in {dossier.period} are there to report",
            expected=f"`{key}` in the dossier",
            remedy=f"see why they cannot be had: {' '.join((*said, *told_gaps(dossier))) or 'none is named'}",
        )
    return found


def in_words(value: float, unit: str) -> str:
    """A number with its unit, six digits.

    >>> in_words(1234567.8, "kWh")
    '1,234,570 kWh'
    """
    size = f"{float(f'{value:.6g}'):,.10g}"
    return f"{size} {unit}".strip()
