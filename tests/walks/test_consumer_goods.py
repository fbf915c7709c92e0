"""The story of the consumer-goods company, on generated life of seeds that nothing was tuned to.

Its works are measured (energy, CO2e, water, waste by treatment, OEE), added up against the promise of -65 % since 2008,
and asked what would help: a sequence with fewer cleanings, rinse used twice, more renewable power, a heat pump,
recycling in place of landfill.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ecotwin.accounting.company import Site, Told, roll_up
from ecotwin.clock import Period
from ecotwin_standin.scenario import Scenario
from ecotwin_standin.world import World
from filling_works import PLANTS, SITES, case, held_against, midnight, replayed, works
from running import command, json_of

SEEDS = (8231, 417)
MEASURED = SITES[0], SITES[2]
DAYS = 0.75
"""Of a Monday."""


@pytest.fixture(scope="module", name="company")
def _company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of a Monday of two of the three works, replayed through their twins."""
    folder = tmp_path_factory.mktemp("company")
    for name, seed in zip(MEASURED, SEEDS, strict=True):
        made = replayed(name, folder, DAYS, seed)
        assert made.total["coverage"] > 0.99
        assert made.total["quarantined"] == 0
    return folder


def report(company: Path, name: str) -> dict[str, dict[str, Any]]:
    plant, data = company / "plants" / f"{name}.yaml", company / "data" / name
    told = json_of(
        command("report", plant, "--period", "2026-06-15", "--data-folder", data, "--json")
    )
    site = works(name).site.id
    return {m["indicator"]: m for m in told["measures"] if m["element"] == site}


@pytest.mark.xdist_group("filling_works")
@pytest.mark.timeout(240)
def test_a_day_is_measured_and_added_up(company: Path) -> None:
    told = {name: report(company, name) for name in MEASURED}
    for name, figures in told.items():
        _adds_up(name, figures)
        _as_it_was(name, figures)
    folder = company / "plants"
    (folder / f"{SITES[1]}.yaml").write_bytes((PLANTS / f"{SITES[1]}.yaml").read_bytes())
    files = [folder / f"{name}.yaml" for name in SITES]
    asked = ("path", *files, "--period", "2026-06-15", "--data-folder", company / "data", "--json")
    answer = command(*asked)
    assert answer.returncode == 1, "a works without data is no success"
    made = json_of_anyway(answer.stdout)
    promise = next(p for p in made["promises"] if p["id"] == "co2_energy_2030")
    assert promise["missing"] == [works(SITES[1]).name]
    assert promise["on"] is None
    assert promise["actual"] == pytest.approx(
        sum(f["ghg.scope12_market"]["value"] for f in told.values()), rel=1e-12
    )
    day = DAYS * (1.0 - 0.65 * 18 / 22) / 365
    bases = [t.base_value for n in MEASURED for t in works(n).targets if t.id == promise["id"]]
    assert promise["allowed"] == pytest.approx(sum(b or 0.0 for b in bases) * day, rel=3e-3)
    sums = {s["indicator"]: s for s in made["sums"]}
    for name in ("water.in", "waste.landfill", "energy.total"):
        assert sums[name]["value"] == pytest.approx(sum(f[name]["value"] for f in told.values()))
        assert sums[name]["missing"] == [works(SITES[1]).name]


def json_of_anyway(text: str) -> Any:
    import json

    return json.loads(text)


def _adds_up(name: str, figures: dict[str, dict[str, Any]]) -> None:
    """Scopes, treatments and shares are made of their parts."""
    value = {k: m["value"] for k, m in figures.items()}
    grid = works(name).grid
    assert grid is not None
    assert value["ghg.scope12_market"] == pytest.approx(
        value["ghg.scope1"] + value["ghg.scope2_market"]
    )
    assert value["ghg.scope2_market"] < value["ghg.scope2_location"] * grid.residual / grid.location
    by = figures["waste.by_treatment"]["split"]
    assert value["waste.total"] == pytest.approx(sum(by.values()))
    landfilled = sum(kg for t, kg in by.items() if t in {"D1", "D5"})
    assert value["waste.landfill"] == pytest.approx(landfilled)
    assert landfilled > 0.0
    assert value["water.consumption"] == pytest.approx(value["water.in"] - value["water.out"])
    assert 0.5 < value["oee.oee"] < 0.97
    assert 0.97 < value["oee.quality"] < 1.0
    assert value["water.scarcity"] == pytest.approx(
        value["water.consumption"] * works(name).basin.aware[5]  # type: ignore[union-attr]
    )


def _as_it_was(name: str, figures: dict[str, dict[str, Any]]) -> None:
    """What the twin says is what the plant did, within its meters."""
    seed = dict(zip(MEASURED, SEEDS, strict=True))[name]
    world = World(works(name), midnight(name), seed, 30.0, Scenario("calm"))
    scales = [m for m in world.machines.values() if m.kind == "waste_scale"]
    before = sum(m.v["mass"] for m in scales)
    for _ in range(round(2880 * DAYS)):
        world.step()
    bought = world.totals["energy_kwh"]
    unmetered_kwh = 12.0 * 24.0 * DAYS
    assert 0.99 * bought < figures["energy.electricity"]["value"] < 1.02 * bought + unmetered_kwh
    assert figures["energy.gas_volume"]["value"] == pytest.approx(world.totals["gas_m3"], rel=0.03)
    assert figures["water.in"]["value"] == pytest.approx(world.totals["water_m3"], rel=0.03)
    weighed = sum(m.v["mass"] for m in scales) - before
    assert figures["waste.total"]["value"] == pytest.approx(weighed, rel=0.02)
    assert figures["production.good_parts"]["value"] == pytest.approx(
        world.totals["good_parts"], rel=0.002
    )


@pytest.mark.parametrize("seed", [5113])
def test_what_helps_and_by_how_much(seed: int) -> None:
    names = ("rinse_reused", "heat_pump", "renewable_raised", "sludge_recycled")
    told = held_against(case(runs=3, seed=seed), *names, under=("week_as_ordered",))
    cells = {f: told[f] for f in told}

    def shift(figure: str, scenario: str) -> float:
        return float(cells[figure][scenario]["difference"]["mean"])

    usual = {f: cells[f][""]["value"]["mean"] for f in cells}
    assert cells["water.in"]["rinse_reused"]["verdict"] == "better"
    assert -0.2 * usual["water.in"] < shift("water.in", "rinse_reused") < -0.03 * usual["water.in"]
    assert shift("water.reused", "rinse_reused") == pytest.approx(
        -shift("water.in", "rinse_reused")
    )
    assert cells["throughput.parts"]["rinse_reused"]["verdict"] == "same"
    assert cells["energy.gas"]["heat_pump"]["verdict"] == "better"
    assert shift("energy.gas", "heat_pump") < -0.5 * usual["energy.gas"]
    assert cells["energy.electricity"]["heat_pump"]["verdict"] == "worse"
    assert cells["co2e.scope1"]["heat_pump"]["verdict"] == "better"
    assert cells["co2e.scope2_market"]["renewable_raised"]["verdict"] == "better"
    assert cells["co2e.scope2_location"]["renewable_raised"]["verdict"] == "same"
    raised = 1.0 + shift("co2e.scope2_market", "renewable_raised") / usual["co2e.scope2_market"]
    assert raised == pytest.approx((1.0 - 0.95) / (1.0 - 0.70), rel=1e-6)
    assert cells["waste.landfill"]["sludge_recycled"]["value"]["mean"] == pytest.approx(0.0)
    assert usual["waste.landfill"] > 100.0
    assert cells["waste.total"]["sludge_recycled"]["verdict"] == "same"


@pytest.mark.parametrize("seed", [2718])
def test_a_sequence_that_avoids_cleanings_makes_the_same_with_less(seed: int) -> None:
    told = held_against(case(runs=3, seed=seed), "week_as_ordered", "avoid_cleanings")
    ordered, better = (
        {f: told[f][n]["value"]["mean"] for f in told}
        for n in ("week_as_ordered", "avoid_cleanings")
    )
    assert better["throughput.parts"] == pytest.approx(ordered["throughput.parts"], rel=0.002)
    assert better["water.in"] < 0.85 * ordered["water.in"]
    assert better["energy.gas"] < 0.8 * ordered["energy.gas"]
    assert better["waste.total"] < ordered["waste.total"]
    assert better["co2e.total_market"] < 0.9 * ordered["co2e.total_market"]
    assert better["people.operator"] < ordered["people.operator"]


@pytest.mark.parametrize("seed", [611])
def test_a_raised_purchase_in_poland_brings_the_company_back_on_its_path(seed: int) -> None:
    raised = {SITES[1]: ("renewable_raised",)}
    cells = {n: held_against(case(n, 168.0, 2, seed), *raised.get(n, ())) for n in SITES}

    def promise(*, more: bool) -> Any:
        sites = []
        for name, told in cells.items():
            pick = "renewable_raised" if more and name == SITES[1] else ""
            kg = [told[f][pick]["value"]["mean"] for f in ("co2e.scope1", "co2e.scope2_market")]
            figure = Told(sum(kg), 0.99 * sum(kg), 1.01 * sum(kg), "kgCO2e", 1.0)
            week = Period(midnight(name), midnight(name, 7))
            sites.append(Site(works(name), week, {"ghg.scope12_market": figure}))
        return next(p for p in roll_up(sites).promises if p.id == "co2_energy_2030")

    assert promise(more=False).on is False
    assert promise(more=True).on is True
