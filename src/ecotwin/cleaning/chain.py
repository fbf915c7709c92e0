"""The chain: wire units to canonical ones, then every rule in its turn.

Rows are never lost: each comes out as a reading or as a reject with its reason.
"""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Rule, Seen
from ecotwin.cleaning.counter import Counter
from ecotwin.cleaning.gaps import Gap, Gaps
from ecotwin.cleaning.meter import MEMORY
from ecotwin.cleaning.order import Order
from ecotwin.cleaning.range import Range
from ecotwin.cleaning.rows import Groups, refuse
from ecotwin.cleaning.spike import Spike
from ecotwin.cleaning.stuck import Stuck
from ecotwin.plant.model import STATES, Plant
from ecotwin.plugs import load_all
from ecotwin.records import (
    Break,
    Cleaned,
    Floats,
    Ints,
    Readings,
    Reject,
    Rejects,
    Samples,
)

OWN = ("order", "range", "spike", "counter", "stuck", "gaps")
"""The rules of this package in their order; rules of other packages follow `counter`, by name."""

LONGEST_TAIL = 4000


@dataclass(frozen=True, slots=True)
class _Codes:
    """A state signal's wire codes, sorted, with the canonical code of each."""

    wire: Floats
    canonical: Floats


class Chain:
    """Cleans batches of one plant.

    Args:
        plant: The plant.
        future_s: How far ahead of the clock a source's clock may run [s].
        past_days: Oldest event time taken [d]; None takes any: for the import of old files.

    Attributes:
        counts: Reason -> signal index -> rows refused so far (-1: unknown signal).
        tail_count: Readings by signal that `restore` wants to go on as if nothing had happened.
    """

    def __init__(
        self, plant: Plant, *, future_s: float = 900.0, past_days: float | None = 400.0
    ) -> None:
        self._plant = plant
        self._factor = np.array([s.factor for s in plant.signals], np.float64)
        self._shift = np.array([s.offset for s in plant.signals], np.float64)
        self._same = bool(np.all(self._factor == 1.0) and np.all(self._shift == 0.0))
        self._codes = _code_tables(plant)
        self._coded = np.array([s.index in self._codes for s in plant.signals], np.bool_)
        self._gaps = Gaps(plant)
        self._stuck = Stuck(plant)
        order = Order(plant, future_s=future_s, past_days=past_days)
        foreign = [make(plant) for name, make in load_all("cleaning").items() if name not in OWN]
        self._order, self._spike, self._counter = order, Spike(plant), Counter(plant)
        first: list[Rule] = [order, Range(plant), self._spike, self._counter]
        self._rules: tuple[Rule, ...] = (*first, *foreign, self._stuck, self._gaps)
        self._counts: dict[str, Tally[int]] = {}

    @property
    def counts(self) -> Mapping[str, Mapping[int, int]]:
        """Reason -> signal index -> rows refused so far."""
        return self._counts

    @property
    def suspects(self) -> Ints:
        """[signals] readings kept but marked as stuck so far."""
        return self._stuck.marked

    @property
    def tail_count(self) -> int:
        """Readings by signal that `restore` wants: enough for recent rates and for runs of equal values."""
        runs = [
            s.stuck_after_s / s.every_s + 2
            for s in self._plant.signals
            if s.stuck_after_s and s.every_s
        ]
        return min(LONGEST_TAIL, int(max([MEMORY + 2.0, *runs])))

    def gaps(self, now: datetime) -> Mapping[int, list[Gap]]:
        """Signal index -> its closed gaps in time order, then the open one, if any."""
        return self._gaps.gaps(now)

    def clean(self, samples: Samples, now: datetime, seen: Seen) -> Cleaned:
        """Make readings of a batch.

        Args:
            samples: In the wire's units, in any order.
            now: The plant's present instant.
            seen: Asks the history which late rows it already holds.

        Returns:
            Readings by signal, then time, in canonical units; rejects with their reasons; counter breaks.
        """
        rejects: list[Rejects] = []
        breaks: list[Break] = []
        samples = self._canonical(samples, rejects)
        context = Context(now, seen)
        for rule in self._rules:
            passed = rule.clean(samples, context)
            samples = passed.samples
            if len(passed.rejects):
                rejects.append(passed.rejects)
            breaks.extend(passed.breaks)
        refused = Rejects.join(rejects)
        for reason, signal in zip(refused.reason, refused.signal.tolist(), strict=True):
            self._counts.setdefault(reason, Tally())[signal] += 1
        readings = Readings(samples.signal, samples.at, samples.value, samples.quality)
        return Cleaned(readings, refused, tuple(breaks))

    def memory(self) -> str:
        """What a restart cannot tell from the newest readings and the breaks: doubts, seams, standing values.

        Small, and the same text as long as nothing odd happens. Kept in one transaction with the readings of a
        batch and handed to `restore`, it makes a restart exact.
        """
        told: dict[str, Mapping[str, Any]] = {
            "order": self._order.memory(self._gaps.newest),
            "spike": self._spike.memory(),
            "counter": self._counter.memory(),
            "stuck": self._stuck.memory(),
        }
        named = {
            rule: {self._plant.signals[int(key)].id: kept for key, kept in by_signal.items()}
            for rule, by_signal in told.items()
        }
        return json.dumps(named, separators=(",", ":"))

    def restore(
        self,
        tail: Readings,
        breaks: Offsets,
        held: Rejects | None = None,
        memory: str = "",
    ) -> None:
        """Go on after a restart as if there had been none.

        Args:
            tail: The last `tail_count` readings of each signal, in any order.
            breaks: Signal index -> (at [us], offset) of every counter break.
            held: Rejects newer than the tail, if at hand. memory: As kept with the newest batch. Without either a
                doubted row is doubted once more; with `memory` the restart is exact, late rows and all.
        """
        rows = np.lexsort((tail.at, tail.signal))
        if held is None:
            held = Rejects.empty()
        places = np.lexsort((held.at, held.signal))
        places = places[held.signal[places] >= 0]
        sorted_held = Rejects(
            held.signal[places],
            held.at[places],
            held.value[places],
            tuple(held.reason[p] for p in places),
            tuple(held.detail[p] for p in places),
        )
        for rule in self._rules:
            rule.restore(tail.take(rows), breaks, sorted_held)
        if memory:
            # By name: the plant file may have changed in between, and with it every index.
            told = {
                rule: {
                    str(self._plant.signal(name).index): kept
                    for name, kept in by_name.items()
                    if self._plant.has_signal(name)
                }
                for rule, by_name in json.loads(memory).items()
            }
            self._order.recall(told["order"], self._gaps.newest)
            self._spike.recall(told["spike"])
            self._counter.recall(told["counter"])
            self._stuck.recall(told["stuck"])

    def _canonical(self, samples: Samples, rejects: list[Rejects]) -> Samples:
        """Wire values and state codes to canonical ones."""
        unknown = (samples.signal < 0) | (samples.signal >= len(self._factor))
        if unknown.any():
            shown = [f"no signal {s} in this plant" for s in samples.signal[unknown].tolist()]
            found = refuse(samples, unknown, Reject.UNKNOWN_SIGNAL, shown)
            nameless = np.full(len(found), -1, np.int32)
            rejects.append(Rejects(nameless, found.at, found.value, found.reason, found.detail))
            samples = samples.take(~unknown)
        if self._same:
            value = samples.value
        else:
            value = samples.value * self._factor[samples.signal] + self._shift[samples.signal]
        if not self._codes:
            return Samples(samples.signal, samples.at, value, samples.quality)
        return self._states(Samples(samples.signal, samples.at, value, samples.quality), rejects)

    def _states(self, samples: Samples, rejects: list[Rejects]) -> Samples:
        rows = np.flatnonzero(self._coded[samples.signal])
        if not len(rows):
            return samples
        rows = rows[np.argsort(samples.signal[rows], kind="stable")]
        groups = Groups.of(samples.signal[rows])
        value = samples.value.copy()
        known = np.ones(len(samples), np.bool_)
        for signal, start, end in zip(
            groups.signal.tolist(), groups.start.tolist(), groups.end.tolist(), strict=True
        ):
            codes = self._codes[signal]
            part = rows[start:end]
            wire = value[part]
            place = np.minimum(np.searchsorted(codes.wire, wire), len(codes.wire) - 1)
            # No number at all is the order rule's to refuse.
            known[part] = (codes.wire[place] == wire) | ~np.isfinite(wire)
            value[part] = np.where(np.isfinite(wire), codes.canonical[place], wire)
        if not known.all():
            shown = [f"state code {v:g} is not in the plant file" for v in samples.value[~known]]
            rejects.append(refuse(samples, ~known, Reject.RANGE, shown))
        done = Samples(samples.signal, samples.at, value, samples.quality)
        return done if known.all() else done.take(known)


def _code_tables(plant: Plant) -> dict[int, _Codes]:
    """The code table of every signal of form `state` that maps its codes."""
    tables = {}
    for signal in plant.signals:
        if signal.form == "state" and signal.states:
            pairs = sorted(
                (float(wire), float(STATES.get(str(name), wire)))
                for wire, name in signal.states.items()
            )
            wire, canonical = np.array(pairs).T
            tables[signal.index] = _Codes(wire.copy(), canonical.copy())
    return tables
