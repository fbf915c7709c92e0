"""What the judge of one signal says of a row, and why, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ecotwin.detection.single.traits import KINDS, NAMES
from ecotwin.records import Explanation, Reason

SAID = {
    "high": "the value is higher than nearly ever before",
    "low": "the value is lower than nearly ever before",
    "local": "the value stands out of the {near} rows before it",
    "step": "the step from the row before is larger than usual",
    "season": "the value is not what this time of day or week usually brings",
    "shift_16": "the level of the last 16 rows is not that of the 16 before",
    "shift_48": "the level of the last 48 rows is not that of the 48 before",
    "above_16": "the level of the last 16 rows is higher than nearly ever before",
    "below_16": "the level of the last 16 rows is lower than nearly ever before",
    "above_48": "the level of the last 48 rows is higher than nearly ever before",
    "below_48": "the level of the last 48 rows is lower than nearly ever before",
    "season_16": "the last 16 rows are not what this time of day or week usually brings",
    "wide_16": "the last 16 rows scatter more than nearly ever before",
    "narrow_16": "the last 16 rows move less than nearly ever before",
    "wide_48": "the last 48 rows scatter more than nearly ever before",
    "narrow_48": "the last 48 rows move less than nearly ever before",
    "shape_16": "no earlier stretch runs like the last 16 rows",
    "form_16": "no earlier stretch, at whatever level, runs like the last 16 rows",
    "shape_48": "no earlier stretch runs like the last 48 rows",
    "form_48": "no earlier stretch, at whatever level, runs like the last 48 rows",
}
"""What a trait says, for people who know plants."""
WORTH_TELLING = 4.0
"""Surprise of a kind that is told as a reason: less than one row in fifty."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of a row.

    Attributes:
        score: 1 is the limit. over: An alarm. kinds: Surprise by kind.
        best: Place of the trait that says most, by kind. missing: Rows that were missing, where that is odd.
        value: The row's. usual: Where 98 of 100 earlier values lie. limit: The limit in force.
    """

    score: float
    over: bool
    kinds: tuple[float, ...]
    best: tuple[int, ...]
    missing: int
    value: float
    usual: tuple[float, float] = (math.nan, math.nan)
    limit: float = math.nan


def explanation(column: str, told: Told, learned: int) -> Explanation:
    """The reasons of a row's score, the heaviest first."""
    names = tuple(NAMES)
    low, high = told.usual
    span = f" ({told.value:g}; usual {low:g} to {high:g})" if math.isfinite(low) else ""
    why, against = [], []
    for kind, surprise, place in zip(KINDS, told.kinds, told.best or (0,) * 4, strict=True):
        share = surprise / told.limit if math.isfinite(told.limit) else 0.0
        if surprise >= WORTH_TELLING:
            odds = math.exp(min(surprise, 20.0))
            text = (
                f"{kind}: {SAID[names[place]].format(near=12)}{span}, about one row in {odds:,.0f}"
            )
            why.append(
                Reason(
                    kind,
                    share,
                    text,
                    told.value,
                    (low + high) / 2 if math.isfinite(low) else None,
                )
            )
        else:
            against.append(Reason(kind, share, f"{kind}: as usual"))
    if told.missing:
        text = f"silence: {told.missing} rows in a row are missing, more than ever before"
        why.append(Reason("silence", told.score, text))
    why.sort(key=lambda reason: -reason.weight)
    return Explanation(
        of="score",
        subject=column,
        value=told.score,
        unit="times the limit",
        base=0.0,
        why=tuple(why),
        against=tuple(against),
        change=(
            f"{column} back within its usual run: the score falls by itself within 48 rows",
            "if this is the new normal: nothing to do, it is learned within some hundred rows",
        ),
        data=(f"{learned} learned rows of {column} and all rows since; none later than the row",),
        model="streams",
    )
