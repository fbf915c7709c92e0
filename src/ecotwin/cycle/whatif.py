"""What-if in the background: one run at a time, a short queue, progress, stop; results kept and sealed."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from ecotwin.clock import iso, micros
from ecotwin.connectors.books import read_books
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.cycle.comparing import (
    Asked,
    Doubts,
    case_digest,
    code_version,
    compared,
    digest_of,
    prepare,
)
from ecotwin.cycle.scenarios import Shelf
from ecotwin.cycle.whatif_base import PLAIN, base_case, begin_of, is_plain, plain_case, sound
from ecotwin.cycle.whatif_run import ENDED, Question, Run, run_of
from ecotwin.cycle.whatif_state import Past
from ecotwin.errors import EcotwinError, RunStopped, ScenarioFault
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Document, Store
from ecotwin.plant import Plant
from ecotwin.records import Booking
from ecotwin.simulation.scenario_file import Scenario, parse
from ecotwin.simulation.spread import Spread

log = structlog.get_logger("ecotwin")

KIND = "whatif"
LISTED = "whatif_run"
"""The same without its result and texts: what a list shows is read quickly."""
_LONG = ("result", "texts", "under_texts")
MOST_WAITING = 8
MOST_CASES = 20
REMEMBERED = 100


class WhatIf:
    """The what-ifs of one plant.

    Args:
        plant: The plant. now: Tells plant time. store, ledger: Where results are kept and sealed; None: nowhere.
        books: Tells the bookings; None: those of the history. past: Reads the history for the model.
        doubts: Tells of machines that a scenario changes which of them the model does not track well, in sentences.
        held: What held-out days say of the model's days.
        told: Is called when a run was done.
    """

    def __init__(
        self,
        plant: Plant,
        now: Callable[[], datetime],
        store: Store | None = None,
        ledger: Ledger | None = None,
        *,
        books: Callable[[], Sequence[Booking]] | None = None,
        past: Past | None = None,
        doubts: Doubts | None = None,
        held: Callable[[], Spread] | None = None,
        told: Callable[[Run], None] | None = None,
    ) -> None:
        self.plant = plant
        self.shelf = Shelf(plant, store, ledger, now)
        self._now, self._store, self._ledger = now, store, ledger
        self._books = books or self._booked
        self._doubts, self._held, self._told = doubts, held, told
        self._past = Past(plant, store) if past is None and store is not None else past
        self._runs: dict[str, Run] = {}
        self._queue: deque[str] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = False
        self._number = 0

    def _booked(self) -> Sequence[Booking]:
        """Bookings of the history; where none were taken in yet, those of the plant's folder."""
        rows = bookings(self._store) if self._store is not None else ()
        if rows or not self.plant.books or not Path(self.plant.books).is_dir():
            return rows
        return read_books(Path(self.plant.books), self.plant)

    # --- asking ------------------------------------------------------------------------------------

    def ask(self, question: Question, same_as: str = "") -> Run:
        """Take a question up; it is run when its turn comes.

        Raises:
            ScenarioFault: A scenario is at fault or does not fit the plant, or too much waits already.
        """
        run = self._new(question, same_as)
        with self._wake:
            if self._ending:
                raise ScenarioFault(
                    "the twin is stopping", expected="a twin that runs", remedy="start it"
                )
            if len(self._queue) >= MOST_WAITING:
                raise ScenarioFault(
                    f"{len(self._queue)} what-ifs wait already",
                    expected=f"at most {MOST_WAITING}",
                    remedy="wait until one is done, or stop one",
                )
            self._remember(run)
            self._queue.append(run.id)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="what-if", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return run

    def now_and_here(self, question: Question, watch: Callable[[float], bool] | None = None) -> Run:
        """Run a question in the caller's own thread, to its end.

        Raises:
            ScenarioFault: It cannot be run. RunStopped: The watcher said so.
        """
        run = self._new(question, "")
        self._remember(run)
        self._perform(run, watch)
        return run

    def again(self, id: str, by: str = "") -> Run:  # noqa: A002
        """Ask the question of a run that was done once more, from the same instant and with the same texts.

        Raises:
            KeyError: There is no such run. ScenarioFault: It was never done.
        """
        body = self.document(id)
        kept = body["question"]
        question = Question(
            texts=tuple(body["texts"]),
            under_texts=tuple(body["under_texts"]),
            start=f"{PLAIN * is_plain(kept['start'])}{body['start']}",
            hours=kept["hours"],
            runs=kept["runs"],
            seed=kept["seed"],
            title=kept["title"],
            by=by,
            why=kept["why"],
        )
        return self.ask(question, same_as=id)

    def stop(self, id: str) -> Run:  # noqa: A002
        """End a run that waits or is on its way; one at its end stays as it is.

        Raises:
            KeyError: There is no such run.
        """
        with self._wake:
            run = self._runs[id]
            run.stop = True
            if run.state == "waiting":
                run.state, run.fault = "stopped", "It was stopped before its turn came."
                self._queue = deque(q for q in self._queue if q != id)
            self._wake.notify_all()
        return run

    def close(self) -> None:
        """Stop what runs and take nothing up any more."""
        with self._wake:
            self._ending = True
            self._queue.clear()
            for run in self._runs.values():
                run.stop = True
            self._wake.notify_all()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=30)

    # --- seeing ------------------------------------------------------------------------------------

    def runs(self) -> list[Run]:
        """All that are known, the newest first; those of before a restart too."""
        found = {r.id: r for r in map(run_of, self._documents())} | self._runs
        return sorted(found.values(), key=lambda r: r.asked_at, reverse=True)

    def run(self, id: str) -> Run:  # noqa: A002
        """One of them.

        Raises:
            KeyError: There is none.
        """
        if id in self._runs:
            return self._runs[id]
        return run_of(self.document(id))

    def wait(self, id: str, seconds: float) -> Run:  # noqa: A002
        """A run when something about it has changed, or after some seconds."""
        run = self.run(id)
        before = (run.state, round(run.share, 2))
        end = time.monotonic() + seconds
        with self._wake:
            while (run.state, round(run.share, 2)) == before and run.state not in ENDED:
                left = end - time.monotonic()
                if left <= 0 or not self._wake.wait(left):
                    break
        return run

    def document(self, id: str) -> Mapping[str, Any]:  # noqa: A002
        """Everything that was kept of a run that was done.

        Raises:
            KeyError: There is none. ScenarioFault: It is not done.
        """
        known = self._runs.get(id)
        if known is not None and known.result is not None:
            return known.result
        if known is not None and known.state != "done":
            raise ScenarioFault(
                f"this what-if is {known.state}{': ' + known.fault if known.fault else ''}",
                expected="one that is done",
                remedy="wait for it, or ask again",
            )
        found = self._store.get(KIND, id) if self._store is not None else None
        if found is None:
            raise KeyError(id)
        return found.body

    # --- doing -------------------------------------------------------------------------------------

    def _documents(self) -> list[Mapping[str, Any]]:
        if self._store is None:
            return []
        return [d.body for d in self._store.documents(LISTED, limit=REMEMBERED)]

    def _new(self, question: Question, same_as: str) -> Run:
        cases, under = self._read(question)
        if not 0 < len(cases) <= MOST_CASES:
            raise ScenarioFault(
                f"{len(cases)} scenarios were given",
                expected=f"1 to {MOST_CASES}, each held against doing nothing",
                remedy="name some; `GET /whatif/scenarios` lists what there is",
            )
        double = sorted({s.id for s in cases if sum(o.id == s.id for o in cases) > 1})
        if double:
            raise ScenarioFault(
                f"{', '.join(double)} is given twice", expected="each once", remedy="leave one out"
            )
        now = self._now()
        sound(question.span)
        start = begin_of(self.plant, self._store, now, question.start)
        small = plain_case(self.plant, start, replace(question.span, runs=2))
        prepare(Asked(small, under, cases, self.shelf.folder))
        with self._wake:
            self._number += 1
            number = self._number
        id_ = f"{iso(micros(now.replace(microsecond=0)))}-{number}".replace(":", "")
        names = tuple(s.part.name for s in cases)
        title = question.title or ", ".join(names)
        asked = replace(question, title=title)
        return Run(id_, asked, names, now, start=start, same_as=same_as)

    def _read(self, question: Question) -> tuple[tuple[Scenario, ...], tuple[Scenario, ...]]:
        cases = [self.shelf.ready(s) for s in question.scenarios]
        cases += [parse(t, f"scenario {n}") for n, t in enumerate(question.texts, start=1)]
        under = [self.shelf.ready(s) for s in question.under]
        under += [parse(t, f"event {n}") for n, t in enumerate(question.under_texts, start=1)]
        return tuple(cases), tuple(under)

    def _asked(self, base: Any, cases: Sequence[Scenario], under: Sequence[Scenario]) -> Asked:
        held = None if self._held is None else self._held()
        return Asked(
            base, tuple(under), tuple(cases), self.shelf.folder, self._books(), self._doubts, held
        )

    def _remember(self, run: Run) -> None:
        self._runs[run.id] = run
        old = [r.id for r in self._runs.values() if r.state in ENDED]
        for id_ in old[: max(0, len(self._runs) - REMEMBERED)]:
            del self._runs[id_]

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._ending:
                    self._wake.wait()
                if self._ending:
                    return
                run = self._runs[self._queue.popleft()]
            try:
                self._perform(run, None)
            except EcotwinError as fault:
                log.info("a what-if came to no end", id=run.id, why=str(fault))
            except Exception as fault:
                log.exception("a what-if failed", id=run.id)
                run.fault = f"The model failed ({type(fault).__name__}); the log holds the details."
                run.state = "failed"
            self._tell()

    def _perform(self, run: Run, watch: Callable[[float], bool] | None) -> None:
        run.state, run.begun = "running", time.monotonic()
        self._tell()

        def watched(share: float) -> bool:
            run.share = share
            with self._wake:
                self._wake.notify_all()
            return not run.stop and (watch is None or watch(share))

        try:
            question = run.question
            cases, under = self._read(question)
            start = question.start
            if (
                run.start is not None
            ):  # where the plant stood when it was asked, not when its turn came
                start = f"{PLAIN * is_plain(start)}{run.start.isoformat()}"
            base = base_case(self.plant, self._past, self._store, self._now(), start, question.span)
            asked = self._asked(base, cases, under)
            result = compared(asked, watched)
        except RunStopped as fault:
            run.state, run.fault = "stopped", str(fault)
            raise
        except EcotwinError as fault:
            run.state, run.fault = "failed", str(fault)
            raise
        run.seconds = time.monotonic() - run.begun
        self._keep(run, asked, result)
        run.share, run.state = 1.0, "done"
        self._tell()
        if self._told is not None:
            self._told(run)

    def _keep(self, run: Run, asked: Asked, result: Mapping[str, Any]) -> None:
        """Keep the result as a document and seal what it rests on."""
        run.digest = digest_of(result)
        run.start = asked.base.start
        proof = {
            "result": run.digest,
            "scenarios": {s.id: s.digest for s in asked.scenarios},
            "under": {s.id: s.digest for s in asked.under},
            "case": case_digest(asked.base),
            "plant": self.plant.digest,
            "seed": run.question.seed,
            "runs": run.question.runs,
            "code": code_version(),
            "by": run.question.by,
            "why": run.question.why,
            "same_as": run.same_as,
        }
        now = self._now()
        if self._ledger is not None:
            run.entry = self._ledger.append(KIND, run.id, proof, now).index
        body = {
            "id": run.id,
            "question": asdict(run.question),
            "names": list(run.names),
            "asked_at": run.asked_at.isoformat(),
            "start": asked.base.start.astimezone(self.plant.zone).isoformat(),
            "unknown": list(asked.base.image.unknown) if asked.base.image else [],
            "texts": [s.text for s in asked.scenarios],
            "under_texts": [s.text for s in asked.under],
            "under_names": [s.part.name for s in asked.under],
            "result": dict(result),
            "digest": run.digest,
            "entry": run.entry,
            "seconds": run.seconds,
            "same_as": run.same_as,
            "proof": proof,
        }
        run.result = body
        if self._store is not None:
            told = {k: v for k, v in body.items() if k not in _LONG}
            self._store.put_all(
                [
                    Document(KIND, run.id, run.asked_at, now, body),
                    Document(LISTED, run.id, run.asked_at, now, told),
                ]
            )
            run.result = None  # it is read from the history when somebody asks

    def _tell(self) -> None:
        with self._wake:
            self._wake.notify_all()
