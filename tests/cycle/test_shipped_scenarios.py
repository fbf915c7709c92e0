"""Scenarios shipped with the electronics works: each runs, and moves what it must move, the way it must."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ecotwin.clock import Period
from ecotwin.connectors.books import read_books
from ecotwin.cycle.comparing import Asked, compared, digest_of, prepare
from ecotwin.cycle.scenarios import Shelf, is_event
from ecotwin.cycle.whatif_base import Span, plain_case
from ecotwin.plant import Plant, load
from ecotwin.plant.calendar import planned_hours

SUMMER = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
WINTER = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
NIGHT = datetime(2026, 6, 18, 3, 0, tzinfo=UTC)


@cache
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


@cache
def result(start: datetime, hours: float, *names: str) -> dict[str, Any]:
    works = plant()
    shelf = Shelf(works)
    base = plain_case(works, start, Span(hours, 3, 5))
    books = tuple(read_books(Path(works.books), works))
    return compared(Asked(base, (), tuple(shelf.ready(n) for n in names), shelf.folder, books))


def moved(told: dict[str, Any], case: int, figure: str) -> float:
    """Mean paired difference of a figure."""
    row = next(f for f in told["figures"] if f["figure"] == figure)
    return float(row["cells"][case]["difference"]["mean"])


def value(told: dict[str, Any], case: int, figure: str) -> float:
    """Mean of a figure."""
    row = next(f for f in told["figures"] if f["figure"] == figure)
    return float(row["cells"][case]["value"]["mean"])


NOON = (
    "ovens_sleep_in_breaks", "pressure_6_2", "low_temperature_solder", "second_source", "carbon_price_120",
    "heat_wave", "supplier_lost", "printer_down",
)  # fmt: skip


def noon() -> dict[str, Any]:
    return result(SUMMER, 4.0, *NOON)


@pytest.mark.parametrize(
    ("name", "down", "up", "still"),
    [
        ("ovens_sleep_in_breaks", ["energy.electricity", "co2e.total"], [], ["throughput.parts"]),
        ("pressure_6_2", ["energy.electricity", "energy.air_leaked", "co2e.total"], [], ["throughput.parts"]),
        ("low_temperature_solder", ["energy.electricity", "co2e.materials"], ["cost.materials"], []),
        ("second_source", ["co2e.materials", "co2e.freight"], ["cost.materials"], ["energy.electricity"]),
        ("carbon_price_120", [], ["cost.carbon", "cost.total"], ["energy.electricity", "co2e.total"]),
        ("heat_wave", [], ["energy.electricity", "energy.cold", "co2e.scope2_location"], []),
        ("supplier_lost", ["throughput.parts", "energy.electricity", "co2e.materials"], [], []),
        ("printer_down", ["throughput.parts"], [], []),
    ],
)  # fmt: skip
def test_each_moves_what_it_must(
    name: str, down: list[str], up: list[str], still: list[str]
) -> None:
    told = noon()
    case = 1 + NOON.index(name)
    for figure in down:
        assert moved(told, case, figure) < 0.0, figure
    for figure in up:
        assert moved(told, case, figure) > 0.0, figure
    for figure in still:
        assert moved(told, case, figure) == pytest.approx(0.0, abs=2e-3 * value(told, 0, figure)), (
            figure
        )


def test_without_boards_nothing_is_made_and_it_says_why() -> None:
    told = noon()
    lost = told["cases"][1 + NOON.index("supplier_lost")]
    assert not lost["point"]["feasible"]
    assert "Lamitek" in lost["why_not"][0]
    made = value(told, 1 + NOON.index("supplier_lost"), "throughput.parts")
    assert made < 0.1 * value(told, 0, "throughput.parts")


def test_another_supplier_answers_the_loss() -> None:
    works = plant()
    shelf = Shelf(works)
    base = plain_case(works, SUMMER, Span(2.0, 2, 5))
    asked = Asked(
        base, (shelf.ready("supplier_lost"),), (shelf.ready("second_source"),), shelf.folder
    )
    nothing, answer = prepare(asked)
    assert nothing.case.outages
    assert nothing.impossible
    assert not answer.case.outages
    assert not answer.impossible


def test_a_heat_pump_takes_the_gas_and_a_battery_the_peak() -> None:
    told = result(WINTER, 3.0, "heat_pump", "battery")
    assert moved(told, 1, "energy.gas") < 0.0
    assert moved(told, 1, "co2e.scope1") < 0.0
    assert moved(told, 1, "air.nox") < 0.0
    assert moved(told, 1, "energy.electricity") > 0.0
    assert moved(told, 1, "co2e.total") < 0.0, "less from gas than comes with the electricity"
    assert moved(told, 2, "energy.electricity") >= 0.0, "a battery has losses"
    highest = max(480.0, value(told, 0, "energy.peak"))
    assert value(told, 2, "energy.peak") <= highest + 1.0, "it charges below its limit"


def test_ovens_that_start_later_use_less() -> None:
    told = result(NIGHT, 2.0, "ovens_start_later")
    assert moved(told, 1, "energy.electricity") < 0.0


def test_the_week_has_as_many_hours_with_saturday_for_late() -> None:
    works = plant()
    shelf = Shelf(works)
    base = plain_case(works, SUMMER, Span(24.0, 2, 1))
    _, made = prepare(Asked(base, (), (shelf.ready("saturday_for_late"),), shelf.folder))
    week = Period(datetime(2026, 6, 14, 22, tzinfo=UTC), datetime(2026, 6, 21, 22, tzinfo=UTC))
    friday = Period(datetime(2026, 6, 19, 12, tzinfo=UTC), datetime(2026, 6, 19, 20, tzinfo=UTC))
    assert planned_hours(made.case.plant, week) == planned_hours(works, week)
    assert planned_hours(made.case.plant, friday) == 0.0 < planned_hours(works, friday)


def test_every_file_can_be_run_and_says_what_it_is() -> None:
    shelf = Shelf(plant())
    found = shelf.all()
    assert len(found) >= 12
    for one in found:
        assert one.scenario is not None, one.faults
        assert not shelf.faults(one.scenario, SUMMER), one.id
        assert one.scenario.part.source
    events = {s.id for s in found if s.scenario and is_event(s.scenario)}
    assert events == {"heat_wave", "supplier_lost", "printer_down"}


def test_the_same_question_has_the_same_answer() -> None:
    first = result(NIGHT, 2.0, "ovens_start_later")
    result.cache_clear()
    assert digest_of(result(NIGHT, 2.0, "ovens_start_later")) == digest_of(first)
