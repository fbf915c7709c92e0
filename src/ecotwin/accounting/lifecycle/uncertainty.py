"""How far a life-cycle result may lie off, by drawing every exchange many times, and by its derivatives.

Sources: Heijungs, Sensitivity coefficients for matrix-based LCA (2010), for the derivatives; `pedigree` for what the
    quality of data adds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.accounting.lifecycle.impact import Method, exchange_weights, intensities, score
from ecotwin.accounting.lifecycle.matrix import Matrices, Solver
from ecotwin.accounting.lifecycle.pedigree import BASIC_VARIANCE, pedigree_variance
from ecotwin.errors import FigureGap
from ecotwin.records import Floats
from ecotwin.records.lifecycle import Exchange


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A result with its spread.

    Attributes:
        value: Of the amounts as given. mean, median, deviation: Of the draws. low, high: 95 % of them.
        first_order: Standard deviation by derivatives; near `deviation` where spreads are small.
        first_order_of_draws: `deviation` over `first_order`; far from 1 says that the derivatives do not hold.
        spread_exchanges: Exchanges that have a spread, of `exchanges`.
    """

    value: float
    mean: float
    median: float
    deviation: float
    low: float
    high: float
    first_order: float
    runs: int
    seed: int
    spread_exchanges: int
    exchanges: int
    draws: Floats

    @property
    def first_order_of_draws(self) -> float:
        """See the class."""
        return self.deviation / self.first_order if self.first_order else 1.0


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """An exchange by what it adds to the variance of a result; `derivative`: of the result by its amount."""

    process: str
    exchange: str
    variance_share: float
    derivative: float


@dataclass(frozen=True, slots=True)
class Spreads:
    """How many amounts lie, side by side: kind 0 fixed, 1 lognormal, 2 normal, 3 uniform, 4 triangular."""

    value: Floats
    kind: Floats
    deviation: Floats
    low: Floats
    high: Floats
    mode: Floats

    def draw(self, random: np.random.Generator) -> Floats:
        """One draw of every amount."""
        found = self.value.copy()
        chosen = self.kind == 1
        found[chosen] *= np.exp(random.standard_normal(int(chosen.sum())) * self.deviation[chosen])
        chosen = self.kind == 2
        found[chosen] += random.standard_normal(int(chosen.sum())) * self.deviation[chosen]
        chosen = self.kind == 3
        found[chosen] = random.uniform(self.low[chosen], self.high[chosen])
        chosen = self.kind == 4
        if chosen.any():
            found[chosen] = random.triangular(
                self.low[chosen], self.mode[chosen], self.high[chosen]
            )
        return found

    @property
    def variance(self) -> Floats:
        """Of each amount, to first order [unit2]."""
        width = self.high - self.low
        mode = self.mode
        triangle = (
            self.low**2
            + self.high**2
            + mode**2
            - self.low * self.high
            - self.low * mode
            - self.high * mode
        ) / 18.0
        return np.select(
            [self.kind == 1, self.kind == 2, self.kind == 3, self.kind == 4],
            [(self.value * self.deviation) ** 2, self.deviation**2, width**2 / 12.0, triangle],
            0.0,
        )


def monte_carlo(
    matrices: Matrices,
    method: Method,
    wanted: Mapping[str, float],
    *,
    runs: int = 1000,
    seed: int = 1,
    after: Callable[[int], None] | None = None,
) -> Uncertain:
    """The spread of a result: every exchange with a spread is drawn anew in each run, the places stay.

    `after` is called with the number of runs done, after each.

    Raises:
        FigureGap: Fewer than 10 runs, or a draw that has no solution.
        FactorGap: The demand meets a flow without its weight.
    """
    if runs < 10:
        raise FigureGap(f"{runs} runs", expected="10 or more", remedy="ask for 1000")
    solution = matrices.run(wanted)
    base = score(matrices, solution, method)
    takes, exchanged = _spreads(matrices)
    weights = np.nan_to_num(exchange_weights(matrices, method))
    right, column = matrices.demand(wanted), matrices.exchanged.column
    random = np.random.default_rng(seed)
    draws = np.empty(runs)
    fixed = not takes.kind.any()
    for run in range(runs):
        if fixed:
            supply = base.supply
        else:
            matrix = matrices.technosphere_of(takes.draw(random))
            solver = Solver(matrix, matrices.solver.names, matrices.solver)
            supply = solver.solve(right, base.supply).supply[:, 0]
        draws[run] = float((exchanged.draw(random) * weights * supply[column]).sum())
        if after is not None:
            after(run + 1)
    low, median, high = (float(v) for v in np.quantile(draws, (0.025, 0.5, 0.975)))
    count = int((takes.kind > 0).sum() + (exchanged.kind > 0).sum())
    return Uncertain(
        base.value, float(draws.mean()), median, float(draws.std(ddof=1)), low, high,
        first_order(matrices, method, wanted)[0], runs, seed, count, len(takes.kind) + len(exchanged.kind), draws,
    )  # fmt: skip


def first_order(
    matrices: Matrices, method: Method, wanted: Mapping[str, float], count: int = 20
) -> tuple[float, tuple[Sensitivity, ...]]:
    """Standard deviation by derivatives, and the exchanges that add most to the variance.

    dh/dA_ij = -y_i s_j and dh/dB_kj = w_k s_j, with A s = f and A^T y = (w B)^T.

    Raises:
        FactorGap: The demand meets a flow without its weight.
    """
    supply = score(matrices, matrices.run(wanted), method).supply
    whole = np.nan_to_num(intensities(matrices, method))
    takes, exchanged = _spreads(matrices)
    weights = np.nan_to_num(exchange_weights(matrices, method))
    slope_a = -whole[matrices.takes.row] * supply[matrices.takes.column]
    slope_b = weights * supply[matrices.exchanged.column]
    parts = np.concatenate([slope_a**2 * takes.variance, slope_b**2 * exchanged.variance])
    variance = float(parts.sum())
    slopes = np.concatenate([-slope_a, slope_b])
    owners = [(p, e) for p in matrices.system.processes for e in p.inputs]
    owners += [(p, e) for p in matrices.system.processes for e in p.nature]
    order = [int(i) for i in np.argsort(-parts, kind="stable")[:count] if parts[i] > 0.0]
    return math.sqrt(variance), tuple(
        Sensitivity(
            owners[i][0].id,
            owners[i][1].name or owners[i][1].flow,
            float(parts[i] / variance),
            float(slopes[i]),
        )
        for i in order
    )


def _spreads(matrices: Matrices) -> tuple[Spreads, Spreads]:
    processes = matrices.system.processes
    takes = [(-e.amount, e, -1.0) for p in processes for e in p.inputs]
    given = [(e.amount, e, 1.0) for p in processes for e in p.nature]
    return _side(takes), _side(given)


def _side(rows: Sequence[tuple[float, Exchange, float]]) -> Spreads:
    table = np.array([_row(*row) for row in rows], dtype=float).reshape(-1, 6)
    return Spreads(*(table[:, n] for n in range(6)))


def _row(value: float, exchange: Exchange, sign: float) -> tuple[float, ...]:
    """Columns of `Spreads`."""
    spread = exchange.spread
    adds = exchange.pedigree and not (spread and spread.whole)
    added = pedigree_variance(exchange.pedigree) if adds else 0.0
    if spread is None:
        deviation = math.sqrt(BASIC_VARIANCE + added) if exchange.pedigree else 0.0
        return value, float(deviation > 0.0), deviation, 0.0, 0.0, 0.0
    if spread.kind == "lognormal":
        return value, 1.0, math.hypot(spread.deviation, math.sqrt(added)), 0.0, 0.0, 0.0
    if spread.kind == "normal":
        more = abs(value) * math.sqrt(math.expm1(added))
        return value, 2.0, math.hypot(spread.deviation, more), 0.0, 0.0, 0.0
    low, high = sorted((sign * spread.low, sign * spread.high))
    if low == high:
        return low, 0.0, 0.0, 0.0, 0.0, 0.0
    mode = value if spread.mode is None else sign * spread.mode
    return value, 3.0 if spread.kind == "uniform" else 4.0, 0.0, low, high, mode
