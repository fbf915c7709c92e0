"""What a signal does at this time of the day and of the week, or of a period that its own past shows.

A day is cut into phases. Of each phase the values of the last days are kept, and of each phase of the week those of the
last weeks; the median around a phase is what is expected. Where the clock has no days, the period is the strongest
return in the signal's own autocorrelation, and nothing is expected where there is none.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from ecotwin.records import Floats

DAY_S = 86_400.0
PHASES = 288
LEAST_PHASES = 8
DAYS = 14
WEEKS = 4
AROUND = 2
"""Phases before and after that count as the same time."""
LEAST_DAILY, LEAST_WEEKLY = 4, 8
"""Values without which nothing is expected."""
LEAST_RETURN = 0.5
"""Autocorrelation that makes a period."""


def found_period(z: Floats) -> int:
    """Rows after which the signal returns to itself, 0 where it does not.

    >>> found_period(np.sin(np.arange(400) * 2 * np.pi / 40))
    40
    >>> found_period(np.random.default_rng(1).normal(size=400))
    0
    """
    n = len(z)
    if n < 3 * LEAST_PHASES:
        return 0
    moved = z - z.mean()
    power = np.abs(np.fft.rfft(moved, 2 * n)) ** 2
    if power.sum() <= 0.0:
        return 0
    alike = np.fft.irfft(power)[: n // 3 + 1] / np.arange(n, n - n // 3 - 1, -1)
    alike /= alike[0]
    inner = np.flatnonzero((alike[1:-1] >= alike[:-2]) & (alike[1:-1] >= alike[2:])) + 1
    inner = inner[(inner >= LEAST_PHASES) & (alike[inner] >= LEAST_RETURN)]
    if len(inner) == 0 or alike[1 : inner[0]].min() > LEAST_RETURN / 2.0:
        return 0
    near = inner[alike[inner] >= alike[inner].max() - 0.05]
    return int(near[0])


class Season:
    """Expectation by phase.

    Args:
        period: Length of a day [s of the clock, or rows]; 0: nothing is expected. by_row: Rows are the clock.
        phases: Into how many a day is cut. weekly: Whether seven days make a week that is watched too.
    """

    def __init__(self, period: float, phases: int, *, by_row: bool, weekly: bool) -> None:
        self.period, self.phases, self.by_row, self.weekly = period, phases, by_row, weekly
        self._days: list[deque[float]] = [deque(maxlen=DAYS) for _ in range(phases)]
        self._weeks: list[deque[float]] = [
            deque(maxlen=WEEKS) for _ in range(7 * phases if weekly else 0)
        ]
        self._now, self._sum, self._count = -1, 0.0, 0

    @classmethod
    def of(cls, z: Floats, at_s: Floats, *, civil: bool) -> Season:
        """The season of learned rows: the clock's day where there is one, else what is found."""
        step = float(np.median(np.diff(at_s))) if len(at_s) > 1 else 0.0
        if civil and step > 0.0 and LEAST_PHASES <= DAY_S / step <= len(z):
            return cls(DAY_S, min(PHASES, round(DAY_S / step)), by_row=False, weekly=True)
        period = found_period(z)
        return cls(float(period), min(PHASES, period), by_row=True, weekly=False)

    def off(self, z: float, at_s: float, row: int) -> float | None:
        """Distance from what is expected, None where nothing is; then takes the value in."""
        if self.period <= 0.0:
            return None
        clock = float(row) if self.by_row else at_s
        phase = min(int((clock % self.period) / self.period * self.phases), self.phases - 1)
        day = math.floor(clock / self.period) % 7
        place = day * self.phases + phase
        if place != self._now:
            self._close()
            self._now = place
        daily = self._middle(self._days, phase, LEAST_DAILY)
        weekly = self._middle(self._weeks, place, LEAST_WEEKLY) if self.weekly else None
        self._sum += z
        self._count += 1
        apart = [abs(z - middle) for middle in (daily, weekly) if middle is not None]
        return min(apart) if apart else None

    def _close(self) -> None:
        if self._count:
            mean = self._sum / self._count
            self._days[self._now % self.phases].append(mean)
            if self.weekly:
                self._weeks[self._now].append(mean)
        self._sum, self._count = 0.0, 0

    def _middle(self, kept: list[deque[float]], place: int, least: int) -> float | None:
        near: list[float] = []
        for step in range(-AROUND, AROUND + 1):
            near += kept[(place + step) % len(kept)]
        if len(near) < least:
            return None
        near.sort()
        half = len(near) // 2
        return near[half] if len(near) % 2 else (near[half - 1] + near[half]) / 2.0

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "period": self.period, "phases": self.phases, "by_row": self.by_row, "weekly": self.weekly,
            "days": [list(d) for d in self._days], "weeks": [list(w) for w in self._weeks],
            "now": [self._now, self._sum, self._count],
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Season:
        """The season of a saved state."""
        made = cls(state["period"], state["phases"], by_row=state["by_row"], weekly=state["weekly"])
        made._days = [deque(d, maxlen=DAYS) for d in state["days"]]
        made._weeks = [deque(w, maxlen=WEEKS) for w in state["weeks"]]
        made._now, made._sum, made._count = state["now"]
        return made
