"""When the plant works: the shifts and breaks of the plant file cut into segments, in UTC.

The people follow the plant file's calendar; days of a scenario's holiday are free though the file
does not know it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from ecotwin.clock import instant, micros
from ecotwin.plant import Plant

WORK, BREAK, FREE = "work", "break", "free"


@dataclass(frozen=True, slots=True)
class Segment:
    """A span in which nothing changes in the calendar.

    Attributes:
        start_us, end_us: [us UTC]. kind: work, break or free.
        works_at_us: Start of the next work after this segment [us UTC]; its own start if it is
            work.
    """

    start_us: int
    end_us: int
    kind: str
    works_at_us: int


class Worktime:
    """The calendar as segments, made as far as it is asked.

    Args:
        plant: Gives shifts, breaks, holidays and time zone.
        free: More days without work (a scenario's holiday).
    """

    def __init__(self, plant: Plant, free: frozenset[date] = frozenset()) -> None:
        self._shifts = plant.shifts
        self._zone = plant.zone
        self._free = free | frozenset(plant.holidays)
        self._segments: list[Segment] = []
        self._starts: list[int] = []

    def __deepcopy__(self, memo: dict[int, object]) -> Worktime:
        return self

    def at(self, us: int) -> Segment:
        """The segment that holds an instant [us UTC]."""
        if not self._segments or not self._segments[0].start_us <= us < self._segments[-1].end_us:
            self._lay(us)
        return self._segments[bisect_right(self._starts, us) - 1]

    def _lay(self, us: int) -> None:
        first = instant(us).astimezone(self._zone).date() - timedelta(days=2)
        marks: list[tuple[int, int, str]] = []
        for n in range(40):
            marks.extend(self._day(first + timedelta(days=n)))
        begin = self._us(first + timedelta(days=1), time())
        end = self._us(first + timedelta(days=25), time())
        edges = sorted({begin, end, *(e for m in marks for e in m[:2] if begin < e < end)})
        later = sorted(a for a, _, kind in marks if kind == WORK)
        cut = [(a, b, self._kind(marks, a)) for a, b in pairwise(edges)]
        segments: list[Segment] = []
        following = next((a for a in later if a >= end), end)
        for a, b, kind in reversed(cut):
            if kind == WORK:
                following = a
            segments.append(Segment(a, b, kind, following))
        self._segments = segments[::-1]
        self._starts = [s.start_us for s in self._segments]

    def _day(self, day: date) -> list[tuple[int, int, str]]:
        if day in self._free:
            return []
        marks = []
        for shift in self._shifts:
            if day.weekday() not in shift.days:
                continue
            marks.append((*self._span(day, shift.start, shift.end, shift.start), WORK))
            marks += [
                (*self._span(day, pause.start, pause.end, shift.start), BREAK)
                for pause in shift.breaks
            ]
        return marks

    def _span(self, day: date, start: time, end: time, from_: time) -> tuple[int, int]:
        first = day + timedelta(days=start < from_)
        last = first + timedelta(days=end <= start)
        return self._us(first, start), self._us(last, end)

    def _us(self, day: date, at: time) -> int:
        return micros(datetime.combine(day, at, self._zone).astimezone(UTC))

    @staticmethod
    def _kind(marks: list[tuple[int, int, str]], us: int) -> str:
        found = {kind for a, b, kind in marks if a <= us < b}
        return BREAK if BREAK in found else WORK if WORK in found else FREE
