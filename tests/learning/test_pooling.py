"""Pooling: nothing known is the fleet, much known the machine itself; in between never much worse than either."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FigureGap
from ecotwin.learning.pooling import (
    Evidence,
    Fleet,
    blended,
    evidence,
    fleet,
    scattered,
    scratch,
)
from ecotwin.records import Floats

MEAN = np.array([0.3, 0.5, 0.1, 0.05])
APART = np.array([0.05, 0.1, 0.02, 0.02])
GUESS = (np.array([0.4, 0.0, 0.0, 0.0]), np.array([0.4, 0.6, 0.6, 0.6]))


def machine(
    chance: np.random.Generator, size: float, rows: int, apart: float = 1.0
) -> tuple[Floats, Floats, Floats]:
    """Drivers, power and true weights of a machine of the kind."""
    weights = (MEAN + apart * APART * chance.normal(size=4)) * size
    x = np.column_stack([np.ones(rows), chance.random(rows), chance.normal(size=(rows, 2))])
    return x, x @ weights + 0.05 * size * chance.normal(size=rows), weights


def kind(chance: np.random.Generator, members: int = 6) -> Fleet:
    sizes = chance.lognormal(2.0, 1.0, members)
    return fleet([evidence(*machine(chance, s, 400)[:2], s) for s in sizes], *GUESS)


def test_with_no_rows_it_is_the_fleet_at_the_machines_size() -> None:
    made = kind(np.random.default_rng(0))
    new = blended(None, made, 40.0)
    np.testing.assert_allclose(new.weights, 40.0 * made.mean)
    np.testing.assert_allclose(np.sqrt(np.diag(new.covariance)), 40.0 * made.sd)


def test_with_many_rows_it_is_the_machine_itself() -> None:
    chance = np.random.default_rng(1)
    x, y, _ = machine(chance, 7.0, 20_000, apart=5.0)
    made = blended(evidence(x, y, 7.0), kind(chance), 7.0)
    np.testing.assert_allclose(made.weights, np.linalg.lstsq(x, y, rcond=None)[0], rtol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-3, 1e6))
def test_the_unit_of_power_does_not_matter(seed: int, unit: float) -> None:
    chance = np.random.default_rng(seed)
    made = kind(chance)
    x, y, _ = machine(chance, 3.0, 30)
    plain = blended(evidence(x, y, 3.0), made, 3.0)
    other = blended(evidence(x, unit * y, 3.0 * unit), made, 3.0 * unit)
    np.testing.assert_allclose(other.weights, unit * plain.weights, rtol=1e-6)
    assert other.noise == pytest.approx(unit * plain.noise, rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 59))
def test_evidence_adds_up_over_time(seed: int, cut: int) -> None:
    x, y, _ = machine(np.random.default_rng(seed), 3.0, 60)
    whole = evidence(x, y, 3.0)
    both = evidence(x[:cut], y[:cut], 3.0) + evidence(x[cut:], y[cut:], 3.0)
    np.testing.assert_allclose(both.a, whole.a, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(both.b, whole.b, rtol=1e-9, atol=1e-9)
    assert both.n == whole.n == 60


@pytest.mark.parametrize(("apart", "gain"), [(1.0, 1.5), (6.0, 0.0)])
def test_it_beats_scratch_early_and_is_never_much_worse(apart: float, gain: float) -> None:
    """Machines like their fleet, and machines that are not: over seeds that nobody looked at before."""
    marks = (2, 5, 10, 20, 50, 200)
    errors = np.zeros((3, len(marks)))
    for seed in range(40):
        chance = np.random.default_rng(seed)
        made = kind(chance)
        size = float(chance.lognormal(2.0, 1.0))
        x, y, weights = machine(chance, size, 700, apart)
        later, truth = x[300:], x[300:] @ weights
        for n, count in enumerate(marks):
            own = evidence(x[:count], y[:count], size)
            models = (
                blended(None, made, size),
                scratch(own, *GUESS, size),
                blended(own, made, size),
            )
            for k, model in enumerate(models):
                errors[k, n] += np.sqrt(np.mean((model.tell(later)[0] - truth) ** 2)) / size
    pooled, alone, blend = errors
    assert (blend <= 1.1 * np.minimum(pooled, alone)).all(), errors
    if gain:
        assert alone[0] > gain * blend[0]
        assert blend[-1] < 0.2 * pooled[-1]


def test_a_machine_unlike_its_fleet_is_seen_as_such() -> None:
    chance = np.random.default_rng(5)
    made = kind(chance)
    alike = blended(evidence(*machine(chance, 5.0, 200)[:2], 5.0), made, 5.0)
    x, y, _ = machine(chance, 5.0, 200)
    other = blended(evidence(x, 40.0 * y, 5.0), made, 5.0)
    assert other.widened > alike.widened
    assert alike.widened <= 4.0


def test_the_interval_holds_what_it_says() -> None:
    inside = []
    for seed in range(60):
        chance = np.random.default_rng(100 + seed)
        made = kind(chance)
        x, y, _ = machine(chance, 4.0, 300)
        for count in (0, 20, 100):
            own = evidence(x[:count], y[:count], 4.0) if count else None
            mean, sd = blended(own, made, 4.0).tell(x[200:])
            inside.append((count, np.mean(np.abs(mean - y[200:]) < 1.2816 * sd)))
    for count in (20, 100):
        assert 0.74 < np.mean([share for n, share in inside if n == count]) < 0.86
    assert np.mean([share for n, share in inside if n == 0]) > 0.8, "before any row it is wide"


def test_one_member_says_nothing_of_scatter() -> None:
    mean, sd = scattered(np.array([[2.0]]), np.array([[1e-6]]), np.array([1.0]), np.array([0.5]))
    assert 1.0 < mean[0] < 2.0
    assert sd[0] == pytest.approx(np.sqrt(0.75) * 0.5, rel=1e-3), (
        "half the doubt of the mean is gone"
    )
    none = scattered(np.zeros((0, 1)), np.zeros((0, 1)), np.array([1.0]), np.array([0.5]))
    assert (none[0][0], none[1][0]) == (1.0, 0.5)


def test_many_alike_members_leave_little_doubt() -> None:
    chance = np.random.default_rng(2)
    values = 2.0 + 0.01 * chance.normal(size=(60, 1))
    mean, sd = scattered(values, np.full((60, 1), 1e-6), np.array([0.0]), np.array([1.0]))
    assert mean[0] == pytest.approx(2.0, abs=0.06)
    assert sd[0] < 0.2


def test_bad_rows_are_left_out_and_bad_sizes_refused() -> None:
    x = np.array([[1.0, np.nan], [1.0, 2.0], [np.inf, 1.0], [1.0, 0.0]])
    made = evidence(x, np.array([1.0, 2.0, 3.0, np.nan]), 1.0)
    assert made.n == 1
    for size in (0.0, -1.0, float("nan")):
        with pytest.raises(FigureGap, match="size"):
            evidence(x, np.ones(4), size)
    with pytest.raises(ValueError, match="size"):
        Evidence(np.eye(2), np.ones(2), 1.0, 1, 1.0) + Evidence(np.eye(2), np.ones(2), 1.0, 1, 2.0)
    few = fleet([evidence(np.ones((2, 2)), np.ones(2), 1.0)], np.zeros(2), np.ones(2))
    assert few.members == 0, "fewer rows than weights say nothing alone"
    still = blended(evidence(np.zeros((5, 2)), np.zeros(5), 1.0), few, 1.0)
    assert np.isfinite(still.tell(np.ones((1, 2)))[1]).all()
