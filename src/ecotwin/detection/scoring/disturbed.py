"""Normal rows with made disturbances: by these a judge sees, without any label, which scorers would tell something.

What goes wrong in a plant shows in few ways: a level moves or creeps, a signal parts from the others, grows noisy,
stands still or swings. Sizes are a few of each signal's own spreads, at which scorers differ.
"""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats

KINDS = ("moved", "creeping", "parted", "noisy", "still", "swinging")
MOVED, CREEPING, NOISY, SWINGING = 3.0, 5.0, 3.0, 3.0
"""Sizes in spreads of the signal."""
SWING_ROWS = 9.0


def disturbed(values: Floats, spread: Floats, kind: str, signal: int, seed: int) -> Floats:
    """[rows, columns] the rows with one signal disturbed from the first row on."""
    made = values.copy()
    column, size, count = values[:, signal], float(spread[signal]), len(values)
    chance = np.random.default_rng(seed)
    if kind == "moved":
        made[:, signal] = column + MOVED * size
    elif kind == "creeping":
        made[:, signal] = column + CREEPING * size * np.arange(count) / count
    elif kind == "parted":  # it moves as it does, no longer with the others
        made[:, signal] = np.roll(column, count // 2)
    elif kind == "noisy":
        made[:, signal] = column + NOISY * size * chance.normal(size=count)
    elif kind == "still":
        known = column[np.isfinite(column)]
        made[:, signal] = known[0] if len(known) else np.nan
    elif kind == "swinging":
        made[:, signal] = column + SWINGING * size * np.sin(
            2.0 * np.pi * np.arange(count) / SWING_ROWS
        )
    return made
