"""A stand-in month recorded with a seed and played through the real twin, in plain functions that tests share."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import ManualClock, Period, days_of
from ecotwin.cycle import Twin
from ecotwin.cycle.importing import RECORD
from ecotwin.plant import Plant, load
from ecotwin.plant.flow import BalanceResult, balance
from ecotwin.records import Finding, Floats
from ecotwin.settings import read

ROOT = Path(__file__).parents[2]
WORKS = ROOT / "plants" / "electronics.yaml"


@dataclass(frozen=True)
class Recorded:
    """Files of a stretch of the stand-in's life: calm days first, then a scenario, and what really was."""

    days: tuple[Path, ...]
    truth: Path
    start: datetime
    zero: datetime
    end: datetime
    seed: int


def record(
    out: Path,
    seed: int,
    zero: datetime,
    *,
    calm_days: float,
    days: float,
    scenario: str = "month",
    plant: Path = WORKS,
    step_s: int = 60,
) -> Recorded:
    """Let the stand-in, a process of its own, live `calm_days` without faults and `days` of a scenario."""
    start = zero - timedelta(days=calm_days)
    truth = out / "truth.jsonl"
    out.mkdir(parents=True, exist_ok=True)
    words = [
        "record",
        plant,
        "--out",
        out / "days",
        "--days",
        calm_days + days,
        "--start",
        start.isoformat(),
    ]
    words += [
        "--zero",
        zero.isoformat(),
        "--seed",
        seed,
        "--scenario",
        scenario,
        "--step",
        step_s,
        "--truth",
        truth,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "ecotwin_standin", *map(str, words)], capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr)
    files = tuple(sorted((out / "days").iterdir()))
    return Recorded(files, truth, start, zero, zero + timedelta(days=days), seed)


def recorded_plant(plant: Path = WORKS) -> Plant:
    """The plant with its connections played from files."""
    made = load(plant)
    played = tuple(
        replace(c, protocol="replay", options=RECORD, writing=False) for c in made.connections
    )
    return replace(made, connections=played)


def twin_of(plant: Plant, files: Sequence[Path], folder: Path) -> Twin:
    """A twin that plays files as fast as it goes; its clock is that of the newest sample."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = read(
        lateness_s=120.0, flush_s=0.001, raw_days=36_500, minute_days=36_500, writes=False
    )
    return Twin(
        plant, settings, ManualClock(datetime(1980, 1, 1, tzinfo=UTC)), folder, data=tuple(files)
    )


def play(twin: Twin, *, until: datetime | None = None) -> float:
    """Turn the cycle until all is played or plant time is at `until`; returns wall seconds."""
    began = time.monotonic()
    twin.open_connections()
    while until is None or twin.now() < until:
        came = twin.step(0.0)
        states = twin.health().values()
        failed = next((h for h in states if h.state == "failed"), None)
        if failed is not None:
            raise AssertionError(failed.text)
        if not came and all(h.state == "finished" and not h.queued for h in states):
            twin.finish()
            break
    return time.monotonic() - began


def findings_of(twin: Twin) -> list[Finding]:
    """Every finding of the run in its newest form, oldest first."""
    made = {f.id: f for f in twin.keeper.all(Finding, limit=100_000)}
    made |= {f.id: f for f in twin.findings_open()}
    return sorted(made.values(), key=lambda f: (f.seen_at, f.id))


def balances(twin: Twin, period: Period) -> list[tuple[Period, BalanceResult]]:
    """Each local day's balance of every node of the flow graph, from what was kept by the minute."""
    plant = twin.plant
    found = []
    for day in days_of(period, plant.zone):
        window = twin.look.window(day)
        amounts: dict[str, float] = {}
        for signal in plant.signals:
            column = window.amount[:, signal.index]
            measured = np.isfinite(column)
            if signal.form in {"counter", "interval", "rate"} and measured.mean() > 0.98:
                amounts[signal.id] = float(column[measured].sum() / measured.mean())
        found += [(day, result) for result in balance(plant, amounts)]
    return found


def figures(twin: Twin, period: Period) -> dict[str, float]:
    """Every measure of the plant over a period by its id."""
    from ecotwin.cycle.asking import Asked

    asked = Asked(twin.plant, twin.store, twin.ledger, period.end)
    return {m.id: m.value for m in asked.accounts(period).measures}


def minutes(twin: Twin, period: Period) -> Floats:
    """Amounts of every signal by the minute, for comparison to the last digit."""
    return twin.look.window(period).amount


def told(finding: Finding) -> dict[str, Any]:
    """A finding in words and numbers that do not depend on the run."""
    return {
        "id": finding.id, "title": finding.title, "kind": finding.kind, "state": finding.state,
        "onset": finding.onset.isoformat(), "seen_at": finding.seen_at.isoformat(),
        "closed_at": finding.closed_at.isoformat() if finding.closed_at else None,
    }  # fmt: skip
