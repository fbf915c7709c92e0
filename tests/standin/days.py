"""The demonstration plant, when the tests play it, and how time passes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ecotwin.plant import Plant, load
from ecotwin_standin.scenario import Scenario, parse
from ecotwin_standin.world import World

MONDAY = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
"""05:00 local, an hour before the early shift."""


@cache
def works() -> Plant:
    """The electronics works."""
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def told(events: str) -> Scenario:
    """A scenario from its events, counted from Monday."""
    return parse(f"name: test\nevents:\n{events}", works(), MONDAY)


@cache
def _started(seed: int, start: datetime) -> World:
    return World(works(), start, seed)


def make(seed: int = 3, scenario: Scenario | None = None, start: datetime = MONDAY) -> World:
    """A world at its start."""
    if scenario is None:
        return _started(seed, start).copy_without(None)
    return World(works(), start, seed, 30.0, scenario)


def ahead(world: World, hours: float) -> World:
    """Let it run."""
    for _ in range(round(hours * 3600 / world.seconds)):
        world.step()
    return world
