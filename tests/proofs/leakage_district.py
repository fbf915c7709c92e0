"""The BattLeDIM district as the proof of leakage reads it: flows, tank, true leaks, and the network's own demands."""

from __future__ import annotations

import csv
import gzip
import math
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np

from ecotwin.records import Floats

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data")) / "battledim"
STEP_S = 300.0
PER_DAY = 288
TANK_DIAMETER_M = 16.0
"""Of tank T1 in L-TOWN.inp."""
INFLOWS = ("p227", "p235")


@dataclass(frozen=True)
class Leak:
    """A true leak: days since the start; `abrupt`: half of its size within a day."""

    pipe: str
    start: float
    end: float
    size_m3h: float
    abrupt: bool


@dataclass(frozen=True)
class District:
    """Whole days. `net_m3h`: inflow - what the tank gains; `true_m3h`: sum of leaks; `pattern`: nominal use."""

    first: date
    inflow_m3h: Floats
    net_m3h: Floats
    level_m: Floats
    true_m3h: Floats
    leaks: tuple[Leak, ...]
    nominal_m3h: Floats

    @property
    def days(self) -> int:
        return len(self.true_m3h) // PER_DAY

    @property
    def free(self) -> list[bool]:
        """Week-ends, and New Year's Day."""
        days = [self.first + timedelta(n) for n in range(self.days)]
        return [d.weekday() >= 5 or (d.month, d.day) == (1, 1) for d in days]

    @property
    def true_daily(self) -> Floats:
        return np.asarray(self.true_m3h.reshape(-1, PER_DAY).mean(axis=1))


def here() -> bool:
    """Whether the data set lies where it is looked for."""
    return (FOLDER / "2019_Flows.csv.gz").exists()


def district() -> District:
    """Read it."""
    at, flows = _table("2019_Flows.csv.gz")
    _, levels = _table("2019_Levels.csv.gz")
    days = len(at) // PER_DAY
    cut = slice(0, days * PER_DAY)
    inflow = sum(flows[name] for name in INFLOWS)[cut]  # type: ignore[index]
    level = levels["T1"][cut]
    gained = np.diff(level, append=level[-1]) * math.pi * (TANK_DIAMETER_M / 2) ** 2
    rows = duckdb.sql(
        f"select * exclude (Timestamp) from '{FOLDER / 'leak_flows_m3h.parquet'}' order by Timestamp"
    ).fetchnumpy()
    each = {k: np.asarray(v, float)[cut] for k, v in rows.items()}
    leaks = tuple(sorted((_leak(k, v) for k, v in each.items() if (v > 0).any()), key=_start))
    true = np.sum(list(each.values()), axis=0)
    nominal = _nominal(days)
    net = inflow - gained * 3600.0 / STEP_S
    return District(at[0].date(), inflow, net, level, true, leaks, nominal)


def _start(leak: Leak) -> float:
    return leak.start


def _leak(pipe: str, flow: Floats) -> Leak:
    on = np.flatnonzero(flow > 0)
    size = float(flow.max())
    soon = float(flow[on[0] : on[0] + PER_DAY].max())
    return Leak(pipe, on[0] / PER_DAY, on[-1] / PER_DAY, size, soon >= 0.5 * size)


def _table(name: str) -> tuple[list[datetime], dict[str, Floats]]:
    with gzip.open(FOLDER / name, "rt") as file:
        head, *rows = list(csv.reader(file, delimiter=";"))
    at = [datetime.fromisoformat(r[0]) for r in rows]
    cells = np.array([[float(c.replace(",", ".")) for c in r[1:]] for r in rows])
    return at, {name: cells[:, n] for n, name in enumerate(head[1:])}


def _nominal(days: int) -> Floats:
    """Use by the network file: base demand x weekly pattern, from its beginning on, repeated."""
    section = ""
    base: dict[str, float] = defaultdict(float)
    patterns: dict[str, list[float]] = defaultdict(list)
    with gzip.open(FOLDER / "L-TOWN.inp.gz", "rt") as file:
        for line in file:
            words = line.split(";")[0].split()
            if line.startswith("["):
                section = line.strip()
            elif section == "[DEMANDS]" and len(words) >= 3:
                base[words[2]] += float(words[1])
            elif section == "[PATTERNS]" and words:
                patterns[words[0]] += [float(w) for w in words[1:]]
    week = 7 * PER_DAY
    used: Floats = np.zeros(week)
    for name, demand in base.items():
        used += demand * np.resize(np.array(patterns[name]), week)
    return np.resize(used, days * PER_DAY)
