"""The chemical works as a stand-in: balances close, set-points do what they must, faults show and cost."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecotwin.plant import Plant, load
from ecotwin_standin.kinds import KINDS
from ecotwin_standin.reaction import MOLAR, RHO
from ecotwin_standin.scenario import Scenario, parse
from ecotwin_standin.scenario import load as scenario
from ecotwin_standin.world import World
from standin.days import ahead

START = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)


@cache
def works() -> Plant:
    """The chemical works."""
    return load(Path(__file__).parents[2] / "plants" / "chemicals.yaml")


@cache
def _calm(seed: int) -> World:
    return World(works(), START, seed, 60.0)


def made(seed: int = 4, events: str = "", **setpoints: float) -> World:
    """Half a day of the works, settled; set-points as `reactor_1__temperature_sp`."""
    if events:
        told: Scenario = parse(f"name: test\nevents:\n{events}", works(), START)
        return World(works(), START, seed, 60.0, told)
    world = _calm(seed).copy_without(None)
    for name, value in setpoints.items():
        signal = name.replace("__", ".")
        assert world.setpoints.write(signal, value, 1e6, world.now_us), signal
    return world


def means(world: World, hours: float, settle: float = 6.0) -> dict[str, float]:
    """Mean of every signal over some hours, after settling; counters as rates an hour."""
    ahead(world, settle)
    first, total, steps = dict(_all(world)), dict.fromkeys(_all(world), 0.0), 0
    for _ in range(round(hours * 3600 / world.seconds)):
        world.step()
        steps += 1
        for key, value in _all(world).items():
            total[key] += value
    last = _all(world)
    counters = {s.id for s in works().signals if s.form == "counter"}
    return {k: (last[k] - first[k]) / hours if k in counters else total[k] / steps for k in total}


def _all(world: World) -> dict[str, float]:
    return {f"{m.id}.{n}": x for m in world.machines.values() for n, x in m.v.items()}


@pytest.mark.parametrize("seed", [4, 19, 233])
def test_what_goes_in_comes_out(seed: int) -> None:
    seen = means(made(seed), 12.0)
    cod_kg = seen["decanter_1.organics_in_water"] * seen["decanter_1.water_flow"] / 1000.0
    into = seen["feed_1.fresh_used"] + 1000.0 * (
        seen["feed_1.water_in_flow"] + seen["feed_1.recycled_water_flow"]
    )
    water_kg = 1000.0 * seen["decanter_1.water_flow"]
    out = seen["column_2.parts_total"] + seen["scale_residue.mass"] + water_kg
    assert into == pytest.approx(out + cod_kg / 2.05, rel=0.01)
    assert seen["reactor_1.feed_flow"] * RHO == pytest.approx(seen["column_1.feed_flow"], rel=0.01)
    single = sum(seen[f"reactor_1.{name}"] for name in ("reactant", "wanted", "follow_up"))
    rings = single + 2.0 * seen["reactor_1.dimer"]
    assert rings == pytest.approx(seen["feed_1.feed_concentration"], rel=0.02)


@pytest.mark.parametrize("seed", [4, 19])
def test_steam_and_gas_follow_each_other(seed: int) -> None:
    seen = means(made(seed), 12.0)
    used = sum(seen[f"{m}.steam_mass"] for m in ("heater_1", "column_1", "column_2"))
    assert 0.0 < seen["boiler_1.steam_mass"] - used < 0.05 * used
    kwh_per_kg = seen["boiler_1.gas_volume"] * 10.0 / seen["boiler_1.steam_mass"]
    assert 0.70 < kwh_per_kg < 0.90, "about 2,450 kJ of heat a kilogram at a good boiler"
    assert seen["gas_main.gas_volume"] == pytest.approx(seen["boiler_1.gas_volume"], rel=0.01)


@pytest.mark.parametrize("month", [1, 7])
def test_every_value_lies_in_its_plausible_range(month: int) -> None:
    world = World(works(), datetime(2026, month, 12, 22, tzinfo=UTC), 11, 30.0)
    rows = []
    for _ in range(2880):
        world.step()
        rows.append(world.values())
    table = np.array(rows)
    for column, index in enumerate(world.order):
        signal = works().signals[index]
        values = table[:, column]
        at_times = (
            signal.id == "boiler_1.nox_reference"
        )  # a portable analyser, held in four times a day
        assert np.isfinite(values).mean() == pytest.approx(1 / 9 if at_times else 1.0, rel=0.02)
        values = values[np.isfinite(values)]
        assert signal.low is None or values.min() >= signal.low - 1e-9, signal.id
        assert signal.high is None or values.max() <= signal.high, signal.id
        if signal.form == "counter":
            assert (np.diff(values) >= 0).all(), signal.id
            assert signal.max_step is None or np.diff(values).max() <= signal.max_step, signal.id


def test_heat_costs_selectivity_and_most_product_lies_between() -> None:
    # The device gives a set-point back after eight hours.
    seen = [means(made(reactor_1__temperature_sp=t), 3.0, 4.0) for t in (103.0, 115.0, 130.0)]
    product = [s["column_2.parts_good"] for s in seen]
    assert product[1] > max(product[0], product[2])
    yields = [s["column_2.parts_good"] / s["feed_1.fresh_used"] for s in seen]
    assert yields == sorted(yields, reverse=True)
    assert [s["reactor_1.temperature"] for s in seen] == pytest.approx([103, 115, 130], abs=0.3)


def test_heat_recovery_water_and_reflux_do_what_they_must() -> None:
    base = means(made(), 4.0)
    around = means(made(exchanger_1__bypass_sp=100.0), 4.0)
    assert 1.3 < around["boiler_1.gas_volume"] / base["boiler_1.gas_volume"] < 1.8
    assert around["exchanger_1.duty"] < 1.0 < base["exchanger_1.duty"]
    less = means(made(recycling_1__recovery_sp=40.0), 4.0)
    assert less["water_main.water_in"] > 1.5 * base["water_main.water_in"]
    assert less["recycling_1.power"] < base["recycling_1.power"]
    reflux = means(made(column_2__reflux_sp=3.2), 4.0)
    assert reflux["column_2.purity"] >= base["column_2.purity"] - 0.01
    assert reflux["column_2.steam_mass"] > 1.25 * base["column_2.steam_mass"]


FAULTS = {
    "exchanger_fouled": ("exchanger_1", 0.5, "exchanger_1.duty", -1, "gas_m3"),
    "feed_dilute": ("feed_1", 0.1, "feed_1.feed_concentration", -1, "good_parts"),
    "cooling_valve_stuck": ("reactor_1", 0.5, "reactor_1.cooling_duty", -1, ""),
    "catalyst_decay": ("reactor_1", 0.3, "reactor_1.reactant", 1, "good_parts"),
    "steam_trap_leak": ("column_2", 120.0, "column_2.steam_flow", 1, "gas_m3"),
    "excess_air": ("boiler_1", 4.0, "boiler_1.o2_share", 1, "gas_m3"),
    "membrane_fouled": ("recycling_1", 0.5, "recycling_1.recycled_flow", -1, "water_m3"),
    "power_creep": ("column_1", 4.0, "column_1.power", 1, "energy_kwh"),
}
"""Fault -> target, size, signal that shows it with its sign, total that it worsens."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_where_the_catalogue_says_and_costs_what_it_must(fault: str) -> None:
    target, size, shows, sign, costs = FAULTS[fault]
    world = made(events=f"  - {{fault: {fault}, target: {target}, start: +0.1h, size: {size}}}\n")
    sound = world.copy_without(world.events[0])
    ahead(world, 10.0), ahead(sound, 10.0)
    ill, well = _all(world)[shows], _all(sound)[shows]
    assert sign * (ill - well) > 0.02 * abs(well), (ill, well)
    if costs:
        excess = world.totals[costs] - sound.totals[costs]
        assert (-excess if costs == "good_parts" else excess) > 0.0


def test_the_shipped_fortnight_names_machines_of_the_works() -> None:
    told = scenario("chemicals", works(), START)
    assert len(told.events) >= 10
    assert {e.fault for e in told.events} >= FAULTS.keys()


def test_the_reactor_cannot_be_killed_by_one_hour_without_steam() -> None:
    world = made()
    ahead(world, 2.0)
    boiler = world.machines["boiler_1"]
    boiler.bar = 0.5  # type: ignore[attr-defined]
    ahead(world, 14.0)
    assert world.machines["reactor_1"].v["temperature"] == pytest.approx(114.2, abs=1.0)
    assert world.machines["column_2"].v["purity"] > 98.5


def test_kinds_of_the_works_have_physics_of_their_own() -> None:
    assert {e.kind for e in works().machines} <= KINDS.keys()
    assert MOLAR["a"] + MOLAR["w"] == pytest.approx(MOLAR["b"], abs=0.01)
