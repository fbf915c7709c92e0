"""`/3/footprints` on a real server: every answer keeps the published schema, pages lead to the end."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from fastapi import FastAPI, Request

from conftest import free_port
from ecotwin.errors import FileFault
from ecotwin.service.footprints import CREATED, FULFILLED, MEDIA_TYPE, PUBLISHED, REJECTED, router
from ecotwin.service.serve import Server

DATA = Path(__file__).parents[3] / "shared" / "data"
SPEC = Path(os.environ.get("ECOTWIN_PUBLIC_DATA", DATA)) / "interop/pact/spec/v3/openapi.yaml"


def record(n: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{n:08d}-0000-4000-8000-00000000000a",
        "specVersion": "3.0.3",
        "created": f"2026-06-{n:02d}T00:00:00Z",
        "status": "Active" if n % 3 else "Deprecated",
        "validityPeriodStart": "2026-01-01T00:00:00Z",
        "validityPeriodEnd": "2029-01-01T00:00:00Z",
        "companyName": "Works Ltd",
        "companyIds": ["urn:example:works"],
        "productDescription": "A plate",
        "productIds": [f"urn:example:works:{n}"],
        "productNameCompany": "Plate",
        "pcf": {
            "declaredUnitOfMeasurement": "piece",
            "declaredUnitAmount": "1",
            "productMassPerDeclaredUnit": "2",
            "referencePeriodStart": "2025-01-01T00:00:00Z",
            "referencePeriodEnd": "2026-01-01T00:00:00Z",
            "geographyCountry": "DE" if n < 5 else "FR",
            "pcfExcludingBiogenicUptake": "5.14",
            "pcfIncludingBiogenicUptake": "5.14",
            "fossilGhgEmissions": "5.14",
            "fossilCarbonContent": "0",
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067"],
            "exemptedEmissionsPercent": "0",
        },
        **more,
    }


RECORDS = [record(n) for n in (4, 2, 7, 1, 5, 3, 6)]


@dataclass
class Host:
    """A server, and what it was told."""

    url: str = ""
    allowed: bool = True
    broken: bool = False
    taken: list[Mapping[str, Any]] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        if self.broken:
            raise RuntimeError("a secret path")
        return RECORDS

    def may(self, request: Request) -> bool:
        assert "/3/" in request.url.path
        return self.allowed

    def take(self, event: Mapping[str, Any]) -> None:
        if event["id"] == "unwanted":
            raise FileFault("this event is not wanted")
        self.taken.append(event)


@pytest.fixture(scope="module")
def served() -> Iterator[Host]:
    host = Host()
    app = FastAPI()
    app.include_router(router(host.records, host.may, host.take))
    closed = FastAPI()
    closed.include_router(router(host.records, host.may))
    app.mount("/closed", closed)
    port = free_port()
    server = Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 10
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    host.url = f"http://127.0.0.1:{port}"
    yield host
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def host(served: Host) -> Host:
    served.allowed, served.broken = True, False
    served.taken.clear()
    return served


@cache
def spec() -> dict[str, Any]:
    """The published description."""
    if not SPEC.exists():
        pytest.skip("no ../shared/data/interop/pact/spec/v3/openapi.yaml beside this repository")
    told: dict[str, Any] = yaml.safe_load(SPEC.read_text("utf-8"))
    return told


def valid(path: str, answer: httpx.Response) -> None:
    """The answer keeps the published schema of its path and status."""
    from jsonschema import Draft202012Validator

    told = spec()
    if answer.status_code == 200:
        content = told["paths"][path]["get"]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
    else:
        schema = {"$ref": "#/components/schemas/Error"}
    validator = Draft202012Validator(
        {**schema, "components": told["components"]},
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    assert [e.message for e in validator.iter_errors(answer.json())] == []
    assert answer.headers["content-type"].startswith("application/json")


def ids(answer: httpx.Response) -> list[int]:
    return [int(r["id"][:8]) for r in answer.json()["data"]]


def test_pages_lead_to_the_end_and_never_hold_more(host: Host) -> None:
    url: str | None = f"{host.url}/3/footprints?limit=3&companyid=URN:EXAMPLE:WORKS"
    seen: list[int] = []
    pages = 0
    with httpx.Client() as client:
        while url is not None and pages < 9:
            answer = client.get(url)
            valid("/3/footprints", answer)
            assert len(ids(answer)) <= 3
            seen += ids(answer)
            pages += 1
            found = answer.links.get("next")
            url = found["url"] if found else None
            if url is not None:
                assert url.startswith(host.url), "absolute, on the host that was asked"
                assert httpx.get(url).json() == httpx.get(url).json(), "may be called twice"
    assert seen == [1, 2, 3, 4, 5, 6, 7]
    assert pages == 3
    assert "link" not in httpx.get(f"{host.url}/3/footprints").headers
    named = httpx.get(f"{host.url}/3/footprints?limit=1", headers={"Host": "plant.example:8443"})
    assert named.links["next"]["url"].startswith("http://plant.example:8443/3/footprints?")
    assert ids(httpx.get(f"{host.url}/3/footprints?limit=0")) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3, 4, 5, 6, 7]),
        ("?productId=urn:example:works:2&productid=urn:example:works:6", [2, 6]),
        ("?geography=de&geography=it", [1, 2, 3, 4]),
        ("?status=deprecated", [3, 6]),
        ("?status=Active&geography=FR", [5, 7]),
        ("?validOn=2027-01-01T00:00:00Z", [1, 2, 3, 4, 5, 6, 7]),
        ("?validAfter=2027-01-01T00:00:00Z", []),
    ],
)
def test_filters(host: Host, query: str, found: list[int]) -> None:
    answer = httpx.get(f"{host.url}/3/footprints{query}")
    valid("/3/footprints", answer)
    assert ids(answer) == found


@pytest.mark.parametrize(
    "query",
    [
        "?limit=-1",
        "?limit=few",
        "?limit=9999999999",
        "?offset=1.5",
        "?status=Old",
        "?validOn=soon",
        "?$filter=x",
    ],
)
def test_what_cannot_be_read_is_a_bad_request(host: Host, query: str) -> None:
    answer = httpx.get(f"{host.url}/3/footprints{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")
    valid("/3/footprints", answer)


def test_one_by_its_id(host: Host) -> None:
    answer = httpx.get(f"{host.url}/3/footprints/{RECORDS[0]['id']}")
    valid("/3/footprints/{id}", answer)
    assert answer.json()["data"] == RECORDS[0]
    none = httpx.get(f"{host.url}/3/footprints/99999999-0000-4000-8000-00000000000a")
    assert (none.status_code, none.json()["code"]) == (404, "NotFound")
    valid("/3/footprints/{id}", none)
    odd = httpx.get(f"{host.url}/3/footprints/7")
    assert (odd.status_code, odd.json()["code"]) == (400, "BadRequest")


def test_who_may_not_learns_nothing(host: Host) -> None:
    host.allowed = False
    for answer in (
        httpx.get(f"{host.url}/3/footprints?limit=few"),
        httpx.get(f"{host.url}/3/footprints/{RECORDS[0]['id']}"),
        httpx.post(f"{host.url}/3/events", content=b"{"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "AccessDenied")
        valid("/3/footprints", answer)


def test_what_is_not_served_is_said_in_the_same_shape(host: Host) -> None:
    for answer in (
        httpx.get(f"{host.url}/3/other"),
        httpx.post(f"{host.url}/3/footprints", json={}),
        httpx.delete(f"{host.url}/3/footprints/{RECORDS[0]['id']}"),
        httpx.get(f"{host.url}/3/events"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (501, "NotImplemented")
        valid("/3/footprints", answer)


def test_a_fault_inside_tells_nothing_of_it(host: Host) -> None:
    host.broken = True  # the router writes why to the log
    answer = httpx.get(f"{host.url}/3/footprints")
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
    assert "secret" not in answer.text
    valid("/3/footprints", answer)


def event(kind: str, data: Any, **more: Any) -> dict[str, Any]:
    base = {
        "type": kind,
        "specversion": "1.0",
        "id": "1",
        "source": "//a/3/events",
        "time": "2026-06-18T00:00:00Z",
    }
    return {**base, "data": data, **more}


def post(host: Host, body: Any, kind: str = MEDIA_TYPE, path: str = "/3/events") -> httpx.Response:
    return httpx.post(f"{host.url}{path}", json=body, headers={"Content-Type": kind})


SOUND = (
    event(PUBLISHED, {"pfIds": [RECORDS[0]["id"]]}),
    event(CREATED, {"productId": ["urn:example:works:1"], "comment": "please"}),
    event(FULFILLED, {"requestEventId": "1", "pfs": [RECORDS[0]]}),
    event(REJECTED, {"requestEventId": "1", "error": {"code": "NotFound", "message": "none"}}),
)


@pytest.mark.parametrize("sound", SOUND, ids=lambda e: str(e["type"]).split(".")[-2])
def test_events_are_taken_or_said_not_to_be(host: Host, sound: dict[str, Any]) -> None:
    answer = post(host, sound)
    assert (answer.status_code, answer.content) == (200, b"")
    assert host.taken == [sound]
    closed = post(host, sound, path="/closed/3/events")
    assert (closed.status_code, closed.json()["code"]) == (501, "NotImplemented")
    valid("/3/footprints", closed)
    refused = post(host, {**sound, "id": "unwanted"})
    assert (refused.status_code, refused.json()["code"]) == (400, "BadRequest")
    assert "not wanted" in refused.json()["message"]


@pytest.mark.parametrize(
    "spoilt",
    [
        [],
        {},
        event("org.wbcsd.pact.ProductFootprint.PublishedEvent.2", {"pfIds": []}),
        event(PUBLISHED, {"pfIds": []}),
        event(PUBLISHED, {"pfIds": ["x"]}),
        event(PUBLISHED, None),
        event(CREATED, {}),
        event(CREATED, {"colour": "red"}),
        event(CREATED, {"validOn": "soon"}),
        event(FULFILLED, {"requestEventId": "1", "pfs": []}),
        event(REJECTED, {"requestEventId": 1, "error": {}}),
        event(PUBLISHED, {"pfIds": [RECORDS[0]["id"]]}, specversion="0.3"),
        event(PUBLISHED, {"pfIds": [RECORDS[0]["id"]]}, time="2026-06-18"),
    ],
)
def test_events_that_are_none_are_refused(host: Host, spoilt: Any) -> None:
    answer = post(host, spoilt)
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")
    valid("/3/footprints", answer)
    assert host.taken == []


def test_other_bodies_are_refused(host: Host) -> None:
    wrong = post(host, SOUND[0], "text/plain")
    assert wrong.status_code == 400
    assert MEDIA_TYPE in wrong.json()["message"]
    for content in (b"{", b"\xff", b"[" * 100_000, b" " * 4_000_001 + b"{}"):
        answer = httpx.post(
            f"{host.url}/3/events", content=content, headers={"Content-Type": MEDIA_TYPE}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")
    assert host.taken == []
