"""Told signals over days that nothing was chosen on: bands hold, a drift is found, a calm plant is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import instant
from ecotwin.detection.alerts import Alerts
from made_boiler import live
from told_house import NAME, House

pytestmark = pytest.mark.proof

SEEDS = (20261, 8117, 550)
DAYS, DRIFT_DAY = 11.0, 8.0


def walked(folder: Path, seed: int, days: float, drift: float) -> tuple[House, dict[str, float]]:
    """A house through its days, and how well it was told before anything drifted."""
    made = House(folder, live(seed, days, drift_day=DRIFT_DAY, drift=drift))
    made.run(round(days * 1440), 720)
    last = round(min(days, DRIFT_DAY) * 1440)
    hours = made.sensing.band(NAME, made.now(0), made.now(last - 60))
    first = round((_us(hours[0]["at"]) - _us_of(made, 0)) / 60e6)
    low, high = (
        np.array([np.nan if v is None else v for h in hours for v in h[n]]) for n in ("low", "high")
    )
    truth = made.lived.nox[first : first + len(low)]
    known = np.isfinite(low)
    told = made.told(first, first + len(low))
    return made, {
        "seed": seed, "told_share": float(known.mean()),
        "held": float(((truth >= low) & (truth <= high))[known].mean()),
        "mae": float(np.nanmean(np.abs(told - truth))), "width": float(np.nanmean(high - low)),
        "sd": float(truth.std()), "alarms": float(sum(s.over for s in made.said)),
    }  # fmt: skip


def _us(text: str) -> float:
    return float(np.datetime64(text.rstrip("Z"), "us").astype(np.int64))


def _us_of(made: House, minute: int) -> float:
    return float(made.now(minute).timestamp() * 1e6)


def test_bands_hold_and_a_calm_plant_is_left_alone(tmp_path: Path) -> None:
    rows = []
    for seed in SEEDS:
        made, row = walked(tmp_path / str(seed), seed, DRIFT_DAY, 1.0)
        made.store.close()
        rows.append(row)
    print(json.dumps(rows, indent=1))
    held = float(np.mean([r["held"] for r in rows]))
    assert 0.75 <= held <= 0.85, rows
    assert sum(r["alarms"] for r in rows) == 0.0, rows
    assert all(r["mae"] < 0.6 * r["sd"] for r in rows), rows


def test_a_drift_becomes_a_finding_that_a_plant_understands(tmp_path: Path) -> None:
    made, row = walked(tmp_path, 31337, DAYS, 1.12)
    said = [s for s in made.said if s.over]
    print(json.dumps(row), [s.text for s in said])
    assert said, row
    drift_us = _us_of(made, round(DRIFT_DAY * 1440))
    assert said[0].at > drift_us
    assert said[0].at - drift_us <= 2.0 * 86_400e6
    (finding,) = Alerts(made.plant).findings(said[:1], instant(said[0].at))
    assert finding.kind == "sensor"
    assert "no longer agrees with its reference measurements" in finding.title
    assert "below them on average" in finding.evidence[0]
    assert "take more references" in finding.evidence[0]
    made.store.close()
