"""The proof of "do nothing" in small: one unseen stand-in, one day foretold with what five days taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecotwin.plant import load
from proofs import month
from proofs.do_nothing import coverage, foretold


@pytest.mark.timeout(900)
def test_the_next_day_lies_in_the_stated_intervals(tmp_path: Path) -> None:
    plant = load(month.WORKS)
    told = foretold(plant, tmp_path, 3002, lived_days=6, known_days=5, runs=24, fitted_runs=80)
    rows = told["rows"]
    assert told["judged_days"] == 1
    assert {r["day"][:3] for r in rows} == {"Tue"}
    inside = [r["bands"]["0.9"][0] <= r["measured"] <= r["bands"]["0.9"][1] for r in rows]
    # One held-out day makes wide intervals; fewer than three in four would be a model that does not know itself.
    assert len(inside) > 100
    assert float(np.mean(inside)) >= 0.75
    site = {r["quantity"]: r for r in rows if r["element"] == plant.site.id}
    assert set(site) >= {"electricity_kwh", "gas_m3", "water_in_m3", "air_m3"}
    assert site["electricity_kwh"]["foretold"] == pytest.approx(
        site["electricity_kwh"]["measured"], rel=0.12
    )
    groups = coverage(rows)
    assert groups["line parts_good"]["error"] < 0.25
    assert groups["machine electricity_kwh"]["error"] < 0.1
    grades = [f["grade"] for f in told["fidelity"] if f["quantity"] == "electricity_kwh"]
    assert grades.count("well") > len(grades) / 2
