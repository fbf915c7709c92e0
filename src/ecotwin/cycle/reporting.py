"""Gathers what reports are made of, writes them, and seals what was handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ecotwin import __version__
from ecotwin.accounting.booked.permits import permit_reports
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.standings import target_rows
from ecotwin.clock import Period, local_month
from ecotwin.cycle.baselines import baselines
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.cycle.footprints import Footprints
from ecotwin.cycle.keeping import Keeper, entry_of, from_json
from ecotwin.cycle.revisions import changes_within
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import EcotwinError, FigureGap, FileFault
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant, epochs
from ecotwin.plugs import load_all
from ecotwin.records import Advice, Booking, Finding, Measure, Saving
from ecotwin.reports.aas import export
from ecotwin.reports.aas_series import of_window
from ecotwin.reports.contract import Dossier, Figures, ReportPlug, Revised
from ecotwin.reports.rendering import FORMS, Facts, render

MOST = 100_000
SERIES = timedelta(days=1)
SERIES_STEP_S = 900
"""A shell carries the last day of its period, by quarters of an hour."""
NOT_BY_MONTH = frozenset({"benchmarks", "orders", "people", "permits", "targets"})
"""Booked families that no report tells by month or of the year before."""


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written, or why it was not."""

    name: str
    title: str
    files: tuple[Path, ...]
    refused: str = ""


class Reporting:
    """Makes reports of one plant.

    Args:
        plant: The plant. store: Its history. ledger: Its ledger. years: Its figures. now: Plant time.
    """

    def __init__(
        self, plant: Plant, store: Store, ledger: Ledger, years: YearBook, now: datetime
    ) -> None:
        self._plant = plant
        self._store = store
        self._ledger = ledger
        self._years = years
        self._now = now
        self._keeper = Keeper(store, ledger, lambda: now)

    def dossier(self, period: Period, element: str) -> Dossier:
        """Everything that reports of an element and period may use."""
        booked = bookings(self._store)
        below = [e.id for e in self._plant.under(element)]
        made = self._years.accounts(period, below, booked)
        # What is handed to others is sealed first.
        shown = {element, *(e.id for e in self._plant.children(element))}
        self._keeper.seal_changed([m for m in made.measures if m.element in shown])
        figures = _keyed(made.measures)
        months = self._months(period, element, booked)
        savings = self._of(Saving, "saving", period, set(below))
        return Dossier(
            self._plant,
            element,
            period,
            figures,
            made.gaps,
            indicators(),
            self._now,
            __version__,
            before=self._before(period, element, booked),
            months=months,
            bookings=tuple(b for b in booked if _touches(b, period)),
            entries=self._entries(made.measures, element, savings),
            checkpoint=self._ledger.checkpoints()[-1] if self._ledger.checkpoints() else "",
            revisions=self._revisions(period),
            findings=self._of(Finding, "finding", period, set(below)),
            advice=self._of(Advice, "advice", period, set(below)),
            savings=savings,
            extra=self._extra(period, element, figures, booked, months),
        )

    def write(
        self, period: Period, element: str, names: Sequence[str], forms: Sequence[str], folder: Path
    ) -> list[Written]:
        """Write reports into a folder, one file a form, and seal their digests.

        Raises:
            FigureGap: There is no report or form of that name.
            FileFault: The folder cannot be written.
        """
        known: dict[str, ReportPlug] = load_all("reports")
        _one_of(names, known, "report")
        _one_of(forms, FORMS, "form")
        dossier = self.dossier(period, element)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise FileFault(
                f"{folder} cannot be made: {fault.strerror}",
                expected="a folder that can be written",
                remedy="name another with --out",
            ) from fault
        span = _label(period, self._plant)
        done = [
            self._write_one(plug, dossier, forms, folder / f"{name}-{element}-{span}")
            for name, plug in known.items()
            if not names or name in names
        ]
        digests = {
            p.name: hashlib.sha256(p.read_bytes()).hexdigest() for one in done for p in one.files
        }
        self._seal(period, element, digests)
        return done

    def one(self, period: Period, element: str, name: str, form: str) -> tuple[str, bytes]:
        """One report in one form: the name of its file and its bytes; its digest is sealed.

        Raises:
            FigureGap: There is no such report or form, or it makes no sense of this plant.
        """
        known: dict[str, ReportPlug] = load_all("reports")
        _one_of([name], known, "report")
        _one_of([form], FORMS, "form")
        dossier = self.dossier(period, element)
        made = render(known[name].write(dossier), form, Facts.of(dossier))
        file = f"{name}-{element}-{_label(period, self._plant)}.{form}"
        self._seal(period, element, {file: hashlib.sha256(made).hexdigest()})
        return file, made

    def shell(self, period: Period, element: str) -> bytes:
        """A machine or the site as an AASX package: nameplate, figures, a day's series and footprints; sealed.

        Raises:
            FigureGap: The element is none that is exported, or its nameplate lacks a fact; all are named.
        """
        booked = bookings(self._store)
        made = self._years.accounts(period, [element], booked)
        figures = [m for m in made.measures if m.element == element]
        signals = [s for s in self._plant.signals_of(element) if s.form != "setpoint"]
        last = Period(max(period.start, period.end - SERIES), period.end)
        window = self._store.window([s.index for s in signals], last, SERIES_STEP_S)
        name = f"{self._plant.element(element).name}, {last}"
        series = [of_window(self._plant, window, name)] if signals else []
        kept = Footprints(self._plant, self._store, self._ledger, self._years).records()
        site = element == self._plant.site.id
        footprints = [r for r in kept if site and r["status"] == "Active"]
        content = export(self._plant, element, figures, series, footprints, made_at=self._now)
        digest = hashlib.sha256(content).hexdigest()
        self._seal(period, element, {f"{element}-{_label(period, self._plant)}.aasx": digest})
        return content

    def _seal(self, period: Period, element: str, digests: Mapping[str, str]) -> None:
        body = {"element": element, "period": str(period), "sha256": dict(digests)}
        self._ledger.append("report", f"{element}:{period}", body, self._now)

    def _write_one(
        self, plug: ReportPlug, dossier: Dossier, forms: Sequence[str], stem: Path
    ) -> Written:
        try:
            report = plug.write(dossier)
        except EcotwinError as fault:
            return Written(plug.name, plug.title, (), str(fault))
        files, facts = [], Facts.of(dossier)
        for form in forms:
            path = stem.with_name(f"{stem.name}.{form}")
            try:
                path.write_bytes(render(report, form, facts))
            except OSError as fault:
                raise FileFault(
                    f"{path} cannot be written: {fault.strerror}",
                    expected="room and rights",
                    remedy="name another folder with --out",
                ) from fault
            files.append(path)
        return Written(plug.name, plug.title, tuple(files))

    def _before(self, period: Period, element: str, booked: Sequence[Booking]) -> Figures:
        """Figures of the same span a year earlier, if anything is known of it."""
        zone = self._plant.zone
        span = self._store.span()
        start, end = (_year_earlier(m.astimezone(zone)) for m in (period.start, period.end))
        if span is None or end.astimezone(UTC) <= span.start:
            return {}
        earlier = Period(start.astimezone(UTC), end.astimezone(UTC))
        return _keyed(
            self._years.accounts(earlier, [element], booked, without=NOT_BY_MONTH).measures
        )

    def _months(
        self, period: Period, element: str, booked: Sequence[Booking]
    ) -> Mapping[str, Figures]:
        found: dict[str, Figures] = {}
        moment = period.start
        while moment < period.end:
            here = moment.astimezone(self._plant.zone)
            month = local_month(here.year, here.month, self._plant.zone)
            part = Period(max(month.start, period.start), min(month.end, period.end))
            made = self._years.accounts(part, [element], booked, without=NOT_BY_MONTH)
            found[here.date().isoformat()] = _keyed(made.measures)
            moment = month.end
        return found

    def _entries(
        self, measures: Sequence[Measure], element: str, savings: Sequence[Saving]
    ) -> dict[str, int]:
        """Places in the ledger of figures by their id, and of savings by their advice."""
        shown = {element, *(e.id for e in self._plant.children(element))}
        places = {
            m.id: entry_of(self._store, Measure, m.id) for m in measures if m.element in shown
        }
        places |= {s.advice: entry_of(self._store, Saving, s.advice) for s in savings}
        return {name: place for name, place in places.items() if place is not None}

    def _revisions(self, period: Period) -> tuple[Revised, ...]:
        names = indicators()
        return tuple(
            Revised(
                c.after.id,
                names[c.after.indicator].name if c.after.indicator in names else c.after.indicator,
                c.before.value,
                c.after.value,
                c.after.unit,
                c.known_before,
                c.known_after,
                c.why,
            )
            for c in changes_within(self._store, period)
        )

    def _of(self, cls: type[Any], kind: str, period: Period, places: set[str]) -> tuple[Any, ...]:
        """Records of a kind that began in the period, at the element or below it."""
        found = self._store.documents(kind, since=period.start, limit=MOST)
        made = (from_json(cls, d.body) for d in found if d.at < period.end)
        return tuple(r for r in made if r.element in places)

    def _extra(
        self,
        period: Period,
        element: str,
        figures: Figures,
        booked: Sequence[Booking],
        months: Mapping[str, Figures],
    ) -> dict[str, Any]:
        """What single reports need beside the figures; where terms change, as they are at the end of the period."""
        piece, then = epochs(self._plant, period)[-1]
        desk = self._years.desk(piece, then, figures, booked)
        permits, _ = permit_reports(desk, element)
        whole = self._years.desk(period, then, figures, booked)
        by_month = self._by_month(period, months)
        targets = [
            row
            for place in self._below(element)
            for row in target_rows(whole, place, by_month if place == element else None)[0]
        ]
        footprints = Footprints(self._plant, self._store, self._ledger, self._years)
        made = footprints.of(period, element, figures, booked)
        footprints.keep(made.records, self._now)
        return {
            "baselines": baselines(self._plant, self._store, period, element),
            "permits": permits,
            "targets": targets,
            "footprints": list(made.records),
            "footprint_stages": dict(made.stages),
            "footprint_words": list(made.words),
        }

    def _by_month(
        self, period: Period, months: Mapping[str, Figures]
    ) -> dict[str, dict[tuple[int, int], float]]:
        """Indicator of a target -> its whole months of the period, for the year's end."""
        wanted = {t.indicator for t in self._plant.targets}
        found: dict[str, dict[tuple[int, int], float]] = {}
        for figures in months.values():
            for m in figures.values():
                here = m.period.start.astimezone(self._plant.zone)
                whole = local_month(here.year, here.month, self._plant.zone)
                if m.indicator in wanted and m.period == whole and whole.end <= period.end:
                    found.setdefault(m.indicator, {})[here.year, here.month] = m.value
        return found

    def _below(self, element: str) -> list[str]:
        return [e.id for e in self._plant.under(element)]


def _keyed(measures: Sequence[Measure]) -> dict[tuple[str, str], Measure]:
    return {(m.element, m.indicator): m for m in measures}


def _touches(booking: Booking, period: Period) -> bool:
    return booking.period.start < period.end and booking.period.end > period.start


def _year_earlier(moment: datetime) -> datetime:
    """The same local day a year before; 29 February becomes 1 March."""
    try:
        return moment.replace(year=moment.year - 1)
    except ValueError:
        return moment.replace(year=moment.year - 1, month=3, day=1)


def _label(period: Period, plant: Plant) -> str:
    """A period as a part of a file's name.

    >>> from datetime import UTC, datetime
    >>> plant = Plant("p", "P", "UTC", "EUR", "DE", (), (), ())
    >>> _label(Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)), plant)
    '2026'
    """
    start, end = (m.astimezone(plant.zone) for m in (period.start, period.end))
    last = (period.end - timedelta(microseconds=1)).astimezone(plant.zone)
    if start.time() == end.time() and not (start.hour or start.minute):
        if (start.month, start.day, end.month, end.day) == (
            1,
            1,
            1,
            1,
        ) and end.year == start.year + 1:
            return f"{start.year}"
        if start.day == end.day == 1 and last.month == start.month and last.year == start.year:
            return f"{start:%Y-%m}"
        if last.date() == start.date():
            return f"{start:%Y-%m-%d}"
    return f"{start:%Y-%m-%d}_{last:%Y-%m-%d}"


def _one_of(asked: Sequence[str], known: Mapping[str, Any] | Sequence[str], what: str) -> None:
    wrong = [name for name in asked if name not in known]
    if wrong:
        raise FigureGap(
            f"there is no {what} {', '.join(wrong)}",
            expected=f"some of {', '.join(known)}",
            remedy=f"correct the name of the {what}",
        )
