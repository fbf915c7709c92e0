"""What people do: decide, acknowledge, stop. Each act is checked by `governance.access` and sealed."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ecotwin.cycle.normals import KIND as NORMAL
from ecotwin.cycle.normals import standing
from ecotwin.cycle.remembered import Remembered
from ecotwin.errors import FigureGap
from ecotwin.governance.access import Decision, demand, may


class People(Remembered):
    """Acts of the person at the page."""

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
            said = self.look.alerts.acknowledge(id, self.person.name, note, self.now())
            found = self.look.diagnosing.with_causes([said], self.look.closed_until)[0]
            self.open_now = self.look.open(self.now())
            self.urgent += 1
            return self.keeper.seal(found, found.id, found.onset)

    def close_finding(self, id: str, note: str, turned_out: str = "") -> int:  # noqa: A002
        """Close a finding; returns the place in the ledger.

        Args:
            id: The finding. note: What was seen or done.
            turned_out: The cause that was found, one of the finding's; later findings of its kind learn from it.

        Raises:
            FigureGap: It is none of the finding's causes.
        """
        with self.lock:
            demand(self.person, "acknowledge", self.finding(id).element, self.plant)
            known = {c.subject for c in self.finding(id).causes}
            if turned_out and turned_out not in known:
                raise FigureGap(
                    f"{turned_out!r} is no cause that was weighed",
                    expected=f"one of {', '.join(sorted(known))}",
                    remedy="choose one of them, or `unknown` with a note",
                )
            said = self.look.alerts.close(id, self.person.name, note, self.now())
            told = self.look.diagnosing.with_causes([said], self.look.closed_until)[0]
            found = replace(told, turned_out=turned_out)
            if turned_out:
                self.look.diagnosing.learn(found, turned_out)
            self.open_now = self.look.open(self.now())
            self.urgent += 1
            return self.keeper.seal(found, found.id, found.onset)

    def make_normal(self, element: str, why: str) -> int:
        """Say that what a machine draws from now on is normal; returns the place in the ledger.

        Findings of its power are closed with the reason, and silent until the power was as expected once.

        Args:
            element: Machine. why: What was done or changed: overhaul, new product, new tool.

        Raises:
            FigureGap: It has no meter of its own, or no reason is given.
        """
        with self.lock:
            demand(self.person, "set_normal", element, self.plant)
            self.look.confirm(element, self.now(), why)
            said = {"by": self.person.name, "why": why.strip()}
            for found in standing(self.look.open(self.now()), element):
                self.close_finding(found.id, f"said to be normal: {said['why']}")
            self.urgent += 1
            return self.keeper.note(NORMAL, element, said)

    def stop_writes(self, reason: str) -> int:
        """Stop all writing; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "stop_writes", "", self.plant)
            self.act.stop(self.now(), self.image(), self.person.name)
            self.urgent += 1
            return self.keeper.note(
                "stop", self.plant.id, {"by": self.person.name, "reason": reason}
            )

    def allow_writes(self, reason: str) -> int:
        """Allow writing again; returns the place in the ledger."""
        with self.lock:
            demand(self.person, "stop_writes", "", self.plant)
            self.act.dispatch.resume()
            self.urgent += 1
            return self.keeper.note(
                "allow", self.plant.id, {"by": self.person.name, "reason": reason}
            )

    def evidence(self, index: int) -> bytes:
        """A bundle that proves one ledger entry offline."""
        demand(self.person, "export", "", self.plant)
        return self.prove.evidence(index, self.now())
