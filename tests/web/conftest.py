"""A served sample plant, and one chromium for all browser tests."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from conftest import free_port
from web.sample import Plant, make

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def load_hook() -> ModuleType:
    """build_pages.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("build_pages", ROOT / "build_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def built() -> Path:
    """The built pages of this tree; built now when they are stale."""
    hook = load_hook()
    lock = Path(tempfile.gettempdir()) / f"ecotwin-pages-{os.getuid()}.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            hook.build(ROOT)
        except hook.PagesFault as fault:
            if os.environ.get("REQUIRE_ALL") == "1":
                pytest.fail(str(fault))
            pytest.skip(f"the pages cannot be built here: {fault}")
    return ROOT / "src/ecotwin/service/built"


@dataclass
class Site:
    """The served sample: its address, what it remembers, and how to end and start it."""

    address: str
    plant: Plant
    port: int
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None

    def start(self) -> None:
        config = uvicorn.Config(
            make(self.plant),
            host="127.0.0.1",
            port=self.port,
            log_level="error",
            ws="none",
            lifespan="off",
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        for _ in range(200):
            if self.server.started:
                return
            time.sleep(0.02)
        raise RuntimeError("the sample server did not start")

    def stop(self) -> None:
        if self.server is None or self.thread is None:
            return
        self.plant.silent = True
        self.server.should_exit = True
        self.server.force_exit = True
        self.thread.join(timeout=10)
        self.server = None


@pytest.fixture
def site(built: Path) -> Iterator[Site]:
    """A running sample server."""
    port = free_port()
    made = Site(f"http://127.0.0.1:{port}", Plant(), port)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless chromium."""
    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Seen:
    """A page with every request it made and every complaint on its console."""

    page: Page
    requests: list[str]
    complaints: list[str]

    def open(self, address: str, wait_for: str = "h1") -> None:
        self.page.goto(address)
        self.page.wait_for_selector(wait_for)


@pytest.fixture
def seen(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Seen]:
    """A page of 1440 x 900; `@pytest.mark.parametrize("seen", [{...}], indirect=True)` changes it."""
    options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"}
    options.update(getattr(request, "param", {}))
    context = browser.new_context(**options)  # type: ignore[arg-type]
    page = context.new_page()
    made = Seen(page, [], [])
    page.on("request", lambda r: made.requests.append(r.url))
    page.on("console", lambda m: made.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: made.complaints.append(str(e)))
    yield made
    context.close()
