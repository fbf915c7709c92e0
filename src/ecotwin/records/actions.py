"""From advice to proof: changes, orders, receipts, savings, entries of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ecotwin.clock import Period
from ecotwin.records.figures import Cost, Range


@dataclass(frozen=True, slots=True)
class Change:
    """One set-point moved for a while: `value` from `period.start` to `period.end`, then `restore`."""

    signal: str
    value: float
    period: Period
    restore: float


@dataclass(frozen=True, slots=True)
class Check:
    """One interlock asked: what must hold, what was found."""

    name: str
    text: str
    found: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, with what speaks against it.

    Attributes:
        id: Stable: advisor, element and start of the change.
        changes: Set-point changes it would make; empty when a person must do it.
        saves: What it saves in total over its period (not per day), with interval.
        against: Sentences that speak against it. why: Sentences for it.
        decide_by: After this it can no longer start in time.
        autonomy: `observe`, `advise`, `approve`, `automatic`, as the plant file allows.
        state: `open`, `approved`, `declined`, `expired`, `running`, `done`, `failed`.
        finding: Id of the finding it answers, if any.
    """

    id: str
    advisor: str
    element: str
    title: str
    why: tuple[str, ...]
    against: tuple[str, ...]
    changes: tuple[Change, ...]
    saves: Cost
    proposed_at: datetime
    decide_by: datetime
    period: Period
    autonomy: str
    state: str = "open"
    finding: str = ""
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One approved write: the only thing that `control.dispatch` takes.

    Attributes:
        id: Unique. advice: Id of the advice, or empty for a person's own order.
        lease_until: When the set-point must be back at `restore`.
        watchdog: The device itself brings it back when the lease ends.
        state: `planned`, `sent`, `confirmed`, `restored`, `refused`, `failed`.
    """

    id: str
    advice: str
    signal: str
    value: float
    restore: float
    start: datetime
    lease_until: datetime
    watchdog: bool
    approved_by: str
    approved_at: datetime
    state: str = "planned"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an order.

    Attributes:
        kind: `sent`, `confirmed`, `refused`, `failed`, `restored`, `fell_back`.
        read_back: The value read from the machine; None when nothing was read.
        checks: The interlocks asked at that moment.
    """

    order: str
    at: datetime
    kind: str
    read_back: float | None
    text: str
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Saving:
    """Whether the saving really came.

    Attributes:
        advice: Id of the advice. element: Where. period: Measured over.
        expected: Energy without the change (adjusted baseline) [kWh], with interval.
        actual: Energy measured [kWh].
        saved: expected - actual [kWh], with interval at `level`.
        fit: The baseline is fit for this claim. reasons: Why, or why not.
        cost: What was saved, in total over the period.
    """

    advice: str
    element: str
    period: Period
    expected_kwh: Range
    actual_kwh: float
    saved_kwh: Range
    level: float
    method: str
    fit: bool
    reasons: tuple[str, ...]
    cost: Cost
    coverage: float
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One leaf of the ledger.

    Attributes:
        index: Position, from 0. at: When it was sealed. kind: `measure`, `finding`, `advice`,
            `approval`, `order`, `receipt`, `saving` ...
        subject: Id of the thing sealed. body: Canonical JSON. leaf: SHA-256(0x00 || body).
    """

    index: int
    at: datetime
    kind: str
    subject: str
    body: bytes
    leaf: bytes
