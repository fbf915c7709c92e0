"""Forecasts of a tree of meters that add up: what is told of the site is the sum of what is told of its parts.

Each node is forecast for itself; then all are moved as little as possible, measured by how far off and how alike they
usually are, to where the parts add up. With the covariance of the errors that is the combination of least error (MinT);
its estimate is drawn towards its diagonal, since there are rarely more errors than nodes.

Sources: Wickramasuriya, Athanasopoulos and Hyndman, Optimal Forecast Reconciliation for Hierarchical and Grouped Time
Series Through Trace Minimization (2019); Schäfer and Strimmer (2005) for the share drawn to the diagonal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes that add up.

    Attributes:
        nodes: Every node, in the order of the rows of a forecast. leaves: Those without parts.
        sums: [nodes, leaves] 1 where a leaf is part of a node.
    """

    nodes: tuple[str, ...]
    leaves: tuple[str, ...]
    sums: Floats


def tree(parents: Mapping[str, str]) -> Tree:
    """A tree by node -> the node that it is part of ("" for the top).

    Raises:
        FigureGap: A parent is no node, or nodes are part of themselves.

    >>> tree({"site": "", "hall": "site", "office": "site"}).sums.tolist()
    [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
    """
    nodes = tuple(parents)
    if unknown := sorted({p for p in parents.values() if p and p not in parents}):
        raise FigureGap(f"{unknown[0]!r} has parts and is no node", expected="every parent a node")
    leaves = tuple(n for n in nodes if n not in set(parents.values()))
    sums = np.zeros((len(nodes), len(leaves)))
    for place, leaf in enumerate(leaves):
        node, passed = leaf, set[str]()
        while node:
            if node in passed:
                raise FigureGap(f"{node!r} is part of itself", expected="a tree")
            passed.add(node)
            sums[nodes.index(node), place] = 1.0
            node = parents[node]
    if not leaves or (sums.sum(axis=1) == 0).any():
        raise FigureGap("nodes are part of one another in a circle", expected="a tree")
    return Tree(nodes, leaves, sums)


def projection(shape: Tree, errors: Floats | None = None) -> Floats:
    """[leaves, nodes] how the leaves follow from forecasts of all nodes.

    Args:
        shape: The tree. errors: [n, nodes] past errors of the same steps ahead, NaN rows left out; without: all nodes
            are held for equally sure (least squares).
    """
    sums = shape.sums
    weight = np.eye(len(shape.nodes)) if errors is None else covariance(errors)
    inverse = np.linalg.pinv(weight, hermitian=True)
    return np.asarray(np.linalg.solve(sums.T @ inverse @ sums, sums.T @ inverse), np.float64)


def covariance(errors: Floats) -> Floats:
    """[nodes, nodes] of errors, the correlations drawn to zero as far as their own uncertainty asks.

    Raises:
        FigureGap: Fewer than three rows without a gap.
    """
    good = errors[np.isfinite(errors).all(axis=1)]
    if len(good) < 3:
        raise FigureGap(
            f"{len(good)} past errors of all nodes", expected="at least 3", remedy="reconcile without errors"
        )  # fmt: skip
    centred = good - good.mean(axis=0)
    wide = np.sqrt((centred**2).mean(axis=0))
    # A node that never erred is held for a thousand times surer than the usual one, not for certain.
    usual = float(np.median(wide[wide > 0])) if (wide > 0).any() else 1.0
    wide = np.maximum(wide, 1e-3 * usual)
    z = centred / wide
    count = len(z)
    alike = z.T @ z / count
    spread = ((z**2).T @ (z**2) / count - alike**2) / (count - 1)
    off = ~np.eye(len(alike), dtype=bool)
    total = float((alike[off] ** 2).sum())
    drawn = min(1.0, max(0.0, float(spread[off].sum()) / total)) if total > 0 else 1.0
    shrunk = alike * (1 - drawn)
    np.fill_diagonal(shrunk, 1.0)
    return np.asarray(shrunk * wide[:, None] * wide, np.float64)


def reconciled(told: Floats, shape: Tree, errors: Floats | None = None) -> Floats:
    """[nodes, ...] forecasts that add up.

    Args:
        told: [nodes, ...] forecasts of each node for itself: means, or sample paths [nodes, paths, steps].
        shape: The tree. errors: As `projection`.

    Raises:
        FigureGap: Not one forecast a node, or one without a number.
    """
    if len(told) != len(shape.nodes) or not np.isfinite(told).all():
        raise FigureGap(
            f"{len(told)} forecasts of {len(shape.nodes)} nodes, or one without a number",
            expected="a number for every node and step",
        )
    flat = told.reshape(len(told), -1)
    leaves = projection(shape, errors) @ flat
    return np.asarray((shape.sums @ leaves).reshape(told.shape), np.float64)


def moved(quantiles: Floats, middles: Floats, level: int) -> Floats:
    """[nodes, steps, levels] quantiles put about reconciled middles, as wide as they were.

    Args:
        quantiles: [nodes, steps, levels] as told. middles: [nodes, steps] reconciled. level: Place of the middle level.
    """
    return np.asarray(quantiles + (middles - quantiles[..., level])[..., None], np.float64)


def parents_of(elements: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """Node -> parent of a plant's elements (id, parent id)."""
    return {name: parent or "" for name, parent in elements}
