"""Advice becomes orders only when a person who may says yes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ecotwin.errors import AccessRefused, WriteRefused
from ecotwin.plant.model import Plant
from ecotwin.records import Advice, Change, Order


class Decision(Protocol):
    """What `governance.access` says of this person and this act."""

    @property
    def allowed(self) -> bool:
        """Whether the person may."""
        ...

    @property
    def why(self) -> str:
        """Why (not), with who may instead."""
        ...


def approve(
    plant: Plant, advice: Advice, person: str, decision: Decision, now: datetime
) -> tuple[Advice, tuple[Order, ...]]:
    """Make orders of an advice.

    Returns:
        The approved advice and its orders; no orders when a person must carry it out.

    Raises:
        AccessRefused: The person may not.
        WriteRefused: The advice is not open, too late, or the plant file allows no order here.
    """
    _permit(decision)
    _is_open(advice)
    if now > advice.decide_by:
        raise WriteRefused(
            f"“{advice.title}” had to be decided by {plant.local(advice.decide_by, now)} and it is "
            f"now {plant.local(now)}",
            expected="a decision in time to start",
            remedy="wait for the next advice of this kind; it comes before the next pause",
        )
    if advice.changes and advice.autonomy not in ("approve", "automatic"):
        raise WriteRefused(
            f"the twin may not carry out “{advice.title}”: its set-point is on `{advice.autonomy}`",
            expected="autonomy `approve` or `automatic` at the set-point",
            remedy="carry it out at the machine, or raise `autonomy` of the set-point in the plant file",
        )
    orders = tuple(
        _order(plant, change, f"{advice.id}/{n}", advice.id, person, now)
        for n, change in enumerate(advice.changes)
    )
    return replace(advice, state="approved", by=person), orders


def ask(plant: Plant, change: Change, person: str, decision: Decision, now: datetime) -> Order:
    """A person's own order, without an advice; it meets the same interlocks.

    Raises:
        AccessRefused: The person may not.
        WriteRefused: The signal cannot be written.
    """
    _permit(decision)
    return _order(plant, change, f"{change.signal}@{now:%Y%m%dT%H%M%S%f}", "", person, now)


def decline(advice: Advice, person: str, reason: str) -> Advice:
    """Say no, with the reason.

    Raises:
        WriteRefused: The advice is no longer open, or no reason was given.
    """
    _is_open(advice)
    if not reason.strip():
        raise WriteRefused(
            f"no reason was given for declining “{advice.title}”",
            expected="a few words on what speaks against it",
            remedy="say why: the reason is sealed with the decision, and others will read it",
        )
    return replace(advice, state="declined", by=person, note=reason.strip())


def expire(plant: Plant, advices: Iterable[Advice], now: datetime) -> list[Advice]:
    """Open advice whose time to decide has passed, as expired; the note tells the plant's own time."""
    return [
        replace(
            a, state="expired", note=f"nobody decided by {plant.local(a.decide_by, a.proposed_at)}"
        )
        for a in advices
        if a.state == "open" and now > a.decide_by
    ]


def _is_open(advice: Advice) -> None:
    if advice.state != "open":
        by = f" by {advice.by}" if advice.by else ""
        raise WriteRefused(
            f"“{advice.title}” is {advice.state}{by} and no longer open",
            expected="advice that waits for a decision",
            remedy="reload the page and choose among those that are open",
        )


def _permit(decision: Decision) -> None:
    if not decision.allowed:
        raise AccessRefused(
            decision.why or "this person may not decide on it",
            expected="a role that the plant file lets approve at this set-point",
            remedy="ask somebody who has such a role, or change `approve` of the set-point in the plant file",
        )


def _order(
    plant: Plant, change: Change, id_: str, advice: str, person: str, now: datetime
) -> Order:
    write = plant.signal(change.signal).write if plant.has_signal(change.signal) else None
    if write is None:
        raise WriteRefused(
            f"{change.signal} cannot be written: "
            + (
                "the plant file gives it no `write`"
                if plant.has_signal(change.signal)
                else "there is no such signal"
            ),
            expected="a set-point with a `write` part in the plant file",
            remedy="correct the signal, or say in the plant file what may be written to it",
        )
    return Order(
        id=id_,
        advice=advice,
        signal=change.signal,
        value=change.value,
        restore=change.restore,
        start=change.period.start,
        lease_until=change.period.end,
        watchdog=write.watchdog,
        approved_by=person,
        approved_at=now,
    )
