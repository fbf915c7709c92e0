"""The intake: batches fill, urgent ones go at once, the image follows the newest reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecotwin.cleaning.chain import Chain
from ecotwin.clock import ManualClock, micros
from ecotwin.connectors.contract import Delivery, Health
from ecotwin.cycle.take import Intake
from ecotwin.detection.limits import Limits
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant
from ecotwin.records import Readings, Samples
from ecotwin.service.bench.works import ALARM, works

NOW = datetime(2026, 6, 18, 12, tzinfo=UTC)


class Source:
    """A connector that hands out what a test puts in."""

    name = "bus"

    def __init__(self) -> None:
        self.waiting: list[Samples] = []

    def start(self, cursor: str = "") -> None: ...

    def take(self, timeout_s: float) -> Delivery | None:
        return Delivery(self.waiting.pop(0), received_at=1.0) if self.waiting else None

    def write(self, signal: str, value: float, lease_s: float) -> None: ...

    def health(self) -> Health:
        return Health("online", NOW, "")

    def stop(self) -> None: ...


@pytest.fixture(scope="module")
def plant() -> Plant:
    return works(2, 14, 1)


@pytest.fixture
def made(plant: Plant, tmp_path: Path) -> Iterator[tuple[Intake, Source, DuckStore]]:
    store, source = DuckStore(plant, tmp_path), Source()
    clock = ManualClock(NOW)
    intake = Intake(store, [source], clock, flush_s=60.0, chain=Chain(plant))
    yield intake, source, store
    store.close()


def gauge(plant: Plant, value: float, second: float, name: str = "station_00.g000") -> Samples:
    at = micros(NOW + timedelta(seconds=second))
    return Samples.of([plant.signal(name).index], [at], [value], [0])


def test_a_batch_waits_until_it_is_full_and_an_urgent_one_does_not(
    plant: Plant, made: tuple[Intake, Source, DuckStore]
) -> None:
    intake, source, store = made
    limits = Limits(plant)
    intake.urgent = lambda s: limits.crosses(s.signal, s.value)
    source.waiting = [gauge(plant, 50.0, 1), gauge(plant, 51.0, 2)]
    assert intake.step(0.05) is None
    assert store.span() is None
    source.waiting = [gauge(plant, ALARM + 5, 3)]
    taken = intake.step(1.0)
    assert taken is not None
    assert taken.readings.value.tolist() == [50.0, 51.0, ALARM + 5]
    span = store.span()
    assert span is not None
    assert span.start == NOW + timedelta(seconds=1)
    source.waiting = [gauge(plant, 50.0, 4)]
    assert intake.step(0.05) is None, "the hurry is over with the batch that it ended"
    assert intake.finish() is not None
    assert intake.kept == 4


def test_the_image_follows_the_newest_reading_and_late_ones_do_not_move_it(
    plant: Plant, made: tuple[Intake, Source, DuckStore]
) -> None:
    intake, source, _ = made
    other = "station_01.g001"
    for batch in (
        [gauge(plant, 10.0, 5), gauge(plant, 30.0, 7), gauge(plant, 20.0, 6)],
        [gauge(plant, 99.0, 3), gauge(plant, 7.0, 4, other)],
    ):
        source.waiting = batch
        intake.step(0.02)
        intake.finish()
    first, second = plant.signal("station_00.g000").index, plant.signal(other).index
    assert intake.newest_of(first) == (micros(NOW + timedelta(seconds=7)), 30.0)
    assert intake.newest_of(second) == (micros(NOW + timedelta(seconds=4)), 7.0)
    assert intake.newest == micros(NOW + timedelta(seconds=7))
    assert intake.kept == 5


def test_a_limit_is_crossed_once_until_the_value_was_inside_again(plant: Plant) -> None:
    limits = Limits(plant)
    index = plant.signal("station_00.g000").index

    def crosses(value: float) -> bool:
        s = Samples.of([index], [0], [value], [0])
        return limits.crosses(s.signal, s.value)

    def heard(value: float, second: int) -> None:
        limits.on_readings(Readings.of([index], [second * 1_000_000], [value]))

    assert not crosses(50.0)
    assert crosses(ALARM + 1)
    assert crosses(ALARM + 1), "asking changes nothing"
    heard(ALARM + 1, 1)
    assert not crosses(ALARM + 2)
    heard(50.0, 2)
    assert crosses(ALARM + 1)
