"""Scope 1 from books: vehicles, process gases and refrigerants, beside the fuels that meters tell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.booked_desk import DAY, Books, by_name, desk, span, works_with
from accounting.conftest import PLANT, Works
from ecotwin.accounting.book import Book
from ecotwin.accounting.booked.scope1 import gas_weight, plug
from ecotwin.accounting.contract import Desk
from ecotwin.errors import FactorGap
from ecotwin.records import Measure


def hourly(**more: Any) -> Any:
    """A day of hours."""
    return Works().window(steps=24, step_s=3600, **more)


def figures(
    books: Books, element: str = "works", **more: Any
) -> tuple[dict[str, Measure], list[str]]:
    made, gaps = plug.figures(desk(books.plant, hourly(**more), books.rows), element)
    return by_name(made), gaps


def full() -> Books:
    books = Books(PLANT)
    books.factor("mobile/diesel", 2.66, "kgCO2e/l")
    books.add("vehicle", fuel="diesel", amount=100.0, unit="l")
    books.add("process", gas="CO2", mass_kg=7.0)
    return books.add("refill", gas="R-410A", mass_kg=2.5, recovered_kg=0.5)


def test_each_part_and_the_whole() -> None:
    got, gaps = figures(full())
    assert got["ghg.scope1_mobile"].value == pytest.approx(266.0)
    assert got["ghg.scope1_process"].value == 7.0
    assert got["ghg.scope1_fugitive"].value == pytest.approx(2.0 * 2255.5)
    stationary = 24 * 0.1 * 10.0 * 0.2
    whole = got["ghg.scope1_all"]
    assert whole.value == pytest.approx(266.0 + 7.0 + 4511.0 + stationary)
    assert whole.split == pytest.approx(
        {"stationary": stationary, "mobile": 266.0, "process": 7.0, "fugitive": 4511.0}
    )
    assert gaps == []
    assert [i.name for i in got["ghg.scope1_fugitive"].inputs] == [
        "R-410A filled up - recovered (refill-3)"
    ]
    assert {f.id for f in whole.factors} >= {"book/mobile/diesel/factor-0", "gwp/R-410A/AR6"}


def test_a_refill_of_a_blend_is_the_published_answer() -> None:
    """Vector ref-01: 2.5 kg of R-410A by AR6 and AR5."""
    for gwp_set, answer in (("AR6", 5638.75), ("AR5", 4808.75)):
        plant = works_with(PLANT, gwp_set=gwp_set)
        books = Books(plant).add("refill", gas="R-410A", mass_kg=2.5)
        assert figures(books)[0]["ghg.scope1_fugitive"].value == pytest.approx(answer, abs=1e-6)


def test_methane_that_escapes_weighs_more_than_burnt_or_biogenic_methane() -> None:
    books = Books(PLANT).add("process", gas="CH4", mass_kg=1.0)
    assert figures(books)[0]["ghg.scope1_process"].value == 29.8
    books = Books(PLANT).add("process", gas="CH4", mass_kg=1.0, biogenic=True)
    assert figures(books)[0]["ghg.scope1_process"].value == 27.0


def test_biogenic_carbon_stands_apart() -> None:
    books = Books(PLANT)
    books.factor("mobile/biodiesel", 0.02, "kgCO2e/l").factor(
        "mobile/biodiesel/biogenic", 2.5, "kg/l"
    )
    books.add("vehicle", fuel="biodiesel", amount=10.0, unit="l")
    books.add("process", gas="CO2", mass_kg=5.0, biogenic=True)
    got, _ = figures(books)
    assert got["ghg.scope1_mobile"].value == pytest.approx(0.2)
    assert got["ghg.scope1_process"].value == 0.0
    assert got["ghg.biogenic_all"].value == pytest.approx(30.0)
    assert got["ghg.biogenic_all"].split == pytest.approx({"mobile": 25.0, "process": 5.0})


def test_a_book_that_is_not_kept_is_said_and_one_that_is_empty_is_zero() -> None:
    got, gaps = figures(Books(PLANT))
    assert "ghg.scope1_fugitive" not in got
    assert any("no book of refills: refrigerant losses are not counted" in words for words in gaps)
    assert (
        "not counted for want of a book: mobile, process, fugitive" in got["ghg.scope1_all"].method
    )
    books = Books(PLANT).add("refill", first=DAY - timedelta(days=40), gas="SF6", mass_kg=1.0)
    got, gaps = figures(books)
    assert got["ghg.scope1_fugitive"].value == 0.0
    assert got["ghg.scope1_fugitive"].inputs
    assert not any("refills" in words for words in gaps)


def test_bookings_of_a_machine_count_at_the_machine_and_above() -> None:
    books = Books(PLANT).add("refill", element="blower", gas="SF6", mass_kg=1.0)
    for element in ("blower", "yard", "works"):
        assert figures(books, element)[0]["ghg.scope1_fugitive"].value == 25200.0
    assert figures(books, "line")[0] == {}


def test_every_fault_is_named_at_once_and_gives_no_figure() -> None:
    books = full().add("vehicle", fuel="petrol", amount=3.0, unit="l")
    books.add("vehicle", fuel="diesel", amount=-3.0, unit="l").add(
        "vehicle", fuel="diesel", amount=3.0, unit="kWh"
    )
    got, gaps = figures(books)
    assert "ghg.scope1_mobile" not in got
    assert "ghg.scope1_all" not in got
    words = " ".join(gaps)
    assert "3 of 4 bookings lack something" in words
    assert "mobile/petrol" in words
    assert "-3" in words
    assert "the amount in kWh" in words
    assert "the others come to 266" in words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"gas": "R-999", "mass_kg": 1.0}, "no GWP of R-999"),
        ({"gas": "R-410A", "mass_kg": 1.0, "recovered_kg": 2.0}, "more refrigerant was recovered"),
        ({"gas": "R-410A"}, "tells no mass_kg"),
    ],
)
def test_refills_that_cannot_be(facts: dict[str, Any], words: str) -> None:
    got, gaps = figures(Books(PLANT).add("refill", **facts))
    assert "ghg.scope1_fugitive" not in got
    assert words in " ".join(gaps)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gwp_set": "AR5"}, "is of AR5"),
        ({"value": 0.0}, "is zero"),
        ({"gwp_set": ""}, "does not tell"),
    ],
)
def test_factors_of_another_gwp_set_or_of_zero_are_refused(
    change: dict[str, Any], words: str
) -> None:
    facts: dict[str, Any] = {"value": 2.7, "unit": "kgCO2e/l"} | change
    books = Books(PLANT).factor("mobile/diesel", **facts)
    got, gaps = figures(books.add("vehicle", fuel="diesel", amount=1.0, unit="l"))
    assert "ghg.scope1_mobile" not in got
    assert words in " ".join(gaps)


def test_electric_vehicles_are_no_scope_1() -> None:
    got, gaps = figures(Books(PLANT).add("vehicle", fuel="electricity", amount=50.0, unit="kWh"))
    assert got["ghg.scope1_mobile"].value == 0.0
    assert "50 kWh of electricity in vehicles is no scope 1" in " ".join(gaps)


def test_a_booking_that_the_period_cuts_counts_by_time_as_an_estimate() -> None:
    books = Books(PLANT).add("refill", days=10, gas="SF6", mass_kg=10.0)
    got = figures(books)[0]["ghg.scope1_fugitive"]
    assert got.value == pytest.approx(25200.0)
    assert got.estimated_share == 1.0
    assert got.high - got.value > 0.4 * got.value


def test_without_its_metered_part_the_whole_is_a_gap() -> None:
    plant = works_with(PLANT, factors={})
    got, gaps = figures(Books(plant).add("process", gas="CO2", mass_kg=7.0), plant=plant)
    assert "ghg.scope1_all" not in got
    assert "ghg.scope1 of works is missing" in " ".join(gaps)
    assert got["ghg.scope1_process"].value == 7.0


def test_unknown_gases() -> None:
    assert gas_weight("R-744", "AR6").value == 1.0
    assert gas_weight("PFC-14", "AR5").value == 6630.0
    with pytest.raises(FactorGap, match="unobtainium"):
        gas_weight("unobtainium", "AR6")


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.0, 50.0)), max_size=8), st.integers(1, 9))
def test_two_parts_of_a_time_add_up_to_the_whole(
    rows: list[tuple[int, float]], middle: int
) -> None:
    """Law: bookings of days count once, wherever the period is cut."""

    books = Books(PLANT).add("refill", first=date(2025, 1, 1), gas="SF6", mass_kg=0.0)
    for day, mass in rows:
        books.add("refill", first=DAY + timedelta(days=day), gas="SF6", mass_kg=mass)

    def total(first: int, days: int) -> float:
        period = span(DAY + timedelta(days=first), days, PLANT)
        made, _ = plug.figures(
            Desk(PLANT, period, Book.of(period, books.rows), {}, lambda *_: hourly()), "works"
        )
        return by_name(made)["ghg.scope1_fugitive"].value

    assert total(0, middle) + total(middle, 10 - middle) == pytest.approx(total(0, 10))
