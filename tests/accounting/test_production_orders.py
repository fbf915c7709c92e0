"""Orders: the figures of their place over their time, and which took longer than planned, why and at what price."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.booked import orders
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.cuts import within
from ecotwin.clock import Period
from ecotwin.plant.model import STATES, Plant
from ecotwin.records import Booking, Measure, Window

MINUTES = 1440


def booked(works: Any, id_: str, first: int, last: int, product: int = 7, **facts: Any) -> Booking:
    """An order from one minute of the day to another."""
    element = facts.pop("element", "line")
    span = Period(works.start + timedelta(minutes=first), works.start + timedelta(minutes=last))
    return Booking("order", id_, span, element, {"product": float(product), **facts}, "plan")


def desk(
    plant: Plant, window: Window, bookings: Sequence[Booking], asked: list[int] | None = None
) -> Desk:
    """What the cycle lays before the plug; `asked` keeps the steps it wanted."""

    def read(signals: Sequence[int], step_s: int) -> Window:
        if asked is not None:
            asked.append(step_s)
        cut = list(signals)
        arrays = {
            n: getattr(window, n)[:, cut]
            for n in ("mean", "low", "high", "last", "amount", "covered", "estimated", "count")
        }
        return replace(window, signals=tuple(cut), **arrays)

    return Desk(plant, window.period, Book.of(window.period, bookings), {}, read)


Told = Callable[..., tuple[dict[str, Measure], list[str]]]


@pytest.fixture
def told(works: Any) -> Told:
    """Figures of some orders by indicator, and the words."""

    def tell(
        bookings: Sequence[Booking], values: Any = None, element: str = "line", **more: Any
    ) -> Any:
        window = works.window(values, **more)
        plant = more.get("plant", works.plant)
        made, words = orders.plug.figures(desk(plant, window, bookings), element)
        return {m.indicator: m for m in made}, words

    return tell


def test_an_order_has_the_figures_of_its_place_over_its_time(works: Any, told: Told) -> None:
    order = booked(works, "A", 400, 520)
    got, words = told([order])
    window = within(works.window(), order.period)
    assert window is not None
    plain = accounts.run(works.plant, [window], ["line"])
    for indicator, source in (
        ("energy.by_order", "energy.total"),
        ("ghg.by_order", "ghg.scope12_location"),
        ("cost.by_order", "cost.total"),
        ("production.by_order", "production.good_parts"),
    ):
        expected = plain.of("line", source).value
        assert got[indicator].split == {"A": pytest.approx(expected, rel=1e-12)}
    assert got["energy.by_order"].value == pytest.approx(120 * 0.75)
    assert got["production.by_order"].value == pytest.approx(108.0)
    each = {i.name: i.value for i in got["energy.by_order"].inputs}
    assert each["order A, per good piece"] == pytest.approx(0.75 / 0.9)
    assert words == []


def test_orders_that_follow_each_other_sum_to_the_place(works: Any, told: Told) -> None:
    cuts = [0, 300, 720, MINUTES]
    bookings = [booked(works, str(n), a, b) for n, (a, b) in enumerate(pairwise(cuts))]
    got, _ = told(bookings)
    plain = accounts.run(works.plant, [works.window()], ["line"])
    for indicator, source in (("energy.by_order", "energy.total"), ("cost.by_order", "cost.total")):
        whole = plain.of("line", source)
        assert got[indicator].value == pytest.approx(whole.value, rel=1e-12)
        assert got[indicator].high == pytest.approx(whole.high, rel=1e-9)


def test_an_order_on_time_is_not_over_long(works: Any, told: Told) -> None:
    # Plate: 60 s planned on the oven, one part a minute; 06:00 to 09:00 is working time.
    got, _ = told([booked(works, "A", 360, 540, element="oven")], element="oven")
    assert got["time.by_order"].value == pytest.approx(3.0)
    cycle = {i.name: i.value for i in got["time.by_order"].inputs}["order A: cycle time"]
    assert cycle == pytest.approx(60.0)
    for indicator in ("time.overlong", "energy.overlong", "cost.overlong"):
        assert got[indicator].value == 0.0


def test_an_over_long_order_tells_why_and_what_it_used(works: Any, told: Told) -> None:
    """Three hours for two hours' work: half an hour down, half an hour idle, at the usual power of each."""
    state = np.full(MINUTES, STATES["busy"])
    state[360:390], state[420:450] = STATES["down"], STATES["idle"]
    parts = np.where(state == STATES["busy"], 1.0, 0.0)
    power = np.select([state == STATES["down"], state == STATES["idle"]], [3.0, 6.0], 12.0)
    values = {
        "oven.state": state,
        "oven.total": parts,
        "oven.good": parts,
        "oven.power": power,
        "sun.energy": 0.0,
        "grid.export": 0.0,
    }
    got, _ = told([booked(works, "A", 360, 540, element="oven")], values, element="oven")
    assert got["time.overlong"].split == pytest.approx({"A": 1.0})
    causes = {i.name: i.value for i in got["time.overlong"].inputs}
    assert causes == pytest.approx({"order A: down": 0.5, "order A: waiting": 0.5})
    assert got["energy.overlong"].value == pytest.approx(0.5 * 3.0 + 0.5 * 6.0)
    assert got["cost.overlong"].value == pytest.approx(4.5 * 0.30)


def test_slow_running_is_told_apart_from_standstill(works: Any, told: Told) -> None:
    got, _ = told(
        [booked(works, "A", 360, 540, element="oven")], {"oven.total": 0.5}, element="oven"
    )
    causes = {i.name: i.value for i in got["time.overlong"].inputs}
    assert causes == pytest.approx({"order A: slower than planned": 1.5})
    assert got["energy.overlong"].value == pytest.approx(1.5 * 12.0)


def test_breaks_and_nights_are_not_time_over_the_plan(works: Any, told: Told) -> None:
    on = {
        "oven.total": np.where((np.arange(MINUTES) >= 360) & (np.arange(MINUTES) < 840), 1.0, 0.0)
    }
    got, _ = told([booked(works, "A", 0, MINUTES, element="oven")], on, element="oven")
    assert got["time.by_order"].value == pytest.approx(7.5)
    assert got["time.overlong"].value == 0.0


def test_a_line_without_a_run_time_is_judged_by_its_machines(works: Any, told: Told) -> None:
    got, _ = told([booked(works, "A", 360, 540)], {"oven.total": 0.5})
    assert got["time.overlong"].split == pytest.approx({"A on oven": 1.5})


def test_orders_of_parts_are_those_of_the_whole(works: Any, told: Told) -> None:
    bookings = [booked(works, "A", 400, 520), booked(works, "B", 520, 640, 8)]
    for element in ("works", "hall", "line"):
        assert set(told(bookings, element=element)[0]["energy.by_order"].split) == {"A", "B"}
    assert told(bookings, element="yard") == ({}, [])


def test_what_is_odd_is_told(works: Any, told: Told) -> None:
    late = booked(works, "late", 1380, 1500)
    cases = [
        ([late], "order late runs on outside"),
        ([booked(works, "A", 400, 520), booked(works, "B", 500, 600)], "A and B ran on line at the same time for 0.33"),
        ([booked(works, "A", 400, 520, 8)], "order A is of product 8, but oven named another product for 100 %"),
        ([booked(works, "A", 400, 520, 99)], "names no product 99"),
        ([booked(works, "A", 400, 520, pieces=50.0)], "order A was of 50 pieces, and 108 good ones"),
        ([booked(works, "A", 400, 520, element="press")], "no planned run time on press"),
    ]  # fmt: skip
    for bookings, words in cases:
        _, told_words = told(bookings, element="works")
        assert any(words in text for text in told_words), (words, told_words)
    got, _ = told([late])
    assert got["energy.by_order"].value == pytest.approx(60 * 0.75), "the part inside the period"


def test_a_silent_meter_is_told_with_its_order(works: Any, told: Told) -> None:
    got, words = told(
        [booked(works, "A", 400, 520)],
        silent={"feeder.energy": slice(380, 1440), "works.water": slice(0, 9)},
    )
    assert "energy.by_order" not in got
    assert any(text.startswith("order A: feeder.energy was measured") for text in words)


def test_a_year_is_refused_with_words_and_no_minutes_are_read(works: Any) -> None:
    year = Period(works.start, works.start + timedelta(days=365))
    asked: list[int] = []
    laid = desk(works.plant, works.window(), [booked(works, "A", 400, 520)], asked)
    made, words = orders.plug.figures(replace(laid, period=year), "line")
    assert made == []
    assert "365 days are too long" in words[0]
    assert asked == []


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(1, MINUTES - 1), max_size=5, unique=True), st.integers(0, 2**32 - 1))
def test_any_cut_of_a_day_into_orders_sums_to_the_day(
    works: Any, cuts: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    edges = [0, *sorted(cuts), MINUTES]
    values: dict[str, Any] = {
        n: rng.uniform(0.0, 2.0, MINUTES) for n in ("feeder.energy", "grid.energy", "sun.energy")
    }
    values["oven.state"] = rng.integers(0, 7, MINUTES)
    window = works.window(values)
    bookings = [booked(works, str(n), a, b) for n, (a, b) in enumerate(pairwise(edges))]
    made, _ = orders.plug.figures(desk(works.plant, window, bookings), "line")
    whole = accounts.run(works.plant, [window], ["line"])
    for figure in made:
        assert figure.low <= figure.value <= figure.high
        assert math.fsum(figure.split.values()) == pytest.approx(figure.value, rel=1e-12, abs=1e-12)
    energy = next(m for m in made if m.indicator == "energy.by_order")
    assert energy.value == pytest.approx(whole.of("line", "energy.total").value, rel=1e-9)
