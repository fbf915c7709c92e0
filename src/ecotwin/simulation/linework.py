"""What a machine spends its time on: its phase, the work on its part, its failures, the people it calls."""

from __future__ import annotations

import numpy as np
from numba import njit

from ecotwin.simulation.chance import uniform
from ecotwin.simulation.linetypes import (
    BLOCKED,
    BUSY,
    DOWN,
    DOWN_ASKED,
    NEVER,
    NONE,
    SETUP,
    SETUP_ASKED,
    WAIT,
    Run,
)
from ecotwin.simulation.ziggurat import unit_exponential

GOOD, AGAIN, SPOILT = 0, 1, 2
"""A part that is done: handed on, done again, or scrap."""


@njit(cache=True, inline="always")
def stretch(key: np.uint64, number: int, mean: float, cv: float) -> float:
    """A time of this mean: a fixed part and an exponential rest whose standard deviation is cv x mean."""
    if cv <= 0.0:
        return mean
    return float(mean * (1.0 - cv) + unit_exponential(key, number) * mean * cv)


@njit(inline="always")
def turn(q: Run, s: int, t: float, phase: int) -> None:
    """Book the time in the phase up to t and change to another; a loaded belt counts as work."""
    m = q.machine[s]
    span = t - m.begun
    old = m.phase
    if m.inside > m.begun and (old == WAIT or old == BLOCKED):  # noqa: SIM109 - numba's tuples are slow
        inside = min(t, m.inside) - m.begun
        q.spent[s, BUSY] += inside
        span -= inside
    q.spent[s, old] += span
    m.begun = t
    m.phase = phase


@njit(inline="always")
def go_on(q: Run, s: int, t: float, work: float) -> None:
    """Go on with a part for `work` seconds, or until a failure."""
    m = q.machine[s]
    if work <= m.to_fail:
        m.to_fail -= work
        m.left = 0.0
        q.due[s] = t + work
    else:
        m.left = work - m.to_fail
        q.due[s] = t + m.to_fail
        m.to_fail = 0.0
    if m.phase != BUSY:
        turn(q, s, t, BUSY)


@njit(inline="always")
def begin_part(q: Run, s: int, t: float) -> None:
    """Begin the work on the part in the machine, or go on with it after a repair."""
    m = q.machine[s]
    work = m.left
    fresh = m.phase != DOWN
    if not fresh:
        m.to_fail = stretch(m.key_failure, m.failures, m.mtbf_s, 1.0)
    else:
        mean = q.cycle[s, q.product[m.job]]
        work = stretch(m.key_service, m.services, mean, m.cv)
        m.services += 1
    go_on(q, s, t, work)
    if fresh and m.transit_s > 0.0:
        m.inside = t + m.transit_s


@njit(inline="always")
def judged(q: Run, s: int) -> int:
    """Whether the part that is done is good, has to be done again, or is scrap; counts it."""
    m = q.machine[s]
    verdict = GOOD
    if m.scrap + m.rework > 0.0:
        u = uniform(m.key_check, m.checks)
        m.checks += 1
        if u < m.scrap:
            verdict = SPOILT
            q.spoilt[s, q.product[m.job]] += 1.0
        elif u < m.scrap + m.rework:
            verdict = AGAIN
    if verdict != AGAIN:
        q.made[s, q.product[m.job]] += 1.0
    return verdict


@njit(inline="always")
def call_person(q: Run, s: int, t: float, asked: int) -> None:
    """Call a person: an operator to set up, a repairer to mend."""
    turn(q, s, t, asked)
    q.machine[s].called = t
    q.due[s] = NEVER
    q.course.calls = 1


@njit(inline="always")
def release(q: Run, phase: int) -> None:
    """The person who set up or mended is free."""
    c = q.course
    if phase == SETUP:
        c.operators += 1
    else:
        c.repairers += 1
    c.calls = 1


@njit(inline="always")
def send_people(q: Run, t: float) -> None:
    """Send free people to the machines that have waited longest for them."""
    c = q.course
    c.calls = 0
    while c.people != 0:
        longest = NONE
        for s in range(len(q.stage)):
            m = q.machine[s]
            open_ = (m.phase == SETUP_ASKED and c.operators > 0) or (
                m.phase == DOWN_ASKED and c.repairers > 0
            )
            if open_ and m.held == 0 and (longest < 0 or m.called < q.machine[longest].called):
                longest = s
        if longest < 0:
            break
        m = q.machine[longest]
        if m.phase == SETUP_ASKED:
            c.operators -= 1
            span, phase = stretch(m.key_setting, m.settings, m.setup_s, m.setup_cv), SETUP
            m.settings += 1
        else:
            c.repairers -= 1
            span, phase = stretch(m.key_repair, m.repairs, m.mttr_s, m.repair_cv), DOWN
            m.repairs += 1
        q.due[longest] = t + span
        turn(q, longest, t, phase)
