"""What a m3 of compressed air costs at this plant: from the kinds' figure to the plant's own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detection.plant_minutes import cut, day, works
from ecotwin.detection.marginal import MarginalAir
from ecotwin.records import Window


def hours(count: int, slope: float, seed: int) -> list[Window]:
    """Hours in which two compressors draw 20 kW and `slope` kWh more for each m3, with noise."""
    plant, rng = works(), np.random.default_rng(seed)
    window, expected = day(plant, 0)
    made = []
    for _ in range(count):
        part, _ = cut(window, expected, 0, 60)
        flow = rng.uniform(100.0, 500.0)
        for name, share in (("compressor_1", 0.7), ("compressor_2", 0.3)):
            part.mean[:, plant.signal(f"{name}.air_flow").index] = share * flow
            kw = share * (20.0 + slope * flow) * (1.0 + 0.03 * rng.normal())
            part.mean[:, plant.signal(f"{name}.power").index] = kw
        made.append(Window(part.period, 60, part.signals, *(
            getattr(part, n).copy() for n in ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
        )))  # fmt: skip
    return made


def test_before_anything_is_seen_the_kinds_figure_holds() -> None:
    kwh = MarginalAir(works()).kwh_per_m3()
    assert kwh == pytest.approx((0.105, 0.021))


@pytest.mark.parametrize("slope", [0.08, 0.13])
def test_it_learns_the_last_m3_not_the_mean_one(slope: float) -> None:
    learned = MarginalAir(works())
    for window in hours(200, slope, seed=3):
        learned.learn(window)
    found = learned.kwh_per_m3()
    assert found is not None
    assert found[0] == pytest.approx(slope, rel=0.05)
    assert abs(found[0] - slope) < 2.5 * found[1]
    again = MarginalAir(works())
    again.restore(json.loads(json.dumps(learned.state())))
    assert again.kwh_per_m3() == pytest.approx(found)


def test_hours_that_were_not_measured_teach_nothing() -> None:
    learned = MarginalAir(works())
    for window in hours(5, 0.2, seed=1):
        window.covered[:] = 0.0
        learned.learn(window)
    assert learned.kwh_per_m3() == pytest.approx((0.105, 0.021))
