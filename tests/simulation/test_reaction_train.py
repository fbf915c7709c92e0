"""The chemical works of the model: balances to the last digit, steam, water, and what changes of set-points do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant
from ecotwin.records import Floats
from ecotwin.simulation.assembly import units_of
from ecotwin.simulation.contract import Image, Outage, Outcome
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.process.reaction import steady
from ecotwin.simulation.units.process_water import ProcessWater
from ecotwin.simulation.units.reaction_train import KINDS, ReactionTrain
from ecotwin.simulation.units.steam_network import SteamNetwork
from simulation.chemical_works import START, case_of, works

RATE = np.array([1.287e12, 9758.3, 1.287e12, 9758.3, 9.043e9, 8560.0])

EXACT = {
    "reactor_1.k1_per_h": 1.287e12,
    "reactor_1.k2_per_h": 1.287e12,
    "reactor_1.k3_l_per_mol_h": 9.043e9,
    "reactor_1.volume_m3": 1.0,
}
"""The published reactor, without what is not known of it."""


def rate(outcome: Outcome, quantity: str, machine: str = "") -> Floats:
    """Mean an hour."""
    return outcome.total(quantity, machine) / outcome.case.hours


class Watched:
    """An engine on the works that notes what leaves the train in substances."""

    def __init__(self, **words: Any) -> None:
        self.case = case_of(**words)
        self.engine = Engine(self.case, units_of(works()))
        self.train = next(u for u in self.engine.units if isinstance(u, ReactionTrain))
        self.state = self.engine.states[self.train.name]
        self.left = np.zeros((self.case.runs, 5))
        self.fresh_kg = np.zeros(self.case.runs)
        self.in_kg = np.zeros(self.case.runs)
        decant, second = self.train._decant, self.train._two.step

        def decanting(s: Any, *rest: Any) -> Floats:
            organics = decant(s, *rest)
            self.left += s["bottoms"] - organics
            return organics

        def parting(*rest: Any) -> Any:
            parted = second(*rest)
            self.left += parted.top + parted.bottom
            return parted

        self.train._decant = decanting  # type: ignore[method-assign, assignment]
        self.train._two.step = parting  # type: ignore[method-assign, assignment]

    def stock(self) -> Floats:
        """[runs, 5] kmol in the reactor and on the way."""
        s = self.state
        whole: Floats = s["mol"] * s["volume_m3"][:, None] + s["recycle"] + s["bottoms"]
        return whole

    def go(self, steps: int) -> None:
        before = self.engine.outcome()
        self.engine.advance(steps)
        after = self.engine.outcome()
        sums = ((self.fresh_kg, 1.0, "material_kg"), (self.in_kg, 1.0, "material_kg"))
        water = tuple((self.in_kg, 1000.0, f"water_{w}_m3") for w in ("in", "reused"))
        for kg, factor, quantity in (*sums, *water):
            kg += factor * (after.total(quantity, "feed_1") - before.total(quantity, "feed_1"))


@pytest.mark.parametrize("target_c", [104.0, 114.2, 128.0])
def test_mass_and_rings_of_the_train_close(target_c: float) -> None:
    watched = Watched(hours=4.0, settings={"reactor_1.temperature_sp": target_c})
    molar, rings = watched.state["molar"], np.array([1.0, 1.0, 1.0, 2.0, 0.0])
    stock = watched.stock()
    watched.go(240)
    change = watched.stock() - stock
    assert change @ molar == pytest.approx(
        watched.in_kg - watched.left @ molar, abs=1e-9 * watched.in_kg.max()
    )
    fresh = watched.fresh_kg * watched.state["fresh_purity"] / molar[0]
    assert change @ rings == pytest.approx(fresh - watched.left @ rings, abs=1e-9 * fresh.max())


def test_product_residue_and_their_books_are_what_left_the_second_column() -> None:
    watched = Watched(hours=2.0)
    molar = watched.state["molar"]
    watched.go(120)
    books = watched.engine.outcome()
    booked = books.total("product_kg") + books.total("waste_kg", "scale_residue")
    lost_kg = watched.left @ molar - booked
    assert (lost_kg > 0.0).all(), "the water phase carries the rest away"
    assert books.total("parts_good") == pytest.approx(books.total("product_kg"))


def test_the_published_plant_makes_what_the_closed_form_says() -> None:
    outcome = run(case_of(hours=8.0, runs=2, parameters=EXACT))
    a, b, c, d = steady(RATE, 114.2, 14.19, 5.1)[:4]
    told = [
        float(outcome.told[f"reactor_1.{x}_mol_per_l"][0])
        for x in ("reactant", "wanted", "follow_up", "dimer")
    ]
    assert told == pytest.approx([a, b, c, d], rel=1e-3)
    wanted_kg_h = 14.19 * b * 84.118 * (1.0 - 0.005) * 0.985
    assert rate(outcome, "product_kg")[0] == pytest.approx(wanted_kg_h, rel=0.005)
    assert rate(outcome, "by_product_kg:dimer")[0] == pytest.approx(14.19 * d * 132.206, rel=2e-3)


def test_steam_made_is_steam_used_and_what_the_pipes_lose() -> None:
    outcome = run(case_of())
    lost = rate(outcome, "steam_kg") - rate(outcome, "steam_used_kg")
    assert (lost > 20.0).all()
    assert (lost < 90.0).all()
    assert outcome.missing["steam"] == pytest.approx(0.0, abs=1e-6)


def test_gas_pays_for_every_kilowatt_hour_of_steam() -> None:
    boiler = SteamNetwork("boiler_1", "header_1")
    engine = Engine(case_of(runs=4), [boiler])
    s = engine.states["boiler_1"]
    engine.board.next(0)
    engine.board.out = np.zeros((4, len(boiler.columns)))
    engine.board.ask("steam", np.array([0.0, 500.0, 2000.0, 9000.0]))
    boiler.step(s, engine.board)
    out, given = engine.board.out, engine.board.given
    heat_kwh = out[:, 1] * s["efficiency"] * s["gas_kwh_per_m3"]
    drawn = out[:, 2]
    used = drawn - s["net_loss_kw"] * 3600.0 / (2770.0 - 731.0) / 60.0
    back = np.maximum(used, 0.0) * s["net_return_share"]
    # Heat of steam and blow-down above that of condensate and make-up, from steam tables at 7.5 bar (173 degC).
    fed_kj = back * 385.5 + (drawn * (1.0 + s["blow_down_share"]) - back) * 58.8
    steam_kwh = (drawn * 2770.0 + drawn * s["blow_down_share"] * 731.0 - fed_kj) / 3600.0
    standing = s["standing_share"] * s["rated_kw"] / 60.0
    assert heat_kwh == pytest.approx(steam_kwh + standing, rel=0.01)
    assert given["steam_share"][1] == pytest.approx(1.0)
    assert given["steam_share"][3] < 0.5
    assert out[:, 3] == pytest.approx((drawn - back) / 1000.0 + out[:, 4], rel=0.01, abs=1e-4)


@pytest.mark.parametrize("recompressed", [0.0, 0.4, 1.0])
def test_heat_of_both_columns_and_of_the_exchanger_closes(recompressed: float) -> None:
    shares = {f"column_{i}.recompression_share": recompressed for i in (1, 2)}
    watched = Watched(hours=1.0, parameters=shares)
    s = watched.state
    seen: list[tuple[Any, Floats, Any]] = []

    def noting(column: Any, name: str) -> None:
        step = column.step

        def stepped(state: Any, board: Any, feed: Floats, feed_c: Floats, *rest: Any) -> Any:
            parted = step(state, board, feed, feed_c, *rest)
            seen.append((s[name], np.array(feed_c), parted))
            return parted

        column.step = stepped

    noting(watched.train._one, "one")
    noting(watched.train._two, "two")
    recover = watched.train._recover
    handed: list[Floats] = []

    def recovering(state: Any, board: Any, flow: Floats, feed_c: Floats, hours: float) -> Floats:
        cooled: Floats = recover(state, board, flow, feed_c, hours)
        hot = state["bottoms"] @ state["molar"] * state["hot_cp"] / 3600.0
        cold = flow * hours * state["rho"] * state["cp"] / 3600.0
        gained = cold * (state["preheated_c"] - feed_c)
        assert gained == pytest.approx(hot * (state["bottoms_c"] - cooled), rel=1e-9)
        assert gained == pytest.approx(board.out[:, 4], rel=1e-9)
        handed.append(gained)
        return cooled

    watched.train._recover = recovering  # type: ignore[method-assign, assignment]
    watched.engine.advance(30)
    assert len(handed) == 30
    assert len(seen) == 60
    for p, feed_c, parted in seen:
        work = parted.work_kwh
        top_kg, bottom_kg = parted.top @ p["molar"], parted.bottom @ p["molar"]
        warmth = (
            p["cp"] / 3600.0 * (top_kg * (38.0 - feed_c) + bottom_kg * (p["bottom_c"] - feed_c))
        )
        left = parted.steam_kwh + work - parted.cooled_kwh - parted.lost_kwh
        assert left == pytest.approx(warmth, rel=1e-9, abs=1e-9)
        assert (work > 0.0).all() == (recompressed > 0.0)


def test_a_small_boiler_owes_steam_and_the_works_make_less() -> None:
    plenty = run(case_of(hours=8.0))
    short = run(case_of(hours=8.0, parameters={"boiler_1.rated_kw": 900.0}))
    assert (short.missing["steam"] > 100.0).all()
    assert (rate(short, "product_kg") < 0.9 * rate(plenty, "product_kg")).all()
    assert (rate(short, "steam_kg") < rate(plenty, "steam_kg")).all()


def test_heat_recovery_saves_the_steam_of_the_heat_it_hands_over() -> None:
    with_it = run(case_of(hours=8.0))
    without = run(case_of(hours=8.0, settings={"exchanger_1.bypass_sp": 100.0}))
    assert rate(without, "recovered_kwh") == pytest.approx(0.0)
    saved_kg = rate(without, "steam_kg") - rate(with_it, "steam_kg")
    handed_kg = rate(with_it, "recovered_kwh") * 1.01 * 3600.0 / (2770.0 - 731.0)
    assert saved_kg == pytest.approx(handed_kg, rel=0.02)
    assert rate(without, "product_kg") == pytest.approx(rate(with_it, "product_kg"), rel=1e-6)


def test_recompression_swaps_steam_for_less_electricity() -> None:
    plain = run(case_of())
    lifted = run(case_of(parameters={"column_2.recompression_share": 0.5}))
    steam_kwh = (rate(plain, "steam_used_kg") - rate(lifted, "steam_used_kg")) * 2039.0 / 3600.0
    power_kwh = rate(lifted, "electricity_kwh", "column_2") - rate(
        plain, "electricity_kwh", "column_2"
    )
    assert steam_kwh == pytest.approx(3.47 * power_kwh, rel=0.02)
    assert (rate(lifted, "gas_m3") < rate(plain, "gas_m3")).all()


def test_most_product_is_found_where_the_closed_form_has_it() -> None:
    places = np.arange(104.0, 126.1, 2.0)
    made, residue = [], []
    for t_c in places:
        outcome = run(
            case_of(
                hours=3.0,
                runs=1,
                parameters=EXACT,
                settings={"reactor_1.temperature_sp": float(t_c)},
            )
        )
        made.append(float(rate(outcome, "product_kg")[0]))
        residue.append(float(rate(outcome, "by_product_kg")[0]))
    best = np.polyfit(places[3:9] - 114.0, made[3:9], 2)
    found = 114.0 - best[1] / (2.0 * best[0])
    exact_best = minimize_scalar(
        lambda t: -steady(RATE, t, 14.19, 5.1)[1], bounds=(90, 145), method="bounded"
    ).x
    assert found == pytest.approx(exact_best, abs=0.8)
    assert residue == sorted(residue), "hotter means more by-products"


def test_too_little_reflux_spoils_the_product() -> None:
    outcome = run(case_of(settings={"column_2.reflux_sp": 0.9}))
    assert (rate(outcome, "off_spec_kg") > 1000.0).all()
    assert rate(outcome, "product_kg") == pytest.approx(0.0)
    assert rate(outcome, "parts_good") == pytest.approx(0.0)


def test_water_given_back_is_water_not_bought_and_costs_power() -> None:
    low = run(case_of(hours=8.0, settings={"recycling_1.recovery_sp": 50.0}))
    high = run(case_of(hours=8.0, settings={"recycling_1.recovery_sp": 88.0}))
    less_in = rate(low, "water_in_m3", "feed_1") - rate(high, "water_in_m3", "feed_1")
    more_back = rate(high, "water_reused_m3") - rate(low, "water_reused_m3")
    assert less_in == pytest.approx(more_back, rel=1e-9)
    assert (less_in > 2.0).all()
    power = [rate(o, "electricity_kwh", "recycling_1") for o in (low, high)]
    assert (power[1] > 1.3 * power[0]).all()
    out = [rate(o, "water_out_m3", "effluent_1") for o in (low, high)]
    assert (out[1] < out[0]).all()


def test_water_of_the_loop_closes() -> None:
    unit = ProcessWater("effluent_1", "recycling_1", "", "07 01 12")
    engine = Engine(case_of(runs=3), [unit])
    board = engine.board
    board.next(0)
    board.out = np.zeros((3, len(unit.columns)))
    board.ask("waste_water", np.array([8.0, 0.0, 3.0]))
    board.ask("blow_down", np.array([1.0, 2.0, 0.0]))
    board.ask("waste_cod", np.array([80.0, 0.0, 10.0]))
    unit.step(engine.states["effluent_1"], board)
    back = board.given["recycled_water_m3_h"]
    assert board.out[:, 1] * 60.0 + back == pytest.approx([9.0, 2.0, 3.0], rel=1e-12)
    assert back == pytest.approx([6.75, 1.5, 2.25])


def test_a_live_image_is_where_the_run_begins() -> None:
    values = {
        "reactor_1.temperature": 106.0,
        "reactor_1.reactant": 3.0,
        "reactor_1.wanted": 0.8,
        "reactor_1.temperature_sp": 118.0,
        "reactor_1.feed_sp": 12.0,
    }
    engine = Engine(case_of(image=Image(START, values)), units_of(works()))
    s = engine.states["reactor_1"]
    assert s["t_c"] == pytest.approx(106.0)
    assert s["mol"][:, 0] == pytest.approx(3.0)
    engine.advance(120)
    assert s["t_c"] == pytest.approx(118.0, abs=0.05)
    engine.advance(1)
    flow = engine._books["reactor_1"].out[:, 1]
    assert (flow > 0.0).all()


def test_an_outage_stops_product_steam_and_material() -> None:
    out = Outage("column_2", START + timedelta(hours=2), START + timedelta(hours=6))
    outcome = run(case_of(hours=6.0, outages=(out,)))
    whole = run(case_of(hours=6.0))
    assert rate(outcome, "material_kg") == pytest.approx(rate(whole, "material_kg") / 3.0, rel=0.02)
    assert rate(outcome, "product_kg") == pytest.approx(rate(whole, "product_kg") / 3.0, rel=0.03)


def test_parameters_are_drawn_and_a_seed_tells_which() -> None:
    one, two, other = run(case_of(runs=6)), run(case_of(runs=6)), run(case_of(runs=6, seed=6))
    assert np.array_equal(one.totals, two.totals)
    assert not np.allclose(one.totals, other.totals)
    spread = rate(one, "product_kg")
    assert 0.005 < spread.std() / spread.mean() < 0.1


@pytest.mark.parametrize(
    ("settings", "parameters", "words"),
    [
        ({"reactor_1.feed_sp": 0.0}, {}, "fed 0 m3/h"),
        ({"column_1.reflux_sp": -1.0}, {}, "reflux ratio of -1"),
        ({"recycling_1.recovery_sp": 100.0}, {}, "give back 100 %"),
        ({"boiler_1.pressure_sp": -0.5}, {}, "hold -0.5 bar"),
        ({}, {"column_2.volatility_wanted": 0.5}, "cannot part wanted from dimer"),
        ({}, {"boiler_1.efficiency": 1.4}, "efficiency 1.4"),
        ({}, {"reactor_1.volume_m3": 0.0}, "volume"),
        ({"reactor_1.temperature_sp": 390.0}, {"heater_1.most_kw": 9e4, "boiler_1.rated_kw": 2e5}, "runs away"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(
    settings: dict[str, float], parameters: dict[str, float], words: str
) -> None:
    with pytest.raises(ScenarioFault, match=words):
        run(case_of(hours=2.0, runs=1, settings=settings, parameters=parameters))


@pytest.mark.parametrize(
    ("lacking", "words"),
    [("decanter_1", "0 of decanter"), ("header_1", "on 0 steam headers"), ("effluent_1", "0 effluent plants")],
)  # fmt: skip
def test_a_train_that_lacks_a_part_is_named(lacking: str, words: str) -> None:
    plant = works()
    less: Plant = replace(plant, elements=tuple(e for e in plant.elements if e.id != lacking))
    with pytest.raises(ScenarioFault, match=words):
        units_of(less)


def test_a_plant_without_such_machines_has_no_such_units() -> None:
    kinds = {*KINDS, "steam_boiler", "steam_header", "water_recycling", "effluent_plant"}
    plant = works()
    left = [e for e in plant.elements if e.kind not in kinds]
    found = units_of(replace(plant, elements=tuple(left)))
    assert not any(isinstance(u, ReactionTrain | SteamNetwork | ProcessWater) for u in found)
