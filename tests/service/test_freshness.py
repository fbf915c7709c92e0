"""The page says LIVE of live data only: when the plant dies it says within seconds that nothing new comes."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from conftest import Broker
from ecotwin.clock import ScaledClock
from ecotwin.service import views
from running import on_port, page_of, standin, twin_of, until, utc

START = utc("2026-06-18T07:00")
SPEED = 100.0


@pytest.mark.broker
@pytest.mark.browser
@pytest.mark.xdist_group("service")
def test_a_dead_plant_is_said_within_seconds(broker: Broker, chromium: str, tmp_path: Path) -> None:
    """The stand-in is killed by its process id; the last picture stays, under a warning with the data's age."""
    origin = time.time()
    with standin(broker.port, START, SPEED, origin, tmp_path) as plant:
        twin = twin_of(on_port(broker.port), tmp_path / "data", ScaledClock(START, SPEED, origin))
        twin.start()
        try:
            with page_of(twin) as client, sync_playwright() as play:
                browser = play.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                )
                page = browser.new_page()
                until(lambda: twin.freshness == "live", 30, "live data")
                page.goto(str(client.base_url))
                sign = page.locator(".bar .live")
                expect(sign).to_contain_text(re.compile(r"LIVE \d\d:"), timeout=20_000)
                assert twin.data_limit_s == pytest.approx(4 * SPEED)
                os.kill(plant.pid, signal.SIGKILL)
                died = time.monotonic()
                expect(sign).not_to_contain_text("LIVE", timeout=15_000)
                took_s = time.monotonic() - died
                banner = page.locator(".banner[role=alert]")
                expect(banner).to_contain_text(re.compile(r"No new data|No connection"))
                before = sign.inner_text()
                told = views.Overview.model_validate(client.get("/api/v1/overview").json()).bar
                page.wait_for_timeout(2500)
                assert sign.inner_text() != before, "the age goes on counting"
                browser.close()
        finally:
            twin.stop()
    assert took_s < 12
    assert told.freshness == "late" or told.link != "online"
    assert told.data_age_s is not None
    assert told.freshness != "late" or "old" in told.data_text
