"""Real running parts for tests: stand-in, twin, page, commands, and waiting with a deadline."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn

from ecotwin.clock import ManualClock, Period, ScaledClock
from ecotwin.cycle import Twin
from ecotwin.cycle.asking import Asked
from ecotwin.plant import Plant, load
from ecotwin.service.app import make_app
from ecotwin.service.serve import Server, override
from ecotwin.settings import Settings

T = TypeVar("T")

ROOT = Path(__file__).parents[1]
OVEN_WORKS = Path(__file__).parent / "walks" / "oven_works.yaml"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
ENVIRONMENT.pop("COVERAGE_PROCESS_START", None)


def until(ready: Callable[[], T], seconds: float, what: str, every_s: float = 0.05) -> T:
    """Wait until something is true; fails by name when it does not come in time."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        if time.monotonic() > end:
            raise AssertionError(f"did not come within {seconds:.0f} s: {what}")
        time.sleep(every_s)
    return found


def command(
    *words: object, data: Path | None = None, timeout: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `ecotwin WORDS` in a process of its own."""
    extra = {"ECOTWIN_DATA": str(data)} if data is not None else {}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "ecotwin.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**ENVIRONMENT, **extra, **environment},
        check=False,
    )


def json_of(result: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed; fails with its words when it did not succeed."""
    assert result.returncode == 0, f"{result.returncode}: {result.stderr}\n{result.stdout[:2000]}"
    return json.loads(result.stdout)


@contextlib.contextmanager
def process(
    *words: object, log: Path, module: str = "ecotwin.cli", **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until the test ends it; whatever is left is killed by its group."""
    with log.open("ab") as told:
        made = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, words)],
            stdout=told,
            stderr=told,
            env={**ENVIRONMENT, **environment},
            start_new_session=True,
        )
    try:
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.wait(timeout=10)


def standin(
    port: int, start: datetime, speed: float, origin: float, folder: Path, *, file: Path = OVEN_WORKS,
    step_s: float = 30, scenario: str = "calm",
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:  # fmt: skip
    """The stand-in plant, live on a broker."""
    return process(
        "run", file, "--port", port, "--start", start.isoformat(), "--speed", speed, "--origin", origin,
        "--seed", 1, "--scenario", scenario, "--step", step_s, "--state", folder / "standin-state",
        log=folder / "standin.log", module="ecotwin_standin.cli",
    )  # fmt: skip


def record(
    folder: Path, start: datetime, days: float, *, file: Path = OVEN_WORKS, step_s: float = 30
) -> tuple[Path, ...]:
    """Days of the stand-in's life as files."""
    subprocess.run(
        [
            sys.executable, "-m", "ecotwin_standin.cli", "record", str(file), "--days", str(days),
            "--start", start.isoformat(), "--seed", "1", "--scenario", "calm", "--step", str(step_s),
            "--every", "60", "--out", str(folder),
        ],
        check=True, capture_output=True, timeout=120, env=ENVIRONMENT,
    )  # fmt: skip
    return tuple(sorted(folder.iterdir()))


def on_port(port: int, file: Path = OVEN_WORKS) -> Plant:
    """A plant whose Sparkplug connection goes to this port."""
    plant = load(file)
    return override(plant, {c.name: {"host": "127.0.0.1", "port": port} for c in plant.connections})


def twin_of(plant: Plant, folder: Path, clock: ScaledClock, **changes: Any) -> Twin:
    """A twin that follows a sped-up plant."""
    facts: dict[str, Any] = {"lateness_s": max(10.0, 0.4 * clock.speed), **changes}
    return Twin(plant, Settings(**facts), clock, folder)


@contextlib.contextmanager
def page_of(twin: Twin) -> Iterator[httpx.Client]:
    """The twin's API served on a real loopback port, and a client that speaks as its page does."""
    door = socket.create_server(("127.0.0.1", 0))
    port = door.getsockname()[1]
    app = make_app(twin, hosts=frozenset({f"127.0.0.1:{port}"}))
    server = Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
    thread.start()
    until(lambda: server.started, 15, "the page")
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"X-Ecotwin": "page"},
            timeout=30,
            trust_env=False,
        ) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        door.close()


def energy_kwh(twin: Twin, period: Period) -> float:
    """Electricity of the site, as a report would state it."""
    asked = Asked(twin.plant, twin.store, twin.ledger, twin.now())
    site = twin.plant.site.id
    return asked.accounts(period, [site]).of(site, "energy.electricity").value


def utc(text: str) -> datetime:
    """An instant from ISO text without offset."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def minute(moment: datetime) -> datetime:
    """Down to the full minute."""
    return moment.replace(second=0, microsecond=0)


def learned(
    folder: Path, start: datetime, days: float, *, file: Path = OVEN_WORKS, step_s: float = 30
) -> Twin:
    """A twin that stands still at `start`, with days of recorded history behind it; nothing is on the wire."""
    plant = load(file)
    past = record(folder / "past", start - timedelta(days=days), days, file=file, step_s=step_s)
    settings = Settings(lateness_s=0.0)
    first = Twin(plant, settings, ManualClock(start), folder / "data")
    first.import_history(past)
    first.stop()
    made = Twin(plant, settings, ManualClock(start), folder / "data")
    made.step(0.0)
    return made


def replayed_works(folder: Path) -> Path:
    """The oven works as a plant file whose signals come from recorded files; nobody can write to it."""
    text = OVEN_WORKS.read_text().replace("protocol: sparkplug", "protocol: replay")
    text = text.replace("    writing: true\n", "").replace(
        "options: {host: 127.0.0.1, port: 1883, group: works}",
        "options: {speed: 0, shape: long, time: {column: at, format: epoch_us}}",
    )
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip() == "signals:")
    last = next(i for i, line in enumerate(lines) if "The calendar has a break" in line)
    plant = folder / "works.yaml"
    plant.write_text("\n".join([*lines[:first], *lines[last + 1 :]]) + "\n")
    return plant


def another(made: Twin, folder: Path) -> Twin:
    """A twin on a copy of what a stopped one kept, at the same moment."""
    assert made.stopping
    shutil.copytree(made.folder, folder)
    return Twin(made.plant, made.settings, ManualClock(made.clock.now()), folder)
