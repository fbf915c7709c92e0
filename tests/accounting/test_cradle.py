"""Cradle to gate: the live figures of the small works become a PACT record, or what is missing is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin import accounting as a
from ecotwin.accounting import accounts
from ecotwin.accounting.sharing import counted, mass_share
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records import FactorUse

SPEC = (
    Path(__file__).parents[3]
    / "shared"
    / "data"
    / "interop"
    / "pact"
    / "spec"
    / "v3"
    / "openapi.yaml"
)
EXEMPT = {4: "delivered free, under 1 % by a first estimate"}


def part(
    name: str, kg: float, share: float = 0.0, *, gwp: str = "AR6", out: bool = False
) -> a.Part:
    use = FactorUse(name, 2.0, "kgCO2e/kg", "DE", 2026, "register", "1", gwp, 0.1)
    return a.Part(name, kg, "kg", use, "test", 0.0, share, out)


STEEL = a.category(1, [part("steel", 1000.0, 80.0)])
ENERGY = a.category(3, [part("upstream", 50.0)])
WASTE = a.category(5, [part("waste", 10.0)])
DECLARED = a.Declared(
    "Works Ltd", ("urn:example:works",), ("urn:example:works:plate",), "A plate of steel",
    datetime(2026, 7, 1, tzinfo=UTC), fossil_carbon_kg=0.01, exempted_percent=1.0,
)  # fmt: skip


def gate(works: Any, **changes: Any) -> a.Gate:
    """Plates in the first half of the day, rods in the second."""
    half = np.where(np.arange(1440) < 720, 7, 8)
    window = works.window({"oven.product": half})
    figures = accounts.run(works.plant, [window], ["works"])
    made = a.pieces_made(works.plant, "works", [window])
    given = {"own": [STEEL], "shared": [ENERGY, WASTE], "exempted": EXEMPT} | changes
    return a.cradle_to_gate(works.plant, given.pop("code", 7), figures, made, **given)


def test_pieces_are_counted_by_product_and_their_mass_shares_sum_to_one(works: Any) -> None:
    window = works.window({"oven.product": np.where(np.arange(1440) < 720, 7, 8)})
    made = a.pieces_made(works.plant, "works", [window])
    assert made == {7: pytest.approx(648.0), 8: pytest.approx(648.0)}
    shares = [mass_share(works.plant, code, made) for code in (7, 8)]
    assert shares == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert counted(works.plant, "works")
    with pytest.raises(FigureGap, match="does not name"):
        a.pieces_made(works.plant, "works", [works.window({"oven.product": 9})])


def test_products_together_bear_what_the_works_emitted(works: Any) -> None:
    window = works.window({"oven.product": np.where(np.arange(1440) < 720, 7, 8)})
    figures = accounts.run(works.plant, [window], ["works"])
    plate, rod = (gate(works, code=c, own=[], shared=[STEEL, ENERGY, WASTE]) for c in (7, 8))
    bought = STEEL.co2e_kg + ENERGY.co2e_kg + WASTE.co2e_kg
    own = sum(figures.of("works", i).value for i in ("ghg.scope1", "ghg.scope2_location"))
    assert plate.co2e_kg * plate.pieces + rod.co2e_kg * rod.pieces == pytest.approx(
        own + bought, rel=1e-12
    )
    for stage, other in zip(plate.stages, rod.stages, strict=True):
        if stage.name.startswith("scope 3"):
            assert stage.co2e_kg == pytest.approx(2 * other.co2e_kg), "what was bought goes by mass"
    assert 0 < plate.half_kg < plate.co2e_kg


def test_own_and_shared_categories_and_the_primary_share(works: Any) -> None:
    got = gate(works)
    by = {s.name: s for s in got.stages}
    assert by["scope 3 category 1"].co2e_kg == pytest.approx(2000 / 648)
    assert by["scope 3 category 3"].co2e_kg == pytest.approx(100 * 2 / 3 / 648)
    kg = {n: s.co2e_kg for n, s in by.items()}
    own = kg["ghg.scope1"] + kg["ghg.scope2_location"]
    due = (100 * own + 80 * kg["scope 3 category 1"]) / got.co2e_kg
    assert got.primary_share == pytest.approx(due)
    market = gate(works, electricity="market")
    assert market.co2e_kg != got.co2e_kg


def test_what_is_missing_is_named_and_nothing_is_guessed(works: Any) -> None:
    with pytest.raises(FigureGap) as caught:
        gate(works, own=[], shared=[WASTE], exempted={9: "behind the gate"})
    for word in ("category 1", "category 3", "category 4", "category 9 lies behind the gate"):
        assert word in str(caught.value)
    with pytest.raises(FigureGap, match=r"category 5 .* is not given"):
        gate(works, shared=[ENERGY, a.category(5, [])])
    with pytest.raises(FigureGap, match="leaves the gate"):
        gate(
            works,
            shared=[ENERGY, WASTE, a.category(4, [part("to shop", 1.0, out=True)])],
            exempted={},
        )
    with pytest.raises(FactorGap, match="AR5 and AR6"):
        gate(works, shared=[ENERGY, a.category(5, [part("old", 1.0, gwp="AR5")])])
    with pytest.raises(FigureGap, match="no product 12"):
        gate(works, code=12)
    with pytest.raises(FigureGap, match="neither location nor market"):
        gate(works, electricity="green")


def test_without_a_grid_factor_the_footprint_is_refused(works: Any) -> None:
    plant = works.with_(grid=None)
    figures = accounts.run(plant, [works.window()], ["works"])
    with pytest.raises(FigureGap, match=r"ghg.scope2_location of works cannot be had .*grid"):
        a.cradle_to_gate(plant, 7, figures, {7: 1.0}, own=[STEEL, ENERGY, WASTE], exempted=EXEMPT)


def test_a_product_without_mass_is_not_shared_out(works: Any) -> None:
    light = replace(works.plant.products[1], mass_kg=0.0)
    plant = works.with_(products=(works.plant.products[0], light))
    with pytest.raises(FigureGap, match="Rod has no mass"):
        mass_share(plant, 7, {7: 1.0, 8: 1.0})
    assert mass_share(plant, 8, {7: 0.0, 8: 5.0}) == 1.0


def test_fields_that_cannot_be_had_are_refused_by_name(works: Any) -> None:
    bare = replace(DECLARED, company_ids=(), fossil_carbon_kg=None, exempted_percent=None)
    burnt = replace(gate(works), biogenic_fuel=True)
    with pytest.raises(FigureGap) as caught:
        a.product_footprint(burnt, bare)
    for name in (
        "companyIds",
        "fossilCarbonContent",
        "exemptedEmissionsPercent",
        "biogenicNonCO2Emissions",
    ):
        assert name in str(caught.value)


def test_the_record_adds_up_and_reads_back(works: Any) -> None:
    one = gate(works)
    wood = replace(DECLARED, biogenic_carbon_kg=0.44, biogenic_non_co2_kg=0.1)
    made = a.product_footprint(one, wood)
    back = a.read_footprint(made)
    assert back.warnings == ()
    assert back.co2e_kg == pytest.approx(one.co2e_kg, rel=1e-8)
    assert back.uptake_kg == pytest.approx(-1.61333, abs=1e-5)
    assert made["pcf"]["exemptedEmissionsDescription"].startswith("category 4")
    assert a.product_footprint(one, wood) == made
    assert a.product_footprint(gate(works, electricity="market"), wood)["id"] != made["id"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"biogenic_carbon_kg": 0.44, "biogenic_non_co2_kg": 0.1},
        {"preceding": "91715e5e-fd0b-4d1c-8fab-76290c46e6ed"},
    ],
)
def test_the_record_is_valid_by_the_published_schema(works: Any, more: dict[str, Any]) -> None:
    if not SPEC.exists():
        pytest.skip("no ../shared/data/interop/pact/spec/v3/openapi.yaml beside this repository")
    import yaml
    from jsonschema import Draft202012Validator

    components = yaml.safe_load(SPEC.read_text("utf-8"))["components"]
    schema = {"$ref": "#/components/schemas/ProductFootprint", "components": components}
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    made = a.product_footprint(gate(works), replace(DECLARED, **more))
    assert [e.message for e in validator.iter_errors(made)] == []
    spoilt = {**made, "pcf": {**made["pcf"], "fossilGhgEmissions": 1.0}}
    assert list(validator.iter_errors(spoilt)), "the schema is really applied"


def test_own_emissions_are_those_of_the_figures_by_product(works: Any) -> None:
    window = works.window({"oven.product": np.where(np.arange(1440) < 500, 7, 8)})
    figures = accounts.run(works.plant, [window], ["works"])
    made = a.pieces_made(works.plant, "works", [window])
    split = figures.of("works", "ghg.by_product_location").split
    for code, name in ((7, "Plate"), (8, "Rod")):
        got = a.cradle_to_gate(
            works.plant, code, figures, made, own=[STEEL], shared=[ENERGY, WASTE], exempted=EXEMPT
        )
        own = sum(s.co2e_kg for s in got.stages if s.name.startswith("ghg."))
        assert own * got.pieces == pytest.approx(split[name], rel=1e-12)
        assert "own use of lines and machines" in got.allocation


def test_time_of_no_product_is_borne_by_all_products(works: Any) -> None:
    product = np.where(np.arange(1440) < 480, 7, np.where(np.arange(1440) < 960, 8, 99))
    window = works.window({"oven.product": product, "oven.good": np.where(product == 99, 0.0, 0.9)})
    figures = accounts.run(works.plant, [window], ["works"])
    made = a.pieces_made(works.plant, "works", [window])
    gates = [
        a.cradle_to_gate(
            works.plant, c, figures, made, own=[STEEL], shared=[ENERGY, WASTE], exempted=EXEMPT
        )
        for c in (7, 8)
    ]
    own = [s.co2e_kg * g.pieces for g in gates for s in g.stages if s.name.startswith("ghg.")]
    due = sum(figures.of("works", i).value for i in ("ghg.scope1", "ghg.scope2_location"))
    assert sum(own) == pytest.approx(due, rel=1e-12)
