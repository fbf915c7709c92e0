"""Faults put into made days: found, dated, measured; healthy days stay quiet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detection.plant_minutes import causes, day, detector, machines, works
from ecotwin.detection.silence import Silence
from ecotwin.plant import Plant
from ecotwin.plant.own import with_own
from ecotwin.plugs import load as load_plug
from ecotwin.plugs import names
from ecotwin.records import Quality, Readings, Score

MINUTE = 60_000_000


def test_a_healthy_week_stays_quiet() -> None:
    plant = works()
    many = {name: detector(name) for name in names("detection")}
    said: list[Score] = []
    for number in range(7):
        window, expected = day(plant, number, seed=5)
        for one in many.values():
            said += one.on_minutes(window, expected)
    assert causes(said) == set()


@pytest.mark.parametrize(("share", "hours"), [(0.30, 0.5), (0.10, 4.0)])
def test_power_above_expected_is_found_dated_and_measured(share: float, hours: float) -> None:
    plant, residual = works(), detector("residual")
    column = machines(plant).index("oven_2")
    said: list[Score] = []
    for number in range(4):
        window, expected = day(plant, number, seed=1)
        if number >= 2:
            begin = 400 if number == 2 else 0
            expected.actual[begin:, column] += share * 50.0
        said += residual.on_minutes(window, expected)
    assert causes(said) == {"oven_2:power"}
    true_onset = day(plant, 2)[0].period.start_us + 400 * MINUTE
    first = said[0]
    assert (first.at - true_onset) / MINUTE <= 60 * hours
    assert abs(first.onset - true_onset) / MINUTE <= 30
    last = said[-1]
    assert abs(last.excess_kw - share * 50.0) <= 2 * 1.96 * last.excess_sd
    assert last.excess_kw == pytest.approx(share * 50.0, rel=0.15)
    assert last.so_far == pytest.approx(share * 50.0 * (1440 * 2 - 400) / 60, rel=0.15)


def test_excess_in_breaks_only_is_not_called_well_by_busy_hours() -> None:
    plant, residual = works(), detector("residual")
    column = machines(plant).index("oven_1")
    state = plant.signal("oven_1.state").index
    said: list[Score] = []
    for number in range(3):
        window, expected = day(plant, number, seed=2)
        if number == 2:
            idle = window.last[:, state] == 4
            expected.actual[idle, column] += 12.0
        said += residual.on_minutes(window, expected)
    assert causes(said) == {"oven_1:power"}
    assert all(s.over for s in said), "busy hours between the breaks must not close it"
    idle_share = float(np.mean(day(plant, 2)[0].last[:, state] == 4))
    assert said[-1].excess_kw == pytest.approx(12.0 * idle_share, rel=0.35)


def test_it_is_over_when_the_machine_is_well_again() -> None:
    plant, residual = works(), detector("residual")
    column = machines(plant).index("oven_2")
    said: list[Score] = []
    for number in range(3):
        window, expected = day(plant, number, seed=3)
        if number == 1:
            expected.actual[300:900, column] += 15.0
        said += residual.on_minutes(window, expected)
    assert [s.over for s in said].count(False) == 1
    ended = next(s for s in said if not s.over)
    minute = (ended.at - day(plant, 1)[0].period.start_us) / MINUTE
    assert 900 < minute < 1000


@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("air", "air:compressed_air"),
        ("tower", "cooling_tower_1.water_in:water"),
        ("water", "water:water"),
    ],
)
def test_leaks_are_found_where_they_are(what: str, cause: str) -> None:
    plant, baseflow = works(), detector("baseflow")
    said: list[Score] = []
    for number in range(5):
        window, expected = day(plant, number, seed=4)
        if number >= 3:
            main = plant.signal("water_main.water_in").index
            if what == "air":
                for i in ("compressor_1.air_flow", "compressor_2.air_flow"):
                    window.mean[:, plant.signal(i).index] += 8.0
            else:
                window.amount[:, main] += 0.4 / 60
            if what == "tower":
                window.amount[:, plant.signal("cooling_tower_1.water_in").index] += 0.4 / 60
        said += baseflow.on_minutes(window, expected)
    assert causes(said) == {cause}
    true_rate = 24 * (16.0 if what == "air" else 0.4)
    assert said[-1].excess_rate == pytest.approx(true_rate, rel=0.15)
    onset = day(plant, 3)[0].period.start_us
    assert abs(said[0].onset - onset) <= 60 * MINUTE


def test_a_slowly_growing_leak_is_found() -> None:
    plant, baseflow = works(), detector("baseflow")
    said: list[Score] = []
    for number in range(9):
        window, expected = day(plant, number, seed=6)
        if number >= 3:
            grown = (number - 3 + np.arange(1440) / 1440) * 1.5
            window.mean[:, plant.signal("compressor_1.air_flow").index] += grown
        said += baseflow.on_minutes(window, expected)
    assert causes(said) == {"air:compressed_air"}
    days = (said[0].at - day(plant, 3)[0].period.start_us) / MINUTE / 1440
    assert days < 5


def test_an_inverter_that_is_out_is_found_in_the_first_hour_of_sun() -> None:
    plant, sunlight = works(), detector("sunlight")
    said: list[Score] = []
    for number in range(3):
        window, expected = day(plant, number, seed=7)
        if number == 2:
            window.mean[540:, plant.signal("pv_1.power").index] *= 2 / 3
        said += sunlight.on_minutes(window, expected)
    assert causes(said) == {"pv_1:sun"}
    onset = day(plant, 2)[0].period.start_us + 540 * MINUTE
    assert said[0].at - onset <= 60 * MINUTE
    assert abs(said[0].onset - onset) <= 15 * MINUTE


def test_a_burst_of_scrap_is_found() -> None:
    plant, scrap = works(), detector("scrap")
    rng = np.random.default_rng(8)
    said: list[Score] = []
    total, good = (
        plant.signal("inspection_1.parts_total").index,
        plant.signal("inspection_1.parts_good").index,
    )
    for number in range(3):
        window, expected = day(plant, number, seed=8)
        if number == 2:
            made = window.amount[600:800, total]
            window.amount[600:800, good] = made - rng.binomial(made.astype(int), 0.12)
        said += scrap.on_minutes(window, expected)
    assert causes(said) == {"inspection_1:scrap"}
    first = said[0]
    begin = day(plant, 2)[0].period.start_us + 600 * MINUTE
    assert first.at - begin <= 150 * MINUTE
    assert [s.over for s in said][-1] is False, "it ends when the scrap is usual again"


def test_a_slow_drift_is_found_by_its_hours() -> None:
    plant, ewma = works(), detector("ewma")
    column = machines(plant).index("compressor_1")
    said: list[Score] = []
    for number in range(21):
        window, expected = day(plant, number, seed=9)
        grown = max(0.0, (number - 8) * 0.004)
        expected.actual[:, column] *= 1 + grown
        said += ewma.on_minutes(window, expected)
    assert causes(said) == {"compressor_1:power"}
    days = (said[0].at - day(plant, 8)[0].period.start_us) / MINUTE / 1440
    assert days < 12
    assert said[0].value < 0.06 * 55.0 + said[0].expected


def test_vibration_that_rises_is_wear() -> None:
    plant, ewma = works(), detector("ewma")
    signal = plant.signal("compressor_1.vibration").index
    rng = np.random.default_rng(3)
    said: list[Score] = []
    for number in range(9):
        window, expected = day(plant, number, seed=10)
        window.mean[:, signal] = 2.0 + 0.1 * rng.normal(0, 1, 1440) + (0.6 if number >= 6 else 0.0)
        said += ewma.on_minutes(window, expected)
    assert causes(said) == {"compressor_1.vibration:drift"}
    assert said[0].excess_kw == 0.0


def test_silence_of_a_machine_and_of_a_connection() -> None:
    plant, silence = works(), detector("silence")
    window, expected = day(plant, 0)
    own = [s.index for s in plant.signals_of("oven_1")]
    window.covered[300:400, own] = 0.0
    window.count[300:400, own] = 0
    window.covered[700:800] = 0.0
    window.count[700:800] = 0
    said = silence.on_minutes(window, expected)
    start = window.period.start_us
    gap = [s for s in said if s.cause == "oven_1:gap"]
    assert gap[0].at == start + 311 * MINUTE
    assert gap[0].onset == start + 300 * MINUTE
    assert [s.over for s in gap].count(False) == 1
    wide = {s.cause for s in said if s.at > start + 600 * MINUTE}
    assert len(wide) == len({s.connection for s in plant.signals}), (
        "one finding a silent connection"
    )
    assert all(":gap:" in c for c in wide)


def test_a_stuck_sensor_is_a_finding_of_its_sensor() -> None:
    plant, silence = works(), detector("silence")
    window, expected = day(plant, 0)
    s = plant.signal("oven_1.zone_1_temperature")
    window.covered[300:600, s.index] = 0.0
    said = silence.on_minutes(window, expected)
    assert causes(said) == {"oven_1.zone_1_temperature:stuck"}
    assert said[0].onset == window.period.start_us + 300 * MINUTE - int(s.stuck_after_s * 1e6)
    assert said[-1].over is False


def test_limits_have_hysteresis_and_take_no_stale_value() -> None:
    plant, limits = works(), detector("limits")
    s = plant.signal("oven_1.zone_1_temperature")
    assert s.high == 330

    def judge(at: int, value: float, quality: int = 0) -> list[bool]:
        one = Readings.of([s.index], [at], [value], np.array([quality], np.uint8))
        return [score.over for score in limits.on_readings(one)]

    second = 1_000_000
    assert judge(100 * second, 300) == []
    assert judge(101 * second, 340, Quality.STALE) == []
    assert judge(102 * second, 340) == [True]
    assert judge(103 * second, 341) == [], "said once a minute"
    assert judge(170 * second, 328) == [True], "inside, but not by two per cent"
    assert judge(171 * second, 320) == [False]
    assert judge(172 * second, 320) == []


def with_facts(element: str, **facts: float | bool) -> Plant:
    plant = works()
    elements = tuple(
        replace(e, kind_facts={**e.kind_facts, **facts}) if e.id == element else e
        for e in plant.elements
    )
    return replace(plant, elements=elements)


def test_a_row_of_zeros_is_a_drop_out_and_not_clean_power() -> None:
    plant = with_facts("boiler_1", zero_means_fault=True)
    limits = load_plug("detection", "limits")(plant)
    row = [s.index for s in plant.signals_of("boiler_1") if s.form in ("interval", "rate", "gauge")]

    def at(second: int, values: list[float]) -> list[Score]:
        stamps = [second * 1_000_000] * len(row)
        said: list[Score] = limits.on_readings(Readings.of(row, stamps, values))
        return said

    some = [5.0] * len(row)
    assert at(100, some) == []
    (dropped,) = at(130, [0.0] * len(row))
    assert dropped.over
    assert dropped.cause == "boiler_1:zero"
    assert dropped.excess_kw == 0.0
    (back,) = at(160, some)
    assert not back.over
    assert at(190, [0.0] * (len(row) - 1) + [1.0]) == [], "one value lives: no drop-out"


def test_a_permit_is_judged_over_its_averaging_time() -> None:
    plant = with_facts(
        "boiler_1", permit_nox_concentration=100.0, permit_nox_concentration_min=60.0
    )
    limits = load_plug("detection", "limits")(plant)
    window, expected = day(works(), 0)
    nox = plant.signal("boiler_1.nox_concentration").index
    window.mean[:, nox] = 80.0
    window.mean[120:130, nox] = 150.0
    window.mean[240:300, nox] = 110.0
    window.mean[360:420, nox] = 150.0
    window.covered[360:400, nox] = 0.0
    said = limits.on_minutes(window, expected)
    start = window.period.start_us
    assert [(s.over, (s.at - start) // MINUTE) for s in said] == [(True, 300), (False, 360)]
    assert said[0].value == pytest.approx(110.0)
    assert said[0].onset == start + 240 * MINUTE


def test_a_meter_that_stands_still_at_work_is_found() -> None:
    """Power that never stood for two minutes stands for an hour and a half, while the machine works."""
    plant, frozen = works(), detector("frozen")
    power = plant.signal("oven_2.power").index
    rng = np.random.default_rng(8)
    said: list[Score] = []
    for number in range(5):
        window, expected = day(plant, number, seed=6)
        for s in plant.signals:  # every gauge moves from minute to minute, as measured values do
            if s.form in ("gauge", "rate"):
                window.last[:, s.index] += 0.01 * rng.normal(size=window.steps)
        if number == 4:
            window.last[600:690, power] = 47.86
        low = window.last.copy()
        window = replace(window, low=low, high=low)
        said += frozen.on_minutes(window, expected)
    assert causes(said) == {"oven_2.power:stuck"}
    begin = day(plant, 4)[0].period.start_us + 600 * MINUTE
    assert abs(said[0].onset - begin) <= 2 * MINUTE
    assert 40 <= (said[0].at - begin) / MINUTE <= 50
    assert not said[-1].over
    assert "47.9 kW" in said[0].text


def test_what_stands_still_by_custom_is_not_stuck() -> None:
    """A value that stands for hours every day, and a machine that is off for a week-end, say nothing."""
    plant, frozen = works(), detector("frozen")
    rng = np.random.default_rng(9)
    power, state = plant.signal("oven_2.power").index, plant.signal("oven_2.state").index
    warm = plant.signal("ahu_1.return_temperature").index
    said: list[Score] = []
    for number in range(7):
        window, expected = day(plant, number, seed=7)
        window.last[:, power] = 47.0 + rng.normal(size=window.steps)
        window.last[:, warm] = 21.0 + np.arange(window.steps) // 240
        if number >= 5:
            window.last[:, power], window.last[:, state] = 0.4, 0
        window = replace(window, low=window.last, high=window.last)
        said += [
            s
            for s in frozen.on_minutes(window, expected)
            if s.signal.startswith(("oven_2.power", "ahu_1.ret"))
        ]
    assert causes(said) == set()


@pytest.mark.parametrize(("hour", "found"), [(15, True), (3, False)])
def test_ovens_that_heat_together_in_the_dearest_hours(hour: int, found: bool) -> None:
    """Two ovens heat for 45 minutes: from 17:00 local (dearest band) it is told, from 05:00 (cheapest) it is not."""
    plant, peak = works(), detector("peak")
    window, expected = day(plant, 1, seed=1)
    begin = hour * 60
    for oven in ("oven_1", "oven_2"):
        window.last[begin : begin + 45, plant.signal(f"{oven}.state").index] = 2
        window.mean[begin : begin + 45, plant.signal(f"{oven}.power").index] = 60.0
    said = peak.on_minutes(window, expected)
    assert causes(said) == ({"oven_1:peak", "oven_2:peak"} if found else set())
    if found:
        assert (said[0].at - window.period.start_us) / MINUTE <= begin + 15
        assert said[0].onset == window.period.start_us + begin * MINUTE
        assert {s.over for s in said[-2:]} == {False}
        last = [s for s in said if s.over][-1].text
        assert "45.0 kWh" in last
        assert "3.83 EUR less" in last


def test_one_oven_alone_is_no_peak() -> None:
    plant, peak = works(), detector("peak")
    window, expected = day(plant, 1, seed=1)
    window.last[900:960, plant.signal("oven_1.state").index] = 2
    window.mean[900:960, plant.signal("oven_1.power").index] = 60.0
    assert peak.on_minutes(window, expected) == []


def test_the_twins_own_signals_may_be_silent() -> None:
    plant = with_own(works())
    window, _ = day(works(), 0)
    n = window.steps
    columns: dict[str, Any] = {
        name: np.column_stack([getattr(window, name), np.ones(n)])
        for name in ("mean", "low", "high", "last", "amount", "covered", "estimated")
    }
    columns["covered"][600:, -1] = 0.0
    count = np.column_stack([window.count, np.where(np.arange(n) < 600, 1, 0)])
    grown = replace(window, signals=(*window.signals, len(window.signals)), count=count, **columns)
    assert Silence(plant).on_minutes(grown, None) == []
    grown.covered[600:, plant.signal("oven_1.power").index] = 0.0
    grown.count[600:, plant.signal("oven_1.power").index] = 0
    assert {s.element for s in Silence(plant).on_minutes(grown, None)} == {"oven_1"}
