"""Life left and upkeep of engines: laws, closed answers, unseen engines, and data that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
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
from ecotwin.simulation.turbofans.life import History, Left, LifeModel
from ecotwin.simulation.turbofans.upkeep import (
    Terms,
    Upkeep,
    agenda,
    avoided,
    facts_of,
    plan,
    wash_interval,
)

TERMS = Terms(fuel_kg=2450.0, fuel_price=0.82, fuel_kg_co2e=3.184)


@cache
def facts() -> dict[str, float]:
    plant = load(Path(__file__).parents[2] / "plants" / "turbofan.yaml")
    return facts_of(plant, "engine_1a")


def worn(seed: int, engines: int, noise: float = 0.05) -> tuple[History, dict[int, float]]:
    """Engines whose three sensors drift by a power of the share of life flown; a fourth never moves."""
    rng = np.random.default_rng(seed)
    unit, cycle, sensors, last = [], [], [], {}
    for u in range(1, engines + 1):
        end = int(rng.uniform(120.0, 260.0))
        t = np.arange(1.0, end + 1.0)
        damage = (t / end) ** 2.2
        rows = np.column_stack([damage, -0.5 * damage, 0.3 * damage**1.2, np.full(end, 7.0)])
        rows[:, :3] += noise * rng.standard_normal((end, 3))
        unit.append(np.full(end, u))
        cycle.append(t)
        sensors.append(rows)
        last[u] = float(end)
    whole = np.concatenate(unit)
    return History(
        whole, np.concatenate(cycle), np.concatenate(sensors), np.zeros((len(whole), 0))
    ), last


def cut(history: History, keep: dict[int, int]) -> History:
    rows = np.concatenate([np.flatnonzero(history.unit == u)[:n] for u, n in keep.items()])
    return History(
        history.unit[rows], history.cycle[rows], history.sensors[rows], history.settings[rows]
    )


@cache
def model() -> LifeModel:
    return LifeModel(worn(3, 40)[0])


def test_life_left_is_known_better_than_by_age_and_the_interval_holds() -> None:
    history, last = worn(71, 60)
    rng = np.random.default_rng(9)
    keep = {u: int(rng.integers(30, int(last[u]))) for u in last}
    told = model().left(cut(history, keep))
    truth = np.array([last[e.unit] - keep[e.unit] for e in told])
    rul, low, high = (np.array([getattr(e, n) for e in told]) for n in ("rul", "low", "high"))
    by_age = np.maximum(
        0.0, np.median(list(last.values())) - np.array([keep[e.unit] for e in told])
    )
    assert np.sqrt(np.mean((rul - truth) ** 2)) < 0.5 * np.sqrt(np.mean((by_age - truth) ** 2))
    inside = np.mean((low <= truth) & (truth <= high))
    assert 0.65 < inside < 0.95, "80 % are promised; 60 engines"
    near = truth < 40.0
    assert np.mean((high - low)[near]) < 0.6 * np.mean((high - low)[~near]), (
        "it knows more near the end"
    )
    assert (low <= rul).all()
    assert (rul <= high).all()
    assert (low >= 0.0).all()


def test_what_comes_later_is_not_looked_at() -> None:
    history, last = worn(71, 4)
    early = cut(history, dict.fromkeys(last, 60))
    other = replace(
        history, sensors=np.where((history.cycle > 60.0)[:, None], 99.0, history.sensors)
    )
    assert model().left(early) == model().left(cut(other, dict.fromkeys(last, 60)))


def test_another_scale_of_a_sensor_and_the_order_of_rows_change_nothing() -> None:
    history, _ = worn(3, 12)
    factor, offset = np.array([40.0, 0.1, -3.0, 1.0]), np.array([500.0, -2.0, 0.0, 0.0])
    asked = cut(worn(8, 5)[0], dict.fromkeys(range(1, 6), 70))
    one = LifeModel(history).left(asked)
    order = np.random.default_rng(2).permutation(len(history.unit))
    mixed = History(
        history.unit[order],
        history.cycle[order],
        history.sensors[order] * factor + offset,
        history.settings[order],
    )
    two = LifeModel(mixed).left(replace(asked, sensors=asked.sensors * factor + offset))
    for a, b in zip(one, two, strict=True):
        assert (a.rul, a.low, a.high) == pytest.approx((b.rul, b.low, b.high), abs=1.0)


def test_conditions_of_the_report_and_the_build_are_taken_out() -> None:
    """Sensors that follow thrust and height, and engines that differ as built, cost little of what is known."""
    history, last = worn(3, 40)
    rng = np.random.default_rng(4)
    height, thrust = (
        rng.uniform(0.0, 3000.0, len(history.unit)),
        rng.uniform(80.0, 110.0, len(history.unit)),
    )
    settings_ = np.column_stack([height, thrust])
    effect = np.column_stack([0.002 * height, 0.3 * thrust, 1e-5 * height * thrust])
    build = {u: np.append(rng.normal(0.0, 0.4, 3), 0.0) for u in last}
    moved = history.sensors.copy()
    moved[:, :3] += effect
    moved += np.array([build[int(u)] for u in history.unit])
    seen = History(history.unit, history.cycle, moved, settings_, build)
    blind = LifeModel(History(history.unit, history.cycle, moved, settings_[:, :0])).judged.rmse
    assert LifeModel(seen).judged.rmse < 0.5 * blind
    assert LifeModel(seen).judged.rmse < 1.5 * model().judged.rmse


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda h: cut(h, dict.fromkeys(range(1, 7), 50)), "at least 10 followed engines"),
        (lambda h: cut(h, dict.fromkeys(range(1, 13), 5)), "12 reports"),
        (lambda h: replace(h, cycle=h.cycle**1.5), "evenly spaced"),
        (lambda h: replace(h, sensors=np.ones_like(h.sensors)), "no sensor"),
        (
            lambda h: replace(h, sensors=np.where(h.cycle[:, None] == 9.0, np.nan, h.sensors)),
            "no number",
        ),
        (lambda h: replace(h, cycle=h.cycle[:-1]), "one row a report"),
        (lambda h: replace(h, as_built={1: np.zeros(4)}), "no acceptance test"),
    ],
)
def test_reports_that_teach_nothing_are_named(
    spoil: Callable[[History], History], word: str
) -> None:
    with pytest.raises(ScenarioFault, match=word):
        LifeModel(spoil(worn(3, 12)[0]))


def test_an_engine_asked_for_must_be_reported_as_those_that_taught() -> None:
    history, _ = worn(8, 2)
    with pytest.raises(ScenarioFault, match="apart"):
        model().left(replace(history, cycle=2.0 * history.cycle))
    with pytest.raises(ScenarioFault, match="as_built"):
        model().left(replace(history, as_built={1: np.zeros(4), 2: np.zeros(4)}))


# -- upkeep ---------------------------------------------------------------------------------


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
    left = [Left(1, 9000.0, 2500.0, 1800.0, 3300.0), Left(2, 12_000.0, 500.0, 300.0, 900.0)]
    made = agenda(
        facts(), TERMS, left, {1: 100.0, 2: 0.0}, flights_a_day=4.0, today=date(2026, 6, 1)
    )
    assert (made[0].engine, made[0].what, made[0].flights) == (2, "restoration", 0.0)
    later = next(d for d in made if d.engine == 1 and d.what == "restoration")
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
    with pytest.raises(ScenarioFault, match="engine 7"):
        agenda(
            facts(),
            TERMS,
            [Left(7, 0.0, 1.0, 1.0, 1.0)],
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
