"""Who tells an inlet: the forecaster in use, the one that wants its place, and what becomes of that.

The forecaster in use is the champion. A challenger is learned beside it every week, in turn by the same way on newer
days or by another way, and at once when the champion's errors leave what was usual (drift). From then on both tell
every full hour from the same past, before either could know the truth; what counts of a telling is how far off its
quantiles were one, six and twenty-four hours ahead. The challenger takes the place on proven gain only
(`learning.duel`). Tellings whose truth was flagged bad count for neither, and a challenger that learned from rows that
were found bad since is out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecotwin import plugs
from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.forecasting.contract import LEVELS, Forecaster, Task
from ecotwin.learning.contest import Outcome
from ecotwin.learning.drift import InputWatch, ReferenceWatch
from ecotwin.learning.duel import Duel
from ecotwin.records import Floats, Rows

LEADS = (4, 24, 96)
"""Steps ahead that count: one hour, six, and a day."""
EVERY_S = 3600.0
"""Wall-clock seconds between two tellings that count."""
CALIBRATION_DAYS = 14.0
"""While less of the past is known, each day's learning is the one in use: there is nothing yet to hold it to."""
CHALLENGE_DAYS = 7.0
FIRST_LOOK, LAST_LOOK = 4 * 24, 32 * 24
"""Tellings at the first look and at the last."""
WATCH_EVERY, WATCH_BLOCK = 12, 8
"""Steps between two errors of the watch (three hours), and errors in its block (a day)."""
INPUT_ROWS = 7 * 96
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Something was decided about a forecaster.

    Attributes:
        subject: Inlet. what: `calibrated`, `challenged` (one was learned), `promoted`, `lost`, `undecided`, `out`.
        why: A sentence with numbers. made: What the model was learned from (`Made`, JSON). scores: Figures by name.
    """

    subject: str
    what: str
    why: str
    made: Mapping[str, Any]
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Rivals:
    """Champion and challenger of one inlet.

    Attributes:
        name: Plug of `forecasting` in use. others: Plugs that challenge in turn with it.
        task: What is asked. champion: In use; None: nothing was learned yet.
        made: What champion and challenger were learned from.
    """

    name: str
    task: Task
    others: tuple[str, ...] = ()
    champion: Forecaster | None = None
    challenger: Forecaster | None = None
    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    duel: Duel | None = None
    turns: list[Turn] = field(default_factory=list)
    _count: int = 0
    _told: dict[float, list[list[list[float]]]] = field(default_factory=dict)
    _watch: ReferenceWatch | None = None
    _inputs: InputWatch | None = None
    _errors: list[float] = field(default_factory=list)
    _drift: str = ""
    _checked_s: float = -math.inf
    _last_s: float = -math.inf

    def learn(
        self, past: Rows, made: Mapping[str, Any], spans: Iterable[tuple[float, float]] = ()
    ) -> bool:
        """Learn what is due; whether the champion is another one now.

        Args:
            past: All rows before now; what is flagged bad is NaN. made: What is known of that past, for the register.
            spans: (from, to) wall clock [s] that are flagged bad.

        Raises:
            FigureGap: Nothing is in use, and the past cannot carry it.
        """
        now = float(past.at_s[-1])
        if self.champion is None or self._short(past):
            self.champion = self._fresh(self.name, past)
            self._settle_in(
                past, {**made, "model": self.name, "until_s": now, "spans": _plain(spans)}
            )
            self.turns.append(
                Turn(self.task.target, "calibrated", _calibrated(past), self.made["champion"])
            )
            return True
        self._drop_spoiled(spans)
        self._watch_inputs(past)
        self._drop_outdated()
        if self.challenger is None and (
            self._drift or now - self._last_s >= CHALLENGE_DAYS * _DAY_S
        ):
            self._challenge(past, made, spans)
        return False

    def _short(self, past: Rows) -> bool:
        days = (past.at_s[-1] - past.at_s[0]) / _DAY_S
        return bool(days < CALIBRATION_DAYS)

    def _fresh(self, name: str, past: Rows) -> Forecaster:
        model: Forecaster = plugs.load("forecasting", name)()
        model.learn(past, self.task)
        return model

    def _settle_in(self, past: Rows, made: dict[str, Any]) -> None:
        """Make the newest champion the one that is watched, with no challenger beside it."""
        self.made, self._last_s = {"champion": made}, float(past.at_s[-1])
        self.challenger, self.duel, self._told = None, None, {}
        self._errors, self._drift, self._watch = [], "", None
        self._inputs = self._input_watch(past)

    def _input_watch(self, past: Rows) -> InputWatch | None:
        """A watch on the distributions of what it was learned from, week by week."""
        whole = len(past) // INPUT_ROWS * INPUT_ROWS
        try:
            return InputWatch(past.columns, past.values[len(past) - whole :], INPUT_ROWS)
        except FigureGap:
            return None

    def _watch_inputs(self, past: Rows) -> None:
        now = float(past.at_s[-1])
        since = max(self._checked_s, float(self.made["champion"]["until_s"]))
        if (
            self._inputs is None
            or now - since < INPUT_ROWS * self.task.step_s
            or len(past) < INPUT_ROWS
        ):
            return
        self._checked_s = now
        alarms = self._inputs.push(past.values[-INPUT_ROWS:])
        if alarms and not self._drift:
            self._drift = alarms[0].text

    def usual(self, errors: Floats) -> None:
        """Errors (told less true) of a rehearsal, three hours apart: the watch holds later ones against them."""
        try:
            self._watch = ReferenceWatch(errors, WATCH_BLOCK)
        except FigureGap:
            self._watch = None

    def hear(self, wall_s: float, error: float) -> None:
        """Take an error of the champion's newest tellings into the watch."""
        if (
            self._watch is None
            or not math.isfinite(error)
            or wall_s % (WATCH_EVERY * self.task.step_s)
        ):
            return
        self._errors.append(error)
        if len(self._errors) >= WATCH_BLOCK:
            alarms = self._watch.push(np.array(self._errors))
            self._errors = []
            if alarms and not self._drift:
                self._drift = alarms[0].text

    def _challenge(
        self, past: Rows, made: Mapping[str, Any], spans: Iterable[tuple[float, float]]
    ) -> None:
        way = (self.name, *self.others)
        name = self.name if self._drift else way[self._count % len(way)]
        why = (
            f"drift: {self._drift}"
            if self._drift
            else f"a week after the one before, by the way of {name!r}"
        )
        self._count += 1
        self._last_s = float(past.at_s[-1])
        for_drift, self._drift = bool(self._drift), ""
        try:
            self.challenger = self._fresh(name, past)
        except FigureGap as gap:
            self.turns.append(
                Turn(
                    self.task.target, "out", f"{name} could not be learned: {gap.found}", dict(made)
                )
            )
            return
        self.made["challenger"] = {
            **made,
            "model": name,
            "for_drift": for_drift,
            "until_s": float(past.at_s[-1]),
            "spans": _plain(spans),
        }
        self.duel, self._told = Duel(FIRST_LOOK, LAST_LOOK, self._count), {}
        self.turns.append(Turn(self.task.target, "challenged", why, self.made["challenger"]))

    def _drop_outdated(self) -> None:
        """A challenger from before a drift makes room for one that learned it; one made for it stays."""
        made = self.made.get("challenger")
        if not self._drift or made is None or made["for_drift"]:
            return
        why = f"learned before the drift: {self._drift}"
        self.turns.append(Turn(self.task.target, "out", why, made))
        self.challenger, self.duel, self._told = None, None, {}
        del self.made["challenger"]

    def _drop_spoiled(self, spans: Iterable[tuple[float, float]]) -> None:
        """A challenger that learned from what was found bad since is out; a champion is challenged at once."""
        for who in ("challenger", "champion"):
            made = self.made.get(who)
            if made is None:
                continue
            # A span that was open when it learned is known; what begins before that end and is new is not.
            new = [
                s
                for s in _plain(spans)
                if s[0] < made["until_s"] and s[0] not in {k[0] for k in made["spans"]}
            ]
            if not new:
                continue
            made["spans"] = [*made["spans"], *new]
            hours = sum(min(e, made["until_s"]) - s for s, e in new) / 3600.0
            why = f"{hours:.1f} hours that it learned from were found bad since"
            if who == "challenger":
                self.turns.append(Turn(self.task.target, "out", why, made))
                self.challenger, self.duel, self._told = None, None, {}
                del self.made["challenger"]
            elif self.challenger is None:
                self._drift = why

    def tell(self, past: Rows, ahead: Rows) -> Floats:
        """[horizon, levels] what the champion tells; on full hours the challenger tells as well, and both are kept.

        Raises:
            EcotwinError: Nothing was learned.
        """
        if self.champion is None:
            raise EcotwinError("nothing was learned yet")
        values = self.champion.tell(past, ahead)
        origin = float(ahead.at_s[0])
        if self.challenger is not None and self.duel is not None and origin % EVERY_S == 0.0:
            try:
                other = self.challenger.tell(past, ahead)
            except FigureGap:
                return values
            self._told[origin] = [[v[k - 1].tolist() for k in LEADS] for v in (values, other)]
        return values

    def judge(self, past: Rows, spans: Iterable[tuple[float, float]] = ()) -> bool:
        """Hold both against what came, and look if it is due; whether the champion is another one now."""
        if self.duel is None or self.challenger is None:
            return False
        truth = dict(zip(past.at_s.tolist(), past.column(self.task.target).tolist(), strict=True))
        step, reach = self.task.step_s, LEADS[-1] * self.task.step_s
        for origin in [o for o in self._told if o + reach <= past.at_s[-1] + step]:
            both = self._told.pop(origin)
            came = [truth.get(origin + (k - 1) * step, math.nan) for k in LEADS]
            losses = [
                float(np.mean([_pinball(q, t) for q, t in zip(told, came, strict=True)]))
                for told in both
            ]
            self.duel.push(round(origin), *losses, bad=not all(map(math.isfinite, came)))
        self.duel.flag((round(s - reach), round(e)) for s, e in spans)
        verdict = self.duel.look()
        if verdict is None or not self.duel.over:
            return False
        scores = {"loss of the one in use": verdict.champion, "loss of the challenger": verdict.challenger,
                  "tellings": float(verdict.rows), "left out": float(self.duel.left_out)}  # fmt: skip
        what = {Outcome.WON: "promoted", Outcome.LOST: "lost"}.get(verdict.outcome, "undecided")
        made = self.made["challenger"]
        self.turns.append(Turn(self.task.target, what, verdict.text, made, scores))
        if what == "promoted":
            self.name, self.champion = made["model"], self.challenger
            self._settle_in(past, made)
            return True
        self.challenger, self.duel, self._told = None, None, {}
        del self.made["challenger"]
        return False

    def told(self) -> str:
        """How the contest stands, in a sentence."""
        if self.champion is None:
            return "nothing was learned yet"
        if self.duel is None:
            return "no challenger yet: one is learned every week, and when the errors grow"
        return self.duel.told()

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "name": self.name, "made": self.made, "count": self._count, "drift": self._drift, "last_s": self._last_s,
            "told": [[o, v] for o, v in self._told.items()], "errors": self._errors,
            "watch": self._watch.state() if self._watch else None, "duel": self.duel.state() if self.duel else None,
            "champion": self.champion.state() if self.champion else None,
            "challenger": self.challenger.state() if self.challenger else None,
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state. The watch on inputs begins anew with the next champion."""
        self.name, self.made, self._count = state["name"], dict(state["made"]), int(state["count"])
        self._drift, self._errors = str(state["drift"]), list(state["errors"])
        self._last_s = float(state["last_s"])
        self._told = {float(o): v for o, v in state["told"]}
        self._watch = ReferenceWatch.restored(state["watch"]) if state["watch"] else None
        self.duel = Duel.restored(state["duel"]) if state["duel"] else None
        for who, name in (
            ("champion", self.name),
            ("challenger", self.made.get("challenger", {}).get("model")),
        ):
            if state[who] is not None and name:
                model: Forecaster = plugs.load("forecasting", name)()
                model.restore(state[who])
                setattr(self, who, model)


def _pinball(quantiles: list[float], truth: float) -> float:
    """Mean pinball loss over the levels; NaN where the truth is."""
    short = truth - np.asarray(quantiles)
    levels = np.asarray(LEVELS)
    return float(np.maximum(levels * short, (levels - 1.0) * short).mean())


def _plain(spans: Iterable[tuple[float, float]]) -> list[list[float]]:
    return [[float(s), float(e)] for s, e in spans]


def _calibrated(past: Rows) -> str:
    days = (past.at_s[-1] - past.at_s[0]) / _DAY_S
    return f"learned from the {days:.1f} days up to {past.stamps[-1][:16]}" + (
        f"; until {CALIBRATION_DAYS:.0f} days are known it is learned anew each day"
        if days < CALIBRATION_DAYS
        else ""
    )
