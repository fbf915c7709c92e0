"""The usual judge of rows (`ecotwin detect`) as one ONNX graph, and who runs it: scores, verdicts, telling signals.

The graph is written from what the judge saves of itself, so that it needs nothing but that. Rows with gaps are filled
in front of it as the judge fills them: by what the signals that are there let expect of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ecotwin.errors import FileFault, SettingsFault
from ecotwin.learning.exported import ROWS, Card, Exported
from ecotwin.learning.graphs import Graph
from ecotwin.records import Bools, Floats

KIND = "judge"
TOP = 3
FAR_STEPS = 10.0
RIDGE = 0.01
"""As the judge's scorers have them: a test holds both against each other."""
FRESH = "fresh"
_SHIFT_RATES = (0.3, 0.1, 0.05)
_RESIDUAL_RATES = (1.0, 0.2, 0.05)
_VARIATES_RATE = 0.1

_State = Mapping[str, Any]
_Drawn = tuple[str, str]
"""Names of charts [rows, charts] and of what each signal adds to each [rows, charts, signals]."""


class _Scorer:
    """One scorer's part of the graph.

    Args:
        graph: Where it is written. name: Of the scorer. state: As it saved itself. fresh: Name of that input.
    """

    def __init__(self, graph: Graph, name: str, state: _State, fresh: str) -> None:
        self.g, self.name, self._saved, self.fresh = graph, name, state, fresh
        front = state["front"]
        self.signals, self.wide = len(front["used"]), int(front["wide"])
        used = graph.op("Gather", ROWS, graph.const(np.array(front["used"], np.int64)), axis=1)
        self.z = graph.scaled(np.array(front["centre"]), np.array(front["spread"]), used)
        lost = graph.op("Cast", graph.op("IsNaN", self.z), to=11)
        self.judged = graph.op("Equal", self._sum(lost), graph.const(0.0))
        self.front = {k: front[k] for k in ("used", "centre", "spread", "alike", "step", "wide")}

    def array(self, key: str) -> Floats:
        """A learned array of the state; no number is None there."""
        told = self._saved[key]
        return np.array(_numbers(told), np.float64)

    def _sum(self, of: str, axis: int = 1) -> str:
        return self.g.op("ReduceSum", of, self.g.const(np.array([axis])), keepdims=0)

    def columns(self, of: list[str]) -> str:
        """Columns side by side."""
        one = self.g.const(np.array([1]))
        return self.g.op("Concat", *(self.g.op("Unsqueeze", c, one) for c in of), axis=1)

    def stacked(self, of: list[str]) -> str:
        """[rows, charts, signals] of [rows, signals] each."""
        one = self.g.const(np.array([1]))
        return self.g.op("Concat", *(self.g.op("Unsqueeze", c, one) for c in of), axis=1)

    def distance(self, rows: str, sharp: Floats) -> tuple[str, str]:
        """Distance by an inverse covariance, and what each value adds to its square."""
        g = self.g
        weighed = g.op("MatMul", rows, g.const(sharp))
        squared = g.op("Max", self._sum(g.op("Mul", rows, weighed)), g.const(0.0))
        own = np.diag(sharp)
        floor = np.maximum(own, 1e-9 * max(float(own.max()), 1e-290))
        adds = g.op("Div", g.op("Mul", weighed, weighed), g.const(floor))
        return g.op("Sqrt", squared), adds

    def smoothed(self, rows: str, judged: str, rates: Floats, memory: Floats) -> str:
        """Moving averages that forget; a row not judged leaves them, a fresh row begins anew."""
        g, key = self.g, f"{self.name}_memory"
        was = g.state(key, memory)

        def step(b: Graph, carried: list[str], row: list[str]) -> tuple[list[str], list[str]]:
            x, good, fresh = row
            cut = b.op("Greater", fresh, b.const(0.5))
            old = b.op("Where", cut, b.const(np.zeros(len(memory))), carried[0])
            moved = b.op("Add", old, b.op("Mul", b.op("Sub", x, old), b.const(rates)))
            made = b.op("Where", b.op("Greater", good, b.const(0.5)), moved, old)
            return [made], [made]

        on, courses = g.scan([was], [rows, g.op("Cast", judged, to=11), self.fresh], step)
        g.moves(key, on[0])
        return courses[0]

    def joined(self, past: Floats) -> str:
        """[rows, signals x (lags + 1)] each row and those before it, newest first; NaN where one is not known."""
        g, key, lags = self.g, f"{self.name}_past", len(past)
        p = self.signals
        here = g.op(
            "Where",
            g.op("Unsqueeze", self.judged, g.const(np.array([1]))),
            self.z,
            g.const(np.full(p, np.nan)),
        )
        if lags == 0:
            return here
        was = g.state(key, past.reshape(-1))

        def step(b: Graph, carried: list[str], row: list[str]) -> tuple[list[str], list[str]]:
            cut = b.op("Greater", row[1], b.const(0.5))
            old = b.op("Where", cut, b.const(np.full(lags * p, np.nan)), carried[0])
            made = b.op("Concat", row[0], old, axis=0)
            ends = (b.const(np.array([0])), b.const(np.array([lags * p])))
            return [b.op("Slice", made, *ends)], [made]

        on, courses = g.scan([was], [here, self.fresh], step)
        g.moves(key, on[0])
        return courses[0]

    def of_signal(self, adds: str, lags: int) -> str:
        """[rows, signals] of what lagged signals add."""
        shape = self.g.const(np.array([-1, lags + 1, self.signals]))
        return self._sum(self.g.op("Reshape", adds, shape))


def _limits(s: _Scorer) -> _Drawn:
    g = s.g
    away = g.op("Sub", s.z, g.const(s.array("middle")))
    above = g.op("Div", away, g.const(s.array("above")))
    below = g.op("Div", g.op("Neg", away), g.const(s.array("below")))
    by_width = g.op("Where", g.op("Greater", away, g.const(0.0)), above, below)
    return g.op("ReduceMax", by_width, axes=[1], keepdims=1), s.stacked(
        [g.op("Mul", by_width, by_width)]
    )


def _shift(s: _Scorer) -> _Drawn:
    g, p = s.g, s.signals
    many = g.op("Concat", *[s.z] * len(_SHIFT_RATES), axis=1)
    slow = s.smoothed(many, s.judged, np.repeat(_SHIFT_RATES, p), s.array("memory"))
    parts = g.ops(
        "Split", [slow, g.const(np.full(len(_SHIFT_RATES), p))], len(_SHIFT_RATES), axis=1
    )
    drawn = [s.distance(part, sharp) for part, sharp in zip(parts, s.array("sharp"), strict=True)]
    return s.columns([d for d, _ in drawn]), s.stacked([a for _, a in drawn])


def _residual(s: _Scorer) -> _Drawn:
    g, p = s.g, s.signals
    left = g.op("MatMul", s.z, g.const(s.array("sharp")))
    many = g.op("Concat", *[left] * len(_RESIDUAL_RATES), axis=1)
    slow = s.smoothed(many, s.judged, np.repeat(_RESIDUAL_RATES, p), s.array("memory"))
    size, left = s.array("sizes"), g.op("Abs", slow)
    shape = g.const(np.array([-1, len(_RESIDUAL_RATES), p]))
    away = g.op("Reshape", g.op("Div", left, g.const(size)), shape)
    # What a signal adds is told by the spread of single rows.
    adds = g.op(
        "Reshape", g.op("Div", left, g.const(np.tile(size[:p], len(_RESIDUAL_RATES)))), shape
    )
    return g.op("ReduceMax", away, axes=[2], keepdims=0), g.op("Mul", adds, adds)


def _principal(s: _Scorer) -> _Drawn:
    past = s.array("past").reshape(-1, s.signals)
    joined = s.joined(past)
    drawn = [s.distance(joined, s.array(key)) for key in ("inside", "outside")]
    adds = [s.of_signal(a, len(past)) for _, a in drawn]
    return s.columns([d for d, _ in drawn]), s.stacked(adds)


def _variates(s: _Scorer) -> _Drawn:
    g = s.g
    past = s.array("past").reshape(-1, s.signals)
    joined = s.joined(past)
    drawn = [s.distance(joined, s.array(key)) for key in ("state_of", "rest_of")]
    now = s.columns([d for d, _ in drawn])
    lost = s._sum(g.op("Cast", g.op("IsNaN", now), to=11))
    known = g.op("Equal", lost, g.const(0.0))
    wide = g.op("Unsqueeze", known, g.const(np.array([1])))
    usual = s.array("usual")
    over = g.op("Where", wide, g.op("Sub", g.op("Mul", now, now), g.const(usual)), g.const(0.0))
    slow = s.smoothed(over, known, np.full(2, _VARIATES_RATE), s.array("memory"))
    mean = g.op("Sqrt", g.op("Max", g.op("Add", slow, g.const(usual)), g.const(0.0)))
    mean = g.op("Where", wide, mean, g.const(np.nan))
    _, each = s.distance(joined, s.array("state_of") + s.array("rest_of"))
    adds = s.of_signal(each, len(past))
    return g.op("Concat", now, mean, axis=1), s.stacked([adds] * 4)


_DRAWN: dict[str, Callable[[_Scorer], _Drawn]] = {
    "limits": _limits,
    "shift": _shift,
    "residual": _residual,
    "principal": _principal,
    "variates": _variates,
}


def exported_judge(state: _State, card: Card) -> bytes:
    """The judge as a file.

    Args:
        state: As the judge saved itself after it learned. card: With columns, units, register id and stretch; what
            comes out, states and facts are filled in here.

    Raises:
        SettingsFault: It holds a scorer that has no graph, or the extra `export` is not installed.
    """
    scorers = state["scorers"]
    if unknown := [n for n in scorers if n not in _DRAWN]:
        raise SettingsFault(
            f"the judge holds {', '.join(unknown)}, of which there is no exported form",
            expected=f"scorers out of {', '.join(_DRAWN)}",
            remedy="learn with these only",
        )
    width = len(card.columns)
    graph = Graph(width)
    made = [_Scorer(graph, n, s, FRESH) for n, s in scorers.items()]
    scores, adds = zip(*(_scored(s, *_DRAWN[s.name](s)) for s in made), strict=True)
    side = made[0].columns(list(scores))
    by_limit = graph.op("Div", side, graph.const(np.array(state["limits"], np.float64)))
    best, which, any_known = _largest(graph, by_limit)
    last = float(state["last_limit"])
    score = graph.op("Div", best, graph.const(last))
    score = graph.op("Where", any_known, score, graph.const(np.nan))
    told = _picked(graph, made[0].stacked(list(adds)), which, len(made))
    full = replace(
        card,
        kind=KIND,
        outputs=("score", "adds"),
        limit=1.0,
        beside=(FRESH,),
        states={n: _listed(b) for n, (_, b) in graph._states.items()},
        facts={
            **card.facts,
            "front": made[0].front,
            "alarm_share": state["alarm_share"],
            "chosen": list(scorers),
            "last_at": scorers[made[0].name]["front"].get("last_at"),
        },
    )
    return graph.finish({"score": score, "adds": told}, full, wide=("adds",))


def _scored(s: _Scorer, charts: str, adds: str) -> tuple[str, str]:
    """[rows] a scorer's score and [rows, columns] what each signal adds to it."""
    g = s.g
    by_level = g.op("Div", charts, g.const(s.array("levels")))
    best, which, any_known = _largest(g, by_level)
    good = g.op("And", s.judged, any_known)
    score = g.op("Where", good, best, g.const(np.nan))
    own = _picked(g, adds, which, len(s.array("levels")))
    own = g.op("Where", g.op("Unsqueeze", s.judged, g.const(np.array([1]))), own, g.const(0.0))
    place = np.zeros((s.signals, s.wide))
    place[np.arange(s.signals), np.array(s.front["used"], np.int64)] = 1.0
    return score, g.op("MatMul", own, g.const(place))


def _largest(g: Graph, of: str) -> tuple[str, str, str]:
    """[rows] the largest of each row, which it is, and whether any is known; NaN are passed over."""
    lost = g.op("IsNaN", of)
    filled = g.op("Where", lost, g.const(-1.0), of)
    best = g.op("ReduceMax", filled, axes=[1], keepdims=0)
    which = g.op("ArgMax", filled, axis=1, keepdims=0)
    known = g.op("Cast", g.op("Not", lost), to=11)
    count = g.op("ReduceSum", known, g.const(np.array([1])), keepdims=0)
    return best, which, g.op("Greater", count, g.const(0.0))


def _picked(g: Graph, adds: str, which: str, count: int) -> str:
    """[rows, signals] the chosen chart's row of [rows, charts, signals]; what is not known adds nothing."""
    known = g.op("Where", g.op("IsNaN", adds), g.const(0.0), adds)
    one = g.const(np.array([1]))
    here = g.op("Equal", g.op("Unsqueeze", which, one), g.const(np.arange(count)))
    mask = g.op("Unsqueeze", g.op("Cast", here, to=11), g.const(np.array([2])))
    return g.op("ReduceSum", g.op("Mul", known, mask), g.const(np.array([1])), keepdims=0)


class EdgeJudge:
    """A judge that runs from its file.

    Args:
        model: The opened file.

    Raises:
        FileFault: It is no judge.
    """

    def __init__(self, model: Exported) -> None:
        if model.card.kind != KIND:
            raise FileFault(
                f"{model.card.name} is a {model.card.kind}, no judge of rows",
                expected="a model that was exported without --target",
                remedy="name another file",
            )
        self.model = model
        front = model.card.facts["front"]
        self._used = np.array(front["used"], np.int64)
        self._centre, self._spread = (np.array(front[k]) for k in ("centre", "spread"))
        self._alike, self._step = np.array(front["alike"]), float(front["step"])
        last = model.card.facts["last_at"]
        self._last_at = np.nan if last is None else float(last)

    def judge(self, values: Floats, at_s: Floats) -> tuple[Floats, Bools, list[tuple[str, ...]]]:
        """Score (1 is the limit), whether it is over, and the signals that most make it so, of each next row."""
        if len(values) == 0:
            return np.zeros(0), np.zeros(0, np.bool_), []
        rows = np.where(np.isfinite(values), values, np.nan)
        z = (rows[:, self._used] - self._centre) / self._spread
        there = np.isfinite(z)
        gaps = np.flatnonzero(there.any(axis=1) & ~there.all(axis=1))
        if len(gaps):
            filled = rows.copy()
            back = self._filled(z[gaps], there[gaps]) * self._spread + self._centre
            filled[np.ix_(gaps, self._used)] = np.where(
                there[gaps], rows[np.ix_(gaps, self._used)], back
            )
            rows = filled
        found = self.model.run(rows, fresh=self._fresh(at_s))
        score, adds = found["score"], found["adds"]
        columns = self.model.card.columns
        order = np.argsort(-adds, axis=1, kind="stable")[:, :TOP]
        top = [
            tuple(columns[j] for j in row if adds[i, j] > 0.0) if np.isfinite(score[i]) else ()
            for i, row in enumerate(order)
        ]
        return score, np.asarray(score > 1.0, np.bool_), top

    def _fresh(self, at_s: Floats) -> Floats:
        before = np.concatenate([[self._last_at], at_s[:-1]])
        if len(at_s):
            self._last_at = float(at_s[-1])
        step = at_s - before
        follows = (step >= 0.0) & ((step <= FAR_STEPS * self._step) | (self._step == 0.0))
        return np.asarray(~follows, np.float64)

    def _filled(self, z: Floats, there: Bools) -> Floats:
        made = z.copy()
        kinds, which = np.unique(there, axis=0, return_inverse=True)
        which = which.reshape(-1)
        for k, has in enumerate(kinds):
            rows = np.flatnonzero(which == k)
            known = self._alike[np.ix_(has, has)] + RIDGE * np.eye(int(has.sum()))
            weights = np.linalg.solve(known, self._alike[np.ix_(has, ~has)])
            made[np.ix_(rows, ~has)] = z[np.ix_(rows, has)] @ weights
        return made


def _numbers(told: Any) -> Any:
    if isinstance(told, list):
        return [_numbers(t) for t in told]
    return np.nan if told is None else told


def _listed(value: Floats) -> Any:
    return [None if not np.isfinite(v) else float(v) for v in value]
