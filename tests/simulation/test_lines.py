"""What lines do by the calendar, with orders, people, outages, ovens, images; and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.simulation.chance import Chance
from ecotwin.simulation.contract import Image, Job, Known, Outage
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.lineplan import lines_of, plan
from ecotwin.simulation.linesheet import sheet
from ecotwin.simulation.parameters import Parameters
from ecotwin.simulation.units.lines import LineUnit, plug
from simulation.workshop import LINE, START, case_of, unit, works

DAY = {
    "shifts": [
        {
            "name": "Early",
            "days": ["mon", "tue"],
            "start": "06:00",
            "end": "14:00",
            "breaks": ["10:00-10:30"],
        }
    ]
}
STATES = ("off", "standby", "heating", "setup", "idle", "busy", "down")


@pytest.fixture(scope="module")
def electronics() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def day_of(plant: Plant, **changed: Any) -> Any:
    return replace(case_of(plant, 24.0, 6, mix={}), **changed)


@pytest.mark.parametrize("line", ["line_1", "line_2", "line_3"])
def test_energy_is_hours_by_state_times_power(electronics: Plant, line: str) -> None:
    case = day_of(electronics, parameters={})
    only = LineUnit(plan(electronics, line), alone=True)
    told = run(case, [only])
    made = sheet(only.plan, Parameters(case, Chance(case.seed, 0, case.runs)), case)
    for n, station in enumerate(only.plan.stations):
        hours = np.stack([told.total(f"{s}_h", station.id) for s in STATES], axis=1)
        assert hours.sum(axis=1) == pytest.approx(np.full(6, 24.0), abs=1e-9)
        kwh = (hours * made.kw[:, n]).sum(axis=1)
        assert told.total("electricity_kwh", station.id) == pytest.approx(kwh, rel=1e-9)
        idle = told.total("starved_h", station.id) + told.total("blocked_h", station.id)
        assert (idle <= told.total("idle_h", station.id) + 1e-9).all()
    assert made.kw.std(axis=0).max() > 0.0, "powers are drawn"
    assert told.total("parts_good").min() > 1000


def test_a_seed_gives_the_same_whatever_batch_or_step(electronics: Plant) -> None:
    units = [LineUnit(plan(electronics, "line_1"), alone=True)]
    case = day_of(electronics, parameters={})
    whole = run(case, units)
    part = Engine(case, units, first=3, runs=2)
    part.advance(case.steps)
    assert np.array_equal(part.outcome().totals, whole.totals[3:5])
    fine = case_of(electronics, 24.0, 6, mix={}, step_s=30.0)
    other = run(replace(fine, parameters={}), units)
    for quantity in ("parts_total", "parts_good", "scrap_parts"):
        assert np.array_equal(other.total(quantity), whole.total(quantity))
    assert other.total("electricity_kwh") == pytest.approx(whole.total("electricity_kwh"), rel=1e-9)
    assert not np.array_equal(run(replace(case, seed=6), units).totals, whole.totals)


def test_what_a_scenario_leaves_alone_falls_alike(electronics: Plant) -> None:
    units = [LineUnit(plan(electronics, "line_1"), alone=True)]
    case = replace(day_of(electronics, parameters={}), runs=30)
    slow = replace(
        case, parameters={"inspection_1.kw_idle": Known(4.0), "test_1.scrap_share": Known(0.02)}
    )
    one, two = run(case, units), run(slow, units)
    paired = (two.total("parts_good") - one.total("parts_good")).std()
    apart = np.hypot(two.total("parts_good").std(), one.total("parts_good").std())
    assert paired < 0.5 * apart
    before = [r.total("parts_total", "placer_1a") for r in (one, two)]
    assert np.abs(before[0] - before[1]).max() <= 3.0, "far before the change hardly a part differs"


def test_people_go_home_and_machines_rest() -> None:
    plant = works(
        [{"cycle_s": 600.0, "cycle_cv": 0.0, "rest_free": "off", "rest_break": "idle"}] * 2, DAY
    )
    told = run(
        case_of(plant, 24.0, 2, known={f"{LINE}.wind_down_min": 0.0}),
        [unit(plant)],
        series=[("m0", "busy_h")],
    )
    assert told.total("off_h", "m0") == pytest.approx(np.full(2, 16.0), abs=1e-9)
    assert (told.total("parts_total", "m0") == 45.0).all()
    assert told.total("busy_h", "m0") == pytest.approx(np.full(2, 7.5))
    bins = told.series["m0", "busy_h"][0]
    assert bins[:24].sum() == 0.0, "nobody works before six"
    assert bins[57:].sum() == 0.0, "nor after the last part"


def test_no_part_is_fed_when_the_shift_winds_down_and_cold_machines_warm_up_before_it() -> None:
    stations = [
        {"cycle_s": 600.0, "cycle_cv": 0.0},
        {"cycle_s": 60.0, "cycle_cv": 0.0, "warmup_min": 40.0},
    ]
    plant = works(stations, DAY)
    told = run(case_of(plant, 24.0, 1, known={f"{LINE}.wind_down_min": 60.0}), [unit(plant)])
    assert told.total("parts_total", "m0")[0] == 39.0
    assert told.total("heating_h", "m1")[0] == pytest.approx(40.0 / 60.0, abs=1e-9)
    assert told.told[f"{LINE}.inside_parts"][0] == 0.0, "the line runs empty"


def test_orders_in_sequence_with_set_ups_and_lateness() -> None:
    plant = works([{"cycle_cv": 0.0, "setup_min": 30.0, "setup_cv": 0.0}])
    jobs = (
        Job("a", 1, 60.0, due=START + timedelta(hours=2)),
        Job("b", 2, 30.0, due=START + timedelta(hours=2)),
        Job("c", 1, 600.0, due=START + timedelta(hours=5)),
        Job("d", 1, 10.0, done=10.0, due=START + timedelta(hours=5)),
    )
    told = run(case_of(plant, 6.0, 2, jobs={LINE: jobs}, mix={}), [unit(plant)]).told
    # 0.5 h to set up, 60 parts of a minute; 0.5 h, 30 parts of two minutes; 0.5 h, two and a half hours of 600 minutes
    assert told["job.a.finish_h"] == pytest.approx([1.5, 1.5])
    assert told["job.b.finish_h"] == pytest.approx([3.0, 3.0])
    assert told["job.b.late_h"] == pytest.approx([1.0, 1.0])
    assert told["job.a.late_h"] == pytest.approx([0.0, 0.0])
    assert np.isnan(told["job.c.finish_h"]).all()
    assert told["job.c.late_h"] == pytest.approx([1.0, 1.0]), "so late at least"
    assert told["job.c.good"] == pytest.approx([149.0, 149.0], abs=1.0)
    assert told["job.d.finish_h"] == pytest.approx([0.0, 0.0])


def test_orders_make_up_for_scrap_and_wait_for_their_day() -> None:
    plant = works([{"cycle_s": 10.0, "scrap_share": 0.1}, {"cycle_s": 10.0, "scrap_share": 0.05}])
    jobs = (Job("a", 1, 2000.0), Job("b", 1, 10.0, earliest=START + timedelta(hours=40)))
    told = run(case_of(plant, 48.0, 40, jobs={LINE: jobs}, mix={}), [unit(plant)])
    assert told.told["job.a.good"].mean() == pytest.approx(2000.0, rel=0.005)
    assert told.told["job.b.finish_h"].min() > 40.0


def test_one_operator_sets_up_one_machine_at_a_time() -> None:
    plant = works(
        [{"cycle_s": 30.0, "setup_min": 20.0, "attend_share": 0.0, "buffer_parts": 50}] * 3
    )
    jobs = {LINE: tuple(Job(f"j{n}", 1 + n % 2, 20.0) for n in range(12))}
    one = run(
        case_of(plant, 40.0, 20, jobs=jobs, mix={}, known={f"{LINE}.operators": 1.0}), [unit(plant)]
    )
    three = run(
        case_of(plant, 40.0, 20, jobs=jobs, mix={}, known={f"{LINE}.operators": 3.0}), [unit(plant)]
    )
    assert one.told["job.j11.finish_h"].mean() > 1.2 * three.told["job.j11.finish_h"].mean()
    assert one.total("operator_h").mean() == pytest.approx(12.0, rel=0.1), (
        "36 set-ups of 20 minutes"
    )
    assert (one.total("operator_h") <= one.told["job.j11.finish_h"] + 1e-9).all()
    assert one.total("setup_h").mean() > one.total("operator_h").mean(), (
        "waiting for the operator counts as set-up"
    )


def test_an_outage_stops_a_machine_and_starves_those_behind() -> None:
    plant = works([{"cycle_s": 60.0, "cycle_cv": 0.0}] * 3)
    at = START + timedelta(hours=2)
    case = case_of(plant, 8.0, 2, outages=(Outage("m1", at, at + timedelta(hours=2)),))
    told = run(case, [unit(plant)])
    assert told.total("down_h", "m1") == pytest.approx([2.0, 2.0])
    assert told.total("parts_good") == pytest.approx([480.0 - 120.0 - 2.0] * 2, abs=2.0)
    assert told.total("starved_h", "m2") == pytest.approx([2.0, 2.0], abs=0.1)
    assert told.total("blocked_h", "m0") == pytest.approx([2.0, 2.0], abs=0.1)


def test_an_oven_works_only_when_it_is_ready_and_is_told_its_use(electronics: Plant) -> None:
    case = day_of(electronics, parameters={}, start=datetime(2026, 6, 15, 4, 0, tzinfo=UTC))
    line = LineUnit(plan(electronics, "line_1"))
    assert "oven_1" not in line.machines
    assert ("oven_1", "electricity_kwh") not in line.columns
    net = _Free(("air", "nitrogen"))
    engine = Engine(case, [line, net], runs=4)
    engine.board.given["ready:oven_1"] = np.array([0.0, 0.0, 1.0, 1.0])
    engine.advance(120)
    told = engine.outcome()
    parts = told.total("parts_total", "oven_1")
    assert (parts[:2] == 0.0).all()
    assert (parts[2:] > 300.0).all()
    assert told.total("heating_h", "oven_1")[0] == pytest.approx(2.0, abs=0.01)
    assert (engine.board.given["busy:oven_1"][:2] == 0.0).all()
    assert (told.total("busy_h", "oven_1")[2:] > 0.5).all()
    assert (engine.board.given["wants:oven_1"] == 1.0).all()
    assert net.asked["air"] > 0.0


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_unregulated_air_follows_the_absolute_pressure(electronics: Plant, share: float) -> None:
    known = {"line_1.unregulated_share": Known(share)}
    case = day_of(electronics, parameters=known)
    used = []
    for bar in (7.0, 6.2):
        engine = Engine(case, [LineUnit(plan(electronics, "line_1"), alone=True)])
        engine.board.given["air_bar"] = np.full(6, bar)
        engine.advance(case.steps)
        used.append(engine.outcome().total("air_m3"))
    less = 1.0 - (6.2 + 1.013) / (7.0 + 1.013)
    assert used[1] == pytest.approx(used[0] * (1.0 - share * less))


def test_materials_and_waste_follow_the_parts(electronics: Plant) -> None:
    case = day_of(electronics, parameters={}, mix={"line_3": {101: 1.0}})
    told = run(case, [LineUnit(plan(electronics, "line_3"), alone=True)])
    packed = told.total("parts_total", "packing_3")
    assert told.total("material_kg:cardboard") == pytest.approx(packed * 0.030 * 1.04)
    assert told.total("waste_kg:15 01 01") == pytest.approx(packed * 0.030 * 0.04)
    assert told.total("waste_kg:16 02 16") == pytest.approx(told.total("scrap_parts") * 0.21)
    both = told.total("material_kg:plastics", "assembly_3a") + told.total(
        "material_kg:plastics", "assembly_3b"
    )
    made = told.total("parts_total", "assembly_3a") + told.total("parts_total", "assembly_3b")
    assert both == pytest.approx(made * 0.035)


def test_a_run_begins_as_the_image_shows_it(electronics: Plant) -> None:
    line = LineUnit(plan(electronics, "line_1"), alone=True)
    values = {f"{s.id}.product": 103.0 for s in line.plan.stations}
    values |= {f"{s.id}.state": 5.0 for s in line.plan.stations}
    values |= {"placer_1b.state": 6.0, "printer_1.state": 3.0}
    at = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
    image = Image(at, values, {"printer_1": 120.0})
    case = day_of(electronics, parameters={}, start=at, image=image, runs=20)
    engine = Engine(case, [line])
    state = engine.states["line_1"]["line"]
    assert (
        state.course["wip"]
        == state.queue["parts"].sum(axis=1) + (state.machine["job"] >= 0).sum(axis=1) - 0
    ).all()
    engine.advance(1)
    told = engine.outcome()
    names = [s.id for s in line.plan.stations]
    assert (told.total("down_h", "placer_1b") > 0.0).all()
    assert (told.total("setup_h", "printer_1") > 0.0).all()
    assert (told.total("busy_h", "test_1") > 0.0).all()
    product = line.plan.place(103)
    assert (state.machine["set_for"][:, names.index("placer_1a")] == product).all()
    engine.advance(59)
    assert engine.outcome().total("setup_h", "placer_1a").sum() == 0.0, (
        "it is set for what it makes"
    )
    assert engine.outcome().total("parts_good").mean() > 150


def test_trays_go_as_one() -> None:
    stations = [
        {"cycle_s": 2.0, "scrap_share": 0.02, "buffer_parts": 48},
        {"cycle_s": 2.0, "buffer_parts": 48},
    ]
    plant = works(stations)
    single = run(case_of(plant, 20.0, 10), [unit(plant)])
    trays = run(case_of(plant, 20.0, 10, known={f"{LINE}.load_parts": 12.0}), [unit(plant)])
    assert trays.total("parts_good").mean() == pytest.approx(
        single.total("parts_good").mean(), rel=0.06
    )
    share = trays.total("scrap_parts") / trays.total("parts_total", "m0")
    assert share == pytest.approx(np.full(10, 0.02))
    assert trays.total("parts_total", "m1") == pytest.approx(trays.total("parts_good"))


def test_all_lines_of_a_plant_are_units(electronics: Plant) -> None:
    assert lines_of(electronics) == ["line_1", "line_2", "line_3"]
    units = plug.units(electronics)
    assert [u.name for u in units] == ["line_1", "line_2", "line_3"]
    stages = [s.stage for s in plan(electronics, "line_3").stations]
    assert stages == [0, 1, 2, 3, 3, 4, 4, 4, 5]
    assert set(units[0].may_ask) >= {"air", "nitrogen"}


BAD: list[tuple[str, list[dict[str, Any]], dict[str, Any], str]] = [
    ("no time", [{"cycle_share": 0.0}], {}, "a part takes no time at m0"),
    ("negative time", [{}], {"known": {"m0.cycle_s": -3.0}}, "cycle_s of m0 is -3"),
    ("negative room", [{"cycle_s": 1.0, "buffer_parts": -1}], {}, "buffer_parts of m0 is -1"),
    ("only scrap", [{"cycle_s": 1.0, "scrap_share": 1.0}], {}, "m0 lets no part through"),
    ("law", [{"cycle_s": 1.0, "cycle_cv": 1.5}], {}, r"cycle_cv of m0 is 1.5 \(0 to 1\)"),
    (
        "no repairer",
        [{"cycle_s": 1.0, "mtbf_h": 2.0}],
        {"known": {f"{LINE}.repairers": 0.0}},
        "nobody repairs m0",
    ),
    (
        "no operator",
        [{"cycle_s": 1.0, "setup_min": 2.0}],
        {"known": {f"{LINE}.operators": 0.0}, "mix": {}},
        "nobody sets m0 up",
    ),
    (
        "half a person",
        [{"cycle_s": 1.0}],
        {"known": {f"{LINE}.operators": 0.5}},
        "operators of line_1 is 0.5",
    ),
    ("unknown product", [{"cycle_s": 1.0}], {"mix": {LINE: {7: 1.0}}}, "is to make product 7"),
    (
        "unknown order",
        [{"cycle_s": 1.0}],
        {"jobs": {LINE: (Job("x", 9, 5.0),)}},
        "is to make product 9",
    ),
    (
        "empty order",
        [{"cycle_s": 1.0}],
        {"jobs": {LINE: (Job("x", 1, 0.0),)}},
        "order x is for 0 parts",
    ),
    ("empty mix", [{"cycle_s": 1.0}], {"mix": {LINE: {1: 0.0}}}, "the mix of line_1 has shares 0"),
    ("rest", [{"cycle_s": 1.0, "rest_free": "dancing"}], {}, "rest_free of m0 is 'dancing'"),
    (
        "overloaded",
        [{"cycle_s": 60.0, "buffer_parts": 1_000_000}],
        {"known": {f"{LINE}.arrivals_per_h": 66.0}},
        r"the parts before m0 grow without end: load 110.0 %",
    ),
    (
        "slower behind a room without limit",
        [{"cycle_s": 50.0}, {"cycle_s": 60.0, "buffer_parts": 1_000_000}],
        {},
        r"the parts before m1 grow without end: load 120.0 %",
    ),
    (
        "circle",
        [{"cycle_s": 1.0, "behind": "m1"}, {"cycle_s": 1.0}],
        {},
        "the order of line_1 is a circle",
    ),
    ("behind nobody", [{"cycle_s": 1.0, "behind": "q"}], {}, "stand behind q"),
]


@pytest.mark.parametrize(
    ("stations", "changed", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_a_line_that_cannot_be_is_named(
    stations: list[dict[str, Any]], changed: dict[str, Any], says: str
) -> None:
    plant = works(stations)
    with pytest.raises(ScenarioFault, match=says):
        run(case_of(plant, 1.0, 2, **changed), [unit(plant)])


def test_machines_may_stand_in_another_order_than_in_the_file() -> None:
    plant = works(
        [
            {"cycle_s": 1.0, "behind": "m2"},
            {"cycle_s": 1.0, "behind": ""},
            {"cycle_s": 1.0, "behind": "m1"},
        ]
    )
    with pytest.raises(ScenarioFault, match="circle"):
        plan(works([{"behind": "m1"}, {"behind": "m0"}]), LINE)
    assert [s.id for s in plan(plant, LINE).stations] == ["m1", "m2", "m0"]


def test_a_product_without_a_time_is_named() -> None:
    plant = works([{}])
    free = replace(plant, products=tuple(replace(p, planned_run_s={}) for p in plant.products))
    with pytest.raises(ScenarioFault, match="no product of the plant file runs on line_1"):
        plan(free, LINE)


class _Free:
    """Serves nets with all that is asked."""

    def __init__(self, nets: tuple[str, ...]) -> None:
        self.name, self.serves = "free", nets
        self.machines: tuple[str, ...] = ()
        self.columns: tuple[tuple[str, str], ...] = ()
        self.asks: tuple[str, ...] = ()
        self.may_ask: tuple[str, ...] = ()
        self.asked: dict[str, float] = {}

    def begin(self, draw: Any, case: Any, around: Any) -> dict[str, Any]:
        return {}

    def step(self, state: dict[str, Any], board: Any) -> None:
        for net in self.serves:
            self.asked[net] = max(self.asked.get(net, 0.0), float(board.asked(net).max()))
            board.serve(net, board.asked(net))
