"""Product footprints as other companies' software asks for them: PACT 3.0.3 under `/3`.

Which records there are and who may see them is handed in; nothing is computed or decided here. Every error has PACT's
own shape. Lists are in the order in which records were made: a pagination link stays true while new ones come.

Sources: PACT Technical Specifications 3.0.3 (`spec/v3/openapi.yaml`); RFC 8288 (Link); CloudEvents 1.0.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ecotwin.errors import EcotwinError
from ecotwin.reports import pact

MOST = 500
"""Records of one answer at most, whatever is asked."""
MOST_BYTES = 4_000_000
"""Largest event that is read."""
MEDIA_TYPE = "application/cloudevents+json"
_PREFIX = "org.wbcsd.pact.ProductFootprint."
CREATED, FULFILLED, REJECTED, PUBLISHED = (
    f"{_PREFIX}{name}.3"
    for name in ("RequestCreatedEvent", "RequestFulfilledEvent", "RequestRejectedEvent", "PublishedEvent")
)  # fmt: skip
_FILTERS = {
    name.lower(): name
    for name in (
        "productId", "companyId", "geography", "classification", "validOn", "validAfter",
        "validBefore", "status",
    )
}  # fmt: skip
_STATUS = {
    "BadRequest": 400,
    "AccessDenied": 403,
    "NotFound": 404,
    "NotImplemented": 501,
    "InternalError": 500,
}

log = structlog.get_logger("ecotwin")

Records = Callable[[], Sequence[Mapping[str, Any]]]
Event = Mapping[str, Any]
Take = Callable[[Event], None]


class _Refused(Exception):
    """An answer of PACT's error shape."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


def router(records: Records, may: Callable[[Request], bool], take: Take | None = None) -> APIRouter:
    """The routes `/3/footprints`, `/3/footprints/{id}` and `/3/events`.

    Args:
        records: Every `ProductFootprint` that may be told, deprecated ones too. may: Whether a request may; asked for
            each one, as `governance.access` decides. take: Takes a valid event, and refuses it with an EcotwinError;
            None: events are not taken here (501). What else is asked under `/3` is
            answered with 501 too.
    """
    made = APIRouter(include_in_schema=False)

    def footprints(request: Request) -> Response:
        return _refusal(request, may) or _answer(lambda: _listed(records, request))

    def footprint(request: Request, id: str) -> Response:  # noqa: A002
        return _refusal(request, may) or _answer(lambda: _one(records, id))

    async def events(request: Request) -> Response:
        refusal = _refusal(request, may)
        if refusal is not None:
            return refusal
        body = await _body(request)
        return _answer(lambda: _taken(request, body, take))

    def other(request: Request) -> Response:
        words = f"{request.method} {request.url.path} is not served here."
        return _refusal(request, may) or _error("NotImplemented", words)

    made.add_api_route("/3/footprints", footprints, methods=["GET"])
    made.add_api_route("/3/footprints/{id}", footprint, methods=["GET"])
    made.add_api_route("/3/events", events, methods=["POST"])
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    made.add_api_route("/3/{rest:path}", other, methods=every)
    return made


def _refusal(request: Request, may: Callable[[Request], bool]) -> Response | None:
    try:
        allowed = may(request)
    except Exception:
        log.exception("who may see the footprints could not be decided")
        return _error("InternalError", "The footprints cannot be told now.")
    if allowed:
        return None
    return _error("AccessDenied", "You may not see the footprints of this plant.")


def _answer(make: Callable[[], Response]) -> Response:
    """An answer, or PACT's error; a fault of ours goes to the log and tells nothing of its inside."""
    try:
        return make()
    except _Refused as refused:
        return _error(refused.code, refused.message)
    except EcotwinError as fault:
        return _error("BadRequest", str(fault))
    except Exception:
        log.exception("a footprint could not be told")
        return _error("InternalError", "The footprints cannot be told now.")


def _error(code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, _STATUS[code])


# -- lists ------------------------------------------------------------------------------------------


def _listed(records: Records, request: Request) -> Response:
    asked, limit, offset = _asked(request)
    most = MOST if limit is None else min(limit, MOST)
    page = pact.listed(_ordered(records()), asked, most, offset)
    answer = JSONResponse(page.json())
    if page.next_offset is not None:
        answer.headers["Link"] = f'<{_next(request, page.next_offset)}>; rel="next"'
    return answer


def _ordered(records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(records, key=lambda r: (datetime.fromisoformat(r["created"]), r["id"]))


def _asked(request: Request) -> tuple[dict[str, list[str]], int | None, int]:
    """Filters, limit and offset of a request; names in any case, as the specification's example writes them."""
    asked: dict[str, list[str]] = {}
    limit, offset = None, 0
    for name, value in request.query_params.multi_items():
        if name.lower() == "limit":
            limit = _whole("limit", value)
        elif name.lower() == "offset":
            offset = _whole("offset", value)
        elif name.lower() in _FILTERS:
            asked.setdefault(_FILTERS[name.lower()], []).append(value)
        else:
            asked.setdefault(name, []).append(value)
    return asked, limit, offset


def _whole(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise _Refused("BadRequest", f"{name} is {value!r}. Expected: a number of zero or more.")
    return int(value)


def _next(request: Request, offset: int) -> str:
    """The pagination link: absolute, on the host that was asked, with the same filters."""
    kept = [(n, v) for n, v in request.query_params.multi_items() if n.lower() != "offset"]
    host = request.headers.get("host", request.url.netloc)
    query = urlencode([*kept, ("offset", str(offset))])
    return f"{request.url.scheme}://{host}{request.url.path}?{query}"


def _one(records: Records, id: str) -> Response:  # noqa: A002
    if not _is_uuid(id):
        raise _Refused("BadRequest", f"{id!r} is no id of a footprint. Expected: a UUID.")
    found = pact.one(records(), id)
    if found is None:
        raise _Refused("NotFound", f"There is no footprint {id} here.")
    return JSONResponse({"data": dict(found)})


# -- events -----------------------------------------------------------------------------------------


async def _body(request: Request) -> bytes:
    """The body, cut off where it grows too large to be an event."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return b""
        parts.append(part)
    return b"".join(parts)


def _taken(request: Request, body: bytes, take: Take | None) -> Response:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise _Refused("BadRequest", f"The body is {kind or 'of no type'}. Expected: {MEDIA_TYPE}.")
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(
            "BadRequest", f"The body is no JSON, or larger than {MOST_BYTES} bytes."
        ) from None
    faults = faults_of(event)
    if faults:
        raise _Refused("BadRequest", "The event cannot be used: " + "; ".join(faults) + ".")
    if take is None:
        raise _Refused("NotImplemented", "Events are not taken here: ask /3/footprints instead.")
    take(event)
    return Response(status_code=200)


def faults_of(event: Any) -> tuple[str, ...]:
    """What is wrong with an event; nothing where it is a sound one of the four that PACT knows.

    >>> faults_of({"type": PUBLISHED, "specversion": "1.0", "id": "1", "source": "//a", "time": "2026-01-01T00:00:00Z",
    ...     "data": {"pfIds": ["91715e5e-fd0b-4d1c-8fab-76290c46e6ed"]}})
    ()
    """
    if not isinstance(event, dict):
        return ("it is no JSON object",)
    faults = [
        f"{name} is not a text"
        for name in ("type", "specversion", "id", "source", "time")
        if not isinstance(event.get(name), str) or not event[name]
    ]
    data = event.get("data")
    if faults or not isinstance(data, dict):
        return (*faults, *(() if isinstance(data, dict) else ("data is not an object",)))
    if event["specversion"] != "1.0":
        faults.append(f"specversion is {event['specversion']!r} and not 1.0")
    if not _is_time(event["time"]):
        faults.append(f"time is {event['time']!r} and no time with its zone")
    check = _CHECKS.get(event["type"])
    faults += [f"type is {event['type']!r}"] if check is None else check(data)
    return tuple(faults)


def _published(data: Mapping[str, Any]) -> list[str]:
    ids = data.get("pfIds")
    sound = isinstance(ids, list) and ids and all(isinstance(i, str) and _is_uuid(i) for i in ids)
    return [] if sound else ["data.pfIds is no list of ids"]


def _created(data: Mapping[str, Any]) -> list[str]:
    try:
        pact.listed((), criteria(data))
    except EcotwinError as fault:
        return [str(fault).rstrip(".")]
    return [] if set(data) - {"comment"} else ["data names no criterion"]


def criteria(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The criteria of a request event as the list's filters.

    >>> criteria({"productId": ["urn:a"], "validOn": "2026-01-01T00:00:00Z", "comment": "soon"})
    {'productId': ['urn:a'], 'validOn': ['2026-01-01T00:00:00Z']}
    """
    return {
        name: [str(v) for v in value] if isinstance(value, list) else [str(value)]
        for name, value in data.items()
        if name != "comment"
    }


def _fulfilled(data: Mapping[str, Any]) -> list[str]:
    records = data.get("pfs")
    faults = (
        [] if isinstance(data.get("requestEventId"), str) else ["data.requestEventId is not a text"]
    )
    if (
        not isinstance(records, list)
        or not records
        or not all(isinstance(r, dict) for r in records)
    ):
        faults.append("data.pfs is no list of footprints")
    return faults


def _rejected(data: Mapping[str, Any]) -> list[str]:
    faults = (
        [] if isinstance(data.get("requestEventId"), str) else ["data.requestEventId is not a text"]
    )
    error = data.get("error")
    if not isinstance(error, dict) or not all(
        isinstance(error.get(n), str) for n in ("code", "message")
    ):
        faults.append("data.error holds no code and message")
    return faults


_CHECKS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    PUBLISHED: _published,
    CREATED: _created,
    FULFILLED: _fulfilled,
    REJECTED: _rejected,
}


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
