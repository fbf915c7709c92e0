"""Change points of SKAB: shifts of any of its eight signals, scored as the set does (Numenta's scale, 60 s windows)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_rows
from ecotwin.detection.changes import SHIFT, Changes
from ecotwin.detection.nab import PROFILES, Profile, position_worth
from ecotwin.errors import FigureGap, SettingsFault
from ecotwin.records import Bools, Rows

LEARN = 400
WINDOW_S = 60.0
ALARM_SHARE = 0.001
LABELS = ("anomaly", "changepoint")


def measure(data: Path) -> dict[str, Any]:
    """Scores by profile over every file with labels; what lies in the learned rows is not judged."""
    files = sorted(p for p in (data / "skab").rglob("*.csv*") if "free" not in p.name)
    if not files:
        raise SettingsFault(
            f"{data / 'skab'} holds no files",
            expected="the SKAB set below --data",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    totals = dict.fromkeys(PROFILES, 0.0)
    counts = {"files": 0, "change_points": 0, "hit": 0, "outside": 0}
    for file in files:
        rows = read_rows(file, "datetime", leave=LABELS)
        marks = read_rows(file, "datetime", ("changepoint",)).values[LEARN:, 0] > 0
        alarms, at = told(rows), rows.at_s[LEARN:]
        windows = _windows(marks, at)
        counts["files"] += 1
        counts["change_points"] += len(windows)
        inside = np.zeros(len(at), np.bool_)
        for first, last in windows:
            inside[first : last + 1] = True
            counts["hit"] += bool(alarms[first : last + 1].any())
        counts["outside"] += int((alarms & ~inside).sum())
        for name, profile in PROFILES.items():
            totals[name] += _worth(alarms, windows, profile)
    points = counts["change_points"]
    scaled = {}
    for name, profile in PROFILES.items():
        nothing, perfect = -profile.miss * points, profile.hit * points
        scaled[name] = round(100.0 * (totals[name] - nothing) / (perfect - nothing), 2)
    return {**counts, **scaled, "learned_rows": LEARN, "alarm_share": ALARM_SHARE}


def told(rows: Rows) -> Bools:
    """[rows after learning] where a shift of any signal is told; one event within a window is told once."""
    alarms = np.zeros(len(rows) - LEARN, np.bool_)
    for place in range(len(rows.columns)):
        changes = Changes(ALARM_SHARE / len(rows.columns))
        try:
            changes.learn(rows.values[:LEARN, place])
        except FigureGap:
            continue
        for change in changes.judge(rows.values[LEARN:, place]):
            if change.kind == SHIFT:
                alarms[change.seen - 1] = True
    last = -np.inf
    for row in np.flatnonzero(alarms):
        at = rows.at_s[LEARN + row]
        alarms[row] = at - last > WINDOW_S
        last = at if alarms[row] else last
    return alarms


def _windows(marks: Bools, at_s: Any) -> list[tuple[int, int]]:
    """First and last row of the minute after each change point, ended by the next one."""
    begins = np.flatnonzero(marks)
    out = []
    for number, first in enumerate(begins):
        last = int(np.searchsorted(at_s, at_s[first] + WINDOW_S, "right")) - 1
        if number + 1 < len(begins):
            last = min(last, int(begins[number + 1]) - 1)
        out.append((int(first), last))
    return out


def _worth(alarms: Bools, windows: list[tuple[int, int]], profile: Profile) -> float:
    """Numenta's raw score without probation: the learned rows are off already."""
    score, judged, full = 0.0, np.zeros(len(alarms), np.bool_), position_worth(-1.0)
    for first, last in windows:
        inside = np.flatnonzero(alarms[first : last + 1])
        judged[first : last + 1] = True
        if len(inside):
            place = -(last - first - int(inside[0]) + 1) / (last - first + 1)
            score += profile.hit * position_worth(place) / full
        else:
            score -= profile.miss
    for row in np.flatnonzero(alarms & ~judged):
        before = [w for w in windows if w[1] < row]
        worth = -1.0
        if before:
            worth = position_worth((row - before[-1][1]) / max(before[-1][1] - before[-1][0], 1))
        score += profile.false_alarm * worth
    return score
