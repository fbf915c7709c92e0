"""Which scorers a judge takes: those that tell most of made disturbances at the promised share of alarms.

Each candidate learns from all stretches of the training part but one and scores that one as it is, and disturbed. Two
scorers that together told most on made processes are the core; any other is taken that adds clearly to what these
tell. No label and no later row is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecotwin.detection.scoring.calibration import tail
from ecotwin.detection.scoring.contract import Scorer
from ecotwin.detection.scoring.disturbed import KINDS, disturbed
from ecotwin.detection.scoring.front import places
from ecotwin.errors import FigureGap
from ecotwin.plugs import load
from ecotwin.records import Bools, Floats, Rows

ROOM = "detection.scoring"
CORE = ("residual", "variates")
"""Always taken: on short training parts a choice by few rows is a choice by chance."""
LEAST_GAIN = 0.05
"""Share of disturbed rows that a further scorer must tell beyond those before it."""
WARM_ROWS = 60
"""Rows before a stretch that fill the memories of scorers; they are not counted."""
TRIED_ROWS = 300
"""Rows of a stretch that are disturbed at most."""


def stretch_count(rows: int) -> int:
    """How many stretches a training part is cut into.

    >>> stretch_count(400), stretch_count(3000), stretch_count(100_000)
    (4, 6, 8)
    """
    return 4 if rows < 1000 else 6 if rows < 5000 else 8


@dataclass(frozen=True, slots=True)
class Tried:
    """A scorer that was tried on stretches that it did not learn from.

    Attributes:
        calm: Scores of each stretch as it is. ill: Scores of each disturbed stretch, in one order for all scorers.
    """

    calm: list[Floats]
    ill: list[Floats]


def tried(name: str, rows: Rows, sound: Bools, cuts: Sequence[tuple[int, int]]) -> Tried:
    """A scorer on each stretch when it has learned from the others.

    Raises:
        FigureGap: It cannot learn from these rows.
    """
    calm, ill = [], []
    order = places(np.where(np.isfinite(rows.values), rows.values, np.nan)[sound])
    spread = np.zeros(rows.values.shape[1])
    spread[order] = np.nanstd(
        np.where(np.isfinite(rows.values), rows.values, np.nan)[
            np.ix_(np.flatnonzero(sound), order)
        ],
        axis=0,
    )
    for k, (first, end) in enumerate(cuts):
        scorer: Scorer = load(ROOM, name)()
        kept = sound.copy()
        kept[first:end] = False
        scorer.learn(only(rows, kept))
        before = scorer.state()
        warm = max(0, first - WARM_ROWS)
        part = rows.part(warm, end)
        score = scorer.score(part.values, part.at_s)[first - warm :]
        calm.append(np.where(sound[first:end], score, np.nan))
        last = min(end, first + TRIED_ROWS)
        for i, kind in enumerate(KINDS):
            signal = int(order[(7 * k + 3 * i) % len(order)])
            values = rows.values[warm:last].copy()
            values[first - warm :] = disturbed(values[first - warm :], spread, kind, signal, seed=i)
            scorer.restore(before)
            ill.append(scorer.score(values, rows.at_s[warm:last])[first - warm :])
    return Tried(calm, ill)


def only(rows: Rows, kept: Bools) -> Rows:
    """The rows that are kept; where some between were left out, the clock jumps."""
    places = np.flatnonzero(kept)
    stamps = tuple(rows.stamps[i] for i in places)
    return Rows(rows.columns, rows.values[places], rows.at_s[places], stamps, rows.civil)


def pick(found: Mapping[str, Tried], alarm_share: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the scorers taken, and why each was taken or not, in sentences.

    Raises:
        FigureGap: Nothing was tried.
    """
    if not found:
        raise FigureGap("no scorer could learn", expected="at least one", remedy="give more rows")
    alone = {name: _told([one], alarm_share) for name, one in found.items()}
    taken = [n for n in CORE if n in found] or [max(found, key=lambda n: alone[n])]
    share = _told([found[n] for n in taken], alarm_share)
    words = [f"{n}: tells {alone[n]:.0%} of made disturbances alone" for n in taken]
    words[-1] += f", {share:.0%} with those before it" if len(taken) > 1 else ""
    left = [n for n in found if n not in taken]
    while left:
        gains = {n: _told([found[m] for m in (*taken, n)], alarm_share) - share for n in left}
        best = max(left, key=lambda n: gains[n])
        if gains[best] < LEAST_GAIN:
            words += [f"not {n}: {alone[n]:.0%} alone, adds {gains[n]:+.0%}" for n in left]
            break
        share += gains[best]
        taken.append(best)
        left.remove(best)
        words.append(f"{best}: {alone[best]:.0%} alone, {share:.0%} with those before it")
    return tuple(taken), tuple(words)


def _told(group: Sequence[Tried], alarm_share: float) -> float:
    """Share of disturbed rows above the limit that a group of scorers would have."""
    limits = [tail(one.calm).limit(alarm_share) for one in group]
    calm = [largest(parts, limits) for parts in zip(*(one.calm for one in group), strict=True)]
    limit = tail(calm).limit(alarm_share)
    ill = [largest(parts, limits) for parts in zip(*(one.ill for one in group), strict=True)]
    return float(np.mean([(s > limit).mean() for s in ill]))


def largest(scores: Sequence[Floats], limits: Sequence[float]) -> Floats:
    """[rows] the largest score by its limit; NaN where none is known."""
    by_limit = np.stack(list(scores), axis=1) / np.asarray(limits)
    known = np.isfinite(by_limit)
    top = np.where(known, by_limit, -1.0).max(axis=1)
    return np.asarray(np.where(known.any(axis=1), top, np.nan), np.float64)
