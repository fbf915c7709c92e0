"""A broker for those who have none: mosquitto as a child process, else amqtt in this one."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from ecotwin.errors import WireFault

_GRACE_S = 1.0


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether something listens on a port."""
    with socket.socket() as sock:
        sock.settimeout(1.0)
        return sock.connect_ex((host, port)) == 0


class InsideBroker:
    """A broker on loopback that lives as long as this object.

    Raises:
        WireFault: The port is taken, or no broker could be started.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.kind = ""
        self._child: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._broker: Any = None
        self._fault: BaseException | None = None
        self._ready = threading.Event()

    def start(self) -> None:
        """Start it and wait until it listens."""
        if answers(self.port):
            raise WireFault(
                f"port {self.port} on 127.0.0.1 is taken",
                expected="a free port for the broker",
                remedy="leave out --broker-inside to use what runs there, or give another --port",
            )
        program = shutil.which("mosquitto") or shutil.which(
            "mosquitto", path="/usr/sbin:/usr/local/sbin"
        )
        if program:
            self._start_mosquitto(program)
        else:
            self._start_amqtt()
        for _ in range(200):
            if self._ready.is_set() or (self._child is not None and answers(self.port)):
                return
            if self._fault or (self._child is not None and self._child.poll() is not None):
                break
            time.sleep(0.05)
        self.stop()
        raise WireFault(
            f"{self.kind} did not open port {self.port}: {self._fault or 'it ended at once'}",
            remedy="give another --port, or start a broker yourself and leave out --broker-inside",
        )

    def _start_mosquitto(self, program: str) -> None:
        self.kind = "mosquitto"
        self._folder = tempfile.TemporaryDirectory(prefix="ecotwin-broker-")
        config = Path(self._folder.name) / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
            "max_queued_messages 0\n",
            encoding="utf-8",
        )
        self._child = subprocess.Popen(  # noqa: S603
            [program, "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _start_amqtt(self) -> None:
        self.kind = "amqtt"
        try:
            from amqtt.broker import Broker
        except ImportError:
            raise WireFault(
                "there is neither mosquitto nor amqtt on this machine",
                expected="a broker to start",
                remedy="`apt-get install mosquitto`, or `pip install 'ecotwin[demo]'`",
            ) from None
        config = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }

        def serve() -> None:
            loop = asyncio.new_event_loop()
            self._loop = loop
            asyncio.set_event_loop(loop)
            try:
                self._broker = Broker(config, loop=loop)
                loop.run_until_complete(self._broker.start())
                self._ready.set()
                loop.run_forever()
                loop.run_until_complete(self._shut())
            except Exception as error:
                self._fault = error
            finally:
                loop.close()

        self._thread = threading.Thread(target=serve, name="amqtt", daemon=True)
        self._thread.start()

    async def _shut(self) -> None:
        """End amqtt and let its connections close before the loop does."""
        await self._broker.shutdown()
        rest = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0.1)

    def stop(self) -> None:
        """End it, after a moment in which it hands on what it has taken."""
        if self._child is not None or self._broker is not None:
            time.sleep(_GRACE_S)
        if self._child is not None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(timeout=5)
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait()
            self._child = None
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=5)
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
