"""The shared suite of every booked plug, on the electronics works with its demo books and invented hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.catalogue import indicators
from ecotwin.accounting.contract import Booked, Desk
from ecotwin.clock import Period, local_day, local_month
from ecotwin.connectors.books import read_books
from ecotwin.plant import load
from ecotwin.plant.bookings import book_kinds
from ecotwin.plant.model import Plant
from ecotwin.plugs import load_all, names
from ecotwin.records import Booking, Measure, Window

PLUGS = tuple(names("accounting.booked"))
NO_BOOKS = ("targets", "benchmarks", "permits")
"""They hold figures against what the plant file promises, and read no book."""
KWH_PER_H = 320.0
ADDING = ("kgCO2e", "kg", "m3", "kWh")


@cache
def _plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


@cache
def _rows() -> tuple[Booking, ...]:
    return tuple(read_books(Path(_plant().books), _plant()))


@cache
def _hours(period: Period, silent: bool = False) -> Window:
    """Invented hours: each hour of the calendar bears the same numbers in whichever window it stands."""
    plant = _plant()
    steps = round(period.hours)
    since = period.start_us // 3_600_000_000
    hour = (since + np.arange(steps))[:, None]
    drawn = 0.75 + 0.25 * np.sin(hour * 0.7 + np.arange(len(plant.signals))[None, :])
    size = np.array([KWH_PER_H if s.id == "grid.energy" else 1.0 for s in plant.signals])
    amount = drawn * size
    mean = amount.copy()
    for s in plant.signals:
        if s.form == "state":
            mean[:, s.index] = 5 if s.means == "state" else plant.products[0].code
        if s.form in ("state", "gauge", "setpoint"):
            amount[:, s.index] = np.nan
    covered = np.full(mean.shape, 0.0 if silent else 1.0)
    if silent:
        mean[:], amount[:] = np.nan, np.nan
    every = tuple(range(len(plant.signals)))
    count = np.ones(mean.shape, np.int64)
    nothing = np.zeros(mean.shape)
    return Window(period, 3600, every, mean, mean, mean, mean, amount, covered, nothing, count)


def _span(first: date, days: int) -> Period:
    zone = _plant().zone
    last = local_day(first + timedelta(days=days - 1), zone)
    return Period(local_day(first, zone).start, last.end)


@cache
def _desk(period: Period, books: str = "demo", silent: bool = False) -> Desk:
    """A desk over a period: with the demo books, with none, or with those of whole days only."""
    plant, window = _plant(), _hours(period, silent)
    metered = {(m.element, m.indicator): m for m in accounts.run(plant, [window]).measures}
    rows = {"demo": _rows(), "none": (), "days": _days()}[books]

    def give(signals: Sequence[int], step_s: int) -> Window:
        times, w, chosen = 3600 // step_s, window, list(signals)

        def cut(column: Any) -> Any:
            return np.repeat(column[:, chosen], times, axis=0)

        return Window(
            w.period, step_s, tuple(chosen), cut(w.mean), cut(w.low), cut(w.high), cut(w.last),
            cut(w.amount) / times, cut(w.covered), cut(w.estimated), cut(w.count),
        )  # fmt: skip

    return Desk(plant, period, Book.of(period, rows), metered, give)


@cache
def _days() -> tuple[Booking, ...]:
    """The demo books with every event on one day; what holds for long (factors, suppliers) as it is."""
    zone = _plant().zone
    lasting = ("factor", "supplier", "exposure", "lift")
    return tuple(
        b
        if b.kind in lasting
        else replace(b, period=local_day(b.period.start.astimezone(zone).date(), zone))
        for b in _rows()
    )


def _plug(name: str) -> Booked:
    plug: Booked = load_all("accounting.booked")[name]
    return plug


MONTH = local_month(2026, 3, _plant().zone)
"""A month with a day of 23 hours."""
DAY = _span(date(2026, 6, 3), 1)


def _sound(figure: Measure, plug: Booked, period: Period) -> None:
    assert figure.indicator in plug.indicators
    assert figure.period.start >= period.start
    assert figure.period.end <= period.end
    assert np.isfinite([figure.value, figure.low, figure.high]).all(), figure.id
    assert figure.low <= figure.value <= figure.high, figure.id
    assert 0.0 <= figure.coverage <= 1.0, figure.id
    assert 0.0 <= figure.estimated_share <= 1.0, figure.id
    assert figure.method
    assert figure.inputs, figure.id
    if figure.split:
        assert sum(figure.split.values()) == pytest.approx(figure.value), figure.id
    sets = {f.gwp_set for f in figure.factors if f.gwp_set}
    assert len(sets) <= 1, figure.id


def test_there_are_booked_plugs() -> None:
    assert {"scope1", "scope3", "certificates"} <= set(PLUGS)


@pytest.mark.parametrize("name", PLUGS)
def test_named_and_catalogued(name: str) -> None:
    plug = _plug(name)
    assert plug.name == name
    assert plug.indicators
    assert set(plug.indicators) <= set(indicators())
    assert plug.kinds or name in NO_BOOKS
    assert set(plug.kinds) <= set(book_kinds())


@pytest.mark.parametrize("name", PLUGS)
@pytest.mark.parametrize("period", [MONTH, DAY], ids=["month", "day"])
def test_figures_are_sound(name: str, period: Period) -> None:
    plug, seen = _plug(name), 0
    for element in _plant().elements:
        made, gaps = plug.figures(_desk(period), element.id)
        assert all(gaps)
        assert len({m.indicator for m in made}) == len(made)
        for figure in made:
            assert figure.element == element.id
            _sound(figure, plug, period)
            seen += 1
    assert seen or name not in ("scope1", "scope3", "certificates")


@pytest.mark.parametrize("name", PLUGS)
def test_empty_books_and_silent_meters_are_gaps_and_no_crash(name: str) -> None:
    plug, site = _plug(name), _plant().site.id
    for desk in (_desk(DAY, "none"), _desk(DAY, "none", True), _desk(DAY, "demo", True)):
        for element in (site, "line_1", "oven_1", "weather"):
            made, gaps = plug.figures(desk, element)
            for figure in made:
                _sound(figure, plug, DAY)
            assert all(gaps)


@pytest.mark.parametrize("name", PLUGS)
def test_two_halves_add_up_to_the_whole(name: str) -> None:
    """Law: with bookings of days, sums over two parts of a time are the sum over both."""
    plug, site = _plug(name), _plant().site.id
    parts = [_desk(_span(date(2026, 3, 25), 3), "days"), _desk(_span(date(2026, 3, 28), 4), "days")]
    whole = _desk(_span(date(2026, 3, 25), 7), "days")
    halves = [{m.indicator: m for m in plug.figures(d, site)[0]} for d in parts]
    for figure in plug.figures(whole, site)[0]:
        here = [h[figure.indicator] for h in halves if figure.indicator in h]
        if (
            figure.unit not in ADDING
            or len(here) < 2
            or "annual" in figure.method
            or "by the" in figure.method
        ):
            continue
        assert sum(m.value for m in here) == pytest.approx(figure.value, rel=1e-9, abs=1e-6), (
            figure.id
        )


@pytest.mark.parametrize("name", PLUGS)
def test_the_same_desk_gives_the_same_figures(name: str) -> None:
    site = _plant().site.id
    assert _plug(name).figures(_desk(DAY), site) == _plug(name).figures(_desk(DAY), site)
