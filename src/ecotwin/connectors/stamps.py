"""Time columns of data files: local to UTC, interval starts to ends, and clocks that need repair.

Columns are int64 microseconds; `NO_TIME` stands where a stamp could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from ecotwin.clock import DAY, HOUR, iso
from ecotwin.errors import FileFault, SettingsFault
from ecotwin.records import Bools, Ints

NO_TIME = np.iinfo(np.int64).min
EPOCHS = {"epoch_s": 1_000_000.0, "epoch_ms": 1000.0, "epoch_us": 1.0, "epoch_ns": 0.001}


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """How a file tells the time.

    Attributes:
        column: Name of the column. form: `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, or a
            pattern such as `%d/%m/%Y %H:%M`. zone: Holds where a stamp names no zone itself.
        stamps_start: Stamps are starts of intervals, not ends.
        midnight_old_day: The stamp 00:00 that ends a day bears the date of that day.
    """

    column: str
    form: str
    zone: ZoneInfo
    stamps_start: bool = False
    midnight_old_day: bool = False

    @staticmethod
    def of(options: Any, default_column: str, zone: ZoneInfo) -> TimeColumn:
        """Read the `time` part of a connection's options.

        Raises:
            SettingsFault: Something in it is not known.
        """
        told = {"column": options} if isinstance(options, str) else dict(options or {})
        choices = {"stamps": ("end", "start"), "midnight": ("new_day", "old_day")}
        for key, value in told.items():
            if key not in ("column", "format", "timezone", *choices):
                raise SettingsFault(
                    f"`time` has an unknown option {key!r}",
                    expected="column, format, timezone, stamps, midnight",
                    remedy="mend the connection's options in the plant file",
                )
            if key in choices and value not in choices[key]:
                raise SettingsFault(
                    f"`time.{key}` is {value!r}",
                    expected=" or ".join(choices[key]),
                    remedy="mend the connection's options in the plant file",
                )
        form = str(told.get("format", "iso"))
        if form not in ("iso", *EPOCHS) and "%" not in form:
            raise SettingsFault(
                f"`time.format` is {form!r}",
                expected=f"iso, {', '.join(EPOCHS)} or a pattern such as %d/%m/%Y %H:%M",
                remedy="mend the connection's options in the plant file",
            )
        try:
            named = ZoneInfo(str(told["timezone"])) if "timezone" in told else zone
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsFault(
                f"there is no time zone {told['timezone']!r}",
                expected="a name such as Europe/Berlin or UTC",
                remedy="mend `time.timezone` in the plant file",
            ) from error
        return TimeColumn(
            column=str(told.get("column", default_column)),
            form=form,
            zone=named,
            stamps_start=told.get("stamps") == "start",
            midnight_old_day=told.get("midnight") == "old_day",
        )


def old_day_midnights(local: Ints) -> Ints:
    """Move stamps of 00:00 that bear the old day to the midnight that ends it.

    A run of equal stamps at 00:00 is moved by a day, unless the next stamp lies later on the same
    date and the one before it does not: then it begins that day.

    Args:
        local: [n] local time [us]; `NO_TIME` is left alone.

    >>> day = 17_532 * DAY
    >>> (old_day_midnights(np.array([day + 23 * HOUR, day, day + DAY + HOUR])) - day) // HOUR
    array([23, 24, 25])
    """
    moved = local.copy()
    known = np.flatnonzero(local != NO_TIME)
    if not len(known):
        return moved
    stamps = local[known]
    starts = np.flatnonzero(np.concatenate([[True], stamps[1:] != stamps[:-1]]))
    runs = stamps[starts]
    mended = runs.copy()
    for i in np.flatnonzero(runs % DAY == 0).tolist():
        begins_day = i + 1 < len(runs) and runs[i] < runs[i + 1] < runs[i] + DAY
        if not begins_day or (i and mended[i - 1] >= runs[i]):
            mended[i] += DAY
    ends_day = mended != runs
    shift = np.repeat(ends_day, np.diff(np.concatenate([starts, [len(stamps)]])))
    moved[known[shift]] += DAY
    return moved


def to_utc(local: Ints, zone: ZoneInfo, *, equal_is_later: bool) -> Ints:
    """Local wall time to UTC, right through the hours that a clock change repeats.

    Of the two passes through a repeated hour the second begins where the wall clock jumps back.

    Args:
        local: [n] local time [us], in file order; `NO_TIME` is left alone.
        zone: Where the clock hangs.
        equal_is_later: An equal stamp means the second pass too (a file with one row an instant).

    >>> hours = np.array([1, 2, 2, 3]) * HOUR + np.datetime64("2026-10-25", "us").astype(int)
    >>> np.diff(to_utc(hours, ZoneInfo("Europe/Berlin"), equal_is_later=True)) // HOUR
    array([1, 1, 1])
    """
    known = np.flatnonzero(local != NO_TIME)
    stamps = local[known]
    # Offsets change on quarters of an hour at the finest, so each quarter is asked for once.
    quarter = 15 * 60 * 1_000_000
    quarters, where = np.unique(stamps // quarter, return_inverse=True)
    first = np.array([_offset(q * quarter, zone, 0) for q in quarters.tolist()], np.int64)
    second = np.array([_offset(q * quarter, zone, 1) for q in quarters.tolist()], np.int64)
    twice = (first > second)[where]
    later = _second_pass(stamps, twice, equal_is_later=equal_is_later)
    out = local.copy()
    out[known] = stamps - np.where(later, second[where], first[where])
    return out


def _offset(local_us: int, zone: ZoneInfo, fold: int) -> int:
    """Offset of a wall time from UTC [us]."""
    wall = datetime(1970, 1, 1) + timedelta(microseconds=local_us)  # noqa: DTZ001
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset()
    return 0 if offset is None else int(offset.total_seconds() * 1_000_000)


def _second_pass(stamps: Ints, twice: Bools, *, equal_is_later: bool) -> Bools:
    """Which stamps of repeated hours belong to the second pass."""
    later = np.zeros(len(stamps), np.bool_)
    rows = np.flatnonzero(twice)
    if len(rows) < 2:
        return later
    step = np.diff(stamps[rows])
    new_change = step > 12 * HOUR
    back = (step <= 0) if equal_is_later else (step < 0)
    passed = False
    for i in np.flatnonzero(new_change | back).tolist():
        end = rows[i + 1]
        passed = not new_change[i]
        later[end:] = passed
    return later & twice


def check_rising(at: Ints, path: str, row_of: Ints) -> None:
    """Make sure that a repaired clock never runs back.

    Raises:
        FileFault: It does; the row is named.
    """
    known = np.flatnonzero(at != NO_TIME)
    back = np.flatnonzero(np.diff(at[known]) < 0)
    if len(back):
        row = known[back[0] + 1]
        raise FileFault(
            f"{path}: data row {row_of[row] + 1} ({iso(at[row])}) stands after "
            f"{iso(at[known[back[0]]])}, although midnights were repaired",
            expected="rows in the order of time, save that 00:00 bears the old day",
            remedy="sort the file, or leave out `midnight: old_day` and let cleaning order it",
        )
