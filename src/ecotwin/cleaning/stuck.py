"""Stuck: a signal that must vary and repeats itself to the last bit.

The readings stay, marked `SUSPECT`, from the moment the value has stood for `stuck_after_s` until it moves.
A rate of exactly 0 is rest, not a fault; states and set-points stand by nature. Late rows are not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.rows import NEVER, Groups, before, micros_by_signal
from ecotwin.plant.model import Plant
from ecotwin.records import Quality, Readings, Rejects, Samples

_STANDING = ("state", "setpoint")


class Stuck:
    """Marks readings of a signal that has not changed for too long.

    Attributes:
        marked: [signals] readings marked so far.
    """

    name = "stuck"

    def __init__(self, plant: Plant) -> None:
        count = len(plant.signals)
        limit = micros_by_signal(plant, "stuck_after_s")
        standing = np.array([s.form in _STANDING for s in plant.signals], np.bool_)
        self._limit = np.where(standing, 0, limit)
        self._rest = np.array([s.form == "rate" for s in plant.signals], np.bool_)
        self._at = np.full(count, NEVER, np.int64)
        self._value = np.full(count, np.nan)
        self._since = np.full(count, NEVER, np.int64)
        self._passed_over = np.full(count, NEVER, np.int64)  # newest late row not judged
        self._every = micros_by_signal(plant, "every_s")
        self.marked = np.zeros(count, np.int64)

    def clean(self, samples: Samples, context: Context) -> Passed:  # noqa: ARG002 - the contract's signature
        """Mark what stands still."""
        chosen = self._limit[samples.signal] > 0
        late = chosen & (samples.at <= self._at[samples.signal])
        if late.any():
            np.maximum.at(self._passed_over, samples.signal[late], samples.at[late])
        chosen &= ~late
        if not chosen.any():
            return Passed(samples, Rejects.empty())
        rows = np.flatnonzero(chosen)
        signal, at, value = samples.signal[rows], samples.at[rows], samples.value[rows]
        groups = Groups.of(signal)
        since = self._runs(at, value, groups)
        stuck = at - since >= self._limit[signal]
        stuck &= ~(self._rest[signal] & (value == 0.0))
        last = groups.end - 1
        self._at[groups.signal] = at[last]
        self._value[groups.signal] = value[last]
        self._since[groups.signal] = since[last]
        if not stuck.any():
            return Passed(samples, Rejects.empty())
        quality = samples.quality.copy()
        quality[rows[stuck]] = np.maximum(quality[rows[stuck]], Quality.SUSPECT)
        np.add.at(self.marked, signal[stuck], 1)
        return Passed(Samples(samples.signal, samples.at, samples.value, quality), Rejects.empty())

    def _runs(self, at: np.ndarray, value: np.ndarray, groups: Groups) -> np.ndarray:
        """[rows] when the run of equal values that each row belongs to began [us]."""
        moved = value != before(value, groups, self._value)
        begins = moved.copy()
        begins[groups.start] = True
        began = at.copy()
        carried = groups.start[~moved[groups.start]]
        first = ~moved[groups.start]
        began[carried] = self._since[groups.signal[first]]
        where = np.maximum.accumulate(np.where(begins, np.arange(len(at)), 0))
        return began[where]

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:  # noqa: ARG002 - the contract's signature
        """Follow the run of equal values at the end of the tail back to its beginning.

        A tail that is `SUSPECT` throughout began longer ago than it reaches.
        """
        groups = Groups.of(tail.signal)
        since = self._runs(tail.at, tail.value, groups)
        last = groups.end - 1
        self._at[groups.signal] = tail.at[last]
        self._value[groups.signal] = tail.value[last]
        began = since[last]
        already = (tail.quality[last] == Quality.SUSPECT) & (self._limit[groups.signal] > 0)
        began = np.where(
            already, np.minimum(began, tail.at[last] - self._limit[groups.signal]), began
        )
        self._since[groups.signal] = began

    def memory(self) -> dict[str, list[int]]:
        """Since when a value stands, where the newest readings may not tell: signal -> (since, newest late row).

        They do not tell it of a long run, nor of one with a late row in its midst.
        """
        heard = self._at != NEVER
        run = np.where(heard, self._at, 0) - np.where(heard, self._since, 0)
        told = heard & (self._limit > 0)
        told &= (run >= 3 * self._every) | (self._passed_over >= self._since)
        rows = np.flatnonzero(told).tolist()
        return {str(i): [int(self._since[i]), int(self._passed_over[i])] for i in rows}

    def recall(self, memory: Mapping[str, Sequence[int]]) -> None:
        """Know exactly what `memory` told."""
        for key, (since, passed_over) in memory.items():
            self._since[int(key)], self._passed_over[int(key)] = since, passed_over


plug = Stuck
