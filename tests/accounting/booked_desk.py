"""A desk with books for the small works of `conftest`, metered over one day by the real KPIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ecotwin.accounting.accounts import run
from ecotwin.accounting.book import Book
from ecotwin.accounting.contract import Desk
from ecotwin.clock import Period, local_day
from ecotwin.plant.model import Plant
from ecotwin.records import Booking, Measure, Window

DAY = date(2026, 6, 2)


def span(first: date, days: int, plant: Plant) -> Period:
    """So many local days."""
    last = local_day(first + timedelta(days=days - 1), plant.zone)
    return Period(local_day(first, plant.zone).start, last.end)


class Books:
    """Rows of books, numbered."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.rows: list[Booking] = []

    def add(
        self, kind: str, *, first: date = DAY, days: int = 1, element: str = "", **facts: Any
    ) -> Books:  # fmt: skip
        """One more row; by default of the day itself."""
        name = f"{kind}-{len(self.rows)}"
        place = element or self.plant.site.id
        self.rows.append(
            Booking(kind, name, span(first, days, self.plant), place, facts, "a test's invoice")
        )
        return self

    def factor(self, key: str, value: float, unit: str, **more: Any) -> Books:
        """A factor that holds all year."""
        facts: dict[str, Any] = {"key": key, "value": value, "unit": unit, "place": "DE", "year": 2026, "version": "1",
                 "gwp_set": "AR6" if unit.startswith("kgCO2e") else "", "uncertainty": 0.1} | more  # fmt: skip
        first = facts.pop("first", date(2026, 1, 1))
        days = facts.pop("days", 365)
        return self.add("factor", first=first, days=days, **facts)


def desk(
    plant: Plant,
    window: Window,
    rows: Iterable[Booking],
    *,
    hours: Window | None = None,
    more: Mapping[tuple[str, str], Measure] | None = None,
) -> Desk:
    """What lies before a booked figure: the window's KPIs, the rows, and the window itself when hours are asked for."""
    accounts = run(plant, [window])
    metered = {(m.element, m.indicator): m for m in accounts.measures} | dict(more or {})
    shown = hours or window

    def give(signals: Sequence[int], step_s: int) -> Window:
        assert step_s == 3600
        assert set(signals) <= set(shown.signals)
        return shown

    return Desk(plant, window.period, Book.of(window.period, rows), metered, give)


def by_name(figures: Iterable[Measure]) -> dict[str, Measure]:
    """Figures by indicator."""
    return {m.indicator: m for m in figures}


def works_with(plant: Plant, **changes: Any) -> Plant:
    """The works with other terms."""
    return replace(plant, **changes)


def utc(*parts: int) -> datetime:
    """An instant."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
