"""What was found, advised, ordered and saved."""

from __future__ import annotations

from typing import Any

from ecotwin.clock import iso, micros
from ecotwin.cycle.act import receipt_id
from ecotwin.cycle.parts import Parts
from ecotwin.governance.ledger import content
from ecotwin.records import Advice, Check, Finding, Order, Receipt, Saving


class Remembered(Parts):
    """What the pages ask of the twin's memory."""

    def findings_open(self) -> list[Finding]:
        """Open findings, worst first, as of the newest turn of the cycle: no page ever waits for the cycle."""
        return self.open_now

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
        return sorted(self.act.advice.copy().values(), key=lambda a: a.proposed_at, reverse=True)

    def advice(self, id: str) -> Advice:  # noqa: A002
        """One piece of advice.

        Raises:
            KeyError: There is none.
        """
        return self.act.advice[id]

    def checks(self, advice: Advice) -> tuple[Check, ...]:
        """Its interlocks, asked now."""
        return self.act.checks(advice, self.image(), self.now())

    def orders(self, advice: str = "") -> list[Order]:
        """Orders, newest first; of one advice when asked."""
        known = list(self.act.orders.values())
        return sorted(
            (o for o in known if not advice or o.advice == advice),
            key=lambda o: o.start,
            reverse=True,
        )

    def receipts(self, order: str) -> list[Receipt]:
        """What became of an order, in order of time."""
        return list(self.act.receipts.get(order, []))

    def receipt_id(self, receipt: Receipt) -> str:
        """Id of a receipt."""
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
        made = []
        for entry in self.ledger.entries(subject=advice):
            if entry.kind in {"approval", "decline"}:
                body = content(entry)
                verb = "Approved" if entry.kind == "approval" else "Declined"
                why = f": {body['reason']}" if body.get("reason") else ""
                made.append(
                    {
                        "at": iso(micros(entry.at)),
                        "text": f"{verb} by {body['by']}{why}",
                        "level": "ok",
                        "entry": entry.index,
                    }
                )
        return made
