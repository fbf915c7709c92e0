"""A meter's readings with the variables that go with them, on one kind of step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

HOUR_S, DAY_S = 3600.0, 86400.0


@dataclass(frozen=True, slots=True)
class Series:
    """Readings of one meter.

    Attributes:
        at_s: [n] local wall time at the start of each reading [s since 1970].
        hours: [n] length of each reading [h].
        target: [n] amount used in each reading, NaN where not known [target's unit].
        variables: Name -> [n] mean value in each reading, NaN where not known.
        temperature: Which variable is the outdoor temperature; None: none is.
        grain: `hourly`, `daily` or `billing`.
    """

    at_s: Floats
    hours: Floats
    target: Floats
    variables: Mapping[str, Floats]
    temperature: str | None
    grain: str

    def __len__(self) -> int:
        return len(self.at_s)

    @property
    def rate(self) -> Floats:
        """[n] target per hour."""
        out: Floats = self.target / self.hours
        return out

    @property
    def middle_h(self) -> Floats:
        """[n] middle of each reading [h since 1970, local]."""
        out: Floats = self.at_s / HOUR_S + self.hours / 2.0
        return out

    @property
    def hour_of_week(self) -> Floats:
        """[n] whole hours since Monday 00:00, 0 to 167."""
        out: Floats = np.floor((self.at_s + 3 * DAY_S) % (7 * DAY_S) / HOUR_S)
        return out

    @property
    def weekend_share(self) -> Floats:
        """[n] share of each reading on Saturday or Sunday."""
        if self.grain != "billing":
            return np.asarray(self.hour_of_week >= 120.0, np.float64)
        return _weekend_s(self.at_s, self.at_s + self.hours * HOUR_S) / (self.hours * HOUR_S)

    def where(self, rows: Bools) -> Series:
        """The readings of these rows."""
        return Series(
            self.at_s[rows],
            self.hours[rows],
            self.target[rows],
            {k: v[rows] for k, v in self.variables.items()},
            self.temperature,
            self.grain,
        )


def series(
    at_s: ArrayLike,
    target: ArrayLike,
    variables: Mapping[str, ArrayLike] | None = None,
    *,
    temperature: str | None = None,
    end_stamped: bool = False,
) -> Series:
    """Bring readings to hours, days or bills.

    Steps shorter than an hour are summed (target) or averaged (variables) to hours; an hour is only
    known when all of its steps are. Longer steps than a day are kept with their own lengths.

    Args:
        at_s: [n] local wall time of the stamps [s].
        target: [n] amounts, NaN where not known.
        variables: Name -> [n].
        temperature: Which of them is the outdoor temperature.
        end_stamped: Stamps are ends of intervals.

    Raises:
        FigureGap: Fewer than three readings, stamps that run back, or steps of mixed kinds.

    >>> s = series(np.arange(8) * 900.0, np.ones(8))
    >>> s.grain, s.target, s.hours
    ('hourly', array([4., 4.]), array([1., 1.]))
    """
    at = np.asarray(at_s, np.float64)
    amount = np.asarray(target, np.float64)
    named = {k: np.asarray(v, np.float64) for k, v in (variables or {}).items()}
    if len(at) < 3:
        raise FigureGap(f"{len(at)} readings are too few", expected="at least a season of them")
    order = np.argsort(at, kind="stable")
    at, amount = at[order], amount[order]
    named = {k: v[order] for k, v in named.items()}
    step = np.diff(at)
    typical = float(np.median(step[step > 0])) if (step > 0).any() else 0.0
    # Wall clocks repeat an hour once a year; anything more is a file with several meters in it.
    if typical <= 0.0 or np.mean(step <= 0) > 0.01:
        raise FigureGap(
            f"{int((step <= 0).sum())} readings bear the same time as the one before",
            expected="one reading an instant",
            remedy="keep one meter in the file, or add them up first",
        )
    if typical > 1.5 * DAY_S:
        return _bills(at, amount, named, temperature, end_stamped)
    if end_stamped:
        at = at - typical
    if typical < 0.9 * HOUR_S:
        return _summed(at, amount, named, temperature, HOUR_S, typical)
    if typical <= 1.1 * HOUR_S:
        return Series(at, np.ones(len(at)), amount, named, temperature, "hourly")
    if typical < 0.9 * DAY_S:
        return _summed(at, amount, named, temperature, DAY_S, typical)
    return Series(at, np.full(len(at), 24.0), amount, named, temperature, "daily")


def _bills(
    at: Floats, amount: Floats, named: Mapping[str, Floats], temperature: str | None, ends: bool
) -> Series:
    step = np.diff(at)
    odd = _open_length(at, step, ends)
    length = np.insert(step, 0, odd) if ends else np.append(step, odd)
    # A hole of several periods is no long bill: its length cannot be known.
    fair = np.isfinite(length) & (length <= 1.6 * np.median(step))
    length = np.where(np.isfinite(length), length, np.median(step))
    start = at - length if ends else at
    hours = length / HOUR_S
    return Series(start, hours, np.where(fair, amount, np.nan), named, temperature, "billing")


def _open_length(at: Floats, step: Floats, ends: bool) -> float:
    """Length of the bill of which only one end is stamped [s]; NaN when nothing tells it."""
    if np.allclose(step, step[0]):
        return float(step[0])
    days = np.floor(at / DAY_S).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    ahead = np.diff(months.astype(np.int64))
    same_day = (days - months).astype(np.int64)
    if (ahead == ahead[0]).all() and (same_day == same_day[0]).all():
        other = months[0] - ahead[0] if ends else months[-1] + ahead[0]
        edge = (other.astype("datetime64[D]") + same_day[0]).astype(np.float64) * DAY_S
        return float(at[0] - edge if ends else edge - at[-1])
    return float("nan")


def _summed(
    at: Floats,
    amount: Floats,
    named: Mapping[str, Floats],
    temperature: str | None,
    to_s: float,
    step_s: float,
) -> Series:
    bins, where = np.unique(np.floor(at / to_s), return_inverse=True)
    whole = round(to_s / step_s)
    count = np.bincount(where)
    total = np.bincount(where, amount)
    known = count >= whole
    means = {k: np.bincount(where, v) / count for k, v in named.items()}
    return Series(
        bins * to_s,
        np.full(len(bins), to_s / HOUR_S),
        # The repeated hour of autumn holds twice the steps: brought back to one hour.
        np.where(known, total * whole / count, np.nan),
        means,
        temperature,
        "hourly" if to_s == HOUR_S else "daily",
    )


def _weekend_s(start: Floats, end: Floats) -> Floats:
    """Seconds of Saturday and Sunday between two instants."""

    def before(t: Floats) -> Floats:
        weeks, rest = np.divmod(t + 3 * DAY_S, 7 * DAY_S)
        out: Floats = weeks * 2 * DAY_S + np.maximum(0.0, rest - 5 * DAY_S)
        return out

    return before(end) - before(start)
