"""Advice: the list, and one with all that is needed to decide, and what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ecotwin.control.interlocks import waitable
from ecotwin.records import Advice, Check, Receipt, Saving
from ecotwin.service import bar as shared
from ecotwin.service import words
from ecotwin.service.views import (
    AdviceList,
    AdviceView,
    Band,
    CheckRow,
    Event,
    Headline,
    Level,
    SavingView,
)

if TYPE_CHECKING:
    from ecotwin.cycle import Twin


def advice_list(twin: Twin) -> AdviceList:
    """All advice: open first by deadline, then what became of the rest."""
    known = twin.advice_all()
    waiting = sorted((a for a in known if a.state == "open"), key=lambda a: a.decide_by)
    past = [a for a in known if a.state != "open"]
    savings = twin.savings()
    fit = [s for s in savings if s.fit]
    text = (
        "One piece of advice waits for you"
        if len(waiting) == 1
        else f"{len(waiting)} pieces of advice wait for you"
        if waiting
        else "No advice waits for you"
    )
    if fit:
        total = sum(s.saved_kwh.value for s in fit)
        orders = "one order" if len(fit) == 1 else f"{len(fit)} orders"
        text += f". {words.digits(total)} kWh were saved so far, measured on {orders}"
    return AdviceList(
        bar=shared.bar(twin),
        headline=Headline(text=text, cost="", level="ok"),
        open=[shared.advice_row(twin, a) for a in waiting],
        past=[shared.advice_row(twin, a) for a in past[:100]],
        savings=[_saving(twin, s) for s in savings[:50]],
    )


def advice(twin: Twin, id: str) -> AdviceView:  # noqa: A002
    """One piece of advice.

    Raises:
        KeyError: There is none of this id.
    """
    found = twin.advice(id)
    zone = twin.plant.zone
    element = twin.plant.element(found.element)
    mine = shared.may_approve(twin, found)
    saving = twin.saving_of(id)
    until = words.clock_time(found.period.end, zone)
    return AdviceView(
        bar=shared.bar(twin),
        id=id,
        title=found.title,
        state=found.state,
        state_text=shared.STATE_TEXT[found.state],
        element=found.element,
        element_name=element.name,
        change=_change(twin, found),
        what=_what(twin, found),
        autonomy=words.AUTONOMY.get(found.autonomy, found.autonomy),
        rows=_rows(twin, found),
        why=list(found.why),
        against=list(found.against),
        checks=[
            CheckRow(
                text=words.signs(c.text),
                found=words.STATE_WORDS.get(c.found) or _found(twin, c.found),
                passed=c.passed,
                waits=not c.passed and _waits(twin, found, c),
            )
            for c in twin.checks(found)
        ],
        button=f"Approve until {until}" if found.changes else "Take it on",
        may_approve=found.state == "open" and mine,
        refused=_refused(twin, found, mine),
        timeline=_timeline(twin, found, saving),
        saving=_saving(twin, saving) if saving else None,
    )


def _found(twin: Twin, text: str) -> str:
    """What an interlock found, with names instead of ids and ages as people say them."""
    aged = re.sub(
        r"\b(\d+) s old\b", lambda m: f"{words.length(float(m.group(1)))} old", words.signs(text)
    )
    return words.named(twin.plant, aged)


def _waits(twin: Twin, found: Advice, failed: Check) -> bool:
    """Whether this no is of no weight yet: the order begins later, and it is asked again then."""
    change = found.changes[0]
    later = twin.now() < change.period.start
    return later and waitable(twin.plant, change.signal, failed)


def _refused(twin: Twin, found: Advice, mine: bool) -> str:
    """Why this person may not approve it now; empty when they may, or when nothing is to be approved."""
    if found.state != "open" or not found.changes:
        return ""
    if twin.writes == "off":
        return "Writing to machines is off: the plant file or the setting `writes` says so."
    if twin.writes == "stopped":
        return "Writing to machines was stopped by a person; allow it again first."
    if mine:
        return ""
    change = found.changes[0]
    return twin.may("approve_order", found.element, change.signal).why


def _change(twin: Twin, found: Advice) -> str:
    if not found.changes:
        return "by hand"
    change = found.changes[0]
    unit = words.unit(twin.plant.signal(change.signal).unit)
    return f"{words.digits(change.restore)} → {words.digits(change.value)} {unit}"


def _what(twin: Twin, found: Advice) -> str:
    if not found.changes:
        return f"A person's work, {twin.plant.element(found.element).name}"
    names = {twin.plant.signal(c.signal).name.replace("_", " ") for c in found.changes}
    return f"{', '.join(sorted(names)).capitalize()}, {twin.plant.element(found.element).name}"


def _rows(twin: Twin, found: Advice) -> list[tuple[str, str]]:
    zone = twin.plant.zone
    rows = [("Saves", shared.saves_text(twin, found) or "not known")]
    if not found.changes:
        decide = words.day_time(found.decide_by, zone, twin.now())
        return [*rows, ("Decide by", f"{decide}; a person carries it out, nothing is switched")]
    end = words.clock_time(found.period.end, zone)
    rows.append(("When", f"{words.day_time(found.period.start, zone, twin.now())} to {end}"))
    for change in found.changes:
        signal = twin.plant.signal(change.signal)
        if signal.write is None:
            continue
        rows.append(
            (
                "Stays within",
                f"{words.digits(signal.write.low)}–{words.digits(signal.write.high)} {words.unit(signal.unit)}",
            )
        )
        back = (
            "by itself (watchdog)"
            if signal.write.watchdog
            else "by order; without an order the value is held"
        )
        stop = words.clock_time(change.period.end, zone)
        rows.append(
            (
                "Ends",
                f"{stop}, then back to {words.digits(change.restore)} {words.unit(signal.unit)} {back}",
            )
        )
    begins = words.clock_time(found.changes[0].period.start, zone)
    rows.append(
        ("Decide by", f"{words.clock_time(found.decide_by, zone)}; the order begins at {begins}")
    )
    return rows


def _timeline(twin: Twin, found: Advice, saving: Saving | None) -> list[Event]:
    """From the proposal to the saving, in order of time, each with its place in the ledger."""
    events = [
        Event(
            at=shared.stamp(found.proposed_at),
            text="Proposed",
            level="ok",
            entry=_first_entry(twin, found.id),
        )
    ]
    for act in twin.decisions(found.id):
        events.append(Event(at=act["at"], text=act["text"], level=act["level"], entry=act["entry"]))
    for order in twin.orders(found.id):
        for receipt in twin.receipts(order.id):
            events.append(_event(twin, receipt))
    if saving is not None:
        text = f"Saving measured: {words.ranged(saving.saved_kwh, 'kWh')}"
        events.append(
            Event(
                at=shared.stamp(saving.known_at),
                text=text,
                level="ok",
                entry=twin.entry_of(Saving, found.id),
            )
        )
    return sorted(events, key=lambda e: e.at)


def _first_entry(twin: Twin, id: str) -> int | None:  # noqa: A002
    """Where it was sealed first; later entries of it are its decision and its end."""
    first = twin.ledger.entries(kind="advice", subject=id, limit=1)
    return first[0].index if first else None


def _event(twin: Twin, receipt: Receipt) -> Event:
    level: Level = "act" if receipt.kind in {"failed", "refused"} else "ok"
    id_ = twin.receipt_id(receipt)
    return Event(
        at=shared.stamp(receipt.at),
        text=words.signs(receipt.text),
        level=level,
        entry=twin.entry_of(Receipt, id_),
    )


def _saving(twin: Twin, saving: Saving) -> SavingView:
    zone = twin.plant.zone
    name = twin.plant.element(saving.element).name
    amount = words.digits(saving.saved_kwh.value)
    level = f"{saving.level * 100:.0f} %"
    sure = saving.saved_kwh.low > 0
    title = (
        f"{name} used {amount} kWh less than expected"
        if saving.fit and sure
        else f"{name}: no saving can be claimed"
    )
    return SavingView(
        title=title,
        saved=f"{amount} kWh",
        interval=f"{words.span(saving.saved_kwh.low, saving.saved_kwh.high)} kWh, {level}",
        co2e=words.ranged(saving.cost.co2e_kg, "kg CO₂e") if saving.cost.co2e_kg else "",
        money=words.ranged(saving.cost.money, twin.plant.currency) if saving.cost.money else "",
        expected_kwh=Band(
            value=saving.expected_kwh.value,
            low=saving.expected_kwh.low,
            high=saving.expected_kwh.high,
        ),
        actual_kwh=saving.actual_kwh,
        period=f"{words.day_time(saving.period.start, zone, twin.now())} to "
        f"{words.clock_time(saving.period.end, zone)}",
        method=saving.method,
        fit=saving.fit,
        reasons=list(saving.reasons),
        coverage=saving.coverage,
        entry=twin.entry_of(Saving, saving.advice),
    )
