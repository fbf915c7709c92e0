"""Data files as a connection: CSV, CSV.gz and Parquet, wide or long, read in order and at once.

`recording` says which options there are. The cursor is `path#row`: the file, and how many of its
rows are done, so that a restart goes on there. Nothing is ever shed: a file waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ecotwin.clock import Clock
from ecotwin.connectors.contract import Delivery, Health, InletLimits
from ecotwin.connectors.recording import Recording
from ecotwin.errors import FileFault, WriteRefused
from ecotwin.plant.model import Connection, Plant

_LISTED = 5
_T = TypeVar("_T")


class Files:
    """The files of one connection."""

    def __init__(
        self, plant: Plant, connection: Connection, clock: Clock, *, settings: InletLimits
    ) -> None:
        self.name = connection.name
        self._clock = clock
        self._recording = Recording(plant, connection, settings)
        self._received = 0
        self._say("connecting", "not started yet")

    def start(self, cursor: str = "") -> None:
        """Find the files and check their headers.

        Raises:
            FileFault: There is no file, or one lacks a column.
        """
        self._say("connecting", "looking for the files")
        self._guard(lambda: self._recording.open(cursor))
        self._say("online", "reading")

    def take(self, timeout_s: float) -> Delivery | None:  # noqa: ARG002
        """The next piece; None when all files are read.

        Raises:
            FileFault: A file cannot be read.
        """
        if self._state != "online":
            return None
        chunk = self._guard(self._recording.next)
        if chunk is None:
            self._say("finished", "all files are read")
            return None
        self._received += len(chunk.samples)
        return Delivery(chunk.samples, f"{chunk.path}#{chunk.end}", time.time())

    def write(self, signal: str, value: float, lease_s: float) -> None:  # noqa: ARG002
        """Refuse: nothing can be written into the past.

        Raises:
            WriteRefused: Always.
        """
        raise WriteRefused(
            f"{signal} was not written: connection {self.name!r} reads files",
            expected="a connection to a living machine",
            remedy="write to a signal of such a connection",
        )

    def health(self) -> Health:
        """How far the reading is; rows that could not be placed are named."""
        return Health(
            self._state,
            self._since,
            " ".join([self._text + ".", *findings_of(self._recording)]),
            received=self._received,
            refused=self._recording.counts["refused"],
            extra={k: n for k, n in self._recording.counts.items() if k != "refused" and n},
        )

    def stop(self) -> None:
        """Let go of the open file."""
        self._recording.close()
        if self._state != "failed":
            self._say("finished", "stopped" if self._state == "online" else self._text)

    def _say(self, state: str, text: str) -> None:
        self._state, self._text, self._since = state, text.rstrip("."), self._clock.now()

    def _guard(self, work: Callable[[], _T]) -> _T:
        """Do something with the files; a fault of theirs ends the connection."""
        try:
            return work()
        except FileFault as fault:
            self._say("failed", str(fault))
            raise


def findings_of(recording: Recording) -> list[str]:
    """Sentences on what in the files found no place."""
    found = []
    if recording.notes:
        more = recording.counts["refused"] - _LISTED
        tail = f" and {more} more" if more > 0 else ""
        found.append(f"Rows not read: {'; '.join(recording.notes[:_LISTED])}{tail}.")
    if recording.unknown:
        names = sorted(recording.unknown)
        more = len(names) - _LISTED
        tail = f" and {more} more" if more > 0 else ""
        found.append(f"Not in the plant file: {', '.join(names[:_LISTED])}{tail}.")
    return found


plug = Files
