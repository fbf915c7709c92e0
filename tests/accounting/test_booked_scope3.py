"""Scope 3 from meters and books, the totals of all scopes, and bad input."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from accounting.booked_desk import DAY, Books, by_name, desk, works_with
from accounting.conftest import PLANT, Works
from ecotwin.accounting.booked.scope3 import plug
from ecotwin.accounting.scope3 import spent, transport_work
from ecotwin.clock import Period
from ecotwin.plant.model import Change, Material, Plant, Product
from ecotwin.records import Measure

BOUGHT_KWH = 24 * 0.9
"""What the grid meter counts in the day of hours: bought = used - made on site + delivered."""
SUPPLIER: dict[str, Any] = {
    "supplier": "Mill", "material": "steel", "footprint": 1.9, "unit": "kg", "uncertainty": 0.1, "version": "1",
    "place": "DE", "gwp_set": "AR6", "primary_share": 80.0,
}  # fmt: skip


def figures(
    books: Books, element: str = "works", plant: Plant | None = None
) -> tuple[dict[str, Measure], list[str]]:
    works = Works()
    window = works.window(steps=24, step_s=3600, plant=plant or books.plant)
    made, gaps = plug.figures(desk(plant or books.plant, window, books.rows), element)
    return by_name(made), gaps


def supplied(**more: Any) -> Books:
    return Books(PLANT).add("supplier", first=date(2026, 1, 1), days=365, **(SUPPLIER | more))


def upstream(books: Books) -> Books:
    for key, value, unit in (
        ("electricity/upstream", 0.05, "kgCO2e/kWh"),
        ("electricity/losses", 0.012, "kgCO2e/kWh"),
        ("gas/upstream", 0.35, "kgCO2e/m3"),
    ):
        books.factor(key, value, unit)
    return books


# -- category 1 ---------------------------------------------------------------------------------


def test_a_suppliers_footprint_goes_before_a_factor_by_mass_and_that_before_one_by_spend() -> None:
    books = (
        supplied()
        .factor("material/steel", 3.0, "kgCO2e/kg")
        .factor("spend/steel", 0.5, "kgCO2e/EUR", basis="purchaser prices")
    )
    books.add("purchase", material="steel", amount=2.0, unit="t", spend=900.0)
    got, _ = figures(books)
    assert got["ghg.scope3_cat1"].value == pytest.approx(3800.0)
    assert got["ghg.scope3_cat1"].factors[0].source == "a test's invoice"
    by_mass = (
        Books(PLANT)
        .factor("material/steel", 3.0, "kgCO2e/kg")
        .factor("spend/steel", 0.5, "kgCO2e/EUR", basis="purchaser prices")
    )
    by_mass.add("purchase", material="steel", amount=2.0, unit="t", spend=900.0)
    assert figures(by_mass)[0]["ghg.scope3_cat1"].value == pytest.approx(6000.0)
    by_spend = Books(PLANT).factor("spend/steel", 0.5, "kgCO2e/EUR", basis="purchaser prices")
    by_spend.add("purchase", material="steel", amount=2.0, unit="t", spend=900.0)
    assert figures(by_spend)[0]["ghg.scope3_cat1"].value == pytest.approx(450.0)


def test_spend_is_put_into_the_factors_year_and_prices() -> None:
    """The worked numbers of `spent`: net 1000 paid at an index of 1.10, 12 % of it margin, are 800 in basic prices."""
    assert spent(1190, 1.10, 0.19, 0.12) == pytest.approx(800.0)
    books = Books(PLANT).factor("spend/repair", 0.25, "kgCO2e/EUR", basis="basic prices", year=2022)
    books.factor("price_index/2022", 1.10, "1").factor("margin/repair", 0.12, "1")
    books.add("purchase", material="repair", amount=1000.0, unit="EUR", spend=1000.0)
    assert figures(books)[0]["ghg.scope3_cat1"].value == pytest.approx(200.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit": "kgCO2e/HRK"}, "the plant buys in EUR"),
        ({"basis": ""}, "does not tell which prices"),
        ({"basis": "basic prices"}, "margin/repair"),
        ({"year": 2021}, "price_index/2021"),
        ({"gwp_set": "AR5"}, "is of AR5"),
    ],
)
def test_a_spend_factor_that_does_not_fit_is_a_gap(change: dict[str, Any], words: str) -> None:
    facts: dict[str, Any] = {
        "value": 0.25,
        "unit": "kgCO2e/EUR",
        "basis": "purchaser prices",
    } | change
    books = Books(PLANT).factor("spend/repair", **facts)
    got, gaps = figures(books.add("purchase", material="repair", amount=9.0, unit="EUR", spend=9.0))
    assert "ghg.scope3_cat1" not in got
    assert words in " ".join(gaps)


def test_what_has_no_factor_at_all_is_named_with_the_rest() -> None:
    books = supplied().add("purchase", material="steel", amount=10.0, unit="kg")
    books.add("purchase", material="gold", amount=1.0, unit="kg").add(
        "purchase", material="steel", amount=5.0, unit="piece"
    )
    books.add("purchase", material="tin", amount=-1.0, unit="kg")
    got, gaps = figures(books)
    assert "ghg.scope3_cat1" not in got
    words = " ".join(gaps)
    assert "3 of 4 bookings lack something" in words
    assert "gold has no footprint" in words
    assert "the amount in piece" in words
    assert "is of -1 kg" in words
    assert "the others come to 19" in words


def test_two_suppliers_and_none_named_is_no_mean() -> None:
    books = supplied().add(
        "supplier",
        first=date(2026, 1, 1),
        days=365,
        **(SUPPLIER | {"supplier": "Forge", "footprint": 2.5}),
    )
    got, gaps = figures(books.add("purchase", material="steel", amount=1.0, unit="kg"))
    assert "ghg.scope3_cat1" not in got
    assert "a mean of suppliers is a guess" in " ".join(gaps)
    books = supplied().add(
        "supplier",
        first=date(2026, 1, 1),
        days=365,
        **(SUPPLIER | {"supplier": "Forge", "footprint": 2.5}),
    )
    got, _ = figures(
        books.add("purchase", material="steel", supplier="Forge", amount=1.0, unit="kg")
    )
    assert got["ghg.scope3_cat1"].value == pytest.approx(2.5)


def test_a_register_that_contradicts_itself_is_told() -> None:
    books = supplied().add("supplier", first=date(2026, 6, 1), days=30, **SUPPLIER)
    got, gaps = figures(books.add("purchase", material="steel", amount=1.0, unit="kg"))
    assert "ghg.scope3_cat1" not in got
    assert "begins before the row up to" in " ".join(gaps)


def test_primary_data_share_is_weighed_by_emission() -> None:
    books = supplied().factor("material/tin", 19.0, "kgCO2e/kg")
    books.add("purchase", material="steel", amount=10.0, unit="kg").add(
        "purchase", material="tin", amount=1.0, unit="kg"
    )
    got, _ = figures(books, "line")
    assert got == {}
    books = supplied().factor("material/tin", 19.0, "kgCO2e/kg")
    books.add("purchase", material="steel", amount=10.0, unit="kg", element="line")
    books.add("purchase", material="tin", amount=1.0, unit="kg", element="line")
    share = figures(upstream(books), "line")[0]["ghg.scope3_primary_share"]
    assert share.numerator == pytest.approx(19.0 * 0.8)
    assert share.value == pytest.approx(share.numerator / share.denominator)  # type: ignore[operator]
    assert share.low <= share.value <= share.high


# -- category 3 ---------------------------------------------------------------------------------


def test_what_lies_before_the_meters() -> None:
    got, _ = figures(upstream(Books(PLANT)))
    found = got["ghg.scope3_cat3"]
    assert found.split == pytest.approx({"electricity": BOUGHT_KWH * 0.062, "gas": 2.4 * 0.35})
    assert {i.measure.split(":")[1] for i in found.inputs} == {
        "ghg.scope2_location",
        "energy.gas_volume",
    }


def test_gas_by_energy_and_the_fuel_of_vehicles() -> None:
    books = upstream(Books(PLANT))
    books.rows = [r for r in books.rows if r.text("key") != "gas/upstream"]
    books.factor("gas/upstream", 0.03, "kgCO2e/kWh").factor(
        "mobile/diesel/upstream", 0.6, "kgCO2e/l"
    )
    found = figures(books.add("vehicle", fuel="diesel", amount=10.0, unit="l"))[0][
        "ghg.scope3_cat3"
    ]
    assert found.split["gas"] == pytest.approx(2.4 * 10.0 * 0.03)
    assert found.split["vehicles"] == pytest.approx(6.0)


def test_a_missing_upstream_factor_is_a_gap_and_no_zero() -> None:
    got, gaps = figures(Books(PLANT).factor("electricity/upstream", 0.05, "kgCO2e/kWh"))
    assert "ghg.scope3_cat3" not in got
    assert "electricity/losses" in " ".join(gaps)


def test_a_factor_that_changes_within_the_period_counts_by_time_as_an_estimate() -> None:
    books = (
        Books(PLANT)
        .factor("electricity/losses", 0.012, "kgCO2e/kWh")
        .factor("gas/upstream", 0.35, "kgCO2e/m3")
    )
    books.factor(
        "electricity/upstream", 0.04, "kgCO2e/kWh", first=date(2026, 1, 1), days=152
    )  # to 1 June
    row = books.rows[-1]
    middle = row.period.end + timedelta(hours=12)
    books.rows[-1] = replace(row, period=Period(row.period.start, middle))
    books.factor("electricity/upstream", 0.06, "kgCO2e/kWh")
    books.rows[-1] = replace(books.rows[-1], period=Period(middle, books.rows[-1].period.end))
    found = figures(books)[0]["ghg.scope3_cat3"]
    assert found.split["electricity"] == pytest.approx(BOUGHT_KWH * (0.05 + 0.012))
    assert found.estimated_share > 0.5
    assert len([f for f in found.factors if "upstream" in f.id and "electricity" in f.id]) == 2


def test_two_factors_on_one_day_or_none_are_told() -> None:
    twice = upstream(Books(PLANT)).factor("gas/upstream", 0.4, "kgCO2e/m3")
    assert "all hold for 'gas/upstream'" in " ".join(figures(twice)[1])
    late = upstream(Books(PLANT))
    late.rows = [r for r in late.rows if r.text("key") != "gas/upstream"]
    late.factor("gas/upstream", 0.35, "kgCO2e/m3", first=date(2026, 6, 3), days=10)
    assert "no factor 'gas/upstream' holds on 2026-06-02" in " ".join(figures(late)[1])


# -- categories 4, 5, 9, 12 ---------------------------------------------------------------------


def test_each_transport_stands_in_exactly_one_category() -> None:
    books = Books(PLANT).factor("transport/road", 0.1, "kgCO2e/t.km")
    for inbound, paid in ((True, True), (True, False), (False, True), (False, False)):
        books.add(
            "transport",
            mode="road",
            mass_kg=12_000.0,
            distance_km=350.0,
            inbound=inbound,
            paid=paid,
        )
    got, _ = figures(books)
    leg = transport_work(12_000, 350) * 0.1
    assert got["ghg.scope3_cat4"].value == pytest.approx(3 * leg)
    assert got["ghg.scope3_cat9"].value == pytest.approx(leg)


def test_waste_by_material_before_waste_by_treatment_and_nothing_twice() -> None:
    books = Books(PLANT)
    for key, value in (
        ("waste/R3", 0.02),
        ("waste/R1", 0.5),
        ("waste/D9", 0.3),
        ("waste/R4", 0.05),
        ("waste/lead/R4", 0.4),
    ):
        books.factor(key, value, "kgCO2e/kg")
    scales = 24 * (0.1 * 0.02 + 0.02 * 0.5 + 0.03 * 0.3)
    books.add("waste", waste_code="16 06 01*", treatment="R4", mass_kg=10.0, material="lead")
    books.add("waste", waste_code="17 04 05", treatment="R4", mass_kg=10.0, material="scrap")
    books.add("waste", waste_code="15 01 01", treatment="R3", mass_kg=99.0)
    got, gaps = figures(books)
    assert got["ghg.scope3_cat5"].value == pytest.approx(scales + 4.0 + 0.5)
    assert "99 kg of waste are booked under codes that a scale weighs (15 01 01)" in " ".join(gaps)


@pytest.mark.parametrize(
    ("value", "mass", "words"),
    [(-0.5, 10.0, "a credit"), (0.5, -10.0, "is -10.0 kg")],
)
def test_no_credit_and_no_negative_waste(value: float, mass: float, words: str) -> None:
    books = Books(PLANT).factor("waste/R4", value, "kgCO2e/kg")
    for key in ("R3", "R1", "D9"):
        books.factor(f"waste/{key}", 0.1, "kgCO2e/kg")
    got, gaps = figures(books.add("waste", waste_code="17 04 05", treatment="R4", mass_kg=mass))
    assert "ghg.scope3_cat5" not in got
    assert words in " ".join(gaps)


def sold_plant() -> Plant:
    materials = (
        Material("steel", "Steel", "test", end={"R4": 0.8, "D1": 0.2}),
        Material("paper", "Paper", "test", end={"R3": 1.0}),
    )
    products = (
        Product(7, "Plate", {}, 2.0, materials={"steel": 2.0, "paper": 0.1}),
        Product(8, "Rod", {}, 1.0),
    )
    return works_with(PLANT, materials=materials, products=products)


def test_the_end_of_what_was_sold() -> None:
    plant = sold_plant()
    books = Books(plant)
    for key, value in (("waste/R4", 0.05), ("waste/D1", 0.1), ("waste/R3", 0.02)):
        books.factor(key, value, "kgCO2e/kg")
    books.add("sold", product=7.0, pieces=100.0).add("sold", material="steel", mass_kg=50.0)
    found = figures(books)[0]["ghg.scope3_cat12"]
    assert found.split == pytest.approx(
        {"steel": 250.0 * (0.8 * 0.05 + 0.2 * 0.1), "paper": 10.0 * 0.02}
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"product": 8.0, "pieces": 1.0}, "product 8 has no `materials`"),
        ({"product": 9.0, "pieces": 1.0}, "product 9 is not in the plant file"),
        ({"material": "lead", "mass_kg": 1.0}, "how lead ends is not given"),
        ({"product": 7.0}, "tells no pieces"),
    ],
)
def test_what_is_not_known_of_things_sold(facts: dict[str, Any], words: str) -> None:
    books = Books(sold_plant()).factor("waste/R4", 0.05, "kgCO2e/kg")
    for key in ("D1", "R3"):
        books.factor(f"waste/{key}", 0.1, "kgCO2e/kg")
    got, gaps = figures(books.add("sold", **facts))
    assert "ghg.scope3_cat12" not in got
    assert words in " ".join(gaps)


# -- totals -------------------------------------------------------------------------------------


def test_the_whole_is_the_sum_of_its_parts_and_says_which() -> None:
    books = upstream(supplied().add("purchase", material="steel", amount=10.0, unit="kg"))
    books.add("revenue", amount=1000.0)
    window = Works().window(steps=24, step_s=3600)
    at = desk(PLANT, window, books.rows)
    got = by_name(plug.figures(at, "works")[0])
    third = got["ghg.scope3_cat1"].value + got["ghg.scope3_cat3"].value
    assert got["ghg.scope3"].value == pytest.approx(third)
    assert got["ghg.scope3"].method.endswith("categories 1, 3")
    for kind in ("location", "market"):
        total = got[f"ghg.total_{kind}"]
        metered = (
            at.metered["works", "ghg.scope1"].value
            + at.metered["works", f"ghg.scope2_{kind}"].value
        )
        assert total.value == pytest.approx(metered + third)
        assert set(total.split) == {"scope1", "scope2", "scope3"}
        assert got[f"ghg.intensity_revenue_{kind}"].value == pytest.approx(total.value / 1000.0)
        assert got[f"ghg.intensity_revenue_{kind}"].unit == "kgCO2e/EUR"


def test_what_has_no_data_is_said_category_by_category() -> None:
    got, gaps = figures(Books(PLANT))
    assert got == {}
    words = " ".join(gaps)
    for number in (1, 3, 4, 5, 9, 12):
        assert f"Scope 3 category {number} (" in words
    assert "categories 2, 6, 7, 8, 10, 11, 13, 14, 15 are not covered" in words


def test_revenue_of_nothing_gives_no_intensity() -> None:
    got, gaps = figures(upstream(Books(PLANT)).add("revenue", amount=-5.0))
    assert "ghg.intensity_revenue_location" not in got
    assert "the revenue of the period is -5" in " ".join(gaps)


def test_money_that_spans_a_change_of_the_currency_is_told() -> None:
    change = Change(DAY + timedelta(days=1), "euro introduced", currency="EUR")
    plant = works_with(PLANT, currency="HRK", changes=(change,))
    for days, had in ((1, True), (5, False)):
        books = upstream(Books(plant)).add("revenue", days=days, amount=7530.0)
        books.factor("spend/repair", 0.05, "kgCO2e/HRK", basis="purchaser prices")
        books.add("purchase", days=days, material="repair", amount=9.0, unit="HRK", spend=9.0)
        got, gaps = figures(books)
        assert ("ghg.intensity_revenue_location" in got) == had
        assert ("ghg.scope3_cat1" in got) == had
        assert (
            any("spans the change of the currency to EUR on 2026-06-03" in w for w in gaps) != had
        )
        if had:
            assert got["ghg.intensity_revenue_location"].unit == "kgCO2e/HRK"


def test_without_scope_2_there_is_no_total() -> None:
    plant = works_with(PLANT, grid=None)
    got, gaps = figures(
        upstream(Books(plant)).add("vehicle", fuel="electricity", amount=1.0, unit="kWh"),
        plant=plant,
    )
    assert "ghg.total_location" not in got
    assert "not known" in " ".join(gaps)


def test_a_year_of_purchases_cut_by_the_period_is_an_estimate() -> None:
    books = supplied().add(
        "purchase", first=date(2026, 1, 1), days=365, material="steel", amount=3650.0, unit="kg"
    )
    found = figures(books)[0]["ghg.scope3_cat1"]
    assert found.value == pytest.approx(19.0, rel=1e-3)
    assert found.estimated_share == 1.0
    assert found.high > found.value * 1.4
    assert date(2026, 6, 2) == DAY
