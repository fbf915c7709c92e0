"""Comparisons: paired, with intervals that hold what they say, a front that nothing beats, gaps that stay gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFault
from ecotwin.plant import load
from ecotwin.records import Floats
from ecotwin.simulation.compare import LEVELS, difference, front
from ecotwin.simulation.contract import Case, Outcome
from ecotwin.simulation.engine import quantities
from ecotwin.simulation.limits import limits
from ecotwin.simulation.outcome import Figures, MaterialRate, Rates, figures, kinds
from ecotwin.simulation.scenario_parts import CarbonPrice
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.totals import with_totals

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


def outcome_of(columns: Mapping[tuple[str, str], Floats], bins: int = 4) -> Outcome:
    """An outcome that booked these amounts, evenly over the bins."""
    plant = load(Path(__file__).parents[2] / "plants" / "electronics.yaml")
    runs = len(next(iter(columns.values())))
    flat = np.zeros((1, bins * 15))
    case = Case(
        plant, datetime(2026, 6, 18, 4, tzinfo=UTC), bins / 4.0, runs, 1, Weather(flat, flat, flat)
    )
    table = quantities()
    shown = tuple(q for q, (_, yes) in table.items() if yes)
    profile = np.zeros((runs, bins, len(shown)))
    for (_, quantity), amount in columns.items():
        name = quantity.partition(":")[0]
        if name in shown:
            profile[:, :, shown.index(name)] += amount[:, None] / bins
    return Outcome(
        case, tuple(columns), np.stack(list(columns.values()), axis=1), shown, profile, {}, {}
    )


def made_of(rates: Rates, **amounts: list[float]) -> Figures:
    columns = {
        ("m", k.replace("__", ":").replace("_star", "*")): np.array(v) for k, v in amounts.items()
    }
    return figures(outcome_of(columns), rates)


# -- differences ------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=2, max_size=60))
def test_a_difference_is_taken_run_by_run(pairs: list[tuple[float, float]]) -> None:
    values, base = (np.array(v) for v in zip(*pairs, strict=True))
    d = difference("co2e.total", values, base)
    assert d.difference.mean == pytest.approx((values - base).mean(), abs=1e-6)
    edges = [d.difference.intervals[level] for level in LEVELS]
    assert edges[2][0] <= edges[1][0] <= edges[0][0] <= edges[0][1] <= edges[1][1] <= edges[2][1]
    back = difference("co2e.total", base, values)
    assert d.better is not None
    assert back.better is not None
    assert d.better + back.better == pytest.approx(1.0)
    same = difference("co2e.total", base, base)
    assert (same.verdict, same.better) == ("same", 0.5)


def test_pairing_sees_what_spread_hides() -> None:
    chance = np.random.default_rng(5)
    shared = chance.normal(1000.0, 200.0, 400)
    scenario = shared - 5.0 + chance.normal(0.0, 1.0, 400)
    d = difference("energy.electricity", scenario, shared)
    assert d.verdict == "better"
    assert d.difference.intervals[0.95][1] < 0.0
    apart = difference("energy.electricity", scenario, chance.permutation(shared))
    assert apart.verdict == "unsure"


@pytest.mark.parametrize("level", LEVELS)
def test_intervals_hold_their_share_of_new_runs(level: float) -> None:
    chance = np.random.default_rng(11)
    held = []
    for _ in range(40):
        seen, new = chance.gamma(2.0, 3.0, 200), chance.gamma(2.0, 3.0, 500)
        low, high = difference("co2e.total", seen, np.zeros(200)).difference.intervals[level]
        held.append(((new >= low) & (new <= high)).mean())
    assert np.mean(held) == pytest.approx(level, abs=0.02)


def test_what_cannot_be_paired_or_is_no_number_is_refused() -> None:
    with pytest.raises(ScenarioFault, match="the same runs"):
        difference("co2e.total", np.zeros(3), np.zeros(4))
    with pytest.raises(ScenarioFault, match="no number"):
        difference("co2e.total", np.array([np.nan, 1.0]), np.zeros(2))


# -- the front --------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=8
    ),
    st.integers(0, 255),
)
def test_the_front_is_what_no_feasible_case_beats(
    means: list[tuple[int, int, int]], mask: int
) -> None:
    names = ("co2e.total", "cost.total", "throughput.parts")
    rows = [{n: np.full(3, float(v)) for n, v in zip(names, m, strict=True)} for m in means]
    feasible = [bool(mask >> n & 1) for n in range(len(rows))]
    points = front(rows, feasible, names)
    costs = [(a, b, -c) for a, b, c in means]
    for i, point in enumerate(points):
        beaten = any(
            feasible[j]
            and costs[j] != costs[i]
            and all(x <= y for x, y in zip(costs[j], costs[i], strict=True))
            for j in range(len(rows))
        )
        assert point.on_front == (feasible[i] and not beaten)
        assert point.front_share == (1.0 if point.on_front else 0.0)
    if any(feasible):
        assert any(p.on_front for p in points)


# -- figures ----------------------------------------------------------------------------------------


def test_electricity_is_priced_and_counted_by_the_bin() -> None:
    rates = Rates(
        "EUR",
        electricity_price=np.array([0.1, 0.1, 0.3, 0.3]),
        bands=("low", "low", "high", "high"),
        grid_location=np.array([0.2, 0.2, 0.4, 0.4]),
        carbon=CarbonPrice(per_t=100.0, scopes=["scope2_location"], source="x"),
        demand_per_kw=10.0,
    )
    made = made_of(rates, electricity_kwh=[8.0, 16.0], made_kwh=[4.0, 4.0])
    assert made.values["energy.electricity_bought"].tolist() == [4.0, 12.0]
    assert made.values["cost.electricity"].tolist() == pytest.approx([0.8, 2.4])
    assert made.parts["cost.electricity"]["low"].tolist() == pytest.approx([0.2, 0.6])
    assert made.values["co2e.scope2_location"].tolist() == pytest.approx([1.2, 3.6])
    assert made.values["cost.carbon"].tolist() == pytest.approx([0.12, 0.36])
    assert made.values["energy.peak"].tolist() == pytest.approx([4.0, 12.0])
    assert made.values["cost.demand"].tolist() == pytest.approx([40.0 / 730.5, 120.0 / 730.5])
    assert "co2e.scope2_market" in made.gaps


def test_a_missing_factor_is_a_gap_and_never_zero() -> None:
    made = made_of(
        Rates("EUR"), gas_m3=[5.0, 6.0], water_in_m3=[1.0, 1.0], fuel_kg__diesel=[0.0, 0.0]
    )
    assert set(made.gaps) >= {"co2e.scope1", "cost.gas", "cost.water"}
    assert "gas" in made.gaps["co2e.scope1"]
    assert "diesel" not in made.gaps["co2e.scope1"]
    rows, gaps = with_totals([made, made])
    assert "co2e.scope1" not in rows[0]
    assert "cost.total" not in rows[0]
    assert "cost.gas" in gaps


def test_a_part_that_one_case_lacks_is_in_no_total() -> None:
    whole = Rates("EUR", prices={"gas": 1.0, "water": 2.0}, burning={"gas": 2.0})
    short = replace(whole, prices={"gas": 1.0})
    one = made_of(whole, gas_m3=[5.0], water_in_m3=[1.0])
    two = made_of(short, gas_m3=[4.0], water_in_m3=[1.0])
    rows, gaps = with_totals([one, two])
    assert [r["cost.total"][0] for r in rows] == [5.0, 4.0]
    assert "cost.water" in gaps
    none = made_of(whole, water_in_m3=[1.0])
    rows, _ = with_totals([one, none])
    assert [r["cost.gas"][0] for r in rows] == [5.0, 0.0], "a case without gas burns none"
    assert [r["cost.total"][0] for r in rows] == [7.0, 2.0]


def test_materials_without_a_factor_are_left_out_of_all_or_stop_the_figure() -> None:
    rate = Rates("EUR", materials={"board": MaterialRate(10.0, 1.0, 5.0)})
    base = made_of(rate, material_kg__board=[2.0], material_kg__flux=[1.0], parts_good=[10.0])
    fewer = made_of(rate, material_kg__board=[1.0], material_kg__flux=[0.5], parts_good=[5.0])
    rows, words = with_totals([base, fewer])
    assert [r["co2e.materials"][0] for r in rows] == [20.0, 10.0]
    assert "flux" in words["co2e.materials"]
    swapped = made_of(rate, material_kg__flux=[3.0], parts_good=[10.0])
    rows, words = with_totals([base, swapped])
    assert "co2e.materials" not in rows[0]
    new = made_of(rate, material_kg__board=[1.0], material_kg__ink=[1.0], parts_good=[10.0])
    assert "co2e.materials" not in with_totals([base, new])[0][0]
    known = replace(rate, materials={**rate.materials, "flux": MaterialRate(4.0, 1.0, 1.0)})
    told = made_of(known, material_kg__board=[2.0], material_kg__flux=[1.0], parts_good=[10.0])
    rows, _ = with_totals([base, told])
    assert [r["co2e.materials"][0] for r in rows] == [20.0, 20.0]


def test_a_price_of_people_in_one_case_alone_is_no_difference() -> None:
    without, paid = Rates("EUR"), Rates("EUR", labour_per_h=40.0)
    one, two = (made_of(r, operator_h=[3.0, 4.0]) for r in (without, paid))
    rows, gaps = with_totals([one, two])
    assert "cost.labour" not in rows[1]
    assert "under all" in gaps["cost.labour"]
    assert with_totals([two, two])[0][0]["cost.labour"].tolist() == [120.0, 160.0]


def test_waste_goes_by_its_treatment() -> None:
    rates = Rates("EUR", treatments={"15 01 01": "R3", "20 03 01": "R1", "14 06 03*": "D10"})
    columns = {
        ("s", f"waste_kg:{c}"): np.array([kg])
        for c, kg in (("15 01 01", 7.0), ("20 03 01", 2.0), ("14 06 03*", 1.0))
    }
    made = figures(outcome_of(columns), rates)
    names = ("waste.total", "waste.diverted", "waste.disposed", "waste.hazardous")
    assert [made.values[n][0] for n in names] == [10.0, 7.0, 3.0, 1.0]
    assert "cost.waste" in made.gaps


def test_limits_are_judged_in_every_run() -> None:
    rates = Rates("EUR", contract_kw=620.0)
    outcome = outcome_of(
        {
            ("boiler_1", "nox_kg"): np.array([1e-3, 1.0]),
            ("m", "electricity_kwh"): np.array([500.0, 700.0]),
        }
    )
    found = {one.id: one for one in limits(outcome, figures(outcome, rates), rates)}
    assert found["contract_kw"].broken == 0.5
    assert found["site_nox_year"].broken == 0.5, "1 kg in an hour is 8766 kg in a year"
    assert found["boiler_nox"].broken is None
    assert "cannot be judged" in found["boiler_nox"].text


def test_the_table_of_figures_holds_together() -> None:
    known = kinds()
    assert {k.better for k in known.values()} == {"low", "high", ""}
    assert {p for k in known.values() for p in k.part_of} <= set(known)
    assert {"co2e.total", "cost.total", "throughput.parts", "water.in", "people.operator"} <= {
        f for f, k in known.items() if k.objective
    }
