"""Under a like plan: what was at about the same time of day when what is known ahead was as it will be.

A plant that has run for a week has seen one Sunday, and nothing that learns by weekday knows that the next one is like
it. Its plan of work says so at once. Each slot to be told is held against past slots at about the same time of day by
what is known ahead, at the slot and around it; the more alike and the younger, the more a past value counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.mixed import members
from ecotwin.forecasting.weighed import Weighed
from ecotwin.records import Floats, Ints

NEAREST = 0.05
"""Share of past slots within one bandwidth."""
HALF_LIFE_DAYS = 28.0
MOST_DAYS = 120
AROUND = 2
"""Slots to either side that count as about the same time of day."""
PLANNED_SHARE = 0.7
_LEAST_DAYS = 2


class Planned:
    """A mean over past slots, by likeness of the plan.

    Args:
        name: Its name among others. nearest, half_life: As the constants of this module.
    """

    def __init__(
        self, name: str = "planned", *, nearest: float = NEAREST, half_life: float = HALF_LIFE_DAYS
    ) -> None:
        self.name, self.nearest, self.half_life = name, nearest, half_life
        self._level = 0.0

    def fit(self, ground: Grounds, horizon: int) -> None:  # noqa: ARG002 - the shape of a member
        """Only the level is learned; past slots are looked up."""
        self._level = float(np.nanmean(ground.line.target))

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] the weighted mean; NaN where nothing is known ahead, or fewer than two days lie behind."""
        made = np.full(len(slots), np.nan)
        if not ground.known.shape[1]:
            return made
        plan = around(ground.known, max(1, ground.line.clock.short // 24))
        first = np.flatnonzero(np.concatenate([[True], origins[1:] != origins[:-1]]))
        for start, end in zip(first, [*first[1:], len(origins)], strict=True):
            made[start:end] = self._one(ground, plan, int(origins[start]), slots[start:end])
        return made

    def _one(self, ground: Grounds, plan: Floats, origin: int, slots: Ints) -> Floats:
        day = max(ground.line.clock.short, 1)
        skipped = int(slots.max() - origin) // day + 1
        days = np.arange(skipped, MOST_DAYS + skipped)
        days = days[slots.min() - days * day - AROUND >= 0]
        if len(days) < _LEAST_DAYS:
            return np.full(len(slots), np.nan)
        back = (days[:, None] * day + np.arange(-AROUND, AROUND + 1)).ravel()
        then = slots[:, None] - back
        good = (then >= 0) & (then < origin)
        then = np.clip(then, 0, origin - 1)
        value = ground.line.target[then]
        apart = ((plan[then] - plan[slots][:, None, :]) ** 2).sum(axis=2)
        good &= np.isfinite(value) & np.isfinite(apart)
        apart = np.where(good, apart, np.inf)
        order = np.sort(apart, axis=1)
        place = np.maximum((good.sum(axis=1) * self.nearest).astype(int), 1)
        wide = np.take_along_axis(order, place[:, None], axis=1)
        # Where nothing was alike the least unlike is better than nothing, and the weights of the mixture will see it.
        wide = np.maximum(np.where(np.isfinite(wide), wide, 0.0), 1e-6)
        near = np.exp(-(apart - order[:, :1]) / wide)
        weight = np.where(good, near, 0.0) * 0.5 ** (
            np.repeat(days, 2 * AROUND + 1) / self.half_life
        )
        total = weight.sum(axis=1)
        mean = (np.where(good, value, 0.0) * weight).sum(axis=1)
        return np.where(total > 0, mean / np.maximum(total, 1e-300), np.nan)

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """All of it is what was under a like plan."""
        value = float(self.points(ground, np.array([origin]), np.array([slot]))[0])
        return self._level, {"known ahead": value - self._level} if np.isfinite(value) else {}

    def state(self) -> dict[str, Any]:
        """The level."""
        return {"level": self._level}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._level = float(state["level"])


def around(known: Floats, width: int) -> Floats:
    """[slots, 3 x columns] what is known at a slot, and its means over the slots before and after.

    >>> around(np.array([[0.0], [0.0], [2.0], [2.0]]), 2)[1].tolist()
    [0.0, 0.0, 2.0]
    """
    padded = np.pad(known, ((width, width), (0, 0)), mode="edge")
    total = np.cumsum(np.concatenate([np.zeros((1, known.shape[1])), padded]), axis=0)
    means = (total[width:] - total[:-width]) / width
    return np.concatenate([known, means[: len(known)], means[width + 1 :][: len(known)]], axis=1)


def plug() -> Weighed:
    """The mixture, with what was under a like plan."""
    ways, trust = members()
    kept = [(1 - PLANNED_SHARE) * share for share in trust]
    return Weighed("planned", (*ways, Planned()), [*kept, PLANNED_SHARE])
