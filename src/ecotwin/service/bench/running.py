"""A child process: a whole twin with its page, as `ecotwin run` runs it, whose figures can be asked for.

Commands: `stats` (answers counts, CPU seconds, memory, time by room), `lags` (answers how long samples took from
being published to being stored since the last time it was asked).
"""

from __future__ import annotations

import asyncio
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from ecotwin.clock import WallClock
from ecotwin.service.bench.processes import answer, commands
from ecotwin.service.bench.seams import Seams, install
from ecotwin.service.bench.works import read_works
from ecotwin.settings import read

LONGEST_MS = 20_000
EVERY = 8
"""Every so many samples of a batch are looked at for their age."""


class Ages:
    """From publishing to stored and queryable, by the millisecond: noted when a batch's commit returns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bins = np.zeros(LONGEST_MS + 1, np.int64)

    def watch(self, store: Any) -> None:
        """Note every batch that the store keeps."""
        inner = store.append

        def append(cleaned: Any, **named: Any) -> None:
            inner(cleaned, **named)
            at = cleaned.readings.at[::EVERY]
            age_ms = np.clip((time.time() * 1e6 - at) / 1000.0, 0, LONGEST_MS).astype(np.int64)
            with self._lock:
                self._bins += np.bincount(age_ms, minlength=LONGEST_MS + 1)

        store.append = append

    def take(self) -> dict[str, float]:
        """Percentiles since the last time [ms]."""
        with self._lock:
            bins, self._bins = self._bins, np.zeros_like(self._bins)
        total = int(bins.sum())
        if not total:
            return {}
        upto = np.cumsum(bins)
        marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "most": 1.0}
        return {n: float(np.searchsorted(upto, np.ceil(q * total))) for n, q in marks.items()}


class OwnReadings:
    """Counts readings of the twin's own energy: nobody sent them, and no benchmark accounts for them."""

    def __init__(self, intake: Any) -> None:
        self.count = 0
        self._made = intake.beside
        intake.beside = self._counted

    def _counted(self, newest_us: int, now_us: int) -> Any:
        made = self._made(newest_us, now_us)
        self.count += 0 if made is None else len(made)
        return made


def stats(twin: Any, seams: Seams, own: OwnReadings) -> dict[str, Any]:
    """What the twin has done since it began."""
    health = next(iter(twin.health().values()))
    closed = twin.look.closed_until
    return {
        "received": health.received,
        "kept": twin.intake.kept - own.count,
        "rejected": dict(twin.intake.rejected),
        "shed": health.shed,
        "refused": health.refused,
        "queued": health.queued,
        "link": health.state,
        "counts": dict(health.extra),
        "cpu_s": time.process_time(),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
        "rooms": seams.shares(),
        "closed_until": closed.timestamp() if closed else 0.0,
        "findings": len(twin.findings_open()),
        "failed": twin.failed,
        "at": time.time(),
    }


def main(plant_file: str, folder: str) -> None:
    """Run until the parent goes."""
    seams = install()
    from ecotwin.cycle import Twin
    from ecotwin.service.app import make_app
    from ecotwin.service.serve import SWITCH_S, Server, take_port

    sys.setswitchinterval(SWITCH_S)
    twin = Twin(read_works(Path(plant_file)), read(), WallClock(), Path(folder))
    ages = Ages()
    ages.watch(twin.store)
    own = OwnReadings(twin.intake)
    page = take_port("127.0.0.1", 0)
    server = Server(
        uvicorn.Config(
            make_app(twin), log_level="warning", access_log=False, timeout_graceful_shutdown=2
        )
    )

    def listen() -> None:
        answer(ready=True, port=page.getsockname()[1])
        for command in commands():
            if command["do"] == "stats":
                answer(**stats(twin, seams, own))
            elif command["do"] == "lags":
                answer(**ages.take())
        twin.stopping = True
        server.should_exit = True

    twin.start()
    threading.Thread(target=listen, name="control", daemon=True).start()
    try:
        asyncio.run(server.serve(sockets=[page]))
    finally:
        twin.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
