"""Every route answers its model, every refusal is a Problem, and the door is guarded."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pydantic import BaseModel

from ecotwin.cycle import Twin
from ecotwin.governance.ledger import content
from ecotwin.service import views

pytestmark = pytest.mark.xdist_group("service")

DAY = "2026-06-17"
SPAN = {"start": "2026-06-17T06:00:00Z", "end": "2026-06-17T07:00:00Z"}


def problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    told = reply.json()
    assert set(told) == {"found", "expected", "remedy"}
    assert told["found"]
    return dict(told)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("overview", views.Overview),
        ("overview?area=hall", views.Overview),
        ("forecasts", views.Forecasts),
        ("models", views.Models),
        ("models?kind=baseline&subject=oven_1", views.Models),
        ("sensed", views.SensedAll),
        ("machines", views.Machines),
        ("machines/oven_1", views.MachineView),
        ("machines/oven_1?hours=2", views.MachineView),
        ("findings", views.Findings),
        ("advice", views.AdviceList),
        ("accounts", views.Accounts),
        (f"accounts?element=oven_1&period={DAY}", views.Accounts),
        ("accounts?period=2026-06", views.Accounts),
        (f"explain/{quote(f'oven_works:energy.electricity:{DAY}', safe='')}", views.Explain),
        ("proof", views.Proof),
        ("whatif/scenarios", views.Scenarios),
        ("whatif/runs", views.Runs),
        ("whatif/fidelity", views.FidelityView),
        ("whatif/designs", views.Designs),
        ("series?signals=oven_1.power,grid.power&start=2026-06-17T06:00:00Z&end=2026-06-17T07:00:00Z", views.Series),
    ],
)  # fmt: skip
def test_reading_routes_answer_their_model(
    page: httpx.Client, path: str, model: type[BaseModel]
) -> None:
    reply = page.get(f"/api/v1/{path}")
    assert reply.status_code == 200, reply.text
    model.model_validate(reply.json())


def test_no_route_is_left_out_of_these_tests(page: httpx.Client) -> None:
    told = page.get("/api/v1/openapi.json").json()["paths"]
    here = Path(__file__).read_text("utf-8")
    for path in told:
        stem = path.removeprefix("/api/v1/").split("/{")[0]
        assert stem in here, f"{path} has no test"


def test_every_id_of_the_overview_leads_somewhere(page: httpx.Client, twin: Twin) -> None:
    for machine in page.get("/api/v1/machines").json()["machines"]:
        assert page.get(f"/api/v1/machines/{machine['id']}").status_code == 200
    for advice in twin.advice_all():
        views.AdviceView.model_validate(page.get(f"/api/v1/advice/{advice.id}").json())
    assert twin.advice_all(), "advice for the breaks of the day"


def test_figures_of_the_page_are_those_of_the_report(page: httpx.Client, twin: Twin) -> None:
    told = page.get(f"/api/v1/accounts?period={DAY}").json()
    energy = next(m for m in told["measures"] if m["indicator"] == "energy.electricity")
    tree = page.get(f"/api/v1/explain/{quote(energy['id'], safe='')}").json()
    views.Explain.model_validate(tree)
    from ecotwin.cycle.asking import Asked

    asked = Asked(twin.plant, twin.store, twin.ledger, twin.now())
    report = asked.report(DAY)
    same = next(m for m in report["measures"] if m["indicator"] == "energy.electricity")
    assert energy["value"] == same["value"] > 100
    parts = sum(p["value"] for p in page.get(f"/api/v1/accounts?period={DAY}").json()["parts"])
    assert parts <= energy["value"] * 1.02


def test_reports_are_files_whose_digests_are_sealed(page: httpx.Client, twin: Twin) -> None:
    told = page.get(f"/api/v1/accounts?period={DAY}").json()
    names = [r["name"] for r in told["reports"]]
    assert "ghg_inventory" in names
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{")):
        reply = page.get(f"/api/v1/reports/ghg_inventory.{form}?period={DAY}")
        assert reply.status_code == 200, reply.text
        assert reply.content.startswith(begins)
        assert reply.headers["content-disposition"].endswith(f'.{form}"')
        digest = hashlib.sha256(reply.content).hexdigest()
        newest = twin.ledger.entries(kind="report", limit=1, newest_first=True)[0]
        assert digest in content(newest)["sha256"].values()
    refused = page.get(f"/api/v1/reports/nothing.pdf?period={DAY}")
    assert refused.status_code == 422
    assert "ghg_inventory" in refused.json()["expected"]
    assert page.get(f"/api/v1/reports/ghg_inventory.doc?period={DAY}").status_code == 422


def test_footprints_are_served_as_pact_asks(page: httpx.Client) -> None:
    told = page.get("/3/footprints")
    assert told.status_code == 200
    assert told.json()["data"] == [], "the works names no product"
    missing = page.get("/3/footprints/91715e5e-fd0b-4d1c-8fab-76290c46e6ed")
    assert missing.status_code == 404
    assert missing.json()["code"] == "NotFound"


def test_csv_is_what_the_page_shows(page: httpx.Client) -> None:
    shown = page.get(f"/api/v1/accounts?period={DAY}").json()["measures"]
    rows = list(csv.DictReader(io.StringIO(page.get(f"/api/v1/accounts.csv?period={DAY}").text)))
    assert [float(r["value"]) for r in rows] == [m["value"] for m in shown]
    query = {"signals": "oven_1.power", **SPAN}
    series = page.get("/api/v1/series", params=query).json()
    reply = page.get("/api/v1/series.csv", params=query)
    assert reply.headers["content-disposition"].startswith("attachment")
    told = list(csv.reader(io.StringIO(reply.text)))
    assert told[0][0] == "at"
    assert [row[0] for row in told[1:]] == series["at"]
    assert [float(row[1]) for row in told[1:]] == series["value"][0]
    assert len(series["at"]) == 60


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("machines/nothing", 404),
        ("findings/nothing", 404),
        ("advice/nothing", 404),
        ("whatif/scenarios/nothing", 404),
        ("whatif/runs/nothing", 404),
        ("whatif/runs/nothing/result", 404),
        ("overview?area=nothing", 404),
        ("live?area=nothing", 404),
        ("series?signals=nothing.power&start=2026-06-17T06:00:00Z&end=2026-06-17T07:00:00Z", 404),
        ("nowhere", 404),
        ("accounts?element=nothing", 404),
        ("accounts?period=someday", 422),
        ("accounts?period=2031", 422),
        ("explain/nothing", 422),
        ("explain/oven_works%3Ano.such%3A2026-06-17", 422),
        ("series?signals=oven_1.power&start=now&end=then", 422),
        ("series?signals=oven_1.power&start=2026-06-18T06:00:00Z&end=2026-06-17T07:00:00Z", 422),
    ],
)
def test_refusals_are_problems(page: httpx.Client, path: str, status: int) -> None:
    problem(page.get(f"/api/v1/{path}"), status)


def test_scenarios_are_checked_with_their_lines(page: httpx.Client) -> None:
    told = page.post(
        "/api/v1/whatif/check", json={"text": "id: a\nname: A\nset_points: [{signals: [x.y]}]\n"}
    )
    assert told.status_code == 200
    found = views.ScenarioCheck.model_validate(told.json())
    assert [f.line for f in found.faults] == [3]
    assert page.get("/api/v1/whatif/schema").json()["title"] == "ecotwin scenario"


def test_a_proof_that_is_not_there_is_a_problem(page: httpx.Client, twin: Twin) -> None:
    reply = page.get(f"/api/v1/proof/{twin.ledger.size + 5}/evidence")
    told = problem(reply, reply.status_code)
    assert reply.status_code in {400, 404, 422}
    assert told["remedy"]


def test_evidence_of_an_entry_is_a_bundle(page: httpx.Client, twin: Twin) -> None:
    proof = page.get("/api/v1/proof").json()
    assert proof
    reply = page.get(f"/api/v1/proof/{twin.ledger.size - 1}/evidence")
    assert reply.status_code == 200
    with zipfile.ZipFile(io.BytesIO(reply.content)) as bundle:
        assert "evidence.json" in bundle.namelist()


def test_another_host_name_is_refused(page: httpx.Client) -> None:
    for name in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", ""):
        for path in ("/api/v1/overview", "/metrics", "/"):
            assert page.get(path, headers={"host": name}).status_code == 421, (name, path)


def test_a_foreign_page_cannot_act(page: httpx.Client, twin: Twin) -> None:
    size = twin.ledger.size
    bare = httpx.Client(base_url=page.base_url, trust_env=False)
    with bare:
        for path in (
            "api/v1/writes/stop", "api/v1/writes/allow", "api/v1/advice/x/approve", "ask/report"
        ):  # fmt: skip
            problem(bare.post(f"/{path}", json={"reason": "x"}), 403)
    assert twin.ledger.size == size
    assert twin.writes == "on"


def test_headers_keep_the_page_to_itself(page: httpx.Client) -> None:
    for path in ("/api/v1/overview", "/", "/metrics", "/api/v1/nowhere", "/api/v1/machines/none"):
        reply = page.get(path)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
    refused = httpx.post(f"{page.base_url}/api/v1/writes/stop", trust_env=False)
    assert refused.status_code == 403
    assert "content-security-policy" in refused.headers


def test_metrics_are_prometheus_text(page: httpx.Client, twin: Twin) -> None:
    text = page.get("/metrics").text
    values = dict(
        line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")
    )
    assert float(values["ecotwin_ledger_entries"]) == pytest.approx(twin.ledger.size, rel=1e-4)
    assert float(values["ecotwin_cpu_seconds_total"]) > 0
    assert 'ecotwin_connection_received{connection="bus"}' in values


def test_paths_cannot_leave_the_pages(page: httpx.Client) -> None:
    for path in ("/../app.py", "/..%2fapp.py", "/%2e%2e/app.py", "/....//app.py"):
        reply = page.get(path)
        assert "def make_app" not in reply.text
    assert page.get("/api/none").status_code == 404


def test_a_person_decides_and_is_written_down(page: httpx.Client, twin: Twin) -> None:
    waiting = [a for a in twin.advice_all() if a.state == "open"]
    assert len(waiting) >= 2
    first, second = waiting[0].id, waiting[1].id
    no = page.post(f"/api/v1/advice/{first}/decline", json={"reason": "a visitor comes"})
    done = views.Done.model_validate(no.json())
    assert done.entry is not None
    assert twin.ledger.entry(done.entry).kind == "decline"
    assert twin.advice(first).state == "declined"
    problem(page.post(f"/api/v1/advice/{first}/approve"), 409)
    stop = page.post("/api/v1/writes/stop", json={"reason": "test"})
    assert stop.status_code == 200
    assert twin.writes == "stopped"
    problem(page.post(f"/api/v1/advice/{second}/approve"), 409)
    assert page.get(f"/api/v1/advice/{second}").json()["refused"]
    assert page.post("/api/v1/writes/allow", json={"reason": "test over"}).status_code == 200
    assert page.post(f"/api/v1/advice/{second}/approve").status_code == 200
    assert twin.advice(second).state == "approved"
    problem(page.post("/api/v1/advice/none/approve"), 404)
    problem(page.post("/api/v1/findings/none/acknowledge", json={"note": ""}), 404)
    problem(page.post("/api/v1/findings/none/close", json={"note": ""}), 404)


def test_words_that_are_too_long_are_refused(page: httpx.Client) -> None:
    reply = page.post("/api/v1/writes/stop", json={"reason": "x" * 3000})
    assert reply.status_code == 422
