"""A what-if begins live: what is learned of a stand-in's days, what an image says, and what was known at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import Period
from ecotwin.cycle.tracking import Tracking
from ecotwin.cycle.whatif_state import Past
from ecotwin.errors import ScenarioFault
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.simulation.compared import modelled
from ecotwin.simulation.engine import run
from ecotwin.simulation.observed import observe, stations
from lived import lived

pytestmark = pytest.mark.timeout(900)
"""The stand-in lives five days here: seconds on a quiet machine, minutes on a busy one."""

START = datetime(2026, 6, 7, 22, 0, tzinfo=UTC)
SEED = 3001
DAYS = 5


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


@pytest.fixture(scope="module")
def store(plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckStore]:
    kept = lived(plant, tmp_path_factory.mktemp("lived"), SEED, START, DAYS, 60.0)
    yield kept
    kept.close()


@pytest.fixture(scope="module")
def past(plant: Plant, store: DuckStore) -> Past:
    return Past(plant, store)


def test_whole_local_days_are_found(past: Past) -> None:
    days = past.days(START + timedelta(days=4, hours=5))
    assert [d.end for d in days] == [START + timedelta(days=n + 1) for n in range(4)]
    assert past.days(START - timedelta(days=1)) == []


def test_powers_are_those_that_were_measured(plant: Plant, store: DuckStore, past: Past) -> None:
    learned = past.learned(START + timedelta(days=4))
    period = Period(START + timedelta(days=4), START + timedelta(days=5))
    seen = observe(plant, store.window(tuple(range(len(plant.signals))), period, 60))
    for machine in ("placer_1a", "test_3b", "solder_2", "coating_3"):
        column = seen.of(machine)
        for state, code in (("idle", 4), ("standby", 1)):
            here = seen.steady[:, column] & (seen.codes[:, column] == code)
            here &= np.nan_to_num(seen.parts[:, column]) == 0.0
            known = learned.parameters[f"{machine}.kw_{state}"]
            if here.sum() > 10:
                assert known.value == pytest.approx(
                    float(np.median(seen.kw[here, column])), rel=0.05
                )
                assert known.sd < 0.1 * known.value
        assert known.source == "calibration"


def test_what_is_rare_stays_near_its_kind_and_unsure(past: Past, plant: Plant) -> None:
    known = past.learned(START + timedelta(days=2)).parameters
    for line in ("line_1", "line_2", "line_3"):
        for station in stations(plant, line):
            mtbf = known[f"{station.id}.mtbf_h"]
            assert mtbf.value > 0.0
            assert mtbf.sd >= 0.2 * mtbf.value
            assert 0.0 <= known[f"{station.id}.scrap_share"].value < 0.03


def test_only_what_was_known_at_an_instant_is_used(
    past: Past, plant: Plant, tmp_path: Path
) -> None:
    """The same seed lived for two days only: nothing that came later may change what was known then."""
    at = START + timedelta(days=1, hours=15)
    short = lived(plant, tmp_path, SEED, START, 1.7, 60.0)
    try:
        one = Past(plant, short).case(at, 2.0, runs=3, seed=1)
        two = past.case(at, 2.0, runs=3, seed=1)
    finally:
        short.close()
    assert one.parameters == two.parameters
    assert one.mix == two.mix
    assert one.image is not None
    assert two.image is not None
    assert dict(one.image.values) == dict(two.image.values)
    assert np.array_equal(one.weather.outdoor_c, two.weather.outdoor_c)


def test_the_image_is_what_stood_and_names_what_is_stale(past: Past, plant: Plant) -> None:
    case = past.case(START + timedelta(days=2, hours=13), 1.0, runs=1, seed=1)
    assert case.image is not None
    assert not case.image.unknown
    assert case.image.values["placer_1a.state"] in range(7)
    assert case.image.values["compressor_1.pressure_sp"] == 7.5
    assert 0.0 <= case.image.since["placer_1a"] <= 26 * 3600.0
    # An hour after the last sample nothing is trusted but states and set-points that hold longer.
    late = past.case(START + timedelta(days=DAYS, hours=1), 1.0, runs=1, seed=1)
    assert late.image is not None
    assert "oven_1.zone_1_temperature" in late.image.unknown
    assert "oven_1.zone_1_temperature" not in late.image.values


def test_an_empty_history_is_named(plant: Plant, tmp_path: Path) -> None:
    empty = DuckStore(plant, tmp_path, memory_mb=64)
    try:
        with pytest.raises(ScenarioFault, match="holds nothing before"):
            Past(plant, empty).case(START, 1.0, runs=1, seed=1)
        assert Past(plant, empty).assimilated(START, Past(plant, empty).learned(START)) == {}
    finally:
        empty.close()


def test_doing_nothing_goes_on_as_the_plant_does(past: Past, plant: Plant) -> None:
    """The energy of stations over a shift, without anything learned from errors: within a few percent of what came."""
    at = START + timedelta(days=4, hours=8)
    case = past.case(at, 4.0, runs=12, seed=3, step_s=300.0)
    told = modelled(run(case))
    came = past.facts(Period(at, at + timedelta(hours=4))).figures
    for key in (
        ("line_3", "parts_good"),
        ("placer_1a", "electricity_kwh"),
        ("test_3a", "electricity_kwh"),
    ):
        assert float(told[key].mean()) == pytest.approx(came[key], rel=0.15)


def test_days_are_tried_once_kept_sealed_and_remembered(
    plant: Plant, store: DuckStore, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path)
    now = START + timedelta(days=DAYS)
    tracking = Tracking(plant, store, ledger, runs=12, fitted_runs=40)
    assert tracking.warnings_for(["oven_1"])[0].endswith("held-out days of this plant")
    made = tracking.renew(now)
    assert len(made.spread.days) == 1
    assert {t.element for t in made.fidelity.figures} >= {"placer_1a", "oven_1", "chiller_1"}
    assert made.fidelity.grade("placer_1a") in {"well", "roughly"}
    assert made.parameters["compressor_1.leak_m3_h"].source == "calibration"
    assert ledger.entry(ledger.size - 1).kind == "calibration"
    again = Tracking(plant, store)
    assert again.standing.digest == made.digest
    assert again.standing.fidelity.grade("oven_1") == made.fidelity.grade("oven_1")
    assert again.fidelity(now) is again.standing.fidelity
    ledger.close()
