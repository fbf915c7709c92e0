"""Which machine of a line is the constraint, moment by moment: the method of active periods.

A machine is *active* while it works, is set up, heats up or is repaired: while others may have to wait for it. It is
inactive while it waits itself (starved or blocked), sleeps or is off. At any moment the machine with the longest
uninterrupted active period is the momentary bottleneck. Where the periods of two bottlenecks in turn overlap, the
constraint is shifting from one to the other; the rest of the time it is the sole bottleneck.

Only states are needed, no buffers and no counts, and parallel machines are judged like all others. Machines whose
periods are equally long cannot be told apart and share the moment.

Sources: Roser, Nakano & Tanaka 2001 (A practical bottleneck detection method, Winter Simulation Conference) and 2002
(Shifting bottleneck detection).
"""

from __future__ import annotations

import numpy as np

from ecotwin.plant.model import STATES
from ecotwin.records import Bools, Codes, Floats

ACTIVE = ("busy", "setup", "down", "heating")
STOPPED = ("setup", "down", "heating")
"""Active without making anything."""
WAITING = ("idle", "standby")
_CODES = {name: [STATES[s] for s in names] for name, names in
          {"active": ACTIVE, "stopped": STOPPED, "waiting": WAITING}.items()}  # fmt: skip


def among(codes: Codes, kind: str) -> Bools:
    """Which state codes are `active`, `stopped` or `waiting`.

    >>> among(np.array([5, 4, 6], np.int32), "active").tolist()
    [True, False, True]
    """
    found: Bools = np.isin(codes, _CODES[kind])
    return found


def run_lengths(active: Bools) -> Floats:
    """[steps] length of the uninterrupted stretch that each active step lies in; 0 where it is not active.

    >>> run_lengths(np.array([True, True, False, True])).tolist()
    [2.0, 2.0, 0.0, 1.0]
    """
    if not len(active):
        return np.zeros(0)
    number = np.cumsum(np.concatenate(([True], active[1:] != active[:-1]))) - 1
    length = np.bincount(number)[number]
    return np.where(active, length, 0.0).astype(np.float64)


def momentary(active: Bools) -> Floats:
    """[steps, machines] share of each moment that a machine is the bottleneck; rows sum to 1, or to 0 if all wait.

    >>> momentary(np.array([[1, 1], [1, 0], [0, 0]], bool)).tolist()
    [[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    """
    lengths = _lengths(active)
    longest = lengths.max(axis=1, keepdims=True, initial=0.0)
    first = (lengths == longest) & (longest > 0.0)
    count = first.sum(axis=1, keepdims=True)
    share: Floats = np.divide(first, count, out=np.zeros(active.shape), where=count > 0)
    return share


def sole(active: Bools) -> Bools:
    """[steps] whether the bottleneck of the moment is the only one: no other bottleneck's active period runs as well.

    A machine counts as another bottleneck if it was the bottleneck at some moment of its own active period.

    >>> sole(np.array([[1, 0], [1, 1], [1, 1], [0, 1], [0, 1], [0, 1]], bool)).tolist()
    [True, False, False, True, True, True]
    """
    share = momentary(active)
    running = np.zeros(active.shape, np.bool_)
    for column in range(active.shape[1]):
        on = active[:, column]
        if not on.any():
            continue
        number = np.cumsum(np.concatenate(([True], on[1:] != on[:-1]))) - 1
        led = np.bincount(number, share[:, column]) > 0.0
        running[:, column] = on & led[number]
    only: Bools = running.sum(axis=1) == 1
    return only


def _lengths(active: Bools) -> Floats:
    if not active.size:
        return np.zeros(active.shape)
    return np.stack([run_lengths(active[:, m]) for m in range(active.shape[1])], axis=1)
