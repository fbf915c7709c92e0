"""The bounded queue: nothing is lost below its limit, and above it the rule holds."""

from __future__ import annotations

import threading
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.inlet import Inlet
from ecotwin.records import Samples
from wire_plants import plant_of, signal

FORMS = ["gauge", "rate", "state", "setpoint", "counter", "counter", "interval"]
PLANT = plant_of([signal(i, f"s{i}", form) for i, form in enumerate(FORMS)], "sparkplug", {})


def inlet(queue: int, batch: int = 1000) -> Inlet:
    return Inlet(PLANT, "line", InletLimits(queue_samples=queue, batch_samples=batch))


def batch(signals: list[int], first: int) -> Samples:
    order = np.arange(first, first + len(signals))
    return Samples.of(signals, order, order.astype(float))


def drain(queue: Inlet) -> Samples:
    got = []
    while delivery := queue.take(0.0):
        got.append(delivery.samples)
    return Samples.join(got)


_batches = st.lists(st.lists(st.integers(0, 6), max_size=30), max_size=20)


@given(_batches, st.integers(1, 50))
def test_below_the_limit_nothing_is_lost_and_order_is_kept(
    batches: list[list[int]], size: int
) -> None:
    queue = inlet(100_000, size)
    count = 0
    for signals in batches:
        queue.push(batch(signals, count), 1.0)
        count += len(signals)
    deliveries = []
    while delivery := queue.take(0.0):
        deliveries.append(delivery.samples)
    assert all(len(d) == size for d in deliveries[:-1])
    assert Samples.join(deliveries).value.tolist() == list(range(count))
    assert (queue.queued, queue.shed, queue.received) == (0, 0, count)


@given(_batches, st.integers(10, 60))
def test_above_the_limit_the_rule_holds(batches: list[list[int]], limit: int) -> None:
    queue = inlet(limit)
    every: list[int] = []
    with capture_logs():
        for signals in batches:
            queue.push(batch(signals, len(every)), 1.0)
            every += signals
            assert queue.queued <= limit
    got = drain(queue)
    assert len(got) + queue.shed == queue.received == len(every)
    kept = set(got.value.astype(int).tolist())
    assert got.value.tolist() == sorted(kept)
    for s in (4, 5):  # the newest value of each counter is there, always
        rows = [i for i, x in enumerate(every) if x == s]
        assert not rows or rows[-1] in kept
    by = queue.shed_by_signal()
    assert sum(by.values()) == queue.shed
    for s in range(7):
        lost = sum(1 for i, x in enumerate(every) if x == s and i not in kept)
        assert by.get(f"s{s}", 0) == lost


def test_what_goes_first() -> None:
    queue = inlet(100)
    signals = ([0] * 10 + [4] * 10 + [6] * 10) * 3
    queue.push(batch(signals, 0), 1.0)
    with capture_logs() as logs:
        queue.push(batch([6] * 11, 90), 2.0)
    got = drain(queue)
    assert queue.shed == 6
    assert set(range(101)) - set(got.value.astype(int).tolist()) == {0, 1, 2, 3, 4, 5}
    assert [line["event"] for line in logs] == [
        "overload: samples shed, oldest rates and states first"
    ]


def test_warnings_do_not_flood() -> None:
    queue = inlet(10)
    with capture_logs() as logs:
        for i in range(200):
            queue.push(batch([0] * 20, i * 20), 1.0)
    assert 1 <= len(logs) <= 3
    assert queue.shed > 3000


def test_the_oldest_time_of_receipt_is_told() -> None:
    queue = inlet(100, 10)
    queue.push(batch([0] * 8, 0), 5.0)
    queue.push(batch([0] * 8, 8), 6.0)
    first, second = queue.take(0.0), queue.take(0.0)
    assert first is not None
    assert second is not None
    assert (first.received_at, second.received_at) == (5.0, 6.0)
    assert (len(first.samples), len(second.samples)) == (10, 6)


def test_taking_waits_for_a_push_and_no_longer() -> None:
    queue = inlet(100)
    begin = time.monotonic()
    assert queue.take(0.1) is None
    assert 0.08 < time.monotonic() - begin < 1.0
    timer = threading.Timer(0.1, lambda: queue.push(batch([1], 0), 1.0))
    timer.start()
    got = queue.take(10.0)
    assert got is not None
    assert time.monotonic() - begin < 5.0
    timer.join()
    threading.Timer(0.1, queue.close).start()
    assert queue.take(10.0) is None
    assert time.monotonic() - begin < 5.0
