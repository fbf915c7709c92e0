"""Bookings of a period: what of each falls into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ecotwin.clock import Period
from ecotwin.records import Booking


@dataclass(frozen=True, slots=True)
class Book:
    """Bookings that touch a period.

    Attributes:
        period: The span. bookings: Those that overlap it.
    """

    period: Period
    bookings: tuple[Booking, ...]

    @staticmethod
    def of(period: Period, bookings: Iterable[Booking]) -> Book:
        """The bookings of these that overlap the period."""
        return Book(period, tuple(b for b in bookings if share_within(b.period, period) > 0.0))

    def of_kind(self, kind: str, elements: Iterable[str] | None = None) -> Iterator[Booking]:
        """Bookings of a kind; of these elements only, where some are named."""
        wanted = None if elements is None else set(elements)
        for booking in self.bookings:
            if booking.kind == kind and (wanted is None or booking.element in wanted):
                yield booking

    def share(self, booking: Booking) -> float:
        """Share of a booking that falls into the period, by time; below 1 it is an estimate."""
        return share_within(booking.period, self.period)


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
