"""Which advice first: by what is surely saved, for the world before the purse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ecotwin.records import Advice, Range

_STATES = ("open", "running", "approved", "done", "failed", "declined", "expired")


def rank(advices: Iterable[Advice]) -> list[Advice]:
    """Open advice first, then by the lower end of what is saved: kgCO2e, energy, money.

    The lower end of the 95 % interval is taken, so that a bold guess does not stand above a
    sure saving.
    """

    def order(a: Advice) -> tuple[int, float, float, float, datetime]:
        place = _STATES.index(a.state) if a.state in _STATES else len(_STATES)
        s = a.saves
        return (place, -_sure(s.co2e_kg), -_sure(s.energy_kwh), -_sure(s.money), a.decide_by)

    return sorted(advices, key=order)


def _sure(amount: Range | None) -> float:
    return amount.low if amount is not None else 0.0
