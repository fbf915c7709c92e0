"""What a history must do. One process owns it; every call may come from any thread of that process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ecotwin.clock import Period
from ecotwin.records import Bools, Cleaned, Codes, Image, Ints, Readings, Window

if TYPE_CHECKING:
    from ecotwin.history.daysums import DaySums


@dataclass(frozen=True, slots=True)
class Revision:
    """A minute or hour whose figure changed after it was first known.

    Attributes:
        signal: Index. start: Start of the step [us UTC]. step_s: 60 or 3600.
        before, after: Amount (counter, interval, rate) or mean (gauge).
        known_before, known_after: When each was known [us UTC].
    """

    signal: int
    start: int
    step_s: int
    before: float
    after: float
    known_before: int
    known_after: int


@dataclass(frozen=True, slots=True)
class Document:
    """A record of another room, kept as JSON: finding, advice, order, receipt, saving, measure.

    Every `put` adds a version; nothing is overwritten.
    """

    kind: str
    id: str
    at: datetime
    known_at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SummedDay:
    """A day whose sums are kept: the terms they were made on, and when they were made [us UTC]."""

    day: Period
    terms: str
    known: int


class Store(Protocol):
    """The embedded or server history."""

    def append(
        self, cleaned: Cleaned, *, known_at: datetime, cursors: Mapping[str, str] | None = None
    ) -> None:
        """Keep a cleaned batch, its rejects, its counter breaks and the sources' positions in ONE transaction.

        When it returns the batch is acknowledged: no crash loses it.

        Raises:
            StoreFull: The disk is full; nothing of this batch was kept, what was acknowledged is safe.
        """
        ...

    def close_minutes(self, until: datetime, *, known_at: datetime) -> None:
        """Build minutes (and full hours) that end at or before `until`; revise those that late data touched."""
        ...

    def window(
        self,
        signals: Sequence[int],
        period: Period,
        step_s: int,
        *,
        known_at: datetime | None = None,
    ) -> Window:
        """Steps of some signals, as known now or at `known_at`; not yet closed minutes are built on the fly."""
        ...

    def raw(self, signal: int, period: Period, *, limit: int = 100_000) -> Readings:
        """Readings of one signal in event-time order."""
        ...

    def image(self, at: datetime) -> Image:
        """The newest reading of every signal at or before `at`."""
        ...

    def seen(self, signal: Codes, at: Ints) -> Bools:
        """Whether a reading of this signal and event time is already kept: [n] mask, for late doubles."""
        ...

    def tail(self, count: int) -> Readings:
        """The last `count` readings of each signal in time order: what cleaning restores itself from."""
        ...

    def breaks(self) -> Mapping[int, tuple[tuple[int, float], ...]]:
        """Signal index -> (at [us], offset) of every counter break, in time order."""
        ...

    def cursors(self) -> Mapping[str, str]:
        """Source -> position up to which it is safely kept."""
        ...

    def rejects(self, period: Period | None = None, *, limit: int = 1000) -> list[dict[str, Any]]:
        """The quarantine: newest first, keys signal, at, value, reason, detail, known_at."""
        ...

    def reject_counts(self, period: Period | None = None) -> Mapping[str, int]:
        """Reason -> number of rejected samples."""
        ...

    def revisions(self, period: Period, *, limit: int = 1000) -> list[Revision]:
        """Figures in this period that were revised."""
        ...

    def span(self) -> Period | None:
        """From the first to after the last reading; None when empty."""
        ...

    def put(
        self,
        kind: str,
        id: str,  # noqa: A002
        at: datetime,
        body: Mapping[str, Any],
        *,
        known_at: datetime,
    ) -> None:
        """Keep a version of a document; durable when it returns."""
        ...

    def put_all(self, documents: Sequence[Document]) -> None:
        """Keep a version of each document in ONE transaction; durable when it returns."""
        ...

    def get(self, kind: str, id: str, *, known_at: datetime | None = None) -> Document | None:  # noqa: A002
        """The newest version of a document, or the one known at an instant."""
        ...

    def documents(
        self, kind: str, *, since: datetime | None = None, limit: int = 1000
    ) -> list[Document]:
        """Newest version of every document of a kind, newest `at` first."""
        ...

    def versions(self, kind: str, id: str) -> list[Document]:  # noqa: A002
        """Every version of a document, the oldest first."""
        ...

    def reworked(self, kind: str, period: Period) -> list[str]:
        """Ids of documents of a kind with `at` in the period of which more than one version is kept."""
        ...

    def revised_since(self, known: int) -> list[tuple[int, int]]:
        """(start of the hour, newest knowledge) [us UTC] of revisions that became known after an instant."""
        ...

    def minutes_since(self) -> int:
        """From here on minutes are kept [us UTC]; of the time before only hours and sums of days."""
        ...

    @property
    def sums(self) -> DaySums:
        """Sums of whole days."""
        ...

    def retain(self, *, raw_days: int, minute_days: int, now: datetime) -> None:
        """Drop raw readings and minutes that are older; hours, rejects' counts and documents stay."""
        ...

    def backup(self, folder: Path) -> None:
        """Write a complete, consistent copy that `restore` reads; safe while data comes in."""
        ...

    def export(
        self, signals: Sequence[int], period: Period
    ) -> Iterator[tuple[str, str, float, int]]:
        """(signal id, ISO time, value, quality) rows in time order, for CSV."""
        ...

    def size_bytes(self) -> int:
        """Bytes on disk."""
        ...

    def close(self) -> None:
        """Flush and let go of the file."""
        ...
