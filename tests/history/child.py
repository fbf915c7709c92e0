"""A child process that appends batches to a store and tells each that was acknowledged."""

from __future__ import annotations

import resource
import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from ecotwin.errors import StoreFull
from ecotwin.history.embedded import DuckStore
from ecotwin.records import Cleaned, Readings, Rejects
from history.conftest import START, T0, all_forms

ROWS = 700


def numbered(k: int) -> Cleaned:
    """Batch k: its readings lie in second k and bear its number."""
    n = np.arange(ROWS)
    rejects = Rejects(
        np.array([0], np.int32), np.array([T0 + k]), np.array([float(k)]), ("range",), ("",)
    )
    return Cleaned(Readings.of(n % 4, T0 + k * 1_000_000 + n, np.full(ROWS, k)), rejects)


def main(folder: Path, limit_bytes: int) -> None:
    store = DuckStore(all_forms(), folder, wal_mb=1, reserve_mb=0)
    k = int(store.cursors().get("meter", "-1")) + 1
    print("from", k, flush=True)
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
    while True:
        try:
            store.append(numbered(k), known_at=START, cursors={"meter": str(k)})
        except StoreFull as fault:
            print("full", k, str(fault), flush=True)
            resource.setrlimit(
                resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            store.append(numbered(k), known_at=START, cursors={"meter": str(k)})
            print("again", k, flush=True)
            store.close()
            return
        print("kept", k, flush=True)
        if k % 9 == 8:
            store.close_minutes(START + timedelta(seconds=k), known_at=START)
        k += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
