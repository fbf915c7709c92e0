"""Cases of one seed held against "do nothing", run by run, and which of them nothing else beats.

Run number n of every case meets the same chance, so the difference of the two is free of what both share. Its quantiles
over the runs say what one such span may bring; its mean, and the standard error of that, what it brings on average.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats
from ecotwin.simulation.outcome import kinds

LEVELS = (0.5, 0.8, 0.95)
SURE = 0.95
"""From this probability on a scenario is called better, below its complement worse."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Spread:
    """A value over the runs.

    Attributes:
        mean: Over the runs. intervals: Level -> (low, high), between which that share of the runs lies.
        mean_sd: Standard error of the mean.
    """

    mean: float
    mean_sd: float
    intervals: Mapping[float, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of a scenario against "do nothing".

    Attributes:
        value: Of the scenario. base: Of "do nothing". difference: Scenario - base, paired.
        share: Mean difference as a share of the base's mean; None when that is zero.
        better: Probability that the scenario is better in a run; None when neither direction is better.
        verdict: `better`, `worse`, `unsure`, `same` or `other` (changed, and neither direction is better).
    """

    figure: str
    value: Spread
    base: Spread
    difference: Spread
    share: float | None
    better: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Point:
    """Where a case stands among the others.

    Attributes:
        objectives: Objective -> mean. on_front: Nothing else is as good in all and better in one.
        front_share: Share of the runs in which nothing beats it. beaten_by: Numbers of cases that do.
        feasible: No limit is broken and nothing is impossible.
    """

    objectives: Mapping[str, float]
    on_front: bool
    front_share: float
    beaten_by: tuple[int, ...]
    feasible: bool


def spread(values: Floats) -> Spread:
    """Mean and intervals over the runs.

    >>> spread(np.array([1.0, 2.0, 3.0])).intervals[0.5]
    (1.5, 2.5)
    """
    n = len(values)
    error = float(values.std(ddof=1) / math.sqrt(n)) if n > 1 else float("nan")
    edges = {
        level: tuple(float(q) for q in np.quantile(values, (0.5 - level / 2, 0.5 + level / 2)))
        for level in LEVELS
    }
    return Spread(float(values.mean()), error, {k: (v[0], v[1]) for k, v in edges.items()})


def difference(figure: str, values: Floats, base: Floats) -> Difference:
    """A figure of a scenario against that of "do nothing", run by run.

    Raises:
        ScenarioFault: They do not have the same runs, or a value is no number.
    """
    if values.shape != base.shape:
        raise ScenarioFault(
            f"{figure} has {len(values)} runs with the scenario and {len(base)} without",
            expected="the same runs in both: the difference is taken run by run",
            remedy="run both with one seed and one number of runs",
        )
    if not (np.isfinite(values).all() and np.isfinite(base).all()):
        raise ScenarioFault(
            f"{figure} is no number in some runs",
            expected="finite figures",
            remedy="look for a parameter of the plant file or the scenario that is out of all bounds",
        )
    d = values - base
    tiny = _SAME * max(1e-12, float(np.abs(base).mean()), float(np.abs(values).mean()))
    kind = kinds()[figure]
    sign = {"low": -1.0, "high": 1.0}.get(kind.better, 0.0)
    same = bool((np.abs(d) <= tiny).all())
    better = None
    verdict = "same" if same else "other"
    if sign:
        good, even = (sign * d > tiny).mean(), (np.abs(d) <= tiny).mean()
        better = float(good + 0.5 * even)
        if not same:
            verdict = "better" if better >= SURE else "worse" if better <= 1.0 - SURE else "unsure"
    mean = float(base.mean())
    share = None if abs(mean) <= 1e-12 else float(d.mean()) / abs(mean)
    return Difference(figure, spread(values), spread(base), spread(d), share, better, verdict)


def objectives(rows: Sequence[Mapping[str, Floats]]) -> list[str]:
    """Figures that the front is made over: those that have an objective and that every case has."""
    known = kinds()
    return [f for f in known if known[f].objective and all(f in row for row in rows)]


def front(
    rows: Sequence[Mapping[str, Floats]],
    feasible: Sequence[bool],
    chosen: Sequence[str] | None = None,
) -> list[Point]:
    """Which cases nothing beats.

    Args:
        rows: Figures of each case [runs]. feasible: Cases that may be chosen at all; others neither stand on the
            front nor beat anything. chosen: Figures to weigh; None: `objectives`.
    """
    names = list(objectives(rows) if chosen is None else chosen)
    known = kinds()
    sign = np.array([-1.0 if known[n].better == "high" else 1.0 for n in names])
    table = np.array([[row[n] for n in names] for row in rows]) * sign[None, :, None]
    means = table.mean(axis=2)
    scale = np.maximum(np.abs(means).max(axis=0), 1e-12) if names else np.zeros(0)
    points = []
    for i, row in enumerate(rows):
        beaten = [
            j
            for j in range(len(rows))
            if j != i and feasible[j] and names and _beats(means[j], means[i], scale)
        ]
        share = _front_share(table, i, feasible, scale) if names and feasible[i] else 0.0
        points.append(
            Point(
                {n: float(row[n].mean()) for n in names},
                bool(feasible[i] and not beaten and names),
                share,
                tuple(beaten),
                feasible[i],
            )
        )
    return points


def _beats(a: Floats, b: Floats, scale: Floats) -> bool:
    """Whether a is as good as b in all and better in one (less is better)."""
    slack = _SAME * scale
    return bool((a <= b + slack).all() and (a < b - slack).any())


def _front_share(table: Floats, i: int, feasible: Sequence[bool], scale: Floats) -> float:
    slack = (_SAME * scale)[:, None]
    beaten = np.zeros(table.shape[2], np.bool_)
    for j in range(len(table)):
        if j != i and feasible[j]:
            beaten |= (table[j] <= table[i] + slack).all(axis=0) & (
                table[j] < table[i] - slack
            ).any(axis=0)
    return float(1.0 - beaten.mean())
