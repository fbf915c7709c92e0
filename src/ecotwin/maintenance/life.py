"""How long a unit will last, with an 80 % interval, learned from units that were followed to their end.

Three floors of regressions, each told of a unit only by those that have not seen it: a straight one on single records
(the wear index), a smooth one on the shape of the course so far (the gist), and boosted trees on both and on how the
gist itself has gone. Trees and gist are blended by what they were worth on units held out. `places` then turns what is
told into a life with an interval. What a unit's life can be told from is learned; nothing is assumed of the columns.

Sources:
    Stacked generalisation with held-out inputs: Wolpert, Neural Networks 5, 1992. Score of late and early tellings:
    Saxena, Goebel, Simon and Eklund, Damage propagation modeling for aircraft engine run-to-failure simulation, 2008.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.course import Course, Folds, Seen, learn_course, see
from ecotwin.maintenance.fleet import Fleet
from ecotwin.maintenance.places import LEVEL, Places, learn_places
from ecotwin.maintenance.regimes import UNSEEN
from ecotwin.maintenance.regressors import grow
from ecotwin.records import Floats, Ints

LEAST_UNITS, LEAST_ROWS = 6, 60
"""Fewer followed units, or records of them, carry no life."""
_FOLDS, _WAYS, _MOST_ROWS, _MOST_PLACES = 5, 2, 12_000, 2_400
_CAPS = (0.4, 0.6, 0.8, np.inf)
"""Caps that are tried where none is given, as shares of the median life."""
_BEYOND = 1.0
"""A signal farther outside what followed units showed than this share of their whole range is beyond experience."""
_MISSING = 0.5


@dataclass(frozen=True, slots=True)
class Left:
    """Life left of one unit at its newest record, in cycles.

    Attributes:
        unit: Its name. cycle: Its age. rul: Told life left, no longer than the cap where one was given.
        low, high: Interval of the life left itself (80 %). whole: Told life left without the cap.
        by: `course`, or `age` where its signals tell nothing that was learned. note: Why, in a sentence.
    """

    unit: str
    cycle: float
    rul: float
    low: float
    high: float
    whole: float
    by: str
    note: str = ""


@dataclass(frozen=True)
class LifeModel:
    """What was learned of lives.

    Attributes:
        cap: Longest life that is told as such (the target was held to it), inf: none. asked_cap: The one asked for.
        course: Features. trees: One a fold. blend: Weights of gist and trees. places: Intervals.
        lives: [units] lives of the followed units. notes: What a person should know.
        held_out: RMSE [cycles] of the followed units, each told without itself, both sides capped.
    """

    cap: float
    asked_cap: float | None
    course: Course
    trees: Folds
    blend: tuple[float, float]
    places: Places
    lives: Floats
    held_out: float
    notes: tuple[str, ...] = ()

    def tell(self, fleet: Fleet) -> list[Left]:
        """Life left of every unit at its newest record.

        Raises:
            FigureGap: A signal that was learned from is missing.
        """
        seen = see(self.course, fleet)
        last = fleet.begins[1:] - 1
        told = self._told(seen, last)
        made = self.places.tell(told, fleet.cycle[last])
        out = []
        for n, unit in enumerate(fleet.units):
            rows = slice(int(fleet.begins[n]), int(last[n]) + 1)
            age = float(fleet.cycle[last[n]])
            if note := self._strange(seen, rows):
                out.append(self._by_age(unit, age, note))
                continue
            whole, low, high = (float(x) for x in made[n])
            rul = whole if self.asked_cap is None else min(float(told[n]), self.asked_cap)
            note = ""
            if age > self.lives.max():
                note = f"older than any followed unit ({self.lives.max():g} cycles): told by its signals alone"
            out.append(Left(unit, age, rul, min(low, rul), max(high, rul), whole, "course", note))
        return out

    def told(self, fleet: Fleet, z: Floats | None = None) -> Floats:
        """[units] life told at the newest record, at most the cap; `z`: signals to take in place of their own."""
        return self._told(see(self.course, fleet, z), fleet.begins[1:] - 1)

    def _told(self, seen: Seen, rows: Ints) -> Floats:
        """[rows] blended life, at most the cap."""
        both = self.blend[0] * seen.gist[rows] + self.blend[1] * self.trees.tell(seen.whole[rows])
        return np.clip(both, 0.0, self.cap)

    def _strange(self, seen: Seen, rows: slice) -> str:
        """Why the newest records of a unit lie outside what was learned; empty: they do not."""
        recent = slice(max(rows.start, rows.stop - self.course.windows.means[1]), rows.stop)
        if float(np.mean(seen.regime[recent] == UNSEEN)) > _MISSING:
            return "a regime of operation that no followed unit was in; told by its age alone"
        if float(np.mean(seen.missing[recent])) > _MISSING:
            return "most of its newest records lack most signals; told by its age alone"
        short = seen.short[rows.stop - 1]
        low, high = self.course.low, self.course.high
        off = np.maximum(low - short, short - high) / np.maximum(high - low, 1e-12)
        if (worst := int(np.argmax(off))) >= 0 and off[worst] > _BEYOND:
            names = [self.course.name(int(n)) for n in np.flatnonzero(off > _BEYOND)[:5]]
            return (
                f"{', '.join(names)} far outside what followed units showed; told by its age alone"
            )
        return ""

    def _by_age(self, unit: str, age: float, note: str) -> Left:
        """What lives alone tell of a unit of this age, wide."""
        rest = np.sort(self.lives[self.lives > age] - age)
        if len(rest) < 3:
            # Older than nearly all: what is left of such a life was never seen.
            rest = np.array([0.0, 0.05, 0.5]) * float(np.median(self.lives))
        whole = float(np.median(rest))
        rul = whole if self.asked_cap is None else min(whole, self.asked_cap)
        low, high = 0.5 * float(rest.min()), float(rest.max())
        return Left(unit, age, rul, min(low, rul), max(high, rul), whole, "age", note)


def learn_life(fleet: Fleet, cap: float | None = None, seed: int = 0) -> LifeModel:
    """Learn lives from units that were followed to their end.

    Args:
        fleet: Every record of these units to the last.
        cap: Life left from which on units count as equally far from their end [cycles]; None: chosen on units held
            out, and lives are told as they are.

    Raises:
        FigureGap: Fewer than six units, fewer than sixty records, or nothing that changes.
    """
    notes = []
    sizes = np.diff(fleet.begins)
    if len(fleet) < LEAST_UNITS or len(fleet.cycle) < LEAST_ROWS:
        raise FigureGap(
            f"{len(fleet)} followed units with {len(fleet.cycle)} records",
            expected=f"at least {LEAST_UNITS} units and {LEAST_ROWS} records, each to the unit's end",
            remedy="follow more units to their end, or take records more often",
        )
    if cap is not None and not cap > 0.0:
        raise FigureGap(f"a cap of {cap:g}", expected="a number of cycles above 0")
    if brief := int((sizes < 3).sum()):
        notes.append(f"{brief} followed units have fewer than three records")
    fold, use = _ways(fleet, seed)
    chosen = cap if cap is not None else _choose(fleet, fold[:1], use[:1], seed)
    target = np.minimum(fleet.left, chosen)
    course, seen = learn_course(fleet, target, fold, use, seed)
    trees = Folds.learn(grow, seen.whole, target, fleet.owner, fold, use, seed)
    both = np.column_stack([seen.gist, trees.tell(seen.whole, fleet.owner)])
    blend = _blend(both, target)
    told = np.clip(both @ np.array(blend), 0.0, chosen)
    places, error = _places(fleet, told, chosen)
    if course.regimes.columns:
        names = ", ".join(fleet.columns[c] for c in course.regimes.columns)
        notes.append(f"{len(course.regimes)} regimes of operation, told by {names}")
    return LifeModel(
        chosen, cap, course, trees, blend, places, fleet.ends, error, (*fleet.notes, *notes)
    )


def _ways(fleet: Fleet, seed: int) -> tuple[Ints, Ints]:
    """[ways, units] folds, and [ways, rows used] rows to learn from; long records are thinned, each way other rows."""
    rng = np.random.default_rng(seed)
    folds = min(_FOLDS, len(fleet) // 2)
    fold = np.stack([rng.permutation(len(fleet)) % folds for _ in range(_WAYS)])
    step = -(-len(fleet.cycle) // _MOST_ROWS)
    count = len(fleet.cycle) // step
    use = np.stack([np.arange(count) * step + way % step for way in range(_WAYS)])
    return fold.astype(np.int64), use.astype(np.int64)


def _blend(both: Floats, target: Floats) -> tuple[float, float]:
    """Weights that fit held-out tellings best, none below zero."""
    from scipy.optimize import nnls

    weight, _ = nnls(both, target)
    return (float(weight[0]), float(weight[1])) if weight.sum() > 0.0 else (0.5, 0.5)


def _moments(fleet: Fleet) -> Ints:
    """Rows at which followed units are asked: evenly through every life."""
    step = max(1, len(fleet.cycle) // _MOST_PLACES)
    return np.arange(step // 2, len(fleet.cycle), step, dtype=np.int64)


def _places(fleet: Fleet, told: Floats, cap: float) -> tuple[Places, float]:
    at = _moments(fleet)
    median = float(np.median(fleet.ends))
    places = learn_places(told[at], fleet.cycle[at], fleet.left[at], fleet.owner[at], median)
    error = np.sqrt(np.mean((told[at] - np.minimum(fleet.left[at], cap)) ** 2))
    return places, float(error)


def _choose(fleet: Fleet, fold: Ints, use: Ints, seed: int) -> float:
    """The cap that tells held-out lives best when nothing is capped, judged by the gist alone."""
    best = (np.inf, np.inf)
    median = float(np.median(fleet.ends))
    for share in _CAPS:
        cap = share * median
        _, seen = learn_course(fleet, np.minimum(fleet.left, cap), fold, use, seed)
        at = _moments(fleet)
        told = np.clip(seen.gist[at], 0.0, cap)
        places = learn_places(told, fleet.cycle[at], fleet.left[at], fleet.owner[at], median)
        error = float(np.sqrt(np.mean((places.ranks()[1] - fleet.left[at]) ** 2)))
        best = min(best, (error, cap))
    return best[1]


@dataclass(frozen=True, slots=True)
class Marks:
    """How told lives met the truth.

    Attributes:
        rmse: [cycles]. phm08: Sum of exp(-d/13) - 1 for early and exp(d/10) - 1 for late tellings.
        coverage: Share within the interval. width: Mean width [cycles]. units: Number judged.
    """

    rmse: float
    phm08: float
    coverage: float
    width: float
    units: int


def judge(told: Sequence[Left], truth: Floats, cap: float | None = None) -> Marks:
    """Compare with the truth, both held to the cap where one is given.

    >>> judge([Left("a", 9.0, 10.0, 8.0, 12.0, 10.0, "course")], np.array([13.0])).rmse
    3.0
    """
    most = np.inf if cap is None else cap
    rul = np.minimum([t.rul if cap is not None else t.whole for t in told], most)
    low, high = (np.array([getattr(t, end) for t in told]) for end in ("low", "high"))
    end = np.minimum(truth, most)
    late = rul - end
    with np.errstate(over="ignore"):
        score = np.where(late < 0.0, np.exp(-late / 13.0), np.exp(late / 10.0)) - 1.0
    inside = (low <= end) & (end <= high)
    return Marks(
        rmse=float(np.sqrt(np.mean(late**2))),
        phm08=float(score.sum()),
        coverage=float(inside.mean()),
        width=float(np.mean(high - low)),
        units=len(told),
    )


__all__ = ["LEVEL", "Left", "LifeModel", "Marks", "judge", "learn_life"]
