"""What scenarios change of a case, and what they may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFileFault
from ecotwin.plant import Plant, load
from ecotwin.simulation.air import humid_c, saturation_hpa, vapour_hpa, warmed
from ecotwin.simulation.contract import Case, Image, Job, Known
from ecotwin.simulation.scenario import Applied, apply
from ecotwin.simulation.scenario_file import parse
from ecotwin.simulation.surroundings import WORK, Weather, calendar

START = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)
HEAD = "id: one\nname: One\n"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


@pytest.fixture(scope="module")
def case(plant: Plant) -> Case:
    flat = np.full((1, 1440), 18.0)
    return Case(plant, START, 24.0, 4, 11, Weather(flat, flat - 4.0, np.full((1, 1440), 100.0)))


def put(case: Case | Applied, text: str) -> Applied:
    return apply(parse(HEAD + text, "s.yaml"), case)


def refused(case: Case, text: str) -> str:
    with pytest.raises(ScenarioFileFault) as told:
        put(case, text)
    assert all(fault.startswith("s.yaml:") for fault in told.value.faults)
    return "\n".join(told.value.faults)


def test_an_empty_scenario_changes_nothing(case: Case) -> None:
    assert put(case, "") == Applied(case)


def test_set_points_in_breaks_wake_before_work_goes_on(case: Case) -> None:
    text = "set_points: [{signals: [oven_1.sleep_sp], value: 120, when: breaks, at_least_min: 25, end_early_min: 18}]"
    held = put(case, text).case.settings["oven_1.sleep_sp"]
    local = [
        (s.start.astimezone(case.plant.zone), s.end.astimezone(case.plant.zone))
        for s in held
        if s.start and s.end
    ]
    assert [(f"{a:%H:%M}", f"{b:%H:%M}") for a, b in local] == [
        ("11:30", "11:57"),
        ("18:30", "18:57"),
    ]


def test_working_and_not_working_share_the_day(case: Case) -> None:
    seconds = 0.0
    for when in ("working", "not_working"):
        held = put(
            case, f"set_points: [{{signals: [oven_1.sleep_sp], value: 120, when: {when}}}]"
        ).case.settings["oven_1.sleep_sp"]
        seconds += sum((s.end - s.start).total_seconds() for s in held if s.start and s.end)
    assert seconds == 86_400.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set_points: [{signals: [oven_1.sleep], value: 1}]", "did you mean 'oven_1.sleep_sp'"),
        ("set_points: [{signals: [oven_1.power], value: 1}]", "nobody can set"),
        ("set_points: [{signals: [boiler_1.supply_sp], value: 60}]", "not writable"),
        ("set_points: [{signals: [oven_1.sleep_sp], value: 20}]", "outside of what may be written, 110..260"),
        ("set_points: [{signals: [oven_1.sleep_sp], value: 120, scale: 2}]", "exactly one"),
        ("set_points: [{signals: [oven_1.sleep_sp], value: 120, start: +3h, end: +2h}]", "before it begins"),
        ("set_points: [{signals: [oven_1.sleep_sp], value: 120, start: +30h}]", "outside of the run"),
        ("set_points: [{signals: [oven_1.sleep_sp], value: 120, when: breaks, at_least_min: 99}]", "no such time"),
        ("parameters: [{machines: [oven_9], name: kw_busy, value: 1}]", "there is no machine 'oven_9'"),
        ("parameters: [{machines: [oven_1], name: kw_bussy, value: 1}]", "did you mean 'kw_busy'"),
        ("parameters: [{kind: reflow_oven, name: kw_busy, difference: -60}]", "cannot be below zero"),
        ("parameters: [{name: kw_busy, value: 1}]", "`machines` or `kind`"),
        ("calendar: {change: [{shift: Night, start: '05:00'}]}", "no shift 'Night'"),
        ("calendar: {change: [{shift: Early, overtime_min: 60}]}", "overlaps shift"),
        ("calendar: {shifts: []}", "no shift is left"),
        ("calendar: {change: [{shift: Early, end: '11:00'}]}", "lies outside of shift"),
        ("calendar: {work_on: ['2026-06-20']}", "is no holiday"),
        ("orders: [{line: line_9}]", "no line 'line_9'"),
        ("orders: [{line: line_1, jobs: [{id: a, product: 999, parts: 5}]}]", "no product '999'"),
        ("orders: [{line: air_station, jobs: [{id: a, product: 101, parts: 5}]}]", "no planned run time"),
        ("orders: [{line: line_1, jobs: [{id: a, product: 101, parts: 5, done: 6}]}]", "6 parts of 5"),
        ("orders: [{line: line_1, add: [{id: a, product: 101, parts: 5}, {id: a, product: 102, parts: 5}]}]", "two"),
        ("orders: [{line: line_1, mix: {'101': 0.4}}]", "sum to 0.4"),
        ("machines: {remove: [{machine: oven_1}]}", "their recipe needs it"),
        ("machines: {add: [{id: oven_1, kind: pv, place: grounds}]}", "is taken"),
        ("machines: {add: [{id: new, kind: perpetuum, place: grounds}]}", "no machine kind 'perpetuum'"),
        ("layout: [{line: line_1, order: [loader_1, loader_1]}]", "leaves out"),
        ("products: [{code: 101, run_s: {oven_9: {value: 3}}}]", "no machine or line 'oven_9'"),
        ("products: [{code: 101, run_s: {line_1: {scale: 0}}}]", "above zero"),
        ("products: [{code: 101, materials: {gold: {value: 1}}}]", "no material 'gold'"),
        ("supply: [{material: solder, supplier: A, share: 0.5, kgco2e_per_kg: 3, source: x}]", "sum to 0.5"),
        ("tariffs: [{carrier: electricity, unit: MWh, price: 100}]", "per kWh"),
        ("tariff_scales: [{carrier: steam, scale: 2}]", "no tariff of 'steam'"),
        ("limits: [{permit: dust, limit: 2}]", "no permit 'dust'"),
        ("weather: {file: year.csv}", "was not read"),
        ("events: [{kind: machine_down}]", "lacks machine"),
        ("events: [{kind: machine_down, machine: oven_1, supplier: A}]", "no use for"),
        ("events: [{kind: supplier_lost, supplier: A, materials: [gold]}]", "no material"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_with_its_line(case: Case, text: str, said: str) -> None:
    assert said in refused(case, text)


def test_all_faults_come_at_once(case: Case) -> None:
    told = refused(
        case,
        "set_points: [{signals: [nowhere.sp], value: 1}]\n"
        "parameters: [{machines: [nobody], name: kw, value: 1}]\n"
        "limits: [{permit: none, limit: 1}]\n",
    )
    assert [line.split(":")[1] for line in told.splitlines()] == ["3", "4", "5"]


def test_a_fact_changes_in_the_plant_and_a_calibrated_one_in_the_case(case: Case) -> None:
    text = "parameters: [{machines: [oven_1], name: kw_busy, scale: 0.5}]"
    plain = put(case, text)
    old = case.plant.element("oven_1").kind_facts["kw_busy"]
    assert plain.case.plant.element("oven_1").kind_facts["kw_busy"] == 0.5 * old
    assert case.plant.element("oven_1").kind_facts["kw_busy"] == old
    known = replace(case, parameters={"oven_1.kw_busy": Known(40.0, 4.0, "calibration")})
    assert put(known, text).case.parameters["oven_1.kw_busy"] == Known(20.0, 2.0)


def test_the_calendar_moves_as_a_whole(case: Case) -> None:
    text = (
        "calendar: {change: [{shift: Early, later_min: -60}, {shift: Late, later_min: -60}], "
        "holidays: ['2026-06-19']}"
    )
    before = calendar(case.plant, START - timedelta(hours=4), 1440, 60.0)["kind"]
    made = put(case, text).case.plant
    after = calendar(made, START - timedelta(hours=5), 1440, 60.0)["kind"]
    assert (before == after)[: 22 * 60].all()
    assert (calendar(made, START + timedelta(days=1), 600, 60.0)["kind"] != WORK).all()


def test_orders_are_cut_sorted_and_named(case: Case) -> None:
    jobs = (
        Job("a", 101, 300.0, START + timedelta(hours=9)),
        Job("b", 102, 100.0, START + timedelta(hours=5)),
        Job("c", 101, 50.0, None),
    )
    busy = replace(case, jobs={"line_1": jobs})
    ids = [
        j.id for j in put(busy, "orders: [{line: line_1, rule: earliest_due}]").case.jobs["line_1"]
    ]
    assert ids == ["b", "a", "c"]
    cut = put(busy, "orders: [{line: line_1, batch_parts: 100}]").case.jobs["line_1"]
    assert [j.id for j in cut] == ["a/1", "b", "c", "a/2", "a/3"]
    assert sum(j.parts for j in cut) == sum(j.parts for j in jobs)
    said = put(busy, "orders: [{line: line_1, sequence: [c], remove: [b]}]").case.jobs["line_1"]
    assert [j.id for j in said] == ["c", "a"]


def test_machines_come_go_and_are_replaced(case: Case) -> None:
    text = (
        "machines:\n"
        "  add: [{id: pv_2, kind: pv, place: grounds, after: pv_1, facts: {rated_kwp: 50}}]\n"
        "  remove: [{machine: solder_1, because: no through-hole parts}]\n"
        "  replace: [{machine: oven_1, kind: reflow_oven, facts: {kw_busy: 40}}]\n"
        "  move: [{machine: placer_2c, place: line_1, after: placer_1c}]\n"
    )
    made = put(case, text)
    plant = made.case.plant
    ids = [m.id for m in plant.machines]
    assert ids.index("pv_2") == ids.index("pv_1") + 1
    assert plant.element("pv_2").kind_facts["rated_kwp"] == 50
    assert plant.has_signal("pv_2.power")
    assert "solder_1" not in ids
    assert not any(s.element == "solder_1" for s in plant.signals)
    assert not any("solder_1" in x for b in plant.balances for x in (*b.inputs, *b.outputs))
    assert [s.index for s in plant.signals] == list(range(len(plant.signals)))
    assert plant.element("oven_1").kind_facts["kw_busy"] == 40
    assert plant.element("oven_1").sleep is None or plant.has_signal("oven_1.sleep_sp")
    line = [m.id for m in plant.children("line_1")]
    assert line.index("placer_2c") == line.index("placer_1c") + 1
    assert set(made.touched) >= {"pv_2", "oven_1", "placer_2c"}


def test_another_kind_brings_its_own_set_points(case: Case) -> None:
    text = (
        "machines: {replace: [{machine: boiler_1, kind: air_compressor, set_points: {pressure_sp: 6.5}}]}\n"
        "set_points: [{signals: [boiler_1.pressure_sp], value: 6.8, start: +1h}]\n"
    )
    made = put(case, text).case
    assert [s.value for s in made.settings["boiler_1.pressure_sp"]] == [6.5, 6.8]
    assert not any(p.element == "boiler_1" and p.signal for p in made.plant.permits)


def test_a_line_in_another_order(case: Case) -> None:
    line = [m.id for m in case.plant.children("line_1")]
    made = put(case, f"layout: [{{line: line_1, order: [{', '.join(reversed(line))}]}}]")
    assert [m.id for m in made.case.plant.children("line_1")] == line[::-1]
    assert [e.id for e in made.case.plant.children("line_2")] == [
        e.id for e in case.plant.children("line_2")
    ]


def test_a_supplier_lost_stops_what_needs_it_or_another_steps_in(case: Case) -> None:
    lost = "events: [{kind: supplier_lost, supplier: Lamitek, materials: [bare_board]}]"
    made = put(case, lost)
    stopped = {o.machine for o in made.case.outages}
    assert {"oven_1", "oven_2", "packing_3"} <= stopped
    assert "compressor_1" not in stopped
    assert made.impossible
    assert "Lamitek" in made.impossible[0]
    some = put(case, lost.replace("bare_board", "aluminium"))
    assert some.case.mix["line_1"] == {101: 0.5, 102: 0.5}
    assert not some.case.outages
    instead = (
        "events: [{kind: supplier_lost, supplier: Lamitek, materials: [bare_board], "
        "instead: [{material: bare_board, supplier: Nordplatine, kgco2e_per_kg: 22, source: x}]}]"
    )
    kept = put(case, instead)
    assert not kept.case.outages
    assert not kept.impossible
    assert kept.terms.supply["bare_board"][0].supplier == "Nordplatine"


def test_scenarios_add_up(case: Case) -> None:
    one = "parameters: [{machines: [oven_1], name: kw_busy, scale: 0.5}]"
    both = put(put(case, one), "events: [{kind: heat_wave, warmer_k: 6}]")
    assert both.case.plant.element("oven_1").kind_facts["kw_busy"] == 25.0
    assert (both.case.weather.outdoor_c == 24.0).all()
    assert case.weather.outdoor_c[0, 0] == 18.0


def test_a_grid_mean_keeps_the_course_of_the_day(case: Case) -> None:
    made = put(
        case,
        "grid: {location: 0.147, source: x}\ntariff_scales: [{carrier: electricity, scale: 2}]",
    )
    grid, old = made.case.plant.grid, case.plant.grid
    assert grid is not None
    assert old is not None
    assert np.mean(grid.hourly) == pytest.approx(0.147)
    assert grid.hourly[12] / grid.hourly[3] == pytest.approx(old.hourly[12] / old.hourly[3])
    before, after = (p.tariff("electricity") for p in (case.plant, made.case.plant))
    assert before is not None
    assert after is not None
    assert after.bands[0][2] == 2 * before.bands[0][2]


def test_moments_are_local_and_relative(case: Case) -> None:
    def start(text: str) -> datetime | None:
        held = put(case, f"set_points: [{{signals: [oven_1.sleep_sp], value: 120, start: {text}}}]")
        return held.case.settings["oven_1.sleep_sp"][0].start

    assert start("+90min") == START + timedelta(minutes=90)
    assert start("'14:30'") == datetime(2026, 6, 18, 12, 30, tzinfo=UTC)
    assert start("'05:00'") == datetime(2026, 6, 19, 3, 0, tzinfo=UTC)
    assert start("2026-06-18T14:30") == datetime(2026, 6, 18, 12, 30, tzinfo=UTC)
    assert start("2026-06-18T14:30+00:00") == datetime(2026, 6, 18, 14, 30, tzinfo=UTC)


def test_a_difference_is_from_where_the_plant_stands(case: Case) -> None:
    text = "set_points: [{signals: [compressor_1.pressure_sp], difference: -0.5}]"
    assert put(case, text).case.settings["compressor_1.pressure_sp"][0].value == 7.0
    live = replace(case, image=Image(START, {"compressor_1.pressure_sp": 7.1}))
    assert put(live, text).case.settings["compressor_1.pressure_sp"][0].value == pytest.approx(6.6)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-15, 40),
    st.floats(5, 100),
    st.floats(-8, 12),
)
def test_warmer_air_keeps_its_moisture(air: float, humidity: float, warmer: float) -> None:
    dry = np.full((1, 3), air)
    wet = humid_c(dry, np.full((1, 3), humidity))
    assert (wet <= dry + 1e-6).all()
    made = warmed(Weather(dry, wet, dry * 0), warmer, 1, 3)
    assert made.outdoor_c[0].tolist() == pytest.approx([air, air + warmer, air + warmer])
    before, after = vapour_hpa(dry, wet), vapour_hpa(made.outdoor_c, made.wet_bulb_c)
    assert after[0, 0] == pytest.approx(before[0, 0], abs=1e-5)
    full = saturation_hpa(made.outdoor_c)
    assert after == pytest.approx(np.minimum(before, full), abs=1e-4)
