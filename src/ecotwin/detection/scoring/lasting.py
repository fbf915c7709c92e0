"""Stretches in which nearly every row is told: a fault that stays, or a normal that has moved for good.

A judge that learned once cannot tell these two apart, and must not: a limit that follows the rows would take every
fault that stays for usual. So the rows stay told, but such a stretch is told once as what it is, with what moved from
where to where, and that no share of false alarms is promised inside of it. Beside it stands what the same judge says
when the stretch's own first rows are taken as normal: whether later ones are odd by that as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ecotwin.detection.scoring.combined import LEAST_ROWS, Combined
from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats, Rows

WINDOW = LEAST_ROWS
"""Rows back, of which so many must be told."""
BEGINS, ENDS = 0.8, 0.5
MOST = 10
"""Stretches told at most, the longest ones."""
MOVED = 1.0
"""Spreads of the training part from which a level is told as moved."""
TOP = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """A signal of such a stretch: its level as learned and now [its unit], and how many spreads lie between."""

    name: str
    learned: float
    now: float
    spreads: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """One stretch.

    Attributes:
        since, until: Time of its first and last row, as the file writes it. first: Number of its first row in the file.
        rows: How many. told: Of these, how many are not normal. open: Whether it goes on to the end of the file.
        moved: Signals whose level has moved; none where something else changed. signals: Those named most.
        relearned: Its first rows taken as normal for a second look; 0: too few. looked_at: Rows after these.
        still_odd: Of these, how many are not normal even so; None: they were not looked at.
    """

    since: str
    until: str
    first: int
    rows: int
    told: int
    open: bool
    moved: tuple[Moved, ...]
    signals: tuple[str, ...]
    relearned: int
    looked_at: int
    still_odd: int | None


def stretches_told(over: Bools) -> list[tuple[int, int]]:
    """First row and end of each stretch in which nearly every row is told.

    >>> over = np.zeros(500, bool)
    >>> over[100:300] = True
    >>> over[150] = False
    >>> stretches_told(over)
    [(100, 300)]
    """
    so_far = np.concatenate([[0], np.cumsum(over)])
    found: list[tuple[int, int]] = []
    first, i = -1, WINDOW
    while i <= len(over):
        share = (so_far[i] - so_far[i - WINDOW]) / WINDOW
        if first < 0 and share >= BEGINS:
            first = i - WINDOW + int(np.argmax(over[i - WINDOW : i]))
        elif first >= 0 and share < ENDS:
            end = i - int(np.argmax(over[i - WINDOW : i][::-1]))
            found.append((first, end))
            first, i = -1, end + WINDOW - 1
        i += 1
    if first >= 0:
        found.append((first, len(over) - int(np.argmax(over[::-1]))))
    return found


def lasting(
    rows: Rows, trained: int, over: Bools, top: list[tuple[str, ...]], judge: Combined
) -> tuple[Lasting, ...]:
    """The stretches of the judged rows, the longest ones, in order.

    Args:
        rows: All rows. trained: Rows of the training part. over, top: [rows after it] what the judge said.
        judge: Who said it; it is left as it is.
    """
    found = sorted(stretches_told(over), key=lambda s: s[0] - s[1])[:MOST]
    return tuple(_told(rows, trained, over, top, judge, *one) for one in sorted(found))


def _told(
    rows: Rows, trained: int, over: Bools, top: list[tuple[str, ...]], judge: Combined, first: int, end: int
) -> Lasting:  # fmt: skip
    named = Counter(one[0] for one in top[first:end] if one)
    learn, looked, odd = _anew(rows.part(trained + first, trained + end), trained, judge)
    return Lasting(
        rows.stamps[trained + first], rows.stamps[trained + end - 1], trained + first, end - first,
        int(over[first:end].sum()), len(over) - end < WINDOW, _moved(rows, trained, first, end),
        tuple(name for name, _ in named.most_common(TOP)), learn, looked, odd,
    )  # fmt: skip


def _moved(rows: Rows, trained: int, first: int, end: int) -> tuple[Moved, ...]:
    made = []
    for j, name in enumerate(rows.columns):
        was = _there(rows.values[:trained, j])
        now = _there(rows.values[trained + first : trained + end, j])
        if len(was) < 2 or len(now) == 0 or np.ptp(was) <= 0.0:
            continue
        low, high = np.quantile(was, [0.1, 0.9])
        spread = float(high - low) / 2.563 or float(was.std())
        learned, level = float(np.median(was)), float(np.median(now))
        if abs(level - learned) > MOVED * spread:
            made.append(Moved(name, learned, level, (level - learned) / spread))
    return tuple(sorted(made, key=lambda m: -abs(m.spreads))[:TOP])


def _anew(part: Rows, trained: int, judge: Combined) -> tuple[int, int, int | None]:
    """Rows of the stretch learned from, looked at after them, and of these not normal even so."""
    learn = min(trained, len(part) // 2)
    other = Combined(judge.alarm_share, judge.taken)
    try:
        other.learn(part.part(0, learn))
    except FigureGap:
        return 0, 0, None
    seen = other.judge(part.values[learn:], part.at_s[learn:])[1]
    return learn, len(seen), int(seen.sum())


def _there(values: Floats) -> Floats:
    return np.asarray(values[np.isfinite(values)], np.float64)
