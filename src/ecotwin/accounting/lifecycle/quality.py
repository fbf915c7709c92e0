"""How good the data behind a life-cycle result is, weighed by what it adds.

Sources: PACT Technical Specifications 3.0.3 (`dqi`, `primaryDataShare`); ISO 14044:2006 4.2.3.6.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecotwin.accounting.lifecycle.impact import Score
from ecotwin.accounting.lifecycle.matrix import Matrices
from ecotwin.accounting.pact import data_quality, primary_data_share
from ecotwin.records.lifecycle import SCORES


@dataclass(frozen=True, slots=True)
class Quality:
    """Ratings, 1 best to 5 worst, weighed by |contribution|; unknown counts as 5.

    Attributes:
        primary_share: Share of the result that rests on primary data [%].
        rated_share: Share of the result whose data is rated at all [%].
    """

    technological: float
    geographical: float
    temporal: float
    primary_share: float
    rated_share: float


def rating(matrices: Matrices, score: Score) -> Quality:
    """Ratings of a result: of each exchange with nature by its own pedigree, else by that of its process.

    Raises:
        FigureGap: The result is made of nothing, or a score is none of 1 to 5.
    """
    processes = matrices.system.processes
    rows: list[tuple[float, tuple[int, ...], float]] = []
    values = iter(score.per_exchange)
    for process in processes:
        for exchange in process.nature:
            rows.append(
                (float(next(values)), exchange.pedigree or process.pedigree, process.primary)
            )

    def weighed(name: str) -> float:
        place = SCORES.index(name)
        return data_quality(
            (kg, (scores[place] or None) if scores else None) for kg, scores, _ in rows
        )

    return Quality(
        weighed("technological"),
        weighed("geographical"),
        weighed("temporal"),
        primary_data_share((kg, 100.0 * primary) for kg, _, primary in rows),
        primary_data_share((kg, 100.0 if scores else 0.0) for kg, scores, _ in rows),
    )
