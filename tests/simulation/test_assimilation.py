"""The ensemble fit: where the answer is known, in laws, and on a plant whose own model made the measurements."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ecotwin.plant import load
from ecotwin.records import Floats
from ecotwin.simulation.assimilation import Recorded, _move, _posterior, assimilate, without_lines
from ecotwin.simulation.contract import Case, Known
from ecotwin.simulation.engine import run
from ecotwin.simulation.surroundings import Weather

START = datetime(2026, 6, 18, 22, 0, tzinfo=UTC)


def quiet(hours: float, step_s: float) -> Case:
    plant = load(Path(__file__).parents[2] / "plants" / "electronics.yaml")
    steps = round(hours * 3600.0 / step_s)
    hour = np.arange(steps) * step_s / 3600.0 % 24.0
    outdoor = (17.0 + 6.0 * np.cos(2 * np.pi * (hour - 15.0) / 24.0))[None, :]
    sun = np.maximum(0.0, 700.0 * np.sin(np.pi * (hour - 6.0) / 14.0))[None, :]
    return Case(
        plant, START, hours, 120, 9, Weather(outdoor, outdoor - 4.0, sun), step_s, bin_s=3600.0
    )


def test_one_round_is_the_kalman_update_where_all_is_linear() -> None:
    """theta ~ N(0, 0.2^2), data = theta + error of 0.1: the posterior is N(0.8 y, 0.2 x sqrt(0.2)^2)."""
    rng = np.random.default_rng(1)
    theta = 0.2 * rng.normal(size=4000)
    values = {"m.leak_m3_h": np.exp(theta)}
    seen = np.array([0.3])
    _move(values, theta[:, None].copy(), seen, np.array([0.1]), quiet(1.0, 3600.0))
    moved = np.log(values["m.leak_m3_h"])
    gain = 0.04 / (0.04 + 0.01)
    assert moved.mean() == pytest.approx(gain * 0.3, abs=0.01)
    assert moved.std() == pytest.approx(np.sqrt((1 - gain) * 0.04), rel=0.08)


def test_what_has_nothing_to_do_with_the_data_stays() -> None:
    rng = np.random.default_rng(2)
    leak, other = 0.3 * rng.normal(size=150), 0.3 * rng.normal(size=150)
    values = {"a.leak_m3_h": np.exp(leak), "b.rated_cop": np.exp(other)}
    before = values["b.rated_cop"].copy()
    told = 5.0 + leak[:, None] * np.ones((1, 12))
    for _ in range(3):
        _move(values, told, np.full(12, 5.4), np.full(12, 0.2), quiet(1.0, 3600.0))
    assert np.corrcoef(before, values["b.rated_cop"])[0, 1] > 0.97
    found = _posterior(values, {n: Known(1.0, 0.3, "kind") for n in values})
    assert set(found) == {"a.leak_m3_h"}


def test_it_finds_the_parameters_that_made_the_measurements() -> None:
    """The twin's own units, with other parameters than their kinds', are the plant; lines draw a known flow of air."""
    case = quiet(48.0, 600.0)
    hour = np.arange(case.steps) / 6.0 % 24.0
    drawn: Floats = np.where((hour > 6.0) & (hour < 22.0), 160.0, 20.0)
    recorded = Recorded({"air": drawn, "hall_heat": drawn / 4.0}, {})
    truth = {
        "compressor_1.leak_m3_h": Known(70.0), "compressor_2.leak_m3_h": Known(70.0),
        "compressor_1.specific_kwh_per_m3": Known(0.12), "pv_1.performance_ratio": Known(0.75),
        "water_main.m3_per_person_h": Known(0.012),
    }  # fmt: skip
    pairs = [p for u in without_lines(case) for p in u.columns]
    real = run(
        replace(case, runs=1, parameters=truth), [*without_lines(case), recorded], series=pairs
    )
    measured = {p: s[0] for p, s in real.series.items() if s.any()}
    found = assimilate(case, recorded, measured)
    both = found["compressor_1.leak_m3_h"].value + found["compressor_2.leak_m3_h"].value
    assert both == pytest.approx(140.0, rel=0.15)
    assert found["compressor_1.specific_kwh_per_m3"].value == pytest.approx(0.12, rel=0.05)
    assert found["pv_1.performance_ratio"].value == pytest.approx(0.75, rel=0.03)
    assert found["water_main.m3_per_person_h"].value == pytest.approx(0.012, rel=0.1)
    for name, known in found.items():
        assert known.source == "calibration"
        assert 0.0 < known.sd < known.value, name


def test_it_stops_when_told_to() -> None:
    case = quiet(24.0, 3600.0)
    assert (
        assimilate(case, Recorded({}, {}), {("pv_1", "made_kwh"): np.ones(24)}, lambda: False) == {}
    )
