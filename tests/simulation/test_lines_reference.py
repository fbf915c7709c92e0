"""The compiled line against the same line in SimPy, which shares its parameters and none of its code or chance.

The test: Welch's t of the two samples of independent runs; at |t| < 4.5 and ten or more runs each a true model fails
less than once in two thousand comparisons (t of 15 degrees of freedom: p = 4e-4), while the share that could be
missed is bounded by what `resolves` asks for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from ecotwin.plant import Plant, load
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Case, Job, Known, Outcome
from ecotwin.simulation.engine import run
from ecotwin.simulation.lineplan import plan
from ecotwin.simulation.reference import Told, play_in_simpy
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.units.lines import LineUnit
from ecotwin.simulation.ziggurat import unit_exponential
from simulation.workshop import LINE, case_of, unit, works

FEW = 16


def alike(a: NDArray[Any], b: NDArray[Any], resolves: float) -> None:
    """Two samples have one mean as far as these runs can tell, and they can tell `resolves` of it."""
    if np.allclose(a, a[0]) and np.allclose(b, b[0]):
        assert a[0] == pytest.approx(b[0], rel=1e-6, abs=1e-9)
        return
    error = np.hypot(a.std(ddof=1) / np.sqrt(len(a)), b.std(ddof=1) / np.sqrt(len(b)))
    assert abs(a.mean() - b.mean()) < 4.5 * error, (a.mean(), b.mean(), error)
    assert error < resolves * max(abs(b.mean()), 1e-12), (error / b.mean(), "too few runs")


def both(line: LineUnit, case: Case, runs: int = FEW) -> tuple[Outcome, list[Told]]:
    return run(case, [line]), [play_in_simpy(line.plan, case, seed) for seed in range(runs)]


def compare(line: LineUnit, told: Outcome, played: list[Told], resolves: float) -> None:
    alike(told.total("parts_good"), np.array([p.good for p in played], float), resolves)
    alike(told.total("wip_h"), np.array([p.wip_h for p in played]), 4 * resolves)
    alike(told.total("electricity_kwh"), np.array([p.kwh.sum() for p in played]), resolves)
    alike(
        told.told[f"{line.name}.lead_h"],
        np.array([p.wip_h / max(1, len(p.lead_s)) for p in played]),
        4 * resolves,
    )
    for n, s in enumerate(line.plan.stations):
        alike(told.total("busy_h", s.id), np.array([p.state_h[n, 5] for p in played]), resolves)
        alike(told.total("parts_total", s.id), np.array([p.parts[n] for p in played]), resolves)


def test_a_balanced_line() -> None:
    plant = works([{"cycle_s": 60.0, "cycle_cv": 0.5, "buffer_parts": 3}] * 4)
    line = unit(plant)
    told, played = both(line, case_of(plant, 40.0, 200))
    compare(line, told, played, 0.015)
    sojourn = np.array([np.mean(p.lead_s) / 3600.0 for p in played])
    rate = told.total("parts_good").mean() / 40.0
    assert told.total("wip_h").mean() / 40.0 == pytest.approx(rate * sojourn.mean(), rel=0.02), (
        "Little: L = rate x W"
    )


def test_an_unbalanced_line_with_little_room_failures_scrap_and_rework() -> None:
    plant = works(
        [
            {
                "cycle_s": 40.0,
                "cycle_cv": 0.2,
                "mtbf_h": 2.0,
                "mttr_min": 10.0,
                "scrap_share": 0.02,
            },
            {
                "cycle_s": 55.0,
                "cycle_cv": 1.0,
                "buffer_parts": 1,
                "mtbf_h": 1.0,
                "mttr_min": 6.0,
                "rework_share": 0.1,
            },
            {
                "cycle_s": 50.0,
                "cycle_cv": 0.0,
                "buffer_parts": 0,
                "scrap_share": 0.05,
                "transit_s": 120.0,
            },
            {
                "cycle_s": 80.0,
                "cycle_cv": 0.4,
                "buffer_parts": 2,
                "side_by_side": True,
                "setup_min": 5.0,
            },
            {
                "cycle_s": 90.0,
                "cycle_cv": 0.4,
                "buffer_parts": 2,
                "side_by_side": True,
                "setup_min": 5.0,
            },
        ]
    )
    line = unit(plant)
    case = case_of(
        plant,
        60.0,
        200,
        known={f"{LINE}.repairers": 1.0, f"{LINE}.operators": 1.0, f"{LINE}.lot_parts": 100.0},
    )
    told, played = both(line, replace(case, mix={LINE: {1: 2.0, 2: 1.0}}))
    compare(line, told, played, 0.02)
    for n, s in enumerate(line.plan.stations):
        alike(told.total("blocked_h", s.id), np.array([p.blocked_h[n] for p in played]), 0.3)
        alike(told.total("starved_h", s.id), np.array([p.starved_h[n] for p in played]), 0.3)
        alike(told.total("down_h", s.id), np.array([p.state_h[n, 6] for p in played]), 0.3)
        alike(told.total("setup_h", s.id), np.array([p.state_h[n, 3] for p in played]), 0.3)


def test_a_queue_that_turns_parts_away() -> None:
    plant = works([{"cycle_s": 60.0, "buffer_parts": 2}, {"cycle_s": 60.0, "buffer_parts": 1}])
    line = unit(plant)
    told, played = both(line, case_of(plant, 40.0, 200, known={f"{LINE}.arrivals_per_h": 55.0}))
    compare(line, told, played, 0.02)
    alike(told.told[f"{LINE}.lost_parts"], np.array([p.lost for p in played], float), 0.05)


def test_orders_finish_at_the_same_time() -> None:
    plant = works(
        [
            {"cycle_s": 30.0, "setup_min": 10.0, "cycle_cv": 0.5},
            {"cycle_s": 40.0, "scrap_share": 0.03},
        ]
    )
    jobs = (Job("a", 1, 200.0), Job("b", 2, 150.0), Job("c", 1, 100.0))
    line = unit(plant)
    told, played = both(line, case_of(plant, 12.0, 200, jobs={LINE: jobs}, mix={}))
    for n, job in enumerate(jobs):
        alike(
            told.told[f"job.{job.id}.finish_h"],
            np.array([p.finish_s[n] / 3600.0 for p in played]),
            0.02,
        )


@pytest.fixture(scope="module")
def electronics() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def certain(line: LineUnit) -> dict[str, Known]:
    """The line's stated parameters without their uncertainty, so that runs differ by chance alone."""
    names = ("mtbf_h", "mttr_min", "setup_min", "scrap_share", "rework_share", "cycle_share")
    powers = tuple(
        f"kw_{s}" for s in ("off", "standby", "heating", "setup", "idle", "busy", "down")
    )
    return {
        f"{s.id}.{n}": Known(float(s.facts[n]))
        for s in line.plan.stations
        for n in (*names, *powers)
        if n in s.facts
    }


def week(plant: Plant, line: LineUnit, hours: float, runs: int) -> Case:
    flat = np.full((1, round(hours * 60.0)), 18.0)
    start = datetime(2026, 6, 15, 0, 0, tzinfo=UTC)
    mix = {line.name: {101: 2.0, 102: 1.0, 103: 1.0}}
    return Case(
        plant,
        start,
        hours,
        runs,
        3,
        Weather(flat, flat, 0.0 * flat),
        parameters=certain(line),
        mix=mix,
    )


def test_the_smt_line_over_a_day_with_its_calendar(electronics: Plant) -> None:
    line = LineUnit(plan(electronics, "line_1"), alone=True)
    told, played = both(line, week(electronics, line, 16.0, 100), 10)
    compare(line, told, played, 0.1)


@pytest.mark.proof
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["line_1", "line_3"])
def test_a_line_of_the_plant_over_a_week_with_its_calendar(electronics: Plant, name: str) -> None:
    line = LineUnit(plan(electronics, name), alone=True)
    told, played = both(line, week(electronics, line, 168.0, 200), 30)
    compare(line, told, played, 0.02)
    for n, s in enumerate(line.plan.stations):
        for state, place in (
            ("idle_h", 4),
            ("setup_h", 3),
            ("off_h", 0),
            ("heating_h", 2),
            ("standby_h", 1),
        ):
            alike(told.total(state, s.id), np.array([p.state_h[n, place] for p in played]), 0.3)


def test_draws_of_the_ziggurat_are_exponential() -> None:
    key = Chance(99, 0, 1).keys("anything")[0]
    draws = np.array([unit_exponential(key, n) for n in range(200_000)])
    assert stats.kstest(draws, "expon").pvalue > 1e-3
    assert draws.mean() == pytest.approx(1.0, abs=4.0 / np.sqrt(len(draws)))
    assert (draws > 7.7).sum() == pytest.approx(len(draws) * np.exp(-7.7), abs=40), "the tail"
    assert unit_exponential(key, 7) == draws[7]
