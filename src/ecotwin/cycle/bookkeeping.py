"""Books beside the meters: rows taken in as they stand in the files, kept with every earlier version, and sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from ecotwin.accounting.book import share_within
from ecotwin.clock import Period, instant
from ecotwin.connectors.books import read_books
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.received import ENDING, received
from ecotwin.errors import EcotwinError
from ecotwin.governance.ledger import Draft, Ledger
from ecotwin.history.contract import Document, Store
from ecotwin.plant import Plant
from ecotwin.records import Booking

log = structlog.get_logger("ecotwin")

KIND = "booking"
READ_EVERY = timedelta(minutes=15)
MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What a reading of the books brought: rows that are new, others than before, gone, and as before."""

    new: int
    changed: int
    withdrawn: int
    same: int

    @property
    def moved(self) -> bool:
        """Whether anything is other than before."""
        return bool(self.new or self.changed or self.withdrawn)

    def __str__(self) -> str:
        return f"{self.new} new rows, {self.changed} changed, {self.withdrawn} withdrawn, {self.same} as before"


class Books:
    """The books of a running twin: read at its start, and again when a file changes.

    Args:
        plant: The plant. keeper: Keeps. ledger: Seals.
    """

    def __init__(self, plant: Plant, keeper: Keeper, ledger: Ledger) -> None:
        self._plant = plant
        self._keeper = keeper
        self._ledger = ledger
        self._stamp: tuple[tuple[str, int, int], ...] = ()
        self._read_at: datetime | None = None
        self.fault = ""
        """What is wrong with the books, in words; what was taken in before holds on."""

    def tick(self, now: datetime) -> bool:
        """Look for changed files now and then; returns whether a row moved."""
        if not self._plant.books or (
            self._read_at is not None and now - self._read_at < READ_EVERY
        ):
            return False
        self._read_at = now
        folder = Path(self._plant.books)
        found = stamp(folder)
        if found == self._stamp:
            return False
        self._stamp = found
        try:
            taken = take_in(self._plant, self._keeper, self._ledger, folder)
        except EcotwinError as fault:
            self.fault = str(fault)
            log.warning("the books were not taken in", why=self.fault)
            return False
        self.fault = ""
        if taken.moved:
            log.info("books taken in", folder=str(folder), rows=str(taken))
        return taken.moved


def take_in(plant: Plant, keeper: Keeper, ledger: Ledger, folder: Path) -> Taken:
    """Read all books of a folder; a row that changed or is gone becomes a version, nothing is overwritten.

    Raises:
        FileFault: A book is at fault; every fault is named and no row of any book was taken.
    """
    sent, words = received(plant, folder)
    for text in words:
        log.warning("a supplier's footprint is doubtful and was kept", what=text)
    rows = [*read_books(folder, plant), *sent]
    kept = {d.id: d.body for d in keeper.store.documents(KIND, limit=MOST)}
    known = keeper.now()
    drafts: list[Draft] = []
    documents: list[Document] = []
    new = changed = 0
    here = set()
    for row in rows:
        name, told = f"{row.kind}:{row.id}", _body(row)
        here.add(name)
        before = kept.get(name)
        if before == told:
            continue
        new, changed = new + (before is None), changed + (before is not None)
        drafts.append(Draft(KIND, name, told, known))
        documents.append(Document(KIND, name, row.period.start, known, told))
    withdrawn = 0
    for name, body in kept.items():
        if name not in here and not body.get("withdrawn"):
            gone = {**body, "withdrawn": True}
            drafts.append(Draft(KIND, name, gone, known))
            documents.append(Document(KIND, name, instant(int(body["start"])), known, gone))
            withdrawn += 1
    if drafts:
        ledger.append_many(drafts)
        keeper.store.put_all(documents)
    return Taken(new, changed, withdrawn, len(here) - new - changed)


def bookings(store: Store, period: Period | None = None) -> tuple[Booking, ...]:
    """Rows that hold, of a period or of all times, in time order."""
    rows = [_booking(d) for d in store.documents(KIND, limit=MOST) if not d.body.get("withdrawn")]
    chosen = rows if period is None else [b for b in rows if share_within(b.period, period) > 0.0]
    return tuple(sorted(chosen, key=lambda b: (b.period.start, b.kind, b.id)))


def stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every book: moves when one of them does."""
    found: Sequence[Path] = (
        sorted([*folder.glob("*.csv*"), *folder.glob(f"*{ENDING}")]) if folder.is_dir() else ()
    )
    return tuple((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in found)


def _body(row: Booking) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "id": row.id,
        "start": row.period.start_us,
        "end": row.period.end_us,
        "element": row.element,
        "facts": dict(row.facts),
        "source": row.source,
    }


def _booking(document: Document) -> Booking:
    body = document.body
    span = Period(instant(int(body["start"])), instant(int(body["end"])))
    return Booking(
        body["kind"], body["id"], span, body["element"], dict(body["facts"]), body["source"]
    )
