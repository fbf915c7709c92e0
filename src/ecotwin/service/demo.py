"""The demo: a stand-in factory in a process of its own, and the twin on it; Ctrl-C ends both."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ecotwin.clock import micros
from ecotwin.errors import WireFault
from ecotwin.plant import Plant, load
from ecotwin.service.serve import serve
from ecotwin.settings import read

START = datetime(2026, 6, 18, 6, 50, tzinfo=UTC)
"""Thursday morning: both lines run, the next break is an hour or two away."""
AHEAD_S = 3.0
"""Plant time reaches the start so long after the command was given, when both processes are up [wall s]."""
LEARNED_FROM = {
    "electricity_energy", "electricity_export", "electricity_generated", "electricity_power", "state", "product",
    "parts_total", "parts_good", "irradiance", "air_flow", "air_volume", "nitrogen_flow", "cold_energy", "heat_energy",
    "gas_volume", "water_in", "water_out", "waste_mass",
}  # fmt: skip
"""What is taken in of the days long before the start: enough to learn what is usual, and quick."""
WHOLE = timedelta(hours=12)
"""So long before the start every signal is taken in: what the pages draw and count of the day that has begun."""


def demo_plant() -> Path:
    """The electronics works: beside the sources in a clone, inside the package in a wheel."""
    places = (
        Path(__file__).parents[1] / "plants" / "electronics.yaml",
        Path(__file__).parents[3] / "plants" / "electronics.yaml",
    )
    return next(p for p in places if p.exists())


def run_demo(
    plant_file: Path | None,
    *,
    speed: float,
    port: int,
    seed: int,
    days: float,
    fresh: bool,
    start: datetime = START,
) -> int:
    """Start both, say what to look at, wait for Ctrl-C, end both. Returns the exit code.

    Args:
        plant_file: Another plant than the electronics works.
        speed: Plant seconds per second.
        port: Port of the page.
        seed: Seed of the stand-in factory.
        days: Days of history before `start` to learn from.
        fresh: Begin with an empty history.
        start: Plant time at which the stand-in and the twin begin.
    """
    file = plant_file or demo_plant()
    plant = load(file)
    connection = next((c for c in plant.connections if c.protocol == "sparkplug"), None)
    if connection is None:
        raise WireFault(
            f"{file} has no connection with protocol sparkplug",
            expected="a plant that the stand-in factory can play",
            remedy="run it with `ecotwin run` on your own data, or choose another plant file",
        )
    folder = read().data / f"demo-{file.stem}"
    if fresh and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    broker_port = _free_port()
    origin = time.time() + AHEAD_S
    standin = [sys.executable, "-m", "ecotwin_standin.cli"]
    pace = ["--start", start.isoformat(), "--speed", str(speed), "--origin", str(origin)]
    live = _play(standin, file, folder, broker_port, [*pace, "--seed", str(seed)])
    past = (
        _record(standin, file, folder / "past", days, seed, start) if days > 0 and fresh else None
    )
    try:
        return serve(
            file,
            folder=folder,
            port=port,
            speed=speed,
            start=start.isoformat(),
            origin=origin,
            connections={connection.name: {"host": "127.0.0.1", "port": broker_port}},
            settings=read(port=port, lateness_s=max(10.0, 0.4 * speed)),
            ready=lambda address: _welcome(address, plant, speed),
            late_imports=lambda: _recorded(past, folder / "past", plant, start),
        )
    finally:
        for process in (live, past):
            _end(process)


def _play(
    standin: list[str], file: Path, folder: Path, broker_port: int, pace: list[str]
) -> subprocess.Popen[bytes]:
    """Start the stand-in factory as a process of its own."""
    return subprocess.Popen(  # noqa: S603
        [
            *standin, "run", str(file), "--port", str(broker_port), "--broker-inside", *pace,
            "--scenario", _scenario(file), "--truth", str(folder / "truth.jsonl"), "--state", str(folder / "stand-in"),
        ],
        start_new_session=True,
    )  # fmt: skip


def _scenario(file: Path) -> str:
    """What happens in the factory: the demo's faults name machines of its own plant file only."""
    return "demo" if file.resolve() == demo_plant().resolve() else "calm"


def _record(
    standin: list[str], file: Path, folder: Path, days: float, seed: int, begun: datetime
) -> subprocess.Popen[bytes]:
    """Let the stand-in write the days before the start: the same plant with the same faults."""
    start = begun - timedelta(days=days)
    return subprocess.Popen(  # noqa: S603
        [
            *standin, "record", str(file), "--days", str(days), "--start", start.isoformat(),
            "--zero", begun.isoformat(), "--seed", str(seed), "--scenario", _scenario(file),
            "--step", "30", "--every", "60", "--out", str(folder),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip


def _recorded(
    past: subprocess.Popen[bytes] | None, folder: Path, plant: Plant, begun: datetime
) -> tuple[Path, ...]:
    """Wait for the recorded days; they are of no use when the recording failed."""
    if past is None or past.wait() != 0:
        return ()
    files = sorted(folder.glob("*.parquet"))
    means = {s.id: s.means for s in plant.signals}
    kept = [i for i, m in means.items() if m in LEARNED_FROM or i == plant.outdoor]
    kept += [i for s in plant.signals if s.sensed for i in (*s.sensed.inputs, s.sensed.reference)]
    return tuple(_lightened(f, kept, micros(begun - WHOLE)) for f in files)


def _lightened(file: Path, kept: list[str], whole_us: int) -> Path:
    """The file with only some signals before an instant [us UTC], and all after it."""
    import duckdb

    light = file.with_name(f"light-{file.name}")
    source, target = (str(p).replace("'", "''") for p in (file, light))
    with duckdb.connect() as db:
        db.execute(
            f"COPY (SELECT * FROM read_parquet('{source}') WHERE \"at\" >= ? OR list_contains(?, signal)"  # noqa: S608
            f" ORDER BY \"at\") TO '{target}' (FORMAT parquet, COMPRESSION zstd)",
            [whole_us, kept],
        )
    return light


def _welcome(address: str, plant: Plant, speed: float) -> None:
    day = 86_400 / speed / 60
    print(
        f"\n{plant.name} runs, and its twin is at  {address}\n\n"
        f"  A day passes in {day:.0f} minutes. What to look at:\n"
        "  1. The first line says how the plant is; the flow shows where power goes above expected.\n"
        "  2. Findings come once the recorded days are learned, in about a minute: an air leak grows, an\n"
        "     oven draws too much. Open one.\n"
        "  3. Advice: let an oven sleep in the next break. Approve it, watch the order being carried out,\n"
        "     read back and undone, and then the saving with its interval and its place in the ledger.\n"
        "  4. Proof: every figure opens into what it was made of.\n\n"
        "  Ctrl-C ends the plant and the twin.\n",
        flush=True,
    )


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=8)
        return
    process.kill()
    process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
