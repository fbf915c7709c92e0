"""The register of models as a view."""

from __future__ import annotations

from ecotwin.cycle import Twin
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
        )
        for m in register.models(kind, subject)
    ]
    return Models(rows=rows)
