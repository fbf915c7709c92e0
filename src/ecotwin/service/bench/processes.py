"""The processes of a benchmark: each does one thing, so that its CPU time can be told apart."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from ecotwin.errors import WireFault


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Child:
    """A process that takes commands and gives answers, one JSON object a line.

    Args:
        module: Name of the module to run, in this package. args: Its arguments.
    """

    def __init__(self, module: str, *args: str) -> None:
        self.module = module
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", f"ecotwin.service.bench.{module}", *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def ask(self, timeout_s: float = 60.0, **command: Any) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Raises:
            WireFault: The process ended or did not answer in time.
        """
        self.tell(**command)
        return self.next(timeout_s)

    def tell(self, **command: Any) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def next(self, timeout_s: float = 60.0) -> dict[str, Any]:
        """The next answer."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            try:
                return self._answers.get(timeout=0.2)
            except queue.Empty:
                if self._process.poll() is not None and self._answers.empty():
                    break
        raise WireFault(
            f"the benchmark's {self.module} did not answer within {timeout_s:g} s",
            expected="a process that runs to the end",
            remedy="look at its messages above; run the benchmark on a machine that is less busy",
        )

    def close(self) -> None:
        """Ask it to end; end it when it does not."""
        self.tell(do="quit")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=20)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):  # closed while waiting
            for line in self._process.stdout:
                if line.startswith("{"):
                    self._answers.put(json.loads(line))


def commands() -> Iterator[dict[str, Any]]:
    """In a child: the commands as they come; ends with `quit` or with the parent."""
    for line in sys.stdin:
        command = json.loads(line)
        if command.get("do") == "quit":
            return
        yield command


def answer(**values: Any) -> None:
    """In a child: give an answer."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def broker(folder: Path) -> Iterator[tuple[int, str, int]]:
    """A broker on loopback: its port, its name and its process id."""
    port = free_port()
    program = shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin"
    )
    name = "mosquitto" if program else "amqtt"
    if program:
        config = folder / "mosquitto.conf"
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
            "max_queued_messages 0\nset_tcp_nodelay true\n",
            encoding="utf-8",
        )
        command = [program, "-c", str(config)]
    else:
        command = [sys.executable, "-m", "ecotwin.service.bench.inside", str(port)]
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_for(port, name, process)
        yield port, name, process.pid
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_for(port: int, name: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(400):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise WireFault(
        f"the broker {name} did not open port {port}",
        expected="mosquitto, or amqtt inside Python",
        remedy="`apt-get install mosquitto`, or `pip install 'ecotwin[demo]'`",
    )
