"""Reports as files: what is written comes back, whatever the words are."""

from __future__ import annotations

import io
import json
import math
import re
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ecotwin.accounting.factors.workbook import sheets
from ecotwin.clock import Period
from ecotwin.errors import EcotwinError, FigureGap, FileFault, PlugFault
from ecotwin.records import Cell, Column, Datapoint, Report, Section, Table
from ecotwin.reports.rendering import Facts, pdf, render, text
from ecotwin.reports.rendering.facts import number, plain, span

PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
FACTS = Facts("Works", "UTC", datetime(2027, 1, 5, 8, tzinfo=UTC), "0.3.0", "size 9, root ab12")
HOSTILE = (
    'a #panic() $x^2$ *b* _c_ @d <e> [f] {g} "h" \\n \\ \' // /* =1+1 `r` ~ \x00 \x1f \u202e 厂 😀'
)


def report(
    title: str = "Energy",
    points: tuple[Datapoint, ...] = (),
    tables: tuple[Table, ...] = (),
    words: str = "x",
) -> Report:
    return Report(
        "name",
        title,
        "ISO 1",
        "site",
        words,
        PERIOD,
        (Section(words, (words,), points, tables),),
        (words,),
    )


def words_of(content: bytes) -> str:
    return " ".join(
        " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages).split()
    )


texts = st.text(max_size=30)
finite = st.floats(allow_nan=False, allow_infinity=False)
cells: st.SearchStrategy[Cell] = st.one_of(
    texts, finite, st.integers(-(10**9), 10**9), st.booleans(), st.none()
)


@st.composite
def reports(draw: Any) -> Report:
    columns = tuple(
        draw(st.lists(st.builds(Column, texts, texts, st.booleans()), min_size=1, max_size=4))
    )
    rows = draw(st.lists(st.tuples(*(cells for _ in columns)), max_size=3))
    table = Table(draw(texts), columns, tuple(rows), draw(texts), draw(st.booleans()))
    point = draw(
        st.builds(Datapoint, texts, texts, st.none() | finite | texts, texts, finite, finite, finite, texts,
                  st.none() | st.integers(0, 10**9), texts, texts)
    )  # fmt: skip
    sections = st.lists(
        st.builds(Section, texts, st.tuples(texts), st.just((point,)), st.just((table,))),
        max_size=3,
    )
    return Report(
        draw(texts), draw(texts), draw(texts), draw(texts), draw(texts), PERIOD, tuple(draw(sections)), (draw(texts),)
    )  # fmt: skip


@given(reports())
@settings(max_examples=40, deadline=None)
def test_json_comes_back(made: Report) -> None:
    assert text.read(render(made, "json", FACTS)) == made


@given(reports())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_words_make_a_pdf_and_a_workbook(made: Report) -> None:
    assert render(made, "pdf", FACTS).startswith(b"%PDF-")
    content = render(made, "xlsx", FACTS)
    book = sheets(content, "x")
    assert len(book) == len(made.sections) + 2
    titles = [s.name.lower() for s in book]
    assert len(set(titles)) == len(titles)
    assert all(1 <= len(t) <= 31 and not re.search(r"[\[\]:*?/\\]", t) for t in titles)


@given(st.floats(-1.79e308, 1.79e308))
@example(999.5)
@example(0.00009995)
@example(999_500_000_000.0)
@example(5e-324)
@example(1.794e308)
def test_three_figures_are_near_the_value(value: float) -> None:
    shown = number(value)
    mantissa, _, power = shown.replace(",", "").partition(" × 10")
    plain_power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    read = float(f"{mantissa}e{plain_power or 0}")
    assert read == pytest.approx(value, rel=0.00501)
    assert (read == 0.0) == (value == 0.0), "what is not zero is never shown as zero"


def test_hostile_words_stay_words() -> None:
    table = Table(
        HOSTILE,
        (Column(HOSTILE), Column("n", HOSTILE, True)),
        ((HOSTILE, 1.5), ("=A1", 2.5)),
        HOSTILE,
    )
    point = Datapoint(HOSTILE, HOSTILE, 3.0, HOSTILE, note=HOSTILE)
    made = report(HOSTILE, (point, Datapoint("i", "j", None, missing=HOSTILE)), (table,), HOSTILE)
    facts = Facts(HOSTILE, "UTC", FACTS.made_at, HOSTILE, HOSTILE, HOSTILE)
    found = words_of(render(made, "pdf", facts))
    for said in (
        "#panic()",
        "$x^2$",
        "*b*",
        "_c_",
        "@d",
        "<e>",
        "[f]",
        "{g}",
        '"h"',
        "\\n",
        "// /*",
        "`r`",
    ):
        assert said in found
    assert "[U+0000] [U+001F] [U+202E] [U+5382] [U+1F600]" in found
    content = render(made, "xlsx", facts)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet_texts = [
            archive.read(n).decode()
            for n in archive.namelist()
            if n.startswith("xl/worksheets/sheet")
        ]
    assert sheet_texts
    assert not any("<f>" in s or "<hyperlink" in s for s in sheet_texts)


def test_letters_that_no_font_holds_are_shown_by_number(tmp_path: Path) -> None:
    facts = replace(FACTS, fonts=(tmp_path,))
    assert "[U+5382]" in words_of(render(report(words="厂"), "pdf", facts))
    assert "[U+5382]" in words_of(render(report(words="厂"), "pdf", FACTS))
    assert "Größe ≥ 5 µm · Привет · Ελλάδα" in words_of(
        render(report(words="Größe ≥ 5 µm · Привет · Ελλάδα"), "pdf", FACTS)
    )


@pytest.mark.parametrize("form", ["pdf", "xlsx", "json"])
def test_half_characters_do_no_harm(form: str) -> None:
    made = report(title="a\ud800b", words="c\udfff")
    content = render(made, form, FACTS)
    if form == "json":
        assert text.read(content) == made
    if form == "pdf":
        assert "a[U+D800]b" in words_of(content)


def test_unseen_characters_are_seen() -> None:
    assert plain("a\u200bb\ufeff") == "a[U+200B]b[U+FEFF]"
    assert plain("Ä\nñ") == "Ä\nñ"


@pytest.mark.parametrize("form", ["pdf", "xlsx", "json"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(form: str, bad: float) -> None:
    with pytest.raises(FigureGap, match="E1"):
        render(report(points=(Datapoint("E1", "n", bad),)), form, FACTS)
    with pytest.raises(FigureGap, match="Sums"):
        render(report(tables=(Table("Sums", (Column("n", number=True),), ((bad,),)),)), form, FACTS)


def test_records_of_a_plug_are_plain_or_refused() -> None:
    held = {
        "a": np.float64(1.5),
        "b": np.bool_(True),
        "c": np.int64(3),
        "d": FACTS.made_at,
        "e": (1, [2.0, None]),
    }
    told = text.read(render(replace(report(), data=held), "json", FACTS)).data
    assert told == {"a": 1.5, "b": True, "c": 3, "d": "2027-01-05T08:00:00Z", "e": [1, [2.0, None]]}
    with pytest.raises(FigureGap, match="its data"):
        render(replace(report(), data={"a": [{"b": math.nan}]}), "json", FACTS)
    with pytest.raises(PlugFault, match="set"):
        render(replace(report(), data={"a": {1, 2}}), "json", FACTS)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(EcotwinError, match="one of pdf, xlsx, json"):
        render(report(), "docx", FACTS)


@pytest.mark.parametrize(("form", "library"), [("pdf", "typst"), ("xlsx", "xlsxwriter")])
def test_a_missing_library_is_named(
    form: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(EcotwinError, match=r"ecotwin\[reports\]"):
        render(report(), form, FACTS)
    assert render(report(), "json", FACTS)


def test_missing_is_said_and_is_no_zero() -> None:
    point = Datapoint("E1-6_07", "Scope 1", None, "tCO2e", missing="no gas meter")
    made = report(
        points=(point,),
        tables=(Table("T", (Column("a"), Column("b", "kWh", True)), (("x", None),)),),
    )
    told = words_of(render(made, "pdf", FACTS))
    assert "not available: no gas meter" in told
    assert "x not available" in told
    cells_of = [
        c
        for s in sheets(render(made, "xlsx", FACTS), "x")
        for row in s.rows.values()
        for c in row.values()
    ]
    assert "not available: no gas meter" in cells_of
    assert "not available" in cells_of
    assert 0.0 not in cells_of


def test_workbook_numbers_are_numbers_to_the_last_digit() -> None:
    values = (1234.56789012345, 1e-9, -3.25, 0.1)
    made = report(tables=(Table("T", (Column("b", "kWh", True),), tuple((v,) for v in values)),))
    sheet = sheets(render(made, "xlsx", FACTS), "x")[1]
    found = [c for row in sheet.rows.values() for c in row.values() if isinstance(c, float)]
    assert found == pytest.approx(list(values), rel=1e-15)
    heads = [c for row in sheet.rows.values() for c in row.values() if c == "b [kWh]"]
    assert heads


def test_long_tables_repeat_their_head_and_pages_are_counted() -> None:
    rows = tuple((f"row {n}", float(n)) for n in range(300))
    content = render(
        report(tables=(Table("Long", (Column("thing"), Column("amount", "kWh", True)), rows),)),
        "pdf",
        FACTS,
    )
    pages = [p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages]
    assert len(pages) > 4
    with_rows = [p for p in pages if "row " in p]
    assert all("thing" in p and "amount" in p for p in with_rows)
    assert all(f"{n} / {len(pages)}" in p for n, p in enumerate(pages, 1))


def test_wide_tables_lie() -> None:
    columns = tuple(Column(f"quantity number {n}", "kWh", True) for n in range(16))
    wide = Table("Wide", columns, (tuple(1_234_567.0 for _ in columns),))
    narrow = Table("Narrow", columns[:3], ((1.0, 2.0, 3.0),))
    for table, lies in ((wide, True), (narrow, False)):
        boxes = [
            p.mediabox
            for p in pypdf.PdfReader(
                io.BytesIO(render(report(tables=(table,)), "pdf", FACTS))
            ).pages
        ]
        assert any(float(b.width) > float(b.height) for b in boxes) is lies


def test_shares_are_percent_for_people_and_exact_for_machines() -> None:
    made = report(tables=(Table("T", (Column("cut", "share", True),), ((0.12345,),)),))
    assert "12.3 %" in words_of(render(made, "pdf", FACTS))
    assert json.loads(render(made, "json", FACTS))["report"]["sections"][0]["tables"][0][
        "rows"
    ] == [[0.12345]]


@pytest.mark.parametrize(
    "bad", [b"", b"{}", b"[]", b'{"format": "other", "report": {}}', b"\xff", b'{"format": 1}']
)
def test_what_is_no_report_is_refused(bad: bytes) -> None:
    with pytest.raises(FileFault):
        text.read(bad)


def test_spans_of_days_and_of_hours() -> None:
    spring = Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert span(spring, "Europe/Berlin") == "2026-03-29 (1 day)"
    shift = Period(datetime(2026, 3, 28, 5, tzinfo=UTC), datetime(2026, 3, 28, 13, tzinfo=UTC))
    assert span(shift, "Europe/Berlin") == "2026-03-28 06:00 to 2026-03-28 14:00 (8.0 hours)"


def test_pages_can_be_looked_at() -> None:
    pages = pdf.pictures(report(), FACTS, 40.0)
    assert [p[:8] for p in pages] == [b"\x89PNG\r\n\x1a\n"]


def test_kept_keys_are_in_order() -> None:
    told = render(report(), "json", FACTS).decode()
    keys = ["format", "plant", "company", "timezone", "made_at", "version", "checkpoint", "report"]
    assert list(json.loads(told)) == keys


def test_a_signed_checkpoint_is_told_in_a_line_and_kept_as_signed() -> None:
    signature = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8+/w=="
    note = f"ecotwin/works\n4711\nq83v+/EjRWc=\ntime 2027-02-03T08:00:00Z\n\n\u2014 ecotwin/works {signature}\n"
    facts = replace(FACTS, checkpoint=note)
    content = render(report(), "pdf", facts)
    assert "4711 entries of ecotwin/works" in words_of(content)
    assert signature in words_of(content), "what is copied from the page can be checked"
    assert json.loads(render(report(), "json", facts))["checkpoint"] == note
    cells_of = [
        c
        for s in sheets(render(report(), "xlsx", facts), "x")
        for row in s.rows.values()
        for c in row.values()
    ]
    assert note.strip() in cells_of
