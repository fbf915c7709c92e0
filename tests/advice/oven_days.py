"""Days of the stand-in's oven works as minutes, breaks with and without sleep, promised and measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ecotwin.accounting.baseline import Baselines
from ecotwin.accounting.savings import verify
from ecotwin.advice.contract import Outlook
from ecotwin.advice.idle_off import IdleOff
from ecotwin.clock import Period, instant, micros
from ecotwin.plant import Plant, load
from ecotwin.plant.calendar import breaks
from ecotwin.records import Advice, Image, Range, Saving, Window
from ecotwin_standin.world import World

FILE = Path(__file__).parents[1] / "walks" / "oven_works.yaml"
START = datetime(2026, 6, 15, 2, 0, tzinfo=UTC)
PAST_DAYS = 2
MINUTE = timedelta(minutes=1)
WARMUP_MIN = {"reflow_oven": 18.0, "curing_oven": 12.0}


@cache
def works(kind: str, folder: Path) -> Plant:
    """The oven works with a reflow oven, or with a curing oven in its place."""
    text = FILE.read_text()
    if kind == "curing_oven":
        text = text.replace("kind: reflow_oven", "kind: curing_oven")
        for old, new in (
            ("low: 110", "low: 50"),
            ("high: 260", "high: 150"),
            ("fallback: 245", "fallback: 110"),
        ):
            assert old in text
            text = text.replace(old, new)
    path = folder / f"{kind}.yaml"
    path.write_text(text)
    return load(path)


def minutes(world: World, until: datetime) -> Window:
    """Let the world run and tell its minutes."""
    plant, start = world.plant, instant(world.now_us)
    assert 60 % world.seconds == 0
    rows: list[list[float]] = [world.values()]
    while world.now_us < micros(until):
        world.step()
        rows.append(world.values())
    each = round(60 / world.seconds)
    told = np.full((len(rows), len(plant.signals)), np.nan)
    told[:, np.asarray(world.order)] = rows
    steps = (len(rows) - 1) // each
    after = told[1:].reshape(steps, each, -1)
    counter = np.array([s.form == "counter" for s in plant.signals])
    discrete = np.array([s.form in ("state", "setpoint") for s in plant.signals])
    last = after[:, -1]
    mean = np.where(discrete, last, after.mean(axis=1))
    ones = np.ones_like(mean)
    amount = np.where(counter, last - told[0 : len(rows) - 1 : each], mean / 60.0)
    return Window(
        Period(start, start + steps * MINUTE), 60, tuple(range(len(plant.signals))), mean, after.min(axis=1),
        after.max(axis=1), last, amount, ones, 0 * ones, np.full(mean.shape, 2, np.int64),
    )  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """One break: what was promised and what came."""

    fresh: Range
    wiser: Range
    measured: Saving
    true_kwh: float

    def kept(self, promise: Range) -> bool:
        """Whether the measured saving lies in what was promised."""
        return promise.low <= self.measured.saved_kwh.value <= promise.high


def tries(plant: Plant, seed: int, days: int = 1) -> Iterator[Tried]:
    """Breaks of some days after the past, each lived twice: awake, and asleep as advised."""
    world = World(plant, START, seed, 30.0)
    ready = START + timedelta(days=PAST_DAYS)
    past = minutes(world, ready)
    known, wiser = Baselines(plant), Baselines(plant)
    for baselines in (known, wiser):
        baselines.learn(past)
    before = breaks(plant, past.period)
    came: list[Saving] = []
    for pause in breaks(plant, Period(ready, ready + timedelta(days=days))):
        minutes(world, pause.start - timedelta(minutes=20))
        fresh = _proposed(plant, world, known, (), pause)
        advice = _proposed(plant, world, wiser, came, pause)
        asleep = world.copy_without(None)
        until = pause.end + timedelta(minutes=40)
        lived = _asleep(asleep, advice, until)
        awake = minutes(world, until)
        recovery = timedelta(minutes=2 * WARMUP_MIN[plant.element("oven_1").kind])
        saving = verify(
            plant, known, advice, lived, [past], before, recovery=recovery, known_at=lived.period.end
        )  # fmt: skip
        power = plant.signal("oven_1.power").index
        true = float((awake.mean[:, power] - lived.mean[:, power]).sum()) / 60.0
        wiser.learn(lived)
        came.append(saving)
        assert fresh.saves.energy_kwh is not None
        assert advice.saves.energy_kwh is not None
        yield Tried(fresh.saves.energy_kwh, advice.saves.energy_kwh, saving, true)


def _asleep(world: World, advice: Advice, until: datetime) -> Window:
    (change,) = advice.changes
    parts = [minutes(world, change.period.start)]
    lease_s = (change.period.end - change.period.start).total_seconds()
    assert world.setpoints.write(change.signal, change.value, lease_s, world.now_us)
    parts.append(minutes(world, until))
    names = ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
    joined: dict[str, Any] = {n: np.concatenate([getattr(p, n) for p in parts]) for n in names}
    return Window(
        Period(parts[0].period.start, parts[-1].period.end), 60, parts[0].signals, **joined
    )


def _proposed(
    plant: Plant, world: World, baselines: Baselines, past: list[Saving] | tuple[()], pause: Period
) -> Advice:
    now = instant(world.now_us)
    row = np.full(len(plant.signals), np.nan)
    row[np.asarray(world.order)] = world.values()
    stamp = np.full(len(row), world.now_us - 5_000_000, np.int64)
    outlook = Outlook(
        now=now,
        image=Image(world.now_us, stamp, row, np.zeros(len(row), np.uint8)),
        findings=(),
        price=(),
        carbon=(),
        state_kw=baselines.state_kw(),
        learned=dict.fromkeys(baselines.elements, True),
        past=past,
        taken=frozenset(),
    )
    return next(a for a in IdleOff(plant).propose(outlook) if a.period.start == pause.start)
