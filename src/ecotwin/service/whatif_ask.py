"""What-if for commands: asked of the running twin over its local socket, or worked out here when none runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecotwin.errors import RunStopped, ScenarioFault

if TYPE_CHECKING:
    from ecotwin.cycle import Twin

_POLL_S = 0.3
Shown = Callable[[float, str], None]
"""Is told the share done, and the state in words."""


def answer(twin: Twin, question: str, words: dict[str, Any]) -> dict[str, Any]:
    """Answer a command's question about a what-if of the running twin.

    Raises:
        EcotwinError: It cannot be had; KeyError: There is no such run.
    """
    from ecotwin.cycle.whatif_run import Question

    if question == "whatif_ask":
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in words.items()
        }
        return {"id": twin.ask_what_if(Question(**given)).id}
    if question == "whatif_stop":
        return {"state": twin.stop_what_if(str(words["id"])).state}
    if question == "whatif_result":
        return dict(twin.whatif.document(str(words["id"])))
    if question == "whatif_scenarios":
        return {"scenarios": [[s.id, s.origin] for s in twin.whatif.shelf.all()]}
    run = twin.whatif.wait(str(words["id"]), _POLL_S)
    return {"state": run.state, "share": run.share, "fault": run.fault}


def what_if(
    plant_file: Path, folder: Path | None, words: Mapping[str, Any], shown: Shown
) -> dict[str, Any]:
    """Ask a what-if and follow it to its end.

    Args:
        plant_file: The plant file. folder: Data folder; None: as a rule. words: A question's words.
        shown: Is told how far it is.

    Returns:
        The whole document of the what-if.

    Raises:
        EcotwinError: It cannot be had. RunStopped: Somebody stopped it.
    """
    from ecotwin.service.ask import over_socket, place_of

    place = place_of(plant_file, folder)
    started = over_socket(place, "whatif_ask", dict(words))
    if started is None:
        return _here(plant_file, place, words, shown)
    name = str(started["id"])
    try:
        while True:
            told = over_socket(place, "whatif_progress", {"id": name})
            if told is None:
                raise ScenarioFault(
                    "the twin ended before the what-if did",
                    expected="a twin that runs",
                    remedy="start it again",
                )
            shown(float(told["share"]), str(told["state"]))
            if told["state"] == "done":
                found = over_socket(place, "whatif_result", {"id": name})
                return {} if found is None else found
            if told["state"] in ("failed", "stopped"):
                raise RunStopped(
                    str(told["fault"] or told["state"]),
                    expected="a run to its end",
                    remedy="ask again",
                )
            time.sleep(_POLL_S)
    except KeyboardInterrupt:
        over_socket(place, "whatif_stop", {"id": name})
        raise


def _here(plant_file: Path, place: Path, words: Mapping[str, Any], shown: Shown) -> dict[str, Any]:
    """Without a running twin: from the history in its folder, or from the plant file alone."""
    from ecotwin.clock import WallClock
    from ecotwin.cycle.whatif import WhatIf
    from ecotwin.cycle.whatif_base import is_plain
    from ecotwin.cycle.whatif_run import Question
    from ecotwin.governance.ledger import Ledger
    from ecotwin.history.embedded import DuckStore
    from ecotwin.plant import load

    plant = load(plant_file)
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in words.items()}
    question = Question(**given)

    def watch(share: float) -> bool:
        shown(share, "running")
        return True

    if is_plain(question.start) and not (place / "history").exists():
        alone = WhatIf(plant, WallClock().now)
        return dict(alone.document(alone.now_and_here(question, watch).id))
    if not (place / "history").exists():
        raise ScenarioFault(
            f"there is no history in {place}, so nobody knows where the plant stands",
            expected="a twin that runs, or has run",
            remedy="add `--from start`, which needs the plant file alone",
        )
    store = DuckStore(plant, place / "history")
    ledger = Ledger(place / "ledger")
    try:
        span = store.span()
        now = span.end if span else datetime.now(UTC)
        whatif = WhatIf(plant, lambda: now, store, ledger)
        return dict(whatif.document(whatif.now_and_here(question, watch).id))
    finally:
        store.close()
        ledger.close()
