"""How many flights an engine has left, with an 80 % interval, from what its sensors told flight by flight.

Three steps, all learned from engines that were followed to their end:

1. **Condition.** Sensors are corrected for the conditions of the report (a regression on its settings over the first
   fifth of each life) and for how the engine was built (its acceptance test against the fleet's), then a ridge
   regression with squares gives a condition: 1 far from the end, 0 at the end.
2. **Courses.** Each followed engine's condition, smoothed, is one course of degradation. The condition that makes a
   course is always predicted by a regression that has not seen that engine.
3. **Likeness.** The newest stretch of an engine is laid on every course at every age; each place tells how many flights
   were left there, and counts by how well it fits and how near its age is. Quantiles of that are the answer.

Length of the stretch, sharpness and the weight of age are chosen by leave-one-engine-out on the followed engines, and
the interval is widened or narrowed so that it held there as often as it says. Nothing looks at the engines asked for.

Sources:
    Wang, Yu, Siegel and Lee, A similarity-based prognostics approach for remaining useful life estimation, PHM 2008;
    conformal widening: Romano, Patterson and Candes, Conformalized quantile regression, NeurIPS 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numba import njit

from ecotwin.errors import ScenarioFault
from ecotwin.records import Floats, Ints

LEVEL = 0.8
"""Share of engines whose life left lies within the interval."""
_QUANTILES = ((1.0 - LEVEL) / 2.0, 0.5, (1.0 + LEVEL) / 2.0)
_FOLDS, _HEALTHY, _LEAST = 5, 0.2, 12
_RIDGE = 10.0


@dataclass(frozen=True)
class History:
    """Reports of some engines, each engine's in order of its cycles and evenly apart.

    Attributes:
        unit: [rows] engine. cycle: [rows] flights flown. sensors: [rows, sensors]. settings: [rows, settings]
            conditions of the report (height, Mach, thrust, inlet temperature); no columns where they never change.
        as_built: Unit -> [sensors] acceptance test, for all engines or for none.
    """

    unit: Ints
    cycle: Floats
    sensors: Floats
    settings: Floats
    as_built: Mapping[int, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = len(self.unit)
        if rows == 0 or {len(self.cycle), len(self.sensors), len(self.settings)} != {rows}:
            raise ScenarioFault(
                f"reports with {rows} units, {len(self.cycle)} cycles, {len(self.sensors)} rows of sensors and "
                f"{len(self.settings)} of settings",
                expected="as many of each, and at least one",
                remedy="give one row a report",
            )
        if not (np.isfinite(self.sensors).all() and np.isfinite(self.settings).all()):
            raise ScenarioFault(
                "a report holds a value that is no number",
                expected="finite sensors and settings",
                remedy="leave such reports out, or fill them from the one before",
            )
        if self.as_built and (lacking := sorted({int(u) for u in self.unit} - set(self.as_built))):
            raise ScenarioFault(
                f"engines {', '.join(map(str, lacking[:9]))} have no acceptance test",
                expected="a test of every engine, or of none",
                remedy="add their tests, or leave out those of the others",
            )

    def engines(self) -> Iterator[tuple[int, Ints]]:
        """Each engine with its rows in order.

        Raises:
            ScenarioFault: Its reports are not evenly apart.
        """
        for unit in np.unique(self.unit):
            rows = np.flatnonzero(self.unit == unit)
            rows = rows[np.argsort(self.cycle[rows], kind="stable")]
            steps = np.diff(self.cycle[rows])
            if len(steps) and (steps.min() <= 0.0 or np.ptp(steps) > 1e-6 * steps.max()):
                raise ScenarioFault(
                    f"reports of engine {unit} lie {steps.min():g} to {steps.max():g} cycles apart",
                    expected="one report every so many cycles",
                    remedy="take evenly spaced reports, or interpolate between them",
                )
            yield int(unit), rows


@dataclass(frozen=True)
class Left:
    """Life left of one engine at its newest report [cycles], with its 80 % interval."""

    unit: int
    cycle: float
    rul: float
    low: float
    high: float


@dataclass(frozen=True)
class Choice:
    """How likeness is judged: reports in the stretch, softness of the fit, how much age may differ [reports]."""

    stretch: int
    soft: float
    age: float


@dataclass(frozen=True)
class Judged:
    """How the model did on the followed engines, each left out in turn.

    Attributes:
        rmse: [cycles], of life left no longer than `horizon`. coverage: Share inside the interval, before widening.
        widening: Factor on both halves of the interval. asked: Number of moments judged. choice: What was chosen.
    """

    rmse: float
    coverage: float
    widening: float
    asked: int
    choice: Choice


class LifeModel:
    """Learned from engines that were followed to their end.

    Args:
        history: Every report of these engines, to the last.
        horizon: Life left that counts as long [cycles]; None: 0.6 of the median life. Sensors tell nothing of it.
        seed: Of the moments at which the model is judged.

    Attributes:
        horizon: As above. judged: How it did.

    Raises:
        ScenarioFault: Fewer than ten engines, reports that are not evenly apart, or sensors that never move.
    """

    def __init__(self, history: History, horizon: float | None = None, seed: int = 0) -> None:
        engines = dict(history.engines())
        if len(engines) < 2 * _FOLDS or min(map(len, engines.values())) < _LEAST:
            raise ScenarioFault(
                f"{len(engines)} engines, the shortest with {min(map(len, engines.values()))} reports",
                expected=f"at least {2 * _FOLDS} followed engines of {_LEAST} reports",
                remedy="follow more engines to their end, or take reports more often",
            )
        self._step = float(
            np.median(np.concatenate([np.diff(history.cycle[r]) for r in engines.values()]))
        )
        ends = {u: float(history.cycle[r[-1]]) for u, r in engines.items()}
        self.horizon = 0.6 * float(np.median(list(ends.values()))) if horizon is None else horizon
        left = np.zeros(len(history.unit))
        for u, r in engines.items():
            left[r] = ends[u] - history.cycle[r]
        self._learn_conditions(history, engines)
        features = self._features(history)
        target = np.minimum(left, self.horizon) / self.horizon
        fold = {u: n % _FOLDS for n, u in enumerate(engines)}
        folds = np.array([fold[int(u)] for u in history.unit])
        seen = np.zeros(len(target))
        for n in range(_FOLDS):
            out = folds == n
            seen[out] = features[out] @ _ridge(features[~out], target[~out])
        self._weights = _ridge(features, target)
        width = max(2.0, 0.04 * float(np.median([len(r) for r in engines.values()])))
        self._courses = {u: _smoothed(seen[r], width) for u, r in engines.items()}
        self._noise = float(
            np.var(np.concatenate([seen[r] - self._courses[u] for u, r in engines.items()]))
        )
        self._joined = np.concatenate(list(self._courses.values()))
        lengths = [len(c) for c in self._courses.values()]
        self._begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self._place = {u: n for n, u in enumerate(self._courses)}
        self._longest, self._last_longest = sorted(lengths), int(np.argmax(lengths))
        self.judged = self._judge(seen, engines, np.random.default_rng(seed))

    # -- condition --------------------------------------------------------------------------

    def _learn_conditions(self, history: History, engines: Mapping[int, Ints]) -> None:
        """What settings do to the sensors of engines that are well, and the scale of what is left."""
        early = np.concatenate([r[: max(3, int(_HEALTHY * len(r)))] for r in engines.values()])
        settings = history.settings
        spread = settings.std(axis=0) if settings.shape[1] else np.zeros(0)
        self._used = (
            np.flatnonzero(spread > 1e-9 * (1.0 + np.abs(settings.mean(axis=0))))
            if len(spread)
            else np.zeros(0, np.int64)
        )
        self._centre, self._spread = settings[:, self._used].mean(axis=0), spread[self._used]
        basis = self._basis(settings[early])
        self._effect = np.linalg.lstsq(basis, history.sensors[early], rcond=None)[0]
        self._tested = (
            np.mean(list(history.as_built.values()), axis=0) if history.as_built else None
        )
        rest = self._corrected(history)
        moving = rest.std(axis=0) > 1e-4 * np.abs(history.sensors.mean(axis=0)) + 1e-9
        if not moving.any():
            raise ScenarioFault(
                "no sensor of the followed engines ever moves",
                expected="at least one sensor that changes as an engine wears",
                remedy="give the engine's own sensors",
            )
        self._moving = np.flatnonzero(moving)
        self._mean, self._scale = rest[:, moving].mean(axis=0), rest[:, moving].std(axis=0)

    def _basis(self, settings: Floats) -> Floats:
        z = (settings[:, self._used] - self._centre) / self._spread
        pairs = [z[:, a] * z[:, b] for a in range(z.shape[1]) for b in range(a, z.shape[1])]
        return np.column_stack([np.ones(len(z)), z, *pairs])

    def _corrected(self, history: History) -> Floats:
        rest = history.sensors - self._basis(history.settings) @ self._effect
        if self._tested is None:
            return np.asarray(rest)
        own = np.array([history.as_built[int(u)] for u in history.unit])
        return np.asarray(rest - (own - self._tested))

    def _features(self, history: History) -> Floats:
        z = (self._corrected(history)[:, self._moving] - self._mean) / self._scale
        return np.column_stack([np.ones(len(z)), z, z**2])

    def condition(self, history: History) -> Floats:
        """[rows] condition: about 1 far from the end, 0 at it."""
        if (self._tested is None) == bool(history.as_built):
            raise ScenarioFault(
                "acceptance tests of some engines only",
                expected="tests of the engines asked for exactly when the model was learned with tests",
                remedy="give `as_built` in both or in neither",
            )
        return np.asarray(self._features(history) @ self._weights)

    # -- likeness ---------------------------------------------------------------------------

    def _quantiles(
        self, newest: Floats, age: int, choice: Choice, left_out: int | None = None
    ) -> Floats:
        """Reports left: low, middle, high."""
        skip = -1 if left_out is None else self._place[left_out]
        n = min(
            choice.stretch, len(newest), self._longest[-2 if skip == self._last_longest else -1]
        )
        left, weight = _places(
            self._joined, self._begins, newest[-n:], age, skip,
            1.0 / (2.0 * self._noise * choice.soft), 1.0 / choice.age,
        )  # fmt: skip
        weight = np.exp(weight - weight.max())
        order = np.argsort(left, kind="stable")
        share = np.cumsum(weight[order])
        where = np.searchsorted(share / share[-1], _QUANTILES)
        return np.asarray(left[order][np.minimum(where, len(left) - 1)])

    def _judge(self, seen: Floats, engines: Mapping[int, Ints], rng: np.random.Generator) -> Judged:
        asked = [
            (u, int(k))
            for u, r in engines.items()
            for k in rng.integers(
                min(_LEAST + 8, len(r) - 1), len(r), 3 if len(engines) < 150 else 1
            )
        ]
        median = float(np.median([len(r) for r in engines.values()]))
        grid = [
            Choice(max(_LEAST, int(s * median)), soft, age * median)
            for s, soft, age in product((0.15, 0.25, 0.4), (2.0, 5.0), (0.2, 0.5))
        ]
        truth = np.array([len(engines[u]) - k for u, k in asked], np.float64)
        near = np.minimum(truth, self.horizon / self._step)
        best: tuple[float, Choice, Floats] | None = None
        for choice in grid:
            told = np.array([self._quantiles(seen[engines[u][:k]], k, choice, u) for u, k in asked])
            error = float(
                np.sqrt(np.mean((np.minimum(told[:, 1], self.horizon / self._step) - near) ** 2))
            )
            if best is None or error < best[0]:
                best = (error, choice, told)
        assert best is not None
        error, choice, told = best
        low, middle, high = told.T
        halves = np.where(truth < middle, middle - low, high - middle)
        needed = np.abs(truth - middle) / np.maximum(halves, 0.5)
        rank = min(1.0, np.ceil((len(needed) + 1) * LEVEL) / len(needed))
        inside = float(np.mean((low <= truth) & (truth <= high)))
        return Judged(
            error * self._step, inside, float(np.quantile(needed, rank)), len(asked), choice
        )

    def left(self, history: History) -> list[Left]:
        """Life left of every engine at its newest report.

        Args:
            history: Reports of engines that still fly.

        Raises:
            ScenarioFault: Reports that are not as far apart as those the model was learned from.
        """
        condition = self.condition(history)
        found = []
        for unit, rows in history.engines():
            cycles = history.cycle[rows]
            if len(rows) > 1 and abs(cycles[1] - cycles[0] - self._step) > 1e-6 * self._step:
                raise ScenarioFault(
                    f"reports of engine {unit} lie {cycles[1] - cycles[0]:g} cycles apart",
                    expected=f"{self._step:g}, as the followed engines' reports",
                    remedy="take the same reports",
                )
            age = round(float(cycles[-1] / self._step))
            low, middle, high = self._quantiles(condition[rows], age, self.judged.choice)
            wide = self.judged.widening
            least = max(0.0, middle - wide * max(middle - low, 0.5))
            most = middle + wide * max(high - middle, 0.5)
            found.append(
                Left(unit, float(cycles[-1]), *(self._step * x for x in (middle, least, most)))
            )
        return found


@njit(cache=True)
def _places(
    joined: Floats, begins: Ints, q: Floats, age: int, skip: int, sharp: float, aged: float
) -> tuple[Floats, Floats]:
    """Every place of a stretch on every course: reports left there, and the logarithm of its weight."""
    n = len(q)
    count = 0
    for c in range(len(begins) - 1):
        if c != skip:
            count += max(0, begins[c + 1] - begins[c] - n + 1)
    left, weight = np.empty(count), np.empty(count)
    at = 0
    for c in range(len(begins) - 1):
        length = begins[c + 1] - begins[c]
        if c == skip:
            continue
        for place in range(length - n + 1):
            misfit = 0.0
            for i in range(n):
                gap = joined[begins[c] + place + i] - q[i]
                misfit += gap * gap
            left[at] = length - place - n
            older = (place + n - age) * aged
            weight[at] = -misfit * sharp - 0.5 * older * older
            at += 1
    return left, weight


def _ridge(features: Floats, target: Floats) -> Floats:
    penalty = _RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 1e-9
    return np.asarray(np.linalg.solve(features.T @ features + penalty, features.T @ target))


def _smoothed(course: Floats, width: float) -> Floats:
    """Local straight lines with a Gaussian window, true at both ends too."""
    at = np.arange(len(course))
    near = np.exp(-0.5 * ((at[None, :] - at[:, None]) / width) ** 2)
    total = near.sum(axis=1)
    centre = near @ at / total
    mean = near @ course / total
    lever = at[None, :] - centre[:, None]
    slope = (near * lever) @ course / np.maximum((near * lever**2).sum(axis=1), 1e-12)
    return np.asarray(mean + slope * (at - centre))
