"""Compiles the model's kernels beside the running twin, so that the first what-if need not wait for it.

Compiling takes half a minute of a core and would hold up the live cycle, since it runs under Python's one lock: a
process of its own does it once, at the lowest priority, by playing one hour of the plant; what it compiled stays on
disk. Where the model's libraries are missing it does nothing.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

HOURS, RUNS, SEED = 1.0, 2, 1
LOWEST = 19


class Warming:
    """A process that warms the kernels up.

    Args:
        plant_file: The plant that will be asked of.
    """

    def __init__(self, plant_file: Path) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if find_spec("numba") is None:
            return
        command = [sys.executable, "-m", "ecotwin.cycle.warming", str(plant_file)]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def wait(self, timeout_s: float) -> int | None:
        """Its exit code; None where nothing had to be done.

        Raises:
            TimeoutExpired: It still works after so long.
        """
        return None if self._process is None else self._process.wait(timeout_s)

    def stop(self) -> None:
        """End it if it still works."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def play(plant_file: Path) -> None:
    """Play an hour of the plant."""
    from ecotwin.cycle.whatif_base import Span, base_case
    from ecotwin.plant import load
    from ecotwin.simulation.engine import run

    plant = load(plant_file)
    case = base_case(plant, None, None, datetime.now(UTC), "start", Span(HOURS, RUNS, SEED))
    run(case)


if __name__ == "__main__":
    import psutil

    psutil.Process().nice(LOWEST)
    play(Path(sys.argv[1]))
