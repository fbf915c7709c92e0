"""What a cleaning rule must do.

A rule plug is a class `plug(plant)` in its own file. The chain (`cleaning.chain.Chain`) converts wire units to
canonical ones and runs the rules in the order `order, range, spike, counter, stuck, gaps`; each sees only what the
one before let through. Rules are vectorised over the batch and keep constant-size state by signal.

`order` sorts: every later rule receives rows by signal, then time, with no double among them. A row older than what a
rule has already let through of its signal is *late*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ecotwin.records import Bools, Break, Codes, Ints, Readings, Rejects, Samples

Offsets = Mapping[int, tuple[tuple[int, float], ...]]
"""Signal index -> (at [us], offset) of every counter break, in time order."""

Seen = Callable[[Codes, Ints], Bools]
"""Asks the history whether late readings are already kept."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may know besides its own state."""

    now: datetime
    seen: Seen


@dataclass(frozen=True, slots=True)
class Passed:
    """What a rule lets through (order of rows kept), what it refuses, and counter breaks it found."""

    samples: Samples
    rejects: Rejects
    breaks: tuple[Break, ...] = ()


class Rule(Protocol):
    """One cleaning rule."""

    name: str

    def clean(self, samples: Samples, context: Context) -> Passed:
        """Judge a batch in canonical units.

        Values and quality may be changed; rows are only removed by rejecting them.
        """
        ...

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:
        """Go on after a restart.

        Args:
            tail: The last kept readings of each signal by signal and time (running totals for counters).
            breaks: Signal index -> (at [us], offset) of every counter break, in time order.
            held: Rejects newer than the tail, by signal and time: a rule that waits for a second sample to
                confirm the first finds the first one here.
        """
        ...
