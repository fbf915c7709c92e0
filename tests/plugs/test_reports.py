"""The shared suite of every report plug: real figures of a real plant file, in all three forms."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dossiers
from ecotwin.accounting.factors.workbook import sheets
from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.plugs import load_all, names
from ecotwin.records import Report
from ecotwin.reports.contract import Dossier, ReportPlug
from ecotwin.reports.rendering import FORMS, Facts, pdf, render, text
from ecotwin.reports.rendering.facts import number

PLUGS = tuple(names("reports"))
HOSTILE = 'x #panic("a") $ *b* _c_ @d <e> [f] "q" \\ \' // =SUM(A1) {=1} \x07 \u202e 厂'


@cache
def _plug(name: str) -> ReportPlug:
    plug: ReportPlug = load_all("reports")[name]
    return plug


@cache
def _written(name: str) -> tuple[Report, Dossier]:
    dossier = dossiers.dossier()
    return _plug(name).write(dossier), dossier


def _pages(content: bytes) -> list[str]:
    return [p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages]


def _speaks(gap: EcotwinError) -> None:
    """A refusal says what is missing and what to do."""
    assert gap.found
    assert gap.expected
    assert gap.remedy


def test_there_are_reports() -> None:
    assert len(PLUGS) >= 6


@pytest.mark.parametrize("name", PLUGS)
def test_says_who_it_is(name: str) -> None:
    plug = _plug(name)
    assert plug.name == name
    assert plug.title
    assert any(c.isdigit() for c in plug.standard) or name == "accounts", (
        "a standard has an edition"
    )
    report, dossier = _written(name)
    assert (report.name, report.title) == (name, plug.title)
    assert (report.element, report.period) == (dossier.element, dossier.period)
    assert report.place == "Nordhafen electronics works"
    assert report.sections


@pytest.mark.parametrize("name", PLUGS)
def test_every_datapoint_has_a_value_or_a_reason(name: str) -> None:
    for section in _written(name)[0].sections:
        for point in section.datapoints:
            assert (point.value is None) == bool(point.missing), point
            if isinstance(point.value, float) and point.low is not None:
                assert point.high is not None
                assert point.low <= point.value <= point.high, point


@pytest.mark.parametrize("name", PLUGS)
def test_values_are_those_that_were_handed_in(name: str) -> None:
    report, dossier = _written(name)
    known = {m.id: m for m in dossier.figures.values()}
    for section in report.sections:
        for point in section.datapoints:
            if point.measure:
                figure = known[point.measure]
                assert point.entry == dossier.entries.get(point.measure)
                assert point.coverage == figure.coverage
                assert (
                    point.value == pytest.approx(figure.value, rel=1e-12)
                    or point.unit != figure.unit
                )


@pytest.mark.parametrize("name", PLUGS)
def test_tables_are_square_and_sums_are_sums(name: str) -> None:
    for section in _written(name)[0].sections:
        for table in section.tables:
            assert all(len(row) == len(table.columns) for row in table.rows), table.title
            for n, column in enumerate(table.columns):
                cells = [row[n] for row in table.rows]
                if column.number:
                    assert all(isinstance(c, int | float) or c in (None, "") for c in cells), (
                        table.title,
                        column,
                    )
                    if table.total and all(isinstance(c, float) for c in cells):
                        *parts, total = (float(c) for c in cells if isinstance(c, float))
                        assert total == pytest.approx(sum(parts)), (table.title, column)


@pytest.mark.parametrize("name", PLUGS)
def test_as_json(name: str) -> None:
    report, dossier = _written(name)
    content = render(report, "json", Facts.of(dossier))
    told = json.loads(content)
    assert told["plant"] == "Nordhafen electronics works"
    assert told["made_at"] == "2027-02-03T09:30:00Z"
    assert text.read(content) == json_like(report)
    assert content == render(report, "json", Facts.of(dossier))


def json_like(report: Report) -> Report:
    """A report as JSON can hold it: lists in `data`."""
    return replace(report, data=json.loads(json.dumps(dict(report.data))))


@pytest.mark.parametrize("name", PLUGS)
def test_as_pdf(name: str) -> None:
    report, dossier = _written(name)
    content = render(report, "pdf", Facts.of(dossier))
    file = pypdf.PdfReader(io.BytesIO(content))
    words = "\n".join(p.extract_text() for p in file.pages)
    flat = " ".join(words.split())
    assert len(file.pages) >= 1
    assert file.metadata is not None
    assert file.metadata.title == report.title
    kept = file.root_object["/Metadata"].get_data()  # type: ignore[attr-defined]
    assert b"<pdfaid:part>3<" in kept
    assert b"<pdfaid:conformance>A<" in kept
    for said in (
        "Nordhafen electronics works",
        report.title,
        "2026-06-01 to 2026-06-30 (30 days)",
        "4711",
    ):
        assert said in flat
    assert f"{len(file.pages)} / {len(file.pages)}" in flat
    for section in report.sections:
        for point in section.datapoints:
            if isinstance(point.value, float):
                assert number(point.value) in flat, point
    attached = file.attachments["report.json"][0]
    assert text.read(attached) == json_like(report)
    assert content == render(report, "pdf", Facts.of(dossier)), (
        "the same report gives the same bytes"
    )


@pytest.mark.parametrize("name", PLUGS)
def test_as_workbook(name: str) -> None:
    report, dossier = _written(name)
    content = render(report, "xlsx", Facts.of(dossier))
    book = sheets(content, "report.xlsx")
    assert len(book) == len(report.sections) + 2
    cells = [c for sheet in book for row in sheet.rows.values() for c in row.values()]
    numbers = {f"{c:.14g}" for c in cells if isinstance(c, float)}
    for section in report.sections:
        for point in section.datapoints:
            if isinstance(point.value, float):
                assert f"{point.value:.14g}" in numbers, point
    assert content == render(report, "xlsx", Facts.of(dossier))


@pytest.mark.parametrize("name", PLUGS)
def test_names_can_neither_break_nor_command(name: str) -> None:
    base = dossiers.dossier()
    elements = tuple(replace(e, name=f"{HOSTILE} {e.name}") for e in base.plant.elements)
    plant = replace(base.plant, name=HOSTILE, elements=elements)
    gaps = (*base.gaps, (base.element, HOSTILE))
    bookings = tuple(
        replace(b, source=HOSTILE, facts={**b.facts, "carrier": HOSTILE}) for b in base.bookings
    )
    dossier = replace(base, plant=plant, gaps=gaps, bookings=bookings, checkpoint=HOSTILE)
    report = _plug(name).write(dossier)
    facts = Facts.of(dossier)
    words = " ".join(" ".join(_pages(render(report, "pdf", facts))).split())
    assert 'x #panic("a") $ *b* _c_ @d <e> [f] "q"' in words
    assert "[U+0007] [U+202E] [U+5382]" in words
    book = sheets(render(report, "xlsx", facts), "report.xlsx")
    cells = [c for sheet in book for row in sheet.rows.values() for c in row.values()]
    assert any(isinstance(c, str) and "=SUM(A1)" in c for c in cells)
    assert text.read(render(report, "json", facts)).place == report.place


@pytest.mark.parametrize("name", PLUGS)
def test_an_empty_dossier_gives_gaps_and_no_zero(name: str) -> None:
    bare: dict[str, Any] = {key: {} for key in ("before", "months", "entries")}
    bare |= dict.fromkeys(("bookings", "revisions", "findings", "advice", "savings", "gaps"), ())
    dossier = replace(dossiers.dossier(extra={}), figures={}, checkpoint="", **bare)
    try:
        report = _plug(name).write(dossier)
    except FigureGap as gap:
        _speaks(gap)
        return
    assert report.gaps or name == "accounts"
    for section in report.sections:
        for point in section.datapoints:
            assert not isinstance(point.value, float), point
    for form in FORMS:
        assert render(report, form, Facts.of(dossier))


@pytest.mark.parametrize("name", PLUGS)
@pytest.mark.parametrize(("year", "days"), [(2026, 365), (2028, 366)])
def test_whole_years(name: str, year: int, days: int) -> None:
    dossier = dossiers.dossier(period=dossiers.year(year))
    shown = pdf.view(_plug(name).write(dossier), Facts.of(dossier))
    assert f"{year}-01-01 to {year}-12-31 ({days} days)" in shown["running"]


@pytest.mark.parametrize("name", PLUGS)
@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_that_clocks_change(name: str, day: date, hours: int) -> None:
    zone = dossiers.plant().zone
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    period = replace(dossiers.month(), start=start, end=start + timedelta(hours=hours))
    report = _plug(name).write(dossiers.dossier(period=period))
    told = json.loads(render(report, "json", Facts.of(dossiers.dossier(period=period))))
    assert told["report"]["period"]["start"] == f"{start:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("name", PLUGS)
def test_of_a_part_of_the_plant(name: str) -> None:
    try:
        report = _plug(name).write(dossiers.dossier("line_1"))
    except FigureGap as gap:
        _speaks(gap)
        return
    assert report.place == "SMT line 1"
    assert render(report, "pdf", Facts.of(dossiers.dossier("line_1")))


@pytest.mark.parametrize("name", PLUGS)
@given(st.randoms(use_true_random=False), st.floats(0.0, 1.0))
@settings(max_examples=15, deadline=None)
def test_any_part_of_the_figures_makes_a_report(name: str, chance: Random, kept: float) -> None:
    base = dossiers.dossier()
    figures = {k: m for k, m in base.figures.items() if chance.random() < kept}
    before = {k: m for k, m in base.before.items() if chance.random() < kept}
    dossier = replace(base, figures=figures, before=before, months={"2026-06-01": before})
    try:
        report = _plug(name).write(dossier)
    except FigureGap as gap:
        _speaks(gap)
        return
    told = {p.measure for s in report.sections for p in s.datapoints if p.measure}
    assert told <= {m.id for m in base.figures.values()}
    assert text.read(render(report, "json", Facts.of(dossier))) == json_like(report)
