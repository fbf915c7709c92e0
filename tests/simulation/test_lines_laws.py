"""Lines against closed forms: queues, blocking, failures; and what holds on any line."""

from __future__ import annotations

from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ecotwin.simulation.contract import Job
from ecotwin.simulation.engine import Engine, run
from simulation.workshop import LINE, case_of, unit, works

LIMITLESS = 1_000_000


def agrees(runs: NDArray[Any], exact: float, margin: float = 4.0) -> None:
    """The mean of independent runs lies within `margin` standard errors of the exact value (p < 1e-4 by chance)."""
    error = runs.std(ddof=1) / np.sqrt(len(runs))
    assert abs(runs.mean() - exact) < margin * error, (runs.mean(), exact, error)
    assert error < 0.05 * exact, "too few runs to mean anything"


def queue(machines: int, room: int, load: float, hours: float, runs: int) -> Any:
    """Poisson arrivals at `machines` exponential machines of 60 s each."""
    plant = works([{"cycle_s": 60.0, "buffer_parts": room, "side_by_side": True}] * machines)
    known = {f"{LINE}.arrivals_per_h": 60.0 * load * machines}
    return run(case_of(plant, hours, runs, step_s=3600.0, known=known), [unit(plant)])


def test_a_single_queue_is_m_m_1() -> None:
    rho, hours = 0.7, 3000.0
    told = queue(1, LIMITLESS, rho, hours, 60)
    agrees(told.total("wip_h") / hours, rho / (1.0 - rho))
    agrees(told.told[f"{LINE}.lead_h"], (1.0 / 60.0) / (1.0 - rho))
    agrees(told.total("busy_h") / hours, rho)


def test_a_queue_with_little_room_loses_as_m_m_1_k_does() -> None:
    rho, room, hours = 0.9, 3, 1000.0
    told = queue(1, room, rho, hours, 60)
    k = room + 1
    lost = (1.0 - rho) * rho**k / (1.0 - rho ** (k + 1))
    arrived = (
        told.told[f"{LINE}.lost_parts"]
        + told.total("parts_good")
        + told.told[f"{LINE}.inside_parts"]
    )
    agrees(told.told[f"{LINE}.lost_parts"] / arrived, lost)


def test_machines_side_by_side_are_m_m_c() -> None:
    c, rho, hours = 3, 0.8, 2000.0
    a = c * rho
    waits = a**c / factorial(c) / (1.0 - rho)
    erlang = waits / (sum(a**n / factorial(n) for n in range(c)) + waits)
    told = queue(c, LIMITLESS, rho, hours, 60)
    agrees(told.total("wip_h") / hours, a + erlang * rho / (1.0 - rho))


@pytest.mark.parametrize(("room", "ratio"), [(0, 1.0), (1, 1.0), (4, 0.8), (4, 1.3)])
def test_two_machines_and_a_room_between(room: int, ratio: float) -> None:
    """Blocking after service: parts behind the first machine form a birth-death chain of room + 2 places."""
    hours = 1000.0
    plant = works([{"cycle_s": 60.0}, {"cycle_s": 60.0 * ratio, "buffer_parts": room}])
    told = run(case_of(plant, hours, 40, step_s=3600.0), [unit(plant)])
    chain = ratio ** np.arange(room + 3)
    agrees(told.total("parts_good") / hours, 60.0 / ratio * (1.0 - 1.0 / chain.sum()))
    agrees(told.total("blocked_h", "m0") / hours, chain[-1] / chain.sum())


def test_a_machine_that_fails_is_there_mtbf_of_mtbf_and_mttr() -> None:
    plant = works([{"cycle_s": 30.0, "mtbf_h": 4.0, "mttr_min": 30.0}])
    told = run(case_of(plant, 4000.0, 40, step_s=3600.0), [unit(plant)])
    busy, down = told.total("busy_h"), told.total("down_h")
    agrees(busy / (busy + down), 4.0 / 4.5)


def test_one_repairer_for_two_machines_is_a_closed_queue() -> None:
    """Machine repair model with one repairer: Erlang's loss form for machines that never wait for parts."""
    up, down, machines = 2.0, 1.0, 2
    stations = [
        {"cycle_s": 36.0, "mtbf_h": up, "mttr_min": 60.0 * down, "side_by_side": True}
    ] * machines
    plant = works(stations)
    known = {f"{LINE}.repairers": 1.0}
    told = run(case_of(plant, 4000.0, 40, step_s=3600.0, known=known), [unit(plant)])
    weights = np.array(
        [
            factorial(machines) / factorial(machines - n) * (down / up) ** n
            for n in range(machines + 1)
        ]
    )
    share = weights / weights.sum()
    agrees(told.total("down_h") / 4000.0, float(share @ np.arange(machines + 1)))
    bound = told.total("operator_h") - 0.02 * told.total("busy_h")  # a loader's attendance
    agrees(bound / 4000.0, 1.0 - share[0])


STATION = st.fixed_dictionaries(
    {
        "cycle_s": st.floats(5.0, 120.0),
        "cycle_cv": st.sampled_from([0.0, 0.2, 1.0]),
        "buffer_parts": st.integers(0, 6),
        "mtbf_h": st.sampled_from([0.0, 0.5, 3.0]),
        "mttr_min": st.floats(1.0, 20.0),
        "setup_min": st.sampled_from([0.0, 4.0]),
        "scrap_share": st.sampled_from([0.0, 0.05]),
        "rework_share": st.sampled_from([0.0, 0.1]),
        "side_by_side": st.booleans(),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    stations=st.lists(STATION, min_size=1, max_size=6),
    belt_s=st.sampled_from([0.0, 90.0]),
    parts=st.integers(5, 120),
    seed=st.integers(0, 10_000),
    step_s=st.sampled_from([60.0, 300.0, 900.0]),
)
def test_nothing_is_lost_and_little_holds_on_any_line(
    stations: list[dict[str, Any]], belt_s: float, parts: int, seed: int, step_s: float
) -> None:
    stations = [dict(s) for s in stations]
    stations[0]["transit_s"] = (
        belt_s if len(stations) > 1 and not stations[0]["side_by_side"] else 0.0
    )
    plant = works(stations)
    jobs = {LINE: (Job("a", 1, parts), Job("b", 2, parts), Job("c", 1, parts))}
    hours = 8.0
    case = case_of(plant, hours, 3, step_s=step_s, seed=seed, jobs=jobs, mix={})
    engine = Engine(case, [unit(plant)])
    engine.advance(case.steps)
    line = engine.states[LINE]["line"]
    told = engine.outcome()
    inside = line.queue["parts"].sum(axis=1) + (line.machine["job"] >= 0).sum(axis=1)
    assert np.array_equal(line.course["wip"], inside)
    assert np.array_equal(line.fed.sum(axis=1) - line.gone.sum(axis=1), inside)
    assert (line.queue["parts"] <= line.room + (line.room == 0)).all()
    assert (line.gone <= line.target).all()
    scrapped = told.total("scrap_parts")
    assert told.total("parts_good") + scrapped == pytest.approx(line.gone.sum(axis=1))
    # Little's law: parts x hours inside = time that all parts were inside, those still there up to now
    course = line.course
    sojourn = (course["out_s"] - course["in_s"] + inside * hours * 3600.0) / 3600.0
    assert told.total("wip_h") == pytest.approx(sojourn, rel=1e-9, abs=1e-9)
    for m in plant.machines:
        spent = sum(
            told.total(f"{s}_h", m.id)
            for s in ("off", "standby", "heating", "setup", "idle", "busy", "down")
        )
        assert spent == pytest.approx(np.full(3, hours), abs=1e-9)
    coarse = run(
        case_of(plant, hours, 3, step_s=1800.0, seed=seed, jobs=jobs, mix={}, bin_s=1800.0),
        [unit(plant)],
    )
    assert np.array_equal(coarse.total("parts_good"), told.total("parts_good"))
    for name, value in told.told.items():
        assert coarse.told[name] == pytest.approx(value, rel=1e-9, nan_ok=True), name
