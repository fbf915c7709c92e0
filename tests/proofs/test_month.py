"""The stand-in month with unseen seeds: what was found, how late, and what was cried without cause."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from proofs import evidence, month

SEEDS = (1213, 1317, 1419)
"""Used by nobody while detection was built.

Looked at, and no evidence any more: 7, 101, 202, 404, 505, 606, 707, 808, 909, 1001, 1002, 1010.
"""
ZERO = datetime(2026, 6, 15, tzinfo=ZoneInfo("Europe/Berlin"))
CALM_DAYS, DAYS = 10.0, 30.0
EVIDENCE = month.ROOT / "docs" / "evidence"


def one_seed(seed: int, folder: Path) -> dict[str, Any]:
    """Record and play one seed."""
    recorded = month.record(folder / "record", seed, ZERO, calm_days=CALM_DAYS, days=DAYS)
    return evidence.run(recorded, folder / "twin", split=ZERO + timedelta(days=15, hours=9))


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_month(tmp_path: Path) -> None:
    pool = ProcessPoolExecutor(max_workers=os.cpu_count() or 1, mp_context=get_context("spawn"))
    with pool:
        runs = list(pool.map(one_seed, SEEDS, [tmp_path / str(s) for s in SEEDS]))
    few = month.record(tmp_path / "few", SEEDS[0], ZERO + timedelta(days=7), calm_days=0, days=3)
    restart = evidence.restarted(few, tmp_path / "restart", few.start + timedelta(hours=35))
    evidence.write(EVIDENCE, "0002-month", evidence.head("make proofs"), runs, restart)
    assert restart["minutes_differ"] == 0
    assert not restart["measures_differ"]
    for run in runs:
        for node in run["balances"]:
            assert node["closed"] + node["unknown"] == node["days"], (run["seed"], node)
        for meter in run["counted"]:
            assert meter["used_kwh"] == pytest.approx(meter["power_kwh"], rel=0.05, abs=0.2)
