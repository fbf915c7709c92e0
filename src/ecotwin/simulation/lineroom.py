"""Parts on their way through a line: which is fed next, where it waits, when it came and left.

A room holds its parts as marks (a mark is a row of parts of one job) in a ring, so that it costs the same however many
parts lie in it; a belt holds when each part ends it.
"""

from __future__ import annotations

from numba import njit

from ecotwin.simulation.chance import uniform
from ecotwin.simulation.linetypes import NONE, Run


@njit(inline="always")
def next_job(q: Run, t: float) -> int:
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
def enter(q: Run, job: int, t: float) -> None:
    """Count a part of a job that comes into the line."""
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
def leave(q: Run, job: int, t: float, good: int) -> None:
    """Count a part of a job that leaves the line, good (1) or as scrap (0)."""
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
def push(q: Run, k: int, job: int, at: float) -> None:
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
def pop(q: Run, k: int) -> int:
    """Take the foremost part out of the room before stage k; its job."""
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
