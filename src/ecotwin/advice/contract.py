"""What an advisor must do. An advisor plug is a class `plug(plant)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ecotwin.records import Advice, Finding, Floats, Image, Range, Saving


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an advisor may know.

    Attributes:
        now: Plant time. image: The plant now. findings: Open findings.
        price: (from, to, currency/kWh) bands ahead. carbon: (from, to, kgCO2e/kWh) bands ahead;
            empty when no factor was given.
        state_kw: machine id -> state name -> expected power [kW] with interval, from the learned baseline
            (or the kind's facts while nothing was learned).
        learned: machine id -> whether `state_kw` comes from this machine's own data.
        profile: [7 x 1440] or empty: reserved for forecasts by minute of the week.
        past: Savings measured so far of this advisor: it learns from outcomes.
        taken: Ids of advice that exists already (any state): never propose twice.
    """

    now: datetime
    image: Image
    findings: Sequence[Finding]
    price: Sequence[tuple[datetime, datetime, float]]
    carbon: Sequence[tuple[datetime, datetime, float]]
    state_kw: Mapping[str, Mapping[str, Range]]
    learned: Mapping[str, bool]
    past: Sequence[Saving]
    taken: frozenset[str]
    profile: Floats | None = None


class Advisor(Protocol):
    """One advisor."""

    name: str

    def propose(self, outlook: Outlook) -> list[Advice]:
        """New advice, best first; nothing that cannot start in time, nothing twice."""
        ...
