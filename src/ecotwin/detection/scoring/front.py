"""What every scorer of several signals does first: signals on one scale, gaps filled by what the others say.

A gap is filled with what is expected of it when the signals that are there are as they are, so that it adds nothing to
a distance and takes nothing from it. A row without any signal is not judged. Where the clock runs back or jumps far, a
row is fresh: what came before it says nothing about it.

Sources: Nelson, Taylor and MacGregor, Chemometrics and Intelligent Laboratory Systems 35 (1996) 45-65: scores of
    principal components where values are missing, by conditional mean.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.scoring.steady import product
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Ints, Rows

FAR_STEPS = 10.0
"""Usual steps of the clock after which a row is fresh."""
_STILL = 1e-9
WATCHED_SHARE = 0.5
"""Share of the rows in which a column must have a value."""
COUNTER_ROWS, EVEN = 60, 1e-6
"""Rows from which a column that moves on by even steps is held for a clock or a counter, and how even they must be."""
_RIDGE = 0.01


def moving(values: Floats) -> Bools:
    """[columns] whether a column moves, not as a counter, and is there in at least half of the rows."""
    there = np.isfinite(values)
    told = np.zeros(values.shape[1], np.bool_)
    for j in np.flatnonzero(there.sum(axis=0) >= max(2.0, WATCHED_SHARE * len(values))):
        column = values[there[:, j], j]
        told[j] = np.ptp(column) > _STILL * max(float(np.abs(column).max()), 1e-290) and not counts(
            column
        )
    return told


def counts(column: Floats) -> bool:
    """Whether a column without gaps moves on by one even step nearly always: its level then says nothing of a process.

    >>> counts(np.arange(100.0)), counts(np.sin(np.arange(100.0))), counts(np.arange(20.0))
    (True, False, False)
    """
    steps = np.diff(column)
    usual = float(np.median(steps)) if len(steps) else 0.0
    off = np.abs(steps - usual) > EVEN * abs(usual)
    return len(column) >= COUNTER_ROWS and usual != 0.0 and float(off.mean()) <= 0.05


def places(values: Floats) -> Ints:
    """Places of the columns that move, in an order that their numbers make, not their names, units or places.

    What a choice by chance does with columns is then the same for the same table with its columns in another order.
    """
    used = np.flatnonzero(moving(values))
    if len(used) == 0:
        return used
    centre, spread = _scale(values[:, used])
    z = np.nan_to_num((values[:, used] - centre) / spread)
    marks = np.random.default_rng(0).normal(size=len(z)) @ z
    return np.asarray(used[np.argsort(np.round(marks, 6), kind="stable")], np.int64)


class Front:
    """The way from measured rows to rows on one scale.

    Attributes:
        names: Signals that are watched. used: Their places. centre, spread: Of each, as measured.
        alike: [signals, signals] how they go together. step: Usual step of the clock. last_at: Newest row's time.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.wide = 0
        self.used = np.zeros(0, np.int64)
        self.centre = self.spread = np.zeros(0)
        self.alike = np.zeros((0, 0))
        self.step = 0.0
        self.last_at = np.nan

    def learn(self, rows: Rows, least: int) -> None:
        """Learn scale and relation.

        Raises:
            FigureGap: Too few rows, or nothing moves.
        """
        whole = np.isfinite(rows.values).any(axis=1)
        if int(whole.sum()) < least:
            raise FigureGap(
                f"{int(whole.sum())} rows to learn from",
                expected=f"{least} at least",
                remedy="give a longer training part",
            )
        values = np.where(np.isfinite(rows.values), rows.values, np.nan)
        self.used = places(values[whole])
        if len(self.used) == 0:
            raise FigureGap(
                f"none of {len(rows.columns)} signals moves in the training part",
                expected="a signal with at least two values in half of its rows",
                remedy="learn from another or a longer stretch",
            )
        self.wide = len(rows.columns)
        self.names = tuple(rows.columns[i] for i in np.sort(self.used))
        kept = values[:, self.used]
        self.centre, self.spread = _scale(kept)
        z = (kept - self.centre) / self.spread
        self.alike = _relation(z[whole])
        step = np.diff(rows.at_s)
        self.step = float(np.median(step[step > 0])) if (step > 0).any() else 0.0
        self.last_at = np.nan

    def ready(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, Bools]:
        """Rows on one scale [rows, signals], whether each is judged, and whether it is fresh."""
        if values.ndim != 2 or values.shape[1] != self.wide:
            raise FigureGap(
                f"rows of {values.shape[-1]} values",
                expected=f"one for each of {self.wide} columns",
                remedy="give the columns that were learned, in their order",
            )
        z = (values[:, self.used] - self.centre) / self.spread
        there = np.isfinite(z)
        judged = np.asarray(there.any(axis=1), np.bool_)
        gaps = np.flatnonzero(judged & ~there.all(axis=1))
        if len(gaps):
            z[gaps] = self._filled(z[gaps], there[gaps])
        z[~judged] = 0.0
        before = np.concatenate([[self.last_at], at_s[:-1]])
        if len(at_s):
            self.last_at = float(at_s[-1])
        # Rows of one time follow each other; a first row has nothing before it.
        step = at_s - before
        goes_on = (step >= 0.0) & ((step <= FAR_STEPS * self.step) | (self.step == 0.0))
        return z, judged, np.asarray(~goes_on, np.bool_)

    def _filled(self, z: Floats, there: Bools) -> Floats:
        kinds, which = np.unique(there, axis=0, return_inverse=True)
        which = which.reshape(-1)
        for k, has in enumerate(kinds):
            rows = np.flatnonzero(which == k)
            known = self.alike[np.ix_(has, has)] + _RIDGE * np.eye(int(has.sum()))
            weights = np.asarray(np.linalg.solve(known, self.alike[np.ix_(has, ~has)]), np.float64)
            z[np.ix_(rows, ~has)] = product(z[np.ix_(rows, has)], weights)
        return z

    def state(self) -> dict[str, Any]:
        """JSON-able."""
        arrays = {k: v.tolist() for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        last = None if np.isnan(self.last_at) else self.last_at
        return arrays | {
            "names": list(self.names), "wide": self.wide, "step": self.step, "last_at": last,
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.names, self.wide, self.step = tuple(state["names"]), state["wide"], state["step"]
        self.last_at = np.nan if state["last_at"] is None else state["last_at"]
        self.used = np.array(state["used"], np.int64)
        for key in ("centre", "spread", "alike"):
            setattr(self, key, np.array(state[key], np.float64))


def _scale(values: Floats) -> tuple[Floats, Floats]:
    """Middle and spread of each column; far values are drawn in, so that a few faults do not set them."""
    middle = np.nanmedian(values, axis=0)
    low, high = np.nanquantile(values, [0.05, 0.95], axis=0)
    reach = 1.5 * (high - low)
    drawn = np.where(reach > 0, np.clip(values, middle - reach, middle + reach), values)
    centre, spread = np.nanmean(drawn, axis=0), np.nanstd(drawn, axis=0)
    return centre, np.where(spread > 0, spread, 1.0)


def _relation(z: Floats) -> Floats:
    """Correlation of columns with gaps: those of whole rows where these are enough, else of each pair, made sound."""
    there = np.isfinite(z)
    p = z.shape[1]
    whole = there.all(axis=1)
    if whole.sum() >= max(50, 5 * p):
        z, there = z[whole], there[whole]
    filled = np.where(there, np.clip(z, -4.0, 4.0), 0.0)
    pairs = np.maximum(there.T.astype(np.float64) @ there, 1.0)
    made = filled.T @ filled / pairs
    value, vector = np.linalg.eigh(made)
    sound = (vector * np.maximum(value, 0.0)) @ vector.T
    size = np.sqrt(np.maximum(np.diag(sound), 1e-12))
    return np.asarray(sound / np.outer(size, size), np.float64)
