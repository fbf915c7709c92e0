"""Plays every part that goes through a line: exact times, event by event, all runs of a batch in one call a step.

A line is a row of *stages*; a stage is one machine or several side by side that share the room before them. A
machine that has finished a part hands it on when there is room behind it, else it keeps it and waits (blocking
after service). Times do not depend on the steps: a step only says how far to play.

Everything is compiled into one function: the arrays of a line as arguments of small compiled functions cost more than
the work.

Sources:
    Blocking after service, failures by running time: Dallery and Gershwin, "Manufacturing flow line systems: a review
    of models and analytical results", Queueing Systems 12 (1992).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecotwin.records import Ints
from ecotwin.simulation.chance import uniform
from ecotwin.simulation.kernel import kernel
from ecotwin.simulation.linetypes import (
    BLOCKED,
    BUSY,
    CHECK,
    DOWN,
    DOWN_ASKED,
    FAILURE,
    NEVER,
    REPAIR,
    SERVICE,
    SETTING,
    SETUP,
    SETUP_ASKED,
    WAIT,
    Line,
)

GOOD, AGAIN, SPOILT = 0, 1, 2
NONE, STUCK = -1, -2


@njit(cache=True, inline="always")
def stretch(key: np.uint64, number: int, mean: float, cv: float) -> float:
    """A time of this mean: a fixed part and an exponential rest whose standard deviation is cv x mean."""
    if cv <= 0.0:
        return mean
    return float(mean * (1.0 - cv) - np.log(uniform(key, number)) * mean * cv)


@njit(inline="always")
def _turn(p: Line, r: int, s: int, t: float, phase: int) -> None:
    """Book the time in the phase up to t and change to another; a loaded belt counts as work."""
    m = p.machine[r, s]
    span = t - m.begun
    old = m.phase
    if m.inside > m.begun and (old == WAIT or old == BLOCKED):  # noqa: SIM109 - numba's tuples are slow
        inside = min(t, m.inside) - m.begun
        p.spent[r, s, BUSY] += inside
        span -= inside
    p.spent[r, s, old] += span
    m.begun = t
    m.phase = phase


@njit(inline="always")
def _next_job(p: Line, r: int, t: float) -> int:
    """The job of the next part to be fed; NONE: none now."""
    c = p.course[r]
    job = NONE
    if len(p.mix) > 0:
        if c.lot_left <= 0:
            u = uniform(p.line_keys[r, 1], c.lots)
            c.lots += 1
            c.lot_left = p.lot
            c.now = 0
            while u > p.mix[c.now] and c.now < len(p.mix) - 1:
                c.now += 1
        job = c.now
    else:
        while c.now < len(p.product) and p.fed[r, c.now] >= p.target[r, c.now]:
            c.now += 1
        if c.now < len(p.product) and p.earliest[c.now] <= t:
            job = c.now
    return job


@njit(inline="always")
def _enter(p: Line, r: int, job: int, t: float) -> None:
    c = p.course[r]
    c.lot_left -= 1
    p.fed[r, job] += 1
    c.wip_s += c.wip * (t - c.since)
    c.since = t
    c.wip += 1
    c.most = max(c.most, c.wip)
    c.in_s += t
    c.entered += 1.0


@njit(inline="always")
def _leave(p: Line, r: int, job: int, t: float, good: int) -> None:
    c = p.course[r]
    c.wip_s += c.wip * (t - c.since)
    c.since = t
    c.wip -= 1
    c.out_s += t
    c.left += 1.0
    p.gone[r, job] += 1
    p.good[r, job] += good
    p.passed[r] += good
    if p.gone[r, job] == p.target[r, job]:
        p.finish[r, job] = t


@njit(inline="always")
def _push(p: Line, r: int, k: int, job: int, at: float) -> None:
    """Lay a part into the room before stage k; it can be taken from `at` on."""
    q = p.queue[r, k]
    places = p.mark_job.shape[2]
    last = q.head + q.marks - 1
    if last >= places:
        last -= places
    if q.marks == 0 or p.mark_job[r, k, last] != job:
        if q.marks == places:
            p.course[r].overflow = 1
        else:
            q.marks += 1
            last += 1
            if last >= places:
                last -= places
            p.mark_job[r, k, last] = job
            p.mark_parts[r, k, last] = 0
    p.mark_parts[r, k, last] += 1
    if p.belt[k] >= 0:
        p.arrive[r, p.belt[k], (q.belt + q.parts) % p.arrive.shape[2]] = at
    q.parts += 1


@njit(inline="always")
def _pop(p: Line, r: int, k: int) -> int:
    q = p.queue[r, k]
    job = int(p.mark_job[r, k, q.head])
    p.mark_parts[r, k, q.head] -= 1
    if p.mark_parts[r, k, q.head] == 0:
        q.marks -= 1
        q.head += 1
        if q.head == p.mark_job.shape[2]:
            q.head = 0
    q.parts -= 1
    if p.belt[k] >= 0:
        q.belt = (q.belt + 1) % p.arrive.shape[2]
    return job


@njit(inline="always")
def _work(p: Line, r: int, s: int, t: float, work: float) -> None:
    """Go on with a part for `work` seconds, or until a failure."""
    m = p.machine[r, s]
    if work <= m.to_fail:
        m.to_fail -= work
        m.left = 0.0
        p.due[r, s] = t + work
    else:
        m.left = work - m.to_fail
        p.due[r, s] = t + m.to_fail
        m.to_fail = 0.0
    if m.phase != BUSY:
        _turn(p, r, s, t, BUSY)


@njit(inline="always")
def _begin(p: Line, r: int, s: int, t: float) -> None:
    """Begin the work on the part in the machine, or go on with it after a repair."""
    m = p.machine[r, s]
    nature = p.nature[r, s]
    work = m.left
    fresh = m.phase != DOWN
    if not fresh:
        m.to_fail = stretch(p.keys[r, s, FAILURE], m.failures, nature.mtbf_s, 1.0)
    else:
        mean = p.cycle[r, s, p.product[m.job]]
        work = stretch(p.keys[r, s, SERVICE], m.services, mean, nature.cv)
        m.services += 1
    _work(p, r, s, t, work)
    if fresh and nature.transit_s > 0.0:
        m.inside = t + nature.transit_s


@njit(inline="always")
def _blocked(p: Line, r: int, k: int) -> int:
    """The machine of stage k that has been blocked longest; NONE: none."""
    found = NONE
    for s in range(p.first[k], p.first[k + 1]):
        m = p.machine[r, s]
        if m.phase == BLOCKED and (found < 0 or m.called < p.machine[r, found].called):
            found = s
    return found


@njit(inline="always")
def _waiting(p: Line, r: int, k: int) -> int:
    """The first machine of stage k that waits and may begin a part; NONE: none."""
    found = NONE
    for s in range(p.first[k], p.first[k + 1]):
        if found < 0 and p.machine[r, s].phase == WAIT and p.machine[r, s].able != 0:
            found = s
    return found


@njit(inline="always")
def _feed(p: Line, r: int, s: int, t: float) -> int:
    """A part from outside for the first machine."""
    job = _next_job(p, r, t)
    if job >= 0:
        _enter(p, r, job, t)
    elif p.course[r].now < len(p.product):
        p.due[r, s] = p.earliest[p.course[r].now]
    return job


@njit(inline="always")
def _fetch(p: Line, r: int, s: int, t: float) -> int:
    """A part from the room before a machine, or straight from a blocked machine where there is no room."""
    k = p.stage[s]
    q = p.queue[r, k]
    job = NONE
    if q.parts > 0:
        ready = t
        if p.belt[k] >= 0:
            ready = p.arrive[r, p.belt[k], q.belt]
        if ready <= t:
            job = _pop(p, r, k)
        else:
            p.due[r, s] = ready
    elif p.room[k] == 0 and k > 0:
        giver = _blocked(p, r, k - 1)
        if giver >= 0:
            job = p.machine[r, giver].job
            _turn(p, r, giver, t, WAIT)
            p.due[r, giver] = t
    return job


@njit(inline="always")
def _take(p: Line, r: int, s: int, t: float) -> bool:
    """Let a machine without a part take one."""
    m = p.machine[r, s]
    job = NONE
    p.due[r, s] = NEVER
    if m.able != 0:
        if p.stage[s] == 0 and p.between[r] <= 0.0:  # noqa: SIM108 - inlined functions stand alone
            job = _feed(p, r, s, t)
        else:
            job = _fetch(p, r, s, t)
    m.job = job
    if job < 0 and m.phase != WAIT:
        _turn(p, r, s, t, WAIT)
    return job >= 0


@njit(inline="always")
def _refill(p: Line, r: int, s: int, t: float) -> int:
    """A part was taken: a machine that was blocked for want of its room gives its own; returns it, or NONE."""
    k = p.stage[s]
    giver = NONE
    if p.belt[k] >= 0:
        for other in range(p.first[k], p.first[k + 1]):
            if p.machine[r, other].phase == WAIT and p.machine[r, other].able != 0:
                p.due[r, other] = t
    if k > 0 and p.room[k] > 0:
        giver = _blocked(p, r, k - 1)
        if giver >= 0:
            _push(p, r, k, p.machine[r, giver].job, t + p.nature[r, giver].transit_s)
    return giver


@njit(inline="always")
def _hand_on(p: Line, r: int, s: int, t: float) -> int:
    """Hand the part on; the machine behind that waited for it, NONE, or STUCK: there is no room."""
    k = p.stage[s] + 1
    m = p.machine[r, s]
    waiting = NONE
    if k == len(p.room):
        _leave(p, r, m.job, t, 1)
    else:
        waiting = _waiting(p, r, k)
        parts = p.queue[r, k].parts
        if parts < p.room[k] or (p.room[k] == 0 and waiting >= 0 and parts == 0):
            _push(p, r, k, m.job, t + p.nature[r, s].transit_s)
        else:
            _turn(p, r, s, t, BLOCKED)
            m.called = t
            p.due[r, s] = NEVER
            waiting = STUCK
    return waiting


@njit(inline="always")
def _verdict(p: Line, r: int, s: int) -> int:
    """Whether the part that is done is good, has to be done again, or is scrap; counts it."""
    m = p.machine[r, s]
    nature = p.nature[r, s]
    verdict = GOOD
    if nature.scrap + nature.rework > 0.0:
        u = uniform(p.keys[r, s, CHECK], m.checks)
        m.checks += 1
        if u < nature.scrap:
            verdict = SPOILT
            p.spoilt[r, s, p.product[m.job]] += 1.0
        elif u < nature.scrap + nature.rework:
            verdict = AGAIN
    if verdict != AGAIN:
        p.made[r, s, p.product[m.job]] += 1.0
    return verdict


@njit(inline="always")
def _call(p: Line, r: int, s: int, t: float, asked: int) -> None:
    """Call a person: an operator to set up, a repairer to mend."""
    _turn(p, r, s, t, asked)
    p.machine[r, s].called = t
    p.due[r, s] = NEVER
    p.course[r].calls = 1


@njit(inline="always")
def _free(p: Line, r: int, phase: int) -> None:
    """The person who set up or mended is free."""
    c = p.course[r]
    if phase == SETUP:
        c.operators += 1
    else:
        c.repairers += 1
    c.calls = 1


@njit(inline="always")
def _staff(p: Line, r: int, t: float) -> None:
    """Send free people to the machines that have waited longest for them."""
    c = p.course[r]
    c.calls = 0
    while c.people != 0:
        longest = NONE
        for s in range(len(p.stage)):
            m = p.machine[r, s]
            open_ = (m.phase == SETUP_ASKED and c.operators > 0) or (
                m.phase == DOWN_ASKED and c.repairers > 0
            )
            if open_ and m.held == 0 and (longest < 0 or m.called < p.machine[r, longest].called):
                longest = s
        if longest < 0:
            break
        m = p.machine[r, longest]
        nature = p.nature[r, longest]
        if m.phase == SETUP_ASKED:
            c.operators -= 1
            number, stream, mean, cv, phase = (
                m.settings, SETTING, nature.setup_s, nature.setup_cv, SETUP,
            )  # fmt: skip
            m.settings += 1
        else:
            c.repairers -= 1
            number, stream, mean, cv, phase = (
                m.repairs, REPAIR, nature.mttr_s, nature.repair_cv, DOWN,
            )  # fmt: skip
            m.repairs += 1
        p.due[r, longest] = t + stretch(p.keys[r, longest, stream], number, mean, cv)
        _turn(p, r, longest, t, phase)


@njit(inline="always")
def _arrival(p: Line, r: int, t: float) -> int:
    """A part comes in from outside, or goes away for want of room; the machine that waited for it, or NONE."""
    c = p.course[r]
    p.due[r, len(p.stage)] = t + stretch(p.line_keys[r, 0], c.arrivals, p.between[r], p.between_cv)
    c.arrivals += 1
    waiting = NONE
    job = _next_job(p, r, t)
    if job >= 0:
        waiting = _waiting(p, r, 0)
        if p.queue[r, 0].parts >= p.room[0] and waiting < 0:
            c.lost += 1
        else:
            _enter(p, r, job, t)
            _push(p, r, 0, job, t)
    return waiting


@njit(inline="always")
def _open(
    p: Line, r: int, t: float, people: bool, feeding: bool, out: Ints, ready: NDArray[np.bool_]
) -> None:
    """At the begin of a step: who may begin parts, whose clock stands."""
    machines = len(p.stage)
    c = p.course[r]
    for s in range(machines):
        m = p.machine[r, s]
        person = m.phase == SETUP or m.phase == DOWN
        stop = 1 if out[s] or (person and not people) else 0
        if stop != m.held:
            m.held = stop
            if stop:
                m.rest = p.due[r, s] - t
                p.due[r, s] = NEVER
            else:
                c.calls = 1
                if person or m.phase == BUSY:
                    p.due[r, s] = t + m.rest
        may = people and ready[s, r] and not out[s]
        able = 1 if may and (p.stage[s] > 0 or feeding or p.between[r] > 0.0) else 0
        if able != m.able:
            m.able = able
            if m.phase == WAIT:
                p.due[r, s] = t if able else NEVER
    if people and c.people == 0:
        c.calls = 1
    c.people = 1 if people else 0
    if people and c.next_s >= 0.0:
        p.due[r, machines] = t + c.next_s
        c.next_s = -1.0
    elif not people and c.next_s < 0.0 and p.between[r] > 0.0:
        c.next_s = p.due[r, machines] - t
        p.due[r, machines] = NEVER


@njit(inline="always")
def _event(p: Line, r: int, s: int, t: float) -> tuple[int, int, int]:
    """What is due at a machine: who looks for a part now, who after that, who begins its part; NONE: nobody."""
    m = p.machine[r, s]
    go, then, begin = NONE, NONE, NONE
    if m.phase == BUSY:
        if m.left > 0.0:
            m.failures += 1
            _call(p, r, s, t, DOWN_ASKED)
        else:
            verdict = _verdict(p, r, s)
            if verdict == AGAIN:
                begin = s
            elif verdict == SPOILT:
                _leave(p, r, m.job, t, 0)
                go = s
            else:
                go = _hand_on(p, r, s, t)
                if go == STUCK:
                    go = NONE
                elif go == NONE:
                    go = s
                else:
                    then = s
    elif m.phase == WAIT:
        go = s
    else:
        _free(p, r, m.phase)
        begin = s
    return go, then, begin


@njit(inline="always")
def _chain(p: Line, r: int, t: float, go: int, then: int, begin: int) -> None:
    """Let machines look for parts and begin them, and those that are freed by it, until all is quiet."""
    while go >= 0 or begin >= 0:
        if begin < 0:
            s = go
            go = NONE
            if _take(p, r, s, t):
                m = p.machine[r, s]
                go = _refill(p, r, s, t)
                product = p.product[m.job]
                if m.set_for != product and p.nature[r, s].setup_s > 0.0:
                    _call(p, r, s, t, SETUP_ASKED)
                else:
                    begin = s
                m.set_for = product
            if go < 0:
                go, then = then, NONE
        if begin >= 0:
            _begin(p, r, begin, t)
            begin = NONE


@njit(inline="always")
def _events(p: Line, r: int, start_s: float, end_s: float) -> None:
    """Play a run up to the end of the step."""
    machines = len(p.stage)
    t = start_s
    while True:
        if p.course[r].calls != 0:
            _staff(p, r, t)
        s, t = 0, p.due[r, 0]
        for other in range(1, machines + 1):
            if p.due[r, other] < t:
                s, t = other, p.due[r, other]
        if t >= end_s:
            break
        go, then, begin = NONE, NONE, NONE
        if s == machines:
            go = _arrival(p, r, t)
        else:
            go, then, begin = _event(p, r, s, t)
        _chain(p, r, t, go, then, begin)


@kernel
def play(
    p: Line,
    start_s: float,
    end_s: float,
    people: bool,
    feeding: bool,
    out: Ints,
    ready: NDArray[np.bool_],
) -> None:
    """Play all runs from start to end [s since the begin of the case].

    Args:
        people: Whether people work. feeding: Whether new parts may come in. out: [machines] 1 where an outage holds
            it. ready: [machines, runs] Whether a machine may begin parts (an oven is hot).
    """
    for r in range(len(p.course)):
        _open(p, r, start_s, people, feeding, out, ready)
        _events(p, r, start_s, end_s)
        for s in range(len(p.stage)):
            _turn(p, r, s, end_s, p.machine[r, s].phase)
        c = p.course[r]
        c.wip_s += c.wip * (end_s - c.since)
        c.since = end_s
