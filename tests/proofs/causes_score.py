"""Findings with their causes against what really was: found or not, how late, and where the true cause stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ecotwin.maintenance.clues.tables import class_of
from ecotwin.plant import Plant
from ecotwin.records import Finding
from proofs import scoring
from proofs.novel_faults import NOVEL, Novel

TRUE: dict[str, frozenset[str]] = {
    "air_leak": frozenset({"leak"}),
    "oven_hot_in_breaks": frozenset({"idle_running"}),
    "power_creep": frozenset({"wear"}),
    "exhaust_damper_open": frozenset({"wear"}),
    "cooling_water_leak": frozenset({"leak"}),
    "ovens_preheat_in_peak": frozenset({"scheduling"}),
    "pv_inverter_out": frozenset({"wear"}),
    "chiller_fouled": frozenset({"fouling"}),
    "stuck_sensor": frozenset({"sensor_fault"}),
    "gap": frozenset({"sensor_fault"}),
    "device_death": frozenset({"sensor_fault"}),
}
"""The class of each fault of the catalogue; a burst of scrap has no physical cause in the stand-in: not scored."""
HARMLESS = ("weather", "product_mix")


@dataclass
class Case:
    """What really happened, and what was said of it."""

    name: str
    target: str
    novel: bool
    harmless: bool
    true: frozenset[str]
    start: datetime
    findings: list[Finding] = field(default_factory=list)


def cases_of(
    plant: Plant, truth: Path, zero: datetime, novel: Sequence[Novel] = NOVEL
) -> list[Any]:
    """Events of the catalogue and those laid over them, each with a test whether a finding is about it."""
    made: list[Any] = []
    for event in scoring.events_of(plant, truth):
        if event.fault in scoring.COUNTED:
            continue
        case = Case(
            event.fault,
            event.target,
            False,
            event.harmless,
            TRUE.get(event.fault, frozenset()),
            event.start,
        )
        made.append((case, lambda f, e=event: scoring.is_about(plant, f, e)))
    for one in novel:
        start, end = (zero + timedelta(days=d) for d in (one.start, one.end))
        case = Case(one.name, "/".join(sorted(one.elements)[:2]), True, False, one.classes, start)
        made.append((case, lambda f, n=one, a=start, b=end: _about(plant, f, n, a, b)))
    return made


def _about(plant: Plant, finding: Finding, fault: Novel, start: datetime, end: datetime) -> bool:
    word = finding.cause.split(":")[1]
    if not start <= finding.seen_at < end + scoring.AFTERGLOW:
        return False
    told = word in fault.words or (finding.kind == "sensor" and "sensor" in fault.words)
    return told and finding.element in fault.elements


def scored(
    plant: Plant, truth: Path, told: Sequence[Finding], zero: datetime, days: float
) -> dict[str, Any]:
    """One stretch as JSON."""
    first: dict[str, Finding] = {}
    last: dict[str, Finding] = {}
    for finding in told:
        first.setdefault(finding.id, finding)
        last[finding.id] = finding
    cases = cases_of(plant, truth, zero)
    false: list[str] = []
    for id_, finding in sorted(first.items(), key=lambda f: f[1].seen_at):
        if finding.seen_at < zero:
            continue
        mine = [case for case, is_about in cases if not case.harmless and is_about(finding)]
        # One finding tells of all machines that heat together.
        for case in mine if finding.cause.endswith(":peak") else mine[:1]:
            case.findings.append(finding)
        if not mine:
            false.append(id_)
    return {
        "days": days,
        "cases": [_row(c, first, last) for c, _ in cases if not c.harmless],
        "harmless": [f"{c.name} {c.target}" for c, _ in cases if c.harmless],
        "false": [_false(first[i], last[i]) for i in false],
    }


def classes(finding: Finding) -> list[tuple[str, float]]:
    """Classes of causes with their probabilities, the most likely first."""
    sums: dict[str, float] = {}
    for cause in finding.causes:
        name = class_of(cause.subject)
        sums[name] = sums.get(name, 0.0) + (cause.sure or 0.0)
    return sorted(sums.items(), key=lambda f: -f[1])


def _row(case: Case, first: dict[str, Finding], last: dict[str, Finding]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "fault": case.name, "target": case.target, "novel": case.novel, "true": sorted(case.true),
        "found": bool(case.findings), "delay_h": None, "title": "",
    }  # fmt: skip
    if not case.findings:
        return row
    # Of several findings about one fault the first counts: a person reads it first.
    id_ = case.findings[0].id
    row["delay_h"] = round((case.findings[0].seen_at - case.start).total_seconds() / 3600.0, 2)
    row["title"] = last[id_].title
    for when, finding in (("first", first[id_]), ("last", last[id_])):
        order = classes(finding)
        rank = next((n for n, (c, _) in enumerate(order, start=1) if c in case.true), None)
        row[when] = {
            "rank": rank,
            "share": round(sum(s for c, s in order if c in case.true), 3),
            "top": [[c, round(s, 3)] for c, s in order[:3]],
        }
    return row


def _false(first: Finding, last: Finding) -> dict[str, Any]:
    return {
        "seen_at": first.seen_at.isoformat(),
        "hours": round((last.last_at - last.seen_at).total_seconds() / 3600.0, 1),
        "cause": first.cause,
        "title": last.title,
        "top": [[c, round(s, 3)] for c, s in classes(last)[:3]],
        "leave": bool(last.causes) and last.causes[0].verb == "Leave",
    }


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts over many cases."""
    meant = [r for r in rows if r["true"]]
    found = [r for r in meant if r["found"] and r.get("last")]
    made: dict[str, Any] = {
        "cases": len(rows),
        "found": sum(r["found"] for r in rows),
        "with_cause": len(found),
    }
    for when in ("first", "last"):
        ranks = [r[when]["rank"] for r in found]
        made[when] = {
            "top_1": sum(r == 1 for r in ranks),
            "top_3": sum(r is not None and r <= 3 for r in ranks),
            "mean_share": round(sum(r[when]["share"] for r in found) / max(len(found), 1), 3),
            "bits": round(
                -sum(math.log2(max(r[when]["share"], 1e-3)) for r in found) / max(len(found), 1), 3
            ),
            "first_cause_said": round(
                sum(r[when]["top"][0][1] for r in found) / max(len(found), 1), 3
            ),
        }
    delays = sorted(r["delay_h"] for r in rows if r["found"])
    made["median_delay_h"] = delays[len(delays) // 2] if delays else None
    return made
