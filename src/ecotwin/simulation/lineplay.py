"""Plays every part that goes through a line: exact times, event by event, all runs of a batch in one call a step.

A line is a row of *stages*; a stage is one machine or several side by side that share the room before them. A
machine that has finished a part hands it on when there is room behind it, else it keeps it and waits (blocking
after service). Times do not depend on the steps: a step only says how far to play.

Sources:
    Blocking after service, failures by running time: Dallery and Gershwin, "Manufacturing flow line systems: a review
    of models and analytical results", Queueing Systems 12 (1992).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecotwin.records import Floats, Ints
from ecotwin.simulation.chance import Keys, uniform

WAIT, BUSY, BLOCKED, SETUP_ASKED, SETUP, DOWN_ASKED, DOWN, PHASES = 0, 1, 2, 3, 4, 5, 6, 7
"""Phases of a machine; `ASKED`: a person was called and is not there yet."""
OPERATOR, REPAIRER = 0, 1
NEVER = np.inf
SERVICE, CHECK, FAILURE, REPAIR, SETTING, STREAMS = 0, 1, 2, 3, 4, 5
"""Streams of chance of a machine."""

MACHINE = np.dtype(
    [
        ("phase", "i4"), ("job", "i4"), ("set_for", "i4"), ("able", "i4"), ("held", "i4"),
        ("services", "i4"), ("checks", "i4"), ("failures", "i4"), ("repairs", "i4"), ("settings", "i4"),
        ("begun", "f8"), ("left", "f8"), ("inside", "f8"), ("to_fail", "f8"), ("called", "f8"), ("rest", "f8"),
    ]
)  # fmt: skip
"""Of a machine in a run: phase; job of the part in it; product it is set for; whether it may begin a part; whether its
clock stands; draws made; begin of the phase not yet booked [s]; work left when a failure came [s]; when the belt behind
it is empty [s]; running time to the next failure [s]; when a person was called, or since when it is blocked [s]; time left
while its clock stands [s]."""

NATURE = np.dtype(
    [
        ("setup_s", "f8"), ("mtbf_s", "f8"), ("mttr_s", "f8"), ("scrap", "f8"), ("rework", "f8"),
        ("cv", "f8"), ("setup_cv", "f8"), ("repair_cv", "f8"), ("transit_s", "f8"),
    ]
)  # fmt: skip
"""What a machine is like in a run."""

COURSE = np.dtype(
    [
        ("now", "i4"), ("lot_left", "i4"), ("lots", "i4"), ("arrivals", "i4"), ("wip", "i4"), ("most", "i4"),
        ("operators", "i4"), ("repairers", "i4"), ("lost", "i4"), ("overflow", "i4"), ("people", "i4"), ("next_s", "f8"),
        ("since", "f8"), ("wip_s", "f8"), ("in_s", "f8"), ("out_s", "f8"), ("entered", "f8"), ("left", "f8"),
    ]
)  # fmt: skip
"""Of a line in a run: job being fed; parts left of a lot; lots and arrivals drawn; parts in the line, and the most of
them; people free; arrivals that found no room; whether a queue's marks ran out; whether people work; arrival that waits for work [s]; parts x
seconds, sums of the instants at which parts came and went, and how many."""

QUEUE = np.dtype([("parts", "i4"), ("head", "i4"), ("marks", "i4"), ("belt", "i4")])
"""Room before a stage: parts in it; first mark and number of marks (a mark is a row of parts of one job); first place of
the belt."""


class Line(NamedTuple):
    """A line in all runs of a batch; the first axis of what differs between runs is the run.

    Attributes:
        first: [stages + 1] First machine of each stage. stage: [machines]. belt: [stages] Belt before it, or -1.
        room: [stages] Parts that have room before it. product: [jobs] Number of a job's product.
        earliest: [jobs] [s]. target: [runs, jobs] Parts to feed; below zero: without end.
        mix: [products] Cumulated shares of lots, empty: jobs in sequence. lot: Parts in a lot.
        between: [runs] Mean time between arrivals [s], 0: parts are always at hand. between_cv: Its variation.
        cycle: [runs, machines, products] [s]. nature: [runs, machines]. keys: [machines, STREAMS, runs].
        line_keys: [2, runs] Of arrivals and of lots.
        machine, due, course, queue, mark_job, mark_parts, arrive: State; `due` [runs, machines + 1] the next event
            of each machine and of the arrivals [s], `arrive` [runs, belts, places] when a part reaches a belt's end.
        fed, gone, good, finish: [runs, jobs] Parts fed, left, left as good; when the last one left [s].
        spent: [runs, machines, PHASES] Seconds in this step. made, spoilt: [runs, machines, products] Parts in this
            step. passed: [runs] Good parts of the line in this step.
    """

    first: Ints
    stage: Ints
    belt: Ints
    room: Ints
    product: Ints
    earliest: Floats
    target: Ints
    mix: Floats
    lot: int
    between: Floats
    between_cv: float
    cycle: Floats
    nature: NDArray[np.void]
    keys: Keys
    line_keys: Keys
    machine: NDArray[np.void]
    due: Floats
    course: NDArray[np.void]
    queue: NDArray[np.void]
    mark_job: NDArray[np.int32]
    mark_parts: NDArray[np.int32]
    arrive: Floats
    fed: Ints
    gone: Ints
    good: Ints
    finish: Floats
    spent: Floats
    made: Floats
    spoilt: Floats
    passed: Floats


@njit(cache=True, nogil=True, inline="always")
def _drawn(key: np.uint64, number: int, mean: float, cv: float) -> float:
    """A time of this mean: a fixed part and an exponential rest whose standard deviation is cv x mean."""
    if cv <= 0.0:
        return mean
    return mean * (1.0 - cv) - np.log(uniform(key, number)) * mean * cv


@njit(cache=True, nogil=True)
def _turn(p: Line, r: int, s: int, t: float, phase: int) -> None:
    """Book the time in the phase up to t and change to another; a loaded belt counts as work."""
    m = p.machine[r, s]
    span = t - m.begun
    old = m.phase
    if span > 0.0:
        if m.inside > m.begun and (old == WAIT or old == BLOCKED):
            inside = min(t, m.inside) - m.begun
            p.spent[r, s, BUSY] += inside
            span -= inside
        p.spent[r, s, old] += span
    m.begun = t
    m.phase = phase


@njit(cache=True, nogil=True)
def _next_job(p: Line, r: int, t: float) -> int:
    """The job of the next part to be fed; -1: none now."""
    c = p.course[r]
    if len(p.mix) > 0:
        if c.lot_left <= 0:
            u = uniform(p.line_keys[1, r], c.lots)
            c.lots += 1
            c.lot_left = p.lot
            job = 0
            while u > p.mix[job] and job < len(p.mix) - 1:
                job += 1
            c.now = job
        return c.now
    while c.now < len(p.product) and p.fed[r, c.now] >= p.target[r, c.now] >= 0:
        c.now += 1
    if c.now == len(p.product) or p.earliest[c.now] > t:
        return -1
    return c.now


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _leave(p: Line, r: int, job: int, t: float, good: bool) -> None:
    c = p.course[r]
    c.wip_s += c.wip * (t - c.since)
    c.since = t
    c.wip -= 1
    c.out_s += t
    c.left += 1.0
    p.gone[r, job] += 1
    if good:
        p.good[r, job] += 1
        p.passed[r] += 1.0
    if p.gone[r, job] == p.target[r, job]:
        p.finish[r, job] = t


@njit(cache=True, nogil=True)
def _push(p: Line, r: int, k: int, job: int, at: float) -> None:
    """Lay a part into the room before stage k; it can be taken from `at` on."""
    q = p.queue[r, k]
    places = p.mark_job.shape[2]
    last = (q.head + q.marks - 1) % places
    if q.marks > 0 and p.mark_job[r, k, last] == job:
        p.mark_parts[r, k, last] += 1
    elif q.marks < places:
        last = (q.head + q.marks) % places
        p.mark_job[r, k, last] = job
        p.mark_parts[r, k, last] = 1
        q.marks += 1
    else:
        p.course[r].overflow = 1
        p.mark_parts[r, k, last] += 1
    if p.belt[k] >= 0:
        size = p.arrive.shape[2]
        p.arrive[r, p.belt[k], (q.belt + q.parts) % size] = at
    q.parts += 1


@njit(cache=True, nogil=True)
def _pop(p: Line, r: int, k: int) -> int:
    q = p.queue[r, k]
    job = p.mark_job[r, k, q.head]
    p.mark_parts[r, k, q.head] -= 1
    if p.mark_parts[r, k, q.head] == 0:
        q.head = (q.head + 1) % p.mark_job.shape[2]
        q.marks -= 1
    q.parts -= 1
    if p.belt[k] >= 0:
        q.belt = (q.belt + 1) % p.arrive.shape[2]
    return job


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _begin(p: Line, r: int, s: int, t: float) -> None:
    """Begin the work on the part in the machine."""
    m = p.machine[r, s]
    nature = p.nature[r, s]
    mean = p.cycle[r, s, p.product[m.job]]
    work = _drawn(p.keys[s, SERVICE, r], m.services, mean, nature.cv)
    m.services += 1
    if nature.transit_s > 0.0:
        m.inside = max(m.inside, t + nature.transit_s)
    _work(p, r, s, t, work)


@njit(cache=True, nogil=True)
def _call(p: Line, r: int, s: int, t: float, asked: int) -> None:
    """Call a person: an operator to set up, a repairer to mend."""
    _turn(p, r, s, t, asked)
    m = p.machine[r, s]
    m.called = t
    p.due[r, s] = NEVER
    c = p.course[r]
    if c.people == 0:
        return
    if asked == SETUP_ASKED:
        if c.operators > 0:
            c.operators -= 1
            _attend(p, r, s, t)
    elif c.repairers > 0:
        c.repairers -= 1
        _attend(p, r, s, t)


@njit(cache=True, nogil=True)
def _attend(p: Line, r: int, s: int, t: float) -> None:
    """The person is there."""
    m = p.machine[r, s]
    nature = p.nature[r, s]
    if m.phase == SETUP_ASKED:
        _turn(p, r, s, t, SETUP)
        span = _drawn(p.keys[s, SETTING, r], m.settings, nature.setup_s, nature.setup_cv)
        m.settings += 1
    else:
        _turn(p, r, s, t, DOWN)
        span = _drawn(p.keys[s, REPAIR, r], m.repairs, nature.mttr_s, nature.repair_cv)
        m.repairs += 1
    p.due[r, s] = t + span


@njit(cache=True, nogil=True)
def _free(p: Line, r: int, t: float, asked: int) -> None:
    """A person is free: whoever has waited longest gets him."""
    longest = -1
    for s in range(len(p.stage)):
        m = p.machine[r, s]
        if m.phase == asked and m.held == 0:
            if longest < 0 or m.called < p.machine[r, longest].called:
                longest = s
    if longest >= 0:
        _attend(p, r, longest, t)
    elif asked == SETUP_ASKED:
        p.course[r].operators += 1
    else:
        p.course[r].repairers += 1


@njit(cache=True, nogil=True)
def _take(p: Line, r: int, s: int, t: float) -> bool:
    """Let a machine without a part take one; says whether room before its stage may have become free."""
    m = p.machine[r, s]
    k = p.stage[s]
    job = -1
    wake = NEVER
    from_room = k > 0 or p.between[r] > 0.0
    if m.able == 0:
        pass
    elif not from_room:
        job = _next_job(p, r, t)
        if job >= 0:
            _enter(p, r, job, t)
        elif p.course[r].now < len(p.product):
            wake = p.earliest[p.course[r].now]
    else:
        q = p.queue[r, k]
        if q.parts > 0:
            ready = t if p.belt[k] < 0 else p.arrive[r, p.belt[k], q.belt]
            if ready <= t:
                job = _pop(p, r, k)
            else:
                wake = ready
        elif p.room[k] == 0 and k > 0:
            giver = _blocked(p, r, k - 1)
            if giver >= 0:
                job = p.machine[r, giver].job
                _push(p, r, k, job, t)
                job = _pop(p, r, k)
                _turn(p, r, giver, t, WAIT)
                p.due[r, giver] = t
    if job < 0:
        if m.phase != WAIT:
            _turn(p, r, s, t, WAIT)
        p.due[r, s] = wake
        return False
    m.job = job
    if m.set_for != p.product[job]:
        m.set_for = p.product[job]
        if p.nature[r, s].setup_s > 0.0:
            _call(p, r, s, t, SETUP_ASKED)
            return from_room
    _begin(p, r, s, t)
    return from_room


@njit(cache=True, nogil=True)
def _blocked(p: Line, r: int, k: int) -> int:
    """The machine of stage k that has been blocked longest; -1: none."""
    found = -1
    for s in range(p.first[k], p.first[k + 1]):
        if p.machine[r, s].phase == BLOCKED:
            if found < 0 or p.machine[r, s].called < p.machine[r, found].called:
                found = s
    return found


@njit(cache=True, nogil=True)
def _go(p: Line, r: int, s: int, t: float) -> None:
    """Let a machine take a part, and all before it that were blocked for want of the room."""
    while _take(p, r, s, t):
        k = p.stage[s]
        if p.belt[k] >= 0:
            for other in range(p.first[k], p.first[k + 1]):
                if p.machine[r, other].phase == WAIT and p.machine[r, other].able != 0:
                    p.due[r, other] = t
        if k == 0 or p.room[k] == 0:
            return
        giver = _blocked(p, r, k - 1)
        if giver < 0:
            return
        _push(p, r, k, p.machine[r, giver].job, t + p.nature[r, giver].transit_s)
        s = giver


@njit(cache=True, nogil=True)
def _hand_on(p: Line, r: int, s: int, t: float) -> bool:
    """Hand the part on; False: there is no room and the machine keeps it."""
    k = p.stage[s] + 1
    m = p.machine[r, s]
    if k == len(p.room):
        _leave(p, r, m.job, t, True)
        return True
    waiting = -1
    for other in range(p.first[k], p.first[k + 1]):
        if p.machine[r, other].phase == WAIT and p.machine[r, other].able != 0:
            waiting = other
            break
    parts = p.queue[r, k].parts
    if parts >= p.room[k] and not (p.room[k] == 0 and waiting >= 0 and parts == 0):
        _turn(p, r, s, t, BLOCKED)
        m.called = t
        p.due[r, s] = NEVER
        return False
    _push(p, r, k, m.job, t + p.nature[r, s].transit_s)
    if waiting >= 0:
        _go(p, r, waiting, t)
    return True


@njit(cache=True, nogil=True)
def _finished(p: Line, r: int, s: int, t: float) -> None:
    """A machine has done its work on a part."""
    m = p.machine[r, s]
    nature = p.nature[r, s]
    if nature.scrap + nature.rework > 0.0:
        u = uniform(p.keys[s, CHECK, r], m.checks)
        m.checks += 1
        if u >= nature.scrap and u < nature.scrap + nature.rework:
            _begin(p, r, s, t)
            return
        p.made[r, s, p.product[m.job]] += 1.0
        if u < nature.scrap:
            p.spoilt[r, s, p.product[m.job]] += 1.0
            _leave(p, r, m.job, t, False)
            _go(p, r, s, t)
            return
    else:
        p.made[r, s, p.product[m.job]] += 1.0
    if _hand_on(p, r, s, t):
        _go(p, r, s, t)


@njit(cache=True, nogil=True)
def _event(p: Line, r: int, s: int, t: float) -> None:
    """What is due at a machine."""
    m = p.machine[r, s]
    if m.phase == BUSY:
        if m.left > 0.0:
            m.failures += 1
            _call(p, r, s, t, DOWN_ASKED)
        else:
            _finished(p, r, s, t)
    elif m.phase == WAIT:
        _go(p, r, s, t)
    elif m.phase == SETUP:
        _begin(p, r, s, t)
        _free(p, r, t, SETUP_ASKED)
    elif m.phase == DOWN:
        m.to_fail = _drawn(p.keys[s, FAILURE, r], m.failures, p.nature[r, s].mtbf_s, 1.0)
        _work(p, r, s, t, m.left)
        _free(p, r, t, DOWN_ASKED)


@njit(cache=True, nogil=True)
def _arrival(p: Line, r: int, t: float) -> None:
    """A part comes in from outside; it goes away again when there is no room."""
    c = p.course[r]
    span = _drawn(p.line_keys[0, r], c.arrivals, p.between[r], p.between_cv)
    c.arrivals += 1
    p.due[r, len(p.stage)] = t + span
    job = _next_job(p, r, t)
    if job < 0:
        return
    waiting = -1
    for s in range(p.first[0], p.first[1]):
        if p.machine[r, s].phase == WAIT and p.machine[r, s].able != 0:
            waiting = s
            break
    if p.queue[r, 0].parts >= p.room[0] and waiting < 0:
        c.lost += 1
        return
    _enter(p, r, job, t)
    _push(p, r, 0, job, t)
    if waiting >= 0:
        _go(p, r, waiting, t)


@njit(cache=True, nogil=True)
def _open(
    p: Line, r: int, t: float, people: bool, feeding: bool, out: Ints, ready: NDArray[np.bool_]
) -> None:
    """At the begin of a step: who may begin parts, whose clock stands."""
    machines = len(p.stage)
    for s in range(machines):
        m = p.machine[r, s]
        person = m.phase == SETUP or m.phase == DOWN
        stop = 1 if out[s] or (person and not people) else 0
        if stop != m.held:
            m.held = stop
            if stop:
                m.rest = p.due[r, s] - t
                p.due[r, s] = NEVER
            elif person or m.phase == BUSY:
                p.due[r, s] = t + m.rest
        may = people and ready[s, r] and not out[s]
        able = 1 if may and (p.stage[s] > 0 or feeding or p.between[r] > 0.0) else 0
        if able != m.able:
            m.able = able
            if m.phase == WAIT:
                p.due[r, s] = t if able else NEVER
    c = p.course[r]
    c.people = 1 if people else 0
    if people and c.next_s >= 0.0:
        p.due[r, machines] = t + c.next_s
        c.next_s = -1.0
    elif not people and c.next_s < 0.0 and p.between[r] > 0.0:
        c.next_s = p.due[r, machines] - t
        p.due[r, machines] = NEVER
    if people:
        while c.operators > 0 and _someone(p, r, SETUP_ASKED):
            c.operators -= 1
            _free(p, r, t, SETUP_ASKED)
        while c.repairers > 0 and _someone(p, r, DOWN_ASKED):
            c.repairers -= 1
            _free(p, r, t, DOWN_ASKED)


@njit(cache=True, nogil=True)
def _someone(p: Line, r: int, asked: int) -> bool:
    for s in range(len(p.stage)):
        if p.machine[r, s].phase == asked and p.machine[r, s].held == 0:
            return True
    return False


@njit(cache=True, nogil=True)
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
    runs, places = p.due.shape
    for r in range(runs):
        _open(p, r, start_s, people, feeding, out, ready)
        while True:
            s, t = 0, p.due[r, 0]
            for other in range(1, places):
                if p.due[r, other] < t:
                    s, t = other, p.due[r, other]
            if t >= end_s:
                break
            if s < places - 1:
                _event(p, r, s, t)
            else:
                _arrival(p, r, t)
        for s in range(places - 1):
            _turn(p, r, s, end_s, p.machine[r, s].phase)
        c = p.course[r]
        c.wip_s += c.wip * (end_s - c.since)
        c.since = end_s
