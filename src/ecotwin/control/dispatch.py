"""The only door to `connector.write`: an order is checked, sent, read back, held, brought back.

    planned -> sent -> confirmed -> (restoring) -> restored
       |         |         |
    refused    failed -----+--> restoring: until the machine shows the old value again

Nothing here reads a clock or waits: `tick(now, image)` does what is due. State is saved *before*
each write (`journal`): after a crash every order that may have reached a machine is looked at
again, and confirmed or brought back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ecotwin.clock import instant, micros
from ecotwin.control.interlocks import LastWrite, Situation, check, holding, waitable
from ecotwin.control.jobs import Job, Outcome
from ecotwin.control.readback import amount, as_told, never_moved, same, shown
from ecotwin.errors import EcotwinError, WriteRefused
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Check, Image, Order, Receipt

__all__ = ["Dispatch", "Outcome"]

PATIENCE = timedelta(minutes=10)
"""How long an order waits at its start for an interlock that may yet hold."""

TERM_S = 600.0
"""Longest lease handed to a device with a watchdog in one write.

If the twin dies, the device is back within it.
"""


class Dispatch:
    """Holds orders and carries them out.

    Args:
        plant: The plant.
        write: `connector.write`: signal, value [canonical], lease [s].
        journal: Called with `state()` before every write; keep it durably.
        term_s: Longest lease handed to a device's watchdog at once [s].
    """

    def __init__(
        self,
        plant: Plant,
        write: Callable[[str, float, float], None],
        *,
        journal: Callable[[dict[str, Any]], None] | None = None,
        term_s: float = TERM_S,
    ) -> None:
        self._plant, self._write, self._journal, self._term_s = plant, write, journal, term_s
        self._jobs: dict[str, Job] = {}
        self._last: dict[str, LastWrite] = {}
        self._situation = Situation()
        self._receipts: list[Receipt] = []
        self._changed: dict[str, Order] = {}

    @property
    def living(self) -> tuple[Order, ...]:
        """Orders that are not yet at their end."""
        return tuple(job.order for job in self._jobs.values())

    @property
    def situation(self) -> Situation:
        """Stop switch and maintenance locks."""
        return self._situation

    @property
    def last_writes(self) -> dict[str, LastWrite]:
        """Signal id -> newest write of the twin."""
        return dict(self._last)

    def add(self, *orders: Order) -> None:
        """Take approved orders: all of them or, when one is refused, none.

        Raises:
            WriteRefused: One overlaps with another on the same signal, is no planned order, or
                was given before.
        """
        jobs = dict(self._jobs)
        for order in orders:
            self._admit(order, jobs)
            jobs[order.id] = Job(order)
        self._jobs = jobs

    def _admit(self, order: Order, jobs: Mapping[str, Job]) -> None:
        if order.state != "planned" or order.id in jobs:
            raise WriteRefused(
                f"order {order.id} is {order.state if order.id not in jobs else 'already taken'}",
                expected="a new planned order",
                remedy="approve the advice anew",
            )
        blocking = next((job for job in jobs.values() if job.blocks(order)), None)
        if blocking is not None:
            other = blocking.order
            raise WriteRefused(
                f"{order.signal} already has an order that {other.approved_by or 'the twin'} approved, until "
                f"{self._plant.local(other.lease_until, order.approved_at)} ({other.id})",
                expected="one order at a time on a set-point",
                remedy="wait for its end, or cancel it first",
            )

    def lock(self, element: str, by: str) -> None:
        """Put a maintenance lock on an element.

        Running orders below it are brought back at the next tick.
        """
        self._plant.element(element)
        self._situation = replace(self._situation, locked={**self._situation.locked, element: by})

    def unlock(self, element: str) -> None:
        """Take a maintenance lock away."""
        held = {e: by for e, by in self._situation.locked.items() if e != element}
        self._situation = replace(self._situation, locked=held)

    def stop(self, now: datetime, image: Image, by: str) -> Outcome:
        """Emergency stop: nothing planned starts, everything written is brought back now."""
        self._situation = replace(self._situation, stopped=True, by=by)
        return self.tick(now, image)

    def resume(self) -> None:
        """Allow writes again; what was stopped stays stopped."""
        self._situation = replace(self._situation, stopped=False, by="")

    def cancel(self, order: str, now: datetime, by: str) -> Outcome:
        """End one order early: refused if it was only planned, else brought back."""
        job = self._jobs.get(order)
        if job is None:
            raise WriteRefused(
                f"there is no order {order} that is planned or running",
                expected="an order that has not ended",
                remedy="reload the page to see how it ended",
            )
        if job.phase == "planned":
            self._end(job, "refused", now, None, f"Cancelled by {by} before it began.")
        elif job.phase != "restoring":
            self._bring_back(job, now, f"Cancelled by {by}.")
        return self._outcome()

    def tick(self, now: datetime, image: Image) -> Outcome:
        """Do what is due at this plant time, with this image of the plant."""
        for job in list(self._jobs.values()):
            steps = {"planned": self._begin, "sent": self._read_back, "confirmed": self._hold}
            steps.get(job.phase, self._wait_for_old)(job, now, image)
        return self._outcome()

    def _outcome(self) -> Outcome:
        receipts, changed = self._receipts, self._changed
        self._receipts, self._changed = [], {}
        return Outcome(tuple(receipts), tuple(changed.values()))

    def _begin(self, job: Job, now: datetime, image: Image) -> None:
        order = job.order
        if self._situation.stopped:
            self._end(job, "refused", now, None, f"Writes were stopped by {self._situation.by}.")
            return
        if now < order.start:
            return
        if now >= order.lease_until:
            self._missed(job, now, image)
            return
        checks = check(self._plant, order, image, now, self._last, self._situation)
        failed = [c for c in checks if not c.passed]
        if failed:
            hopeful = all(waitable(self._plant, order.signal, c) for c in failed)
            if hopeful and now < order.start + PATIENCE:
                return
            why = "; ".join(f"{c.text}: {c.found}" for c in failed)
            self._end(
                job,
                "refused",
                now,
                shown(self._plant, order, image),
                f"Not written. {why}.",
                checks,
            )
            return
        signal = self._signal(order)
        assert signal.write is not None
        job.phase = "sent"
        fault = self._send(job, order.value, self._lease_s(order, now), now)
        if isinstance(fault, WriteRefused):
            self._end(job, "refused", now, None, f"Not written. {fault.found}.", checks)
            return
        if fault is not None:
            # It may or may not have gone out: only the machine can tell.
            self._receipt(
                order,
                "failed",
                now,
                None,
                f"Sending broke: {fault.found}. It is brought back.",
                checks,
            )
            self._set(job, "failed")
            self._bring_back(job, now, "")
            return
        self._set(job, "sent")
        what = amount(self._plant, order, order.value)
        text = f"{what} sent, leased until {self._plant.local(order.lease_until, now)}."
        self._receipt(order, "sent", now, None, text, checks)

    def _missed(self, job: Job, now: datetime, image: Image) -> None:
        """Its lease has ended before a start was recorded: a crash may have hidden the write."""
        order = job.order
        value = shown(self._plant, order, image)
        hidden = value is not None and same(self._plant, order, value, order.value)
        if hidden and not same(self._plant, order, order.value, order.restore):
            self._bring_back(job, now, "Found written after its lease had ended.")
        else:
            self._end(job, "refused", now, value, "Its time had passed before it could start.")

    def _read_back(self, job: Job, now: datetime, image: Image) -> None:
        order = job.order
        broken = self._broken(order, image, now)
        if broken:
            self._bring_back(job, now, broken)
            return
        value = shown(self._plant, order, image, after=job.sent_at)
        if value is not None and same(self._plant, order, value, order.value):
            job.phase, job.complained = "confirmed", False
            self._set(job, "confirmed")
            text = f"The machine shows {amount(self._plant, order, value)}."
            self._receipt(order, "confirmed", now, value, text)
        elif micros(now) >= job.due:
            told = as_told(self._plant, order, value)
            wanted = amount(self._plant, order, order.value)
            text = f"The machine showed {told} instead of {wanted} in time; it is brought back."
            self._receipt(order, "failed", now, value, text)
            self._set(job, "failed")
            self._bring_back(job, now, "")
        elif now >= order.lease_until:
            self._bring_back(job, now, "")

    def _hold(self, job: Job, now: datetime, image: Image) -> None:
        order = job.order
        value = shown(self._plant, order, image, after=job.sent_at)
        if value is not None and not same(self._plant, order, value, order.value):
            self._moved_by_itself(job, now, value)
            return
        if now >= order.lease_until:
            self._bring_back(job, now, "")
            return
        broken = self._broken(order, image, now)
        if broken:
            self._bring_back(job, now, broken)
            return
        left_s = (job.renewed - micros(now)) / 1e6
        if (
            order.watchdog
            and left_s < 0.5 * self._term_s
            and instant(job.renewed) < order.lease_until
        ):
            before = job.sent_at  # a renewal changes no value: older readings still count
            fault = self._send(job, order.value, self._lease_s(order, now), now)
            job.sent_at = before
            if fault is not None:
                self._bring_back(job, now, f"The lease could not be renewed: {fault.found}.")

    def _moved_by_itself(self, job: Job, now: datetime, value: float) -> None:
        write = self._signal(job.order).write
        assert write is not None
        shows = amount(self._plant, job.order, value)
        home = any(
            same(self._plant, job.order, value, h) for h in (job.order.restore, write.fallback)
        )
        if home:
            text = f"The device fell back to {shows} by itself."
            self._end(job, "fell_back", now, value, text, state="restored")
        else:
            text = f"Somebody set {shows} at the machine; it is left there."
            self._end(job, "fell_back", now, value, text, state="failed")

    def _wait_for_old(self, job: Job, now: datetime, image: Image) -> None:
        order = job.order
        value = shown(self._plant, order, image, after=job.sent_at)
        if value is not None and same(self._plant, order, value, order.restore):
            text = f"The machine shows {amount(self._plant, order, value)} again."
            self._end(job, "restored", now, value, text)
        elif micros(now) >= job.due:
            home = amount(self._plant, order, order.restore)
            if never_moved(self._plant, job, now, image):
                text = f"The machine talks and still shows {home}; it never left it."
                self._end(job, "restored", now, order.restore, text)
                return
            if not job.complained:
                told = as_told(self._plant, order, value)
                text = f"The machine shows {told} and not {home}; the twin keeps trying. Look at the machine."
                self._receipt(order, "failed", now, value, text)
                self._set(job, "failed")
                job.complained = True
            self._send(job, order.restore, 0.0, now)

    def _bring_back(self, job: Job, now: datetime, why: str) -> None:
        order = job.order
        home = amount(self._plant, order, order.restore)
        if why:
            self._receipt(order, "failed", now, None, f"{why} {home} is written back.")
            self._set(job, "failed")
        job.phase, job.complained = "restoring", False
        fault = self._send(job, order.restore, 0.0, now)
        if fault is not None:
            after = "the device falls back by itself" if order.watchdog else "the value is held"
            text = (
                f"Writing {home} back broke: {fault.found}. The twin keeps "
                f"trying; until then {after}."
            )
            self._receipt(order, "failed", now, None, text)
            self._set(job, "failed")
            job.complained = True

    def _broken(self, order: Order, image: Image, now: datetime) -> str:
        asked = holding(self._plant, order, image, now, self._situation)
        no = [c for c in asked if not c.passed]
        # Old data makes everything else unknown: it alone is the reason.
        failed = [f"{c.text}: {c.found}" for c in [c for c in no if c.name == "data_age"] or no]
        return "; ".join(failed) + "." if failed else ""

    def _send(self, job: Job, value: float, lease_s: float, now: datetime) -> EcotwinError | None:
        signal = self._signal(job.order)
        assert signal.write is not None
        job.sent_at = micros(now)
        job.due = job.sent_at + int(signal.write.read_back_s * 1e6)
        job.renewed = job.sent_at + int(lease_s * 1e6)
        if self._journal is not None:
            self._journal(self.state())
        try:
            self._write(signal.id, value, lease_s)
        except EcotwinError as fault:
            return fault
        self._last[signal.id] = LastWrite(now, value)
        return None

    def _lease_s(self, order: Order, now: datetime) -> float:
        left = max(0.0, (order.lease_until - now).total_seconds())
        return min(left, self._term_s) if order.watchdog else left

    def _signal(self, order: Order) -> Signal:
        return self._plant.signal(order.signal)

    def _set(self, job: Job, state: str) -> None:
        job.order = replace(job.order, state=state)
        self._changed[job.order.id] = job.order

    def _end(
        self,
        job: Job,
        kind: str,
        now: datetime,
        value: float | None,
        text: str,
        checks: tuple[Check, ...] = (),
        state: str = "",
    ) -> None:
        self._set(job, state or kind)
        self._receipt(job.order, kind, now, value, text, checks)
        self._jobs.pop(job.order.id, None)

    def _receipt(
        self,
        order: Order,
        kind: str,
        now: datetime,
        value: float | None,
        text: str,
        checks: tuple[Check, ...] = (),
    ) -> None:
        self._receipts.append(Receipt(order.id, now, kind, value, text, checks))

    def state(self) -> dict[str, Any]:
        """JSON-able state.

        Every living order with its phase, last writes, stop switch and locks.
        """
        return {
            "jobs": [job.state() for job in self._jobs.values()],
            "last": {k: [micros(w.at), w.value] for k, w in self._last.items()},
            "stopped": self._situation.stopped,
            "by": self._situation.by,
            "locked": dict(self._situation.locked),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on after a restart.

        What was running is looked at again at the next tick, never forgotten.
        """
        self._jobs = {}
        for saved in state["jobs"]:
            job = Job.of(saved)
            self._jobs[job.order.id] = job
        self._last = {k: LastWrite(instant(at), value) for k, (at, value) in state["last"].items()}
        self._situation = Situation(state["stopped"], state["by"], dict(state["locked"]))
