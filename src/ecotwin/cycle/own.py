"""The twin's own energy: a reading each minute of a signal of the plant.

A reading comes only beside live data of the plant and bears its time, so that it never makes silent data look fresh.
Nothing is lost by that: it is a meter index, and the next reading holds what was used meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from ecotwin.cycle.computer import Busy, CpuTime, Rapl
from ecotwin.learning.joules import PowerModel
from ecotwin.plant import Signal
from ecotwin.records import Samples

J_PER_KWH = 3.6e6
SPAN_S = 60.0
"""The power that is shown is the mean over so long [wall s]."""
READ_EVERY_S = 2.0
"""Shortest time between two looks at the processes [wall s]."""
LIVE_US = 900_000_000
"""Data older than this is not live: no reading of the twin's own stands beside it [us]."""


class Counts(Protocol):
    """Something that counts seconds of computing."""

    def read_s(self) -> float:
        """So far [s]."""
        ...


class Own:
    """Counts what the twin itself uses.

    Args:
        signal: Its signal in the plant. model: Of the computer. since_kwh: Where the index stood.
        cpu, busy, rapl: What the computer says; wall: tells wall time [s].
    """

    def __init__(
        self,
        signal: Signal,
        model: PowerModel,
        *,
        since_kwh: float = 0.0,
        cpu: Counts | None = None,
        busy: Counts | None = None,
        rapl: Rapl | None = None,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self._signal = signal
        self.model = model
        self._since_kwh = since_kwh if np.isfinite(since_kwh) else 0.0
        self._cpu, self._busy = cpu or CpuTime(), busy or Busy()
        self._rapl = Rapl() if rapl is None else rapl
        self._wall = wall
        self._lock = threading.Lock()
        self._joules = 0.0
        self._told_at = 0
        self._last = (wall(), self._cpu.read_s(), self._busy.read_s(), self._rapl.read_j())
        self._course: deque[tuple[float, float]] = deque([(self._last[0], 0.0)])

    @property
    def counted_by(self) -> str:
        """How it is counted, for people."""
        if self._rapl.there:
            return (
                "the processor's energy counter by the twin's share of the computing, "
                f"and {self.model.idle_w:g} W at rest"
            )
        return f"{self.model.idle_w:g} W at rest and {self.model.core_w:g} W for each busy core"

    def joules(self) -> float:
        """What was used since this began to count [J]."""
        with self._lock:
            if self._wall() - self._last[0] >= READ_EVERY_S:
                self._look()
            return self._joules

    def kwh(self) -> float:
        """The index of the twin's own meter [kWh]."""
        return self._since_kwh + self.joules() / J_PER_KWH

    def watts(self) -> float:
        """Mean power over the last minute [W of wall time]; NaN before anything can be said."""
        self.joules()
        with self._lock:
            (first_s, first_j), (last_s, last_j) = self._course[0], self._course[-1]
        return (last_j - first_j) / (last_s - first_s) if last_s > first_s else float("nan")

    def beside(self, newest_us: int, now_us: int) -> Samples | None:
        """A reading to go with a batch of the plant's data; None when it is not time for one.

        Args:
            newest_us: Newest event time in the batch. now_us: Plant time.
        """
        if abs(now_us - newest_us) > LIVE_US:
            return None
        if newest_us < self._told_at + int(self._signal.every_s * 1e6):
            return None
        self._told_at = newest_us
        return Samples.of([self._signal.index], [newest_us], [self.kwh()])

    def _look(self) -> None:
        wall, cpu, busy, rapl = self._last
        self._last = (
            self._wall(),
            self._cpu.read_s(),
            self._busy.read_s(),
            self._rapl.read_j(),
        )
        spent = self._last[1] - cpu
        self._joules += self.model.idle_w * (self._last[0] - wall)
        if self._rapl.there:
            every = max(self._last[2] - busy, spent)
            self._joules += (self._last[3] - rapl) * (spent / every if every > 0.0 else 0.0)
        else:
            self._joules += self.model.active_j(spent)
        self._course.append((self._last[0], self._joules))
        while len(self._course) > 2 and self._course[-1][0] - self._course[1][0] >= SPAN_S:
            self._course.popleft()
