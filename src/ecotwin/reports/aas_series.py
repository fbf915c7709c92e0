"""Time Series Data 1.1 (IDTA 02008-1-1-1): the records of a span, and a link to the live series.

Instants stand in UTC, and in whole seconds since the first record as the template has them.

Sources: IDTA 02008-1-1-1; the semantic id of a linked segment's EndTime bears a trailing blank in the template, which
    is an error of the template and left out here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ecotwin.clock import instant, iso, micros
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant
from ecotwin.records import Window
from ecotwin.reports.aas_elements import Maker, short

_SERIES = "https://admin-shell.io/idta/TimeSeries"


@dataclass(frozen=True, slots=True)
class SeriesColumn:
    """A quantity over time. `id`: of the signal or indicator. `values`: None where nothing was measured."""

    id: str
    name: str
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """Columns over the same instants.

    Attributes:
        at: Instants with their zone, rising. endpoint, query: Where the live series is had; empty: nowhere.
        complete: Whether nothing more will come for this span.
    """

    name: str
    at: tuple[datetime, ...]
    columns: tuple[SeriesColumn, ...]
    endpoint: str = ""
    query: str = ""
    complete: bool = True


def of_window(
    plant: Plant, window: Window, name: str, endpoint: str = "", query: str = ""
) -> Series:
    """A window as a series: what counts as its amount in each step, the rest as its mean (a state as its code).

    A step that was not measured at all is None, never zero.
    """
    columns = []
    for n, index in enumerate(window.signals):
        signal = plant.signals[index]
        counted = signal.form in ("counter", "interval")
        values = (window.amount if counted else window.mean)[:, n]
        told = tuple(float(v) if v == v else None for v in values)
        place = plant.element(signal.element).name
        words = f"{place}: {signal.means}{' in the step' if counted else ''}"
        columns.append(SeriesColumn(signal.id, words, signal.unit, told))
    at = tuple(instant(int(us)) for us in window.at)
    return Series(name, at, tuple(columns), endpoint, query)


def time_series(shells: Any, base: str, series: Series, number: int, made_at: datetime) -> Any:
    """Time Series Data 1.1: the records, and a link to the live series.

    Raises:
        FigureGap: Instants fall or tell no zone, or a column is of another length.
    """
    _sound(series)
    make = Maker(shells)
    names = [short(f"{c.id}_{c.unit}" if c.unit not in ("", "1") else c.id) for c in series.columns]
    if len(set(names)) != len(names):
        raise FigureGap(
            f"columns of {series.name} share a name: {', '.join(sorted(names))}",
            expected="ids that differ in letters and digits", remedy="rename one",
        )  # fmt: skip
    empty = [make.property(n, None, _column(base, c), "Double", f"{c.name} [{c.unit}]") for n, c in
             zip(names, series.columns, strict=True)]  # fmt: skip
    metadata = make.group(
        "Metadata",
        [
            make.text("Name", series.name, f"{_SERIES}/Metadata/Name/1/1"),
            make.group("Record", [*_times(make, None, None), *empty], f"{_SERIES}/Record/1/1"),
        ],
        f"{_SERIES}/Metadata/1/1",
    )
    records = []
    for n, at in enumerate(series.at):
        cells = [(name, c, c.values[n]) for name, c in zip(names, series.columns, strict=True)]
        values = [
            make.property(name, v, _column(base, c), "Double")
            for name, c, v in cells
            if v is not None
        ]
        records.append(
            make.group(
                f"Record{n:02d}",
                [*_times(make, at, series.at[0]), *values],
                f"{_SERIES}/Record/1/1",
            )
        )
    inside = [
        *_span(make, series, made_at),
        make.group("Records", records, f"{_SERIES}/Records/1/1"),
    ]
    segments = [make.group("InternalSegment", inside, f"{_SERIES}/Segments/InternalSegment/1/1")]
    if series.endpoint:
        link = [
            *_span(make, series, made_at),
            make.property("Endpoint", series.endpoint, f"{_SERIES}/Endpoint/1/1"),
            make.property("Query", series.query, f"{_SERIES}/Query/1/1"),
        ]
        segments.append(make.group("LinkedSegment", link, f"{_SERIES}/Segments/LinkedSegment/1/1"))
    elements = [metadata, make.group("Segments", segments, f"{_SERIES}/Segments/1/1")]
    name = "TimeSeries" if number == 1 else f"TimeSeries{number}"
    return make.submodel(base, name, f"{_SERIES}/1/1", elements, ("1", "1", ""), own=True)


def _span(make: Maker, series: Series, made_at: datetime) -> list[Any]:
    start, end = series.at[0], series.at[-1]
    segment = f"{_SERIES}/Segment"
    return [
        make.property("RecordCount", len(series.at), f"{segment}/RecordCount/1/1", "Long"),
        make.property("StartTime", iso(micros(start)), f"{segment}/StartTime/1/1"),
        make.property("EndTime", iso(micros(end)), f"{segment}/EndTime/1/1"),
        make.property(
            "Duration", f"PT{(end - start).total_seconds():g}S", f"{segment}/Duration/1/1"
        ),
        make.property(
            "State", "completed" if series.complete else "in progress", f"{segment}/State/1/1"
        ),
        make.property("LastUpdate", iso(micros(made_at)), f"{segment}/LastUpdate/1/1"),
    ]


def _times(make: Maker, at: datetime | None, start: datetime | None) -> list[Any]:
    """The instant in UTC, and in whole seconds since the first record, as the template has it."""
    seconds = None if at is None or start is None else int((at - start).total_seconds())
    return [
        make.property("Time00", at, f"{_SERIES}/UtcTime/1/1", "DateTime"),
        make.property("Time01", seconds, f"{_SERIES}/RelativePointInTime/1/1", "Long"),
    ]


def _sound(series: Series) -> None:
    faults = []
    if not series.at:
        faults.append("it has no record")
    if any(t.tzinfo is None for t in series.at):
        faults.append("an instant tells no zone")
    elif any(a >= b for a, b in zip(series.at, series.at[1:], strict=False)):
        faults.append("its instants do not rise")
    faults += [
        f"{c.id} has {len(c.values)} values"
        for c in series.columns
        if len(c.values) != len(series.at)
    ]
    faults += [
        f"{c.id} holds {v}"
        for c in series.columns
        for v in c.values
        if v is not None and not math.isfinite(v)
    ]
    if series.endpoint and not series.query:
        faults.append("it has an endpoint and no query")
    if faults:
        raise FigureGap(
            f"the series {series.name} cannot be exported: {'; '.join(faults[:5])}",
            expected=f"values or None at {len(series.at)} rising instants with their zone", remedy="correct it",
        )  # fmt: skip


def _column(base: str, column: SeriesColumn) -> str:
    return f"{base}/series/{short(column.id)}"
