"""A finding that the detectors made, acknowledged and closed over HTTP: the ledger has it and the page says it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ecotwin.clock import ManualClock
from ecotwin.cycle import Twin
from ecotwin.governance.ledger import content
from ecotwin.plant import load
from ecotwin.records import Finding
from ecotwin.service import views
from ecotwin.settings import Settings
from running import ENVIRONMENT, OVEN_WORKS, page_of, replayed_works, utc

pytestmark = pytest.mark.xdist_group("service")

START = utc("2026-06-15T22:00")
DAYS = 3.6
ONSET_H = 82.0
"""Friday 10:00 at the plant, after three calm days to learn from and while boards run."""
SCENARIO = f"""
name: damper
events:
  - {{fault: exhaust_damper_open, target: oven_1, start: {ONSET_H}, size: 700}}
"""


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """A twin that was played recorded days in which an oven's damper opens and stays open."""
    folder = tmp_path_factory.mktemp("fault")
    scenario = folder / "damper.yaml"
    scenario.write_text(SCENARIO)
    subprocess.run(
        [
            sys.executable, "-m", "ecotwin_standin.cli", "record", str(OVEN_WORKS), "--days", str(DAYS),
            "--start", START.isoformat(), "--seed", "1", "--scenario", str(scenario), "--step", "30",
            "--every", "60", "--out", str(folder / "past"),
        ],
        check=True, capture_output=True, timeout=120, env=ENVIRONMENT,
    )  # fmt: skip
    made = Twin(
        load(replayed_works(folder)),
        Settings(lateness_s=0.0, flush_s=0.001),
        ManualClock(START),
        folder / "data",
        data=tuple(sorted((folder / "past").iterdir())),
    )
    made.open_connections()
    while made.step(0.05) or any(h.state != "finished" or h.queued for h in made.health().values()):
        pass
    made.finish()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page(twin: Twin) -> Iterator[httpx.Client]:
    with page_of(twin) as client:
        yield client


def row_of(page: httpx.Client, kind: str, id_: str) -> views.FindingRow:
    """The row of a finding in the list of open or closed ones."""
    told = views.Findings.model_validate(page.get("/api/v1/findings").json())
    rows = told.open if kind == "open" else told.closed
    return next(r for r in rows if r.id == id_)


def the_causes_read_as_a_reason_to_act(
    row: views.FindingRow, view: views.FindingView, twin: Twin, id_: str
) -> None:
    """The damper first, with its exhaust air as the reason; the list says it with one verb; the ledger has it."""
    first = view.causes[0]
    assert first.name.startswith("Exhaust damper stays open")
    assert any("Exhaust air" in t and "rose" in t for t in first.speaks_for)
    assert first.act
    assert sum(c.share for c in view.causes) == pytest.approx(1.0)
    assert view.causes[-1].cause == "unknown"
    assert view.causes[-1].share > 0
    assert first.percent in view.causes_title
    assert view.would_change[0].startswith("Without ")
    assert row.likely.startswith("Likely: exhaust damper stays open")
    assert row.verb == first.verb
    entry = twin.keeper.entry_of(Finding, id_)
    assert entry is not None
    told = sealed(twin, entry)["causes"]
    assert sum(c["sure"] for c in told) == pytest.approx(1.0)


def test_a_real_finding_is_acknowledged_and_closed(page: httpx.Client, twin: Twin) -> None:
    """From its evidence to its end, each step with its entry and the person's words."""
    id_ = next(f.id for f in twin.findings_open() if f.element == "oven_1" and f.kind == "excess")
    path = f"/api/v1/findings/{quote(id_, safe='')}"
    row = row_of(page, "open", id_)
    assert row.level in {"watch", "act"}
    assert "oven 1" in row.title.lower()
    assert row.co2e_kg_day is not None
    assert row.co2e_kg_day > 0
    assert row.spark is not None
    assert max(v for v in row.spark.value if v is not None) > 10
    view = views.FindingView.model_validate(page.get(path).json())
    true_onset = START + timedelta(hours=ONSET_H)
    assert abs(twin.finding(id_).onset - true_onset) < timedelta(hours=1)
    assert view.state == "open"
    assert view.may_acknowledge
    assert any(t.name == "Power" and t.value and t.high for t in view.traces)
    told = {t.signal for t in view.traces}
    assert told & {"oven_1.exhaust_flow", "oven_1.exhaust_damper"}, "what changed is drawn beside"

    the_causes_read_as_a_reason_to_act(row, view, twin, id_)

    size = twin.ledger.size
    done = views.Done.model_validate(
        page.post(f"{path}/acknowledge", json={"note": "Damper looked at"}).json()
    )
    assert done.entry is not None
    assert size <= done.entry < twin.ledger.size
    entry = twin.ledger.entry(done.entry)
    assert (entry.kind, entry.subject) == ("finding", id_)
    assert sealed(twin, done.entry)["state"] == "acknowledged"
    view = views.FindingView.model_validate(page.get(path).json())
    assert view.state == "acknowledged"
    assert "Damper looked at" in view.note
    assert twin.person.name in view.note
    assert view.seen.startswith("acknowledged, open for ")
    assert id_ in {f.id for f in twin.findings_open()}, "it stays until it is gone"

    wrong = page.post(f"{path}/close", json={"note": "x", "turned_out": "gremlins"})
    assert wrong.status_code >= 400
    assert "gremlins" in wrong.text
    assert id_ in {f.id for f in twin.findings_open()}, "a cause nobody weighed closes nothing"
    body = {"note": "Damper mended", "turned_out": "wear"}
    done = views.Done.model_validate(page.post(f"{path}/close", json=body).json())
    assert done.entry is not None
    assert sealed(twin, done.entry)["state"] == "closed"
    assert sealed(twin, done.entry)["turned_out"] == "wear"
    assert id_ not in {f.id for f in twin.findings_open()}
    assert "closed" in row_of(page, "closed", id_).where
    view = views.FindingView.model_validate(page.get(path).json())
    assert view.state == "closed"
    assert "Damper mended" in view.note
    assert view.causes_title == "It turned out to be mechanical wear"
    assert view.seen.startswith("closed, lasted ")
    overview = views.Overview.model_validate(page.get("/api/v1/overview").json())
    assert id_ not in {f.id for f in overview.findings}
    ledger = views.Proof.model_validate(page.get("/api/v1/proof").json())
    assert done.entry in {e.index for e in ledger.entries}
    bundle = page.get(f"/api/v1/proof/{done.entry}/evidence")
    assert bundle.content[:2] == b"PK"
    again = page.post(f"{path}/close", json={"note": "twice"})
    assert again.status_code in {404, 422}
    assert isinstance(twin.finding(id_), Finding)


def sealed(twin: Twin, index: int) -> dict[str, Any]:
    """What the ledger holds of an entry."""
    return dict(content(twin.ledger.entry(index)))
