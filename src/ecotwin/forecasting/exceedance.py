"""A warning before a limit is passed: how likely, and how long ahead, from paths the whole horizon may take.

Whether the highest quarter hour of tomorrow, or the mean of a permit's window, passes a limit cannot be read
off the quantiles of single steps: it hangs on how errors go together from step to step. Past forecasts held against
their truths tell that: each truth has its place among its quantiles, and the places of neighbouring steps go together.
Paths are drawn with that togetherness, and each is put through the quantiles told now.

Sources: Pinson et al., From Probabilistic Forecasts to Statistical Scenarios of Short-term Wind Power Production
(2009), for paths by a Gaussian copula over calibrated quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.forecasting.contract import LEVELS
from ecotwin.records import Floats

_FURTHEST = 4.0
"""Places further out than this many standard deviations are held for this far."""
PATHS = 1000
PEAK_BINS = 10
OWN_DAYS = 1.0
"""Paths as drawn count as much as this many days of peaks that came."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Whether a limit is passed within the horizon.

    Attributes:
        limit: In the target's unit. window: Steps over which the mean is held against it.
        probability: That it is passed at all. by_step: [horizon] that it has been passed by the end of each step.
        lead: Steps from the origin to the end of the step at which it is first passed, the median over the paths that
            pass it; None where none does. early: The same, one in ten of them passes before.
        peak: Highest mean of a window, (10 %, 50 %, 90 %) over paths.
    """

    limit: float
    window: int
    probability: float
    by_step: Floats
    lead: int | None
    early: int | None
    peak: tuple[float, float, float]


def places(quantiles: Floats, truth: Floats, levels: Sequence[float] = LEVELS) -> Floats:
    """[...] place of each truth among its quantiles [..., levels], as a standard normal number; NaN without truth."""
    z = _normal(levels)
    flat, true = quantiles.reshape(-1, len(z)), truth.ravel()
    made = np.array([_inverse(q, z, t) for q, t in zip(flat, true, strict=True)])
    return made.reshape(truth.shape)


def _normal(levels: Sequence[float]) -> Floats:
    return np.array([NormalDist().inv_cdf(level) for level in levels])


def _inverse(quantiles: Floats, z: Floats, truth: float) -> float:
    if not np.isfinite(truth):
        return np.nan
    low, high = quantiles[0], quantiles[-1]
    if not high > low:
        return 0.0
    if truth < low:
        slope = max(float(quantiles[1] - low) / float(z[1] - z[0]), 1e-3 * float(high - low))
        return max(float(z[0] + (truth - low) / slope), -_FURTHEST)
    if truth > high:
        slope = max(float(high - quantiles[-2]) / float(z[-1] - z[-2]), 1e-3 * float(high - low))
        return min(float(z[-1] + (truth - high) / slope), _FURTHEST)
    # Where quantiles coincide the middle of their places is taken.
    first = np.searchsorted(quantiles, truth, side="left")
    last = np.searchsorted(quantiles, truth, side="right")
    if last > first:
        return float((z[first] + z[last - 1]) / 2)
    return float(np.interp(truth, quantiles, z))


def togetherness(past: Floats) -> Floats:
    """[horizon, horizon] correlation of places from step to step.

    Args:
        past: [forecasts, horizon] places of earlier forecasts of the same horizon, NaN where there was no truth.

    Raises:
        FigureGap: Fewer than 10 forecasts with truth.
    """
    good = np.isfinite(past)
    if good.any(axis=1).sum() < 10:
        raise FigureGap(
            f"{int(good.any(axis=1).sum())} past forecasts with their truth",
            expected="at least 10 of the same horizon",
            remedy="let the forecaster run for longer, or rehearse it on the past",
        )
    z = np.where(good, past, 0.0)
    steps = past.shape[1]
    wide = (z**2).sum() / good.sum()
    by_lag = np.ones(steps)
    for lag in range(1, steps):
        both = (good[:, lag:] & good[:, :-lag]).sum()
        by_lag[lag] = (z[:, lag:] * z[:, :-lag]).sum() / both / wide if both else 0.0
    near = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    values, vectors = np.linalg.eigh(by_lag[near])
    made = (vectors * np.clip(values, 1e-6, None)) @ vectors.T
    scale = np.sqrt(made.diagonal())
    return np.asarray(made / scale[:, None] / scale, np.float64)


def paths(
    quantiles: Floats, together: Floats, count: int = PATHS, seed: int = 0,
    levels: Sequence[float] = LEVELS,
) -> Floats:  # fmt: skip
    """[count, horizon] paths whose steps have these quantiles and go together as given.

    Args:
        quantiles: [horizon, levels] as told. together: [horizon, horizon] of `togetherness`.
        count: Paths; half of them are the mirror of the others. seed: Of the draw.
    """
    values, vectors = np.linalg.eigh(together)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    drawn = np.random.default_rng(seed).normal(size=(-(-count // 2), len(together))) @ root.T
    z = np.clip(np.concatenate([drawn, -drawn])[:count], -_FURTHEST, _FURTHEST)
    known = _normal(levels)
    made: Floats = np.empty(z.shape)
    for step in range(z.shape[1]):
        row = quantiles[step]
        made[:, step] = np.interp(z[:, step], known, row)
        low, high = z[:, step] < known[0], z[:, step] > known[-1]
        made[low, step] = row[0] + (z[low, step] - known[0]) * (row[1] - row[0]) / (
            known[1] - known[0]
        )
        slope = (row[-1] - row[-2]) / (known[-1] - known[-2])
        made[high, step] = row[-1] + (z[high, step] - known[-1]) * slope
    return made


def warning(drawn: Floats, limit: float, window: int = 1, before: Floats | None = None) -> Warned:
    """Whether the mean over a running window passes a limit within the horizon.

    Args:
        drawn: [paths, horizon]. limit: Passed when a window's mean lies above it. window: Steps of the window.
        before: Values just before the origin, the newest last; windows that began there count with them. Without them
            only windows that lie wholly ahead count.

    Raises:
        FigureGap: The window is longer than what it can be taken over, or a value is no number.
    """
    given = (
        np.zeros(0)
        if before is None
        else np.asarray(before, np.float64)[-(window - 1) :]
        if window > 1
        else np.zeros(0)
    )
    steps = drawn.shape[1]
    if (
        window < 1
        or window > len(given) + steps
        or not (np.isfinite(drawn).all() and np.isfinite(given).all())
    ):
        raise FigureGap(
            f"a window of {window} steps over {len(given)} known and {steps} told ones, or a value that is no number",
            expected="a window that fits, and numbers",
        )
    whole = np.concatenate([np.broadcast_to(given, (len(drawn), len(given))), drawn], axis=1)
    total = np.cumsum(np.concatenate([np.zeros((len(drawn), 1)), whole], axis=1), axis=1)
    means = (total[:, window:] - total[:, :-window]) / window  # of windows by their end
    # A sum of floats must not pass a limit that its terms do not.
    over = means > limit + 1e-12 * max(abs(limit), 1e-300)
    first_end = window - 1 - len(given)  # step of the first window's end
    passed = np.zeros(drawn.shape, bool)
    passed[:, max(first_end, 0) :] = over[:, max(-first_end, 0) :]
    by = np.maximum.accumulate(passed, axis=1)
    hit = by[:, -1]
    firsts = passed[hit].argmax(axis=1) + 1
    low, middle, high = np.quantile(means[:, max(-first_end, 0) :].max(axis=1), [0.1, 0.5, 0.9])
    return Warned(
        limit, window, float(hit.mean()), by.mean(axis=0),
        int(np.median(firsts)) if hit.any() else None,
        int(np.quantile(firsts, 0.1, method="lower")) if hit.any() else None,
        (float(low), float(middle), float(high)),
    )  # fmt: skip


def peak_place(drawn: Floats, truth: Floats) -> float:
    """Where the highest value that came lies among the highest values of drawn paths, 0 to 1; ties count half.

    >>> peak_place(np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 4.0]]), np.array([0.0, 4.0]))
    0.6666666666666666
    """
    peaks, came = drawn.max(axis=1), float(np.max(truth))
    return float(np.mean(peaks < came) + np.mean(peaks == came) / 2)


def as_peaks_came(drawn: Floats, came: Sequence[float], days: float) -> Floats:
    """[paths, horizon] paths taken as often as peaks like theirs came, so that a probability told is one that comes.

    Quantiles that hold step by step may still tell peaks that never come: bands that are too wide by a little at every
    step are too wide by much at the highest of a hundred. Where peaks fell among those drawn before says so.

    Args:
        drawn: [paths, horizon]. came: Places of earlier peaks of `peak_place`. days: How many days these are of:
            horizons overlap, so that places of neighbouring origins say one thing, not two.
    """
    if not len(came) or days <= 0:
        return drawn
    share = np.histogram(np.clip(came, 0.0, 1.0), bins=PEAK_BINS, range=(0.0, 1.0))[0] / len(came)
    trust = days / (days + OWN_DAYS)
    count = len(drawn)
    place = (np.argsort(np.argsort(drawn.max(axis=1), kind="stable"), kind="stable") + 0.5) / count
    weight = 1.0 - trust + trust * PEAK_BINS * share[(place * PEAK_BINS).astype(int)]
    reach = np.cumsum(weight) / weight.sum()
    taken = np.searchsorted(reach, (np.arange(count) + 0.5) / count)
    return np.asarray(drawn[np.minimum(taken, count - 1)], np.float64)


def brier(probability: Floats, passed: Floats) -> float:
    """Mean squared distance of probabilities from what came (0 or 1); 0 is best.

    >>> brier(np.array([1.0, 0.5]), np.array([1.0, 0.0]))
    0.125
    """
    return float(np.mean((probability - passed) ** 2))


def reliability(
    probability: Floats, passed: Floats, bins: int = 5
) -> list[tuple[float, float, int]]:
    """Mean probability told, share that came, and how many, by rising probability: alike where warnings are honest."""
    place = np.clip((probability * bins).astype(int), 0, bins - 1)
    return [
        (
            float(probability[place == b].mean()),
            float(passed[place == b].mean()),
            int((place == b).sum()),
        )
        for b in range(bins)
        if (place == b).any()
    ]
