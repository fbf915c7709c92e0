"""Product footprints of a plant: made from its figures, kept with those before them, sealed, and handed to who asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ecotwin.accounting.product_footprints import Made, footprints_of
from ecotwin.clock import Period, local_day, local_month
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.cycle.yearbook import YearBook
from ecotwin.governance.ledger import Draft, Ledger
from ecotwin.history.contract import Document, Store
from ecotwin.plant import Plant, epochs
from ecotwin.records import Booking, Measure

KIND = "footprint"
YEAR = timedelta(days=365)
MONTH = timedelta(days=28)
MOST = 1_000_000


class Footprints:
    """Makes and keeps the PACT records of one plant.

    Args:
        plant: The plant. store: Its history. ledger: Seals. years: Its figures.
    """

    def __init__(self, plant: Plant, store: Store, ledger: Ledger, years: YearBook) -> None:
        self._plant = plant
        self._store = store
        self._ledger = ledger
        self._years = years
        self._made_of: Period | None = None

    def records(self) -> list[dict[str, Any]]:
        """Every record that was made, those that others replaced as deprecated."""
        return [dict(d.body) for d in self._store.documents(KIND, limit=MOST)]

    def of(
        self,
        period: Period,
        element: str,
        known: Mapping[tuple[str, str], Measure],
        booked: Sequence[Booking],
    ) -> Made:
        """Records of what an element made in a period; nothing is kept by this.

        Args:
            period: Within which terms do not change; else nothing is made and the words say so.
            element: That makes the products. known: Figures of the period. booked: Bookings of any time.
        """
        pieces = epochs(self._plant, period)
        if len(pieces) > 1:
            day = pieces[1][0].start.astimezone(self._plant.zone).date()
            text = f"no footprint is made of a span in which terms change, as they do on {day}: ask for the spans apart"
            return Made((), {}, (text,))
        _, then = pieces[0]
        desk = self._years.desk(period, then, known, booked)
        return footprints_of(desk, element, self.records(), booked=known.values())

    def keep(self, records: Iterable[Mapping[str, Any]], known_at: datetime) -> int:
        """Keep and seal records that are new; a record that one of them replaces becomes deprecated.

        Returns:
            How many were new.
        """
        kept = {r["id"]: r for r in self.records()}
        fresh = [dict(r) for r in records if r["id"] not in kept]
        changed = list(fresh)
        for record in fresh:
            for name in record.get("precedingPfIds", ()):
                before = kept.get(name)
                if before is not None and before.get("status") != "Deprecated":
                    changed.append({**before, "status": "Deprecated"})
        if changed:
            self._ledger.append_many([Draft(KIND, r["id"], r, known_at) for r in changed])
            self._store.put_all([Document(KIND, r["id"], known_at, known_at, r) for r in changed])
        return len(fresh)

    def renew(self, closed: datetime) -> None:
        """Make the records of the year up to the last full month, once a month; of a young twin up to yesterday.

        Args:
            closed: End of the newest closed minute.
        """
        span = self._store.span()
        here = closed.astimezone(self._plant.zone)
        end = local_month(here.year, here.month, self._plant.zone).start
        if span is not None and end - span.start < MONTH:
            end = local_day(here.date(), self._plant.zone).start
        if span is None or end <= span.start:
            return
        begin = local_day((end - YEAR).astimezone(self._plant.zone).date(), self._plant.zone).start
        first = local_day(span.start.astimezone(self._plant.zone).date(), self._plant.zone)
        start = first.start if first.start >= span.start else first.end
        period = Period(max(begin, start), end)
        if period.start >= period.end or period == self._made_of:
            return
        self._made_of = period
        booked = bookings(self._store)
        site = self._plant.site.id
        made = self._years.accounts(period, [site], booked)
        known = {(m.element, m.indicator): m for m in made.measures}
        self.keep(self.of(period, site, known, booked).records, closed)
