"""Live events: one overview a second at most, at once when a finding or an order changes; made once for all viewers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from ecotwin.service import overview

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

PERIOD_S = 1.0
"""Time between two overviews when nothing urgent happens [wall s]."""
LOOK_S = 0.005
"""How often an open page's stream looks for something urgent [wall s]."""


class Live:
    """Makes each area's overview once per period for any number of viewers.

    Args:
        twin: The running twin.
    """

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._lock = threading.Lock()
        self._made: dict[str, tuple[float, int, str]] = {}

    def text(self, area: str) -> str:
        """The overview's JSON, at most a period old and never older than the last urgent change."""
        with self._lock:
            at, urgent, made = self._made.get(area, (0.0, -1, ""))
            if time.monotonic() - at >= PERIOD_S or urgent != self._twin.urgent:
                urgent = self._twin.urgent
                made = overview.overview(self._twin, area).model_dump_json()
                self._made[area] = (time.monotonic(), urgent, made)
            return made

    async def events(self, area: str) -> AsyncIterator[str]:
        """Server-sent events for one viewer until it goes away or the twin stops."""
        urgent, sent_at = -1, 0.0
        while not self._twin.stopping:
            due = time.monotonic() - sent_at >= PERIOD_S
            if due or urgent != self._twin.urgent:
                urgent, sent_at = self._twin.urgent, time.monotonic()
                text = await asyncio.to_thread(self.text, area)
                yield f"event: overview\nid: {urgent}\ndata: {text}\n\n"
            await asyncio.sleep(LOOK_S)
