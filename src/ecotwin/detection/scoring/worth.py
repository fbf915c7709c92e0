"""How good alarms and scores are, where a label says what was true: told after all is scored, never learned from.

Sources: Fawcett, Pattern Recognition Letters 27 (2006) 861-874 (area under the curve by ranks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecotwin.records import Bools, Floats


@dataclass(frozen=True, slots=True)
class Worth:
    """Worth of alarms on labelled rows.

    Attributes:
        rows: Rows with a label. anomalies: Of these, labelled as not normal.
        f1: Harmonic mean of precision and recall. far: Share of normal rows that were told as not normal.
        mar: Share of others that were missed. auc: Probability that a row that is not normal has the higher score;
            rows that were not judged count with the lowest. None: cannot be told.
    """

    rows: int
    anomalies: int
    f1: float | None
    far: float | None
    mar: float | None
    auc: float | None


def worth(over: Bools, score: Floats, truth: Bools) -> Worth:
    """Worth of alarms and scores against a label.

    >>> worth(np.array([False, True, True]), np.array([0.1, 2.0, 3.0]), np.array([False, False, True]))
    Worth(rows=3, anomalies=1, f1=0.6666666666666666, far=0.5, mar=0.0, auc=1.0)
    """
    hits = int((over & truth).sum())
    bad, good = int(truth.sum()), int((~truth).sum())
    ranked = np.where(np.isnan(score), -np.inf, score)
    return Worth(
        len(truth),
        bad,
        2.0 * hits / (int(over.sum()) + bad) if bad else None,
        float((over & ~truth).sum()) / good if good else None,
        1.0 - hits / bad if bad else None,
        _area(ranked, truth) if bad and good else None,
    )


def _area(score: Floats, truth: Bools) -> float:
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - 0.5 * (count - 1.0))[place.reshape(-1)]
    bad, good = int(truth.sum()), int((~truth).sum())
    return float((rank[truth].sum() - 0.5 * bad * (bad + 1.0)) / (bad * good))
