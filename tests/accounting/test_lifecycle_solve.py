"""Product systems solve rightly, whatever their units, and say what is wrong with them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from accounting_lifecycle import economy, small
from ecotwin.accounting import lifecycle as lc
from ecotwin.accounting.lifecycle.matrix import dependent
from ecotwin.errors import FigureGap
from ecotwin.records.lifecycle import Exchange, Flow, Process, Spread


def test_a_published_answer() -> None:
    """1,000 kWh of electricity take 200 l of fuel: 120 kg CO2, 14 kg SO2, 100 l of crude oil.

    Source: Heijungs & Suh, The Computational Structure of Life Cycle Assessment (2002), 2.1 to 2.3.
    """
    flows = (Flow("co2", "CO2", "kg"), Flow("so2", "SO2", "kg"), Flow("oil", "crude oil", "l"))
    electricity = Process(
        "el", "power station", "electricity", "kWh", 10.0,
        inputs=(Exchange("fuel", 2.0, "l"),), nature=(Exchange("co2", 1.0, "kg"), Exchange("so2", 0.1, "kg")),
    )  # fmt: skip
    fuel = Process(
        "fuel", "refinery", "fuel", "l", 100.0,
        nature=(Exchange("co2", 10.0, "kg"), Exchange("so2", 2.0, "kg"), Exchange("oil", 50.0, "l")),
    )  # fmt: skip
    matrices = lc.Matrices(lc.ProductSystem([electricity, fuel], flows))
    solution = matrices.run({"el": 1000.0})
    assert solution.supply[:, 0] == pytest.approx([100.0, 2.0])
    assert matrices.nature @ solution.supply[:, 0] == pytest.approx([120.0, 14.0, 100.0])
    assert solution.residual < 1e-14
    assert solution.method == "GMRES, balanced"


def test_waste_is_a_negative_input_treated_by_a_negative_reference() -> None:
    maker = Process("maker", "maker", "thing", "kg", inputs=(Exchange("burn", -0.3, "kg"),))
    burner = Process("burn", "burner", "waste", "kg", -1.0)
    supply = lc.Matrices(lc.ProductSystem([maker, burner])).run({"maker": 10.0}).supply[:, 0]
    assert supply == pytest.approx([10.0, 3.0])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 60))
def test_every_supply_satisfies_its_balance_and_equals_the_dense_solution(
    seed: int, count: int
) -> None:
    matrices = lc.Matrices(economy(count, seed))
    wanted = [{matrices.system.processes[k % count].id: 1.0 + k} for k in (0, 7, 31)]
    solution = matrices.run(*wanted)
    right = np.column_stack([matrices.demand(w) for w in wanted])
    dense = np.linalg.solve(matrices.technosphere.toarray(), right)
    assert np.allclose(solution.supply, dense, rtol=1e-8, atol=1e-300 + 1e-12 * abs(dense).max())
    assert solution.backward_error < 1e-12
    assert (solution.supply >= -1e-12 * abs(solution.supply).max()).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), k=st.floats(0.01, 1e6))
def test_results_are_linear_in_the_demand_and_free_of_the_units(seed: int, k: float) -> None:
    system = economy(30, seed)
    matrices = lc.Matrices(system)
    first, last = system.processes[0].id, system.processes[-1].id
    one, other = matrices.run({first: 1.0}, {last: 1.0}).supply.T
    both = matrices.run({first: k, last: 2.0}).supply[:, 0]
    assert both == pytest.approx(k * one + 2.0 * other, rel=1e-9)


def test_the_transposed_system_gives_the_same_result_as_one_demand_at_a_time() -> None:
    matrices = lc.Matrices(economy(200, 3))
    method = lc.gwp_method(matrices.system.flows, "AR6")
    whole = lc.intensities(matrices, method)
    for n in (0, 17, 199):
        direct = lc.score(matrices, matrices.run({matrices.system.processes[n].id: 1.0}), method)
        assert whole[n] == pytest.approx(direct.value, rel=1e-9)


def test_a_loop_that_takes_what_it_makes_is_refused_by_name() -> None:
    a = Process("a", "a", "x", "kg", inputs=(Exchange("b", 2.0, "kg"),))
    b = Process("b", "b", "y", "kg", inputs=(Exchange("a", 0.5, "kg"),))
    free = Process("c", "c", "z", "kg", inputs=(Exchange("a", 1.0, "kg"),))
    matrices = lc.Matrices(lc.ProductSystem([a, b, free]))
    with pytest.raises(FigureGap, match=r"use up among themselves.*a, b") as caught:
        matrices.run({"c": 1.0})
    assert "c" not in str(caught.value).split("make:")[1].split(".")[0].split(", ")
    assert set(dependent(matrices.technosphere)) == {0, 1}


def test_a_process_that_takes_all_it_makes_has_no_diagonal_and_is_refused() -> None:
    eater = Process("a", "a", "x", "kg", inputs=(Exchange("a", 1.0, "kg"),))
    with pytest.raises(FigureGap, match="no one solution"):
        lc.Matrices(lc.ProductSystem([eater])).run({"a": 1.0})


def test_where_gmres_does_not_get_there_lu_does() -> None:
    """A ring of 400 processes, each taking nearly all the next one makes, needs more steps than GMRES is given."""
    random = np.random.default_rng(5)
    count = 400
    ring = sparse.eye_array(count).tolil()
    for n in range(count):
        ring[(n + 1) % count, n] = -(1.0 - 1e-9) * (-1.0 if n % 2 else 1.0)
        ring[(n + 7) % count, n] = random.choice([-1.0, 1.0]) * 0.999
    solution = lc.Solver(ring.tocsc()).solve(np.eye(count)[0])
    assert solution.method == "LU"
    assert solution.backward_error < 1e-12


def test_faults_are_all_named_at_once() -> None:
    odd = Spread("beta")
    processes = [
        Process("a", "a", "x", "kg", inputs=(Exchange("b", 1.0, "kg"), Exchange("ghost", 1.0, "kg", "phantom"))),
        Process("b", "b", "y", "m3", 0.0),
        Process("a", "again", "x", "kg", nature=(Exchange("co2", 1.0, "kg"),)),
        Process("d", "d", "w", "kg", inputs=(Exchange("b", float("nan"), "m3", "tap water", odd),)),
    ]  # fmt: skip
    with pytest.raises(FigureGap) as caught:
        lc.ProductSystem(processes)
    for words in ("7 faults", "'a' stands there 2 times", "made in m3", "no reference flow",
                  "phantom", "co2", "tap water of d is nan", "beta"):  # fmt: skip
        assert words in str(caught.value)


def test_unlinked_exchanges_are_cut_off_only_when_asked_and_are_named() -> None:
    maker = Process("a", "a", "x", "kg", inputs=(Exchange("ghost", 2.5, "kg", "phantom"),))
    with pytest.raises(FigureGap, match=r"2.5 kg of 'phantom'"):
        lc.ProductSystem([maker])
    system = lc.ProductSystem([maker], unlinked="cut off")
    assert len(system.cut_off) == 1
    assert lc.Matrices(system).run({"a": 3.0}).supply[:, 0] == pytest.approx([3.0])
    with pytest.raises(FigureGap, match="refuse"):
        lc.ProductSystem([maker], unlinked="guess")


def test_products_are_found_by_id_product_or_name_and_never_guessed() -> None:
    system = small()
    assert system.find("steel").id == "steel"
    assert system.find("Hot rolled coil").id == "steel"
    with pytest.raises(FigureGap, match="2 processes make 'electricity'"):
        system.find("electricity")
    with pytest.raises(FigureGap, match="no process"):
        system.find("unobtainium")
    with pytest.raises(FigureGap, match="no process 'x'"):
        system.process("x")


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_a_demand_must_be_a_number(amount: float) -> None:
    matrices = lc.Matrices(small())
    with pytest.raises(FigureGap, match="is asked for"):
        matrices.run({"steel": amount})
    with pytest.raises(FigureGap):
        matrices.run({"nobody": 1.0})


def test_nothing_asked_for_runs_nothing() -> None:
    solution = lc.Matrices(small()).run({"steel": 0.0})
    assert not solution.supply.any()


def test_a_loop_that_takes_more_than_it_makes_is_seen_to_run_backwards() -> None:
    a = Process("a", "a", "x", "kg", inputs=(Exchange("b", 2.0, "kg"),))
    b = Process("b", "b", "y", "kg", inputs=(Exchange("a", 1.0, "kg"),))
    matrices = lc.Matrices(lc.ProductSystem([a, b]))
    assert lc.backwards(matrices, matrices.run({"a": 1.0})) == ("a", "b")
    sound = lc.Matrices(small())
    assert lc.backwards(sound, sound.run({"steel": 1.0})) == ()


def test_the_solver_says_when_scipy_is_missing() -> None:
    code = (
        "import sys; sys.modules['scipy'] = None\n"
        "from ecotwin.accounting import lifecycle as lc\n"
        "assert lc.geometric_deviation((1, 1, 1, 1, 1)) > 1.0\n"
        "lc.Matrices"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install ecotwin[lca]" in done.stderr
