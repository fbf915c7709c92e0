"""As it was at the same time: a day ago, a week ago, on the last days alike, and as it was just now.

The simplest forecasts there are, and hard to beat where a plant keeps its hours. The others must prove themselves
against them, and they take over when a regime begins that nothing was learned of: a stop shows in them a day later.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.errors import SettingsFault
from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.weighed import Weighed
from ecotwin.records import Floats, Ints

WAYS = {
    "a day ago": ("same time 1 days ago", "same time last days"),
    "a week ago": ("same time 1 weeks ago", "same time last weeks"),
    "days alike": ("days alike", "same time last days"),
    "weeks alike": ("weeks alike", "same time last weeks"),
    "just now": ("1 back", "last hours"),
}
"""Way -> the feature that it repeats, and that feature's group."""


class Repeated:
    """One of `WAYS`.

    Args:
        name: Which.
    """

    def __init__(self, name: str) -> None:
        if name not in WAYS:
            raise SettingsFault(f"no way {name!r}", expected=f"one of {', '.join(WAYS)}")
        self.name = name
        self._mean = 0.0

    def fit(self, ground: Grounds, horizon: int) -> None:  # noqa: ARG002 - the shape of a member
        """Only the mean is learned, for where nothing can be repeated."""
        self._mean = float(np.nanmean(ground.line.target))

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] the value repeated; NaN where the season or the past has none."""
        table, names, _ = ground.table(origins, slots)
        feature = WAYS[self.name][0]
        if feature not in names:
            return np.full(len(slots), np.nan)
        return np.asarray(table[:, names.index(feature)], np.float64)

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """All of it is the value repeated."""
        value = float(self.points(ground, np.array([origin]), np.array([slot]))[0])
        added = value - self._mean if np.isfinite(value) else 0.0
        return self._mean, {WAYS[self.name][1]: added}

    def state(self) -> dict[str, Any]:
        """The mean."""
        return {"mean": self._mean}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._mean = float(state["mean"])


def plug() -> Weighed:
    """All ways of repeating, weighed."""
    return Weighed("seasonal", tuple(Repeated(way) for way in WAYS))
