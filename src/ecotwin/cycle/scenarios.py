"""Scenarios of a plant: files beside its plant file, and those that people saved, with every version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ecotwin.cycle.whatif_base import Span, plain_case, weather_of
from ecotwin.errors import EcotwinError, ScenarioFault, ScenarioFileFault
from ecotwin.governance.ledger import Ledger
from ecotwin.history.contract import Store
from ecotwin.plant import Plant
from ecotwin.simulation.scenario import apply
from ecotwin.simulation.scenario_file import Scenario, parse

KIND = "scenario"
MOST = 500
MOST_CHARS = 200_000

_WORDS = {
    "set_points": "set-points",
    "parameters": "machine parameters",
    "calendar": "calendar",
    "orders": "orders",
    "machines": "machines",
    "layout": "layout",
    "products": "products",
    "materials": "materials",
    "supply": "suppliers",
    "freight": "freight",
    "grid": "electricity contracts",
    "tariffs": "tariffs",
    "tariff_scales": "prices of energy",
    "factors": "factors",
    "carbon_price": "carbon price",
    "prices": "prices",
    "weather": "weather",
    "limits": "limits",
    "permits": "permits",
    "events": "events",
}


@dataclass(frozen=True)
class Shelved:
    """A scenario on the shelf.

    Attributes:
        scenario: As read; None when its text is at fault. id, file, text: Of it.
        origin: `plant` or `saved`. version: Of a saved one, from 1. author: Who wrote or saved it.
        saved_at: When; None for a file. faults: Why its text cannot be read.
    """

    id: str
    file: str
    text: str
    scenario: Scenario | None
    origin: str
    version: int = 0
    author: str = ""
    saved_at: datetime | None = None
    faults: tuple[str, ...] = ()


def changes(scenario: Scenario) -> list[str]:
    """What a scenario changes, in words."""
    part = scenario.part
    return [words for key, words in _WORDS.items() if getattr(part, key)]


def is_event(scenario: Scenario) -> bool:
    """Whether it tells only of things that happen, and of nothing that somebody chooses."""
    return bool(scenario.part.events) and changes(scenario) == ["events"]


class Shelf:
    """The scenarios of one plant.

    Args:
        plant: The plant, whose `scenarios` folder holds its files. store: The history; None: nothing can be saved.
        ledger: Seals what is saved. now: Tells plant time.
    """

    def __init__(
        self,
        plant: Plant,
        store: Store | None = None,
        ledger: Ledger | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.plant = plant
        self.folder = Path(plant.scenarios or ".")
        self._store, self._ledger, self._now = store, ledger, now

    def all(self) -> list[Shelved]:
        """Saved ones first, then files; a saved one stands for the file of its id."""
        saved = []
        if self._store is not None:
            saved = [self._saved(d.id) for d in self._store.documents(KIND, limit=MOST)]
        known = {s.id for s in saved}
        files = sorted(self.folder.glob("*.yaml")) if self.folder.is_dir() else []
        return [*saved, *(f for f in map(_of_file, files) if f.id not in known)]

    def one(self, id: str) -> Shelved:  # noqa: A002
        """A scenario by its id.

        Raises:
            KeyError: There is none.
        """
        for shelved in self.all():
            if shelved.id == id:
                return shelved
        raise KeyError(id)

    def ready(self, id: str) -> Scenario:  # noqa: A002
        """A scenario by its id, read.

        Raises:
            ScenarioFault: There is none, or its text is at fault.
        """
        try:
            shelved = self.one(id)
        except KeyError:
            known = ", ".join(s.id for s in self.all()[:20]) or "none yet"
            raise ScenarioFault(
                f"there is no scenario {id!r}",
                expected=f"one of {known}",
                remedy="correct its id, or save it",
            ) from None
        if shelved.scenario is None:
            raise ScenarioFileFault(shelved.file, shelved.faults)
        return shelved.scenario

    def versions(self, id: str) -> list[tuple[int, datetime, str]]:  # noqa: A002
        """Number, when and by whom of every saved version, the newest first."""
        found = self._store.versions(KIND, id) if self._store is not None else []
        rows = [(n, d.known_at, str(d.body.get("by", ""))) for n, d in enumerate(found, start=1)]
        return rows[::-1]

    def save(self, text: str, by: str) -> tuple[Shelved, int | None]:
        """Keep a scenario as a new version and seal it; the same text is not kept twice.

        Raises:
            ScenarioFault: Its text is at fault, or there is no history.
        """
        if self._store is None or self._now is None:
            raise ScenarioFault(
                "there is no history to save a scenario in",
                expected="a twin that runs",
                remedy="write it as a file into the plant's folder `scenarios`",
            )
        scenario = self.read(text)
        last = self._store.get(KIND, scenario.id)
        if last is not None and last.body["text"] == text:
            return self._saved(scenario.id), last.body.get("entry")
        version = len(self._store.versions(KIND, scenario.id)) + 1
        now = self._now()
        body = {"text": text, "by": by, "version": version, "digest": scenario.digest}
        entry = None
        if self._ledger is not None:
            sealed = {k: v for k, v in body.items() if k != "text"}
            entry = self._ledger.append(KIND, scenario.id, sealed, now).index
        self._store.put(KIND, scenario.id, now, {**body, "entry": entry}, known_at=now)
        return self._saved(scenario.id), entry

    def read(self, text: str, file: str = "scenario.yaml") -> Scenario:
        """A text as scenario.

        Raises:
            ScenarioFault: It is too long, or at fault.
        """
        if len(text) > MOST_CHARS:
            raise ScenarioFault(
                f"the scenario has {len(text):,} characters",
                expected=f"at most {MOST_CHARS:,}",
                remedy="leave out what does not change anything",
            )
        return parse(text, file)

    def faults(self, scenario: Scenario, now: datetime) -> tuple[str, ...]:
        """Why a scenario cannot be run at this plant over a day; empty when it can."""
        day = plain_case(self.plant, now.replace(second=0, microsecond=0), Span(24.0, 2, 1))
        try:
            apply(scenario, day, weather_of(scenario, day, self.folder))
        except ScenarioFileFault as fault:
            return fault.faults
        except EcotwinError as fault:
            return (f"{scenario.file}:1: {fault}",)
        return ()

    def _saved(self, id: str) -> Shelved:  # noqa: A002
        assert self._store is not None
        found = self._store.get(KIND, id)
        assert found is not None
        body = found.body
        file = f"{id}.yaml"
        scenario, faults = _parsed(str(body["text"]), file)
        return Shelved(
            id, file, str(body["text"]), scenario, "saved", int(body["version"]), str(body["by"]),
            found.known_at, faults,
        )  # fmt: skip


def _parsed(text: str, file: str) -> tuple[Scenario | None, tuple[str, ...]]:
    try:
        return parse(text, file), ()
    except ScenarioFileFault as fault:
        return None, fault.faults


def _of_file(path: Path) -> Shelved:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        return Shelved(path.stem, path.name, "", None, "plant", faults=(f"{path.name}:1: {fault}",))
    scenario, faults = _parsed(text, path.name)
    author = scenario.part.author if scenario else ""
    name = scenario.id if scenario else path.stem
    return Shelved(name, path.name, text, scenario, "plant", author=author, faults=faults)
