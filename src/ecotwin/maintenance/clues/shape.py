"""How the excess looks in time: sudden or creeping, at work or at rest, inside or outside of planned time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecotwin.clock import HOUR
from ecotwin.maintenance.clues.scene import LEAST_STEPS, UNKNOWN, Clue, Scene, soft
from ecotwin.maintenance.clues.wording import lasting, share, three
from ecotwin.records import Bools, Floats

FIRST_H = 1.0
LEAST_SHARE = 0.03
"""An excess below this share of the usual value says nothing about when it is there."""
FLOWS = ("compressed_air", "water", "nitrogen", "gas")
READY = (2, 3, 4)
"""Modes in which a machine stands ready, or gets ready: heating, setup, idle."""
BUSY = 5
BESIDE_H = 3.0
"""What lies within so long of planned work began too early or ended too late."""


def clues(scene: Scene) -> Iterator[Clue]:
    """Clues of the excess's own course."""
    size = scene.mean_gap(scene.after)
    if not np.isfinite(size) or size == 0.0:
        return
    yield from _state_explains(scene, size)
    yield from _creeping(scene)
    yield from _rest_and_work(scene)
    yield from _outside_plan(scene)
    yield from _beside_plan(scene)
    yield from _stays_ready(scene)
    yield from _one_factor(scene)
    if scene.word == "sun":
        yield from _all_lost(scene)


def _state_explains(scene: Scene, size: float) -> Iterator[Clue]:
    """Whether a flow is as usual for the state that its machine is in: it only ran at another time."""
    excess = scene.finding.value - scene.finding.expected.value
    if scene.word not in FLOWS or excess <= 0.0 or (scene.mode == UNKNOWN).all():
        return
    here = scene.after & np.isfinite(scene.gap)
    seen, usual = float(scene.seen[here].mean()), float(scene.usual[here].mean())
    sure = soft(0.4 - size / excess, 0.0, 0.1)
    unit = scene.course[2]
    text = (
        f"For the state the machine is in it is as usual: {three(seen, unit)} against {three(usual, unit)}"
        if sure > 0.5
        else f"In the same state the machine took {three(usual, unit)} before, now {three(seen, unit)}"
    )
    yield Clue("state_explains", sure, text, "", seen, usual, unit)


def _creeping(scene: Scene) -> Iterator[Clue]:
    """How much of its newest size the excess had in its first hour."""
    at, gap = scene.window.at, scene.gap
    known = scene.after & np.isfinite(gap)
    if scene.works[known].mean() > 0.2 and not scene.serves:
        known &= (
            scene.works
        )  # between two states a machine says nothing about how fast a fault came
    where = np.flatnonzero(known)
    hours = (int(at[where[-1]]) - scene.onset) / HOUR if len(where) else 0.0
    if len(where) < 2 * LEAST_STEPS or hours < 1.5 * FIRST_H:
        return
    first = where[(at[where] - at[where[0]]) <= FIRST_H * HOUR]
    last = where[-max(len(where) // 4, LEAST_STEPS) :]
    begin, now = float(np.median(gap[first])), float(np.median(gap[last]))
    if now <= 0.0:
        return
    ratio = max(begin, 0.0) / now
    sure = soft(0.55 - ratio, 0.0, 0.12)
    unit = scene.course[2]
    text = (
        f"It grew: {three(max(begin, 0.0), unit)} in its first hour, {three(now, unit)} after {lasting(hours)}"
        if sure > 0.5
        else f"It came at once: {three(begin, unit)} in its first hour, {three(now, unit)} after {lasting(hours)}"
    )
    yield Clue("creeping", sure, text, "", begin, now, unit)


def _rest_and_work(scene: Scene) -> Iterator[Clue]:
    """Whether the excess is there when nothing works, and whether only then."""
    rest, work = scene.after & scene.rests, scene.after & scene.works
    idle, busy = scene.mean_gap(rest), scene.mean_gap(work)
    unit = scene.course[2]
    size = max(abs(v) for v in (idle, busy, 0.0) if np.isfinite(v))
    if size <= 0.0 or not np.isfinite(idle):
        return
    seen, usual = _level(scene, rest)
    least = 0.5 * scene.scatter if np.isfinite(scene.scatter) else 0.0
    if size < max(least, LEAST_SHARE * abs(usual)):
        return  # too small to tell rest from work
    ratio = idle / size
    sure = soft(ratio, 0.35, 0.1)
    who = "nothing worked" if scene.serves else "the machine stood"
    text = (
        f"While {who} it rose from {three(usual, unit)} to {three(seen, unit)}"
        if sure > 0.5
        else f"While {who} it was {three(seen, unit)}, as usual ({three(usual, unit)})"
    )
    yield Clue("at_rest", sure, text, "", seen, usual, unit)
    if np.isfinite(busy):
        gone = busy / size
        only = soft(ratio, 0.35, 0.1) * soft(0.2 - gone, 0.0, 0.06)
        seen_b, usual_b = _level(scene, work)
        text = (
            f"At work it is as usual: {three(seen_b, unit)} against {three(usual_b, unit)}"
            if only > 0.5
            else f"At work it is {three(busy, unit)} above usual"
        )
        yield Clue("only_at_rest", only, text, "", seen_b, usual_b, unit)


def _level(scene: Scene, where: Bools) -> tuple[float, float]:
    here = where & np.isfinite(scene.gap)
    return float(scene.seen[here].mean()), float(scene.usual[here].mean())


def _outside_plan(scene: Scene) -> Iterator[Clue]:
    """Whether nearly all of the excess lies outside of planned work."""
    if not scene.plant.shifts:
        return
    inside, outside = scene.after & scene.planned, scene.after & ~scene.planned
    a, b = scene.mean_gap(inside), scene.mean_gap(outside)
    if not (np.isfinite(a) and np.isfinite(b)):
        return
    size = max(abs(a), abs(b))
    if size <= 0.0:
        return
    sure = soft(b / size, 0.6, 0.1) * soft(0.25 - a / size, 0.0, 0.06)
    unit = scene.course[2]
    text = f"In breaks and between shifts it is {three(b, unit)} above usual, in planned work {three(a, unit)}"
    yield Clue("outside_plan", sure, text, "", b, a, unit)


def _beside_plan(scene: Scene) -> Iterator[Clue]:
    """Whether what lies outside of planned work lies just before or just after it."""
    if not scene.plant.shifts:
        return
    step_h = scene.window.step_s / 3600.0
    after_work = _steps_since(scene.planned) * step_h
    before_work = _steps_since(scene.planned[::-1])[::-1] * step_h
    beside = np.minimum(after_work, before_work) <= BESIDE_H
    gap = np.where(np.isfinite(scene.gap), np.maximum(scene.gap, 0.0), 0.0)
    outside = scene.after & ~scene.planned
    total = float(gap[outside].sum())
    if (
        total <= 0.0
        or (outside & ~beside).sum() < LEAST_STEPS
        or (outside & beside).sum() < LEAST_STEPS
    ):
        return
    near = float(gap[outside & beside].sum()) / total
    expected = float((outside & beside).sum() / outside.sum())
    sure = soft(near - expected, 0.5 * (1.0 - expected), 0.08)
    text = (
        f"{share(near)} of what it takes outside of planned work lies within {BESIDE_H:.0f} h of it"
    )
    yield Clue("beside_plan", sure, text, "", 100 * near, 100 * expected, "%")


def _stays_ready(scene: Scene) -> Iterator[Clue]:
    """Whether the machine now stands ready where it used to sleep or be off."""
    mode = scene.mode
    if (mode == UNKNOWN).all() or not scene.plant.shifts:
        return
    free = ~scene.planned & (mode != UNKNOWN)
    early, late = free & scene.before, free & scene.after
    if early.sum() < LEAST_STEPS or late.sum() < 3:
        return
    ready = np.isin(mode, READY)
    was, now = _share_alike(scene, ready, early, late)
    sure = soft(now - was, 0.25, 0.06)
    text = f"In time without planned work it stood ready {share(now)} of the time, usually {share(was)}"
    yield Clue("stays_ready", sure, text, "", 100 * now, 100 * was, "%")


def _share_alike(scene: Scene, is_so: Bools, early: Bools, late: Bools) -> tuple[float, float]:
    """Share of steps before and after, the steps before weighed by how long after the end of work they lie."""
    since = _steps_since(scene.planned) // max(1, 1800 // scene.window.step_s)
    since = np.minimum(since, 12)
    total, was = 0.0, 0.0
    for one in np.unique(since[late]):
        weight = float((late & (since == one)).sum())
        alike = early & (since == one)
        if alike.sum() >= 2:
            was += weight * float(is_so[alike].mean())
            total += weight
    if total == 0.0:
        return float(is_so[early].mean()), float(is_so[late].mean())
    return was / total, float(is_so[late].mean())


def _steps_since(work: Bools) -> Floats:
    """[steps] since work was planned last."""
    made = np.zeros(len(work))
    for n in range(1, len(work)):
        made[n] = 0 if work[n] else made[n - 1] + 1
    return made


def _one_factor(scene: Scene) -> Iterator[Clue]:
    """Whether seen is the same multiple of usual at every level, as a wrongly scaled meter gives."""
    usual, seen = scene.usual, scene.seen
    known = scene.after & np.isfinite(usual) & np.isfinite(seen) & (usual > 0.0)
    if known.sum() < 4 * LEAST_STEPS:
        return
    low, high = np.quantile(usual[known], [0.1, 0.9])
    if high < 2.0 * low or high <= 0.0:
        return  # it ran at one level only: nothing to tell a factor from a sum
    small = known & (usual <= low + 0.25 * (high - low))
    large = known & (usual >= low + 0.75 * (high - low))
    if small.sum() < LEAST_STEPS or large.sum() < LEAST_STEPS:
        return
    a, b = (float(np.median(seen[w] / usual[w])) for w in (small, large))
    if abs(b - 1.0) < 0.03:
        return
    alike = abs(a - b) / abs(b - 1.0)
    sure = soft(0.3 - alike, 0.0, 0.08)
    text = (
        f"It reads {three(b)} times the usual value at high load and {three(a)} times at low load"
    )
    yield Clue("one_factor", sure, text, "", a, b, "")


def _all_lost(scene: Scene) -> Iterator[Clue]:
    """Whether a source of power gives next to nothing, or only less."""
    lost = scene.seen[scene.after & np.isfinite(scene.seen)]
    if len(lost) < 3:
        return
    middle = float(np.median(lost[-max(3, len(lost) // 2) :]))
    text = f"{three(min(middle, 100.0))} % of what this sun should give is missing"
    yield Clue("all_lost", soft(middle, 80.0, 5.0), text, "", middle, 0.0, "%")
