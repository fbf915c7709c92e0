"""Why a row has its score: which signals, where they are and where they are expected, and what would change it.

The expectation of a signal is what the other signals of the row let expect of it, as the training part taught. The
answer is tested for faithfulness: with the named signals at their expected values, the score is gone.
"""

from __future__ import annotations

import numpy as np

from ecotwin.detection.scoring.combined import TOP, Combined
from ecotwin.detection.scoring.front import Front
from ecotwin.records import Explanation, Floats, Reason, Rows

ENOUGH = 0.05
"""Share of the whole that a signal must add to be named."""


def expected(front: Front, row: Floats, off: Floats) -> Floats:
    """[columns] what the signals that are not `off` [columns, bool] let expect of those that are, as measured."""
    hidden = row.copy()
    hidden[off.astype(np.bool_)] = np.nan
    if not np.isfinite(hidden[front.used]).any():
        told = row.copy()
        told[front.used] = front.centre
        return told
    last = front.last_at
    z, _, _ = front.ready(hidden[None, :], np.zeros(1))
    front.last_at = last
    told = row.copy()
    told[front.used] = z[0] * front.spread + front.centre
    return np.where(off.astype(np.bool_) | ~np.isfinite(row), told, row)


def explain(judge: Combined, rows: Rows, row: int, trained: int) -> Explanation:
    """Why one row has its score.

    Args:
        judge: A judge that learned from the first `trained` rows and has judged nothing since.
        rows: All rows. row: Number of the row. trained: Rows of the training part.
    """
    before = judge.state()
    part = rows.part(trained, row + 1)
    scores, adds = judge.weigh(part.values, part.at_s)
    score, weight = float(scores[-1]), adds[-1]
    judge.restore(before)
    data = (
        f"learned from the first {trained} rows of {len(rows.columns)} signals",
        f"judged on {row + 1 - trained} rows up to {rows.stamps[row]}",
    )
    if not np.isfinite(score):
        nothing = Reason(rows.columns[0], 0.0, "no signal that is watched has a value in this row")
        return Explanation("score", rows.stamps[row], 0.0, "limits", 0.0, (), (nothing,), data=data)
    total = float(weight.sum())
    order = [j for j in np.argsort(-weight, kind="stable") if weight[j] > ENOUGH * total][:TOP]
    off = np.zeros(len(rows.columns))
    off[order] = 1.0
    front = next(iter(judge.scorers.values())).front  # type: ignore[attr-defined]
    usual = expected(front, rows.values[row], off)
    mended, _ = _with(judge, rows, row, trained, order)
    why = tuple(
        Reason(
            rows.columns[j],
            (score - mended) * float(weight[j] / weight[order].sum()),
            f"{rows.columns[j]} is {rows.values[row, j]:.4g}; {usual[j]:.4g} is expected when the other signals "
            "are as they are",
            float(rows.values[row, j]),
            float(usual[j]),
        )
        for j in order
    )  # fmt: skip
    names = " and ".join(rows.columns[j] for j in order)
    change = (f"with {names} at the expected values the score would be {mended:.2f}",)
    return Explanation(
        "score", rows.stamps[row], score, "limits", mended, why,
        change=change, sure=_sure(judge, score), data=data, model="detection.scoring.combined",
    )  # fmt: skip


def _with(
    judge: Combined, rows: Rows, row: int, trained: int, named: list[int]
) -> tuple[float, Floats]:
    """Score of a row, and of all rows up to it, had the named signals been at their expected values all along."""
    before = judge.state()
    front = next(iter(judge.scorers.values())).front  # type: ignore[attr-defined]
    values = rows.values[trained : row + 1].copy()
    values[:, named] = np.nan
    if not np.isfinite(values[-1, front.used]).any():
        values[:, front.used] = front.centre
    scores, _ = judge.weigh(values, rows.at_s[trained : row + 1])
    judge.restore(before)
    return float(np.nan_to_num(scores[-1])), scores


def _sure(judge: Combined, score: float) -> float:
    """Probability that a normal row would not score so high, as the promise goes."""
    return 1.0 - min(1.0, judge.share_above(score))
