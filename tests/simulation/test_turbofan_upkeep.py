"""Upkeep of engines: laws, closed answers, unseen engines, and plans that cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFault
from ecotwin.plant import load
from ecotwin.simulation.turbofans.upkeep import (
    Terms,
    Upkeep,
    agenda,
    avoided,
    facts_of,
    plan,
    wash_interval,
)
from ecotwin.simulation.turbofans.wear import Left

TERMS = Terms(fuel_kg=2450.0, fuel_price=0.82, fuel_kg_co2e=3.184)


@cache
def facts() -> dict[str, float]:
    plant = load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")
    return facts_of(plant, "engine_1a")


def still(**changed: float) -> dict[str, float]:
    """Engines without spread and noise."""
    return facts() | {"core_sd_share": 0.0, "dirt_sd_share": 0.0} | changed


def test_books_of_a_fixed_rule_by_hand() -> None:
    """No wear of fuel and no dirt: fuel, replacements and cost are plain products."""
    known = still(fuel_share_per_k=0.0, dirt_k=1e-9, core_life_k=1e-9)
    made = plan(
        known,
        replace(TERMS, wash_every=1000.0),
        "fixed",
        engines=3,
        flights=20_000.0,
        runs=4,
        seed=1,
    )
    assert made.restorations == pytest.approx(np.full(4, 3 * 2.0))
    assert made.washes == pytest.approx(np.full(4, 3 * (7.0 + 7.0 + 4.0)))
    assert made.unplanned == pytest.approx(np.zeros(4))
    assert made.fuel_kg == pytest.approx(np.full(4, 3 * 20_000 * 2450.0), rel=1e-12)
    assert made.parts == pytest.approx(made.restorations * known["restoration_parts"])
    cost = 3 * 20_000 * 2450.0 * 0.82 + 54 * known["wash_cost"] + 6 * known["restoration_cost"]
    assert made.cost == pytest.approx(np.full(4, cost), rel=1e-12)
    co2e = (
        3 * 20_000 * 2450.0 * 3.184 + 54 * known["wash_kg_co2e"] + 6 * known["restoration_kg_co2e"]
    )
    assert made.co2e_kg == pytest.approx(np.full(4, co2e), rel=1e-12)


def test_the_wash_interval_is_the_best_one() -> None:
    """The rule's interval costs less than half and double of it, for an engine whose dirt alone costs fuel."""
    known = still(settling_k=0.0, core_life_k=1e-9, fixed_restoration_cycles=1e9)

    def cost(every: float) -> float:
        made = plan(
            known,
            replace(TERMS, wash_every=every),
            "fixed",
            engines=1,
            flights=60_000.0,
            runs=1,
            seed=1,
        )
        return float(made.cost[0])

    best = wash_interval(known, TERMS)
    assert 100.0 < best < 3000.0
    assert cost(best) < min(cost(best - 150.0), cost(best + 150.0))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_condition_spares_replacements_without_more_surprises(seed: int) -> None:
    fixed, by_condition = (
        plan(facts(), TERMS, rule, engines=6, flights=24_000.0, runs=60, seed=seed)
        for rule in ("fixed", "condition")
    )
    less = {a.what: a for a in avoided(fixed, by_condition)}
    assert less["restorations"].mean > 1.0
    assert less["parts"].mean == pytest.approx(
        less["restorations"].mean * facts()["restoration_parts"]
    )
    assert less["unplanned"].mean > -0.5, "no more removals that nobody planned"
    assert less["cost"].mean > 0.0
    assert all(a.low <= a.mean <= a.high for a in less.values())
    again = plan(facts(), TERMS, "condition", engines=6, flights=24_000.0, runs=60, seed=seed)
    assert np.array_equal(again.cost, by_condition.cost)


def test_a_carbon_price_moves_the_rule_towards_less_fuel() -> None:
    made: list[Upkeep] = [
        plan(
            facts(),
            replace(TERMS, carbon_price=price),
            "worth",
            engines=4,
            flights=24_000.0,
            runs=40,
            seed=5,
        )
        for price in (0.0, 0.2, 2.0)
    ]
    fuel = [m.fuel_kg.mean() for m in made]
    washes = [m.washes.mean() for m in made]
    assert fuel[0] > fuel[1] > fuel[2]
    assert washes[0] < washes[1] < washes[2]


def test_engines_that_wear_faster_than_their_interval_come_off_unplanned() -> None:
    weak = still(core_life_cycles=5000.0)
    made = plan(weak, TERMS, "fixed", engines=2, flights=20_000.0, runs=3, seed=2)
    assert (made.unplanned >= 2 * 3).all()
    saved = plan(weak, TERMS, "condition", engines=2, flights=20_000.0, runs=3, seed=2)
    assert (saved.unplanned < made.unplanned).all()


def test_the_agenda_puts_the_most_worn_first() -> None:
    left = [
        Left("engine_1", 9000.0, 2500.0, 1800.0, 3300.0),
        Left("engine_2", 12_000.0, 500.0, 300.0, 900.0),
    ]
    made = agenda(
        facts(),
        TERMS,
        left,
        {"engine_1": 100.0, "engine_2": 0.0},
        flights_a_day=4.0,
        today=date(2026, 6, 1),
    )
    assert (made[0].engine, made[0].what, made[0].flights) == ("engine_2", "restoration", 0.0)
    later = next(d for d in made if d.engine == "engine_1" and d.what == "restoration")
    assert later.flights == pytest.approx(1800.0 - TERMS.lead)
    assert (later.by - date(2026, 6, 1)).days == int((1800.0 - TERMS.lead) / 4.0)
    assert [d.flights for d in made] == sorted(d.flights for d in made)


def test_plans_that_cannot_be_are_named() -> None:
    with pytest.raises(ScenarioFault, match="fixed, condition, worth"):
        plan(facts(), TERMS, "often", engines=1, flights=100.0, runs=1, seed=1)
    with pytest.raises(ScenarioFault, match="at least 50 flights"):
        plan(facts(), TERMS, "fixed", engines=1, flights=10.0, runs=1, seed=1)
    with pytest.raises(ScenarioFault, match="fuel_price"):
        Terms(2400.0, -1.0, 3.0)
    with pytest.raises(ScenarioFault, match="engine_7"):
        agenda(
            facts(),
            TERMS,
            [Left("engine_7", 0.0, 1.0, 1.0, 1.0)],
            {},
            flights_a_day=4.0,
            today=date(2026, 6, 1),
        )
    short = plan(facts(), TERMS, "fixed", engines=1, flights=100.0, runs=1, seed=1)
    with pytest.raises(ScenarioFault, match="same runs"):
        avoided(short, plan(facts(), TERMS, "fixed", engines=1, flights=100.0, runs=2, seed=1))
    plant = load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")
    with pytest.raises(ScenarioFault, match="airframe_1 has no number for egt_margin_new_k"):
        facts_of(plant, "airframe_1")
