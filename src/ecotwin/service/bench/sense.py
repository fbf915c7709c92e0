"""Soft sensors on public sets: one fixed setting, each year told from the years before, references week by week.

The gas turbine's nitrogen oxides and carbon monoxide of 2013 after learning 2011 and 2012 (hourly rows, nine process
values, references of the last 168 rows known every 168 rows), and a sulphur recovery unit's two gases (the first half
learned, references every 240 rows). Beside each in the same run: a sensor never recalibrated, the mean of the last
references, and ExtraTrees refitted at each calibration on the newest 2,000 rows with the band of its own errors.

Sources: Kaya, Tufekci and Uzun, Predicting CO and NOx emissions from gas turbines (2019), UCI; Fortuna et al., Soft
Sensors for Monitoring and Control of Industrial Processes (2007), the sulphur recovery unit.
"""

from __future__ import annotations

import gzip
import resource
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.errors import SettingsFault
from ecotwin.records import Floats
from ecotwin.sensing.walk import Walked, score, shares, walk

WEEK, WINDOW = 168, 2000
TURBINE = "gas_turbine_nox"
SULPHUR = "sru"
GASES = {"co": 9, "nox": 10}
CALM_SERIES = 4


def measure(data: Path) -> dict[str, Any]:
    """Every part: figures beside the peers'."""
    parts = ("nox", "co", "h2s", "so2", "calm")
    return {"seed": 0, "parts": {name: part(name, data) for name in parts}}


def part(name: str, data: Path) -> dict[str, Any]:
    """One part: `nox` or `co` of the turbine, `h2s` or `so2` of the sulphur unit, `calm`: made series."""
    if name == "calm":
        return calm()
    if name in GASES:
        years = [_read(data / TURBINE / f"gt_{y}.csv.gz", ",", 1) for y in (2011, 2012, 2013)]
        rows = np.vstack(years)
        first = len(rows) - len(years[-1])
        return told(rows[:, :9], rows[:, GASES[name]], first, WEEK)
    rows = _read(data / SULPHUR / "SRU_data.txt.gz", None, 0)
    gas, first = rows[:, 5 if name == "h2s" else 6], len(rows) // 2
    names = tuple(f"input {i + 1}" for i in range(5))
    found = told(rows[:, :5], gas, first, 240)
    return {**found, "spot": _spot(names, rows[:, :5], gas, first, 240)}


def told(inputs: Floats, target: Floats, first: int, every: int) -> dict[str, Any]:
    """A set told row by row, with its peers."""
    names = tuple(f"input {i + 1}" for i in range(inputs.shape[1]))
    began = time.process_time()
    walked = walk(names, inputs, target, first, every)
    spent = time.process_time() - began
    truth = target[first:]
    trees, low, high = newest_trees(inputs, target, first, every)
    held = walked.held
    assert held is not None
    return {
        "train_rows": first,
        "rows": len(truth),
        "reference_every": every,
        "told": asdict(score(walked.told.value, truth, walked.told.low, walked.told.high)),
        "states": shares(walked.told),
        "alarms": _alarms(walked.checks, first),
        "weights": walked.sensor.weights,
        "never recalibrated": asdict(score(held.raw, truth, held.low, held.high)),
        "never recalibrated, alarms": _alarms(walked.held_checks, first),
        "last reference mean": asdict(score(walked.mean, truth)),
        f"ExtraTrees on the newest {WINDOW}": asdict(score(trees, truth, low, high)),
        "cpu_s": round(spent, 1),
        "tell_us_a_row": round(1e6 * _tell_s(walked, inputs[first : first + 2000]), 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
    }


def newest_trees(
    inputs: Floats, target: Floats, first: int, every: int
) -> tuple[Floats, Floats, Floats]:
    """The peer: ExtraTrees refitted at each calibration; its 80 % band are quantiles of its own out-of-bag errors."""
    from sklearn.ensemble import ExtraTreesRegressor

    value, low, high = (np.full(len(target) - first, np.nan) for _ in range(3))
    for start in range(first, len(target), every):
        past = slice(max(0, start - WINDOW), start)
        model = ExtraTreesRegressor(
            100, min_samples_leaf=2, bootstrap=True, oob_score=True, random_state=0, n_jobs=1
        ).fit(inputs[past], target[past])
        errors = target[past] - model.oob_prediction_
        ends = np.quantile(errors[np.isfinite(errors)], [0.1, 0.9])
        here = slice(start - first, min(start + every, len(target)) - first)
        value[here] = model.predict(inputs[start : start + every])
        low[here], high[here] = value[here] + ends[0], value[here] + ends[1]
    return value, low, high


def calm() -> dict[str, Any]:
    """False alarms on made series that stand still, whose inputs and errors hang together in time."""
    rang = held_rang = blocks = 0
    coverage = []
    for seed in range(CALM_SERIES):
        rng = np.random.default_rng(9000 + seed)
        rows, every = 2500, 100
        inputs, slow = np.zeros((rows, 4)), np.zeros(rows)
        noise, own = rng.normal(size=(rows, 4)), rng.normal(size=rows)
        for i in range(1, rows):
            inputs[i] = 0.95 * inputs[i - 1] + noise[i]
            slow[i] = 0.8 * slow[i - 1] + own[i]
        target = 5.0 + inputs[:, 0] - 0.3 * inputs[:, 1] * inputs[:, 2] + 0.5 * slow
        walked = walk(("a", "b", "c", "d"), inputs, target, 1000, every)
        rang += sum(bool(c.alarms) for _, c in walked.checks)
        held_rang += sum(bool(c.alarms) for _, c in walked.held_checks)
        blocks += len(walked.checks)
        coverage.append(
            score(walked.told.value, target[1000:], walked.told.low, walked.told.high).coverage
        )
    return {
        "series": CALM_SERIES, "blocks": blocks, "alarms": rang, "alarms, never recalibrated": held_rang,
        "coverage_low": min(coverage), "coverage_high": max(coverage),
    }  # fmt: skip


def _spot(
    names: tuple[str, ...], inputs: Floats, target: Floats, first: int, every: int
) -> dict[str, Any]:
    """The same with one spot sample a calibration after the training part."""
    walked = walk(names, inputs, target, first, every, spot=True, peers=False)
    return asdict(score(walked.told.value, target[first:], walked.told.low, walked.told.high))


def _alarms(checks: Any, first: int) -> list[dict[str, Any]]:
    return [
        {"rows_after_training": row - first, "kind": a.kind, "text": a.text}
        for row, check in checks
        for a in check.alarms
    ]


def _tell_s(walked: Walked, inputs: Floats) -> float:
    """Seconds to tell one row, many at once."""
    began = time.process_time()
    walked.sensor.tell(inputs)
    return (time.process_time() - began) / len(inputs)


def _read(file: Path, delimiter: str | None, skip: int) -> Floats:
    if not file.is_file():
        raise SettingsFault(
            f"{file} is not there",
            expected=f"the sets {TURBINE} and {SULPHUR} under --data",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    with gzip.open(file, "rt") as text:
        return np.asarray(np.loadtxt(text, delimiter=delimiter, skiprows=skip), np.float64)
