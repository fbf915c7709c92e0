"""What happens around the plant while a run goes on: calendar and weather, step by step."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from ecotwin.clock import SECOND, instant, micros
from ecotwin.plant import Plant
from ecotwin.records import Floats

FREE, BREAK, WORK = 0, 1, 2
"""Nobody works; a planned pause inside a shift; people work."""


@dataclass(frozen=True)
class Weather:
    """The weather of every run, each array [runs or 1, steps].

    Attributes:
        outdoor_c: Dry-bulb temperature [degC]. wet_bulb_c: [degC]. sun_w_m2: On the plane of the panels [W/m2].
    """

    outdoor_c: Floats
    wet_bulb_c: Floats
    sun_w_m2: Floats


@dataclass(frozen=True)
class Surroundings:
    """Calendar and weather of a run.

    Attributes:
        start_us: Begin of the first step [us UTC]. step_s: Length of a step [s].
        kind: [steps] FREE, BREAK or WORK. to_work_s: [steps] Time from the step's begin to the next begin of work;
            0 while people work [s]. pause_s: [steps] Whole length of the free time or break that the step lies
            in; 0 while people work [s]. hour: [steps] Local hour of the day 0..24. weekday: [steps] 0 = Monday.
    """

    start_us: int
    step_s: float
    kind: NDArray[np.int8]
    to_work_s: Floats
    pause_s: Floats
    hour: Floats
    weekday: NDArray[np.int8]
    weather: Weather

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.kind)


def calendar(plant: Plant, start: datetime, steps: int, step_s: float) -> dict[str, np.ndarray]:
    """Calendar columns of `Surroundings` for a plant's shifts, breaks and holidays.

    A plant without shifts works always.

    Returns:
        kind, to_work_s, pause_s, hour, weekday; each [steps], judged at the middle of the step.
    """
    begin = micros(start)
    middle = begin + (np.arange(steps) * step_s * SECOND + step_s * SECOND / 2).astype(np.int64)
    edges, kinds = _segments(plant, start, int(steps * step_s))
    place = np.searchsorted(edges, middle, side="right") - 1
    kind = kinds[place]
    to_work, pause = np.zeros(steps), np.zeros(steps)
    starts = [int(e) for e, k in zip(edges, kinds, strict=True) if k == WORK]
    for n in np.flatnonzero(kind != WORK):
        at = int(middle[n])
        following = bisect_right(starts, at)
        ahead = starts[following] if following < len(starts) else at + 30 * 86_400 * SECOND
        to_work[n] = (ahead - at) / SECOND
        before = int(edges[_first_of_pause(kinds, int(place[n]))])
        pause[n] = (ahead - before) / SECOND
    local = [instant(int(m)).astimezone(plant.zone) for m in middle]
    hour = np.array([t.hour + t.minute / 60.0 + t.second / 3600.0 for t in local])
    weekday = np.array([t.weekday() for t in local], np.int8)
    return {"kind": kind, "to_work_s": to_work, "pause_s": pause, "hour": hour, "weekday": weekday}


def _first_of_pause(kinds: NDArray[np.int8], place: int) -> int:
    while place > 0 and kinds[place - 1] != WORK:
        place -= 1
    return place


def _segments(
    plant: Plant, start: datetime, seconds: int
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Begins of the spans in which the calendar does not change, and their kinds."""
    if not plant.shifts:
        return np.array([0], np.int64), np.array([WORK], np.int8)
    first = start.astimezone(plant.zone).date() - timedelta(days=8)
    marks: list[tuple[int, int, int]] = []
    for n in range(seconds // 86_400 + 26):
        marks += _marks(plant, first + timedelta(days=n))
    edges = sorted({0, *(e for a, b, _ in marks for e in (a, b))})
    kinds = np.zeros(len(edges), np.int8)
    for a, b, kind in sorted(marks, key=lambda m: -m[2]):
        low, high = bisect_right(edges, a) - 1, bisect_right(edges, b) - 1
        kinds[low:high] = kind
    return np.array(edges, np.int64), kinds


def _marks(plant: Plant, day: date) -> list[tuple[int, int, int]]:
    if day in plant.holidays:
        return []
    found = []
    for shift in plant.shifts:
        if day.weekday() not in shift.days:
            continue
        found.append((*_span(plant, day, shift.start, shift.end, shift.start), WORK))
        found += [(*_span(plant, day, b.start, b.end, shift.start), BREAK) for b in shift.breaks]
    return found


def _span(plant: Plant, day: date, start: time, end: time, shift: time) -> tuple[int, int]:
    first = day + timedelta(days=start < shift)
    last = first + timedelta(days=end <= start)
    low, high = (
        micros(datetime.combine(d, t, plant.zone).astimezone(UTC))
        for d, t in ((first, start), (last, end))
    )
    return low, high
