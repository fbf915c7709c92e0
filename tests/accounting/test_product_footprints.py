"""Footprints of products live from meters and books: everything adds up, and what is missing is named."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin import accounting as a
from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.product_footprints import Settings, gates_of, records_of
from ecotwin.accounting.product_inputs import categories_of
from ecotwin.accounting.ratings import Rating, mean, rated
from ecotwin.accounting.sharing import pieces_counted, sharing
from ecotwin.clock import Period
from ecotwin.errors import FigureGap
from ecotwin.plant.duties import Company
from ecotwin.records import Booking, FactorUse, Measure

DATA = Path(__file__).parents[3] / "shared" / "data"
SPEC = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", DATA)) / "interop/pact/spec/v3/openapi.yaml"
HALF = {"oven.product": np.where(np.arange(1440) < 720, 7, 8)}
YEAR = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def booking(kind: str, name: str, period: Period, **facts: Any) -> Booking:
    return Booking(kind, name, period, "works", facts, f"document {name}")


def factor(key: str, value: float, unit: str) -> Booking:
    facts = {
        "value": value,
        "unit": unit,
        "place": "DE",
        "year": 2025.0,
        "version": "1",
        "gwp_set": "AR6",
    }
    return booking("factor", key, YEAR, key=key, **facts)


FACTORS = (
    factor("electricity/upstream", 0.05, "kgCO2e/kWh"),
    factor("electricity/losses", 0.02, "kgCO2e/kWh"),
    factor("gas/upstream", 0.3, "kgCO2e/m3"),
    factor("transport/road/artic", 0.1, "kgCO2e/t.km"),
    factor("waste/R3", 0.02, "kgCO2e/kg"),
    factor("waste/R1", 0.03, "kgCO2e/kg"),
    factor("waste/D9", 0.2, "kgCO2e/kg"),
)


def offer(material: str, footprint: float, **more: Any) -> Booking:
    facts = {
        "supplier": "Mill", "material": material, "footprint": footprint, "unit": "kg",
        "place": "DE", "gwp_set": "AR6", "primary_share": 80.0, "quality": 2.0,
    }  # fmt: skip
    return booking("supplier", material, YEAR, **(facts | more))


def bookings(period: Period) -> tuple[Booking, ...]:
    return (
        *FACTORS,
        offer("steel", 2.0),
        booking("purchase", "p1", period, material="steel", amount=3000.0, unit="kg"),
        booking(
            "transport", "t1", period, mode="road/artic", mass_kg=3000.0, distance_km=400.0,
            inbound=True, paid=True,
        ),
        booking(
            "transport", "t2", period, mode="road/artic", mass_kg=900.0, distance_km=100.0,
            inbound=False, paid=True,
        ),
    )  # fmt: skip


def plant(works: Any, **changes: Any) -> Any:
    plate, rod = works.plant.products
    products = (
        replace(plate, ids=("urn:example:works:plate",), fossil_carbon_kg=0.0),
        replace(rod, ids=("urn:example:works:rod",), fossil_carbon_kg=0.0),
    )
    company = Company("Works Ltd", ("urn:vat:de:1",))
    return works.with_(**({"products": products, "company": company} | changes))


def desk(
    works: Any,
    site: Any,
    books: Callable[[Period], tuple[Booking, ...]] = bookings,
    values: Mapping[str, Any] | None = None,
) -> Desk:
    window = works.window(values or HALF, plant=site)
    run = accounts.run(site, [window], ["works"])
    metered = {(m.element, m.indicator): m for m in run.measures}
    return Desk(
        site, window.period, Book.of(window.period, books(window.period)), metered,
        lambda signals, step: window,
    )  # fmt: skip


def total(gates: list[a.Gate]) -> float:
    return sum(g.co2e_kg * g.pieces for g in gates)


def test_products_bear_everything_to_the_last_gram(works: Any) -> None:
    at = desk(works, plant(works))
    gates, words, _ = gates_of(at, "works")
    assert words == []
    assert [g.product.name for g in gates] == ["Plate", "Rod"]
    own = sum(at.metered["works", i].value for i in ("ghg.scope1", "ghg.scope2_location"))
    inputs = categories_of(at, "works")
    assert inputs.bought is not None
    upstream = sum(c.co2e_kg for c in (*inputs.shared, *inputs.bought.values()))
    assert [c.number for c in inputs.shared] == [3, 4, 5]
    assert total(gates) == pytest.approx(own + upstream, rel=1e-12)
    kwh = at.metered["works", "ghg.scope2_location"].inputs[0].value
    gas = at.metered["works", "energy.gas_volume"].value
    assert inputs.shared[0].co2e_kg == pytest.approx(0.07 * kwh + 0.3 * gas)
    assert inputs.shared[1].co2e_kg == pytest.approx(3.0 * 400 * 0.1), "outbound is behind the gate"
    assert inputs.shared[2].co2e_kg == pytest.approx(1440 * (0.1 * 0.02 + 0.02 * 0.03 + 0.03 * 0.2))


def test_a_bill_of_materials_gives_each_product_its_own(works: Any) -> None:
    site = plant(works)
    plate = replace(site.products[0], materials={"steel": 2.0})
    rod = replace(site.products[1], materials={"brass": 1.5})
    site = replace(site, products=(plate, rod))
    at = desk(works, site, lambda p: (*bookings(p), offer("brass", 5.0)))
    gates, words, _ = gates_of(at, "works")
    assert words == []
    by = {
        g.product.name: next(s for s in g.stages if s.name == "scope 3 category 1") for g in gates
    }
    assert by["Plate"].co2e_kg == pytest.approx(6000 / 648), "all steel that was bought"
    assert by["Rod"].co2e_kg == pytest.approx(1.5 * 5.0), "brass from stock, by the bill"


def test_records_are_valid_and_follow_each_other(works: Any) -> None:
    at = desk(works, plant(works))
    records, words = records_of(at, "works")
    assert words == []
    assert len(records) == 2
    again, _ = records_of(at, "works", records)
    assert again == records, "nothing changed: the same records"
    changed = desk(
        works,
        plant(works),
        lambda p: (
            *bookings(p),
            offer("salt", 1.0),
            booking("purchase", "p2", p, material="salt", amount=10.0, unit="kg"),
        ),
    )
    later, _ = records_of(changed, "works", records)
    for old, new in zip(records, later, strict=True):
        assert new["precedingPfIds"] == [old["id"]]
        assert new["id"] != old["id"]
        assert a.broken_formulas(new["pcf"]) == ()
        begins, ends = new["validityPeriodStart"], new["validityPeriodEnd"]
        assert begins == new["pcf"]["referencePeriodEnd"]
        assert int(ends[:4]) == int(begins[:4]) + 3
    if not SPEC.exists():
        pytest.skip("no ../shared/data/interop/pact/spec/v3/openapi.yaml beside this repository")
    import yaml
    from jsonschema import Draft202012Validator

    components = yaml.safe_load(SPEC.read_text("utf-8"))["components"]
    schema = {"$ref": "#/components/schemas/ProductFootprint", "components": components}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for record in (*records, *later):
        assert [e.message for e in validator.iter_errors(record)] == []
    spoilt = {**records[0], "pcf": {**records[0]["pcf"], "dqi": {"technologicalDQR": 2.0}}}
    assert list(validator.iter_errors(spoilt)), "the schema is really applied"


def test_a_month_never_takes_the_place_of_a_year_nor_the_past_of_the_present(works: Any) -> None:
    records, _ = records_of(desk(works, plant(works)), "works")
    old = records[0]

    def of(start: str, end: str, **more: Any) -> dict[str, Any]:
        pcf = {**old["pcf"], "referencePeriodStart": start, "referencePeriodEnd": end}
        return {**old, "id": "0" * 8 + old["id"][8:], "pcf": pcf, **more}

    day_before = of("2026-05-31T22:00:00Z", "2026-06-01T22:00:00Z")
    year = of("2025-06-02T22:00:00Z", "2026-06-02T22:00:00Z")
    later = of("2026-06-02T22:00:00Z", "2026-06-03T22:00:00Z")
    dead = of("2026-05-31T22:00:00Z", "2026-06-01T22:00:00Z", status="Deprecated")
    for before, follows in ((day_before, True), (year, False), (later, False), (dead, False)):
        new = records_of(desk(works, plant(works)), "works", [before])[0][0]
        assert ("precedingPfIds" in new) is follows, before["pcf"]
    kept = records_of(desk(works, plant(works)), "works", [old, later])[0][0]
    assert kept == old, "asked for again, the same record"


def test_quality_and_primary_share_are_emission_weighted(works: Any) -> None:
    at = desk(works, plant(works))
    records, _ = records_of(at, "works")
    gate = gates_of(at, "works")[0][0]
    kg = {s.name: s.co2e_kg for s in gate.stages}
    own = kg["ghg.scope1"] + kg["ghg.scope2_location"]
    share = (100 * own + 80 * kg["scope 3 category 1"]) / gate.co2e_kg
    assert gate.primary_share == pytest.approx(share)
    technology = (
        2 * kg["ghg.scope1"] + 3 * kg["ghg.scope2_location"] + 2 * kg["scope 3 category 1"]
        + 3 * sum(kg[f"scope 3 category {n}"] for n in (3, 4, 5))
    ) / gate.co2e_kg  # fmt: skip
    assert gate.quality.technology == pytest.approx(technology)
    assert gate.quality.geography == 1.0
    dqi = records[0]["pcf"]["dqi"]
    assert float(dqi["technologicalDQR"]) == pytest.approx(technology, abs=0.01)
    untold = desk(works, plant(works), lambda p: tuple(
        replace(b, facts={k: v for k, v in b.facts.items() if k != "quality"}) for b in bookings(p)
    ))  # fmt: skip
    assert gates_of(untold, "works")[0][0].quality.technology > technology, "untold counts as 5"


def test_what_nobody_tells_rates_five() -> None:
    bare = FactorUse("x", 1.0, "kgCO2e/kg", "", 0, "", "")
    assert rated(bare, "DE", 2026, 2.0) == Rating(5.0, 5.0, 5.0)
    assert mean([]) == Rating()


@given(
    pieces=st.lists(st.floats(1.0, 1e6), min_size=2, max_size=2),
    prices=st.lists(st.floats(0.01, 1e4), min_size=2, max_size=2),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_shares_sum_to_one_by_either_rule(
    works: Any, pieces: list[float], prices: list[float]
) -> None:
    goods = tuple(replace(p, price=c) for p, c in zip(works.plant.products, prices, strict=True))
    made = dict(zip((7, 8), pieces, strict=True))
    got = sharing(works.with_(products=goods), made)
    assert sum(got.shares.values()) == pytest.approx(1.0, rel=1e-12)
    per_kg = (prices[0] / 2.0, prices[1] / 1.0)
    ratio = max(per_kg) / min(per_kg)
    if abs(ratio - 5.0) > 1e-6:
        assert got.rule == ("price" if ratio > 5.0 else "mass")


def test_dear_products_bear_by_price_and_the_rule_is_stated(works: Any) -> None:
    site = plant(works)
    dear = replace(site.products[0], price=20.0), replace(site.products[1], price=1.0)
    at = desk(works, replace(site, products=dear))
    gates, _, _ = gates_of(at, "works")
    assert [g.share for g in gates] == pytest.approx([20 / 21, 1 / 21])
    records, _ = records_of(at, "works")
    rule = records[0]["pcf"]["allocationRulesDescription"]
    assert "by economic value: prices a kg differ 10 times" in rule
    assert "by price: prices a kg differ by 10" in rule
    even = replace(site.products[0], price=8.0), replace(site.products[1], price=1.0)
    gates, _, _ = gates_of(desk(works, replace(site, products=even)), "works")
    assert [g.share for g in gates] == pytest.approx([2 / 3, 1 / 3]), "4 times a kg: by mass"


@pytest.mark.parametrize(
    ("left_out", "word"),
    [
        ("electricity/losses", "category 3"),
        ("waste/D9", "category 5"),
        ("transport/road/artic", "category 4"),
        ("steel", "category 1"),
        ("t1", "category 4"),
    ],
)
def test_what_is_missing_is_named_and_no_record_is_made(
    works: Any, left_out: str, word: str
) -> None:
    at = desk(works, plant(works), lambda p: tuple(b for b in bookings(p) if b.id != left_out))
    records, words = records_of(at, "works")
    assert records == []
    assert word in " ".join(words)
    assert f"scope 3 {word}" in " ".join(words)


def test_one_purchase_without_footprint_leaves_out_all_of_its_category(works: Any) -> None:
    site = plant(works)
    plate = replace(site.products[0], materials={"steel": 2.0})

    def more(period: Period) -> tuple[Booking, ...]:
        glue = booking("purchase", "p9", period, material="glue", amount=1.0, unit="kg")
        return (*bookings(period), glue)

    at = desk(works, replace(site, products=(plate, site.products[1])), more)
    records, words = records_of(at, "works")
    assert records == []
    assert "glue has no footprint, no factor by mass" in " ".join(words)


def test_exemptions_are_stated(works: Any) -> None:
    at = desk(works, plant(works), lambda p: tuple(b for b in bookings(p) if b.id != "t1"))
    why = Settings(exempted={4: "delivered free"}, exempted_percent=1.0)
    records, words = records_of(at, "works", settings=why)
    assert words == []
    assert "delivered free" in records[0]["pcf"]["exemptedEmissionsDescription"]
    _, words = records_of(at, "works", settings=replace(why, exempted_percent=None))
    assert "exemptedEmissionsPercent" in words[0]


def refilled(works: Any, gas: str) -> Desk:
    def books(period: Period) -> tuple[Booking, ...]:
        return (*bookings(period), booking("refill", "r", period, gas=gas, mass_kg=1.0))

    return desk(works, plant(works), books)


def test_booked_refills_are_never_left_out(works: Any) -> None:
    before = total(gates_of(desk(works, plant(works)), "works")[0])
    gates, _, _ = gates_of(refilled(works, "R-410A"), "works")
    assert total(gates) == pytest.approx(before + 2255.5), "1 kg of R-410A, AR6"
    records, words = records_of(refilled(works, "R-999"), "works")
    assert records == []
    assert "all of scope 1 cannot be had" in " ".join(words)
    at = refilled(works, "R-410A")
    scope1 = at.metered["works", "ghg.scope1"]
    whole = replace(scope1, indicator="ghg.scope1_all", value=scope1.value + 1.0)
    gates, _, _ = gates_of(at, "works", booked=[whole])
    assert total(gates) == pytest.approx(before + 1.0), "what is handed in is used"


def test_a_supplier_record_that_breaks_its_formula_warns_and_is_kept(
    works: Any, record: dict[str, Any]
) -> None:
    broken = {**record, "productNameCompany": "steel"}
    broken["pcf"] = {
        **record["pcf"], "pcfExcludingBiogenicUptake": "6.0", "pcfIncludingBiogenicUptake": "-13.36",
    }  # fmt: skip
    at = desk(works, plant(works), lambda p: tuple(b for b in bookings(p) if b.id != "steel"))
    gates, words, _ = gates_of(at, "works", settings=Settings(received=(broken,)))
    assert any("is kept, but pcfExcludingBiogenicUptake is 6.0" in w for w in words)
    stages = {s.name: s.co2e_kg for s in gates[0].stages}
    assert stages["scope 3 category 1"] * 648 == pytest.approx(3000 * 6.0 * 2 / 3)
    _, words, _ = gates_of(at, "works", settings=Settings(received=({"id": "x"},)))
    assert any("cannot be used" in w for w in words)


def test_an_hour_in_which_the_product_changed_is_halved(works: Any) -> None:
    site = plant(works)
    window = works.window({"oven.product": 7}, step_s=3600, steps=24)
    column = site.signal("oven.product").index
    window.mean[12:, column] = window.last[12:, column] = 8
    window.low[12:, column] = window.high[12:, column] = 8
    window.low[12, column] = 7
    got = pieces_counted(site, "works", [window])
    assert sum(got.made.values()) == pytest.approx(24 * 0.9)
    assert got.made[7] == pytest.approx(12.5 * 0.9)
    assert got.changing == pytest.approx(1 / 24)


def test_a_plant_without_products_or_counters_says_so(works: Any) -> None:
    records, words = records_of(desk(works, plant(works, products=()), values={}), "works")
    assert records == []
    assert "names no products" in words[0]
    records, words = records_of(desk(works, plant(works)), "yard")
    assert records == []
    assert "nothing counts the good parts of yard" in words[0]
    bare = plant(works, company=Company())
    records, words = records_of(desk(works, bare), "works")
    assert records == []
    assert "companyName" in words[0]


def test_two_factors_of_one_key_are_used_for_nothing(works: Any) -> None:
    at = desk(works, plant(works), lambda p: (*bookings(p), replace(FACTORS[0], id="again")))
    records, words = records_of(at, "works")
    assert records == []
    assert "all hold for 'electricity/upstream'" in " ".join(words)


def test_a_figure_of_another_element_is_not_taken(works: Any) -> None:
    at = desk(works, plant(works))
    foreign = replace(at.metered["works", "ghg.scope1"], element="hall", indicator="ghg.scope1_all")
    assert isinstance(foreign, Measure)
    gates, _, _ = gates_of(at, "works", booked=[foreign])
    assert total(gates) == pytest.approx(total(gates_of(at, "works")[0]))
    with pytest.raises(FigureGap):
        sharing(at.plant, {7: 0.0})
