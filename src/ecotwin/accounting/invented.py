"""An invented week in which everything is measured and booked, so that only what a plant file lacks can be in the way.

For `conformity`: figures of this week are thrown away. Every signal reads well, every machine runs and makes good
parts, and each book that is kept holds a row of each sort with the factors that it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.scope2 import QUALITY_CRITERIA
from ecotwin.clock import Period, local_day, local_month
from ecotwin.plant.model import STATES, Plant, Signal
from ecotwin.records import Booking, Fact, Window

START = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 7
_AMPLE = {"material_mass": 1e6}
"""Amounts an hour that are not 1: more material than the product weighs, whatever it weighs [kg]."""
_STATIC = ("gauge", "state", "setpoint")
_TREATMENTS = (*(f"R{n}" for n in range(1, 14)), *(f"D{n}" for n in range(1, 16)))
MATERIAL = "-"
"""What is bought where the plant file names no material."""


def good_week(
    plant: Plant, needs: Sequence[int], start: datetime = START, step_s: int = 3600
) -> Window:
    """A week of steps in which these signals read well: everything runs, and makes good parts."""
    return good_steps(plant, needs, Period(start, start + timedelta(days=DAYS)), step_s)


def good_steps(plant: Plant, needs: Sequence[int], period: Period, step_s: int = 3600) -> Window:
    """The same over any span of whole steps."""
    steps, hours = round(period.seconds / step_s), step_s / 3600.0
    shape = (steps, len(needs))
    mean, amount = np.ones(shape), np.ones(shape)
    for column, index in enumerate(needs):
        signal = plant.signals[index]
        mean[:, column] = _level(plant, signal)
        each = np.nan if signal.form in _STATIC else _AMPLE.get(signal.means, 1.0) * hours
        amount[:, column] = each
    last = mean + np.where(np.isnan(amount), 0.0, np.arange(steps)[:, None] * hours)
    covered, estimated = np.broadcast_to(1.0, shape), np.broadcast_to(0.0, shape)
    count = np.broadcast_to(np.int64(max(1, step_s // 60)), shape)
    return Window(
        period, step_s, tuple(needs), mean, mean, mean, last, amount, covered, estimated, count
    )


def _level(plant: Plant, signal: Signal) -> float:
    if signal.means == "product":
        return float(plant.products[0].code) if plant.products else 1.0
    if signal.means == "state":
        return float(STATES["busy"])
    if signal.means == "o2_share":
        return 5.0
    return 1.0


def good_desk(plant: Plant, element: str) -> Desk:
    """A desk over the first week of a year of the plant, with a row of each sort in every book.

    The week begins with the year, so that what is told of a year so far can be had.
    """
    period = _first_week(plant)
    return _desk(plant, element, period, _good_books(plant, element, period))


def booked_desks(plant: Plant, element: str, rows: tuple[Booking, ...]) -> tuple[Desk, ...]:
    """Desks over the calendar year of the newest of these bookings and over its month; without any over a week.

    The month is for what is followed by the minute, which a year is too long for.
    """
    if not rows:
        return (_desk(plant, element, _first_week(plant), ()),)
    newest = max(b.period.start for b in rows).astimezone(plant.zone)
    month = local_month(newest.year, newest.month, plant.zone)
    first, last = (local_month(newest.year, number, plant.zone) for number in (1, 12))
    spans = (Period(first.start, last.end), month)
    return tuple(_desk(plant, element, span, rows) for span in spans)


def _first_week(plant: Plant) -> Period:
    start = local_day(date(START.year, 1, 1), plant.zone).start
    return Period(start, start + timedelta(days=DAYS))


def _desk(plant: Plant, element: str, period: Period, rows: tuple[Booking, ...]) -> Desk:
    hours = good_steps(plant, accounts.needed(plant, [element]), period)
    metered = {
        (m.element, m.indicator): m for m in accounts.run(plant, [hours], [element]).measures
    }

    newest: dict[tuple[tuple[int, ...], int], Window] = {}

    def give(signals: Sequence[int], step_s: int) -> Window:
        asked = (tuple(signals), step_s)
        if asked not in newest:
            newest.clear()
            newest[asked] = good_steps(plant, signals, period, step_s)
        return newest[asked]

    return Desk(plant, period, Book.of(period, rows), metered, give)


def _good_books(plant: Plant, element: str, period: Period) -> tuple[Booking, ...]:
    """Rows of every book, enough for every figure that reads them."""
    rows = (*_rows(plant), *_factors(plant))
    return tuple(
        Booking(row.kind, f"{row.kind}-{n}", period, element, row.facts, "invented")
        for n, row in enumerate(rows)
    )


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    facts: dict[str, Fact]


def _rows(plant: Plant) -> Iterator[_Row]:
    """A row of each sort of every book."""
    shares: dict[str, Fact] = {"recycled_share": 0.5, "biological_share": 0.1}
    for material in [m.id for m in plant.materials] or [MATERIAL]:
        bought: dict[str, Fact] = {"material": material, "amount": 9.0, "unit": "kg", "spend": 9.0}
        yield _Row("purchase", bought | shares)
        offer: dict[str, Fact] = {
            "supplier": "-", "material": material, "footprint": 1.0, "unit": "kg", "place": "-",
            "gwp_set": plant.gwp_set, "primary_share": 50.0, "quality": 3.0, "water_m3": 1.0,
            "water_amd": 0.01, "uncertainty": 0.1,
        }  # fmt: skip
        yield _Row("supplier", offer)
    for inbound, paid in ((True, True), (False, True), (False, False)):
        leg: dict[str, Fact] = {"mode": "road", "mass_kg": 9.0, "distance_km": 9.0}
        yield _Row("transport", leg | {"inbound": inbound, "paid": paid})
    yield _Row("vehicle", {"fuel": "diesel", "amount": 9.0, "unit": "l"})
    yield _Row("refill", {"gas": "R-410A", "mass_kg": 1.0})
    yield _Row("process", {"gas": "CO2", "mass_kg": 1.0})
    yield _Row("process", {"gas": "CO2", "mass_kg": 1.0, "biogenic": True})
    criteria: dict[str, Fact] = dict.fromkeys(QUALITY_CRITERIA, True)
    certificate: dict[str, Fact] = {
        "kwh": 9.0, "factor": 0.0, "contract": "unbundled", "year": float(START.year),
        "evidence": "-",
    }  # fmt: skip
    yield _Row("certificate", certificate | criteria)
    for product in plant.products[:1]:
        yield _Row("sold", {"product": float(product.code), "pieces": 1.0})
        yield _Row("order", {"product": float(product.code), "pieces": 1.0})
    yield _Row("revenue", {"amount": 9.0})
    yield _Row("water_reuse", {"volume_m3": 1.0})
    yield _Row("water_storage", {"change_m3": -1.0})
    for group in plant.people[:1]:
        yield _Row("exposure", {"group": group.id, "noise_db": 80.0, "hours": 8.0, "wbgt_c": 20.0})
        lift: dict[str, Fact] = {
            "group": group.id, "load_kg": 5.0, "horizontal_cm": 30.0, "vertical_cm": 75.0,
            "distance_cm": 30.0, "asymmetry_deg": 0.0, "per_min": 0.5, "hours": 2.0,
            "coupling": "good",
        }  # fmt: skip
        yield _Row("lift", lift)
    yield _Row("waste", {"waste_code": "20 03 99", "treatment": "R3", "mass_kg": 1.0})


def _factors(plant: Plant) -> Iterator[_Row]:
    """Factors of everything that these rows and the plant's meters ask for."""
    fuels = {s.material or "fuel" for s in plant.signals if s.means == "fuel_mass"}
    units = {
        "electricity/upstream": "kWh", "electricity/losses": "kWh", "gas/upstream": "m3",
        "heat/upstream": "kWh", "heat/losses": "kWh", "cold/upstream": "kWh", "cold/losses": "kWh",
        "mobile/diesel": "l", "mobile/diesel/upstream": "l", "transport/road": "t.km",
        **{f"{fuel}/upstream": "kg" for fuel in sorted(fuels)},
        **{f"waste/{t}": "kg" for t in _TREATMENTS},
    }  # fmt: skip
    for key, unit in units.items():
        facts: dict[str, Fact] = {
            "key": key, "value": 1.0, "unit": f"kgCO2e/{unit}", "place": plant.country or "-",
            "year": float(START.year), "version": "-", "gwp_set": plant.gwp_set,
            "uncertainty": 0.1,
        }  # fmt: skip
        yield _Row("factor", facts)
