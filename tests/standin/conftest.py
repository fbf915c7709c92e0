"""The demonstration plant and quick ways to play it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ecotwin.plant import Plant, load
from ecotwin_standin.scenario import Scenario, parse
from ecotwin_standin.world import World
from standin.days import MONDAY


@pytest.fixture(scope="session")
def plant(plants: Path) -> Plant:
    """The electronics works."""
    return load(plants / "electronics.yaml")


@pytest.fixture
def told(plant: Plant) -> Callable[[str], Scenario]:
    """A scenario from one-line events."""
    return lambda events: parse(f"name: test\nevents:\n{events}", plant, MONDAY)


@pytest.fixture
def make(plant: Plant) -> Callable[..., World]:
    """A world at Monday 05:00 local."""

    def made(seed: int = 3, scenario: Scenario | None = None, start: datetime = MONDAY) -> World:
        return World(plant, start, seed, 30.0, scenario)

    return made
