"""A report as JSON: every number as it is, keys always in the same order; and back again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from ecotwin.clock import Period, iso, micros
from ecotwin.errors import FileFault, PlugFault
from ecotwin.records import Column, Datapoint, Report, Section, Table
from ecotwin.reports.rendering.facts import Facts

FORMAT = "ecotwin.report/1"
Json = dict[str, Any]


def made(report: Report, facts: Facts) -> bytes:
    """The file."""
    whole = {
        "format": FORMAT,
        "plant": facts.plant,
        "company": facts.company,
        "timezone": facts.timezone,
        "made_at": iso(micros(facts.made_at)),
        "version": facts.version,
        "checkpoint": facts.checkpoint,
        "report": _value(report),
    }
    text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def read(content: bytes | str) -> Report:
    """The report of a file.

    Raises:
        FileFault: It is not such a file.
    """
    try:
        whole = json.loads(content)
        if whole["format"] != FORMAT:
            raise ValueError(f"its format is {whole['format']!r}")
        return _report(whole["report"])
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise FileFault(
            f"this is not the JSON of a report ({type(fault).__name__}: {fault})",
            expected=f"a file with format {FORMAT}",
            remedy="make the file anew, or see which software wrote it",
        ) from None


def _value(thing: Any) -> Any:
    if isinstance(thing, Period):
        return {"start": iso(thing.start_us), "end": iso(thing.end_us)}
    if is_dataclass(thing):
        return {f.name: _value(getattr(thing, f.name)) for f in fields(thing)}
    if isinstance(thing, tuple | list):
        return [_value(t) for t in thing]
    if isinstance(thing, Mapping):
        return {str(k): _value(v) for k, v in thing.items()}
    if thing is None or isinstance(thing, str | int | float | bool):
        return thing
    if isinstance(thing, datetime):
        return iso(micros(thing))
    if hasattr(thing, "item"):
        return thing.item()
    raise PlugFault(
        f"a report holds {type(thing).__name__}, which JSON does not know",
        expected="text, numbers, yes or no, lists and records of these",
        remedy="mend the plug that wrote it",
    )


def _report(told: Json) -> Report:
    period = Period(*(_instant(told["period"][k]) for k in ("start", "end")))
    rest = {**told, "period": period, "gaps": tuple(told["gaps"])}
    return Report(**{**rest, "sections": tuple(_section(s) for s in told["sections"])})


def _section(told: Json) -> Section:
    points = tuple(Datapoint(**p) for p in told["datapoints"])
    return Section(
        told["title"], tuple(told["text"]), points, tuple(_table(t) for t in told["tables"])
    )


def _table(told: Json) -> Table:
    columns = tuple(Column(**c) for c in told["columns"])
    rows = tuple(tuple(row) for row in told["rows"])
    return Table(told["title"], columns, rows, told["note"], told["total"])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
