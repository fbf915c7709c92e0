"""Time: UTC instants, half-open periods, and the only `now()`.

Columns hold int64 microseconds since 1970 (UTC); single instants are aware `datetime` in UTC.
The clock is always passed in: live, scaled (a day in ten minutes) and replayed time run the same code.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant.

    >>> micros(datetime(2026, 1, 1, tzinfo=UTC))
    1767225600000000
    """
    delta = instant - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def instant(us: int) -> datetime:
    """The UTC instant of a count of microseconds.

    >>> instant(1767225600000000).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=int(us))


def iso(us: int) -> str:
    """ISO text in UTC, to the second when there are no smaller parts.

    >>> iso(1767225600000000)
    '2026-01-01T00:00:00Z'
    """
    return instant(us).isoformat().replace("+00:00", "Z")


class Clock(Protocol):
    """Tells the time of the plant [UTC]."""

    def now(self) -> datetime:
        """The plant's present instant, UTC."""
        ...


class WallClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class ScaledClock:
    """A plant whose time runs faster than the wall's: `plant = start + speed x (wall - origin)`.

    Args:
        start: Plant time at the origin, UTC.
        speed: Plant seconds per wall second.
        origin: Wall time [s since 1970] at which plant time was `start`; shared by all processes
            that play the same plant.
    """

    start: datetime
    speed: float
    origin: float

    def now(self) -> datetime:
        """The plant's present instant, UTC."""
        return self.start + timedelta(seconds=(time.time() - self.origin) * self.speed)


class ManualClock:
    """A clock that stands still until it is moved: for replay and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Set the time; it never runs backwards."""
        self._now = max(self._now, moment)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A half-open span of time `[start, end)`, both UTC.

    >>> p = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    >>> p.hours
    24.0
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs aware instants")
        if self.end < self.start:
            raise ValueError(f"a period ends ({self.end}) before it starts ({self.start})")

    @property
    def start_us(self) -> int:
        """Start in microseconds since 1970."""
        return micros(self.start)

    @property
    def end_us(self) -> int:
        """End in microseconds since 1970."""
        return micros(self.end)

    @property
    def seconds(self) -> float:
        """Length [s]."""
        return (self.end - self.start).total_seconds()

    @property
    def hours(self) -> float:
        """Length [h]."""
        return self.seconds / 3600.0

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{iso(self.start_us)}/{iso(self.end_us)}"


def local_day(day: date, zone: ZoneInfo) -> Period:
    """The calendar day of a place: 23, 24 or 25 hours long.

    >>> local_day(date(2026, 3, 29), ZoneInfo("Europe/Berlin")).hours
    23.0
    """
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    return Period(start.astimezone(UTC), end.astimezone(UTC))


def local_month(year: int, month: int, zone: ZoneInfo) -> Period:
    """The calendar month of a place."""
    start = datetime(year, month, 1, tzinfo=zone)
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return Period(start.astimezone(UTC), end.astimezone(UTC))


def days_of(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """Cut a period at the midnights of a place."""
    moment = period.start
    while moment < period.end:
        day = local_day(moment.astimezone(zone).date(), zone)
        end = min(day.end, period.end)
        yield Period(moment, end)
        moment = end


def parse_period(text: str, zone: ZoneInfo) -> Period:
    """Read `2026`, `2026-06`, `2026-06-18` (local to the place) or `START/END` in ISO time.

    >>> str(parse_period("2026-06", ZoneInfo("UTC")))
    '2026-06-01T00:00:00Z/2026-07-01T00:00:00Z'

    Raises:
        ValueError: The text is none of these.
    """
    if "/" in text:
        first, second = (datetime.fromisoformat(part) for part in text.split("/", 1))
        return Period(
            *(m.replace(tzinfo=m.tzinfo or zone).astimezone(UTC) for m in (first, second))
        )
    parts = [int(part) for part in text.split("-")]
    if len(parts) == 1:
        return Period(
            local_month(parts[0], 1, zone).start, local_month(parts[0] + 1, 1, zone).start
        )
    if len(parts) == 2:
        return local_month(parts[0], parts[1], zone)
    if len(parts) == 3:
        return local_day(date(parts[0], parts[1], parts[2]), zone)
    raise ValueError(f"not a period: {text!r}")
