"""Findings: the list, and one from evidence to order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ecotwin.clock import Period, iso
from ecotwin.records import Cost, Finding, Range
from ecotwin.service import advice as advices
from ecotwin.service import aloud, causes, words
from ecotwin.service import bar as shared
from ecotwin.service.series import gaps_of, in_main_state, power_trace, step_for, telling, trace
from ecotwin.service.views import CostRow, Findings, FindingView, Headline, Mark, Trace

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

TRACES = 4
"""Signals drawn as evidence."""
GONE = {"expired", "declined"}
"""Advice that answers a finding no more: nobody decided in time, or somebody said no."""
COSTS = (
    ("energy_kwh", "Energy", "kWh"),
    ("co2e_kg", "CO₂e, location-based", "kg"),
    ("co2e_market_kg", "CO₂e, market-based", "kg"),
    ("water_m3", "Water", "m³"),
    ("mass_kg", "Material", "kg"),
)


def findings(twin: Twin) -> Findings:
    """All findings, worst first; closed ones apart, newest first."""
    found = twin.findings_open()
    gone = twin.findings_closed()
    state = (
        "Nothing needs you"
        if not found
        else f"{len(found)} open finding{'s' if len(found) != 1 else ''}"
    )
    head = (
        shared.headline(twin, found, "Together they", state)
        if found
        else Headline(text=state, cost="", level="ok")
    )
    return Findings(
        bar=shared.bar(twin),
        headline=head,
        open=[shared.finding_row(twin, f) for f in found],
        closed=[shared.finding_row(twin, f) for f in gone[:100]],
    )


def finding(twin: Twin, id: str) -> FindingView:  # noqa: A002
    """One finding.

    Raises:
        KeyError: There is none of this id.
    """
    found = twin.finding(id)
    now = twin.now()
    end = min(found.closed_at or now, now)
    before = max(timedelta(hours=6), (end - found.onset) * 0.5)
    start = max(found.onset - min(before, timedelta(days=3)), end - timedelta(days=14))
    period = Period(
        start.replace(second=0, microsecond=0),
        end.replace(second=0, microsecond=0) + timedelta(minutes=1),
    )
    traces = _traces(twin, found, period)
    answer = next((a for a in twin.advice_all() if a.finding == id and a.state not in GONE), None)
    return FindingView(
        bar=shared.bar(twin),
        id=id,
        headline=_headline(twin, found),
        level=shared.level_of(found),
        state=found.state,
        crumbs=[shared.place(twin, e.id) for e in twin.plant.path(found.element)],
        seen=_seen(found),
        traces_title=f"{words.signs(found.title)}, and what else changed",
        traces=traces,
        marks=[
            Mark(
                at=shared.stamp(found.onset),
                text=f"since {words.day_time(found.onset, twin.plant.zone, now)}",
                level=shared.level_of(found),
            )
        ],
        gaps=gaps_of(twin, traces[0] if traces else None),
        evidence=[words.signs(e) for e in found.evidence],
        causes=causes.rows(found),
        causes_title=causes.title(found),
        causes_aside=_aside(found),
        would_change=causes.would_change(found),
        leave=aloud.leave(found, twin.plant.currency) if found.state != "closed" else [],
        looked_at=causes.looked_at(found),
        turned_out=found.turned_out,
        costs=_costs(twin, found.excess),
        so_far=_so_far(twin, found),
        how=_how(twin, found),
        advice=advices.advice(twin, answer.id) if answer else None,
        may_acknowledge=found.state == "open" and twin.may("acknowledge", found.element).allowed,
        note=f"{found.by}: {found.note}" if found.by else found.note,
        start=iso(period.start_us),
        end=iso(period.end_us),
    )


def _headline(twin: Twin, found: Finding) -> Headline:
    since = words.day_time(found.onset, twin.plant.zone, twin.now())
    return shared.headline(twin, [found], "It", words.since(found.title, since)).model_copy(
        update={"level": shared.level_of(found)}
    )


def _seen(found: Finding) -> str:
    count = len(found.detectors)
    names = [words.DETECTORS.get(d, d) for d in found.detectors]
    spent = words.length((found.last_at - found.onset).total_seconds())
    how = f"seen by {count} detector{'s' if count != 1 else ''}: {', '.join(names)}"
    state = {"open": "open", "acknowledged": "acknowledged, open", "closed": "closed, lasted"}[
        found.state
    ]
    return f"{state} for {spent} · {how}" if found.state != "closed" else f"{state} {spent} · {how}"


def _aside(found: Finding) -> str:
    """How many causes were weighed, and whether it came back."""
    if not found.causes:
        return ""
    again = "" if not found.recurred else f"found {found.recurred} times before in 90 days · "
    if found.recurred == 1:
        again = "found once before in 90 days · "
    return f"{again}{len(found.causes)} causes weighed, sum 100 %"


def _traces(twin: Twin, found: Finding, period: Period) -> list[Trace]:
    """The telling signal first; power with its expected band when the finding is about power."""
    made: list[Trace] = []
    power = twin.plant.find(found.element, "electricity_power")
    if power is not None and (found.kind == "excess" or power.id in found.signals):
        drawn = power_trace(twin, found.element, period)
        if drawn is not None:
            made.append(drawn)
    ids = [
        s for s in found.signals if twin.plant.has_signal(s) and (power is None or s != power.id)
    ]
    own = [twin.plant.signal(s) for s in ids]
    beside = [
        s
        for s in twin.plant.signals_of(found.element)
        if s.form in {"gauge", "rate"}
        and s.id not in found.signals
        and s.means != "electricity_power"
    ]
    # What the finding is about comes first; a rate tells more than the steps of a counter.
    own.sort(key=lambda s: s.form == "counter")
    room = TRACES - len(made)
    told = [s for s in own if s.form != "counter"][:room] or own[: 1 if not made else 0]
    step_s = step_for(period, 480)
    window = twin.store.window([s.index for s in told + beside], period, step_s)
    alike = in_main_state(twin, found.element, period, step_s)
    chosen = told + telling(window, beside, room - len(told), found.onset, alike)
    return [*made, *(trace(window, s, alike, found.onset) for s in chosen)]


def _costs(twin: Twin, excess: Cost) -> list[CostRow]:
    rows = [
        CostRow(
            name=name,
            value=words.digits(amount.value),
            unit=unit,
            interval=words.span(amount.low, amount.high),
        )
        for field, name, unit in COSTS
        if (amount := getattr(excess, field)) is not None
    ]
    if excess.money is not None:
        rows.append(
            CostRow(
                name="Money",
                value=words.digits(excess.money.value),
                unit=twin.plant.currency,
                interval=words.span(excess.money.low, excess.money.high),
            )
        )
    return rows


def _so_far(twin: Twin, found: Finding) -> str:
    parts = [
        f"{words.digits(amount.value)} {unit}"
        for amount, unit in (
            (found.so_far.energy_kwh, "kWh"),
            (found.so_far.water_m3, "m³"),
            (found.so_far.mass_kg, "kg"),
            (found.so_far.co2e_kg, "kg CO₂e"),
            (found.so_far.money, twin.plant.currency),
        )
        if amount is not None
    ]
    if not parts:
        return ""
    spent = words.length((found.last_at - found.onset).total_seconds())
    return f"So far, in {spent}: {', '.join(parts)}."


def _how(twin: Twin, found: Finding) -> str:
    """The arithmetic of the cost in one line."""
    energy = found.excess.energy_kwh
    if energy is None or energy.value == 0:
        return ""
    parts = [f"{words.digits(energy.value / 24, 4)} kW × 24 h = {words.digits(energy.value)} kWh"]
    for amount, unit in (
        (found.excess.co2e_kg, "kg/kWh"),
        (found.excess.money, f"{twin.plant.currency}/kWh"),
    ):
        if isinstance(amount, Range):
            parts.append(f"{words.digits(amount.value / energy.value)} {unit}")
    return "; ".join(parts)
