"""The shortest schedule of a job shop: each job takes its machines in its own order, a machine one job at a time.

A model of intervals: an operation begins when the job's last one has ended, and no two overlap on a machine. Solved
exactly by constraint programming, or as well as the time allows, with the bound that tells how far from the best the
schedule can be at most. It takes numbers and gives numbers; nothing is sent to a machine.

Sources: Garey, Johnson & Sethi 1976 (the problem is NP-hard); Laborie et al. 2018 (interval variables).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType

from ecotwin.errors import FigureGap, SettingsFault

Job = Sequence[tuple[int, int]]
"""Operations in their order: (machine, duration in whole units of time)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was found.

    Attributes:
        makespan: When the last job ends. bound: No schedule ends earlier. optimal: Whether both are proved equal.
        start: Job by job, when each of its operations begins.
    """

    makespan: int
    bound: int
    optimal: bool
    start: tuple[tuple[int, ...], ...]


def shortest_schedule(jobs: Sequence[Job], *, seconds: float = 60.0, workers: int = 2) -> Schedule:
    """The schedule that ends earliest.

    Args:
        jobs: Every job's operations in their order. seconds: Of wall time at most. workers: Threads that search.

    Raises:
        FigureGap: A job is empty, a number in it is negative or not whole, or no schedule was found in time.
        SettingsFault: The solver is not installed, or the time or the threads are not positive.
    """
    _sound(jobs, seconds, workers)
    cp = _solver()
    model = cp.CpModel()
    horizon = sum(int(duration) for job in jobs for _, duration in job)
    starts: list[list[object]] = []
    ends: list[object] = []
    on: dict[int, list[object]] = {}
    for j, job in enumerate(jobs):
        begun: list[object] = []
        before: object = 0
        for k, (machine, duration) in enumerate((int(m), int(d)) for m, d in job):
            start = model.new_int_var(0, horizon, f"start_{j}_{k}")
            end = start + duration
            model.add(start >= before)
            on.setdefault(machine, []).append(
                model.new_fixed_size_interval_var(start, duration, f"operation_{j}_{k}")
            )
            begun.append(start)
            before = end
        starts.append(begun)
        ends.append(before)
    for intervals in on.values():
        model.add_no_overlap(intervals)
    makespan = model.new_int_var(0, horizon, "makespan")
    model.add_max_equality(makespan, ends)
    model.minimize(makespan)
    search = cp.CpSolver()
    search.parameters.max_time_in_seconds = seconds
    search.parameters.num_workers = workers
    status = search.solve(model)
    if status not in (cp.OPTIMAL, cp.FEASIBLE):
        raise FigureGap(
            f"no schedule of {len(jobs)} jobs was found in {seconds:g} s",
            expected="a schedule",
            remedy="give it more time",
        )
    return Schedule(
        round(search.objective_value),
        round(search.best_objective_bound),
        status == cp.OPTIMAL,
        tuple(tuple(int(search.value(s)) for s in job) for job in starts),
    )


def overlaps(jobs: Sequence[Job], schedule: Schedule) -> tuple[str, ...]:
    """What is wrong with a schedule, in words; nothing when it keeps every rule.

    >>> overlaps([[(0, 2)], [(0, 2)]], Schedule(2, 2, True, ((0,), (1,))))
    ('machine 0 does jobs 0 and 1 at once from 1', 'the schedule ends at 3 and not at 2')
    """
    words: list[str] = []
    on: dict[int, list[tuple[int, int, int]]] = {}
    last = 0
    for j, (job, begun) in enumerate(zip(jobs, schedule.start, strict=True)):
        free = 0
        for (machine, duration), start in zip(job, begun, strict=True):
            if start < free:
                words.append(f"job {j} is on machine {machine} at {start}, before {free}")
            free = start + duration
            on.setdefault(machine, []).append((start, free, j))
        last = max(last, free)
    for machine, taken in sorted(on.items()):
        ordered = sorted(taken)
        for (_, end, one), (start, _, other) in pairwise(ordered):
            if start < end:
                words.append(f"machine {machine} does jobs {one} and {other} at once from {start}")
    if last != schedule.makespan:
        words.append(f"the schedule ends at {last} and not at {schedule.makespan}")
    return tuple(words)


def _sound(jobs: Sequence[Job], seconds: float, workers: int) -> None:
    if seconds <= 0.0 or workers < 1:
        raise SettingsFault(
            f"the search was given {seconds:g} s and {workers} threads",
            expected="more than 0 s and at least one thread",
            remedy="correct `seconds` and `workers`",
        )
    wrong = [
        n
        for n, job in enumerate(jobs)
        if not job
        or any(not float(x).is_integer() or x < 0 for operation in job for x in operation)
    ]
    if wrong or not jobs:
        raise FigureGap(
            f"jobs {', '.join(map(str, wrong))} cannot be planned"
            if wrong
            else "there are no jobs",
            expected="operations of whole, not negative numbers: (machine, duration)",
            remedy="take the times in a smaller unit, and leave out jobs without operations",
        )


def _solver() -> ModuleType:
    try:
        from ortools.sat.python import cp_model
    except ImportError as fault:
        raise SettingsFault(
            "the solver OR-tools is not installed",
            expected="the extra `simulation`",
            remedy='run `pip install "ecotwin[simulation]"`',
        ) from fault
    found: ModuleType = cp_model
    return found
