"""The demo as a visitor sees it: `ecotwin demo`, a browser, an approved order and what it saved."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from conftest import free_port, require

ROOT = Path(__file__).parents[2]
SPEED = 120.0
"""Plant seconds per second: a tired computer may stall for a second without losing an order to old data."""
START = "2026-06-18T06:00:00"
"""In UTC; three and a half hours before the break at 11:30 in the plant: time to learn, then to decide."""
PATIENCE_S = 250.0
"""Longest time from the start of the demo to the measured saving. At this speed the plant alone needs 145 s: from
08:00 to the end of the break at 12:15 and the half hour after it that belongs to the saving."""
LIMIT_BYTES = 350_000
PICTURES = ROOT / "docs/pictures"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.xdist_group("demo"),
    pytest.mark.timeout(330),
]


@dataclass
class Demo:
    """The running demo."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path
    until: float

    def left_ms(self) -> float:
        """What is left of its patience."""
        return max(1.0, (self.until - time.monotonic()) * 1000)

    def wait(self, what: str, asked: Callable[[], bool]) -> None:
        """Until something holds; its log is told when it does not."""
        while time.monotonic() < self.until:
            if self.process.poll() is not None:
                break
            if asked():
                return
            time.sleep(0.5)
        pytest.fail(f"{what} did not come: {self.log.read_text()[-2000:]}")

    def get(self, path: str) -> dict[str, object] | None:
        """An answer of the service, None while it does not answer."""
        try:
            answer = httpx.get(f"{self.address}/api/v1{path}", timeout=20, trust_env=False)
        except httpx.HTTPError:
            return None
        found: dict[str, object] | None = answer.json() if answer.is_success else None
        return found


@pytest.fixture
def demo(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`ecotwin demo` in a folder of its own; everything it started is ended whatever happens."""
    require("mosquitto", "mosquitto")
    if not (ROOT / "src/ecotwin/service/built/index.html").exists():
        pytest.skip("the pages are not built: `make pages`")
    port = free_port()
    short = tmp_path_factory.mktemp("d")  # a local socket's path has little room
    log = tmp_path / "demo.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ecotwin.cli", "demo", "--port", str(port), "--speed", str(SPEED),
             "--days", "4", "--start", START],
            env={**os.environ, "ECOTWIN_DATA": str(short), "PYTHONPATH": str(ROOT / "src")},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    yield Demo(process, f"http://127.0.0.1:{port}", log, time.monotonic() + PATIENCE_S)
    for one in _family(process.pid):
        one.kill()


def _family(pid: int) -> list[psutil.Process]:
    """A process with all that it started."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _picture(page: Page, folder: Path, name: str) -> None:
    """What the page shows now; into the docs only when asked for."""
    target = PICTURES if os.environ.get("UPDATE_PICTURES") == "1" else folder
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"{name}.png"
    page.screenshot(path=file)
    assert file.stat().st_size < LIMIT_BYTES


def _number(text: str) -> float:
    """The first number of a text: 1,234 or −4.4."""
    found = re.search(r"[−-]?\d[\d,]*(?:\.\d+)?", text)
    assert found, f"no number in {text!r}"
    return float(found.group().replace(",", "").replace("−", "-"))


def test_a_visitor_approves_an_order_and_sees_what_it_saved(
    demo: Demo, chromium: str, tmp_path: Path
) -> None:
    """From the first figure to the sealed saving, by the page alone; then Ctrl-C leaves nothing behind."""
    hosts: set[str] = set()
    complaints: list[str] = []
    demo.wait("the page", lambda: demo.get("/overview") is not None)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--no-first-run"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light")
        page.set_default_timeout(30_000)
        page.on("request", lambda r: hosts.add(r.url.split("/")[2]))
        page.on("pageerror", lambda e: complaints.append(str(e)))
        _figures_come(demo, page)
        advice = _approve(demo, page)
        _machine(page, demo)
        _found(page, demo, tmp_path)
        _carried_out(demo, page, advice)
        entry = _saved(demo, page, tmp_path)
        _proved(page, demo, entry)
        page.goto(demo.address)
        page.locator("svg.flow").wait_for()
        assert page.locator(".live b").inner_text().startswith("LIVE")
        browser.close()
    assert hosts == {demo.address.removeprefix("http://")}
    assert complaints == []
    _ends(demo)


def _figures_come(demo: Demo, page: Page) -> None:
    """Live figures: power of the plant in a sane range, and newer ones by themselves."""
    page.goto(demo.address)
    tile = page.locator(".tile", has_text="Power now").first
    tile.locator("b", has_text=re.compile(r"\d")).wait_for(timeout=demo.left_ms())
    assert page.locator(".skeleton").count() == 0
    kw = _number(tile.locator("b").inner_text())
    assert 20 < kw < 2000, "an electronics works of 58 machines draws some hundred kW"
    before = page.locator(".live b").inner_text()
    page.wait_for_timeout(2500)
    assert page.locator(".live b").inner_text() != before


def _approve(demo: Demo, page: Page) -> str:
    """Wait for the advice of the next break and approve it on the page; returns its id."""
    # The page rests while the twin learns: there may be two cores for all of it.
    page.goto("about:blank")
    demo.wait(
        "advice for the next break", lambda: "Reflow oven 1 sleep" in str(demo.get("/advice"))
    )
    page.goto(demo.address)
    row = page.locator(".advice-panel li", has_text="Let Reflow oven 1 sleep in the break 11:30")
    row.wait_for(timeout=demo.left_ms())
    advice = row.get_attribute("data-id")
    assert advice
    row.locator("a.title").click()
    button = page.get_by_role("button", name=re.compile("^Approve until"))
    button.wait_for()
    assert "waits for a decision" in page.locator(".sentence").inner_text()
    button.click()
    page.get_by_text("Approved by").wait_for()
    return advice


def _machine(page: Page, demo: Demo) -> None:
    """The machine's page: its power with a band, its state, and the order that waits."""
    page.goto(f"{demo.address}/machines/oven_1")
    page.locator("svg.strips path.line").first.wait_for()
    assert "Reflow oven 1" in page.locator("h1").inner_text()
    assert _number(page.locator(".tile", has_text="Power now").locator("b").inner_text()) > 0
    assert "120 °C" in page.locator(".orders").inner_text()


def _found(page: Page, demo: Demo, folder: Path) -> None:
    """Once the recorded days are learned the overview ranks what runs wrong since then, and draws its evidence."""
    page.goto("about:blank")
    demo.wait("the oven whose damper is open", lambda: "oven_2:power" in str(demo.get("/findings")))
    page.goto(demo.address)
    row = page.locator(".finding", has_text="Reflow oven 2 draws").first
    row.wait_for(timeout=demo.left_ms())
    assert _number(row.locator(".cost b").first.inner_text()) > 5
    assert "exhaust damper stays open" in row.locator(".likely").inner_text()
    assert row.locator(".button").inner_text() == "Inspect"
    page.locator(".finding .evidence-trace path.line").first.wait_for()
    page.locator(".banner").wait_for(state="detached", timeout=demo.left_ms())
    _picture(page, folder, "overview")
    _reason_to_act(row, page, folder)
    page.goto(f"{demo.address}/machines/oven_2")
    page.locator("svg.strips path.line").first.wait_for()
    assert "more than expected" in page.locator("h1").inner_text()
    shown = page.locator("svg.strips text.strong").all_text_contents()
    assert any("Exhaust air" in text for text in shown), "the signal that changed most is drawn"
    page.wait_for_timeout(300)
    _picture(page, folder, "machine")


def _reason_to_act(row: Locator, page: Page, folder: Path) -> None:
    """The finding's page: what, since when, what it costs, why, what speaks against it, and what to do."""
    row.locator("a.title").click()
    page.locator("table.causes tbody tr").first.wait_for()
    assert "costs" in page.locator("h1").inner_text()
    rows = page.locator("table.causes tbody tr")
    first = rows.first.inner_text()
    assert "Exhaust damper stays open" in first
    assert "rose from" in first, "a signal that moved is named with both values"
    shares = [_number(t) for t in page.locator("table.causes tbody td.num").all_inner_texts()]
    assert shares == sorted(shares[:-1], reverse=True) + shares[-1:]
    assert 97 <= sum(shares) <= 103
    assert "Another cause" in rows.last.inner_text()
    assert page.locator("ol.todo li").first.inner_text().startswith("First: inspect")
    assert "P(" not in page.locator("main").inner_text(), "no model's words"
    page.wait_for_timeout(300)
    _picture(page, folder, "finding")


def _carried_out(demo: Demo, page: Page, advice: str) -> None:
    """The order is sent, read back from the machine, and taken back, each step with its entry."""
    page.goto(f"{demo.address}/advice/{advice}")
    steps = page.locator(".timeline")
    for said in (
        "120 °C sent, leased until 11:",
        "The machine shows 120 °C.",
        "The machine shows 245 °C again.",
    ):
        steps.get_by_text(said, exact=False).wait_for(timeout=demo.left_ms())
    assert "UTC" not in steps.inner_text()


def _saved(demo: Demo, page: Page, folder: Path) -> int:
    """The measured saving with its interval and its entry; returns the entry."""
    panel = page.locator(".panel", has=page.locator("svg.saving-bar"))
    panel.wait_for(timeout=demo.left_ms())
    said = panel.locator(".change").inner_text()
    low, high = re.findall(r"[−\d.]+", said.split("(")[1])[:2]
    saved, low_kwh, high_kwh = (_number(t) for t in (said, low, high))
    assert low_kwh < saved < high_kwh
    assert "90 %" in said or "95 %" in said
    link = panel.locator("a", has_text="entry")
    link.wait_for(timeout=demo.left_ms())
    page.get_by_text("Saving measured").wait_for()
    _picture(page, folder, "advice")
    entry = int(_number(link.inner_text()))
    link.click()
    return entry


def _proved(page: Page, demo: Demo, entry: int) -> None:
    """The proof page holds the entry of the saving, and its evidence can be taken."""
    row = page.locator("table.ledger tr.chosen")
    row.wait_for()
    assert f"{entry:,}" in row.inner_text()
    assert "Saving" in row.inner_text()
    bundle = httpx.get(f"{demo.address}/api/v1/proof/{entry}/evidence", timeout=20, trust_env=False)
    assert bundle.content[:2] == b"PK"


def _ends(demo: Demo) -> None:
    """Ctrl-C ends the twin, the plant and the broker."""
    family = _family(demo.process.pid)
    assert len(family) > 1, "the plant runs in a process of its own"
    demo.process.send_signal(signal.SIGINT)
    demo.process.wait(timeout=20)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
