"""Spike: one sample that leaves its neighbours by more than can be, and comes back.

Causal: a sample that steps too far from a fresh predecessor is refused and remembered; when the next one stays
at that new level the step was real and the next passes. A real step thus costs one sample, a spike none but
itself, and nothing waits. Late rows are not judged: their neighbours are in the history, not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.rows import NEVER, Groups, before, by_signal, micros_by_signal, refuse
from ecotwin.plant.model import Plant, Signal
from ecotwin.records import Bools, Readings, Reject, Rejects, Samples

_FORMS = ("gauge", "rate")


class Spike:
    """Refuses a sample beyond `max_step` of the last good one until the next confirms the new level.

    The step allowed grows with the time that passed, in multiples of `every_s`; after `hold_s` without a value
    there is no neighbour to judge by and any value passes.
    """

    name = "spike"

    def __init__(self, plant: Plant) -> None:
        count = len(plant.signals)
        self._signals = plant.signals
        step = by_signal(plant, "max_step", np.inf)
        judged = np.array([s.form in _FORMS for s in plant.signals], np.bool_)
        self._step = np.where(judged, step, np.inf)
        self._every = np.maximum(micros_by_signal(plant, "every_s"), 1)
        self._hold = micros_by_signal(plant, "hold_s")
        self._at = np.full(count, NEVER, np.int64)
        self._value = np.full(count, np.nan)
        self._doubted = np.full(count, np.nan)
        self._doubted_at = np.full(count, NEVER, np.int64)

    def clean(self, samples: Samples, context: Context) -> Passed:  # noqa: ARG002 - the contract's signature
        """Refuse spikes; only signals with something odd are walked row by row."""
        step = self._step[samples.signal]
        watched = np.isfinite(step)
        if not watched.any():
            return Passed(samples, Rejects.empty())
        groups = Groups.of(samples.signal)
        past_at = before(samples.at, groups, self._at)
        past_value = before(samples.value, groups, self._value)
        far = np.abs(samples.value - past_value) > step
        odd = (far | (samples.at < past_at)) & watched
        walked = groups.any(odd) | np.isfinite(self._doubted[groups.signal])
        keep = np.ones(len(samples), np.bool_)
        details: list[str] = []
        for g in np.flatnonzero(walked & np.isfinite(self._step[groups.signal])):
            self._walk(samples, int(groups.start[g]), int(groups.end[g]), keep, details)
        plain = ~walked
        signals, last = groups.signal[plain], groups.end[plain] - 1
        self._at[signals] = samples.at[last]
        self._value[signals] = samples.value[last]
        if not details:
            return Passed(samples, Rejects.empty())
        return Passed(samples.take(keep), refuse(samples, ~keep, Reject.SPIKE, details))

    def _walk(
        self, samples: Samples, start: int, end: int, keep: Bools, details: list[str]
    ) -> None:
        index = int(samples.signal[start])
        signal: Signal = self._signals[index]
        max_step, every = float(self._step[index]), int(self._every[index])
        hold = int(self._hold[index])
        at, value = int(self._at[index]), float(self._value[index])
        doubted, doubted_at = float(self._doubted[index]), int(self._doubted_at[index])
        times, values = samples.at[start:end].tolist(), samples.value[start:end].tolist()
        for row, (t, v) in enumerate(zip(times, values, strict=True), start):
            if t < at:
                continue
            passed = t - at
            allowed = max_step * max(1.0, passed / every)
            far = at != NEVER and (hold == 0 or passed <= hold) and abs(v - value) > allowed
            confirmed = abs(v - doubted) <= max_step * max(1.0, (t - doubted_at) / every)
            if far and not confirmed:
                keep[row] = False
                details.append(
                    f"{v:.6g} {signal.unit} after {value:.6g}: more than {allowed:.6g} "
                    f"in {passed / 1e6:.6g} s"
                )
                doubted, doubted_at = v, t
            else:
                at, value, doubted, doubted_at = t, v, np.nan, NEVER
        self._at[index], self._value[index] = at, value
        self._doubted[index], self._doubted_at[index] = doubted, doubted_at

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:  # noqa: ARG002 - the contract's signature
        """Know the last good value and a doubted one again."""
        groups = Groups.of(tail.signal)
        last = groups.end - 1
        self._at[groups.signal] = tail.at[last]
        self._value[groups.signal] = tail.value[last]
        for s, t, v, why in zip(held.signal, held.at, held.value, held.reason, strict=True):
            if why == Reject.SPIKE and t > self._at[s]:
                self._doubted[s], self._doubted_at[s] = v, t

    def memory(self) -> dict[str, list[float]]:
        """Signals with a doubted sample: signal -> (at, value)."""
        rows = np.flatnonzero(np.isfinite(self._doubted)).tolist()
        return {str(i): [int(self._doubted_at[i]), float(self._doubted[i])] for i in rows}

    def recall(self, memory: Mapping[str, Sequence[float]]) -> None:
        """Know exactly what `memory` told."""
        self._doubted[:], self._doubted_at[:] = np.nan, NEVER
        for key, (at, value) in memory.items():
            self._doubted_at[int(key)], self._doubted[int(key)] = int(at), value


plug = Spike
