"""The chemical works foretold: a day of the stand-in, seen from its begin by what the days before taught the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecotwin.clock import Period
from ecotwin.cycle.whatif_state import Past
from proofs import month

PLANT = Path(__file__).parents[2] / "plants" / "chemicals.yaml"
START = datetime(2026, 6, 14, 22, 0, tzinfo=UTC)
DAYS = 3
SEEDS = (7, 1203)
CLOSE = {
    ("rheinaue", "electricity_kwh"): 0.04,
    ("rheinaue", "gas_m3"): 0.04,
    ("column_2", "parts_good"): 0.03,
    ("boiler_1", "steam_kg"): 0.04,
    ("column_2", "steam_used_kg"): 0.06,
    ("feed_1", "material_kg"): 0.03,
    ("effluent_1", "electricity_kwh"): 0.06,
}
"""Figure -> largest error of the foretold mean as a share."""


@pytest.mark.proof
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_next_day_comes_as_foretold(seed: int, tmp_path: Path) -> None:
    recorded = month.record(
        tmp_path, seed, START, calm_days=0.0, days=DAYS + 1, scenario="calm", plant=PLANT
    )
    twin = month.twin_of(month.recorded_plant(PLANT), recorded.days, tmp_path / "kept")
    try:
        month.play(twin)
        past = Past(twin.plant, twin.store)
        until = START + timedelta(days=DAYS)
        fitted = past.assimilated(until, past.learned(until))
        day = Period(until, until + timedelta(days=1))
        held = past.try_day(day, runs=30, seed=seed, fitted=fitted).held.figures
    finally:
        twin.stop()
    print(f"\nseed {seed}: figure, measured, foretold, error, standard deviation of the runs")
    for key in CLOSE:
        real, mean, sd = held[key]
        print(
            f"{'.'.join(key):36s} {real:10.1f} {mean:10.1f} {100 * (mean / real - 1):+6.1f} % {100 * sd / real:5.1f} %"
        )
    for key, share in CLOSE.items():
        real, mean, sd = held[key]
        assert abs(mean / real - 1.0) < share, key
        assert abs(mean - real) < 3.0 * sd + 0.02 * real, key
