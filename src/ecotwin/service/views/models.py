"""What was learned."""

from __future__ import annotations

from ecotwin.service.views.shown import View


class ModelRow(View):
    """One model of the register.

    Attributes:
        id: Made from its content. kind: `baseline` or `forecast`. subject: Machine or inlet it speaks of.
        standing: `challenger`, `champion` (it speaks now) or `retired`; why, and since when it stands there.
        made_at: When it was entered. signals: What it was learned from. start, end: Stretch. rows: How many.
        left_out: Rows of the stretch not learned from, for why_left_out.
        scores: (name, value) on rows it had not learned. code: Version of the software.
        lineage: Ids of the models it came from, itself first. by: Id of the one that took its place, or empty.
        title: Machine's name or what flows in. contest: How the contest for the place of the one in use stands.
        good: How good it was on what it had not learned; both empty but for the champion.
    """

    id: str
    kind: str
    subject: str
    standing: str
    why: str
    standing_at: str
    made_at: str
    signals: list[str]
    start: str
    end: str
    rows: int
    left_out: int
    why_left_out: list[str]
    scores: list[tuple[str, float]]
    code: str
    lineage: list[str]
    by: str
    title: str
    contest: str
    good: str


class Models(View):
    """The register of models, the newest first.

    Attributes:
        headline: How much was learned, refused and made anew.
    """

    headline: str
    rows: list[ModelRow]
