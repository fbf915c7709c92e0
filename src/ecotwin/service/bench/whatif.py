"""How many weeks of a line the what-if plays in a second, beside the same line in SimPy, in the same run.

Both play the same parameters and the same calendar; good parts and energy stand beside the times, so that a fast wrong
model shows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ecotwin.plant import Plant, load
from ecotwin.simulation.contract import Case, Job, Known
from ecotwin.simulation.engine import BATCH, run
from ecotwin.simulation.linebook import STATES
from ecotwin.simulation.lineplan import Plan, plan
from ecotwin.simulation.reference import Told, play_in_simpy
from ecotwin.simulation.surroundings import Weather
from ecotwin.simulation.units.lines import LineUnit

T = TypeVar("T")
LINE = "line_1"
WEEK_H = 168.0
WHOLE = 1000
ORDER_PARTS, ORDERS = 600.0, 60
"""More than a week's work, product after product, the same in every run."""
FEWEST = 3
STEP_S = 300.0
"""The calendar's times are multiples of it. A line alone comes to the same parts at the same instants at any step;
within a whole plant, where it feels the net's pressure, a step is a minute, and `plant_step` tells what that costs."""


def works_file() -> Path:
    """The electronics plant that comes with the software."""
    import ecotwin

    package = Path(ecotwin.__file__).parent
    inside = package / "plants" / "electronics.yaml"
    return inside if inside.exists() else package.parents[1] / "plants" / "electronics.yaml"


def week(
    plant: Plant, line: Plan, runs: int, hours: float = WEEK_H, step_s: float = STEP_S
) -> Case:
    """A week of the line: its calendar, failures, set-ups, orders of three products; parameters without doubt.

    Runs differ by chance alone, so that the two models can be compared.
    """
    steps = round(hours * 3600.0 / step_s)
    flat = np.full((1, steps), 18.0)
    names = ("mtbf_h", "mttr_min", "setup_min", "scrap_share", "rework_share", "cycle_share")
    known = {
        f"{s.id}.{n}": Known(float(s.facts[n]))
        for s in line.stations
        for n in (*names, *(f"kw_{state}" for state in STATES))
        if n in s.facts
    }
    codes = [p.code for p in line.products]
    orders = tuple(Job(f"{n}", codes[n % len(codes)], ORDER_PARTS) for n in range(ORDERS))
    start = datetime(2026, 6, 15, tzinfo=UTC)
    weather = Weather(flat, flat, 0.0 * flat)
    return Case(
        plant, start, hours, runs, 20260615, weather, step_s, known, jobs={line.line: orders}
    )


def whatif(
    seconds: float, *, whole: int = WHOLE, hours: float = WEEK_H, starts: bool = True
) -> dict[str, Any]:
    """Measure the line in both models.

    Args:
        seconds: Least time for the SimPy model [s]; it plays at least three weeks, one after each play of the other.
        whole: Weeks of the large run. hours: Length of a "week" [h]; shorter only in tests.
        starts: Whether to measure the first and the second start in processes of their own.
    """
    plant = load(works_file())
    line = plan(plant, LINE)
    unit = LineUnit(line, alone=True)
    case = week(plant, line, min(BATCH, whole), hours)
    run(replace(case, runs=1), [unit])
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    played: list[Told] = []
    until = time.perf_counter() + seconds
    while len(played) < FEWEST or time.perf_counter() < until:
        if len(ours) < 3:
            told, spent = timed(lambda: run(case, [unit]))
            ours.append((spent[0] / case.runs, spent[1] / case.runs))
        one, spent = timed(lambda: play_in_simpy(line, case, len(played)))
        theirs.append(spent)
        played.append(one)
    found = {
        "line": LINE,
        "stations": len(line.stations),
        "hours": hours,
        "step_s": STEP_S,
        "parts_through_stations": round(float(told.total("parts_total").mean())),
        "simpy_weeks": len(played),
        "ms_per_week": {"numba": figures(ours), "simpy": figures(theirs)},
        "line_weeks_per_s": round(1.0 / _best(ours), 1),
        "ratio_cpu": round(_best(theirs) / _best(ours), 1),
        "agreement": {
            "good_parts": agreement(told.total("parts_good"), [p.good for p in played]),
            "kwh": agreement(told.total("electricity_kwh"), [float(p.kwh.sum()) for p in played]),
        },
        "whole": large(plant, line, whole, hours),
        "scaling": scaling(plant, line, whole, hours),
        "plant_step": plant_step(plant, line, min(BATCH, whole), hours),
    }
    if starts:
        found["start_s"] = first_and_second_start()
    return found


def timed(call: Callable[[], T]) -> tuple[T, tuple[float, float]]:
    """What a call gives, and the seconds it took: of the processor, of the wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = call()
    return made, (time.process_time() - cpu, time.perf_counter() - wall)


def figures(spent: list[tuple[float, float]]) -> dict[str, float]:
    """Best and median [ms]; on a machine that others use too, the best is nearest to the work itself."""
    cpu, wall = np.array(spent).T * 1000.0
    return {
        "cpu_best": round(float(cpu.min()), 3),
        "cpu_median": round(float(np.median(cpu)), 3),
        "wall_median": round(float(np.median(wall)), 3),
    }


def _best(spent: list[tuple[float, float]]) -> float:
    return min(cpu for cpu, _ in spent)


def agreement(ours: NDArray[np.float64], theirs: list[float]) -> dict[str, float]:
    """Means of both and their difference with its 95 % interval [%]."""
    other = np.array(theirs, float)
    error = np.hypot(ours.std(ddof=1) / np.sqrt(len(ours)), other.std(ddof=1) / np.sqrt(len(other)))
    mean = other.mean()
    return {
        "numba": round(float(ours.mean()), 2),
        "simpy": round(float(mean), 2),
        "difference_percent": round(float(100.0 * (ours.mean() - mean) / mean), 3),
        "plus_minus_percent": round(float(196.0 * error / mean), 3),
    }


def large(plant: Plant, line: Plan, runs: int, hours: float) -> dict[str, Any]:
    """Many weeks at once on all cores."""
    cores = os.cpu_count() or 1
    case = week(plant, line, runs, hours)
    load_before = os.getloadavg()[0]
    _, (cpu, wall) = timed(lambda: run(case, [LineUnit(line, alone=True)], threads=cores))
    return {
        "line_weeks": runs,
        "threads": cores,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "load_before": round(load_before, 2),
    }


def scaling(plant: Plant, line: Plan, whole: int, hours: float) -> list[dict[str, float]]:
    """CPU seconds of a week of the line against the number of weeks played, on one core."""
    rows = []
    for runs in sorted({max(1, whole // 8), max(1, whole // 4), max(1, whole // 2)}):
        case = week(plant, line, runs, hours)
        _, (cpu, wall) = timed(lambda: run(case, [LineUnit(line, alone=True)]))  # noqa: B023 - called at once
        rows.append({"line_weeks": runs, "cpu_s": round(cpu, 3), "wall_s": round(wall, 3)})
    return rows


def plant_step(plant: Plant, line: Plan, runs: int, hours: float) -> dict[str, float]:
    """The same at steps of a minute."""
    case = week(plant, line, runs, hours, 60.0)
    _, (cpu, _) = timed(lambda: run(case, [LineUnit(line, alone=True)]))
    return {"step_s": 60.0, "cpu_ms_per_week": round(1000.0 * cpu / runs, 3)}


_START = """
import sys, time
begun = time.perf_counter()
from ecotwin.service.bench.whatif import LINE, LineUnit, load, plan, run, week, works_file
plant = load(works_file())
line = plan(plant, LINE)
run(week(plant, line, 1, 1.0), [LineUnit(line, alone=True)])
print(time.perf_counter() - begun)
"""


def first_and_second_start() -> dict[str, float]:
    """Seconds until the first hour of a line is played: with nothing compiled yet, and with what that left on disk."""
    with tempfile.TemporaryDirectory(prefix="ecotwin-bench-") as folder:
        env = {**os.environ, "NUMBA_CACHE_DIR": folder}
        times = [
            float(
                subprocess.run(  # noqa: S603 - our own interpreter and text
                    [sys.executable, "-c", _START],
                    env=env,
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            for _ in range(2)
        ]
    return {"first": round(times[0], 2), "second": round(times[1], 2)}
