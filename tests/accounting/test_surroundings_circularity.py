"""Circularity of products, secondary and biological material."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.test_surroundings_water_waste import booking, desk_of, figure
from ecotwin.accounting import accounts
from ecotwin.accounting.booked.circularity import plug
from ecotwin.accounting.circularity import product_circularity
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Material, Product

STEEL = Material(
    "steel", "Steel", "mill", 0.4, end={"R4": 0.8, "D1": 0.2}, recycling_efficiency=0.9
)
WOOD = Material("wood", "Wood", "mill", biological_share=1.0, end={"R1": 1.0})
SHARE = st.floats(0.0, 1.0)


def _plate(**materials: float) -> Product:
    return Product(7, "Plate", {"oven": 60.0}, 2.0, materials=materials)


def _run(works: Any, *bookings: Any, products: Any = None) -> Any:
    plates = (
        _plate(steel=1.5, wood=0.5),
        replace(works.plant.products[1], materials={"steel": 1.0}),
    )
    plant = works.with_(products=products or plates, materials=(STEEL, WOOD))
    metered = accounts.run(plant, [works.window()], ["works"]).measures
    return plug.figures(desk_of(plant, metered, bookings), "works")


def test_wholly_virgin_and_lost_is_a_tenth_and_wholly_circular_is_one() -> None:
    lost = Material("a", "A", "-", end={"D1": 1.0})
    round_ = Material("b", "B", "-", reused_share=1.0, end={"reuse": 1.0})
    assert product_circularity(_plate(a=3.0), {"a": lost}).mci == pytest.approx(0.1)
    assert product_circularity(_plate(b=3.0), {"b": round_}).mci == pytest.approx(1.0)


def test_by_hand() -> None:
    """M 1, Fr 0.4, CR 0.8, E 0.9: V 0.6, W0 0.2, WC 0.08, WF 0.4 x 0.1/0.9."""
    wf, wc = 0.4 * 0.1 / 0.9, 0.8 * 0.1
    lfi = (0.6 + 0.2 + (wf + wc) / 2) / (2 + (wf - wc) / 2)
    got = product_circularity(_plate(steel=1.0), {"steel": STEEL})
    assert got.lfi == pytest.approx(lfi)
    assert got.mci == pytest.approx(1 - 0.9 * lfi)


@given(SHARE, SHARE, SHARE, st.floats(0.05, 1.0), st.floats(0.1, 10.0), st.floats(0.2, 5.0))
def test_mci_lies_in_0_to_1_and_grows_with_recycled_feedstock_of_a_lossless_process(
    recycled: float, more: float, ends: float, efficiency: float, kg: float, life: float
) -> None:
    def of(share: float, eff: float) -> float:
        end = {"R4": ends, "D1": 1 - ends}
        one = Material("a", "A", "-", share, 0.0, 0.0, eff, end, life)
        return product_circularity(_plate(a=kg), {"a": one}).mci

    assert 0.0 <= of(recycled, efficiency) <= 1.0
    low, high = sorted((recycled, more))
    assert of(low, 1.0) <= of(high, 1.0) + 1e-12


def test_site_by_the_mass_that_was_made(works: Any) -> None:
    made, words = _run(works)
    assert words == []
    got = figure(made, "circularity.mci")
    known = {"steel": STEEL, "wood": WOOD}
    plate = product_circularity(_plate(steel=1.5, wood=0.5), known)
    assert got.value == pytest.approx(plate.mci)
    assert got.split == pytest.approx({"Plate": got.value})
    assert got.denominator == pytest.approx(1440 * 0.9 * 2.0)


def test_of_products_made_where_nothing_bought_is_booked(works: Any) -> None:
    made, _ = _run(works)
    kg = 1440 * 0.9 * 2.0
    assert figure(made, "material.recycled").value == pytest.approx(kg * 0.75 * 0.4)
    assert figure(made, "material.recycled_share").value == pytest.approx(0.3)
    assert figure(made, "material.biological_share").value == pytest.approx(0.25)
    assert "nothing bought is booked" in figure(made, "material.recycled").method


def test_a_purchase_tells_better_than_the_plant_file(works: Any) -> None:
    before = figure(_run(works)[0], "circularity.mci").value
    rows = (
        booking("purchase", "p1", material="steel", amount=2.0, unit="t", mass_kg=2000.0, recycled_share=0.9),
        booking("purchase", "p2", material="steel", amount=2000.0, unit="kg", recycled_share=0.7),
        booking("purchase", "p3", material="wood", amount=1000.0, unit="kg"),
    )  # fmt: skip
    made, words = _run(works, *rows)
    assert words == []
    assert figure(made, "material.recycled").value == pytest.approx(2000 * 0.9 + 2000 * 0.7)
    assert figure(made, "material.recycled_share").value == pytest.approx(3200 / 5000)
    assert figure(made, "material.biological_share").value == pytest.approx(0.2)
    assert figure(made, "circularity.mci").value > before


def test_purchases_that_say_nothing_are_a_gap(works: Any) -> None:
    rows = (booking("purchase", "p1", material="paint", amount=50.0, unit="kg"),)
    made, words = _run(works, *rows)
    assert [m.indicator for m in made] == ["circularity.mci"]
    assert "paint" in words[0]
    _, other = _run(works, booking("purchase", "p2", material="steel", amount=-1.0, unit="kg"))
    assert "negative mass" in other[0]
    _, third = _run(works, booking("purchase", "p3", material="steel", amount=4.0, unit="piece"))
    assert "has no mass" in third[0]


def test_a_product_without_materials_and_a_material_without_an_end_are_gaps(works: Any) -> None:
    rod = replace(works.plant.products[1], materials={"wood": 1.0})
    some = (Product(7, "Plate", {"oven": 60.0}, 2.0), rod)
    made, words = _run(works, products=some)
    assert made == []
    assert "Plate" in words[0]
    with pytest.raises(FigureGap, match="at its end"):
        product_circularity(_plate(a=1.0), {"a": Material("a", "A", "-")})
    with pytest.raises(FigureGap, match="buried"):
        product_circularity(_plate(a=1.0), {"a": Material("a", "A", "-", end={"buried": 1.0})})
    with pytest.raises(FigureGap, match="names no materials"):
        product_circularity(Product(1, "X", {}, 1.0), {})
