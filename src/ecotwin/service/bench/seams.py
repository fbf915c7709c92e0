"""CPU time by room: the doors of the rooms are timed, each without what it calls in other rooms.

A thread's own CPU clock is read at every door, so that waiting and the work of other threads do not count.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

REST = {"paho": "mqtt client (paho)", "sparkplug": "mqtt client (paho)", "cycle": "cycle"}
"""Beginning of a thread's name -> whose time it is that passes outside all doors; of all others the page's."""


class Seams:
    """Exclusive CPU seconds by room, of all threads."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._books: list[tuple[str, Counter[str]]] = []

    def door(self, owner: Any, name: str, room: str) -> None:
        """Time a function or method; `owner` is a class or a module."""
        inner: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*args: Any, **named: Any) -> Any:
            stack, book = self._mine()
            start = time.thread_time()
            stack.append(0.0)
            try:
                return inner(*args, **named)
            finally:
                whole = time.thread_time() - start
                book[room] += whole - stack.pop()  # type: ignore[assignment]
                if stack:
                    stack[-1] += whole

        setattr(owner, name, timed)

    def shares(self) -> dict[str, float]:
        """Room -> CPU seconds since the process began."""
        found: Counter[str] = Counter()
        told: dict[str, float] = {}
        with self._lock:
            for thread, book in self._books:
                found.update(book)
                told[thread] = told.get(thread, 0.0) + sum(book.values())
        threads = 0.0
        for name, seconds in _thread_seconds().items():
            threads += seconds
            whose = next((w for n, w in REST.items() if name.startswith(n)), "page and start")
            found[whose] += max(0.0, seconds - told.get(name, 0.0))  # type: ignore[assignment]
        found["history (threads of DuckDB)"] += max(0.0, time.process_time() - threads)  # type: ignore[assignment]
        return dict(found)

    def _mine(self) -> tuple[list[float], Counter[str]]:
        if not hasattr(self._local, "stack"):
            self._local.stack, self._local.book = [], Counter()
            with self._lock:
                self._books.append((threading.current_thread().name, self._local.book))
        return self._local.stack, self._local.book


def _thread_seconds() -> dict[str, float]:
    """Name -> CPU seconds of the Python threads that live."""
    found: dict[str, float] = {}
    for thread in threading.enumerate():
        if thread.ident is not None:
            clock = time.pthread_getcpuclockid(thread.ident)
            found[thread.name] = found.get(thread.name, 0.0) + time.clock_gettime(clock)
    return found


def install() -> Seams:
    """Time the doors of every room. To be called before a twin is made."""
    from ecotwin import plugs
    from ecotwin.accounting.baseline import Baselines
    from ecotwin.cleaning.chain import Chain
    from ecotwin.connectors.inlet import Inlet
    from ecotwin.connectors.sparkplug_state import HostState
    from ecotwin.cycle.act import Act
    from ecotwin.cycle.today import Today
    from ecotwin.cycle.twin import Twin
    from ecotwin.detection.alerts import Alerts
    from ecotwin.governance.ledger import Ledger
    from ecotwin.history.embedded import DuckStore
    from ecotwin.service.live import Live

    seams = Seams()
    doors: list[tuple[Any, str, tuple[str, ...]]] = [
        (HostState, "connectors", ("receive", "tick", "rebirths")),
        (Inlet, "connectors", ("push", "take")),
        (Chain, "cleaning", ("clean",)),
        (DuckStore, "history: append", ("append",)),
        (DuckStore, "history: closing minutes", ("close_minutes",)),
        (DuckStore, "history: reading",
         ("window", "image", "seen", "raw", "span", "get", "documents", "retain")),
        (DuckStore, "history: documents", ("put", "put_all")),
        (Alerts, "detection", ("findings", "open")),
        (Baselines, "accounting", ("expected", "learn")),
        (Today, "accounting", ("update",)),
        (Act, "control and advice", ("tick", "advise")),
        (Ledger, "governance", ("append",)),
        (Live, "page and start", ("text",)),
        (Twin, "cycle", ("step",)),
    ]  # fmt: skip
    doors += [
        (d, "detection", ("on_readings", "on_minutes"))
        for d in plugs.load_all("detection").values()
    ]
    for owner, room, names in doors:
        for name in names:
            seams.door(owner, name, room)
    return seams
