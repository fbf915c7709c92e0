"""Expected power of machines, minute by minute, learned from their own past.

One linear model a machine: its state's power, and what drives it (`drivers`). The prior is the machine kind's nominal
power with its wide band, or what the machine's siblings in the plant have in common (`priors`), so that there is an
expectation from the first hour; it gets sharper with every window learned. Outliers weigh less (Huber), minutes marked
by the caller are never learned from, and old evidence fades slowly, so that creeping wear stays visible.

Sources: ISO 50006 (engineering model as prior, statistical model as posterior); Huber 1964; ASHRAE
14 for fit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.accounting.cuts import pieces
from ecotwin.accounting.drivers import WIDTH, Drivers, Seen
from ecotwin.accounting.expecting import Known, expect
from ecotwin.accounting.fitness import verdict
from ecotwin.accounting.priors import STATE_COUNT as _STATES
from ecotwin.accounting.priors import Priors
from ecotwin.plant.model import STATE_NAMES, STATES, Plant
from ecotwin.records import Bools, Floats, Range, Window

MEMORY_DAYS = 120.0
LEARNED_HOURS = 6.0
SEASONED_HOURS = 7 * 24.0
"""From here on findings may keep minutes from being learned."""
_HUBER, _TRIM, _PASSES, _CHUNK = 2.0, 8.0, 3, 1440


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected power of machines at each step of a window.

    Attributes:
        elements: Machine ids, one a column.
        mean, sd: [steps, machines] expected power [kW] and its standard deviation; NaN: no
            expectation.
        actual: [steps, machines] measured power [kW]; NaN: not measured.
        learned: [machines] False while it still comes from the machine kind alone.
    """

    elements: tuple[str, ...]
    mean: Floats
    sd: Floats
    actual: Floats
    learned: Bools


@dataclass(frozen=True, slots=True)
class Fit:
    """How well the baseline foretold windows before it learned from them, by the hour.

    Attributes:
        cvrmse, nmbe: Ratios; NaN while fewer than 12 hours were foretold.
        hours: Hours foretold. rho: Lag-1 autocorrelation of the minutes' residuals.
        fit: Fit for purpose. reasons: Why, or why not.
    """

    cvrmse: float
    nmbe: float
    hours: float
    rho: float
    fit: bool
    reasons: tuple[str, ...]


class Baselines:
    """The baselines of all machines of a plant that have an electricity meter."""

    def __init__(self, plant: Plant, *, memory_days: float = MEMORY_DAYS) -> None:
        self.drivers = Drivers(plant)
        self.elements = tuple(e.id for e in self.drivers.machines)
        self._place = {e: n for n, e in enumerate(self.elements)}
        self._memory_h = memory_days * 24.0
        machines = len(self.elements)
        self._priors = Priors(self.drivers)
        self._a = np.zeros((machines, WIDTH, WIDTH))
        self._b = np.zeros((machines, WIDTH))
        self._seen_h = np.zeros(machines)
        self._square = np.zeros((machines, _STATES))
        self._weight = np.zeros((machines, _STATES))
        self._pairs = np.tile(
            [1.5, 3.0], (machines, 1)
        )  # a lag-1 autocorrelation of 0.5 to begin with
        self._x_sum = np.zeros((machines, _STATES, WIDTH))
        self._x_count = np.zeros((machines, _STATES))
        self._foretold = np.zeros((machines, 4))
        self._solve()

    def expected(self, window: Window) -> Expected:
        """What each machine should draw at each step of a window, as known now."""
        parts = [expect(self.drivers.seen(w), self.known) for w in pieces(window, _CHUNK)]
        mean, sd, actual = (
            np.concatenate([p[i] for p in parts]) if len(parts) > 1 else parts[0][i]
            for i in range(3)
        )
        return Expected(self.elements, mean, sd, actual, self.learned)

    def learn(self, window: Window, exclude: Bools | None = None) -> None:
        """Learn from a window of an hour or more.

        Args:
            window: Closed steps.
            exclude: [steps, machines] minutes not to learn from: flagged, or changed by an order.
        """
        start = 0
        for part in pieces(window, _CHUNK):
            skip = None if exclude is None else exclude[start : start + part.steps]
            self._learn(part, skip)
            start += part.steps
        self._solve()

    @property
    def known(self) -> Known:
        """What is known of each machine now; later learning does not touch it."""
        told = self._priors.known[:, :_STATES] | (self._x_count >= 10)
        return Known(self._beta.copy(), self._cov.copy(), self._sd.copy(), told)

    @property
    def stamp(self) -> object:
        """Another object whenever something was learned."""
        return self._beta

    def forget(self, element: str) -> None:
        """Let a machine be learned from nothing again: it begins from its kind's facts, or from its siblings."""
        m = self._place[element]
        for sums in (self._a, self._b, self._square, self._weight, self._seen_h):
            sums[m] = 0.0
        self._pairs[m] = [1.5, 3.0]
        self._solve()

    @property
    def learned(self) -> Bools:
        """[machines] whether the expectation comes from the machine's own data."""
        return self._seen_h >= LEARNED_HOURS

    @property
    def lenders(self) -> Mapping[str, tuple[str, ...]]:
        """Machine -> its siblings that it started from, where the plant had some that were known well."""
        return self._priors.lenders

    @property
    def seasoned(self) -> Bools:
        """[machines] whether it has seen a whole week: only then an alarm may keep minutes from being learned."""
        return self._seen_h >= SEASONED_HOURS

    def state_kw(self) -> dict[str, dict[str, Range]]:
        """Machine -> state -> expected power at the drivers usual in that state [kW], with its 95 % interval."""
        out: dict[str, dict[str, Range]] = {}
        for m, element in enumerate(self.elements):
            states = {}
            for s in range(_STATES):
                seen = self._x_count[m, s] > 0
                if not (seen or self._priors.known[m, s]) or (
                    self.drivers.stateless[m] and s != STATES["busy"]
                ):
                    continue
                x = self._x_sum[m, s] / self._x_count[m, s] if seen else np.eye(WIDTH)[s]
                mean, half = float(x @ self._beta[m]), 1.96 * math.sqrt(float(x @ self._cov[m] @ x))
                states[STATE_NAMES[s]] = Range(
                    max(0.0, mean), max(0.0, mean - half), max(0.0, mean + half)
                )
            out[element] = states
        return out

    def scatter(self, element: str, state: str) -> tuple[float, float]:
        """Standard deviation of a minute's power in a state [kW], and the residuals' lag-1 autocorrelation."""
        m = self._place[element]
        return float(self._sd[m, STATES[state]]), float(self._rho()[m])

    def slope(self, element: str, feature: int) -> tuple[float, float]:
        """A driver's coefficient [kW per unit of the feature] and its standard deviation."""
        m = self._place[element]
        return float(self._beta[m, feature]), math.sqrt(float(self._cov[m, feature, feature]))

    def hours(self, element: str) -> float:
        """Hours of its own data that it has learned from [h]."""
        return float(self._seen_h[self._place[element]])

    def learned_of(self, element: str) -> dict[str, Any]:
        """What it has learned of one machine, as JSON: hours, coefficients, scatter."""
        m = self._place[element]
        return {
            "hours": float(self._seen_h[m]), "coefficients": self._beta[m].tolist(),
            "scatter": self._sd[m].tolist(),
        }  # fmt: skip

    def fit(self, element: str) -> Fit:
        """How well it foretold."""
        m = self._place[element]
        hours, square, error, total = (float(v) for v in self._foretold[m])
        rho = float(self._rho()[m])
        if hours < 12.0 or total <= 0.0:
            return Fit(
                math.nan,
                math.nan,
                hours,
                rho,
                False,
                (f"only {hours:.0f} hours were foretold so far; 12 are needed",),
            )
        cvrmse, bias = math.sqrt(square / hours) / (total / hours), error / total
        fit, reasons = verdict(cvrmse, bias, limit=0.30, bias=0.10)
        return Fit(cvrmse, bias, hours, rho, fit, reasons)

    def state(self) -> dict[str, Any]:
        """Everything learned, as JSON."""
        names = (
            "_a",
            "_b",
            "_seen_h",
            "_square",
            "_weight",
            "_pairs",
            "_x_sum",
            "_x_count",
            "_foretold",
        )
        return {
            "version": 1,
            "elements": list(self.elements),
            "lent": self._priors.state(),
            **{n[1:]: getattr(self, n).tolist() for n in names},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; new machines start from their prior, machines that are gone are dropped."""
        if state.get("version") != 1 or np.asarray(state["a"]).shape[1:] not in (
            (WIDTH, WIDTH),
            (0,),
        ):
            return
        old = {e: n for n, e in enumerate(state["elements"])}
        here = [n for n, e in enumerate(self.elements) if e in old]
        there = [old[self.elements[n]] for n in here]
        for name in (
            "a",
            "b",
            "seen_h",
            "square",
            "weight",
            "pairs",
            "x_sum",
            "x_count",
            "foretold",
        ):
            getattr(self, "_" + name)[here] = np.asarray(state[name])[there]
        self._priors.restore(state.get("lent", {}))
        self._solve()

    def _solve(self) -> None:
        self._weigh()
        if self._priors.lend(self._beta, self._cov, self.seasoned):
            self._weigh()

    def _weigh(self) -> None:
        """The coefficients as prior and data have them together."""
        precision = self._priors.precision
        self._cov = np.asarray(np.linalg.inv(self._a + _diagonals(precision)), np.float64)
        self._beta = np.einsum(
            "mkl,ml->mk", self._cov, self._b + precision * np.nan_to_num(self._priors.mean)
        )
        # The nominal scatter fades fast: it is a guess, twenty minutes of one's own say more.
        ease = (20.0 / (20.0 + self._weight)) ** 2
        own = self._square / np.maximum(self._weight, 1e-9)
        floor = 0.01 * np.abs(np.nan_to_num(self._beta[:, :_STATES])) + 0.01
        self._sd = np.maximum(np.sqrt(ease * self._priors.scatter**2 + (1.0 - ease) * own), floor)

    def _rho(self) -> Floats:
        rho: Floats = np.clip(self._pairs[:, 0] / np.maximum(self._pairs[:, 1], 1e-9), 0.0, 0.98)
        return rho

    def _learn(self, window: Window, exclude: Bools | None) -> None:
        seen = self.drivers.seen(window)
        step_h = window.step_s / 3600.0
        good = seen.usable & np.isfinite(seen.actual) & ~seen.fresh
        if exclude is not None:
            good &= ~exclude
        y = np.where(good, seen.actual, 0.0)
        self._foretell(seen, good, window.step_s)
        fade = 0.5 ** (window.period.hours / self._memory_h)
        for sums in (
            self._a,
            self._b,
            self._square,
            self._weight,
            self._pairs,
            self._x_sum,
            self._x_count,
        ):
            sums *= fade
        x = np.ascontiguousarray(seen.features.transpose(1, 0, 2))
        across = np.ascontiguousarray(seen.features.transpose(1, 2, 0))
        weight: Floats = good.astype(np.float64).T
        beta, held = self._beta, self._priors.precision
        grow = (1.0 + self._rho()) / (1.0 - self._rho())
        sd = self._sd
        for _ in range(_PASSES):
            # An hour that is badly explained must not count for less: else the model stays as it is.
            even = np.clip(sd, 0.5 * self._sd, 2.0 * self._sd)
            precision = weight / (
                np.take_along_axis(even, np.maximum(seen.codes.T, 0), axis=1) ** 2 * grow[:, None]
            )
            weighed = across * precision[:, None, :]
            a = self._a + weighed @ x
            b = self._b + (weighed @ y.T[:, :, None])[:, :, 0]
            beta = np.linalg.solve(
                a + _diagonals(held), (b + held * np.nan_to_num(self._priors.mean))[:, :, None]
            )[:, :, 0]
            residual = y.T - (x @ beta[:, :, None])[:, :, 0]
            sd = self._window_sd(residual, seen, good)
            ratio = np.abs(residual) / np.take_along_axis(sd, np.maximum(seen.codes.T, 0), axis=1)
            weight = good.T.astype(np.float64) * np.where(
                ratio > _TRIM, 0.0, np.minimum(1.0, _HUBER / np.maximum(ratio, 1e-9))
            )
        self._a, self._b = a, b
        self._remember(residual, weight, sd, seen, good, step_h)

    def _window_sd(self, residual: Floats, seen: Seen, good: Bools) -> Floats:
        """Scatter by state in this window by the median absolute residual; the known one where it holds few minutes."""
        sd: Floats = self._sd.copy()
        codes = seen.codes.T
        rows = np.arange(len(self.elements))
        for s in np.unique(codes[good.T]):
            here = good.T & (codes == s)
            count = here.sum(axis=1)
            size = np.where(here, np.abs(residual), np.nan)
            few = count < 10
            # Sorting puts the minutes of other states, which are NaN, last: the middle of the rest is the median.
            size.sort(axis=1)
            middle = size[rows, np.maximum(count - 1, 0) // 2] + size[rows, count // 2]
            sd[:, s] = np.where(few, sd[:, s], np.maximum(1.4826 * 0.5 * middle, 1e-3))
        return sd

    def _remember(
        self, residual: Floats, weight: Floats, sd: Floats, seen: Seen, good: Bools, step_h: float
    ) -> None:
        codes = seen.codes.T
        limit = 4.0 * np.take_along_axis(sd, np.maximum(codes, 0), axis=1)
        clipped = np.clip(residual, -limit, limit)
        used = weight > 0.0
        minutes = step_h * 60.0
        for s in np.unique(codes[good.T]):
            here = used & (codes == s)
            self._square[:, s] += (np.where(here, clipped, 0.0) ** 2).sum(axis=1) * minutes
            self._weight[:, s] += here.sum(axis=1) * minutes
            self._x_sum[:, s] += np.einsum("mt,tmk->mk", here.astype(np.float64), seen.features)
            self._x_count[:, s] += here.sum(axis=1)
        z = np.where(used, clipped / limit, 0.0)
        both = used[:, 1:] & used[:, :-1]
        self._pairs[:, 0] += (z[:, 1:] * z[:, :-1] * both).sum(axis=1)
        self._pairs[:, 1] += ((z[:, 1:] ** 2 + z[:, :-1] ** 2) / 2.0 * both).sum(axis=1)
        self._seen_h += good.sum(axis=0) * step_h

    def _foretell(self, seen: Seen, good: Bools, step_s: int) -> None:
        """Hours foretold by what was known before: square error, error, energy."""
        mean, _, actual = expect(seen, self.known)
        block = max(1, 3600 // step_s)
        hours = len(mean) // block
        if not hours:
            return
        known = good & np.isfinite(mean)

        def by_hour(values: Floats) -> Floats:
            out: Floats = (
                np.where(known, values, 0.0)[: hours * block].reshape(hours, block, -1).sum(axis=1)
            )
            return out

        count = by_hour(np.ones_like(mean))
        full = (count >= 0.5 * block) & self.learned
        per = np.maximum(count, 1.0)
        seen_kw, error = (
            by_hour(np.nan_to_num(actual)) / per,
            by_hour(np.nan_to_num(actual - mean)) / per,
        )
        for place, values in enumerate((np.ones_like(error), error**2, error, seen_kw)):
            self._foretold[:, place] += np.where(full, values, 0.0).sum(axis=0)


def _diagonals(rows: Floats) -> Floats:
    """[m, k, k] with the rows of [m, k] on the diagonals."""
    out = np.zeros((*rows.shape, rows.shape[1]))
    place = np.arange(rows.shape[1])
    out[:, place, place] = rows
    return out
