"""Many scorers, one verdict, with a promise: the share of normal rows that may be told as not normal.

Everything is learned from the training rows. They are cut into stretches; each scorer learns from all but one and
scores that one, so that its level on normal rows that it has not seen is known, and how much that level differs from
stretch to stretch. Scores by their limits are joined to one, which gets a limit of its own in the same way. The rows to
judge move nothing but the memory of moving averages.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ecotwin.detection.scoring.calibration import tail
from ecotwin.detection.scoring.contract import Scorer
from ecotwin.detection.scoring.frame import stretches
from ecotwin.errors import FigureGap
from ecotwin.plugs import load
from ecotwin.records import Bools, Floats, Rows

ROOM = "detection.scoring"
ALARM_SHARE = 0.01
STRETCHES = 4
LEAST_ROWS = 60
WARM_ROWS = 60
"""Rows before a stretch that fill the memories of the scorers; they are not counted."""
TOP = 3
CANDIDATES = ("limits", "shift", "residual", "principal", "variates")


class Combined:
    """The judge.

    Args:
        alarm_share: Share of normal rows that may be over. candidates: Scorers it may take, by plug name.
    """

    def __init__(
        self, alarm_share: float = ALARM_SHARE, candidates: tuple[str, ...] = CANDIDATES
    ) -> None:
        if not 0.0 < alarm_share < 0.5:
            raise FigureGap(
                f"an alarm share of {alarm_share:g}",
                expected="above 0 and below 0.5",
                remedy="0.01 is a usual share",
            )
        self.alarm_share, self.candidates = alarm_share, candidates
        self.chosen: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.scorers: dict[str, Scorer] = {}
        self.limits = np.zeros(0)
        self.last_limit = 1.0

    def learn(self, rows: Rows) -> None:
        """Pick, learn and calibrate.

        Raises:
            FigureGap: Too few rows, or nothing moves.
        """
        there = int(np.isfinite(rows.values).any(axis=1).sum())
        if there < LEAST_ROWS:
            raise FigureGap(
                f"{there} rows with values in the training part",
                expected=f"{LEAST_ROWS} at least",
                remedy="give a longer training part with --train-rows or --train-until",
            )
        self.columns = rows.columns
        known: dict[str, list[Floats]] = {}
        for name in self.candidates:
            try:
                known[name] = self._left_out(name, rows)
            except FigureGap as gap:
                self.notes += (f"{name} was not taken: {gap.found}",)
        if not known:
            raise FigureGap(
                "no scorer can learn from the training part",
                expected="signals that move",
                remedy="; ".join(self.notes),
            )
        self.limits = np.array([tail(s).limit(self.alarm_share) for s in known.values()])
        joined = [
            self._joined(np.stack([s[k] for s in known.values()], axis=1)) for k in range(STRETCHES)
        ]
        self.last_limit = tail(joined).limit(self.alarm_share)
        for name in known:
            self.scorers[name] = load(ROOM, name)()
            self.scorers[name].learn(rows)
        self.chosen = tuple(known)

    def _left_out(self, name: str, rows: Rows) -> list[Floats]:
        """Scores of each stretch by a scorer that learned from the others."""
        made = []
        for first, end in stretches(len(rows), STRETCHES):
            kept = np.r_[0:first, end : len(rows)]
            scorer: Scorer = load(ROOM, name)()
            scorer.learn(
                Rows(
                    rows.columns,
                    rows.values[kept],
                    rows.at_s[kept],
                    tuple(rows.stamps[i] for i in kept),
                    rows.civil,
                )
            )
            warm = max(0, first - WARM_ROWS)
            part = rows.part(warm, end)
            made.append(scorer.score(part.values, part.at_s)[first - warm :])
        return made

    def _joined(self, scores: Floats) -> Floats:
        by_limit = scores / self.limits
        known = np.isfinite(by_limit)
        largest = np.where(known, by_limit, -1.0).max(axis=1)
        return np.where(known.any(axis=1), largest, np.nan)

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[tuple[str, ...]]]:
        """Score (1 is the limit), whether it is over, and the signals that most make it so; NaN: not judged."""
        scores = np.stack([s.score(values, at_s) for s in self.scorers.values()], axis=1)
        score = self._joined(scores) / self.last_limit
        over = np.asarray(score > 1.0, np.bool_)
        by_limit = np.where(np.isfinite(scores), scores / self.limits, -1.0)
        telling = by_limit.argmax(axis=1)
        adds = np.stack([s.parts(values, at_s) for s in self.scorers.values()], axis=1)
        adds = adds[np.arange(len(values)), telling]
        order = np.argsort(-adds, axis=1, kind="stable")[:, :TOP]
        top = [
            tuple(self.columns[j] for j in row if adds[i, j] > 0.0) if np.isfinite(score[i]) else ()
            for i, row in enumerate(order)
        ]
        return score, over, top

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "alarm_share": self.alarm_share,
            "chosen": list(self.chosen),
            "notes": list(self.notes),
            "columns": list(self.columns),
            "limits": self.limits.tolist(),
            "last_limit": self.last_limit,
            "scorers": {n: s.state() for n, s in self.scorers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.alarm_share, self.last_limit = state["alarm_share"], state["last_limit"]
        self.chosen, self.notes = tuple(state["chosen"]), tuple(state["notes"])
        self.columns, self.limits = tuple(state["columns"]), np.array(state["limits"])
        for name, one in state["scorers"].items():
            self.scorers[name] = load(ROOM, name)()
            self.scorers[name].restore(one)
