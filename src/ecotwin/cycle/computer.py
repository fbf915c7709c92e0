"""What the computer says of itself: CPU time of the twin, and the processor's energy where that is counted."""

from __future__ import annotations

import os
from pathlib import Path

RAPL = Path("/sys/class/powercap")
COUNTED = ("package", "dram")
"""Domains that add up; cores and graphics are inside their package."""


class CpuTime:
    """CPU seconds of this process and of the processes that it started in its own session.

    Processes of another session (a stand-in plant, say) are not the twin's. The time of one that has ended stays
    counted as it was last seen.
    """

    def __init__(self) -> None:
        import psutil

        self._own = psutil.Process()
        self._seen: dict[tuple[int, float], float] = {}
        self._most = 0.0

    def read_s(self) -> float:
        """CPU seconds so far [s]; never falls."""
        import psutil

        times = self._own.cpu_times()
        session = os.getsid(0)
        for child in self._own.children(recursive=True):
            try:
                if os.getsid(child.pid) == session:
                    spent = child.cpu_times()
                    self._seen[child.pid, child.create_time()] = spent.user + spent.system
            except (psutil.Error, ProcessLookupError):
                continue
        found = float(times.user + times.system + sum(self._seen.values()))
        self._most = max(self._most, found)
        return self._most


class Rapl:
    """The processor's own energy counters, through their wraps.

    Args:
        folder: Where the kernel shows them.
    """

    def __init__(self, folder: Path = RAPL) -> None:
        self._places: list[tuple[Path, int]] = []
        for place in sorted(folder.glob("intel-rapl:*")):
            try:
                name = (place / "name").read_text().strip()
                top = int((place / "max_energy_range_uj").read_text())
                int((place / "energy_uj").read_text())
            except (OSError, ValueError):
                continue
            if name.startswith(COUNTED):
                self._places.append((place / "energy_uj", top))
        self._last = [self._read(place) for place, _ in self._places]
        self._sum_j = 0.0

    @property
    def there(self) -> bool:
        """Whether the processor tells, and this user may read it."""
        return bool(self._places)

    def read_j(self) -> float:
        """Energy since the beginning [J]; must be read at least once an hour, or a wrap is missed."""
        for i, (place, top) in enumerate(self._places):
            now = self._read(place)
            self._sum_j += ((now - self._last[i]) % (top + 1)) / 1e6
            self._last[i] = now
        return self._sum_j

    @staticmethod
    def _read(place: Path) -> int:
        return int(place.read_text())


class Busy:
    """CPU seconds that all programs of the computer used."""

    def read_s(self) -> float:
        """So far [s]."""
        import psutil

        times = psutil.cpu_times()
        return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))
