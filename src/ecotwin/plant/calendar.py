"""When the plant plans to work: shifts, their breaks and the gaps between them, right through DST.

Shifts are local wall time. A shift belongs to the day on which it starts: a holiday cancels the
shifts that start on it, and a night shift of the day before runs on into it. A plant without shifts
is taken to work round the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from ecotwin.clock import Period, instant
from ecotwin.plant.model import Plant, Shift
from ecotwin.records import Bools, Ints


@dataclass(frozen=True, slots=True)
class Turn:
    """One shift on one day.

    Attributes:
        shift: The shift. period: From its start to its end. breaks: Its breaks, in order.
    """

    shift: Shift
    period: Period
    breaks: tuple[Period, ...]


def turns(plant: Plant, period: Period) -> tuple[Turn, ...]:
    """Every shift that touches a period, whole, in order."""
    found = [turn for turn in _around(plant, period) if _touch(turn.period, period)]
    return tuple(sorted(found, key=lambda turn: turn.period))


def shift_at(plant: Plant, moment: datetime) -> Turn | None:
    """The shift that runs at an instant, its breaks included; None between shifts."""
    near = Period(moment, moment + timedelta(microseconds=1))
    return next((turn for turn in turns(plant, near) if moment in turn.period), None)


def breaks(plant: Plant, period: Period) -> tuple[Period, ...]:
    """Planned pauses inside shifts that touch a period, whole, in order.

    The time between shifts is no break: it is in `gaps`.
    """
    found = (pause for turn in turns(plant, period) for pause in turn.breaks)
    return tuple(sorted(pause for pause in found if _touch(pause, period)))


def gaps(plant: Plant, period: Period) -> tuple[Period, ...]:
    """The parts of a period in which no shift runs: nights, week-ends, holidays."""
    if not plant.shifts:
        return ()
    found: list[Period] = []
    moment = period.start
    for turn in turns(plant, period):
        if turn.period.start > moment:
            found.append(Period(moment, turn.period.start))
        moment = max(moment, turn.period.end)
    if moment < period.end:
        found.append(Period(moment, period.end))
    return tuple(found)


def working(plant: Plant, at_us: Ints) -> Bools:
    """Whether work is planned: inside a shift and outside of its breaks.

    Args:
        plant: The plant.
        at_us: [n] instants [us UTC], in any order.

    Returns:
        [n] True where work is planned.
    """
    at = np.asarray(at_us, dtype=np.int64)
    if not plant.shifts:
        return np.ones(at.shape, dtype=np.bool_)
    if at.size == 0:
        return np.zeros(at.shape, dtype=np.bool_)
    span = Period(instant(int(at.min())), instant(int(at.max()) + 1))
    marks = np.zeros(at.shape, dtype=np.bool_)
    found = turns(plant, span)
    marks |= _inside(at, [turn.period for turn in found])
    marks &= ~_inside(at, [pause for turn in found for pause in turn.breaks])
    return marks


def planned_hours(plant: Plant, period: Period) -> float:
    """Planned working time in a period, breaks taken off [h]."""
    if not plant.shifts:
        return period.hours
    seconds = 0.0
    for turn in turns(plant, period):
        seconds += _common_s(turn.period, period)
        seconds -= sum(_common_s(pause, period) for pause in turn.breaks)
    return seconds / 3600.0


def _inside(at: Ints, periods: list[Period]) -> Bools:
    if not periods:
        return np.zeros(at.shape, dtype=np.bool_)
    ordered = sorted(periods)
    starts = np.array([p.start_us for p in ordered], dtype=np.int64)
    ends = np.array([p.end_us for p in ordered], dtype=np.int64)
    place = np.searchsorted(starts, at, side="right") - 1
    return np.asarray((place >= 0) & (at < ends[np.maximum(place, 0)]), dtype=np.bool_)


def _common_s(a: Period, b: Period) -> float:
    return max(0.0, (min(a.end, b.end) - max(a.start, b.start)).total_seconds())


def _touch(a: Period, b: Period) -> bool:
    return a.start < b.end and b.start < a.end


def _around(plant: Plant, period: Period) -> Iterator[Turn]:
    """Shifts of every local day from the day before the period to the day after it."""
    zone = plant.zone
    day = period.start.astimezone(zone).date() - timedelta(days=1)
    last = period.end.astimezone(zone).date()
    free = frozenset(plant.holidays)
    while day <= last:
        if day not in free:
            yield from (_turn(plant, s, day) for s in plant.shifts if day.weekday() in s.days)
        day += timedelta(days=1)


def _turn(plant: Plant, shift: Shift, day: date) -> Turn:
    def at(clock: time, after: datetime | None = None) -> datetime:
        moment = datetime.combine(day, clock, tzinfo=plant.zone)
        if clock < shift.start or (after is not None and clock <= shift.start):
            moment += timedelta(days=1)  # wall time: the same time of the next day
        return moment.astimezone(UTC)

    start = at(shift.start)
    end = max(start, at(shift.end, start))
    pauses = (
        Period(max(start, at(b.start)), max(start, min(end, at(b.end)))) for b in shift.breaks
    )
    return Turn(shift, Period(start, end), tuple(p for p in pauses if p.end > p.start))
