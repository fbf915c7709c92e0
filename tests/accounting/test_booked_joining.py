"""Figures of meters and books side by side: books complete what meters told, and nothing is counted twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounting.booked_desk import Books, by_name, desk
from accounting.conftest import PLANT, START, Works
from ecotwin.accounting.booked.waste import plug
from ecotwin.accounting.joining import join_all
from ecotwin.records import Measure


def span(day: int) -> tuple[list[Measure], float]:
    """Metered and booked waste of a day, in the order in which they are made; and the mass of both."""
    works = Works()
    window = works.window(steps=24, step_s=3600, start=START + timedelta(days=day))
    first = window.period.start.astimezone(PLANT.zone).date()
    books = Books(PLANT).add(
        "waste", first=first, waste_code="17 04 05", treatment="R4", mass_kg=90.0 + day
    )
    at = desk(PLANT, window, books.rows)
    metered = at.metered["works", "waste.total"]
    booked = by_name(plug.figures(at, "works")[0])["waste.total"]
    assert booked.value == pytest.approx(metered.value + 90.0 + day)
    return [metered, booked], booked.value


def test_a_booked_figure_takes_the_place_of_the_metered_one() -> None:
    made, whole = span(0)
    (got,), gaps = join_all([tuple(made)])
    assert got.value == pytest.approx(whole)
    assert gaps == ()


def test_spans_add_up_with_each_counted_once() -> None:
    (one, first), (two, second) = span(0), span(1)
    (got,), gaps = join_all([tuple(one), tuple(two)])
    assert got.value == pytest.approx(first + second)
    assert sum(got.split.values()) == pytest.approx(got.value)
    assert gaps == ()
