"""The job shop of the benchmark library, solved and proved; what cannot be planned is refused."""

from __future__ import annotations

import builtins
import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecotwin.advice.jobshop import Schedule, overlaps, shortest_schedule
from ecotwin.errors import FigureGap, SettingsFault

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
OPTIMA = {"ft06": 55, "la01": 666, "ft10": 930}
Jobs = list[list[tuple[int, int]]]


@pytest.fixture
def solver() -> None:
    """Skips by name where the extra `simulation` is not installed, fails there under REQUIRE_ALL=1."""
    if importlib.util.find_spec("ortools") is None:
        reason = 'OR-tools is not installed: `pip install "ecotwin[simulation]"`'
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


def _instance(name: str) -> Jobs:
    """One instance: a row of two counts, then a row a job of machines and durations in turn."""
    file = DATA / "scheduling" / "jsplib" / "instances" / name
    if not file.exists():
        reason = f"{name} is not here: set ECOTWIN_PUBLIC_DATA to the folder of `scheduling`"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    lines = [x.split() for x in file.read_text("utf-8").splitlines() if x and not x.startswith("#")]
    (count, machines), *rows = [[int(x) for x in line] for line in lines if line]
    jobs = [list(zip(row[::2], row[1::2], strict=True)) for row in rows[:count]]
    assert [len(job) for job in jobs] == [machines] * count
    return jobs


@pytest.mark.usefixtures("solver")
@pytest.mark.parametrize("name", OPTIMA)
def test_the_shortest_schedules_of_the_benchmark(name: str) -> None:
    """jsp-01: ft06 55, ft10 930, la01 666, each proved to be the shortest."""
    jobs = _instance(name)
    found = shortest_schedule(jobs, seconds=500.0, workers=2)
    assert found.optimal, f"only {found.makespan} with a bound of {found.bound} was shown"
    assert found.makespan == found.bound == OPTIMA[name]
    assert overlaps(jobs, found) == ()


def test_the_optima_are_those_of_the_shared_vectors() -> None:
    file = ROOT.parent / "shared" / "vectors.json"
    if not file.exists():
        pytest.skip("no ../shared/vectors.json beside this repository")
    shared = next(v for v in json.loads(file.read_text()) if v["id"] == "jsp-01")
    given_ = zip(shared["input"]["instances"], shared["expected"]["optimum"], strict=True)
    assert dict(given_) == OPTIMA


@pytest.mark.usefixtures("solver")
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_every_schedule_keeps_the_rules_and_no_bound_is_passed(jobs: Jobs) -> None:
    found = shortest_schedule(jobs, seconds=20.0, workers=1)
    assert found.optimal
    assert overlaps(jobs, found) == ()
    longest_job = max(sum(d for _, d in job) for job in jobs)
    load = [sum(d for job in jobs for m, d in job if m == machine) for machine in range(4)]
    assert max(longest_job, *load) <= found.makespan <= sum(load)


def test_a_broken_schedule_is_told() -> None:
    wrong = Schedule(3, 3, True, ((0, 1), (0,)))
    assert overlaps([[(0, 2), (1, 1)], [(0, 2)]], wrong) == (
        "job 0 is on machine 1 at 1, before 2",
        "machine 0 does jobs 0 and 1 at once from 0",
        "the schedule ends at 2 and not at 3",
    )


@pytest.mark.parametrize("jobs", [[], [[]], [[(0, -1)]], [[(-1, 1)]], [[(0, 1.5)]]])
def test_what_cannot_be_planned_is_refused(jobs: Any) -> None:
    with pytest.raises(FigureGap, match=r"no jobs|cannot be planned"):
        shortest_schedule(jobs)


@pytest.mark.parametrize("wrong", [{"seconds": 0.0}, {"workers": 0}])
def test_a_search_without_time_or_threads_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsFault):
        shortest_schedule([[(0, 1)]], **wrong)


def test_a_missing_solver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("ortools"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsFault, match=r"ecotwin\[simulation\]"):
        shortest_schedule([[(0, 1)]])
