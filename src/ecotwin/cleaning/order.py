"""Order: numbers that are numbers, at times that can be, each once, sorted by signal and time.

Late rows (older than the newest of their signal) pass when the history does not hold them yet. Of two
values for one signal and time the first that came wins; the other is refused with both named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ecotwin.cleaning.contract import Context, Offsets, Passed
from ecotwin.cleaning.rows import NEVER, Groups, before, refuse
from ecotwin.clock import DAY, SECOND, iso, micros
from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Codes, Floats, Ints, Readings, Reject, Rejects, Samples

_SHORT = 32_000
_LATER = frozenset({Reject.RANGE, Reject.SPIKE, Reject.COUNTER_BACK, Reject.COUNTER_JUMP})


class Order:
    """Sorts a batch and refuses what has no place in time.

    Args:
        plant: The plant.
        future_s: How far ahead of the clock a source's clock may run [s].
        past_days: Oldest event time taken [d]; None takes any (import of old files).
    """

    name = "order"

    def __init__(
        self, plant: Plant, *, future_s: float = 900.0, past_days: float | None = 400.0
    ) -> None:
        count = len(plant.signals)
        self.future_s = future_s
        self.past_days = past_days
        self._short = count < _SHORT
        self._at = np.full(count, NEVER, np.int64)
        self._value = np.full(count, np.nan)

    def clean(self, samples: Samples, context: Context) -> Passed:
        """Sort, and refuse what is no number, out of time or double."""
        rejects: list[Rejects] = []
        samples = self._plausible(samples, context, rejects)
        samples = samples.take(self._sorted(samples))
        groups = Groups.of(samples.signal)
        double = self._doubles(samples, groups, context, rejects)
        if double.any():
            samples = samples.take(~double)
        self._learn(samples.signal, samples.at, samples.value)
        return Passed(samples, Rejects.join(rejects))

    def _plausible(self, samples: Samples, context: Context, rejects: list[Rejects]) -> Samples:
        now = micros(context.now)
        number = np.isfinite(samples.value)
        if not number.all():
            shown = [f"the value is {v}" for v in samples.value[~number]]
            rejects.append(refuse(samples, ~number, Reject.NOT_A_NUMBER, shown))
            samples = samples.take(number)
        future = samples.at > now + round(self.future_s * SECOND)
        if future.any():
            shown = [
                f"{(at - now) / SECOND:,.0f} s ahead of the clock; at most {self.future_s:,.0f} s pass"
                for at in samples.at[future].tolist()
            ]
            rejects.append(refuse(samples, future, Reject.FUTURE, shown))
            samples = samples.take(~future)
        if self.past_days is not None:
            past = samples.at < now - round(self.past_days * DAY)
            if past.any():
                shown = [
                    f"{(now - at) / DAY:,.0f} days old; only an import takes more than "
                    f"{self.past_days:,.0f}"
                    for at in samples.at[past].tolist()
                ]
                rejects.append(refuse(samples, past, Reject.PAST, shown))
                samples = samples.take(~past)
        return samples

    def _sorted(self, samples: Samples) -> Ints:
        # A stable sort by signal alone is a radix sort on 16 bits; most batches are in time order already.
        key = samples.signal.astype(np.int16) if self._short else samples.signal
        rows = np.argsort(key, kind="stable")
        signal, at = samples.signal[rows], samples.at[rows]
        if ((at[1:] < at[:-1]) & (signal[1:] == signal[:-1])).any():
            return np.lexsort((samples.at, samples.signal))
        return rows

    def _doubles(
        self, samples: Samples, groups: Groups, context: Context, rejects: list[Rejects]
    ) -> Bools:
        """Mark doubles: of the row before, of the newest let through, or of a reading already kept."""
        signal, at, value = samples.signal, samples.at, samples.value
        known = self._at[signal]
        again: Bools = (at == before(at, groups, self._at)) | (at == known)
        late = at < known
        if again.any():
            first = np.maximum.accumulate(np.where(again, 0, np.arange(len(at))))
            rows = np.flatnonzero(again)
            # A run that begins the group repeats the newest of an earlier batch.
            kept = np.where(at[rows] == known[rows], self._value[signal[rows]], value[first[rows]])
            shown = [
                f"{iso(t)} came before with the same value {k:g}"
                if k == v
                else f"{iso(t)} came before with {k:.9g}, which stays; now {v:.9g}"
                for t, k, v in zip(
                    at[rows].tolist(), kept.tolist(), value[rows].tolist(), strict=True
                )
            ]
            rejects.append(refuse(samples, again, Reject.DOUBLE, shown))
        ask = np.flatnonzero(late & ~again)
        if len(ask):
            kept_rows = ask[np.asarray(context.seen(signal[ask], at[ask]), np.bool_)]
            if len(kept_rows):
                shown = [f"{iso(t)} is kept already" for t in at[kept_rows].tolist()]
                rejects.append(refuse(samples, kept_rows, Reject.DOUBLE, shown))
                again[kept_rows] = True
        return again

    def restore(self, tail: Readings, breaks: Offsets, held: Rejects) -> None:
        """Know the newest event time and value of every signal again."""
        self._learn(tail.signal, tail.at, tail.value)
        for index, offsets in breaks.items():
            if offsets:
                self._value[index] -= offsets[-1][1]
        # Rows that a later rule refused had their place in time; a stamp in the future never had.
        placed = np.array([why in _LATER for why in held.reason], np.bool_)
        self._learn(held.signal[placed], held.at[placed], held.value[placed])

    def _learn(self, signal: Codes, at: Ints, value: Floats) -> None:
        groups = Groups.of(signal)
        last = groups.end - 1
        newer = at[last] > self._at[groups.signal]
        rows, signals = last[newer], groups.signal[newer]
        self._at[signals] = at[rows]
        self._value[signals] = value[rows]

    def memory(self, newest: Ints) -> dict[str, list[float]]:
        """What the newest kept readings do not tell: where a later rule refused the newest row.

        Args:
            newest: [signals] event time of the newest kept reading [us].
        """
        rows = np.flatnonzero(self._at != newest)
        return {str(i): [int(self._at[i]), float(self._value[i])] for i in rows.tolist()}

    def recall(self, memory: Mapping[str, Sequence[float]], newest: Ints) -> None:
        """Know exactly what `memory` told."""
        self._at = newest.copy()
        for key, (at, value) in memory.items():
            self._at[int(key)], self._value[int(key)] = int(at), value


plug = Order
