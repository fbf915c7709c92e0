"""Questions from other commands: asked of the running twin over its local socket, or answered from the history."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request

from ecotwin.errors import EcotwinError, StoreBusy
from ecotwin.service.serve import data_folder, socket_path

router = APIRouter()

PATIENCE_S = 300.0


@router.post("/{question}")
def answer(request: Request, question: str, words: dict[str, Any]) -> dict[str, Any]:
    """Answer a command's question."""
    from ecotwin.cycle.asking import Asked
    from ecotwin.service import whatif_ask

    twin = request.app.state.twin
    if question.startswith("whatif_"):
        return whatif_ask.answer(twin, question, words)
    # Up to the newest closed minute: a minute that still fills would give another figure a moment later.
    return Asked(twin.plant, twin.store, twin.ledger, twin.closed_until, twin.prove.years).answer(
        question, words
    )


def ask(
    plant_file: Path, folder: Path | None, question: str, words: dict[str, Any]
) -> dict[str, Any]:
    """Ask the running twin; when none runs, open its history.

    Raises:
        EcotwinError: What the answer says is wrong.
        StoreBusy: A process holds the history but does not answer.
    """
    place = place_of(plant_file, folder)
    told = over_socket(place, question, words)
    if told is not None:
        return told
    from ecotwin.cycle.asking import open_for

    with open_for(plant_file, place) as asked:
        return asked.answer(question, words)


def place_of(plant_file: Path, folder: Path | None) -> Path:
    """The data folder of a plant: as given, else its own, else that of its demo."""
    place = data_folder(plant_file, folder)
    if not place.exists() and folder is None:
        demo = place.with_name(f"demo-{place.name}")
        return demo if demo.exists() else place
    return place


def over_socket(place: Path, question: str, words: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of the twin that runs on a data folder; None when nobody listens.

    Raises:
        EcotwinError: What the answer says is wrong.
        StoreBusy: The twin does not answer.
    """
    local = socket_path(place)
    if not local.exists():
        return None
    import httpx

    with socket.socket(socket.AF_UNIX) as door:
        # The client leaks its socket when nobody listens, so it is not asked before somebody does.
        if door.connect_ex(str(local)) != 0:
            return None
    transport = httpx.HTTPTransport(uds=str(local))
    try:
        with httpx.Client(transport=transport, timeout=PATIENCE_S) as client:
            reply = client.post(
                f"http://twin/ask/{question}", json=words, headers={"X-Ecotwin": "cli"}
            )
    except httpx.ConnectError:
        return None
    except httpx.TimeoutException:
        raise StoreBusy(
            f"the running twin did not answer within {PATIENCE_S:.0f} s",
            expected="an answer",
            remedy="try again, or ask for a shorter period",
        ) from None
    body = reply.json()
    if reply.status_code != 200:
        raise EcotwinError(
            body.get("found", f"the twin answered {reply.status_code}"),
            expected=body.get("expected", ""),
            remedy=body.get("remedy", ""),
        )
    made: dict[str, Any] = body
    return made
