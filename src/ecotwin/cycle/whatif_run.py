"""A what-if as it is asked, and on its way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ecotwin.cycle.whatif_base import Span

ENDED = ("done", "stopped", "failed")


@dataclass(frozen=True)
class Question:
    """What is to be compared.

    Attributes:
        scenarios: Ids on the shelf, each a case. texts: Scenarios as text, each a case. under: Ids that hold in all.
        under_texts: The same as text. start: See `whatif_base.base_case`. hours, runs, seed: Of each case.
        by: Who asked. why: The event that asked by itself; empty when a person did.
    """

    scenarios: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    under: tuple[str, ...] = ()
    under_texts: tuple[str, ...] = ()
    start: str = "live"
    hours: float = 24.0
    runs: int = 200
    seed: int = 1
    title: str = ""
    by: str = ""
    why: str = ""

    @property
    def span(self) -> Span:
        """How long, how often."""
        return Span(self.hours, self.runs, self.seed)


@dataclass
class Run:
    """A what-if on its way, or at its end.

    Attributes:
        id: Stable. question: What was asked. names: Of its scenarios. state: waiting, running, done, stopped, failed.
        share: Done. asked_at: Plant time. start: Of the run, once known. seconds: Wall time.
        digest: Of the result. entry: In the ledger. fault: Why it failed. same_as: Run that it repeats.
        stop: Somebody wants it to end.
    """

    id: str
    question: Question
    names: tuple[str, ...]
    asked_at: datetime
    state: str = "waiting"
    share: float = 0.0
    start: datetime | None = None
    begun: float = 0.0
    seconds: float = 0.0
    digest: str = ""
    entry: int | None = None
    fault: str = ""
    same_as: str = ""
    result: Mapping[str, Any] | None = field(default=None, repr=False)
    stop: bool = False

    @property
    def left_s(self) -> float | None:
        """Guessed time left [wall s]."""
        if self.state != "running" or self.share < 0.02:
            return None
        return (time.monotonic() - self.begun) * (1.0 - self.share) / self.share


def run_of(body: Mapping[str, Any]) -> Run:
    """A run that was done, from its document."""
    asked: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in body["question"].items()
    }
    question = Question(**asked)
    return Run(
        body["id"],
        question,
        tuple(body["names"]),
        datetime.fromisoformat(body["asked_at"]),
        "done",
        1.0,
        datetime.fromisoformat(body["start"]),
        seconds=float(body["seconds"]),
        digest=body["digest"],
        entry=body["entry"],
        same_as=body["same_as"],
    )
