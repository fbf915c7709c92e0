"""Worth of anomaly alarms by the Numenta benchmark: early ones inside a window count most, others cost.

Sources: Lavin and Ahmad, Evaluating real-time anomaly detection algorithms, ICMLA 2015;
    NAB config/profiles.json @ea702d7 (weights).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.records import Bools

PROBATION_SHARE = 0.15
PROBATION_MOST = 5000
"""The first share of a file, of so many rows at most, is for learning and is not judged."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What each outcome is worth: a window hit, a false alarm, a window missed."""

    hit: float
    false_alarm: float
    miss: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward_low_FP": Profile(1.0, 0.22, 1.0),
    "reward_low_FN": Profile(1.0, 0.11, 2.0),
}


def position_worth(position: float) -> float:
    """Worth of an alarm by its place: 1 towards the window's start (-1), 0 at its end (0), -1 far behind it.

    >>> round(position_worth(-1.0), 4), position_worth(0.0), position_worth(4.0)
    (0.9866, 0.0, -1.0)
    """
    return -1.0 if position > 3.0 else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def raw_score(alarms: Bools, windows: Sequence[tuple[int, int]], profile: Profile) -> float:
    """Score of one file before it is scaled.

    Args:
        alarms: [rows] True where an alarm was raised.
        windows: First and last row of each true anomaly, in order, none overlapping.
        profile: Weights.

    Raises:
        ValueError: The windows overlap, are out of order or out of the file.
    """
    edges = [row for window in windows for row in window]
    if edges != sorted(edges) or any(b < a for a, b in windows) or not _inside(edges, len(alarms)):
        raise ValueError(f"{windows} are no windows in order within {len(alarms)} rows")
    probation = int(min(PROBATION_SHARE * len(alarms), PROBATION_SHARE * PROBATION_MOST))
    rows = np.flatnonzero(alarms)
    rows = rows[rows >= probation]
    full, score, judged = position_worth(-1.0), 0.0, np.zeros(len(rows), np.bool_)
    for left, right in windows:
        inside = (rows >= left) & (rows <= right)
        judged |= inside
        if inside.any():
            first = int(rows[inside][0])
            score += profile.hit * position_worth(-(right - first + 1) / (right - left + 1)) / full
        elif right >= probation:
            score -= profile.miss
    for row in rows[~judged]:
        before = [(a, b) for a, b in windows if b < row]
        worth = -1.0
        if before:
            left, right = before[-1]
            worth = position_worth((row - right) / max(right - left, 1))
        score += profile.false_alarm * worth
    return score


def scaled_score(raw: float, windows: int, profile: Profile) -> float:
    """Score over files as published: 0 for raising no alarm, 100 for every window at its first row.

    >>> scaled_score(3.0, 3, PROFILES["standard"]), scaled_score(-3.0, 3, PROFILES["standard"])
    (100.0, 0.0)
    """
    nothing, perfect = -profile.miss * windows, profile.hit * windows
    return 100.0 * (raw - nothing) / (perfect - nothing)


def _inside(edges: Sequence[int], rows: int) -> bool:
    return not edges or (edges[0] >= 0 and edges[-1] < rows)
