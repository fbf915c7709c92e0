"""People's working conditions: heat, noise, lifting, shifts; groups only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounting.test_surroundings_water_waste import booking, figure
from ecotwin.accounting.book import Book
from ecotwin.accounting.booked.people import plug
from ecotwin.accounting.contract import Desk
from ecotwin.accounting.working import (
    Lift,
    composite_lifting_index,
    frequency_multiplier,
    lifting_index,
    mean_level,
    night_hours,
    noise_verdict,
    recommended_weight,
    shift_strain,
    wbgt_reference,
)
from ecotwin.errors import FigureGap
from ecotwin.plant.model import Plant, Shift, WorkGroup
from ecotwin.records import Window

EASY = Lift(10.0, 30.0, 75.0, 30.0, 1.0, 8.0, 0.0, "good")
BERLIN = ZoneInfo("Europe/Berlin")


# ------------------------------------------------------------------ plain numbers


def test_the_manuals_ideal_lift_is_23_kg() -> None:
    assert recommended_weight(Lift(1, 25, 75, 25, 0.2, 1, 0, "good")) == pytest.approx(23.0)


def test_loading_punch_press_stock() -> None:
    """Applications Manual, example 1: at the origin H 23, V 15, D 48, A 0, fair grip: 16.7 kg (36.8 lb)."""
    inch, lb = 2.54, 0.45359237
    lift = Lift(44 * lb, 9.2 * inch, 15 * inch, 21 * inch, 0.2, 1.0, 0.0, "fair")
    by_hand = 23.0 * 1.0 * (1 - 0.003 * abs(15 * inch - 75)) * (0.82 + 4.5 / (21 * inch)) * 0.95
    assert recommended_weight(lift) == pytest.approx(by_hand)


@given(
    st.floats(1, 40), st.floats(20, 60), st.floats(0, 170), st.floats(0, 150), st.floats(0, 130),
    st.sampled_from([0.2, 1.0, 4.0, 9.0]), st.sampled_from([1.0, 2.0, 8.0]),
)  # fmt: skip
def test_a_farther_longer_more_twisted_lift_is_never_easier(
    load: float, out: float, up: float, far: float, turn: float, pace: float, hours: float
) -> None:
    one = Lift(load, out, up, far, pace, hours, turn)
    try:
        index = lifting_index(one)
    except FigureGap:
        return
    harder: list[dict[str, float]] = [
        {"load_kg": load + 1}, {"horizontal_cm": out + 2}, {"asymmetry_deg": turn + 3},
    ]  # fmt: skip
    for change in harder:
        worse = replace(one, **change)  # type: ignore[arg-type]
        assert lifting_index(worse) >= index * (1 - 1e-12)
    assert index >= load / 23.0 * (1 - 1e-12)


@pytest.mark.parametrize(
    "change",
    [
        {"horizontal_cm": 64.0}, {"vertical_cm": 176.0}, {"per_min": 16.0}, {"hours": 9.0},
        {"coupling": "soap"}, {"load_kg": -1.0}, {"asymmetry_deg": 136.0},
    ],
)  # fmt: skip
def test_what_the_equation_does_not_hold_for_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(FigureGap):
        lifting_index(replace(EASY, **change))


def test_together_is_harder_than_the_hardest_and_the_order_does_not_matter() -> None:
    lifts = [EASY, replace(EASY, load_kg=14.0), replace(EASY, load_kg=6.0, per_min=2.0)]
    composite = composite_lifting_index(lifts)
    assert composite > max(lifting_index(x) for x in lifts)
    assert composite_lifting_index(lifts[::-1]) == pytest.approx(composite)
    one = composite_lifting_index([replace(EASY, per_min=2.0)])
    assert composite_lifting_index([EASY, EASY]) == pytest.approx(one)
    with pytest.raises(FigureGap, match="come to 16"):
        composite_lifting_index([replace(EASY, per_min=8.0)] * 2)


def test_frequency_never_helps() -> None:
    for hours in (1.0, 2.0, 8.0):
        for up in (50.0, 80.0):
            row = [frequency_multiplier(p, hours, up) for p in np.arange(0.1, 17, 0.3)]
            assert row == sorted(row, reverse=True)
            assert row[-1] == 0.0


@given(st.lists(st.floats(30, 120), min_size=1, max_size=30))
def test_the_energy_mean_is_never_below_the_mean_of_the_numbers(levels: list[float]) -> None:
    got = mean_level(levels)
    assert sum(levels) / len(levels) - 1e-9 <= got <= max(levels) + 1e-9


def test_the_action_values_hold_outside_and_the_limit_inside_of_the_protector() -> None:
    assert [noise_verdict(v) for v in (79.9, 80.0, 85.0, 87.0, 87.1)] == [
        "quiet", "inform", "act", "act", "limit passed",
    ]  # fmt: skip
    assert noise_verdict(100.0, 15.0) == "act"


def test_the_night_is_local_and_right_on_the_day_clocks_change() -> None:
    night = (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC))
    assert night_hours(*night, BERLIN) == pytest.approx(8.0)  # 23:00 to 06:00 with one hour twice
    usual = (datetime(2026, 6, 1, 21, tzinfo=UTC), datetime(2026, 6, 2, 4, tzinfo=UTC))
    assert night_hours(*usual, BERLIN) == pytest.approx(7.0)


def test_strain_counts_a_shift_once() -> None:
    start = datetime(2026, 6, 1, 20, tzinfo=UTC)
    rows = [
        ("A", start, start + timedelta(hours=10), 9.0),  # night, and long
        ("A", start + timedelta(hours=18), start + timedelta(hours=26), 7.5),  # after 8 h of rest
        ("B", start + timedelta(hours=36), start + timedelta(hours=44), 7.5),  # fine
    ]
    got = shift_strain(rows, ZoneInfo("UTC"))
    assert (got.shifts, got.strained, got.night, got.long, got.short_rest) == (3, 2, 1, 1, 1)
    assert wbgt_reference(4, False) == 20.0


# ------------------------------------------------------------------ on a plant


def _plant(works: Any, *groups: WorkGroup, shifts: Any = None) -> Plant:
    base, size = works.plant.signal("weather.temperature"), len(works.plant.signals)
    more = [
        replace(base, index=size + n, id=f"hall.{name}", element="hall", means=means, unit=unit)
        for n, (name, means, unit) in enumerate(
            (("wet", "wet_bulb", "degC"), ("globe", "globe_temperature", "degC"), ("noise", "noise", "dB"))
        )
    ]  # fmt: skip
    plant: Plant = works.with_(signals=(*works.plant.signals, *more), people=groups)
    return plant if shifts is None else replace(plant, shifts=shifts)


GROUP = WorkGroup(
    "hall", "The hall", "hall", 12, "hall.wet", "hall.globe", "", "hall.noise", acclimatised=True
)


def _lift(id_: str, **changes: Any) -> Any:
    facts: dict[str, Any] = {
        "group": "hall", "load_kg": 10.0, "horizontal_cm": 30.0, "vertical_cm": 75.0, "distance_cm": 30.0,
        "per_min": 1.0, "hours": 8.0, "coupling": "good",
    }  # fmt: skip
    return booking("lift", id_, **(facts | changes))


def _figures(works: Any, plant: Plant, values: dict[str, Any], *bookings: Any, **more: Any) -> Any:
    whole = works.window(values, plant=plant, **more)

    def window(signals: Sequence[int], step_s: int) -> Window:
        chosen, step = list(signals), step_s // 60

        def mean(column: Any) -> Any:
            return column[:, chosen].reshape(-1, step, len(chosen)).mean(axis=1)

        covered = mean(whole.covered)
        with np.errstate(invalid="ignore"):
            return Window(
                whole.period, step_s, tuple(chosen), mean(whole.mean), mean(whole.low), mean(whole.high),
                mean(whole.last), mean(whole.amount), covered, 0 * covered, np.ones(covered.shape, np.int64),
            )  # fmt: skip

    desk = Desk(plant, whole.period, Book.of(whole.period, bookings), {}, window)
    return plug.figures(desk, "works")


def test_heat_counts_hours_of_shifts_only(works: Any) -> None:
    hour = np.arange(1440) // 60
    wet = np.where((hour >= 10) & (hour < 20), 30.0, 18.0)  # hot from 10:00 to 20:00 in Berlin
    values = {"hall.wet": wet, "hall.globe": 30.0, "hall.noise": 70.0}
    made, words = _figures(works, _plant(works, GROUP), values)
    got = figure(made, "people.wbgt_excess_hours")
    assert got.value == 4.0  # the shift ends at 14:00
    assert got.split == {"The hall": 4.0}
    assert "highest hour was 30.0 degC" in " ".join(words)
    dressed, _ = _figures(works, _plant(works, replace(GROUP, clothing_c=-5.0)), values)
    assert figure(dressed, "people.wbgt_excess_hours").value == 0.0


def test_noise_is_a_mean_of_energy_over_the_shift(works: Any) -> None:
    minute = np.arange(1440)
    level = np.where((minute >= 360) & (minute < 380), 100.0, 60.0)
    values = {"hall.wet": 15.0, "hall.globe": 15.0, "hall.noise": level}
    made, words = _figures(works, _plant(works, GROUP), values)
    by_hand = 10 * math.log10((20 * 1e10 + 430 * 1e6) / 480)  # 7.5 h of work out of 8
    got = figure(made, "people.noise_exposure")
    assert got.value == pytest.approx(by_hand)
    assert got.numerator is None  # levels never add up
    assert "the upper action value of 85" in " ".join(words)
    assert "Peak levels are not measured" in " ".join(words)


def test_a_group_below_five_is_refused_and_its_bookings_with_it(works: Any) -> None:
    few = replace(GROUP, size=4)
    lift = _lift("l1", load_kg=20.0)
    made, words = _figures(works, _plant(works, few), {"hall.noise": 90.0}, lift)
    assert made == []
    assert len(words) == 1
    assert "fewer than 5" in words[0]


def test_bookings_of_exposure_and_lifts(works: Any) -> None:
    bare = replace(GROUP, wet_bulb="", globe="", noise="")
    rows = (
        booking("exposure", "e1", group="hall", noise_db=88.0, hours=4.0),
        booking("exposure", "e2", group="hall", wbgt_c=31.0, hours=3.0),
        _lift("l1"),
        _lift("l2", load_kg=14.0),
        _lift("l3", group="office"),
    )  # fmt: skip
    made, words = _figures(works, _plant(works, bare), {}, *rows)
    assert figure(made, "people.noise_exposure").value == pytest.approx(84.9897, abs=1e-4)
    assert figure(made, "people.wbgt_excess_hours").value == 3.0
    index = figure(made, "people.lifting_index")
    assert index.value == pytest.approx(composite_lifting_index([EASY, replace(EASY, load_kg=14.0)]))  # fmt: skip
    assert any("'office'" in w for w in words)


def test_a_lift_that_may_not_be_done_leaves_no_harmless_figure(works: Any) -> None:
    rows = (_lift("l1", horizontal_cm=80.0),)
    made, words = _figures(works, _plant(works, GROUP), {"hall.noise": 60.0}, *rows)
    assert "people.lifting_index" not in {m.indicator for m in made}
    assert any("may not be done at all" in w for w in words)


def test_silence_is_words(works: Any) -> None:
    gaps = {"hall.wet": slice(None), "hall.noise": slice(None)}
    made, words = _figures(works, _plant(works, GROUP), {}, silent=gaps)
    assert {m.indicator for m in made} == {"people.shift_strain"}
    assert any("measured for 0 % of its shifts" in w for w in words)
    assert any("measured for 0 % of the shifts" in w for w in words)


def test_shifts_of_a_night_crew_strain(works: Any) -> None:
    night = Shift("Night", (0, 1, 2, 3, 4), time(22), time(6))
    early = works.plant.shifts[0]
    plant = _plant(works, GROUP, shifts=(early, night))
    made, _ = _figures(works, plant, {"hall.noise": 60.0}, steps=3 * 1440)
    got = figure(made, "people.shift_strain")
    assert (got.numerator, got.denominator) == (2.0, 5.0)  # the nights that lie wholly in it
    none, _ = _figures(works, _plant(works), {})
    assert none == []
