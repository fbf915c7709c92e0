"""Take: from the wire through cleaning into the history, and the image of the plant as it is now."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from ecotwin import plugs
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import Clock, ManualClock, instant, micros
from ecotwin.connectors.contract import Connector, Delivery, InletLimits
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.records import Cleaned, Image, Readings, Samples
from ecotwin.settings import Settings

FLUSH_SAMPLES = 200_000
"""A batch of this size is made durable at once."""
GATHER_S = 0.005
"""While a batch fills, connectors are asked this often: not at every message [wall s]."""
HURRY_S = 0.02
"""Shortest time between two batches that something urgent ends early [wall s]."""

MEMORY = "~cleaning"
"""Under this name cleaning's memory is kept beside the connectors' cursors, in the same commit as the samples."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one step brought in, durable by now.

    Attributes:
        readings: Kept readings. rejected: Number put into quarantine.
        received_at: Wall time of the oldest message in it [s since 1970].
    """

    readings: Readings
    rejected: int
    received_at: float


class Intake:
    """Joins connectors, cleaning and history.

    Args:
        store: The history.
        connectors: The ways in.
        clock: Tells plant time; a manual one (replay) is moved to the newest sample taken.
        flush_s: Longest wait before samples are made durable [wall s].
        chain: Cleaning, restored here from what was kept.
    """

    def __init__(
        self,
        store: Store,
        connectors: Sequence[Connector],
        clock: Clock,
        *,
        flush_s: float,
        chain: Chain,
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._clock = clock
        self._flush_s = flush_s
        self._chain = chain
        breaks = {signal: tuple(known) for signal, known in store.breaks().items()}
        self._memory = store.cursors().get(MEMORY, "")
        self._chain.restore(store.tail(chain.tail_count), breaks, memory=self._memory)
        image = store.image(clock.now())
        self._at, self._value = image.at.copy(), image.value.copy()
        self._quality = image.quality.copy()
        self.newest = int(self._at.max()) if len(self._at) else 0
        """Event time of the newest reading [us UTC]."""
        self.kept = 0
        """Readings kept since start."""
        self.rejected: Counter[str] = Counter()
        """Reason -> samples put into quarantine since start."""
        self.beside: Callable[[int, int], Samples | None] = lambda _newest, _now: None
        """Gives samples of the twin's own to go with a batch: (its newest event time, plant time) [us UTC]."""
        self.urgent: Callable[[Samples], bool] = lambda _: False
        """Tells of samples just taken, in wire units, that their batch must not wait until it is full."""
        self._pending: list[tuple[str, Delivery]] = []
        self._pending_since = self._kept_at = 0.0
        self._hurry = False
        self._unkept: tuple[Cleaned, dict[str, str], float] | None = None
        """Cleaned, but not yet durable: after a full disk it is kept first, never cleaned twice."""

    @property
    def chain(self) -> Chain:
        """The cleaning chain, for its gaps and counts."""
        return self._chain

    def image(self, now: datetime) -> Image:
        """The plant as it is now, frozen."""
        return Image(micros(now), self._at.copy(), self._value.copy(), self._quality.copy())

    def newest_of(self, signal: int) -> tuple[int, float]:
        """Event time [us UTC] and value of a signal's newest reading; (0, NaN) when there is none."""
        return int(self._at[signal]), float(self._value[signal])

    def step(self, wait_s: float) -> Taken | None:
        """Wait a little for data; clean and keep what came. None when nothing became durable in this step.

        Raises:
            StoreFull: Nothing of this step was kept and nothing of it is acknowledged; it is tried again next step.
        """
        if self._unkept is not None:
            return self._keep()
        until = time.monotonic() + wait_s
        while True:
            left = until - time.monotonic()
            if self._pending and left > 0:
                time.sleep(min(left, GATHER_S))
            self._collect(0.0 if self._pending else max(0.0, left))
            if self._is_due():
                return self._keep()
            if time.monotonic() >= until:
                return None

    def _collect(self, wait_s: float) -> None:
        """Take what the connectors have, and wait when they have nothing."""
        for connector in self._connectors:
            delivery = connector.take(wait_s / len(self._connectors))
            if delivery is not None:
                if not self._pending:
                    self._pending_since = time.monotonic()
                self._pending.append((connector.name, delivery))
                self._hurry = self._hurry or self.urgent(delivery.samples)

    def _is_due(self) -> bool:
        """Whether what waits is to be made durable now."""
        if not self._pending:
            return False
        now = time.monotonic()
        return (
            now - self._pending_since >= self._flush_s
            or (self._hurry and now - self._kept_at >= HURRY_S)
            or sum(len(d.samples) for _, d in self._pending) >= FLUSH_SAMPLES
        )

    def finish(self) -> Taken | None:
        """Keep what is still waiting."""
        return self._keep() if self._pending or self._unkept else None

    def _keep(self) -> Taken:
        if self._unkept is None:
            waiting = Samples.join([d.samples for _, d in self._pending])
            received = min((d.received_at for _, d in self._pending), default=0.0)
            if isinstance(self._clock, ManualClock) and len(waiting):
                self._clock.move_to(instant(int(waiting.at.max())))
            if len(waiting):
                own = self.beside(int(waiting.at.max()), micros(self._clock.now()))
                waiting = waiting if own is None else Samples.join([waiting, own])
            cleaned = self._chain.clean(waiting, self._clock.now(), self._store.seen)
            cursors = {name: d.cursor for name, d in self._pending if d.cursor}
            memory = self._chain.memory()
            if memory != self._memory:
                cursors[MEMORY] = self._memory = memory
            self._unkept = (cleaned, cursors, received)
            self._pending.clear()
            self._hurry = False
        cleaned, cursors, received = self._unkept
        self._store.append(cleaned, known_at=self._clock.now(), cursors=cursors)
        self._unkept = None
        self._kept_at = time.monotonic()
        self.remember(cleaned.readings)
        self.kept += len(cleaned.readings)
        self.rejected.update(cleaned.rejects.reason)
        return Taken(cleaned.readings, len(cleaned.rejects), received)

    def remember(self, readings: Readings) -> None:
        """Bring the image up to date: the newest reading of a signal wins."""
        if not len(readings):
            return
        # Cleaning hands readings out by signal, then time: the last of each signal is its newest.
        last = np.append(
            np.flatnonzero(readings.signal[1:] != readings.signal[:-1]), len(readings) - 1
        )
        last = last[readings.at[last] >= self._at[readings.signal[last]]]
        if not len(last):
            return
        signal = readings.signal[last]
        self._at[signal] = readings.at[last]
        self._value[signal] = readings.value[last]
        self._quality[signal] = readings.quality[last]
        self.newest = max(self.newest, int(readings.at[last].max()))


def cursors_for(store: Store, connectors: Sequence[Connector]) -> Mapping[str, str]:
    """Where each connector goes on after a restart."""
    kept = store.cursors()
    return {c.name: kept.get(c.name, "") for c in connectors}


def connect(
    plant: Plant, clock: Clock, settings: Settings, data: tuple[Path, ...]
) -> list[Connector]:
    """A connector for each connection of the plant file."""
    limits = InletLimits(
        queue_samples=settings.queue_samples,
        payload_limit_bytes=settings.payload_limit_bytes,
        paths=tuple(map(str, data)),
    )
    return [
        plugs.load("connectors", c.protocol)(plant, c, clock, settings=limits)
        for c in plant.connections
    ]
