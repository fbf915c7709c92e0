"""What an advisor must do. An advisor plug is a class `plug(plant)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ecotwin.records import Advice, Finding, Floats, Image, Range, Saving


@dataclass(frozen=True, slots=True)
class ServiceCase:
    """What waiting with a machine's service costs, as its own hours tell (`maintenance.service`).

    Attributes:
        element, name: Machine. hours: Its running hours now. hours_day: It runs so many a day.
        every_h: Running hours from one service to the next at which cost is least, with its 90 % interval.
        due_in_h: Running hours until then, below 0: overdue; with its interval. coin: In which cost is least.
        kw_per_h: Power lost more with each running hour [kW/h], 95 %. lost_h: Running hours over which it grew so far.
        money, co2e_kg: Of a service. None: not stated.
        risk: Probability that it fails within the next 30 days if it is not served, with its interval; None: too few
            failures on record. round: Which service it is, by running hours. why: Evidence. gaps: What is not known.
    """

    element: str
    name: str
    hours: float
    hours_day: float
    every_h: Range
    due_in_h: Range
    coin: str
    kw_per_h: Range
    lost_h: float
    money: float | None
    co2e_kg: float | None
    risk: Range | None
    round: int
    why: tuple[str, ...]
    gaps: tuple[str, ...]


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
        upkeep: Machines whose service can be weighed.
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
    upkeep: Sequence[ServiceCase] = ()


class Advisor(Protocol):
    """One advisor."""

    name: str

    def propose(self, outlook: Outlook) -> list[Advice]:
        """New advice, best first; nothing that cannot start in time, nothing twice."""
        ...
