"""What people book: purchases, transports, refills, certificates, orders; what no meter tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ecotwin.clock import Period

Fact = str | float | bool
"""A value of a booking, as its kind's table says."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One row of a book.

    Attributes:
        kind: One of the tables in `plant/bookings.csv`: `purchase`, `transport` ...
        id: Unique in its kind; a corrected row bears the same id and becomes a revision.
        period: The span it is about; a single day for an event.
        element: Plant element it belongs to.
        facts: Column -> value, in canonical units.
        source: The document behind it: an invoice, a certificate's number, a log sheet.
    """

    kind: str
    id: str
    period: Period
    element: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    source: str = ""

    def number(self, column: str, default: float | None = None) -> float:
        """A number of it.

        Raises:
            KeyError: It is not there, and no default was given.
        """
        found = self.facts.get(column, default)
        if found is None:
            raise KeyError(column)
        return float(found)

    def text(self, column: str) -> str:
        """A text of it; empty when it is not there."""
        return str(self.facts.get(column, ""))

    def flag(self, column: str) -> bool:
        """A yes or no of it; no when it is not there."""
        return bool(self.facts.get(column, False))
