"""Reconciled forecasts add up, and err no more than those of each node alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import FigureGap
from ecotwin.forecasting.reconciled import covariance, moved, reconciled, tree
from ecotwin.records import Floats

SITE = {
    "site": "", "hall": "site", "utilities": "site", "line_1": "hall", "line_2": "hall",
    "air": "utilities", "cold": "utilities", "office": "site",
}  # fmt: skip


@given(st.integers(0, 2**31), st.booleans())
@settings(max_examples=30, deadline=None)
def test_parts_add_up_and_what_adds_up_stays(seed: int, weighed: bool) -> None:
    rng, shape = np.random.default_rng(seed), tree(SITE)
    told = rng.normal(scale=100, size=(8, 24))
    errors = rng.normal(size=(30, 8)) * rng.uniform(0.1, 10, size=8) if weighed else None
    made: Floats = reconciled(told, shape, errors)
    leaves = [shape.nodes.index(leaf) for leaf in shape.leaves]
    np.testing.assert_allclose(made, shape.sums @ made[leaves], atol=1e-9)
    np.testing.assert_allclose(reconciled(made, shape, errors), made, atol=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_it_errs_no_more_than_each_node_alone(seed: int) -> None:
    rng, shape = np.random.default_rng(seed), tree(SITE)
    nodes, leaves = shape.sums.shape
    root: Floats = rng.normal(size=(nodes, nodes)) * rng.uniform(0.5, 4, size=(nodes, 1))
    errors = rng.normal(size=(2200, nodes)) @ root.T
    truth = shape.sums @ rng.uniform(10, 50, size=(leaves, 2000))
    told = truth + errors[200:].T
    alone = ((told - truth) ** 2).mean(axis=1)
    least = ((reconciled(told, shape) - truth) ** 2).mean(axis=1)
    weighed = ((reconciled(told, shape, errors[:200]) - truth) ** 2).mean(axis=1)
    assert least.sum() < alone.sum()
    assert weighed.sum() < least.sum()
    assert (weighed < 1.05 * alone).all()


def test_covariance_is_drawn_to_its_diagonal_where_errors_are_few() -> None:
    rng = np.random.default_rng(61)
    few = covariance(rng.normal(size=(6, 10)))
    assert np.linalg.eigvalsh(few).min() > 0
    one = rng.normal(size=(500, 1))
    alike = covariance(np.hstack([one, one + 0.1 * rng.normal(size=(500, 1))]))
    assert alike[0, 1] > 0.9 * alike[0, 0]
    still = covariance(np.column_stack([np.zeros(50), rng.normal(size=50)]))
    assert 0 < still[0, 0] < 1e-4 * still[1, 1]


def test_bands_move_with_their_middle() -> None:
    quantiles = np.array([[[1.0, 2.0, 4.0]]])
    assert moved(quantiles, np.array([[5.0]]), 1).tolist() == [[[4.0, 5.0, 7.0]]]


def test_what_is_no_tree_is_refused() -> None:
    for parents in ({"a": "b"}, {"a": "b", "b": "a"}, {"a": "a"}):
        with pytest.raises(FigureGap):
            tree(parents)
    with pytest.raises(FigureGap):
        reconciled(np.ones((3, 2)), tree(SITE))
    with pytest.raises(FigureGap):
        reconciled(np.full((8, 2), np.nan), tree(SITE))
    with pytest.raises(FigureGap):
        covariance(np.full((5, 2), np.nan))
