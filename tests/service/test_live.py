"""Server-sent events: an overview at once, about one a second, and at once again when something urgent changes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ecotwin.cycle import Twin
from ecotwin.service import views
from running import another, learned, page_of, utc

pytestmark = pytest.mark.xdist_group("service")


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> Twin:
    made = learned(tmp_path_factory.mktemp("learnt"), utc("2026-06-18T05:00"), 0.25)
    made.stop()
    return made


@pytest.fixture
def twin(learnt: Twin, tmp_path: Path) -> Iterator[Twin]:
    made = another(learnt, tmp_path / "data")
    yield made
    made.stop()


def events(lines: Iterator[str]) -> Iterator[tuple[int, views.Overview]]:
    """(id, overview) of each event."""
    number = -1
    for line in lines:
        if line.startswith("id: "):
            number = int(line.removeprefix("id: "))
        elif line.startswith("data: "):
            yield number, views.Overview.model_validate(json.loads(line.removeprefix("data: ")))


def test_overview_comes_at_once_and_again_when_something_urgent_happens(twin: Twin) -> None:
    with page_of(twin) as page, page.stream("GET", "/api/v1/live", timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = events(stream.iter_lines())
        number, first = next(told)
        assert number == twin.urgent
        assert first.bar.writes == "on"
        next(told)
        threading.Timer(0.1, lambda: twin.stop_writes("someone stands in the oven")).start()
        for number, seen in told:
            if number == twin.urgent and seen.bar.writes == "stopped":
                break
        twin.stopping = True


def test_events_do_not_wait_for_the_second_when_urgent(twin: Twin) -> None:
    """Between two calm overviews lies about a second; the urgent one comes sooner."""
    with page_of(twin) as page, page.stream("GET", "/api/v1/live", timeout=20) as stream:
        told = events(stream.iter_lines())
        next(told)
        gaps = []
        for _ in range(3):
            before = time.monotonic()
            twin.urgent += 1
            number, _ = next(told)
            gaps.append(time.monotonic() - before)
            assert number == twin.urgent
        assert min(gaps) < 0.9
        twin.stopping = True


def test_a_stream_of_an_unknown_area_is_refused(twin: Twin) -> None:
    with page_of(twin) as page:
        assert page.get("/api/v1/live", params={"area": "moon"}).status_code == 404


def test_one_overview_serves_all_viewers(twin: Twin) -> None:
    from ecotwin.service.live import Live

    live = Live(twin)
    first = live.text("")
    assert live.text("") is first
    twin.urgent += 1
    assert live.text("") is not first


def test_streams_end_when_the_twin_stops(twin: Twin) -> None:
    with page_of(twin) as page, page.stream("GET", "/api/v1/live", timeout=20) as stream:
        lines = stream.iter_lines()
        next(lines)
        twin.stopping = True
        for _ in lines:
            pass
    with pytest.raises(httpx.StreamConsumed):
        next(stream.iter_lines())
