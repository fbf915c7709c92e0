"""From records to the features of a unit's course, learned on followed units: regimes, wear index, features.

A wear index is a regression of the life left on the signals of single records, smoothed afterwards: the one direction
in which all signals move as a unit wears. It is learned fold by fold, so that of a followed unit it is always told by
a regression that has not seen that unit; of another unit it is the mean of the folds'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.features import Windows, faded, filled, shapes
from ecotwin.maintenance.fleet import Fleet
from ecotwin.maintenance.regimes import UNSEEN, Regimes, learn_regimes
from ecotwin.maintenance.regressors import Regression, draw, liken
from ecotwin.records import Floats, Ints

HALVES = (0.015, 0.04, 0.1)
"""Half-lives of an index's smoothing, as shares of the median life."""
_DIGITS = 6
Learner = Callable[[Floats, Floats, int], Regression]


@dataclass(frozen=True)
class Folds:
    """Regressions each learned without a fold of the followed units, for several ways of folding.

    Attributes:
        models: [ways][folds]. fold: [ways, units] fold of each followed unit.
    """

    models: tuple[tuple[Regression, ...], ...]
    fold: Ints

    @staticmethod
    def learn(
        learner: Learner,
        rows: Floats,
        target: Floats,
        owner: Ints,
        fold: Ints,
        use: Ints,
        seed: int,
    ) -> Folds:
        """Learn from the rows `use`.

        Args:
            owner: [rows] unit of each row. fold: [ways, units]. use: [ways, rows used].
        """
        models = []
        for way, (own, taken) in enumerate(zip(fold, use, strict=True)):
            mine = own[owner[taken]]
            models.append(
                tuple(
                    learner(rows[taken[mine != k]], target[taken[mine != k]], seed + 100 * way + k)
                    for k in range(int(own.max()) + 1)
                )
            )
        return Folds(tuple(models), fold)

    def tell(self, rows: Floats, owner: Ints | None = None) -> Floats:
        """[rows] told: of followed units (`owner`) by regressions that have not seen them, of others by the mean."""
        if owner is None:
            return np.asarray(np.mean([m.tell(rows) for way in self.models for m in way], axis=0))
        out = np.zeros(len(rows))
        for own, way in zip(self.fold, self.models, strict=True):
            for k, model in enumerate(way):
                mine = own[owner] == k
                out[mine] += model.tell(rows[mine])
        return out / len(self.models)


@dataclass(frozen=True)
class Course:
    """What was learned of how courses look.

    Attributes:
        columns: Signals, by name. regimes: Of operation. order: [signals] places among the usable ones, most telling
            first. sign: [signals] so that each falls with life. windows: Lengths [rows]. halves: [rows].
        wear: Index of single records. gist: Index of their courses.
        low, high: [signals] what the followed units' short means reached. fresh: [signals] mean over the first tenth
            of their lives.
    """

    columns: tuple[str, ...]
    regimes: Regimes
    order: Ints
    sign: Floats
    windows: Windows
    halves: tuple[float, ...]
    low: Floats
    high: Floats
    fresh: Floats
    wear: Folds
    gist: Folds

    def name(self, signal: int) -> str:
        """Column of a signal by its place in the features."""
        return self.columns[int(self.regimes.usable[self.order[signal]])]


@dataclass(frozen=True)
class Seen:
    """What is seen of a fleet's rows.

    Attributes:
        plain: [rows, features] age, signals and the wear index. whole: The same with the index of courses.
        short: [rows, signals] means over a short window. missing: [rows] share of signals missing.
        regime: [rows]. gist: [rows] index of the course, in the target's unit.
    """

    plain: Floats
    whole: Floats
    short: Floats
    missing: Floats
    regime: Ints
    gist: Floats


def learn_course(
    fleet: Fleet, target: Floats, fold: Ints, use: Ints, seed: int
) -> tuple[Course, Seen]:
    """Learn regimes, signals and indices from followed units.

    Args:
        target: [rows] life left, capped. fold: [ways, units]. use: [ways, rows used] rows to learn from.

    Raises:
        FigureGap: No signal changes.
    """
    regimes = learn_regimes(fleet)
    if len(regimes.usable) == 0:
        raise FigureGap(
            f"none of the {len(fleet.columns)} signals of the followed units ever changes",
            expected="at least one signal that changes as a unit wears",
            remedy="give the unit's own sensors",
        )
    z, missing, regime = _standard(regimes, fleet)
    tells = np.array([_together(column, target) for column in z.T])
    order = np.lexsort((np.arange(len(tells)), -np.round(np.abs(tells), 9))).astype(np.int64)
    sign = np.where(tells[order] < 0.0, -1.0, 1.0)
    z = z[:, order] * sign
    median = float(np.median(np.diff(fleet.begins)))
    windows = Windows.of(median)
    halves = tuple(max(1.0, h * median) for h in HALVES)
    owner = fleet.owner
    wear = Folds.learn(draw, _powers(z), target, owner, fold, use, seed)
    plain, short = _plain(z, fleet, windows, halves, wear.tell(_powers(z), owner))
    gist = Folds.learn(liken, plain, target, owner, fold, use, seed)
    sizes = np.diff(fleet.begins)
    nth = np.arange(len(z)) - np.repeat(fleet.begins[:-1], sizes)
    fresh = z[nth <= 0.1 * np.repeat(sizes, sizes)].mean(axis=0)
    course = Course(
        fleet.columns, regimes, order, sign, windows, halves, short.min(axis=0), short.max(axis=0), fresh, wear, gist,
    )  # fmt: skip
    return course, _seen(course, fleet, plain, short, missing, regime, gist.tell(plain, owner))


def see(course: Course, fleet: Fleet, z: Floats | None = None) -> Seen:
    """What is seen of units that were not followed.

    Args:
        z: Signals to take in place of the fleet's own, as `signals` tells them.
    """
    own, missing, regime = _standard(course.regimes, fleet.of(course.columns))
    z = own[:, course.order] * course.sign if z is None else z
    index = course.wear.tell(_powers(z))
    plain, short = _plain(z, fleet, course.windows, course.halves, index)
    return _seen(course, fleet, plain, short, missing, regime, course.gist.tell(plain))


def signals(course: Course, fleet: Fleet) -> Floats:
    """[rows, signals] standardised, without gaps, the most telling first, each falling with life."""
    return _standard(course.regimes, fleet.of(course.columns))[0][:, course.order] * course.sign


def _standard(regimes: Regimes, fleet: Fleet) -> tuple[Floats, Floats, Ints]:
    z, regime = regimes.standard(fleet.values)
    missing = np.isnan(z).mean(axis=1)
    # Rounded, so that a column in other units, whose last digits differ, grows the same trees.
    return (
        np.round(filled(z, fleet.begins), _DIGITS),
        np.where(regime == UNSEEN, 1.0, missing),
        regime,
    )


def _together(column: Floats, target: Floats) -> float:
    """Correlation, 0 where either never changes."""
    a, b = column - column.mean(), target - target.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0.0 else 0.0


def _powers(z: Floats) -> Floats:
    return np.column_stack([z, z**2])


def _path(index: Floats, fleet: Fleet, windows: Windows, halves: Sequence[float]) -> Floats:
    """Features of an index's own course."""
    return np.column_stack(
        [faded(index, fleet.begins, tuple(halves)), shapes(index[:, None], fleet.begins, windows)]
    )


def _plain(
    z: Floats, fleet: Fleet, windows: Windows, halves: Sequence[float], index: Floats
) -> tuple[Floats, Floats]:
    made = shapes(z, fleet.begins, windows)
    rows = np.column_stack([fleet.cycle, made, _path(index, fleet, windows, halves)])
    return rows, made[:, 1 :: windows.kinds()]


def _seen(
    course: Course,
    fleet: Fleet,
    plain: Floats,
    short: Floats,
    missing: Floats,
    regime: Ints,
    gist: Floats,
) -> Seen:
    path = _path(gist, fleet, course.windows, course.halves)
    return Seen(plain, np.column_stack([plain, path]), short, missing, regime, gist)
