"""The judge of one counter, row by row: what its index means when it does not simply grow.

Everything is decided on running totals. A lower index that is no roll-over, and a jump that is higher than can
have flowed, are first only doubted and refused: devices send single zeros when they start. The next row decides:
back at the old level it was a glitch; going on from the doubted index, the meter was reset, exchanged or set.

What flowed across such a break nobody measured. It is estimated as the recent rate times the time that passed,
and at least what the new index shows when the meter began at zero; the estimated part is stated in the `Break`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf, ulp
from typing import Any

from ecotwin.clock import DAY, iso
from ecotwin.records import Break, Reject

MEMORY = 16
"""Newest (time, total) pairs remembered by counter: they carry the recent rate and place late rows."""

BREAKS = 256
"""Breaks remembered by counter; a late row from before the oldest cannot be placed and is refused."""

NEAR_TOP = 0.9
"""A roll-over comes from above this share of the roll-over value, and lands below one minus it."""

NOISE = 1e-4
"""A fall smaller than this share of the index is noise of the meter, never an exchange."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plant file says of a counter.

    Attributes:
        max_step: Most that can flow in `every_us` [unit]; infinite when not given.
        rollover: Largest index + 1 [unit]; infinite when it never rolls over.
    """

    index: int
    unit: str
    every_us: int
    max_step: float
    rollover: float

    def most(self, passed_us: int) -> float:
        """The most that can have flowed in a time [unit]."""
        return self.max_step * max(1.0, passed_us / self.every_us)


@dataclass(frozen=True, slots=True)
class Seam:
    """A break with the totals at its two sides; -inf and +inf where a restart forgot them.

    Attributes:
        at, after: First row after it and its total. before_at, before: Last row before it and its total.
    """

    at: int
    offset: float
    after: float = inf
    before_at: int = 0
    before: float = -inf


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row is not kept."""

    reason: Reject
    detail: str


@dataclass(slots=True)
class Meter:
    """State of one counter.

    Attributes:
        ring: Newest (time [us], total) in time order, at most `MEMORY`.
        seams: Breaks in time order. base: Offset before the first of them.
        doubted: (time, index) of a row that waits for confirmation.
        former: (time, index, offset) before the newest break: a meter that comes back is known again.
    """

    facts: Facts
    ring: list[tuple[int, float]] = field(default_factory=list)
    seams: list[Seam] = field(default_factory=list)
    base: float = 0.0
    doubted: tuple[int, float] | None = None
    former: tuple[int, float, float] | None = None
    forgotten: int | None = None
    breaks: list[Break] = field(default_factory=list)

    @property
    def offset(self) -> float:
        """Offset in force now [unit]."""
        return self.seams[-1].offset if self.seams else self.base

    def rate(self) -> float:
        """Recent use [unit/us], over the remembered totals; 0 when there is one only."""
        if len(self.ring) < 2:
            return 0.0
        (at, total), (first_at, first) = self.ring[-1], self.ring[0]
        return (total - first) / (at - first_at)

    def judge(self, at: int, index: float) -> float | Refusal:
        """The running total of a row, or why it is refused; breaks found are added to `breaks`."""
        if not self.ring:
            return self._keep(at, index + self.offset)
        last_at, last = self.ring[-1]
        if at <= last_at:
            return self._late(at, index)
        total = index + self.offset
        grown = total - last
        most = self.facts.most(at - last_at)
        if 0.0 <= grown <= most:
            if self._came_back(at, index, grown):
                return self._return(at, index)
            return self._keep(at, total)
        if grown < 0.0 and self._rolled_over(index, grown, most):
            return self._break(at, index, total + self.facts.rollover, "rollover", 0.0)
        former_index = last - self.offset
        if grown < 0.0 and -grown <= max(NOISE * abs(former_index), 1e-9):
            return Refusal(
                Reject.COUNTER_BACK,
                f"{index:.9g} {self.facts.unit} after {former_index:.9g}: back by less than the noise",
            )
        if self._confirmed(at, index):
            if self._came_back(at, index, grown):
                return self._return(at, index)
            return self._begin_anew(at, index, grown)
        self.doubted = (at, index)
        if grown < 0.0:
            return Refusal(
                Reject.COUNTER_BACK,
                f"{index:.9g} {self.facts.unit} after {former_index:.9g}: a reset if the next agrees",
            )
        return Refusal(
            Reject.COUNTER_JUMP,
            f"{grown:.9g} {self.facts.unit} more in {(at - last_at) / 1e6:.6g} s, at most {most:.6g} "
            "can flow: a new index if the next agrees",
        )

    def _keep(self, at: int, total: float) -> float:
        self.ring.append((at, total))
        del self.ring[:-MEMORY]
        self.doubted = None
        if self.former is not None and (
            total - self.offset >= self.former[1] or at - self.former[0] > DAY
        ):
            self.former = None
        return total

    def _rolled_over(self, index: float, grown: float, most: float) -> bool:
        top = self.facts.rollover
        if top == inf:
            return False
        former = self.ring[-1][1] - self.offset
        near = former >= NEAR_TOP * top and index <= (1.0 - NEAR_TOP) * top
        return near and 0.0 <= grown + top <= most

    def _confirmed(self, at: int, index: float) -> bool:
        if self.doubted is None:
            return False
        doubted_at, doubted = self.doubted
        slack = max(NOISE * abs(doubted), 1e-9)
        return -slack <= index - doubted <= self.facts.most(at - doubted_at)

    def _begin_anew(self, at: int, index: float, grown: float) -> float:
        """The index goes on from a doubted level: reset to zero, or another index altogether."""
        last_at, last = self.ring[-1]
        expected = self.rate() * (at - last_at)
        most = self.facts.most(at - last_at)
        if most == inf:
            most = max(10.0 * expected, 0.01 * (last - self.offset))
        if grown < 0.0 and index <= most:
            used = max(index, expected)
            return self._break(at, index, last + used, "reset", used - index)
        return self._break(at, index, last + expected, "exchange", expected)

    def _came_back(self, at: int, index: float, grown: float) -> bool:
        """Whether the index from before the newest break is back at once: the break was a lie."""
        if self.former is None:
            return False
        former_at, former, _ = self.former
        ahead = index - former
        most = self.facts.most(at - former_at)
        if most == inf:
            most = max(10.0 * self.rate() * (at - former_at), 0.01 * former)
        return 0.0 <= ahead <= most and grown > 0.5 * former

    def _return(self, at: int, index: float) -> float:
        assert self.former is not None
        last = self.ring[-1][1]
        total = max(index + self.former[2], last)
        return self._break(at, index, total, "exchange", 0.0, final=True)

    def _break(
        self,
        at: int,
        index: float,
        total: float,
        why: str,
        estimated: float,
        *,
        final: bool = False,
    ) -> float:
        last_at, last = self.ring[-1]
        # The total handed on is the one that raw index + offset gives again, to the last bit.
        offset = total - index
        while index + offset < last:
            offset += ulp(max(abs(index), abs(last)))
        total = index + offset
        former = (last_at, last - self.offset, self.offset)
        self.breaks.append(Break(self.facts.index, at, offset, why, estimated))
        self.seams.append(Seam(at, offset, total, last_at, last))
        if len(self.seams) > BREAKS:
            dropped = self.seams.pop(0)
            self.base, self.forgotten = dropped.offset, dropped.at
        self.former = None if final else former
        self.ring.append((at, total))
        del self.ring[:-MEMORY]
        self.doubted = None
        return total

    def _late(self, at: int, index: float) -> float | Refusal:
        """A row from the past gets the offset in force then, if it fits between its neighbours."""
        if self.forgotten is not None and at < self.forgotten:
            return Refusal(
                Reject.LATE, f"older than the {BREAKS} breaks remembered: its offset is not known"
            )
        place = sum(seam.at <= at for seam in self.seams)
        offsets = [self.seams[place - 1].offset if place else self.base]
        low = max((total for t, total in self.ring if t < at), default=-inf)
        high = min((total for t, total in self.ring if t > at), default=inf)
        if place and self.seams[place - 1].after < inf:
            low = max(low, self.seams[place - 1].after)
        if place < len(self.seams):
            seam = self.seams[place]
            if at > seam.before_at:
                # Within the unmeasured step: from before or from after what happened.
                offsets.append(seam.offset)
                low, high = max(low, seam.before), min(high, seam.after)
            else:
                high = min(high, seam.before)
        for offset in offsets:
            total = index + offset
            if low <= total <= high:
                # The ring holds the newest pairs, as a restart finds them.
                if len(self.ring) < MEMORY or self.ring[0][0] < at:
                    self.ring = sorted([*self.ring, (at, total)])[-MEMORY:]
                return total
        return Refusal(
            Reject.COUNTER_BACK,
            f"late index {index:.9g} {self.facts.unit} of {iso(at)} gives {index + offsets[0]:.9g}, "
            f"not between its neighbours {low:.9g} and {high:.9g}",
        )

    def restore(
        self, kept: list[tuple[int, float]], offsets: tuple[tuple[int, float], ...]
    ) -> None:
        """Go on from the newest (time, total) pairs and the known (time, offset) breaks."""
        seams: list[Seam] = []
        for at, offset in offsets:
            before = [pair for pair in kept if pair[0] < at]
            after = [pair for pair in kept if pair[0] >= at]
            seam = Seam(at, offset)
            if before and after and after[0][0] == at:
                seam = replace(
                    seam, after=after[0][1], before_at=before[-1][0], before=before[-1][1]
                )
            elif after and after[0][0] == at:
                seam = replace(seam, after=after[0][1])
            seams.append(seam)
        self.seams = seams[-BREAKS:]
        if len(seams) > BREAKS:
            self.base, self.forgotten = seams[-BREAKS - 1].offset, seams[-BREAKS - 1].at
        self.ring = kept[-MEMORY:]
        if self.seams and self.seams[-1].before > -inf:
            seam = self.seams[-1]
            old = self.seams[-2].offset if len(self.seams) > 1 else self.base
            former = seam.before - old
            passed = [
                t
                for t, total in kept
                if t >= seam.at and (total - seam.offset >= former or t - seam.before_at > DAY)
            ]
            if not passed:
                self.former = (seam.before_at, former, old)

    def memory(self) -> dict[str, Any] | None:
        """What kept totals and breaks alone do not tell; None when there is nothing."""
        if not (self.seams or self.doubted or self.former or self.base or self.forgotten):
            return None
        seams = [[s.at, s.offset, s.after, s.before_at, s.before] for s in self.seams]
        names = ("doubted", "former", "base", "forgotten")
        return {"seams": seams, **{name: getattr(self, name) for name in names}}

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Know exactly what `memory` told."""
        self.seams = [Seam(*seam) for seam in memory["seams"]]
        self.base, self.forgotten = memory["base"], memory["forgotten"]
        at_index, former = memory["doubted"], memory["former"]
        self.doubted = (at_index[0], at_index[1]) if at_index else None
        self.former = (former[0], former[1], former[2]) if former else None
