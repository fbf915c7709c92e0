"""What machines of a kind know of each other: a new one starts from the fleet and moves to its own as data come.

Every machine's power (or any target) is a weighted sum of drivers. The weights of the machines of a kind, each divided
by the machine's own size, scatter about a common mean; how far they scatter is learned from the fleet itself (empirical
Bayes). That mean and scatter are what is expected of a machine nobody has measured yet, and the prior of its own model:
with no data it is the fleet's, with much data it is its own, in between it weighs both by how sure they are. Where a
machine's own first data speak against the fleet, the prior is widened until both can be true.

Sources: Lindley and Smith, Journal of the Royal Statistical Society B 34 (1972) 1-41 (hierarchical linear models);
    DerSimonian and Laird, Controlled Clinical Trials 7 (1986) 177-188 (scatter between members by moments);
    Gelman and Hill, Data Analysis Using Regression and Multilevel Models (2007), chapter 12 (partial pooling).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

WIDENED = (1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0)
"""By how much the fleet's variance may be widened for a machine that is unlike it."""
GUESSED_MEMBERS = 1.0
"""The guess of the scatter counts as so many members."""
_NOISE_GUESS = 0.1
"""Scatter of a row as a share of a machine's size, before anything is known."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What rows of one machine say: sums from which its weights follow; they add up over time.

    Attributes:
        a: [k, k] sum of x x'. b: [k] sum of x y. yy: Sum of y y. n: Rows. size: What y and the weights are divided by
            to be compared with others of the kind (rated power, or the mean of what was seen).
    """

    a: Floats
    b: Floats
    yy: float
    n: int
    size: float

    def __add__(self, other: Evidence) -> Evidence:
        if self.size != other.size:
            raise ValueError("evidence of machines of different size does not add")
        return Evidence(
            self.a + other.a, self.b + other.b, self.yy + other.yy, self.n + other.n, self.size
        )


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is expected of the weights of a machine of the kind, per its size.

    Attributes:
        mean, sd: [k] of a machine to come. noise: Scatter of a row, per size. members: Machines it comes from.
    """

    mean: Floats
    sd: Floats
    noise: float
    members: int


@dataclass(frozen=True, slots=True)
class Model:
    """A machine's own model.

    Attributes:
        weights: [k] in the target's unit. covariance: [k, k] of them. noise: Scatter of a row in the target's unit.
        widened: By how much the fleet's scatter had to be widened; 1: it is like its fleet. rows: Own rows in it.
    """

    weights: Floats
    covariance: Floats
    noise: float
    widened: float
    rows: int

    def tell(self, x: Floats) -> tuple[Floats, Floats]:
        """[rows] the target, and its standard deviation."""
        spread = np.einsum("rk,kl,rl->r", x, self.covariance, x) + self.noise**2
        return x @ self.weights, np.sqrt(spread)


def evidence(x: Floats, y: Floats, size: float) -> Evidence:
    """What rows say; rows with anything missing are left out.

    Args:
        x: [rows, k] drivers (a column of ones for the constant). y: [rows] target. size: Of the machine, above 0.

    Raises:
        FigureGap: The size makes no sense.

    >>> evidence(np.ones((3, 1)), np.array([1.0, 2.0, np.nan]), 1.0).b
    array([3.])
    """
    if not (math.isfinite(size) and size > 0.0):
        raise FigureGap(
            f"a machine of size {size}",
            expected="rated power or mean use above 0",
            remedy="give the machine's rated power, or wait until it has used something",
        )
    good = np.isfinite(y) & np.isfinite(x).all(axis=1)
    kept, told = x[good], y[good]
    return Evidence(kept.T @ kept, kept.T @ told, float(told @ told), int(good.sum()), float(size))


def scattered(
    values: Floats, variances: Floats, guess_mean: Floats, guess_sd: Floats
) -> tuple[Floats, Floats]:
    """Mean and standard deviation of a member to come, of members known more or less well.

    Args:
        values, variances: [members, k] of each member, NaN where it says nothing. guess_mean, guess_sd: [k] of a member
            before any was seen.

    Returns:
        [k] mean and [k] standard deviation, scatter between members and doubt about the mean in it.
    """
    known = np.isfinite(values) & np.isfinite(variances)
    value, variance = np.where(known, values, 0.0), np.where(known, variances, 1.0)
    count = known.sum(axis=0)
    between = _between(value, variance, known)
    # What is guessed of a member is half doubt about the mean and half scatter about it: together the guess.
    half2 = 0.5 * guess_sd**2
    # One member says nothing of scatter, two say little: the guess holds a member's weight in it.
    tau2 = (np.maximum(count - 1, 0) * between + GUESSED_MEMBERS * half2) / (
        np.maximum(count - 1, 0) + GUESSED_MEMBERS
    )
    weight = np.where(known, 1.0 / (tau2 + variance), 0.0)
    precision = 1.0 / half2 + weight.sum(axis=0)
    mean = (guess_mean / half2 + (weight * value).sum(axis=0)) / precision
    sd = np.where(count > 0, np.sqrt(tau2 + 1.0 / precision), guess_sd)
    return np.where(count > 0, mean, guess_mean), sd


def _between(value: Floats, variance: Floats, known: Bools) -> Floats:
    """[k] variance between members by moments, not below 0."""
    weight = np.where(known, 1.0 / np.maximum(variance, 1e-300), 0.0)
    top = weight.max(axis=0, initial=0.0)
    weight = np.divide(weight, top, out=np.zeros_like(weight), where=top > 0.0)
    total = weight.sum(axis=0)
    safe = np.where(total > 0.0, total, 1.0)
    mean = (weight * value).sum(axis=0) / safe
    spread = (weight * (value - mean) ** 2).sum(axis=0)
    by_chance = np.where(top > 0.0, (known.sum(axis=0) - 1) / np.where(top > 0.0, top, 1.0), 0.0)
    degrees = safe - (weight**2).sum(axis=0) / safe
    made = (spread - by_chance) / np.where(degrees > 0.0, degrees, np.inf)
    return np.asarray(np.maximum(np.nan_to_num(made), 0.0), np.float64)


def fleet(members: Sequence[Evidence], guess_mean: Floats, guess_sd: Floats) -> Fleet:
    """What the machines of a kind have in common.

    Args:
        members: Of each machine; those with fewer rows than weights say nothing alone and are left out.
        guess_mean, guess_sd: [k] per size, before any was seen (from the machine kind, or 0 and wide).
    """
    values, variances, noises = [], [], []
    for one in members:
        if one.n <= len(one.b) + 1:
            continue
        weights, covariance, noise = _alone(one, guess_mean, guess_sd)
        seen = np.diag(one.a) > 0.0
        values.append(np.where(seen, weights / one.size, np.nan))
        variances.append(np.where(seen, np.diag(covariance) / one.size**2, np.nan))
        noises.append(noise / one.size)
    if not values:
        return Fleet(guess_mean.copy(), guess_sd.copy(), _NOISE_GUESS, 0)
    mean, sd = scattered(np.array(values), np.array(variances), guess_mean, guess_sd)
    return Fleet(mean, sd, float(np.sqrt(np.mean(np.square(noises)))), len(values))


def blended(own: Evidence | None, kind: Fleet, size: float) -> Model:
    """A machine's model from the fleet and its own rows, by how sure both are.

    Args:
        own: Its rows; None: not one yet. kind: Its fleet. size: Of the machine.
    """
    if own is None or own.n == 0:
        return Model(kind.mean * size, np.diag((kind.sd * size) ** 2), kind.noise * size, 1.0, 0)
    tried = [_posterior(own, kind, size, wide) for wide in WIDENED]
    # The narrowest of those that are about as likely: the fleet is believed until the rows speak against it.
    top = max([likely for _, likely in tried])
    return next(made for made, likely in tried if likely >= top - 1e-9)


def scratch(own: Evidence | None, guess_mean: Floats, guess_sd: Floats, size: float) -> Model:
    """A machine's model from its own rows alone, with the kind's guess for what they do not say."""
    return blended(own, Fleet(guess_mean, guess_sd, _NOISE_GUESS, 0), size)


def _alone(one: Evidence, guess_mean: Floats, guess_sd: Floats) -> tuple[Floats, Floats, float]:
    """Weights by the machine's own rows, hardly held by the guess; covariance and noise."""
    held = np.diag(1.0 / (guess_sd * one.size) ** 2)
    noise = _NOISE_GUESS * one.size
    for _ in range(3):
        covariance = np.asarray(np.linalg.inv(one.a / noise**2 + held), np.float64)
        weights = covariance @ (one.b / noise**2 + held @ (guess_mean * one.size))
        noise = _noise(one, weights, _NOISE_GUESS * one.size, 0.0)
    return weights, covariance, noise


def _noise(one: Evidence, weights: Floats, guess: float, rows: float) -> float:
    """Scatter of a row: of what is left, with a guess that counts as `rows` rows."""
    left = max(one.yy - 2.0 * float(weights @ one.b) + float(weights @ one.a @ weights), 0.0)
    free = max(one.n - min(len(weights), one.n / 2.0), 1.0)
    floor = (1e-6 * one.size) ** 2
    return math.sqrt(max((left + rows * guess**2) / (free + rows), floor))


def _posterior(own: Evidence, kind: Fleet, size: float, wide: float) -> tuple[Model, float]:
    """The model under the fleet's prior so much widened, and how likely the rows are under it (logarithm)."""
    mean, variance = kind.mean * size, (kind.sd * size) ** 2 * wide
    guess = noise = kind.noise * size
    held: Floats = 1.0 / np.maximum(variance, (1e-9 * size) ** 2)
    for _ in range(3):
        precision = own.a / noise**2 + np.diag(held)
        weights = _solved(precision, own.b / noise**2 + held * mean)
        noise = _noise(own, weights, guess, 10.0)
    precision = own.a / noise**2 + np.diag(held)
    weights = _solved(precision, own.b / noise**2 + held * mean)
    left = own.yy - 2.0 * float(weights @ own.b) + float(weights @ own.a @ weights)
    likely = -0.5 * (
        own.n * math.log(2.0 * math.pi * noise**2)
        + left / noise**2
        + float(held @ (weights - mean) ** 2)
        + float(np.linalg.slogdet(precision)[1])
        - float(np.log(held).sum())
    )
    covariance = np.asarray(np.linalg.inv(precision), np.float64)
    return Model(weights, covariance, noise, wide, own.n), likely


def _solved(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.linalg.solve(a, b), np.float64)
