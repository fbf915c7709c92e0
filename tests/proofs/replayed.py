"""Recorded days closed into minutes once, then replayed through Look alone, with or without other faults on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin import plugs
from ecotwin.cleaning.chain import Chain
from ecotwin.clock import ManualClock, Period, instant, micros
from ecotwin.connectors.contract import InletLimits
from ecotwin.cycle.importing import RECORD
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.take import Intake
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Connection, Plant
from ecotwin.records import Finding, Window

ARRAYS = ("mean", "low", "high", "last", "amount", "covered", "count")
Lay = Callable[[Plant, Window], None]
"""Changes a window's arrays in place: a fault that the stand-in does not know."""


def taken_in(plant: Plant, files: Sequence[Path], folder: Path) -> DuckStore:
    """A history with these files cleaned, kept and closed into minutes."""
    clock = ManualClock(datetime(1980, 1, 1, tzinfo=UTC))
    store = DuckStore(plant, folder, memory_mb=400)
    source = plugs.load("connectors", "replay")(
        plant, Connection("recorded", "replay", RECORD), clock, settings=InletLimits(paths=tuple(map(str, files)))
    )  # fmt: skip
    intake = Intake(store, [source], clock, flush_s=0.001, chain=Chain(plant))
    source.start("")
    try:
        while True:
            came = intake.step(0.0) is not None
            health = source.health()
            if health.state == "failed":
                raise AssertionError(health.text)
            over = not came and health.state == "finished" and not health.queued
            if over:
                intake.finish()
            late = timedelta(0) if over else timedelta(minutes=2)
            if intake.newest:
                store.close_minutes(instant(intake.newest) - late, known_at=clock.now())
            if over:
                return store
    finally:
        source.stop()


@dataclass
class Laid:
    """A history whose windows have other faults laid over them."""

    store: DuckStore
    plant: Plant
    faults: Sequence[Lay] = ()
    touched: Sequence[int] = ()

    def window(self, signals: Sequence[int], period: Period, step_s: int, **more: Any) -> Window:
        """Minutes with the faults on them; coarser steps are made of changed minutes by the same rule."""
        if not self.faults:
            return self.store.window(signals, period, step_s, **more)
        # A fault changes a signal by what others show: all that it may touch is read with what was asked for.
        asked = tuple(signals)
        whole = tuple(sorted({*asked, *self.touched}))
        window = self.store.window(whole, period, step_s, **more)
        arrays: dict[str, Any] = {n: np.array(getattr(window, n)) for n in ARRAYS}
        made = replace(window, **arrays)
        for lay in self.faults:
            lay(self.plant, made)
        place = {s: n for n, s in enumerate(whole)}
        columns = [place[s] for s in asked]
        cut: dict[str, Any] = {n: getattr(made, n)[:, columns] for n in (*ARRAYS, "estimated")}
        return replace(made, signals=asked, **cut)

    def close_minutes(self, until: datetime, *, known_at: datetime) -> None:
        """They are closed already."""

    def span(self) -> Period | None:
        """As recorded."""
        return self.store.span()


def looked(
    plant: Plant,
    store: DuckStore,
    start: datetime,
    end: datetime,
    faults: Sequence[Lay] = (),
    touched: Sequence[int] = (),
) -> list[Finding]:
    """What Look finds between two instants; each finding in its newest form, with when its first cause was told.

    Every version is kept in order, so that a proof may ask what was said when.
    """
    look = Look(plant, Laid(store, plant, faults, touched), Prices(plant), 2.02)  # type: ignore[arg-type]
    told: list[Finding] = []
    moment = start
    while moment < end:
        moment = min(moment + timedelta(hours=6), end)
        told += look.on_minutes(moment, moment, start)
    told += look.open(end)
    return told


def newest(told: Iterable[Finding]) -> list[Finding]:
    """The newest form of each finding, by when it was first seen."""
    made = {f.id: f for f in told}
    return sorted(made.values(), key=lambda f: (f.seen_at, f.id))


def between(window: Window, start: datetime, end: datetime) -> slice:
    """Rows of a window inside a span."""
    first, last = np.searchsorted(window.at, [micros(start), micros(end)])
    return slice(int(first), int(last))
