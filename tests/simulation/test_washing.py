"""Vessels, cleaning and wash water that run ahead: balances close, rules are followed, bad files are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecotwin.errors import ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.records import Floats
from ecotwin.simulation.contract import Board, Case, Draw, Image, Known, Outage, Setting, State
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.surroundings import Surroundings, Weather
from ecotwin.simulation.units.washing import QUEUE, Washing, clean, plug
from ecotwin.simulation.wash_plan import RINSE, STEPS, WASH

START = datetime(2026, 6, 16, 4, 0, tzinfo=UTC)
LINES = ("line_1", "line_2")


@cache
def works() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "consumer_goods.yaml")


def case(hours: float = 12.0, runs: int = 3, plant: Plant | None = None, **changed: object) -> Case:
    steps = round(hours * 60)
    flat = np.full((1, steps), 15.0)
    made = Case(plant or works(), START, hours, runs, 5, Weather(flat, flat, 0.0 * flat))
    return replace(made, **changed)  # type: ignore[arg-type]


@dataclass
class Lines:
    """Plays two lines by a list of (step, product, parts a step); stops while its filler is not ready."""

    plan: Mapping[str, Sequence[tuple[int, float, float]]]
    name: str = "lines"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = (("filler_1", "parts_good"), ("filler_2", "parts_good"))
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    held: dict[str, list[bool]] = field(default_factory=dict)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        self.held = {line: [] for line in self.plan}
        return {}

    def step(self, state: State, board: Board) -> None:
        for n, line in enumerate(LINES):
            told = [row for row in self.plan.get(line, ()) if row[0] <= board.step]
            _, product, parts = told[-1] if told else (0, -1.0, 0.0)
            ready = board.given.get(f"ready:filler_{n + 1}", np.ones(board.runs, bool))
            self.held.setdefault(line, []).append(not bool(ready[0]))
            made = np.where(ready, parts, 0.0)
            board.given[f"product:{line}"] = np.full(board.runs, product)
            board.given[f"fed:{line}"] = made
            board.out[:, n] = made


@dataclass
class Boiler:
    """Serves all heat, and adds it up."""

    name: str = "boiler"
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = (("boiler_1", "heat_kwh"),)
    asks: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    serves: tuple[str, ...] = ("heat",)

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        return {}

    def step(self, state: State, board: Board) -> None:
        board.out[:, 0] = board.asked("heat") * board.step_s / 3600.0
        board.serve("heat", board.asked("heat"))


def play(
    made: Case, plan: Mapping[str, Sequence[tuple[int, float, float]]]
) -> tuple[Engine, Washing, Lines]:
    (unit,) = plug.units(made.plant)
    assert isinstance(unit, Washing)
    lines = Lines(plan)
    engine = Engine(made, [lines, unit, Boiler()])
    return engine, unit, lines


CHANGES = st.lists(
    st.tuples(st.integers(0, 700), st.sampled_from([201.0, 202.0, 203.0, 204.0]), st.floats(0.0, 110.0)),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(CHANGES, CHANGES, st.floats(0.0, 100.0))
def test_every_balance_closes(
    one: list[tuple[int, float, float]], two: list[tuple[int, float, float]], reuse: float
) -> None:
    asked = case(settings={"cip_1.reuse_sp": (Setting(reuse),)})
    engine, unit, _ = play(asked, {"line_1": sorted(one), "line_2": sorted(two)})
    state = engine.states[unit.name]
    tank = [line.tank_kg.copy() for line in state["lines"]]
    lack = state["lack_kwh"].copy()
    engine.advance(asked.steps)
    got = engine.outcome()
    fresh, again = got.total("water_in_m3", "cip_1"), got.total("water_reused_m3", "cip_1")
    held, out = state["held_m3"], got.total("water_out_m3", "effluent_1")
    content = {p.code: p.mass_kg for p in works().products}
    assert set(content) == {201, 202, 203, 204}
    drained = np.zeros(asked.runs)
    for line, before in zip(state["lines"], tank, strict=True):
        vessel = line.circuit.vessel
        water = got.total("water_in_m3", vessel) * 1000.0
        made = water + got.total("material_kg", vessel)
        residue = line.changes * line.residue_kg
        filled = state["filled_kg"][:, line.number]
        assert made == pytest.approx(filled + residue + line.tank_kg - before, abs=1e-6)
        drained += residue / 1000.0
    assert fresh + again == pytest.approx(state["through_m3"], abs=1e-9)
    assert state["through_m3"] == pytest.approx(
        state["drained_m3"] + state["kept_ever_m3"], abs=1e-9
    )
    assert state["kept_ever_m3"] == pytest.approx(again + state["kept_m3"], abs=1e-9)
    assert state["drained_m3"] + drained == pytest.approx(held + out, abs=1e-9)
    need = state["need_kwh"] + sum(
        (
            got.total("water_in_m3", x.circuit.vessel) * 1000.0
            + got.total("material_kg", x.circuit.vessel)
        )
        * x.warm
        for x in state["lines"]
    )
    assert got.total("heat_kwh") == pytest.approx(need - (state["lack_kwh"] - lack), abs=1e-6)
    for vessel in unit.vessels:
        times = sum(got.total(q, vessel) for q in ("busy_h", "idle_h", "off_h"))
        assert times == pytest.approx(np.full(asked.runs, asked.hours), abs=1e-9)


def test_a_change_costs_what_its_programme_says() -> None:
    still = {f"cip_1.{n}_{q}": Known(works().element("cip_1").kind_facts[f"{n}_{q}"])
             for n in ("rinse_pre", "rinse_final", "wash_pre", "wash_caustic", "wash_between", "wash_hot", "wash_final")
             for q in ("m3", "min")}  # fmt: skip
    facts = works().element("cip_1").kind_facts
    for first, then, word in ((202, 201, "rinse"), (201, 203, "wash"), (203, 204, "none")):
        made = case(4.0, parameters=still)
        engine, _, lines = play(made, {"line_1": [(0, first, 50.0), (60, then, 50.0)]})
        engine.advance(made.steps)
        got = engine.outcome()
        names = [n for n in facts if n.startswith(f"{word}_") and n.endswith("_m3")]
        fresh = 2.0 * sum(facts[n] for n in names)
        assert got.total("water_in_m3", "cip_1") == pytest.approx(fresh)
        minutes = sum(facts[n.removesuffix("_m3") + "_min"] for n in names)
        held = sum(lines.held["line_1"])
        assert held == pytest.approx(minutes, abs=2)
        assert got.told["line_1.changes"] == pytest.approx(np.ones(3))
        assert got.told["cip_1.cleanings"] == pytest.approx(np.full(3, 2.0 if names else 0.0))


def test_kept_rinse_saves_at_most_the_next_pre_rinse() -> None:
    codes = (202.0, 201.0, 202.0, 203.0, 202.0, 201.0)
    told = {"line_1": [(n * 110, code, 60.0) for n, code in enumerate(codes)]}
    totals = {}
    for reuse in (0.0, 50.0, 100.0):
        made = case(settings={"cip_1.reuse_sp": (Setting(reuse),)})
        engine, _, _ = play(made, told)
        engine.advance(made.steps)
        totals[reuse] = engine.outcome()
    fresh = [t.total("water_in_m3", "cip_1") for t in totals.values()]
    assert (fresh[0] > fresh[1]).all()
    assert (fresh[1] > fresh[2]).all()
    saved = fresh[0] - fresh[2]
    assert totals[100.0].total("water_reused_m3", "cip_1") == pytest.approx(saved)
    assert (0.2 * fresh[0] < saved).all()
    assert (saved < 0.43 * fresh[0]).all()


def test_two_lines_share_one_station_and_wait_for_each_other() -> None:
    alone: list[Mapping[str, Floats]] = []
    both: list[Mapping[str, Floats]] = []
    for plan, into in (({"line_1": 1}, alone), ({"line_1": 1, "line_2": 1}, both)):
        made = case(5.0)
        told = {line: [(0, 201.0, 40.0), (60, 203.0, 40.0)] for line in plan}
        engine, _, _ = play(made, told)
        engine.advance(made.steps)
        into.append(engine.outcome().told)
    once = alone[0]["line_1.cleaning_h"]
    waited = both[0]["line_1.cleaning_h"] + both[0]["line_2.cleaning_h"]
    assert (waited > 3.5 * once).all()
    assert (waited < 5.0 * once).all()


def test_colder_caustic_takes_less_heat() -> None:
    heat = []
    for degrees in (66.0, 80.0):
        made = case(settings={"cip_1.wash_sp": (Setting(degrees),)})
        engine, _, _ = play(made, {"line_1": [(0, 201.0, 40.0), (60, 203.0, 40.0)]})
        engine.advance(made.steps)
        heat.append(engine.outcome().total("heat_kwh"))
    assert (heat[0] < heat[1] - 5.0).all()


def test_a_station_without_set_points_washes_as_its_facts_say() -> None:
    told = {"line_1": [(0, 201.0, 40.0), (60, 203.0, 40.0)]}
    bare = tuple(s for s in works().signals if s.id not in ("cip_1.reuse_sp", "cip_1.wash_sp"))
    totals = []
    for plant in (works(), replace(works(), signals=bare)):
        made = case(4.0, plant=plant)
        engine, _, _ = play(made, told)
        engine.advance(made.steps)
        totals.append(engine.outcome().totals)
    assert totals[0] == pytest.approx(totals[1], abs=1e-9)


def test_a_station_that_is_down_lets_the_line_wait() -> None:
    gone = Outage("cip_1", START, START.replace(hour=10))
    made = case(8.0, outages=(gone,))
    engine, _, lines = play(made, {"line_1": [(0, 201.0, 40.0), (60, 203.0, 40.0)]})
    engine.advance(made.steps)
    held = lines.held["line_1"]
    assert all(held[62:360])
    assert not any(held[430:])


def test_a_vessel_that_is_too_slow_starves_the_filler() -> None:
    made = case(12.0, parameters={"vessel_1.batch_min": Known(200.0)})
    engine, _, lines = play(made, {"line_1": [(0, 201.0, 100.0)]})
    engine.advance(made.steps)
    assert sum(lines.held["line_1"]) > 120


def test_it_starts_where_the_plant_stands() -> None:
    seen = {"cip_1.recovery_level": 50.0, "effluent_1.tank_level": 40.0, "effluent_1.cod_in": 2000.0,
            "vessel_1.level": 20.0, "filler_1.product": 203.0}  # fmt: skip
    made = case(1.0, image=Image(START, seen))
    engine, unit, _ = play(made, {"line_1": [(0, 201.0, 10.0)]})
    state = engine.states[unit.name]
    facts = {m.id: m.kind_facts for m in works().machines}
    assert state["kept_m3"] == pytest.approx(0.5 * facts["cip_1"]["recovery_m3"])
    assert state["held_m3"] == pytest.approx(0.4 * facts["effluent_1"]["tank_m3"])
    assert state["held_cod_kg"] == pytest.approx(2.0 * state["held_m3"])
    assert state["lines"][0].tank_kg == pytest.approx(0.4 * facts["vessel_1"]["tank_kg"])
    engine.advance(30)
    assert state["lines"][0].changes == pytest.approx(np.ones(3))
    assert state["cleanings"] == pytest.approx(np.zeros(3))


def test_the_same_seed_gives_the_same_and_a_batch_does_not_matter() -> None:
    plan = {"line_1": [(0, 201.0, 60.0), (100, 203.0, 60.0)]}
    whole = case(6.0, runs=6)
    engine, _, _ = play(whole, plan)
    engine.advance(whole.steps)
    (unit,) = plug.units(works())
    part = Engine(whole, [Lines(plan), unit, Boiler()], first=2, runs=2)
    part.advance(whole.steps)
    assert engine.outcome().totals[2:4] == pytest.approx(part.outcome().totals, abs=1e-12)


def changed(machine: str, **facts: object) -> Plant:
    plant = works()
    elements = tuple(
        replace(e, kind_facts={k: v for k, v in {**e.kind_facts, **facts}.items() if v is not None})
        if e.id == machine
        else e
        for e in plant.elements
    )
    return replace(plant, elements=elements)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (lambda: changed("cip_1", clean_201_202=None, clean_203_204="scrub"), "clean_201_202 is missing.*scrub"),
        (lambda: changed("cip_1", cleans="line_1; line_7"), "line_7"),
        (lambda: changed("cip_1", wash_hot_min=0.0), "takes no time"),
        (lambda: changed("cip_1", wash_pre_m3=-1.0), "wash_pre_m3 of cip_1 is -1"),
        (lambda: changed("vessel_1", batch_kg=0.0), "holds nothing"),
        (lambda: changed("vessel_1", batch_min=None), "batch_min of vessel_1"),
    ],
)  # fmt: skip
def test_bad_files_are_named(plant: object, words: str) -> None:
    with pytest.raises(ScenarioFault, match=words):
        play(case(plant=plant()), {})  # type: ignore[operator]


def test_more_changes_than_a_station_can_clean_are_refused() -> None:
    made = case(3.0)
    plan = {"line_1": [(n, 201.0 if n % 2 else 203.0, 1.0) for n in range(1, 170)]}
    engine, _, _ = play(made, plan)
    with pytest.raises(ScenarioFault, match=f"more than {QUEUE} cleanings"):
        engine.advance(made.steps)


def test_nobody_who_makes_heat_is_named() -> None:
    (unit,) = plug.units(works())
    with pytest.raises(ScenarioFault, match="nobody serves heat"):
        run(case(), [unit])


@given(st.floats(0.0, 1.0), st.integers(1, 12), st.floats(20.0, 400.0))
@settings(max_examples=40, deadline=None)
def test_steps_of_any_length_use_the_same(reuse: float, waits: int, span_s: float) -> None:
    totals = []
    for pace in (1.0, 2.7):
        out = _cleaned(reuse, waits, span_s / pace, round(40_000 * pace / span_s) + 1)
        totals.append(out)
    assert totals[0] == pytest.approx(totals[1], abs=1e-9)


def _cleaned(reuse: float, waits: int, span_s: float, spans: int) -> Floats:
    shape = (1, 3, STEPS)
    rng = np.random.default_rng(3)
    table = [rng.uniform(0.5, 3.0, shape) for _ in range(6)]
    seconds = rng.uniform(100.0, 600.0, shape)
    queue = np.zeros((1, QUEUE, 2), np.int64)
    queue[0, :waits, 1] = [RINSE if n % 3 else WASH for n in range(waits)]
    source, sink = np.zeros((3, STEPS), np.int64), np.zeros((3, STEPS), np.int64)
    source[:, 0], sink[1, 1], sink[2, 4] = 1, 1, 1
    length, at, left, tank = np.array([waits]), np.zeros(1, np.int64), np.zeros(1), np.zeros(1)
    total = np.zeros((1, 9))
    for _ in range(spans):
        clean(
            queue, length, at, left, tank, np.full(1, 2.0), np.full(1, reuse), np.array([0, 2, 5]), seconds, table[0],
            source, sink, table[1], table[2], table[3], table[4], span_s, total, np.zeros((1, 4), np.int64),
        )  # fmt: skip
    assert length[0] == 0
    row: Floats = total[0]
    return row
