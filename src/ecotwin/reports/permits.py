"""Compliance with permits: for each limit its windows, validity, exceedances and the share of the limit used.

`Dossier.extra["permits"]` is a list of records, one a permit; the averaging, the reference oxygen and the rule of
validity were applied by whoever made them::

    {"permit": "nox",                 id in the plant file
     "name": "NOx of boiler 1", "element": "boiler_1",
     "limit": 100.0, "unit": "mg/Nm3",
     "window": "day",                 half_hour, hour, day, month or year; "rolling day" ends at every step
     "source": "notice 4-2025",
     "windows": 30,                   that ended in the period and count (the plant ran)
     "valid": 28,                     measured for long enough to count
     "above": 1,                      valid windows above the limit (after the confidence was subtracted)
     "discarded_days": 1,             days lost
     "highest": 108.2, "mean": 71.9,  of the valid windows [unit], null without any
     "used_share": 1.082,             highest / limit, null without any
     "verdict": "broken",             kept, broken, void (too few valid windows) or running (not yet over)
     "why": "one window above 100 mg/Nm3",
     "error_share": 0.1,              half of the 95 % interval of a mean as a share of it
     "exceedances": [{"start": "2026-06-11T22:00Z", "end": "2026-06-12T22:00Z", "value": 108.2}]}

`element`, `error_share` and `why` may lack; what else lacks is shown as not available, never as zero. A permit of the
plant file without a record is a gap. Verdicts are those of the records: nothing is judged here.

Sources: Directive 2010/75/EU Annexes V and VI for the ideas of validity and of discarded days.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ecotwin.errors import FigureGap
from ecotwin.records import Cell, Datapoint, Report, Section, Table
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier

VERDICTS = {
    "kept": "kept",
    "broken": "broken: a limit was passed",
    "void": "void: too little was validly measured to say that it was kept",
    "running": "running: the window is not over",
}

_LENGTHS = {
    "half_hour": "half an hour", "hour": "one hour", "day": "one day", "month": "one month", "year": "one year",
}  # fmt: skip


class Permits:
    """Each permit of an element and all below it."""

    name = "permits"
    title = "Permit compliance"
    standard = "The plant's own permits, each as its notice says; validity in the manner of Directive 2010/75/EU"

    def write(self, dossier: Dossier) -> Report:
        """The report.

        Raises:
            FigureGap: The element has no permit.
        """
        places = set(pieces.below(dossier))
        named = {p.id: p for p in dossier.plant.permits if p.element in places}
        records = pieces.handed(dossier, "permits")
        if not records and not named:
            raise FigureGap(
                f"{dossier.element} has no permit",
                expected="at least one permit of it or of what is below it",
                remedy="name its limits under `permits` in the plant file, or take the report of the whole site",
            )
        told = {str(r.get("permit", "")) for r in records}
        silent = tuple(
            f"permit {p.id} ({p.name}): no series of windows was made; see that {p.signal or p.indicator} is measured"
            for p in named.values()
            if p.id not in told
        )
        sections = (
            Section("Overview", _words(records), tables=(_overview(records),)),
            *(_one(dossier, r) for r in records),
        )
        return pieces.whole(
            dossier, self, sections, gaps=silent, data={"permits": [dict(r) for r in records]}
        )


def _words(records: list[Mapping[str, Any]]) -> tuple[str, ...]:
    counts = {v: sum(r.get("verdict") == v for r in records) for v in VERDICTS}
    parts = [f"{n} {v}" for v, n in counts.items() if n]
    unjudged = len(records) - sum(counts.values())
    if unjudged:
        parts.append(f"{unjudged} not judged")
    return (f"{len(records)} permits: {', '.join(parts) or 'none'}.",)


def _overview(records: list[Mapping[str, Any]]) -> Table:
    keys = ("name", "limit", "unit", "window", "windows", "valid", "above", "highest")
    rows = tuple(
        (*(pieces.told(r, k) for k in keys), *pieces.amounts(r, "used_share"), _verdict(r)) for r in records
    )  # fmt: skip
    columns = pieces.heads(
        "permit", "limit#", "unit", "window", "windows#", "valid#", "above#", "highest#", "share of limit#share",
        "verdict",
    )  # fmt: skip
    return Table("Verdicts", columns, rows)


def _verdict(record: Mapping[str, Any]) -> str:
    return VERDICTS.get(str(record.get("verdict", "")), "not judged")


def _one(dossier: Dossier, record: Mapping[str, Any]) -> Section:
    name = str(record.get("name") or record.get("permit") or "unnamed")
    unit = str(record.get("unit", ""))
    _, rolling, window = str(record.get("window", "")).rpartition("rolling ")
    valid, windows = pieces.amounts(record, "valid", "windows")
    why = "no window was validly measured" if valid == 0.0 else "the series does not tell it"
    sort = "valid window" if valid else "window so far, none is valid yet"
    facts = (
        ("Limit", "limit", unit), (f"Highest {sort}", "highest", unit), ("Mean of these windows", "mean", unit),
        ("Windows", "windows", "1"), ("Valid windows", "valid", "1"), ("Valid windows above the limit", "above", "1"),
        ("Days discarded", "discarded_days", "1"),
    )  # fmt: skip
    points = [_point(record, key, label, u, why) for label, key, u in facts]
    (used,) = pieces.amounts(record, "used_share")
    points.append(
        Datapoint("", "Highest / limit", None, "%", missing=why)
        if used is None
        else Datapoint("", "Highest / limit", used * 100.0, "%")
    )
    if valid is not None and windows is not None:
        discarded = Datapoint("", "Windows discarded as not valid", windows - valid, "1")
        points.append(discarded)
    (error,) = pieces.amounts(record, "error_share")
    if error is not None:
        points.append(Datapoint("", "Half of the 95 % interval of a mean", error * 100.0, "%"))
    kind, length = (
        "Rolling" if rolling else "Calendar",
        _LENGTHS.get(window, window or "a length not told"),
    )
    notice = record.get("source") or "not told"
    text = [f"{_verdict(record).capitalize()}. {kind} windows of {length}; notice: {notice}."]
    if record.get("why"):
        text.append(str(record["why"]))
    return Section(name, tuple(text), tuple(points), (_exceedances(dossier, record, unit),))


def _point(record: Mapping[str, Any], key: str, label: str, unit: str, why: str) -> Datapoint:
    (value,) = pieces.amounts(record, key)
    if value is None:
        return Datapoint("", label, None, unit, missing=why)
    return Datapoint("", label, value, unit)


def _exceedances(dossier: Dossier, record: Mapping[str, Any], unit: str) -> Table:
    told = record.get("exceedances")
    found = [e for e in told if isinstance(e, Mapping)] if isinstance(told, list | tuple) else []
    limit, above = pieces.amounts(record, "limit", "above")
    rows: list[tuple[Cell, ...]] = []
    for e in found:
        (value,) = pieces.amounts(e, "value")
        share = value / limit if value is not None and limit else None
        rows.append((_local(dossier, e.get("start")), _local(dossier, e.get("end")), value, share))
    note = "" if rows else "No window above the limit was told."
    if above and len(found) != above:
        note = f"{above:g} windows were above the limit; those that follow each other stand as one span."
    columns = pieces.heads("from", "to", f"value#{unit}", "share of limit#share")
    return Table(f"Windows above the limit ({dossier.plant.timezone})", columns, tuple(rows), note)


def _local(dossier: Dossier, told: object) -> Cell:
    """A moment in the plant's time; what is no moment as it was told."""
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        return str(told)
    if moment.tzinfo is None:
        return str(told)
    return moment.astimezone(dossier.plant.zone).strftime("%Y-%m-%d %H:%M")


plug = Permits()
