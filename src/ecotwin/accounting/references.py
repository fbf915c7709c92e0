"""What a machine is held against: its reference, which what is learned later replaces on proven gain only.

`Baselines` go on learning by the hour. Held against what learns on, slow wear would become normal before anybody saw
it. So what a machine is held against is a reference: what was learned of its first four weeks, kept as it was. What
goes on learning is the challenger. Hour by hour both tell the machine's power before the hour is learned; hours within
a finding count for neither (`learning.duel`). A challenger that wins is still refused

* while a finding is open at the machine, and
* when it expects more for the same work than the first reference did: that is what wear looks like. More use becomes
  normal by a person's word only (`confirm`). A new product, a state or a weather that the reference never saw is no
  such rise: only minutes whose drivers the first reference knows are compared.

A reference that expects less for the same work becomes the first one. A watch on the reference's errors makes the
challenger begin to learn from nothing, and the contest anew, when they leave what was usual (`learning.drift`).

Sources: ISO 50006:2014, 4.5 (when a baseline may be changed: static factors that changed, on record).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ecotwin.accounting.baseline import Baselines, Expected
from ecotwin.accounting.cuts import pieces
from ecotwin.accounting.drivers import WIDTH, Seen
from ecotwin.accounting.expecting import Known, expect, unsure
from ecotwin.accounting.priors import STATE_COUNT as _STATES
from ecotwin.errors import FigureGap
from ecotwin.learning.contest import Outcome
from ecotwin.learning.drift import ReferenceWatch
from ecotwin.learning.duel import Duel
from ecotwin.records import Bools, Floats, Window

REFERENCE_HOURS = 28 * 24.0
"""Hours of its own data of which a machine's first reference is made; until then what learns is what it is held to."""
FIRST_LOOK, LAST_LOOK = 7 * 24, 28 * 24
"""Hours of a contest."""
MOST_RISE = 0.01
"""Share by which a challenger may expect more for the same work than the first reference."""
KNOWN_SHARE, LEAST_SHARE = 0.03, 0.2
"""A reference knows drivers at which it is sure to this share of the power expected, or of so much of the largest."""
USUAL_HOURS, DAY_HOURS = 14 * 24, 24
LEAST_GAIN = 0.001
"""A gain below this share of the power usually expected changes nothing that anybody would notice."""
LEAST_LEARNED_H = 24.0
"""What learns from nothing has a day before it is heard."""
_CHUNK, _HOUR_US = 1440, 3_600_000_000


@dataclass(frozen=True, slots=True)
class Turn:
    """Something was decided about a machine's reference.

    Attributes:
        element: Machine. what: `reference` (taken), `drift` (challenger made anew), `promoted`, `held` (better, but
            refused), `lost`, `undecided`, `confirmed` (a person's word). at: [us UTC].
        why: A sentence with numbers. scores: Figures by name. left_out: Hours of the contest within a finding.
    """

    element: str
    what: str
    at: int
    why: str
    scores: Mapping[str, float]
    left_out: int = 0


@dataclass
class _Held:
    """One machine's references: the one in use and the first, each as (beta, cov, sd, told)."""

    use: tuple[Floats, Floats, Floats, Bools]
    first: tuple[Floats, Floats, Floats, Bools]
    duel: Duel
    work: Floats = field(default_factory=lambda: np.zeros(WIDTH))
    """Drivers summed over the contest's minutes that the first reference knows."""
    watch: ReferenceWatch | None = None
    errors: list[float] = field(default_factory=list)
    drifted: bool = False


class References:
    """What the machines of a plant are held against.

    Args:
        baselines: What goes on learning.
    """

    def __init__(self, baselines: Baselines) -> None:
        self._learner = baselines
        self.elements = baselines.elements
        self._held: dict[str, _Held] = {}
        self._usual: dict[str, list[float]] = {}
        self._contests: dict[str, int] = {}
        self._challenger: Known = baselines.known
        self._refresh()

    def expected(self, window: Window) -> Expected:
        """What each machine should draw by its reference; by what learns where it has none, or never knew the state."""
        self._catch_up()
        parts = []
        for w in pieces(window, _CHUNK):
            seen = self._learner.drivers.seen(w)
            mean, sd, actual = expect(seen, self._use)
            if self._held:
                new_mean, new_sd, _ = expect(seen, self._challenger)
                blank = np.isnan(mean)
                mean, sd = np.where(blank, new_mean, mean), np.where(blank, new_sd, sd)
            parts.append((mean, sd, actual))
        mean, sd, actual = (np.concatenate([p[i] for p in parts]) for i in range(3))
        return Expected(self.elements, mean, sd, actual, self._learner.learned | self.taken)

    @property
    def taken(self) -> Bools:
        """[machines] whether there is a reference."""
        return np.array([e in self._held for e in self.elements], np.bool_)

    @property
    def guarded(self) -> Bools:
        """[machines] whether a finding keeps minutes from being learned: a machine's first week is no finding's."""
        return np.asarray(self._learner.seasoned | self.taken, np.bool_)

    def learn(self, window: Window, exclude: Bools | None = None) -> None:
        """Let both tell a window, then let the baselines learn from it.

        Args:
            window: Closed steps, an hour or more.
            exclude: [steps, machines] minutes that count for nothing: flagged.
        """
        self._catch_up()
        start = 0
        for part in pieces(window, _CHUNK):
            skip = None if exclude is None else exclude[start : start + part.steps]
            self._judge(part, skip)
            start += part.steps
        self._learner.learn(window, exclude)
        self._refresh()

    def _judge(self, window: Window, exclude: Bools | None) -> None:
        block = max(1, 3600 // window.step_s)
        hours = window.steps // block
        if not hours:
            return
        seen = self._learner.drivers.seen(window)
        learner, _, actual = expect(seen, self._challenger)
        use = expect(seen, self._use)[0] if self._held else learner
        good = seen.usable & ~seen.fresh & np.isfinite(actual) & np.isfinite(learner)
        flagged = np.zeros_like(good) if exclude is None else exclude
        off = _by_hour(actual - learner, good & ~flagged, block, hours)
        ours = _by_hour(actual - use, good & ~flagged & np.isfinite(use), block, hours)
        bad = flagged[: hours * block].reshape(hours, block, -1).mean(axis=1) > 0.5
        known = self._known_to_first(seen) & good & ~flagged
        for m, element in enumerate(self.elements):
            held = self._held.get(element)
            if held is None:
                told = off[np.isfinite(off[:, m]), m]
                self._usual[element] = [*self._usual.get(element, []), *map(_kept, told)][
                    -USUAL_HOURS:
                ]
                continue
            held.work += seen.features[known[:, m], m].sum(axis=0)
            heard = self._learner.hours(element) >= LEAST_LEARNED_H
            for h in range(hours):
                both = heard and np.isfinite(off[h, m]) and np.isfinite(ours[h, m])
                if both or bad[h, m]:
                    at = int(window.at[h * block])
                    held.duel.push(at, abs(ours[h, m]), abs(off[h, m]), bad=bool(bad[h, m]))
                if np.isfinite(ours[h, m]):
                    held.errors.append(_kept(-ours[h, m]))
                if both:  # errors of what learns are usual for the next reference
                    self._usual[element] = [*self._usual.get(element, []), _kept(off[h, m])][
                        -USUAL_HOURS:
                    ]

    def _known_to_first(self, seen: Seen) -> Bools:
        """[steps, machines] minutes whose drivers the first reference knows."""
        mean = expect(seen, self._first)[0]
        top = self._first.beta[:, : self._first.sd.shape[1]].max(axis=1)
        limit = KNOWN_SHARE * np.maximum(np.nan_to_num(mean), LEAST_SHARE * top)
        return np.asarray(np.isfinite(mean) & (unsure(seen, self._first) <= limit**2), np.bool_)

    def settle(
        self, at: int, open_: Iterable[str], flagged: Iterable[tuple[str, int, int]]
    ) -> list[Turn]:
        """Take references that are due, and look at contests that are.

        Args:
            at: [us UTC] now. open_: Machines with an open finding.
            flagged: (machine, from, to) [us UTC] within findings.
        """
        spans: dict[str, list[tuple[int, int]]] = {}
        for element, start, end in flagged:
            spans.setdefault(element, []).append((start - start % _HOUR_US, end))
        troubled, turns = set(open_), []
        for element in self.elements:
            held = self._held.get(element)
            if held is None:
                if self._learner.hours(element) >= REFERENCE_HOURS and element not in troubled:
                    turns.append(self._take(element, at))
                continue
            if element in spans:
                held.duel.flag(spans[element])
            turns += self._drift(element, held, at, troubled)
            if element not in troubled:
                turns += self._look(element, held, at)
        self._refresh()
        return turns

    def _take(self, element: str, at: int) -> Turn:
        now = self._of(element)
        self._held[element] = _Held(now, now, self._new_duel(element))
        self._held[element].watch = self._watch(element)
        hours = self._learner.hours(element)
        why = f"{hours / 24.0:.0f} days of its own data became what it is held against"
        return Turn(element, "reference", at, why, {"hours": hours})

    def _drift(self, element: str, held: _Held, at: int, troubled: set[str]) -> list[Turn]:
        alarms = []
        while len(held.errors) >= DAY_HOURS:
            day, held.errors = held.errors[:DAY_HOURS], held.errors[DAY_HOURS:]
            if held.watch is not None:
                alarms += held.watch.push(np.array(day))
        if not alarms or held.drifted or element in troubled:
            return []
        self._learner.forget(element)
        held.drifted, held.duel, held.work = True, self._new_duel(element), np.zeros(WIDTH)
        why = f"it no longer is as its reference tells: {alarms[0].text}; learned anew from here on"
        return [Turn(element, "drift", at, why, {"alarm": alarms[0].size})]

    def _look(self, element: str, held: _Held, at: int) -> list[Turn]:
        verdict = held.duel.look()
        if verdict is None or not held.duel.over:
            return []
        rise, left_out = self.rise(element), held.duel.left_out
        scores = {
            "error of the one in use [kW]": verdict.champion, "error of the challenger [kW]": verdict.challenger,
            "rise for the same work": rise, "hours": float(verdict.rows),
        }  # fmt: skip
        what, why = "undecided", verdict.text
        usual = float(held.work @ held.first[0]) / max(float(held.work[:_STATES].sum()), 1.0)
        if verdict.outcome is Outcome.LOST:
            what = "lost"
        elif verdict.champion - verdict.challenger < LEAST_GAIN * usual:
            why += f"; too little to matter beside the {usual:.3g} kW that it usually draws"
        elif verdict.outcome is Outcome.WON:
            what = "held" if rise > MOST_RISE else "promoted"
            why += f"; it expects {100 * rise:+.1f} % for the same work as the first reference"
            if what == "held":
                why += ": more use is made normal by a person only, since wear looks like this"
        if what == "promoted":
            held.use = self._of(element)
            held.first = held.use if rise < -MOST_RISE else held.first
            held.watch = self._watch(element)
        elif what == "held":
            held.watch = None  # that it is not as the reference tells is on record now
        # The next one is looked at once, after four weeks: so few contests a year bound the false ones.
        held.duel, held.work, held.drifted = (
            self._new_duel(element, LAST_LOOK),
            np.zeros(WIDTH),
            False,
        )
        held.errors = []
        return [Turn(element, what, at, why, scores, left_out)]

    def rise(self, element: str) -> float:
        """Share by which what is learned now expects more for the same work than the first reference; 0: not known."""
        held = self._held.get(element)
        if held is None:
            return 0.0
        before = float(held.work @ held.first[0])
        now = float(held.work @ self._of(element)[0])
        return (now - before) / before if before > 0.0 else 0.0

    def confirm(self, element: str, at: int, why: str) -> Turn:
        """A person says that what the machine draws from now on is normal: it was overhauled, or does other work.

        It is learned from nothing, and its reference is taken anew from the next four weeks; until then what learns
        is what it is held against.

        Raises:
            FigureGap: It is no machine with a meter, or no reason is given.
        """
        if element not in self.elements or not why.strip():
            raise FigureGap(
                f"{element!r}, because {why!r}",
                expected="a machine with a meter of its own, and a reason",
                remedy="name what was done: overhaul, new product, new tool",
            )
        self._held.pop(element, None)
        self._usual.pop(element, None)
        self._learner.forget(element)
        self._refresh()
        return Turn(element, "confirmed", at, f"a person made it normal: {why.strip()}", {})

    def told(self, element: str) -> str:
        """How a machine's reference and its contest stand, in a sentence."""
        held = self._held.get(element)
        if held is None:
            days = self._learner.hours(element) / 24.0
            return f"no reference yet: {days:.1f} of {REFERENCE_HOURS / 24:.0f} days of its own data are learned"
        again = "learned anew after a drift: " if held.drifted else ""
        return f"{again}{held.duel.told()}; expects {100 * self.rise(element):+.1f} % for the same work"

    def contest_of(self, element: str) -> Duel | None:
        """The contest that runs; None while there is no reference."""
        held = self._held.get(element)
        return None if held is None else held.duel

    def _new_duel(self, element: str, first: int = FIRST_LOOK) -> Duel:
        self._contests[element] = self._contests.get(element, 0) + 1
        return Duel(first, LAST_LOOK, self._contests[element])

    def _watch(self, element: str) -> ReferenceWatch | None:
        try:
            return ReferenceWatch(-np.array(self._usual.get(element, [])), DAY_HOURS)
        except FigureGap:
            return None

    def _of(self, element: str) -> tuple[Floats, Floats, Floats, Bools]:
        m, known = self.elements.index(element), self._learner.known
        return known.beta[m], known.cov[m], known.sd[m], known.told[m]

    def _catch_up(self) -> None:
        """Where the baselines were restored, or learned apart, what is known of them is another."""
        if self._stamp is not self._learner.stamp:
            self._refresh()

    def _refresh(self) -> None:
        """What is known now, with references in place of what learns."""
        self._stamp = self._learner.stamp
        self._challenger = self._learner.known
        self._use, self._first = self._learner.known, self._learner.known
        for m, element in enumerate(self.elements):
            held = self._held.get(element)
            if held is None:
                continue
            for known, kept in ((self._use, held.use), (self._first, held.first)):
                known.beta[m], known.cov[m], known.sd[m], known.told[m] = kept

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "usual": self._usual, "contests": dict(self._contests),
            "held": {
                element: {
                    "use": [a.tolist() for a in h.use],
                    "first": None if h.first is h.use else [a.tolist() for a in h.first],
                    "duel": h.duel.state(), "work": h.work.tolist(), "errors": list(h.errors),
                    "drifted": h.drifted, "watch": h.watch.state() if h.watch else None,
                }
                for element, h in self._held.items()
            },
        }  # fmt: skip

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; machines that are gone are dropped."""
        self._usual = {e: list(v) for e, v in state["usual"].items() if e in self.elements}
        self._contests = {e: int(n) for e, n in state["contests"].items()}
        self._held = {}
        for element, kept in state["held"].items():
            if element not in self.elements or len(kept["work"]) != WIDTH:
                continue
            use = _arrays(kept["use"])
            held = _Held(
                use, use if kept["first"] is None else _arrays(kept["first"]), Duel.restored(kept["duel"]),
                np.array(kept["work"]), None, list(kept["errors"]), bool(kept["drifted"]),
            )  # fmt: skip
            if kept["watch"] is not None:
                held.watch = ReferenceWatch.restored(kept["watch"])
            self._held[element] = held
        self._refresh()


def _arrays(kept: list[Any]) -> tuple[Floats, Floats, Floats, Bools]:
    beta, cov, sd = (np.asarray(k, np.float64) for k in kept[:3])
    return beta, cov, sd, np.asarray(kept[3], np.bool_)


def _by_hour(values: Floats, good: Bools, block: int, hours: int) -> Floats:
    """[hours, machines] means over the good steps; NaN where fewer than half are."""
    length = hours * block
    sums = np.where(good, values, 0.0)[:length].reshape(hours, block, -1).sum(axis=1)
    count = good[:length].reshape(hours, block, -1).sum(axis=1)
    return np.where(count >= 0.5 * block, sums / np.maximum(count, 1), np.nan)


def _kept(value: float) -> float:
    return float(f"{value:.6g}")


__all__ = ["LAST_LOOK", "MOST_RISE", "REFERENCE_HOURS", "References", "Turn"]
