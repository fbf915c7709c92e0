"""A soft sensor: a value told from others, held true by reference measurements.

It learns from a calibration (rows whose reference is known), tells value and 80 % band of each next row from the
inputs alone, and takes references as they come. With each it does four things: it judges what it told before
(`learning.drift`), widens or narrows its band (`learning.conformal`), weighs its models anew by their newest errors
on references they had not seen, and, when a twentieth of new references is there, learns anew on the newest
stretch. Beyond what references ever covered it refuses (`seen`).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.learning.conformal import Adaptive
from ecotwin.learning.drift import Alarm, ReferenceWatch
from ecotwin.records import Bools, Floats, Ints
from ecotwin.sensing.belief import Belief
from ecotwin.sensing.columns import canonical, columns
from ecotwin.sensing.dynamics import Dynamics
from ecotwin.sensing.kept import References
from ecotwin.sensing.kriging import Shape
from ecotwin.sensing.lift import lift
from ecotwin.sensing.members import KEPT, MEMBERS, Fitted, Shapes
from ecotwin.sensing.seen import Seen
from ecotwin.sensing.stretch import Given, Memory, Stretch
from ecotwin.sensing.told import Standing, Told

LEAST_REFERENCES = 60
"""References without which a sensor refuses to learn."""
VERSION = 2
LEVELS = (0.1, 0.5, 0.9)
PATIENCE = 4.0
"""A sensor may go this many times its usual while without a reference."""
_WALKS = 10
_REMEMBERED = 64
_HELD = KEPT + 100
"""References kept: those to learn from, and those that came since it last learned."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the references of one calibration moment said of what was told before them.

    Attributes:
        rows: Rows since the last moment. references: References that count, late ones among them.
        left_out: References not learned from because their rows were flagged bad.
        lost: References of rows told so long ago that nothing is kept of them.
        mae, bias: Mean error, absolute and signed (told less reference), in the target's unit; NaN without references.
        held: Share of the references inside the band. outside: Share of rows that were refused.
        alarms: What rang. refitted: Whether the sensor learned anew.
    """

    rows: int
    references: int
    left_out: int
    mae: float
    bias: float
    held: float
    outside: float
    alarms: tuple[Alarm, ...]
    refitted: bool
    lost: int = 0


class SoftSensor:
    """A value told from others.

    Args:
        names: Names of the inputs, for reasons; nothing else hangs on them.
        block: Usual number of references at one moment of calibration.
        every: Usual number of rows between two moments.
        hold: References are only judged by; the models stay as they were calibrated.
        seed: Of the trees.
    """

    def __init__(
        self, names: tuple[str, ...], *, block: int, every: int, hold: bool = False, seed: int = 0
    ) -> None:
        self.names, self.block, self.every = names, max(1, block), max(1, every)
        self.hold, self.seed = hold, seed
        self.learned = 0
        """References learned from in all."""
        self._band = Adaptive(
            LEVELS, window=int(max(600, 10 * self.block)), half_life=max(200.0, 3.0 * self.block),
            rate=min(0.02, 0.15 / self.block),
        )  # fmt: skip

    def learn(
        self, inputs: Floats, target: Floats, bad: Bools | None = None, at: Ints | None = None
    ) -> None:
        """Calibrate.

        Args:
            inputs: [rows, inputs] in order of time. target: [rows] references, NaN where there is none.
            bad: [rows] rows flagged bad: their references are not learned from.
            at: [rows] their numbers, rising, where rows between them are left out; the next row told follows the
                largest.

        Raises:
            FigureGap: Too few references, no input moves, or the references do not move.
        """
        self._order = canonical(inputs, target)
        self._dynamics = Dynamics(inputs.shape[1])
        rows = self._dynamics.push(inputs[:, self._order])
        good = np.isfinite(rows).all(axis=1) & np.isfinite(target)
        if bad is not None:
            good &= ~bad
        x, y = rows[good], np.asarray(target[good], np.float64)
        self._can_learn(x, y)
        numbers = np.arange(len(rows)) if at is None else np.asarray(at, np.int64)
        self._next, when = int(numbers.max()) + 1, numbers[good]
        width = inputs.shape[1]
        self._shapes: Shapes = {}
        self._belief = Belief(len(MEMBERS), max(6.6 * self.block, 100.0), float(y.std()))
        walked = self._walk(References(x, y, when, len(y)))
        self._watch = ReferenceWatch(walked, self.block)
        self._seen = Seen(tuple(self.names[i] for i in self._order))
        self._seen.learn(x[:, :width])
        self._kept = References(x, y, when, _HELD)
        self._fit()
        self.learned = len(y)
        self._memory = Memory()
        self._drifted, self._without = "", 0
        self._begins: list[int] = []

    def _can_learn(self, x: Floats, y: Floats) -> None:
        if len(y) < LEAST_REFERENCES:
            raise FigureGap(
                f"{len(y)} rows have a reference and every input",
                expected=f"at least {LEAST_REFERENCES}",
                remedy="give a longer calibration, or leave out inputs that are mostly missing",
            )
        width = x.shape[1] // 3
        if not (np.ptp(x[:, :width], axis=0) > 0).any():
            raise FigureGap(
                "no input moves during the calibration",
                expected="inputs that move with the process",
                remedy="calibrate over a time in which the process runs through its loads",
            )
        if not np.ptp(y) > 0:
            raise FigureGap(
                f"the reference is {y[0]:g} throughout the calibration",
                expected="references that move",
                remedy="calibrate over a time in which the emission moves",
            )

    def _walk(self, all_of: References) -> Floats:
        """Errors on the last part of the calibration, each stretch told by models that had not seen it."""
        x, y, at = all_of.known()
        span = int(min(len(y) // 2, max(8 * self.block, 1000)))
        step = max(self.block, -(-span // _WALKS))
        starts = list(range(len(y) - span, len(y), step))
        made: list[Floats] = []
        for start in starts:
            end = min(start + step, len(y))
            self._kept = References(x[:start], y[:start], at[:start], KEPT)
            self._fit()
            told = self._members(x[start:end], at[start:end])
            for first in range(start, end, self.block):
                part = slice(first - start, min(first + self.block, end) - start)
                value, spread = self._belief.joined(told[:, part])
                truth = y[start:end][part]
                self._band.push((truth - value) / spread)
                made.append(value - truth)
                self._belief.learn(told[:, part], value, truth)
        return np.concatenate(made)

    def _fit(self) -> None:
        """Learn from the references that were there when it last learned."""
        x, y, at = self._kept.known()
        x, y, at, width = x[-KEPT:], y[-KEPT:], at[-KEPT:], x.shape[1] // 3
        self._fitted = [
            Fitted(m, columns(m, x, width), y, at, self.seed + k, self._shapes)
            for k, m in enumerate(MEMBERS)
        ]

    def _members(self, x: Floats, at: Ints) -> Floats:
        """[members, rows] what each model tells."""
        width = x.shape[1] // 3
        told = [
            f.predict(columns(m, x, width), at) for m, f in zip(MEMBERS, self._fitted, strict=True)
        ]
        return np.array(told)

    def tell(self, inputs: Floats) -> Told:
        """Tell the next rows [rows, inputs]; they may come in pieces of any size."""
        rows = self._dynamics.push(inputs[:, self._order])
        why = self._seen.judge(rows[:, : inputs.shape[1]])
        whole, numbers = np.isfinite(rows).all(axis=1), self._next + np.arange(len(rows))
        told = np.full((len(MEMBERS), len(rows)), np.nan)
        if whole.any():
            told[:, whole] = self._members(rows[whole], numbers[whole])
        raw, spread = self._belief.joined(told)
        offsets = self._band.offsets()
        low, high = raw + spread * offsets[0], raw + spread * offsets[-1]
        refused = np.array([bool(w) for w in why], bool) | ~whole
        standing = [self._stands(i, bool(refused[i])) for i in range(len(rows))]
        reasons = [why[i] or self._reason(s) for i, s in enumerate(standing)]
        self._without += len(rows)
        blank = np.where(refused, np.nan, 1.0)
        self._memory.add(
            Stretch(
                numbers, rows, told.T, raw, spread,
                np.repeat(np.atleast_2d(offsets), len(rows), axis=0), ~refused & np.isfinite(raw),
                np.ones(len(rows), bool),
            )
        )  # fmt: skip
        self._next += len(rows)
        return Told(
            raw * blank, np.minimum(low, raw) * blank, np.maximum(high, raw) * blank,
            tuple(standing), tuple(reasons), raw, spread,
        )  # fmt: skip

    def _stands(self, ahead: int, refused: bool) -> Standing:
        if refused:
            return Standing.OUTSIDE
        if self._drifted:
            return Standing.DRIFTED
        if self._without + ahead >= PATIENCE * self.every:
            return Standing.UNCALIBRATED
        return Standing.TOLD

    def _reason(self, standing: Standing) -> str:
        if standing is Standing.DRIFTED:
            return self._drifted
        if standing is Standing.UNCALIBRATED:
            return f"no reference in the last {PATIENCE * self.every:.0f} rows"
        return "" if standing is Standing.TOLD else "no value of an input, nor in the rows before"

    def passed(self, rows: int) -> None:
        """Rows went by that need not be told: a reference of theirs is only counted."""
        self._memory.pass_by(rows)
        self._next += rows
        self._without += rows

    def refer(
        self, target: Floats, bad: Bools | None = None, *,
        earlier: Floats | None = None, earlier_bad: Bools | None = None,
    ) -> Check:  # fmt: skip
        """References of the rows told since the last call, and late ones of rows before, NaN where there is none.

        A late reference is judged by what was told of its row then, and learned from at its place in time.

        Args:
            target: [rows told since]. bad: [rows] rows flagged bad: judged by neither, learned from never.
            earlier: [n] late references of the `n` rows before these; of rows that are no longer kept
                (`stretch.REMEMBERED`) they are only counted. earlier_bad: [n] flagged.
        """
        rows = self._memory.since
        if len(target) != rows:
            raise ValueError(f"{len(target)} references for {rows} rows told")
        late = None if earlier is None else Given.of(earlier, earlier_bad)
        if not rows and late is None:
            return Check(0, 0, 0, np.nan, np.nan, np.nan, np.nan, (), False)
        now, begin = Given.of(target, bad), self._next - rows
        outside = self._memory.outside
        told, given, lost = self._memory.take(now, late)
        if told is None:
            return Check(rows, 0, 0, np.nan, np.nan, np.nan, outside, (), False, lost)
        whole = np.isfinite(told.raw)
        told, given = told.part(whole), given.part(whole)
        told, truth, flagged = told.part(~given.bad), given.target[~given.bad], int(given.bad.sum())
        seen, judged = told.part(told.told), truth[told.told]
        error = np.asarray(seen.raw - judged, np.float64)
        alarms = tuple(self._watch.push(error)) if len(error) else ()
        if len(error):
            said = "; ".join(dict.fromkeys(a.text for a in alarms))
            self._drifted = said or (self._drifted if self.hold else "")
        refitted = False
        if len(truth):
            self._without = min(self._without, self._next - 1 - int(told.at.max()))
        if len(truth) and not self.hold:
            if len(error):
                self._band.push(-error / seen.spread, told=seen.offsets)
                self._belief.learn(seen.members.T, seen.raw, judged)
            self._take(told, truth)
            moved = self._follow(alarms, begin)
            refitted = self._refit(anew=moved)
        return Check(
            rows=rows, references=len(truth), left_out=flagged,
            mae=float(np.abs(error).mean()) if len(error) else np.nan,
            bias=float(error.mean()) if len(error) else np.nan,
            held=float(seen.inside(judged).mean()) if len(error) else np.nan,
            outside=outside, alarms=alarms, refitted=refitted, lost=lost,
        )  # fmt: skip

    def _follow(self, alarms: tuple[Alarm, ...], begin: int) -> bool:
        """After an alarm that references lie to one side, lift the kept ones from before it to where they lie now.

        The process has moved; how its output hangs on its inputs is still best known from before. Waiting until
        new references outnumber the old would take as long as the window is.
        """
        self._begins = [*self._begins, begin][-_REMEMBERED:]
        rang = [a for a in alarms if a.kind == "bias"]
        if not rang:
            return False
        turn = self._begins[-min(len(self._begins), 1 + rang[0].block - rang[0].since)]
        before = int((self._kept.at < turn).sum())
        if before:
            inputs = self._kept.rows[:, : len(self.names)]
            self._kept.lift(turn, lift(inputs, self._kept.target, before))
        self._belief.settle()
        return True

    def _take(self, told: Stretch, truth: Floats) -> None:
        """Keep new references."""
        rows = np.asarray(told.rows, np.float64)
        self._kept.take(rows, truth, told.at)
        self._seen.add(rows[:, : len(self.names)])
        self.learned += len(truth)

    def _refit(self, *, anew: bool) -> bool:
        """Learn anew when enough references are new, or when it must."""
        new = int(self._kept.new.sum())
        if not anew and new < max(1, min(len(self._kept), 2000) // 20):
            return False
        self._kept.learn()
        self._fit()
        return True

    @property
    def waits_for(self) -> Bools:
        """[rows before the last look] of the newest kept: no reference of it came yet."""
        return self._memory.looked_back()

    def held(self) -> SoftSensor:
        """The same sensor from here on, its models held as they are, for comparison."""
        other = self.forked()
        other.hold = True
        return other

    def forked(self) -> SoftSensor:
        """The same sensor from here on, apart from this one; what was learned is shared, since it never changes."""
        other = copy.copy(self)
        for name in ("_dynamics", "_seen", "_watch", "_band", "_belief"):
            setattr(other, name, copy.deepcopy(getattr(self, name)))
        other._memory, other._kept = self._memory.forked(), self._kept.forked()
        return other

    def state(self) -> dict[str, Any]:
        """JSON-able state: what it keeps, not the models, which are learned anew from it on return."""
        return {
            "version": VERSION, "names": list(self.names), "block": self.block, "every": self.every,
            "hold": self.hold, "seed": self.seed, "learned": self.learned, "next": self._next,
            "order": self._order.tolist(), "kept": self._kept.state(), "belief": self._belief.state(),
            "drifted": self._drifted, "without": self._without, "memory": self._memory.state(),
            "begins": list(self._begins), "shapes": {n: s.all().tolist() for n, s in self._shapes.items()},
            "dynamics": self._dynamics.state(), "seen": self._seen.state(),
            "watch": self._watch.state(), "band": self._band.state(),
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> SoftSensor:
        """A sensor as it was saved.

        Raises:
            FigureGap: It was saved by another version.
        """
        if state.get("version") != VERSION:
            raise FigureGap(
                f"a soft sensor saved as version {state.get('version')}",
                expected=f"version {VERSION}",
                remedy="calibrate it anew",
            )
        names = tuple(state["names"])
        made = cls(names, **{n: state[n] for n in ("block", "every", "hold", "seed")})
        made.learned, made._next = int(state["learned"]), int(state["next"])
        made._order = np.array(state["order"], np.int64)
        made._kept = References.restored(state["kept"], 3 * len(names), _HELD)
        made._belief = Belief.restored(state["belief"])
        made._drifted, made._without = state["drifted"], int(state["without"])
        made._begins = [int(n) for n in state["begins"]]
        made._dynamics = Dynamics(len(names))
        made._dynamics.restore(state["dynamics"])
        made._seen = Seen(tuple(names[i] for i in made._order))
        made._seen.restore(state["seen"])
        made._watch = ReferenceWatch.restored(state["watch"])
        made._band.restore(state["band"])
        made._shapes = {n: Shape.of(s) for n, s in state["shapes"].items()}
        made._memory = Memory.restored(state["memory"])
        made._fit()
        return made

    @property
    def drifted(self) -> str:
        """What the newest references say against it; empty while they agree."""
        return self._drifted

    @property
    def weights(self) -> dict[str, float]:
        """How much each model is believed."""
        shares = self._belief.weights
        return {m.name: float(s) for m, s in zip(MEMBERS, shares, strict=True)}
