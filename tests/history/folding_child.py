"""A child process that appends seconds of readings, closes minutes and tells what was acknowledged."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from ecotwin.history.embedded import DuckStore
from ecotwin.records import Cleaned, Readings, Rejects
from history.conftest import FORMS, START, T0, US, all_forms

FOLD = 1000
PER_SECOND = 40


def second(k: int) -> Cleaned:
    """All signals, so many readings each in second k."""
    signal = np.repeat(np.arange(len(FORMS)), PER_SECOND)
    when = T0 + k * US + np.tile(np.arange(PER_SECOND) * (US // PER_SECOND), len(FORMS))
    value = np.where(signal >= 4, (when - T0) / 3.7e6, np.sin(when / 1e6) * 100)
    return Cleaned(Readings.of(signal, when, value), Rejects.empty())


def close(store: DuckStore, k: int) -> None:
    """Close what is older than five seconds."""
    store.close_minutes(START + timedelta(seconds=k - 5), known_at=START)


def main(folder: Path) -> None:
    store = DuckStore(all_forms(), folder, fold_rows=FOLD)
    span = store.span()
    k = 0 if span is None else int((span.end - START).total_seconds()) + 1
    while True:
        store.append(second(k), known_at=START)
        print(k, flush=True)
        close(store, k)
        k += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
