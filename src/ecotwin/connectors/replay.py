"""Recorded readings played again at any speed, by the clock that is handed in.

Options: those of `recording` (default shape: long), `speed` (0: as fast as possible; N: N times as
fast as the clock handed in), and `source`: the name of another connection of the plant, whose files
and options are then played instead. A long file may name any signal of the plant by its id. The
cursor is `path#row`, as for `files`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ecotwin.clock import Clock, micros
from ecotwin.connectors.contract import Delivery, Health, InletLimits
from ecotwin.connectors.files import findings_of
from ecotwin.connectors.recording import Chunk, Recording
from ecotwin.errors import FileFault, SettingsFault, WriteRefused
from ecotwin.plant.model import Connection, Plant

_GLANCE_S = 0.05


class Replay:
    """Plays the files of one connection."""

    def __init__(
        self, plant: Plant, connection: Connection, clock: Clock, *, settings: InletLimits
    ) -> None:
        self.name = connection.name
        self._clock = clock
        told = connection.options.get("speed", 0.0) if settings.speed is None else settings.speed
        self._speed = _speed(told)
        played = _source(plant, connection)
        self._recording = Recording(plant, played, settings, every_signal=True)
        self._stopping = threading.Event()
        self._chunk: Chunk | None = None
        self._done = 0
        self._start: tuple[int, int] | None = None
        self._received = 0
        self._say("connecting", "not started yet")

    def start(self, cursor: str = "") -> None:
        """Find the files and check their headers; the first sample is due at once.

        Raises:
            FileFault: There is no file, or one lacks a column.
        """
        try:
            self._recording.open(cursor)
        except FileFault as fault:
            self._say("failed", str(fault))
            raise
        pace = f"at {self._speed:g} times the clock" if self._speed else "as fast as possible"
        self._say("online", f"playing {pace}")

    def take(self, timeout_s: float) -> Delivery | None:
        """What is due by now; None when nothing came due in time or all is played.

        Raises:
            FileFault: A file cannot be read.
        """
        end = time.monotonic() + timeout_s
        while self._state == "online":
            try:
                delivery = self._due()
            except FileFault as fault:
                self._say("failed", str(fault))
                raise
            if delivery is not None:
                self._received += len(delivery.samples)
                return delivery
            left_s = end - time.monotonic()
            if left_s <= 0 or self._stopping.wait(min(left_s, _GLANCE_S)):
                return None
        return None

    def write(self, signal: str, value: float, lease_s: float) -> None:  # noqa: ARG002
        """Refuse: nothing can be written into the past.

        Raises:
            WriteRefused: Always.
        """
        raise WriteRefused(
            f"{signal} was not written: connection {self.name!r} plays a recording",
            expected="a connection to a living machine",
            remedy="write to a signal of such a connection",
        )

    def health(self) -> Health:
        """How far the replay is; `queued` counts the samples read ahead."""
        queued = 0 if self._chunk is None else len(self._chunk.samples) - self._done
        counts = self._recording.counts
        return Health(
            self._state,
            self._since,
            " ".join([self._text + ".", *findings_of(self._recording)]),
            received=self._received,
            refused=counts["refused"],
            queued=queued,
            extra={k: n for k, n in counts.items() if k != "refused" and n},
        )

    def stop(self) -> None:
        """End; what was read ahead but not taken is played after a restart from the last cursor."""
        self._stopping.set()
        self._chunk = None
        self._recording.close()
        if self._state != "failed":
            self._say("finished", "stopped" if self._state == "online" else self._text)

    def _due(self) -> Delivery | None:
        """Whole rows that are due, up to one piece; ends the replay after the last."""
        while self._chunk is None or self._done >= len(self._chunk.samples):
            passed = self._chunk
            self._chunk, self._done = self._recording.next(), 0
            if self._chunk is None:
                self._say("finished", "all is played")
                return None
            if passed is None and self._start is None and len(self._chunk.samples):
                self._start = (micros(self._clock.now()), int(self._chunk.samples.at[0]))
        chunk, first = self._chunk, self._done
        last = len(chunk.samples)
        if self._speed and self._start is not None:
            began_us, first_us = self._start
            now_us = first_us + (micros(self._clock.now()) - began_us) * self._speed
            late = np.flatnonzero(chunk.samples.at[first:] > now_us)
            if len(late):
                # Only whole rows, so that the cursor can stand between two of them.
                last = int(np.searchsorted(chunk.row, chunk.row[first + late[0]]))
        if last <= first:
            return None
        self._done = last
        row = chunk.end if last == len(chunk.samples) else int(chunk.row[last])
        rows = np.arange(first, last)
        return Delivery(chunk.samples.take(rows), f"{chunk.path}#{row}", time.time())

    def _say(self, state: str, text: str) -> None:
        self._state, self._text, self._since = state, text.rstrip("."), self._clock.now()


def _speed(told: Any) -> float:
    """The speed, checked."""
    try:
        speed = float(told)
    except (TypeError, ValueError):
        speed = -1.0
    if not 0 <= speed < float("inf"):
        raise SettingsFault(
            f"the replay speed is {told!r}",
            expected="0 (as fast as possible) or how many times as fast as the clock",
            remedy="give such a number",
        )
    return speed


def _source(plant: Plant, connection: Connection) -> Connection:
    """The connection whose files are played: the one named as `source`, or this one."""
    options: Mapping[str, Any] = {"shape": "long", **connection.options}
    name = options.get("source")
    if name is None:
        return replace(connection, options=options)
    source = next((c for c in plant.connections if c.name == name), None)
    if source is None or source.protocol not in ("files", "replay"):
        raise SettingsFault(
            f"connection {connection.name!r} plays {name!r}, which is no connection to files",
            expected="the name of a connection with the protocol files",
            remedy="mend `source` in the plant file",
        )
    own = {k: v for k, v in connection.options.items() if k not in ("source", "speed")}
    return replace(source, options={**source.options, **own})


plug = Replay
