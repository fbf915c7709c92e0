"""The site's figures by local day, each sealed once its day has ended, and anew when late data revised it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ecotwin.accounting.accounts import Accounts, finished, kpis, needed
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.cuts import within
from ecotwin.clock import Period, days_of, instant, local_day, micros
from ecotwin.cycle.keeping import Keeper
from ecotwin.plant import Plant
from ecotwin.records import Measure, Window

SEALED = ("energy.", "ghg.", "water.", "waste.", "oee.", "cost.", "air.", "material.", "production.")  # fmt: skip
"""Beginnings of the indicators that others will rely on."""
STATE = "daybook"
REVISED_DAYS = 7
"""Sealed days that are looked at for late data."""
READ_VALUES = 500_000
"""Most values of a signal and minute that are read at once."""
LOOK_EVERY = timedelta(hours=1)

Sums = dict[str, Tally]


class DayBook:
    """Tallies days of the site and seals what comes of them.

    Args:
        plant: The plant. keeper: Keeps and seals.
    """

    def __init__(self, plant: Plant, keeper: Keeper) -> None:
        self._plant = plant
        self._keeper = keeper
        self._site = plant.site.id
        self._kpis = {n: k for n, k in kpis().items() if k.needs(plant, self._site)}
        self._signals = needed(plant, [self._site])
        kept = keeper.restore(STATE) or {}
        self._until: datetime | None = instant(kept["until"]) if "until" in kept else None
        self._recent: list[tuple[Period, datetime]] = [
            (Period(instant(a), instant(b)), instant(known)) for a, b, known in kept.get("recent", ())
        ]  # fmt: skip
        self._first: datetime | None = None
        self._looked_at: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """Every day before this instant is sealed; None: none yet."""
        return self._until

    def tick(self, closed_until: datetime, since: Callable[[], datetime | None]) -> bool:
        """Seal the next day that has ended, at most one a call; returns whether it did.

        Args:
            closed_until: End of the newest closed minute.
            since: Tells the first instant of which anything is known.
        """
        if self._until is None and self._first is None:
            self._first = since()
        start = self._until or self._first
        if start is None:
            return False
        start = _next_minute(start)
        end = local_day(start.astimezone(self._plant.zone).date(), self._plant.zone).end
        if closed_until >= end:
            self._seal([Period(start, end)])
            return True
        if self._looked_at is None or closed_until - self._looked_at >= LOOK_EVERY:
            self._looked_at = closed_until
            return self._revise()
        return False

    def account(self, period: Period) -> Accounts:
        """Figures of a period as the sum of its days; seals them, and each of its days that was not sealed yet."""
        days = list(days_of(period, self._plant.zone))
        sums = list(self._tallies(days))
        fresh = [
            (day, part)
            for day, part in zip(days, sums, strict=True)
            if self._until is None or day.start >= self._until
        ]
        whole = sums[0]
        for part in sums[1:]:
            whole = {name: whole[name] + tally for name, tally in part.items()}
        made = self._figures(whole)
        measures = [m for _, part in fresh for m in self._figures(part).measures]
        self._keep(measures + (list(made.measures) if len(days) > 1 or not fresh else []))
        if fresh:
            self._sealed([day for day, _ in fresh])
        return made

    def _seal(self, days: Sequence[Period]) -> None:
        for sums in self._tallies(days):
            self._keep(self._figures(sums).measures)
        self._sealed(days)

    def _sealed(self, days: Sequence[Period]) -> None:
        known = self._keeper.now()
        again = {day.start for day in days}
        kept = [pair for pair in self._recent if pair[0].start not in again]
        self._recent = sorted(
            [*kept, *((day, known) for day in days)], key=lambda pair: pair[0].start
        )[-REVISED_DAYS:]
        last = days[-1]
        midnight = local_day(last.start.astimezone(self._plant.zone).date(), self._plant.zone).end
        whole = (
            last.end if last.end == midnight else last.start
        )  # a day cut short is sealed whole later
        self._until = max(whole, self._until or whole)
        recent = [[d.start_us, d.end_us, micros(at)] for d, at in self._recent]
        self._keeper.state(STATE, {"until": micros(self._until), "recent": recent})

    def _revise(self) -> bool:
        """Seal days anew of which a figure was revised since they were sealed."""
        store = self._keeper.store
        revised = [
            day
            for day, sealed_at in self._recent
            if any(r.known_after > micros(sealed_at) for r in store.revisions(day, limit=1))
        ]
        if revised:
            self._seal(revised)
        return bool(revised)

    def _tallies(self, days: Sequence[Period]) -> Iterator[Sums]:
        """Sums of each day; days that follow each other are read together, as many as fit."""
        most = max(1, READ_VALUES // (1440 * max(1, len(self._signals))))
        read: Window | None = None
        for n, day in enumerate(days):
            window = None if read is None else within(read, day)
            if window is None:
                end = day.end
                whole = day.start == _next_minute(day.start)
                for following in days[n + 1 : n + most] if whole else ():
                    end = following.end if following.start == end else end
                read = self._keeper.store.window(self._signals, Period(day.start, end), 60)
                window = within(read, day)
            if window is None:
                window = self._keeper.store.window(self._signals, day, 60)
            yield {
                name: kpi.tally(self._plant, self._site, window) for name, kpi in self._kpis.items()
            }

    def _figures(self, sums: Sums) -> Accounts:
        measures: list[Measure] = []
        gaps: dict[str, None] = {}
        known = self._keeper.now()
        for name, tally in sums.items():
            figures, words = finished(self._kpis[name], self._plant, tally)
            measures += [replace(m, known_at=known) for m in figures]
            gaps |= dict.fromkeys(words)
        return Accounts(tuple(measures), tuple((self._site, text) for text in gaps))

    def _keep(self, measures: Sequence[Measure]) -> None:
        self._keeper.seal_all(
            [(m, m.id, m.period.start) for m in measures if m.indicator.startswith(SEALED)]
        )


def _next_minute(at: datetime) -> datetime:
    """The full minute at or after an instant."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + timedelta(minutes=1)
