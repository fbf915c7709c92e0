"""How well machines are and when their service pays, from the twin's own hours: what they use for what they deliver.

A machine that counts its running hours, its electricity and what it delivers (air, heat, cold, nitrogen) is followed by
its specific use: kWh per unit delivered, at equal load and pressure. What that gained over running hours is lost power
that grows with every hour; with the price of a service it says when the service pays, in money and in CO2e.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import numpy as np

from ecotwin.advice.contract import ServiceCase
from ecotwin.clock import HOUR, Period, instant, micros
from ecotwin.cycle.failures import failures
from ecotwin.cycle.prices import Prices
from ecotwin.errors import FigureGap
from ecotwin.history.contract import Store
from ecotwin.maintenance.health import LEAST_ROWS, Creep, creep
from ecotwin.maintenance.service import Costs, Wear, best_age, explain_service
from ecotwin.plant import Element, Plant, Signal
from ecotwin.records import Explanation, Floats, Range, Window

DELIVERS = ("air_volume", "heat_energy", "cold_energy", "nitrogen_volume")
"""Meanings of counters of what a machine delivers."""
DAYS = 90.0
"""Longest history that is looked at."""
_LOADED = 0.5
"""Hours in which a machine delivers less than this share of its busy hours tell of idling and not of wear."""
_FACTS = ("service_money", "service_kgco2e", "failure_money", "failure_kgco2e", "money_per_tco2e")
"""Facts of a machine in the plant file that weighing a service takes."""
_CONDITIONS = ("pressure", "setpoint")
_RENEW = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What is known of a machine's upkeep.

    Attributes:
        element: Machine. hours: Its running hours now, None: it does not count them.
        unit: What its specific use is in, such as kWh/m3. creep: How that moved, None: see `gaps`.
        health_pct: Its specific use at the begin of the stretch by that at the end, at most 100.
        kw_lost: Power lost now to what it gained.
        service_in_h: Hours to the next multiple of the fixed interval of its kind.
        money, co2e, both: When service pays, each with its reasons; None: see `gaps`.
        gaps: What cannot be said, and why, in sentences.
        case: What an advisor weighs; None: no service pays yet, or it cannot be said.
    """

    element: str
    hours: float | None
    unit: str
    creep: Creep | None
    health_pct: float | None
    kw_lost: float | None
    service_in_h: float | None
    money: Explanation | None
    co2e: Explanation | None
    both: Explanation | None
    gaps: tuple[str, ...]
    case: ServiceCase | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What a machine's hours told: how fast it loses power [kW/h], and from what."""

    machine: Element
    rate: Range
    moved: Creep
    age: float | None
    data: tuple[str, ...]
    now: datetime


class Upkeeps:
    """Tells the upkeep of the machines of one plant; an answer holds for six plant hours.

    Args:
        plant: The plant. store: Its history. prices: Its tariffs and grid carbon.
    """

    def __init__(self, plant: Plant, store: Store, prices: Prices) -> None:
        self._plant = plant
        self._store = store
        self._prices = prices
        self._told: dict[str, tuple[datetime, Upkeep]] = {}
        self._counting = tuple(
            m.id
            for m in plant.machines
            if {"hours", "electricity_energy"} <= {s.means for s in plant.signals_of(m.id)}
        )

    def of(self, machine: str, now: datetime) -> Upkeep:
        """Upkeep of a machine as its history stands now."""
        known = self._told.get(machine)
        if known is not None and timedelta(0) <= now - known[0] < _RENEW:
            return known[1]
        made = self._made(self._plant.element(machine), now)
        self._told[machine] = (now, made)
        return made

    def _made(self, machine: Element, now: datetime) -> Upkeep:
        signals = {s.means: s for s in self._plant.signals_of(machine.id)}
        hours, used = signals.get("hours"), signals.get("electricity_energy")
        output = next((signals[m] for m in DELIVERS if m in signals), None)
        if hours is None or used is None or output is None:
            lacks = "its running hours, its electricity and what it delivers"
            return _nothing(machine.id, f"{machine.name} does not count {lacks}")
        more = [signals[m] for m in _CONDITIONS if m in signals]
        end = micros(now) // HOUR * HOUR
        period = Period(instant(end - int(DAYS * 24) * HOUR), instant(end))
        window = self._store.window([s.index for s in (hours, used, output, *more)], period, 3600)
        at, figure, flow = _specific(window)
        reading = window.last[:, 0]
        seen = reading[np.isfinite(reading)]
        age = float(seen[-1]) if len(seen) else None
        unit = f"{used.unit}/{output.unit}"
        try:
            moved = creep(at, figure)
        except FigureGap as gap:
            return _nothing(
                machine.id, f"{unit} of {machine.name}: {gap.found}", age, self._due(machine, age)
            )
        return self._weighed(machine, output, unit, age, moved, float(np.mean(flow)), now)

    def _weighed(
        self,
        machine: Element,
        output: Signal,
        unit: str,
        age: float | None,
        moved: Creep,
        flow: float,
        now: datetime,
    ) -> Upkeep:
        gained = moved.last - moved.first if moved.sure else 0.0
        health = (
            100.0 * min(1.0, moved.first / moved.last) if moved.sure and moved.last > 0.0 else 100.0
        )
        told: dict[str, Explanation | None] = {"money": None, "co2e": None, "both": None}
        gaps: list[str] = []
        case = None
        if not moved.sure or moved.per_h.value <= 0.0:
            gaps.append(
                f"no wear is seen in {moved.hours:,.0f} running hours, so no hour is named at which service pays"
            )
        else:
            rate = Range(
                *(flow * x for x in (moved.per_h.value, moved.per_h.low, moved.per_h.high))
            )
            data = (
                f"{moved.hours:,.0f} running hours of {unit} at equal load, {flow:,.0f} {output.unit} an hour",
            )
            known = Known(machine, rate, moved, age, data, now)
            told, gaps, case = self._service(known)
        return Upkeep(
            machine.id, age, unit, moved, health, max(0.0, gained * flow), self._due(machine, age),
            told["money"], told["co2e"], told["both"], tuple(gaps), case,
        )  # fmt: skip

    def _service(
        self, known: Known
    ) -> tuple[dict[str, Explanation | None], list[str], ServiceCase | None]:
        """When service pays in each coin, what cannot be said, and the case for an advisor."""
        machine, now = known.machine, known.now
        currency = self._plant.currency
        price, carbon = self._prices.money("electricity", now), self._prices.carbon(now)
        facts = {name: _positive(machine.kind_facts.get(name)) for name in _FACTS}
        eur, kg, worth = (facts[n] for n in ("service_money", "service_kgco2e", "money_per_tco2e"))
        told: dict[str, Explanation | None] = {"money": None, "co2e": None, "both": None}
        risk = failures(self._plant, self._store, machine, now)
        gaps = [risk.gap] if risk.gap else []
        # What was lost at the begin of the stretch is not known: waiting is counted from there.
        since = known.moved.hours
        wear = Wear.of(risk.draws, known.rate)
        coins: dict[str, Costs] = {}
        if eur and price:
            coins["money"] = Costs(eur, facts["failure_money"] or 0.0, price)
        else:
            gaps.append(
                f"service_money of {machine.name} and a tariff are needed to weigh it in {currency}"
            )
        if kg and carbon:
            coins["co2e"] = Costs(kg, facts["failure_kgco2e"] or 0.0, carbon)
        else:
            gaps.append(
                f"service_kgco2e of {machine.name} and grid carbon are needed to weigh it in kgCO2e"
            )
        if len(coins) == 2 and worth:
            coins["both"] = coins["money"].with_price(coins["co2e"], worth / 1000.0)
        ages: dict[str, Range] = {}
        for name, costs in coins.items():
            coin = "kgCO2e" if name == "co2e" else currency
            best = best_age(wear, costs)
            try:
                told[name] = explain_service(best, machine.name, since, coin, known.data)
            except FigureGap as gap:
                gaps.append(gap.found)
            if best.age_h is not None:
                ages[name] = best.age_h
        coin = next((c for c in ("both", "money", "co2e") if c in ages), "")
        if not coin or known.age is None:
            return told, gaps, None
        every = _positive(machine.kind_facts.get("service_h")) or ages[coin].value
        case = ServiceCase(
            machine.id, machine.name, known.age, self._hours_day(machine, now), ages[coin], _less(ages[coin], since),
            coin, known.rate, since, eur, kg, risk.within, int(known.age // every),
            (*known.data, *risk.why), tuple(gaps),
        )  # fmt: skip
        return told, gaps, case

    def _hours_day(self, machine: Element, now: datetime) -> float:
        """Running hours a day over the last four weeks."""
        signal = self._plant.find(machine.id, "hours")
        if signal is None:
            return 0.0
        end = micros(now) // HOUR * HOUR
        period = Period(instant(end - 28 * 24 * HOUR), instant(end))
        window = self._store.window([signal.index], period, 3600)
        seen = np.flatnonzero(np.isfinite(window.last[:, 0]))
        if len(seen) < 2:
            return 0.0
        gained = float(window.last[seen[-1], 0] - window.last[seen[0], 0])
        return max(0.0, gained / (float(seen[-1] - seen[0]) / 24.0))

    def cases(self, now: datetime) -> list[ServiceCase]:
        """Machines whose service can be weighed; at most one is looked at anew in one call, so that nobody waits."""
        found, looked = [], False
        for machine in self._counting:
            known = self._told.get(machine)
            fresh = known is not None and timedelta(0) <= now - known[0] < _RENEW
            if not fresh and not looked:
                known, looked = (now, self.of(machine, now)), True
            if known is not None and known[1].case is not None:
                found.append(known[1].case)
        return found

    def _due(self, machine: Element, age: float | None) -> float | None:
        every = _positive(machine.kind_facts.get("service_h"))
        return None if age is None or every is None else every - age % every


def _less(r: Range, amount: float) -> Range:
    return Range(r.value - amount, r.low - amount, r.high - amount)


def _positive(value: object) -> float | None:
    """A number above 0, or None."""
    sound = isinstance(value, int | float) and bool(np.isfinite(value)) and value > 0.0
    return float(cast(float, value)) if sound else None


def _nothing(
    element: str, gap: str, hours: float | None = None, due: float | None = None
) -> Upkeep:
    return Upkeep(element, hours, "", None, None, None, due, None, None, None, (gap,))


def _specific(window: Window) -> tuple[Floats, Floats, Floats]:
    """Running hours, use per unit delivered at equal load and conditions, and amount delivered, of each loaded hour."""
    whole = (window.covered[:, 1:3] > 0.95).all(axis=1) & np.isfinite(window.last[:, 0])
    used, made = window.amount[:, 1], window.amount[:, 2]
    whole &= np.isfinite(used) & np.isfinite(made)
    busy = float(np.quantile(made[whole], 0.9)) if whole.any() else 0.0
    rows = whole & (made > _LOADED * busy) & (made > 0.0)
    at, figure, flow = window.last[rows, 0], used[rows] / made[rows], made[rows]
    if len(at) < LEAST_ROWS:
        return at, figure, flow
    # What load and pressure do to the figure is taken out; the hours stand beside them, so that they keep their share.
    conditions = [flow, *(window.mean[rows, n] for n in range(3, window.mean.shape[1]))]
    kept = [
        c - c.mean()
        for c in conditions
        if np.isfinite(c).all() and c.std() > 1e-9 * (1.0 + abs(c.mean()))
    ]
    if kept:
        basis = np.column_stack([np.ones(len(at)), at - at.mean(), *kept])
        weight = np.linalg.lstsq(basis, figure, rcond=None)[0]
        figure = figure - np.column_stack(kept) @ weight[2:]
    return at, figure, flow


__all__ = ["DELIVERS", "Upkeep", "Upkeeps"]
