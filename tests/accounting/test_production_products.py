"""Figures by product: they sum to the figure of the place, and each minute goes where the rule says."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin import accounting as a
from ecotwin.accounting import accounts
from ecotwin.accounting.cuts import pieces
from ecotwin.accounting.kpis.products import NO_PRODUCT, TOTALS
from ecotwin.errors import FigureGap
from ecotwin.plant.model import STATES

MINUTES = 1440
HALF = np.where(np.arange(MINUTES) < 720, 7, 8)
PLACES = ("works", "hall", "line")


def _run(works: Any, values: dict[str, Any] | None = None, **more: Any) -> accounts.Accounts:
    plant = more.get("plant", works.plant)
    return accounts.run(plant, [works.window({"oven.product": HALF} | (values or {}), **more)])


@given(
    st.floats(-1e9, 1e9),
    st.lists(st.floats(0.0, 1e9), min_size=1, max_size=9).filter(lambda w: max(w) > 0.0),
)
def test_shares_sum_to_the_whole(total: float, weights: list[float]) -> None:
    parts = a.share_out(total, {str(n): w for n, w in enumerate(weights)})
    assert math.fsum(parts.values()) == pytest.approx(total, rel=1e-15, abs=1e-300)
    shares = a.share_out(1.0, {str(n): w for n, w in enumerate(weights)})
    assert math.fsum(shares.values()) == 1.0
    assert all(s >= 0.0 for s in shares.values())


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=6), st.floats(0.01, 100.0))
def test_shares_do_not_depend_on_the_unit_of_the_weights(w: list[float], factor: float) -> None:
    one = a.share_out(1.0, {str(n): x for n, x in enumerate(w)})
    other = a.share_out(1.0, {str(n): x * factor for n, x in enumerate(w)})
    assert one == pytest.approx(other, rel=1e-9)


@pytest.mark.parametrize(
    ("outputs", "rule", "first"),
    [
        ([a.Output("x", 1), a.Output("y", 0)], "subdivision", 1.0),
        ([a.Output("x", 1, 3.0, 1.0), a.Output("y", 1, 1.0, 9.0)], "machine hours", 0.75),
        ([a.Output("x", 1, None, 1.0), a.Output("y", 1, 1.0, 9.0)], "mass", 0.1),
        ([a.Output("x", 1, 1.0, 1.0, 5.0), a.Output("y", 1, 1.0, 1.0, 1.0)], "machine hours", 0.5),
        ([a.Output("x", 1, 1.0, 1.0, 5.1), a.Output("y", 1, 1.0, 1.0, 1.0)], "economic value", 5.1 / 6.1),
        ([a.Output("x", 1, 1.0, 1.0, 5.1), a.Output("y", 1, 1.0, 1.0)], "machine hours", 0.5),
        ([a.Output("x", 1, price=1.0), a.Output("y", 2, price=1.0)], "economic value", 1 / 3),
        ([a.Output("x", 1), a.Output("y", 3)], "pieces", 0.25),
        ([a.Output("x", 1, price=2.0), a.Output("y", 9, price=0.0)], "economic value", 1.0),
    ],
)  # fmt: skip
def test_the_order_of_the_rules(outputs: list[a.Output], rule: str, first: float) -> None:
    found = a.allocation_key(outputs)
    assert found.rule == rule
    assert found.why
    assert found.shares["x"] == pytest.approx(first)
    assert math.fsum(found.shares.values()) == 1.0


@pytest.mark.parametrize("bad", [{}, {"x": 0.0}, {"x": -1.0, "y": 2.0}, {"x": math.nan}])
def test_what_cannot_bear_a_share_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(FigureGap):
        a.share_out(1.0, bad)


def test_two_outputs_of_one_name_are_refused() -> None:
    with pytest.raises(FigureGap, match="same name"):
        a.allocation_key([a.Output("x", 1), a.Output("x", 2)])


def test_each_minute_of_the_line_goes_to_the_product_it_makes(works: Any) -> None:
    line = np.where(np.arange(MINUTES) < 720, 1.0, 0.5)
    got = _run(works, {"feeder.energy": line + 0.25, "press.energy": line})
    figure = got.of("line", "energy.by_product")
    assert figure.split == pytest.approx({"Plate": 720 * 1.25, "Rod": 720 * 0.75})
    made = got.of("line", "production.by_product")
    assert made.split == pytest.approx({"Plate": 648.0, "Rod": 648.0})


def test_what_is_shared_goes_by_machine_hours(works: Any) -> None:
    idle = np.where(np.arange(MINUTES) >= 1080, STATES["idle"], STATES["busy"])
    got = _run(works, {"press.state": idle, "oven.state": idle})
    figure = got.of("works", "energy.by_product")
    rest = figure.value - 0.75 * MINUTES
    assert figure.split == pytest.approx({"Plate": 540.0 + rest * 2 / 3, "Rod": 540.0 + rest / 3})
    assert "machine hours" in figure.method


def test_prices_that_differ_more_than_fivefold_ask_for_value(works: Any) -> None:
    dear = tuple(
        replace(p, price=x) for p, x in zip(works.plant.products, (120.0, 10.0), strict=True)
    )
    figure = _run(works, plant=works.with_(products=dear)).of("works", "energy.by_product")
    rest = figure.value - 0.75 * MINUTES
    assert figure.split["Plate"] == pytest.approx(540.0 + rest * 12 / 13)
    assert "economic value: prices a kg differ 6 times" in figure.method


def test_set_up_goes_to_what_follows_and_idling_to_what_precedes(works: Any) -> None:
    state = np.full(MINUTES, STATES["busy"])
    state[600:720], state[660:720] = STATES["idle"], STATES["setup"]
    product = np.where(np.arange(MINUTES) < 720, 7, 8)
    got = _run(works, {"oven.state": state, "press.state": state, "oven.product": product})
    split = got.of("line", "energy.by_product").split
    # Machines know their state: 60 set-up minutes x 0.7 kWh go to the rods; the line's rest (0.05) knows none.
    assert split["Rod"] == pytest.approx(720 * 0.75 + 60 * 0.7)


@pytest.mark.parametrize("place", PLACES)
def test_products_sum_to_the_figure_of_the_place(works: Any, place: str) -> None:
    got = _run(works)
    for source, indicator in TOTALS.items():
        try:
            whole = got.of(place, source)
        except FigureGap:
            continue
        figure = got.of(place, indicator)
        assert figure.value == whole.value, indicator
        assert math.fsum(figure.split.values()) == pytest.approx(whole.value, rel=1e-15)
    assert got.of("works", "cost.by_product").value > 0.0


def test_hours_prices_and_grid_factors_follow_the_product(works: Any) -> None:
    # Plates at night cost 0.20 a kWh, rods in the dear band 6 to 10 are not made here.
    product = np.where((np.arange(MINUTES) >= 360) & (np.arange(MINUTES) < 600), 8, 7)
    got = _run(works, {"oven.product": product, "sun.energy": 0.0, "grid.export": 0.0})
    split = got.of("line", "cost.by_product").split
    assert split["Rod"] == pytest.approx(240 * 0.75 * 0.30)
    assert split["Plate"] == pytest.approx(1200 * 0.75 * 0.20)
    green = got.of("line", "ghg.by_product_location").split
    assert green["Rod"] == pytest.approx(240 * 0.75 * 0.4)


def test_an_unknown_product_is_no_product_and_named(works: Any) -> None:
    got = _run(works, {"oven.product": np.where(np.arange(MINUTES) < 720, 7, 99)})
    split = got.of("line", "energy.by_product").split
    assert split == pytest.approx({"Plate": 540.0, NO_PRODUCT: 540.0})
    assert any("does not name (99)" in text for _, text in got.gaps)
    per = got.of("line", "energy.per_product")
    assert (per.numerator, per.denominator) == pytest.approx((540.0, 648.0))


def test_nothing_made_leaves_all_to_no_product(works: Any) -> None:
    got = _run(works, {"oven.good": 0.0, "oven.state": STATES["off"], "press.state": STATES["off"]})
    figure = got.of("works", "energy.by_product")
    assert math.fsum(figure.split.values()) == pytest.approx(figure.value)
    assert figure.split[NO_PRODUCT] > 0.0
    with pytest.raises(FigureGap, match="good piece"):
        got.of("works", "energy.per_product")


def test_footprint_per_piece_of_each_product(works: Any) -> None:
    got = _run(works, {"oven.good": np.where(np.arange(MINUTES) < 720, 1.0, 0.5)})
    figure, by = got.of("line", "ghg.per_product"), got.of("line", "ghg.by_product_location")
    each = {i.name: i.value for i in figure.inputs}
    assert each["Plate, per good piece"] == pytest.approx(by.split["Plate"] / 720.0)
    assert each["Rod, per good piece"] == pytest.approx(by.split["Rod"] / 360.0)
    assert figure.value == pytest.approx(by.value / 1080.0)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1), day=st.sampled_from(["2026-03-28", "2026-10-24", "2028-02-28"])
)
def test_products_sum_on_days_of_any_length_and_in_any_cut(works: Any, seed: int, day: str) -> None:
    rng = np.random.default_rng(seed)
    start = datetime.fromisoformat(day).replace(hour=23, tzinfo=UTC)
    steps = 25 * 60
    values: dict[str, Any] = {
        name: rng.uniform(0.0, 2.0, steps)
        for name in ("grid.energy", "sun.energy", "feeder.energy", "press.energy", "boiler.gas")
    } | {
        "oven.product": rng.choice([7, 8, 99], steps),
        "oven.state": rng.integers(0, 7, steps),
        "press.state": rng.integers(0, 7, steps),
    }
    window = works.window(values, start=start, steps=steps, silent={"press.energy": slice(30, 90)})
    once = accounts.run(works.plant, [window], ["works", "line"])
    cut = accounts.run(
        works.plant, pieces(window, 60 * int(rng.integers(1, 24))), ["works", "line"]
    )
    for got in (once, cut):
        for source, indicator in TOTALS.items():
            for place in ("works", "line"):
                whole = [m for m in got.measures if m.element == place and m.indicator == source]
                for m in whole:
                    split = got.of(place, indicator).split
                    assert math.fsum(split.values()) == pytest.approx(m.value, rel=1e-12, abs=1e-9)


def test_gas_burnt_on_the_line_is_the_products_own(works: Any) -> None:
    moved = tuple(
        replace(e, parent="line") if e.id == "boiler" else e for e in works.plant.elements
    )
    plant = works.with_(elements=moved)
    got = _run(works, {"boiler.gas": np.where(np.arange(MINUTES) < 720, 0.3, 0.1)}, plant=plant)
    assert got.of("line", "ghg.scope1_by_product").split == pytest.approx(
        {"Plate": 720 * 0.3 * 2.0, "Rod": 720 * 0.1 * 2.0}
    )
    energy = got.of("works", "energy.by_product").split
    assert energy["Plate"] - energy["Rod"] == pytest.approx(720 * 0.2 * 10.0)
    both = got.of("line", "ghg.by_product_market").split
    scopes = [got.of("line", f"ghg.{n}_by_product").split for n in ("scope1", "scope2_market")]
    assert both == pytest.approx({p: scopes[0][p] + scopes[1][p] for p in ("Plate", "Rod")})


def test_each_fuel_has_its_own_factor(works: Any) -> None:
    """Oil by day, pellets by night, both burnt by the oven: kg alone would mix them."""
    meter = next(s for s in works.plant.signals if s.id == "oven.air")
    count = len(works.plant.signals)
    fuels = tuple(
        replace(meter, index=count + n, id=f"oven.{m}", name=m, means="fuel_mass", form="counter", carrier="fuel",
                unit="kg", wire_unit="kg", material=m)
        for n, m in enumerate(("oil", "pellets"))
    )  # fmt: skip
    given_ = {
        "unit": "kgCO2e/kg",
        "basis": "LHV",
        "place": "DE",
        "year": 2026,
        "source": "test",
        "version": "1",
    }
    factors = works.plant.factors | {
        "oil": {**given_, "value": 3.0, "gwp_set": "AR6"},
        "pellets": {**given_, "value": 0.1, "gwp_set": "AR6"},
    }
    plant = works.with_(signals=(*works.plant.signals, *fuels), factors=factors)
    day = np.arange(MINUTES) < 720
    got = _run(
        works,
        {"oven.oil": np.where(day, 1.0, 0.0), "oven.pellets": np.where(day, 0.0, 1.0)},
        plant=plant,
    )
    assert got.of("line", "ghg.scope1_by_product").split == pytest.approx(
        {"Plate": 720 * 3.0, "Rod": 720 * 0.1}
    )


def test_a_plant_with_one_product_needs_no_signal(works: Any) -> None:
    signals = tuple(s for s in works.plant.signals if s.id != "oven.product")
    signals = tuple(replace(s, index=n) for n, s in enumerate(signals))
    plant = works.with_(signals=signals, products=works.plant.products[:1])
    got = accounts.run(plant, [works.window(plant=plant)])
    for source, indicator in TOTALS.items():
        whole = got.of("works", source)
        assert got.of("works", indicator).split == {"Plate": pytest.approx(whole.value, rel=1e-15)}


def test_without_states_the_key_is_mass(works: Any) -> None:
    plant = works.with_(
        signals=tuple(
            replace(s, means="other", form="gauge") if s.means == "state" else s
            for s in works.plant.signals
        )
    )
    figure = _run(works, plant=plant).of("works", "energy.by_product")
    rest = figure.value - 0.75 * MINUTES
    assert figure.split["Plate"] == pytest.approx(540.0 + rest * 2 / 3)
    assert "the rest by mass" in figure.method


def test_a_missing_factor_is_told_and_only_its_figures_are_lost(works: Any) -> None:
    got = _run(works, plant=works.with_(grid=None))
    assert got.of("works", "energy.by_product").value > 0.0
    assert got.of("works", "ghg.scope1_by_product").value > 0.0
    with pytest.raises(FigureGap, match="grid"):
        got.of("works", "ghg.by_product_location")
