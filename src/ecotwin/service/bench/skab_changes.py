"""Change points of SKAB: shifts of any of its eight signals, in the minute after each true one.

Scored on two scales: that of the Numenta benchmark, and that of the set itself, whose worth falls from a hit's to a
false alarm's over the window, and whose false alarms all cost the same. Beside it stands a teller that looks at
nothing: once a minute. Windows of a minute are so long here that it does well, which is told.

Sources: Katser and Kozitsin, Skoltech Anomaly Benchmark (2020), core/metrics.py @f3d94c4 (formula of the scale).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.connectors.measured import read_rows
from ecotwin.detection.changes import SHIFT, Changes
from ecotwin.detection.nab import PROFILES, Profile, position_worth, scaled_score
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
    judge, blind = _Tally(), _Tally()
    for file in files:
        rows = read_rows(file, "datetime", leave=LABELS)
        marks = read_rows(file, "datetime", ("changepoint",)).values[LEARN:, 0] > 0
        at = rows.at_s[LEARN:]
        windows = _windows(marks, at)
        judge.add(told(rows), windows)
        blind.add(np.diff(np.floor((at - at[0]) / WINDOW_S), prepend=-1.0) > 0.0, windows)
    return {
        "files": len(files), "rows": judge.rows, **judge.told(), "learned_rows": LEARN, "alarm_share": ALARM_SHARE,
        "once_a_minute_without_looking": blind.told(),
    }  # fmt: skip


class _Tally:
    """Alarms of several files, scored on both scales."""

    def __init__(self) -> None:
        self.rows = self.points = self.hit = self.outside = 0
        self.raw = {(scale, name): 0.0 for scale in SCALES for name in PROFILES}

    def add(self, alarms: Bools, windows: list[tuple[int, int]]) -> None:
        inside = np.zeros(len(alarms), np.bool_)
        for first, last in windows:
            inside[first : last + 1] = True
            self.hit += bool(alarms[first : last + 1].any())
        self.rows, self.points = self.rows + len(alarms), self.points + len(windows)
        self.outside += int((alarms & ~inside).sum())
        for scale, worth in SCALES.items():
            for name, profile in PROFILES.items():
                self.raw[scale, name] += worth(alarms, windows, profile)

    def told(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "change_points": self.points, "hit": self.hit, "outside": self.outside,
        }  # fmt: skip
        for (scale, name), raw in self.raw.items():
            out.setdefault(scale, {})[name] = round(
                scaled_score(raw, self.points, PROFILES[name]), 2
            )
        return out


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


def own_worth(alarms: Bools, windows: list[tuple[int, int]], profile: Profile) -> float:
    """The raw score of the set itself.

    >>> told = np.zeros(9, np.bool_)
    >>> told[[2, 8]] = True
    >>> round(own_worth(told, [(2, 6)], PROFILES["standard"]), 2)
    0.89
    """
    score, inside_any = 0.0, np.zeros(len(alarms), np.bool_)
    low = -profile.false_alarm
    for first, last in windows:
        inside = np.flatnonzero(alarms[first : last + 1])
        inside_any[first : last + 1] = True
        if not len(inside):
            score -= profile.miss
            continue
        turn = np.pi * (float(inside[0]) / max(last - first, 1) - 0.5)
        fall = -np.tanh(turn) / np.tanh(np.pi / 2.0)
        score += float((profile.hit - low) / 2.0 * (fall + 1.0) + low)
    return score - profile.false_alarm * float((alarms & ~inside_any).sum())


SCALES = {"numenta_scale": _worth, "own_scale": own_worth}
