"""Errors drawn against errors carried through linearly: plain numbers, whole scopes and a product's footprint."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounting.booked_desk import Books, by_name, desk
from accounting.conftest import PLANT, Works
from ecotwin.accounting.accounts import Accounts, run
from ecotwin.accounting.booked import scope1, scope3
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cradle import cradle_to_gate
from ecotwin.accounting.montecarlo import simulate
from ecotwin.accounting.scope3 import Part, category
from ecotwin.accounting.uncertainty import Uncertain, first_order
from ecotwin.records import FactorUse


def rng(seed: int = 20260602) -> np.random.Generator:
    return np.random.default_rng(seed)


def full_desk() -> Desk:
    """The small works with every book, large enough that no single line bears all of the error."""
    books = Books(PLANT)
    for key, value, unit, error in (
        ("mobile/diesel", 2.7, "kgCO2e/l", 0.05), ("mobile/diesel/upstream", 0.6, "kgCO2e/l", 0.2),
        ("electricity/upstream", 0.05, "kgCO2e/kWh", 0.2), ("electricity/losses", 0.012, "kgCO2e/kWh", 0.2),
        ("gas/upstream", 0.35, "kgCO2e/m3", 0.25), ("transport/road", 0.12, "kgCO2e/t.km", 0.2),
        ("material/steel", 2.0, "kgCO2e/kg", 0.25), ("material/copper", 7.0, "kgCO2e/kg", 0.2),
        ("waste/R3", 0.02, "kgCO2e/kg", 0.4), ("waste/R1", 0.5, "kgCO2e/kg", 0.3),
        ("waste/D9", 0.3, "kgCO2e/kg", 0.3), ("waste/R4", 0.05, "kgCO2e/kg", 0.4),
    ):  # fmt: skip
        books.factor(key, value, unit, uncertainty=error)
    books.add("vehicle", fuel="diesel", amount=60.0, unit="l").add(
        "process", gas="CO2", mass_kg=40.0
    )
    books.add("refill", gas="R-410A", mass_kg=0.08)
    for mass in (220.0, 140.0):
        books.add("purchase", material="steel", amount=mass, unit="kg")
    books.add("purchase", material="copper", amount=80.0, unit="kg", days=2)
    books.add("transport", mode="road", mass_kg=4000.0, distance_km=500.0, inbound=True, paid=True)
    books.add("waste", waste_code="17 04 05", treatment="R4", mass_kg=90.0, material="scrap")
    return desk(PLANT, Works().window(steps=24, step_s=3600), books.rows)


@pytest.mark.parametrize("total", ["scope1", "scope3", "location"])
def test_the_intervals_of_whole_scopes_agree_with_draws(total: str) -> None:
    at = full_desk()
    if total == "scope1":
        lines, figure = scope1.whole_lines(at, "works"), "ghg.scope1_all"
        got = by_name(scope1.plug.figures(at, "works")[0])[figure]
    else:
        found = scope3.categories(at, "works")[0]
        lines = [line for rows in found.values() for line in rows]
        if total == "location":
            lines = scope3.total_lines(at, "works", found, "location")
        figure = "ghg.scope3" if total == "scope3" else "ghg.total_location"
        got = by_name(scope3.plug.figures(at, "works")[0])[figure]
    drawn = simulate([line.product for line in lines], rng(), 40_000)
    half = (got.high - got.low) / 2.0
    assert half > 0.02 * got.value
    assert drawn.mean == pytest.approx(got.value, rel=0.01)
    assert drawn.agrees(got.value, half), (drawn, got.value, half)


def test_the_interval_of_scope_2_agrees_with_draws() -> None:
    """Each meter is drawn by its class, the factor once for all hours."""
    at = full_desk()
    got = at.metered["works", "ghg.scope2_location"]
    factor = got.factors[0]
    drawn = rng(7)
    meters = {
        i.signal: drawn.normal(
            i.value, abs(i.value) * PLANT.signal(i.signal).accuracy / 1.96, 40_000
        )
        for i in got.inputs
        if i.signal
    }
    bought = meters[
        "grid.energy"
    ]  # used - (made on site - delivered) is what the grid meter counts
    totals = np.sort(
        bought * drawn.normal(factor.value, factor.value * factor.uncertainty / 1.96, 40_000)
    )
    low, high = totals[1000], totals[39_000]
    assert got.low == pytest.approx(low, rel=0.004)
    assert got.high == pytest.approx(high, rel=0.004)


def test_the_interval_of_a_product_footprint_agrees_with_draws() -> None:
    works = Works()
    window = works.window(steps=24, step_s=3600)
    accounts: Accounts = run(PLANT, [window])
    steel = FactorUse("steel", 2.0, "kgCO2e/kg", "DE", 2026, "test", "1", "AR6", 0.2)
    truck = FactorUse("truck", 0.1, "kgCO2e/t.km", "DE", 2026, "test", "1", "AR6", 0.3)
    energy = FactorUse("upstream", 0.05, "kgCO2e/kWh", "DE", 2026, "test", "1", "AR6", 0.3)
    wastes = FactorUse("R3", 0.02, "kgCO2e/kg", "DE", 2026, "test", "1", "AR6", 0.4)
    given_ = [
        category(
            1,
            [Part("sheet", 30.0, "kg", steel, "", 0.05), Part("bar", 20.0, "kg", steel, "", 0.05)],
        ),
        category(3, [Part("electricity", 21.6, "kWh", energy, "", 0.01)]),
        category(4, [Part("lorry", 25.0, "t.km", truck, "", 0.1)]),
        category(5, [Part("paper", 2.4, "kg", wastes, "", 0.02)]),
    ]
    made = {7: 21.6, 8: 0.0}
    gate = cradle_to_gate(PLANT, 7, accounts, made, shared=given_)
    products: list[tuple[Uncertain, ...]] = [
        (Uncertain("", 1.0 / gate.pieces), Uncertain("", part.amount), Uncertain(part.name, 1.0, part.amount_error),
         Uncertain(part.factor.id, part.factor.value, part.factor.value * part.factor.uncertainty))
        for c in given_ for part in c.parts
    ]  # fmt: skip
    for name in ("ghg.scope1", "ghg.scope2_location"):
        m = accounts.of("works", name)
        products.append(
            (Uncertain("", 1.0 / gate.pieces), Uncertain(name, m.value, (m.high - m.low) / 2.0))
        )
    drawn = simulate(products, rng(3), 40_000)
    assert gate.pieces_error == 0.0
    assert drawn.agrees(gate.co2e_kg, gate.half_kg), (drawn, gate.co2e_kg, gate.half_kg)
    # an allocation share errs alike in every part: linear, and more than if each part had its own
    shared = [(*p, Uncertain("allocation", 1.0, 0.04)) for p in products]
    apart = [(*p, Uncertain(f"allocation {n}", 1.0, 0.04)) for n, p in enumerate(products)]
    value, half = first_order(shared)
    assert simulate(shared, rng(4), 40_000).agrees(value, half)
    assert half > first_order(apart)[1]


def test_a_wrong_count_of_pieces_errs_alike_in_every_stage_of_a_footprint() -> None:
    signals = tuple(replace(s, accuracy=0.08) if s.id == "oven.good" else s for s in PLANT.signals)
    plant = replace(PLANT, signals=signals)
    accounts = run(plant, [Works().window(steps=24, step_s=3600, plant=plant)])
    steel = FactorUse("steel", 0.1, "kgCO2e/kg", "DE", 2026, "test", "1", "AR6", 0.01)
    gate = cradle_to_gate(
        plant, 7, accounts, {7: 21.6, 8: 0.0}, shared=[category(1, [Part("sheet", 60.0, "kg", steel, "")])],
        exempted=dict.fromkeys((3, 4, 5), "a test"),
    )  # fmt: skip
    assert gate.pieces_error == pytest.approx(0.08, rel=0.01)
    count = Uncertain("count", 1.0, gate.pieces_error)
    own = [math.sqrt(s.half_kg**2 - (s.co2e_kg * gate.pieces_error) ** 2) for s in gate.stages]
    products = [
        (Uncertain(s.name, s.co2e_kg, h), count) for s, h in zip(gate.stages, own, strict=True)
    ]
    assert simulate(products, rng(9), 40_000).agrees(gate.co2e_kg, gate.half_kg)
    assert gate.half_kg > 1.2 * math.hypot(*(s.half_kg for s in gate.stages))


def test_the_linear_law_is_wrong_for_a_product_of_two_large_errors_and_the_draws_are_right() -> (
    None
):
    """Known answer: a product of lognormal numbers is lognormal, so that its 95 % points are known exactly."""
    a, b = Uncertain("a", 10.0, 12.0), Uncertain("b", 5.0, 6.0)
    value, half = first_order([(a, b)])
    drawn = simulate([(a, b)], rng(5), 200_000, "lognormal")
    spread = [math.log1p((u.half / 1.959963984540054 / u.value) ** 2) for u in (a, b)]
    middle = sum(math.log(u.value) - s / 2.0 for u, s in zip((a, b), spread, strict=True))
    low, high = (math.exp(middle + z * math.sqrt(sum(spread))) for z in (-1.959964, 1.959964))
    assert drawn.agrees((low + high) / 2.0, (high - low) / 2.0)
    assert not drawn.agrees(value, half)
    assert value - half < 0.0 < low, "the linear interval holds emissions below zero"
    normal = simulate([(a, b)], rng(6), 200_000)
    assert not normal.agrees(value, half), "with normal numbers too: the product is skewed"
    small = Uncertain("a", 10.0, 0.5), Uncertain("b", 5.0, 0.25)
    assert simulate([small], rng(6), 40_000).agrees(*first_order([small]))


def test_a_shared_factor_errs_alike_and_different_ones_apart() -> None:
    factor = Uncertain("f", 2.0, 0.4)
    shared = [(Uncertain("x", 50.0), factor), (Uncertain("y", 50.0), factor)]
    apart = [(Uncertain("x", 50.0), factor), (Uncertain("y", 50.0), Uncertain("g", 2.0, 0.4))]
    assert first_order(shared) == pytest.approx((200.0, 40.0))
    assert first_order(apart) == pytest.approx((200.0, 40.0 / math.sqrt(2.0)))
    for case in (shared, apart):
        assert simulate(case, rng(8), 40_000).agrees(*first_order(case))
    minus = [(Uncertain("", 1.0), factor), (Uncertain("", -1.0), factor)]
    assert first_order(minus) == (0.0, 0.0)
    assert simulate(minus, rng(8)).half == pytest.approx(0.0, abs=1e-9)


def test_the_same_seed_gives_the_same_draws() -> None:
    case = [(Uncertain("a", 3.0, 0.5), Uncertain("b", 2.0, 0.1))]
    assert simulate(case, rng(1)) == simulate(case, rng(1))
    assert simulate(case, rng(1)) != simulate(case, rng(2))


@pytest.mark.parametrize(
    ("case", "more", "words"),
    [
        ([(Uncertain("a", 1.0, 0.1),), (Uncertain("a", 2.0, 0.1),)], {}, "two numbers"),
        ([(Uncertain("a", 1.0, 0.1),)], {"spread": "triangle"}, "unknown spread"),
        ([(Uncertain("a", 1.0, 0.1),)], {"draws": 10}, "at least 1000"),
        ([(Uncertain("a", -1.0, 0.1),)], {"spread": "lognormal"}, "above zero"),
    ],
)
def test_bad_input(case: list[tuple[Uncertain, ...]], more: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        simulate(case, rng(), **more)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1.0, 100.0), st.floats(0.001, 0.05)), min_size=1, max_size=6),
    st.integers(0, 2**32),
)
def test_small_errors_always_agree(parts: list[tuple[float, float]], seed: int) -> None:
    """Law: a sum of small errors is what the linear law says (six standard errors: chance alone never fails it)."""
    products = [
        (Uncertain(f"m{n}", v, v * r), Uncertain("factor", 2.0, 0.04))
        for n, (v, r) in enumerate(parts)
    ]
    value, half = first_order(products)
    assert simulate(products, rng(seed), 5000).agrees(value, half, times=6.0)
