"""What each report puts in order: rules of standards, sums, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dossiers
from ecotwin.accounting.catalogue import indicators
from ecotwin.clock import Period
from ecotwin.errors import EcotwinError
from ecotwin.plugs import load
from ecotwin.records import Datapoint, FactorUse, Measure, Report, Table
from ecotwin.reports import pieces, taxonomy
from ecotwin.reports.contract import Dossier
from ecotwin.reports.energy_review import uses

KEYS = st.sampled_from(
    """permit id name element limit unit window source windows valid above highest mean used_share verdict exceedances
    start end value error_share discarded_days why kind indicator base_year cut outlook text missing expected actual
    variables reasons baseline_period model fit""".split()  # noqa: SIM905
)


def write(name: str, dossier: Dossier) -> Report:
    made: Report = load("reports", name).write(dossier)
    return made


def with_figures(dossier: Dossier, **values: float | None) -> Dossier:
    """The dossier with figures of its element set (`ghg__scope3`) or taken away (None)."""
    figures = dict(dossier.figures)
    for key, value in values.items():
        indicator = key.replace("__", ".")
        figures.pop((dossier.element, indicator), None)
        if value is not None:
            entry = dossier.indicators.get(indicator)
            unit = entry.unit if entry else "kgCO2e" if indicator.startswith("ghg.") else "kg"
            figures[dossier.element, indicator] = Measure(
                dossier.element, indicator, value, unit, dossier.period, 0.9, 0.1, value * 0.9, value * 1.1, "test/1",
                numerator=value, denominator=1.0,
            )  # fmt: skip
    return replace(dossier, figures=figures)


def points(report: Report) -> Mapping[str, list[Datapoint]]:
    found: dict[str, list[Datapoint]] = {}
    for section in report.sections:
        for p in section.datapoints:
            found.setdefault(p.id, []).append(p)
    return found


def table(report: Report, title: str) -> Table:
    return next(t for s in report.sections for t in s.tables if t.title == title)


# ---- ESRS


def test_the_taxonomy_is_sound() -> None:
    for edition in taxonomy.editions().values():
        assert edition.standard
        assert "2026/470" in edition.note
        ids = [a.id for a in edition.asked]
        assert len(set(ids)) == len(ids)
        for asked in edition.asked:
            assert asked.rule.split()[0] in taxonomy.RULES, asked
            assert asked.indicators or asked.note, asked
            assert asked.id.startswith(asked.disclosure.split()[0]), asked
            for indicator in asked.indicators:
                entry = indicators().get(indicator)
                if entry and asked.unit and asked.rule in ("figure", "first", "either", "each"):
                    assert pieces.scale_of(entry.unit, asked.unit) is not None, asked


def test_scope_1_is_07_and_never_01() -> None:
    asked = {a.id: a for e in taxonomy.editions().values() for a in e.asked}
    assert "E1-6_01" not in asked
    assert asked["E1-6_07"].indicators[0] == "ghg.scope1_all"
    dossier = with_figures(dossiers.dossier(), ghg__scope1_all=12_345.0)
    (point,) = points(write("esrs", dossier))["E1-6_07"]
    assert [point.value, point.low] == pytest.approx([12.345, 11.1105])
    assert point.unit == "tCO2e"
    assert "in part" not in point.name
    (part,) = points(write("esrs", dossiers.dossier()))["E1-6_07"]
    assert "in part" in part.name


def test_catalogue_and_taxonomy_agree_on_places() -> None:
    """What the taxonomy takes first for a place is a figure that the catalogue puts there."""
    for asked in (a for e in taxonomy.editions().values() for a in e.asked):
        entry = indicators().get(asked.indicators[0]) if asked.indicators else None
        if entry and asked.rule in (
            "figure",
            "first",
            "either",
            "each",
            "or_difference",
            "or_share",
        ):
            assert asked.id in entry.esrs, asked


def test_derived_datapoints() -> None:
    base = with_figures(
        dossiers.dossier(), waste__total=1000.0, waste__diverted=600.0, waste__non_recycled=250.0, waste__disposed=None,
        waste__non_recycled_share=None,
    )  # fmt: skip
    found = points(write("esrs", base))
    (disposed,) = found["E5-5_09"]
    assert disposed.value == pytest.approx(0.4)
    assert [disposed.low, disposed.high] == pytest.approx([0.24, 0.56])
    (share,) = found["E5-5_11"]
    assert share.value == pytest.approx(25.0)
    assert share.unit == "%"
    (own,) = points(write("esrs", with_figures(base, waste__disposed=410.0)))["E5-5_09"]
    assert own.value == pytest.approx(0.41)
    (lost,) = points(write("esrs", with_figures(base, waste__diverted=None)))["E5-5_09"]
    assert lost.value is None
    (nothing,) = points(write("esrs", with_figures(base, waste__total=0.0)))["E5-5_11"]
    assert nothing.value is None
    assert "share of nothing" in nothing.missing


def test_own_sun_is_what_was_made_less_what_was_fed_in() -> None:
    dossier = dossiers.dossier()
    found = points(write("esrs", dossier))
    inputs = {i.signal: i.value for i in dossier.figures["nordhafen", "energy.electricity"].inputs}
    made, consumed = found["E1-5_17"][0], found["E1-5_08"][0]
    assert made.value == pytest.approx(inputs["pv_1.energy"] / 1000.0)
    assert consumed.value == pytest.approx(
        (inputs["pv_1.energy"] + inputs["grid.energy_export"]) / 1000.0
    )
    burning = tuple(replace(e, kind="chp") if e.id == "pv_1" else e for e in dossier.plant.elements)
    other = points(write("esrs", replace(dossier, plant=replace(dossier.plant, elements=burning))))[
        "E1-5_17"
    ][0]
    assert other.value is None
    assert "pv_1 may burn fuel" in other.missing


def test_pollutants_and_codes_have_a_datapoint_each() -> None:
    dossier = dossiers.dossier()
    found = points(write("esrs", dossier))
    assert {p.name.rpartition(": ")[2] for p in found["E2-4_02"]} == {"NOx", "CO"}
    split = dossier.figures["nordhafen", "waste.total"].split
    assert sum(p.value for p in found["E5-5_12"] if isinstance(p.value, float)) == pytest.approx(
        sum(split.values()) / 1000
    )


def test_an_unknown_edition_is_refused_and_the_report_names_its_own() -> None:
    report = write("esrs", dossiers.dossier())
    assert report.data["taxonomy_version"] in taxonomy.editions()
    with pytest.raises(EcotwinError, match="esrs-set1-2023"):
        write("esrs", dossiers.dossier(extra={"taxonomy": "esrs-2099"}))


def test_targets_of_the_place_only_and_no_loans() -> None:
    (target,) = dossiers.EXTRA["targets"]
    records = [
        target,
        {**target, "name": "Loan", "kind": "loan"},
        {**target, "name": "Far", "element": "elsewhere"},
    ]
    report = write("esrs", dossiers.dossier(extra={"targets": [*records, "no record"]}))
    assert [row[0] for row in table(report, "Targets").rows] == [target["name"]]
    assert any("end 1 % below" in t for s in report.sections for t in s.text)


# ---- greenhouse gas inventory


def test_all_scopes_where_the_books_tell_them() -> None:
    values = {f"ghg__scope3_cat{n}": 100.0 * n for n in (1, 3, 4, 5, 9, 12)}
    dossier = with_figures(
        dossiers.dossier(), ghg__scope1_all=500.0, ghg__scope3=3400.0, ghg__total_location=9000.0,
        ghg__biogenic_all=7.0, **values,
    )  # fmt: skip
    report = write("ghg_inventory", dossier)
    found = points(report)
    assert 500.0 in [p.value for p in found["Scope 1"]]
    assert [p.value for p in found["Scope 3.12"]] == [1200.0]
    assert [p.value for p in found["apart"]] == [7.0]
    left_out = [row[:2] for row in table(report, "Left out").rows]
    assert ("scope 3.5", "Waste generated in operations") not in left_out
    assert ("scope 3.6", "Business travel") in left_out


def test_certificates_of_the_year_lead_where_they_are_booked() -> None:
    plain, booked = (
        dossiers.dossier(),
        with_figures(dossiers.dossier(), ghg__scope2_market_annual=123.0),
    )
    contracts = plain.figures["nordhafen", "ghg.scope2_market"].value
    for dossier, expected in ((plain, contracts), (booked, 123.0)):
        summary = next(s for s in write("ghg_inventory", dossier).sections if s.title == "Summary")
        market = [
            p.value for p in summary.datapoints if p.name.startswith("Bought energy, market-based")
        ]
        assert market == [expected]
        assert points(write("esrs", dossier))["E1-6_10"][0].value == pytest.approx(
            expected / 1000.0
        )
    methods = [
        r[0] for r in table(write("ghg_inventory", booked), "Both methods side by side").rows
    ]
    assert methods == [
        "Location-based",
        "Market-based, contracts",
        "Market-based, contracts and certificates of the year",
    ]


def test_what_is_absent_is_an_exclusion_with_the_reason() -> None:
    base = dossiers.dossier()
    words = "no factor waste/R3 for ghg.scope3_cat5. Expected: one. What to do: book it."
    report = write("ghg_inventory", replace(base, gaps=((base.element, words),)))
    rows = {row[0]: row[2] for row in table(report, "Left out").rows}
    assert rows["scope 3.5"] == words
    assert all(p.missing for p in points(report)["Scope 3.5"])
    assert any(words in g for g in report.gaps)


def test_a_mix_of_gwp_sets_is_named() -> None:
    base = with_figures(dossiers.dossier(), ghg__scope1_all=500.0)
    figure = base.figures["nordhafen", "ghg.scope1_all"]
    factors = tuple(
        FactorUse(f"f/{s}", 1.0, "kgCO2e/kg", "DE", 2026, "x", "1", s) for s in ("AR5", "AR6")
    )
    figures = {**base.figures, ("nordhafen", "ghg.scope1_all"): replace(figure, factors=factors)}
    text = " ".join(
        t for s in write("ghg_inventory", replace(base, figures=figures)).sections for t in s.text
    )
    assert "ghg.scope1_all must not be used" in text
    alone = " ".join(t for s in write("ghg_inventory", base).sections for t in s.text)
    assert "potentials of AR6" in alone


def test_revisions_and_the_year_before() -> None:
    report = write("ghg_inventory", dossiers.dossier())
    (row,) = table(report, "Recalculations").rows
    assert row[3] == pytest.approx(float(row[2] or 0) - float(row[1] or 0))
    before = {r[0]: r for r in table(report, "Against a year earlier").rows}
    assert before["Scope 1"][4] == pytest.approx(1 / 1.1 - 1)
    months = table(report, "By month").rows
    assert [m[0] for m in months] == [f"2026-{n:02d}" for n in range(1, 13)]


def test_a_month_without_a_figure_is_not_zero() -> None:
    base = dossiers.dossier()
    months = dict(base.months)
    months["2026-03-01"] = {}
    rows = table(write("ghg_inventory", replace(base, months=months)), "By month").rows
    assert rows[2] == ("2026-03", *(None,) * (len(rows[2]) - 1))


def test_a_month_that_is_cut_is_named_by_its_days() -> None:
    zone = dossiers.plant().zone
    cut = Period(
        datetime(2026, 6, 15, tzinfo=zone).astimezone(UTC),
        datetime(2026, 7, 1, tzinfo=zone).astimezone(UTC),
    )
    base = dossiers.dossier(period=cut)
    months = {
        "2026-06-15": base.figures,
        "2026-07-01": dossiers.moved(base.figures, dossiers.month(2026, 7)),
    }
    rows = table(write("ghg_inventory", replace(base, months=months)), "By month").rows
    assert [r[0] for r in rows] == ["2026-06-15 to 2026-06-30 (16 days)", "2026-07"]


# ---- energy review


def test_uses_are_ranked_and_add_up() -> None:
    dossier = dossiers.dossier(few=False)
    found = uses(dossier)
    assert [u.kwh for u in found] == sorted((u.kwh for u in found), reverse=True)
    assert "line_1" not in {u.element for u in found}, (
        "a place whose machines have figures is no use of its own"
    )
    rows = table(write("energy_review", dossier), "Uses in order").rows
    energy = [float(r[2]) for r in rows if isinstance(r[2], float)]
    assert sum(energy) == pytest.approx(dossier.figures["nordhafen", "energy.total"].value)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=12))
def test_significant_uses_come_to_four_fifths_and_none_is_spare(values: list[float]) -> None:
    base = dossiers.dossier()
    machines = [e.id for e in base.plant.machines][: len(values)]
    example = base.figures["oven_1", "energy.total"]
    figures = {
        (m, "energy.total"): replace(example, element=m, value=v)
        for m, v in zip(machines, values, strict=False)
    }
    total = sum(m.value for m in figures.values())
    figures["nordhafen", "energy.total"] = replace(example, element="nordhafen", value=total)
    rows = table(write("energy_review", replace(base, figures=figures)), "Uses in order").rows[:-1]
    taken = [float(r[2]) for r in rows if r[5] is True]  # type: ignore[arg-type]
    assert sum(taken) >= 0.8 * total * (1 - 1e-9)
    assert sum(taken[:-1]) < 0.8 * total * (1 + 1e-9)


def test_savings_that_are_not_proved_are_not_added() -> None:
    base = dossiers.dossier()
    good = base.savings[0]
    bad = replace(good, advice="other", fit=False, reasons=("drift",))
    report = write("energy_review", replace(base, savings=(good, bad)))
    section = next(s for s in report.sections if s.title == "Verified savings")
    assert "1 of 2" in section.text[0]
    assert "58 kWh" in section.text[0]
    assert [row[-1] for row in section.tables[0].rows] == [True, False]


def test_meters_that_show_more_than_the_whole_are_said() -> None:
    base = dossiers.dossier()
    whole = replace(base.figures["nordhafen", "energy.total"], value=1.0)
    report = write(
        "energy_review",
        replace(base, figures={**base.figures, ("nordhafen", "energy.total"): whole}),
    )
    assert "must be looked at" in table(report, "Uses in order").note
