"""Rows of numbers of any origin, as the general tools take them: `detect`, `forecast`, `life`, `sense`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.records.columns import Floats


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of numbers in the order in which it came.

    Attributes:
        columns: Names of the number columns.
        values: [rows, columns] NaN where nothing was measured.
        at_s: [rows] time: seconds since 1970 as the plant's wall clock shows it where `civil`, else the plain number
            of the time column, or the number of the row where there is none. May repeat, and run unevenly.
        stamps: The time of each row as the file writes it.
        civil: Whether the time has hours and weekdays.
        notes: What a person should know of how it was read, in sentences.
    """

    columns: tuple[str, ...]
    values: Floats
    at_s: Floats
    stamps: tuple[str, ...]
    civil: bool
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.at_s)

    def column(self, name: str) -> Floats:
        """[rows] one column.

        >>> Rows(("a", "b"), np.array([[1.0, 2.0]]), np.zeros(1), ("0",), False).column("b")
        array([2.])
        """
        return np.asarray(self.values[:, self.columns.index(name)], np.float64)

    def part(self, first: int, end: int) -> Rows:
        """Rows first..end."""
        cut = slice(first, end)
        return replace(self, values=self.values[cut], at_s=self.at_s[cut], stamps=self.stamps[cut])

    def of(self, columns: Sequence[str]) -> Rows:
        """These columns only, in this order."""
        places = [self.columns.index(name) for name in columns]
        return replace(self, columns=tuple(columns), values=self.values[:, places])
