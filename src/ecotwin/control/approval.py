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
    if advice.state != "open":
        raise WriteRefused(
            f"advice {advice.id} is {advice.state} and no longer open",
            expected="an open advice",
            remedy="reload the page and choose among the open ones",
        )
    if now > advice.decide_by:
        raise WriteRefused(
            f"advice {advice.id} had to be decided by {advice.decide_by:%H:%M} UTC and it is "
            f"{now:%H:%M}",
            expected="a decision in time to start",
            remedy="wait for the next one",
        )
    if advice.changes and advice.autonomy not in ("approve", "automatic"):
        raise WriteRefused(
            f"advice {advice.id} is on `{advice.autonomy}`: the twin may not write it",
            expected="autonomy `approve` or `automatic` at the set-point",
            remedy="carry it out by hand, or raise `autonomy` in the plant file",
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


def decline(advice: Advice, person: str, reason: str, now: datetime) -> Advice:
    """Say no, with the reason: the advisor learns from it.

    Raises:
        WriteRefused: The advice is no longer open, or no reason was given.
    """
    del now
    if advice.state != "open":
        raise WriteRefused(
            f"advice {advice.id} is {advice.state}",
            expected="an open advice",
            remedy="reload the page",
        )
    if not reason.strip():
        raise WriteRefused(
            "no reason was given",
            expected="a few words",
            remedy="say why, so that the advice gets better",
        )
    return replace(advice, state="declined", by=person, note=reason.strip())


def expire(advices: Iterable[Advice], now: datetime) -> list[Advice]:
    """Open advice whose time to decide has passed, as expired."""
    return [
        replace(a, state="expired", note=f"nobody decided by {a.decide_by:%Y-%m-%d %H:%M} UTC")
        for a in advices
        if a.state == "open" and now > a.decide_by
    ]


def _permit(decision: Decision) -> None:
    if not decision.allowed:
        raise AccessRefused(
            decision.why or "this person may not approve it",
            expected="a role that the plant file allows to approve",
            remedy="ask somebody who has it",
        )


def _order(
    plant: Plant, change: Change, id_: str, advice: str, person: str, now: datetime
) -> Order:
    write = plant.signal(change.signal).write if plant.has_signal(change.signal) else None
    if write is None:
        raise WriteRefused(
            f"{change.signal} cannot be written",
            expected="a set-point with a `write` part in the plant file",
            remedy="correct the signal, or describe what may be written to it in the plant file",
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
