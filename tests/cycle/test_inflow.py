"""What flows into the site, by the flow graph."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.cycle.inflow import hourly, inlets
from ecotwin.plant import Plant, load
from ecotwin.records import Window

PLANT = Path(__file__).parents[2] / "plants" / "electronics.yaml"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(PLANT)


def window(plant: Plant, steps: int, step_s: int) -> Window:
    start = datetime(2026, 6, 15, tzinfo=UTC)
    end = datetime.fromtimestamp(start.timestamp() + steps * step_s, UTC)
    width = len(plant.signals)
    shape = (steps, width)
    none, full = np.full(shape, np.nan), np.ones(shape)
    return Window(
        Period(start, end), step_s, tuple(range(width)), none, none, none, none, np.zeros(shape),
        full, np.zeros(shape), np.ones(shape, np.int64),
    )  # fmt: skip


def test_inlets_are_the_meters_that_no_other_meter_feeds(plant: Plant) -> None:
    assert [s.id for s in inlets(plant, "gas")] == ["gas_main.gas_volume"]
    assert [s.id for s in inlets(plant, "water")] == ["water_main.water_in"]
    assert inlets(plant, "nothing") == ()


def test_a_meters_amount_becomes_a_rate_and_a_hole_stays_a_hole(plant: Plant) -> None:
    made = window(plant, 3, 900)
    (meter,) = inlets(plant, "water")
    made.amount[:, meter.index] = [1.0, 2.0, 4.0]
    made.covered[2, meter.index] = 0.2
    np.testing.assert_array_equal(hourly(made, (meter,)), [4.0, 8.0, np.nan])


def test_a_flow_measured_in_part_counts_as_if_it_went_on(plant: Plant) -> None:
    made = window(plant, 1, 900)
    flow = plant.signal("compressor_1.air_flow")
    assert flow.form == "rate"
    made.amount[0, flow.index], made.covered[0, flow.index] = 30.0, 0.6
    assert hourly(made, (flow,))[0] == pytest.approx(30.0 * 4 / 0.6)
