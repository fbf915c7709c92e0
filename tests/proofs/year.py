"""A year of the electronics works in a history as a running twin leaves it: taken in, closed, summed, thinned out."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ecotwin import plugs
from ecotwin.accounting.accounts import needed
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import ManualClock, instant, local_day
from ecotwin.connectors.contract import InletLimits
from ecotwin.cycle.daybook import DayBook
from ecotwin.cycle.importing import RECORD
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.take import Intake
from ecotwin.cycle.yearbook import YearBook
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Connection, Plant, load
from proofs.month import WORKS

KEPT_DAYS = 62
"""Minutes stay for two months; of the rest of the year hours and sums of days are left."""
LATE = timedelta(minutes=2)
THIN_EVERY = timedelta(days=14)


def record(
    out: Path, seed: int, start: datetime, days: float, plant_file: Path = WORKS
) -> tuple[Path, ...]:
    """Let the stand-in, a process of its own, live that long; only meters that figures need are written."""
    plant = load(plant_file)
    means = {plant.signals[i].means for i in needed(plant)}
    means |= {plant.signal(p.signal).means for p in plant.permits if p.signal}
    means |= {plant.signal(p.o2_signal).means for p in plant.permits if p.o2_signal}
    words = ["record", plant_file, "--out", out, "--days", days, "--start", start.isoformat(), "--seed", seed,
             "--step", 60, "--means", ",".join(sorted(means))]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "ecotwin_standin", *map(str, words)], capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(done.stderr)
    return tuple(sorted(out.iterdir()))


def live(plant: Plant, files: tuple[Path, ...], folder: Path) -> dict[str, float]:
    """Take files in as the cycle does, seal every day, month and year, and drop old readings and minutes.

    Returns:
        Readings kept, wall seconds, bytes of the history.
    """
    began = time.monotonic()
    clock = ManualClock(datetime(1980, 1, 1, tzinfo=UTC))
    store = DuckStore(plant, folder / "history")
    ledger = Ledger(folder / "ledger")
    source = plugs.load("connectors", "replay")(
        plant, Connection("year", "replay", RECORD), clock, settings=InletLimits(paths=tuple(map(str, files)))
    )  # fmt: skip
    intake = Intake(store, [source], clock, flush_s=0.001, chain=Chain(plant))
    keeper = Keeper(store, ledger, clock.now)
    days = DayBook(plant, keeper, YearBook(plant, store, clock.now))
    source.start("")
    thinned: datetime | None = None
    try:
        while True:
            came = intake.step(0.0) is not None
            health = source.health()
            if health.state == "failed":
                raise AssertionError(health.text)
            over = not came and health.state == "finished" and not health.queued
            if over:
                intake.finish()
            closed = instant(intake.newest) - (timedelta(0) if over else LATE)
            store.close_minutes(closed, known_at=clock.now())
            while days.tick(closed.replace(second=0, microsecond=0), lambda: _first(store)):
                pass
            if thinned is None or closed - thinned >= THIN_EVERY:
                thinned = closed
                store.retain(raw_days=7, minute_days=KEPT_DAYS, now=clock.now())
            if over:
                break
        made = {
            "readings": float(intake.kept),
            "wall_s": time.monotonic() - began,
            "bytes": float(store.size_bytes()),
            "entries": float(ledger.size),
        }
    finally:
        source.stop()
        store.close()
        ledger.close()
    return made


def _first(store: DuckStore) -> datetime | None:
    span = store.span()
    return span.start if span else None


def beginning(year: int, plant: Plant) -> datetime:
    """Midnight of 1 January at the plant."""
    return local_day(datetime(year, 1, 1, tzinfo=UTC).date(), plant.zone).start
