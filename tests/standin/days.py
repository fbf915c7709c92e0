"""When the tests play, and how time passes."""

from __future__ import annotations

from datetime import UTC, datetime

from ecotwin_standin.world import World

MONDAY = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
"""05:00 local, an hour before the early shift."""


def ahead(world: World, hours: float) -> World:
    """Let it run."""
    for _ in range(round(hours * 3600 / world.seconds)):
        world.step()
    return world
