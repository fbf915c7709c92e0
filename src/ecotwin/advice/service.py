"""When to service what wears: the day on which waiting longer costs more than the service does.

A machine that uses more for the same work with every running hour loses energy, carbon and money each hour that it is
not served. What is advised is the date at which cost over a whole life between two services is least
(`maintenance.service`, handed over by the cycle). What it saves is what it had lost by then, carried over the running
hours to the service after: served, the loss begins from nothing again; not served, it stays. One advice a service: it
is not made anew while its date moves by a few days.

Sources: age replacement, Barlow and Proschan, Mathematical Theory of Reliability, 1965.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ecotwin.advice.contract import Outlook, ServiceCase
from ecotwin.clock import Period
from ecotwin.plant.model import Plant
from ecotwin.records import Advice, Cost, Range

AHEAD = timedelta(days=21)
"""Advised so long before the date: parts and people must be there."""
GRACE = timedelta(days=7)
"""A service that is due already is to be decided within so long."""
LEAST_HOURS_DAY = 0.5
"""What runs less has no date."""


class Service:
    """Advises services that pay."""

    name = "service"

    def __init__(self, plant: Plant) -> None:
        self._zone, self._currency = plant.zone, plant.currency

    def propose(self, outlook: Outlook) -> list[Advice]:
        """Advice for each machine whose service comes due, the one that saves the most first."""
        found = [
            advice for case in outlook.upkeep if (advice := self._advise(case, outlook)) is not None
        ]
        return sorted(found, key=lambda a: -(a.saves.energy_kwh.low if a.saves.energy_kwh else 0.0))

    def _advise(self, case: ServiceCase, outlook: Outlook) -> Advice | None:
        id_ = f"{self.name}:{case.element}:{case.round}"
        if id_ in outlook.taken or case.hours_day < LEAST_HOURS_DAY or case.kw_per_h.low <= 0.0:
            return None
        due, earliest, latest = (
            _day(outlook.now, hours / case.hours_day)
            for hours in (case.due_in_h.value, case.due_in_h.low, case.due_in_h.high)
        )
        if due - outlook.now > AHEAD:
            return None
        decide_by = max(due, outlook.now + GRACE)
        # What it lost by the day of service, kept up over the running hours to the one after.
        lost_kw = _times(case.kw_per_h, case.lost_h + max(case.due_in_h.value, 0.0))
        saves = worth_of(case, lost_kw, mean_rate(outlook.price), mean_rate(outlook.carbon))
        until = decide_by + timedelta(days=case.every_h.value / case.hours_day)
        return Advice(
            id=id_, advisor=self.name, element=case.element,
            title=f"Service {case.name} " + self._when(outlook.now, due),
            why=_sentences((*self._why(case, saves, (earliest, due, latest), lost_kw), *case.why)),
            against=_sentences(self._against(case, saves)), changes=(), saves=saves, proposed_at=outlook.now,
            decide_by=decide_by, period=Period(decide_by, until), autonomy="advise",
        )  # fmt: skip

    def _when(self, now: datetime, due: datetime) -> str:
        return "now" if due <= now else f"by {self._date(due)}"

    def _date(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%-d %B}"

    def _why(
        self,
        case: ServiceCase,
        saves: Cost,
        days: tuple[datetime, datetime, datetime],
        lost_kw: Range,
    ) -> tuple[str, ...]:
        early, due, late = (self._date(d) for d in days)
        coin = {"co2e": "kgCO2e", "money": self._currency}.get(case.coin, "money and CO2e together")
        overdue = case.due_in_h.value < 0.0
        head = (
            f"waiting costs more than the service since {due}" if overdue
            else f"from {due} on waiting costs more than the service"
        )  # fmt: skip
        often = f"a service every {case.every_h.value:,.0f} running hours costs least"
        said = [
            f"{head} ({early} to {late}, 90 %), weighed in {coin}: {often}, at {case.hours_day:.1f} of them a day",
            f"by then it draws {lost_kw.value:.2g} kW more for the same work ({lost_kw.low:.2g} to {lost_kw.high:.2g})",
        ]
        if saves.energy_kwh is not None:
            more = [
                f"{r.value:,.0f} {unit} ({r.low:,.0f} to {r.high:,.0f})"
                for r, unit in (
                    (saves.energy_kwh, "kWh"), (saves.co2e_kg, "kgCO2e"), (saves.money, self._currency),
                )
                if r is not None
            ]  # fmt: skip
            said.append(
                f"served then, it saves until the service after: {', '.join(more)}, the service itself taken off"
            )
        if case.risk is not None:
            said.append(
                f"the risk that it fails in the next 30 days is {100 * case.risk.value:.0f} % "
                f"({100 * case.risk.low:.0f} to {100 * case.risk.high:.0f} %)"
            )
        return tuple(said)

    def _against(self, case: ServiceCase, saves: Cost) -> tuple[str, ...]:
        said = [*case.gaps, "parts and people must be there, and it stands still meanwhile"]
        if case.money is not None:
            said.append(f"the service costs {case.money:,.0f} {self._currency} and its standstill")
        if saves.money is not None and saves.money.low < 0.0:
            said.append("in money it may not pay: the lower end of its interval is below zero")
        return tuple(said)


def worth_of(case: ServiceCase, lost_kw: Range, price: float | None, carbon: float | None) -> Cost:
    """What a service saves until the one after, with what it costs itself taken off where that is stated.

    Args:
        case: Of the machine. lost_kw: Lost by the day of service.
        price: [currency/kWh]. carbon: [kgCO2e/kWh]. None: not known.
    """
    kwh = _times(lost_kw, case.every_h.value)
    money = co2e = None
    if price is not None and case.money is not None:
        money = _less(_times(kwh, price), case.money)
    if carbon is not None:
        co2e = _less(_times(kwh, carbon), case.co2e_kg or 0.0)
    return Cost(energy_kwh=kwh, co2e_kg=co2e, money=money)


def mean_rate(bands: Sequence[tuple[datetime, datetime, float]]) -> float | None:
    """Mean of bands by time; None without any.

    >>> from datetime import UTC
    >>> h = lambda n: datetime(2026, 6, 18, n, tzinfo=UTC)
    >>> mean_rate([(h(0), h(1), 0.2), (h(1), h(4), 0.4)])
    0.35
    """
    lengths = [(end - start).total_seconds() for start, end, _ in bands]
    whole = sum(lengths)
    return sum(t * v for t, (*_, v) in zip(lengths, bands, strict=True)) / whole if whole else None


def _sentences(said: Sequence[str]) -> tuple[str, ...]:
    return tuple(s[:1].upper() + s[1:].rstrip(".") + "." for s in said)


def _times(r: Range, factor: float) -> Range:
    return Range(r.value * factor, r.low * factor, r.high * factor)


def _less(r: Range, amount: float) -> Range:
    return Range(r.value - amount, r.low - amount, r.high - amount)


def _day(now: datetime, days: float) -> datetime:
    """So many days from now, to the day; at most ten years away."""
    return now + timedelta(days=round(min(max(days, -3650.0), 3650.0)))


plug = Service
