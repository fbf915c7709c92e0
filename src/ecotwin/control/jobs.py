"""An order on its way, as dispatch keeps it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ecotwin.clock import instant, micros
from ecotwin.records import Order, Receipt

_MOMENTS = ("start", "lease_until", "approved_at")


@dataclass
class Job:
    """An order on its way.

    Attributes:
        phase: planned, sent, confirmed, restoring. sent_at: Newest write [us]. due: Read
            back until [us].
        renewed: Lease on the device runs until [us]. complained: A failed receipt was given
            for this phase.
    """

    order: Order
    phase: str = "planned"
    sent_at: int = 0
    due: int = 0
    renewed: int = 0
    complained: bool = False

    def blocks(self, order: Order) -> bool:
        """Whether another order may not have the same set-point at its time."""
        mine = self.order
        overlaps = order.start < mine.lease_until and mine.start < order.lease_until
        return mine.signal == order.signal and (overlaps or self.phase == "restoring")

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        saved = {k: getattr(self, k) for k in ("phase", "sent_at", "due", "renewed", "complained")}
        order = {k: micros(v) if k in _MOMENTS else v for k, v in asdict(self.order).items()}
        return {**saved, "order": order}

    @staticmethod
    def of(saved: dict[str, Any]) -> Job:
        """From its saved state."""
        order: dict[str, Any] = {
            k: instant(v) if k in _MOMENTS else v for k, v in saved["order"].items()
        }
        return Job(**{**saved, "order": Order(**order)})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tick did."""

    receipts: tuple[Receipt, ...]
    orders: tuple[Order, ...]
