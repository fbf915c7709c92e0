"""Energy, greenhouse gas, cost, good pieces and time of every order, and the orders that took too long.

An order is a booking: which place (line or machine) worked from when to when on which product. Its figures are those
that the place's families give for that span, from its minutes: the place's own use, without a share of what is shared
(`*.by_product` shares that out). An order that began before the period or ends after it is told with the part inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ecotwin.accounting.accounts import Accounts, needed, run
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cuts import within
from ecotwin.accounting.kpis import cost, energy, greenhouse, oee, specific
from ecotwin.accounting.overlong import ALLOWED, Taken, planned_steps, taken, usual_kw
from ecotwin.accounting.steps import Steps, steps_of
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant
from ecotwin.records import Booking, FactorUse, Input, Measure, Window

MOST_DAYS = 35.0
"""Longest period in which orders are followed: minutes of longer ones do not fit into memory."""
_RUN: Mapping[str, Any] = {
    "energy": energy.plug,
    "greenhouse": greenhouse.plug,
    "cost": cost.plug,
    "specific": specific.plug,
}
_LOOKED_AT = {**_RUN, "oee": oee.plug}
"""What is run over an order's time, and what tells states, pieces and products beside it."""
_FIGURES = {
    "energy.by_order": "energy.total",
    "ghg.by_order": "ghg.scope12_location",
    "cost.by_order": "cost.total",
    "production.by_order": "production.good_parts",
}
"""Figure by order -> the figure of the place over the order's time."""


@dataclass(frozen=True, slots=True)
class Followed:
    """An order with what its minutes tell.

    Attributes:
        span: The part of it inside the period. figures: Of its place over the span.
        steps: How long it took, step by step. usual: Place -> state -> usual power [kW].
    """

    booking: Booking
    place: str
    span: Period
    figures: Accounts
    steps: tuple[Taken, ...]
    usual: Mapping[str, Mapping[str, float]]

    def figure(self, indicator: str) -> Measure | None:
        """One figure of its place, if it could be had."""
        return next((m for m in self.figures.measures if m.indicator == indicator), None)


class Orders:
    """`energy`, `ghg`, `cost`, `production`, `time` `.by_order` and `time`, `energy`, `cost` `.overlong`."""

    name = "orders"
    indicators = (*_FIGURES, "time.by_order", "time.overlong", "energy.overlong", "cost.overlong")
    kinds = ("order",)

    def figures(self, desk: Desk, element: str) -> tuple[list[Measure], list[str]]:
        """Figures of the orders at or below an element."""
        plant = desk.plant
        below = {e.id for e in plant.under(element)}
        bookings = [b for b in desk.book.of_kind("order") if (b.element or plant.site.id) in below]
        if not bookings:
            return [], []
        days = desk.period.hours / 24.0
        if days > MOST_DAYS:
            words = (
                f"orders of {element} are followed minute by minute, which {days:.0f} days are too long for. "
                f"What to do: ask for a month ({MOST_DAYS:g} days at most)."
            )
            return [], [words]
        followed, told = _follow(desk, bookings)
        made = [_by_order(desk, element, followed, n, s) for n, s in _FIGURES.items()]
        made += [_time(desk, element, followed)]
        made += [_overlong(desk, element, followed, what) for what in _OVER]
        return [m for m in made if m is not None], list(dict.fromkeys(told))


def _follow(desk: Desk, bookings: Sequence[Booking]) -> tuple[list[Followed], list[str]]:
    plant = desk.plant
    places = {b.element or plant.site.id: None for b in bookings}
    for booking in bookings:
        try:
            places |= dict.fromkeys(_steps_of(plant, booking))
        except FigureGap:
            continue  # told by `_one`, order by order
    window = desk.window(needed(plant, places, _LOOKED_AT), 60)
    whole, words, found = steps_of(plant, window), _doubled(bookings), []
    for booking in bookings:
        span = _inside(booking.period, desk.period)
        if span != booking.period:
            words.append(
                f"order {booking.id} runs on outside of {desk.period}: its figures are those of {span.hours:.1f} of "
                f"its {booking.period.hours:.1f} h. What to do: ask for a period that holds it."
            )
        piece = within(window, span)
        if piece is None:
            words.append(
                f"order {booking.id} is shorter than a minute of the history and is left out."
            )
            continue
        found.append(_one(plant, booking, span, piece, whole, words))
    return found, words


def _one(
    plant: Plant, booking: Booking, span: Period, piece: Window, whole: Steps, words: list[str]
) -> Followed:
    place = booking.element or plant.site.id
    figures = run(plant, [piece], [place], _RUN)
    words += [f"order {booking.id}: {text}" for _, text in figures.gaps]
    code = round(booking.number("product"))
    steps: list[Taken] = []
    usual: dict[str, Mapping[str, float]] = {}
    try:
        for where, run_s in _steps_of(plant, booking).items():
            one = taken(steps_of(plant, piece), where, run_s, code)
            steps.append(one)
            usual[where] = usual_kw(whole, where, one.pace)
    except FigureGap as gap:
        words.append(f"order {booking.id}: {gap}")
    words += _stories(booking, steps, figures)
    return Followed(booking, place, span, figures, tuple(steps), usual)


def _steps_of(plant: Plant, booking: Booking) -> dict[str, float]:
    return planned_steps(plant, booking.element or plant.site.id, round(booking.number("product")))


def _stories(booking: Booking, steps: Sequence[Taken], told: Accounts) -> list[str]:
    """What is odd about an order: another product, other pieces than were ordered."""
    words = [
        f"order {booking.id} is of product {booking.number('product'):.0f}, but {one.place} named another product for "
        f"{100.0 * one.other_share:.0f} % of its time. What to do: correct the order's times or product."
        for one in steps
        if one.other_share > ALLOWED
    ]
    good = next((m for m in told.measures if m.indicator == "production.good_parts"), None)
    ordered = booking.number("pieces", 0.0)
    if good is not None and ordered > 0.0 and good.value > (1.0 + ALLOWED) * ordered:
        words.append(
            f"order {booking.id} was of {ordered:.0f} pieces, and {good.value:.0f} good ones were counted in its time. "
            "What to do: see whether another order ran in this time."
        )
    return words


def _inside(span: Period, period: Period) -> Period:
    return Period(max(span.start, period.start), min(span.end, period.end))


def _doubled(bookings: Sequence[Booking]) -> list[str]:
    """Orders of one place at one time: their use is counted in both."""
    words = []
    ordered = sorted(bookings, key=lambda b: (b.element, b.period))
    for n, one in enumerate(ordered):
        for other in ordered[n + 1 :]:
            if other.element != one.element or other.period.start >= one.period.end:
                break
            both = _inside(one.period, other.period)
            words.append(
                f"orders {one.id} and {other.id} ran on {one.element or 'the site'} at the same time for "
                f"{both.hours:.2f} h: what was used then is counted in both. What to do: correct their times."
            )
    return words


def _label(order: Followed, step: Taken | None = None) -> str:
    where = f" on {step.place}" if step is not None and step.place != order.place else ""
    return f"{order.booking.id}{where}"


def _sum(
    desk: Desk,
    element: str,
    indicator: str,
    unit: str,
    parts: Sequence[tuple[str, Measure, float]],
    method: str,
    inputs: Sequence[Input],
    factors: Sequence[FactorUse] = (),
) -> Measure | None:
    """A figure summed over orders; the error of one meter is the same in all of them."""
    if not parts:
        return None
    split: dict[str, float] = {}
    for label, _, value in parts:
        split[label] = split.get(label, 0.0) + value
    total = math.fsum(split.values())
    weight = math.fsum(abs(v) for _, _, v in parts)

    def mean(of: Callable[[Measure], float]) -> float:
        if not weight:
            return min(of(m) for _, m, _ in parts)
        return math.fsum(abs(v) * of(m) for _, m, v in parts) / weight

    half = math.fsum(abs(v) * (m.high - m.low) / 2.0 / abs(m.value) for _, m, v in parts if m.value)
    return Measure(
        element,
        indicator,
        total,
        unit,
        desk.period,
        min(1.0, mean(lambda m: m.coverage)),
        min(1.0, mean(lambda m: m.estimated_share)),
        total - half,
        total + half,
        method,
        tuple(inputs),
        tuple({(f.id, f.value): f for f in factors}.values()),
        total,
        1.0,
        split,
    )


def _by_order(
    desk: Desk, element: str, followed: Sequence[Followed], indicator: str, source: str
) -> Measure | None:
    here = [(o, m) for o in followed if (m := o.figure(source)) is not None]
    inputs: list[Input] = []
    for order, m in here:
        good = order.figure("production.good_parts")
        inputs.append(Input(f"order {order.booking.id}", m.value, m.unit, "", m.coverage))
        if good is not None and good.value > 0.0 and source != "production.good_parts":
            each = m.value / good.value
            inputs.append(
                Input(f"order {order.booking.id}, per good piece", each, m.unit, "", m.coverage)
            )
    return _sum(
        desk,
        element,
        indicator,
        here[0][1].unit if here else "",
        [(_label(o), m, m.value) for o, m in here],
        f"orders/1: {source} of the order's place over its time",
        inputs,
        [f for _, m in here for f in m.factors],
    )


def _hours(element: str, period: Period, value: float, coverage: float) -> Measure:
    return Measure(element, "time", value, "h", period, coverage, 0.0, value, value, "orders/1")


def _time(desk: Desk, element: str, followed: Sequence[Followed]) -> Measure | None:
    parts, inputs = [], []
    for order in followed:
        for step in order.steps:
            label = _label(order, step)
            hours = _hours(element, desk.period, step.taken_h, step.coverage)
            parts.append((label, hours, step.taken_h))
            inputs += [
                Input(f"order {label}: planned", step.planned_h, "h", "", step.coverage),
                Input(f"order {label}: pieces on {step.pace}", step.pieces, "1", "", step.coverage),
            ]
            if step.pieces > 0.0:
                cycle = 3600.0 * step.taken_h / step.pieces
                inputs.append(Input(f"order {label}: cycle time", cycle, "s", "", step.coverage))
    method = "orders/1: planned working time between begin and end; cycle time: that / pieces of the pacing machine"
    return _sum(desk, element, "time.by_order", "h", parts, method, inputs)


def _over_h(order: Followed, step: Taken) -> tuple[float, Measure | None]:
    return step.over_h, _hours(order.place, order.span, step.over_h, step.coverage)


def _over_kwh(order: Followed, step: Taken) -> tuple[float, Measure | None]:
    usual = order.usual.get(step.place, {})
    kwh = math.fsum(h * usual.get(s, 0.0) for s, h in step.over_by_state.items())
    return kwh, order.figure("energy.electricity")


def _over_money(order: Followed, step: Taken) -> tuple[float, Measure | None]:
    paid, used = order.figure("cost.electricity"), order.figure("energy.electricity")
    if paid is None or used is None or used.value <= 0.0:
        return 0.0, None
    return _over_kwh(order, step)[0] * paid.value / used.value, paid


_Over = Callable[[Followed, Taken], tuple[float, Measure | None]]
_OVER: Mapping[str, tuple[str, _Over, str]] = {
    "time.overlong": ("h", _over_h, "working time above planned run time x pieces"),
    "energy.overlong": (
        "kWh",
        _over_kwh,
        "time over the plan x the place's usual power in the state it was spent in",
    ),
    "cost.overlong": (
        "",
        _over_money,
        "energy of the time over the plan x mean price of the order's electricity",
    ),
}


def _overlong(
    desk: Desk, element: str, followed: Sequence[Followed], indicator: str
) -> Measure | None:
    unit, value_of, words = _OVER[indicator]
    parts, inputs, used = [], [], []
    for order in followed:
        for step in order.steps:
            value, basis = value_of(order, step)
            if basis is None:
                continue
            parts.append((_label(order, step), basis, value))
            used += list(basis.factors)
            inputs += [
                Input(f"order {_label(order, step)}: {cause}", hours, "h", "", step.coverage)
                for cause, hours in step.causes.items()
            ] or [
                Input(f"order {_label(order, step)}: within the plan", 0.0, "h", "", step.coverage)
            ]
    return _sum(
        desk,
        element,
        indicator,
        unit or desk.plant.currency,
        parts,
        f"orders/1: {words}; over-long is what passes the plan by more than {100.0 * ALLOWED:g} %",
        inputs,
        used,
    )


plug = Orders()
