"""Events of the live plant ask for a new forecast and a new plan by themselves, and people see the answer.

Three things are watched: a machine that is down for longer than a short stop, a permit whose limit is another than
before, hot air in the next day. Each starts one what-if: "do nothing" under the event is the new forecast, and the
scenarios that name the event among their `answers` are the plans tried against it. An event that no scenario answers
asks nothing. The cycle never waits: questions are made ready in a thread of their own.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from ecotwin.clock import Period, micros
from ecotwin.errors import EcotwinError
from ecotwin.plant import Element, Plant
from ecotwin.plant.model import STATES
from ecotwin.records import Image, Ints

if TYPE_CHECKING:
    from ecotwin.cycle.whatif import WhatIf
    from ecotwin.cycle.whatif_run import Run
    from ecotwin.history.contract import Store

log = structlog.get_logger("ecotwin")

DOWN = timedelta(minutes=10)
"""A stop that lasts longer is an event [plant time]."""
LEAST_REPAIR_MIN = 60.0
HOT_C = 30.0
"""A next day that gets hotter than this is an event."""
LOOK_AHEAD = timedelta(hours=1)
APART_S = 600.0
"""Events ask at most so often by themselves [wall s]."""
HOURS, RUNS, SEED = 24.0, 60, 1
SHOWN = timedelta(hours=12)
"""So long the answer stands in the bar."""


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        kind: As in scenarios. why: One sentence. text: The event as a scenario; empty: the live plant has it already.
    """

    kind: str
    why: str
    text: str = ""


@dataclass
class Replan:
    """Watches for events and asks.

    Attributes:
        plant: The plant. whatif: Gives the what-ifs. store: The history. apart_s: Least time between two questions.
        behind: Questions are made ready in a thread of their own.
        notice: What people are told now; empty as a rule. until: When that ends.
    """

    plant: Plant
    whatif: Callable[[], WhatIf]
    store: Store | None = None
    apart_s: float = APART_S
    behind: bool = True
    notice: str = ""
    until: datetime | None = None
    _down: dict[str, datetime] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _asked_at: float = -math.inf
    _looked_at: datetime | None = None
    _waiting: list[Event] = field(default_factory=list)
    _states: tuple[tuple[Element, int], ...] = ()
    _places: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    _running: str = ""
    _thread: threading.Thread | None = None

    def tick(self, now: datetime, image: Image) -> None:
        """Look at the plant, and ask when an event wants an answer."""
        self._waiting += self.machines(now, image)
        if self._looked_at is None:
            self._waiting += self.limits(now)
        if self._looked_at is None or now - self._looked_at >= LOOK_AHEAD:
            self._looked_at = now
            self._begin(lambda: self._waiting.extend(self.weather(now)))
        if self.until is not None and now > self.until:
            self.notice, self.until = "", None
        self._answer(now)
        if not self._waiting or time.monotonic() - self._asked_at < self.apart_s or self._running:
            return
        self._asked_at = time.monotonic()
        event = self._waiting.pop(0)
        self._begin(lambda: self.ask(event))

    def _begin(self, work: Callable[[], object]) -> None:
        if not self.behind:
            work()
        elif self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=work, name="replan", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for what is being made ready."""
        if self._thread is not None:
            self._thread.join(timeout=30)

    # --- what is watched ---------------------------------------------------------------------------

    def machines(self, now: datetime, image: Image) -> list[Event]:
        """Machines that have just been down for longer than a short stop; each stop is told once."""
        if not self._states:
            found_states = ((m, self.plant.find(m.id, "state")) for m in self.plant.machines)
            self._states = tuple((m, s.index) for m, s in found_states if s is not None)
            self._places = np.array([place for _, place in self._states], np.int64)
        down = (image.value[self._places] == STATES["down"]) & (image.at[self._places] > 0)
        if not (down.any() or self._down):
            return []
        found = []
        for (machine, _), is_down in zip(self._states, down, strict=True):
            if not is_down:
                self._down.pop(machine.id, None)
                self._told.discard(machine.id)
                continue
            since = self._down.setdefault(machine.id, now)
            if now - since >= DOWN and machine.id not in self._told:
                self._told.add(machine.id)
                repair = machine.kind_facts.get("mttr_min", 0.0)
                minutes = max(LEAST_REPAIR_MIN, float(repair))
                text = _event(
                    f"{machine.name} is down",
                    f"{{kind: machine_down, machine: {machine.id}, end: +{minutes:g}min}}",
                )
                found.append(
                    Event(
                        "machine_down",
                        f"{machine.name} is down since {self.plant.local(since)}",
                        text,
                    )
                )
        return found

    def limits(self, now: datetime) -> list[Event]:
        """Permits whose limit is another than when the twin last ran."""
        current = {p.id: p.limit for p in self.plant.permits}
        if self.store is None:
            return []
        kept = self.store.get("state", "permits")
        before: Mapping[str, Any] = {} if kept is None else kept.body
        if current != before:
            self.store.put("state", "permits", now, current, known_at=now)
        return [
            Event(
                "limit_changed",
                f"{p.name}: the limit is now {p.limit:g} {p.unit}, it was {before[p.id]:g}",
                _event(p.name, f"{{kind: limit_changed, permit: {p.id}, limit: {p.limit:g}}}"),
            )
            for p in self.plant.permits
            if p.id in before and before[p.id] != p.limit
        ]

    def weather(self, now: datetime) -> list[Event]:
        """A next day that gets hot, told once until it is over."""
        if self.store is None or not self.answered("heat_wave"):
            return []
        highest = highest_c(self.plant, self.store, now)
        if highest is None or highest < HOT_C:
            self._told.discard("heat")
            return []
        if "heat" in self._told:
            return []
        self._told.add("heat")
        return [Event("heat_wave", f"Hot air ahead: up to {highest:.0f} degC within a day")]

    # --- asking and telling ------------------------------------------------------------------------

    def answered(self, kind: str) -> bool:
        """Whether the plant's scenarios name this event; told without loading the model."""
        folder = Path(self.plant.scenarios or ".")
        if not self.plant.scenarios or not folder.is_dir():
            return False
        texts = (
            path.read_text("utf-8", errors="replace") for path in sorted(folder.glob("*.yaml"))
        )
        return any("answers:" in text and kind in text for text in texts)

    def ask(self, event: Event) -> Run | None:
        """Start the what-if of an event; nothing when no scenario answers it."""
        if not self.answered(event.kind):
            return None
        from ecotwin.cycle.whatif_run import Question

        whatif = self.whatif()
        known = whatif.shelf.all()
        answers = [s.id for s in known if s.scenario and event.kind in s.scenario.part.answers]
        if not answers:
            return None
        question = Question(
            scenarios=tuple(answers),
            under_texts=(event.text,) if event.text else (),
            hours=HOURS,
            runs=RUNS,
            seed=SEED,
            title=event.why,
            by="the twin",
            why=event.why,
        )
        try:
            run = whatif.ask(question)
        except EcotwinError as fault:
            log.warning("an event could not be answered", event=event.why, why=str(fault))
            return None
        self._running = run.id
        return run

    def _answer(self, now: datetime) -> None:
        """Tell people once the what-if of an event is at its end."""
        if not self._running:
            return
        run = self.whatif().run(self._running)
        if run.state not in ("done", "failed", "stopped"):
            return
        self._running = ""
        why = run.question.why
        if run.state != "done":
            self.notice = f"{why}. No plan could be made: {run.fault}"
        else:
            body = self.whatif().document(run.id)
            best = [c["name"] for c in body["result"]["cases"][1:] if c["point"]["on_front"]]
            told = f"nothing beats {_listed(best)}" if best else "doing nothing is not beaten"
            self.notice = f"{why}: {told} (what-if {run.id})."
        self.until = now + SHOWN


def highest_c(plant: Plant, store: Store, now: datetime) -> float | None:
    """Highest outdoor temperature of the next day as the last two weeks let expect; None when they tell nothing."""
    from ecotwin.simulation import weather_ahead

    outdoor, *_ = weather_ahead.signals(plant)
    span = store.span()
    if outdoor is None or span is None:
        return None
    minute = now.replace(minute=0, second=0, microsecond=0)
    start = max(minute - timedelta(days=14), span.start.replace(second=0, microsecond=0))
    if minute - start < timedelta(days=1):
        return None
    window = store.window(
        [s.index for s in weather_ahead.signals(plant) if s], Period(start, minute), 60
    )
    outlook = weather_ahead.outlook(weather_ahead.seen(plant, window), minute)
    quarter = (micros(minute) // weather_ahead.STEP_US) % 96
    ahead = [
        outlook.level_c
        + outlook.shape_k[(quarter + n) % 96]
        + outlook.deviation_k * outlook.keep**n
        for n in range(96)
    ]
    highest = float(max(ahead))
    return highest if math.isfinite(highest) else None


def _event(name: str, event: str) -> str:
    quoted = name.replace('"', "'")
    return f'id: event\nname: "{quoted}"\nevents:\n  - {event}\n'


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return f"{' or '.join(repr(n) for n in found[:3])}"
