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

from ecotwin.records import Floats, Ints
from ecotwin.simulation.chance import uniform
from ecotwin.simulation.kernel import kernel
from ecotwin.simulation.linetypes import (
    BLOCKED,
    BUSY,
    DOWN,
    DOWN_ASKED,
    NEVER,
    SETUP,
    SETUP_ASKED,
    WAIT,
    Line,
    Run,
)
from ecotwin.simulation.ziggurat import unit_exponential

GOOD, AGAIN, SPOILT = 0, 1, 2
NONE, STUCK = -1, -2


@njit(cache=True, inline="always")
def stretch(key: np.uint64, number: int, mean: float, cv: float) -> float:
    """A time of this mean: a fixed part and an exponential rest whose standard deviation is cv x mean."""
    if cv <= 0.0:
        return mean
    return float(mean * (1.0 - cv) + unit_exponential(key, number) * mean * cv)


@njit(inline="always")
def _turn(q: Run, s: int, t: float, phase: int) -> None:
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
def _next_job(q: Run, t: float) -> int:
    """The job of the next part to be fed; NONE: none now."""
    c = q.course
    job = NONE
    if len(q.mix) > 0:
        if c.lot_left <= 0:
            u = uniform(q.line_keys[1], c.lots)
            c.lots += 1
            c.lot_left = q.lot
            c.now = 0
            while u > q.mix[c.now] and c.now < len(q.mix) - 1:
                c.now += 1
        job = c.now
    else:
        while c.now < len(q.product) and q.fed[c.now] >= q.target[c.now]:
            c.now += 1
        if c.now < len(q.product) and q.earliest[c.now] <= t:
            job = c.now
    return job


@njit(inline="always")
def _enter(q: Run, job: int, t: float) -> None:
    c = q.course
    c.lot_left -= 1
    q.fed[job] += 1
    c.wip_s += c.wip * (t - c.since)
    c.since = t
    c.wip += 1
    c.most = max(c.most, c.wip)
    c.in_s += t
    c.entered += 1.0


@njit(inline="always")
def _leave(q: Run, job: int, t: float, good: int) -> None:
    c = q.course
    c.wip_s += c.wip * (t - c.since)
    c.since = t
    c.wip -= 1
    c.out_s += t
    c.left += 1.0
    q.gone[job] += 1
    q.good[job] += good
    q.course.passed += good
    if q.gone[job] == q.target[job]:
        q.finish[job] = t


@njit(inline="always")
def _push(q: Run, k: int, job: int, at: float) -> None:
    """Lay a part into the room before stage k; it can be taken from `at` on."""
    room = q.queue[k]
    places = q.mark_job.shape[1]
    last = room.head + room.marks - 1
    if last >= places:
        last -= places
    if room.marks == 0 or q.mark_job[k, last] != job:
        if room.marks == places:
            q.course.overflow = 1
        else:
            room.marks += 1
            last += 1
            if last >= places:
                last -= places
            q.mark_job[k, last] = job
            q.mark_parts[k, last] = 0
    q.mark_parts[k, last] += 1
    if q.queue[k].line >= 0:
        place = room.belt + room.parts
        if place >= q.arrive.shape[1]:
            place -= q.arrive.shape[1]
        q.arrive[q.queue[k].line, place] = at
    room.parts += 1


@njit(inline="always")
def _pop(q: Run, k: int) -> int:
    room = q.queue[k]
    job = int(q.mark_job[k, room.head])
    q.mark_parts[k, room.head] -= 1
    if q.mark_parts[k, room.head] == 0:
        room.marks -= 1
        room.head += 1
        if room.head == q.mark_job.shape[1]:
            room.head = 0
    room.parts -= 1
    if q.queue[k].line >= 0:
        room.belt += 1
        if room.belt == q.arrive.shape[1]:
            room.belt = 0
    return job


@njit(inline="always")
def _work(q: Run, s: int, t: float, work: float) -> None:
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
        _turn(q, s, t, BUSY)


@njit(inline="always")
def _begin(q: Run, s: int, t: float) -> None:
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
    _work(q, s, t, work)
    if fresh and m.transit_s > 0.0:
        m.inside = t + m.transit_s


@njit(inline="always")
def _blocked(q: Run, k: int) -> int:
    """The machine of stage k that has been blocked longest; NONE: none."""
    found = NONE
    for s in range(q.queue[k].first, q.queue[k].after):
        m = q.machine[s]
        if m.phase == BLOCKED and (found < 0 or m.called < q.machine[found].called):
            found = s
    return found


@njit(inline="always")
def _waiting(q: Run, k: int) -> int:
    """The machine of stage k that has waited longest and may begin a part; NONE: none."""
    found = NONE
    for s in range(q.queue[k].first, q.queue[k].after):
        m = q.machine[s]
        if m.phase == WAIT and m.able != 0 and (found < 0 or m.called < q.machine[found].called):
            found = s
    return found


@njit(inline="always")
def _feed(q: Run, s: int, t: float) -> int:
    """A part from outside for the first machine."""
    job = _next_job(q, t)
    if job >= 0:
        _enter(q, job, t)
    elif q.course.now < len(q.product):
        q.due[s] = q.earliest[q.course.now]
    return job


@njit(inline="always")
def _fetch(q: Run, s: int, t: float) -> int:
    """A part from the room before a machine, or straight from a blocked machine where there is no room."""
    k = q.machine[s].stage
    room = q.queue[k]
    job = NONE
    if room.parts > 0:
        ready = t
        if q.queue[k].line >= 0:
            ready = q.arrive[q.queue[k].line, room.belt]
        if ready <= t:
            job = _pop(q, k)
        else:
            q.due[s] = ready
    elif q.queue[k].room == 0 and k > 0:
        giver = _blocked(q, k - 1)
        if giver >= 0:
            job = q.machine[giver].job
            _turn(q, giver, t, WAIT)
            q.due[giver] = t
    return job


@njit(inline="always")
def _take(q: Run, s: int, t: float) -> bool:
    """Let a machine without a part take one."""
    m = q.machine[s]
    job = NONE
    q.due[s] = NEVER
    if m.able != 0:
        if q.machine[s].stage == 0 and q.course.between <= 0.0:  # noqa: SIM108 - inlined functions stand alone
            job = _feed(q, s, t)
        else:
            job = _fetch(q, s, t)
    m.job = job
    if job < 0 and m.phase != WAIT:
        _turn(q, s, t, WAIT)
        m.called = t
    return job >= 0


@njit(inline="always")
def _refill(q: Run, s: int, t: float) -> int:
    """A part was taken: a machine that was blocked for want of its room gives its own; returns it, or NONE."""
    k = q.machine[s].stage
    giver = NONE
    if q.queue[k].line >= 0:
        for other in range(q.queue[k].first, q.queue[k].after):
            if q.machine[other].phase == WAIT and q.machine[other].able != 0:
                q.due[other] = t
    if k > 0 and q.queue[k].parts == q.queue[k].room - 1:  # it was full, so somebody may be blocked
        giver = _blocked(q, k - 1)
        if giver >= 0:
            _push(q, k, q.machine[giver].job, t + q.machine[giver].transit_s)
    return giver


@njit(inline="always")
def _hand_on(q: Run, s: int, t: float) -> int:
    """Hand the part on; the machine behind that waited for it, NONE, or STUCK: there is no room."""
    k = q.machine[s].stage + 1
    m = q.machine[s]
    waiting = NONE
    if k == len(q.queue):
        _leave(q, m.job, t, 1)
    else:
        parts = q.queue[k].parts
        if parts == 0 or q.queue[k].line >= 0:  # else whoever could take a part has one
            waiting = _waiting(q, k)
        if parts < q.queue[k].room or (q.queue[k].room == 0 and waiting >= 0 and parts == 0):
            _push(q, k, m.job, t + q.machine[s].transit_s)
        else:
            _turn(q, s, t, BLOCKED)
            m.called = t
            q.due[s] = NEVER
            waiting = STUCK
    return waiting


@njit(inline="always")
def _verdict(q: Run, s: int) -> int:
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
def _call(q: Run, s: int, t: float, asked: int) -> None:
    """Call a person: an operator to set up, a repairer to mend."""
    _turn(q, s, t, asked)
    q.machine[s].called = t
    q.due[s] = NEVER
    q.course.calls = 1


@njit(inline="always")
def _free(q: Run, phase: int) -> None:
    """The person who set up or mended is free."""
    c = q.course
    if phase == SETUP:
        c.operators += 1
    else:
        c.repairers += 1
    c.calls = 1


@njit(inline="always")
def _staff(q: Run, t: float) -> None:
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
        _turn(q, longest, t, phase)


@njit(inline="always")
def _arrival(q: Run, t: float) -> int:
    """A part comes in from outside, or goes away for want of room; the machine that waited for it, or NONE."""
    c = q.course
    q.due[len(q.stage)] = t + stretch(q.line_keys[0], c.arrivals, q.course.between, q.between_cv)
    c.arrivals += 1
    waiting = NONE
    job = _next_job(q, t)
    if job >= 0:
        waiting = _waiting(q, 0)
        if q.queue[0].parts >= q.queue[0].room and waiting < 0:
            c.lost += 1
        else:
            _enter(q, job, t)
            _push(q, 0, job, t)
    return waiting


@njit(inline="always")
def _open(
    q: Run, t: float, people: bool, feeding: bool, out: Ints, ready: NDArray[np.bool_]
) -> None:
    """At the begin of a step: who may begin parts, whose clock stands."""
    machines = len(q.stage)
    c = q.course
    for s in range(machines):
        m = q.machine[s]
        person = m.phase == SETUP or m.phase == DOWN
        stop = 1 if out[s] or (person and not people) else 0
        if stop != m.held:
            m.held = stop
            if stop:
                m.rest = q.due[s] - t
                q.due[s] = NEVER
            else:
                c.calls = 1
                if person or m.phase == BUSY:
                    q.due[s] = t + m.rest
        may = people and ready[s] and not out[s]
        able = 1 if may and (q.machine[s].stage > 0 or feeding or q.course.between > 0.0) else 0
        if able != m.able:
            m.able = able
            if m.phase == WAIT:
                q.due[s] = t if able else NEVER
    if people and c.people == 0:
        c.calls = 1
    c.people = 1 if people else 0
    if people and c.next_s >= 0.0:
        q.due[machines] = t + c.next_s
        c.next_s = -1.0
    elif not people and c.next_s < 0.0 and q.course.between > 0.0:
        c.next_s = q.due[machines] - t
        q.due[machines] = NEVER


@njit(inline="always")
def _event(q: Run, s: int, t: float) -> tuple[int, int, int]:
    """What is due at a machine: who looks for a part now, who after that, who begins its part; NONE: nobody."""
    m = q.machine[s]
    go, then, begin = NONE, NONE, NONE
    if m.phase == BUSY:
        if m.left > 0.0:
            m.failures += 1
            _call(q, s, t, DOWN_ASKED)
        else:
            verdict = _verdict(q, s)
            if verdict == AGAIN:
                begin = s
            elif verdict == SPOILT:
                _leave(q, m.job, t, 0)
                go = s
            else:
                go = _hand_on(q, s, t)
                if go == STUCK:
                    go = NONE
                elif go == NONE:
                    go = s
                else:
                    then = s
    elif m.phase == WAIT:
        go = s
        if (
            q.queue[m.stage].line >= 0
        ):  # of those side by side the one that has waited longest is next
            q.due[s] = NEVER
            go = _waiting(q, q.machine[s].stage)
    else:
        _free(q, m.phase)
        begin = s
    return go, then, begin


@njit(inline="always")
def _chain(q: Run, t: float, go: int, then: int, begin: int) -> None:
    """Let machines look for parts and begin them, and those that are freed by it, until all is quiet."""
    while go >= 0 or begin >= 0:
        if begin < 0:
            s = go
            go = NONE
            if _take(q, s, t):
                m = q.machine[s]
                go = _refill(q, s, t)
                product = q.product[m.job]
                if m.set_for != product and q.machine[s].setup_s > 0.0:
                    _call(q, s, t, SETUP_ASKED)
                else:
                    begin = s
                m.set_for = product
            if go < 0:
                go, then = then, NONE
        if begin >= 0:
            _begin(q, begin, t)
            begin = NONE


@njit(inline="always")
def _first_due(due: Floats) -> tuple[int, float]:
    """Place and time of the first event; four rows at a time, since one long row of comparisons waits for itself.

    The number of places is a multiple of four.
    """
    a, b, c, d = 0, 1, 2, 3
    ta, tb, tc, td = due[0], due[1], due[2], due[3]
    for n in range(4, len(due), 4):
        a = n if due[n] < ta else a
        ta = min(due[n], ta)
        b = n + 1 if due[n + 1] < tb else b
        tb = min(due[n + 1], tb)
        c = n + 2 if due[n + 2] < tc else c
        tc = min(due[n + 2], tc)
        d = n + 3 if due[n + 3] < td else d
        td = min(due[n + 3], td)
    a = b if tb < ta else a
    ta = min(tb, ta)
    c = d if td < tc else c
    tc = min(td, tc)
    return (c if tc < ta else a), min(tc, ta)


@njit(inline="always")
def _events(q: Run, start_s: float, end_s: float) -> None:
    """Play a run up to the end of the step."""
    machines = len(q.stage)
    t = start_s
    while True:
        if q.course.calls != 0:
            _staff(q, t)
        s, t = _first_due(q.due)
        if t >= end_s:
            break
        go, then, begin = NONE, NONE, NONE
        if s == machines:
            go = _arrival(q, t)
        else:
            go, then, begin = _event(q, s, t)
        _chain(q, t, go, then, begin)


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
            it. ready: [runs, machines] Whether a machine may begin parts (an oven is hot).
    """
    for r in range(len(p.course)):
        q = Run(
            p.stage, p.product, p.earliest, p.mix, p.lot, p.between_cv,
            p.target[r], p.cycle[r], p.line_keys[r], p.machine[r], p.due[r], p.course[r],
            p.queue[r], p.mark_job[r], p.mark_parts[r], p.arrive[r], p.fed[r], p.gone[r], p.good[r], p.finish[r],
            p.spent[r], p.made[r], p.spoilt[r],
        )  # fmt: skip
        _open(q, start_s, people, feeding, out, ready[r])
        _events(q, start_s, end_s)
        for s in range(len(q.stage)):
            _turn(q, s, end_s, q.machine[s].phase)
        c = q.course
        c.wip_s += c.wip * (end_s - c.since)
        c.since = end_s
