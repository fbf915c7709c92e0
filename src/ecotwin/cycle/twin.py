"""The twin of one plant: owns the history and the ledger, and runs take, look, act and prove in one thread."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import structlog

from ecotwin import plugs
from ecotwin.accounting import factors
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import Clock, ManualClock, Period, ScaledClock, instant, iso, micros
from ecotwin.connectors.contract import Connector, Health, InletLimits
from ecotwin.cycle.act import Act
from ecotwin.cycle.importing import bring_in
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.prove import Prove
from ecotwin.cycle.take import Intake, cursors_for
from ecotwin.cycle.today import Today
from ecotwin.detection.contract import Expected
from ecotwin.errors import EcotwinError, FactorGap, StoreFull
from ecotwin.governance.access import Decision, demand, may, person
from ecotwin.governance.checkpoint import seal_of
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.plant.calendar import working
from ecotwin.records import Advice, Check, Finding, Image, Measure, Order, Range, Receipt, Saving
from ecotwin.settings import Settings

log = structlog.get_logger("ecotwin")

WAIT_S = 0.02
"""Longest wait for data in a step of the cycle [wall s]."""
SAVE_EVERY = timedelta(minutes=30)
"""Plant time between two savings of what was learned."""
HOUSEKEEPING = timedelta(hours=6)


@dataclass(frozen=True)
class User:
    """Power of one user of electricity now, against expected."""

    kw: float
    expected_kw: float
    level: Literal["ok", "watch", "act", "none"]


class Twin:
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
        self.plant = plant
        self.settings = settings
        self.clock = clock
        self.folder = folder
        self.store = DuckStore(plant, folder / "history")
        self.ledger = Ledger(folder / "ledger")
        self.prices = Prices(plant)
        self.person = person(settings.person, settings.roles)
        self.keeper = Keeper(self.store, self.ledger, self.now)
        self.connectors = _connect(plant, clock, settings, data)
        self.intake = Intake(
            self.store,
            self.connectors,
            clock,
            flush_s=settings.flush_s,
            chain=Chain(plant, future_s=settings.future_s),
        )
        self.look = Look(plant, self.store, self.prices, _gas_factor(plant))
        self.today_ = Today(plant, self.look.window, self._known_since)
        self._restore()
        self.act = Act(plant, self.keeper, self.prices, self.connectors, writes=settings.writes)
        self.prove = Prove(
            plant, self.keeper, self.look, self.ledger, seal_of(folder / "ledger", f"ecotwin/{plant.id}")
        )
        self.lock = threading.RLock()
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
            changed += self.look.on_minutes(now, now, self._first(now))
            self._keep_findings(changed)

    def stop(self) -> None:
        """End: keep what is still waiting, save what was learned, sign, close."""
        self.stopping = True
        if self._thread.ident is not None:
            self._thread.join(timeout=30)
        for connector in self.connectors:
            connector.stop()
        with self.lock:
            if not self.failed:
                self.intake.finish()
                self._save()
                self.prove.sign(self.now())
            self.store.close()
            self.ledger.close()

    def step(self, wait_s: float = WAIT_S) -> bool:
        """One turn of the cycle; returns whether data came. Replay and tests call it themselves."""
        taken = self.intake.step(wait_s)
        now = self.now()
        with self.lock:
            changed: list[Finding] = []
            if taken is not None and len(taken.readings):
                changed += self.look.on_readings(taken.readings, now)
            changed += self.look.on_minutes(self._watermark(now), now, self._first(now))
            self._keep_findings(changed)
            image = self.intake.image(now)
            moved, ended = self.act.tick(now, image)
            self.prove.await_saving(ended)
            closed = self.look.closed_until
            if closed is not None:
                self.today_.update(closed)
                moved |= self.prove.tick(closed, self.today_)
                if self.look.trail.newest():
                    moved |= self.act.advise(now, image, self.look, self.savings())
            if changed or moved:
                self.urgent += 1
            self._keep_house(now)
        return taken is not None

    def import_history(self, files: Sequence[Path]) -> None:
        """Take recorded history in beside the live data, then learn from it."""
        if not files:
            return
        try:
            period = bring_in(self.plant, self.store, files, self.now(), self.intake.image(self.now()))
            if period is None:
                return
            with self.lock:
                closed = self.look.closed_until or self.now()
                whole = Period(period.start, max(period.start, min(period.end, closed)))
                self.store.close_minutes(closed, known_at=self.now())
            self._learn(whole)
        except EcotwinError as fault:
            log.warning("recorded history was not taken in", why=str(fault))

    def _learn(self, period: Period) -> None:
        """Learn from imported days, a day at a time so that live data never waits long."""
        start = period.start
        while start < period.end and not self.stopping:
            end = min(period.end, start + timedelta(days=1))
            with self.lock:
                self.look.learn_from(Period(start, end))
            start = end
        from ecotwin.clock import days_of

        with self.lock:
            self.look.refill_trail(self.now())
            self.today_.forget()
            self.urgent += 1
        for day in days_of(period, self.plant.zone):
            if day.hours >= 22 and not self.stopping:
                self.today_.learn_day(day)
        log.info("learned from recorded history", start=iso(period.start_us), end=iso(period.end_us))

    def _run(self) -> None:
        while not self.stopping:
            try:
                self.step()
            except StoreFull as fault:
                log.error("nothing is being kept", why=str(fault))
                self._pause(5.0)
            except Exception:
                log.exception("the cycle failed; the twin stops so that nothing wrong is shown or kept")
                self.failed = True
                return

    def _pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)

    def _watermark(self, now: datetime) -> datetime:
        """Event time up to which data is complete; without data it follows the clock, so that gaps are seen."""
        late = timedelta(seconds=self.settings.lateness_s)
        newest = instant(self.intake.newest) if self.intake.newest else self.started_at
        return max(min(newest, now) - late, now - 3 * late - timedelta(minutes=2))

    def _first(self, now: datetime) -> datetime:
        """Where the first minute begins: at the first reading of this run."""
        span = self.store.span()
        if span is None:
            return now
        return span.start if isinstance(self.clock, ManualClock) else max(span.start, self.started_at)

    def _known_since(self) -> datetime | None:
        span = self.store.span()
        return span.start if span else None

    def _keep_findings(self, changed: list[Finding]) -> None:
        for finding in changed:
            self.keeper.seal(finding, finding.id, finding.onset)

    def _keep_house(self, now: datetime) -> None:
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
        for name, room in (("look", self.look), ("today", self.today_)):
            kept = self.keeper.restore(name)
            if kept is not None:
                room.restore(kept)  # type: ignore[attr-defined]
        self.look.refill_trail(self.now())

    # --- the plant now ----------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Plant time."""
        return self.clock.now()

    @property
    def speed(self) -> float:
        """Plant seconds per wall second."""
        return self.clock.speed if isinstance(self.clock, ScaledClock) else 1.0

    def image(self) -> Image:
        """The plant now."""
        return self.intake.image(self.now())

    @property
    def data_age_s(self) -> float:
        """Age of the newest data [plant s]; infinite before any came."""
        newest = self.intake.newest
        return max(0.0, (micros(self.now()) - newest) / 1e6) if newest else float("inf")

    @property
    def trail(self) -> Any:
        """The last day by the minute."""
        return self.look.trail

    @property
    def closed_until(self) -> datetime:
        """End of the newest closed minute."""
        return self.look.closed_until or self.now().replace(second=0, microsecond=0)

    @property
    def learned_share(self) -> float:
        """Share of the baselines that come from this plant's own data."""
        known = self.look.baselines.learned
        return float(np.mean(known)) if len(known) else 0.0

    def meter_kw(self, signal: str) -> float:
        """Power through a meter now [kW]: as measured beside it, else from its last minutes; NaN when unknown."""
        return self.power_now(self.plant.signal(signal).element)

    def power_now(self, element: str) -> float:
        """Power of a machine or meter now [kW]; NaN when it is not measured or too old."""
        power = self.plant.find(element, "electricity_power")
        if power is None:
            return float("nan")
        image = self.intake
        at, value = image.newest_of(power.index)
        if not at or (micros(self.now()) - at) / 1e6 > max(power.hold_s, 4 * self.settings.lateness_s):
            return float("nan")
        return value

    def gas_kw(self, signal: str) -> float | None:
        """Heat flow through a gas meter over the last hour [kW]; None when it cannot be told."""
        heating = _heating_value(self.plant)
        if heating is None or self.look.closed_until is None:
            return None
        end = self.look.closed_until
        window = self.store.window(
            [self.plant.signal(signal).index], Period(end - timedelta(minutes=30), end), 60
        )
        used = window.amount[:, 0]
        good = np.isfinite(used)
        return float(used[good].sum() / (good.sum() / 60) * heating) if good.any() else None

    def site_kw(self) -> float:
        """Power used by the whole site now [kW]."""
        sources = self.look.supply.sources
        if not sources:
            return float(np.nansum([self.power_now(u) for u in self.look.supply.users]))
        return float(sum(self.meter_kw(s) for s in sources))

    def bought_share(self) -> float:
        """Share of the site's power that is bought now."""
        used = self.site_kw()
        own = sum(
            self.meter_kw(s)
            for s in self.look.supply.sources
            if self.plant.signal(s).means == "electricity_generated"
        )
        return float(np.clip(1.0 - own / used, 0.0, 1.0)) if used > 0 and np.isfinite(own) else 1.0

    def user_now(self, element: str) -> User | None:
        """Power of a user of electricity now, against expected; None when it is no user."""
        trail = self.look.trail
        if element not in trail.users:
            return None
        column = trail.users.index(element)
        rows = slice(-5, None)
        mean, sd = (trail.users_kw(n)[rows, column] for n in ("mean", "sd"))
        kw = self.power_now(element)
        if not np.isfinite(mean).any():
            return User(kw, float("nan"), "none")
        middle, half = float(np.nanmean(mean)), 1.96 * float(np.nanmean(sd))
        above = kw - middle
        level: Literal["ok", "watch", "act", "none"] = "ok"
        if np.isfinite(above) and above > max(half, 0.02 * middle, 0.3):
            level = "act" if above > 2 * max(half, 0.05 * middle) else "watch"
        return User(kw, middle, level)

    def expected(self, period: Period, step_s: int) -> Expected | None:
        """Power of every machine against expected over a period; None without closed data."""
        if self.look.closed_until is None or period.seconds < step_s:
            return None
        window = self.look.window(period, step_s)
        with self.lock:
            return self.look.expected(window)

    def working_now(self) -> bool:
        """Whether a shift is planned now."""
        return bool(working(self.plant, np.array([micros(self.now())]))[0])

    def today(self, element: str, indicator: str) -> Measure | None:
        """Today's figure."""
        return self.today_.measures.get((element, indicator))

    def course(self, element: str, indicator: str) -> list[tuple[datetime, float]]:
        """How today's figure came about."""
        return self.today_.course(element, indicator)

    def customary(self, element: str, indicator: str, at: datetime | None = None) -> Range | None:
        """The usual value by this time of day."""
        return self.today_.customary(element, indicator, at or self.closed_until)

    def refused(self) -> list[str]:
        """Figures of the site that cannot be had, with what is missing."""
        return list(self.today_.gaps)

    def why_missing(self, element: str, indicator: str) -> str:
        """Why a figure is not there."""
        if self.look.closed_until is None or not self.today_.measures:
            return "No minute has closed yet"
        family = indicator.split(".")[0]
        named = [g for g in self.today_.gaps if family in g.lower()]
        return named[0] if named else f"{self.plant.element(element).name} has no meter for it"

    def health(self) -> dict[str, Health]:
        """How each connection is."""
        return {c.name: c.health() for c in self.connectors}

    def link(self) -> tuple[Literal["online", "connecting", "offline"], str]:
        """State of the connections in one word, and what to do."""
        states = list(self.health().values())
        bad = [h for h in states if h.state in {"offline", "failed"}]
        if bad:
            return "offline", bad[0].text
        waiting = [h for h in states if h.state == "connecting"]
        if waiting:
            return "connecting", waiting[0].text
        return "online", ""

    # --- what was found, advised, ordered, saved ----------------------------------------------------------------

    def findings_open(self) -> list[Finding]:
        """Open findings, worst first."""
        with self.lock:
            return self.look.alerts.open(self.now())

    def findings_closed(self) -> list[Finding]:
        """Closed findings, newest first."""
        return [f for f in self.keeper.all(Finding) if f.state == "closed"]

    def finding(self, id: str) -> Finding:  # noqa: A002
        """One finding, open or closed.

        Raises:
            KeyError: There is none.
        """
        found = next((f for f in self.findings_open() if f.id == id), None)
        if found is not None:
            return found
        kept = next((f for f in self.keeper.all(Finding) if f.id == id), None)
        if kept is None:
            raise KeyError(id)
        return kept

    def advice_all(self) -> list[Advice]:
        """All advice, newest first."""
        return sorted(list(self.act.advice.values()), key=lambda a: a.proposed_at, reverse=True)

    def advice(self, id: str) -> Advice:  # noqa: A002
        """One piece of advice.

        Raises:
            KeyError: There is none.
        """
        return self.act.advice[id]

    def checks(self, advice: Advice) -> tuple[Check, ...]:
        """Its interlocks, asked now."""
        with self.lock:
            return self.act.checks(advice, self.image(), self.now())

    def orders(self, advice: str = "") -> list[Order]:
        """Orders, newest first; of one advice when asked."""
        known = list(self.act.orders.values())
        return sorted(
            (o for o in known if not advice or o.advice == advice), key=lambda o: o.start, reverse=True
        )

    def receipts(self, order: str) -> list[Receipt]:
        """What became of an order, in order of time."""
        return list(self.act.receipts.get(order, []))

    def receipt_id(self, receipt: Receipt) -> str:
        """Id of a receipt."""
        from ecotwin.cycle.act import receipt_id

        return receipt_id(receipt)

    def savings(self) -> list[Saving]:
        """Measured savings, newest first."""
        return sorted(self.prove.savings.values(), key=lambda s: s.known_at, reverse=True)

    def saving_of(self, advice: str) -> Saving | None:
        """The saving of an advice, once measured."""
        return self.prove.savings.get(advice)

    def entry_of(self, cls: type[Any], id: str) -> int | None:  # noqa: A002
        """Place in the ledger of a record."""
        return self.keeper.entry_of(cls, id)

    def decisions(self, advice: str) -> list[dict[str, Any]]:
        """What people decided about an advice, from the ledger."""
        from ecotwin.governance.ledger import content

        made = []
        for entry in self.ledger.entries(subject=advice):
            if entry.kind in {"approval", "decline"}:
                body = content(entry)
                verb = "Approved" if entry.kind == "approval" else "Declined"
                why = f": {body['reason']}" if body.get("reason") else ""
                made.append(
                    {"at": iso(micros(entry.at)), "text": f"{verb} by {body['by']}{why}", "level": "ok", "entry": entry.index}
                )
        return made

    # --- what people do ------------------------------------------------------------------------------------------

    @property
    def writes(self) -> Literal["off", "on", "stopped"]:
        """Whether orders may reach machines."""
        if self.act.dispatch.situation.stopped:
            return "stopped"
        on = self.settings.writes and any(c.writing for c in self.plant.connections)
        return "on" if on else "off"

    def may(self, action: str, element: str = "", signal: str = "") -> Decision:
        """Whether the person at the page may."""
        if action == "approve_order" and not signal:
            writable = [s.id for s in self.plant.signals if s.write is not None]
            decisions = [may(self.person, action, s, self.plant) for s in writable]
            allowed = [d for d in decisions if d.allowed]
            return (allowed or decisions or [may(self.person, action, "", self.plant)])[0]
        return may(self.person, action, signal or element, self.plant)

    def approve(self, id: str) -> int:  # noqa: A002
        """Approve an advice; returns the place of the approval in the ledger."""
        with self.lock:
            advice = self.advice(id)
            decision = None
            for change in advice.changes:
                decision = demand(self.person, "approve_order", change.signal, self.plant)
            decision = decision or demand(self.person, "acknowledge", advice.element, self.plant)
            entry = self.act.approve(id, self.person, decision, self.now())
            self.urgent += 1
            return entry

    def decline(self, id: str, reason: str) -> int:  # noqa: A002
        """Decline an advice; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "decline", self.advice(id).element, self.plant)
            entry = self.act.decline(id, self.person, reason, self.now())
            self.urgent += 1
            return entry

    def acknowledge(self, id: str, note: str) -> int:  # noqa: A002
        """Acknowledge a finding; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "acknowledge", self.finding(id).element, self.plant)
            found = self.look.alerts.acknowledge(id, self.person.name, note, self.now())
            self.urgent += 1
            return self.keeper.seal(found, found.id, found.onset)

    def close_finding(self, id: str, note: str) -> int:  # noqa: A002
        """Close a finding; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "acknowledge", self.finding(id).element, self.plant)
            found = self.look.alerts.close(id, self.person.name, note, self.now())
            self.urgent += 1
            return self.keeper.seal(found, found.id, found.onset)

    def stop_writes(self, reason: str) -> int:
        """Stop all writing; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "stop_writes", "", self.plant)
            self.act.stop(self.now(), self.image(), self.person.name)
            self.urgent += 1
            return self.keeper.note("stop", self.plant.id, {"by": self.person.name, "reason": reason})

    def allow_writes(self, reason: str) -> int:
        """Allow writing again; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "stop_writes", "", self.plant)
            self.act.dispatch.resume()
            self.urgent += 1
            return self.keeper.note("allow", self.plant.id, {"by": self.person.name, "reason": reason})

    def evidence(self, index: int) -> bytes:
        """A bundle that proves one ledger entry offline."""
        demand(self.person, "export", "", self.plant)
        return self.prove.evidence(index, self.now())


def _connect(
    plant: Plant, clock: Clock, settings: Settings, data: tuple[Path, ...]
) -> list[Connector]:
    """A connector for each connection of the plant file."""
    limits = InletLimits(
        queue_samples=settings.queue_samples,
        payload_limit_bytes=settings.payload_limit_bytes,
        paths=tuple(map(str, data)),
    )
    return [
        plugs.load("connectors", c.protocol)(plant, c, clock, settings=limits) for c in plant.connections
    ]


def _gas_factor(plant: Plant) -> float | None:
    """[kgCO2e/m3] of gas, None when none was given."""
    found = factors.emission(plant, "gas", "m3")
    return None if isinstance(found, FactorGap) else math.prod(use.value for use in found)


def _heating_value(plant: Plant) -> float | None:
    """[kWh/m3] of gas, None when none was given."""
    found = factors.heating_value(plant, "gas", "m3")
    return None if isinstance(found, FactorGap) else found.value
