"""The plant's target on the accounts page: what each year may hold, what was measured, what the year will come to."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ecotwin.accounting.standings import target_rows
from ecotwin.clock import Period, local_month
from ecotwin.cycle.bookkeeping import bookings
from ecotwin.errors import FigureGap
from ecotwin.records import Booking
from ecotwin.service import words
from ecotwin.service.views import BudgetRow, PathView, PathYear

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

_made: weakref.WeakKeyDictionary[Twin, tuple[datetime, PathView | None]] = (
    weakref.WeakKeyDictionary()
)
"""The path of the newest full hour: a year moves slowly, a page asks often."""


def path(twin: Twin) -> PathView | None:
    """The first target of the site; None when the plant file gives none that can be judged."""
    hour = twin.closed_until.replace(minute=0, second=0, microsecond=0)
    known = _made.get(twin)
    if known is not None and known[0] == hour:
        return known[1]
    made = _path(twin)
    _made[twin] = (hour, made)
    return made


def _path(twin: Twin) -> PathView | None:
    site = twin.plant.site.id
    if not any(t.element == site and t.kind == "target" for t in twin.plant.targets):
        return None
    zone = twin.plant.zone
    now = twin.closed_until
    span = twin.known()
    start = local_month(now.astimezone(zone).year, 1, zone).start
    if span is None or span.start >= now:
        return None
    booked = bookings(twin.store)
    so_far = Period(max(start, span.start), now)
    made = twin.prove.years.accounts(so_far, [site], booked)
    figures = {(m.element, m.indicator): m for m in made.measures}
    desk = twin.prove.years.desk(so_far, twin.plant, figures, booked)
    months = _months(twin, span, now, booked)
    try:
        rows, _ = target_rows(desk, site, months)
    except FigureGap:
        return None
    row = next((r for r in rows if r["kind"] == "target" and not r["ratio"]), None)
    return _view(twin, row, months.get(row["indicator"], {})) if row else None


def _months(
    twin: Twin, span: Period, now: datetime, booked: tuple[Booking, ...]
) -> dict[str, dict[tuple[int, int], float]]:
    """Indicator of a target -> whole months of it."""
    wanted = {t.indicator for t in twin.plant.targets}
    found: dict[str, dict[tuple[int, int], float]] = {}
    moment = span.start
    while moment < now:
        here = moment.astimezone(twin.plant.zone)
        month = local_month(here.year, here.month, twin.plant.zone)
        if month.start >= span.start and month.end <= now:
            made = twin.prove.years.accounts(month, [twin.plant.site.id], booked)
            for m in made.measures:
                if m.indicator in wanted:
                    found.setdefault(m.indicator, {})[here.year, here.month] = m.value
        moment = month.end
    return found


def _view(twin: Twin, row: Mapping[str, Any], months: Mapping[tuple[int, int], float]) -> PathView:
    """The path in tonnes where it is of carbon, else in the figure's own unit."""
    carbon = row["unit"] == "kgCO2e"
    scale, unit = (1e-3, "t CO₂e") if carbon else (1.0, words.unit(row["unit"]))
    year = twin.closed_until.astimezone(twin.plant.zone).year
    whole: dict[int, list[float]] = {}
    for (y, _), value in months.items():
        whole.setdefault(y, []).append(value)
    outlook = row.get("outlook")
    years = []
    for one in row["years"]:
        y, here = one["year"], one["year"] == year
        full = whole.get(y, [])
        actual = sum(full) * scale if len(full) == 12 else None
        if y == row["base_year"] and actual is None:
            actual = row["base_value"] * scale
        years.append(
            PathYear(
                year=y,
                allowed=one["allowed"] * scale,
                actual=row["actual"] * scale if here else actual,
                forecast=outlook["value"] * scale if here and outlook else None,
                low=outlook["low"] * scale if here and outlook else None,
                high=outlook["high"] * scale if here and outlook else None,
            )
        )
    return PathView(
        title=_title(row, outlook, year, scale, unit),
        aside=f"{row['name']}, {unit} a year",
        unit=unit,
        years=years,
        budget_title=_budget_title(row, scale, unit),
        budget=_budget(row, scale, unit, year),
        text=outlook["text"] if outlook else "",
        source=row["source"],
    )


def _title(
    row: Mapping[str, Any], outlook: Mapping[str, Any] | None, year: int, scale: float, unit: str
) -> str:
    if outlook is None:
        over = row["over"] * scale
        side = "over" if over > 0 else "below"
        return f"So far {words.digits(abs(over))} {unit} {side} the path to {row['target_year']}"
    allowed = next((y["allowed"] for y in row["years"] if y["year"] == year), row["allowed"])
    gap = (outlook["value"] - allowed) * scale
    side = "over" if gap > 0 else "below"
    return f"{year} is expected {words.digits(abs(gap))} {unit} {side} the path to {row['target_year']}"


def _budget_title(row: Mapping[str, Any], scale: float, unit: str) -> str:
    left = row["year_left"]
    if left is None:
        return "What the path allows of this span"
    if left < 0:
        return f"This year's allowance is passed by {words.digits(-left * scale)} {unit}"
    return f"Left of this year: {words.digits(left * scale)} {unit}"


def _budget(row: Mapping[str, Any], scale: float, unit: str, year: int) -> list[BudgetRow]:
    rows = []
    if row["year_allowed"] is not None:
        rows.append((f"Allowed in {year}", row["year_allowed"], "whole"))
    rows.append(("Allowed so far", row["allowed"], "whole"))
    rows.append(("Measured so far", row["actual"], "over" if row["over"] > 0 else "used"))
    if row["year_left"] is not None:
        rows.append(("Left until 31 December", row["year_left"], "left"))
    return [
        BudgetRow(name=n, value=v * scale, digits=f"{words.digits(v * scale)} {unit}", kind=k)
        for n, v, k in rows
    ]
