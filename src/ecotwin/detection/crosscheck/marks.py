"""Marks of single signals that tell a fault of the sensor or made-up data.

Stillness, copies of an earlier stretch, smoothness, and states that contradict flows.
Each is held against what normal rows showed: how long a value stood still, how near to an earlier stretch a stretch
ever came, how smooth it ever was, which states and flows were never seen together. A signal that is recorded in coarser
steps than it was does not stand still: it is held against how long it stayed within one such step.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecotwin.detection.single.patches import Patches
from ecotwin.records import Bools, Floats

STRETCH = 12
"""Rows of a stretch that is looked at for copies and smoothness."""
REACH = 1024
STILL_TIMES, STILL_LEAST = 3.0, 6
"""Still: so many times longer than ever before, and at least so many rows."""
COPY_SHARE = 0.02
"""A copy: nearer to an earlier stretch than this share of the nearest ever seen."""
SMOOTH_SHARE = 0.5
"""Too smooth: bends less than this share of the smoothest stretch ever seen."""
MARK_ROWS_LEAST = 2
"""Signals copied or smooth at once that are odd by themselves."""
STATES_MOST = 3
RULE_LEAST = 30
"""Rows in a state without which nothing is held for impossible in it."""
NOTHING_SHARE = 1e-3
"""Flow below this share of its usual size is none."""
GRAINS = (0.0, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
"""Steps [spreads] in which a signal may be recorded: for each is known how long normal rows stayed within one."""
GRAIN_STEPS = 64
"""Newest steps of a signal, whose smallest is the grain it is recorded in now."""


@dataclass(slots=True)
class Marked:
    """What is odd at a row: signal -> how, by mark. `clash`: (state's place, flow's place)."""

    still: dict[int, float] = field(default_factory=dict)
    copied: dict[int, float] = field(default_factory=dict)
    smooth: dict[int, float] = field(default_factory=dict)
    clash: list[tuple[int, int]] = field(default_factory=list)

    def forget(self, place: int) -> None:
        """Take out what is said of a signal."""
        for marks in (self.still, self.copied, self.smooth):
            marks.pop(place, None)
        self.clash = [pair for pair in self.clash if place not in pair]


def _coarsest(x: Floats) -> float:
    """Largest of the smallest steps of all stretches of steps: the coarsest grain in which [rows] values came."""
    steps = np.abs(np.diff(x[np.isfinite(x)]))
    steps = steps[steps > 0.0]
    if not len(steps):
        return 0.0
    width = min(GRAIN_STEPS, len(steps))
    return float(np.lib.stride_tricks.sliding_window_view(steps, width).min(axis=1).max())


class Marks:
    """Marks of a table's signals.

    Args:
        count: Signals.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.states = np.zeros(count, np.bool_)
        self.longest = np.zeros((len(GRAINS), count))
        self.coarsest = np.zeros(count)
        self.nearest = np.full(count, np.inf)
        self.bent = np.full(count, np.inf)
        self.usual = np.ones(count)
        self.never: list[tuple[int, float, int]] = []
        self._middle, self._spread = np.zeros(count), np.ones(count)
        self._patches = [Patches(STRETCH, REACH) for _ in range(count)]
        self._recent: deque[Floats] = deque(maxlen=STRETCH + 2)
        self._last, self._run = np.full(count, np.nan), np.zeros(count)
        self._steps: list[deque[float]] = [deque(maxlen=GRAIN_STEPS) for _ in range(count)]

    def learn(self, x: Floats) -> None:
        """Learn from [rows, count] normal rows."""
        for place in range(self.count):
            told = np.unique(x[np.isfinite(x[:, place]), place])
            self.states[place] = 0 < len(told) <= STATES_MOST
        self._middle = np.nanmedian(x, axis=0)
        spread = np.nanstd(x, axis=0)
        self._spread = np.where(spread > 0.0, spread, 1.0)
        self.usual = np.maximum(np.nanmax(np.abs(x), axis=0), 1e-300)
        self.never = self._rules(x)
        self.longest = self._runs(x)
        self.coarsest = np.array([_coarsest(x[:, place]) for place in range(self.count)])
        for row in x:
            bends, apart = self._step(row)
            self.bent = np.fmin(self.bent, bends)
            self.nearest = np.fmin(self.nearest, apart)
        for steps in self._steps:
            steps.clear()

    def push(self, x: Floats) -> Marked:
        """What is odd at the next row [count]."""
        bends, apart = self._step(x)
        found = Marked()
        for place in np.flatnonzero(~self.states):
            name = int(place)
            grain = self._coarser(name)
            still = self._run[place] / max(STILL_TIMES * self._usual_run(name, grain), STILL_LEAST)
            if still >= 1.0:
                found.still[name] = float(self._run[place])
            elif self._run[place] < STILL_LEAST:
                # Stretches that differ by less than a step are alike once they are recorded in steps.
                near = max(self.nearest[place] * COPY_SHARE, 1e-6)
                if apart[place] <= near and self.nearest[place] > max(grain, 1e-4):
                    found.copied[name] = float(apart[place])
                if bends[place] < SMOOTH_SHARE * self.bent[place] and self.bent[place] > grain:
                    found.smooth[name] = float(bends[place] / self.bent[place])
        for state, value, flow in self.never:
            flowing = abs(x[flow]) > 0.05 * self.usual[flow]
            if x[state] == value and flowing:
                found.clash.append((state, flow))
        return found

    def _runs(self, x: Floats) -> Floats:
        """[grains, count] rows after the first in which a signal stayed within a grain, at most."""
        room = np.outer(GRAINS, self._spread)
        begun, run = np.full(room.shape, np.nan), np.zeros(room.shape)
        most = np.zeros(room.shape)
        for row in x:
            within = np.abs(row - begun) <= room
            run = np.where(within, run + 1.0, 0.0)
            begun = np.where(within | ~np.isfinite(row), begun, row)
            most = np.maximum(most, run)
        return most

    def _coarser(self, place: int) -> float:
        """Smallest of the newest steps [spreads] where it is larger than it ever was while learning, else 0."""
        steps = self._steps[place]
        grain = min(steps) if len(steps) else 0.0
        return grain / float(self._spread[place]) if grain > 1.5 * self.coarsest[place] else 0.0

    def _usual_run(self, place: int, grain: float) -> float:
        """Rows that a signal stood still at most, if it had been recorded in such steps."""
        level = int(np.searchsorted(GRAINS, grain * (1.0 - 1e-9)))
        return float(self.longest[min(level, len(GRAINS) - 1), place])

    def _rules(self, x: Floats) -> list[tuple[int, float, int]]:
        """(state, its value, flow) for flows that were never there in that state, and often in others."""
        found = []
        for state in np.flatnonzero(self.states):
            for value in np.unique(x[np.isfinite(x[:, state]), state]):
                within = x[:, state] == value
                if within.sum() < RULE_LEAST or (~within).sum() < RULE_LEAST:
                    continue
                for flow in np.flatnonzero(~self.states):
                    size = np.abs(x[:, flow])
                    none = size <= NOTHING_SHARE * self.usual[flow]
                    if none[within].all() and none[~within].mean() < 0.05:
                        found.append((int(state), float(value), int(flow)))
        return found

    def _step(self, x: Floats) -> tuple[Floats, Floats]:
        """[count] how much each signal bends over the stretch, [count] distance to the nearest earlier stretch."""
        same: Bools = x == self._last
        self._run = np.where(same, self._run + 1.0, 0.0)
        step = np.abs(x - self._last)
        for place in np.flatnonzero(step > 0.0).tolist():
            self._steps[place].append(float(step[place]))
        self._last = np.where(np.isfinite(x), x, self._last)
        z = (x - self._middle) / self._spread
        z = np.where(np.isfinite(z), z, 0.0)
        self._recent.append(z)
        bends = np.full(self.count, np.nan)
        if len(self._recent) == STRETCH + 2:
            second = np.diff(np.array(self._recent), n=2, axis=0)
            bends = np.sqrt((second * second).mean(axis=0))
        apart = np.full(self.count, np.nan)
        for place, patches in enumerate(self._patches):
            if not self.states[place]:
                patches.push(float(z[place]))
                told = patches.apart()
                if told is not None:
                    apart[place] = told[0] / math.sqrt(STRETCH)
        return bends, apart

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "count": self.count, "states": self.states.tolist(), "longest": self.longest.tolist(),
            "nearest": self.nearest.tolist(), "bent": self.bent.tolist(), "usual": self.usual.tolist(),
            "never": [list(rule) for rule in self.never], "middle": self._middle.tolist(),
            "spread": self._spread.tolist(), "coarsest": self.coarsest.tolist(),
            "patches": [p.state() for p in self._patches],
            "recent": [z.tolist() for z in self._recent], "last": self._last.tolist(), "run": self._run.tolist(),
            "steps": [list(s) for s in self._steps],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Marks:
        """Marks of a saved state."""
        made = cls(state["count"])
        made.states = np.array(state["states"], np.bool_)
        for name in ("longest", "coarsest", "nearest", "bent", "usual"):
            setattr(made, name, np.array(state[name], np.float64))
        made.never = [(int(a), float(b), int(c)) for a, b, c in state["never"]]
        made._middle, made._spread = np.array(state["middle"]), np.array(state["spread"])
        made._patches = [Patches.restored(p) for p in state["patches"]]
        made._recent = deque((np.array(z) for z in state["recent"]), maxlen=STRETCH + 2)
        made._last, made._run = np.array(state["last"], np.float64), np.array(state["run"])
        made._steps = [deque(s, maxlen=GRAIN_STEPS) for s in state["steps"]]
        return made
