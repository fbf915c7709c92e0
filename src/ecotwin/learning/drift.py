"""Has the world moved away from what a model learned? Two watches, each with a stated rate of false alarms.

`ReferenceWatch` (concept drift): errors against references, block by block, beside the errors that the model made of
references it had not seen when it learned. Errors are turned into ranks among those, so neither unit nor outliers
matter; the scatter of a block's mean is measured on blocks of the learned stretch, so errors that hang together in
time do not ring the bell. `InputWatch` (data drift): the distribution of each input over a window beside windows of
the learned stretch. Both feed sums that forget what is within the usual (CUSUM).

Sources: Page, Continuous Inspection Schemes (1954); Siegmund, Sequential Analysis (1985), the run length of a CUSUM;
Gama et al., A Survey on Concept Drift Adaptation (2014).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats

SLACK = 0.5
"""A CUSUM forgets this many standard deviations a step."""
PROMISE = 300.0
"""Blocks between false alarms."""
LEAST = 16
"""Errors without which a watch refuses."""
_CLIP = 4.0
KINDS = ("bias", "bias", "error")
"""Kind of alarm of each chart of a `ReferenceWatch`."""


def run_length(limit: float, slack: float = SLACK) -> float:
    """Mean steps until a one-sided CUSUM of standard normal numbers passes a limit (Siegmund's approximation).

    >>> round(run_length(4.0)), round(run_length(5.0))  # Monte Carlo tells 336 and 930
    (338, 938)
    """
    reach = 2.0 * slack * (limit + 1.166)
    return (math.exp(reach) - reach - 1.0) / (2.0 * slack**2)


def limit_for(steps: float, slack: float = SLACK) -> float:
    """Limit of a one-sided CUSUM that a quiet series passes once in `steps`.

    >>> round(limit_for(338), 2)
    4.0
    """
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if run_length(middle, slack) < steps else (low, middle)
    return high


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something moved.

    Attributes:
        kind: `bias` (references lie to one side), `error` (errors grew), or `inputs`.
        block: Number of the block that rang, counted from 0. since: Block where the sum began to rise.
        size: How far the sum went, its limit being 1. text: A sentence with numbers.
    """

    kind: str
    block: int
    since: int
    size: float
    text: str


class Cusum:
    """One-sided sums of z-scores, side by side, that ring when a limit is passed and then begin anew.

    Args:
        charts: How many. promise: Steps between false alarms of all together.
        learned: Blocks from which the usual mean is known; the fewer, the more of a step counts as usual, since that
            mean itself is uncertain.
    """

    def __init__(self, charts: int, promise: float, learned: float = math.inf) -> None:
        self.limit = limit_for(promise * charts)
        self.slack = SLACK + 1.0 / math.sqrt(learned)
        self.sums = np.zeros(charts)
        self.since = np.zeros(charts, np.int64)
        self.steps = 0

    def push(self, z: Floats) -> list[tuple[int, int, float]]:
        """(chart, since, size) of each chart that rings."""
        before = self.sums
        self.sums = np.maximum(0.0, before + np.clip(z, -_CLIP, _CLIP) - self.slack)
        self.since = np.where((before == 0.0) & (self.sums > 0.0), self.steps, self.since)
        rang = [
            (int(c), int(self.since[c]), float(self.sums[c] / self.limit))
            for c in np.flatnonzero(self.sums > self.limit)
        ]
        for chart, _, _ in rang:
            self.sums[chart] = 0.0
        self.steps += 1
        return rang

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {"sums": self.sums.tolist(), "since": self.since.tolist(), "steps": self.steps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self.sums, self.since = np.array(state["sums"]), np.array(state["since"], np.int64)
        self.steps = int(state["steps"])


class ReferenceWatch:
    """Watches errors of a model against references, block by block.

    Args:
        usual: Errors the model made of references that it had not seen, in order of time.
        block: Usual number of errors in a block.
        promise: Blocks between false alarms while nothing moves.

    Raises:
        FigureGap: There are fewer than `LEAST` finite errors.
    """

    def __init__(self, usual: Floats, block: int, promise: float = PROMISE) -> None:
        known = np.asarray(usual, np.float64)
        known = known[np.isfinite(known)]
        if len(known) < LEAST:
            raise FigureGap(
                f"{len(known)} errors to learn from",
                expected=f"at least {LEAST}",
                remedy="give more references before the watch begins",
            )
        self._signed, self._sized = np.sort(known), np.sort(np.abs(known))
        self.block, self.promise = max(1, block), promise
        ranks = (_ranks(self._signed, known), _ranks(self._sized, np.abs(known)))
        self._sd = dict(
            zip(("bias", "error"), (_scatter(r, self.block) for r in ranks), strict=True)
        )
        alone = max(self.block, *(_hang(_carried(r)) for r in ranks))
        self._cusum = Cusum(3, promise, max(1.0, len(known) / alone))

    def push(self, errors: Floats) -> list[Alarm]:
        """Take one block of errors (told less reference); NaN is passed over."""
        known = np.asarray(errors, np.float64)
        known = known[np.isfinite(known)]
        if not len(known):
            return []
        # A block shorter than usual scatters more.
        wide = math.sqrt(max(1.0, self.block / len(known)))
        bias = float(_ranks(self._signed, known).mean() - 0.5) / (self._sd["bias"] * wide)
        size = float(_ranks(self._sized, np.abs(known)).mean() - 0.5) / (self._sd["error"] * wide)
        at = self._cusum.steps
        alarms = []
        for chart, since, over in self._cusum.push(np.array([bias, -bias, size])):
            alarms.append(Alarm(KINDS[chart], at, since, over, self._said(chart, known)))
        return alarms

    def _said(self, chart: int, known: Floats) -> str:
        if chart == 2:
            usual, now = float(np.median(self._sized)), float(np.median(np.abs(known)))
            return (
                f"half of the references lie more than {now:.4g} from what was told, "
                f"{usual:.4g} when it was learned"
            )
        away, usual = float(np.median(known)), float(np.median(self._signed))
        side = "above" if away > 0.0 else "below"
        said = f"what is told lies {side} the references, by {abs(away):.4g} in the newest"
        if (away > 0.0) == (chart == 0):
            return said
        before = "above" if usual > 0.0 else "below"
        return f"{said}, and {abs(usual):.4g} {before} when it was learned"

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "signed": self._signed.tolist(), "sized": self._sized.tolist(), "sd": dict(self._sd),
            "block": self.block, "promise": self.promise, "cusum": self._cusum.state(),
            "slack": self._cusum.slack,
        }  # fmt: skip

    @classmethod
    def restored(cls, state: dict[str, Any]) -> ReferenceWatch:
        """A watch as it was saved."""
        made = cls(np.array(state["signed"]), state["block"], state["promise"])
        made._sized, made._sd = np.array(state["sized"]), dict(state["sd"])
        made._cusum.restore(state["cusum"])
        made._cusum.slack = float(state["slack"])
        return made


class InputWatch:
    """Watches whether the inputs' distributions, window by window, are those that were learned from.

    Args:
        learned: [rows, columns] rows learned from, in order of time. window: Rows of a window.

    Raises:
        FigureGap: The learned rows hold fewer than four windows.
    """

    def __init__(
        self, names: tuple[str, ...], learned: Floats, window: int, promise: float = PROMISE
    ) -> None:
        parts = len(learned) // window
        if parts < 4:
            raise FigureGap(
                f"{len(learned)} rows to learn from",
                expected=f"at least four windows of {window}",
                remedy="give more rows, or a shorter window",
            )
        self.names, self.window = names, window
        self._learned = [np.sort(c[np.isfinite(c)]) for c in learned.T]
        away = np.zeros((parts, len(names)))
        for k in range(parts):
            # A window is judged by the rest, as later ones will be judged by what they are no part of.
            rest = np.concatenate([learned[: k * window], learned[(k + 1) * window :]])
            for j, column in enumerate(rest.T):
                known = np.sort(column[np.isfinite(column)])
                away[k, j] = _apart(known, learned[k * window : (k + 1) * window, j])
        away = np.log(away)  # distances lean to the right, their logarithms hardly
        self._mean = away.mean(axis=0)
        # Few windows tell little of their scatter: the smaller their number, the wider.
        self._sd = np.maximum(away.std(axis=0, ddof=1) * (1.0 + 3.0 / parts), 0.2)
        self._cusum = Cusum(len(names), promise, parts)

    def push(self, rows: Floats) -> list[Alarm]:
        """Take one window [window, columns]."""
        away = np.array(
            [_apart(known, rows[:, j]) for j, known in enumerate(self._learned)], np.float64
        )
        at = self._cusum.steps
        return [
            Alarm("inputs", at, since, size,
                  f"{self.names[j]} runs where {100 * away[j]:.0f} % of its values lie otherwise than learned")
            for j, since, size in self._cusum.push((np.log(away) - self._mean) / self._sd)
        ]  # fmt: skip


def _apart(known: Floats, values: Floats) -> float:
    """Largest distance of two distributions (Kolmogorov and Smirnov); 1 where nothing is left to compare."""
    here = np.sort(values[np.isfinite(values)])
    if not len(here) or not len(known):
        return 1.0
    every = np.concatenate([known, here])
    one = np.searchsorted(known, every, side="right") / len(known)
    other = np.searchsorted(here, every, side="right") / len(here)
    # No two samples lie nearer than the steps of their distributions let one tell.
    return max(float(np.abs(one - other).max()), 0.5 / len(here))


def _ranks(ordered: Floats, values: Floats) -> Floats:
    """Share of the known numbers below each value, ties half: 0 to 1."""
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto) / (2.0 * len(ordered)), np.float64)


def _carried(ranks: Floats) -> float:
    """How much of one rank is in the next, as one number: the largest that a lag of 1, 4 or 16 tells beyond chance."""
    away = ranks - ranks.mean()
    power = float((away**2).mean())
    found = 0.0
    for lag in (1, 4, 16):
        if len(away) > 4 * lag and power > 0:
            together = float((away[lag:] * away[:-lag]).mean()) / power
            if together > 4.0 / math.sqrt(len(away)):
                found = max(found, min(together, 0.999) ** (1.0 / lag))
    return found


def _hang(carried: float) -> float:
    """Ranks that count as one, where each carries a share of the one before.

    >>> _hang(0.0), round(_hang(0.5), 6)
    (1.0, 3.0)
    """
    return (1.0 + carried) / (1.0 - carried)


def _scatter(ranks: Floats, block: int) -> float:
    """Standard deviation of the mean of a block of ranks, widened so that a sum may take blocks as independent.

    The larger of what blocks of the learned stretch show (carried on to longer blocks by the square root of their
    length, and wider where few were seen) and of what ranks that each carry a share of the one before would show.
    """
    length = min(block, max(1, len(ranks) // 4))
    sums = np.concatenate([[0.0], np.cumsum(ranks)])
    means = (sums[length:] - sums[:-length]) / length
    seen = float(np.sqrt(np.mean((means - ranks.mean()) ** 2))) * (1.0 + 2.0 * length / len(ranks))
    seen *= math.sqrt(length / block) if block > length else 1.0
    share = _carried(ranks)
    gone = 1.0 - share**block
    own = (_hang(share) - 2.0 * share * gone / (block * (1.0 - share) ** 2)) / block
    next_to = share * gone**2 / (block * (1.0 - share)) ** 2
    together = min(0.9, next_to / own) if own > 0 else 0.0
    return max(seen, math.sqrt(max(own, 1.0 / block) / 12.0)) * math.sqrt(_hang(together))
