"""The routes of /api/v1. They only lay out what the twin says; who may is decided in `governance.access`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from ecotwin.clock import Period
from ecotwin.cycle import Twin
from ecotwin.errors import FigureGap
from ecotwin.service import (
    accounts,
    advice,
    finding,
    foretold,
    machine,
    models,
    overview,
    proof,
    sensed,
    series,
    views,
)

reading = APIRouter()
acting = APIRouter()


def running(request: Request) -> Twin:
    """The twin behind this application."""
    twin = request.app.state.twin
    assert isinstance(twin, Twin)
    return twin


On = Annotated[Twin, Depends(running)]


class Note(BaseModel):
    """Words of the person who acts."""

    note: str = Field(default="", max_length=2000)


class Closing(Note):
    """What a person writes who closes a finding: `turned_out` is the cause that was found, one of the finding's."""

    turned_out: str = Field(default="", max_length=60)


class Reason(BaseModel):
    """Why."""

    reason: str = Field(default="", max_length=2000)


@reading.get("/overview")
def get_overview(twin: On, area: str = "") -> views.Overview:
    """The state of the plant in one view."""
    return overview.overview(twin, area)


@reading.get("/forecasts")
def get_forecasts(twin: On) -> views.Forecasts:
    """What the site will take in over the next day and a half, with its doubt."""
    return foretold.forecasts(twin)


@reading.get("/live")
def get_live(request: Request, area: str = "") -> StreamingResponse:
    """The overview as server-sent events."""
    if area:
        running(request).plant.element(area)
    return StreamingResponse(request.app.state.live.events(area), media_type="text/event-stream")


@reading.get("/machines")
def get_machines(twin: On) -> views.Machines:
    """Every machine with its power now, against expected."""
    return machine.machines(twin)


@reading.get("/machines/{id}")
def get_machine(
    twin: On,
    id: str,  # noqa: A002
    hours: Annotated[float, Query(gt=0, le=24 * 31)] = 24.0,
) -> views.MachineView:
    """One machine over the last hours."""
    return machine.machine(twin, id, hours)


@reading.get("/models")
def get_models(twin: On, kind: str = "", subject: str = "") -> views.Models:
    """What was learned: every model, the newest first, with what it came from."""
    return models.models(twin, kind, subject)


@reading.get("/sensed")
def get_sensed(twin: On) -> views.SensedAll:
    """Every value that no analyser measures: value, band, calibration, error, drift."""
    return sensed.sensed(twin)


@reading.get("/sensed/{signal}")
def get_sensed_band(twin: On, signal: str, start: str, end: str) -> views.SensedBand:
    """The 80 % band of a told signal by the minute, and why minutes were refused."""
    return sensed.band(twin, signal, _period(start, end))


@acting.post("/machines/{id}/normal")
def make_normal(twin: On, id: str, reason: Reason) -> views.Done:  # noqa: A002
    """Say that what a machine draws from now on is normal, and why: it was overhauled, or does other work."""
    entry = twin.make_normal(id, reason.reason)
    return views.Done(text="It is learned anew, and held against that in four weeks.", entry=entry)


@reading.get("/findings")
def get_findings(twin: On) -> views.Findings:
    """All findings, worst first."""
    return finding.findings(twin)


@reading.get("/findings/{id}")
def get_finding(twin: On, id: str) -> views.FindingView:  # noqa: A002
    """A finding from evidence to order."""
    return finding.finding(twin, id)


@acting.post("/findings/{id}/acknowledge")
def acknowledge(twin: On, id: str, note: Note) -> views.Done:  # noqa: A002
    """Say that someone has seen it and looks after it."""
    return views.Done(text="Acknowledged.", entry=twin.acknowledge(id, note.note))


@acting.post("/findings/{id}/close")
def close(twin: On, id: str, note: Closing) -> views.Done:  # noqa: A002
    """Say that it is mended."""
    return views.Done(text="Closed.", entry=twin.close_finding(id, note.note, note.turned_out))


@reading.get("/advice")
def get_advice_list(twin: On) -> views.AdviceList:
    """All advice and what became of it."""
    return advice.advice_list(twin)


@reading.get("/advice/{id}")
def get_advice(twin: On, id: str) -> views.AdviceView:  # noqa: A002
    """One piece of advice with all that is needed to decide."""
    return advice.advice(twin, id)


@acting.post("/advice/{id}/approve")
def approve(twin: On, id: str) -> views.Done:  # noqa: A002
    """Approve it: orders are planned and will pass the interlocks when their time comes."""
    return views.Done(text="Approved.", entry=twin.approve(id))


@acting.post("/advice/{id}/decline")
def decline(twin: On, id: str, reason: Reason) -> views.Done:  # noqa: A002
    """Decline it, with a reason that the twin keeps."""
    return views.Done(text="Declined.", entry=twin.decline(id, reason.reason))


@acting.post("/writes/stop")
def stop_writes(twin: On, reason: Reason) -> views.Done:
    """Stop all writing to machines now; set-points under lease are brought back."""
    return views.Done(text="Writing to machines is stopped.", entry=twin.stop_writes(reason.reason))


@acting.post("/writes/allow")
def allow_writes(twin: On, reason: Reason) -> views.Done:
    """Allow writing again."""
    return views.Done(
        text="Writing to machines is allowed.", entry=twin.allow_writes(reason.reason)
    )


@reading.get("/accounts")
def get_accounts(twin: On, element: str = "", period: str = "today") -> views.Accounts:
    """Figures of an element over a period, with balances, quarantine and revisions."""
    return accounts.accounts(twin, element, period)


@reading.get("/accounts.csv")
def get_accounts_csv(twin: On, element: str = "", period: str = "today") -> Response:
    """The same figures as CSV."""
    rows = accounts.accounts(twin, element, period).measures
    names = [
        "element",
        "indicator",
        "name",
        "value",
        "unit",
        "interval",
        "coverage",
        "estimated_share",
        "method",
    ]
    lines = [[getattr(row, name) for name in names] for row in rows]
    return _csv("accounts.csv", names, lines)


@reading.get("/reports/{name}.{form}")
def get_report(
    twin: On, name: str, form: str, element: str = "", period: str = "today"
) -> Response:
    """A whole report of a period as PDF, XLSX or JSON; its digest is sealed."""
    file, media, content = accounts.report(twin, name, form, element, period)
    return Response(
        content,
        media_type=media,
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )


@reading.get("/explain/{measure:path}")
def get_explain(twin: On, measure: str) -> views.Explain:
    """The whole tree of one figure."""
    return proof.explain(twin, measure)


@reading.get("/proof")
def get_proof(twin: On, before: int | None = None) -> views.Proof:
    """The ledger as it stands."""
    return proof.proof(twin, before)


@reading.get("/proof/{index}/evidence")
def get_evidence(twin: On, index: int) -> Response:
    """A bundle that proves one entry offline."""
    return Response(
        twin.evidence(index),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="evidence-{index}.zip"'},
    )


@reading.get("/series")
def get_series(twin: On, signals: str, start: str, end: str, step: int = 60) -> views.Series:
    """Signals over time, gaps as null."""
    return series.series(twin, signals.split(","), _period(start, end), step)


@reading.get("/series.csv")
def get_series_csv(twin: On, signals: str, start: str, end: str, step: int = 60) -> Response:
    """The same as CSV."""
    made = series.series(twin, signals.split(","), _period(start, end), step)
    names = ["at", *(f"{s} [{u}]" for s, u in zip(made.signals, made.units, strict=True))]
    lines = [[at, *(column[i] for column in made.value)] for i, at in enumerate(made.at)]
    return _csv("series.csv", names, lines)


def _period(start: str, end: str) -> Period:
    try:
        first, last = (datetime.fromisoformat(text) for text in (start, end))
        aware = [m if m.tzinfo else m.replace(tzinfo=UTC) for m in (first, last)]
        return Period(aware[0].astimezone(UTC), aware[1].astimezone(UTC))
    except ValueError as fault:
        raise FigureGap(
            f"{start!r} to {end!r} is not a period ({fault})",
            expected="two ISO times, the first before the second",
            remedy="correct start and end",
        ) from None


def _csv(name: str, names: list[str], lines: Sequence[Sequence[object]]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(["" if cell is None else cell for cell in line] for line in lines)
    return Response(
        text.getvalue(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
