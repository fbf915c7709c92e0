"""What-if over the API: check, save, ask, follow, read, ask again to the same digest, stop."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.governance.access import person
from ecotwin.governance.ledger import content
from ecotwin.plant import load
from ecotwin.service import views
from ecotwin.settings import Settings
from running import until, utc

pytestmark = pytest.mark.xdist_group("service")

COOLER = (
    "id: cooler\nname: Cooler oven\nparameters: [{kind: reflow_oven, name: aux_kw, scale: 0.5}]\n"
)
HOT = "id: hot\nname: Hot days\nevents: [{kind: heat_wave, warmer_k: 6}]\n"
SMALL = {"start": "start", "hours": 7.0, "runs": 3, "seed": 3}
WORKS = Path(__file__).parents[2] / "plants" / "electronics.yaml"


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin of the electronics works that nothing has been heard of yet."""
    folder = tmp_path_factory.mktemp("works")
    made = Twin(load(WORKS), Settings(), ManualClock(utc("2026-06-18T05:00")), folder)
    yield made
    made.stop()


def ask(page: httpx.Client, **words: Any) -> str:
    reply = page.post("/api/v1/whatif/runs", json={**SMALL, **words})
    assert reply.status_code == 200, reply.text
    return views.Started.model_validate(reply.json()).id


def ended(page: httpx.Client, name: str) -> views.RunRow:
    def row() -> views.RunRow | None:
        found = views.RunRow.model_validate(page.get(f"/api/v1/whatif/runs/{name}").json())
        return found if found.state in {"done", "stopped", "failed"} else None

    found = until(row, 240, "the what-if's end")
    assert found is not None
    return found


def test_a_text_becomes_a_result_that_is_sealed(page: httpx.Client, twin: Twin) -> None:
    name = ask(page, texts=[COOLER])
    row = ended(page, name)
    assert row.state == "done", row.text
    assert row.entry is not None
    sealed = content(twin.ledger.entry(row.entry))
    assert sealed["result"] == row.digest
    told = views.WhatIfResult.model_validate(page.get(f"/api/v1/whatif/runs/{name}/result").json())
    assert [c.name for c in told.cases] == ["Do nothing", "Cooler oven"]
    energy = next(f for f in told.figures if f.figure == "energy.electricity")
    assert energy.cells[1].verdict == "better"
    assert energy.cells[1].better == 1.0
    assert energy.cells[1].difference is not None
    assert energy.cells[1].difference < 0
    edges = {i.level: (i.low, i.high) for i in energy.cells[1].intervals}
    assert edges[0.95][0] <= edges[0.8][0] <= edges[0.5][0] <= edges[0.5][1] <= edges[0.8][1]
    rows = list(
        csv.DictReader(io.StringIO(page.get(f"/api/v1/whatif/runs/{name}/result.csv").text))
    )
    assert {r["case"] for r in rows} == {"Do nothing", "Cooler oven"}
    assert len(rows) == 2 * len(told.figures)
    assert told.courses[0].at[0].startswith("2026-06-1")


def test_asked_again_it_is_the_same_to_the_last_bit(page: httpx.Client) -> None:
    first = ask(page, texts=[COOLER, HOT])
    row = ended(page, first)
    again = page.post(f"/api/v1/whatif/runs/{first}/again").json()["id"]
    assert ended(page, again).digest == row.digest
    other = ended(page, ask(page, texts=[COOLER, HOT], seed=4))
    assert other.digest != row.digest
    told = page.get(f"/api/v1/whatif/runs/{again}/result").json()
    assert told["same_as"] == first


def test_scenarios_are_saved_with_versions(page: httpx.Client, twin: Twin) -> None:
    for text in (HOT, HOT, HOT.replace("6}", "7}")):
        assert page.post("/api/v1/whatif/scenarios", json={"text": text}).status_code == 200
    view = views.ScenarioView.model_validate(page.get("/api/v1/whatif/scenarios/hot").json())
    assert view.row.version == 2
    assert view.row.event
    assert [n for n, _, _ in view.versions] == [2, 1]
    assert "warmer_k: 7" in view.text
    assert twin.ledger.entries(kind="scenario", limit=5)
    name = ask(page, scenarios=["hot"])
    assert ended(page, name).state == "done"
    assert page.post("/api/v1/whatif/scenarios", json={"text": "id: x"}).status_code == 422


def test_a_run_is_stopped_and_tells_nothing(page: httpx.Client) -> None:
    name = ask(page, texts=[COOLER], hours=96.0, runs=500)
    waiting = ask(page, texts=[HOT], hours=96.0, runs=500)
    with page.stream("GET", f"/api/v1/whatif/runs/{name}/events") as events:
        first = next(line for line in events.iter_lines() if line.startswith("data:"))
        assert name in first
        for each in (waiting, name):
            assert page.post(f"/api/v1/whatif/runs/{each}/stop").status_code == 200
    for each in (waiting, name):
        assert ended(page, each).state == "stopped"
        assert page.get(f"/api/v1/whatif/runs/{each}/result").status_code == 422


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({}, "0 scenarios were given"),
        ({"scenarios": ["nothing"]}, "no scenario 'nothing'"),
        ({"texts": [COOLER, COOLER]}, "given twice"),
        ({"texts": [COOLER.replace("aux_kw", "aux_kww")]}, "did you mean 'aux_kw'"),
        ({"texts": [COOLER], "runs": 1}, "1 runs"),
        ({"texts": [COOLER], "hours": -3.0}, "-3 h"),
        ({"texts": [COOLER], "runs": 2000, "hours": 8000.0}, "run-hours"),
        ({"texts": [COOLER], "start": "2031-01-01"}, "the plant's time is"),
        ({"texts": [COOLER], "start": "soon"}, "is no start"),
    ],
)
def test_what_cannot_be_asked_is_named(
    page: httpx.Client, words: dict[str, Any], said: str
) -> None:
    reply = page.post("/api/v1/whatif/runs", json={**SMALL, **words})
    assert reply.status_code == 422
    assert said in reply.json()["found"]


def test_who_may_not_ask_is_refused(page: httpx.Client, twin: Twin) -> None:
    was = twin.person
    twin.person = person("Ola", ["operator"])
    try:
        assert (
            page.post("/api/v1/whatif/runs", json={**SMALL, "texts": [COOLER]}).status_code == 403
        )
        assert page.post("/api/v1/whatif/scenarios", json={"text": HOT}).status_code == 403
        told = views.Scenarios.model_validate(page.get("/api/v1/whatif/scenarios").json())
        assert not told.may_run
        assert "operator" in told.refused
    finally:
        twin.person = replace(was)
