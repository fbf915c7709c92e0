"""Bookings of a period: what of each falls into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ecotwin.accounting.remembered import Remembered
from ecotwin.clock import Period
from ecotwin.records import Booking


@dataclass(frozen=True, slots=True)
class Book:
    """Bookings that touch a period.

    Attributes:
        period: The span. bookings: Those that overlap it.
        kept: Kinds of which a book is kept at all: that nothing of it falls into the period is then a true zero.
    """

    period: Period
    bookings: tuple[Booking, ...]
    kept: frozenset[str] = frozenset()

    @staticmethod
    def of(period: Period, bookings: Iterable[Booking]) -> Book:
        """The bookings of these that overlap the period; all kinds among them are kept ones."""
        given = tuple(bookings)
        inside = tuple(b for b in given if share_within(b.period, period) > 0.0)
        return Book(period, inside, frozenset(b.kind for b in given))

    def has(self, kind: str) -> bool:
        """Whether a book of this kind is kept."""
        return kind in self.kept or any(b.kind == kind for b in self.bookings)

    def of_kind(self, kind: str, elements: Iterable[str] | None = None) -> Iterator[Booking]:
        """Bookings of a kind; of these elements only, where some are named."""
        wanted = None if elements is None else set(elements)
        for booking in _kinds(self).get(kind, ()):
            if wanted is None or booking.element in wanted:
                yield booking

    def share(self, booking: Booking) -> float:
        """Share of a booking that falls into the period, by time; below 1 it is an estimate."""
        return share_within(booking.period, self.period)


def _sorted(book: Book) -> Mapping[str, tuple[Booking, ...]]:
    """The bookings of each kind, in their order."""
    found: dict[str, list[Booking]] = {}
    for booking in book.bookings:
        found.setdefault(booking.kind, []).append(booking)
    return {kind: tuple(rows) for kind, rows in found.items()}


_kinds = Remembered(_sorted, size=4)
"""A book by kind, sorted once."""


def share_within(span: Period, period: Period) -> float:
    """Share of a span that lies in a period, 0..1.

    >>> from datetime import UTC, datetime
    >>> day = lambda n: datetime(2026, 6, n, tzinfo=UTC)
    >>> share_within(Period(day(1), day(11)), Period(day(6), day(30)))
    0.5
    """
    low = max(span.start_us, period.start_us)
    high = min(span.end_us, period.end_us)
    length = span.end_us - span.start_us
    return max(0, high - low) / length if length else 0.0
