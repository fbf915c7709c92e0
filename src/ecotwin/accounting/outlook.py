"""Where the year ends: a forecast from the months so far, and whether it keeps to a path.

Two methods, the first that the months allow:

1. **As last year**: the months of last year, scaled by how this year's months stand to theirs. The interval carries the
   scatter of the months about that scale and the error of the scale itself.
2. **Trend**: a straight line through the months' means per day, with its prediction interval.

Both state a 95 % interval by Student's t: few months make it wide, as they should. Neither knows of orders to come or
of measures that are planned.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.savings import student_t
from ecotwin.errors import FigureGap

FEWEST = 3
"""Months without which nothing is forecast."""
Months = Mapping[tuple[int, int], float]
"""(year, month) -> value of the whole month."""


@dataclass(frozen=True, slots=True)
class YearEnd:
    """A year's value as it is expected at its end.

    Attributes:
        year: The calendar year. so_far: Sum of the months that are known. months: How many these are.
        value, low, high: Of the whole year, with its 95 % interval. method: In words.
    """

    year: int
    so_far: float
    months: int
    value: float
    low: float
    high: float
    method: str


def year_end(months: Months, year: int) -> YearEnd:
    """The year's value from its months so far and, where they are known, the year before.

    Args:
        months: Whole months only; those of the year must be the first ones, without a hole. year: The calendar year.

    Raises:
        FigureGap: Fewer than three months are known, or one between them is missing.

    >>> flat = {(2026, m): calendar.monthrange(2026, m)[1] * 2.0 for m in range(1, 7)}
    >>> round(year_end(flat, 2026).value, 9)
    730.0
    """
    known = sorted(m for y, m in months if y == year)
    if len(known) < FEWEST:
        raise FigureGap(
            f"{len(known)} months of {year} are known",
            expected=f"at least {FEWEST} whole ones",
            remedy="wait, or say nothing of the year's end yet",
        )
    holes = sorted(set(range(1, known[-1] + 1)) - set(known))
    if holes:
        raise FigureGap(
            f"{year} lacks the month{'s' if len(holes) > 1 else ''} {', '.join(map(str, holes))}",
            expected="every month up to the newest",
            remedy="see why nothing was measured then",
        )
    values = np.array([months[year, m] for m in known], np.float64)
    if not np.isfinite(values).all():
        raise FigureGap(
            f"a month of {year} is no number",
            expected="values",
            remedy="leave the year's end out",
        )
    so_far = float(values.sum())
    rest = list(range(known[-1] + 1, 13))
    if not rest:
        return YearEnd(year, so_far, 12, so_far, so_far, so_far, "outlook/1: all months are known")
    before = [months.get((year - 1, m)) for m in (*known, *rest)]
    usual = [b for b in before if b is not None and b > 0.0]
    if len(usual) == 12 and so_far > 0.0:
        more, half, method = _as_before(values, np.array(usual, np.float64))
    else:
        more, half, method = _trend(values, year, known, rest)
    low = so_far + more - half
    if (values >= 0.0).all():
        low, more = max(low, so_far), max(more, 0.0)
    return YearEnd(
        year, so_far, len(known), so_far + more, low, max(so_far + more + half, low), method
    )


def _as_before(values: np.ndarray, usual: np.ndarray) -> tuple[float, float, str]:
    """Rest of the year, its half-width and the method, by the months of the year before.

    The scatter is of the months' ratios to last year's: big months scatter more.
    """
    n = len(values)
    past, coming = usual[:n], usual[n:]
    scale = float(values.sum() / past.sum())
    ratio_sd = math.sqrt(float((((values - scale * past) / past) ** 2).sum()) / (n - 1))
    of_scale = ratio_sd * math.sqrt(float((past**2).sum())) / float(past.sum())
    own = ratio_sd * math.sqrt(float((coming**2).sum()))
    half = student_t(0.95, n - 1) * math.hypot(own, of_scale * float(coming.sum()))
    words = f"outlook/1: months of last year x {scale:.3f} (this year's {n} months / last year's same); Student's t"
    return scale * float(coming.sum()), half, words


def _trend(
    values: np.ndarray, year: int, known: list[int], rest: list[int]
) -> tuple[float, float, str]:
    """The same by a straight line through the means per day."""
    days = np.array([calendar.monthrange(year, m)[1] for m in known], np.float64)
    coming = np.array([calendar.monthrange(year, m)[1] for m in rest], np.float64)
    n = len(values)
    design = np.column_stack([np.ones(n), np.array(known, np.float64)])
    ahead = np.column_stack([np.ones(len(rest)), np.array(rest, np.float64)])
    per_day = values / days
    line, *_ = np.linalg.lstsq(design, per_day, rcond=None)
    residual = per_day - design @ line
    variance = float(residual @ residual) / (n - 2)
    weights = coming @ ahead
    spread = float(weights @ np.linalg.inv(design.T @ design) @ weights) + float(coming @ coming)
    half = student_t(0.95, n - 2) * math.sqrt(variance * spread)
    words = f"outlook/1: straight line through the means per day of {n} months; Student's t, {n - 2} degrees of freedom"
    return float(coming @ (ahead @ line)), half, words


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a year keeps to its path: `on` True, False, or None where the interval holds the allowance."""

    on: bool | None
    text: str


def against(outlook: YearEnd, allowed: float, unit: str) -> Verdict:
    """A year's outlook held against what its path allows.

    >>> made = YearEnd(2026, 50.0, 6, 100.0, 90.0, 110.0, "")
    >>> [against(made, a, "t").on for a in (120.0, 100.0, 80.0)]
    [True, None, False]
    """
    band = f"{outlook.low:,.6g} to {outlook.high:,.6g} {unit}"
    told = f"{outlook.year} is expected to end at {outlook.value:,.6g} {unit} ({band}), its path allows {allowed:,.6g}"
    if outlook.high <= allowed:
        return Verdict(True, f"On the path: {told}.")
    if outlook.low > allowed:
        return Verdict(False, f"Off the path: {told}.")
    lean = "keeping to it is likelier" if outlook.value <= allowed else "missing it is likelier"
    return Verdict(None, f"Not decided yet: {told}; {lean}.")
