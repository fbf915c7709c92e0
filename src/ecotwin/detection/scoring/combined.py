"""Many scorers, one verdict, with a promise: the share of normal rows that may be told as not normal.

Everything is learned from the training rows. They are cut into stretches; each scorer learns from all but one and
scores that one, so that its level on normal rows that it has not seen is known, and how much that level differs from
stretch to stretch. Scores by their limits are joined to one, the largest, which gets a limit of its own in the same
way. The rows to judge move nothing but the memory of moving averages, so that a fault that stays is never taken for
usual.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from ecotwin.detection.scoring.calibration import Tail, tail
from ecotwin.detection.scoring.contract import Scorer
from ecotwin.detection.scoring.frame import stretches
from ecotwin.detection.scoring.picking import ROOM, largest, only, pick, stretch_count, tried
from ecotwin.detection.scoring.trimming import sound_rows
from ecotwin.errors import FigureGap
from ecotwin.plugs import load
from ecotwin.records import Bools, Floats, Rows

ALARM_SHARE = 0.01
"""One row of a hundred, the usual share of control charts and of published comparisons."""
LEAST_ROWS = 60
TOP = 3
CANDIDATES = ("limits", "residual", "principal", "variates", "forest", "neural")
"""Scorers that may be taken; `ewma`, `cusum` and `shift`, of which `residual` holds the like, only where asked for."""


class Combined:
    """The judge.

    Args:
        alarm_share: Share of normal rows that may be over. candidates: Scorers it may take, by plug name.

    Attributes:
        chosen: Scorers taken and not taken, and why. taken: Names of those taken. notes: What to know of the training.
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
        self.taken: tuple[str, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.scorers: dict[str, Scorer] = {}
        self.limits = np.zeros(0)
        self.last_limit = 1.0
        self.tail = Tail(0.0, 0.0, 1.0)

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
                remedy="give a longer training part",
            )
        self.columns, self.notes = rows.columns, ()
        sound = sound_rows(rows.values)
        if odd := int((~sound).sum()):
            self.notes += (
                f"{odd} rows of the training part are far from all others and were not learned from",
            )
            # As if they had not been measured: they must not fill a memory either.
            rows = replace(rows, values=np.where(sound[:, None], rows.values, np.nan))
        cuts = stretches(len(rows), stretch_count(len(rows)))
        found = {}
        for name in self.candidates:
            try:
                found[name] = tried(name, rows, sound, cuts)
            except FigureGap as gap:
                self.notes += (f"{name} was not tried: {gap.found}",)
        if not found:
            raise FigureGap(
                "no scorer can learn from the training part",
                expected=f"signals that move, in {LEAST_ROWS} rows at least",
                remedy="; ".join(self.notes),
            )
        self.taken, self.chosen = pick(found, self.alarm_share)
        share = self.alarm_share
        self.limits = np.array([tail(found[n].calm).limit(share) for n in self.taken])
        calm = zip(*(found[n].calm for n in self.taken), strict=True)
        joined = tail([largest(parts, self.limits.tolist()) for parts in calm])
        self.last_limit = joined.limit(share)
        self.tail = joined
        self.scorers = {}
        for name in self.taken:
            self.scorers[name] = load(ROOM, name)()
            self.scorers[name].learn(only(rows, sound))

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[tuple[str, ...]]]:
        """Score (1 is the limit), whether it is over, and the signals that most make it so; NaN: not judged."""
        score, adds = self.weigh(values, at_s)
        over = np.asarray(score > 1.0, np.bool_)
        order = np.argsort(-adds, axis=1, kind="stable")[:, :TOP]
        heavy = np.take_along_axis(adds, order, axis=1) > 0.0
        names = np.array(self.columns, dtype=object)[order]
        top = [
            tuple(n for n, h in zip(row, has, strict=True) if h)
            for row, has in zip(names.tolist(), heavy.tolist(), strict=True)
        ]
        return score, over, top

    def weigh(self, values: Floats, at_s: Floats) -> tuple[Floats, Floats]:
        """Score of each row, and [rows, columns] what each signal adds to the scorer that tells most."""
        scores, parts = [], []
        for scorer in self.scorers.values():
            scores.append(scorer.score(values, at_s))
            parts.append(scorer.parts(values, at_s))
        score = largest(scores, self.limits.tolist()) / self.last_limit
        by_limit = np.stack(scores, axis=1) / self.limits
        telling = np.where(np.isfinite(by_limit), by_limit, -1.0).argmax(axis=1)
        adds = np.stack(parts, axis=1)[np.arange(len(values)), telling]
        return score, np.where(np.isfinite(score)[:, None], adds, 0.0)

    def share_above(self, score: float) -> float:
        """Share of normal rows expected above a score."""
        return self.tail.share_above(score * self.last_limit)

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "alarm_share": self.alarm_share,
            "chosen": list(self.chosen),
            "taken": list(self.taken),
            "notes": list(self.notes),
            "columns": list(self.columns),
            "limits": self.limits.tolist(),
            "last_limit": self.last_limit,
            "tail": asdict(self.tail),
            "scorers": {n: s.state() for n, s in self.scorers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.alarm_share, self.last_limit = state["alarm_share"], state["last_limit"]
        self.chosen, self.taken = tuple(state["chosen"]), tuple(state["taken"])
        self.columns, self.limits = tuple(state["columns"]), np.array(state["limits"], np.float64)
        self.notes, self.scorers = tuple(state["notes"]), {}
        self.tail = Tail(**state["tail"])
        for name, one in state["scorers"].items():
            self.scorers[name] = load(ROOM, name)()
            self.scorers[name].restore(one)
