"""One linear map from the last weeks to the whole horizon, on what is left when the usual week is taken off.

Ridge regression in closed form, all steps ahead at once. It is what the linear forecasters of the literature come
down to (DLinear, FITS and RLinear fit the same map by other roads).

Sources: Zeng et al., Are Transformers Effective for Time Series Forecasting? (2023); Xu et al., FITS (2024); Toner and
Darlow, An Analysis of Linear Time Series Forecasting Models (2024), for the closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ecotwin.forecasting.features import Grounds
from ecotwin.forecasting.timeline import Timeline, held
from ecotwin.forecasting.weighed import Weighed
from ecotwin.records import Floats, Ints

LOOK_BACK = 336
"""Slots looked back upon at most."""
RIDGE = 0.05
"""Weight of small coefficients, in examples' own variance."""
MOST_WINDOWS = 12_000


class Linear:
    """The map from the last slots to the next.

    Args:
        name: Its name among others. look_back: Slots looked back upon at most. ridge: As `RIDGE`.
    """

    def __init__(
        self, name: str = "linear", look_back: int = LOOK_BACK, ridge: float = RIDGE
    ) -> None:
        self.name, self.most, self.ridge = name, look_back, ridge
        self._map, self._usual = np.zeros((0, 0)), np.zeros(0)
        self._level, self._spread = 0.0, 1.0

    def fit(self, ground: Grounds, horizon: int) -> None:
        """Learn the usual week and the map."""
        self._map = self._solved(*self._sums(ground.line, horizon))

    def _sums(self, line: Timeline, horizon: int) -> tuple[Floats, Floats]:
        """Mean products of what is seen with itself and with what followed; learns level and usual week too."""
        y = line.target
        self._level = float(np.nanmean(y))
        self._spread = float(np.nanstd(y)) or 1.0
        self._usual = usual_week((y - self._level) / self._spread, line)
        rest = self._rest(line)
        back = int(min(self.most, max(2, (len(y) - horizon) // 3)))
        last = len(y) - back - horizon
        if last < 0:
            return np.eye(back), np.zeros((back, 0))  # no window to learn from: nothing is told
        starts = np.arange(last, -1, -max(1, -(-last // MOST_WINDOWS)))
        told, asked = windows(rest, starts, back), windows(rest, starts + back, horizon)
        good = np.isfinite(windows(y, starts + back, horizon)).all(axis=1)
        if good.sum() < 2:
            return np.eye(back), np.zeros((back, 0))
        told, asked = told[good], asked[good]
        middle = told.mean(axis=1, keepdims=True)
        told, asked = told - middle, asked - middle
        return told.T @ told / len(told), told.T @ asked / len(told)

    def _solved(self, gram: Floats, cross: Floats) -> Floats:
        back = len(gram)
        firm = gram + self.ridge * max(float(np.trace(gram)) / back, 1e-12) * np.eye(back)
        return np.asarray(np.linalg.solve(firm, cross), np.float64)

    def _rest(self, line: Timeline) -> Floats:
        """What is left of the target without its usual week, gaps held at the last value."""
        z = (line.target - self._level) / self._spread - self._week(line, np.arange(len(line)))
        return held(z)

    def _week(self, line: Timeline, slots: Ints) -> Floats:
        if not len(self._usual):
            return np.zeros(len(slots))
        clock = line.clock
        return np.asarray(
            self._usual[clock.weekday(slots) * clock.short + clock.phase(slots)], np.float64
        )

    def points(self, ground: Grounds, origins: Ints, slots: Ints) -> Floats:
        """[n] the map's answer; NaN beyond the horizon learned, and where the past is shorter than the look back."""
        back, horizon = self._map.shape
        rest = self._rest(ground.line)
        each, place = np.unique(origins, return_inverse=True)
        made = np.full(len(slots), np.nan)
        able = each >= back
        if not able.any() or not horizon:
            return made
        seen = windows(rest, each[able] - back, back)
        middle = seen.mean(axis=1, keepdims=True)
        ahead = np.full((len(each), horizon), np.nan)
        ahead[able] = (seen - middle) @ self._map + middle
        lead = slots - origins
        near = lead < horizon
        made[near] = ahead[place[near], lead[near]] + self._week(ground.line, slots[near])
        return made * self._spread + self._level

    def parts(self, ground: Grounds, origin: int, slot: int) -> tuple[float, dict[str, float]]:
        """The usual week, the level of the look back, and its newest day apart from the rest."""
        value = float(self.points(ground, np.array([origin]), np.array([slot]))[0])
        if not np.isfinite(value):
            return self._level, {}
        back = len(self._map)
        seen = windows(self._rest(ground.line), np.array([origin - back]), back)[0]
        weights = self._map[:, slot - origin]
        shares = (seen - seen.mean()) * weights
        newest = max(1, min(ground.line.clock.short or back, back))
        made = {
            "calendar": float(self._week(ground.line, np.array([slot]))[0]) * self._spread,
            "last hours": float(shares[-newest:].sum() + seen.mean()) * self._spread,
            "same time last days": float(shares[:-newest].sum()) * self._spread,
        }
        return self._level, made

    def state(self) -> dict[str, Any]:
        """The map and the usual week."""
        return {
            "map": self._map.tolist(), "usual": self._usual.tolist(),
            "level": self._level, "spread": self._spread,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._map = np.asarray(state["map"], np.float64)
        self._usual = np.asarray(state["usual"], np.float64)
        self._level, self._spread = float(state["level"]), float(state["spread"])


def shared(grounds: Sequence[Grounds], horizon: int) -> list[Linear]:
    """One map learned on several columns of like nature, each with its own level, spread and usual week."""
    made = [Linear(f"linear {place}") for place in range(len(grounds))]
    sums = [one._sums(g.line, horizon) for one, g in zip(made, grounds, strict=True)]
    grams, crosses = np.stack([g for g, _ in sums]), np.stack([c for _, c in sums])
    together = made[0]._solved(grams.sum(axis=0), crosses.sum(axis=0))
    for one in made:
        one._map = together
    return made


def usual_week(values: Floats, line: Timeline) -> Floats:
    """[slots of the long season] mean by weekday and time of day, as far as weekdays differ again and again.

    How the odd weeks depart from the usual day is held against how the even ones do: what the two share is kept.
    """
    clock = line.clock
    if not clock.short:
        return np.zeros(0)
    slots = np.arange(len(line))
    phase, good = clock.phase(slots), np.isfinite(values)
    by_phase = _means(phase[good], values[good], clock.short, 0.0)
    if not clock.long:
        return by_phase
    place = clock.weekday(slots) * clock.short + phase
    size = clock.days * clock.short
    departs = values - by_phase[phase]
    odd = (clock.day(slots) // clock.days) % 2 == 1
    one, two = (_means(place[g], departs[g], size, 1.0) for g in (good & odd, good & ~odd))
    power = float((one**2).sum() + (two**2).sum()) / 2
    alike = max(0.0, float((one * two).sum()) / power) if power > 0 else 0.0
    kept = 2 * alike / (1 + alike)  # the mean of both halves is surer than either
    week = _means(place[good], departs[good], size, 1.0)
    return np.asarray(np.tile(by_phase, clock.days) + kept * week, np.float64)


def _means(place: Ints, values: Floats, size: int, drawn: float) -> Floats:
    """[size] means by place, drawn to zero as by this many values."""
    count = np.bincount(place, minlength=size)
    total = np.bincount(place, weights=values, minlength=size)
    return np.asarray(total / np.maximum(count + drawn, 1.0), np.float64)


def windows(values: Floats, starts: Ints, width: int) -> Floats:
    """[n, width] stretches of a series."""
    seen = np.lib.stride_tricks.sliding_window_view(values, width)
    return np.asarray(seen[starts], np.float64)


def plug() -> Weighed:
    """The map alone; where it cannot say, what was at the same time."""
    return Weighed("linear", (Linear(),))
