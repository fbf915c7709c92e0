"""The plant as a product system gives what the live accounts give, machine by machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin import accounting as a
from ecotwin.accounting import accounts
from ecotwin.accounting import lifecycle as lc
from ecotwin.errors import FigureGap
from ecotwin.plant import load
from ecotwin.plant.model import STATES
from ecotwin.records import FactorUse

ROOT = Path(__file__).parents[2]
EXEMPT = {4: "delivered free, under 1 % by a first estimate"}


def part(name: str, kg: float, share: float = 0.0) -> a.Part:
    use = FactorUse(name, 2.0, "kgCO2e/kg", "DE", 2026, "register", "1", "AR6", 0.1)
    return a.Part(name, kg, "kg", use, "test", 0.05, share)


STEEL = a.category(1, [part("steel", 1000.0, 80.0), part("paint", 20.0)])
ENERGY = a.category(3, [part("upstream", 50.0)])
WASTE = a.category(5, [part("waste", 10.0)])


def side(works: Any, code: int, **changes: Any) -> lc.PlantSide:
    half = np.where(np.arange(1440) < 720, 7, 8)
    window = works.window({"oven.product": half})
    figures = accounts.run(works.plant, [window])
    made = a.pieces_made(works.plant, "works", [window])
    given = {"own": [STEEL], "shared": [ENERGY, WASTE], "exempted": EXEMPT} | changes
    return lc.plant_system(works.plant, code, figures, made, **given)


def weigh(found: lc.PlantSide, amount: float = 1.0) -> tuple[lc.Matrices, lc.Score, lc.Method]:
    matrices = lc.Matrices(found.system)
    method = lc.gwp_method(found.system.flows, found.gate.gwp_set)
    return matrices, lc.score(matrices, matrices.run({found.product: amount}), method), method


@pytest.mark.parametrize("code", [7, 8])
@pytest.mark.parametrize("electricity", ["location", "market"])
@pytest.mark.parametrize("element", ["", "line"])
def test_a_piece_weighs_what_the_accounts_give_it(
    works: Any, code: int, electricity: str, element: str
) -> None:
    found = side(works, code, electricity=electricity, element=element)
    _, score, _ = weigh(found)
    assert score.value == pytest.approx(found.gate.co2e_kg, rel=1e-9, abs=0.0)
    assert score.unweighed == ()


def test_all_pieces_together_bear_what_the_works_emitted(works: Any) -> None:
    plates, rods = (side(works, c, own=[], shared=[STEEL, ENERGY, WASTE]) for c in (7, 8))
    total = weigh(plates, plates.gate.pieces)[1].value + weigh(rods, rods.gate.pieces)[1].value
    window = works.window({"oven.product": np.where(np.arange(1440) < 720, 7, 8)})
    figures = accounts.run(works.plant, [window])
    own = sum(figures.of("works", i).value for i in ("ghg.scope1", "ghg.scope2_location"))
    bought = STEEL.co2e_kg + ENERGY.co2e_kg + WASTE.co2e_kg
    assert total == pytest.approx(own + bought, rel=1e-9)


def test_contributions_name_the_machines_as_the_accounts_do(works: Any) -> None:
    found = side(works, 7)
    assert found.gate.own_share is not None
    matrices, score, method = weigh(found, found.gate.pieces / found.gate.own_share)
    parts = {p.id: p.value for p in lc.by_process(matrices, score, 99)}
    window = works.window({"oven.product": np.where(np.arange(1440) < 720, 7, 8)})
    figures = accounts.run(works.plant, [window])
    for machine in ("press", "oven", "blower"):
        due = figures.of(machine, "ghg.scope2_location").value
        assert parts[f"electricity/location/{machine}"] == pytest.approx(due, rel=1e-9)
    assert parts["combustion/gas"] == pytest.approx(figures.of("works", "ghg.scope1").value)
    stages = lc.by_stage(matrices, score)
    assert sum(stages.values()) == pytest.approx(score.value)
    assert set(stages) == {"A1", "A3"}
    chains = {
        p.processes for p in lc.paths(matrices, method, {found.product: 1.0}, cut_off=1e-6).paths
    }
    assert any(c[-2:] == ("operation/press", "electricity/location/press") for c in chains)


def test_quality_and_doubt_are_those_of_the_accounts(works: Any) -> None:
    found = side(works, 7)
    matrices, score, method = weigh(found)
    assert lc.rating(matrices, score).primary_share == pytest.approx(found.gate.primary_share)
    drawn = lc.monte_carlo(matrices, method, {found.product: 1.0}, runs=2000, seed=5)
    assert 1.96 * drawn.deviation == pytest.approx(found.gate.half_kg, rel=0.1)


def test_what_cradle_to_gate_refuses_is_refused(works: Any) -> None:
    with pytest.raises(FigureGap, match="category 1"):
        side(works, 7, own=[])


@pytest.mark.parametrize("seed", range(3))
def test_it_holds_on_the_demo_plant_with_any_meter_values(works: Any, seed: int) -> None:
    """Meters that contradict each other make rests below zero; the sum must hold all the same."""
    plant = load(ROOT / "plants" / "electronics.yaml")
    random = np.random.default_rng(seed)
    values: dict[str, Any] = {}
    for signal in plant.signals:
        if signal.means == "product":
            values[signal.id] = random.choice([p.code for p in plant.products], 24)
        elif signal.form == "state":
            values[signal.id] = STATES["busy"]
        else:
            values[signal.id] = random.uniform(1.0, 5.0, 24)
    window = works.window(values, steps=24, step_s=3600, plant=plant)
    figures = accounts.run(plant, [window])
    site = plant.site.id
    made = a.pieces_made(plant, site, [window])
    for product in plant.products:
        for electricity in ("location", "market"):
            found = lc.plant_system(
                plant, product.code, figures, made,
                own=[STEEL], shared=[ENERGY, WASTE], exempted=EXEMPT, electricity=electricity,
            )  # fmt: skip
            matrices, score, _ = weigh(found)
            assert score.value == pytest.approx(found.gate.co2e_kg, rel=1e-9, abs=0.0)
            assert len(matrices.system.processes) > 40
