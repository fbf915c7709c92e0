"""A sample of the month's evidence (`tests/proofs/test_month.py`): five days, two faults, one seed, made anew."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from proofs import evidence, month

SCENARIO = """name: sample
events:
  - {fault: exhaust_damper_open, target: oven_2, start: +9h, end: +20h, size: 470, ramp: 0.1}
  - {fault: gap, target: placer_2b, start: +11h, end: +12h}
"""
KEPT = month.ROOT / "docs" / "evidence" / "0002-month-sample.json"


@pytest.mark.timeout(170)
@pytest.mark.xdist_group("walks")
def test_sample_of_the_month(tmp_path: Path) -> None:
    scenario = tmp_path / "sample.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    zero = datetime(2026, 6, 19, tzinfo=ZoneInfo("Europe/Berlin"))
    recorded = month.record(
        tmp_path / "record", 404, zero, calm_days=4, days=1, scenario=str(scenario)
    )
    run = evidence.run(recorded, tmp_path / "twin")
    by_fault = {e["fault"]: e for e in run["events"]}
    assert by_fault["exhaust_damper_open"]["found"], run["false"]
    assert by_fault["exhaust_damper_open"]["delay_h"] < 1.0
    assert by_fault["gap"]["found"]
    assert all(b["closed"] + b["unknown"] == b["days"] for b in run["balances"])
    row = {"seed": run["seed"], "events": run["events"], "false": len(run["false"])}
    if not KEPT.exists():
        KEPT.write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert [e["found"] for e in kept["events"]] == [e["found"] for e in row["events"]]
    assert kept["false"] >= row["false"], "more false alarms than the evidence states: make proofs"
