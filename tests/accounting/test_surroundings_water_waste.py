"""Water by scarcity, reuse and storage; waste by code and treatment, scales and consignment notes joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.accounting import accounts
from ecotwin.accounting.book import Book
from ecotwin.accounting.booked.waste import plug as booked_waste
from ecotwin.accounting.booked.water import plug as booked_water
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.joining import join_all
from ecotwin.accounting.treatments import (
    is_disposed,
    is_diverted,
    is_not_recycled,
    is_recycled,
    is_treatment,
    is_zero_waste,
)
from ecotwin.clock import Period
from ecotwin.plant.model import Basin, Plant
from ecotwin.records import Booking, Measure, Window

DAY = Period(datetime(2026, 6, 1, 22, tzinfo=UTC), datetime(2026, 6, 2, 22, tzinfo=UTC))
MONTHS = tuple(float(n) for n in range(1, 13))
CODES = [f"R{n}" for n in range(1, 14)] + [f"D{n}" for n in range(1, 16)] + ["reuse"]


def desk_of(
    plant: Plant, metered: Sequence[Measure], bookings: Sequence[Booking], period: Period = DAY
) -> Desk:
    def none(signals: Sequence[int], step_s: int) -> Window:
        raise AssertionError("these figures need no window")

    known = {(m.element, m.indicator): m for m in metered}
    return Desk(plant, period, Book.of(period, bookings), known, none)


def booking(
    kind: str, id_: str, period: Period = DAY, element: str = "works", **facts: Any
) -> Booking:
    return Booking(kind, id_, period, element, facts, f"log {id_}")


def figure(measures: Sequence[Measure], indicator: str) -> Measure:
    (found,) = [m for m in measures if m.indicator == indicator]
    return found


def test_scarcity_weighs_consumption_by_the_month_and_never_withdrawal(works: Any) -> None:
    plant = works.with_(basin=Basin("Elbe", MONTHS, "WULCA", 2020))
    start = datetime(2026, 6, 30, 10, tzinfo=UTC)  # 12:00 in Berlin: half of the day lies in July
    half = np.where(np.arange(24) < 12, 2.0, 1.0)
    window = works.window(
        {"works.water": half + 5.0, "sewer.out": 5.0}, start=start, steps=24, step_s=3600
    )
    got = accounts.run(plant, [window], ["works"]).of("works", "water.scarcity")
    assert got.value == pytest.approx(24.0 * 6.0 + 12.0 * 7.0)
    assert got.split == pytest.approx({"06": 144.0, "07": 84.0})
    assert {f.value for f in got.factors} == {6.0, 7.0}
    assert got.unit == "m3 world-eq"


def test_sums_that_tell_no_month_are_a_gap_and_no_zero(works: Any) -> None:
    plant = works.with_(basin=Basin("Elbe", MONTHS, "WULCA", 2020))
    kpi = accounts.kpis()["water"]
    tally = kpi.tally(plant, "works", works.window())
    old = replace(tally, sums={k: v for k, v in tally.sums.items() if "month" not in k})
    assert "water.scarcity" not in {m.indicator for m in kpi.finish(plant, old)}
    assert any("do not tell their month" in text for text in kpi.gaps(plant, old))


@pytest.mark.parametrize("at_risk", [True, False])
def test_water_at_risk_is_all_consumption_or_none(works: Any, at_risk: bool) -> None:
    plant = works.with_(basin=Basin("Elbe", (2.0,), "WULCA", 2020, at_risk))
    got = accounts.run(plant, [works.window()], ["works"])
    used = got.of("works", "water.consumption").value
    assert got.of("works", "water.at_risk").value == pytest.approx(used if at_risk else 0.0)
    assert got.of("works", "water.scarcity").value == pytest.approx(2.0 * used)


def test_without_a_basin_scarcity_is_a_gap_with_words(works: Any) -> None:
    got = accounts.run(works.plant, [works.window()], ["works"])
    assert not [m for m in got.measures if m.indicator in ("water.scarcity", "water.at_risk")]
    assert any("names no basin" in text for _, text in got.gaps)


def test_negative_consumption_is_words_and_no_number(works: Any) -> None:
    got = accounts.run(works.plant, [works.window({"sewer.out": 0.05})], ["works"])
    assert not [m for m in got.measures if m.indicator == "water.consumption"]
    assert any("discharged 43.2 m3 more than it took in" in text for _, text in got.gaps)
    near = accounts.run(works.plant, [works.window({"sewer.out": 0.0201})], ["works"])
    assert any("within the error of the meters" in text for _, text in near.gaps)


def _water(works: Any, *bookings: Booking, aware: tuple[float, ...] = (2.0,)) -> Any:
    plant = works.with_(basin=Basin("Elbe", aware, "WULCA", 2020))
    metered = accounts.run(plant, [works.window()], ["works"]).measures
    return booked_water.figures(desk_of(plant, metered, bookings), "works")


def test_stored_water_is_not_consumed(works: Any) -> None:
    made, words = _water(works, booking("water_storage", "s1", change_m3=3.0))
    assert words == []
    assert figure(made, "water.stored_change").value == 3.0
    used = figure(made, "water.consumption")
    assert used.value == pytest.approx(1440 * (0.02 - 0.015) - 3.0)
    assert figure(made, "water.scarcity").value == pytest.approx(2.0 * used.value)
    assert len(used.inputs) == 3


def test_stored_water_by_month_takes_the_factor_of_its_time(works: Any) -> None:
    made, _ = _water(works, booking("water_storage", "s1", change_m3=3.0), aware=MONTHS)
    assert figure(made, "water.scarcity").value == pytest.approx(
        6.0 * figure(made, "water.consumption").value
    )


def test_more_stored_than_kept_is_words_and_no_number(works: Any) -> None:
    made, words = _water(works, booking("water_storage", "s1", change_m3=30.0))
    assert [m.indicator for m in made] == ["water.stored_change"]
    assert "No consumption is negative" in words[0]


def test_reuse_and_its_share(works: Any) -> None:
    made, words = _water(
        works,
        booking("water_reuse", "r1", volume_m3=7.2),
        booking("water_reuse", "r2", volume_m3=-1.0),
    )
    assert figure(made, "water.reused").value == 7.2
    assert figure(made, "water.reused_share").value == pytest.approx(7.2 / (28.8 + 7.2))
    assert len(words) == 1
    assert "r2" in words[0]


def test_a_booking_that_reaches_beyond_the_period_counts_in_part_and_as_an_estimate(
    works: Any,
) -> None:
    two = Period(DAY.start, DAY.end + timedelta(days=1))
    made, _ = _water(works, booking("water_reuse", "r1", two, volume_m3=10.0))
    got = figure(made, "water.reused")
    assert got.value == pytest.approx(5.0)
    assert got.estimated_share == 1.0
    assert got.high - got.value > 1.0


def test_no_booking_no_figure(works: Any) -> None:
    assert _water(works) == ([], [])


@given(st.sampled_from(CODES))
def test_every_treatment_is_diverted_or_disposed_and_what_is_recycled_is_diverted(
    code: str,
) -> None:
    assert is_treatment(code)
    assert is_diverted(code) != is_disposed(code)
    assert is_recycled(code) != is_not_recycled(code)
    assert is_diverted(code) or not is_recycled(code)
    assert is_zero_waste(code) or not is_diverted(code)


def test_burning_is_disposal_and_no_recycling(works: Any) -> None:
    got = accounts.run(works.plant, [works.window()], ["works"])
    paper, oil, sludge = 144.0, 28.8, 43.2
    assert got.of("works", "waste.disposed").value == pytest.approx(oil + sludge)
    assert got.of("works", "waste.diverted").value == pytest.approx(paper)
    assert got.of("works", "waste.non_recycled").value == pytest.approx(oil + sludge)
    whole = paper + oil + sludge
    share = got.of("works", "waste.non_recycled_share")
    assert share.value == pytest.approx((oil + sludge) / whole)
    assert got.of("works", "waste.diversion_rate").value == pytest.approx(paper / whole)
    zero_waste = got.of("works", "waste.diversion_rate_zero_waste")
    assert zero_waste.value == pytest.approx((paper + oil) / whole)
    assert got.of("works", "waste.by_code").split == pytest.approx(
        {"15 01 01": paper, "13 02 05*": oil, "12 01 14*": sludge}
    )


@pytest.mark.parametrize(("field", "value"), [("treatment", "R14"), ("waste_code", "130205")])
def test_a_code_that_is_none_is_a_gap(works: Any, field: str, value: str) -> None:
    signals = tuple(
        replace(s, **{field: value}) if s.id == "works.oil" else s for s in works.plant.signals
    )
    plant = works.with_(signals=signals)
    got = accounts.run(plant, [works.window(plant=plant)], ["works"])
    gone = {"treatment": "waste.disposed", "waste_code": "waste.by_code"}[field]
    assert gone not in {m.indicator for m in got.measures}
    assert any(value in text and "works.oil" in text for _, text in got.gaps)


def _waste(works: Any, *bookings: Booking, silent: bool = False) -> Any:
    window = works.window(silent={"works.oil": slice(None)} if silent else None)
    metered = accounts.run(works.plant, [window], ["works"]).measures
    return booked_waste.figures(desk_of(works.plant, metered, bookings), "works")


def _note(id_: str, code: str, treatment: str, kg: float) -> Booking:
    return booking("waste", id_, waste_code=code, treatment=treatment, mass_kg=kg)


def test_a_code_that_no_scale_weighs_is_added_once(works: Any) -> None:
    made, words = _waste(
        works, _note("n1", "17 04 05", "R4", 100.0), _note("n2", "16 05 06*", "D10", 4.0)
    )
    assert words == []
    assert figure(made, "waste.total").value == pytest.approx(216.0 + 104.0)
    assert figure(made, "waste.hazardous").value == pytest.approx(28.8 + 43.2 + 4.0)
    assert figure(made, "waste.diverted").value == pytest.approx(144.0 + 100.0)
    assert figure(made, "waste.disposed").value == pytest.approx(28.8 + 43.2 + 4.0)
    share = figure(made, "waste.non_recycled_share")
    assert share.value == pytest.approx(76.0 / 320.0)
    assert share.low <= share.value <= share.high
    for one in made:
        if one.split:
            assert sum(one.split.values()) == pytest.approx(one.value)


def test_what_books_complete_takes_the_place_of_what_meters_tell_alone(works: Any) -> None:
    metered = accounts.run(works.plant, [works.window()], ["works"]).measures
    note = _note("n1", "17 04 05", "R4", 100.0)
    made, _ = booked_waste.figures(desk_of(works.plant, metered, [note]), "works")
    joined, gaps = join_all([(*metered, *made)])
    assert gaps == ()
    assert figure(joined, "waste.total").value == pytest.approx(316.0)
    both, _ = join_all([(*metered, *made), metered])
    assert figure(both, "waste.total").value == pytest.approx(316.0 + 216.0)


def test_what_is_weighed_is_not_counted_again_and_a_difference_is_told(works: Any) -> None:
    same, quiet = _waste(works, _note("n1", "15 01 01", "R3", 145.0))
    assert (same, quiet) == ([], [])
    made, words = _waste(works, _note("n1", "15 01 01", "R3", 190.0))
    assert made == []
    assert "144 kg" in words[0]
    assert "190 kg are booked" in words[0]
    assert "46 kg more" in words[0]
    _, other = _waste(works, _note("n1", "15 01 01", "R1", 144.0))
    assert "treated by R1" in other[0]


def test_unsound_rows_are_refused_one_by_one(works: Any) -> None:
    made, words = _waste(
        works,
        _note("n1", "17 04 05", "R4", 100.0),
        _note("n2", "17 04 05", "R4", -20.0),
        _note("n3", "steel", "R4", 20.0),
        _note("n4", "17 04 05", "melted", 20.0),
    )
    assert figure(made, "waste.total").value == pytest.approx(316.0)
    assert len(words) == 3
    assert "no waste is negative" in words[0]


def test_a_silent_scale_is_no_zero(works: Any) -> None:
    made, words = _waste(works, _note("n1", "17 04 05", "R4", 100.0), silent=True)
    assert made == []
    assert "13 02 05*" in words[-1]


@settings(max_examples=30, deadline=None)
@given(st.floats(0.0, 1e5), st.floats(0.0, 1e5), st.sampled_from(CODES), st.sampled_from(CODES))
def test_diverted_and_disposed_sum_to_all_waste(a: float, b: float, one: str, two: str) -> None:
    plant = Plant("p", "P", "UTC", "EUR", "DE", (_site(),), (), ())
    rows = [
        booking("waste", "1", element="p", waste_code="17 04 05", treatment=one, mass_kg=a),
        booking("waste", "2", element="p", waste_code="16 05 06*", treatment=two, mass_kg=b),
    ]
    made, words = booked_waste.figures(desk_of(plant, [], rows), "p")
    assert words == []
    total = figure(made, "waste.total").value
    assert total == pytest.approx(a + b)
    parts = figure(made, "waste.diverted").value + figure(made, "waste.disposed").value
    assert parts == pytest.approx(total)
    assert figure(made, "waste.by_treatment").value == pytest.approx(total)
    assert figure(made, "waste.non_recycled").value <= total * (1 + 1e-12)


def _site() -> Any:
    from ecotwin.plant.model import Element

    return Element("p", "P", "site", "")
