"""Plays every part that goes through a line: exact times, event by event, all runs of a batch in one call a step.

A line is a row of *stages*; a stage is one machine or several side by side that share the room before them. A
machine that has finished a part hands it on when there is room behind it, else it keeps it and waits (blocking
after service). Times do not depend on the steps: a step only says how far to play.

Everything is compiled into one function, that of `lineroom`, `linework` and `linehand` too: the arrays of a line as
arguments of small compiled functions cost more than the work.

Sources:
    Blocking after service, failures by running time: Dallery and Gershwin, "Manufacturing flow line systems: a review
    of models and analytical results", Queueing Systems 12 (1992).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ecotwin.records import Floats, Ints
from ecotwin.simulation.kernel import kernel
from ecotwin.simulation.linehand import hand_on, longest_waiting, part_arrives, settle
from ecotwin.simulation.lineroom import leave
from ecotwin.simulation.linetypes import (
    BUSY,
    DOWN,
    DOWN_ASKED,
    NEVER,
    NONE,
    SETUP,
    STUCK,
    WAIT,
    Line,
    Run,
)
from ecotwin.simulation.linework import (
    AGAIN,
    SPOILT,
    call_person,
    judged,
    release,
    send_people,
    turn,
)


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
            call_person(q, s, t, DOWN_ASKED)
        else:
            verdict = judged(q, s)
            if verdict == AGAIN:
                begin = s
            elif verdict == SPOILT:
                leave(q, m.job, t, 0)
                go = s
            else:
                go = hand_on(q, s, t)
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
            go = longest_waiting(q, q.machine[s].stage)
    else:
        release(q, m.phase)
        begin = s
    return go, then, begin


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
            send_people(q, t)
        s, t = _first_due(q.due)
        if t >= end_s:
            break
        go, then, begin = NONE, NONE, NONE
        if s == machines:
            go = part_arrives(q, t)
        else:
            go, then, begin = _event(q, s, t)
        settle(q, t, go, then, begin)


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
            turn(q, s, end_s, q.machine[s].phase)
        c = q.course
        c.wip_s += c.wip * (end_s - c.since)
        c.since = end_s
