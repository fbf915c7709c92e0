"""Rows on an even clock: slots of one step, with the seasons and kinds of days that forecasters build on.

Files repeat times, leave some out and turn their clock back in autumn. A slot holds the mean of the rows that fall
into it, NaN where none does. Where time has hours and weekdays the seasons are the day and the week (weekly sums: the
year); without, or where rows come too unevenly for a clock, rows are counted and the seasons are looked for in the
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Floats, Ints, Rows

DAY_S = 86400.0
_THURSDAY = 3
"""Weekday of the first day of 1970, Monday being 0."""
_EVEN = 0.5
"""A clock on which fewer of the slots than this are filled, or fewer of the rows stand alone, is no clock."""
_ON_TIME = 0.8
"""A clock of which fewer of the steps than this are whole steps, give or take a tenth, is no clock."""
_FAR = 4.0
"""Slots may be at most this many times the rows: else the clock jumped."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How rows become slots.

    Attributes:
        start_s: Time of slot 0. step_s: Length of a slot. counted: Rows are numbered, their times not used.
        short: Slots of the short season (day), 0: none. long: Slots of the long season (week), 0: none.
        civil: Whether slots have hours and weekdays.
    """

    start_s: float
    step_s: float
    counted: bool
    short: int
    long: int
    civil: bool

    def slots(self, at_s: Floats) -> Ints:
        """[n] number of the slot of each time."""
        return np.asarray(np.round((at_s - self.start_s) / self.step_s), np.int64)

    def phase(self, slots: Ints) -> Ints:
        """[n] place within the short season, 0 at midnight; 0 where there is none."""
        if not self.short:
            return np.zeros(len(slots), np.int64)
        return np.asarray((slots + self._shift()) % self.short, np.int64)

    def day(self, slots: Ints) -> Ints:
        """[n] number of the short season since long ago."""
        return np.asarray((slots + self._shift()) // max(self.short, 1), np.int64)

    def weekday(self, slots: Ints) -> Ints:
        """[n] which short season of the long one: 0 Monday to 6 Sunday on a civil clock."""
        if not self.long:
            return np.zeros(len(slots), np.int64)
        return np.asarray(self.day(slots) % self.days, np.int64)

    @property
    def days(self) -> int:
        """Short seasons in a long one."""
        return max(1, round(self.long / max(self.short, 1)))

    def _shift(self) -> int:
        """Slots from a Monday midnight to slot 0."""
        if not self.civil or self.counted:
            return 0
        monday = (self.start_s + _THURSDAY * DAY_S) % (7 * DAY_S)
        return round(monday / self.step_s)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Slots up to an origin.

    Attributes:
        clock: Their clock. target: [slots] mean of the rows in each, NaN where none.
        others: [slots, columns] the other columns. names: Of the other columns.
    """

    clock: Clock
    target: Floats
    others: Floats
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.target)

    def until(self, end: int) -> Timeline:
        """Slots before one."""
        return replace(self, target=self.target[:end], others=self.others[:end])


def clock_of(past: Rows, target: str) -> Clock:
    """The clock of a past, its seasons with it.

    Raises:
        FigureGap: Fewer than two rows.
    """
    if len(past) < 2:
        raise FigureGap(
            f"{len(past)} rows before the origin", expected="a past", remedy="give a later origin"
        )
    steps = np.diff(past.at_s)
    forward = steps[steps > 0]
    step = float(np.median(forward)) if len(forward) else 0.0
    if past.civil and (whole := _calendar(step)):
        return Clock(0.0, 1.0, True, 1, whole, True)
    if step > 0:
        made = Clock(float(past.at_s[0]), step, False, 0, 0, past.civil)
        slots = made.slots(past.at_s)
        span, alone = int(slots.max() - slots.min()) + 1, len(np.unique(slots))
        beside = np.abs(steps / step - np.round(steps / step))
        even = float(np.mean(beside < 0.1)) >= _ON_TIME
        if even and slots.min() >= 0 and alone >= _EVEN * len(past) and alone >= _EVEN * span:
            return _seasoned(made, past.column(target), slots)
    counted = Clock(0.0, 1.0, True, 0, 0, False)
    return _seasoned(counted, past.column(target), np.arange(len(past)))


def _calendar(step_s: float) -> int:
    """Rows a year where a row is a month or a quarter, which are no even steps; else 0."""
    days = step_s / DAY_S
    return 12 if 27 < days < 32 else 4 if 89 < days < 93 else 0


def _seasoned(clock: Clock, values: Floats, slots: Ints) -> Clock:
    if clock.civil:
        step = clock.step_s
        day = DAY_S / step
        if day >= 2 and abs(day - round(day)) < 1e-6:
            return replace(clock, short=round(day), long=7 * round(day))
        if abs(day - 1) < 1e-6:
            return replace(clock, short=1, long=7)
        if abs(step - 7 * DAY_S) < 1e-6:
            return replace(clock, short=1, long=52)
    short, long = seasons(on_slots(values, slots, int(slots.max()) + 1))
    return replace(clock, short=short, long=long, civil=False)


def on_slots(values: Floats, slots: Ints, length: int) -> Floats:
    """[length] mean of the values that fall into each slot; NaN where none does."""
    good = np.isfinite(values) & (slots >= 0) & (slots < length)
    if length and len(slots) == length and good.all() and (np.diff(slots) == 1).all():
        return np.array(values)
    count = np.bincount(slots[good], minlength=length)[:length]
    total = np.bincount(slots[good], weights=values[good], minlength=length)[:length]
    made = np.full(length, np.nan)
    np.divide(total, count, out=made, where=count > 0)
    return made


def timeline(past: Rows, target: str, clock: Clock, end: int | None = None) -> Timeline:
    """Rows as slots, all that lie before slot `end` (default: after the last row).

    Rows at or after `end` that came earlier than the origin (a clock that was turned back) are left out.
    """
    if clock.counted:
        slots, rows = np.arange(len(past)), len(past)
    else:
        slots = clock.slots(past.at_s)
        rows = int(slots.max()) + 1
    length = rows if end is None else min(end, rows) if clock.counted else end
    if length > max(_FAR * len(past), len(past) + 10_000) or length < 1:
        raise FigureGap(
            f"the clock jumps: {len(past)} rows would lie on {length} steps of {clock.step_s:g}",
            expected="rows that follow one another",
            remedy="mend the times, or leave the rows before the jump out",
        )
    names = tuple(n for n in past.columns if n != target)
    others = [on_slots(past.column(n), slots, length) for n in names]
    return Timeline(
        clock,
        on_slots(past.column(target), slots, length),
        np.column_stack(others) if others else np.zeros((length, 0)),
        names,
    )


def seasons(values: Floats, most: int = 20_000) -> tuple[int, int]:
    """Short and long season of a plain series by its autocorrelation; 0 where there is none.

    >>> t = np.arange(2000.0)
    >>> seasons(np.sin(2 * np.pi * t / 24) * (1.5 + np.sin(2 * np.pi * t / 168)))
    (24, 168)
    >>> seasons(np.zeros(50))
    (0, 0)
    """
    series = filled(values[-most:])
    half = len(series) // 3
    if half < 4 or not series.std() > 0:
        return 0, 0
    rest = series - series.mean()
    size = 1 << (2 * len(rest) - 1).bit_length()
    power = np.abs(np.fft.rfft(rest, size)) ** 2
    raw = np.fft.irfft(power, size)[: half + 1]
    auto = raw / raw[0] * (len(rest) / (len(rest) - np.arange(half + 1)))
    peaks = [k for k in range(2, half) if auto[k] > auto[k - 1] and auto[k] >= auto[k + 1]]
    strong = [k for k in peaks if auto[k] > max(0.2, 4 / np.sqrt(len(rest)))]
    if not strong:
        return 0, 0
    best = max(float(auto[k]) for k in strong)
    short = next(k for k in strong if auto[k] > 0.6 * best)
    multiples = [m * short for m in range(2, 53) if m * short <= half]
    highest = max((float(auto[k]) for k in multiples), default=0.0)
    if highest > auto[short] + 0.05:
        # The first that is about as good: its own multiples are no worse.
        return short, next(k for k in multiples if auto[k] > highest - 0.03)
    return short, 0


def filled(values: Floats) -> Floats:
    """The series with its gaps bridged; zeros where it has no number at all."""
    good = np.flatnonzero(np.isfinite(values))
    if not len(good):
        return np.zeros(len(values))
    if len(good) == len(values):
        return values
    return np.asarray(np.interp(np.arange(len(values)), good, values[good]), np.float64)


def held(values: Floats) -> Floats:
    """Gaps filled with the value before them, 0 before the first."""
    good = np.isfinite(values)
    if good.all():
        return values
    place = np.maximum.accumulate(np.where(good, np.arange(len(values)), -1))
    return np.where(place >= 0, values[np.clip(place, 0, None)], 0.0)


def kinds_of_days(line: Timeline) -> Ints:
    """[days of the long season] 0 for rest, 1 for work, as the past shows; all 1 where all days are alike."""
    clock = line.clock
    if not clock.long or clock.days < 2:
        return np.ones(clock.days, np.int64)
    slots = np.arange(len(line))
    weekday, good = clock.weekday(slots), np.isfinite(line.target)
    means = np.array(
        [
            float(np.mean(line.target[good & (weekday == d)]))
            if (good & (weekday == d)).any()
            else np.nan
            for d in range(clock.days)
        ]
    )
    if np.isnan(means).any() or not np.ptp(means) > 0:
        return np.ones(clock.days, np.int64)
    order = np.sort(means)
    cuts = [(order[i + 1] - order[i], (order[i + 1] + order[i]) / 2) for i in range(len(order) - 1)]
    gap, middle = max(cuts)
    if gap < 0.3 * np.ptp(means):
        return np.ones(clock.days, np.int64)
    return np.asarray(means > middle, np.int64)
