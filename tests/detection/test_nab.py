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


def test_one_window_worked_by_hand() -> None:
    # 200 rows, probation 30, window of ten rows 100 to 109; alarms at 50, 104, 112 and 150.
    marks = np.zeros(200, np.bool_)
    marks[[50, 104, 106, 112, 150]] = True
    hit = (2 / (1 + np.exp(-3.0)) - 1) / (
        2 / (1 + np.exp(-5.0)) - 1
    )  # six rows before its end: -6/10
    near = 2 / (1 + np.exp(5.0 * 3 / 9)) - 1  # three rows behind it: 3/9
    for profile in PROFILES.values():
        raw = raw_score(marks, ((100, 109),), profile)
        assert raw == pytest.approx(hit + profile.false_alarm * (-1.0 + near - 1.0))
        scale = scaled_score(raw, 1, profile)
        assert scale == pytest.approx(100 * (raw + profile.miss) / (1.0 + profile.miss))


@given(st.sets(st.integers(0, 299), max_size=12), st.integers(0, 100), st.integers(2, 40))
def test_row_by_row_as_it_is_published_gives_the_same(
    told: set[int], first: int, length: int
) -> None:
    rows, windows = 300, ((first, first + length - 1), (200, 229))
    marks = np.zeros(rows, np.bool_)
    marks[sorted(told)] = True
    for profile in PROFILES.values():
        best, false, behind = dict.fromkeys(windows, -profile.miss), 0.0, None
        for row in range(rows):
            inside = next((w for w in windows if w[0] <= row <= w[1]), None)
            if inside and marks[row] and row >= 45:
                width = inside[1] - inside[0] + 1
                place = -(inside[1] - row + 1) / width
                best[inside] = max(best[inside], profile.hit * np.tanh(-2.5 * place) / np.tanh(2.5))
            elif marks[row] and row >= 45:
                past = 3.0 if behind is None else (row - behind[1]) / (behind[1] - behind[0])
                false += -1.0 if past >= 3.0 else float(np.tanh(-2.5 * past))
            behind = inside if inside and inside[1] == row else behind
        judged = sum(worth for (_, last), worth in best.items() if last >= 45)
        expected = judged + profile.false_alarm * false
        assert raw_score(marks, windows, profile) == pytest.approx(expected, abs=1e-5)
