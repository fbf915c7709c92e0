"""Whether meters around a finding contradict each other: the flow graph's cross-check, handed to the diagnosis.

Three questions, the surest first. Do two meters of one balance tell each other's story, so that their leads are
swapped? Does the table of a balance's meters show marks of made-up data? Does the meter stand alone against the others
while its balance no longer closes? A meter that stands alone in a balance that closes is a machine that really takes
more: no verdict then, the machine's own clues decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.detection.crosscheck import MANIPULATION, SENSOR, CrossCheck, Verdict, links_of
from ecotwin.detection.crosscheck.swap import swapped
from ecotwin.errors import FigureGap
from ecotwin.maintenance.clues.scene import LEAST_STEPS, Scene, spread
from ecotwin.maintenance.clues.wording import share
from ecotwin.plant import Plant
from ecotwin.plant.model import Balance, Signal
from ecotwin.records import Floats, Ints, Rows

ROWS_US = 1_800_000_000
MOST_AFTER = 96
LEAST_SURE = 0.6
SWAPPED = "swapped"
OPEN_SHARE = 0.5
"""A balance does not close when its rest took up this share of the excess with the other sign."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What a cross-check says of a finding's meter: `sensor`, `swapped` or `manipulation`, how sure, its sentence."""

    kind: str
    sure: float
    text: str


def contradiction(scene: Scene) -> Contradiction | None:
    """The verdict of the meters around a finding; None where they do not contradict each other, or cannot say."""
    for node in scene.plant.balances:
        parts = [s for s, _ in spread(scene.plant, node.id)]
        mine = next((s for s in parts if _is_own(scene, s)), None)
        if mine is None or not all(scene.has(s) for s in parts):
            continue
        found = _swap(scene, node, mine) or _table(scene, node, parts, mine)
        if found is not None:
            return found
    return None


def _is_own(scene: Scene, signal: Signal) -> bool:
    """The meter that shows what the finding is about."""
    telling = scene.telling
    return (
        telling is not None
        and signal.element == scene.finding.element
        and signal.carrier == telling.carrier
    )


def _swap(scene: Scene, node: Balance, mine: Signal) -> Contradiction | None:
    parts = [s for s, sign in spread(scene.plant, node.id) if sign < 0 and s is not mine]
    own = scene.values(mine)
    best: tuple[float, Signal] | None = None
    for other in parts:
        beside = scene.values(other)
        late = scene.after
        usual_own, usual_beside = _course(scene, own, mine), _course(scene, beside, other)
        sure = swapped(own[late], beside[late], usual_own[late], usual_beside[late])
        if sure >= LEAST_SURE and (best is None or sure > best[0]):
            best = (sure, other)
    if best is None:
        return None
    here, there = (scene.plant.element(s.element).name for s in (mine, best[1]))
    text = (
        f"Since it began the meter of {here} reads what {there} used to take, and the meter of {there} what {here} "
        f"used to take, while what flows into {node.name} stayed as it was: the two look swapped"
    )
    return Contradiction(SWAPPED, best[0], text)


def _course(scene: Scene, values: Floats, signal: Signal) -> Floats:
    """[steps] what is usual of a meter of a balance: by the state of its own machine, the pace of the plant, the plan.

    A meter's leads say nothing of a machine's state: what it reads in a state is what the machine of that state takes.
    """
    slow = (scene.cell // 2 % 8) * 2 + scene.planned
    known = np.isfinite(values) & scene.before
    made = np.full(len(values), np.nan)
    for cells in (slow, 16 * scene.modes(signal.element) + slow):
        for one in np.unique(cells):
            alike = known & (cells == one)
            if alike.sum() >= LEAST_STEPS:
                made[cells == one] = np.median(values[alike])
    return made


def _table(scene: Scene, node: Balance, parts: list[Signal], mine: Signal) -> Contradiction | None:
    """Ask the cross-check of the balance's meters by half hours."""
    names = tuple(s.id for s in parts)
    values = np.column_stack([scene.values(s) for s in parts])
    made = _half_hours(scene, values)
    if made is None:
        return None
    rows, at_s, early, late = made
    check = CrossCheck(links_of([node], names))
    try:
        stamps = tuple(str(s) for s in at_s[early])
        check.learn(Rows(names, rows[early], at_s[early], stamps, civil=True))
        check.judge(rows[late][:MOST_AFTER], at_s[late][:MOST_AFTER])
        told = check.verdict()
    except FigureGap:
        return None  # too few rows or nothing odd: no verdict
    return _said(scene, node, mine, told)


def _half_hours(scene: Scene, values: Floats) -> tuple[Floats, Floats, Ints, Ints] | None:
    """Means by half hours, their time [s], and which of them lie before and after the onset."""
    block = scene.window.at // ROWS_US
    first = np.flatnonzero(np.diff(block, prepend=block[0] - 1))
    known = np.isfinite(values)
    sums = np.add.reduceat(np.where(known, values, 0.0), first, axis=0)
    count = np.add.reduceat(known, first, axis=0)
    rows = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    at_us = block[first] * ROWS_US
    early = np.flatnonzero(np.minimum.reduceat(scene.before, first))
    late = np.flatnonzero(np.maximum.reduceat(scene.after, first) & (at_us >= scene.onset))
    if not len(early) or not len(late):
        return None
    return rows, at_us / 1e6, early, late


def _said(scene: Scene, node: Balance, mine: Signal, told: Verdict) -> Contradiction | None:
    if told.sure < LEAST_SURE or mine.id not in told.signals:
        return None
    name = scene.plant.element(mine.element).name
    if told.kind == MANIPULATION:
        why = _named(scene.plant, told.why[0].text) if told.why else "values look made up"
        return Contradiction(
            MANIPULATION, told.sure, f"Beside the other meters of {node.name}: {why}"
        )
    if told.kind == SENSOR and told.signals[0] == mine.id and _is_open(scene, node):
        text = (
            f"The meter of {name} stands alone against the other meters of {node.name}, which agree without it, and "
            f"what flows in and out of {node.name} no longer adds up ({share(told.sure)} sure)"
        )
        return Contradiction(SENSOR, told.sure, text)
    return None


def _is_open(scene: Scene, node: Balance) -> bool:
    """Whether the balance's rest took the excess up with the other sign."""
    rest = np.zeros(scene.window.steps)
    for signal, sign in spread(scene.plant, node.id):
        rest = rest + sign * scene.values(signal)
    gap = rest - scene.usual_of(rest)
    late = gap[scene.after & np.isfinite(gap)]
    size = scene.mean_gap(scene.after)
    if len(late) < 3 or not np.isfinite(size) or size == 0.0:
        return False
    return -float(late.mean()) / size >= OPEN_SHARE


def _named(plant: Plant, text: str) -> str:
    """A sentence with machines' names instead of signals' ids."""
    for signal in sorted(plant.signals, key=lambda s: -len(s.id)):
        if signal.id in text:
            text = text.replace(signal.id, f"the meter of {plant.element(signal.element).name}")
    return text
