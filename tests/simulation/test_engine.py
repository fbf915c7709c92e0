"""The engine: who goes first, what is booked, and what a seed promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ecotwin.errors import RunStopped, ScenarioFault
from ecotwin.plant import Plant, load
from ecotwin.simulation.assembly import in_order
from ecotwin.simulation.contract import Board, Case, Draw, Known, State, Unit
from ecotwin.simulation.engine import Engine, run
from ecotwin.simulation.surroundings import FREE, WORK, Surroundings, Weather, calendar
from ecotwin.simulation.units.bystate import ByState

START = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load(Path(__file__).parents[2] / "plants" / "electronics.yaml")


def still(steps: int) -> Weather:
    flat = np.full((1, steps), 18.0)
    return Weather(flat, flat - 4.0, np.zeros((1, steps)))


def case_of(plant: Plant, **changed: object) -> Case:
    case = Case(plant, START, 24.0, 6, 11, still(1440))
    return replace(case, **changed)  # type: ignore[arg-type]


@dataclass
class Net:
    """Asks one net and serves another, all that is asked."""

    name: str
    asks: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    may_ask: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()

    def begin(self, draw: Draw, case: Case, around: Surroundings) -> State:
        return {}

    def step(self, state: State, board: Board) -> None:
        for net in self.serves:
            board.serve(net, 0.5 * board.asked(net))
        for net in self.asks:
            board.ask(net, 2.0)


def test_the_calendar_knows_shifts_breaks_and_free_time(plant: Plant) -> None:
    told = calendar(plant, START, 1440, 60.0)
    work = (told["kind"] == WORK).sum()
    assert (
        work == 16 * 60 - 2 * 60
    )  # two shifts of eight hours, each with breaks of 15 and 45 minutes
    first = int(np.argmax(told["kind"] != FREE))
    assert told["hour"][first] == pytest.approx(
        6.0, abs=0.02
    )  # 04:00 UTC is 06:00 in Berlin's summer
    late = int(22.5 * 60) - 6 * 60
    assert told["kind"][late] == FREE
    assert told["pause_s"][late] == 8 * 3600.0
    assert told["to_work_s"][late] == pytest.approx(7.5 * 3600.0, abs=60.0)


def test_users_go_before_suppliers_and_shortage_is_told(plant: Plant) -> None:
    units = [
        Net("well", serves=("water",)),
        Net("tower", asks=("water",), serves=("cold",)),
        Net("hall", asks=("cold",)),
    ]
    assert [u.name for u in in_order(units)] == ["hall", "tower", "well"]
    outcome = run(case_of(plant), units)
    assert outcome.missing["cold"] == pytest.approx(np.full(6, 24.0))


def test_a_net_without_supplier_and_a_circle_are_named() -> None:
    with pytest.raises(ScenarioFault, match=r"nobody serves steam \(asked by column\)"):
        in_order([Net("column", asks=("steam",))])
    with pytest.raises(ScenarioFault, match="circle"):
        in_order([Net("a", asks=("x",), serves=("y",)), Net("b", asks=("y",), serves=("x",))])


def test_energy_adds_up_over_machines_bins_and_batches(plant: Plant) -> None:
    units: list[Unit] = [ByState("placer_1a"), ByState("chiller_1")]
    whole = run(case_of(plant), units)
    electricity = whole.profile[:, :, whole.quantities.index("electricity_kwh")].sum(axis=1)
    assert electricity == pytest.approx(whole.total("electricity_kwh"), rel=1e-12)
    hours = sum(whole.total(f"{s}_h", "placer_1a") for s in ("off", "standby", "idle", "busy"))
    assert hours == pytest.approx(np.full(6, 24.0))
    part = Engine(case_of(plant), units, first=4, runs=2)
    part.advance(1440)
    assert part.outcome().totals == pytest.approx(whole.totals[4:], rel=1e-14)


def test_a_seed_pairs_two_cases(plant: Plant) -> None:
    units: list[Unit] = [ByState("placer_1a"), ByState("chiller_1")]
    known = {"placer_1a.kw_busy": Known(5.0, 0.0)}
    one, two = run(case_of(plant), units), run(case_of(plant, parameters=known), units)
    assert np.array_equal(
        one.total("electricity_kwh", "chiller_1"), two.total("electricity_kwh", "chiller_1")
    )
    assert (
        one.total("electricity_kwh", "placer_1a") > two.total("electricity_kwh", "placer_1a")
    ).all()
    assert one.total("electricity_kwh", "placer_1a").std() > 0.0


def test_a_run_can_be_stopped_and_a_case_that_does_not_fit_is_named(plant: Plant) -> None:
    with pytest.raises(RunStopped, match="stopped at"):
        run(case_of(plant), [ByState("placer_1a")], watch=lambda share: share < 0.3)
    with pytest.raises(ScenarioFault, match=r"0 runs; a span of -1 h.*set-point 'nowhere.x'"):
        run(case_of(plant, runs=0, hours=-1.0, settings={"nowhere.x": ()}), [])
    with pytest.raises(ScenarioFault, match=r"kw_busy of placer_1a is -3"):
        run(case_of(plant, parameters={"placer_1a.kw_busy": Known(-3.0)}), [ByState("placer_1a")])


def test_batches_side_by_side_come_to_the_same(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecotwin.simulation.engine.BATCH", 2)
    units: list[Unit] = [ByState("placer_1a"), ByState("chiller_1")]
    shares: list[float] = []

    def watch(share: float) -> bool:
        shares.append(share)
        return True

    alone = run(case_of(plant), units)
    together = run(case_of(plant), units, watch, threads=2)
    assert np.array_equal(alone.totals, together.totals)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    with pytest.raises(RunStopped, match="stopped at"):
        run(case_of(plant), units, lambda share: share < 0.3, threads=2)
