"""A laboratory's result that comes after later references were learned still counts, and memory is bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ecotwin.clock import micros
from ecotwin.cycle import sensed_course
from ecotwin.records import Cleaned, Quality, Readings, Rejects
from made_boiler import BOILER, live
from told_house import NAME, House

LATE = range(1420, 1440)
"""Minutes of a session whose results come a moment later."""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(sensed_course, "YOUNG", 2)
    lived = live(71, 1.6)
    taken = lived.values["nox_reference"]
    taken[LATE.start :] = np.nan
    made = House(tmp_path, lived)
    made.run(1500)
    return made


def deliver(made: House, minutes: range, quality: Quality = Quality.GOOD) -> None:
    """References of some minutes, as they would have been taken."""
    index = made.plant.signal(BOILER + "nox_reference").index
    at = made.lived.at[minutes.start : minutes.stop]
    value = made.lived.nox[minutes.start : minutes.stop]
    n = len(at)
    late = Readings.of(np.full(n, index), at, value, np.full(n, quality))
    made.store.append(Cleaned(late, Rejects.empty()), known_at=made.now(made.at))


def test_late_results_are_judged_and_learned_and_only_once(house: House) -> None:
    course = house.sensing.courses[NAME]
    assert course.made is not None
    assert course.made.moment == micros(house.now(1440))
    learned = course.made.sensor.learned
    assert learned == 80 + 20
    deliver(house, LATE)
    (hour,) = house.sensing.band(NAME, house.now(1380), house.now(1440))
    states = hour["state"][LATE.start - 1380 :]
    house.run(2200)
    assert course.made.moment == micros(house.now(2160))
    assert course.made.sensor.learned == learned + len(LATE)
    checked = course.made.checks[-1]
    assert checked.references == len(LATE)
    # Told in a region never seen then: nothing was said of these minutes that could be judged.
    assert (checked.mae is None) == all(told == "outside" for told in states)
    assert not course.has_new_references(micros(house.now(2200)))
    # A restart knows that they were looked at.
    again = house.made()
    again.tick(house.now(2199), house.now(0), house.now(2199))
    assert again.courses[NAME].made is not None
    assert not again.courses[NAME].has_new_references(micros(house.now(2200)))
    house.store.close()


def test_late_doubted_results_are_left_out_and_not_asked_for_again(house: House) -> None:
    course = house.sensing.courses[NAME]
    assert course.made is not None
    learned = course.made.sensor.learned
    deliver(house, LATE, Quality.SUSPECT)
    house.run(2200)
    assert course.made.sensor.learned == learned
    assert course.made.checks[-1].left_out == len(LATE)
    assert not course.has_new_references(micros(house.now(2200)))
    house.store.close()


def test_after_a_long_silence_only_the_newest_minutes_are_told_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensed_course, "REMEMBERED", 100)
    before = house.sensing.courses[NAME]
    house.run(1900)  # no reference since minute 1420
    again = house.made()
    again.tick(house.now(1899), house.now(0), house.now(1899))
    course = again.courses[NAME]
    assert course.made is not None
    assert before.made is not None
    assert course.told_until == before.told_until
    assert course.last is not None
    assert before.last is not None
    assert course.last[:1] == before.last[:1]
    assert course.last[1:4] == pytest.approx(before.last[1:4], rel=1e-9, nan_ok=True)
    assert sum(len(w) for w in course.made.sensor._memory._waiting) <= 100
    assert course.made.sensor._memory.since == before.made.sensor._memory.since
    house.store.close()


def test_a_sensor_saved_by_the_edition_before_is_calibrated_anew_from_the_history(
    house: House,
) -> None:
    (key,) = house.kept
    house.kept[key]["sensor"]["version"] = 1
    house.sensing = house.made()
    house.run(1800)
    made = house.sensing.courses[NAME].made
    assert made is not None
    assert made.learned["why"] == "first calibrated"
    # These minutes lie where references were taken; with the sensor as saved they are told too.
    assert np.isfinite(house.told(1660, 1760)).all()
    house.store.close()
