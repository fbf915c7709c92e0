"""The Numenta benchmark with one fixed limit: every public file streamed, scored by the three published profiles.

No label is read before the alarms stand. Beside the judge of single signals stand two peers that learn from the same
rows, whose limit is set by the same promise and who are as quiet after an alarm: a z-score, and an isolation forest
over lags (where scikit-learn is installed); and one that looks at nothing: as many alarms as the judge gives, evenly
apart. What the judge would reach with the limit that the labels like best is told apart: it is no result.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_rows, read_times
from ecotwin.detection.nab import (
    PROBATION_MOST,
    PROBATION_SHARE,
    PROFILES,
    raw_score,
    scaled_score,
)
from ecotwin.detection.scoring.streams import (
    ALARM_SHARE,
    QUIET_LEAST,
    QUIET_MOST,
    QUIET_SHARE,
    StreamJudge,
)
from ecotwin.errors import SettingsFault
from ecotwin.records import Bools, Floats, Rows

LAGS = 8
TRIED_LIMITS = tuple(round(0.7 + 0.05 * k, 2) for k in range(27))
"""Limits, as multiples of the fixed one, among which the labels choose the best for comparison."""


@dataclass(frozen=True, slots=True)
class Series:
    """One file: its name, rows, true windows (first and last row) and how many rows are for learning."""

    name: str
    rows: Rows
    windows: tuple[tuple[int, int], ...]
    learn: int


def measure(data: Path) -> dict[str, Any]:
    """Scores of the judge and its peers, whole and by folder, with CPU time a point.

    Args:
        data: Folder of the public sets, with `nab/data` and `nab/labels`.

    Raises:
        SettingsFault: The set is not there.
    """
    files = read_all(data / "nab")
    begun = time.process_time()
    scores = [_scores(s.rows, s.learn) for s in files]
    cpu_s = time.process_time() - begun
    rows = sum(len(s.rows) for s in files)
    alarms = [told >= 1.0 for told in scores]
    given = sum(int(told.sum()) for told in alarms)
    every = max(sum(len(s.rows) - s.learn for s in files) // max(given, 1), 1)
    return {
        "rows": rows, "files": len(files), "windows": sum(len(s.windows) for s in files), "alarm_share": ALARM_SHARE,
        "judge": {**_whole(files, alarms), "cpu_ms_a_point": round(1e3 * cpu_s / rows, 4)},
        "best_limit_by_the_labels": _best(files, scores),
        "peers": {
            "z-score": scored(files, _deviation), **_forest_scored(files),
            f"every {every} rows, without looking": scored(files, lambda r, n: _evenly(r, n, every)),
        },
    }  # fmt: skip


def read_all(folder: Path) -> list[Series]:
    """Every file that has labels, in the order of the labels."""
    labels = folder / "labels" / "combined_windows.json"
    if not labels.is_file():
        raise SettingsFault(
            f"{labels} is not there",
            expected="the Numenta set: nab/data and nab/labels below --data",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    known: Mapping[str, list[list[str]]] = json.loads(labels.read_text())
    found = []
    for name, windows in known.items():
        file = next(
            (p for p in (folder / "data" / name, folder / "data" / f"{name}.gz") if p.is_file()),
            None,
        )
        if file is not None:
            rows = read_rows(file, "timestamp")
            found.append(Series(name, rows, _windows(windows, rows, file), probation(len(rows))))
    if not found:
        raise SettingsFault(
            f"{folder / 'data'} holds none of the labelled files",
            expected="files of the Numenta set",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    return found


def probation(rows: int) -> int:
    """Rows of a file for learning."""
    return int(min(PROBATION_SHARE * rows, PROBATION_SHARE * PROBATION_MOST))


def scored(files: list[Series], alarms_of: Callable[[Rows, int], Bools]) -> dict[str, Any]:
    """What a detector reaches.

    Args:
        files: The set. alarms_of: From rows and how many of them are for learning to alarms [all rows].
    """
    begun = time.process_time()
    alarms = [alarms_of(s.rows, s.learn) for s in files]
    cpu_s = time.process_time() - begun
    rows = sum(len(s.rows) for s in files)
    return {**_whole(files, alarms), "cpu_ms_a_point": round(1e3 * cpu_s / rows, 4)}


def _whole(files: list[Series], alarms: list[Bools]) -> dict[str, Any]:
    by_folder = {}
    for folder in sorted({s.name.split("/")[0] for s in files}):
        part = [(s, a) for s, a in zip(files, alarms, strict=True) if s.name.startswith(folder)]
        by_folder[folder] = _standing([s for s, _ in part], [a for _, a in part])
    return {**_standing(files, alarms), "by_folder": by_folder}


def _best(files: list[Series], scores: list[Floats]) -> dict[str, Any]:
    """The limit among `TRIED_LIMITS` that the standard profile likes best."""
    tried = [(_standing(files, [told >= m for told in scores]), m) for m in TRIED_LIMITS]
    best, times = max(tried, key=lambda one: float(one[0]["standard"] or 0.0))
    return {**best, "times_the_fixed_limit": times}


def _standing(files: list[Series], alarms: list[Bools]) -> dict[str, Any]:
    windows = sum(len(s.windows) for s in files)
    out: dict[str, Any] = {"windows": windows, "hit": 0, "outside": 0}
    for series, told in zip(files, alarms, strict=True):
        inside = np.zeros(len(told), np.bool_)
        for first, last in series.windows:
            inside[first : last + 1] = True
            out["hit"] += bool(told[max(first, series.learn) : last + 1].any())
        out["outside"] += int((told & ~inside)[series.learn :].sum())
    for name, profile in PROFILES.items():
        raw = sum(raw_score(a, s.windows, profile) for s, a in zip(files, alarms, strict=True))
        out[name] = round(scaled_score(raw, windows, profile), 2) if windows else None
    return out


def _windows(told: list[list[str]], rows: Rows, file: Path) -> tuple[tuple[int, int], ...]:
    out = []
    for ends in told:
        first, last = read_times(ends, file)[0].tolist()
        inside = np.flatnonzero((rows.at_s >= first) & (rows.at_s <= last))
        out.append((int(inside[0]), int(inside[-1])))
    return tuple(out)


def _scores(rows: Rows, learn: int) -> Floats:
    """[all rows] scores of the judge; 1 is its limit, and the learned rows have none."""
    judge = StreamJudge()
    judge.learn(rows.part(0, learn))
    told = judge.judge(rows.values[learn:], rows.at_s[learn:])[0]
    return np.concatenate([np.zeros(learn), told])


def _evenly(rows: Rows, learn: int, every: int) -> Bools:
    over = np.zeros(len(rows), np.bool_)
    over[learn + every // 2 :: every] = True
    return over


def _deviation(rows: Rows, learn: int) -> Bools:
    """Beyond as many deviations as a thousandth of normal numbers are."""
    v = rows.values[:, 0]
    mean, deviation = float(np.nanmean(v[:learn])), float(np.nanstd(v[:learn])) or 1e-12
    over = np.abs(v - mean) > 3.29 * deviation
    return _once(over, learn)


def _forest_scored(files: list[Series]) -> dict[str, Any]:
    try:
        import sklearn  # noqa: F401
    except ImportError:
        return {"isolation forest on lags": "not measured: pip install 'ecotwin[ml]'"}
    return {"isolation forest on lags": scored(files, _forest)}


def _forest(rows: Rows, learn: int) -> Bools:
    """Trees over eight lags; the limit leaves out a thousandth of the learned rows."""
    from sklearn.ensemble import IsolationForest

    v = np.nan_to_num(rows.values[:, 0], nan=float(np.nanmean(rows.values[:learn, 0])))
    lagged = np.lib.stride_tricks.sliding_window_view(
        np.concatenate([np.full(LAGS - 1, v[0]), v]), LAGS
    )
    forest = IsolationForest(n_estimators=100, random_state=0, n_jobs=1).fit(lagged[:learn])
    strange = -forest.score_samples(lagged)
    over = strange > np.quantile(strange[:learn], 1.0 - ALARM_SHARE)
    return _once(over, learn)


def _once(over: Bools, learn: int) -> Bools:
    """One alarm an event, as the judge tells them: quiet for a while after each."""
    quiet = int(np.clip(QUIET_SHARE * learn, QUIET_LEAST, QUIET_MOST))
    out, last = np.zeros(len(over), np.bool_), -len(over)
    for row in np.flatnonzero(over):
        if row >= learn and row - last > quiet:
            out[row], last = True, int(row)
    return out
