"""The judge of files with one signal: five kinds of oddness, each by its own past, added up.

Of every row some twenty traits are taken (`detection.single.traits`), and of each trait how surprising it is by its own
past (`detection.single.tails`). The greatest surprise of a kind (spike, level, spread, shape) is the surprise of that
kind, their sum the surprise of the row. A row is told when the sum passes the limit that stands for the promised share
of normal rows; then the judge is quiet for a while, since one event is one alarm. Rows that do not come, or come
empty, longer than ever before are an event of their own (silence). Everything is learned on from the past only, so that
slow drift, a new level or a new season becomes usual; the limit rises a little with every alarm and falls a little
with every quiet row, which holds the promise on streams that are rougher than they looked while it learned.

The limit was set once, on made streams without events of thirteen sorts (white, heavy-tailed, sticky, seasonal,
counts, batches, states ...): docs/evidence/0013-streams.md has the table.

Sources:
    Siffer et al., KDD 2017 (peaks over threshold on streams). Gibbs and Candes, NeurIPS 2021: a level that adapts so
    that the share of alarms is held whatever the stream does.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ecotwin.detection.single.season import Season
from ecotwin.detection.single.tails import Tail
from ecotwin.detection.single.told import Told, explanation
from ecotwin.detection.single.traits import KINDS, NAMES, WINDOWS, Gauge, Traits
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Explanation, Floats, Rows

ALARM_SHARE = 0.001
LIMIT, LIMIT_SLOPE = 20.5, 4.5
"""Surprise that a thousandth of rows of made streams without events pass, and how it grows with the log of rareness."""
LIFT = 1.0
"""What an alarm adds to the limit; quiet rows take it off again at the promised rate."""
LIMIT_LEAST, LIMIT_MOST = 0.85, 2.0
"""How far the limit may move, as shares of its first value."""
QUIET_SHARE, QUIET_LEAST, QUIET_MOST = 0.2, 2 * WINDOWS[-1], 150
"""Rows of quiet after an alarm, as a share of the rows learned from, and no fewer than the longest stretches look back:
until then the event is still among them."""
WORSE = 2.0
"""Quiet ends early when it gets so many times worse than what opened it: a false alarm must not hide a true event."""
SILENCE_TIMES, SILENCE_LEAST = 3.0, 5
"""Missing rows are an event when they are so many times more than ever before in a row, and at least so many."""
STEADY_SHARE = 0.8
"""Share of steps near the usual one that makes a clock by which rows can be missed."""
DELAY = 48
"""Rows after which a row is learned: a stretch is held against what was before it, not against its own first rows."""
LEAST_ROWS = 120


class StreamJudge:
    """Judge of one signal; keeps the `Judge` protocol.

    Args:
        alarm_share: Share of normal rows that may be told.

    Attributes:
        chosen: What it looks at, in sentences. column: The signal, once learned.
    """

    name = "streams"
    least_rows = LEAST_ROWS
    watches_still = True
    """A signal that never moved while it learned is watched all the same."""

    def __init__(self, alarm_share: float = ALARM_SHARE) -> None:
        if not 1e-6 <= alarm_share <= 0.1:
            raise FigureGap(
                f"an alarm share of {alarm_share:g}",
                expected="between 0.000001 and 0.1 of normal rows",
                remedy="0.001 is one false alarm in a thousand rows",
            )
        self.alarm_share = alarm_share
        self.chosen: tuple[str, ...] = ()
        self.column = ""
        self._first_limit = max(LIMIT + LIMIT_SLOPE * math.log(0.001 / alarm_share), 6.0)
        self._limit = self._first_limit
        self._gauge = Gauge(0.0, 1.0)
        self._traits: Traits | None = None
        self._tails = [Tail() for _ in NAMES]
        self._groups = [[p for p, k in enumerate(NAMES.values()) if k == kind] for kind in KINDS]
        self._quiet_rows, self._quiet, self._opened = QUIET_LEAST, 0, 0.0
        self._step_s, self._last_s = 0.0, math.nan
        self._missing, self._longest, self._silent = 0, 0, False
        self._learned = 0
        self._waiting: deque[Sequence[float | None]] = deque()
        self._told: list[Told] = []

    def learn(self, rows: Rows) -> None:
        """Take the gauge, the season and the pasts of all traits from these rows.

        Raises:
            FigureGap: More than one signal, or too few numbers.
        """
        if len(rows.columns) != 1:
            raise FigureGap(
                f"{len(rows.columns)} signals",
                expected="one: this judge is for a signal alone",
                remedy="name one signal, or use the judge of many",
            )
        values = np.asarray(rows.values[:, 0], np.float64)
        there = np.isfinite(values)
        if there.sum() < LEAST_ROWS:
            raise FigureGap(
                f"{rows.columns[0]} has {int(there.sum())} numbers in the {len(values)} rows to learn from",
                expected=f"at least {LEAST_ROWS}",
                remedy="give more rows to learn from",
            )
        self.column = rows.columns[0]
        self._learned = int(there.sum())
        self._gauge = Gauge.of(values[there])
        z = np.array([self._gauge.drawn_in(v) for v in values[there].tolist()])
        season = Season.of(z, rows.at_s[there], civil=rows.civil)
        self._traits = Traits(season, self._learned // 3)
        self._tails = [Tail() for _ in NAMES]
        self._waiting.clear()
        self._quiet_rows = int(np.clip(QUIET_SHARE * self._learned, QUIET_LEAST, QUIET_MOST))
        self._limit, self._quiet = self._first_limit, 0
        self._set_clock(rows.at_s)
        for value, at in zip(values.tolist(), rows.at_s.tolist(), strict=True):
            self._await(value, at)
            if math.isfinite(value):
                self._take(self._traits.push(self._gauge.drawn_in(value), at))
        self._missing, self._silent = 0, False
        self.chosen = self._sentences(season)

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[tuple[str, ...]]]:
        """Score (1 is the limit; drawn in below 1 while quiet after an alarm), alarm, and the signal, row by row.

        Args:
            values: [rows, 1]. at_s: [rows].

        Raises:
            FigureGap: Nothing was learned, or there is more than one column.
        """
        if self._traits is None or values.ndim != 2 or values.shape[1] != 1:
            raise FigureGap(
                "nothing was learned"
                if self._traits is None
                else f"values of shape {values.shape}",
                expected="rows of the one signal that was learned",
                remedy="call learn first, and hand in one column",
            )
        self._told = [
            self._row(v, t) for v, t in zip(values[:, 0].tolist(), at_s.tolist(), strict=True)
        ]
        scores = np.array([told.score for told in self._told], np.float64)
        over = np.array([told.over for told in self._told], np.bool_)
        return scores, over, [(self.column,) if told.score > 0.5 else () for told in self._told]

    def parts(self) -> Floats:
        """[rows, kinds] surprise by kind (`KINDS`) of the rows that `judge` was last given."""
        return np.array([told.kinds for told in self._told], np.float64).reshape(-1, len(KINDS))

    def explain(self, row: int) -> Explanation:
        """Why the row, counted in what `judge` was last given, has its score."""
        return explanation(self.column, self._told[row], self._learned)

    def _row(self, value: float, at: float) -> Told:
        silence = self._await(value, at)
        if not math.isfinite(value):
            score = min(silence, 1.0) if not self._silent else min(silence, 0.999)
            first = silence >= 1.0 and not self._silent
            self._silent |= first
            return Told(score, first, (0.0,) * len(KINDS), (), self._missing, value)
        assert self._traits is not None
        numbers = self._traits.push(self._gauge.drawn_in(value), at)
        felt = [
            0.0 if x is None else tail.surprise(x)
            for x, tail in zip(numbers, self._tails, strict=True)
        ]
        usual = self._usual(felt)
        self._take(numbers)
        best = [max(group, key=lambda p: felt[p]) for group in self._groups]
        kinds = tuple(felt[p] for p in best)
        surprise = math.fsum(kinds)
        score = max(surprise / self._limit, silence)
        over = score >= 1.0 and (self._quiet == 0 or score >= WORSE * self._opened)
        self._opened = score if over else self._opened
        if score >= 1.0 and not over:
            score = score / (1.0 + score)
        self._limit = self._moved(over)
        self._quiet = self._quiet_rows if over else max(0, self._quiet - 1)
        missing, self._missing, self._silent = self._missing, 0, False
        return Told(
            score,
            over,
            kinds,
            tuple(best),
            missing if silence >= 1.0 else 0,
            value,
            usual,
            self._limit,
        )

    def _usual(self, felt: Sequence[float]) -> tuple[float, float]:
        """Where 98 in 100 values of the past lie, in the signal's unit; told only with what is odd."""
        if max(felt) < 4.0:
            return (math.nan, math.nan)
        low, high = self._tails[0].between(0.98)
        return self._gauge.value(low), self._gauge.value(high)

    def _moved(self, over: bool) -> float:
        moved = self._limit + LIFT * (float(over) - self.alarm_share)
        first = self._first_limit
        return min(max(moved, LIMIT_LEAST * first), LIMIT_MOST * first)

    def _take(self, numbers: Sequence[float | None]) -> None:
        self._waiting.append(numbers)
        if len(self._waiting) > DELAY:
            for tail, number in zip(self._tails, self._waiting.popleft(), strict=True):
                if number is not None:
                    tail.add(number)

    def _set_clock(self, at_s: Floats) -> None:
        steps = np.diff(at_s)
        usual = float(np.median(steps)) if len(steps) else 0.0
        near = np.abs(steps - usual) < 0.5 * usual
        self._step_s = usual if usual > 0.0 and near.mean() >= STEADY_SHARE else 0.0
        self._last_s, self._missing, self._longest, self._silent = math.nan, 0, 0, False

    def _await(self, value: float, at: float) -> float:
        """Count rows that are missing before this one or are empty; 1: so many more than ever before.

        Only when a number comes again the stretch is over and becomes part of what is known.
        """
        if self._step_s > 0.0 and math.isfinite(at):
            if at - self._last_s > 1.5 * self._step_s:
                self._missing += round((at - self._last_s) / self._step_s) - 1
            self._last_s = at if not at < self._last_s else self._last_s
        there = math.isfinite(value)
        self._missing += 0 if there else 1
        share = self._missing / max(SILENCE_LEAST, SILENCE_TIMES * self._longest)
        if there:
            self._longest = max(self._longest, self._missing)
            if self._traits is None or self._traits.rows < self._learned:
                self._missing = 0
        return share

    def _sentences(self, season: Season) -> tuple[str, ...]:
        told = [f"{self.column}: spikes, levels, spread and shape of stretches, missing rows"]
        if season.period > 0.0:
            by = f"rows {season.period:g} apart" if season.by_row else "time of day and week"
            told.append(f"held against the same {by}")
        share = f"one false alarm in {1.0 / self.alarm_share:,.0f} rows"
        return (*told, f"{share}; quiet for {self._quiet_rows} rows after each")

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        if self._traits is None:
            raise FigureGap("nothing was learned", expected="a judge that learned", remedy="learn first")  # fmt: skip
        return {
            "name": self.name, "alarm_share": self.alarm_share, "column": self.column, "learned": self._learned,
            "gauge": [self._gauge.middle, self._gauge.spread], "traits": self._traits.state(),
            "tails": [list(t.order) for t in self._tails], "limit": self._limit,
            "waiting": [list(w) for w in self._waiting],
            "quiet": [self._quiet_rows, self._quiet, self._opened], "clock": [self._step_s, self._last_s],
            "missing": [self._missing, self._longest, self._silent], "chosen": list(self.chosen),
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises:
            FigureGap: It is of another judge.
        """
        if state.get("name") != self.name:
            raise FigureGap(
                f"a state of {state.get('name')!r}",
                expected=f"a state of {self.name!r}",
                remedy="hand in the state that this judge saved",
            )
        self.__init__(state["alarm_share"])  # type: ignore[misc]
        self.column, self._learned = state["column"], state["learned"]
        self._gauge = Gauge(*state["gauge"])
        self._traits = Traits.restored(state["traits"])
        self._tails = [Tail(deque(numbers)) for numbers in state["tails"]]
        self._waiting = deque(state["waiting"])
        self._limit = state["limit"]
        self._quiet_rows, self._quiet, self._opened = state["quiet"]
        self._step_s, self._last_s = state["clock"]
        self._missing, self._longest, self._silent = state["missing"]
        self.chosen = tuple(state["chosen"])
