"""What a line is made of in memory: a row of machines, the rooms between them, the course of every run."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecotwin.records import Floats, Ints
from ecotwin.simulation.chance import Keys

WAIT, BUSY, BLOCKED, SETUP_ASKED, SETUP, DOWN_ASKED, DOWN, PHASES = 0, 1, 2, 3, 4, 5, 6, 7
"""Phases of a machine; `ASKED`: a person was called and is not there yet."""
OPERATOR, REPAIRER = 0, 1
NEVER = np.inf
NONE, STUCK = -1, -2
"""In place of a machine or a job: there is none; the part cannot go on."""
STREAM_NAMES = ("service", "check", "failure", "repair", "setting")
"""Streams of chance of a machine."""

NATURE = np.dtype(
    [
        ("setup_s", "f8"), ("mtbf_s", "f8"), ("mttr_s", "f8"), ("scrap", "f8"), ("rework", "f8"),
        ("cv", "f8"), ("setup_cv", "f8"), ("repair_cv", "f8"), ("transit_s", "f8"),
    ]
)  # fmt: skip
"""What a machine is like in a run."""

MACHINE = np.dtype(
    [
        ("phase", "i4"), ("job", "i4"), ("set_for", "i4"), ("able", "i4"), ("held", "i4"),
        ("services", "i4"), ("checks", "i4"), ("failures", "i4"), ("repairs", "i4"), ("settings", "i4"),
        ("begun", "f8"), ("left", "f8"), ("inside", "f8"), ("to_fail", "f8"), ("called", "f8"), ("rest", "f8"),
        *((name, "f8") for name in NATURE.names or ()),
        *((f"key_{name}", "u8") for name in STREAM_NAMES), ("stage", "i8"),
    ]
)  # fmt: skip
"""Of a machine in a run: phase; job of the part in it; product it is set for; whether it may begin a part; whether its
clock stands; draws made; begin of the phase not yet booked [s]; work left when a failure came [s]; when the belt behind
it is empty [s]; running time to the next failure [s]; when a person was called, or since when it is blocked or waits
[s]; time left while its clock stands [s]; its nature, streams and stage once more."""

COURSE = np.dtype(
    [
        ("now", "i4"), ("lot_left", "i4"), ("lots", "i4"), ("arrivals", "i4"), ("wip", "i4"), ("most", "i4"),
        ("operators", "i4"), ("repairers", "i4"), ("lost", "i4"), ("overflow", "i4"), ("people", "i4"),
        ("calls", "i4"), ("next_s", "f8"),
        ("since", "f8"), ("wip_s", "f8"), ("in_s", "f8"), ("out_s", "f8"), ("entered", "f8"), ("left", "f8"),
        ("passed", "f8"), ("between", "f8"),
    ]
)  # fmt: skip
"""Of a line in a run: job being fed; parts left of a lot; lots and arrivals drawn; parts in the line, and the most of
them; people free; arrivals that found no room; whether a queue's marks ran out; whether people work; whether somebody
has called or is free; arrival that waits for work [s]; begin of the count not yet booked [s]; parts x seconds; sums of
the instants at which parts came and went, and how many; good parts in this step; mean time between arrivals [s], 0:
parts are always at hand."""

QUEUE = np.dtype(
    [
        ("parts", "i4"), ("head", "i4"), ("marks", "i4"), ("belt", "i4"),
        ("room", "i8"), ("line", "i8"), ("first", "i8"), ("after", "i8"),
    ]
)  # fmt: skip
"""Room before a stage: parts in it; first mark and number of marks (a mark is a row of parts of one job); first place
of the belt; room and belt of the `Line`, first machine of the stage and the first behind it, once more."""


class Line(NamedTuple):
    """A line in all runs of a batch; the first axis of what differs between runs is the run.

    Attributes:
        first: [stages + 1] First machine of each stage. stage: [machines]. belt: [stages] Belt before it, or -1.
        room: [stages] Parts that have room before it. product: [jobs] Number of a job's product.
        earliest: [jobs] [s]. target: [runs, jobs] Parts to feed; below zero: without end.
        mix: [products] Cumulated shares of lots, empty: jobs in sequence. lot: Parts in a lot.
        between_cv: Variation of the time between arrivals.
        cycle: [runs, machines, products] [s]. nature: [runs, machines]. keys: [runs, machines, streams].
        line_keys: [runs, 2] Of arrivals and of lots.
        machine, due, course, queue, mark_job, mark_parts, arrive: State; `due` [runs, machines + 1 and more] the next
            event of each machine and of the arrivals [s], `arrive` [runs, belts, places] when a part ends its belt.
        fed, gone, good, finish: [runs, jobs] Parts fed, left, left as good; when the last one left [s].
        spent: [runs, machines, PHASES] Seconds in this step. made, spoilt: [runs, machines, products] Parts in this
            step.
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


class Run(NamedTuple):
    """One run's rows of a `Line`."""

    stage: Ints
    product: Ints
    earliest: Floats
    mix: Floats
    lot: int
    between_cv: float
    target: Ints
    cycle: Floats
    line_keys: Keys
    machine: NDArray[np.void]
    due: Floats
    course: Any
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
