"""Alternatives of a product over its life: what differs counts, what is shared cancels, what is missing is named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.design_file import DesignFile, read_design
from ecotwin.accounting.designs import Design, Making, Term, assess, difference
from ecotwin.accounting.product_footprints import gates_of
from ecotwin.clock import Period
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.plant import GridFactors, Material
from ecotwin.records import Booking

YEAR = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
NEW = {
    "id": "alloy", "name": "Light alloy", "source": "test", "recycled_share": 0.5, "recycling_efficiency": 0.8,
    "end": {"R4": 0.9, "D1": 0.1},
    "factor": {
        "value": 6.0, "place": "NO", "year": 2026, "source": "test", "version": "1", "gwp_set": "AR6",
        "uncertainty": 0.1,
    },
}  # fmt: skip


def booking(kind: str, name: str, **facts: Any) -> Booking:
    return Booking(kind, name, YEAR, "works", facts, f"document {name}")


def factor(key: str, value: float, unit: str, uncertainty: float = 0.2) -> Booking:
    facts: dict[str, Any] = {
        "key": key, "value": value, "unit": unit, "place": "DE", "year": 2026.0, "version": "1",
        "gwp_set": "AR6", "uncertainty": uncertainty,
    }  # fmt: skip
    return booking("factor", key, **facts)


def offer(supplier: str, material: str, footprint: float, uncertainty: float) -> Booking:
    return booking(
        "supplier", f"{supplier}-{material}", supplier=supplier, material=material, footprint=footprint,
        unit="kg", place="DE", gwp_set="AR6", uncertainty=uncertainty,
    )  # fmt: skip


BOOKS = (
    factor("electricity/upstream", 0.05, "kgCO2e/kWh"),
    factor("electricity/losses", 0.02, "kgCO2e/kWh"),
    factor("gas/upstream", 0.3, "kgCO2e/m3"),
    factor("transport/road/truck", 0.1, "kgCO2e/t.km", 0.3),
    factor("transport/rail/freight", 0.015, "kgCO2e/t.km", 0.3),
    factor("waste/R3", 0.02, "kgCO2e/kg"),
    factor("waste/R1", 0.03, "kgCO2e/kg"),
    factor("waste/D9", 0.2, "kgCO2e/kg"),
    factor("waste/R4", 0.04, "kgCO2e/kg", 0.4),
    factor("waste/D1", 0.1, "kgCO2e/kg", 0.4),
    offer("Mill", "steel", 2.0, 0.3),
    offer("Hydro", "steel", 1.2, 0.1),
    offer("Mill", "brass", 5.0, 0.2),
    booking("purchase", "p1", material="steel", supplier="Mill", amount=3000.0, unit="kg"),
    booking("transport", "t1", mode="road/truck", mass_kg=3000.0, distance_km=400.0, inbound=True, paid=True),
)  # fmt: skip


@pytest.fixture
def bench(works: Any) -> tuple[Desk, Any]:
    plate, rod = works.plant.products
    plate = replace(
        plate,
        materials={"steel": 2.0, "brass": 0.5},
        mass_kg=2.5,
        use_kwh=100.0,
        lifetime_years=10.0,
    )
    rod = replace(rod, materials={"steel": 1.0})
    metal = {"recycled_share": 0.3, "recycling_efficiency": 0.9, "end": {"R4": 1.0}}
    materials = tuple(Material(m, m.title(), "test", **metal) for m in ("steel", "brass"))  # type: ignore[arg-type]
    grid = works.plant.grid or GridFactors(
        "DE", 0.3, year=2026, source="test", version="1", gwp_set="AR6"
    )
    site = works.with_(products=(plate, rod), materials=materials, grid=grid)
    window = works.window(plant=site)
    run = accounts.run(site, [window], ["works"])
    metered = {(m.element, m.indicator): m for m in run.measures}
    desk = Desk(site, window.period, Book.of(window.period, BOOKS), metered, lambda s, t: window)
    gates, words, _ = gates_of(desk, "works")
    assert words == []
    return desk, gates[0]


def file_of(*alternatives: dict[str, Any], **more: Any) -> DesignFile:
    raw = {
        "design": "Which metal", "product": 7, "suppliers": {"steel": "Mill"}, "materials": [NEW],
        "alternatives": list(alternatives),
    }  # fmt: skip
    return read_design(json.dumps(raw | more, indent=1), "metal.yaml")


def test_stages_are_amount_times_factor(bench: Any) -> None:
    desk, gate = bench
    part = {
        "name": "Light",
        "materials": {"brass": 0.0, "alloy": 0.3},
        "suppliers": {"steel": "Hydro"},
    }
    today, light = assess(desk, gate, file_of(part))
    names = today.by_name()
    assert names["Steel"] == pytest.approx(4.0)
    assert names["Brass"] == pytest.approx(2.5)
    assert names["use"] == pytest.approx(100.0 * desk.plant.grid.location)
    assert today.stage_kg()["C"] == pytest.approx(2.5 * 0.04)
    made = {s.name: s.co2e_kg for s in gate.stages}
    assert today.stage_kg()["A3"] == pytest.approx(
        sum(kg for n, kg in made.items() if not n.startswith("scope 3") or n.endswith("5"))
    )
    assert today.stage_kg()["A2"] == pytest.approx(made["scope 3 category 4"])
    assert today.co2e_kg == pytest.approx(sum(today.stage_kg().values()), rel=1e-12)
    assert light.by_name()["Steel"] == pytest.approx(2.4)
    assert light.by_name()["Light alloy"] == pytest.approx(1.8)
    assert light.mass_kg == pytest.approx(2.3)
    assert light.stage_kg()["A2"] == pytest.approx(today.stage_kg()["A2"] * 2.3 / 2.5)
    assert today.mci is not None
    assert light.mci is not None
    assert light.mci != today.mci


def test_what_two_designs_share_cancels_in_their_difference(bench: Any) -> None:
    desk, gate = bench
    today, lean = assess(desk, gate, file_of({"name": "Less brass", "materials": {"brass": 0.4}}))
    told = difference(lean, today)
    brass = 0.1 * 5.0
    assert told.co2e_kg < -brass * 0.99, "brass, its freight and its end"
    assert told.half_kg < 0.3 * abs(told.co2e_kg), "use and making are the same in both"
    assert today.half_kg > 5.0 * told.half_kg
    assert told.verdict == "better"
    same = difference(today, today)
    assert (same.co2e_kg, same.half_kg, same.verdict) == (0.0, 0.0, "cannot be told apart")


def test_a_burden_that_moves_to_another_stage_is_named(bench: Any) -> None:
    desk, gate = bench
    part = {"name": "Frugal", "materials": {"alloy": 0.5}, "use_kwh": 60.0}
    today, frugal = assess(desk, gate, file_of(part))
    told = difference(frugal, today)
    assert told.verdict == "better"
    assert told.shifts == ("A1",)


def test_one_that_lasts_longer_is_needed_less_often(bench: Any) -> None:
    desk, gate = bench
    part = {"name": "Lasting", "lifetime_years": 20.0}
    today, lasting = assess(desk, gate, file_of(part))
    assert lasting.by_name()["use"] == pytest.approx(2.0 * today.by_name()["use"])
    saved = today.co2e_kg - today.by_name()["use"]
    assert difference(lasting, today).co2e_kg == pytest.approx(-saved / 2.0)


def test_routes_and_scenarios_enter_and_are_told_when_they_lack(bench: Any) -> None:
    desk, gate = bench
    road, rail = [{"kind": "road/truck", "km": 900.0}], [{"kind": "rail/freight", "km": 1000.0}]
    parts = (
        {"name": "By rail", "routes": {"steel": rail}},
        {"name": "Cooler oven", "scenario": "cooler.yaml"},
    )
    file = file_of(*parts, routes={"steel": road})
    making = {"Cooler oven": Making("Cooler oven", -0.05, 0.02)}
    today, train, cooler = assess(desk, gate, file, making)
    assert today.stage_kg()["A2"] == pytest.approx(2.0 / 1000 * 900 * 0.1)
    assert train.stage_kg()["A2"] == pytest.approx(2.0 / 1000 * 1000 * 0.015)
    assert any("no route is stated of brass" in g for g in today.gaps)
    told = difference(cooler, today)
    assert told.co2e_kg == pytest.approx(-0.05)
    assert told.half_kg == pytest.approx(0.02)
    _, _, unknown = assess(desk, gate, file)
    assert any("its what-if has not been run" in g for g in unknown.gaps)


def test_what_is_not_there_is_named(bench: Any) -> None:
    desk, gate = bench
    with pytest.raises(FigureGap, match=r"Odd: no material 'copper'"):
        assess(desk, gate, file_of({"name": "Odd", "materials": {"copper": 1.0}}))
    legs = [{"kind": "rail/freight", "km": 10.0}]
    with pytest.raises(FigureGap, match="none of today to hold it against"):
        assess(desk, gate, file_of({"name": "Rail", "routes": {"steel": legs}}))
    with pytest.raises(FigureGap, match="has no materials"):
        assess(desk, gate, file_of({"name": "Nothing", "materials": {"steel": 0.0, "brass": 0.0}}))
    other = NEW | {"factor": NEW["factor"] | {"gwp_set": "AR5"}}  # type: ignore[operator]
    with pytest.raises(FactorGap, match="AR5, the plant reports in AR6"):
        assess(
            desk, gate, file_of({"name": "Light", "materials": {"alloy": 1.0}}, materials=[other])
        )
    balloon = {"steel": [{"kind": "balloon", "km": 10.0}]}
    with pytest.raises(FactorGap, match="transport/balloon"):
        assess(desk, gate, file_of({"name": "Rail"}, routes=balloon))
    with pytest.raises(
        FileFault, match=r"line \d+: alternatives.0.materials.steel: .*greater than or equal to 0"
    ):
        file_of({"name": "Negative", "materials": {"steel": -1.0}})
    with pytest.raises(FileFault, match=r"line 2: product stands twice; line 3: prodct"):
        read_design(
            "product: 1\nproduct: 7\nprodct: 9\ndesign: Metal\nalternatives: [{name: One}]", "m"
        )
    with pytest.raises(FileFault, match="line 1: nothing in it"):
        read_design("# later", "m")
    with pytest.raises(FileFault, match="two alternatives are called Twice"):
        file_of({"name": "Twice"}, {"name": "Twice"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(-5, 5), st.floats(0, 1)), max_size=8))
def test_a_difference_is_never_less_sure_than_both_together(
    parts: list[tuple[str, float, float]],
) -> None:
    shares: dict[str, float] = {}
    terms = tuple(Term("A1", k, k, kg, shares.setdefault(k, s)) for k, kg, s in parts)
    half = len(terms) // 2
    one, two = (Design(n, t, 1.0, None) for n, t in (("one", terms[:half]), ("two", terms[half:])))
    together = abs(one.half_kg) + abs(two.half_kg)
    assert difference(one, two).half_kg <= together + 1e-9
    assert difference(one, two).co2e_kg == pytest.approx(one.co2e_kg - two.co2e_kg, abs=1e-9)
