"""Benchmarks that anyone can repeat: each beside its bare limit in the same run, on loopback, bounded in time."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import Any

from ecotwin import __version__
from ecotwin.errors import SettingsFault

NAMES = ("ingest", "alert", "query", "whatif")
LONGEST_S = 600.0


def measure(name: str, seconds: float) -> dict[str, Any]:
    """Run a benchmark and return what it measured, ready for JSON.

    Args:
        name: `ingest`, `alert`, `query` or `whatif`.
        seconds: Length of one measurement [s]; `ingest` measures several rates, each this long.

    Raises:
        SettingsFault: There is no such benchmark, or the length makes no sense.
    """
    if name not in NAMES:
        raise SettingsFault(
            f"there is no benchmark {name!r}",
            expected=f"one of {', '.join(NAMES)}",
            remedy="run `ecotwin bench ingest`, `alert`, `query` or `whatif`",
        )
    if not 1.0 <= seconds <= LONGEST_S:
        raise SettingsFault(
            f"a measurement of {seconds:g} s",
            expected=f"1 to {LONGEST_S:g} s",
            remedy="give --seconds within these bounds; 65 and more takes in the closing of a minute",
        )
    started = datetime.now(UTC)
    facts = machine()
    if name == "ingest":
        from ecotwin.service.bench.ingest import ingest

        result = ingest(seconds)
    elif name == "alert":
        from ecotwin.service.bench.alert import alert

        result = alert(crossings=max(50, int(seconds * 3)))
    elif name == "whatif":
        from ecotwin.service.bench.whatif import whatif

        result = whatif(seconds)
    else:
        from ecotwin.service.bench.query import query

        result = query(seconds=seconds)
    return {"bench": name, "started": started.isoformat(timespec="seconds"), **facts, **result}


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was before we began."""
    import psutil

    return {
        "version": __version__,
        "python": platform.python_version(),
        "machine": {
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "load_before": round(os.getloadavg()[0], 2),
        },
    }
