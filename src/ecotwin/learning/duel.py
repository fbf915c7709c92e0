"""A contest while it runs: both tell, losses are kept, looks are few, and what is flagged afterwards still counts out.

Losses come one by one, each with its instant. A look is taken when the losses that count have doubled since the look
before, so that the risk that each look spends (half of what is left) is never spent on nearly the same rows twice. A
contest that has seen `most` losses without a winner ends: the champion stays. So a challenger that is no better takes
the champion's place in at most `RISK` of the contests, however often somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ecotwin.learning.contest import RISK, Outcome, Verdict, contest
from ecotwin.records import Bools, Floats

Spans = Iterable[tuple[int, int]]
"""(from, to) [us UTC] that are flagged bad, half-open."""


@dataclass
class Duel:
    """One contest.

    Attributes:
        first: Losses that count at the first look; the next is taken at twice as many. most: At which it ends.
        seed: Of the draws. looks: Taken so far. verdict: The newest; None before the first look.
    """

    first: int
    most: int
    seed: int = 0
    looks: int = 0
    verdict: Verdict | None = None
    _at: list[int] = field(default_factory=list)
    _champion: list[float] = field(default_factory=list)
    _challenger: list[float] = field(default_factory=list)
    _bad: list[bool] = field(default_factory=list)
    _counted: int = 0

    def push(self, at: int, champion: float, challenger: float, *, bad: bool = False) -> None:
        """Take the losses of one row, told by both before either could learn from it.

        Args:
            at: Instant [us UTC]. champion, challenger: Losses. bad: The row was flagged bad.
        """
        self._at.append(int(at))
        # Six figures are kept, now and not when it is saved: a saved contest goes on as if nothing had been.
        self._champion.append(float(f"{champion:.6g}"))
        self._challenger.append(float(f"{challenger:.6g}"))
        self._bad.append(bool(bad))
        self._counted += bool(np.isfinite(champion) and np.isfinite(challenger) and not bad)

    def flag(self, spans: Spans) -> None:
        """Count rows out that were found to be bad afterwards."""
        at = np.asarray(self._at, np.int64)
        for start, end in spans:
            for k in np.flatnonzero((at >= start) & (at < end)):
                self._bad[int(k)] = True
        self._recount()

    def _recount(self) -> None:
        one, two, bad = self._arrays()
        self._counted = int((np.isfinite(one) & np.isfinite(two) & ~bad).sum())

    def _arrays(self) -> tuple[Floats, Floats, Bools]:
        one, two = np.asarray(self._champion, float), np.asarray(self._challenger, float)
        return one, two, np.asarray(self._bad, bool)

    @property
    def counted(self) -> int:
        """Rows that count."""
        return self._counted

    @property
    def left_out(self) -> int:
        """Rows flagged bad."""
        return sum(self._bad)

    @property
    def means(self) -> tuple[float, float]:
        """Mean losses of champion and challenger on the rows that count; NaN without any."""
        one, two, bad = self._arrays()
        good = np.isfinite(one) & np.isfinite(two) & ~bad
        return (
            (float(one[good].mean()), float(two[good].mean())) if good.any() else (np.nan, np.nan)
        )

    @property
    def next_look(self) -> int:
        """Rows at which the next look is taken."""
        return min(self.first * int(2**self.looks), self.most)

    @property
    def over(self) -> bool:
        """Whether it came to an end: somebody is proven better, or the last look is past."""
        last = self.verdict is not None and self.verdict.rows >= self.most
        return last or (self.verdict is not None and self.verdict.outcome is not Outcome.OPEN)

    def look(self) -> Verdict | None:
        """Look if it is due.

        Returns:
            What it says; None when no look is due.
        """
        if self.over or self.counted < self.next_look:
            return None
        self.looks += 1
        one, two, bad = self._arrays()
        self.verdict = contest(one, two, bad=bad, look=self.looks, risk=RISK, seed=self.seed)
        return self.verdict

    def told(self) -> str:
        """How it stands, in a sentence."""
        one, two = self.means
        rows = self.counted
        aside = f", {self.left_out} left out as flagged" if self.left_out else ""
        if self.over and self.verdict is not None:
            return self.verdict.text
        if not rows:
            return (
                f"nothing was told by both yet{aside}; the first look is at {self.next_look} rows"
            )
        gain = 100.0 * (one - two) / max(one, 1e-300)
        side = "lower" if gain >= 0.0 else "higher"
        return (
            f"mean error {two:.4g} against {one:.4g} of the one in use ({abs(gain):.1f} % {side}) "
            f"on {rows} rows{aside}; "
            f"the next look is at {self.next_look}, the last at {self.most}"
        )

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "first": self.first, "most": self.most, "seed": self.seed, "looks": self.looks, "at": list(self._at),
            "champion": [_kept(v) for v in self._champion], "challenger": [_kept(v) for v in self._challenger],
            "bad": list(self._bad), "verdict": asdict(self.verdict) if self.verdict else None,
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Duel:
        """A contest as it was saved."""
        made = cls(state["first"], state["most"], state["seed"], state["looks"])
        made._at = [int(t) for t in state["at"]]
        made._champion = [_back(v) for v in state["champion"]]
        made._challenger = [_back(v) for v in state["challenger"]]
        made._bad = [bool(b) for b in state["bad"]]
        made._recount()
        told = state["verdict"]
        if told is not None:
            made.verdict = Verdict(**{**told, "outcome": Outcome(told["outcome"])})
        return made


def _kept(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _back(value: float | None) -> float:
    return float("nan") if value is None else float(value)
