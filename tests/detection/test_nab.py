"""The Numenta score, by hand and by its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecotwin.detection.nab import PROFILES, position_worth, raw_score, scaled_score

ROWS, WINDOWS = 1000, ((300, 349), (700, 799))


def alarms(*rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    marks = np.zeros(ROWS, np.bool_)
    marks[list(rows)] = True
    return marks


@pytest.mark.parametrize("name", PROFILES)
def test_the_ends_of_the_scale(name: str) -> None:
    profile = PROFILES[name]
    nothing = raw_score(alarms(), WINDOWS, profile)
    perfect = raw_score(alarms(300, 700), WINDOWS, profile)
    assert scaled_score(nothing, 2, profile) == 0.0
    assert scaled_score(perfect, 2, profile) == pytest.approx(100.0)


def test_a_false_alarm_costs_its_weight_and_one_just_behind_a_window_less() -> None:
    standard = PROFILES["standard"]
    base = raw_score(alarms(300, 700), WINDOWS, standard)
    assert raw_score(alarms(200, 300, 700), WINDOWS, standard) == pytest.approx(base - 0.11)
    near = raw_score(alarms(300, 352, 700), WINDOWS, standard)
    assert base - 0.11 < near < base
    assert near == pytest.approx(base + 0.11 * position_worth(3 / 49))


def test_probation_is_not_judged() -> None:
    assert raw_score(alarms(10, 149), WINDOWS, PROFILES["standard"]) == -2.0


@given(st.integers(300, 349), st.integers(300, 349))
def test_earlier_in_a_window_is_worth_more_and_only_the_first_counts(a: int, b: int) -> None:
    standard = PROFILES["standard"]
    early, late = sorted((a, b))
    one, two = (raw_score(alarms(r), WINDOWS, standard) for r in (early, late))
    assert one >= two
    assert raw_score(alarms(early, late), WINDOWS, standard) == one


def test_windows_that_are_none_are_refused() -> None:
    for windows in (((5, 3),), ((0, 10), (5, 20)), ((990, 1000),)):
        with pytest.raises(ValueError, match="no windows in order"):
            raw_score(alarms(), windows, PROFILES["standard"])
