"""The promise of a judge tried inside its own training part: learned from one half, how much of the other is told.

A share of false alarms holds for rows that are like those learned from. Whether this process stays like itself cannot
be known beforehand, but where its own halves differ, it will hardly be kept later. What is told here is no label and
no later row: it is the training part against itself, forward and backward in time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.detection.scoring.combined import Combined
from ecotwin.errors import FigureGap
from ecotwin.records import Rows

LEAST_TRIED = 240
"""Rows without which halves say more of their shortness than of the process."""
MUCH = 5.0
"""Times the promised share from which the halves are told as unlike."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Share of the second half told by a judge of the first (forward), and the other way round (backward)."""

    forward: float
    backward: float

    @property
    def worst(self) -> float:
        """The larger one."""
        return max(self.forward, self.backward)


def tried_in_training(rows: Rows, judge: Combined) -> Tried | None:
    """The promise tried on the training rows with the scorers that a judge took; None: too few rows to say.

    Args:
        rows: The training part. judge: What learned from it; it is left as it is.
    """
    half = len(rows) // 2
    if len(rows) < LEAST_TRIED:
        return None
    told = []
    for teach, rest in (
        (rows.part(0, half), rows.part(half, len(rows))),
        (rows.part(half, len(rows)), rows.part(0, half)),
    ):
        other = Combined(judge.alarm_share, judge.taken)
        try:
            other.learn(teach)
        except FigureGap:
            return None
        score, over, _ = other.judge(rest.values, rest.at_s)
        known = np.isfinite(score)
        told.append(float(over[known].mean()) if known.any() else 0.0)
    return Tried(told[0], told[1])
