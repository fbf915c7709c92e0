"""The what-if page in a real browser, on a real twin of the oven works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from ecotwin.cycle import Twin
from ecotwin.governance.access import person
from running import learned, page_of, until, utc
from web.conftest import Seen

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("service")]

COOLER = "id: cooler\nname: Cooler oven\nsource: stated assumption\nparameters: [{kind: reflow_oven, name: kw_busy, scale: 0.9}]\n"
HOT = "id: hot\nname: Hot days\nsource: stated assumption\nevents: [{kind: heat_wave, warmer_k: 6}]\n"
SMALL: dict[str, Any] = {"start": "start", "hours": 6.0, "runs": 12, "seed": 3}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), utc("2026-06-18T05:00"), 1.0)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(twin: Twin, built: Path) -> Iterator[httpx.Client]:
    assert (built / "index.html").is_file()
    with page_of(twin) as client:
        for text in (COOLER, HOT):
            assert client.post("/api/v1/whatif/scenarios", json={"text": text}).status_code == 200
        yield client


def address(page: httpx.Client, path: str = "/whatif") -> str:
    return str(page.base_url).rstrip("/") + path


@pytest.fixture(scope="module")
def done(page: httpx.Client) -> str:
    """The id of a comparison that is done."""
    started = page.post("/api/v1/whatif/runs", json={**SMALL, "scenarios": ["cooler", "hot"]})
    assert started.status_code == 200, started.text
    name = str(started.json()["id"])

    def ended() -> bool:
        row = page.get(f"/api/v1/whatif/runs/{name}").json()
        assert row["state"] not in {"failed", "stopped"}, row["text"]
        return bool(row["state"] == "done")

    until(ended, 120, "the comparison")
    return name
