"""What every report is put together from: datapoints of figures, tables of factors, months, revisions and gaps.

Nothing is computed here but sums, shares and differences of figures that were handed in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ecotwin.clock import iso, local_month, micros, parse_period
from ecotwin.records import Cell, Column, Datapoint, FactorUse, Measure, Report, Section, Table
from ecotwin.reports.contract import Dossier
from ecotwin.reports.rendering.facts import span as shown_span

_SCALES = {
    ("kgCO2e", "tCO2e"): 1e-3, ("kg", "tCO2"): 1e-3, ("kg", "t"): 1e-3, ("kWh", "MWh"): 1e-3, ("1", "%"): 100.0,
}  # fmt: skip
_JOINING = frozenset({"by", "total", "share", "in", "out", "of", "the", "and", "used", "all", "at"})


class Named(Protocol):
    """What a report says of itself."""

    name: str
    title: str
    standard: str


def whole(
    dossier: Dossier,
    plug: Named,
    sections: Iterable[Section],
    *,
    standard: str = "",
    data: Mapping[str, Any] | None = None,
    gaps: Iterable[str] = (),
) -> Report:
    """The report: its sections, and as gaps those of the dossier and every datapoint that is missing."""
    parts = tuple(sections)
    lacking = (
        f"{' '.join(filter(None, (p.id, p.name)))}: {p.missing}"
        for s in parts
        for p in s.datapoints
        if p.value is None
    )
    return Report(
        plug.name,
        plug.title,
        standard or plug.standard,
        dossier.element,
        name_of(dossier, dossier.element),
        dossier.period,
        parts,
        tuple(dict.fromkeys((*gaps, *lacking, *told_gaps(dossier)))),
        dict(data or {}),
    )


def heads(*names: str) -> tuple[Column, ...]:
    """Columns; `#` marks one of numbers, with their unit after it.

    >>> heads("figure", "value#kWh")
    (Column(name='figure', unit='', number=False), Column(name='value', unit='kWh', number=True))
    """
    parted = (name.partition("#") for name in names)
    return tuple(Column(name, unit, bool(mark)) for name, mark, unit in parted)


def name_of(dossier: Dossier, element: str) -> str:
    """The name of an element; its id where the plant no longer has it."""
    found = (e.name for e in dossier.plant.elements if e.id == element)
    return next(found, element)


def told_gaps(dossier: Dossier) -> tuple[str, ...]:
    """The dossier's gaps as sentences, each with its place."""
    return tuple(
        text if text.startswith(f"{where}:") else f"{where}: {text}" for where, text in dossier.gaps
    )


def reason(dossier: Dossier, indicator: str, element: str = "") -> str:
    """Why there is no figure: the gap that names it, else the nearest that was told of the element."""
    where = element or dossier.element
    told = [text for place, text in dossier.gaps if place == where]
    named = [t for t in told if re.search(rf"\b{re.escape(indicator)}\b", t)]
    if named:
        return " ".join(named)
    known = indicator in dossier.indicators
    opening = f"there is no figure {indicator} of {where}" if known else f"{indicator} is not made"
    words = {w for w in re.split(r"[._]", indicator) if w not in _JOINING}
    scores = [(len(words & set(re.findall(r"[a-z0-9]+", t.lower()))), t) for t in told]
    best = max((s for s, _ in scores), default=0)
    if best:
        near = " ".join(t for s, t in scores if s == best)
        return f"{opening}; the nearest gap that was told: {near}"
    if told:
        return f"{opening}; {len(told)} gaps of {where} stand at the end of this report"
    return f"{opening}: neither a meter nor a book gives it, and no gap was told"


def point(
    dossier: Dossier,
    place: str,
    indicator: str,
    name: str = "",
    *,
    unit: str = "",
    element: str = "",
    note: str = "",
) -> Datapoint:
    """A datapoint of one figure, in `unit` where one is asked.

    Args:
        place: Its id in the standard. name: Empty: that of the catalogue.
    """
    entry = dossier.indicators.get(indicator)
    called = name or (entry.name if entry else indicator)
    figure = dossier.figure(indicator, element)
    if figure is None:
        why = reason(dossier, indicator, element)
        return Datapoint(place, called, None, unit or (entry.unit if entry else ""), missing=why)
    scale = scale_of(figure.unit, unit or figure.unit)
    if scale is None:
        why = f"{indicator} is told in {figure.unit}, which is no {unit}"
        return Datapoint(place, called, None, unit, missing=why)
    words = filter(None, (note, estimated(figure), _other_period(dossier, figure), figure.method))
    return Datapoint(
        place,
        called,
        float(figure.value) * scale,
        unit or figure.unit,
        float(figure.low) * scale,
        float(figure.high) * scale,
        float(figure.coverage),
        figure.id,
        dossier.entries.get(figure.id),
        "; ".join(words),
    )


def scale_of(unit: str, asked: str) -> float | None:
    """What a figure is multiplied by to stand in another unit; None: it cannot.

    >>> scale_of("kWh", "MWh"), scale_of("m3", "m3"), scale_of("kg", "MWh")
    (0.001, 1.0, None)
    """
    return 1.0 if unit == asked else _SCALES.get((unit, asked))


def estimated(figure: Measure) -> str:
    """How much of a figure was estimated, in words."""
    share = figure.estimated_share
    return f"{share:.1%} of the value estimated".replace("%", " %") if share > 0.0005 else ""


def _other_period(dossier: Dossier, figure: Measure) -> str:
    return "" if figure.period == dossier.period else f"of the period {figure.period}"


def present(dossier: Dossier, indicators: Iterable[str], element: str = "") -> tuple[Measure, ...]:
    """Those figures that there are."""
    found = (dossier.figure(i, element) for i in indicators)
    return tuple(f for f in found if f is not None)


def split_table(dossier: Dossier, figure: Measure, title: str, first: str, note: str = "") -> Table:
    """Named parts of a figure with their shares, and their sum."""
    names = {e.id: e.name for e in dossier.plant.elements}
    total = sum(figure.split.values())
    rows: list[tuple[Cell, ...]] = [
        (names.get(part, part), float(value), value / total if total else None)
        for part, value in figure.split.items()
    ]
    rows.append(("Sum", float(total), 1.0 if total else None))
    columns = (Column(first), Column("value", figure.unit, True), Column("share", "share", True))
    return Table(title, columns, tuple(rows), note, total=True)


def quality_table(dossier: Dossier, figures: Sequence[Measure], title: str) -> Table:
    """Interval, coverage, estimated share and method of figures."""
    rows: list[tuple[Cell, ...]] = []
    for f in figures:
        half = (f.high - f.low) / 2.0
        share = abs(half / f.value) if f.value else None
        name = dossier.indicators[f.indicator].name if f.indicator in dossier.indicators else f.id
        rows.append(
            (
                name,
                float(f.value),
                f.unit,
                share,
                float(f.coverage),
                float(f.estimated_share),
                f.method,
            )
        )
    columns = heads(
        "figure",
        "value#",
        "unit",
        "95 % interval, +-#share",
        "measured share#share",
        "estimated share#share",
        "method",
    )
    return Table(title, columns, tuple(rows))


def factor_table(figures: Iterable[Measure], title: str = "Factors used") -> Table:
    """Every factor behind figures, once, with value, place, year, source, edition and GWP set.

    A factor that has another value in each figure (a mean of hourly ones weighed by use) stands with its range.
    """
    kinds: dict[tuple[str, ...], list[FactorUse]] = {}
    for f in (f for figure in figures for f in figure.factors):
        kinds.setdefault((f.id, f.unit, f.version, f.gwp_set, f.basis), []).append(f)
    rows = tuple(_factor(kinds[key]) for key in sorted(kinds))
    columns = heads(
        "factor", "value#", "up to#", "unit", "place", "year#", "source", "edition", "GWP set",
        "95 % interval, +-#share", "basis",
    )  # fmt: skip
    ranges = any(row[2] != "" for row in rows)
    if ranges:
        return Table(
            title,
            columns,
            rows,
            "Value and up to: the range of a mean that is weighed by each use.",
        )
    return Table(title, columns[:2] + columns[3:], tuple(row[:2] + row[3:] for row in rows))


def _factor(same: Sequence[FactorUse]) -> tuple[Cell, ...]:
    f, values = same[0], sorted(float(one.value) for one in same)
    lowest, highest = values[0], values[-1]
    return (
        f.id,
        lowest,
        highest if highest > lowest else "",
        f.unit,
        f.place or None,
        f.year or None,
        f.source or None,
        f.version or None,
        f.gwp_set or "no gas weighed",
        float(f.uncertainty) if f.uncertainty else None,
        f.basis,
    )


def gwp_sets(figures: Iterable[Measure]) -> tuple[str, ...]:
    """Sets of warming potentials that figures stand on."""
    return tuple(sorted({f.gwp_set for m in figures for f in m.factors if f.gwp_set}))


def months_table(dossier: Dossier, indicators: Iterable[str], title: str = "By month") -> Table:
    """A row a local month, a column a figure; what a month lacks is said to be not available."""
    here = dossier.element
    columns, chosen = [Column("month")], []
    for indicator in indicators:
        found = [f[here, indicator] for f in dossier.months.values() if (here, indicator) in f]
        if found:
            entry = dossier.indicators.get(indicator)
            columns.append(Column(entry.name if entry else indicator, found[0].unit, True))
            chosen.append((indicator, found[0].unit))
    rows = []
    for month in sorted(dossier.months):
        figures = (dossier.months[month].get((here, i)) for i, _ in chosen)
        cells = (
            float(f.value) if f is not None and f.unit == unit else None
            for f, (_, unit) in zip(figures, chosen, strict=True)
        )
        rows.append((_month(dossier, month), *cells))
    note = "" if dossier.months else "No figures by month were handed in."
    return Table(title, tuple(columns), tuple(rows) if chosen else (), note)


def _month(dossier: Dossier, month: str) -> str:
    """A month by its name; one that is only in part in the period by its days."""
    zone = dossier.plant.zone
    figure = next(iter(dossier.months[month].values()), None)
    whole = local_month(int(month[:4]), int(month[5:7]), zone)
    if figure is None or figure.period == whole:
        return month[:7]
    return shown_span(figure.period, dossier.plant.timezone)


def before_table(dossier: Dossier, indicators: Iterable[str]) -> Table:
    """Figures beside those of the same span a year earlier."""
    rows: list[tuple[Cell, ...]] = []
    for figure in present(dossier, indicators):
        earlier = dossier.before.get((dossier.element, figure.indicator))
        value = float(earlier.value) if earlier and earlier.unit == figure.unit else None
        entry = dossier.indicators.get(figure.indicator)
        change = None if value is None else float(figure.value) - value
        share = None if not value or change is None else change / abs(value)
        rows.append(
            (
                entry.name if entry else figure.indicator,
                float(figure.value),
                value,
                change,
                share,
                figure.unit,
            )
        )
    columns = heads(
        "figure", "this period#", "a year earlier#", "difference#", "share#share", "unit"
    )
    note = "" if dossier.before else "Nothing is known of the same span a year earlier."
    return Table("Against a year earlier", columns, tuple(rows) if dossier.before else (), note)


def revisions_table(dossier: Dossier) -> Table:
    """Sealed figures that became others, with when and why."""
    rows = tuple(
        (
            r.name,
            float(r.before),
            float(r.after),
            float(r.after - r.before),
            r.unit,
            iso(micros(r.known_before)),
            iso(micros(r.known_after)),
            r.why,
        )
        for r in dossier.revisions
    )
    columns = heads(
        "figure",
        "before#",
        "after#",
        "difference#",
        "unit",
        "first known at",
        "revised at",
        "why",
    )
    note = "" if rows else "No sealed figure of this period became another."
    return Table("Recalculations", columns, rows, note)


def below(dossier: Dossier, element: str = "") -> tuple[str, ...]:
    """Ids of an element and all below it, in the plant's order."""
    here = element or dossier.element
    known = {e.id for e in dossier.plant.elements}
    return tuple(e.id for e in dossier.plant.under(here)) if here in known else (here,)


def handed(dossier: Dossier, key: str) -> list[Mapping[str, Any]]:
    """Records of `extra[key]` about the element or what is below it; what is no record is left out.

    One that names no `element` is about the element of the report.
    """
    found = dossier.extra.get(key, ())
    places = set(below(dossier))
    records = (
        (r for r in found if isinstance(r, Mapping)) if isinstance(found, list | tuple) else ()
    )
    return [r for r in records if str(r.get("element") or dossier.element) in places]


def told(record: Mapping[str, Any], key: str) -> Cell:
    """A value of a handed record as a cell; None where it lacks or is empty."""
    value = record.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return str(value)


def amounts(record: Mapping[str, Any], *keys: str) -> Iterator[float | None]:
    """Numbers of a handed record, counts as whole numbers; None where one lacks or is no number."""
    for key in keys:
        value = record.get(key)
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        yield value if sound and value is not None and math.isfinite(value) else None


def span(dossier: Dossier, told: object) -> Cell:
    """A handed period in days of the plant; what is none as it was told."""
    if not told:
        return None
    try:
        return shown_span(parse_period(str(told), dossier.plant.zone), dossier.plant.timezone)
    except ValueError:
        return str(told)
