"""What a scenario changes of the plant's calendar, and the pauses that a set-point is held in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from ecotwin.clock import Period
from ecotwin.plant import Break, Plant, Shift
from ecotwin.plant.calendar import breaks, gaps
from ecotwin.plant.lines import Path
from ecotwin.plant.schema import ShiftPart
from ecotwin.simulation.scenario_parts import CalendarChange, SetPointPart, ShiftChange
from ecotwin.simulation.sketch import Sketch

_WEEK_MIN = 7 * 1440
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_AROUND = timedelta(days=5)
"""Pauses are seen whole, beyond the run's ends."""


def change_calendar(sketch: Sketch, part: CalendarChange) -> None:
    """Change shifts, breaks and holidays; faults are noted."""
    at: Path = ("calendar",)
    shifts = list(sketch.plant.shifts)
    if part.shifts is not None:
        shifts = [_shift(s) for s in part.shifts]
    for n, name in enumerate(part.remove):
        if sketch.one_of((*at, "remove", n), "shift", name, [s.name for s in shifts]):
            shifts = [s for s in shifts if s.name != name]
    for n, change in enumerate(part.change):
        path = (*at, "change", n)
        if sketch.one_of((*path, "shift"), "shift", change.shift, [s.name for s in shifts]):
            shifts = [_changed(s, change) if s.name == change.shift else s for s in shifts]
    shifts += [_shift(s) for s in part.add]
    holidays = {*sketch.plant.holidays, *map(date.fromisoformat, part.holidays)}
    for n, day in enumerate(part.work_on):
        if date.fromisoformat(day) not in sketch.plant.holidays:
            sketch.faults.add((*at, "work_on", n), f"{day} is no holiday", "take it out")
    holidays -= set(map(date.fromisoformat, part.work_on))
    if not _sound(sketch, at, shifts):
        return
    if not shifts:
        sketch.faults.add(
            at, "no shift is left", "a plant without shifts would work always: leave one"
        )
        return
    sketch.plant = replace(sketch.plant, shifts=tuple(shifts), holidays=tuple(sorted(holidays)))


def pauses(plant: Plant, span: Period, part: SetPointPart) -> list[Period]:
    """The stretches of a span in which a set-point is held.

    Args:
        plant: With the calendar as changed. span: From its start to its end. part: What the scenario says.
    """
    wide = Period(span.start - _AROUND, span.end + _AROUND)
    if part.when == "always":
        return [span]
    if part.when == "daily":
        found = _daily(
            plant, wide, time.fromisoformat(part.start), time.fromisoformat(str(part.end))
        )
    elif part.when == "breaks":
        found = list(breaks(plant, wide))
    elif part.when == "free":
        found = list(gaps(plant, wide))
    else:
        found = _joined([*breaks(plant, wide), *gaps(plant, wide)])
        if part.when == "working":
            found = _between(found, wide)
    early = timedelta(minutes=part.end_early_min)
    long = [p for p in found if p.seconds >= 60.0 * part.at_least_min and p.end - early > p.start]
    cut = [(max(p.start, span.start), min(p.end - early, span.end)) for p in long]
    return [Period(a, b) for a, b in cut if b > a]


def _daily(plant: Plant, wide: Period, first: time, last: time) -> list[Period]:
    found = []
    day = wide.start.astimezone(plant.zone).date()
    while day <= wide.end.astimezone(plant.zone).date():
        start = datetime.combine(day, first, plant.zone)
        end = datetime.combine(day + timedelta(days=last <= first), last, plant.zone)
        found.append(Period(start.astimezone(wide.start.tzinfo), end.astimezone(wide.start.tzinfo)))
        day += timedelta(days=1)
    return found


def _joined(periods: list[Period]) -> list[Period]:
    made: list[Period] = []
    for period in sorted(periods):
        if made and period.start <= made[-1].end:
            made[-1] = Period(made[-1].start, max(made[-1].end, period.end))
        else:
            made.append(period)
    return made


def _between(periods: list[Period], wide: Period) -> list[Period]:
    edges = [wide.start, *(t for p in periods for t in (p.start, p.end)), wide.end]
    return [Period(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def _shift(part: ShiftPart) -> Shift:
    return Shift(
        part.name,
        tuple(_DAYS.index(d) for d in part.days),
        time.fromisoformat(part.start),
        time.fromisoformat(part.end),
        tuple(map(_break, part.breaks)),
    )


def _break(text: str) -> Break:
    start, end = text.split("-")
    return Break(time.fromisoformat(start), time.fromisoformat(end))


def _changed(shift: Shift, change: ShiftChange) -> Shift:
    made = replace(
        shift,
        days=shift.days if change.days is None else tuple(_DAYS.index(d) for d in change.days),
        start=time.fromisoformat(change.start) if change.start else shift.start,
        end=time.fromisoformat(change.end) if change.end else shift.end,
        breaks=shift.breaks if change.breaks is None else tuple(map(_break, change.breaks)),
    )
    later = change.later_min
    return replace(
        made,
        start=_later(made.start, later),
        end=_later(made.end, later + change.overtime_min),
        breaks=tuple(Break(_later(b.start, later), _later(b.end, later)) for b in made.breaks),
    )


def _later(clock: time, minutes: float) -> time:
    return (datetime.combine(date(2000, 1, 2), clock) + timedelta(minutes=minutes)).time()


def _sound(sketch: Sketch, path: Path, shifts: Iterable[Shift]) -> bool:
    """Whether shifts do not end when they begin, do not overlap, and hold their breaks."""
    taken: list[tuple[int, int, str]] = []
    before = len(sketch.faults.texts)
    for shift in shifts:
        first, last = _span(shift.start, shift.end)
        if first == last:
            sketch.faults.add(path, f"shift {shift.name!r} ends when it starts", "change its times")
            continue
        for pause in shift.breaks:
            a, b = _span(pause.start, pause.end)
            a, b = (a + 1440, b + 1440) if a < first else (a, b)
            if b > last or a == b:
                sketch.faults.add(
                    path,
                    f"the break {pause.start:%H:%M}-{pause.end:%H:%M} lies outside of shift {shift.name!r} "
                    f"({shift.start:%H:%M}-{shift.end:%H:%M})",
                    "give its `breaks` anew",
                )
        for day in shift.days:
            a, b = day * 1440 + first, day * 1440 + last
            clash = next((t for t in taken if _overlap(a, b, t)), None)
            if clash:
                sketch.faults.add(
                    path,
                    f"shift {shift.name!r} overlaps shift {clash[2]!r} on {_DAYS[day]}",
                    "change days or times of one of them",
                )
                break
            taken.append((a, b, shift.name))
    return len(sketch.faults.texts) == before


def _span(start: time, end: time) -> tuple[int, int]:
    first, last = (t.hour * 60 + t.minute for t in (start, end))
    return first, last if last >= first else last + 1440


def _overlap(a: int, b: int, taken: tuple[int, int, str]) -> bool:
    return any(a < taken[1] + k and taken[0] + k < b for k in (-_WEEK_MIN, 0, _WEEK_MIN))
