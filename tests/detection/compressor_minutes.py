"""Made minutes of a compressor that loads and unloads within the half hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from detection.plant_minutes import works
from ecotwin.clock import Period
from ecotwin.plant.calendar import working
from ecotwin.records import Floats, Window

START = datetime(2026, 6, 1, tzinfo=UTC)
ONE = "compressor_1"
Change = Callable[[Floats, Floats], Floats]
"""Days since the start and power to power."""


def same(days: Floats, kw: Floats) -> Floats:
    return kw


def made(days: int, seed: int, change: Change = same, more_air: float = 0.0) -> Window:
    """A compressor that loads and unloads within the half hour; air is drawn by work, warmth costs a little."""
    plant, rng, n = works(), np.random.default_rng(seed), days * 1440
    period = Period(START, START + timedelta(days=days))
    at = period.start_us + np.arange(n, dtype=np.int64) * 60_000_000
    day = np.arange(n) / 1440.0
    level = rng.uniform(0.8, 1.2, n // 30 + 1).repeat(30)[:n]
    drawn = np.where(working(plant, at), 240.0, 50.0) * level + more_air * (day > days - 3)
    loaded = rng.random(n) < np.clip(drawn / 450.0, 0.0, 1.0)
    air = np.where(loaded, 450.0, 0.0)
    degc = 15.0 + 6.0 * np.sin(2 * np.pi * day) + 0.3 * day
    kw = (14.0 + 0.115 * air) * (1 + 0.002 * (degc - 15.0)) * rng.normal(1.0, 0.02, n)
    mean = np.full((n, len(plant.signals)), np.nan)
    mean[:, plant.signal(f"{ONE}.power").index] = change(day, kw)
    mean[:, plant.signal(f"{ONE}.air_flow").index] = air
    mean[:, plant.signal(f"{ONE}.state").index] = np.where(loaded, 5.0, 4.0)
    mean[:, plant.signal(plant.outdoor).index] = degc
    ones = np.ones(mean.shape)
    return Window(period, 60, tuple(range(len(plant.signals))), mean, mean, mean, mean.copy(), mean * np.nan, ones,
                  0 * ones, np.full(mean.shape, 2, np.int64))  # fmt: skip
