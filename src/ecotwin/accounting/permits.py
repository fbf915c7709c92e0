"""Permits judged: means over their windows, which of them count, and whether the limit was kept.

A concentration is converted to the permit's reference oxygen step by step (steps of 20 % and more are air and are
left out), NO counts as NO2, and gas is dry at 273.15 K and 101.3 kPa as the instrument's own unit says. Start and
stop do not count. Then, by the length of the window:

- half hour, hour: it counts when the plant ran for `valid_share` of it, and is valid when that much was measured;
- day: the mean of its valid half hours; lost when more than five of them were lost, or too little was measured;
- month, year: the mean while the plant ran; valid when `valid_share` of that time was measured.

A validated mean is the mean less `confidence` x limit. Windows begin at local midnight, the month's or the year's
first day, or end at every step where the permit says `rolling` (a month is then 30 days, a year 365).

Sources: Directive 2010/75/EU, Annex V parts 3 and 4, Annex VI parts 6 and 8; Directive (EU) 2015/2193, Annex III.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ecotwin.accounting.environment import day_is_valid, nox_as_no2
from ecotwin.clock import Period, days_of, instant, iso, local_month
from ecotwin.plant.model import Permit
from ecotwin.records import Bools, Floats, Ints

AIR_O2 = 20.0
"""Oxygen from which there is no flue gas to speak of [%]."""
LENGTH_S = {
    "half_hour": 1800.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "month": 30 * 86_400.0,
    "year": 365 * 86_400.0,
}
"""Length of a rolling window [s]."""
MOST_LOST = {"half_hour": 5, "hour": 3}
"""Windows of a day that may be lost before the day is (Annex VI: half hours, Annex V: hours)."""
YEAR_S = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Course:
    """What a permit looks at, in equal steps.

    Attributes:
        at: [n] start of each step [us UTC]. step_s: Its length.
        value: [n] concentration at the reference oxygen; NaN: not measured.
        running: [n] the plant ran and there was flue gas. covered: [n] share of the step measured.
    """

    at: Ints
    step_s: float
    value: Floats
    running: Bools
    covered: Floats


@dataclass(frozen=True, slots=True)
class Span:
    """One window of a permit.

    Attributes:
        period: The window. value: Validated mean, or sum; None where it cannot be had.
        counts: The plant ran in it. valid: Enough of it was measured. whole: It is over.
    """

    period: Period
    value: float | None
    counts: bool
    valid: bool
    whole: bool


def at_reference(
    measured: Floats, o2: Floats | None, o2_reference: float | None, *, is_no: bool = False
) -> Floats:
    """[n] concentration at the reference oxygen, NO as NO2; NaN where oxygen is not known or 20 % and more.

    >>> import numpy as np
    >>> at_reference(np.array([100.0, 100.0]), np.array([8.0, 20.5]), 3.0).round(2)
    array([138.46,    nan])
    """
    value = measured * (nox_as_no2(1.0) if is_no else 1.0)
    if o2 is None or o2_reference is None:
        return np.asarray(value, np.float64)
    gas = np.isfinite(o2) & (o2 < AIR_O2)
    return np.where(gas, value * (21.0 - o2_reference) / (21.0 - np.where(gas, o2, 0.0)), np.nan)


def windows(permit: Permit, period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """The calendar windows of a permit that touch a period, whole, in order."""
    if permit.window == "year":
        for year in range(period.start.astimezone(zone).year, period.end.astimezone(zone).year + 1):
            yield from _if(
                Period(local_month(year, 1, zone).start, local_month(year + 1, 1, zone).start),
                period,
            )
        return
    if permit.window == "month":
        moment = period.start
        while moment < period.end:
            here = moment.astimezone(zone)
            month = local_month(here.year, here.month, zone)
            yield month
            moment = month.end
        return
    for day in _local_days(period, zone):
        if permit.window == "day":
            yield day
        else:
            for part in _cut(day, LENGTH_S[permit.window]):
                yield from _if(part, period)


def spans(permit: Permit, course: Course, period: Period, zone: ZoneInfo) -> list[Span]:
    """Every window of a permit within a period, judged; the last one may still run."""
    if permit.rolling:
        return _rolling(permit, course, period)
    every = list(windows(permit, period, zone))
    edges = np.array([w.start_us for w in every] + [every[-1].end_us if every else 0], np.int64)
    first = np.searchsorted(course.at, edges)
    told = _summed(course, first)
    return [
        _judge(permit, _part(course, int(a), int(b)), window, period, one)
        for window, a, b, one in zip(every, first[:-1], first[1:], told, strict=True)
        if b > a
    ]


def verdict(permit: Permit, judged: Sequence[Span], lost_days: int, period: Period) -> str:
    """`kept`, `broken`, `void` (too much was lost) or `running` (nothing is decided yet)."""
    whole = [s for s in judged if s.whole and s.valid and s.value is not None]
    over = [s for s in judged if s.value is not None and s.valid and s.value > permit.limit]
    above = [s for s in over if s.whole or permit.indicator]
    if above and permit.allowed_share == 0.0:
        return "broken"
    if permit.highest is not None and any((s.value or 0.0) > permit.highest for s in above):
        return "broken"
    if above:
        found = _in_year(permit, len(whole), len(above), period)
        if found != "kept":
            return found
    if lost_days > permit.most_discarded_days:
        return "void"
    if whole:
        return "kept"
    return "void" if any(s.whole and s.counts for s in judged) else "running"


def _in_year(permit: Permit, whole: int, above: int, period: Period) -> str:
    """What a share of a year's windows allows; before the year is over it may still come right."""
    if above <= permit.allowed_share * whole:
        return "kept"
    in_year = whole * YEAR_S / period.seconds
    short = period.seconds < 0.99 * YEAR_S
    return "running" if short and above <= permit.allowed_share * in_year else "broken"


def report(
    permit: Permit, judged: Sequence[Span], lost_days: int, period: Period
) -> dict[str, Any]:
    """A permit over a period as JSON."""
    whole = [s for s in judged if s.whole]
    valid = [s for s in whole if s.valid and s.value is not None]
    shown = valid or [s for s in judged if s.value is not None]
    values = [s.value for s in shown if s.value is not None]
    above = [s for s in judged if s.valid and s.value is not None and s.value > permit.limit]
    above = [s for s in above if s.whole or permit.indicator]
    highest = max(values, default=None)
    return {
        "permit": permit.id,
        "name": permit.name,
        "element": permit.element,
        "limit": permit.limit,
        "unit": permit.unit,
        "window": ("rolling " if permit.rolling else "") + permit.window,
        "source": permit.source,
        "windows": sum(s.counts for s in whole),
        "valid": len(valid),
        "above": len(above),
        "discarded_days": lost_days,
        "highest": highest,
        "mean": sum(values) / len(values) if values else None,
        "used_share": None if highest is None else highest / permit.limit,
        "verdict": verdict(permit, judged, lost_days, period),
        "exceedances": [
            {"start": iso(a.start_us), "end": iso(a.end_us), "value": value}
            for a, value in _together(above)
        ],
    }


def lost_days(permit: Permit, course: Course, period: Period, zone: ZoneInfo) -> int:
    """Days on which the plant ran and too much was not measured."""
    sort = permit.window if permit.window in MOST_LOST else "day"
    judged = spans(replace(permit, window=sort, rolling=False), course, period, zone)
    lost = Counter(
        s.period.start.astimezone(zone).date()
        for s in judged
        if s.whole and s.counts and not s.valid
    )
    return sum(not day_is_valid(n, MOST_LOST.get(sort, 0)) for n in lost.values())


Sums = tuple[float, float, float | None]
"""Time that the plant ran [s], time of it that was measured [s], mean over that."""


def _part(course: Course, first: int, last: int) -> Course:
    """Some steps of a course."""
    cut = slice(first, last)
    return Course(
        course.at[cut], course.step_s, course.value[cut], course.running[cut], course.covered[cut]
    )


def _summed(course: Course, first: Ints) -> list[Sums]:
    """The sums of windows that tile a course: window `i` begins at step `first[i]` and ends at `first[i + 1]`."""
    made: list[Sums] = [(0.0, 0.0, None)] * (len(first) - 1)
    held = np.flatnonzero(first[1:] > first[:-1])
    if not len(held):
        return made
    known = course.running & np.isfinite(course.value)
    weight = np.where(known, course.covered, 0.0)
    rows = np.stack([course.running * 1.0, weight, np.nan_to_num(course.value) * weight])
    ran, seen, total = np.add.reduceat(rows[:, : first[-1]], first[:-1][held], axis=1)
    for n, place in enumerate(held):
        mean = float(total[n] / seen[n]) if seen[n] > 0.0 else None
        made[place] = (float(ran[n]) * course.step_s, float(seen[n]) * course.step_s, mean)
    return made


def _judge(permit: Permit, course: Course, window: Period, period: Period, sums: Sums) -> Span:
    whole = period.start <= window.start and window.end <= period.end
    ran, seen, mean = sums
    least = permit.valid_share
    if permit.window in MOST_LOST:
        counts = ran >= least * window.seconds - 1e-6
        valid = counts and seen >= least * window.seconds - 1e-6
        if not whole:
            valid = seen >= least * ran > 0.0
    elif permit.window == "day":
        mean, lost, half_hours = _half_hours(permit, course, window)
        counts = ran > 0.0
        valid = half_hours > 0 and day_is_valid(lost) and seen >= least * ran - 1e-6
    else:
        counts, valid = ran > 0.0, seen >= least * ran > 0.0
    value = None if mean is None else max(0.0, mean - permit.confidence * permit.limit)
    return Span(window, value, counts, valid and value is not None, whole)


def _half_hours(permit: Permit, course: Course, window: Period) -> tuple[float | None, int, int]:
    """Mean of a day's valid half hours, how many were lost and how many were valid; hours where steps are longer."""
    length = max(LENGTH_S["half_hour"], course.step_s)
    place = ((course.at - window.start_us) // int(length * 1e6)).astype(np.int64)
    size = int(place.max()) + 1
    running, value = course.running, course.value
    known = running & np.isfinite(value)
    weight = np.where(known, course.covered, 0.0)
    ran = np.bincount(place, running * course.step_s, size)
    seen = np.bincount(place, weight * course.step_s, size)
    total = np.bincount(place, np.nan_to_num(value) * weight * course.step_s, size)
    counts = ran >= permit.valid_share * length - 1e-6
    valid = counts & (seen >= permit.valid_share * length - 1e-6)
    if not valid.any():
        return None, int(counts.sum()), 0
    return (
        float((total[valid] / seen[valid]).mean()),
        int((counts & ~valid).sum()),
        int(valid.sum()),
    )


def _rolling(permit: Permit, course: Course, period: Period) -> list[Span]:
    length = LENGTH_S[permit.window]
    wide = max(1, round(length / course.step_s))
    if len(course.at) < wide:
        took, had, mean = _summed(course, np.array([0, len(course.at)]))[0]
        value = None if mean is None else max(0.0, mean - permit.confidence * permit.limit)
        return [Span(period, value, took > 0.0, had >= permit.valid_share * took > 0.0, False)]
    known = course.running & np.isfinite(course.value)
    weight = np.where(known, course.covered, 0.0)
    ran = _moving(course.running.astype(np.float64), wide) * course.step_s
    seen = _moving(weight, wide) * course.step_s
    total = _moving(np.nan_to_num(course.value) * weight, wide) * course.step_s
    short = permit.window in MOST_LOST
    least = np.full(len(ran), permit.valid_share * length) if short else permit.valid_share * ran
    counts = ran >= (permit.valid_share * length if short else 1e-6) - 1e-6
    valid = counts & (seen >= least - 1e-6) & (seen > 0.0)
    means = np.where(valid, total / np.maximum(seen, 1e-9), 0.0)
    values = np.maximum(0.0, means - permit.confidence * permit.limit)
    found = []
    for i in range(len(values)):
        start = instant(int(course.at[i]))
        window = Period(start, start + timedelta(seconds=length))
        one = float(values[i]) if valid[i] else None
        found.append(Span(window, one, bool(counts[i]), bool(valid[i]), True))
    return found


def _moving(values: Floats, wide: int) -> Floats:
    total = np.cumsum(np.concatenate([[0.0], values]))
    return np.asarray(total[wide:] - total[:-wide], np.float64)


def _together(above: Sequence[Span]) -> list[tuple[Period, float]]:
    """Windows above that overlap (rolling ones do), told once with the highest value."""
    found: list[tuple[Period, float]] = []
    for span in above:
        value = float(span.value or 0.0)
        if found and span.period.start < found[-1][0].end:
            last, high = found[-1]
            found[-1] = (Period(last.start, max(last.end, span.period.end)), max(high, value))
        else:
            found.append((span.period, value))
    return found


def _local_days(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    for piece in days_of(period, zone):
        here = piece.start.astimezone(zone).date()
        start = datetime(here.year, here.month, here.day, tzinfo=zone)
        after = here + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=zone)
        yield Period(start.astimezone(UTC), end.astimezone(UTC))


def _cut(day: Period, length_s: float) -> Iterator[Period]:
    step, moment = timedelta(seconds=length_s), day.start
    while moment < day.end:
        yield Period(moment, min(moment + step, day.end))
        moment += step


def _if(window: Period, period: Period) -> Iterator[Period]:
    if window.start < period.end and period.start < window.end:
        yield window
