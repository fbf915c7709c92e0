"""A tank that is filled in batches: a fill is its custom, a leak before or behind the tank is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from detection.plant_minutes import day, detector, works
from ecotwin.records import Score, Window

TREATMENT, KEY = "water_plant_1", "water_plant_1.water_in"


def no_leak(number: int, minute: int) -> float:
    return 0.0


class Tank:
    """Drawn from all the time and filled at one rate when it is low; the state ends a minute after the flow."""

    def __init__(self, seed: int, rate: float) -> None:
        self.rng, self.rate = np.random.default_rng(seed), rate
        self.level, self.fills, self.index = 2.0, False, 0.0

    def day(
        self, number: int, before: Callable[[int, int], float], behind: Callable[[int, int], float]
    ) -> Window:
        plant = works()
        window, _ = day(plant, number)
        state, at = plant.signal(f"{TREATMENT}.state").index, plant.signal(KEY).index
        work = window.mean[:, plant.signal("loader_1.state").index] == 5
        for minute in range(window.steps):
            drawn = (1.5 if work[minute] else 0.2) * self.rng.uniform(0.7, 1.3)
            self.level -= (drawn + behind(number, minute)) / 60.0
            was = self.fills
            self.fills = self.level < 0.5 or (self.fills and self.level < 3.0)
            flow = self.rate * self.rng.normal(1.0, 0.003) if self.fills else 0.0
            self.level += 0.7 * flow / 60.0
            old, self.index = self.index, self.index + (flow + before(number, minute)) / 60.0
            # The index counts litres by tens.
            window.amount[minute, at] = np.floor(self.index * 100) / 100 - np.floor(old * 100) / 100
            code = 5.0 if self.fills or was else 1.0
            for array in (window.mean, window.low, window.high, window.last):
                array[minute, state] = code
        return window


def said(days: int, tank: Tank, before: Callable[[int, int], float] = no_leak,
         behind: Callable[[int, int], float] = no_leak) -> Iterator[Score]:  # fmt: skip
    judge = detector("baseflow")
    for number in range(days):
        scores = judge.on_minutes(tank.day(number, before, behind), None)
        yield from (s for s in scores if s.cause.startswith(KEY) and s.over)


@pytest.mark.parametrize(("seed", "rate"), [(11, 4.6), (12, 9.0)])
def test_a_fill_is_no_finding_by_night_or_day(seed: int, rate: float) -> None:
    assert list(said(8, Tank(seed, rate))) == []


def test_a_small_steady_leak_before_the_tank_is_found_within_hours() -> None:
    begins = 6 * 1440 + 600
    found = next(said(8, Tank(21, 4.6), before=lambda d, m: 0.25 * (d * 1440 + m >= begins)))
    start = datetime(2026, 6, 7, 10, tzinfo=UTC).timestamp()
    assert 0.0 < found.at / 1e6 - start < 4 * 3600.0
    assert found.excess_rate == pytest.approx(0.25 * 24.0, rel=0.5)
