"""The cross-check over any rows: learned from the first, and each odd stretch after them told with its evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ecotwin.detection.crosscheck.check import CrossCheck
from ecotwin.detection.crosscheck.contract import Verdict
from ecotwin.records import Rows


@dataclass(frozen=True, slots=True)
class Checked:
    """What the cross-check says of the rows after the training part.

    Attributes:
        kinds: [rows] what the stretch is held for so far, by what came before only; empty where nothing is odd.
        verdicts: On each stretch as it stood at its last odd row, in order.
    """

    kinds: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def checked(rows: Rows, train_rows: int, check: CrossCheck | None = None) -> Checked:
    """Learn from the first rows, judge the others in order.

    Args:
        rows: All rows. train_rows: How many of the first are taken as normal. check: Another than the usual one.

    Raises:
        FigureGap: Fewer than two signals that move, or too few rows.
    """
    made = check if check is not None else CrossCheck()
    made.learn(rows.part(0, train_rows))
    kinds, verdicts = [], dict[int, Verdict]()
    for row in range(train_rows, len(rows)):
        kind = made.judge(rows.values[row : row + 1], rows.at_s[row : row + 1])[2][0]
        kinds.append(kind)
        if kind:
            told = made.verdict()
            verdicts[told.first] = told
    return Checked(tuple(kinds), tuple(verdicts.values()))


def as_records(seen: Checked, rows: Rows, train_rows: int) -> list[dict[str, Any]]:
    """Stretches ready for JSON, with the stamps of the file."""
    out = []
    for told in seen.verdicts:
        first, last = train_rows + told.first - 1, train_rows + told.last - 1
        out.append(
            {
                "from": rows.stamps[first], "to": rows.stamps[last], "kind": told.kind,
                "sure": round(told.sure, 3), "signals": list(told.signals),
                "why": [asdict(reason) for reason in told.why], "against": [asdict(reason) for reason in told.against],
            }
        )  # fmt: skip
    return out
