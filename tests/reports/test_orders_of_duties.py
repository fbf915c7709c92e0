"""Reports of permits, waste and whole accounts; the reasons of gaps; records of any shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dossiers
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Permit
from ecotwin.records import Booking, Measure
from ecotwin.reports import pieces
from ecotwin.reports.contract import Dossier
from ecotwin.reports.rendering import Facts, render
from reports.test_orders import KEYS, points, table, write

# ---- permits


def permit(**more: Any) -> Permit:
    given: dict[str, Any] = {
        "id": "co", "name": "CO", "element": "boiler_1", "limit": 50.0, "unit": "mg/Nm3", "window": "hour",
        "source": "x",
    }  # fmt: skip
    return Permit(**{**given, **more})


def test_no_permit_is_a_refusal_and_a_silent_one_a_gap() -> None:
    base = dossiers.dossier(extra={})
    with pytest.raises(FigureGap, match="no permit"):
        write("permits", replace(base, plant=replace(base.plant, permits=())))
    report = write("permits", replace(base, plant=replace(base.plant, permits=(permit(),))))
    assert any("permit co (CO)" in g for g in report.gaps)


def test_permits_of_other_places_stay_out() -> None:
    records = [
        {"permit": "a", "name": "A", "element": "line_1"},
        {"permit": "b", "name": "B", "element": "line_2"},
    ]
    base = dossiers.dossier("line_1", extra={"permits": records})
    report = write("permits", base)
    assert [s.title for s in report.sections] == ["Overview", "A"]


def test_a_bare_record_has_reasons_and_no_numbers() -> None:
    report = write("permits", dossiers.dossier(extra={"permits": [{"permit": "z"}]}))
    for point in points(report)[""]:
        assert point.value is None
        assert point.missing
    assert "1 not judged" in report.sections[0].text[0]


def test_what_a_permit_came_to() -> None:
    report = write("permits", dossiers.dossier())
    nox = next(s for s in report.sections if s.title == "NOx of boiler 1")
    by_name = {p.name: p.value for p in nox.datapoints}
    assert by_name["Highest / limit"] == pytest.approx(108.2)
    assert by_name["Windows discarded as not valid"] == 2
    (row,) = nox.tables[0].rows
    assert row[:3] == ("2026-06-12 00:00", "2026-06-13 00:00", 108.2)
    assert row[3] == pytest.approx(1.082)
    sewer = next(s for s in report.sections if s.title == "Water to the sewer")
    assert "Rolling windows of one day" in sewer.text[0]


# ---- waste register


def test_negative_waste_is_refused_with_words() -> None:
    base = dossiers.dossier()
    good = next(b for b in base.bookings if b.kind == "waste")
    bad = Booking(
        "waste", "W-9", good.period, good.element, {**good.facts, "mass_kg": -5.0}, "note"
    )
    report = write("waste_register", replace(base, bookings=(good, bad)))
    assert [r[0] for r in table(report, "Consignments").rows] == ["W-1", "Sum"]
    assert any("W-9" in g and "-5.0 kg is refused" in g for g in report.gaps)


def test_burning_is_disposal_for_one_and_diverted_for_the_other() -> None:
    rows = {
        r[0]: r for r in table(write("waste_register", dossiers.dossier()), "Codes R and D").rows
    }
    assert rows["R1"][2:4] == ("disposal", "diverted")
    assert rows["R3"][2:4] == ("diverted", "diverted")
    assert rows["D10"][2:4] == ("disposal", "disposal")


def test_codes_with_a_star_are_hazardous() -> None:
    rows = {
        r[0]: r[1]
        for r in table(
            write("waste_register", dossiers.dossier()), "Codes of the European list"
        ).rows
    }
    assert rows["14 06 03*"] is True
    assert rows["15 01 01"] is False


# ---- accounts


def shown_in_accounts(dossier: Dossier) -> dict[tuple[str, str], Measure]:
    """Figures of the element and its direct parts."""
    places = {dossier.element, *(e.id for e in dossier.plant.children(dossier.element))}
    return {k: m for k, m in dossier.figures.items() if k[0] in places}


@pytest.mark.parametrize("element", ["nordhafen", "line_1"])
def test_every_figure_stands_once(element: str) -> None:
    dossier = dossiers.dossier(element, few=False)
    expected = shown_in_accounts(dossier)
    report = write("accounts", dossier)
    figures = next(s for s in report.sections if s.title == "Figures").tables[0]
    assert {(r[0], r[1]): r[2] for r in figures.rows} == {k: m.value for k, m in expected.items()}
    assert len(figures.rows) == len(expected)
    parts = next(s for s in report.sections if s.title == "Parts of figures").tables[0]
    for m in expected.values():
        own = [float(r[3]) for r in parts.rows if r[:2] == (m.element, m.indicator)]  # type: ignore[arg-type]
        assert not own or sum(own) == pytest.approx(m.value)


def test_a_factor_of_many_values_stands_once_with_its_range() -> None:
    dossier = dossiers.dossier(few=False)
    figures = shown_in_accounts(dossier).values()
    rows = (
        next(s for s in write("accounts", dossier).sections if s.title == "Factors").tables[0].rows
    )
    assert len({r[0] for r in rows}) == len(rows)
    used = [f.value for m in figures for f in m.factors if f.id.endswith("/hourly")]
    hourly = next(r for r in rows if str(r[0]).endswith("/hourly"))
    assert hourly[1:3] == (min(used), max(used))
    assert {f.id for m in figures for f in m.factors} == {r[0] for r in rows}


# ---- reasons


def test_reasons_name_the_nearest_gap() -> None:
    base = dossiers.dossier()
    gaps = (
        (base.element, "water.reused has no booking"),
        (base.element, "the fugitive loss of scope1 needs refills"),
        ("line_1", "ghg.scope3 of the line"),
    )
    dossier = replace(base, gaps=gaps)
    assert pieces.reason(dossier, "water.reused") == "water.reused has no booking"
    assert "needs refills" in pieces.reason(dossier, "ghg.scope1_fugitive")
    assert "of the line" not in pieces.reason(dossier, "ghg.scope3")
    assert "2 gaps" in pieces.reason(dossier, "energy.steam")
    assert "no gap was told" in pieces.reason(replace(base, gaps=()), "energy.steam")


def test_a_unit_that_does_not_fit_is_a_gap() -> None:
    point = pieces.point(dossiers.dossier(), "x", "energy.total", unit="m3")
    assert point.value is None
    assert "kWh" in point.missing


# ---- what others hand in

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9.0, 9.0) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("name", ["permits", "esrs", "energy_review"])
@given(records=st.lists(st.dictionaries(KEYS, junk, max_size=8) | junk, max_size=3) | junk)
@settings(max_examples=25, deadline=None)
def test_records_of_any_shape_do_no_harm(name: str, records: Any) -> None:
    dossier = dossiers.dossier(extra={"permits": records, "targets": records, "baselines": records})
    dossier = replace(dossier, plant=replace(dossier.plant, permits=(permit(),)))
    assert render(write(name, dossier), "json", Facts.of(dossier))
