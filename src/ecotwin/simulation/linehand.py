"""Parts from hand to hand: a machine takes one, hands it on, and frees by it whoever waited or was blocked."""

from __future__ import annotations

from numba import njit

from ecotwin.simulation.lineroom import enter, leave, next_job, pop, push
from ecotwin.simulation.linetypes import BLOCKED, NEVER, NONE, SETUP_ASKED, STUCK, WAIT, Run
from ecotwin.simulation.linework import begin_part, call_person, stretch, turn


@njit(inline="always")
def longest_blocked(q: Run, k: int) -> int:
    """The machine of stage k that has been blocked longest; NONE: none."""
    found = NONE
    for s in range(q.queue[k].first, q.queue[k].after):
        m = q.machine[s]
        if m.phase == BLOCKED and (found < 0 or m.called < q.machine[found].called):
            found = s
    return found


@njit(inline="always")
def longest_waiting(q: Run, k: int) -> int:
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
    job = next_job(q, t)
    if job >= 0:
        enter(q, job, t)
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
            job = pop(q, k)
        else:
            q.due[s] = ready
    elif q.queue[k].room == 0 and k > 0:
        giver = longest_blocked(q, k - 1)
        if giver >= 0:
            job = q.machine[giver].job
            turn(q, giver, t, WAIT)
            q.due[giver] = t
    return job


@njit(inline="always")
def take(q: Run, s: int, t: float) -> bool:
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
        turn(q, s, t, WAIT)
        m.called = t
    return job >= 0


@njit(inline="always")
def refill(q: Run, s: int, t: float) -> int:
    """A part was taken: a machine that was blocked for want of its room gives its own; returns it, or NONE."""
    k = q.machine[s].stage
    giver = NONE
    if q.queue[k].line >= 0:
        for other in range(q.queue[k].first, q.queue[k].after):
            if q.machine[other].phase == WAIT and q.machine[other].able != 0:
                q.due[other] = t
    if k > 0 and q.queue[k].parts == q.queue[k].room - 1:  # it was full, so somebody may be blocked
        giver = longest_blocked(q, k - 1)
        if giver >= 0:
            push(q, k, q.machine[giver].job, t + q.machine[giver].transit_s)
    return giver


@njit(inline="always")
def hand_on(q: Run, s: int, t: float) -> int:
    """Hand the part on; the machine behind that waited for it, NONE, or STUCK: there is no room."""
    k = q.machine[s].stage + 1
    m = q.machine[s]
    waiting = NONE
    if k == len(q.queue):
        leave(q, m.job, t, 1)
    else:
        parts = q.queue[k].parts
        if parts == 0 or q.queue[k].line >= 0:  # else whoever could take a part has one
            waiting = longest_waiting(q, k)
        if parts < q.queue[k].room or (q.queue[k].room == 0 and waiting >= 0 and parts == 0):
            push(q, k, m.job, t + q.machine[s].transit_s)
        else:
            turn(q, s, t, BLOCKED)
            m.called = t
            q.due[s] = NEVER
            waiting = STUCK
    return waiting


@njit(inline="always")
def part_arrives(q: Run, t: float) -> int:
    """A part comes in from outside, or goes away for want of room; the machine that waited for it, or NONE."""
    c = q.course
    q.due[len(q.stage)] = t + stretch(q.line_keys[0], c.arrivals, q.course.between, q.between_cv)
    c.arrivals += 1
    waiting = NONE
    job = next_job(q, t)
    if job >= 0:
        waiting = longest_waiting(q, 0)
        if q.queue[0].parts >= q.queue[0].room and waiting < 0:
            c.lost += 1
        else:
            enter(q, job, t)
            push(q, 0, job, t)
    return waiting


@njit(inline="always")
def settle(q: Run, t: float, go: int, then: int, begin: int) -> None:
    """Let machines look for parts and begin them, and those that are freed by it, until all is quiet."""
    while go >= 0 or begin >= 0:
        if begin < 0:
            s = go
            go = NONE
            if take(q, s, t):
                m = q.machine[s]
                go = refill(q, s, t)
                product = q.product[m.job]
                if m.set_for != product and q.machine[s].setup_s > 0.0:
                    call_person(q, s, t, SETUP_ASKED)
                else:
                    begin = s
                m.set_for = product
            if go < 0:
                go, then = then, NONE
        if begin >= 0:
            begin_part(q, begin, t)
            begin = NONE
