"""Use and end of life: by stage, by one approach, with credits apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.accounting import lifecycle as lc
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.plant.duties import Material
from ecotwin.records import FactorUse

GATE = {"A1": 3.0, "A3": 1.0}


def factor(name: str, value: float, unit: str, gwp: str = "AR6") -> FactorUse:
    return FactorUse(name, value, unit, "DE", 2026, "register", "1", gwp)


GRID = factor("grid", 0.4, "kgCO2e/kWh")
ENDS = {"steel": {"R4": 0.9, "D1": 0.1}}
TREATMENTS = {
    "R4": factor("recycling", 0.02, "kgCO2e/kg"),
    "D1": factor("landfill", 0.5, "kgCO2e/kg"),
}
STEEL = lc.Circular(
    "steel", 2.0, 2.0, 0.1, "test", r1=0.4, r2=0.8, a=0.2, e_recycled=0.5, e_recycling_eol=0.5, ev_replaced=2.0
)  # fmt: skip


def test_a_life_by_cut_off() -> None:
    life = lc.life_cycle(
        GATE, gwp_set="AR6", use=lc.Use(100.0, 10.0, (GRID,)), transport_kg=0.5,
        materials_kg={"steel": 2.0}, ends=ENDS, treatments=TREATMENTS,
    )  # fmt: skip
    assert life.stages == {"A1": 3.0, "A3": 1.0, "A4": 0.5, "B": 400.0, "C": pytest.approx(0.136)}
    assert life.total_kg == pytest.approx(404.636)
    assert (life.missing, life.gwp_set) == ((), "AR6")
    assert {f.id for f in life.factors} == {"grid", "recycling", "landfill"}


def test_a_life_by_the_circular_footprint_formula_keeps_credits_apart() -> None:
    life = lc.life_cycle(GATE, gwp_set="AR6", approach="circular footprint", circular=[STEEL])
    assert life.stages["A1"] == pytest.approx(3.0 + 2 * 1.88)
    assert life.stages["C"] == pytest.approx(2 * 0.34)
    assert life.stages["D"] == pytest.approx(-2 * 1.28)
    assert life.total_kg == pytest.approx(3.0 + 1.0 + 2 * (1.88 + 0.34))
    assert life.missing == ("A4", "B")


@given(r=st.floats(0, 1), a=st.floats(0, 1), ev=st.floats(0, 10), rec=st.floats(0, 10))
def test_a_closed_loop_bears_the_same_whatever_the_allocation_factor(
    r: float, a: float, ev: float, rec: float
) -> None:
    """As much recycled in as out, at one quality: A only moves burden between the lives, and they are one."""
    loop = lc.Circular(
        "m",
        1.0,
        ev,
        0.3,
        "law",
        r1=r,
        r2=r,
        a=a,
        e_recycled=rec,
        e_recycling_eol=rec,
        ev_replaced=ev,
    )
    whole = sum(lc.circular_parts(loop).values())
    other = sum(lc.circular_parts(replace(loop, a=1.0)).values())
    assert whole == pytest.approx(other, abs=1e-9)
    assert other == pytest.approx((1 - r) * ev + r * rec + (1 - r) * 0.3, abs=1e-9)


@given(kwh=st.floats(0, 1e4), years=st.floats(0.1, 30), grid=st.floats(0, 1))
def test_one_factor_for_all_years_is_the_same_as_one_for_each(
    kwh: float, years: float, grid: float
) -> None:
    one, each = lc.use_stage_kg(kwh, years, [grid]), lc.use_stage_kg(kwh, years, [grid] * 31)
    assert one == pytest.approx(each, abs=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(FigureGap, match="never add up"):
        lc.life_cycle(GATE, gwp_set="AR6", circular=[STEEL])
    with pytest.raises(FigureGap, match="never add up"):
        lc.life_cycle(
            GATE, gwp_set="AR6", approach="circular footprint", materials_kg={"steel": 1.0}
        )
    with pytest.raises(FigureGap, match="approach"):
        lc.life_cycle(GATE, gwp_set="AR6", approach="50/50")
    with pytest.raises(FigureGap, match="without a name"):
        lc.life_cycle({"": 1.0}, gwp_set="AR6")
    with pytest.raises(FactorGap, match="grid is of AR5"):
        lc.life_cycle(GATE, gwp_set="AR6", use=lc.Use(1.0, 1.0, (replace(GRID, gwp_set="AR5"),)))
    with pytest.raises(FactorGap, match="how copper ends is not given"):
        lc.life_cycle(
            GATE, gwp_set="AR6", materials_kg={"copper": 1.0}, ends=ENDS, treatments=TREATMENTS
        )
    with pytest.raises(FactorGap, match="R4"):
        lc.life_cycle(GATE, gwp_set="AR6", materials_kg={"steel": 1.0}, ends=ENDS)
    odd: tuple[dict[str, Any], ...] = (
        {"r1": 1.2},
        {"r2": 0.8, "r3": 0.3},
        {"ev": float("nan")},
        {"mass_kg": -1.0},
    )
    for bad in odd:
        with pytest.raises(FigureGap):
            lc.circular_parts(replace(STEEL, **bad))
    with pytest.raises(FigureGap, match="2 grid factors"):
        lc.use_stage_kg(1.0, 3.0, [0.1, 0.2])
    with pytest.raises(FigureGap):
        lc.use_stage_kg(-1.0, 3.0, [0.1])


def test_ends_come_from_the_plant_file(works: Any) -> None:
    steel = Material("steel", "Steel", "test", end={"R4": 0.9, "D1": 0.1})
    assert lc.ends_of(works.with_(materials=(steel, Material("glue", "Glue", "test")))) == ENDS
    with pytest.raises(FigureGap, match=r"steel \(0.5\)"):
        lc.ends_of(works.with_(materials=(replace(steel, end={"R4": 0.5}),)))
