"""The twin of one plant: owns the history and the ledger, and runs take, look, act and prove in one thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import structlog

from ecotwin.accounting import factors
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import Clock, ManualClock, Period, days_of, instant, iso, micros
from ecotwin.cycle.act import Act
from ecotwin.cycle.ahead import Ahead
from ecotwin.cycle.bookkeeping import Books, bookings
from ecotwin.cycle.discarded import Discarded
from ecotwin.cycle.footprints import Footprints
from ecotwin.cycle.importing import bring_in
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.learned import Learned
from ecotwin.cycle.look import Look
from ecotwin.cycle.own import Own
from ecotwin.cycle.people import People
from ecotwin.cycle.present import Present
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.prove import Prove
from ecotwin.cycle.sensed import sensing_of
from ecotwin.cycle.take import Intake, connect, cursors_for
from ecotwin.cycle.today import Today
from ecotwin.cycle.upkeep import Upkeeps
from ecotwin.errors import EcotwinError, FactorGap, StoreFull
from ecotwin.governance.access import person
from ecotwin.governance.checkpoint import seal_of
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.learning.joules import ASSUMED, CORE_W, IDLE_W, PowerModel
from ecotwin.plant import Plant
from ecotwin.plant.own import own_signal, with_own
from ecotwin.records import Finding, Score
from ecotwin.settings import Settings

log = structlog.get_logger("ecotwin")

WAIT_S = 0.02
"""Longest wait for data in a step of the cycle [wall s]."""
SAVE_EVERY = timedelta(minutes=30)
"""Plant time between two savings of what was learned."""
HOUSEKEEPING = timedelta(hours=6)
BUSY_WAIT_S = 5.0
"""A command that asks the history holds it for a moment; a start waits so long for it [wall s]."""
DRAIN_STEPS = 100
REFRESH_OPEN = timedelta(minutes=1)
RECORDED = ("files", "replay")
"""Protocols that bring what was recorded, not what is."""
UNHEARD = timedelta(days=3)
HEARD = timedelta(days=1)
"""Of recorded days the last is judged, if detectors had three before it to learn what is usual."""


class Twin(People, Present, Ahead):
    """One plant's twin.

    Args:
        plant: The plant. settings: How this installation runs. clock: Tells plant time.
        folder: Where history, ledger and keys are.
        data: Data files for connections of protocol `files` or `replay`.
    """

    def __init__(
        self,
        plant: Plant,
        settings: Settings,
        clock: Clock,
        folder: Path,
        *,
        data: tuple[Path, ...] = (),
    ) -> None:
        # Replayed data tells of another time: what the twin uses now is no part of that.
        self._by_hand = isinstance(clock, ManualClock)
        self.live = not self._by_hand and any(c.protocol not in RECORDED for c in plant.connections)
        self.plant = plant = with_own(plant) if self.live else plant
        self.settings = settings
        self.clock = clock
        self.folder = folder
        self.store = DuckStore(
            plant,
            folder / "history",
            memory_mb=settings.history_memory_mb,
            wait_s=BUSY_WAIT_S,
        )
        self.ledger = Ledger(folder / "ledger")
        self.prices = Prices(plant)
        self.person = person(settings.person, settings.roles)
        self.keeper = Keeper(self.store, self.ledger, self.now)
        self.connectors = connect(plant, clock, settings, data)
        self.intake = Intake(
            self.store,
            self.connectors,
            clock,
            flush_s=settings.flush_s,
            chain=Chain(plant, future_s=settings.future_s),
        )
        self.look = Look(plant, self.store, self.prices, _gas_factor(plant))
        self.look.discarded = Discarded(plant, lambda: bookings(self.store))
        self.intake.urgent = self.look.is_urgent
        self.own = self._count_own()
        self.today_ = Today(plant, self.look.window, self._known_since)
        self._restore()
        self.sensing = sensing_of(
            plant, self.keeper, self.intake, self.look, clock, behind=not self._by_hand
        )
        self.learned = Learned(plant, self.keeper, self.look)
        self.act = Act(plant, self.keeper, self.prices, self.connectors, writes=settings.writes)
        self.prove = Prove(
            plant,
            self.keeper,
            self.look,
            self.ledger,
            seal_of(folder / "ledger", f"ecotwin/{plant.id}"),
        )
        self.footprints = Footprints(plant, self.store, self.ledger, self.prove.years)
        self.books = Books(plant, self.keeper, self.ledger)
        self.upkeeps = Upkeeps(plant, self.store, self.prices)
        self.lock = threading.RLock()
        self.open_now = self.look.open(clock.now())
        self._opened_at = clock.now()
        self.urgent = 0
        """Counts urgent changes; an open page is told at once when it moves."""
        self.stopping = False
        self.failed = False
        self.started_at = clock.now()
        self._thread = threading.Thread(target=self._run, name="cycle", daemon=True)
        self._saved_at = self._kept_house_at = self.started_at

    # --- life -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to take data."""
        self.open_connections()
        self._thread.start()

    def open_connections(self) -> None:
        """Let every connector go on from where its data is safely kept."""
        cursors = cursors_for(self.store, self.connectors)
        for connector in self.connectors:
            connector.start(cursors[connector.name])

    def finish(self) -> None:
        """Keep what waits and judge what is left: the sources are at their end."""
        taken = self.intake.finish()
        now = self.now()
        with self.lock:
            changed = self.look.on_readings(taken.readings, now) if taken is not None else []
            changed += self._close(now, now)
            self._keep_findings(changed)
            self._refresh_open(now)

    def stop(self) -> None:
        """End: keep what is still waiting, save what was learned, sign, close."""
        self.stopping = True
        self.end_what_ifs()
        self.sensing.stop()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)
        if not self.failed:
            self._drain()
        for connector in self.connectors:
            connector.stop()
        with self.lock:
            if not self.failed:
                self.intake.finish()
                self._save()
                self.keeper.state("references", self.look.references.state())
                self.prove.sign(self.now())
            self.store.close()
            self.ledger.close()

    def _drain(self) -> None:
        """Keep what had come in before the stop; what comes later finds the door closed."""
        for _ in range(DRAIN_STEPS):
            if not any(h.queued for h in self.health().values()):
                break
            self.intake.step(0.01)

    def step(self, wait_s: float = WAIT_S) -> bool:
        """One turn of the cycle; returns whether data came. Replay and tests call it themselves."""
        taken = self.intake.step(wait_s)
        now = self.now()
        with self.lock:
            changed: list[Finding] = []
            if taken is not None and len(taken.readings):
                changed += self.look.on_readings(taken.readings, now)
            changed += self._close(self._watermark(now), now)
            self._keep_findings(changed)
            image = self.intake.image(now)
            moved, ended = self.act.tick(now, image)
            self.prove.await_saving(ended)
            self.books.tick(now)
            closed = self.look.closed_until
            if closed is not None:
                self.today_.update(closed)
                if self._foretells():
                    self.foresight.tick(closed)
                    said = self.look.hear(self.foresight.warnings(now), now)
                    self._keep_findings(said)
                    changed += said
                moved |= self.prove.tick(closed, self.today_, days=not self.recorded)
                if self.look.trail.newest():
                    known = (self.look, self.savings(), self.upkeeps.cases)
                    moved |= self.act.advise(now, image, *known)
            if changed or moved or now - self._opened_at >= REFRESH_OPEN:
                self._refresh_open(now)
            if changed or moved:
                self.urgent += 1
            if self.settings.replan and self.intake.newest:
                shown = self.replan.notice
                self.replan.tick(now, image)
                self.urgent += self.replan.notice != shown
            self._keep_house(now)
        return taken is not None

    def _close(self, watermark: datetime, now: datetime) -> list[Finding]:
        """Tell what no analyser measures, then close and judge every minute that ends at or before the watermark."""
        first = self._first(now)
        self.sensing.tick(watermark, first, now)
        changed = self.look.on_minutes(watermark, now, first)
        return changed + self.look.hear(self.sensing.scores(), now)

    def import_history(self, files: Sequence[Path]) -> None:
        """Take recorded history in beside the live data, then learn from it."""
        if not files:
            return
        try:
            period = bring_in(
                self.plant, self.store, files, self.now(), self.intake.image(self.now())
            )
            if period is None:
                return
            closed = self.look.closed_until or self.now().replace(second=0, microsecond=0)
            self.store.close_minutes(closed, known_at=self.now())
            self._learn(Period(period.start, max(period.start, min(period.end, closed))))
            self.sensing.look_again()
        except EcotwinError as fault:
            log.warning("recorded history was not taken in", why=str(fault))

    def _learn(self, period: Period) -> None:
        """Learn from imported days, a day at a time so that live data never waits long."""
        start = period.start
        while start < period.end and not self.stopping:
            end = min(period.end, start + timedelta(days=1))
            window = self.look.window(Period(start, end))
            with self.lock:
                self.look.learn_from(window)
            start = end
        detectors = self.look.new_detectors()
        said: list[Score] = []
        heard = micros(max(period.start + UNHEARD, period.end - HEARD))
        for day in days_of(period, self.plant.zone):
            said += [s for s in self.look.warm_up(detectors, self.look.window(day)) if s.at > heard]
        with self.lock:
            now = self.now()
            self._keep_findings(self.look.take_over(detectors, period.end, now, said))
            self._refresh_open(now)
            self.look.refill_trail()
            self.today_.forget()
            self.urgent += 1
        for day in days_of(period, self.plant.zone):
            if day.hours >= 22 and not self.stopping:
                self.today_.learn_day(day)
        log.info(
            "learned from recorded history", start=iso(period.start_us), end=iso(period.end_us)
        )

    def _run(self) -> None:
        while not self.stopping:
            try:
                self.step()
            except StoreFull as fault:
                log.error("nothing is being kept", why=str(fault))
                self._pause(5.0)
            except Exception:
                log.exception(
                    "the cycle failed; the twin stops so that nothing wrong is shown or kept"
                )
                self.failed = True
                return

    def _foretells(self) -> bool:
        """A clock that is moved by hand replays the past, where nothing is foretold."""
        return self.settings.foretell and not self.recorded and not self._by_hand

    def _count_own(self) -> Own | None:
        """Count what the twin itself uses; None in replay."""
        signal = own_signal(self.plant)
        if signal is None or not self.live:
            return None
        watts = (self.settings.own_idle_w, self.settings.own_core_w)
        told = ASSUMED if watts == (IDLE_W, CORE_W) else "as set for this computer"
        _, since = self.intake.newest_of(signal.index)
        own = Own(signal, PowerModel(*watts, told), since_kwh=since)
        self.intake.beside = own.beside
        return own

    def _pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def _watermark(self, now: datetime) -> datetime:
        """Event time up to which data is complete; without data it follows the clock, so that gaps are seen."""
        late = timedelta(seconds=self.settings.lateness_s)
        newest = instant(self.intake.newest) if self.intake.newest else self.started_at
        return max(min(newest, now) - late, now - 3 * late - timedelta(minutes=2))

    def _first(self, now: datetime) -> datetime:
        """Where the first minute begins: at the first reading of this run; later it does not matter any more."""
        if self.look.closed_until is not None:
            return self.look.closed_until
        span = self.known()
        if span is None:
            return now
        return span.start if self._by_hand else max(span.start, self.started_at)

    def known(self) -> Period | None:
        """From the first to the last instant that readings tell of, in full minutes; None when there are none.

        An interval's reading stands at its end and tells of the time before it.
        """
        span = self.store.span()
        if span is None:
            return None
        start = span.start
        longest = max((s.every_s for s in self.plant.signals if s.form == "interval"), default=0.0)
        if longest:
            signals = [s.index for s in self.plant.signals if s.form == "interval"]
            before = Period(start - timedelta(seconds=longest), start)
            covered = np.flatnonzero(self.store.window(signals, before, 60).covered.max(axis=1))
            if len(covered):
                start = before.start + timedelta(minutes=int(covered[0]))
        last = span.end - timedelta(microseconds=1)
        end = last.replace(second=0, microsecond=0)
        return Period(start, end if end == last else end + timedelta(minutes=1))

    def _known_since(self) -> datetime | None:
        """The first instant that readings tell of."""
        span = self.known()
        return span.start if span else None

    def _refresh_open(self, now: datetime) -> None:
        self.open_now, self._opened_at = self.look.open(now), now

    def _keep_findings(self, changed: list[Finding]) -> None:
        self.keeper.seal_all([(finding, finding.id, finding.onset) for finding in changed])

    def _keep_house(self, now: datetime) -> None:
        foresight = self.foresight if self._foretells() else None
        self.learned.tick(now, foresight, self.sensing.learned)
        self.learned.keep(now, self.__dict__.get("foresight"))
        if now - self._saved_at >= SAVE_EVERY:
            self._saved_at = now
            self._save()
        if now - self._kept_house_at >= HOUSEKEEPING:
            self._kept_house_at = now
            self.store.retain(
                raw_days=self.settings.raw_days, minute_days=self.settings.minute_days, now=now
            )

    def _save(self) -> None:
        self.keeper.state("look", self.look.state())
        self.keeper.state("today", self.today_.state())

    def _restore(self) -> None:
        rooms = (("look", self.look), ("today", self.today_), ("references", self.look.references))
        for name, room in rooms:
            if (kept := self.keeper.restore(name)) is not None:
                room.restore(kept)
        self.look.refill_trail()


def _gas_factor(plant: Plant) -> float | None:
    """[kgCO2e/m3] of gas, None when none was given."""
    found = factors.emission(plant, "gas", "m3")
    return None if isinstance(found, FactorGap) else math.prod(use.value for use in found)
