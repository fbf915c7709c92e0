"""Today's figures, always up to the newest closed minute, and what is customary by this time of day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from ecotwin.accounting.accounts import finished, kpis
from ecotwin.accounting.contract import Kpi, Tally
from ecotwin.accounting.cuts import within
from ecotwin.accounting.savings import student_t
from ecotwin.clock import Period, local_day
from ecotwin.plant import Plant
from ecotwin.records import Measure, Range, Window

REFRESH = timedelta(minutes=5)
DAYS = 28
"""Past days from which the customary course is taken."""
ENOUGH = 3
"""Days of one kind before anything counts as customary."""

Key = tuple[str, str]
Course = list[tuple[float, float]]
"""(seconds since local midnight, value) in order."""
Cut = Callable[[Period], Window]


@dataclass
class _Day:
    """Sums of the closed hours of one day, and the course of its figures."""

    day: date
    summed_until: datetime
    tallies: dict[Key, Tally] = field(default_factory=dict)
    course: dict[Key, Course] = field(default_factory=dict)


class Today:
    """Keeps today's measures of every element.

    Args:
        plant: The plant. cut: Gives a window of every signal.
        since: Tells the first instant of which anything is known; a day that began earlier is summed from there on,
            and its figures' period says so.
    """

    def __init__(self, plant: Plant, cut: Cut, since: Callable[[], datetime | None]) -> None:
        self._plant = plant
        self._cut = cut
        self._since = since
        self._kpis: dict[str, Kpi] = kpis()
        self._pairs = [
            (kpi, e.id)
            for kpi in self._kpis.values()
            for e in plant.elements
            if kpi.needs(plant, e.id)
        ]
        self._wide = {e.id for e in plant.elements if e.level in {"site", "area", "line"}}
        self._day: _Day | None = None
        self._past: dict[Key, dict[date, Course]] = {}
        self._done_at: datetime | None = None
        self.measures: Mapping[Key, Measure] = {}
        """(element, indicator) -> today's figure."""
        self.gaps: tuple[str, ...] = ()
        """Figures of the site that cannot be had, with what is missing."""

    @property
    def since(self) -> datetime | None:
        """The first instant of which anything is known."""
        return self._since()

    def update(self, until: datetime) -> bool:
        """Bring the figures up to a closed minute, at most every few minutes; returns whether it did."""
        if self._done_at is not None and timedelta(0) <= until - self._done_at < REFRESH:
            return False
        self._done_at = until
        local = until.astimezone(self._plant.zone).date()
        if self._day is not None and self._day.day != local:
            self._finish_day()
        if self._day is None:
            self._day = _Day(local, self._begin(local))
        self._sum_hours(self._day, until)
        running = (
            self._tallies(Period(self._day.summed_until, until))
            if until > self._day.summed_until
            else {}
        )
        self._publish(self._add(self._day.tallies, running), until)
        return True

    def forget(self) -> None:
        """Sum the day anew at the next update: late data has changed its hours."""
        if self._day is not None:
            self._day.tallies = {}
            self._day.summed_until = self._begin(self._day.day)
            self._done_at = None

    def learn_day(self, day: Period) -> None:
        """Take a past day's course, by the hour, from the history."""
        tallies: dict[Key, Tally] = {}
        made = _Day(day.start.astimezone(self._plant.zone).date(), day.start)
        whole = self._cut(day)
        hour = day.start
        while hour < day.end:
            end = min(hour + timedelta(hours=1), day.end)
            part = within(whole, Period(hour, end))
            if part is not None:
                tallies = self._add(tallies, self._tallied(part, wide_only=True))
            for key, measure in self._finish(tallies)[0].items():
                made.course.setdefault(key, []).append(
                    ((end - day.start).total_seconds(), measure.value)
                )
            hour = end
        self._store_course(made)

    def course(self, element: str, indicator: str) -> list[tuple[datetime, float]]:
        """How today's figure came about."""
        if self._day is None:
            return []
        start = local_day(self._day.day, self._plant.zone).start
        return [
            (start + timedelta(seconds=s), v)
            for s, v in self._day.course.get((element, indicator), [])
        ]

    def customary(self, element: str, indicator: str, at: datetime) -> Range | None:
        """The figure's usual value by this time of day, from past days of the same kind; None: too few."""
        zone = self._plant.zone
        day = at.astimezone(zone).date()
        seconds = (at - local_day(day, zone).start).total_seconds()
        values = [
            _at(course, seconds)
            for past, course in self._past.get((element, indicator), {}).items()
            if past != day and self._kind(past) == self._kind(day)
        ]
        if len(values) < ENOUGH:
            return None
        mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
        half = student_t(0.95, len(values) - 1) * sd * (1 + 1 / len(values)) ** 0.5
        return Range(mean, mean - half, mean + half)

    def _kind(self, day: date) -> str:
        if day in self._plant.holidays or day.weekday() == 6:
            return "rest"
        return "saturday" if day.weekday() == 5 else "work"

    def _sum_hours(self, day: _Day, until: datetime) -> None:
        """Add every hour that has closed since."""
        end = _next_hour(day.summed_until)
        while end <= until:
            day.tallies = self._add(day.tallies, self._tallies(Period(day.summed_until, end)))
            day.summed_until = end
            end += timedelta(hours=1)

    def _begin(self, day: date) -> datetime:
        """Midnight, or the first full minute of which anything is known."""
        midnight = local_day(day, self._plant.zone).start
        first = self._since()
        if first is None or first <= midnight:
            return midnight
        return first.replace(second=0, microsecond=0) + timedelta(minutes=1)

    def _tallies(self, period: Period) -> dict[Key, Tally]:
        return self._tallied(self._cut(period))

    def _tallied(self, window: Window, *, wide_only: bool = False) -> dict[Key, Tally]:
        return {
            (kpi.name, element): kpi.tally(self._plant, element, window)
            for kpi, element in self._pairs
            if not wide_only or element in self._wide
        }

    @staticmethod
    def _add(one: dict[Key, Tally], other: dict[Key, Tally]) -> dict[Key, Tally]:
        return {
            k: one[k] + other[k] if k in one and k in other else one.get(k) or other[k]
            for k in {**one, **other}
        }

    def _finish(self, tallies: dict[Key, Tally]) -> tuple[dict[Key, Measure], tuple[str, ...]]:
        measures: dict[Key, Measure] = {}
        gaps: list[str] = []
        for (name, element), tally in tallies.items():
            figures, words = finished(self._kpis[name], self._plant, tally)
            for measure in figures:
                measures[element, measure.indicator] = measure
            if element == self._plant.site.id:
                gaps += [w for w in words if w not in gaps]
        return measures, tuple(gaps)

    def _publish(self, tallies: dict[Key, Tally], until: datetime) -> None:
        measures, gaps = self._finish(tallies)
        assert self._day is not None
        seconds = (until - local_day(self._day.day, self._plant.zone).start).total_seconds()
        for key, measure in measures.items():
            course = self._day.course.setdefault(key, [])
            if not course or course[-1][0] < seconds:
                course.append((seconds, measure.value))
        self.measures, self.gaps = measures, gaps

    def _finish_day(self) -> None:
        assert self._day is not None
        self._store_course(self._day)
        self._day = None

    def _store_course(self, day: _Day) -> None:
        for key, course in day.course.items():
            if key[0] not in self._wide:
                continue
            kept = self._past.setdefault(key, {})
            kept[day.day] = course[:: max(1, len(course) // 24)]
            for old in sorted(kept)[:-DAYS]:
                del kept[old]

    def state(self) -> dict[str, Any]:
        """JSON-able courses of past days."""
        return {
            "past": [
                [element, indicator, day.isoformat(), course]
                for (element, indicator), days in self._past.items()
                for day, course in days.items()
            ]
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from saved courses."""
        for element, indicator, day, course in state["past"]:
            kept = self._past.setdefault((element, indicator), {})
            kept[date.fromisoformat(day)] = [(float(s), float(v)) for s, v in course]


def _next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _at(course: Course, seconds: float) -> float:
    """Value of a course at a time of day, interpolated."""
    times = [s for s, _ in course]
    i = bisect_right(times, seconds)
    if i == 0:
        return course[0][1]
    if i == len(course):
        return course[-1][1]
    (s0, v0), (s1, v1) = course[i - 1], course[i]
    return v0 + (v1 - v0) * (seconds - s0) / (s1 - s0)
