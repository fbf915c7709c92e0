"""Cells of books: spans of local days or instants, yes or no, and units."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from ecotwin.clock import Period, local_day
from ecotwin.errors import UnitFault
from ecotwin.units import conversion

_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_COUNTED = {"piece", "pieces", "t.km", "km", "1", "%", "h"}
_MEASURED = ("kg", "m3", "kWh", "m", "m2", "h", "m3/m2")


class RowFault(Exception):
    """What is wrong with a row: found, expected, what to do."""

    def __init__(self, found: str, expected: str, remedy: str) -> None:
        super().__init__(f"{found}; expected {expected}; {remedy}")


def period_of(first: str, last: str, zone: ZoneInfo) -> Period:
    """The span that the cells `from` and `to` name.

    >>> period_of("2026-03-29", "2026-03-30", ZoneInfo("Europe/Berlin")).hours
    23.0
    >>> period_of("2026-06-01", "", ZoneInfo("Europe/Berlin")).hours
    24.0

    Raises:
        RowFault: One is no ISO day or instant, or it ends before it begins.
    """
    start = _moment("from", first, zone)
    if last:
        end = _moment("to", last, zone)
    elif len(first) == 10:
        end = local_day(date.fromisoformat(first), zone).end
    else:
        raise RowFault("`to` is empty after an instant", "the instant at which it ends", "give it")
    if end <= start:
        raise RowFault(
            f"`to` ({last}) is not after `from` ({first})", "the first day after the span",
            "correct one of them; leave `to` empty for a single day",
        )  # fmt: skip
    return Period(start, end)


def _moment(name: str, cell: str, zone: ZoneInfo) -> datetime:
    try:
        if len(cell) == 10:
            return local_day(date.fromisoformat(cell), zone).start
        told = datetime.fromisoformat(cell) if len(cell) > 10 else None
    except ValueError:
        told = None
    if told is None:
        raise RowFault(
            f"`{name}` is {cell!r}",
            "an ISO day (2026-01-31) or instant (2026-01-31T06:00)",
            "write it so",
        )
    if told.tzinfo is not None:
        return told.astimezone(UTC)
    early, late = (told.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if early.utcoffset() != late.utcoffset():
        raise RowFault(
            f"`{name}` is {cell}, which the change of the clocks makes none or two",
            "an instant with its offset, e.g. 2026-10-25T02:30+01:00", "add the offset",
        )  # fmt: skip
    return early.astimezone(UTC)


def flag(name: str, cell: str) -> bool:
    """A yes or no."""
    if cell.lower() not in _FLAGS:
        raise RowFault(f"{name} is {cell!r}", "yes or no", "write one of them")
    return _FLAGS[cell.lower()]


def check_unit(cell: str, currency: str) -> None:
    """Check a unit, or a factor's unit `above/below`."""
    above, _, below = cell.partition("/")
    for part in (above, below) if below else (above,):
        name = {"kgCO2e": "kg", "kgCO2": "kg", "tCO2e": "t", "gCO2e": "g"}.get(part, part)
        if name in _COUNTED or name == currency or re.fullmatch(r"[A-Z]{3}", name):
            continue
        if not any(_fits(name, of) for of in _MEASURED):
            raise RowFault(
                f"the unit {cell!r} is unknown",
                "kg, t, l, m3, kWh, piece, t.km, a currency ...",
                "correct it",
            )


def _fits(unit: str, canonical: str) -> bool:
    try:
        conversion(unit, canonical)
    except UnitFault:
        return False
    return True
