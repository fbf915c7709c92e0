"""The thin bar on every page, and the rows that several pages share."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING

from ecotwin import __version__
from ecotwin.clock import iso, micros
from ecotwin.records import Advice, Finding, Range, Severity
from ecotwin.service import causes, evidence, words
from ecotwin.service.views import AdviceRow, Bar, FindingRow, Headline, Level, Place

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

ACTIONS = (
    "see", "acknowledge", "approve_order", "decline", "stop_writes", "export", "ask_what_if", "save_scenario",
)  # fmt: skip
SMALL = 0.1
"""Less of the twin's own kWh or kg than this is told in Wh or g."""
PRONOUNS = {"It", "Together they"}
STATE_TEXT = {
    "open": "waits for a decision",
    "approved": "approved",
    "declined": "declined",
    "expired": "expired: nobody decided in time",
    "running": "running",
    "done": "done",
    "failed": "failed",
}


def stamp(at: datetime) -> str:
    """An instant as the API writes it."""
    return iso(micros(at))


def place(twin: Twin, element: str) -> Place:
    """An element in a list."""
    e = twin.plant.element(element)
    return Place(id=e.id, name=e.name, level=e.level, parent=e.parent)


def bar(twin: Twin) -> Bar:
    """The bar as it stands now."""
    link, link_text = twin.link()
    age = twin.data_age_s
    return Bar(
        plant=twin.plant.name,
        timezone=twin.plant.timezone,
        currency=twin.plant.currency,
        now=stamp(twin.now()),
        speed=twin.speed,
        data_age_s=age if age != float("inf") else None,
        freshness=twin.freshness,
        data_limit_s=twin.data_limit_s,
        data_text=_data_text(twin),
        notice=_notice(twin),
        link=link,
        link_text=link_text,
        person=twin.person.name,
        roles=list(twin.person.roles),
        may=[action for action in ACTIONS if twin.may(action).allowed],
        writes=twin.writes,
        findings_open=len(twin.findings_open()),
        advice_open=sum(a.state == "open" for a in twin.advice_all()),
        areas=[place(twin, e.id) for e in twin.plant.elements if e.level == "area"],
        learned_share=twin.learned_share,
        version=__version__,
        own_text=_own_text(twin),
        own_note=_own_note(twin),
    )


def _own_text(twin: Twin) -> str:
    """`14 W now; 0.12 kWh and 0.05 kg CO₂e today`, of what is known."""
    if twin.own is None:
        return ""
    watts, told = twin.own.watts(), []
    now = f"{words.digits(watts)} W now" if isfinite(watts) else ""
    for indicator, unit, less in (("energy.twin", "kWh", "Wh"), ("ghg.twin", "kg CO₂e", "g CO₂e")):
        figure = twin.today(twin.plant.site.id, indicator)
        if figure is not None:
            small = figure.value < SMALL
            value = figure.value * (1000.0 if small else 1.0)
            told.append(f"{words.digits(value)} {less if small else unit}")
    return "; ".join(filter(None, (now, f"{' and '.join(told)} today" if told else "")))


def _own_note(twin: Twin) -> str:
    """How it is counted."""
    if twin.own is None:
        return ""
    pace = (
        f" The plant's time runs {twin.speed:g}×; the energy of today is what was really used for it."
        if twin.speed != 1
        else ""
    )
    return (
        f"A part of the site's electricity, not beside it: {twin.own.counted_by} "
        f"({twin.own.model.source}).{pace}"
    )


def _data_text(twin: Twin) -> str:
    """What late or missing data means; empty while it is live."""
    if twin.freshness == "live":
        return ""
    if twin.freshness == "none":
        return "No reading has come from the plant yet."
    if twin.recorded == "taken_in":
        return (
            f"The newest reading is {words.length(twin.data_age_s)} old: the twin is taking recorded days in and "
            "catches up by itself."
        )
    pace = "" if twin.speed == 1 else f" at {twin.speed:g}×"
    return (
        f"The newest reading is {words.length(twin.data_age_s)} old; up to {words.length(twin.data_limit_s)} is usual "
        f"here{pace}. What is shown is the plant as it was then; look whether its gateway and its network run."
    )


def _notice(twin: Twin) -> str:
    """What becomes of recorded history that is on its way in, step by step; else the plan that an event asked for."""
    if twin.recorded == "coming":
        return (
            "Step 1 of 3: the days before the start are being recorded. What is usual follows from them; "
            "until then expectations come from the machines' own facts."
        )
    if twin.recorded == "taken_in":
        if twin.learned_share < 0.5:
            return "Step 2 of 3: recorded days are being taken in. Live figures may come a little late."
        return (
            "Step 3 of 3: what is usual is being learned from the recorded days. Findings follow."
        )
    return twin.replan.notice


def level_of(finding: Finding) -> Level:
    """Its level as the pages colour it."""
    return "act" if finding.severity is Severity.ACT else "watch"


def finding_row(twin: Twin, finding: Finding) -> FindingRow:
    """A finding in a list."""
    answer = next(
        (a for a in twin.advice_all() if a.finding == finding.id and a.state == "open"), None
    )
    element = twin.plant.element(finding.element)
    name = twin.plant.element(element.parent).name if element.parent else element.name
    since = words.day_time(finding.onset, twin.plant.zone, twin.now())
    gone = (
        f" · closed {words.day_time(finding.closed_at, twin.plant.zone, twin.now())}"
        if finding.closed_at
        else ""
    )
    return FindingRow(
        id=finding.id,
        level=level_of(finding),
        title=words.signs(finding.title),
        where=f"{name} · since {since}{gone}",
        likely=causes.likely(finding) or _first_reason(finding),
        co2e_kg_day=_value(finding.excess.co2e_kg),
        money_day=_value(finding.excess.money),
        verb="Approve" if answer else _verb(finding),
        advice=answer.id if answer else "",
        state=finding.state,
        element=finding.element,
        kind=finding.kind,
        spark=evidence.spark(twin, finding),
        onset=stamp(finding.onset),
    )


def _verb(finding: Finding) -> str:
    """What its most likely cause asks for, in a word or two; `Inspect` where no cause stands out."""
    best = causes.first(finding)
    if best is None or (best.sure or 0.0) < causes.CLEAR:
        return "Inspect" if finding.causes else "Open"
    return best.verb or "Open"


def _first_reason(finding: Finding) -> str:
    """The strongest evidence in one sentence that fits a list; the finding's own page has all of it."""
    if not finding.evidence:
        return ""
    told = finding.evidence[0].removeprefix(f"{finding.title}. ")
    head = told.split("; ")[0].rstrip(".")
    return words.signs(f"{head}.")


def advice_row(twin: Twin, advice: Advice) -> AdviceRow:
    """Advice in a list."""
    saves = saves_text(twin, advice)
    return AdviceRow(
        id=advice.id,
        title=advice.title,
        saves=f"saves {saves}" if saves else "",
        decide_by=_decide_by(twin, advice),
        state=advice.state,
        state_text=STATE_TEXT[advice.state],
        element=advice.element,
        may_approve=advice.state == "open" and may_approve(twin, advice),
    )


def _decide_by(twin: Twin, advice: Advice) -> str:
    """The hour, or the day where it is not about today's work."""
    if advice.changes:
        return words.clock_time(advice.decide_by, twin.plant.zone)
    told = words.day_time(advice.decide_by, twin.plant.zone, twin.now())
    return told.removeprefix("today ")


def may_approve(twin: Twin, advice: Advice) -> bool:
    """Whether the person signed in may approve every change of it, or take it on where there is none."""
    if not advice.changes:
        return twin.may("acknowledge", advice.element).allowed
    return all(twin.may("approve_order", advice.element, c.signal).allowed for c in advice.changes)


def saves_text(twin: Twin, advice: Advice) -> str:
    """`10.6 kg CO₂e (8.00–13.0) and 5.10 EUR`, of what is known."""
    parts = []
    if advice.saves.co2e_kg is not None:
        parts.append(_ranged(advice.saves.co2e_kg, "kg CO₂e"))
    elif advice.saves.energy_kwh is not None:
        parts.append(_ranged(advice.saves.energy_kwh, "kWh"))
    if advice.saves.money is not None:
        parts.append(f"{words.digits(advice.saves.money.value)} {twin.plant.currency}")
    return " and ".join(parts)


def headline(twin: Twin, findings: list[Finding], subject: str, state: str) -> Headline:
    """A sentence of state, and the sentence of cost of what was found."""
    if not findings:
        known = "What is usual is still being learned" if twin.recorded else "No open findings"
        return Headline(text=f"{state}. {known}", cost="", level="ok")
    co2 = sum(_value(f.excess.co2e_kg) or 0.0 for f in findings)
    money = sum(_value(f.excess.money) or 0.0 for f in findings)
    worst: Level = "act" if any(f.severity is Severity.ACT for f in findings) else "watch"
    cost = []
    if co2 > 0:
        cost.append(f"{words.digits(co2)} kg CO₂e")
    if money > 0:
        cost.append(f"{words.digits(money)} {twin.plant.currency}")
    if not cost:
        # A pronoun alone says nothing; a place does.
        text = state if subject in PRONOUNS else f"{state}. {subject}"
        return Headline(text=text, cost="", level=worst)
    if len(findings) == 1 and subject in PRONOUNS:
        subject = "It"
    verb = "costs" if len(findings) == 1 else "cost"
    return Headline(
        text=f"{state}. {subject} {verb} ", cost=f"{' and '.join(cost)} a day", level=worst
    )


def _value(amount: Range | None) -> float | None:
    return None if amount is None else amount.value


def _ranged(amount: Range, unit: str) -> str:
    return f"{words.digits(amount.value)} {unit} ({words.span(amount.low, amount.high)})"
