"""The web application: pages, API, live events, metrics; the same app also listens on the local socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from ecotwin import __version__
from ecotwin.errors import (
    AccessRefused,
    EcotwinError,
    FactorGap,
    FigureGap,
    ScenarioFault,
    StoreBusy,
    WriteRefused,
)
from ecotwin.service import ask, footprints, routes, whatif_routes
from ecotwin.service.live import Live
from ecotwin.service.metrics import exposition

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

PAGES = Path(__file__).parent / "built"

_STATUS: dict[type[EcotwinError], int] = {
    AccessRefused: 403,
    WriteRefused: 409,
    FactorGap: 422,
    FigureGap: 422,
    ScenarioFault: 422,
    StoreBusy: 503,
}

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

Next = Callable[[Request], Awaitable[Response]]


def make_app(twin: Twin, *, hosts: frozenset[str] = frozenset()) -> FastAPI:
    """The application of one running twin.

    Args:
        twin: The twin.
        hosts: Host headers that are answered (`127.0.0.1:8321` ...); empty answers all, as on a local socket.
            It keeps a foreign page from reaching the twin by a name that resolves to this machine.
    """
    app = described()
    app.state.twin = twin
    app.state.live = Live(twin)

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        if hosts and request.headers.get("host", "") not in hosts:
            return PlainTextResponse("This name is not served here.", status_code=421)
        foreign = request.url.path.startswith("/3/")  # PACT: another company's software, no page
        if (
            request.method not in {"GET", "HEAD"}
            and not foreign
            and "x-ecotwin" not in request.headers
        ):
            return _problem(
                403, "a request without the header X-Ecotwin", "the page's own request", ""
            )
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(EcotwinError)
    async def told(_: Request, fault: EcotwinError) -> Response:
        status = next((s for c, s in _STATUS.items() if isinstance(fault, c)), 400)
        return _problem(status, fault.found, fault.expected, fault.remedy)

    @app.exception_handler(KeyError)
    async def unknown(_: Request, fault: KeyError) -> Response:
        return _problem(
            404,
            f"there is no {fault.args[0]!r} here",
            "an id of this plant",
            "go back to the overview",
        )

    app.include_router(ask.router, prefix="/ask", include_in_schema=False)
    app.include_router(footprints.router(partial(_footprints, twin), partial(_may_see, twin)))

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> PlainTextResponse:
        return PlainTextResponse(exposition(twin), media_type="text/plain; version=0.0.4")

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        return _page(path)

    return app


def _footprints(twin: Twin) -> list[dict[str, Any]]:
    """Product footprints, those of the year up to yesterday made if they are not yet."""
    twin.footprints.renew(twin.closed_until)
    return twin.footprints.records()


def _may_see(twin: Twin, _: Request) -> bool:
    """Access is decided in `governance.access`; who asks is the person of this installation."""
    return twin.may("export").allowed


def described() -> FastAPI:
    """The API with its description, without a twin behind it."""
    app = FastAPI(
        title="ecotwin",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(routes.reading, prefix="/api/v1")
    app.include_router(routes.acting, prefix="/api/v1")
    app.include_router(whatif_routes.router, prefix="/api/v1")
    return app


def _page(path: str) -> Response:
    """A built file, or the one page for every deep link."""
    if path.startswith(("api/", "ask/")):
        return _problem(
            404, f"there is no /{path}", "a route of /api/v1/openapi.json", "check the address"
        )
    wanted = (PAGES / path).resolve()
    if path and wanted.is_relative_to(PAGES.resolve()) and wanted.is_file():
        return FileResponse(wanted)
    index = PAGES / "index.html"
    if not index.exists():
        return PlainTextResponse(
            "The pages are not built. Run `make pages`, or install the wheel, which carries them.",
            status_code=503,
        )
    return FileResponse(index)


def _problem(status: int, found: str, expected: str, remedy: str) -> JSONResponse:
    return JSONResponse(
        {"found": found, "expected": expected, "remedy": remedy},
        status_code=status,
        headers=_HEADERS,
    )
