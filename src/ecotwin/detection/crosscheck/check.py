"""The cross-check of a table: learns from normal rows, judges row by row, and says what a contradiction is."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ecotwin.detection.crosscheck.calm import Calm
from ecotwin.detection.crosscheck.contract import Link, Verdict
from ecotwin.detection.crosscheck.event import Event, verdict
from ecotwin.detection.crosscheck.marks import MARK_ROWS_LEAST, Marked, Marks
from ecotwin.detection.crosscheck.own import Own
from ecotwin.detection.crosscheck.relations import RESTART, SPEEDS, Relations
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Balance
from ecotwin.records import Bools, Floats, Rows

LEAST_ROWS_A_SIGNAL = 6
LEAST_ROWS = 200
GAP_ROWS = 6
"""Rows without anything odd after which a stretch is over."""
CALM = 2.0
"""Surprise below which nothing had begun yet."""
RESTORED = 5.0
"""Surprise of what is left without a signal, up to which the rest is as usual."""
ASIDE_ROWS, ASIDE_SHARE = 48, 0.8
"""A signal that alone contradicted the others so many rows of a stretch, and in this share of it, or stood still so
long, is set aside: it was told, and the others are watched without it. It comes back after as many rows that agree."""
LINK_SMOOTH = 0.25
DAY_S = 86_400.0


def links_of(balances: Sequence[Balance], columns: Sequence[str]) -> tuple[Link, ...]:
    """The balances of a plant file whose meters are all among the columns, as sums of columns.

    A balance among the outputs of another means all that flows into it; among the inputs, its rest.

    >>> b = [Balance("b1", "Site", "electricity", "site", ("m0",), ("m1", "b2")), Balance("b2", "Hall", "electricity",
    ...     "hall", ("m2",), ("m3",))]
    >>> [(l.name, dict(l.weights)) for l in links_of(b, ("m0", "m1", "m2", "m3"))]
    [('Site', {'m0': 1.0, 'm1': -1.0, 'm2': -1.0}), ('Hall', {'m2': 1.0, 'm3': -1.0})]
    """
    known = {b.id: b for b in balances}

    def opened(name: str, *, rest: bool) -> dict[str, float]:
        node = known.get(name)
        if node is None:
            return {name: 1.0}
        total: dict[str, float] = {}
        for names, sign in ((node.inputs, 1.0), (node.outputs if rest else (), -1.0)):
            for part in names:
                for leaf, weight in opened(part, rest=sign > 0).items():
                    total[leaf] = total.get(leaf, 0.0) + sign * weight
        return total

    found = []
    for node in balances:
        weights: dict[str, float] = {}
        for names, sign in ((node.inputs, 1.0), (node.outputs, -1.0)):
            for name in names:
                for leaf, weight in opened(name, rest=sign > 0).items():
                    weights[leaf] = weights.get(leaf, 0.0) + sign * weight
        kept = {leaf: weight for leaf, weight in weights.items() if weight}
        if len(kept) > 1 and all(leaf in columns for leaf in kept):
            found.append(Link(node.name, kept))
    return tuple(found)


class CrossCheck:
    """See `contract`.

    Args:
        links: Balances over the columns. alarm_share: Share of normal rows that may be told.

    Attributes:
        columns: Signals it knows, once learned. rows: Rows judged.
        aside: Place of a signal that is set aside -> rows in which it agreed again.
    """

    name = "crosscheck"

    def __init__(self, links: Sequence[Link] = (), alarm_share: float = 0.001) -> None:
        self.links, self.alarm_share = tuple(links), alarm_share
        self.columns: tuple[str, ...] = ()
        self.rows = 0
        self._relations, self._marks, self._own = Relations(0), Marks(0), Own(0, 0)
        self._sums = np.zeros((0, 0))
        self._link_smooth, self._link_middle = np.zeros(0), np.zeros(0)
        self._link_calm: list[Calm] = []
        self._event: Event | None = None
        self._calm_s, self._recent_moved = math.nan, np.zeros((0, 0))
        self.aside: dict[int, int] = {}
        self._calm_rows, self._restarted = 0, False

    @property
    def limit(self) -> float:
        """Surprise that is an alarm: the promised share, over all that is looked at."""
        return -math.log(self.alarm_share / (len(SPEEDS) + len(self.links)))

    def learn(self, rows: Rows) -> None:
        """Learn how signals go together from normal rows.

        Raises:
            FigureGap: Fewer than two signals that move, too few rows, or a link over unknown columns.
        """
        values = np.asarray(rows.values, np.float64)
        filled = _filled(values)
        moving = int((filled.std(axis=0) > 0.0).sum())
        need = max(LEAST_ROWS, LEAST_ROWS_A_SIGNAL * len(rows.columns))
        if moving < 2 or len(rows) < need:
            raise FigureGap(
                f"{moving} signals that move, in {len(rows)} rows",
                expected=f"at least 2 signals that move, and {need} rows",
                remedy="give more signals of one plant and more normal rows",
            )
        for link in self.links:
            if missing := [c for c in link.weights if c not in rows.columns]:
                raise FigureGap(
                    f"the balance {link.name} needs {', '.join(missing)}",
                    expected="columns of the table",
                    remedy="leave the balance out, or add the columns",
                )
        self.columns = rows.columns
        count = len(rows.columns)
        step = float(np.median(np.diff(rows.at_s)))
        day = round(DAY_S / step) if rows.civil and step > 0.0 else 0
        self._relations, self._marks = Relations(count), Marks(count)
        self._own = Own(count, day if 2 < day <= len(rows) // 3 else 0)
        self._relations.learn(filled)
        self._marks.learn(values)
        self._own.learn(filled)
        self._sums = self._weights_of_links()
        self._learn_links(filled)
        self._event, self.rows, self._calm_s = None, 0, float(rows.at_s[-1])
        self.aside = {}
        self._calm_rows, self._restarted = 0, False
        self._recent_moved = np.zeros((GAP_ROWS, count))

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[str]]:
        """Score (1 is the limit), whether it is over, and the kind of the stretch so far, of each next row.

        Args:
            values: [rows, signals] in the learned order. at_s: [rows].
        """
        if not self.columns or values.ndim != 2 or values.shape[1] != len(self.columns):
            raise FigureGap(
                "nothing was learned" if not self.columns else f"{values.shape} values",
                expected="rows of the learned signals",
                remedy="call learn first, and hand in all its columns",
            )
        scores, kinds = np.zeros(len(values)), []
        for row in range(len(values)):
            scores[row], kind = self._row(np.asarray(values[row], np.float64), float(at_s[row]))
            kinds.append(kind)
        return scores, scores >= 1.0, kinds

    def verdict(self) -> Verdict:
        """What the stretch that is odd now, or was last, is held for.

        Raises:
            FigureGap: Nothing was odd yet.
        """
        if self._event is None:
            raise FigureGap("no row was odd yet", expected="an odd row", remedy="judge more rows")
        return verdict(self._event, self.columns, self._marks.states)

    def _row(self, x: Floats, at: float) -> tuple[float, str]:
        self.rows += 1
        x = np.where(np.isfinite(x), x, np.nan)
        smooth = self._relations.push(x)
        felt = self._felt(smooth, self.aside)
        self._calm_rows = self._calm_rows + 1 if felt[0] < self.limit / 2.0 else 0
        if self._calm_rows >= RESTART and max(felt) >= self.limit and not self._restarted:
            # Row by row all is as usual again: what is left in the smoothed rows is the event's memory.
            self._relations.restart()
            self._restarted = True
        elif max(felt) < self.limit:
            self._restarted = False
        links = self._link_surprise(x)
        marked, moved = self._marks.push(x), self._own.push(x)
        self._come_back(smooth, marked)
        for place in self.aside:
            marked.forget(place)
        self._recent_moved = np.vstack([self._recent_moved[1:], moved])
        surprise = max([*felt, *links])
        score = max(surprise / self.limit, self._marked_score(marked))
        if surprise < CALM:
            self._calm_s = at
        if score < 1.0:
            return score, ""
        event = self._event
        if event is None or self.rows - event.last > GAP_ROWS:
            event = Event(self.rows, self.rows, self._calm_s, at)
            self._event = event
        self._gather(event, smooth, felt, links, marked)
        self._set_aside(event)
        return score, verdict(event, self.columns, self._marks.states).kind

    def _felt(self, smooth: Floats, left: Collection[int]) -> list[float]:
        """Surprise of the distance at each speed, of all signals but those left out."""
        told = self._relations
        return [
            told.surprise(k, told.distance(k, smooth[k], tuple(left))) for k in range(len(SPEEDS))
        ]

    def _set_aside(self, event: Event) -> None:
        judged = sum(event.restored.values()) + event.none
        for place, rows in event.restored.items():
            if rows >= ASIDE_ROWS and rows >= ASIDE_SHARE * judged:
                self.aside.setdefault(place, 0)
        for place, rows in event.still.items():
            if rows >= ASIDE_ROWS:
                self.aside.setdefault(place, 0)

    def _come_back(self, smooth: Floats, marked: Marked) -> None:
        for place in list(self.aside):
            felt = self._felt(smooth, [p for p in self.aside if p != place])
            agrees = max(felt) < self.limit and place not in marked.still
            self.aside[place] = self.aside[place] + 1 if agrees else 0
            if self.aside[place] >= ASIDE_ROWS:
                del self.aside[place]

    def _gather(
        self, event: Event, smooth: Floats, felt: list[float], links: list[float], marked: Marked
    ) -> None:
        event.last, event.rows = self.rows, event.rows + 1
        speed = int(np.argmax(felt))
        if felt[speed] >= self.limit:
            left = np.log1p(self._relations.without(speed, smooth[speed], tuple(self.aside)))
            best = int(np.argmin(left))
            if self._relations.calm_alone[speed].surprise(float(left[best])) <= RESTORED:
                event.restored[best] += 1
            else:
                event.none += 1
        for link, surprise, rest in zip(self.links, links, self._link_smooth, strict=True):
            if surprise >= self.limit:
                event.links[link.name] += 1
                event.losses[link.name] += bool(rest > 0.0)
        for place in range(len(self.columns)):
            most = float(self._recent_moved[:, place].max())
            if not self._marks.states[place]:
                event.moved[place] = max(event.moved.get(place, 0.0), most)
        event.still.update(dict.fromkeys(marked.still, 1))
        event.copied.update(dict.fromkeys(marked.copied, 1))
        event.smooth.update(dict.fromkeys(marked.smooth, 1))
        event.clash.update(dict.fromkeys(marked.clash, 1))

    def _marked_score(self, marked: Marked) -> float:
        """Marks that are odd enough by themselves."""
        sure = (
            marked.clash
            or marked.still
            or len(marked.copied) + len(marked.smooth) >= MARK_ROWS_LEAST
        )
        return 1.0 if sure else 0.0

    def _weights_of_links(self) -> Floats:
        """[links, signals]."""
        rows = [[link.weights.get(c, 0.0) for c in self.columns] for link in self.links]
        return np.array(rows, np.float64).reshape(len(self.links), len(self.columns))

    def _learn_links(self, filled: Floats) -> None:
        sums = filled @ self._sums.T
        self._link_middle = np.median(sums, axis=0) if len(self.links) else np.zeros(0)
        self._link_smooth = np.zeros(len(self.links))
        numbers = []
        for row in sums:
            self._link_smooth += LINK_SMOOTH * (row - self._link_middle - self._link_smooth)
            numbers.append(self._link_numbers())
        columns = list(zip(*numbers, strict=True))
        self._link_calm = [Calm(column, LINK_SMOOTH) for column in columns]

    def _link_numbers(self) -> list[float]:
        scale = np.abs(self._sums) @ self._relations.spread if len(self.links) else np.ones(0)
        return [float(n) for n in np.abs(self._link_smooth) / np.maximum(scale, 1e-300)]

    def _link_surprise(self, x: Floats) -> list[float]:
        off = self._sums @ np.where(np.isfinite(x), x, 0.0) - self._link_middle
        gone = (np.abs(self._sums) @ np.where(np.isfinite(x), 0.0, 1.0)) > 0.0
        self._link_smooth += np.where(gone, 0.0, LINK_SMOOTH * (off - self._link_smooth))
        return [t.surprise(n) for t, n in zip(self._link_calm, self._link_numbers(), strict=True)]

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "name": self.name, "columns": list(self.columns), "alarm_share": self.alarm_share, "rows": self.rows,
            "links": [[link.name, dict(link.weights)] for link in self.links], "relations": self._relations.state(),
            "marks": self._marks.state(), "own": self._own.state(), "link_smooth": self._link_smooth.tolist(),
            "link_middle": self._link_middle.tolist(), "link_calm": [c.state() for c in self._link_calm],
            "calm_s": self._calm_s, "moved": self._recent_moved.tolist(),
            "event": self._event.state() if self._event else None, "aside": [[k, v] for k, v in self.aside.items()],
            "calm": [self._calm_rows, self._restarted],
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            FigureGap: It is of something else.
        """
        if state.get("name") != self.name:
            raise FigureGap(
                f"a state of {state.get('name')!r}",
                expected="a state of a cross-check",
                remedy="hand in the state that it saved",
            )
        self.links = tuple(Link(name, weights) for name, weights in state["links"])
        self.columns, self.alarm_share = tuple(state["columns"]), state["alarm_share"]
        self.rows, self._calm_s = state["rows"], state["calm_s"]
        self._relations = Relations.restored(state["relations"])
        self._marks, self._own = Marks.restored(state["marks"]), Own.restored(state["own"])
        self._sums = self._weights_of_links()
        self._link_smooth = np.array(state["link_smooth"], np.float64)
        self._link_middle = np.array(state["link_middle"], np.float64)
        self._link_calm = [Calm.restored(c) for c in state["link_calm"]]
        self._recent_moved = np.array(state["moved"], np.float64)
        self._event = Event.of(state["event"]) if state["event"] else None
        self.aside = {int(k): int(v) for k, v in state["aside"]}
        self._calm_rows, self._restarted = state["calm"]


def _filled(values: Floats) -> Floats:
    """Gaps filled with the signal's median: what is missing says nothing."""
    there = np.where(np.isfinite(values), values, np.nan)
    empty = np.isnan(there).all(axis=0)
    middle = np.where(empty, 0.0, np.nanmedian(np.where(empty, 0.0, there), axis=0))
    return np.where(np.isnan(there), middle, there)
