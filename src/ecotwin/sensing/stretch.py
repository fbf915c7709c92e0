"""Rows that were told, kept so that their references may come later; within a stated bound."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ecotwin.records import Bools, Floats, Ints

REMEMBERED = 20_160
"""Rows told that are kept for references that come later: two weeks by the minute."""
_PIECES = 64


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows told, one after the other.

    Attributes:
        at: [rows] their numbers. rows: [rows, columns] what models saw. members: [rows, models] what each told.
        raw, spread: [rows] value and spread. offsets: [rows, levels] of the band.
        told: [rows] not refused. open: [rows] no reference of it was looked at yet.
    """

    at: Ints
    rows: Floats
    members: Floats
    raw: Floats
    spread: Floats
    offsets: Floats
    told: Bools
    open: Bools

    def __len__(self) -> int:
        return len(self.at)

    def part(self, where: Any) -> Stretch:
        """Some of its rows."""
        return Stretch(*(getattr(self, n)[where] for n in _FIELDS))

    def inside(self, truth: Floats) -> Bools:
        """[rows] whether the truth lies within the band."""
        ends = [self.raw + self.spread * self.offsets[:, k] for k in (0, -1)]
        low, high = np.minimum(ends[0], self.raw), np.maximum(ends[1], self.raw)
        return np.asarray((truth >= low) & (truth <= high), bool)

    def state(self) -> dict[str, Any]:
        """JSON-able state: numbers as bytes, since there may be many."""
        kept = {n: getattr(self, n) for n in _FIELDS}
        return {
            n: {"type": v.dtype.str, "shape": list(v.shape), "bytes": b64encode(v.tobytes()).decode()}
            for n, v in kept.items()
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Stretch:
        """As it was saved."""
        return cls(
            *(
                np.frombuffer(b64decode(state[n]["bytes"]), state[n]["type"]).reshape(
                    state[n]["shape"]
                )
                for n in _FIELDS
            )
        )


_FIELDS = ("at", "rows", "members", "raw", "spread", "offsets", "told", "open")
_HALVED = ("rows", "members", "raw", "spread", "offsets")


def joined(parts: Sequence[Stretch]) -> Stretch:
    """Several stretches as one."""
    if len(parts) == 1:
        return parts[0]
    return Stretch(*(np.concatenate([getattr(p, n) for p in parts]) for n in _FIELDS))


@dataclass(frozen=True, slots=True)
class Given:
    """References of some rows: [rows] value, NaN without, and whether it is flagged bad."""

    target: Floats
    bad: Bools

    @classmethod
    def of(cls, target: Floats, bad: Bools | None) -> Given:
        """With no flags where none are given."""
        flags = np.zeros(len(target), bool) if bad is None else np.asarray(bad, bool)
        return cls(np.asarray(target, np.float64), flags)

    def part(self, where: Any) -> Given:
        """Some of its rows."""
        return Given(self.target[where], self.bad[where])


def _taken(
    kept: Stretch | None, given: Given, picked: list[Stretch], found: list[Given]
) -> tuple[Stretch | None, int]:
    """What is kept, its rows marked that have a reference now; and references without a row."""
    there = min(0 if kept is None else len(kept), len(given.target))
    first = len(given.target) - there
    lost = int(np.isfinite(given.target[:first]).sum())
    if kept is None or not there:
        return kept, lost
    newest, known = kept.part(slice(len(kept) - there, None)), given.part(slice(first, None))
    counts = np.isfinite(known.target) & newest.open
    if counts.any():
        picked.append(newest.part(counts))
        found.append(known.part(counts))
    marked = np.concatenate([kept.open[: len(kept) - there], newest.open & ~counts])
    return replace(kept, open=marked), lost


class Memory:
    """The newest rows told: those since references were last looked at, and those before.

    Args:
        bound: Of each kind at most so many rows are kept, besides the newest piece.
    """

    def __init__(self, bound: int = REMEMBERED) -> None:
        self.bound = bound
        self._waiting: list[Stretch] = []
        self._past: Stretch | None = None
        self.since = 0
        """Rows told since references were last looked at, also those no longer kept."""

    def add(self, told: Stretch) -> None:
        """Keep the next rows told."""
        self.since += len(told)
        waiting = [*self._waiting, told]
        while len(waiting) > 1 and sum(map(len, waiting[1:])) >= self.bound:
            waiting.pop(0)
        self._waiting = [joined(waiting)] if len(waiting) > _PIECES else waiting

    def pass_by(self, rows: int) -> None:
        """Rows went by that were not told; what was kept before them would stand at a wrong place, and goes."""
        if rows:
            self.since += rows
            self._waiting, self._past = [], None

    @property
    def outside(self) -> float:
        """Share of the rows since the last look that were refused."""
        now = self._now()
        return float("nan") if now is None else float(1.0 - now.told.mean())

    def looked_back(self) -> Bools:
        """[rows before the last look] which of the newest kept still wait for a reference."""
        return np.zeros(0, bool) if self._past is None else self._past.open

    def take(self, given: Given, earlier: Given | None) -> tuple[Stretch | None, Given, int]:
        """Rows with a reference, their references, and how many references are for rows no longer kept.

        Afterwards all rows count as looked at up to now. A row's second reference counts as none.

        Args:
            given: Of the rows since the last look. earlier: Of the newest rows before these.
        """
        now, before, lost = self._now(), self._past, 0
        picked: list[Stretch] = []
        found: list[Given] = []
        if earlier is not None:
            before, lost = _taken(before, earlier, picked, found)
        now, more = _taken(now, given, picked, found)
        self._past, self._waiting = before, [] if now is None else [now]
        self._pass()
        values = np.concatenate([np.zeros(0), *(f.target for f in found)])
        flags = np.concatenate([np.zeros(0, bool), *(f.bad for f in found)])
        return (joined(picked) if picked else None), Given(values, flags), lost + more

    def _now(self) -> Stretch | None:
        return joined(self._waiting) if self._waiting else None

    def _pass(self) -> None:
        """What waited is past: kept with half the digits, since there is more of it."""
        now = self._now()
        if now is not None:
            halved = replace(now, **{n: getattr(now, n).astype(np.float32) for n in _HALVED})
            both = [halved] if self._past is None else [self._past, halved]
            whole = joined(both)
            self._past = whole.part(slice(max(0, len(whole) - self.bound), None))
        self._waiting, self.since = [], 0

    def forked(self) -> Memory:
        """The same memory from here on; stretches never change."""
        made = Memory(self.bound)
        made._waiting, made._past, made.since = list(self._waiting), self._past, self.since
        return made

    def state(self) -> dict[str, Any]:
        """JSON-able state."""
        return {
            "bound": self.bound, "since": self.since, "waiting": [w.state() for w in self._waiting],
            "past": None if self._past is None else self._past.state(),
        }  # fmt: skip

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Memory:
        """As it was saved."""
        made = cls(int(state["bound"]))
        made.since = int(state["since"])
        made._waiting = [Stretch.restored(w) for w in state["waiting"]]
        made._past = None if state["past"] is None else Stretch.restored(state["past"])
        return made
