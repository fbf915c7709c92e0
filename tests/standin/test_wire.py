"""On a real broker: births, data, commands, deaths, speed; heard by a plain MQTT client."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs

from conftest import Broker, free_port, require
from ecotwin.clock import ScaledClock, instant, micros
from ecotwin.connectors.sparkplug_payload import DataType, Metric, Payload, decode, encode
from ecotwin.errors import PlantFault, WireFault
from ecotwin.plant import Connection, Plant
from ecotwin_standin.broker import InsideBroker, answers
from ecotwin_standin.cli import main
from ecotwin_standin.live import Live, Stats
from ecotwin_standin.node import BirthNumber
from ecotwin_standin.plantside import Plantside
from ecotwin_standin.scenario import Scenario
from standin.days import MONDAY, told, works

pytestmark = pytest.mark.broker
ROOT = Path(__file__).parents[2]
PLANT = str(ROOT / "plants" / "electronics.yaml")


@pytest.fixture(name="plant")
def _plant() -> Plant:
    return works()


class Ear:
    """A plain client that keeps every Sparkplug message."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, Payload]] = []
        self._new = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda c, *_: c.subscribe("spBv1.0/#", 1)
        self.client.on_message = self._hear
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(5)

    def _hear(self, _client: Any, _user: Any, message: mqtt.MQTTMessage) -> None:
        if "CMD/" in message.topic:
            return
        with self._new:
            self.heard.append((message.topic, decode(bytes(message.payload))))
            self._new.notify_all()

    def wait(
        self, kind: str, place: str = "", count: int = 1, seconds: float = 15.0
    ) -> list[Payload]:
        def found() -> list[Payload]:
            return [p for t, p in list(self.heard) if t.split("/")[2] == kind and t.endswith(place)]

        with self._new:
            assert self._new.wait_for(lambda: len(found()) >= count, seconds), (kind, place)
            return found()

    def until(self, true: Callable[[], bool], seconds: float = 15.0) -> None:
        with self._new:
            assert self._new.wait_for(true, seconds)

    def send(self, kind: str, place: str, *metrics: Metric) -> None:
        payload = encode(Payload(metrics, 1))
        self.client.publish(f"spBv1.0/nordhafen/{kind}/{place}", payload).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def ear(broker: Broker) -> Iterator[Ear]:
    made = Ear(broker.port)
    yield made
    made.close()


@contextmanager
def playing(
    plant: Plant, port: int, folder: Path, speed: float = 300.0, scenario: Scenario | None = None
) -> Iterator[tuple[Live, ScaledClock, list[Stats]]]:
    """The plant live in a thread."""
    side = Plantside(plant, MONDAY, 3, scenario, 30.0)
    clock = ScaledClock(MONDAY, speed, time.time())
    live = Live(side, clock, "127.0.0.1", port, folder)
    ended: list[Stats] = []
    thread = threading.Thread(target=lambda: ended.append(live.run(60.0)))
    thread.start()
    try:
        yield live, clock, ended
    finally:
        live.stop()
        thread.join(20)
        assert not thread.is_alive()


def test_births_then_data_by_alias_with_one_sequence_an_edge(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path) as (live, clock, _):
        assert len(live.nodes) == 5
        ear.wait("DDATA", "smt_1/oven_1", 4)
        now_ms = live.now_ms()
    (birth,) = ear.wait("NBIRTH", "smt_1")
    names = {m.name: m for m in birth.metrics}
    assert birth.seq == 0
    assert names["Node Control/Rebirth"].value is False
    assert names["bdSeq"].value == 0
    oven = {m.alias: m for m in ear.wait("DBIRTH", "smt_1/oven_1")[0].metrics}
    known = {m.name for m in oven.values()}
    assert {s.id.split(".")[1] for s in plant.signals_of("oven_1")} <= known
    assert "sleep_sp/lease_s" in known
    data = ear.wait("DDATA", "smt_1/oven_1")
    assert all(not m.name and m.alias in oven and m.datatype == 0 for p in data for m in p.metrics)
    stamps = [p.timestamp or 0 for p in data]
    assert [b - a for a, b in pairwise(stamps)] == [30_000] * (len(stamps) - 1)
    assert abs(stamps[-1] - now_ms) < 1_800_000  # plant time, however slow this machine is
    seqs = [
        p.seq
        for t, p in ear.heard
        if "/smt_1" in t and t.split("/")[2] in ("NBIRTH", "DBIRTH", "DDATA")
    ]
    assert seqs == [n % 256 for n in range(len(seqs))]
    aliases = [m.alias for t, p in ear.heard if "DBIRTH/smt_1/" in t for m in p.metrics]
    assert len(aliases) == len(set(aliases))
    assert instant(micros(clock.now())) > MONDAY


def test_a_set_point_is_read_back_and_given_back_when_its_lease_ends(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path) as (live, _, _):
        birth = {m.name: m for m in ear.wait("DBIRTH", "smt_1/oven_1")[0].metrics}
        alias = birth["sleep_sp"].alias
        assert birth["sleep_sp"].value == 245.0

        def values() -> list[Any]:
            return [
                m.value for t, p in list(ear.heard) if t.endswith("DDATA/smt_1/oven_1")
                for m in p.metrics if m.alias == alias
            ]  # fmt: skip

        ear.send(
            "DCMD", "smt_1/oven_1",
            Metric("sleep_sp", 120.0, DataType.DOUBLE),
            Metric("sleep_sp/lease_s", 300.0, DataType.DOUBLE),
        )  # fmt: skip
        ear.until(lambda: 120.0 in values(), 3.0)
        assert live.side.world.machines["oven_1"].setpoint["sleep_sp"] == 120.0
        ear.until(lambda: values()[-1] == 245.0, 10.0)
        first, last = values().index(120.0), len(values()) - values()[::-1].index(120.0)
        assert 8 <= last - first <= 13, "five minutes of leases at 30 s, read back at once"

        ear.send("DCMD", "smt_1/oven_1", Metric("", 300.0, DataType.DOUBLE, alias))
        ear.send("DCMD", "smt_1/oven_1", Metric("power", 1.0, DataType.DOUBLE))
        ear.until(lambda: live.stats().refused == 2)
        assert values()[-1] == 245.0


def test_a_rebirth_is_given_when_asked(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path):
        ear.wait("DDATA", "smt_2/oven_2", 2)
        ear.send("NCMD", "smt_2", Metric("Node Control/Rebirth", True, DataType.BOOLEAN))
        births = ear.wait("NBIRTH", "smt_2", 2)
        ear.wait("DBIRTH", "smt_2/oven_2", 2)
    assert [b.seq for b in births] == [0, 0]
    assert len({m.value for b in births for m in b.metrics if m.name == "bdSeq"}) == 1


def test_nothing_breaks_on_garbage_commands(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path) as (live, _, _):
        ear.wait("DDATA", "smt_1/oven_1")
        for topic in ("DCMD/smt_1/oven_1", "NCMD/smt_1", "DCMD/smt_1/nobody"):
            ear.client.publish(f"spBv1.0/nordhafen/{topic}", b"\xff\x00garbage").wait_for_publish(5)
        ear.send("DCMD", "smt_1/oven_1", Metric("sleep_sp", float("nan"), DataType.DOUBLE))
        ear.send("DCMD", "smt_1/oven_1", Metric("sleep_sp", "hot", DataType.STRING))
        ear.until(lambda: live.stats().refused == 1)
        before = len(ear.wait("DDATA", "smt_1/oven_1"))
        ear.wait("DDATA", "smt_1/oven_1", before + 3)


def test_a_clean_end_sends_a_death_with_the_births_number(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    for run in range(2):
        with playing(plant, broker.port, tmp_path) as (_, _, ended):
            ear.wait("DDATA", "utilities/chiller_1", 1 + run)
            ear.wait("NBIRTH", "utilities", run + 1)
        assert ended[0].published >= 63  # 5 nodes and 58 devices were born
        deaths = ear.wait("NDEATH", "utilities", run + 1)
        births = ear.wait("NBIRTH", "utilities", run + 1)
        for message in (deaths[run], births[run]):
            assert next(m.value for m in message.metrics if m.name == "bdSeq") == run
        assert deaths[run].seq is None


def test_the_broker_goes_away_and_comes_back(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path, speed=600.0) as (live, _, _):
        ear.wait("DDATA", "smt_1/oven_1", 2)
        broker.stop()
        deadline = time.monotonic() + 10
        while any(n.connected.is_set() for n in live.nodes.values()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        broker.start()
        again = Ear(broker.port)
        births = again.wait("NBIRTH", "smt_1", 1, 25.0)
        again.wait("DDATA", "smt_1/oven_1", 2, 25.0)
        again.close()
    assert next(m.value for m in births[0].metrics if m.name == "bdSeq") == 1


def test_silent_and_dying_devices(plant: Plant, broker: Broker, ear: Ear, tmp_path: Path) -> None:
    scenario = told(
        "  - {fault: gap, target: placer_1a, start: +0.1h, end: +0.3h}\n"
        "  - {fault: device_death, target: solder_2, start: +0.1h, end: +0.3h}"
    )
    with playing(plant, broker.port, tmp_path, 600.0, scenario):
        ear.wait("DDEATH", "smt_2/solder_2")
        ear.wait("DBIRTH", "smt_2/solder_2", 2)
        ear.wait("DDATA", "smt_2/solder_2", 20)
    stamps = [p.timestamp or 0 for p in ear.wait("DDATA", "smt_1/placer_1a")]
    steps = {b - a for a, b in pairwise(stamps)}
    assert steps == {30_000, 0.2 * 3_600_000 + 30_000}
    assert not [t for t, _ in ear.heard if t.endswith("DDEATH/smt_1/placer_1a")]


def test_plant_time_runs_at_its_speed(
    plant: Plant, broker: Broker, ear: Ear, tmp_path: Path
) -> None:
    with playing(plant, broker.port, tmp_path, speed=144.0) as (_, _, ended):
        ear.wait("DDATA", "smt_1/oven_1", 1)
        begin, first = time.monotonic(), len(ear.wait("DDATA", "smt_1/oven_1"))
        ear.wait("DDATA", "smt_1/oven_1", first + 12)
        took = time.monotonic() - begin
    assert took == pytest.approx(12 * 30 / 144, abs=0.8)
    assert ended[0].late_steps <= 2


def test_signals_that_are_on_no_sparkplug_connection_are_refused(
    plant: Plant, tmp_path: Path
) -> None:
    elsewhere = replace(plant, connections=(Connection("plant_bus", "opcua", {}),))
    side = Plantside(elsewhere, MONDAY, 1)
    with pytest.raises(PlantFault, match="opcua"):
        Live(side, ScaledClock(MONDAY, 1.0, 0.0), "127.0.0.1", 1, tmp_path)


def test_birth_numbers_go_on_over_runs_and_start_again_after_255(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "g.e.json"
    assert [BirthNumber(path).next() for _ in range(3)] == [0, 1, 2]
    path.write_text('{"bdSeq": 255}')
    assert BirthNumber(path).next() == 0
    path.write_text("torn")
    assert BirthNumber(path).next() == 0
    with pytest.raises(WireFault, match="--state"):
        BirthNumber(path / "below_a_file.json").next()


def test_no_broker_is_told_and_waited_for(plant: Plant, tmp_path: Path) -> None:
    with capture_logs() as said, playing(plant, free_port(), tmp_path) as (live, _, ended):
        deadline = time.monotonic() + 10
        while not any("no broker answers" in str(line["event"]) for line in said):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert not any(n.connected.is_set() for n in live.nodes.values())
    assert ended[0].published == 0
    assert any("--broker-inside" in str(line.get("remedy")) for line in said)


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["run", "nowhere.yaml"], 1, "nowhere.yaml"),
        (["run", PLANT, "--scenario", "nothing"], 1, "calm, "),
        (["run", PLANT, "--start", "soon"], 2, "no ISO time"),
        (["run", PLANT, "--speed", "0"], 2, "above 0"),
        (["record", PLANT, "--out", "x", "--format", "xls"], 2, "parquet or csv"),
    ],
)
def test_wrong_use_gets_one_clear_sentence(
    arguments: list[str],
    code: int,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["ecotwin-standin", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert part in said
    assert "What to do:" in said


def test_the_command_records_and_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["record", PLANT, "--days", "0.5", "--start", "2026-06-15", "--step", "300"]
    for line in ([*arguments, "--out", str(tmp_path)], ["scenarios"], ["scenarios", "--faults"]):
        monkeypatch.setattr("sys.argv", ["ecotwin-standin", *line])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "80208 samples in 2 files" in said
    assert "month" in said
    assert "air_leak" in said


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_the_command_plays_with_its_own_broker_and_ends_on_sigterm(
    tmp_path: Path, kind: str
) -> None:
    if kind == "mosquitto":
        require("mosquitto", "mosquitto")
        how = ["-m", "ecotwin_standin"]
    else:
        hide = "import shutil, sys; shutil.which = lambda *_, **__: None; "
        how = ["-c", hide + "from ecotwin_standin.cli import main; main()"]
    port = free_port()
    with subprocess.Popen(
        [
            sys.executable,
            *how,
            "run",
            PLANT,
            "--port",
            str(port),
            "--broker-inside",
            "--speed",
            "300",
            "--seed",
            "4",
            "--start",
            "2026-06-15T06:00",
            "--since",
            "2026-06-15T05:00",
            "--scenario",
            "demo",
            "--truth",
            str(tmp_path / "truth.jsonl"),
            "--state",
            str(tmp_path / "state"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    ) as child:
        try:
            deadline = time.monotonic() + 60
            while not answers(port):
                assert time.monotonic() < deadline
                assert child.poll() is None
                time.sleep(0.1)
            ear = Ear(port)
            data = ear.wait("DDATA", "site/grid", 3, 60.0)
            assert abs((data[0].timestamp or 0) - micros(MONDAY) // 1000 - 3_600_000) < 3_600_000
            child.send_signal(signal.SIGTERM)
            ear.wait("NDEATH", "site")
            ear.close()
            _, said = child.communicate(timeout=20)
        finally:
            if child.poll() is None:
                child.kill()
    assert child.returncode == 0, said
    assert f"({kind} inside)" in said
    assert "ended:" in said
    assert not answers(port)


def test_a_taken_port_is_told(broker: Broker) -> None:
    with pytest.raises(WireFault, match="is taken"):
        InsideBroker(broker.port).start()
