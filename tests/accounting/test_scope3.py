"""Scope 3: sums of amounts times factors, intervals, and what is refused."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin import accounting as a
from ecotwin.errors import FactorGap, FigureGap, FileFault
from ecotwin.records import FactorUse

DAY = date(2026, 6, 18)


def factor(
    name: str, value: float, unit: str, uncertainty: float = 0.0, gwp: str = "AR6"
) -> FactorUse:
    return FactorUse(name, value, f"kgCO2e/{unit}", "DE", 2026, "test", "1", gwp, uncertainty)


FACTORS = {
    "road/artic": factor("road", 0.08, "t.km", 0.2),
    "sea/container": factor("sea", 0.01, "tkm", 0.3),
    "electricity/upstream": factor("up", 0.05, "kWh"),
    "electricity/losses": factor("loss", 0.02, "kWh"),
    "gas/upstream": factor("gas", 0.03, "kWh"),
    "R3": factor("recycling", 0.02, "kg"),
    "D5": factor("landfill", 0.5, "kg"),
    "paper/D5": factor("landfill-paper", 1.2, "kg"),
}


def leg(
    name: str, *, paid: bool, inbound: bool, kind: str = "road/artic", kg: float = 1000.0
) -> a.Leg:
    return a.Leg(name, kind, kg, 100.0, paid, inbound)


@pytest.mark.parametrize(
    ("paid", "inbound", "number"),
    [(True, True, 4), (False, True, 4), (True, False, 4), (False, False, 9)],
)
def test_a_leg_stands_in_one_category(paid: bool, inbound: bool, number: int) -> None:
    four, nine = a.transport([leg("a", paid=paid, inbound=inbound)], FACTORS)
    assert {four.number: four.co2e_kg, nine.number: nine.co2e_kg} == {
        number: pytest.approx(8.0),
        13 - number: 0,
    }


def test_a_leg_twice_an_unknown_class_and_impossible_legs_are_refused() -> None:
    one = leg("a", paid=True, inbound=True)
    with pytest.raises(FigureGap, match="twice"):
        a.transport([one, one], FACTORS)
    with pytest.raises(FactorGap, match="air/freight"):
        a.transport([leg("b", paid=True, inbound=True, kind="air/freight")], FACTORS)
    with pytest.raises(FigureGap, match="-1"):
        a.transport([leg("c", paid=True, inbound=True, kg=-1.0)], FACTORS)


def test_driven_distance_is_brought_to_the_shortest() -> None:
    assert a.transport_work(2000, 110, 1.1) == pytest.approx(200.0)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8))
def test_one_factors_error_is_the_same_in_all_parts(masses: list[float]) -> None:
    legs = [leg(str(n), paid=True, inbound=True, kg=kg) for n, kg in enumerate(masses)]
    four, _ = a.transport(legs, FACTORS)
    assert four.half_kg == pytest.approx(0.2 * four.co2e_kg)


def test_errors_of_two_factors_and_of_amounts_are_independent() -> None:
    legs = [
        a.Leg("r", "road/artic", 1e6, 100, True, True, amount_error=0.1),
        a.Leg("s", "sea/container", 1e6, 1000, True, True),
    ]
    four, _ = a.transport(legs, FACTORS)
    assert four.co2e_kg == pytest.approx(8000 + 10000)
    assert four.half_kg == pytest.approx(math.sqrt(1600**2 + 800**2 + 3000**2))
    assert four.without_error == ()


def test_energy_before_the_meter_needs_upstream_and_losses() -> None:
    three = a.fuel_and_energy({"electricity": (1000.0, "kWh"), "gas": (500.0, "kWh")}, FACTORS)
    assert three.co2e_kg == pytest.approx(1000 * 0.07 + 500 * 0.03)
    assert set(three.without_error) == {"up", "loss", "gas"}
    with pytest.raises(FactorGap, match="electricity/losses"):
        a.fuel_and_energy(
            {"electricity": (1.0, "kWh")},
            {k: v for k, v in FACTORS.items() if k != "electricity/losses"},
        )
    with pytest.raises(FactorGap, match="kgCO2e/m3"):
        a.fuel_and_energy({"gas": (1.0, "m3")}, FACTORS)


def test_losses_are_per_kwh_delivered() -> None:
    assert a.energy_upstream(940, 0.0, 1.0, 0.06) == pytest.approx(60.0)
    with pytest.raises(FigureGap):
        a.grid_loss(1.0)


def test_waste_takes_the_materials_own_factor_first() -> None:
    five = a.waste({("paper", "D5"): 10.0, ("sand", "D5"): 10.0, ("paper", "R3"): 5.0}, FACTORS)
    assert five.co2e_kg == pytest.approx(12 + 5 + 0.1)


def test_negative_waste_a_credit_and_a_missing_treatment_are_refused() -> None:
    with pytest.raises(FigureGap, match="-1"):
        a.waste({("paper", "D5"): -1.0}, FACTORS)
    with pytest.raises(FactorGap, match="credit"):
        a.waste({("paper", "R3"): 1.0}, {"R3": factor("r", -0.4, "kg")})
    with pytest.raises(FactorGap, match="D10"):
        a.waste({("paper", "D10"): 1.0}, FACTORS)


def test_end_of_life_shares_sum_to_one() -> None:
    got = a.end_of_life({"paper": 100.0}, {"paper": {"R3": 0.75, "D5": 0.25}}, FACTORS)
    assert got.number == 12
    assert got.co2e_kg == pytest.approx(75 * 0.02 + 25 * 1.2)
    with pytest.raises(FigureGap, match=r"0\.8"):
        a.end_of_life({"paper": 1.0}, {"paper": {"R3": 0.8}}, FACTORS)
    with pytest.raises(FactorGap, match="how paper ends"):
        a.end_of_life({"paper": 1.0}, {}, FACTORS)


def test_gwp_sets_do_not_mix() -> None:
    mixed = {**FACTORS, "D5": factor("old", 0.5, "kg", gwp="AR5")}
    with pytest.raises(FactorGap, match="AR5 and AR6"):
        a.waste({("sand", "D5"): 1.0, ("sand", "R3"): 1.0}, mixed)


# -- suppliers ----------------------------------------------------------------------------------

HEAD = (
    "supplier,material,footprint,unit,uncertainty,valid_from,valid_to,source,version,place,gwp_set,"
    "primary_share,quality,water_m3,water_amd"
)
MILL = "Mill,steel,1.9,kg,0.1,2026-01-01,2027-01-01,EPD 1,1,DE,AR6,80,2,0.01,0.00136"
WORKS = "Works,steel,2.0,kg,0.1,2026-01-01,2027-01-01,EPD 2,1,PL,AR6,,,,"
FAR = "Far,steel,3.5,kg,0.1,2026-01-01,2027-01-01,EPD 3,1,CN,AR6,,,,"
DIM = "Dim,steel,2.4,kg,,2026-01-01,2027-01-01,letter,,CN,AR6,,,,"


def register(*rows: str) -> a.Suppliers:
    return a.read_suppliers([HEAD, *rows])


def test_what_was_bought_times_the_suppliers_footprint() -> None:
    suppliers = register(MILL, WORKS)
    bought = [
        a.Purchase("steel", 100.0, "kg", DAY, "Mill"),
        a.Purchase("steel", 50.0, "kg", DAY, "Works"),
    ]
    one = suppliers.purchased(bought)
    assert one.number == 1
    assert one.co2e_kg == pytest.approx(290.0)
    assert one.half_kg == pytest.approx(math.hypot(19.0, 10.0))
    assert suppliers.primary_share(bought) == pytest.approx(80 * 190 / 290)
    assert suppliers.scarcity(bought[:1]) == pytest.approx(100 * 0.01 * 10.0)
    with pytest.raises(FactorGap, match="Works does not tell the water"):
        suppliers.scarcity(bought)


def test_a_supplier_is_never_guessed() -> None:
    suppliers = register(MILL, WORKS)
    with pytest.raises(FactorGap, match="Mill, Works"):
        suppliers.offer("steel", DAY)
    with pytest.raises(FactorGap, match="2026-01-01 to 2027-01-01"):
        suppliers.offer("steel", date(2027, 1, 1), "Mill")
    with pytest.raises(FactorGap, match="per kg"):
        suppliers.purchased([a.Purchase("steel", 1.0, "t", DAY, "Mill")])
    with pytest.raises(FactorGap, match="copper"):
        suppliers.offer("copper", DAY)


def test_suppliers_are_told_apart_only_beyond_the_uncertainty() -> None:
    got = register(FAR, DIM, WORKS, MILL).compare("steel", DAY)
    assert [s.offer.supplier for s in got] == ["Mill", "Works", "Dim", "Far"]
    assert [s.verdict.split(":")[0] for s in got] == [
        "smallest footprint",
        "not told apart from the smallest",
        "larger, and nobody tells how sure the figures are",
        "larger, by more than the uncertainty",
    ]
    assert got[0].low == pytest.approx(1.71)
    assert got[0].high == pytest.approx(2.09)
    assert got[2].low is None
    with pytest.raises(FactorGap, match="GWP sets"):
        register(MILL, WORKS.replace("AR6", "AR5")).compare("steel", DAY)


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (MILL.replace("1.9", "0"), "zero"),
        (MILL.replace("1.9", '"1,9"'), "decimal comma"),
        (MILL.replace("EPD 1", ""), "no source"),
        (MILL.replace("2027-01-01", "2025-01-01"), "before it begins"),
        (MILL.replace("AR6", "AR9"), "GWP set"),
        (MILL.replace(",80,", ",180,"), "primary_share"),
        (MILL.replace("1.9", "nan"), "nan"),
        (MILL.replace("1.9", "much"), "much"),
    ],
)
def test_a_dirty_row_is_named(row: str, word: str) -> None:
    with pytest.raises(FileFault, match=word) as caught:
        register(WORKS, row)
    assert "line 3" in str(caught.value)


def test_two_rows_of_one_time_are_refused() -> None:
    with pytest.raises(FileFault, match="begins before"):
        register(MILL, MILL.replace("2026-01-01", "2026-07-01"))
    assert len(register(MILL, MILL.replace("2026-01-01,2027", "2027-01-01,2028")).offers) == 2
    with pytest.raises(FileFault, match="water_amd"):
        a.read_suppliers([HEAD.replace(",water_amd", ""), MILL])


def test_a_pact_footprint_takes_the_place_of_the_rows_in_its_time(record: dict[str, Any]) -> None:
    footprint = a.read_footprint(record)  # valid 2026-01-01 to 2029-01-01
    long = MILL.replace("2026-01-01,2027-01-01", "2025-01-01,2031-01-01")
    got = register(long, WORKS).with_footprint(footprint, "steel", 0.05)
    spans = sorted(
        (o.valid_from.year, o.valid_to.year, o.footprint)
        for o in got.offers
        if o.supplier == "Mill"
    )
    assert spans == [(2025, 2026, 1.9), (2026, 2029, 5.14), (2029, 2031, 1.9)]
    assert got.offer("steel", DAY, "Mill").source == f"PACT {record['id']}"
    with pytest.raises(FigureGap, match="deprecated"):
        got.with_footprint(a.read_footprint({**record, "status": "Deprecated"}), "steel")
