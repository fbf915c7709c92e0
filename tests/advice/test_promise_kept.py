"""A promise must be kept: on stand-in plants with unseen seeds the measured saving lies in what was promised.

Measured over seeds 1..30 of both kinds, five breaks each (300 breaks): 300 of 300 in the first promise's 95 %
interval, 300 of 300 in the one corrected by outcomes; measured over promised 0.88 (reflow) and 0.94 (curing) at
first, 0.94 and 0.96 once corrected; the lower end promised is 67 and 69 % of the value.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advice.oven_days import tries, works

SEEDS = (101, 102, 103, 104)


@pytest.mark.parametrize("kind", ["reflow_oven", "curing_oven"])
def test_the_measured_saving_lies_in_what_was_promised(kind: str, tmp_path: Path) -> None:
    plant = works(kind, tmp_path)
    found = [one for seed in SEEDS for one in tries(plant, seed)]
    assert len(found) == 5 * len(SEEDS)
    assert all(t.measured.fit for t in found)
    assert np.mean([t.kept(t.fresh) for t in found]) >= 0.95
    assert np.mean([t.kept(t.wiser) for t in found]) >= 0.95
    ratio = np.array([t.measured.saved_kwh.value / t.fresh.value for t in found])
    assert 0.8 < ratio.mean() < 1.2
    assert all(t.fresh.high < 2.2 * t.fresh.low for t in found), (
        "an interval wide enough to hold anything is no promise"
    )
    last = [t for n, t in enumerate(found) if n % 5 == 4]
    assert np.mean([t.wiser.high - t.wiser.low for t in last]) < 0.6 * np.mean(
        [t.fresh.high - t.fresh.low for t in last]
    ), "outcomes make the next promise sharper"
    assert np.mean([abs(t.wiser.value - t.true_kwh) for t in last]) < np.mean(
        [abs(t.fresh.value - t.true_kwh) for t in last]
    )
