"""The routes of what-if under /api/v1/whatif; who may is decided in `governance.access`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from ecotwin.service import designs, views, whatif, whatif_fidelity
from ecotwin.service.routes import On

router = APIRouter(prefix="/whatif")

_POLL_S = 0.25
ENDED = ("done", "stopped", "failed")


@router.get("/scenarios")
def get_scenarios(twin: On) -> views.Scenarios:
    """Every scenario of the plant, and what may be done with them."""
    return whatif.scenarios(twin)


@router.get("/scenarios/{id}")
def get_scenario(twin: On, id: str) -> views.ScenarioView:  # noqa: A002
    """One scenario with its text and versions."""
    return whatif.scenario(twin, id)


@router.post("/scenarios")
def save_scenario(twin: On, given: views.ScenarioText) -> views.Done:
    """Keep a scenario as a new version, sealed."""
    return whatif.save(twin, given.text)


@router.post("/check")
def check_scenario(twin: On, given: views.ScenarioText) -> views.ScenarioCheck:
    """Every fault of a scenario's text at this plant, with its line."""
    return whatif.check(twin, given.text)


@router.get("/schema")
def get_schema(twin: On) -> dict[str, Any]:
    """The JSON Schema of scenarios, for editors."""
    from ecotwin.simulation.scenario_file import schema

    assert twin is not None
    return schema()


@router.get("/fidelity")
def get_fidelity(twin: On) -> views.FidelityView:
    """How well the model tracks the plant, as it was last worked out."""
    return whatif_fidelity.fidelity(twin)


@router.get("/designs")
def get_designs(twin: On) -> views.Designs:
    """Every design file of the plant."""
    return designs.designs(twin)


@router.post("/designs")
def compare_design(twin: On, asked: views.DesignQuestion) -> views.DesignResult:
    """A product's alternatives over its life against today's, sealed."""
    from ecotwin.cycle.asking import Asked

    text, name = designs.read_file(twin, asked.id)
    period = Asked(twin.plant, twin.store, twin.ledger, twin.closed_until, twin.prove.years).period(
        asked.period
    )
    return designs.laid_out(twin, twin.ask_design(text, name, period))


@router.post("/runs")
def start(twin: On, asked: views.WhatIfQuestion) -> views.Started:
    """Compare scenarios with doing nothing; the answer names the run to follow."""
    from ecotwin.cycle.whatif_run import Question

    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in asked.model_dump().items()
    }
    run = twin.ask_what_if(Question(**given))
    return views.Started(id=run.id, text=f"{run.question.title}: taken up.")


@router.get("/runs")
def get_runs(twin: On) -> views.Runs:
    """All what-ifs, newest first."""
    return whatif.runs(twin)


@router.get("/runs/{id}")
def get_run(twin: On, id: str) -> views.RunRow:  # noqa: A002
    """How far a what-if is."""
    return whatif.run_row(twin.whatif.run(id))


@router.get("/runs/{id}/events")
def get_events(request: Request, twin: On, id: str) -> StreamingResponse:  # noqa: A002
    """The same as server-sent events, until the run ends."""
    twin.whatif.run(id)

    async def told() -> AsyncIterator[str]:
        last = ""
        while not await request.is_disconnected():
            row = whatif.run_row(twin.whatif.run(id))
            text = json.dumps(row.model_dump(mode="json"))
            if text != last:
                yield f"data: {text}\n\n"
                last = text
            if row.state in ENDED:
                return
            await asyncio.sleep(_POLL_S)

    return StreamingResponse(told(), media_type="text/event-stream")


@router.get("/runs/{id}/result")
def get_result(twin: On, id: str) -> views.WhatIfResult:  # noqa: A002
    """What a comparison says."""
    return whatif.result(twin, id)


@router.get("/runs/{id}/result.csv")
def get_result_csv(twin: On, id: str) -> Response:  # noqa: A002
    """The same as CSV."""
    return Response(
        whatif.table(twin, id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="whatif-{id}.csv"'},
    )


@router.post("/runs/{id}/stop")
def stop(twin: On, id: str) -> views.Done:  # noqa: A002
    """End a what-if that waits or runs; nothing of it is told as a result."""
    run = twin.stop_what_if(id)
    return views.Done(text=f"{run.question.title}: stopping.", entry=None)


@router.post("/runs/{id}/again")
def again(twin: On, id: str) -> views.Started:  # noqa: A002
    """Ask once more, from the same instant, with the same texts and seed: the result is the same."""
    run = twin.ask_again(id)
    return views.Started(id=run.id, text=f"{run.question.title}: taken up again.")
