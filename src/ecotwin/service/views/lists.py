"""Rows that several pages share: findings and advice in a list."""

from __future__ import annotations

from ecotwin.service.views.shown import Level, Spark, View


class FindingRow(View):
    """A finding in a list, worst first.

    Attributes:
        verb: The one button: `Approve`, `Inspect`, `Open`. advice: Id of advice that answers it, or empty.
        likely: Sentence about the cause or the strongest evidence.
        spark: The telling signal over the last day with its band; onset: since when it is so.
        where: e.g. `Compressed air · since Tue 06:40`.
    """

    id: str
    level: Level
    title: str
    where: str
    likely: str
    co2e_kg_day: float | None
    money_day: float | None
    verb: str
    advice: str
    state: str
    element: str
    kind: str
    spark: Spark | None = None
    onset: str = ""


class AdviceRow(View):
    """A piece of advice in a list, next deadline first. `decide_by` is a clock time of the plant."""

    id: str
    title: str
    saves: str
    decide_by: str
    state: str
    state_text: str
    element: str
    may_approve: bool
