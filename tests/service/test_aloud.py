"""A finding read aloud has all that a person needs to act or to leave it, in figures that fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.plant_minutes import works
from ecotwin.detection.causes import title
from ecotwin.maintenance import diagnosis
from ecotwin.maintenance.clues.tables import CLASSES, leave_when
from ecotwin.records import Cost, Finding, Range, Score, Severity
from ecotwin.service.aloud import aloud, costs, leave
from ecotwin.units import said
from maintenance.test_clues import AIR, END, leak, scene

DAY = Cost(
    energy_kwh=Range(53.4, 40.0, 66.0),
    co2e_kg=Range(15.61, 12.0, 19.0),
    money=Range(9.63, 7.0, 12.0),
)


def told(**changes: object) -> Finding:
    found = replace(
        AIR,
        title="Air to Placer 2C runs 3 m3/h above expected",
        excess=DAY,
        evidence=("It flows.",),
    )
    return replace(found, causes=diagnosis.causes(scene(AIR, leak)), **changes)  # type: ignore[arg-type]


def test_it_says_what_since_when_what_it_costs_why_where_to_look_and_when_to_leave_it() -> None:
    text = aloud(works(), told(), END)
    assert text[0].startswith("Air to Placer 2C runs 3 m³/h above expected, since Fri 11:00")
    assert "It costs 53 kWh, 16 kg CO₂e and 9.6 EUR a day." in text
    assert any(t.startswith("Most likely: ") and "leak" in t for t in text)
    assert any(t.startswith("For it: ") for t in text)
    assert any(t.startswith("Look first: ") for t in text)
    assert text[-1].endswith("A week of waiting costs 370 kWh, 110 kg CO₂e and 67 EUR.")


def test_what_is_one_to_act_on_is_not_left_and_without_causes_nothing_is_said_of_it() -> None:
    (text,) = leave(told(severity=Severity.ACT), "EUR")
    assert text.startswith("When to leave it: Better not")
    assert leave(replace(told(), causes=()), "EUR") == []
    assert "What it costs a day is not known." in aloud(works(), told(excess=Cost()), END)


def test_every_class_of_causes_says_when_to_leave_it() -> None:
    assert all(leave_when(name).endswith(".") for name in CLASSES)
    assert costs(Cost(), "EUR") == ""
    assert costs(Cost(money=Range(3.0, 1.0, 5.0)), "EUR") == "3 EUR"


@pytest.mark.parametrize(
    ("cause", "unit", "gap", "shown"),
    [
        ("ahu_1.filter_drop:drift", "bar", 4e-4, "40 Pa"),
        ("ahu_1.filter_drop:drift", "mm/s", 0.05234, "0.052 mm/s"),
        ("cooling_tower_1:power", "kW", 0.0057, "5.7 W"),
        ("cooling_tower_1.water_in:water", "m3/h", 0.0029, "2.9 l/h"),
        ("oven_1:power", "kW", 15.6234, "16 kW"),
    ],
)
def test_a_title_has_a_fitting_unit_and_two_figures(
    cause: str, unit: str, gap: float, shown: str
) -> None:
    element = cause.split(":")[0].split(".")[0]
    s = Score("d", element, "", 10, gap + 1.3, 1.3, 1.0, 1.5, 6.0, True, cause, unit=unit)
    assert f" {shown} " in title(works(), s)


def test_a_finding_that_ebbs_away_keeps_its_mean_in_its_title() -> None:
    s = Score(
        "d",
        "oven_1",
        "",
        10,
        10.01,
        10.0,
        9.0,
        11.0,
        0.1,
        False,
        "oven_1:power",
        excess_kw=4.2,
        unit="kW",
    )
    assert title(works(), s) == "Reflow oven 1 draws 4.2 kW more than expected"


@given(st.floats(1e-9, 1e9), st.sampled_from(["bar", "kW", "m3/h", "m3", "kg", "degC", ""]))
def test_a_figure_said_is_right_within_its_digits(value: float, unit: str) -> None:
    number, _, shown = said(value, unit, 2).partition(" ")
    scale = {"mbar": 1e-3, "Pa": 1e-5, "W": 1e-3, "l/h": 1e-3, "l": 1e-3, "g": 1e-3}.get(shown, 1.0)
    back = float(number.replace(",", "")) * scale
    assert back == pytest.approx(value, rel=0.051, abs=6e-4 * scale)
    assert "e" not in number


def test_wear_is_looked_at_by_its_own_course_and_not_by_power() -> None:
    found = replace(
        AIR, cause="ahu_1.filter_drop:drift", element="ahu_1", signals=("ahu_1.filter_drop",)
    )
    made = scene(found)
    assert made.telling is not None
    assert not made.is_power
    assert made.course[2] == "bar"
    assert timedelta(0) < END - found.onset
