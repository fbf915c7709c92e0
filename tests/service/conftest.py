"""A twin with two days behind it, standing in the morning before a break, and its page."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ecotwin.cycle import Twin
from running import learned, page_of, utc

NOW = utc("2026-06-18T05:00")


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    made = learned(tmp_path_factory.mktemp("twin"), NOW, 2.0)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(twin: Twin) -> Iterator[httpx.Client]:
    with page_of(twin) as client:
        yield client
