"""Counter: the index of a meter becomes a running total, through resets, exchanges and roll-overs.

A batch in which every index grows plausibly is done in columns; only counters with something odd (a fall, a jump,
a late row, a doubted one) are judged row by row in `meter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.meter import MEMORY, Facts, Meter, Refusal
from ecotwin.cleaning.rows import NEVER, Groups, before, by_signal, micros_by_signal
from ecotwin.plant.model import Plant
from ecotwin.records import Break, Readings, Reject, Rejects, Samples

NOTHING: Mapping[str, Any] = {"seams": (), "doubted": None, "former": None, "base": 0.0, "forgotten": None}  # fmt: skip
"""Memory of a meter that only ever grew."""


class Counter:
    """Adds the offsets of resets and roll-overs; refuses what no meter can have counted.

    A total never falls. Late rows get the offset that was in force at their time.
    """

    name = "counter"

    def __init__(self, plant: Plant) -> None:
        count = len(plant.signals)
        self._counter = np.array([s.form == "counter" for s in plant.signals], np.bool_)
        self._step = by_signal(plant, "max_step", np.inf)
        self._every = np.maximum(micros_by_signal(plant, "every_s"), 1)
        top = by_signal(plant, "rollover", np.inf)
        self._meters = {
            s.index: Meter(
                Facts(
                    s.index,
                    s.unit,
                    int(self._every[s.index]),
                    float(self._step[s.index]),
                    float(top[s.index]),
                )
            )
            for s in plant.signals
            if s.form == "counter"
        }
        self._at = np.full(count, NEVER, np.int64)
        self._total = np.full(count, np.nan)
        self._offset = np.zeros(count)
        self._wary = np.zeros(count, np.bool_)
        # Newest pairs of every counter, right-aligned; NEVER where there is none yet.
        self._ring_at = np.full((count, MEMORY), NEVER, np.int64)
        self._ring_total = np.full((count, MEMORY), np.nan)

    def clean(self, samples: Samples, context: Context) -> Passed:  # noqa: ARG002 - the contract's signature
        """Turn indices into totals."""
        rows = np.flatnonzero(self._counter[samples.signal])
        if not len(rows):
            return Passed(samples, Rejects.empty())
        signal, at, index = samples.signal[rows], samples.at[rows], samples.value[rows]
        groups = Groups.of(signal)
        total = index + self._offset[signal]
        past = before(at, groups, self._at)
        new = past == NEVER
        passed = at - np.where(new, at, past)
        grown = total - before(total, groups, self._total)
        most = self._step[signal] * np.maximum(1.0, passed / self._every[signal])
        # A signal never heard has grown by NaN, which is neither below 0 nor above the most.
        odd = (grown < 0.0) | (grown > most) | (passed < 0)
        walked = groups.any(odd) | self._wary[groups.signal]
        rejects: list[Rejects] = []
        breaks: list[Break] = []
        keep = np.ones(len(samples), np.bool_)
        for g in np.flatnonzero(walked):
            part = slice(int(groups.start[g]), int(groups.end[g]))
            self._walk(
                int(groups.signal[g]), rows[part], samples, total[part], keep, rejects, breaks
            )
        self._remember(groups, ~walked, at, total)
        value = samples.value.copy()
        value[rows] = total
        done = Samples(samples.signal, samples.at, value, samples.quality)
        if rejects:
            done = done.take(keep)
        return Passed(done, Rejects.join(rejects), tuple(breaks))

    def _remember(
        self, groups: Groups, plain: np.ndarray, at: np.ndarray, total: np.ndarray
    ) -> None:
        """Move the newest pairs of the counters done in columns into their rings."""
        signals, start, end = groups.signal[plain], groups.start[plain], groups.end[plain]
        if not len(signals):
            return
        self._at[signals], self._total[signals] = at[end - 1], total[end - 1]
        places = np.arange(MEMORY)
        row = end[:, None] - MEMORY + places
        fresh = row >= start[:, None]
        row = np.maximum(row, 0)
        old = np.minimum(places + (end - start)[:, None], MEMORY - 1)
        self._ring_at[signals] = np.where(fresh, at[row], self._ring_at[signals[:, None], old])
        self._ring_total[signals] = np.where(
            fresh, total[row], self._ring_total[signals[:, None], old]
        )

    def _walk(
        self,
        signal: int,
        rows: np.ndarray,
        samples: Samples,
        total: np.ndarray,
        keep: np.ndarray,
        rejects: list[Rejects],
        breaks: list[Break],
    ) -> None:
        meter = self._meters[signal]
        known = self._ring_at[signal] != NEVER
        meter.ring = list(
            zip(
                self._ring_at[signal][known].tolist(),
                self._ring_total[signal][known].tolist(),
                strict=True,
            )
        )
        refused: list[int] = []
        reasons: list[str] = []
        details: list[str] = []
        for place, (t, index) in enumerate(
            zip(samples.at[rows].tolist(), samples.value[rows].tolist(), strict=True)
        ):
            judged = meter.judge(t, index)
            if isinstance(judged, Refusal):
                refused.append(int(rows[place]))
                reasons.append(judged.reason.value)
                details.append(judged.detail)
            else:
                total[place] = judged
        if refused:
            keep[refused] = False
            out = samples.take(np.array(refused, np.int64))
            rejects.append(Rejects(out.signal, out.at, out.value, tuple(reasons), tuple(details)))
        breaks.extend(meter.breaks)
        meter.breaks.clear()
        self._take_over(signal, meter)

    def _take_over(self, signal: int, meter: Meter) -> None:
        """The columns follow what the meter's judge knows."""
        size = len(meter.ring)
        self._ring_at[signal], self._ring_total[signal] = NEVER, np.nan
        if size:
            self._ring_at[signal, -size:] = [t for t, _ in meter.ring]
            self._ring_total[signal, -size:] = [total for _, total in meter.ring]
            self._at[signal], self._total[signal] = meter.ring[-1]
        self._offset[signal] = meter.offset
        self._wary[signal] = meter.doubted is not None or meter.former is not None

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:
        """Know totals, offsets and a doubted row again."""
        kept: dict[int, list[tuple[int, float]]] = {index: [] for index in self._meters}
        of_counter = np.flatnonzero(self._counter[tail.signal])
        for s, t, total in zip(
            tail.signal[of_counter].tolist(),
            tail.at[of_counter].tolist(),
            tail.value[of_counter].tolist(),
            strict=True,
        ):
            kept[s].append((t, total))
        doubtful = (Reject.COUNTER_BACK.value, Reject.COUNTER_JUMP.value)
        for index, meter in self._meters.items():
            meter.restore(kept[index], tuple(breaks.get(index, ())))
            self._take_over(index, meter)
        for s, t, value, why, detail in zip(
            held.signal.tolist(),
            held.at.tolist(),
            held.value.tolist(),
            held.reason,
            held.detail,
            strict=True,
        ):
            if why in doubtful and t > self._at[s] and "if the next agrees" in detail:
                self._meters[s].doubted = (t, value)
                self._wary[s] = True

    def memory(self) -> dict[str, Any]:
        """Signal -> what its meter knows beyond kept totals and breaks."""
        told = {str(index): meter.memory() for index, meter in self._meters.items()}
        return {key: memory for key, memory in told.items() if memory is not None}

    def recall(self, memory: Mapping[str, Mapping[str, Any]]) -> None:
        """Know exactly what `memory` told."""
        for index, meter in self._meters.items():
            meter.recall(memory.get(str(index), NOTHING))
            self._take_over(index, meter)


plug = Counter
