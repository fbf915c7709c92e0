"""Benchmarks that anyone can repeat: each beside its bare limit in the same run, on loopback, bounded in time."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from ecotwin import __version__
from ecotwin.errors import SettingsFault

NAMES = ("ingest", "alert", "query", "whatif", "edge")
ON_DATA: tuple[str, ...] = ("detect", "forecast", "life", "sense", "streams")
"""Benchmarks on public data sets: each a module here with `measure(data)`, whose dict is ready for JSON."""
LONGEST_S = 600.0


def measure(name: str, seconds: float, data: Path | None = None) -> dict[str, Any]:
    """Run a benchmark and return what it measured, ready for JSON.

    Args:
        name: One of `NAMES` or `ON_DATA`.
        seconds: Length of one measurement [s]; `ingest` measures several rates, each this long.
        data: Folder of the public data sets, for those of `ON_DATA`.

    Raises:
        SettingsFault: There is no such benchmark, the length makes no sense, or the data are not there.
    """
    if name not in (*NAMES, *ON_DATA):
        raise SettingsFault(
            f"there is no benchmark {name!r}",
            expected=f"one of {', '.join((*NAMES, *ON_DATA))}",
            remedy="run `ecotwin bench` with one of these names",
        )
    if name in ON_DATA:
        return _on_data(name, data)
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
    elif name == "edge":
        from ecotwin.service.bench.edge import edge

        result = edge(seconds)
    elif name == "whatif":
        from ecotwin.service.bench.whatif import whatif

        result = whatif(seconds)
    else:
        from ecotwin.service.bench.query import query

        result = query(seconds=seconds)
    return {"bench": name, "started": started.isoformat(timespec="seconds"), **facts, **result}


def _on_data(name: str, data: Path | None) -> dict[str, Any]:
    """A benchmark on the public data sets."""
    if data is None or not data.is_dir():
        raise SettingsFault(
            f"the benchmark {name} needs data sets"
            + (f", and {data} is no folder" if data else ""),
            expected="--data DIR, the folder that holds them",
            remedy="docs/benchmarks.md names the sets, and where they are published",
        )
    started, facts = datetime.now(UTC), machine()
    result = import_module(f"ecotwin.service.bench.{name}").measure(data)
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
