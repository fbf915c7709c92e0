"""The machines page and the page of one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecotwin.clock import Period, iso
from ecotwin.plant import Element
from ecotwin.plant.model import STATE_NAMES, STATES
from ecotwin.records import Floats, Order, Window
from ecotwin.service import bar as shared
from ecotwin.service import figures, words
from ecotwin.service.facts import facts_of
from ecotwin.service.normal import normal
from ecotwin.service.sensed import sensed_facts
from ecotwin.service.series import (
    base_step,
    gaps_of,
    in_main_state,
    power_minutes,
    power_trace,
    recent,
    telling,
    trace,
)
from ecotwin.service.upkeep import upkeep_facts
from ecotwin.service.views import (
    Band,
    Headline,
    Level,
    MachineRow,
    Machines,
    MachineView,
    Mark,
    OrderRow,
    SetPoint,
    StateRow,
    StateSpan,
    Trace,
)

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

KNOWN_SHARE = 0.9
"""A state's energy is laid against expected when so much of its time has an expectation."""
SPOKEN_H = 0.05
"""Less waiting than this is none [h]."""
TRACES = 5
"""Signals shown beside power."""
QUIET = {
    "electricity_energy",
    "electricity_power",
    "state",
    "product",
    "parts_total",
    "parts_good",
    "setpoint",
    "hours",
}


def machines(twin: Twin) -> Machines:
    """Every machine with its power now, against expected."""
    rows = [_row(twin, m) for m in twin.plant.machines]
    loud = twin.findings_open()
    running = sum(r.state == STATE_WORD["busy"] for r in rows)
    head = shared.headline(
        twin, loud, _subject(len(loud)), f"{running} of {len(rows)} machines produce"
    )
    return Machines(bar=shared.bar(twin), headline=head, machines=rows)


STATE_WORD = words.STATE_WORDS


def _subject(count: int) -> str:
    return "One finding" if count == 1 else f"{count} findings"


def _row(twin: Twin, machine: Element) -> MachineRow:
    image = twin.image()
    state = twin.plant.find(machine.id, "state")
    code = image.value[state.index] if state else float("nan")
    path = twin.plant.path(machine.id)
    used = twin.user_now(machine.id)
    today = twin.today(machine.id, "energy.electricity")
    ages = [image.age_s(s.index) for s in twin.plant.signals_of(machine.id)]
    age = min(ages, default=float("inf"))
    level: Level = used.level if used else "none"
    if age > 600:
        level = "stale"
    return MachineRow(
        id=machine.id,
        name=machine.name,
        area=next((e.name for e in path if e.level == "area"), ""),
        line=next((e.name for e in path if e.level == "line"), ""),
        kind=machine.kind.replace("_", " "),
        state=STATE_WORD.get(STATE_NAMES.get(int(code), ""), "") if np.isfinite(code) else "",
        kw=figures.number(used.kw) if used else figures.number(twin.power_now(machine.id)),
        expected_kw=figures.number(used.expected_kw) if used else None,
        above_kw=figures.number(used.kw - used.expected_kw) if used else None,
        today_kwh=today.value if today else None,
        level=level,
        data_age_s=age if np.isfinite(age) else None,
    )


def machine(twin: Twin, id: str, hours: float) -> MachineView:  # noqa: A002
    """One machine over the last hours."""
    element = twin.plant.element(id)
    period = recent(twin, hours)
    power = power_trace(twin, id, period)
    found = [f for f in twin.findings_open() if f.element == id]
    shown = [s for s in twin.plant.signals_of(id) if s.means not in QUIET]
    onset = min((f.onset for f in found if f.onset > period.start), default=None)
    step_s = 300 if hours > 6 else 60
    window = twin.store.window([s.index for s in shown], period, step_s)
    alike = in_main_state(twin, id, period, step_s)
    signals = telling(window, shown, TRACES, onset, alike)
    states, total = _states(twin, id, period)
    ribbon = _ribbon(twin, id, period)
    return MachineView(
        bar=shared.bar(twin),
        id=id,
        name=element.name,
        path=[shared.place(twin, e.id) for e in twin.plant.path(id)],
        headline=_headline(twin, element),
        figures=figures.of_machine(twin, id),
        ribbon_title=_ribbon_title(states, hours),
        ribbon=ribbon,
        power_title=_power_title(twin, id, power),
        power=power,
        power_gaps=gaps_of(twin, power),
        traces=[trace(window, s, alike, onset) for s in signals],
        marks=[
            Mark(
                at=shared.stamp(f.onset),
                text=words.day_time(f.onset, twin.plant.zone, twin.now()),
                level=shared.level_of(f),
            )
            for f in found
            if f.onset >= period.start
        ],
        states_title=_states_title(states),
        states=states,
        states_total=total,
        findings=[shared.finding_row(twin, f) for f in found],
        orders_title="Orders to this machine",
        orders=_orders(twin, id),
        writes=_set_points(twin, id),
        facts=[
            *sensed_facts(twin, id),
            *upkeep_facts(twin.upkeeps.of(id, twin.now())),
            *facts_of(twin, element),
        ],
        normal=normal(twin, element),
        start=iso(period.start_us),
        end=iso(period.end_us),
    )


def _headline(twin: Twin, element: Element) -> Headline:
    found = [f for f in twin.findings_open() if f.element == element.id]
    if found:
        since = words.day_time(found[0].onset, twin.plant.zone, twin.now())
        subject = "It" if len(found) == 1 else f"Its {len(found)} findings"
        return shared.headline(twin, found, subject, words.since(found[0].title, since))
    used = twin.user_now(element.id)
    if used is None or not np.isfinite(used.kw):
        return Headline(text=f"{element.name}: nothing is above expected", cost="", level="none")
    draws = f"{element.name} draws {words.digits(used.kw)} kW"
    if used.level in {"watch", "act"}:
        above = words.digits(used.kw - used.expected_kw, 2)
        return Headline(text=f"{draws}, {above} kW more than expected", cost="", level=used.level)
    known = ", as expected" if np.isfinite(used.expected_kw) else ""
    return Headline(text=f"{draws}{known}", cost="", level="ok")


def _power_title(twin: Twin, element: str, power: Trace | None) -> str:
    found = [f for f in twin.findings_open() if f.element == element and f.kind == "excess"]
    if not found and power is not None and power.level in {"watch", "act"}:
        return "Power stands above its expected band now"
    if not found and (power is None or power.level == "none"):
        return "Power; what to expect is still being learned"
    if not found:
        return f"Power is inside its expected band{_lent(twin, element)}"
    since = words.day_time(found[0].onset, twin.plant.zone, twin.now())
    return f"Power left its expected band {since}"


def _lent(twin: Twin, element: str) -> str:
    """From whom a young machine has its expectation; empty once it knows itself."""
    known = twin.look.baselines
    lenders = known.lenders.get(element, ())
    if not lenders or bool(known.seasoned[known.elements.index(element)]):
        return ""
    names = [twin.plant.element(e).name for e in lenders[:3]]
    more = f" and {len(lenders) - 3} more" if len(lenders) > 3 else ""
    return f", told from {', '.join(names)}{more} until it has seen a week of its own"


def _state_column(twin: Twin, element: str, period: Period) -> tuple[Window, int] | None:
    state = twin.plant.find(element, "state")
    if state is None:
        return None
    return twin.store.window([state.index], period, 60), 0


def _ribbon(twin: Twin, element: str, period: Period) -> list[StateSpan]:
    """Stretches of one state; gaps stay open."""
    found = _state_column(twin, element, period)
    if found is None:
        return []
    window, column = found
    codes = np.where(window.count[:, column] > 0, window.last[:, column], np.nan)
    product = _products(twin, element, period)
    spans: list[StateSpan] = []
    start = 0
    for i in range(1, len(codes) + 1):
        same = i < len(codes) and (
            codes[i] == codes[start] or (np.isnan(codes[i]) and np.isnan(codes[start]))
        )
        if same:
            continue
        if np.isfinite(codes[start]):
            state = STATE_NAMES.get(int(codes[start]), "off")
            spans.append(
                StateSpan(
                    start=iso(int(window.at[start])),
                    end=iso(int(window.at[start]) + (i - start) * 60_000_000),
                    state=state,
                    name=STATE_WORD[state],
                    product=product[start] if product and state == "busy" else "",
                )
            )
        start = i
    return _without_flicker(spans)


def _without_flicker(spans: list[StateSpan]) -> list[StateSpan]:
    """At most 300 spans for a ribbon: the shortest are drawn with their neighbour."""
    while len(spans) > 300:
        lengths = [micros_between(s) for s in spans]
        i = int(np.argmin(lengths[1:])) + 1
        spans[i - 1] = spans[i - 1].model_copy(update={"end": spans[i].end})
        del spans[i]
    return spans


def micros_between(span: StateSpan) -> float:
    """Length of a span [s]."""
    from datetime import datetime

    return (datetime.fromisoformat(span.end) - datetime.fromisoformat(span.start)).total_seconds()


def _products(twin: Twin, element: str, period: Period) -> list[str]:
    signal = twin.plant.find(element, "product")
    if signal is None:
        return []
    names = {p.code: p.name for p in twin.plant.products}
    codes = twin.store.window([signal.index], period, 60).last[:, 0]
    return [
        names.get(int(c), f"product {int(c)}") if np.isfinite(c) and c > 0 else "" for c in codes
    ]


def _states(twin: Twin, element: str, period: Period) -> tuple[list[StateRow], StateRow | None]:
    """Hours, power and energy by state, against expected."""
    step_s = base_step(period)
    state = twin.plant.find(element, "state")
    found = power_minutes(twin, element, period, step_s)
    if state is None or found is None:
        return [], None
    actual, mean, sd = found
    codes = twin.store.window([state.index], period, step_s).last[: len(actual), 0]
    rows = []
    for name, code in sorted(STATES.items(), key=lambda s: -s[1]):
        where = (codes == code) & np.isfinite(actual)
        if where.sum() * step_s >= 300:
            rows.append(_state_row(name, step_s, actual[where], mean[where], sd[where]))
    where = np.isfinite(actual)
    total = _state_row("", step_s, actual[where], mean[where], sd[where]) if where.any() else None
    return rows, total


def _state_row(state: str, step_s: int, actual: Floats, mean: Floats, sd: Floats) -> StateRow:
    hours = len(actual) * step_s / 3600
    both = np.isfinite(mean)
    known = bool(both.mean() >= KNOWN_SHARE)
    middle = float(mean[both].mean()) if known else float("nan")
    half = 1.96 * float(sd[both].mean()) if known else float("nan")
    kw = float(actual.mean())
    above = float((actual - mean)[both].mean()) if known else float("nan")
    level: Level = "none"
    if known:
        level = words.against(middle + above, middle, middle - half, middle + half)[1]
    return StateRow(
        state=state,
        name=STATE_WORD.get(state, "Last 24 h"),
        hours=round(hours, 2),
        mean_kw=figures.number(kw),
        expected_kw=Band(value=middle, low=max(0.0, middle - half), high=middle + half)
        if known
        else None,
        energy_kwh=kw * hours,
        expected_kwh=(kw - above) * hours if known else None,
        above_kwh=above * hours if known else None,
        level=level,
    )


def _ribbon_title(states: list[StateRow], hours: float) -> str:
    by = {s.state: s.hours for s in states}
    if not by:
        return "State over time"
    busy, idle = by.get("busy", 0.0), by.get("idle", 0.0)
    waits = f", waiting {idle:.1f} h" if idle >= SPOKEN_H else ""
    return f"Producing {busy:.1f} of {hours:.1f} h{waits}"


def _states_title(states: list[StateRow]) -> str:
    loud = [s for s in states if s.level in {"watch", "act"}]
    if not loud:
        unknown = any(s.level == "none" for s in states)
        return "Energy by state" if unknown else "Energy by state is as expected"
    above = [s for s in states if (s.above_kwh or 0.0) > 0]
    total = sum(s.above_kwh or 0.0 for s in above)
    main = [s for s in above if (s.above_kwh or 0.0) >= 0.2 * total] or loud
    return f"The excess falls on {' and '.join(s.name.lower() for s in main)}"


def _orders(twin: Twin, element: str) -> list[OrderRow]:
    """Advice that waits, then what was ordered, newest first."""
    waiting = [
        OrderRow(
            id=a.id,
            at=shared.stamp(a.period.start),
            level="watch",
            text=a.title,
            result=f"waits for approval by {words.clock_time(a.decide_by, twin.plant.zone)}",
            advice=a.id,
            may_approve=shared.may_approve(twin, a),
        )
        for a in twin.advice_all()
        if a.element == element and a.state == "open"
    ]
    done = [
        _order(twin, o) for o in twin.orders() if twin.plant.signal(o.signal).element == element
    ]
    return waiting + done[:8]


def _order(twin: Twin, order: Order) -> OrderRow:
    signal = twin.plant.signal(order.signal)
    receipts = twin.receipts(order.id)
    level: Level = "act" if order.state in {"failed", "refused"} else "ok"
    return OrderRow(
        id=order.id,
        at=shared.stamp(order.start),
        level=level,
        text=f"{signal.name.capitalize()}: {words.digits(order.value)} {words.unit(signal.unit)} "
        f"until {words.clock_time(order.lease_until, twin.plant.zone)}",
        result=words.signs(receipts[-1].text) if receipts else order.state,
        advice=order.advice,
        may_approve=False,
    )


def _set_points(twin: Twin, element: str) -> list[SetPoint]:
    image = twin.image()
    return [
        SetPoint(
            signal=s.id,
            name=s.name.replace("_", " ").capitalize(),
            value=figures.number(float(image.value[s.index])),
            unit=words.unit(s.unit),
            low=s.write.low,
            high=s.write.high,
            autonomy=words.AUTONOMY.get(s.write.autonomy, s.write.autonomy),
            watchdog=s.write.watchdog,
            approve=[role.replace("_", " ") for role in s.write.approve],
        )
        for s in twin.plant.signals_of(element)
        if s.write is not None
    ]
