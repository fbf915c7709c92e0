"""Made processes of many signals, normal and ill, by seed: to see whether a promise of false alarms is kept."""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats, Rows

FAMILIES = ("calm", "slow", "heavy", "regimes", "cycle", "drift")
FAULTS = ("step", "small", "part", "ramp", "noise", "stuck", "swing")


def normal_series(
    family: str, count: int, signals: int, seed: int, scale_rows: int = 400
) -> Floats:
    """[count, signals] normal operation.

    Families: calm (memory of a few rows), slow (memory of tens of rows), heavy (t3 noise), regimes (three
    operating points, switching about every 40 rows), cycle (a tide of 50 rows), drift (each signal also walks, by about
    half its own spread in `scale_rows`).
    """
    chance = np.random.default_rng([seed, FAMILIES.index(family)])
    hidden = max(2, signals // 2)
    memory = (
        chance.uniform(0.85, 0.97, hidden) if family == "slow" else chance.uniform(0.2, 0.8, hidden)
    )

    def noise(*shape: int) -> Floats:
        return (
            chance.standard_t(3, shape) / 1.73 if family == "heavy" else chance.normal(size=shape)
        )

    state = np.zeros((count, hidden))
    kick = noise(count, hidden) * np.sqrt(1.0 - memory**2)
    for i in range(1, count):
        state[i] = memory * state[i - 1] + kick[i]
    values = state @ chance.normal(size=(hidden, signals)) + 0.4 * noise(count, signals)
    if family == "regimes":
        points = chance.normal(size=(3, signals)) * 3.0
        where = np.cumsum(chance.random(count) < 1.0 / 40.0)
        values += points[chance.integers(0, 3, where[-1] + 1)[where]]
    if family == "cycle":
        phase = chance.uniform(0, 6.28, signals)
        values += 1.5 * np.sin(2 * np.pi * np.arange(count)[:, None] / 50.0 + phase)
    if family == "drift":
        walk = np.cumsum(chance.normal(size=(count, signals)), axis=0) / scale_rows**0.5
        values += 0.5 * walk * values.std(axis=0)
    return np.asarray(values, np.float64)


def ill(values: Floats, fault: str, seed: int) -> Floats:
    """The same rows with a fault in one or two signals, from the first row on."""
    chance = np.random.default_rng([seed, 77])
    made = values.copy()
    count, signals = values.shape
    j, k = chance.choice(signals, 2, replace=False) if signals > 1 else (0, 0)
    size = values.std(axis=0)
    if fault == "step":
        made[:, j] += 3.0 * size[j]
    elif fault == "small":
        made[:, j] += 1.0 * size[j]
        made[:, k] -= 1.0 * size[k]
    elif fault == "part":  # the signal moves as it does, but no longer with the others
        made[:, j] = np.roll(values[:, j], count // 2)
    elif fault == "ramp":
        made[:, j] += 4.0 * size[j] * np.arange(count) / count
    elif fault == "noise":
        made[:, j] += 1.5 * size[j] * chance.normal(size=count)
    elif fault == "stuck":
        made[:, j] = values[0, j]
    elif fault == "swing":
        made[:, j] += 2.0 * size[j] * np.sin(2 * np.pi * np.arange(count) / 12.0)
    return made


def as_rows(values: Floats, first: int = 0) -> Rows:
    """Rows with an even clock."""
    at = first + np.arange(len(values), dtype=np.float64)
    names = tuple(f"signal_{j}" for j in range(values.shape[1]))
    return Rows(names, values, at, tuple(str(int(a)) for a in at), civil=False)
