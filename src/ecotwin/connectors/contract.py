"""What a connector must do: bring samples in, and, when allowed, carry a write out.

A connector plug is a class `plug(plant, connection, clock, *, settings)`; see the methods below.
Its threads feed a bounded queue; under overload it says so (`Health.shed`, one warning a second at
most) and sheds the OLDEST rate, gauge and state samples first, never counters' newest value; what
was shed is counted by signal. Settings are an `InletLimits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from ecotwin.records import Samples


@dataclass(frozen=True, slots=True)
class InletLimits:
    """How much a connector may hold, and which files the command line names.

    Attributes:
        queue_samples: Samples that may wait; more are shed by the rule above.
        batch_samples: Samples in one delivery at most.
        payload_limit_bytes: A longer message is refused unread.
        paths: Data files, folders or globs that take the place of the connection's own `path`.
        speed: Replay speed that takes the place of the connection's own (0: as fast as possible).
    """

    queue_samples: int = 2_000_000
    batch_samples: int = 100_000
    payload_limit_bytes: int = 1 << 20
    paths: tuple[str, ...] = ()
    speed: float | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a connection is.

    Attributes:
        state: `connecting`, `online`, `offline`, `finished`, `failed`.
        since: Since when. text: One sentence for a person, with what to do when it is not online.
        received: Samples taken in. shed: Samples dropped under overload.
        refused: Messages or rows that could not be read.
        queued: Samples waiting. stale: Names of devices whose data is stale.
        extra: Protocol-specific counts (births, rebirth requests, gaps ...).
    """

    state: str
    since: datetime
    text: str
    received: int = 0
    shed: int = 0
    refused: int = 0
    queued: int = 0
    stale: tuple[str, ...] = ()
    extra: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch with the position of its source after it.

    Attributes:
        samples: In wire units; `signal` = -1 for values that belong to no signal of the plant file
            (counted by the connector, never delivered one by one).
        cursor: Position to be kept with the batch (files, replay); empty where the wire has none.
        received_at: Wall time of the oldest message in the batch [s since 1970, time.time()].
    """

    samples: Samples
    cursor: str = ""
    received_at: float = 0.0


class Connector(Protocol):
    """One protocol's way to the plant."""

    name: str
    """Name of the connection in the plant file."""

    def start(self, cursor: str = "") -> None:
        """Begin to connect, from the position last kept; returns at once.

        A broker that is down is not an error: it is tried again.
        """
        ...

    def take(self, timeout_s: float) -> Delivery | None:
        """The next batch (about 100,000 samples at most); None when none came or all ended."""
        ...

    def write(self, signal: str, value: float, lease_s: float) -> None:
        """Send a set-point (canonical unit; the connector converts) with its lease.

        Sending is not confirming: read back.

        Raises:
            WriteRefused: Writing is off for this connection, the signal is not writable here, or
                the device is not alive.
            WireFault: It could not be sent.
        """
        ...

    def health(self) -> Health:
        """How it is."""
        ...

    def stop(self) -> None:
        """End threads and connections; nothing queued is lost silently (it is counted)."""
        ...
