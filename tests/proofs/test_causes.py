"""A stand-in year in four seasons with unseen seeds: each fault found or not, its true cause's rank, false alarms."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from proofs import causes_page, causes_score, evidence, month, novel_faults, replayed

ZONE = ZoneInfo("Europe/Berlin")
SEASONS = (
    ("spring", datetime(2026, 5, 18, tzinfo=ZONE), 6211),
    ("winter", datetime(2026, 2, 9, tzinfo=ZONE), 6323),
    ("summer", datetime(2026, 8, 3, tzinfo=ZONE), 5333),
    ("autumn", datetime(2026, 10, 5, tzinfo=ZONE), 5441),
)
"""Used by nobody before. Looked at while the rules were written, and no evidence: 31, 4101 to 4404, 5119 and 5227."""
CALM_DAYS, DAYS = 8.0, 14.0
CATALOGUE = Path(__file__).with_name("causes_catalogue.yaml")


def season(name: str, zero: datetime, seed: int, folder: Path) -> dict[str, Any]:
    """Record, close into minutes and replay one season; what was done already is taken from the folder."""
    done = folder / f"{name}.json"
    if done.exists():
        return dict(json.loads(done.read_text(encoding="utf-8")))
    plant = month.recorded_plant()
    where = folder / name
    recorded, kept = where / "recorded", where / "closed"
    if not recorded.exists():
        month.record(where, seed, zero, calm_days=CALM_DAYS, days=DAYS, scenario=str(CATALOGUE))
        recorded.touch()
    files = tuple(sorted((where / "days").iterdir()))
    history = where / "history"
    store = (
        DuckStore(plant, history, memory_mb=400)
        if kept.exists()
        else replayed.taken_in(plant, files, history)
    )
    kept.touch()
    began = time.process_time()
    start, end = zero - timedelta(days=CALM_DAYS), zero + timedelta(days=DAYS)
    try:
        effects = _effects(plant, store, zero)
        told = replayed.looked(
            plant, store, start, end, novel_faults.laid(zero), novel_faults.touched(plant)
        )
    finally:
        store.close()
    made = {
        "season": name, "seed": seed, "zero": zero.isoformat(),
        "cpu_s": round(time.process_time() - began, 1),
        **causes_score.scored(plant, where / "truth.jsonl", told, zero, DAYS),
    }  # fmt: skip
    for row in made["cases"]:
        row["effect_kwh"] = effects.get(row["fault"])
    done.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return made


def _effects(plant: Plant, store: DuckStore, zero: datetime) -> dict[str, float]:
    """What each fault outside of the catalogue moved at its machines' meters [kWh]."""
    found = {}
    for fault in novel_faults.NOVEL:
        days = (zero + timedelta(days=fault.start), zero + timedelta(days=fault.end))
        signals = novel_faults.touched(plant, [fault])
        window = store.window(signals, Period(*days), 300)
        arrays: dict[str, Any] = {n: np.array(getattr(window, n)) for n in replayed.ARRAYS}
        found[fault.name] = round(
            novel_faults.effect_kwh(plant, replace(window, **arrays), zero, fault), 1
        )
    return found


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_causes(tmp_path: Path) -> None:
    folder = Path(os.environ.get("ECOTWIN_CAUSES", tmp_path))
    some = os.environ.get("ECOTWIN_CAUSES_SEASONS", "").split(",")
    runs = [season(*s, folder) for s in SEASONS if s[0] in some or some == [""]]
    told = evidence.head("pytest -m proof tests/proofs/test_causes.py")
    causes_page.write(month.ROOT / "docs" / "evidence", told, runs)
    rows = [r for run in runs for r in run["cases"] if causes_page.has_effect(r)]
    listed = causes_score.summary([r for r in rows if not r["novel"]])
    novel = causes_score.summary([r for r in rows if r["novel"]])
    # Bars far below what was measured: they fail when the diagnosis breaks, not when a seed is unlucky.
    assert listed["last"]["top_3"] >= 0.7 * listed["with_cause"]
    assert novel["last"]["top_3"] >= 0.5 * novel["with_cause"]
