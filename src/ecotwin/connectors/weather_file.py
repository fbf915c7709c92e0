"""A file of weather for a what-if: CSV with `time`, `outdoor_c`, `wet_bulb_c` or `humidity`, and `sun_w_m2`.

Times are ISO; without an offset they are local to the plant. Rows come in time order; between two rows the weather is
joined by a straight line. A file of another year stands for a weather year: its rows are taken by month, day and time.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from ecotwin.clock import HOUR, SECOND, micros
from ecotwin.errors import FileFault
from ecotwin.records import Floats, Ints

_NEEDED = ("time", "outdoor_c", "sun_w_m2")
_GAP = 3 * HOUR
"""A longer gap between two rows is not joined."""
_BOUNDS = {
    "outdoor_c": (-70.0, 60.0),
    "wet_bulb_c": (-70.0, 45.0),
    "humidity": (0.0, 100.0),
    "sun_w_m2": (0.0, 1500.0),
}


@dataclass(frozen=True)
class WeatherRows:
    """Rows of a weather file.

    Attributes:
        at: [n] [us UTC]. outdoor_c, sun_w_m2: [n]. wet_bulb_c, humidity: [n]; one of the two, the other empty.
    """

    at: Ints
    outdoor_c: Floats
    sun_w_m2: Floats
    wet_bulb_c: Floats
    humidity: Floats

    def over(self, start: datetime, steps: int, step_s: float, file: str) -> dict[str, Floats]:
        """Columns at the middle of every step of a run [steps].

        Raises:
            FileFault: The file does not hold the span, in this year or as a weather year.
        """
        middle = micros(start) + (np.arange(steps) * step_s * SECOND + step_s * SECOND / 2).astype(
            np.int64
        )
        if not (self.at[0] <= middle[0] and middle[-1] <= self.at[-1]):
            middle = middle + self._years_back(start)
        if not (self.at[0] <= middle[0] and middle[-1] <= self.at[-1]):
            raise FileFault(
                f"{file} does not hold {steps * step_s / 3600:.0f} h from {start:%d %b %H:%M}Z on",
                expected="rows from before the run's begin until after its end, of this or another year",
                remedy="give a file that covers it, or run another span",
            )
        near = np.searchsorted(self.at, middle, side="right")
        wide = (self.at[np.minimum(near, len(self.at) - 1)] - self.at[near - 1]) > _GAP
        if wide.any():
            raise FileFault(
                f"{file} has a gap of more than 3 h in the run's span",
                expected="rows by the hour or finer",
                remedy="fill the gap from its source",
            )
        columns = ("outdoor_c", "sun_w_m2", "wet_bulb_c", "humidity")
        return {
            name: np.interp(middle, self.at, getattr(self, name))
            for name in columns
            if len(getattr(self, name))
        }

    def _years_back(self, start: datetime) -> int:
        """What takes the run's begin to the same month, day and time of the file's year [us]."""
        first = datetime.fromtimestamp(self.at[0] / SECOND, start.tzinfo)
        for year in (first.year, first.year + 1):
            day = min(start.day, 28) if start.month == 2 else start.day
            moved = start.replace(year=year, day=day)
            if self.at[0] <= micros(moved) <= self.at[-1]:
                return micros(moved) - micros(start)
        return 0


def read_weather(path: Path, zone: ZoneInfo) -> WeatherRows:
    """Read a weather file.

    Raises:
        FileFault: It cannot be read, or a row is at fault; the first is named with its line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = csv.DictReader(line for line in text if not line.startswith("#"))
            names = list(rows.fieldnames or ())
            moist = next((n for n in ("wet_bulb_c", "humidity") if n in names), "")
            lacks = [n for n in _NEEDED if n not in names] + (
                [] if moist else ["wet_bulb_c or humidity"]
            )
            if lacks:
                raise FileFault(
                    f"{path.name} lacks the column {', '.join(lacks)}",
                    expected="time, outdoor_c, wet_bulb_c or humidity, sun_w_m2",
                    remedy="rename its columns",
                )
            found = [_row(path, n, row, moist, zone) for n, row in enumerate(rows, start=2)]
    except (OSError, UnicodeDecodeError) as fault:
        raise FileFault(
            f"the weather file {path.name} cannot be read ({fault})",
            expected="a CSV file beside the scenario",
            remedy="check its name in `weather.file`",
        ) from fault
    table = np.array(found, np.float64) if found else np.zeros((0, 4))
    at = np.array([f[0] for f in found], np.int64)
    if len(at) < 2 or (np.diff(at) <= 0).any():
        raise FileFault(
            f"{path.name} has {len(at)} rows, or they are not in time order",
            expected="at least two rows, each later than the one before",
            remedy="sort it by time and take doubles out",
        )
    none = np.zeros(0)
    wet, humidity = (table[:, 3], none) if moist == "wet_bulb_c" else (none, table[:, 3])
    return WeatherRows(at, table[:, 1], table[:, 2], wet, humidity)


def _row(
    path: Path, line: int, row: dict[str, str], moist: str, zone: ZoneInfo
) -> tuple[float, ...]:
    try:
        moment = datetime.fromisoformat(row["time"])
        at = micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))
        values = {n: float(row[n]) for n in ("outdoor_c", "sun_w_m2", moist)}
        bad = [
            n
            for n, v in values.items()
            if not math.isfinite(v) or not _BOUNDS[n][0] <= v <= _BOUNDS[n][1]
        ]
        if bad:
            raise ValueError(f"{bad[0]} is {row[bad[0]]}")
    except (TypeError, ValueError, KeyError) as fault:
        raise FileFault(
            f"{path.name}:{line}: {fault}",
            expected="an ISO time and numbers within what weather can be",
            remedy="mend the row",
        ) from None
    return (float(at), values["outdoor_c"], values["sun_w_m2"], values[moist])
