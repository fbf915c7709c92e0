"""Reports that claim something: footprints, the linked loan and the carbon project; no claim without evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting.book import Book
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.standings import target_rows
from ecotwin.clock import Period, parse_period
from ecotwin.errors import FigureGap
from ecotwin.plant import load
from ecotwin.plant.model import Plant
from ecotwin.plugs import load_all
from ecotwin.records import Cost, Datapoint, Measure, Range, Report, Saving
from ecotwin.reports.contract import Dossier, Revised
from pact_record import pact_record

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = parse_period("2026", BERLIN)
KPI = "energy.electricity"


@cache
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def figure(value: float, half: float = 1000.0, period: Period = YEAR) -> Measure:
    return Measure(
        "nordhafen", KPI, value, "kWh", period, 0.99, 0.01, value - half, value + half, "test/1"
    )


def dossier(period: Period = YEAR, **more: Any) -> Dossier:
    made = Dossier(
        plant(), "nordhafen", period, {}, (("nordhafen", "a gap of its own."),), indicators(),
        datetime(2027, 1, 5, tzinfo=UTC), "test",
    )  # fmt: skip
    return replace(made, **more)


def loan_rows(one: Measure) -> list[dict[str, Any]]:
    """What the accounts hand to the report, from the plant's own targets."""

    def none(signals: Any, step: int) -> Any:
        raise AssertionError(signals)

    key = (one.element, one.indicator)
    desk = Desk(plant(), one.period, Book(one.period, ()), {key: one}, none)
    return target_rows(desk, "nordhafen")[0]


def written(name: str, asked: Dossier) -> Report:
    plug = load_all("reports")[name]
    assert plug.name == name
    report: Report = plug.write(asked)
    assert (report.name, report.title, report.standard) == (name, plug.title, plug.standard)
    assert "nordhafen: a gap of its own." in report.gaps
    return report


def points(report: Report) -> dict[str, Datapoint]:
    return {p.id: p for s in report.sections for p in s.datapoints}


def words(report: Report) -> str:
    return " ".join(t for s in report.sections for t in s.text)


# -- the loan ---------------------------------------------------------------------------------------


def loan(value: float, half: float = 1000.0, period: Period = YEAR, **more: Any) -> Dossier:
    one = figure(value, half, period)
    given_ = {
        "extra": {"targets": loan_rows(one)},
        "entries": {one.id: 17},
        "checkpoint": "origin/9",
    }
    return dossier(period, **(given_ | more))


def test_a_loan_figure_met_and_missed() -> None:
    rows = loan_rows(figure(1.0))
    allowed = next(r for r in rows if r["kind"] == "loan")["allowed"]
    met = points(written("linked_loan", loan(allowed - 50_000)))
    assert met["verdict"].value == "met"
    assert met["margin"].value == -5.0
    assert met["actual"].entry == 17
    assert met["actual"].measure == figure(1.0).id
    missed = points(written("linked_loan", loan(allowed + 50_000)))
    assert missed["verdict"].value == "missed"
    assert missed["margin"].value == 0.0, "a reward that is not earned"
    assert missed["over"].value == pytest.approx(50_000)
    near = points(written("linked_loan", loan(allowed - 500)))
    assert near["verdict"].value == "met by the value; its interval holds the limit"
    report = written("linked_loan", loan(allowed))
    assert "must not be subtracted" in words(report)
    path = report.sections[1].tables[0].rows
    assert [r[0] for r in path] == ["2024", "2025", "2026", "2027", "2028"]


def test_before_the_year_has_ended_no_margin_is_decided() -> None:
    half_year = Period(YEAR.start, parse_period("2026-06", BERLIN).end)
    got = points(written("linked_loan", loan(100_000.0, period=half_year)))
    assert got["verdict"].value == "so far met"
    assert got["margin"].value is None
    assert "whole calendar year" in got["margin"].missing


def test_no_figure_in_the_ledger_is_no_report() -> None:
    with pytest.raises(FigureGap, match="sealed in the ledger"):
        written("linked_loan", loan(1.0, entries={}))
    with pytest.raises(FigureGap, match="no targets"):
        written("linked_loan", dossier())
    rows = [r | {"kind": "target"} for r in loan_rows(figure(1.0))]
    with pytest.raises(FigureGap, match="kind: loan"):
        written("linked_loan", dossier(extra={"targets": rows}))


def test_one_of_two_figures_without_entry_is_not_claimed() -> None:
    rows = loan_rows(figure(1_000_000.0))
    second = rows[0] | {"id": "b", "name": "Second", "measure": "nordhafen:water.in:x"}
    asked = loan(1_000_000.0, extra={"targets": [*rows, second]})
    report = written("linked_loan", asked)
    assert any("Second: its figure is not in the ledger" in g for g in report.gaps)
    claimed = [p for s in report.sections for p in s.datapoints if p.id == "actual"]
    assert [p.value for p in claimed] == [1_000_000.0, None]
    assert "not claimed" in str(report.sections[0].tables[0].rows[1])


def test_a_revision_of_the_figure_is_told() -> None:
    one = figure(1_000_000.0)
    revised = Revised(
        one.id, "Electricity used", 990_000.0, 1_000_000.0, "kWh",
        datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC), "late data",
    )  # fmt: skip
    report = written("linked_loan", loan(1_000_000.0, revisions=(revised,)))
    assert "990,000 kWh became 1,000,000 kWh (late data)" in words(report)


# -- the carbon project -----------------------------------------------------------------------------


def saving(name: str, kwh: float, half: float, **more: Any) -> Saving:
    span = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    made = Saving(
        name, "oven_1", span, Range(1000.0, 980.0, 1020.0), 1000.0 - kwh,
        Range(kwh, kwh - half, kwh + half), 0.9, "savings/1", True, (),
        Cost(co2e_kg=Range(0.3 * kwh, 0.3 * (kwh - half), 0.3 * (kwh + half))), 0.99,
        datetime(2026, 7, 2, tzinfo=UTC),
    )  # fmt: skip
    return replace(made, **more)


FACTOR = {"value": 0.6, "unit": "kgCO2e/kWh", "place": "DE", "year": 2025, "source": "operator"}
PROJECT = {"factor": FACTOR, "leakage_share": 0.1, "leakage": "a tenth moves elsewhere"}


def test_the_lower_bound_less_leakage_is_claimed() -> None:
    asked = dossier(
        savings=(saving("a", 100.0, 20.0), saving("b", 50.0, 10.0, element="oven_2")),
        entries={"a": 1, "b": 2}, extra={"carbon_project": PROJECT},
    )  # fmt: skip
    report = written("carbon_project", asked)
    got = points(report)
    assert got["saved"].value == 150.0
    assert (got["saved_low"].value, got["saved_high"].value) == (120.0, 180.0)
    assert "90 %" in got["saved_low"].name
    assert got["saved"].low is None, "the page's interval is one of 95 %, a saving's is not"
    assert got["claim"].value == 120.0
    assert got["base_co2e"].value == pytest.approx(1200.0)
    assert got["proj_co2e"].value == pytest.approx(0.6 * 1850)
    assert got["red_co2e"].value == pytest.approx(90.0)
    assert (got["red_low"].value, got["red_high"].value) == pytest.approx((72.0, 108.0))
    assert got["claim_co2e"].value == pytest.approx(120 * 0.6 * 0.9)
    assert got["average"].value == pytest.approx(45.0)
    told = words(report)
    for word in ("must not be subtracted", "a tenth moves", "Permanence", "Additionality", "90 %"):
        assert word in told


def test_without_a_marginal_factor_or_leakage_nothing_is_claimed_in_tonnes() -> None:
    asked = dossier(savings=(saving("a", 100.0, 20.0),), entries={"a": 1})
    report = written("carbon_project", asked)
    got = points(report)
    assert got["claim_co2e"].value is None
    assert "average does not stand" in got["claim_co2e"].missing
    assert got["claim"].value == 80.0
    assert any("leakage is not stated" in g for g in report.gaps)
    half = replace(asked, extra={"carbon_project": {"factor": FACTOR}})
    assert points(written("carbon_project", half))["claim_co2e"].value is None


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (saving("a", 100.0, 20.0, fit=False, reasons=("CVRMSE 41 %",)), "CVRMSE 41 %"),
        (saving("a", 100.0, 120.0), "holds zero"),
        (saving("z", 100.0, 20.0), "not sealed"),
        (saving("a", 100.0, 20.0, period=parse_period("2025-06", BERLIN)), "within the period"),
        (saving("a", 100.0, 20.0, element="elsewhere"), "not of nordhafen"),
    ],
)
def test_what_is_not_proved_is_refused(spoilt: Saving, why: str) -> None:
    with pytest.raises(FigureGap, match=why):
        written("carbon_project", dossier(savings=(spoilt,), entries={"a": 1}))
    good = saving("g", 10.0, 1.0, element="oven_2")
    report = written("carbon_project", dossier(savings=(spoilt, good), entries={"a": 1, "g": 2}))
    assert points(report)["saved"].value == 10.0
    assert any(why in g for g in report.gaps)
    with pytest.raises(FigureGap, match="there is no saving"):
        written("carbon_project", dossier())


def test_the_same_place_and_time_counts_once() -> None:
    line = saving("b", 70.0, 5.0, element="line_1")
    asked = dossier(savings=(saving("a", 100.0, 20.0), line), entries={"a": 1, "b": 2})
    report = written("carbon_project", asked)
    assert points(report)["saved"].value == 100.0
    assert any("counts the same place and time" in g for g in report.gaps)
    later = replace(line, period=parse_period("2026-08", BERLIN))
    both = written("carbon_project", replace(asked, savings=(asked.savings[0], later)))
    assert points(both)["saved"].value == 170.0


@given(st.lists(st.tuples(st.floats(1.0, 1e4), st.floats(0.0, 0.99)), min_size=1, max_size=6))
def test_a_claim_is_never_above_the_value(rows: list[tuple[float, float]]) -> None:
    places = ("oven_1", "oven_2", "printer_1", "printer_2", "test_1", "test_2")
    savings = tuple(
        saving(str(n), kwh, kwh * share, element=places[n]) for n, (kwh, share) in enumerate(rows)
    )
    asked = dossier(
        savings=savings, entries={str(n): n for n in range(len(rows))},
        extra={"carbon_project": PROJECT},
    )  # fmt: skip
    got = points(written("carbon_project", asked))
    saved, claim, reduction = (
        got["saved"].value,
        got["claim_co2e"].value,
        got["red_co2e"].value,
    )
    assert isinstance(saved, float)
    assert isinstance(claim, float)
    assert isinstance(reduction, float)
    assert saved == pytest.approx(sum(kwh for kwh, _ in rows))
    assert 0.0 <= claim <= reduction


@pytest.mark.parametrize(
    "spoilt",
    [
        {"factor": FACTOR | {"unit": "kg"}},
        {"factor": FACTOR | {"source": ""}},
        PROJECT | {"leakage_share": 2},
    ],
)
def test_factors_and_leakages_that_are_none_are_refused(spoilt: dict[str, Any]) -> None:
    asked = dossier(
        savings=(saving("a", 100.0, 20.0),), entries={"a": 1}, extra={"carbon_project": spoilt}
    )
    with pytest.raises(FigureGap):
        written("carbon_project", asked)


# -- footprints -------------------------------------------------------------------------------------


@pytest.fixture
def record() -> dict[str, Any]:
    """A sound PACT footprint of a supplier, as JSON gives it."""
    return pact_record()


def test_footprints_show_stages_quality_and_records(record: dict[str, Any]) -> None:
    record["pcf"]["dqi"] = {"technologicalDQR": "2.1", "geographicalDQR": "1", "temporalDQR": "1.5"}
    stage = {
        "stage": "ghg.scope1", "co2e_kg": 5.14, "half_kg": 0.2, "primary_share": 60.0,
        "technology": 2.1, "geography": 1.0, "time": 1.5,
    }  # fmt: skip
    extra = {"footprints": [record], "footprint_stages": {record["id"]: [stage]}}
    report = written("footprints", dossier(extra=extra))
    assert report.data == {"data": [record]}
    got = points(report)
    assert got["pcf"].value == 5.14
    assert got["primary"].value == 60.0
    assert got["dqr_tech"].value == 2.1
    assert report.sections[1].tables[0].rows[0][1] == 5.14
    bare = {**record, "pcf": {k: v for k, v in record["pcf"].items() if k != "dqi"}}
    without = written("footprints", dossier(extra={"footprints": [bare]}))
    assert points(without)["dqr_time"].missing
    assert "were not handed in" in words(without)
    with pytest.raises(FigureGap, match=r"no product footprints.*category 3 lacks a factor"):
        written("footprints", dossier(extra={"footprint_words": ["category 3 lacks a factor."]}))
    doubt = written("footprints", dossier(extra={**extra, "footprint_words": ["a doubt."]}))
    assert "a doubt." in doubt.gaps
