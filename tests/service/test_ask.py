"""Commands ask the running twin over its local socket during ingest, and open the history when none runs."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Broker, free_port
from running import OVEN_WORKS, command, json_of, process, standin, until, utc

pytestmark = [pytest.mark.xdist_group("service"), pytest.mark.broker, pytest.mark.timeout(180)]

START = utc("2026-06-18T05:00")
SPEED = 120.0


def plant_on(folder: Path, port: int) -> Path:
    path = folder / "works.yaml"
    path.write_text(OVEN_WORKS.read_text().replace("port: 1883", f"port: {port}"))
    return path


def run_words(plant: Path, folder: Path, origin: float, port: int = 0) -> list[object]:
    return [
        "run", plant, "--data-folder", folder, "--port", port, "--speed", SPEED,
        "--start", START.isoformat(), "--origin", origin,
    ]  # fmt: skip


@pytest.fixture
def ingesting(broker: Broker, tmp_path: Path) -> Iterator[tuple[Path, Path, Any]]:
    """Plant file, data folder and process of a real `ecotwin run` that takes in a real stand-in's data."""
    plant, folder, origin = plant_on(tmp_path, broker.port), tmp_path / "d", time.time()
    log = tmp_path / "run.log"
    with (
        standin(broker.port, START, SPEED, origin, tmp_path, file=plant),
        process(*run_words(plant, folder, origin), log=log) as running,
    ):
        until(lambda: (folder / "twin.sock").exists(), 60, "the twin's socket")
        until(lambda: _energy(plant, folder) > 0, 60, "a first figure", every_s=0.5)
        yield plant, folder, running


def _energy(plant: Path, folder: Path) -> float:
    result = command("report", plant, "--data-folder", folder, "--json")
    if result.returncode != 0:
        return 0.0
    found = json.loads(result.stdout)["measures"]
    return float(next((m["value"] for m in found if m["indicator"] == "energy.electricity"), 0.0))


def test_every_question_during_ingest_and_after(
    ingesting: tuple[Path, Path, Any], tmp_path: Path
) -> None:
    plant, folder, running = ingesting
    at = ("--data-folder", folder)
    assert stat.S_IMODE((folder / "twin.sock").stat().st_mode) == 0o600
    report = json_of(command("report", plant, *at, "--json"))
    energy = next(m for m in report["measures"] if m["indicator"] == "energy.electricity")
    tree = json_of(command("explain", plant, energy["id"], *at, "--json"))
    assert tree
    csv = command("export", plant, "oven_1.power", *at)
    assert csv.returncode == 0, csv.stderr
    head, first = csv.stdout.splitlines()[:2]
    assert head == "at,signal,value,quality"
    assert first.startswith("2026-06-18T05:")
    assert first.split(",")[1] == "oven_1.power"
    json_of(command("quarantine", plant, *at, "--json"))
    # Settled minutes only: the newest ones of a running plant may still be filled by late
    # data. They are named before the backup is taken, or a slow computer would ask it for minutes after it.
    newest = json_of(command("report", plant, *at, "--json"))
    settled = datetime.fromisoformat(newest["end"]) - timedelta(minutes=5)
    period = f"{newest['start']}/{settled.isoformat()}"
    told = json_of(command("backup", plant, tmp_path / "copy", *at, "--json"))
    assert told["bytes"] > 0
    wrong = command("report", plant, *at, "--element", "moon")
    assert wrong.returncode == 1
    assert "there is no element 'moon'" in wrong.stderr
    assert "What to do" in wrong.stderr

    before = json_of(command("report", plant, *at, "--period", period, "--json"))
    energy = next(m for m in before["measures"] if m["indicator"] == "energy.electricity")

    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=30) == 0
    assert not (folder / "twin.sock").exists()
    again = json_of(command("report", plant, *at, "--period", period, "--json"))
    same = next(m for m in again["measures"] if m["indicator"] == "energy.electricity")
    assert same["value"] == pytest.approx(energy["value"], rel=1e-12)
    assert json_of(command("explain", plant, same["id"], *at, "--json"))
    restored = command("restore", plant, tmp_path / "copy", "--data-folder", tmp_path / "new")
    assert restored.returncode == 0, restored.stderr
    back = json_of(
        command("report", plant, "--data-folder", tmp_path / "new", "--period", period, "--json")
    )
    copied = next(m for m in back["measures"] if m["indicator"] == "energy.electricity")
    assert copied["value"] == pytest.approx(energy["value"], rel=1e-12)
    assert command("verify", tmp_path / "new").returncode == 0


def test_a_second_twin_and_a_hung_one_are_told(ingesting: tuple[Path, Path, Any]) -> None:
    plant, folder, running = ingesting
    second = command(*run_words(plant, folder, time.time()))
    assert second.returncode == 1
    assert "Traceback" not in second.stderr
    assert "process" in second.stderr
    assert (folder / "twin.sock").exists(), "the refused twin left the running one's door alone"
    json_of(command("report", plant, "--data-folder", folder, "--json"))
    (folder / "twin.sock").unlink()
    busy = command("report", plant, "--data-folder", folder)
    assert busy.returncode == 1
    assert str(running.pid) in busy.stderr or "another process" in busy.stderr
    assert "What to do" in busy.stderr


def test_a_socket_that_a_crash_left_does_not_stop_anybody(
    ingesting: tuple[Path, Path, Any],
) -> None:
    plant, folder, running = ingesting
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(timeout=10)
    assert (folder / "twin.sock").exists()
    assert _energy(plant, folder) > 0


def test_taken_port_foreign_host_and_bad_settings(tmp_path: Path) -> None:
    plant = plant_on(tmp_path, free_port())
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = command(*run_words(plant, tmp_path / "d", time.time(), port))
    assert result.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in result.stderr
    assert "--port" in result.stderr
    assert not (tmp_path / "d" / "history").exists()
    open_ = command("run", plant, "--host", "0.0.0.0", "--data-folder", tmp_path / "d")
    assert open_.returncode == 2
    assert "loopback" in open_.stderr
    fast = command("run", plant, "--speed", 10, "--data-folder", tmp_path / "d")
    assert fast.returncode == 2
    assert "--origin" in fast.stderr
    wrong = command("run", plant, "--data-folder", tmp_path / "d", ECOTWIN_FLUSH_S="never")
    assert wrong.returncode == 2
    assert "flush_s" in wrong.stderr
    for told in (result, open_, fast, wrong):
        assert "Traceback" not in told.stderr


def test_no_history_is_said_in_words(tmp_path: Path) -> None:
    result = command("report", OVEN_WORKS, data=tmp_path)
    assert result.returncode == 1
    assert "there is no history" in result.stderr
    assert "ecotwin run" in result.stderr


def test_the_local_door_speaks_only_questions_that_are_known(
    ingesting: tuple[Path, Path, Any],
) -> None:
    _, folder, _ = ingesting
    door = httpx.HTTPTransport(uds=str(folder / "twin.sock"))
    with httpx.Client(transport=door, timeout=20) as client:
        reply = client.post("http://twin/ask/nonsense", json={}, headers={"X-Ecotwin": "cli"})
        assert reply.status_code == 400
        assert "no question" in reply.json()["found"]
        bare = client.post("http://twin/ask/report", json={})
        assert bare.status_code == 403
        odd = client.post(
            "http://twin/ask/report", json={"colour": 1}, headers={"X-Ecotwin": "cli"}
        )
        assert odd.status_code == 400
        assert "colour" in odd.json()["found"]
