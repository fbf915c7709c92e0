"""How far the plant's days lie from the model's: what its runs do not spread, learned from held-out days.

The runs spread what is known to be uncertain: parameters, weather, failures, orders. Whether that is all, only the
past can say. For days that the model had not seen, its runs were made from the state at their begin; where the
measured day fell among them, in standard deviations of the runs, is the material. Its mean is a bias, its size says by
how much the runs spread too little or too much. Both are shrunk to "the model is right" while few days are known,
and the interval is one of Student's t, so that few days give wide intervals. From thirty days on, the days' own
quantiles take its place (split conformal), which holds whatever the distribution.

Sources:
    Normal model with unknown mean and variance, conjugate prior: Gelman et al., Bayesian Data Analysis, 3rd ed., 3.3.
    Split conformal prediction with normalised scores: Lei et al., J. Amer. Stat. Assoc. 113 (2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import t as student

from ecotwin.records import Floats, Range
from ecotwin.simulation.compared import Key

_PRIOR_DAYS = 2.0
"""What "the runs spread as the plant does" weighs, in days."""
_PRIOR_BIAS_DAYS = 0.1
_UNTRIED_SHARE = 0.10
"""Error of a day that the model was never tried on, as a share of its figure (stated assumption); fades."""
_FINEST_SHARE = 0.004
"""Runs that spread less than this share of their figure are taken to spread so much: no meter is better."""
_CONFORMAL_DAYS = 30
_ALIKE_H = 1.5
"""Days whose planned work differs by less are alike [h]."""


@dataclass(frozen=True, slots=True)
class Held:
    """A past day, foretold by the model from its begin without having seen it.

    Attributes:
        start: Begin of the day [us UTC]. work_h: Planned hours of work in it. hours: Its length.
        figures: Figure -> (measured, mean of the runs, standard deviation of the runs).
    """

    start: int
    work_h: float
    hours: float
    figures: Mapping[Key, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What held-out days say of one figure: bias and spread in standard deviations of the runs.

    Attributes:
        bias, scale: Location and scale of Student's t. freedom: Its degrees. scores: The days' own, sorted.
    """

    bias: float
    scale: float
    freedom: float
    scores: Floats

    def reach(self, level: float) -> float:
        """Half width of the interval that holds a share of days, in standard deviations of the runs."""
        n = len(self.scores)
        if n >= _CONFORMAL_DAYS and np.ceil((n + 1) * level) <= n:
            away = np.sort(np.abs(self.scores - self.bias))
            return float(away[int(np.ceil((n + 1) * level)) - 1])
        return float(self.scale * student.ppf(0.5 + level / 2.0, self.freedom))


@dataclass(frozen=True)
class Spread:
    """Held-out days, and the intervals they allow.

    Attributes:
        days: In the order of time.
    """

    days: tuple[Held, ...] = ()
    _kept: dict[tuple[Key, float], Fitted] = field(default_factory=dict, repr=False, compare=False)

    def fitted(self, key: Key, work_h: float) -> Fitted:
        """What days with about as much planned work say of a figure."""
        place = (key, round(work_h, 2))
        if place not in self._kept:
            self._kept[place] = _fit(
                [
                    d.figures[key]
                    for d in self.days
                    if key in d.figures and abs(d.work_h - work_h) < _ALIKE_H
                ]
            )
        return self._kept[place]

    def interval(self, key: Key, runs: Floats, work_h: float, level: float) -> Range:
        """The interval that the plant's figure lies in at a stated rate, about its middle.

        Args:
            key: The figure. runs: [runs] of the model. work_h: Planned hours of work in the span.
            level: Stated rate, e.g. 0.9.
        """
        known = self.fitted(key, work_h)
        middle = float(np.mean(runs))
        unit = _unit(middle, float(np.std(runs)))
        if not len(known.scores):
            unit = float(np.hypot(unit, _UNTRIED_SHARE * abs(middle)))
        middle += known.bias * unit
        half = known.reach(level) * unit
        floor = 0.0 if float(np.min(runs)) >= 0.0 else -np.inf
        low, high = max(floor, middle - half), max(floor, middle + half)
        return Range(max(floor, middle), low, high)

    def drawn(self, key: Key, runs: Floats, work_h: float) -> Floats:
        """[runs] The runs moved and spread so that they lie about the plant's figure as past days did."""
        known = self.fitted(key, work_h)
        middle, unit = float(np.mean(runs)), _unit(float(np.mean(runs)), float(np.std(runs)))
        ranks = (np.argsort(np.argsort(runs)) + 0.5) / len(runs)
        moved = middle + unit * (known.bias + known.scale * student.ppf(ranks, known.freedom))
        return np.maximum(moved, 0.0) if float(np.min(runs)) >= 0.0 else moved

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "days": [
                {
                    "start": d.start,
                    "work_h": d.work_h,
                    "hours": d.hours,
                    "figures": [[*k, *v] for k, v in sorted(d.figures.items())],
                }
                for d in self.days
            ]
        }

    @staticmethod
    def of(state: Mapping[str, Any]) -> Spread:
        """From `state`."""
        return Spread(
            tuple(
                Held(
                    int(d["start"]),
                    float(d["work_h"]),
                    float(d["hours"]),
                    {(e, q): (float(a), float(b), float(c)) for e, q, a, b, c in d["figures"]},
                )
                for d in state["days"]
            )
        )


def _unit(mean: float, sd: float) -> float:
    return float(np.hypot(sd, _FINEST_SHARE * abs(mean))) + 1e-9


def _fit(days: Sequence[tuple[float, float, float]]) -> Fitted:
    scores = np.array([(y - m) / _unit(m, sd) for y, m, sd in days])
    n = len(scores)
    bias = float(scores.sum()) / (n + _PRIOR_BIAS_DAYS)
    around = float(((scores - scores.mean()) ** 2).sum()) if n else 0.0
    pulled = float(scores.mean()) ** 2 * n * _PRIOR_BIAS_DAYS / (n + _PRIOR_BIAS_DAYS) if n else 0.0
    freedom = _PRIOR_DAYS + n
    # A model that was tried once may still be wrong by what one that was never tried is; it fades as days come.
    open_ = np.mean([_UNTRIED_SHARE * abs(m) / _unit(m, sd) for _, m, sd in days]) if n else 0.0
    first = 1.0 + (float(open_) / (1.0 + n)) ** 2
    variance = (_PRIOR_DAYS * first + around + pulled) / freedom
    scale = float(np.sqrt(variance * (1.0 + 1.0 / (n + _PRIOR_BIAS_DAYS))))
    return Fitted(bias, scale, freedom, np.sort(scores))
