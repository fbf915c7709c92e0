"""What a forecast of one slot may rest on: values before the origin, the calendar, and what is known ahead.

Every number that comes of the target or of a column that is not known ahead lies before the origin: the test of the
room changes the future and asks for the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ecotwin.forecasting.timeline import Clock, Timeline
from ecotwin.records import Floats, Ints

RECENT = (1, 2, 3, 4, 5, 6, 8, 12)
"""Slots before the origin that are taken one by one."""
MEANS = (4, 8, 16)
"""Slots before the origin that are taken as a mean, besides short and long seasons."""
CHANGES = (1, 2, 3, 4)
"""Slots before the origin whose change from the slot before them is taken."""
DEPARTURES = (1, 2, 4)
"""Slots before the origin whose departure from the usual at that time of the week is taken."""
BESIDE = (-4, -3, -2, -1, 1, 2, 3)
"""Slots around the same time a day ago that are taken one by one."""
LATER = (1, 2, 4)
"""Slots after the one told of which the usual is taken."""
WEEKS = 4
"""Weeks (or days, where there are none) whose mean is the usual."""
OTHERS_LAGGED = 6
"""Of these, how many are taken some slots before the newest as well."""
OTHERS_BACK = (2, 3, 4)
OTHERS_MOST = 12
"""Columns beside the target whose newest value is taken; the first ones of the file."""
_DAYS_BACK = 15
_ALIKE = 5


Column = tuple[str, str, Floats]
"""Name, group, [n]."""
Take = Callable[[Ints], Floats]
"""Values of the target at slots, NaN at and after the origin."""
Table = tuple[Floats, tuple[str, ...], tuple[str, ...]]
"""[n, features], their names, the group of each."""


@dataclass(slots=True)
class Grounds:
    """What features are made of.

    Attributes:
        line: Slots before the newest origin. kinds: Work or rest by weekday.
        known: [slots, columns] of the columns known ahead, over past and horizon. known_names: Their names.
        past_names: Other columns whose newest values are used.
    """

    line: Timeline
    kinds: Ints
    known: Floats
    known_names: tuple[str, ...]
    past_names: tuple[str, ...]
    _made: tuple[Ints, Ints, Table] | None = None

    def table(self, origins: Ints, slots: Ints) -> Table:
        """As `features`, made once for those who ask for the same arrays one after the other."""
        made = self._made
        if made is None or made[0] is not origins or made[1] is not slots:
            made = (origins, slots, features(self, origins, slots))
            self._made = made
        return made[2]


def features(
    ground: Grounds, origins: Ints, slots: Ints
) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """What each slot may rest on, told from its origin.

    Args:
        ground: The past. origins: [n] first slot not known. slots: [n] slot to tell, at or after its origin.

    Returns:
        [n, features] NaN where there is nothing, the features' names, and the group of each: `calendar`, `last hours`,
        `same time last days`, `same time last weeks`, `known ahead`, `other signals`.
    """
    clock, y = ground.line.clock, ground.line.target
    columns: list[Column] = []
    lead = slots - origins

    def take(at: Ints) -> Floats:
        good = (at >= 0) & (at < origins)
        return np.where(good, y[np.clip(at, 0, len(y) - 1)], np.nan)

    columns.append(("lead", "calendar", lead.astype(np.float64)))
    if clock.short > 1:
        columns.append(("phase", "calendar", clock.phase(slots).astype(np.float64)))
    if clock.long:
        weekday = clock.weekday(slots)
        columns.append(("weekday", "calendar", weekday.astype(np.float64)))
        columns.append(("work", "calendar", ground.kinds[weekday].astype(np.float64)))
        before = clock.weekday(slots - clock.short)
        columns.append(("work before", "calendar", ground.kinds[before].astype(np.float64)))
    columns += _recent(y, origins, take)
    columns += _last_days(ground, clock, slots, origins, take)
    columns += _last_weeks(clock, slots, lead, take)
    columns += _departures(clock, slots, origins, take)
    columns += _beside(ground, origins, slots)
    return (
        np.column_stack([c for _, _, c in columns]),
        tuple(n for n, _, _ in columns),
        tuple(g for _, g, _ in columns),
    )


def _recent(y: Floats, origins: Ints, take: Take) -> list[Column]:
    good = np.isfinite(y)
    total = np.concatenate([[0.0], np.cumsum(np.where(good, y, 0.0))])
    count = np.concatenate([[0], np.cumsum(good)])
    made: list[Column] = [(f"{k} back", "last hours", take(origins - k)) for k in RECENT]
    for width in MEANS:
        made.append(
            (f"mean of {width}", "last hours", _mean(total, count, origins - width, origins))
        )
    for k in CHANGES:
        made.append((f"change {k} back", "last hours", take(origins - k) - take(origins - k - 1)))
    return made


def _mean(total: Floats, count: Ints, first: Ints, end: Ints) -> Floats:
    low, high = np.clip(first, 0, len(count) - 1), np.clip(end, 0, len(count) - 1)
    many = count[high] - count[low]
    made = np.full(len(first), np.nan)
    np.divide(total[high] - total[low], many, out=made, where=many > 0)
    return made


def _last_days(
    ground: Grounds, clock: Clock, slots: Ints, origins: Ints, take: Take
) -> list[Column]:
    if clock.short < 2:
        return []
    y = ground.line.target
    good = np.isfinite(y)
    total = np.concatenate([[0.0], np.cumsum(np.where(good, y, 0.0))])
    count = np.concatenate([[0], np.cumsum(good)])
    back = (slots - origins) // clock.short + 1
    made: list[Column] = []
    for k in range(3):
        made.append(
            (
                f"same time {k + 1} days ago",
                "same time last days",
                take(slots - (back + k) * clock.short),
            )
        )
    at = slots - back * clock.short
    for step in BESIDE:
        made.append((f"a day ago {step:+d}", "same time last days", take(at + step)))
    for width in (2, 8):
        first, end = at - width, np.minimum(at + width + 1, origins)
        made.append(
            (f"around it a day ago {width}", "same time last days", _mean(total, count, first, end))
        )
    for days in (1, 2, 7):
        made.append(
            (
                f"mean of {days} days",
                "last hours",
                _mean(total, count, origins - days * clock.short, origins),
            )
        )
    alike = np.full((len(slots), _ALIKE), np.nan)
    found = np.zeros(len(slots), np.int64)
    kind = ground.kinds[clock.weekday(slots)]
    for k in range(_DAYS_BACK):
        then = slots - (back + k) * clock.short
        value = take(then)
        fits = np.isfinite(value) & (ground.kinds[clock.weekday(then)] == kind) & (found < _ALIKE)
        rows = np.flatnonzero(fits)
        alike[rows, found[rows]] = value[rows]
        found[rows] += 1
    made.append(("days alike", "same time last days", _nanmean(alike)))
    made.append(("days alike, spread", "same time last days", _nanstd(alike)))
    made.append(("days alike, least", "same time last days", _nanmin(alike)))
    return made


def _last_weeks(clock: Clock, slots: Ints, lead: Ints, take: Take) -> list[Column]:
    if not clock.long:
        return []
    back = lead // clock.long + 1
    weeks = np.column_stack([take(slots - (back + k) * clock.long) for k in range(4)])
    made = [(f"same time {k + 1} weeks ago", "same time last weeks", weeks[:, k]) for k in range(3)]
    made.append(("weeks alike", "same time last weeks", _nanmean(weeks)))
    if clock.short > 1:
        for step in (-2, -1, 1, 2):
            made.append(
                (
                    f"a week ago {step:+d}",
                    "same time last weeks",
                    take(slots - back * clock.long + step),
                )
            )
    return made


def _departures(clock: Clock, slots: Ints, origins: Ints, take: Take) -> list[Column]:
    """How far the newest values lie off the usual at their time, and where the usual goes from there."""
    season = clock.long or clock.short
    if season < 2:
        return []
    group = "same time last weeks" if clock.long else "same time last days"

    def usual(at: Ints) -> Floats:
        back = np.maximum((at - origins) // season + 1, 1)
        seen = np.column_stack([take(at - (back + k) * season) for k in range(WEEKS)])
        return _nanmean(seen)

    newest, told = usual(origins - 1), usual(slots)
    made: list[Column] = [("usual rise", group, told - newest)]
    for k in DEPARTURES:
        made.append((f"departure {k} back", "last hours", take(origins - k) - usual(origins - k)))
    for step in LATER:
        made.append((f"usual {step} later", group, usual(slots + step) - told))
    return made


def _beside(ground: Grounds, origins: Ints, slots: Ints) -> list[Column]:
    made: list[Column] = []
    places = {n: i for i, n in enumerate(ground.line.names)}
    for rank, name in enumerate(ground.past_names):
        column = ground.line.others[:, places[name]]
        for k in (1, *OTHERS_BACK) if rank < OTHERS_LAGGED else (1,):
            at = origins - k
            value = np.where(at >= 0, column[np.clip(at, 0, len(column) - 1)], np.nan)
            words = "newest" if k == 1 else f"{k} back"
            made.append((f"{name}, {words}", "other signals", value))
    clock = ground.line.clock
    for i, name in enumerate(ground.known_names):
        column = ground.known[:, i]
        made.append((name, "known ahead", column[slots]))
        if clock.short:
            back = ((slots - origins) // clock.short + 1) * clock.short
            then = np.where(slots - back >= 0, column[np.clip(slots - back, 0, None)], np.nan)
            made.append((f"{name}, against a day ago", "known ahead", column[slots] - then))
    return made


def _nanmean(table: Floats) -> Floats:
    good = np.isfinite(table)
    made = np.full(len(table), np.nan)
    np.divide(
        np.where(good, table, 0.0).sum(axis=1), good.sum(axis=1), out=made, where=good.any(axis=1)
    )
    return made


def _nanstd(table: Floats) -> Floats:
    middle = _nanmean(table)
    return np.asarray(np.sqrt(_nanmean((table - middle[:, None]) ** 2)), np.float64)


def _nanmin(table: Floats) -> Floats:
    made = np.where(np.isfinite(table), table, np.inf).min(axis=1)
    return np.asarray(np.where(np.isfinite(made), made, np.nan), np.float64)
