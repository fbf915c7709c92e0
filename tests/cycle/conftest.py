"""Recorded days of the oven works, kept once for all tests of the joining code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ecotwin.cycle.importing import bring_in
from ecotwin.history.embedded import DuckStore
from ecotwin.plant import Plant, load
from running import OVEN_WORKS, record, utc

NOW = utc("2026-06-17T12:00")
HOURS = 9


@pytest.fixture(scope="session")
def works() -> Plant:
    return load(OVEN_WORKS)


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Nine hours from 05:00 at the plant, through two breaks, a sample a minute."""
    return record(tmp_path_factory.mktemp("past"), NOW - timedelta(hours=HOURS), HOURS / 24)


@pytest.fixture
def store(works: Plant, past: tuple[Path, ...], tmp_path: Path) -> Iterator[DuckStore]:
    """A real history that holds them, nothing closed yet."""
    made = DuckStore(works, tmp_path / "history")
    assert bring_in(works, made, past, NOW, made.image(NOW)) is not None
    yield made
    made.close()
