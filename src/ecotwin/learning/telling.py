"""One column told from others by a model that can be exported: a weighted sum, or boosted trees where they tell better.

Both learn from the first four fifths of the training rows and tell the last one; the better of them learns from all.
The error of the last fifth is what a reader may expect of later rows, as long as the process stays as it was.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.learning import graphs
from ecotwin.learning.exported import Card
from ecotwin.records import Floats, Rows

LEAST_ROWS = 50
_HELD_SHARE = 0.2
_RIDGE = 1e-3
_FAR = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """A model that tells a column.

    Attributes:
        form: `sum` or `trees`. columns: It tells from. centre, spread: Of these; offset, factor: Of the target.
        inner: [columns] weights, or the fitted trees. error: Mean absolute error of the rows held back, and of telling
            the training mean there: [target's unit]. rows: Learned from.
    """

    form: str
    columns: tuple[str, ...]
    centre: Floats
    spread: Floats
    offset: float
    factor: float
    inner: Any
    error: tuple[float, float]
    rows: int

    def tell(self, values: Floats) -> Floats:
        """[rows] the target; NaN where the model cannot tell it from what is missing."""
        z = (values - self.centre) / self.spread
        if self.form == "sum":
            return np.asarray(self.offset + self.factor * (z @ self.inner), np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = self.inner.predict(graphs.single(z))
        return np.asarray(self.offset + self.factor * made, np.float64)

    def export(self, card: Card) -> bytes:
        """As a file; the card's columns are set here."""
        card = replace(card, columns=self.columns, rows=self.rows)
        if self.form == "sum":
            weights = self.factor * self.inner / self.spread
            return graphs.linear(weights, self.offset - float(self.centre @ weights), card)
        return graphs.trees(self.inner, card, self.centre, self.spread, self.offset, self.factor)


def learn(rows: Rows, target: str) -> Told:
    """Learn to tell a column from all others.

    Raises:
        FigureGap: Too few rows, or nothing to tell it from.
    """
    columns = tuple(c for c in rows.columns if c != target)
    x, y = rows.of(columns).values, rows.column(target)
    good = np.isfinite(y)
    moving = [j for j in range(x.shape[1]) if _moves(x[good, j])]
    if good.sum() < LEAST_ROWS or not moving or not _moves(y[good]):
        raise FigureGap(
            f"{int(good.sum())} rows with {target}, {len(moving)} other columns that move",
            expected=f"{LEAST_ROWS} rows in which {target} moves, and a column to tell it from",
            remedy="give a longer training part, or other columns with --signals",
        )
    columns, x, y = tuple(columns[j] for j in moving), x[good][:, moving], y[good]
    held = round(len(y) * (1.0 - _HELD_SHARE))
    tried = []
    for form in ("sum", "trees"):
        try:
            made = fitted(form, columns, x[:held], y[:held])
        except ImportError:
            continue
        away = np.abs(made.tell(x[held:]) - y[held:])
        tried.append((float(np.nanmean(away)) if np.isfinite(away).any() else np.inf, form))
    error, form = min(tried)
    plain = float(np.mean(np.abs(y[held:] - y[:held].mean())))
    return replace(fitted(form, columns, x, y), error=(error, plain))


def _moves(column: Floats) -> bool:
    there = column[np.isfinite(column)]
    return len(there) > 1 and float(np.ptp(there)) > 1e-12 * max(float(np.abs(there).max()), 1e-290)


def fitted(form: str, columns: tuple[str, ...], x: Floats, y: Floats) -> Told:
    """A model of one form, its error not told.

    Args:
        form: `sum` or `trees`. columns: Names. x: [rows, columns]. y: [rows].
    """
    centre, spread = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    offset, factor = float(y.mean()), float(y.std()) or 1.0
    z, v = (x - centre) / spread, (y - offset) / factor
    inner: Any
    if form == "sum":
        whole = np.isfinite(z).all(axis=1)
        if not whole.any():
            raise ImportError("a weighted sum needs whole rows")
        drawn = np.clip(z[whole], -_FAR, _FAR)
        inner = np.linalg.solve(
            drawn.T @ drawn + _RIDGE * len(drawn) * np.eye(len(columns)), drawn.T @ v[whole]
        )
    else:
        from lightgbm import LGBMRegressor

        inner = LGBMRegressor(
            n_estimators=200, learning_rate=0.05, num_leaves=15, min_child_samples=max(5, len(y) // 200),
            n_jobs=1, random_state=0, deterministic=True, force_row_wise=True, verbose=-1,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            inner.fit(graphs.single(z), v)
    return Told(form, columns, centre, spread, offset, factor, inner, (np.nan, np.nan), len(y))
