"""An open page: reads the live events as a browser does, and notes when a finding was first shown."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import httpx


class OpenPage:
    """A reader of `/api/v1/live` in a thread of its own.

    Args:
        port: Of the twin's page.
    """

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0)
        self._changed = threading.Condition()
        self._ended = False
        self.events = 0
        self.shown: dict[str, float] = {}
        """Finding id -> wall time at which an event that shows it had arrived whole."""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_shown(self, start: str, timeout_s: float) -> tuple[str, float] | None:
        """Id and time of a finding whose id starts so; None when it was not shown in time."""
        end = time.monotonic() + timeout_s
        with self._changed:
            while True:
                for id_, at in self.shown.items():
                    if id_.startswith(start):
                        return id_, at
                left = end - time.monotonic()
                if left <= 0 or self._ended:
                    return None
                self._changed.wait(left)

    def wait_events(self, count: int, timeout_s: float = 30.0) -> bool:
        """Whether so many events came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.events >= count, timeout_s)

    def close_finding(self, id_: str) -> None:
        """Press the button that holds a finding for settled."""
        path = f"/api/v1/findings/{id_}/close"
        self._client.post(path, json={"note": "benchmark"}, headers={"X-Ecotwin": "page"})

    def forget(self, id_: str) -> None:
        """Note it again when it is shown again."""
        with self._changed:
            self.shown.pop(id_, None)

    def close(self) -> None:
        """Leave."""
        self._ended = True
        self._client.close()

    def _read(self) -> None:
        with (
            contextlib.suppress(httpx.HTTPError, RuntimeError, OSError),
            httpx.stream("GET", f"{self._client.base_url}/api/v1/live", timeout=30.0) as answer,
        ):
            for line in answer.iter_lines():
                if self._ended:
                    return
                if line.startswith("data:"):
                    self._note(line[5:])
        self._ended = True

    def _note(self, data: str) -> None:
        at = time.time()
        rows = json.loads(data)["findings"]
        with self._changed:
            self.events += 1
            for row in rows:
                self.shown.setdefault(row["id"], at)
            self._changed.notify_all()
