"""The suite every detector must pass, found by its file or entry point."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from detection.compressor_minutes import made as minutes_of_a_compressor
from detection.plant_minutes import cut, day, works
from ecotwin.detection.contract import Detector, Expected
from ecotwin.plugs import load, names
from ecotwin.records import Readings, Score, Window

DETECTORS = tuple(names("detection"))


def made(name: str) -> Detector:
    detector: Detector = load("detection", name)(works())
    if name == "frozen":  # it has watched for weeks: two days would leave it silent
        known = detector.state()
        for one in known.values():
            one["seen"], one["longest"] = [1e5] * 8, [1.0] * 8
        detector.restore(known)
    return detector


def blocks() -> list[tuple[Window, Expected]]:
    """Two healthy days and a third on which everything goes wrong at once: every detector must have to speak."""
    days = [day(works(), n) for n in range(3)]
    window, expected = days[2]
    plant = works()
    late = slice(400, None)
    expected.actual[late] *= 1.5
    for s in plant.signals:
        if s.means in ("air_flow", "water_in_flow"):
            window.mean[late, s.index] *= 3
        if s.means == "water_in":
            window.amount[late, s.index] *= 3
        if s.means == "parts_good":
            window.amount[late, s.index] *= 0.7
    window.mean[late, plant.signal("pv_1.power").index] *= 0.3
    stuck = plant.signal("oven_1.power").index
    window.covered[late, stuck] = 0.0
    still = plant.signal("oven_2.n2_flow").index
    for column in (window.last, window.low, window.high):
        column[late, still] = 3.3
    for boiler, value in (("nox_concentration", 400.0), ("o2_share", 4.0)):
        window.mean[late, plant.signal(f"boiler_1.{boiler}").index] = value
    for oven in ("oven_1", "oven_2"):  # 17:00 local: the dearest band
        window.last[900:945, plant.signal(f"{oven}.state").index] = 2
        window.mean[900:945, plant.signal(f"{oven}.power").index] = 60.0
    return days


@pytest.fixture(scope="module")
def data() -> list[tuple[Window, Expected]]:
    return blocks()


def run(detector: Detector, data: list[tuple[Window, Expected]]) -> list[Score]:
    return [s for window, expected in data for s in detector.on_minutes(window, expected)]


def readings(seed: int = 0) -> Readings:
    plant = works()
    rng = np.random.default_rng(seed)
    signal = np.tile(np.arange(len(plant.signals), dtype=np.int32), 20)
    at = np.repeat(1_780_000_000_000_000 + np.arange(20) * 30_000_000, len(plant.signals))
    value = rng.choice([0.0, 1.0, 50.0, 1e5, -1e5], len(signal))
    return Readings.of(signal, at, value)


def test_some_detectors_were_found() -> None:
    assert {"limits", "ewma", "residual"} <= set(DETECTORS)


@pytest.mark.parametrize("name", DETECTORS)
def test_its_name_is_its_file(name: str) -> None:
    assert made(name).name == name


@pytest.mark.parametrize("name", DETECTORS)
def test_a_prefix_gives_the_same_scores(name: str, data: list[tuple[Window, Expected]]) -> None:
    """No look-ahead: what is said of a step does not depend on later steps."""
    whole = run(made(name), data)
    for day_number, minute in ((0, 700), (2, 500)):
        window, expected = data[day_number]
        prefix = [*data[:day_number], cut(window, expected, 0, minute)]
        said = run(made(name), prefix)
        end = prefix[-1][0].period.end_us
        assert said == [s for s in whole if s.at <= end][: len(said)]
        assert len([s for s in whole if s.at < end]) <= len(said)


@pytest.mark.parametrize("name", DETECTORS)
def test_blocks_of_any_length_give_the_same_scores(
    name: str, data: list[tuple[Window, Expected]]
) -> None:
    window, expected = data[2]
    whole, pieces = made(name), made(name)
    run(whole, data[:2])
    pieces.restore(whole.state())
    edges = [0, 1, 2, 7, 60, 61, 400, 455, 1000, 1440]
    parts = [cut(window, expected, a, b) for a, b in pairwise(edges)]
    assert run(pieces, parts) == run(whole, [data[2]])


@pytest.mark.parametrize("name", DETECTORS)
def test_saving_and_restoring_changes_nothing(
    name: str, data: list[tuple[Window, Expected]]
) -> None:
    kept, restored = made(name), made(name)
    window, expected = data[2]
    first, second = cut(window, expected, 0, 700), cut(window, expected, 700, 1440)
    run(kept, [*data[:2], first])
    kept.on_readings(readings())
    state = json.loads(json.dumps(kept.state(), allow_nan=False))
    restored.restore(state)
    assert restored.state() == kept.state()
    assert run(restored, [second]) == run(kept, [second])
    assert restored.on_readings(readings(1)) == kept.on_readings(readings(1))


@pytest.mark.parametrize("name", DETECTORS)
def test_its_state_stays_the_same_size(name: str, data: list[tuple[Window, Expected]]) -> None:
    detector = made(name)
    run(detector, data[:1])
    before = len(json.dumps(detector.state()))
    run(detector, data[1:2])
    assert len(json.dumps(detector.state())) <= before * 1.2 + 2000


@pytest.mark.parametrize("name", DETECTORS)
def test_one_reading_at_a_time_gives_the_same_scores(name: str) -> None:
    rows = readings()
    whole, single = made(name), made(name)
    batch = whole.on_readings(rows)
    one_by_one = [
        s for i in range(len(rows)) for s in single.on_readings(rows.take(np.arange(i, i + 1)))
    ]
    assert one_by_one == batch


@pytest.mark.parametrize("name", DETECTORS)
def test_missing_data_is_no_score_of_excess(name: str) -> None:
    window, expected = day(works(), 0)
    for column in (window.mean, window.last, window.amount, expected.actual):
        column[:] = np.nan
    window.covered[:] = 0.0
    window.count[:] = 0
    for s in made(name).on_minutes(window, expected):
        assert s.excess_kw == 0.0
        assert s.excess_rate == 0.0


@pytest.mark.parametrize("name", DETECTORS)
def test_scores_point_at_what_exists(name: str, data: list[tuple[Window, Expected]]) -> None:
    plant, detector = works(), made(name)
    known = {e.id for e in plant.elements}
    for s in [*run(detector, data), *made(name).on_readings(readings())]:
        assert s.detector == name
        assert s.element in known
        assert s.signal == "" or plant.has_signal(s.signal)
        assert s.text.endswith(".")
        assert 0 < s.onset <= s.at
        numbers = (s.value, s.expected, s.low, s.high, s.z, s.excess_kw, s.excess_rate, s.excess_sd)
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_has_something_to_say(
    name: str, data: list[tuple[Window, Expected]]
) -> None:
    """Else the laws above would hold of silence. `ewma` and `efficiency` need days and have tests of their own."""
    if name == "ewma":
        window, expected = data[0]
        many = [day(works(), n) for n in range(6)]
        for w, e in many[4:]:
            e.actual[:] += 0.03 * e.mean
            assert w is not window
            assert e is not expected
        assert run(made(name), many)
        return
    if name == "efficiency":
        dearer = minutes_of_a_compressor(7, 8, lambda day, kw: kw + 5.0 * (day >= 6.0))
        assert made(name).on_minutes(dearer, None)
        return
    assert run(made(name), data) or made(name).on_readings(readings())
