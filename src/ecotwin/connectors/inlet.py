"""The bounded queue between a connector's threads and whoever takes: it sheds by a stated rule.

When more samples wait than allowed, the oldest rate, gauge, state and set-point samples go first,
then counter samples that a newer one of the same counter follows, then the oldest interval amounts.
The newest value of a counter is never shed: from it the use since the last one kept can be told.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping

import numpy as np
import structlog
from numpy.typing import NDArray

from ecotwin.connectors.contract import Delivery, InletLimits
from ecotwin.plant.model import Plant
from ecotwin.records import Bools, Codes, Samples

_log = structlog.get_logger(__name__)
_CLASS = {"counter": 1, "interval": 2}


class Inlet:
    """A queue of batches, counted in samples.

    Args:
        plant: Gives the form of each signal.
        name: Name of the connection, for the warning.
        limits: How much may wait and leave at once.
    """

    def __init__(self, plant: Plant, name: str, limits: InletLimits) -> None:
        self._name = name
        self._limits = limits
        self._ids = [s.id for s in plant.signals]
        self._class = np.array([_CLASS.get(s.form, 0) for s in plant.signals], np.int8)
        self._waiting: deque[tuple[Samples, float]] = deque()
        self._ready = threading.Condition()
        self._shed_by = np.zeros(len(plant.signals), np.int64)
        self._warned_at = -np.inf
        self._closed = False
        self.queued = 0
        self.received = 0
        self.shed = 0

    def push(self, samples: Samples, received_at: float) -> None:
        """Put a batch in; never blocks. `received_at`: wall time [s since 1970]."""
        if not len(samples):
            return
        with self._ready:
            self._waiting.append((samples, received_at))
            self.queued += len(samples)
            self.received += len(samples)
            if self.queued > self._limits.queue_samples:
                self._relieve()
            self._ready.notify()

    def take(self, timeout_s: float) -> Delivery | None:
        """The oldest samples, up to one delivery's worth; None when none came in time."""
        with self._ready:
            if not self._waiting and timeout_s > 0 and not self._closed:
                self._ready.wait_for(lambda: bool(self._waiting) or self._closed, timeout_s)
            room = self._limits.batch_samples
            taken: list[Samples] = []
            since = self._waiting[0][1] if self._waiting else 0.0
            while self._waiting and room > 0:
                batch, received_at = self._waiting.popleft()
                if len(batch) > room:
                    rows = np.arange(len(batch))
                    self._waiting.appendleft((batch.take(rows[room:]), received_at))
                    batch = batch.take(rows[:room])
                taken.append(batch)
                room -= len(batch)
                self.queued -= len(batch)
            if not taken:
                return None
            return Delivery(Samples.join(taken), received_at=since)

    def close(self) -> None:
        """Wake whoever waits; what is queued can still be taken."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def shed_by_signal(self) -> Mapping[str, int]:
        """Signal id -> samples shed so far."""
        return {self._ids[i]: int(self._shed_by[i]) for i in np.flatnonzero(self._shed_by)}

    def _relieve(self) -> None:
        """Shed down to 19/20 of what may wait, so that not every batch pays for it."""
        target = self._limits.queue_samples - self._limits.queue_samples // 20
        every = Samples.join([batch for batch, _ in self._waiting])
        since = self._waiting[0][1]
        goes = _surplus(every.signal, self._class[every.signal], len(every) - target)
        kept = every.take(~goes)
        self._waiting.clear()
        self._waiting.append((kept, since))
        self.queued = len(kept)
        gone = every.signal[goes]
        self.shed += len(gone)
        self._shed_by += np.bincount(gone, minlength=len(self._shed_by))
        if time.monotonic() - self._warned_at >= 1.0:
            self._warned_at = time.monotonic()
            _log.warning(
                "overload: samples shed, oldest rates and states first",
                connection=self._name,
                shed_total=self.shed,
                waiting=self.queued,
                remedy="fewer or slower signals, or a faster machine",
            )


def _surplus(signal: Codes, rank: NDArray[np.int8], surplus: int) -> Bools:
    """Mark which rows of a queue (oldest first) go: `surplus` of them if the rule allows."""
    goes = np.zeros(len(signal), np.bool_)
    newest = np.zeros(len(signal), np.bool_)
    reversed_first = np.unique(signal[::-1], return_index=True)[1]
    newest[len(signal) - 1 - reversed_first] = True
    for candidates in (rank == 0, (rank == 1) & ~newest, rank == 2):
        rows = np.flatnonzero(candidates)[: max(0, surplus)]
        goes[rows] = True
        surplus -= len(rows)
    return goes
