"""Any rows through a judge: learn from the first ones, judge the others in order, and tell what was done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from ecotwin.detection.scoring.combined import ALARM_SHARE, Combined
from ecotwin.detection.scoring.contract import Judge
from ecotwin.detection.scoring.front import COUNTER_ROWS, WATCHED_SHARE, counts
from ecotwin.detection.scoring.lasting import Lasting, lasting
from ecotwin.detection.scoring.promise import LEAST_TRIED, MUCH, Tried, tried_in_training
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Rows

CHUNK = 4096
"""Rows judged at once."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge said of the rows after the training part.

    Attributes:
        score: [rows] 1 is the limit; NaN: not judged. over: [rows]. top: Signals that make a row's score, the first
            one most. notes: What a person should know, in sentences.
        learn_s, judge_s: Time it took [s]. trained: Rows of the training part.
        lasting: Stretches in which nearly every row is told. tried: The promise tried inside the training part; both
            only where asked for, and of a judge of several signals.
    """

    judge: Judge
    score: Floats
    over: Bools
    top: list[tuple[str, ...]]
    notes: tuple[str, ...]
    trained: int
    learn_s: float
    judge_s: float
    lasting: tuple[Lasting, ...] = ()
    tried: Tried | None = None


def detect(
    rows: Rows,
    train_rows: int,
    alarm_share: float | None = None,
    judge: Judge | None = None,
    *,
    promise: bool = False,
) -> Judged:
    """Learn from the first rows and judge the others, each by itself and what came before it.

    Args:
        rows: All rows in order. train_rows: How many of the first ones are taken as normal.
        alarm_share: Share of normal rows that may be told as not normal; none: what the judge promises by itself.
        judge: Another than the usual one. promise: Tell also where the promise holds (`lasting`, `tried`).

    Raises:
        FigureGap: The training part is empty, is all there is, or cannot be learned from.
    """
    if not 0 < train_rows < len(rows):
        raise FigureGap(
            f"a training part of {train_rows} of {len(rows)} rows",
            expected="at least one row to learn from and one to judge",
            remedy="give a training part that ends within the file",
        )
    made = judge if judge is not None else usual_judge(rows, train_rows, alarm_share)
    begun = time.perf_counter()
    made.learn(rows.part(0, train_rows))
    learned = time.perf_counter()
    scores, overs, top = [], [], []
    for first in range(train_rows, len(rows), CHUNK):
        part = rows.part(first, min(first + CHUNK, len(rows)))
        score, over, named = made.judge(part.values, part.at_s)
        scores.append(score)
        overs.append(over)
        top += named
    done = time.perf_counter()
    score, over = np.concatenate(scores), np.concatenate(overs)
    still = not getattr(made, "watches_still", False)
    told = _notes(rows, train_rows, score, several=isinstance(made, Combined), still=still)
    notes = (*rows.notes, *getattr(made, "notes", ()), *told)
    held: tuple[Lasting, ...] = ()
    tried = None
    if promise and isinstance(made, Combined):
        held = lasting(rows, train_rows, over, top, made)
        tried = tried_in_training(rows.part(0, train_rows), made)
        notes += tuple(_promise_notes(made.alarm_share, held, tried))
    return Judged(
        made, score, over, top, notes, train_rows, learned - begun, done - learned, held, tried
    )


def usual_judge(rows: Rows, train_rows: int, alarm_share: float | None = None) -> Judge:
    """The judge of one signal alone where there is one and enough rows for it, else the judge of many signals."""
    single = f"{__package__}.streams"
    if len(rows.columns) == 1 and find_spec(single) is not None:
        made = import_module(single)
        there = int(np.isfinite(rows.values[:train_rows, 0]).sum())
        if there >= made.LEAST_ROWS:
            alone: Judge = made.StreamJudge(
                made.ALARM_SHARE if alarm_share is None else alarm_share
            )
            return alone
    return Combined(ALARM_SHARE if alarm_share is None else alarm_share)


def _promise_notes(share: float, held: tuple[Lasting, ...], tried: Tried | None) -> list[str]:
    """Where the promised share does not hold, in sentences."""
    notes = []
    if tried is not None and tried.worst > MUCH * share:
        notes.append(
            f"the halves of the training part are unlike: learned from one, {tried.forward:.1%} of the second and "
            f"{tried.backward:.1%} of the first are told; count on up to {tried.worst:.0%} of false alarms, not "
            f"{share:.2%}, or learn from a longer part"
        )
    if tried is None:
        notes.append(
            f"the training part is too short to try {share:.2%} of false alarms inside of it; {LEAST_TRIED} rows do"
        )
    for one in held:
        when = f"since {one.since}" if one.open else f"from {one.since} to {one.until}"
        moved = [
            f"{m.name} from {m.learned:.4g} to {m.now:.4g} ({m.spreads:+.1f} spreads)"
            for m in one.moved
        ]
        what = "levels moved: " + ", ".join(moved) if moved else "named most: " + ", ".join(one.signals)  # fmt: skip
        anew = (
            f"; held against its own first {one.relearned} rows, {one.still_odd} of the next {one.looked_at} "
            "are odd too"
            if one.still_odd is not None
            else ""
        )
        if one.still_odd is not None and 2 * one.still_odd > one.looked_at:
            anew += ", so that it does not stay where it moved to"
        notes.append(
            f"{when} {one.told} of {one.rows} rows are not normal; {what}. Either a fault that stays or a normal that "
            f"has moved: the share of {share:.2%} is not promised there{anew}"
        )
    return notes


def _notes(rows: Rows, train_rows: int, score: Floats, *, several: bool, still: bool) -> list[str]:
    """What is odd about the rows that were judged; `still`: signals that stood still in training are not watched."""
    train, rest = rows.values[:train_rows], rows.values[train_rows:]
    there = np.isfinite(rest)
    notes = []
    sound = int(np.isfinite(train).any(axis=1).sum())
    if unjudged := int(np.isnan(score).sum()):
        notes.append(f"{unjudged} rows were not judged: their score is empty and anomaly is 0")
    gaps = int((there.any(axis=1) & ~there.all(axis=1)).sum())
    if gaps:
        notes.append(f"{gaps} rows have gaps and were judged by the signals that are there")
    for j, name in enumerate(rows.columns):
        had = train[np.isfinite(train[:, j]), j]
        has = rest[there[:, j], j]
        if len(had) == 0:
            notes.append(f"{name} has no value in the training part and is not watched")
        elif several and len(had) < WATCHED_SHARE * sound:
            notes.append(
                f"{name} has values in {len(had)} of {sound} rows of the training part, fewer than half, and is not "
                "watched"
            )
        elif several and counts(had):
            notes.append(
                f"{name} moves on evenly from row to row, as a clock or a counter does, and is not watched"
            )
        elif np.ptp(had) <= 0.0 and not still:
            notes.append(
                f"{name} stood still at {had[0]:g} in the training part: any move is judged as odd"
            )
        elif np.ptp(had) <= 0.0 and len(has) and bool((has != had[0]).any()):
            moved = int((has != had[0]).sum())
            notes.append(
                f"{name} stood still at {had[0]:g} in the training part and is not watched; "
                f"later it has other values in {moved} rows"
            )
        elif np.ptp(had) <= 0.0:
            notes.append(f"{name} stood still in the training part and is not watched")
        elif several and len(had) >= COUNTER_ROWS and bool((np.diff(had) >= 0.0).all()):
            notes.append(
                f"{name} never falls in the training part; if it is a counter, leave it out or give what it gains a row"
            )
    return notes
