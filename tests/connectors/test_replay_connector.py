"""Recordings played again: everything, in order, and never before its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from ecotwin.clock import ManualClock, WallClock, micros
from ecotwin.connectors.contract import InletLimits
from ecotwin.connectors.replay import Replay
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.plant.model import Connection
from ecotwin.records import Samples
from wire_plants import plant_of, signal

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SIGNALS = [
    signal(0, "e1/oven/power", factor=0.001, offset=5.0),
    signal(1, "e1/oven/energy", "counter", rollover=1000.0),
    signal(2, "e1/oven/state", "state", states={0: "off", 7: "busy"}),
]


def recording(folder: Path, rows: int = 300) -> Path:
    """Three signals every 10 s from 2020 on, by signal id."""
    path = folder / "recorded.parquet"
    duckdb.sql(
        "SELECT TIMESTAMPTZ '2020-01-01 00:00:00+00' + INTERVAL (range // 3 * 10) SECOND AS at, "
        "['e1_oven_power', 'e1_oven_energy', 'e1_oven_state'][range % 3 + 1] AS signal, "
        f"range::DOUBLE AS value FROM range({rows})"
    ).write_parquet(str(path))
    return path


def replay(
    path: Path,
    clock: Any = None,
    *,
    batch: int = 100_000,
    speed: float | None = None,
    **options: Any,
) -> Replay:
    plant = plant_of(SIGNALS, "replay", {"path": str(path), **options})
    limits = InletLimits(batch_samples=batch, speed=speed)
    return Replay(plant, plant.connections[0], clock or ManualClock(NOW), settings=limits)


def drain(player: Replay) -> Samples:
    got = []
    while delivery := player.take(0.0):
        got.append(delivery.samples)
    return Samples.join(got)


def test_as_fast_as_possible(tmp_path: Path) -> None:
    player = replay(recording(tmp_path), batch=70)
    player.start()
    got = drain(player)
    assert got.value.tolist() == list(range(300))
    assert got.signal.tolist() == [0, 1, 2] * 100
    assert player.health().state == "finished"


@pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
def test_nothing_comes_before_its_time(tmp_path: Path, speed: float) -> None:
    clock = ManualClock(NOW)
    player = replay(recording(tmp_path), clock, batch=50, speed=speed)
    player.start()
    assert len(drain(player)) == 3  # the first instant is due at once
    begin = micros(datetime(2020, 1, 1, tzinfo=UTC))
    passed, count = 0.0, 3
    for step_s in (3.0, 8.0, 50.0, 0.0, 120.0, 5000.0):
        passed += step_s
        clock.move_to(NOW + timedelta(seconds=passed))
        got = drain(player)
        count += len(got)
        due = min(300, 3 * (int(passed * speed / 10) + 1))
        assert count == due
        if len(got):
            assert got.at.max() <= begin + passed * speed * 1e6
    assert (count, player.health().state) == (300, "finished")


def test_by_the_wall_clock(tmp_path: Path) -> None:
    player = replay(recording(tmp_path, 60), WallClock(), speed=400.0)
    player.start()
    got = []
    while player.health().state == "online":
        if delivery := player.take(0.2):
            got.append(delivery)
    assert len(got) > 3
    assert Samples.join([d.samples for d in got]).value.tolist() == list(range(60))
    assert got[-1].received_at - got[0].received_at > 0.3


def test_a_restart_goes_on_between_two_rows(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    player = replay(recording(tmp_path), clock, speed=1.0)
    player.start()
    clock.move_to(NOW + timedelta(seconds=95))
    delivery = player.take(0.0)
    assert delivery is not None
    player.stop()
    assert player.take(0.0) is None
    again = replay(recording(tmp_path), speed=0.0)
    again.start(delivery.cursor)
    assert drain(again).value.tolist() == list(range(len(delivery.samples), 300))


def test_the_files_of_another_connection(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("t,col\n2026-01-01,1\n2026-01-02,2\n")
    options = {"path": str(tmp_path / "x.csv"), "time": "t"}
    plant = plant_of([signal(0, "col")], "files", options)
    connection = Connection("again", "replay", {"source": "line", "speed": 0})
    player = Replay(plant, connection, ManualClock(NOW), settings=InletLimits())
    player.start()
    assert drain(player).value.tolist() == [1.0, 2.0]
    for name in ("again", "nowhere"):
        with pytest.raises(SettingsFault, match="no connection to files"):
            Replay(
                plant,
                Connection("again", "replay", {"source": name}),
                ManualClock(NOW),
                settings=InletLimits(),
            )


def test_canonical_readings_go_back_into_the_wires_terms(tmp_path: Path) -> None:
    text = "at,signal,value\n1,e1_oven_power,6.5\n1,e1_oven_energy,2345\n1,e1_oven_state,5\n"
    text += "2,e1_oven_state,0\n2,e1_oven_power,\n"
    (tmp_path / "x.csv").write_text(text)
    player = replay(tmp_path / "x.csv", units="canonical", time={"format": "epoch_s"})
    player.start()
    got = drain(player)
    assert got.value.tolist() == pytest.approx([1500.0, 345.0, 7.0, 0.0])


def test_values_that_are_no_number_stay_in(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("at,signal,value\n1,e1_oven_power,NaN\n2,e1_oven_power,?\n")
    player = replay(tmp_path / "x.csv", time={"format": "epoch_s"})
    player.start()
    assert np.isnan(drain(player).value).tolist() == [True, True]


@pytest.mark.parametrize("speed", [-1, "fast", float("inf"), float("nan")])
def test_a_wrong_speed_is_a_settings_fault(tmp_path: Path, speed: Any) -> None:
    with pytest.raises(SettingsFault, match="replay speed"):
        replay(tmp_path, speed=speed)


def test_a_missing_file_is_told_at_the_start(tmp_path: Path) -> None:
    player = replay(tmp_path / "none.csv")
    with pytest.raises(FileFault, match="finds no data file"):
        player.start()
    assert player.health().state == "failed"
