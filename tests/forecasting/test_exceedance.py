"""Warnings are as likely as they say: on a process whose law is known."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from ecotwin.errors import FigureGap
from ecotwin.forecasting.contract import LEVELS
from ecotwin.forecasting.exceedance import (
    brier,
    paths,
    places,
    reliability,
    togetherness,
    warning,
)
from ecotwin.records import Floats

STEPS = 12
Z = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


def wandering(count: int, bond: float, seed: int) -> Floats:
    """[count, STEPS] of a first-order process of standard deviation 1."""
    rng = np.random.default_rng(seed)
    made = np.empty((count, STEPS))
    made[:, 0] = rng.normal(size=count)
    for step in range(1, STEPS):
        made[:, step] = bond * made[:, step - 1] + np.sqrt(1 - bond**2) * rng.normal(size=count)
    return made


def quantiles_at(middle: Floats) -> Floats:
    """[STEPS, levels] of a normal law about each step's middle."""
    return np.asarray(middle[:, None] + Z, np.float64)


def test_the_place_of_a_truth_is_its_level() -> None:
    told = np.tile(Z, (5, 1))
    truth = np.array([-2.5, Z[1], 0.0, Z[5], 3.0])
    np.testing.assert_allclose(places(told, truth), truth, atol=1e-9)
    assert np.isnan(places(told[:1], np.array([np.nan])))[0]
    assert places(np.zeros((1, 7)), np.array([4.0]))[0] == 0.0


@pytest.mark.parametrize("bond", [0.0, 0.6, 0.95])
def test_warnings_of_a_known_process_are_honest(bond: float) -> None:
    past, later = wandering(300, bond, 51), wandering(1500, bond, 52)
    rng = np.random.default_rng(53)
    together = togetherness(places(np.broadcast_to(Z, (300, STEPS, 7)).copy(), past))
    assert together[0, 1] == pytest.approx(bond, abs=0.08)
    middles = rng.normal(scale=1.5, size=1500)[:, None] * np.ones(STEPS)
    limit, told, came = 2.0, [], []
    for middle, noise in zip(middles[:400], later[:400], strict=True):
        drawn = paths(quantiles_at(middle), together, 400, seed=54)
        told.append(warning(drawn, limit).probability)
        came.append(float((middle + noise).max() > limit))
    probability, passed = np.array(told), np.array(came)
    for said, share, count in reliability(probability, passed):
        if count > 30:
            assert share == pytest.approx(said, abs=0.15)
    assert probability.mean() == pytest.approx(passed.mean(), abs=0.04)
    assert brier(probability, passed) < 0.8 * passed.mean() * (1 - passed.mean())


def test_single_steps_alone_would_overstate_it() -> None:
    together = togetherness(wandering(300, 0.95, 55))
    drawn = paths(quantiles_at(np.zeros(STEPS)), together, 4000)
    alone = 1 - NormalDist().cdf(1.5) ** STEPS
    joint = warning(drawn, 1.5).probability
    truth = float((wandering(20_000, 0.95, 56).max(axis=1) > 1.5).mean())
    assert joint == pytest.approx(truth, abs=0.03)
    assert alone > joint + 0.2


def test_a_window_that_began_before_the_origin_counts_with_what_is_known() -> None:
    drawn = np.array([[1.0, 1.0, 1.0], [5.0, 1.0, 1.0]])
    told = warning(drawn, 2.5, window=3, before=np.array([3.0, 2.0]))
    assert told.probability == 0.5
    assert told.by_step.tolist() == [0.5, 0.5, 0.5]
    assert told.lead == 1
    assert warning(drawn, 2.5, window=3).by_step.tolist() == [0.0, 0.0, 0.0]
    assert warning(drawn, 0.5, window=2).by_step.tolist() == [0.0, 1.0, 1.0]
    assert warning(drawn, 9.0).lead is None


def test_a_higher_limit_is_never_likelier_and_time_only_adds() -> None:
    drawn = paths(quantiles_at(np.linspace(0, 2, STEPS)), togetherness(wandering(50, 0.7, 57)), 300)
    told = [warning(drawn, limit, window=2).probability for limit in np.linspace(-2, 5, 20)]
    assert (np.diff(told) <= 0).all()
    assert (np.diff(warning(drawn, 1.0).by_step) >= 0).all()
    low, middle, high = warning(drawn, 1.0).peak
    assert low < middle < high


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(FigureGap, match="past forecasts"):
        togetherness(np.full((30, 4), np.nan))
    drawn = np.ones((4, 3))
    with pytest.raises(FigureGap):
        warning(drawn, 1.0, window=7)
    with pytest.raises(FigureGap):
        warning(np.full((2, 2), np.nan), 1.0)
