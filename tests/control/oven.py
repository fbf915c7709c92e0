"""A made oven behind a wire: takes writes, shows its set-point, falls back or not, may be deaf."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.clock import micros
from ecotwin.errors import WireFault
from ecotwin.plant import Plant, load
from ecotwin.plant.model import STATES
from ecotwin.records import Image, Order, Quality

SIGNAL = "oven_1.sleep_sp"
T0 = datetime(2026, 6, 18, 9, 30, tzinfo=UTC)  # 11:30 in the plant: its long break begins
IDLE, BUSY = STATES["idle"], STATES["busy"]


@cache
def works(**write: Any) -> Plant:
    """The works with writing on; `write` changes the oven's set-point rules."""
    plant = load(Path(__file__).parents[2] / "plants" / "electronics.yaml")
    connections = tuple(replace(c, writing=True) for c in plant.connections)
    signals = tuple(
        replace(s, write=replace(s.write, **write)) if s.id == SIGNAL and s.write else s
        for s in plant.signals
    )
    return replace(plant, connections=connections, signals=signals)


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def order(plant: Plant, **changes: Any) -> Order:
    write = plant.signal(SIGNAL).write
    assert write is not None
    made = Order(
        id="o1",
        advice="a1",
        signal=SIGNAL,
        value=120.0,
        restore=245.0,
        start=at(0),
        lease_until=at(27),
        watchdog=write.watchdog,
        approved_by="Eve",
        approved_at=at(-5),
    )
    return replace(made, **changes)


class Oven:
    """What hangs on the wire."""

    def __init__(self, plant: Plant, *, watchdog: bool = True) -> None:
        self.plant, self.watchdog = plant, watchdog
        self.value, self.state, self.age_s = 245.0, IDLE, 5.0
        self.deaf = self.cut = False
        self.shown_at: datetime | None = None
        self.lease_end: datetime | None = None
        self.now = T0
        self.writes: list[tuple[float, float, float]] = []

    def write(self, signal: str, value: float, lease_s: float) -> None:
        assert signal == SIGNAL
        if self.cut:
            raise WireFault("the line is cut", remedy="mend it")
        minute = (self.now - T0).total_seconds() / 60
        self.writes.append((minute, value, lease_s))
        if self.deaf:
            return
        self.value = value
        self.lease_end = self.now + timedelta(seconds=lease_s) if lease_s else None

    def image(self, now: datetime) -> Image:
        self.now = now
        if self.watchdog and self.lease_end is not None and now >= self.lease_end:
            self.value, self.lease_end = 245.0, None
        size = len(self.plant.signals)
        shown = micros(now) - int(self.age_s * 1e6)
        stamp, value = np.full(size, shown, np.int64), np.zeros(size)
        value[self.plant.signal(SIGNAL).index] = self.value
        value[self.plant.signal("oven_1.state").index] = self.state
        if self.shown_at is not None:
            stamp[self.plant.signal(SIGNAL).index] = micros(self.shown_at)
        return Image(micros(now), stamp, value, np.full(size, Quality.GOOD, np.uint8))
