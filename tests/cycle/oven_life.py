"""Days of the stand-in's oven works in a real history: two days awake, then a break in which the oven sleeps."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from ecotwin.clock import ManualClock, Period, micros
from ecotwin.cycle.act import Ended
from ecotwin.cycle.keeping import Keeper
from ecotwin.cycle.look import Look
from ecotwin.cycle.prices import Prices
from ecotwin.cycle.prove import Prove
from ecotwin.cycle.today import Today
from ecotwin.governance.checkpoint import seal_of
from ecotwin.governance.ledger import Ledger
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from ecotwin.records import (
    Advice,
    Change,
    Cleaned,
    Cost,
    Finding,
    Order,
    Range,
    Readings,
    Rejects,
    Severity,
)
from ecotwin_standin.world import World
from running import OVEN_WORKS, utc

START = utc("2026-06-15T22:00")
"""Midnight at the plant."""
DAY3 = START + timedelta(days=2)
PAUSE = Period(DAY3 + timedelta(hours=8.5), DAY3 + timedelta(hours=9.25))
ASLEEP = Period(PAUSE.start + timedelta(minutes=6), PAUSE.end - timedelta(minutes=18))
END = DAY3 + timedelta(hours=11)
RECOVERED = PAUSE.end + timedelta(minutes=37)
"""Twice the warm-up, and the minute after."""


@dataclass(frozen=True)
class Life:
    """What was lived: readings, and what the sleep truly saved [kWh]."""

    readings: Readings
    true_kwh: float


def _minutes(world: World, until: datetime) -> Readings:
    at: list[int] = []
    rows: list[list[float]] = []
    while world.now_us < micros(until):
        world.step()
        at.append(world.now_us)
        rows.append(world.values())
    signal = np.tile(np.asarray(world.order), len(rows))
    value = np.asarray(rows).reshape(-1)
    known = np.isfinite(value)
    return Readings.of(signal[known], np.repeat(at, len(world.order))[known], value[known])


def _joined(parts: Sequence[Readings]) -> Readings:
    columns = ("signal", "at", "value", "quality")
    return Readings.of(*(np.concatenate([getattr(p, c) for p in parts]) for c in columns))


@cache
def lived() -> Life:
    """Lived once for all tests."""
    world = World(load(OVEN_WORKS), START, 7, 30.0)
    parts = [_minutes(world, ASLEEP.start)]
    awake = world.copy_without(None)
    assert world.setpoints.write("oven_1.sleep_sp", 120.0, ASLEEP.seconds, world.now_us)
    asleep = _minutes(world, END)
    power = world.plant.signal("oven_1.power").index

    def kwh(readings: Readings) -> float:
        return float(readings.value[readings.signal == power].sum()) / 120.0

    return Life(_joined([*parts, asleep]), kwh(_minutes(awake, END)) - kwh(asleep))


@cache
def history(root: Path) -> Path:
    """A closed history that holds it, to be copied."""
    store = DuckStore(load(OVEN_WORKS), root / "history")
    store.append(Cleaned(lived().readings, Rejects.empty()), known_at=END)
    store.close_minutes(END, known_at=END)
    store.close()
    return root


class Works:
    """One copy of that history with everything that proves beside it."""

    def __init__(
        self, folder: Path, origin: Path | None = None, plant: Plant | None = None
    ) -> None:
        if origin is not None:
            shutil.copytree(origin, folder)
        self.folder = folder
        self.plant = plant or load(OVEN_WORKS)
        self.store = DuckStore(self.plant, folder / "history")
        self.ledger = Ledger(folder / "ledger")
        self.clock = ManualClock(END)
        self.keeper = Keeper(self.store, self.ledger, self.clock.now)
        self.look = Look(self.plant, self.store, Prices(self.plant), None)
        for day in range(2):
            start = START + timedelta(days=day)
            self.look.learn_from(self.look.window(Period(start, start + timedelta(days=1))))
        self.today = Today(self.plant, self.look.window, lambda: START)
        seal = seal_of(folder / "ledger", "ecotwin/test")
        self.prove = Prove(self.plant, self.keeper, self.look, self.ledger, seal)

    def close(self) -> None:
        """End it."""
        self.store.close()
        self.ledger.close()

    def again(self) -> Works:
        """After a restart."""
        self.close()
        return Works(self.folder, None, self.plant)

    def done(self, period: Period = PAUSE) -> Ended:
        """The advice that was carried out, kept as the cycle keeps it."""
        change = Change("oven_1.sleep_sp", 120.0, ASLEEP, 245.0)
        advice = Advice(
            "idle_off:oven_1:x", "idle_off", "oven_1", "Sleep", (), (), (change,), Cost(energy_kwh=Range(9, 6, 12)),
            period.start - timedelta(hours=1), ASLEEP.start, period, "approve", state="done",
        )  # fmt: skip
        order = Order(
            f"{advice.id}/0", advice.id, change.signal, 120.0, 245.0, ASLEEP.start, ASLEEP.end, True, "Eve",
            period.start, state="restored",
        )  # fmt: skip
        self.keeper.seal(advice, advice.id, advice.proposed_at)
        self.keeper.seal(order, order.id, order.start)
        return Ended(advice, (order,))

    def found(self, onset: datetime, until: datetime, **changes: object) -> None:
        """A finding, kept and closed."""
        facts: dict[str, object] = {
            "id": f"f{onset:%d%H%M}", "cause": "c", "element": "oven_1", "title": "Oven 1 uses too much",
            "kind": "excess",
            "severity": Severity.ACT, "state": "closed", "onset": onset, "seen_at": onset, "last_at": until,
            "detectors": ("residual",), "signals": ("oven_1.power",), "excess": Cost(), "so_far": Cost(),
            "evidence": (), "value": 50.0, "expected": Range(45, 44, 46), "unit": "kW", "closed_at": until, **changes,
        }  # fmt: skip
        finding = Finding(**facts)  # type: ignore[arg-type]
        self.keeper.seal(finding, finding.id, onset)


def silent(readings: Readings, signal: int, period: Period) -> Readings:
    """Readings without one signal's over a period."""
    inside = (readings.at > period.start_us) & (readings.at <= period.end_us)
    return readings.take(~(inside & (readings.signal == signal)))
