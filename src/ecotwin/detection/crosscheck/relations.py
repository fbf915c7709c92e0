"""How signals of a table go together: distance of a row, of a smoothed row, and what is left of it without one signal.

Rows are joined with the row before, standardised, and smoothed at three speeds; of each speed the covariance is learned
from two thirds of the normal rows (in blocks), and from the other third how large distances are on normal days. The
distance without a signal is that of the remaining signals alone: where it falls back to usual, that signal contradicts
the others, and the others agree.

Sources:
    Hotelling (1931): T2. Dunia and Qin, AIChE Journal 44 (1998) 1813-1831: reconstruction along a fault's direction.
    Alcala and Qin, Automatica 45 (2009) 1593-1600: contributions by reconstruction.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecotwin.detection.crosscheck.calm import Calm
from ecotwin.records import Floats

SPEEDS = (1.0, 0.25, 1.0 / 24.0)
"""Weights of the newest row in the smoothed ones: at once, within hours, within days of hourly rows."""
BLOCKS = 30
RIDGE = 1e-3
"""Added to each variance, as a share of it: relations sharper than this are not relied upon."""
RESTART = 12
"""Rows from which smoothed rows start anew."""
SETTLE = 3.0
"""Smoothed rows count after so many of their own lengths."""


class Relations:
    """Distances of rows from how signals go together.

    Args:
        count: Signals.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.mean, self.spread = np.zeros(count), np.ones(count)
        self.centres = np.zeros((len(SPEEDS), 2 * count))
        self.precisions = np.zeros((len(SPEEDS), 2 * count, 2 * count))
        self.calm = [Calm((), speed) for speed in SPEEDS]
        self.calm_alone = [Calm((), speed) for speed in SPEEDS]
        self._before = np.full(count, np.nan)
        self._smooth = np.zeros((len(SPEEDS), 2 * count))
        self._rows = 0
        self._newest: deque[Floats] = deque(maxlen=RESTART)

    def restart(self) -> None:
        """Let the smoothed rows forget: they start anew from the mean of the newest rows."""
        for k, speed in enumerate(SPEEDS):
            if speed < 1.0:
                self._smooth[k] = np.mean(self._newest, axis=0)

    def learn(self, x: Floats) -> None:
        """Learn from [rows, count] normal rows without gaps in any row.

        A signal that never moved has spread 1 and says nothing.
        """
        self.mean = x.mean(axis=0)
        spread = x.std(axis=0)
        self.spread = np.where(spread > 1e-12 * np.maximum(np.abs(self.mean), 1e-300), spread, 1.0)
        smoothed = np.array([self._push(row) for row in x])
        first = min(math.ceil(SETTLE / SPEEDS[-1]), len(x) // 4)
        block = np.arange(len(x)) * BLOCKS // len(x)
        held = block % 3 == 2
        held[:first] = False
        used = ~held
        used[:first] = False
        for k in range(len(SPEEDS)):
            rows = smoothed[used, k]
            self.centres[k] = rows.mean(axis=0)
            covariance = np.cov(rows.T)
            ridge = RIDGE * np.diag(covariance) + 1e-6 * max(
                float(np.diag(covariance).max()), 1e-12
            )
            self.precisions[k] = np.linalg.inv(covariance + np.diag(ridge))
            whole = [math.log1p(self.distance(k, row)) for row in smoothed[held, k]]
            alone = [math.log1p(float(self.without(k, row).min())) for row in smoothed[held, k]]
            self.calm[k], self.calm_alone[k] = Calm(whole, SPEEDS[k]), Calm(alone, SPEEDS[k])

    def push(self, x: Floats) -> Floats:
        """[speeds, 2 count] smoothed rows after the next row [count]; what is missing is what the others let expect."""
        return self._push(x)

    def _push(self, x: Floats) -> Floats:
        z = (x - self.mean) / self.spread
        gone = np.flatnonzero(~np.isfinite(z))
        z[gone] = 0.0
        joined = np.concatenate([z, z if self._rows == 0 else self._before])
        if len(gone):
            # What the others and the row before let expect adds nothing to any distance.
            precision, off = self.precisions[0], joined - self.centres[0]
            off[gone] = 0.0
            block = precision[np.ix_(gone, gone)]
            if block.any():
                off[gone] = -np.linalg.solve(block, (precision @ off)[gone])
            joined[gone] = off[gone] + self.centres[0][gone]
        self._before = joined[: self.count].copy()
        self._newest.append(joined)
        self._rows += 1
        for k, speed in enumerate(SPEEDS):
            weight = max(speed, 1.0 / self._rows)
            self._smooth[k] += weight * (joined - self._smooth[k])
        return self._smooth.copy()

    def distance(self, speed: int, row: Floats, left: Sequence[int] = ()) -> float:
        """Squared distance of a smoothed row, of all signals but those left out."""
        off, precision = row - self.centres[speed], self.precisions[speed]
        pulled = precision @ off
        return max(float(off @ pulled) - self._share(precision, pulled, left), 0.0)

    def without(self, speed: int, row: Floats, left: Sequence[int] = ()) -> Floats:
        """[count] squared distance of the row without each signal in turn, and without those of `left` anyway."""
        precision = self.precisions[speed]
        off = row - self.centres[speed]
        pulled = precision @ off
        whole = float(off @ pulled)
        out = [whole - self._share(precision, pulled, (*left, s)) for s in range(self.count)]
        return np.maximum(out, 0.0)

    def _share(self, precision: Floats, pulled: Floats, left: Sequence[int]) -> float:
        """What falls away from a squared distance when signals are left out."""
        if not left:
            return 0.0
        gone = sorted(set(left))
        places = np.array([*gone, *(g + self.count for g in gone)])
        part = pulled[places]
        return float(part @ np.linalg.solve(precision[np.ix_(places, places)], part))

    def surprise(self, speed: int, squared: float) -> float:
        """How surprising a squared distance is."""
        return self.calm[speed].surprise(math.log1p(squared))

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "count": self.count, "mean": self.mean.tolist(), "spread": self.spread.tolist(),
            "centres": self.centres.tolist(), "precisions": self.precisions.tolist(),
            "calm": [c.state() for c in self.calm], "alone": [c.state() for c in self.calm_alone],
            "before": self._before.tolist(), "smooth": self._smooth.tolist(), "rows": self._rows,
            "newest": [row.tolist() for row in self._newest],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Relations:
        """Relations of a saved state."""
        made = cls(state["count"])
        made.mean, made.spread = np.array(state["mean"]), np.array(state["spread"])
        made.centres, made.precisions = np.array(state["centres"]), np.array(state["precisions"])
        made.calm = [Calm.restored(c) for c in state["calm"]]
        made.calm_alone = [Calm.restored(c) for c in state["alone"]]
        made._before, made._smooth = np.array(state["before"]), np.array(state["smooth"])
        made._rows = state["rows"]
        made._newest.extend(np.array(row) for row in state["newest"])
        return made
