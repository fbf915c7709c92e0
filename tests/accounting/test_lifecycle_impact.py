"""Results: weighed by one GWP set, traced to their sources, with their doubt and their rating."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting_lifecycle import FLOWS, economy, small
from ecotwin.accounting import lifecycle as lc
from ecotwin.errors import FactorGap, FigureGap
from ecotwin.records.lifecycle import Exchange, Flow, Process, Spread, Weight, WeightTable

GWP = lc.gwp_method(FLOWS, "AR6")


def result(
    system: lc.ProductSystem, product: str, amount: float = 1.0
) -> tuple[lc.Matrices, lc.Score]:
    matrices = lc.Matrices(system)
    return matrices, lc.score(matrices, matrices.run({product: amount}), GWP)


def test_a_result_by_hand() -> None:
    """Steel takes 0.05 steel and 0.5 kWh; a kWh takes 0.001 steel: s = 1/(0.95 - 0.0005), kWh = s/2."""
    steel = 1.0 / (0.95 - 0.5 * 0.001)
    due = steel * (1.8 + 0.002 * 29.8) + steel / 2 * 0.9
    matrices, found = result(small(), "steel", 2.0)
    assert found.value == pytest.approx(2 * due, rel=1e-12)
    assert found.unit == "kgCO2e"
    left = {name: amount for name, amount, _ in found.unweighed}
    assert left["Sulfur dioxide"] == pytest.approx(0.002 * steel)
    assert found.direct.sum() == pytest.approx(found.value)
    assert matrices.system.find("wind").id == "wind"


@pytest.mark.parametrize(
    ("gwp_set", "methane", "laughing"), [("AR4", 25, 298), ("AR5", 30, 265), ("AR6", 29.8, 273)]
)
def test_gases_are_weighed_by_one_set(gwp_set: str, methane: float, laughing: float) -> None:
    weights = lc.gwp_method(FLOWS, gwp_set).weights
    assert weights["ch4", ""] == pytest.approx(methane)
    assert weights["n2o", ""] == pytest.approx(laughing)
    assert weights["co2", ""] == 1.0
    assert weights["bio", ""] == 0.0
    assert ("so2", "") not in weights


def test_sets_never_mix() -> None:
    weighed = Flow("grid", "CO2e of the grid", "kgCO2e", "air", "AR5")
    assert lc.gwp_method([weighed], "AR5").weights["grid", ""] == 1.0
    with pytest.raises(FactorGap, match="weighed by AR5, the total by AR6"):
        lc.gwp_method([weighed], "AR6")
    with pytest.raises(FactorGap, match="AR7"):
        lc.gwp_method([], "AR7")


def test_a_gas_without_its_weight_is_refused_only_where_it_is_met() -> None:
    flows = (
        *FLOWS,
        Flow("odd", "Methane", "kg", "air"),
        Flow("cfc", "Ethane, 1,1,2-trichloro-1,2,2-trifluoro-, CFC-113", "kg", "air"),
    )
    dirty = Process(
        "d", "d", "d", "kg", nature=(Exchange("odd", 1.0, "kg"), Exchange("cfc", 1.0, "kg"))
    )
    clean = Process("c", "c", "c", "kg", nature=(Exchange("co2", 1.0, "kg"),))
    user = Process("u", "u", "u", "kg", inputs=(Exchange("d", 1.0, "kg"),))
    matrices = lc.Matrices(lc.ProductSystem([dirty, clean, user], flows))
    method = lc.gwp_method(flows, "AR6")
    assert lc.score(matrices, matrices.run({"c": 1.0}), method).value == 1.0
    with pytest.raises(FactorGap, match=r"Methane \(odd\): fossil or biogenic.*CFC-113"):
        lc.score(matrices, matrices.run({"u": 1.0}), method)
    whole = lc.intensities(matrices, method)
    assert np.isnan(whole).tolist() == [True, False, True]
    told = lc.gwp_method(flows, "AR6", {"odd": "biogenic", "cfc": "apart"})
    assert lc.score(matrices, matrices.run({"d": 1.0}), told).value == pytest.approx(27.0)


def test_halocarbons_are_known_by_their_number() -> None:
    gas = Flow("r", "Ethane, 1,1,1,2-tetrafluoro-, HFC-134a", "kg", "air")
    assert lc.gwp_method([gas], "AR5").weights["r", ""] == 1300.0
    pounds = replace(gas, unit="lb")
    assert "not kg" in lc.gwp_method([pounds], "AR5").needed["r"]


def test_gases_are_known_by_their_cas_number_whatever_they_are_called() -> None:
    table = files("ecotwin.accounting.lifecycle").joinpath("cas.csv").read_text("utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) > 40
    for row in rows:
        digits = row["cas"].replace("-", "")
        check = sum(n * int(d) for n, d in enumerate(reversed(digits[:-1]), 1)) % 10
        assert check == int(digits[-1]), f"{row} is no CAS number"
    renamed = Flow("r", "1,1,1,2-Tetrafluoroethane", "kg", "air", "C2H2F4", "000811-97-2")
    assert lc.gwp_method([renamed], "AR5").weights["r", ""] == 1300.0


def test_gases_that_the_table_lacks_are_weighed_by_a_table_of_the_same_set() -> None:
    cfc = Flow("cfc", "Trichlorofluoromethane", "kg", "air", cas="75-69-4")
    assert "CFC-11" in lc.gwp_method([cfc], "AR6").needed["cfc"]
    weights = (Weight(6226.0, "kg", name=cfc.name), Weight(9.0, "kg", name="Methane, fossil"))
    told = WeightTable("CFC", "kgCO2e", weights, "IPCC AR6", "AR6")
    method = lc.gwp_method([cfc, *FLOWS], "AR6", more=told)
    assert method.weights["cfc", ""] == 6226.0
    assert method.weights["ch4", ""] == pytest.approx(29.8), "what the project has stays"
    with pytest.raises(FactorGap, match="of AR5, the total of AR6"):
        lc.gwp_method([cfc], "AR6", more=replace(told, gwp_set="AR5"))


def test_water_scarcity_weighs_what_is_taken_less_what_comes_back_where_the_process_stands() -> (
    None
):
    matrices = lc.Matrices(small())
    method = lc.aware_method(FLOWS, {"DE": 1.5, "PL": 2.0}, "test")
    steel = 1.0 / (0.95 - 0.5 * 0.001)
    found = lc.score(matrices, matrices.run({"steel": 1.0}), method)
    assert found.value == pytest.approx(steel * (0.03 - 0.02) * 1.5 + steel / 2 * 0.002 * 2.0)
    half = lc.aware_method(FLOWS, {"DE": 1.5}, "test")
    with pytest.raises(FactorGap, match=r"no AWARE factor.*Water, river.*\(PL\)"):
        lc.score(matrices, matrices.run({"steel": 1.0}), half)
    with pytest.raises(FactorGap, match=r"0\.1 to 100"):
        lc.aware_method(FLOWS, {"DE": 1000.0}, "test")
    assert ("co2", "") not in method.weights


def test_methods_given_as_data_fit_by_id_or_by_name_and_compartment() -> None:
    sulphur = Weight(1.31, "kg", name="sulfur dioxide", compartment="air")
    table = WeightTable("Acidification", "molH+e", (sulphur,), "test")
    method = lc.table_method(FLOWS, table)
    assert method.weights == {("so2", ""): 1.31}
    ours = replace(table, weights=(*table.weights, Weight(2.0, "kg", flow="so2")))
    assert lc.table_method(FLOWS, ours).weights == {("so2", ""): 2.0}
    for bad in (
        replace(table, weights=(Weight(1.31, "g", name="sulfur dioxide"),)),
        replace(table, weights=(Weight(1.31, "kg", name="sulfur dioxide", compartment="water"),)),
        replace(table, weights=(*table.weights, Weight(1.4, "kg", name="Sulfur dioxide"))),
    ):
        with pytest.raises(FactorGap, match="Acidification does not fit"):
            lc.table_method(FLOWS, bad)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 5000), cut_off=st.sampled_from([0.3, 0.03, 0.003]))
def test_contributions_of_every_kind_sum_to_the_result(seed: int, cut_off: float) -> None:
    system = economy(25, seed, inputs=3)
    matrices, found = result(system, "p3", 5.0)
    whole = pytest.approx(found.value, rel=1e-9)
    assert sum(p.value for p in lc.by_process(matrices, found, 4)) == whole
    assert sum(p.value for p in lc.by_substance(matrices, found, 2)) == whole
    assert sum(p.value for p in lc.by_tier(matrices, GWP, {"p3": 5.0}, 4)) == whole
    assert sum(lc.by_stage(matrices, found).values()) == whole
    traced = lc.paths(matrices, GWP, {"p3": 5.0}, cut_off=cut_off)
    assert sum(p.direct for p in traced.paths) + traced.rest == whole
    assert all(p.upstream >= cut_off * found.value * (1 - 1e-9) for p in traced.paths)
    few = lc.paths(matrices, GWP, {"p3": 5.0}, cut_off=cut_off, most=3)
    assert sum(p.direct for p in few.paths) + few.rest == whole


def test_paths_name_the_chain_and_unroll_loops() -> None:
    matrices = lc.Matrices(small())
    traced = lc.paths(matrices, GWP, {"coal": 1.0}, cut_off=1e-9)
    chains = {p.processes: p for p in traced.paths}
    assert chains["coal",].direct == pytest.approx(0.9)
    assert chains["coal", "steel", "coal"].direct == pytest.approx(0.001 * 0.5 * 0.9)
    assert ("coal", "steel", "steel", "steel") in chains
    with pytest.raises(FigureGap, match="cut-off"):
        lc.paths(matrices, GWP, {"coal": 1.0}, cut_off=0.0)


def test_the_pedigree_adds_what_ecoinvent_publishes() -> None:
    """0.0006 + (4,3,1,3,4) = 0.0493: the published example of a lognormal exchange."""
    assert 0.0006 + lc.pedigree_variance((4, 3, 1, 3, 4)) == pytest.approx(0.0493)
    assert lc.pedigree_variance((1, 1, 1, 1, 1)) == 0.0
    assert lc.pedigree_variance((5, 5, 5, 5, 5)) == pytest.approx(
        0.04 + 0.008 + 0.04 + 0.002 + 0.12
    )
    assert lc.pedigree_variance((0, 1, 1, 1, 1)) == 0.04
    assert lc.geometric_deviation((1, 1, 1, 1, 1)) == pytest.approx(math.exp(math.sqrt(0.0006)))
    for bad in ((1, 2), (6, 1, 1, 1, 1), (-1, 1, 1, 1, 1)):
        with pytest.raises(FigureGap):
            lc.pedigree_variance(bad)


def lonely(spread: Spread | None, pedigree: tuple[int, ...] = ()) -> lc.Matrices:
    process = Process(
        "p", "p", "p", "kg", nature=(Exchange("co2", 10.0, "kg", spread=spread, pedigree=pedigree),)
    )
    return lc.Matrices(lc.ProductSystem([process], FLOWS))


@pytest.mark.parametrize(
    ("spread", "mean", "deviation"),
    [
        (Spread("lognormal", 0.2), 10 * math.exp(0.02), 10 * math.exp(0.02) * math.sqrt(math.expm1(0.04))),
        (Spread("normal", 1.5), 10.0, 1.5),
        (Spread("uniform", 0.0, 4.0, 16.0), 10.0, 12 / math.sqrt(12)),
        (Spread("triangular", 0.0, 4.0, 25.0), 13.0, math.sqrt((16 + 625 + 100 - 100 - 40 - 250) / 18)),
    ],
)  # fmt: skip
def test_draws_have_the_moments_of_their_distribution(
    spread: Spread, mean: float, deviation: float
) -> None:
    found = lc.monte_carlo(lonely(spread), GWP, {"p": 1.0}, runs=20_000, seed=4)
    assert found.mean == pytest.approx(mean, abs=4 * deviation / math.sqrt(20_000))
    assert found.deviation == pytest.approx(deviation, rel=0.03)
    assert found.first_order == pytest.approx(deviation, rel=0.06)
    assert found.low < found.median < found.high


def test_draws_repeat_by_seed_and_agree_with_the_derivatives_where_spreads_are_small() -> None:
    matrices = lc.Matrices(economy(20, 8, inputs=3, uncertain=True))
    ask = {"p3": 1.0}
    one, same = (lc.monte_carlo(matrices, GWP, ask, runs=400, seed=3) for _ in range(2))
    other = lc.monte_carlo(matrices, GWP, ask, runs=400, seed=4)
    assert (one.draws == same.draws).all()
    assert not (one.draws == other.draws).any()
    assert one.first_order_of_draws == pytest.approx(1.0, abs=0.25)
    assert one.spread_exchanges == one.exchanges
    deviation, parts = lc.first_order(matrices, GWP, ask, 10_000)
    assert deviation == one.first_order
    assert sum(p.variance_share for p in parts) == pytest.approx(1.0)


def test_derivatives_are_those_of_small_changes() -> None:
    """A hundredth of a per cent more coal power in steel, and the same of methane."""
    base = small()
    matrices, before = result(base, "steel")
    steel = base.process("steel")
    slopes = {
        (p.process, p.exchange): p.derivative
        for p in lc.first_order(matrices, GWP, {"steel": 1.0}, 99)[1]
    }
    assert ("coal", "steel") in slopes
    coal = base.process("coal")
    more = replace(coal, inputs=(replace(coal.inputs[0], amount=0.001 * 1.0001),))
    after = result(small(coal=more), "steel")[1]
    assert (after.value - before.value) / (0.001 * 0.0001) == pytest.approx(
        slopes["coal", "steel"], rel=1e-3
    )
    assert slopes["steel", "ch4"] == pytest.approx(29.8 * before.supply[0])
    assert steel.nature[1].pedigree


def test_without_spread_nothing_is_drawn_and_few_runs_are_refused() -> None:
    found = lc.monte_carlo(lonely(None), GWP, {"p": 1.0}, runs=10)
    assert (found.deviation, found.first_order, found.spread_exchanges) == (0.0, 0.0, 0)
    assert lc.monte_carlo(lonely(None, (3, 3, 3, 3, 3)), GWP, {"p": 1.0}, runs=50).deviation > 0.0
    with pytest.raises(FigureGap, match="runs"):
        lc.monte_carlo(lonely(None), GWP, {"p": 1.0}, runs=3)


def test_quality_is_weighed_by_contribution_and_unknown_is_worst() -> None:
    matrices, found = result(small(), "steel")
    rated = lc.rating(matrices, found)
    steel = 1.0 / (0.95 - 0.5 * 0.001)
    co2, ch4, coal = steel * 1.8, steel * 0.002 * 29.8, steel / 2 * 0.9
    assert rated.temporal == pytest.approx((co2 * 1 + ch4 * 3 + coal * 4) / found.value)
    assert rated.geographical == pytest.approx((co2 * 2 + ch4 * 1 + coal * 3) / found.value)
    assert rated.primary_share == pytest.approx(100 * (co2 + ch4) / found.value)
    assert rated.rated_share == pytest.approx(100.0)
    matrices, windy = result(small(), "wind")
    assert lc.rating(matrices, windy).technological > 1.0
    with pytest.raises(FigureGap):
        lc.rating(*result(small(), "steel", 0.0))
