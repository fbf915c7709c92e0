"""What scrapped product had cost, from the books; nothing is told where one material has no rate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ecotwin.connectors.books import read_books
from ecotwin.cycle.discarded import Discarded
from ecotwin.detection.alerts import Alerts
from ecotwin.plant import Plant, load
from ecotwin.records import Booking, Score
from running import utc

NOW = utc("2026-06-18T12:00")


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


@pytest.fixture(scope="module")
def rows(plant: Plant) -> list[Booking]:
    return read_books(Path(plant.books), plant)


def test_money_is_what_the_purchases_say(plant: Plant, rows: list[Booking]) -> None:
    paid: dict[str, tuple[float, float]] = {}
    for b in rows:
        if b.kind == "purchase" and b.text("unit") == "kg" and b.period.start <= NOW:
            kg, spend = paid.get(b.text("material"), (0.0, 0.0))
            paid[b.text("material")] = (kg + b.number("amount"), spend + b.number("spend"))
    whole = sum(
        kg * paid[m][1] / paid[m][0] for p in plant.products for m, kg in p.materials.items()
    )
    mass = sum(p.mass_kg for p in plant.products)
    assert Discarded(plant, lambda: rows).money(NOW) == pytest.approx(whole / mass, rel=1e-9)


def test_books_are_read_once_a_day(plant: Plant, rows: list[Booking]) -> None:
    asked = []

    def give() -> list[Booking]:
        asked.append(1)
        return rows

    made = Discarded(plant, give)
    for hour in range(8):
        made.carbon(NOW.replace(hour=hour + 2))
    assert len(asked) == 1
    made.carbon(utc("2026-06-19T12:00"))
    assert len(asked) == 2


def test_without_a_rate_of_one_material_nothing_is_told(plant: Plant, rows: list[Booking]) -> None:
    assert Discarded(plant, list).money(NOW) is None
    fewer = [b for b in rows if b.text("material") != "components"]
    assert Discarded(plant, lambda: fewer).money(NOW) is None
    bare = replace(plant, products=tuple(replace(p, materials={}) for p in plant.products))
    assert Discarded(bare, lambda: rows).carbon(NOW) is None


def test_a_burst_of_scrap_is_told_in_carbon_and_money(plant: Plant, rows: list[Booking]) -> None:
    made, at = Discarded(plant, lambda: rows), round(NOW.timestamp() * 1e6)
    score = Score(
        "scrap", "inspection_1", plant.find("inspection_1", "parts_total").id,  # type: ignore[union-attr]
        at, 5.0, 0.4, 0.1, 0.7, 9.0, True, "inspection_1:scrap", unit="%", text="Bad parts.",
        excess_rate=100.0, excess_sd=10.0, onset=at - 3_600_000_000,
    )  # fmt: skip
    (told,) = Alerts(plant).findings(
        [score], NOW, {"material": made.money}, {"material": made.carbon}, {}
    )
    assert told.excess.mass_kg is not None
    assert told.excess.co2e_kg is not None
    assert told.excess.money is not None
    carbon, money = made.carbon(NOW), made.money(NOW)
    assert carbon is not None
    assert money is not None
    assert told.excess.co2e_kg.value == pytest.approx(told.excess.mass_kg.value * carbon)
    assert told.excess.money.value == pytest.approx(told.excess.mass_kg.value * money)
