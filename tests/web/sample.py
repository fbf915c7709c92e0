"""A small server with the built pages and invented figures: what the browser tests look at.

Run it by hand: `python tests/web/sample.py 8477`, then open http://127.0.0.1:8477/.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

sys.path.insert(0, str(Path(__file__).parents[1]))

from web import sample_pages, sample_plant

BUILT = Path(__file__).parents[2] / "src/ecotwin/service/built"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
WORDS = {
    "approve": "Approved: 7.2 → 6.8 bar until 14:00",
    "stop": "Writes are stopped",
    "allow": "Writes are allowed",
}


class Plant:
    """What the sample server remembers: decisions, and every action that was asked for."""

    def __init__(self) -> None:
        self.advice: dict[str, str] = {}
        self.writes = "on"
        self.normal = ""
        """Why a machine was said to be normal; `operator`: who looks may not say it."""
        self.speed = 1.0
        self.bar: dict[str, Any] = {}
        """What the bar tells instead of its usual."""
        self.posts: list[tuple[str, dict[str, Any], str]] = []
        self.silent = False
        self.began = time.monotonic()

    def overview(self) -> Any:
        now = sample_plant.NOW + timedelta(seconds=time.monotonic() - self.began)
        made = sample_plant.overview(self.advice, now, self.writes, self.speed)
        return made.model_copy(update={"bar": made.bar.model_copy(update=self.bar)})


def problem(status: int, found: str, expected: str, remedy: str) -> JSONResponse:
    return JSONResponse({"found": found, "expected": expected, "remedy": remedy}, status)


def make(plant: Plant) -> FastAPI:
    """The app."""
    app = FastAPI()

    @app.middleware("http")
    async def guard(request: Request, call_next: Any) -> Response:
        if plant.silent and request.url.path.startswith("/api"):
            return problem(503, "The sample is silent.", "An answer.", "Wait.")
        response: Response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @app.get("/api/v1/overview")
    def overview() -> Any:
        return plant.overview()

    @app.get("/api/v1/live")
    async def live() -> StreamingResponse:
        async def events() -> AsyncIterator[str]:
            while not plant.silent:
                yield f"event: overview\ndata: {plant.overview().model_dump_json()}\n\n"
                await asyncio.sleep(1)

        return StreamingResponse(events(), media_type="text/event-stream")

    _actions(app, plant)
    sample_pages.add(app, plant, problem)

    @app.get("/{path:path}")
    def page(path: str) -> Any:
        asked = (BUILT / path).resolve()
        inside = asked.is_file() and asked.is_relative_to(BUILT)
        sent = asked if inside else BUILT / "index.html"
        # Read whole: a server that a test ends in the middle of a file leaves nothing open.
        return Response(sent.read_bytes(), media_type=guess_type(sent.name)[0])

    return app


def _actions(app: FastAPI, plant: Plant) -> None:
    """Everything that a person may do; each is remembered."""

    @app.post("/api/v1/{what}/{verb}")
    async def switch(what: str, verb: str, request: Request) -> Any:
        return await taken(request, what, "", verb)

    @app.post("/api/v1/{what}/{item}/{verb}")
    async def action(what: str, item: str, verb: str, request: Request) -> Any:
        return await taken(request, what, item, verb)

    async def taken(request: Request, what: str, item: str, verb: str) -> Any:
        sender = request.headers.get("x-ecotwin", "")
        plant.posts.append((request.url.path, await request.json(), sender))
        if sender != "page":
            return problem(403, "A foreign page asked.", "The header X-Ecotwin.", "Use the pages.")
        if item == "a3":
            return problem(409, "The advice has expired.", "A decision by 12:15.", "Wait for more.")
        if what == "advice":
            plant.advice[item] = "approved" if verb == "approve" else "declined"
        if verb == "normal":
            plant.normal = plant.posts[-1][1]["reason"]
        if what == "writes":
            plant.writes = "stopped" if verb == "stop" else "on"
        return {"text": WORDS.get(verb, f"Done: {verb}"), "entry": 48_262}


if __name__ == "__main__":
    import uvicorn

    made = Plant()
    made.speed = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    uvicorn.run(make(made), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
