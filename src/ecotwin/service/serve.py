"""Runs a twin with its page and its local socket until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from ecotwin.clock import Clock, ScaledClock, WallClock
from ecotwin.errors import SettingsFault, WireFault
from ecotwin.plant import Plant, load
from ecotwin.settings import Settings, read

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

SWITCH_S = 0.001
"""How long one thread may hold the interpreter while others wait: the page must not wait long for the cycle."""
SOCKET = "twin.sock"
SOCKET_PATH_LIMIT = 107
"""The system allows so many bytes for the path of a local socket."""


class Server(uvicorn.Server):
    """A web server that leaves signals to `serve`, which runs two of them side by side."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals."""
        yield


def data_folder(plant: Path, folder: Path | None) -> Path:
    """Where a plant's history and ledger live: as given, else `<data>/<name of the plant file>`."""
    return folder if folder is not None else read().data / plant.stem


def socket_path(folder: Path) -> Path:
    """The local socket of the twin that owns this data folder."""
    return folder / SOCKET


def make_clock(speed: float, start: str | None, origin: float | None) -> Clock:
    """The wall clock, or a scaled one shared with a stand-in plant.

    Raises:
        SettingsFault: A scaled clock without its start or origin.
    """
    if speed == 1.0 and start is None:
        return WallClock()
    if start is None or origin is None:
        raise SettingsFault(
            "a speed other than 1 without --start and --origin",
            expected="both, the same as the stand-in plant was given",
            remedy="add --start ISO-TIME --origin SECONDS, or leave --speed away",
        )
    moment = datetime.fromisoformat(start)
    return ScaledClock(moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC), speed, origin)


def override(plant: Plant, options: Mapping[str, Mapping[str, Any]]) -> Plant:
    """The plant with some options of its connections replaced (another port, say)."""
    connections = tuple(
        replace(c, options={**c.options, **options.get(c.name, {})}) for c in plant.connections
    )
    return replace(plant, connections=connections)


def take_port(host: str, port: int) -> socket.socket:
    """Bind the page's port before anything else starts.

    Raises:
        SettingsFault: The address is not loopback.
        WireFault: Another program has the port.
    """
    if host not in {"127.0.0.1", "::1", "localhost"}:
        raise SettingsFault(
            f"the page was to be served on {host}",
            expected="a loopback address: off loopback needs TLS and sign-in, which this version does not have",
            remedy="leave --host away and reach the page through an SSH tunnel",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as fault:
        sock.close()
        raise WireFault(
            f"port {port} on {host} is taken ({fault.strerror})",
            expected="a free port for the page",
            remedy=f"end the program that has it (`ss -ltnp 'sport = :{port}'` names it) or give another --port",
        ) from None
    return sock


def serve(
    plant_file: Path,
    *,
    folder: Path | None = None,
    host: str | None = None,
    port: int | None = None,
    data: tuple[Path, ...] = (),
    speed: float = 1.0,
    start: str | None = None,
    origin: float | None = None,
    imports: tuple[Path, ...] = (),
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    settings: Settings | None = None,
    ready: Callable[[str], None] | None = None,
    late_imports: Callable[[], tuple[Path, ...]] | None = None,
) -> int:
    """Run until SIGINT or SIGTERM; returns the exit code.

    Args:
        plant_file: The plant file.
        folder: Data folder. host, port: Of the page. data: Files for file connections.
        speed, start, origin: See `make_clock`.
        imports: Recorded history taken in while live data already flows.
        connections: Options to replace, by connection.
        ready: Called with the address once the page answers.
        late_imports: Called in the background; may wait until its files are there.
    """
    from ecotwin.cycle import Twin
    from ecotwin.cycle.warming import Warming

    chosen = settings or read(host=host, port=port)
    plant = override(load(plant_file), connections or {})
    page = take_port(chosen.host, chosen.port)
    place = data_folder(plant_file, folder)
    place.mkdir(parents=True, exist_ok=True)
    sys.setswitchinterval(SWITCH_S)
    twin = Twin(plant, chosen, make_clock(speed, start, origin), place, data=data)
    twin.start()
    threading.Thread(
        target=lambda: _take_in(twin, imports, late_imports),
        name="import",
        daemon=True,
    ).start()
    warming = Warming(plant_file)
    try:
        asyncio.run(_answer(twin, page, socket_path(place), ready))
    finally:
        warming.stop()
        twin.stop()
    return 1 if twin.failed else 0


def _take_in(
    twin: Twin, imports: tuple[Path, ...], late: Callable[[], tuple[Path, ...]] | None
) -> None:
    """Take recorded history in beside live data; the pages say meanwhile that it is on its way."""
    try:
        if late is not None:
            twin.recorded = "coming"
            imports += late()
        if imports:
            twin.recorded = "taken_in"
            twin.import_history(imports)
    finally:
        twin.recorded = ""


async def _answer(
    twin: Twin, page: socket.socket, local: Path, ready: Callable[[str], None] | None
) -> None:
    """Serve the page and the local socket until a signal comes or the cycle fails."""
    from ecotwin.service.app import make_app

    host, port = page.getsockname()[:2]
    names = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
    quiet: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "timeout_graceful_shutdown": 2,
    }
    servers = [Server(uvicorn.Config(make_app(twin, hosts=names), **quiet))]
    sockets = [[page]]
    with contextlib.suppress(FileNotFoundError):
        local.unlink()
    door = _local_door(local)
    servers.append(Server(uvicorn.Config(make_app(twin), **quiet)))
    sockets.append([door])
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(s.serve(sockets=k)) for s, k in zip(servers, sockets, strict=True)]
    if ready is not None:
        while not all(s.started for s in servers):
            await asyncio.sleep(0.02)
        ready(f"http://{host}:{port}/")
    while not stop.is_set() and not twin.failed:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 0.2)
    twin.stopping = True
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    with contextlib.suppress(FileNotFoundError):
        local.unlink()


def _local_door(path: Path) -> socket.socket:
    """A socket that only this user can open."""
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise SettingsFault(
            f"the data folder's path is too long for a local socket ({len(os.fsencode(path))} bytes)",
            expected=f"at most {SOCKET_PATH_LIMIT}",
            remedy="give a shorter --data-folder",
        )
    mask = os.umask(0o177)
    try:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        door.bind(str(path))
    finally:
        os.umask(mask)
    return door
