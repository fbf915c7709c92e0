"""Single signals, change points and cross-checks on the public sets: NAB, SKAB's change points, BATADAL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecotwin.service.bench import batadal, nab_score, skab_changes


def measure(data: Path) -> dict[str, Any]:
    """What each reaches, ready for JSON.

    Args:
        data: Folder of the public sets.
    """
    return {
        "nab": nab_score.measure(data),
        "skab_change_points": skab_changes.measure(data),
        "batadal": batadal.measure(data),
    }
