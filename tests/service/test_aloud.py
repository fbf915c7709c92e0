"""A finding read aloud has all that a person needs to act or to leave it, in figures that fit."""

from __future__ import annotations

import re
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


AMOUNT = ("power", "idle", "sun", "compressed_air", "water", "nitrogen", "gas")
KINDS = st.sampled_from([(w, "kW" if w in AMOUNT[:3] else "m3/h") for w in AMOUNT])
SIZE = st.one_of(
    st.floats(-1e7, 1e7), st.sampled_from([0.0, 1e-12, 1e-6, 5e-4, 1e-3, 99.95, 100.0])
)


def spoken(what: str, unit: str, value: float, expected: float, over: bool, mean: float) -> str:
    s = Score(
        "d", "oven_1", "", 10, value, expected, expected, expected, 6.0, over, f"oven_1:{what}",
        excess_kw=mean if unit == "kW" else 0.0, excess_rate=24.0 * mean if unit != "kW" else 0.0,
        unit=unit,
    )  # fmt: skip
    return title(works(), s)


@given(KINDS, SIZE, SIZE, st.booleans(), st.one_of(st.just(0.0), st.floats(0.0, 1e6)))
def test_no_excess_is_told_with_a_zero(
    kind: tuple[str, str], value: float, expected: float, over: bool, mean: float
) -> None:
    text = spoken(*kind, value, expected, over, mean)
    number = re.findall(r"(-?[\d,.]+) (?:kW|W|m3/h|l/h)\b", text)
    assert "unknown" not in text
    assert all(float(n.replace(",", "")) > 0.0 for n in number), text
    if max(mean, value - expected if over else 0.0) > 1e-3:
        assert number, text


@given(SIZE.map(abs), SIZE.map(abs), st.booleans())
def test_a_meters_index_is_never_blamed_for_counting_all(
    value: float, expected: float, over: bool
) -> None:
    text = spoken("meter", "%", value, expected, over, 0.0)
    assert not re.search(r"\b100(\.0+)? %", text), text
    assert text.startswith("Index and rate of Reflow oven 1 disagree")


@given(SIZE.map(abs), SIZE.map(abs), st.booleans())
def test_a_share_of_bad_parts_is_told_apart_from_the_usual(
    value: float, expected: float, over: bool
) -> None:
    text = spoken("scrap", "%", value, expected, over, 0.0)
    shown = re.findall(r"[\d,.]+(?= %)", text)
    assert len(set(shown)) == len(shown), text


@given(SIZE, SIZE)
def test_a_drift_says_its_side_and_never_zero(value: float, expected: float) -> None:
    text = spoken("drift", "degC", value, expected, True, 0.0)
    by = re.search(r"drifted (up|down) by ([\d,.]+) degC", text)
    if by is None:
        assert "at times" in text
    else:
        assert float(by[2].replace(",", "")) > 0.0
        assert (by[1] == "up") == (value > expected)


@pytest.mark.parametrize(
    ("what", "value", "expected", "over", "shown"),
    [
        ("power", 4.0, 5.0, False, "Reflow oven 1 at times draws more than expected"),
        ("power", 4.0, 5.0, True, "Reflow oven 1 draws 1 kW less than expected"),
        ("meter", 104.0, 99.0, True, "Index and rate of Reflow oven 1 disagree: it counts 104 % of what flows"),
        ("meter", 100.2, 93.1, True,
         "Index and rate of Reflow oven 1 disagree: it counts all that flows, 93.1 % is its custom"),
    ],
)  # fmt: skip
def test_what_is_too_small_or_whole_reads_as_what_it_means(
    what: str, value: float, expected: float, over: bool, shown: str
) -> None:
    unit = "%" if what == "meter" else "kW"
    assert spoken(what, unit, value, expected, over, 0.0) == shown


def test_a_warning_that_is_over_tells_no_probability() -> None:
    text = (
        "Power bought may pass the contract's 620 kW today about 20:45, 1 % likely. Highest 500 kW"
    )
    s = Score(
        "foresight", "oven_1", "", 10, 500.0, 620.0, 480.0, 530.0, -3.0, False, "oven_1:peak_soon",
        unit="kW", text=text,
    )  # fmt: skip
    assert (
        title(works(), s)
        == "Power bought was about to pass the contract's 620 kW, and no longer is"
    )
    assert title(works(), replace(s, over=True)).endswith("20:45, 1 % likely")
