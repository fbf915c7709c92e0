"""A finding read aloud: what, since when, how much, its cost, the likely cause, where to look, when to leave it."""

from __future__ import annotations

from datetime import datetime

from ecotwin.maintenance.clues.tables import class_of, leave_when
from ecotwin.plant import Plant
from ecotwin.records import Cost, Finding, Severity
from ecotwin.service import causes, words
from ecotwin.units import said

WEEK = 7.0
WAITS = ("wear", "leak", "fouling", "outmoded", "sensor_fault", "unknown")
"""Classes where leaving it means that its cost goes on."""
AMOUNTS = (("energy_kwh", "kWh"), ("water_m3", "m3"), ("mass_kg", "kg"), ("co2e_kg", "kgCO2e"))


def aloud(plant: Plant, finding: Finding, now: datetime) -> list[str]:
    """The finding in sentences, for somebody who knows the plant and has not seen the page."""
    since = words.day_time(finding.onset, plant.zone, now)
    spent = words.length((finding.last_at - finding.onset).total_seconds())
    told = [f"{finding.title}, since {since}, for {spent} so far.", *finding.evidence[:1]]
    day, so_far = costs(finding.excess, plant.currency), costs(finding.so_far, plant.currency)
    told.append(f"It costs {day} a day." if day else "What it costs a day is not known.")
    if so_far:
        told.append(f"So far it has cost {so_far}.")
    best = causes.first(finding)
    if best is None:
        told.append(f"{causes.title(finding)}.")
    else:
        told.append(f"{causes.title(finding)}.")
        told += [f"For it: {r.text}" for r in best.why[:2]]
        told += [f"Against it: {r.text}" for r in best.against[:1]]
        told.append(f"Look first: {best.change[-1]}" if best.change else "")
    told += leave(finding, plant.currency)
    return [words.signs(t) for t in told if t]


def leave(finding: Finding, currency: str) -> list[str]:
    """When it is fine to leave it, with what a week of waiting costs where that goes on; empty without causes."""
    if not finding.causes:
        return []
    best = causes.first(finding)
    subject = best.subject if best is not None else "unknown"
    waits = class_of(subject) in WAITS
    dear = waits and finding.severity is Severity.ACT
    text = (
        f"When to leave it: {'Better not, it is one to act on.' if dear else leave_when(subject)}"
    )
    week = costs(finding.excess, currency, WEEK)
    if waits and week:
        text += f" A week of waiting costs {week}."
    return [words.signs(text)]


def costs(cost: Cost, currency: str, days: float = 1.0) -> str:
    """`53 kWh, 15 kgCO2e and 9.6 EUR`; empty where nothing is known, or nothing of it is above zero."""
    parts = [
        said(days * amount.value, unit, 2)
        for name, unit in AMOUNTS
        if (amount := getattr(cost, name)) is not None and amount.value > 0.0
    ]
    if cost.money is not None and cost.money.value > 0.0:
        parts.append(said(days * cost.money.value, currency, 2))
    return (
        parts[0]
        if len(parts) == 1
        else " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
    )
