"""A plant that somebody steers by its writable set-points, some steps at a time, all runs at once.

The bounds, the rate of change and the calendar interlocks of the plant file hold as they do on the live plant: a
target is moved to no faster than allowed, and where the calendar forbids a write the set-point is at its fallback.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Signal, Write
from ecotwin.records import Bools, Floats
from ecotwin.simulation.contract import Case, Unit
from ecotwin.simulation.engine import Engine
from ecotwin.simulation.goals import Goals
from ecotwin.simulation.surroundings import BREAK, WORK, Weather

LARGEST = 1e6
"""Observed values are cut at this size, so that the space they lie in is finite."""

_AHEAD_H = 4.0
"""Rates that change are shown as they are and as their mean over so many hours ahead [h]."""

_SAME = 1e-6
"""A target so near to the set-point that is held, as a share of its span, is the same: actions are float32."""


@dataclass
class Turn:
    """What came of one action.

    Attributes:
        reward, cost: [runs]. costs: Bound -> [runs]. amounts: [runs, quantities watched]. blocked: Set-points that an
            interlock held at their fallback in some step. clipped: Set-points whose target was outside their bounds.
    """

    reward: Floats
    cost: Floats
    costs: dict[str, Floats]
    amounts: Floats
    blocked: set[str] = field(default_factory=set)
    clipped: set[str] = field(default_factory=set)


class Held(dict[str, Floats]):
    """Set-points that are held from outside, and which of them some unit has asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping; remembers the key."""
        self.asked.add(key)
        return super().get(key, default)


class Steering:
    """A case that goes on by actions.

    Args:
        case: What to run. goals: What is rewarded. every: Steps of the simulation an action. units: As for `Engine`.
        outside: What becomes of a target outside its bounds: `clip` or `refuse`.

    Attributes:
        signals: Set-points that are steered, in the order of the plant file; those of autonomy `observe` are not.
        names: Of what is observed, in order. low, high: Its bounds [names]. unchecked: Interlocks that a simulation
            cannot judge, "signal: interlock".

    Raises:
        ScenarioFault: Nothing of the plant may be written, or a goal names what no unit books or gives.
    """

    def __init__(
        self,
        case: Case,
        goals: Goals,
        every: int = 15,
        units: Sequence[Unit] | None = None,
        outside: str = "clip",
    ) -> None:
        if every < 1 or outside not in ("clip", "refuse"):
            raise ScenarioFault(
                f"{every} steps an action, targets outside their bounds: {outside!r}",
                expected="at least one step; `clip` or `refuse`",
                remedy="correct it",
            )
        self.case, self.goals, self.every, self.outside = case, goals, every, outside
        self._units = units
        self.signals = steerable(case)
        self.rules = [_rule(s) for s in self.signals]
        self.unchecked = tuple(
            f"{s.id}: {lock.name}"
            for s, w in zip(self.signals, self.rules, strict=True)
            for lock in w.interlocks
            if lock.kind != "calendar"
        )
        probe = Engine(replace(case, runs=1, weather=_first(case)), units)
        probe.advance(1)
        self._prepare(probe)
        self.begin(case.seed)

    def _prepare(self, probe: Engine) -> None:
        """What can be seen and judged, from a first step."""
        self._given = sorted(n for n, v in probe.board.given.items() if np.shape(v) == (1,))
        self._nets = sorted(probe.board.missing)
        columns = [q.partition(":")[0] for _, q in probe.columns]
        bounds = [b.name for b in self.goals.bounds]
        booked = set(columns)
        wrong = sorted(set(self.goals.rates) - booked)
        known = {*booked, *self._given, *(f"short.{n}" for n in self._nets)}
        wrong += sorted(set(bounds) - known)
        if wrong:
            raise ScenarioFault(
                f"the goals name {', '.join(wrong)}",
                expected=f"for rates {', '.join(sorted(booked))}; for bounds also "
                + ", ".join(sorted(known - booked)),
                remedy="correct the goals, or model what they speak of",
            )
        watched = {"electricity_kwh", *self.goals.rates, *bounds}
        self.watched = sorted(watched & booked)
        self._sums = np.array([[float(c == q) for q in self.watched] for c in columns])
        self._sums = self._sums.reshape(len(columns), len(self.watched))
        steps = self.case.steps
        self._rates = np.zeros((steps, len(self.watched)))
        for quantity in self.goals.rates:
            self._rates[:, self.watched.index(quantity)] = self.goals.by_step(quantity, steps)
        self._changing = [n for n in range(len(self.watched)) if np.ptp(self._rates[:, n]) > 0.0]
        self._name()

    def _name(self) -> None:
        day = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
        plain = {
            **{
                f"set.{s.id}": (w.low, w.high)
                for s, w in zip(self.signals, self.rules, strict=True)
            },
            **{f"given.{n}": (-LARGEST, LARGEST) for n in self._given},
            **{f"short.{n}": (-LARGEST, LARGEST) for n in self._nets},
            **{f"used.{q}_per_h": (-LARGEST, LARGEST) for q in self.watched},
            "weather.outdoor_c": (-90.0, 70.0),
            "weather.wet_bulb_c": (-90.0, 70.0),
            "weather.sun_w_m2": (0.0, 2000.0),
            "calendar.work": (0.0, 1.0),
            "calendar.break": (0.0, 1.0),
            "calendar.to_work_h": (0.0, 1000.0),
            **{f"clock.{n}": (-1.0, 1.0) for n in day},
            "clock.left_share": (0.0, 1.0),
        }
        for n in self._changing:
            plain[f"rate.{self.watched[n]}"] = (-LARGEST, LARGEST)
            plain[f"rate_ahead.{self.watched[n]}"] = (-LARGEST, LARGEST)
        self.names = tuple(plain)
        self.low = np.array([low for low, _ in plain.values()])
        self.high = np.array([high for _, high in plain.values()])

    @property
    def done(self) -> bool:
        """Whether the span of the case is at its end."""
        return self.engine.done

    def begin(self, seed: int) -> Floats:
        """Start anew by a seed; the first step goes by untouched set-points. Observation [runs, names]."""
        self.engine = Engine(replace(self.case, seed=seed), self._units)
        self.at = 0
        board = self.engine.board
        board.held = held = Held()
        self.engine.advance(1)
        self.at = 1
        read = set(held.asked)
        self.held = np.stack([np.array(board.setting(s.id), np.float64) for s in self.signals], 1)
        held.asked = read
        amounts = self.engine.totals() @ self._sums
        self._last = amounts / (self.case.step_s / 3600.0)
        self._missing = {n: np.array(board.missing[n]) for n in self._nets}
        self._short = {n: v / (self.case.step_s / 3600.0) for n, v in self._missing.items()}
        return self.observed()

    @property
    def unread(self) -> tuple[str, ...]:
        """Set-points that no unit of the model has asked for since the begin: to steer them changes nothing."""
        held = self.engine.board.held
        asked = held.asked if isinstance(held, Held) else set()
        return tuple(s.id for s in self.signals if s.id not in asked)

    def act(self, targets: Floats) -> Turn:
        """Go on by one action.

        Args:
            targets: Set-points wanted [runs, signals], each in its signal's unit.

        Raises:
            ScenarioFault: A target is no number, or lies outside its bounds and `outside` is `refuse`; the span is at
                its end; a unit cannot go on.
        """
        if self.done:
            raise ScenarioFault(
                "the span of the case is at its end",
                expected="an action before it",
                remedy="begin anew",
            )
        runs, hours = self.engine.runs, self.case.step_s / 3600.0
        turn = Turn(
            np.zeros(runs),
            np.zeros(runs),
            {b.name: np.zeros(runs) for b in self.goals.bounds},
            np.zeros((runs, len(self.watched))),
        )
        wanted = self._judged(targets, turn)
        steps = min(self.every, self.case.steps - self.at)
        for _ in range(steps):
            self._move(wanted, turn)
            before = self.engine.totals()
            self.engine.advance(1)
            amounts = (self.engine.totals() - before) @ self._sums
            turn.amounts += amounts
            turn.reward += amounts @ self._rates[self.at]
            self._judge(amounts / hours, hours, turn)
            self.at += 1
        self._last = turn.amounts / (steps * hours)
        return turn

    def _judged(self, targets: Floats, turn: Turn) -> Floats:
        low = np.array([w.low for w in self.rules])
        high = np.array([w.high for w in self.rules])
        outside: Bools = np.asarray(
            (targets < low) | (targets > high) | np.isnan(targets), np.bool_
        )
        if np.isnan(targets).any() or (self.outside == "refuse" and bool(outside.any())):
            run, column = np.argwhere(outside)[0]
            signal, rule = self.signals[column], self.rules[column]
            raise ScenarioFault(
                f"the target of {signal.id} is {targets[run, column]:g} {signal.unit}",
                expected=f"a number within {rule.low:g}..{rule.high:g} {signal.unit}",
                remedy="keep actions within their bounds",
            )
        turn.clipped |= {self.signals[int(c)].id for c in np.flatnonzero(outside.any(axis=0))}
        near = np.abs(targets - self.held) < _SAME * (high - low)
        return np.asarray(np.where(near, self.held, np.clip(targets, low, high)), np.float64)

    def _move(self, wanted: Floats, turn: Turn) -> None:
        """Hold the set-points of the next step: towards the target, no faster than allowed."""
        working = bool(self.engine.board.around.kind[self.at] == WORK)
        minutes = self.case.step_s / 60.0
        for n, (signal, rule) in enumerate(zip(self.signals, self.rules, strict=True)):
            goal = wanted[:, n]
            if working and any(lock.kind == "calendar" for lock in rule.interlocks):
                if (np.abs(goal - rule.fallback) > 1e-9).any():
                    turn.blocked.add(signal.id)
                now = np.full(len(goal), rule.fallback)
            elif rule.rate_per_min is None:
                now = goal.copy()
            else:
                reach = rule.rate_per_min * minutes
                now = self.held[:, n] + np.clip(goal - self.held[:, n], -reach, reach)
            self.held[:, n] = now
            self.engine.board.held[signal.id] = now

    def _judge(self, an_hour: Floats, hours: float, turn: Turn) -> None:
        board = self.engine.board
        for net in self._nets:
            now = board.missing[net]
            self._short[net] = (now - self._missing[net]) / hours
            self._missing[net] = np.array(now)
        for bound in self.goals.bounds:
            if bound.name in self.watched:
                value = an_hour[:, self.watched.index(bound.name)]
            elif bound.name.startswith("short."):
                value = self._short[bound.name[6:]]
            else:
                value = np.asarray(board.given[bound.name], np.float64)
            beyond = np.maximum(np.maximum(bound.low - value, value - bound.high), 0.0)
            turn.costs[bound.name] += bound.weight * hours * beyond
            turn.cost += bound.weight * hours * beyond

    def observed(self) -> Floats:
        """What is seen now [runs, names], cut at the bounds of `low` and `high`.

        Raises:
            ScenarioFault: Something that is seen is no number.
        """
        board, n = self.engine.board, min(self.at, self.case.steps - 1)
        around = board.around
        turns = 2.0 * np.pi * np.array([around.hour[n] / 24.0, around.weekday[n] / 7.0])
        ahead = slice(n, n + max(1, round(_AHEAD_H * 3600.0 / self.case.step_s)))
        seen: list[Floats | float] = [
            *self.held.T,
            *(np.asarray(board.given[g], np.float64) for g in self._given),
            *(self._short[net] for net in self._nets),
            *self._last.T,
            board.outdoor_c(),
            board.wet_bulb_c(),
            board.sun_w_m2(),
            float(around.kind[n] == WORK),
            float(around.kind[n] == BREAK),
            around.to_work_s[n] / 3600.0,
            *(f(t) for t in turns for f in (np.sin, np.cos)),
            1.0 - self.at / self.case.steps,
        ]
        for column in self._changing:
            seen += [self._rates[n, column], self._rates[ahead, column].mean()]
        out = np.stack([np.broadcast_to(v, (self.engine.runs,)) for v in seen], axis=1)
        wrong: Bools = ~np.isfinite(out)
        if wrong.any():
            name = self.names[int(np.argwhere(wrong)[0][1])]
            raise ScenarioFault(
                f"{name} is no number after {self.at * self.case.step_s / 3600.0:g} h",
                expected="a finite number",
                remedy="look at the unit that gives it",
            )
        return np.asarray(np.clip(out, self.low, self.high), np.float64)


def steerable(case: Case) -> list[Signal]:
    """Set-points that may be written.

    Raises:
        ScenarioFault: There is none.
    """
    found = [s for s in case.plant.signals if s.write is not None and s.write.autonomy != "observe"]
    if not found:
        raise ScenarioFault(
            f"nothing of {case.plant.name} may be written",
            expected="at least one set-point with a `write` rule whose autonomy is not `observe`",
            remedy="give a set-point of the plant file a `write` rule with its bounds",
        )
    return found


def _rule(signal: Signal) -> Write:
    assert signal.write is not None
    return signal.write


def _first(case: Case) -> Weather:
    """The weather of the first run."""
    weather = case.weather
    return replace(
        weather,
        outdoor_c=weather.outdoor_c[:1],
        wet_bulb_c=weather.wet_bulb_c[:1],
        sun_w_m2=weather.sun_w_m2[:1],
    )
