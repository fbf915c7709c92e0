"""Streams made up for calibrating and testing: sorts without events, and events of known place put into them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ecotwin.records import Floats, Rows

DAY = 288
Rng = np.random.Generator


def sticky(rng: Rng, rows: int, hold: float, freedom: int = 0) -> Floats:
    """An autoregression of order one; `freedom` gives heavy tails."""
    noise = rng.standard_t(freedom, rows) if freedom else rng.standard_normal(rows)
    out = np.zeros(rows)
    for row in range(1, rows):
        out[row] = hold * out[row - 1] + noise[row]
    return out


def daily(rng: Rng, rows: int) -> Floats:
    """A smooth day of four harmonics."""
    turn = np.arange(rows) / DAY * 2.0 * np.pi
    waves = [
        rng.normal() * np.sin((k + 1) * turn + rng.uniform(0.0, 6.28)) / (k + 1) for k in range(4)
    ]
    return np.asarray(sum(waves), np.float64)


def states(rng: Rng, rows: int) -> Floats:
    """A machine that changes between three states at odd times."""
    out: list[float] = []
    while len(out) < rows:
        out += [2.0 * float(rng.integers(0, 3))] * int(rng.integers(15, 80))
    return np.asarray(out[:rows]) + 0.1 * rng.standard_normal(rows)


def jobs(rng: Rng, rows: int) -> Floats:
    """Jobs of odd size at odd times over a low base."""
    begun = (rng.random(rows) < 0.02) * rng.gamma(2.0, 3.0, rows)
    return np.convolve(begun, np.ones(4))[:rows] + 0.2 * rng.standard_normal(rows)


SORTS: dict[str, Callable[[Rng, int], Floats]] = {
    "white": lambda r, n: r.standard_normal(n),
    "heavy tails": lambda r, n: r.standard_t(3, n),
    "sticky": lambda r, n: sticky(r, n, 0.9),
    "very sticky": lambda r, n: sticky(r, n, 0.99),
    "sticky, heavy tails": lambda r, n: sticky(r, n, 0.8, 4),
    "log-normal": lambda r, n: np.exp(0.3 * sticky(r, n, 0.8)),
    "day": lambda r, n: 3.0 * daily(r, n) + sticky(r, n, 0.5),
    "day, whole numbers": lambda r, n: np.round(
        10.0 * np.maximum(0.0, 3.0 * daily(r, n) + 0.5 * r.standard_normal(n))
    ),
    "day, counts": lambda r, n: r.poisson(np.exp(3.0 + daily(r, n))).astype(np.float64),
    "counts": lambda r, n: r.poisson(2.0, n).astype(np.float64),
    "batches": lambda r, n: 5.0 * ((np.arange(n) % 50) < 5) + 0.3 * r.standard_normal(n),
    "jobs": jobs,
    "states": states,
}
"""Sorts of normal streams."""


def rows_of(values: Floats, step_s: float = 300.0, name: str = "v") -> Rows:
    """One signal as rows with a clock."""
    at = np.asarray(1.7e9 - 1.7e9 % 86_400 + np.arange(len(values)) * step_s, np.float64)
    return Rows((name,), values[:, None], at, tuple(f"{t:.0f}" for t in at), True)


def spike(rng: Rng, v: Floats, at: int, size: float) -> Floats:
    """Two rows far out."""
    out = v.copy()
    out[at : at + 2] += size * (1.0 if rng.random() < 0.7 else -1.0)
    return out


def step(rng: Rng, v: Floats, at: int, size: float) -> Floats:
    """A level that stays."""
    out = v.copy()
    out[at:] += size * 0.7 * (1.0 if rng.random() < 0.5 else -1.0)
    return out


def scatter(rng: Rng, v: Floats, at: int, size: float) -> Floats:
    """A hundred rows of more noise."""
    out = v.copy()
    out[at : at + 100] += rng.normal(0.0, size / 2.5, len(out[at : at + 100]))
    return out


def flat(rng: Rng, v: Floats, at: int, size: float) -> Floats:
    """A hundred rows that do not move."""
    del rng, size
    out = v.copy()
    out[at : at + 100] = out[at]
    return out


def backwards(rng: Rng, v: Floats, at: int, size: float) -> Floats:
    """A hundred rows run backwards and upside down about their mean: same values, another shape."""
    del rng, size
    out = v.copy()
    part = out[at : at + 100]
    out[at : at + 100] = (2.0 * part.mean() - part)[::-1]
    return out


EVENTS: dict[str, Callable[[Rng, Floats, int, float], Floats]] = {
    "spike": spike, "step": step, "scatter": scatter, "flat": flat, "backwards": backwards,
}  # fmt: skip
