"""The register of models as a view."""

from __future__ import annotations

import re

from ecotwin.cycle import Twin
from ecotwin.cycle.foresight import aims
from ecotwin.cycle.learned import BASELINE
from ecotwin.learning.register import Model, Register, Standing
from ecotwin.service.views import ModelRow, Models


def models(twin: Twin, kind: str, subject: str) -> Models:
    """Every model of a kind and subject, or all."""
    register = twin.learned.register
    rows = [
        ModelRow(
            id=m.id,
            kind=m.kind,
            subject=m.subject,
            standing=m.standing.value,
            why=m.why,
            standing_at=m.standing_at,
            made_at=m.made_at,
            signals=list(m.trained.signals),
            start=m.trained.start,
            end=m.trained.end,
            rows=m.trained.rows,
            left_out=m.trained.left_out,
            why_left_out=list(m.trained.why_left_out),
            scores=[(name, float(f"{value:.4g}")) for name, value in m.scores.items()],
            code=m.code,
            lineage=[one.id for one in register.lineage(m.id)],
            by=m.by,
            title=_title(twin, m),
            contest=plain(_stands(twin, m, "text")),
            good=_stands(twin, m, "good"),
        )
        for m in register.models(kind, subject)
    ]
    return Models(headline=_headline(register), rows=rows)


def _title(twin: Twin, model: Model) -> str:
    """What it speaks of, as people call it."""
    if model.kind == BASELINE:
        return twin.plant.element(model.subject).name
    if twin.plant.has_signal(model.subject):
        return twin.plant.signal(model.subject).name.replace("_", " ")
    return next((a.title for a in aims(twin.plant) if a.id == model.subject), model.subject)


def _stands(twin: Twin, model: Model, what: str) -> str:
    if model.standing is not Standing.CHAMPION:
        return ""
    return twin.learned.contests.get((model.kind, model.subject), {}).get(what, "")


def plain(contest: str) -> str:
    """How a contest stands, without the words of those who build models.

    >>> plain("no reference yet: 6.3 of 28 days of its own data are learned")
    'young: held to what it learns as it goes, until 28 days of its own data are known (6.3 so far)'
    >>> plain("no challenger yet: one is learned every week, and when the errors grow")
    'nothing competes with it yet: another is learned every week, and when its errors grow'
    >>> plain("mean error 0.4 against 0.5 of the one in use")
    'mean error 0.4 against 0.5 of the one in use'
    """
    found = re.fullmatch(
        r"no reference yet: ([\d.]+) of ([\d.]+) days of its own data are learned", contest
    )
    if found:
        return (
            f"young: held to what it learns as it goes, until {found[2]} days of its own data are known "
            f"({found[1]} so far)"
        )
    if contest.startswith("no challenger yet"):
        return (
            "nothing competes with it yet: another is learned every week, and when its errors grow"
        )
    return contest


def _headline(register: Register) -> str:
    """How many are in use, wait and were refused."""
    every = register.models()
    use = sum(m.standing is Standing.CHAMPION for m in every)
    wait = sum(m.standing is Standing.CHALLENGER for m in every)
    refused = sum("refused: " in m.why for m in every)
    return f"{use} in use, {wait} under trial, {refused} refused"
