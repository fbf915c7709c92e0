"""What scorers of several signals share: the front, the balance of their charts, state, and what each signal adds.

A scorer of this kind draws one or more charts, distances of a row in standard deviations. Each is divided by the level
that it passes in one of a hundred normal rows that it did not learn from; the score is the largest.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from ecotwin.detection.scoring.front import Front
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Rows

LEVEL_SHARE = 0.01
_FOLDS = 3
_FEWEST_TO_FOLD = 30
_LEVEL_ROWS = 2000


def stretches(count: int, folds: int) -> list[tuple[int, int]]:
    """Rows cut into stretches that follow each other.

    >>> stretches(10, 3)
    [(0, 3), (3, 6), (6, 10)]
    """
    edges = [count * k // folds for k in range(folds + 1)]
    return list(pairwise(edges))


class Framed:
    """A scorer of rows on one scale; kinds of it say how to `teach` and what they `draw`.

    Attributes:
        kept: Names of the arrays that were learned or are moved on, saved with the state.
    """

    name: ClassVar[str]
    least_rows: int = 40
    kept: ClassVar[tuple[str, ...]] = ()
    balanced: ClassVar[bool] = True
    """Whether it draws charts that must be weighed against each other, or that remember; else one without memory."""

    def __init__(self) -> None:
        self.front = Front()
        self.columns: tuple[str, ...] = ()
        self.levels = np.zeros(0)
        self._adds: Floats = np.zeros((0, 0))

    def teach(self, z: Floats) -> None:
        """Learn from judged rows [rows, signals] on one scale."""
        raise NotImplementedError

    def draw(self, z: Floats, judged: Bools, fresh: Bools) -> tuple[Floats, Floats]:
        """Charts [rows, charts], and what each signal adds to each [rows, charts, signals]."""
        raise NotImplementedError

    def learn(self, rows: Rows) -> None:
        """Learn scale, relations and the level of each chart."""
        self.front.learn(rows, self.least_rows)
        self.columns = self.front.names
        z, judged, fresh = self.front.ready(rows.values, rows.at_s)
        if self.balanced:
            self.levels = self._levels(z, judged, fresh)
        self.teach(z[judged])
        if self.balanced:
            # Once more in order, so that the rows to judge follow on these.
            self.draw(z, judged, fresh)
        else:
            some = z[judged][:: max(1, int(judged.sum()) // _LEVEL_ROWS)]
            always = np.ones(len(some), np.bool_)
            self.levels = _level(self.draw(some, always, ~always)[0])

    def _levels(self, z: Floats, judged: Bools, fresh: Bools) -> Floats:
        folds = _FOLDS if judged.sum() >= _FOLDS * max(_FEWEST_TO_FOLD, z.shape[1]) else 1
        drawn = []
        for first, end in stretches(len(z), folds):
            inside = np.zeros(len(z), np.bool_)
            inside[first:end] = True
            other = self._like()
            other.teach(z[judged & ~inside] if folds > 1 else z[judged])
            start = fresh[first:end].copy()
            start[0] = True
            charts = other.draw(z[first:end], judged[first:end], start)[0]
            drawn.append(charts[judged[first:end]])
        return _level(np.concatenate(drawn))

    def _like(self) -> Self:
        """Another of this kind that watches the same signals."""
        other = type(self)()
        other.columns = self.columns
        return other

    def score(self, values: Floats, at_s: Floats) -> Floats:
        """[rows] the largest chart by its level; NaN: not judged."""
        z, judged, fresh = self.front.ready(values, at_s)
        charts, adds = self.draw(z, judged, fresh)
        by_level = charts / self.levels
        drawn = np.isfinite(by_level)
        largest = np.where(drawn, by_level, -1.0).argmax(axis=1)
        here = np.arange(len(z))
        made = np.where(judged & drawn.any(axis=1), by_level[here, largest], np.nan)
        told = np.zeros((len(z), self.front.wide))
        told[:, self.front.used] = np.where(judged[:, None], adds[here, largest], 0.0)
        self._adds = told
        return np.asarray(made, np.float64)

    def parts(self, values: Floats, at_s: Floats) -> Floats:  # noqa: ARG002
        """[rows, columns] what each signal adds to the score of the rows last scored."""
        return self._adds

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        arrays = {key: getattr(self, key).tolist() for key in ("levels", *self.kept)}
        return {"scorer": self.name, "front": self.front.state(), **arrays}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        if state.get("scorer") != self.name:
            raise FigureGap(
                f"the saved state is of {state.get('scorer')!r}",
                expected=f"one of {self.name}",
                remedy="let it learn anew",
            )
        self.front.restore(state["front"])
        self.columns = self.front.names
        for key in ("levels", *self.kept):
            made = np.array(state[key], np.float64)
            # A list forgets how wide a table without rows is.
            empty = made.size == 0 and key == "past"
            setattr(self, key, np.zeros((0, len(self.front.used))) if empty else made)


def _level(charts: Floats) -> Floats:
    level = np.nanquantile(charts, 1.0 - LEVEL_SHARE, axis=0)
    return np.asarray(np.where(level > 0, level, 1.0), np.float64)
