"""Turns a product system into sparse matrices and solves A s = f.

A process's column holds what it makes (+) and takes (-); s says how much each process runs for the demand f. Amounts
come in all units, so that columns and rows differ by many powers of ten: the matrix is first scaled to a unit
diagonal and balanced rows (a diagonal preconditioner on both sides), GMRES solves the balanced system, and refinement
brings every single row, however small its numbers, to the precision of the machine. What does not get there is solved
by LU. Nothing is handed out whose error was not measured in the unscaled system.

Sources: Heijungs & Suh, The Computational Structure of LCA (2002); Osborne, On pre-conditioning of matrices (1960);
    Saad & Schultz, GMRES (1986); Oettli & Prager (1964) for the backward error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

try:
    from scipy import sparse
    from scipy.sparse import csgraph, linalg
except ImportError:
    from ecotwin.errors import EcotwinError

    raise EcotwinError(
        "life-cycle assessment needs scipy, which is not installed",
        expected="the extra `lca`",
        remedy="pip install ecotwin[lca]",
    ) from None

from ecotwin.accounting.lifecycle.krylov import gmres
from ecotwin.accounting.lifecycle.system import SHOWN, ProductSystem
from ecotwin.errors import FigureGap
from ecotwin.records import Floats, Ints
from ecotwin.records.lifecycle import Exchange

Sparse = sparse.csc_array
GOOD_ENOUGH = 1e-12
"""Backward error up to which a solution is handed out: it answers exactly for amounts changed by no more than this."""
_REFINEMENTS = 6
_SWEEPS = 12


@dataclass(frozen=True, slots=True)
class Triplets:
    """Every exchange by its place: `value` at (`row`, `column`); several may share a place."""

    row: Ints
    column: Ints
    value: Floats


@dataclass(frozen=True, slots=True)
class Solution:
    """How much each process runs.

    Attributes:
        supply: [processes x demands] runs of each process.
        residual: Largest of |A s - f| / |f| (2-norms) over the demands.
        backward_error: Largest of |A s - f| / (|A||s| + |f|) over all rows and demands.
        iterations: GMRES steps of all demands. method: How it was solved.
    """

    supply: Floats
    residual: float
    backward_error: float
    iterations: int
    method: str


class Solver:
    """Solves one matrix for any number of right sides.

    Args:
        matrix: Square. names: Of its rows and columns, for the words of a singular one.
        like: A solver of a matrix with the same places and about the same amounts, whose balance is used.
    """

    def __init__(
        self, matrix: Sparse, names: Sequence[str] = (), like: Solver | None = None
    ) -> None:
        self.matrix = matrix
        self.names = names
        self._like = like

    def solve(
        self, right: Floats, start: Floats | None = None, *, transposed: bool = False
    ) -> Solution:
        """A s = f, or A^T s = f.

        Args:
            right: One demand [n], or several [n x k]. start: Guess of the same shape.

        Raises:
            FigureGap: The system has no one solution; the processes that make it so are named.
        """
        columns = right.reshape(len(right), -1)
        guess = None if start is None else start.reshape(columns.shape)
        made = [
            self._one(columns[:, k], None if guess is None else guess[:, k], transposed)
            for k in range(columns.shape[1])
        ]
        ways = sorted({way for *_, way in made})
        return Solution(
            np.column_stack([s for s, *_ in made]) if made else np.zeros(columns.shape),
            max((r for _, r, *_ in made), default=0.0),
            max((e for _, _, e, *_ in made), default=0.0),
            sum(n for *_, n, _ in made),
            " and ".join(ways),
        )

    def _one(
        self, right: Floats, start: Floats | None, transposed: bool
    ) -> tuple[Floats, float, float, int, str]:
        matrix = self._rows_t if transposed else self._rows
        if not right.any():
            return np.zeros_like(right), 0.0, 0.0, 0, "nothing asked"
        supply, steps = (
            (None, 0) if self._scale is None else self._iterate(matrix, right, start, transposed)
        )
        way = "GMRES, balanced"
        if supply is None:
            supply, way = self._direct(matrix, right, transposed), "LU"
        rest = right - matrix @ supply
        return (
            supply,
            float(np.linalg.norm(rest) / np.linalg.norm(right)),
            self._backward(matrix, supply, right, rest),
            steps,
            way,
        )

    def _iterate(
        self, matrix: Any, right: Floats, start: Floats | None, transposed: bool
    ) -> tuple[Floats | None, int]:
        """GMRES on the balanced system, refined by the residual of the true one; None where it does not get there."""
        diagonal, scale = self._scale or (right, right)
        supply = np.zeros_like(right) if start is None else start.copy()
        balanced = self._balanced_t if transposed else self._balanced
        steps, before = 0, np.inf
        for _ in range(_REFINEMENTS):
            rest = right - matrix @ supply
            error = self._backward(matrix, supply, right, rest)
            if error <= GOOD_ENOUGH / 100.0:
                break
            if error > before / 2.0:
                break
            before = error
            step, count = gmres(
                balanced, rest * scale / diagonal if transposed else rest / scale, relative=1e-10
            )
            steps += count
            if not np.isfinite(step).all():
                return None, steps
            supply = supply + (step / scale if transposed else step * scale / diagonal)
        rest = right - matrix @ supply
        good = self._backward(matrix, supply, right, rest) <= GOOD_ENOUGH
        return (supply, steps) if good else (None, steps)

    def _direct(self, matrix: Any, right: Floats, transposed: bool) -> Floats:
        """LU with refinement.

        Raises:
            FigureGap: The matrix is singular.
        """
        factors = self._lu
        way = "T" if transposed else "N"
        supply: Floats = factors.solve(right, way)
        for _ in range(3):
            supply = supply + factors.solve(right - matrix @ supply, way)
        if not np.isfinite(supply).all():
            raise self._singular()
        error = self._backward(matrix, supply, right, right - matrix @ supply)
        if error > 1e-8:
            raise self._singular(f"the best solution leaves {error:.1e} of what flows unexplained")
        return supply

    @cached_property
    def _lu(self) -> Any:
        try:
            return linalg.splu(self.matrix)
        except RuntimeError:
            raise self._singular() from None

    def _singular(self, more: str = "") -> FigureGap:
        found = dependent(self.matrix)
        names = [self.names[i] if self.names else str(i) for i in found[:SHOWN]]
        which = f": {', '.join(names)}" + (
            f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        )
        return FigureGap(
            "the product system has no one solution; these processes use up among themselves as much as they make"
            + (which if names else "")
            + (f" ({more})" if more else ""),
            expected="a loop that makes more than it takes",
            remedy="look at the amounts of these processes and at their units",
        )

    def _backward(self, matrix: Any, supply: Floats, right: Floats, rest: Floats) -> float:
        size = (self._size_t if matrix is self._rows_t else self._size) @ abs(supply) + abs(right)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(rest == 0.0, 0.0, abs(rest) / size)
        return float(np.nan_to_num(share, nan=np.inf).max())

    @cached_property
    def _rows(self) -> Any:
        return self.matrix.tocsr()

    @cached_property
    def _rows_t(self) -> Any:
        return self.matrix.T.tocsr()

    @cached_property
    def _size(self) -> Any:
        return abs(self._rows)

    @cached_property
    def _size_t(self) -> Any:
        return abs(self._rows_t)

    @cached_property
    def _scale(self) -> tuple[Floats, Floats] | None:
        """Diagonal d and balance x: rows of x^-1 A d^-1 x are as heavy as its columns; None: a diagonal has a zero."""
        diagonal = self.matrix.diagonal()
        if not (np.isfinite(diagonal).all() and diagonal.all()):
            return None
        near = self._like._scale if self._like is not None else None
        return diagonal, balance(self.matrix, diagonal) if near is None else near[1]

    @cached_property
    def _balanced(self) -> Any:
        diagonal, scale = self._scale or (np.ones(0), np.ones(0))
        return (
            sparse.diags_array(1.0 / scale) @ self.matrix @ sparse.diags_array(scale / diagonal)
        ).tocsr()

    @cached_property
    def _balanced_t(self) -> Any:
        return self._balanced.T.tocsr()


def summed(places: Ints, values: Floats, count: int) -> Floats:
    """Values added up by their place, 0 to `count`."""
    return np.asarray(np.bincount(places, values, count), dtype=float)


def balance(matrix: Sparse, diagonal: Floats) -> Floats:
    """Factors x that make row i of x^-1 A d^-1 x about as heavy as its column i, beside the diagonal."""
    heavy = abs(matrix @ sparse.diags_array(1.0 / diagonal)).tocsr()
    heavy.setdiag(0.0)
    across = heavy.T.tocsr()
    x = np.ones(len(diagonal))
    for _ in range(_SWEEPS):
        row, column = (heavy @ x) / x, (across @ (1.0 / x)) * x
        both = (row > 0.0) & (column > 0.0)
        ratio = np.divide(row, column, out=np.ones_like(row), where=both)
        x *= np.clip(ratio, 1e-8, 1e8) ** 0.25
    return x


def dependent(matrix: Sparse) -> tuple[int, ...]:
    """Places of rows and columns that make a matrix singular: the smallest loop whose block has no full rank."""
    empty = np.flatnonzero((abs(matrix).sum(axis=0) == 0.0) | (abs(matrix).sum(axis=1) == 0.0))
    if len(empty):
        return tuple(int(i) for i in empty)
    _, label = csgraph.connected_components(matrix, directed=True, connection="strong")
    order = np.argsort(label, kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    rows = matrix.tocsr()
    for block in sorted(blocks, key=len):
        if len(block) > 2000:
            break
        inner = rows[block][:, block].toarray()
        heavy = abs(inner).max(axis=0)
        if (heavy == 0.0).any() or np.linalg.matrix_rank(inner / heavy) < len(block):
            return tuple(int(i) for i in block)
    return ()


class Matrices:
    """The matrices of a product system.

    Attributes:
        technosphere: [product x process] makes (+) and takes (-) per run. nature: [flow x process] per run.
        makes, takes, exchanged: The triplets they were made of, in the order of the system's processes.
    """

    def __init__(self, system: ProductSystem) -> None:
        self.system = system
        place, flows = system.place, system.flow_place
        count = len(system.processes)
        self.makes = Triplets(
            np.arange(count),
            np.arange(count),
            np.array([p.amount for p in system.processes], dtype=float),
        )
        self.takes = _triplets([p.inputs for p in system.processes], place, -1.0)
        self.exchanged = _triplets([p.nature for p in system.processes], flows, 1.0)
        self.technosphere = self.technosphere_of(self.takes.value)
        self.nature = self.nature_of(self.exchanged.value)

    def technosphere_of(self, takes: Floats) -> Sparse:
        """A with other amounts in the same places (signs as in `takes`)."""
        first = len(self.system.processes)
        places, order, indices, starts = self._pattern
        data = summed(places, np.concatenate([self.makes.value, takes])[order], len(indices))
        return Sparse((data, indices, starts), shape=(first, first))

    def nature_of(self, exchanged: Floats) -> Sparse:
        """B with other amounts in the same places."""
        t = self.exchanged
        shape = (len(self.system.flows), len(self.system.processes))
        return Sparse((exchanged, (t.row, t.column)), shape=shape)

    @cached_property
    def _pattern(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Where each triplet goes: worked out once, so that a thousand draws only fill in numbers."""
        count = len(self.system.processes)
        row = np.concatenate([self.makes.row, self.takes.row])
        column = np.concatenate([self.makes.column, self.takes.column])
        order = np.lexsort((row, column))
        row, column = row[order], column[order]
        new = np.ones(len(row), dtype=bool)
        new[1:] = (np.diff(row) != 0) | (np.diff(column) != 0)
        starts = np.searchsorted(column[new], np.arange(count + 1))
        return np.cumsum(new) - 1, order, row[new], starts

    @cached_property
    def solver(self) -> Solver:
        """Of the technosphere as it is given."""
        return Solver(self.technosphere, [p.id for p in self.system.processes])

    def demand(self, wanted: Mapping[str, float]) -> Floats:
        """Right side f: amounts of products by process id.

        Raises:
            FigureGap: A process is not there, or an amount is no number.
        """
        f = np.zeros(len(self.system.processes))
        for id, amount in wanted.items():  # noqa: A001
            self.system.process(id)
            if not np.isfinite(amount):
                raise FigureGap(
                    f"{amount} of {id} is asked for", expected="a number", remedy="correct it"
                )
            f[self.system.place[id]] += amount
        return f

    def run(self, *demands: Mapping[str, float]) -> Solution:
        """How much each process runs for each demand."""
        return self.solver.solve(np.column_stack([self.demand(d) for d in demands]))


def backwards(matrices: Matrices, solution: Solution, demand: int = 0) -> tuple[str, ...]:
    """Processes that would have to run backwards, by id; right where a product replaces one, else a sign of bad data.

    A loop that takes more than it makes has a solution, but none that can be run: it shows here.
    """
    supply = solution.supply[:, demand]
    least = -1e-9 * float(abs(supply).max(initial=0.0))
    return tuple(matrices.system.processes[n].id for n in np.flatnonzero(supply < least))


def _triplets(rows: list[tuple[Exchange, ...]], place: Mapping[str, int], sign: float) -> Triplets:
    """Exchanges of each process, in order."""
    counts = np.fromiter(map(len, rows), np.int64, len(rows))
    total = int(counts.sum())
    return Triplets(
        np.fromiter((place[e.flow] for row in rows for e in row), np.int64, total),
        np.repeat(np.arange(len(rows)), counts),
        sign * np.fromiter((e.amount for row in rows for e in row), float, total),
    )
