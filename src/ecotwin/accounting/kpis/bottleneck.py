"""The constraint of each line in planned time, and what the machines use that wait for it.

A window is judged by itself: an active period that runs over its edge is cut there (windows of whole local days are cut
at midnight, where most lines rest). Figures of hours see only what a machine did at the end of each hour: ask for
minutes.

Sources: Roser, Nakano & Tanaka 2001, 2002 (see `accounting.bottleneck`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from ecotwin.accounting.amounts import Amount, attempt, settle, use_terms
from ecotwin.accounting.bottleneck import among, momentary, sole
from ecotwin.accounting.contract import Tally
from ecotwin.accounting.family import Family
from ecotwin.accounting.flows import flows_of
from ecotwin.accounting.grouped import read
from ecotwin.accounting.held import held_sums
from ecotwin.accounting.kpis import cost
from ecotwin.accounting.production import able_machines
from ecotwin.accounting.purchased import own_making, site_signals
from ecotwin.accounting.steps import ENOUGH, Steps
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant import calendar
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Bools, FactorUse, Floats, Input, Measure

_SHARE = "production.bottleneck_share"
_ENERGY = "energy.waiting_for_bottleneck"
_COST = "cost.waiting_for_bottleneck"


class Bottleneck(Family):
    """`production.bottleneck_share`, `energy` and `cost` `.waiting_for_bottleneck`, split by machine."""

    name = "bottleneck"
    indicators = (_SHARE, _ENERGY, _COST)

    def signals(self, plant: Plant, element: str) -> Iterable[Signal]:
        """Electricity meters of the machines in the lines below."""
        found: dict[str, Signal] = {}
        for machine in (m for line in _lines(plant, element) for m in able_machines(plant, line)):
            use = flows_of(plant).use(machine, "electricity")
            found |= {t.signal.id: t.signal for t in use.terms} if use else {}
        return (found | {s.id: s for s in own_making(plant)}).values() if found else ()

    def beside(self, plant: Plant, element: str) -> Iterable[Signal]:
        """States of the machines, and what was bought."""
        machines = (m for line in _lines(plant, element) for m in able_machines(plant, line))
        states = [s for m in machines if (s := plant.find(m, "state")) is not None]
        return (*states, *site_signals(plant)) if states else ()

    def own_sums(self, steps: Steps, element: str) -> dict[str, float]:
        """`led:machine|hours|`, `|sole|` and what others used meanwhile; `line@` hours planned and known."""
        planned = calendar.working(steps.plant, steps.window.at)
        sums = {"line@planned": 0.0, "line@known": 0.0}
        for line in _lines(steps.plant, element):
            for key, value in _line(steps, line, planned).items():
                sums[key] = sums.get(key, 0.0) + value
        return sums

    def figures(self, plant: Plant, tally: Tally) -> tuple[list[Measure], list[str]]:
        """The shares, then what waiting used and cost."""
        made, gaps = attempt([partial(_share, tally)])
        if not made:
            return [], gaps
        more, words = attempt([partial(_waiting, plant, tally), partial(_paid, plant, tally)])
        return made + more, list(dict.fromkeys(gaps + words))


def _lines(plant: Plant, element: str) -> tuple[str, ...]:
    """Lines at or below an element in which at least two machines tell their state."""
    return tuple(
        e.id
        for e in plant.under(element)
        if e.level == "line" and len(able_machines(plant, e.id)) > 1
    )


def _line(steps: Steps, line: str, planned: Bools) -> dict[str, float]:
    machines = able_machines(steps.plant, line)
    states = [steps.states(m) for m in machines]
    codes = np.stack([c for c, _ in states], axis=1)
    known = planned & np.stack([k for _, k in states], axis=1).all(axis=1)
    active = among(codes, "active") & known[:, None]
    share, alone = momentary(active), sole(active)
    sums = {
        "line@planned": float(planned.sum()) * steps.step_h,
        "line@known": float(known.sum()) * steps.step_h,
    }
    waiting = among(codes, "waiting") & known[:, None]
    stopped = among(codes, "stopped")
    kwh = np.stack([_kwh(steps, m) for m in machines], axis=1)
    waited = np.where(waiting, kwh, 0.0).sum(axis=1)
    for place, machine in enumerate(machines):
        mine = share[:, place]
        if not mine.any():
            continue
        mark = f"led:{machine}"
        sums[f"{mark}|hours|"] = float(mine.sum()) * steps.step_h
        sums[f"{mark}|sole|"] = float((mine * alone).sum()) * steps.step_h
        sums[f"{mark}|stopped|"] = float((waited * mine * stopped[:, place]).sum())
        held = held_sums(steps, mark, "electricity", waited * mine)
        sums |= {k: v for k, v in held.items() if "|certified|" not in k}
    return sums


def _kwh(steps: Steps, machine: str) -> Floats:
    use = flows_of(steps.plant).use(machine, "electricity")
    return steps.sum_of(use_terms(use)) if use else np.zeros(steps.window.steps)


def _share(tally: Tally) -> Measure:
    planned, known = tally.sums["line@planned"], tally.sums["line@known"]
    if planned <= 0.0:
        raise FigureGap(
            f"no work was planned on {tally.element}, so that nothing constrained it",
            expected="planned time",
            remedy="ask for a period with production, or correct the calendar",
        )
    if known / planned < ENOUGH:
        raise FigureGap(
            f"the states of all machines of {tally.element} were known for {100.0 * known / planned:.0f} % of "
            "the planned time",
            expected="at least 50 %",
            remedy="see which machine is silent",
        )
    held = read(tally.sums, "led")
    hours = {m: sum(w.get("hours", {}).values()) for m, w in held.items()}
    alone = {m: sum(w.get("sole", {}).values()) for m, w in held.items()}
    led = math.fsum(hours.values())
    value, slack = led / known, 1.0 - known / planned
    inputs = [
        Input("planned line hours, all states known", known, "h", "", known / planned),
        *(
            Input(f"{m}: hours as the bottleneck", v, "h", "", known / planned)
            for m, v in hours.items()
        ),
        *(
            Input(f"{m}: hours as the sole bottleneck", v, "h", "", known / planned)
            for m, v in alone.items()
        ),
    ]
    return Measure(
        tally.element,
        _SHARE,
        value,
        "1",
        tally.period,
        known / planned,
        0.0,
        value * (1.0 - slack),
        min(1.0, value * (1.0 - slack) + slack) if value <= 1.0 else value,
        "bottleneck/1: longest active period at each moment (Roser, Nakano, Tanaka); machines that cannot be told "
        "apart share it",
        tuple(inputs),
        (),
        led,
        known,
        {m: v / known for m, v in sorted(hours.items(), key=lambda h: -h[1])},
    )


def _amount(plant: Plant, tally: Tally) -> Amount:
    """All electricity of the machines that are looked at: its coverage and error are those of what waiting used."""
    terms = [
        term
        for line in _lines(plant, tally.element)
        for m in able_machines(plant, line)
        if (use := flows_of(plant).use(m, "electricity")) is not None
        for term in use_terms(use)
    ]
    return settle(tally.sums, terms)


def _figure(
    tally: Tally,
    indicator: str,
    unit: str,
    amount: Amount,
    split: Mapping[str, float],
    inputs: tuple[Input, ...],
    used: tuple[FactorUse, ...] = (),
) -> Measure:
    value = math.fsum(split.values())
    half = abs(value * amount.half / amount.value) if amount.value else 0.0
    return Measure(
        tally.element,
        indicator,
        value,
        unit,
        tally.period,
        amount.coverage,
        amount.estimated_share,
        value - half,
        value + half,
        "bottleneck/1: electricity of machines that wait (idle, standby) while another is the bottleneck",
        inputs,
        used,
        value,
        1.0,
        {m: v for m, v in split.items() if v},
    )


def _waiting(plant: Plant, tally: Tally) -> Measure:
    amount, held = _amount(plant, tally), read(tally.sums, "led")
    split = {m: sum(w.get("electricity", {}).values()) for m, w in held.items()}
    stopped = {m: sum(w.get("stopped", {}).values()) for m, w in held.items()}
    inputs = (
        Input("electricity of the machines", amount.value, "kWh", "", amount.coverage),
        *(
            Input(f"while {m} was down, set up or heated", v, "kWh", "", amount.coverage)
            for m, v in stopped.items()
        ),
    )
    return _figure(tally, _ENERGY, "kWh", amount, split, inputs)


def _paid(plant: Plant, tally: Tally) -> Measure:
    tariff = plant.tariff("electricity")
    if tariff is None:
        raise FactorGap(
            "no price of electricity is given",
            expected="a tariff in the plant file",
            remedy="add `tariffs: - carrier: electricity`",
        )
    amount, held = _amount(plant, tally), read(tally.sums, "led")
    split = {m: cost.priced(plant, "electricity", w.get("bought", {})) for m, w in held.items()}
    bought = math.fsum(v for w in held.values() for v in w.get("bought", {}).values())
    mean = math.fsum(split.values()) / bought if bought else tariff.price
    use = FactorUse(
        "tariff/electricity",
        mean,
        f"{plant.currency}/{tariff.unit}",
        plant.country,
        tally.period.start.year,
        tariff.source or "plant file",
        plant.digest[:12],
        basis="mean of the bands, weighed by use" if tariff.bands else "",
    )
    inputs = (Input("bought electricity used while waiting", bought, "kWh", "", amount.coverage),)
    return _figure(tally, _COST, plant.currency, amount, split, inputs, (use,))


plug = Bottleneck()
