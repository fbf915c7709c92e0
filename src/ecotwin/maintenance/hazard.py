"""How likely a failure is at an age: from histories of units that failed, were serviced in time, or still run.

A spell is a stretch of running hours of one unit since it was new or made as new: from the age at which it came under
observation to the age at which it failed or was lost from sight (serviced, sold, still running). All figures count the
latter for what they are: hours without a failure, not lives.

Sources:
    Kaplan and Meier, JASA 53, 1958, with Greenwood's variance on the log-log scale; Weibull likelihood with late entry
    and censoring, Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2002; exact limits of a rate
    of events: Garwood, Biometrika 28, 1936; times between failures and to repair: ISO 22400-2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.maintenance.regressors import needs_ml
from ecotwin.records import Floats, Range

LEVEL = 0.9
"""Level of the intervals of this module."""
LEAST_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Spells:
    """Stretches of running hours.

    Attributes:
        begin: [spells] age at which observation began [h], 0 for new. end: [spells] age at its end [h].
        failed: [spells] 1 where the end is a failure, 0 where it was lost from sight.
    """

    begin: Floats
    end: Floats
    failed: Floats

    def __post_init__(self) -> None:
        sizes = {len(self.begin), len(self.end), len(self.failed)}
        if sizes == {0} or len(sizes) != 1:
            raise FigureGap(
                "no spells, or a beginning, an end or an outcome is missing",
                expected="as many of each, and at least one",
                remedy="give the running hours since new, of every unit, and whether it failed",
            )
        numbers = np.isfinite(self.begin).all() and np.isfinite(self.end).all()
        if not numbers or (self.begin < 0.0).any() or (self.end <= self.begin).any():
            raise FigureGap(
                "a spell that ends before it begins, or at no known age",
                expected="running hours since new, the end after the beginning",
                remedy="leave such spells out, or mend the hour counter",
            )

    @property
    def hours(self) -> float:
        """Running hours under observation [h]."""
        return float((self.end - self.begin).sum())

    @property
    def failures(self) -> int:
        """Number of failures."""
        return int(self.failed.sum())


@dataclass(frozen=True, slots=True)
class Survival:
    """Share of units that reach an age: [steps] age [h], share, low and high (`LEVEL`)."""

    age_h: Floats
    share: Floats
    low: Floats
    high: Floats


def survival(spells: Spells) -> Survival:
    """Kaplan-Meier estimate.

    >>> survival(Spells(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 0, 1, 1]))).share.tolist()
    [0.75, 0.375, 0.0]
    """
    from scipy.stats import norm

    ages = np.unique(spells.end[spells.failed > 0.0])
    died = np.array([((spells.end == a) & (spells.failed > 0.0)).sum() for a in ages], np.float64)
    risk = np.array([((spells.begin < a) & (spells.end >= a)).sum() for a in ages], np.float64)
    share = np.cumprod(1.0 - died / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(died / (risk * (risk - died)))
        reach = norm.ppf(0.5 + LEVEL / 2.0) * np.sqrt(variance) / np.log(share)
        low, high = share ** np.exp(-reach), share ** np.exp(reach)
    # Where nobody is left, Greenwood's variance has no value: the limits say that nothing is known.
    unknown = ~np.isfinite(reach)
    low, high = np.where(unknown, 0.0, low), np.where(unknown, 1.0, high)
    columns = (np.asarray(a, np.float64) for a in (ages, share, low, high))
    return Survival(*columns)


@dataclass(frozen=True, slots=True)
class Weibull:
    """Hazard shape / scale * (age / scale) ** (shape - 1) per hour.

    Attributes:
        shape, scale_h: As fitted. covariance: [2, 2] of their logarithms. failures: It was fitted on.
    """

    shape: float
    scale_h: float
    covariance: Floats
    failures: int

    def range_of(self, what: str) -> Range:
        """`shape` or `scale_h` with its interval."""
        from scipy.stats import norm

        n = 0 if what == "shape" else 1
        value = (self.shape, self.scale_h)[n]
        reach = float(norm.ppf(0.5 + LEVEL / 2.0) * np.sqrt(self.covariance[n, n]))
        return Range(value, value * float(np.exp(-reach)), value * float(np.exp(reach)))

    def draws(self, count: int, seed: int) -> Floats:
        """[count, 2] shapes and scales as likely as the data say."""
        rng = np.random.default_rng(seed)
        middle = np.log([self.shape, self.scale_h])
        return np.asarray(np.exp(rng.multivariate_normal(middle, self.covariance, count)))


def weibull(spells: Spells) -> Weibull:
    """Most likely Weibull law.

    Raises:
        FigureGap: Fewer than five failures, or all at the same age.
    """
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise needs_ml() from error
    _enough(spells)
    unit = float(spells.end.mean())
    begin, end, failed = spells.begin / unit, spells.end / unit, spells.failed > 0.0

    def minus(logs: Floats) -> float:
        shape, scale = np.exp(np.clip(logs, -8.0, 8.0))
        run = (end / scale) ** shape - (begin / scale) ** shape
        at = np.log(shape / scale) + (shape - 1.0) * np.log(end[failed] / scale)
        return float(run.sum() - at.sum())

    found = minimize(
        minus, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9}
    )
    shape, scale = np.exp(found.x)
    if not found.success or shape > 200.0:
        raise FigureGap(
            "failures at one and the same age carry no law of life",
            expected="failures at different ages",
            remedy="check the hour counter",
        )
    return Weibull(
        float(shape),
        float(scale * unit),
        np.asarray(np.linalg.inv(_curvature(minus, found.x)), dtype=np.float64),
        spells.failures,
    )


def _curvature(of: Callable[[Floats], float], at: Floats) -> Floats:
    """[2, 2] second derivatives by central differences."""
    step, made = 1e-3, np.empty((2, 2))
    for i in range(2):
        for j in range(2):
            a, b = np.eye(2)[i] * step, np.eye(2)[j] * step
            made[i, j] = (of(at + a + b) - of(at + a - b) - of(at - a + b) + of(at - a - b)) / (
                4 * step**2
            )
    return made


def _enough(spells: Spells) -> None:
    if spells.failures < LEAST_FAILURES:
        raise FigureGap(
            f"{spells.failures} failures in {len(spells.end)} spells",
            expected=f"at least {LEAST_FAILURES} failures",
            remedy="pool units of the same kind, or wait: the rate of failures can be told before, the law cannot",
        )


@dataclass(frozen=True, slots=True)
class Dependability:
    """Figures of ISO 22400 over a stretch, with their intervals (`LEVEL`).

    Attributes:
        failures: Number. running_h: Operating time [h]. down_h: Time to repair, in sum [h].
        mtbf_h: Mean operating time between failures [h]; high is inf without a failure.
        mttr_h: Mean time to repair [h], None without a failure. availability: Share of both.
    """

    failures: int
    running_h: float
    down_h: float
    mtbf_h: Range
    mttr_h: float | None
    availability: float


def dependability(failures: int, running_h: float, down_h: float) -> Dependability:
    """How dependable units were.

    Raises:
        FigureGap: Nothing ran.

    >>> d = dependability(4, 8000.0, 40.0)
    >>> d.mtbf_h.value, d.mttr_h, round(d.availability, 4), round(d.mtbf_h.low), round(d.mtbf_h.high)
    (2000.0, 10.0, 0.995, 874, 5855)
    """
    try:
        from scipy.stats import chi2
    except ImportError as error:
        raise needs_ml() from error
    if not running_h > 0.0 or failures < 0 or down_h < 0.0:
        raise FigureGap(
            f"{failures} failures in {running_h:g} running hours and {down_h:g} h down",
            expected="running hours above 0, and none of them below 0",
            remedy="give the stretch over which failures were counted",
        )
    tail = (1.0 - LEVEL) / 2.0
    least = 2.0 * running_h / float(chi2.ppf(1.0 - tail, 2 * failures + 2))
    most = 2.0 * running_h / float(chi2.ppf(tail, 2 * failures)) if failures else float("inf")
    value = running_h / failures if failures else float("inf")
    return Dependability(
        failures, running_h, down_h, Range(value, least, most), down_h / failures if failures else None,
        running_h / (running_h + down_h),
    )  # fmt: skip


def avoided(running_h: float, every_h: float, made: int) -> float:
    """Replacements avoided over running hours against a fixed rule of one every so many hours.

    >>> avoided(10_000.0, 2_000.0, 3)
    2.0
    """
    if not (running_h >= 0.0 and every_h > 0.0 and made >= 0):
        raise FigureGap(
            f"{made} replacements in {running_h:g} h against one every {every_h:g} h",
            expected="hours of 0 or more, a rule above 0",
        )
    return running_h / every_h - made
