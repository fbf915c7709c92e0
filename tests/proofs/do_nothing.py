"""Do nothing, against the stand-in: seeds that nobody has seen, day by day, in plain functions that tests share."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import Period
from ecotwin.cycle.tracking import SEED, Tracking
from ecotwin.plant import Plant
from ecotwin.simulation.backtest import Tried, fidelity_of, spread_of
from ecotwin.simulation.compared import Key
from lived import lived

LEVELS = (0.5, 0.8, 0.9)
START = datetime(2026, 6, 3, 22, 0, tzinfo=UTC)
"""A Thursday's local midnight: eleven days on begins a Monday."""
SITE = ("electricity_kwh", "gas_m3", "water_in_m3", "air_m3")


def foretold(
    plant: Plant,
    folder: Path,
    seed: int,
    *,
    lived_days: int,
    known_days: int,
    step_s: float = 60.0,
    runs: int = 60,
    fitted_runs: int = 160,
) -> dict[str, Any]:
    """One seed: days lived, the last ones foretold one by one, each with what was known at its begin.

    Args:
        plant: The plant file. folder: For the history. seed: Of the stand-in. lived_days: All days.
        known_days: Days before the first that is judged. step_s: Of the stand-in. runs: Of the model.
        fitted_runs: Of the fit of utilities.
    """
    began = time.monotonic()
    store = lived(plant, folder, seed, START, lived_days, step_s)
    try:
        tracking = Tracking(plant, store, runs=runs, fitted_runs=fitted_runs)
        end = START + timedelta(days=lived_days)
        days = tracking.past.days(end)
        tried: list[Tried] = []
        rows: list[dict[str, Any]] = []
        for n, day in enumerate(days):
            if n < 4 or (day.start.astimezone(plant.zone).weekday() > 4 and n < known_days):
                continue
            made = tracking.past.try_day(
                day, runs=runs, seed=SEED, fitted=tracking.fitted(days[:n])[1]
            )
            if n >= known_days:
                rows += _rows(plant, day, made, tried)
            tried.append(made)
        fidelity = fidelity_of(tried, 1)
    finally:
        store.close()
    return {
        "seed": seed,
        "step_s": step_s,
        "lived_days": lived_days,
        "judged_days": len(days) - known_days,
        "rows": rows,
        "tried": [
            [m.held.start, m.held.work_h, [[*k, *map(_round, v)] for k, v in sorted(m.held.figures.items())]]
            for m in tried
        ],
        "fidelity": [
            {"element": t.element, "quantity": t.quantity, "grade": t.grade,
             "cvrmse": _round(t.cvrmse), "nmbe": _round(t.nmbe)}
            for t in fidelity.figures
        ],
        "wall_s": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _rows(plant: Plant, day: Period, made: Tried, before: Sequence[Tried]) -> list[dict[str, Any]]:
    """Every figure of a day with its intervals, learned from the days before it only."""
    spread = spread_of(before)
    rows = []
    for key, (measured, mean, sd) in made.held.figures.items():
        # The interval needs the runs' mean and spread only: two runs have them as well as many.
        runs = np.array([mean - sd, mean + sd])
        work_h = made.held.work_h
        levels = {}
        for level in LEVELS:
            band = spread.interval(key, runs, work_h, level)
            levels[str(level)] = [_round(band.low), _round(band.high)]
        rows.append(
            {
                "day": day.start.astimezone(plant.zone).strftime("%a %Y-%m-%d"),
                "work_h": round(work_h, 2),
                "element": key[0],
                "quantity": key[1],
                "group": group(plant, key),
                "measured": _round(measured),
                "foretold": _round(spread.interval(key, runs, work_h, 0.9).value),
                "runs_mean": _round(mean),
                "runs_sd": _round(sd),
                "bands": levels,
            }
        )
    return rows


def group(plant: Plant, key: Key) -> str:
    """What a figure is counted with."""
    element, quantity = key
    level = plant.element(element).level
    if level == "site":
        return f"site {quantity}"
    if level == "line":
        return f"line {quantity}"
    return f"machine {quantity}"


def coverage(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By group: how often the measured figure lay in the interval of each level, with its error; how wide it was."""
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({r["group"] for r in rows}):
        own = [r for r in rows if r["group"] == name]
        moving = [r for r in own if abs(r["measured"]) > 1e-6]
        told: dict[str, Any] = {"figures": len(own)}
        for level in LEVELS:
            hits = [
                r["bands"][str(level)][0] <= r["measured"] <= r["bands"][str(level)][1] for r in own
            ]
            told[str(level)] = [
                round(float(np.mean(hits)), 3),
                round(float(np.sqrt(level * (1 - level) / len(hits))), 3),
            ]
        if moving:
            half = [
                (r["bands"]["0.9"][1] - r["bands"]["0.9"][0]) / 2.0 / abs(r["measured"])
                for r in moving
            ]
            off = [abs(r["foretold"] - r["measured"]) / abs(r["measured"]) for r in moving]
            told["half_width_90"] = round(float(np.median(half)), 3)
            told["error"] = round(float(np.median(off)), 3)
        found[name] = told
    return found


def _round(value: float) -> float:
    return float(f"{value:.5g}") if np.isfinite(value) else float("nan")
