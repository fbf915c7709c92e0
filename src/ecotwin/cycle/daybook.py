"""The site's figures by local day, month and year, each sealed once its span has ended.

They are sealed anew when late data or other terms revised them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ecotwin.accounting.accounts import Accounts
from ecotwin.clock import Period, days_of, instant, local_day, local_month, micros
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.yearbook import YearBook, local_day_of
from ecotwin.plant import Plant
from ecotwin.records import Measure

SEALED = ("energy.", "ghg.", "water.", "waste.", "oee.", "cost.", "air.", "material.", "production.")  # fmt: skip
"""Beginnings of the indicators that others will rely on."""
STATE = "daybook"
LOOK_EVERY = timedelta(hours=1)


class DayBook:
    """Tallies days and seals what comes of them for the site.

    Args:
        plant: The plant. keeper: Keeps and seals. years: Keeps sums of days.
    """

    def __init__(self, plant: Plant, keeper: Keeper, years: YearBook) -> None:
        self._plant = plant
        self._keeper = keeper
        self._years = years
        self._site = plant.site.id
        kept = keeper.restore(STATE) or {}
        self._until: datetime | None = instant(kept["until"]) if "until" in kept else None
        self._begun: datetime | None = instant(kept["begun"]) if kept.get("begun") else None
        self._first: datetime | None = None
        self._looked_at: datetime | None = None
        self._again: list[Period] = []
        """Days that readings or terms have overtaken, to be sealed anew one at a time."""
        self._unsealed: set[Period] = set()
        """Those of them whose sums a question has made anew already."""
        self._around: set[Period] = set()
        """Months and years around them."""

    @property
    def until(self) -> datetime | None:
        """Every day before this instant is sealed; None: none yet."""
        return self._until

    def tick(self, closed_until: datetime, since: Callable[[], datetime | None]) -> bool:
        """Seal one day: the next that has ended, or one that was overtaken; returns whether it did.

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
            self._seal_day(Period(start, end))
            return True
        if not self._again and (
            self._looked_at is None or closed_until - self._looked_at >= LOOK_EVERY
        ):
            self._looked_at = closed_until
            self._reach_back(since())
            self._again = self._overtaken()
        return self._seal_again()

    def account(self, period: Period) -> Accounts:
        """Figures of a period as the sum of its days; seals them, and each of its days that was not sealed yet."""
        for day in days_of(period, self._plant.zone):
            if self._until is None or day.start >= self._until:
                self._seal_day(day)
        made = self._years.accounts(period, [self._site])
        self._keep(made.measures)
        return made

    def _seal_day(self, day: Period) -> None:
        """Tally a day, seal it, and with the last day of a month or year those too."""
        self._years.keep(day, micros(self._keeper.now()))
        self._keep(self._years.accounts(day, [self._site]).measures)
        begun = self._begun or day.start
        whole = day.end == local_day_of(day.start_us, self._plant).end
        # A day cut short is sealed whole later.
        until = max(day.end if whole else day.start, self._until or day.start)
        self._until, self._begun = until, begun
        if whole:
            for span in self._spans(day):
                if span.end == day.end and span != day:
                    self._keep(self._years.accounts(span, [self._site]).measures)
        self._note()

    def _spans(self, day: Period) -> tuple[Period, ...]:
        """The month and the year of a day, cut where the first day began."""
        here = day.start.astimezone(self._plant.zone)
        month = local_month(here.year, here.month, self._plant.zone)
        year = Period(
            local_month(here.year, 1, self._plant.zone).start,
            local_month(here.year, 12, self._plant.zone).end,
        )
        first = self._begun or day.start
        return tuple(Period(max(span.start, first), span.end) for span in (month, year))

    def _reach_back(self, first: datetime | None) -> None:
        """Begin earlier when something is known of days before the first sealed one: history that was brought in."""
        if first is not None and self._begun is not None and _next_minute(first) < self._begun:
            self._begun = _next_minute(first)
            self._note()

    def _overtaken(self) -> list[Period]:
        """Sealed days whose readings were revised or whose terms are other ones now."""
        if self._until is None or self._begun is None:
            return []
        span = Period(self._begun, max(self._begun, self._until))
        kept = {k.day for k in self._keeper.store.sums.days(span)}
        never = [d for d in days_of(span, self._plant.zone) if d not in kept]
        self._unsealed = set(self._years.unsealed())
        return sorted({*self._years.stale(span), *never, *self._unsealed})

    def _seal_again(self) -> bool:
        """Seal the next overtaken day; after the last one the months and years around them."""
        if not self._again:
            return False
        day = self._again.pop(0)
        self._years.keep(day, micros(self._keeper.now()))
        self._keep_changed(day)
        if day in self._unsealed:
            self._years.mark(day, sealed=True)
        self._around |= set(self._spans(day))
        if not self._again:
            for span in sorted(self._around, key=lambda s: (s.end, s.start)):
                if self._until is not None and span.end <= self._until:
                    self._keep_changed(span)
            self._around.clear()
        return True

    def _keep_changed(self, span: Period) -> None:
        """Seal those figures of a span that are others than they were sealed as."""
        made = self._years.accounts(span, [self._site]).measures
        self._keeper.seal_changed([m for m in made if m.indicator.startswith(SEALED)])

    def _note(self) -> None:
        assert self._until is not None
        begun = micros(self._begun) if self._begun else None
        self._keeper.state(STATE, {"until": micros(self._until), "begun": begun})

    def _keep(self, measures: Sequence[Measure]) -> None:
        now = self._keeper.now()
        self._keeper.seal_all(
            [
                (replace(m, known_at=now), m.id, m.period.start)
                for m in measures
                if m.indicator.startswith(SEALED)
            ]
        )


def _next_minute(at: datetime) -> datetime:
    """The full minute at or after an instant."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + timedelta(minutes=1)
