"""Bad input at the twin's door: it stays up, says so in words, and loses nothing that was acknowledged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from conftest import Broker, require
from ecotwin.clock import Period, WallClock, micros
from ecotwin.connectors.sparkplug_payload import DataType
from ecotwin.cycle import Twin
from ecotwin.plant import Plant
from ecotwin.settings import Settings
from running import on_port, page_of, until
from sparkplug_peer import LiveNode

pytestmark = [pytest.mark.xdist_group("walks"), pytest.mark.broker]

POWER = ("power", DataType.DOUBLE, 20.0)


class Meter(LiveNode):
    """The oven's device with one metric, stamped now."""

    def __init__(self, port: int) -> None:
        super().__init__(port, "smt", ["oven_1"], "works")
        self.metrics = (POWER,)
        self.at_ms = now_ms()
        self._told_ms = 0

    def tell(self, value: float, late_ms: int = 0) -> None:
        """Send a reading; never two of one millisecond, which would be doubles of each other."""
        self._told_ms = max(now_ms(), self._told_ms + 1)
        self.send(self.data("oven_1", self._told_ms - late_ms, power=value))


def now_ms() -> int:
    return micros(WallClock().now()) // 1000


def started(plant: Plant, folder: Path, **changes: object) -> Twin:
    made = Twin(plant, Settings(flush_s=0.02, **changes), WallClock(), folder)  # type: ignore[arg-type]
    made.start()
    return made


@pytest.fixture
def twin(broker: Broker, tmp_path: Path) -> Iterator[Twin]:
    made = started(on_port(broker.port), tmp_path / "d")
    yield made
    made.stop()


def power(twin: Twin) -> float:
    return twin.intake.newest_of(twin.plant.signal("oven_1.power").index)[1]


def follows(twin: Twin, meter: Meter, value: float) -> None:
    """The twin is alive: it takes in what comes next."""
    meter.tell(value)
    until(lambda: power(twin) == value, 20, f"a good reading of {value}")
    assert not twin.failed


def reasons(twin: Twin) -> dict[str, int]:
    return dict(twin.store.reject_counts())


def test_broker_down_at_start_and_later(tmp_path: Path) -> None:
    broker = Broker(require("mosquitto", "mosquitto"), tmp_path)
    twin = started(on_port(broker.port), tmp_path / "d")
    try:
        until(lambda: twin.link()[0] != "online" and twin.link()[1], 20, "words on the link")
        assert str(broker.port) in twin.link()[1]
        with page_of(twin) as page:
            bar = page.get("/api/v1/overview").json()["bar"]
            assert bar["link"] in {"offline", "connecting"}
            assert bar["link_text"]
            assert bar["data_age_s"] is None
        broker.start()
        until(lambda: twin.link()[0] == "online", 60, "the broker found")
        meter = Meter(broker.port)
        meter.connect()
        follows(twin, meter, 21.0)
        broker.stop()
        until(lambda: twin.link()[0] != "online", 30, "the broker missed")
        assert not twin.failed
        assert power(twin) == 21.0
        broker.start()
        until(lambda: twin.link()[0] == "online", 60, "the broker found again")
        until(meter.client.is_connected, 60, "the meter on the broker again")
        meter.send(*meter.births())
        follows(twin, meter, 22.0)
        meter.client.disconnect()
    finally:
        twin.stop()
        broker.stop()


def test_garbage_and_huge_payloads(broker: Broker, twin: Twin, tmp_path: Path) -> None:
    meter = Meter(broker.port)
    meter.connect()
    follows(twin, meter, 20.0)
    vandal = mqtt.Client(CallbackAPIVersion.VERSION2)
    vandal.connect("127.0.0.1", broker.port)
    vandal.loop_start()
    topics = ("spBv1.0/works/DDATA/smt/oven_1", "spBv1.0/works/NBIRTH/smt", "spBv1.0/works/DBIRTH/x/y",
              "spBv1.0/works/STRANGE/smt", "spBv1.0/works/NDATA/")  # fmt: skip
    for topic in topics:
        for payload in (
            b"",
            b"\x00",
            b"\xff" * 1000,
            json.dumps({"power": 1}).encode(),
            bytes(range(256)) * 20,
        ):
            vandal.publish(topic, payload, qos=1).wait_for_publish(10)
    vandal.publish(topics[0], b"\x0a" + b"A" * 6_000_000, qos=1).wait_for_publish(20)
    until(lambda: twin.health()["bus"].refused > 10, 20, "refused messages counted")
    vandal.disconnect()
    meter.send(*meter.births())
    follows(twin, meter, 23.0)
    with page_of(twin) as page:
        assert 'ecotwin_connection_refused{connection="bus"}' in page.get("/metrics").text
    meter.client.disconnect()


def test_values_and_stamps_that_cannot_be(broker: Broker, twin: Twin) -> None:
    meter = Meter(broker.port)
    meter.connect()
    follows(twin, meter, 20.0)
    day = 86_400_000
    for value in (math.nan, math.inf, -math.inf, 1e9, -1e9):
        meter.tell(value)
    meter.tell(25.0, late_ms=-day)
    meter.tell(26.0, late_ms=4000 * day)
    meter.send(meter.data("oven_1", 2**62, power=27.0))
    follows(twin, meter, 24.0)
    until(
        lambda: reasons(twin).get("range", 0) >= 2 and reasons(twin).get("future", 0) >= 1,
        20,
        "samples in quarantine",
    )
    told = reasons(twin)
    assert told.get("future", 0) >= 1, told
    assert told.get("range", 0) >= 2, told
    assert power(twin) == 24.0
    now = WallClock().now()
    rows = list(
        twin.store.export([twin.plant.signal("oven_1.power").index], Period(twin.started_at, now))
    )
    assert all(math.isfinite(r[2]) and 0 <= r[2] <= 104 for r in rows)
    span = twin.store.span()
    assert span is not None
    assert span.end <= now.replace(year=now.year + 1)
    meter.client.disconnect()


def test_disk_full_is_said_and_nothing_taken_is_lost(broker: Broker, twin: Twin) -> None:
    """The history refuses below its reserve; the cycle says so, goes on, and keeps what waited once there is room."""
    meter = Meter(broker.port)
    meter.connect()
    follows(twin, meter, 20.0)
    file = twin.store._file  # type: ignore[attr-defined]
    room = file._reserve
    file._reserve = 1 << 60
    kept = twin.intake.kept
    meter.tell(31.0)
    meter.tell(32.0)
    until(lambda: twin.intake._unkept is not None, 20, "a batch that found no room")
    assert twin.intake.kept == kept
    assert not twin.failed
    with page_of(twin) as page:
        assert page.get("/api/v1/overview").status_code == 200
    file._reserve = room
    until(lambda: power(twin) == 32.0, 30, "what waited is kept")
    follows(twin, meter, 33.0)
    signal = twin.plant.signal("oven_1.power").index
    rows = [r[2] for r in twin.store.export([signal], Period(twin.started_at, WallClock().now()))]
    assert [v for v in rows if v in (31.0, 32.0, 33.0)] == [31.0, 32.0, 33.0]
    meter.client.disconnect()
