"""Findings against what really was: found or not, how late, how well measured, and what was cried without cause."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecotwin.plant import Plant
from ecotwin.records import Finding, Range

RIGHT: dict[str, frozenset[str]] = {
    "air_leak": frozenset({"compressed_air", "power"}),
    "oven_hot_in_breaks": frozenset({"power", "idle"}),
    "power_creep": frozenset({"power", "drift"}),
    "exhaust_damper_open": frozenset({"power", "drift"}),
    "cooling_water_leak": frozenset({"water"}),
    "ovens_preheat_in_peak": frozenset({"power", "peak"}),
    "pv_inverter_out": frozenset({"sun"}),
    "scrap_burst": frozenset({"scrap"}),
    "chiller_fouled": frozenset({"power", "drift"}),
    "stuck_sensor": frozenset({"stuck", "meter", "power"}),
    "gap": frozenset({"gap"}),
    "device_death": frozenset({"gap"}),
}
"""What a right finding is about, by fault: the word after the place in its cause."""
COUNTED = frozenset({"meter_reset", "meter_rollover"})
"""Faults that need no finding: the figures must not move."""
LEAST = {
    "electricity_kw": 0.5,
    "pv_kw": -1.0,
    "water_m3_h": 0.1,
    "air_m3_h": 10.0,
    "good_parts_h": -1.0,
}
"""Site-wide mean over an hour from which an effect could matter; the second delay counts from its first such hour."""
TELLS = {
    "air_leak": "air_m3_h",
    "cooling_water_leak": "water_m3_h",
    "pv_inverter_out": "pv_kw",
    "scrap_burst": "good_parts_h",
}
"""Where a fault's effect is read; else from electric power."""
AFTERGLOW = timedelta(hours=3)
"""Findings this long after a fault's end still belong to it: what was seen in its last hour, what cools down."""


@dataclass
class Event:
    """One thing that really happened.

    Attributes:
        end: None: still going on at the end of the run. elements: Where it shows.
        mattered: When its effect first passed `LEAST`; None: never, or it has no effect of its own.
        total: Its whole cost in site totals; empty: it has none.
    """

    fault: str
    target: str
    harmless: bool
    start: datetime
    end: datetime | None
    elements: frozenset[str]
    signals: frozenset[str]
    mattered: datetime | None = None
    total: dict[str, float] = field(default_factory=dict)

    def holds(self, at: datetime) -> bool:
        """Whether a finding first seen at this instant may be about it."""
        return self.start <= at and (self.end is None or at < self.end + AFTERGLOW)


@dataclass
class Scored:
    """An event and the findings that were about it."""

    event: Event
    findings: list[Finding]

    @property
    def found(self) -> bool:
        """Whether anything right was said while it held."""
        return bool(self.findings)

    @property
    def delay_h(self) -> float | None:
        """From its start to the first finding [h]."""
        return hours(self.findings[0].seen_at - self.event.start) if self.findings else None

    @property
    def late_h(self) -> float | None:
        """From when it mattered to the first finding [h]."""
        since = self.event.mattered
        return hours(self.findings[0].seen_at - since) if self.findings and since else None

    def measured(self) -> tuple[float, float, str] | None:
        """Summed excess as found, as it was, and the unit."""
        if not self.findings or not self.event.total:
            return None
        if self.event.fault == "cooling_water_leak":
            return self._sum("water_m3"), self.event.total["water_m3"], "m3"
        if self.event.fault == "pv_inverter_out":
            return self._sum("energy_kwh"), -self.event.total["pv_kwh"], "kWh"
        if self.event.fault in {"scrap_burst", "ovens_preheat_in_peak"}:
            return None
        return self._sum("energy_kwh"), self.event.total["energy_kwh"], "kWh"

    def _sum(self, name: str) -> float:
        spans: list[Range | None] = [getattr(f.so_far, name) for f in self.findings]
        return sum(s.value for s in spans if s is not None)


@dataclass
class Score:
    """The whole run."""

    events: list[Scored]
    false: list[Finding]
    commissioning: list[Finding]

    @property
    def misses(self) -> list[Event]:
        """Faults that nobody saw."""
        return [s.event for s in self.events if needs_finding(s.event) and not s.found]


def needs_finding(event: Event) -> bool:
    """Whether silence about it is a miss."""
    return not event.harmless and event.fault not in COUNTED


def score(plant: Plant, truth: Path, findings: Sequence[Finding], zero: datetime) -> Score:
    """Match findings to what really was; those first seen before `zero` belong to commissioning."""
    events = [Scored(e, []) for e in events_of(plant, truth)]
    false: list[Finding] = []
    early = [f for f in findings if f.seen_at < zero]
    for finding in (f for f in findings if f.seen_at >= zero):
        mine = [s for s in events if is_about(plant, finding, s.event)]
        if not mine:
            false.append(finding)
        # A finding of several machines may be about the same fault at each of them, any other about one event.
        for one in mine if finding.cause.endswith(":peak") else mine[:1]:
            one.findings.append(finding)
    return Score(events, false, early)


def is_about(plant: Plant, finding: Finding, event: Event) -> bool:
    """Right time, right thing, right place."""
    if not event.holds(finding.seen_at) or event.fault not in RIGHT:
        return False
    place, what = finding.cause.split(":")[0], finding.cause.split(":")[1]
    if what not in RIGHT[event.fault]:
        return False
    if event.fault == "stuck_sensor":
        return place in event.signals if what == "stuck" else _shows(plant, finding, event)
    if event.fault in {"air_leak", "cooling_water_leak"}:
        return _at_flow(plant, place, event)
    if what == "peak":  # one finding tells of all machines that heat together
        return any(plant.signal(s).element in event.elements for s in finding.signals)
    return finding.element in event.elements


def _shows(plant: Plant, finding: Finding, event: Event) -> bool:
    """A rate that stands still shows as well in what it adds up to, and in what its machine seems to draw."""
    told = [plant.signal(i) for i in event.signals]
    shown = [plant.signal(i) for i in finding.signals if plant.has_signal(i)]
    return any(
        t.element == s.element and t.carrier != "" and t.carrier == s.carrier
        for t in told
        for s in shown
    )


def _at_flow(plant: Plant, place: str, event: Event) -> bool:
    """A leak may show at its own meter, at the meter before it, or in the rest of a balance that has none behind it."""
    node = plant.balance(place)
    if node is not None:
        return True
    element = plant.signal(place).element if plant.has_signal(place) else place
    return element in event.elements


def events_of(plant: Plant, truth: Path) -> list[Event]:
    """Events of a truth file, in order of their start."""
    made: dict[tuple[str, str, str], Event] = {}
    for line in truth.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        key = (row["fault"], row["target"], row["start"])
        if key not in made:
            end = None if row["end"] is None else _moment(row["end"])
            elements = {plant.signal(s).element for s in row["signals"]}
            target = row["target"]
            elements.add(plant.signal(target).element if plant.has_signal(target) else target)
            made[key] = Event(row["fault"], target, row["harmless"], _moment(row["start"]), end,
                              frozenset(elements), frozenset(row["signals"]))  # fmt: skip
        event = made[key]
        event.total = row.get("total", event.total)
        if row["what"] == "hour" and event.mattered is None and _matters(event, row["excess"]):
            event.mattered = _moment(row["at"]) - timedelta(hours=1)
    return sorted(made.values(), key=lambda e: e.start)


def _matters(event: Event, excess: dict[str, float]) -> bool:
    name = TELLS.get(event.fault, "electricity_kw")
    least = LEAST[name]
    return excess[name] >= least if least > 0 else excess[name] <= least


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def hours(span: timedelta) -> float:
    """A span in hours."""
    return span.total_seconds() / 3600.0


def row_of(scored: Scored) -> dict[str, Any]:
    """One event as JSON."""
    event, measured = scored.event, scored.measured()
    return {
        "fault": event.fault,
        "target": event.target,
        "start": event.start.isoformat(),
        "needs_finding": needs_finding(event),
        "harmless": event.harmless,
        "found": scored.found,
        "delay_h": _short(scored.delay_h),
        "late_h": _short(scored.late_h),
        "titles": [f.title for f in scored.findings],
        "excess_found": None if measured is None else _short(measured[0]),
        "excess_true": None if measured is None else _short(measured[1]),
        "unit": None if measured is None else measured[2],
    }


def false_rows(findings: Iterable[Finding], events: Sequence[Scored]) -> list[dict[str, Any]]:
    """Findings without a cause, with what else was going on then."""
    return [
        {
            "seen_at": f.seen_at.isoformat(),
            "hours": _short(hours(f.last_at - f.seen_at)),
            "kind": f.kind,
            "cause": f.cause,
            "title": f.title,
            "during": sorted(
                {f"{s.event.fault} {s.event.target}" for s in events if s.event.holds(f.seen_at)}
            ),
        }
        for f in findings
    ]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
