"""Intervals that hold what they promise, also while the process drifts.

A model says a value and, where it can, a spread; the truth comes later. The scores (truth - value) / spread of the
past say how far off such a model is, so their quantiles, put back around the next value, hold the promised share of
truths without any assumption on the model. Three things keep that so when the process moves: newer scores weigh more
than older ones; a score that has few of its own group (its hour, its step ahead) borrows from all groups; and each
level is corrected by what it missed: a level that held too few truths lately is widened, one that held too many is
narrowed, so that the share held in the long run is the promised one whatever the data do.

Sources: Romano et al., Conformalized Quantile Regression (2019); Gibbs and Candes, Adaptive Conformal Inference Under
Distribution Shift (2021), the correction of levels; Barber et al., Conformal Prediction Beyond Exchangeability (2023),
the weights by age. Made anew, by the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecotwin.errors import SettingsFault
from ecotwin.records import Floats, Ints

WINDOW = 600
"""Newest scores kept of each group."""
HALF_LIFE = 200.0
"""A score this many scores old (of its group) weighs half."""
RATE = 0.01
"""How far one miss moves a level."""
BORROWED = 20.0
"""Scores of all groups together weigh as much as this many of a group's own newest."""


class Adaptive:
    """Quantiles of scores, by group, that follow what they missed.

    A score is (truth - value) / spread: signed, in units of the spread that was told with the value (1 where none was).
    Offsets times spread, added to the value, are the quantiles of the truth.

    Args:
        levels: Quantile levels in rising order, each between 0 and 1.
        groups: How many groups there are (steps ahead, hours, regimes); a score belongs to one.
        window, half_life, rate, borrowed: As the constants of this module.

    >>> band = Adaptive((0.1, 0.5, 0.9))
    >>> band.push(np.arange(-50.0, 51.0))
    >>> [round(float(o)) for o in band.offsets()]
    [-39, 4, 42]
    >>> low, high = band.interval(100.0, spread=2.0)
    >>> low < 100.0 < high
    True
    """

    def __init__(
        self,
        levels: Sequence[float] = (0.1, 0.5, 0.9),
        groups: int = 1,
        *,
        window: int = WINDOW,
        half_life: float = HALF_LIFE,
        rate: float = RATE,
        borrowed: float = BORROWED,
    ) -> None:
        self.levels = np.asarray(levels, np.float64)
        if (
            not len(self.levels)
            or (np.diff(self.levels) <= 0).any()
            or not (self.levels[0] > 0 and self.levels[-1] < 1)
        ):
            raise SettingsFault(
                f"the levels are {tuple(levels)}", expected="rising numbers between 0 and 1"
            )
        if groups < 1 or window < 2 or half_life <= 0 or rate < 0 or borrowed < 0:
            raise SettingsFault(
                f"groups {groups}, window {window}, half life {half_life}, rate {rate}, borrowed {borrowed}",
                expected="at least 1 group, a window of 2, a half life above 0, no rate and no loan below 0",
            )
        self.window, self.half_life, self.rate, self.borrowed = window, half_life, rate, borrowed
        self._scores: list[Floats] = [np.zeros(0) for _ in range(groups + 1)]  # the last: of all
        self._moved = np.zeros((groups + 1, len(self.levels)))
        self._told: dict[int, Floats] = {}

    @property
    def groups(self) -> int:
        """How many groups there are."""
        return len(self._scores) - 1

    def count(self, group: int | None = None) -> int:
        """Scores kept of a group, or of all."""
        return len(self._scores[self.groups if group is None or self.groups == 1 else group])

    def push(
        self, scores: Floats | float, groups: Ints | int = 0, told: Floats | None = None
    ) -> None:
        """Take scores whose truth became known, the oldest first; NaN is passed over.

        Args:
            scores: [n] (truth - value) / spread. groups: [n] or one for all.
            told: [n, levels] offsets that were told with the value. Where the truth comes late these are not the
                offsets of now; without, the offsets of now are taken for them.
        """
        made = np.atleast_1d(np.asarray(scores, np.float64))
        of = np.broadcast_to(np.asarray(groups, np.int64), made.shape)
        if len(of) and not (of.min() >= 0 and of.max() < self.groups):
            raise SettingsFault(
                f"a score of group {int(of.max())}", expected=f"groups 0 to {self.groups - 1}"
            )
        good = np.isfinite(made)
        if not good.any():
            return
        before = None if told is None else np.asarray(told, np.float64)[good]
        made, of = made[good], of[good]
        # With one group, its scores are those of all.
        for group in np.unique(of) if self.groups > 1 else ():
            mine = of == group
            said = self.offsets(int(group)) if before is None else before[mine]
            self._follow(int(group), made[mine], said)
            self._keep(int(group), made[mine])
        said = self.offsets() if before is None else before
        self._follow(self.groups, made, said)
        self._keep(self.groups, made)
        self._told.clear()

    def _follow(self, group: int, scores: Floats, said: Floats) -> None:
        """Move each level by what it missed."""
        if not np.isfinite(said).all():
            return
        held = scores[:, None] <= said
        self._moved[group] += self.rate * (self.levels - held).sum(axis=0)
        # A level moved further than this only makes the way back longer.
        np.clip(self._moved[group], -0.5, 0.5, out=self._moved[group])

    def _keep(self, group: int, scores: Floats) -> None:
        self._scores[group] = np.concatenate([self._scores[group], scores])[-self.window :]

    def offsets(self, group: int | None = None) -> Floats:
        """[levels] quantiles of scores of a group (or of all), never falling; NaN where there are fewer than two."""
        place = self.groups if group is None or self.groups == 1 else group
        if place not in self._told:
            self._told[place] = self._made(place)
        return self._told[place].copy()

    def _made(self, place: int) -> Floats:
        own, every = self._scores[place], self._scores[self.groups]
        if len(every) < 2:
            return np.full(len(self.levels), np.nan)
        weights = 0.5 ** (np.arange(len(own))[::-1] / self.half_life)
        scores = own
        if place != self.groups and self.borrowed > 0:
            lent = 0.5 ** (np.arange(len(every))[::-1] / self.half_life)
            weights = np.concatenate([weights, lent * (self.borrowed / lent.sum())])
            scores = np.concatenate([own, every])
        if len(scores) < 2:
            return np.full(len(self.levels), np.nan)
        # A group's level moves by its own misses as far as it has scores of its own.
        share = len(own) / (len(own) + self.borrowed) if place != self.groups else 1.0
        moved = share * self._moved[place] + (1 - share) * self._moved[self.groups]
        made = weighted_quantiles(scores, weights, self.levels + moved)
        rising: Floats = np.maximum.accumulate(made)
        return rising

    def interval(
        self, value: float, spread: float = 1.0, group: int | None = None
    ) -> tuple[float, float]:
        """Lowest and highest level around a value.

        Raises:
            SettingsFault: The spread is no number above 0.
        """
        if not spread > 0:
            raise SettingsFault(f"the spread is {spread}", expected="a number above 0")
        made = value + spread * self.offsets(group)
        return float(made[0]), float(made[-1])

    def state(self) -> dict[str, Any]:
        """JSON-able state: scores and moves of levels."""
        return {
            "scores": [s.tolist() for s in self._scores],
            "moved": self._moved.tolist(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state of the same levels and groups.

        Raises:
            SettingsFault: It was saved with other levels or groups.
        """
        moved = np.asarray(state["moved"], np.float64)
        if moved.shape != self._moved.shape:
            raise SettingsFault(
                f"a state of {moved.shape[0] - 1} groups and {moved.shape[-1]} levels",
                expected=f"{self.groups} groups and {len(self.levels)} levels",
                remedy="learn anew, or make the band with the settings that it was saved with",
            )
        self._scores = [np.asarray(s, np.float64) for s in state["scores"]]
        self._moved = moved
        self._told.clear()


def weighted_quantiles(scores: Floats, weights: Floats, levels: Floats) -> Floats:
    """[levels] quantiles of weighted scores; a level beyond what the scores can carry reaches past the last of them.

    With n scores of one weight the k-th smallest stands for the level k / (n + 1), so that a new score of the same
    kind lies below it with that probability. Past the ends the range is widened in proportion to the level's excess.

    >>> weighted_quantiles(np.arange(1.0, 10.0), np.ones(9), np.array([0.1, 0.5, 0.9])).tolist()
    [1.0, 5.0, 9.0]
    """
    order = np.argsort(scores, kind="stable")
    ranked, mass = scores[order], weights[order]
    # The mass of the score to come: as heavy as an effective one of the past.
    own = float((mass**2).sum() / mass.sum())
    total = float(mass.sum()) + own
    places = (np.cumsum(mass) - mass / 2 + own / 2) / total
    made = np.interp(levels, places, ranked)
    wide = float(ranked[-1] - ranked[0])
    over = np.clip(levels - places[-1], 0.0, None) - np.clip(places[0] - levels, 0.0, None)
    return np.asarray(made + wide * over, np.float64)
