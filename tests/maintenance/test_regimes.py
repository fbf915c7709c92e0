"""Regimes are found where they are, and only there."""

from dataclasses import replace

import numpy as np
import pytest

from ecotwin.maintenance.features import Windows, faded, shapes
from ecotwin.maintenance.regimes import UNSEEN, learn_regimes
from maintenance.made_lives import worn


@pytest.mark.parametrize("regimes", [2, 3, 6])
def test_as_many_regimes_as_there_are(regimes: int) -> None:
    fleet = worn(12, 3, regimes)
    found = learn_regimes(fleet)
    assert len(found) == regimes
    z, regime = found.standard(fleet.values)
    assert (regime != UNSEEN).all()
    assert np.nanmean(z, axis=0) == pytest.approx(np.zeros(z.shape[1]), abs=1e-9)


def test_a_coarse_sensor_is_no_regime() -> None:
    fleet = worn(12, 3)
    values = fleet.values.copy()
    values[:, 2] = np.round(values[:, 2])
    assert len(learn_regimes(replace(fleet, values=values))) == 1


def test_a_level_never_seen_is_said_to_be_unseen() -> None:
    found = learn_regimes(worn(12, 3, 3))
    rows = worn(3, 4, 3).values.copy()
    rows[:, 0] = 57.0
    z, regime = found.standard(rows)
    assert (regime == UNSEEN).all()
    assert np.isnan(z).all()


def test_features_do_not_look_ahead() -> None:
    fleet = worn(3, 5)
    windows = Windows.of(80.0)
    whole = shapes(fleet.values, fleet.begins, windows)
    soft = faded(fleet.values[:, 1], fleet.begins, (2.0, 9.0))
    for end in (1, 7, 40):
        begins = np.array([0, end])
        assert shapes(fleet.values[:end], begins, windows) == pytest.approx(whole[:end])
        assert faded(fleet.values[:end, 1], begins, (2.0, 9.0)) == pytest.approx(soft[:end])


def test_a_straight_line_has_its_slope() -> None:
    line = 3.0 * np.arange(50.0)[:, None]
    made = shapes(line, np.array([0, 50]), Windows((5, 10), (10,)))
    assert made[-1].tolist() == pytest.approx([3 * 47.0, 3 * 44.5, 30.0, 3 * 24.5])
