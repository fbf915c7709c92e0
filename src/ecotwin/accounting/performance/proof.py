"""What was saved: the baseline at the reporting period's conditions less what was really used.

The difference is always told; it is called a saving only where the baseline is fit for that purpose
and the interval, drift of the site included, lies above zero.

Sources: ISO 50001:2018 9.1; ISO 50006:2023; IPMVP (adjusted baseline, non-routine adjustments); ASHRAE
Guideline 14-2014 (CVRMSE, bias, autocorrelation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.accounting import fitness
from ecotwin.accounting.performance.choice import Choice, choose
from ecotwin.accounting.performance.drift import Spread, spread
from ecotwin.accounting.performance.series import DAY_S, Series
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

LEVEL = 0.9
FEWEST = {"hourly": 24 * 28, "daily": 28, "billing": 9}
MONTH_LIMIT, BIAS = 0.15, 0.005
COVERAGE, OUTSIDE, SEASON = 0.9, 0.1, 0.9
WHOLE_YEAR_D = 330.0
FEWEST_INDEPENDENT = 9.0
METHOD = "performance/1: least squares, interval with autocorrelation and the site's drift"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A change that has nothing to do with energy performance.

    Attributes:
        amount: Added to the expected use of the reporting period [target's unit]; an extra shift adds, a
            closed hall takes away. reason: In words.
    """

    amount: float
    reason: str


@dataclass(frozen=True, slots=True)
class Performance:
    """A baseline and what it says of the reporting period.

    Attributes:
        choice: Baseline with the reasons for its variables. spread: Of the expected sum.
        expected: Adjusted baseline, non-routine adjustments included. actual: Used.
        low: Of the saving, `high` too, at `level`.
        fit_for_purpose: Whether a saving may be claimed. reasons: Why, or why not.
        claim: `saving`, `no saving shown`, `more used`, or `refused`.
        cvrmse: On single readings, n - p. cvrmse_month: On sums of 30 days; NaN: too few.
        nmbe: Of the fit. coverage: Share of the reporting period that was measured.
        outside: Share of the readings with a variable that the baseline never saw.
        at_s: [m] starts of the reporting readings. cusum: [m] expected - used, summed; savings rise.
        adjustments: As given. base_readings: Used for the fit. later_readings: Compared.
    """

    choice: Choice
    spread: Spread
    expected: float
    actual: float
    low: float
    high: float
    level: float
    fit_for_purpose: bool
    reasons: tuple[str, ...]
    claim: str
    cvrmse: float
    cvrmse_month: float
    nmbe: float
    coverage: float
    outside: float
    at_s: Floats
    cusum: Floats
    adjustments: tuple[Adjustment, ...]
    base_readings: int
    later_readings: int

    @property
    def saved(self) -> float:
        """Expected less used: positive means that less was used."""
        return self.expected - self.actual

    def as_json(self) -> dict[str, Any]:
        """For a machine."""
        fitted = self.choice.fitted
        form = fitted.form
        hourly = form.busy is not None
        return {
            "savings": {"value": self.saved, "low": self.low, "high": self.high},
            "level": self.level,
            "claim": self.claim,
            "fit_for_purpose": self.fit_for_purpose,
            "reasons": list(self.reasons),
            "cvrmse": self.cvrmse,
            "cvrmse_month": None if np.isnan(self.cvrmse_month) else self.cvrmse_month,
            "nmbe": self.nmbe,
            "expected": self.expected,
            "actual": self.actual,
            "normalised_improvement": self.saved / self.expected if self.expected > 0.0 else None,
            "fractional_uncertainty": None
            if self.saved == 0.0
            else (self.high - self.low) / 2.0 / abs(self.saved),
            "autocorrelation": self.choice.rho,
            "independent_readings": self.choice.independent,
            "coverage": self.coverage,
            "outside_baseline": self.outside,
            "drift": {
                "per_year": self.spread.drift_per_year,
                "share_of_variance": 1.0 - self.spread.noise_share,
                "origin_errors": list(self.spread.origins),
                "widened": self.spread.widened,
            },
            "model": {
                "name": form.name,
                "balance_points": {"heating": form.heat_base, "cooling": form.cool_base},
                "per_hour": None
                if hourly and not form.others
                else {
                    n: float(b)
                    for n, b in zip(fitted.names, fitted.beta, strict=True)
                    if not hourly or n in form.others
                },
                "parameters": self.choice.parameters,
            },
            "variables": [
                {"name": r.name, "kept": r.kept, "why": r.why} for r in self.choice.reasons
            ],
            "adjustments": [{"amount": a.amount, "reason": a.reason} for a in self.adjustments],
            "readings": {"baseline": self.base_readings, "reporting": self.later_readings},
            "method": METHOD,
        }


def perform(
    data: Series,
    until_s: float,
    *,
    after_s: float | None = None,
    level: float = LEVEL,
    adjustments: Sequence[Adjustment] = (),
) -> Performance:
    """Fit a baseline before one instant and compare what came after it.

    Args:
        data: Readings. until_s: End of the baseline period [s, local wall time].
        after_s: Start of the reporting period; default: `until_s`. What lies between is not looked at.
        level: Of the interval. adjustments: Non-routine adjustments to the expected use.

    Raises:
        FigureGap: Too few readings on either side to compute anything.
    """
    after_s = until_s if after_s is None else after_s
    known = _known(data)
    ends = data.at_s + data.hours * 3600.0
    # A twentieth of a reading may hang over: a day's stamp moves by an hour with the clock.
    edge = data.hours * 180.0 + 1.0
    before, after = ends <= until_s + edge, data.at_s >= after_s - edge
    base, later = data.where(known & before), data.where(known & after)
    _enough(data, base, later)
    choice = choose(base)
    around = spread(choice, base, later, level=level)
    made = choice.fitted.rate(later) * later.hours
    extra = sum(a.amount for a in adjustments)
    expected, actual = float(made.sum()) + extra, float(later.target.sum())
    fitted = choice.fitted.rate(base) * base.hours
    scatter = fitness.cvrmse(base.target, fitted, min(choice.parameters, len(base) - 1))
    bias = fitness.nmbe(base.target, fitted, min(choice.parameters, len(base) - 1))
    monthly = _monthly_scatter(base, fitted)
    coverage = _coverage(data, after, known)
    outside = float(_outside(choice, base, later).mean())
    fit, reasons = _verdict(choice, base, later, scatter, monthly, bias, coverage, outside)
    saved = expected - actual
    low, high = saved - around.half, saved + around.half
    claim = (
        "refused"
        if not fit
        else "saving"
        if low > 0
        else "more used"
        if high < 0
        else "no saving shown"
    )
    return Performance(
        choice, around, expected, actual, low, high, level, fit, reasons, claim, scatter, monthly, bias,
        coverage, outside, later.at_s, fitness.cusum(made, later.target), tuple(adjustments),
        len(base), len(later),
    )  # fmt: skip


def _known(data: Series) -> Bools:
    known = np.isfinite(data.target)
    for v in data.variables.values():
        known &= np.isfinite(v)
    return np.asarray(known, np.bool_)


def _enough(data: Series, base: Series, later: Series) -> None:
    need = FEWEST[data.grain]
    if len(base) < need:
        raise FigureGap(
            f"the baseline period has {len(base)} whole {data.grain} readings",
            expected=f"{need} at the least, and a year as a rule",
            remedy="end the baseline later, or bring finer or older readings",
        )
    if len(later) < 1:
        raise FigureGap(
            "there is no whole reading after the baseline period",
            expected="at least one",
            remedy="check --until and --from against the times in the file",
        )
    if float(base.target.mean()) <= 0.0:
        raise FigureGap(
            "the target is zero or negative on average in the baseline period",
            expected="energy used per reading",
            remedy="name the meter's consumption as the target, not a balance or a counter",
        )


def _coverage(data: Series, after: Bools, known: Bools) -> float:
    """Share of the time from the first to the last reporting row that was measured."""
    rows = np.flatnonzero(after & known)
    first = np.flatnonzero(after)[0]
    end = float(data.at_s[rows[-1]] / 3600.0 + data.hours[rows[-1]])
    span = end - float(data.at_s[first]) / 3600.0
    return min(1.0, float(data.hours[rows].sum()) / span) if span > 0.0 else 1.0


def _outside(choice: Choice, base: Series, later: Series) -> Bools:
    """Readings with a variable beyond what the baseline period saw, by more than a twentieth of its range."""
    out = np.zeros(len(later), np.bool_)
    form = choice.fitted.form
    names = [n for n in form.others if n in base.variables]
    names += [base.temperature] if form.uses_temperature and base.temperature else []
    for name in names:
        low, high = float(base.variables[name].min()), float(base.variables[name].max())
        edge = 0.05 * (high - low)
        v = later.variables[name]
        out |= (v < low - edge) | (v > high + edge)
    return out


def _monthly_scatter(base: Series, fitted: Floats) -> float:
    """CVRMSE of sums of 30 days; NaN when there are fewer than three."""
    if base.grain == "billing":
        return float("nan")
    month = np.floor((base.at_s - base.at_s[0]) / (30.0 * DAY_S)).astype(np.int64)
    hours = np.bincount(month, base.hours)
    full = hours >= 0.8 * 720.0
    if full.sum() < 3:
        return float("nan")
    seen, made = np.bincount(month, base.target)[full], np.bincount(month, fitted)[full]
    return fitness.cvrmse(seen, made, 1)


def _season(base: Series, later: Series) -> float:
    """Share of the reporting readings for whose time of year the baseline has a reading within a month."""
    year = 365.25 * DAY_S
    seen = np.unique(np.floor(base.middle_h * 3600.0 % year / (5 * DAY_S)))
    place = later.middle_h * 3600.0 % year / (5 * DAY_S)
    gap = np.abs(place[:, None] - (seen + 0.5)[None, :])
    return float((np.minimum(gap, 73.05 - gap).min(axis=1) <= 6.5).mean())


def _verdict(
    choice: Choice, base: Series, later: Series, scatter: float, monthly: float, bias: float,
    coverage: float, outside: float,
) -> tuple[bool, tuple[str, ...]]:  # fmt: skip
    """Whether a saving may be claimed; only the faults when it may not."""
    months = float(later.middle_h[-1] - later.middle_h[0]) / 730.5
    limit = 0.20 if months < 12.5 else 0.25 if months <= 60 else 0.30
    span_d = float(base.middle_h[-1] - base.middle_h[0]) / 24.0
    season = 1.0 if span_d >= WHOLE_YEAR_D else _season(base, later)
    close = scatter <= limit or monthly <= MONTH_LIMIT
    readings, need = len(base), max(FEWEST_INDEPENDENT, _own_terms(choice) + 3)
    close_word = f"CVRMSE {scatter:.1%} of {base.grain} readings ({limit:.0%} is the limit)"
    if not np.isnan(monthly):
        close_word += f" or {monthly:.1%} of 30-day sums ({MONTH_LIMIT:.0%})"
    independent_word = f"{choice.independent:.0f} independent readings of {readings}"
    season_word = (
        f"the baseline of {span_d:.0f} days saw the seasons of {season:.0%} of the reporting"
    )
    outside_word = f"{outside:.0%} of the reporting readings lie outside what the baseline saw"
    told = (
        (close, close_word),
        (abs(bias) <= BIAS, f"bias of the fit {bias:.2%} ({BIAS:.1%} is the limit)"),
        (
            choice.independent >= need,
            f"{independent_word} (autocorrelation {choice.rho:.2f}; {need:.0f} are needed)",
        ),
        (
            coverage >= COVERAGE,
            f"{coverage:.0%} of the reporting period was measured ({COVERAGE:.0%} is needed)",
        ),
        (outside <= OUTSIDE, f"{outside_word} ({OUTSIDE:.0%} is the limit)"),
        (season >= SEASON, f"{season_word} period ({SEASON:.0%} is needed)"),
    )
    bad = tuple(w.replace("%", " %") for ok, w in told if not ok)
    return not bad, bad or tuple(w.replace("%", " %") for _, w in told)


def _own_terms(choice: Choice) -> int:
    """Terms that autocorrelated readings must carry; each hour of the week has its own weeks."""
    form = choice.fitted.form
    return choice.parameters if form.busy is None else len(form.others) + len(form.knots) + 1
