"""A command holds the history at the very moment at which `ecotwin run` starts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import free_port
from ecotwin.cycle.asking import open_for
from ecotwin.cycle.twin import BUSY_WAIT_S
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import load
from running import ENVIRONMENT, OVEN_WORKS, process, until

HOLD = """
import sys
from pathlib import Path
from ecotwin.cycle.asking import open_for
with open_for(Path(sys.argv[1]), Path(sys.argv[2])):
    print("holds", flush=True)
    sys.stdin.readline()
"""


@contextlib.contextmanager
def held(plant: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the history, as commands do, until it is told to let go."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(plant), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    ) as holder:  # fmt: skip
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "holds\n"
            yield holder
        finally:
            holder.kill()


def let_go(holder: subprocess.Popen[str]) -> None:
    assert holder.stdin is not None
    holder.stdin.write("\n")
    holder.stdin.flush()


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    """A plant file and the folder of a twin that once ran."""
    plant = tmp_path / "works.yaml"
    plant.write_text(OVEN_WORKS.read_text().replace("port: 1883", f"port: {free_port()}"))
    folder = tmp_path / "d"
    DuckStore(load(plant), folder / "history").close()
    with open_for(plant, folder):
        pass
    return plant, folder


def run_words(plant: Path, folder: Path) -> list[object]:
    return ["run", plant, "--data-folder", folder, "--port", 0]


def test_run_waits_until_a_command_lets_go(kept: tuple[Path, Path], tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    with held(*kept) as holder, process(*run_words(*kept), log=log) as running:
        claim = kept[1] / "history" / "owner.lock"
        until(lambda: _waits_for(running.pid, claim), 30, "`run` at the locked door")
        time.sleep(1.0)
        assert running.poll() is None
        assert not (kept[1] / "twin.sock").exists()
        let_go(holder)
        until(lambda: (kept[1] / "twin.sock").exists(), 30, f"the twin: {log.read_text()}")
        assert running.poll() is None


def test_run_gives_up_after_the_stated_time_with_the_clear_error(
    kept: tuple[Path, Path], tmp_path: Path
) -> None:
    log = tmp_path / "run.log"
    with held(*kept) as holder, process(*run_words(*kept), log=log) as running:
        claim = kept[1] / "history" / "owner.lock"
        until(lambda: _waits_for(running.pid, claim), 30, "`run` at the locked door")
        begun = time.monotonic()
        assert running.wait(timeout=BUSY_WAIT_S + 20) == 1
        assert time.monotonic() - begun > BUSY_WAIT_S - 1
        told = " ".join(log.read_text().split())
        assert f"is in use by process {holder.pid}" in told
        assert f"also after waiting {BUSY_WAIT_S:g} s" in told
        assert "Traceback" not in told


def _waits_for(pid: int, claim: Path) -> bool:
    """Whether a process has the lock's file open."""
    try:
        return any(f.resolve() == claim.resolve() for f in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
