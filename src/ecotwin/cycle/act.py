"""Act: advice, a person's decision, and orders on their way to the machine and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ecotwin import plugs
from ecotwin.advice.contract import Advisor, Outlook, ServiceCase
from ecotwin.advice.ranking import rank
from ecotwin.clock import Period
from ecotwin.connectors.contract import Connector
from ecotwin.control import approval, interlocks
from ecotwin.control.dispatch import Dispatch, Outcome
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.errors import WireFault, WriteRefused
from ecotwin.governance.access import Decision, Person
from ecotwin.plant import Plant
from ecotwin.records import Advice, Check, Image, Order, Receipt, Saving

ADVISE_EVERY = timedelta(minutes=5)
HORIZON = timedelta(hours=36)
OVER = {"restored", "refused", "failed"}


@dataclass(frozen=True, slots=True)
class Ended:
    """Advice whose orders have all come to an end."""

    advice: Advice
    orders: tuple[Order, ...]


class Act:
    """Proposes, carries out what was approved, and remembers what became of it.

    Args:
        plant: The plant. keeper: Keeps and seals. prices: Money and carbon ahead.
        connectors: The ways to the machines, by name.
        writes: Whether this installation may write at all.
    """

    def __init__(
        self,
        plant: Plant,
        keeper: Keeper,
        prices: Prices,
        connectors: Sequence[Connector],
        *,
        writes: bool,
    ) -> None:
        self._plant = plant
        self._keeper = keeper
        self._prices = prices
        self._connectors = {c.name: c for c in connectors}
        self.writes = writes
        self.advisors: dict[str, Advisor] = {
            name: plug(plant) for name, plug in plugs.load_all("advice").items()
        }
        self.dispatch = Dispatch(plant, self._write, journal=self._journal)
        self.advice: dict[str, Advice] = {a.id: a for a in keeper.all(Advice)}
        self.orders: dict[str, Order] = {o.id: o for o in keeper.all(Order)}
        self.receipts: dict[str, list[Receipt]] = {}
        for receipt in sorted(keeper.all(Receipt), key=lambda r: r.at):
            self.receipts.setdefault(receipt.order, []).append(receipt)
        kept = keeper.restore("dispatch")
        if kept is not None:
            self.dispatch.restore(kept)
        self._take_up()
        self._advised_at: datetime | None = None

    def _take_up(self) -> None:
        """Orders sealed as planned, when a crash came before the journal knew them: they are carried on."""
        living = {order.id for order in self.dispatch.living}
        lost = [o for o in self.orders.values() if o.state == "planned" and o.id not in living]
        for order in lost:
            try:
                self.dispatch.add(order)
            except WriteRefused:
                refused = replace(order, state="refused")
                self.orders[order.id] = refused
                self._keeper.seal(refused, order.id, order.start)
        if lost:
            self._journal(self.dispatch.state())

    def advise(
        self, now: datetime, image: Image, look: Look, savings: list[Saving],
        upkeep: Callable[[datetime], Sequence[ServiceCase]] = lambda _: (),
    ) -> bool:  # fmt: skip
        """Ask the advisors, at most every few minutes; returns whether anything changed."""
        if self._advised_at is not None and now - self._advised_at < ADVISE_EVERY:
            return False
        self._advised_at = now
        changed = self._expire(now)
        ahead = Period(now, now + HORIZON)
        learned = dict(zip(look.baselines.elements, look.baselines.learned, strict=True))
        outlook = Outlook(
            now=now,
            image=image,
            findings=look.open(now),
            price=self._prices.money_bands("electricity", ahead),
            carbon=self._prices.carbon_bands(ahead),
            state_kw=look.baselines.state_kw(),
            learned={e: bool(known) for e, known in learned.items()},
            past=savings,
            taken=frozenset(self.advice),
            upkeep=upkeep(now),
        )
        proposed = [a for advisor in self.advisors.values() for a in advisor.propose(outlook)]
        for advice in rank(proposed):
            self.advice[advice.id] = advice
            self._keeper.seal(advice, advice.id, advice.proposed_at)
            changed = True
        return changed

    def approve(self, id: str, person: Person, decision: Decision, now: datetime) -> int:  # noqa: A002
        """Approve advice: its orders are planned. Returns the place of the approval in the ledger.

        Raises:
            AccessRefused: The person may not.
            WriteRefused: Writing is off or stopped, or the advice is no longer open.
        """
        # What a person carries out switches nothing.
        switches = bool(self.advice[id].changes)
        if switches and not self.writes:
            raise WriteRefused(
                "writing to machines is off in this installation",
                expected="the setting `writes` and `writing: true` of the connection in the plant file",
                remedy="turn both on after commissioning, then approve again",
            )
        if switches and self.dispatch.situation.stopped:
            raise WriteRefused(
                f"writing was stopped by {self.dispatch.situation.by}",
                expected="writing allowed",
                remedy="allow writing again, then approve",
            )
        approved, orders = approval.approve(
            self._plant, self.advice[id], person.name, decision, now
        )
        self.dispatch.add(*orders)
        self.advice[id] = approved
        entry = self._keeper.note(
            "approval",
            id,
            {"advice": id, "by": person.name, "roles": list(person.roles), "why": decision.why},
        )
        self._keeper.seal(approved, id, now)
        for order in orders:
            self.orders[order.id] = order
            self._keeper.seal(order, order.id, order.start)
        self._journal(self.dispatch.state())
        return entry

    def decline(self, id: str, person: Person, reason: str, now: datetime) -> int:  # noqa: A002
        """Decline advice with a reason. Returns its place in the ledger."""
        self.advice[id] = approval.decline(self.advice[id], person.name, reason)
        entry = self._keeper.note(
            "decline", id, {"advice": id, "by": person.name, "reason": reason}
        )
        self._keeper.seal(self.advice[id], id, now)
        return entry

    def tick(self, now: datetime, image: Image) -> tuple[bool, list[Ended]]:
        """Carry orders on; returns whether anything changed, and advice that came to its end."""
        return self._take(self.dispatch.tick(now, image), now)

    def stop(self, now: datetime, image: Image, by: str) -> list[Ended]:
        """Stop all writing; what is leased is brought back."""
        return self._take(self.dispatch.stop(now, image, by), now)[1]

    def checks(self, advice: Advice, image: Image, now: datetime) -> tuple[Check, ...]:
        """The interlocks of its first change, asked as if it began now."""
        if not advice.changes:
            return ()
        change = advice.changes[0]
        write = self._plant.signal(change.signal).write
        order = Order(
            id="asked", advice=advice.id, signal=change.signal, value=change.value, restore=change.restore,
            start=now, lease_until=now + (change.period.end - change.period.start),
            watchdog=bool(write and write.watchdog), approved_by="asked", approved_at=now,
        )  # fmt: skip
        return interlocks.check(
            self._plant, order, image, now, self.dispatch.last_writes, self.dispatch.situation
        )

    def orders_of(self, advice: str) -> list[Order]:
        """Orders of an advice."""
        return [o for o in self.orders.values() if o.advice == advice]

    def _take(self, outcome: Outcome, now: datetime) -> tuple[bool, list[Ended]]:
        for order in outcome.orders:
            self.orders[order.id] = order
            self._keeper.seal(order, order.id, order.start)
        for receipt in outcome.receipts:
            self.receipts.setdefault(receipt.order, []).append(receipt)
            self._keeper.seal(receipt, receipt_id(receipt), receipt.at)
        if outcome.orders or outcome.receipts:
            self._journal(self.dispatch.state())
        touched = {o.advice for o in outcome.orders if o.advice}
        return bool(outcome.orders or outcome.receipts), self._follow(touched, now)

    def _follow(self, touched: set[str], now: datetime) -> list[Ended]:
        """Bring the state of the advice after that of its orders."""
        ended = []
        for id_ in touched & self.advice.keys():
            orders = self.orders_of(id_)
            advice = self.advice[id_]
            states = {o.state for o in orders}
            if states <= OVER:
                state = "done" if "restored" in states else "failed"
            else:
                state = "running" if states & {"sent", "confirmed"} else advice.state
            if state != advice.state:
                self.advice[id_] = replace(advice, state=state)
                self._keeper.seal(self.advice[id_], id_, now)
                if state == "done":
                    ended.append(Ended(self.advice[id_], tuple(orders)))
        return ended

    def _expire(self, now: datetime) -> bool:
        gone = approval.expire(self._plant, self.advice.values(), now)
        for advice in gone:
            self.advice[advice.id] = advice
            self._keeper.keep(advice, advice.id, advice.proposed_at)
        return bool(gone)

    def _journal(self, state: dict[str, Any]) -> None:
        self._keeper.state("dispatch", state)

    def _write(self, signal: str, value: float, lease_s: float) -> None:
        """The only caller of a connector's write."""
        name = self._plant.signal(signal).connection
        connector = self._connectors.get(name)
        if connector is None:
            raise WireFault(
                f"connection {name!r} is not open",
                expected="a running connector",
                remedy="check the connection in the plant file",
            )
        connector.write(signal, value, lease_s)


def receipt_id(receipt: Receipt) -> str:
    """Stable id of a receipt."""
    return f"{receipt.order}/{receipt.kind}/{receipt.at:%Y%m%dT%H%M%S%f}"
