"""kill -9 at random moments: nothing that was acknowledged is lost, nothing is kept twice, and it goes on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from conftest import Broker
from ecotwin.errors import EcotwinError
from ecotwin.service.ask import ask, over_socket
from running import (
    OVEN_WORKS,
    command,
    json_of,
    process,
    record,
    replayed_works,
    standin,
    until,
    utc,
)

pytestmark = [pytest.mark.xdist_group("walks"), pytest.mark.timeout(240)]

START = utc("2026-06-15T04:00")
DAYS = 2.0
KILLS = 3


def counted(folder: Path) -> tuple[int, int, int]:
    """(rows, different rows, rejected) in a history that nobody holds."""
    with duckdb.connect(str(folder / "history" / "history.duckdb"), read_only=True) as db:
        rows = db.execute("SELECT count(*), count(DISTINCT (sid, t)) FROM sample").fetchone()
        rejected = db.execute("SELECT count(*) FROM reject").fetchone()
    assert rows is not None
    assert rejected is not None
    return int(rows[0]), int(rows[1]), int(rejected[0])


def asked(folder: Path, question: str, **words: object) -> dict[str, Any]:
    """What the running twin says over its local socket; empty while it does not answer yet.

    It never opens the history itself: that would keep a twin that is just starting from it.
    """
    try:
        return over_socket(folder, question, dict(words)) or {}
    except (EcotwinError, httpx.TransportError):
        return {}


def recorded(files: Sequence[Path]) -> int:
    with duckdb.connect() as db:
        found = db.execute(
            "SELECT count(*) FROM read_parquet(?)", [list(map(str, files))]
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_replay_that_is_killed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Kept and refused rows of the recorded files are exactly those of an undisturbed replay."""
    plant = replayed_works(tmp_path)
    past = record(tmp_path / "past", START, DAYS)
    data = [w for path in past for w in ("--data", path)]
    calm = json_of(
        command("replay", plant, *data, "--data-folder", tmp_path / "calm", "--json", timeout=120)
    )
    end = START + timedelta(days=DAYS)
    words = ("run", plant, *data, "--data-folder", tmp_path / "d", "--port", 0, "--speed", 1,
             "--start", end.isoformat(), "--origin", time.time())  # fmt: skip
    chance = random.Random(7)
    log = tmp_path / "run.log"
    file = tmp_path / "d" / "history" / "history.duckdb"
    for _ in range(KILLS):
        with process(*words, log=log) as running:
            until(file.exists, 60, "the history file")
            time.sleep(chance.uniform(0.05, 1.5))
            assert running.poll() is None, log.read_text()
            os.killpg(running.pid, signal.SIGKILL)
            running.wait(timeout=10)
    period = f"{START:%Y-%m-%dT%H:%M}Z/{end:%Y-%m-%dT%H:%M}Z"
    with process(*words, log=log) as running:
        until((tmp_path / "d" / "twin.sock").exists, 60, "the twin's socket")

        def whole() -> bool:
            told = asked(tmp_path / "d", "report", period=period).get("measures", [])
            found = [m["value"] for m in told if m["indicator"] == "energy.electricity"]
            refused = asked(tmp_path / "d", "quarantine").get("counts", {})
            return found == [pytest.approx(calm["total"]["kwh"], rel=2e-3)] and (
                sum(refused.values()) == calm["total"]["quarantined"]
            )

        until(whole, 60, "all of the recording", every_s=0.3)
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=40) == 0, log.read_text()
    rows, different, rejected = counted(tmp_path / "d")
    assert rows == different
    assert rows + rejected == recorded(past)
    assert (rows, different, rejected) == counted(tmp_path / "calm")
    one, other = (
        json_of(
            command("report", plant, "--data-folder", tmp_path / name, "--period", period, "--json")
        )
        for name in ("d", "calm")
    )
    assert {m["id"]: m["value"] for m in one["measures"]} == pytest.approx(
        {m["id"]: m["value"] for m in other["measures"]}, rel=1e-9
    )
    assert command("verify", tmp_path / "d").returncode == 0


@pytest.mark.broker
def test_a_live_twin_that_is_killed_goes_on(broker: Broker, tmp_path: Path) -> None:
    """What a command could read before the kill is there after it, once; new data comes in."""
    plant = tmp_path / "works.yaml"
    plant.write_text(OVEN_WORKS.read_text().replace("port: 1883", f"port: {broker.port}"))
    folder, origin, speed = tmp_path / "d", time.time(), 120.0
    log = tmp_path / "run.log"
    words = ("run", plant, "--data-folder", folder, "--port", 0, "--speed", speed,
             "--start", START.isoformat(), "--origin", origin)  # fmt: skip
    seen: list[set[str]] = []
    chance = random.Random(11)

    def rows() -> set[str]:
        told = asked(folder, "export", signals="grid.energy,oven_1.power")
        return set(told.get("csv", "").splitlines()[1:])

    with standin(broker.port, START, speed, origin, tmp_path, file=plant):
        for _ in range(2):
            with process(*words, log=log) as running:
                before = seen[-1] if seen else set()
                until(lambda b=before: len(rows() - b) > 8, 60, "rows", every_s=0.3)  # type: ignore[misc]
                time.sleep(chance.uniform(0.0, 0.8))
                seen.append(rows())
                os.killpg(running.pid, signal.SIGKILL)
                running.wait(timeout=10)
        with process(*words, log=log) as running:
            until(lambda: len(rows() - seen[-1]) > 8, 60, "new rows", every_s=0.3)
            last = rows()
            running.send_signal(signal.SIGTERM)
            assert running.wait(timeout=40) == 0, log.read_text()
    for known in seen:
        assert known <= last
    after = ask(plant, folder, "export", {"signals": "grid.energy,oven_1.power", "period": "today"})
    assert last <= set(after["csv"].splitlines()[1:])
    kept, different, _ = counted(folder)
    assert kept == different
    assert command("verify", folder).returncode == 0
