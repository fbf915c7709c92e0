"""Days that began alike: what followed on the past days whose run-up was most like the present one.

Each past day is held against now by the last season before the origin, and by how its day of the week usually runs
beside how the day to be told usually runs. The nearer it lies and the younger it is, the more its continuation counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.linear import usual_week
from ecotwin.forecasting.timeline import Timeline, held
from ecotwin.forecasting.weighed import Weighed
from ecotwin.records import Floats, Ints

NEAREST = 0.04
"""Share of past days within one bandwidth."""
HALF_LIFE_DAYS = 120.0
MOST_DAYS = 400


class Similar:
    """A mean over past days, by likeness.

    Args:
        name: Its name among others. level: Each day is taken from its own run-up's mean, and put on the present one.
        nearest, half_life: As the constants of this module.
    """

    def __init__(
        self,
        name: str = "days",
        *,
        level: bool = False,
        nearest: float = NEAREST,
        half_life: float = HALF_LIFE_DAYS,
    ) -> None:
        self.level, self.name, self.nearest, self.half_life = level, name, nearest, half_life
        self._usual = np.zeros(0)

    def fit(self, ground: Grounds, horizon: int) -> None:  # noqa: ARG002 - the shape of a member
        """Only the usual week is learned; the days themselves are looked up."""
        self._usual = usual_week(ground.line.target, ground.line)

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] the weighted mean; NaN where there is no season, or no ten of them."""
        made = np.full(len(slots), np.nan)
        line = ground.line
        if line.clock.short < 2:
            return made
        y = held(line.target)
        first = np.flatnonzero(np.concatenate([[True], origins[1:] != origins[:-1]]))
        for start, end in zip(first, [*first[1:], len(origins)], strict=True):
            made[start:end] = self._one(line, y, int(origins[start]), slots[start:end])
        return made

    def _one(self, line: Timeline, y: Floats, origin: int, slots: Ints) -> Floats:
        short = line.clock.short
        skipped = int(slots.max() - origin) // short + 1
        days = np.arange(skipped, min(MOST_DAYS, (origin - short) // short) + 1)
        if len(days) < 10:
            return np.full(len(slots), np.nan)
        run_up = np.lib.stride_tricks.sliding_window_view(y[:origin], short)
        then, now = run_up[origin - short - days * short], run_up[origin - short]
        raised = now.mean() - then.mean(axis=1) if self.level else np.zeros(len(days))
        apart = ((then + raised[:, None] - now) ** 2).mean(axis=1)
        weights = np.empty((len(slots), len(days)))
        fresh = 0.5 ** (days / self.half_life)
        target_days = line.clock.weekday(slots)
        for weekday in np.unique(target_days):
            mine = target_days == weekday
            distance = apart + self._unlike(line, int(weekday), days)
            wide = float(np.quantile(distance, self.nearest))
            weights[mine] = np.exp(-distance / max(wide, 1e-12)) * fresh
        values = y[slots[:, None] - days[None, :] * short] + raised
        total = weights.sum(axis=1)
        return np.asarray((values * weights).sum(axis=1) / np.maximum(total, 1e-300), np.float64)

    def _unlike(self, line: Timeline, weekday: int, days: Ints) -> Floats:
        """[days] how unlike the weekday those days back usually is."""
        clock = line.clock
        if not clock.long:
            return np.zeros(len(days))
        weeks = self._usual.reshape(clock.days, clock.short)
        apart = ((weeks - weeks[weekday]) ** 2).mean(axis=1)
        return np.asarray(apart[(weekday - days) % clock.days], np.float64)

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """The usual value at that time of the week, and what the days alike add."""
        value = float(self.points(ground, np.array([origin]), np.array([slot]))[0])
        base = float(np.mean(self._usual)) if len(self._usual) else 0.0
        if not np.isfinite(value):
            return base, {}
        clock = ground.line.clock
        at = np.array([slot])
        place = (clock.weekday(at) * clock.short + clock.phase(at))[0]
        usual = float(self._usual[place % len(self._usual)])
        return base, {"calendar": usual - base, "same time last days": value - usual}

    def state(self) -> dict[str, Any]:
        """The usual week."""
        return {"usual": self._usual.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._usual = np.asarray(state["usual"], np.float64)


def plug() -> Weighed:
    """Days alike alone."""
    return Weighed("similar_days", (Similar(level=True),))
