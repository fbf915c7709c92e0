"""Made loads with the ways of plants: shifts, weekends, stops, a driver that is known ahead."""

from __future__ import annotations

import numpy as np

from ecotwin.records import Floats, Rows

MONDAY_S = 1767571200.0
"""2026-01-05 00:00."""


def hourly_load(
    weeks: int, seed: int, *, stop_days: int = 0, driven: float = 0.0, start_s: float = MONDAY_S
) -> Rows:
    """Hourly power [kW] of a works with two shifts from Monday to Friday; `plan` is a driver known ahead.

    Args:
        weeks: Length. seed: Of the noise. stop_days: Days at the end on which all stands still. driven: kW that one
            unit of the plan adds.
    """
    rng = np.random.default_rng(seed)
    count = weeks * 168
    hours, days = np.arange(count) % 24, np.arange(count) // 24
    at_work = (hours >= 6) & (hours < 22) & (days % 7 < 5)
    level = 20.0 + 80.0 * at_work
    wave: Floats = np.zeros(count)
    for row in range(1, count):
        wave[row] = 0.8 * wave[row - 1] + rng.normal()
    plan: Floats = np.repeat(rng.uniform(0, 10, weeks * 7), 24)
    load: Floats = level + at_work * (2.0 * wave + rng.normal(size=count)) + rng.normal(size=count)
    load = load + driven * plan * at_work
    if stop_days:
        load[-24 * stop_days :] = 8.0 + 0.3 * rng.normal(size=24 * stop_days)
    at = start_s + 3600.0 * np.arange(count)
    stamps = tuple(str(t) for t in at)
    table: Floats = np.column_stack([load, plan]).astype(np.float64)
    return Rows(("load", "plan"), table, np.asarray(at, np.float64), stamps, True)
