"""How far the true use may lie from the baseline: noise, its memory, and the site's own drift.

An interval from the residuals' scatter alone is too narrow on real sites: their level wanders, and the
next year is not the last one. Here the baseline's error in a sum is written as weights on the errors of
single readings (least squares is linear). The errors of weeks (or bills) are noise plus a wandering
level (Ornstein-Uhlenbeck); how much it wanders and how long it remembers is not known from a year, so
every pair is weighed by its restricted likelihood and the interval is that of the mixture. Forecasts
from rolling origins inside the baseline period widen it where they were worse than it says.

Sources: Patterson and Thompson, Biometrika 58 (1971) 545 (restricted likelihood); Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006) ch. 2 and 4; ASHRAE Guideline 14-2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ecotwin.accounting.performance.choice import Choice, design
from ecotwin.accounting.performance.forms import fit
from ecotwin.accounting.performance.series import Series
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Ints

WEEK_H, YEAR_H = 168.0, 8766.0
MEMORIES_D = (30.0, 120.0, 730.0)
RATIOS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Variance of the wandering level over that of a block's noise, each as likely before the data."""
YEARLY_DRIFT = 0.015
"""Standard deviation of a level's change from year to year that is always allowed for, as a share of
the expected use: a single year of data cannot show it. Set by judgement, not by fit to a data set."""
FEWEST_FREE = 3


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of the error of an expected sum.

    Attributes:
        half: Half-width of the interval, target's unit. sd68: Half-width at 68 %.
        noise_share: Share of the variance that is noise and coefficients; the rest is drift.
        drift_per_year: Standard deviation of a change of level over a year, as a share of the use.
        origins: Relative errors of forecasts from rolling origins. widened: Factor by which those
            widened the standard deviation.
        free: Degrees of freedom. blocks: Weeks or bills that were looked at.
    """

    half: float
    sd68: float
    noise_share: float
    drift_per_year: float
    origins: tuple[float, ...]
    widened: float
    free: int
    blocks: int


@dataclass(frozen=True, slots=True)
class _Wander:
    """One pair of memory and ratio: its weight and scale."""

    memory_h: float
    ratio: float
    weight: float
    scale: float


def spread(choice: Choice, base: Series, later: Series, *, level: float = 0.9) -> Spread:
    """The error of the expected sum over `later`.

    Args:
        choice: Fitted on `base`. base: Readings of the baseline period. later: Of the reporting
            period. level: Of the interval.

    Raises:
        FigureGap: The baseline period is too short to tell noise from drift.
    """
    variance = _Variance(choice, base)
    block = _blocks(base)
    around = _Blocks.of(choice, base, block, variance(choice.fitted.rate(base)))
    wanders = around.weighed()
    typical = abs(float((choice.fitted.rate(base) * base.hours).sum() / base.hours.sum()))
    errors, z2 = _origins(choice, base, variance, around, wanders)
    widened = math.sqrt(max(1.0, (sum(z2) + 4.0) / (len(z2) + 4.0)))
    weights = _weights(
        choice.fitted.inverse, design(choice, base), base, design(choice, later), later
    )
    noise_of = variance(choice.fitted.rate(base)), variance(choice.fitted.rate(later))
    parts = [around.parts(w, weights, noise_of, later) for w in wanders]
    floor = (YEARLY_DRIFT * typical * float(later.hours.sum())) ** 2 * _gap_years(base, later)
    sds = [widened * math.sqrt(n + d + floor) for n, d in parts]
    noise = sum(w.weight * n for w, (n, _) in zip(wanders, parts, strict=True))
    drift = sum(w.weight * d for w, (_, d) in zip(wanders, parts, strict=True)) + floor
    yearly = (
        sum(
            w.weight * w.scale * w.ratio * 2.0 * (1.0 - math.exp(-YEAR_H / w.memory_h))
            for w in wanders
        )
        * around.unit
        + (YEARLY_DRIFT * typical) ** 2
    )
    chances = [w.weight for w in wanders]
    return Spread(
        half=_half(sds, chances, around.free, level),
        sd68=_half(sds, chances, around.free, 0.68),
        noise_share=noise / max(noise + drift, 1e-300),
        drift_per_year=math.sqrt(yearly) / typical if typical > 0.0 else math.inf,
        origins=tuple(errors),
        widened=widened,
        free=around.free,
        blocks=around.count,
    )


class _Variance:
    """Variance of a reading's error as a + b * expected^2, neither below zero."""

    def __init__(self, choice: Choice, base: Series) -> None:
        made = choice.fitted.rate(base)
        e2 = choice.fitted.residual**2 * len(base) / max(1, len(base) - choice.parameters)
        x = np.column_stack([np.ones(len(made)), made**2])
        a, b = np.linalg.lstsq(x, e2, rcond=None)[0]
        if b <= 0.0 or a <= 0.0:
            a, b = (float(e2.mean()), 0.0) if b <= 0.0 else (0.0, float(e2.sum() / (made**2).sum()))
        self._a, self._b = float(a), float(b)
        self._least = 0.05 * float(e2.mean()) + 1e-12 * float((made**2).mean()) + 1e-300

    def __call__(self, rate: Floats) -> Floats:
        out: Floats = np.maximum(self._least, self._a + self._b * rate**2)
        return out


def _blocks(data: Series) -> Ints:
    """[n] number of the week (or bill) of each reading."""
    if data.grain == "billing":
        return np.arange(len(data))
    span = float(data.middle_h[-1] - data.middle_h[0])
    length = min(WEEK_H, max(24.0, span / 12.0))
    return np.unique(np.floor((data.middle_h - data.middle_h[0]) / length), return_inverse=True)[1]


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Errors of blocks and what they are made of."""

    number: Ints
    mean: Floats
    at_h: Floats
    noise: Floats
    basis: Floats
    unit: float
    free: int

    @property
    def count(self) -> int:
        return len(self.mean)

    @staticmethod
    def of(choice: Choice, base: Series, number: Ints, variance: Floats) -> _Blocks:
        size = np.bincount(number)

        def mean(v: Floats) -> Floats:
            out: Floats = np.bincount(number, v) / size
            return out

        noise = mean(variance) / size
        unit = float(noise.mean())
        basis = np.column_stack([mean(c) for c in _basis(choice, base).T])
        q, r = np.linalg.qr(basis / np.maximum(1e-300, np.abs(basis).max(axis=0)))
        basis = q[:, np.abs(np.diag(r)) > 1e-8]
        searched = min(choice.fitted.form.searched, 1)
        free = len(size) - basis.shape[1] - searched
        if free < FEWEST_FREE:
            raise FigureGap(
                f"{len(size)} {'bills' if base.grain == 'billing' else 'weeks'} for {basis.shape[1] + searched} "
                "coefficients leave nothing to judge the error by",
                expected=f"{FEWEST_FREE} more than coefficients; a year of readings is usual",
                remedy="give a longer baseline period, or daily instead of monthly readings",
            )
        return _Blocks(
            number,
            mean(choice.fitted.residual),
            mean(base.middle_h),
            noise / unit,
            basis,
            unit,
            free,
        )

    def weighed(self) -> list[_Wander]:
        """Every pair of memory and ratio with its share of belief."""
        found: list[tuple[float, float, float, float]] = []
        memories = [m * 24.0 for m in MEMORIES_D]
        pairs = [(memories[0], 0.0)] + [(m, r) for m in memories for r in RATIOS if r > 0.0]
        for memory, ratio in pairs:
            k = np.diag(self.noise) + ratio * _memory(self.at_h, self.at_h, memory)
            inverse = np.linalg.inv(k)
            z = self.basis
            inner = z.T @ inverse @ z
            p = inverse - inverse @ z @ np.linalg.solve(inner, z.T @ inverse)
            square = max(float(self.mean @ p @ self.mean), 1e-300)
            told = -0.5 * (
                float(np.linalg.slogdet(k)[1])
                + float(np.linalg.slogdet(inner)[1])
                + self.free * math.log(square)
            )
            found.append((memory, ratio, told, square / self.free / self.unit))
        top = max(t for _, _, t, _ in found)
        # No drift at all is one belief among the ratios, once for each memory.
        raw = [math.exp(t - top) * (len(memories) if r == 0.0 else 1.0) for _, r, t, _ in found]
        total = sum(raw)
        return [
            _Wander(m, r, x / total, s)
            for (m, r, _, s), x in zip(found, raw, strict=True)
            if x / total > 1e-6
        ]

    def parts(
        self,
        wander: _Wander,
        weights: Floats,
        variances: tuple[Floats, Floats],
        later: Series,
    ) -> tuple[float, float]:
        """Variance of the error of the sum: noise and coefficients, and drift.

        Args:
            wander: What is believed of the drift. weights: [n] of the readings' errors.
            variances: Of single readings [n] before and [m] later. later: The reporting readings.
        """
        noise = float((weights**2 * variances[0]).sum() + (later.hours**2 * variances[1]).sum())
        number = _blocks(later)
        hours = np.bincount(number, later.hours)
        at = np.bincount(number, later.middle_h * later.hours) / hours
        pull = np.concatenate([np.bincount(self.number, weights, minlength=self.count), -hours])
        when = np.concatenate([self.at_h, at])
        drift = float(pull @ _memory(when, when, wander.memory_h) @ pull) * wander.ratio * self.unit
        return wander.scale * noise, wander.scale * max(0.0, drift)


def _basis(choice: Choice, base: Series) -> Floats:
    """Columns that the regression has already taken out of the blocks' errors."""
    form = choice.fitted.form
    x = design(choice, base)
    if form.busy is None:
        return x
    extra = [x[:, choice.fitted.names.index(o)] for o in form.others]
    if form.knots and base.temperature:
        extra += [base.variables[base.temperature], choice.fitted.rate(base)]
    return np.column_stack([np.ones(len(base)), *extra])


def _memory(a: Floats, b: Floats, memory_h: float) -> Floats:
    out: Floats = np.exp(-np.abs(a[:, None] - b[None, :]) / memory_h)
    return out


def _weights(inverse: Floats, x: Floats, base: Series, x_later: Floats, later: Series) -> Floats:
    """[n] by how much the expected sum moves with the rate of each reading."""
    g = x_later.T @ later.hours
    out: Floats = base.hours / base.hours.mean() * (x @ (inverse @ g))
    return out


def _gap_years(base: Series, later: Series) -> float:
    """Years between the middles of the two periods, at least a quarter."""
    return max(0.25, float(later.middle_h.mean() - base.middle_h.mean()) / YEAR_H)


def _origins(
    choice: Choice,
    base: Series,
    variance: _Variance,
    around: _Blocks,
    wanders: list[_Wander],
) -> tuple[list[float], list[float]]:
    """Errors of forecasts from origins inside the baseline period, relative and in sigmas, squared."""
    errors, z2 = [], []
    n = len(base)
    for eighth in (5, 6, 7):
        cut, end = n * eighth // 8, n * (eighth + 1) // 8
        rows = np.arange(n)
        past, nxt = base.where(rows < cut), base.where((rows >= cut) & (rows < end))
        nxt = nxt.where(_inside(choice, past, nxt))
        if len(nxt) < max(2, 0.5 * (end - cut)):
            continue
        try:
            old = fit(choice.fitted.form, past)
            if old.rank < choice.fitted.rank or len(past) < 2 * choice.parameters:
                continue
            small = _Blocks.of(
                Choice(old, (), choice.rho, choice.independent, choice.parameters),
                past,
                around.number[rows < cut],
                variance(old.rate(past)),
            )
            small = replace(small, unit=around.unit)
        except FigureGap:
            continue
        made = float((old.rate(nxt) * nxt.hours).sum())
        weights = _weights(old.inverse, design(choice, past), past, design(choice, nxt), nxt)
        own = variance(choice.fitted.rate(past)), variance(choice.fitted.rate(nxt))
        total = 0.0
        for w in wanders:
            total += w.weight * sum(small.parts(w, weights, own, nxt))
        gap = float(nxt.target.sum()) - made
        errors.append(gap / made if made else 0.0)
        z2.append(min(25.0, gap**2 / max(total, 1e-300)))
    return errors, z2


def _inside(choice: Choice, past: Series, nxt: Series) -> Bools:
    """Which readings lie within the variables that were seen before."""
    keep = np.ones(len(nxt), np.bool_)
    form = choice.fitted.form
    names = [n for n in form.others if n in past.variables]
    if form.uses_temperature and past.temperature:
        names.append(past.temperature)
    for name in names:
        low, high = np.quantile(past.variables[name], [0.02, 0.98])
        keep &= (nxt.variables[name] >= low) & (nxt.variables[name] <= high)
    return keep


def _half(sds: list[float], chances: list[float], free: int, level: float) -> float:
    """Half-width that holds `level` of a mixture of Student's t about one centre."""
    low, high = 0.0, 1e3 * max(sds)
    for _ in range(80):
        middle = (low + high) / 2.0
        inside = sum(
            c * within_t(middle / max(s, 1e-300), free) for s, c in zip(sds, chances, strict=True)
        )
        low, high = (middle, high) if inside < level else (low, middle)
    return (low + high) / 2.0


def within_t(t: float, free: int) -> float:
    """Probability that the absolute value of Student's t is at most `t`.

    >>> round(within_t(1.812, 10), 3), round(within_t(6.314, 1), 3)
    (0.9, 0.9)

    Sources: Abramowitz and Stegun 26.7.3 and 26.7.4.
    """
    theta = math.atan(t / math.sqrt(free))
    if free == 1:
        return 2.0 * theta / math.pi
    cosine2 = math.cos(theta) ** 2
    term = total = math.cos(theta) if free % 2 else 1.0
    for k in range(3 if free % 2 else 2, free - 1, 2):
        term *= cosine2 * (k - 1) / k
        total += term
    if free % 2:
        return 2.0 / math.pi * (theta + math.sin(theta) * total)
    return math.sin(theta) * total
