"""The benchmark of the what-if: its fields, its agreement, and that its step does not matter; never a limit on time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ecotwin.plant import load
from ecotwin.service.bench.whatif import LINE, week, whatif, works_file
from ecotwin.simulation.engine import run
from ecotwin.simulation.lineplan import plan
from ecotwin.simulation.units.lines import LineUnit


def test_both_models_are_timed_and_agree() -> None:
    made = whatif(0.1, whole=16, hours=12.0, starts=False)
    assert json.loads(json.dumps(made)) == made
    assert made["simpy_weeks"] >= 3
    assert made["ms_per_week"]["numba"]["cpu_best"] > 0.0
    assert made["ratio_cpu"] > 0.0
    for told in made["agreement"].values():
        assert abs(told["difference_percent"]) < 2.5 * told["plus_minus_percent"] + 1.0
        assert told["numba"] > 0.0
    assert [row["line_weeks"] for row in made["scaling"]] == [2, 4, 8]
    assert made["whole"]["line_weeks"] == 16


def test_the_step_of_the_benchmark_changes_nothing() -> None:
    plant = load(works_file())
    line = plan(plant, LINE)
    coarse = run(week(plant, line, 4, 24.0), [LineUnit(line, alone=True)])
    fine = run(week(plant, line, 4, 24.0, 60.0), [LineUnit(line, alone=True)], threads=2)
    for quantity in ("parts_total", "parts_good", "scrap_parts"):
        assert np.array_equal(coarse.total(quantity), fine.total(quantity)), quantity
    kwh = fine.total("electricity_kwh")
    assert coarse.total("electricity_kwh") == pytest.approx(kwh, rel=1e-9)
