"""Fidelity: ASHRAE's figures with known answers, grades, and what a scenario's reader is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ecotwin.plant import Plant, load
from ecotwin.simulation.fidelity import Fidelity, compare, cvrmse, nmbe


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def test_figures_by_hand() -> None:
    seen, told = np.array([10.0, 20.0, 30.0]), np.array([11.0, 19.0, 33.0])
    # Errors -1, 1, -3: squares sum to 11, over n - 1 = 2; the mean is 20.
    assert cvrmse(seen, told) == pytest.approx(np.sqrt(5.5) / 20.0)
    assert nmbe(seen, told) == pytest.approx(-3.0 / (2 * 20.0))


def pairs(rng: np.random.Generator) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    base = 50.0 + 20.0 * np.sin(np.arange(120) / 4.0)
    gap = base.copy()
    gap[:30] = np.nan
    return {
        ("placer_1a", "electricity_kwh"): (base, base * (1.0 + 0.05 * rng.normal(size=120))),
        ("oven_1", "electricity_kwh"): (gap, base * 1.15),
        ("chiller_1", "electricity_kwh"): (base, base[::-1] * 1.4),
        ("chiller_2", "electricity_kwh"): (np.zeros(120), np.full(120, 30.0)),
        ("compactor_1", "electricity_kwh"): (np.full(120, 1e-4), np.full(120, 2e-4)),
        ("it_1", "electricity_kwh"): (np.full(120, np.nan), base),
    }


def test_grades_and_what_a_reader_is_told(plant: Plant) -> None:
    known = compare(1_000_000, [1, 2], pairs(np.random.default_rng(1)))
    grades = {t.element: t.grade for t in known.figures}
    assert grades == {
        "placer_1a": "well", "oven_1": "roughly", "chiller_1": "not", "chiller_2": "not",
        "compactor_1": "unknown", "it_1": "unknown",
    }  # fmt: skip
    oven = known.of("oven_1")
    assert oven is not None
    assert oven.hours == 90
    told = known.warnings_for(plant, ["placer_1a", "oven_1", "chiller_2", "it_1", "oven_1"])
    assert len(told) == 3
    assert told[0].startswith(
        "Reflow oven 1 is only roughly tracked: electricity_kwh by the hour CVRMSE"
    )
    assert "bias +15 %" in told[0]
    assert told[1].startswith("Chiller 2 is not tracked")
    assert "Server room: nothing measured" in told[2]


def test_a_model_never_compared_says_so(plant: Plant) -> None:
    assert "never compared" in Fidelity().warnings_for(plant, ["oven_1"])[0]
    assert Fidelity().warnings_for(plant, []) == ()


def test_it_is_kept_as_json() -> None:
    known = compare(5, [1], pairs(np.random.default_rng(2)))
    again = Fidelity.of_state(json.loads(json.dumps(known.state())))
    assert [t.grade for t in again.figures] == [t.grade for t in known.figures]
    assert again.figures[0].cvrmse == known.figures[0].cvrmse or np.isnan(known.figures[0].cvrmse)
