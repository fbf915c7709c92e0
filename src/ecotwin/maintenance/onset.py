"""At what age failures begin to come: a change of the hazard, its age with an interval, or none.

The hazard is held to be one constant up to an age and another after it. All ages are tried; whether the change is more
than chance, and within which ages it lies, is found by drawing failures anew over the very same hours at risk, so that
hours without a failure (units serviced, sold, still running) count fully.

Sources:
    Likelihood of a changing hazard under censoring: Matthews and Farewell, Biometrics 38, 1982; it has no chi-square
    law, hence the draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.hazard import LEVEL, Spells, _enough
from ecotwin.records import Floats, Range

_GRID, _DRAWS, _CHANCE = 120, 400, 0.05
_EDGE = 0.02
"""Ages before and after which this share of the hours lies are not asked for."""


@dataclass(frozen=True, slots=True)
class Onset:
    """A change of hazard with age.

    Attributes:
        found: Whether it is more than chance. chance: Probability of as much by chance.
        age_h: Age of the change [h] with its interval (`LEVEL`), the most likely one where none is found.
        before, after: Failures per 1,000 running hours on either side. failures: Before and after.
    """

    found: bool
    chance: float
    age_h: Range
    before: float
    after: float
    failures: tuple[int, int]

    def sentence(self) -> str:
        """For a person who knows plants."""
        if not self.found:
            return (
                f"no age is seen at which failures begin: as much of a change comes by chance in {self.chance:.0%} "
                "of cases"
            )
        turn = "begin to come" if self.after > self.before else "become rarer"
        return (
            f"failures {turn} after {self.age_h.value:,.0f} running hours ({self.age_h.low:,.0f} to "
            f"{self.age_h.high:,.0f}): {self.before:.2g} per 1,000 h before, {self.after:.2g} after"
        )


@dataclass(frozen=True, slots=True)
class _Risk:
    """Hours at risk: [ages] grid, [ages] hours spent below each, and the inverse of that."""

    ages: Floats
    below: Floats
    whole: float
    knots: Floats
    spent: Floats

    def drawn(
        self, rng: np.random.Generator, count: int, split: tuple[float, float] | None
    ) -> Floats:
        """[draws, failures] sorted ages of failures spread over the hours at risk.

        Args:
            split: Hours below a change, and the share of failures that come below it; None: no change.
        """
        if split is None:
            spent = rng.uniform(0.0, self.whole, (_DRAWS, count))
        else:
            below, share = split
            early = rng.random((_DRAWS, count)) < share
            early_at = rng.uniform(0.0, below, (_DRAWS, count))
            spent = np.where(early, early_at, rng.uniform(below, self.whole, (_DRAWS, count)))
        return np.sort(np.interp(spent, self.spent, self.knots), axis=1)


def onset(spells: Spells, seed: int = 0) -> Onset:
    """Find the age at which the hazard changes.

    Raises:
        FigureGap: Fewer than five failures.
    """
    _enough(spells)
    risk = _at_risk(spells)
    if len(risk.ages) < 3:
        raise FigureGap(
            "all hours at risk lie at one age", expected="hours at several ages", remedy="wait"
        )
    failed = np.sort(spells.end[spells.failed > 0.0])
    own = _gain(failed[None], risk)[0]
    best = int(np.argmax(own))
    rng = np.random.default_rng(seed)
    chance = float(
        np.mean(_gain(risk.drawn(rng, len(failed), None), risk).max(axis=1) >= own[best])
    )
    early = int((failed <= risk.ages[best]).sum())
    # Half a failure more on either side: none before the change does not prove that none ever comes.
    split = (float(risk.below[best]), (early + 0.5) / (len(failed) + 1.0))
    again = _gain(risk.drawn(rng, len(failed), split), risk)
    # How far the true age falls short of the best one, over histories like this one.
    short = float(np.quantile(again.max(axis=1) - again[:, best], LEVEL))
    inside = np.flatnonzero(own >= own[best] - short)
    low, high = max(0, int(inside[0]) - 1), min(len(own) - 1, int(inside[-1]) + 1)
    late = len(failed) - early
    return Onset(
        found=chance <= _CHANCE,
        chance=chance,
        age_h=Range(float(risk.ages[best]), float(risk.ages[low]), float(risk.ages[high])),
        before=1000.0 * early / float(risk.below[best]),
        after=1000.0 * late / float(risk.whole - risk.below[best]),
        failures=(early, late),
    )


def _at_risk(spells: Spells) -> _Risk:
    knots = np.unique(np.concatenate([spells.begin, spells.end]))
    running = np.array([((spells.begin <= a) & (spells.end > a)).sum() for a in knots[:-1]])
    spent = np.concatenate([[0.0], np.cumsum(running * np.diff(knots))])
    shares = np.linspace(_EDGE, 1.0 - _EDGE, _GRID)
    ages = np.unique(np.interp(shares * spent[-1], spent, knots))
    below = np.interp(ages, knots, spent)
    return _Risk(ages, below, float(spent[-1]), knots, spent)


def _gain(failed: Floats, risk: _Risk) -> Floats:
    """[draws, ages] gain in log likelihood of a change at each age over none."""
    count = failed.shape[1]
    early = np.stack([np.searchsorted(row, risk.ages, side="right") for row in failed]).astype(
        np.float64
    )
    late = count - early
    above = risk.whole - risk.below
    made = _part(early, early / risk.below) + _part(late, late / above)
    return np.asarray(made - count * np.log(count / risk.whole))


def _part(number: Floats, rate: Floats) -> Floats:
    return np.where(number > 0.0, number * np.log(np.where(number > 0.0, rate, 1.0)), 0.0)
