"""A chart of many signals together: principal components of a row and the rows before it, learned from normal days.

Each row is joined with some rows before it (lags), so that what signals do one after another is learned, too; without
lags it is plain principal component analysis. Two distances are watched: T2 within the components that were kept, Q
outside of them. The first rows teach mean, spread and components; the next ones, never seen by these, teach how large
T2 and Q are on normal days. From then on nothing is learned; a row is judged by itself and the rows before it only.

Memory does not grow with rows: sums of products while it learns, the last rows afterwards.

Sources:
    Ku, Storer and Georgakis, Chemometrics and Intelligent Laboratory Systems 30 (1995) 179-196: dynamic PCA.
    Jackson and Mudholkar, Technometrics 21 (1979) 341-349: Q. Nomikos and MacGregor, Technometrics 37 (1995) 41-59: its
    limit as g x chi-squared(h) from mean and variance (Box). Marchenko and Pastur, Math. USSR Sbornik 1 (1967) 457-483:
    largest eigenvalue of pure chance, beyond which a component is kept. Chi-squared: Wilson and Hilferty, Proc. Natl.
    Acad. Sci. 17 (1931) 684-688.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats

TOP = 3
"""Signals named with a row."""

_ARRAYS = (
    "_sum", "_products", "_settled", "_limits", "_origin", "_loadings", "_weights", "_mean", "_spread",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chart says of a row.

    Attributes:
        t2, q: Distances. score: The larger of both by its limit; above 1 is not as on normal days; NaN: not judged.
        over: Whether it is. top: Columns that make up most of it, the first one most.
    """

    t2: float
    q: float
    score: float
    over: bool
    top: tuple[str, ...]


_NOT_JUDGED = Seen(math.nan, math.nan, math.nan, over=False, top=())


class Subspace:
    """The chart.

    Args:
        columns: Names of the signals. learn_rows: Normal rows that teach components. settle_rows: Normal rows after
            them that teach the limits. lags: Rows before each that are joined with it. alarm_share: Share of normal
            rows that may be over.

    Attributes:
        watched: Columns that changed while it learned; others say nothing about what is normal and are left out.
        kept: Number of components. rows: Rows seen.
    """

    def __init__(
        self,
        columns: Sequence[str],
        learn_rows: int,
        settle_rows: int,
        lags: int = 2,
        alarm_share: float = 0.01,
    ) -> None:
        self.columns = tuple(columns)
        self.learn_rows, self.settle_rows, self.lags = learn_rows, settle_rows, lags
        self.alarm_share = alarm_share
        width = len(self.columns) * (lags + 1)
        wrong = [
            text
            for bad, text in (
                (not self.columns, "no columns"),
                (lags < 0, f"{lags} lags"),
                (learn_rows < 2 * width, f"{learn_rows} rows to learn {width} values from"),
                (settle_rows < 30, f"{settle_rows} rows to settle limits"),
                (not 0.0 < alarm_share < 0.5, f"an alarm share of {alarm_share:g}"),
            )
            if bad
        ]
        if wrong:
            raise FigureGap(
                f"the chart is asked for {'; '.join(wrong)}",
                expected="columns, lags from 0, two rows to learn for each value of a joined row, 30 to settle",
                remedy="give more normal rows, fewer columns or fewer lags",
            )
        self.rows = 0
        self.kept = 0
        self.watched: tuple[str, ...] = ()
        self._before: list[Floats] = []
        self._count = 0
        self._sum = np.zeros(width)
        self._products = np.zeros((width, width))
        self._settled = np.zeros(5)
        self._limits = np.full(2, math.nan)
        self._origin: Floats | None = None
        self._loadings = self._weights = np.zeros((0, 0))
        self._mean = self._spread = np.zeros(0)
        self._used = np.zeros(0, np.int64)

    @property
    def ready(self) -> bool:
        """Whether rows are judged."""
        return bool(np.isfinite(self._limits).all())

    def push(self, row: Floats) -> Seen:
        """Learn from a row, or judge it. A row with a gap is not judged, and the rows after it start anew.

        Raises:
            FigureGap: The row has another width, or nothing changed while the chart learned.
        """
        if row.shape != (len(self.columns),):
            raise FigureGap(
                f"a row of {row.size} values",
                expected=f"one for each of {len(self.columns)} columns",
                remedy="give every row all columns, with NaN where nothing was measured",
            )
        self.rows += 1
        if not np.isfinite(row).all():
            self._before.clear()
            return self._moved_on(_NOT_JUDGED)
        # Sums of products lose digits far from zero, so that the first row is the origin.
        if self._origin is None:
            self._origin = row.copy()
        self._before.append(row - self._origin)
        if len(self._before) <= self.lags:
            return self._moved_on(_NOT_JUDGED)
        joined: Floats = np.concatenate(self._before[::-1])
        del self._before[0]
        if self.rows <= self.learn_rows:
            self._count += 1
            self._sum += joined
            self._products += np.outer(joined, joined)
            return self._moved_on(_NOT_JUDGED)
        return self._moved_on(self._judge(joined))

    def _moved_on(self, seen: Seen) -> Seen:
        if self.rows == self.learn_rows:
            self._take_components()
        if self.rows == self.learn_rows + self.settle_rows:
            self._take_limits()
        return seen

    def _take_components(self) -> None:
        n = self._count
        mean = self._sum / max(n, 1)
        cover = (self._products - n * np.outer(mean, mean)) / max(n - 1, 1)
        spread = np.sqrt(np.maximum(np.diag(cover), 0.0))
        origin = np.tile(self._origin if self._origin is not None else 0.0, self.lags + 1)
        moving = spread > 1e-9 * np.maximum(np.abs(origin + mean), 1e-3)
        m = len(self.columns)
        whole = np.asarray(moving.reshape(self.lags + 1, m).all(axis=0), np.bool_)
        self._used = np.flatnonzero(np.tile(whole, self.lags + 1))
        self.watched = tuple(c for c, w in zip(self.columns, whole.tolist(), strict=True) if w)
        p = len(self._used)
        if p == 0 or n < p:
            raise FigureGap(
                f"{n} whole rows with {p} values that change",
                expected="normal rows in which signals move",
                remedy="learn from a longer or another stretch",
            )
        self._mean, self._spread = mean[self._used], spread[self._used]
        alike = cover[np.ix_(self._used, self._used)] / np.outer(self._spread, self._spread)
        value, vector = np.linalg.eigh(alike)
        value, vector = value[::-1], vector[:, ::-1]
        chance = (1.0 + math.sqrt(p / n)) ** 2
        self.kept = int(min(max(1, (value > chance).sum()), p - 1)) if p > 1 else 1
        self._loadings = np.ascontiguousarray(vector[:, : self.kept])
        self._weights = 1.0 / value[: self.kept]
        self._products, self._sum = np.zeros((0, 0)), np.zeros(0)

    def _judge(self, joined: Floats) -> Seen:
        z = (joined[self._used] - self._mean) / self._spread
        part = z @ self._loadings
        rest = z - self._loadings @ part
        t2, q = float(part @ (self._weights * part)), float(rest @ rest)
        if self.rows <= self.learn_rows + self.settle_rows:
            self._settled += (1.0, t2, t2 * t2, q, q * q)
            return _NOT_JUDGED
        by_limit = np.array([t2, q]) / self._limits
        score = float(by_limit.max())
        return Seen(
            t2, q, score, score > 1.0, self._top(z, part, rest, bool(by_limit[0] > by_limit[1]))
        )

    def _top(self, z: Floats, part: Floats, rest: Floats, inside: bool) -> tuple[str, ...]:
        """Columns by what they add to the distance that is larger by its limit."""
        each = z * (self._loadings @ (self._weights * part)) if inside else rest * rest
        share = each.reshape(self.lags + 1, -1).sum(axis=0)
        return tuple(self.watched[i] for i in np.argsort(-share)[:TOP])

    def _take_limits(self) -> None:
        n = self._settled[0]
        if n < 20:
            raise FigureGap(
                f"{n:.0f} whole rows to settle limits",
                expected="20 at least",
                remedy="settle on a stretch with fewer gaps",
            )
        # Two charts share what may be a false alarm.
        beyond = NormalDist().inv_cdf(1.0 - self.alarm_share / 2.0)
        for i in (0, 1):
            mean = self._settled[1 + 2 * i] / n
            variance = max(self._settled[2 + 2 * i] / n - mean * mean, 1e-12 * mean * mean, 1e-300)
            g, h = variance / (2.0 * mean), 2.0 * mean * mean / variance
            self._limits[i] = (
                g * h * (1.0 - 2.0 / (9.0 * h) + beyond * math.sqrt(2.0 / (9.0 * h))) ** 3
            )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        arrays = {k: v.tolist() for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        before = [row.tolist() for row in self._before]
        return arrays | {
            "rows": self.rows, "kept": self.kept, "watched": list(self.watched), "_count": self._count,
            "_before": before, "columns": list(self.columns), "lags": self.lags,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            FigureGap: It is of other columns or lags.
        """
        if tuple(state["columns"]) != self.columns or state["lags"] != self.lags:
            raise FigureGap(
                "the saved chart is of other columns or lags",
                expected=f"{len(self.columns)} columns as now and {self.lags} lags",
                remedy="let it learn anew",
            )
        for key in _ARRAYS:
            if state.get(key) is not None:
                setattr(self, key, np.array(state[key], np.float64))
        self._used = np.array(state["_used"], np.int64)
        self.rows, self.kept, self._count = state["rows"], state["kept"], state["_count"]
        self.watched = tuple(state["watched"])
        self._before = [np.array(row) for row in state["_before"]]
