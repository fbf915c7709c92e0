"""The command line: light to start, clear in its words, honest in its exit codes."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from conftest import free_port
from ecotwin.cli import app
from running import (
    ENVIRONMENT,
    OVEN_WORKS,
    ROOT,
    command,
    json_of,
    process,
    record,
    replayed_works,
    until,
    utc,
)

pytestmark = pytest.mark.xdist_group("cli")

HEAVY = ("duckdb", "numpy", "fastapi", "uvicorn", "pydantic", "cryptography", "pint", "paho")
COMMANDS = sorted(c.name or c.callback.__name__ for c in app.registered_commands if c.callback)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; sys.argv = ['ecotwin', '--help']\n"
        "import ecotwin.cli as cli\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & {{m.split('.')[0] for m in sys.modules}}))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=ENVIRONMENT
    )
    assert told.returncode == 0, told.stderr
    assert "LOADED []" in told.stdout
    for name in COMMANDS:
        assert name in told.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    from typer.testing import CliRunner

    told = CliRunner().invoke(app, [name, "--help"])
    assert told.exit_code == 0
    assert f"Example: ecotwin {name}" in " ".join(told.stdout.split())


def test_alone_it_says_what_to_do_first() -> None:
    told = command()
    assert told.returncode == 0
    for first in ("ecotwin demo", "ecotwin check", "ecotwin run", "ecotwin doctor"):
        assert first in told.stdout
    assert command("--version").stdout.strip()


def test_wrong_use_ends_with_2(tmp_path: Path) -> None:
    for words in (
        ["nonsense"], ["check"], ["run", OVEN_WORKS, "--port", "none"], ["replay", OVEN_WORKS]
    ):  # fmt: skip
        told = command(*words)
        assert told.returncode == 2, words
        assert "Traceback" not in told.stderr


def test_check_lists_every_fault_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    text = OVEN_WORKS.read_text()
    text = text.replace("kind: placer,", "kind: plaser,").replace("Europe/Berlin", "Europe/Nowhere")
    text = text.replace("inputs: [grid.energy]", "inputs: [grid.enrgy]").replace(
        "unit: kWh,", "unit: kWhh,"
    )
    broken.write_text(text)
    told = command("check", broken)
    assert told.returncode == 1
    for word in ("plaser", "Nowhere", "grid.enrgy", "kWhh"):
        assert word in told.stdout, told.stdout
    lines = text.splitlines()
    number = next(i for i, line in enumerate(lines, 1) if "plaser" in line)
    assert f":{number}:" in told.stdout
    as_json = command("check", broken, "--json")
    assert as_json.returncode == 1
    faults = json.loads(as_json.stdout)["faults"]
    assert len(faults) >= 4
    run = command("run", broken, data=tmp_path)
    assert run.returncode == 1
    assert "plaser" in run.stderr
    assert "Nowhere" in run.stderr


def test_check_of_what_is_no_plant_file(tmp_path: Path) -> None:
    for name, content in {
        "empty.yaml": b"", "list.yaml": b"- 1\n- 2\n", "binary.yaml": bytes(range(256)), "open.yaml": b"a: [1,\n",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.write_bytes(content)
        told = command("check", path)
        assert told.returncode == 1, name
        assert "Traceback" not in told.stderr, name
        assert told.stdout + told.stderr
    missing = command("check", tmp_path / "none.yaml")
    assert missing.returncode in {1, 2}
    assert "none.yaml" in missing.stdout + missing.stderr
    assert "Traceback" not in missing.stderr


def test_check_of_a_sound_plant_and_its_schema() -> None:
    told = json_of(command("check", OVEN_WORKS, "--json"))
    assert told["sound"] is True
    assert told["machines"] == 6
    assert json_of(command("schema"))["properties"]


def test_plugs_and_doctor() -> None:
    rooms = json_of(command("plugs", "--json"))
    assert {"sparkplug", "files", "replay"} <= set(rooms["connectors"])
    assert {"limits", "ewma", "residual"} <= set(rooms["detection"])
    assert "idle_off" in rooms["advice"]
    told = command("doctor", "--json")
    rows = {r["name"]: r for r in json.loads(told.stdout)}
    assert rows["Python"]["ok"]
    missing = [r for r in rows.values() if not r["ok"] and not r["optional"]]
    assert told.returncode == (1 if missing else 0)
    for row in rows.values():
        assert (
            row["ok"] or "install" in row["text"] or "make" in row["text"] or "free" in row["text"]
        )
    assert shutil.which("mosquitto") is None or rows["mosquitto"]["ok"]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plant whose recorded half day was replayed into a data folder: plant file and folder."""
    folder = tmp_path_factory.mktemp("kept")
    plant = replayed_works(folder)
    past = record(folder / "past", utc("2026-06-17T04:00"), 0.5)
    words = [w for path in past for w in ("--data", path)]
    told = command("replay", plant, *words, "--data-folder", folder / "d", "--json", timeout=120)
    assert json_of(told)["total"]["kwh"] > 100
    return plant, folder / "d"


def test_verify_of_a_sound_and_of_a_tampered_ledger(tmp_path: Path) -> None:
    from ecotwin.governance.checkpoint import seal_of, sign
    from ecotwin.governance.ledger import Ledger

    at = utc("2026-06-17T12:00")
    ledger = Ledger(tmp_path / "ledger")
    for number in range(9):
        ledger.append("measure", f"m{number}", {"value": number, "unit": "kWh"}, at)
    sign(ledger, seal_of(tmp_path / "ledger", "ecotwin/test"), at)
    path = ledger.path
    ledger.close()
    sound = command("verify", tmp_path)
    assert sound.returncode == 0, sound.stdout
    assert "The ledger is sound." in sound.stdout
    db = sqlite3.connect(path)
    tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    columns = {t: [c[1] for c in db.execute(f"PRAGMA table_info({t})")] for t in tables}
    table = next(t for t in tables if "body" in columns[t])
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        db.execute(f"DROP TRIGGER {name}")
    rows = db.execute(f"SELECT rowid, body FROM {table}").fetchall()
    row, body = next(
        (r, b) for r, b in rows if b'"value":7' in bytes(b if isinstance(b, bytes) else b.encode())
    )
    changed = bytes(body if isinstance(body, bytes) else body.encode()).replace(
        b'"value":7', b'"value":5'
    )
    db.execute(f"UPDATE {table} SET body = ? WHERE rowid = ?", [changed, row])
    db.commit()
    db.close()
    told = command("verify", tmp_path, "--json")
    assert told.returncode == 1
    report = json.loads(told.stdout)
    assert report["ok"] is False
    assert report["faults"]
    assert report["first_broken"] == 7
    assert "NOT sound" in command("verify", tmp_path).stdout
    assert command("verify", tmp_path / "nothing").returncode == 1


def test_backup_and_restore_are_a_round_trip(kept: tuple[Path, Path], tmp_path: Path) -> None:
    plant, folder = kept
    day = ("--period", "2026-06-17", "--json")
    before = json_of(command("report", plant, "--data-folder", folder, *day))
    copy = tmp_path / "copy"
    made = json_of(command("backup", plant, copy, "--data-folder", folder, "--json"))
    assert made["entries"] >= 0
    twice = command("backup", plant, copy, "--data-folder", folder)
    assert twice.returncode == 1
    assert "not empty" in twice.stderr
    told = command("restore", plant, copy, "--data-folder", tmp_path / "new")
    assert told.returncode == 0, told.stderr
    after = json_of(command("report", plant, "--data-folder", tmp_path / "new", *day))
    assert {m["id"]: m["value"] for m in after["measures"]} == {
        m["id"]: m["value"] for m in before["measures"]
    }
    over = command("restore", plant, copy, "--data-folder", tmp_path / "new")
    assert over.returncode == 1
    assert "not empty" in over.stderr
    none = command("restore", plant, tmp_path, "--data-folder", tmp_path / "other")
    assert none.returncode == 1


def test_report_as_csv_and_a_wrong_period(kept: tuple[Path, Path]) -> None:
    plant, folder = kept
    told = command("report", plant, "--data-folder", folder, "--period", "2026-06-17", "--csv")
    assert told.stdout.splitlines()[0].startswith("element,indicator,value,unit,low,high")
    wrong = command("report", plant, "--data-folder", folder, "--period", "yesterday")
    assert wrong.returncode == 1
    assert "is not a period" in wrong.stderr


@pytest.mark.timeout(120)
def test_demo_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    """Figures come within seconds; SIGINT ends the twin, the stand-in and its broker."""
    port = free_port()
    log = tmp_path / "demo.log"
    words = ("demo", OVEN_WORKS, "--port", port, "--days", 0, "--speed", 144)
    with process(*words, log=log, ECOTWIN_DATA=str(tmp_path / "d")) as demo:
        until(lambda: "its twin is at" in log.read_text(), 60, "the welcome")
        import httpx

        until(
            lambda: httpx.get(
                f"http://127.0.0.1:{port}/api/v1/machines", trust_env=False, timeout=20
            ).json()["bar"]["link"] == "online",
            60, "the plant on the wire", every_s=0.3,
        )  # fmt: skip
        children = psutil.Process(demo.pid).children(recursive=True)
        assert children
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=40) == 0
        time.sleep(0.2)
        left = [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE]
        assert not left
    assert "Traceback" not in log.read_text()
    assert command("verify", tmp_path / "d" / "demo-oven_works").returncode == 0


def test_the_steelworks_are_no_demo(tmp_path: Path) -> None:
    told = command("demo", ROOT / "plants" / "steelworks.yaml", data=tmp_path)
    assert told.returncode == 1
    assert "sparkplug" in told.stderr


def test_conform_says_what_can_be_had_and_what_is_missing() -> None:
    rows = json_of(
        command("conform", ROOT / "plants" / "steelworks.yaml", "--set", "gri", "--json")
    )
    assert any(row["had"] for row in rows)
    assert all(row["had"] or row["missing"] for row in rows)
    told = command("conform", ROOT / "plants" / "steelworks.yaml", "--set", "gri").stdout
    assert told.startswith(f"{sum(r['had'] for r in rows)} of {len(rows)} can be had")
    wrong = command("conform", ROOT / "plants" / "steelworks.yaml", "--set", "iso9001")
    assert wrong.returncode == 1
    assert "there is no set 'iso9001'" in wrong.stderr
