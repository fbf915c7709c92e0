"""A file of energy as columns: what each one is, and what time its stamps tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from ecotwin.errors import FileFault, SettingsFault

if TYPE_CHECKING:
    from ecotwin.records import Floats

_TIME = re.compile(
    r"^(time|date|datetime|timestamp|start|at|period|dt|month|day)\b|_(time|at|date)$", re.I
)
_ENERGY = re.compile(
    r"([kMG]?Wh|therms?|[MG]J)\b|energy|consumption|usage|electricity|\bgas\b|meter_reading|total_grid",
    re.I,
)
_TEMPERATURE = re.compile(
    r"temp|^t$|degc|degf|°c|°f|t_?out|oat|outdoor|air_?t\b|ambient|dry_?bulb|weather_c", re.I
)
_OUTDOOR = re.compile(r"out|ambient|oat|dry_?bulb|weather|mean|avg|^t$", re.I)
_DRIVER = re.compile(
    r"prod|output|units|tonn|parts|piece|throughput|occup|inflow|outflow|shifts?|batches|hours_run",
    re.I,
)
_POWER = re.compile(r"(^|[^a-z])[kM]?W($|[^a-zA-Z])|power")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Roles:
    """What each column is.

    Attributes:
        time: Column of stamps. target: Of the energy. drivers: Variables, the temperature among them.
        temperature: The outdoor temperature, if any. notes: What was found and not said.
    """

    time: str
    target: str
    drivers: tuple[str, ...]
    temperature: str | None
    notes: tuple[str, ...]


def find_roles(
    columns: Mapping[str, Floats], texts: Mapping[str, Sequence[str]], time: str, target: str,
    drivers: str, temperature: str,
) -> Roles:  # fmt: skip
    """Give each column its role, as said or by its name.

    Args:
        columns: Columns that hold numbers. texts: Every column as text.
        time: As said, or empty; so too the others.

    Raises:
        FileFault: A column is not there, or its role is not clear.
    """
    names, notes = list(texts), []
    said = [d.strip() for d in drivers.split(",") if d.strip() and d.strip() != "none"]
    for name in (*filter(None, (time, target, temperature)), *said):
        if name not in texts:
            raise FileFault(f"there is no column {name!r}; the file has: {', '.join(names)}")
    time = time or _only([n for n in names if _TIME.search(n)], "the time", "--time", names)
    numbers = [n for n in columns if n != time]
    for name in (*filter(None, (target, temperature)), *said):
        if name not in columns:
            raise FileFault(
                f"column {name!r} holds text", expected="numbers", remedy="name another column"
            )
    target = target or _only(
        [n for n in numbers if _ENERGY.search(n) and n not in (*said, temperature)],
        "the energy", "--target", numbers,
    )  # fmt: skip
    if _POWER.search(target):
        notes.append(
            f"{target} looks like power: the figures are plain sums of its readings, not kWh"
        )
    if not drivers:
        said = [n for n in numbers if n != target and (_TEMPERATURE.search(n) or _DRIVER.search(n))]
        unclear = [n for n in numbers if n != target and n not in (*said, temperature)]
        if unclear:
            raise FileFault(
                f"the role of {', '.join(unclear)} is not clear",
                expected="variables that drive the use, named",
                remedy=f"say --drivers {','.join([*said, *unclear][:4])} (those that matter) or --drivers none",
            )
        notes.append(f"variables found by name: {', '.join(said) or 'none'}")
    if target in said:
        raise FileFault(f"{target} cannot be both target and variable")
    if not temperature:
        like = [n for n in said if _TEMPERATURE.search(n)]
        if len(like) > 1:
            like = [n for n in like if _OUTDOOR.search(n)] or like
            notes.append(
                f"{like[0]} is taken as the outdoor temperature; --temperature says otherwise"
            )
        temperature = like[0] if like else ""
    elif temperature not in said:
        said.append(temperature)
    return Roles(time, target, tuple(dict.fromkeys(said)), temperature or None, tuple(notes))


def stamps_s(
    texts: Sequence[str], unit: str, zone: tzinfo | None, file: Path | str = "the file"
) -> Floats:
    """Stamps as local wall time [s since 1970]; NaN never: what cannot be read is a fault.

    Raises:
        FileFault: Stamps that cannot be read, or numbers of an unknown unit.

    >>> stamps_s(["1970-01-02", "1970-01-02T01:00:00-06:00"], "", None)
    array([86400., 90000.])
    """
    import numpy as np

    from ecotwin.connectors.measured import PATTERNS, mended

    read = [_instant(t, unit, zone) for t in texts]
    if all(r is not None for r in read):
        return np.array(read, np.float64)
    for pattern in PATTERNS:
        try:
            walls = [datetime.strptime(t.strip(), pattern).replace(tzinfo=UTC) for t in texts]
        except ValueError:
            continue
        return mended(np.array([w.timestamp() for w in walls]))
    row = next(i for i, r in enumerate(read) if r is None)
    raise FileFault(
        f"{file}: the time {texts[row]!r} in data row {row + 1} cannot be read",
        expected="ISO 8601, day/month/year, or numbers",
        remedy="mend the stamp; for numbers that are no seconds since 1970 say --time-unit",
    )


def joined(columns: dict[str, Floats], texts: dict[str, list[str]], time: str) -> str:
    """Dates that stand in columns of year, month and day become one column of stamps."""
    parts = [p.strip() for p in time.split(",")] if time else ["year", "month", "day"]
    other = [n for n in texts if _TIME.search(n) and n not in parts]
    if len(parts) != 3 or any(p not in columns for p in parts) or (not time and other):
        return time
    name = "-".join(parts)
    rows = zip(*(texts.pop(p) for p in parts), strict=True)
    for p in parts:
        del columns[p]
    texts[name] = [f"{y.strip():0>4}-{m.strip():0>2}-{d.strip():0>2}" for y, m, d in rows]
    return name


def _instant(text: str, unit: str, zone: tzinfo | None) -> float | None:
    """One stamp as wall time [s]."""
    text = text.strip()
    try:
        number = float(text)
    except ValueError:
        try:
            made = datetime.fromisoformat(text)
        except ValueError:
            return None
        if zone is not None and made.tzinfo is not None:
            made = made.astimezone(zone)
        return made.replace(tzinfo=UTC).timestamp()
    if not unit:
        size = abs(number)
        unit = next(
            (
                u
                for u, least in (("ns", 1e17), ("us", 1e14), ("ms", 1e11), ("s", 1e8))
                if size >= least
            ),
            "",
        )
    if unit not in _SECONDS:
        return None
    seconds = number * _SECONDS[unit]
    if zone is None:
        return seconds
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=UTC).timestamp()


def bound(text: str, column: Sequence[str], unit: str, zone: tzinfo | None, option: str) -> float:
    """A time of an option, read like the column."""
    from ecotwin.connectors.measured import PATTERNS

    made = _instant(text, unit, zone)
    if made is None:
        for pattern in PATTERNS:
            try:
                datetime.strptime(column[0].strip(), pattern)  # noqa: DTZ007
                return datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC).timestamp()
            except (ValueError, IndexError):
                continue
        raise SettingsFault(
            f"{option} is {text!r}",
            expected=f"a time as in the file, such as {column[0] if column else '2026-01-01'}",
        )
    return made


def _only(found: list[str], what: str, option: str, names: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    raise FileFault(
        f"{'no column' if not found else 'more than one column (' + ', '.join(found) + ')'} may be {what}",
        expected="exactly one by name",
        remedy=f"say {option} COLUMN; the file has: {', '.join(names)}",
    )


def read_file(file: Path) -> tuple[dict[str, Floats], dict[str, list[str]]]:
    """Every column as text, and those that hold nothing but numbers as numbers too."""
    from ecotwin.connectors.measured import read_columns

    opened = read_columns(file, None)
    numbers = {n: c for n, c in opened.numbers.items() if n not in opened.words and c.size}
    return {
        n: c for n, c in numbers.items() if any(t.strip() for t in opened.texts[n])
    }, opened.texts
