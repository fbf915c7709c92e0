"""Answers the questions of commands, for a running twin and for a history that nobody runs."""

from __future__ import annotations

import csv
import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ecotwin.accounting import accounts, explain
from ecotwin.clock import Period, iso, local_day, micros, parse_period
from ecotwin.cycle import learned
from ecotwin.cycle.backing import back_up
from ecotwin.cycle.bookkeeping import bookings, take_in
from ecotwin.cycle.keeping import Keeper, entry_of, to_json
from ecotwin.cycle.revisions import told
from ecotwin.cycle.yearbook import YearBook
from ecotwin.errors import EcotwinError, FigureGap, FileFault
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.plant.own import NAME as OWN
from ecotwin.plant.own import own_signal, with_own
from ecotwin.records import Measure

EXPORT_ROWS = 2_000_000


@contextmanager
def open_for(plant_file: Path, folder: Path) -> Iterator[Asked]:
    """Open the history of a plant that nobody runs.

    Raises:
        FileFault: There is no history.
        StoreBusy: Another process holds it.
    """
    if not (folder / "history").exists():
        raise FileFault(
            f"there is no history in {folder}",
            expected="the data folder of a twin that has run",
            remedy=f"run `ecotwin run {plant_file}` or `ecotwin replay {plant_file} --data FILE` first, "
            "or name the folder with --data-folder",
        )
    plant = load(plant_file)
    store = DuckStore(plant, folder / "history")
    if any(name.endswith(f".{OWN}") for name in store.vanished()) and own_signal(plant) is None:
        # A twin that ran here kept its own energy beside the plant's signals.
        store.close()
        plant = with_own(plant)
        store = DuckStore(plant, folder / "history")
    ledger = Ledger(folder / "ledger")
    span = store.span()
    try:
        yield Asked(plant, store, ledger, span.end if span else datetime.now(UTC))
    finally:
        store.close()
        ledger.close()


class Asked:
    """Answers from one plant's history and ledger.

    Args:
        plant: The plant. store: Its history. ledger: Its ledger.
        now: What `today` and open periods end at. years: Its figures, where a running twin has them already.
    """

    def __init__(
        self,
        plant: Plant,
        store: Store,
        ledger: Ledger,
        now: datetime,
        years: YearBook | None = None,
    ) -> None:
        self._plant = plant
        self._store = store
        self._ledger = ledger
        self._now = now
        self._years = years or YearBook(plant, store, lambda: now)
        self._keeper = Keeper(store, ledger, lambda: now)

    def answer(self, question: str, words: dict[str, Any]) -> dict[str, Any]:
        """Answer a question by name.

        Raises:
            EcotwinError: The question is unknown, or its answer cannot be had.
        """
        known: dict[str, Callable[..., dict[str, Any]]] = {
            "report": self.report,
            "explain": self.explain,
            "export": self.export,
            "quarantine": self.quarantine,
            "models": self.models,
            "backup": self.backup,
            "reports": self.reports,
            "book": self.book,
            "shell": self.shell,
            "design": self.design,
        }
        if question not in known:
            raise EcotwinError(
                f"there is no question {question!r}",
                expected=f"one of {', '.join(known)}",
                remedy="update the command",
            )
        asked = known[question]
        try:
            inspect.signature(asked).bind(**words)
        except TypeError as fault:
            raise EcotwinError(
                f"the question {question!r} was asked with other words than it knows ({fault})",
                expected=f"{', '.join(inspect.signature(asked).parameters)}",
                remedy="use the command of the same version as the running twin",
            ) from None
        return asked(**words)

    def period(self, text: str) -> Period:
        """Read a period, and cut it at now.

        Raises:
            FigureGap: It is none, or it begins in the future.
        """
        zone = self._plant.zone
        try:
            period = (
                local_day(self._now.astimezone(zone).date(), zone)
                if text in {"", "today"}
                else parse_period(text, zone)
            )
        except ValueError as fault:
            raise FigureGap(
                f"{text!r} is not a period ({fault})",
                expected="today, 2026, 2026-06, 2026-06-18 or START/END",
                remedy="correct the period",
            ) from None
        end = self._now.replace(second=0, microsecond=0)
        if period.start >= end:
            raise FigureGap(
                f"the period begins at {iso(period.start_us)}, the plant's time is {iso(micros(end))}",
                expected="a period that has begun",
                remedy="ask for an earlier one",
            )
        start = period.start
        span = self._store.span()
        if "/" not in text and span is not None and start < span.start:
            # Nothing is known of the time before: a named period begins with the first full minute of data.
            start = _next_minute(span.start)
        return Period(min(start, end), min(period.end, end))

    def accounts(self, period: Period, elements: list[str] | None = None) -> accounts.Accounts:
        """Figures over a period, those that rest on books too."""
        return self._years.accounts(period, elements, bookings(self._store))

    def report(self, period: str = "today", element: str = "") -> dict[str, Any]:
        """Figures of an element over a period; `entry`: the place in the ledger of one that was sealed, else None."""
        span = self.period(period)
        place = self._element(element)
        made = self.accounts(span, [place])
        lines = [f"{self._plant.element(place).name}, {span}"]
        lines += [_line(m) for m in made.measures]
        lines += [f"  not available: {text}" for _, text in made.gaps]
        return {
            "element": place,
            "start": iso(span.start_us),
            "end": iso(span.end_us),
            "measures": [
                to_json(m) | {"id": m.id, "entry": entry_of(self._store, Measure, m.id)}
                for m in made.measures
            ],
            "refused": [text for _, text in made.gaps],
            "lines": lines,
        }

    def measure(self, figure: str) -> tuple[Measure, dict[str, Measure]]:
        """A figure by its id `element:indicator:period`, computed anew, with those it may rest on.

        Raises:
            FigureGap: There is no such figure.
        """
        parts = figure.split(":", 2)
        if len(parts) != 3:
            raise FigureGap(
                f"{figure!r} names no figure",
                expected="ELEMENT:INDICATOR:PERIOD, as `ecotwin report --json` prints it in `id`",
                remedy="copy an id from there",
            )
        element, indicator, text = parts
        made = self.accounts(self.period(text), [self._element(element)])
        return made.of(self._element(element), indicator), dict(made.by_id())

    def explain(self, figure: str) -> dict[str, Any]:
        """The whole tree of a figure, and its place in the ledger if it was sealed."""
        measure, known = self.measure(figure)
        revisions = told(self._store, self._plant, measure)
        entry = entry_of(self._store, Measure, measure.id)
        lines = list(explain.lines(measure, known=known, revisions=revisions))
        return {
            "tree": explain.tree(measure, known=known, revisions=revisions),
            "entry": entry,
            "lines": [*lines, f"Sealed in the ledger as entry {entry}."]
            if entry is not None
            else lines,
        }

    def export(self, signals: str, period: str = "today") -> dict[str, Any]:
        """Readings as CSV text."""
        span = self.period(period)
        chosen = [self._signal(name) for name in signals.split(",")]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["at", "signal", "value", "quality"])
        for row, line in enumerate(self._store.export(chosen, span)):
            if row >= EXPORT_ROWS:
                raise FigureGap(
                    f"more than {EXPORT_ROWS:,} rows",
                    expected="fewer",
                    remedy="ask for a shorter period",
                )
            writer.writerow((line[1], line[0], *line[2:]))
        return {"csv": text.getvalue()}

    def quarantine(self, period: str = "", limit: int = 50) -> dict[str, Any]:
        """Samples that cleaning refused."""
        span = self.period(period) if period else None
        rows = self._store.rejects(span, limit=limit)
        counts = dict(self._store.reject_counts(span))
        lines = [f"{n:>10,}  {reason}" for reason, n in sorted(counts.items(), key=lambda c: -c[1])]
        lines += [
            f"{r['at']}  {r['signal']}  {r['value']}  {r['reason']}: {r['detail']}" for r in rows
        ]
        return {
            "counts": counts,
            "rows": [_plain(r) for r in rows],
            "lines": lines or ["Nothing is in quarantine."],
        }

    def models(self, kind: str = "", subject: str = "") -> dict[str, Any]:
        """What was learned: every model of the register, and what it came from."""
        register = learned.kept(self._store)
        _, running = learned.contests(self._store)
        texts = {(r["kind"], r["subject"]): r["text"] for r in running}
        return {
            "models": [
                {
                    **asdict(m),
                    "lineage": [one.id for one in register.lineage(m.id)],
                    "contest": texts.get((m.kind, m.subject), "")
                    if m.standing == "champion"
                    else "",
                }
                for m in register.models(kind, subject)
            ],
            "lines": learned.lines(register, kind, subject, running),
        }

    def backup(self, to: str) -> dict[str, Any]:
        """A complete copy of history and ledger."""
        return back_up(self._store, self._ledger, Path(to))

    def reports(
        self, period: str, element: str, into: str, names: list[str], forms: list[str]
    ) -> dict[str, Any]:
        """Write whole reports of a period into a folder, and seal their digests."""
        from ecotwin.cycle.reporting import Reporting

        self._books_of_today()
        made = Reporting(self._plant, self._store, self._ledger, self._years, self._now)
        done = made.write(self.period(period), self._element(element), names, forms, Path(into))
        lines = [str(path) for one in done for path in one.files]
        lines += [f"not written: {one.title}. {one.refused}" for one in done if one.refused]
        return {
            "written": [str(path) for one in done for path in one.files],
            "refused": {one.name: one.refused for one in done if one.refused},
            "lines": lines,
        }

    def report_file(self, period: str, element: str, name: str, form: str) -> tuple[str, bytes]:
        """One report of a period in one form: the name of its file and its bytes, sealed like the others."""
        from ecotwin.cycle.reporting import Reporting

        made = Reporting(self._plant, self._store, self._ledger, self._years, self._now)
        return made.one(self.period(period), self._element(element), name, form)

    def shell(self, period: str, element: str, into: str) -> dict[str, Any]:
        """Write an element as an asset administration shell (AASX)."""
        from ecotwin.cycle.reporting import Reporting

        made = Reporting(self._plant, self._store, self._ledger, self._years, self._now)
        content = made.shell(self.period(period), self._element(element))
        try:
            Path(into).write_bytes(content)
        except OSError as fault:
            raise FileFault(
                f"{into} cannot be written: {fault.strerror}",
                expected="room and rights",
                remedy="name another file with --out",
            ) from fault
        return {"file": into, "bytes": len(content), "lines": [f"{into}: {len(content):,} bytes"]}

    def design(self, period: str, text: str, name: str) -> dict[str, Any]:
        """Alternatives of a product over its life, sealed as told.

        Args:
            period: Whose meters and books tell the making. text: Of the design file. name: Of it, for words.
        """
        from ecotwin.accounting.design_file import read_design
        from ecotwin.cycle import designs

        file = read_design(text, name)
        self._books_of_today()
        span = self.period(period)
        effect = None
        if any(a.scenario for a in file.alternatives):
            from ecotwin.cycle.whatif import WhatIf

            what_if = WhatIf(self._plant, lambda: self._now, self._store, self._ledger)
            effect = designs.by_what_if(what_if, span, self._store.span())
        result = designs.compared(self._plant, self._store, self._years, span, file, effect)
        return result | {"entry": designs.seal(self._ledger, result, text, self._now)}

    def book(self) -> dict[str, Any]:
        """Take the plant's books in.

        Raises:
            FileFault: The plant file names no folder of books, or a book is at fault.
        """
        if not self._plant.books:
            raise FileFault(
                f"the plant file of {self._plant.name} names no books",
                expected="`books: FOLDER` with files such as purchase.csv",
                remedy="name the folder; `ecotwin book PLANT --template purchase` prints a header to begin with",
            )
        taken = take_in(self._plant, self._keeper, self._ledger, Path(self._plant.books))
        rows = bookings(self._store)
        kinds = {k: sum(b.kind == k for b in rows) for k in sorted({b.kind for b in rows})}
        lines = [f"{self._plant.books}: {taken}"] + [f"{n:>7}  {k}" for k, n in kinds.items()]
        return {"taken": asdict(taken), "kinds": kinds, "lines": lines}

    def _books_of_today(self) -> None:
        """Books as they stand now; without any there is nothing to take in."""
        if self._plant.books and Path(self._plant.books).is_dir():
            take_in(self._plant, self._keeper, self._ledger, Path(self._plant.books))

    def _element(self, name: str) -> str:
        if not name:
            return self._plant.site.id
        try:
            return self._plant.element(name).id
        except KeyError:
            known = ", ".join(e.id for e in self._plant.elements[:12])
            raise FigureGap(
                f"there is no element {name!r}",
                expected=f"an id of the plant file such as {known}",
                remedy="correct it",
            ) from None

    def _signal(self, name: str) -> int:
        try:
            return self._plant.signal(name.strip()).index
        except KeyError:
            raise FigureGap(
                f"there is no signal {name!r}",
                expected="MACHINE.NAME as in the plant file",
                remedy="correct it; `ecotwin check` counts them, the machine's page lists them",
            ) from None


def _next_minute(at: datetime) -> datetime:
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + timedelta(minutes=1)


def _line(m: Measure) -> str:
    number = explain.number
    return (
        f"  {m.indicator:<32} {number(m.value):>14} {m.unit:<10} ({number(m.low)} to {number(m.high)}; "
        f"{m.coverage * 100:.1f} % covered, {m.estimated_share * 100:.1f} % estimated)"
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {k: (v.isoformat() if isinstance(v, datetime) else v) for k, v in row.items()}
