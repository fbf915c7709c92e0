"""Figures of any span from sums of days: tallied once a day, added up for a month or a year, finished on demand.

Sums are kept with the terms they were made on. A day whose readings or terms changed since is tallied anew, from its
minutes or, where these were dropped, from its hours.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ecotwin import __version__
from ecotwin.accounting.accounts import Accounts, finished, kpis
from ecotwin.accounting.book import Book
from ecotwin.accounting.contract import Booked, Desk, Kpi, Tally
from ecotwin.accounting.joining import join_all
from ecotwin.clock import HOUR, Period, days_of, instant, local_day, micros
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.history.contract import Store, SummedDay
from ecotwin.plant import Plant, epochs, terms_digest
from ecotwin.plugs import load_all
from ecotwin.records import Booking, Measure, Window

MOST = 1_000_000
Key = tuple[str, str]
"""(kpi, element)."""
Tallies = dict[Key, Mapping[str, float]]
ONLY_MINUTES = frozenset({"bottleneck", "oee", "states"})
"""KPIs that follow states from minute to minute: hours do not tell them."""

LAST = frozenset({"benchmarks", "targets"})
"""Families that look at what the others made."""
OVERTAKEN = "overtaken"
"""Kind of the document that tells of a day whose sums were made anew for a question, and not sealed anew yet."""


class YearBook:
    """Keeps sums of days and makes figures of them.

    Args:
        plant: The plant. store: Its history. now: Tells plant time.
    """

    def __init__(self, plant: Plant, store: Store, now: Callable[[], datetime]) -> None:
        self._plant = plant
        self._store = store
        self._now = now
        self._kpis: dict[str, Kpi] = kpis()
        booked: dict[str, Booked] = load_all("accounting.booked")
        self._booked = dict(sorted(booked.items(), key=lambda one: one[0] in LAST))
        self._digests: dict[int, tuple[Plant, str]] = {}
        self._wanted: dict[int, tuple[Plant, list[tuple[str, Kpi, str]], tuple[int, ...]]] = {}
        """By identity; the plant is held, so that no other can take its place."""

    def keep(self, day: Period, known: int) -> None:
        """Tally a day of every element and keep it in the place of what was kept of it.

        Args:
            day: A local day, or the part of the first one of which anything is known. known: When [us UTC].
        """
        then = epochs(self._plant, day)[0][1]
        tallies = self._tally(then, day)
        gone = self._gone(day)
        if gone:
            before = self._store.sums.total([day.start_us], None)
            tallies = {**{k: v for k, v in before.items() if k[0] in ONLY_MINUTES}, **tallies}
        self._store.sums.keep(day, tallies, terms=self.terms(then), known=known)

    def stale(self, period: Period) -> list[Period]:
        """Kept days of a period that readings or terms have overtaken."""
        kept = self._store.sums.days(period)
        if not kept:
            return []
        revised = self._store.revised_since(min(k.known for k in kept))
        found = []
        for one in kept:
            then = epochs(self._plant, one.day)[0][1]
            if _touched(one, revised) or one.terms != self.terms(then):
                found.append(one.day)
        return found

    def terms(self, then: Plant) -> str:
        """Digest of everything but readings that sums depend on."""
        made = self._digests.get(id(then))
        if made is None:
            what = "|".join((__version__, *sorted(self._kpis), terms_digest(then)))
            made = self._digests[id(then)] = (then, hashlib.sha256(what.encode()).hexdigest())
        return made[1]

    def unsealed(self) -> list[Period]:
        """Days whose sums were made anew for a question: what was sealed of them may be another figure now."""
        told = self._store.documents(OVERTAKEN, limit=MOST)
        open_ = (d for d in told if not d.body["sealed"])
        return [Period(d.at, instant(int(d.body["end"]))) for d in open_]

    def mark(self, day: Period, *, sealed: bool) -> None:
        """Note whether a day whose sums were made anew has been sealed anew."""
        body = {"sealed": sealed, "end": day.end_us}
        self._store.put(OVERTAKEN, str(day.start_us), day.start, body, known_at=self._now())

    def accounts(
        self,
        period: Period,
        elements: Iterable[str] | None = None,
        bookings: Sequence[Booking] | None = None,
        *,
        without: Container[str] = (),
    ) -> Accounts:
        """Figures over a period.

        Args:
            period: Any span; whole local days come from kept sums where they are kept and fresh.
            elements: Ids; None: all. bookings: With them the booked figures are made too; None: without.
            without: Names of booked families that are left out.

        Returns:
            Figures and gaps.
        """
        places = tuple(e.id for e in self._plant.elements) if elements is None else tuple(elements)
        spans: list[tuple[Measure, ...]] = []
        gaps: dict[tuple[str, str], None] = {}
        for piece, then in epochs(self._plant, period):
            made, words = self._piece(piece, then, places)
            if bookings is not None:
                more, doubts = self._with_books(piece, then, places, made, bookings, without)
                made, words = made + more, words + doubts
            spans.append(tuple(made))
            gaps |= dict.fromkeys(words)
        measures, torn = join_all(spans)
        return Accounts(measures, (*gaps, *torn))

    def _piece(
        self, piece: Period, then: Plant, places: tuple[str, ...]
    ) -> tuple[list[Measure], list[tuple[str, str]]]:
        """Figures of a span within which terms do not change."""
        sums, known, lost = self._sums(piece, then, places)
        measures: list[Measure] = []
        gaps: list[tuple[str, str]] = []
        for (name, element), parts in sums.items():
            if name not in self._kpis or not parts:
                continue
            figures, words = finished(self._kpis[name], then, Tally(element, piece, dict(parts)))
            measures += [replace(m, known_at=known) for m in figures]
            gaps += [(element, text) for text in words]
        if lost:
            text = (
                f"of {len(lost)} days from {lost[0].start.astimezone(then.zone).date()} on only hours are kept: "
                "figures that follow machine states (OEE, hours and energy by state) leave them out"
            )
            gaps += [(place, text) for place in places]
        return measures, gaps

    def _sums(
        self, piece: Period, then: Plant, places: tuple[str, ...]
    ) -> tuple[dict[Key, dict[str, float]], datetime | None, list[Period]]:
        """Sums of a span, when they were made, and days of which only hours are kept."""
        kept = {k.day: k for k in self._store.sums.days(piece)}
        late = self._store.revised_since(min((k.known for k in kept.values()), default=2**62))
        terms = self.terms(then)
        fresh: list[Period] = []
        others: list[Period] = []
        lost: list[Period] = []
        for day in days_of(piece, self._plant.zone):
            one = kept.get(day)
            if one is not None and one.terms == terms and not _touched(one, late):
                fresh.append(day)
            elif self._is_over(day) and (one is not None or not self._gone(day)):
                # A whole day that is over is kept, of every element, for the next time.
                self.keep(day, micros(self._now()))
                if one is not None:
                    self.mark(day, sealed=False)
                fresh.append(day)
            else:
                others.append(day)
                lost += [day] if self._gone(day) else []
        sums = self._store.sums.total([d.start_us for d in fresh], places)
        for day in others:
            for key, part in self._tally(then, day, places).items():
                whole = sums.setdefault(key, {})
                for name, value in part.items():
                    whole[name] = whole.get(name, 0.0) + value
        made = max((kept[d].known for d in fresh if d in kept), default=0)
        return sums, instant(made) if made and not others else None, lost

    def _is_over(self, day: Period) -> bool:
        """Whether a whole local day lies wholly in the time of which readings tell."""
        span = self._store.span()
        whole = day == local_day_of(day.start_us, self._plant)
        return whole and span is not None and span.start <= day.start and day.end <= span.end

    def _with_books(
        self,
        piece: Period,
        then: Plant,
        places: tuple[str, ...],
        metered: Sequence[Measure],
        bookings: Sequence[Booking],
        without: Container[str],
    ) -> tuple[list[Measure], list[tuple[str, str]]]:
        known = {(m.element, m.indicator): m for m in metered}
        measures: list[Measure] = []
        gaps: list[tuple[str, str]] = []
        for plug in (p for name, p in self._booked.items() if name not in without):
            desk = self.desk(piece, then, known, bookings)
            for place in places:
                try:
                    made, words = plug.figures(desk, place)
                except (FigureGap, FactorGap) as gap:
                    made, words = [], [str(gap)]
                measures += made
                gaps += [(place, text) for text in words]
            # A family sees what those before it made: totals rest on their parts.
            known |= {(m.element, m.indicator): m for m in measures}
        return measures, gaps

    def desk(
        self, piece: Period, then: Plant, known: Mapping[Key, Measure], bookings: Sequence[Booking]
    ) -> Desk:
        """What lies before a booked figure: see `contract.Desk`.

        Args:
            piece: A span within which terms do not change. then: The plant with them.
            known: (element, indicator) -> figure of the span. bookings: Of any time.
        """

        def window(signals: Sequence[int], step_s: int) -> Window:
            return self._store.window(signals, piece, step_s)

        return Desk(then, piece, Book.of(piece, bookings), known, window)

    def _tally(self, then: Plant, day: Period, places: Sequence[str] | None = None) -> Tallies:
        """Sums of a day, of every element or of some."""
        pairs, signals = self._needed(then)
        if places is not None and len(places) < len(then.elements):
            chosen = set(places)
            pairs = [p for p in pairs if p[2] in chosen]
            signals = tuple(sorted({i for _, kpi, e in pairs for i in kpi.needs(then, e)}))
        gone = self._gone(day)
        if gone:
            pairs = [p for p in pairs if p[0] not in ONLY_MINUTES]
        window = self._store.window(signals, day, 3600 if gone else 60)
        return {(name, e): kpi.tally(then, e, window).sums for name, kpi, e in pairs}

    def _needed(self, then: Plant) -> tuple[list[tuple[str, Kpi, str]], tuple[int, ...]]:
        made = self._wanted.get(id(then))
        if made is None:
            asked = [
                (name, kpi, e.id, kpi.needs(then, e.id))
                for name, kpi in self._kpis.items()
                for e in then.elements
            ]
            pairs = [(name, kpi, e) for name, kpi, e, needs in asked if needs]
            signals = tuple(sorted({i for *_, needs in asked for i in needs}))
            made = self._wanted[id(then)] = (then, pairs, signals)
        return made[1:]

    def _gone(self, day: Period) -> bool:
        """Whether the minutes of a day were dropped."""
        return day.start_us < self._store.minutes_since()


def _touched(one: SummedDay, revised: Sequence[tuple[int, int]]) -> bool:
    """Whether an hour of a day was revised after its sums were made; `revised` in the order of its hours."""
    first = bisect_left(revised, (one.day.start_us // HOUR * HOUR,))
    last = bisect_left(revised, (one.day.end_us,))
    return any(known > one.known for _, known in revised[first:last])


def local_day_of(at: int, plant: Plant) -> Period:
    """The local day of an instant [us UTC]."""
    return local_day(instant(at).astimezone(plant.zone).date(), plant.zone)
