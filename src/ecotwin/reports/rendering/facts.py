"""What stands on every report beside its figures, and how values are shown to people."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ecotwin.clock import Period
from ecotwin.errors import EcotwinError, FigureGap
from ecotwin.records import Cell, Report

if TYPE_CHECKING:
    from ecotwin.reports.contract import Dossier

NOT_HAD = "not available"
SHARE = "share"
"""Unit of a column whose numbers are shares of one: people read them in percent."""
_JOINERS = "\u200c\u200d\u00ad"


@dataclass(frozen=True, slots=True)
class Facts:
    """When, where and by what a report was made.

    Attributes:
        plant: Name of the plant. timezone: Its place. made_at: Plant time of making.
        version: Of the software. checkpoint: The newest signed one, or empty. company: Who reports.
        fonts: Folders of fonts beside the built-in ones, for scripts these lack (PDF only).
    """

    plant: str
    timezone: str
    made_at: datetime
    version: str
    checkpoint: str = ""
    company: str = ""
    fonts: tuple[Path, ...] = ()

    @staticmethod
    def of(dossier: Dossier) -> Facts:
        """The facts of a dossier."""
        plant = dossier.plant
        return Facts(
            plant.name,
            plant.timezone,
            dossier.made_at,
            dossier.version,
            dossier.checkpoint,
            plant.company.name,
        )


def sound(report: Report) -> None:
    """See that every number of a report is one.

    Raises:
        FigureGap: A value is infinite or no number.
    """
    for where, value in _numbers(report):
        if not math.isfinite(value):
            raise FigureGap(
                f"the report {report.name} carries {value} in {where}",
                expected="a number, or nothing with the reason why",
                remedy="mend the plug that wrote it; a figure that cannot be had is named as missing",
            )


def _numbers(report: Report) -> Iterator[tuple[str, float]]:
    for section in report.sections:
        for point in section.datapoints:
            for value in (point.value, point.low, point.high, point.coverage):
                if isinstance(value, float):
                    yield f"{section.title}, {point.id or point.name}", value
        for table in section.tables:
            for row in table.rows:
                yield from (
                    (f"{section.title}, {table.title}", c) for c in row if isinstance(c, float)
                )
    yield from (("its data", v) for v in _held(report.data))


def _held(thing: Any) -> Iterator[float]:
    """Every number of nested records."""
    if isinstance(thing, float):
        yield thing
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _held(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _held(value)


def span(period: Period, timezone: str) -> str:
    """A period as the plant's people read it, with its length.

    >>> from datetime import UTC, datetime
    >>> leap = Period(datetime(2028, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC))
    >>> span(leap, "UTC")
    '2028-01-01 to 2028-12-31 (366 days)'
    """
    zone = ZoneInfo(timezone)
    start, end = period.start.astimezone(zone), period.end.astimezone(zone)
    if all((m.hour, m.minute, m.second, m.microsecond) == (0, 0, 0, 0) for m in (start, end)):
        days = (end.date() - start.date()).days
        last = end.date() - timedelta(days=1)
        first = start.date().isoformat()
        return f"{first} (1 day)" if days == 1 else f"{first} to {last.isoformat()} ({days} days)"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({period.hours:.1f} hours)"


def checkpoint_line(note: str) -> str:
    r"""A signed checkpoint in one line: entries, ledger, root, time; what is no signed note as it is.

    >>> checkpoint_line("ecotwin/works\n123\nq83v\ntime 2026-07-01T00:00:00Z\n\n- ecotwin/works c2ln\n")
    '123 entries of ecotwin/works, root q83v, time 2026-07-01T00:00:00Z'
    """
    lines = note.strip().split("\n")
    if len(lines) < 4 or not lines[1].isdigit():
        return " ".join(note.split()) or "none signed yet"
    return f"{lines[1]} entries of {lines[0]}, root {lines[2]}, {lines[3]}"


def moment(at: datetime, timezone: str) -> str:
    """An instant in the plant's time and in UTC."""
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def number(value: float) -> str:
    """A number in three significant figures; whole numbers as they are.

    >>> number(1234567.8), number(12.3456), number(0.0012345), number(0.0), number(2026), number(123456)
    ('1,230,000', '12.3', '0.00123', '0', '2026', '123,456')
    >>> number(1.2345e-7), number(-9.999e12), number(999.6)
    ('1.23 × 10⁻⁷', '-1.00 × 10¹³', '1,000')
    """
    if isinstance(value, int):
        return str(value) if abs(value) < 10_000 else f"{value:,}"
    if value == 0.0:
        return "0"
    mantissa, exponent = f"{value:.2e}".split("e")
    power = int(exponent)
    if not -5 <= power < 12:
        return f"{mantissa} × 10{str(power).translate(_RAISED)}"
    return f"{float(f'{value:.2e}'):,.{max(0, 2 - power)}f}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown(cell: Cell) -> str:
    """A cell for a person.

    >>> shown(None), shown(True), shown(0.98765), shown("R4")
    ('not available', 'yes', '0.988', 'R4')
    """
    if cell is None:
        return NOT_HAD
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return number(cell) if isinstance(cell, int | float) else cell


def unit_shown(unit: str) -> str:
    """A unit for a person; a pure number has none.

    >>> unit_shown("1"), unit_shown("mg/Nm3"), unit_shown("kgCO2e/m3"), unit_shown("kWh")
    ('', 'mg/Nm³', 'kg CO₂e/m³', 'kWh')
    """
    if unit == "1":
        return ""
    spaced = re.sub(r"^(kg|t)CO2", r"\1 CO₂", unit).replace("degC", "°C")
    return re.sub(r"m3\b", "m³", spaced)


def plain(text: str) -> str:
    r"""Text without characters that nobody can see or that turn its direction: they are shown by their number.

    >>> plain("a\x07b\u202ec\ud800")
    'a[U+0007]b[U+202E]c[U+D800]'
    """
    return "".join(c if _seen(c) else f"[U+{ord(c):04X}]" for c in text)


def _seen(char: str) -> bool:
    if char in "\n\t" or char in _JOINERS:
        return True
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def library(name: str) -> Any:
    """A library of the extra `reports`.

    Raises:
        EcotwinError: It is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as fault:
        if (fault.name or "").split(".")[0] != name:
            raise
        raise EcotwinError(
            f"the library {name} is not installed",
            expected="the extra `reports` of ecotwin",
            remedy="install `ecotwin[reports]`, or take the report as json, which needs nothing more",
        ) from None
