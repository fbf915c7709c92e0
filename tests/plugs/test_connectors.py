"""The shared suite: every connector, found by its name, keeps the contract."""

from __future__ import annotations

import inspect
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import free_port
from ecotwin import plugs
from ecotwin.clock import ManualClock
from ecotwin.connectors.contract import Connector, Health, InletLimits
from ecotwin.errors import EcotwinError, WireFault, WriteRefused
from ecotwin.plant.model import Plant
from tiny_eye import eye
from wire_plants import SETPOINT, plant_of, signal

NAMES = sorted(plugs.names("connectors"))
STATES = {"connecting", "online", "offline", "finished", "failed"}


def options_of(name: str, folder: Path) -> Mapping[str, Any]:
    """What each connector needs to be made; a new connector adds its line here."""
    table = folder / "data.csv"
    table.write_text("at,e1/oven/setpoint\n2026-01-01,5\n2026-01-02,6\n")
    known: dict[str, Mapping[str, Any]] = {
        "sparkplug": {"port": free_port(), "group": "g"},
        "files": {"path": str(table)},
        "replay": {"path": str(table), "shape": "wide"},
        "inspection": {"path": str(folder), "model": str(eye(folder))},
    }
    assert name in known, f"say in options_of() how a {name!r} connection is made"
    return known[name]


def plant(name: str, folder: Path, *, writing: bool = False) -> Plant:
    signals = [signal(0, "e1/oven/setpoint", "setpoint", write=SETPOINT)]
    return plant_of(signals, name, options_of(name, folder), writing=writing)


def make(name: str, folder: Path, *, writing: bool = False) -> Connector:
    made = plant(name, folder, writing=writing)
    clock = ManualClock(datetime(2026, 2, 1, tzinfo=UTC))
    limits = InletLimits(queue_samples=1000, batch_samples=100)
    connector: Connector = plugs.load("connectors", name)(
        made, made.connections[0], clock, settings=limits
    )
    return connector


def test_some_connectors_are_found() -> None:
    assert {"sparkplug", "files", "replay"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_contracts_shape(name: str) -> None:
    plug = plugs.load("connectors", name)
    assert inspect.getdoc(inspect.getmodule(plug))
    wanted = {"start": ["cursor"], "take": ["timeout_s"], "health": [], "stop": []}
    wanted["write"] = ["signal", "value", "lease_s"]
    for method, arguments in wanted.items():
        found = list(inspect.signature(getattr(plug, method)).parameters)[1:]
        assert found == arguments, method
        assert inspect.getdoc(getattr(plug, method)), method
    made = list(inspect.signature(plug).parameters.values())
    assert [p.name for p in made] == ["plant", "connection", "clock", "settings"]
    assert made[-1].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", NAMES)
def test_a_life_from_start_to_stop(name: str, tmp_path: Path) -> None:
    connector = make(name, tmp_path)
    assert connector.name == "line"
    assert connector.health().state in STATES
    begin = time.monotonic()
    connector.start()
    assert time.monotonic() - begin < 2.0
    begin = time.monotonic()
    delivery = connector.take(0.2)
    assert time.monotonic() - begin < 2.0
    if delivery is not None:
        assert 0 < len(delivery.samples) <= 100
        assert delivery.samples.signal.min() >= 0
        assert abs(delivery.received_at - time.time()) < 60
    health = connector.health()
    assert isinstance(health, Health)
    assert health.state in STATES
    assert health.since.tzinfo is not None
    assert re.match(r"[a-z].*\.$", health.text), "a sentence for a person"
    connector.stop()
    connector.stop()
    assert connector.health().state in ("finished", "failed")
    assert connector.take(0.0) is None


@pytest.mark.parametrize("name", NAMES)
def test_writing_is_off_unless_it_was_turned_on(name: str, tmp_path: Path) -> None:
    connector = make(name, tmp_path)
    connector.start()
    with pytest.raises(WriteRefused) as refusal:
        connector.write("e1_oven_setpoint", 5.0, 60.0)
    assert refusal.value.remedy
    connector.stop()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_where_no_device_listens(name: str, tmp_path: Path) -> None:
    connector = make(name, tmp_path, writing=True)
    connector.start()
    with pytest.raises((WriteRefused, WireFault)):
        connector.write("e1_oven_setpoint", 5.0, 60.0)
    with pytest.raises((WriteRefused, WireFault)):
        connector.write("no_such_signal", 5.0, 60.0)
    connector.stop()


@pytest.mark.parametrize("name", NAMES)
def test_a_connection_that_cannot_work_says_what_to_do(name: str, tmp_path: Path) -> None:
    """Without any option and without a path: a clear error, or a health that names the remedy."""
    bare = plant_of([signal(0, "a")], name, {})
    clock = ManualClock(datetime(2026, 2, 1, tzinfo=UTC))
    with pytest.raises(EcotwinError) as fault:
        plugs.load("connectors", name)(
            bare, bare.connections[0], clock, settings=InletLimits()
        ).start()
    assert fault.value.remedy


@pytest.mark.parametrize("name", NAMES)
def test_a_restart_from_the_last_cursor_repeats_nothing(name: str, tmp_path: Path) -> None:
    first = make(name, tmp_path)
    first.start()
    delivery = first.take(0.2)
    first.stop()
    if delivery is None or not delivery.cursor:
        return  # a wire without positions has nothing to go on from
    again = make(name, tmp_path)
    again.start(delivery.cursor)
    rest = again.take(0.2)
    assert rest is None or rest.samples.at.min() > delivery.samples.at.max()
    again.stop()
