"""`ecotwin whatif`: lists, runs from the plant file alone, prints a table or JSON, refuses with what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from running import ENVIRONMENT, ROOT, command, json_of, process, until

WORKS = ROOT / "plants" / "electronics.yaml"
SMALL = ("--from", "start", "--hours", "1", "--runs", "2")


def test_without_scenarios_it_lists_those_of_the_plant(tmp_path: Path) -> None:
    told = command("whatif", WORKS, data=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "pressure_6_2" in told.stdout
    rows = json_of(command("whatif", WORKS, "--json", data=tmp_path))
    assert all(not row["faults"] for row in rows)


def test_a_comparison_from_the_plant_file_alone(tmp_path: Path) -> None:
    words = ("whatif", WORKS, "pressure_6_2", "carbon_price_120", *SMALL)
    body = json_of(command(*words, "--json", data=tmp_path, timeout=300))
    assert body["result"]["cases"][0]["name"] == "Do nothing"
    assert body["entry"] is None, "without a history there is no ledger to seal it in"
    assert len(body["digest"]) == 64
    told = command(*words, data=tmp_path, timeout=300)
    assert told.returncode == 0, told.stderr
    assert "Compressed air at 6.2 bar" in told.stdout
    assert body["digest"][:16] in told.stdout, "the same question has the same answer"


def test_what_cannot_be_asked_says_what_to_do(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "id: bad\nname: Bad\nset_points: [{signals: [boiler_1.supply_sp], value: 60}]\n", "utf-8"
    )
    cases = (
        ((bad, *SMALL), "not writable"),
        (("nothing", *SMALL), "there is no scenario 'nothing'"),
        ((tmp_path / "gone.yaml", *SMALL), "there is no file"),
        (("pressure_6_2",), "--from start"),
        (("pressure_6_2", "--from", "start", "--runs", "0"), "0 runs"),
    )
    for words, said in cases:
        told = command("whatif", WORKS, *words, data=tmp_path)
        assert told.returncode == 1, words
        assert said in told.stderr, told.stderr
        assert "Traceback" not in told.stderr


def test_ctrl_c_stops_it(tmp_path: Path) -> None:
    words = [
        "whatif",
        str(WORKS),
        "pressure_6_2",
        "--from",
        "start",
        "--hours",
        "96",
        "--runs",
        "500",
    ]
    made = subprocess.Popen(
        [sys.executable, "-m", "ecotwin.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**ENVIRONMENT, "ECOTWIN_DATA": str(tmp_path)}, start_new_session=True,
    )  # fmt: skip
    try:
        time.sleep(12.0)
        os.kill(made.pid, signal.SIGINT)
        out, err = made.communicate(timeout=120)
    finally:
        made.kill()
    assert made.returncode == 1
    assert "Stopped" in err
    assert not out.strip()


def test_a_running_twin_answers_over_its_socket_and_seals_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with process(
        "run", WORKS, "--port", 0, "--data-folder", folder, log=tmp_path / "run.log"
    ):  # fmt: skip
        until(lambda: (folder / "twin.sock").exists(), 120, "the twin's socket")
        words = ("whatif", WORKS, "carbon_price_120", *SMALL, "--data-folder", folder)
        body = json_of(command(*words, "--json", timeout=300))
        assert body["entry"] is not None
        assert body["question"]["by"] == "local person"
        refused = command("whatif", WORKS, "nothing", *SMALL, "--data-folder", folder)
        assert refused.returncode == 1
        assert "there is no scenario 'nothing'" in refused.stderr
