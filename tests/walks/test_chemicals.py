"""The chemical works from the wire to the what-if: figures are the plant's, and what the model foretells comes true.

The stand-in is the plant here. It shares neither parameters nor physics with the model: what the model predicts for a
change of set-points is measured against what the stand-in really does when the same set-points are written to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.detection.subspace import Subspace
from ecotwin.plant import load
from ecotwin.records import Floats
from ecotwin.simulation.contract import Outcome
from ecotwin.simulation.engine import run
from ecotwin.simulation.scenario import apply
from ecotwin.simulation.scenario_file import parse
from ecotwin_standin.scenario import parse as standin_scenario
from ecotwin_standin.world import World
from proofs import month
from simulation.chemical_works import case_of

PLANT = Path(__file__).parents[2] / "plants" / "chemicals.yaml"
SCENARIOS = PLANT.parent / "chemicals" / "scenarios"
START = datetime(2026, 6, 16, 22, 0, tzinfo=UTC)
SEEDS = (611, 4027, 90210)
"""Of the stand-in; nothing was looked at with them before."""


POSITIVE = (
    "ghg.scope2_location", "water.consumption", "waste.hazardous", "material.yield", "air.nox", "cost.gas", "oee.oee",
)  # fmt: skip
"""Indicators that a running works cannot have at zero."""


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, float], World]:
    """Six hours of the stand-in played through the twin, and the stand-in's own sums of them."""
    folder = tmp_path_factory.mktemp("works")
    recorded = month.record(
        folder, 611, START, calm_days=0.0, days=6 / 24, scenario="calm", plant=PLANT
    )
    twin = month.twin_of(month.recorded_plant(PLANT), recorded.days, folder / "kept")
    try:
        month.play(twin)
        found = month.findings_of(twin)
        made = month.figures(twin, Period(START, START + timedelta(hours=6)))
    finally:
        twin.stop()
    assert not found, [(f.kind, f.element, f.onset, f.title) for f in found]
    world = World(load(PLANT), START, 611, 60.0)
    while world.now_us < (START + timedelta(hours=6)).timestamp() * 1e6:
        world.step()
    return {k.rpartition(":20")[0]: v for k, v in made.items()}, world


def test_figures_are_what_the_plant_really_did(
    figures: tuple[Mapping[str, float], World],
) -> None:
    told, world = figures
    sums = world.totals
    site = {k.partition(":")[2]: v for k, v in told.items() if k.startswith("rheinaue:")}
    assert site["energy.gas_volume"] == pytest.approx(sums["gas_m3"], rel=0.02)
    assert site["energy.electricity"] == pytest.approx(sums["energy_kwh"], rel=0.08)
    assert site["production.good_parts"] == pytest.approx(sums["good_parts"], rel=0.01)
    assert site["waste.total"] == pytest.approx(sums["waste_kg"], rel=0.02)
    assert site["water.in"] == pytest.approx(sums["water_m3"], rel=0.03)
    steam_kg = world.machines["boiler_1"].v["steam_mass"] * 6 / 30
    assert site["energy.steam"] == pytest.approx(steam_kg, rel=0.1), (
        "a day before the start counts too"
    )
    assert site["ghg.scope1"] == pytest.approx(site["energy.gas_volume"] * 2.02, rel=1e-6)
    for indicator in POSITIVE:
        assert site[indicator] > 0.0, indicator
    assert told["column_2:energy.steam"] > told["heater_1:energy.steam"] > 0.0


def _row(world: World) -> Floats:
    v = {m.id: m.v for m in world.machines.values()}
    return np.array(
        [
            v["column_2"]["parts_good"], v["scale_residue"]["mass"], v["feed_1"]["fresh_used"],
            v["boiler_1"]["gas_volume"], v["boiler_1"]["steam_mass"], v["feed_1"]["water_in"],
        ]
    )  # fmt: skip


NAMES = ("product", "residue", "fresh", "gas", "steam", "process water")


@cache
def _plant(seed: int) -> World:
    return World(load(PLANT), START, seed, 60.0)


@cache
def lived(seed: int, changed: tuple[tuple[str, float], ...] = ()) -> dict[str, float]:
    """What the stand-in does an hour with set-points written, after three hours to settle."""
    world = _plant(seed).copy_without(None)
    for signal, value in changed:
        assert world.setpoints.write(signal, value, 28_000.0, world.now_us), signal
    for _ in range(180):
        world.step()
    before = _row(world)
    for _ in range(240):
        world.step()
    return dict(zip(NAMES, (_row(world) - before) / 4.0, strict=True))


def foretold(outcome: Outcome) -> dict[str, Floats]:
    """The same of the model [runs]."""
    which = (
        ("product_kg", ""), ("waste_kg", "scale_residue"), ("material_kg", ""), ("gas_m3", ""), ("steam_kg", ""),
        ("water_in_m3", "feed_1"),
    )  # fmt: skip
    return {
        n: outcome.total(q, m) / outcome.case.hours for n, (q, m) in zip(NAMES, which, strict=True)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_the_model_knows_the_plant_before_any_calibration(seed: int) -> None:
    real, model = lived(seed), foretold(run(case_of(hours=6.0, runs=8)))
    for name in NAMES:
        mean = float(model[name].mean())
        assert mean == pytest.approx(real[name], rel=0.2), name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cool_and_fast", ("product", "residue", "fresh", "gas")),
        ("cool_and_slow", ("product", "residue", "fresh", "gas")),
        ("no_heat_recovery", ("gas", "steam")),
        ("water_in_circles", ("process water",)),
    ],
)
def test_what_the_model_says_of_a_change_comes_true(name: str, shown: tuple[str, ...]) -> None:
    scenario = parse((SCENARIOS / f"{name}.yaml").read_text("utf-8"), name)
    base = case_of(hours=6.0, runs=8)
    case = apply(scenario, base).case
    changed = tuple((signal, held[0].value) for signal, held in case.settings.items())
    without, with_it = foretold(run(base)), foretold(run(case))
    for seed in SEEDS:
        before, after = lived(seed), lived(seed, changed)
        for key in shown:
            told = float((with_it[key] / without[key] - 1.0).mean())
            came = after[key] / before[key] - 1.0
            assert abs(told - came) < 0.05 + 0.2 * abs(came), (seed, key, told, came)
            if abs(came) > 0.05:
                assert told * came > 0.0, (seed, key, told, came)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_scenario_of_the_works_fits_it(path: Path) -> None:
    scenario = parse(path.read_text("utf-8"), path.name)
    assert scenario.id == path.stem
    base = case_of(hours=1.0, runs=2)
    before, after = run(base).totals, run(apply(scenario, base).case).totals
    assert np.isfinite(after).all()
    assert np.allclose(before, after) == (path.stem == "prices")


def test_cooler_and_faster_makes_more_product_of_less_with_more_steam() -> None:
    text = (SCENARIOS / "cool_and_fast.yaml").read_text("utf-8")
    base = case_of(hours=6.0, runs=8)
    before, after = foretold(run(base)), foretold(run(apply(parse(text, "s.yaml"), base).case))
    assert (after["product"] > before["product"]).all()
    assert (
        after["residue"] / after["product"] < 0.72 * before["residue"] / before["product"]
    ).all()
    assert (after["fresh"] < before["fresh"]).all()
    assert (after["gas"] / after["product"] > 1.1 * before["gas"] / before["product"]).all()


WATCHED = (
    "feed_1.feed_concentration", "exchanger_1.cold_out", "exchanger_1.duty", "heater_1.valve", "reactor_1.temperature",
    "reactor_1.jacket_temperature", "reactor_1.cooling_valve", "reactor_1.cooling_duty", "reactor_1.reactant",
    "reactor_1.wanted", "reactor_1.follow_up", "column_2.top_flow",
)  # fmt: skip


REACTION = {
    f"reactor_1.{n}" for n in ("reactant", "wanted", "follow_up", "cooling_valve", "cooling_duty")
}
FAULTS = {
    "exchanger_fouled": (
        "exchanger_1",
        0.4,
        {"exchanger_1.cold_out", "exchanger_1.duty", "heater_1.valve"},
    ),
    "feed_dilute": ("feed_1", 0.08, REACTION | {"feed_1.feed_concentration", "column_2.top_flow"}),
    "catalyst_decay": ("reactor_1", 0.2, REACTION),
}
"""Fault -> target, size, signals of which one must be named first."""


@pytest.mark.parametrize("fault", FAULTS)
def test_the_chart_of_many_signals_sees_faults_of_the_process(fault: str) -> None:
    target, size, names = FAULTS[fault]
    text = (
        f"name: t\nevents:\n  - {{fault: {fault}, target: {target}, start: +60h, size: {size}}}\n"
    )
    world = World(load(PLANT), START, 4027, 120.0, standin_scenario(text, load(PLANT), START))
    rng = np.random.default_rng(4027)
    chart = Subspace(WATCHED, 1080, 480, lags=2)
    rows = []
    for _ in range(66 * 30):
        world.step()
        v = {m.id: m.v for m in world.machines.values()}
        true = np.array([v[w.partition(".")[0]][w.partition(".")[2]] for w in WATCHED])
        rows.append(chart.push(true * (1.0 + 0.003 * rng.standard_normal(len(true)))))
    calm = [s.over for s in rows[1560:1800]]
    ill = rows[1800 + 60 :]
    assert np.mean(calm) < 0.2
    assert np.mean([s.over for s in ill]) > 0.9
    named = [s.top[0] for s in ill if s.over]
    assert max(set(named), key=named.count) in names
