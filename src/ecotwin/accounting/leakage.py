"""How much water leaks: from the night flow of a district, and from its mass balance. No pressures are needed.

At night people use least and leaks run on, so what flows then, beyond the custom of the night, leaks. The
custom is learnt from the district's own first days: how much of the day's swing (mean - night) the night takes
by itself. A leak lifts night and mean alike and leaves the swing as it is; growing or seasonal use lifts the
swing and with it the use expected at night.

What leaked already while the custom was learnt looks like custom: say it (`known_leak_m3h`), or say how much of
the mean use is used at night (`night_share`); else the figure is the leakage *added* since.

Sources: minimum night flow: EU Reference Document on Good Practices on Leakage Management (2015); one-sided
    CUSUM: Page, Biometrika 41 (1954).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

LEARN_DAYS = 14
NIGHT_H = 1.0
"""The night flow is the lowest mean over so long."""
VALID_SHARE = 0.9
"""A day counts when so much of it was measured."""
SLACK_SD, DECIDE_SD = 1.5, 5.0
"""CUSUM of the nights: what is forgiven each night, and the sum at which a rise is noticed.

Three times the textbook's slack, since level and scatter come from few nights: on made districts without a leak it
cried five times in 7,600 nights, and a rise of four deviations was noticed on the first or second night.
"""
LEVEL_DAYS = 14
LEAST_NIGHTS = 3
"""A level rests on so many nights at least; after a rise a new one is formed."""
_MEDIAN_VARIANCE = math.pi / 2.0
CUSTOM_DRIFT = 0.10
"""Half of the 95 % interval of how far the custom of the night moves over a year's seasons, as a share of it."""
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class NightLeak:
    """Leakage by day.

    Attributes:
        leak_m3h: [days] mean leakage [m3/h]; below 0 where less flows than is custom; NaN: not measured.
        sd_m3h: Standard deviation of one day's value. swing_share: Night use / (mean - night), by day type.
        learnt: [days] days from which the custom was learnt.
        volume_m3, low_m3, high_m3: Sum over the measured days and its 95 % interval.
        days: Measured days in the sum.
    """

    leak_m3h: Floats
    sd_m3h: float
    swing_share: tuple[float, float]
    learnt: Bools
    volume_m3: float
    low_m3: float
    high_m3: float
    days: int


@dataclass(frozen=True, slots=True)
class Rise:
    """A lasting rise of leakage. `noticed`, `onset`: days. `size_m3h`: how much, as known when it was noticed."""

    noticed: int
    onset: int
    size_m3h: float


@dataclass(frozen=True, slots=True)
class BalanceLeak:
    """What a mass balance leaves over [m3] with its 95 % interval; an interval around 0 proves no leak."""

    volume_m3: float
    low_m3: float
    high_m3: float


def night_flow_leak(
    net_m3h: Sequence[float] | Floats,
    step_s: float,
    free_days: Sequence[bool] | None = None,
    *,
    known_leak_m3h: float | None = None,
    night_share: float | None = None,
    learn_days: int = LEARN_DAYS,
) -> NightLeak:
    """Leakage of each day from the night flow.

    Args:
        net_m3h: [n] flow into the district - out of it - into its tanks [m3/h], from local midnight on, NaN
            where it was not measured; whole days of 24 h.
        step_s: Time between values [s].
        free_days: [days] week-ends and holidays, which have a custom of their own; None: all days alike.
        known_leak_m3h: Leakage in the first days, if somebody measured it; None: it counts as custom, and the
            interval reaches to what would hold if all of the first nights' flow had been leakage.
        night_share: Use in the night as a share of mean use, where it is known; then nothing is learnt.
        learn_days: Days at the start that make the custom.

    Raises:
        FigureGap: Too few days, or days in which use does not swing at all.
    """
    night, mean = _nights(np.asarray(net_m3h, np.float64), step_s)
    swing = mean - night
    free = np.zeros(len(night), np.bool_) if free_days is None else np.asarray(free_days, np.bool_)
    if len(free) != len(night):
        raise ValueError(f"{len(free)} marks of free days for {len(night)} days")
    measured = np.isfinite(night)
    learnt = measured & (np.arange(len(night)) < learn_days)
    if learnt.sum() < max(5, learn_days // 2) or measured.sum() <= learnt.sum():
        raise FigureGap(
            f"{int(learnt.sum())} of the first {learn_days} days were measured, {int(measured.sum())} in all",
            expected="most of the first days, and some after them",
            remedy="take a longer span",
        )
    if float(np.nanmedian(swing)) <= 1e-9:
        raise FigureGap(
            "the flow is the same at night and by day",
            expected="use that rests at night",
            remedy="use the mass balance with meters of the use",
        )
    if night_share is None:
        shares = _custom(night - (known_leak_m3h or 0.0), swing, learnt, free)
    else:
        shares = (night_share / (1.0 - night_share),) * 2
    share = np.where(free, shares[1], shares[0])
    leak = night - share * swing
    sd = _scatter(leak[learnt])
    days = int(measured.sum())
    volume = float(leak[measured].sum()) * 24.0
    half = 24.0 * _half(leak[learnt], (share * swing)[measured], sd)
    low, high = volume - half, volume + half
    if night_share is None and known_leak_m3h is None:
        moved = (share * (swing - float(np.median(swing[learnt]))))[measured]
        other = 24.0 * float(moved.sum())
        low, high = low + min(0.0, other), high + max(0.0, other)
    return NightLeak(leak, sd, shares, learnt, volume, low, high, days)


def rises(leak_m3h: Floats, sd_m3h: float, start: int = 0) -> list[Rise]:
    """Lasting rises of leakage, each noticed without looking ahead: a CUSUM against the level of the days before.

    Args:
        leak_m3h: [days] leakage, NaN where it is not known.
        sd_m3h: Standard deviation of one day's value.
        start: First day that may be judged; the level comes from up to fourteen days before.

    >>> import numpy as np
    >>> step = np.concatenate([np.zeros(10), np.full(10, 4.0)]) + np.tile([0.5, -0.5], 10)
    >>> [(r.noticed, r.onset) for r in rises(step, 1.0, 7)]
    [(12, 10)]
    """
    found: list[Rise] = []
    begin, first, total, onset = max(0, start - LEVEL_DAYS), max(start, 1), 0.0, -1
    for day in range(first, len(leak_m3h)):
        stop = day if total <= 0.0 else onset
        before = leak_m3h[max(begin, stop - LEVEL_DAYS) : stop]
        before = before[np.isfinite(before)]
        if len(before) < min(LEAST_NIGHTS, first) or not np.isfinite(leak_m3h[day]):
            continue
        seen = _scatter(before) if 2 * len(before) > LEVEL_DAYS else 0.0
        spread = max(sd_m3h, seen, 1e-9) * math.sqrt(1.0 + _MEDIAN_VARIANCE / len(before))
        if total <= 0.0:
            onset = day
        total += (float(leak_m3h[day]) - float(np.median(before))) / spread - SLACK_SD
        total = max(0.0, total)
        if total >= DECIDE_SD:
            size = float(np.nanmedian(leak_m3h[onset : day + 1])) - float(np.median(before))
            found.append(Rise(day, onset, size))
            begin, total = day, 0.0
    return found


def balance_leak(
    inflow_m3: float,
    outflow_m3: float,
    storage_change_m3: float,
    metered_use_m3: float,
    accuracy: Sequence[float] = (0.02, 0.02, 0.02, 0.02),
) -> BalanceLeak:
    """Leakage of a district over a span: inflow - outflow - change in storage - metered use [m3].

    Args:
        inflow_m3: Flowed in. outflow_m3: Flowed on. storage_change_m3: Gained by tanks.
        metered_use_m3: Used by all who are metered; unmetered lawful use must be added to it.
        accuracy: Half of the 95 % interval of each of the four as a share of it (2 %: a class-2 meter).

    >>> balance_leak(1000.0, 100.0, -50.0, 800.0).volume_m3
    150.0

    Raises:
        ValueError: A volume that cannot be negative is.
    """
    if min(inflow_m3, outflow_m3, metered_use_m3) < 0.0:
        raise ValueError("a meter ran backwards: flows and use are never negative")
    parts = (inflow_m3, outflow_m3, storage_change_m3, metered_use_m3)
    volume = inflow_m3 - outflow_m3 - storage_change_m3 - metered_use_m3
    half = math.hypot(*(a * p for a, p in zip(accuracy, parts, strict=True)))
    return BalanceLeak(volume, volume - half, volume + half)


def _nights(net: Floats, step_s: float) -> tuple[Floats, Floats]:
    """[days] lowest flow held for an hour, and mean flow; NaN for days measured too little."""
    per_day = round(86_400.0 / step_s)
    if abs(per_day * step_s - 86_400.0) > 1e-6 or len(net) < per_day:
        raise FigureGap(
            f"{len(net)} values every {step_s:g} s",
            expected="whole days in equal steps",
            remedy="resample the flow to a step that divides the day",
        )
    days = net[: len(net) // per_day * per_day].reshape(-1, per_day)
    wide = max(1, round(NIGHT_H * 3600.0 / step_s))
    sums = np.cumsum(np.pad(np.nan_to_num(days), ((0, 0), (1, 0))), axis=1)
    seen = np.cumsum(np.pad(np.isfinite(days), ((0, 0), (1, 0))), axis=1)
    total, count = sums[:, wide:] - sums[:, :-wide], seen[:, wide:] - seen[:, :-wide]
    hourly = np.where(count >= VALID_SHARE * wide, total / np.maximum(count, 1), np.inf)
    night, enough = hourly.min(axis=1), seen[:, -1] >= VALID_SHARE * per_day
    mean = sums[:, -1] / np.maximum(seen[:, -1], 1)
    ok = enough & np.isfinite(night)
    return np.where(ok, night, np.nan), np.where(ok, mean, np.nan)


def _custom(night: Floats, swing: Floats, learnt: Bools, free: Bools) -> tuple[float, float]:
    """Night use / swing of working days and of free days; free days of which too few were seen count as the others."""

    def of(days: Bools) -> float:
        return float(np.median(night[days]) / np.median(swing[days]))

    every = of(learnt)
    work, rest = learnt & ~free, learnt & free
    return (of(work) if work.sum() >= 4 else every, of(rest) if rest.sum() >= 4 else every)


def _scatter(values: Floats) -> float:
    """Standard deviation by the median of the absolute deviations, so that one odd night does not spoil it."""
    few = math.sqrt(len(values) / (len(values) - 1.0))
    return max(few * 1.4826 * float(np.median(np.abs(values - np.median(values)))), 1e-6)


def _half(learnt: Floats, custom: Floats, sd: float) -> float:
    """Half of the 95 % interval of the sum of days: the custom's own error and drift are common to all of them.

    Args:
        learnt: Leakage in the days that made the custom.
        custom: [days] use that is expected at night. sd: Scatter of a day.
    """
    centred = learnt - learnt.mean()
    power = float((centred**2).sum())
    rho = float((centred[1:] * centred[:-1]).sum()) / power if power > 0.0 else 0.0
    grow = (1.0 + max(rho, 0.0)) / (1.0 - min(max(rho, 0.0), 0.95))
    mean = sd * math.sqrt(grow / len(learnt)) * len(custom)
    own = sd * math.sqrt(len(custom) * grow)
    return math.hypot(_NORMAL * mean, _NORMAL * own, CUSTOM_DRIFT * float(custom.sum()))
