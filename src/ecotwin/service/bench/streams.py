"""Single signals, change points and cross-checks on the public sets: NAB, SKAB's change points, BATADAL."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ecotwin.service.bench import batadal, nab_score, skab_changes


def measure(data: Path) -> dict[str, Any]:
    """What each reaches with the CPU time it took, ready for JSON; last the peak memory of the process.

    Args:
        data: Folder of the public sets.
    """
    return {
        "skab_change_points": _timed(skab_changes.measure, data),
        "batadal": _timed(batadal.measure, data),
        "nab": _timed(nab_score.measure, data),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0),
    }


def _timed(part: Callable[[Path], dict[str, Any]], data: Path) -> dict[str, Any]:
    begun = time.process_time()
    told = part(data)
    return {**told, "cpu_s": round(time.process_time() - begun, 1)}
