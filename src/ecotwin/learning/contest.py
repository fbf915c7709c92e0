"""Champion and challenger: who tells better, judged on the same rows, none of which either had learned from.

A challenger takes the champion's place on proven gain only. Both tell the same rows; what counts is the difference of
their losses row by row. Losses hang together in time, so whole blocks of rows are drawn anew, not rows (moving-block
bootstrap); the challenger wins when the mean difference lies below zero in all but `risk` of the draws, and is large
enough to matter. A contest may be looked at again and again while rows come: each look spends a part of the risk
(half of what is left), so that looking often does not make a winner.

Rows flagged bad count for neither. A challenger that was trained on a row flagged bad since is out.

Sources: Kuensch, The Jackknife and the Bootstrap for General Stationary Observations (1989); Diebold and Mariano,
Comparing Predictive Accuracy (1995), the difference of losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from ecotwin.errors import FigureGap
from ecotwin.records import Bools, Floats

RISK = 0.05
"""Probability with which a challenger that is no better may win, over a whole contest."""
LEAST_GAIN = 0.01
"""A mean loss lower by less than this share of the champion's is no gain worth a change."""
LEAST_BLOCKS = 8
"""Independent stretches without which no contest is decided."""
DRAWS = 2000


class Outcome(StrEnum):
    """How a contest stands."""

    WON = "won"
    LOST = "lost"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at a contest says.

    Attributes:
        outcome: `won`: the challenger is better; `lost`: the champion is; `open`: neither is proven.
        rows, blocks: Rows compared, and stretches that count as independent. left_out: Rows flagged bad.
        champion, challenger: Mean losses. gain: Share by which the challenger's is lower, with its `low` and `high`.
        risk: Of a false win, spent by this look. text: A sentence with numbers.
    """

    outcome: Outcome
    rows: int
    blocks: int
    left_out: int
    champion: float
    challenger: float
    gain: float
    low: float
    high: float
    risk: float
    text: str


def contest(
    champion: Floats, challenger: Floats, *, bad: Bools | None = None, look: int = 1,
    risk: float = RISK, seed: int = 0,
) -> Verdict:  # fmt: skip
    """Look at a contest.

    Args:
        champion, challenger: [rows] losses (absolute errors, say) of the same rows in order of time, told by each
            before either could learn from them; NaN where one of them told nothing.
        bad: [rows] rows flagged bad. look: Number of this look, from 1 on. risk: Of the whole contest.
        seed: Of the draws.

    Raises:
        FigureGap: The two tell different numbers of rows.

    >>> rng = np.random.default_rng(1)
    >>> hard = np.abs(rng.normal(size=400))
    >>> contest(hard, 0.7 * hard).outcome.value, contest(hard, hard).outcome.value
    ('won', 'open')
    """
    if len(champion) != len(challenger):
        raise FigureGap(
            f"losses of {len(champion)} and {len(challenger)} rows",
            expected="the same rows, told by both",
        )
    flagged = np.zeros(len(champion), bool) if bad is None else np.asarray(bad, bool)
    both = np.isfinite(champion) & np.isfinite(challenger) & ~flagged
    one, two = champion[both], challenger[both]
    rows, left_out = len(one), int(flagged.sum())
    spent = risk * 0.5**look
    if rows < LEAST_BLOCKS:
        text = f"{rows} rows told by both: too few to decide"
        return Verdict(Outcome.OPEN, rows, 0, left_out, *(np.nan,) * 5, 0.0, text)
    difference = one - two
    length = _together(difference)
    blocks = rows // length
    mean = (float(one.mean()), float(two.mean()))
    drawn = _drawn(difference, length, seed) / max(mean[0], 1e-300)
    gain = float(difference.mean()) / max(mean[0], 1e-300)
    # Few stretches, drawn anew, scatter less than new ones would.
    drawn = gain + (drawn - gain) * (1.0 + 4.0 / max(blocks, 1))
    low, high = (float(q) for q in np.quantile(drawn, [spent, 1.0 - spent]))
    outcome = Outcome.OPEN
    if blocks >= LEAST_BLOCKS:
        if low > 0.0 and gain >= LEAST_GAIN:
            outcome = Outcome.WON
        elif high < 0.0:
            outcome = Outcome.LOST
    said = {
        Outcome.WON: "the challenger is better",
        Outcome.LOST: "the champion is better",
        Outcome.OPEN: "neither is proven better",
    }[outcome]
    text = (
        f"{said}: mean error {mean[1]:.4g} against {mean[0]:.4g}, {100 * gain:+.1f} % lower "
        f"({100 * low:+.1f} to {100 * high:+.1f} %), on {rows} rows in {blocks} independent stretches"
    )
    return Verdict(outcome, rows, blocks, left_out, *mean, gain, low, high, spent, text)


def _together(values: Floats) -> int:
    """Rows that hang together: from the lag at which the correlation is lost, and never below the cube root."""
    away = values - values.mean()
    power = float((away**2).mean())
    least: int = max(1, round(float(len(values)) ** (1.0 / 3.0)))
    if power <= 0.0:
        return least
    carried = 0.0
    for lag in range(1, max(2, len(values) // 4)):
        r = float((away[lag:] * away[:-lag]).mean()) / power
        if r < 2.0 / np.sqrt(len(values)):
            break
        carried += r
    own: int = round(2.0 * (1.0 + 2.0 * carried))
    return min(len(values), max(least, own))


def _drawn(values: Floats, length: int, seed: int) -> Floats:
    """[draws] means of the values with whole blocks drawn anew."""
    rng = np.random.default_rng(seed)
    rows = len(values)
    wrapped = np.concatenate([values, values[:length]])
    sums = np.concatenate([[0.0], np.cumsum(wrapped)])
    totals = sums[length : length + rows] - sums[:rows]
    count = -(-rows // length)
    made: Floats = totals[rng.integers(0, rows, (DRAWS, count))].sum(axis=1) / (count * length)
    return made
