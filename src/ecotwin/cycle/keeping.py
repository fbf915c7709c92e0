"""Records to documents and back: what the twin must still know after a restart."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter

from ecotwin.governance.ledger import Draft, Ledger
from ecotwin.history.contract import Document, Store
from ecotwin.learning.register import Model
from ecotwin.records import Advice, Finding, Measure, Order, Receipt, Saving

T = TypeVar("T")

KINDS: dict[type, str] = {
    Finding: "finding",
    Advice: "advice",
    Order: "order",
    Receipt: "receipt",
    Saving: "saving",
    Measure: "measure",
    Model: "model",
}


_ADAPTERS: dict[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in KINDS}


def to_json(record: object) -> dict[str, Any]:
    """A record as JSON values."""
    made = _ADAPTERS[type(record)].dump_python(record, mode="json")
    assert isinstance(made, dict)
    return made


def from_json(cls: type[T], body: object) -> T:
    """A record from JSON values."""
    made: T = _ADAPTERS[cls].validate_python(body)
    return made


def entry_of(store: Store, cls: type[Any], id: str) -> int | None:  # noqa: A002
    """Place in the ledger of the newest sealed version of a record; None: it was not sealed."""
    found = store.get("sealed", f"{KINDS[cls]}:{id}")
    return None if found is None else int(found.body["entry"])


class Keeper:
    """Keeps records in the history and seals them in the ledger, so that neither is ever forgotten.

    Args:
        store: The history.
        ledger: The ledger.
        now: Tells plant time.
    """

    def __init__(self, store: Store, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._store = store
        self._ledger = ledger
        self._now = now

    @property
    def store(self) -> Store:
        """The history."""
        return self._store

    def now(self) -> datetime:
        """Plant time."""
        return self._now()

    def keep(self, record: object, id: str, at: datetime) -> None:  # noqa: A002
        """Keep the newest version of a record without sealing it."""
        self._store.put(KINDS[type(record)], id, at, to_json(record), known_at=self._now())

    def seal(self, record: object, id: str, at: datetime, *, kind: str = "") -> int:  # noqa: A002
        """Keep a record and seal it; returns its place in the ledger."""
        return self.seal_all([(record, id, at)], kind=kind)[0]

    def seal_all(
        self, records: Sequence[tuple[object, str, datetime]], *, kind: str = ""
    ) -> list[int]:
        """Keep and seal (record, id, at) in one transaction each; returns their places in the ledger."""
        if not records:
            return []
        known = self._now()
        made = [(KINDS[type(r)], id_, at, to_json(r)) for r, id_, at in records]
        entries = self._ledger.append_many(
            [Draft(kind or name, id_, body, known) for name, id_, _, body in made]
        )
        kept: list[Document] = []
        for (name, id_, at, body), entry in zip(made, entries, strict=True):
            place = {"entry": entry.index}
            kept.append(Document(name, id_, at, known, body))
            kept.append(Document("sealed", f"{name}:{id_}", at, known, place))
        self._store.put_all(kept)
        return [entry.index for entry in entries]

    def seal_changed(self, measures: Sequence[Measure]) -> None:
        """Seal figures that were not sealed yet, or as others than they are now."""
        now = self._now()
        fresh = [m for m in measures if self._differs(m)]
        self.seal_all([(replace(m, known_at=now), m.id, m.period.start) for m in fresh])

    def _differs(self, measure: Measure) -> bool:
        kept = self._store.get("measure", measure.id)
        if kept is None:
            return True
        known = from_json(Measure, kept.body)
        same = all(
            math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
            for a, b in (
                (measure.value, known.value),
                (measure.low, known.low),
                (measure.high, known.high),
                (measure.coverage, known.coverage),
            )
        )
        return not same or measure.factors != known.factors

    def note(self, kind: str, subject: str, body: dict[str, Any]) -> int:
        """Seal an act of a person: an approval, a stop, an acknowledgement."""
        return self._ledger.append(kind, subject, body, self._now()).index

    def entry_of(self, cls: type[Any], id: str) -> int | None:  # noqa: A002
        """Place in the ledger of the newest sealed version of a record."""
        return entry_of(self._store, cls, id)

    def all(self, cls: type[T], *, since: datetime | None = None, limit: int = 1000) -> list[T]:
        """The newest version of every record of a kind, newest first."""
        found = self._store.documents(KINDS[cls], since=since, limit=limit)
        return [from_json(cls, document.body) for document in found]

    def state(self, name: str, body: dict[str, Any]) -> None:
        """Keep a room's inner state (a detector, the baselines, the orders under way)."""
        self._store.put("state", name, self._now(), body, known_at=self._now())

    def restore(self, name: str) -> dict[str, Any] | None:
        """A room's inner state as last kept."""
        found = self._store.get("state", name)
        return None if found is None else dict(found.body)
